/* SPDX-License-Identifier: Apache-2.0 */
/* XML in: one pass over libxml2's reader, element by element, into slots. */
#include "base/nearest.h"
#include "codec/value.h"
#include "codec/xml.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#define XML_SIZE_MAX (64u * 1024 * 1024)
#define SHOWN_MAX 40          /* bytes of bad input that an error repeats */
#define NAMES_KEPT 4096       /* by libxml2 from message to message */
#define BYTES_KEPT (1u << 20) /* of each buffer, likewise */

static const char URI_XSI[] = "http://www.w3.org/2001/XMLSchema-instance";

enum part { PART_ELEMENT, PART_END, PART_TEXT, PART_CDATA };

/* What libxml2 has told: parts of the document, in its order. */
struct told {
    enum part part;
    int line;
    const char *name, *uri; /* of an element; libxml2's, as long as the parser lives */
    size_t at;              /* of an element: its first attribute; of text: where it begins */
    size_t n;               /* attributes; bytes of text */
};

struct attribute {
    const char *name, *uri;
    size_t at, n; /* its text */
};

/* What stays for the next message. */
struct heard {
    xmlParserCtxtPtr x;
    struct buf told, attributes, chars; /* struct told, struct attribute, all text */
    struct buf source;                  /* what is read, with a 0 behind it */
};

struct reader {
    struct heard *heard;
    const struct schema *s;
    struct arena *a;
    struct err *e;
    const char *uri;       /* the namespace that was looked for last, libxml2's text; */
    int ns;                /* and its number */
    bool has_octets;       /* in text, some characters stand for octets */
    int doctype_line;      /* 0: it has no document type */
    size_t next;           /* in told */
    const struct told *on; /* the newest tag */
    struct slice text;     /* characters that were gathered since that */
    bool is_explicit;      /* some of them were written as CDATA: kept even if blank */
    char problem[304];     /* libxml2's first complaint */
    int problem_line;
};

/* An open element as the reader stands on it. */
struct place {
    const char *name;
    int line;
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

static struct place place_of(const struct reader *r)
{
    return (struct place){r->on->name, r->on->line};
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

/* The same of an element or attribute: libxml2 has each text once. */
static int namespace_of(struct reader *r, const char *uri)
{
    if (uri != r->uri) {
        r->ns = namespace_index(r->s, uri);
        r->uri = uri;
    }
    return r->ns;
}

/* ---- what libxml2 tells ---- */

/* Characters U+EF00 to U+EFFF stand for an octet each, where the document says so (xml.h). */
static size_t octets_of(uint8_t *text, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; to++) {
        bool is_octet = n - i >= 3 && text[i] == 0xEE && (text[i + 1] & 0xFC) == 0xBC;
        text[to] = is_octet ? (uint8_t)(text[i + 1] << 6 | (text[i + 2] & 0x3F)) : text[i];
        i += is_octet ? 3 : 1;
    }
    return to;
}

/* Appends characters; returns how many octets they are. */
static size_t keep_text(struct reader *r, const xmlChar *text, size_t n)
{
    size_t at = r->heard->chars.n;
    buf_add(&r->heard->chars, text, n);
    if (r->has_octets && !r->heard->chars.failed)
        r->heard->chars.n = at + octets_of(r->heard->chars.p + at, n);
    return r->heard->chars.n - at;
}

static const char *text_of(const xmlChar *text)
{
    return text == NULL ? "" : (const char *)text;
}

static struct told *tell(struct reader *r, enum part part)
{
    struct told *t = (struct told *)buf_reserve(&r->heard->told, sizeof *t);
    if (t == NULL)
        return NULL;
    *t = (struct told){.part = part,
                       .line = r->heard->x->input == NULL ? 0 : r->heard->x->input->line};
    t->line = t->line > 0 ? t->line : ERR_NO_PLACE;
    r->heard->told.n += sizeof *t;
    return t;
}

static void tell_start(void *context, const xmlChar *name, const xmlChar *prefix,
                       const xmlChar *uri, int namespaces, const xmlChar **declared, int attributes,
                       int defaulted, const xmlChar **attribute)
{
    struct reader *r = ((xmlParserCtxtPtr)context)->_private;
    struct told *t = tell(r, PART_ELEMENT);
    (void)prefix, (void)namespaces, (void)declared, (void)defaulted;
    if (t == NULL)
        return;
    t->name = text_of(name);
    t->uri = text_of(uri);
    t->at = r->heard->attributes.n / sizeof(struct attribute);
    t->n = (size_t)attributes;
    for (int i = 0; i < attributes; i++, attribute += 5) { /* name, prefix, URI, value, its end */
        struct attribute a = {text_of(attribute[0]), text_of(attribute[2]), r->heard->chars.n, 0};
        a.n = keep_text(r, attribute[3], (size_t)(attribute[4] - attribute[3]));
        buf_add(&r->heard->attributes, &a, sizeof a);
    }
}

static void tell_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct told *t = tell(((xmlParserCtxtPtr)context)->_private, PART_END);
    (void)prefix;
    if (t == NULL)
        return;
    t->name = text_of(name);
    t->uri = text_of(uri);
}

static void tell_text(struct reader *r, enum part part, const xmlChar *text, int n)
{
    struct told *t = tell(r, part);
    if (t == NULL)
        return;
    t->at = r->heard->chars.n;
    t->n = keep_text(r, text, (size_t)n);
}

static void tell_characters(void *context, const xmlChar *text, int n)
{
    tell_text(((xmlParserCtxtPtr)context)->_private, PART_TEXT, text, n);
}

static void tell_cdata(void *context, const xmlChar *text, int n)
{
    tell_text(((xmlParserCtxtPtr)context)->_private, PART_CDATA, text, n);
}

static void tell_doctype(void *context, const xmlChar *name, const xmlChar *id,
                         const xmlChar *system)
{
    struct reader *r = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)id, (void)system;
    r->doctype_line = r->heard->x->input->line;
}

static void tell_instruction(void *context, const xmlChar *target, const xmlChar *data)
{
    struct reader *r = ((xmlParserCtxtPtr)context)->_private;
    if (strcmp(text_of(target), XML_OCTETS_TARGET) == 0 &&
        strcmp(text_of(data), XML_OCTETS_DATA) == 0)
        r->has_octets = true;
}

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_problem;
#else
typedef xmlError *xml_problem;
#endif

/* Keeps the first thing that makes the text no XML; what comes later are its consequences. */
static void keep_problem(void *context, xml_problem problem)
{
    struct reader *r = ((xmlParserCtxtPtr)context)->_private;
    const char *why = problem->message == NULL ? "" : problem->message;
    if (problem->code == XML_ERR_DOCUMENT_END) /* told of both */
        why = "it ends too early, or goes on behind its end";
    size_t n = strlen(why);
    while (n > 0 && (why[n - 1] == '\n' || why[n - 1] == ' '))
        n--;
    if (problem->level < XML_ERR_FATAL || r->problem[0] != '\0')
        return;
    snprintf(r->problem, sizeof r->problem, "%.*s", (int)(n > 300 ? 300 : n), why);
    r->problem_line = problem->line > 0 ? problem->line : 1;
}

/* A parser is kept by each thread, as making one takes longer than reading a message; and the
 * memory for what it tells. */
static tss_t heard_key;
static once_flag heard_once = ONCE_FLAG_INIT;

static void free_heard(void *context)
{
    struct heard *h = context;
    if (h == NULL)
        return;
    xmlFreeParserCtxt(h->x);
    buf_close(&h->told);
    buf_close(&h->attributes);
    buf_close(&h->chars);
    buf_close(&h->source);
    free(h);
}

static void make_key(void)
{
    xmlInitParser();
    if (tss_create(&heard_key, free_heard) != thrd_success)
        abort(); /* as there are fewer keys than a system has to have */
}

/* NULL without memory. */
static struct heard *take_heard(void)
{
    static const xmlSAXHandler HANDLER = {.initialized = XML_SAX2_MAGIC,
                                          .startElementNs = tell_start,
                                          .endElementNs = tell_end,
                                          .characters = tell_characters,
                                          .ignorableWhitespace = tell_characters,
                                          .cdataBlock = tell_cdata,
                                          .internalSubset = tell_doctype,
                                          .processingInstruction = tell_instruction,
                                          .serror = keep_problem};
    call_once(&heard_once, make_key);
    struct heard *h = tss_get(heard_key);
    tss_set(heard_key, NULL);
    if (h != NULL)
        return h;
    if ((h = calloc(1, sizeof *h)) == NULL || (h->x = xmlNewParserCtxt()) == NULL) {
        free(h);
        return NULL;
    }
    *h->x->sax = HANDLER;
    return h;
}

static void clear(struct buf *b)
{
    if (b->cap > BYTES_KEPT)
        buf_close(b);
    buf_clear(b);
}

/* It keeps every name that it has met, so it goes when those have become many. */
static void give_heard(struct heard *h)
{
    if (h == NULL)
        return;
    clear(&h->told);
    clear(&h->attributes);
    clear(&h->chars);
    clear(&h->source);
    if (xmlDictSize(h->x->dict) > NAMES_KEPT || tss_set(heard_key, h) != thrd_success)
        free_heard(h);
}

/* Whether it is UTF-8 without a mark, and says nothing else: libxml2 reads that where it lies. */
static bool is_plain(const char *text, size_t n)
{
    static const char DECLARED[] = "encoding";
    const char *end = n > 5 && memcmp(text, "<?xml", 5) == 0 ? memchr(text, '>', n) : NULL;
    if (text[0] != '<' || memchr(text, '\0', n) != NULL)
        return false;
    const char *at =
        end == NULL ? NULL : memmem(text, (size_t)(end - text), DECLARED, sizeof DECLARED - 1);
    return at == NULL || memmem(at, (size_t)(end - at), "UTF-8", 5) != NULL;
}

/* Hears all of it. What libxml2 finds wrong is found where the parts end. */
static int listen(struct reader *r, const char *text, size_t n)
{
    enum { HOW = XML_PARSE_NONET | XML_PARSE_BIG_LINES };
    struct heard *h = r->heard;
    if (h == NULL)
        return -1;
    h->x->_private = r;
    if (is_plain(text, n)) {
        buf_add(&h->source, text, n);
        xmlFreeDoc(xmlCtxtReadDoc(h->x, (const xmlChar *)buf_string(&h->source), NULL, NULL, HOW));
    } else {
        xmlFreeDoc(xmlCtxtReadMemory(h->x, text, (int)n, NULL, NULL, HOW));
    }
    bool failed = h->told.failed || h->attributes.failed || h->chars.failed || h->source.failed;
    return failed ? -1 : 0;
}

/* ---- moving on ---- */

static int broken(struct reader *r)
{
    struct place place = {.line = r->problem_line};
    return FAIL(r, &place, "this is no well-formed XML: %s",
                r->problem[0] == '\0' ? "the parser gave no reason" : r->problem);
}

/* Pieces of text follow each other without a gap, as no tag is between them. */
static void gather(struct reader *r, const struct told *t)
{
    if (r->text.n == 0)
        r->text.p = r->heard->chars.p + t->at;
    r->text.n += t->n;
    r->is_explicit = r->is_explicit || t->part == PART_CDATA;
}

/* Goes on to the next tag, gathering the characters before it; whether an element begins there. */
static bool next_begins(struct reader *r)
{
    const struct told *t = (const struct told *)r->heard->told.p + r->next;
    const struct told *end = t + (r->heard->told.n / sizeof *t - r->next);
    for (; t < end && (t->part == PART_TEXT || t->part == PART_CDATA); t++)
        gather(r, t);
    r->next = (size_t)(t - (const struct told *)r->heard->told.p) + (t < end);
    r->on = t < end ? t : NULL;
    return t < end && t->part == PART_ELEMENT;
}

static bool is_layout(const struct reader *r)
{
    if (r->is_explicit)
        return r->text.n == 0;
    for (size_t i = 0; i < r->text.n; i++)
        if (r->text.p[i] != ' ' && r->text.p[i] != '\t' && r->text.p[i] != '\n')
            return false;
    return true;
}

static void forget_text(struct reader *r)
{
    r->text = (struct slice){NULL, 0};
    r->is_explicit = false;
}

/* ---- elements that do not fit ---- */

static int unknown_child(struct reader *r, const struct type *t, const struct place *place)
{
    char expected[TYPE_NAMES_MAX];
    const char *name = place->name, *uri = r->on->uri;
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

static int attribute_slot(struct reader *r, const struct type *t, const struct attribute *at)
{
    int ns = namespace_of(r, at->uri);
    for (unsigned i = 0; t != NULL && i < t->attributes; i++)
        if (t->field[i].ns == ns && strcmp(t->field[i].name, at->name) == 0)
            return (int)i;
    return -1;
}

/* Attributes about the XML rather than of the element: 1 skip it, 0 it is none, -1 refused. */
static int skip_attribute(struct reader *r, const struct attribute *at, const struct place *place)
{
    if (strcmp(at->uri, URI_XSI) != 0)
        return 0;
    if (strcmp(at->name, "schemaLocation") == 0 ||
        strcmp(at->name, "noNamespaceSchemaLocation") == 0)
        return 1;
    return FAIL(r, place,
                "attribute xsi:%.*s; expected none: V2G messages do not change types or "
                "leave out content that way",
                SHOWN_MAX, at->name);
}

static int unknown_attribute(struct reader *r, const struct type *t, const struct attribute *at,
                             const struct place *place)
{
    char expected[TYPE_NAMES_MAX];
    for (unsigned i = 0; t != NULL && i < t->attributes; i++)
        if (strcmp(t->field[i].name, at->name) == 0)
            return FAIL(r, place, "attribute %s is in namespace '%.*s'; expected '%s'", at->name,
                        2 * SHOWN_MAX, at->uri, schema_uri(r->s, t->field[i].ns));
    return FAIL(r, place, "unknown attribute %.*s; %s", SHOWN_MAX, at->name,
                t == NULL ? "expected none" : type_names(t, true, at->name, expected));
}

static int read_attribute(struct reader *r, struct node *n, const struct type *t,
                          const struct attribute *at, const struct place *place)
{
    union value v;
    int slot = attribute_slot(r, t, at);
    if (slot < 0)
        return unknown_attribute(r, t, at, place);
    const struct field *f = &t->field[slot];
    if (value_read(f, (const char *)r->heard->chars.p + at->at, at->n, r->a, &v, r->e) != 0) {
        err_under(r->e, f->name);
        return put_line(r->e, place->line);
    }
    node_set(n, (unsigned)slot, v);
    return 0;
}

/* The attributes of the element that the reader stands on; *n of them. */
static const struct attribute *attributes_of(const struct reader *r, size_t *n)
{
    *n = r->on->n;
    return *n == 0 ? NULL : (const struct attribute *)r->heard->attributes.p + r->on->at;
}

/* Reads all attributes into n (NULL, and t NULL: there should be none). */
static int read_attributes(struct reader *r, struct node *n, const struct type *t,
                           const struct place *place)
{
    size_t count;
    const struct attribute *at = attributes_of(r, &count);
    int bad = 0;
    for (size_t i = 0; i < count && bad == 0; i++) {
        int skip = skip_attribute(r, &at[i], place);
        bad = skip < 0 ? -1 : skip > 0 ? 0 : read_attribute(r, n, t, &at[i], place);
    }
    return bad;
}

/* ---- elements ---- */

static int read_element(struct reader *r, const struct field *f, union value *v, unsigned depth);
static int read_any(struct reader *r, struct any **out, unsigned depth);

static const char *gathered(const struct reader *r)
{
    return r->text.n > 0 ? (const char *)r->text.p : "";
}

static int read_text_value(struct reader *r, const struct field *f, union value *v,
                           const struct place *place)
{
    int bad = value_read(f, gathered(r), r->text.n, r->a, v, r->e);
    forget_text(r);
    return bad != 0 ? put_line(r->e, place->line) : 0;
}

static int read_simple(struct reader *r, const struct field *f, union value *v,
                       const struct place *place)
{
    if (read_attributes(r, NULL, NULL, place) != 0)
        return -1;
    if (next_begins(r))
        return FAIL(r, place, "element %.*s within %s; expected text only", SHOWN_MAX, r->on->name,
                    place->name);
    return read_text_value(r, f, v, place);
}

/* What has been read of an element with child elements. */
struct building {
    struct node *n;
    struct place place;
    unsigned state; /* of open content */
    unsigned hint;  /* slot where the next child is expected */
};

/* Makes the characters gathered so far an item of mixed content; they end at a tag. */
static int flush_text(struct reader *r, struct building *b)
{
    const struct type *t = b->n->type;
    bool drop = is_layout(r);
    size_t n = r->text.n;
    const char *text = gathered(r);
    forget_text(r);
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
    const char *name = r->on->name;
    int ns = namespace_of(r, r->on->uri);
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
    b->hint = (unsigned)slot + !f->is_list;
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
    if (read_text_value(r, &b->n->type->field[content], &v, &b->place) != 0)
        return -1;
    node_set(b->n, (unsigned)content, v);
    return 0;
}

static int read_node(struct reader *r, const struct type *t, struct node **out,
                     const struct place *place, unsigned depth)
{
    struct building b = {.place = *place, .hint = t->attributes};
    int content = content_slot(t);
    b.n = *out = node_new(r->a, t);
    if (b.n == NULL)
        return no_memory(r, place);
    if (read_attributes(r, b.n, t, place) != 0)
        return -1;
    b.state = t->is_open ? node_state(b.n) : 0;
    while (next_begins(r))
        if ((content < 0 && flush_text(r, &b) != 0) || read_child(r, &b, depth) != 0)
            return -1;
    return end_content(r, &b, content);
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

static int read_any_attribute(struct reader *r, struct any *any, const struct attribute *at,
                              const struct place *place)
{
    int skip = skip_attribute(r, at, place);
    if (skip != 0)
        return skip < 0 ? -1 : 0;
    struct any_part *part = new_part(r, any, ANY_ATTRIBUTE, place);
    if (part == NULL)
        return -1;
    part->uri = kept_text(r, at->uri, place);
    part->name = kept_text(r, at->name, place);
    part->text = bytes_new(r->a, (const char *)r->heard->chars.p + at->at, at->n);
    return part->text == NULL || part->uri == NULL || part->name == NULL ? no_memory(r, place) : 0;
}

static int flush_any_text(struct reader *r, struct any *any, bool keep, const struct place *place)
{
    bool drop = r->text.n == 0 || (!keep && is_layout(r));
    struct slice text = r->text;
    forget_text(r);
    if (drop)
        return 0;
    struct any_part *part = new_part(r, any, ANY_TEXT, place);
    if (part == NULL)
        return -1;
    part->text = bytes_new(r->a, text.p, text.n);
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
    size_t count;
    const struct attribute *at = attributes_of(r, &count);
    for (size_t i = 0; i < count; i++)
        if (read_any_attribute(r, any, &at[i], place) != 0)
            return -1;
    bool has_child = false;
    while (next_begins(r)) {
        has_child = true;
        if (flush_any_text(r, any, false, place) != 0 || child(r, any, depth, place) != 0)
            return -1;
    }
    return flush_any_text(r, any, !has_child, place);
}

static struct any *new_any(struct reader *r, const struct place *place)
{
    struct any *any = arena_alloc(r->a, sizeof *any);
    if (any == NULL) {
        no_memory(r, place);
        return NULL;
    }
    memset(any, 0, sizeof *any);
    any->uri = kept_text(r, r->on->uri, place);
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
    const char *best_uri = "", *uri = r->on->uri;
    for (unsigned i = 0; i < (fragment ? r->s->names : r->s->elements); i++)
        if (nearest_try(&best, fragment ? r->s->fragment[i].name : r->s->element[i]->as.name))
            best_uri = schema_uri(r->s, fragment ? r->s->fragment[i].ns : r->s->element[i]->as.ns);
    return FAIL(r, place, "%s has no %s %.*s in namespace '%.*s'; the nearest is %s in '%s'",
                r->s->name, fragment ? "element" : "global element", SHOWN_MAX, place->name,
                2 * SHOWN_MAX, uri, best.name, best_uri);
}

static int read_document(struct reader *r, struct message *m, const struct place *place)
{
    m->root = schema_global(r->s, r->on->uri, strlen(r->on->uri), place->name);
    if (m->root == NULL)
        return unknown_root(r, false, place);
    if (m->root->is_abstract)
        return FAIL(r, place, "element %s is abstract; it cannot be a message", place->name);
    m->as = &m->root->as;
    return read_element(r, m->as, &m->v, 0);
}

static int read_fragment(struct reader *r, struct message *m, const struct place *place)
{
    const char *uri = r->on->uri;
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
    struct place document = {.line = r->doctype_line};
    if (r->doctype_line > 0)
        return FAIL(r, &document, "a document type declaration; expected none in a message");
    if (r->heard->x->wellFormed == 0)
        return broken(r);
    if (!next_begins(r))
        return err_set(r->e, "no element; expected a message");
    struct place place = place_of(r);
    return fragment ? read_fragment(r, m, &place) : read_document(r, m, &place);
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
    r.heard = take_heard();
    int bad = listen(&r, text, n);
    if (bad != 0)
        err_set(e, "out of memory");
    else
        bad = read_root(&r, fragment, m);
    give_heard(r.heard);
    return bad;
}
