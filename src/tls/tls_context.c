/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_context.h"

#include "tls/tls_identity.h"
#include "tls/tls_names.h"
#include "tls/tls_prefer.h"
#include "tls/tls_session.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TLS_1_2 0x0303
#define TLS_1_3 0x0304
#define WORD_MOST 64
#define DOMAIN_MOST 63       /* RFC 1034, 3.1 */
#define SERVER_NAME_MOST 255 /* what OpenSSL takes */

struct tls_context {
    SSL_CTX *ssl;
    unsigned users; /* the owner, and each SSL */
    struct tls_options options;
    char domain[DOMAIN_MOST + 1],
        server_name[SERVER_NAME_MOST + 1]; /* copies of what the options point to */
    struct identity identity[TLS_IDENTITIES];
    struct pki_chain anchors; /* for the profile */
    struct buf trusted_keys;  /* content of trusted_ca_keys */
    SSL_SESSION *session;     /* vehicle: the newest, to be resumed */
    char skipped[256];
};

const char *tls_context_skipped(const struct tls_context *c)
{
    return c->skipped;
}

/* The reason that OpenSSL gave first. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());
    return text != NULL ? text : "no reason given";
}

/* ---- lists of names ---- */

/* The next word of a list; false at its end. */
static bool next_word(const char **list, char word[WORD_MOST])
{
    const char *p = *list + strspn(*list, ":, \t");
    size_t n = strcspn(p, ":, \t");
    *list = p + n;
    snprintf(word, WORD_MOST, "%.*s", (int)n, p);
    return n > 0;
}

static void add_word(struct buf *out, const char *word)
{
    if (out->n > 0)
        buf_char(out, ':');
    buf_text(out, word);
}

static void skip(struct tls_context *c, const char *word)
{
    size_t n = strlen(c->skipped);
    snprintf(c->skipped + n, sizeof c->skipped - n, "%s%s", n > 0 ? ", " : "", word);
}

/* Those of the suites that are TLS 1.3's, whose numbers are apart (RFC 8446, B.4), or the others;
 * what is unknown is told where it can have been meant. Where there is none: the usual ones. */
static void pick_suites(const struct tls_options *o, bool is_13, const char *usual, struct buf *out)
{
    char word[WORD_MOST];
    for (const char *list = o->suites; list != NULL && next_word(&list, word);) {
        int number = tls_number(TLS_SUITES, word);
        bool is_of_13 = number >= 0 ? number >> 8 == 0x13 : o->min_version >= TLS_1_3;
        if (is_of_13 == is_13)
            add_word(out, word);
    }
    if (out->n == 0)
        buf_text(out, usual);
}

/* By IANA's names, or by OpenSSL's own. The usual one is the one of [V2G2-602] that OpenSSL has. */
static int set_suites_12(struct tls_context *c, struct err *e)
{
    struct buf picked = {0}, names = {0};
    char word[WORD_MOST];
    int bad = 0;
    pick_suites(&c->options, false, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", &picked);
    for (const char *list = buf_string(&picked); next_word(&list, word);) {
        const char *name = strncmp(word, "TLS_", 4) == 0 ? OPENSSL_cipher_name(word) : word;
        if (strcmp(name, "(NONE)") == 0)
            skip(c, word);
        else
            add_word(&names, name);
    }
    if (names.n == 0)
        bad = err_set(e,
                      "none of the TLS 1.2 suites \"%s\" is in %s (static ECDH is gone since "
                      "1.1.0); expected as TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
                      buf_string(&picked), OpenSSL_version(OPENSSL_VERSION));
    else if (SSL_CTX_set_cipher_list(c->ssl, buf_string(&names)) != 1)
        bad = err_set(e, "TLS 1.2 suites \"%s\": %s", buf_string(&picked), reason());
    buf_close(&picked);
    buf_close(&names);
    return bad;
}

/* A list that OpenSSL takes under IANA's names. */
static int set_list(SSL_CTX *ssl, const char *list, int (*set)(SSL_CTX *, const char *),
                    const char *what, const char *example, struct err *e)
{
    struct buf names = {0};
    char word[WORD_MOST];
    const char *all = list;
    while (next_word(&list, word))
        add_word(&names, word);
    int bad = 0;
    if (names.n == 0 || set(ssl, buf_string(&names)) != 1)
        bad = err_set(e, "%s \"%s\": not known in %s, or not allowed; expected as %s", what, all,
                      OpenSSL_version(OPENSSL_VERSION), example);
    buf_close(&names);
    return bad;
}

static int set_groups(SSL_CTX *ssl, const char *list)
{
    return (int)SSL_CTX_set1_groups_list(ssl, list);
}

static int set_schemes(SSL_CTX *ssl, const char *list)
{
    return (int)SSL_CTX_set1_sigalgs_list(ssl, list);
}

/* OpenSSL takes schemes of elliptic curves under other names: "ECDSA+SHA256". */
static void scheme_for_openssl(char word[WORD_MOST])
{
    static const char *const NAMES[][2] = {
        {"ecdsa_sha1", "ECDSA+SHA1"},       {"ecdsa_sha224", "ECDSA+SHA224"},
        {"rsa_pkcs1_sha256", "RSA+SHA256"}, {"rsa_pkcs1_sha384", "RSA+SHA384"},
        {"rsa_pkcs1_sha512", "RSA+SHA512"}, {"rsa_pkcs1_sha1", "RSA+SHA1"},
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcasecmp(word, NAMES[i][0]) == 0)
            snprintf(word, WORD_MOST, "%s", NAMES[i][1]);
}

/* [V2G20-2458], [V2G20-2459]: these two, in this order. */
static int set_suites_13(struct tls_context *c, struct err *e)
{
    struct buf picked = {0};
    pick_suites(&c->options, true, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256", &picked);
    int bad = set_list(c->ssl, buf_string(&picked), SSL_CTX_set_ciphersuites, "TLS 1.3 suites",
                       "TLS_AES_256_GCM_SHA384", e);
    buf_close(&picked);
    return bad;
}

static int choose_schemes(struct tls_context *c, const char *list, struct err *e)
{
    struct buf names = {0};
    char word[WORD_MOST];
    while (next_word(&list, word)) {
        scheme_for_openssl(word);
        add_word(&names, word);
    }
    int bad = set_list(c->ssl, buf_string(&names), set_schemes, "TLS signature schemes",
                       "ecdsa_secp256r1_sha256", e);
    buf_close(&names);
    return bad;
}

static int choose_algorithms(struct tls_context *c, struct err *e)
{
    const struct tls_options *o = &c->options;
    bool has_12 = o->min_version <= TLS_1_2, has_13 = o->max_version >= TLS_1_3;
    const char *groups = o->groups != NULL ? o->groups : tls_usual_groups(has_12, has_13);
    const char *schemes = o->schemes != NULL ? o->schemes : tls_usual_schemes(has_12, has_13);
    if ((has_12 && set_suites_12(c, e) != 0) || (has_13 && set_suites_13(c, e) != 0))
        return -1;
    if (set_list(c->ssl, groups, set_groups, "TLS groups", "secp521r1:x448", e) != 0)
        return -1;
    return choose_schemes(c, schemes, e);
}

/* ---- trusted roots ---- */

/* Whether a vehicle sends trusted_ca_keys, or a station answers it. */
static bool says_ca_keys(const struct tls_options *o)
{
    if (o->trusted_ca_keys == TLS_CA_KEYS_USUAL)
        return !o->is_server && o->roots > 0 && o->min_version <= TLS_1_2;
    return o->trusted_ca_keys != TLS_CA_KEYS_NONE;
}

/* One entry of trusted_ca_keys. */
static void add_trusted_key(struct buf *out, X509 *root, unsigned kind)
{
    uint8_t digest[EVP_MAX_MD_SIZE], *name = NULL;
    if (kind == 2) {
        int n = i2d_X509_NAME(X509_get_subject_name(root), &name);
        if (n > 0) {
            buf_add(out, (uint8_t[]){2, (uint8_t)(n >> 8), (uint8_t)n}, 3);
            buf_add(out, name, (size_t)n);
        }
        OPENSSL_free(name);
    } else if (tls_digest(root, kind, digest)) {
        buf_char(out, (char)kind);
        buf_add(out, digest, 20);
    }
}

static int use_root(struct tls_context *c, X509 *root, struct err *e)
{
    const struct tls_options *o = &c->options;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(c->ssl), root) != 1)
        return err_set(e, "a trusted root cannot be used: %s", reason());
    if (says_ca_keys(o) && !o->is_server)
        add_trusted_key(&c->trusted_keys, root,
                        o->trusted_ca_keys == TLS_CA_KEYS_USUAL ? TLS_CA_KEYS_KEY
                                                                : o->trusted_ca_keys);
    if (o->certificate_authorities && SSL_CTX_add1_to_CA_list(c->ssl, root) != 1)
        return err_set(e, "out of memory");
    return 0;
}

static int use_roots(struct tls_context *c, struct err *e)
{
    const struct tls_options *o = &c->options;
    STACK_OF(X509) *list = sk_X509_new_null();
    int bad = list == NULL ? err_set(e, "out of memory") : 0;
    buf_add(&c->trusted_keys, "\0", 2); /* length, set below */
    for (unsigned i = 0; i < o->roots && i < TLS_ROOT_FILES && bad == 0; i++)
        bad = tls_certificates_read(o->root[i], list, false, e);
    for (int i = 0; bad == 0 && i < sk_X509_num(list); i++)
        bad = use_root(c, sk_X509_value(list, i), e);
    sk_X509_pop_free(list, X509_free);
    if (c->trusted_keys.failed || c->trusted_keys.n > 0xFFFF)
        return err_set(e, "the trusted roots do not fit into trusted_ca_keys");
    c->trusted_keys.p[0] = (uint8_t)((c->trusted_keys.n - 2) >> 8);
    c->trusted_keys.p[1] = (uint8_t)(c->trusted_keys.n - 2);
    return bad;
}

/* The same for the profile, with the revocation lists. */
static int read_anchors(struct tls_context *c, struct err *e)
{
    const struct tls_options *o = &c->options;
    int bad = 0;
    for (unsigned i = 0; i < o->roots && bad == 0; i++)
        bad = pki_chain_read(&c->anchors, o->root[i], e);
    for (unsigned i = 0; i < o->crls && bad == 0; i++)
        bad = pki_chain_read(&c->anchors, o->crl[i], e);
    return bad;
}

/* ---- choosing a certificate ---- */

/* The vehicle of ISO 15118-20 is always asked for its certificate [V2G20-2400]; that of ISO 15118-2
 * has none for TLS. */
static void choose_check(SSL *ssl, const struct tls_options *o, bool is_13)
{
    int how = SSL_VERIFY_PEER;
    bool required = o->check == TLS_CHECK_REQUIRED || (o->check == TLS_CHECK_STANDARD && is_13);
    if (o->check == TLS_CHECK_NONE || (o->check == TLS_CHECK_STANDARD && !is_13))
        how = SSL_VERIFY_NONE;
    SSL_set_verify(ssl, how | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                   tls_verify_certificate);
}

/* A ClientHello has come: what is agreed with it may depend on the version that it leads to. */
static int look_at_hello(SSL *ssl, int *alert, void *unused)
{
    struct tls_session *t = tls_session_of(ssl);
    const struct tls_context *c = t->context;
    const struct tls_options *o = &c->options;
    struct slice body = {t->facts.client_hello.p, t->facts.client_hello.n};
    struct tls_hello h;
    (void)alert, (void)unused;
    if (tls_hello_read(body, true, &h) == 0)
        tls_prefer(ssl, o, &h,
                   tls_identity_choose(c->identity, o->identities, &t->facts, true,
                                       tls_prefers_13(o, &h)));
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* 1: go on. The version is agreed, and the peer's wishes are known: the chain is chosen by the
 * roots that it named [V2G20-1007], [V2G20-2379], [V2G2-923]. */
static int choose_certificate(SSL *ssl, void *unused)
{
    struct tls_session *t = tls_session_of(ssl);
    const struct tls_context *c = t->context;
    bool is_13 = SSL_version(ssl) >= TLS_1_3;
    (void)unused;
    if (c->options.is_server)
        choose_check(ssl, &c->options, is_13);
    t->identity = tls_identity_choose(c->identity, c->options.identities, &t->facts,
                                      c->options.is_server, is_13);
    return t->identity == NULL ? 1 : tls_identity_use(ssl, t->identity);
}

/* For the leaf only. [V2G20-2388] wants a response for each certificate of the chain, for which
 * OpenSSL 3.0 has no way, as for the list of ISO 15118-2 [V2G2-871]. */
static int serve_staple(SSL *ssl, void *unused)
{
    const struct identity *d = tls_session_of(ssl)->identity;
    (void)unused;
    if (d == NULL || d->staple_size <= 0)
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *copy = OPENSSL_memdup(d->staple, (size_t)d->staple_size);
    if (copy == NULL)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, d->staple_size); /* takes it over */
    return SSL_TLSEXT_ERR_OK;
}

/* ---- extensions that OpenSSL does not know ---- */

/* A station answers with an empty extension, as RFC 6066, 6 has it. */
static int add_trusted_keys(SSL *ssl, unsigned type, unsigned where, const unsigned char **out,
                            size_t *n, X509 *x, size_t depth, int *alert, void *context)
{
    const struct tls_context *c = context;
    (void)ssl, (void)type, (void)where, (void)x, (void)depth, (void)alert;
    *out = c->trusted_keys.p;
    *n = c->options.is_server ? 0 : c->trusted_keys.n;
    return 1;
}

/* A list of one request: kind 2 (ocsp_multi), no responders named, no extensions. */
static int add_status_request_v2(SSL *ssl, unsigned type, unsigned where, const unsigned char **out,
                                 size_t *n, X509 *x, size_t depth, int *alert, void *context)
{
    static const unsigned char ONE[] = {0, 7, 2, 0, 4, 0, 0, 0, 0};
    (void)ssl, (void)type, (void)where, (void)x, (void)depth, (void)alert, (void)context;
    *out = ONE;
    *n = sizeof ONE;
    return 1;
}

static int ignore_extension(SSL *ssl, unsigned type, unsigned where, const unsigned char *in,
                            size_t n, X509 *x, size_t depth, int *alert, void *context)
{
    (void)ssl, (void)type, (void)where, (void)in, (void)n, (void)x, (void)depth, (void)alert;
    (void)context;
    return 1; /* read from the ClientHello itself */
}

static int set_extensions(struct tls_context *c, struct err *e)
{
    const struct tls_options *o = &c->options;
    const unsigned where = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO;
    int good = 1;
    if (says_ca_keys(o))
        good &= SSL_CTX_add_custom_ext(c->ssl, TLS_TRUSTED_CA_KEYS, where, add_trusted_keys, NULL,
                                       c, ignore_extension, c);
    if (!o->is_server && o->status == TLS_STATUS_V2)
        good &= SSL_CTX_add_custom_ext(c->ssl, TLS_STATUS_REQUEST_V2, where, add_status_request_v2,
                                       NULL, c, ignore_extension, c);
    return good == 1 ? 0 : err_set(e, "TLS extensions: %s", reason());
}

/* ---- key log ---- */

/* What other programs do with SSLKEYLOGFILE, too; opened for each line, so that it may be one file
 * of several processes, and nothing is left open. */
static void append_keylog(const char *line)
{
    const char *path = getenv("SSLKEYLOGFILE");
    char text[512];
    if (path == NULL || path[0] == '\0')
        return;
    int n = snprintf(text, sizeof text, "%s\n", line);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (n > 0 && (size_t)n < sizeof text && write(fd, text, (size_t)n) < 0)
        n = 0; /* it is of no use to anybody to stop here */
    OPENSSL_cleanse(text, sizeof text);
    close(fd);
}

static void log_key(const SSL *ssl, const char *line)
{
    struct tls_session *t = tls_session_of(ssl);
    append_keylog(line);
    if (t->keylog != NULL)
        t->keylog(t, line);
}

/* ---- resumption ---- */

/* TLS 1.3 sends tickets after the handshake, more than one: the newest is used (RFC 8446, C.4). */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_context *c = tls_session_of(ssl)->context;
    SSL_SESSION_free(c->session);
    c->session = session;
    return 1;
}

/* Each Listen or Connect has a context of its own, with ticket keys of its own, but a peer's ticket
 * of the connection before is to work. */
void tls_context_inherit(struct tls_context *c, const struct tls_context *from)
{
    uint8_t keys[256];
    if (from == NULL || !c->options.resumption || !from->options.resumption)
        return;
    long n = SSL_CTX_get_tlsext_ticket_keys(from->ssl, NULL, 0);
    if (c->options.is_server && n > 0 && n <= (long)sizeof keys &&
        SSL_CTX_get_tlsext_ticket_keys(from->ssl, keys, n) == 1)
        SSL_CTX_set_tlsext_ticket_keys(c->ssl, keys, n);
    OPENSSL_cleanse(keys, sizeof keys);
    if (from->session == NULL || SSL_SESSION_up_ref(from->session) != 1)
        return;
    SSL_SESSION_free(c->session);
    c->session = from->session;
}

/* Off unless said: a session of V2G is resumed by its SessionID over a new handshake. */
static void set_resumption(struct tls_context *c)
{
    if (!c->options.resumption) {
        SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(c->ssl, 0);
        return;
    }
    if (c->options.is_server) {
        SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_SERVER);
        SSL_CTX_set_session_id_context(c->ssl, (const unsigned char *)"v2g", 3);
    } else {
        SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(c->ssl, keep_session);
    }
}

/* ---- the context ---- */

static int choose_versions(struct tls_context *c, struct err *e)
{
    struct tls_options *o = &c->options;
    if (o->min_version == 0)
        o->min_version = o->max_version != 0 && o->max_version < TLS_1_2 ? o->max_version : TLS_1_2;
    if (o->max_version == 0)
        o->max_version = o->min_version > TLS_1_3 ? o->min_version : TLS_1_3;
    if (o->min_version > o->max_version || tls_name(TLS_VERSIONS, o->min_version) == NULL ||
        tls_name(TLS_VERSIONS, o->max_version) == NULL)
        return err_set(e, "TLS versions 0x%04X to 0x%04X; expected 0x0303 (1.2) and 0x0304 (1.3)",
                       o->min_version, o->max_version);
    if (SSL_CTX_set_min_proto_version(c->ssl, o->min_version) != 1 ||
        SSL_CTX_set_max_proto_version(c->ssl, o->max_version) != 1)
        return err_set(e, "%s is not in %s", tls_name(TLS_VERSIONS, o->min_version),
                       OpenSSL_version(OPENSSL_VERSION));
    return 0;
}

static void set_behaviour(struct tls_context *c)
{
    const struct tls_options *o = &c->options;
    /* the station's order counts among what the vehicle offers [V2G20-1668], [V2G20-2460]; a new
     * handshake within a connection is in neither standard, and was the way in of attacks on others
     * (RFC 5746) */
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_NO_COMPRESSION);
    /* a chain goes over the wire as its file has it, faults and all; OpenSSL would add a root that
     * is trusted where the leaf stands alone; buffers of 33 KiB are not kept from one record to the
     * next */
    SSL_CTX_set_mode(c->ssl, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
    if (o->no_encrypt_then_mac)
        SSL_CTX_set_options(c->ssl, SSL_OP_NO_ENCRYPT_THEN_MAC);
    if (o->no_extended_master_secret)
        SSL_CTX_set_options(c->ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    if (!o->is_server && o->max_fragment_length > 0)
        SSL_CTX_set_tlsext_max_fragment_length(c->ssl, (uint8_t)o->max_fragment_length);
    SSL_CTX_set_security_level(c->ssl, o->allows_weak ? 0 : 2);
    SSL_CTX_set_keylog_callback(c->ssl, log_key);
    SSL_CTX_set_cert_cb(c->ssl, choose_certificate, NULL);
    SSL_CTX_set_tlsext_status_cb(c->ssl, (o->is_server ? serve_staple : tls_verify_staple));
    if (o->is_server)
        SSL_CTX_set_client_hello_cb(c->ssl, look_at_hello, NULL);
    if (o->profile != TLS_PROFILE_NONE)
        SSL_CTX_set_cert_verify_callback(c->ssl, tls_verify_chain, NULL);
    if (o->at != 0)
        X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(c->ssl), (time_t)o->at);
    SSL_CTX_set_verify(c->ssl, o->check == TLS_CHECK_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       tls_verify_certificate);
    set_resumption(c);
}

static int check_length(const char *what, const char *text, size_t most, struct err *e)
{
    size_t n = text == NULL ? 0 : strlen(text);
    if (n <= most)
        return 0;
    return err_set(e, "the %s '%.32s…' has %zu characters; expected at most %zu", what, text, n,
                   most);
}

static int check_options(const struct tls_options *o, struct err *e)
{
    if (o->identities > TLS_IDENTITIES || o->roots > TLS_ROOT_FILES || o->crls > TLS_ROOT_FILES)
        return err_set(e,
                       "%u certificate chains, %u files of roots and %u of revocation lists for "
                       "TLS; at most %d, %d and %d",
                       o->identities, o->roots, o->crls, TLS_IDENTITIES, TLS_ROOT_FILES,
                       TLS_ROOT_FILES);
    if (check_length("domain component", o->domain, DOMAIN_MOST, e) != 0 ||
        check_length("server name", o->server_name, SERVER_NAME_MOST, e) != 0)
        return -1;
    if (o->is_server && o->identities == 0)
        return err_set(e, "a station that speaks TLS needs a certificate chain and its key");
    if (!o->is_server && says_ca_keys(o) && o->roots == 0)
        return err_set(e, "trusted_ca_keys without trusted roots; expected files of roots");
    return 0;
}

static void copy_options(struct tls_context *c, const struct tls_options *o)
{
    c->options = *o;
    snprintf(c->domain, sizeof c->domain, "%s", o->domain != NULL ? o->domain : "");
    snprintf(c->server_name, sizeof c->server_name, "%s",
             o->server_name != NULL ? o->server_name : "");
    c->options.domain = o->domain != NULL ? c->domain : NULL;
    c->options.server_name = o->server_name != NULL ? c->server_name : NULL;
}

static int set_up(struct tls_context *c, struct err *e)
{
    const struct tls_options *o = &c->options;
    c->ssl = SSL_CTX_new(o->is_server ? TLS_server_method() : TLS_client_method());
    if (c->ssl == NULL)
        return err_set(e, "TLS cannot be set up: %s", reason());
    set_behaviour(c); /* the security level first: it decides what else is allowed */
    if (choose_versions(c, e) != 0 || choose_algorithms(c, e) != 0)
        return -1;
    for (unsigned i = 0; i < o->identities; i++)
        if (tls_identity_read(&c->identity[i], &o->identity[i], e) != 0)
            return -1;
    if (o->profile != TLS_PROFILE_NONE && read_anchors(c, e) != 0)
        return -1;
    return use_roots(c, e) != 0 ? -1 : set_extensions(c, e);
}

struct tls_context *tls_context_open(const struct tls_options *o, struct err *e)
{
    struct tls_context *c = check_options(o, e) == 0 ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        err_set(e, "out of memory"); /* unless it was told what is wrong */
        return NULL;
    }
    c->users = 1;
    copy_options(c, o);
    ERR_clear_error();
    int bad = set_up(c, e);
    ERR_clear_error();
    if (bad == 0)
        return c;
    tls_context_close(c);
    return NULL;
}

struct tls_context *tls_context_keep(struct tls_context *c)
{
    c->users++;
    return c;
}

void tls_context_close(struct tls_context *c)
{
    if (c == NULL || --c->users > 0)
        return;
    for (unsigned i = 0; i < TLS_IDENTITIES; i++)
        tls_identity_close(&c->identity[i]);
    pki_chain_close(&c->anchors);
    buf_close(&c->trusted_keys);
    SSL_SESSION_free(c->session);
    SSL_CTX_free(c->ssl);
    free(c);
}

static void set_client(SSL *ssl, struct tls_context *c)
{
    const struct tls_options *o = &c->options;
    if (o->status != TLS_STATUS_NONE)
        SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    if (o->server_name != NULL)
        SSL_set_tlsext_host_name(ssl, o->server_name);
    if (o->resumption && c->session != NULL)
        SSL_set_session(ssl, c->session);
    SSL_set_connect_state(ssl);
}

SSL *tls_session_open(struct tls_context *c, struct tls_session *t)
{
    SSL *ssl = SSL_new(c->ssl);
    if (ssl == NULL || SSL_set_app_data(ssl, t) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    c->users++;
    t->context = c;
    t->options = &c->options;
    t->anchors = &c->anchors;
    if (c->options.is_server)
        SSL_set_accept_state(ssl);
    else
        set_client(ssl, c);
    return ssl;
}
