/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signer.h"

#include "codec/value.h"

#include <openssl/x509v3.h>
#include <string.h>

const struct signer SIGNERS[] = {
    {"AuthorizationReq", ROLE_CONTRACT_LEAF, true},
    {"MeteringReceiptReq", ROLE_CONTRACT_LEAF, true},
    {"MeteringConfirmationReq", ROLE_CONTRACT_LEAF, true},
    {"CertificateUpdateReq", ROLE_CONTRACT_LEAF, true},
    {"CertificateInstallationReq", ROLE_OEM_LEAF, true},
    {"CertificateInstallationRes", ROLE_CPS_LEAF, true},
    {"CertificateUpdateRes", ROLE_CPS_LEAF, true},
    {"ChargeParameterDiscoveryRes", ROLE_MO_SUB2, false},
    {"ScheduleExchangeRes", ROLE_MO_SUB2, false},
    {.message = NULL},
};

const struct signer *signer_find(const char *message)
{
    for (const struct signer *s = SIGNERS; s->message != NULL; s++)
        if (strcmp(s->message, message) == 0)
            return s;
    return NULL;
}

/* ---- of a session ---- */

#define SETUP "SessionSetupRes"

/* Where chains stand; of one that is a leaf alone, where that does. */
static const struct {
    const char *message, *path;
    enum signer_chain chain;
} SHOWN[] = {
    {"PaymentDetailsReq", "ContractSignatureCertChain", SIGNER_CONTRACT},
    {"AuthorizationReq", "PnC_AReqAuthorizationMode/ContractCertificateChain", SIGNER_CONTRACT},
    {"CertificateUpdateReq", "ContractSignatureCertChain", SIGNER_CONTRACT},
    {"CertificateInstallationReq", "OEMProvisioningCert", SIGNER_OEM},
    {"CertificateInstallationReq", "OEMProvisioningCertificateChain", SIGNER_OEM},
    {"CertificateInstallationRes", "SAProvisioningCertificateChain", SIGNER_CPS},
    {"CertificateInstallationRes", "CPSCertificateChain", SIGNER_CPS},
    {"CertificateUpdateRes", "SAProvisioningCertificateChain", SIGNER_CPS},
};

/* ORDER SIGNER_CHAIN: whose the leaf is */
static const enum pki_role LEAVES[SIGNER_CHAINS] = {ROLE_CONTRACT_LEAF, ROLE_OEM_LEAF,
                                                    ROLE_CPS_LEAF};

void signers_forget(struct signers *s)
{
    for (unsigned i = 0; i < SIGNER_CHAINS; i++)
        pki_chain_close(&s->shown[i]);
}

static void add(struct pki_chain *c, const struct bytes *der)
{
    struct err e = ERR_INIT; /* one that cannot be read has its problem in the chain */
    if (der != NULL)
        pki_chain_add(c, (struct slice){der->p, der->n}, &e);
}

static void take_chain(struct pki_chain *c, const struct node *n, const char *path)
{
    const struct node *shown = node_child(n, path);
    const struct bytes *leaf =
        node_bytes(shown == NULL ? n : shown, shown == NULL ? path : "Certificate");
    if (leaf == NULL)
        return;
    pki_chain_close(c);
    add(c, leaf);
    struct node_at subs = node_find(shown, "SubCertificates/Certificate");
    for (uint32_t i = 0; subs.field != NULL && i < subs.v.l->n; i++)
        add(c, subs.v.l->v[i].b);
}

bool signers_note_it(const char *message)
{
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++)
        if (strcmp(SHOWN[i].message, message) == 0)
            return true;
    return strcmp(message, SETUP) == 0;
}

void signers_note(struct signers *s, const struct message *m)
{
    struct named named = message_named(m);
    if (named.name == NULL || named.node == NULL)
        return;
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++)
        if (strcmp(SHOWN[i].message, named.name) == 0)
            take_chain(&s->shown[SHOWN[i].chain], named.node, SHOWN[i].path);
    if (strcmp(named.name, SETUP) == 0) {
        struct buf code = {0};
        node_text(named.node, "ResponseCode", &code);
        if (strcmp(buf_string(&code), "OK_OldSessionJoined") != 0)
            signers_forget(s);
        buf_close(&code);
    }
}

/* The chain's certificate of that role: its leaf, or what has issued the leaf. */
static int find_in(const struct pki_chain *c, bool is_leaf)
{
    if (is_leaf)
        return c->n > 0 ? 0 : -1;
    for (unsigned i = 1; i < c->n; i++)
        if (c->at[i].x != NULL && c->at[0].x != NULL &&
            X509_check_issued(c->at[i].x, c->at[0].x) == X509_V_OK)
            return (int)i;
    return -1;
}

struct x509_st *signers_find(const struct signers *s, const struct message *m, struct err *e)
{
    const char *name = message_named(m).name;
    const struct signer *by = name == NULL ? NULL : signer_find(name);
    if (by == NULL) {
        err_set(e, "the standard has nobody sign this message");
        return NULL;
    }
    const char *title = PKI_PROFILES[by->role].title;
    for (unsigned i = 0; i < SIGNER_CHAINS; i++) {
        bool is_leaf = LEAVES[i] == by->role;
        int at = is_leaf || PKI_PROFILES[LEAVES[i]].issuer == by->role
                     ? find_in(&s->shown[i], is_leaf)
                     : -1;
        if (at < 0)
            continue;
        if (s->shown[i].at[at].x == NULL)
            err_set(e, "the %s cannot be read: %s", title, s->shown[i].at[at].problem);
        return s->shown[i].at[at].x;
    }
    err_set(e, "this session has not shown the %s, which signs it", title);
    return NULL;
}
