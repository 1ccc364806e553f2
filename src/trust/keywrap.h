/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private key of a contract certificate on its way to the vehicle: encrypted with a key that is
 * agreed upon between a fresh key of the sender and the static one of the receiver.
 *
 * ISO 15118-2, 7.9.2.4.3 ([V2G2-815] to [V2G2-823]): ECDH over secp256r1, ConcatKDF with SHA-256,
 * AES-128-CBC. ISO 15118-20, 7.9.2.5 ([V2G20-2492] to [V2G20-2535]): ECDH over secp521r1 or X448,
 * ConcatKDF with SHA-512, AES-256-GCM.
 *
 * Certificates of ISO 15118-20 that are not of secp521r1 are of Ed448, whose keys sign. The
 * receiver's agrees as the key of X448 that it stands for (RFC 7748, 4.2: u = y^2/x^2; RFC 8032,
 * 5.2.5). Of the 57 octets of a contract's key of Ed448 the element has room for 56: the last one
 * has to be 0.
 */
#ifndef V2G_TRUST_KEYWRAP_H
#define V2G_TRUST_KEYWRAP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct evp_pkey_st; /* EVP_PKEY of OpenSSL */

/* ORDER KEYWRAP */
enum keywrap_id { KEYWRAP_P256, KEYWRAP_P521, KEYWRAP_X448, KEYWRAPS };

struct keywrap_form {
    const char *name;  /* "ECDH over secp256r1, AES-128-CBC" */
    const char *curve; /* OpenSSL's name of the group; "X448" */
    const char *hash, *cipher;
    uint8_t key;              /* octets of the private key that is wrapped, */
    uint8_t public_size;      /* of the public key in the message, */
    uint8_t iv, tag, wrapped; /* of what stands in front of, behind, and of the whole */
    uint8_t secret;           /* of the agreed key */
    bool has_aad;
};

extern const struct keywrap_form KEYWRAP_FORMS[KEYWRAPS];

/* The form for a receiver's key; NULL: none, e. */
const struct keywrap_form *keywrap_form_of(const struct evp_pkey_st *receiver, struct err *e);

#define KEYWRAP_PUBLIC_MAX 133
#define KEYWRAP_WRAPPED_MAX 94
#define KEYWRAP_AAD_MAX 96

/* What goes into the message: DHpublickey and …EncryptedPrivateKey, of form->public_size and
 * form->wrapped octets. */
struct keywrap {
    const struct keywrap_form *form;
    uint8_t public_key[KEYWRAP_PUBLIC_MAX], wrapped[KEYWRAP_WRAPPED_MAX];
};

/*
 * The additional data of ISO 15118-20 into text (KEYWRAP_AAD_MAX bytes): the PCID in capitals
 * without separators, and the subject key identifier of the contract certificate as capital hex
 * digits ([V2G20-2492]). -1: they are not of such a form.
 */
int keywrap_aad(const char *pcid, struct slice key_identifier, char *text, struct err *e);

/*
 * Wraps the private key `contract` for the holder of `receiver`: the key of the OEM provisioning
 * certificate, or (CertificateUpdate) of the present contract. aad is left out where the form has
 * none. The public key of X448 stands in the last of the field's 133 octets, behind zeros; in what
 * is received the zeros may also stand behind it, or be left out, with or without a 4 in front.
 */
int keywrap_seal(struct evp_pkey_st *receiver, const struct evp_pkey_st *contract, struct slice aad,
                 struct keywrap *out, struct err *e);

/*
 * The private key within, with the receiver's private key; the caller frees it. certified: the
 * public key of the contract certificate, which it must belong to ([V2G2-823]); NULL: not checked.
 * NULL result: e. AES-CBC has no tag: there only `certified` tells a wrong key from the right one.
 */
struct evp_pkey_st *keywrap_open(struct evp_pkey_st *receiver, struct slice public_key,
                                 struct slice wrapped, struct slice aad,
                                 const struct evp_pkey_st *certified, struct err *e);

#endif
