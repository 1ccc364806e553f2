/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of fixed fields (`layout octets` in docs/schema-notation.md: SDP, HomePlug management):
 * one reader and one writer over the same tables and the same message tree as EXI.
 *
 * What is there is read: a value outside its range, reserved bits that are not 0 and octets behind
 * the last field are kept, and listed as violations; only what lies beyond the end is an error.
 * Writing gives the same octets again.
 */
#ifndef V2G_CODEC_OCTETS_H
#define V2G_CODEC_OCTETS_H

#include "codec/exi.h"

/*
 * Reads n octets at p as the message of s with that payload type; 0: as the one that fits best (of
 * messages that a field tells apart, the one which that says). m refers to p only for m->trailing.
 * -1: e has bit offset and path.
 */
int octets_decode(const struct schema *s, uint16_t payload, const void *p, size_t n,
                  const struct exi_options *o, struct arena *a, struct message *m, struct err *e);

/*
 * Appends m: what is absent is left out, but a count that is absent is written as there are, and
 * padding as zeros. A message that was decoded has the tail that it came with; one that was made
 * here is filled up to the least size of its frame.
 */
int octets_encode(const struct message *m, struct buf *out, struct err *e);

/* What the slot's rules forbid: present against its condition, another number than is counted,
 * padding that is not 0. False: nothing; else `what` says it. */
bool octets_rule_broken(const struct node *n, unsigned slot, char *what, size_t size);

#endif
