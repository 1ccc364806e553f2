/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for keys of octets, from 0, in the order in which they first came. */
#ifndef V2G_PAGE_INDEX_H
#define V2G_PAGE_INDEX_H

#include "base/buf.h"

struct index_key {
    size_t at; /* in `keys` */
    uint32_t n, hash;
};

/* Zero before its first use. */
struct index {
    struct buf keys;       /* all keys, one behind the other */
    struct index_key *key; /* by number */
    uint32_t *slot;        /* 1 + number, or 0; a power of 2 of them */
    size_t n, slots;
    bool failed; /* out of memory: numbers mean nothing any more */
};

/* The number of the key; is_new (may be NULL): whether it came for the first time. */
size_t index_number(struct index *x, const void *key, size_t n, bool *is_new);

/* The same of a key that is not added; -1: it never came. */
int64_t index_find(const struct index *x, const void *key, size_t n);

void index_close(struct index *x);

#endif
