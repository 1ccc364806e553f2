/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader that cuts a stream into V2GTP frames. However the stream is cut into pieces, the
 * frames are the same. The first byte of an input is the size of the pieces, the second the limit
 * of a payload in units of 16 bytes.
 */
#include "fuzz.h"

#include "record/datagram.h"
#include "wire/sdp.h"
#include "wire/v2gtp.h"

static void make_seed(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    const char *hex = fuzz_member(vector, "exi");
    uint8_t octets[32768], header[V2GTP_HEADER];
    (void)set;
    (void)is_fragment;
    int64_t n = hex_read(hex, strlen(hex), octets, sizeof octets);
    if (n < 0)
        return;
    buf_char(out, (char)(n % 40));
    buf_char(out, 64);
    for (unsigned i = 0; i < 3; i++) {
        v2gtp_write(header, i == 1 ? V2GTP_MANUFACTURER : V2GTP_EXI, (uint32_t)n);
        buf_add(out, header, sizeof header);
        buf_add(out, octets, (size_t)n);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_start(*argc, *argv, 31, make_seed);
    return 0;
}

/* What lies behind a length of 0 up to the next header is told as it comes, however much that is:
 * it counts as one. */
static void end_skipped(struct buf *skipped, struct buf *out)
{
    if (skipped->n > 0)
        buf_printf(out, "skipped %s\n", buf_string(skipped));
    skipped->n = 0;
}

/* Takes all frames that are complete; adds what they are to out. False: broken. */
static bool take_frames(struct v2gtp_reader *r, struct buf *skipped, struct buf *out)
{
    for (;;) {
        struct v2gtp_frame f;
        struct err e = ERR_INIT;
        enum v2gtp_result what = v2gtp_next(r, &f, &e);
        if (what == V2GTP_MORE)
            return true;
        if (what != V2GTP_FRAME)
            fuzz_check_error(&e);
        if (what == V2GTP_IGNORE && f.payload.p == NULL) {
            buf_hex(skipped, f.bytes.p, f.bytes.n, false);
            continue;
        }
        end_skipped(skipped, out);
        if (what == V2GTP_BROKEN) {
            buf_printf(out, "broken\n");
            return false;
        }
        buf_printf(out, "%d %u %zu ", what, f.header.type, f.payload.n);
        buf_hex(out, f.bytes.p, f.bytes.n, false);
        buf_char(out, '\n');
    }
}

static void read_stream(struct slice stream, size_t piece, uint32_t limit, bool keep,
                        struct buf *out)
{
    struct v2gtp_reader r;
    struct buf skipped = {0};
    v2gtp_open(&r, limit);
    for (size_t at = 0; at < stream.n; at += piece) {
        size_t n = stream.n - at < piece ? stream.n - at : piece;
        uint8_t *copy = malloc(n); /* so that a read behind it is found */
        if (copy == NULL)
            break;
        memcpy(copy, stream.p + at, n);
        v2gtp_feed(&r, (struct slice){copy, n});
        if (keep)
            v2gtp_keep(&r);
        bool goes_on = take_frames(&r, &skipped, out);
        free(copy);
        if (!goes_on)
            break;
    }
    struct slice rest = r.broken ? (struct slice){0} : v2gtp_rest(&r);
    buf_hex(&skipped, rest.p, rest.n, false);
    end_skipped(&skipped, out);
    buf_close(&skipped);
    v2gtp_close(&r);
}

static void read_datagram(struct slice bytes)
{
    static struct library library; /* all zero is open */
    const struct endpoint to = {.port = SDP_PORT};
    struct datagram d;
    datagram_read(&d, &library, 0, "", &to, &to, bytes);
    if (d.event.problem != NULL)
        fuzz_check_error(d.event.problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0};
    if (size < 3)
        return 0;
    struct slice stream = {data + 2, size - 2};
    uint32_t limit = 16u * data[1];
    read_stream(stream, stream.n, limit, false, &whole);
    read_stream(stream, data[0] % 64 + 1u, limit, data[0] >= 128, &pieces);
    if (strcmp(buf_string(&whole), buf_string(&pieces)) != 0)
        abort();
    read_datagram(stream);
    buf_close(&whole);
    buf_close(&pieces);
    return 0;
}
