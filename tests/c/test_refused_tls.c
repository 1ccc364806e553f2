/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of OpenSSL that say no, and memory that runs out, while a vehicle and a station speak TLS:
 * either both hear each other, or one of them says why not; and who is not to be trusted is not
 * heard, whatever fails. Besides, files of certificates that are none.
 */
#include "calls_crypto.h"
#include "calls_system.h"

#include "certs.h"
#include "tls/tls.h"
#include "tls/tls_facts.h"
#include "tls/tls_identity.h"
#include "trust/ocsp_kept.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"
#include "wire/world.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))
#define LIMIT_MS 60000 /* of virtual time */

/* ---- certificates ---- */

enum { GOOD, UNFIT, TREES }; /* UNFIT: its leaf may not sign, and is signed wrongly in edition 20 */

static char folder[TREES][64];

static const char *in(unsigned tree, enum pki_edition edition, const char *name, const char *suffix)
{
    static char path[32][PKI_PATH_MAX];
    static unsigned turn;
    turn = (turn + 1) % COUNT(path);
    return pki_tree_path(path[turn], folder[tree], edition, name, suffix);
}

static int make_trees(void **state)
{
    struct err e = ERR_INIT;
    struct buf response = {0};
    (void)state;
    for (unsigned i = 0; i < TREES; i++) {
        struct pki_tree t;
        certs_folder(folder[i]);
        pki_tree_open(&t, folder[i]);
        t.is_ed448 = true;
        t.edition[EDITION_20] = i == GOOD;
        if (i == UNFIT)
            pki_tree_add_fault(&t, "secc-leaf=wrong-key-usage", &e);
        if (pki_tree_make(&t, &e) != 0)
            fail_msg("%s", e.what);
    }
    for (unsigned i = 0; i < 2; i++)
        if (ocsp_kept(folder[GOOD], in(GOOD, i, "secc-leaf", ".chain.pem"),
                      in(GOOD, i, "secc-leaf", ".ocsp"), false, (int64_t)time(NULL), &response,
                      &e) != 0)
            fail_msg("%s", e.what);
    buf_close(&response);
    return 0;
}

static int drop_trees(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TREES; i++)
        certs_remove(folder[i]);
    return 0;
}

/* ---- a vehicle and a station ---- */

struct ends {
    struct tls_options client, server;
    bool is_untrusted; /* the vehicle must not hear the station; */
    bool is_unfit;     /* what it hears is no matter */
    bool alerts;       /* alerts may be sent on purpose, and one is where they are done */
    bool is_again;     /* a second connection, which resumes the first one */
    bool is_wrong;     /* the vehicle asks for what cannot be */
};

struct side {
    struct talk *talk;
    struct stream *stream;
    struct tls *tls;
    struct tls_context *context;
    char heard[16], why[600];
};

struct talk {
    const struct ends *ends;
    struct world *world;
    struct listener *listener;
    struct side client, server;
    struct timer limit;
    struct err e;
};

/* What a vehicle was shown is the leaf, if anything: what stands in for it has no name. */
static void look_at_leaf(const struct side *vehicle)
{
    struct slice chain = tls_facts_chain(tls_info(vehicle->tls), TLS_FROM_SERVER), leaf;
    static const char OWNER[] = "v2glab test PKI";
    if (tls_next_vector(&chain, 3, &leaf) &&
        memmem(leaf.p, leaf.n, OWNER, sizeof OWNER - 1) == NULL)
        fail_msg("the vehicle was shown a certificate that is not the station's");
}

static void hang_up(struct side *side)
{
    if (side->tls != NULL && side == &side->talk->client)
        look_at_leaf(side);
    stream_close(side->stream, STREAM_FIN);
    side->stream = NULL;
    side->tls = NULL;
}

static void say(struct side *side, const char *text)
{
    stream_write(side->stream, (struct slice){(const uint8_t *)text, strlen(text)}, &side->talk->e);
}

static void opened(void *context, struct stream *stream)
{
    struct side *side = context;
    (void)stream;
    if (side == &side->talk->client)
        say(side, "hello");
}

/* What TLS does not do, and what it says then. */
static void ask_for_wrong(struct side *side)
{
    static uint8_t much[STREAM_WAITING_MOST];
    struct err e[3] = {ERR_INIT, ERR_INIT, ERR_INIT};
    bool alerts = side->talk->ends->alerts;
    assert_int_equal(stream_write(side->stream, (struct slice){much, 0}, &e[0]), 0);
    assert_int_equal(stream_write(side->stream, (struct slice){much, sizeof much}, &e[0]), -1);
    assert_string_equal(e[0].what,
                        "nothing can be sent: the peer does not read, and too much waits");
    assert_int_equal(tls_alert(side->tls, 1, 0, &e[1]), alerts ? 0 : -1);
    if (!alerts) {
        assert_string_equal(e[1].what, "the fault was set after TLS had begun; set it before that");
        return;
    }
    assert_int_equal(tls_alert(side->tls, 1, 0, &e[1]), -1);
    assert_string_equal(e[1].what, "there is no TLS on this connection, or it has ended");
    assert_int_equal(stream_write(side->stream, (struct slice){much, 1}, &e[2]), -1);
    assert_string_equal(e[2].what, "nothing can be sent: TLS has ended");
}

static void heard(void *context, struct stream *stream, struct slice bytes)
{
    struct side *side = context;
    (void)stream;
    assert_true(bytes.n < sizeof side->heard);
    memcpy(side->heard, bytes.p, bytes.n);
    if (side == &side->talk->server)
        say(side, "welcome");
    else if (side->talk->ends->is_wrong)
        ask_for_wrong(side);
    else if (side->talk->ends->alerts)
        tls_alert(side->tls, 2, 40, &side->talk->e);
    else if (stream_end_writing(stream, &side->talk->e) == 0)
        hang_up(side);
}

static void closed(void *context, struct stream *stream, enum stream_end end, const char *why)
{
    struct side *side = context;
    (void)stream;
    (void)end;
    assert_true(why[0] != '\0');
    snprintf(side->why, sizeof side->why, "%s", why);
    hang_up(side);
}

static int no_alert(void *context, bool is_sent, const char *message)
{
    (void)context;
    (void)is_sent;
    assert_true(message[0] != '\0');
    return -1;
}

static const struct stream_events EVENTS = {.opened = opened, .data = heard, .closed = closed};
static const struct tls_events TLS_EVENTS = {.alert = no_alert};

static void use_tls(struct side *side)
{
    struct talk *t = side->talk;
    side->tls = tls_attach(side->stream, side->context, &TLS_EVENTS, side, &t->e);
    if (side->tls == NULL ||
        (t->ends->alerts && side == &t->client && tls_may_alert(side->tls, &t->e) != 0))
        hang_up(side);
}

static void accepted(void *context, struct stream *stream)
{
    struct talk *t = context;
    t->server.stream = stream;
    use_tls(&t->server);
    if (t->server.stream != NULL)
        stream_use(stream, &EVENTS, &t->server);
}

/* Nobody has noticed that the other one has gone: each closes, as its owner would after a while. */
static void give_up(void *context)
{
    struct talk *t = context;
    struct side *sides[] = {&t->client, &t->server};
    for (unsigned i = 0; i < 2; i++)
        if (sides[i]->stream != NULL)
            hang_up(sides[i]);
    listener_close(t->listener);
    t->listener = NULL;
}

static void connect_once(struct talk *t)
{
    static const struct listener_events LISTENER = {.accepted = accepted};
    const struct endpoint at = {.interface = "lo"};
    t->client.heard[0] = t->server.heard[0] = '\0';
    t->world = world_open_virtual(NULL, 1, &t->e);
    if (t->world == NULL)
        return;
    timer_start(t->world, &t->limit, LIMIT_MS, give_up, t);
    t->listener = stream_listen(t->world, &at, 0, &LISTENER, t, &t->e);
    if (t->listener != NULL)
        t->client.stream =
            stream_connect(t->world, listener_endpoint(t->listener), 0, &EVENTS, &t->client, &t->e);
    if (t->client.stream != NULL)
        use_tls(&t->client);
    world_run(t->world);
    timer_stop(&t->limit);
    assert_int_equal(world_close(t->world), 0);
}

/* A memory_run. */
static int talk(void *context, struct err *e)
{
    const struct ends *ends = context;
    struct talk t = {.ends = ends, .e = ERR_INIT};
    t.client.talk = t.server.talk = &t;
    t.client.context = tls_context_open(&ends->client, &t.e);
    t.server.context = t.client.context == NULL ? NULL : tls_context_open(&ends->server, &t.e);
    for (int i = 0; i <= ends->is_again && t.server.context != NULL && !t.e.set; i++) {
        struct tls_context *own = i == 0 ? NULL : tls_context_open(&ends->client, &t.e);
        if (own != NULL) {
            tls_context_inherit(own, t.client.context);
            tls_context_close(t.client.context);
            t.client.context = own;
        }
        connect_once(&t);
    }
    tls_context_close(t.client.context);
    tls_context_close(t.server.context);
    calls_calm();
    memory_calm();
    ERR_clear_error();
    bool is_heard = strcmp(t.client.heard, "welcome") == 0;
    assert_true(is_heard || t.client.heard[0] == '\0');
    assert_true(strcmp(t.server.heard, "hello") == 0 || t.server.heard[0] == '\0');
    if (ends->is_untrusted) {
        assert_int_equal(t.client.heard[0], '\0');
        return 0;
    }
    if (is_heard || ends->is_unfit)
        return 0;
    const char *why = t.client.why[0] != '\0' ? t.client.why : t.server.why;
    if (t.e.set)
        *e = t.e;
    else if (why[0] != '\0')
        err_set(e, "%s", why);
    return -1;
}

static struct ends ends_12(void)
{
    return (struct ends){
        .client = {.max_version = 0x0303,
                   .root = {in(GOOD, EDITION_2, "v2g-root", ".pem")},
                   .roots = 1,
                   .crl = {in(GOOD, EDITION_2, "cpo-sub2", ".crl")},
                   .crls = 1,
                   .profile = TLS_PROFILE_USUAL,
                   .status = TLS_STATUS_USUAL,
                   .server_name = "station"},
        .server = {.is_server = true,
                   .max_version = 0x0303,
                   .identity = {{.chain = in(GOOD, EDITION_2, "secc-leaf", ".chain.pem"),
                                 .key = in(GOOD, EDITION_2, "secc-leaf", ".key"),
                                 .staple = in(GOOD, EDITION_2, "secc-leaf", ".ocsp"),
                                 .root = in(GOOD, EDITION_2, "v2g-root", ".pem")}},
                   .identities = 1}};
}

static struct ends ends_13(void)
{
    return (struct ends){
        .client = {.min_version = 0x0304,
                   .root = {in(GOOD, EDITION_20, "v2g-root", ".pem")},
                   .roots = 1,
                   .identity = {{.chain = in(GOOD, EDITION_20, "vehicle-leaf", ".chain.pem"),
                                 .key = in(GOOD, EDITION_20, "vehicle-leaf", ".key")}},
                   .identities = 1,
                   .certificate_authorities = true,
                   .status = TLS_STATUS_USUAL,
                   .resumption = true},
        .server = {.is_server = true,
                   .min_version = 0x0304,
                   .root = {in(GOOD, EDITION_20, "v2g-root", ".pem")},
                   .roots = 1,
                   .certificate_authorities = true,
                   .identity = {{.chain = in(GOOD, EDITION_20, "secc-leaf", ".chain.pem"),
                                 .key = in(GOOD, EDITION_20, "secc-leaf", ".key"),
                                 .staple = in(GOOD, EDITION_20, "secc-leaf", ".ocsp")}},
                   .identities = 1,
                   .resumption = true}};
}

static void fail_each(const char *name, struct ends *ends)
{
    assert_true(calls_refuse_each(name, EIO, talk, ends) > 20);
    assert_true(memory_fail_each(name, 20, talk, ends) > 5 || !COUNTS_MEMORY);
}

static void tls_12(void **state)
{
    struct ends ends = ends_12();
    (void)state;
    fail_each("TLS 1.2", &ends);
    ends.client.trusted_ca_keys = TLS_CA_KEYS_NAME;
    ends.client.status = TLS_STATUS_V2;
    ends.alerts = true;
    assert_true(calls_refuse_each("TLS 1.2 with alerts", EIO, talk, &ends) > 20);
}

static void tls_13(void **state)
{
    struct ends ends = ends_13();
    struct err e = ERR_INIT;
    (void)state;
    fail_each("TLS 1.3", &ends);
    ends.is_again = true;
    if (talk(&ends, &e) != 0)
        fail_msg("%s", e.what);
}

/* A leaf that may not sign is shown all the same; a vehicle of OpenSSL has no use for it. */
static void unfit_leaf(void **state)
{
    struct ends ends = ends_12();
    (void)state;
    ends.is_unfit = true;
    ends.server.identity[0] =
        (struct tls_identity){.chain = in(UNFIT, EDITION_2, "secc-leaf", ".chain.pem"),
                              .key = in(UNFIT, EDITION_2, "secc-leaf", ".key")};
    ends.client.check = TLS_CHECK_NONE;
    ends.client.profile = TLS_PROFILE_NONE;
    ends.client.status = TLS_STATUS_NONE;
    assert_true(calls_refuse_each("an unfit leaf", EIO, talk, &ends) > 20);
}

/* Whatever fails, a station of another root is not trusted. */
static void untrusted_stations(void **state)
{
    struct ends ends[] = {ends_12(), ends_12(), ends_13()};
    (void)state;
    ends[0].client.root[0] = in(UNFIT, EDITION_2, "v2g-root", ".pem");
    ends[1].client.domain = "MO";
    ends[2].client.root[0] = in(GOOD, EDITION_20, "mo-root", ".pem");
    for (size_t i = 0; i < COUNT(ends); i++) {
        ends[i].is_untrusted = true;
        assert_true(calls_refuse_each("an untrusted station", EIO, talk, &ends[i]) > 20);
    }
}

/* ---- files ---- */

static const struct {
    const char *der; /* of what the file has as a certificate, but for the good one, */
    size_t n;
    int less;           /* of which so many octets are missing at the end */
    bool may_be_broken; /* what is asked for */
    const char *text;   /* NULL: it is taken */
} BROKEN[] = {
    {"", 0, 0, true, "certificate 1 cannot be read: "},
    {"0", 1, 0, true, "certificate 1 cannot be read: "},
    {"1\x82\x00\x08....", 8, 0, true, "certificate 1 cannot be read: "},
    {"0\x81\x08.....", 8, 0, true, "certificate 1 cannot be read: "},
    {"0\x82\x00\x04....", 8, 0, true, "certificate 1 cannot be read: "}, /* it is all there */
    {"0\x82\x00\x40....", 8, 0, true, "certificate 1 cannot be read: "}, /* zeros for the rest */
    {NULL, 0, 40, false, "certificate 1 cannot be read: "},
    {NULL, 0, 40, true, NULL},
    {NULL, 0, 0, false, NULL},
};

static void write_pem(const char *path, const char *name, const uint8_t *der, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(PEM_write(f, name, "", der, (long)n) > 0 || n == 0);
    fclose(f);
}

static void files_of_certificates(void **state)
{
    struct pki_chain good = {.n = 0};
    struct err e = ERR_INIT;
    uint8_t *der = NULL;
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/made.pem", folder[GOOD]);
    assert_int_equal(pki_chain_read(&good, in(GOOD, EDITION_2, "secc-leaf", ".pem"), &e), 0);
    int n = i2d_X509(good.at[0].x, &der);
    for (size_t i = 0; i < COUNT(BROKEN); i++) {
        STACK_OF(X509) *list = sk_X509_new_null();
        struct err why = ERR_INIT;
        const uint8_t *p = BROKEN[i].der == NULL ? der : (const uint8_t *)BROKEN[i].der;
        size_t size = BROKEN[i].der == NULL ? (size_t)(n - BROKEN[i].less) : BROKEN[i].n;
        write_pem(path, "CERTIFICATE", p, size);
        int bad = tls_certificates_read(path, list, BROKEN[i].may_be_broken, &why);
        assert_int_equal(bad, BROKEN[i].text == NULL ? 0 : -1);
        assert_int_equal(sk_X509_num(list), bad == 0 ? 1 : 0);
        if (bad != 0 && size > 0 && strstr(why.what, BROKEN[i].text) == NULL)
            fail_msg("%zu: %s", i, why.what);
        if (bad == 0 && BROKEN[i].less > 0) { /* what a peer gets of it cannot be parsed */
            uint8_t *again = NULL;
            int again_n = i2d_X509(sk_X509_value(list, 0), &again);
            const uint8_t *from = again;
            X509 *x = d2i_X509(NULL, &from, again_n);
            assert_null(x);
            OPENSSL_free(again);
        }
        sk_X509_pop_free(list, X509_free);
    }
    write_pem(path, "SOMETHING ELSE", der, (size_t)n);
    STACK_OF(X509) *list = sk_X509_new_null();
    assert_int_equal(tls_certificates_read(path, list, false, &e), -1);
    assert_non_null(strstr(e.what, "it has other blocks only"));
    sk_X509_pop_free(list, X509_free);
    OPENSSL_free(der);
    pki_chain_close(&good);
}

/* A key of each kind has its scheme; what is none of ours, or no identity, has none. */
static void schemes_of_keys(void **state)
{
    static const struct {
        const char *type, *curve;
        uint16_t scheme;
    } KEYS[] = {{"ED25519", NULL, 0x0807},      {"ED448", NULL, 0x0808},
                {"RSA", NULL, 0x0804},          {"EC", "P-256", 0x0403},
                {"EC", "secp384r1", 0x0503},    {"EC", "secp521r1", 0x0603},
                {"EC", "brainpoolP256r1", 0x0}, {"X448", NULL, 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(KEYS); i++) {
        bool is_rsa = strcmp(KEYS[i].type, "RSA") == 0;
        EVP_PKEY *key = is_rsa                  ? EVP_RSA_gen(2048)
                        : KEYS[i].curve != NULL ? EVP_EC_gen(KEYS[i].curve)
                                                : EVP_PKEY_Q_keygen(NULL, NULL, KEYS[i].type);
        struct identity d = {.key = key};
        assert_non_null(key);
        assert_int_equal(tls_identity_scheme(&d), KEYS[i].scheme);
        EVP_PKEY_free(key);
    }
    struct identity none = {.key = NULL};
    assert_int_equal(tls_identity_scheme(&none), 0);
    assert_int_equal(tls_identity_scheme(NULL), 0);
}

/* The key log cannot be written: TLS goes on. */
static void a_key_log_that_cannot_be_written(void **state)
{
    static const struct {
        const char *path, *refused;
    } LOGS[] = {{"/dev/full", NULL}, {"/nowhere/keys", NULL}, {"", NULL}, {"/dev/null", "write"}};
    struct ends ends = ends_13();
    (void)state;
    for (size_t i = 0; i < COUNT(LOGS); i++) {
        struct err e = ERR_INIT;
        setenv("SSLKEYLOGFILE", LOGS[i].path, 1);
        if (LOGS[i].refused != NULL)
            calls_refuse_next(LOGS[i].refused, ENOSPC);
        if (talk(&ends, &e) != 0)
            fail_msg("%s: %s", LOGS[i].path, e.what);
    }
    unsetenv("SSLKEYLOGFILE");
}

static void what_cannot_be_asked_for(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct ends ends = i < 2 ? ends_12() : ends_13();
        struct err e = ERR_INIT;
        ends.is_wrong = true;
        ends.alerts = i % 2 == 1;
        if (talk(&ends, &e) != 0)
            fail_msg("%s", e.what);
    }
}

/* ---- stapled responses, and what is looked at ---- */

static const char *write_octets(const char *name, const void *p, size_t n)
{
    static char path[4][128];
    static unsigned turn;
    turn = (turn + 1) % COUNT(path);
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder[GOOD], name);
    FILE *f = fopen(path[turn], "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
    return path[turn];
}

static const char *revoked_response(void)
{
    struct buf der = {0};
    struct err e = ERR_INIT;
    assert_int_equal(ocsp_kept(folder[GOOD], in(GOOD, EDITION_2, "secc-leaf", ".chain.pem"), NULL,
                               true, (int64_t)time(NULL), &der, &e),
                     0);
    const char *path = write_octets("revoked.ocsp", der.p, der.n);
    buf_close(&der);
    return path;
}

enum staple { USUAL, NONE, REVOKED, NOISE };

static const struct checked {
    enum staple staple;
    enum tls_status status;
    enum tls_check check;
    bool is_alone, has_time; /* the leaf comes without those above it; the time is chosen */
    enum tls_profile profile;
    const char *domain, *text; /* why it is refused; NULL: it is not */
} CHECKED[] = {
    {USUAL, TLS_STATUS_REQUIRED, TLS_CHECK_STANDARD, false, false, TLS_PROFILE_NONE, "CPO", NULL},
    {USUAL, TLS_STATUS_USUAL, TLS_CHECK_STANDARD, false, true, TLS_PROFILE_NONE, NULL, NULL},
    {USUAL, TLS_STATUS_USUAL, TLS_CHECK_STANDARD, false, false, TLS_PROFILE_ALL, NULL, NULL},
    {NONE, TLS_STATUS_USUAL, TLS_CHECK_STANDARD, false, false, TLS_PROFILE_NONE, NULL,
     "the SECC sent no OCSP response with its certificate"},
    {NONE, TLS_STATUS_REQUIRED, TLS_CHECK_NONE, false, false, TLS_PROFILE_NONE, NULL,
     "the SECC sent no OCSP response with its certificate"},
    {NONE, TLS_STATUS_ASKED, TLS_CHECK_STANDARD, false, false, TLS_PROFILE_NONE, NULL, NULL},
    {NONE, TLS_STATUS_USUAL, TLS_CHECK_NONE, false, false, TLS_PROFILE_NONE, NULL, NULL},
    {NONE, TLS_STATUS_USUAL, TLS_CHECK_ANY, false, false, TLS_PROFILE_NONE, NULL, NULL},
    {REVOKED, TLS_STATUS_USUAL, TLS_CHECK_STANDARD, false, false, TLS_PROFILE_NONE, NULL,
     "the stapled OCSP response: the station's certificate is revoked"},
    {REVOKED, TLS_STATUS_USUAL, TLS_CHECK_NONE, false, false, TLS_PROFILE_NONE, NULL, NULL},
    {REVOKED, TLS_STATUS_USUAL, TLS_CHECK_ANY, false, false, TLS_PROFILE_NONE, NULL, NULL},
    {NOISE, TLS_STATUS_USUAL, TLS_CHECK_STANDARD, false, false, TLS_PROFILE_NONE, NULL,
     "the stapled OCSP response: its 5 octets cannot be read"},
    {USUAL, TLS_STATUS_REQUIRED, TLS_CHECK_NONE, true, false, TLS_PROFILE_NONE, NULL, NULL},
    {USUAL, TLS_STATUS_USUAL, TLS_CHECK_STANDARD, true, false, TLS_PROFILE_NONE, NULL,
     "its issuer is neither in the chain nor a trusted root"},
    {USUAL, TLS_STATUS_USUAL, TLS_CHECK_STANDARD, false, false, TLS_PROFILE_NONE, "OEM",
     "it has no domain component OEM"},
    {USUAL, TLS_STATUS_USUAL, TLS_CHECK_ANY, false, false, TLS_PROFILE_NONE, "OEM", NULL},
};

static void stations_are_checked(void **state)
{
    const char *staple[] = {in(GOOD, EDITION_2, "secc-leaf", ".ocsp"), NULL, revoked_response(),
                            write_octets("noise.ocsp", "noise", 5)};
    (void)state;
    for (size_t i = 0; i < COUNT(CHECKED); i++) {
        const struct checked *c = &CHECKED[i];
        struct ends ends = ends_12();
        struct err e = ERR_INIT;
        ends.server.identity[0].staple = staple[c->staple];
        if (c->is_alone)
            ends.server.identity[0].chain = in(GOOD, EDITION_2, "secc-leaf", ".pem");
        ends.client.status = c->status;
        ends.client.check = c->check;
        ends.client.profile = c->profile;
        ends.client.domain = c->domain;
        ends.client.at = c->has_time ? (int64_t)time(NULL) : 0;
        int bad = talk(&ends, &e);
        if (bad != (c->text == NULL ? 0 : -1) || (bad != 0 && strstr(e.what, c->text) == NULL))
            fail_msg("%zu: %s", i, e.what);
    }
}

/* ---- options ---- */

#define LONG_64 "1234567890123456789012345678901234567890123456789012345678901234"
#define LONG_256 LONG_64 LONG_64 LONG_64 LONG_64

static void options_at_their_limits(void **state)
{
    static const struct {
        struct tls_options o;
        const char *text, *skipped; /* NULL: it is taken, without the suites that are skipped */
    } CASES[] = {
        {{.max_version = 0x0303, .suites = "ECDHE-ECDSA-AES128-SHA256"}, NULL, ""},
        {{.max_version = 0x0303, .suites = "TLS_NO, TLS_NEITHER, ECDHE-ECDSA-AES128-SHA256"},
         NULL,
         "TLS_NO, TLS_NEITHER"},
        {{.max_version = 0x0303, .suites = "ROT13"}, "TLS 1.2 suites \"ROT13\": ", NULL},
        {{.schemes = "rsa_pkcs1_sha256:ecdsa_sha1", .allows_weak = true}, NULL, ""},
        {{.max_version = 0x0302, .allows_weak = true}, NULL, ""},
        {{.min_version = 0x0999}, "TLS versions 0x0999 to 0x0999; expected", NULL},
        {{.max_version = 0x0399}, "TLS versions 0x0303 to 0x0399; expected", NULL},
        {{.identities = TLS_IDENTITIES + 1}, "5 certificate chains, 0 files of roots", NULL},
        {{.roots = TLS_ROOT_FILES + 1}, "0 certificate chains, 9 files of roots", NULL},
        {{.domain = LONG_256}, "the domain component '12345678901234567890123456789012", NULL},
        {{.server_name = LONG_256}, "the server name '12345678901234567890123456789012", NULL},
        {{.identity = {{.key = "key.pem"}}, .identities = 1},
         "a TLS key without a certificate chain; expected both",
         NULL},
        {{.max_fragment_length = 1,
          .no_encrypt_then_mac = true,
          .no_extended_master_secret = true,
          .at = 1},
         NULL,
         ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct err e = ERR_INIT;
        struct tls_context *c = tls_context_open(&CASES[i].o, &e);
        if ((c == NULL) != (CASES[i].text != NULL) ||
            (c == NULL && strncmp(e.what, CASES[i].text, strlen(CASES[i].text)) != 0))
            fail_msg("%zu: %s", i, e.what);
        if (c != NULL) {
            assert_string_equal(tls_context_skipped(c), CASES[i].skipped);
            tls_context_inherit(c, NULL);
            tls_context_inherit(c, c); /* neither resumes anything */
        }
        tls_context_close(c);
    }
    tls_context_close(NULL);
}

/* A station, and a vehicle before its first session, have nothing to hand on but tickets' keys. */
static void nothing_to_resume(void **state)
{
    const struct ends ends = ends_13();
    struct tls_options not = ends.client;
    struct err e = ERR_INIT;
    (void)state;
    not .resumption = false;
    struct tls_context *vehicle = tls_context_open(&ends.client, &e);
    struct tls_context *other = tls_context_open(&not, &e);
    struct tls_context *stations[] = {tls_context_open(&ends.server, &e),
                                      tls_context_open(&ends.server, &e)};
    assert_true(vehicle != NULL && other != NULL && stations[0] != NULL && stations[1] != NULL);
    tls_context_inherit(vehicle, other);
    tls_context_inherit(other, vehicle);
    tls_context_inherit(vehicle, vehicle);
    tls_context_inherit(stations[0], stations[1]);
    for (unsigned i = 0; i < 3; i++) { /* the keys are not to be had, or not to be set */
        if (i > 0)
            calls_refuse_next("SSL_CTX_ctrl", EIO);
        tls_context_inherit(stations[0], stations[1]);
        calls_calm();
    }
    tls_context_close(vehicle);
    tls_context_close(other);
    tls_context_close(stations[0]);
    tls_context_close(stations[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_12),
        cmocka_unit_test(tls_13),
        cmocka_unit_test(unfit_leaf),
        cmocka_unit_test(untrusted_stations),
        cmocka_unit_test(files_of_certificates),
        cmocka_unit_test(schemes_of_keys),
        cmocka_unit_test(what_cannot_be_asked_for),
        cmocka_unit_test(stations_are_checked),
        cmocka_unit_test(options_at_their_limits),
        cmocka_unit_test(nothing_to_resume),
        cmocka_unit_test(a_key_log_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, make_trees, drop_trees);
}
