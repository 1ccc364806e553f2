/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of a ClientHello: what they hold, and that nothing is read behind their end. */
#include "wire/tls_hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Without the random, which is 32 octets of 0x55 behind the version. */
static const uint8_t REST[] = {
    0,                                                      /* no session */
    0,    4,   0xC0, 0x23, 0x13, 0x02,                      /* two suites */
    1,    0,                                                /* no compression */
    0,    107,                                              /* extensions: */
    0,    0,   0,    9,    0,    7,    0,    0,    4,       /* server_name */
    's',  'e', 'c',  'c',                                   /* */
    0,    3,   0,    42,   0,    40,                        /* trusted_ca_keys: */
    1,    1,   2,    3,    4,    5,    6,    7,    8,    9, /* SHA-1 of a key */
    10,   11,  12,   13,   14,   15,   16,   17,   18,   19, 20, 2,
    0,    13,  0x30, 0x0B, 0x31, 0x09, 0x30, 0x07, 6,    3,            /* a name */
    0x55, 4,   3,    0x0C, 0,                                          /* */
    0,    3,   9,                                                      /* agreed, a hash cut off */
    0,    10,  0,    6,    0,    4,    0,    23,   0,    25,           /* groups */
    0,    13,  0,    4,    0,    2,    4,    3,                        /* schemes */
    0,    16,  0,    5,    0,    3,    2,    'h',  '2',                /* protocols */
    0,    43,  0,    5,    4,    3,    4,    3,    3,                  /* versions */
    0,    47,  0,    8,    0,    6,    0,    1,    0xAA, 0,  1,  0xBB, /* authorities */
};

/* A copy of its own size, so that reading behind it is found out. */
static uint8_t *make_hello(size_t *n)
{
    *n = 2 + 32 + sizeof REST;
    uint8_t *p = malloc(*n);
    assert_non_null(p);
    p[0] = p[1] = 3;
    memset(p + 2, 0x55, 32);
    memcpy(p + 34, REST, sizeof REST);
    return p;
}

/* Reads all that there is; returns how many things were found. */
static unsigned read_all(struct slice body)
{
    struct tls_hello h;
    struct slice s;
    unsigned type, found = 0;
    enum tls_key_kind kind;
    if (tls_hello_read(body, true, &h) != 0)
        return 0;
    for (unsigned i = 0; tls_nth_extension(h.extensions, i, &type, &s); i++)
        found++;
    struct slice keys = tls_hello_list(&h, TLS_TRUSTED_CA_KEYS);
    for (unsigned i = 0; tls_nth_trusted_key(keys, i, &kind, &s); i++)
        found++;
    struct slice names = tls_hello_list(&h, TLS_CERTIFICATE_AUTHORITIES);
    for (unsigned i = 0; tls_nth_vector(names, 2, i, &s); i++)
        found++;
    struct slice protocols = tls_hello_list(&h, TLS_APPLICATION_PROTOCOLS);
    for (unsigned i = 0; tls_nth_vector(protocols, 1, i, &s); i++)
        found++;
    return found + tls_hello_server_name(&h, &s);
}

static void lists_have_what_was_sent(void **state)
{
    struct tls_hello h;
    struct slice s;
    enum tls_key_kind kind;
    size_t n;
    uint8_t *p = make_hello(&n);
    (void)state;
    assert_int_equal(tls_hello_read((struct slice){p, n}, true, &h), 0);
    assert_true(tls_hello_server_name(&h, &s));
    assert_int_equal(s.n, 4);
    assert_memory_equal(s.p, "secc", 4);
    struct slice keys = tls_hello_list(&h, TLS_TRUSTED_CA_KEYS);
    assert_true(tls_nth_trusted_key(keys, 0, &kind, &s));
    assert_int_equal(kind, TLS_KEY_SHA1);
    assert_int_equal(s.n, 20);
    assert_true(tls_nth_trusted_key(keys, 1, &kind, &s));
    assert_int_equal(kind, TLS_KEY_NAME);
    assert_int_equal(s.n, 13);
    assert_true(tls_nth_trusted_key(keys, 2, &kind, &s));
    assert_int_equal(kind, TLS_KEY_AGREED);
    assert_false(tls_nth_trusted_key(keys, 3, &kind, &s)); /* its hash is cut off */
    s = tls_hello_list(&h, TLS_SUPPORTED_GROUPS);
    assert_int_equal(s.n, 4);
    s = tls_hello_list(&h, TLS_SUPPORTED_VERSIONS);
    assert_int_equal(s.n, 4);
    assert_true(tls_nth_vector(tls_hello_list(&h, TLS_CERTIFICATE_AUTHORITIES), 2, 1, &s));
    assert_int_equal(s.p[0], 0xBB);
    s = tls_hello_list(&h, TLS_KEY_SHARE);
    assert_int_equal(s.n, 0);
    free(p);
}

static void an_unknown_kind_of_key_ends_the_list(void **state)
{
    static const uint8_t LIST[] = {0, 9, 0};
    struct slice list = {LIST, sizeof LIST}, s;
    enum tls_key_kind kind;
    (void)state;
    assert_true(tls_nth_trusted_key(list, 0, &kind, &s));
    assert_int_equal(kind, TLS_KEY_AGREED);
    assert_true(tls_nth_trusted_key(list, 1, &kind, &s));
    assert_int_equal(kind, TLS_KEY_UNKNOWN);
    assert_false(tls_nth_trusted_key(list, 2, &kind, &s));
}

static void what_is_cut_or_changed_is_read_to_its_end(void **state)
{
    size_t n;
    uint8_t *p = make_hello(&n);
    unsigned all = read_all((struct slice){p, n});
    (void)state;
    assert_int_equal(all, 7 + 3 + 2 + 1 + 1);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy + 1, p, cut);
        assert_true(read_all((struct slice){copy + 1, cut}) < all);
        free(copy);
    }
    for (size_t bit = 0; bit < n * 8; bit++) {
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(read_all((struct slice){p, n}) < 200);
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_have_what_was_sent),
        cmocka_unit_test(an_unknown_kind_of_key_ends_the_list),
        cmocka_unit_test(what_is_cut_or_changed_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
