/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture file (pcap or pcapng) taken apart into its packets, as its bytes come: a whole file, a
 * pipe, or a file that still grows. pcap in either byte order, with micro- or nanoseconds, or
 * "modified"; pcapng with any number of sections (in either byte order) and interfaces, each with a
 * link layer, snapshot length, resolution and offset of its own.
 */
#ifndef V2G_BASE_PCAP_H
#define V2G_BASE_PCAP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct pcap_packet {
    int64_t us;         /* since 1970-01-01 UTC, rounded down; where the file has no time, 0 */
    uint32_t link;      /* LINKTYPE_ of tcpdump.org */
    struct slice bytes; /* as many as were captured */
    size_t length;      /* on the wire; at least bytes.n */
};

/* What pcap_read calls; each may be NULL. What they get is valid during the call. */
struct pcap_events {
    void (*packet)(void *context, const struct pcap_packet *p);
    void (*secrets)(void *context, struct slice keylog); /* of TLS, as lines of a key log */
};

struct pcap_interface;

/* Zero before the first use. */
struct pcap_reader {
    const struct pcap_events *on;
    void *context;
    uint64_t packets;
    bool is_begun, is_ng, is_big;
    bool is_nano;        /* pcap */
    uint32_t head, link; /* pcap: bytes of a packet's header; its link layer */
    struct pcap_interface *interface;
    size_t interfaces, room;
    uint64_t skip; /* bytes of a block that are of no use, and still to come */
};

void pcap_close(struct pcap_reader *r);

/* Do they begin as a capture does? At least 4 bytes are needed to say yes. */
bool pcap_is(struct slice bytes);

/*
 * Takes what is whole of the bytes, and returns in *used how many those are: the next call begins
 * with the rest. -1: they are no capture, or damaged (e); what was before the damage has been told.
 */
int pcap_read(struct pcap_reader *r, struct slice bytes, size_t *used, struct err *e);

/* No more comes, and so many bytes were not used: -1 where the capture is cut in the middle (e). */
int pcap_end(const struct pcap_reader *r, size_t rest, struct err *e);

#endif
