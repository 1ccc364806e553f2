/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded TLS and its key log. An input is: the size of the pieces in which it is fed, what is
 * sealed at its end, two octets of length and the key log, and then pieces: 1 (of the client) or 0,
 * two octets of length, octets. At the end each side sends one record more that is whole, with the
 * keys there are, whose content is the end of the input: behind the MAC readers believe most.
 */
#include "tape.h"

#include "tls/tls_decrypt.h"
#include "tls/tls_told.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    const char *corpus = fuzz_corpus(*argc, *argv);
    for (unsigned i = 0; corpus != NULL && i < 4; i++) {
        struct fuzz_tape t = {.pieces = 0};
        struct buf seed = {0};
        fuzz_tape_make(&t, VERSIONS[i % 2]);
        buf_char(&seed, (char)(i < 2 ? 255 : 7));
        buf_char(&seed, (char)(i < 2 ? 0 : 22));
        fuzz_add_16(&seed, t.keys.n);
        buf_add(&seed, t.keys.p, t.keys.n);
        for (unsigned k = 0; k < t.pieces; k++) {
            buf_char(&seed, t.piece[k].from_client);
            fuzz_add_16(&seed, t.piece[k].n);
            buf_add(&seed, t.bytes.p + t.piece[k].at, t.piece[k].n);
        }
        fuzz_write_seed(corpus, i, &seed);
        buf_close(&seed);
        fuzz_tape_free(&t);
    }
    return 0;
}

static void take_data(void *context, bool from_client, struct slice bytes)
{
    size_t *seen = context;
    seen[from_client] += bytes.n;
}

static void take_note(void *context, bool from_client, const char *text)
{
    size_t *seen = context;
    seen[from_client] += strlen(text);
}

/* The next n octets; fewer where there are no more. */
static struct slice take(struct slice *in, size_t n)
{
    struct slice part = {in->p, n < in->n ? n : in->n};
    in->p += part.n;
    in->n -= part.n;
    return part;
}

static size_t take_16(struct slice *in)
{
    struct slice part = take(in, 2);
    return part.n < 2 ? 0 : (size_t)part.p[0] << 8 | part.p[1];
}

/* A direction fails once; it may be what the other one sent that shows it. */
static void feed(struct tls_decrypt *d, bool from_client, struct slice bytes, size_t step,
                 unsigned *failures)
{
    while (bytes.n > 0) {
        struct err e = ERR_INIT;
        if (tls_decrypt_feed(d, from_client, take(&bytes, step), &e) == 0)
            continue;
        fuzz_check_error(&e);
        if (++*failures > 2)
            fuzz_stop("two directions have failed three times", &e);
    }
}

static void seal(struct tls_decrypt *d, bool from_client, uint8_t type, struct slice content,
                 unsigned *failures)
{
    struct err e = ERR_INIT;
    struct buf record = {0};
    if (tls_decrypt_seal(d, from_client, type, content, &record, &e) == 0)
        feed(d, from_client, (struct slice){record.p, record.n}, record.n, failures);
    else
        fuzz_check_error(&e);
    buf_close(&record);
}

static void tell(const struct tls_facts *f)
{
    struct buf text = {0}, line = {0};
    struct tls_told told = {.facts = f, .at = -1, .handshake_us = -1, .problem = "", .status = ""};
    tls_told_print(&told, &text);
    fuzz_check_json("what a handshake told is no JSON", &text);
    tls_facts_summary(f, &line);
    buf_close(&text);
    buf_close(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tls_decrypt_events EVENTS = {take_data, take_note};
    struct tls_secrets secrets = {.n = 0};
    size_t seen[2] = {0, 0};
    unsigned failures = 0;
    if (size < 4)
        return 0;
    struct slice in = {data + 2, size - 2};
    struct slice end = {data + size - (size < 64 ? size : 64), size < 64 ? size : 64};
    tls_secrets_add(&secrets, take(&in, take_16(&in)));
    struct tls_decrypt *d = tls_decrypt_open(&secrets, &EVENTS, seen);
    while (in.n > 3) {
        bool from_client = take(&in, 1).p[0] % 2 != 0;
        feed(d, from_client, take(&in, take_16(&in)), data[0] + 1u, &failures);
    }
    for (unsigned i = 0; i < 2 && data[1] != 0; i++)
        seal(d, i == 0, data[1], end, &failures);
    tell(tls_decrypt_facts(d));
    tls_decrypt_close(d);
    tls_secrets_close(&secrets);
    return 0;
}
