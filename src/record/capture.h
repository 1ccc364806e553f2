/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture file (pcap or pcapng) read as what the peers' programs saw: the UDP datagrams of SDP,
 * the Ethernet frames of HomePlug, and TCP connections with their bytes in order, retransmissions
 * removed and losses named. Knows Ethernet (with VLAN tags), Linux cooked, loopback and raw IP
 * captures; IPv6 and IPv4.
 */
#ifndef V2G_RECORD_CAPTURE_H
#define V2G_RECORD_CAPTURE_H

#include "record/event.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What capture_read calls; each may be NULL. Endpoints and bytes are valid during the call only.
 * Times are microseconds since 1970-01-01 UTC; an IPv4 address is ::ffff:a.b.c.d. Calls come in
 * the order of the packets, except that data behind a hole waits until the hole is filled, or the
 * other side has acknowledged it, or too much waits. Its time is that of its own packet, but never
 * earlier than that of the data before it in its direction; except where the clock steps back.
 */
struct capture_events {
    /* A datagram from or to port 15118. frame: number of the packet in the file, from 1. */
    void (*udp)(void *context, int64_t us, const struct endpoint *from, const struct endpoint *to,
                struct slice bytes, uint64_t frame);

    /*
     * A connection is open: at the server's SYN, or at the first data where the capture has no
     * SYN (from_start is false; who is the client is then taken from SDP, a TLS hello or the
     * ports, else it is the first sender). Connections are numbered from 1. Any TCP port counts:
     * V2GTP begins with 01 FE, TLS with 16 03.
     */
    void (*tcp_open)(void *context, int64_t us, uint32_t connection, const struct endpoint *client,
                     const struct endpoint *server, bool from_start);

    /* A SYN was answered by a RST; there is no connection. */
    void (*tcp_refused)(void *context, int64_t us, const struct endpoint *client,
                        const struct endpoint *server);

    /* The next bytes of a direction. frame: number of the packet in the file, from 1. */
    void (*tcp_data)(void *context, int64_t us, uint32_t connection, bool from_client,
                     struct slice bytes, uint64_t frame);

    /* The next bytes of a direction are not in the capture; the data that follow lie behind. */
    void (*tcp_loss)(void *context, int64_t us, uint32_t connection, bool from_client,
                     uint64_t missing);

    /*
     * A side closed: HOW_FIN (may come once for each side, the first one is who closed; the other
     * may still send), HOW_RESET, or HOW_OPEN: its port is used again (the capture has no FIN or
     * RST). No call where the capture ends first. Data that were on their way may follow.
     */
    void (*tcp_close)(void *context, int64_t us, uint32_t connection, bool from_client,
                      enum event_how how);

    /* The packets from here on are earlier than the one before by so much, which is more than the
     * order of packets explains: somebody has set the clock. */
    void (*clock_back)(void *context, int64_t us, int64_t back);

    /* An Ethernet frame of HomePlug (0x88E1), with its header, VLAN tags left out; the addresses
     * are 0 where the capture has none. */
    void (*link)(void *context, int64_t us, struct slice frame);
};

struct capture_totals {
    uint64_t packets, bytes;   /* bytes as on the wire */
    uint64_t cut;              /* packets that were captured only in part */
    int64_t first_us, last_us; /* earliest and latest packet; 0 where none */
    uint32_t connections;
};

/*
 * Reads the file ("-": standard input) to its end. -1 where it cannot be opened, is no capture, has
 * an unknown link layer, or is cut or damaged: in the last case everything before the damage has
 * been reported, and totals count it. totals may be NULL.
 */
int capture_read(const char *path, const struct capture_events *events, void *context,
                 struct capture_totals *totals, struct err *e);

#endif
