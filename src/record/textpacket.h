/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that a text spells one by one (tshark -x, tcpdump -X): what they carry, and the frames of
 * the streams that their payloads make up. A capture file is read by capture.h. Its packets are
 * known to be some, and wire/packet.h makes of them what it can; here any bytes of a text may be
 * asked, and are a packet only where all their lengths agree.
 */
#ifndef V2G_RECORD_TEXTPACKET_H
#define V2G_RECORD_TEXTPACKET_H

#include "wire/endpoint.h"
#include "wire/v2gtp.h"

struct textpacket {
    size_t n; /* bytes from its beginning to the end that IPv6 tells */
    struct endpoint from, to;
    bool is_udp;
    uint32_t seq; /* TCP: of the first byte of the payload */
    struct slice payload;
};

/* A packet at the beginning of the bytes: Ethernet (VLAN, too), Linux cooked, or IPv6 alone, with
 * TCP or UDP in IPv6, and all of it there. False: none. */
bool textpacket_read(struct slice bytes, struct textpacket *p);

#define TEXTFLOWS 16

/* The directions of TCP connections, those used last. Zero before the first use. */
struct textflows {
    struct {
        struct endpoint from, to;
        uint32_t seq, next; /* of the packet before, and of the byte that comes next */
        uint32_t sum;       /* over its payload */
        uint64_t used;
        struct v2gtp_reader reader;
    } at[TEXTFLOWS];
    uint64_t uses;
};

void textflows_close(struct textflows *f);

/* Gives the payload of a TCP packet to its direction, what came before left out. The reader of it,
 * for v2gtp_next; NULL: there is no V2GTP in it, or nothing new. */
struct v2gtp_reader *textflows_feed(struct textflows *f, const struct textpacket *p);

#endif
