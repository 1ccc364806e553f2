/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signature.h"

#include "codec/exi.h"
#include "codec/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define EXI_TRANSFORM "http://www.w3.org/TR/canonical-exi/"
#define SCRATCH_LIMIT (16u << 20)
#define REFERENCES_ISO2 4 /* most references of a signature of ISO 15118-2 */
#define SHOWN_MAX 80      /* characters of the peer's text in an error */

/* ORDER SUITE */
const struct signature_suite SIGNATURE_SUITES[SUITES] = {
    {"ecdsa-sha256 with secp256r1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
     "http://www.w3.org/2001/04/xmlenc#sha256", "SHA256", "prime256v1", "ISO15118-2", 32, 64},
    {"ecdsa-sha512 with secp521r1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
     "http://www.w3.org/2001/04/xmlenc#sha512", "SHA512", "secp521r1", "ISO15118-20", 64, 132},
    {"Ed448", "urn:iso:std:iso:15118:-20:Security:xmldsig#Ed448",
     "urn:iso:std:iso:15118:-20:Security:xmlenc#SHAKE256", "SHAKE256", "", "ISO15118-20", 64, 114},
};

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

const char *signature_fault_name(enum signature_fault fault)
{
    /* ORDER SIGNATURE_FAULT */
    static const char *const NAMES[] = {"valid",    "absent",    "malformed",    "wrong algorithm",
                                        "dangling", "uncovered", "wrong digest", "wrong value"};
    return NAMES[fault];
}

const struct signature_parts *signature_parts(const struct message *m)
{
    const char *name = message_named(m).name;
    for (size_t i = 0; name != NULL && i < sizeof PARTS / sizeof *PARTS; i++)
        if (strcmp(PARTS[i].message, name) == 0 &&
            strcmp(PARTS[i].protocol, m->schema->protocol) == 0)
            return &PARTS[i];
    return NULL;
}

/* ---- finding elements ---- */

static const struct field *field_called(const struct node *n, const char *name, unsigned *slot)
{
    int i = type_slot(n->type, name, strlen(name));
    if (i < 0 || !node_has(n, (unsigned)i))
        return NULL;
    *slot = (unsigned)i;
    return &n->type->field[i];
}

static struct node *child_node(const struct node *n, const char *name)
{
    unsigned slot;
    const struct field *f = n == NULL ? NULL : field_called(n, name, &slot);
    return f == NULL || f->kind != KIND_NODE || f->is_list ? NULL : n->v[slot].n;
}

static const struct bytes *child_bytes(const struct node *n, const char *name)
{
    unsigned slot;
    const struct field *f = n == NULL ? NULL : field_called(n, name, &slot);
    bool has_bytes = f != NULL && !f->is_list && f->kind >= KIND_STRING && f->kind <= KIND_BASE64;
    return has_bytes ? n->v[slot].b : NULL;
}

static bool bytes_are(const struct bytes *b, const char *text, size_t n)
{
    return b != NULL && b->n == n && memcmp(b->p, text, n) == 0;
}

/* An element of a message's body, and how its parent describes it. */
struct part {
    const struct field *field;
    struct node *node;
};

typedef void (*part_visit)(void *context, const struct part *part);

static void walk(const struct node *n, unsigned depth, part_visit visit, void *context);

static void walk_value(const struct field *f, union value v, unsigned depth, part_visit visit,
                       void *context)
{
    if (f->kind != KIND_NODE)
        return;
    struct part part = {f, v.n};
    visit(context, &part);
    walk(v.n, depth + 1, visit, context);
}

/* Every element within n; not what stands in the header, where the signature is. */
static void walk(const struct node *n, unsigned depth, part_visit visit, void *context)
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
            walk_value(f, n->v[i], depth, visit, context);
        for (uint32_t k = 0; f->is_list && k < n->v[i].l->n; k++)
            walk_value(f, n->v[i].l->v[k], depth, visit, context);
    }
    const struct items *items = node_items(n);
    for (uint32_t k = 0; items != NULL && k < items->n; k++)
        if (items->at[k].slot < t->fields)
            walk_value(&t->field[items->at[k].slot], items->at[k].v, depth, visit, context);
}

struct search {
    const char *name; /* NULL: any */
    const char *id;   /* NULL: any */
    size_t id_size;
    unsigned n;
    struct part first;
};

static void search_visit(void *context, const struct part *part)
{
    struct search *s = context;
    if (s->name != NULL && strcmp(s->name, part->field->name) != 0)
        return;
    if (s->id != NULL && !bytes_are(child_bytes(part->node, "Id"), s->id, s->id_size))
        return;
    if (s->n++ == 0)
        s->first = *part;
}

static void search_message(const struct message *m, struct search *s)
{
    if (m->as != NULL && m->as->kind == KIND_NODE)
        walk(m->v.n, 0, search_visit, s);
}

/* ---- whether ---- */

struct census {
    const char *name;
    bool wants_id;
    unsigned n;
};

static void count_part(void *context, const struct part *part)
{
    struct census *c = context;
    const struct bytes *id = child_bytes(part->node, "Id");
    if (strcmp(c->name, part->field->name) == 0 && (!c->wants_id || (id != NULL && id->n > 0)))
        c->n++;
}

static bool is_refusal(const struct message *m)
{
    const struct node *n = message_named(m).node;
    unsigned slot;
    const struct field *f = n == NULL ? NULL : field_called(n, "ResponseCode", &slot);
    struct buf code = {0};
    if (f == NULL)
        return false;
    value_text(f, n->v[slot], &code);
    bool is = strncmp(buf_string(&code), "FAILED", 6) == 0;
    buf_close(&code);
    return is;
}

bool signature_is_due(const struct message *m)
{
    const struct signature_parts *parts = signature_parts(m);
    if (parts == NULL || is_refusal(m))
        return false;
    for (unsigned i = 0; i < sizeof parts->part / sizeof *parts->part && parts->part[i] != NULL;
         i++) {
        struct census c = {.name = parts->part[i], .wants_id = parts->is_optional};
        walk(m->v.n, 0, count_part, &c);
        if (c.n == 0)
            return false;
    }
    return true;
}

/* ---- fragments ---- */

static int no_memory(struct err *e)
{
    return err_set(e, "out of memory");
}

static struct bytes *value_bytes(struct arena *a, const struct field *f, union value v)
{
    struct buf text = {0};
    value_text(f, v, &text);
    struct bytes *made = text.failed ? NULL : bytes_new(a, text.p, text.n);
    buf_close(&text);
    return made;
}

/* Adds one attribute, child or text of a relaxed fragment. */
static int relax_value(const struct schema *s, struct any *any, const struct field *f,
                       union value v, struct arena *a, struct err *e)
{
    struct any_part *p = arena_alloc(a, sizeof *p);
    if (p == NULL)
        return no_memory(e);
    *p = (struct any_part){.uri = schema_uri(s, f->ns), .name = f->name};
    any_add(any, p);
    if (f->is_attribute || f->is_content || f->kind != KIND_NODE) {
        p->what = f->is_attribute ? ANY_ATTRIBUTE : ANY_TEXT;
        p->text = value_bytes(a, f, v);
        if (!f->is_attribute && !f->is_content)
            return err_set(e, "%s has a child %s, and a name that two types share", any->name,
                           f->name);
        return p->text == NULL ? no_memory(e) : 0;
    }
    struct element *known = arena_alloc(a, sizeof *known);
    p->what = ANY_ELEMENT;
    p->element = arena_alloc(a, sizeof *p->element);
    if (known == NULL || p->element == NULL)
        return no_memory(e);
    *known = (struct element){.as = *f, .code = UINT16_MAX};
    known->as.is_list = false;
    *p->element = (struct any){.known = known, .v = v, .uri = p->uri, .name = p->name};
    return 0;
}

/* The relaxed form of an element whose name two types share (EXI 1.0, 8.5.3). */
static struct any *relax(const struct schema *s, const struct part *part, struct arena *a,
                         struct err *e)
{
    const struct type *t = part->field->type;
    struct any *any = arena_alloc(a, sizeof *any);
    if (any == NULL) {
        no_memory(e);
        return NULL;
    }
    *any = (struct any){.uri = schema_uri(s, part->field->ns), .name = part->field->name};
    for (unsigned i = 0; i < t->fields && !e->set; i++) {
        const struct field *f = &t->field[i];
        if (!node_has(part->node, i))
            continue;
        if (!f->is_list)
            relax_value(s, any, f, part->node->v[i], a, e);
        for (uint32_t k = 0; f->is_list && k < part->node->v[i].l->n && !e->set; k++)
            relax_value(s, any, f, part->node->v[i].l->v[k], a, e);
    }
    return e->set ? NULL : any;
}

static bool is_relaxed(const struct schema *s, const struct field *f)
{
    for (unsigned i = 0; i < s->names; i++)
        if (s->fragment[i].ns == f->ns && strcmp(s->fragment[i].name, f->name) == 0)
            return s->fragment[i].field == NULL;
    return false;
}

static int part_fragment(const struct message *m, const struct part *part, struct buf *out,
                         struct err *e)
{
    struct message fragment = {.schema = m->schema, .is_fragment = true, .as = part->field};
    struct arena scratch;
    int bad = 0;
    fragment.v.n = part->node;
    arena_open(&scratch, NULL, 0, SCRATCH_LIMIT);
    if (is_relaxed(m->schema, part->field)) {
        fragment.relaxed = relax(m->schema, part, &scratch, e);
        bad = fragment.relaxed == NULL ? -1 : 0;
    }
    if (bad == 0)
        bad = exi_encode_buf(&fragment, out, e);
    arena_close(&scratch);
    return bad;
}

/* How one deployed codec encodes eMAID: the map of its parts, printed as text. */
static int map_fragment(const struct message *m, const struct part *part, struct buf *out)
{
    struct err e = ERR_INIT;
    struct buf text = {0};
    const struct bytes *id = child_bytes(part->node, "Id"), *value = child_bytes(part->node, "");
    if (id == NULL || value == NULL || !is_relaxed(m->schema, part->field))
        return -1;
    buf_text(&text, "{Id=");
    buf_add(&text, id->p, id->n);
    buf_text(&text, ", value=");
    buf_add(&text, value->p, value->n);
    buf_text(&text, "}");
    struct arena scratch;
    arena_open(&scratch, NULL, 0, SCRATCH_LIMIT);
    struct any_part content = {.what = ANY_TEXT, .text = bytes_new(&scratch, text.p, text.n)};
    struct any any = {.uri = schema_uri(m->schema, part->field->ns),
                      .name = part->field->name,
                      .first = &content,
                      .last = &content};
    struct message fragment = {
        .schema = m->schema, .is_fragment = true, .as = part->field, .relaxed = &any};
    int bad = content.text == NULL || text.failed ? -1 : exi_encode_buf(&fragment, out, &e);
    arena_close(&scratch);
    buf_close(&text);
    return bad;
}

int signature_fragment(const struct message *m, const char *name, const char *id, struct buf *out,
                       struct err *e)
{
    struct search s = {.name = name, .id = id, .id_size = id == NULL ? 0 : strlen(id)};
    search_message(m, &s);
    if (s.n == 0)
        return err_set(e, "the message has no element %s%s%s", name, id == NULL ? "" : " with Id ",
                       id == NULL ? "" : id);
    return part_fragment(m, &s.first, out, e);
}

/* ---- SignedInfo in the bare xmldsig schema ---- */

/* The same tree with the types of another set: both read the same description of xmldsig. */
static struct node *translate(const struct node *from, const struct type *to, struct arena *a,
                              unsigned depth, struct err *e);

static int translate_value(const struct field *f, union value from, const struct field *to,
                           struct arena *a, unsigned depth, union value *v, struct err *e)
{
    *v = from;
    if (strcmp(f->name, to->name) != 0 || f->kind != to->kind || f->is_list != to->is_list)
        return err_set(e, "%s is not described as in the schema xmldsig", f->name);
    if (f->kind == KIND_ANY)
        return err_set(e, "an element from elsewhere within SignedInfo; expected none");
    if (f->kind != KIND_NODE)
        return 0;
    v->n = translate(from.n, to->type, a, depth + 1, e);
    return v->n == NULL ? -1 : 0;
}

static int translate_items(const struct node *from, struct node *made, struct arena *a,
                           unsigned depth, struct err *e)
{
    const struct items *items = node_items(from);
    for (uint32_t k = 0; items != NULL && k < items->n; k++) {
        unsigned slot = items->at[k].slot;
        union value v = items->at[k].v;
        if (slot < from->type->fields &&
            translate_value(&from->type->field[slot], v, &made->type->field[slot], a, depth, &v,
                            e) != 0)
            return -1;
        if (node_add_item(a, made, slot, v) != 0)
            return no_memory(e);
    }
    return 0;
}

static struct node *translate(const struct node *from, const struct type *to, struct arena *a,
                              unsigned depth, struct err *e)
{
    const struct type *t = from->type;
    struct node *made = node_new(a, to);
    if (made == NULL || t->fields != to->fields || t->is_open != to->is_open ||
        depth >= MESSAGE_DEPTH_MAX) {
        err_set(e, made == NULL ? "out of memory"
                                : "SignedInfo is not described as in the schema xmldsig");
        return NULL;
    }
    for (uint64_t left = from->has; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        const struct field *f = &t->field[i];
        uint32_t n = f->is_list ? from->v[i].l->n : 1;
        for (uint32_t k = 0; k < n; k++) {
            union value v = f->is_list ? from->v[i].l->v[k] : from->v[i];
            if (translate_value(f, v, &to->field[i], a, depth, &v, e) != 0)
                return NULL;
            if (!f->is_list)
                node_set(made, i, v);
            else if (node_add(a, made, i, v) != 0)
                return no_memory(e), NULL;
        }
    }
    return translate_items(from, made, a, depth, e) == 0 ? made : NULL;
}

static int signed_info_fragment(const struct node *signed_info, const struct schema *xmldsig,
                                struct arena *a, struct buf *out, struct err *e)
{
    const struct element *el = schema_element(xmldsig, "SignedInfo");
    if (el == NULL)
        return err_set(e, "the schema %s has no SignedInfo; expected xmldsig", xmldsig->name);
    struct message m = {.schema = xmldsig, .root = el, .as = &el->as, .is_fragment = true};
    struct arena_mark mark = arena_mark(a);
    m.v.n = translate(signed_info, el->as.type, a, 0, e);
    int bad = m.v.n == NULL ? -1 : exi_encode_buf(&m, out, e);
    arena_rewind(a, mark);
    return bad;
}

int signature_signed_info(const struct message *m, const struct schema *xmldsig, struct arena *a,
                          struct buf *out, struct err *e)
{
    const struct node *header = message_header(m);
    const struct node *info =
        header == NULL ? NULL : child_node(child_node(header, "Signature"), "SignedInfo");
    if (info == NULL)
        return err_set(e, "the header has no Signature");
    return signed_info_fragment(info, xmldsig, a, out, e);
}

/* ---- OpenSSL ---- */

/* What OpenSSL has to say about the last call, and an empty queue. */
static int crypto_failed(struct err *e, const char *what)
{
    char text[160] = "no reason given";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return err_set(e, "%s: %s", what, text);
}

static int digest(const struct signature_suite *suite, const struct buf *bytes, uint8_t *out,
                  struct err *e)
{
    unsigned n = suite->digest_size;
    EVP_MD *hash = EVP_MD_fetch(NULL, suite->hash, NULL);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = hash != NULL && c != NULL && EVP_DigestInit_ex2(c, hash, NULL) == 1 &&
                EVP_DigestUpdate(c, bytes->p, bytes->n) == 1;
    bool is_endless = hash != NULL && (EVP_MD_get_flags(hash) & EVP_MD_FLAG_XOF) != 0;
    good = good && (is_endless ? EVP_DigestFinalXOF(c, out, suite->digest_size)
                               : EVP_DigestFinal_ex(c, out, &n)) == 1;
    EVP_MD_CTX_free(c);
    EVP_MD_free(hash);
    return good && n == suite->digest_size ? 0 : crypto_failed(e, "the digest cannot be computed");
}

static bool is_curve(const char *group, const char *curve)
{
    static const char *const ALIAS[][2] = {{"P-256", "prime256v1"}, {"P-521", "secp521r1"}};
    for (size_t i = 0; i < sizeof ALIAS / sizeof *ALIAS; i++)
        if (strcmp(group, ALIAS[i][0]) == 0)
            group = ALIAS[i][1];
    return strcmp(group, curve) == 0;
}

const struct signature_suite *signature_suite_of(const struct evp_pkey_st *key, struct err *e)
{
    char group[64] = "";
    const char *type = EVP_PKEY_get0_type_name(key);
    if (EVP_PKEY_is_a(key, "ED448"))
        return &SIGNATURE_SUITES[SUITE_ED448];
    if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
        for (unsigned i = 0; i < SUITES; i++)
            if (is_curve(group, SIGNATURE_SUITES[i].curve))
                return &SIGNATURE_SUITES[i];
    }
    ERR_clear_error();
    err_set(e,
            "a key of type %s%s%s; expected EC over secp256r1 (ISO 15118-2) or secp521r1, or "
            "Ed448 (ISO 15118-20)",
            type == NULL ? "unknown" : type, group[0] != '\0' ? " over " : "", group);
    return NULL;
}

/* r and s in a row, each as long as the curve's order, from and to the DER form of OpenSSL. */
static int64_t raw_from_der(const uint8_t *der, size_t n, uint8_t *raw, size_t size)
{
    int half = (int)(size / 2);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    int bad = sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half) != half ||
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half) != half;
    ECDSA_SIG_free(sig);
    return bad ? -1 : (int64_t)size;
}

static int64_t der_from_raw(const uint8_t *raw, size_t size, uint8_t **der)
{
    int half = (int)(size / 2), n = -1;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, half, NULL), *s = BN_bin2bn(raw + half, half, NULL);
    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* they are sig's now */
        n = i2d_ECDSA_SIG(sig, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return n;
}

static const char *suite_hash(const struct signature_suite *suite)
{
    return suite->curve[0] == '\0' ? NULL : suite->hash; /* Ed448 hashes by itself */
}

/* The SignatureValue of bytes; raw has SIGNATURE_VALUE_MAX octets. */
static int sign(const struct signature_suite *suite, EVP_PKEY *key, const struct buf *bytes,
                uint8_t *raw, struct err *e)
{
    uint8_t made[SIGNATURE_VALUE_MAX + 16];
    size_t n = sizeof made;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c != NULL &&
              EVP_DigestSignInit_ex(c, NULL, suite_hash(suite), NULL, NULL, key, NULL) == 1 &&
              EVP_DigestSign(c, made, &n, bytes->p, bytes->n) == 1;
    EVP_MD_CTX_free(c);
    if (!ok)
        return crypto_failed(e, "SignedInfo cannot be signed (is it a private key?)");
    if (suite->curve[0] != '\0')
        return raw_from_der(made, n, raw, suite->value_size) < 0
                   ? crypto_failed(e, "SignedInfo cannot be signed")
                   : 0;
    if (n != suite->value_size)
        return err_set(e, "a signature of %zu octets; expected %u", n, suite->value_size);
    memcpy(raw, made, n);
    return 0;
}

/* 1: it is the signature of bytes; 0: it is not. raw has suite->value_size octets. */
static int verify(const struct signature_suite *suite, EVP_PKEY *key, const struct buf *bytes,
                  const uint8_t *raw, struct err *e)
{
    uint8_t *der = NULL;
    const uint8_t *value = raw;
    int64_t n = suite->value_size;
    if (suite->curve[0] != '\0') {
        n = der_from_raw(raw, suite->value_size, &der);
        if (n < 0)
            return crypto_failed(e, "the signature cannot be checked");
        value = der;
    }
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    int result = -1;
    if (c != NULL &&
        EVP_DigestVerifyInit_ex(c, NULL, suite_hash(suite), NULL, NULL, key, NULL) == 1)
        result = EVP_DigestVerify(c, value, (size_t)n, bytes->p, bytes->n) == 1;
    EVP_MD_CTX_free(c);
    OPENSSL_free(der);
    if (result < 0)
        return crypto_failed(e, "the signature cannot be checked");
    ERR_clear_error();
    return result;
}

/* ---- making ---- */

struct maker {
    struct message *m;
    const struct signature_suite *suite;
    struct arena *arena;
    struct err *e;
    unsigned ids; /* numbers tried for Ids so far */
};

/* A child of n, empty; n's slot of that name must be a node. */
static struct node *make_child(struct maker *k, struct node *n, const char *name)
{
    int slot = type_slot(n->type, name, strlen(name));
    struct node *made = NULL;
    if (slot >= 0 && n->type->field[slot].kind == KIND_NODE)
        made = node_new(k->arena, n->type->field[slot].type);
    if (made == NULL) {
        err_set(k->e, slot < 0 ? "the schema has no %s there" : "out of memory for %s", name);
        return NULL;
    }
    union value v = {.n = made};
    if (!n->type->field[slot].is_list)
        node_set(n, (unsigned)slot, v);
    else if (node_add(k->arena, n, (unsigned)slot, v) != 0)
        no_memory(k->e);
    return made;
}

static int make_bytes(struct maker *k, struct node *n, const char *name, const void *p, size_t size)
{
    int slot = type_slot(n->type, name, strlen(name));
    union value v = {.b = bytes_new(k->arena, p, size)};
    if (slot < 0 || v.b == NULL)
        return err_set(k->e, slot < 0 ? "the schema has no %s there" : "out of memory for %s",
                       name);
    node_set(n, (unsigned)slot, v);
    return 0;
}

static struct node *make_method(struct maker *k, struct node *n, const char *name, const char *uri)
{
    struct node *made = make_child(k, n, name);
    return made == NULL || make_bytes(k, made, "Algorithm", uri, strlen(uri)) != 0 ? NULL : made;
}

/* Gives an element an Id of its own, where it has none. */
static int make_id(struct maker *k, const struct part *part)
{
    char id[24];
    if (type_slot(part->node->type, "Id", 2) < 0)
        return err_set(k->e, "%s has no attribute Id, so that it cannot be signed",
                       part->field->name);
    const struct bytes *has = child_bytes(part->node, "Id");
    if (has != NULL && has->n > 0)
        return 0;
    for (;;) {
        snprintf(id, sizeof id, "id%u", ++k->ids);
        struct search s = {.id = id, .id_size = strlen(id)};
        search_message(k->m, &s);
        if (s.n == 0)
            return make_bytes(k, part->node, "Id", id, strlen(id));
    }
}

static int make_reference(struct maker *k, struct node *signed_info, const struct part *part)
{
    uint8_t hash[SIGNATURE_DIGEST_MAX];
    char uri[264] = "#";
    struct buf bytes = {0};
    if (make_id(k, part) != 0)
        return -1;
    const struct bytes *id = child_bytes(part->node, "Id");
    struct search same = {.id = (const char *)id->p, .id_size = id->n};
    search_message(k->m, &same);
    if (same.n != 1 || id->n > sizeof uri - 2)
        return err_set(k->e, "the Id of %s is %s", part->field->name,
                       same.n != 1 ? "also that of another element" : "too long");
    memcpy(uri + 1, id->p, id->n);
    int bad = part_fragment(k->m, part, &bytes, k->e) != 0 || digest(k->suite, &bytes, hash, k->e);
    buf_close(&bytes);
    if (bad)
        return -1;
    struct node *reference = make_child(k, signed_info, "Reference");
    struct node *transforms = reference == NULL ? NULL : make_child(k, reference, "Transforms");
    if (transforms == NULL || make_bytes(k, reference, "URI", uri, id->n + 1) != 0 ||
        make_method(k, transforms, "Transform", EXI_TRANSFORM) == NULL ||
        make_method(k, reference, "DigestMethod", k->suite->digest) == NULL)
        return -1;
    return make_bytes(k, reference, "DigestValue", hash, k->suite->digest_size);
}

/* One signed element at a time: the walk must not go on in what changes. */
struct collection {
    const char *name;
    unsigned n;
    struct part at[SIGNATURE_REFERENCES_MAX];
};

static void collect(void *context, const struct part *part)
{
    struct collection *c = context;
    if (strcmp(c->name, part->field->name) != 0)
        return;
    if (c->n < SIGNATURE_REFERENCES_MAX)
        c->at[c->n] = *part;
    c->n++;
}

static unsigned references_most(const struct message *m)
{
    return strcmp(m->schema->protocol, "ISO15118-20") == 0 ? SIGNATURE_REFERENCES_MAX
                                                           : REFERENCES_ISO2;
}

static int make_references(struct maker *k, struct node *signed_info, const char *const *part)
{
    unsigned n = 0;
    for (unsigned i = 0; part[i] != NULL; i++) {
        struct collection c = {.name = part[i]};
        walk(k->m->v.n, 0, collect, &c);
        if (c.n == 0)
            return err_set(k->e, "%s has no %s, which is to be signed", message_named(k->m).name,
                           part[i]);
        n += c.n;
        if (n > references_most(k->m))
            return err_set(k->e, "%u elements to be signed; expected at most %u", n,
                           references_most(k->m));
        for (unsigned j = 0; j < c.n; j++)
            if (make_reference(k, signed_info, &c.at[j]) != 0)
                return -1;
    }
    return 0;
}

/* Whether messages of this set are signed with the algorithms of that suite. */
static bool suite_fits(const struct signature_suite *suite, const struct message *m)
{
    bool is_20 = strcmp(m->schema->protocol, "ISO15118-20") == 0;
    return is_20 == (strcmp(suite->protocol, "ISO15118-20") == 0);
}

static int make_signature(struct maker *k, struct node *signature, const char *const *part,
                          EVP_PKEY *key, const struct schema *xmldsig)
{
    uint8_t value[SIGNATURE_VALUE_MAX];
    struct buf bytes = {0};
    struct node *info = make_child(k, signature, "SignedInfo");
    if (info == NULL || make_method(k, info, "CanonicalizationMethod", EXI_TRANSFORM) == NULL ||
        make_method(k, info, "SignatureMethod", k->suite->method) == NULL ||
        make_references(k, info, part) != 0)
        return -1;
    int bad = signed_info_fragment(info, xmldsig, k->arena, &bytes, k->e) != 0 ||
              sign(k->suite, key, &bytes, value, k->e) != 0;
    buf_close(&bytes);
    struct node *made = bad ? NULL : make_child(k, signature, "SignatureValue");
    return made == NULL ? -1 : make_bytes(k, made, "", value, k->suite->value_size);
}

int signature_make(struct message *m, const char *const *part, struct evp_pkey_st *key,
                   const struct schema *xmldsig, struct arena *a, struct err *e)
{
    const char *standard[5] = {NULL};
    const struct signature_parts *parts = signature_parts(m);
    const struct signature_suite *suite = signature_suite_of(key, e);
    struct node *header = message_header(m);
    struct maker k = {.m = m, .suite = suite, .arena = a, .e = e};
    if (suite == NULL)
        return -1;
    if (header == NULL || type_slot(header->type, "Signature", 9) < 0)
        return err_set(e, "the message has no header that could hold a Signature");
    if (!suite_fits(suite, m))
        return err_set(e, "a key of %s for a message of %s", suite->name, m->schema->protocol);
    if (part == NULL && parts == NULL)
        return err_set(e, "%s has no part that the standard wants signed; name the elements",
                       message_named(m).name == NULL ? "the message" : message_named(m).name);
    if (part == NULL) {
        memcpy(standard, parts->part, sizeof parts->part);
        part = standard;
    }
    unsigned slot = (unsigned)type_slot(header->type, "Signature", 9);
    struct node *signature = node_new(a, header->type->field[slot].type);
    if (signature == NULL)
        return no_memory(e);
    if (make_signature(&k, signature, part, key, xmldsig) != 0)
        return -1;
    node_set(header, slot, (union value){.n = signature});
    return 0;
}

/* ---- checking ---- */

struct check {
    const struct message *m;
    struct signature_report *r;
    struct arena *arena;
    struct err *e;
    const struct node *signature, *info;
    const struct node *covered[SIGNATURE_REFERENCES_MAX];
};

__attribute__((format(printf, 3, 4))) static int refuse(struct check *c, enum signature_fault fault,
                                                        const char *format, ...)
{
    char text[sizeof c->e->what];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c->r->fault == SIGNATURE_VALID)
        c->r->fault = fault;
    return err_set(c->e, "%s", text);
}

/* The peer's text for an error: on one line, shortened. shown has SHOWN_MAX + 4 bytes. */
static const char *show(const struct bytes *b, char *shown)
{
    size_t n = b == NULL ? 0 : b->n < SHOWN_MAX ? b->n : SHOWN_MAX;
    for (size_t i = 0; i < n; i++)
        shown[i] = (char)(b->p[i] >= ' ' && b->p[i] < 127 ? b->p[i] : '?');
    strcpy(shown + n, b != NULL && b->n > n ? "..." : "");
    return b == NULL ? "none" : shown;
}

/* An element that is an algorithm's URI and nothing else. */
static int check_method(struct check *c, const struct node *n, const char *name, const char *uri)
{
    char shown[SHOWN_MAX + 4];
    const struct node *method = child_node(n, name);
    const struct bytes *algorithm = child_bytes(method, "Algorithm");
    if (!bytes_are(algorithm, uri, strlen(uri)))
        return refuse(c, SIGNATURE_ALGORITHM, "%s is %s; expected %s", name, show(algorithm, shown),
                      uri);
    const struct items *items = node_items(method);
    if (items != NULL && items->n > 0)
        return refuse(c, SIGNATURE_MALFORMED, "%s has content; expected none", name);
    return 0;
}

/* No transforms at all, or canonical EXI and nothing else. */
static int check_transforms(struct check *c, const struct node *reference)
{
    unsigned slot;
    const struct node *transforms = child_node(reference, "Transforms");
    if (transforms == NULL)
        return 0;
    const struct field *f = field_called(transforms, "Transform", &slot);
    uint32_t n = f == NULL ? 0 : transforms->v[slot].l->n;
    if (n != 1)
        return refuse(c, SIGNATURE_MALFORMED, "%u transforms; expected 1, %s", n, EXI_TRANSFORM);
    const struct node *transform = transforms->v[slot].l->v[0].n;
    const struct bytes *algorithm = child_bytes(transform, "Algorithm");
    char shown[SHOWN_MAX + 4];
    const struct items *items = node_items(transform);
    if (!bytes_are(algorithm, EXI_TRANSFORM, strlen(EXI_TRANSFORM)) ||
        (items != NULL && items->n > 0))
        return refuse(c, SIGNATURE_ALGORITHM, "the transform is %s; expected %s alone",
                      show(algorithm, shown), EXI_TRANSFORM);
    return 0;
}

static void check_map(struct check *c, struct signature_reference *r, const struct part *part)
{
    struct err e = ERR_INIT;
    struct buf bytes = {0};
    uint8_t hash[SIGNATURE_DIGEST_MAX];
    if (map_fragment(c->m, part, &bytes) == 0 && digest(c->r->suite, &bytes, hash, &e) == 0)
        r->matches_map =
            r->stated_size == r->computed_size && memcmp(hash, r->stated, r->stated_size) == 0;
    buf_close(&bytes);
}

static int check_digest(struct check *c, struct signature_reference *r, const struct part *part,
                        const struct bytes *stated)
{
    struct buf bytes = {0}, text = {0};
    struct err inner = ERR_INIT;
    int bad = part_fragment(c->m, part, &bytes, &inner) != 0 ||
              digest(c->r->suite, &bytes, r->computed, &inner) != 0;
    buf_close(&bytes);
    if (bad)
        return refuse(c, SIGNATURE_DIGEST, "%s: %s", r->uri, inner.what);
    r->computed_size = c->r->suite->digest_size;
    size_t n = stated == NULL ? 0 : stated->n;
    r->stated_size = (uint16_t)(n < SIGNATURE_DIGEST_MAX ? n : SIGNATURE_DIGEST_MAX);
    if (r->stated_size > 0)
        memcpy(r->stated, stated->p, r->stated_size);
    r->matches = n == r->computed_size && memcmp(r->stated, r->computed, n) == 0;
    if (r->matches)
        return 0;
    check_map(c, r, part);
    buf_base64(&text, r->stated, r->stated_size);
    buf_text(&text, "; expected ");
    buf_base64(&text, r->computed, r->computed_size);
    refuse(c, SIGNATURE_DIGEST, "the digest of %s (%s) is %s, that of the element as received%s",
           part->field->name, r->uri, buf_string(&text),
           r->matches_map ? " (it is that of the text {Id=..., value=...}, as some peers hash it)"
                          : "");
    buf_close(&text);
    return -1;
}

static int check_reference(struct check *c, const struct node *reference, unsigned number)
{
    struct signature_reference *r = &c->r->reference[number];
    const struct bytes *uri = child_bytes(reference, "URI");
    char shown[SHOWN_MAX + 4];
    show(uri, shown);
    r->uri = arena_text(c->arena, shown, strlen(shown));
    if (r->uri == NULL)
        return no_memory(c->e);
    if (uri == NULL || uri->n < 2 || uri->p[0] != '#')
        return refuse(c, SIGNATURE_DANGLING, "reference %u has the URI '%s'; expected # and an Id",
                      number + 1, shown);
    struct search s = {.id = (const char *)uri->p + 1, .id_size = uri->n - 1};
    search_message(c->m, &s);
    if (s.n != 1)
        return refuse(c, SIGNATURE_DANGLING, "%s elements have the Id of reference %s; expected 1",
                      s.n == 0 ? "no" : "several", shown);
    r->element = s.first.field->name;
    for (unsigned i = 0; i < number; i++)
        if (c->covered[i] == s.first.node)
            return refuse(c, SIGNATURE_MALFORMED, "two references to %s", shown);
    c->covered[number] = s.first.node;
    if (check_transforms(c, reference) != 0 ||
        check_method(c, reference, "DigestMethod", c->r->suite->digest) != 0)
        return -1;
    return check_digest(c, r, &s.first, child_bytes(reference, "DigestValue"));
}

/* What the standard wants signed must be. */
static int check_coverage(struct check *c)
{
    const struct signature_parts *parts = signature_parts(c->m);
    for (unsigned i = 0; parts != NULL && i < 4 && parts->part[i] != NULL; i++) {
        struct collection found = {.name = parts->part[i]};
        walk(c->m->v.n, 0, collect, &found);
        for (unsigned j = 0; j < found.n && j < SIGNATURE_REFERENCES_MAX; j++) {
            bool is_covered = false;
            for (unsigned k = 0; k < c->r->references; k++)
                is_covered = is_covered || c->covered[k] == found.at[j].node;
            if (!is_covered)
                return refuse(c, SIGNATURE_UNCOVERED,
                              "no reference to %s; the standard wants it signed", parts->part[i]);
        }
        if (found.n == 0 && !parts->is_optional)
            return refuse(c, SIGNATURE_UNCOVERED, "%s has no %s, which the standard wants signed",
                          parts->message, parts->part[i]);
    }
    return 0;
}

static int check_value(struct check *c, EVP_PKEY *key, const struct schema *xmldsig)
{
    const struct signature_suite *suite = c->r->suite;
    const struct bytes *value = child_bytes(child_node(c->signature, "SignatureValue"), "");
    struct buf bytes = {0};
    if (value == NULL || value->n != suite->value_size)
        return refuse(c, SIGNATURE_VALUE, "a SignatureValue of %u octets; expected %u of %s",
                      value == NULL ? 0 : value->n, suite->value_size, suite->name);
    if (key == NULL)
        return 0;
    struct err other = ERR_INIT;
    const struct signature_suite *of_key = signature_suite_of(key, &other);
    if (of_key != suite)
        return refuse(c, SIGNATURE_ALGORITHM, "a signature of %s, and %s%s", suite->name,
                      of_key == NULL ? "" : "a key of ",
                      of_key == NULL ? other.what : of_key->name);
    struct err inner = ERR_INIT;
    int result = signed_info_fragment(c->info, xmldsig, c->arena, &bytes, &inner);
    if (result == 0)
        result = verify(suite, key, &bytes, value->p, &inner);
    buf_close(&bytes);
    if (result < 0)
        return refuse(c, SIGNATURE_VALUE, "%s", inner.what);
    c->r->value_checked = true;
    c->r->value_matches = result == 1;
    if (result == 0)
        return refuse(c, SIGNATURE_VALUE,
                      "the SignatureValue is not that of SignedInfo and the key (%s)", suite->name);
    return 0;
}

/* Which suite SignatureMethod states. */
static int check_suite(struct check *c)
{
    char shown[SHOWN_MAX + 4];
    const struct bytes *method = child_bytes(child_node(c->info, "SignatureMethod"), "Algorithm");
    for (unsigned i = 0; i < SUITES; i++) {
        const struct signature_suite *s = &SIGNATURE_SUITES[i];
        if (bytes_are(method, s->method, strlen(s->method)))
            c->r->suite = s;
    }
    if (c->r->suite == NULL || !suite_fits(c->r->suite, c->m))
        refuse(c, SIGNATURE_ALGORITHM, "SignatureMethod is %s; expected %s for %s",
               show(method, shown),
               suite_fits(&SIGNATURE_SUITES[SUITE_P256], c->m) ? SIGNATURE_SUITES[SUITE_P256].method
                                                               : "ecdsa-sha512 or Ed448",
               c->m->schema->protocol);
    if (c->r->suite == NULL)
        return -1;
    int bad = check_method(c, c->info, "CanonicalizationMethod", EXI_TRANSFORM);
    return bad | check_method(c, c->info, "SignatureMethod", c->r->suite->method);
}

static int check_form(struct check *c)
{
    unsigned slot;
    const struct node *header = message_header(c->m);
    c->signature = header == NULL ? NULL : child_node(header, "Signature");
    if (c->signature == NULL)
        return refuse(c, SIGNATURE_ABSENT, "%s has no Signature in its header",
                      message_named(c->m).name == NULL ? "the message" : message_named(c->m).name);
    c->info = child_node(c->signature, "SignedInfo");
    if (c->info == NULL || child_node(c->signature, "SignatureValue") == NULL)
        return refuse(c, SIGNATURE_MALFORMED, "the Signature lacks SignedInfo or SignatureValue");
    if (field_called(c->signature, "KeyInfo", &slot) != NULL ||
        field_called(c->signature, "Object", &slot) != NULL)
        return refuse(c, SIGNATURE_MALFORMED, "the Signature has %s; expected none",
                      c->signature->type->field[slot].name);
    return 0;
}

static int check_references(struct check *c)
{
    unsigned slot, most = references_most(c->m);
    const struct field *f = field_called(c->info, "Reference", &slot);
    uint32_t n = f == NULL ? 0 : c->info->v[slot].l->n;
    if (n == 0 || n > most)
        return refuse(c, SIGNATURE_MALFORMED, "%u references; expected 1 to %u", n, most);
    c->r->references = n;
    int bad = 0;
    for (uint32_t i = 0; i < n; i++) /* all of them, for the report; the first error is kept */
        bad |= check_reference(c, c->info->v[slot].l->v[i].n, i);
    return bad != 0 ? -1 : check_coverage(c);
}

int signature_verify(const struct message *m, struct evp_pkey_st *key, const struct schema *xmldsig,
                     struct arena *a, struct signature_report *report, struct err *e)
{
    struct signature_report own;
    struct check c = {.m = m, .r = report != NULL ? report : &own, .arena = a, .e = e};
    memset(c.r, 0, sizeof *c.r);
    if (m->as == NULL || m->as->kind != KIND_NODE)
        return refuse(&c, SIGNATURE_ABSENT, "no message that could have a Signature");
    if (check_form(&c) != 0)
        return -1;
    /* of a suite that does not belong to the protocol the rest is checked nevertheless */
    int bad = check_suite(&c);
    if (c.r->suite == NULL)
        return -1;
    bad |= check_references(&c);
    bad |= check_value(&c, key, xmldsig);
    c.r->is_intact = c.r->value_matches;
    for (unsigned i = 0; i < c.r->references; i++)
        c.r->is_intact =
            c.r->is_intact && (c.r->reference[i].matches || c.r->reference[i].matches_map);
    return bad != 0 || c.r->fault != SIGNATURE_VALID ? -1 : 0;
}
