/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a handshake as JSON, for reports: what hellos offer and answer, and alerts. */
#include "tape.h"
#include "tls/tls_told.h"

#include <jansson.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static json_t *told_of(const struct tls_facts *f)
{
    struct tls_told told = {
        .facts = f, .at = -1, .handshake_us = -1, .judge = FROM_NONE, .problem = "", .status = ""};
    struct buf text = {0};
    tls_told_print(&told, &text);
    json_t *all = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    if (all == NULL)
        fail_msg("no JSON: %s", buf_string(&text));
    buf_close(&text);
    return all;
}

static const char *string_at(json_t *all, const char *object, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(all, object), key));
    return text == NULL ? "" : text;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n,
                           const unsigned char *in, unsigned in_n, void *context)
{
    (void)ssl;
    (void)context;
    assert_in_range(in_n, 5, 100);
    *out = in + 1; /* the first one */
    *n = in[0];
    return SSL_TLSEXT_ERR_OK;
}

/* The protocol of the application: told in the clear with TLS 1.2, encrypted with 1.3. */
static void protocols_and_names(void **state)
{
    static const uint8_t PROTOCOLS[] = "\x03"
                                       "v2g"
                                       "\x04"
                                       "http";
    static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    (void)state;
    for (int has_any = 0; has_any < 2; has_any++)
        for (size_t i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
            struct tape_ends ends;
            struct tape t;
            struct heard h;
            tape_ends_open(&ends, &t, VERSIONS[i], "P-256");
            if (has_any) {
                assert_int_equal(SSL_set_alpn_protos(ends.client, PROTOCOLS, sizeof PROTOCOLS - 1),
                                 0);
                SSL_CTX_set_alpn_select_cb(ends.context[1], choose_protocol, NULL);
                assert_int_equal(SSL_set_tlsext_host_name(ends.client, "station"), 1);
                assert_int_equal(SSL_add1_to_CA_list(ends.client, tape_root.x509), 1);
            }
            tape_handshake(&t, &ends);
            tape_say(&t, &ends, true, "first");
            tape_ends_close(&ends);
            heard_open(&h, buf_string(&t.keys));
            heard_feed(&h, &t, 1000);
            heard_all(&h, &t);
            json_t *all = told_of(tls_decrypt_facts(h.d));
            json_t *offer = json_object_get(all, "offer");
            assert_string_equal(string_at(all, "answer", "protocol"), has_any ? "v2g" : "");
            assert_string_equal(string_at(all, "offer", "server_name"), has_any ? "station" : "");
            json_t *protocols = json_object_get(offer, "protocols");
            assert_int_equal(json_array_size(protocols), has_any ? 2 : 0);
            if (has_any)
                assert_string_equal(json_string_value(json_array_get(protocols, 1)), "http");
            json_t *authorities = json_object_get(offer, "certificate_authorities");
            assert_int_equal(json_array_size(authorities),
                             has_any && VERSIONS[i] == TLS1_3_VERSION ? 1 : 0);
            if (json_array_size(authorities) > 0)
                assert_has(json_string_value(json_array_get(authorities, 0)), "CN=Root");
            json_decref(all);
            heard_close(&h);
            tape_free(&t);
        }
}

/* Before anything was said; and alerts of levels that there are, and that there are not. */
static void alerts(void **state)
{
    static const struct {
        uint8_t level, code;
        const char *name, *text;
    } ALERTS[] = {{1, 0, "warning", "close_notify (warning)"},
                  {2, 40, "fatal", "handshake_failure (fatal)"},
                  {9, 40, "", "handshake_failure"},
                  {2, 250, "fatal", "0xFA (fatal)"}};
    struct tls_facts f = {.version = 0};
    (void)state;
    json_t *none = told_of(&f);
    assert_null(json_object_get(none, "offer"));
    assert_null(json_object_get(none, "answer"));
    assert_null(json_object_get(none, "alerts"));
    json_decref(none);
    for (size_t i = 0; i < sizeof ALERTS / sizeof *ALERTS; i++) {
        struct tls_alert alert = {i % 2 == 0, ALERTS[i].level, ALERTS[i].code};
        struct buf line = {0};
        tls_alert_line(&alert, &line);
        const char *text = buf_string(&line);
        size_t n = strlen(text), end = strlen(ALERTS[i].text);
        if (n < end || strcmp(text + n - end, ALERTS[i].text) != 0)
            fail_msg("expected '%s' at the end of '%s'", ALERTS[i].text, text);
        buf_close(&line);
        tls_facts_alert(&f, alert.from_client, alert.level, alert.code);
        json_t *all = told_of(&f), *last = json_object_get(all, "alerts");
        last = json_array_get(last, json_array_size(last) - 1);
        const char *level = json_string_value(json_object_get(last, "level"));
        assert_string_equal(level == NULL ? "" : level, ALERTS[i].name);
        assert_string_equal(json_string_value(json_object_get(last, "from")),
                            alert.from_client ? "EVCC" : "SECC");
        json_decref(all);
    }
    for (unsigned i = 0; i < 100; i++) /* a peer may send any number */
        tls_facts_alert(&f, true, 1, 0);
    json_t *all = told_of(&f);
    assert_int_equal(json_array_size(json_object_get(all, "alerts")), TLS_ALERTS_KEPT);
    json_decref(all);
    tls_facts_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocols_and_names),
        cmocka_unit_test(alerts),
    };
    return cmocka_run_group_tests(tests, tape_open, tape_close);
}
