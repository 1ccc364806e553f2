/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutation by structure: a message as JSON, in which members are dropped, doubled, moved and get
 * other values. What comes out is a message again, or nearly: bytes alone seldom get so far. The
 * including file has LLVMFuzzerCustomMutator call fuzz_mutate_json, or fuzz_mutate_message.
 */
#ifndef V2G_FUZZ_MUTATE_H
#define V2G_FUZZ_MUTATE_H

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

struct fuzz_tree {
    uint32_t state;                  /* of chance */
    json_t *place[4096], *key[4096]; /* containers, and the key or index of a member in each */
    size_t n;
};

static inline uint32_t fuzz_chance(struct fuzz_tree *t, uint32_t n)
{
    t->state = t->state * 1664525u + 1013904223u;
    return n == 0 ? 0 : (t->state >> 8) % n;
}

static inline void fuzz_note_member(struct fuzz_tree *t, json_t *in, json_t *key)
{
    if (t->n == sizeof t->place / sizeof t->place[0]) {
        json_decref(key);
        return;
    }
    t->place[t->n] = in;
    t->key[t->n++] = key;
}

/* All members of the tree, each with its container. */
static inline void fuzz_walk(struct fuzz_tree *t, json_t *at)
{
    const char *name;
    json_t *member;
    size_t i;
    json_object_foreach(at, name, member)
    {
        fuzz_note_member(t, at, json_string(name));
        fuzz_walk(t, member);
    }
    json_array_foreach(at, i, member)
    {
        fuzz_note_member(t, at, json_integer((json_int_t)i));
        fuzz_walk(t, member);
    }
}

static inline json_t *fuzz_member_at(const struct fuzz_tree *t, size_t i)
{
    return json_is_object(t->place[i])
               ? json_object_get(t->place[i], json_string_value(t->key[i]))
               : json_array_get(t->place[i], (size_t)json_integer_value(t->key[i]));
}

/* A value that programs seldom think of, of the kind of `old`. */
static inline json_t *fuzz_value(struct fuzz_tree *t, const json_t *old)
{
    static const json_int_t NUMBERS[] = {0,   -1,    1,     127,        128,        255,
                                         256, 32767, 65535, 2147483647, 4294967295, INT64_MAX};
    static const size_t LENGTHS[] = {0, 1, 7, 64, 65, 255, 4096};
    char text[4097];
    json_int_t number = NUMBERS[fuzz_chance(t, sizeof NUMBERS / sizeof NUMBERS[0])];
    size_t length = LENGTHS[fuzz_chance(t, sizeof LENGTHS / sizeof LENGTHS[0])];
    if (json_is_boolean(old))
        return json_boolean(!json_is_true(old));
    if (json_is_integer(old) && fuzz_chance(t, 2) == 0) /* one more, or less */
        return json_integer((json_int_t)((uint64_t)json_integer_value(old) + (uint64_t)number % 3));
    if (json_is_number(old))
        return json_integer(number);
    memset(text, "0A"[fuzz_chance(t, 2)], length);
    return json_stringn(text, length);
}

/* One change at a member. */
static inline void fuzz_change(struct fuzz_tree *t)
{
    size_t i = fuzz_chance(t, (uint32_t)t->n), other = fuzz_chance(t, (uint32_t)t->n);
    json_t *old = fuzz_member_at(t, i), *made = NULL, *in = t->place[i];
    bool is_object = json_is_object(in);
    size_t at = is_object ? 0 : (size_t)json_integer_value(t->key[i]);
    uint32_t how = fuzz_chance(t, 4);
    if (how == 1 && !is_object) { /* twice */
        json_array_insert_new(in, at, json_deep_copy(old));
        return;
    }
    if (how >= 2)
        made = how == 2 || json_is_object(old) || json_is_array(old)
                   ? json_deep_copy(fuzz_member_at(t, other))
                   : fuzz_value(t, old);
    if (made != NULL && is_object)
        json_object_set_new(in, json_string_value(t->key[i]), made);
    else if (made != NULL)
        json_array_set_new(in, at, made);
    else if (is_object)
        json_object_del(in, json_string_value(t->key[i]));
    else
        json_array_remove(in, at);
}

/* Changes the text in place, of at most `most` octets. 0: it is no JSON, or becomes too long. */
static inline size_t fuzz_mutate_json(char *text, size_t size, size_t most, unsigned seed)
{
    static struct fuzz_tree t;
    json_t *tree = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    if (tree == NULL)
        return 0;
    t.state = seed;
    for (uint32_t n = 1 + fuzz_chance(&t, 3); n > 0; n--) {
        t.n = 0;
        fuzz_walk(&t, tree);
        if (t.n > 0)
            fuzz_change(&t);
        for (size_t i = 0; i < t.n; i++)
            json_decref(t.key[i]);
    }
    size_t made = json_dumpb(tree, text, most, JSON_COMPACT);
    json_decref(tree);
    return made <= most ? made : 0;
}

/* The same with a message in EXI. */
static inline size_t fuzz_mutate_message(const struct schema *s, bool is_fragment, uint8_t *data,
                                         size_t size, size_t most, unsigned seed)
{
    static char text[1u << 18];
    struct exi_options o = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    struct buf json = {0}, exi = {0};
    size_t made = 0;
    o.fragment = is_fragment;
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    if (exi_decode(s, data, size, &o, &a, &m, &e) == 0)
        json_print(&m, JSON_LINE, &json);
    arena_close(&a);
    if (json.n > 0 && json.n < sizeof text) {
        memcpy(text, json.p, json.n);
        made = fuzz_mutate_json(text, json.n, sizeof text, seed);
    }
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    struct err other = ERR_INIT;
    if (made > 0 && json_read(s, text, made, is_fragment, &a, &m, &other) == 0)
        exi_encode_buf(&m, &exi, &other);
    made = exi.n <= most ? exi.n : 0;
    if (made > 0)
        memcpy(data, exi.p, made);
    arena_close(&a);
    buf_close(&json);
    buf_close(&exi);
    return made;
}

#endif
