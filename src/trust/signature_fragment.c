/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signature_fragment.h"

#include "codec/exi.h"
#include "codec/value.h"

#include <string.h>

#define SCRATCH_LIMIT (16u << 20)

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
        return node_no_memory(e);
    *p = (struct any_part){.uri = schema_uri(s, f->ns), .name = f->name};
    any_add(any, p);
    if (f->is_attribute || f->is_content || f->kind != KIND_NODE) {
        p->what = f->is_attribute ? ANY_ATTRIBUTE : ANY_TEXT;
        p->text = value_bytes(a, f, v);
        if (!f->is_attribute && !f->is_content)
            return err_set(e, "%s has a child %s, and a name that two types share", any->name,
                           f->name);
        return p->text == NULL ? node_no_memory(e) : 0;
    }
    struct element *known = arena_alloc(a, sizeof *known);
    p->what = ANY_ELEMENT;
    p->element = arena_alloc(a, sizeof *p->element);
    if (known == NULL || p->element == NULL)
        return node_no_memory(e);
    *known = (struct element){.as = *f, .code = UINT16_MAX};
    known->as.is_list = false;
    *p->element = (struct any){.known = known, .v = v, .uri = p->uri, .name = p->name};
    return 0;
}

/* The relaxed form of an element whose name two types share (EXI 1.0, 8.5.3). */
static struct any *relax(const struct schema *s, const struct signature_part *part, struct arena *a,
                         struct err *e)
{
    const struct type *t = part->field->type;
    struct any *any = arena_alloc(a, sizeof *any);
    if (any == NULL) {
        node_no_memory(e);
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
    const char *uri = schema_uri(s, f->ns);
    const struct fragment_name *known = schema_fragment(s, uri, strlen(uri), f->name);
    return known != NULL && known->field == NULL;
}

int signature_part_fragment(const struct message *m, const struct signature_part *part,
                            struct buf *out, struct err *e)
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

int signature_map_fragment(const struct message *m, const struct signature_part *part,
                           struct buf *out)
{
    struct err e = ERR_INIT;
    struct buf text = {0};
    const struct bytes *id = node_bytes(part->node, "Id"), *value = node_bytes(part->node, "");
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
    struct signature_search s = {.name = name, .id = id, .id_size = id == NULL ? 0 : strlen(id)};
    signature_search(m, &s);
    if (s.n == 0)
        return err_set(e, "the message has no element %s%s%s", name, id == NULL ? "" : " with Id ",
                       id == NULL ? "" : id);
    return signature_part_fragment(m, &s.at[0], out, e);
}

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
            return node_no_memory(e);
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
                return node_no_memory(e), NULL;
        }
    }
    return translate_items(from, made, a, depth, e) == 0 ? made : NULL;
}

int signature_info_fragment(const struct node *signed_info, const struct schema *xmldsig,
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
    const struct node *info = node_child(message_header(m), "Signature/SignedInfo");
    if (info == NULL)
        return err_set(e, "the header has no Signature");
    return signature_info_fragment(info, xmldsig, a, out, e);
}
