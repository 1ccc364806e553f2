/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_secrets.h"

#include "base/file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MOST (64u << 20)

enum { BLOCK_SECTION = 0x0A0D0D0A, BLOCK_SECRETS = 10, SECRETS_TLS = 0x544C534B };

/* ORDER TLS_LABEL */
static const char *const LABELS[] = {
    "CLIENT_RANDOM",           "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0",
};
#define N_LABELS (sizeof LABELS / sizeof *LABELS)

struct tls_secret {
    uint8_t random[TLS_RANDOM];
    uint8_t label; /* random and label are the key: nothing lies between them */
    uint8_t n;
    uint8_t bytes[TLS_SECRET_MOST];
};
#define KEY_SIZE (TLS_RANDOM + 1)

void tls_secrets_close(struct tls_secrets *s)
{
    if (s->at != NULL)
        OPENSSL_cleanse(s->at, s->cap * sizeof *s->at);
    free(s->at);
    *s = (struct tls_secrets){0};
}

/* ---- a key log ---- */

static int keep(struct tls_secrets *s, const struct tls_secret *secret)
{
    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 16 : s->cap * 2;
        struct tls_secret *at = calloc(cap, sizeof *at);
        if (at == NULL)
            return -1;
        if (s->n > 0)
            memcpy(at, s->at, s->n * sizeof *at);
        if (s->at != NULL)
            OPENSSL_cleanse(s->at, s->n * sizeof *at);
        free(s->at);
        s->at = at;
        s->cap = cap;
    }
    s->at[s->n++] = *secret;
    s->is_sorted = false;
    return 0;
}

/* The next word of a line, ended by a blank or the line's end. */
static struct slice word(struct slice *line)
{
    size_t n = 0;
    while (line->n > 0 && (*line->p == ' ' || *line->p == '\t')) {
        line->p++;
        line->n--;
    }
    while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t' && line->p[n] != '\r')
        n++;
    struct slice found = {line->p, n};
    line->p += n;
    line->n -= n;
    return found;
}

static bool read_line(struct slice line, struct tls_secret *out)
{
    struct slice label = word(&line), random = word(&line), secret = word(&line);
    size_t i = 0;
    while (i < N_LABELS &&
           (strlen(LABELS[i]) != label.n || memcmp(LABELS[i], label.p, label.n) != 0))
        i++;
    if (i == N_LABELS || random.n != 2 * TLS_RANDOM || secret.n > 2 * TLS_SECRET_MOST)
        return false;
    int64_t n = hex_read((const char *)secret.p, secret.n, out->bytes, sizeof out->bytes);
    if (n <= 0 || hex_read((const char *)random.p, random.n, out->random, TLS_RANDOM) != TLS_RANDOM)
        return false;
    out->label = (uint8_t)i;
    out->n = (uint8_t)n;
    return true;
}

int tls_secrets_add(struct tls_secrets *s, struct slice text)
{
    int n = 0;
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        struct slice line = {text.p, end != NULL ? (size_t)(end - text.p) : text.n};
        struct tls_secret secret = {.n = 0};
        bool good = read_line(line, &secret);
        int bad = good ? keep(s, &secret) : 0;
        OPENSSL_cleanse(&secret, sizeof secret);
        if (bad != 0)
            return -1;
        n += good;
        size_t taken = line.n + (end != NULL);
        text.p += taken;
        text.n -= taken;
    }
    return n;
}

int tls_secrets_read(struct tls_secrets *s, const char *path, struct err *e)
{
    struct buf text = {0};
    struct err inner = ERR_INIT;
    int bad = file_read(path, FILE_MOST, &text, &inner);
    int n = bad != 0 ? 0 : tls_secrets_add(s, (struct slice){text.p, text.n});
    if (text.p != NULL)
        OPENSSL_cleanse(text.p, text.n);
    buf_close(&text);
    if (bad != 0)
        return err_set(e, "the key log %s", inner.what);
    if (n > 0)
        return 0;
    return err_set(e,
                   "%s has no TLS secret in it; expected lines as \"CLIENT_RANDOM\", 64 hex "
                   "digits, the secret, as programs write them to SSLKEYLOGFILE",
                   path);
}

/* ---- pcapng ---- */

static uint32_t number_at(const uint8_t *p, bool is_big)
{
    return is_big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* The body of a Decryption Secrets Block: kind, length, text. */
static int read_block(struct tls_secrets *s, FILE *file, uint32_t size, bool is_big)
{
    uint8_t head[8];
    if (size < sizeof head || size > FILE_MOST || fread(head, sizeof head, 1, file) != 1)
        return 0;
    uint32_t kind = number_at(head, is_big), n = number_at(head + 4, is_big);
    if (kind != SECRETS_TLS || n > size - sizeof head || n == 0)
        return 0;
    uint8_t *text = malloc(n);
    int found = 0;
    if (text != NULL && fread(text, 1, n, file) == n)
        found = tls_secrets_add(s, (struct slice){text, n});
    if (text != NULL)
        OPENSSL_cleanse(text, n);
    free(text);
    return found;
}

static int read_blocks(struct tls_secrets *s, FILE *file)
{
    bool is_big = false;
    int found = 0;
    uint8_t head[12];
    off_t at = 0;
    while (fseeko(file, at, SEEK_SET) == 0 && fread(head, sizeof head, 1, file) == 1) {
        uint32_t type = number_at(head, is_big);
        if (type == BLOCK_SECTION) /* the same read either way; its byte order stands behind */
            is_big = number_at(head + 8, true) == 0x1A2B3C4D;
        else if (at == 0)
            return 0;
        uint32_t length = number_at(head + 4, is_big);
        if (length < sizeof head || length % 4 != 0)
            return found;
        if (type == BLOCK_SECRETS && fseeko(file, at + 8, SEEK_SET) == 0)
            found += read_block(s, file, length - 12, is_big);
        at += length;
    }
    return found;
}

int tls_secrets_read_pcapng(struct tls_secrets *s, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    int found = read_blocks(s, file);
    fclose(file);
    return found;
}

/* ---- looking up ---- */

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, KEY_SIZE);
}

size_t tls_secrets_find(struct tls_secrets *s, const uint8_t client_random[TLS_RANDOM],
                        enum tls_label label, uint8_t out[TLS_SECRET_MOST])
{
    struct tls_secret key = {.label = (uint8_t)label};
    if (s->n == 0)
        return 0;
    if (!s->is_sorted)
        qsort(s->at, s->n, sizeof *s->at, compare);
    s->is_sorted = true;
    memcpy(key.random, client_random, TLS_RANDOM);
    const struct tls_secret *found = bsearch(&key, s->at, s->n, sizeof *s->at, compare);
    if (found == NULL)
        return 0;
    memcpy(out, found->bytes, found->n);
    return found->n;
}
