/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/schema.h"

#include <string.h>

/* ORDER MARK */
const char *const SCHEMA_MARKS[MARK_NUMBER] = {"key",      "code",  "soc",   "voltage",
                                               "current",  "limit", "power", "left",
                                               "transfer", "bound", "own"};

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
        if (t->field[i].name[0] == name[0] && strncmp(t->field[i].name, name, n) == 0 &&
            t->field[i].name[n] == '\0')
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

static bool is_called(const struct schema *s, uint8_t ns, const char *local, const char *uri,
                      size_t n, const char *name)
{
    if (strcmp(local, name) != 0)
        return false;
    const char *own = schema_uri(s, ns);
    return uri == NULL || (strlen(own) == n && memcmp(own, uri, n) == 0);
}

const struct element *schema_global(const struct schema *s, const char *uri, size_t n,
                                    const char *name)
{
    for (unsigned i = 0; i < s->elements; i++)
        if (is_called(s, s->element[i]->as.ns, s->element[i]->as.name, uri, n, name))
            return s->element[i];
    return NULL;
}

static const struct fragment_name *find_name(const struct schema *s,
                                             const struct fragment_name *list, unsigned names,
                                             const char *uri, size_t n, const char *name)
{
    for (unsigned i = 0; i < names; i++)
        if (is_called(s, list[i].ns, list[i].name, uri, n, name))
            return &list[i];
    return NULL;
}

const struct fragment_name *schema_fragment(const struct schema *s, const char *uri, size_t n,
                                            const char *name)
{
    return find_name(s, s->fragment, s->names, uri, n, name);
}

const struct fragment_name *schema_attribute(const struct schema *s, const char *uri, size_t n,
                                             const char *name)
{
    return find_name(s, s->attribute, s->attributes, uri, n, name);
}
