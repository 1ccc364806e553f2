/* SPDX-License-Identifier: Apache-2.0 */
#include "session/credentials.h"

#include "trust/ocsp.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Static_assert(CREDENTIALS_PATH == PKI_PATH_MAX, "paths of the tree do not fit");

/* ORDER PEER_TLS */
const char *const CREDENTIALS_TLS[] = {"off", "auto", "1.2", "1.3", NULL};

/* Whether the tree has that file: trees that others made may lack roles, lists and editions. */
static bool has_file(const char *folder, enum pki_edition edition, const char *role,
                     const char *suffix)
{
    char path[PKI_PATH_MAX];
    return access(pki_tree_path(path, folder, edition, role, suffix), R_OK) == 0;
}

int credentials_tree(const struct credential_files *files, char *folder, int size, struct err *e)
{
    if (files->tree == NULL)
        return pki_tree_demo(folder, size, e);
    bool has_any = has_file(files->tree, EDITION_2, "v2g-root", ".pem") ||
                   has_file(files->tree, EDITION_20, "v2g-root", ".pem");
    if (!has_any || snprintf(folder, (size_t)size, "%s", files->tree) >= size)
        return err_set(e,
                       "no certificates in %s; expected a folder that `v2glab pki make` made, or "
                       "that has such names: iso15118-2/v2g-root.pem, "
                       "iso15118-2/secc-leaf.chain.pem, iso15118-2/secc-leaf.key",
                       files->tree);
    return 0;
}

/* A file of the tree. */
static const char *tree_file(struct credentials *c, const char *folder, enum pki_edition edition,
                             const char *role, const char *suffix)
{
    return pki_tree_path(c->path[c->paths++], folder, edition, role, suffix);
}

/* Does nothing where the tree lacks the file, as the next one. */
static void show(struct credentials *c, const char *folder, enum pki_edition edition,
                 const char *role)
{
    if (!has_file(folder, edition, role, ".chain.pem"))
        return;
    struct tls_identity *d = &c->options.identity[c->options.identities++];
    d->chain = tree_file(c, folder, edition, role, ".chain.pem");
    d->key = tree_file(c, folder, edition, role, ".key");
}

/* The root, and the revocation lists of the CAs between it and the peer. */
static void trust(struct credentials *c, const char *folder, enum pki_edition edition,
                  const char *root, const char *const ca[])
{
    struct tls_options *o = &c->options;
    if (!has_file(folder, edition, root, ".pem"))
        return;
    o->root[o->roots++] = tree_file(c, folder, edition, root, ".pem");
    for (unsigned i = 0; ca[i] != NULL; i++)
        if (has_file(folder, edition, ca[i], ".crl"))
            o->crl[o->crls++] = tree_file(c, folder, edition, ca[i], ".crl");
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
    static const char *const CPO[] = {"v2g-root", "cpo-sub1", "cpo-sub2", NULL};
    static const char *const VEHICLE[] = {"v2g-root", "vehicle-sub1", "vehicle-sub2", NULL};
    static const char *const OEM[] = {"oem-root", "oem-sub1", "oem-sub2", NULL};
    trust(c, folder, EDITION_20, "v2g-root", side == FROM_EVCC ? CPO : VEHICLE);
    if (side == FROM_EVCC)
        trust(c, folder, EDITION_2, "v2g-root", CPO);
    else
        trust(c, folder, EDITION_20, "oem-root", OEM);
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
    c->options.profile = TLS_PROFILE_USUAL;
    return 0;
}

/* About the leaf of identity i. */
static int staple_one(struct credentials *c, unsigned i, const struct ocsp *o, struct err *e)
{
    struct pki_chain chain = {.n = 0};
    struct tls_identity *d = &c->options.identity[i];
    int bad = pki_chain_read(&chain, d->chain, e);
    if (bad == 0 && (chain.n == 0 || chain.at[0].x == NULL))
        bad =
            err_set(e, "no OCSP response can be made about the first certificate in %s", d->chain);
    if (bad == 0)
        bad = ocsp_staple(o, chain.at[0].x, (int64_t)time(NULL), &c->staple[i], e);
    pki_chain_close(&chain);
    d->ocsp = (struct slice){c->staple[i].p, c->staple[i].n};
    return bad;
}

int credentials_staple(struct credentials *c, const struct credential_files *files, struct err *e)
{
    char folder[PKI_PATH_MAX];
    if (credentials_tree(files, folder, sizeof folder, e) != 0)
        return -1;
    struct ocsp *o = ocsp_open(folder, e);
    int bad = o == NULL ? -1 : 0;
    for (unsigned i = 0; i < c->options.identities && bad == 0; i++)
        bad = staple_one(c, i, o, e);
    ocsp_close(o);
    return bad;
}

void credentials_close(struct credentials *c)
{
    for (unsigned i = 0; i < TLS_IDENTITIES; i++)
        buf_close(&c->staple[i]);
}
