/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/packet.h"

#include "wire/ether.h"

#include <string.h>

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

/* Each layer takes its header off and goes on with the next one. */
struct layers {
    struct packet *p;
    struct packet_parts *parts;
};

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)(p[1] << 8 | p[0]);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p + 2) << 16 | le16(p);
}

/* False where the packet ends before. */
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

/* ---- transport ---- */

static enum packet_kind read_tcp(struct packet *p)
{
    const uint8_t *h = p->p;
    if (p->n < 20)
        return PACKET_OTHER;
    size_t header = (size_t)(h[12] >> 4) * 4;
    p->from.port = be16(h);
    p->to.port = be16(h + 2);
    p->seq = be32(h + 4);
    p->ack = be32(h + 8);
    p->flags = h[13];
    p->window = be16(h + 14);
    if (header < 20 || p->length < header)
        return PACKET_OTHER;
    if (!take(p, header)) { /* cut within the options */
        p->length -= header;
        p->n = 0;
    }
    return PACKET_TCP;
}

static enum packet_kind read_udp(struct packet *p)
{
    const uint8_t *h = p->p;
    if (p->n < 8)
        return PACKET_OTHER;
    p->from.port = be16(h);
    p->to.port = be16(h + 2);
    size_t length = be16(h + 4);
    if (length >= 8 && length <= p->length)
        set_length(p, length);
    take(p, 8);
    return PACKET_UDP;
}

static enum packet_kind read_transport(struct packet *p, unsigned protocol)
{
    if (protocol == PROTOCOL_TCP)
        return read_tcp(p);
    return protocol == PROTOCOL_UDP ? read_udp(p) : PACKET_OTHER;
}

/* ---- fragments ---- */

/* What the packet holds is a part of something. PACKET_OTHER: it is whole now, and p holds it. */
static enum packet_kind add_fragment(struct packet *p, struct fragments *all, struct fragment part,
                                     uint8_t *protocol)
{
    struct slice whole;
    part.us = p->us;
    part.bytes = (struct slice){p->p, p->n};
    if (p->n < p->length) {
        p->why = "a fragment is captured only in part";
        return PACKET_VOID;
    }
    int said = fragments_add(all, &part, &whole, protocol, &p->why);
    if (said <= 0)
        return said < 0 ? PACKET_VOID : PACKET_FRAGMENT;
    p->p = whole.p;
    p->n = p->length = whole.n;
    return PACKET_OTHER;
}

static enum packet_kind add_datagram(struct layers *l, struct fragment part, uint8_t *protocol)
{
    memcpy(part.from, l->p->from.ip, sizeof part.from);
    memcpy(part.to, l->p->to.ip, sizeof part.to);
    return add_fragment(l->p, &l->parts->datagrams, part, protocol);
}

/* ---- IP ---- */

static void map_ipv4(struct endpoint *to, const uint8_t *address)
{
    memset(to->ip, 0, 10);
    memset(to->ip + 10, 0xFF, 2);
    memcpy(to->ip + 12, address, 4);
}

static enum packet_kind read_ipv4(struct layers *l)
{
    struct packet *p = l->p;
    const uint8_t *h = p->p;
    if (p->n < 20 || h[0] >> 4 != 4)
        return PACKET_OTHER;
    size_t header = (size_t)(h[0] & 15) * 4, length = be16(h + 2);
    uint8_t protocol = h[9];
    uint16_t id = be16(h + 4), where = be16(h + 6);
    if (length != 0) /* 0: left to the network card */
        set_length(p, length);
    map_ipv4(&p->from, h + 12);
    map_ipv4(&p->to, h + 16);
    if (header < 20 || !take(p, header))
        return PACKET_OTHER;
    bool more = where & 0x2000;
    if (!more && (where & 0x1FFF) == 0)
        return read_transport(p, protocol);
    struct fragment part = {.id = id | (uint32_t)protocol << 16,
                            .protocol = protocol,
                            .at = (size_t)(where & 0x1FFF) * 8,
                            .more = more};
    enum packet_kind kind = add_datagram(l, part, &protocol);
    return kind == PACKET_OTHER ? read_transport(p, protocol) : kind;
}

enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60 };

static bool is_extension(uint8_t next)
{
    return next == HOP_BY_HOP || next == ROUTING || next == FRAGMENT || next == AUTHENTICATION ||
           next == DESTINATION;
}

/* Takes the extension headers off, and what lies behind them. */
static enum packet_kind read_extensions(struct layers *l, uint8_t next)
{
    struct packet *p = l->p;
    while (is_extension(next)) {
        const uint8_t *h = p->p;
        uint8_t kind = next;
        if (p->n < 8)
            return PACKET_OTHER;
        size_t size = kind == FRAGMENT         ? 8
                      : kind == AUTHENTICATION ? ((size_t)h[1] + 2) * 4
                                               : ((size_t)h[1] + 1) * 8;
        next = h[0];
        if (!take(p, size))
            return PACKET_OTHER;
        bool is_whole = kind != FRAGMENT || (be16(h + 2) & 0xFFF9) == 0;
        if (is_whole)
            continue;
        struct fragment part = {
            .id = be32(h + 4), .protocol = next, .at = be16(h + 2) & 0xFFF8, .more = h[3] & 1};
        enum packet_kind said = add_datagram(l, part, &next);
        if (said != PACKET_OTHER)
            return said;
    }
    return read_transport(p, next);
}

static enum packet_kind read_ipv6(struct layers *l)
{
    struct packet *p = l->p;
    const uint8_t *h = p->p;
    if (p->n < 40 || h[0] >> 4 != 6)
        return PACKET_OTHER;
    size_t length = be16(h + 4);
    if (length != 0) /* 0: jumbogram, or left to the network card */
        set_length(p, length + 40);
    memcpy(p->from.ip, h + 8, sizeof p->from.ip);
    memcpy(p->to.ip, h + 24, sizeof p->to.ip);
    take(p, 40);
    return read_extensions(l, h[6]);
}

static enum packet_kind read_ip(struct layers *l)
{
    return l->p->n > 0 && l->p->p[0] >> 4 == 6 ? read_ipv6(l) : read_ipv4(l);
}

/* ---- link layers ---- */

/* LLC with SNAP, behind which an EtherType stands (RFC 1042). */
static enum packet_kind read_llc(struct layers *l);

static enum packet_kind read_ethertype(struct layers *l, uint16_t type)
{
    struct packet *p = l->p;
    while (type == 0x8100 || type == 0x88A8 || type == 0x9100) { /* VLAN tags */
        const uint8_t *tag = p->p;
        if (!take(p, 4))
            return PACKET_OTHER;
        type = be16(tag + 2);
    }
    if (type == 0x86DD)
        return read_ipv6(l);
    if (type == 0x0800)
        return read_ipv4(l);
    if (type <= 1500) /* a length (IEEE 802.3) */
        return read_llc(l);
    return type == ETHER_HOMEPLUG ? PACKET_HOMEPLUG : PACKET_OTHER;
}

static enum packet_kind read_llc(struct layers *l)
{
    const uint8_t *h = l->p->p;
    if (!take(l->p, 8) || memcmp(h, "\xAA\xAA\x03\x00\x00\x00", 6) != 0 || be16(h + 6) <= 1500)
        return PACKET_OTHER;
    return read_ethertype(l, be16(h + 6));
}

static enum packet_kind read_ethernet(struct layers *l)
{
    struct packet *p = l->p;
    const uint8_t *h = p->p;
    if (!take(p, 14))
        return PACKET_OTHER;
    memcpy(p->to.mac, h, sizeof p->to.mac);
    memcpy(p->from.mac, h + 6, sizeof p->from.mac);
    return read_ethertype(l, be16(h + 12));
}

/* Linux cooked: only the sender's address is there. */
static enum packet_kind read_sll(struct layers *l)
{
    struct packet *p = l->p;
    const uint8_t *h = p->p;
    if (!take(p, 16))
        return PACKET_OTHER;
    if (be16(h + 4) == sizeof p->from.mac)
        memcpy(p->from.mac, h + 6, sizeof p->from.mac);
    return read_ethertype(l, be16(h + 14));
}

static enum packet_kind read_sll2(struct layers *l)
{
    struct packet *p = l->p;
    const uint8_t *h = p->p;
    if (!take(p, 20))
        return PACKET_OTHER;
    if (h[11] == sizeof p->from.mac)
        memcpy(p->from.mac, h + 12, sizeof p->from.mac);
    return read_ethertype(l, be16(h));
}

/* BSD loopback: an address family of 4 bytes, whose value differs between systems. */
static enum packet_kind read_loop(struct layers *l)
{
    return take(l->p, 4) ? read_ip(l) : PACKET_OTHER;
}

/* A frame of an aggregate (IEEE 802.11, 9.3.2.2.2), padded to 4 bytes but for the last one. */
static enum packet_kind read_subframe(struct layers *l)
{
    struct packet *p = l->p;
    const uint8_t *h = p->p;
    l->parts->more.n = 0;
    if (!take(p, 14))
        return PACKET_OTHER; /* a checksum, or cut */
    memcpy(p->to.mac, h, sizeof p->to.mac);
    memcpy(p->from.mac, h + 6, sizeof p->from.mac);
    size_t length = be16(h + 12), padded = (14 + length + 3) / 4 * 4 - 14;
    if (length > p->length) {
        p->why = "a frame is longer than the aggregate of IEEE 802.11 (A-MSDU) that it lies in";
        return PACKET_VOID;
    }
    if (padded < p->n) {
        l->parts->more = (struct slice){p->p + padded, p->n - padded};
        l->parts->more_length = p->length - padded;
    }
    set_length(p, length);
    return read_llc(l);
}

/* A fragment, or the frame that it was the last one of. h: the header; tid: of QoS, else 16. */
static enum packet_kind add_wifi_fragment(struct layers *l, const uint8_t *h, unsigned tid,
                                          bool more)
{
    uint8_t protocol = 0;
    uint32_t sequence = le16(h + 22);
    struct fragment part = {.id = tid << 12 | sequence >> 4, .at = sequence & 15, .more = more};
    memcpy(part.to, h + 4, 6);
    memcpy(part.from, h + 10, 6);
    l->parts->frames.is_numbered = true;
    return add_fragment(l->p, &l->parts->frames, part, &protocol);
}

enum { WIFI_PADDING = 1, WIFI_CHECKSUM = 2 };

/* IEEE 802.11, 9.2 and 9.3.2: data frames. how: the header was filled up to 4 bytes, the frame's
 * checksum lies behind it. */
static enum packet_kind read_wifi_frame(struct layers *l, unsigned how)
{
    enum { DATA = 2, NO_DATA = 4, QOS = 8 };
    enum { TO_DS = 1, FROM_DS = 2, MORE = 4, PROTECTED = 0x40, ORDER = 0x80 };
    struct packet *p = l->p;
    const uint8_t *h = p->p;
    if (p->n < 24 || (h[0] & 3) != 0 || (h[0] >> 2 & 3) != DATA || h[0] >> 4 & NO_DATA)
        return PACKET_OTHER;
    bool to_ds = h[1] & TO_DS, from_ds = h[1] & FROM_DS, qos = h[0] >> 4 & QOS;
    size_t size = 24 + (to_ds && from_ds ? 6 : 0), qos_at = size;
    size += qos ? 2 : 0;
    size += qos && h[1] & ORDER ? 4 : 0;
    size = how & WIFI_PADDING ? (size + 3) / 4 * 4 : size;
    if (how & WIFI_CHECKSUM && p->length > size + 4)
        set_length(p, p->length - 4);
    if (!take(p, size))
        return PACKET_OTHER;
    memcpy(p->to.mac, to_ds ? h + 16 : h + 4, sizeof p->to.mac);
    memcpy(p->from.mac, !from_ds ? h + 10 : to_ds ? h + 24 : h + 16, sizeof p->from.mac);
    if (h[1] & PROTECTED)
        return PACKET_ENCRYPTED;
    bool is_aggregate = qos && h[qos_at] & 0x80, more = h[1] & MORE;
    if (more || h[22] & 15) {
        enum packet_kind kind = add_wifi_fragment(l, h, qos ? h[qos_at] & 15u : 16u, more);
        if (kind != PACKET_OTHER)
            return kind;
    }
    return is_aggregate ? read_subframe(l) : read_llc(l);
}

static enum packet_kind read_wifi(struct layers *l)
{
    return read_wifi_frame(l, 0);
}

/* Its length stands at 2; its flags, where there are some, behind a time. */
static enum packet_kind read_radiotap(struct layers *l)
{
    enum { TIME = 1, FLAGS = 2, CHECKSUM = 0x10, PADDING = 0x20 };
    const uint8_t *h = l->p->p;
    if (l->p->n < 8)
        return PACKET_OTHER;
    size_t size = le16(h + 2), at = 8;
    uint32_t present = le32(h + 4);
    for (uint32_t more = present; more >> 31 != 0 && at + 4 <= l->p->n; at += 4)
        more = le32(h + at);
    if (present & TIME)
        at = (at + 7) / 8 * 8 + 8;
    if (size < 8 || !take(l->p, size))
        return PACKET_OTHER;
    unsigned flags = present & FLAGS && at < size ? h[at] : 0;
    return read_wifi_frame(l, (flags & PADDING ? WIFI_PADDING : 0u) |
                                  (flags & CHECKSUM ? WIFI_CHECKSUM : 0u));
}

static enum packet_kind read_ppi(struct layers *l);

/* ---- which one ---- */

static const struct link {
    uint32_t type;
    enum packet_kind (*read)(struct layers *l); /* NULL: only its name is known */
    const char *name;
} LINKS[] = {
    {1, read_ethernet, "Ethernet"},
    {113, read_sll, "Linux cooked"},
    {276, read_sll2, "Linux cooked, version 2"},
    {101, read_ip, "raw IP"},
    {12, read_ip, "raw IP"}, /* as some systems number it, and the next one */
    {14, read_ip, "raw IP"},
    {228, read_ip, "raw IPv4"},
    {229, read_ip, "raw IPv6"},
    {0, read_loop, "BSD loopback"},
    {108, read_loop, "OpenBSD loopback"},
    {105, read_wifi, "IEEE 802.11"},
    {127, read_radiotap, "IEEE 802.11 with radiotap"},
    {192, read_ppi, "PPI"},
    {9, NULL, "PPP"},
    {119, NULL, "IEEE 802.11 with a Prism header"},
    {163, NULL, "IEEE 802.11 with an AVS header"},
    {187, NULL, "Bluetooth HCI"},
    {189, NULL, "USB"},
    {220, NULL, "USB"},
    {227, NULL, "CAN"},
    {195, NULL, "IEEE 802.15.4"},
};

static const struct link *find_link(uint32_t type)
{
    for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++)
        if (LINKS[i].type == type)
            return &LINKS[i];
    return NULL;
}

/* Per-Packet Information: version, flags, length, link layer of what lies behind it. */
static enum packet_kind read_ppi(struct layers *l)
{
    const uint8_t *h = l->p->p;
    if (l->p->n < 8)
        return PACKET_OTHER;
    const struct link *inner = find_link(le32(h + 4));
    if (le16(h + 2) < 8 || !take(l->p, le16(h + 2)) || inner == NULL || inner->read == NULL ||
        inner->read == read_ppi)
        return PACKET_OTHER;
    return inner->read(l);
}

const char *packet_link(uint32_t link, bool *is_read)
{
    const struct link *found = find_link(link);
    *is_read = found != NULL && found->read != NULL;
    return found == NULL ? "unknown" : found->name;
}

enum packet_kind packet_read(struct packet *p, uint32_t link, struct packet_parts *parts)
{
    struct layers l = {p, parts};
    const struct link *found = find_link(link);
    parts->more.n = 0;
    return found == NULL || found->read == NULL ? PACKET_OTHER : found->read(&l);
}

bool packet_next(struct packet *p, struct packet_parts *parts, enum packet_kind *kind)
{
    struct layers l = {p, parts};
    if (parts->more.n == 0)
        return false;
    *p = (struct packet){.us = p->us,
                         .frame = p->frame,
                         .p = parts->more.p,
                         .n = parts->more.n,
                         .length = parts->more_length};
    *kind = read_subframe(&l);
    return true;
}

size_t packet_lost(struct packet_parts *parts, int64_t us, struct packet *p)
{
    struct fragment_loss lost;
    bool is_datagram = fragments_lost(&parts->datagrams, us, &lost);
    if (!is_datagram && !fragments_lost(&parts->frames, us, &lost))
        return 0;
    *p = (struct packet){.us = lost.us};
    memcpy(is_datagram ? p->from.ip : p->from.mac, lost.from, is_datagram ? 16 : 6);
    memcpy(is_datagram ? p->to.ip : p->to.mac, lost.to, is_datagram ? 16 : 6);
    return lost.bytes;
}

void packet_parts_close(struct packet_parts *parts)
{
    fragments_close(&parts->datagrams);
    fragments_close(&parts->frames);
}
