/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations to tables: resolves names, lays out slots, numbers what EXI numbers. */
#include "schema/decl.h"

#include "base/bits.h"
#include "schema/glance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 64

struct linker {
    struct decls *d;
    struct schema *s;
    struct err *e;
    /* qname numbers: open addressing over (ns, name) */
    struct qname {
        const char *name;
        uint8_t ns;
    } * qname;
    uint16_t *bucket; /* number + 1 */
    unsigned buckets;
};

/* The type that is being laid out. */
struct layout {
    struct linker *l;
    struct decl_type *decl;
    struct field field[SLOTS_MAX];
    unsigned n;
    uint8_t choices;
};

#define FAIL(l, place, ...) err_set_line((l)->e, (place).file, (place).line, __VA_ARGS__)

static void *link_new(struct linker *l, size_t size)
{
    void *made = arena_alloc(l->d->arena, size > 0 ? size : 1);
    if (made == NULL) {
        err_set(l->e, "out of memory");
        return NULL;
    }
    memset(made, 0, size);
    return made;
}

/* ---- names ---- */

static unsigned hash_name(const char *name, unsigned h)
{
    for (; *name != '\0'; name++)
        h = h * 31 + (unsigned char)*name;
    return h;
}

/* What is declared, by name; within one name in the order of the files. */
enum declared { DECLARED_SIMPLE, DECLARED_TYPE, DECLARED_ELEMENT };

struct decl_name {
    const char *name;
    enum declared what;
    uint8_t ns;
    void *decl;
    struct decl_name *next;
};

static int index_name(struct linker *l, enum declared what, const char *name, uint8_t ns,
                      void *decl)
{
    struct decl_name **at = &l->d->names[hash_name(name, 0) % DECL_BUCKETS];
    while (*at != NULL)
        at = &(*at)->next;
    struct decl_name *made = link_new(l, sizeof *made);
    if (made == NULL)
        return -1;
    *made = (struct decl_name){name, what, ns, decl, NULL};
    *at = made;
    return 0;
}

static int index_names(struct linker *l)
{
    struct decls *d = l->d;
    int bad = 0;
    d->names = link_new(l, DECL_BUCKETS * sizeof(struct decl_name *));
    if (d->names == NULL)
        return -1;
    for (struct decl_simple *c = d->simples; c != NULL; c = c->next)
        bad |= index_name(l, DECLARED_SIMPLE, c->out->name, c->out->ns, c);
    for (struct decl_type *c = d->types; c != NULL; c = c->next)
        bad |= index_name(l, DECLARED_TYPE, c->name, c->ns, c);
    for (struct decl_element *c = d->elements; c != NULL; c = c->next)
        bad |= index_name(l, DECLARED_ELEMENT, c->name, c->ns, c);
    return bad;
}

static bool is_alias(const struct decls *d, uint8_t ns, const char *text, size_t n)
{
    const char *alias = d->schema->ns[ns].alias;
    return strlen(alias) == n && memcmp(alias, text, n) == 0;
}

/* Own namespace first, then the first other; ALIAS:NAME is exact. */
static void *find(const struct decls *d, enum declared what, const char *wanted, uint8_t from)
{
    const char *colon = strchr(wanted, ':'), *name = colon == NULL ? wanted : colon + 1;
    void *other = NULL;
    const struct decl_name *c = d->names[hash_name(name, 0) % DECL_BUCKETS];
    for (; c != NULL; c = c->next) {
        if (c->what != what || strcmp(c->name, name) != 0)
            continue;
        if (colon == NULL ? c->ns == from : is_alias(d, c->ns, wanted, (size_t)(colon - wanted)))
            return c->decl;
        if (colon == NULL && other == NULL)
            other = c->decl;
    }
    return other;
}

static struct decl_type *find_type(const struct decls *d, const char *name, uint8_t ns)
{
    return find(d, DECLARED_TYPE, name, ns);
}

static struct decl_element *find_element(const struct decls *d, const char *name, uint8_t ns)
{
    return find(d, DECLARED_ELEMENT, name, ns);
}

static struct decl_simple *find_simple(const struct decls *d, const char *name, uint8_t ns)
{
    return find(d, DECLARED_SIMPLE, name, ns);
}

static int intern(struct linker *l, const char *name, uint8_t ns, uint16_t *number)
{
    unsigned h = hash_name(name, ns);
    for (h &= l->buckets - 1; l->bucket[h] != 0; h = (h + 1) & (l->buckets - 1)) {
        const struct qname *q = &l->qname[l->bucket[h] - 1];
        if (q->ns == ns && strcmp(q->name, name) == 0) {
            *number = (uint16_t)(l->bucket[h] - 1);
            return 0;
        }
    }
    if (l->s->qnames + 1u >= l->buckets / 2)
        return err_set(l->e, "more than %u different names", l->buckets / 2);
    *number = l->s->qnames;
    l->qname[l->s->qnames++] = (struct qname){name, ns};
    l->bucket[h] = l->s->qnames;
    return 0;
}

/* ---- simple types ---- */

enum family { FAMILY_NUMBER, FAMILY_BIG, FAMILY_BOOLEAN, FAMILY_STRING, FAMILY_HEX, FAMILY_BASE64 };

static const struct {
    const char *name;
    enum family family;
    int64_t lo, hi;
} BUILTINS[] = {
    {"boolean", FAMILY_BOOLEAN, 0, 1},
    {"byte", FAMILY_NUMBER, INT8_MIN, INT8_MAX},
    {"short", FAMILY_NUMBER, INT16_MIN, INT16_MAX},
    {"int", FAMILY_NUMBER, INT32_MIN, INT32_MAX},
    {"long", FAMILY_NUMBER, INT64_MIN, INT64_MAX},
    {"unsignedByte", FAMILY_NUMBER, 0, UINT8_MAX},
    {"unsignedShort", FAMILY_NUMBER, 0, UINT16_MAX},
    {"unsignedInt", FAMILY_NUMBER, 0, UINT32_MAX},
    {"unsignedLong", FAMILY_NUMBER, 0, -1}, /* -1: UINT64_MAX */
    {"integer", FAMILY_BIG, INT64_MIN, INT64_MAX},
    {"string", FAMILY_STRING, 0, INT64_MAX},
    {"anyURI", FAMILY_STRING, 0, INT64_MAX},
    {"ID", FAMILY_STRING, 0, INT64_MAX},
    {"IDREF", FAMILY_STRING, 0, INT64_MAX},
    {"hexBinary", FAMILY_HEX, 0, INT64_MAX},
    {"base64Binary", FAMILY_BASE64, 0, INT64_MAX},
};
#define BUILTINS_COUNT (sizeof BUILTINS / sizeof *BUILTINS)

/* How EXI writes a number of that range (EXI 1.0, 7.1.5 and 7.1.9): n bits up to 4096 values. */
static void choose_number_kind(struct simple *s)
{
    if (!s->is_unsigned && (uint64_t)s->hi - (uint64_t)s->lo < 4096) {
        s->kind = KIND_NBIT;
        s->width = (uint8_t)bits_length((uint64_t)s->hi - (uint64_t)s->lo);
    } else {
        s->kind = s->lo >= 0 ? KIND_UNSIGNED : KIND_SIGNED;
    }
}

static void choose_kind(struct simple *s, enum family family)
{
    switch (family) {
    case FAMILY_NUMBER:
        choose_number_kind(s);
        break;
    case FAMILY_BIG:
        s->kind = KIND_BIG;
        break;
    case FAMILY_BOOLEAN:
        s->kind = KIND_BOOLEAN;
        s->width = 1;
        break;
    case FAMILY_STRING:
        s->is_name = strncmp(s->base, "ID", 2) == 0;
        s->kind = KIND_STRING;
        break;
    case FAMILY_HEX:
        s->kind = KIND_HEX;
        break;
    case FAMILY_BASE64:
        s->kind = KIND_BASE64;
        break;
    }
}

static size_t find_builtin(const char *name)
{
    size_t i = 0;
    while (i < BUILTINS_COUNT && strcmp(BUILTINS[i].name, name) != 0)
        i++;
    return i;
}

/* Fills out from the built-in type that its chain of bases ends in, and the limits on the way. */
static int derive_simple(struct linker *l, const char *base, uint8_t ns, struct simple *out,
                         struct place place, int depth)
{
    struct decl_simple *from = depth < 8 ? find_simple(l->d, base, ns) : NULL;
    if (from != NULL && from->out->kind == KIND_ENUM)
        return FAIL(l, place, "%s is an enumeration; expected a simple or built-in type", base);
    if (from != NULL && from->out != out) {
        if (!out->limited && from->out->limited) {
            out->limited = true;
            out->lo = from->out->lo;
            out->hi = from->out->hi;
            out->one_of = from->out->one_of;
            out->ones = from->out->ones;
        }
        return derive_simple(l, from->base, from->out->ns, out, place, depth + 1);
    }
    size_t i = find_builtin(base);
    if (i == BUILTINS_COUNT)
        return FAIL(l, place, "unknown type '%s'; expected a declared or built-in type", base);
    out->base = BUILTINS[i].name;
    out->is_unsigned = BUILTINS[i].hi == -1;
    if (!out->limited) {
        out->lo = BUILTINS[i].lo;
        out->hi = BUILTINS[i].hi;
    } else if (out->is_unsigned) {
        out->is_unsigned = out->hi < 0; /* a narrower range fits an int64_t */
    } else if (out->lo < BUILTINS[i].lo || out->hi > BUILTINS[i].hi || out->lo > out->hi) {
        return FAIL(l, place, "range %lld..%lld; expected one within that of %s",
                    (long long)out->lo, (long long)out->hi, out->base);
    }
    choose_kind(out, BUILTINS[i].family);
    return 0;
}

static int link_simples(struct linker *l)
{
    struct schema *s = l->s;
    for (struct decl_simple *c = l->d->simples; c != NULL; c = c->next)
        s->simples++;
    s->simple = link_new(l, (s->simples + BUILTINS_COUNT) * sizeof *s->simple);
    if (s->simple == NULL)
        return -1;
    s->simples = 0;
    for (struct decl_simple *c = l->d->simples; c != NULL; c = c->next) {
        struct simple *out = c->out;
        s->simple[s->simples++] = out;
        if (out->kind != KIND_ENUM) {
            if (derive_simple(l, c->base, out->ns, out, c->place, 0) != 0)
                return -1;
            continue;
        }
        if (out->members == 0)
            return FAIL(l, c->place, "enumeration %s has no members", out->name);
        out->hi = out->members - 1; /* in the order of the schema: EXI 1.0, 7.2 */
        out->width = (uint8_t)bits_length((uint64_t)out->hi);
    }
    return 0;
}

/* A built-in type that fields use as it is; made once a schema. */
static const struct simple *builtin_simple(struct linker *l, size_t i)
{
    struct schema *s = l->s;
    for (unsigned k = s->simples; s->simple[k] != NULL; k++)
        if (s->simple[k]->base == BUILTINS[i].name)
            return s->simple[k];
    struct simple *made = link_new(l, sizeof *made);
    if (made == NULL)
        return NULL;
    made->name = made->doc = made->prefix = "";
    made->base = BUILTINS[i].name;
    made->ns = SCHEMA_NO_NS;
    made->lo = BUILTINS[i].lo;
    made->hi = BUILTINS[i].hi;
    made->is_unsigned = BUILTINS[i].hi == -1;
    choose_kind(made, BUILTINS[i].family);
    unsigned k = s->simples;
    while (s->simple[k] != NULL)
        k++;
    s->simple[k] = made;
    return made;
}

/* ---- fields ---- */

static int check_preset(struct linker *l, const struct field *f, struct place place)
{
    const char *text = f->preset;
    if (text == NULL)
        return 0;
    char *end;
    uint8_t octets[4096];
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return FAIL(l, place, "default %s of %s; expected true or false", text, f->name);
        break;
    case KIND_ENUM:
        if (simple_member(f->simple, text, strlen(text)) < 0)
            return FAIL(l, place, "default %s of %s; expected a member of %s", text, f->name,
                        f->simple->name);
        break;
    case KIND_NBIT:
    case KIND_SIGNED:
    case KIND_UNSIGNED: {
        long long v = strtoll(text, &end, 10);
        if (*end != '\0' || end == text || (!f->simple->is_unsigned && (v < f->lo || v > f->hi)))
            return FAIL(l, place, "default %s of %s; expected a number in %lld..%lld", text,
                        f->name, (long long)f->lo, (long long)f->hi);
        break;
    }
    case KIND_HEX:
        if (hex_read(text, strlen(text), octets, sizeof octets) < 0)
            return FAIL(l, place, "default %s of %s; expected hex digits", text, f->name);
        break;
    case KIND_BASE64:
        if (base64_read(text, strlen(text), octets, sizeof octets) < 0)
            return FAIL(l, place, "default %s of %s; expected base64", text, f->name);
        break;
    case KIND_BIG:
        if (strspn(text + (*text == '-'), "0123456789") != strlen(text) - (*text == '-') ||
            strchr("-", text[strlen(text) - 1]) != NULL)
            return FAIL(l, place, "default %s of %s; expected an integer", text, f->name);
        break;
    case KIND_NODE:
        strtod(text, &end);
        if (f->type->is_quantity && (*end != '\0' || end == text))
            return FAIL(l, place, "default %s of %s; expected a number", text, f->name);
        break;
    case KIND_STRING:
    case KIND_ABSTRACT:
    case KIND_ANY:
    case KIND_TEXT:
        break;
    }
    return 0;
}

static void use_simple(struct field *f, const struct simple *s)
{
    f->simple = s;
    f->kind = s->kind;
    f->width = s->width;
    f->lo = s->lo;
    f->hi = s->hi;
}

/* Gives f the type called `name`, as seen from namespace ns. */
static int use_type(struct linker *l, struct field *f, const char *name, uint8_t ns,
                    struct decl_field *decl, struct place place)
{
    const struct decl_type *t = find_type(l->d, name, ns);
    if (t != NULL && t->out != NULL && !t->is_anonymous) {
        f->type = t->out;
        f->kind = KIND_NODE;
        return 0;
    }
    const struct decl_simple *known = find_simple(l->d, name, ns);
    const struct simple *s = known == NULL ? NULL : known->out;
    size_t i = find_builtin(name);
    if (s == NULL && i < BUILTINS_COUNT && (s = builtin_simple(l, i)) == NULL)
        return -1;
    if (s == NULL)
        return FAIL(l, place, "unknown type '%s' of %s; expected a declared or built-in type", name,
                    f->name);
    if (decl != NULL && decl->limited && decl->narrowed == NULL) {
        struct simple *narrow = link_new(l, sizeof *narrow);
        if (narrow == NULL)
            return -1;
        narrow->name = narrow->doc = narrow->prefix = "";
        narrow->ns = ns;
        narrow->limited = true;
        narrow->lo = decl->lo;
        narrow->hi = decl->hi;
        narrow->one_of = decl->one_of;
        narrow->ones = decl->ones;
        if (derive_simple(l, name, ns, narrow, place, 0) != 0)
            return -1;
        decl->narrowed = narrow;
    }
    use_simple(f, decl != NULL && decl->narrowed != NULL ? decl->narrowed : s);
    return 0;
}

static struct field *new_slot(struct layout *y, struct place place)
{
    if (y->n == SLOTS_MAX) {
        FAIL(y->l, place, "type %s has more than %d fields", y->decl->name, SLOTS_MAX);
        return NULL;
    }
    struct field *f = &y->field[y->n++];
    memset(f, 0, sizeof *f);
    f->name = f->doc = f->unit = "";
    f->min = f->max = 1;
    f->ns = SCHEMA_NO_NS;
    return f;
}

/* The slot of one element of a substitution group (or of the only one). */
static int lay_element(struct layout *y, const struct decl_element *el,
                       const struct decl_field *decl, struct field *f)
{
    f->name = el->name;
    f->ns = el->ns;
    f->doc = decl->doc[0] != '\0' ? decl->doc : el->doc;
    f->unit = decl->unit;
    f->marks = decl->marks;
    f->frame = 1;
    if (el->is_abstract) {
        f->kind = KIND_ABSTRACT;
    } else if (el->own != NULL) {
        f->kind = KIND_NODE;
        f->type = el->own->out;
    } else if (use_type(y->l, f, el->type, el->ns, NULL, el->place) != 0) {
        return -1;
    }
    return intern(y->l, f->name, f->ns, &f->qname);
}

static int lay_plain(struct layout *y, struct decl_field *decl, struct field *f)
{
    f->name = decl->name;
    f->ns = decl->ns;
    f->doc = decl->doc;
    f->unit = decl->unit;
    f->marks = decl->marks;
    f->preset = decl->preset;
    f->is_attribute = decl->is_attribute;
    f->is_content = decl->is_content;
    if (use_type(y->l, f, decl->type, y->decl->ns, decl, decl->place) != 0 ||
        check_preset(y->l, f, decl->place) != 0)
        return -1;
    if ((f->is_attribute || f->is_content) && f->kind == KIND_NODE)
        return FAIL(y->l, decl->place, "%s has a complex type; expected a simple one", f->name);
    return f->is_content ? 0 : intern(y->l, f->name, f->ns, &f->qname);
}

static bool is_in_group(const struct decls *d, const struct decl_element *el,
                        const struct decl_element *head)
{
    for (int depth = 0; el != NULL && depth < 8; depth++) {
        if (el == head)
            return true;
        el = el->head == NULL ? NULL : find_element(d, el->head, el->ns);
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    const struct decl_element *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static struct particle *lay_copy(struct layout *y, const struct particle *p)
{
    struct particle *made = link_new(y->l, sizeof *made);
    if (made == NULL)
        return NULL;
    *made = *p;
    made->child = made->next = NULL;
    return made;
}

/* A reference to a global element: one slot, or a choice of the members of its group. */
static struct particle *lay_reference(struct layout *y, const struct particle *p, bool mandatory)
{
    struct linker *l = y->l;
    struct decl_field *decl = p->field;
    const struct decl_element *head = find_element(l->d, decl->type, y->decl->ns);
    if (head == NULL) {
        FAIL(l, decl->place, "unknown element '%s'; expected a declared global element",
             decl->type);
        return NULL;
    }
    const struct decl_element *member[SLOTS_MAX];
    unsigned n = 0;
    for (const struct decl_element *c = l->d->elements; c != NULL && n < SLOTS_MAX; c = c->next)
        if (is_in_group(l->d, c, head))
            member[n++] = c;
    qsort(member, n, sizeof *member, by_name);
    struct particle *made = lay_copy(y, p);
    if (made == NULL)
        return NULL;
    if (n == 1) {
        struct field *f = new_slot(y, decl->place);
        if (f == NULL || lay_element(y, head, decl, f) != 0)
            return NULL;
        made->slot = (int)y->n - 1;
        f->min = p->min;
        f->max = p->max;
        f->is_list = p->max > 1;
        f->is_mandatory = mandatory && p->min > 0;
        f->preset = decl->preset;
        return made;
    }
    made->what = PARTICLE_CHOICE;
    struct particle **end = &made->child;
    uint8_t choice = ++y->choices;
    bool has_default = false;
    for (unsigned i = 0; i < n; i++) {
        struct field *f = new_slot(y, decl->place);
        struct particle *one = lay_copy(y, p);
        if (f == NULL || one == NULL || lay_element(y, member[i], decl, f) != 0)
            return NULL;
        one->min = one->max = 1;
        one->slot = (int)y->n - 1;
        f->choice = p->max > 1 ? 0 : choice;
        f->is_mandatory = mandatory && p->min > 0 && p->max == 1;
        f->is_default = !member[i]->is_abstract && !has_default &&
                        (decl->preset == NULL || strcmp(decl->preset, f->name) == 0);
        has_default = has_default || f->is_default;
        *end = one;
        end = &one->next;
    }
    if (!has_default && decl->preset != NULL) {
        FAIL(l, decl->place, "default %s of %s; expected an element that may stand there",
             decl->preset, decl->name);
        return NULL;
    }
    return made;
}

static struct particle *lay(struct layout *y, const struct particle *p, bool mandatory);

/* Alternatives that are single fields exclude each other by number. */
static void mark_choice(struct layout *y, const struct particle *made, bool mandatory)
{
    bool single = made->max == 1;
    for (const struct particle *c = made->child; c != NULL; c = c->next)
        single = single && c->what == PARTICLE_FIELD && c->max == 1;
    if (!single)
        return;
    uint8_t choice = ++y->choices;
    struct field *best = NULL;
    for (const struct particle *c = made->child; c != NULL; c = c->next) {
        struct field *f = &y->field[c->slot];
        f->choice = choice;
        f->is_mandatory = mandatory && made->min > 0;
        if (best == NULL || (best->preset == NULL && f->preset != NULL))
            best = f;
    }
    if (best != NULL)
        best->is_default = true;
}

static struct particle *lay_group(struct layout *y, const struct particle *p, bool mandatory)
{
    struct particle *made = lay_copy(y, p);
    if (made == NULL)
        return NULL;
    bool inner = mandatory && p->min > 0 && p->what == PARTICLE_SEQUENCE;
    struct particle **end = &made->child;
    for (const struct particle *c = p->child; c != NULL; c = c->next) {
        if ((*end = lay(y, c, inner)) == NULL)
            return NULL;
        end = &(*end)->next;
    }
    if (p->what == PARTICLE_CHOICE)
        mark_choice(y, made, mandatory);
    return made;
}

/* Copies a part of the content, giving every field of it a slot. */
static struct particle *lay(struct layout *y, const struct particle *p, bool mandatory)
{
    if (p->what == PARTICLE_CHOICE || p->what == PARTICLE_SEQUENCE)
        return lay_group(y, p, mandatory);
    if (p->what == PARTICLE_FIELD && p->field->is_ref)
        return lay_reference(y, p, mandatory);
    struct particle *made = lay_copy(y, p);
    struct field *f = made == NULL ? NULL : new_slot(y, y->decl->place);
    if (f == NULL)
        return NULL;
    made->slot = (int)y->n - 1;
    if (p->what == PARTICLE_ANY)
        f->kind = KIND_ANY;
    else if (lay_plain(y, p->field, f) != 0)
        return NULL;
    f->min = p->min;
    f->max = p->max;
    f->is_list = p->max > 1;
    f->is_mandatory = mandatory && p->min > 0;
    f->frame = !f->is_attribute && !f->is_content;
    return made;
}

/* ---- types ---- */

static int attribute_order(const struct schema *s, const struct decl_field *a,
                           const struct decl_field *b)
{
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : strcmp(schema_uri(s, a->ns), schema_uri(s, b->ns));
}

/* Attributes of the type and its bases by local name, then URI, whatever the order in the document
 * (EXI 1.0, 8.5.4.1); returns their number or -1. */
static int lay_attributes(struct layout *y, struct particle *tree)
{
    struct decl_field *all[SLOTS_MAX];
    unsigned n = 0;
    for (const struct decl_type *t = y->decl; t != NULL;
         t = t->base == NULL ? NULL : find_type(y->l->d, t->base, t->ns)) {
        for (struct decl_field *f = t->attributes; f != NULL; f = f->next) {
            unsigned i = n++;
            if (n > SLOTS_MAX)
                return FAIL(y->l, f->place, "too many attributes");
            for (; i > 0 && attribute_order(y->l->s, f, all[i - 1]) < 0; i--)
                all[i] = all[i - 1];
            all[i] = f;
        }
    }
    struct particle **end = &tree->child;
    for (unsigned i = 0; i < n; i++) {
        struct particle field = {
            .what = PARTICLE_FIELD, .min = all[i]->min, .max = 1, .field = all[i]};
        if ((*end = lay(y, &field, true)) == NULL)
            return -1;
        end = &(*end)->next;
    }
    return (int)n;
}

/* Lays out the content of a base type before that of the type itself. */
static int lay_bases(struct layout *y, const struct decl_type *t, struct particle **end, int depth)
{
    if (depth > 16)
        return FAIL(y->l, t->place, "type %s extends itself", t->name);
    if (t->base != NULL) {
        const struct decl_type *base = find_type(y->l->d, t->base, t->ns);
        if (base == NULL)
            return FAIL(y->l, t->place, "unknown base '%s' of type %s", t->base, t->name);
        if (lay_bases(y, base, end, depth + 1) != 0)
            return -1;
    }
    while (*end != NULL)
        end = &(*end)->next;
    if (t == y->decl)
        y->decl->out->own = (uint16_t)y->n;
    /* names in a base's content are looked up from where the base was declared */
    struct decl_type *self = y->decl;
    y->decl = (struct decl_type *)(uintptr_t)t;
    *end = lay(y, t->content, true);
    y->decl = self;
    return *end == NULL ? -1 : 0;
}

static bool is_open_content(const struct particle *p)
{
    bool is_group = p->what == PARTICLE_CHOICE || p->what == PARTICLE_SEQUENCE;
    if (p->what == PARTICLE_ANY || (is_group && p->max > 1))
        return true;
    for (const struct particle *c = p->child; c != NULL; c = c->next)
        if (is_open_content(c))
            return true;
    return false;
}

static int check_quantity(struct linker *l, const struct type *t, struct place place)
{
    if (t->is_quantity && (t->multiplier < 0 || t->value < 0))
        return FAIL(l, place, "quantity %s; expected fields Multiplier or Exponent, and Value",
                    t->name);
    return 0;
}

static int link_type(struct linker *l, struct decl_type *decl)
{
    struct layout y = {.l = l, .decl = decl};
    struct particle *tree = link_new(l, sizeof *tree);
    if (tree == NULL)
        return -1;
    tree->what = PARTICLE_SEQUENCE;
    tree->min = tree->max = 1;
    struct type *t = decl->out;
    int attributes = lay_attributes(&y, tree);
    if (attributes < 0 || lay_bases(&y, decl, &tree->child, 0) != 0)
        return -1;
    t->name = decl->name;
    t->doc = decl->doc;
    t->ns = decl->ns;
    t->base = decl->base == NULL ? NULL : find_type(l->d, decl->base, decl->ns)->out;
    t->attributes = (uint16_t)attributes;
    t->fields = (uint16_t)y.n;
    t->is_mixed = decl->is_mixed;
    t->is_anonymous = decl->is_anonymous;
    t->is_open = t->is_mixed || is_open_content(tree);
    bool shadow = y.n > 0 && y.field[y.n - 1].kind <= KIND_NBIT; /* codec/exi_stage.h */
    t->node_size = (uint16_t)(16 + 8 * (t->fields + (t->is_open || shadow)));
    t->field = link_new(l, y.n * sizeof *t->field);
    if (t->field == NULL)
        return -1;
    memcpy(t->field, y.field, y.n * sizeof *t->field);
    glance_type(t);
    decl->tree = tree;
    if (check_quantity(l, t, decl->place) != 0)
        return -1;
    return grammar_build(l->d->arena, t, tree, &decl->place, l->e);
}

/* A message without fields of its own whose type another statement declares shares that type. */
static void share_types(struct decls *d)
{
    for (struct decl_element *c = d->elements; c != NULL; c = c->next) {
        struct decl_type *own = c->own;
        if (own == NULL || own->is_anonymous || own->base != NULL || own->attributes != NULL ||
            own->content->child != NULL)
            continue;
        struct decl_type **at = &d->types, *other = NULL;
        for (struct decl_type *t = d->types; t != NULL; t = t->next)
            if (t != own && t->ns == own->ns && strcmp(t->name, own->name) == 0)
                other = t;
        if (other == NULL)
            continue;
        while (*at != own)
            at = &(*at)->next;
        *at = own->next;
        c->own = NULL;
    }
}

static int check_twice(struct linker *l)
{
    for (const struct decl_type *t = l->d->types; t != NULL; t = t->next)
        if (!t->is_anonymous && find_type(l->d, t->name, t->ns) != t)
            return FAIL(l, t->place, "type %s is declared twice", t->name);
    for (const struct decl_element *c = l->d->elements; c != NULL; c = c->next)
        if (find_element(l->d, c->name, c->ns) != c)
            return FAIL(l, c->place, "element %s is declared twice", c->name);
    return 0;
}

static int link_types(struct linker *l)
{
    struct schema *s = l->s;
    unsigned n = 0;
    for (struct decl_type *t = l->d->types; t != NULL; t = t->next) {
        if ((t->out = link_new(l, sizeof *t->out)) == NULL)
            return -1;
        t->out->is_abstract = t->is_abstract; /* grammars of others ask for these */
        t->out->is_quantity = t->is_quantity;
        n++;
    }
    if (check_twice(l) != 0 || (s->type = link_new(l, n * sizeof *s->type)) == NULL)
        return -1;
    for (struct decl_type *t = l->d->types; t != NULL; t = t->next) {
        if (link_type(l, t) != 0)
            return -1;
        s->type[s->types++] = t->out;
    }
    return 0;
}

/* ---- global elements ---- */

static int element_order(const struct schema *s, const struct element *a, const struct element *b)
{
    int order = strcmp(a->as.name, b->as.name);
    return order != 0 ? order : strcmp(schema_uri(s, a->as.ns), schema_uri(s, b->as.ns));
}

static int link_element(struct linker *l, struct decl_element *decl)
{
    struct element *el = decl->out;
    struct layout y = {.l = l};
    struct decl_field plain = {.doc = decl->doc, .unit = ""};
    el->as.min = el->as.max = 1;
    el->as.name = decl->name;
    el->as.is_mandatory = true;
    el->doc = decl->doc;
    el->payload = decl->payload;
    el->padded = decl->padded;
    el->from = decl->from;
    el->is_abstract = decl->is_abstract;
    if (decl->head != NULL) {
        const struct decl_element *head = find_element(l->d, decl->head, decl->ns);
        if (head == NULL)
            return FAIL(l, decl->place, "unknown head '%s' of %s", decl->head, decl->name);
        el->head = head->out;
    }
    return lay_element(&y, decl, &plain, &el->as);
}

static int link_elements(struct linker *l)
{
    struct schema *s = l->s;
    unsigned n = 0;
    for (struct decl_element *c = l->d->elements; c != NULL; c = c->next, n++)
        if ((c->out = link_new(l, sizeof *c->out)) == NULL)
            return -1;
    struct element **sorted = link_new(l, n * sizeof *sorted);
    const struct element **message = link_new(l, n * sizeof *message);
    s->fresh = link_new(l, n * sizeof *s->fresh);
    if (sorted == NULL || message == NULL || s->fresh == NULL)
        return -1;
    for (struct decl_element *c = l->d->elements; c != NULL; c = c->next) {
        if (link_element(l, c) != 0)
            return -1;
        if (c->out->from != FROM_NONE)
            message[s->messages++] = c->out;
        unsigned i = s->elements++;
        for (; i > 0 && element_order(s, c->out, sorted[i - 1]) < 0; i--)
            sorted[i] = sorted[i - 1];
        sorted[i] = c->out;
    }
    for (unsigned i = 0; i < n; i++) /* by local name, then URI: EXI 1.0, 8.5.1 */
        sorted[i]->code = (uint16_t)i;
    s->element = (const struct element **)(void *)sorted;
    s->message = message;
    s->document_bits = (uint8_t)bits_length(n);
    s->root = schema_element(s, "V2G_Message");
    s->body_head = s->messages > 0 ? s->message[0]->head : NULL;
    return glance_set(s) == 0 ? 0 : err_set(l->e, "out of memory");
}

/* ---- numbering for fragments and string tables ---- */

struct name_use {
    const struct field *field;
    bool is_shared;
};

static bool same_type(const struct field *a, const struct field *b)
{
    return a->kind == b->kind && a->type == b->type && a->simple == b->simple;
}

static void note_use(struct name_use *use, const struct field *f)
{
    if (f->kind == KIND_ANY || f->is_content)
        return;
    struct name_use *u = &use[f->qname];
    if (u->field == NULL)
        u->field = f;
    else if (!same_type(u->field, f))
        u->is_shared = true;
}

static int by_qname(const void *a, const void *b, void *schema)
{
    const struct fragment_name *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    const struct schema *s = schema;
    return order != 0 ? order : strcmp(schema_uri(s, x->ns), schema_uri(s, y->ns));
}

static struct fragment_name *collect(struct linker *l, const struct name_use *use, uint16_t *n)
{
    struct fragment_name *out = link_new(l, l->s->qnames * sizeof *out);
    if (out == NULL)
        return NULL;
    *n = 0;
    for (uint16_t q = 0; q < l->s->qnames; q++) {
        if (use[q].field == NULL)
            continue;
        out[(*n)++] = (struct fragment_name){.name = l->qname[q].name,
                                             .ns = l->qname[q].ns,
                                             .qname = q,
                                             .field = use[q].is_shared ? NULL : use[q].field};
    }
    qsort_r(out, *n, sizeof *out, by_qname, l->s);
    return out;
}

static int number_fragments(struct linker *l)
{
    struct schema *s = l->s;
    struct name_use *elements = link_new(l, s->qnames * sizeof *elements);
    struct name_use *attributes = link_new(l, s->qnames * sizeof *attributes);
    if (elements == NULL || attributes == NULL)
        return -1;
    for (unsigned i = 0; i < s->elements; i++)
        note_use(elements, &s->element[i]->as);
    for (unsigned t = 0; t < s->types; t++)
        for (unsigned i = 0; i < s->type[t]->fields; i++)
            note_use(s->type[t]->field[i].is_attribute ? attributes : elements,
                     &s->type[t]->field[i]);
    s->fragment = collect(l, elements, &s->names);
    s->attribute = collect(l, attributes, &s->attributes);
    s->fragment_bits = (uint8_t)bits_length(s->names + 1u);
    return s->fragment == NULL || s->attribute == NULL ? -1 : 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Local names of one namespace: elements, attributes, types (EXI 1.0, 7.3.1). */
static int collect_locals(struct linker *l, uint8_t ns, struct ns *out)
{
    struct schema *s = l->s;
    size_t most = (size_t)s->qnames + s->types + s->simples;
    const char **name = link_new(l, most * sizeof *name);
    if (name == NULL)
        return -1;
    size_t n = 0;
    for (unsigned q = 0; q < s->qnames; q++)
        if (l->qname[q].ns == ns)
            name[n++] = l->qname[q].name;
    for (unsigned t = 0; t < s->types; t++)
        if (s->type[t]->ns == ns && !s->type[t]->is_anonymous)
            name[n++] = s->type[t]->name;
    for (unsigned i = 0; i < s->simples; i++)
        if (s->simple[i]->ns == ns)
            name[n++] = s->simple[i]->name;
    qsort(name, n, sizeof *name, by_text);
    size_t unique = 0;
    for (size_t i = 0; i < n; i++)
        if (unique == 0 || strcmp(name[i], name[unique - 1]) != 0)
            name[unique++] = name[i];
    out->local = name;
    out->locals = (uint16_t)unique;
    return 0;
}

/* EXI 1.0, 7.3.1: "", xml, xsi and xsd have the first numbers, the schema's URIs follow sorted. */
static int number_namespaces(struct linker *l)
{
    struct schema *s = l->s;
    s->ns_sorted = link_new(l, s->namespaces);
    if (s->ns_sorted == NULL)
        return -1;
    for (uint8_t n = 0; n < s->namespaces; n++) {
        unsigned i = n;
        for (; i > 0 && strcmp(s->ns[n].uri, s->ns[s->ns_sorted[i - 1]].uri) < 0; i--)
            s->ns_sorted[i] = s->ns_sorted[i - 1];
        s->ns_sorted[i] = n;
    }
    s->no_ns = (struct ns){.alias = "", .uri = ""};
    if (collect_locals(l, SCHEMA_NO_NS, &s->no_ns) != 0)
        return -1;
    for (uint8_t i = 0; i < s->namespaces; i++) {
        struct ns *ns = &s->ns[s->ns_sorted[i]];
        ns->uri_id = (uint16_t)(4 + i);
        if (collect_locals(l, s->ns_sorted[i], ns) != 0)
            return -1;
    }
    return 0;
}

int decl_link(struct decls *d, struct err *e)
{
    struct linker l = {.d = d, .s = d->schema, .e = e, .buckets = 4096};
    l.qname = link_new(&l, l.buckets / 2 * sizeof *l.qname);
    l.bucket = link_new(&l, l.buckets * sizeof *l.bucket);
    share_types(d);
    if (l.qname == NULL || l.bucket == NULL || index_names(&l) != 0 || link_simples(&l) != 0 ||
        link_types(&l) != 0 || link_elements(&l) != 0 ||
        (d->schema->encoding != ENCODING_EXI && layout_link(d, e) != 0) ||
        number_fragments(&l) != 0 || number_namespaces(&l) != 0)
        return -1;
    return 0;
}
