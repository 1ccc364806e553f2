/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a description says, before it is linked: the statements of all files, by name. Private to
 * src/schema.
 */
#ifndef V2G_SCHEMA_DECL_H
#define V2G_SCHEMA_DECL_H

#include "schema/load.h"

#define DECL_NAMESPACES_MAX 32
#define DECL_BUCKETS 512

/* Where something was written, for errors. */
struct place {
    const char *file;
    int line;
};

/* A part of a type's content, as a tree. */
struct particle {
    enum { PARTICLE_FIELD, PARTICLE_CHOICE, PARTICLE_SEQUENCE, PARTICLE_ANY } what;
    uint32_t min, max;
    struct particle *child, *next;
    struct decl_field *field; /* PARTICLE_FIELD */
    int slot;                 /* once linked: of a field or wildcard */
};

struct decl_field {
    struct place place;
    const char *name, *type, *unit, *preset, *doc;
    bool is_attribute, is_content, is_ref, limited;
    uint16_t marks;
    int64_t lo, hi;
    uint8_t ns;
    uint32_t min, max;
    const int64_t *one_of; /* as in struct simple */
    uint16_t ones;
    struct decl_octets *octets; /* what a layout of octets says besides; NULL: nothing */
    struct simple *narrowed;    /* once linked: the type with this field's own range, or NULL */
    struct decl_field *next;    /* of attributes */
};

/* As struct octets, with names for slots. */
struct decl_octets {
    uint8_t bits; /* 0: as many as the type has */
    const char *count, *when;
    int16_t plus;
    bool is_any, is_padding, to_octet, selects, spans;
    int64_t equals;
};

struct decl_simple {
    struct place place;
    const char *base;
    struct simple *out;
    struct decl_simple *next;
};

struct decl_type {
    struct place place;
    const char *name, *base, *doc;
    uint8_t ns;
    bool is_abstract, is_mixed, is_quantity, is_anonymous, linking;
    struct decl_field *attributes;
    struct particle *content; /* a sequence */
    struct type *out;
    struct particle *tree; /* once linked: attributes, base's content and own, as slots */
    struct decl_type *next;
};

struct decl_element {
    struct place place;
    const char *name, *type, *head, *doc;
    uint8_t ns, from;
    bool is_abstract;
    uint16_t payload, padded;
    struct decl_type *own; /* anonymous type, or a message's */
    struct element *out;
    struct decl_element *next;
};

/* Everything declared, in order; `last` pointers for appending. */
struct decls {
    struct schema *schema;
    struct arena *arena;
    struct decl_simple *simples, **simples_end;
    struct decl_type *types, **types_end;
    struct decl_element *elements, **elements_end;
    const char *used[16]; /* names of the files read */
    unsigned uses;
    struct decl_name **names; /* all of them by hash, for linking: DECL_BUCKETS chains */
    schema_source source;
    void *context;
};

/* Reads the description NAME and what it uses into d. is_main: its header line names the schema. */
int decl_read(struct decls *d, const char *name, bool is_main, struct err *e);

/* Turns the declarations into the tables of d->schema. */
int decl_link(struct decls *d, struct err *e);

/* In a layout of octets: gives the fields of all types, which are linked, their places. */
int layout_link(struct decls *d, struct err *e);

/* Computes states, codes and widths of t from its particle tree (attributes included). */
int grammar_build(struct arena *a, struct type *t, const struct particle *tree,
                  const struct place *place, struct err *e);

#endif
