/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the TLS handshake in the clear, as ClientHello. The first octet of an input says of
 * whom, the second is the message's type, the rest its body.
 */
#include "tape.h"

#include "tls/tls_told.h"

/* What went in the clear: messages of the records of type 22 until the first of another type. */
static unsigned write_messages(const char *corpus, const struct fuzz_tape *t, unsigned number)
{
    for (unsigned k = 0; k < t->pieces; k++) {
        const uint8_t *p = t->bytes.p + t->piece[k].at, *end = p + t->piece[k].n;
        while (end - p > 9 && p[0] == 22) {
            size_t n = (size_t)p[7] << 8 | p[8], record = (size_t)p[3] << 8 | p[4];
            struct buf seed = {0};
            buf_char(&seed, t->piece[k].from_client);
            buf_char(&seed, (char)p[5]);
            if (n <= (size_t)(end - p) - 9)
                buf_add(&seed, p + 9, n);
            fuzz_write_seed(corpus, number++, &seed);
            buf_close(&seed);
            if (record > (size_t)(end - p) - 5)
                break;
            p += 5 + record;
        }
    }
    return number;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    const char *corpus = fuzz_corpus(*argc, *argv);
    unsigned number = 0;
    for (unsigned i = 0; corpus != NULL && i < 2; i++) {
        struct fuzz_tape t = {.pieces = 0};
        fuzz_tape_make(&t, VERSIONS[i]);
        number = write_messages(corpus, &t, number);
        fuzz_tape_free(&t);
    }
    return 0;
}

/* Every list in the hello, to its end. */
static size_t walk(const struct tls_hello *h)
{
    struct slice extensions = h->extensions, content, list, id;
    enum tls_key_kind kind;
    size_t seen = 0;
    unsigned type;
    while (tls_next_extension(&extensions, &type, &content)) {
        seen += content.n;
        list = tls_hello_list(h, type);
        seen += tls_has_16(list, 0x1301);
        for (unsigned octets = 1; octets <= 3; octets++)
            for (struct slice rest = list; tls_next_vector(&rest, octets, &content);)
                seen += content.n;
    }
    list = tls_hello_list(h, TLS_TRUSTED_CA_KEYS);
    while (tls_next_trusted_key(&list, &kind, &id))
        seen += id.n;
    return seen + tls_hello_server_name(h, &content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls_facts f = {.version = 0};
    struct tls_hello hello;
    struct buf text = {0};
    if (size < 2)
        return 0;
    bool from_client = data[0] % 2 != 0;
    uint8_t *copy = malloc(size - 2 > 0 ? size - 2 : 1); /* so that a read behind it is found */
    if (copy == NULL)
        return 0;
    memcpy(copy, data + 2, size - 2);
    struct slice body = {copy, size - 2};
    if (tls_hello_read(body, from_client, &hello) == 0 && walk(&hello) > 64 * size)
        abort();
    if (tls_facts_message(&f, from_client, data[1], body) == 0)
        tls_facts_line(&f, from_client, data[1], &text);
    struct tls_told told = {.facts = &f, .at = 0, .handshake_us = -1, .problem = "", .status = ""};
    buf_clear(&text);
    tls_told_print(&told, &text);
    fuzz_check_json("what a message told is no JSON", &text);
    tls_facts_close(&f);
    buf_close(&text);
    free(copy);
    return 0;
}
