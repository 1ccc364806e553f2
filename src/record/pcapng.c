/* SPDX-License-Identifier: Apache-2.0 */
#include "record/pcapng.h"

#include "wire/ether.h"

#include "record/outlet.h"
#include "record/pcapng_block.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUCKETS 1024u
#define MSS 1440u           /* what an Ethernet frame leaves behind IPv6 and TCP headers */
#define WINDOW 64800u       /* 45 segments; more is never on its way */
#define UDP_MOST 65507u     /* what an IPv4 datagram holds, the shorter of the two */
#define LITTLE false        /* byte order of blocks */
#define WAITING_MOST 65536u /* bytes, until they are written */

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { CLIENT, SERVER };

struct side {
    struct endpoint at;
    uint32_t next;  /* sequence number of its next byte */
    uint32_t acked; /* what it has acknowledged to the other side */
    bool closed;
};

struct connection {
    struct connection *in_bucket, *in_ports;
    uint32_t number;
    int64_t us; /* of its last packet */
    struct side side[2];
};

struct pcapng {
    struct outlet outlet;
    uint64_t size;    /* of the file, without what waits */
    bool has_secrets; /* the file */
    uint16_t ip_id;   /* IPv4 only */
    struct err e;
    struct buf frame;                   /* the packet that is being made */
    struct buf remarks;                 /* comment options that wait for a packet */
    struct connection *bucket[BUCKETS]; /* by number */
    struct connection *ports[BUCKETS];  /* by both ports */
};

/* Numbers in packets are big-endian. */

static void add_be16(struct buf *b, unsigned v)
{
    buf_add(b, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static void add_be32(struct buf *b, uint32_t v)
{
    add_be16(b, v >> 16);
    add_be16(b, v & 0xFFFF);
}

static void put_be16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* The Internet checksum over p, going on from sum; not yet folded. */
static uint64_t sum16(const uint8_t *p, size_t n, uint64_t sum)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        sum += (uint64_t)(p[i] << 8 | p[i + 1]);
    return n % 2 != 0 ? sum + (uint64_t)(p[n - 1] << 8) : sum;
}

static unsigned fold16(uint64_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return ~(unsigned)sum & 0xFFFF;
}

static uint32_t hash32(const void *p, size_t n, uint32_t h)
{
    const uint8_t *in = p;
    for (size_t i = 0; i < n; i++)
        h = (h ^ in[i]) * 16777619u;
    return h ^ h >> 15;
}

/* The file. */

static int write_out(struct pcapng *p)
{
    size_t n = p->outlet.out.n;
    int bad = outlet_write(&p->outlet, &p->e);
    p->size += n - p->outlet.out.n;
    return bad;
}

/* What was added since is whole: never a part of an event. */
static void unit(struct pcapng *p)
{
    p->outlet.out.failed |= p->remarks.failed || p->frame.failed;
    outlet_unit(&p->outlet);
    if (p->outlet.out.n > WAITING_MOST)
        write_out(p);
}

int pcapng_write(struct pcapng *p, struct err *e)
{
    if (write_out(p) == 0)
        return 0;
    *e = p->e;
    return -1;
}

uint64_t pcapng_size(const struct pcapng *p)
{
    return p->size + p->outlet.out.n;
}

/* Blocks: in the byte order that all programs of today write. */

static void add_time(struct buf *b, int64_t us)
{
    uint64_t t = us < 0 ? 0 : (uint64_t)us;
    block_add32(b, LITTLE, (uint32_t)(t >> 32));
    block_add32(b, LITTLE, (uint32_t)t);
}

static void add_remarks(struct pcapng *p)
{
    if (p->remarks.n == 0)
        return;
    buf_add(&p->outlet.out, p->remarks.p, p->remarks.n);
    block_option(&p->outlet.out, LITTLE, OPTION_END, "", 0);
    buf_clear(&p->remarks);
}

static void add_packet(struct pcapng *p, int64_t us)
{
    size_t at = block_begin(&p->outlet.out, LITTLE, BLOCK_PACKET);
    p->outlet.out.failed |= p->frame.failed;
    block_add32(&p->outlet.out, LITTLE, 0); /* the only interface */
    add_time(&p->outlet.out, us);
    block_add32(&p->outlet.out, LITTLE, (uint32_t)p->frame.n);
    block_add32(&p->outlet.out, LITTLE, (uint32_t)p->frame.n);
    buf_add(&p->outlet.out, p->frame.p, p->frame.n);
    block_pad(&p->outlet.out, p->frame.n);
    add_remarks(p);
    block_end(&p->outlet.out, LITTLE, at);
}

static void add_header(struct pcapng *p)
{
    struct buf *out = &p->outlet.out;
    block_section(out, LITTLE);
    size_t at = block_interface(out, LITTLE, 1, 0); /* Ethernet, of any length */
    block_option(out, LITTLE, OPTION_NAME, "v2glab", 6);
    block_option(out, LITTLE, OPTION_RESOLUTION, (uint8_t[]){6}, 1); /* microseconds */
    block_option(out, LITTLE, OPTION_END, "", 0);
    block_end(out, LITTLE, at);
}

/* Packets. */

static bool is_ipv4(const struct endpoint *a)
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    return memcmp(a->ip, mapped, sizeof mapped) == 0;
}

static bool is_multicast(const struct endpoint *a)
{
    return is_ipv4(a) ? a->ip[12] >> 4 == 14 : endpoint_is_multicast(a);
}

/*
 * The MAC of an endpoint. Where it is unknown: the group's for a multicast address, the one inside
 * an address that was made from one (EUI-64), else a locally administered one.
 */
static void add_mac(struct buf *b, const struct endpoint *a)
{
    static const uint8_t unknown[6];
    const uint8_t *ip = a->ip;
    uint32_t h = hash32(ip, sizeof a->ip, 2166136261u);
    uint8_t mac[6] = {0x06,      0x76, (uint8_t)(h >> 24), (uint8_t)(h >> 16), (uint8_t)(h >> 8),
                      (uint8_t)h};
    if (is_ipv4(a) && is_multicast(a))
        memcpy(mac, (uint8_t[]){0x01, 0x00, 0x5E, ip[13] & 0x7F, ip[14], ip[15]}, 6);
    else if (is_multicast(a))
        memcpy(mac, (uint8_t[]){0x33, 0x33, ip[12], ip[13], ip[14], ip[15]}, 6);
    else if (memcmp(a->mac, unknown, 6) != 0)
        memcpy(mac, a->mac, 6);
    else if (ip[11] == 0xFF && ip[12] == 0xFE)
        memcpy(mac, (uint8_t[]){ip[8] ^ 2, ip[9], ip[10], ip[13], ip[14], ip[15]}, 6);
    buf_add(b, mac, 6);
}

static void add_ipv4(struct pcapng *p, const struct endpoint *from, const struct endpoint *to,
                     uint8_t protocol, size_t length)
{
    struct buf *b = &p->frame;
    size_t at = b->n;
    add_be16(b, 0x4500);
    add_be16(b, (unsigned)length + 20);
    add_be16(b, p->ip_id++);
    add_be16(b, length + 20 > 1500 ? 0 : 0x4000); /* don't fragment */
    buf_add(b, (uint8_t[]){is_multicast(to) ? 1 : 64, protocol, 0, 0}, 4);
    buf_add(b, from->ip + 12, 4);
    buf_add(b, to->ip + 12, 4);
    if (!b->failed)
        put_be16(b->p + at + 10, fold16(sum16(b->p + at, 20, 0)));
}

static void add_ipv6(struct pcapng *p, const struct endpoint *from, const struct endpoint *to,
                     uint8_t protocol, size_t length)
{
    struct buf *b = &p->frame;
    add_be32(b, 0x60000000);
    add_be16(b, (unsigned)length);
    buf_add(b, (uint8_t[]){protocol, is_multicast(to) ? 1 : 64}, 2);
    buf_add(b, from->ip, 16);
    buf_add(b, to->ip, 16);
}

/* Ethernet and IP headers for `length` bytes of TCP or UDP; returns where these begin. */
static size_t frame_begin(struct pcapng *p, const struct endpoint *from, const struct endpoint *to,
                          uint8_t protocol, size_t length)
{
    bool four = is_ipv4(from) && is_ipv4(to);
    buf_clear(&p->frame);
    add_mac(&p->frame, to);
    add_mac(&p->frame, from);
    add_be16(&p->frame, four ? 0x0800 : 0x86DD);
    (four ? add_ipv4 : add_ipv6)(p, from, to, protocol, length);
    return p->frame.n;
}

/* Sets the checksum of TCP or UDP, which begins at `at`, at `field` bytes behind that. */
static void frame_checksum(struct pcapng *p, const struct endpoint *from, const struct endpoint *to,
                           uint8_t protocol, size_t at, size_t field)
{
    struct buf *b = &p->frame;
    if (b->failed)
        return;
    bool four = is_ipv4(from) && is_ipv4(to);
    size_t skip = four ? 12 : 0, length = b->n - at;
    uint64_t sum = sum16(from->ip + skip, 16 - skip, length + protocol);
    sum = sum16(to->ip + skip, 16 - skip, sum);
    unsigned check = fold16(sum16(b->p + at, length, sum));
    bool none = protocol == PROTOCOL_UDP && check == 0; /* 0 stands for no checksum there */
    put_be16(b->p + at + field, none ? 0xFFFF : check);
}

static uint8_t options_size(unsigned flags)
{
    return flags & TCP_SYN ? 4 : 0;
}

/* One segment from `side`; what it carries is acknowledged by the other side's next. */
static void add_segment(struct pcapng *p, int64_t us, struct connection *c, int side,
                        unsigned flags, struct slice bytes)
{
    struct side *s = &c->side[side], *other = &c->side[!side];
    struct buf *b = &p->frame;
    unsigned header = 20u + options_size(flags);
    size_t at = frame_begin(p, &s->at, &other->at, PROTOCOL_TCP, header + bytes.n);
    add_be16(b, s->at.port);
    add_be16(b, other->at.port);
    add_be32(b, s->next);
    add_be32(b, flags & TCP_ACK ? other->next : 0);
    add_be16(b, header / 4 << 12 | flags);
    add_be16(b, flags & TCP_RST ? 0 : WINDOW);
    add_be32(b, 0); /* checksum, urgent pointer */
    if (flags & TCP_SYN)
        add_be32(b, 0x02040000 | MSS);
    buf_add(b, bytes.p, bytes.n);
    frame_checksum(p, &s->at, &other->at, PROTOCOL_TCP, at, 16);
    add_packet(p, us);
    s->next += (uint32_t)bytes.n + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
    s->acked = other->next;
    c->us = us;
}

static void add_bare(struct pcapng *p, int64_t us, struct connection *c, int side, unsigned flags)
{
    add_segment(p, us, c, side, flags, (struct slice){NULL, 0});
}

/* Connections. */

static struct connection **connection_at(struct pcapng *p, uint32_t number)
{
    struct connection **at = &p->bucket[number % BUCKETS];
    while (*at != NULL && (*at)->number != number)
        at = &(*at)->in_bucket;
    return at;
}

static struct connection **first_of_ports(struct pcapng *p, const struct endpoint *client,
                                          const struct endpoint *server)
{
    return &p->ports[(client->port * 31u + server->port) % BUCKETS];
}

static void connection_add(struct pcapng *p, struct connection *c)
{
    struct connection **number = &p->bucket[c->number % BUCKETS];
    struct connection **ports = first_of_ports(p, &c->side[CLIENT].at, &c->side[SERVER].at);
    c->in_bucket = *number;
    *number = c;
    c->in_ports = *ports;
    *ports = c;
}

static void connection_drop(struct pcapng *p, struct connection *c)
{
    struct connection **at = first_of_ports(p, &c->side[CLIENT].at, &c->side[SERVER].at);
    while (*at != c)
        at = &(*at)->in_ports;
    *at = c->in_ports;
    *connection_at(p, c->number) = c->in_bucket;
    free(c);
}

static void add_fin(struct pcapng *p, int64_t us, struct connection *c, int side)
{
    add_bare(p, us, c, side, TCP_FIN | TCP_ACK);
    add_bare(p, us, c, !side, TCP_ACK);
    c->side[side].closed = true;
}

/* Closes the other side of a connection that only one side has closed. */
static void finish(struct pcapng *p, struct connection *c)
{
    for (int side = 0; side < 2; side++)
        if (!c->side[side].closed && c->side[!side].closed)
            add_fin(p, c->us, c, side);
}

static struct connection *in_the_way(struct pcapng *p, uint32_t number,
                                     const struct endpoint *client, const struct endpoint *server)
{
    struct connection *c = *connection_at(p, number);
    if (c != NULL)
        return c;
    for (c = *first_of_ports(p, client, server); c != NULL; c = c->in_ports)
        if (endpoint_same(&c->side[CLIENT].at, client) &&
            endpoint_same(&c->side[SERVER].at, server))
            return c;
    return NULL;
}

/* A connection gives its number, or its addresses and ports, to a new one. */
static void make_room(struct pcapng *p, uint32_t number, const struct endpoint *client,
                      const struct endpoint *server)
{
    struct connection *c;
    while ((c = in_the_way(p, number, client, server)) != NULL) {
        finish(p, c);
        connection_drop(p, c);
    }
}

static int open_file(struct pcapng *p, const char *path, struct err *e)
{
    p->size = 0;
    p->has_secrets = false;
    if (outlet_create(&p->outlet, path, e) != 0)
        return -1;
    add_header(p);
    unit(p);
    if (pcapng_write(p, e) == 0)
        return 0;
    close(p->outlet.fd);
    return err_under(e, path), -1;
}

struct pcapng *pcapng_open(const char *path, struct err *e)
{
    struct pcapng *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    p->e = ERR_INIT;
    if (open_file(p, path, e) == 0)
        return p;
    outlet_close(&p->outlet);
    free(p);
    return NULL;
}

int pcapng_turn(struct pcapng *p, const char *path, struct err *e)
{
    struct err bad = ERR_INIT;
    write_out(p);
    if (close(p->outlet.fd) != 0)
        err_set(&p->e, "%s", strerror(errno));
    outlet_close(&p->outlet);
    if (open_file(p, path, &bad) == 0)
        return 0;
    p->outlet.fd = -1;
    *e = p->e = p->outlet.over = bad;
    return -1;
}

void pcapng_comment(struct pcapng *p, const char *text)
{
    if (p->remarks.n < 16 * BLOCK_COMMENT_MOST)
        block_comment(&p->remarks, LITTLE, text, strlen(text));
}

void pcapng_secrets(struct pcapng *p, const char *keylog)
{
    if (!p->has_secrets)
        outlet_hide(&p->outlet);
    p->has_secrets = true;
    block_secrets(&p->outlet.out, LITTLE, (struct slice){(const uint8_t *)keylog, strlen(keylog)});
    unit(p);
}

void pcapng_udp(struct pcapng *p, int64_t us, const struct endpoint *from,
                const struct endpoint *to, struct slice bytes)
{
    if (bytes.n > UDP_MOST) {
        err_set(&p->e, "a datagram of %zu bytes, expected at most %u", bytes.n, UDP_MOST);
        return;
    }
    struct buf *b = &p->frame;
    size_t at = frame_begin(p, from, to, PROTOCOL_UDP, bytes.n + 8);
    add_be16(b, from->port);
    add_be16(b, to->port);
    add_be16(b, (unsigned)bytes.n + 8);
    add_be16(b, 0);
    buf_add(b, bytes.p, bytes.n);
    frame_checksum(p, from, to, PROTOCOL_UDP, at, 6);
    add_packet(p, us);
    unit(p);
}

void pcapng_frame(struct pcapng *p, int64_t us, struct slice frame)
{
    if (frame.n > ETHER_MOST) {
        err_set(&p->e, "an Ethernet frame of %zu bytes, expected at most %d", frame.n, ETHER_MOST);
        return;
    }
    buf_clear(&p->frame);
    buf_add(&p->frame, frame.p, frame.n);
    add_packet(p, us);
    unit(p);
}

void pcapng_tcp_open(struct pcapng *p, int64_t us, uint32_t connection,
                     const struct endpoint *client, const struct endpoint *server)
{
    make_room(p, connection, client, server);
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        p->outlet.out.failed = true;
        return;
    }
    c->number = connection;
    c->side[CLIENT].at = *client;
    c->side[SERVER].at = *server;
    /* Another one for each use of the ports: Wireshark takes an equal one for a repeat. */
    uint32_t seed = hash32(&connection, sizeof connection, hash32(&us, sizeof us, 2166136261u));
    c->side[CLIENT].next = hash32(client->ip, sizeof client->ip, seed);
    c->side[SERVER].next = hash32(server->ip, sizeof server->ip, ~seed);
    connection_add(p, c);
    add_bare(p, us, c, CLIENT, TCP_SYN);
    add_bare(p, us, c, SERVER, TCP_SYN | TCP_ACK);
    add_bare(p, us, c, CLIENT, TCP_ACK);
    unit(p);
}

void pcapng_tcp_data(struct pcapng *p, int64_t us, uint32_t connection, bool from_client,
                     struct slice bytes)
{
    struct connection *c = *connection_at(p, connection);
    int side = from_client ? CLIENT : SERVER;
    if (c == NULL || c->side[side].closed) {
        err_set(&p->e, "%zu bytes from the %s on connection %u, which is not open", bytes.n,
                from_client ? "client" : "server", (unsigned)connection);
        return;
    }
    while (bytes.n > 0) {
        size_t n = bytes.n < MSS ? bytes.n : MSS;
        unsigned push = n == bytes.n ? TCP_PSH : 0;
        add_segment(p, us, c, side, TCP_ACK | push, (struct slice){bytes.p, n});
        bytes.p += n;
        bytes.n -= n;
        /* As peers do: at the second full segment at the latest, else with what they send. */
        if (c->side[side].next - c->side[!side].acked >= 2 * MSS)
            add_bare(p, us, c, !side, TCP_ACK);
        if (p->outlet.out.n > WAITING_MOST)
            unit(p);
    }
    unit(p);
}

void pcapng_tcp_close(struct pcapng *p, int64_t us, uint32_t connection, bool from_client,
                      bool reset)
{
    struct connection *c = *connection_at(p, connection);
    int side = from_client ? CLIENT : SERVER;
    if (c == NULL || (c->side[side].closed && !reset))
        return;
    if (reset)
        add_bare(p, us, c, side, TCP_RST | TCP_ACK);
    else
        add_fin(p, us, c, side);
    unit(p);
    if (reset || c->side[!side].closed)
        connection_drop(p, c);
}

int pcapng_close(struct pcapng *p, struct err *e)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        while (p->bucket[i] != NULL) {
            finish(p, p->bucket[i]);
            unit(p);
            connection_drop(p, p->bucket[i]);
        }
    if (p->remarks.n > 0) { /* no packet came: a block of statistics can hold them */
        size_t at = block_begin(&p->outlet.out, LITTLE, BLOCK_STATISTICS);
        block_add32(&p->outlet.out, LITTLE, 0);
        add_time(&p->outlet.out, 0);
        add_remarks(p);
        block_end(&p->outlet.out, LITTLE, at);
        unit(p);
    }
    write_out(p);
    if (p->outlet.fd >= 0 && close(p->outlet.fd) != 0)
        err_set(&p->e, "%s", strerror(errno));
    if (p->e.set && !e->set)
        *e = p->e;
    int status = p->e.set ? -1 : 0;
    outlet_close(&p->outlet);
    buf_close(&p->frame);
    buf_close(&p->remarks);
    free(p);
    return status;
}

size_t pcapng_without_secrets(uint8_t *file, size_t n)
{
    size_t to = 0;
    for (size_t at = 0, size; n - at >= 12; at += size) {
        size = block_get32(file + at + 4, LITTLE);
        if (size < 12 || size % 4 != 0 || size > n - at)
            break;
        if (block_get32(file + at, LITTLE) == BLOCK_SECRETS)
            continue;
        memmove(file + to, file + at, size);
        to += size;
    }
    return to;
}
