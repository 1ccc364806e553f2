/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that a text spells: what is one, where all lengths agree; and the streams of them. */
#include "record/textpacket.h"
#include "support.h"

#define IP_HEADER 40
#define TCP_HEADER 20
#define FRAME "\x01\xFE\x80\x01\0\0\0\x02\xAB\xCD" /* V2GTP */

enum { TCP = 6, UDP = 17, ICMP = 58 };

static void add(struct buf *b, uint64_t v, unsigned octets)
{
    while (octets-- > 0)
        buf_char(b, (char)(v >> 8 * octets));
}

/* IPv6 from port `from` to 15118, with 4 octets behind it that belong to no packet. */
static void add_ip(struct buf *b, unsigned protocol, uint16_t from, struct slice inner)
{
    add(b, 0x60000000, 4);
    add(b, (unsigned)inner.n + (protocol == TCP ? TCP_HEADER : 8), 2);
    add(b, protocol, 1);
    add(b, 64, 1);
    for (unsigned i = 0; i < 32; i++)
        add(b, i + (from & 255), 1);
    add(b, from, 2);
    add(b, 15118, 2);
}

static void add_tcp(struct buf *b, uint16_t from, uint32_t seq, unsigned flags,
                    struct slice payload)
{
    add_ip(b, TCP, from, payload);
    add(b, seq, 4);
    add(b, 0, 4);
    add(b, 0x5000 | flags, 2);
    add(b, 0, 6);
    buf_add(b, payload.p, payload.n);
    add(b, 0xEEEEEEEE, 4);
}

static void add_udp(struct buf *b, uint16_t from, struct slice payload)
{
    add_ip(b, UDP, from, payload);
    add(b, (unsigned)payload.n + 8, 2);
    add(b, 0, 2);
    buf_add(b, payload.p, payload.n);
    add(b, 0xEEEEEEEE, 4);
}

/* ---- one packet ---- */

/* What stands before IPv6. */
static const struct {
    const char *name;
    struct slice bytes;
} LINKS[] = {
    {"nothing", {(const uint8_t *)"", 0}},
    {"Ethernet", {(const uint8_t *)"\1\2\3\4\5\6\1\2\3\4\5\6\x86\xDD", 14}},
    {"a VLAN", {(const uint8_t *)"\1\2\3\4\5\6\1\2\3\4\5\6\x81\0\0\1\x86\xDD", 18}},
    {"two VLANs", {(const uint8_t *)"\1\2\3\4\5\6\1\2\3\4\5\6\x81\0\0\1\x81\0\0\2\x86\xDD", 22}},
    {"Linux cooked", {(const uint8_t *)"\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x86\xDD", 16}},
    {"Linux cooked, version 2",
     {(const uint8_t *)"\x86\xDD\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0", 20}},
};

/* An octet of IPv6 is another one, and the last ones are missing. */
static const struct {
    const char *name;
    unsigned protocol, at, cut;
    uint8_t octet;
    int payload; /* octets; -1: it is no packet */
} CHANGES[] = {
    {"TCP", TCP, 0, 0, 0x60, 10},
    {"UDP", UDP, 0, 0, 0x60, 10},
    {"nothing behind it", TCP, 0, 4, 0x60, 10},
    {"an octet is missing", TCP, 0, 5, 0x60, -1},
    {"half a header", TCP, 0, 60, 0x60, -1},
    {"IPv4", TCP, 0, 0, 0x45, -1},
    {"another protocol", TCP, 6, 0, ICMP, -1},
    {"the least of IPv6", UDP, 5, 0, 8, -1},
    {"less than that", UDP, 5, 0, 7, -1},
    {"more than is there", TCP, 5, 0, 40, -1},
    {"all that is there", TCP, 5, 0, 34, 14},
    {"less than a TCP header", TCP, 5, 0, 19, -1},
    {"a TCP header alone", TCP, 5, 0, 20, 0},
    {"a TCP header of 16 octets", TCP, 52, 0, 0x40, -1},
    {"a TCP header of 28 octets", TCP, 52, 0, 0x70, 2},
    {"a TCP header longer than all", TCP, 52, 0, 0xF0, -1},
    {"less than a UDP header", UDP, 45, 0, 7, -1},
    {"a UDP header alone", UDP, 45, 0, 8, 0},
    {"less than there is", UDP, 45, 0, 12, 4},
    {"more UDP than IPv6 has", UDP, 45, 0, 19, -1},
};

static void test_packets(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof LINKS / sizeof *LINKS; i++)
        for (unsigned k = 0; k < sizeof CHANGES / sizeof *CHANGES; k++) {
            struct textpacket p = {.seq = 0};
            struct buf b = {0};
            struct slice payload = {(const uint8_t *)FRAME, 10};
            buf_add(&b, LINKS[i].bytes.p, LINKS[i].bytes.n);
            size_t ip = b.n;
            if (CHANGES[k].protocol == TCP)
                add_tcp(&b, 50000, 0xFFFFFFFF, 2, payload);
            else
                add_udp(&b, 50000, payload);
            b.p[ip + CHANGES[k].at] = CHANGES[k].octet;
            bool is = textpacket_read((struct slice){b.p, b.n - CHANGES[k].cut}, &p);
            if (is != (CHANGES[k].payload >= 0) ||
                (is && (p.payload.n != (size_t)CHANGES[k].payload ||
                        p.is_udp != (CHANGES[k].protocol == UDP) || p.from.port != 50000 ||
                        p.to.port != 15118 || p.from.ip[15] != 15 + (50000 & 255) ||
                        p.n != ip + IP_HEADER + b.p[ip + 5] || p.seq != 0)))
                fail_msg("%s, %s: a packet: %d, of %zu octets, payload of %zu", LINKS[i].name,
                         CHANGES[k].name, is, p.n, p.payload.n);
            buf_close(&b);
        }
}

/* Of fewer octets than each header has there is nothing to be read. */
static void test_every_cut(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof LINKS / sizeof *LINKS; i++) {
        struct buf b = {0};
        buf_add(&b, LINKS[i].bytes.p, LINKS[i].bytes.n);
        add_udp(&b, 50000, (struct slice){(const uint8_t *)FRAME, 10});
        for (size_t n = 0; n < b.n - 4; n++) {
            struct textpacket p;
            uint8_t *cut = malloc(n + (n == 0)); /* its end is the end of the memory */
            assert_non_null(cut);
            memcpy(cut, b.p, n);
            assert_false(textpacket_read((struct slice){cut, n}, &p));
            free(cut);
        }
        buf_close(&b);
    }
}

/* ---- streams ---- */

#define NONE -1
#define SEVEN 7u * 1000 * 1000

/* Packets of three directions, one after another: how many frames each brings; NONE: it has nothing
 * that is to be read. */
static void test_streams(void **state)
{
    static const struct {
        const char *name;
        uint16_t from;
        uint32_t seq;
        struct slice payload;
        int frames;
    } STEPS[] = {
        {"no payload", 1, 100, {(const uint8_t *)"", 0}, NONE},
        {"no frame begins there", 1, 100, {(const uint8_t *)"\xAB\xCD", 2}, NONE},
        {"half a frame", 1, 100, {(const uint8_t *)FRAME, 5}, 0},
        {"a frame of another direction", 2, 100, {(const uint8_t *)FRAME, 10}, 1},
        {"the same again", 1, 100, {(const uint8_t *)FRAME, 5}, NONE},
        {"the rest", 1, 105, {(const uint8_t *)FRAME + 5, 5}, 1},
        {"some of it again, and the next",
         1,
         105,
         {(const uint8_t *)"\0\0\x02\xAB\xCD" FRAME, 15},
         1},
        {"a gap, and no frame behind it", 1, 200, {(const uint8_t *)"\xAB\xCD", 2}, NONE},
        {"a gap, and a frame", 1, 200, {(const uint8_t *)FRAME FRAME, 20}, 2},
        {"the same number, another payload", 1, 200, {(const uint8_t *)FRAME, 10}, 1},
        {"the same number, fewer octets", 1, 200, {(const uint8_t *)FRAME, 8}, 0},
        {"the same number, no frame", 1, 200, {(const uint8_t *)"\xAB", 1}, NONE},
        {"so far behind that it is another connection",
         1,
         200 - SEVEN - SEVEN - SEVEN,
         {(const uint8_t *)FRAME, 10},
         1},
        {"what breaks a stream",
         1,
         210 - SEVEN - SEVEN - SEVEN,
         {(const uint8_t *)"GET / HTTP/1.1", 14},
         0},
        {"nothing of it is read then",
         1,
         224 - SEVEN - SEVEN - SEVEN,
         {(const uint8_t *)"GET / HTTP/1.1", 14},
         NONE},
        {"until a frame begins", 1, 238 - SEVEN - SEVEN - SEVEN, {(const uint8_t *)FRAME, 10}, 1},
    };
    struct textflows flows = {0};
    (void)state;
    for (unsigned i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        struct textpacket p;
        struct buf b = {0};
        struct v2gtp_frame f;
        struct err e = ERR_INIT;
        int frames = 0;
        add_tcp(&b, STEPS[i].from, STEPS[i].seq, 0x10, STEPS[i].payload);
        assert_true(textpacket_read((struct slice){b.p, b.n}, &p));
        struct v2gtp_reader *reader = textflows_feed(&flows, &p);
        while (reader != NULL && v2gtp_next(reader, &f, &e) == V2GTP_FRAME)
            frames++;
        if ((reader == NULL ? NONE : frames) != STEPS[i].frames)
            fail_msg("%s: %d frames", STEPS[i].name, reader == NULL ? NONE : frames);
        buf_close(&b);
    }
    textflows_close(&flows);
}

/* The direction that was not used for longest makes room for another one. */
static void test_many_directions(void **state)
{
    struct textflows flows = {0};
    (void)state;
    for (unsigned round = 0; round < 2; round++)
        for (uint16_t from = 1; from <= TEXTFLOWS + 1; from++) {
            struct textpacket p;
            struct buf b = {0};
            struct v2gtp_frame f;
            struct err e = ERR_INIT;
            /* the first halves, then what would be the second ones */
            add_tcp(&b, from, 5 * round, 0x10,
                    (struct slice){(const uint8_t *)FRAME + 5 * round, 5});
            assert_true(textpacket_read((struct slice){b.p, b.n}, &p));
            struct v2gtp_reader *reader = textflows_feed(&flows, &p);
            assert_int_equal(reader != NULL, round == 0 || from > 1);
            if (reader != NULL)
                assert_int_equal(v2gtp_next(reader, &f, &e), round == 0 ? V2GTP_MORE : V2GTP_FRAME);
            buf_close(&b);
        }
    textflows_close(&flows);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_many_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
