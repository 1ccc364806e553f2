/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts of octets: the set of tests/octets, SLAC and SDP. What is read is written again, octet
 * for octet. The first byte of an input is the set, the next two the payload type (0: unknown).
 */
#include "fuzz.h"

#include "codec/check.h"

static const struct schema *set_of(unsigned which)
{
    static struct library library;
    static bool is_open;
    static const char *const NAMES[] = {"features", "slac", "sdp"};
    struct err e = ERR_INIT;
    if (!is_open) {
        library_open(&library);
        if (library_add_file(&library, "tests/octets/features.schema", &e) != 0)
            fuzz_stop("schema", &e);
        is_open = true;
    }
    const struct schema *s = library_get(&library, NAMES[which % 3], &e);
    if (s == NULL)
        fuzz_stop("schema", &e);
    return s;
}

/* A fresh message of some set; the vectors are EXI. */
static void make_seed(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    static unsigned next;
    (void)vector;
    (void)set;
    (void)is_fragment;
    buf_char(out, (char)(next % 3));
    fuzz_add_16(out, 0);
    fuzz_add_fresh(set_of(next % 3), next / 3, out);
    next++;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_start(*argc, *argv, 97, make_seed);
    return 0;
}

static void ignore(void *context, const char *path, const char *what)
{
    (void)context;
    (void)path;
    (void)what;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct schema *s = set_of(data[0]);
    uint16_t payload = (uint16_t)(data[1] << 8 | data[2]);
    struct exi_options o = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    struct buf out = {0};
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    if (octets_decode(s, payload, data + 3, size - 3, &o, &a, &m, &e) != 0) {
        fuzz_check_error(&e);
    } else {
        if (octets_encode(&m, &out, &e) != 0)
            fuzz_stop("read, but not written", &e);
        if (out.n != size - 3 || memcmp(out.p, data + 3, out.n) != 0)
            fuzz_stop("written otherwise", &e);
        fuzz_print(&m);
        message_check(&m, ignore, NULL);
    }
    buf_close(&out);
    arena_close(&a);
    return 0;
}
