/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: memory that is taken piece by piece and given back all at once. A message and all that
 * belongs to it live in one. Pieces are aligned to 8 bytes and not cleared.
 */
#ifndef V2G_BASE_ARENA_H
#define V2G_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *at, *end;          /* free part of the newest chunk */
    struct arena_chunk *chunks; /* chunks that malloc gave, newest first */
    uint8_t *first, *first_end; /* the caller's block, used before any chunk; may be NULL */
    size_t taken;               /* bytes that malloc gave, in all chunks */
    size_t limit;               /* most bytes that malloc may give; beyond it arena_alloc is NULL */
};

/* block (may be NULL, then size is 0) stays the caller's and must outlive the arena. */
void arena_open(struct arena *a, void *block, size_t size, size_t limit);

/* Gives everything back; keeps the newest chunk for what comes next. */
void arena_reset(struct arena *a);

void arena_close(struct arena *a);

/* A point to go back to: everything taken since is given back. */
struct arena_mark {
    struct arena_chunk *chunks;
    uint8_t *at, *end;
};
static inline struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->chunks, a->at, a->end};
}
void arena_rewind(struct arena *a, struct arena_mark mark);

void *arena_grow(struct arena *a, size_t size); /* slow path of arena_alloc */

/* NULL where the limit (or memory) is exhausted. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if ((size_t)(a->end - a->at) < size)
        return arena_grow(a, size);
    void *p = a->at;
    a->at += size;
    return p;
}

/* Makes sure that the next pieces, `size` bytes together, are there. -1: as above. */
int arena_reserve(struct arena *a, size_t size);

/* The same of one that has nothing yet, and is not to take more than that. */
int arena_fit(struct arena *a, size_t size);

/* Bytes of chunks that pieces take. */
size_t arena_used(const struct arena *a);

/* Copies n bytes and ends them with a 0; NULL as above. */
char *arena_text(struct arena *a, const char *text, size_t n);

#endif
