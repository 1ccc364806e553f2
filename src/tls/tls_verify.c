/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_session.h"
#include "tls/tls_told.h"
#include "trust/ocsp.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void set_problem(struct tls_session *t, const char *text)
{
    if (t->problem[0] == '\0')
        snprintf(t->problem, sizeof t->problem, "%s", text);
}

/* ---- chains ---- */

static void add_subject(struct buf *out, X509 *certificate)
{
    unsigned char *der = NULL;
    int n = i2d_X509(certificate, &der);
    if (n > 0)
        tls_subject((struct slice){der, (size_t)n}, out);
    OPENSSL_free(der);
}

static void add_when(struct buf *out, const char *what, const ASN1_TIME *time)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) == 1)
        buf_printf(out, " (%s %04d-%02d-%02d %02d:%02d UTC)", what, tm.tm_year + 1900,
                   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min);
}

static void describe(struct tls_session *t, X509_STORE_CTX *store, const char *problem)
{
    struct buf text = {0};
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    int depth = X509_STORE_CTX_get_error_depth(store);
    int error = X509_STORE_CTX_get_error(store);
    bool is_server = t->options->is_server;
    buf_printf(&text, "the %s's %s", is_server ? "EVCC" : "SECC",
               depth == 0 ? "certificate" : "certificate above its own");
    if (depth > 1)
        buf_printf(&text, " (number %d of the chain)", depth + 1);
    if (certificate != NULL) {
        buf_text(&text, ", ");
        add_subject(&text, certificate);
    }
    buf_printf(&text, ": %s", problem);
    if (certificate != NULL && error == X509_V_ERR_CERT_HAS_EXPIRED)
        add_when(&text, "at", X509_get0_notAfter(certificate));
    if (certificate != NULL && error == X509_V_ERR_CERT_NOT_YET_VALID)
        add_when(&text, "valid from", X509_get0_notBefore(certificate));
    set_problem(t, buf_string(&text));
    buf_close(&text);
}

static bool has_domain(X509 *leaf, const char *domain)
{
    const X509_NAME *name = X509_get_subject_name(leaf);
    int at = -1;
    while ((at = X509_NAME_get_index_by_NID(name, NID_domainComponent, at)) >= 0) {
        const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
        size_t n = (size_t)ASN1_STRING_length(s);
        if (n == strlen(domain) && memcmp(ASN1_STRING_get0_data(s), domain, n) == 0)
            return true;
    }
    return false;
}

int tls_verify_certificate(int is_good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *t = tls_session_of(ssl);
    const struct tls_options *o = t->options;
    char text[96];
    bool is_leaf = X509_STORE_CTX_get_error_depth(store) == 0;
    if (!is_good) {
        int error = X509_STORE_CTX_get_error(store);
        bool no_root = error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                       error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
        describe(t, store,
                 no_root ? "its issuer is neither in the chain nor a trusted root"
                         : X509_verify_cert_error_string(error));
    } else if (is_leaf && o->domain != NULL &&
               !has_domain(X509_STORE_CTX_get_current_cert(store), o->domain)) {
        snprintf(text, sizeof text, "it has no domain component %.32s", o->domain);
        describe(t, store, text);
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        is_good = 0;
    }
    return o->check == TLS_CHECK_ANY ? 1 : is_good;
}

/* ---- the profile ---- */

/* What a fault of the profile is to TLS: the error makes OpenSSL send the alert, by the words of
 * RFC 5246, 7.2.2, and RFC 8446, 6.2. ORDER PKI_FAULT */
static const struct {
    int error;     /* alert: */
    bool is_usual; /* it is refused also where not every rule counts */
} FAULTS[PKI_FAULTS] = {
    {X509_V_ERR_CERT_REJECTED, true},                     /* bad_certificate */
    {X509_V_ERR_CERT_HAS_EXPIRED, true},                  /* certificate_expired */
    {X509_V_ERR_CERT_HAS_EXPIRED, true},                  /* "expired or not currently valid" */
    {X509_V_ERR_CERT_REVOKED, true},                      /* certificate_revoked */
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, true}, /* unknown_ca */
    {X509_V_ERR_CERT_REJECTED, true},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, true}, /* unknown_ca */
    {X509_V_ERR_CERT_REJECTED, true},               /* "signatures that did not verify" */
    {X509_V_ERR_CERT_REJECTED, true},
    {X509_V_ERR_CERT_REJECTED, true},
    {X509_V_ERR_INVALID_PURPOSE, true}, /* unsupported_certificate */
    {X509_V_ERR_INVALID_PURPOSE, true},
    {X509_V_ERR_INVALID_PURPOSE, false},
    {X509_V_ERR_CERT_REJECTED, true},
    {X509_V_ERR_CERT_REJECTED, false},
    {X509_V_ERR_CERT_REJECTED, false},
    {X509_V_ERR_CERT_REJECTED, false},
    {X509_V_ERR_CERT_REJECTED, false},
};

struct judgement {
    const struct tls_options *options;
    struct buf *findings; /* all of them, as JSON */
    bool is_refused;
    enum pki_fault fault; /* of the first one that counts, else of the first one */
    struct buf text;
};

static void judge(void *context, const struct pki_finding *f)
{
    struct judgement *j = context;
    char place[256];
    tls_told_finding(f, j->findings);
    bool counts = FAULTS[f->fault].is_usual || j->options->profile == TLS_PROFILE_ALL;
    /* what has no place in the chain has none for a reason, which is said next */
    bool is_first = !j->is_refused || (j->fault == PKI_ORDER && f->fault != PKI_ORDER);
    if (!f->is_error || !is_first || (j->text.n > 0 && !counts))
        return;
    j->is_refused = counts;
    j->fault = f->fault;
    buf_clear(&j->text);
    buf_printf(&j->text, "%s%s (%s)", pki_finding_place(f, place, sizeof place), f->text,
               f->clause);
}

/* A vehicle's certificate may have any domain component, or none, but those of the others: TLS is
 * opened with it, not with the contract or provisioning certificate [V2G20-2339]. */
static void look_at_role(X509 *leaf, struct judgement *j)
{
    enum pki_role role = pki_role_guess(leaf);
    if (role == ROLE_VEHICLE_LEAF || role == ROLE_UNKNOWN)
        return;
    struct pki_finding f = {
        .fault = PKI_DOMAIN,
        .is_error = true,
        .role = PKI_PROFILES[role].name,
        .clause = PKI_PROFILES[ROLE_VEHICLE_LEAF].clause[EDITION_20],
        .text = "its domain component is that of another role; expected a vehicle-leaf",
    };
    judge(j, &f);
}

int64_t tls_judged_at(const struct tls_options *o)
{
    return o->at != 0 ? o->at : (int64_t)time(NULL);
}

/* The chain as it came, held against the profile. */
static void look_at_chain(struct tls_session *t, struct judgement *j)
{
    const struct tls_options *o = j->options;
    struct pki_chain chain = {0};
    struct pki_options how = {
        .role = o->is_server ? ROLE_VEHICLE_LEAF : ROLE_SECC_LEAF,
        .edition = -1,
        .anchors = t->anchors,
        .now = tls_judged_at(o),
    };
    struct err ignored = ERR_INIT;
    struct slice sent =
        tls_facts_chain(&t->facts, o->is_server ? TLS_FROM_CLIENT : TLS_FROM_SERVER);
    struct slice der;
    while (tls_next_vector(&sent, 3, &der) && pki_chain_add(&chain, der, &ignored) == 0)
        continue;
    pki_chain_check(&chain, &how, judge, j, NULL);
    if (o->is_server && chain.n > 0 && chain.at[0].x != NULL)
        look_at_role(chain.at[0].x, j);
    pki_chain_close(&chain);
}

/* What the profile finds says more than OpenSSL does, so it has the first word. */
int tls_verify_chain(X509_STORE_CTX *store, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *t = tls_session_of(ssl);
    struct judgement j = {.options = t->options, .findings = &t->findings};
    (void)unused;
    buf_clear(&t->findings);
    look_at_chain(t, &j);
    if (j.text.n > 0)
        snprintf(t->problem, sizeof t->problem, "the %s's chain: %s",
                 j.options->is_server ? "EVCC" : "SECC", buf_string(&j.text));
    buf_close(&j.text);
    int is_good = X509_verify_cert(store) == 1;
    if (j.is_refused && j.options->check != TLS_CHECK_ANY) {
        X509_STORE_CTX_set_error(store, FAULTS[j.fault].error);
        is_good = 0;
    }
    return is_good;
}

/* ---- stapled OCSP responses ---- */

/* Looked at as of now, unless a time was chosen for the chain: the station staples today's. */
static int check_response(SSL *ssl, struct slice response, enum ocsp_state *state, struct err *e)
{
    const struct tls_options *o = tls_session_of(ssl)->options;
    STACK_OF(X509) *verified = SSL_get0_verified_chain(ssl);
    STACK_OF(X509) *chain = verified != NULL ? verified : SSL_get_peer_cert_chain(ssl);
    if (chain == NULL || sk_X509_num(chain) < 2)
        return err_set(e, "the issuer of the station's certificate is not known");
    return ocsp_check(response, sk_X509_value(chain, 0), sk_X509_value(chain, 1),
                      o->at == 0 ? (int64_t)time(NULL) : 0, state, e);
}

/* Whether a response has to come [V2G2-873]. A resumed session has no certificates, so none. */
static bool needs_response(SSL *ssl, const struct tls_options *o)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    bool is_free = o->check == TLS_CHECK_NONE || o->check == TLS_CHECK_ANY;
    if (SSL_session_reused(ssl) || o->status != TLS_STATUS_USUAL)
        return !SSL_session_reused(ssl) && o->status == TLS_STATUS_REQUIRED;
    return !is_free && chain != NULL &&
           has_domain(sk_X509_value(chain, sk_X509_num(chain) - 1), "V2G");
}

/* 1: go on; 0: refuse with bad_certificate_status_response: a response that fails [V2G20-2409], or
 * none that was required. */
int tls_verify_staple(SSL *ssl, void *unused)
{
    struct tls_session *t = tls_session_of(ssl);
    const struct tls_options *o = t->options;
    const unsigned char *der = NULL;
    /* ORDER OCSP_STATE */
    static const char *const PROBLEMS[] = {NULL, "the station's certificate is revoked",
                                           "it does not know the station's certificate"};
    enum ocsp_state state = OCSP_UNKNOWN;
    struct err e = ERR_INIT;
    char text[sizeof t->problem];
    (void)unused;
    long n = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
    if (der == NULL || n <= 0) {
        if (!needs_response(ssl, o))
            return 1;
        set_problem(t, "the SECC sent no OCSP response with its certificate [V2G2-873], "
                       "[V2G20-1240]; `--tls-set ocsp=true` goes on without one");
        return 0;
    }
    bool is_read = check_response(ssl, (struct slice){der, (size_t)n}, &state, &e) == 0;
    const char *problem = is_read ? PROBLEMS[state] : e.what;
    snprintf(t->status, sizeof t->status, "%s",
             is_read && state != OCSP_UNKNOWN ? ocsp_state_name(state) : problem);
    if (problem == NULL)
        return 1;
    snprintf(text, sizeof text, "the stapled OCSP response: %s", problem);
    set_problem(t, text);
    return o->check == TLS_CHECK_NONE || o->check == TLS_CHECK_ANY ? 1 : 0;
}
