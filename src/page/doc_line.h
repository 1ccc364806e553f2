/* SPDX-License-Identifier: Apache-2.0 */
/* What the descriptions say of the element at a path of a message, in both languages. */
#ifndef V2G_PAGE_DOC_LINE_H
#define V2G_PAGE_DOC_LINE_H

#include "schema/schema.h"

#define DOC_LINE_MEMORY (1u << 20)

struct doc_line {
    const char *en, *ko; /* "" where there is none; ko only where it is translated */
};

/* path: as the codec tells it, "V2G_Message/Body/…/SAScheduleTuple[2]"; also one that is in no
 * description. The texts live in the schema, or in the arena. */
struct doc_line doc_line_find(const struct schema *s, const char *path, struct arena *a);

#endif
