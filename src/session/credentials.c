/* SPDX-License-Identifier: Apache-2.0 */
#include "session/credentials.h"

#include "base/arena.h"
#include "trust/ocsp_kept.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What is being put together; its arena has the names and the responses. */
struct finding {
    struct tls_options options;
    struct arena arena;
    char folder[PKI_PATH_MAX];
};

int credentials_tree(const struct tls_choice *c, char *folder, int size, struct err *e)
{
    char path[PKI_PATH_MAX];
    const char *tree = c->said[TLS_KEY_PKI];
    bool has_any = false;
    if (tree == NULL)
        return pki_tree_demo(folder, size, e);
    for (int i = EDITION_2; i <= EDITION_20; i++) {
        pki_tree_path(path, tree, (enum pki_edition)i, "v2g-root", ".pem");
        has_any |= access(path, R_OK) == 0;
    }
    if (!has_any || snprintf(folder, (size_t)size, "%s", tree) >= size)
        return err_set(e,
                       "no certificates in %s; expected a folder that `v2glab pki make` made, or "
                       "that has such names: iso15118-2/v2g-root.pem, "
                       "iso15118-2/secc-leaf.chain.pem, iso15118-2/secc-leaf.key",
                       tree);
    return 0;
}

/* A file of the tree; NULL: it is not there. Trees that others made may lack roles, lists and
 * editions. */
static const char *find_file(struct finding *f, enum pki_edition edition, const char *role,
                             const char *suffix)
{
    char path[PKI_PATH_MAX];
    pki_tree_path(path, f->folder, edition, role, suffix);
    return access(path, R_OK) == 0 ? arena_text(&f->arena, path, strlen(path)) : NULL;
}

static void show(struct finding *f, enum pki_edition edition, enum pki_role leaf)
{
    struct tls_options *o = &f->options;
    const char *role = PKI_PROFILES[leaf].name;
    const char *chain = find_file(f, edition, role, ".chain.pem");
    if (chain != NULL)
        o->identity[o->identities++] = (struct tls_identity){
            .chain = chain,
            .key = find_file(f, edition, role, ".key"),
            .root = find_file(f, edition, PKI_PROFILES[pki_role_root(leaf)].name, ".pem"),
            .version = edition == EDITION_2 ? 0x0303 : 0x0304,
        };
}

/* The root above the peer's leaf, and the revocation lists of the CAs between them. */
static void trust(struct finding *f, enum pki_edition edition, enum pki_role leaf)
{
    struct tls_options *o = &f->options;
    enum pki_role ca = PKI_PROFILES[leaf].issuer, root = pki_role_root(leaf);
    const char *file = find_file(f, edition, PKI_PROFILES[root].name, ".pem");
    if (file == NULL)
        return;
    o->root[o->roots++] = file;
    for (bool is_last = false; !is_last; ca = PKI_PROFILES[ca].issuer) {
        is_last = ca == root;
        o->crl[o->crls] = find_file(f, edition, PKI_PROFILES[ca].name, ".crl");
        o->crls += o->crl[o->crls] != NULL;
    }
}

/* A vehicle opens TLS with its vehicle certificate only [V2G20-2339]. */
static int show_leaf(struct finding *f, struct err *e)
{
    const struct tls_options *o = &f->options;
    bool has_12 = o->min_version != 0x0304, has_13 = o->max_version != 0x0303;
    if (!o->is_server || has_13)
        show(f, EDITION_20, o->is_server ? ROLE_SECC_LEAF : ROLE_VEHICLE_LEAF);
    if (o->is_server && has_12)
        show(f, EDITION_2, ROLE_SECC_LEAF);
    if (!o->is_server || o->identities > 0)
        return 0;
    return err_set(e,
                   "the tree %s has no station's certificate for TLS%s; `v2glab pki make` "
                   "without --for makes those of both editions",
                   f->folder,
                   has_12 && has_13 ? ""
                   : has_13         ? " 1.3"
                                    : " 1.2");
}

static void trust_roots(struct finding *f)
{
    trust(f, EDITION_20, f->options.is_server ? ROLE_VEHICLE_LEAF : ROLE_SECC_LEAF);
    if (f->options.is_server)
        trust(f, EDITION_20, ROLE_OEM_LEAF); /* [V2G20-2331]: either root may be above a vehicle */
    else
        trust(f, EDITION_2, ROLE_SECC_LEAF);
}

static int find_files(struct finding *f, const struct tls_choice *c, struct err *e)
{
    struct tls_options *o = &f->options;
    const char *cert = c->said[TLS_KEY_CERT], *key = c->said[TLS_KEY_KEY];
    const char *roots = c->said[TLS_KEY_ROOTS];
    if (key != NULL && cert == NULL)
        return err_set(e,
                       "TLS has a key (%s), but no certificate; expected a chain that belongs "
                       "to it",
                       key);
    bool needs_tree = cert == NULL || roots == NULL;
    if (needs_tree && credentials_tree(c, f->folder, sizeof f->folder, e) != 0)
        return -1;
    if (cert != NULL && cert[0] == '\0' && !o->is_server)
        ; /* shows none, whatever is asked for */
    else if (cert != NULL)
        o->identity[o->identities++] =
            (struct tls_identity){.chain = cert, .key = key, .root = roots};
    else if (show_leaf(f, e) != 0)
        return -1;
    if (roots != NULL)
        o->root[o->roots++] = roots;
    else
        trust_roots(f);
    return 0;
}

/* ---- stapling ---- */

/* Has the tree's responder answer about the leaf of d; of a leaf of the tree that is kept there. */
static int staple_one(struct finding *f, bool is_of_tree, bool is_revoked, struct tls_identity *d,
                      struct err *e)
{
    char kept[PKI_PATH_MAX];
    struct buf made = {0};
    enum pki_edition edition = d->version == 0x0304 ? EDITION_20 : EDITION_2;
    pki_tree_path(kept, f->folder, edition, PKI_PROFILES[ROLE_SECC_LEAF].name, ".ocsp");
    int bad = ocsp_kept(f->folder, d->chain, is_of_tree && !is_revoked ? kept : NULL, is_revoked,
                        (int64_t)time(NULL), &made, e);
    char *copy = bad != 0 ? NULL : arena_text(&f->arena, (const char *)made.p, made.n);
    if (copy != NULL)
        d->ocsp = (struct slice){(const uint8_t *)copy, made.n};
    else if (bad == 0)
        bad = err_set(e, "out of memory");
    buf_close(&made);
    return bad;
}

/* A file is for all that is shown. "true": as the tree's responder answers; the same where nothing
 * is said, if it can: trees that others made mostly have no keys of CAs. "revoked": as it would
 * answer then. */
static int staple(struct finding *f, const struct tls_choice *c, struct err *e)
{
    struct tls_options *o = &f->options;
    const char *said = c->said[TLS_KEY_STAPLE];
    struct err ignored = ERR_INIT;
    bool is_of_tree = c->said[TLS_KEY_CERT] == NULL;
    bool is_revoked = said != NULL && strcmp(said, "revoked") == 0;
    bool must = is_revoked || (said != NULL && strcmp(said, "true") == 0);
    bool may = said == NULL && (is_of_tree || c->said[TLS_KEY_PKI] != NULL);
    if (!o->is_server || (said != NULL && strcmp(said, "false") == 0))
        return 0;
    for (unsigned i = 0; i < o->identities && said != NULL && !must; i++)
        o->identity[i].staple = said;
    if (!must && !may)
        return 0;
    int bad = f->folder[0] != '\0' ? 0 : credentials_tree(c, f->folder, sizeof f->folder, e);
    for (unsigned i = 0; i < o->identities && bad == 0; i++)
        if (staple_one(f, is_of_tree, is_revoked, &o->identity[i], must ? e : &ignored) != 0 &&
            must)
            bad = -1;
    return bad;
}

struct tls_context *credentials_context(const struct tls_choice *c, bool is_station,
                                        bool may_be_plain, struct err *e)
{
    /* only a station's leaf makes a station [V2G2-924] */
    struct finding f = {.options = {.is_server = is_station,
                                    .may_be_plain = is_station && may_be_plain,
                                    .domain = is_station ? NULL : "CPO",
                                    .profile = TLS_PROFILE_USUAL,
                                    .certificate_authorities = true,
                                    .status = TLS_STATUS_USUAL}};
    struct tls_context *made = NULL;
    arena_open(&f.arena, NULL, 0, 1u << 20);
    tls_choice_apply(c, &f.options);
    if (find_files(&f, c, e) == 0 && staple(&f, c, e) == 0)
        made = tls_context_open(&f.options, e);
    arena_close(&f.arena);
    return made;
}
