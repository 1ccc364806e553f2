/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_identity.h"

#include "tls/tls_facts.h"
#include "trust/pki.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- certificates that cannot be parsed ---- */

/* Parses DER that ends too early, as if zeros followed. */
static X509 *parse_padded(struct slice der)
{
    if (der.n < 4 || der.p[0] != 0x30 || der.p[1] != 0x82)
        return NULL;
    size_t n = 4 + ((size_t)der.p[2] << 8 | der.p[3]);
    uint8_t *padded = n > der.n ? calloc(1, n) : NULL;
    const unsigned char *p = padded;
    if (padded == NULL)
        return NULL;
    memcpy(padded, der.p, der.n);
    X509 *x = d2i_X509(NULL, &p, (long)n);
    free(padded);
    return x;
}

/* OpenSSL sends what it has parsed only. So that a peer can be shown what cannot be, the parameters
 * of the signature's algorithm claim more octets than there are. */
static bool make_unparseable(X509 *x)
{
    static const uint8_t CUT[] = {0x30, 0x7F};
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *name = NULL;
    ASN1_STRING *raw = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
    X509_get0_signature(NULL, &algorithm, x);
    X509_ALGOR_get0(&name, NULL, NULL, algorithm);
    if (raw == NULL || ASN1_STRING_set(raw, CUT, sizeof CUT) != 1) {
        ASN1_STRING_free(raw);
        return false;
    }
    X509_ALGOR *own = (X509_ALGOR *)(uintptr_t)algorithm;
    return X509_ALGOR_set0(own, OBJ_dup(name), V_ASN1_SEQUENCE, raw) == 1;
}

static X509 *read_broken(struct slice der)
{
    X509 *x = parse_padded(der);
    ERR_clear_error();
    if (x != NULL && make_unparseable(x))
        return x;
    X509_free(x);
    return NULL;
}

/* ---- files ---- */

struct reading {
    STACK_OF(X509) * list;
    bool may_be_broken;
};

static int add_block(void *context, const char *name, struct slice der, struct err *e)
{
    const struct reading *r = context;
    const unsigned char *p = der.p;
    if (strcmp(name, PKI_CERTIFICATE) != 0)
        return 0;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    if (x == NULL && r->may_be_broken)
        x = read_broken(der);
    if (x != NULL && sk_X509_push(r->list, x) > 0)
        return 0;
    X509_free(x);
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    return err_set(e, "certificate %d cannot be read: %s", sk_X509_num(r->list) + 1,
                   why != NULL ? why : "it is no certificate");
}

int tls_certificates_read(const char *path, STACK_OF(X509) * list, bool may_be_broken,
                          struct err *e)
{
    struct reading r = {list, may_be_broken};
    struct buf bytes = {0};
    struct err why = ERR_INIT;
    int before = sk_X509_num(list);
    int bad = pki_file_read(path, &bytes, e);
    if (bad == 0)
        pki_blocks((struct slice){bytes.p, bytes.n}, add_block, &r, &why);
    ERR_clear_error();
    if (bytes.p != NULL)
        OPENSSL_cleanse(bytes.p, bytes.n); /* the key may stand in it too */
    buf_close(&bytes);
    if (bad == 0 && (why.set || sk_X509_num(list) == before))
        bad = err_set(e,
                      "no certificates in %s: %s; expected PEM (\"-----BEGIN CERTIFICATE-----\"), "
                      "or one in DER",
                      pki_file_name(path), why.set ? why.what : "it has other blocks only");
    return bad;
}

static int keep_staple(struct identity *out, struct slice der, struct err *e)
{
    out->staple = malloc(der.n);
    if (out->staple == NULL)
        return err_set(e, "out of memory");
    memcpy(out->staple, der.p, der.n);
    out->staple_size = (int)der.n;
    return 0;
}

static int read_staple(struct identity *out, const char *path, struct err *e)
{
    struct buf bytes = {0};
    int bad = pki_file_read(path, &bytes, e);
    if (bad == 0 && bytes.n == 0)
        bad = err_set(e, "%s is empty; expected an OCSP response in DER", path);
    if (bad == 0)
        bad = keep_staple(out, (struct slice){bytes.p, bytes.n}, e);
    buf_close(&bytes);
    return bad;
}

/* A certificate that says nothing but its key: a station with a leaf that may not sign would else
 * not get as far as showing it. */
static X509 *make_stand_in(EVP_PKEY *key)
{
    X509 *x = X509_new();
    bool is_edwards = EVP_PKEY_is_a(key, "ED448") || EVP_PKEY_is_a(key, "ED25519");
    if (x == NULL)
        return NULL;
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    if (X509_set_pubkey(x, key) == 1 && X509_sign(x, key, is_edwards ? NULL : EVP_sha256()) > 0)
        return x;
    X509_free(x);
    return NULL;
}

/* The one of the file that has issued the last certificate of the chain. */
static int read_root(struct identity *out, const char *path, struct err *e)
{
    X509 *last = sk_X509_value(out->chain, sk_X509_num(out->chain) - 1);
    STACK_OF(X509) *list = sk_X509_new_null();
    int bad =
        list == NULL ? err_set(e, "out of memory") : tls_certificates_read(path, list, false, e);
    for (int i = 0; bad == 0 && out->root == NULL && i < sk_X509_num(list); i++) {
        X509 *root = sk_X509_value(list, i);
        if (X509_check_issued(root, last) == X509_V_OK) {
            X509_up_ref(root);
            out->root = root;
        }
    }
    sk_X509_pop_free(list, X509_free);
    ERR_clear_error();
    return bad;
}

int tls_identity_read(struct identity *out, const struct tls_identity *in, struct err *e)
{
    if (in->chain == NULL)
        return err_set(e, "a TLS key without a certificate chain; expected both");
    out->chain = sk_X509_new_null();
    if (out->chain == NULL)
        return err_set(e, "out of memory");
    if (tls_certificates_read(in->chain, out->chain, true, e) != 0)
        return -1;
    out->key = pki_key_read(in->key != NULL ? in->key : in->chain, e);
    if (out->key == NULL)
        return -1;
    if (X509_check_private_key(sk_X509_value(out->chain, 0), out->key) != 1) {
        ERR_clear_error();
        return err_set(e, "the key %s does not belong to the first certificate in %s",
                       pki_file_name(in->key != NULL ? in->key : in->chain),
                       pki_file_name(in->chain));
    }
    if ((X509_get_key_usage(sk_X509_value(out->chain, 0)) & KU_DIGITAL_SIGNATURE) == 0)
        out->stand_in = make_stand_in(out->key);
    out->version = in->version;
    if (in->root != NULL && read_root(out, in->root, e) != 0)
        return -1;
    if (in->staple != NULL)
        return read_staple(out, in->staple, e);
    return in->ocsp.n == 0 ? 0 : keep_staple(out, in->ocsp, e);
}

bool tls_digest(X509 *root, unsigned kind, uint8_t out[EVP_MAX_MD_SIZE])
{
    unsigned n = 0;
    return kind == 1 ? X509_pubkey_digest(root, EVP_sha1(), out, &n) == 1
                     : X509_digest(root, EVP_sha1(), out, &n) == 1;
}

/* ---- choosing a certificate ---- */

/* What a key can sign with in both versions: in TLS 1.3 the scheme names the curve (RFC 8446,
 * 4.2.3), and ISO 15118 has one hash for each curve. */
uint16_t tls_identity_scheme(const struct identity *d)
{
    char group[32] = "";
    const EVP_PKEY *key = d == NULL ? NULL : d->key;
    switch (key == NULL ? 0 : EVP_PKEY_get_base_id(key)) {
    case 0:
        return 0;
    case EVP_PKEY_ED25519:
        return 0x0807;
    case EVP_PKEY_ED448:
        return 0x0808;
    case EVP_PKEY_RSA:
        return 0x0804;
    default: /* numbers, not an enumeration */
        break;
    }
    EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
    return strcmp(group, "prime256v1") == 0  ? 0x0403
           : strcmp(group, "secp384r1") == 0 ? 0x0503
           : strcmp(group, "secp521r1") == 0 ? 0x0603
                                             : 0;
}

static bool has_digest(X509 *x, enum tls_key_kind kind, struct slice id)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    return x != NULL && id.n == 20 && tls_digest(x, kind, digest) && memcmp(digest, id.p, 20) == 0;
}

/* One entry of trusted_ca_keys names the root, a certificate in the chain, or the issuer of one.
 * Where the root is not known, the SHA-1 of its key is mostly what certificates below it have as
 * their authority's key identifier (RFC 5280, 4.2.1.2, method 1). */
static bool key_names(const struct identity *d, enum tls_key_kind kind, struct slice id)
{
    if (has_digest(d->root, kind, id))
        return true;
    for (int i = 0; i < sk_X509_num(d->chain); i++) {
        X509 *x = sk_X509_value(d->chain, i);
        const ASN1_OCTET_STRING *issuer_key = X509_get0_authority_key_id(x);
        if (kind == TLS_KEY_SHA1 && issuer_key != NULL &&
            (size_t)ASN1_STRING_length(issuer_key) == id.n &&
            memcmp(ASN1_STRING_get0_data(issuer_key), id.p, id.n) == 0)
            return true;
        if (has_digest(x, kind, id))
            return true;
    }
    return false;
}

static bool name_fits(const struct identity *d, struct slice der)
{
    const unsigned char *p = der.p;
    X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.n);
    bool found = false;
    for (int i = 0; name != NULL && i < sk_X509_num(d->chain); i++)
        found |= X509_NAME_cmp(X509_get_issuer_name(sk_X509_value(d->chain, i)), name) == 0;
    X509_NAME_free(name);
    return found;
}

/* One of certificate_authorities, or of a CertificateRequest, fits. */
static bool authority_fits(const struct identity *d, struct slice names)
{
    struct slice der;
    while (tls_next_vector(&names, 2, &der))
        if (name_fits(d, der))
            return true;
    return false;
}

static bool trusted_key_fits(const struct identity *d, struct slice list)
{
    enum tls_key_kind kind;
    struct slice id;
    while (tls_next_trusted_key(&list, &kind, &id))
        if (kind == TLS_KEY_NAME ? name_fits(d, id) : key_names(d, kind, id))
            return true;
    return false;
}

/* How well the identity suits what the vehicle said in its hello: what can be used at all comes
 * before what leads to a root that was named [V2G2-871], [V2G20-1007], and that before the edition
 * that the version of TLS is of. */
static int score_for_client(const struct identity *d, const struct tls_hello *h, bool is_13)
{
    int score = 0;
    uint16_t scheme = tls_identity_scheme(d);
    if (tls_has_16(tls_hello_list(h, TLS_SIGNATURE_ALGORITHMS), scheme))
        score += 8;
    uint16_t group = scheme == 0x0403 ? 23 : scheme == 0x0503 ? 24 : scheme == 0x0603 ? 25 : 0;
    struct slice groups = tls_hello_list(h, TLS_SUPPORTED_GROUPS);
    if (!is_13 && group != 0 && groups.n > 0 && !tls_has_16(groups, group))
        score -= 8; /* up to TLS 1.2 the groups bind the certificate, too (RFC 8422, 5.1) */
    if (trusted_key_fits(d, tls_hello_list(h, TLS_TRUSTED_CA_KEYS)) ||
        authority_fits(d, tls_hello_list(h, TLS_CERTIFICATE_AUTHORITIES)))
        score += 2;
    return score + (d->version == (is_13 ? 0x0304 : 0x0303));
}

/* Where nothing fits it is the first nevertheless [V2G2-923]: the vehicle has the last word. */
const struct identity *tls_identity_choose(const struct identity *all, unsigned n,
                                           const struct tls_facts *f, bool is_server, bool is_13)
{
    const struct identity *best = NULL;
    int most = 0;
    struct tls_hello h;
    struct slice hello = {f->client_hello.p, f->client_hello.n};
    bool has_hello = tls_hello_read(hello, true, &h) == 0;
    for (unsigned i = 0; i < n; i++) {
        const struct identity *d = &all[i];
        struct slice names = {f->authorities.p, f->authorities.n};
        int score = !is_server  ? authority_fits(d, names)
                    : has_hello ? score_for_client(d, &h, is_13)
                                : 0;
        if (best == NULL || score > most) {
            best = d;
            most = score;
        }
    }
    return best;
}

int tls_identity_use(SSL *ssl, const struct identity *d)
{
    bool stands_in = d->stand_in != NULL && SSL_is_server(ssl) == 1;
    X509 *leaf = stands_in ? d->stand_in : sk_X509_value(d->chain, 0);
    SSL_certs_clear(ssl);
    if (SSL_use_certificate(ssl, leaf) != 1 || SSL_use_PrivateKey(ssl, d->key) != 1)
        return 0;
    for (int i = 1; i < sk_X509_num(d->chain); i++)
        if (SSL_add1_chain_cert(ssl, sk_X509_value(d->chain, i)) != 1)
            return 0;
    return 1;
}

int tls_identity_show(SSL *ssl, const struct identity *d)
{
    bool stands_in = d != NULL && d->stand_in != NULL;
    return stands_in ? SSL_use_certificate(ssl, sk_X509_value(d->chain, 0)) : 1;
}

void tls_identity_close(struct identity *d)
{
    X509_free(d->stand_in);
    X509_free(d->root);
    sk_X509_pop_free(d->chain, X509_free);
    EVP_PKEY_free(d->key);
    free(d->staple);
}
