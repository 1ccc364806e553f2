/* SPDX-License-Identifier: Apache-2.0 */
#include "record/comments.h"

#include "base/gzip.h"
#include "codec/json.h"
#include "record/outlet.h"
#include "record/pcapng_block.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPTURE_MOST (1u << 30) /* bytes */
#define WAITING_MOST (1u << 20) /* bytes, until they are written */
#define FIXED 20u               /* of a packet block: interface, time, both lengths */

/* One comment: text_n bytes at text_at of the temporary file. */
struct comment {
    uint64_t packet, text_at;
    size_t text_n;
};

struct comments {
    struct buf list; /* struct comment */
    FILE *texts;
    uint64_t end; /* of texts */
    struct buf text;
    bool failed;
    /* writing */
    size_t next; /* in list */
    struct outlet out;
    const struct slice *keylog; /* to be written behind the next section's header */
    bool keeps_secrets;
    uint64_t packet;
    struct comments_totals *totals;
};

struct comments *comments_open(struct err *e)
{
    struct comments *c = calloc(1, sizeof *c);
    if (c != NULL && (c->texts = tmpfile()) != NULL)
        return c;
    err_set(e, "no temporary file for the comments: %s", strerror(errno));
    free(c);
    return NULL;
}

void comments_close(struct comments *c)
{
    if (c == NULL)
        return;
    fclose(c->texts);
    buf_close(&c->list);
    buf_close(&c->text);
    free(c);
}

/* ---- what there is to say ---- */

static void tell_head(const struct event *e, struct buf *out)
{
    if (e->from_role == FROM_EVCC || e->from_role == FROM_SECC)
        buf_text(out, e->from_role == FROM_EVCC ? "EVCC -> SECC  " : "SECC -> EVCC  ");
    buf_text(out, e->name[0] != '\0' ? e->name : "V2G");
    if (e->schema != NULL)
        buf_printf(out, " (%s%s)", e->schema->name, e->is_inside ? ", within TLS" : "");
}

static void tell_late(const struct event *e, struct buf *out)
{
    buf_printf(out, "late: %s after %.0f ms; %s is %.0f ms", e->name, (double)e->taken_us / 1e3,
               e->text, (double)e->limit_us / 1e3);
}

static void tell_bytes(const struct event *e, struct buf *out)
{
    char problem[900];
    tell_head(e, out);
    if (e->problem != NULL)
        buf_printf(out, ": not decoded: %s", err_text(e->problem, problem, sizeof problem));
    if (e->message == NULL)
        return;
    buf_char(out, '\n');
    json_print(e->message, JSON_PRETTY, out);
}

static void tell(const struct event *e, struct buf *out)
{
    if (e->kind == EVENT_FRAME || e->kind == EVENT_BYTES)
        tell_bytes(e, out);
    else if (e->kind == EVENT_VIOLATION)
        buf_printf(out, "violation: %s", e->text);
    else if (e->kind != EVENT_TIMER)
        buf_text(out, e->text);
    else if (!e->ok)
        tell_late(e, out);
}

void comments_event(void *context, const struct event *e)
{
    struct comments *c = context;
    if (e->packet == 0)
        return;
    buf_clear(&c->text);
    tell(e, &c->text);
    if (c->text.n == 0)
        return;
    struct comment comment = {e->packet, c->end, c->text.n};
    c->failed =
        c->failed || c->text.failed || fwrite(c->text.p, 1, c->text.n, c->texts) != c->text.n;
    c->end += c->text.n;
    buf_add(&c->list, &comment, sizeof comment);
}

/* ---- the copy ---- */

static int by_packet(const void *a, const void *b)
{
    const struct comment *one = a, *other = b;
    if (one->packet != other->packet)
        return one->packet < other->packet ? -1 : 1;
    return one->text_at < other->text_at ? -1 : 1; /* as they were told */
}

/* Appends the options that the next packet gets; how many. */
static unsigned add_comments(struct comments *c, bool is_big)
{
    const struct comment *list = (const struct comment *)c->list.p;
    size_t n = c->list.n / sizeof *list;
    unsigned added = 0;
    for (c->packet++; c->next < n && list[c->next].packet <= c->packet; c->next++) {
        const struct comment *at = &list[c->next];
        buf_clear(&c->text);
        char *text = (char *)buf_reserve(&c->text, at->text_n);
        if (text == NULL || fseeko(c->texts, (off_t)at->text_at, SEEK_SET) != 0 ||
            fread(text, 1, at->text_n, c->texts) != at->text_n) {
            c->failed = true;
            break;
        }
        block_comment(&c->out.out, is_big, text, at->text_n);
        added++;
    }
    c->totals->packets++;
    c->totals->commented += added > 0;
    return added;
}

static void add_keylog(struct comments *c, bool is_big)
{
    if (c->keylog != NULL && c->keylog->n > 0)
        block_secrets(&c->out.out, is_big, *c->keylog);
    c->keylog = NULL;
}

/* What was added since is whole. */
static int unit(struct comments *c, struct err *e)
{
    outlet_unit(&c->out);
    return c->out.out.n > WAITING_MOST ? outlet_write(&c->out, e) : 0;
}

/* ---- of pcapng ---- */

/* Blocks are copied as they are, with what base/pcap.h does not tell of them: options, times in
 * units of their own, and what it has no use for. */

/* A packet's block: comments come before the options that it has. */
static void copy_packet(struct comments *c, struct slice block, bool is_big)
{
    struct buf *out = &c->out.out;
    size_t at = block_begin(out, is_big, block_get32(block.p, is_big));
    size_t room = block.n - BLOCK_LEAST, captured = 0;
    if (room >= FIXED)
        captured = block_get32(block.p + 8 + 12, is_big);
    size_t fixed = FIXED + (captured + 3) / 4 * 4;
    if (room < FIXED || fixed > room)
        fixed = room; /* damaged: as it is */
    buf_add(out, block.p + 8, fixed);
    bool has_options = fixed < room;
    if (room >= FIXED && add_comments(c, is_big) > 0 && !has_options)
        block_option(out, is_big, OPTION_END, "", 0);
    buf_add(out, block.p + 8 + fixed, room - fixed);
    block_end(out, is_big, at);
}

/* The length of a section is left open, as its blocks grow. */
static void copy_section(struct comments *c, struct slice block, bool is_big)
{
    size_t at = c->out.out.n;
    buf_add(&c->out.out, block.p, block.n);
    if (!c->out.out.failed && block.n >= BLOCK_LEAST + 16)
        memset(c->out.out.p + at + 16, 0xFF, 8);
    add_keylog(c, is_big);
}

static void copy_block(struct comments *c, struct slice block, bool is_big)
{
    uint32_t type = block_get32(block.p, is_big);
    if (type == BLOCK_SECTION) {
        copy_section(c, block, is_big);
    } else if (type == BLOCK_PACKET || type == BLOCK_OLD_PACKET) {
        copy_packet(c, block, is_big);
    } else if (type != BLOCK_SECRETS || c->keeps_secrets) {
        size_t n = c->out.out.n;
        if (type == BLOCK_SIMPLE_PACKET && block.n >= BLOCK_LEAST + 4) {
            bool is_homeless = add_comments(c, is_big) > 0;
            c->totals->homeless += is_homeless;
            c->totals->commented -= is_homeless;
            c->out.out.n = n; /* it has no options */
        }
        buf_add(&c->out.out, block.p, block.n);
    }
}

static int copy_pcapng(struct comments *c, struct slice file, struct err *e)
{
    bool is_big = false;
    for (size_t at = 0, size; at < file.n; at += size) {
        const uint8_t *p = file.p + at;
        size_t left = file.n - at;
        if (left >= BLOCK_LEAST && block_get32(p, false) == BLOCK_SECTION)
            is_big = block_get32(p + 8, true) == BLOCK_ORDER;
        size = left < BLOCK_LEAST ? 0 : block_get32(p + 4, is_big);
        if (size < BLOCK_LEAST || size % 4 != 0 || size > left)
            return err_set(e,
                           "the capture is cut or damaged behind packet %llu; the copy ends there",
                           (unsigned long long)c->packet);
        copy_block(c, (struct slice){p, size}, is_big);
        if (unit(c, e) != 0)
            return -1;
    }
    return 0;
}

/* ---- of pcap ---- */

/* What its first number tells. */
static const struct pcap {
    uint32_t magic;
    uint8_t digits; /* of a second, in times */
    uint8_t header; /* bytes before a packet */
} PCAPS[] = {{0xA1B2C3D4, 6, 16}, {0xA1B23C4D, 9, 16}, {0xA1B2CD34, 6, 24}};

#define PCAP_HEADER 24u

static const struct pcap *pcap_of(struct slice file, bool is_big)
{
    for (size_t i = 0; file.n >= PCAP_HEADER && i < sizeof PCAPS / sizeof *PCAPS; i++)
        if (PCAPS[i].magic == block_get32(file.p, is_big))
            return &PCAPS[i];
    return NULL;
}

static void put_pcap_packet(struct comments *c, const struct pcap *pcap, const uint8_t *header,
                            size_t captured, bool is_big)
{
    struct buf *out = &c->out.out;
    uint64_t units = pcap->digits == 9 ? 1000000000 : 1000000;
    uint64_t time = block_get32(header, is_big) * units + block_get32(header + 4, is_big);
    size_t at = block_begin(out, false, BLOCK_PACKET);
    block_add32(out, false, 0); /* the only interface */
    block_add32(out, false, (uint32_t)(time >> 32));
    block_add32(out, false, (uint32_t)time);
    block_add32(out, false, (uint32_t)captured);
    block_add32(out, false, block_get32(header + 12, is_big));
    buf_add(out, header + pcap->header, captured);
    block_pad(out, captured);
    if (add_comments(c, false) > 0)
        block_option(out, false, OPTION_END, "", 0);
    block_end(out, false, at);
}

static int copy_pcap(struct comments *c, struct slice file, const struct pcap *pcap, bool is_big,
                     struct err *e)
{
    struct buf *out = &c->out.out;
    block_section(out, false);
    uint16_t link_type = (uint16_t)block_get32(file.p + 20, is_big);
    size_t at = block_interface(out, false, link_type, block_get32(file.p + 16, is_big));
    block_option(out, false, OPTION_RESOLUTION, &pcap->digits, 1);
    block_option(out, false, OPTION_END, "", 0);
    block_end(out, false, at);
    add_keylog(c, false);
    for (at = PCAP_HEADER; at < file.n;) {
        const uint8_t *p = file.p + at;
        size_t left = file.n - at;
        size_t captured = left < pcap->header ? 0 : block_get32(p + 8, is_big);
        if (left < pcap->header || captured > left - pcap->header)
            return err_set(e,
                           "the capture is cut or damaged behind packet %llu; the copy ends there",
                           (unsigned long long)c->packet);
        put_pcap_packet(c, pcap, p, captured, is_big);
        at += pcap->header + captured;
        if (unit(c, e) != 0)
            return -1;
    }
    return 0;
}

static int copy(struct comments *c, struct slice file, struct err *e)
{
    bool is_big = pcap_of(file, true) != NULL;
    const struct pcap *pcap = pcap_of(file, is_big);
    if (pcap != NULL)
        return copy_pcap(c, file, pcap, is_big, e);
    return copy_pcapng(c, file, e);
}

int comments_write(struct comments *c, const char *from, const char *to, const struct slice *keylog,
                   struct comments_totals *t, struct err *e)
{
    struct buf file = {0};
    *t = (struct comments_totals){0};
    c->totals = t;
    c->keylog = keylog;
    c->keeps_secrets = keylog != NULL;
    if (c->list.n > 0)
        qsort(c->list.p, c->list.n / sizeof(struct comment), sizeof(struct comment), by_packet);
    int bad = gzip_read(from, CAPTURE_MOST, &file, e);
    if (bad == 0 && (bad = outlet_create(&c->out, to, e)) == 0) {
        struct err late = ERR_INIT;
        bad = copy(c, (struct slice){file.p, file.n}, e);
        if (c->failed || c->list.failed || file.failed)
            bad = err_set(e, "no room for the comments, in memory or as a temporary file");
        outlet_unit(&c->out);
        if (outlet_write(&c->out, &late) != 0 || close(c->out.fd) != 0) {
            *e = ERR_INIT;
            bad = err_set(e, "%s: %s", to, late.set ? late.what : strerror(errno));
        }
        outlet_close(&c->out);
    }
    buf_close(&file);
    return bad;
}
