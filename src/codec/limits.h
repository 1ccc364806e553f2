/* SPDX-License-Identifier: Apache-2.0 */
/* The limits that a description states for one simple value. */
#ifndef V2G_CODEC_LIMITS_H
#define V2G_CODEC_LIMITS_H

#include "codec/message.h"

/* Of an ID (xs:ID) that is none. */
#define EXPECTED_NAME                                                                              \
    "expected a name of XML: a letter or '_', then letters, digits, '.', '-' or '_'"

/* Whether v is outside the limits of its field: `what` then says "4 is outside 1..3". Values that
 * are not simple have none. */
bool limits_broken(const struct field *f, union value v, char *what, size_t size);

#endif
