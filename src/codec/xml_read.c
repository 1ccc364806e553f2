/* SPDX-License-Identifier: Apache-2.0 */
/* XML in: one pass over libxml2's reader, element by element, into slots. */
#include "base/nearest.h"
#include "codec/value.h"
#include "codec/xml.h"

#include <libxml/xmlreader.h>
#include <stdio.h>
#include <string.h>

#define XML_SIZE_MAX (64u * 1024 * 1024)
#define SHOWN_MAX 40 /* bytes of bad input that an error repeats */

static const char URI_XSI[] = "http://www.w3.org/2001/XMLSchema-instance";

struct reader {
    xmlTextReaderPtr x;
    const struct schema *s;
    struct arena *a;
    struct err *e;
    struct buf text;   /* characters that are being gathered, of all open elements */
    bool is_explicit;  /* some of them were written as CDATA: kept even if blank */
    char problem[304]; /* libxml2's first complaint */
    int problem_line;
};

/* An open element as the reader stands on it. */
struct place {
    const char *name;
    int line;
    bool is_empty; /* <X/>: no end tag will come */
};

static int put_line(struct err *e, int line)
{
    if (e->line == ERR_NO_PLACE)
        e->line = line;
    return -1;
}

#define FAIL(r, place, ...) (err_set((r)->e, __VA_ARGS__), put_line((r)->e, (place)->line))

static int no_memory(struct reader *r, const struct place *place)
{
    return FAIL(r, place, "the message is too large: its memory is used up");
}

static const char *local_name(struct reader *r)
{
    const xmlChar *name = xmlTextReaderConstLocalName(r->x);
    return name == NULL ? "" : (const char *)name;
}

static const char *namespace_uri(struct reader *r)
{
    const xmlChar *uri = xmlTextReaderConstNamespaceUri(r->x);
    return uri == NULL ? "" : (const char *)uri;
}

static struct place place_of(struct reader *r)
{
    xmlNodePtr node = xmlTextReaderCurrentNode(r->x);
    long line = node == NULL ? 0 : xmlGetLineNo(node);
    return (struct place){.name = local_name(r),
                          .line = line > 0 ? (int)line : ERR_NO_PLACE,
                          .is_empty = xmlTextReaderIsEmptyElement(r->x) == 1};
}

/* Number of a namespace: SCHEMA_NO_NS for "", -1 where the schema has none of that URI. */
static int namespace_index(const struct schema *s, const char *uri)
{
    if (uri[0] == '\0')
        return SCHEMA_NO_NS;
    for (int i = 0; i < s->namespaces; i++)
        if (strcmp(s->ns[i].uri, uri) == 0)
            return i;
    return -1;
}

/* ---- moving on ---- */

enum part { PART_ELEMENT, PART_END, PART_FAILED };

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_problem;
#else
typedef xmlError *xml_problem;
#endif

/* Keeps the first error that libxml2 tells; later ones are its consequences. */
static void keep_problem(void *context, xml_problem problem)
{
    struct reader *r = context;
    const char *why = problem->message == NULL ? "" : problem->message;
    if (problem->code == XML_ERR_DOCUMENT_END) /* told of both */
        why = "it ends too early, or goes on behind its end";
    size_t n = strlen(why);
    while (n > 0 && (why[n - 1] == '\n' || why[n - 1] == ' '))
        n--;
    if (problem->level < XML_ERR_ERROR || r->problem[0] != '\0')
        return;
    snprintf(r->problem, sizeof r->problem, "%.*s", (int)(n > 300 ? 300 : n), why);
    r->problem_line = problem->line > 0 ? problem->line : 1;
}

static int broken(struct reader *r)
{
    struct place place = {.line = r->problem_line};
    return FAIL(r, &place, "this is no well-formed XML: %s",
                r->problem[0] == '\0' ? "the parser gave no reason" : r->problem);
}

static void gather(struct reader *r, bool is_explicit)
{
    const xmlChar *text = xmlTextReaderConstValue(r->x);
    if (text != NULL)
        buf_text(&r->text, (const char *)text);
    r->is_explicit = r->is_explicit || is_explicit;
}

/* Goes on to the next start or end tag, gathering the characters before it. */
static enum part next_part(struct reader *r)
{
    int more;
    while ((more = xmlTextReaderRead(r->x)) == 1) {
        struct place place = place_of(r);
        switch (xmlTextReaderNodeType(r->x)) {
        case XML_READER_TYPE_ELEMENT:
            return PART_ELEMENT;
        case XML_READER_TYPE_END_ELEMENT:
            return PART_END;
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_WHITESPACE:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            gather(r, false);
            break;
        case XML_READER_TYPE_CDATA:
            gather(r, true);
            break;
        case XML_READER_TYPE_COMMENT:
        case XML_READER_TYPE_PROCESSING_INSTRUCTION:
            break;
        case XML_READER_TYPE_DOCUMENT_TYPE:
            FAIL(r, &place, "a document type declaration; expected none in a message");
            return PART_FAILED;
        default:
            FAIL(r, &place, "an entity reference (&%.*s;); expected characters", SHOWN_MAX,
                 place.name);
            return PART_FAILED;
        }
    }
    if (more < 0)
        broken(r);
    return more < 0 ? PART_FAILED : PART_END;
}

static bool is_layout(const struct reader *r, size_t from)
{
    if (r->is_explicit)
        return r->text.n == from;
    for (size_t i = from; i < r->text.n; i++)
        if (r->text.p[i] != ' ' && r->text.p[i] != '\t' && r->text.p[i] != '\n')
            return false;
    return true;
}

/* ---- elements that do not fit ---- */

static int unknown_child(struct reader *r, const struct type *t, const struct place *place)
{
    char expected[TYPE_NAMES_MAX];
    const char *name = place->name, *uri = namespace_uri(r);
    for (unsigned i = t->attributes; i < t->fields; i++) {
        const struct field *f = &t->field[i];
        if (f->is_content || f->kind == KIND_ANY || strcmp(f->name, name) != 0)
            continue;
        if (f->kind == KIND_ABSTRACT)
            return FAIL(r, place,
                        "element %s is abstract; expected an element that may stand for "
                        "it",
                        name);
        return FAIL(r, place, "element %s is in namespace '%.*s'; expected '%s'", name,
                    2 * SHOWN_MAX, uri, schema_uri(r->s, f->ns));
    }
    return FAIL(r, place, "unknown element %.*s; %s", SHOWN_MAX, name,
                type_names(t, false, name, expected));
}

/* ---- attributes ---- */

static int attribute_slot(struct reader *r, const struct type *t)
{
    const char *name = local_name(r);
    int ns = namespace_index(r->s, namespace_uri(r));
    for (unsigned i = 0; t != NULL && i < t->attributes; i++)
        if (t->field[i].ns == ns && strcmp(t->field[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Attributes about the XML rather than of the element: 1 skip it, 0 it is none, -1 refused. */
static int skip_attribute(struct reader *r, const struct place *place)
{
    if (xmlTextReaderIsNamespaceDecl(r->x) == 1)
        return 1;
    const char *uri = namespace_uri(r), *name = local_name(r);
    if (strcmp(uri, URI_XSI) != 0)
        return 0;
    if (strcmp(name, "schemaLocation") == 0 || strcmp(name, "noNamespaceSchemaLocation") == 0)
        return 1;
    return FAIL(r, place,
                "attribute xsi:%.*s; expected none: V2G messages do not change types or "
                "leave out content that way",
                SHOWN_MAX, name);
}

static int unknown_attribute(struct reader *r, const struct type *t, const struct place *place)
{
    char expected[TYPE_NAMES_MAX];
    const char *name = local_name(r);
    for (unsigned i = 0; t != NULL && i < t->attributes; i++)
        if (strcmp(t->field[i].name, name) == 0)
            return FAIL(r, place, "attribute %s is in namespace '%.*s'; expected '%s'", name,
                        2 * SHOWN_MAX, namespace_uri(r), schema_uri(r->s, t->field[i].ns));
    return FAIL(r, place, "unknown attribute %.*s; %s", SHOWN_MAX, name,
                t == NULL ? "expected none" : type_names(t, true, name, expected));
}

static int read_attribute(struct reader *r, struct node *n, const struct type *t,
                          const struct place *place)
{
    union value v;
    int slot = attribute_slot(r, t);
    if (slot < 0)
        return unknown_attribute(r, t, place);
    const xmlChar *text = xmlTextReaderConstValue(r->x);
    const char *value = text == NULL ? "" : (const char *)text;
    if (value_read(&t->field[slot], value, strlen(value), r->a, &v, r->e) != 0) {
        err_under(r->e, t->field[slot].name);
        return put_line(r->e, place->line);
    }
    node_set(n, (unsigned)slot, v);
    return 0;
}

/* Reads all attributes into n (NULL, and t NULL: there should be none). */
static int read_attributes(struct reader *r, struct node *n, const struct type *t,
                           const struct place *place)
{
    int more, bad = 0;
    for (more = xmlTextReaderMoveToFirstAttribute(r->x); more == 1 && bad == 0;
         more = xmlTextReaderMoveToNextAttribute(r->x)) {
        int skip = skip_attribute(r, place);
        bad = skip < 0 ? -1 : skip > 0 ? 0 : read_attribute(r, n, t, place);
    }
    if (more < 0)
        return broken(r);
    xmlTextReaderMoveToElement(r->x);
    return bad;
}

/* ---- elements ---- */

static int read_element(struct reader *r, const struct field *f, union value *v, unsigned depth);
static int read_any(struct reader *r, struct any **out, unsigned depth);

static int read_text_value(struct reader *r, const struct field *f, size_t from, union value *v,
                           const struct place *place)
{
    const char *text = from < r->text.n ? (const char *)r->text.p + from : "";
    int bad = value_read(f, text, r->text.n - from, r->a, v, r->e);
    r->text.n = from;
    r->is_explicit = false;
    return bad != 0 ? put_line(r->e, place->line) : 0;
}

static int read_simple(struct reader *r, const struct field *f, union value *v,
                       const struct place *place)
{
    size_t from = r->text.n;
    if (read_attributes(r, NULL, NULL, place) != 0)
        return -1;
    enum part part = place->is_empty ? PART_END : next_part(r);
    if (part == PART_FAILED)
        return -1;
    if (part == PART_ELEMENT)
        return FAIL(r, place, "element %.*s within %s; expected text only", SHOWN_MAX,
                    local_name(r), place->name);
    return read_text_value(r, f, from, v, place);
}

/* What has been read of an element with child elements. */
struct building {
    struct node *n;
    struct place place;
    unsigned state; /* of open content */
    unsigned hint;  /* slot where the next child is expected */
    size_t from;    /* of its characters in r->text */
};

/* Makes the characters gathered so far an item of mixed content; they end at a tag. */
static int flush_text(struct reader *r, struct building *b)
{
    const struct type *t = b->n->type;
    bool drop = is_layout(r, b->from);
    size_t n = r->text.n - b->from;
    const char *text = n > 0 ? (const char *)r->text.p + b->from : "";
    r->is_explicit = false;
    r->text.n = b->from;
    if (drop)
        return 0;
    if (!t->is_mixed)
        return FAIL(r, &b->place, "text '%.*s' within %s; expected child elements only",
                    n > SHOWN_MAX ? SHOWN_MAX : (int)n, text, b->place.name);
    union value v = {.b = bytes_new(r->a, text, n)};
    if (v.b == NULL || node_add_item(r->a, b->n, t->fields, v) != 0)
        return no_memory(r, &b->place);
    b->state = type_state_after(t, b->state, t->fields);
    return 0;
}

static int find_child(struct reader *r, const struct building *b)
{
    const struct type *t = b->n->type;
    const char *name = local_name(r);
    int ns = namespace_index(r->s, namespace_uri(r));
    if (t->is_open) /* a namespace that no field has leaves wildcards only */
        return type_open_slot(t, b->state, name, strlen(name), ns < 0 ? UINT8_MAX + 1 : ns);
    for (unsigned i = b->hint, left = t->fields; left > 0; left--, i++) {
        i = i < t->fields ? i : 0;
        const struct field *f = &t->field[i];
        if (i >= t->attributes && f->ns == ns && !f->is_content && f->kind != KIND_ABSTRACT &&
            strcmp(f->name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* A child may come once, and not beside the alternatives to it. */
static int check_child(struct reader *r, const struct building *b, unsigned slot,
                       const struct place *place)
{
    const struct type *t = b->n->type;
    const struct field *f = &t->field[slot];
    if (!f->is_list && node_has(b->n, slot))
        return FAIL(r, place, "a second element %s in %s; expected one", f->name, b->place.name);
    for (unsigned i = 0; f->choice != 0 && i < t->fields; i++)
        if (i != slot && node_has(b->n, i) && t->field[i].choice == f->choice)
            return FAIL(r, place, "elements %s and %s in %s; expected one of them",
                        t->field[i].name, f->name, b->place.name);
    return 0;
}

static int read_child(struct reader *r, struct building *b, unsigned depth)
{
    const struct type *t = b->n->type;
    struct place place = place_of(r);
    union value v;
    int slot = find_child(r, b);
    if (slot < 0)
        return unknown_child(r, t, &place);
    const struct field *f = &t->field[slot];
    if (!t->is_open && check_child(r, b, (unsigned)slot, &place) != 0)
        return -1;
    int bad =
        f->kind == KIND_ANY ? read_any(r, &v.any, depth + 1) : read_element(r, f, &v, depth + 1);
    if (bad != 0)
        return -1;
    b->hint = (unsigned)slot;
    if (t->is_open) {
        b->state = type_state_after(t, b->state, (unsigned)slot);
        bad = node_add_item(r->a, b->n, (unsigned)slot, v);
    } else if (f->is_list) {
        bad = node_add(r->a, b->n, (unsigned)slot, v);
    } else {
        node_set(b->n, (unsigned)slot, v);
    }
    return bad != 0 ? no_memory(r, &place) : 0;
}

/* Slot of the text of an element that has attributes besides, or -1. */
static int content_slot(const struct type *t)
{
    for (unsigned i = t->attributes; i < t->fields; i++)
        if (t->field[i].is_content)
            return (int)i;
    return -1;
}

static int end_content(struct reader *r, struct building *b, int content)
{
    union value v;
    if (content < 0)
        return flush_text(r, b);
    if (read_text_value(r, &b->n->type->field[content], b->from, &v, &b->place) != 0)
        return -1;
    node_set(b->n, (unsigned)content, v);
    return 0;
}

static int read_node(struct reader *r, const struct type *t, struct node **out,
                     const struct place *place, unsigned depth)
{
    struct building b = {.place = *place, .hint = t->attributes, .from = r->text.n};
    int content = content_slot(t);
    b.n = *out = node_new(r->a, t);
    if (b.n == NULL)
        return no_memory(r, place);
    if (read_attributes(r, b.n, t, place) != 0)
        return -1;
    b.state = t->is_open ? node_state(b.n) : 0;
    r->is_explicit = false;
    enum part part = place->is_empty ? PART_END : next_part(r);
    for (; part == PART_ELEMENT; part = next_part(r))
        if ((content < 0 && flush_text(r, &b) != 0) || read_child(r, &b, depth) != 0)
            return -1;
    return part == PART_FAILED ? -1 : end_content(r, &b, content);
}

static int read_element(struct reader *r, const struct field *f, union value *v, unsigned depth)
{
    struct place place = place_of(r);
    int bad;
    if (depth >= MESSAGE_DEPTH_MAX)
        bad = FAIL(r, &place, "elements are nested too deeply; expected at most %d levels",
                   MESSAGE_DEPTH_MAX);
    else if (f->kind == KIND_NODE)
        bad = read_node(r, f->type, &v->n, &place, depth);
    else
        bad = read_simple(r, f, v, &place);
    if (bad != 0)
        err_under(r->e, f->name);
    return bad;
}

/* ---- elements that wildcards let in ---- */

static struct any_part *new_part(struct reader *r, struct any *any, int what,
                                 const struct place *place)
{
    struct any_part *part = arena_alloc(r->a, sizeof *part);
    if (part == NULL) {
        no_memory(r, place);
        return NULL;
    }
    *part = (struct any_part){.what = (unsigned)what};
    any_add(any, part);
    return part;
}

static const char *kept_text(struct reader *r, const char *text, const struct place *place)
{
    const char *kept = arena_text(r->a, text, strlen(text));
    if (kept == NULL)
        no_memory(r, place);
    return kept;
}

static int read_any_attribute(struct reader *r, struct any *any, const struct place *place)
{
    int skip = skip_attribute(r, place);
    if (skip != 0)
        return skip < 0 ? -1 : 0;
    struct any_part *part = new_part(r, any, ANY_ATTRIBUTE, place);
    if (part == NULL)
        return -1;
    const xmlChar *text = xmlTextReaderConstValue(r->x);
    size_t n = text == NULL ? 0 : strlen((const char *)text);
    part->uri = kept_text(r, namespace_uri(r), place);
    part->name = kept_text(r, local_name(r), place);
    part->text = bytes_new(r->a, text, n);
    return part->text == NULL || part->uri == NULL || part->name == NULL ? no_memory(r, place) : 0;
}

static int flush_any_text(struct reader *r, struct any *any, size_t from, bool keep,
                          const struct place *place)
{
    bool drop = r->text.n == from || (!keep && is_layout(r, from));
    size_t n = r->text.n - from;
    r->text.n = from;
    r->is_explicit = false;
    if (drop)
        return 0;
    struct any_part *part = new_part(r, any, ANY_TEXT, place);
    if (part == NULL)
        return -1;
    part->text = bytes_new(r->a, r->text.p + from, n);
    return part->text == NULL ? no_memory(r, place) : 0;
}

static int read_any_child(struct reader *r, struct any *any, unsigned depth,
                          const struct place *place)
{
    struct any *child;
    if (read_any(r, &child, depth + 1) != 0)
        return -1;
    struct any_part *part = new_part(r, any, ANY_ELEMENT, place);
    if (part == NULL)
        return -1;
    part->element = child;
    return 0;
}

typedef int child_reader(struct reader *r, struct any *any, unsigned depth,
                         const struct place *place);

/* Attributes and content of an element that is kept as it comes. */
static int read_raw(struct reader *r, struct any *any, child_reader *child, unsigned depth,
                    const struct place *place)
{
    size_t from = r->text.n;
    int more, bad = 0;
    for (more = xmlTextReaderMoveToFirstAttribute(r->x); more == 1 && bad == 0;
         more = xmlTextReaderMoveToNextAttribute(r->x))
        bad = read_any_attribute(r, any, place);
    if (bad != 0 || more < 0)
        return more < 0 ? broken(r) : -1;
    xmlTextReaderMoveToElement(r->x);
    r->is_explicit = false;
    bool has_child = false;
    enum part part = place->is_empty ? PART_END : next_part(r);
    for (; part == PART_ELEMENT; part = next_part(r)) {
        has_child = true;
        if (flush_any_text(r, any, from, false, place) != 0 || child(r, any, depth, place) != 0)
            return -1;
    }
    return part == PART_FAILED ? -1 : flush_any_text(r, any, from, !has_child, place);
}

static struct any *new_any(struct reader *r, const struct place *place)
{
    struct any *any = arena_alloc(r->a, sizeof *any);
    if (any == NULL) {
        no_memory(r, place);
        return NULL;
    }
    memset(any, 0, sizeof *any);
    any->uri = kept_text(r, namespace_uri(r), place);
    any->name = kept_text(r, place->name, place);
    return any->uri == NULL || any->name == NULL ? NULL : any;
}

static int read_any(struct reader *r, struct any **out, unsigned depth)
{
    struct place place = place_of(r);
    struct any *any = *out = new_any(r, &place);
    if (any == NULL)
        return -1;
    if (depth >= MESSAGE_DEPTH_MAX)
        return FAIL(r, &place, "elements are nested too deeply; expected at most %d levels",
                    MESSAGE_DEPTH_MAX);
    any->known = schema_global(r->s, any->uri, strlen(any->uri), any->name);
    if (any->known != NULL && any->known->is_abstract)
        return FAIL(r, &place, "element %s is abstract; it cannot stand in a message", any->name);
    if (any->known != NULL)
        return read_element(r, &any->known->as, &any->v, depth);
    int bad = read_raw(r, any, read_any_child, depth, &place);
    if (bad != 0)
        err_under(r->e, any->name);
    return bad;
}

/* ---- documents and fragments ---- */

/* A child in a relaxed fragment: described by the schema's only element of that name, where there
 * is just one. */
static int read_relaxed_child(struct reader *r, struct any *parent, unsigned depth,
                              const struct place *place)
{
    struct place here = place_of(r);
    struct any *any = new_any(r, &here);
    struct any_part *part = any == NULL ? NULL : new_part(r, parent, ANY_ELEMENT, place);
    if (part == NULL)
        return -1;
    part->element = any;
    const struct fragment_name *name = schema_fragment(r->s, any->uri, strlen(any->uri), any->name);
    if (name == NULL || name->field == NULL)
        return FAIL(r, &here,
                    "element %.*s within %s; expected an element of the schema whose type "
                    "is known by its name",
                    SHOWN_MAX, any->name, place->name);
    struct element *known = arena_alloc(r->a, sizeof *known);
    if (known == NULL)
        return no_memory(r, &here);
    *known = (struct element){.as = *name->field, .code = UINT16_MAX};
    any->known = known;
    return read_element(r, &known->as, &any->v, depth + 1);
}

static int unknown_root(struct reader *r, bool fragment, const struct place *place)
{
    struct nearest best = nearest_of_all(place->name, strlen(place->name));
    const char *best_uri = "", *uri = namespace_uri(r);
    for (unsigned i = 0; i < (fragment ? r->s->names : r->s->elements); i++)
        if (nearest_try(&best, fragment ? r->s->fragment[i].name : r->s->element[i]->as.name))
            best_uri = schema_uri(r->s, fragment ? r->s->fragment[i].ns : r->s->element[i]->as.ns);
    return FAIL(r, place, "%s has no %s %.*s in namespace '%.*s'; the nearest is %s in '%s'",
                r->s->name, fragment ? "element" : "global element", SHOWN_MAX, place->name,
                2 * SHOWN_MAX, uri, best.name, best_uri);
}

static int read_document(struct reader *r, struct message *m, const struct place *place)
{
    m->root = schema_global(r->s, namespace_uri(r), strlen(namespace_uri(r)), place->name);
    if (m->root == NULL)
        return unknown_root(r, false, place);
    if (m->root->is_abstract)
        return FAIL(r, place, "element %s is abstract; it cannot be a message", place->name);
    m->as = &m->root->as;
    return read_element(r, m->as, &m->v, 0);
}

static int read_fragment(struct reader *r, struct message *m, const struct place *place)
{
    const char *uri = namespace_uri(r);
    const struct fragment_name *name = schema_fragment(r->s, uri, strlen(uri), place->name);
    if (name == NULL)
        return unknown_root(r, true, place);
    m->is_fragment = true;
    if (name->field == NULL) {
        m->relaxed = new_any(r, place);
        return m->relaxed == NULL ? -1 : read_raw(r, m->relaxed, read_relaxed_child, 0, place);
    }
    if (name->field->kind == KIND_ABSTRACT)
        return FAIL(r, place, "element %s is abstract; it cannot be a fragment", place->name);
    m->root = schema_global(r->s, uri, strlen(uri), place->name);
    m->as = m->root != NULL ? &m->root->as : name->field;
    return read_element(r, m->as, &m->v, 0);
}

static int read_root(struct reader *r, bool fragment, struct message *m)
{
    enum part part = next_part(r);
    if (part == PART_FAILED)
        return -1;
    struct place place = place_of(r);
    if (part == PART_END)
        return FAIL(r, &place, "no element; expected a message");
    int bad = fragment ? read_fragment(r, m, &place) : read_document(r, m, &place);
    return bad != 0 || next_part(r) == PART_FAILED ? -1 : 0;
}

int xml_read(const struct schema *s, const char *text, size_t n, bool fragment, struct arena *a,
             struct message *m, struct err *e)
{
    struct reader r = {.s = s, .a = a, .e = e, .problem_line = ERR_NO_PLACE};
    *m = (struct message){.schema = s};
    if (n > XML_SIZE_MAX)
        return err_set(e, "%zu bytes of XML; expected at most %u", n, XML_SIZE_MAX);
    if (n == 0)
        return err_set(e, "no text; expected XML");
    xmlInitParser();
    r.x = xmlReaderForMemory(text, (int)n, NULL, NULL,
                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                 XML_PARSE_BIG_LINES);
    if (r.x == NULL)
        return err_set(e, "out of memory");
    xmlTextReaderSetStructuredErrorHandler(r.x, keep_problem, &r);
    int bad = read_root(&r, fragment, m);
    if (r.text.failed)
        bad = err_set(e, "out of memory");
    buf_close(&r.text);
    xmlFreeTextReader(r.x);
    return bad;
}
