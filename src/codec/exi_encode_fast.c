/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exi_encode and its first pass, which writes what a usual message holds: values within the limits
 * of the wire, ASCII, all that is mandatory. For anything else the careful pass of exi_encode.c
 * starts from the beginning.
 */
#include "base/bits.h"
#include "codec/exi.h"
#include "codec/exi_encode.h"
#include "codec/exi_fast.h"
#include "codec/exi_stage.h"

#define FAST_DEPTH 56  /* so many ends fit one write */
#define LONG_OCTETS 48 /* so many are worth a call */
#define SMALL 1024
#define STEP_BYTES 64 /* more than a step writes, short of strings */

/* An element whose child is being written. */
struct frame {
    const struct node *node;
    uint64_t has; /* slots still to come */
    const struct stage *stage;
    uint32_t i;    /* entries written of the list (or of the content) at hand */
    uint32_t ends; /* elements around it that end with it */
};

/* Where the fast pass is; the compiler keeps most of it in registers. Bits gather at the end of a
 * word. Where there is no room they are dropped, and at stays behind last. */
struct fast {
    uint8_t *at, *last;
    uint64_t held;
    unsigned used; /* bits of held that are not at `at` yet; above them anything may stand */
    uint32_t i, ends;
    const struct node *n;
    uint64_t has;
    const struct stage *stage;
    const struct step *step;
    struct frame *top;
};

/* v has no bits beyond its low n, and n is at most 57. */
ALWAYS_INLINE void fast_write(struct fast *f, uint64_t v, unsigned n)
{
    unsigned used = f->used + n;
    f->held = f->held << n | v;
    store_be64(f->at, f->held << (-used & 63)); /* none: anything, to be overwritten */
    f->at += used >> 3;
    f->used = used & 7;
}

/* Fewer than 8 octets as one number; pieces may overlap. */
ALWAYS_INLINE uint64_t few_octets(const uint8_t *p, size_t n)
{
    if (n >= 4)
        return (uint64_t)load_be32(p) << (8 * (n - 4)) | load_be32(p + n - 4);
    if (n == 0)
        return 0;
    return (uint64_t)p[0] << (8 * (n - 1)) | (uint64_t)p[n / 2] << (8 * (n - 1 - n / 2)) | p[n - 1];
}

/* The groups of 7 bits of a number, behind what `word` has already (n bits); then the tail. */
ALWAYS_INLINE void fast_groups(struct fast *f, uint64_t word, unsigned n, uint64_t v, unsigned tail)
{
    if (v > 127) {
        word = word << 8 | 128 | (v & 127);
        n += 8;
        v >>= 7;
        while (UNLIKELY(v > 127)) { /* told so, compilers leave the registers to others */
            if (n > 40) {
                fast_write(f, word, n);
                word = n = 0;
            }
            word = word << 8 | 128 | (v & 127);
            n += 8;
            v >>= 7;
        }
        if (UNLIKELY(n > 45)) {
            fast_write(f, word, n);
            word = n = 0;
        }
    }
    fast_write(f, (word << 8 | v) << tail, n + 8 + tail);
}

/* Many octets; returns them or'ed together. */
static uint64_t __attribute__((noinline)) long_octets(struct fast *f, const struct bytes *b)
{
    if ((ptrdiff_t)b->n > f->last - f->at) {
        f->at = f->last + 1;
        return 0;
    }
    uint64_t any = bits_paste(f->at, b->p, b->n, f->held, f->used);
    f->at += b->n;
    f->held = b->p[b->n - 1];
    return any;
}

/* Eight at least, the last of them maybe twice; returns as above. */
ALWAYS_INLINE uint64_t short_octets(struct fast *f, const uint8_t *p, size_t n)
{
    if (UNLIKELY((ptrdiff_t)n > f->last - f->at)) {
        f->at = f->last + 1;
        return 0;
    }
    uint64_t any = load_be64(p);
    unsigned used = f->used;
    store_be64(f->at, f->held << 1 << (63 - used) | any >> used);
    for (size_t i = 8; i < n; i += 8) {
        i = i + 8 <= n ? i : n - 8;
        uint64_t v = load_be64(p + i - 1);
        any |= v;
        store_be64(f->at + i, v << (8 - used) | (uint64_t)p[i + 7] >> used);
    }
    f->at += n;
    f->held = p[n - 1];
    return any | f->held;
}

/* The bits of a run, from the top of *word. False where they do not hold a value. */
ALWAYS_INLINE bool run_bits(const struct run *run, const union value *v, uint64_t *word)
{
    const struct leaves *l = run->leaves;
    for (unsigned n = run->n;; n -= 2, l++, v += 2) {
        uint64_t raw = v[0].u - l->lo[0];
        if (UNLIKELY(raw > l->mask[0]))
            return false;
        *word |= raw << l->shift[0];
        if (n == 1)
            return true;
        raw = v[1].u - l->lo[1];
        if (UNLIKELY(raw > l->mask[1]))
            return false;
        *word |= raw << l->shift[1];
        if (LIKELY(n == 2))
            return true;
    }
}

/* A number behind n bits of a word, and the tail. */
ALWAYS_INLINE void fast_number(struct fast *f, uint64_t word, unsigned n, const struct step *step,
                               uint64_t v, unsigned tail)
{
    if (step->op == STEP_SIGNED) {
        uint64_t negative = (uint64_t)((int64_t)v >> 63);
        word = word << 1 | (negative & 1);
        v ^= negative;
        n++;
    }
    fast_groups(f, word, n, v, tail);
}

/* Values of fixed width, and the number that may follow them. */
ALWAYS_INLINE bool fast_run(struct fast *f, const struct step *step, const struct run *run,
                            const union value *v)
{
    uint64_t word = 0;
    if (UNLIKELY(!run_bits(run, v, &word)))
        return false;
    word = word >> (64 - run->bits) | step->lead;
    const struct step *number = run->then;
    if (number == NULL)
        fast_write(f, word << step->plus, 0u + step->tail + step->plus);
    else
        fast_number(f, word << number->head, 0u + step->tail + number->head, number, v[run->n].u,
                    0u + number->tail + step->plus);
    return true;
}

/* A string or octets. False: beyond ASCII. */
ALWAYS_INLINE bool fast_bytes(struct fast *f, const struct step *step, const struct bytes *b)
{
    uint64_t any, length = (uint64_t)b->n + step->plus;
    fast_groups(f, step->lead, step->head, length, 0);
    if (b->n < 8) {
        any = few_octets(b->p, b->n);
        fast_write(f, any, 8 * b->n);
    } else if (LIKELY(b->n < LONG_OCTETS)) {
        any = short_octets(f, b->p, b->n);
    } else {
        struct fast kept = *f; /* so that nothing need outlive the call in a register */
        kept.step = step;
        any = long_octets(&kept, b);
        *f = kept;
        step = kept.step;
    }
    fast_write(f, 0, step->tail);
    return (any & HIGH_BITS) == 0 || step->op == STEP_OCTETS;
}

/* The value of a step, behind its code. */
ALWAYS_INLINE bool fast_value(struct fast *f, const struct step *step, const union value *v)
{
    if (step->op == STEP_FLAT || step->op == STEP_RUN || step->op == STEP_FIXED) {
        const struct run *run = step->of.run;
        if (step->op == STEP_FLAT) {
            run = step->flat;
            if (UNLIKELY(v->n->has != run->has))
                return false;
            v = v->n->v;
        }
        return fast_run(f, step, run, v);
    }
    if (step->op == STEP_UNSIGNED || step->op == STEP_SIGNED) {
        fast_number(f, step->lead, step->head, step, v->u, step->tail);
        return true;
    }
    bool is_bytes = step->op == STEP_STRING || step->op == STEP_NAME || step->op == STEP_OCTETS;
    return is_bytes && fast_bytes(f, step, v->b);
}

/* What comes next of open content; NULL where nothing does. */
ALWAYS_INLINE const struct item *next_item(const struct fast *f)
{
    if (!f->stage->is_open)
        return NULL;
    const struct items *l = f->n->v[f->n->type->fields].items;
    return l != NULL && f->i < l->n ? &l->at[f->i] : NULL;
}

/* The entry of a list that comes next; marks it as written, and chooses the stage behind it. */
ALWAYS_INLINE const union value *next_entry(struct fast *f, const struct step *step)
{
    const struct list *l = f->n->v[step->slot].l;
    const union value *v = &l->v[f->i++];
    if (UNLIKELY(f->i - step->min >= step->room)) {
        const struct field *list = &f->n->type->field[step->slot];
        f->stage = f->n->type->stage[f->i < step->min ? list->below : list->full];
    }
    if (f->i >= l->n) {
        f->i = 0;
        f->has &= f->has - 1;
    }
    return v;
}

/* Goes down into a child. An element that ends with it leaves its frame empty: its end is written
 * with the child's. */
ALWAYS_INLINE enum outcome fast_down(struct fast *f, const struct step *step, const struct node *n,
                                     const struct frame *full)
{
    if (UNLIKELY(n->type != step->of.type || f->top == full))
        return FAST_ODD;
    fast_write(f, step->lead, step->head);
    if (f->has == 0 && f->stage->is_end && next_item(f) == NULL) {
        f->ends++;
    } else {
        *f->top = (struct frame){f->n, f->has, f->stage, f->i, f->ends};
        f->ends = 0;
    }
    f->top++;
    f->n = n;
    f->has = n->has;
    f->stage = step->start;
    f->i = 0;
    return FAST_GO;
}

/* Goes up again from an element that has ended, and from those that end with it. */
ALWAYS_INLINE enum outcome fast_up(struct fast *f, const struct frame *stack)
{
    if (f->ends != 0) {
        fast_write(f, 0, f->ends);
        f->top -= f->ends;
    }
    if (f->top == stack)
        return FAST_DONE;
    f->top--;
    f->n = f->top->node;
    f->has = f->top->has;
    f->stage = f->top->stage;
    f->i = f->top->i;
    f->ends = f->top->ends;
    return FAST_GO;
}

/* The first slot of a set that is not empty. */
ALWAYS_INLINE uint64_t first_of(uint64_t has)
{
    uint64_t slot = (uint64_t)__builtin_ctzll(has);
    return slot & 63; /* nothing to do, but compilers need not look at the sign of an int */
}

/* The step of a slot (nearly always it is the first), or NULL. */
ALWAYS_INLINE const struct step *fast_choose(const struct stage *stage, uint64_t slot)
{
    const struct step *step = stage->step;
    if (LIKELY(step->slot == slot))
        return step;
    unsigned code = stage->code[slot];
    return code == SCHEMA_NO_CODE ? NULL : step + code;
}

/* One element or attribute, or the end. */
ALWAYS_INLINE enum outcome fast_step(struct fast *f, struct frame *stack)
{
    const struct item *item = f->has == 0 ? next_item(f) : NULL;
    if (f->has == 0 && item == NULL) {
        if (UNLIKELY(f->stage->end == SCHEMA_NO_CODE))
            return FAST_ODD;
        fast_write(f, f->stage->end, f->stage->bits);
        return fast_up(f, stack);
    }
    uint64_t slot = item == NULL ? first_of(f->has) : item->slot;
    const struct step *step = fast_choose(f->stage, slot);
    if (UNLIKELY(step == NULL))
        return FAST_ODD;
    f->stage = step->next;
    const union value *v = f->n->v + slot;
    if (step->op == STEP_RUN) {
        if (UNLIKELY((step->has & ~f->has) != 0))
            return FAST_ODD;
        f->has &= ~step->has;
    } else if (LIKELY(step->into == INTO_SLOT)) {
        f->has &= f->has - 1;
    } else if (step->into == INTO_ITEMS) {
        v = &item->v;
        f->i++;
    } else {
        if (UNLIKELY(v->l->n == 0))
            return FAST_ODD;
        v = next_entry(f, step);
    }
    if (step->op == STEP_NODE)
        return fast_down(f, step, v->n, stack + FAST_DEPTH - 1);
    if (UNLIKELY(!fast_value(f, step, v)))
        return FAST_ODD;
    if (!step->ends)
        return FAST_GO;
    return UNLIKELY(f->has != 0 || next_item(f) != NULL) ? FAST_ODD : fast_up(f, stack);
}

/* The document in one go; returns its bytes, or -1: look again, carefully. */
ALWAYS_INLINE int64_t encode_fast(const struct message *m, uint8_t *p, size_t cap)
{
    if (m->is_fragment || m->as->kind != KIND_NODE || cap < STEP_BYTES)
        return -1;
    struct frame stack[FAST_DEPTH];
    struct fast f;
    f.at = p;
    f.last = p + cap - STEP_BYTES;
    f.held = f.used = 0;
    fast_write(&f, UINT64_C(0x80) << m->schema->document_bits | m->root->code,
               8u + m->schema->document_bits);
    f.i = f.ends = 0;
    f.n = m->v.n;
    f.has = f.n->has;
    f.stage = f.n->type->stage[0];
    f.top = stack;
    enum outcome o;
    do {
        o = LIKELY(f.at <= f.last) ? fast_step(&f, stack) : FAST_ODD;
    } while (o == FAST_GO);
    return o == FAST_ODD || f.at > f.last ? -1 : f.at - p + (f.used > 0);
}

NEWER_TOO int64_t exi_encode(const struct message *m, void *p, size_t cap, struct err *e)
{
    if (exi_stage_need(m->schema, e) != 0)
        return -1;
    int64_t n = encode_fast(m, p, cap);
    return LIKELY(n >= 0) ? n : exi_encode_carefully(m, p, cap, e);
}

int exi_encode_buf(const struct message *m, struct buf *out, struct err *e)
{
    uint8_t small[SMALL]; /* as most are: the buffer grows to what it needs, and no further */
    struct err large = ERR_INIT;
    int64_t size = exi_encode(m, small, sizeof small, &large);
    if (size >= 0) {
        buf_add(out, small, (size_t)size);
        return out->failed ? err_set(e, "out of memory") : 0;
    }
    for (size_t room = 4096;; room *= 4) {
        struct err inner = ERR_INIT;
        uint8_t *p = buf_reserve(out, room);
        if (p == NULL)
            return err_set(e, "out of memory");
        int64_t n = exi_encode(m, p, room, &inner);
        if (n >= 0) {
            out->n += (size_t)n;
            return 0;
        }
        if (n != EXI_NO_ROOM || room > SIZE_MAX / 8) {
            *e = inner;
            return -1;
        }
    }
}
