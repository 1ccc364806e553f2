/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/value.h"

#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 40 /* bytes of bad input that an error repeats */

/* ---- text of values ---- */

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
            buf_signed(out, v.i);
        break;
    case KIND_NBIT:
    case KIND_SIGNED:
        buf_signed(out, v.i);
        break;
    case KIND_UNSIGNED:
        buf_number(out, v.u);
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
    int64_t lo = field_least(f), hi = field_most(f);
    if (hi >= 0)
        return read_limited(t, lo, (uint64_t)hi, v, e);
    if (read_number(t, lo, 0, v) && v->i <= hi)
        return 0;
    return err_set(e, "'%.*s'; expected a number in %lld..%lld", shown(t), t.p, (long long)lo,
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
    struct nearest best = nearest_of_all(t.p, t.n);
    for (unsigned i = 0; i < s->members; i++) {
        nearest_try(&best, s->member[i]);
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
                   shown(t), t.p, s->name, s->members, best.name, most);
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
        return node_no_memory(e);
    if (negative)
        v->b->p[0] = '-';
    return 0;
}

static int read_octets(struct text t, bool is_hex, struct arena *a, union value *v, struct err *e)
{
    size_t cap = is_hex ? t.n / 2 : t.n / 4 * 3 + 3;
    struct bytes *b = t.n > UINT32_MAX ? NULL : arena_alloc(a, sizeof *b + cap);
    if (b == NULL)
        return node_no_memory(e);
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
        return v->b == NULL ? node_no_memory(e) : 0;
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

void node_text(const struct node *n, const char *path, struct buf *out)
{
    struct node_at at = node_find(n, path);
    if (at.field != NULL && !at.field->is_list)
        value_text(at.field, at.v, out);
}

int node_set_text(struct arena *a, struct node *n, const char *name, const char *text,
                  struct err *e)
{
    union value v;
    int slot = type_slot_of(n->type, name);
    if (slot < 0)
        return 0;
    if (value_read(&n->type->field[slot], text, strlen(text), a, &v, e) != 0)
        return -1;
    node_set(n, (unsigned)slot, v);
    return 0;
}
