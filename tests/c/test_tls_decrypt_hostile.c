/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decrypting recorded TLS that is not as it should be: records whose lengths, paddings and contents
 * an attacker made, ends that do not come, early data, and calls of OpenSSL that say no. What is
 * shown is what was said, never more.
 */
#include "calls_crypto.h"
#include "tape.h"

#include <errno.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define CONTENT 23 /* application data */
#define HEADER 5

/* ---- records with another body ---- */

/* How the body of a record is changed; at: counted from its end where it is negative. */
struct change {
    int keep_from, keep; /* so many octets of it, from there on; 0: all */
    int at, times;       /* octets that are changed, by exclusive or, */
    uint8_t by;
};

#define GCM "ECDHE-ECDSA-AES128-GCM-SHA256"
#define CHACHA "ECDHE-ECDSA-CHACHA20-POLY1305"
#define CBC "ECDHE-ECDSA-AES128-SHA256"

/* "first" and what OpenSSL puts around it: of CBC 16 octets IV, three blocks of which 11 are
 * padding; with encrypt-then-MAC one block, 11 of it padding, and 32 octets of MAC. */
static const struct {
    const char *suite; /* NULL: TLS 1.3 */
    uint64_t options;  /* of the server */
    struct change change;
} CHANGED[] = {
    {GCM, 0, {.keep = 7}},
    {GCM, 0, {.keep = 8 + 15}},
    {GCM, 0, {.keep = 8 + 16}},
    {GCM, 0, {.at = -1, .times = 1, .by = 1}},
    {CHACHA, 0, {.keep = 15}},
    {CHACHA, 0, {.keep = 16}},
    {CHACHA, 0, {.at = 0, .times = 1, .by = 0x80}},
    {NULL, 0, {.keep = 15}},
    {NULL, 0, {.keep = 16}},
    {NULL, 0, {.at = 0, .times = 1, .by = 1}},
    {CBC, 0, {.keep = 31}},                                           /* shorter than the MAC */
    {CBC, 0, {.keep = 32}},                                           /* the MAC of nothing */
    {CBC, 0, {.at = -1, .times = 1, .by = 1}},                        /* the MAC */
    {CBC, 0, {.at = 16, .times = 1, .by = 1}},                        /* what it is of */
    {CBC, SSL_OP_NO_ENCRYPT_THEN_MAC, {.keep = 16}},                  /* an IV alone */
    {CBC, SSL_OP_NO_ENCRYPT_THEN_MAC, {.keep = 33}},                  /* no whole blocks */
    {CBC, SSL_OP_NO_ENCRYPT_THEN_MAC, {.keep_from = 32, .keep = 32}}, /* shorter than a MAC */
    {CBC, SSL_OP_NO_ENCRYPT_THEN_MAC, {.keep = 32}},                  /* ends within the MAC */
    {CBC,
     SSL_OP_NO_ENCRYPT_THEN_MAC,
     {.at = -17, .times = 1, .by = 0x0A ^ 255}}, /* too much padding */
    {CBC,
     SSL_OP_NO_ENCRYPT_THEN_MAC,
     {.at = -17, .times = 1, .by = 0x0A ^ 9}}, /* its octets differ */
    {CBC,
     SSL_OP_NO_ENCRYPT_THEN_MAC,
     {.at = -17, .times = 1, .by = 0x0A ^ 0}}, /* less: the MAC moves */
    {CBC, SSL_OP_NO_ENCRYPT_THEN_MAC, {.at = 16, .times = 1, .by = 1}},
};

/* All that one side said, in one row. */
static struct buf side_of(const struct tape *t, bool from_client)
{
    struct buf all = {0};
    for (unsigned i = 0; i < t->pieces; i++)
        if (t->piece[i].from_client == from_client)
            buf_add(&all, t->bytes.p + t->piece[i].at, t->piece[i].n);
    return all;
}

static void make_changed(const uint8_t *record, const struct change *c, struct buf *out)
{
    size_t n = (size_t)record[3] << 8 | record[4];
    size_t kept = c->keep > 0 ? (size_t)c->keep : n;
    assert_true((size_t)c->keep_from + kept <= n);
    uint8_t head[HEADER] = {record[0], record[1], record[2], (uint8_t)(kept >> 8), (uint8_t)kept};
    buf_add(out, head, HEADER);
    buf_add(out, record + HEADER + c->keep_from, kept);
    for (int i = 0; i < c->times; i++)
        out->p[c->at < 0 ? out->n - (size_t)-c->at + (size_t)i
                         : HEADER + (size_t)c->at + (size_t)i] ^= c->by;
}

static void tape_of_suite(struct tape *t, const char *suite, uint64_t options)
{
    struct tape_ends ends;
    tape_ends_open(&ends, t, suite == NULL ? TLS1_3_VERSION : TLS1_2_VERSION, "P-256");
    SSL_set_options(ends.server, options);
    if (suite != NULL)
        assert_int_equal(SSL_set_cipher_list(ends.client, suite), 1);
    tape_handshake(t, &ends);
    tape_say(t, &ends, true, "first");
    tape_say(t, &ends, false, "answer");
    tape_ends_close(&ends);
}

static struct slice slice_of(const struct buf *b)
{
    return (struct slice){b->p, b->n};
}

static void what_was_changed_does_not_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CHANGED / sizeof *CHANGED; i++) {
        struct tape t;
        struct heard h;
        struct buf changed = {0};
        tape_of_suite(&t, CHANGED[i].suite, CHANGED[i].options);
        struct buf client = side_of(&t, true), server = side_of(&t, false);
        size_t at = client.n; /* "first" is the last record of the vehicle */
        for (size_t k = 0; k < client.n;
             k += HEADER + ((size_t)client.p[k + 3] << 8 | client.p[k + 4]))
            at = k;
        assert_int_equal(client.p[at], CONTENT);
        make_changed(client.p + at, &CHANGED[i].change, &changed);
        heard_open(&h, buf_string(&t.keys));
        assert_int_equal(tls_decrypt_feed(h.d, true, (struct slice){client.p, at}, &h.e), 0);
        assert_int_equal(tls_decrypt_feed(h.d, false, slice_of(&server), &h.e), 0);
        if (tls_decrypt_feed(h.d, true, slice_of(&changed), &h.e) != -1)
            fail_msg("%zu is taken", i);
        assert_has(h.e.what, "of the EVCC does not verify: its bytes were changed");
        assert_int_equal(h.plain[1].n, 0);
        assert_int_equal(h.plain[0].n, t.said[0].n); /* the other side is shown all the same */
        heard_close(&h);
        buf_close(&changed);
        buf_close(&client);
        buf_close(&server);
        tape_free(&t);
    }
}

/* ---- contents that verify ---- */

static const struct {
    uint8_t type, content[8];
    size_t n;
    const char *said; /* the error, or a note; NULL: nothing */
} CONTENTS[] = {
    {21, {1, 0, 0}, 3, "TLS: an alert of 3 bytes from the EVCC; expected 2"},
    {21, {1}, 1, "TLS: an alert of 1 bytes from the EVCC; expected 2"},
    {21, {2, 40}, 2, "alert from the EVCC: handshake_failure (fatal)"},
    {21, {9, 200}, 2, "alert from the EVCC: "},
    {22, {4, 4, 0, 1}, 4, "TLS: a handshake message of 262145 bytes from the EVCC"},
    {22, {11, 0, 0, 1, 1}, 5, "TLS: the EVCC's Certificate (1 bytes) is cut or broken"},
    {22, {24, 0, 0, 1, 0}, 5, "EVCC: KeyUpdate"},
    {22, {0, 0, 0, 0}, 4, NULL},
    {22, {24, 0, 0}, 3, NULL}, /* the rest of it may come */
    {20, {1}, 1, "TLS: a record with content of type 20 from the EVCC"},
    {99, {1}, 1, "TLS: a record with content of type 99 from the EVCC"},
    {0, {0, 0}, 2, "does not verify"}, /* zeros alone: there is no type */
    {23, {0}, 0, NULL},
};

/* Sealed with the right keys, as by a vehicle that is hostile. */
static void contents_of_any_kind_are_told(void **state)
{
    struct tape t;
    (void)state;
    tape_of_suite(&t, NULL, 0);
    for (size_t i = 0; i < sizeof CONTENTS / sizeof *CONTENTS; i++) {
        struct heard h;
        struct buf record = {0};
        heard_open(&h, buf_string(&t.keys));
        heard_feed(&h, &t, 1000000);
        heard_all(&h, &t);
        buf_clear(&h.notes);
        struct slice content = {CONTENTS[i].content, CONTENTS[i].n};
        assert_int_equal(tls_decrypt_seal(h.d, true, CONTENTS[i].type, content, &record, &h.e), 0);
        int bad = tls_decrypt_feed(h.d, true, slice_of(&record), &h.e);
        assert_int_equal(bad != 0, h.e.set);
        const char *said = bad != 0 ? h.e.what : buf_string(&h.notes);
        if (CONTENTS[i].said != NULL)
            assert_has(said, CONTENTS[i].said);
        else
            assert_string_equal(said, "");
        assert_int_equal(h.plain[1].n, t.said[1].n);
        heard_close(&h);
        buf_close(&record);
    }
    tape_free(&t);
}

/* OpenSSL fills records up with zeros, where it is told to. */
static void filling_is_taken_off(void **state)
{
    struct tape_ends ends;
    struct tape t;
    struct heard h;
    (void)state;
    tape_ends_open(&ends, &t, TLS1_3_VERSION, "P-256");
    SSL_set_block_padding(ends.client, 64);
    tape_handshake(&t, &ends);
    tape_say(&t, &ends, true, "filled");
    tape_say(&t, &ends, false, "not filled");
    tape_ends_close(&ends);
    heard_open(&h, buf_string(&t.keys));
    heard_feed(&h, &t, 100);
    heard_all(&h, &t);
    heard_close(&h);
    tape_free(&t);
}

/* ---- records of our own that cannot be ---- */

static void after_loss(struct heard *h)
{
    tls_decrypt_loss(h->d, true);
    tls_decrypt_loss(h->d, true); /* told once */
    assert_string_equal(buf_string(&h->notes),
                        "EVCC: nothing of the EVCC can be decrypted behind the loss\n");
}

static void within_a_record(struct heard *h)
{
    static const uint8_t BEGUN[] = {CONTENT, 3, 3};
    tls_decrypt_feed(h->d, true, (struct slice){BEGUN, sizeof BEGUN}, &h->e);
}

static void none_is_sealed_without_keys(void **state)
{
    static void (*const BEFORE[])(struct heard *) = {NULL, after_loss, within_a_record};
    static const uint8_t ALERT[] = {2, 40}, LONG[65];
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct tape t;
        struct heard h;
        struct buf out = {0};
        tape_of_suite(&t, i == 4 ? NULL : GCM, 0);
        const char *keys = buf_string(&t.keys);
        heard_open(&h, i == 3 || i == 4 ? "" : keys);
        heard_feed(&h, &t, 1000000);
        buf_clear(&h.notes);
        if (i < 3 && BEFORE[i] != NULL)
            BEFORE[i](&h);
        struct slice content = {i == 5 ? LONG : ALERT, i == 5 ? sizeof LONG : sizeof ALERT};
        int bad = tls_decrypt_seal(h.d, true, 21, content, &out, &h.e);
        assert_int_equal(bad, i == 0 ? 0 : -1);
        if (bad != 0)
            assert_string_equal(h.e.what, "TLS: the keys of the EVCC are not known");
        heard_close(&h);
        buf_close(&out);
        tape_free(&t);
    }
}

/* ---- ends that do not come ---- */

static void a_side_that_waits_too_long_is_given_up(void **state)
{
    static const uint8_t RECORD[HEADER + 16384] = {CONTENT, 3, 3, 0x40, 0};
    struct tape t;
    struct heard h;
    unsigned n = 0;
    (void)state;
    tape_of_suite(&t, NULL, 0);
    struct buf client = side_of(&t, true);
    size_t hello = HEADER + ((size_t)client.p[3] << 8 | client.p[4]);
    heard_open(&h, buf_string(&t.keys));
    assert_int_equal(tls_decrypt_feed(h.d, true, (struct slice){client.p, hello}, &h.e), 0);
    while (n < 100 && tls_decrypt_feed(h.d, true, (struct slice){RECORD, sizeof RECORD}, &h.e) == 0)
        n++;
    assert_in_range(n, 60, 64); /* 1 MiB */
    assert_string_equal(h.e.what, "TLS: no hello from the other side, and the EVCC goes on");
    heard_close(&h);
    buf_close(&client);
    tape_free(&t);
}

/* Application data in the clear behind the hellos of TLS 1.2. */
static void data_before_the_end_of_the_handshake(void **state)
{
    static const uint8_t RECORD[] = {CONTENT, 3, 3, 0, 1, 'x'};
    (void)state;
    for (int from_client = 0; from_client < 2; from_client++) {
        struct tape t;
        struct heard h;
        tape_of_suite(&t, GCM, 0);
        heard_open(&h, buf_string(&t.keys));
        for (unsigned i = 0; i < 2; i++) /* the hellos, with what the station says behind its own */
            tls_decrypt_feed(h.d, t.piece[i].from_client,
                             (struct slice){t.bytes.p + t.piece[i].at, t.piece[i].n}, &h.e);
        assert_int_equal(tls_decrypt_feed(h.d, from_client, (struct slice){RECORD, 6}, &h.e), -1);
        assert_has(h.e.what, "before the handshake is over");
        assert_int_equal(h.plain[from_client].n, 0);
        heard_close(&h);
        tape_free(&t);
    }
}

static void nothing_is_needed_to_listen(void **state)
{
    static const struct tls_decrypt_events NONE;
    struct err e = ERR_INIT;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct tape t;
        tape_of_suite(&t, i == 0 ? NULL : GCM, 0);
        struct tls_decrypt *d = tls_decrypt_open(NULL, &NONE, NULL);
        assert_non_null(d);
        for (unsigned k = 0; k < t.pieces; k++)
            assert_int_equal(
                tls_decrypt_feed(d, t.piece[k].from_client,
                                 (struct slice){t.bytes.p + t.piece[k].at, t.piece[k].n}, &e),
                0);
        assert_true(tls_decrypt_is_locked(d));
        assert_int_equal(tls_decrypt_facts(d)->version, i == 0 ? 0x0304 : 0x0303);
        tls_decrypt_close(d);
        tape_free(&t);
    }
    tls_decrypt_close(NULL);
}

/* ---- sessions that go on with an earlier secret ---- */

/* The second one of two sessions of TLS 1.2, whose secret is that of the first one. */
static void tape_resumed(struct tape *t)
{
    struct tape first;
    struct tape_ends ends;
    tape_ends_open(&ends, &first, TLS1_2_VERSION, "P-256");
    assert_int_equal(SSL_set_cipher_list(ends.client, "AES128-GCM-SHA256"), 1);
    tape_handshake(&first, &ends);
    SSL_SESSION *session = SSL_get1_session(ends.client);
    SSL_CTX *own = ends.context[1]; /* its tickets */
    assert_int_equal(SSL_CTX_up_ref(own), 1);
    SSL_set_shutdown(ends.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(ends.server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    tape_ends_close(&ends);
    tape_free(&first);

    tape_ends_open(&ends, t, TLS1_2_VERSION, "P-256");
    tape_ends_serve(&ends, own);
    assert_int_equal(SSL_set_cipher_list(ends.client, "AES128-GCM-SHA256"), 1);
    assert_int_equal(SSL_set_session(ends.client, session), 1);
    tape_handshake(t, &ends);
    assert_true(SSL_session_reused(ends.client));
    tape_say(t, &ends, true, "first");
    SSL_SESSION_free(session);
    tape_ends_close(&ends);
    SSL_CTX_free(own);
}

static void a_key_does_not_open_what_is_resumed(void **state)
{
    struct cert ec = tape_leaf;
    struct tape t;
    (void)state;
    cert_make(&tape_leaf, &(struct cert_order){"SECC", "CPO", "RSA", &tape_root, .is_ca = false});
    tape_resumed(&t);
    for (int has_keys = 0; has_keys < 2; has_keys++) {
        struct heard h;
        heard_open(&h, has_keys ? buf_string(&t.keys) : "");
        assert_int_equal(EVP_PKEY_up_ref(tape_leaf.key), 1);
        h.secrets.key = tape_leaf.key;
        heard_feed(&h, &t, 100);
        if (has_keys)
            heard_all(&h, &t);
        else
            assert_has(buf_string(&h.notes), "what is inside is not shown: a session is resumed "
                                             "whose secret is not in the capture");
        assert_int_equal(h.plain[1].n, has_keys ? t.said[1].n : 0);
        heard_close(&h);
    }
    tape_free(&t);
    cert_free(&tape_leaf);
    tape_leaf = ec;
}

/* ---- early data ---- */

/* A second session that says something in its first flight, under the secret of the first one. */
static void tape_early(struct tape *t)
{
    struct tape first;
    struct tape_ends ends;
    size_t n = 0;
    char heard[16];
    tape_ends_open(&ends, &first, TLS1_3_VERSION, "P-256");
    SSL_CTX_set_max_early_data(ends.context[1], 1000);
    SSL_set_max_early_data(ends.server, 1000);
    tape_handshake(&first, &ends);
    tape_say(&first, &ends, false, "ticket");
    SSL_SESSION *session = SSL_get1_session(ends.client);
    SSL_CTX *own = ends.context[1]; /* its tickets */
    SSL_set_shutdown(ends.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(ends.server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    assert_int_equal(SSL_CTX_up_ref(own), 1);
    tape_ends_close(&ends);
    tape_free(&first);

    tape_ends_open(&ends, t, TLS1_3_VERSION, "P-256");
    tape_ends_serve(&ends, own);
    assert_int_equal(SSL_set_session(ends.client, session), 1);
    assert_int_equal(SSL_write_early_data(ends.client, "early", 5, &n), 1);
    tape_move(t, ends.client, ends.server, true);
    assert_int_equal(SSL_read_early_data(ends.server, heard, sizeof heard, &n),
                     SSL_READ_EARLY_DATA_SUCCESS);
    assert_int_equal(n, 5);
    assert_int_equal(SSL_read_early_data(ends.server, heard, sizeof heard, &n),
                     SSL_READ_EARLY_DATA_ERROR); /* it has all that came */
    tape_move(t, ends.server, ends.client, false);
    tape_handshake(t, &ends);
    tape_say(t, &ends, true, "first");
    tape_say(t, &ends, false, "answer");
    SSL_SESSION_free(session);
    tape_ends_close(&ends);
    SSL_CTX_free(own);
}

static void early_data_is_passed_over(void **state)
{
    struct tape t;
    (void)state;
    tape_early(&t);
    for (int late = 0; late < 2; late++) { /* either direction may come late */
        struct heard h;
        struct buf side[2] = {side_of(&t, false), side_of(&t, true)};
        heard_open(&h, buf_string(&t.keys));
        for (int i = 0; i < 2; i++)
            h.failures += tls_decrypt_feed(h.d, i ^ late, slice_of(&side[i ^ late]), &h.e) != 0;
        heard_all(&h, &t);
        heard_close(&h);
        buf_close(&side[0]);
        buf_close(&side[1]);
    }
    tape_free(&t);
}

/* ---- calls that are refused ---- */

struct recorded {
    struct tape tape;
    EVP_PKEY *key; /* of the station, in place of the secrets */
    bool seals;
};

/* A memory_run: what was said is shown, or it is said why not; and nothing else is. */
static int hear(void *context, struct err *e)
{
    static const uint8_t ALERT[] = {2, 40};
    struct recorded *r = context;
    struct heard h;
    struct buf out = {0};
    if (!heard_begin(&h, r->key == NULL ? buf_string(&r->tape.keys) : ""))
        return err_set(e, "out of memory");
    if (r->key != NULL && EVP_PKEY_up_ref(r->key) == 1)
        h.secrets.key = r->key;
    heard_feed(&h, &r->tape, 1000000);
    bool has_room = !h.plain[0].failed && !h.plain[1].failed && !h.notes.failed;
    bool is_told = h.failures > 0 || strstr(buf_string(&h.notes), "is not shown") != NULL;
    for (int i = 0; i < 2 && has_room; i++) {
        assert_true(h.plain[i].n <= r->tape.said[i].n);
        assert_true(is_told || h.plain[i].n == r->tape.said[i].n);
        if (h.plain[i].n > 0)
            assert_memory_equal(h.plain[i].p, r->tape.said[i].p, h.plain[i].n);
    }
    int bad = h.failures > 0 ? -1 : 0;
    if (bad == 0 && (is_told || !has_room))
        bad = err_set(&h.e, "a note tells it, or there is no room for what is told");
    if (bad == 0 && r->seals)
        bad = tls_decrypt_seal(h.d, true, 21, (struct slice){ALERT, sizeof ALERT}, &out, &h.e);
    *e = h.e;
    heard_close(&h);
    buf_close(&out);
    ERR_clear_error();
    return bad;
}

/* Calls, and memory. */
static void fail_each(const char *name, struct recorded *r)
{
    buf_string(&r->tape.keys);
    assert_true(calls_refuse_each(name, EIO, hear, r) > 10);
    assert_true(memory_fail_each(name, 40, hear, r) > 10 || !COUNTS_MEMORY);
    tape_free(&r->tape);
}

static void refused_calls_and_no_memory(void **state)
{
    static const struct {
        const char *name, *suite;
        uint64_t options;
    } CASES[] = {
        {"TLS 1.3", NULL, 0},
        {"GCM", GCM, 0},
        {"ChaCha", CHACHA, 0},
        {"CBC", CBC, 0},
        {"CBC, then encrypted", CBC, SSL_OP_NO_ENCRYPT_THEN_MAC},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct recorded r = {.seals = true};
        tape_of_suite(&r.tape, CASES[i].suite, CASES[i].options);
        fail_each(CASES[i].name, &r);
    }
    struct recorded updated = {.seals = true};
    tape_make(&updated.tape, TLS1_3_VERSION, false);
    fail_each("KeyUpdate", &updated);
    struct cert ec = tape_leaf;
    cert_make(&tape_leaf, &(struct cert_order){"SECC", "CPO", "RSA", &tape_root, .is_ca = false});
    struct recorded by_key = {.key = tape_leaf.key};
    tape_of_suite(&by_key.tape, "AES128-GCM-SHA256", 0);
    fail_each("RSA", &by_key);
    cert_free(&tape_leaf);
    tape_leaf = ec;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_changed_does_not_verify),
        cmocka_unit_test(contents_of_any_kind_are_told),
        cmocka_unit_test(filling_is_taken_off),
        cmocka_unit_test(none_is_sealed_without_keys),
        cmocka_unit_test(a_side_that_waits_too_long_is_given_up),
        cmocka_unit_test(data_before_the_end_of_the_handshake),
        cmocka_unit_test(nothing_is_needed_to_listen),
        cmocka_unit_test(a_key_does_not_open_what_is_resumed),
        cmocka_unit_test(early_data_is_passed_over),
        cmocka_unit_test(refused_calls_and_no_memory),
    };
    return cmocka_run_group_tests(tests, tape_open, tape_close);
}
