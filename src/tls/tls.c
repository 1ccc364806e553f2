/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls.h"

#include "tls/tls_decrypt.h"
#include "tls/tls_identity.h"
#include "tls/tls_names.h"
#include "tls/tls_session.h"
#include "tls/tls_told.h"
#include "trust/pki_profile.h"
#include "wire/v2gtp.h"
#include "wire/world.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD 16384
#define OVERHEAD 128 /* most that a record adds to its content: IV, MAC and padding of CBC */
#define FATAL 2

struct tls {
    struct tls_session session; /* first: callbacks of OpenSSL find the rest by it */
    SSL *ssl;
    BIO *in, *out;
    struct stream *stream;
    const struct tls_events *events;
    void *context;
    unsigned users; /* the stream, and who keeps it */
    bool is_established, has_failed, has_finished;
    int64_t started_us, established_us; /* 0: not yet */
    bool is_plain;                      /* there is no TLS on this connection */
    bool is_ended;                      /* close_notify came */
    bool hides_leaf;                    /* the peer would get what stands in for our certificate */
    uint8_t first[8]; /* bytes that came, to say what they are if they are no TLS */
    size_t first_n;
    struct buf plain, text;
    struct buf why; /* it failed */
    /* where alerts are to be sent that OpenSSL has no cause for: reads what both sides send, and so
     * has keys and sequence numbers; NULL else */
    struct tls_decrypt *mirror;
    struct tls_secrets secrets; /* for it */
    int alert;                  /* to be sent in place of a handshake message; -1: none */
};

const struct tls_facts *tls_info(const struct tls *t)
{
    return &t->session.facts;
}

int64_t tls_handshake_us(const struct tls *t)
{
    return t->is_established ? t->established_us - t->started_us : -1;
}

bool tls_is_plain(const struct tls *t)
{
    return t->is_plain;
}

const char *tls_problem(const struct tls *t)
{
    return t->session.problem;
}

const char *tls_staple_status(const struct tls *t)
{
    return t->session.status;
}

void tls_tell(const struct tls *t, bool is_dated, struct buf *out)
{
    const struct tls_options *o = t->session.options;
    struct tls_told told = {.facts = tls_info(t),
                            .at = is_dated ? tls_judged_at(o) : -1,
                            .handshake_us = tls_handshake_us(t),
                            .judge = o->is_server ? FROM_SECC : FROM_EVCC,
                            .findings = {t->session.findings.p, t->session.findings.n},
                            .problem = tls_problem(t),
                            .status = tls_staple_status(t)};
    tls_told_print(&told, out);
}

static bool is_server(const struct tls *t)
{
    return t->session.options->is_server;
}

static const char *peer_name(const struct tls *t)
{
    return is_server(t) ? "EVCC" : "SECC";
}

/* ---- what OpenSSL tells ---- */

static void note(struct tls *t, bool from_client)
{
    if (t->text.n > 0 && t->events->note != NULL)
        t->events->note(t->context, from_client, buf_string(&t->text));
}

static void take_handshake(struct tls *t, bool from_client, const uint8_t *p, size_t n)
{
    struct tls_facts *f = &t->session.facts;
    if (n < 4 || tls_facts_message(f, from_client, p[0], (struct slice){p + 4, n - 4}) != 0)
        return;
    buf_clear(&t->text);
    tls_facts_line(f, from_client, p[0], &t->text);
    note(t, from_client);
}

static void take_alert(struct tls *t, bool from_client, const uint8_t *p)
{
    struct tls_alert alert = {from_client, p[0], p[1]};
    tls_facts_alert(&t->session.facts, from_client, p[0], p[1]);
    buf_clear(&t->text);
    tls_alert_line(&alert, &t->text);
    note(t, from_client);
}

static void ask_for_alert(struct tls *t, bool is_sent, uint8_t type)
{
    const char *name = tls_name(TLS_MESSAGES, type);
    if (t->mirror != NULL && t->alert < 0 && name != NULL && t->events->alert != NULL)
        t->alert = t->events->alert(t->context, is_sent, name);
}

static void take_message(int is_sent, int version, int type, const void *p, size_t n, SSL *ssl,
                         void *context)
{
    struct tls *t = context;
    bool from_client = is_server(t) ? !is_sent : is_sent;
    (void)version;
    /* OpenSSL has chosen its suite by the stand-in, and writes the Certificate next */
    if (type == SSL3_RT_HANDSHAKE && is_sent && n > 0 && *(const uint8_t *)p == TLS_SERVER_HELLO)
        t->hides_leaf = tls_identity_show(ssl, t->session.identity) != 1;
    if (type == SSL3_RT_HANDSHAKE && n > 0)
        ask_for_alert(t, is_sent, *(const uint8_t *)p);
    if (type == SSL3_RT_HANDSHAKE)
        take_handshake(t, from_client, p, n);
    else if (type == SSL3_RT_ALERT && n == 2)
        take_alert(t, from_client, p);
}

static void take_secret(struct tls_session *session, const char *line)
{
    struct tls *t = (struct tls *)session;
    if (t->mirror != NULL)
        tls_secrets_add(&t->secrets, (struct slice){(const uint8_t *)line, strlen(line)});
    if (t->events->secret != NULL)
        t->events->secret(t->context, line);
}

/* ---- why it failed ---- */

static const struct tls_alert *last_alert(const struct tls *t, bool from_client)
{
    const struct tls_facts *f = tls_info(t);
    for (unsigned i = f->alerts; i > 0; i--)
        if (f->alert[i - 1].from_client == from_client && f->alert[i - 1].level == FATAL)
            return &f->alert[i - 1];
    return NULL;
}

static void add_offer(const struct tls *t, bool of_suites, struct buf *out)
{
    struct tls_hello h;
    struct slice s = {tls_info(t)->client_hello.p, tls_info(t)->client_hello.n};
    size_t at = 0;
    if (tls_hello_read(s, true, &h) != 0)
        return;
    if (of_suites) {
        s = h.suites;
    } else if (tls_hello_extension(&h, TLS_SUPPORTED_VERSIONS, &s)) {
        at = 1;
    } else {
        tls_add_name(out, TLS_VERSIONS, h.version);
        return;
    }
    for (size_t i = at; i + 1 < s.n && i < 16; i += 2) {
        buf_text(out, i > at ? ", " : "");
        tls_add_name(out, of_suites ? TLS_SUITES : TLS_VERSIONS,
                     (unsigned)(s.p[i] << 8 | s.p[i + 1]));
    }
}

static void add_versions(const struct tls *t, struct buf *out)
{
    const struct tls_options *o = t->session.options;
    tls_add_name(out, TLS_VERSIONS, o->min_version);
    if (o->max_version == o->min_version)
        return;
    buf_text(out, " to ");
    tls_add_name(out, TLS_VERSIONS, o->max_version);
}

static void add_no_version(const struct tls *t, struct buf *out)
{
    buf_text(out, "no version in common: ");
    if (is_server(t)) {
        buf_text(out, "the EVCC offers ");
        add_offer(t, false, out);
    } else if (tls_info(t)->version != 0) {
        buf_text(out, "the SECC chose ");
        tls_add_name(out, TLS_VERSIONS, tls_info(t)->version);
    }
    buf_text(out, ", this side speaks ");
    add_versions(t, out);
}

static bool is_tls(const struct tls *t)
{
    return t->first_n < 2 || (t->first[0] >= 20 && t->first[0] <= 23 && t->first[1] == 3);
}

/* A certificate of the peer that cannot be parsed: OpenSSL does not say which. */
static void look_for_unparseable(struct tls *t)
{
    struct pki_chain chain = {.n = 0};
    struct err ignored = ERR_INIT;
    struct slice sent =
        tls_facts_chain(tls_info(t), is_server(t) ? TLS_FROM_CLIENT : TLS_FROM_SERVER);
    struct slice der;
    while (tls_next_vector(&sent, 3, &der) && pki_chain_add(&chain, der, &ignored) == 0)
        continue;
    unsigned i = 0;
    while (i < chain.n && chain.at[i].x != NULL)
        i++;
    char *problem = t->session.problem;
    if (i < chain.n && problem[0] == '\0')
        snprintf(problem, sizeof t->session.problem,
                 "the %s's chain: certificate %u: %s (RFC 5280, 4.1)", peer_name(t), i + 1,
                 chain.at[i].problem);
    pki_chain_close(&chain);
}

/* Of what kind our own key is, which suites, groups and schemes have to suit. */
static void add_own_key(const struct tls *t, struct buf *out)
{
    char text[64];
    X509 *own = SSL_get_certificate(t->ssl);
    if (own != NULL)
        buf_printf(out, "; our certificate has a key of %s", pki_curve(own, text, sizeof text));
}

/* The first error in OpenSSL's queue, in our words where they can say more. */
static void add_reason(const struct tls *t, struct buf *out)
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_REASON(error);
    const char *text = ERR_reason_error_string(error);
    if (t->hides_leaf) {
        buf_text(out, "our certificate cannot be shown, OpenSSL refuses it");
        return;
    }
    if (!is_tls(t) && tls_info(t)->alerts == 0) {
        buf_printf(out, "the %s sent no TLS record, but ", peer_name(t));
        buf_hex(out, t->first, t->first_n, true);
        buf_text(out, t->first[0] == 0x01 && t->first[1] == 0xFE ? ": V2GTP in the clear" : "");
        return;
    }
    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_WRONG_SSL_VERSION:
        add_no_version(t, out);
        break;
    case SSL_R_NO_SHARED_CIPHER:
        buf_text(out, "no suite, group or signature scheme in common: the EVCC offers ");
        add_offer(t, true, out);
        add_own_key(t, out);
        break;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        buf_text(out, "the EVCC sent no certificate");
        break;
    default: /* numbers, not an enumeration */
        buf_text(out, text != NULL ? text : "TLS failed");
    }
}

static void add_why(const struct tls *t, struct buf *out)
{
    const struct tls_alert *received = last_alert(t, is_server(t));
    const struct tls_alert *sent = last_alert(t, !is_server(t));
    int reason = ERR_GET_REASON(ERR_peek_error());
    bool is_refused =
        reason == SSL_R_CERTIFICATE_VERIFY_FAILED || reason == SSL_R_INVALID_STATUS_RESPONSE;
    if (is_refused || (tls_problem(t)[0] != '\0' && received == NULL))
        buf_text(out, tls_problem(t)[0] != '\0' ? tls_problem(t) : "a certificate is not trusted");
    else if (received != NULL)
        buf_printf(out, "the %s sent alert ", peer_name(t));
    else
        add_reason(t, out);
    if (received != NULL)
        tls_add_name(out, TLS_ALERTS, received->code);
    if (sent != NULL) {
        buf_text(out, "; sent alert ");
        tls_add_name(out, TLS_ALERTS, sent->code);
    }
}

/* ---- between OpenSSL and the wire ---- */

/* Bytes as they go over TCP. */
static void tell_wire(struct tls *t, bool is_sent, struct slice bytes)
{
    struct err ignored = ERR_INIT; /* who wants to send an alert then is told */
    if (t->mirror != NULL)
        tls_decrypt_feed(t->mirror, is_sent != is_server(t), bytes, &ignored);
    if (t->events->wire != NULL)
        t->events->wire(t->context, is_sent, bytes);
}

/* Sends what OpenSSL has written: a whole flight in one write. */
static int flush(struct tls *t, struct err *e)
{
    char *p = NULL;
    long n = BIO_get_mem_data(t->out, &p);
    if (n <= 0)
        return 0;
    struct slice bytes = {(const uint8_t *)p, (size_t)n};
    int bad = stream_write_wire(t->stream, bytes, e);
    if (bad == 0)
        tell_wire(t, true, bytes);
    (void)BIO_reset(t->out);
    return bad;
}

/* Reads OpenSSL's errors, which do not stay there. */
static void set_why(struct tls *t)
{
    char remote[ENDPOINT_TEXT];
    t->has_failed = true;
    if (!t->is_established)
        look_for_unparseable(t);
    buf_printf(&t->why, "TLS%s with %s: ", t->is_established ? "" : " handshake",
               endpoint_text(stream_remote(t->stream), remote, sizeof remote));
    add_why(t, &t->why);
    ERR_clear_error();
}

static void tell_why(struct tls *t, enum stream_end end)
{
    const char *why = buf_string(&t->why);
    stream_fail(t->stream, end, why[0] != '\0' ? why : "TLS: out of memory");
}

/* The alert goes out, the owner is told. */
static void fail(struct tls *t)
{
    struct err ignored = ERR_INIT;
    flush(t, &ignored);
    bool is_peers = last_alert(t, is_server(t)) != NULL;
    tell_why(t, is_peers ? STREAM_ALERT : STREAM_REJECTED);
}

int tls_alert(struct tls *t, uint8_t level, uint8_t code, struct err *e)
{
    const uint8_t alert[2] = {level, code};
    struct buf record = {0};
    if (t->is_plain || t->has_failed || t->has_finished)
        return err_set(e, "there is no TLS on this connection, or it has ended");
    if (t->mirror == NULL)
        return err_set(e, "the fault was set after TLS had begun; set it before that");
    int bad = tls_decrypt_seal(t->mirror, !is_server(t), SSL3_RT_ALERT,
                               (struct slice){alert, sizeof alert}, &record, e);
    struct slice bytes = {record.p, record.n};
    if (bad == 0)
        bad = stream_write_wire(t->stream, bytes, e);
    if (bad == 0) {
        t->has_finished = true;
        tls_facts_alert(&t->session.facts, !is_server(t), level, code);
        tell_wire(t, true, bytes);
    }
    buf_close(&record);
    return bad;
}

/* In place of what OpenSSL would have sent now. */
static void alert_instead(struct tls *t)
{
    char remote[ENDPOINT_TEXT];
    struct err e = ERR_INIT;
    int alert = t->alert;
    t->alert = -1;
    (void)BIO_reset(t->out);
    ERR_clear_error();
    buf_printf(&t->why, "TLS handshake with %s: alert ",
               endpoint_text(stream_remote(t->stream), remote, sizeof remote));
    tls_add_name(&t->why, TLS_ALERTS, (unsigned)alert & 0xFF);
    if (tls_alert(t, (uint8_t)(alert >> 8), (uint8_t)alert, &e) != 0)
        buf_printf(&t->why, " could not be sent: %s", e.what);
    else
        buf_text(&t->why, " was sent on purpose");
    t->has_failed = true;
    tell_why(t, STREAM_REJECTED);
}

/* False where it failed. */
static bool shake_hands(struct tls *t)
{
    ERR_clear_error();
    if (t->started_us == 0)
        t->started_us = world_now(stream_world(t->stream));
    int result = SSL_do_handshake(t->ssl);
    if (t->hides_leaf) {
        (void)BIO_reset(t->out);
        return false;
    }
    if (result != 1)
        return SSL_get_error(t->ssl, result) == SSL_ERROR_WANT_READ;
    t->is_established = true;
    t->established_us = world_now(stream_world(t->stream));
    return true;
}

/* Decrypts what came into t->plain; false where it failed. */
static bool read_all(struct tls *t)
{
    uint8_t record[RECORD]; /* so much of each connection would be there for good */
    size_t n = 0;
    int result;
    buf_clear(&t->plain);
    ERR_clear_error();
    while ((result = SSL_read_ex(t->ssl, record, sizeof record, &n)) == 1) {
        buf_add(&t->plain, record, n);
        OPENSSL_cleanse(record, n);
        if (t->plain.failed)
            return false;
        ERR_clear_error();
    }
    int error = SSL_get_error(t->ssl, result);
    t->is_ended = error == SSL_ERROR_ZERO_RETURN;
    return t->is_ended || error == SSL_ERROR_WANT_READ;
}

/* close_notify says that nothing was cut off (RFC 8446, 6.1): as good an end as FIN. */
static void tell_ended(struct tls *t)
{
    char why[160], remote[ENDPOINT_TEXT];
    snprintf(why, sizeof why, "TLS with %s: closed by peer (close_notify)",
             endpoint_text(stream_remote(t->stream), remote, sizeof remote));
    stream_fail(t->stream, STREAM_CLOSED, why);
}

/* The first byte tells: that of V2GTP is no type of a TLS record. */
static void look_for_plain(struct tls *t, struct stream *s, struct slice bytes)
{
    if (t->first_n > 0 || bytes.n == 0 || bytes.p[0] != V2GTP_VERSION ||
        !t->session.options->may_be_plain)
        return;
    t->is_plain = true;
    stream_ready(s);
}

/*
 * Secrets come out while OpenSSL works; then the bytes received, which may have needed them; then
 * those to be sent; the owner last, since it may close.
 */
static void tls_from_wire(void *state, struct stream *s, struct slice bytes)
{
    struct tls *t = state;
    struct err ignored = ERR_INIT;
    if (t->has_failed || t->is_ended)
        return;
    look_for_plain(t, s, bytes);
    if (t->is_plain) {
        stream_deliver(s, bytes);
        return;
    }
    for (size_t i = 0; i < bytes.n && t->first_n < sizeof t->first; i++)
        t->first[t->first_n++] = bytes.p[i];
    bool was_established = t->is_established;
    bool good = BIO_write(t->in, bytes.p, (int)bytes.n) == (int)bytes.n;
    buf_clear(&t->plain);
    good = good && (t->is_established || shake_hands(t));
    good = good && (!t->is_established || read_all(t));
    bool is_told_to_alert = t->alert >= 0;
    if (!good && !is_told_to_alert)
        set_why(t);
    tell_wire(t, false, bytes);
    if (is_told_to_alert) {
        alert_instead(t);
        return;
    }
    if (good)
        flush(t, &ignored);
    if (!was_established && t->is_established)
        stream_ready(s);
    if (t->plain.n > 0)
        stream_deliver(s, (struct slice){t->plain.p, t->plain.n});
    if (!good)
        fail(t);
    else if (t->is_ended)
        tell_ended(t);
}

/* The vehicle speaks first; a station waits for its ClientHello. */
static void tls_start(void *state, struct stream *s)
{
    struct tls *t = state;
    struct err e = ERR_INIT;
    (void)s;
    bool good = is_server(t) || shake_hands(t);
    if (t->alert >= 0) {
        alert_instead(t);
        return;
    }
    if (is_server(t) || (good && flush(t, &e) == 0))
        return;
    set_why(t);
    fail(t);
}

static int tls_to_wire(void *state, struct stream *s, struct slice bytes, struct err *e)
{
    struct tls *t = state;
    size_t n = bytes.n + (bytes.n / RECORD + 1) * OVERHEAD, done = 0;
    if (t->is_plain)
        return stream_write_wire(s, bytes, e);
    if (t->has_failed || t->has_finished)
        return err_set(e, "nothing can be sent: TLS has ended");
    if (n > STREAM_WAITING_MOST || stream_waiting(s) > STREAM_WAITING_MOST - n)
        return err_set(e, "nothing can be sent: the peer does not read, and too much waits");
    if (bytes.n == 0)
        return 0;
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, bytes.p, bytes.n, &done) != 1) {
        const char *why = ERR_reason_error_string(ERR_peek_error());
        return err_set(e, "TLS: nothing can be sent: %s", why != NULL ? why : "it has ended");
    }
    return flush(t, e);
}

/* Whoever closes says so first, so that the peer can tell it from a cut (RFC 8446, 6.1). */
static void tls_finish(void *state, struct stream *s)
{
    struct tls *t = state;
    struct err ignored = ERR_INIT;
    (void)s;
    if (!t->is_established || t->has_failed || t->has_finished)
        return;
    t->has_finished = true;
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    flush(t, &ignored);
}

/* Says how far TLS was when TCP ended. */
static void tls_ended(void *state, char *why, size_t size)
{
    const struct tls *t = state;
    const struct tls_facts *f = tls_info(t);
    const struct tls_alert *alert = last_alert(t, is_server(t));
    const char *name = alert == NULL ? NULL : tls_name(TLS_ALERTS, alert->code);
    size_t n = strlen(why);
    if (t->is_plain)
        return;
    if (t->is_established)
        snprintf(why + n, size - n, ", without close_notify");
    else if (name != NULL)
        snprintf(why + n, size - n, ", after alert %s", name);
    else
        snprintf(why + n, size - n, ", in the TLS handshake after %s",
                 f->has_finished[is_server(t)] ? "its Finished"
                 : f->version != 0             ? "ServerHello"
                 : f->client_hello.n > 0       ? "ClientHello"
                                               : "nothing was said");
}

int tls_may_alert(struct tls *t, struct err *e)
{
    static const struct tls_decrypt_events NONE;
    t->mirror = tls_decrypt_open(&t->secrets, &NONE, NULL);
    if (t->mirror == NULL)
        return err_set(e, "TLS: out of memory");
    tls_decrypt_live(t->mirror);
    return 0;
}

void tls_hand_over(struct tls *t, const struct tls_events *events, void *context)
{
    t->events = events;
    t->context = context;
}

void tls_keep(struct tls *t)
{
    if (t != NULL)
        t->users++;
}

void tls_drop(struct tls *t)
{
    if (t == NULL || --t->users > 0)
        return;
    tls_facts_close(&t->session.facts);
    buf_close(&t->session.findings);
    if (t->plain.p != NULL)
        OPENSSL_cleanse(t->plain.p, t->plain.cap);
    buf_close(&t->plain);
    buf_close(&t->text);
    buf_close(&t->why);
    tls_decrypt_close(t->mirror);
    tls_secrets_close(&t->secrets);
    free(t);
}

static void tls_free(void *state)
{
    struct tls *t = state;
    SSL_free(t->ssl); /* and its BIOs */
    t->ssl = NULL;
    tls_context_close(t->session.context);
    tls_drop(t);
}

static const struct stream_filter FILTER = {
    .start = tls_start,
    .from_wire = tls_from_wire,
    .to_wire = tls_to_wire,
    .finish = tls_finish,
    .free = tls_free,
    .ended = tls_ended,
};

struct tls *tls_attach(struct stream *s, struct tls_context *c, const struct tls_events *events,
                       void *context, struct err *e)
{
    static const struct tls_events NONE;
    struct tls *t = calloc(1, sizeof *t);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (t != NULL && in != NULL && out != NULL)
        t->ssl = tls_session_open(c, &t->session);
    if (t == NULL || t->ssl == NULL) {
        BIO_free(in);
        BIO_free(out);
        free(t);
        err_set(e, "TLS: out of memory");
        return NULL;
    }
    SSL_set_bio(t->ssl, in, out);
    SSL_set_msg_callback(t->ssl, take_message);
    SSL_set_msg_callback_arg(t->ssl, t);
    t->session.keylog = take_secret;
    t->in = in;
    t->out = out;
    t->stream = s;
    t->users = 1;
    t->alert = -1;
    t->events = events != NULL ? events : &NONE;
    t->context = context;
    stream_set_filter(s, &FILTER, t);
    return t;
}
