/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of any text: forms of bytes, dumps, packets, and which of them are messages. The first
 * byte of an input says whether the rest is a text, or (odd) the bytes of frames.
 */
#include "fuzz.h"

#include "app/text.h"

/* The message in a form of its own, by the number of the seed: as logs and dumps have it. */
static void make_seed(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    static unsigned n;
    static const char *const FORMS[] = {"0x%02X, ", "%02x ", "%u, ", "\\x%02x", "%02X:", "%02x"};
    const char *hex = fuzz_member(vector, "exi");
    uint8_t octets[8192] = {0x01, 0xFE, 0x80, 0x01};
    int64_t size = hex_read(hex, strlen(hex), octets + 8, sizeof octets - 8);
    (void)set;
    if (size < 0 || is_fragment)
        return;
    octets[6] = (uint8_t)(size >> 8);
    octets[7] = (uint8_t)size;
    const uint8_t *from = n % 2 == 0 ? octets : octets + 8;
    size_t all = (size_t)size + (n % 2 == 0 ? 8 : 0);
    buf_char(out, n % 23 == 22 ? '1' : '0');
    if (n % 23 == 22) {
        buf_add(out, octets, (size_t)size + 8);
    } else if (n % 7 == 6) {
        buf_text(out, "2026-01-31 12:00:00.000 EXI: ");
        buf_base64(out, from, all);
    } else {
        buf_text(out, "[12.345] EVCC sent: ");
        for (size_t i = 0; i < all; i++) {
            if (n % 5 == 4 && i % 16 == 0)
                buf_printf(out, "\n%08zx  ", i);
            buf_printf(out, FORMS[n % 6], from[i]);
        }
    }
    buf_char(out, '\n');
    n++;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_start(*argc, *argv, 7, make_seed);
    return 0;
}

static struct grammars *all_grammars(void)
{
    static struct grammars grammars;
    static bool is_open;
    struct err e = ERR_INIT;
    if (is_open)
        return &grammars;
    is_open = true;
    grammars_open(&grammars);
    if (grammars_load(&grammars, &e) != 0)
        fuzz_stop("grammars", &e);
    return &grammars;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct exi_options exi = EXI_OPTIONS;
    struct text_view view = {.grammars = all_grammars(), .exi = &exi, .name = "input"};
    if (size == 0)
        return 0;
    struct slice text = {data + 1, size - 1};
    struct text_found found = text_look(&view, text, data[0] % 2 != 0);
    int64_t lines = 0;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n' || text.p[i] == '\r';
    if (data[0] % 2 == 0 && (found.lines < 0 || found.lines > lines + 1))
        abort();
    return 0;
}
