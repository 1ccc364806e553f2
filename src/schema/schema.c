/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/schema.h"

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
    free(s);
}

const struct element *schema_element(const struct schema *s, const char *name)
{
    unsigned from = 0, to = s->elements;
    while (from < to) {
        unsigned mid = (from + to) / 2;
        int order = strcmp(name, s->element[mid]->as.name);
        if (order == 0)
            return s->element[mid];
        if (order < 0)
            to = mid;
        else
            from = mid + 1;
    }
    return NULL;
}

const struct element *schema_message(const struct schema *s, const char *name)
{
    const struct element *el = schema_element(s, name);
    return el != NULL && el->from != FROM_NONE ? el : NULL;
}

const struct type *schema_type(const struct schema *s, const char *name)
{
    for (unsigned i = 0; i < s->types; i++)
        if (strcmp(s->type[i]->name, name) == 0)
            return s->type[i];
    return NULL;
}

const struct simple *schema_simple(const struct schema *s, const char *name)
{
    for (unsigned i = 0; i < s->simples; i++)
        if (strcmp(s->simple[i]->name, name) == 0)
            return s->simple[i];
    return NULL;
}

int type_slot(const struct type *t, const char *name, size_t n)
{
    for (unsigned i = 0; i < t->fields; i++)
        if (strncmp(t->field[i].name, name, n) == 0 && t->field[i].name[n] == '\0')
            return (int)i;
    return -1;
}

int simple_member(const struct simple *s, const char *text, size_t n)
{
    for (unsigned i = 0; i < s->members; i++)
        if (strncmp(s->member[i], text, n) == 0 && s->member[i][n] == '\0')
            return (int)i;
    return -1;
}

const char *schema_uri(const struct schema *s, uint8_t ns)
{
    return ns == SCHEMA_NO_NS ? "" : s->ns[ns].uri;
}
