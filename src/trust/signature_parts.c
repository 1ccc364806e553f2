/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signature_parts.h"

#include "codec/value.h"

#include <string.h>

#define REFERENCES_ISO2 4 /* most references of a signature of ISO 15118-2 */

static const struct signature_parts PARTS[] = {
    {"ISO15118-2", "AuthorizationReq", true, {"AuthorizationReq"}},
    {"ISO15118-2", "MeteringReceiptReq", true, {"MeteringReceiptReq"}},
    {"ISO15118-2", "CertificateInstallationReq", false, {"CertificateInstallationReq"}},
    {"ISO15118-2", "CertificateUpdateReq", false, {"CertificateUpdateReq"}},
    {"ISO15118-2",
     "CertificateInstallationRes",
     false,
     {"ContractSignatureCertChain", "ContractSignatureEncryptedPrivateKey", "DHpublickey",
      "eMAID"}},
    {"ISO15118-2",
     "CertificateUpdateRes",
     false,
     {"ContractSignatureCertChain", "ContractSignatureEncryptedPrivateKey", "DHpublickey",
      "eMAID"}},
    {"ISO15118-2", "ChargeParameterDiscoveryRes", true, {"SalesTariff"}},
    {"ISO15118-20", "AuthorizationReq", true, {"PnC_AReqAuthorizationMode"}},
    {"ISO15118-20", "MeteringConfirmationReq", false, {"SignedMeteringData"}},
    {"ISO15118-20", "CertificateInstallationReq", false, {"OEMProvisioningCertificateChain"}},
    {"ISO15118-20", "CertificateInstallationRes", false, {"SignedInstallationData"}},
    {"ISO15118-20", "ScheduleExchangeRes", true, {"AbsolutePriceSchedule"}},
};

const struct signature_parts *signature_parts(const struct message *m)
{
    const char *name = message_named(m).name;
    for (size_t i = 0; name != NULL && i < sizeof PARTS / sizeof *PARTS; i++)
        if (strcmp(PARTS[i].message, name) == 0 &&
            strcmp(PARTS[i].protocol, m->schema->protocol) == 0)
            return &PARTS[i];
    return NULL;
}

static void visit(const struct signature_part *part, struct signature_search *s)
{
    const struct bytes *id = node_bytes(part->node, "Id");
    if (s->name != NULL && strcmp(s->name, part->field->name) != 0)
        return;
    if (s->id != NULL && (id == NULL || id->n != s->id_size || memcmp(id->p, s->id, id->n) != 0))
        return;
    if (s->needs_id && (id == NULL || id->n == 0))
        return;
    if (s->n < SIGNATURE_REFERENCES_MAX)
        s->at[s->n] = *part;
    s->n++;
}

static void walk(const struct node *n, unsigned depth, struct signature_search *s);

static void walk_value(const struct field *f, union value v, unsigned depth,
                       struct signature_search *s)
{
    if (f->kind != KIND_NODE)
        return;
    struct signature_part part = {f, v.n};
    visit(&part, s);
    walk(v.n, depth + 1, s);
}

/* Every element within n; not what stands in the header, where the signature is. */
static void walk(const struct node *n, unsigned depth, struct signature_search *s)
{
    const struct type *t = n->type;
    if (depth >= MESSAGE_DEPTH_MAX)
        return;
    for (uint64_t left = n->has; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        const struct field *f = &t->field[i];
        if (depth == 0 && strcmp(f->name, "Header") == 0)
            continue;
        if (!f->is_list)
            walk_value(f, n->v[i], depth, s);
        for (uint32_t k = 0; f->is_list && k < n->v[i].l->n; k++)
            walk_value(f, n->v[i].l->v[k], depth, s);
    }
    const struct items *items = node_items(n);
    for (uint32_t k = 0; items != NULL && k < items->n; k++)
        if (items->at[k].slot < t->fields)
            walk_value(&t->field[items->at[k].slot], items->at[k].v, depth, s);
}

void signature_search(const struct message *m, struct signature_search *s)
{
    if (m->as != NULL && m->as->kind == KIND_NODE)
        walk(m->v.n, 0, s);
}

bool signature_is_due(const struct message *m)
{
    const struct signature_parts *parts = signature_parts(m);
    if (parts == NULL || message_is_refusal(m))
        return false;
    for (unsigned i = 0; i < SIGNATURE_PARTS_MAX && parts->part[i] != NULL; i++) {
        struct signature_search s = {.name = parts->part[i], .needs_id = parts->is_optional};
        signature_search(m, &s);
        if (s.n == 0)
            return false;
    }
    return true;
}

unsigned signature_references_most(const struct message *m)
{
    return strcmp(m->schema->protocol, "ISO15118-20") == 0 ? SIGNATURE_REFERENCES_MAX
                                                           : REFERENCES_ISO2;
}
