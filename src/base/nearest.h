/* SPDX-License-Identifier: Apache-2.0 */
/* The name among many that somebody may have meant, for errors that say so. */
#ifndef V2G_BASE_NEAREST_H
#define V2G_BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

struct nearest {
    const char *wanted;
    size_t n;          /* bytes at wanted */
    const char *name;  /* the nearest so far; NULL: none is alike */
    unsigned distance; /* of it; what is further away is not taken */
};

struct nearest nearest_open(const char *wanted, size_t n);

/* The same for an error that has to name one, however little it is alike; "" where none is tried.
 */
struct nearest nearest_of_all(const char *wanted, size_t n);

/* Whether name is nearer than all before; it must live as long as x is used. */
bool nearest_try(struct nearest *x, const char *name);

/* The nearest of a list that ends in NULL; NULL where none is alike. */
const char *nearest_name(const char *text, const char *const names[]);

/* Letters to change, add or drop to make `name` of the n bytes at text. Case counts half: the
 * result is in halves of a letter. Of text the first 63 bytes count. */
unsigned nearest_distance(const char *text, size_t n, const char *name);

#endif
