/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as a tree of values. Everything in it lives in one arena, which must outlive it.
 * The tables of its schema say what each value is.
 */
#ifndef V2G_CODEC_MESSAGE_H
#define V2G_CODEC_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
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

/* Something that the wire could carry but the schema does not allow; kept and reported. */
struct violation {
    struct violation *next;
    uint64_t bit;     /* offset in the document */
    const char *path; /* "V2G_Message/Body/…" */
    const char *what; /* "4 is outside 1..3" */
};

/* What is said of an element whose type is abstract, with the type's name. */
#define MESSAGE_ABSTRACT "is of the abstract type %s; expected an element of a type made from it"

struct message {
    const struct schema *schema;
    const struct element *root; /* NULL in a fragment whose element is not global */
    const struct field *as;     /* how v is to be read: &root->as, or the fragment's element */
    union value v;
    bool is_fragment;
    struct any *relaxed;   /* fragment of a name that two types share: as it came; else NULL */
    struct slice trailing; /* bytes after the end of the document, in the caller's input */
    struct violation *violations;
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

/* Fills what is mandatory and absent with the stated defaults, downwards; also lists shorter than
 * their minimum, and open content that cannot end yet. -1: arena exhausted, or a default of the
 * schema that cannot be read. */
int node_complete(struct arena *a, struct node *n, struct err *e);

/* For readers of open content: the state of the grammar (index into type->state) after what n
 * holds, and after one more item; and the slot that an element takes there (ns: -1 for any
 * namespace), or -1. What the state allows comes first, named elements before wildcards. */
unsigned node_state(const struct node *n);
unsigned type_state_after(const struct type *t, unsigned state, unsigned slot);
int type_open_slot(const struct type *t, unsigned state, const char *name, size_t size, int ns);

/* Gives slot its default (a list: one more entry; open content: one more item), complete downwards;
 * marks it present. Not for wildcards and abstract heads. */
int node_set_default(struct arena *a, struct node *n, unsigned slot, struct err *e);

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

/* Writes si, a number in SI units, into a quantity: the multiplier nearest 0 that shows it exactly
 * within the limits of both fields; else the nearest number they can show. The Unit slot, where the
 * type has one, gets the member `unit` (NULL or "": stays as it is). The rest is completed. -1: si
 * is outside what the two fields can show, or there is no such unit. */
int quantity_set(struct arena *a, struct node *n, double si, const char *unit, struct err *e);

/* The number in SI units; absent parts count as 0. */
double quantity_get(const struct node *n);

/* A message of that name with all defaults: for ISO 15118-2 and DIN SPEC 70121 a V2G_Message with
 * header and body. -1: no such message, or arena exhausted. */
int message_new(const struct schema *s, const char *name, struct arena *a, struct message *m,
                struct err *e);

/* The element that names the message: the body element of a V2G_Message, else the root itself.
 * NULL fields where a V2G_Message has an empty body. */
struct named {
    const char *name;
    const struct field *field;
    struct node *node; /* the message's own fields */
};
struct named message_named(const struct message *m);

/* The header's node (it is there in all messages but supportedAppProtocol); NULL where none. */
struct node *message_header(const struct message *m);

/* Deep copy into another arena. */
int message_copy(const struct message *from, struct arena *a, struct message *to, struct err *e);

/* Text of a simple value as XML shows it: 12, true, member name, HEX, base64; strings as they are
 * (not escaped). Out-of-range enumeration values are shown as their number. */
void value_text(const struct field *f, union value v, struct buf *out);

/* Reads such text (white space around it is skipped, but not of strings). Limits are those of the
 * wire, not of the schema: every n-bit value, 64 bits where groups of 7 bits carry the number. An
 * enumeration also takes a number. -1: e says what was expected and found. */
int value_read(const struct field *f, const char *text, size_t n, struct arena *a, union value *v,
               struct err *e);

#define TYPE_NAMES_MAX 176

/* For errors: "expected A, B, C", all child elements (or attributes) of t, into text, which has
 * TYPE_NAMES_MAX bytes; "the nearest name is B" (nearest to `name`) where they are too many,
 * "expected none" where there are none. Returns text. */
const char *type_names(const struct type *t, bool attributes, const char *name, char *text);

#endif
