/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/exi_names.h"

#include "base/bits.h"

#include <string.h>

/* Initial entries of the string tables (EXI 1.0, appendix D). */
static const char *const XML_NAMES[] = {"base", "id", "lang", "space"};
static const char *const XSI_NAMES[] = {"nil", "type"};
static const char *const XSD_NAMES[] = {
    "ENTITIES",
    "ENTITY",
    "ID",
    "IDREF",
    "IDREFS",
    "NCName",
    "NMTOKEN",
    "NMTOKENS",
    "NOTATION",
    "Name",
    "QName",
    "anySimpleType",
    "anyType",
    "anyURI",
    "base64Binary",
    "boolean",
    "byte",
    "date",
    "dateTime",
    "decimal",
    "double",
    "duration",
    "float",
    "gDay",
    "gMonth",
    "gMonthDay",
    "gYear",
    "gYearMonth",
    "hexBinary",
    "int",
    "integer",
    "language",
    "long",
    "negativeInteger",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "normalizedString",
    "positiveInteger",
    "short",
    "string",
    "time",
    "token",
    "unsignedByte",
    "unsignedInt",
    "unsignedLong",
    "unsignedShort",
};
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof *(a)))

/* Room for one more in an array that lives in the arena; false: out of memory. */
static bool grow(struct exi_names *t, void **array, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    uint32_t more = *cap == 0 ? 8 : *cap * 2;
    void *bigger = arena_alloc(t->arena, more * size);
    if (bigger == NULL) {
        t->failed = true;
        return false;
    }
    if (n > 0)
        memcpy(bigger, *array, n * size);
    *array = bigger;
    *cap = more;
    return true;
}

static void add_known(struct exi_names *t, const char *text, const char *const *names, uint32_t n)
{
    if (!grow(t, (void **)&t->uri, t->uris, &t->uri_cap, sizeof *t->uri))
        return;
    t->uri[t->uris++] = (struct exi_uri){.text = text, .known = names, .knowns = n};
}

void exi_names_open(struct exi_names *t, const struct schema *s, struct arena *a)
{
    memset(t, 0, sizeof *t);
    t->schema = s;
    t->arena = a;
    add_known(t, "", s->no_ns.local, s->no_ns.locals);
    add_known(t, "http://www.w3.org/XML/1998/namespace", XML_NAMES, COUNT(XML_NAMES));
    add_known(t, "http://www.w3.org/2001/XMLSchema-instance", XSI_NAMES, COUNT(XSI_NAMES));
    add_known(t, "http://www.w3.org/2001/XMLSchema", XSD_NAMES, COUNT(XSD_NAMES));
    for (unsigned i = 0; i < s->namespaces; i++) {
        const struct ns *ns = &s->ns[s->ns_sorted[i]];
        add_known(t, ns->uri, ns->local, ns->locals);
    }
}

int64_t exi_uri_find(const struct exi_names *t, const char *text)
{
    for (uint32_t i = 0; i < t->uris; i++)
        if (strcmp(t->uri[i].text, text) == 0)
            return i;
    return -1;
}

uint32_t exi_uri_add(struct exi_names *t, const char *text)
{
    add_known(t, text, NULL, 0);
    return t->uris - 1;
}

unsigned exi_uri_bits(const struct exi_names *t)
{
    return bits_length(t->uris); /* one code more than there are URIs: a miss */
}

uint32_t exi_local_count(const struct exi_names *t, uint32_t uri)
{
    return t->uri[uri].knowns + t->uri[uri].locals;
}

const char *exi_local_text(const struct exi_names *t, uint32_t uri, uint32_t local)
{
    const struct exi_uri *u = &t->uri[uri];
    return local < u->knowns ? u->known[local] : u->local[local - u->knowns];
}

int64_t exi_local_find(const struct exi_names *t, uint32_t uri, const char *text)
{
    for (uint32_t i = 0; i < exi_local_count(t, uri); i++)
        if (strcmp(exi_local_text(t, uri, i), text) == 0)
            return i;
    return -1;
}

uint32_t exi_local_add(struct exi_names *t, uint32_t uri, const char *text)
{
    struct exi_uri *u = &t->uri[uri];
    if (grow(t, (void **)&u->local, u->locals, &u->cap, sizeof *u->local))
        u->local[u->locals++] = text;
    return exi_local_count(t, uri) - 1;
}

unsigned exi_local_bits(const struct exi_names *t, uint32_t uri)
{
    uint32_t n = exi_local_count(t, uri);
    return n == 0 ? 0 : bits_length(n - 1);
}

/* The schema's number of a name, or SCHEMA qnames + a new one. */
static uint32_t part_of(struct exi_names *t, const char *uri, const char *name)
{
    const struct schema *s = t->schema;
    const struct fragment_name *known = schema_fragment(s, uri, strlen(uri), name);
    if (known == NULL)
        known = schema_attribute(s, uri, strlen(uri), name);
    if (known != NULL)
        return known->qname;
    return s->qnames + t->parts++;
}

uint32_t exi_qname_number(struct exi_names *t, uint32_t uri, uint32_t local)
{
    for (uint32_t i = 0; i < t->qnames; i++)
        if (t->qname[i].uri == uri && t->qname[i].local == local)
            return i;
    if (!grow(t, (void **)&t->qname, t->qnames, &t->qname_cap, sizeof *t->qname))
        return 0;
    const char *name = exi_local_text(t, uri, local);
    struct exi_qname *q = &t->qname[t->qnames];
    *q = (struct exi_qname){.uri = uri, .local = local};
    const char *text = t->uri[uri].text;
    q->part = part_of(t, text, name);
    q->known = schema_global(t->schema, text, strlen(text), name);
    return t->qnames++;
}

struct built_in *exi_built_in(struct exi_names *t, uint32_t qname)
{
    struct exi_qname *q = &t->qname[qname];
    if (q->grammar != NULL)
        return q->grammar;
    q->grammar = arena_alloc(t->arena, sizeof *q->grammar);
    if (q->grammar == NULL) {
        t->failed = true;
        return NULL;
    }
    memset(q->grammar, 0, sizeof *q->grammar);
    q->grammar->qname = qname;
    struct built_in *g = q->grammar;
    /* the content's grammar starts with the end of the element as its only short code */
    exi_learn(t, g, false, LEARNED_END, 0);
    return g;
}

int64_t exi_learned(const struct built_in *g, bool at_start, int what, uint32_t qname)
{
    const struct learned *list = at_start ? g->start : g->content;
    uint32_t n = at_start ? g->starts : g->contents;
    for (uint32_t i = 0; i < n; i++)
        if ((int)list[i].what == what &&
            (what == LEARNED_TEXT || what == LEARNED_END || list[i].qname == qname))
            return n - 1 - i;
    return -1;
}

void exi_learn(struct exi_names *t, struct built_in *g, bool at_start, int what, uint32_t qname)
{
    struct learned **list = at_start ? &g->start : &g->content;
    uint32_t *n = at_start ? &g->starts : &g->contents;
    uint32_t *cap = at_start ? &g->start_cap : &g->content_cap;
    if (grow(t, (void **)list, *n, cap, sizeof **list))
        (*list)[(*n)++] = (struct learned){.what = (unsigned)what, .qname = qname};
}
