/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/message.h"

#include "base/nearest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_FIRST 4 /* entries that a new list has room for */
#define SHOWN_MAX 40 /* bytes of bad input that an error repeats */

static int no_memory(struct err *e)
{
    return err_set(e, "the message is too large: its memory is used up");
}

static int too_deep(struct err *e)
{
    return err_set(e, "elements are nested too deeply; expected at most %d levels",
                   MESSAGE_DEPTH_MAX);
}

/* ---- nodes, lists, open content ---- */

struct bytes *bytes_new(struct arena *a, const void *p, size_t n)
{
    struct bytes *b = n > UINT32_MAX ? NULL : arena_alloc(a, sizeof *b + n);
    if (b == NULL)
        return NULL;
    b->n = (uint32_t)n;
    if (n > 0)
        memcpy(b->p, p, n);
    return b;
}

struct node *node_new(struct arena *a, const struct type *t)
{
    struct node *n = arena_alloc(a, t->node_size);
    if (n == NULL)
        return NULL;
    n->type = t;
    n->has = 0;
    if (t->is_open)
        n->v[t->fields].items = NULL;
    return n;
}

static void remove_alternatives(struct node *n, unsigned slot)
{
    const struct type *t = n->type;
    for (unsigned i = 0; i < t->fields; i++)
        if (i != slot && t->field[i].choice == t->field[slot].choice)
            n->has &= ~(UINT64_C(1) << i);
}

static void mark_present(struct node *n, unsigned slot)
{
    n->has |= UINT64_C(1) << slot;
    if (n->type->field[slot].choice != 0)
        remove_alternatives(n, slot);
}

void node_set(struct node *n, unsigned slot, union value v)
{
    n->v[slot] = v;
    mark_present(n, slot);
}

void node_remove(struct node *n, unsigned slot)
{
    struct items *items = node_items(n);
    if (slot < n->type->fields)
        n->has &= ~(UINT64_C(1) << slot);
    if (items == NULL || slot < n->type->attributes)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < items->n; i++)
        if (items->at[i].slot != slot)
            items->at[kept++] = items->at[i];
    items->n = kept;
}

int node_add(struct arena *a, struct node *n, unsigned slot, union value v)
{
    struct list *l = node_has(n, slot) ? n->v[slot].l : NULL;
    if (l == NULL || l->n == l->cap) {
        uint32_t cap = l == NULL ? LIST_FIRST : l->cap * 2;
        struct list *larger = arena_alloc(a, sizeof *larger + cap * sizeof larger->v[0]);
        if (larger == NULL)
            return -1;
        larger->n = l == NULL ? 0 : l->n;
        larger->cap = cap;
        if (l != NULL)
            memcpy(larger->v, l->v, l->n * sizeof l->v[0]);
        n->v[slot].l = l = larger;
        mark_present(n, slot);
    }
    l->v[l->n++] = v;
    return 0;
}

int node_add_item(struct arena *a, struct node *n, unsigned slot, union value v)
{
    struct items *l = n->v[n->type->fields].items;
    if (l == NULL || l->n == l->cap) {
        uint32_t cap = l == NULL ? LIST_FIRST : l->cap * 2;
        struct items *larger = arena_alloc(a, sizeof *larger + cap * sizeof larger->at[0]);
        if (larger == NULL)
            return -1;
        larger->n = l == NULL ? 0 : l->n;
        larger->cap = cap;
        if (l != NULL)
            memcpy(larger->at, l->at, l->n * sizeof l->at[0]);
        n->v[n->type->fields].items = l = larger;
    }
    l->at[l->n++] = (struct item){.slot = (uint16_t)slot, .v = v};
    return 0;
}

void any_add(struct any *any, struct any_part *part)
{
    part->next = NULL;
    if (any->last == NULL)
        any->first = part;
    else
        any->last->next = part;
    any->last = part;
}

/* ---- defaults ---- */

static int complete(struct arena *a, struct node *n, unsigned depth, struct err *e);

/* As many octets 0 as there must be at least. */
static struct bytes *zeros_new(struct arena *a, uint64_t n)
{
    struct bytes *b = n > UINT32_MAX ? NULL : arena_alloc(a, sizeof *b + n);
    if (b == NULL)
        return NULL;
    b->n = (uint32_t)n;
    memset(b->p, 0, n);
    return b;
}

static int simple_default(struct arena *a, const struct field *f, union value *v, struct err *e)
{
    if (f->preset != NULL)
        return value_read(f, f->preset, strlen(f->preset), a, v, e);
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_NBIT:
        v->i = 0;
        if (f->lo > 0)
            v->i = f->lo;
        else if (f->hi < 0 && !f->simple->is_unsigned)
            v->i = f->hi;
        return 0;
    case KIND_BIG:
        v->b = bytes_new(a, "0", 1);
        break;
    case KIND_STRING:
    case KIND_TEXT:
        v->b = bytes_new(a, "", 0);
        break;
    case KIND_HEX:
    case KIND_BASE64:
        v->b = zeros_new(a, (uint64_t)f->lo);
        break;
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
        return err_set(e, "it has no default of its own");
    }
    return v->b == NULL ? no_memory(e) : 0;
}

static int set_unit(struct arena *a, struct node *n, const char *unit, struct err *e)
{
    union value v;
    int slot = n->type->unit;
    if (slot < 0 || unit == NULL || unit[0] == '\0')
        return 0;
    if (value_read(&n->type->field[slot], unit, strlen(unit), a, &v, e) != 0)
        return -1;
    node_set(n, (unsigned)slot, v);
    return 0;
}

static int node_default(struct arena *a, const struct field *f, union value *v, unsigned depth,
                        struct err *e)
{
    if (depth >= MESSAGE_DEPTH_MAX)
        return too_deep(e);
    v->n = node_new(a, f->type);
    if (v->n == NULL)
        return no_memory(e);
    if (complete(a, v->n, depth + 1, e) != 0)
        return -1;
    if (!f->type->is_quantity)
        return 0;
    if (f->preset == NULL)
        return set_unit(a, v->n, f->unit, e);
    char *end;
    double si = strtod(f->preset, &end);
    if (end == f->preset || *end != '\0')
        return err_set(e, "the schema's default '%s' is no number", f->preset);
    return quantity_set(a, v->n, si, f->unit, e);
}

/* Adds the default of slot: present, one more entry, or one more item. */
static int add_default(struct arena *a, struct node *n, unsigned slot, unsigned depth,
                       struct err *e)
{
    const struct field *f = &n->type->field[slot];
    union value v = {.i = 0};
    int bad = f->kind == KIND_NODE ? node_default(a, f, &v, depth, e) : simple_default(a, f, &v, e);
    if (bad != 0) {
        err_under(e, f->name);
        return -1;
    }
    if (n->type->is_open && !f->is_attribute)
        bad = node_add_item(a, n, slot, v);
    else if (f->is_list)
        bad = node_add(a, n, slot, v);
    else
        node_set(n, slot, v);
    return bad != 0 ? no_memory(e) : 0;
}

int node_set_default(struct arena *a, struct node *n, unsigned slot, struct err *e)
{
    return add_default(a, n, slot, 0, e);
}

static bool has_alternative(const struct node *n, uint8_t choice)
{
    for (unsigned i = 0; i < n->type->fields; i++)
        if (node_has(n, i) && n->type->field[i].choice == choice)
            return true;
    return false;
}

static int complete_child(struct arena *a, const struct field *f, union value v, unsigned depth,
                          struct err *e)
{
    if (f->kind != KIND_NODE || complete(a, v.n, depth + 1, e) == 0)
        return 0;
    err_under(e, f->name);
    return -1;
}

static int complete_slot(struct arena *a, struct node *n, unsigned slot, unsigned depth,
                         struct err *e)
{
    const struct field *f = &n->type->field[slot];
    bool has = node_has(n, slot);
    if (!has && !f->is_mandatory)
        return 0;
    if (!has && f->choice != 0 && (!f->is_default || has_alternative(n, f->choice)))
        return 0;
    if (!f->is_list)
        return has ? complete_child(a, f, n->v[slot], depth, e) : add_default(a, n, slot, depth, e);
    uint32_t count = has ? n->v[slot].l->n : 0;
    for (uint32_t i = 0; i < count; i++)
        if (complete_child(a, f, n->v[slot].l->v[i], depth, e) != 0)
            return -1;
    for (; count < f->min; count++)
        if (add_default(a, n, slot, depth, e) != 0)
            return -1;
    return 0;
}

unsigned type_state_after(const struct type *t, unsigned state, unsigned slot)
{
    return slot == t->fields ? t->state[state].after_text : t->field[slot].after;
}

unsigned node_state(const struct node *n)
{
    const struct type *t = n->type;
    const struct items *items = node_items(n);
    unsigned at = 0;
    for (unsigned i = 0; i < t->attributes; i++)
        if (node_has(n, i))
            at = t->field[i].after;
    for (uint32_t i = 0; items != NULL && i < items->n; i++)
        at = type_state_after(t, at, items->at[i].slot);
    return at;
}

static bool is_called(const struct field *f, const char *name, size_t size, int ns)
{
    if (f->is_attribute || f->is_content || f->kind == KIND_ABSTRACT)
        return false;
    return strncmp(f->name, name, size) == 0 && f->name[size] == '\0' && (ns < 0 || f->ns == ns);
}

int type_open_slot(const struct type *t, unsigned state, const char *name, size_t size, int ns)
{
    const struct state *s = &t->state[state];
    int any = -1;
    for (unsigned i = 0; i < s->count; i++) {
        unsigned slot = t->slots[s->first + i];
        if (is_called(&t->field[slot], name, size, ns))
            return (int)slot;
        if (any < 0 && t->field[slot].kind == KIND_ANY)
            any = (int)slot;
    }
    for (unsigned i = 0; any < 0 && i < t->fields; i++)
        if (is_called(&t->field[i], name, size, ns))
            return (int)i;
    for (unsigned i = 0; any < 0 && i < t->fields; i++)
        if (t->field[i].kind == KIND_ANY)
            any = (int)i;
    return any;
}

/* The slot by which content that cannot end yet goes on: the first with a default, else the first
 * that can have one; -1 where only wildcards may come. */
static int slot_to_go_on(const struct type *t, const struct state *s)
{
    int best = -1;
    for (unsigned i = 0; i < s->count; i++) {
        unsigned slot = t->slots[s->first + i];
        const struct field *f = &t->field[slot];
        if (f->is_attribute || f->kind == KIND_ANY || f->kind == KIND_ABSTRACT)
            continue;
        if (f->preset != NULL)
            return (int)slot;
        if (best < 0)
            best = (int)slot;
    }
    return best;
}

static int complete_content(struct arena *a, struct node *n, unsigned depth, struct err *e)
{
    const struct type *t = n->type;
    const struct items *items = node_items(n);
    for (uint32_t i = 0; items != NULL && i < items->n; i++)
        if (items->at[i].slot < t->fields &&
            complete_child(a, &t->field[items->at[i].slot], items->at[i].v, depth, e) != 0)
            return -1;
    for (unsigned tries = 0; tries <= t->fields; tries++) {
        const struct state *s = &t->state[node_state(n)];
        int slot = s->end == SCHEMA_NO_CODE ? slot_to_go_on(t, s) : -1;
        if (slot < 0)
            return 0;
        if (add_default(a, n, (unsigned)slot, depth, e) != 0)
            return -1;
    }
    return 0;
}

static int complete(struct arena *a, struct node *n, unsigned depth, struct err *e)
{
    const struct type *t = n->type;
    if (depth >= MESSAGE_DEPTH_MAX)
        return too_deep(e);
    unsigned slots = t->is_open ? t->attributes : t->fields;
    for (unsigned i = 0; i < slots; i++)
        if (complete_slot(a, n, i, depth, e) != 0)
            return -1;
    return t->is_open ? complete_content(a, n, depth, e) : 0;
}

int node_complete(struct arena *a, struct node *n, struct err *e)
{
    return complete(a, n, 0, e);
}

/* ---- quantities ---- */

/* A decimal number: digits times ten to the exponent. */
struct decimal {
    int64_t digits;
    int exponent;
};

/* The shortest decimal that is si. */
static struct decimal decimal_from(double si)
{
    char text[40];
    struct decimal d = {0, 0};
    for (int precision = 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, si);
        if (strtod(text, NULL) == si)
            break;
    }
    const char *c = text + (text[0] == '-');
    int shift = 0;
    d.digits = 0;
    for (bool fraction = false; *c != 'e' && *c != '\0'; c++) {
        bool is_digit = *c >= '0' && *c <= '9';
        d.digits = is_digit ? d.digits * 10 + (*c - '0') : d.digits;
        shift -= is_digit && fraction;
        fraction = fraction || !is_digit; /* the point, whatever the locale writes for it */
    }
    d.exponent = shift + (*c == 'e' ? atoi(c + 1) : 0);
    for (; d.digits != 0 && d.digits % 10 == 0; d.exponent++)
        d.digits /= 10;
    if (text[0] == '-')
        d.digits = -d.digits;
    return d;
}

/* digits * 10^exponent as v * 10^m, exactly and with lo <= v <= hi. */
static bool exact_value(const struct decimal *d, int m, int64_t lo, int64_t hi, int64_t *v)
{
    if (d->digits == 0) {
        *v = 0;
        return lo <= 0 && hi >= 0;
    }
    if (d->exponent < m || d->exponent - m > 18)
        return false;
    int64_t scaled = d->digits;
    for (int i = d->exponent - m; i > 0; i--)
        if (__builtin_mul_overflow(scaled, 10, &scaled))
            return false;
    *v = scaled;
    return scaled >= lo && scaled <= hi;
}

static long double scale(long double x, int exponent)
{
    long double power = 1;
    for (int i = exponent < 0 ? -exponent : exponent; i > 0; i--)
        power *= 10;
    return exponent < 0 ? x / power : x * power;
}

static bool nearest_value(double si, int m, int64_t lo, int64_t hi, int64_t *v)
{
    long double scaled = scale(si, -m);
    if (scaled < -9.2e18L || scaled > 9.2e18L)
        return false;
    *v = (int64_t)(scaled < 0 ? scaled - 0.5L : scaled + 0.5L);
    return *v >= lo && *v <= hi;
}

/* The range of numbers within the schema's limits of a multiplier or value. */
static void number_limits(const struct field *f, int64_t *lo, int64_t *hi)
{
    *lo = f->lo;
    *hi = f->simple->is_unsigned && f->hi < 0 ? INT64_MAX : f->hi;
}

static bool quantity_choose(const struct type *t, double si, int *multiplier, int64_t *value)
{
    int64_t lo, hi, least, most;
    struct decimal d = decimal_from(si);
    number_limits(&t->field[t->value], &lo, &hi);
    number_limits(&t->field[t->multiplier], &least, &most);
    least = least < -400 ? -400 : least; /* no double needs more */
    most = most > 400 ? 400 : most;
    for (int size = 0; size <= 400; size++)
        for (int m = size; m >= -size; m -= size > 0 ? 2 * size : 1)
            if (m >= least && m <= most && exact_value(&d, m, lo, hi, value)) {
                *multiplier = m;
                return true;
            }
    for (int m = (int)least; m <= most; m++) {
        if (!nearest_value(si, m, lo, hi, value))
            continue;
        for (; m < 0 && m < most && *value % 10 == 0; m++)
            *value /= 10;
        *multiplier = m;
        return true;
    }
    return false;
}

int quantity_set(struct arena *a, struct node *n, double si, const char *unit, struct err *e)
{
    const struct type *t = n->type;
    int m = 0;
    int64_t value = 0;
    if (!t->is_quantity)
        return err_set(e, "%s is no quantity", t->name);
    if (!isfinite(si) || !quantity_choose(t, si, &m, &value)) {
        int64_t lo, hi, least, most;
        number_limits(&t->field[t->value], &lo, &hi);
        number_limits(&t->field[t->multiplier], &least, &most);
        return err_set(e,
                       "%g cannot be shown; expected %lld..%lld times 10 to the power of "
                       "%lld..%lld",
                       si, (long long)lo, (long long)hi, (long long)least, (long long)most);
    }
    node_set(n, (unsigned)t->multiplier, (union value){.i = m});
    node_set(n, (unsigned)t->value, (union value){.i = value});
    return set_unit(a, n, unit, e) != 0 ? -1 : node_complete(a, n, e);
}

double quantity_get(const struct node *n)
{
    const struct type *t = n->type;
    if (!t->is_quantity || !node_has(n, (unsigned)t->value))
        return 0;
    bool has = node_has(n, (unsigned)t->multiplier);
    int64_t m = has ? n->v[t->multiplier].i : 0;
    m = m < -400 ? -400 : m > 400 ? 400 : m;
    union value v = n->v[t->value];
    long double x = t->field[t->value].kind == KIND_UNSIGNED ? (long double)v.u : (long double)v.i;
    return (double)scale(x, (int)m);
}

/* ---- messages ---- */

static int unknown_message(const struct schema *s, const char *name, struct err *e)
{
    const char *best = "";
    unsigned best_distance = UINT32_MAX;
    for (unsigned i = 0; i < s->messages; i++) {
        unsigned distance = nearest_distance(name, strlen(name), s->message[i]->as.name);
        if (distance >= best_distance)
            continue;
        best_distance = distance;
        best = s->message[i]->as.name;
    }
    return err_set(e, "%s has no message '%.*s'; the nearest name is %s", s->name, SHOWN_MAX, name,
                   best);
}

/* A V2G_Message with defaults, whose body holds the element el. */
static int new_in_body(struct arena *a, const struct element *el, struct message *m, struct err *e)
{
    struct node *root = m->v.n;
    int slot = type_slot(root->type, "Body", 4);
    if (complete(a, root, 0, e) != 0)
        return -1;
    struct node *body = slot < 0 ? NULL : root->v[slot].n;
    int at = body == NULL ? -1 : type_slot(body->type, el->as.name, strlen(el->as.name));
    if (at < 0)
        return err_set(e, "%s has no place for %s", root->type->name, el->as.name);
    return node_set_default(a, body, (unsigned)at, e);
}

int message_new(const struct schema *s, const char *name, struct arena *a, struct message *m,
                struct err *e)
{
    const struct element *el = schema_message(s, name);
    if (el == NULL || el->as.kind != KIND_NODE)
        return unknown_message(s, name, e);
    bool in_body = s->root != NULL && s->body_head != NULL && el->head == s->body_head;
    *m = (struct message){.schema = s, .root = in_body ? s->root : el};
    m->as = &m->root->as;
    m->v.n = node_new(a, m->as->type);
    if (m->v.n == NULL)
        return no_memory(e);
    int bad = in_body ? new_in_body(a, el, m, e) : complete(a, m->v.n, 0, e);
    if (bad != 0)
        err_under(e, m->as->name);
    return bad;
}

struct named message_named(const struct message *m)
{
    if (m->as == NULL)
        return (struct named){.name = m->relaxed == NULL ? NULL : m->relaxed->name};
    struct node *root = m->as->kind == KIND_NODE ? m->v.n : NULL;
    if (m->root == NULL || m->root != m->schema->root)
        return (struct named){m->as->name, m->as, root};
    int slot = type_slot(root->type, "Body", 4);
    if (slot < 0 || !node_has(root, (unsigned)slot))
        return (struct named){NULL, NULL, NULL};
    const struct node *body = root->v[slot].n;
    for (unsigned i = 0; i < body->type->fields; i++) {
        const struct field *f = &body->type->field[i];
        if (node_has(body, i))
            return (struct named){f->name, f, f->kind == KIND_NODE ? body->v[i].n : NULL};
    }
    return (struct named){NULL, NULL, NULL};
}

struct node *message_header(const struct message *m)
{
    if (m->as == NULL || m->as->kind != KIND_NODE)
        return NULL;
    int slot = type_slot(m->v.n->type, "Header", 6);
    if (slot < 0 || !node_has(m->v.n, (unsigned)slot))
        return NULL;
    return m->v.n->type->field[slot].kind == KIND_NODE ? m->v.n->v[slot].n : NULL;
}

/* ---- copies ---- */

struct copier {
    const struct schema *schema;
    struct arena *to;
    struct err *e;
};

static int copy_value(struct copier *c, const struct field *f, union value from, union value *to,
                      unsigned depth);

static struct bytes *copy_bytes(struct copier *c, const struct bytes *b)
{
    struct bytes *made = bytes_new(c->to, b->p, b->n);
    if (made == NULL)
        no_memory(c->e);
    return made;
}

static const char *copy_text(struct copier *c, const char *text)
{
    const char *made = text == NULL ? NULL : arena_text(c->to, text, strlen(text));
    if (made == NULL && text != NULL)
        no_memory(c->e);
    return made;
}

/* The description of a wildcard's element is the schema's, or (in relaxed fragments) the message's
 * own. */
static const struct element *copy_known(struct copier *c, const struct element *known)
{
    if (known == NULL ||
        (known->code < c->schema->elements && c->schema->element[known->code] == known))
        return known;
    struct element *made = arena_alloc(c->to, sizeof *made);
    if (made == NULL)
        no_memory(c->e);
    else
        *made = *known;
    return made;
}

static struct any_part *copy_part(struct copier *c, const struct any_part *from, unsigned depth);

static struct any *copy_any(struct copier *c, const struct any *from, unsigned depth)
{
    struct any *made = arena_alloc(c->to, sizeof *made);
    if (made == NULL || depth >= MESSAGE_DEPTH_MAX) {
        (void)(made == NULL ? no_memory(c->e) : too_deep(c->e));
        return NULL;
    }
    *made = *from;
    made->uri = copy_text(c, from->uri);
    made->name = copy_text(c, from->name);
    made->known = copy_known(c, from->known);
    made->first = made->last = NULL;
    if (from->known != NULL && copy_value(c, &from->known->as, from->v, &made->v, depth + 1) != 0)
        return NULL;
    for (const struct any_part *p = from->first; p != NULL && !c->e->set; p = p->next) {
        struct any_part *part = copy_part(c, p, depth);
        if (part != NULL)
            any_add(made, part);
    }
    return c->e->set ? NULL : made;
}

static struct any_part *copy_part(struct copier *c, const struct any_part *from, unsigned depth)
{
    struct any_part *made = arena_alloc(c->to, sizeof *made);
    if (made == NULL) {
        no_memory(c->e);
        return NULL;
    }
    *made = (struct any_part){.what = from->what};
    made->uri = copy_text(c, from->uri);
    made->name = copy_text(c, from->name);
    made->text = from->text == NULL ? NULL : copy_bytes(c, from->text);
    made->element = from->element == NULL ? NULL : copy_any(c, from->element, depth + 1);
    return made;
}

static struct list *copy_list(struct copier *c, const struct field *f, const struct list *from,
                              unsigned depth)
{
    uint32_t cap = from->n == 0 ? 1 : from->n;
    struct list *made = arena_alloc(c->to, sizeof *made + cap * sizeof made->v[0]);
    if (made == NULL) {
        no_memory(c->e);
        return NULL;
    }
    made->n = from->n;
    made->cap = cap;
    for (uint32_t i = 0; i < from->n; i++)
        if (copy_value(c, f, from->v[i], &made->v[i], depth) != 0)
            return NULL;
    return made;
}

static struct items *copy_items(struct copier *c, const struct type *t, const struct items *from,
                                unsigned depth)
{
    uint32_t cap = from->n == 0 ? 1 : from->n;
    struct items *made = arena_alloc(c->to, sizeof *made + cap * sizeof made->at[0]);
    if (made == NULL) {
        no_memory(c->e);
        return NULL;
    }
    static const struct field text = {.kind = KIND_TEXT, .name = ""};
    made->n = from->n;
    made->cap = cap;
    for (uint32_t i = 0; i < from->n; i++) {
        unsigned slot = from->at[i].slot;
        made->at[i].slot = from->at[i].slot;
        if (copy_value(c, slot < t->fields ? &t->field[slot] : &text, from->at[i].v, &made->at[i].v,
                       depth) != 0)
            return NULL;
    }
    return made;
}

static struct node *copy_node(struct copier *c, const struct node *from, unsigned depth)
{
    const struct type *t = from->type;
    struct node *made = node_new(c->to, t);
    if (made == NULL || depth >= MESSAGE_DEPTH_MAX) {
        (void)(made == NULL ? no_memory(c->e) : too_deep(c->e));
        return NULL;
    }
    made->has = from->has;
    for (uint64_t left = from->has; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        const struct field *f = &t->field[i];
        if (f->is_list)
            made->v[i].l = copy_list(c, f, from->v[i].l, depth);
        else
            copy_value(c, f, from->v[i], &made->v[i], depth);
    }
    const struct items *items = node_items(from);
    if (items != NULL)
        made->v[t->fields].items = copy_items(c, t, items, depth);
    return c->e->set ? NULL : made;
}

static int copy_value(struct copier *c, const struct field *f, union value from, union value *to,
                      unsigned depth)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_ABSTRACT:
        *to = from;
        return 0;
    case KIND_BIG:
    case KIND_STRING:
    case KIND_HEX:
    case KIND_BASE64:
    case KIND_TEXT:
        to->b = copy_bytes(c, from.b);
        return to->b == NULL ? -1 : 0;
    case KIND_NODE:
        to->n = copy_node(c, from.n, depth + 1);
        return to->n == NULL ? -1 : 0;
    case KIND_ANY:
        to->any = copy_any(c, from.any, depth + 1);
        return to->any == NULL ? -1 : 0;
    }
    return -1;
}

static void copy_violations(struct copier *c, const struct violation *from, struct violation **end)
{
    *end = NULL;
    for (; from != NULL && !c->e->set; from = from->next) {
        struct violation *made = arena_alloc(c->to, sizeof *made);
        if (made == NULL) {
            no_memory(c->e);
            return;
        }
        *made = (struct violation){.bit = from->bit};
        made->path = copy_text(c, from->path);
        made->what = copy_text(c, from->what);
        *end = made;
        end = &made->next;
    }
}

int message_copy(const struct message *from, struct arena *a, struct message *to, struct err *e)
{
    struct copier c = {from->schema, a, e};
    struct message made = *from;
    if (from->relaxed != NULL)
        made.relaxed = copy_any(&c, from->relaxed, 0);
    else if (from->as != NULL)
        copy_value(&c, from->as, from->v, &made.v, 0);
    copy_violations(&c, from->violations, &made.violations);
    if (from->trailing.n > 0) {
        const char *bytes = arena_text(a, (const char *)from->trailing.p, from->trailing.n);
        made.trailing.p = (const uint8_t *)bytes;
        if (bytes == NULL)
            no_memory(e);
    }
    if (e->set)
        return -1;
    *to = made;
    return 0;
}

/* ---- text of values ---- */

static void add_number(struct buf *out, uint64_t magnitude, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + magnitude % 10);
    while ((magnitude /= 10) != 0);
    if (negative)
        digits[--at] = '-';
    buf_add(out, digits + at, sizeof digits - at);
}

static void add_signed(struct buf *out, int64_t i)
{
    add_number(out, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, i < 0);
}

void value_text(const struct field *f, union value v, struct buf *out)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
        buf_text(out, v.i != 0 ? "true" : "false");
        break;
    case KIND_ENUM:
        if (v.u < f->simple->members)
            buf_text(out, f->simple->member[v.u]);
        else
            add_signed(out, v.i);
        break;
    case KIND_NBIT:
    case KIND_SIGNED:
        add_signed(out, v.i);
        break;
    case KIND_UNSIGNED:
        add_number(out, v.u, false);
        break;
    case KIND_BIG:
    case KIND_STRING:
    case KIND_TEXT:
        buf_add(out, v.b->p, v.b->n);
        break;
    case KIND_HEX:
        buf_hex(out, v.b->p, v.b->n, true);
        break;
    case KIND_BASE64:
        buf_base64(out, v.b->p, v.b->n);
        break;
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
        break; /* no simple value */
    }
}

/* ---- values from text ---- */

struct text {
    const char *p;
    size_t n;
};

static int shown(struct text t)
{
    return t.n > SHOWN_MAX ? SHOWN_MAX : (int)t.n;
}

static struct text trim(const char *p, size_t n)
{
    while (n > 0 && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++, n--;
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\n' || p[n - 1] == '\r'))
        n--;
    return (struct text){p, n};
}

static bool is_integer(struct text t)
{
    size_t i = t.n > 0 && (t.p[0] == '-' || t.p[0] == '+');
    if (i == t.n)
        return false;
    for (; i < t.n; i++)
        if (t.p[i] < '0' || t.p[i] > '9')
            return false;
    return true;
}

/* The number that t writes out, if it lies in lo..hi (hi: of 64 bits without sign). */
static bool read_number(struct text t, int64_t lo, uint64_t hi, union value *v)
{
    uint64_t magnitude = 0;
    bool negative = t.n > 0 && t.p[0] == '-';
    if (!is_integer(t))
        return false;
    for (size_t i = t.p[0] == '-' || t.p[0] == '+'; i < t.n; i++)
        if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
            __builtin_add_overflow(magnitude, (uint64_t)(t.p[i] - '0'), &magnitude))
            return false;
    if (negative && magnitude != 0) {
        v->u = 0 - magnitude;
        return lo < 0 && magnitude <= 0 - (uint64_t)lo;
    }
    v->u = magnitude;
    return magnitude <= hi && (lo <= 0 || magnitude >= (uint64_t)lo);
}

static int read_limited(struct text t, int64_t lo, uint64_t hi, union value *v, struct err *e)
{
    if (read_number(t, lo, hi, v))
        return 0;
    const char *what = is_integer(t) ? "cannot be carried" : "is no integer";
    return err_set(e, "'%.*s' %s; expected a number in %lld..%llu", shown(t), t.p, what,
                   (long long)lo, (unsigned long long)hi);
}

static int read_nbit(const struct field *f, struct text t, union value *v, struct err *e)
{
    int64_t hi = f->lo + (int64_t)((UINT64_C(1) << f->width) - 1);
    if (hi >= 0)
        return read_limited(t, f->lo, (uint64_t)hi, v, e);
    if (read_number(t, f->lo, 0, v) && v->i <= hi)
        return 0;
    return err_set(e, "'%.*s'; expected a number in %lld..%lld", shown(t), t.p, (long long)f->lo,
                   (long long)hi);
}

static int read_boolean(struct text t, union value *v, struct err *e)
{
    static const struct {
        const char *text;
        int value;
    } known[] = {{"true", 1}, {"false", 0}, {"1", 1}, {"0", 0}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].text) != t.n || memcmp(known[i].text, t.p, t.n) != 0)
            continue;
        v->i = known[i].value;
        return 0;
    }
    return err_set(e, "'%.*s' is no boolean; expected true or false", shown(t), t.p);
}

static int not_a_member(const struct field *f, struct text t, struct err *e)
{
    const struct simple *s = f->simple;
    char all[200];
    size_t used = 0;
    const char *best = "";
    unsigned best_distance = UINT32_MAX;
    for (unsigned i = 0; i < s->members; i++) {
        unsigned distance = nearest_distance(t.p, t.n, s->member[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = s->member[i];
        }
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "",
                                     s->member[i]);
    }
    unsigned most = (1u << f->width) - 1;
    if (used < sizeof all)
        return err_set(e, "'%.*s' is no member of %s; expected %s, or a number in 0..%u", shown(t),
                       t.p, s->name, all, most);
    return err_set(e,
                   "'%.*s' is no member of %s; the nearest of its %u members is %s (or a "
                   "number in 0..%u)",
                   shown(t), t.p, s->name, s->members, best, most);
}

static int read_enum(const struct field *f, struct text t, union value *v, struct err *e)
{
    v->i = simple_member(f->simple, t.p, t.n);
    if (v->i >= 0 || read_number(t, 0, (UINT64_C(1) << f->width) - 1, v))
        return 0;
    return not_a_member(f, t, e);
}

static int read_big(struct text t, struct arena *a, union value *v, struct err *e)
{
    if (!is_integer(t))
        return err_set(e, "'%.*s' is no integer; expected digits, maybe with a sign", shown(t),
                       t.p);
    bool negative = t.p[0] == '-';
    size_t skip = t.p[0] == '-' || t.p[0] == '+';
    while (skip + 1 < t.n && t.p[skip] == '0')
        skip++;
    negative = negative && t.p[skip] != '0';
    v->b = bytes_new(a, t.p + skip - negative, t.n - skip + negative);
    if (v->b == NULL)
        return no_memory(e);
    if (negative)
        v->b->p[0] = '-';
    return 0;
}

static int read_octets(struct text t, bool is_hex, struct arena *a, union value *v, struct err *e)
{
    size_t cap = is_hex ? t.n / 2 : t.n / 4 * 3 + 3;
    struct bytes *b = t.n > UINT32_MAX ? NULL : arena_alloc(a, sizeof *b + cap);
    if (b == NULL)
        return no_memory(e);
    int64_t n = is_hex ? hex_read(t.p, t.n, b->p, cap) : base64_read(t.p, t.n, b->p, cap);
    if (n < 0)
        return err_set(e, "'%.*s' is no %s", shown(t), t.p,
                       is_hex ? "hexBinary; expected pairs of hex digits"
                              : "base64Binary; expected base64 text");
    b->n = (uint32_t)n;
    v->b = b;
    return 0;
}

int value_read(const struct field *f, const char *text, size_t n, struct arena *a, union value *v,
               struct err *e)
{
    struct text t = trim(text, n);
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
        return read_boolean(t, v, e);
    case KIND_ENUM:
        return read_enum(f, t, v, e);
    case KIND_NBIT:
        return read_nbit(f, t, v, e);
    case KIND_UNSIGNED:
        return read_limited(t, 0, UINT64_MAX, v, e);
    case KIND_SIGNED:
        return read_limited(t, INT64_MIN, INT64_MAX, v, e);
    case KIND_BIG:
        return read_big(t, a, v, e);
    case KIND_STRING:
    case KIND_TEXT:
        v->b = bytes_new(a, text, n);
        return v->b == NULL ? no_memory(e) : 0;
    case KIND_HEX:
        return read_octets(t, true, a, v, e);
    case KIND_BASE64:
        return read_octets(t, false, a, v, e);
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
        break;
    }
    return err_set(e, "'%.*s'; expected no text: %s has child elements", shown(t), t.p, f->name);
}

const char *type_names(const struct type *t, bool attributes, const char *name, char *text)
{
    size_t used = 0;
    const char *best = "";
    unsigned best_distance = UINT32_MAX;
    unsigned to = attributes ? t->attributes : t->fields;
    strcpy(text, "expected none");
    for (unsigned i = attributes ? 0 : t->attributes; i < to; i++) {
        const struct field *f = &t->field[i];
        if (f->is_content || f->kind == KIND_ABSTRACT)
            continue;
        unsigned distance = nearest_distance(name, strlen(name), f->name);
        if (distance < best_distance && f->kind != KIND_ANY) {
            best_distance = distance;
            best = f->name;
        }
        if (used < TYPE_NAMES_MAX)
            used += (size_t)snprintf(text + used, TYPE_NAMES_MAX - used, "%s%s",
                                     used > 0 ? ", " : "expected ",
                                     f->kind == KIND_ANY ? "any element" : f->name);
    }
    if (used >= TYPE_NAMES_MAX)
        snprintf(text, TYPE_NAMES_MAX, "the nearest name is %s", best);
    return text;
}
