/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a message: elements, lists, open content and what wildcards let in. Everything in it
 * lives in one arena, which must outlive it. The tables of its schema say what each value is.
 */
#ifndef V2G_CODEC_NODE_H
#define V2G_CODEC_NODE_H

#include "base/arena.h"
#include "base/err.h"
#include "schema/schema.h"

#include <stdbool.h>
#include <stdint.h>

struct bytes {
    uint32_t n;
    uint8_t p[]; /* text: UTF-8, no 0 at the end */
};

union value {
    int64_t i;  /* boolean, enumeration, numbers; an enumeration's or n-bit number's value may lie
                    outside its limits where the wire had it so */
    uint64_t u; /* KIND_UNSIGNED */
    struct bytes *b;
    struct node *n;
    struct list *l; /* where field->is_list (not in open types) */
    struct items *items;
    struct any *any;
};

/* An element with children or attributes. Bit i of `has`: slot i is present, its value is v[i].
 * Open types (type->is_open: repeated groups, mixed content) hold attributes that way, and all
 * content in v[type->fields].items, in document order. */
struct node {
    const struct type *type;
    uint64_t has;
    union value v[];
};

struct list {
    uint32_t n, cap;
    union value v[];
};

struct item {
    uint16_t slot; /* of the type; type->fields for characters of mixed content (value.b) */
    union value v;
};

struct items {
    uint32_t n, cap;
    struct item at[];
};

/* An element that a wildcard let in. Where the schema set has a global element of that name, it is
 * `known` and `v` its value; else it is kept as it came. */
struct any {
    const struct element *known;
    union value v;
    const char *uri, *name;        /* 0-terminated */
    struct any_part *first, *last; /* attributes, children and characters, in order */
};

struct any_part {
    struct any_part *next;
    enum { ANY_ATTRIBUTE, ANY_ELEMENT, ANY_TEXT } what;
    struct any *element;    /* ANY_ELEMENT */
    const char *uri, *name; /* ANY_ATTRIBUTE */
    struct bytes *text;     /* ANY_ATTRIBUTE, ANY_TEXT */
};

#define MESSAGE_DEPTH_MAX 64 /* levels of elements that are printed, read, copied or completed */

/* All-absent node of a type; NULL where the arena is exhausted. */
struct node *node_new(struct arena *a, const struct type *t);

static inline bool node_has(const struct node *n, unsigned slot)
{
    return n->has >> slot & 1;
}

/* The content of an open node; NULL where it has none (or the node is not open). */
static inline struct items *node_items(const struct node *n)
{
    return n->type->is_open ? n->v[n->type->fields].items : NULL;
}

/* Makes slot present with value v (not for lists, not for content of open nodes); alternatives of
 * the same choice become absent. */
void node_set(struct node *n, unsigned slot, union value v);

/* Makes slot absent; of an open node also all its items of that slot. */
void node_remove(struct node *n, unsigned slot);

/* Adds an entry to the list at slot. -1: arena exhausted. */
int node_add(struct arena *a, struct node *n, unsigned slot, union value v);

/* Adds content to an open node. */
int node_add_item(struct arena *a, struct node *n, unsigned slot, union value v);

/* Appends a part to an element of a wildcard. */
void any_add(struct any *any, struct any_part *part);

/* NULL where the arena is exhausted (or n does not fit). */
struct bytes *bytes_new(struct arena *a, const void *p, size_t n);

/* What stands at a path of names ("SignedInfo/SignatureMethod/Algorithm") below n, which may be
 * NULL. The last name may be that of a list (v.l) or an attribute; those before it are elements
 * that occur once. field NULL: it is absent. */
struct node_at {
    const struct field *field;
    union value v;
};
struct node_at node_find(const struct node *n, const char *path);

/* The same of an element with children, and of a string or octets; NULL: absent, or no such. */
struct node *node_child(const struct node *n, const char *path);
struct bytes *node_bytes(const struct node *n, const char *path);

/* For readers of open content: the state of the grammar (index into type->state) after what n
 * holds, and after one more item; and the slot that an element takes there (ns: -1 for any
 * namespace), or -1. What the state allows comes first, named elements before wildcards. */
unsigned node_state(const struct node *n);
unsigned type_state_after(const struct type *t, unsigned state, unsigned slot);
int type_open_slot(const struct type *t, unsigned state, const char *name, size_t size, int ns);

#define TYPE_NAMES_MAX 176

/* For errors: "expected A, B, C", all child elements (or attributes) of t, into text, which has
 * TYPE_NAMES_MAX bytes; "the nearest name is B" (nearest to `name`) where they are too many,
 * "expected none" where there are none. Returns text. */
const char *type_names(const struct type *t, bool attributes, const char *name, char *text);

/* Errors of all who build trees. */
int node_no_memory(struct err *e);
int node_too_deep(struct err *e);

#endif
