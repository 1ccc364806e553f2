/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder walks the tables twice at most. This is exi_decode and its first pass, which is fast
 * and knows only what a usual stream holds; whatever is unusual (a value out of limits, a
 * string-table hit, a deviation from the schema, an error, somebody who wants to watch) starts the
 * careful pass of exi_decode.c from the beginning.
 */
#include "base/bits.h"
#include "base/ncname.h"
#include "codec/exi_decode.h"
#include "codec/exi_fast.h"
#include "codec/exi_stage.h"

#include <string.h>

#define STEP_MEMORY 1024 /* more than a step takes, short of long strings */
#define FEW_OCTETS 80    /* more are worth a call */

/* Where the fast pass is. A usual step calls nothing, so that the compiler can keep most of this in
 * registers; what is rare is done out of line, with a copy, so that little need outlive the call in
 * a register. */
struct fast {
    uint64_t pos;
    uint8_t *at, *limit; /* of the arena: before the limit a step finds all the memory it needs */
    struct node *n;
    const struct stage *stage;
    struct frame *top;
    uint64_t ends; /* elements that end with n */
};

/* The next 57 bits at least, from the top of the word; zeros behind the end of the input, anything
 * where pos is far behind it. */
ALWAYS_INLINE uint64_t fast_window(const struct decoder *d, const struct fast *f)
{
    uint64_t byte = f->pos >> 3;
    if (LIKELY(byte <= d->last))
        return load_be64(d->r.p + byte) << (f->pos & 7);
    return load_be64(d->r.p + d->last) << ((f->pos - d->last * 8) & 63);
}

/* Memory of the message, which is there; size is a multiple of 8. */
ALWAYS_INLINE void *fast_take(struct fast *f, size_t size)
{
    void *p = f->at;
    f->at += size;
    return p;
}

ALWAYS_INLINE void fast_limit(struct fast *f, const struct arena *a)
{
    f->at = a->at;
    f->limit = a->end - a->at > STEP_MEMORY ? a->end - STEP_MEMORY : a->at;
}

/* d->r and the arena for what is done out of line, and back. */
static void rare_begin(struct decoder *d, const struct fast *f)
{
    d->r.pos = f->pos;
    d->arena->at = f->at;
    decoder_limit(d);
}

static bool rare_end(const struct decoder *d, struct fast *f)
{
    bool has_room = arena_reserve(d->arena, STEP_MEMORY + 8) == 0;
    f->pos = d->r.pos;
    fast_limit(f, d->arena);
    return has_room;
}

static struct list *grow_list(struct decoder *d, struct fast *f, struct list **at)
{
    rare_begin(d, f);
    struct list *l = decoder_grow_list(d, at);
    return rare_end(d, f) ? l : NULL;
}

static struct items *grow_items(struct decoder *d, struct fast *f, struct items **at)
{
    rare_begin(d, f);
    struct items *l = decoder_grow_items(d, at);
    return rare_end(d, f) ? l : NULL;
}

/* Where an entry of a list goes. NULL: no room. */
ALWAYS_INLINE union value *fast_entry(struct decoder *d, struct fast *f, const struct step *step)
{
    struct list **at = &f->n->v[step->slot].l, *l = *at;
    if (step->into == INTO_NEW_LIST) {
        l = *at = fast_take(f, sizeof *l + EXI_LIST_MIN * sizeof l->v[0]);
        l->n = 0;
        l->cap = EXI_LIST_MIN;
    } else if (UNLIKELY(l->n == l->cap)) {
        struct fast kept = *f;
        l = grow_list(d, &kept, at);
        *f = kept;
        if (l == NULL)
            return NULL;
    }
    return &l->v[l->n++];
}

ALWAYS_INLINE union value *fast_item(struct decoder *d, struct fast *f, const struct step *step)
{
    struct items **at = &f->n->v[f->n->type->fields].items, *l = *at;
    if (l == NULL) {
        l = *at = fast_take(f, sizeof *l + EXI_ITEMS_MIN * sizeof l->at[0]);
        l->n = 0;
        l->cap = EXI_ITEMS_MIN;
    } else if (UNLIKELY(l->n == l->cap)) {
        struct fast kept = *f;
        l = grow_items(d, &kept, at);
        *f = kept;
        if (l == NULL)
            return NULL;
    }
    l->at[l->n].slot = (uint16_t)step->slot;
    return &l->at[l->n++].v;
}

/* Where a value goes that has no slot of its own; also chooses what follows it. */
ALWAYS_INLINE union value *fast_place(struct decoder *d, struct fast *f, const struct step *step)
{
    if (step->into == INTO_ITEMS)
        return fast_item(d, f, step);
    union value *v = fast_entry(d, f, step);
    if (v == NULL)
        return NULL;
    const struct list *l = f->n->v[step->slot].l;
    if (UNLIKELY(l->n - step->min >= step->room)) {
        const struct field *list = &f->n->type->field[step->slot];
        f->stage = f->n->type->stage[l->n < step->min ? list->below : list->full];
    }
    return v;
}

/* Groups of 7 bits at the top of a window, which holds `wide` bits of them at least; returns their
 * bits, 0 where they are more than that. */
ALWAYS_INLINE unsigned fast_groups(uint64_t window, unsigned wide, uint64_t *v)
{
    uint64_t octet = window >> 56;
    *v = octet;
    if (octet < 128)
        return 8;
    octet = window >> 48 & 255;
    *v = (*v & 127) | octet << 7;
    unsigned bits = 16;
    for (unsigned shift = 14; UNLIKELY(octet >= 128) && bits < 48; shift += 7, bits += 8) {
        octet = window << bits >> 56;
        *v ^= (octet << shift) ^ (UINT64_C(1) << shift); /* without the bit that says: more */
    }
    return LIKELY(bits <= wide) ? bits : 0;
}

/* A number of any length. */
static bool long_number(struct decoder *d, struct fast *f, uint64_t most, uint64_t *v)
{
    rare_begin(d, f);
    int bad = decoder_unsigned(d, v);
    return rare_end(d, f) && bad == 0 && *v <= most;
}

/* f stands behind the head, with which the window begins. */
ALWAYS_INLINE bool fast_number(struct decoder *d, struct fast *f, const struct step *step,
                               uint64_t window, union value *v)
{
    uint64_t m, negative = 0;
    if (UNLIKELY((window & step->before) != 0))
        return false;
    window <<= step->head;
    if (step->op == STEP_SIGNED) {
        negative = (uint64_t)((int64_t)window >> 63);
        window <<= 1;
        f->pos++;
    }
    unsigned bits = fast_groups(window, step->wide, &m);
    f->pos += bits;
    window <<= bits;
    if (UNLIKELY(bits == 0)) {
        uint64_t most = step->op == STEP_SIGNED ? INT64_MAX : UINT64_MAX, any;
        struct fast kept = *f;
        bool good = long_number(d, &kept, most, &any);
        *f = kept;
        if (!good)
            return false;
        m = any;
        window = fast_window(d, f);
    }
    f->pos += step->tail;
    m ^= negative;
    v->u = m;
    return LIKELY((window & step->after) == 0 && m - (uint64_t)step->lo <= step->most);
}

/* Values of fixed width, all from one window. */
ALWAYS_INLINE bool fast_run(const struct run *run, uint64_t window, union value *v)
{
    const struct leaves *l = run->leaves;
    stage_pair both = {window, window};
    for (unsigned n = run->pairs;; l++, v += 2) {
        stage_pair value = l->lo + (both >> l->shift & l->mask);
        memcpy(v, &value, sizeof value);
        if (LIKELY(--n == 0))
            break;
    }
    uint64_t bits = window & run->checked;
    return (((bits + run->slack) | bits) & run->zeros) == 0;
}

/* An integer of any size, which needs the arena. */
static bool big_number(struct decoder *d, struct fast *f, const struct step *step, uint64_t window,
                       union value *v)
{
    rare_begin(d, f);
    bool good = (window & step->before) == 0 && decoder_big(d, v) == 0 &&
                (bits_peek(&d->r) & step->after) == 0;
    d->r.pos += step->tail;
    return rare_end(d, f) && good;
}

/* Characters or octets, perhaps many, or beyond ASCII, or at the end of the input. */
static bool read_bytes(struct decoder *d, const struct step *step, union value *v)
{
    uint64_t n;
    if (decoder_unsigned(d, &n) != 0)
        return false;
    n -= step->plus;
    if (n - (uint64_t)step->lo > step->most || n > bits_left(&d->r) / 8)
        return false;
    struct bytes *b = arena_alloc(d->arena, sizeof *b + n + 8);
    if (b == NULL)
        return false;
    b->n = (uint32_t)n;
    uint64_t from = d->r.pos, any = bits_read_octets(&d->r, b->p, n);
    if (step->op != STEP_OCTETS && (any & HIGH_BITS) != 0) {
        d->r.pos = from;
        b = decoder_unicode(d, n);
    }
    v->b = b;
    uint64_t tail = bits_peek(&d->r);
    d->r.pos += step->tail;
    return b != NULL && (tail & step->after) == 0 &&
           (step->op != STEP_NAME || is_ncname(b->p, b->n));
}

static bool any_bytes(struct decoder *d, struct fast *f, const struct step *step, union value *v)
{
    rare_begin(d, f);
    bool good = read_bytes(d, step, v);
    return rare_end(d, f) && good;
}

/* Fewer than 8 octets, behind which *window begins then; returns them at the top of a word. */
ALWAYS_INLINE uint64_t tiny_octets(const struct decoder *d, struct fast *f, uint64_t n,
                                   uint64_t *window)
{
    uint64_t v = fast_window(d, f);
    f->pos += 8 * n;
    *window = n < 7 ? v << (8 * n) : fast_window(d, f);
    return v;
}

/* Eight at least, and something is behind them; returns them or'ed together. */
ALWAYS_INLINE uint64_t few_octets(const struct decoder *d, const struct fast *f, uint64_t n,
                                  uint8_t *out)
{
    const uint8_t *p = d->r.p + (f->pos >> 3);
    unsigned shift = f->pos & 7;
    uint64_t any = 0;
    for (uint64_t i = 0;; i = i + 16 <= n ? i + 8 : n - 8) { /* the last 8 maybe once more */
        uint64_t v = load_be64(p + i) << shift | (uint64_t)p[i + 8] >> (8 - shift);
        store_be64(out + i, v);
        any |= v;
        if (LIKELY(i + 8 == n))
            return any;
    }
}

ALWAYS_INLINE bool fast_bytes(struct decoder *d, struct fast *f, const struct step *step,
                              uint64_t window, union value *v)
{
    uint64_t n = (window << step->head >> 56) - step->plus, behind = f->pos + 8 + 8 * n, any;
    if (UNLIKELY((window & step->before) != 0))
        return false;
    if (UNLIKELY(n >= FEW_OCTETS || behind >= d->r.end)) {
        struct fast kept = *f;
        bool good = any_bytes(d, &kept, step, v);
        *f = kept;
        return good;
    }
    if (UNLIKELY(n - (uint64_t)step->lo > step->most))
        return false;
    struct bytes *b = (struct bytes *)(void *)f->at;
    v->b = b;
    b->n = (uint32_t)n;
    f->pos += 8;
    if (n < 8) {
        any = tiny_octets(d, f, n, &window);
        store_be64(b->p, any);
        any &= ~(~UINT64_C(0) >> (8 * n));
        f->at += sizeof *b + 12;
    } else {
        any = few_octets(d, f, n, b->p);
        f->at += (sizeof *b + 7 + n) & ~UINT64_C(7);
        f->pos = behind;
        window = fast_window(d, f);
    }
    f->pos += step->tail;
    return (window & step->after) == 0 &&
           !(UNLIKELY((any & HIGH_BITS) != 0) && step->op != STEP_OCTETS) &&
           (LIKELY(step->op != STEP_NAME) || is_ncname(b->p, b->n));
}

ALWAYS_INLINE struct node *fast_node(struct fast *f, const struct type *t)
{
    struct node *n = fast_take(f, t->node_size);
    n->type = t;
    n->has = 0;
    if (t->is_open)
        n->v[t->fields].items = NULL;
    return n;
}

/* Goes down into a child. */
ALWAYS_INLINE enum outcome fast_down(const struct decoder *d, struct fast *f,
                                     const struct step *step, union value *v)
{
    /* a child of one run has no frame, but has its depth */
    if (UNLIKELY(f->top == d->stack + EXI_FAST_DEPTH - 2))
        return FAST_ODD;
    *f->top++ = (struct frame){f->n, f->stage, f->ends};
    f->ends = f->stage->is_end ? f->ends + 1 : 0;
    f->n = v->n = fast_node(f, step->of.type);
    f->stage = step->start;
    return FAST_GO;
}

/* Goes up again from an element that has ended; `more` ends come before those that f knows. */
ALWAYS_INLINE enum outcome fast_up(const struct decoder *d, struct fast *f, uint64_t more)
{
    more += f->ends;
    if (more != 0) {
        uint64_t window = fast_window(d, f);
        if (UNLIKELY(window >> (64 - more) != 0))
            return FAST_ODD;
        f->pos += more;
        f->top -= f->ends;
    }
    if (f->top == d->stack)
        return FAST_DONE;
    f->top--;
    f->n = f->top->node;
    f->stage = f->top->stage;
    f->ends = f->top->ends;
    return FAST_GO;
}

/* The step of a code. Nearly always it is the first: told so, the processor need not wait for the
 * window before it goes on. */
ALWAYS_INLINE const struct step *fast_choose(const struct stage *stage, uint64_t code)
{
    const struct step *step = stage->step;
    if (code != 0) {
        step += code;
        __asm__("" : "+r"(step)); /* or compilers would make arithmetic of the branch */
    }
    return step;
}

/* The value of a step, which goes to v. */
ALWAYS_INLINE bool fast_value(struct decoder *d, struct fast *f, const struct step *step,
                              uint64_t window, union value *v)
{
    const struct run *run = step->of.run;
    if (step->op == STEP_FLAT) {
        const struct type *t = step->of.type;
        struct node *child = fast_take(f, t->node_size);
        run = step->flat;
        v->n = child;
        child->type = t;
        child->has = run->has;
        v = child->v;
        window <<= step->head;
        f->pos += run->bits;
    }
    if (step->op == STEP_FLAT || step->op == STEP_RUN) {
        if (UNLIKELY(!fast_run(run, window, v)))
            return false;
        const struct step *number = run->then;
        if (number == NULL)
            return true;
        f->pos += number->head;
        return fast_number(d, f, number, window << run->bits, v + run->n);
    }
    if (step->op == STEP_UNSIGNED || step->op == STEP_SIGNED)
        return fast_number(d, f, step, window, v);
    if (step->op == STEP_STRING || step->op == STEP_NAME || step->op == STEP_OCTETS)
        return fast_bytes(d, f, step, window, v);
    if (step->op == STEP_FIXED) {
        union value two[2];
        bool good = fast_run(step->of.run, window, two);
        *v = two[0];
        return good;
    }
    if (step->op != STEP_BIG)
        return false;
    struct fast kept = *f;
    bool good = big_number(d, &kept, step, window, v);
    *f = kept;
    return good;
}

ALWAYS_INLINE enum outcome fast_step(struct decoder *d, struct fast *f)
{
    uint64_t window = fast_window(d, f), code = window >> f->stage->shift;
    if (code == f->stage->end) {
        f->pos += f->stage->bits;
        return fast_up(d, f, 0);
    }
    const struct step *step = fast_choose(f->stage, code);
    f->stage = step->next;
    f->pos += step->head;
    f->n->has |= step->has;
    union value *v = f->n->v + (size_t)step->slot;
    if (step->into != INTO_SLOT && UNLIKELY((v = fast_place(d, f, step)) == NULL))
        return FAST_ODD;
    if (step->op == STEP_NODE)
        return fast_down(d, f, step, v);
    if (UNLIKELY(!fast_value(d, f, step, window, v)))
        return FAST_ODD;
    return step->ends ? fast_up(d, f, step->op == STEP_FLAT) : FAST_GO;
}

/* Memory for the next step. */
static bool refill(struct decoder *d, struct fast *f)
{
    rare_begin(d, f);
    return rare_end(d, f);
}

/* Goes on to the end of the root. False: look again, carefully. */
ALWAYS_INLINE bool read_fast(struct decoder *d, struct fast *f)
{
    enum outcome o = FAST_GO;
    while (o == FAST_GO && LIKELY(f->pos <= d->r.end)) {
        if (UNLIKELY(f->at >= f->limit)) {
            struct fast kept = *f;
            bool has_room = refill(d, &kept);
            *f = kept;
            if (!has_room)
                return false;
        }
        o = fast_step(d, f);
    }
    return o == FAST_DONE;
}

/* The document in one go. -1: look again, carefully. */
ALWAYS_INLINE int decode_fast(struct decoder *d, const void *p, size_t n)
{
    const struct schema *s = d->s;
    struct fast f;
    if (n < 8 || d->o->fragment)
        return -1;
    bits_open(&d->r, p, n);
    d->last = n - 8;
    f.pos = f.ends = 0;
    f.top = d->stack;
    uint64_t window = fast_window(d, &f), code = window << 8 >> (64 - s->document_bits);
    if (window >> 56 != 0x80 || code >= s->elements)
        return -1;
    const struct element *root = s->root; /* nearly always: nothing to wait for */
    if (root == NULL || code != root->code)
        root = s->element[code];
    const struct type *t = root->as.type;
    if (root->as.kind != KIND_NODE || t->is_abstract || d->o->limits.depth < EXI_FAST_DEPTH ||
        d->o->limits.list < EXI_LIST_MIN)
        return -1;
    fast_limit(&f, d->arena);
    f.pos = 8u + s->document_bits;
    if (UNLIKELY(f.at >= f.limit)) {
        struct fast kept = f;
        bool has_room = refill(d, &kept);
        f = kept;
        if (!has_room)
            return -1;
    }
    f.stage = t->stage[0];
    struct node *v = f.n = fast_node(&f, t);
    if (!read_fast(d, &f))
        return -1;
    d->arena->at = f.at;
    uint64_t left = d->r.end - f.pos;
    if (left > 7 || fast_window(d, &f) >> 1 >> (63 - left) != 0)
        return -1; /* too short, bytes behind it, or padding that is not 0 */
    *d->m = (struct message){.schema = s,
                             .root = root,
                             .as = &root->as,
                             .v.n = v,
                             .trailing = {(const uint8_t *)p + n, 0}};
    return 0;
}

NEWER_TOO int exi_decode(const struct schema *s, const void *p, size_t n,
                         const struct exi_options *o, struct arena *a, struct message *m,
                         struct err *e)
{
    if (n > o->limits.size)
        return err_set_bit(e, 0, "%zu bytes of input; its limit is %zu", n, o->limits.size);
    if (exi_stage_need(s, e) != 0)
        return -1;
    struct decoder d; /* the fast pass needs its first members only */
    d.s = s;
    d.o = o;
    d.arena = a;
    d.m = m;
    d.e = e;
    d.input = n;
    d.limit = a->limit;
    d.mark = arena_mark(a);
    d.careful = d.is_limited = false;
    int bad = o->trace != NULL ? -1 : decode_fast(&d, p, n);
    if (bad != 0)
        bad = exi_decode_carefully(&d, p, n);
    a->limit = d.limit;
    return bad;
}
