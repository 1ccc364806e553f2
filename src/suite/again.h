/* SPDX-License-Identifier: Apache-2.0 */
/* How a case of a run is played once more: the command, as a shell reads it. */
#ifndef V2G_SUITE_AGAIN_H
#define V2G_SUITE_AGAIN_H

#include "base/buf.h"

#include <jansson.h>

/* " word", quoted where that is needed. */
void again_word(struct buf *out, const char *word);

/* What follows `v2glab test`: those of the run's arguments that tell which device is tested and how
 * it is reached, and the case. Appended. */
void again_arguments(const json_t *run, const char *id, struct buf *out);

#endif
