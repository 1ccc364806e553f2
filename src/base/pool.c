/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_NO_SLABS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_NO_SLABS
#endif
#endif

#define SLAB ((size_t)8192) /* bytes, and their alignment */
#define REGION 32u          /* slabs that are taken at once */
#define KEPT 64u            /* free slabs whose memory is kept at most */

struct free_block {
    struct free_block *next;
};

struct pool_slab {
    struct pool_slab *next, **at; /* among those with room; at NULL: it has none */
    struct pool_region *region;
    struct free_block *free;
    uint8_t *fresh; /* from here on nothing was ever used */
    uint16_t used, most, size;
};

/* Where blocks begin. */
#define HEAD ((sizeof(struct pool_slab) + POOL_STEP - 1) / POOL_STEP * POOL_STEP)

struct pool_region {
    struct pool_region *next, *before;
    void *memory;        /* as malloc gave it */
    uint8_t *slabs;      /* in it, the first one */
    uint8_t at[REGION];  /* numbers of those that are free, as a stack */
    uint8_t has[REGION]; /* by number: it is free, and its memory is kept */
    unsigned free;       /* so many of them */
};

/* ---- regions ---- */

static void take_out(struct pool *p, struct pool_region *r)
{
    *(r->before != NULL ? &r->before->next : &p->regions) = r->next;
    if (r->next != NULL)
        r->next->before = r->before;
}

static void put_first(struct pool *p, struct pool_region *r)
{
    r->before = NULL;
    r->next = p->regions;
    if (r->next != NULL)
        r->next->before = r;
    p->regions = r;
}

/* One without a free slab goes behind all others. */
static void put_last(struct pool *p, struct pool_region *r)
{
    struct pool_region *last = p->regions;
    if (last == NULL) {
        put_first(p, r);
        return;
    }
    while (last->next != NULL && last->next->free > 0)
        last = last->next;
    r->before = last;
    r->next = last->next;
    if (r->next != NULL)
        r->next->before = r;
    last->next = r;
}

static struct pool_region *new_region(struct pool *p)
{
    struct pool_region *r = calloc(1, sizeof *r);
    void *memory = r == NULL ? NULL : malloc((REGION + 1) * SLAB);
    if (memory == NULL) {
        free(r);
        return NULL;
    }
    r->memory = memory;
    r->slabs = (uint8_t *)(((uintptr_t)memory + SLAB - 1) & ~(uintptr_t)(SLAB - 1));
    for (unsigned i = 0; i < REGION; i++)
        r->at[i] = (uint8_t)(REGION - 1 - i);
    r->free = REGION;
    put_first(p, r);
    return r;
}

/* ---- slabs ---- */

static void enter(struct pool *p, struct pool_slab *s)
{
    struct pool_slab **list = &p->open[s->size / POOL_STEP - 1];
    s->next = *list;
    if (s->next != NULL)
        s->next->at = &s->next;
    s->at = list;
    *list = s;
}

static void leave(struct pool_slab *s)
{
    *s->at = s->next;
    if (s->next != NULL)
        s->next->at = s->at;
    s->at = NULL;
}

static struct pool_slab *new_slab(struct pool *p, size_t size)
{
    struct pool_region *r = p->regions;
    if ((r == NULL || r->free == 0) && (r = new_region(p)) == NULL)
        return NULL;
    unsigned number = r->at[--r->free];
    struct pool_slab *s = (struct pool_slab *)(void *)(r->slabs + number * SLAB);
    p->kept -= r->has[number];
    r->has[number] = 0;
    if (r->free == 0) {
        take_out(p, r);
        put_last(p, r);
    }
    *s = (struct pool_slab){.region = r, .size = (uint16_t)size};
    s->most = (uint16_t)((SLAB - HEAD) / size);
    s->fresh = (uint8_t *)s + HEAD;
    p->slabs++;
    enter(p, s);
    return s;
}

/* It is empty. Where many are, its memory goes back. */
static void free_slab(struct pool *p, struct pool_slab *s)
{
    struct pool_region *r = s->region;
    unsigned number = (unsigned)((size_t)((uint8_t *)s - r->slabs) / SLAB);
    leave(s);
    p->slabs--;
    if (p->kept < KEPT) {
        r->has[number] = 1;
        p->kept++;
    } else {
        madvise(s, SLAB, MADV_DONTNEED);
    }
    r->at[r->free++] = (uint8_t)number;
    take_out(p, r);
    put_first(p, r);
    if (r->free < REGION || r->next == NULL || r->next->free == 0)
        return;
    for (unsigned i = 0; i < REGION; i++)
        p->kept -= r->has[i];
    take_out(p, r);
    free(r->memory);
    free(r);
}

static void *take_block(struct pool *p, size_t size)
{
    size = (size + POOL_STEP - 1) & ~(size_t)(POOL_STEP - 1);
    struct pool_slab *s = p->open[size / POOL_STEP - 1];
    if (s == NULL && (s = new_slab(p, size)) == NULL)
        return NULL;
    void *block = s->free;
    if (block != NULL) {
        s->free = s->free->next;
    } else {
        block = s->fresh;
        s->fresh += size;
    }
    if (++s->used == s->most)
        leave(s);
    return block;
}

static void give_block(struct pool *p, void *block)
{
    struct pool_slab *s = (struct pool_slab *)((uintptr_t)block & ~(uintptr_t)(SLAB - 1));
    struct free_block *b = block;
    b->next = s->free;
    s->free = b;
    if (s->used-- == s->most)
        enter(p, s);
    if (s->used == 0)
        free_slab(p, s);
}

/* ---- the whole ---- */

void pool_open(struct pool *p)
{
    memset(p, 0, sizeof *p);
}

void pool_close(struct pool *p)
{
    for (struct pool_region *r = p->regions, *next; r != NULL; r = next) {
        next = r->next;
        free(r->memory);
        free(r);
    }
    memset(p, 0, sizeof *p);
}

static bool is_small(size_t size)
{
#ifdef HAS_NO_SLABS
    (void)size;
    return false;
#else
    return size - 1 < POOL_LARGEST;
#endif
}

static bool are_alike(size_t old, size_t size)
{
    return (old + POOL_STEP - 1) / POOL_STEP == (size + POOL_STEP - 1) / POOL_STEP;
}

void *pool_take(struct pool *p, size_t size)
{
    return is_small(size) ? take_block(p, size) : malloc(size);
}

void pool_give(struct pool *p, void *block, size_t size)
{
    if (is_small(size))
        give_block(p, block);
    else
        free(block);
}

void *pool_change(struct pool *p, void *block, size_t old, size_t size)
{
    if (!is_small(old) && !is_small(size))
        return realloc(block, size);
    if (is_small(old) && is_small(size) && are_alike(old, size))
        return block;
    void *made = pool_take(p, size);
    if (made == NULL)
        return NULL;
    memcpy(made, block, old < size ? old : size);
    pool_give(p, block, old);
    return made;
}

size_t pool_taken(const struct pool *p)
{
    return (p->slabs + p->kept) * SLAB;
}
