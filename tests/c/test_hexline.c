/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that one line spells: how it is made plain, the numbers in it, and columns of dumps, where
 * they are written otherwise than usual, cut, or nonsense. */
#include "memory.h"
#include "record/hexline.h"
#include "record/hextext.h"
#include "support.h"

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct {
    struct slice line, plain;
    const char *attributes;
} CLEAN[] = {
    {TEXT("\033[31mred\033[0m"), TEXT("red"), ""},
    {TEXT("a\033[31"), TEXT("a"), ""},
    {TEXT("\033[\x7Fmb"), TEXT("b"), ""},
    {TEXT("\033"), TEXT("\033"), ""},
    {TEXT("\033x"), TEXT("\033x"), ""},
    {TEXT("<b>x</b>"), TEXT(" x "), ""},
    {TEXT("a < b <1> <b"), TEXT("a < b <1> <b"), ""},
    {TEXT("<!-- c -->x"), TEXT(" x"), ""},
    {TEXT("80<wbr>9a<wbx>02<wb>"), TEXT("809a 02 "), ""},
    {TEXT("<a b=\"80\">c"), TEXT(" c"), "=\"80\"\n"},
    {TEXT("&nbsp;80&amp;&foo;&l"), TEXT(" 80&&foo;&l"), ""},
    {TEXT("(byte)80, (bite)"), TEXT(" 80, (bite)"), ""},
    {TEXT("\\x80\\x9A."), TEXT("80 9a ."), ""},
    {TEXT("\\200\\377\\400\\181\\118"), TEXT("80 ff \\400\\181\\118"), ""},
    {TEXT("\\x8g\\xg8\\q"), TEXT("\\x8g\\xg8\\q"), ""},
    {TEXT("\\x8"), TEXT("\\x8"), ""},
    {TEXT("a\\"), TEXT("a\\"), ""},
    {TEXT("a\0b"), TEXT("a\0b"), ""},
    {TEXT("\"a\\nb\""), TEXT("\"a\\nb\""), ""},
    {TEXT("b'\\x01\\n\\'\\\\z\\0'"), TEXT("' 01 0a 27 5c 7a 00 "), ""},
    {TEXT("ab'\\x01'"), TEXT("ab' 01 "), ""},
    {TEXT("=b\"\\x01\""), TEXT("=\" 01 "), ""},
    {TEXT("'\\x01\\\0\\a'"), TEXT("' 01 00 07 "), ""},
    {TEXT("'A\\x01'"), TEXT("' 41 01 "), ""},
    {TEXT("'sent: \\x01'"), TEXT("'sent:  01 "), ""},
    {TEXT("it's \\x01"), TEXT("it's 01 "), ""},
    {TEXT("it's 'isn"), TEXT("it's 'isn"), ""},
    {TEXT("{\"m\": \"b'\\\\x01\\\\'\\\\n\\\"\\\\\\\\'\"}"),
     TEXT("{\"m\": \"b' 01 27 0a 22 5c '\"}"), ""},
    {TEXT("\"'\\\\x01\\n'\""), TEXT("\"' 01 5c 6e '\""), ""},
    {TEXT("\"'\\\\x01\\\""), TEXT("\"'01 \\\""), ""},
    {TEXT("'m: \"\\x01\"'"), TEXT("'m: \" 01 \"'"), ""},
    {TEXT("\\11."), TEXT("\\11."), ""},
};

static void test_clean(void **state)
{
    struct hexline l = {0};
    (void)state;
    for (size_t i = 0; i < sizeof CLEAN / sizeof *CLEAN; i++) {
        char *line = malloc(CLEAN[i].line.n); /* its end is the end of the memory */
        assert_non_null(line);
        memcpy(line, CLEAN[i].line.p, CLEAN[i].line.n);
        hexline_clean(&l, (struct slice){(uint8_t *)line, CLEAN[i].line.n});
        if (l.text.n != CLEAN[i].plain.n || memcmp(l.text.p, CLEAN[i].plain.p, l.text.n) != 0 ||
            strcmp(buf_string(&l.attributes), CLEAN[i].attributes) != 0)
            fail_msg("%s\n%s|%s\nexpected %s|%s\n", (const char *)CLEAN[i].line.p,
                     buf_string(&l.text), buf_string(&l.attributes), (const char *)CLEAN[i].plain.p,
                     CLEAN[i].attributes);
        free(line);
    }
    hexline_close(&l);
}

/* "hex <0102>": its form, < where nothing but brackets is before it, > behind it. */
static const char *runs_of(const char *line, struct hexline *l, struct buf *out)
{
    static const char *const FORMS[] = {"hex", "decimal", "short",
                                        "base64"}; /* ORDER HEXLINE_FORM */
    buf_clear(out);
    hexline_clean(l, (struct slice){(const uint8_t *)line, strlen(line)});
    hexline_find(l);
    for (size_t i = 0; i < l->n; i++) {
        const struct hexrun *r = hexline_run(l, i);
        buf_printf(out, "%s%s %s", i > 0 ? ", " : "", FORMS[r->form], r->is_first ? "<" : "");
        buf_hex(out, l->bytes[r->form].p + r->at, r->n, false);
        if (r->shared > 0)
            buf_printf(out, " shares %zu", r->shared);
        buf_text(out, r->is_last ? ">" : "");
    }
    return buf_string(out);
}

static const struct {
    const char *line, *runs;
} RUNS[] = {
    {"0x80u, 0x9Au", "hex <809a>"},
    {"80h 9ah", "decimal <50, hex <809a>, short <809a>"},
    {"0x123u 1gh g1h 12u", ""},
    {"0x8 0x80 0x800", "hex <0880"},
    {"0x80 0xgu 0x8gu 0x80gu", "hex <80"},
    {"1 254 128", "short <01, decimal <01fe80>"},
    {"-1 -128 5", "decimal <ff8005>, short 05>"},
    {"-129 300 5", "decimal 05>, short 05>"},
    {"1 2 -", "decimal <0102, short <0102"},
    {"80-9a-02 / 80", "decimal <50, hex <809a02, short <809a02, hex 80>, decimal 50>, short 80>"},
    {"80 9a  \t    02", "decimal <50, hex <809a, short <809a, hex 02>, decimal 02>, short 02>"},
    {"80:9a-02",
     "decimal <50, hex <809a, short <809a, hex 9a02 shares 1>, decimal 02>, short 9a02 shares 1>"},
    {"// 80 9a 02", "hex 809a02>, decimal 02>, short 809a02>"},
    {"{ 0x80, 0x9a, /* 02 */", "hex <809a>"},
    {"0x80 / 0x9a // 02", "hex <80, hex 9a>"},
    {"0x80 x /* 9a */", "hex <80"},
    {"gAGAAAAA", "base64 <800180000000>"},
    {"gAGAAAAAAAAA", "base64 <800180000000000000>"},
    {"x gAGAAAAAAAAA y", "base64 800180000000000000"},
    {"x gaGAAAAAAAAA y", ""},
    {"x g0GAAAAAAAAA y", ""},
    {"x Af6AAAAAAAAA= y", "hex af6aaaaaaaaa, base64 01fe80000000000000"},
    {"x AAAAAAAAAAAAAAAAht1gAAAAAAAA y", "base64 00000000000000000000000086dd60000000000000"},
    {"x AAAAAAAAAAAAAAAAht1hAAAAAAAA y", ""},
    {"x AAAAAAAAAAAA", "hex aaaaaaaaaaaa>"},
    {"(AAAAAAAAAAAAAA==)", "hex <aaaaaaaaaaaaaa, base64 <00000000000000000000>"},
    {"(AAAAAAAAAAAAAA===)", "hex <aaaaaaaaaaaaaa"},
    {"<m exi=\"809a02\" b64='gAGAAAAAAAAA'/>", "hex 809a02, base64 800180000000000000"},
    {"a b", "short <0a0b>"},
    {"8099 02", "hex <809902>, decimal 02>, short 02>"},
};

static void test_runs(void **state)
{
    struct hexline l = {0};
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof RUNS / sizeof *RUNS; i++)
        if (strcmp(runs_of(RUNS[i].line, &l, &out), RUNS[i].runs) != 0)
            fail_msg("%s\n%s\nexpected %s", RUNS[i].line, buf_string(&out), RUNS[i].runs);
    buf_close(&out);
    hexline_close(&l);
}

/* Columns behind an offset: the bytes in each form that fits all of them. */
static const char *columns_of(const char *line, struct hexline *l, struct buf *out)
{
    static const char *const FORMS[] = {"hex", "decimal", "short", "base64", "swapped", "octal"};
    struct hexdump d;
    buf_clear(out);
    hexline_clean(l, (struct slice){(const uint8_t *)line, strlen(line)});
    if (!hexline_offset(l, 0, &d))
        return "no offset";
    if (d.is_bare)
        buf_text(out, "bare");
    hexline_columns(l, &d);
    for (unsigned f = 0; f < HEXLINE_FORMS; f++) {
        if (l->bytes[f].n == 0)
            continue;
        buf_printf(out, "%s%s ", out->n > 0 ? ", " : "", FORMS[f]);
        buf_hex(out, l->bytes[f].p, l->bytes[f].n, false);
    }
    return buf_string(out);
}

static const struct {
    const char *line, *columns;
} COLUMNS[] = {
    {"0000 80 9a", "hex 809a, swapped 809a"},
    {"12 12345678901234567 xyz", "no offset"},
    {"0000:", "bare"},
    {"0000: x", ""},
    {"0000-80", "no offset"},
    {"0000: 809a-02", ""},
    {"0000: 80,9a", "hex 80, decimal 50, swapped 80"},
    {"0000| 80 9a", "hex 809a, swapped 809a"},
    {"0000: -12 34", "decimal f422"},
    {"0000: - 34", ""},
    {"0000: 0x809a 0x0201", "hex 809a0201"},
    {"0000: 0x123456", "hex 123456"},
    {"0000: -123456", ""},
    {"0000: 123456 001002", "octal 2ea70202"},
    {"0000: 123456 200000", "hex 123456200000"},
    {"0000: 80 9a  |..|", "hex 809a, swapped 809a"},
    {"0000: 80 9a| ..|", "hex 809a, swapped 809a"},
    {"0000: 80, 9a, 02", "hex 809a02, swapped 809a02"},
    {"0000: 80 9a xx", "hex 809a, swapped 809a"},
    {"0000: 80 9a xx.", "hex 809a, swapped 809a"},
    {"0000: 8 9a 123", ""},
    {"0000000   a   b  \\n  \\0", "octal 61620a00"},
    {"0000000   a  \\q", ""},
    {"0000000   a   b   ", ""},
    {"0000000   a  xb", ""},
    {"0000000   a x  b", ""},
    {"0000000 400   a", ""},
    {"0000000 200   a", "octal 8061"},
    {"0000000   a 2x0", ""},
    {"0000000  8 80  9", "decimal 0850"},
    {"0000000  128 -128    7", "decimal 808007"},
    {"0000000  12345 -128", ""},
};

static void test_columns(void **state)
{
    struct hexline l = {0};
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        if (strcmp(columns_of(COLUMNS[i].line, &l, &out), COLUMNS[i].columns) != 0)
            fail_msg("%s\n%s\nexpected %s", COLUMNS[i].line, columns_of(COLUMNS[i].line, &l, &out),
                     COLUMNS[i].columns);
    buf_close(&out);
    hexline_close(&l);
}

/* ---- blocks ---- */

struct taken {
    const char *wanted; /* the bytes that something is found in, as hex; NULL: nothing is */
    struct buf given;
};

static bool take_block(void *context, const struct hextext_block *b)
{
    struct taken *t = context;
    struct buf hex = {0};
    buf_hex(&hex, b->bytes.p, b->bytes.n < 40 ? b->bytes.n : 40, false);
    buf_printf(&t->given, "%s%s%s", t->given.n > 0 ? " " : "", b->is_dump ? "d:" : "",
               buf_string(&hex));
    if (b->bytes.n > 40)
        buf_printf(&t->given, "..%zu", b->bytes.n);
    if (b->mark[0].line.stamp[0] != '\0')
        buf_printf(&t->given, "@%s", b->mark[0].line.stamp);
    bool is = t->wanted != NULL && strcmp(buf_string(&hex), t->wanted) == 0;
    buf_close(&hex);
    return is;
}

static void no_miss(void *context, const struct hextext_block *b)
{
    (void)context, (void)b;
}

#define TEN_RUNS                                                                                   \
    "8001 02 x 8001 02 x 8001 02 x 8001 02 x 8001 02 x 8001 02 x 8001 02 x 8001 02 x 8001 02 x "   \
    "8001 02 x "

static const struct {
    const char *text, *wanted, *given;
} BLOCKS[] = {
    {"12:00:01 EVSE sent\n[12:00:02] 0000  80 01 02 03 04 05 06 07\n", NULL,
     "d:8001020304050607@12:00:02 d:5001020304050607@12:00:02 d:8001020304050607@12:00:02"},
    {"12:00:01 EVSE sent\n0000  80 01 02 03 04 05 06 07\n", NULL,
     "d:8001020304050607@12:00:01 d:5001020304050607@12:00:01 d:8001020304050607@12:00:01"},
    {"10 11 12 13 x 80 9a 02 04 y\n", "809a0204", "10111213 809a0204 0a0b0c0d 10111213"},
    {"0100  80 01 02 03\n0104  04 05\n0000  06 07\n", NULL,
     "01008001020301040405 50010203 80010203 d:0607 d:0607 d:0607"},
    {"0100: 80 01 02 03\n0104: 04 05\n0000: 06 07\n", NULL,
     "d:800102030405 d:500102030405 d:800102030405 d:0607 d:0607 d:0607"},
    {"0000  80 01 02 03\n*\n00000004  04 05\n", NULL,
     "d:800102030405 d:500102030405 d:800102030405"},
    {"0000  80 01 02 03\n*\n0010  04 05\n", NULL,
     "d:800102038001020380010203800102030405 d:500102035001020350010203500102030405 "
     "d:800102038001020380010203800102030405"},
    {"0000  80 01 02 03\n*\n08000000  04 05\n", NULL,
     "d:80010203 d:50010203 d:80010203 080000000405 0405 0405"},
    {"0000  80 01 02 03\nx\n0004  04 05\n", NULL,
     "d:80010203 d:50010203 d:80010203 00040405 0405 0405"},
    {"*\n0000  80 01 02 03\n", NULL, "d:80010203 d:50010203 d:80010203"},
    {"0000000 1234 5678 0009\n0000005\n", NULL, "d:1234567800 d:3412785609"},
    {"0000000 1234 5678 0109\n0000005\n", NULL, "d:1234567801 d:3412785609"},
    {"0000000 1234 5678 0000\n0000003\n", NULL, "d:123456 d:341278"},
    {"80 01 02 03\r04 05 06 07\r", NULL, "8001020304050607 5001020304050607 8001020304050607"},
    {"[128, 1,\n2, 3]\n", NULL, "80010203 010203"},
};

static void test_blocks(void **state)
{
    static const struct hextext_events EVENTS = {take_block, no_miss};
    (void)state;
    for (size_t i = 0; i < sizeof BLOCKS / sizeof *BLOCKS; i++) {
        struct taken t = {.wanted = BLOCKS[i].wanted};
        const char *text = BLOCKS[i].text;
        assert_true(hextext_read((struct slice){(const uint8_t *)text, strlen(text)}, &EVENTS, &t) >
                    0);
        if (strcmp(buf_string(&t.given), BLOCKS[i].given) != 0)
            fail_msg("%zu\n%s\n%s\nexpected %s", i, text, buf_string(&t.given), BLOCKS[i].given);
        buf_close(&t.given);
    }
    /* of more runs than are kept apart each is found */
    struct taken t = {.wanted = "800102"};
    static const char MANY[] = TEN_RUNS TEN_RUNS TEN_RUNS TEN_RUNS;
    assert_int_equal(
        hextext_read((struct slice){(const uint8_t *)MANY, sizeof MANY - 1}, &EVENTS, &t), 1);
    unsigned n = 0;
    for (const char *at = buf_string(&t.given); (at = strstr(at, "800102")) != NULL; at++)
        n++;
    assert_int_equal(n, 40);
    buf_close(&t.given);
}

/* ---- memory ---- */

static bool refuse(void *context, const struct hextext_block *b)
{
    (void)context, (void)b;
    return false;
}

static void miss(void *context, const struct hextext_block *b)
{
    *(size_t *)context += b->bytes.n;
}

/* A memory_run: text of every form, in which nothing is found. */
static int read_all(void *context, struct err *e)
{
    static const char TEXTS[] =
        "<m exi=\"809a02\"/> \"\\x80\\x9a\" 80 9a 02 04 80 9a 02 04 80 9a:02 04:05\n"
        "[128, 154, 2,\n 4, 5, 6]\n  gAGAAAAAAAAAAAAAAAAA\ngAGAAAAAAAAAAAAAAAAA\n"
        "80 9a 02 04\n80 9a 02 04\n\n12:00:01 sent\n"
        "00000000  80 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |....|\n"
        "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |....|\n"
        "*\n00000140  12 34                                             |.4|\n00000142\n"
        "0000000 200 232 002  \\0   @ 200 301 001   A  \\n   \"   a   b 302 020 021\n0000020   ?\n";
    static const struct hextext_events EVENTS = {refuse, miss};
    size_t missed = 0;
    (void)context;
    int64_t lines =
        hextext_read((struct slice){(const uint8_t *)TEXTS, sizeof TEXTS - 1}, &EVENTS, &missed);
    memory_calm();
    assert_true(lines == -1 || (lines == 16 && missed == 332));
    return lines < 0 ? err_set(e, "out of memory") : 0;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(memory_fail_each("hex text", 0, read_all, NULL) > 10 || !COUNTS_MEMORY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),         cmocka_unit_test(test_runs),
        cmocka_unit_test(test_columns),       cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
