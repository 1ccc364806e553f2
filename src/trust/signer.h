/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose key signs a message: the contract's an AuthorizationReq, and so on; and the certificates of
 * those who sign, as the messages of a session show them.
 */
#ifndef V2G_TRUST_SIGNER_H
#define V2G_TRUST_SIGNER_H

#include "codec/message.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"

struct signer {
    const char *message; /* NULL: the end of the table */
    enum pki_role role;
    bool is_required; /* else the sender of the tariff decides */
};

/* All messages that the standards have signed. */
extern const struct signer SIGNERS[];

/* NULL: that message is never signed. */
const struct signer *signer_find(const char *message);

/* ---- of a session ---- */

/* ORDER SIGNER_CHAIN */
enum signer_chain { SIGNER_CONTRACT, SIGNER_OEM, SIGNER_CPS, SIGNER_CHAINS };

/* The chains that were shown last; all zero: none was. */
struct signers {
    struct pki_chain shown[SIGNER_CHAINS];
};

/* Takes the chain that a message shows, as PaymentDetailsReq does. A SessionSetupRes begins a new
 * session, unless it joins the old one. */
void signers_note(struct signers *s, const struct message *m);

/* Whether a message of that name is one that signers_note looks at. */
bool signers_note_it(const char *message);

void signers_forget(struct signers *s);

/* The certificate of who signs such a message; it lives until the next call of the others. NULL:
 * e says why that cannot be told. */
struct x509_st *signers_find(const struct signers *s, const struct message *m, struct err *e);

#endif
