/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/xml.h"

#include "base/ncname.h"
#include "base/utf8.h"
#include "codec/value.h"

#include <stdio.h>
#include <string.h>

#define URI_XML "http://www.w3.org/XML/1998/namespace"
#define URI_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define URI_XSD "http://www.w3.org/2001/XMLSchema"

/* ---- text ---- */

/* Where text goes. */
struct target {
    struct buf *out;
    bool has_octets; /* some of it is no XML text, and goes out as octets */
};

/* What a byte needs: nothing, an escape everywhere, one in attributes (or on one line), a look at
 * the whole UTF-8 sequence. */
enum need { NEED_NOTHING, NEED_ESCAPE, NEED_LINE, NEED_SEQUENCE, NEED_OCTET };

static enum need need_of(uint8_t c)
{
    if (c >= 0x80)
        return NEED_SEQUENCE;
    if (c >= 0x20)
        return c == '<' || c == '>' || c == '&' || c == '"' ? NEED_ESCAPE : NEED_NOTHING;
    if (c == '\r')
        return NEED_ESCAPE;
    return c == '\t' || c == '\n' ? NEED_LINE : NEED_OCTET;
}

static void add_escape(struct buf *out, uint8_t c)
{
    switch (c) {
    case '<':
        buf_add(out, "&lt;", 4);
        break;
    case '>':
        buf_add(out, "&gt;", 4);
        break;
    case '&':
        buf_add(out, "&amp;", 5);
        break;
    case '"':
        buf_add(out, "&quot;", 6);
        break;
    default:
        buf_printf(out, "&#x%X;", c);
    }
}

/* As U+EF00 to U+EFFF. */
static void add_octets(struct target *t, const uint8_t *p, size_t n)
{
    t->has_octets = true;
    for (size_t i = 0; i < n; i++)
        buf_add(t->out, (uint8_t[]){0xEE, 0xBC | p[i] >> 6, 0x80 | (p[i] & 0x3F)}, 3);
}

/* Adds a sequence of bytes from 0x80 on; returns how many it took. Characters that stand for octets
 * in the same document cannot stand for themselves. */
static size_t add_sequence(struct target *t, const uint8_t *p, size_t n)
{
    uint32_t c = 0;
    unsigned length = utf8_length(p, n, &c);
    bool is_taken = t->has_octets && c >= 0xEF00 && c <= 0xEFFF;
    if (length > 0 && c != 0xFFFE && c != 0xFFFF && !is_taken) {
        buf_add(t->out, p, length);
        return length;
    }
    length = length > 0 ? length : 1;
    add_octets(t, p, length);
    return length;
}

static void add_text(struct target *t, const uint8_t *p, size_t n, bool is_attribute, bool one_line)
{
    size_t from = 0, i = 0;
    while (i < n) {
        enum need need = need_of(p[i]);
        bool plain = need == NEED_NOTHING || (need == NEED_LINE && !is_attribute && !one_line) ||
                     (p[i] == '"' && !is_attribute) || (p[i] == '\t' && !is_attribute);
        if (plain) {
            i++;
            continue;
        }
        buf_add(t->out, p + from, i - from);
        if (need == NEED_SEQUENCE)
            i += add_sequence(t, p + i, n - i);
        else if (need == NEED_OCTET)
            add_octets(t, p + i++, 1);
        else
            add_escape(t->out, p[i++]);
        from = i;
    }
    buf_add(t->out, p + from, i - from);
}

/* What a reader takes for layout. (Not '\r': parsed text only has it where it was escaped.) */
static bool is_layout(const struct bytes *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (b->p[i] != ' ' && b->p[i] != '\t' && b->p[i] != '\n')
            return false;
    return b->n > 0;
}

/* ---- printing ---- */

struct printer {
    struct buf *out;
    struct target text; /* the same, for what strings hold */
    const struct schema *s;
    bool pages;
    bool has_root; /* the root's start tag is out */
    unsigned depth;
    unsigned inside;   /* elements around that hold characters: no white space is added there */
    uint8_t rank[256]; /* of a namespace: number of its prefix */
};

/* The name of an element or attribute, and where its default namespace stands. */
struct qname {
    const char *name, *uri;
    int ns;          /* index, or -1 */
    bool is_foreign; /* from the wire, so that it may hold anything */
};

static struct qname qname_of(const struct printer *p, const struct field *f)
{
    return (struct qname){f->name, schema_uri(p->s, f->ns), f->ns == SCHEMA_NO_NS ? -1 : f->ns,
                          false};
}

static struct qname foreign_qname(const struct printer *p, const char *uri, const char *name)
{
    struct qname q = {name, uri, -1, true};
    for (int i = 0; i < p->s->namespaces && q.ns < 0; i++)
        if (strcmp(p->s->ns[i].uri, uri) == 0)
            q.ns = i;
    return q;
}

/* A name that nobody checked: what no XML name may hold becomes '_'. */
static void add_foreign_name(struct buf *out, const char *name)
{
    const uint8_t *c = (const uint8_t *)name;
    size_t n = strlen(name);
    uint32_t first = 0;
    if (n == 0 || (utf8_length(c, n, &first) > 0 && ncname_holds(first) && !ncname_begins(first)))
        buf_char(out, '_');
    for (size_t i = 0; i < n;) {
        uint32_t character = 0;
        unsigned length = utf8_length(c + i, n - i, &character);
        if (length > 0 && ncname_holds(character))
            buf_add(out, c + i, length);
        else
            buf_char(out, '_');
        i += length > 0 ? length : 1;
    }
}

static void add_name(struct printer *p, struct qname q)
{
    if (p->pages && q.ns >= 0) {
        buf_char(p->out, 's');
        buf_number(p->out, p->rank[q.ns]);
        buf_char(p->out, ':');
    } else if (q.is_foreign && strcmp(q.uri, URI_XML) == 0) {
        buf_text(p->out, "xml:");
    }
    if (q.is_foreign)
        add_foreign_name(p->out, q.name);
    else
        buf_text(p->out, q.name);
}

static void add_quoted(struct printer *p, const char *text)
{
    buf_char(p->out, '"');
    add_text(&p->text, (const uint8_t *)text, strlen(text), true, true);
    buf_char(p->out, '"');
}

static void add_declarations(struct printer *p)
{
    buf_text(p->out,
             " xmlns:xml=\"" URI_XML "\" xmlns:xsi=\"" URI_XSI "\" xmlns:xsd=\"" URI_XSD "\"");
    for (unsigned i = 0; i < p->s->namespaces; i++) {
        buf_text(p->out, " xmlns:s");
        buf_number(p->out, i);
        buf_char(p->out, '=');
        add_quoted(p, p->s->ns[p->s->ns_sorted[i]].uri);
    }
}

static void add_indent(struct printer *p)
{
    if (!p->pages || p->inside > 0 || !p->has_root)
        return;
    size_t n = 1 + 2 * (size_t)p->depth;
    uint8_t *at = buf_reserve(p->out, n);
    if (at == NULL)
        return;
    memset(at, ' ', n);
    at[0] = '\n';
    p->out->n += n;
}

/* Opens a start tag (without its end); returns the default namespace within. */
static const char *begin_tag(struct printer *p, struct qname q, const char *scope)
{
    add_indent(p);
    buf_char(p->out, '<');
    add_name(p, q);
    if (p->pages && !p->has_root)
        add_declarations(p);
    p->has_root = true;
    bool has_prefix = (p->pages && q.ns >= 0) || (q.is_foreign && strcmp(q.uri, URI_XML) == 0);
    if (has_prefix || scope == q.uri || strcmp(scope, q.uri) == 0)
        return scope;
    buf_text(p->out, " xmlns=");
    add_quoted(p, q.uri);
    return q.uri;
}

static void end_tag(struct printer *p, struct qname q)
{
    buf_add(p->out, "</", 2);
    add_name(p, q);
    buf_char(p->out, '>');
}

/* Begins an attribute; *declared counts prefixes a0, a1 … of this element, *last is the URI of the
 * newest one. */
static void begin_attribute(struct printer *p, struct qname q, unsigned *declared,
                            const char **last)
{
    bool has_prefix = q.uri[0] == '\0' || (p->pages && q.ns >= 0) ||
                      (q.is_foreign && strcmp(q.uri, URI_XML) == 0);
    if (!has_prefix && (*last == NULL || strcmp(*last, q.uri) != 0)) {
        buf_text(p->out, " xmlns:a");
        buf_number(p->out, (*declared)++);
        buf_char(p->out, '=');
        add_quoted(p, q.uri);
        *last = q.uri;
    }
    buf_char(p->out, ' ');
    if (!has_prefix) {
        buf_char(p->out, 'a');
        buf_number(p->out, *declared - 1);
        buf_char(p->out, ':');
    }
    add_name(p, q);
    buf_char(p->out, '=');
}

static void print_value(struct printer *p, const struct field *f, union value v)
{
    if (f->kind == KIND_STRING || f->kind == KIND_TEXT)
        add_text(&p->text, v.b->p, v.b->n, false, !p->pages);
    else
        value_text(f, v, p->out);
}

/* Characters of mixed content; blank ones in a form in which a reader can tell them from layout. */
static void print_text(struct printer *p, const struct bytes *b)
{
    if (is_layout(b)) {
        buf_text(p->out, "<![CDATA[");
        buf_add(p->out, b->p, b->n);
        buf_text(p->out, "]]>");
        return;
    }
    add_text(&p->text, b->p, b->n, false, !p->pages);
}

static void print_attributes(struct printer *p, const struct node *n)
{
    unsigned declared = 0;
    const char *last = NULL;
    for (unsigned i = 0; i < n->type->attributes; i++) {
        const struct field *f = &n->type->field[i];
        if (!node_has(n, i))
            continue;
        begin_attribute(p, qname_of(p, f), &declared, &last);
        buf_char(p->out, '"');
        if (f->kind == KIND_STRING)
            add_text(&p->text, n->v[i].b->p, n->v[i].b->n, true, true);
        else
            value_text(f, n->v[i], p->out);
        buf_char(p->out, '"');
    }
}

static void print_element(struct printer *p, const struct field *f, union value v,
                          const char *scope);
static void print_any(struct printer *p, const struct any *any, const char *scope);

static void print_items(struct printer *p, const struct node *n, const char *scope)
{
    const struct items *items = node_items(n);
    for (uint32_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        if (item->slot == n->type->fields)
            print_text(p, item->v.b);
        else
            print_element(p, &n->type->field[item->slot], item->v, scope);
    }
}

static void print_children(struct printer *p, const struct node *n, const char *scope)
{
    for (unsigned i = n->type->attributes; i < n->type->fields; i++) {
        const struct field *f = &n->type->field[i];
        if (!node_has(n, i))
            continue;
        if (f->is_content) {
            print_value(p, f, n->v[i]);
            continue;
        }
        if (!f->is_list) {
            print_element(p, f, n->v[i], scope);
            continue;
        }
        for (uint32_t k = 0; k < n->v[i].l->n; k++)
            print_element(p, f, n->v[i].l->v[k], scope);
    }
}

enum content { CONTENT_NONE, CONTENT_ELEMENTS, CONTENT_TEXT };

static enum content content_of_open(const struct node *n)
{
    const struct items *items = node_items(n);
    enum content found = CONTENT_NONE;
    for (uint32_t i = 0; items != NULL && i < items->n; i++) {
        if (items->at[i].slot != n->type->fields)
            found = CONTENT_ELEMENTS;
        else if (items->at[i].v.b->n > 0)
            return CONTENT_TEXT;
    }
    return found;
}

static enum content content_of(const struct node *n)
{
    if (n->type->is_open)
        return content_of_open(n);
    for (unsigned i = n->type->attributes; i < n->type->fields; i++) {
        const struct field *f = &n->type->field[i];
        if (!node_has(n, i))
            continue;
        if (!f->is_content)
            return CONTENT_ELEMENTS;
        bool has_octets = f->kind >= KIND_BIG && f->kind <= KIND_BASE64;
        return has_octets && n->v[i].b->n == 0 ? CONTENT_NONE : CONTENT_TEXT;
    }
    return CONTENT_NONE;
}

static void print_node(struct printer *p, struct qname q, const struct node *n, const char *scope)
{
    enum content content = p->depth < MESSAGE_DEPTH_MAX ? content_of(n) : CONTENT_NONE;
    scope = begin_tag(p, q, scope);
    print_attributes(p, n);
    if (content == CONTENT_NONE) {
        buf_add(p->out, "/>", 2);
        return;
    }
    buf_char(p->out, '>');
    p->depth++;
    p->inside += content == CONTENT_TEXT;
    if (n->type->is_open)
        print_items(p, n, scope);
    else
        print_children(p, n, scope);
    p->depth--;
    if (content != CONTENT_TEXT)
        add_indent(p);
    p->inside -= content == CONTENT_TEXT;
    end_tag(p, q);
}

static void print_simple(struct printer *p, struct qname q, const struct field *f, union value v,
                         const char *scope)
{
    begin_tag(p, q, scope);
    bool has_octets = f->kind >= KIND_BIG && f->kind <= KIND_BASE64;
    if (has_octets && v.b->n == 0) {
        buf_add(p->out, "/>", 2);
        return;
    }
    buf_char(p->out, '>');
    print_value(p, f, v);
    end_tag(p, q);
}

static void print_as(struct printer *p, struct qname q, const struct field *f, union value v,
                     const char *scope)
{
    if (f->kind == KIND_NODE)
        print_node(p, q, v.n, scope);
    else
        print_simple(p, q, f, v, scope);
}

static void print_element(struct printer *p, const struct field *f, union value v,
                          const char *scope)
{
    if (f->kind == KIND_ANY)
        print_any(p, v.any, scope);
    else
        print_as(p, qname_of(p, f), f, v, scope);
}

/* ---- elements that wildcards let in ---- */

static void print_any_attributes(struct printer *p, const struct any *any)
{
    unsigned declared = 0;
    const char *last = NULL;
    for (const struct any_part *part = any->first; part != NULL; part = part->next) {
        if (part->what != ANY_ATTRIBUTE)
            continue;
        begin_attribute(p, foreign_qname(p, part->uri, part->name), &declared, &last);
        buf_char(p->out, '"');
        add_text(&p->text, part->text->p, part->text->n, true, true);
        buf_char(p->out, '"');
    }
}

static enum content content_of_any(const struct any *any)
{
    enum content found = CONTENT_NONE;
    for (const struct any_part *part = any->first; part != NULL; part = part->next) {
        if (part->what == ANY_ELEMENT)
            found = CONTENT_ELEMENTS;
        else if (part->what == ANY_TEXT && part->text->n > 0)
            return CONTENT_TEXT;
    }
    return found;
}

static void print_any(struct printer *p, const struct any *any, const char *scope)
{
    struct qname q = foreign_qname(p, any->uri, any->name);
    if (any->known != NULL) {
        print_as(p, q, &any->known->as, any->v, scope);
        return;
    }
    enum content content = p->depth < MESSAGE_DEPTH_MAX ? content_of_any(any) : CONTENT_NONE;
    scope = begin_tag(p, q, scope);
    print_any_attributes(p, any);
    if (content == CONTENT_NONE) {
        buf_add(p->out, "/>", 2);
        return;
    }
    buf_char(p->out, '>');
    p->depth++;
    p->inside += content == CONTENT_TEXT;
    for (const struct any_part *part = any->first; part != NULL; part = part->next) {
        if (part->what == ANY_ELEMENT)
            print_any(p, part->element, scope);
        else if (part->what == ANY_TEXT)
            print_text(p, part->text);
    }
    p->depth--;
    if (content != CONTENT_TEXT)
        add_indent(p);
    p->inside -= content == CONTENT_TEXT;
    end_tag(p, q);
}

static void print_document(const struct message *m, enum xml_form form, struct buf *out,
                           bool *has_octets)
{
    struct printer p = {
        .out = out, .text = {out, *has_octets}, .s = m->schema, .pages = form == XML_PAGES};
    for (unsigned i = 0; i < p.s->namespaces; i++)
        p.rank[p.s->ns_sorted[i]] = (uint8_t)i;
    if (p.pages)
        buf_text(out, "<?xml version=\"1.0\" ?>\n");
    if (*has_octets)
        buf_printf(out, "<?" XML_OCTETS_TARGET " " XML_OCTETS_DATA "?>%s", p.pages ? "\n" : "");
    if (m->relaxed != NULL)
        print_any(&p, m->relaxed, "");
    else if (m->as != NULL)
        print_element(&p, m->as, m->v, "");
    *has_octets = p.text.has_octets;
}

void xml_print(const struct message *m, enum xml_form form, struct buf *out)
{
    bool has_octets = false;
    size_t begin = out->n;
    print_document(m, form, out, &has_octets);
    if (!has_octets)
        return;
    out->n = begin; /* once more, and said in front */
    print_document(m, form, out, &has_octets);
}
