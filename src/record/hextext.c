/* SPDX-License-Identifier: Apache-2.0 */
#include "record/hextext.h"

#include "record/hexline.h"
#include "record/logtime.h"

#include <ctype.h>
#include <string.h>

#define BLOCK_LINES 65536        /* of one block */
#define WORDS_SEARCHED 300       /* characters of a line in which its words are looked for */
#define SPANS 32                 /* of a line in which something was found */
#define NAMED_BEFORE 2           /* lines from a title to its bytes */
#define WORD_MOST 4              /* bytes of a word of a dump */
#define OFFSETS 4                /* words of a line that may be the offset of a dump */
#define REPEATED_MOST (1u << 20) /* bytes that all * of dumps may stand for */

/* The bytes of one form that go on from line to line. */
struct growing {
    bool is_there, grows;
    size_t shared;
    struct buf bytes, marks;
    size_t n; /* of marks */
};

struct reader {
    const struct hextext_events *on;
    void *context;
    struct hexline line;
    struct hextext_line about;
    struct growing form[HEXLINE_FORMS]; /* ORDER HEXLINE_FORM */
    bool is_open, is_dump;
    uint64_t base;             /* the first offset of the dump */
    uint64_t before;           /* bytes of the dump before its last line */
    uint8_t bases;             /* in which its offsets may be: bits, as in struct hexdump */
    bool is_repeated;          /* behind the * of a dump */
    uint64_t repeated;         /* bytes that such have stood for */
    struct hextext_line named; /* the line of words before a dump */
    bool failed;               /* there was no memory for some block */
};

/* ---- what a line says ---- */

static uint8_t find_words(const char *text, size_t n)
{
    static const struct {
        const char *word;
        uint8_t says;
    } WORDS[] = {
        {"exi", HEXTEXT_V2G},   {"v2g", HEXTEXT_V2G},      {"15118", HEXTEXT_V2G},
        {"70121", HEXTEXT_V2G}, {"appproto", HEXTEXT_V2G}, {"evcc", HEXTEXT_EVCC},
        {"pev", HEXTEXT_EVCC},  {"vehicle", HEXTEXT_EVCC}, {"secc", HEXTEXT_SECC},
        {"evse", HEXTEXT_SECC}, {"station", HEXTEXT_SECC}, {"sent", HEXTEXT_SENT},
        {"send", HEXTEXT_SENT}, {"tx", HEXTEXT_SENT},      {"transmit", HEXTEXT_SENT},
        {"got", HEXTEXT_GOT},   {"recv", HEXTEXT_GOT},     {"receive", HEXTEXT_GOT},
        {"rx", HEXTEXT_GOT},
    };
    char lower[WORDS_SEARCHED + 1];
    uint8_t says = 0;
    n = n < WORDS_SEARCHED ? n : WORDS_SEARCHED;
    for (size_t i = 0; i < n; i++)
        lower[i] = text[i] == '\0' ? ' ' : (char)tolower((unsigned char)text[i]);
    lower[n] = '\0';
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strstr(lower, WORDS[i].word) != NULL)
            says |= WORDS[i].says;
    return says;
}

/* Time and words of the line; its time is no number of it any more. */
static void describe(struct reader *r, uint64_t number)
{
    struct buf *text = &r->line.text;
    struct logtime t;
    r->about = (struct hextext_line){.number = number};
    r->about.words = find_words((const char *)text->p, text->n);
    if (!logtime_find((const char *)text->p, text->n, &t))
        return;
    size_t n = t.n < HEXTEXT_STAMP ? t.n : HEXTEXT_STAMP - 1;
    memcpy(r->about.stamp, text->p + t.at, n);
    r->about.us = t.us;
    r->about.has_time = true;
    r->about.has_date = t.has_date;
    memset(text->p + t.at, '~', t.n);
}

/* Bytes that begin a line: their time and their direction often stand in the one before. */
static void inherit(struct reader *r, bool is_first)
{
    const struct hextext_line *named = &r->named;
    if (!is_first || named->number == 0 || named->number + NAMED_BEFORE < r->about.number)
        return;
    r->about.words |= named->words;
    if (r->about.has_time)
        return;
    memcpy(r->about.stamp, named->stamp, sizeof r->about.stamp);
    r->about.us = named->us;
    r->about.has_time = named->has_time;
    r->about.has_date = named->has_date;
}

/* ---- blocks ---- */

static bool give(const struct reader *r, enum hexline_form form, struct slice bytes, size_t shared,
                 const struct hextext_mark *mark, size_t marks)
{
    struct hextext_block b = {.bytes = bytes,
                              .mark = mark,
                              .marks = marks,
                              .shared = shared,
                              .is_dump = r->is_dump,
                              .is_digits = form == HEXLINE_HEX};
    return r->on->block(r->context, &b);
}

static void grow(struct growing *g, const struct hextext_line *line, const void *p, size_t n)
{
    struct hextext_mark mark = {.at = g->bytes.n, .line = *line};
    buf_add(&g->marks, &mark, sizeof mark);
    buf_add(&g->bytes, p, n);
    g->n++;
    g->is_there = g->grows = true;
}

/* Whether there is anything in it, and all of it: without memory for that it is left. */
static bool is_whole(const struct growing *g)
{
    return g->is_there && !g->bytes.failed && !g->marks.failed;
}

static void block_flush(struct reader *r)
{
    bool found = !r->is_open;
    for (int f = 0; f < HEXLINE_FORMS && !found; f++) {
        const struct growing *g = &r->form[f];
        if (is_whole(g) && (!r->is_dump || g->grows))
            found = give(r, (enum hexline_form)f, (struct slice){g->bytes.p, g->bytes.n}, g->shared,
                         (const struct hextext_mark *)(const void *)g->marks.p, g->n);
    }
    const struct growing *hex = &r->form[HEXLINE_HEX];
    if (!found && is_whole(hex))
        r->on->missed(
            r->context,
            &(struct hextext_block){.bytes = {hex->bytes.p, hex->bytes.n},
                                    .mark = (const struct hextext_mark *)(const void *)hex->marks.p,
                                    .marks = hex->n,
                                    .is_dump = r->is_dump,
                                    .is_digits = true});
    for (int f = 0; f < HEXLINE_FORMS && r->is_open; f++) {
        struct growing *g = &r->form[f];
        g->is_there = g->grows = false;
        g->n = g->shared = 0;
        r->failed = r->failed || g->bytes.failed || g->marks.failed;
        buf_clear(&g->bytes);
        buf_clear(&g->marks);
    }
    r->is_open = r->is_dump = r->is_repeated = false;
}

/* ---- lists and bare digits ---- */

static const uint8_t *run_bytes(const struct reader *r, const struct hexrun *run)
{
    return r->line.bytes[run->form].p + run->at;
}

/* A line that is nothing but a run goes on with the block, which is no dump, in the forms that it
 * can be read in. */
static bool block_goes_on(struct reader *r)
{
    bool goes_on = false, grown[HEXLINE_FORMS] = {false};
    if (!r->is_open)
        return false;
    for (size_t i = 0; i < r->line.n; i++) {
        const struct hexrun *run = hexline_run(&r->line, i);
        struct growing *g = &r->form[run->form];
        if (!run->is_first || !run->is_last || !g->grows || g->n == BLOCK_LINES)
            continue;
        grow(g, &r->about, run_bytes(r, run), run->n);
        grown[run->form] = goes_on = true;
    }
    for (int f = 0; f < HEXLINE_FORMS && goes_on; f++)
        r->form[f].grows = grown[f];
    return goes_on;
}

struct span {
    size_t from, to;
};

static bool overlaps(const struct span *span, size_t n, const struct hexrun *run)
{
    for (size_t i = 0; i < n; i++)
        if (run->from < span[i].to && span[i].from < run->to)
            return true;
    return false;
}

/* Gives the runs of one form that end within the line, unless something was found there. */
static void give_runs(struct reader *r, enum hexline_form form, struct span *found, size_t *n)
{
    struct hextext_mark mark = {.at = 0, .line = r->about};
    for (size_t i = 0; i < r->line.n; i++) {
        const struct hexrun *run = hexline_run(&r->line, i);
        struct slice bytes = {run_bytes(r, run), run->n};
        if (run->form != form || run->is_last || overlaps(found, *n, run))
            continue;
        if (give(r, form, bytes, run->shared, &mark, 1) && *n < SPANS)
            found[(*n)++] = (struct span){run->from, run->to};
    }
}

/* Whether the run is a piece of one that can be read in another form. */
static bool is_piece(const struct reader *r, const struct hexrun *run)
{
    for (size_t i = 0; i < r->line.n; i++) {
        const struct hexrun *other = hexline_run(&r->line, i);
        if (other->form != run->form && other->from <= run->from && run->to <= other->to)
            return true;
    }
    return false;
}

static void take_runs(struct reader *r)
{
    struct span found[SPANS];
    size_t n = 0;
    for (int f = 0; f < HEXLINE_FORMS; f++)
        give_runs(r, (enum hexline_form)f, found, &n);
    struct hextext_mark mark = {.at = 0, .line = r->about};
    for (size_t i = 0; i < r->line.n; i++) {
        const struct hexrun *run = hexline_run(&r->line, i);
        struct slice bytes = {run_bytes(r, run), run->n};
        if (overlaps(found, n, run))
            continue;
        if (run->is_last) {
            inherit(r, run->is_first);
            grow(&r->form[run->form], &r->about, bytes.p, bytes.n);
            r->form[run->form].shared = run->shared;
            r->is_open = true;
        } else if (run->form == HEXLINE_HEX && run->n >= HEXTEXT_MISSED && !is_piece(r, run)) {
            r->on->missed(r->context,
                          &(struct hextext_block){
                              .bytes = bytes, .mark = &mark, .marks = 1, .is_digits = true});
        }
    }
}

/* ---- dumps ---- */

/* Bytes of the dump so far, in whichever form has most. */
static uint64_t dump_bytes(const struct reader *r)
{
    uint64_t most = 0;
    for (int f = 0; f < HEXLINE_FORMS; f++)
        if (r->form[f].grows && r->form[f].bytes.n > most)
            most = r->form[f].bytes.n;
    return most;
}

/* The offset tells how many bytes the line before really had: what else it seemed to have were
 * characters. */
static void dump_cut(struct reader *r, uint64_t bytes)
{
    for (int f = 0; f < HEXLINE_FORMS; f++) {
        struct growing *g = &r->form[f];
        g->grows = g->grows && g->bytes.n >= bytes;
        if (g->grows)
            g->bytes.n = bytes;
    }
}

/* Repeats the last line until so many bytes are there. */
static void dump_repeat(struct reader *r, uint64_t bytes)
{
    for (int f = 0; f < HEXLINE_FORMS; f++) {
        struct growing *g = &r->form[f];
        if (!g->grows || g->bytes.n == r->before)
            continue;
        size_t line = g->bytes.n - (size_t)r->before;
        while (g->bytes.n < bytes && buf_reserve(&g->bytes, 1) != NULL)
            buf_char(&g->bytes, (char)g->bytes.p[g->bytes.n - line]);
    }
}

/* How many bytes are before an offset in one of its readings; 0: it does not go on there. */
static uint64_t dump_before(const struct reader *r, uint64_t value, uint64_t total)
{
    uint64_t bytes = value == UINT64_MAX || value < r->base ? 0 : value - r->base;
    bool is_filled =
        r->is_repeated && bytes > total && bytes - total <= REPEATED_MOST - r->repeated;
    return bytes > r->before && (bytes <= total || is_filled) ? bytes : 0;
}

/* Whether what is behind so many bytes only fills up a word. */
static bool is_filling(const struct growing *g, uint64_t bytes)
{
    static const uint8_t NOTHING[WORD_MOST];
    size_t n = g->grows && g->bytes.n > bytes ? g->bytes.n - (size_t)bytes : 0;
    return n > 0 && n < WORD_MOST && memcmp(g->bytes.p + bytes, NOTHING, n) == 0;
}

/* Whether one of the readings of the offset goes on where the dump is; it is cut to that. */
static bool dump_goes_on(struct reader *r, const struct hexdump *d)
{
    if (!r->is_open || !r->is_dump)
        return false;
    uint64_t total = dump_bytes(r), bytes = 0;
    /* the end that od tells of a single line is octal, and behind it is what fills the last word */
    uint64_t octal = d->is_bare && r->before == 0 ? dump_before(r, d->value[2], total) : 0;
    if (octal > 0 && (is_filling(&r->form[HEXLINE_SWAPPED], octal) ||
                      is_filling(&r->form[HEXLINE_OCTAL], octal)))
        bytes = octal;
    for (int i = 0; i < 3 && bytes == 0; i++)
        bytes = r->bases >> i & 1 ? dump_before(r, d->value[i], total) : 0;
    if (bytes == 0)
        return false;
    for (unsigned i = 0; i < 3; i++)
        if (d->value[i] == UINT64_MAX || d->value[i] - r->base != bytes)
            r->bases &= (uint8_t) ~(1u << i);
    if (bytes > total) {
        r->repeated += bytes - total;
        dump_repeat(r, bytes);
    }
    dump_cut(r, bytes);
    return true;
}

static bool dump_begins(const struct hexdump *d, size_t digits)
{
    return !d->is_bare && ((d->value[0] == 0 && digits >= 4) || (d->has_colon && digits >= 4));
}

static void dump_start(struct reader *r, const struct hexdump *d)
{
    block_flush(r);
    r->is_open = r->is_dump = true;
    r->base = d->value[0];
    r->before = 0;
    r->bases = 7;
    for (int f = 0; f < HEXLINE_FORMS; f++)
        r->form[f].grows = true;
    inherit(r, true);
}

static bool take_dump(struct reader *r)
{
    struct hexdump d = {.to = 0};
    if (r->is_open && r->is_dump && r->line.text.n == 1 && r->line.text.p[0] == '*') {
        r->is_repeated = true;
        return true;
    }
    for (int i = 0; i < OFFSETS && hexline_offset(&r->line, d.to, &d); i++) {
        bool goes_on = dump_goes_on(r, &d);
        if (!goes_on && !dump_begins(&d, d.to - d.from - d.has_colon))
            continue;
        if (goes_on && d.is_bare) {
            block_flush(r);
            return true;
        }
        hexline_columns(&r->line, &d);
        bool is_empty = true;
        for (int f = 0; f < HEXLINE_FORMS; f++)
            is_empty = is_empty && r->line.bytes[f].n == 0;
        if (is_empty)
            continue;
        if (!goes_on)
            dump_start(r, &d);
        r->is_repeated = false;
        r->before = dump_bytes(r);
        for (int f = 0; f < HEXLINE_FORMS; f++) {
            struct growing *g = &r->form[f];
            const struct buf *bytes = &r->line.bytes[f];
            if (g->grows && bytes->n > 0 && g->n < BLOCK_LINES)
                grow(g, &r->about, bytes->p, bytes->n);
            else
                g->grows = g->is_there = false;
        }
        return true;
    }
    return false;
}

/* ---- lines ---- */

static void take_line(struct reader *r, struct slice line, uint64_t number)
{
    if (line.n == 0) {
        block_flush(r);
        return;
    }
    hexline_clean(&r->line, line);
    describe(r, number);
    if (take_dump(r))
        return;
    if (r->is_dump)
        block_flush(r);
    hexline_find(&r->line);
    if (!block_goes_on(r)) {
        block_flush(r);
        take_runs(r);
    }
    if (r->about.has_time || r->about.words != 0)
        r->named = r->about;
}

int64_t hextext_read(struct slice text, const struct hextext_events *events, void *context)
{
    struct reader r = {.on = events, .context = context};
    const uint8_t *p = text.p, *end = text.p + text.n;
    int newline = text.n > 0 && memchr(p, '\n', text.n) == NULL ? '\r' : '\n'; /* as old Macs */
    int64_t lines = 0;
    while (p < end) {
        const uint8_t *found = memchr(p, newline, (size_t)(end - p));
        const uint8_t *line_end = found == NULL ? end : found;
        struct slice line = {p, (size_t)(line_end - p)};
        line.n -= line.n > 0 && line.p[line.n - 1] == '\r';
        take_line(&r, line, (uint64_t)++lines);
        p = found == NULL ? end : found + 1;
    }
    block_flush(&r);
    for (int f = 0; f < HEXLINE_FORMS; f++) {
        buf_close(&r.form[f].bytes);
        buf_close(&r.form[f].marks);
    }
    return hexline_close(&r.line) != 0 || r.failed ? -1 : lines;
}
