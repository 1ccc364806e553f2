/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/pki.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define SUBS_MOST 2 /* sub-CAs between root and leaf, [V2G2-009] */
#define NAME_MAX_SHOWN 100

/* ---- reading ---- */

/* What OpenSSL says of its last failure; the queue is empty then. */
static void last_reason(char *text, size_t size)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    snprintf(text, size, "%s", reason == NULL ? "not a certificate" : reason);
    ERR_clear_error();
}

int pki_chain_add(struct pki_chain *c, struct slice der, struct err *e)
{
    if (c->n == PKI_CHAIN_MAX)
        return err_set(e, "more than %d certificates", PKI_CHAIN_MAX);
    const uint8_t *p = der.p;
    X509 *x = der.n > PKI_FILE_MAX ? NULL : d2i_X509(NULL, &p, (long)der.n);
    char *problem = c->at[c->n].problem;
    size_t size = sizeof c->at[c->n].problem;
    problem[0] = '\0';
    if (x == NULL) {
        char reason[100];
        last_reason(reason, sizeof reason);
        snprintf(problem, size, "%zu octets are no X.509 certificate in DER: %s", der.n, reason);
    } else if (p != der.p + der.n) {
        snprintf(problem, size, "%zu octets behind the end of the certificate",
                 (size_t)(der.p + der.n - p));
        X509_free(x);
        x = NULL;
    } else if (X509_get0_pubkey(x) == NULL) {
        snprintf(problem, size, "its public key cannot be read");
        ERR_clear_error();
        X509_free(x);
        x = NULL;
    }
    c->at[c->n++].x = x;
    return 0;
}

static int add_crl(struct pki_chain *c, const uint8_t *p, long n, struct err *e)
{
    if (c->crls == PKI_CHAIN_MAX)
        return err_set(e, "more than %d revocation lists", PKI_CHAIN_MAX);
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, n);
    if (crl == NULL) {
        char reason[100];
        last_reason(reason, sizeof reason);
        return err_set(e, "%ld octets are no revocation list: %s", n, reason);
    }
    c->crl[c->crls++] = crl;
    return 0;
}

/* What is neither certificate nor list is left out. */
static int add_block(void *context, const char *name, struct slice bytes, struct err *e)
{
    struct pki_chain *c = context;
    if (strcmp(name, PKI_CERTIFICATE) == 0)
        return pki_chain_add(c, bytes, e);
    return strcmp(name, PEM_STRING_X509_CRL) == 0 ? add_crl(c, bytes.p, (long)bytes.n, e) : 0;
}

static int parse_pem(struct slice bytes, pki_block visit, void *context, struct err *e)
{
    BIO *in = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    char *name = NULL, *header = NULL;
    uint8_t *der = NULL;
    long n = 0;
    int bad = 0;
    unsigned blocks = 0;
    while (in != NULL && bad == 0 && PEM_read_bio(in, &name, &header, &der, &n) == 1) {
        const char *what = strcmp(name, PEM_STRING_X509_OLD) == 0 ? PKI_CERTIFICATE : name;
        bad = visit(context, what, (struct slice){der, (size_t)n}, e);
        blocks++;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)n); /* it may be a key */
    }
    unsigned long why = ERR_peek_last_error();
    if (bad == 0 && why != 0 && ERR_GET_REASON(why) != PEM_R_NO_START_LINE)
        bad = err_set(e, "the PEM text is broken behind block %u: %s", blocks,
                      ERR_reason_error_string(why));
    ERR_clear_error();
    BIO_free(in);
    return bad;
}

/* A certificate in DER may have any text in it. */
static bool is_pem(struct slice bytes)
{
    bool is_der = bytes.n > 1 && bytes.p[0] == 0x30 && bytes.p[1] >= 0x80;
    return !is_der && memmem(bytes.p, bytes.n, "-----BEGIN ", 11) != NULL;
}

int pki_blocks(struct slice bytes, pki_block visit, void *context, struct err *e)
{
    if (bytes.n == 0)
        return err_set(e, "no bytes; expected certificates, PEM or DER");
    if (bytes.n > PKI_FILE_MAX)
        return err_set(e, "%zu bytes; expected at most %u", bytes.n, PKI_FILE_MAX);
    return is_pem(bytes) ? parse_pem(bytes, visit, context, e)
                         : visit(context, PKI_CERTIFICATE, bytes, e);
}

int pki_chain_parse(struct pki_chain *c, struct slice bytes, struct err *e)
{
    unsigned before = c->n + c->crls;
    if (pki_blocks(bytes, add_block, c, e) != 0)
        return -1;
    if (c->n + c->crls == before)
        return err_set(e, "PEM text without a certificate");
    return 0;
}

const char *pki_file_name(const char *path)
{
    return is_pem((struct slice){(const uint8_t *)path, strlen(path)}) ? "what the script gave"
                                                                       : path;
}

int pki_file_read(const char *path, struct buf *out, struct err *e)
{
    size_t before = out->n;
    if (pki_file_name(path) != path) {
        buf_text(out, path);
        return out->failed ? err_set(e, "out of memory") : 0;
    }
    if (buf_reserve(out, PKI_FILE_MAX + 1) == NULL) /* all at once: no copy of a key is left */
        return err_set(e, "out of memory");
    if (file_read(path, PKI_FILE_MAX, out, e) == 0)
        return 0;
    OPENSSL_cleanse(out->p + before, out->n - before); /* nobody else knows of it */
    out->n = before;
    return -1;
}

int pki_chain_read(struct pki_chain *c, const char *path, struct err *e)
{
    struct buf bytes = {0};
    struct err inner = ERR_INIT;
    int bad = pki_file_read(path, &bytes, e);
    if (bad == 0 && pki_chain_parse(c, (struct slice){bytes.p, bytes.n}, &inner) != 0)
        bad = err_set(e, "%s: %s", pki_file_name(path), inner.what);
    if (bytes.p != NULL)
        OPENSSL_cleanse(bytes.p, bytes.n); /* a key may stand in it too */
    buf_close(&bytes);
    return bad;
}

void pki_chain_close(struct pki_chain *c)
{
    for (unsigned i = 0; i < c->n; i++)
        X509_free(c->at[i].x);
    for (unsigned i = 0; i < c->crls; i++)
        X509_CRL_free(c->crl[i]);
    c->n = c->crls = 0;
}

/* Nobody is asked for a password. */
static int no_password(char *text, int size, int rw, void *context)
{
    (void)text, (void)size, (void)rw, (void)context;
    return -1;
}

EVP_PKEY *pki_key_read(const char *path, struct err *e)
{
    struct buf bytes = {0};
    EVP_PKEY *key = NULL;
    if (pki_file_read(path, &bytes, e) != 0) {
        buf_close(&bytes);
        return NULL;
    }
    BIO *in = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    if (in != NULL)
        key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
    if (key == NULL) {
        const uint8_t *p = bytes.p;
        key = d2i_AutoPrivateKey(NULL, &p, (long)bytes.n);
    }
    if (key == NULL)
        err_set(e, "%s holds no private key without a password, PEM or DER", pki_file_name(path));
    ERR_clear_error();
    BIO_free(in);
    OPENSSL_cleanse(bytes.p, bytes.n);
    buf_close(&bytes);
    return key;
}

/* ---- the path ---- */

static bool is_self_issued(X509 *x)
{
    return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
}

static bool is_signed_by(X509 *x, X509 *issuer)
{
    bool yes = X509_verify(x, X509_get0_pubkey(issuer)) == 1;
    ERR_clear_error();
    return yes;
}

static bool is_named_issuer(X509 *x, X509 *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)) == 0;
}

/* The certificate that issued none of the others: the leaf, wherever it stands. The order is judged
 * apart (check_order), so that a chain in a wrong one can still be judged otherwise. */
static int find_leaf(const struct pki_chain *c)
{
    int leaf = -1;
    for (unsigned i = 0; i < c->n; i++) {
        X509 *x = c->at[i].x;
        bool issued = false;
        for (unsigned k = 0; k < c->n && x != NULL; k++)
            issued = issued || (k != i && c->at[k].x != NULL && is_named_issuer(c->at[k].x, x));
        bool is_ca = x != NULL && X509_check_ca(x) == 1;
        if (x != NULL && !issued && (leaf < 0 || (X509_check_ca(c->at[leaf].x) == 1 && !is_ca)))
            leaf = (int)i;
    }
    for (unsigned i = 0; i < c->n && leaf < 0; i++) /* a circle */
        leaf = c->at[i].x != NULL ? (int)i : leaf;
    return leaf;
}

static bool in_path(const struct pki_path *path, const X509 *x)
{
    for (unsigned i = 0; i < path->n; i++)
        if (path->at[i] == x || X509_cmp(path->at[i], x) == 0)
            return true;
    return false;
}

/* The issuer of x among those of c that the path does not have yet: one whose key fits, else one
 * whose name does. */
static int find_issuer(const struct pki_chain *c, const struct pki_path *path, X509 *x)
{
    int named = -1;
    for (unsigned i = 0; c != NULL && i < c->n; i++) {
        X509 *issuer = c->at[i].x;
        if (issuer == NULL || !is_named_issuer(x, issuer) || in_path(path, issuer))
            continue;
        if (is_signed_by(x, issuer))
            return (int)i;
        named = named < 0 ? (int)i : named;
    }
    return named;
}

static void path_add(struct pki_path *path, X509 *x, int index)
{
    path->at[path->n] = x;
    path->index[path->n] = index;
    path->role[path->n++] = ROLE_UNKNOWN;
}

/* An anchor ends the path wherever it is met; an issuer that is trusted comes before one that
 * was sent. */
static void build_path(const struct pki_chain *c, const struct pki_options *o, int leaf,
                       struct pki_path *path)
{
    path_add(path, c->at[leaf].x, leaf);
    while (path->n <= PKI_CHAIN_MAX) {
        X509 *x = path->at[path->n - 1];
        for (unsigned i = 0; o->anchors != NULL && i < o->anchors->n; i++)
            path->is_anchored = path->is_anchored || (o->anchors->at[i].x != NULL &&
                                                      X509_cmp(o->anchors->at[i].x, x) == 0);
        if (path->is_anchored || is_self_issued(x))
            return;
        int above = find_issuer(o->anchors, path, x);
        if (above >= 0 && is_signed_by(x, o->anchors->at[above].x)) {
            path_add(path, o->anchors->at[above].x, -1);
            path->is_anchored = true;
            return;
        }
        above = find_issuer(c, path, x);
        if (above < 0)
            return;
        path_add(path, c->at[above].x, above);
    }
}

/* ---- roles ---- */

/* A sub-CA without a leaf below it, by domain component and path length. */
static enum pki_role sub_role(X509 *x)
{
    char domain[100];
    pki_subject(x, "DC", domain, sizeof domain);
    for (enum pki_role i = 0; i < ROLES; i++)
        if (PKI_PROFILES[i].path_length == 1 && pki_domain_fits(i, domain))
            return i + (X509_get_pathlen(x) == 0);
    return ROLE_UNKNOWN;
}

/* The role of the first certificate. Where its domain component says one thing, its issuer another
 * and its name agrees with the issuer, it is the domain component that is wrong. */
static enum pki_role guess_first(const struct pki_path *path)
{
    X509 *x = path->at[0];
    if (X509_check_ca(x) == 1 && !is_self_issued(x))
        return sub_role(x);
    enum pki_role role = pki_role_guess(x), sub2 = ROLE_UNKNOWN;
    if (path->n > 1 && role != ROLE_VEHICLE_LEAF)
        sub2 = sub_role(path->at[1]);
    for (unsigned i = 0; i < ROLES && sub2 != ROLE_UNKNOWN; i++)
        if (PKI_PROFILES[i].issuer == sub2 && !pki_role_is_ca((enum pki_role)i) && i != role &&
            (role == ROLE_UNKNOWN || !pki_name_fits(role, x)) && pki_name_fits((enum pki_role)i, x))
            return (enum pki_role)i;
    return role;
}

/* The leaf's role says those above it. Of too many sub-CAs the upper two have one. */
static void assign_roles(struct pki_path *path, enum pki_role first)
{
    unsigned subs = 0, n = path->n;
    path->role[0] = first != ROLE_UNKNOWN ? first : guess_first(path);
    /* a root has no path length; a sub-CA that signed itself has */
    bool has_root = n > 1 && is_self_issued(path->at[n - 1]) &&
                    (path->is_anchored || X509_get_pathlen(path->at[n - 1]) < 0);
    if (path->role[0] == ROLE_UNKNOWN || pki_role_is_root(path->role[0]))
        return;
    subs = n - 1 - has_root;
    enum pki_role above = PKI_PROFILES[path->role[0]].issuer;
    if (pki_role_is_ca(path->role[0]) || subs <= SUBS_MOST) {
        for (unsigned i = 1; i <= subs; i++) {
            bool is_sub = !pki_role_is_root(above);
            if (i == subs && is_sub && subs == 1 && !pki_role_is_ca(path->role[0]) &&
                X509_get_pathlen(path->at[i]) == 1)
                above = PKI_PROFILES[above].issuer; /* only sub-CA 1 is there */
            path->role[i] = is_sub ? above : ROLE_UNKNOWN;
            above = PKI_PROFILES[above].issuer;
        }
    } else {
        path->role[subs - 1] = above;
        path->role[subs] = above = PKI_PROFILES[above].issuer;
    }
    while (!pki_role_is_root(above))
        above = PKI_PROFILES[above].issuer;
    if (has_root)
        path->role[n - 1] = above;
}

/* ---- checking ---- */

struct check {
    const struct pki_chain *chain;
    const struct pki_options *options;
    struct pki_path *path;
    struct pki_findings f;
};

static const char *common_name(const X509 *x, char *text)
{
    pki_subject(x, "CN", text, NAME_MAX_SHOWN);
    return text[0] == '\0' ? "without a name" : text;
}

static const char *issuer_name(const X509 *x, char *text)
{
    char *line = X509_NAME_oneline(X509_get_issuer_name(x), NULL, 0);
    snprintf(text, NAME_MAX_SHOWN, "%s", line == NULL ? "?" : line);
    OPENSSL_free(line);
    return text;
}

/* Findings are about path[i] now. */
static void look_at(struct check *k, unsigned i)
{
    k->f.index = k->path->index[i];
    k->f.role = k->path->role[i];
}

/* Whether certificate i of the chain is one of the path that stands elsewhere, too. */
static bool stands_twice(const struct check *k, unsigned i)
{
    for (unsigned n = 0; n < k->path->n; n++)
        if (k->path->index[n] >= 0 && k->path->index[n] != (int)i &&
            X509_cmp(k->path->at[n], k->chain->at[i].x) == 0)
            return true;
    return false;
}

static void check_order(struct check *k)
{
    char name[NAME_MAX_SHOWN];
    bool is_whole = true; /* all could be parsed, so that places can be told */
    for (unsigned i = 0; i < k->chain->n; i++)
        is_whole = is_whole && k->chain->at[i].x != NULL;
    for (unsigned i = 0; i < k->path->n && is_whole; i++) {
        look_at(k, i);
        if (k->path->index[i] < 0 || k->path->index[i] == (int)i)
            continue;
        pki_find(&k->f, PKI_ORDER, true, "RFC 5246, 7.4.2",
                 "%s stands at place %d; expected place %u: the leaf first, each followed by its "
                 "issuer",
                 common_name(k->path->at[i], name), k->path->index[i] + 1, i + 1);
        break;
    }
    for (unsigned i = 0; i < k->chain->n; i++) {
        const X509 *x = k->chain->at[i].x;
        bool is_twice = x != NULL && stands_twice(k, i);
        if (x == NULL || (in_path(k->path, x) && !is_twice))
            continue;
        k->f.index = (int)i;
        k->f.role = ROLE_UNKNOWN;
        pki_find(&k->f, PKI_ORDER, true, "RFC 5246, 7.4.2",
                 is_twice ? "%s is there a second time" : "%s belongs to no path from the leaf",
                 common_name(x, name));
    }
}

static void check_times(struct check *k, X509 *x)
{
    time_t now = (time_t)k->options->now;
    char text[64] = "";
    BIO *out = BIO_new(BIO_s_mem());
    int before = X509_cmp_time(X509_get0_notBefore(x), &now);
    int after = X509_cmp_time(X509_get0_notAfter(x), &now);
    bool is_early = before > 0;
    if (out != NULL && (is_early || after < 0)) {
        ASN1_TIME_print(out, is_early ? X509_get0_notBefore(x) : X509_get0_notAfter(x));
        int n = BIO_read(out, text, sizeof text - 1);
        text[n > 0 ? n : 0] = '\0';
    }
    BIO_free(out);
    if (before == 0 || after == 0)
        pki_find(&k->f, PKI_UNPARSEABLE, true, "RFC 5280, 4.1.2.5", "its validity cannot be read");
    else if (is_early)
        pki_find(&k->f, PKI_NOT_YET_VALID, true, "RFC 5280, 6.1.3", "not valid before %s", text);
    else if (after < 0)
        pki_find(&k->f, PKI_EXPIRED, true, "RFC 5280, 6.1.3", "expired on %s", text);
    ERR_clear_error();
}

/* path[i] was issued by path[i + 1]. */
static void check_issuer(struct check *k, unsigned i)
{
    char name[NAME_MAX_SHOWN];
    X509 *x = k->path->at[i], *issuer = k->path->at[i + 1];
    look_at(k, i);
    if (!is_signed_by(x, issuer))
        pki_find(&k->f, PKI_SIGNATURE, true, "RFC 5280, 6.1.3",
                 "its signature is not that of its issuer %s", common_name(issuer, name));
    look_at(k, i + 1);
    if (X509_check_ca(issuer) != 1 && k->f.role == ROLE_UNKNOWN)
        pki_find(&k->f, PKI_CA, true, "RFC 5280, 6.1.4", "an issuer that is no CA");
    long most = X509_get_pathlen(issuer);
    bool leaf_is_ca = X509_check_ca(k->path->at[0]) == 1;
    long below = (long)i + leaf_is_ca;
    if (most >= 0 && below > most)
        pki_find(&k->f, PKI_PATH_LENGTH, true, "RFC 5280, 6.1.4",
                 "%ld sub-CA%s below it; its path length constraint is %ld", below,
                 below == 1 ? "" : "s", most);
    ERR_clear_error();
}

static void check_top(struct check *k)
{
    char name[NAME_MAX_SHOWN];
    unsigned top = k->path->n - 1;
    X509 *x = k->path->at[top];
    bool is_ca = X509_check_ca(x) == 1;
    look_at(k, top);
    if (is_self_issued(x) && !is_signed_by(x, x))
        pki_find(&k->f, PKI_SIGNATURE, true, "RFC 5280, 6.1.3",
                 "a root whose signature is not its own");
    if (k->path->is_anchored)
        return;
    bool is_sub = k->f.role != ROLE_UNKNOWN && !pki_role_is_root(k->f.role);
    if (is_self_issued(x) && (is_sub || !is_ca))
        pki_find(&k->f, PKI_SELF_SIGNED, true, "[V2G2-884]",
                 "signed by itself; expected a certificate that a CA issued");
    else if (is_self_issued(x) && k->options->anchors != NULL)
        pki_find(&k->f, PKI_NO_ISSUER, true, "[V2G2-924]", "root %s is no trust anchor",
                 common_name(x, name));
    else if (is_self_issued(x))
        return;
    else if ((!is_ca && k->chain->n > 1) || k->options->anchors != NULL)
        pki_find(&k->f, PKI_NO_ISSUER, true, "[V2G2-924]",
                 "its issuer %s is neither in the chain nor a trust anchor", issuer_name(x, name));
    else
        pki_find(&k->f, PKI_NO_ISSUER, false, "[V2G2-924]",
                 "not checked up to a root: %s is not here", issuer_name(x, name));
}

/* The issuer's lists, of the chain and of the anchors. Two issuers may have one name (both editions
 * of a tree): a list that is not signed counts only where there is no other. */
static void check_lists(struct check *k, unsigned i, const struct pki_chain *c)
{
    X509 *x = k->path->at[i], *issuer = i + 1 < k->path->n ? k->path->at[i + 1] : NULL;
    unsigned foreign = 0, own = 0;
    for (unsigned n = 0; c != NULL && n < c->crls; n++) {
        X509_REVOKED *revoked = NULL;
        X509_CRL *crl = c->crl[n];
        if (issuer == NULL || X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x)) != 0)
            continue;
        bool is_own = X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
        own += is_own;
        foreign += !is_own;
        if (is_own && X509_CRL_get0_by_cert(crl, &revoked, x) == 1)
            pki_find(&k->f, PKI_REVOKED, true, "RFC 5280, 6.3", "revoked by its issuer");
    }
    if (foreign > 0 && own == 0)
        pki_find(&k->f, PKI_REVOKED, false, "RFC 5280, 6.3",
                 "a revocation list is not signed by the issuer; it was left out");
    ERR_clear_error();
}

/* A root of the ecosystem issues no leaf; one of a private environment may. */
static void check_leaf_issuer(struct check *k)
{
    char domain[100];
    const struct pki_path *p = k->path;
    if (p->edition != EDITION_2 || p->n != 2 || p->role[0] == ROLE_UNKNOWN ||
        pki_role_is_ca(p->role[0]) || !pki_role_is_root(p->role[1]))
        return;
    pki_subject(p->at[1], "DC", domain, sizeof domain);
    if (pki_domain_fits(p->role[1], domain))
        pki_find(&k->f, PKI_CA, true, "[V2G2-867]", "issued by a root; expected a sub-CA");
}

static void check_path(struct check *k)
{
    unsigned n = k->path->n, signed_by_others = 0;
    for (unsigned i = 0; i < n; i++) {
        look_at(k, i);
        pki_profile_check(&k->f, k->path->at[i]);
        check_times(k, k->path->at[i]);
        check_lists(k, i, k->chain);
        check_lists(k, i, k->options->anchors);
        signed_by_others += !is_self_issued(k->path->at[i]);
        if (i + 1 < n)
            check_issuer(k, i);
    }
    look_at(k, 0);
    check_leaf_issuer(k);
    k->f.index = -1;
    k->f.role = ROLE_UNKNOWN;
    if (signed_by_others > SUBS_MOST + 1)
        pki_find(&k->f, PKI_PATH_LENGTH, true, "[V2G2-009]",
                 "%u certificates below the root; expected at most %d", signed_by_others,
                 SUBS_MOST + 1);
    if (k->path->role[0] == ROLE_UNKNOWN)
        pki_find(&k->f, PKI_DOMAIN, false, "[V2G2-884]",
                 "what the certificate is for cannot be told from its domain component, purpose "
                 "or name; no profile was checked");
    check_top(k);
}

unsigned pki_chain_check(const struct pki_chain *c, const struct pki_options *o, pki_report report,
                         void *context, struct pki_path *path)
{
    struct pki_path own;
    struct check k = {.chain = c, .options = o, .path = path != NULL ? path : &own};
    k.f = (struct pki_findings){.report = report,
                                .context = context,
                                .tolerated = o->tolerated,
                                .role = ROLE_UNKNOWN,
                                .index = -1};
    memset(k.path, 0, sizeof *k.path);
    for (unsigned i = 0; i < c->n; i++) {
        k.f.index = (int)i;
        if (c->at[i].x == NULL)
            pki_find(&k.f, PKI_UNPARSEABLE, true, "RFC 5280, 4.1", "%s", c->at[i].problem);
        else
            X509_check_purpose(c->at[i].x, -1, 0); /* reads the extensions */
    }
    ERR_clear_error();
    int leaf = find_leaf(c);
    k.f.index = -1;
    if (leaf < 0) {
        if (k.f.errors == 0)
            pki_find(&k.f, PKI_UNPARSEABLE, true, "RFC 5280, 6.1", "no certificate");
        return k.f.errors;
    }
    build_path(c, o, leaf, k.path);
    k.path->edition =
        o->edition >= 0 ? (enum pki_edition)o->edition : pki_edition_of(k.path->at[k.path->n - 1]);
    k.f.edition = k.path->edition;
    assign_roles(k.path, o->role);
    check_order(&k);
    check_path(&k);
    return k.f.errors;
}

const char *pki_finding_place(const struct pki_finding *f, char *text, int size)
{
    bool has_role = f->role[0] != '\0';
    if (f->index >= 0)
        snprintf(text, (size_t)size, "certificate %d%s%s%s: ", f->index + 1, has_role ? " (" : "",
                 f->role, has_role ? ")" : "");
    else
        snprintf(text, (size_t)size, "%s%s", has_role ? f->role : "the chain", ": ");
    return text;
}

struct first_error {
    enum pki_fault fault;
    struct err *e;
};

/* Why a path ends too early says more than what is therefore left over in the chain. */
static bool explains(enum pki_fault later, enum pki_fault first)
{
    return first == PKI_ORDER && (later == PKI_SELF_SIGNED || later == PKI_NO_ISSUER);
}

static void keep_first(void *context, const struct pki_finding *finding)
{
    struct first_error *first = context;
    char text[256];
    if (!finding->is_error || (first->e->set && !explains(finding->fault, first->fault)))
        return;
    *first->e = ERR_INIT;
    first->fault = finding->fault;
    err_set(first->e, "%s%s (%s)", pki_finding_place(finding, text, sizeof text), finding->text,
            finding->clause);
}

int pki_chain_verify(const struct pki_chain *c, const struct pki_options *o, enum pki_fault *fault,
                     struct err *e)
{
    struct first_error first = {.e = e};
    unsigned errors = pki_chain_check(c, o, keep_first, &first, NULL);
    if (errors > 0 && fault != NULL)
        *fault = first.fault;
    return errors > 0 ? -1 : 0;
}
