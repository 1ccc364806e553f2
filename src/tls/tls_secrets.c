/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_secrets.h"

#include "base/file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MOST (64u << 20)

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
    EVP_PKEY_free(s->key);
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

int tls_secrets_keep(struct tls_secrets *s, const uint8_t client_random[TLS_RANDOM],
                     enum tls_label label, struct slice secret)
{
    struct tls_secret one = {.label = (uint8_t)label};
    if (secret.n == 0 || secret.n > TLS_SECRET_MOST)
        return 0;
    one.n = (uint8_t)secret.n;
    memcpy(one.random, client_random, TLS_RANDOM);
    memcpy(one.bytes, secret.p, secret.n);
    int bad = keep(s, &one);
    OPENSSL_cleanse(&one, sizeof one);
    return bad;
}

const char *tls_secrets_label(enum tls_label label)
{
    return LABELS[label];
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

/* ORDER TLS_LABEL; N_LABELS: none */
static size_t label_of(struct slice label)
{
    size_t i = 0;
    while (i < N_LABELS &&
           (strlen(LABELS[i]) != label.n || memcmp(LABELS[i], label.p, label.n) != 0))
        i++;
    return i;
}

/* The label may stand behind other words, as in the line of a log; not in a comment. */
static bool read_line(struct slice line, struct tls_secret *out)
{
    struct slice label = word(&line);
    bool is_comment = label.n > 0 && label.p[0] == '#';
    size_t i;
    while ((i = label_of(label)) == N_LABELS && label.n > 0)
        label = word(&line);
    struct slice random = word(&line), secret = word(&line);
    if (is_comment || i == N_LABELS || random.n != 2 * TLS_RANDOM || secret.n > 2 * TLS_SECRET_MOST)
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
