/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the certificates of the charging world must look like: the profiles of ISO 15118-2, annex F,
 * and ISO 15118-20, annex B, as a table, and holding one certificate against its row.
 */
#ifndef V2G_TRUST_PKI_PROFILE_H
#define V2G_TRUST_PKI_PROFILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct evp_pkey_st; /* EVP_PKEY of OpenSSL */
struct x509_st;     /* X509 */
struct X509_name_st;

enum pki_edition { EDITION_2, EDITION_20 }; /* ORDER PKI_EDITION */

/* Who a certificate belongs to. ORDER PKI_ROLE */
enum pki_role {
    ROLE_V2G_ROOT,
    ROLE_CPO_SUB1,
    ROLE_CPO_SUB2,
    ROLE_SECC_LEAF,
    ROLE_CPS_SUB1,
    ROLE_CPS_SUB2,
    ROLE_CPS_LEAF,
    ROLE_OEM_ROOT,
    ROLE_OEM_SUB1,
    ROLE_OEM_SUB2,
    ROLE_OEM_LEAF,
    ROLE_MO_ROOT,
    ROLE_MO_SUB1,
    ROLE_MO_SUB2,
    ROLE_CONTRACT_LEAF,
    ROLE_VEHICLE_SUB1, /* ISO 15118-20 only, as the next two */
    ROLE_VEHICLE_SUB2,
    ROLE_VEHICLE_LEAF,
    ROLES,
    ROLE_UNKNOWN = ROLES,
};

/* What the common name must be. */
enum pki_name { NAME_ANY, NAME_EMAID, NAME_PCID };

enum { PKI_NO_LENGTH = -1, PKI_NO_CA = -2 };

struct pki_profile {
    const char *name;        /* "secc-leaf" */
    const char *title;       /* "SECC certificate" */
    const char *clause[2];   /* by edition: "ISO 15118-2, table F.2"; "": it has none of these */
    enum pki_role issuer;    /* itself: a root */
    int8_t path_length;      /* or PKI_NO_LENGTH, or of a leaf PKI_NO_CA */
    uint16_t must, may;      /* key usages, bits as KU_… of OpenSSL; */
    uint16_t made;           /* those that certificates for tests have */
    const char *domain;      /* domain component; NULL: any */
    bool needs_domain;       /* else it may be missing */
    const char *also_domain; /* one that is taken besides; or NULL */
    enum pki_name common_name;
    const char
        *purpose;       /* extended key usage that ISO 15118-20 wants, by OpenSSL's name; or NULL */
    bool needs_purpose; /* it must be there, and critical */
    uint16_t days[2];   /* usual validity, by edition */
    uint16_t days_most[2]; /* longest; 0: left to the issuer */
};

/* ORDER PKI_ROLE */
extern const struct pki_profile PKI_PROFILES[ROLES];

/* What all certificates of an edition have in common. */
struct pki_rules {
    const char *curve[2]; /* OpenSSL's names of the groups, best first; NULL: there is one only */
    const char *curves, *curve_clause; /* for people */
    int signature[2];                  /* NID_… of OpenSSL, with the key of that curve */
    const char *signatures, *signature_clause;
    int size_most;           /* octets of DER */
    const char *size_clause; /* NULL: the profile's */
};

/* ORDER PKI_EDITION */
extern const struct pki_rules PKI_RULES[2];

/* By name ("secc-leaf"); ROLE_UNKNOWN where there is none. */
enum pki_role pki_role_find(const char *name);

static inline bool pki_role_is_ca(enum pki_role role)
{
    return PKI_PROFILES[role].path_length != PKI_NO_CA;
}

static inline bool pki_role_is_root(enum pki_role role)
{
    return PKI_PROFILES[role].issuer == role;
}

/* The root above a role. */
static inline enum pki_role pki_role_root(enum pki_role role)
{
    while (!pki_role_is_root(role))
        role = PKI_PROFILES[role].issuer;
    return role;
}

/* What kind of thing is wrong. ORDER PKI_FAULT */
enum pki_fault {
    PKI_UNPARSEABLE,
    PKI_EXPIRED,
    PKI_NOT_YET_VALID,
    PKI_REVOKED,
    PKI_NO_ISSUER,   /* the certificate above it is missing, or no trust anchor is reached */
    PKI_ORDER,       /* the chain is not in the order of the wire, or has something foreign in it */
    PKI_SELF_SIGNED, /* a leaf or sub-CA that signed itself */
    PKI_SIGNATURE,
    PKI_PATH_LENGTH,
    PKI_CA, /* a leaf that is a CA, or an issuer that is none */
    PKI_KEY_USAGE,
    PKI_CURVE,
    PKI_ALGORITHM,
    PKI_DOMAIN,
    PKI_NAME,
    PKI_EXTENSION,
    PKI_VALIDITY, /* longer than it may be */
    PKI_SIZE,
    PKI_FAULTS,
};

/* "expired", "key usage", … */
const char *pki_fault_name(enum pki_fault fault);

struct pki_finding {
    enum pki_fault fault;
    bool is_error;      /* else a remark: unusual, or only recommended */
    int index;          /* certificate in the chain, from 0; -1: the chain as a whole */
    const char *role;   /* of the certificate: "secc-leaf"; "" unknown */
    const char *clause; /* "ISO 15118-2, table F.2" */
    const char *text;   /* what, expected, found */
};

typedef void (*pki_report)(void *context, const struct pki_finding *finding);

/* Where findings go, and how many errors there were. */
struct pki_findings {
    pki_report report;
    void *context;
    unsigned errors;
    uint32_t tolerated; /* bits 1 << enum pki_fault: these are no errors */
    int index;
    enum pki_role role;
    enum pki_edition edition;
};

/* One finding; clause NULL: that of the role's profile. */
void pki_find(struct pki_findings *f, enum pki_fault fault, bool is_error, const char *clause,
              const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Holds a certificate against the profile of f->role and f->edition: everything that it alone
 * tells, but not its validity at a time. */
void pki_profile_check(struct pki_findings *f, struct x509_st *certificate);

/* ---- what a certificate says ---- */

/* A part of the subject ("CN", "O", "C", "DC") as UTF-8; "" where there is none. */
const char *pki_subject(const struct x509_st *certificate, const char *part, char *text, int size);

#define PKI_USAGE_TEXT 160

/* "digitalSignature, keyAgreement" of bits KU_…, or "none", into text (PKI_USAGE_TEXT bytes), which
 * is returned. */
const char *pki_usage_text(uint32_t bits, char *text);

/* OpenSSL's name of the key's group ("prime256v1"), or its type ("ED448", "RSA"). */
const char *pki_curve(const struct x509_st *certificate, char *text, int size);

/* The same of a key alone. */
const char *pki_key_curve(const struct evp_pkey_st *key, char *text, int size);

/* Adds a distinguished name in the order of its parts ("DC=MO, CN=…"), or as RFC 4514 has it, from
 * the last one on ("CN=…,DC=MO"). */
void pki_add_name(struct buf *out, const struct X509_name_st *name, bool is_rfc4514);

/* Which edition a certificate's key belongs to; EDITION_2 for keys of neither. */
enum pki_edition pki_edition_of(const struct x509_st *certificate);

/* The role that a leaf or a root seems to have, by domain component, purpose and name. */
enum pki_role pki_role_guess(struct x509_st *certificate);

/* Whether a domain component may stand in the role's subject; one that may be any fits nobody. */
bool pki_domain_fits(enum pki_role role, const char *domain);

/* Whether the common name has the form that the role's must have. */
bool pki_name_fits(enum pki_role role, const struct x509_st *certificate);

/* ---- eMAID (ISO 15118-2, annex H) ---- */

/* The check digit of the first 14 letters and digits of an eMAID without separators; 0 where they
 * are none. */
char emaid_check_digit(const char *emaid);

/* Without separators ('-' at the places they may have), in capitals, into text (16 bytes). -1: it
 * is no eMAID of 14 or 15 characters, or its check digit is wrong. */
int emaid_read(const char *emaid, char *text, struct err *e);

#endif
