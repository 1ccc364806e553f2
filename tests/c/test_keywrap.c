/* SPDX-License-Identifier: Apache-2.0 */
/* Contract keys on their way to the vehicle: sealed, opened, damaged; and against openssl. */
#include "support.h"

#include "trust/keywrap.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

static const struct slice AAD = {(const uint8_t *)"V2GLABPROV0000001X42A43B9B654252F2", 34};

static EVP_PKEY *new_key(enum keywrap_id id)
{
    EVP_PKEY *key = id == KEYWRAP_X448 ? EVP_PKEY_Q_keygen(NULL, NULL, "X448")
                                       : EVP_EC_gen(KEYWRAP_FORMS[id].curve);
    assert_non_null(key);
    return key;
}

static struct slice public_of(const struct keywrap *k)
{
    return (struct slice){k->public_key, k->form->public_size};
}

static struct slice wrapped_of(const struct keywrap *k)
{
    return (struct slice){k->wrapped, k->form->wrapped};
}

/* [V2G2-814] [V2G2-818] [V2G2-821] [V2G2-823] */
static void test_round_trip(void **state)
{
    (void)state;
    for (unsigned id = 0; id < KEYWRAPS; id++) {
        EVP_PKEY *receiver = new_key(id), *contract = new_key(id), *other = new_key(id);
        struct keywrap k;
        struct err e = ERR_INIT;
        assert_int_equal(keywrap_seal(receiver, contract, AAD, &k, &e), 0);
        assert_ptr_equal(k.form, &KEYWRAP_FORMS[id]);
        EVP_PKEY *got = keywrap_open(receiver, public_of(&k), wrapped_of(&k), AAD, contract, &e);
        if (got == NULL)
            fail_msg("%s", e.what);
        assert_int_equal(EVP_PKEY_eq(got, contract), 1);
        EVP_PKEY_free(got);

        /* another receiver; and a certificate that the key does not belong to */
        assert_null(keywrap_open(other, public_of(&k), wrapped_of(&k), AAD, contract, &e));
        assert_true(e.set);
        e = ERR_INIT;
        assert_null(keywrap_open(receiver, public_of(&k), wrapped_of(&k), AAD, other, &e));
        assert_non_null(strstr(e.what, "V2G2-823"));
        EVP_PKEY_free(receiver);
        EVP_PKEY_free(contract);
        EVP_PKEY_free(other);
    }
}

/* Every octet damaged, every length: never the contract's key. */
static void test_damaged(void **state)
{
    (void)state;
    for (unsigned id = 0; id < KEYWRAPS; id++) {
        EVP_PKEY *receiver = new_key(id), *contract = new_key(id);
        struct keywrap k;
        struct err e = ERR_INIT;
        assert_int_equal(keywrap_seal(receiver, contract, AAD, &k, &e), 0);
        for (size_t i = 0; i < k.form->wrapped; i++) {
            e = ERR_INIT;
            k.wrapped[i] ^= 0x10;
            assert_null(keywrap_open(receiver, public_of(&k), wrapped_of(&k), AAD, contract, &e));
            assert_true(e.set);
            k.wrapped[i] ^= 0x10;
        }
        for (size_t i = 0; i < k.form->public_size; i++) {
            e = ERR_INIT;
            k.public_key[i] ^= 0x10;
            assert_null(keywrap_open(receiver, public_of(&k), wrapped_of(&k), AAD, contract, &e));
            k.public_key[i] ^= 0x10;
        }
        for (size_t n = 0; n < 160; n++) {
            static const uint8_t ZEROS[160];
            if (n == k.form->wrapped)
                continue;
            e = ERR_INIT;
            struct slice zeros = {ZEROS, n};
            assert_null(keywrap_open(receiver, public_of(&k), zeros, AAD, NULL, &e));
            e = ERR_INIT;
            assert_null(keywrap_open(receiver, zeros, wrapped_of(&k), AAD, NULL, &e));
        }
        struct slice less = {AAD.p, AAD.n - 1};
        e = ERR_INIT;
        EVP_PKEY *got = keywrap_open(receiver, public_of(&k), wrapped_of(&k), less, contract, &e);
        assert_int_equal(got == NULL, k.form->has_aad);
        EVP_PKEY_free(got);
        EVP_PKEY_free(receiver);
        EVP_PKEY_free(contract);
    }
}

/* A key of Ed448, whose seed ends with that octet. */
static EVP_PKEY *ed448_key(uint8_t last)
{
    uint8_t seed[57];
    size_t n = sizeof seed;
    EVP_PKEY *random = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    assert_int_equal(EVP_PKEY_get_raw_private_key(random, seed, &n), 1);
    EVP_PKEY_free(random);
    seed[56] = last;
    return EVP_PKEY_new_raw_private_key_ex(NULL, "ED448", NULL, seed, sizeof seed);
}

/* Keys that sign are those of X448 that they stand for: what is sealed with the public one is
 * opened with the private one, many times over. */
static void test_ed448(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        EVP_PKEY *receiver = ed448_key((uint8_t)i), *contract = ed448_key(0), *other = ed448_key(1);
        struct keywrap k;
        struct err e = ERR_INIT;
        assert_int_equal(keywrap_seal(receiver, contract, AAD, &k, &e), 0);
        assert_ptr_equal(k.form, &KEYWRAP_FORMS[KEYWRAP_X448]);
        EVP_PKEY *got = keywrap_open(receiver, public_of(&k), wrapped_of(&k), AAD, contract, &e);
        if (got == NULL)
            fail_msg("%s", e.what);
        assert_int_equal(EVP_PKEY_eq(got, contract), 1);
        EVP_PKEY_free(got);
        assert_null(keywrap_open(other, public_of(&k), wrapped_of(&k), AAD, contract, &e));
        e = ERR_INIT;
        assert_int_equal(keywrap_seal(receiver, other, AAD, &k, &e), -1);
        assert_non_null(strstr(e.what, "last octet is 0"));
        EVP_PKEY_free(receiver);
        EVP_PKEY_free(contract);
        EVP_PKEY_free(other);
    }
}

/* The public key of X448 in the forms that peers may write. */
static void test_x448_forms(void **state)
{
    (void)state;
    EVP_PKEY *receiver = ed448_key(7), *contract = ed448_key(0);
    struct keywrap k;
    struct err e = ERR_INIT;
    uint8_t form[4][133] = {{0}};
    size_t size[4] = {133, 133, 56, 57};
    assert_int_equal(keywrap_seal(receiver, contract, AAD, &k, &e), 0);
    const uint8_t *key = k.public_key + 133 - 56;
    memcpy(form[0] + 133 - 56, key, 56);
    memcpy(form[1], key, 56);
    memcpy(form[2], key, 56);
    memcpy(form[3] + 1, key, 56);
    form[3][0] = 4;
    for (int i = 0; i < 4; i++) {
        struct slice octets = {form[i], size[i]};
        EVP_PKEY *got = keywrap_open(receiver, octets, wrapped_of(&k), AAD, contract, &e);
        if (got == NULL)
            fail_msg("%d: %s", i, e.what);
        EVP_PKEY_free(got);
    }
    form[3][0] = 5;
    assert_null(
        keywrap_open(receiver, (struct slice){form[3], 57}, wrapped_of(&k), AAD, contract, &e));
    EVP_PKEY_free(receiver);
    EVP_PKEY_free(contract);
}

static void test_unfit_keys(void **state)
{
    (void)state;
    EVP_PKEY *receiver = new_key(KEYWRAP_P256), *contract = new_key(KEYWRAP_P521);
    EVP_PKEY *rsa = EVP_RSA_gen(1024), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    struct keywrap k;
    struct err e = ERR_INIT;
    assert_int_equal(keywrap_seal(receiver, contract, AAD, &k, &e), -1);
    e = ERR_INIT;
    assert_int_equal(keywrap_seal(rsa, contract, AAD, &k, &e), -1);
    e = ERR_INIT;
    assert_int_equal(keywrap_seal(ed, contract, AAD, &k, &e), -1);
    EVP_PKEY_free(receiver);
    EVP_PKEY_free(contract);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ed);
}

/* [V2G20-2492] */
static void test_additional_data(void **state)
{
    static const uint8_t KEY[] = {0x42, 0xA4, 0x3B, 0x9B, 0x65, 0x42, 0x52, 0xF2};
    char text[KEYWRAP_AAD_MAX];
    struct err e = ERR_INIT;
    struct slice key = {KEY, sizeof KEY};
    (void)state;
    assert_int_equal(keywrap_aad("V2G-LABPROV0000001-x", key, text, &e), 0);
    assert_string_equal(text, (const char *)AAD.p);
    assert_int_equal(keywrap_aad("V2GLABPROV0000001", key, text, &e), -1);
    e = ERR_INIT;
    assert_int_equal(keywrap_aad("V2GLABPROV00000011X", key, text, &e), -1);
    e = ERR_INIT;
    assert_int_equal(keywrap_aad("V2GLABPROV00000 1X", key, text, &e), -1);
    e = ERR_INIT;
    key.n = 0;
    assert_int_equal(keywrap_aad("V2GLABPROV0000001X", key, text, &e), -1);
}

/* ---- against the openssl program ---- */

static char folder[200];

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *p, size_t n)
{
    FILE *f = fopen(path_of(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static void write_key(const char *name, EVP_PKEY *key, bool is_public)
{
    FILE *f = fopen(path_of(name), "wb");
    assert_non_null(f);
    int good = is_public ? PEM_write_PUBKEY(f, key)
                         : PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    assert_int_equal(good, 1);
    fclose(f);
}

static void run(const char *script)
{
    char line[2200];
    snprintf(line, sizeof line, "cd '%s' && { set -e\n%s\n} >out 2>&1", folder, script);
    if (system(line) != 0)
        fail_msg("%s", script);
}

/* Agreed key by ECDH and a hash over counter, secret and other information. */
#define OPENSSL_SECRET(hash)                                                                       \
    "openssl pkeyutl -derive -inkey own.pem -peerkey peer.pem -out z\n"                            \
    "{ printf '\\000\\000\\000\\001'; cat z; printf '\\001UV'; } |"                                \
    " openssl dgst -" hash " -binary >secret\n"                                                    \
    "hex() { od -An -v -tx1 \"$@\" | tr -d ' \\n'; }\n"

static void expect_key(const char *name, const struct keywrap_form *form, const EVP_PKEY *contract)
{
    uint8_t number[KEYWRAP_PUBLIC_MAX];
    size_t n = form->key, got;
    BIGNUM *private_key = NULL;
    if (form == &KEYWRAP_FORMS[KEYWRAP_X448]) {
        assert_int_equal(EVP_PKEY_get_raw_private_key(contract, number, &n), 1);
    } else {
        assert_int_equal(EVP_PKEY_get_bn_param(contract, OSSL_PKEY_PARAM_PRIV_KEY, &private_key),
                         1);
        assert_int_equal(BN_bn2binpad(private_key, number, form->key), form->key);
        BN_clear_free(private_key);
    }
    char *bytes = support_read_file(path_of(name), &got);
    assert_non_null(bytes);
    assert_int_equal(got, form->key);
    assert_memory_equal(bytes, number, got);
    free(bytes);
}

/* The sender's public key as openssl reads it. */
static EVP_PKEY *sender_of(const struct keywrap *k)
{
    if (k->form == &KEYWRAP_FORMS[KEYWRAP_X448])
        return EVP_PKEY_new_raw_public_key_ex(NULL, "X448", NULL,
                                              k->public_key + k->form->public_size - 56, 56);
    EVP_PKEY *key = EVP_PKEY_new();
    EVP_PKEY *like = EVP_EC_gen(k->form->curve);
    assert_int_equal(EVP_PKEY_copy_parameters(key, like), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(key, k->public_key, k->form->public_size), 1);
    EVP_PKEY_free(like);
    return key;
}

/* openssl opens what we sealed. GCM encrypts like CTR whose counter begins at 2. */
static void test_openssl_opens(void **state)
{
    static const char *const SCRIPT[KEYWRAPS] = {
        OPENSSL_SECRET("sha256") "tail -c 32 wrapped | openssl enc -d -aes-128-cbc -nopad"
                                 " -K $(hex -N 16 secret) -iv $(hex -N 16 wrapped) -out key",
        OPENSSL_SECRET("sha512") "tail -c 82 wrapped | head -c 66 | openssl enc -d -aes-256-ctr"
                                 " -K $(hex -N 32 secret) -iv $(hex -N 12 wrapped)00000002"
                                 " -out key",
        OPENSSL_SECRET("sha512") "tail -c 72 wrapped | head -c 56 | openssl enc -d -aes-256-ctr"
                                 " -K $(hex -N 32 secret) -iv $(hex -N 12 wrapped)00000002"
                                 " -out key",
    };
    (void)state;
    for (unsigned id = 0; id < KEYWRAPS; id++) {
        EVP_PKEY *receiver = new_key(id), *contract = new_key(id);
        struct keywrap k;
        struct err e = ERR_INIT;
        assert_int_equal(keywrap_seal(receiver, contract, AAD, &k, &e), 0);
        EVP_PKEY *sender = sender_of(&k);
        write_key("own.pem", receiver, false);
        write_key("peer.pem", sender, true);
        write_file("wrapped", k.wrapped, k.form->wrapped);
        run(SCRIPT[id]);
        expect_key("key", k.form, contract);
        EVP_PKEY_free(sender);
        EVP_PKEY_free(receiver);
        EVP_PKEY_free(contract);
    }
}

/* We open what openssl sealed (ISO 15118-2; the program does no GCM). */
static void test_openssl_seals(void **state)
{
    static const char SCRIPT[] =
        OPENSSL_SECRET("sha256") "printf 0123456789abcdef >iv\n"
                                 "{ cat iv; openssl enc -e -aes-128-cbc -nopad -in key"
                                 " -K $(hex -N 16 secret) -iv $(hex iv); } >wrapped\n"
                                 "openssl ec -in own.pem -pubout -conv_form uncompressed"
                                 " -outform DER | tail -c 65 >public";
    (void)state;
    EVP_PKEY *receiver = new_key(KEYWRAP_P256), *contract = new_key(KEYWRAP_P256);
    EVP_PKEY *sender = new_key(KEYWRAP_P256);
    BIGNUM *number = NULL;
    uint8_t octets[32];
    struct err e = ERR_INIT;
    struct slice public_key, wrapped;
    assert_int_equal(EVP_PKEY_get_bn_param(contract, OSSL_PKEY_PARAM_PRIV_KEY, &number), 1);
    assert_int_equal(BN_bn2binpad(number, octets, 32), 32);
    BN_clear_free(number);
    write_file("key", octets, sizeof octets);
    write_key("own.pem", sender, false);
    write_key("peer.pem", receiver, true);
    run(SCRIPT);
    char *p = support_read_file(path_of("public"), &public_key.n);
    char *w = support_read_file(path_of("wrapped"), &wrapped.n);
    public_key.p = (const uint8_t *)p;
    wrapped.p = (const uint8_t *)w;
    EVP_PKEY *got =
        keywrap_open(receiver, public_key, wrapped, (struct slice){NULL, 0}, contract, &e);
    if (got == NULL)
        fail_msg("%s", e.what);
    EVP_PKEY_free(got);
    free(p);
    free(w);
    EVP_PKEY_free(receiver);
    EVP_PKEY_free(contract);
    EVP_PKEY_free(sender);
}

/* ---- ISO 15118-20, step by step ---- */

/* The session key: SHA-512 over counter, agreed secret and other information, its first half. */
static void session_key(EVP_PKEY *own, EVP_PKEY *peer, uint8_t *key)
{
    uint8_t text[4 + 66 + 3] = {0, 0, 0, 1}, hash[EVP_MAX_MD_SIZE];
    size_t n = sizeof text - 7;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(own, NULL);
    assert_int_equal(EVP_PKEY_derive_init(c), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(c, peer), 1);
    assert_int_equal(EVP_PKEY_derive(c, text + 4, &n), 1);
    memcpy(text + 4 + n, "\1UV", 3);
    assert_int_equal(EVP_Digest(text, 4 + n + 3, hash, NULL, EVP_sha512(), NULL), 1);
    memcpy(key, hash, 32);
    EVP_PKEY_CTX_free(c);
}

/* n octets either way by AES-256-GCM, with the additional data of AAD; opening, whether the tag is
 * right. */
static bool gcm(bool seal, const uint8_t *key, const uint8_t *iv, const uint8_t *in, int n,
                uint8_t *out, uint8_t *tag)
{
    int done;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_CipherInit_ex2(c, EVP_aes_256_gcm(), key, iv, seal, NULL), 1);
    assert_int_equal(EVP_CipherUpdate(c, NULL, &done, AAD.p, (int)AAD.n), 1);
    assert_int_equal(EVP_CipherUpdate(c, out, &done, in, n), 1);
    if (!seal)
        assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag), 1);
    bool good = EVP_CipherFinal_ex(c, out + done, &done) == 1;
    if (seal)
        assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag), 1);
    EVP_CIPHER_CTX_free(c);
    return good;
}

/* [V2G20-2492] [V2G20-2535] The steps by themselves open what a station seals, and seal what a
 * vehicle opens. */
static void test_steps(void **state)
{
    (void)state;
    for (unsigned id = KEYWRAP_P521; id < KEYWRAPS; id++) {
        EVP_PKEY *receiver = new_key(id), *contract = new_key(id), *sender, *got;
        const struct keywrap_form *form = &KEYWRAP_FORMS[id];
        uint8_t key[32], octets[66];
        struct keywrap k;
        struct err e = ERR_INIT;
        assert_int_equal(keywrap_seal(receiver, contract, AAD, &k, &e), 0);
        sender = sender_of(&k);
        session_key(receiver, sender, key);
        assert_true(gcm(false, key, k.wrapped, k.wrapped + 12, form->key, octets,
                        k.wrapped + 12 + form->key));
        write_file("key", octets, form->key);
        expect_key("key", form, contract);
        EVP_PKEY_free(sender);

        sender = new_key(id);
        session_key(sender, receiver, key);
        memcpy(k.wrapped, "another iv..", 12);
        assert_true(gcm(true, key, k.wrapped, octets, form->key, k.wrapped + 12,
                        k.wrapped + 12 + form->key));
        uint8_t *p = NULL;
        size_t n = EVP_PKEY_get1_encoded_public_key(sender, &p);
        struct slice public_key = {p, n};
        got = keywrap_open(receiver, public_key, wrapped_of(&k), AAD, contract, &e);
        if (got == NULL)
            fail_msg("%s", e.what);
        EVP_PKEY_free(got);
        OPENSSL_free(p);
        EVP_PKEY_free(sender);
        EVP_PKEY_free(receiver);
        EVP_PKEY_free(contract);
    }
}

static int open_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.150s/keywrap.XXXXXX", base == NULL ? "/tmp" : base);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int close_folder(void **state)
{
    static const char *const FILES[] = {"own.pem", "peer.pem", "wrapped", "z",  "secret",
                                        "key",     "iv",       "public",  "out"};
    (void)state;
    for (unsigned i = 0; i < sizeof FILES / sizeof *FILES; i++)
        unlink(path_of(FILES[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_unfit_keys),    cmocka_unit_test(test_ed448),
        cmocka_unit_test(test_x448_forms),    cmocka_unit_test(test_additional_data),
        cmocka_unit_test(test_openssl_opens), cmocka_unit_test(test_openssl_seals),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests_name("keywrap", tests, open_folder, close_folder);
}
