/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers on the terminal say of a function, a message, a type, or an entry of the prose, once
 * it has been found.
 */
#ifndef V2G_REFERENCE_DOCS_SHOW_H
#define V2G_REFERENCE_DOCS_SHOW_H

#include "reference/docs.h"

struct answer {
    struct docs *docs;
    struct page page;
    const char *wanted; /* as it was asked for */
    const char *name;   /* without its role */
    uint8_t side;       /* that it was asked for with; FROM_NONE: none */
    struct arena arena;
    struct buf text; /* scratch */
};

/* A function as one protocol and role has it. */
struct found {
    struct name_scope scope;
    struct name name;
};

/* Begins the page of an answer. */
void show_open(struct answer *a);

/* A function in the first scope that has it; the n - 1 others are named. */
int show_function(struct answer *a, const struct found *found, unsigned n, struct err *e);

/* A function, field or class of no message; name: what it is called here. */
void show_prose(struct answer *a, const struct prose_entry *entry, const char *name);

/* The topic in the first protocol that has it; the n - 1 others are named. */
int show_topic(struct answer *a, const struct docs_topic *topic, unsigned n, struct err *e);

/* A type, within a page that was begun. */
void show_simple(struct answer *a, const struct protocol *p, const struct schema *set,
                 const struct simple *s);
void show_complex(struct answer *a, const struct protocol *p, const struct schema *set,
                  const struct type *t);

#endif
