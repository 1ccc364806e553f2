/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of certificates, as a peer sends them, and encrypted private keys. The input is one chain:
 * each certificate behind two octets of its length. */
#include "fuzz.h"

#include "trust/keywrap.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <unistd.h>

#define NOW 1800000000 /* seconds since 1970: the seeds are valid then */

static struct pki_chain anchors; /* the roots of the seeds */
static EVP_PKEY *receiver[2];    /* by edition */

static void add_length(struct buf *out, size_t n)
{
    buf_char(out, (char)(n >> 8));
    buf_char(out, (char)n);
}

static void write_seed(const char *corpus, unsigned number, const char *path)
{
    struct pki_chain c = {0};
    struct err e = ERR_INIT;
    struct buf seed = {0};
    if (pki_chain_read(&c, path, &e) != 0)
        fuzz_stop(path, &e);
    for (unsigned i = 0; i < c.n; i++) {
        uint8_t *der = NULL;
        int n = c.at[i].x == NULL ? 0 : i2d_X509(c.at[i].x, &der);
        add_length(&seed, n > 0 ? (size_t)n : 0);
        if (n > 0)
            buf_add(&seed, der, (size_t)n);
        OPENSSL_free(der);
    }
    fuzz_write_seed(corpus, number, &seed);
    buf_close(&seed);
    pki_chain_close(&c);
}

/* A tree for the roots and keys; and for the seeds, where corpus is not NULL. */
static void make_tree(const char *corpus)
{
    static const char *const LEAVES[] = {"secc-leaf", "contract-leaf", "oem-leaf", "cps-leaf"};
    static const char *const ROOTS[] = {"v2g-root", "oem-root", "mo-root"};
    char folder[] = "/tmp/fuzz-pki.XXXXXX", path[PKI_PATH_MAX], command[128];
    struct pki_tree t;
    struct err e = ERR_INIT;
    if (mkdtemp(folder) == NULL)
        abort();
    pki_tree_open(&t, folder);
    t.now = NOW;
    if (pki_tree_make(&t, &e) != 0)
        fuzz_stop(folder, &e);
    for (unsigned edition = 0; edition < 2; edition++) {
        enum pki_edition of = (enum pki_edition)edition;
        for (unsigned i = 0; i < 3; i++)
            pki_chain_read(&anchors, pki_tree_path(path, folder, of, ROOTS[i], ".pem"), &e);
        receiver[edition] = pki_key_read(pki_tree_path(path, folder, of, "oem-leaf", ".key"), &e);
        for (unsigned i = 0; corpus != NULL && i < 4; i++)
            write_seed(corpus, edition * 4 + i,
                       pki_tree_path(path, folder, of, LEAVES[i], ".chain.pem"));
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (e.set || receiver[0] == NULL || receiver[1] == NULL || system(command) != 0)
        fuzz_stop(folder, &e);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *folder = *argc > 1 ? (*argv)[*argc - 1] : "-";
    make_tree(folder[0] != '-' && fuzz_is_empty(folder) ? folder : NULL);
    return 0;
}

static void look(void *context, const struct pki_finding *f)
{
    size_t *seen = context;
    char place[256];
    *seen += strlen(f->text) + strlen(f->clause) +
             strlen(pki_finding_place(f, place, sizeof place)) + strlen(pki_fault_name(f->fault));
}

/* What is said of a certificate, also where it is not accepted. */
static void print(X509 *x)
{
    struct buf text = {0};
    char part[128];
    pki_add_name(&text, X509_get_subject_name(x), false);
    pki_add_name(&text, X509_get_issuer_name(x), true);
    buf_text(&text, pki_subject(x, "CN", part, sizeof part));
    buf_text(&text, pki_curve(x, part, sizeof part));
    buf_close(&text);
}

static void check(const struct pki_chain *c)
{
    for (int edition = -1; edition < 2; edition++)
        for (unsigned role = 0; role <= ROLES; role += 7) {
            struct pki_options o = {
                .role = (enum pki_role)role, .edition = edition, .anchors = &anchors, .now = NOW};
            enum pki_fault fault;
            struct err e = ERR_INIT;
            size_t seen = 0;
            unsigned errors = pki_chain_check(c, &o, look, &seen, NULL);
            if ((pki_chain_verify(c, &o, &fault, &e) != 0) != (errors > 0))
                fuzz_stop("two answers about one chain", &e);
            if (errors > 0)
                fuzz_check_error(&e);
        }
}

/* The input as an encrypted key, too. */
static void open_key(const uint8_t *data, size_t size)
{
    for (unsigned edition = 0; edition < 2; edition++) {
        struct err e = ERR_INIT;
        const struct keywrap_form *form = keywrap_form_of(receiver[edition], &e);
        size_t n = size < form->public_size ? size : form->public_size;
        EVP_PKEY *key =
            keywrap_open(receiver[edition], (struct slice){data, n},
                         (struct slice){data + n, size - n}, (struct slice){NULL, 0}, NULL, &e);
        if (key == NULL)
            fuzz_check_error(&e);
        EVP_PKEY_free(key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pki_chain c = {0}, text = {0};
    struct err e = ERR_INIT;
    for (size_t at = 0; at + 2 <= size;) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        n = n < size - at ? n : size - at;
        if (pki_chain_add(&c, (struct slice){data + at, n}, &e) != 0)
            break;
        if (c.at[c.n - 1].x != NULL)
            print(c.at[c.n - 1].x);
        at += n;
    }
    check(&c);
    struct err other = ERR_INIT;
    if (pki_chain_parse(&text, (struct slice){data, size}, &other) != 0)
        fuzz_check_error(&other);
    open_key(data, size);
    pki_chain_close(&c);
    pki_chain_close(&text);
    return 0;
}
