/* SPDX-License-Identifier: Apache-2.0 */
/* gzip: what is packed comes back, what others packed is read, and what is damaged is not. */
#include "base/file.h"
#include "base/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT (4u << 20)

struct fixture {
    struct buf plain, packed, out;
    struct err e;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->e = ERR_INIT;
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    buf_close(&f->plain);
    buf_close(&f->packed);
    buf_close(&f->out);
    free(f);
    return 0;
}

static struct slice all_of(const struct buf *b)
{
    return (struct slice){b->p, b->n};
}

/* Neither all alike nor chance alone; every size gets other octets. */
static void fill(struct fixture *f, size_t n)
{
    uint32_t x = (uint32_t)n + 1;
    buf_clear(&f->plain);
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        buf_char(&f->plain, (char)(i % 8 == 0 ? x >> 24 : i >> 4));
    }
}

static void pack(struct fixture *f)
{
    buf_clear(&f->packed);
    assert_int_equal(gzip_pack(all_of(&f->plain), &f->packed, &f->e), 0);
}

static void assert_unpacks(struct fixture *f)
{
    buf_clear(&f->out);
    assert_int_equal(gzip_unpack(all_of(&f->packed), LIMIT, &f->out, &f->e), 0);
    assert_int_equal(f->out.n, f->plain.n);
    if (f->plain.n > 0)
        assert_memory_equal(f->out.p, f->plain.p, f->plain.n);
}

static void assert_refused(struct fixture *f, struct slice packed, size_t most, const char *why)
{
    f->e = ERR_INIT;
    buf_clear(&f->out);
    assert_int_equal(gzip_unpack(packed, most, &f->out, &f->e), -1);
    assert_non_null(strstr(f->e.what, why));
}

static void test_what_is_packed_comes_back(void **state)
{
    struct fixture *f = *state;
    static const size_t SIZES[] = {0, 1, 2, 65535, 65536, 65537, 131072, 3000000};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        fill(f, SIZES[i]);
        pack(f);
        assert_true(gzip_is(all_of(&f->packed)));
        assert_unpacks(f);
    }
    assert_true(f->packed.n < f->plain.n / 2);
}

static void test_both_append(void **state)
{
    struct fixture *f = *state;
    fill(f, 100);
    buf_text(&f->packed, "before");
    assert_int_equal(gzip_pack(all_of(&f->plain), &f->packed, &f->e), 0);
    assert_memory_equal(f->packed.p, "before", 6);
    buf_text(&f->out, "before");
    struct slice packed = {f->packed.p + 6, f->packed.n - 6};
    assert_int_equal(gzip_unpack(packed, LIMIT, &f->out, &f->e), 0);
    assert_int_equal(f->out.n, 106);
    assert_memory_equal(f->out.p, "before", 6);
}

static void test_the_same_octets_are_packed_alike(void **state)
{
    struct fixture *f = *state;
    fill(f, 5000);
    pack(f);
    assert_int_equal(gzip_pack(all_of(&f->plain), &f->out, &f->e), 0);
    assert_int_equal(f->out.n, f->packed.n);
    assert_memory_equal(f->out.p, f->packed.p, f->packed.n);
}

/* As `gzip -9 -n` of a line of text writes it. */
static void test_what_others_packed_is_read(void **state)
{
    struct fixture *f = *state;
    static const uint8_t GZIP[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                   0x4b, 0x54, 0x48, 0x4e, 0x2c, 0x4e, 0x55, 0x28, 0xc9, 0x48,
                                   0x2c, 0x51, 0x28, 0x48, 0x2c, 0x2e, 0x4e, 0x2d, 0xe6, 0x02,
                                   0x00, 0xad, 0x60, 0xf3, 0xc5, 0x13, 0x00, 0x00, 0x00};
    buf_text(&f->plain, "a case that passes\n");
    buf_add(&f->packed, GZIP, sizeof GZIP);
    assert_unpacks(f);
}

static void test_members_follow_each_other(void **state)
{
    struct fixture *f = *state;
    fill(f, 1000);
    pack(f);
    assert_int_equal(gzip_pack(all_of(&f->plain), &f->packed, &f->e), 0);
    for (size_t i = 0; i < 1000; i++)
        buf_char(&f->plain, (char)f->plain.p[i]);
    assert_unpacks(f);
}

static void test_the_limit_is_kept(void **state)
{
    struct fixture *f = *state;
    fill(f, 100000);
    pack(f);
    buf_clear(&f->out);
    assert_int_equal(gzip_unpack(all_of(&f->packed), 100000, &f->out, &f->e), 0);
    assert_refused(f, all_of(&f->packed), 99999, "expected at most 99999 bytes");
    assert_int_equal(f->out.n, 100000);
    f->e = ERR_INIT;
    /* The members together are too large, too. */
    assert_int_equal(gzip_pack(all_of(&f->plain), &f->packed, &f->e), 0);
    assert_refused(f, all_of(&f->packed), 199999, "expected at most 199999 bytes");
}

static void test_an_end_in_the_middle(void **state)
{
    struct fixture *f = *state;
    fill(f, 300);
    pack(f);
    for (size_t n = 0; n < f->packed.n; n++)
        assert_refused(f, (struct slice){f->packed.p, n}, LIMIT, "ends in the middle");
}

/* Of the header only what is looked at: time, hints and system are anything. */
static void test_damage_is_found(void **state)
{
    struct fixture *f = *state;
    fill(f, 300);
    pack(f);
    unsigned same = 0;
    for (size_t bit = 8 * 10; bit < 8 * f->packed.n; bit++) {
        f->packed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        f->e = ERR_INIT;
        buf_clear(&f->out);
        if (gzip_unpack(all_of(&f->packed), LIMIT, &f->out, &f->e) == 0) { /* a bit that fills */
            assert_int_equal(f->out.n, f->plain.n);
            assert_memory_equal(f->out.p, f->plain.p, f->plain.n);
            same++;
        }
        f->packed.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_in_range(same, 0, 7);
    assert_refused(f, (struct slice){(const uint8_t *)"plain text", 10}, LIMIT, "not sound");
    buf_text(&f->packed, "behind");
    assert_refused(f, all_of(&f->packed), LIMIT, "not sound");
}

static void test_a_file_is_packed_in_its_place(void **state)
{
    struct fixture *f = *state;
    char folder[] = "/tmp/test_gzip.XXXXXX", plain[64], packed[64];
    assert_non_null(mkdtemp(folder));
    snprintf(plain, sizeof plain, "%s/x", folder);
    snprintf(packed, sizeof packed, "%s/x.gz", folder);
    fill(f, 200000);
    FILE *to = fopen(plain, "w");
    assert_int_equal(fwrite(f->plain.p, 1, f->plain.n, to), f->plain.n);
    fclose(to);

    /* Where that is not possible it stays. */
    assert_int_equal(mkdir(packed, 0700), 0);
    assert_int_equal(gzip_file(plain, &f->e), -1);
    assert_non_null(strstr(f->e.what, packed));
    assert_int_equal(access(plain, F_OK), 0);
    assert_int_equal(rmdir(packed), 0);

    f->e = ERR_INIT;
    assert_int_equal(gzip_file(plain, &f->e), 0);
    assert_int_equal(access(plain, F_OK), -1);
    assert_int_equal(file_read(packed, LIMIT, &f->packed, &f->e), 0);
    assert_unpacks(f);
    unlink(packed);
    assert_int_equal(gzip_file(plain, &f->e), -1);
    assert_int_equal(access(packed, F_OK), -1);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_packed_comes_back, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_both_append, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_the_same_octets_are_packed_alike, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_what_others_packed_is_read, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_members_follow_each_other, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_the_limit_is_kept, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_an_end_in_the_middle, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_damage_is_found, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_a_file_is_packed_in_its_place, open_fixture,
                                        close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
