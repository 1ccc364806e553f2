/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and private keys as values of Lua.
 *
 * A Certificate has these fields, nil where it has none of them:
 *   der, pem                its octets, and as text
 *   subject, issuer         'DC=MO, CN=DE8AA1A2B3C4D59'
 *   common_name, domain     the parts CN and DC of the subject
 *   issuer_name, serial     as X509IssuerName and X509SerialNumber want them: the name by RFC 4514,
 *                           an integer (of more than 18 digits a string)
 *   not_before, not_after   seconds since 1970
 *   curve                   of its key: 'prime256v1', 'secp521r1', 'ED448', …
 *   key_identifier          the subject key identifier, octets
 *   edition                 'ISO15118-2', 'ISO15118-20': of which its key is
 *   problem                 why it cannot be read; it then has no other field but der and pem
 * tostring gives the subject; two of the same octets are equal.
 *
 * A Key shows nothing of its secret: key.curve, and key:matches(certificate).
 */
#ifndef V2G_SCRIPT_CERTIFICATE_H
#define V2G_SCRIPT_CERTIFICATE_H

#include "base/buf.h"

#include <lua.h>
#include <stdbool.h>

struct evp_pkey_st; /* EVP_PKEY of OpenSSL */
struct x509_st;     /* X509 */

/* Makes the types known to L. */
void certificates_open(lua_State *L);

/* Pushes a certificate; where the octets are none, one that has a problem. */
void certificate_push(lua_State *L, struct slice der);

bool certificate_is(lua_State *L, int at);

/* The certificate at `at`, for as long as it is on the stack; NULL where there is none, or where it
 * has a problem, which is then in *problem (may be NULL; else NULL). */
struct x509_st *certificate_at(lua_State *L, int at, const char **problem);

/* Octets of the certificate at `at`, for as long as it is on the stack. */
struct slice certificate_der(lua_State *L, int at);

/* Pushes a Key without a key, which the caller puts there; it is then the value's. */
struct evp_pkey_st **key_push(lua_State *L);

/* The key of the Key at `at`; NULL where there is none. */
struct evp_pkey_st *key_at(lua_State *L, int at);

#endif
