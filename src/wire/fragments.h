/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments put together again: of IP datagrams by where they lie (RFC 8200, 4.5; RFC 791, 3.2), of
 * frames of IEEE 802.11 by their number (10.4, 10.5 there). Fragments that overlap, or have the
 * same number and differ, make the whole datagram void (RFC 5722); one that is the same again does
 * not count.
 */
#ifndef V2G_WIRE_FRAGMENTS_H
#define V2G_WIRE_FRAGMENTS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define FRAGMENTS_WAITING                                                                          \
    16 /* datagrams at a time; one that is of no use, else the oldest one gives its place */
#define FRAGMENTS_SECONDS 60         /* from the first one on (RFC 8200, 4.5) */
#define FRAGMENTS_MOST 65535         /* bytes of a datagram */
#define FRAGMENTS_NUMBERED_SECONDS 1 /* of IEEE 802.11, whose numbers soon come again */
#define FRAGMENTS_NUMBERED 16        /* of a frame at most */

struct fragment {
    int64_t us;
    uint8_t from[16], to[16]; /* their addresses, of whatever kind, filled up with zeros */
    uint32_t id;
    uint8_t protocol;   /* that it says stands behind */
    size_t at;          /* of its first byte in the datagram, a multiple of 8; or its number */
    bool more;          /* it is not the last one */
    struct slice bytes; /* all of it */
};

/* A datagram that lacks something. */
struct fragment_loss {
    int64_t us; /* of its first fragment */
    uint8_t from[16], to[16];
    size_t bytes; /* that came */
};

struct datagram_parts {
    struct fragment first; /* that came; where it lies, and its bytes, are of no use */
    bool is_used, is_void; /* void: what else comes of it is of no use */
    size_t bytes, end;     /* that came; where it ends, 0: not known */
    struct buf whole;
    uint8_t there[FRAGMENTS_MOST / 64 + 1]; /* a bit for each 8 bytes */
    size_t size[FRAGMENTS_NUMBERED];        /* of those that have a number; */
    unsigned n;                             /* that came */
};

/* Zero before the first use, but for is_numbered. */
struct fragments {
    bool is_numbered;          /* they are of IEEE 802.11 */
    struct datagram_parts *at; /* FRAGMENTS_WAITING of them; NULL before the first fragment */
    unsigned used;
    struct datagram_parts *done; /* its bytes were given away */
    struct fragment_loss lost;   /* its place was given to another one */
    bool has_lost;
};

void fragments_close(struct fragments *f);

/* 1: the datagram is whole, and *whole its bytes, valid until the next call; *protocol what its
 * first fragment says. 0: not yet. -1: it is void from here on, and *why says for which reason
 * (once; then 0). */
int fragments_add(struct fragments *f, const struct fragment *one, struct slice *whole,
                  uint8_t *protocol, const char **why);

/* A datagram that will not be whole any more, at that time (INT64_MAX: no more comes). */
bool fragments_lost(struct fragments *f, int64_t us, struct fragment_loss *lost);

#endif
