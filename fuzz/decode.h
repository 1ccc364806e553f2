/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fuzzer of the decoder for the message set FUZZ_SET, which the including file defines. The
 * first byte of an input says whether the rest is a document or a fragment.
 */
#include "mutate.h"

static void make_seed(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    const char *hex = fuzz_member(vector, "exi_hits");
    uint8_t octets[32768];
    if (strcmp(FUZZ_SETS[set].name, FUZZ_SET) != 0)
        return;
    if (hex[0] == '\0')
        hex = fuzz_member(vector, "exi");
    int64_t n = hex_read(hex, strlen(hex), octets, sizeof octets);
    if (n < 0)
        return;
    buf_char(out, is_fragment);
    buf_add(out, octets, (size_t)n);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_start(*argc, *argv, 1, make_seed);
    return 0;
}

static void ignore_field(void *context, const struct exi_field *f)
{
    (void)context;
    (void)f;
}

/* The pass that is watched finds the same. */
static void check_careful(const uint8_t *data, size_t size, const struct message *m,
                          struct exi_options o)
{
    struct err e = ERR_INIT;
    struct message careful;
    struct arena a;
    struct buf first = {0}, second = {0};
    o.trace = ignore_field;
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    if (exi_decode(m->schema, data, size, &o, &a, &careful, &e) != 0)
        fuzz_stop("only the fast pass decodes it", &e);
    if ((careful.violations == NULL) != (m->violations == NULL))
        fuzz_stop("only one pass finds violations", &e);
    if (exi_encode_buf(m, &first, &e) == 0 &&
        (exi_encode_buf(&careful, &second, &e) != 0 || first.n != second.n ||
         memcmp(first.p, second.p, first.n) != 0))
        fuzz_stop("the passes differ", &e);
    buf_close(&first);
    buf_close(&second);
    arena_close(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct schema *s = fuzz_schema(FUZZ_SET);
    struct exi_options o = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    if (size == 0)
        return 0;
    o.fragment = data[0] & 1;
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    if (exi_decode(s, data + 1, size - 1, &o, &a, &m, &e) == 0) {
        check_careful(data + 1, size - 1, &m, o);
        fuzz_check_message(&m);
    } else {
        fuzz_check_error(&e);
        if (e.bit < 0 || (uint64_t)e.bit > 8 * (uint64_t)size)
            fuzz_stop("the error's place is not in the input", &e);
    }
    arena_close(&a);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    size_t made = size > 1 && seed % 2 == 0
                      ? fuzz_mutate_message(fuzz_schema(FUZZ_SET), (data[0] & 1) != 0, data + 1,
                                            size - 1, most - 1, seed)
                      : 0;
    return made > 0 ? made + 1 : LLVMFuzzerMutate(data, size, most);
}
