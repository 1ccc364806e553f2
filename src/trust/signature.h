/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML signatures over EXI fragments, as the header of a message carries them (ISO 15118-2, 7.9.2.4;
 * ISO 15118-20, 7.9.2.4): checking, and saying what exactly does not fit.
 *
 * What is hashed is each signed element, and what is signed is SignedInfo, each encoded as an EXI
 * fragment by the rules of canonical EXI: options at their defaults, no string-table hits. A
 * received element is therefore hashed in the encoding that is made from its tree. Where the peer
 * wrote canonical EXI, these are its own bits, shifted to where a fragment has them; where it wrote
 * the element in another way, the digest is over the canonical form in any case.
 */
#ifndef V2G_TRUST_SIGNATURE_H
#define V2G_TRUST_SIGNATURE_H

#include "trust/signature_parts.h"
#include "trust/signature_suite.h"

/* ORDER SIGNATURE_FAULT */
enum signature_fault {
    SIGNATURE_VALID,
    SIGNATURE_ABSENT,    /* there is no Signature */
    SIGNATURE_MALFORMED, /* parts that must not or must be there, lengths */
    SIGNATURE_ALGORITHM, /* not the algorithms of this protocol, or a key of another kind */
    SIGNATURE_DANGLING,  /* a reference to no element, or to two */
    SIGNATURE_UNCOVERED, /* an element that must be signed has no reference */
    SIGNATURE_DIGEST,    /* a digest is not that of its element */
    SIGNATURE_VALUE,     /* the value is not that of SignedInfo and the key */
};

struct signature_reference {
    const char *uri;     /* "#id1"; in the message's arena */
    const char *element; /* name; NULL: none has that Id */
    bool matches;        /* the digest */
    bool matches_map;    /* it does not, but is that of a deployed codec which hashes eMAID as the
                            text "{Id=…, value=…}" in place of an attribute and its content */
    uint8_t stated[SIGNATURE_DIGEST_MAX], computed[SIGNATURE_DIGEST_MAX];
    uint16_t stated_size, computed_size; /* octets; of a longer statement the first ones are kept */
};

struct signature_report {
    enum signature_fault fault;          /* the first that was found */
    const struct signature_suite *suite; /* as stated; NULL: unknown */
    unsigned references;
    struct signature_reference reference[SIGNATURE_REFERENCES_MAX];
    bool value_checked; /* a key was given, and nothing before kept the value from being checked */
    bool value_matches;
    bool is_intact; /* all digests (of eMAID also in the form of matches_map) and the value match,
                       whatever else was refused: nobody changed anything on the way */
};

/*
 * Checks the signature of m: form, algorithms, that what the standard wants signed is, all digests,
 * and the value with key (NULL: all but the value). xmldsig as above; a is for what lives as long
 * as the report, which may be NULL. -1: e names the reference or part, expected and found; the
 * report's fault says what kind. What can be checked is checked also after an error.
 */
int signature_verify(const struct message *m, struct evp_pkey_st *key, const struct schema *xmldsig,
                     struct arena *a, struct signature_report *report, struct err *e);

/* "valid", "absent", … */
const char *signature_fault_name(enum signature_fault fault);

#endif
