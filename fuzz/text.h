/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fuzzer of a reader of text, FUZZ_READ, whose seeds the including file makes in make_text. The
 * first byte of an input is the number of the message set, and 128 for a fragment.
 */
static void make_seed(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    buf_char(out, (char)(set | (is_fragment ? 128 : 0)));
    make_text(vector, set, is_fragment, out);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_start(*argc, *argv, 11, make_seed);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    if (size == 0)
        return 0;
    const struct schema *s = fuzz_schema(FUZZ_SETS[(data[0] & 127) % FUZZ_SETS_N].name);
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    if (FUZZ_READ(s, (const char *)data + 1, size - 1, data[0] >> 7, &a, &m, &e) == 0)
        fuzz_check_message(&m);
    else
        fuzz_check_error(&e);
    arena_close(&a);
    return 0;
}
