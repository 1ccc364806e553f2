/* SPDX-License-Identifier: Apache-2.0 */
/* Examples in Lua: the call of a function, and a script that sets and sends a whole message. */
#ifndef V2G_REFERENCE_EXAMPLE_H
#define V2G_REFERENCE_EXAMPLE_H

#include "reference/reference.h"

/* Appends lines that call the function. */
void example_add(struct reference *r, const struct reference_entry *entry, struct buf *out);

/* Appends a script that sets all that a fresh message holds, and sends it; nothing where the role
 * does not send it. */
void example_script(struct reference *r, struct buf *out);

#endif
