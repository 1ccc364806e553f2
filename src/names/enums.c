/* SPDX-License-Identifier: Apache-2.0 */
#include "names/enums.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *enums_member(const struct simple *s, unsigned i, char *out, size_t size)
{
    snprintf(out, size, "%s%s", s->prefix, s->member[i]);
    for (char *c = out; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            *c = '_';
    return out;
}

/* ---- all enumerations of a name ---- */

static bool visit_set(const struct schema *s, const char *name, enum_visit visit, void *context)
{
    for (unsigned i = 0; i < s->simples; i++)
        if (s->simple[i]->members > 0 && strcasecmp(s->simple[i]->name, name) == 0 &&
            visit(context, s->simple[i]))
            return true;
    return false;
}

bool enums_visit(struct library *l, const char *name, enum_visit visit, void *context)
{
    unsigned loaded = l->n;
    for (unsigned i = 0; i < loaded; i++)
        if (visit_set(l->loaded[i], name, visit, context))
            return true;
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        for (unsigned i = 0; p->set[i] != NULL; i++) {
            struct err e = ERR_INIT;
            unsigned before = l->n;
            const struct schema *s = library_get(l, p->set[i], &e);
            if (s != NULL && l->n > before && visit_set(s, name, visit, context))
                return true;
        }
    }
    return false;
}
