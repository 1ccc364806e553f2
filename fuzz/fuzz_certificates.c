/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of certificates, as a peer sends them. The first octet of the input chooses edition and
 * role; the rest is one chain: each certificate behind two octets of its length. */
#include "tree.h"

#include "trust/describe.h"

#include <openssl/x509.h>

static struct pki_chain anchors; /* the roots of the seeds */

static void write_seed(const char *corpus, unsigned number, enum pki_edition edition,
                       const char *leaf)
{
    struct pki_chain c = {0};
    struct buf seed = {0};
    fuzz_tree_read(&c, edition, leaf, ".chain.pem");
    buf_char(&seed, (char)number);
    for (unsigned i = 0; i < c.n; i++) {
        uint8_t *der = NULL;
        int n = c.at[i].x == NULL ? 0 : i2d_X509(c.at[i].x, &der);
        fuzz_add_16(&seed, n > 0 ? (size_t)n : 0);
        if (n > 0)
            buf_add(&seed, der, (size_t)n);
        OPENSSL_free(der);
    }
    fuzz_write_seed(corpus, number, &seed);
    buf_close(&seed);
    pki_chain_close(&c);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const ROOTS[] = {"v2g-root", "oem-root", "mo-root"};
    const char *corpus = fuzz_corpus(*argc, *argv);
    fuzz_tree_make();
    for (unsigned i = 0; i < 6; i++)
        fuzz_tree_read(&anchors, (enum pki_edition)(i / 3), ROOTS[i % 3], ".pem");
    for (unsigned i = 0; corpus != NULL && i < 8; i++)
        write_seed(corpus, i, (enum pki_edition)(i / 4), FUZZ_LEAVES[i % 4]);
    fuzz_tree_remove();
    return 0;
}

/* ---- certificates that were seen ---- */

/* Most of an input is as in the one that it was made of, and to read a certificate, of which its
 * key is the most, takes longer than all else: what was read is kept by its octets. */
static struct seen {
    struct buf der;
    struct pki_chain chain; /* of it alone; empty: of nothing yet */
} seen[1024];

static struct seen *seen_at(struct slice der)
{
    uint64_t sum = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < der.n; i++)
        sum = (sum ^ der.p[i]) * 1099511628211u;
    return &seen[(sum ^ sum >> 32) % (sizeof seen / sizeof seen[0])];
}

/* One more of the chain. False: there are too many. */
static bool add(struct pki_chain *c, struct slice der, bool *is_new)
{
    struct err e = ERR_INIT;
    struct seen *s = seen_at(der);
    if (c->n == PKI_CHAIN_MAX)
        return false;
    *is_new =
        s->chain.n == 0 || s->der.n != der.n || (der.n > 0 && memcmp(s->der.p, der.p, der.n) != 0);
    if (*is_new) {
        pki_chain_close(&s->chain);
        pki_chain_add(&s->chain, der, &e);
        buf_clear(&s->der);
        buf_add(&s->der, der.p, der.n);
    }
    c->at[c->n] = s->chain.at[0];
    if (c->at[c->n].x != NULL)
        X509_up_ref(c->at[c->n].x);
    c->n++;
    return true;
}

/* ---- looking at them ---- */

static void look(void *context, const struct pki_finding *f)
{
    size_t *length = context;
    char place[256];
    *length += strlen(f->text) + strlen(f->clause) +
               strlen(pki_finding_place(f, place, sizeof place)) + strlen(pki_fault_name(f->fault));
}

/* What is said of a certificate, also where it is not accepted: of the leaf. */
static void print(X509 *x, struct slice der)
{
    struct buf text = {0};
    char part[128];
    pki_add_name(&text, X509_get_subject_name(x), false);
    pki_add_name(&text, X509_get_issuer_name(x), true);
    buf_text(&text, pki_subject(x, "CN", part, sizeof part));
    buf_text(&text, pki_curve(x, part, sizeof part));
    describe_read(x, NULL, der, &text);
    buf_close(&text);
}

/* Two ways to look at a chain say the same; of one in four, since it costs as much again. */
static void check(const struct pki_chain *c, uint8_t choice)
{
    struct pki_options o = {.role = (enum pki_role)(choice % (ROLES + 1)),
                            .edition = choice / 32 % 3 - 1,
                            .anchors = &anchors,
                            .now = FUZZ_NOW};
    enum pki_fault fault;
    struct err e = ERR_INIT;
    size_t length = 0;
    unsigned errors = pki_chain_check(c, &o, look, &length, NULL);
    if (length % 4 != 0)
        return;
    if ((pki_chain_verify(c, &o, &fault, &e) != 0) != (errors > 0))
        fuzz_stop("two answers about one chain", &e);
    if (errors > 0)
        fuzz_check_error(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pki_chain c = {0};
    bool is_new;
    if (size == 0)
        return 0;
    for (size_t at = 1; at + 2 <= size;) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        n = n < size - at ? n : size - at;
        if (!add(&c, (struct slice){data + at, n}, &is_new))
            break;
        if (is_new && c.n == 1 && c.at[0].x != NULL)
            print(c.at[c.n - 1].x, (struct slice){data + at, n});
        at += n;
    }
    check(&c, data[0]);
    pki_chain_close(&c);
    return 0;
}
