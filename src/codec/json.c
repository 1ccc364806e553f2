/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"

#include "base/utf8.h"
#include "codec/value.h"

#include <string.h>

#define DEPTH_MAX (4 * MESSAGE_DEPTH_MAX) /* brackets: up to four around an element */

/* ---- strings ---- */

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void add_escape(struct buf *out, uint8_t c)
{
    static const char SHORT[] =
        "b\bf\fn\nr\rt\t\"\"\\\\"; /* letter after the backslash, character */
    for (size_t i = 1; i < sizeof SHORT; i += 2) {
        if (SHORT[i] != (char)c)
            continue;
        buf_char(out, '\\');
        buf_char(out, SHORT[i - 1]);
        return;
    }
    buf_printf(out, "\\u%04x", c);
}

/* How many octets at p are plain. Eight at a time, as records are mostly these: a subtraction
 * borrows into an octet's highest bit where the octet is less, or an exclusive or left nothing. */
static size_t plain_length(const uint8_t *p, size_t n)
{
    const uint64_t ones = UINT64_MAX / 255, high = ones << 7;
    size_t i = 0;
    for (uint64_t w; n - i >= sizeof w; i += sizeof w) {
        memcpy(&w, p + i, sizeof w);
        uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
        if (((w | (w - ones * ' ') | (quote - ones) | (slash - ones)) & high) != 0)
            break;
    }
    while (i < n && is_plain(p[i]))
        i++;
    return i;
}

/* The inside of a JSON string. */
static void add_string(const uint8_t *p, size_t n, struct buf *out)
{
    size_t from = 0, i = 0;
    while ((i += plain_length(p + i, n - i)) < n) {
        uint32_t character;
        unsigned length = p[i] < 0x80 ? 0 : utf8_length(p + i, n - i, &character);
        if (length > 0) {
            i += length;
            continue;
        }
        buf_add(out, p + from, i - from);
        if (p[i] < 0x80)
            add_escape(out, p[i]);
        else
            buf_add(out, "\xEF\xBF\xBD", 3);
        from = ++i;
    }
    buf_add(out, p + from, i - from);
}

void json_quote(const char *text, size_t n, struct buf *out)
{
    buf_char(out, '"');
    add_string((const uint8_t *)text, n, out);
    buf_char(out, '"');
}

/* ---- printing ---- */

struct printer {
    struct buf *out;
    const struct schema *s;
    bool pretty;
    unsigned depth;
};

static void add_line(struct printer *p)
{
    if (!p->pretty)
        return;
    size_t n = 1 + 2 * (size_t)p->depth;
    uint8_t *at = buf_reserve(p->out, n);
    if (at == NULL)
        return;
    memset(at, ' ', n);
    at[0] = '\n';
    p->out->n += n;
}

static void begin(struct printer *p, char bracket)
{
    buf_char(p->out, bracket);
    p->depth++;
}

/* Before a member or entry; *count is that of those already out. */
static void next(struct printer *p, unsigned *count)
{
    if ((*count)++ > 0)
        buf_char(p->out, ',');
    add_line(p);
}

static void end(struct printer *p, char bracket, unsigned count)
{
    p->depth--;
    if (count > 0)
        add_line(p);
    buf_char(p->out, bracket);
}

/* "prefix{uri}name": */
static void add_key(struct printer *p, const char *prefix, const char *uri, const char *name)
{
    buf_char(p->out, '"');
    buf_text(p->out, prefix);
    if (uri != NULL) {
        buf_char(p->out, '{');
        add_string((const uint8_t *)uri, strlen(uri), p->out);
        buf_char(p->out, '}');
    }
    add_string((const uint8_t *)name, strlen(name), p->out);
    buf_add(p->out, "\": ", p->pretty ? 3 : 2);
}

static bool is_short_integer(const struct bytes *b)
{
    return b->n > 0 && b->n <= 18;
}

static void print_simple(struct printer *p, const struct field *f, union value v)
{
    bool is_text = false;
    switch ((enum kind)f->kind) {
    case KIND_STRING:
    case KIND_TEXT:
        json_quote((const char *)v.b->p, v.b->n, p->out);
        return;
    case KIND_ENUM:
        is_text = v.u < f->simple->members;
        break;
    case KIND_UNSIGNED:
        is_text = v.u > INT64_MAX;
        break;
    case KIND_BIG:
        is_text = !is_short_integer(v.b);
        break;
    case KIND_HEX:
    case KIND_BASE64:
        is_text = true;
        break;
    case KIND_BOOLEAN:
    case KIND_NBIT:
    case KIND_SIGNED:
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
        break;
    }
    if (is_text)
        buf_char(p->out, '"');
    value_text(f, v, p->out);
    if (is_text)
        buf_char(p->out, '"');
}

static void print_node(struct printer *p, const struct node *n);
static void print_any(struct printer *p, const struct any *any);

static void print_value(struct printer *p, const struct field *f, union value v)
{
    if (f->kind == KIND_NODE)
        print_node(p, v.n);
    else if (f->kind == KIND_ANY)
        print_any(p, v.any);
    else
        print_simple(p, f, v);
}

static void print_list(struct printer *p, const struct field *f, const struct list *l)
{
    unsigned count = 0;
    begin(p, '[');
    for (uint32_t i = 0; i < l->n; i++) {
        next(p, &count);
        print_value(p, f, l->v[i]);
    }
    end(p, ']', count);
}

/* An object with one member: the element and its value. */
static void print_named(struct printer *p, const char *uri, const struct field *f,
                        const struct any *any, union value v)
{
    begin(p, '{');
    add_line(p);
    add_key(p, "", uri, any != NULL ? any->name : f->name);
    if (any != NULL)
        print_any(p, any);
    else
        print_value(p, f, v);
    end(p, '}', 1);
}

static void print_items(struct printer *p, const struct type *t, const struct items *items)
{
    unsigned count = 0;
    add_key(p, "", NULL, "content");
    begin(p, '[');
    for (uint32_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        next(p, &count);
        if (item->slot == t->fields)
            json_quote((const char *)item->v.b->p, item->v.b->n, p->out);
        else if (t->field[item->slot].kind == KIND_ANY)
            print_named(p, item->v.any->uri, NULL, item->v.any, item->v);
        else
            print_named(p, NULL, &t->field[item->slot], NULL, item->v);
    }
    end(p, ']', count);
}

static void print_node(struct printer *p, const struct node *n)
{
    const struct type *t = n->type;
    const struct items *items = node_items(n);
    unsigned count = 0;
    unsigned slots = t->is_open ? t->attributes : t->fields;
    begin(p, '{');
    for (unsigned i = 0; i < slots && p->depth <= DEPTH_MAX; i++) {
        const struct field *f = &t->field[i];
        if (!node_has(n, i))
            continue;
        next(p, &count);
        add_key(p, f->is_attribute ? "@" : "", NULL, f->is_content ? "content" : f->name);
        if (f->is_list)
            print_list(p, f, n->v[i].l);
        else
            print_value(p, f, n->v[i]);
    }
    if (items != NULL && items->n > 0 && p->depth <= DEPTH_MAX) {
        next(p, &count);
        print_items(p, t, items);
    }
    end(p, '}', count);
}

static void print_any_content(struct printer *p, const struct any *any)
{
    unsigned count = 0;
    add_key(p, "", NULL, "content");
    begin(p, '[');
    for (const struct any_part *part = any->first; part != NULL; part = part->next) {
        if (part->what == ANY_ATTRIBUTE)
            continue;
        next(p, &count);
        if (part->what == ANY_TEXT)
            json_quote((const char *)part->text->p, part->text->n, p->out);
        else
            print_named(p, part->element->uri, NULL, part->element, part->element->v);
    }
    end(p, ']', count);
}

static void print_any(struct printer *p, const struct any *any)
{
    if (any->known != NULL) {
        print_value(p, &any->known->as, any->v);
        return;
    }
    unsigned count = 0;
    bool has_content = false;
    begin(p, '{');
    for (const struct any_part *part = any->first; part != NULL; part = part->next) {
        has_content = has_content || part->what != ANY_ATTRIBUTE;
        if (part->what != ANY_ATTRIBUTE)
            continue;
        next(p, &count);
        add_key(p, "@", part->uri[0] == '\0' ? NULL : part->uri, part->name);
        json_quote((const char *)part->text->p, part->text->n, p->out);
    }
    if (has_content && p->depth <= DEPTH_MAX) {
        next(p, &count);
        print_any_content(p, any);
    }
    end(p, '}', count);
}

/* Whether another element that can be a root has the same local name. */
static bool is_ambiguous(const struct message *m, const char *name)
{
    const struct schema *s = m->schema;
    unsigned found = 0;
    for (unsigned i = 0; m->is_fragment && i < s->names; i++)
        found += strcmp(s->fragment[i].name, name) == 0;
    for (unsigned i = 0; !m->is_fragment && i < s->elements; i++)
        found += strcmp(s->element[i]->as.name, name) == 0;
    return found > 1;
}

void json_print(const struct message *m, enum json_form form, struct buf *out)
{
    struct printer p = {.out = out, .s = m->schema, .pretty = form == JSON_PRETTY};
    if (m->relaxed == NULL && m->as == NULL) {
        buf_text(out, "null");
        return;
    }
    const char *name = m->relaxed != NULL ? m->relaxed->name : m->as->name;
    const char *uri = m->relaxed != NULL ? m->relaxed->uri : schema_uri(p.s, m->as->ns);
    print_named(&p, is_ambiguous(m, name) ? uri : NULL, m->as, m->relaxed, m->v);
}
