/* SPDX-License-Identifier: Apache-2.0 */
#include "script/credentials.h"

#include "wire/pki_tree.h"

#include <stdio.h>
#include <string.h>

_Static_assert(CREDENTIALS_PATH == PKI_PATH_MAX, "paths of the tree do not fit");

/* ORDER PEER_TLS */
const char *const CREDENTIALS_TLS[] = {"off", "auto", "1.2", "1.3", NULL};

int credentials_tree(const struct credential_files *files, char *folder, int size, struct err *e)
{
    if (files->tree == NULL)
        return pki_tree_demo(folder, size, e);
    bool has_any = pki_tree_has(files->tree, EDITION_2) || pki_tree_has(files->tree, EDITION_20);
    if (!has_any || snprintf(folder, (size_t)size, "%s", files->tree) >= size)
        return err_set(e, "no certificates in %s; expected a folder that `v2glab pki make` made",
                       files->tree);
    return 0;
}

/* A file of the tree. */
static const char *tree_file(struct credentials *c, const char *folder, enum pki_edition edition,
                             const char *role, const char *suffix)
{
    return pki_tree_path(c->path[c->paths++], folder, edition, role, suffix);
}

/* Does nothing where the tree lacks the edition, as the next one. */
static void show(struct credentials *c, const char *folder, enum pki_edition edition,
                 const char *role)
{
    if (!pki_tree_has(folder, edition))
        return;
    struct tls_identity *d = &c->options.identity[c->options.identities++];
    d->chain = tree_file(c, folder, edition, role, ".chain.pem");
    d->key = tree_file(c, folder, edition, role, ".key");
}

static void trust(struct credentials *c, const char *folder, enum pki_edition edition,
                  const char *role)
{
    if (pki_tree_has(folder, edition))
        c->options.root[c->options.roots++] = tree_file(c, folder, edition, role, ".pem");
}

/* The newer edition comes first: where a vehicle can do both, it is the one to be shown. */
static int show_leaf(struct credentials *c, const char *folder, uint8_t side, enum peer_tls tls,
                     struct err *e)
{
    if (side == FROM_EVCC) {
        show(c, folder, EDITION_20, "vehicle-leaf");
        return 0;
    }
    if (tls != PEER_TLS_12)
        show(c, folder, EDITION_20, "secc-leaf");
    if (tls != PEER_TLS_13)
        show(c, folder, EDITION_2, "secc-leaf");
    if (c->options.identities > 0)
        return 0;
    return err_set(e,
                   "the tree %s has no station's certificate for TLS %s; `v2glab pki make` "
                   "without --for makes those of both editions",
                   folder, CREDENTIALS_TLS[tls]);
}

static void trust_roots(struct credentials *c, const char *folder, uint8_t side)
{
    trust(c, folder, EDITION_20, "v2g-root");
    if (side == FROM_EVCC)
        trust(c, folder, EDITION_2, "v2g-root");
    else
        trust(c, folder, EDITION_20, "oem-root");
}

int credentials_find(struct credentials *c, uint8_t side, enum peer_tls tls,
                     const struct credential_files *files, struct err *e)
{
    char folder[PKI_PATH_MAX] = "";
    memset(c, 0, sizeof *c);
    if (files->key != NULL && files->cert == NULL)
        return err_set(e,
                       "TLS has a key (%s), but no certificate; expected a chain that belongs "
                       "to it",
                       files->key);
    if ((files->cert == NULL || files->roots == NULL) &&
        credentials_tree(files, folder, sizeof folder, e) != 0)
        return -1;
    if (files->cert != NULL)
        c->options.identity[c->options.identities++] =
            (struct tls_identity){.chain = files->cert, .key = files->key};
    else if (show_leaf(c, folder, side, tls, e) != 0)
        return -1;
    if (files->roots != NULL)
        c->options.root[c->options.roots++] = files->roots;
    else
        trust_roots(c, folder, side);
    /* only a station's leaf makes a station */
    c->options.domain = side == FROM_EVCC ? "CPO" : NULL;
    return 0;
}
