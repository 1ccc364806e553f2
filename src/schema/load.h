/* SPDX-License-Identifier: Apache-2.0 */
/* Reading message descriptions: from text, by way of declarations, to tables. */
#ifndef V2G_SCHEMA_LOAD_H
#define V2G_SCHEMA_LOAD_H

#include "schema/schema.h"

/* Where the text of schema NAME comes from: fills text (its bytes stay valid) and file name.
 * Returns 0, or -1 where there is no such schema. */
typedef int (*schema_source)(void *context, const char *name, struct slice *text,
                             const char **file);

/* Reads the description NAME and all that it uses. NULL: e says file, line, what was expected and
 * found. The caller closes the result. */
struct schema *schema_load(const char *name, schema_source source, void *context, struct err *e);
void schema_close(struct schema *s);

#endif
