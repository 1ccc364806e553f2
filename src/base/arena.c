/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK_MIN 512

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of data */
    size_t left; /* of them, since there is a newer one */
    uint8_t data[];
};

void arena_open(struct arena *a, void *block, size_t size, size_t limit)
{
    uintptr_t skip = block == NULL ? 0 : (8 - (uintptr_t)block % 8) % 8;
    a->first = size > skip ? (uint8_t *)block + skip : NULL;
    a->first_end = size > skip ? (uint8_t *)block + size : NULL;
    a->at = a->first;
    a->end = a->first_end;
    a->chunks = NULL;
    a->taken = 0;
    a->limit = limit;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = a->chunks;
    if (keep == NULL) {
        a->at = a->first;
        a->end = a->first_end;
        return;
    }
    for (struct arena_chunk *c = keep->older, *older; c != NULL; c = older) {
        older = c->older;
        a->taken -= c->size;
        free(c);
    }
    keep->older = NULL;
    a->at = keep->data;
    a->end = keep->data + keep->size;
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
    while (a->chunks != mark.chunks) {
        struct arena_chunk *newest = a->chunks;
        a->chunks = newest->older;
        a->taken -= newest->size;
        free(newest);
    }
    a->at = mark.at;
    a->end = mark.end;
}

void arena_close(struct arena *a)
{
    for (struct arena_chunk *c = a->chunks, *older; c != NULL; c = older) {
        older = c->older;
        free(c);
    }
    arena_open(a, NULL, 0, 0);
}

/* All of it is free. */
static int add_chunk(struct arena *a, size_t size)
{
    struct arena_chunk *c = malloc(sizeof *c + size);
    if (c == NULL)
        return -1;
    if (a->chunks != NULL)
        a->chunks->left = (size_t)(a->end - a->at);
    c->older = a->chunks;
    c->size = size;
    a->chunks = c;
    a->taken += size;
    a->at = c->data;
    a->end = c->data + size;
    return 0;
}

void *arena_grow(struct arena *a, size_t size)
{
    if (a->taken > a->limit || size > a->limit - a->taken)
        return NULL;
    /* Chunks double, so that many small pieces cost few calls; the limit has the last word. */
    size_t want = a->taken > ARENA_CHUNK_MIN ? a->taken : ARENA_CHUNK_MIN;
    if (want < size)
        want = size;
    if (want > a->limit - a->taken)
        want = (a->limit - a->taken) & ~(size_t)7;
    if (want < size || add_chunk(a, want) != 0)
        return NULL;
    a->at += size;
    return a->at - size;
}

int arena_reserve(struct arena *a, size_t size)
{
    if ((size_t)(a->end - a->at) >= size)
        return 0;
    uint8_t *p = arena_grow(a, size);
    if (p == NULL)
        return -1;
    a->at = p;
    return 0;
}

int arena_fit(struct arena *a, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if (a->taken > a->limit || size > a->limit - a->taken)
        return -1;
    return add_chunk(a, size);
}

size_t arena_used(const struct arena *a)
{
    size_t used = 0;
    for (const struct arena_chunk *c = a->chunks; c != NULL; c = c->older)
        used += c->size - (c == a->chunks ? (size_t)(a->end - a->at) : c->left);
    return used;
}

char *arena_text(struct arena *a, const char *text, size_t n)
{
    char *copy = arena_alloc(a, n + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}
