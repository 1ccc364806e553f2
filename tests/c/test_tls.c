/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over streams on the loopback interface: a vehicle and a station in one loop, what they agree,
 * what they refuse and with which alert, and what broken peers do to them.
 */
#include "certs.h"
#include "record/capture.h"
#include "record/pcapng.h"
#include "secrets.h"
#include "support.h"
#include "tls/tls.h"
#include "tls/tls_decrypt.h"
#include "tls/tls_names.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#define LIMIT_MS 10000

/* ---- certificates of all tests ---- */

static char folder[64];
static struct cert root, sub, leaf, other_root, root_20, sub_20, leaf_20, oem_root, oem, root_448,
    leaf_448, expired, early, no_domain;
static const char *station, *station_20, *station_448, *station_expired, *station_early,
    *station_alone, *station_no_domain, *vehicle, *roots, *roots_20, *roots_448, *oem_roots,
    *wrong_roots, *good_staple, *bad_staple;

static int make_certificates(void **state)
{
    const char *p256 = "P-256", *p521 = "P-521";
    (void)state;
    certs_folder(folder);
    cert_make(&root, &(struct cert_order){"V2G Root", "V2G", p256, .is_ca = true});
    cert_make(&sub, &(struct cert_order){"CPO Sub 1", "V2G", p256, &root, .is_ca = true});
    cert_make(&leaf, &(struct cert_order){"SECC", "CPO", p256, &sub, .is_ca = false});
    cert_make(&other_root, &(struct cert_order){"Other Root", "V2G", p256, .is_ca = true});
    cert_make(&root_20, &(struct cert_order){"V2G Root 20", "V2G", p521, .is_ca = true});
    cert_make(&sub_20, &(struct cert_order){"CPO Sub 20", "V2G", p521, &root_20, .is_ca = true});
    cert_make(&leaf_20, &(struct cert_order){"SECC 20", "CPO", p521, &sub_20, .is_ca = false});
    cert_make(&oem_root, &(struct cert_order){"OEM Root", "OEM", p521, .is_ca = true});
    cert_make(&oem, &(struct cert_order){"Vehicle", "OEM", p521, &oem_root, .is_ca = false});
    cert_make(&root_448, &(struct cert_order){"Root 448", "V2G", "ED448", .is_ca = true});
    cert_make(&leaf_448,
              &(struct cert_order){"SECC 448", "CPO", "ED448", &root_448, .is_ca = false});
    cert_make(&expired,
              &(struct cert_order){"SECC old", "CPO", p256, &sub, .from = -9999, .to = -999});
    cert_make(&early, &(struct cert_order){"SECC new", "CPO", p256, &sub, .from = 999, .to = 9999});
    cert_make(&no_domain, &(struct cert_order){"SECC x", "EMP", p256, &sub, .is_ca = false});
#define CHAIN(name, ...) certs_chain(folder, name, (const struct cert *const[]){__VA_ARGS__, NULL})
    station = CHAIN("station.pem", &leaf, &sub);
    station_20 = CHAIN("station20.pem", &leaf_20, &sub_20);
    station_448 = CHAIN("station448.pem", &leaf_448);
    station_expired = CHAIN("expired.pem", &expired, &sub);
    station_early = CHAIN("early.pem", &early, &sub);
    station_alone = CHAIN("alone.pem", &leaf);
    station_no_domain = CHAIN("domain.pem", &no_domain, &sub);
    vehicle = CHAIN("vehicle.pem", &oem);
    roots = certs_root(folder, "root.pem", &root);
    roots_20 = certs_root(folder, "root20.pem", &root_20);
    roots_448 = certs_root(folder, "root448.pem", &root_448);
    oem_roots = certs_root(folder, "oem.pem", &oem_root);
    wrong_roots = certs_root(folder, "other.pem", &other_root);
    good_staple = certs_staple(folder, "good.ocsp", &leaf, &sub, false);
    bad_staple = certs_staple(folder, "bad.ocsp", &leaf, &sub, true);
    return 0;
}

static int drop_certificates(void **state)
{
    struct cert *all[] = {&root,     &sub, &leaf,     &other_root, &root_20, &sub_20, &leaf_20,
                          &oem_root, &oem, &root_448, &leaf_448,   &expired, &early,  &no_domain};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cert_free(all[i]);
    certs_remove(folder);
    return 0;
}

/* ---- two ends in one loop ---- */

struct end {
    struct scene *scene;
    struct stream *stream;
    struct tls *tls;
    struct tls_context *tls_context; /* NULL: plain */
    bool is_server;
    const char *says; /* when opened, or when something was heard */
    size_t says_more; /* bytes sent after that */
    unsigned opened, closed;
    enum stream_end how;
    char why[600];
    struct buf heard, notes, secrets;
    /* copies of what the connection agreed, taken before it goes */
    struct buf summary;
    char problem[512], staple[160];
    uint16_t version, suite, group;
    bool is_resumed, saw_client_chain;
};

struct scene {
    struct world *world;
    struct timer limit;
    struct listener *listener;
    struct end client, server;
    struct buf wire[2]; /* as the client saw it: from the server, from the client */
    struct pcapng *record;
    size_t ends_after; /* the client closes when it heard so many bytes */
};

static void take_info(struct end *n)
{
    if (n->tls == NULL)
        return;
    const struct tls_facts *f = tls_info(n->tls);
    buf_clear(&n->summary);
    tls_facts_summary(f, &n->summary);
    n->version = f->version;
    n->suite = f->suite;
    n->group = f->group;
    n->is_resumed = f->is_resumed;
    n->saw_client_chain = f->chain[TLS_FROM_CLIENT].n > 0;
    snprintf(n->problem, sizeof n->problem, "%s", tls_problem(n->tls));
    snprintf(n->staple, sizeof n->staple, "%s", tls_staple_status(n->tls));
}

static void end_close(struct end *n)
{
    struct scene *w = n->scene;
    take_info(n);
    stream_close(n->stream, STREAM_FIN);
    n->stream = NULL;
    n->tls = NULL;
    if (w->client.stream == NULL && w->server.stream == NULL) {
        listener_close(w->listener);
        w->listener = NULL;
        timer_stop(&w->limit);
    }
}

static void say(struct end *n)
{
    struct err e = ERR_INIT;
    const char *text = n->says;
    n->says = NULL;
    if (text == NULL)
        return;
    assert_int_equal(
        stream_write(n->stream, (struct slice){(const uint8_t *)text, strlen(text)}, &e), 0);
    uint8_t *more = calloc(1, n->says_more + 1);
    assert_int_equal(stream_write(n->stream, (struct slice){more, n->says_more}, &e), 0);
    free(more);
}

static void on_opened(void *context, struct stream *s)
{
    struct end *n = context;
    n->opened++;
    assert_true(stream_is_open(s));
    if (!n->is_server)
        say(n);
}

static void on_data(void *context, struct stream *s, struct slice bytes)
{
    struct end *n = context;
    (void)s;
    buf_add(&n->heard, bytes.p, bytes.n);
    if (n->is_server)
        say(n);
    else if (n->heard.n >= n->scene->ends_after)
        end_close(n);
}

static void on_closed(void *context, struct stream *s, enum stream_end how, const char *why)
{
    struct end *n = context;
    (void)s;
    n->closed++;
    n->how = how;
    snprintf(n->why, sizeof n->why, "%s", why);
    end_close(n);
}

static void on_note(void *context, bool from_client, const char *text)
{
    struct end *n = context;
    buf_printf(&n->notes, "%s: %s\n", from_client ? "EVCC" : "SECC", text);
}

static void on_secret(void *context, const char *line)
{
    struct end *n = context;
    buf_printf(&n->secrets, "%s\n", line);
    if (n->scene->record != NULL && !n->is_server) {
        char text[400];
        snprintf(text, sizeof text, "%s\n", line);
        pcapng_secrets(n->scene->record, text);
    }
}

static void on_wire(void *context, bool is_sent, struct slice bytes)
{
    struct end *n = context;
    if (n->is_server)
        return;
    buf_add(&n->scene->wire[is_sent], bytes.p, bytes.n);
    if (n->scene->record != NULL)
        pcapng_tcp_data(n->scene->record, 1000000, 1, is_sent, bytes);
}

static const struct stream_events EVENTS = {
    .opened = on_opened, .data = on_data, .closed = on_closed};
static const struct tls_events TLS_EVENTS = {.note = on_note, .secret = on_secret, .wire = on_wire};

static void use_tls(struct end *n)
{
    struct err e = ERR_INIT;
    if (n->tls_context == NULL)
        return;
    n->tls = tls_attach(n->stream, n->tls_context, &TLS_EVENTS, n, &e);
    assert_non_null(n->tls);
}

static void on_accepted(void *context, struct stream *s)
{
    struct scene *w = context;
    w->server.stream = s;
    use_tls(&w->server);
    stream_use(s, &EVENTS, &w->server);
}

static void too_long(void *data)
{
    (void)data;
    fail_msg("nothing happens any more");
}

static struct tls_context *context_of(const struct tls_options *o)
{
    struct err e = ERR_INIT;
    struct tls_context *c = o == NULL ? NULL : tls_context_open(o, &e);
    if (e.set)
        fail_msg("%s", e.what);
    return c;
}

static void scene_open(struct scene *w)
{
    static const struct listener_events LISTENER = {.accepted = on_accepted};
    struct endpoint at = {.interface = "lo"};
    struct err e = ERR_INIT;
    w->world = world_open(NULL, &e);
    timer_start(w->world, &w->limit, LIMIT_MS, too_long, NULL);
    w->client.scene = w->server.scene = w;
    w->server.is_server = true;
    w->client.says = "hello";
    w->server.says = "welcome";
    if (w->ends_after == 0)
        w->ends_after = 7;
    w->listener = stream_listen(w->world, &at, 0, &LISTENER, w, &e);
    assert_non_null(w->listener);
}

static void scene_connect(struct scene *w, const struct endpoint *to)
{
    struct err e = ERR_INIT;
    w->client.stream = stream_connect(w->world, to, 0, &EVENTS, &w->client, &e);
    assert_non_null(w->client.stream);
    use_tls(&w->client);
}

static void end_free(struct end *n)
{
    tls_context_close(n->tls_context);
    buf_close(&n->heard);
    buf_close(&n->notes);
    buf_close(&n->secrets);
    buf_close(&n->summary);
}

static void scene_close(struct scene *w)
{
    end_free(&w->client);
    end_free(&w->server);
    buf_close(&w->wire[0]);
    buf_close(&w->wire[1]);
}

static void scene_finish(struct scene *w)
{
    assert_int_equal(world_close(w->world), 0);
}

static void run(struct scene *w, const struct tls_options *client, const struct tls_options *server)
{
    w->client.tls_context = context_of(client);
    w->server.tls_context = context_of(server);
    scene_open(w);
    scene_connect(w, listener_endpoint(w->listener));
    scene_finish(w);
}

static struct tls_options server_12(void)
{
    return (struct tls_options){.is_server = true,
                                .max_version = 0x0303,
                                .identity = {{.chain = station}},
                                .identities = 1};
}

static struct tls_options client_12(void)
{
    return (struct tls_options){.max_version = 0x0303, .root = {roots}, .roots = 1};
}

static struct tls_options server_13(void)
{
    return (struct tls_options){.is_server = true,
                                .min_version = 0x0304,
                                .identity = {{.chain = station_20}},
                                .identities = 1,
                                .root = {oem_roots},
                                .roots = 1};
}

static struct tls_options client_13(void)
{
    return (struct tls_options){.min_version = 0x0304,
                                .identity = {{.chain = vehicle}},
                                .identities = 1,
                                .root = {roots_20},
                                .roots = 1};
}

static void assert_talked(struct scene *w)
{
    if (w->client.opened == 0)
        fail_msg("%s / %s", w->client.why, w->server.why);
    assert_string_equal(buf_string(&w->server.heard), "hello");
    assert_int_equal(w->client.opened, 1);
    assert_int_equal(w->server.opened, 1);
    assert_int_equal(w->server.how, STREAM_CLOSED);
    assert_has(w->server.why, "closed by peer (close_notify)");
}

/* ---- what was recorded is decrypted with the key log ---- */

static void plain_data(void *context, bool from_client, struct slice bytes)
{
    struct buf *out = context;
    buf_add(&out[from_client], bytes.p, bytes.n);
}

static void assert_decrypts(struct scene *w)
{
    static const struct tls_decrypt_events DECRYPT = {.data = plain_data};
    struct tls_secrets secrets = {0};
    struct buf plain[2] = {{0}, {0}};
    struct err e = ERR_INIT;
    assert_true(
        tls_secrets_add(&secrets, (struct slice){w->client.secrets.p, w->client.secrets.n}) > 0);
    struct tls_decrypt *d = tls_decrypt_open(&secrets, &DECRYPT, plain);
    for (size_t i = 0; i < w->wire[1].n || i < w->wire[0].n; i++)
        for (int side = 1; side >= 0; side--)
            if (i < w->wire[side].n &&
                tls_decrypt_feed(d, side, (struct slice){w->wire[side].p + i, 1}, &e) != 0)
                fail_msg("%s", e.what);
    assert_false(tls_decrypt_is_locked(d));
    assert_int_equal(plain[1].n, w->server.heard.n);
    assert_memory_equal(plain[1].p, w->server.heard.p, plain[1].n);
    assert_int_equal(plain[0].n, w->client.heard.n);
    assert_memory_equal(plain[0].p, w->client.heard.p, plain[0].n);
    assert_int_equal(tls_decrypt_facts(d)->suite, w->client.suite);
    tls_decrypt_close(d);
    tls_secrets_close(&secrets);
    buf_close(&plain[0]);
    buf_close(&plain[1]);
}

/* ---- what is agreed ---- */

static void tls_12_as_iso_15118_2_wants_it(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0};
    (void)state;
    c.domain = "CPO";
    run(&w, &c, &s);
    assert_talked(&w);
    assert_string_equal(buf_string(&w.client.summary),
                        "TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, secp256r1");
    assert_string_equal(w.client.problem, "");
    assert_false(w.client.is_resumed);
    const char *notes = buf_string(&w.client.notes);
    assert_has(notes, "EVCC: ClientHello: TLS 1.2; TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256; groups "
                      "secp256r1; trusted_ca_keys key ");
    assert_has(notes, "SECC: certificates of the SECC: CN=SECC, O=Test, DC=CPO / CN=CPO Sub 1");
    assert_has(notes, "established: TLS 1.2");
    assert_has(notes, "EVCC: alert from the EVCC: close_notify (warning)");
    assert_null(strstr(notes, "CertificateRequest"));
    assert_decrypts(&w);
    scene_close(&w);
}

/* [V2G20-2331] [V2G20-2333]: the vehicle's chain ends at an OEM root. */
static void tls_13_as_iso_15118_20_wants_it(void **state)
{
    struct tls_options c = client_13(), s = server_13();
    struct scene w = {.ends_after = 0};
    (void)state;
    run(&w, &c, &s);
    assert_talked(&w);
    assert_string_equal(buf_string(&w.server.summary),
                        "TLS 1.3, TLS_AES_256_GCM_SHA384, secp521r1");
    assert_true(w.server.saw_client_chain);
    assert_has(buf_string(&w.server.notes), "certificates of the EVCC: CN=Vehicle, O=Test, DC=OEM");
    assert_has(buf_string(&w.server.notes), "both with certificates; SECC signed with "
                                            "ecdsa_secp521r1_sha512; EVCC signed with "
                                            "ecdsa_secp521r1_sha512");
    assert_decrypts(&w);
    scene_close(&w);
}

static void ed448_x448_and_chacha(void **state)
{
    struct tls_options c = client_13(), s = server_13();
    struct scene w = {.ends_after = 0};
    (void)state;
    s.identity[0].chain = station_448;
    c.root[0] = roots_448;
    c.groups = "X448";
    c.suites = "TLS_CHACHA20_POLY1305_SHA256";
    run(&w, &c, &s);
    assert_talked(&w);
    assert_string_equal(buf_string(&w.client.summary),
                        "TLS 1.3, TLS_CHACHA20_POLY1305_SHA256, x448");
    assert_has(buf_string(&w.client.notes), "SECC signed with ed448");
    assert_decrypts(&w);
    scene_close(&w);
}

static void every_suite_is_spoken_and_decrypted(void **state)
{
    static const struct {
        uint16_t version;
        const char *suite;
        bool no_etm, no_ems;
    } CASES[] = {
        {0x0303, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", true, false},
        {0x0303, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", false, true},
        {0x0303, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", false, false},
        {0x0303, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", false, false},
        {0x0303, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", false, false},
        {0x0303, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", true, false},
        {0x0303, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", true, false},
        {0x0304, "TLS_AES_128_GCM_SHA256", false, false},
        {0x0304, "TLS_AES_256_GCM_SHA384", false, false},
        {0x0304, "TLS_CHACHA20_POLY1305_SHA256", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool is_13 = CASES[i].version == 0x0304;
        struct tls_options c = is_13 ? client_13() : client_12();
        struct tls_options s = is_13 ? server_13() : server_12();
        struct scene w = {.ends_after = 7 + 40000};
        c.suites = s.suites = CASES[i].suite;
        c.no_encrypt_then_mac = CASES[i].no_etm;
        c.no_extended_master_secret = CASES[i].no_ems;
        w.server.says_more = 40000; /* several records */
        run(&w, &c, &s);
        assert_talked(&w);
        assert_string_equal(tls_name(TLS_SUITES, w.client.suite), CASES[i].suite);
        assert_decrypts(&w);
        scene_close(&w);
    }
}

static void a_station_offers_both_versions(void **state)
{
    struct tls_options s = server_13(), c2 = client_12(), c20 = client_13();
    struct scene w = {.ends_after = 0}, again = {.ends_after = 0};
    (void)state;
    s.min_version = 0x0303;
    s.identity[1].chain = station;
    s.identities = 2;
    run(&w, &c2, &s); /* its own chain, and no certificate asked for */
    assert_talked(&w);
    assert_int_equal(w.client.version, 0x0303);
    assert_has(buf_string(&w.client.notes), "certificates of the SECC: CN=SECC,");
    assert_false(w.server.saw_client_chain);
    scene_close(&w);
    run(&again, &c20, &s);
    assert_talked(&again);
    assert_int_equal(again.client.version, 0x0304);
    assert_true(again.server.saw_client_chain);
    scene_close(&again);
}

static void plain_and_tls_side_by_side(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0}, plain = {.ends_after = 0};
    (void)state;
    w.client.tls_context = context_of(&c);
    w.server.tls_context = context_of(&s);
    scene_open(&w);
    scene_open(&plain);
    scene_connect(&w, listener_endpoint(w.listener));
    scene_connect(&plain, listener_endpoint(plain.listener));
    for (bool alive = true; alive;) {
        alive = world_turn(w.world, false);
        alive |= world_turn(plain.world, false);
    }
    scene_finish(&w);
    scene_finish(&plain);
    assert_talked(&w);
    assert_string_equal(buf_string(&plain.server.heard), "hello");
    assert_string_equal(buf_string(&plain.client.heard), "welcome");
    scene_close(&w);
    scene_close(&plain);
}

static void resumption_is_on_or_off(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool is_13 = i & 1, is_on = i & 2;
        struct tls_options c = is_13 ? client_13() : client_12();
        struct tls_options s = is_13 ? server_13() : server_12();
        c.resumption = s.resumption = is_on;
        struct tls_context *client = context_of(&c), *server = context_of(&s);
        for (int round = 0; round < 2; round++) {
            struct scene w = {.ends_after = 0};
            w.client.tls_context = client;
            w.server.tls_context = server;
            scene_open(&w);
            scene_connect(&w, listener_endpoint(w.listener));
            scene_finish(&w);
            assert_talked(&w);
            assert_int_equal(w.client.is_resumed, is_on && round == 1);
            assert_decrypts(&w);
            w.client.tls_context = w.server.tls_context = NULL;
            scene_close(&w);
        }
        tls_context_close(client);
        tls_context_close(server);
    }
}

/* ---- extensions ---- */

/* [V2G2-651] [V2G2-871] [V2G2-923]: however the root is named, and whether or not the chain has it,
 * the chain below it is shown. A station answers where that is chosen. */
static void trusted_ca_keys_choose_the_chain(void **state)
{
    static const char *const SHOWN[] = {"trusted_ca_keys key ", "trusted_ca_keys key ",
                                        "trusted_ca_keys CN=V2G Root, O=Test",
                                        "trusted_ca_keys certificate "};
    struct cert second_leaf;
    (void)state;
    cert_make(&second_leaf,
              &(struct cert_order){"SECC other", "CPO", "P-256", &other_root, .is_ca = false});
    const char *other = certs_chain(folder, "second.pem",
                                    (const struct cert *const[]){&second_leaf, &other_root, NULL});
    const char *whole =
        certs_chain(folder, "whole.pem", (const struct cert *const[]){&leaf, &sub, &root, NULL});
    for (uint8_t i = 0; i < 8; i++) {
        struct tls_options c = client_12(), s = server_12();
        struct scene w = {.ends_after = 0};
        uint8_t kind = i % 4;
        bool is_short = i >= 4;
        s.identity[0] = (struct tls_identity){.chain = other, .root = wrong_roots};
        s.identity[1] = (struct tls_identity){.chain = is_short ? station : whole,
                                              .root = is_short ? roots : NULL};
        s.identities = 2;
        c.trusted_ca_keys = kind;
        s.trusted_ca_keys = is_short ? TLS_CA_KEYS_USUAL : TLS_CA_KEYS_KEY;
        run(&w, &c, &s);
        assert_talked(&w);
        assert_has(buf_string(&w.server.notes), SHOWN[kind]);
        assert_has(buf_string(&w.client.notes), "certificates of the SECC: CN=SECC, O=Test");
        bool is_answered = strstr(buf_string(&w.client.notes), "; trusted_ca_keys\n") != NULL;
        assert_int_equal(is_answered, !is_short);
        scene_close(&w);
    }
    cert_free(&second_leaf);
}

/* Also where the trusted roots have its issuer, which OpenSSL would add. */
static void a_chain_is_sent_as_it_is(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0};
    struct cert alone;
    (void)state;
    cert_make(&alone, &(struct cert_order){"SECC alone", "CPO", "P-256", &root, .is_ca = false});
    s.identity[0].chain = certs_chain(folder, "a.pem", (const struct cert *const[]){&alone, NULL});
    s.root[0] = roots;
    s.roots = 1;
    run(&w, &c, &s);
    assert_talked(&w);
    assert_has(buf_string(&w.client.notes),
               "certificates of the SECC: CN=SECC alone, O=Test, DC=CPO\n");
    scene_close(&w);
    cert_free(&alone);
}

static void certificate_authorities_are_sent(void **state)
{
    struct tls_options c = client_13(), s = server_13();
    struct scene w = {.ends_after = 0};
    (void)state;
    c.certificate_authorities = s.certificate_authorities = true;
    run(&w, &c, &s);
    assert_talked(&w);
    assert_has(buf_string(&w.server.notes),
               "certificate_authorities CN=V2G Root 20, O=Test, DC=V2G");
    assert_has(buf_string(&w.client.notes), "by one of: CN=OEM Root, O=Test, DC=OEM");
    scene_close(&w);
}

static void a_stapled_response_is_checked(void **state)
{
    static const struct {
        bool is_sent, is_good, is_required;
        const char *status, *why;
    } CASES[] = {
        {true, true, true, "good", NULL},
        {false, true, false, "", NULL},
        {false, true, true, "", "the SECC sent no OCSP response"},
        {true, false, false, "revoked", "the station's certificate is revoked"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct tls_options c = client_12(), s = server_12();
        struct scene w = {.ends_after = 0};
        c.status = CASES[i].is_required ? TLS_STATUS_REQUIRED : TLS_STATUS_ASKED;
        s.identity[0].staple = !CASES[i].is_sent  ? NULL
                               : CASES[i].is_good ? good_staple
                                                  : bad_staple;
        run(&w, &c, &s);
        assert_string_equal(w.client.staple, CASES[i].status);
        if (CASES[i].why == NULL) {
            assert_talked(&w);
        } else {
            assert_has(w.client.why, CASES[i].why);
            assert_has(w.client.why, "sent alert bad_certificate_status_response");
            assert_has(w.server.why, "the EVCC sent alert bad_certificate_status_response");
        }
        scene_close(&w);
    }
}

static void a_response_of_tls_13_is_checked(void **state)
{
    struct tls_options c = client_13(), s = server_13();
    struct scene w = {.ends_after = 0};
    (void)state;
    c.status = TLS_STATUS_REQUIRED;
    s.identity[0].staple = certs_staple(folder, "20.ocsp", &leaf_20, &sub_20, false);
    run(&w, &c, &s);
    assert_talked(&w);
    assert_string_equal(w.client.staple, "good");
    assert_has(buf_string(&w.client.notes), "; OCSP response of ");
    scene_close(&w);
}

static void status_request_v2_is_sent(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0};
    (void)state;
    c.status = TLS_STATUS_V2;
    s.identity[0].staple = good_staple;
    run(&w, &c, &s); /* a station that knows only the first form answers in it */
    assert_talked(&w);
    assert_string_equal(w.client.staple, "good");
    assert_has(buf_string(&w.server.notes), "; status_request; status_request_v2\n");
    scene_close(&w);
}

/* ---- what is refused ---- */

static void assert_refused(struct scene *w, const char *client, const char *server)
{
    assert_int_equal(w->server.opened, 0);
    assert_int_equal(w->client.closed, 1);
    assert_int_equal(w->server.closed, 1);
    assert_has(w->client.why, client);
    assert_has(w->server.why, server);
}

static void wrong_versions_are_refused(void **state)
{
    struct tls_options old = client_12(), now = client_13(), s20 = server_13(), s2 = server_12();
    struct scene w = {.ends_after = 0}, again = {.ends_after = 0};
    (void)state;
    run(&w, &old, &s20);
    assert_refused(&w, "TLS handshake with [::1]:",
                   "no version in common: the EVCC offers TLS 1.2, "
                   "this side speaks TLS 1.3; sent alert "
                   "protocol_version");
    assert_has(w.client.why, "the SECC sent alert protocol_version");
    scene_close(&w);
    run(&again, &now, &s2);
    assert_refused(&again, "the SECC sent alert protocol_version",
                   "the EVCC offers TLS 1.3, this side speaks TLS 1.2");
    scene_close(&again);
}

static void wrong_suites_are_refused(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0};
    (void)state;
    c.suites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
    run(&w, &c, &s);
    assert_refused(&w, "the SECC sent alert handshake_failure",
                   "in common: the EVCC offers TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    scene_close(&w);
}

static void bad_chains_are_refused_with_the_right_alert(void **state)
{
    const struct {
        const char *chain, *root, *alert, *why;
    } CASES[] = {
        {station, wrong_roots, "unknown_ca",
         "certificate above its own, CN=CPO Sub 1, O=Test, DC=V2G: its issuer is neither in the "
         "chain nor a trusted root"},
        {station_expired, roots, "certificate_expired",
         "the SECC's certificate, CN=SECC old, O=Test, DC=CPO: certificate has expired (at 20"},
        {station_early, roots, "bad_certificate",
         "CN=SECC new, O=Test, DC=CPO: certificate is not yet valid (valid from 20"},
        {station_alone, roots, "unknown_ca",
         "the SECC's certificate, CN=SECC, O=Test, DC=CPO: its issuer is neither"},
        {station_no_domain, roots, "bad_certificate",
         "CN=SECC x, O=Test, DC=EMP: it has no domain component CPO"},
    };
    char alert[100];
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct tls_options c = client_12(), s = server_12();
        struct scene w = {.ends_after = 0};
        s.identity[0].chain = CASES[i].chain;
        c.root[0] = CASES[i].root;
        c.domain = "CPO";
        run(&w, &c, &s);
        snprintf(alert, sizeof alert, "the EVCC sent alert %s", CASES[i].alert);
        assert_refused(&w, CASES[i].why, alert);
        assert_has(w.client.why, "; sent alert ");
        assert_has(w.client.problem, CASES[i].why);
        assert_int_equal(w.client.how, STREAM_REJECTED);
        scene_close(&w);
    }
}

static void a_vehicle_without_check_goes_on(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0};
    (void)state;
    s.identity[0].chain = station_expired;
    c.check = TLS_CHECK_NONE;
    run(&w, &c, &s);
    assert_talked(&w);
    assert_has(w.client.problem, "certificate has expired");
    scene_close(&w);
}

static void a_vehicle_needs_a_certificate_with_tls_13(void **state)
{
    struct tls_options c = client_13(), s = server_13();
    struct scene w = {.ends_after = 0}, again = {.ends_after = 0};
    (void)state;
    c.identities = 0;
    run(&w, &c, &s);
    assert_int_equal(w.server.opened, 0);
    assert_has(w.server.why, "the EVCC sent no certificate; sent alert certificate_required");
    assert_has(w.client.why, "the SECC sent alert certificate_required");
    scene_close(&w);
    c = client_13();
    s.root[0] = wrong_roots;
    run(&again, &c, &s);
    assert_has(again.server.why, "the EVCC's certificate, CN=Vehicle, O=Test, DC=OEM: its issuer");
    assert_has(again.client.why, "the SECC sent alert unknown_ca");
    scene_close(&again);
}

static void wrong_options_are_refused(void **state)
{
    const struct {
        struct tls_options o;
        const char *what;
    } CASES[] = {
        {{.is_server = true}, "needs a certificate chain"},
        {{.max_version = 0x0303, .suites = "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256"},
         "static ECDH is gone"},
        {{.min_version = 0x0304, .suites = "TLS_NONE"}, "TLS 1.3 suites \"TLS_NONE\": not known"},
        {{.groups = "secp999r1"}, "TLS groups"},
        {{.schemes = "rot13"}, "TLS signature schemes"},
        {{.root = {"/nowhere.pem"}, .roots = 1}, "/nowhere.pem cannot be opened: No such file"},
        {{.root = {"Makefile"}, .roots = 1},
         "no certificates in Makefile: certificate 1 cannot be read"},
        {{.crls = TLS_ROOT_FILES + 1}, "and 9 of revocation lists"},
        {{.identity = {{.chain = station, .key = station_20}}, .identities = 1},
         "does not belong to the first certificate"},
        {{.identity = {{.chain = station, .key = "Makefile"}}, .identities = 1},
         "Makefile holds no private key"},
        {{.identity = {{.chain = station, .staple = "/dev/null"}}, .identities = 1},
         "/dev/null is empty; expected an OCSP response"},
        {{.min_version = 0x0304, .max_version = 0x0303}, "TLS versions 0x0304 to 0x0303"},
        {{.trusted_ca_keys = 2}, "without trusted roots"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct err e = ERR_INIT;
        assert_null(tls_context_open(&CASES[i].o, &e));
        assert_has(e.what, CASES[i].what);
    }
    struct err e = ERR_INIT;
    struct tls_options both = {.max_version = 0x0303,
                               .suites = "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256, "
                                         "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"};
    struct tls_context *c = tls_context_open(&both, &e);
    assert_non_null(c);
    assert_string_equal(tls_context_skipped(c), "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256");
    tls_context_close(c);
}

/* ---- peers that misbehave ---- */

static void one_side_is_plain(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0}, again = {.ends_after = 0};
    (void)state;
    run(&w, NULL, &s);
    assert_has(w.server.why, "the EVCC sent no TLS record, but 68656C6C6F");
    assert_int_equal(w.server.opened, 0);
    scene_close(&w);
    again.server.says = "\x01\xFE\x80\x01";
    run(&again, &c, NULL);
    assert_has(again.client.why, "the SECC sent no TLS record, but ");
    assert_int_equal(again.client.opened, 0);
    scene_close(&again);
}

/* A way between the two, by which every byte comes alone; it may end, or change a byte. */
struct way {
    struct scene *scene;
    uv_idle_t idle;
    struct listener *listener;
    struct stream *to[2]; /* to the server, to the client */
    struct buf waits[2];
    size_t sent[2], most, change_at;
    unsigned still; /* steps since something came */
    bool is_over;
};

static void way_close(struct way *y)
{
    if (y->is_over)
        return;
    y->is_over = true;
    stream_close(y->to[0], STREAM_FIN);
    stream_close(y->to[1], STREAM_FIN);
    listener_close(y->listener);
    uv_close((uv_handle_t *)&y->idle, NULL);
}

static void way_data(void *context, struct stream *s, struct slice bytes)
{
    struct way *y = context;
    struct buf *b = &y->waits[s == y->to[0]];
    y->still = 0;
    buf_add(b, bytes.p, bytes.n);
    if (y->change_at > 0 && s == y->to[1] && b->n > y->change_at) {
        b->p[y->change_at] ^= 0x55;
        y->change_at = 0;
    }
}

static void way_closed(void *context, struct stream *s, enum stream_end how, const char *why)
{
    (void)s;
    (void)how;
    (void)why;
    struct way *y = context;
    y->most = 0; /* all that waits goes on, then it ends */
    bool is_empty = y->sent[0] == y->waits[0].n && y->sent[1] == y->waits[1].n;
    if (is_empty)
        way_close(y);
    y->change_at = 0;
    y->most = is_empty ? 0 : y->waits[0].n + y->waits[1].n;
}

static void way_step(uv_idle_t *idle)
{
    struct way *y = idle->data;
    struct err e = ERR_INIT;
    for (int i = 0; i < 2 && !y->is_over; i++) {
        if (y->sent[i] == y->waits[i].n || y->to[i] == NULL || !stream_is_open(y->to[i]))
            continue;
        stream_write(y->to[i], (struct slice){y->waits[i].p + y->sent[i]++, 1}, &e);
    }
    bool is_stuck = y->still++ > 20000; /* both wait: a changed length */
    if (is_stuck || (y->most > 0 && y->sent[0] + y->sent[1] >= y->most))
        way_close(y);
}

static const struct stream_events WAY = {.data = way_data, .closed = way_closed};

static void way_accepted(void *context, struct stream *s)
{
    struct way *y = context;
    struct err e = ERR_INIT;
    y->to[1] = s;
    y->to[0] =
        stream_connect(y->scene->world, listener_endpoint(y->scene->listener), 0, &WAY, y, &e);
    assert_non_null(y->to[0]);
    stream_use(s, &WAY, y);
}

static void run_by_way(struct scene *w, struct way *y, const struct tls_options *client,
                       const struct tls_options *server)
{
    static const struct listener_events LISTENER = {.accepted = way_accepted};
    struct endpoint at = {.interface = "lo"};
    struct err e = ERR_INIT;
    w->client.tls_context = context_of(client);
    w->server.tls_context = context_of(server);
    scene_open(w);
    y->scene = w;
    y->listener = stream_listen(w->world, &at, 0, &LISTENER, y, &e);
    assert_non_null(y->listener);
    uv_idle_init(world_loop(w->world), &y->idle);
    y->idle.data = y;
    uv_idle_start(&y->idle, way_step);
    scene_connect(w, listener_endpoint(y->listener));
    scene_finish(w);
    buf_close(&y->waits[0]);
    buf_close(&y->waits[1]);
}

static void every_byte_comes_alone(void **state)
{
    (void)state;
    for (int is_13 = 0; is_13 < 2; is_13++) {
        struct tls_options c = is_13 ? client_13() : client_12();
        struct tls_options s = is_13 ? server_13() : server_12();
        struct scene w = {.ends_after = 0};
        struct way y = {.most = 0};
        run_by_way(&w, &y, &c, &s);
        assert_string_equal(buf_string(&w.server.heard), "hello");
        assert_string_equal(buf_string(&w.client.heard), "welcome");
        assert_decrypts(&w);
        scene_close(&w);
    }
}

static void the_peer_ends_within_the_handshake(void **state)
{
    static const size_t AFTER[] = {1, 5, 60, 300, 700, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof AFTER / sizeof *AFTER; i++) {
        struct tls_options c = client_13(), s = server_13();
        struct scene w = {.ends_after = 0};
        struct way y = {.most = AFTER[i]};
        run_by_way(&w, &y, &c, &s);
        assert_int_equal(w.server.opened, 0);
        assert_has(w.server.why, "closed by peer, in the TLS handshake after ");
        assert_has(w.client.why, "closed by peer, in the TLS handshake after ");
        scene_close(&w);
    }
}

static void changed_bytes_are_found(void **state)
{
    (void)state;
    for (size_t at = 3; at < 2600; at += 97) {
        bool is_13 = at & 1;
        struct tls_options c = is_13 ? client_13() : client_12();
        struct tls_options s = is_13 ? server_13() : server_12();
        struct scene w = {.ends_after = 0};
        struct way y = {.change_at = at};
        run_by_way(&w, &y, &c, &s);
        bool talked = w.server.heard.n == 5 && memcmp(w.server.heard.p, "hello", 5) == 0;
        assert_true(w.server.heard.n == 0 || talked);
        assert_true(talked || w.server.why[0] != '\0');
        scene_close(&w);
    }
}

static void noise_is_refused(void **state)
{
    uint32_t x = 12345;
    (void)state;
    for (int i = 0; i < 60; i++) {
        char noise[200];
        struct tls_options s = server_13();
        struct scene w = {.ends_after = 0};
        for (size_t k = 0; k < sizeof noise; k++) {
            x = x * 1664525u + 1013904223u;
            noise[k] = (char)(x >> 24 | 1);
        }
        if (i % 2 == 0)
            memcpy(noise, "\x16\x03\x01\x01\x05\x01\x03\x01\x01\x03\x03",
                   11); /* as a ClientHello */
        noise[sizeof noise - 1] = '\0';
        w.server.tls_context = context_of(&s);
        scene_open(&w);
        w.client.says = noise;
        scene_connect(&w, listener_endpoint(w.listener));
        timer_stop(&w.limit);
        for (int k = 0; k < 50 && w.server.closed == 0; k++)
            world_turn(w.world, false);
        if (w.client.stream != NULL)
            end_close(&w.client);
        scene_finish(&w);
        assert_int_equal(w.server.opened, 0);
        assert_int_equal(w.server.closed, 1);
        scene_close(&w);
    }
}

/* ---- key log ---- */

static void the_key_log_file_is_appended_to(void **state)
{
    struct tls_options c = client_12(), s = server_12();
    struct scene w = {.ends_after = 0};
    struct tls_secrets secrets = {0};
    struct err e = ERR_INIT;
    char path[100];
    (void)state;
    snprintf(path, sizeof path, "%s/keys.log", folder);
    FILE *file = fopen(path, "w");
    fputs("# mine\n", file);
    fclose(file);
    setenv("SSLKEYLOGFILE", path, 1);
    run(&w, &c, &s);
    unsetenv("SSLKEYLOGFILE");
    assert_talked(&w);
    assert_int_equal(tls_secrets_read(&secrets, path, &e), 0);
    assert_int_equal(secrets.n, 2); /* both sides are here */
    tls_secrets_close(&secrets);
    scene_close(&w);
}

static void record(struct scene *w, const char *path, const struct tls_options *c,
                   const struct tls_options *s)
{
    struct err e = ERR_INIT;
    struct endpoint client = {.ip = {0xFE, 0x80, [15] = 1}, .port = 50000};
    struct endpoint server = {.ip = {0xFE, 0x80, [15] = 2}, .port = 60000};
    w->record = pcapng_open(path, &e);
    assert_non_null(w->record);
    pcapng_tcp_open(w->record, 1000000, 1, &client, &server);
    run(w, c, s);
    assert_talked(w);
    pcapng_tcp_close(w->record, 1000000, 1, true, false);
    assert_int_equal(pcapng_close(w->record, &e), 0);
}

static bool command_has(const char *command, const char *text)
{
    char line[4096];
    bool found = false;
    FILE *out = popen(command, "r");
    while (out != NULL && fgets(line, sizeof line, out) != NULL)
        found |= strstr(line, text) != NULL;
    if (out != NULL)
        pclose(out);
    return found;
}

static void tshark_decrypts_the_record(void **state)
{
    char path[100], command[300];
    (void)state;
    bool has_tshark = system("command -v tshark >/dev/null 2>&1") == 0;
    for (int is_13 = 0; is_13 < 2; is_13++) {
        struct tls_options c = is_13 ? client_13() : client_12();
        struct tls_options s = is_13 ? server_13() : server_12();
        struct scene w = {.ends_after = 0};
        struct tls_secrets secrets = {0};
        snprintf(path, sizeof path, "%s/%d.pcapng", folder, is_13);
        record(&w, path, &c, &s);
        assert_true(secrets_of_capture(&secrets, path) >= (is_13 ? 4 : 1));
        tls_secrets_close(&secrets);
        scene_close(&w);
        snprintf(command, sizeof command,
                 "tshark -r %s -T fields -e data.data -e tls.segment.data 2>/dev/null", path);
        if (has_tshark)
            assert_true(command_has(command, "77656c636f6d65")); /* "welcome" */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_12_as_iso_15118_2_wants_it),
        cmocka_unit_test(tls_13_as_iso_15118_20_wants_it),
        cmocka_unit_test(ed448_x448_and_chacha),
        cmocka_unit_test(every_suite_is_spoken_and_decrypted),
        cmocka_unit_test(a_station_offers_both_versions),
        cmocka_unit_test(plain_and_tls_side_by_side),
        cmocka_unit_test(resumption_is_on_or_off),
        cmocka_unit_test(a_chain_is_sent_as_it_is),
        cmocka_unit_test(trusted_ca_keys_choose_the_chain),
        cmocka_unit_test(certificate_authorities_are_sent),
        cmocka_unit_test(a_stapled_response_is_checked),
        cmocka_unit_test(a_response_of_tls_13_is_checked),
        cmocka_unit_test(status_request_v2_is_sent),
        cmocka_unit_test(wrong_versions_are_refused),
        cmocka_unit_test(wrong_suites_are_refused),
        cmocka_unit_test(bad_chains_are_refused_with_the_right_alert),
        cmocka_unit_test(a_vehicle_without_check_goes_on),
        cmocka_unit_test(a_vehicle_needs_a_certificate_with_tls_13),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(one_side_is_plain),
        cmocka_unit_test(every_byte_comes_alone),
        cmocka_unit_test(the_peer_ends_within_the_handshake),
        cmocka_unit_test(changed_bytes_are_found),
        cmocka_unit_test(noise_is_refused),
        cmocka_unit_test(the_key_log_file_is_appended_to),
        cmocka_unit_test(tshark_decrypts_the_record),
    };
    return cmocka_run_group_tests(tests, make_certificates, drop_certificates);
}
