/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/pki_profile.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define TEXT_MAX 128

#define SIGN KU_DIGITAL_SIGNATURE
#define AGREE KU_KEY_AGREEMENT
#define OTHER_VEHICLE (KU_NON_REPUDIATION | KU_KEY_ENCIPHERMENT | AGREE)

/* Columns that are several fields. */
#define CLAUSES(clause_2, clause_20)                                                               \
    {                                                                                              \
        "ISO 15118-2, " clause_2, "ISO 15118-20, " clause_20                                       \
    }
#define CLAUSE_20(clause_20)                                                                       \
    {                                                                                              \
        "", "ISO 15118-20, " clause_20                                                             \
    }
#define USE(must, may, made) must, may, (must) | (made)
#define CA USE(KU_KEY_CERT_SIGN | KU_CRL_SIGN, SIGN | KU_NON_REPUDIATION, 0)
#define VEHICLE_CA USE(KU_KEY_CERT_SIGN, SIGN | OTHER_VEHICLE, 0)
#define DAYS(usual_2, most_2, usual_20, most_20)                                                   \
    {usual_2, usual_20},                                                                           \
    {                                                                                              \
        most_2, most_20                                                                            \
    }

/* A row a certificate. ORDER PKI_ROLE */
const struct pki_profile PKI_PROFILES[ROLES] = {
    {"v2g-root", "V2G root CA", CLAUSES("table F.1", "annex B"), ROLE_V2G_ROOT, PKI_NO_LENGTH, CA,
     "V2G", true, NULL, NAME_ANY, NULL, false, DAYS(14610, 14610, 14610, 14610)},
    {"cpo-sub1", "CPO sub-CA 1", CLAUSES("table F.2", "annex B"), ROLE_V2G_ROOT, 1, CA, "V2G",
     false, "CPO", NAME_ANY, NULL, false, DAYS(1461, 1461, 1461, 0)},
    {"cpo-sub2", "CPO sub-CA 2", CLAUSES("table F.2", "annex B"), ROLE_CPO_SUB1, 0, CA, "V2G",
     false, "CPO", NAME_ANY, NULL, false, DAYS(731, 731, 731, 0)},
    {"secc-leaf", "SECC certificate", CLAUSES("table F.2", "annex B"), ROLE_CPO_SUB2, PKI_NO_CA,
     USE(SIGN, AGREE, AGREE), "CPO", true, NULL, NAME_ANY, "serverAuth", false,
     DAYS(60, 93, 60, 0)},
    {"cps-sub1", "CPS sub-CA 1", CLAUSES("table F.3", "annex B"), ROLE_V2G_ROOT, 1, CA, "CPS",
     false, NULL, NAME_ANY, NULL, false, DAYS(1461, 1461, 1461, 0)},
    {"cps-sub2", "CPS sub-CA 2", CLAUSES("table F.3", "annex B"), ROLE_CPS_SUB1, 0, CA, "CPS",
     false, NULL, NAME_ANY, NULL, false, DAYS(731, 731, 731, 0)},
    {"cps-leaf", "provisioning service certificate", CLAUSES("table F.3", "annex B"), ROLE_CPS_SUB2,
     PKI_NO_CA, USE(SIGN, KU_NON_REPUDIATION, 0), "CPS", true, NULL, NAME_ANY, NULL, false,
     DAYS(90, 93, 90, 0)},
    {"oem-root", "OEM root CA", CLAUSES("table F.5", "B.7"), ROLE_OEM_ROOT, PKI_NO_LENGTH, CA,
     "OEM", false, NULL, NAME_ANY, NULL, false, DAYS(14610, 0, 14610, 0)},
    {"oem-sub1", "OEM sub-CA 1", CLAUSES("table F.5", "B.7"), ROLE_OEM_ROOT, 1, CA, "OEM", false,
     NULL, NAME_ANY, NULL, false, DAYS(7305, 0, 7305, 0)},
    {"oem-sub2", "OEM sub-CA 2", CLAUSES("table F.5", "B.7"), ROLE_OEM_SUB1, 0, CA, "OEM", false,
     NULL, NAME_ANY, NULL, false, DAYS(7305, 0, 7305, 0)},
    {"oem-leaf", "OEM provisioning certificate", CLAUSES("table F.5", "B.7"), ROLE_OEM_SUB2,
     PKI_NO_CA, USE(SIGN | AGREE, KU_NON_REPUDIATION, 0), "OEM", false, NULL, NAME_PCID, NULL,
     false, DAYS(3653, 0, 3653, 0)},
    {"mo-root", "MO root CA", CLAUSES("table F.4", "annex B"), ROLE_MO_ROOT, PKI_NO_LENGTH, CA,
     "MO", false, NULL, NAME_ANY, NULL, false, DAYS(14610, 0, 14610, 0)},
    {"mo-sub1", "MO sub-CA 1", CLAUSES("table F.4", "annex B"), ROLE_MO_ROOT, 1, CA, "MO", false,
     NULL, NAME_ANY, NULL, false, DAYS(1461, 0, 1461, 0)},
    {"mo-sub2", "MO sub-CA 2", CLAUSES("table F.4", "annex B"), ROLE_MO_SUB1, 0, CA, "MO", false,
     NULL, NAME_ANY, NULL, false, DAYS(1461, 0, 1461, 0)},
    {"contract-leaf", "contract certificate", CLAUSES("table F.4", "tables B.9 and B.10"),
     ROLE_MO_SUB2, PKI_NO_CA,
     USE(SIGN | KU_NON_REPUDIATION, KU_KEY_ENCIPHERMENT | AGREE, KU_KEY_ENCIPHERMENT | AGREE), "MO",
     false, NULL, NAME_EMAID, NULL, false, DAYS(730, 731, 730, 0)},
    {"vehicle-sub1", "vehicle sub-CA 1", CLAUSE_20("B.8"), ROLE_V2G_ROOT, 1, VEHICLE_CA, NULL,
     false, NULL, NAME_ANY, NULL, false, DAYS(0, 0, 7305, 0)},
    {"vehicle-sub2", "vehicle sub-CA 2", CLAUSE_20("B.8"), ROLE_VEHICLE_SUB1, 0, VEHICLE_CA, NULL,
     false, NULL, NAME_ANY, NULL, false, DAYS(0, 0, 3653, 0)},
    {"vehicle-leaf", "vehicle certificate", CLAUSE_20("B.8"), ROLE_VEHICLE_SUB2, PKI_NO_CA,
     USE(SIGN, OTHER_VEHICLE, 0), NULL, false, NULL, NAME_ANY, "clientAuth", true,
     DAYS(0, 0, 730, 0)},
};

/* ORDER PKI_EDITION */
const struct pki_rules PKI_RULES[2] = {
    {.curve = {"prime256v1", NULL},
     .curves = "secp256r1 (prime256v1)",
     .curve_clause = "[V2G2-007]",
     .signature = {NID_ecdsa_with_SHA256, NID_undef},
     .signatures = "ecdsa-with-SHA256",
     .signature_clause = "[V2G2-006]",
     .size_most = 800,
     .size_clause = "[V2G2-010]"},
    {.curve = {"secp521r1", "ED448"},
     .curves = "secp521r1 or Ed448",
     .curve_clause = "[V2G20-2674], [V2G20-2319]",
     .signature = {NID_ecdsa_with_SHA512, NID_ED448},
     .signatures = "ecdsa-with-SHA512 or Ed448",
     .signature_clause = "[V2G20-2674], [V2G20-2319]",
     .size_most = 1600}, /* as the schema has it */
};

enum pki_role pki_role_find(const char *name)
{
    for (unsigned i = 0; i < ROLES; i++)
        if (strcmp(PKI_PROFILES[i].name, name) == 0)
            return (enum pki_role)i;
    return ROLE_UNKNOWN;
}

const char *pki_fault_name(enum pki_fault fault)
{
    /* ORDER PKI_FAULT */
    static const char *const NAMES[PKI_FAULTS] = {
        "unparseable", "expired",   "not yet valid", "revoked",   "no issuer", "order",
        "self-signed", "signature", "path length",   "CA",        "key usage", "curve",
        "algorithm",   "domain",    "name",          "extension", "validity",  "size"};
    return NAMES[fault];
}

void pki_find(struct pki_findings *f, enum pki_fault fault, bool is_error, const char *clause,
              const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    is_error = is_error && (f->tolerated >> fault & 1) == 0;
    if (clause == NULL)
        clause = f->role == ROLE_UNKNOWN ? "" : PKI_PROFILES[f->role].clause[f->edition];
    struct pki_finding finding = {
        .fault = fault,
        .is_error = is_error,
        .index = f->index,
        .role = f->role == ROLE_UNKNOWN ? "" : PKI_PROFILES[f->role].name,
        .clause = clause,
        .text = text,
    };
    f->errors += is_error;
    if (f->report != NULL)
        f->report(f->context, &finding);
}

/* ---- what a certificate says ---- */

const char *pki_subject(const X509 *certificate, const char *part, char *text, int size)
{
    const X509_NAME *name = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(name, OBJ_sn2nid(part), -1);
    uint8_t *utf8 = NULL;
    text[0] = '\0';
    if (at < 0)
        return text;
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    int n = ASN1_STRING_to_UTF8(&utf8, value);
    /* a 0 within would hide what follows it */
    for (int i = 0; i < n && i + 1 < size; i++) {
        text[i] = utf8[i] < ' ' || utf8[i] == 127 ? '?' : (char)utf8[i];
        text[i + 1] = '\0';
    }
    OPENSSL_free(utf8);
    return text;
}

const char *pki_curve(const X509 *certificate, char *text, int size)
{
    return pki_key_curve(X509_get0_pubkey(certificate), text, size);
}

const char *pki_key_curve(const EVP_PKEY *key, char *text, int size)
{
    const char *type = key == NULL ? NULL : EVP_PKEY_get0_type_name(key);
    if (key != NULL && EVP_PKEY_is_a(key, "EC") &&
        EVP_PKEY_get_group_name(key, text, (size_t)size, NULL) == 1)
        return text;
    ERR_clear_error();
    snprintf(text, (size_t)size, "%s", type == NULL ? "unreadable" : type);
    return text;
}

void pki_add_name(struct buf *out, const X509_NAME *name, bool is_rfc4514)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *p = NULL;
    unsigned long how = is_rfc4514 ? XN_FLAG_RFC2253 : XN_FLAG_SEP_CPLUS_SPC | ASN1_STRFLGS_RFC2253;
    if (text == NULL)
        return;
    if (X509_NAME_entry_count(name) == 0 && !is_rfc4514)
        buf_text(out, "(no name)");
    else
        X509_NAME_print_ex(text, name, 0, how & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    long n = BIO_get_mem_data(text, &p);
    if (n > 0)
        buf_add(out, p, (size_t)n);
    BIO_free(text);
    ERR_clear_error();
}

static bool has_curve(const struct pki_rules *r, const char *curve)
{
    return strcmp(curve, r->curve[0]) == 0 ||
           (r->curve[1] != NULL && strcmp(curve, r->curve[1]) == 0);
}

enum pki_edition pki_edition_of(const X509 *certificate)
{
    char curve[64];
    pki_curve(certificate, curve, sizeof curve);
    return has_curve(&PKI_RULES[EDITION_20], curve) ? EDITION_20 : EDITION_2;
}

static bool is_pcid(const char *name)
{
    size_t n = strlen(name);
    return (n == 17 || n == 18) && strspn(name, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

bool pki_name_fits(enum pki_role role, const X509 *certificate)
{
    char name[TEXT_MAX], emaid[16];
    struct err e = ERR_INIT;
    pki_subject(certificate, "CN", name, sizeof name);
    switch (PKI_PROFILES[role].common_name) {
    case NAME_ANY:
        return name[0] != '\0';
    case NAME_EMAID:
        return emaid_read(name, emaid, &e) == 0;
    case NAME_PCID:
        return is_pcid(name);
    }
    return false;
}

static bool has_purpose(X509 *certificate, const char *purpose)
{
    bool found = false;
    EXTENDED_KEY_USAGE *all = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; i < sk_ASN1_OBJECT_num(all); i++)
        found = found || OBJ_obj2nid(sk_ASN1_OBJECT_value(all, i)) == OBJ_sn2nid(purpose);
    EXTENDED_KEY_USAGE_free(all);
    return found;
}

bool pki_domain_fits(enum pki_role role, const char *domain)
{
    const struct pki_profile *p = &PKI_PROFILES[role];
    return (p->domain != NULL && strcmp(domain, p->domain) == 0) ||
           (p->also_domain != NULL && strcmp(domain, p->also_domain) == 0);
}

enum pki_role pki_role_guess(X509 *certificate)
{
    char domain[TEXT_MAX], name[TEXT_MAX], emaid[16];
    struct err e = ERR_INIT;
    bool is_ca = X509_check_ca(certificate) == 1, is_known = false;
    pki_subject(certificate, "DC", domain, sizeof domain);
    pki_subject(certificate, "CN", name, sizeof name);
    for (enum pki_role i = 0; i < ROLES; i++) {
        bool fits = pki_domain_fits(i, domain);
        if (fits && (is_ca ? pki_role_is_root(i) : !pki_role_is_ca(i)))
            return i;
        is_known |= fits;
    }
    if (is_ca || is_known)
        return ROLE_UNKNOWN;
    if (has_purpose(certificate, "clientAuth"))
        return ROLE_VEHICLE_LEAF;
    if (has_purpose(certificate, "serverAuth"))
        return ROLE_SECC_LEAF;
    if (is_pcid(name))
        return ROLE_OEM_LEAF;
    return emaid_read(name, emaid, &e) == 0 ? ROLE_CONTRACT_LEAF : ROLE_UNKNOWN;
}

/* ---- eMAID ---- */

/* 0 … 35 of a digit or capital, or -1. */
static int emaid_number(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
}

/*
 * Each character is two numbers modulo 2 and two modulo 3; at place i they are multiplied by the
 * i-th power of a matrix, and all 15 products must add up to 0.
 */
char emaid_check_digit(const char *emaid)
{
    static const char LETTERS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    int q[4] = {0, 1, 1, 1}, r[4] = {0, 1, 1, 2}; /* the powers, row by row */
    int sum[4] = {0};
    for (int i = 0; i < 14; i++) {
        int k = emaid_number(emaid[i]);
        if (k < 0)
            return 0;
        int q1 = k / 18, q2 = k / 9 % 2, r1 = k % 9 / 3, r2 = k % 3;
        sum[0] = (sum[0] + q1 * q[0] + q2 * q[2]) % 2;
        sum[1] = (sum[1] + q1 * q[1] + q2 * q[3]) % 2;
        sum[2] = (sum[2] + r1 * r[0] + r2 * r[2]) % 3;
        sum[3] = (sum[3] + r1 * r[1] + r2 * r[3]) % 3;
        const int nq[4] = {q[1], (q[0] + q[1]) % 2, q[3], (q[2] + q[3]) % 2};
        const int nr[4] = {r[1], (r[0] + 2 * r[1]) % 3, r[3], (r[2] + 2 * r[3]) % 3};
        memcpy(q, nq, sizeof q);
        memcpy(r, nr, sizeof r);
    }
    /* the 15th power is the identity modulo 2, and the inverse of the first modulo 3 */
    int r1 = (3 - sum[3]) % 3, r2 = (3 - (sum[2] + r1) % 3) % 3;
    return LETTERS[(sum[0] * 2 + sum[1]) * 9 + r1 * 3 + r2];
}

int emaid_read(const char *emaid, char *text, struct err *e)
{
    size_t n = 0;
    for (const char *p = emaid; *p != '\0'; p++) {
        bool may_separate = n == 2 || n == 5 || n == 14;
        if (*p == '-' && may_separate && p[1] != '-' && p[1] != '\0')
            continue;
        char c = (char)toupper((unsigned char)*p);
        if (n == 15 || emaid_number(c) < 0 || (n < 2 && isdigit((unsigned char)c)))
            return err_set(e,
                           "'%.32s' is no eMAID; expected two letters of the country, three "
                           "characters of the provider, nine of the contract, a check digit",
                           emaid);
        text[n++] = c;
    }
    text[n] = '\0';
    if (n < 14)
        return err_set(e,
                       "'%.32s' is no eMAID: %zu characters; expected 14, or 15 with the check "
                       "digit",
                       emaid, n);
    char digit = emaid_check_digit(text);
    if (n == 15 && text[14] != digit)
        return err_set(e, "eMAID %s has the check digit %c; expected %c", text, text[14], digit);
    return 0;
}

/* ---- holding a certificate against its profile ---- */

static const struct {
    uint16_t bit;
    const char *name;
} USAGES[] = {
    {KU_DIGITAL_SIGNATURE, "digitalSignature"},
    {KU_NON_REPUDIATION, "nonRepudiation"},
    {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
    {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
    {KU_KEY_AGREEMENT, "keyAgreement"},
    {KU_KEY_CERT_SIGN, "keyCertSign"},
    {KU_CRL_SIGN, "cRLSign"},
    {KU_ENCIPHER_ONLY, "encipherOnly"},
    {KU_DECIPHER_ONLY, "decipherOnly"},
};

const char *pki_usage_text(uint32_t bits, char *text)
{
    size_t n = 0;
    strcpy(text, bits == 0 ? "none" : "");
    for (unsigned i = 0; i < sizeof USAGES / sizeof *USAGES; i++)
        if (bits & USAGES[i].bit)
            n += (size_t)snprintf(text + n, PKI_USAGE_TEXT - n, "%s%s", n == 0 ? "" : ", ",
                                  USAGES[i].name);
    return text;
}

static void check_usage(struct pki_findings *f, const struct pki_profile *p, X509 *x)
{
    char found[PKI_USAGE_TEXT], other[PKI_USAGE_TEXT];
    if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) == 0) {
        pki_find(f, PKI_KEY_USAGE, true, NULL, "no key usage; expected %s",
                 pki_usage_text(p->must, found));
        return;
    }
    uint32_t usage = X509_get_key_usage(x), missing = p->must & ~usage;
    uint32_t extra = usage & ~(uint32_t)(p->must | p->may);
    if (missing != 0)
        pki_find(f, PKI_KEY_USAGE, true, NULL, "key usage is %s; expected %s",
                 pki_usage_text(usage, found), pki_usage_text(p->must, other));
    else if (extra != 0)
        pki_find(f, PKI_KEY_USAGE, true, NULL, "key usage has %s; expected %s only",
                 pki_usage_text(extra, found), pki_usage_text(p->must | p->may, other));
}

static void check_constraints(struct pki_findings *f, const struct pki_profile *p, X509 *x)
{
    bool is_ca = (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
    bool wants_ca = p->path_length != PKI_NO_CA;
    long found = X509_get_pathlen(x);
    if ((X509_get_extension_flags(x) & EXFLAG_BCONS) == 0)
        pki_find(f, PKI_CA, true, NULL, "no basic constraints; expected CA %s",
                 wants_ca ? "true" : "false");
    else if (is_ca != wants_ca)
        pki_find(f, PKI_CA, true, wants_ca ? NULL : "[V2G2-867]",
                 "basic constraints say CA %s; expected %s", is_ca ? "true" : "false",
                 wants_ca ? "true" : "false");
    if (!wants_ca || !is_ca)
        return;
    if (found < 0 && p->path_length >= 0)
        pki_find(f, PKI_PATH_LENGTH, true, NULL, "no path length constraint; expected %d",
                 p->path_length);
    else if (found >= 0 && p->path_length >= 0 && found != p->path_length)
        pki_find(f, PKI_PATH_LENGTH, true, NULL, "path length constraint %ld; expected %d", found,
                 p->path_length);
    else if (found >= 0 && p->path_length == PKI_NO_LENGTH)
        pki_find(f, PKI_PATH_LENGTH, false, NULL, "path length constraint %ld; expected none",
                 found);
}

static void check_purpose(struct pki_findings *f, const struct pki_profile *p, X509 *x)
{
    int at = X509_get_ext_by_NID(x, NID_ext_key_usage, -1);
    if (f->edition != EDITION_20)
        return;
    if (p->purpose == NULL) {
        if (at >= 0 && p->path_length != PKI_NO_CA)
            pki_find(f, PKI_KEY_USAGE, true, NULL, "an extended key usage; expected none in a CA");
        return;
    }
    if (at < 0)
        pki_find(f, PKI_KEY_USAGE, p->needs_purpose, NULL, "no extended key usage; expected %s",
                 p->purpose);
    else if (!has_purpose(x, p->purpose))
        pki_find(f, PKI_KEY_USAGE, true, NULL, "the extended key usage lacks %s", p->purpose);
    else if (p->needs_purpose && !X509_EXTENSION_get_critical(X509_get_ext(x, at)))
        pki_find(f, PKI_EXTENSION, true, NULL, "the extended key usage is not critical");
}

/* An extension that must be there, critical or not (critical -1: either). */
static void check_extension(struct pki_findings *f, X509 *x, int nid, int critical, bool is_error)
{
    int at = X509_get_ext_by_NID(x, nid, -1);
    if (at < 0)
        pki_find(f, PKI_EXTENSION, is_error, NULL, "no %s", OBJ_nid2ln(nid));
    else if (critical >= 0 && X509_EXTENSION_get_critical(X509_get_ext(x, at)) != critical)
        pki_find(f, PKI_EXTENSION, true, NULL, "%s is %scritical; expected %scritical",
                 OBJ_nid2ln(nid), critical ? "not " : "", critical ? "" : "not ");
}

static void check_extensions(struct pki_findings *f, const struct pki_profile *p, X509 *x)
{
    bool is_root = pki_role_is_root(f->role), is_20 = f->edition == EDITION_20;
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *extension = X509_get_ext(x, i);
        char name[80];
        OBJ_obj2txt(name, sizeof name, X509_EXTENSION_get_object(extension), 0);
        if (X509_EXTENSION_get_critical(extension) && !X509_supported_extension(extension))
            pki_find(f, PKI_EXTENSION, true, "RFC 5280, 4.2",
                     "the critical extension %s is unknown", name);
    }
    if (X509_get_extension_flags(x) & EXFLAG_BCONS)
        check_extension(f, x, NID_basic_constraints, 1, true);
    if (X509_get_extension_flags(x) & EXFLAG_KUSAGE)
        check_extension(f, x, NID_key_usage, 1, true);
    check_extension(f, x, NID_subject_key_identifier, 0, is_20 || p->path_length != PKI_NO_CA);
    if (is_root)
        return;
    check_extension(f, x, NID_authority_key_identifier, 0, is_20);
    if (X509_get_ext_by_NID(x, NID_info_access, -1) < 0 &&
        X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) < 0)
        pki_find(f, PKI_EXTENSION, false, NULL,
                 "neither an OCSP address nor a CRL distribution point: it cannot be revoked");
}

static void check_key(struct pki_findings *f, X509 *x)
{
    char curve[64], algorithm[80];
    const X509_ALGOR *outer;
    const ASN1_OBJECT *oid;
    const struct pki_rules *r = &PKI_RULES[f->edition];
    pki_curve(x, curve, sizeof curve);
    if (!has_curve(r, curve))
        pki_find(f, PKI_CURVE, true, r->curve_clause, "a key of %s; expected %s", curve, r->curves);
    X509_get0_signature(NULL, &outer, x);
    X509_ALGOR_get0(&oid, NULL, NULL, outer);
    OBJ_obj2txt(algorithm, sizeof algorithm, oid, 0);
    int nid = OBJ_obj2nid(oid);
    if (nid == NID_undef || (nid != r->signature[0] && nid != r->signature[1]))
        pki_find(f, PKI_ALGORITHM, true, r->signature_clause, "signed with %s; expected %s",
                 algorithm, r->signatures);
}

static void check_names(struct pki_findings *f, const struct pki_profile *p, X509 *x)
{
    char domain[TEXT_MAX], name[TEXT_MAX], text[TEXT_MAX], emaid[16];
    struct err e = ERR_INIT;
    pki_subject(x, "DC", domain, sizeof domain);
    pki_subject(x, "CN", name, sizeof name);
    if (p->domain != NULL && domain[0] == '\0' && p->needs_domain)
        pki_find(f, PKI_DOMAIN, true, NULL, "no domain component; expected %s", p->domain);
    else if (p->domain != NULL && domain[0] != '\0' && !pki_domain_fits(f->role, domain))
        pki_find(f, PKI_DOMAIN, true,
                 p->needs_domain && f->edition == EDITION_2 ? "[V2G2-925]" : NULL,
                 "domain component %s; expected %s", domain, p->domain);
    if (name[0] == '\0')
        pki_find(f, PKI_NAME, true, NULL, "the subject has no common name");
    else if (p->common_name == NAME_EMAID && emaid_read(name, emaid, &e) != 0)
        pki_find(f, PKI_NAME, true, "[V2G2-108], ISO 15118-2, annex H", "%s", e.what);
    else if (p->common_name == NAME_PCID && !is_pcid(name))
        pki_find(f, PKI_NAME, false, NULL,
                 "the common name %s is no PCID of 17 or 18 capitals and digits", name);
    else if (f->role == ROLE_VEHICLE_LEAF && X509_NAME_entry_count(X509_get_subject_name(x)) > 2)
        pki_find(f, PKI_NAME, false, "[V2G20-2598]",
                 "the subject has %d parts; expected common name (EVCCID) and organization (OEM)",
                 X509_NAME_entry_count(X509_get_subject_name(x)));
    if (pki_subject(x, "O", text, sizeof text)[0] == '\0')
        pki_find(f, PKI_NAME, false, NULL, "the subject names no organization (O)");
}

static void check_size(struct pki_findings *f, const struct pki_profile *p, X509 *x)
{
    const struct pki_rules *r = &PKI_RULES[f->edition];
    int n = i2d_X509(x, NULL);
    int days = 0, seconds = 0;
    unsigned days_most = p->days_most[f->edition];
    if (n > r->size_most)
        pki_find(f, PKI_SIZE, true, r->size_clause, "%d octets; expected at most %d", n,
                 r->size_most);
    if (X509_get_version(x) != X509_VERSION_3)
        pki_find(f, PKI_EXTENSION, true, NULL, "X.509 version %ld; expected 3",
                 X509_get_version(x) + 1);
    if (ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), X509_get0_notAfter(x)) != 1)
        pki_find(f, PKI_UNPARSEABLE, true, "RFC 5280, 4.1.2.5", "the validity cannot be read");
    else if (days_most > 0 && days > (int)days_most)
        pki_find(f, PKI_VALIDITY, false, NULL, "valid for %d days; expected at most %u", days,
                 days_most);
}

void pki_profile_check(struct pki_findings *f, X509 *certificate)
{
    if (f->role == ROLE_UNKNOWN)
        return;
    const struct pki_profile *p = &PKI_PROFILES[f->role];
    /* reads and keeps the extensions; what it says is in the flags */
    X509_check_purpose(certificate, -1, 0);
    ERR_clear_error();
    if (X509_get_extension_flags(certificate) & EXFLAG_INVALID) {
        pki_find(f, PKI_UNPARSEABLE, true, "RFC 5280, 4.2", "an extension cannot be read");
        return;
    }
    check_size(f, p, certificate);
    check_key(f, certificate);
    check_names(f, p, certificate);
    check_constraints(f, p, certificate);
    check_usage(f, p, certificate);
    check_purpose(f, p, certificate);
    check_extensions(f, p, certificate);
    ERR_clear_error();
}
