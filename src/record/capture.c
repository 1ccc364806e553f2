/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capture.h"

#include "base/pcap.h"
#include "wire/ether.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS 4096u
#define KNOWN 32u              /* endpoints that SDP and SYNs told, newest kept */
#define WAITING_BYTES 1048576u /* most bytes that wait behind a hole, for each direction */
#define WAITING_SEGMENTS 1024u /* bounds the search for a segment's place, too */
#define FAR (16 * 1024 * 1024) /* a step of the sequence number that no window explains */
#define LONGEST 262144u        /* packet, as capture programs have it */
#define CLOCK_STEP 10000       /* us: packets that lie so much back are no matter of order */
#define SDP_PORT 15118
#define BLOCK (1u << 20) /* bytes that are read at once */
#define SENT 8           /* segments of a direction that are kept to tell which one comes again */
#define ANOTHER 500000   /* us: who begins another connection so long after a SYN has given it up */
#define COPY 1000        /* us: so soon nobody sends again, it was captured twice */
#define ACK_LATEST 500000 /* us: an acknowledgement is never later (RFC 1122, 4.2.3.2) */

/* Data behind a hole. */
struct segment {
    struct segment *next, *prev;
    int64_t us;
    uint64_t frame;
    uint32_t seq;
    size_t n;
    uint8_t bytes[];
};

/* A segment as it was sent. */
struct sent {
    int64_t us;
    uint32_t seq, ack;
    size_t length;
    uint16_t window;
    uint8_t flags;
};

/* One direction of a connection; sequence numbers wrap, so they are compared by difference. */
struct flow {
    bool known, has_isn;
    bool fin, fin_told;
    bool strayed;       /* the last segment was far away */
    uint32_t isn;       /* sequence number of the SYN */
    uint32_t next;      /* of the byte to hand over next; valid when known, as end and acked are */
    uint32_t end;       /* behind the last byte that was on the wire */
    uint32_t acked;     /* behind the last byte that the other side has */
    bool is_answered;   /* the other side has acknowledged something: told is valid */
    uint32_t told;      /* behind the last byte that it has said to have */
    int64_t unacked_us; /* when the first byte behind that was sent */
    bool is_shut;       /* its window is 0, */
    int64_t shut_us;    /* since then */
    struct sent sent[SENT];
    unsigned n_sent;
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
    uint32_t tries;            /* SYN of the client, */
    int64_t first_us, last_us; /* the first and last of them */
    struct endpoint side[2];
    struct flow flow[2];
};

/* A datagram that came before. */
struct datagram_seen {
    int64_t us;
    uint32_t sum;
    struct endpoint from;
};

struct reader {
    const struct capture_events *on;
    void *context;
    struct capture_totals totals;
    struct pcap_reader file;
    struct packet_parts parts;
    struct datagram_seen datagram[SENT];
    unsigned n_datagrams;
    char unknown[64]; /* link layer, the first one */
    int64_t us;       /* of the packet before; valid when has_us */
    bool has_us;
    bool no_memory;
    struct connection *oldest, *newest;
    struct connection *bucket[BUCKETS];
    struct endpoint servers[KNOWN], cars[KNOWN];
    unsigned n_servers, n_cars;
    struct connection *waiting[KNOWN]; /* whose SYN were not answered yet, newest kept */
    unsigned n_waiting;
};

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
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

/* The network: what became of segments. */

static void tell_network(struct reader *r, const struct connection *c, struct capture_network what,
                         int side)
{
    what.connection = c->number;
    what.from_client = side == CLIENT;
    if (c->number != 0 && r->on->tcp_network != NULL)
        r->on->tcp_network(r->context, &what);
}

static bool is_copy(const struct sent *s, const struct packet *p)
{
    int64_t later = p->us - s->us;
    return s->seq == p->seq && s->ack == p->ack && s->length == p->length && s->flags == p->flags &&
           s->window == p->window && later > -COPY && later < COPY;
}

/* Whether the same packet came just before: of a capture at several interfaces. Keeps it else. */
static bool flow_saw(struct flow *f, const struct packet *p)
{
    for (unsigned i = 0; i < SENT && i < f->n_sent; i++)
        if (is_copy(&f->sent[i], p))
            return true;
    f->sent[f->n_sent++ % SENT] =
        (struct sent){p->us, p->seq, p->ack, p->length, p->window, p->flags};
    return false;
}

/* Data that were on the wire before, other than the byte that asks whether somebody is there. */
static void look_for_repetition(struct reader *r, struct connection *c, int side,
                                const struct packet *p, uint32_t seq)
{
    const struct flow *f = &c->flow[side];
    uint32_t end = seq + (uint32_t)p->length;
    bool is_keep_alive = p->length == 1 && f->is_answered && end == f->told;
    if (!f->known || distance(end, f->end) > 0 || is_keep_alive)
        return;
    int64_t first = p->us;
    for (unsigned i = 0; i < SENT && i < f->n_sent; i++) {
        const struct sent *s = &f->sent[i];
        bool has_it = distance(seq, s->seq) >= 0 && distance(seq, s->seq + (uint32_t)s->length) < 0;
        if (has_it && s->us < first)
            first = s->us;
    }
    if (first == p->us && distance(seq, f->next) >= 0)
        return; /* it fills a hole, and was only late */
    tell_network(r, c,
                 (struct capture_network){.us = p->us,
                                          .what = NETWORK_RETRANSMISSION,
                                          .octets = p->length,
                                          .taken_us = p->us - first},
                 side);
}

static void look_at_window(struct reader *r, struct connection *c, int side, const struct packet *p)
{
    struct flow *f = &c->flow[side];
    if ((p->window == 0) == f->is_shut || p->flags & TCP_SYN)
        return;
    tell_network(
        r, c,
        (struct capture_network){.us = p->us,
                                 .what = f->is_shut ? NETWORK_WINDOW_OPEN : NETWORK_ZERO_WINDOW,
                                 .taken_us = f->is_shut ? p->us - f->shut_us : 0},
        side);
    f->is_shut = !f->is_shut;
    f->shut_us = p->us;
}

/* Data at the end of the connection or of the capture that the other side never said to have. */
static void look_for_unacknowledged(struct reader *r, struct connection *c, int side, int64_t us,
                                    bool is_reset)
{
    const struct flow *f = &c->flow[side];
    int64_t waited = us - f->unacked_us;
    if (!f->known || !f->is_answered || distance(f->end, f->told) <= 0 ||
        (!is_reset && waited < ACK_LATEST))
        return;
    tell_network(r, c,
                 (struct capture_network){.us = us,
                                          .what = NETWORK_UNACKNOWLEDGED,
                                          .octets = f->end - f->told,
                                          .taken_us = waited},
                 side);
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
    if (!f->is_answered || distance(f->end, f->told) <= 0)
        f->unacked_us = p->us;
    if (distance(end, f->end) > 0)
        f->end = end;
    if (p->n < p->length)
        tell_network(
            r, c,
            (struct capture_network){
                .us = p->us, .what = NETWORK_CUT, .octets = p->length - p->n, .frame = p->frame},
            side);
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
static void flow_acked(struct reader *r, struct connection *c, int side, uint32_t ack, int64_t us)
{
    struct flow *f = &c->flow[side];
    if (!f->known)
        flow_start(f, ack);
    if (!flow_near(f, ack))
        return;
    if (!f->is_answered || distance(ack, f->told) > 0) {
        f->is_answered = true;
        f->told = ack;
        f->unacked_us = us;
    }
    if (distance(ack, f->acked) <= 0)
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
    uint64_t sum = endpoint_hash(&p->from) + endpoint_hash(&p->to);
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
    c->tries = 0;
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

static void tell_failed(struct reader *r, struct connection *c, int64_t us, enum event_how how)
{
    if (c->tries > 0 && r->on->tcp_failed != NULL)
        r->on->tcp_failed(r->context, us, &c->side[CLIENT], &c->side[SERVER], how, c->tries,
                          us - c->first_us);
}

/* What the client of p has given up, as it begins another connection. */
static void give_up_others(struct reader *r, const struct packet *p)
{
    for (unsigned i = 0; i < KNOWN && i < r->n_waiting; i++) {
        struct connection *c = r->waiting[i];
        if (c == NULL || c->state != PENDING || p->us - c->last_us < ANOTHER ||
            !same_ip(&c->side[CLIENT], &p->from) || endpoint_same(&c->side[CLIENT], &p->from))
            continue;
        r->waiting[i] = NULL;
        c->state = CLOSED;
        tell_failed(r, c, c->last_us, HOW_TIMEOUT);
    }
}

static void note_syn(struct reader *r, struct connection *c, const struct packet *p)
{
    c->last_us = p->us;
    if (c->tries++ > 0)
        return;
    c->first_us = p->us;
    give_up_others(r, p);
    r->waiting[r->n_waiting++ % KNOWN] = c;
}

static void connection_flush(struct reader *r, struct connection *c, int64_t us, bool is_reset)
{
    if (c->state == PENDING)
        tell_failed(r, c, c->last_us, HOW_TIMEOUT);
    for (int side = 0; side < 2 && c->state != PENDING; side++) {
        flow_flush(r, c, side, us);
        if (c->state == OPEN)
            look_for_unacknowledged(r, c, side, us, is_reset);
    }
}

static void connection_renew(struct reader *r, struct connection *c, const struct packet *p)
{
    int side = endpoint_same(&p->from, &c->side[CLIENT]) ? CLIENT : SERVER;
    connection_flush(r, c, p->us, false);
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
    if (c->tries > 1)
        tell_network(r, c,
                     (struct capture_network){.us = us,
                                              .what = NETWORK_SYN_AGAIN,
                                              .taken_us = us - c->first_us,
                                              .times = c->tries},
                     CLIENT);
}

static void connection_reset(struct reader *r, struct connection *c, int side,
                             const struct packet *p)
{
    if (c->state == PENDING) { /* whatever its number: it may answer an answer to an old one */
        c->state = CLOSED;
        if (side == SERVER)
            tell_failed(r, c, p->us, HOW_REFUSED);
        return;
    }
    if (c->state == CLOSED || !flow_near(&c->flow[side], p->seq))
        return;
    if (p->flags & TCP_ACK)
        flow_acked(r, c, !side, p->ack, p->us);
    connection_flush(r, c, p->us, true);
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
    if (flow_saw(f, p))
        return;
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
    if (syn && !ack && c->state == PENDING)
        note_syn(r, c, p);
    bool data = p->length > 0 && flow_near(f, seq);
    if (c->state == PENDING && ((syn && ack) || data))
        connection_open(r, c, p->us);
    if (c->state == PENDING || c->number == 0)
        return;
    if (ack)
        flow_acked(r, c, !side, p->ack, p->us);
    look_at_window(r, c, side, p);
    if (data)
        look_for_repetition(r, c, side, p, seq);
    if (data)
        flow_data(r, c, side, p, seq);
    if (p->flags & TCP_FIN)
        flow_fin(r, c, side, p->us, seq + (uint32_t)p->length);
}

/* Packets. */

/* What it is about has no connection, or is not known to belong to one. */
static void tell_packet(struct reader *r, const struct packet *p, enum event_network what,
                        const char *text)
{
    if (r->on->packet != NULL)
        r->on->packet(r->context, p, what, text);
}

/* Lines of a key log that a program sends while it plays: the label is a word of the text. */
static bool has_secrets(struct slice bytes)
{
    static const char *const LABELS[] = {"CLIENT_RANDOM ", "_TRAFFIC_SECRET"};
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++)
        if (memmem(bytes.p, bytes.n, LABELS[i], strlen(LABELS[i])) != NULL)
            return true;
    return false;
}

/* Whether the same datagram came just before: of a capture at several interfaces. */
static bool saw_datagram(struct reader *r, const struct packet *p)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < p->n; i++)
        sum = (sum ^ p->p[i]) * 16777619u;
    for (unsigned i = 0; i < SENT && i < r->n_datagrams; i++) {
        int64_t later = p->us - r->datagram[i].us;
        if (r->datagram[i].sum == sum && later > -COPY && later < COPY &&
            endpoint_same(&r->datagram[i].from, &p->from))
            return true;
    }
    r->datagram[r->n_datagrams++ % SENT] = (struct datagram_seen){p->us, sum, p->from};
    return false;
}

static void udp_datagram(struct reader *r, const struct packet *p)
{
    struct slice bytes = {p->p, p->n};
    bool is_sdp = p->from.port == SDP_PORT || p->to.port == SDP_PORT;
    bool is_secret = !is_sdp && r->on->secrets != NULL && has_secrets(bytes);
    if ((!is_sdp && !is_secret) || saw_datagram(r, p))
        return;
    if (is_secret) {
        r->on->secrets(r->context, p, bytes);
        return;
    }
    learn_from_sdp(r, p);
    if (p->n < p->length)
        tell_packet(r, p, NETWORK_CUT, NULL);
    if (r->on->udp != NULL)
        r->on->udp(r->context, p->us, &p->from, &p->to, bytes, p->frame);
}

/* In a frame of its own: tags may have stood before the type. */
static void take_homeplug(struct reader *r, const struct packet *p)
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
    r->on->link(r->context, p->us, (struct slice){frame, ETHER_HEADER + n}, p->frame);
}

static void take_packet(struct reader *r, struct packet *p, enum packet_kind kind)
{
    switch (kind) {
    case PACKET_TCP:
        if (r->on->tcp_data != NULL)
            tcp_segment(r, p);
        break;
    case PACKET_UDP:
        udp_datagram(r, p);
        break;
    case PACKET_HOMEPLUG:
        take_homeplug(r, p);
        break;
    case PACKET_VOID:
        tell_packet(r, p, NETWORK_FRAGMENTS, p->why);
        break;
    case PACKET_ENCRYPTED:
        if (r->totals.encrypted++ == 0)
            tell_packet(r, p, NETWORK_ENCRYPTED, NULL);
        break;
    case PACKET_OTHER:
    case PACKET_FRAGMENT:
        break;
    }
}

static void tell_lost_fragments(struct reader *r, int64_t us)
{
    struct packet p;
    size_t bytes;
    while ((bytes = packet_lost(&r->parts, us, &p)) > 0) {
        char text[120];
        snprintf(text, sizeof text, "of a %s %zu bytes came, and others not",
                 endpoint_is_unset(&p.from) ? "frame" : "datagram", bytes);
        tell_packet(r, &p, NETWORK_FRAGMENTS, text);
    }
}

/* What comes has the new time, also behind what was handed over with the old one. */
static void look_at_clock(struct reader *r, int64_t us)
{
    int64_t back = r->has_us ? r->us - us : 0;
    r->us = us;
    r->has_us = true;
    if (back < CLOCK_STEP)
        return;
    for (struct connection *c = r->oldest; c != NULL; c = c->newer)
        for (int side = 0; side < 2; side++) {
            struct flow *f = &c->flow[side];
            f->us = f->unacked_us = f->shut_us = us;
            f->n_sent = 0;
        }
    if (r->on->clock_back != NULL)
        r->on->clock_back(r->context, us, back);
}

static void on_packet(void *context, const struct pcap_packet *from)
{
    struct reader *r = context;
    struct capture_totals *t = &r->totals;
    size_t most = from->length < LONGEST ? from->length : LONGEST;
    struct packet p = {.us = from->us != 0 ? from->us : r->us, /* some have no time */
                       .p = from->bytes.p,
                       .n = from->bytes.n,
                       .length = most > from->bytes.n ? most : from->bytes.n};
    bool is_read;
    const char *link = packet_link(from->link, &is_read);
    p.frame = ++t->packets;
    t->bytes += p.length;
    t->cut += p.length > p.n;
    if (p.frame == 1 || p.us < t->first_us)
        t->first_us = p.us;
    if (p.us > t->last_us)
        t->last_us = p.us;
    look_at_clock(r, p.us);
    if (!is_read && t->unknown++ == 0)
        snprintf(r->unknown, sizeof r->unknown, "%s (%u)", link, (unsigned)from->link);
    if (!is_read && t->unknown == 1)
        tell_packet(r, &p, NETWORK_UNKNOWN, r->unknown);
    tell_lost_fragments(r, p.us);
    enum packet_kind kind = packet_read(&p, from->link, &r->parts);
    do
        take_packet(r, &p, kind);
    while (packet_next(&p, &r->parts, &kind));
}

static void on_secrets(void *context, struct slice keylog)
{
    struct reader *r = context;
    if (r->on->secrets != NULL)
        r->on->secrets(r->context, NULL, keylog);
}

/* The file. */

static void reader_finish(struct reader *r)
{
    for (struct connection *c = r->oldest, *newer; c != NULL; c = newer) {
        newer = c->newer;
        connection_flush(r, c, r->us, false);
        free(c);
    }
    r->oldest = r->newest = NULL;
    tell_lost_fragments(r, INT64_MAX);
    packet_parts_close(&r->parts);
    pcap_close(&r->file);
}

static const struct pcap_events FILE_EVENTS = {on_packet, on_secrets};

static void reader_begin(struct reader *r)
{
    memset(r->bucket, 0, sizeof r->bucket);
    r->n_waiting = r->n_datagrams = 0;
    r->has_us = false;
    r->file.on = &FILE_EVENTS;
    r->file.context = r;
}

/* Takes what is whole of the bytes away from their beginning. */
static int feed(struct reader *r, struct buf *bytes, struct err *e)
{
    size_t used = 0;
    int bad = pcap_read(&r->file, (struct slice){bytes->p, bytes->n}, &used, e);
    bytes->n -= used;
    if (used > 0)
        memmove(bytes->p, bytes->p + used, bytes->n);
    if (bad == 0 && r->no_memory)
        bad = err_set(e, "out of memory after packet %llu", (unsigned long long)r->totals.packets);
    return bad;
}

/* fd becomes what lies at the path. False: nothing does. */
static bool open_again(const struct capture_source *from)
{
    int fd = open(from->name, O_RDONLY | O_CLOEXEC);
    bool is_open = fd >= 0 && dup3(fd, from->fd, O_CLOEXEC) >= 0;
    if (fd >= 0)
        close(fd);
    return is_open;
}

/* At the end of a file that grows: whether somebody has cut it since, or begun to write it anew, or
 * another file lies in its place (there may be none for a while). Then that is told, and what is
 * there now comes next. */
static bool begin_anew(struct reader *r, const struct capture_source *from, struct buf *bytes)
{
    struct stat now, there;
    off_t at = lseek(from->fd, 0, SEEK_CUR);
    char text[EVENT_TEXT], rest[80] = "";
    if (at < 0 || fstat(from->fd, &now) != 0 || now.st_size > at)
        return false;
    bool is_other =
        stat(from->name, &there) == 0 && (there.st_ino != now.st_ino || there.st_dev != now.st_dev);
    if (now.st_size >= at && (!is_other || !open_again(from)))
        return false;
    if (bytes->n > 0)
        snprintf(rest, sizeof rest, "; %zu bytes of a packet that was not whole are lost",
                 bytes->n);
    if (now.st_size < at)
        snprintf(text, sizeof text,
                 "the file has become shorter, from %lld bytes to %lld: it is read anew%s",
                 (long long)at, (long long)now.st_size, rest);
    else
        snprintf(text, sizeof text, "another file is in its place: that is read now%s", rest);
    lseek(from->fd, 0, SEEK_SET);
    buf_clear(bytes);
    reader_finish(r);
    reader_begin(r);
    if (r->on->anew != NULL)
        r->on->anew(r->context, r->us, text);
    return true;
}

/* Appends what there is to the bytes: how many, 0 at the end, -1: e. */
static ssize_t read_more(struct reader *r, const struct capture_source *from, struct buf *bytes,
                         struct err *e)
{
    struct pollfd ready = {.fd = from->fd, .events = POLLIN};
    for (;;) {
        uint8_t *room = buf_reserve(bytes, BLOCK);
        if (room == NULL)
            return err_set(e, "out of memory");
        int said = poll(&ready, 1, 0);
        if (said == 0 && from->rest != NULL && !from->rest(from->context))
            return 0;
        if (said <= 0)
            continue;
        ssize_t n = read(from->fd, room, BLOCK);
        if (n == 0 && from->grows && (begin_anew(r, from, bytes) || from->rest(from->context)))
            continue;
        if (n < 0 && errno == EINTR)
            continue;
        bytes->n += n > 0 ? (size_t)n : 0;
        return n < 0 ? err_set(e, "cannot be read: %s", strerror(errno)) : n;
    }
}

static int read_all(struct reader *r, const struct capture_source *from, struct err *e)
{
    struct buf bytes = {0};
    int bad;
    ssize_t n = 0;
    buf_add(&bytes, from->head.p, from->head.n);
    do
        bad = bytes.failed ? err_set(e, "out of memory") : feed(r, &bytes, e);
    while (bad == 0 && from->fd >= 0 && (n = read_more(r, from, &bytes, e)) > 0);
    if (bad == 0 && n < 0)
        bad = -1;
    bool is_nothing = !r->file.is_begun && r->totals.packets == 0;
    if (bad == 0 && (!from->grows || is_nothing))
        bad = pcap_end(&r->file, bytes.n, e);
    buf_close(&bytes);
    return bad;
}

int capture_read(const struct capture_source *from, const struct capture_events *events,
                 void *context, struct capture_totals *totals, struct err *e)
{
    struct reader *r = calloc(1, sizeof *r);
    if (totals != NULL)
        *totals = (struct capture_totals){0};
    if (r == NULL)
        return err_set(e, "out of memory");
    r->on = events;
    r->context = context;
    reader_begin(r);
    int status = read_all(r, from, e);
    reader_finish(r);
    if (status == 0 && r->totals.unknown > 0 && r->totals.unknown == r->totals.packets)
        status = err_set(e,
                         "the capture's link layer is %s, expected Ethernet, Linux cooked, IEEE "
                         "802.11, loopback or raw IP; capture on the Ethernet interface",
                         r->unknown);
    if (status != 0)
        err_under(e, from->name);
    if (totals != NULL)
        *totals = r->totals;
    free(r);
    return status;
}
