/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elements behind the functions of a reference: where they are, what they hold in a fresh
 * message, and what parameters and variables for them are called.
 */
#ifndef V2G_REFERENCE_ELEMENT_H
#define V2G_REFERENCE_ELEMENT_H

#include "reference/reference.h"

#define ELEMENT_WORD 160 /* room for a variable's name */

extern const uint32_t ELEMENT_FIRST[NAME_STEPS]; /* indices: of every list the first entry */

/* Whether the first steps of both lead to the same place. */
bool element_same(const struct name *a, const struct name *b, unsigned steps);

/* Whether it is about the header of the message. */
bool element_is_header(const struct reference_entry *entry);

/* The node type that the steps of n begin at; NULL where the message has no header. */
const struct type *element_base(const struct reference *r, const struct name *n);

/* The type that the last step of n is a slot of; NULL for the message itself. */
const struct type *element_owner(const struct reference *r, const struct name *n);

/* Whether it has a value, and no children that scripts see. */
bool element_is_simple(const struct name *n);

/* What a fresh message holds there (NULL where it is absent), or once it has been made present; and
 * how many entries. */
const union value *element_fresh(const struct reference *r, const struct name *n);
const union value *element_made(struct reference *r, const struct name *n);
uint32_t element_count(const struct reference *r, const struct name *n);

/* A value for n as Lua writes it, appended. */
void element_add_value(struct reference *r, const struct name *n, const union value *v,
                       struct buf *out);

/* The name that the value of n has as a parameter, wherever a function takes it. */
const char *element_parameter(const struct reference *r, const struct name *n);

/* The name of a variable for it: that of the parameter, behind the element's around it where the
 * parameter alone does not tell which it is. */
void element_variable(const struct reference *r, const struct name *n, char out[ELEMENT_WORD]);

/* The child at `slot` of an entry of the list n, as a name of its own; and whether such a field has
 * a value at all. */
struct name element_child(const struct name *n, unsigned slot);
bool element_has_value(const struct field *f);

#endif
