/* SPDX-License-Identifier: Apache-2.0 */
/* V2GTP headers and the reader: right frames however they are cut, and every kind of wrong one. */
#include "wire/v2gtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice slice_of(const void *p, size_t n)
{
    return (struct slice){p, n};
}

/* [V2G2-085]: the header's fields are big endian */
static void header_is_written_and_read(void **state)
{
    static const uint8_t expected[] = {0x01, 0xFE, 0x80, 0x04, 0x12, 0x34, 0x56, 0x78};
    uint8_t p[V2GTP_HEADER];
    (void)state;
    v2gtp_write(p, V2GTP_DC, 0x12345678);
    assert_memory_equal(p, expected, sizeof expected);
    struct v2gtp_header h = v2gtp_read(p);
    assert_int_equal(h.version, 1);
    assert_int_equal(h.inverse, 0xFE);
    assert_int_equal(h.type, V2GTP_DC);
    assert_int_equal(h.length, 0x12345678);
}

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(v2gtp_type_name(V2GTP_SDP_REQ), "SDP request");
    assert_string_equal(v2gtp_type_name(0xFFFF), "manufacturer's own");
    assert_null(v2gtp_type_name(0x8007));
    assert_null(v2gtp_type_name(0));
    assert_true(v2gtp_begins((struct slice){(const uint8_t *)"\x01\xFE\x80\x01", 4}));
    assert_false(v2gtp_begins((struct slice){(const uint8_t *)"\x01\xFE\x80\x01", 3}));
    assert_false(v2gtp_begins((struct slice){(const uint8_t *)"\x01\xFE\x80\x07", 4}));
    assert_false(v2gtp_begins((struct slice){(const uint8_t *)"\x01\xFF\x80\x01", 4}));
}

/* Three frames of 1, 300 and 3 bytes of payload; returns the size. */
static size_t three_frames(uint8_t *p)
{
    static const uint32_t lengths[] = {1, 300, 3};
    size_t n = 0;
    for (int i = 0; i < 3; i++) {
        v2gtp_write(p + n, V2GTP_EXI, lengths[i]);
        memset(p + n + V2GTP_HEADER, 'a' + i, lengths[i]);
        n += V2GTP_HEADER + lengths[i];
    }
    return n;
}

static void frames_come_whole_however_they_are_cut(void **state)
{
    uint8_t in[400], out[400];
    size_t size = three_frames(in);
    (void)state;
    for (size_t piece = 1; piece <= size; piece++) {
        struct v2gtp_reader r;
        size_t n = 0;
        int frames = 0;
        v2gtp_open(&r, 0);
        for (size_t at = 0; at < size; at += piece) {
            size_t left = size - at < piece ? size - at : piece;
            uint8_t *copy = malloc(left); /* freed behind MORE: the reader must not look back */
            struct v2gtp_frame f;
            struct err e = ERR_INIT;
            memcpy(copy, in + at, left);
            v2gtp_feed(&r, slice_of(copy, left));
            while (v2gtp_next(&r, &f, &e) == V2GTP_FRAME) {
                memcpy(out + n, f.bytes.p, f.bytes.n);
                n += f.bytes.n;
                assert_ptr_equal(f.payload.p, f.bytes.p + V2GTP_HEADER);
                assert_int_equal(f.payload.n, f.header.length);
                frames++;
            }
            assert_false(e.set);
            free(copy);
        }
        assert_int_equal(frames, 3);
        assert_int_equal(n, size);
        assert_memory_equal(in, out, size);
        assert_int_equal(v2gtp_rest(&r).n, 0);
        v2gtp_close(&r);
    }
}

static void a_frame_in_one_piece_is_not_copied(void **state)
{
    uint8_t in[400];
    size_t size = three_frames(in);
    struct v2gtp_reader r;
    struct v2gtp_frame f;
    struct err e = ERR_INIT;
    (void)state;
    v2gtp_open(&r, 0);
    v2gtp_feed(&r, slice_of(in, size));
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
    assert_ptr_equal(f.bytes.p, in);
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_MORE);
    assert_null(r.held.p);
    v2gtp_close(&r);
}

static void what_is_not_used_up_is_kept(void **state)
{
    uint8_t in[400], copy[400];
    size_t size = three_frames(in);
    struct v2gtp_reader r;
    struct v2gtp_frame f;
    struct err e = ERR_INIT;
    (void)state;
    v2gtp_open(&r, 0);
    memcpy(copy, in, size);
    v2gtp_feed(&r, slice_of(copy, size - 1));
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
    v2gtp_keep(&r);
    memset(copy, 0, sizeof copy);
    v2gtp_feed(&r, slice_of(in + size - 1, 1));
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
    assert_int_equal(f.payload.n, 300);
    assert_int_equal(f.payload.p[299], 'b');
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
    assert_memory_equal(f.payload.p, "ccc", 3);
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_MORE);
    v2gtp_close(&r);
}

/* Each is followed by a right frame, which must be found after IGNORE. */
static const struct wrong {
    uint8_t header[V2GTP_HEADER];
    enum v2gtp_result result;
    const char *what;
} WRONG[] = {
    {{0x02, 0xFE, 0x80, 0x01, 0, 0, 0, 2},
     V2GTP_IGNORE,
     "V2GTP version: expected 0x01, found 0x02"},
    {{0x01, 0xFD, 0x80, 0x01, 0, 0, 0, 2},
     V2GTP_IGNORE,
     "V2GTP inverse version: expected 0xFE, found 0xFD"},
    {{0x02, 0xFD, 0x80, 0x01, 0, 0, 0, 2},
     V2GTP_IGNORE,
     "V2GTP version: expected 0x01 and its inverse 0xFE, found 0x02 and 0xFD"},
    {{0x01, 0xFE, 0x00, 0x00, 0, 0, 0, 2},
     V2GTP_IGNORE,
     "V2GTP payload type: expected 0x8001 to 0x8006, 0x8010, 0x8011 or 0x8101 to 0x8104 over TCP, "
     "found 0x0000 "
     "(reserved)"},
    {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2},
     V2GTP_IGNORE,
     "V2GTP payload type: expected 0x8001 to 0x8006, 0x8010, 0x8011 or 0x8101 to 0x8104 over TCP, "
     "found 0x9000 "
     "(SDP request)"},
    {{0x01, 0xFE, 0xFF, 0xFF, 0, 0, 0, 2},
     V2GTP_IGNORE,
     "V2GTP payload type: expected 0x8001 to 0x8006, 0x8010, 0x8011 or 0x8101 to 0x8104 over TCP, "
     "found 0xFFFF "
     "(manufacturer's own)"},
    {{0x01, 0xFE, 0x80, 0x01, 0, 0, 0, 0},
     V2GTP_IGNORE,
     "V2GTP payload length: expected 1 byte or more, found 0"},
    {{0x01, 0xFE, 0x80, 0x01, 0, 0, 4, 1},
     V2GTP_BROKEN,
     "V2GTP payload length: expected at most 1024 bytes (the limit), found 1025"},
    {{0x01, 0xFE, 0x80, 0x04, 0xFF, 0xFF, 0xFF, 0xFF},
     V2GTP_BROKEN,
     "V2GTP payload length: expected at most 1024 bytes (the limit), found 4294967295"},
    {{0x01, 0xFE, 0x80, 0x04, 0xFF, 0xFF, 0xFF, 0xF8},
     V2GTP_BROKEN,
     "V2GTP payload length: expected at most 1024 bytes (the limit), found 4294967288"},
    {{0x02, 0xFE, 0x80, 0x04, 0x80, 0, 0, 0},
     V2GTP_BROKEN,
     "V2GTP payload length: expected at most 1024 bytes (the limit), found 2147483648"},
    {{0x16, 0x03, 0x01, 0x00, 0, 0, 0, 2},
     V2GTP_BROKEN,
     "no V2GTP header: expected the bytes 01 FE, found 16 03; this is a TLS handshake, and TLS is "
     "not spoken here"},
    {{'G', 'E', 'T', ' ', '/', ' ', 'H', 'T'},
     V2GTP_BROKEN,
     "no V2GTP header: expected the bytes 01 FE, found 47 45; this looks like text"},
    {{0, 0, 0, 0, 0, 0, 0, 2},
     V2GTP_BROKEN,
     "no V2GTP header: expected the bytes 01 FE, found 00 00"},
};

/* [V2G2-086] [V2G2-800] */
static void wrong_headers_are_ignored_or_break(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const struct wrong *w = &WRONG[i];
        uint8_t in[64];
        struct v2gtp_reader r;
        struct v2gtp_frame f;
        struct err e = ERR_INIT;
        size_t n = V2GTP_HEADER + (w->header[7] == 2 ? 2u : 0u);
        memset(in, 0xAA, sizeof in);
        memcpy(in, w->header, V2GTP_HEADER);
        v2gtp_write(in + n, V2GTP_EXI, 1);
        v2gtp_open(&r, 1024);
        v2gtp_feed(&r, slice_of(in, n + V2GTP_HEADER + 1));
        assert_int_equal(v2gtp_next(&r, &f, &e), w->result);
        assert_string_equal(e.what, w->what);
        assert_ptr_equal(f.bytes.p, in);
        e = ERR_INIT;
        if (w->result == V2GTP_IGNORE) {
            assert_int_equal(f.bytes.n, n);
            assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
            assert_false(e.set);
        } else {
            assert_int_equal(f.bytes.n, n + V2GTP_HEADER + 1);
            v2gtp_feed(&r, slice_of(in, sizeof in));
            assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_BROKEN);
            assert_string_equal(e.what, w->what);
            assert_int_equal(f.bytes.n, 0);
        }
        v2gtp_close(&r);
    }
}

static void an_ignored_frame_is_waited_for(void **state)
{
    static const uint8_t in[] = {0x02, 0xFE, 0x80, 0x01, 0, 0, 0, 2, 1, 2};
    struct v2gtp_reader r;
    struct v2gtp_frame f;
    struct err e = ERR_INIT;
    (void)state;
    v2gtp_open(&r, 0);
    for (size_t i = 0; i + 1 < sizeof in; i++) {
        v2gtp_feed(&r, slice_of(in + i, 1));
        assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_MORE);
        assert_false(e.set);
        assert_int_equal(v2gtp_rest(&r).n, i + 1);
    }
    v2gtp_feed(&r, slice_of(in + sizeof in - 1, 1));
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_IGNORE);
    assert_memory_equal(f.bytes.p, in, sizeof in);
    v2gtp_close(&r);
}

/* [V2G2-800] Wherever the stream is cut. */
static void what_lies_behind_a_length_of_0_is_passed_over(void **state)
{
    static const uint8_t bad[] = {0x01, 0xFE, 0x80, 0x01, 0,    0,    0,    0,    0x80,
                                  0x98, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x01, 0x01};
    uint8_t in[sizeof bad + V2GTP_HEADER + 1] = {0};
    (void)state;
    memcpy(in, bad, sizeof bad);
    v2gtp_write(in + sizeof bad, V2GTP_EXI, 1);
    for (size_t cut = 0; cut <= sizeof in; cut++) {
        struct v2gtp_reader r;
        struct v2gtp_frame f;
        enum v2gtp_result last = V2GTP_MORE;
        size_t passed = 0;
        v2gtp_open(&r, 0);
        for (int piece = 0; piece < 2; piece++) {
            struct err e = ERR_INIT;
            v2gtp_feed(&r, piece == 0 ? slice_of(in, cut) : slice_of(in + cut, sizeof in - cut));
            while (last != V2GTP_FRAME && (last = v2gtp_next(&r, &f, &e)) != V2GTP_MORE) {
                assert_int_not_equal(last, V2GTP_BROKEN);
                passed += last == V2GTP_IGNORE ? f.bytes.n : 0;
                e = ERR_INIT;
            }
        }
        assert_int_equal(last, V2GTP_FRAME);
        assert_int_equal(passed, sizeof bad);
        v2gtp_close(&r);
    }
}

static void a_length_alone_takes_no_memory(void **state)
{
    uint8_t in[V2GTP_HEADER];
    struct v2gtp_reader r;
    struct v2gtp_frame f;
    struct err e = ERR_INIT;
    (void)state;
    v2gtp_open(&r, UINT32_MAX);
    assert_int_equal(r.limit, V2GTP_LIMIT_MOST);
    v2gtp_write(in, V2GTP_EXI, V2GTP_LIMIT_MOST);
    v2gtp_feed(&r, slice_of(in, sizeof in));
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_MORE);
    assert_in_range(r.held.cap, sizeof in, 64);
    v2gtp_close(&r);
}

static void a_large_frame_leaves_no_memory_behind(void **state)
{
    static uint8_t in[V2GTP_HEADER + 100000];
    struct v2gtp_reader r;
    struct v2gtp_frame f;
    struct err e = ERR_INIT;
    (void)state;
    v2gtp_open(&r, 0);
    v2gtp_write(in, V2GTP_EXI, sizeof in - V2GTP_HEADER);
    v2gtp_feed(&r, slice_of(in, 1000));
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_MORE);
    v2gtp_feed(&r, slice_of(in + 1000, sizeof in - 1000));
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_FRAME);
    assert_int_equal(f.bytes.n, sizeof in);
    assert_int_equal(v2gtp_next(&r, &f, &e), V2GTP_MORE);
    assert_in_range(r.held.cap, 0, 16384);
    v2gtp_close(&r);
}

static void datagrams_are_whole_frames(void **state)
{
    uint8_t in[V2GTP_HEADER + 3] = {0};
    struct v2gtp_header h;
    struct err e = ERR_INIT;
    (void)state;
    v2gtp_write(in, V2GTP_SDP_REQ, 2);
    assert_int_equal(v2gtp_datagram(slice_of(in, 10), &h, &e), V2GTP_FRAME);
    assert_int_equal(h.type, V2GTP_SDP_REQ);
    assert_int_equal(v2gtp_datagram(slice_of(in, 11), &h, &e), V2GTP_IGNORE);
    assert_string_equal(
        e.what, "V2GTP payload length: expected 3 as the datagram has, found 2 in the header");
    e = ERR_INIT;
    assert_int_equal(v2gtp_datagram(slice_of(in, 7), &h, &e), V2GTP_IGNORE);
    assert_string_equal(e.what, "V2GTP header: expected 8 bytes, found a datagram of 7");
    e = ERR_INIT;
    v2gtp_write(in, V2GTP_EXI, 2);
    assert_int_equal(v2gtp_datagram(slice_of(in, 10), &h, &e), V2GTP_IGNORE);
    e = ERR_INIT;
    v2gtp_write(in, V2GTP_SDP_REQ, 0xFFFFFFFA); /* with the header it would wrap to 2 */
    assert_int_equal(v2gtp_datagram(slice_of(in, 10), &h, &e), V2GTP_IGNORE);
}

/* Chance bytes, mostly near a right header: nothing is read outside, and it comes to an end. */
static void chance_bytes_do_no_harm(void **state)
{
    uint64_t seed = 20140401;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct v2gtp_reader r;
        struct v2gtp_frame f;
        v2gtp_open(&r, 64);
        for (int feed = 0; feed < 4; feed++) {
            uint8_t in[40];
            struct err e = ERR_INIT;
            size_t n = 0;
            for (; n < sizeof in; n++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                in[n] = (uint8_t)(seed >> 60 == 0 ? seed >> 40 : 0);
            }
            memcpy(in, "\x01\xFE\x80\x01\0\0\0", 7);
            in[7] = (uint8_t)(seed >> 58);
            uint8_t *copy = malloc(n - (seed >> 59));
            memcpy(copy, in, n - (seed >> 59));
            v2gtp_feed(&r, slice_of(copy, n - (seed >> 59)));
            enum v2gtp_result result;
            int frames = 0;
            while ((result = v2gtp_next(&r, &f, &e)) == V2GTP_FRAME || result == V2GTP_IGNORE)
                assert_true(++frames <= 30);
            free(copy);
        }
        v2gtp_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_written_and_read),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(frames_come_whole_however_they_are_cut),
        cmocka_unit_test(a_frame_in_one_piece_is_not_copied),
        cmocka_unit_test(what_is_not_used_up_is_kept),
        cmocka_unit_test(wrong_headers_are_ignored_or_break),
        cmocka_unit_test(an_ignored_frame_is_waited_for),
        cmocka_unit_test(what_lies_behind_a_length_of_0_is_passed_over),
        cmocka_unit_test(a_length_alone_takes_no_memory),
        cmocka_unit_test(a_large_frame_leaves_no_memory_behind),
        cmocka_unit_test(datagrams_are_whole_frames),
        cmocka_unit_test(chance_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
