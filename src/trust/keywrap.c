/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/keywrap.h"

#include <ctype.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#define AGREED_MAX 66 /* octets of a shared secret */
#define KEY_MAX 66
#define X448_SIZE 56
#define ED448_SIZE 57
#define PCID_SIZE 18

/* ORDER KEYWRAP */
const struct keywrap_form KEYWRAP_FORMS[KEYWRAPS] = {
    {"ECDH over secp256r1, AES-128-CBC", "prime256v1", "SHA256", "AES-128-CBC", 32, 65, 16, 0, 48,
     16, false},
    {"ECDH over secp521r1, AES-256-GCM", "secp521r1", "SHA512", "AES-256-GCM", 66, 133, 12, 16, 94,
     32, true},
    {"X448, AES-256-GCM", "X448", "SHA512", "AES-256-GCM", 56, 133, 12, 16, 84, 32, true},
};

static int failed(struct err *e, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    err_set(e, "%s%s%s", what, reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
    ERR_clear_error();
    return -1;
}

static bool is_ec(const struct keywrap_form *form)
{
    return form != &KEYWRAP_FORMS[KEYWRAP_X448];
}

const struct keywrap_form *keywrap_form_of(const EVP_PKEY *receiver, struct err *e)
{
    char group[64] = "";
    const char *type = EVP_PKEY_get0_type_name(receiver);
    if (EVP_PKEY_is_a(receiver, "X448") || EVP_PKEY_is_a(receiver, "ED448"))
        return &KEYWRAP_FORMS[KEYWRAP_X448];
    if (EVP_PKEY_is_a(receiver, "EC") &&
        EVP_PKEY_get_group_name(receiver, group, sizeof group, NULL) == 1) {
        int nid = OBJ_sn2nid(group) != NID_undef ? OBJ_sn2nid(group) : EC_curve_nist2nid(group);
        for (unsigned i = 0; i < KEYWRAPS; i++)
            if (nid != NID_undef && nid == OBJ_sn2nid(KEYWRAP_FORMS[i].curve))
                return &KEYWRAP_FORMS[i];
    }
    ERR_clear_error();
    err_set(e, "a receiver's key of %s %s; expected EC over secp256r1 or secp521r1, X448 or Ed448",
            type == NULL ? "unknown type" : type, group);
    return NULL;
}

int keywrap_aad(const char *pcid, struct slice key_identifier, char *text, struct err *e)
{
    static const char HEX[] = "0123456789ABCDEF";
    size_t n = 0;
    for (const char *p = pcid; *p != '\0'; p++) {
        if (*p == '-')
            continue;
        if (n == PCID_SIZE || !isalnum((unsigned char)*p))
            return err_set(e, "'%.40s' is no PCID; expected %d letters and digits", pcid,
                           PCID_SIZE);
        text[n++] = (char)toupper((unsigned char)*p);
    }
    if (n != PCID_SIZE)
        return err_set(e, "PCID '%.40s' has %zu characters; expected %d", pcid, n, PCID_SIZE);
    if (key_identifier.n == 0 || key_identifier.n > (KEYWRAP_AAD_MAX - PCID_SIZE - 1) / 2)
        return err_set(e, "a subject key identifier of %zu octets; expected 8", key_identifier.n);
    for (size_t i = 0; i < key_identifier.n; i++) {
        text[n++] = HEX[key_identifier.p[i] >> 4];
        text[n++] = HEX[key_identifier.p[i] & 15];
    }
    text[n] = '\0';
    return 0;
}

/* ---- keys ---- */

/* The public key as the message has it. X448 fills the field's 133 octets from the right. */
static int public_octets(const struct keywrap_form *form, EVP_PKEY *key, uint8_t *out,
                         struct err *e)
{
    size_t n = 0;
    memset(out, 0, form->public_size);
    if (!is_ec(form)) {
        n = X448_SIZE;
        if (EVP_PKEY_get_raw_public_key(key, out + form->public_size - X448_SIZE, &n) != 1)
            return failed(e, "the public key cannot be written");
        return 0;
    }
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out, form->public_size, &n) !=
            1 ||
        n != form->public_size || out[0] != 4)
        return failed(e, "the public key cannot be written as an uncompressed point");
    return 0;
}

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static EVP_PKEY *x448_public(struct slice octets)
{
    const size_t rest = octets.n - X448_SIZE;
    const uint8_t *p = octets.p;
    /* peers may fill the field from either side, or not at all, or begin with the 4 of a point */
    if (rest > 0 && (is_zero(p, rest) || (rest == 1 && p[0] == 4)))
        p += rest;
    else if (rest > 0 && !is_zero(p + X448_SIZE, rest))
        return NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, "X448", NULL, p, X448_SIZE);
}

/* A key of the form's curve; private_key may be NULL. */
static EVP_PKEY *ec_key(const struct keywrap_form *form, const uint8_t *public_key, size_t n,
                        const BIGNUM *private_key)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (c != NULL && b != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, form->curve, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, public_key, n) == 1 &&
        (private_key == NULL ||
         OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, private_key) == 1))
        params = OSSL_PARAM_BLD_to_param(b);
    int selection = private_key == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
    if (params == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &key, selection, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(c);
    return key;
}

/* The sender's public key as it was received. */
static EVP_PKEY *read_public(const struct keywrap_form *form, struct slice octets, struct err *e)
{
    EVP_PKEY *key = NULL;
    bool fits = octets.n == form->public_size ||
                (!is_ec(form) && (octets.n == X448_SIZE || octets.n == X448_SIZE + 1));
    if (!fits) {
        err_set(e, "a public key of %zu octets; expected %u (%s)", octets.n, form->public_size,
                form->name);
        return NULL;
    }
    if (!is_ec(form))
        key = x448_public(octets);
    else if (octets.p[0] == 4)
        key = ec_key(form, octets.p, octets.n, NULL);
    if (key == NULL)
        failed(e, is_ec(form) ? "the public key is no uncompressed point of the curve"
                              : "the public key is none of X448");
    return key;
}

/* The seed of an Ed448 key without its last octet, for which the element has no room: it must be
 * 0. */
static int seed_octets(const EVP_PKEY *key, uint8_t *out, struct err *e)
{
    uint8_t seed[ED448_SIZE];
    size_t n = sizeof seed;
    if (EVP_PKEY_get_raw_private_key(key, seed, &n) != 1)
        return failed(e, "the contract's private key is not there");
    memcpy(out, seed, X448_SIZE);
    bool fits = seed[ED448_SIZE - 1] == 0;
    OPENSSL_cleanse(seed, sizeof seed);
    return fits ? 0
                : err_set(e, "a private key of Ed448 has 57 octets, X448_EncryptedPrivateKey room "
                             "for 56; expected one whose last octet is 0");
}

/* The private key's octets, most significant first, form->key of them. */
static int private_octets(const struct keywrap_form *form, const EVP_PKEY *key, uint8_t *out,
                          struct err *e)
{
    size_t n = form->key;
    BIGNUM *number = NULL;
    struct err other = ERR_INIT;
    if (keywrap_form_of(key, &other) != form)
        return err_set(e, "the contract's key does not go with %s: expected one of %s", form->name,
                       form->curve);
    if (EVP_PKEY_is_a(key, "ED448"))
        return seed_octets(key, out, e);
    if (!is_ec(form))
        return EVP_PKEY_get_raw_private_key(key, out, &n) == 1
                   ? 0
                   : failed(e, "the contract's private key is not there");
    int written = -1;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1)
        written = BN_bn2binpad(number, out, form->key);
    BN_clear_free(number);
    return written == form->key ? 0 : failed(e, "the contract's private key is not there");
}

/* The key pair of a private number: it must be below the curve's order. */
static EVP_PKEY *ec_pair(const struct keywrap_form *form, const uint8_t *octets, struct err *e)
{
    uint8_t point[KEYWRAP_PUBLIC_MAX];
    size_t n = 0;
    EVP_PKEY *key = NULL;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(form->curve));
    EC_POINT *product = group == NULL ? NULL : EC_POINT_new(group);
    BIGNUM *number = BN_bin2bn(octets, form->key, NULL);
    bool fits = product != NULL && number != NULL && !BN_is_zero(number) &&
                BN_cmp(number, EC_GROUP_get0_order(group)) < 0;
    if (number != NULL)
        BN_set_flags(number, BN_FLG_CONSTTIME);
    if (fits && EC_POINT_mul(group, product, number, NULL, NULL, NULL) == 1)
        n = EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point,
                               NULL);
    if (n > 0)
        key = ec_key(form, point, n, number);
    if (key == NULL)
        failed(e, "what was decrypted is no private key of the curve: it was encrypted for "
                  "another key, or is damaged");
    BN_clear_free(number);
    EC_POINT_free(product);
    EC_GROUP_free(group);
    return key;
}

/* ---- keys of Ed448, which sign, as those of X448, which agree (RFC 7748, 4.2) ---- */

static void reverse(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t octet = p[i];
        p[i] = p[n - 1 - i];
        p[n - 1 - i] = octet;
    }
}

/* u = y^2 (1 - d y^2) / (1 - y^2) with d = -39081, modulo 2^448 - 2^224 - 1, where y are the first
 * 56 octets of the key; false: of no point that agrees. */
static bool map_point(const uint8_t *key, uint8_t *out, BN_CTX *c)
{
    uint8_t octets[X448_SIZE];
    memcpy(octets, key, sizeof octets);
    reverse(octets, sizeof octets);
    BN_CTX_start(c);
    BIGNUM *y = BN_CTX_get(c), *square = BN_CTX_get(c), *over = BN_CTX_get(c);
    BIGNUM *under = BN_CTX_get(c), *p = BN_CTX_get(c);
    bool good = p != NULL && BN_bin2bn(octets, sizeof octets, y) != NULL && BN_set_bit(p, 448) &&
                BN_set_word(over, 0) && BN_set_bit(over, 224) && BN_add_word(over, 1) &&
                BN_sub(p, p, over) && BN_mod_sqr(square, y, p, c) &&
                BN_copy(over, square) != NULL && BN_mul_word(over, 39081) && BN_add_word(over, 1) &&
                BN_mod_mul(over, over, square, p, c) && BN_one(under) &&
                BN_mod_sub(under, under, square, p, c) && !BN_is_zero(under) &&
                BN_mod_inverse(under, under, p, c) != NULL && BN_mod_mul(over, over, under, p, c) &&
                BN_bn2lebinpad(over, out, X448_SIZE) == X448_SIZE;
    BN_CTX_end(c);
    return good;
}

static EVP_PKEY *public_map(const EVP_PKEY *key)
{
    uint8_t octets[ED448_SIZE], mapped[X448_SIZE];
    size_t n = sizeof octets;
    BN_CTX *c = BN_CTX_new();
    bool good = c != NULL && EVP_PKEY_get_raw_public_key(key, octets, &n) == 1 &&
                map_point(octets, mapped, c);
    BN_CTX_free(c);
    return good ? EVP_PKEY_new_raw_public_key_ex(NULL, "X448", NULL, mapped, sizeof mapped) : NULL;
}

/* The number that a seed stands for (RFC 8032, 5.2.5). */
static EVP_PKEY *private_map(const EVP_PKEY *key)
{
    uint8_t seed[ED448_SIZE], hash[2 * ED448_SIZE];
    size_t n = sizeof seed;
    EVP_PKEY *made = NULL;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (c != NULL && EVP_PKEY_get_raw_private_key(key, seed, &n) == 1 &&
        EVP_DigestInit_ex2(c, EVP_shake256(), NULL) == 1 && EVP_DigestUpdate(c, seed, n) == 1 &&
        EVP_DigestFinalXOF(c, hash, sizeof hash) == 1)
        made = EVP_PKEY_new_raw_private_key_ex(NULL, "X448", NULL, hash, X448_SIZE);
    EVP_MD_CTX_free(c);
    OPENSSL_cleanse(seed, sizeof seed);
    OPENSSL_cleanse(hash, sizeof hash);
    return made;
}

/* A key that agrees: itself, or what an Ed448 key stands for. The caller frees it. */
static EVP_PKEY *agreeing(EVP_PKEY *key, bool is_private)
{
    if (EVP_PKEY_is_a(key, "ED448"))
        return is_private ? private_map(key) : public_map(key);
    EVP_PKEY_up_ref(key);
    return key;
}

/* ---- agreement ---- */

/* ConcatKDF (NIST SP 800-56A, 5.8.1) with AlgorithmID 1, sender "U", receiver "V". */
static int derive_secret(const struct keywrap_form *form, const uint8_t *agreed, size_t n,
                         uint8_t *secret)
{
    uint8_t info[] = {0x01, 'U', 'V'};
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
    EVP_KDF_CTX *c = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)form->hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)agreed, n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info),
        OSSL_PARAM_construct_end(),
    };
    bool good = c != NULL && EVP_KDF_derive(c, secret, form->secret, params) == 1;
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    return good ? 0 : -1;
}

static int agree(const struct keywrap_form *form, EVP_PKEY *own, EVP_PKEY *peer, uint8_t *secret,
                 struct err *e)
{
    uint8_t agreed[AGREED_MAX];
    size_t n = sizeof agreed;
    EVP_PKEY *ours = agreeing(own, true), *theirs = agreeing(peer, false);
    EVP_PKEY_CTX *c = ours == NULL ? NULL : EVP_PKEY_CTX_new(ours, NULL);
    bool good = c != NULL && theirs != NULL && EVP_PKEY_derive_init(c) == 1 &&
                EVP_PKEY_derive_set_peer_ex(c, theirs, 1) == 1 &&
                EVP_PKEY_derive(c, agreed, &n) == 1 && derive_secret(form, agreed, n, secret) == 0;
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
    OPENSSL_cleanse(agreed, sizeof agreed);
    return good ? 0 : failed(e, "the keys cannot be agreed upon");
}

static EVP_PKEY *fresh_key(const struct keywrap_form *form)
{
    return is_ec(form) ? EVP_EC_gen(form->curve) : EVP_PKEY_Q_keygen(NULL, NULL, "X448");
}

/* ---- encryption ---- */

/* from: IV, text, tag in a row; either direction. text has form->key octets. */
static int crypt_key(const struct keywrap_form *form, const uint8_t *secret, struct slice aad,
                     bool seals, uint8_t *wrapped, uint8_t *text)
{
    int n = 0, rest = 0;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, form->cipher, NULL);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    uint8_t *middle = wrapped + form->iv, *tag = middle + form->key;
    uint8_t *out = seals ? middle : text;
    const uint8_t *in = seals ? text : middle;
    bool good = cipher != NULL && c != NULL &&
                EVP_CipherInit_ex2(c, cipher, secret, wrapped, seals, NULL) == 1 &&
                EVP_CIPHER_CTX_set_padding(c, 0) == 1;
    if (good && form->has_aad && aad.n > 0)
        good = EVP_CipherUpdate(c, NULL, &n, aad.p, (int)aad.n) == 1;
    if (good && form->tag > 0 && !seals)
        good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, form->tag, tag) == 1;
    good = good && EVP_CipherUpdate(c, out, &n, in, form->key) == 1 &&
           EVP_CipherFinal_ex(c, out + n, &rest) == 1 && n + rest == form->key;
    if (good && form->tag > 0 && seals)
        good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, form->tag, tag) == 1;
    EVP_CIPHER_CTX_free(c);
    EVP_CIPHER_free(cipher);
    return good ? 0 : -1;
}

int keywrap_seal(EVP_PKEY *receiver, const EVP_PKEY *contract, struct slice aad,
                 struct keywrap *out, struct err *e)
{
    uint8_t secret[32], text[KEY_MAX];
    const struct keywrap_form *form = keywrap_form_of(receiver, e);
    if (form == NULL)
        return -1;
    memset(out, 0, sizeof *out);
    out->form = form;
    EVP_PKEY *own = fresh_key(form);
    int bad = own == NULL ? failed(e, "a fresh key cannot be made")
                          : private_octets(form, contract, text, e);
    if (bad == 0)
        bad = public_octets(form, own, out->public_key, e);
    if (bad == 0)
        bad = agree(form, own, receiver, secret, e);
    if (bad == 0 && (RAND_bytes(out->wrapped, form->iv) != 1 ||
                     crypt_key(form, secret, aad, true, out->wrapped, text) != 0))
        bad = failed(e, "the private key cannot be encrypted");
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(text, sizeof text);
    EVP_PKEY_free(own);
    ERR_clear_error();
    return bad;
}

/* The key of octets that were decrypted: of Ed448 where the certificate is of that. */
static EVP_PKEY *key_of(const struct keywrap_form *form, const uint8_t *octets,
                        const EVP_PKEY *certified, struct err *e)
{
    uint8_t seed[ED448_SIZE] = {0};
    if (is_ec(form))
        return ec_pair(form, octets, e);
    bool is_seed = certified != NULL && EVP_PKEY_is_a(certified, "ED448");
    memcpy(seed, octets, X448_SIZE);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, is_seed ? "ED448" : "X448", NULL, seed,
                                                    is_seed ? ED448_SIZE : X448_SIZE);
    OPENSSL_cleanse(seed, sizeof seed);
    if (key == NULL)
        failed(e, "a key cannot be made of what was decrypted");
    return key;
}

static EVP_PKEY *open_key(const struct keywrap_form *form, const uint8_t *secret,
                          struct slice wrapped, struct slice aad, const EVP_PKEY *certified,
                          struct err *e)
{
    uint8_t text[KEY_MAX + 16], copy[KEYWRAP_WRAPPED_MAX];
    EVP_PKEY *key = NULL;
    memcpy(copy, wrapped.p, wrapped.n);
    if (crypt_key(form, secret, aad, false, copy, text) != 0)
        failed(e, "the private key cannot be decrypted: its tag is wrong (encrypted for another "
                  "key or with other additional data, or damaged)");
    else
        key = key_of(form, text, certified, e);
    OPENSSL_cleanse(text, sizeof text);
    return key;
}

EVP_PKEY *keywrap_open(EVP_PKEY *receiver, struct slice public_key, struct slice wrapped,
                       struct slice aad, const EVP_PKEY *certified, struct err *e)
{
    uint8_t secret[32];
    EVP_PKEY *key = NULL;
    const struct keywrap_form *form = keywrap_form_of(receiver, e);
    if (form == NULL)
        return NULL;
    if (wrapped.n != form->wrapped) {
        err_set(e, "an encrypted private key of %zu octets; expected %u (%s)", wrapped.n,
                form->wrapped, form->name);
        return NULL;
    }
    EVP_PKEY *peer = read_public(form, public_key, e);
    if (peer != NULL && agree(form, receiver, peer, secret, e) == 0)
        key = open_key(form, secret, wrapped, aad, certified, e);
    OPENSSL_cleanse(secret, sizeof secret);
    EVP_PKEY_free(peer);
    if (key != NULL && certified != NULL && EVP_PKEY_eq(key, certified) != 1) {
        err_set(e, "the private key is not that of the contract certificate ([V2G2-823])");
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return key;
}
