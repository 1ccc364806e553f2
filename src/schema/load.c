/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/load.h"

#include "schema/decl.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA_MEMORY (16u * 1024 * 1024)

struct schema *schema_load(const char *name, schema_source source, void *context, struct err *e)
{
    struct schema *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    arena_open(&s->arena, NULL, 0, SCHEMA_MEMORY);
    pthread_mutex_init(&s->adding, NULL);
    s->ns = arena_alloc(&s->arena, DECL_NAMESPACES_MAX * sizeof *s->ns);
    if (s->ns != NULL)
        memset(s->ns, 0, DECL_NAMESPACES_MAX * sizeof *s->ns);
    struct decls d = {.schema = s, .arena = &s->arena, .source = source, .context = context};
    d.simples_end = &d.simples;
    d.types_end = &d.types;
    d.elements_end = &d.elements;
    int bad = s->ns == NULL || decl_read(&d, name, true, e) != 0 || decl_link(&d, e) != 0;
    if (!bad)
        return s;
    err_set(e, "out of memory");
    schema_close(s);
    return NULL;
}

void schema_close(struct schema *s)
{
    if (s == NULL)
        return;
    arena_close(&s->arena);
    pthread_mutex_destroy(&s->adding);
    free(s);
}
