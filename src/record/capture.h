/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture (base/pcap.h) read as what the peers' programs saw: the UDP datagrams of SDP, the
 * Ethernet frames of HomePlug, and TCP connections with their bytes in order, retransmissions
 * removed and losses named. What packets are of any use wire/packet.h tells. One that comes again
 * within 1 ms is a copy, as of a capture at several interfaces, and is left out.
 */
#ifndef V2G_RECORD_CAPTURE_H
#define V2G_RECORD_CAPTURE_H

#include "record/event.h"
#include "wire/packet.h"

#include <stdbool.h>
#include <stdint.h>

/* What was seen of one direction of a connection, below its bytes. */
struct capture_network {
    int64_t us;
    uint32_t connection;
    bool from_client; /* the direction; of a window, whose it is */
    enum event_network what;
    uint64_t octets;
    int64_t taken_us; /* since the same data were sent first, the first SYN, the window's closing;
                         since data were sent that nobody acknowledged; 0: not known */
    uint32_t times;   /* SYN */
    uint64_t frame;   /* of NETWORK_CUT: the packet's number */
};

/*
 * What capture_read calls; each may be NULL. Endpoints and bytes are valid during the call only.
 * Times are microseconds since 1970-01-01 UTC; an IPv4 address is ::ffff:a.b.c.d. Calls come in
 * the order of the packets, except that data behind a hole waits until the hole is filled, or the
 * other side has acknowledged it, or too much waits. Its time is that of its own packet, but never
 * earlier than that of the data before it in its direction; except where the clock steps back.
 */
struct capture_events {
    /* Something about a packet that belongs to no connection: fragments that cannot be put together
     * (NETWORK_FRAGMENTS; text says why; p has us and addresses only, of IP or of MAC), the first
     * packet that is encrypted or of a link layer that is not read (text is its name), a datagram
     * that was captured only in part (NETWORK_CUT). */
    void (*packet)(void *context, const struct packet *p, enum event_network what,
                   const char *text);

    /* Lines of a key log of TLS: in the capture itself (p is NULL), or sent by somebody as a UDP
     * datagram; there may be other text in it. */
    void (*secrets)(void *context, const struct packet *p, struct slice text);

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

    /* There is no connection, though the client has sent so many SYN, the first one waited_us ago:
     * HOW_REFUSED, by a RST, or HOW_TIMEOUT: nothing was answered until it was tried anew, or the
     * capture ended. us: of the RST; of the last SYN. */
    void (*tcp_failed)(void *context, int64_t us, const struct endpoint *client,
                       const struct endpoint *server, enum event_how how, uint32_t tries,
                       int64_t waited_us);

    /* What became of the segments of a direction; in the order of the packets, but of data that
     * were never acknowledged when the connection or the capture ends. */
    void (*tcp_network)(void *context, const struct capture_network *n);

    /* The next bytes of a direction. frame: number of the packet in the file, from 1. */
    void (*tcp_data)(void *context, int64_t us, uint32_t connection, bool from_client,
                     struct slice bytes, uint64_t frame);

    /* The next bytes of a direction are not in the capture; the data that follow lie behind. */
    void (*tcp_loss)(void *context, int64_t us, uint32_t connection, bool from_client,
                     uint64_t missing);

    /*
     * A side closed: HOW_FIN (may come once for each side, the first one is who closed; the other
     * may still send), HOW_RESET (may come behind the FIN of a side), or HOW_OPEN: its port is used
     * again (the capture has no FIN or RST). No call where the capture ends first. Data that were
     * on their way may follow.
     */
    void (*tcp_close)(void *context, int64_t us, uint32_t connection, bool from_client,
                      enum event_how how);

    /* The packets from here on are earlier than the one before by so much, which is more than the
     * order of packets explains: somebody has set the clock. */
    void (*clock_back)(void *context, int64_t us, int64_t back);

    /* The file that grows is another one from here on, or was begun anew: text says which. All that
     * was open is over; what it holds now is read from its beginning, and counted on. */
    void (*anew)(void *context, int64_t us, const char *text);

    /* An Ethernet frame of HomePlug (0x88E1), with its header, VLAN tags left out; the addresses
     * are 0 where the capture has none. */
    void (*link)(void *context, int64_t us, struct slice frame, uint64_t number);
};

struct capture_totals {
    uint64_t packets, bytes;   /* bytes as on the wire */
    uint64_t cut;              /* packets that were captured only in part */
    uint64_t encrypted;        /* by IEEE 802.11 */
    uint64_t unknown;          /* of link layers that are not read */
    int64_t first_us, last_us; /* earliest and latest packet; 0 where none */
    uint32_t connections;
};

/* Where a capture comes from. */
struct capture_source {
    const char *name;  /* for messages */
    struct slice head; /* what was read of it before; or all of it, unpacked */
    int fd;            /* where the rest is read from; -1: there is none */
    bool grows; /* where the file ends more may come; rest is not NULL, and name is its path: fd
                   becomes what lies there when that is another file */

    /* Nothing more is there for now, or (grows) at the end: waits a little. False: what is there is
     * all that is wanted. NULL: waits for as long as it takes. */
    bool (*rest)(void *context);
    void *context;
};

/*
 * Reads it to its end. -1 where it is no capture, has no link layer that is read, or is cut (unless
 * it grows) or damaged: in the last two cases everything before the damage has been reported, and
 * totals count it. Without tcp_data TCP is left out. totals may be NULL.
 */
int capture_read(const struct capture_source *from, const struct capture_events *events,
                 void *context, struct capture_totals *totals, struct err *e);

#endif
