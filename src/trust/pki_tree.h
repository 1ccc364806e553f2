/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the certificates of the charging world for tests: all roots, sub-CAs and leaves of
 * ISO 15118-2 and ISO 15118-20 as their profiles want them, with revocation lists; and, where asked
 * for, with faults.
 *
 * A tree is a folder with iso15118-2/ and iso15118-20/. In each, by role (pki_profile.h):
 *   ROLE.pem        the certificate       ROLE.key   its private key, mode 0600
 *   ROLE.chain.pem  of a leaf: it and its sub-CAs, as they go over the wire
 *   ROLE.crl        of a CA: its revocation list, which names PKI_REVOKED_SERIAL besides
 *   ROLE.ocsp       of a station's leaf: the response that it staples (ocsp_kept.h)
 *   made            which version of the program made it, and by which profile (PKI_TREE_PROFILE)
 *   revoked         roles whose certificates are revoked, one a line; written last
 * Further contracts are contract-leaf-2 and so on.
 */
#ifndef V2G_TRUST_PKI_TREE_H
#define V2G_TRUST_PKI_TREE_H

#include "trust/pki_profile.h"

#include <stdbool.h>
#include <stdint.h>

#define PKI_TREE_FAULTS 16
#define PKI_TREE_CONTRACTS 9 /* contract-leaf, contract-leaf-2 to contract-leaf-9 */
#define PKI_PATH_MAX 1024

/* What is in the certificates of a tree; goes up whenever that changes. 1: the vehicle's had a name
 * of its own; such trees have no file `made`. */
#define PKI_TREE_PROFILE 2

/* ORDER PKI_TREE_FAULT */
enum pki_tree_fault {
    TREE_EXPIRED,
    TREE_NOT_YET_VALID,
    TREE_WRONG_DOMAIN,
    TREE_WRONG_KEY_USAGE,
    TREE_WRONG_CURVE,
    TREE_SWAPPED,
    TREE_FOREIGN,
    TREE_MISSING,
    TREE_PATH_LENGTH,
    TREE_REVOKED,
    TREE_SELF_SIGNED,
    TREE_BAD_SIGNATURE,
    TREE_UNPARSEABLE,
    TREE_WRONG_EMAID,
    TREE_FAULTS,
};

struct pki_tree_fault_kind {
    const char *name, *help;
    bool of_leaf, of_sub, of_root; /* to what it can be applied */
};

/* ORDER PKI_TREE_FAULT */
extern const struct pki_tree_fault_kind PKI_TREE_FAULT_KINDS[TREE_FAULTS];

struct pki_tree {
    const char *folder;
    bool edition[2];   /* which to make, by enum pki_edition */
    bool is_ed448;     /* keys of ISO 15118-20: Ed448 in place of secp521r1 */
    bool replaces;     /* files that are there */
    const char *emaid; /* NULL for the usual one, as the next four */
    const char *pcid, *cpid, *evccid;
    unsigned contracts;                           /* further ones, which have no faults */
    const char *contract[PKI_TREE_CONTRACTS - 1]; /* their eMAIDs */
    const char *ocsp;                             /* URL of the responder */
    int64_t now;                                  /* seconds since 1970 */
    unsigned days; /* that leaves are good for; 0: as their profile has it */
    unsigned faults;
    struct {
        enum pki_role role;
        enum pki_tree_fault fault;
    } fault[PKI_TREE_FAULTS];
};

/* Of what pki_tree_issue makes with the fault `revoked`: revoked by each CA of every tree. */
#define PKI_REVOKED_SERIAL 0x007265766F6B6564u
#define PKI_EVCCID "WMIV1234567890ABCDEX"
#define PKI_OCSP_URL "http://[::1]:9080/"

/* The usual tree: both editions, no faults, from now on. */
void pki_tree_open(struct pki_tree *t, const char *folder);

/* Takes "secc-leaf=expired". -1: e says what is unknown, or does not go together. */
int pki_tree_add_fault(struct pki_tree *t, const char *text, struct err *e);

/* Makes the tree. -1: nothing, or not all, was written. */
int pki_tree_make(const struct pki_tree *t, struct err *e);

/* What pki_tree_issue is to make, of a tree that is there. */
struct pki_wish {
    enum pki_edition edition;
    enum pki_role role; /* a leaf; a root with is_foreign */
    const char *called; /* its common name; NULL: the usual one */
    bool is_foreign;    /* all up to a root of its own is made anew */
    bool has_root;      /* the chain ends with its root */
};

/* One chain more, kept nowhere: that of a leaf as t would make it, under the CAs that the tree has;
 * those with a fault, and what is below them, are made anew, too. Adds the chain in PEM; the caller
 * frees the key. -1: e, as where the key of a CA is not there. */
int pki_tree_issue(const struct pki_tree *t, const struct pki_wish *w, struct buf *chain,
                   struct evp_pkey_st **key, struct err *e);

/* Where the demo tree is: $V2GLAB_PKI, else $XDG_DATA_HOME/v2glab/pki, else
 * ~/.local/share/v2glab/pki. -1: none of them is set. */
int pki_tree_demo_folder(char *folder, int size, struct err *e);

/* The folder of the demo tree, which is made where it is not there yet. Where it is old it is made
 * anew, and the old one kept beside it (iso15118-2.old), unless $V2GLAB_PKI has named it. */
int pki_tree_demo(char *folder, int size, struct err *e);

/* Whether the folder has a whole tree of that edition. */
bool pki_tree_has(const char *folder, enum pki_edition edition);

/* Whether the folder has a tree of that edition which an older version has made: by another
 * profile. Trees that others made are not old. */
bool pki_tree_is_old(const char *folder, enum pki_edition edition);

/* "iso15118-2", "iso15118-20". ORDER PKI_EDITION */
extern const char *const PKI_TREE_FOLDERS[2];

/* "FOLDER/iso15118-2/secc-leaf.pem" into path, which has PKI_PATH_MAX bytes; returns path. */
const char *pki_tree_path(char *path, const char *folder, enum pki_edition edition,
                          const char *role, const char *suffix);

#endif
