/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of OpenSSL that may say no: for want of memory, by a provider or a setting that does
 * not have them, or because of what they are given. Included by one file of a program; see calls.h.
 */
#ifndef V2G_TESTS_CALLS_CRYPTO_H
#define V2G_TESTS_CALLS_CRYPTO_H

#include "calls.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ocsp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

CALL(int, 0, ASN1_INTEGER_get_uint64, (uint64_t * a, const ASN1_INTEGER *b), (a, b))
CALL(ASN1_INTEGER *, NULL, ASN1_INTEGER_new, (void), ())
CALL(int, 0, ASN1_INTEGER_set, (ASN1_INTEGER * a, long b), (a, b))
CALL(int, 0, ASN1_INTEGER_set_uint64, (ASN1_INTEGER * a, uint64_t b), (a, b))
CALL(BIGNUM *, NULL, ASN1_INTEGER_to_BN, (const ASN1_INTEGER *a, BIGNUM *b), (a, b))
CALL(int, 0, ASN1_STRING_set, (ASN1_STRING * a, const void *b, int c), (a, b, c))
CALL(int, -1, ASN1_STRING_to_UTF8, (unsigned char **a, const ASN1_STRING *b), (a, b))
CALL(ASN1_STRING *, NULL, ASN1_STRING_type_new, (int a), (a))
CALL(int, 0, ASN1_TIME_diff, (int *a, int *b, const ASN1_TIME *c, const ASN1_TIME *d), (a, b, c, d))
CALL(ASN1_TIME *, NULL, ASN1_TIME_set, (ASN1_TIME * a, time_t b), (a, b))
CALL(int, 0, ASN1_TIME_to_tm, (const ASN1_TIME *a, struct tm *b), (a, b))
CALL(BIO *, NULL, BIO_new, (const BIO_METHOD *a), (a))
CALL(BIO *, NULL, BIO_new_mem_buf, (const void *a, int b), (a, b))
CALL(BN_CTX *, NULL, BN_CTX_new, (void), ())
CALL(int, 0, BN_add_word, (BIGNUM * a, unsigned long b), (a, b))
CALL(BIGNUM *, NULL, BN_bin2bn, (const unsigned char *a, int b, BIGNUM *c), (a, b, c))
CALL(int, -1, BN_bn2binpad, (const BIGNUM *a, unsigned char *b, int c), (a, b, c))
CALL(char *, NULL, BN_bn2hex, (const BIGNUM *a), (a))
CALL(int, -1, BN_bn2lebinpad, (const BIGNUM *a, unsigned char *b, int c), (a, b, c))
CALL(BIGNUM *, NULL, BN_copy, (BIGNUM * a, const BIGNUM *b), (a, b))
CALL(BIGNUM *, NULL, BN_mod_inverse, (BIGNUM * a, const BIGNUM *b, const BIGNUM *c, BN_CTX *d),
     (a, b, c, d))
CALL(int, 0, BN_mod_mul, (BIGNUM * a, const BIGNUM *b, const BIGNUM *c, const BIGNUM *d, BN_CTX *e),
     (a, b, c, d, e))
CALL(int, 0, BN_mod_sqr, (BIGNUM * a, const BIGNUM *b, const BIGNUM *c, BN_CTX *d), (a, b, c, d))
CALL(int, 0, BN_mod_sub, (BIGNUM * a, const BIGNUM *b, const BIGNUM *c, const BIGNUM *d, BN_CTX *e),
     (a, b, c, d, e))
CALL(int, 0, BN_mul_word, (BIGNUM * a, unsigned long b), (a, b))
CALL(int, 0, BN_set_bit, (BIGNUM * a, int b), (a, b))
CALL(int, 0, BN_set_word, (BIGNUM * a, unsigned long b), (a, b))
CALL(int, 0, BN_sub, (BIGNUM * a, const BIGNUM *b, const BIGNUM *c), (a, b, c))
CALL(ECDSA_SIG *, NULL, ECDSA_SIG_new, (void), ())
CALL(int, 0, ECDSA_SIG_set0, (ECDSA_SIG * a, BIGNUM *b, BIGNUM *c), (a, b, c))
CALL(EC_GROUP *, NULL, EC_GROUP_new_by_curve_name, (int a), (a))
CALL(int, 0, EC_POINT_mul,
     (const EC_GROUP *a, EC_POINT *b, const BIGNUM *c, const EC_POINT *d, const BIGNUM *e,
      BN_CTX *f),
     (a, b, c, d, e, f))
CALL(EC_POINT *, NULL, EC_POINT_new, (const EC_GROUP *a), (a))
CALL(size_t, 0, EC_POINT_point2oct,
     (const EC_GROUP *a, const EC_POINT *b, point_conversion_form_t c, unsigned char *d, size_t e,
      BN_CTX *f),
     (a, b, c, d, e, f))
CALL(int, 0, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * a, int b, int c, void *d), (a, b, c, d))
CALL(EVP_CIPHER_CTX *, NULL, EVP_CIPHER_CTX_new, (void), ())
CALL(int, 0, EVP_CIPHER_CTX_reset, (EVP_CIPHER_CTX * a), (a))
CALL(int, 0, EVP_CIPHER_CTX_set_padding, (EVP_CIPHER_CTX * a, int b), (a, b))
CALL(EVP_CIPHER *, NULL, EVP_CIPHER_fetch, (OSSL_LIB_CTX * a, const char *b, const char *c),
     (a, b, c))
CALL(int, 0, EVP_CipherFinal_ex, (EVP_CIPHER_CTX * a, unsigned char *b, int *c), (a, b, c))
CALL(int, 0, EVP_CipherInit_ex2,
     (EVP_CIPHER_CTX * a, const EVP_CIPHER *b, const unsigned char *c, const unsigned char *d,
      int e, const OSSL_PARAM f[]),
     (a, b, c, d, e, f))
CALL(int, 0, EVP_CipherUpdate,
     (EVP_CIPHER_CTX * a, unsigned char *b, int *c, const unsigned char *d, int e), (a, b, c, d, e))
CALL(int, 0, EVP_DecryptFinal_ex, (EVP_CIPHER_CTX * a, unsigned char *b, int *c), (a, b, c))
CALL(int, 0, EVP_DecryptInit_ex2,
     (EVP_CIPHER_CTX * a, const EVP_CIPHER *b, const unsigned char *c, const unsigned char *d,
      const OSSL_PARAM e[]),
     (a, b, c, d, e))
CALL(int, 0, EVP_DecryptUpdate,
     (EVP_CIPHER_CTX * a, unsigned char *b, int *c, const unsigned char *d, int e), (a, b, c, d, e))
CALL(int, 0, EVP_DigestFinalXOF, (EVP_MD_CTX * a, unsigned char *b, size_t c), (a, b, c))
CALL(int, 0, EVP_DigestFinal_ex, (EVP_MD_CTX * a, unsigned char *b, unsigned int *c), (a, b, c))
CALL(int, 0, EVP_DigestInit_ex2, (EVP_MD_CTX * a, const EVP_MD *b, const OSSL_PARAM c[]), (a, b, c))
CALL(int, 0, EVP_DigestSign,
     (EVP_MD_CTX * a, unsigned char *b, size_t *c, const unsigned char *d, size_t e),
     (a, b, c, d, e))
CALL(int, 0, EVP_DigestSignInit_ex,
     (EVP_MD_CTX * a, EVP_PKEY_CTX **b, const char *c, OSSL_LIB_CTX *d, const char *e, EVP_PKEY *f,
      const OSSL_PARAM g[]),
     (a, b, c, d, e, f, g))
CALL(int, 0, EVP_DigestUpdate, (EVP_MD_CTX * a, const void *b, size_t c), (a, b, c))
CALL(int, 0, EVP_DigestVerify,
     (EVP_MD_CTX * a, const unsigned char *b, size_t c, const unsigned char *d, size_t e),
     (a, b, c, d, e))
CALL(int, 0, EVP_DigestVerifyInit_ex,
     (EVP_MD_CTX * a, EVP_PKEY_CTX **b, const char *c, OSSL_LIB_CTX *d, const char *e, EVP_PKEY *f,
      const OSSL_PARAM g[]),
     (a, b, c, d, e, f, g))
CALL(int, 0, EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * a, unsigned char *b, int *c), (a, b, c))
CALL(int, 0, EVP_EncryptInit_ex2,
     (EVP_CIPHER_CTX * a, const EVP_CIPHER *b, const unsigned char *c, const unsigned char *d,
      const OSSL_PARAM e[]),
     (a, b, c, d, e))
CALL(int, 0, EVP_EncryptUpdate,
     (EVP_CIPHER_CTX * a, unsigned char *b, int *c, const unsigned char *d, int e), (a, b, c, d, e))
CALL(EVP_KDF_CTX *, NULL, EVP_KDF_CTX_new, (EVP_KDF * a), (a))
CALL(int, 0, EVP_KDF_derive, (EVP_KDF_CTX * a, unsigned char *b, size_t c, const OSSL_PARAM d[]),
     (a, b, c, d))
CALL(EVP_KDF *, NULL, EVP_KDF_fetch, (OSSL_LIB_CTX * a, const char *b, const char *c), (a, b, c))
CALL(EVP_MD_CTX *, NULL, EVP_MD_CTX_new, (void), ())
CALL(EVP_MD *, NULL, EVP_MD_fetch, (OSSL_LIB_CTX * a, const char *b, const char *c), (a, b, c))
CALL(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_new, (EVP_PKEY * a, ENGINE *b), (a, b))
CALL(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_new_from_name,
     (OSSL_LIB_CTX * a, const char *b, const char *c), (a, b, c))
CALL(int, 0, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX * a, int b), (a, b))
CALL(int, 0, EVP_PKEY_decrypt,
     (EVP_PKEY_CTX * a, unsigned char *b, size_t *c, const unsigned char *d, size_t e),
     (a, b, c, d, e))
CALL(int, 0, EVP_PKEY_decrypt_init, (EVP_PKEY_CTX * a), (a))
CALL(int, 0, EVP_PKEY_derive, (EVP_PKEY_CTX * a, unsigned char *b, size_t *c), (a, b, c))
CALL(int, 0, EVP_PKEY_derive_init, (EVP_PKEY_CTX * a), (a))
CALL(int, 0, EVP_PKEY_derive_set_peer_ex, (EVP_PKEY_CTX * a, EVP_PKEY *b, int c), (a, b, c))
CALL(int, 0, EVP_PKEY_fromdata, (EVP_PKEY_CTX * a, EVP_PKEY **b, int c, OSSL_PARAM d[]),
     (a, b, c, d))
CALL(int, 0, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX * a), (a))
CALL(const char *, NULL, EVP_PKEY_get0_type_name, (const EVP_PKEY *a), (a))
CALL(int, 0, EVP_PKEY_get_bn_param, (const EVP_PKEY *a, const char *b, BIGNUM **c), (a, b, c))
CALL(int, 0, EVP_PKEY_get_group_name, (const EVP_PKEY *a, char *b, size_t c, size_t *d),
     (a, b, c, d))
CALL(int, 0, EVP_PKEY_get_octet_string_param,
     (const EVP_PKEY *a, const char *b, unsigned char *c, size_t d, size_t *e), (a, b, c, d, e))
CALL(int, 0, EVP_PKEY_get_raw_private_key, (const EVP_PKEY *a, unsigned char *b, size_t *c),
     (a, b, c))
CALL(int, 0, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *a, unsigned char *b, size_t *c),
     (a, b, c))
CALL(EVP_PKEY *, NULL, EVP_PKEY_new_raw_private_key_ex,
     (OSSL_LIB_CTX * a, const char *b, const char *c, const unsigned char *d, size_t e),
     (a, b, c, d, e))
CALL(EVP_PKEY *, NULL, EVP_PKEY_new_raw_public_key_ex,
     (OSSL_LIB_CTX * a, const char *b, const char *c, const unsigned char *d, size_t e),
     (a, b, c, d, e))
CALL(int, 0, EVP_Q_digest,
     (OSSL_LIB_CTX * a, const char *b, const char *c, const void *d, size_t e, unsigned char *f,
      size_t *g),
     (a, b, c, d, e, f, g))
CALL(unsigned char *, NULL, EVP_Q_mac,
     (OSSL_LIB_CTX * a, const char *b, const char *c, const char *d, const OSSL_PARAM *e,
      const void *f, size_t g, const unsigned char *h, size_t i, unsigned char *j, size_t k,
      size_t *l),
     (a, b, c, d, e, f, g, h, i, j, k, l))
CALL(ASN1_OBJECT *, NULL, OBJ_dup, (const ASN1_OBJECT *a), (a))
CALL(int, 0, OBJ_obj2txt, (char *a, int b, const ASN1_OBJECT *c, int d), (a, b, c, d))
CALL(OCSP_BASICRESP *, NULL, OCSP_BASICRESP_new, (void), ())
CALL(OCSP_SINGLERESP *, NULL, OCSP_basic_add1_status,
     (OCSP_BASICRESP * a, OCSP_CERTID *b, int c, int d, ASN1_TIME *e, ASN1_TIME *f, ASN1_TIME *g),
     (a, b, c, d, e, f, g))
CALL(int, 0, OCSP_basic_sign,
     (OCSP_BASICRESP * a, X509 *b, EVP_PKEY *c, const EVP_MD *d, struct stack_st_X509 *e,
      unsigned long f),
     (a, b, c, d, e, f))
CALL(OCSP_CERTID *, NULL, OCSP_cert_id_new,
     (const EVP_MD *a, const X509_NAME *b, const ASN1_BIT_STRING *c, const ASN1_INTEGER *d),
     (a, b, c, d))
CALL(OCSP_CERTID *, NULL, OCSP_cert_to_id, (const EVP_MD *a, const X509 *b, const X509 *c),
     (a, b, c))
CALL(int, 0, OCSP_id_get0_info,
     (ASN1_OCTET_STRING * *a, ASN1_OBJECT **b, ASN1_OCTET_STRING **c, ASN1_INTEGER **d,
      OCSP_CERTID *e),
     (a, b, c, d, e))
CALL(int, 0, OCSP_resp_get0_id,
     (const OCSP_BASICRESP *a, const ASN1_OCTET_STRING **b, const X509_NAME **c), (a, b, c))
CALL(int, 0, OCSP_resp_get0_signer, (OCSP_BASICRESP * a, X509 **b, struct stack_st_X509 *c),
     (a, b, c))
CALL(OCSP_RESPONSE *, NULL, OCSP_response_create, (int a, OCSP_BASICRESP *b), (a, b))
CALL(OCSP_BASICRESP *, NULL, OCSP_response_get1_basic, (OCSP_RESPONSE * a), (a))
CALL(OPENSSL_STACK *, NULL, OPENSSL_sk_new_null, (void), ())
CALL(int, 0, OPENSSL_sk_push, (OPENSSL_STACK * a, const void *b), (a, b))
CALL(OSSL_PARAM_BLD *, NULL, OSSL_PARAM_BLD_new, (void), ())
CALL(int, 0, OSSL_PARAM_BLD_push_BN, (OSSL_PARAM_BLD * a, const char *b, const BIGNUM *c),
     (a, b, c))
CALL(int, 0, OSSL_PARAM_BLD_push_octet_string,
     (OSSL_PARAM_BLD * a, const char *b, const void *c, size_t d), (a, b, c, d))
CALL(int, 0, OSSL_PARAM_BLD_push_utf8_string,
     (OSSL_PARAM_BLD * a, const char *b, const char *c, size_t d), (a, b, c, d))
CALL(OSSL_PARAM *, NULL, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD * a), (a))
CALL(EVP_PKEY *, NULL, PEM_read_PrivateKey, (FILE * a, EVP_PKEY **b, pem_password_cb *c, void *d),
     (a, b, c, d))
CALL(EVP_PKEY *, NULL, PEM_read_bio_PrivateKey,
     (BIO * a, EVP_PKEY **b, pem_password_cb *c, void *d), (a, b, c, d))
CALL(int, 0, PEM_write_bio, (BIO * a, const char *b, const char *c, const unsigned char *d, long e),
     (a, b, c, d, e))
CALL(int, 0, PEM_write_bio_PrivateKey,
     (BIO * a, const EVP_PKEY *b, const EVP_CIPHER *c, const unsigned char *d, int e,
      pem_password_cb *f, void *g),
     (a, b, c, d, e, f, g))
CALL(int, 0, PEM_write_bio_X509_CRL, (BIO * a, const X509_CRL *b), (a, b))
CALL(int, 0, RAND_bytes, (unsigned char *a, int b), (a, b))
CALL(int, 0, RAND_priv_bytes, (unsigned char *a, int b), (a, b))
CALL(int, 0, SSL_CTX_add1_to_CA_list, (SSL_CTX * a, const X509 *b), (a, b))
CALL(int, 0, SSL_CTX_add_custom_ext,
     (SSL_CTX * a, unsigned int b, unsigned int c, SSL_custom_ext_add_cb_ex d,
      SSL_custom_ext_free_cb_ex e, void *f, SSL_custom_ext_parse_cb_ex g, void *h),
     (a, b, c, d, e, f, g, h))
CALL(long, 0, SSL_CTX_ctrl, (SSL_CTX * a, int b, long c, void *d), (a, b, c, d))
CALL(SSL_CTX *, NULL, SSL_CTX_new, (const SSL_METHOD *a), (a))
CALL(int, 0, SSL_CTX_set_cipher_list, (SSL_CTX * a, const char *b), (a, b))
CALL(int, 0, SSL_CTX_set_ciphersuites, (SSL_CTX * a, const char *b), (a, b))
CALL(int, 0, SSL_CTX_set_session_id_context, (SSL_CTX * a, const unsigned char *b, unsigned int c),
     (a, b, c))
CALL(int, 0, SSL_CTX_set_tlsext_max_fragment_length, (SSL_CTX * a, uint8_t b), (a, b))
CALL(SSL *, NULL, SSL_new, (SSL_CTX * a), (a))
CALL(int, 0, SSL_set_ex_data, (SSL * a, int b, void *c), (a, b, c))
CALL(int, 0, SSL_set_session, (SSL * a, SSL_SESSION *b), (a, b))
CALL(int, 0, SSL_use_PrivateKey, (SSL * a, EVP_PKEY *b), (a, b))
CALL(int, 0, SSL_use_certificate, (SSL * a, X509 *b), (a, b))
CALL(int, 0, SSL_write_ex, (SSL * a, const void *b, size_t c, size_t *d), (a, b, c, d))
CALL(X509_EXTENSION *, NULL, X509V3_EXT_conf_nid,
     (struct lhash_st_CONF_VALUE * a, X509V3_CTX *b, int c, const char *d), (a, b, c, d))
CALL(int, 0, X509V3_EXT_print, (BIO * a, X509_EXTENSION *b, unsigned long c, int d), (a, b, c, d))
CALL(int, 0, X509_ALGOR_set0, (X509_ALGOR * a, ASN1_OBJECT *b, int c, void *d), (a, b, c, d))
CALL(int, 0, X509_CRL_add0_revoked, (X509_CRL * a, X509_REVOKED *b), (a, b))
CALL(X509_CRL *, NULL, X509_CRL_new, (void), ())
CALL(int, 0, X509_CRL_set1_lastUpdate, (X509_CRL * a, const ASN1_TIME *b), (a, b))
CALL(int, 0, X509_CRL_set1_nextUpdate, (X509_CRL * a, const ASN1_TIME *b), (a, b))
CALL(int, 0, X509_CRL_set_issuer_name, (X509_CRL * a, const X509_NAME *b), (a, b))
CALL(int, 0, X509_CRL_set_version, (X509_CRL * a, long b), (a, b))
CALL(int, 0, X509_CRL_sign, (X509_CRL * a, EVP_PKEY *b, const EVP_MD *c), (a, b, c))
CALL(int, 0, X509_CRL_sort, (X509_CRL * a), (a))
CALL(int, 0, X509_NAME_add_entry_by_txt,
     (X509_NAME * a, const char *b, int c, const unsigned char *d, int e, int f, int g),
     (a, b, c, d, e, f, g))
CALL(int, -1, X509_NAME_print_ex, (BIO * a, const X509_NAME *b, int c, unsigned long d),
     (a, b, c, d))
CALL(X509_REVOKED *, NULL, X509_REVOKED_new, (void), ())
CALL(int, 0, X509_REVOKED_set_revocationDate, (X509_REVOKED * a, ASN1_TIME *b), (a, b))
CALL(int, 0, X509_REVOKED_set_serialNumber, (X509_REVOKED * a, ASN1_INTEGER *b), (a, b))
CALL(int, 0, X509_STORE_add_cert, (X509_STORE * a, X509 *b), (a, b))
CALL(X509_STORE *, NULL, X509_STORE_new, (void), ())
CALL(int, 0, X509_STORE_set_flags, (X509_STORE * a, unsigned long b), (a, b))
CALL(int, 0, X509_add_ext, (X509 * a, X509_EXTENSION *b, int c), (a, b, c))
CALL(int, 0, X509_digest, (const X509 *a, const EVP_MD *b, unsigned char *c, unsigned int *d),
     (a, b, c, d))
CALL(EVP_PKEY *, NULL, X509_get0_pubkey, (const X509 *a), (a))
CALL(void *, NULL, X509_get_ext_d2i, (const X509 *a, int b, int *c, int *d), (a, b, c, d))
CALL(ASN1_TIME *, NULL, X509_gmtime_adj, (ASN1_TIME * a, long b), (a, b))
CALL(X509 *, NULL, X509_new, (void), ())
CALL(int, 0, X509_pubkey_digest,
     (const X509 *a, const EVP_MD *b, unsigned char *c, unsigned int *d), (a, b, c, d))
CALL(int, 0, X509_set_issuer_name, (X509 * a, const X509_NAME *b), (a, b))
CALL(int, 0, X509_set_pubkey, (X509 * a, EVP_PKEY *b), (a, b))
CALL(int, 0, X509_set_version, (X509 * a, long b), (a, b))
CALL(int, 0, X509_sign, (X509 * a, EVP_PKEY *b, const EVP_MD *c), (a, b, c))
CALL(EVP_PKEY *, NULL, d2i_AutoPrivateKey, (EVP_PKEY * *a, const unsigned char **b, long c),
     (a, b, c))
CALL(ECDSA_SIG *, NULL, d2i_ECDSA_SIG, (ECDSA_SIG * *a, const unsigned char **b, long c), (a, b, c))
CALL(OCSP_REQUEST *, NULL, d2i_OCSP_REQUEST, (OCSP_REQUEST * *a, const unsigned char **b, long c),
     (a, b, c))
CALL(OCSP_RESPONSE *, NULL, d2i_OCSP_RESPONSE,
     (OCSP_RESPONSE * *a, const unsigned char **b, long c), (a, b, c))
CALL(X509 *, NULL, d2i_X509, (X509 * *a, const unsigned char **b, long c), (a, b, c))
CALL(X509_CRL *, NULL, d2i_X509_CRL, (X509_CRL * *a, const unsigned char **b, long c), (a, b, c))
CALL(X509_NAME *, NULL, d2i_X509_NAME, (X509_NAME * *a, const unsigned char **b, long c), (a, b, c))
CALL(int, -1, i2d_ECDSA_SIG, (const ECDSA_SIG *a, unsigned char **b), (a, b))
CALL(int, -1, i2d_OCSP_RESPONSE, (const OCSP_RESPONSE *a, unsigned char **b), (a, b))
CALL(int, -1, i2d_X509, (const X509 *a, unsigned char **b), (a, b))
CALL(int, -1, i2d_X509_CRL, (const X509_CRL *a, unsigned char **b), (a, b))
CALL(int, -1, i2d_X509_NAME, (const X509_NAME *a, unsigned char **b), (a, b))

/* Behind the type stands a curve's name, or how many bits a key of RSA has. */
EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *a, const char *b, const char *type, ...)
{
    static EVP_PKEY *(*own)(OSSL_LIB_CTX *, const char *, const char *, ...);
    va_list rest;
    if (own == NULL && (*(void **)&own = dlsym(RTLD_NEXT, "EVP_PKEY_Q_keygen")) == NULL)
        abort();
    if (calls_refuse("EVP_PKEY_Q_keygen", __builtin_return_address(0)))
        return NULL;
    va_start(rest, type);
    EVP_PKEY *key = strcmp(type, "EC") == 0    ? own(a, b, type, va_arg(rest, char *))
                    : strcmp(type, "RSA") == 0 ? own(a, b, type, va_arg(rest, size_t))
                                               : own(a, b, type);
    va_end(rest);
    return key;
}

#endif
