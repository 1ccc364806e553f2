/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of messages as received: none is valid by chance; and one that is made in its place
 * is. The first octet of the input chooses the message set, the rest is the message in EXI. */
#include "fuzz.h"

#include "trust/signature.h"
#include "trust/signature_make.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

/* ORDER FUZZ_SIGNED */
static const struct {
    const char *set, *curve;
} SIGNED[] = {{"iso15118-2", "prime256v1"}, {"iso15118-20-common", "secp521r1"}};

static EVP_PKEY *key[2]; /* ORDER FUZZ_SIGNED */

static void make_seed(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    const char *hex = fuzz_member(vector, "exi");
    uint8_t octets[32768];
    bool is_signed = strstr(fuzz_member(vector, "xml"), "SignedInfo") != NULL;
    for (unsigned i = 0; i < 2 && is_signed && !is_fragment; i++) {
        int64_t n = hex_read(hex, strlen(hex), octets, sizeof octets);
        if (n < 0 || strcmp(FUZZ_SETS[set].name, SIGNED[i].set) != 0)
            continue;
        buf_char(out, (char)i);
        buf_add(out, octets, (size_t)n);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    for (unsigned i = 0; i < 2; i++)
        if ((key[i] = EVP_EC_gen(SIGNED[i].curve)) == NULL)
            abort();
    fuzz_start(*argc, *argv, 2, make_seed);
    return 0;
}

static void check(const struct message *m, EVP_PKEY *with, struct arena *a)
{
    struct signature_report report;
    struct err e = ERR_INIT;
    if (signature_verify(m, with, fuzz_schema("xmldsig"), a, &report, &e) == 0)
        fuzz_stop("a signature of nobody is valid", &e);
    fuzz_check_error(&e);
    if (signature_is_due(m) && signature_parts(m) == NULL)
        fuzz_stop("something is due that is never signed", &e);
    if (report.fault == SIGNATURE_VALID || signature_fault_name(report.fault)[0] == '\0')
        fuzz_stop("refused without a reason", &e);
}

/* Not where two elements have one Id, or there is nothing to sign. */
static void make(struct message *m, EVP_PKEY *with, struct arena *a)
{
    struct err e = ERR_INIT, other = ERR_INIT;
    if (signature_make(m, NULL, with, fuzz_schema("xmldsig"), a, &e) != 0) {
        fuzz_check_error(&e);
        return;
    }
    if (signature_verify(m, with, fuzz_schema("xmldsig"), a, NULL, &other) != 0)
        fuzz_stop("what was signed is not valid", &other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exi_options o = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    unsigned which = size > 0 ? data[0] % 2 : 0;
    o.limits.memory = FUZZ_MEMORY;
    arena_open(&a, NULL, 0, 2 * FUZZ_MEMORY);
    if (size > 0 &&
        exi_decode(fuzz_schema(SIGNED[which].set), data + 1, size - 1, &o, &a, &m, &e) == 0) {
        check(&m, key[which], &a);
        make(&m, key[which], &a);
    }
    arena_close(&a);
    return 0;
}
