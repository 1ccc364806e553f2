/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture once more, with what was read in it as comments of its packets (opt_comment of pcapng),
 * so that programs that know nothing of V2G show names and values. A sink that keeps what there is
 * to say of each packet in a temporary file, and a copy of the capture with it.
 */
#ifndef V2G_RECORD_COMMENTS_H
#define V2G_RECORD_COMMENTS_H

#include "record/event.h"

struct comments;

/* NULL: e. */
struct comments *comments_open(struct err *e);
void comments_close(struct comments *c);

/* An event_sink; context is a struct comments. Events without a packet have no place. */
void comments_event(void *context, const struct event *e);

struct comments_totals {
    uint64_t packets, commented; /* commented: packets that have comments */
    uint64_t homeless;           /* packets whose block can have none: simple packet blocks */
};

/*
 * Copies the capture at `from` (pcap, pcapng, or either packed by gzip; at most 1 GiB) to a pcapng
 * file. Packets keep their bytes, times, interfaces and order; pcapng keeps all other blocks and
 * comments, too, but TLS secrets only where keylog is not NULL: then its lines (of a key log; may
 * be none) are put in as well. -1: e; what was whole of a capture that is damaged is in the copy.
 */
int comments_write(struct comments *c, const char *from, const char *to, const struct slice *keylog,
                   struct comments_totals *t, struct err *e);

#endif
