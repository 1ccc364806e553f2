/* SPDX-License-Identifier: Apache-2.0 */
/* What a message says, by the marks of its description, whatever the protocol calls it. */
#ifndef V2G_CODEC_MARKS_H
#define V2G_CODEC_MARKS_H

#include "codec/message.h"

static inline bool field_is(const struct field *f, enum field_mark m)
{
    return (f->marks >> m & 1) != 0;
}

/* The field of that mark in n; f: which it is. NULL: it is not there, or n is NULL. */
const union value *marked_own(const struct node *n, enum field_mark m, const struct field **f);

/* The number of the field of that mark in n, or within it but in no list; of a quantity in SI
 * units. */
bool marked_number(const struct node *n, enum field_mark m, double *out);

#endif
