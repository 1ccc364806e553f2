/* SPDX-License-Identifier: Apache-2.0 */
/* Signing a message that goes out. */
#ifndef V2G_TRUST_SIGNATURE_MAKE_H
#define V2G_TRUST_SIGNATURE_MAKE_H

#include "codec/message.h"

struct evp_pkey_st; /* EVP_PKEY of OpenSSL */

/*
 * Signs m: gives the elements called part[0] … (NULL at the end; part NULL: those of the
 * standard) an Id where they have none, and puts the Signature into the header, in place of one
 * that is there. xmldsig is the message set of that name. -1: e says why (no such element, key of
 * another curve).
 */
int signature_make(struct message *m, const char *const *part, struct evp_pkey_st *key,
                   const struct schema *xmldsig, struct arena *a, struct err *e);

#endif
