/* SPDX-License-Identifier: Apache-2.0 */
/* Whose key signs a message: the contract's an AuthorizationReq, and so on. */
#ifndef V2G_TRUST_SIGNER_H
#define V2G_TRUST_SIGNER_H

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

#endif
