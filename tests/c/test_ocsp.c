/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP responses that other responders make: who signed them, what they are about, of which time;
 * what is taken, and what is told of them and of certificates in reports.
 */
#include "base/buf.h"
#include "certs.h"
#include "trust/describe.h"
#include "trust/ocsp.h"
#include "trust/pki.h"

#include <jansson.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))
#define HOUR 3600

enum who { CA, DELEGATE, OLD_DELEGATE, NO_DELEGATE, NOBODY, SIGNERS };

static struct cert ca, leaf, other, signer[SIGNERS];

static void may_answer(struct cert *c)
{
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "OCSPSigning");
    assert_int_equal(X509_add_ext(c->x509, made, -1), 1);
    X509_EXTENSION_free(made);
    assert_true(X509_sign(c->x509, ca.key, EVP_sha256()) > 0);
}

static int make_certificates(void **state)
{
    const char *p = "P-256";
    (void)state;
    cert_make(&ca, &(struct cert_order){"Sub CA", "V2G", p, .is_ca = true});
    cert_make(&leaf, &(struct cert_order){"SECC", "CPO", p, &ca, .is_ca = false});
    cert_make(&other, &(struct cert_order){"Other", "CPO", p, &ca, .is_ca = false});
    cert_make(&signer[DELEGATE], &(struct cert_order){"Responder", "CPO", p, &ca, .is_ca = false});
    cert_make(&signer[OLD_DELEGATE],
              &(struct cert_order){"Old", "CPO", p, &ca, .from = -9999, .to = -999});
    cert_make(&signer[NO_DELEGATE], &(struct cert_order){"None", "CPO", p, &ca, .is_ca = false});
    cert_make(&signer[NOBODY], &(struct cert_order){"Nobody", "CPO", p, .is_ca = true});
    may_answer(&signer[DELEGATE]);
    may_answer(&signer[OLD_DELEGATE]);
    return 0;
}

static int drop_certificates(void **state)
{
    (void)state;
    cert_free(&ca);
    cert_free(&leaf);
    cert_free(&other);
    for (unsigned i = DELEGATE; i < SIGNERS; i++)
        cert_free(&signer[i]);
    return 0;
}

static const struct row {
    enum who who;
    int status;       /* V_OCSP_CERTSTATUS_… */
    long from, until; /* in seconds from now; until 0: it does not say */
    unsigned others;  /* certificates that it is about before ours */
    bool is_about_us, by_sha256, by_name;
    const char *text; /* why it is not taken; NULL: it is */
    enum ocsp_state state;
    const char *told; /* of the first certificate, in reports */
} ROWS[] = {
    {CA, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 0, true, false, false, NULL, OCSP_GOOD, "good"},
    {CA, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 0, true, true, true, NULL, OCSP_GOOD, "good"},
    {CA, V_OCSP_CERTSTATUS_GOOD, -60, 0, 0, true, false, false, NULL, OCSP_GOOD, "good"},
    {CA, V_OCSP_CERTSTATUS_REVOKED, -60, HOUR, 0, true, false, false, NULL, OCSP_REVOKED,
     "revoked"},
    {CA, V_OCSP_CERTSTATUS_UNKNOWN, -60, HOUR, 0, true, false, false, NULL, OCSP_UNKNOWN,
     "unknown"},
    {CA, V_OCSP_CERTSTATUS_REVOKED, -60, HOUR, 3, true, false, false, NULL, OCSP_REVOKED, "good"},
    {DELEGATE, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 0, true, false, true, NULL, OCSP_GOOD, "good"},
    {OLD_DELEGATE, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 0, true, false, false,
     "it is signed by a delegate whose certificate is not of this time", OCSP_GOOD, "good"},
    {NO_DELEGATE, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 0, true, false, false,
     "it is not signed by the issuer or its delegate", OCSP_GOOD, "good"},
    {NOBODY, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 0, true, false, false,
     "it is not signed by the issuer or its delegate", OCSP_GOOD, "good"},
    {CA, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 1, false, false, false,
     "it is about another certificate", OCSP_GOOD, "good"},
    {CA, V_OCSP_CERTSTATUS_GOOD, -60, HOUR, 0, false, false, false,
     "it is not signed by the issuer or its delegate", OCSP_GOOD, NULL},
    {CA, V_OCSP_CERTSTATUS_GOOD, HOUR, 2 * HOUR, 0, true, false, false,
     "it is not of this time: too old, or from the future", OCSP_GOOD, "good"},
    {CA, V_OCSP_CERTSTATUS_GOOD, -2 * HOUR, -HOUR, 0, true, false, false,
     "it is not of this time: too old, or from the future", OCSP_GOOD, "good"},
};

static void add_single(OCSP_BASICRESP *basic, const struct row *r, X509 *about, int status)
{
    time_t now = time(NULL);
    ASN1_TIME *from = ASN1_TIME_set(NULL, now + r->from);
    ASN1_TIME *until = r->until == 0 ? NULL : ASN1_TIME_set(NULL, now + r->until);
    OCSP_CERTID *id = OCSP_cert_to_id(r->by_sha256 ? EVP_sha256() : EVP_sha1(), about, ca.x509);
    assert_non_null(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_NOSTATUS,
                                           status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL, from,
                                           until));
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
}

static void make_response(const struct row *r, struct buf *out)
{
    const struct cert *by = r->who == CA ? &ca : &signer[r->who];
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    for (unsigned i = 0; i < r->others; i++)
        add_single(basic, r, other.x509, V_OCSP_CERTSTATUS_GOOD);
    if (r->is_about_us)
        add_single(basic, r, leaf.x509, r->status);
    assert_int_equal(OCSP_basic_sign(basic, by->x509, by->key, EVP_sha256(), NULL,
                                     r->by_name ? 0 : OCSP_RESPID_KEY),
                     1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    uint8_t *der = NULL;
    int n = i2d_OCSP_RESPONSE(response, &der);
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
}

static json_t *parsed(struct buf *text)
{
    json_t *all = json_loadb((const char *)text->p, text->n, JSON_REJECT_DUPLICATES, NULL);
    if (all == NULL)
        fail_msg("no JSON: %s", buf_string(text));
    return all;
}

static const char *text_at(const json_t *all, const char *key)
{
    const char *text = json_string_value(json_object_get(all, key));
    return text == NULL ? "" : text;
}

static void responses_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *r = &ROWS[i];
        struct buf der = {0}, told = {0};
        struct err e = ERR_INIT;
        enum ocsp_state found = OCSP_UNKNOWN;
        make_response(r, &der);
        struct slice response = {der.p, der.n};
        int bad = ocsp_check(response, leaf.x509, ca.x509, (int64_t)time(NULL), &found, &e);
        if (bad != (r->text == NULL ? 0 : -1))
            fail_msg("%zu: %s", i, e.what);
        if (bad != 0)
            assert_string_equal(e.what, r->text);
        else
            assert_int_equal(found, r->state);
        describe_ocsp(response, &told);
        json_t *all = parsed(&told);
        assert_string_equal(text_at(all, "status"), r->told == NULL ? "" : r->told);
        assert_string_equal(text_at(all, "problem"),
                            r->told == NULL ? "it names no certificate" : "");
        assert_int_equal(text_at(all, "responder")[0] != '\0', r->by_name);
        assert_int_equal(json_object_get(all, "next_update") != NULL,
                         r->told != NULL && r->until != 0);
        assert_int_equal(json_object_get(all, "revoked") != NULL,
                         r->told != NULL && strcmp(r->told, "revoked") == 0);
        json_decref(all);
        buf_close(&told);
        buf_close(&der);
    }
}

static void responses_that_are_none(void **state)
{
    static const struct {
        int status; /* -1: octets that are no response */
        const char *text, *told;
    } NONE[] = {
        {-1, "its 3 octets cannot be read", "it cannot be read"},
        {OCSP_RESPONSE_STATUS_TRYLATER, "it says trylater", "trylater"},
        {OCSP_RESPONSE_STATUS_UNAUTHORIZED, "it says unauthorized", "unauthorized"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(NONE); i++) {
        struct buf der = {0}, told = {0};
        struct err e = ERR_INIT;
        enum ocsp_state found;
        OCSP_RESPONSE *r = NONE[i].status < 0 ? NULL : OCSP_response_create(NONE[i].status, NULL);
        uint8_t *p = NULL;
        int n = r == NULL ? 0 : i2d_OCSP_RESPONSE(r, &p);
        buf_add(&der, r == NULL ? (const uint8_t *)"abc" : p, r == NULL ? 3 : (size_t)n);
        struct slice response = {der.p, der.n};
        assert_int_equal(ocsp_check(response, leaf.x509, ca.x509, 0, &found, &e), -1);
        assert_string_equal(e.what, NONE[i].text);
        describe_ocsp(response, &told);
        json_t *all = parsed(&told);
        assert_string_equal(text_at(all, "problem"), NONE[i].told);
        json_decref(all);
        OPENSSL_free(p);
        OCSP_RESPONSE_free(r);
        buf_close(&told);
        buf_close(&der);
    }
    /* one that is too long is not read */
    struct err e = ERR_INIT;
    enum ocsp_state found;
    uint8_t *long_one = calloc(1, PKI_FILE_MAX + 1);
    assert_int_equal(
        ocsp_check((struct slice){long_one, PKI_FILE_MAX + 1}, leaf.x509, ca.x509, 0, &found, &e),
        -1);
    assert_non_null(strstr(e.what, "octets cannot be read"));
    free(long_one);
}

/* ---- what is told of certificates ---- */

static void add_octets(X509 *x, const char *oid, const void *p, int n)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, p, n);
    X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    assert_int_equal(X509_add_ext(x, made, -1), 1);
    X509_EXTENSION_free(made);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

/* The last extension of a certificate, as it is told: its name, and its text. */
static void certificates_in_reports(void **state)
{
    static char spaces[6000]; /* a text with gaps, and more than is shown */
    struct cert c = {0};
    (void)state;
    memset(spaces, ' ', sizeof spaces);
    memcpy(spaces, "\x16\x82\x17\x6C  a \n b", 11); /* IA5String of 5996 octets */
    for (size_t i = 20; i + 1 < sizeof spaces; i += 2)
        spaces[i] = 'x';
    const struct {
        const char *oid;
        const void *octets;
        int n;
        const char *name, *text; /* the beginning of it */
    } EXTENSIONS[] = {
        {"1.2.3.4.5", "\x0C\x05hello", 7, "1.2.3.4.5", ""},
        {"2.16.840.1.113730.1.13", spaces, sizeof spaces, "nsComment", "a b x x x"},
        {"2.5.29.15", "\x05", 1, "keyUsage", ""}, /* of no form */
    };
    for (size_t i = 0; i < COUNT(EXTENSIONS); i++) {
        struct buf told = {0};
        uint8_t *der = NULL;
        cert_make(&c, &(struct cert_order){"Root", "V2G", "P-256", .is_ca = true});
        add_octets(c.x509, EXTENSIONS[i].oid, EXTENSIONS[i].octets, EXTENSIONS[i].n);
        assert_true(X509_sign(c.x509, c.key, EVP_sha256()) > 0);
        int n = i2d_X509(c.x509, &der);
        describe_certificate((struct slice){der, (size_t)n}, &told);
        json_t *all = parsed(&told), *list = json_object_get(all, "extensions");
        json_t *last = json_array_get(list, json_array_size(list) - 1);
        assert_true(json_is_true(json_object_get(all, "self_issued")));
        assert_string_equal(json_string_value(json_array_get(last, 0)), EXTENSIONS[i].name);
        const char *text = json_string_value(json_array_get(last, 2));
        assert_non_null(text);
        if (strncmp(text, EXTENSIONS[i].text, strlen(EXTENSIONS[i].text)) != 0)
            fail_msg("%zu: '%.60s'", i, text);
        assert_in_range(strlen(text), 0, 4000); /* so much is shown */
        json_decref(all);
        OPENSSL_free(der);
        buf_close(&told);
        cert_free(&c);
    }
    struct buf told = {0};
    describe_certificate((struct slice){(const uint8_t *)"abc", 3}, &told);
    json_t *all = parsed(&told);
    assert_non_null(strstr(text_at(all, "problem"), "3 octets are no X.509 certificate"));
    assert_string_equal(text_at(all, "der"), "YWJj");
    json_decref(all);
    buf_close(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_of_others),
        cmocka_unit_test(responses_that_are_none),
        cmocka_unit_test(certificates_in_reports),
    };
    return cmocka_run_group_tests(tests, make_certificates, drop_certificates);
}
