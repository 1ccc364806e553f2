/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on a virtual power line: the modems answer what they can read. An input is frames: which
 * of three hosts sends (low bits) and whether it is sent to the modem, two octets of length, octets
 * behind the Ethernet header. */
#include "fuzz.h"

#include "powerline/modem.h"
#include "record/link_frame.h"

static const struct line_options USUAL = {
    .join_ms = 1500,
    .key_result = 1,
    .all = {.is_there = true, .attenuation = {60}, .delay_us = 500},
};

/* Fresh messages of SLAC, whatever the vector; the vectors are EXI. */
static void make_seed(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    static unsigned next;
    const struct schema *s = fuzz_schema("slac");
    struct buf octets = {0};
    (void)vector;
    (void)set;
    (void)is_fragment;
    for (unsigned i = 0; i < 4; i++) {
        fuzz_add_fresh(s, next, &octets);
        buf_char(out, (char)(i + 4 * (next % 2)));
        fuzz_add_16(out, octets.n);
        buf_add(out, octets.p, octets.n);
        buf_clear(&octets);
        next++;
    }
    buf_close(&octets);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_start(*argc, *argv, 97, make_seed);
    return 0;
}

static void came(void *context, struct slice frame)
{
    size_t *seen = context;
    *seen += frame.n;
}

/* Sends the first frame of the input; the rest. */
static struct slice send_one(struct slice in, struct ether_port *const port[3])
{
    static const uint8_t ALL[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t MODEM[6] = {0x00, 0xB0, 0x52, 0x00, 0x00, 0x01};
    struct ether_port *from = port[in.p[0] % 4 % 3];
    size_t n = ((size_t)in.p[1] << 8 | in.p[2]) % ETHER_MOST;
    struct buf frame = {0};
    struct err e = ERR_INIT;
    n = n < in.n - 3 ? n : in.n - 3;
    ether_header(&frame, in.p[0] & 4 ? MODEM : ALL, ether_mac(from), ETHER_HOMEPLUG);
    buf_add(&frame, in.p + 3, n);
    if (frame.n <= ETHER_MOST)
        ether_send(from, (struct slice){frame.p, frame.n}, &e);
    buf_close(&frame);
    return (struct slice){in.p + 3 + n, in.n - 3 - n};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const NAMES[] = {"ev0", "evse0", "evse1"};
    static struct library library; /* all zero is open */
    struct err e = ERR_INIT;
    struct ether_port *port[3];
    size_t seen = 0;
    struct world *w = world_open_virtual(NULL, 0, &e);
    struct line *l = w == NULL ? NULL : line_open(w, &library, &USUAL, &MODEMS, &e);
    if (l == NULL)
        fuzz_stop("line", &e);
    for (unsigned i = 0; i < 3; i++)
        if (line_add(l, NAMES[i], &e) == NULL ||
            (port[i] = ether_open(w, NAMES[i], ETHER_HOMEPLUG, came, &seen, &e)) == NULL)
            fuzz_stop(NAMES[i], &e);
    for (struct slice in = {data, size}; in.n > 3;)
        in = send_one(in, port);
    world_run(w);
    for (unsigned i = 0; i < 3; i++)
        ether_close(port[i]);
    world_run(w);
    line_close(l);
    world_close(w);
    return 0;
}
