/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/pki_tree.h"

#include "base/buf.h"
#include "trust/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define DAY 86400
#define CRL_DAYS 365
#define ORGANIZATION "v2glab test PKI"
#define COUNTRY "DE"
#define MADE_FORM "profile %d"

/* ORDER PKI_TREE_FAULT */
const struct pki_tree_fault_kind PKI_TREE_FAULT_KINDS[TREE_FAULTS] = {
    {"expired", "its validity ended yesterday", true, true, true},
    {"not-yet-valid", "its validity begins in 30 days", true, true, true},
    {"wrong-domain-component", "a domain component of another role", true, true, true},
    {"wrong-key-usage", "a CA that may not sign certificates, a leaf that may not sign", true, true,
     true},
    {"wrong-curve", "a key over secp384r1", true, true, true},
    {"swapped-sub-ca", "the chain has the two sub-CAs in the wrong order", true, false, false},
    {"foreign-sub-ca", "issued by the sub-CA of another branch", true, false, false},
    {"missing-intermediate", "the chain lacks sub-CA 2 (or the sub-CA named)", true, true, false},
    {"path-length-exceeded", "a third sub-CA in the chain; of a sub-CA 1: path length 0", true,
     true, false},
    {"revoked", "in the revocation list, and revoked to the OCSP responder", true, true, false},
    {"self-signed", "signed with its own key in place of its issuer's", true, true, false},
    {"bad-signature", "one bit of its signature is wrong", true, true, true},
    {"unparseable", "the DER ends too early", true, true, true},
    {"wrong-emaid", "an eMAID with a wrong check digit", true, false, false},
};

const char *const PKI_TREE_FOLDERS[2] = {"iso15118-2", "iso15118-20"};

/* One certificate with its key, while the tree is made. */
struct made {
    X509 *x;
    EVP_PKEY *key;
};

struct maker {
    const struct pki_tree *t;
    enum pki_edition edition;
    const char *name;   /* of the files; NULL: the role's */
    const char *called; /* common name of the leaf; NULL: the usual one */
    struct made at[ROLES];
    struct made extra; /* the sub-CA 3 of a path that is too long */
    bool is_one_more;  /* of a tree that is there */
    struct err *e;
};

static int failed(struct err *e, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    err_set(e, "%s: %s", what, reason == NULL ? "OpenSSL gives no reason" : reason);
    ERR_clear_error();
    return -1;
}

void pki_tree_open(struct pki_tree *t, const char *folder)
{
    *t = (struct pki_tree){.folder = folder, .edition = {true, true}, .now = (int64_t)time(NULL)};
}

int pki_tree_add_fault(struct pki_tree *t, const char *text, struct err *e)
{
    char role[64];
    const char *fault = strchr(text, '=');
    size_t n = fault == NULL ? 0 : (size_t)(fault - text);
    if (n == 0 || n >= sizeof role)
        return err_set(e, "'%.60s' is no fault; expected ROLE=FAULT, as secc-leaf=expired", text);
    if (t->faults == PKI_TREE_FAULTS)
        return err_set(e, "more than %d faults", PKI_TREE_FAULTS);
    memcpy(role, text, n);
    role[n] = '\0';
    fault++;
    enum pki_role r = pki_role_find(role);
    unsigned f = 0;
    while (f < TREE_FAULTS && strcmp(PKI_TREE_FAULT_KINDS[f].name, fault) != 0)
        f++;
    if (r == ROLE_UNKNOWN)
        return err_set(e, "'%s' is no role; `v2glab pki list --roles` shows them", role);
    if (f == TREE_FAULTS)
        return err_set(e, "'%.60s' is no fault; `v2glab pki make --help` shows them", fault);
    const struct pki_tree_fault_kind *k = &PKI_TREE_FAULT_KINDS[f];
    bool fits = pki_role_is_root(r) ? k->of_root : pki_role_is_ca(r) ? k->of_sub : k->of_leaf;
    fits = fits && (f != TREE_WRONG_EMAID || r == ROLE_CONTRACT_LEAF) &&
           (f != TREE_PATH_LENGTH || PKI_PROFILES[r].path_length != 0);
    if (!fits)
        return err_set(e, "%s cannot be %s", role, fault);
    t->fault[t->faults].role = r;
    t->fault[t->faults++].fault = (enum pki_tree_fault)f;
    return 0;
}

static bool has_fault(const struct maker *k, enum pki_role role, enum pki_tree_fault fault)
{
    for (unsigned i = 0; i < k->t->faults; i++)
        if (k->t->fault[i].role == role && k->t->fault[i].fault == fault)
            return true;
    return false;
}

/* ---- one certificate ---- */

/* The last octet is 0, so that the key of a contract can be handed out (trust/keywrap.h). */
static EVP_PKEY *make_ed448(void)
{
    uint8_t seed[57] = {0};
    EVP_PKEY *key = NULL;
    if (RAND_priv_bytes(seed, sizeof seed - 1) == 1)
        key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED448", NULL, seed, sizeof seed);
    OPENSSL_cleanse(seed, sizeof seed);
    return key;
}

static EVP_PKEY *make_key(const struct maker *k, bool wrong_curve)
{
    if (wrong_curve)
        return EVP_EC_gen("secp384r1");
    return k->edition == EDITION_20 && k->t->is_ed448 ? make_ed448()
                                                      : EVP_EC_gen(PKI_RULES[k->edition].curve[0]);
}

static const EVP_MD *hash_for(const struct maker *k, const EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED448"))
        return NULL;
    return k->edition == EDITION_2 ? EVP_sha256() : EVP_sha512();
}

static int add_name(X509_NAME *name, const char *part, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return 1;
    int type = strcmp(part, "DC") == 0  ? V_ASN1_IA5STRING
               : strcmp(part, "C") == 0 ? V_ASN1_PRINTABLESTRING
                                        : V_ASN1_UTF8STRING;
    return X509_NAME_add_entry_by_txt(name, part, type, (const uint8_t *)text, -1, -1, 0);
}

/* The name a certificate goes by: identifiers where the standard has them, else the role. */
static const char *common_name(const struct maker *k, enum pki_role role, char *text)
{
    const struct pki_tree *t = k->t;
    const struct pki_profile *p = &PKI_PROFILES[role];
    strcpy(text, p->title);
    if (k->called != NULL && !pki_role_is_ca(role)) {
        snprintf(text, 64, "%s", k->called);
    } else if (p->common_name == NAME_EMAID) {
        struct err e = ERR_INIT; /* it was checked before */
        emaid_read(t->emaid != NULL ? t->emaid : "DEABCC00000001", text, &e);
        if (text[14] == '\0') {
            text[14] = emaid_check_digit(text);
            text[15] = '\0';
        }
        if (has_fault(k, role, TREE_WRONG_EMAID))
            text[14] = text[14] == '0' ? '1' : '0';
    } else if (p->common_name == NAME_PCID) {
        snprintf(text, 64, "%s", t->pcid != NULL ? t->pcid : "V2GLABPROV0000001X");
    } else if (role == ROLE_SECC_LEAF) {
        snprintf(text, 64, "%s", t->cpid != NULL ? t->cpid : "DE*ABC*E00001");
    } else if (role == ROLE_VEHICLE_LEAF) {
        snprintf(text, 64, "%s", t->evccid != NULL ? t->evccid : PKI_EVCCID);
    } else if (pki_role_is_root(role) && k->edition == EDITION_20) {
        strcat(text,
               " ISO 15118-20"); /* by x509_name a vehicle tells the roots of one tree apart */
    }
    return text;
}

static int set_subject(const struct maker *k, X509 *x, enum pki_role role, const char *title)
{
    char name[128];
    const char *domain = PKI_PROFILES[role].domain;
    if (has_fault(k, role, TREE_WRONG_DOMAIN))
        domain = domain != NULL && strcmp(domain, "OEM") == 0 ? "MO" : "OEM";
    X509_NAME *subject = X509_get_subject_name(x);
    common_name(k, role, name);
    /* a vehicle's has the EVCCID and the OEM, no more [V2G20-2598] */
    const char *country = role == ROLE_VEHICLE_LEAF ? NULL : COUNTRY;
    return add_name(subject, "CN", title != NULL ? title : name) &&
           add_name(subject, "O", ORGANIZATION) && add_name(subject, "C", country) &&
           add_name(subject, "DC", domain);
}

static int add_extension(X509 *x, X509 *issuer, int nid, const char *text)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &context, nid, text);
    int good = made != NULL && X509_add_ext(x, made, -1) == 1;
    X509_EXTENSION_free(made);
    return good;
}

/* The subject key identifier: of ISO 15118-20 in the form of 64 bits (RFC 5280, 4.2.1.2, method 2),
 * which is what the key transport of a contract refers to. */
static int add_key_identifier(const struct maker *k, X509 *x)
{
    uint8_t hash[SHA_DIGEST_LENGTH];
    struct buf hex = {0};
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x);
    if (k->edition == EDITION_2)
        return add_extension(x, NULL, NID_subject_key_identifier, "hash");
    SHA1(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key), hash);
    hash[12] = (uint8_t)(0x40 | (hash[12] & 0x0F));
    buf_hex(&hex, hash + 12, 8, true);
    int good = add_extension(x, NULL, NID_subject_key_identifier, buf_string(&hex));
    buf_close(&hex);
    return good;
}

static int add_usage(const struct maker *k, X509 *x, enum pki_role role)
{
    char text[16 + PKI_USAGE_TEXT], usage[PKI_USAGE_TEXT];
    bool is_wrong = has_fault(k, role, TREE_WRONG_KEY_USAGE);
    uint32_t wrong = pki_role_is_ca(role) ? KU_DIGITAL_SIGNATURE : KU_KEY_ENCIPHERMENT;
    snprintf(text, sizeof text, "critical,%s",
             pki_usage_text(is_wrong ? wrong : PKI_PROFILES[role].made, usage));
    return add_extension(x, NULL, NID_key_usage, text);
}

static int add_extensions(const struct maker *k, X509 *x, X509 *issuer, enum pki_role role)
{
    char text[256];
    const struct pki_profile *p = &PKI_PROFILES[role];
    const char *ocsp = k->t->ocsp != NULL ? k->t->ocsp : PKI_OCSP_URL;
    int length = has_fault(k, role, TREE_PATH_LENGTH) && p->path_length > 0 ? 0 : p->path_length;
    snprintf(text, sizeof text,
             length == PKI_NO_CA       ? "critical,CA:FALSE"
             : length == PKI_NO_LENGTH ? "critical,CA:TRUE"
                                       : "critical,CA:TRUE,pathlen:%d",
             length);
    if (!add_extension(x, issuer, NID_basic_constraints, text) || !add_usage(k, x, role) ||
        !add_key_identifier(k, x))
        return 0;
    if (p->purpose != NULL && k->edition == EDITION_20) {
        snprintf(text, sizeof text, "critical,%s", p->purpose);
        if (!add_extension(x, issuer, NID_ext_key_usage, text))
            return 0;
    }
    if (pki_role_is_root(role))
        return 1;
    if (!add_extension(x, issuer, NID_authority_key_identifier, "keyid:always"))
        return 0;
    snprintf(text, sizeof text, "OCSP;URI:%s", ocsp);
    if (!add_extension(x, issuer, NID_info_access, text))
        return 0;
    snprintf(text, sizeof text, "URI:%scrl/%s/%s.crl", ocsp, PKI_TREE_FOLDERS[k->edition],
             PKI_PROFILES[p->issuer].name);
    return add_extension(x, issuer, NID_crl_distribution_points, text);
}

static int set_validity(const struct maker *k, X509 *x, enum pki_role role)
{
    int64_t from = k->t->now - 3600, days = PKI_PROFILES[role].days[k->edition];
    int64_t until = from + days * DAY;
    if (k->t->days > 0 && !pki_role_is_ca(role))
        until = k->t->now + (int64_t)k->t->days * DAY;
    if (has_fault(k, role, TREE_EXPIRED)) {
        until = k->t->now - DAY;
        from = until - days * DAY;
    } else if (has_fault(k, role, TREE_NOT_YET_VALID)) {
        from = k->t->now + 30 * DAY;
        until = from + days * DAY;
    }
    return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)until) != NULL;
}

/* Where one chain more is made, what is revoked has the serial that all lists name. */
static int set_serial(const struct maker *k, X509 *x, enum pki_role role)
{
    uint64_t number = 0;
    if (RAND_bytes((uint8_t *)&number, sizeof number) != 1)
        return 0;
    number =
        k->is_one_more && has_fault(k, role, TREE_REVOKED) ? PKI_REVOKED_SERIAL : (number >> 1) | 1;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), number);
}

static void break_signature(X509 *x)
{
    const ASN1_BIT_STRING *signature;
    X509_get0_signature(&signature, NULL, x);
    /* the last octet: the form stays that of two numbers */
    uint8_t *p = (uint8_t *)(uintptr_t)ASN1_STRING_get0_data(signature);
    p[ASN1_STRING_length(signature) - 1] ^= 1;
}

/* A certificate of that role, issued by `issuer` (NULL: by itself). title: in place of the usual
 * common name, or NULL. */
static int make_certificate(struct maker *k, enum pki_role role, const struct made *issuer,
                            const char *title, struct made *made)
{
    bool wrong_curve = title == NULL && has_fault(k, role, TREE_WRONG_CURVE);
    made->key = make_key(k, wrong_curve);
    made->x = X509_new();
    if (made->key == NULL || made->x == NULL)
        return failed(k->e, "a key cannot be made");
    X509 *by = issuer == NULL ? made->x : issuer->x;
    EVP_PKEY *with = issuer == NULL ? made->key : issuer->key;
    bool good = X509_set_version(made->x, X509_VERSION_3) == 1 && set_serial(k, made->x, role) &&
                set_subject(k, made->x, role, title) &&
                X509_set_issuer_name(made->x, X509_get_subject_name(by)) == 1 &&
                set_validity(k, made->x, role) && X509_set_pubkey(made->x, made->key) == 1 &&
                add_extensions(k, made->x, by, role) &&
                X509_sign(made->x, with, hash_for(k, with)) > 0;
    if (!good)
        return failed(k->e, "a certificate cannot be made");
    if (title == NULL && has_fault(k, role, TREE_BAD_SIGNATURE))
        break_signature(made->x);
    return 0;
}

/* The sub-CA 2 of the branch that a leaf is issued by. */
static enum pki_role issuer_of(const struct maker *k, enum pki_role leaf)
{
    enum pki_role issuer = PKI_PROFILES[leaf].issuer;
    if (!has_fault(k, leaf, TREE_FOREIGN))
        return issuer;
    return issuer == ROLE_CPO_SUB2 ? ROLE_MO_SUB2 : ROLE_CPO_SUB2;
}

static int make_role(struct maker *k, enum pki_role role)
{
    const struct pki_profile *p = &PKI_PROFILES[role];
    const struct made *issuer = pki_role_is_root(role) ? NULL : &k->at[p->issuer];
    if (has_fault(k, role, TREE_SELF_SIGNED))
        issuer = NULL;
    if (has_fault(k, role, TREE_FOREIGN))
        issuer = &k->at[issuer_of(k, role)];
    if (!pki_role_is_ca(role) && has_fault(k, role, TREE_PATH_LENGTH)) {
        if (make_certificate(k, p->issuer, issuer, "sub-CA 3, one too many", &k->extra) != 0)
            return -1;
        issuer = &k->extra;
    }
    return make_certificate(k, role, issuer, NULL, &k->at[role]);
}

/* ---- files ---- */

const char *pki_tree_path(char *path, const char *folder, enum pki_edition edition,
                          const char *role, const char *suffix)
{
    snprintf(path, PKI_PATH_MAX, "%s/%s/%s%s", folder, PKI_TREE_FOLDERS[edition], role, suffix);
    return path;
}

/* A new file, which nobody but its owner may ever have read if mode says so. */
static int write_file(const char *path, mode_t mode, const struct buf *bytes, struct err *e)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return err_set(e, "%s cannot be written: %s", path, strerror(errno));
    size_t at = 0;
    while (at < bytes->n) {
        ssize_t n = write(fd, bytes->p + at, bytes->n - at);
        if (n <= 0 && errno != EINTR)
            break;
        at += n > 0 ? (size_t)n : 0;
    }
    int bad = at < bytes->n ? errno : 0;
    if (close(fd) != 0 && bad == 0)
        bad = errno;
    return bad != 0 ? err_set(e, "%s cannot be written: %s", path, strerror(bad)) : 0;
}

static void take_bio(struct buf *out, BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    if (n > 0)
        buf_add(out, p, (size_t)n);
    BIO_free(bio);
}

/* Appends the PEM text of a certificate; of an unparseable one without its last octets. */
static void add_pem(const struct maker *k, struct buf *out, X509 *x, enum pki_role role)
{
    uint8_t *der = NULL;
    int n = i2d_X509(x, &der);
    BIO *bio = BIO_new(BIO_s_mem());
    if (has_fault(k, role, TREE_UNPARSEABLE))
        n -= 40;
    if (bio == NULL || n <= 0 || PEM_write_bio(bio, PEM_STRING_X509, "", der, n) <= 0)
        out->failed = true;
    take_bio(out, bio);
    OPENSSL_free(der);
}

static const char *file_name(const struct maker *k, enum pki_role role)
{
    return k->name != NULL ? k->name : PKI_PROFILES[role].name;
}

static int write_certificate(const struct maker *k, enum pki_role role)
{
    char path[PKI_PATH_MAX];
    struct buf bytes = {0};
    const char *name = file_name(k, role);
    add_pem(k, &bytes, k->at[role].x, role);
    int bad = bytes.failed ? failed(k->e, "a certificate cannot be written")
                           : write_file(pki_tree_path(path, k->t->folder, k->edition, name, ".pem"),
                                        0644, &bytes, k->e);
    buf_close(&bytes);
    BIO *bio = bad ? NULL : BIO_new(BIO_s_secmem());
    if (bio == NULL)
        return bad ? -1 : err_set(k->e, "out of memory");
    if (PEM_write_bio_PrivateKey(bio, k->at[role].key, NULL, NULL, 0, NULL, NULL) != 1)
        bad = failed(k->e, "a key cannot be written");
    take_bio(&bytes, bio);
    if (bad == 0)
        bad = write_file(pki_tree_path(path, k->t->folder, k->edition, name, ".key"), 0600, &bytes,
                         k->e);
    OPENSSL_cleanse(bytes.p, bytes.n);
    buf_close(&bytes);
    return bad;
}

/* Appends the leaf and its sub-CAs, in the order of the wire or as the faults want it. */
static void add_chain(const struct maker *k, struct buf *out, enum pki_role leaf)
{
    enum pki_role sub2 = issuer_of(k, leaf);
    enum pki_role sub1 = PKI_PROFILES[sub2].issuer;
    bool is_swapped = has_fault(k, leaf, TREE_SWAPPED);
    bool lacks_2 = has_fault(k, leaf, TREE_MISSING) || has_fault(k, sub2, TREE_MISSING);
    add_pem(k, out, k->at[leaf].x, leaf);
    if (has_fault(k, leaf, TREE_PATH_LENGTH))
        add_pem(k, out, k->extra.x, ROLE_UNKNOWN);
    if (is_swapped && !has_fault(k, sub1, TREE_MISSING))
        add_pem(k, out, k->at[sub1].x, sub1);
    if (!lacks_2)
        add_pem(k, out, k->at[sub2].x, sub2);
    if (!is_swapped && !has_fault(k, sub1, TREE_MISSING))
        add_pem(k, out, k->at[sub1].x, sub1);
}

static int write_chain(const struct maker *k, enum pki_role leaf)
{
    char path[PKI_PATH_MAX];
    struct buf bytes = {0};
    add_chain(k, &bytes, leaf);
    pki_tree_path(path, k->t->folder, k->edition, file_name(k, leaf), ".chain.pem");
    int bad = bytes.failed ? err_set(k->e, "out of memory") : write_file(path, 0644, &bytes, k->e);
    buf_close(&bytes);
    return bad;
}

static int add_revoked(X509_CRL *crl, ASN1_INTEGER *serial, ASN1_TIME *when)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    if (revoked == NULL || X509_REVOKED_set_serialNumber(revoked, serial) != 1 ||
        X509_REVOKED_set_revocationDate(revoked, when) != 1 ||
        X509_CRL_add0_revoked(crl, revoked) != 1) {
        X509_REVOKED_free(revoked);
        return 0;
    }
    return 1;
}

/* What has the fault, and the one that pki_tree_issue may make. */
static int add_all_revoked(const struct maker *k, X509_CRL *crl, enum pki_role ca, ASN1_TIME *when)
{
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    int good = serial != NULL && ASN1_INTEGER_set_uint64(serial, PKI_REVOKED_SERIAL) == 1 &&
               add_revoked(crl, serial, when);
    for (unsigned r = 0; r < ROLES && good; r++) {
        X509 *x = k->at[r].x;
        if (PKI_PROFILES[r].issuer == ca && r != ca && x != NULL &&
            has_fault(k, (enum pki_role)r, TREE_REVOKED))
            good = add_revoked(crl, X509_get_serialNumber(x), when);
    }
    ASN1_INTEGER_free(serial);
    return good;
}

/* The revocation list of a CA. */
static int write_list(const struct maker *k, enum pki_role ca)
{
    char path[PKI_PATH_MAX];
    struct buf bytes = {0};
    const struct made *by = &k->at[ca];
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(k->t->now - 3600));
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(k->t->now + CRL_DAYS * DAY));
    bool good = crl != NULL && from != NULL && until != NULL &&
                X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->x)) == 1 &&
                X509_CRL_set1_lastUpdate(crl, from) == 1 &&
                X509_CRL_set1_nextUpdate(crl, until) == 1;
    good = good && add_all_revoked(k, crl, ca, from) && X509_CRL_sort(crl) == 1 &&
           X509_CRL_sign(crl, by->key, hash_for(k, by->key)) > 0;
    BIO *bio = good ? BIO_new(BIO_s_mem()) : NULL;
    good = bio != NULL && PEM_write_bio_X509_CRL(bio, crl) == 1;
    if (bio != NULL)
        take_bio(&bytes, bio);
    pki_tree_path(path, k->t->folder, k->edition, PKI_PROFILES[ca].name, ".crl");
    int bad = good ? write_file(path, 0644, &bytes, k->e)
                   : failed(k->e, "a revocation list cannot be made");
    buf_close(&bytes);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    X509_CRL_free(crl);
    return bad;
}

static int write_made(const struct maker *k)
{
    char path[PKI_PATH_MAX];
    struct buf bytes = {0};
    buf_printf(&bytes, MADE_FORM " by v2glab " V2G_VERSION "\n", PKI_TREE_PROFILE);
    pki_tree_path(path, k->t->folder, k->edition, "made", "");
    int bad = write_file(path, 0644, &bytes, k->e);
    buf_close(&bytes);
    return bad;
}

static int write_revoked(const struct maker *k)
{
    char path[PKI_PATH_MAX];
    struct buf bytes = {0};
    for (unsigned i = 0; i < k->t->faults; i++)
        if (k->t->fault[i].fault == TREE_REVOKED)
            buf_printf(&bytes, "%s\n", PKI_PROFILES[k->t->fault[i].role].name);
    pki_tree_path(path, k->t->folder, k->edition, "revoked", "");
    int bad = write_file(path, 0644, &bytes, k->e);
    buf_close(&bytes);
    return bad;
}

/* ---- the tree ---- */

static bool is_made(enum pki_edition edition, unsigned role)
{
    return PKI_PROFILES[role].clause[edition][0] != '\0';
}

/* A further contract of the same operator. */
static int make_contract(const struct maker *first, unsigned number)
{
    char name[32];
    struct pki_tree t = *first->t;
    struct maker k = *first;
    struct made *made = &k.at[ROLE_CONTRACT_LEAF];
    t.faults = 0;
    t.emaid = t.contract[number];
    k.t = &t;
    k.name = name;
    *made = (struct made){0};
    snprintf(name, sizeof name, "%s-%u", PKI_PROFILES[ROLE_CONTRACT_LEAF].name, number + 2);
    int bad = make_certificate(&k, ROLE_CONTRACT_LEAF, &k.at[ROLE_MO_SUB2], NULL, made);
    if (bad == 0)
        bad = write_certificate(&k, ROLE_CONTRACT_LEAF);
    if (bad == 0)
        bad = write_chain(&k, ROLE_CONTRACT_LEAF);
    X509_free(made->x);
    EVP_PKEY_free(made->key);
    return bad;
}

static void close_maker(struct maker *k)
{
    for (unsigned r = 0; r < ROLES; r++) {
        X509_free(k->at[r].x);
        EVP_PKEY_free(k->at[r].key);
    }
    X509_free(k->extra.x);
    EVP_PKEY_free(k->extra.key);
}

static int make_edition(struct maker *k)
{
    int bad = 0;
    for (unsigned leaf = 0; leaf < 2 && bad == 0; leaf++) /* the CAs first */
        for (unsigned r = 0; r < ROLES && bad == 0; r++)
            if (is_made(k->edition, r) && pki_role_is_ca((enum pki_role)r) == (leaf == 0))
                bad = make_role(k, (enum pki_role)r);
    for (unsigned r = 0; r < ROLES && bad == 0; r++) {
        if (!is_made(k->edition, r))
            continue;
        bad = write_certificate(k, (enum pki_role)r);
        if (bad == 0)
            bad = pki_role_is_ca((enum pki_role)r) ? write_list(k, (enum pki_role)r)
                                                   : write_chain(k, (enum pki_role)r);
    }
    for (unsigned i = 0; i < k->t->contracts && bad == 0; i++)
        bad = make_contract(k, i);
    if (bad == 0)
        bad = write_made(k);
    if (bad == 0)
        bad = write_revoked(k);
    close_maker(k);
    return bad;
}

static int make_folder(const char *folder, struct err *e)
{
    char path[PKI_PATH_MAX];
    size_t n = strlen(folder);
    if (n == 0 || n >= sizeof path - 64)
        return err_set(e, "'%.60s': expected the name of a folder", folder);
    for (size_t i = 1; i <= n; i++) {
        if (folder[i] != '/' && folder[i] != '\0')
            continue;
        memcpy(path, folder, i);
        path[i] = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return err_set(e, "folder %s cannot be made: %s", path, strerror(errno));
    }
    return 0;
}

static bool file_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

bool pki_tree_has(const char *folder, enum pki_edition edition)
{
    char path[PKI_PATH_MAX];
    return file_exists(pki_tree_path(path, folder, edition, "revoked", ""));
}

bool pki_tree_is_old(const char *folder, enum pki_edition edition)
{
    char path[PKI_PATH_MAX];
    int profile = 1;
    if (!pki_tree_has(folder, edition))
        return false;
    FILE *f = fopen(pki_tree_path(path, folder, edition, "made", ""), "r");
    if (f != NULL && fscanf(f, MADE_FORM, &profile) != 1)
        profile = 1;
    if (f != NULL)
        fclose(f);
    return profile < PKI_TREE_PROFILE;
}

static int check_wishes(const struct pki_tree *t, struct err *e)
{
    char emaid[16], path[PKI_PATH_MAX];
    if (t->emaid != NULL && emaid_read(t->emaid, emaid, e) != 0)
        return -1;
    for (unsigned i = 0; i < t->contracts; i++)
        if (emaid_read(t->contract[i], emaid, e) != 0)
            return -1;
    if (t->ocsp != NULL && (strlen(t->ocsp) > 120 || strpbrk(t->ocsp, ",;\n ") != NULL ||
                            strncmp(t->ocsp, "http", 4) != 0 || !strchr(t->ocsp, '/')))
        return err_set(e, "'%.60s' is no URL for the OCSP responder; expected http://HOST:PORT/",
                       t->ocsp);
    if ((t->pcid != NULL && strlen(t->pcid) > 32) || (t->cpid != NULL && strlen(t->cpid) > 48) ||
        (t->evccid != NULL && strlen(t->evccid) > 48))
        return err_set(e, "an identifier is too long; expected at most 32 characters of a PCID, 48 "
                          "of a CPID or EVCCID");
    for (unsigned i = 0; i < 2; i++) {
        pki_tree_path(path, t->folder, (enum pki_edition)i, "v2g-root", ".pem");
        if (t->edition[i] && !t->replaces && file_exists(path))
            return err_set(e, "there is a tree in %s already; say --replace to make it anew",
                           t->folder);
    }
    return 0;
}

int pki_tree_make(const struct pki_tree *t, struct err *e)
{
    if (make_folder(t->folder, e) != 0 || check_wishes(t, e) != 0)
        return -1;
    for (unsigned i = 0; i < t->faults; i++) {
        bool is_any = (t->edition[0] && is_made(EDITION_2, t->fault[i].role)) ||
                      (t->edition[1] && is_made(EDITION_20, t->fault[i].role));
        if (!is_any)
            return err_set(e, "%s is only in ISO 15118-20", PKI_PROFILES[t->fault[i].role].name);
    }
    for (unsigned i = 0; i < 2; i++) {
        char path[PKI_PATH_MAX];
        struct maker k = {.t = t, .edition = (enum pki_edition)i, .e = e};
        if (!t->edition[i])
            continue;
        snprintf(path, sizeof path, "%s/%s", t->folder, PKI_TREE_FOLDERS[i]);
        if (make_folder(path, e) != 0 || make_edition(&k) != 0)
            return -1;
    }
    return 0;
}

/* ---- one chain more ---- */

/* What is made as revoked is so only where the list of its CA, in the tree, says so. */
static int check_list(const struct maker *k, enum pki_role role)
{
    char path[PKI_PATH_MAX];
    struct pki_chain c = {0};
    struct err ignored = ERR_INIT;
    X509_REVOKED *found = NULL;
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    const char *ca = PKI_PROFILES[PKI_PROFILES[role].issuer].name;
    pki_tree_path(path, k->t->folder, k->edition, ca, ".crl");
    bool is_there = serial != NULL && ASN1_INTEGER_set_uint64(serial, PKI_REVOKED_SERIAL) == 1 &&
                    pki_chain_read(&c, path, &ignored) == 0 && c.crls > 0 &&
                    X509_CRL_get0_by_serial(c.crl[0], &found, serial) == 1;
    ASN1_INTEGER_free(serial);
    pki_chain_close(&c);
    return is_there ? 0
                    : err_set(k->e,
                              "%s: the list does not name what is made as revoked; "
                              "`v2glab pki make --replace` makes a tree whose lists do",
                              path);
}

/* A CA that the tree has, with its key where something is to be issued by it. */
static int load_role(struct maker *k, enum pki_role role, bool issues)
{
    char path[PKI_PATH_MAX];
    struct pki_chain chain = {0};
    const char *name = PKI_PROFILES[role].name;
    pki_tree_path(path, k->t->folder, k->edition, name, ".pem");
    int bad = pki_chain_read(&chain, path, k->e);
    if (bad == 0 && chain.at[0].x == NULL)
        bad = err_set(k->e, "%s: %s", path, chain.at[0].problem);
    k->at[role].x = chain.at[0].x; /* NULL where it could not be read */
    chain.at[0].x = NULL;
    pki_chain_close(&chain);
    if (bad != 0 || !issues)
        return bad;
    pki_tree_path(path, k->t->folder, k->edition, name, ".key");
    k->at[role].key = pki_key_read(path, k->e);
    return k->at[role].key == NULL ? -1 : 0;
}

static bool has_any_fault(const struct maker *k, enum pki_role role)
{
    for (unsigned i = 0; i < k->t->faults; i++)
        if (k->t->fault[i].role == role)
            return true;
    return false;
}

/* A fault that would not be seen: of a role that is not on the way, or only in a list. */
static int check_faults(const struct maker *k, const enum pki_role *way, unsigned n)
{
    for (unsigned i = 0; i < k->t->faults; i++) {
        enum pki_role role = k->t->fault[i].role;
        unsigned at = 0;
        while (at < n && way[at] != role)
            at++;
        if (at == n)
            return err_set(k->e, "%s is not above %s", PKI_PROFILES[role].name,
                           PKI_PROFILES[way[0]].name);
        if (k->t->fault[i].fault == TREE_REVOKED && check_list(k, role) != 0)
            return -1;
    }
    return 0;
}

/* From the root down: what has no fault, and nothing above it that has one, is the tree's. */
static int issue(struct maker *k, enum pki_role leaf, bool is_foreign)
{
    enum pki_role way[ROLES] = {leaf};
    unsigned n = 1;
    for (enum pki_role r = issuer_of(k, leaf); n == 1 || r != way[n - 1];
         r = PKI_PROFILES[r].issuer)
        way[n++] = r;
    int bad = check_faults(k, way, n);
    bool is_anew = is_foreign;
    for (unsigned i = n; i-- > 0 && bad == 0;) {
        bool next_is_anew = i <= 1 || has_any_fault(k, way[i - 1]);
        is_anew = is_anew || i == 0 || has_any_fault(k, way[i]);
        bad = is_anew ? make_role(k, way[i]) : load_role(k, way[i], next_is_anew);
    }
    return bad;
}

int pki_tree_issue(const struct pki_tree *t, const struct pki_wish *w, struct buf *chain,
                   struct evp_pkey_st **key, struct err *e)
{
    struct maker k = {
        .t = t, .edition = w->edition, .called = w->called, .is_one_more = true, .e = e};
    bool is_root = pki_role_is_root(w->role);
    bool is_right = is_root ? w->is_foreign : !pki_role_is_ca(w->role);
    if (!is_right || !is_made(w->edition, w->role))
        return err_set(e, "%s is no leaf of that edition%s", PKI_PROFILES[w->role].name,
                       is_root ? "; a root is made with foreign = true" : "");
    int bad = is_root ? make_role(&k, w->role) : issue(&k, w->role, w->is_foreign);
    if (bad == 0 && !is_root)
        add_chain(&k, chain, w->role);
    if (bad == 0 && (is_root || w->has_root))
        add_pem(&k, chain, k.at[pki_role_root(w->role)].x, ROLE_UNKNOWN);
    if (bad == 0) {
        *key = k.at[w->role].key;
        k.at[w->role].key = NULL;
    }
    close_maker(&k);
    return bad == 0 && chain->failed ? err_set(e, "out of memory") : bad;
}

/* ---- the demo tree ---- */

#define DEMO_VARIABLE "V2GLAB_PKI"

int pki_tree_demo_folder(char *folder, int size, struct err *e)
{
    static const struct {
        const char *variable, *rest;
    } PLACES[] = {{DEMO_VARIABLE, ""},
                  {"XDG_DATA_HOME", "/v2glab/pki"},
                  {"HOME", "/.local/share/v2glab/pki"}};
    for (unsigned i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        const char *base = getenv(PLACES[i].variable);
        if (base == NULL || base[0] == '\0')
            continue;
        int n = snprintf(folder, (size_t)size, "%s%s", base, PLACES[i].rest);
        return n < size ? 0 : err_set(e, "the path in %s is too long", PLACES[i].variable);
    }
    return err_set(e,
                   "no place for the demo certificates: neither V2GLAB_PKI nor XDG_DATA_HOME nor "
                   "HOME is set");
}

/* An old tree may be known to other devices: it is kept as iso15118-2.old, or .old-2 … */
static int put_aside(const char *folder, enum pki_edition edition, struct err *e)
{
    char from[PKI_PATH_MAX], to[PKI_PATH_MAX];
    snprintf(from, sizeof from, "%s/%s", folder, PKI_TREE_FOLDERS[edition]);
    for (int i = 1; i < 100; i++) {
        snprintf(to, sizeof to, i == 1 ? "%s/%s.old" : "%s/%s.old-%d", folder,
                 PKI_TREE_FOLDERS[edition], i);
        if (!file_exists(to))
            break;
    }
    if (rename(from, to) == 0)
        return 0;
    return err_set(e, "%s, of an older version, cannot be renamed to %s: %s", from, to,
                   strerror(errno));
}

/* Which editions are to be made. Where the user has named the folder a tree stays, however old. */
static int choose_editions(struct pki_tree *t, struct err *e)
{
    const char *named = getenv(DEMO_VARIABLE);
    bool is_named = named != NULL && named[0] != '\0';
    int bad = 0;
    for (unsigned i = 0; i < 2 && bad == 0; i++) {
        bool is_old = !is_named && pki_tree_is_old(t->folder, (enum pki_edition)i);
        t->edition[i] = is_old || !pki_tree_has(t->folder, (enum pki_edition)i);
        if (is_old)
            bad = put_aside(t->folder, (enum pki_edition)i, e);
    }
    return bad;
}

int pki_tree_demo(char *folder, int size, struct err *e)
{
    char path[PKI_PATH_MAX];
    struct pki_tree t;
    if (pki_tree_demo_folder(folder, size, e) != 0 || make_folder(folder, e) != 0)
        return -1;
    /* two runs that begin at the same time must not both make it */
    snprintf(path, sizeof path, "%s/.lock", folder);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        err_set(e, "%s cannot be locked: %s", path, strerror(errno));
        if (lock >= 0)
            close(lock);
        return -1;
    }
    pki_tree_open(&t, folder);
    t.replaces = true;
    int bad = choose_editions(&t, e);
    if (bad == 0 && (t.edition[0] || t.edition[1]))
        bad = pki_tree_make(&t, e);
    close(lock);
    return bad;
}
