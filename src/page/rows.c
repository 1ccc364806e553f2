/* SPDX-License-Identifier: Apache-2.0 */
#include "page/rows.h"

#include "codec/json.h"
#include "page/doc_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void rows_open(struct rows *r, size_t memory)
{
    *r = (struct rows){.problem = ERR_INIT};
    arena_open(&r->arena, NULL, 0, memory);
    arena_open(&r->room, NULL, 0, memory);
}

void rows_close(struct rows *r)
{
    arena_close(&r->arena);
    arena_close(&r->room);
    buf_close(&r->strings);
}

/* ---- reading ---- */

/* What a length means; "" where it is none. */
static void tell_length(const struct exi_field *in, char *text, size_t size)
{
    text[0] = '\0';
    if (in->part == EXI_OCTETS)
        snprintf(text, size, "%" PRIu64 " octets", in->value);
    else if (in->part == EXI_STRING && in->value >= 2)
        snprintf(text, size, "%" PRIu64 " characters (and 2)", in->value - 2);
    else if (in->part == EXI_STRING)
        snprintf(text, size, "as %s string",
                 in->value == 0 ? "this element's earlier" : "an earlier");
}

static const char *keep(struct rows *r, const char *text)
{
    const char *kept = arena_text(&r->arena, text, strlen(text));
    r->failed = r->failed || kept == NULL;
    return kept != NULL ? kept : "";
}

/* The path of the element whose characters begin at that bit; "" where it has no row. */
static const char *path_at(const struct rows *r, uint64_t bit)
{
    const struct row *const *at = (const struct row *const *)r->strings.p;
    size_t from = 0, to = r->strings.n / sizeof *at;
    while (from < to) { /* they are in the order of the wire */
        size_t middle = from + (to - from) / 2;
        if (at[middle]->field.bit == bit)
            return at[middle]->field.path;
        if (at[middle]->field.bit < bit)
            from = middle + 1;
        else
            to = middle;
    }
    return "";
}

static void add_row(void *context, const struct exi_field *in)
{
    struct rows *r = context;
    const struct row *last = r->last;
    struct row *row = arena_alloc(&r->arena, sizeof *row);
    char told[64];
    if (row == NULL) {
        r->failed = true;
        return;
    }
    tell_length(in, told, sizeof told);
    *row = (struct row){.field = *in};
    row->field.event = keep(r, in->event);
    row->field.path = last != NULL && strcmp(last->field.path, in->path) == 0 ? last->field.path
                                                                              : keep(r, in->path);
    row->field.text = keep(r, told[0] != '\0' ? told : in->text);
    if (in->part == EXI_HIT)
        row->seen = path_at(r, in->seen);
    if (in->part == EXI_CONTENT)
        buf_add(&r->strings, &row, sizeof row);
    if (last != NULL)
        r->last->next = row;
    else
        r->first = row;
    r->last = row;
}

int rows_read(struct rows *r, const struct schema *s, uint16_t payload, struct slice bytes,
              const struct exi_options *o)
{
    struct exi_options watching = *o;
    arena_reset(&r->arena);
    arena_reset(&r->room);
    buf_clear(&r->strings);
    r->first = r->last = NULL;
    r->failed = false;
    r->schema = s;
    r->problem = ERR_INIT;
    watching.trace = add_row;
    watching.context = r;
    r->is_whole =
        codec_decode(s, payload, bytes, &watching, &r->room, &r->message, &r->problem) == 0;
    return r->is_whole ? 0 : -1;
}

/* ---- as JSON ---- */

static void add_text(struct buf *out, const char *before, const char *text)
{
    buf_text(out, before);
    json_quote(text, strlen(text), out);
}

static void add_place(struct buf *out, const char *path, int64_t bit, const char *text)
{
    add_text(out, "{\"path\":", path);
    if (bit >= 0)
        buf_printf(out, ",\"bit\":%" PRId64, bit);
    add_text(out, ",\"text\":", text);
    buf_char(out, '}');
}

static void print_row(const struct rows *r, const struct row *row, struct arena *a, struct buf *out)
{
    const struct exi_field *f = &row->field;
    struct doc_line doc = doc_line_find(r->schema, f->path, a);
    add_text(out, "{\"event\":", f->event);
    add_text(out, ",\"path\":", f->path);
    buf_printf(out, ",\"bit\":%" PRIu64 ",\"width\":%u", f->bit, f->bits);
    if (f->part == EXI_SIGNED)
        buf_printf(out, ",\"value\":%" PRId64, (int64_t)f->value);
    else if (f->part != EXI_CONTENT)
        buf_printf(out, ",\"value\":%" PRIu64, f->value);
    if (f->second >= 0)
        buf_printf(out, ",\"second\":%d", f->second);
    add_text(out, ",\"text\":", f->text);
    if (f->part == EXI_HIT) {
        add_text(out, ",\"seen\":{\"path\":", row->seen);
        buf_printf(out, ",\"bit\":%" PRIu64 "}", f->seen);
    }
    if (doc.en[0] != '\0')
        add_text(out, ",\"doc\":", doc.en);
    if (doc.ko[0] != '\0')
        add_text(out, ",\"doc_ko\":", doc.ko);
    buf_char(out, '}');
}

void rows_print(const struct rows *r, struct buf *out)
{
    struct named named = {.name = NULL};
    struct arena a;
    if (r->is_whole)
        named = message_named(&r->message);
    add_text(out, "\"grammar\":", r->schema->name);
    if (named.name != NULL)
        add_text(out, ",\"name\":", named.name);
    buf_text(out, ",\"rows\":[");
    arena_open(&a, NULL, 0, DOC_LINE_MEMORY);
    for (const struct row *row = r->first; row != NULL; row = row->next) {
        print_row(r, row, &a, out);
        if (row->next != NULL)
            buf_char(out, ',');
        arena_reset(&a);
    }
    arena_close(&a);
    buf_text(out, "],\"violations\":[");
    for (const struct violation *v = r->is_whole ? r->message.violations : NULL; v != NULL;
         v = v->next) {
        add_place(out, v->path, (int64_t)v->bit, v->what);
        if (v->next != NULL)
            buf_char(out, ',');
    }
    buf_char(out, ']');
    if (!r->is_whole) {
        buf_text(out, ",\"problem\":");
        add_place(out, r->problem.path, r->problem.bit, r->problem.what);
    }
}
