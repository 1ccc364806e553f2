/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab explain`: a message bit by bit, one line for each field of bits. */
#include "app/commands.h"
#include "app/grammars.h"
#include "app/options.h"
#include "app/report.h"
#include "base/visible.h"
#include "page/rows.h"
#include "wire/v2gtp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEANING_MAX 64 /* bytes of a meaning that are shown, unless --full */
#define PATH_COLUMN 76 /* the widest that the column of paths gets */

/* ---- lines of the table ---- */

struct line {
    struct line *next;
    enum exi_part part;
    uint64_t bit;
    unsigned bits;
    const char *event, *path, *text; /* made visible already */
    const char *seen;                /* behind the text: where a string was seen before; "" */
    char number[24];                 /* value, as shown; "" of content */
};

struct table {
    struct arena arena;
    struct line *first, **end;
    bool full, failed;
    size_t path_width, value_width, event_width;
};

static void table_open(struct table *t, bool full)
{
    *t = (struct table){.full = full};
    arena_open(&t->arena, NULL, 0, FITS_MEMORY);
    t->end = &t->first;
}

static void table_close(struct table *t)
{
    arena_close(&t->arena);
}

/* The number of characters of UTF-8 that the n bytes at text begin. */
static size_t characters(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static const char *keep_text(struct table *t, const char *text, size_t most)
{
    struct buf visible = {0};
    size_t n = strlen(text);
    bool is_cut = n > most;
    while (is_cut && most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    visible_add(&visible, text, is_cut ? most : n);
    if (is_cut)
        buf_printf(&visible, "... (%zu in all)", characters(text, n));
    const char *kept = arena_text(&t->arena, buf_string(&visible), visible.n);
    buf_close(&visible);
    t->failed = t->failed || kept == NULL;
    return kept != NULL ? kept : "";
}

static void tell_number(const struct exi_field *in, char *out, size_t size)
{
    out[0] = '\0';
    if (in->part == EXI_SIGNED)
        snprintf(out, size, "%" PRId64, (int64_t)in->value);
    else if (in->second >= 0)
        snprintf(out, size, "%" PRIu64 ".%d", in->value, in->second);
    else if (in->part != EXI_CONTENT)
        snprintf(out, size, "%" PRIu64, in->value);
}

/* Where the string stands in full that a hit refers to. */
static const char *tell_seen(struct table *t, const struct row *from)
{
    struct buf told = {0};
    if (from->field.part != EXI_HIT)
        return "";
    buf_printf(&told, "  (as at bit %" PRIu64 ", %s)", from->field.seen, from->seen);
    const char *kept = keep_text(t, buf_string(&told), SIZE_MAX);
    buf_close(&told);
    return kept;
}

static void add_line(struct table *t, const struct row *from)
{
    const struct exi_field *in = &from->field;
    struct line *row = arena_alloc(&t->arena, sizeof *row);
    if (row == NULL) {
        t->failed = true;
        return;
    }
    *row = (struct line){.part = in->part, .bit = in->bit, .bits = in->bits};
    row->event = keep_text(t, in->event, SIZE_MAX);
    row->path = keep_text(t, in->path, SIZE_MAX);
    row->text = keep_text(t, in->text, t->full ? SIZE_MAX : MEANING_MAX);
    row->seen = tell_seen(t, from);
    tell_number(in, row->number, sizeof row->number);
    t->path_width = larger(t->path_width, characters(row->path, strlen(row->path)));
    t->event_width = larger(t->event_width, strlen(row->event));
    t->value_width = larger(t->value_width, strlen(row->number));
    *t->end = row;
    t->end = &row->next;
}

/* ---- printing ---- */

enum { PLAIN, DIM, EVENT, NUMBER, MEANING, BAD, COLORS };

/* Colours of the table: none where it does not go to a terminal. */
static const char *const *palette(void)
{
    static const char *const NONE[COLORS] = {"", "", "", "", "", ""};
    static const char *const SOME[COLORS] = {"\033[0m",  "\033[2m",  "\033[36m",
                                             "\033[33m", "\033[32m", "\033[1;31m"};
    const char *no_color = getenv("NO_COLOR");
    bool is_plain = !isatty(STDOUT_FILENO) || (no_color != NULL && no_color[0] != '\0');
    return is_plain ? NONE : SOME;
}

static void print_padded(const char *text, size_t width)
{
    size_t n = characters(text, strlen(text));
    printf("%s%*s", text, n < width ? (int)(width - n) : 0, "");
}

static void print_table(const struct table *t, const char *const *color)
{
    size_t path = t->path_width < PATH_COLUMN ? t->path_width : PATH_COLUMN;
    path = larger(path, strlen("path"));
    size_t event = larger(t->event_width, strlen("event"));
    size_t value = larger(t->value_width, strlen("value"));
    printf("%s%6s %5s  %-*s  %-*s  %*s  %s%s\n", color[DIM], "offset", "bits", (int)event, "event",
           (int)path, "path", (int)value, "value", "meaning", color[PLAIN]);
    for (const struct line *row = t->first; row != NULL; row = row->next) {
        bool is_value = row->part >= EXI_NUMBER;
        printf("%6" PRIu64 " %5u  %s", row->bit, row->bits, color[is_value ? NUMBER : EVENT]);
        print_padded(row->event, event);
        printf("%s  ", color[PLAIN]);
        print_padded(row->path, path);
        printf("  %*s", (int)value, row->number);
        if (row->text[0] != '\0')
            printf("  %s%s%s%s", color[is_value ? MEANING : PLAIN], row->text, color[PLAIN],
                   row->seen);
        putchar('\n');
    }
}

static void print_bad(const char *const *color, const char *what, const struct buf *text)
{
    printf("%s%s:%s %.*s\n", color[BAD], what, color[PLAIN], (int)text->n, (const char *)text->p);
}

static void print_violations(const struct message *m, const char *const *color)
{
    struct buf text = {0};
    for (const struct violation *v = m->violations; v != NULL; v = v->next) {
        buf_clear(&text);
        text_add_violation(&text, v);
        print_bad(color, "violation", &text);
    }
    buf_close(&text);
}

/* The error is part of the table; where that does not go to the terminal, it is also reported. */
static void print_error(const char *where, const struct err *e, const char *const *color)
{
    struct buf text = {0};
    text_add_err(&text, e);
    print_bad(color, "error", &text);
    buf_close(&text);
    if (!isatty(STDOUT_FILENO))
        report_err(where, e);
}

/* ---- the command ---- */

struct explain {
    struct options options;
    struct grammars grammars;
    struct exi_options exi;
    bool full, json;
    struct arena arena;
    struct fits fits;
    struct rows rows;
};

static const struct option OPTION[] = {
    GRAMMARS_OPTION(offsetof(struct explain, grammars)),
    {"fragment", 0, NULL, "the input is an EXI fragment, as signatures are computed over",
     .at = offsetof(struct explain, exi.fragment)},
    LIMIT_OPTION(offsetof(struct explain, exi.limits)),
    {"full", 0, NULL, "show long values in full", .at = offsetof(struct explain, full)},
    {"json", 0, NULL, "one JSON object a message (docs/report-format.md)",
     .at = offsetof(struct explain, json)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    "explain",
    "[OPTION]... HEX...|FILE|-",
    "Shows a message bit by bit: one line for each field, with its offset (from the start of it)\n"
    "and width in bits, the event, the element's path, the value as it stands there, and what it\n"
    "means. Up to the first error where there is one; violations of limits come last.\n\n"
    "events of EXI (EXI 1.0, 4) and what else has bits of its own:\n"
    "  SD, ED      start and end of the document; neither has bits, but ED of a fragment\n"
    "  SE, EE      start and end of an element; its name, and of an end how it came to that\n"
    "  AT, CH      an attribute, characters: their value follows\n"
    "  cookie, header, padding   of the stream: $EXI, version, up to the last octet's end\n"
    "  length, value             of content: of a string its characters and 2, else its octets\n"
    "  local hit, global hit     a string that was seen before, in this element's list of them\n"
    "                            or in that of all: its number, the string, and where it stands\n"
    "  URI, URI length, name, name length   of an element that the schema does not have\n"
    "  field, octets             of a message that is no EXI (SDP)\n"
    "The value of an event is its event code; of a deviation from the schema, such as empty or\n"
    "untyped content, it has two parts (1.6). Values of a range that is less than 4096 wide count\n"
    "from its least. Colours: only on a terminal, and not where NO_COLOR is set.",
    OPTION,
    "example:\n"
    "  v2glab explain 8098022E74FF44AAECF83E11F000\n\n"
    "exit codes: 0 explained, 1 it is in error somewhere, 2 several grammars fit,\n"
    "3 wrong use, or a file that cannot be read",
    NULL,
    NULL,
};

static void print_payload(const struct payload *p, const char *const *color)
{
    const char *name = v2gtp_type_name(p->type);
    printf("%sV2GTP%s version 0x%02X, inverse 0x%02X, payload type 0x%04X (%s), length %zu\n",
           color[EVENT], color[PLAIN], V2GTP_VERSION, V2GTP_INVERSE, p->type,
           name != NULL ? name : "reserved", p->bytes.n);
}

static void show_table(const struct explain *x, const char *where)
{
    const char *const *color = palette();
    const struct rows *r = &x->rows;
    struct table t;
    table_open(&t, x->full);
    for (const struct row *row = r->first; row != NULL; row = row->next)
        add_line(&t, row);
    printf("%sgrammar%s %s\n", color[EVENT], color[PLAIN], r->schema->name);
    print_table(&t, color);
    if (!r->is_whole)
        print_error(where, &r->problem, color);
    else
        print_violations(&r->message, color);
    if (t.failed || r->failed)
        report(REPORT_WARNING, "out of memory: the table is not complete");
    table_close(&t);
}

/* All of it in one line. */
static void show_json(const struct explain *x, const struct payload *p)
{
    struct buf out = {0};
    buf_char(&out, '{');
    if (p->is_framed)
        buf_printf(&out, "\"payload_type\":\"0x%04X\",", p->type);
    buf_text(&out, "\"bytes\":\"");
    buf_hex(&out, p->bytes.p, p->bytes.n, false);
    buf_text(&out, "\",");
    rows_print(&x->rows, &out);
    buf_text(&out, "}\n");
    if (out.failed || x->rows.failed)
        report(REPORT_WARNING, "out of memory: the message is not complete");
    fwrite(out.p, 1, out.n, stdout);
    buf_close(&out);
}

/* Decodes once more with one grammar, watching. */
static int explain_fit(struct explain *x, const struct fit *fit, const struct payload *p,
                       const char *where)
{
    int bad = rows_read(&x->rows, fit->schema, p->type, p->bytes, &x->exi);
    if (fit->fits) /* a payload type that is wrong is among them */
        x->rows.message.violations = fit->message.violations;
    if (!x->json)
        show_table(x, where);
    else
        show_json(x, p);
    return bad;
}

static int explain_payload(struct explain *x, const struct payload *p, const char *where)
{
    struct fits *f = &x->fits;
    if (p->is_framed && !x->json)
        print_payload(p, palette());
    if (!fits_any(f)) {
        explain_fit(x, fits_first(f), p, where);
        if (f->n > 1)
            report(REPORT_NOTE, "%u grammars were tried, none fits; %s is the likeliest", f->n,
                   fits_first(f)->schema->name);
        return EXIT_FAIL;
    }
    unsigned shown = 0;
    for (unsigned i = 0; i < f->n; i++) {
        if (!fits_counts(f, &f->at[i]))
            continue;
        if (shown++ > 0 && !x->json)
            putchar('\n');
        explain_fit(x, &f->at[i], p, where);
    }
    fits_report_element(f, x->exi.fragment, where);
    fits_report_others(f, where);
    return shown > 1 ? EXIT_UNCLEAR : EXIT_PASS;
}

static int explain_input(struct explain *x)
{
    struct input in;
    struct payload payload;
    struct err e = ERR_INIT;
    int status;
    if (x->options.arguments == 0)
        return options_wrong(&x->options, "nothing to explain; expected hex digits, a file, or -");
    if (input_read_bytes(&in, x->options.arguments, x->options.argument, &status, &e) == 0) {
        status = EXIT_FAIL;
        if (in.is_capture)
            err_set(&e, "this is a capture; expected one message; v2glab decode shows captures");
        else if (payload_find((struct slice){in.bytes.p, in.bytes.n},
                              grammars_have_octets(&x->grammars), &payload, &e) == 0 &&
                 fits_decode(&x->fits, &x->grammars, &payload, &x->exi, &x->arena, &e) == 0)
            status = explain_payload(x, &payload, in.name);
    }
    if (e.set)
        report_err(in.name, &e);
    input_close(&in);
    return status;
}

static int run(struct explain *x)
{
    if (grammars_begin(&x->grammars, &x->options, x) != 0)
        return x->options.status;
    return explain_input(x);
}

int command_explain(int argc, char **argv)
{
    struct explain x = {.exi = EXI_OPTIONS};
    grammars_open(&x.grammars);
    arena_open(&x.arena, NULL, 0, FITS_MEMORY);
    rows_open(&x.rows, FITS_MEMORY);
    options_open(&x.options, &USAGE, &x.grammars.library, argc, argv);
    int status = run(&x);
    rows_close(&x.rows);
    arena_close(&x.arena);
    grammars_close(&x.grammars);
    return status;
}
