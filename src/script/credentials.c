/* SPDX-License-Identifier: Apache-2.0 */
#include "script/credentials.h"

#include "wire/pki_tree.h"

#include <string.h>

_Static_assert(CREDENTIALS_PATH == PKI_PATH_MAX, "paths of the tree do not fit");

/* ORDER PEER_TLS */
const char *const CREDENTIALS_TLS[] = {"off", "auto", "1.2", "1.3", NULL};

/* A file of the demo tree. */
static const char *demo_file(struct credentials *c, const char *folder, enum pki_edition edition,
                             const char *role, const char *suffix)
{
    return pki_tree_path(c->path[c->paths++], folder, edition, role, suffix);
}

static void show_demo(struct credentials *c, const char *folder, enum pki_edition edition,
                      const char *role)
{
    struct tls_identity *d = &c->options.identity[c->options.identities++];
    d->chain = demo_file(c, folder, edition, role, ".chain.pem");
    d->key = demo_file(c, folder, edition, role, ".key");
}

static void trust_demo(struct credentials *c, const char *folder, enum pki_edition edition,
                       const char *role)
{
    c->options.root[c->options.roots++] = demo_file(c, folder, edition, role, ".pem");
}

/* The newer edition comes first: where a vehicle can do both, it is the one to be shown. */
static void show_demo_leaf(struct credentials *c, const char *folder, uint8_t side,
                           enum peer_tls tls)
{
    if (side == FROM_EVCC) {
        show_demo(c, folder, EDITION_20, "vehicle-leaf");
        return;
    }
    if (tls != PEER_TLS_12)
        show_demo(c, folder, EDITION_20, "secc-leaf");
    if (tls != PEER_TLS_13)
        show_demo(c, folder, EDITION_2, "secc-leaf");
}

static void trust_demo_roots(struct credentials *c, const char *folder, uint8_t side)
{
    trust_demo(c, folder, EDITION_20, "v2g-root");
    if (side == FROM_EVCC)
        trust_demo(c, folder, EDITION_2, "v2g-root");
    else
        trust_demo(c, folder, EDITION_20, "oem-root");
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
        pki_tree_demo(folder, sizeof folder, e) != 0)
        return -1;
    if (files->cert != NULL)
        c->options.identity[c->options.identities++] =
            (struct tls_identity){.chain = files->cert, .key = files->key};
    else
        show_demo_leaf(c, folder, side, tls);
    if (files->roots != NULL)
        c->options.root[c->options.roots++] = files->roots;
    else
        trust_demo_roots(c, folder, side);
    /* only a station's leaf makes a station */
    c->options.domain = side == FROM_EVCC ? "CPO" : NULL;
    return 0;
}
