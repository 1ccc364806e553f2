/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate chains: reading them, building the path from a leaf to a trust anchor, and checking
 * all of it: signatures, validity, path lengths, revocation, and the profiles of pki_profile.h.
 */
#ifndef V2G_TRUST_PKI_H
#define V2G_TRUST_PKI_H

#include "base/buf.h"
#include "base/err.h"
#include "trust/pki_profile.h"

#include <stdbool.h>
#include <stdint.h>

struct evp_pkey_st;
struct x509_st;
struct X509_crl_st;

#define PKI_CHAIN_MAX 32
#define PKI_FILE_MAX (1u << 20) /* bytes of a file that is read */

/* Certificates in the order they came in. One that cannot be parsed has no x, and says why. */
struct pki_chain {
    unsigned n, crls;
    struct {
        struct x509_st *x;
        char problem[160];
    } at[PKI_CHAIN_MAX];
    struct X509_crl_st *crl[PKI_CHAIN_MAX];
};

/* Adds one certificate in DER. -1: there are too many. */
int pki_chain_add(struct pki_chain *c, struct slice der, struct err *e);

#define PKI_CERTIFICATE "CERTIFICATE"

/* Hands the blocks of a PEM text to visit, each decoded and with its name ("CERTIFICATE",
 * "PRIVATE KEY"); other bytes as one certificate. -1: it is broken, or visit has said so. */
typedef int (*pki_block)(void *context, const char *name, struct slice bytes, struct err *e);
int pki_blocks(struct slice bytes, pki_block visit, void *context, struct err *e);

/* Adds all certificates (and revocation lists) of a PEM text, or the one of DER. -1: it holds none,
 * or too many. */
int pki_chain_parse(struct pki_chain *c, struct slice bytes, struct err *e);

/* The same of a file. */
int pki_chain_read(struct pki_chain *c, const char *path, struct err *e);

void pki_chain_close(struct pki_chain *c);

/* The private key of a PEM or DER file; the caller frees it. NULL: e. */
struct evp_pkey_st *pki_key_read(const char *path, struct err *e);

/* A file of at most PKI_FILE_MAX bytes; a path that is PEM text is what is read. The caller closes
 * out. */
int pki_file_read(const char *path, struct buf *out, struct err *e);

/* The path as people are told of it: never PEM text. */
const char *pki_file_name(const char *path);

/* ---- checking ---- */

struct pki_options {
    enum pki_role role;              /* of the leaf; ROLE_UNKNOWN: what it seems to be */
    int edition;                     /* enum pki_edition; -1: what the key at the top is of */
    const struct pki_chain *anchors; /* roots that are trusted, and further CRLs; NULL: none are
                                        known, and a path may end below its root */
    int64_t now;                     /* seconds since 1970 */
    uint32_t tolerated;              /* bits 1 << enum pki_fault: kinds that are remarks only */
};

/* The path that was found. */
struct pki_path {
    unsigned n;
    struct x509_st *at[PKI_CHAIN_MAX + 1]; /* leaf first; borrowed from chain and anchors */
    int index[PKI_CHAIN_MAX + 1];          /* place in the chain; -1: an anchor */
    enum pki_role role[PKI_CHAIN_MAX + 1];
    enum pki_edition edition;
    bool is_anchored;
};

/* Reports all that is wrong; returns how many errors there were. report and path may be NULL. */
unsigned pki_chain_check(const struct pki_chain *c, const struct pki_options *o, pki_report report,
                         void *context, struct pki_path *path);

/* "certificate 1 (secc-leaf): ", of an anchor "v2g-root: ", "the chain: ", into text, returned. */
const char *pki_finding_place(const struct pki_finding *f, char *text, int size);

/* The same for those who only want to know whether: -1 with the first error as one sentence (which
 * certificate, what, clause) and its kind. */
int pki_chain_verify(const struct pki_chain *c, const struct pki_options *o, enum pki_fault *fault,
                     struct err *e);

#endif
