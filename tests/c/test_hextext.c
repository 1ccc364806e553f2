/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes out of text: the same bytes in every form that people have, and what a line says besides.
 * */
#include "record/hextext.h"
#include "record/logtime.h"
#include "support.h"

/* ---- reading ---- */

struct wanted {
    struct slice bytes;
    unsigned found, missed;
    struct hextext_line line; /* of the first byte */
};

static bool take_block(void *context, const struct hextext_block *b)
{
    struct wanted *w = context;
    size_t shared = b->bytes.n > w->bytes.n ? b->shared : 0;
    if (b->bytes.n - shared != w->bytes.n ||
        memcmp(b->bytes.p + shared, w->bytes.p, w->bytes.n) != 0)
        return false;
    w->found++;
    w->line = b->mark[0].line;
    return true;
}

static void take_missed(void *context, const struct hextext_block *b)
{
    struct wanted *w = context;
    w->missed += b->bytes.n >= HEXTEXT_MISSED;
}

static struct wanted read_text(struct slice text, struct slice bytes)
{
    static const struct hextext_events EVENTS = {take_block, take_missed};
    struct wanted w = {.bytes = bytes};
    assert_true(hextext_read(text, &EVENTS, &w) >= 0);
    return w;
}

/* ---- samples ---- */

#define LONG 61

/* Bytes that look like hex where a dump shows them as characters, quotes, backslashes, zeros. */
static const char SAMPLE[LONG] = "\x80\x9a\x02\0\x40\x80\xc1\x01"
                                 "\x80\x05 ab cd 12 34 ef\\ \"'\n\x7f"
                                 "0a1b2c3d4e5f6071\xff\xfe\x01\x86\xdd ";
static const size_t LENGTHS[] = {8, 14, 16, 24, 32, 48, LONG};

static void check(const char *form, struct buf *text, size_t n, uint64_t line)
{
    struct slice bytes = {(const uint8_t *)SAMPLE, n};
    buf_text(text, "\nbehind it 17 words\n");
    struct wanted w = read_text((struct slice){text->p, text->n}, bytes);
    if (w.found != 1 || w.missed != 0 || w.line.number != line)
        fail_msg("%s, %zu bytes: found %u times, %u missed, in line %llu:\n%s", form, n, w.found,
                 w.missed, (unsigned long long)w.line.number, buf_string(text));
}

/* ---- lists ---- */

enum sign { UNSIGNED, SIGNED };

static const struct list_form {
    const char *name, *before, *item, *between, *after;
    unsigned wrap; /* bytes a line; 0: all on one */
    const char *margin, *line_end;
    enum sign sign;
} LISTS[] = {
    {"digits", "", "%02x", "", "", 0, "", "", UNSIGNED},
    {"capitals in a line", "rx ", "%02X", "", " ok", 0, "", "", UNSIGNED},
    {"blanks", "sent (24 bytes) = ", "%02X", " ", " \r", 0, "", "", UNSIGNED},
    {"tabs", "x: ", "%02x", "\t", "", 0, "", "", UNSIGNED},
    {"colons", "msg=", "%02x", ":", ".", 0, "", "", UNSIGNED},
    {"dashes", "msg ", "%02X", "-", "", 0, "", "", UNSIGNED},
    {"commas", "[", "%02x", ",", "]", 0, "", "", UNSIGNED},
    {"semicolons", "", "%02x", ";", "", 0, "", "", UNSIGNED},
    {"0x and blanks", "{ ", "0x%02x", " ", " }", 0, "", "", UNSIGNED},
    {"0x, one number", "raw=0x", "%02x", "", "", 0, "", "", UNSIGNED},
    {"0x of Python", "data = [", "0x%x", ", ", "]", 0, "", "", UNSIGNED},
    {"quoted numbers", "['", "0x%x", "', '", "']", 0, "", "", UNSIGNED},
    {"quoted digits", "[\"", "%02x", "\", \"", "\"]", 0, "", "", UNSIGNED},
    {"array of C", "uint8_t m[] = {\n", "0x%02x", ", ", "\n};", 12, "    ", ",", UNSIGNED},
    {"array of C, unsigned", "m = {\n", "0x%02Xu", ", ", "};", 8, "\t", ",", UNSIGNED},
    {"array with comments", "/* Frame (61 bytes) */\nstatic const unsigned char p[61] = {\n",
     "0x%02x", ", ", " };", 8, "", ", /* .ab cd. */", UNSIGNED},
    {"bytes of Java", "{", "(byte)0x%02X", ", ", "};", 0, "", "", UNSIGNED},
    {"decimal", "(", "%d", ", ", ")", 0, "", "", UNSIGNED},
    {"decimal lines", "[\n", "%d", ",", "]", 12, " ", ",", UNSIGNED},
    {"signed decimal", "[", "%d", ", ", "]", 0, "", "", SIGNED},
    {"without zeros", "RX ", "%X", " ", "", 0, "", "", UNSIGNED},
    {"of assemblers", ".byte ", "%02Xh", " ", "", 0, "", "", UNSIGNED},
    {"escapes", "write ", "\\x%02x", "", " done", 0, "", "", UNSIGNED},
    {"octal escapes", "printf '", "\\%03o", "", "'", 0, "", "", UNSIGNED},
    {"string of C", "s =\n", "\\x%02x", "", ";", 16, "  \"", "\"", UNSIGNED},
    {"string with \\ at its ends", "", "\\x%02x", "", "", 16, "\"", "\" \\", UNSIGNED},
    {"string in JSON", "{\"m\": \"b'", "\\\\x%02x", "", "'\"}", 0, "", "", UNSIGNED},
    {"lines", "got:\n", "%02x", " ", "", 16, "    ", "", UNSIGNED},
    {"lines behind words", "got: ", "%02x", " ", "", 16, "", "", UNSIGNED},
    {"cells of HTML", "<tr><td>Req</td><td>", "%02x", "", "</td></tr>", 0, "", "", UNSIGNED},
    {"blanks of HTML", "<p>", "%02X", "&nbsp;", "</p>", 0, "", "", UNSIGNED},
    {"tags of HTML", "", "<b class=\"x\">%02x</b>", "", "", 0, "", "", UNSIGNED},
    {"attribute of XML", "<m exi=\"", "%02x", "", "\" n='1'/>", 0, "", "", UNSIGNED},
    {"colours", "\033[32mrx\033[0m \033[1m", "%02x", " ", "\033[0m", 0, "", "", UNSIGNED},
    {"behind a time", "12:30:01.250 ", "%02x", " ", "", 0, "", "", UNSIGNED},
    {"behind a length", "48: ", "%02x", " ", "", 0, "", "", UNSIGNED},
};

static void write_list(const struct list_form *f, size_t n, struct buf *out)
{
    buf_text(out, f->before);
    for (size_t i = 0; i < n; i++) {
        bool begins = f->wrap > 0 && i % f->wrap == 0,
             ends = f->wrap > 0 && i % f->wrap == f->wrap - 1;
        int value = f->sign == SIGNED ? (int8_t)SAMPLE[i] : (uint8_t)SAMPLE[i];
        char item[64];
        if (begins)
            buf_text(out, f->margin);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(item, sizeof item, f->item, value);
#pragma GCC diagnostic pop
        buf_text(out, item);
        bool is_last = i + 1 == n;
        if (!ends && !is_last)
            buf_text(out, f->between);
        if (ends || (is_last && f->wrap > 0))
            buf_text(out, f->line_end);
        if (ends && !is_last)
            buf_char(out, '\n');
    }
    buf_text(out, f->after);
}

static uint64_t lines_before(const char *text)
{
    uint64_t lines = 1;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void test_lists(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof LISTS / sizeof *LISTS; k++)
        for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
            struct buf text = {0};
            write_list(&LISTS[k], LENGTHS[i], &text);
            check(LISTS[k].name, &text, LENGTHS[i], lines_before(LISTS[k].before));
            buf_close(&text);
        }
}

/* b'…' as Python shows bytes: characters where it can. */
static void test_string_of_python(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
        struct buf text = {0};
        buf_text(&text, "received: b'");
        for (size_t k = 0; k < LENGTHS[i]; k++) {
            char c = SAMPLE[k];
            if (c == '\n')
                buf_text(&text, "\\n");
            else if (c == '\\' || c == '\'')
                buf_printf(&text, "\\%c", c);
            else if (c >= ' ' && c <= '~')
                buf_char(&text, c);
            else
                buf_printf(&text, "\\x%02x", (uint8_t)c);
        }
        buf_text(&text, "' from 49153");
        check("string of Python", &text, LENGTHS[i], 1);
        buf_close(&text);
    }
}

static void test_base64(void **state)
{
    static const unsigned WIDTHS[] = {1000, 76, 64, 20};
    (void)state;
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++)
        for (size_t w = 0; w < sizeof WIDTHS / sizeof *WIDTHS; w++) {
            struct buf plain = {0}, text = {0};
            buf_base64(&plain, SAMPLE, LENGTHS[i]);
            buf_text(&text, w == 0 ? "\"exi\": \"" : "");
            for (size_t k = 0; k < plain.n; k++) {
                if (k > 0 && k % WIDTHS[w] == 0)
                    buf_char(&text, '\n');
                buf_char(&text, (char)plain.p[k]);
            }
            buf_text(&text, w == 0 ? "\"," : "");
            check("base64", &text, LENGTHS[i], 1);
            buf_close(&plain);
            buf_close(&text);
        }
}

/* ---- dumps ---- */

static const struct dump_form {
    const char *name, *margin, *offset, *first; /* first: before the bytes */
    unsigned width, group;
    const char *item; /* of a byte, or of a group of two, the lower first */
    bool is_swapped, has_middle;
    const char *left, *right; /* around the characters; NULL: none */
    const char *end;          /* the last offset; NULL: none */
} DUMPS[] = {
    {"xxd", "", "%08zx", ": ", 16, 2, "%02x", false, false, "  ", "", NULL},
    {"xxd -g1", "", "%08zx", ": ", 16, 1, "%02x", false, false, "  ", "", NULL},
    {"xxd -g4 -c8", "", "%08zx", ": ", 8, 4, "%02X", false, false, "  ", "", NULL},
    {"xxd -c32", "", "%08zx", ": ", 32, 2, "%02x", false, false, "  ", "", NULL},
    {"od -A x -t x1", "", "%06zx", " ", 16, 1, "%02x", false, false, NULL, "", "%06zx"},
    {"od -A d -t x1", "", "%07zu", " ", 16, 1, "%02x", false, false, NULL, "", "%07zu"},
    {"od -t x1z", "", "%07zo", " ", 16, 1, "%02x", false, false, "  >", "<", "%07zo"},
    {"od -A d -t u1", "", "%07zu", " ", 16, 1, "%3u", false, false, NULL, "", "%07zu"},
    {"od -b", "", "%07zo", " ", 16, 1, "%03o", false, false, NULL, "", "%07zo"},
    {"od -x", "", "%07zo", " ", 16, 2, "%04x", true, false, NULL, "", "%07zo"},
    {"od", "", "%07zo", " ", 16, 2, "%06o", true, false, NULL, "", "%07zo"},
    {"hexdump", "", "%07zx", " ", 16, 2, "%04x", true, false, NULL, "", "%07zx"},
    {"hexdump -x", "", "%07zx", "    ", 16, 2, "%04x   ", true, false, NULL, "", "%07zx"},
    {"hexdump -C", "", "%08zx", "  ", 16, 1, "%02x", false, true, "  |", "|", "%08zx"},
    {"tshark -x", "", "%04zx", "  ", 16, 1, "%02x", false, false, "   ", "", NULL},
    {"tcpdump -X", "\t", "0x%04zx", ":  ", 16, 2, "%02x", false, false, "  ", "", NULL},
    {"a log's", "[   12.000401] v2g ", "%08zx", ": ", 16, 1, "%02x", false, false, "  ", "", NULL},
    {"gdb", "", "0x7ffe%04zx", ":\t", 8, 1, "0x%02x", false, false, NULL, "", NULL},
};

static void write_line(const struct dump_form *d, size_t at, size_t n, struct buf *out)
{
    size_t start;
    char piece[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(piece, sizeof piece, d->offset, at);
    buf_printf(out, "%s%s%s", d->margin, piece, d->first);
    start = out->n;
    for (unsigned i = 0; i < d->width; i++) {
        bool is_there = at + i < n;
        unsigned value = is_there ? (uint8_t)SAMPLE[at + i] : 0;
        bool is_word = d->is_swapped, is_second = i % 2 == 1;
        if (is_word && is_second)
            continue;
        if (is_word && at + i + 1 < n)
            value |= (unsigned)(uint8_t)SAMPLE[at + i + 1] << 8;
        snprintf(piece, sizeof piece, d->item, value);
        size_t width = strlen(piece);
        if (!is_there && d->left == NULL)
            break;
        buf_printf(out, "%*s", (int)width, is_there ? piece : "");
        if (is_word || (i + 1) % d->group == 0)
            buf_char(out, ' ');
        if (d->has_middle && i == 7)
            buf_char(out, ' ');
    }
#pragma GCC diagnostic pop
    while (out->n > start && out->p[out->n - 1] == ' ' && at + d->width <= n)
        out->n--;
    if (d->left == NULL)
        return;
    buf_text(out, d->left);
    for (size_t i = at; i < n && i < at + d->width; i++)
        buf_char(out, SAMPLE[i] >= ' ' && SAMPLE[i] <= '~' ? SAMPLE[i] : '.');
    buf_text(out, d->right);
}

static void test_dumps(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof DUMPS / sizeof *DUMPS; k++)
        for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
            struct buf text = {0};
            char end[32];
            for (size_t at = 0; at < LENGTHS[i]; at += DUMPS[k].width) {
                write_line(&DUMPS[k], at, LENGTHS[i], &text);
                buf_char(&text, '\n');
            }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            if (DUMPS[k].end != NULL) {
                snprintf(end, sizeof end, DUMPS[k].end, LENGTHS[i]);
                buf_text(&text, end);
            }
#pragma GCC diagnostic pop
            check(DUMPS[k].name, &text, LENGTHS[i], 1);
            buf_close(&text);
        }
}

static void test_dump_with_repeated_lines(void **state)
{
    static const char TEXT[] =
        "00000000  80 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |....|\n"
        "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |....|\n"
        "*\n"
        "00000040  12 34                                             |.4|\n"
        "00000042\n";
    static const uint8_t BYTES[66] = {0x80, [64] = 0x12, [65] = 0x34};
    (void)state;
    struct wanted w = read_text((struct slice){(const uint8_t *)TEXT, sizeof TEXT - 1},
                                (struct slice){BYTES, sizeof BYTES});
    assert_int_equal(w.found, 1);
}

/* od -c has characters and escapes in its columns. */
static void test_dump_of_characters(void **state)
{
    static const char TEXT[] =
        "0000000 200 232 002  \\0   @ 200 301 001   A  \\n   \"   a   b 302 020 021\n"
        "0000020   ?\n"
        "0000021\n";
    static const uint8_t BYTES[] = {0x80, 0x9A, 2,   0,   '@',  0x80, 0xC1, 1,  'A',
                                    '\n', '"',  'a', 'b', 0xC2, 0x10, 0x11, '?'};
    (void)state;
    struct wanted w = read_text((struct slice){(const uint8_t *)TEXT, sizeof TEXT - 1},
                                (struct slice){BYTES, sizeof BYTES});
    assert_int_equal(w.found, 1);
}

/* ---- what a line says ---- */

static const struct {
    const char *line, *stamp;
    int64_t us;
    bool has_date;
} TIMES[] = {
    {"2026-01-01 00:00:03.000000 [ERRO] x", "2026-01-01 00:00:03.000000", 1767225603000000, true},
    {"DEBUG    2026-01-01 00:00:01,250 - codec", "2026-01-01 00:00:01,250", 1767225601250000, true},
    {"2026-01-01T01:00:01.5+01:00 x", "2026-01-01T01:00:01.5+01:00", 1767225601500000, true},
    {"<6>2026-01-01T00:00:01Z x", "2026-01-01T00:00:01Z", 1767225601000000, true},
    {"2026/01/01 00:00:01 x", "2026/01/01 00:00:01", 1767225601000000, true},
    {"01.01.2026 00:00:01 x", "01.01.2026 00:00:01", 1767225601000000, true},
    {"[12:30:01.000250] x", "12:30:01.000250", 45001000250, false},
    {"[   12.345678] kernel", "[   12.345678]", 12345678, false},
    {"(1767225601.123456) can0", "(1767225601.123456)", 1767225601123456, false},
    {"[1050ms] [EVSE] got", "[1050ms]", 1050000, false},
    {"Jan 02 00:00:01 host x", "Jan 02 00:00:01", 1000000, false},
    {"  7 0.025000 fe80::1 -> fe80::2 TCP", "  7 0.025000 ", 25000, false},
    {"2026-01-01T00:00:01", "2026-01-01T00:00:01", 1767225601000000, true},
    {"2026-01-01T00:00:01-0130 x", "2026-01-01T00:00:01-0130", 1767231001000000, true},
    {"2026-01-01T00:00:01+0130 x", "2026-01-01T00:00:01+0130", 1767220201000000, true},
    {"2026-01-01T00:00:01+01 x", "2026-01-01T00:00:01+01", 1767222001000000, true},
    {"2026-01-01T00:00:01+01", "2026-01-01T00:00:01+01", 1767222001000000, true},
    {"2026-01-01T00:00:01+", "2026-01-01T00:00:01", 1767225601000000, true},
    {"2026-01-01T00:00:01+ab", "2026-01-01T00:00:01", 1767225601000000, true},
    {"2026-01-01T00:00:01+01:3 x", NULL, 0, false},
    {"2026-01-01T00:00:01+012 x", NULL, 0, false},
    {"2026-01-01T00:00:01-x", NULL, 0, false},
    {"2026-01-01", NULL, 0, false},
    {"12:30:01a", NULL, 0, false},
    {"12:30:01:02", NULL, 0, false},
    {"ether 02:00:00:00:00:02", NULL, 0, false},
    {"inet6 fe80:12:34:56::1", NULL, 0, false},
    {"9:9 (2) [12] 25:61:61 2026-13-41 00:00", NULL, 0, false},
};

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        struct logtime t = {0};
        bool found = logtime_find(TIMES[i].line, strlen(TIMES[i].line), &t);
        if (found != (TIMES[i].stamp != NULL))
            fail_msg("%s: found %d", TIMES[i].line, found);
        if (!found)
            continue;
        if (t.n != strlen(TIMES[i].stamp) || memcmp(TIMES[i].line + t.at, TIMES[i].stamp, t.n) != 0)
            fail_msg("%s: found '%.*s'", TIMES[i].line, (int)t.n, TIMES[i].line + t.at);
        assert_int_equal(t.us, TIMES[i].us);
        assert_int_equal(t.has_date, TIMES[i].has_date);
    }
}

/* Time and direction may stand in the line above the bytes. */
static void test_words_above(void **state)
{
    static const char TEXT[] = "12:00:01 EVSE sent 8 bytes of V2GTP\n\n"
                               "0000  80 01 02 03 04 05 06 07  ........\n";
    static const uint8_t BYTES[] = {0x80, 1, 2, 3, 4, 5, 6, 7};
    (void)state;
    struct wanted w = read_text((struct slice){(const uint8_t *)TEXT, sizeof TEXT - 1},
                                (struct slice){BYTES, sizeof BYTES});
    assert_int_equal(w.found, 1);
    assert_int_equal(w.line.number, 3);
    assert_string_equal(w.line.stamp, "12:00:01");
    assert_int_equal(w.line.words, HEXTEXT_V2G | HEXTEXT_SECC | HEXTEXT_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_string_of_python),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_dumps),
        cmocka_unit_test(test_dump_with_repeated_lines),
        cmocka_unit_test(test_dump_of_characters),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_words_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
