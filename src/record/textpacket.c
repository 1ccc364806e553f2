/* SPDX-License-Identifier: Apache-2.0 */
#include "record/textpacket.h"

#include <string.h>

#define IPV6 0x86DD
#define VLAN 0x8100
#define IPV6_HEADER 40
#define TCP_LEAST 20
#define UDP_HEADER 8
#define AGAIN_MOST (1 << 24) /* bytes: what is further behind was not sent again */
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* ---- one packet ---- */

/* Where IPv6 may begin in a packet, by where its type stands. ORDER: the likeliest first */
static const struct {
    size_t type_at, header;
} LINKS[] = {{12, 14}, {14, 16}, {0, 20}}; /* Ethernet, Linux cooked, the same in version 2 */

static bool read_tcp(struct slice tcp, struct textpacket *p)
{
    if (tcp.n < TCP_LEAST)
        return false;
    size_t header = (size_t)(tcp.p[12] >> 4) * 4;
    if (header < TCP_LEAST || header > tcp.n)
        return false;
    bool is_syn = tcp.p[13] & 2;
    p->seq = ((uint32_t)be16(tcp.p + 4) << 16 | be16(tcp.p + 6)) + is_syn;
    p->payload = (struct slice){tcp.p + header, tcp.n - header};
    return true;
}

static bool read_udp(struct slice udp, struct textpacket *p)
{
    if (udp.n < UDP_HEADER || be16(udp.p + 4) < UDP_HEADER || be16(udp.p + 4) > udp.n)
        return false;
    p->is_udp = true;
    p->payload = (struct slice){udp.p + UDP_HEADER, (size_t)be16(udp.p + 4) - UDP_HEADER};
    return true;
}

static bool read_ipv6(struct slice ip, struct textpacket *p)
{
    if (ip.n < IPV6_HEADER || ip.p[0] >> 4 != 6)
        return false;
    size_t length = be16(ip.p + 4);
    struct slice inner = {ip.p + IPV6_HEADER, length};
    if (length < UDP_HEADER || ip.n - IPV6_HEADER < length)
        return false;
    *p = (struct textpacket){.n = IPV6_HEADER + length};
    memcpy(p->from.ip, ip.p + 8, sizeof p->from.ip);
    memcpy(p->to.ip, ip.p + 24, sizeof p->to.ip);
    p->from.port = be16(inner.p);
    p->to.port = be16(inner.p + 2);
    if (ip.p[6] == PROTOCOL_TCP)
        return read_tcp(inner, p);
    return ip.p[6] == PROTOCOL_UDP && read_udp(inner, p);
}

bool textpacket_read(struct slice bytes, struct textpacket *p)
{
    for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++) {
        size_t at = LINKS[i].type_at, header = LINKS[i].header;
        while (bytes.n >= header + 4 && at > 0 && be16(bytes.p + at) == VLAN) {
            at += 4;
            header += 4;
        }
        if (bytes.n < header || be16(bytes.p + at) != IPV6)
            continue;
        if (!read_ipv6((struct slice){bytes.p + header, bytes.n - header}, p))
            continue;
        p->n += header;
        return true;
    }
    return read_ipv6(bytes, p);
}

/* ---- streams ---- */

void textflows_close(struct textflows *f)
{
    for (int i = 0; i < TEXTFLOWS; i++)
        if (f->at[i].used > 0)
            v2gtp_close(&f->at[i].reader);
}

/* The direction of the packet; where it is new, the one that was not used for longest. */
static unsigned find_flow(struct textflows *f, const struct textpacket *p, bool *is_new)
{
    unsigned oldest = 0;
    *is_new = false;
    for (unsigned i = 0; i < TEXTFLOWS; i++) {
        if (f->at[i].used > 0 && endpoint_same(&f->at[i].from, &p->from) &&
            endpoint_same(&f->at[i].to, &p->to))
            return i;
        if (f->at[i].used < f->at[oldest].used)
            oldest = i;
    }
    *is_new = true;
    return oldest;
}

static uint32_t sum_of(struct slice bytes)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < bytes.n; i++)
        sum = (sum ^ bytes.p[i]) * 16777619u;
    return sum;
}

/* Whether a payload with the number of the one before is another one, as packets that somebody
 * made may all have the same. One that was sent again may have grown. */
static bool is_other(const struct textflows *f, unsigned i, const struct textpacket *p)
{
    size_t before = f->at[i].next - f->at[i].seq;
    return p->seq == f->at[i].seq &&
           (p->payload.n < before || sum_of((struct slice){p->payload.p, before}) != f->at[i].sum);
}

struct v2gtp_reader *textflows_feed(struct textflows *f, const struct textpacket *p)
{
    bool is_new;
    struct slice bytes = p->payload;
    if (bytes.n == 0)
        return NULL;
    unsigned i = find_flow(f, p, &is_new);
    struct v2gtp_reader *reader = &f->at[i].reader;
    is_new = is_new || reader->broken || is_other(f, i, p);
    int64_t behind = is_new ? 0 : (int32_t)(f->at[i].next - p->seq);
    bool is_far = behind < 0 || behind > AGAIN_MOST;
    if ((is_new || is_far) && !v2gtp_begins(bytes))
        return NULL;
    if (!is_new && !is_far && (uint64_t)behind >= bytes.n)
        return NULL;        /* sent again */
    if (is_new || is_far) { /* packets before it are not there */
        if (f->at[i].used > 0)
            v2gtp_close(reader);
        v2gtp_open(reader, 0);
        f->at[i].from = p->from;
        f->at[i].to = p->to;
        behind = 0;
    }
    f->at[i].used = ++f->uses;
    f->at[i].seq = p->seq;
    f->at[i].next = p->seq + (uint32_t)bytes.n;
    f->at[i].sum = sum_of(bytes);
    v2gtp_feed(reader, (struct slice){bytes.p + behind, bytes.n - (size_t)behind});
    return reader;
}
