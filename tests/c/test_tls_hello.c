/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of a ClientHello: what they hold, however many, and that nothing is read behind
 * them. */
#include "tls/tls_facts.h"
#include "tls/tls_hello.h"

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
    struct slice extensions = h.extensions;
    while (tls_next_extension(&extensions, &type, &s))
        found++;
    struct slice keys = tls_hello_list(&h, TLS_TRUSTED_CA_KEYS);
    while (tls_next_trusted_key(&keys, &kind, &s))
        found++;
    struct slice names = tls_hello_list(&h, TLS_CERTIFICATE_AUTHORITIES);
    while (tls_next_vector(&names, 2, &s))
        found++;
    struct slice protocols = tls_hello_list(&h, TLS_APPLICATION_PROTOCOLS);
    while (tls_next_vector(&protocols, 1, &s))
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
    assert_true(tls_next_trusted_key(&keys, &kind, &s));
    assert_int_equal(kind, TLS_KEY_SHA1);
    assert_int_equal(s.n, 20);
    assert_true(tls_next_trusted_key(&keys, &kind, &s));
    assert_int_equal(kind, TLS_KEY_NAME);
    assert_int_equal(s.n, 13);
    assert_true(tls_next_trusted_key(&keys, &kind, &s));
    assert_int_equal(kind, TLS_KEY_AGREED);
    assert_false(tls_next_trusted_key(&keys, &kind, &s)); /* its hash is cut off */
    s = tls_hello_list(&h, TLS_SUPPORTED_GROUPS);
    assert_int_equal(s.n, 4);
    s = tls_hello_list(&h, TLS_SUPPORTED_VERSIONS);
    assert_int_equal(s.n, 4);
    struct slice names = tls_hello_list(&h, TLS_CERTIFICATE_AUTHORITIES);
    assert_true(tls_next_vector(&names, 2, &s));
    assert_int_equal(s.p[0], 0xAA);
    assert_true(tls_next_vector(&names, 2, &s));
    assert_int_equal(s.p[0], 0xBB);
    assert_false(tls_next_vector(&names, 2, &s));
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
    assert_true(tls_next_trusted_key(&list, &kind, &s));
    assert_int_equal(kind, TLS_KEY_AGREED);
    assert_true(tls_next_trusted_key(&list, &kind, &s));
    assert_int_equal(kind, TLS_KEY_UNKNOWN);
    assert_false(tls_next_trusted_key(&list, &kind, &s));
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

/* Octets of the extensions of a ClientHello: as many entries of trusted_ca_keys as fit, 1 octet
 * each, and of certificate_authorities with no name in them. */
static size_t add_long_list(uint8_t *p, unsigned type, size_t n)
{
    const unsigned lengths[] = {type, (unsigned)n + 2, (unsigned)n};
    for (unsigned i = 0; i < 3; i++) {
        *p++ = (uint8_t)(lengths[i] >> 8);
        *p++ = (uint8_t)lengths[i];
    }
    memset(p, 0, n);
    return n + 6;
}

static void a_line_of_very_long_lists_stays_short(void **state)
{
    enum { KEYS = 30000, NAMES = 15000, EXTENSIONS = KEYS + 6 + 2 * NAMES + 6 };
    static const uint8_t BEGIN[] = {0, 0, 2, 0x13, 2, 1, 0, EXTENSIONS >> 8, EXTENSIONS & 0xFF};
    struct tls_facts f = {.version = 0};
    struct buf line = {0};
    uint8_t *p = calloc(1, 34 + sizeof BEGIN + EXTENSIONS);
    (void)state;
    assert_non_null(p);
    memcpy(p + 34, BEGIN, sizeof BEGIN);
    size_t n = 34 + sizeof BEGIN;
    n += add_long_list(p + n, TLS_TRUSTED_CA_KEYS, KEYS);
    n += add_long_list(p + n, TLS_CERTIFICATE_AUTHORITIES, 2 * NAMES);
    assert_int_equal(tls_facts_message(&f, true, TLS_CLIENT_HELLO, (struct slice){p, n}), 0);
    tls_facts_line(&f, true, TLS_CLIENT_HELLO, &line);
    assert_non_null(strstr(buf_string(&line), " and 29988 more"));
    assert_non_null(strstr(buf_string(&line), " and 14988 more"));
    assert_true(line.n < 1000);
    buf_close(&line);
    tls_facts_close(&f);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_have_what_was_sent),
        cmocka_unit_test(a_line_of_very_long_lists_stays_short),
        cmocka_unit_test(an_unknown_kind_of_key_ends_the_list),
        cmocka_unit_test(what_is_cut_or_changed_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
