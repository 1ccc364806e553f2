/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted private keys, as contracts come with, and certificates as text (PEM). The first octet
 * of the input is 0 or 1 (a key, by edition) or more: text. */
#include "tree.h"

#include "trust/keywrap.h"

#include <openssl/evp.h>

static EVP_PKEY *receiver[2]; /* by edition */

/* The chains of the tree, as text. */
static void write_seeds(const char *corpus)
{
    char path[PKI_PATH_MAX], text[16384];
    for (unsigned i = 0; i < 8; i++) {
        struct buf seed = {0};
        pki_tree_path(path, fuzz_tree, (enum pki_edition)(i / 4), FUZZ_LEAVES[i % 4], ".chain.pem");
        FILE *f = fopen(path, "rb");
        if (f == NULL)
            abort();
        buf_char(&seed, (char)(2 + i));
        buf_add(&seed, text, fread(text, 1, sizeof text, f));
        fclose(f);
        fuzz_write_seed(corpus, i, &seed);
        buf_close(&seed);
    }
    struct buf key = {0};
    buf_char(&key, 0);
    for (unsigned i = 0; i < 65 + 48; i++)
        buf_char(&key, (char)(i == 0 ? 4 : i));
    fuzz_write_seed(corpus, 8, &key);
    buf_close(&key);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    char path[PKI_PATH_MAX];
    struct err e = ERR_INIT;
    fuzz_tree_make();
    for (unsigned i = 0; i < 2; i++) {
        pki_tree_path(path, fuzz_tree, (enum pki_edition)i, "oem-leaf", ".key");
        if ((receiver[i] = pki_key_read(path, &e)) == NULL)
            fuzz_stop(path, &e);
    }
    if (corpus != NULL)
        write_seeds(corpus);
    fuzz_tree_remove();
    return 0;
}

static void open_key(struct slice in, EVP_PKEY *with)
{
    struct err e = ERR_INIT;
    const struct keywrap_form *form = keywrap_form_of(with, &e);
    size_t n = in.n < form->public_size ? in.n : form->public_size;
    EVP_PKEY *key = keywrap_open(with, (struct slice){in.p, n}, (struct slice){in.p + n, in.n - n},
                                 (struct slice){NULL, 0}, NULL, &e);
    if (key == NULL)
        fuzz_check_error(&e);
    EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pki_chain text = {0};
    struct err e = ERR_INIT;
    if (size == 0)
        return 0;
    struct slice in = {data + 1, size - 1};
    if (data[0] < 2) {
        open_key(in, receiver[data[0]]);
        return 0;
    }
    if (pki_chain_parse(&text, in, &e) != 0)
        fuzz_check_error(&e);
    pki_chain_close(&text);
    return 0;
}
