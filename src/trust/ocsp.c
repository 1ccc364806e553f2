/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/ocsp.h"

#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define CLOCK_SLACK 300 /* seconds that clocks may differ */
#define ASKED_MOST 16   /* certificates in one request */

struct known {
    X509 *x;
    X509_CRL *crl;
    bool is_signer; /* a CA, whose key is read when it has to sign: that of 30 takes its time */
    bool is_revoked;
};

struct ocsp {
    char folder[PKI_PATH_MAX];
    struct known at[2][ROLES];
};

const char *ocsp_state_name(enum ocsp_state state)
{
    static const char *const NAMES[] = {"good", "revoked", "unknown"}; /* ORDER OCSP_STATE */
    return NAMES[state];
}

/* ---- the tree ---- */

static bool file_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

/* A certificate that cannot be parsed is left out: it may be so on purpose. */
static int read_role(struct ocsp *o, const char *folder, unsigned edition, unsigned role,
                     struct err *e)
{
    char path[PKI_PATH_MAX];
    const char *name = PKI_PROFILES[role].name;
    struct known *k = &o->at[edition][role];
    struct pki_chain c = {0};
    pki_tree_path(path, folder, (enum pki_edition)edition, name, ".pem");
    if (!file_exists(path))
        return 0;
    int bad = pki_chain_read(&c, path, e);
    k->x = c.at[0].x;
    c.at[0].x = NULL;
    pki_chain_close(&c);
    if (bad != 0 || !pki_role_is_ca((enum pki_role)role))
        return bad;
    k->is_signer = true;
    pki_tree_path(path, folder, (enum pki_edition)edition, name, ".key");
    if (!file_exists(path))
        return err_set(e, "%s is missing, the key of a CA", path);
    pki_tree_path(path, folder, (enum pki_edition)edition, name, ".crl");
    bad = file_exists(path) ? pki_chain_read(&c, path, e) : 0;
    if (c.crls > 0) {
        k->crl = c.crl[0];
        c.crl[0] = NULL;
    }
    pki_chain_close(&c);
    return bad;
}

static void read_revoked(struct ocsp *o, const char *folder, unsigned edition)
{
    char path[PKI_PATH_MAX], line[80];
    FILE *f = fopen(pki_tree_path(path, folder, (enum pki_edition)edition, "revoked", ""), "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        enum pki_role role = pki_role_find(line);
        if (role != ROLE_UNKNOWN)
            o->at[edition][role].is_revoked = true;
    }
    if (f != NULL)
        fclose(f);
}

struct ocsp *ocsp_open(const char *folder, struct err *e)
{
    unsigned n = 0;
    struct ocsp *o = calloc(1, sizeof *o);
    if (o == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    snprintf(o->folder, sizeof o->folder, "%s", folder);
    for (unsigned edition = 0; edition < 2; edition++) {
        for (unsigned role = 0; role < ROLES; role++) {
            if (read_role(o, folder, edition, role, e) != 0) {
                ocsp_close(o);
                return NULL;
            }
            n += o->at[edition][role].x != NULL;
        }
        read_revoked(o, folder, edition);
    }
    if (n > 0)
        return o;
    err_set(e, "%s has no certificates; make them with `v2glab pki make`", folder);
    ocsp_close(o);
    return NULL;
}

void ocsp_close(struct ocsp *o)
{
    for (unsigned i = 0; o != NULL && i < 2 * ROLES; i++) {
        struct known *k = &o->at[i / ROLES][i % ROLES];
        X509_free(k->x);
        X509_CRL_free(k->crl);
    }
    free(o);
}

/* ---- answers ---- */

/* The CA that an id names as issuer: by hashes of name and key, so each CA is tried. */
static const struct known *find_issuer(const struct ocsp *o, OCSP_CERTID *id)
{
    ASN1_OBJECT *hash;
    if (OCSP_id_get0_info(NULL, &hash, NULL, NULL, id) != 1)
        return NULL;
    const EVP_MD *md = EVP_get_digestbyobj(hash);
    for (unsigned i = 0; md != NULL && i < 2 * ROLES; i++) {
        const struct known *k = &o->at[i / ROLES][i % ROLES];
        if (k->x == NULL || !k->is_signer)
            continue;
        OCSP_CERTID *own =
            OCSP_cert_id_new(md, X509_get_subject_name(k->x), X509_get0_pubkey_bitstr(k->x), NULL);
        bool is_it = own != NULL && OCSP_id_issuer_cmp(own, id) == 0;
        OCSP_CERTID_free(own);
        if (is_it)
            return k;
    }
    return NULL;
}

/* What is known of the certificate with the id's serial number. */
static enum ocsp_state find_state(const struct ocsp *o, OCSP_CERTID *id, const struct known *issuer)
{
    ASN1_INTEGER *serial;
    if (issuer == NULL || OCSP_id_get0_info(NULL, NULL, NULL, &serial, id) != 1)
        return OCSP_UNKNOWN;
    for (unsigned i = 0; i < 2 * ROLES; i++) {
        const struct known *k = &o->at[i / ROLES][i % ROLES];
        if (k->x == NULL || ASN1_INTEGER_cmp(X509_get0_serialNumber(k->x), serial) != 0 ||
            X509_NAME_cmp(X509_get_issuer_name(k->x), X509_get_subject_name(issuer->x)) != 0)
            continue;
        return k->is_revoked ? OCSP_REVOKED : OCSP_GOOD;
    }
    uint64_t number = 0;
    bool is_one_more =
        ASN1_INTEGER_get_uint64(&number, serial) == 1 && number == PKI_REVOKED_SERIAL;
    return is_one_more ? OCSP_REVOKED : OCSP_UNKNOWN;
}

static int put_response(OCSP_RESPONSE *response, struct buf *out)
{
    uint8_t *der = NULL;
    int n = response == NULL ? -1 : i2d_OCSP_RESPONSE(response, &der);
    if (n > 0)
        buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    return n > 0 ? 0 : -1;
}

static void put_failure(int status, struct buf *out)
{
    put_response(OCSP_response_create(status, NULL), out);
    ERR_clear_error();
}

static bool add_state(OCSP_BASICRESP *basic, OCSP_CERTID *id, enum ocsp_state state, int64_t now,
                      int hours)
{
    /* ORDER OCSP_STATE */
    static const int STATUS[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED,
                                 V_OCSP_CERTSTATUS_UNKNOWN};
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(now - 60));
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(now + hours * 3600));
    bool good = from != NULL && until != NULL &&
                OCSP_basic_add1_status(basic, id, STATUS[state], OCSP_REVOKED_STATUS_NOSTATUS,
                                       state == OCSP_REVOKED ? from : NULL, from, until) != NULL;
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return good;
}

static const EVP_MD *hash_for(const EVP_PKEY *key)
{
    char group[32];
    if (!EVP_PKEY_is_a(key, "EC"))
        return NULL;
    bool is_256 = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
                  strcmp(group, "prime256v1") == 0;
    return is_256 ? EVP_sha256() : EVP_sha512();
}

/* Signs and appends; basic is freed. The CA signs itself, which RFC 6960, 4.2.2.2 allows: no
 * delegate is needed, nor its certificate in the response. */
static int finish(const struct ocsp *o, OCSP_BASICRESP *basic, const struct known *by,
                  struct buf *out)
{
    int bad = -1;
    char path[PKI_PATH_MAX];
    struct err ignored = ERR_INIT;
    size_t i = (size_t)(by - o->at[0]);
    pki_tree_path(path, o->folder, (enum pki_edition)(i / ROLES), PKI_PROFILES[i % ROLES].name,
                  ".key");
    EVP_PKEY *key = pki_key_read(path, &ignored);
    if (key != NULL &&
        OCSP_basic_sign(basic, by->x, key, hash_for(key), NULL, OCSP_RESPID_KEY) == 1)
        bad = put_response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic), out);
    EVP_PKEY_free(key);
    OCSP_BASICRESP_free(basic);
    ERR_clear_error();
    return bad;
}

static void answer_request(const struct ocsp *o, OCSP_REQUEST *request, int64_t now,
                           struct buf *out, char *what, int size)
{
    int n = OCSP_request_onereq_count(request), used = 0;
    const struct known *by = NULL;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    bool good = basic != NULL && n > 0 && n <= ASKED_MOST;
    for (int i = 0; i < n && good; i++) {
        OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i));
        const struct known *issuer = find_issuer(o, id);
        enum ocsp_state state = find_state(o, id, issuer);
        by = by == NULL ? issuer : by;
        good = add_state(basic, id, state, now, OCSP_HOURS);
        used += snprintf(what + used, (size_t)(size - used), "%s%s", i > 0 ? ", " : "",
                         ocsp_state_name(state));
        used = used < size ? used : size - 1;
    }
    if (!good || by == NULL) {
        OCSP_BASICRESP_free(basic);
        snprintf(what, (size_t)size, "%s",
                 good ? "refused: of a CA that is not in the tree"
                      : "refused: asks for none, or for too many");
        put_failure(
            good ? OCSP_RESPONSE_STATUS_UNAUTHORIZED : OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, out);
        return;
    }
    OCSP_copy_nonce(basic, request);
    if (finish(o, basic, by, out) != 0)
        put_failure(OCSP_RESPONSE_STATUS_INTERNALERROR, out);
}

void ocsp_answer(const struct ocsp *o, struct slice request, int64_t now, struct buf *out,
                 char *what, int size)
{
    const uint8_t *p = request.p;
    OCSP_REQUEST *asked =
        request.n > OCSP_REQUEST_MOST ? NULL : d2i_OCSP_REQUEST(NULL, &p, (long)request.n);
    what[0] = '\0';
    if (asked == NULL) {
        snprintf(what, (size_t)size, "refused: %zu octets that are no OCSP request", request.n);
        put_failure(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, out);
        return;
    }
    answer_request(o, asked, now, out, what, size);
    OCSP_REQUEST_free(asked);
    ERR_clear_error();
}

int ocsp_staple(const struct ocsp *o, const X509 *certificate, bool is_revoked, int64_t now,
                struct buf *out, struct err *e)
{
    const struct known *issuer = NULL;
    for (unsigned i = 0; i < 2 * ROLES && issuer == NULL; i++) {
        const struct known *k = &o->at[i / ROLES][i % ROLES];
        if (k->x == NULL || !k->is_signer ||
            X509_NAME_cmp(X509_get_subject_name(k->x), X509_get_issuer_name(certificate)) != 0)
            continue;
        if (X509_verify((X509 *)(uintptr_t)certificate, X509_get0_pubkey(k->x)) == 1)
            issuer = k;
    }
    ERR_clear_error();
    if (issuer == NULL)
        return err_set(e, "the issuer of the certificate is not in the tree");
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer->x);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    enum ocsp_state state = is_revoked || id == NULL ? OCSP_REVOKED : find_state(o, id, issuer);
    if (state == OCSP_UNKNOWN)
        state = OCSP_GOOD; /* its signature is the CA's */
    bool good = id != NULL && basic != NULL && add_state(basic, id, state, now, OCSP_STAPLE_HOURS);
    OCSP_CERTID_free(id);
    if (good && finish(o, basic, issuer, out) == 0)
        return 0;
    if (!good)
        OCSP_BASICRESP_free(basic);
    return err_set(e, "the OCSP response cannot be made");
}

int ocsp_list(const struct ocsp *o, const char *name, struct buf *out)
{
    char own[96];
    for (unsigned i = 0; i < 2 * ROLES; i++) {
        const struct known *k = &o->at[i / ROLES][i % ROLES];
        snprintf(own, sizeof own, "%s/%s.crl", PKI_TREE_FOLDERS[i / ROLES],
                 PKI_PROFILES[i % ROLES].name);
        if (k->crl == NULL || strcmp(name, own) != 0)
            continue;
        uint8_t *der = NULL;
        int n = i2d_X509_CRL(k->crl, &der);
        if (n > 0)
            buf_add(out, der, (size_t)n);
        OPENSSL_free(der);
        return n > 0 ? 0 : -1;
    }
    return -1;
}

/* ---- checking ---- */

/* now lies between the two times; until may be NULL. */
static bool is_current(const ASN1_TIME *from, const ASN1_TIME *until, int64_t now)
{
    time_t early = (time_t)now + CLOCK_SLACK, late = (time_t)now - CLOCK_SLACK;
    return now == 0 || (from != NULL && X509_cmp_time(from, &early) < 0 &&
                        (until == NULL || X509_cmp_time(until, &late) > 0));
}

/* The issuer is the only anchor: RFC 6960, 4.2.2.2 lets it sign, or one that it delegated to. Its
 * own time is the chain's matter, its delegate's is looked at here. */
static int check_signer(OCSP_BASICRESP *basic, X509 *issuer, int64_t now, struct err *e)
{
    bool is_signed = false, is_early_or_late = false;
    X509 *signer = NULL;
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    if (store != NULL && untrusted != NULL && X509_STORE_add_cert(store, issuer) == 1 &&
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1 &&
        sk_X509_push(untrusted, issuer) > 0)
        is_signed = OCSP_basic_verify(basic, untrusted, store, 0) == 1 &&
                    OCSP_resp_get0_signer(basic, &signer, untrusted) == 1;
    if (is_signed && X509_cmp(signer, issuer) != 0)
        is_early_or_late =
            !is_current(X509_get0_notBefore(signer), X509_get0_notAfter(signer), now);
    sk_X509_free(untrusted);
    X509_STORE_free(store);
    ERR_clear_error();
    if (is_early_or_late)
        return err_set(e, "it is signed by a delegate whose certificate is not of this time");
    return is_signed ? 0 : err_set(e, "it is not signed by the issuer or its delegate");
}

/* The certificate may be named by any hash. */
static bool is_about(const OCSP_CERTID *id, X509 *certificate, X509 *issuer)
{
    ASN1_OBJECT *hash = NULL;
    if (OCSP_id_get0_info(NULL, &hash, NULL, NULL, (OCSP_CERTID *)(uintptr_t)id) != 1)
        return false;
    const EVP_MD *md = EVP_get_digestbyobj(hash);
    OCSP_CERTID *own = md == NULL ? NULL : OCSP_cert_to_id(md, certificate, issuer);
    bool is_it = own != NULL && OCSP_id_cmp(own, id) == 0;
    OCSP_CERTID_free(own);
    return is_it;
}

static int check_basic(OCSP_BASICRESP *basic, X509 *certificate, X509 *issuer, int64_t now,
                       enum ocsp_state *state, struct err *e)
{
    if (check_signer(basic, issuer, now, e) != 0)
        return -1;
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        if (!is_about(OCSP_SINGLERESP_get0_id(single), certificate, issuer))
            continue;
        int status = OCSP_single_get0_status(single, NULL, NULL, &from, &until);
        if (!is_current(from, until, now))
            return err_set(e, "it is not of this time: too old, or from the future");
        *state = status == V_OCSP_CERTSTATUS_GOOD      ? OCSP_GOOD
                 : status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED
                                                       : OCSP_UNKNOWN;
        return 0;
    }
    return err_set(e, "it is about another certificate");
}

int ocsp_check(struct slice response, X509 *certificate, X509 *issuer, int64_t now,
               enum ocsp_state *state, struct err *e)
{
    const uint8_t *p = response.p;
    OCSP_RESPONSE *r =
        response.n > PKI_FILE_MAX ? NULL : d2i_OCSP_RESPONSE(NULL, &p, (long)response.n);
    ERR_clear_error();
    if (r == NULL)
        return err_set(e, "its %zu octets cannot be read", response.n);
    int status = OCSP_response_status(r), bad = -1;
    OCSP_BASICRESP *basic =
        status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? OCSP_response_get1_basic(r) : NULL;
    if (basic == NULL)
        err_set(e, "it says %s", OCSP_response_status_str(status));
    else
        bad = check_basic(basic, certificate, issuer, now, state, e);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
    return bad;
}
