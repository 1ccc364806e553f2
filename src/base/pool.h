/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool: memory in blocks of whose sizes the owner keeps account, as Lua does. Small blocks are
 * cut from slabs of blocks of one size, which costs a tenth of what malloc and free do, and needs
 * no room beside each block; larger ones are malloc's. Slabs that are empty go back to the system,
 * all but half a megabyte. Blocks are aligned to 16 bytes and not cleared.
 *
 * Under AddressSanitizer every block is malloc's, so that it sees what is read beyond its end.
 */
#ifndef V2G_BASE_POOL_H
#define V2G_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_STEP 16
#define POOL_LARGEST 512 /* bytes of a block that is cut from a slab */
#define POOL_SIZES (POOL_LARGEST / POOL_STEP)

struct pool {
    struct pool_slab *open[POOL_SIZES]; /* those with room, by the size of their blocks */
    struct pool_region *regions;        /* all; in front those with slabs that are free */
    size_t slabs;                       /* in use */
    size_t kept;                        /* free ones that still have their memory */
};

/* All zeros is a pool, too. */
void pool_open(struct pool *p);

/* Gives slabs back. Larger blocks are to be given back before, one by one. */
void pool_close(struct pool *p);

/* A block of that size, 1 at least. NULL: memory is exhausted. */
void *pool_take(struct pool *p, size_t size);

/* block of `old` bytes becomes one of `size` bytes, 1 at least, with the same content as far as it
 * goes. NULL: memory is exhausted, and block is as it was. */
void *pool_change(struct pool *p, void *block, size_t old, size_t size);

/* Gives back a block of that size. */
void pool_give(struct pool *p, void *block, size_t size);

/* Bytes that slabs take from the system, used or not. */
size_t pool_taken(const struct pool *p);

#endif
