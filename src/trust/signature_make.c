/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signature_make.h"

#include "trust/signature_fragment.h"
#include "trust/signature_suite.h"

#include <stdio.h>
#include <string.h>

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
    int slot = type_slot_of(n->type, name);
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
        node_no_memory(k->e);
    return made;
}

static int make_bytes(struct maker *k, struct node *n, const char *name, const void *p, size_t size)
{
    int slot = type_slot_of(n->type, name);
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
static int make_id(struct maker *k, const struct signature_part *part)
{
    char id[24];
    if (type_slot_of(part->node->type, "Id") < 0)
        return err_set(k->e, "%s has no attribute Id, so that it cannot be signed",
                       part->field->name);
    const struct bytes *has = node_bytes(part->node, "Id");
    if (has != NULL && has->n > 0)
        return 0;
    for (;;) {
        snprintf(id, sizeof id, "id%u", ++k->ids);
        struct signature_search s = {.id = id, .id_size = strlen(id)};
        signature_search(k->m, &s);
        if (s.n == 0)
            return make_bytes(k, part->node, "Id", id, strlen(id));
    }
}

static int make_reference(struct maker *k, struct node *signed_info,
                          const struct signature_part *part)
{
    uint8_t hash[SIGNATURE_DIGEST_MAX];
    char uri[264] = "#";
    struct buf bytes = {0};
    if (make_id(k, part) != 0)
        return -1;
    const struct bytes *id = node_bytes(part->node, "Id");
    struct signature_search same = {.id = (const char *)id->p, .id_size = id->n};
    signature_search(k->m, &same);
    if (same.n != 1 || id->n > sizeof uri - 2)
        return err_set(k->e, "the Id of %s is %s", part->field->name,
                       same.n != 1 ? "also that of another element" : "too long");
    memcpy(uri + 1, id->p, id->n);
    int bad = signature_part_fragment(k->m, part, &bytes, k->e) != 0 ||
              signature_suite_digest(k->suite, &bytes, hash, k->e);
    buf_close(&bytes);
    if (bad)
        return -1;
    struct node *reference = make_child(k, signed_info, "Reference");
    struct node *transforms = reference == NULL ? NULL : make_child(k, reference, "Transforms");
    if (transforms == NULL || make_bytes(k, reference, "URI", uri, id->n + 1) != 0 ||
        make_method(k, transforms, "Transform", SIGNATURE_EXI) == NULL ||
        make_method(k, reference, "DigestMethod", k->suite->digest) == NULL)
        return -1;
    return make_bytes(k, reference, "DigestValue", hash, k->suite->digest_size);
}

static int make_references(struct maker *k, struct node *signed_info, const char *const *part)
{
    unsigned n = 0;
    for (unsigned i = 0; part[i] != NULL; i++) {
        /* all are found before the first is signed: it gets an Id */
        struct signature_search c = {.name = part[i]};
        signature_search(k->m, &c);
        if (c.n == 0)
            return err_set(k->e, "%s has no %s, which is to be signed", message_named(k->m).name,
                           part[i]);
        n += c.n;
        if (n > signature_references_most(k->m))
            return err_set(k->e, "%u elements to be signed; expected at most %u", n,
                           signature_references_most(k->m));
        for (unsigned j = 0; j < c.n; j++)
            if (make_reference(k, signed_info, &c.at[j]) != 0)
                return -1;
    }
    return 0;
}

static int make_signature(struct maker *k, struct node *signature, const char *const *part,
                          struct evp_pkey_st *key, const struct schema *xmldsig)
{
    uint8_t value[SIGNATURE_VALUE_MAX];
    struct buf bytes = {0};
    struct node *info = make_child(k, signature, "SignedInfo");
    if (info == NULL || make_method(k, info, "CanonicalizationMethod", SIGNATURE_EXI) == NULL ||
        make_method(k, info, "SignatureMethod", k->suite->method) == NULL ||
        make_references(k, info, part) != 0)
        return -1;
    int bad = signature_info_fragment(info, xmldsig, k->arena, &bytes, k->e) != 0 ||
              signature_suite_sign(k->suite, key, &bytes, value, k->e) != 0;
    buf_close(&bytes);
    struct node *made = bad ? NULL : make_child(k, signature, "SignatureValue");
    return made == NULL ? -1 : make_bytes(k, made, "", value, k->suite->value_size);
}

int signature_make(struct message *m, const char *const *part, struct evp_pkey_st *key,
                   const struct schema *xmldsig, struct arena *a, struct err *e)
{
    const char *standard[SIGNATURE_PARTS_MAX + 1] = {NULL};
    const struct signature_parts *parts = signature_parts(m);
    const struct signature_suite *suite = signature_suite_of(key, e);
    struct node *header = message_header(m);
    struct maker k = {.m = m, .suite = suite, .arena = a, .e = e};
    if (suite == NULL)
        return -1;
    int slot = header == NULL ? -1 : type_slot_of(header->type, "Signature");
    if (slot < 0)
        return err_set(e, "the message has no header that could hold a Signature");
    if (!signature_suite_fits(suite, m))
        return err_set(e, "a key of %s for a message of %s", suite->name, m->schema->protocol);
    if (part == NULL && parts == NULL)
        return err_set(e, "%s has no part that the standard wants signed; name the elements",
                       message_named(m).name == NULL ? "the message" : message_named(m).name);
    if (part == NULL) {
        memcpy(standard, parts->part, sizeof parts->part);
        part = standard;
    }
    struct node *signature = node_new(a, header->type->field[slot].type);
    if (signature == NULL)
        return node_no_memory(e);
    if (make_signature(&k, signature, part, key, xmldsig) != 0)
        return -1;
    node_set(header, (unsigned)slot, (union value){.n = signature});
    return 0;
}
