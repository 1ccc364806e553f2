/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1 /* pcap.h uses u_int */
#endif
#include "record/capture.h"

#include "base/gzip.h"
#include "wire/ether.h"

#include <errno.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u
#define KNOWN 32u              /* endpoints that SDP and SYNs told, newest kept */
#define WAITING_BYTES 1048576u /* most bytes that wait behind a hole, for each direction */
#define WAITING_SEGMENTS 1024u /* bounds the search for a segment's place, too */
#define FAR (16 * 1024 * 1024) /* a step of the sequence number that no window explains */
#define LONGEST 262144u        /* packet, as capture programs have it */
#define CLOCK_STEP 10000       /* us: packets that lie so much back are no matter of order */
#define SDP_PORT 15118

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

/* A packet on its way through the layers: what is left of it, and what the layers told. */
struct packet {
    int64_t us;
    uint64_t frame;
    const uint8_t *p;
    size_t n;      /* captured bytes left */
    size_t length; /* bytes left on the wire; at least n */
    struct endpoint from, to;
    uint32_t seq, ack;
    uint8_t flags;
};

/* Data behind a hole. */
struct segment {
    struct segment *next, *prev;
    int64_t us;
    uint64_t frame;
    uint32_t seq;
    size_t n;
    uint8_t bytes[];
};

/* One direction of a connection; sequence numbers wrap, so they are compared by difference. */
struct flow {
    bool known, has_isn;
    bool fin, fin_told;
    bool strayed;   /* the last segment was far away */
    uint32_t isn;   /* sequence number of the SYN */
    uint32_t next;  /* of the byte to hand over next; valid when known, as end and acked are */
    uint32_t end;   /* behind the last byte that was on the wire */
    uint32_t acked; /* behind the last byte that the other side has */
    uint32_t fin_seq;
    int64_t fin_us, us; /* us: time of what was handed over last */
    struct segment *first, *last;
    size_t waiting, waiting_bytes;
};

/* PENDING: a SYN was seen. A CLOSED one with number 0 never was a connection. */
enum progress { PENDING, OPEN, CLOSED };

enum { CLIENT, SERVER };

struct connection {
    struct connection *in_bucket, *newer;
    enum progress state;
    uint32_t number;
    bool from_start;
    struct endpoint side[2];
    struct flow flow[2];
};

struct reader {
    const struct capture_events *on;
    void *context;
    struct capture_totals totals;
    int64_t us; /* of the packet before */
    bool no_memory;
    struct connection *oldest, *newest;
    struct connection *bucket[BUCKETS];
    struct endpoint servers[KNOWN], cars[KNOWN];
    unsigned n_servers, n_cars;
};

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* How far sequence number a is behind (negative: before) b. */
static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static bool same_ip(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* Flows: bytes in, bytes in order out. */

static void hand_over(struct reader *r, struct connection *c, int side, const struct segment *s,
                      const uint8_t *bytes)
{
    struct flow *f = &c->flow[side];
    uint32_t skip = f->next - s->seq;
    if (skip >= s->n)
        return;
    struct slice rest = {bytes + skip, s->n - skip};
    if (s->us > f->us)
        f->us = s->us;
    f->next += (uint32_t)rest.n;
    if (r->on->tcp_data != NULL)
        r->on->tcp_data(r->context, f->us, c->number, side == CLIENT, rest, s->frame);
}

static void tell_close(struct reader *r, struct connection *c, int64_t us, int side,
                       enum event_how how)
{
    if (r->on->tcp_close != NULL)
        r->on->tcp_close(r->context, us, c->number, side == CLIENT, how);
}

static void unlink_first(struct flow *f)
{
    struct segment *s = f->first;
    f->first = s->next;
    if (f->first == NULL)
        f->last = NULL;
    else
        f->first->prev = NULL;
    f->waiting--;
    f->waiting_bytes -= s->n;
    free(s);
}

/* Hands over what no longer waits for anything, and the FIN behind it. */
static void flow_drain(struct reader *r, struct connection *c, int side)
{
    struct flow *f = &c->flow[side];
    while (f->first != NULL && distance(f->first->seq, f->next) <= 0) {
        hand_over(r, c, side, f->first, f->first->bytes);
        unlink_first(f);
    }
    if (distance(f->next, f->acked) > 0)
        f->acked = f->next;
    if (distance(f->next, f->end) > 0)
        f->end = f->next;
    if (!f->fin || f->fin_told || distance(f->next, f->fin_seq) < 0)
        return;
    f->fin_told = true;
    if (c->state == OPEN)
        tell_close(r, c, f->fin_us > f->us ? f->fin_us : f->us, side, HOW_FIN);
    if (c->flow[!side].fin_told)
        c->state = CLOSED;
}

/* Gives up the bytes before `upto`. */
static void flow_lose(struct reader *r, struct connection *c, int side, uint32_t upto, int64_t us)
{
    struct flow *f = &c->flow[side];
    uint32_t missing = upto - f->next;
    if (us > f->us)
        f->us = us;
    f->next = upto;
    if (r->on->tcp_loss != NULL)
        r->on->tcp_loss(r->context, f->us, c->number, side == CLIENT, missing);
    flow_drain(r, c, side);
}

/* Holes that will not be filled any more, since the receiver has what lies behind them. */
static void flow_settle(struct reader *r, struct connection *c, int side)
{
    struct flow *f = &c->flow[side];
    while (f->first != NULL && distance(f->acked, f->first->seq) > 0)
        flow_lose(r, c, side, f->first->seq, f->first->us);
    if (f->first == NULL && f->fin && !f->fin_told && distance(f->acked, f->fin_seq) > 0)
        flow_lose(r, c, side, f->fin_seq, f->fin_us);
}

/* The end of a connection or of the file: no hole will be filled any more. */
static void flow_flush(struct reader *r, struct connection *c, int side, int64_t us)
{
    struct flow *f = &c->flow[side];
    if (!f->known)
        return;
    while (f->first != NULL)
        flow_lose(r, c, side, f->first->seq, f->first->us);
    uint32_t upto = f->end;
    if (f->fin)
        upto = f->fin_seq;
    else if (distance(f->acked, f->end) > 1) /* 1: the FIN that the capture does not have */
        upto = f->acked;
    if (distance(upto, f->next) > 0)
        flow_lose(r, c, side, upto, us);
}

static void flow_free(struct flow *f)
{
    while (f->first != NULL)
        unlink_first(f);
}

static void flow_start(struct flow *f, uint32_t seq)
{
    f->known = true;
    f->next = f->end = f->acked = seq;
}

/* Is the segment one of this stream, not of an earlier or later one on the same ports? */
static bool flow_near(const struct flow *f, uint32_t seq)
{
    if (!f->known)
        return true;
    int32_t d = distance(seq, f->next);
    return d > -FAR && d < FAR;
}

/* Puts a copy of the data behind a hole into its place. */
static int flow_wait(struct flow *f, const struct segment *s, const uint8_t *bytes)
{
    struct segment *at = f->last;
    while (at != NULL && distance(at->seq, s->seq) > 0)
        at = at->prev;
    if (at != NULL && at->seq == s->seq && at->n >= s->n)
        return 0;
    struct segment *copy = malloc(sizeof *copy + s->n);
    if (copy == NULL)
        return -1;
    *copy = *s;
    memcpy(copy->bytes, bytes, s->n);
    copy->prev = at;
    copy->next = at == NULL ? f->first : at->next;
    *(copy->prev == NULL ? &f->first : &copy->prev->next) = copy;
    *(copy->next == NULL ? &f->last : &copy->next->prev) = copy;
    f->waiting++;
    f->waiting_bytes += copy->n;
    return 0;
}

static void flow_data(struct reader *r, struct connection *c, int side, const struct packet *p,
                      uint32_t seq)
{
    struct flow *f = &c->flow[side];
    if (!f->known)
        flow_start(f, seq);
    uint32_t end = seq + (uint32_t)p->length;
    if (distance(end, f->end) > 0)
        f->end = end;
    struct segment s = {.us = p->us, .frame = p->frame, .seq = seq, .n = p->n};
    if (distance(seq, f->next) <= 0)
        hand_over(r, c, side, &s, p->p);
    else if (p->n > 0 && flow_wait(f, &s, p->p) != 0)
        r->no_memory = true;
    flow_drain(r, c, side);
    while (f->waiting > WAITING_SEGMENTS || f->waiting_bytes > WAITING_BYTES)
        flow_lose(r, c, side, f->first->seq, f->first->us);
}

static void flow_fin(struct reader *r, struct connection *c, int side, int64_t us, uint32_t seq)
{
    struct flow *f = &c->flow[side];
    if (f->fin || !flow_near(f, seq))
        return;
    if (!f->known)
        flow_start(f, seq);
    f->fin = true;
    f->fin_seq = seq;
    f->fin_us = us;
    flow_drain(r, c, side);
}

/* The other side has everything before `ack`. */
static void flow_acked(struct reader *r, struct connection *c, int side, uint32_t ack)
{
    struct flow *f = &c->flow[side];
    if (!f->known)
        flow_start(f, ack);
    if (!flow_near(f, ack) || distance(ack, f->acked) <= 0)
        return;
    f->acked = ack;
    flow_settle(r, c, side);
}

/* Who is the client, where no SYN says it. */

static bool is_known(const struct endpoint *list, unsigned n, const struct endpoint *who,
                     bool with_port)
{
    for (unsigned i = 0; i < n && i < KNOWN; i++)
        if (same_ip(&list[i], who) && (!with_port || list[i].port == who->port))
            return true;
    return false;
}

static void keep_known(struct endpoint *list, unsigned *n, const struct endpoint *who)
{
    if (!is_known(list, *n, who, true))
        list[(*n)++ % KNOWN] = *who;
}

/* What an SDP message tells: the station's TCP port, and which address is a vehicle's. */
static void learn_from_sdp(struct reader *r, const struct packet *p)
{
    if (p->n < 8 || p->p[0] != 0x01 || p->p[1] != 0xFE)
        return;
    uint16_t payload_type = be16(p->p + 2);
    struct endpoint who = p->from;
    who.port = 0;
    if (payload_type == 0x9000)
        keep_known(r->cars, &r->n_cars, &who);
    if (payload_type != 0x9001 || p->n < 26)
        return;
    who.port = be16(p->p + 24);
    keep_known(r->servers, &r->n_servers, &who);
    memcpy(who.ip, p->p + 8, sizeof who.ip);
    keep_known(r->servers, &r->n_servers, &who);
}

/* 1 yes, 0 no, -1 when the first endpoint's being something says nothing. */
static int only_first(bool first, bool second)
{
    return first == second ? -1 : first;
}

static bool sender_is_client(const struct reader *r, const struct packet *p)
{
    bool hello = p->n > 5 && p->p[0] == 0x16 && p->p[1] == 3;
    int hints[] = {
        only_first(is_known(r->servers, r->n_servers, &p->to, true),
                   is_known(r->servers, r->n_servers, &p->from, true)),
        only_first(hello && p->p[5] == 1, hello && p->p[5] == 2),
        only_first(is_known(r->cars, r->n_cars, &p->from, false),
                   is_known(r->cars, r->n_cars, &p->to, false)),
        only_first(p->to.port == SDP_PORT, p->from.port == SDP_PORT),
        only_first(p->to.port < 1024, p->from.port < 1024),
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i] >= 0)
            return hints[i];
    return true;
}

/* Connections. */

/* The same for both directions. */
static struct connection **bucket_of(struct reader *r, const struct packet *p)
{
    uint32_t sum = 0;
    const struct endpoint *both[] = {&p->from, &p->to};
    for (int k = 0; k < 2; k++) {
        uint32_t h = 2166136261u ^ both[k]->port;
        for (size_t i = 0; i < sizeof both[k]->ip; i++)
            h = (h ^ both[k]->ip[i]) * 16777619u;
        sum += h ^ h >> 15;
    }
    return &r->bucket[(sum ^ sum >> 12) % BUCKETS];
}

static struct connection *connection_find(struct reader *r, const struct packet *p)
{
    struct connection *c = *bucket_of(r, p);
    for (; c != NULL; c = c->in_bucket) {
        if (endpoint_same(&c->side[0], &p->from) && endpoint_same(&c->side[1], &p->to))
            return c;
        if (endpoint_same(&c->side[1], &p->from) && endpoint_same(&c->side[0], &p->to))
            return c;
    }
    return NULL;
}

/* Makes c, new or one that is over, the connection that p begins. */
static void connection_start(struct reader *r, struct connection *c, const struct packet *p)
{
    bool to_server = p->flags & TCP_SYN ? !(p->flags & TCP_ACK) : sender_is_client(r, p);
    c->side[CLIENT] = to_server ? p->from : p->to;
    c->side[SERVER] = to_server ? p->to : p->from;
    c->state = PENDING;
    c->number = 0;
    c->from_start = p->flags & TCP_SYN;
    memset(c->flow, 0, sizeof c->flow);
}

static struct connection *connection_new(struct reader *r, const struct packet *p)
{
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        r->no_memory = true;
        return NULL;
    }
    struct connection **bucket = bucket_of(r, p);
    c->in_bucket = *bucket;
    *bucket = c;
    *(r->newest == NULL ? &r->oldest : &r->newest->newer) = c;
    r->newest = c;
    connection_start(r, c, p);
    return c;
}

static void connection_flush(struct reader *r, struct connection *c, int64_t us)
{
    for (int side = 0; side < 2 && c->state != PENDING; side++)
        flow_flush(r, c, side, us);
    flow_free(&c->flow[CLIENT]);
    flow_free(&c->flow[SERVER]);
}

static void connection_renew(struct reader *r, struct connection *c, const struct packet *p)
{
    int side = endpoint_same(&p->from, &c->side[CLIENT]) ? CLIENT : SERVER;
    connection_flush(r, c, p->us);
    if (c->state == OPEN)
        tell_close(r, c, p->us, side, HOW_OPEN);
    connection_start(r, c, p);
}

static void connection_open(struct reader *r, struct connection *c, int64_t us)
{
    c->state = OPEN;
    c->number = ++r->totals.connections;
    if (c->from_start)
        keep_known(r->servers, &r->n_servers, &c->side[SERVER]);
    if (r->on->tcp_open != NULL)
        r->on->tcp_open(r->context, us, c->number, &c->side[CLIENT], &c->side[SERVER],
                        c->from_start);
}

static void connection_reset(struct reader *r, struct connection *c, int side,
                             const struct packet *p)
{
    if (c->state == PENDING) { /* whatever its number: it may answer an answer to an old one */
        c->state = CLOSED;
        if (side == SERVER && r->on->tcp_refused != NULL)
            r->on->tcp_refused(r->context, p->us, &c->side[CLIENT], &c->side[SERVER]);
        return;
    }
    if (c->state == CLOSED || !flow_near(&c->flow[side], p->seq))
        return;
    connection_flush(r, c, p->us);
    if (c->state == OPEN) /* both FINs may have come out */
        tell_close(r, c, p->us, side, HOW_RESET);
    c->state = CLOSED;
}

/* Does p start another connection on the same addresses and ports? */
static bool begins_anew(struct connection *c, const struct packet *p)
{
    struct flow *f = &c->flow[endpoint_same(&p->from, &c->side[CLIENT]) ? CLIENT : SERVER];
    if (p->flags & TCP_RST)
        return false;
    bool over = c->state == CLOSED, none = over && c->number == 0;
    if (p->flags & TCP_SYN) {
        if (f->has_isn)
            return f->isn != p->seq || none;
        return over || !flow_near(f, p->seq + 1);
    }
    if (p->length == 0)
        return false;
    bool near = flow_near(f, p->seq), again = f->strayed;
    f->strayed = !near;
    return none || (!near && (over || again)); /* one stray segment alone may be a damaged one */
}

static struct connection *connection_of(struct reader *r, const struct packet *p)
{
    struct connection *c = connection_find(r, p);
    if (c != NULL) {
        if (begins_anew(c, p))
            connection_renew(r, c, p);
        return c;
    }
    bool begins = p->flags & TCP_SYN || p->length > 0;
    return begins && !(p->flags & TCP_RST) ? connection_new(r, p) : NULL;
}

static void tcp_segment(struct reader *r, const struct packet *p)
{
    struct connection *c = connection_of(r, p);
    if (c == NULL)
        return;
    int side = endpoint_same(&p->from, &c->side[CLIENT]) ? CLIENT : SERVER;
    struct flow *f = &c->flow[side];
    if (p->flags & TCP_RST) {
        connection_reset(r, c, side, p);
        return;
    }
    bool syn = p->flags & TCP_SYN, ack = p->flags & TCP_ACK;
    uint32_t seq = p->seq + syn;
    if (syn && !f->has_isn) {
        f->has_isn = true;
        f->isn = p->seq;
        if (!f->known)
            flow_start(f, seq);
    }
    bool data = p->length > 0 && flow_near(f, seq);
    if (c->state == PENDING && ((syn && ack) || data))
        connection_open(r, c, p->us);
    if (c->state == PENDING || c->number == 0)
        return;
    if (ack)
        flow_acked(r, c, !side, p->ack);
    if (data)
        flow_data(r, c, side, p, seq);
    if (p->flags & TCP_FIN)
        flow_fin(r, c, side, p->us, seq + (uint32_t)p->length);
}

/* Layers of a packet. Each takes its header off; false where the packet ends before. */

static bool take(struct packet *p, size_t n)
{
    if (p->n < n)
        return false;
    p->p += n;
    p->n -= n;
    p->length -= n;
    return true;
}

/* The length that a header states: shorter for padding, longer where the packet was cut. */
static void set_length(struct packet *p, size_t length)
{
    p->length = length;
    if (p->n > length)
        p->n = length;
}

static void read_tcp(struct reader *r, struct packet *p)
{
    const uint8_t *h = p->p;
    if (p->n < 20)
        return;
    size_t header = (size_t)(h[12] >> 4) * 4;
    p->from.port = be16(h);
    p->to.port = be16(h + 2);
    p->seq = be32(h + 4);
    p->ack = be32(h + 8);
    p->flags = h[13];
    if (header < 20 || p->length < header)
        return;
    if (!take(p, header)) { /* cut within the options */
        p->length -= header;
        p->n = 0;
    }
    tcp_segment(r, p);
}

static void read_udp(struct reader *r, struct packet *p)
{
    const uint8_t *h = p->p;
    if (p->n < 8)
        return;
    p->from.port = be16(h);
    p->to.port = be16(h + 2);
    size_t length = be16(h + 4);
    if (length >= 8 && length <= p->length)
        set_length(p, length);
    take(p, 8);
    if (p->from.port != SDP_PORT && p->to.port != SDP_PORT)
        return;
    learn_from_sdp(r, p);
    if (r->on->udp != NULL)
        r->on->udp(r->context, p->us, &p->from, &p->to, (struct slice){p->p, p->n}, p->frame);
}

static void read_transport(struct reader *r, struct packet *p, uint8_t protocol)
{
    if (protocol == PROTOCOL_TCP)
        read_tcp(r, p);
    else if (protocol == PROTOCOL_UDP)
        read_udp(r, p);
}

static void map_ipv4(struct endpoint *to, const uint8_t *address)
{
    memset(to->ip, 0, 10);
    memset(to->ip + 10, 0xFF, 2);
    memcpy(to->ip + 12, address, 4);
}

static void read_ipv4(struct reader *r, struct packet *p)
{
    const uint8_t *h = p->p;
    if (p->n < 20 || h[0] >> 4 != 4)
        return;
    size_t header = (size_t)(h[0] & 15) * 4, length = be16(h + 2);
    if (length != 0) /* 0: left to the network card */
        set_length(p, length);
    uint16_t fragment = be16(h + 6) & 0x1FFF;
    map_ipv4(&p->from, h + 12);
    map_ipv4(&p->to, h + 16);
    uint8_t protocol = h[9];
    if (fragment == 0 && header >= 20 && take(p, header))
        read_transport(r, p, protocol);
}

/*
 * Takes the IPv6 extension headers off and gives the protocol behind them; -1 where there is none
 * or the packet is a later fragment (no reassembly: V2G frames never need it).
 */
static int skip_extensions(struct packet *p, uint8_t next)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60 };
    while (next == HOP_BY_HOP || next == ROUTING || next == FRAGMENT || next == AUTHENTICATION ||
           next == DESTINATION) {
        const uint8_t *h = p->p;
        if (p->n < 8)
            return -1;
        size_t size = ((size_t)h[1] + 1) * 8;
        if (next == AUTHENTICATION)
            size = ((size_t)h[1] + 2) * 4;
        if (next == FRAGMENT) {
            size = 8;
            if (be16(h + 2) >> 3 != 0)
                return -1;
        }
        next = h[0];
        if (!take(p, size))
            return -1;
    }
    return next;
}

static void read_ipv6(struct reader *r, struct packet *p)
{
    const uint8_t *h = p->p;
    if (p->n < 40 || h[0] >> 4 != 6)
        return;
    size_t length = be16(h + 4);
    if (length != 0) /* 0: jumbogram, or left to the network card */
        set_length(p, length + 40);
    memcpy(p->from.ip, h + 8, sizeof p->from.ip);
    memcpy(p->to.ip, h + 24, sizeof p->to.ip);
    take(p, 40);
    int protocol = skip_extensions(p, h[6]);
    if (protocol >= 0)
        read_transport(r, p, (uint8_t)protocol);
}

static void read_ip(struct reader *r, struct packet *p)
{
    if (p->n > 0 && p->p[0] >> 4 == 6)
        read_ipv6(r, p);
    else
        read_ipv4(r, p);
}

/* In a frame of its own: tags may have stood before the type. */
static void read_homeplug(struct reader *r, const struct packet *p)
{
    uint8_t frame[ETHER_MOST];
    size_t n = p->n < sizeof frame - ETHER_HEADER ? p->n : sizeof frame - ETHER_HEADER;
    if (r->on->link == NULL)
        return;
    memcpy(frame, p->to.mac, 6);
    memcpy(frame + 6, p->from.mac, 6);
    frame[12] = ETHER_HOMEPLUG >> 8;
    frame[13] = ETHER_HOMEPLUG & 0xFF;
    memcpy(frame + ETHER_HEADER, p->p, n);
    r->on->link(r->context, p->us, (struct slice){frame, ETHER_HEADER + n});
}

static void read_ethertype(struct reader *r, struct packet *p, uint16_t type)
{
    while (type == 0x8100 || type == 0x88A8 || type == 0x9100) { /* VLAN tags */
        if (p->n < 4)
            return;
        type = be16(p->p + 2);
        take(p, 4);
    }
    if (type == 0x86DD)
        read_ipv6(r, p);
    else if (type == 0x0800)
        read_ipv4(r, p);
    else if (type == ETHER_HOMEPLUG)
        read_homeplug(r, p);
}

static void read_ethernet(struct reader *r, struct packet *p)
{
    const uint8_t *h = p->p;
    if (!take(p, 14))
        return;
    memcpy(p->to.mac, h, sizeof p->to.mac);
    memcpy(p->from.mac, h + 6, sizeof p->from.mac);
    read_ethertype(r, p, be16(h + 12));
}

/* Linux cooked: only the sender's address is there. */
static void read_sll(struct reader *r, struct packet *p)
{
    const uint8_t *h = p->p;
    if (!take(p, 16))
        return;
    if (be16(h + 4) == sizeof p->from.mac)
        memcpy(p->from.mac, h + 6, sizeof p->from.mac);
    read_ethertype(r, p, be16(h + 14));
}

static void read_sll2(struct reader *r, struct packet *p)
{
    const uint8_t *h = p->p;
    if (!take(p, 20))
        return;
    if (h[11] == sizeof p->from.mac)
        memcpy(p->from.mac, h + 12, sizeof p->from.mac);
    read_ethertype(r, p, be16(h));
}

/* BSD loopback: an address family of 4 bytes, whose value differs between systems. */
static void read_loop(struct reader *r, struct packet *p)
{
    if (take(p, 4))
        read_ip(r, p);
}

static const struct link {
    int type;
    void (*read)(struct reader *r, struct packet *p);
} LINKS[] = {
    {DLT_EN10MB, read_ethernet}, {DLT_LINUX_SLL, read_sll}, {DLT_LINUX_SLL2, read_sll2},
    {DLT_RAW, read_ip},          {DLT_IPV4, read_ip},       {DLT_IPV6, read_ip},
    {DLT_NULL, read_loop},       {DLT_LOOP, read_loop},
};

static const struct link *link_of(pcap_t *pcap)
{
    for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++)
        if (LINKS[i].type == pcap_datalink(pcap))
            return &LINKS[i];
    return NULL;
}

/* The file. */

static int64_t time_of(const struct pcap_pkthdr *header)
{
    const int64_t most = INT64_MAX / 1000000 - 1; /* a damaged file may say anything */
    int64_t s = header->ts.tv_sec, us = header->ts.tv_usec;
    if (s < 0 || us < 0)
        return 0;
    return (s < most ? s : most) * 1000000 + us % 1000000;
}

/* What comes has the new time, also behind what was handed over with the old one. */
static void look_at_clock(struct reader *r, int64_t us)
{
    int64_t back = r->totals.packets > 1 ? r->us - us : 0;
    r->us = us;
    if (back < CLOCK_STEP)
        return;
    for (struct connection *c = r->oldest; c != NULL; c = c->newer)
        c->flow[CLIENT].us = c->flow[SERVER].us = us;
    if (r->on->clock_back != NULL)
        r->on->clock_back(r->context, us, back);
}

static void read_packet(struct reader *r, const struct link *link, const struct pcap_pkthdr *header,
                        const uint8_t *bytes)
{
    struct capture_totals *t = &r->totals;
    struct packet p = {.us = time_of(header), .p = bytes, .n = header->caplen};
    size_t length = header->len < LONGEST ? header->len : LONGEST;
    p.length = length > p.n ? length : p.n;
    p.frame = ++t->packets;
    t->bytes += p.length;
    t->cut += p.length > p.n;
    if (p.frame == 1 || p.us < t->first_us)
        t->first_us = p.us;
    if (p.us > t->last_us)
        t->last_us = p.us;
    look_at_clock(r, p.us);
    link->read(r, &p);
}

static void reader_finish(struct reader *r)
{
    for (struct connection *c = r->oldest, *newer; c != NULL; c = newer) {
        newer = c->newer;
        connection_flush(r, c, r->totals.last_us);
        free(c);
    }
}

static int read_all(struct reader *r, pcap_t *pcap, const struct link *link, struct err *e)
{
    struct pcap_pkthdr *header;
    const uint8_t *bytes;
    int got;
    while ((got = pcap_next_ex(pcap, &header, &bytes)) == 1 && !r->no_memory)
        read_packet(r, link, header, bytes);
    reader_finish(r);
    if (r->no_memory)
        return err_set(e, "out of memory after packet %llu", (unsigned long long)r->totals.packets);
    if (got == PCAP_ERROR)
        return err_set(e,
                       "the capture ends in the middle, or is damaged, behind packet %llu: %s; the "
                       "packets before are complete",
                       (unsigned long long)r->totals.packets, pcap_geterr(pcap));
    return 0;
}

static int open_error(FILE *file, const char *text, struct err *e)
{
    uint8_t m[4] = {0};
    if (fseek(file, 0, SEEK_SET) != 0)
        return err_set(e, "not a pcap or pcapng file that can be read: %s", text);
    size_t n = fread(m, 1, sizeof m, file);
    if (ferror(file))
        return err_set(e, "cannot read the capture: %s", strerror(errno));
    if (n < sizeof m)
        return err_set(e, "expected a pcap or pcapng file, found only %zu bytes", n);
    return err_set(e,
                   "expected a pcap or pcapng file (first bytes D4C3B2A1, 4D3CB2A1 or 0A0D0D0A), "
                   "found %02X%02X%02X%02X: %s",
                   m[0], m[1], m[2], m[3], text);
}

static int read_file(struct reader *r, FILE *file, struct err *e)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap =
        pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_MICRO, text);
    if (pcap == NULL) {
        int status = open_error(file, text, e);
        if (file != stdin)
            fclose(file);
        return status;
    }
    const struct link *link = link_of(pcap);
    int status;
    if (link != NULL) {
        status = read_all(r, pcap, link, e);
    } else {
        const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));
        status = err_set(e,
                         "the capture's link layer is %s (%d), expected Ethernet, Linux cooked, "
                         "loopback or raw IP; capture on the Ethernet interface",
                         name == NULL ? "unknown" : name, pcap_datalink(pcap));
    }
    pcap_close(pcap); /* closes the file, too */
    return status;
}

#define UNPACKED_MAX (1u << 30) /* bytes of a capture that came packed */

/* The file; one that is packed is unpacked into memory. NULL: e. */
static FILE *open_capture(const char *name, struct buf *unpacked, struct err *e)
{
    char other_name[PATH_MAX];
    uint8_t begin[2];
    const char *path = gzip_place(name, other_name, sizeof other_name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        err_set(e, "cannot open the capture: %s", strerror(errno));
        return NULL;
    }
    bool is_packed = gzip_is((struct slice){begin, fread(begin, 1, sizeof begin, file)});
    rewind(file);
    if (!is_packed)
        return file;
    fclose(file);
    file = NULL;
    if (gzip_read(path, UNPACKED_MAX, unpacked, e) == 0 &&
        (unpacked->n == 0 || (file = fmemopen(unpacked->p, unpacked->n, "rb")) == NULL))
        err_set(e, "the capture that is packed in it is empty");
    return file;
}

int capture_read(const char *path, const struct capture_events *events, void *context,
                 struct capture_totals *totals, struct err *e)
{
    if (totals != NULL)
        *totals = (struct capture_totals){0};
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(e, "out of memory");
    r->on = events;
    r->context = context;
    struct buf unpacked = {0};
    FILE *file = strcmp(path, "-") == 0 ? stdin : open_capture(path, &unpacked, e);
    int status = file != NULL ? read_file(r, file, e) : -1;
    buf_close(&unpacked);
    if (status != 0)
        err_under(e, path);
    if (totals != NULL)
        *totals = r->totals;
    free(r);
    return status;
}
