/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of captures, layer by layer: each link layer with what it may have before IP, each of
 * them cut at every octet, lengths that lie, and fragments that do not fit together.
 */
#include "memory.h"
#include "wire/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

/* "okok" by UDP from port 40000 to 15118; and "ok" by TCP. */
#define UDP "9C40 3B0E 000C 0000 6F6B6F6B"
#define TCP "9C40 3B0E 00000001 00000002 5018 1000 00000000 6F6B"
#define ENDS_4 "0A000001 0A000002"
#define ENDS_6 "FE800000000000000000000000000001 FE800000000000000000000000000002"
#define IP4 "4500 0020 0000 0000 4011 0000" ENDS_4 UDP
#define IP6 "60000000 000C 11 40" ENDS_6 UDP
#define ETHER "020202020202 040404040404"
#define SNAP "AAAA03000000 0800"
#define WIFI "0000 020202020202 040404040404 060606060606 0000" /* behind the frame control */

#define NONE                                                                                       \
    {                                                                                              \
        0, 0, 0, 0, 0, 0                                                                           \
    }
#define FOUR                                                                                       \
    {                                                                                              \
        4, 4, 4, 4, 4, 4                                                                           \
    }
#define SIX                                                                                        \
    {                                                                                              \
        6, 6, 6, 6, 6, 6                                                                           \
    }

static const struct row {
    uint32_t link;
    const char *hex;
    enum packet_kind kind;
    const char *text; /* payload of TCP and UDP */
    uint8_t from[6];  /* MAC address */
} ROWS[] = {
    {1, ETHER "0800" IP4, PACKET_UDP, "okok", FOUR},
    {1, ETHER "86DD" IP6, PACKET_UDP, "okok", FOUR},
    {1, ETHER "8100 0002 0800" IP4, PACKET_UDP, "okok", FOUR},
    {1, ETHER "88A8 0002 9100 0003 86DD" IP6, PACKET_UDP, "okok", FOUR},
    {1, ETHER "0028" SNAP IP4, PACKET_UDP, "okok", FOUR},
    {1, ETHER "0028 424203000000 0800" IP4, PACKET_OTHER, NULL, FOUR},
    {1, ETHER "0028 AAAA03000000 0028" IP4, PACKET_OTHER, NULL, FOUR},
    {1, ETHER "88E1 01", PACKET_HOMEPLUG, NULL, FOUR},
    {1, ETHER "0806 01", PACKET_OTHER, NULL, FOUR},
    {1, ETHER "0800 4500", PACKET_OTHER, NULL, FOUR},
    {1, ETHER "0800" IP6, PACKET_OTHER, NULL, FOUR}, /* another version than the type says */
    {1, ETHER "86DD" IP4, PACKET_OTHER, NULL, FOUR},
    {113, "0000 0001 0006 0404040404040000 0800" IP4, PACKET_UDP, "okok", FOUR},
    {113, "0000 0304 0000 0404040404040000 0800" IP4, PACKET_UDP, "okok", NONE},
    {276, "0800 0000 00000001 0001 00 06 0404040404040000" IP4, PACKET_UDP, "okok", FOUR},
    {276, "0800 0000 00000001 0304 00 00 0404040404040000" IP4, PACKET_UDP, "okok", NONE},
    {101, IP4, PACKET_UDP, "okok", NONE},
    {12, IP6, PACKET_UDP, "okok", NONE},
    {14, IP4, PACKET_UDP, "okok", NONE},
    {228, IP4, PACKET_UDP, "okok", NONE},
    {229, IP6, PACKET_UDP, "okok", NONE},
    {101, "5500", PACKET_OTHER, NULL, NONE},
    {0, "02000000" IP4, PACKET_UDP, "okok", NONE},
    {108, "00000018" IP6, PACKET_UDP, "okok", NONE},
    {999, IP4, PACKET_OTHER, NULL, NONE},
    {9, IP4, PACKET_OTHER, NULL, NONE}, /* only the name is known */
    /* IPv4: no length, a longer header, one that is too short, another protocol */
    {101, "4500 0000 0000 0000 4011 0000" ENDS_4 UDP, PACKET_UDP, "okok", NONE},
    {101, "4600 0024 0000 0000 4011 0000" ENDS_4 "01010101" UDP, PACKET_UDP, "okok", NONE},
    {101, "4400 0020 0000 0000 4011 0000" ENDS_4 UDP, PACKET_OTHER, NULL, NONE},
    {101, "4500 0010 0000 0000 4011 0000" ENDS_4 UDP, PACKET_OTHER, NULL, NONE},
    {101, "4500 0020 0000 0000 4001 0000" ENDS_4 UDP, PACKET_OTHER, NULL, NONE},
    /* UDP: a length that is too short, and one that is too long */
    {101, "4500 0020 0000 0000 4011 0000" ENDS_4 "9C40 3B0E 0007 0000 6F6B6F6B", PACKET_UDP, "okok",
     NONE},
    {101, "4500 0020 0000 0000 4011 0000" ENDS_4 "9C40 3B0E 000A 0000 6F6B6F6B", PACKET_UDP, "ok",
     NONE},
    {101, "4500 0020 0000 0000 4011 0000" ENDS_4 "9C40 3B0E FFFF 0000 6F6B6F6B", PACKET_UDP, "okok",
     NONE},
    {101, "4500 001A 0000 0000 4011 0000" ENDS_4 "9C40 3B0E 0006", PACKET_OTHER, NULL, NONE},
    /* TCP, and headers of it that cannot be */
    {101, "4500 002A 0000 0000 4006 0000" ENDS_4 TCP, PACKET_TCP, "ok", NONE},
    {101, "4500 002A 0000 0000 4006 0000" ENDS_4 "9C40 3B0E 00000001 00000002 4018 1000 00000000",
     PACKET_OTHER, NULL, NONE},
    {101, "4500 0028 0000 0000 4006 0000" ENDS_4 "9C40 3B0E 00000001 00000002 F018 1000 00000000",
     PACKET_OTHER, NULL, NONE},
    {101, "4500 0040 0000 0000 4006 0000" ENDS_4 "9C40 3B0E 00000001 00000002 8018 1000 00000000",
     PACKET_TCP, "", NONE}, /* the capture ends within the options */
    /* IPv6: extension headers, a length of none, and what is no transport */
    {101,
     "60000000 002C 00 40" ENDS_6 "2B00000000000000 3300000000000000 3C00000000000000 "
     "1100000000000000" UDP,
     PACKET_UDP, "okok", NONE},
    {101, "60000000 0000 11 40" ENDS_6 UDP, PACKET_UDP, "okok", NONE},
    {101, "60000000 0014 2C 40" ENDS_6 "1100000012345678" UDP, PACKET_UDP, "okok", NONE},
    {101, "60000000 0010 2C 40" ENDS_6 "1100000112345678 9C403B0E000C0000", PACKET_FRAGMENT, NULL,
     NONE},
    {101, "60000000 000C 3B 40" ENDS_6 UDP, PACKET_OTHER, NULL, NONE},
    {101, "60000000 0004 00 40" ENDS_6 "11000000", PACKET_OTHER, NULL, NONE},
    {101, "60000000 0008 00 40" ENDS_6 "11FF000000000000", PACKET_OTHER, NULL, NONE},
    /* IEEE 802.11: to a station, from one, between two of its own, by four addresses */
    {105, "0801" WIFI SNAP IP4, PACKET_UDP, "okok", FOUR},
    {105, "0802" WIFI SNAP IP4, PACKET_UDP, "okok", SIX},
    {105, "0800" WIFI SNAP IP4, PACKET_UDP, "okok", FOUR},
    {105, "0803" WIFI "080808080808" SNAP IP4, PACKET_UDP, "okok", {8, 8, 8, 8, 8, 8}},
    {105, "8801" WIFI "0000" SNAP IP4, PACKET_UDP, "okok", FOUR},
    {105, "8881" WIFI "0000 00000000" SNAP IP4, PACKET_UDP, "okok", FOUR},
    {105, "0881" WIFI SNAP IP4, PACKET_UDP, "okok", FOUR},
    {105, "0841" WIFI SNAP IP4, PACKET_ENCRYPTED, NULL, FOUR},
    {105, "8001" WIFI SNAP IP4, PACKET_OTHER, NULL, NONE}, /* management */
    {105, "4801" WIFI SNAP IP4, PACKET_OTHER, NULL, NONE}, /* no data */
    {105, "0901" WIFI SNAP IP4, PACKET_OTHER, NULL, NONE}, /* another version */
    {105, "0805" WIFI SNAP IP4, PACKET_FRAGMENT, NULL, FOUR},
    {105, "8805" WIFI "0300" SNAP IP4, PACKET_FRAGMENT, NULL, FOUR},
    {105, "8801" WIFI "8000" ETHER "0028" SNAP IP4, PACKET_UDP, "okok", FOUR},
    {105, "8801" WIFI "8000" ETHER "0100" SNAP IP4, PACKET_VOID, NULL, FOUR},
    {105,
     "8801" WIFI "8000"
     "0202",
     PACKET_OTHER, NULL, FOUR},
    /* radiotap: no flags, flags, a time before them, more words of what there is, fillings */
    {127,
     "0000 0800 00000000"
     "0801" WIFI SNAP IP4,
     PACKET_UDP, "okok", FOUR},
    {127,
     "0000 0900 02000000 10"
     "0801" WIFI SNAP IP4 "DEADBEEF",
     PACKET_UDP, "okok", FOUR},
    {127,
     "0000 1100 03000000 0000000000000000 10"
     "0801" WIFI SNAP IP4 "DEADBEEF",
     PACKET_UDP, "okok", FOUR},
    {127,
     "0000 0D00 02000080 00000000 20"
     "8801" WIFI "0000 0000" SNAP IP4,
     PACKET_UDP, "okok", FOUR},
    {127,
     "0000 0800 02000000"
     "0801" WIFI SNAP IP4,
     PACKET_UDP, "okok", FOUR},
    {127,
     "0000 0700 00000000"
     "0801" WIFI SNAP IP4,
     PACKET_OTHER, NULL, NONE},
    {127,
     "0000 FF00 00000000"
     "0801" WIFI SNAP IP4,
     PACKET_OTHER, NULL, NONE},
    {127,
     "0000 0900 02000000 10"
     "0801" WIFI "00",
     PACKET_OTHER, NULL, FOUR}, /* no room for a sum */
    /* PPI */
    {192,
     "0000 0800 69000000"
     "0801" WIFI SNAP IP4,
     PACKET_UDP, "okok", FOUR},
    {192, "0000 0C00 01000000 00000000" ETHER "0800" IP4, PACKET_UDP, "okok", FOUR},
    {192, "0000 0700 01000000" ETHER "0800" IP4, PACKET_OTHER, NULL, NONE},
    {192, "0000 FF00 01000000" ETHER "0800" IP4, PACKET_OTHER, NULL, NONE},
    {192, "0000 0800 E7030000" IP4, PACKET_OTHER, NULL, NONE}, /* 999 */
    {192, "0000 0800 09000000" IP4, PACKET_OTHER, NULL, NONE},
    {192, "0000 0800 C0000000 0000 0800 01000000" ETHER "0800" IP4, PACKET_OTHER, NULL, NONE},
};

/* The octets of a text, in memory that ends where they do. */
static uint8_t *octets(const char *hex, size_t *n)
{
    uint8_t *p = malloc(strlen(hex) / 2 + 1);
    unsigned half = 0, value = 0;
    *n = 0;
    assert_non_null(p);
    for (const char *c = hex; *c != '\0'; c++) {
        if (*c == ' ')
            continue;
        value = value << 4 | (unsigned)(*c <= '9' ? *c - '0' : *c - 'A' + 10);
        if (half++ % 2 == 1)
            p[(*n)++] = (uint8_t)value;
    }
    return realloc(p, *n == 0 ? 1 : *n);
}

static enum packet_kind read_octets(struct packet *p, uint32_t link, const uint8_t *octet, size_t n,
                                    size_t length, struct packet_parts *parts)
{
    *p = (struct packet){.us = 1, .frame = 1, .p = octet, .n = n, .length = length};
    return packet_read(p, link, parts);
}

static void each_way_a_packet_may_come(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *r = &ROWS[i];
        struct packet p;
        struct packet_parts parts = {.more_length = 0};
        size_t n;
        uint8_t *octet = octets(r->hex, &n);
        enum packet_kind kind = read_octets(&p, r->link, octet, n, n, &parts);
        if (kind != r->kind)
            fail_msg("%zu (%s): kind %d; expected %d", i, r->hex, kind, r->kind);
        assert_memory_equal(p.from.mac, r->from, 6);
        if (r->text != NULL) {
            assert_int_equal(p.from.port, 40000);
            assert_int_equal(p.to.port, 15118);
            assert_int_equal(p.from.ip[15], 1);
            assert_int_equal(p.to.ip[15], 2);
            assert_int_equal(p.n, strlen(r->text));
            assert_memory_equal(p.p, r->text, p.n);
        }
        struct packet lost;
        assert_int_equal(packet_lost(&parts, INT64_MAX, &lost) > 0, kind == PACKET_FRAGMENT);
        packet_parts_close(&parts);
        free(octet);
    }
}

/* The capture has less of it than went over the wire: nothing behind the end is read. */
static void each_of_them_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *r = &ROWS[i];
        size_t n;
        uint8_t *octet = octets(r->hex, &n);
        for (size_t cut = 0; cut < n; cut++)
            for (int is_known = 0; is_known < 2; is_known++) {
                struct packet p;
                struct packet_parts parts = {.more_length = 0};
                uint8_t *less = malloc(cut + 1);
                memcpy(less + 1, octet,
                       cut); /* what is read before or behind it, a sanitizer sees */
                enum packet_kind kind =
                    read_octets(&p, r->link, less + 1, cut, is_known ? n : cut, &parts);
                if (kind == PACKET_TCP || kind == PACKET_UDP) {
                    assert_true(p.p >= less + 1 && p.p + p.n <= less + 1 + cut);
                    assert_true(p.n <= p.length);
                }
                packet_parts_close(&parts);
                free(less);
            }
        free(octet);
    }
}

static void names_of_links(void **state)
{
    static const struct {
        uint32_t link;
        const char *name;
        bool is_read;
    } LINKS[] = {{1, "Ethernet", true},     {189, "USB", false},
                 {999, "unknown", false},   {127, "IEEE 802.11 with radiotap", true},
                 {0, "BSD loopback", true}, {9, "PPP", false}};
    (void)state;
    for (size_t i = 0; i < COUNT(LINKS); i++) {
        bool is_read;
        assert_string_equal(packet_link(LINKS[i].link, &is_read), LINKS[i].name);
        assert_int_equal(is_read, LINKS[i].is_read);
    }
}

/* Two frames in one, and a third that is longer than what is left. */
static void frames_of_an_aggregate(void **state)
{
    struct packet p;
    struct packet_parts parts = {.more_length = 0};
    enum packet_kind kind;
    size_t n;
    (void)state;
    uint8_t *octet = octets("8801" WIFI "8000" ETHER "0028" SNAP IP4 "0000" ETHER "0028" SNAP IP4
                            "0000" ETHER "0100" SNAP,
                            &n);
    assert_int_equal(read_octets(&p, 105, octet, n, n, &parts), PACKET_UDP);
    assert_true(packet_next(&p, &parts, &kind));
    assert_int_equal(kind, PACKET_UDP);
    assert_int_equal(p.n, 4);
    assert_true(packet_next(&p, &parts, &kind));
    assert_int_equal(kind, PACKET_VOID);
    assert_string_equal(
        p.why, "a frame is longer than the aggregate of IEEE 802.11 (A-MSDU) that it lies in");
    assert_false(packet_next(&p, &parts, &kind));
    packet_parts_close(&parts);
    free(octet);
}

/* ---- fragments ---- */

static const char ZEROS[FRAGMENTS_MOST + 1];

/* One after the other, of one set: what is said of each. */
static const struct fragment_row {
    uint8_t from, to;
    uint32_t id;
    size_t at;
    bool more;
    const char *bytes; /* NULL: so many zeros */
    size_t n;          /* 0: as many as the text has */
    int said;
    const char *why;
} FRAGMENTS[] = {
    {1, 2, 1, 0, true, "12345678", 0, 0, NULL},
    {1, 2, 1, 8, false, "90", 0, 1, NULL},      /* whole */
    {1, 2, 1, 8, false, "90", 0, 0, NULL},      /* a copy of it, from another interface */
    {1, 2, 2, 8, false, "90", 0, 0, NULL},      /* the last one first */
    {1, 3, 2, 0, true, "abcdefgh", 0, 0, NULL}, /* to another end, from another one */
    {3, 2, 2, 0, true, "abcdefgh", 0, 0, NULL},
    {1, 2, 2, 0, true, "12345678", 0, 1, NULL},
    {1, 2, 3, 0, true, "12345678", 0, 0, NULL},
    {1, 2, 3, 0, true, "12345678", 0, 0, NULL}, /* again */
    {1, 2, 3, 0, true, "1234567X", 0, -1, "its fragments overlap"},
    {1, 2, 3, 8, false, "90", 0, 0, NULL}, /* void from there on */
    {1, 2, 4, 0, true, "1234567890", 0, -1,
     "a fragment that is not the last one has no multiple of 8 bytes"},
    {1, 2, 5, 8, false, "90", 0, 0, NULL},
    {1, 2, 5, 8, false, "901", 0, -1, "fragments disagree on where the datagram ends"},
    {1, 2, 6, 8, false, "90", 0, 0, NULL},
    {1, 2, 6, 16, true, "abcdefgh", 0, -1, "fragments disagree on where the datagram ends"},
    {1, 2, 7, 16, true, "abcdefgh", 0, 0, NULL},
    {1, 2, 7, 8, false, "90", 0, -1, "fragments disagree on where the datagram ends"},
    {1, 2, 8, 8, false, "90", 0, 0, NULL},
    {1, 2, 8, 8, false, "9", 0, -1, "fragments disagree on where the datagram ends"},
    {1, 2, 9, 65528, false, "12345678", 0, -1, "a fragment lies behind the longest datagram"},
    {1, 2, 10, 65528, false, "1234567", 0, 0, NULL},
    {1, 2, 11, 0, true, "", 0, 0, NULL}, /* nothing */
    {1, 2, 12, 0, true, "12345678abcdefgh", 0, 0, NULL},
    {1, 2, 12, 0, true, "12345678", 0, 0, NULL}, /* a part of it again */
    {1, 2, 12, 8, true, "abcdefghijklmnop", 0, -1, "its fragments overlap"},
    {1, 2, 13, 16, true, "12345678", 0, 0, NULL},
    {1, 2, 13, 0, true, NULL, 24, -1, "its fragments overlap"},
};

static struct fragment fragment_of(const struct fragment_row *r, int64_t us)
{
    struct fragment f = {.us = us, .id = r->id, .protocol = 17, .at = r->at, .more = r->more};
    memset(f.from, r->from, sizeof f.from);
    memset(f.to, r->to, sizeof f.to);
    f.bytes.p = (const uint8_t *)(r->bytes != NULL ? r->bytes : ZEROS);
    f.bytes.n = r->n != 0 ? r->n : strlen(r->bytes);
    return f;
}

static void fragments_fit_or_are_void(void **state)
{
    struct fragments all = {.is_numbered = false};
    (void)state;
    for (size_t i = 0; i < COUNT(FRAGMENTS); i++) {
        struct fragment f = fragment_of(&FRAGMENTS[i], (int64_t)i);
        struct slice whole = {NULL, 0};
        uint8_t protocol = 0;
        const char *why = NULL;
        int said = fragments_add(&all, &f, &whole, &protocol, &why);
        if (said != FRAGMENTS[i].said)
            fail_msg("%zu: %d; expected %d (%s)", i, said, FRAGMENTS[i].said, why);
        if (said == 1) {
            assert_int_equal(whole.n, 10);
            assert_memory_equal(whole.p, "1234567890", 10);
            assert_int_equal(protocol, 17);
        }
        if (said < 0)
            assert_string_equal(why, FRAGMENTS[i].why);
    }
    fragments_close(&all);
}

/* Of those that are numbered (IEEE 802.11) each has a place of its own. */
static void numbered_fragments(void **state)
{
    static const struct fragment_row ROW[] = {
        {1, 2, 1, 1, false, "90", 0, 0, NULL},
        {1, 2, 1, 0, true, "12345678", 0, 1, NULL},
        {1, 2, 2, 0, true, NULL, 4097, -1, "a fragment lies behind the longest datagram"},
        {1, 2, 3, 15, false, "5", 0, 0, NULL},
        {1, 2, 3, 15, false, "5", 0, 0, NULL},
        {1, 2, 4, 2, true, "cc", 0, 0, NULL},
        {1, 2, 4, 1, false, "bb", 0, -1, "fragments disagree on where the datagram ends"},
    };
    struct fragments all = {.is_numbered = true};
    struct fragment_loss lost;
    (void)state;
    assert_false(fragments_lost(&all, INT64_MAX, &lost));
    for (size_t i = 0; i < COUNT(ROW); i++) {
        struct fragment f = fragment_of(&ROW[i], 5);
        struct slice whole = {NULL, 0};
        uint8_t protocol;
        const char *why = NULL;
        int said = fragments_add(&all, &f, &whole, &protocol, &why);
        if (said != ROW[i].said)
            fail_msg("%zu: %d; expected %d (%s)", i, said, ROW[i].said, why);
        if (said == 1)
            assert_memory_equal(whole.p, "1234567890", 10);
        if (said < 0)
            assert_string_equal(why, ROW[i].why);
    }
    /* a second later the numbers come again: what is void has been told already */
    assert_false(fragments_lost(&all, 1000005, &lost));
    assert_true(fragments_lost(&all, 1000006, &lost));
    assert_int_equal(lost.bytes, 1);
    assert_int_equal(lost.us, 5);
    assert_false(fragments_lost(&all, INT64_MAX, &lost));
    fragments_close(&all);
}

/* More datagrams than have a place: what is void goes first, then the oldest one, which is told. */
static void more_datagrams_than_there_are_places(void **state)
{
    struct fragments all = {.is_numbered = false};
    struct fragment_loss lost;
    struct slice whole;
    uint8_t protocol;
    const char *why;
    (void)state;
    for (uint32_t id = 0; id < FRAGMENTS_WAITING + 2; id++) {
        struct fragment_row r = {1, 2, id, 0, true, id == 5 ? "123" : "12345678", 0, 0, NULL};
        /* they do not come in the order of their times */
        struct fragment f = fragment_of(&r, id == 0 ? 1000 : 100 + id);
        fragments_add(&all, &f, &whole, &protocol, &why);
        bool is_lost = fragments_lost(&all, 0, &lost);
        assert_int_equal(is_lost, id == FRAGMENTS_WAITING + 1);
    }
    assert_int_equal(lost.us, 101);
    assert_int_equal(lost.bytes, 8);
    fragments_close(&all);
}

/* A memory_run. */
static int put_together(void *context, struct err *e)
{
    struct fragments all = {.is_numbered = false};
    int said = 0;
    (void)context;
    for (unsigned i = 0; i < 2; i++) {
        struct fragment f = fragment_of(&FRAGMENTS[i], 1);
        struct slice whole;
        uint8_t protocol;
        const char *why = "it is not whole";
        said = fragments_add(&all, &f, &whole, &protocol, &why);
        if (said < 0)
            err_set(e, "%s", why);
    }
    memory_calm();
    fragments_close(&all);
    if (said != 1 && !e->set)
        err_set(e, "it is not whole");
    return e->set ? -1 : 0;
}

static void fragments_without_memory(void **state)
{
    (void)state;
    assert_true(memory_fail_each("fragments", 0, put_together, NULL) > 1 || !COUNTS_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_a_packet_may_come),
        cmocka_unit_test(each_of_them_is_cut),
        cmocka_unit_test(names_of_links),
        cmocka_unit_test(frames_of_an_aggregate),
        cmocka_unit_test(fragments_fit_or_are_void),
        cmocka_unit_test(numbered_fragments),
        cmocka_unit_test(more_datagrams_than_there_are_places),
        cmocka_unit_test(fragments_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
