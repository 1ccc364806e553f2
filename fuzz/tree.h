/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of certificates for a fuzzer: in a folder of its own, which is removed at its end. */
#ifndef V2G_FUZZ_TREE_H
#define V2G_FUZZ_TREE_H

#include "fuzz.h"

#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <unistd.h>

#define FUZZ_NOW 1800000000 /* seconds since 1970: it is valid then */

static const char *const FUZZ_LEAVES[4] = {"secc-leaf", "contract-leaf", "oem-leaf", "cps-leaf"};

static char fuzz_tree[] = "/tmp/fuzz-pki.XXXXXX";

static inline void fuzz_tree_make(void)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    if (mkdtemp(fuzz_tree) == NULL)
        abort();
    pki_tree_open(&t, fuzz_tree);
    t.now = FUZZ_NOW;
    if (pki_tree_make(&t, &e) != 0)
        fuzz_stop(fuzz_tree, &e);
}

static inline void fuzz_tree_remove(void)
{
    char command[128];
    struct err e = ERR_INIT;
    snprintf(command, sizeof command, "rm -r %s", fuzz_tree);
    if (system(command) != 0)
        fuzz_stop(fuzz_tree, &e);
}

/* Adds the certificates of a file of the tree (".pem", ".chain.pem") to the chain. */
static inline void fuzz_tree_read(struct pki_chain *c, enum pki_edition edition, const char *role,
                                  const char *ending)
{
    char path[PKI_PATH_MAX];
    struct err e = ERR_INIT;
    if (pki_chain_read(c, pki_tree_path(path, fuzz_tree, edition, role, ending), &e) != 0)
        fuzz_stop(path, &e);
}

#endif
