/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_decrypt.h"
#include "tls/tls_names.h"
#include "tls/tls_rsa.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 5u
#define RECORD_MOST (16384u + 2048u)
#define MESSAGE_MOST (256u << 10) /* a handshake message */
#define WAITING_MOST (1u << 20)   /* bytes that wait for the other direction's hello */
#define SEALED_MOST 64u
#define TAG 16u
#define BLOCK 16u /* of AES in CBC */

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };

enum how { CBC, GCM, CHACHA };

/* How a suite encrypts. */
static const struct suite {
    uint16_t number;
    uint8_t how, key;                /* octets of the key */
    const char *cipher, *mac, *hash; /* mac: of CBC; hash: of the key derivation */
    uint8_t mac_size;
} SUITES[] = {
    {0x1301, GCM, 16, "AES-128-GCM", NULL, "SHA256", 0},
    {0x1302, GCM, 32, "AES-256-GCM", NULL, "SHA384", 0},
    {0x1303, CHACHA, 32, "ChaCha20-Poly1305", NULL, "SHA256", 0},
    {0xC023, CBC, 16, "AES-128-CBC", "SHA256", "SHA256", 32},
    {0xC025, CBC, 16, "AES-128-CBC", "SHA256", "SHA256", 32},
    {0xC027, CBC, 16, "AES-128-CBC", "SHA256", "SHA256", 32},
    {0x003C, CBC, 16, "AES-128-CBC", "SHA256", "SHA256", 32},
    {0x003D, CBC, 32, "AES-256-CBC", "SHA256", "SHA256", 32},
    {0xC024, CBC, 32, "AES-256-CBC", "SHA384", "SHA384", 48},
    {0xC026, CBC, 32, "AES-256-CBC", "SHA384", "SHA384", 48},
    {0xC028, CBC, 32, "AES-256-CBC", "SHA384", "SHA384", 48},
    {0xC009, CBC, 16, "AES-128-CBC", "SHA1", "SHA256", 20},
    {0xC00A, CBC, 32, "AES-256-CBC", "SHA1", "SHA256", 20},
    {0xC004, CBC, 16, "AES-128-CBC", "SHA1", "SHA256", 20},
    {0xC005, CBC, 32, "AES-256-CBC", "SHA1", "SHA256", 20},
    {0xC013, CBC, 16, "AES-128-CBC", "SHA1", "SHA256", 20},
    {0xC014, CBC, 32, "AES-256-CBC", "SHA1", "SHA256", 20},
    {0x002F, CBC, 16, "AES-128-CBC", "SHA1", "SHA256", 20},
    {0x0035, CBC, 32, "AES-256-CBC", "SHA1", "SHA256", 20},
    {0xC02B, GCM, 16, "AES-128-GCM", NULL, "SHA256", 0},
    {0xC02D, GCM, 16, "AES-128-GCM", NULL, "SHA256", 0},
    {0xC02F, GCM, 16, "AES-128-GCM", NULL, "SHA256", 0},
    {0x009C, GCM, 16, "AES-128-GCM", NULL, "SHA256", 0},
    {0xC02C, GCM, 32, "AES-256-GCM", NULL, "SHA384", 0},
    {0xC02E, GCM, 32, "AES-256-GCM", NULL, "SHA384", 0},
    {0xC030, GCM, 32, "AES-256-GCM", NULL, "SHA384", 0},
    {0x009D, GCM, 32, "AES-256-GCM", NULL, "SHA384", 0},
    {0xCCA8, CHACHA, 32, "ChaCha20-Poly1305", NULL, "SHA256", 0},
    {0xCCA9, CHACHA, 32, "ChaCha20-Poly1305", NULL, "SHA256", 0},
};

/* One direction. */
struct half {
    struct buf in;        /* records not yet taken */
    struct buf handshake; /* messages not yet whole */
    EVP_CIPHER_CTX *cipher;
    bool is_encrypted; /* TLS 1.2: ChangeCipherSpec came; 1.3: keys are there */
    bool is_over;      /* nothing more is understood here */
    bool is_locked;    /* 1.3: the key log has no secret for what comes */
    bool may_open;     /* but one for what comes behind that */
    bool is_traffic;   /* 1.3: keys of application data, not of the handshake */
    uint64_t sequence, records;
    uint8_t secret[TLS_SECRET_MOST]; /* 1.3 */
    size_t secret_size;
    uint8_t key[32], iv[12], mac[48];
};

struct tls_decrypt {
    struct tls_secrets *secrets;
    const struct tls_decrypt_events *events;
    void *context;
    struct tls_facts facts;
    const struct suite *suite; /* NULL before the ServerHello, and of one not known here */
    uint8_t client_random[TLS_RANDOM], server_random[TLS_RANDOM];
    bool has_client_hello, has_server_hello, is_locked, is_13;
    bool has_early_data, encrypts_then_macs, is_live;
    struct half half[2];        /* TLS_FROM_SERVER, TLS_FROM_CLIENT */
    struct buf transcript;      /* of the handshake, as long as a key may open it */
    bool is_keyed, is_extended; /* its secret comes by the key; RFC 7627 */
    struct buf plain, text;
};

/* What became of a record. */
enum outcome { TAKEN, WAITS, BAD };

struct tls_decrypt *tls_decrypt_open(struct tls_secrets *secrets,
                                     const struct tls_decrypt_events *events, void *context)
{
    struct tls_decrypt *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->secrets = secrets;
    d->events = events;
    d->context = context;
    return d;
}

void tls_decrypt_close(struct tls_decrypt *d)
{
    if (d == NULL)
        return;
    for (int i = 0; i < 2; i++) {
        buf_close(&d->half[i].in);
        buf_close(&d->half[i].handshake);
        EVP_CIPHER_CTX_free(d->half[i].cipher);
    }
    tls_facts_close(&d->facts);
    buf_close(&d->plain);
    buf_close(&d->text);
    buf_close(&d->transcript);
    OPENSSL_cleanse(d, sizeof *d);
    free(d);
}

const struct tls_facts *tls_decrypt_facts(const struct tls_decrypt *d)
{
    return &d->facts;
}

bool tls_decrypt_is_locked(const struct tls_decrypt *d)
{
    return d->is_locked || (d->half[0].is_locked && d->half[1].is_locked);
}

static const char *side_name(bool from_client)
{
    return from_client ? "EVCC" : "SECC";
}

static void note(struct tls_decrypt *d, bool from_client)
{
    if (d->text.n > 0 && d->events->note != NULL)
        d->events->note(d->context, from_client, buf_string(&d->text));
}

/* ---- key derivation ---- */

/* TLS 1.2: PRF(master secret, "key expansion", server random + client random). */
static int expand_12(const struct tls_decrypt *d, const uint8_t *master, size_t master_size,
                     uint8_t *out, size_t n)
{
    uint8_t seed[13 + 2 * TLS_RANDOM] = "key expansion";
    memcpy(seed + 13, d->server_random, TLS_RANDOM);
    memcpy(seed + 13 + TLS_RANDOM, d->client_random, TLS_RANDOM);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *c = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM p[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)d->suite->hash,
                                         0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)master,
                                          master_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
        OSSL_PARAM_construct_end(),
    };
    int good = c != NULL && EVP_KDF_derive(c, out, n, p) == 1;
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    return good ? 0 : -1;
}

/* TLS 1.3: HKDF-Expand-Label(secret, label, "", n). */
static int expand_13(const struct tls_decrypt *d, const uint8_t *secret, size_t secret_size,
                     const char *label, uint8_t *out, size_t n)
{
    uint8_t info[64] = {(uint8_t)(n >> 8), (uint8_t)n, (uint8_t)(6 + strlen(label))};
    memcpy(info + 3, "tls13 ", 6);
    memcpy(info + 9, label, strlen(label)); /* the empty context's length, 0, stands behind it */
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *c = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM p[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)d->suite->hash,
                                         0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret,
                                          secret_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, 10 + strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    int good = c != NULL && EVP_KDF_derive(c, out, n, p) == 1;
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    return good ? 0 : -1;
}

static size_t secret_of(const struct tls_decrypt *d, enum tls_label label, uint8_t *out)
{
    return d->secrets == NULL ? 0 : tls_secrets_find(d->secrets, d->client_random, label, out);
}

/* Keys of one direction, taken in order from the key block: MAC keys, keys, fixed IVs. */
static int derive_12(struct tls_decrypt *d, bool from_client)
{
    struct half *h = &d->half[from_client];
    uint8_t master[TLS_SECRET_MOST], block[2 * (48 + 32 + 12)];
    const struct suite *s = d->suite;
    size_t iv = s->how == CBC ? 0 : s->how == GCM ? 4 : 12;
    size_t second = from_client ? 0 : 1; /* the client's comes first */
    size_t n = secret_of(d, TLS_MASTER_SECRET, master);
    int bad = expand_12(d, master, n, block, 2 * (s->mac_size + s->key + iv));
    memcpy(h->mac, block + second * s->mac_size, s->mac_size);
    memcpy(h->key, block + 2 * s->mac_size + second * s->key, s->key);
    memcpy(h->iv, block + 2 * (s->mac_size + s->key) + second * iv, iv);
    h->sequence = 0;
    OPENSSL_cleanse(master, sizeof master);
    OPENSSL_cleanse(block, sizeof block);
    return bad;
}

static int keys_of_secret(struct tls_decrypt *d, struct half *h)
{
    h->sequence = 0;
    h->is_encrypted = true;
    if (expand_13(d, h->secret, h->secret_size, "key", h->key, d->suite->key) != 0)
        return -1;
    return expand_13(d, h->secret, h->secret_size, "iv", h->iv, sizeof h->iv);
}

static const enum tls_label LABELS_13[2][2] = {{TLS_SERVER_HANDSHAKE, TLS_CLIENT_HANDSHAKE},
                                               {TLS_SERVER_TRAFFIC, TLS_CLIENT_TRAFFIC}};

static int derive_13(struct tls_decrypt *d, bool from_client, bool is_traffic)
{
    struct half *h = &d->half[from_client];
    h->is_traffic = is_traffic;
    h->secret_size = secret_of(d, LABELS_13[is_traffic][from_client], h->secret);
    return h->secret_size == 0 ? -1 : keys_of_secret(d, h);
}

static int update_13(struct tls_decrypt *d, bool from_client)
{
    struct half *h = &d->half[from_client];
    uint8_t next[TLS_SECRET_MOST];
    int bad = expand_13(d, h->secret, h->secret_size, "traffic upd", next, h->secret_size);
    memcpy(h->secret, next, h->secret_size);
    OPENSSL_cleanse(next, sizeof next);
    return bad != 0 ? -1 : keys_of_secret(d, h);
}

/* ---- records ---- */

struct record {
    uint8_t type;
    const uint8_t *header; /* HEADER octets */
    struct slice body;
};

/* Sequence number and header, as MACs of TLS 1.2 begin; the length is that of what follows. */
static void pseudo_header(const struct half *h, const struct record *r, size_t n, uint8_t out[13])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(h->sequence >> (56 - 8 * i));
    memcpy(out + 8, r->header, 3);
    out[11] = (uint8_t)(n >> 8);
    out[12] = (uint8_t)n;
}

static void nonce_by_sequence(const struct half *h, uint8_t nonce[12])
{
    memcpy(nonce, h->iv, 12);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(h->sequence >> (56 - 8 * i));
}

static bool cipher_ready(const struct tls_decrypt *d, struct half *h, bool encrypts)
{
    if (h->cipher == NULL)
        h->cipher = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher = h->cipher == NULL ? NULL : EVP_CIPHER_fetch(NULL, d->suite->cipher, NULL);
    bool good = cipher != NULL && EVP_CIPHER_CTX_reset(h->cipher) == 1 &&
                EVP_CipherInit_ex2(h->cipher, cipher, NULL, NULL, encrypts, NULL) == 1;
    EVP_CIPHER_free(cipher);
    return good;
}

/* Decrypts in with its tag behind it into d->plain. */
static bool open_aead(struct tls_decrypt *d, struct half *h, const uint8_t nonce[12],
                      const uint8_t *extra, size_t extra_size, struct slice in)
{
    int n = 0, last = 0, ignored;
    buf_clear(&d->plain);
    if (in.n < TAG || buf_reserve(&d->plain, in.n) == NULL || !cipher_ready(d, h, false))
        return false;
    size_t size = in.n - TAG;
    void *tag = (void *)(uintptr_t)(in.p + size);
    bool good = EVP_DecryptInit_ex2(h->cipher, NULL, h->key, nonce, NULL) == 1 &&
                EVP_CIPHER_CTX_ctrl(h->cipher, EVP_CTRL_AEAD_SET_TAG, (int)TAG, tag) == 1 &&
                EVP_DecryptUpdate(h->cipher, NULL, &ignored, extra, (int)extra_size) == 1 &&
                EVP_DecryptUpdate(h->cipher, d->plain.p, &n, in.p, (int)size) == 1 &&
                EVP_DecryptFinal_ex(h->cipher, d->plain.p + n, &last) == 1;
    d->plain.n = good ? (size_t)(n + last) : 0;
    return good;
}

static bool open_aead_12(struct tls_decrypt *d, struct half *h, const struct record *r)
{
    uint8_t nonce[12], extra[13];
    struct slice in = r->body;
    if (d->suite->how == CHACHA) {
        nonce_by_sequence(h, nonce);
    } else {
        if (in.n < 8)
            return false;
        memcpy(nonce, h->iv, 4);
        memcpy(nonce + 4, in.p, 8);
        in = (struct slice){in.p + 8, in.n - 8};
    }
    if (in.n < TAG)
        return false;
    pseudo_header(h, r, in.n - TAG, extra);
    return open_aead(d, h, nonce, extra, sizeof extra, in);
}

/* Over pseudo header and content; mac_size octets. */
static bool make_mac(const struct tls_decrypt *d, const struct half *h, const struct record *r,
                     struct slice content, uint8_t made[EVP_MAX_MD_SIZE])
{
    uint8_t head[13];
    size_t n = 0;
    pseudo_header(h, r, content.n, head);
    struct buf all = {0};
    buf_add(&all, head, sizeof head);
    buf_add(&all, content.p, content.n);
    bool good = !all.failed &&
                EVP_Q_mac(NULL, "HMAC", NULL, d->suite->mac, NULL, h->mac, d->suite->mac_size,
                          all.p, all.n, made, EVP_MAX_MD_SIZE, &n) != NULL;
    buf_close(&all);
    return good && n == d->suite->mac_size;
}

static bool mac_fits(const struct tls_decrypt *d, const struct half *h, const struct record *r,
                     struct slice content, const uint8_t *mac)
{
    uint8_t made[EVP_MAX_MD_SIZE];
    return make_mac(d, h, r, content, made) && CRYPTO_memcmp(made, mac, d->suite->mac_size) == 0;
}

/* Takes the padding off d->plain, a block at least: its last octet says how many alike stand before
 * it. */
static bool take_padding(struct tls_decrypt *d)
{
    size_t n = d->plain.n, padding = d->plain.p[n - 1];
    if (padding + 1 > n)
        return false;
    for (size_t i = 0; i <= padding; i++)
        if (d->plain.p[n - 1 - i] != padding)
            return false;
    d->plain.n -= padding + 1;
    return true;
}

/* IV, blocks: content, MAC, padding; or, with encrypt-then-MAC, content, padding, and the MAC over
 * IV and blocks behind them (RFC 7366). */
static bool open_cbc(struct tls_decrypt *d, struct half *h, const struct record *r)
{
    struct slice in = r->body;
    size_t mac = d->suite->mac_size;
    int n = 0;
    if (d->encrypts_then_macs) {
        if (in.n < mac)
            return false;
        in.n -= mac;
        if (!mac_fits(d, h, r, in, in.p + in.n))
            return false;
    }
    buf_clear(&d->plain);
    if (in.n < 2 * BLOCK || in.n % BLOCK != 0 || buf_reserve(&d->plain, in.n + BLOCK) == NULL ||
        !cipher_ready(d, h, false))
        return false;
    if (EVP_DecryptInit_ex2(h->cipher, NULL, h->key, in.p, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(h->cipher, 0) != 1 ||
        EVP_DecryptUpdate(h->cipher, d->plain.p, &n, in.p + BLOCK, (int)(in.n - BLOCK)) != 1)
        return false;
    d->plain.n = (size_t)n;
    if (!take_padding(d))
        return false;
    if (d->encrypts_then_macs)
        return true;
    if (d->plain.n < mac)
        return false;
    d->plain.n -= mac;
    return mac_fits(d, h, r, (struct slice){d->plain.p, d->plain.n}, d->plain.p + d->plain.n);
}

/* TLS 1.3: the type stands behind the content, zeros behind it. */
static bool open_13(struct tls_decrypt *d, struct half *h, struct record *r)
{
    uint8_t nonce[12];
    nonce_by_sequence(h, nonce);
    if (!open_aead(d, h, nonce, r->header, HEADER, r->body))
        return false;
    while (d->plain.n > 0 && d->plain.p[d->plain.n - 1] == 0)
        d->plain.n--;
    if (d->plain.n == 0)
        return false;
    r->type = d->plain.p[--d->plain.n];
    return true;
}

static bool open_record(struct tls_decrypt *d, struct half *h, struct record *r)
{
    bool good = d->is_13               ? open_13(d, h, r)
                : d->suite->how == CBC ? open_cbc(d, h, r)
                                       : open_aead_12(d, h, r);
    h->sequence += good;
    r->body = (struct slice){d->plain.p, d->plain.n};
    return good;
}

/* ---- a record of our own ---- */

/* What the body of an encrypted record begins and ends with, as open_… read it. */
static bool seal_aead(struct tls_decrypt *d, struct half *h, const uint8_t nonce[12],
                      const uint8_t *extra, size_t extra_size, struct slice content,
                      struct buf *out)
{
    int n = 0, last = 0, ignored;
    uint8_t *to = buf_reserve(out, content.n + TAG);
    bool good =
        to != NULL && cipher_ready(d, h, true) &&
        EVP_EncryptInit_ex2(h->cipher, NULL, h->key, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(h->cipher, NULL, &ignored, extra, (int)extra_size) == 1 &&
        EVP_EncryptUpdate(h->cipher, to, &n, content.p, (int)content.n) == 1 &&
        EVP_EncryptFinal_ex(h->cipher, to + n, &last) == 1 &&
        EVP_CIPHER_CTX_ctrl(h->cipher, EVP_CTRL_AEAD_GET_TAG, (int)TAG, to + content.n) == 1;
    out->n += good ? content.n + TAG : 0;
    return good;
}

static bool seal_13(struct tls_decrypt *d, struct half *h, const struct record *r, struct buf *out)
{
    uint8_t nonce[12], inner[SEALED_MOST + 1];
    size_t n = r->body.n + 1;
    uint8_t header[HEADER] = {APPLICATION_DATA, 3, 3, 0, (uint8_t)(n + TAG)};
    memcpy(inner, r->body.p, r->body.n);
    inner[r->body.n] = r->type;
    nonce_by_sequence(h, nonce);
    return seal_aead(d, h, nonce, header, HEADER, (struct slice){inner, n}, out);
}

/* The explicit part of the nonce need only be another one each time: the sequence is (RFC 5288). */
static bool seal_aead_12(struct tls_decrypt *d, struct half *h, const struct record *r,
                         struct buf *out)
{
    uint8_t nonce[12], extra[13];
    pseudo_header(h, r, r->body.n, extra);
    nonce_by_sequence(h, nonce);
    if (d->suite->how == GCM) {
        memcpy(nonce + 4, extra, 8);
        buf_add(out, extra, 8);
    }
    return seal_aead(d, h, nonce, extra, sizeof extra, r->body, out);
}

static bool encrypt_blocks(struct tls_decrypt *d, struct half *h, struct slice plain,
                           struct buf *out)
{
    int n = 0;
    uint8_t *iv = buf_reserve(out, BLOCK + plain.n + BLOCK);
    bool good = iv != NULL && RAND_bytes(iv, BLOCK) == 1 && cipher_ready(d, h, true) &&
                EVP_EncryptInit_ex2(h->cipher, NULL, h->key, iv, NULL) == 1 &&
                EVP_CIPHER_CTX_set_padding(h->cipher, 0) == 1 &&
                EVP_EncryptUpdate(h->cipher, iv + BLOCK, &n, plain.p, (int)plain.n) == 1;
    out->n += good ? BLOCK + (size_t)n : 0;
    return good;
}

static bool seal_cbc(struct tls_decrypt *d, struct half *h, const struct record *r, struct buf *out)
{
    uint8_t plain[SEALED_MOST + EVP_MAX_MD_SIZE + BLOCK], mac[EVP_MAX_MD_SIZE];
    size_t n = r->body.n, mac_size = d->suite->mac_size;
    memcpy(plain, r->body.p, n);
    if (!d->encrypts_then_macs) {
        if (!make_mac(d, h, r, r->body, plain + n))
            return false;
        n += mac_size;
    }
    size_t padding = BLOCK - n % BLOCK;
    memset(plain + n, (int)padding - 1, padding);
    if (!encrypt_blocks(d, h, (struct slice){plain, n + padding}, out))
        return false;
    if (!d->encrypts_then_macs)
        return true;
    if (!make_mac(d, h, r, (struct slice){out->p, out->n}, mac))
        return false;
    buf_add(out, mac, mac_size);
    return true;
}

void tls_decrypt_live(struct tls_decrypt *d)
{
    d->is_live = true;
}

int tls_decrypt_seal(struct tls_decrypt *d, bool from_client, uint8_t type, struct slice content,
                     struct buf *out, struct err *e)
{
    struct half *h = &d->half[from_client];
    uint8_t header[HEADER] = {type, 3, 3};
    struct record r = {type, header, content};
    struct buf body = {0};
    bool good = !h->is_over && !d->is_locked && !h->is_locked && h->in.n == 0 &&
                content.n <= SEALED_MOST && (d->suite != NULL || !h->is_encrypted);
    if (good && !h->is_encrypted)
        buf_add(&body, content.p, content.n);
    else
        good = good && (d->is_13               ? seal_13(d, h, &r, &body)
                        : d->suite->how == CBC ? seal_cbc(d, h, &r, &body)
                                               : seal_aead_12(d, h, &r, &body));
    if (h->is_encrypted && d->is_13)
        header[0] = APPLICATION_DATA;
    header[3] = (uint8_t)(body.n >> 8);
    header[4] = (uint8_t)body.n;
    buf_add(out, header, HEADER);
    buf_add(out, body.p, body.n);
    good = good && !body.failed && !out->failed;
    buf_close(&body);
    return good ? 0 : err_set(e, "TLS: the keys of the %s are not known", side_name(from_client));
}

/* ---- handshake ---- */

/* What is inside the records from here on stays closed, for this reason. */
static void lock(struct tls_decrypt *d)
{
    bool has_any = d->secrets != NULL && d->secrets->n > 0;
    d->is_locked = true;
    buf_clear(&d->text);
    if (d->suite == NULL) {
        buf_text(&d->text, "what is inside is not shown: the suite ");
        tls_add_name(&d->text, TLS_SUITES, d->facts.suite);
        buf_text(&d->text, " is not known here");
    } else if (d->secrets != NULL && d->secrets->key != NULL && !tls_rsa_suite(d->facts.suite)) {
        buf_text(&d->text, "what is inside is not shown: with the suite ");
        tls_add_name(&d->text, TLS_SUITES, d->facts.suite);
        buf_text(&d->text, " both sides make a secret that no private key opens (only TLS_RSA_ "
                           "suites exchange it by the key); a key log is needed");
    } else if (!has_any) {
        buf_text(&d->text, "what is inside is not shown without a key log");
    } else {
        buf_text(&d->text, "what is inside is not shown: the key log has no secrets for the "
                           "client random ");
        buf_hex(&d->text, d->client_random, TLS_RANDOM, false);
    }
    note(d, false);
}

/* What comes of this direction stays closed, as long as no secret fits. */
static void lock_half(struct tls_decrypt *d, bool from_client, bool is_traffic)
{
    struct half *h = &d->half[from_client];
    uint8_t secret[TLS_SECRET_MOST];
    h->is_locked = true;
    h->is_encrypted = true;
    h->may_open = !is_traffic && secret_of(d, LABELS_13[true][from_client], secret) > 0;
    OPENSSL_cleanse(secret, sizeof secret);
    buf_clear(&d->text);
    buf_printf(&d->text, "%s of the %s is not shown: the key log has no %s for this connection",
               h->may_open ? "the handshake" : "what follows", side_name(from_client),
               tls_secrets_label(LABELS_13[is_traffic][from_client]));
    note(d, from_client);
}

/* Keys of the handshake, as far as there are any. */
static void begin_13(struct tls_decrypt *d)
{
    uint8_t secret[TLS_SECRET_MOST];
    bool has_any = false;
    for (int traffic = 0; traffic < 2; traffic++)
        for (int side = 0; side < 2; side++)
            has_any |= secret_of(d, LABELS_13[traffic][side], secret) > 0;
    OPENSSL_cleanse(secret, sizeof secret);
    if (!has_any) {
        lock(d);
        return;
    }
    for (int side = 0; side < 2; side++)
        if (derive_13(d, side, false) != 0)
            lock_half(d, side, false);
}

/* Both sides have said so far what the key opens (RFC 5246, 8.1; RFC 7627, 4). */
static void take_key_exchange(struct tls_decrypt *d, struct slice body)
{
    uint8_t master[TLS_MASTER], seed[2 * TLS_RANDOM + EVP_MAX_MD_SIZE];
    size_t n = 2 * TLS_RANDOM;
    bool good = true;
    memcpy(seed, d->client_random, TLS_RANDOM);
    memcpy(seed + TLS_RANDOM, d->server_random, TLS_RANDOM);
    if (d->is_extended)
        good = EVP_Q_digest(NULL, d->suite->hash, NULL, d->transcript.p, d->transcript.n, seed,
                            &n) == 1;
    good = good && tls_rsa_master(d->secrets, d->suite->hash, body, (struct slice){seed, n},
                                  d->is_extended, master) == 0;
    if (good)
        tls_secrets_keep(d->secrets, d->client_random, TLS_MASTER_SECRET,
                         (struct slice){master, sizeof master});
    OPENSSL_cleanse(master, sizeof master);
    d->is_keyed = false;
    buf_close(&d->transcript);
    if (good)
        return;
    d->is_locked = true;
    buf_clear(&d->text);
    buf_text(&d->text, "what is inside is not shown: the key is not that of the station's "
                       "certificate");
    note(d, false);
}

/* What was said of the handshake, for those who need its hash. */
static void keep_message(struct tls_decrypt *d, uint8_t type, struct slice body)
{
    if (d->secrets == NULL || d->secrets->key == NULL || type == 0 /* HelloRequest */ ||
        (d->has_server_hello && !d->is_keyed))
        return;
    uint8_t head[4] = {type, (uint8_t)(body.n >> 16), (uint8_t)(body.n >> 8), (uint8_t)body.n};
    buf_add(&d->transcript, head, sizeof head);
    buf_add(&d->transcript, body.p, body.n);
}

/* The ServerHello came: suite and secrets are known, or are not there. */
static void choose_keys(struct tls_decrypt *d)
{
    uint8_t secret[TLS_SECRET_MOST];
    d->suite = NULL;
    for (size_t i = 0; i < sizeof SUITES / sizeof *SUITES; i++)
        if (SUITES[i].number == d->facts.suite)
            d->suite = &SUITES[i];
    d->is_13 = d->facts.version >= 0x0304;
    d->has_server_hello = true;
    d->is_locked = false;
    if (d->suite == NULL || (d->facts.suite >> 8 == 0x13) != d->is_13) {
        d->suite = NULL;
        lock(d);
    } else if (d->is_13) {
        begin_13(d);
    } else if (!d->is_live && d->secrets != NULL && d->secrets->key != NULL &&
               tls_rsa_suite(d->facts.suite) && secret_of(d, TLS_MASTER_SECRET, secret) == 0) {
        d->is_keyed = true;
    } else if (!d->is_live && secret_of(d, TLS_MASTER_SECRET, secret) == 0) {
        lock(d);
    }
    OPENSSL_cleanse(secret, sizeof secret);
}

static void take_hello(struct tls_decrypt *d, bool from_client, struct slice body)
{
    struct tls_hello h;
    struct slice s;
    if (tls_hello_read(body, from_client, &h) != 0)
        return;
    memcpy(from_client ? d->client_random : d->server_random, h.random.p, TLS_RANDOM);
    if (from_client) {
        d->has_client_hello = true;
        d->has_early_data = tls_hello_extension(&h, TLS_EARLY_DATA, &s);
    } else if (!d->facts.is_retried) {
        d->encrypts_then_macs = tls_hello_extension(&h, TLS_ENCRYPT_THEN_MAC, &s);
        d->is_extended = tls_hello_extension(&h, TLS_EXTENDED_MASTER_SECRET, &s);
        choose_keys(d);
    }
}

static int take_message(struct tls_decrypt *d, bool from_client, uint8_t type, struct slice body,
                        struct err *e)
{
    struct half *h = &d->half[from_client];
    if (tls_facts_message(&d->facts, from_client, type, body) != 0) {
        buf_clear(&d->text);
        tls_add_name(&d->text, TLS_MESSAGES, type);
        return err_set(e, "TLS: the %s's %s (%zu bytes) is cut or broken", side_name(from_client),
                       buf_string(&d->text), body.n);
    }
    buf_clear(&d->text);
    tls_facts_line(&d->facts, from_client, type, &d->text);
    note(d, from_client);
    if ((type == TLS_CLIENT_HELLO && from_client) || (type == TLS_SERVER_HELLO && !from_client))
        take_hello(d, from_client, body);
    keep_message(d, type, body);
    if (d->is_keyed && type == TLS_CLIENT_KEY_EXCHANGE && from_client)
        take_key_exchange(d, body);
    if (!d->is_13 || d->is_locked)
        return 0;
    int bad = 0;
    if (type == TLS_FINISHED && !h->is_traffic && derive_13(d, from_client, true) != 0)
        lock_half(d, from_client, true);
    else if (type == TLS_KEY_UPDATE && h->is_traffic)
        bad = update_13(d, from_client);
    if (bad != 0)
        return err_set(e, "TLS: the keys of the %s could not be derived", side_name(from_client));
    return 0;
}

static int take_handshake(struct tls_decrypt *d, bool from_client, struct slice part, struct err *e)
{
    struct buf *b = &d->half[from_client].handshake;
    size_t at = 0;
    int bad = 0;
    buf_add(b, part.p, part.n);
    while (bad == 0 && !b->failed && b->n - at >= 4) {
        const uint8_t *p = b->p + at;
        size_t n = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (n > MESSAGE_MOST)
            bad = err_set(e, "TLS: a handshake message of %zu bytes from the %s", n,
                          side_name(from_client));
        if (bad != 0 || b->n - at - 4 < n)
            break;
        bad = take_message(d, from_client, p[0], (struct slice){p + 4, n}, e);
        at += 4 + n;
    }
    if (b->failed)
        return err_set(e, "TLS: out of memory");
    if (at > 0)
        memmove(b->p, b->p + at, b->n - at);
    b->n -= at;
    return bad;
}

/* ---- content ---- */

static int take_alert(struct tls_decrypt *d, bool from_client, struct slice s, struct err *e)
{
    if (s.n != 2)
        return err_set(e, "TLS: an alert of %zu bytes from the %s; expected 2", s.n,
                       side_name(from_client));
    struct tls_alert alert = {from_client, s.p[0], s.p[1]};
    tls_facts_alert(&d->facts, from_client, s.p[0], s.p[1]);
    buf_clear(&d->text);
    tls_alert_line(&alert, &d->text);
    note(d, from_client);
    return 0;
}

static int take_content(struct tls_decrypt *d, bool from_client, const struct record *r,
                        struct err *e)
{
    switch (r->type) {
    case HANDSHAKE:
        return take_handshake(d, from_client, r->body, e);
    case ALERT:
        return take_alert(d, from_client, r->body, e);
    case APPLICATION_DATA:
        if (r->body.n > 0 && d->events->data != NULL)
            d->events->data(d->context, from_client, r->body);
        return 0;
    default: /* numbers from the wire */
        return err_set(e, "TLS: a record with content of type %u from the %s", r->type,
                       side_name(from_client));
    }
}

/* From here on this direction is encrypted; TLS 1.3 has it only to look like 1.2. */
static enum outcome take_change(struct tls_decrypt *d, bool from_client, struct err *e)
{
    struct half *h = &d->half[from_client];
    if (!d->has_server_hello && d->facts.server_hello.n == 0)
        return WAITS;
    if (d->is_13 || d->facts.is_retried)
        return TAKEN;
    h->is_encrypted = true;
    if (d->is_keyed) { /* it goes on with an earlier secret, which no key opens */
        d->is_keyed = false;
        d->is_locked = true;
        buf_clear(&d->text);
        buf_text(&d->text, "what is inside is not shown: a session is resumed whose secret is not "
                           "in the capture; a key log is needed");
        note(d, from_client);
    }
    if (d->is_locked || (d->suite != NULL && derive_12(d, from_client) == 0))
        return TAKEN;
    err_set(e, "TLS: the keys of the %s could not be derived", side_name(from_client));
    return BAD;
}

static enum outcome not_opened(const struct tls_decrypt *d, bool from_client, struct err *e)
{
    const struct half *h = &d->half[from_client];
    err_set(e,
            "TLS: record %llu of the %s does not verify: its bytes were changed, or the secret "
            "in the key log is not the one of this connection",
            (unsigned long long)h->records, side_name(from_client));
    return BAD;
}

/* Where its handshake is closed the first record that the keys behind it fit ends that. */
static bool opens_again(struct tls_decrypt *d, bool from_client)
{
    struct half *h = &d->half[from_client];
    return h->may_open && (h->is_traffic || derive_13(d, from_client, true) == 0);
}

static enum outcome take_encrypted(struct tls_decrypt *d, bool from_client, struct record *r,
                                   struct err *e)
{
    struct half *h = &d->half[from_client];
    if (d->is_locked || (h->is_locked && !opens_again(d, from_client)))
        return TAKEN;
    if (open_record(d, h, r)) {
        h->is_locked = false;
        return take_content(d, from_client, r, e) == 0 ? TAKEN : BAD;
    }
    /* early data has keys of its own, which are not read; it ends where the handshake's fit */
    bool is_early = from_client && d->is_13 && d->has_early_data && !h->is_traffic;
    if (h->is_locked)
        return TAKEN;
    return is_early && h->sequence == 0 ? TAKEN : not_opened(d, from_client, e);
}

static enum outcome take_record(struct tls_decrypt *d, bool from_client, struct record *r,
                                struct err *e)
{
    const struct half *h = &d->half[from_client];
    bool has_hello =
        from_client ? d->has_client_hello : d->has_server_hello || d->facts.server_hello.n > 0;
    if (!has_hello && r->type != HANDSHAKE && r->type != ALERT) {
        err_set(e,
                "TLS: the beginning of the connection is missing; found a record of type %u "
                "before the %s's hello",
                r->type, side_name(from_client));
        return BAD;
    }
    if (!from_client && !d->has_client_hello)
        return WAITS; /* the directions are not in order here */
    if (r->type == CHANGE_CIPHER_SPEC)
        return take_change(d, from_client, e);
    bool is_encrypted = d->is_13 ? r->type == APPLICATION_DATA : h->is_encrypted;
    if (is_encrypted)
        return take_encrypted(d, from_client, r, e);
    if (r->type == APPLICATION_DATA && from_client && !d->has_server_hello)
        return WAITS; /* as above; or early data */
    if (r->type == APPLICATION_DATA) {
        err_set(e, "TLS: application data of the %s before the handshake is over",
                side_name(from_client));
        return BAD;
    }
    return take_content(d, from_client, r, e) == 0 ? TAKEN : BAD;
}

static bool is_record(const uint8_t *p, struct half *h, bool from_client, struct err *e)
{
    size_t n = (size_t)p[3] << 8 | p[4];
    if (p[0] >= CHANGE_CIPHER_SPEC && p[0] <= APPLICATION_DATA && p[1] == 3 && n <= RECORD_MOST)
        return true;
    err_set(e,
            "TLS: no record where number %llu of the %s should begin: expected 14 to 17, 03, "
            "and a length up to %u, found %02X%02X%02X%02X%02X",
            (unsigned long long)h->records + 1, side_name(from_client), RECORD_MOST, p[0], p[1],
            p[2], p[3], p[4]);
    return false;
}

/* Takes what records are whole; true where it took one. */
static bool run(struct tls_decrypt *d, bool from_client, struct err *e)
{
    struct half *h = &d->half[from_client];
    size_t at = 0;
    enum outcome outcome = TAKEN;
    while (outcome == TAKEN && h->in.n - at >= HEADER) {
        const uint8_t *p = h->in.p + at;
        if (!is_record(p, h, from_client, e)) {
            outcome = BAD;
            break;
        }
        size_t n = (size_t)p[3] << 8 | p[4];
        if (h->in.n - at - HEADER < n)
            break;
        struct record r = {p[0], p, {p + HEADER, n}};
        h->records++;
        outcome = take_record(d, from_client, &r, e);
        h->records -= outcome == WAITS;
        at += outcome == TAKEN ? HEADER + n : 0;
    }
    if (h->in.n - at > WAITING_MOST) {
        err_set(e, "TLS: no hello from the other side, and the %s goes on", side_name(from_client));
        outcome = BAD;
    }
    if (outcome == BAD)
        h->is_over = true;
    if (at > 0)
        memmove(h->in.p, h->in.p + at, h->in.n - at);
    h->in.n -= at;
    return at > 0 && outcome != BAD;
}

int tls_decrypt_feed(struct tls_decrypt *d, bool from_client, struct slice bytes, struct err *e)
{
    struct half *h = &d->half[from_client], *other = &d->half[!from_client];
    bool was_over = h->is_over, other_was = other->is_over;
    if (was_over)
        return 0;
    buf_add(&h->in, bytes.p, bytes.n);
    if (h->in.failed) {
        h->is_over = true;
        return err_set(e, "TLS: out of memory");
    }
    bool side = from_client, goes_on = true;
    while (goes_on && !d->half[side].is_over && d->half[side].in.n > 0) {
        goes_on = run(d, side, e);
        side = !side; /* it may have waited for this */
    }
    return h->is_over != was_over || other->is_over != other_was ? -1 : 0;
}

void tls_decrypt_loss(struct tls_decrypt *d, bool from_client)
{
    if (d->half[from_client].is_over)
        return;
    d->half[from_client].is_over = true;
    buf_clear(&d->text);
    buf_printf(&d->text, "nothing of the %s can be decrypted behind the loss",
               side_name(from_client));
    note(d, from_client);
}
