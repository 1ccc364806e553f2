/* SPDX-License-Identifier: Apache-2.0 */
#include "page/index.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 256
#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u

/* FNV-1a. */
static uint32_t hash_of(const uint8_t *key, size_t n)
{
    uint32_t hash = FNV_BASIS;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ key[i]) * FNV_PRIME;
    return hash;
}

/* Where the key is, or would be. */
static uint32_t *slot_of(const struct index *x, const void *key, size_t n, uint32_t hash)
{
    for (size_t i = hash & (x->slots - 1);; i = (i + 1) & (x->slots - 1)) {
        uint32_t *slot = &x->slot[i];
        const struct index_key *k = *slot == 0 ? NULL : &x->key[*slot - 1];
        if (k == NULL ||
            (k->hash == hash && k->n == n && (n == 0 || memcmp(x->keys.p + k->at, key, n) == 0)))
            return slot;
    }
}

/* At least half of the slots stay free. */
static bool make_room(struct index *x)
{
    if (x->n * 2 < x->slots)
        return true;
    size_t slots = x->slots == 0 ? SLOTS_FIRST : x->slots * 2;
    uint32_t *slot = calloc(slots, sizeof *slot);
    struct index_key *key = realloc(x->key, slots / 2 * sizeof *key);
    if (key != NULL)
        x->key = key;
    if (slot == NULL || key == NULL || x->n >= UINT32_MAX / 2) {
        free(slot);
        return false;
    }
    free(x->slot);
    x->slot = slot;
    x->slots = slots;
    for (size_t i = 0; i < x->n; i++)
        *slot_of(x, x->keys.p + x->key[i].at, x->key[i].n, x->key[i].hash) = (uint32_t)i + 1;
    return true;
}

int64_t index_find(const struct index *x, const void *key, size_t n)
{
    if (x->slots == 0)
        return -1;
    return (int64_t)*slot_of(x, key, n, hash_of(key, n)) - 1;
}

size_t index_number(struct index *x, const void *key, size_t n, bool *is_new)
{
    bool added = false;
    size_t number = 0;
    if (x->failed || n > UINT32_MAX || !make_room(x)) {
        x->failed = true;
    } else {
        uint32_t hash = hash_of(key, n), *slot = slot_of(x, key, n, hash);
        added = *slot == 0;
        number = added ? x->n : *slot - 1;
        if (added) {
            x->key[x->n++] = (struct index_key){x->keys.n, (uint32_t)n, hash};
            *slot = (uint32_t)x->n;
            buf_add(&x->keys, key, n);
            x->failed = x->keys.failed;
        }
    }
    if (is_new != NULL)
        *is_new = added;
    return number;
}

void index_close(struct index *x)
{
    buf_close(&x->keys);
    free(x->key);
    free(x->slot);
    *x = (struct index){.n = 0};
}
