/* SPDX-License-Identifier: Apache-2.0 */
/* Captures with comments: what is said of a packet, and copies of blocks as files have them, also
 * of damaged ones, and where the system refuses something. */
#include "memory.h"
#include "record/comments.h"
#include "record/pcapng_block.h"
#include "support.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static char from[64], to[64];

static int name_files(void **state)
{
    (void)state;
    snprintf(from, sizeof from, "/tmp/v2glab-comments-%d.in", (int)getpid());
    snprintf(to, sizeof to, "/tmp/v2glab-comments-%d.out", (int)getpid());
    return 0;
}

static int remove_files(void **state)
{
    unlink(from);
    unlink(to);
    return support_close(state);
}

static void write_file(const struct buf *bytes)
{
    FILE *f = fopen(from, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes->p, 1, bytes->n, f), bytes->n);
    fclose(f);
}

static struct comments *open_comments(void)
{
    struct err e = ERR_INIT;
    struct comments *c = comments_open(&e);
    if (c == NULL)
        fail_msg("%s", e.what);
    return c;
}

static void say(struct comments *c, uint64_t packet, const char *text)
{
    comments_event(c, &(struct event){.kind = EVENT_LOG, .packet = packet, .text = text});
}

/* ---- blocks ---- */

static void add_packet(struct buf *b, bool is_big, uint32_t type, uint32_t captured, size_t n)
{
    size_t at = block_begin(b, is_big, type);
    for (unsigned i = 0; i < 3; i++)
        block_add32(b, is_big, 0);
    block_add32(b, is_big, captured);
    block_add32(b, is_big, captured);
    for (size_t i = 0; i < n; i++)
        buf_char(b, 'p');
    block_end(b, is_big, at);
}

static void add_short(struct buf *b, bool is_big, uint32_t type, unsigned words)
{
    size_t at = block_begin(b, is_big, type);
    while (words-- > 0)
        block_add32(b, is_big, 1);
    block_end(b, is_big, at);
}

static void add_section(struct buf *b, bool is_big, unsigned words)
{
    size_t at = block_begin(b, is_big, BLOCK_SECTION);
    block_add32(b, is_big, BLOCK_ORDER);
    while (words-- > 0)
        block_add32(b, is_big, 1);
    block_end(b, is_big, at);
}

/* Of the packet's comment: option, and their end. */
static void add_comment(struct buf *b, bool is_big, const char *text, bool has_end)
{
    block_comment(b, is_big, text, strlen(text));
    if (has_end)
        block_option(b, is_big, OPTION_END, "", 0);
}

/* What a file has, and what becomes of it with the comment "one" of its first packet, "two" and
 * "three" of its second. */
static void make_blocks(struct buf *in, struct buf *out, bool is_big)
{
    size_t at;
    for (int is_copy = 0; is_copy < 2; is_copy++) {
        struct buf *b = is_copy ? out : in;
        add_section(b, is_big, 3);
        if (is_copy)
            memset(b->p + 16, 0xFF, 8); /* its length is left open */
        add_short(b, is_big, BLOCK_INTERFACE, 2);
        add_short(b, is_big, BLOCK_PACKET, 4); /* shorter than a packet can be */
        at = b->n;
        add_packet(b, is_big, BLOCK_PACKET, 5, 8);
        if (is_copy) {
            b->n -= 4;
            add_comment(b, is_big, "one", true);
            block_end(b, is_big, at);
        }
        at = b->n;
        add_packet(b, is_big, BLOCK_OLD_PACKET, 4, 4);
        if (is_copy) {
            b->n -= 4;
            add_comment(b, is_big, "two", false);
            add_comment(b, is_big, "three", true);
            block_end(b, is_big, at);
        }
        add_packet(b, is_big, BLOCK_PACKET, 4, 4); /* nothing is said of it */
        if (!is_copy)
            add_short(b, is_big, BLOCK_SECRETS, 3); /* not kept */
        add_short(b, is_big, 0x0BAD, 3);            /* kept, whatever it is */
        add_section(b, is_big, 0);                  /* shorter than one can be */
    }
}

static void copy_blocks(bool is_big)
{
    struct buf in = {0}, out = {0};
    struct comments *c = open_comments();
    struct comments_totals t;
    struct err e = ERR_INIT;
    char *made;
    size_t n = 0;
    make_blocks(&in, &out, is_big);
    write_file(&in);
    say(c, 2, "two");
    say(c, 2, "three");
    say(c, 1, "one");
    say(c, 0, "of no packet");
    say(c, 9, "of a packet that is not there");
    say(c, 3, "");
    if (comments_write(c, from, to, NULL, &t, &e) != 0)
        fail_msg("%s", e.what);
    made = support_read_file(to, &n);
    assert_int_equal(n, out.n);
    assert_memory_equal(made, out.p, n);
    assert_int_equal(t.packets, 3);
    assert_int_equal(t.commented, 2);
    assert_int_equal(t.homeless, 0);
    free(made);
    comments_close(c);
    buf_close(&in);
    buf_close(&out);
}

static void test_blocks(void **state)
{
    (void)state;
    copy_blocks(false);
    copy_blocks(true);
}

/* ---- captures that are damaged ---- */

/* The first of two packets has its comment in the copy, which ends behind it, or holds the second
 * one as it was. */
static void test_damaged(void **state)
{
    static const struct {
        const char *name;
        size_t at;     /* in the second block */
        uint32_t word; /* that stands there */
        size_t left;   /* octets of it that there are */
        bool is_whole;
    } CASES[] = {
        {"fewer octets than a block has", 0, BLOCK_PACKET, 11, false},
        {"a block of 8 octets", 4, 8, 36, false},
        {"a block of 38 octets", 4, 38, 40, false},
        {"a block that is cut", 4, 36, 35, false},
        {"more captured than there is", 20, 9, 40, true},
        {"far more captured than there is", 20, UINT32_MAX, 40, true},
        {"as much as there is", 20, 8, 40, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buf in = {0};
        struct comments *c = open_comments();
        struct comments_totals t;
        struct err e = ERR_INIT;
        size_t n = 0;
        add_section(&in, false, 3);
        add_packet(&in, false, BLOCK_PACKET, 4, 4);
        size_t second = in.n;
        add_packet(&in, false, BLOCK_PACKET, 4, 8);
        for (unsigned k = 0; k < 4; k++)
            in.p[second + CASES[i].at + k] = (uint8_t)(CASES[i].word >> 8 * k);
        in.n = second + CASES[i].left;
        write_file(&in);
        say(c, 1, "one");
        int bad = comments_write(c, from, to, NULL, &t, &e);
        char *made = support_read_file(to, &n);
        size_t grown = 12; /* the comment, and the end of the options */
        if (bad != (CASES[i].is_whole ? 0 : -1) ||
            n != grown + (CASES[i].is_whole ? in.n : second) ||
            (bad != 0 && strcmp(e.what, "the capture is cut or damaged behind packet 1; the copy "
                                        "ends there") != 0) ||
            memcmp(made + second + grown, in.p + second, n - grown - second) != 0)
            fail_msg("%s: %d, %zu octets: %s", CASES[i].name, bad, n, e.what);
        free(made);
        comments_close(c);
        buf_close(&in);
    }
}

/* Blocks without a packet's octets have no number, as whoever reads them counts none. */
static void test_simple_blocks(void **state)
{
    struct buf in = {0};
    struct comments *c = open_comments();
    struct comments_totals t;
    struct err e = ERR_INIT;
    (void)state;
    add_section(&in, false, 3);
    add_short(&in, false, BLOCK_SIMPLE_PACKET, 0);
    add_short(&in, false, BLOCK_SIMPLE_PACKET, 2);
    add_packet(&in, false, BLOCK_PACKET, 4, 4);
    write_file(&in);
    say(c, 1, "one");
    say(c, 2, "two");
    if (comments_write(c, from, to, NULL, &t, &e) != 0)
        fail_msg("%s", e.what);
    assert_int_equal(t.packets, 2);
    assert_int_equal(t.commented, 1);
    assert_int_equal(t.homeless, 1);
    comments_close(c);
    buf_close(&in);
}

static void add_pcap(struct buf *b, bool is_big, unsigned packets, size_t n)
{
    block_add32(b, is_big, 0xA1B2C3D4);
    for (unsigned i = 0; i < 5; i++)
        block_add32(b, is_big, 1);
    while (packets-- > 0) {
        block_add32(b, is_big, 10);
        block_add32(b, is_big, 20);
        block_add32(b, is_big, (uint32_t)n);
        block_add32(b, is_big, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
            buf_char(b, 'p');
    }
}

static void test_pcap_that_is_cut(void **state)
{
    static const struct {
        size_t left;
        const char *what; /* NULL: it is whole */
        uint64_t packets;
    } CASES[] = {
        {64, NULL, 2},
        {63, "damaged behind packet 1;", 1},
        {59, "damaged behind packet 1;", 1},
        {45, "damaged behind packet 1;", 1},
        {44, NULL, 1},
        {25, "damaged behind packet 0;", 0},
        {24, NULL, 0},
        {23, "damaged behind packet 0;", 0},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof CASES / sizeof *CASES; i++) {
        struct buf in = {0};
        struct comments *c = open_comments();
        struct comments_totals t;
        struct err e = ERR_INIT;
        add_pcap(&in, i % 2 == 0, 2, 4);
        in.n = CASES[i / 2].left;
        write_file(&in);
        say(c, 1, "one");
        int bad = comments_write(c, from, to, &(struct slice){NULL, 0}, &t, &e);
        const char *what = CASES[i / 2].what;
        if (what == NULL ? bad != 0 : bad == 0 || strstr(e.what, what) == NULL)
            fail_msg("%zu octets: %s", CASES[i / 2].left, e.what);
        assert_int_equal(t.packets, CASES[i / 2].packets);
        assert_int_equal(t.commented, t.packets > 0);
        comments_close(c);
        buf_close(&in);
    }
}

/* ---- what the system refuses ---- */

/* More than waits in memory, to a disk that is full. */
static void test_no_room_for_the_copy(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct buf in = {0};
        struct comments *c = open_comments();
        struct comments_totals t;
        struct err e = ERR_INIT;
        if (i == 0) {
            add_section(&in, false, 3);
            for (unsigned k = 0; k < 40; k++)
                add_packet(&in, false, BLOCK_PACKET, 60000, 60000);
        } else {
            add_pcap(&in, false, 40, 60000);
        }
        write_file(&in);
        assert_int_equal(comments_write(c, from, to, NULL, &t, &e), 0);
        assert_int_equal(t.packets, 40);
        assert_int_equal(comments_write(c, from, "/dev/full", NULL, &t, &e), -1);
        assert_string_equal(e.what, "/dev/full: No space left on device");
        comments_close(c);
        buf_close(&in);
    }
}

static void test_no_room_for_texts(void **state)
{
    struct rlimit before, none;
    struct comments_totals t;
    struct err e = ERR_INIT;
    struct buf in = {0};
    static char text[9000];
    (void)state;
    add_section(&in, false, 3);
    write_file(&in);
    memset(text, 'a', sizeof text - 1);
    struct comments *c = open_comments();
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){100, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    say(c, 1, text);
    say(c, 2, text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(comments_write(c, from, to, NULL, &t, &e), -1);
    assert_string_equal(e.what, "no room for the comments, in memory or as a temporary file");
    comments_close(c);
    buf_close(&in);
    e = ERR_INIT;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){3, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    c = comments_open(&e);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_null(c);
    assert_string_equal(e.what, "no temporary file for the comments: Too many open files");
}

/* A memory_run. */
static int copy_all(void *context, struct err *e)
{
    struct comments_totals t;
    struct comments *c = comments_open(e);
    (void)context;
    if (c == NULL)
        return -1;
    for (unsigned i = 0; i < 9; i++)
        say(c, 1 + i / 3, "a comment");
    int bad =
        comments_write(c, from, to, &(struct slice){(const uint8_t *)"CLIENT 1 2\n", 11}, &t, e);
    memory_calm();
    assert_true(bad != 0 || t.commented == 3);
    comments_close(c);
    return bad;
}

static void test_out_of_memory(void **state)
{
    struct buf in = {0}, out = {0};
    (void)state;
    make_blocks(&in, &out, true);
    in.n -= 16; /* the section that is too short */
    write_file(&in);
    assert_true(memory_fail_each("comments", 0, copy_all, NULL) > 4 || !COUNTS_MEMORY);
    buf_close(&in);
    buf_close(&out);
}

/* ---- what is said ---- */

static void test_what_is_said(void **state)
{
    const struct schema *s = support_schema("iso15118-2");
    struct err problem = ERR_INIT;
    err_set(&problem, "no such message");
    const struct {
        struct event e;
        const char *text;
    } CASES[] = {
        {{.kind = EVENT_FRAME, .name = "", .text = ""}, "V2G"},
        {{.kind = EVENT_FRAME, .name = "", .from_role = FROM_SECC, .problem = &problem},
         "SECC -> EVCC  V2G: not decoded: no such message"},
        {{.kind = EVENT_BYTES, .name = "", .from_role = FROM_EVCC, .problem = &problem},
         "EVCC -> SECC  V2G: not decoded: no such message"},
        {{.kind = EVENT_FRAME, .name = "A", .schema = s}, "A (iso15118-2)"},
        {{.kind = EVENT_FRAME, .name = "A", .schema = s, .is_inside = true},
         "A (iso15118-2, within TLS)"},
        {{.kind = EVENT_VIOLATION, .text = "4 is outside 1..3"}, "violation: 4 is outside 1..3"},
        {{.kind = EVENT_TIMER,
          .name = "A",
          .text = "timeout",
          .taken_us = 2100000,
          .limit_us = 2000000},
         "late: A after 2100 ms; timeout is 2000 ms"},
        {{.kind = EVENT_TIMER, .name = "A", .text = "timeout", .ok = true}, NULL},
        {{.kind = EVENT_LOSS, .text = "7 bytes are missing"}, "7 bytes are missing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buf in = {0}, out = {0};
        struct comments *c = open_comments();
        struct comments_totals t;
        struct err e = ERR_INIT;
        struct event said = CASES[i].e;
        size_t n = 0, at;
        for (int is_copy = 0; is_copy < 2; is_copy++) {
            struct buf *b = is_copy ? &out : &in;
            at = b->n;
            add_packet(b, false, BLOCK_PACKET, 4, 4);
            if (is_copy && CASES[i].text != NULL) {
                b->n -= 4;
                add_comment(b, false, CASES[i].text, true);
                block_end(b, false, at);
            }
        }
        write_file(&in);
        said.packet = 1;
        comments_event(c, &said);
        assert_int_equal(comments_write(c, from, to, NULL, &t, &e), 0);
        char *made = support_read_file(to, &n);
        if (n != out.n || memcmp(made, out.p, n) != 0)
            fail_msg("%zu: %.*s", i, (int)n - 44, made + 40);
        free(made);
        comments_close(c);
        buf_close(&in);
        buf_close(&out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_simple_blocks),
        cmocka_unit_test(test_pcap_that_is_cut),
        cmocka_unit_test(test_no_room_for_the_copy),
        cmocka_unit_test(test_no_room_for_texts),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_what_is_said),
    };
    return cmocka_run_group_tests(tests, name_files, remove_files);
}
