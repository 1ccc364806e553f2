/* SPDX-License-Identifier: Apache-2.0 */
#include "tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct cert tape_root, tape_leaf;

int tape_open(void **state)
{
    (void)state;
    cert_make(&tape_root, &(struct cert_order){"Root", "V2G", "P-256", .is_ca = true});
    cert_make(&tape_leaf, &(struct cert_order){"SECC", "CPO", "P-256", &tape_root, .is_ca = false});
    return 0;
}

int tape_close(void **state)
{
    (void)state;
    cert_free(&tape_root);
    cert_free(&tape_leaf);
    return 0;
}

/* ---- a session ---- */

static struct tape *taping;

static void keep_key(const SSL *ssl, const char *line)
{
    (void)ssl;
    buf_printf(&taping->keys, "%s\n", line);
}

bool tape_move(struct tape *t, SSL *from, SSL *to, bool from_client)
{
    char *p = NULL;
    long n = BIO_get_mem_data(SSL_get_wbio(from), &p);
    if (n <= 0)
        return false;
    assert_true(t->pieces < 64);
    t->piece[t->pieces++] = (struct piece){from_client, t->bytes.n, (size_t)n};
    buf_add(&t->bytes, p, (size_t)n);
    BIO_write(SSL_get_rbio(to), p, (int)n);
    (void)BIO_reset(SSL_get_wbio(from));
    return true;
}

void tape_say(struct tape *t, const struct tape_ends *ends, bool from_client, const char *text)
{
    SSL *from = from_client ? ends->client : ends->server;
    SSL *to = from_client ? ends->server : ends->client;
    char heard[64];
    size_t n = 0;
    buf_text(&t->said[from_client], text);
    assert_int_equal(SSL_write(from, text, (int)strlen(text)), (int)strlen(text));
    tape_move(t, from, to, from_client);
    assert_int_equal(SSL_read_ex(to, heard, sizeof heard, &n), 1);
    assert_int_equal(n, strlen(text));
}

static SSL *new_end(SSL_CTX **context, int version, const char *groups, bool is_server)
{
    *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_min_proto_version(*context, version);
    SSL_CTX_set_max_proto_version(*context, version);
    SSL_CTX_set_keylog_callback(*context, is_server ? NULL : keep_key);
    SSL_CTX_set1_groups_list(*context, groups);
    if (is_server) {
        SSL_CTX_use_certificate(*context, tape_leaf.x509);
        SSL_CTX_use_PrivateKey(*context, tape_leaf.key);
    }
    SSL *ssl = SSL_new(*context);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (is_server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

void tape_ends_open(struct tape_ends *ends, struct tape *t, int version, const char *client_groups)
{
    memset(t, 0, sizeof *t);
    taping = t;
    ends->client = new_end(&ends->context[0], version, client_groups, false);
    ends->server = new_end(&ends->context[1], version, "P-256", true);
}

void tape_ends_serve(struct tape_ends *ends, SSL_CTX *context)
{
    SSL_free(ends->server);
    ends->server = SSL_new(context);
    SSL_set_bio(ends->server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ends->server);
}

void tape_ends_close(struct tape_ends *ends)
{
    SSL_free(ends->client);
    SSL_free(ends->server);
    SSL_CTX_free(ends->context[0]);
    SSL_CTX_free(ends->context[1]);
}

void tape_handshake(struct tape *t, struct tape_ends *ends)
{
    for (bool moved = true; moved;) {
        SSL_do_handshake(ends->client);
        moved = tape_move(t, ends->client, ends->server, true);
        SSL_do_handshake(ends->server);
        moved |= tape_move(t, ends->server, ends->client, false);
    }
    assert_true(SSL_is_init_finished(ends->client) && SSL_is_init_finished(ends->server));
}

void tape_make(struct tape *t, int version, bool is_retried)
{
    struct tape_ends ends;
    tape_ends_open(&ends, t, version, is_retried ? "X25519:P-256" : "P-256");
    tape_handshake(t, &ends);
    tape_say(t, &ends, true, "first");
    tape_say(t, &ends, false, "answer");
    if (version == TLS1_3_VERSION)
        assert_int_equal(SSL_key_update(ends.client, SSL_KEY_UPDATE_REQUESTED), 1);
    tape_say(t, &ends, true, " second");
    tape_say(t, &ends, false, " another");
    tape_say(t, &ends, true, " third");
    SSL_shutdown(ends.client);
    tape_move(t, ends.client, ends.server, true);
    tape_ends_close(&ends);
}

void tape_free(struct tape *t)
{
    buf_close(&t->bytes);
    buf_close(&t->keys);
    buf_close(&t->said[0]);
    buf_close(&t->said[1]);
}

/* ---- feeding it ---- */

static void on_data(void *context, bool from_client, struct slice bytes)
{
    struct heard *h = context;
    buf_add(&h->plain[from_client], bytes.p, bytes.n);
}

static void on_note(void *context, bool from_client, const char *text)
{
    struct heard *h = context;
    buf_printf(&h->notes, "%s: %s\n", from_client ? "EVCC" : "SECC", text);
}

bool heard_begin(struct heard *h, const char *keys)
{
    static const struct tls_decrypt_events EVENTS = {on_data, on_note};
    *h = (struct heard){.e = ERR_INIT};
    tls_secrets_add(&h->secrets, (struct slice){(const uint8_t *)keys, strlen(keys)});
    h->d = tls_decrypt_open(&h->secrets, &EVENTS, h);
    if (h->d == NULL)
        tls_secrets_close(&h->secrets);
    return h->d != NULL;
}

void heard_open(struct heard *h, const char *keys)
{
    assert_true(heard_begin(h, keys));
}

void heard_close(struct heard *h)
{
    tls_decrypt_close(h->d);
    tls_secrets_close(&h->secrets);
    buf_close(&h->plain[0]);
    buf_close(&h->plain[1]);
    buf_close(&h->notes);
}

void heard_feed(struct heard *h, const struct tape *t, size_t step)
{
    for (unsigned i = 0; i < t->pieces; i++)
        for (size_t at = 0; at < t->piece[i].n; at += step) {
            size_t left = t->piece[i].n - at;
            struct slice s = {t->bytes.p + t->piece[i].at + at, left < step ? left : step};
            h->failures += tls_decrypt_feed(h->d, t->piece[i].from_client, s, &h->e) != 0;
        }
}

void heard_all(struct heard *h, const struct tape *t)
{
    if (h->failures > 0)
        fail_msg("%s", h->e.what);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(h->plain[i].n, t->said[i].n);
        assert_memory_equal(h->plain[i].p, t->said[i].p, t->said[i].n);
    }
}
