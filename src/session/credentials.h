/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a role shows and trusts when it speaks TLS: files that the user or the script names, and for
 * what is not named a tree of certificates (trust/pki_tree.h), the user's or the demo tree, which
 * is made on first use.
 *
 * Of the tree, a station shows the leaf of ISO 15118-20 with TLS 1.3 and that of ISO 15118-2
 * with TLS 1.2, and trusts vehicles of the V2G and the OEM root; a vehicle shows its vehicle
 * certificate (ISO 15118-20) where it is asked for one, and trusts the V2G roots of both.
 * Revocation lists are the tree's, too.
 */
#ifndef V2G_SESSION_CREDENTIALS_H
#define V2G_SESSION_CREDENTIALS_H

#include "session/peer.h"
#include "tls/tls_context.h"

#define CREDENTIALS_PATH 1024 /* PKI_PATH_MAX */

/* Paths of PEM files; NULL: of the tree. */
struct credential_files {
    const char *cert;  /* the chain, leaf first */
    const char *key;   /* NULL where there is a cert: in its file */
    const char *roots; /* any number of trusted roots */
    const char *tree;  /* folder that `v2glab pki make` has made; NULL: the demo tree */
};

/* The folder of the tree that is in force, PKI_PATH_MAX bytes at most. -1: there is none in the
 * folder that was named, or the demo tree cannot be made. */
int credentials_tree(const struct credential_files *files, char *folder, int size, struct err *e);

struct credentials {
    struct tls_options options; /* its strings are the paths below, or those given */
    char path[16][CREDENTIALS_PATH];
    unsigned paths;
    struct buf staple[TLS_IDENTITIES];
};

/* For a role (FROM_EVCC, FROM_SECC) that is to speak `tls`. -1: a key without a certificate, or the
 * tree cannot be found or made. */
int credentials_find(struct credentials *c, uint8_t side, enum peer_tls tls,
                     const struct credential_files *files, struct err *e);

/* Makes OCSP responses about what was found, as the tree's responder does, for stapling. -1: a
 * certificate is not of the tree. */
int credentials_staple(struct credentials *c, const struct credential_files *files, struct err *e);

/* In any case, after credentials_find. */
void credentials_close(struct credentials *c);

/* "off", "auto", "1.2", "1.3"; the list ends with NULL. ORDER PEER_TLS */
extern const char *const CREDENTIALS_TLS[];

#endif
