/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decrypting recorded TLS: sessions made in memory, then fed whole and in pieces, with and without
 * their secrets, changed, cut, and with noise; key logs in files and in captures.
 */
#include "record/pcapng.h"
#include "secrets.h"
#include "tape.h"
#include "tls/tls_names.h"
#include "tls/tls_rsa.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a record of our own ---- */

struct sealing {
    int version;
    const char *suite; /* as OpenSSL calls it; NULL: its own choice */
    uint64_t options;  /* of the server */
    bool from_client;
};

/* OpenSSL, in the middle of a connection that a tape was made of, takes it for its peer's. */
static void assert_sealed(const struct sealing *c)
{
    struct tape_ends ends;
    struct tape t;
    struct heard h;
    struct buf record = {0};
    struct err e = ERR_INIT;
    char heard[8];
    size_t n = 0;
    static const uint8_t ALERT[] = {2, 40};
    tape_ends_open(&ends, &t, c->version, "P-256");
    SSL_set_options(ends.server, c->options);
    if (c->suite != NULL)
        assert_int_equal(SSL_set_cipher_list(ends.client, c->suite), 1);
    tape_handshake(&t, &ends);
    tape_say(&t, &ends, true, "first");
    tape_say(&t, &ends, false, "answer");
    heard_open(&h, buf_string(&t.keys));
    heard_feed(&h, &t, 1000000);
    heard_all(&h, &t);
    struct slice alert = {ALERT, sizeof ALERT};
    assert_int_equal(tls_decrypt_seal(h.d, c->from_client, 21, alert, &record, &e), 0);
    SSL *to = c->from_client ? ends.server : ends.client;
    BIO_write(SSL_get_rbio(to), record.p, (int)record.n);
    ERR_clear_error();
    assert_int_equal(SSL_read_ex(to, heard, sizeof heard, &n), 0);
    if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE)
        fail_msg("%s: %s", SSL_get_cipher(ends.client), ERR_reason_error_string(ERR_peek_error()));
    buf_close(&record);
    heard_close(&h);
    tape_free(&t);
    tape_ends_close(&ends);
}

static void an_alert_of_our_own_is_the_next_record_in_each_suite(void **state)
{
    (void)state;
    static const struct sealing CASES[] = {
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", 0, true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", 0, false},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", SSL_OP_NO_ENCRYPT_THEN_MAC, true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", SSL_OP_NO_ENCRYPT_THEN_MAC, false},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", 0, true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", 0, false},
        {TLS1_3_VERSION, NULL, 0, true},
        {TLS1_3_VERSION, NULL, 0, false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_sealed(&CASES[i]);
}

/* ---- tests ---- */

static void sessions_are_decrypted_in_any_pieces(void **state)
{
    static const size_t STEPS[] = {1, 3, 7, 1000000};
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct tape t;
        tape_make(&t, k == 0 ? TLS1_2_VERSION : TLS1_3_VERSION, k == 2);
        for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
            struct heard h;
            heard_open(&h, buf_string(&t.keys));
            heard_feed(&h, &t, STEPS[i]);
            heard_all(&h, &t);
            const char *notes = buf_string(&h.notes);
            assert_has(notes, "EVCC: ClientHello: TLS 1.");
            assert_has(notes, "SECC: certificates of the SECC: CN=SECC, O=Test, DC=CPO\n");
            assert_has(notes, ": established: TLS 1.");
            assert_has(notes, "EVCC: alert from the EVCC: close_notify (warning)\n");
            assert_int_equal(strstr(notes, "HelloRetryRequest") != NULL, k == 2);
            assert_int_equal(strstr(notes, "EVCC: KeyUpdate") != NULL, k > 0);
            assert_int_equal(strstr(notes, "SECC: KeyUpdate") != NULL, k > 0);
            heard_close(&h);
        }
        tape_free(&t);
    }
}

/* One direction may come late, as after a hole in a capture. */
static void directions_wait_for_each_other(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct tape t;
        struct heard h;
        tape_make(&t, k & 1 ? TLS1_3_VERSION : TLS1_2_VERSION, false);
        heard_open(&h, buf_string(&t.keys));
        for (int late = 0; late < 2; late++)
            for (unsigned i = 0; i < t.pieces; i++) {
                struct slice s = {t.bytes.p + t.piece[i].at, t.piece[i].n};
                if (t.piece[i].from_client == (late ^ (k >> 1)))
                    h.failures += tls_decrypt_feed(h.d, t.piece[i].from_client, s, &h.e) != 0;
            }
        heard_all(&h, &t);
        heard_close(&h);
        tape_free(&t);
    }
}

static void without_secrets_the_handshake_is_shown(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct tape t;
        struct heard h;
        tape_make(&t, k & 1 ? TLS1_3_VERSION : TLS1_2_VERSION, false);
        char other[300] = "";
        if (k & 2)
            snprintf(other, sizeof other, "CLIENT_RANDOM %064d %096d\n", 1, 2);
        heard_open(&h, other);
        heard_feed(&h, &t, 1000);
        assert_int_equal(h.failures, 0);
        assert_int_equal(h.plain[0].n + h.plain[1].n, 0);
        assert_true(tls_decrypt_is_locked(h.d));
        assert_has(buf_string(&h.notes), k & 2 ? "the key log has no secrets for the client random "
                                               : "is not shown without a key log");
        assert_has(buf_string(&h.notes), "SECC: ServerHello: TLS 1.");
        heard_close(&h);
        tape_free(&t);
    }
}

/* Without the lines of the key log that have one of these labels. */
static char *without(const char *keys, const char *label, const char *other)
{
    char *left = calloc(1, strlen(keys) + 1), *copy = strdup(keys), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0' && strncmp(line, label, strlen(label)) != 0 &&
            (other == NULL || strncmp(line, other, strlen(other)) != 0))
            strcat(strcat(left, line), "\n");
    free(copy);
    return left;
}

/* What there are secrets for is shown, and what there are none for is said. */
static void half_a_key_log_opens_half(void **state)
{
    static const struct {
        const char *label, *other; /* of the secrets that are not there */
        bool shows[2];             /* what the station says, what the vehicle says */
        const char *note;
    } CASES[] = {
        {"CLIENT_HANDSHAKE",
         "CLIENT_TRAFFIC",
         {true, false},
         "EVCC: what follows of the EVCC is not shown: the key log has no "
         "CLIENT_HANDSHAKE_TRAFFIC_SECRET for this connection"},
        {"SERVER_HANDSHAKE",
         "SERVER_TRAFFIC",
         {false, true},
         "SECC: what follows of the SECC is not shown: the key log has no SERVER_HANDSHAKE"},
        {"CLIENT_TRAFFIC",
         NULL,
         {true, false},
         "EVCC: what follows of the EVCC is not shown: the key log has no CLIENT_TRAFFIC_SECRET_0"},
        {"CLIENT_TRAFFIC",
         "SERVER_TRAFFIC",
         {false, false},
         "SECC: what follows of the SECC is not shown: the key log has no SERVER_TRAFFIC_SECRET_0"},
        {"CLIENT_HANDSHAKE",
         "SERVER_HANDSHAKE",
         {true, true},
         "SECC: the handshake of the SECC is not shown: the key log has no SERVER_HANDSHAKE"},
    };
    (void)state;
    struct tape t;
    tape_make(&t, TLS1_3_VERSION, false);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct heard h;
        char *keys = without(buf_string(&t.keys), CASES[i].label, CASES[i].other);
        heard_open(&h, keys);
        heard_feed(&h, &t, 100);
        if (h.failures > 0)
            fail_msg("%zu: %s", i, h.e.what);
        for (int side = 0; side < 2; side++) {
            assert_int_equal(h.plain[side].n, CASES[i].shows[side] ? t.said[side].n : 0);
            if (CASES[i].shows[side])
                assert_memory_equal(h.plain[side].p, t.said[side].p, t.said[side].n);
        }
        assert_has(buf_string(&h.notes), CASES[i].note);
        assert_int_equal(tls_decrypt_is_locked(h.d), !CASES[i].shows[0] && !CASES[i].shows[1]);
        heard_close(&h);
        free(keys);
    }
    tape_free(&t);
}

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

/* A session of TLS 1.2 with this suite, at a station whose key is RSA. */
static void tape_make_rsa(struct tape *t, const char *suite, bool is_extended)
{
    struct tape_ends ends;
    tape_ends_open(&ends, t, TLS1_2_VERSION, "P-256");
    assert_int_equal(SSL_set_cipher_list(ends.client, suite), 1);
    if (!is_extended)
        SSL_set_options(ends.client, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    tape_handshake(t, &ends);
    assert_int_equal(SSL_get_extms_support(ends.client), is_extended);
    tape_say(t, &ends, true, "first");
    tape_say(t, &ends, false, "answer");
    tape_ends_close(&ends);
}

/* The station's private key opens what its suite exchanges by RSA, and nothing else. */
static void a_private_key_opens_suites_of_rsa(void **state)
{
    static const struct {
        const char *suite;
        bool is_extended;
    } CASES[] = {{"AES128-SHA256", true},     {"AES128-SHA256", false},
                 {"AES256-SHA", true},        {"AES256-GCM-SHA384", false},
                 {"AES128-GCM-SHA256", true}, {"ECDHE-RSA-AES128-GCM-SHA256", true}};
    enum { DHE = 5 };
    char path[] = "/tmp/v2glab-key-XXXXXX";
    struct cert ec = tape_leaf, other;
    struct err e = ERR_INIT;
    (void)state;
    close(mkstemp(path));
    cert_make(&tape_leaf, &(struct cert_order){"SECC", "CPO", "RSA", &tape_root, .is_ca = false});
    cert_make(&other, &(struct cert_order){"SECC", "CPO", "RSA", &tape_root, .is_ca = false});
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
            struct tape t;
            struct heard h;
            tape_make_rsa(&t, CASES[i].suite, CASES[i].is_extended);
            heard_open(&h, "");
            write_key(path, is_wrong ? other.key : tape_leaf.key);
            assert_int_equal(tls_rsa_read(&h.secrets, path, &e), 0);
            heard_feed(&h, &t, 100);
            const char *notes = buf_string(&h.notes);
            if (i == DHE)
                assert_has(notes, "that no private key opens (only TLS_RSA_ suites exchange it by "
                                  "the key); a key log is needed");
            else if (is_wrong) /* newer OpenSSL gives something random for what is not its own */
                assert_true(h.failures > 0 ||
                            strstr(notes, "the key is not that of the station's certificate"));
            else
                heard_all(&h, &t);
            if (i == DHE || is_wrong)
                assert_int_equal(h.plain[0].n + h.plain[1].n, 0);
            heard_close(&h);
            tape_free(&t);
        }
    struct tls_secrets s = {0};
    write_key(path, ec.key);
    assert_int_equal(tls_rsa_read(&s, path, &e), -1);
    assert_has(e.what, "is no RSA key; with others the key of the station but signs");
    e = ERR_INIT;
    assert_int_equal(tls_rsa_read(&s, "Makefile", &e), -1);
    assert_has(e.what, "Makefile has no private key; expected PEM");
    e = ERR_INIT;
    assert_int_equal(tls_rsa_read(&s, "/nowhere/key.pem", &e), -1);
    assert_has(e.what, "the key /nowhere/key.pem cannot be opened: No such file");
    cert_free(&tape_leaf);
    cert_free(&other);
    tape_leaf = ec;
    unlink(path);
}

static void wrong_secrets_are_found_out(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct tape t;
        struct heard h;
        tape_make(&t, k ? TLS1_3_VERSION : TLS1_2_VERSION, false);
        buf_string(&t.keys);
        for (size_t i = 1; i < t.keys.n; i++) /* the last digit of each secret */
            if (t.keys.p[i] == '\n')
                t.keys.p[i - 1] = t.keys.p[i - 1] == '0' ? '1' : '0';
        heard_open(&h, (const char *)t.keys.p);
        heard_feed(&h, &t, 1000);
        assert_int_equal(h.failures, 2); /* once a direction */
        assert_has(h.e.what,
                   "does not verify: its bytes were changed, or the secret in the key log");
        assert_int_equal(h.plain[0].n + h.plain[1].n, 0);
        heard_close(&h);
        tape_free(&t);
    }
}

static void a_changed_byte_is_never_shown(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct tape t;
        tape_make(&t, k ? TLS1_3_VERSION : TLS1_2_VERSION, false);
        for (size_t at = 0; at < t.bytes.n; at++) {
            struct heard h;
            t.bytes.p[at] ^= 0x01;
            heard_open(&h, buf_string(&t.keys));
            heard_feed(&h, &t, 1000000);
            for (int i = 0; i < 2; i++) {
                assert_true(h.plain[i].n <= t.said[i].n);
                if (h.plain[i].n > 0)
                    assert_memory_equal(h.plain[i].p, t.said[i].p, h.plain[i].n);
            }
            heard_close(&h);
            t.bytes.p[at] ^= 0x01;
        }
        tape_free(&t);
    }
}

static void cut_and_lost_bytes(void **state)
{
    struct tape t;
    (void)state;
    tape_make(&t, TLS1_3_VERSION, false);
    for (size_t cut = 0; cut < t.bytes.n; cut += 5) {
        struct heard h;
        heard_open(&h, buf_string(&t.keys));
        for (unsigned i = 0; i < t.pieces; i++) { /* every piece ends early */
            size_t n = t.piece[i].n < cut ? t.piece[i].n : cut;
            struct slice s = {t.bytes.p + t.piece[i].at, n};
            tls_decrypt_feed(h.d, t.piece[i].from_client, s, &h.e);
        }
        heard_close(&h);
    }
    struct heard h;
    heard_open(&h, buf_string(&t.keys));
    tls_decrypt_loss(h.d, false);
    heard_feed(&h, &t, 1000000);
    assert_has(buf_string(&h.notes), "nothing of the SECC can be decrypted behind the loss");
    assert_int_equal(h.plain[0].n + h.plain[1].n, 0);
    heard_close(&h);
    tape_free(&t);
}

static void noise_is_refused(void **state)
{
    uint32_t x = 1;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        uint8_t noise[300];
        struct heard h;
        heard_open(&h, "");
        for (size_t i = 0; i < sizeof noise; i++) {
            x = x * 1664525u + 1013904223u;
            noise[i] = (uint8_t)(x >> 24);
        }
        bool is_server = round & 1;
        if (round % 3 != 0) /* a record with a hello of right lengths, and noise in it */
            memcpy(noise, (uint8_t[]){0x16, 3, 3, 1, 0x20, is_server ? 2 : 1, 0, 1, 0x1C, 3, 3},
                   11);
        noise[43] &= 31;
        tls_decrypt_feed(h.d, !is_server, (struct slice){noise, sizeof noise}, &h.e);
        tls_decrypt_feed(h.d, is_server, (struct slice){noise, sizeof noise}, &h.e);
        heard_close(&h);
    }
    struct heard h;
    heard_open(&h, "");
    assert_int_equal(
        tls_decrypt_feed(h.d, true, (struct slice){(const uint8_t *)"GET / HTTP", 10}, &h.e), -1);
    assert_has(h.e.what,
               "no record where number 1 of the EVCC should begin: expected 14 to 17, 03,");
    assert_int_equal(
        tls_decrypt_feed(h.d, true, (struct slice){(const uint8_t *)"GET / HTTP", 10}, &h.e), 0);
    heard_close(&h);
    heard_open(&h, "");
    h.e = ERR_INIT;
    assert_int_equal(
        tls_decrypt_feed(h.d, true, (struct slice){(const uint8_t *)"\x17\3\3\0\1x", 6}, &h.e), -1);
    assert_has(h.e.what, "the beginning of the connection is missing");
    heard_close(&h);
}

static void facts_survive_noise(void **state)
{
    uint32_t x = 7;
    (void)state;
    for (int round = 0; round < 5000; round++) {
        static const uint8_t TYPES[] = {1, 2, 4, 8, 11, 12, 13, 15, 20, 22, 24, 99};
        struct tls_facts f = {.version = round & 1 ? 0x0304 : 0x0303};
        struct buf text = {0};
        uint8_t noise[120];
        for (size_t i = 0; i < sizeof noise; i++) {
            x = x * 1664525u + 1013904223u;
            noise[i] = x >> 30 ? (uint8_t)(x >> 24 & 7) : (uint8_t)(x >> 20);
        }
        for (size_t i = 0; i < sizeof TYPES; i++) {
            size_t n = (x >> 8) % sizeof noise;
            uint8_t *exact = malloc(n + 1);
            memcpy(exact, noise, n);
            tls_facts_message(&f, round & 2, TYPES[i], (struct slice){exact, n});
            free(exact);
            tls_facts_line(&f, round & 2, TYPES[i], &text);
            x = x * 1664525u + 1013904223u;
        }
        buf_close(&text);
        tls_facts_close(&f);
    }
}

static void extensions_are_read(void **state)
{
    static const uint8_t
        HELLO[] =
            {
                3,    3,    1,    2,    3,    4,    5,  6,  7,  8,   9,   10,  11,  12,
                13,   14,   15,   16,   17,   18,   19, 20, 21, 22,  23,  24,  25,  26,
                27,   28,   29,   30,   31,   32,   0,              /* no session */
                0,    4,    0xC0, 0x23, 0xC0, 0x25, 1,  0,  0,  54, /* suites, compression */
                0,    0,    0,    10,   0,    8,    0,  0,  5,  's', 'e', 'c', 'c', '1', /* SNI */
                0,    3,    0,    23,   0,    21,   1,  0,  1,  2,   3,   4,   5,   6,
                7,    8,    9,    10,   11,   12,   13, 14, 15, 16,  17,  18,  19, /* CA keys */
                0,    5,    0,    5,    1,    0,    0,  0,  0, /* status_request */
                0x12, 0x34, 0,    0,
            };
    struct tls_facts f = {.version = 0};
    struct buf text = {0};
    (void)state;
    assert_int_equal(tls_facts_message(&f, true, 1, (struct slice){HELLO, sizeof HELLO}), 0);
    tls_facts_line(&f, true, 1, &text);
    assert_string_equal(buf_string(&text),
                        "ClientHello: TLS 1.2; TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "
                        "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256; for secc1; trusted_ca_keys key "
                        "000102030405060708090a0b0c0d0e0f10111213; status_request");
    for (size_t n = 0; n < sizeof HELLO; n++) { /* cut anywhere */
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, HELLO, n);
        tls_facts_message(&f, true, 1, (struct slice){cut, n});
        free(cut);
    }
    buf_close(&text);
    tls_facts_close(&f);
}

static void names_and_numbers(void **state)
{
    struct buf text = {0};
    (void)state;
    assert_string_equal(tls_name(TLS_ALERTS, 48), "unknown_ca");
    assert_int_equal(tls_number(TLS_GROUPS, "SECP521R1"), 25);
    assert_int_equal(tls_number(TLS_VERSIONS, "1.3"), 0x0304);
    assert_int_equal(tls_number(TLS_VERSIONS, "TLS 1.2"), 0x0303);
    assert_int_equal(tls_number(TLS_SUITES, "none"), -1);
    tls_add_name(&text, TLS_SUITES, 0xABCD);
    assert_string_equal(buf_string(&text), "0xABCD");
    buf_close(&text);
}

/* ---- key logs ---- */

#define RANDOM "000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f"

/* A ServerHello that the client sends agrees on nothing that keys could be derived for. */
static void a_server_hello_of_the_client(void **state)
{
    static const uint8_t CHANGE[] = {20, 3, 3, 0, 1, 1};
    struct tape t;
    struct heard h;
    (void)state;
    tape_make(&t, TLS1_2_VERSION, false);
    heard_open(&h, buf_string(&t.keys));
    for (unsigned i = 0; i < 2; i++)
        tls_decrypt_feed(h.d, true, (struct slice){t.bytes.p + t.piece[i].at, t.piece[i].n}, &h.e);
    assert_true(tls_decrypt_facts(h.d)->server_hello.n > 0);
    assert_int_equal(tls_decrypt_feed(h.d, true, (struct slice){CHANGE, sizeof CHANGE}, &h.e), -1);
    assert_non_null(strstr(h.e.what, "could not be derived"));
    heard_close(&h);
    tape_free(&t);
}

static void key_logs_are_read(void **state)
{
    static const char TEXT[] = "# comment\r\n"
                               "CLIENT_RANDOM " RANDOM " 0102ff\r\n"
                               "EXPORTER_SECRET " RANDOM " 01\n"
                               "CLIENT_RANDOM 0001 0102\n"
                               "CLIENT_RANDOM " RANDOM "\n"
                               "SERVER_TRAFFIC_SECRET_0 " RANDOM " zz\n"
                               "\n"
                               "CLIENT_TRAFFIC_SECRET_0\t" RANDOM "  0a0b";
    struct tls_secrets s = {0};
    uint8_t random[TLS_RANDOM], out[TLS_SECRET_MOST];
    (void)state;
    for (uint8_t i = 0; i < TLS_RANDOM; i++)
        random[i] = i;
    assert_int_equal(tls_secrets_find(&s, random, TLS_MASTER_SECRET, out), 0);
    assert_int_equal(tls_secrets_add(&s, (struct slice){(const uint8_t *)TEXT, sizeof TEXT - 1}),
                     2);
    assert_int_equal(tls_secrets_find(&s, random, TLS_MASTER_SECRET, out), 3);
    assert_memory_equal(out, "\x01\x02\xFF", 3);
    assert_int_equal(tls_secrets_find(&s, random, TLS_CLIENT_TRAFFIC, out), 2);
    assert_int_equal(tls_secrets_find(&s, random, TLS_SERVER_TRAFFIC, out), 0);
    tls_secrets_close(&s);
}

static void key_log_files(void **state)
{
    struct tls_secrets s = {0};
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(tls_secrets_read(&s, "/nowhere/keys", &e), -1);
    assert_has(e.what, "the key log /nowhere/keys cannot be opened: No such file");
    e = ERR_INIT;
    assert_int_equal(tls_secrets_read(&s, "Makefile", &e), -1);
    assert_has(e.what, "Makefile has no TLS secret in it; expected lines as \"CLIENT_RANDOM\"");
    assert_int_equal(secrets_of_capture(&s, "Makefile"), 0);
    tls_secrets_close(&s);
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Other programs write pcapng in big-endian, too; and any length may stand in a broken file. */
static void secrets_in_captures(void **state)
{
    char line[] = "CLIENT_RANDOM " RANDOM " 0102ff00\n";
    uint8_t file[28 + 20 + sizeof line + 3];
    size_t text = sizeof line - 1, padded = (text + 3) / 4 * 4, n = 28 + 20 + padded;
    struct tls_secrets s = {0};
    (void)state;
    memset(file, 0, sizeof file);
    put32(file, 0x0A0D0D0A);
    put32(file + 4, 28);
    put32(file + 8, 0x1A2B3C4D);
    put32(file + 24, 28);
    put32(file + 28, 10);
    put32(file + 32, (uint32_t)(20 + padded));
    put32(file + 36, 0x544C534B);
    put32(file + 40, (uint32_t)text);
    memcpy(file + 44, line, text);
    put32(file + n - 4, (uint32_t)(20 + padded));
    assert_int_equal(secrets_of_bytes(&s, (struct slice){file, n}), 1);
    for (size_t at = 0; at < 48; at++) /* wherever it is broken */
        for (int k = 0; k < 2; k++) {
            uint8_t was = file[at];
            file[at] = k == 0 ? 0xFF : (uint8_t)(was + 1);
            secrets_of_bytes(&s, (struct slice){file, n});
            file[at] = was;
        }
    tls_secrets_close(&s);
}

static void our_captures_have_their_secrets(void **state)
{
    char path[] = "/tmp/v2glab-secrets-XXXXXX";
    struct tls_secrets s = {0};
    struct err e = ERR_INIT;
    (void)state;
    close(mkstemp(path));
    struct pcapng *p = pcapng_open(path, &e);
    assert_non_null(p);
    pcapng_secrets(p, "CLIENT_RANDOM " RANDOM " 0102\n");
    assert_int_equal(pcapng_close(p, &e), 0);
    assert_int_equal(secrets_of_capture(&s, path), 1);
    tls_secrets_close(&s);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_decrypted_in_any_pieces),
        cmocka_unit_test(an_alert_of_our_own_is_the_next_record_in_each_suite),
        cmocka_unit_test(directions_wait_for_each_other),
        cmocka_unit_test(without_secrets_the_handshake_is_shown),
        cmocka_unit_test(half_a_key_log_opens_half),
        cmocka_unit_test(a_private_key_opens_suites_of_rsa),
        cmocka_unit_test(wrong_secrets_are_found_out),
        cmocka_unit_test(a_changed_byte_is_never_shown),
        cmocka_unit_test(cut_and_lost_bytes),
        cmocka_unit_test(noise_is_refused),
        cmocka_unit_test(facts_survive_noise),
        cmocka_unit_test(extensions_are_read),
        cmocka_unit_test(names_and_numbers),
        cmocka_unit_test(a_server_hello_of_the_client),
        cmocka_unit_test(key_logs_are_read),
        cmocka_unit_test(key_log_files),
        cmocka_unit_test(secrets_in_captures),
        cmocka_unit_test(our_captures_have_their_secrets),
    };
    return cmocka_run_group_tests(tests, tape_open, tape_close);
}
