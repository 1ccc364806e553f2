/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pcap.h"
#include "base/pcapng.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST 262144u       /* packet, as capture programs have it */
#define BLOCK_MOST (8u << 20) /* of a block that is looked into */
#define INTERFACES_MOST 65536u

enum { PCAP_HEADER = 24 };

struct pcap_interface {
    uint32_t link, snapshot; /* 0: no limit */
    uint8_t resolution;      /* as the option has it: 10^-n s, with the highest bit 2^-n */
    int64_t offset;          /* s */
};

void pcap_close(struct pcap_reader *r)
{
    free(r->interface);
    *r = (struct pcap_reader){0};
}

static uint16_t u16(const struct pcap_reader *r, const uint8_t *p)
{
    return (uint16_t)(r->is_big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static uint32_t u32(const struct pcap_reader *r, const uint8_t *p)
{
    uint32_t first = u16(r, p), second = u16(r, p + 2);
    return r->is_big ? first << 16 | second : second << 16 | first;
}

static int damaged(const struct pcap_reader *r, struct err *e, const char *why, uint64_t found)
{
    return err_set(e,
                   "the capture is damaged behind packet %llu: %s %llu; the packets before are "
                   "complete",
                   (unsigned long long)r->packets, why, (unsigned long long)found);
}

static void tell_packet(struct pcap_reader *r, struct pcap_packet p)
{
    p.length = p.length > p.bytes.n ? p.length : p.bytes.n;
    r->packets++;
    if (r->on->packet != NULL)
        r->on->packet(r->context, &p);
}

/* ---- pcap ---- */

static const struct {
    uint8_t magic[4];
    bool is_big, is_nano;
    uint32_t head;
} FORMATS[] = {
    {{0xD4, 0xC3, 0xB2, 0xA1}, false, false, 16}, {{0xA1, 0xB2, 0xC3, 0xD4}, true, false, 16},
    {{0x4D, 0x3C, 0xB2, 0xA1}, false, true, 16},  {{0xA1, 0xB2, 0x3C, 0x4D}, true, true, 16},
    {{0x34, 0xCD, 0xB2, 0xA1}, false, false, 24}, {{0xA1, 0xB2, 0xCD, 0x34}, true, false, 24},
};
#define N_FORMATS (sizeof FORMATS / sizeof *FORMATS)

static const uint8_t SECTION[4] = {0x0A, 0x0D, 0x0D, 0x0A};

/* Its index; N_FORMATS: none. */
static size_t format_of(struct slice bytes)
{
    size_t i = 0;
    while (i < N_FORMATS && (bytes.n < 4 || memcmp(bytes.p, FORMATS[i].magic, 4) != 0))
        i++;
    return i;
}

bool pcap_is(struct slice bytes)
{
    return format_of(bytes) < N_FORMATS || (bytes.n >= 4 && memcmp(bytes.p, SECTION, 4) == 0);
}

/* Bytes taken; 0: more are needed; -1: e. */
static int64_t begin(struct pcap_reader *r, struct slice bytes, struct err *e)
{
    if (bytes.n < 4)
        return 0;
    if (!pcap_is(bytes))
        return err_set(e,
                       "expected a pcap or pcapng file (first bytes D4C3B2A1, 4D3CB2A1 or "
                       "0A0D0D0A), found %02X%02X%02X%02X",
                       bytes.p[0], bytes.p[1], bytes.p[2], bytes.p[3]);
    size_t i = format_of(bytes);
    if (i < N_FORMATS && bytes.n < PCAP_HEADER)
        return 0;
    r->is_begun = true;
    r->is_ng = i == N_FORMATS;
    if (r->is_ng)
        return 0;
    r->is_big = FORMATS[i].is_big;
    r->is_nano = FORMATS[i].is_nano;
    r->head = FORMATS[i].head;
    r->link = u32(r, bytes.p + 20) & 0x0FFFFFFF; /* above stands how long checksums are */
    return PCAP_HEADER;
}

static int64_t read_pcap(struct pcap_reader *r, struct slice bytes, struct err *e)
{
    if (bytes.n < r->head)
        return 0;
    static const uint8_t ZEROS[16];
    const uint8_t *p = bytes.p;
    uint32_t n = u32(r, p + 8);
    if (n > LONGEST)
        return damaged(r, e, "the length of the next one is", n);
    if (memcmp(p, ZEROS, sizeof ZEROS) == 0) /* room that was never written to */
        return damaged(r, e, "where the next one should begin are zeros, bytes:", sizeof ZEROS);
    if (bytes.n - r->head < n)
        return 0;
    int64_t parts = u32(r, p + 4);
    tell_packet(r, (struct pcap_packet){
                       .us = (int64_t)u32(r, p) * 1000000 + (r->is_nano ? parts / 1000 : parts),
                       .link = r->link,
                       .bytes = {p + r->head, n},
                       .length = u32(r, p + 12),
                   });
    return (int64_t)r->head + n;
}

/* ---- pcapng ---- */

/* Ticks of an interface as microseconds. */
static int64_t time_of(const struct pcap_interface *i, uint32_t high, uint32_t low)
{
    const uint64_t most = (uint64_t)1 << 43; /* s: a damaged file may say anything */
    uint64_t ticks = (uint64_t)high << 32 | low, seconds, parts;
    unsigned n = i->resolution & 0x7F;
    if (i->resolution & 0x80) {
        seconds = n < 64 ? ticks >> n : 0;
        parts = n < 64 ? ticks - (seconds << n) : ticks;
        for (; n > 40; n--) /* so that it can be multiplied */
            parts >>= 1;
        parts = parts * 1000000 >> n;
    } else {
        uint64_t per_second = 1;
        for (; n > 0 && per_second < UINT64_MAX / 10; n--)
            per_second *= 10;
        seconds = n == 0 ? ticks / per_second : 0;
        parts = n == 0 ? ticks % per_second : 0;
        while (per_second > 1000000) {
            per_second /= 10;
            parts /= 10;
        }
        parts *= 1000000 / per_second;
    }
    seconds = seconds < most ? seconds : most;
    int64_t at = (int64_t)seconds;
    if (i->offset > 0 ? at < (int64_t)most - i->offset : at + i->offset > 0)
        at += i->offset;
    return at * 1000000 + (int64_t)parts;
}

static void read_options(const struct pcap_reader *r, struct slice s, struct pcap_interface *to)
{
    while (s.n >= 4) {
        unsigned code = u16(r, s.p), n = u16(r, s.p + 2);
        size_t size = 4 + (size_t)(n + 3) / 4 * 4;
        if (code == OPTION_END || size > s.n)
            return;
        if (code == OPTION_RESOLUTION && n == 1)
            to->resolution = s.p[4];
        if (code == OPTION_OFFSET && n == 8) {
            uint32_t first = u32(r, s.p + 4), second = u32(r, s.p + 8);
            to->offset = (int64_t)(r->is_big ? (uint64_t)first << 32 | second
                                             : (uint64_t)second << 32 | first);
            int64_t most = (int64_t)1 << 42;
            to->offset = to->offset > most || to->offset < -most ? 0 : to->offset;
        }
        s.p += size;
        s.n -= size;
    }
}

static int read_interface(struct pcap_reader *r, struct slice body, struct err *e)
{
    if (body.n < 8)
        return damaged(r, e, "an interface is described in so few bytes:", body.n);
    if (r->interfaces == r->room) {
        size_t room = r->room == 0 ? 4 : r->room * 2;
        struct pcap_interface *more =
            room <= INTERFACES_MOST ? realloc(r->interface, room * sizeof *more) : NULL;
        if (more == NULL)
            return damaged(r, e, "it has too many interfaces:", r->interfaces);
        r->interface = more;
        r->room = room;
    }
    struct pcap_interface *i = &r->interface[r->interfaces++];
    *i = (struct pcap_interface){u16(r, body.p), u32(r, body.p + 4), 6, 0};
    read_options(r, (struct slice){body.p + 8, body.n - 8}, i);
    return 0;
}

/* A packet whose header is so long: its interface, captured and whole length. */
static int put_packet(struct pcap_reader *r, struct slice body, size_t head, uint32_t number,
                      uint32_t n, uint32_t length, struct err *e)
{
    if (number >= r->interfaces)
        return damaged(r, e, "the next one is of an interface that is not described:", number);
    if (n > LONGEST || n > body.n - head)
        return damaged(r, e, "the length of the next one is", n);
    const struct pcap_interface *i = &r->interface[number];
    bool has_time = head > 4;
    tell_packet(r, (struct pcap_packet){
                       .us = has_time ? time_of(i, u32(r, body.p + 4), u32(r, body.p + 8)) : 0,
                       .link = i->link,
                       .bytes = {body.p + head, n},
                       .length = length,
                   });
    return 0;
}

static int read_block(struct pcap_reader *r, uint32_t type, struct slice body, struct err *e)
{
    const uint8_t *p = body.p;
    if (type == BLOCK_INTERFACE)
        return read_interface(r, body, e);
    if (type == BLOCK_PACKET && body.n >= 20)
        return put_packet(r, body, 20, u32(r, p), u32(r, p + 12), u32(r, p + 16), e);
    if (type == BLOCK_OLD_PACKET && body.n >= 20)
        return put_packet(r, body, 20, u16(r, p), u32(r, p + 12), u32(r, p + 16), e);
    if (type == BLOCK_SIMPLE_PACKET && body.n >= 4) {
        uint32_t n = u32(r, p), snapshot = r->interfaces > 0 ? r->interface[0].snapshot : 0;
        n = snapshot != 0 && n > snapshot ? snapshot : n;
        return put_packet(r, body, 4, 0, n, u32(r, p), e);
    }
    if (type == BLOCK_SECRETS && body.n >= 8 && u32(r, p) == SECRETS_TLS &&
        u32(r, p + 4) <= body.n - 8 && r->on->secrets != NULL)
        r->on->secrets(r->context, (struct slice){p + 8, u32(r, p + 4)});
    return 0;
}

static bool is_read(uint32_t type)
{
    return type == BLOCK_INTERFACE || type == BLOCK_PACKET || type == BLOCK_OLD_PACKET ||
           type == BLOCK_SIMPLE_PACKET || type == BLOCK_SECRETS || type == BLOCK_SECTION;
}

static int64_t read_ng(struct pcap_reader *r, struct slice bytes, struct err *e)
{
    if (bytes.n < BLOCK_LEAST)
        return 0;
    const uint8_t *p = bytes.p;
    uint32_t type = u32(r, p);
    if (type == BLOCK_SECTION) { /* the same read either way; its byte order stands behind */
        bool was_big = r->is_big;
        r->is_big = true;
        r->is_big = u32(r, p + 8) == BLOCK_ORDER;
        if (u32(r, p + 8) != BLOCK_ORDER) {
            r->is_big = was_big;
            return damaged(r, e, "a section has no byte order; it says", u32(r, p + 8));
        }
        r->interfaces = 0;
    }
    uint32_t size = u32(r, p + 4);
    if (size < BLOCK_LEAST || size % 4 != 0 || (is_read(type) && size > BLOCK_MOST))
        return damaged(r, e, "the size of the next block is", size);
    if (!is_read(type)) {
        r->skip = size;
        return 0;
    }
    if (bytes.n < size)
        return 0;
    if (u32(r, p + size - 4) != size)
        return damaged(r, e, "the next block ends with another size than it begins with:",
                       u32(r, p + size - 4));
    if (read_block(r, type, (struct slice){p + 8, size - BLOCK_LEAST}, e) != 0)
        return -1;
    return size;
}

/* ---- either ---- */

/* What lies at the beginning: bytes taken, 0: more are needed, -1: e. */
static int64_t read_next(struct pcap_reader *r, struct slice rest, struct err *e)
{
    if (r->skip == 0 && !r->is_begun) {
        int64_t n = begin(r, rest, e);
        if (n != 0 || !r->is_begun)
            return n;
    }
    int64_t n = 0;
    if (r->skip == 0 && (n = (r->is_ng ? read_ng : read_pcap)(r, rest, e)) != 0)
        return n;
    n = (int64_t)(r->skip < rest.n ? r->skip : rest.n);
    r->skip -= (uint64_t)n;
    return n;
}

int pcap_read(struct pcap_reader *r, struct slice bytes, size_t *used, struct err *e)
{
    struct slice rest = bytes;
    int64_t n;
    while ((n = read_next(r, rest, e)) > 0) {
        rest.p += n;
        rest.n -= (size_t)n;
    }
    *used = bytes.n - rest.n;
    return n < 0 ? -1 : 0;
}

int pcap_end(const struct pcap_reader *r, size_t rest, struct err *e)
{
    if (!r->is_begun)
        return err_set(e, "expected a pcap or pcapng file, found only %zu bytes", rest);
    if (rest == 0 && r->skip == 0)
        return 0;
    return err_set(e,
                   "the capture ends in the middle, behind packet %llu: truncated, with %zu bytes "
                   "of what came next; the packets before are complete",
                   (unsigned long long)r->packets, rest);
}
