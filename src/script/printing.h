/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print mode: a frame as the reference pages show it: the V2GTP (or Ethernet) header, the bytes in
 * hex, and the XML; after it what of the message is outside the standard's limits.
 */
#ifndef V2G_SCRIPT_PRINTING_H
#define V2G_SCRIPT_PRINTING_H

#include "script/script.h"

/* m: NULL for bytes that are no message. violations: lines, each with its end; "" for none. */
void printing_frame(struct script *s, struct slice frame, const struct message *m,
                    const char *violations);

#endif
