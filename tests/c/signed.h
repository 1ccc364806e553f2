/* SPDX-License-Identifier: Apache-2.0 */
/* Signed messages: what tests of signatures make them of, look at in them, and change. */
#ifndef V2G_TESTS_SIGNED_H
#define V2G_TESTS_SIGNED_H

#include "support.h"

#include "codec/defaults.h"
#include "trust/signature.h"
#include "trust/signature_make.h"
#include "trust/signature_parts.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

/* A signed message and what it needs. */
struct bench {
    struct arena arena;
    struct message m;
    struct err e;
    struct signature_report r;
    const struct schema *xmldsig;
};

static inline void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    arena_open(&b->arena, NULL, 0, 16 * 1024 * 1024);
    b->e = ERR_INIT;
    b->xmldsig = support_schema("xmldsig");
}

static inline void bench_new(struct bench *b, const char *schema, const char *message)
{
    bench_open(b);
    if (message_new(support_schema(schema), message, &b->arena, &b->m, &b->e) != 0)
        fail_msg("%s: %s: %s", message, b->e.path, b->e.what);
}

static inline void bench_close(struct bench *b)
{
    arena_close(&b->arena);
}

static inline void ok(struct bench *b, int result)
{
    if (result != 0)
        fail_msg("%s: %s", b->e.path, b->e.what);
}

/* Checks the signature and that the outcome is `fault`. */
static inline void expect_fault(struct bench *b, EVP_PKEY *key, enum signature_fault fault)
{
    b->e = ERR_INIT;
    int bad = signature_verify(&b->m, key, b->xmldsig, &b->arena, &b->r, &b->e);
    if (b->r.fault != fault)
        fail_msg("%s (%s); expected %s", signature_fault_name(b->r.fault), b->e.what,
                 signature_fault_name(fault));
    assert_int_equal(bad, fault == SIGNATURE_VALID ? 0 : -1);
    assert_int_equal(b->e.set, fault != SIGNATURE_VALID);
}

static inline EVP_PKEY *new_key(enum signature_suite_id id)
{
    EVP_PKEY *key = id == SUITE_ED448 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED448")
                                      : EVP_EC_gen(SIGNATURE_SUITES[id].curve);
    assert_non_null(key);
    return key;
}

/* ---- the tree ---- */

static inline struct node *at(struct node *n, const char *name)
{
    int slot = type_slot_of(n->type, name);
    if (slot < 0 || !node_has(n, (unsigned)slot))
        fail_msg("%s has no %s", n->type->name, name);
    const struct field *f = &n->type->field[slot];
    return f->is_list ? n->v[slot].l->v[0].n : n->v[slot].n;
}

static inline struct bytes *bytes_at(struct node *n, const char *name)
{
    int slot = type_slot_of(n->type, name);
    assert_true(slot >= 0 && node_has(n, (unsigned)slot));
    return n->v[slot].b;
}

static inline void set_text(struct bench *b, struct node *n, const char *name, const char *text)
{
    int slot = type_slot_of(n->type, name);
    assert_true(slot >= 0);
    node_set(n, (unsigned)slot, (union value){.b = bytes_new(&b->arena, text, strlen(text))});
}

static inline struct node *add_default(struct bench *b, struct node *n, const char *name)
{
    int slot = type_slot_of(n->type, name);
    assert_true(slot >= 0);
    ok(b, node_set_default(&b->arena, n, (unsigned)slot, &b->e));
    return at(n, name);
}

static inline struct node *signature_of(struct bench *b)
{
    return at(message_header(&b->m), "Signature");
}

static inline struct node *reference_of(struct bench *b)
{
    return at(at(signature_of(b), "SignedInfo"), "Reference");
}

/* What the message is once it went over the wire. */
static inline void over_the_wire(struct bench *b)
{
    struct buf exi = {0};
    ok(b, exi_encode_buf(&b->m, &exi, &b->e));
    const struct schema *s = b->m.schema;
    ok(b, support_decode(s, (struct slice){exi.p, exi.n}, false, &b->arena, &b->m, &b->e));
    buf_close(&exi);
}

static inline void remove_child(struct node *n, const char *name)
{
    node_remove(n, (unsigned)type_slot_of(n->type, name));
}

/* ---- every signed message ---- */

static const struct {
    const char *schema, *message, *first; /* first: a signed element */
} SIGNED[] = {
    {"iso15118-2", "AuthorizationReq", "AuthorizationReq"},
    {"iso15118-2", "MeteringReceiptReq", "MeteringReceiptReq"},
    {"iso15118-2", "CertificateInstallationReq", "CertificateInstallationReq"},
    {"iso15118-2", "CertificateUpdateReq", "CertificateUpdateReq"},
    {"iso15118-2", "CertificateInstallationRes", "ContractSignatureCertChain"},
    {"iso15118-2", "CertificateUpdateRes", "ContractSignatureCertChain"},
    {"iso15118-2", "ChargeParameterDiscoveryRes", "SalesTariff"},
    {"iso15118-20-common", "AuthorizationReq", "PnC_AReqAuthorizationMode"},
    {"iso15118-20-common", "MeteringConfirmationReq", "SignedMeteringData"},
    {"iso15118-20-common", "CertificateInstallationReq", "OEMProvisioningCertificateChain"},
    {"iso15118-20-common", "CertificateInstallationRes", "SignedInstallationData"},
    {"iso15118-20-common", "ScheduleExchangeRes", "AbsolutePriceSchedule"},
};

/* The message with the parts that a fresh one has not. */
static inline void bench_signed(struct bench *b, unsigned i)
{
    bench_new(b, SIGNED[i].schema, SIGNED[i].message);
    struct node *n = message_named(&b->m).node;
    if (strcmp(SIGNED[i].first, "SalesTariff") == 0) {
        n = at(add_default(b, n, "SAScheduleList"), "SAScheduleTuple");
        add_default(b, n, "SalesTariff");
    }
    if (strcmp(SIGNED[i].first, "PnC_AReqAuthorizationMode") == 0)
        add_default(b, n, "PnC_AReqAuthorizationMode");
    if (strcmp(SIGNED[i].first, "AbsolutePriceSchedule") == 0) {
        n = at(at(add_default(b, n, "Scheduled_SEResControlMode"), "ScheduleTuple"),
               "ChargingSchedule");
        add_default(b, n, "AbsolutePriceSchedule");
    }
}

#endif
