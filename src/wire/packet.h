/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One packet of a capture taken apart: link layer (Ethernet with any VLAN tags, Linux cooked, IEEE
 * 802.11 with its fragments and aggregates, with or without radiotap or PPI, BSD loopback, raw IP),
 * IPv6 or IPv4 with their fragments, TCP or UDP.
 */
#ifndef V2G_WIRE_PACKET_H
#define V2G_WIRE_PACKET_H

#include "wire/endpoint.h"
#include "wire/fragments.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

/* What it turned out to be. */
enum packet_kind {
    PACKET_OTHER,
    PACKET_TCP,
    PACKET_UDP,
    PACKET_HOMEPLUG,  /* p: behind the EtherType */
    PACKET_FRAGMENT,  /* of a datagram that is not whole yet */
    PACKET_VOID,      /* `why` says what cannot be put together */
    PACKET_ENCRYPTED, /* by IEEE 802.11 */
};

struct packet {
    int64_t us;
    uint64_t frame; /* its number in the capture, from 1 */
    const uint8_t *p;
    size_t n;      /* captured bytes left: in the end the payload */
    size_t length; /* bytes left on the wire; at least n */
    struct endpoint from, to;
    uint32_t seq, ack; /* TCP, as are the next two */
    uint16_t window;
    uint8_t flags;
    const char *why;
};

/* What is kept from packet to packet. Zero before the first one. */
struct packet_parts {
    struct fragments datagrams, frames; /* of IP, of IEEE 802.11 */
    struct slice more;  /* of an aggregate: what lies behind the frame that was read */
    size_t more_length; /* of that on the wire */
};

/* The name of a link layer (LINKTYPE_ of tcpdump.org), "unknown" at least; *is_read: packets of it
 * can be taken apart. */
const char *packet_link(uint32_t link, bool *is_read);

/*
 * p has us, frame, and all bytes; gets the rest. Where fragments were put together its bytes are
 * valid until the next call. An IPv4 address is ::ffff:a.b.c.d; of what IEEE 802.11 has void only
 * the MAC addresses are there.
 */
enum packet_kind packet_read(struct packet *p, uint32_t link, struct packet_parts *parts);

/* The next frame that lies in the same packet (A-MSDU of IEEE 802.11). p as packet_read has left
 * it. False: there is none. */
bool packet_next(struct packet *p, struct packet_parts *parts, enum packet_kind *kind);

/* What will not be whole any more, at that time (INT64_MAX: no more comes). from and to have
 * addresses only, of IEEE 802.11 those of MAC. Returns how many bytes of it came; 0: nothing. */
size_t packet_lost(struct packet_parts *parts, int64_t us, struct packet *p);

void packet_parts_close(struct packet_parts *parts);

#endif
