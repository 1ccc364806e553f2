/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/wording.h"

#include "base/asset.h"
#include "codec/quantity.h"
#include "codec/value.h"
#include "names/enums.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define KEY_TEXT 200
#define MEMBER_TEXT 96
#define USES_DEPTH 4      /* descriptions that take in others that take in others */
#define REPEATED_OCTETS 4 /* so many equal ones are written as string.rep */

/* ---- doc lines ---- */

/* The sentence behind "KEY<TAB>" at the start of a line of the file. */
static struct slice sentence_in(struct slice file, const char *key)
{
    size_t n = strlen(key);
    const char *at = (const char *)file.p, *end = at + file.n;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        if ((size_t)(line_end - at) > n && at[n] == '\t' && memcmp(at, key, n) == 0)
            return (struct slice){(const uint8_t *)at + n + 1, (size_t)(line_end - at) - n - 1};
        at = line_end + 1;
    }
    return (struct slice){NULL, 0};
}

/* In the Korean file of the description `schema`, then in those of the ones that it takes in. */
static struct slice sentence_of(const char *schema, const char *key, unsigned depth)
{
    char path[128], used[64];
    struct slice file, found = {NULL, 0};
    snprintf(path, sizeof path, "schema/ko/%s.txt", schema);
    if (asset_find(path, &file))
        found = sentence_in(file, key);
    snprintf(path, sizeof path, "schema/%s.schema", schema);
    if (found.p != NULL || depth == 0 || !asset_find(path, &file))
        return found;
    const char *at = (const char *)file.p; /* a 0 follows the bytes */
    while (found.p == NULL && (at = strstr(at, "\nuse ")) != NULL) {
        at += 5;
        snprintf(used, sizeof used, "%.*s", (int)strcspn(at, " \n"), at);
        found = sentence_of(used, key, depth - 1);
    }
    return found;
}

/* NULL where it is not translated. */
static const char *translated(const struct prose *prose, const struct schema *set, const char *key,
                              struct arena *a)
{
    if (prose->language == LANGUAGE_EN)
        return NULL;
    struct slice found = sentence_of(set->name, key, USES_DEPTH);
    return found.p == NULL ? NULL : arena_text(a, (const char *)found.p, found.n);
}

static const char *first_of(const char *translation, const char *english)
{
    return translation != NULL ? translation : english != NULL ? english : "";
}

const char *wording_element(const struct prose *prose, const struct schema *set,
                            const struct element *element, struct arena *a)
{
    return first_of(translated(prose, set, element->as.name, a), element->doc);
}

const char *wording_type(const struct prose *prose, const struct schema *set, const struct type *t,
                         struct arena *a)
{
    return first_of(translated(prose, set, t->name, a), t->doc);
}

const char *wording_simple(const struct prose *prose, const struct schema *set,
                           const struct simple *s, struct arena *a)
{
    return first_of(translated(prose, set, s->name, a), s->doc);
}

const char *wording_field(const struct prose *prose, const struct schema *set, const struct type *t,
                          unsigned slot, struct arena *a)
{
    const struct field *f = &t->field[slot];
    const char *name = f->is_content ? "content" : f->name, *found = NULL;
    char key[KEY_TEXT];
    /* a field that a type has from its base is described there */
    for (const struct type *owner = t; owner != NULL && found == NULL; owner = owner->base) {
        snprintf(key, sizeof key, "%s.%s%s", owner->name, f->is_attribute ? "@" : "", name);
        found = translated(prose, set, key, a);
    }
    if (found == NULL) /* a reference to a global element, or a member of its group */
        found = translated(prose, set, name, a);
    if (found != NULL || (f->doc != NULL && f->doc[0] != '\0'))
        return first_of(found, f->doc);
    return f->kind == KIND_NODE ? wording_type(prose, set, f->type, a)
           : f->simple != NULL  ? wording_simple(prose, set, f->simple, a)
                                : "";
}

/* ---- types ---- */

const char *wording_type_name(const struct simple *s, char *out, size_t size)
{
    snprintf(out, size, "%s", s->name);
    out[0] = (char)toupper((unsigned char)out[0]);
    return out;
}

const char *wording_lua_type(const struct field *f, char *out, size_t size)
{
    const char *type = "nil";
    switch ((enum kind)f->kind) {
    case KIND_ENUM:
        return wording_type_name(f->simple, out, size);
    case KIND_BOOLEAN:
        type = "boolean";
        break;
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_BIG:
        type = "number";
        break;
    case KIND_STRING:
    case KIND_TEXT:
    case KIND_HEX:
    case KIND_BASE64:
        type = "string";
        break;
    case KIND_NODE:
        type = f->type->is_quantity ? "number" : "table";
        break;
    case KIND_ABSTRACT:
    case KIND_ANY:
        break;
    }
    snprintf(out, size, "%s", type);
    return out;
}

void wording_kind(const struct field *f, struct buf *out)
{
    if (f->kind == KIND_NODE)
        buf_text(out, f->type->name);
    else if (f->simple == NULL)
        return;
    else if (f->simple->members > 0)
        buf_text(out, f->simple->name);
    else if (f->simple->name[0] == '\0' || strcmp(f->simple->name, f->simple->base) == 0)
        buf_text(out, f->simple->base);
    else
        buf_printf(out, "%s (%s)", f->simple->name, f->simple->base);
}

/* ---- limits ---- */

#define NUMBER_TEXT 24

static const char *number(int64_t n, bool is_unsigned, char text[NUMBER_TEXT])
{
    if (is_unsigned)
        snprintf(text, NUMBER_TEXT, "%llu", (unsigned long long)n);
    else
        snprintf(text, NUMBER_TEXT, "%lld", (long long)n);
    return text;
}

static void add_range(const struct field *f, struct buf *out)
{
    char text[NUMBER_TEXT];
    const struct simple *s = f->simple;
    bool is_unsigned = s != NULL && s->is_unsigned;
    for (unsigned i = 0; s != NULL && i < s->ones; i++)
        buf_printf(out, "%s%s", i > 0 ? ", " : "", number(s->one_of[i], false, text));
    if (s != NULL && s->ones > 0)
        return;
    buf_text(out, number(f->lo, is_unsigned, text));
    if (f->octets == NULL || f->lo != f->hi)
        buf_printf(out, "..%s", number(f->hi, is_unsigned, text));
}

static void add_length(const struct prose *prose, const struct field *f, const char *unit,
                       struct buf *out)
{
    char text[2 * NUMBER_TEXT];
    if (f->lo <= 0 && f->hi == INT64_MAX)
        return;
    if (f->lo == f->hi)
        snprintf(text, sizeof text, "%lld", (long long)f->lo);
    else if (f->hi == INT64_MAX)
        snprintf(text, sizeof text, "%lld..", (long long)f->lo);
    else
        snprintf(text, sizeof text, "%lld..%lld", (long long)f->lo, (long long)f->hi);
    prose_say(prose, unit, text, "", out);
}

void wording_limits(const struct prose *prose, const struct field *f, struct buf *out)
{
    switch ((enum kind)f->kind) {
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
        add_range(f, out);
        break;
    case KIND_STRING:
        add_length(prose, f, "characters", out);
        break;
    case KIND_HEX:
    case KIND_BASE64:
        add_length(prose, f, "octets", out);
        break;
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_BIG:
    case KIND_TEXT:
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
        break;
    }
}

void wording_presence(const struct prose *prose, const struct field *f, struct buf *out)
{
    char least[NUMBER_TEXT], most[NUMBER_TEXT];
    const char *key = f->is_list && f->max == SCHEMA_UNBOUNDED ? "list.open"
                      : f->is_list                             ? "list"
                      : f->choice != 0                         ? "choice"
                      : f->is_mandatory                        ? "mandatory"
                                                               : "optional";
    prose_say(prose, key, number(f->min, true, least), number(f->max, true, most), out);
}

/* ORDER KIND */
static const char *const WIRES[] = {
    [KIND_BOOLEAN] = "wire.boolean",   [KIND_ENUM] = "wire.enumeration", [KIND_NBIT] = "wire.nbit",
    [KIND_UNSIGNED] = "wire.unsigned", [KIND_SIGNED] = "wire.signed",    [KIND_BIG] = "wire.signed",
    [KIND_STRING] = "wire.string",     [KIND_TEXT] = "wire.string",      [KIND_HEX] = "wire.octets",
    [KIND_BASE64] = "wire.octets",
};

void wording_wire(const struct prose *prose, const struct field *f, struct buf *out)
{
    char width[NUMBER_TEXT], lowest[NUMBER_TEXT];
    const char *key = f->kind < sizeof WIRES / sizeof WIRES[0] ? WIRES[f->kind] : NULL;
    if (key == NULL)
        return;
    if (f->kind == KIND_ENUM && f->width == 1)
        key = "wire.enumeration.1";
    if (f->octets != NULL)
        key = f->kind <= KIND_SIGNED ? "wire.bits" : "wire.plain";
    prose_say(prose, key, number(f->width, true, width), number(f->lo, false, lowest), out);
}

/* ---- values ---- */

static void add_quoted(const uint8_t *p, size_t n, bool octets, struct buf *out)
{
    buf_char(out, '\'');
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\'' || p[i] == '\\')
            buf_printf(out, "\\%c", p[i]);
        else if (p[i] < ' ' || p[i] == 127 || (octets && p[i] > 126))
            buf_printf(out, "\\x%02X", p[i]);
        else
            buf_char(out, (char)p[i]);
    }
    buf_char(out, '\'');
}

static void add_octets(const struct bytes *b, struct buf *out)
{
    bool repeated = b->n >= REPEATED_OCTETS;
    for (uint32_t i = 1; i < b->n && repeated; i++)
        repeated = b->p[i] == b->p[0];
    if (repeated)
        buf_printf(out, "string.rep('\\x%02X', %u)", b->p[0], b->n);
    else
        add_quoted(b->p, b->n, true, out);
}

void wording_value(const struct field *f, union value v, struct buf *out)
{
    char name[MEMBER_TEXT], type[MEMBER_TEXT];
    switch ((enum kind)f->kind) {
    case KIND_ENUM:
        if (v.u < f->simple->members)
            buf_printf(out, "%s.%s", wording_type_name(f->simple, type, sizeof type),
                       enums_member(f->simple, (unsigned)v.u, name, sizeof name));
        else
            buf_printf(out, "%lld", (long long)v.i);
        break;
    case KIND_STRING:
    case KIND_TEXT:
        add_quoted(v.b->p, v.b->n, false, out);
        break;
    case KIND_HEX:
        buf_char(out, '\'');
        value_text(f, v, out);
        buf_char(out, '\'');
        break;
    case KIND_BASE64:
        add_octets(v.b, out);
        break;
    case KIND_BOOLEAN:
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_BIG:
        value_text(f, v, out);
        break;
    case KIND_NODE:
        buf_printf(out, "%.15g", quantity_get(v.n));
        break;
    case KIND_ABSTRACT:
    case KIND_ANY:
        buf_text(out, "nil");
        break;
    }
}
