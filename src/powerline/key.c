/* SPDX-License-Identifier: Apache-2.0 */
#include "powerline/key.h"

#include <openssl/evp.h>
#include <string.h>

#define DIGEST 32
#define NMK_TIMES 1000
#define NID_TIMES 5
#define PASSWORD_MOST 64

/* Hashes n octets at p, then the hash, so often in all. */
static int hash(const void *p, size_t n, unsigned times, uint8_t digest[DIGEST], struct err *e)
{
    for (unsigned i = 0; i < times; i++) {
        if (EVP_Digest(i == 0 ? p : digest, i == 0 ? n : DIGEST, digest, NULL, EVP_sha256(),
                       NULL) != 1)
            return err_set(e, "SHA-256 is not to be had from OpenSSL");
    }
    return 0;
}

int key_nmk(const char *password, uint8_t nmk[KEY_NMK], struct err *e)
{
    static const uint8_t SALT[8] = {0x08, 0x85, 0x6D, 0xAF, 0x7C, 0xF5, 0x81, 0x86};
    uint8_t salted[PASSWORD_MOST + sizeof SALT], digest[DIGEST];
    size_t n = strlen(password);
    if (n > PASSWORD_MOST)
        return err_set(e, "a password of %zu characters; expected at most %d", n, PASSWORD_MOST);
    memcpy(salted, password, n);
    memcpy(salted + n, SALT, sizeof SALT);
    if (hash(salted, n + sizeof SALT, NMK_TIMES, digest, e) != 0)
        return -1;
    memcpy(nmk, digest, KEY_NMK);
    return 0;
}

int key_nid(const uint8_t nmk[KEY_NMK], uint8_t nid[KEY_NID], struct err *e)
{
    uint8_t digest[DIGEST];
    if (hash(nmk, KEY_NMK, NID_TIMES, digest, e) != 0)
        return -1;
    memcpy(nid, digest, KEY_NID - 1);
    nid[KEY_NID - 1] = digest[KEY_NID - 1] >> 4;
    return 0;
}
