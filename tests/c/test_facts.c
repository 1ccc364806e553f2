/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loaded tables against tests/facts: every namespace, type, element, attribute, occurrence,
 * enumeration, limit, and the grammar that follows from them. The grammar is computed here a second
 * time and in another way than in src/schema. Then what the facts do not tell: doc lines, defaults,
 * and that every message with its defaults can be sent. With that every message of ISO 15118-2 has
 * the elements that the standard names: [V2G2-214] [V2G2-215] [V2G2-216] [V2G2-217] [V2G2-218]
 * [V2G2-219] [V2G2-220] [V2G2-785] [V2G2-249] [V2G2-250] [V2G2-251] [V2G2-252] [V2G2-253]
 * [V2G2-254] [V2G2-255] [V2G2-256] [V2G2-221] [V2G2-222] [V2G2-223] [V2G2-224] [V2G2-226]
 * [V2G2-589] [V2G2-239] [V2G2-240] [V2G2-241] [V2G2-738] [V2G2-208] [V2G2-210] [V2G2-212]
 * [V2G2-899] [V2G2-901]; and in DIN 70121 Unit is optional [V2G-DC-297].
 */
#include "codec/defaults.h"
#include "support.h"

#define ROWS_MAX 4096
#define COLUMNS 9
#define SLOTS_MAX 64
#define PARTICLES_MAX 160
#define MEMORY (1024u * 1024)

/* ORDER COLUMN: the columns of the fact files. */
enum column { NAMESPACE, KIND, OWNER, TYPE, ORDER, NAME, MIN, MAX, FLAGS };

struct row {
    const char *at[COLUMNS];
};

static const char *const FACT_FILES[] = {"appprotocol", "xmldsig",     "din70121",
                                         "iso15118-2",  "iso15118-20", "iso15118-20-amd1"};
#define FACT_FILES_N (sizeof FACT_FILES / sizeof FACT_FILES[0])

static struct {
    struct row row[ROWS_MAX];
    unsigned n;
    char *text[FACT_FILES_N];
} facts;

/*
 * Where a description differs from the facts on purpose: the difference as it is printed, and why.
 * Every line has to be met, so that none outlives its reason.
 */
static struct {
    const char *difference, *why;
    bool is_met;
} explained[] = {
    {"", "", true}, /* none */
};
#define EXPLAINED_N (sizeof explained / sizeof explained[0])

static struct {
    const struct schema *s;
    unsigned compared, bad;
} run;

/* ---- the files ---- */

static void split_row(char *line, struct row *r)
{
    for (unsigned i = 0; i < COLUMNS; i++) {
        r->at[i] = line;
        line += strcspn(line, "\t");
        if (*line == '\t')
            *line++ = '\0';
    }
}

static int read_facts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FACT_FILES_N; i++) {
        char path[64];
        size_t n;
        snprintf(path, sizeof path, "tests/facts/%s.tsv", FACT_FILES[i]);
        facts.text[i] = support_read_file(path, &n);
        if (facts.text[i] == NULL)
            fail_msg("%s cannot be read; tests run from the repository's root", path);
        char *line = strchr(facts.text[i], '\n') + 1; /* behind the names of the columns */
        while (*line != '\0') {
            char *end = line + strcspn(line, "\n");
            char *next = *end == '\0' ? end : end + 1;
            *end = '\0';
            assert_true(facts.n < ROWS_MAX);
            split_row(line, &facts.row[facts.n++]);
            line = next;
        }
    }
    return 0;
}

static int close_facts(void **state)
{
    for (unsigned i = 0; i < FACT_FILES_N; i++)
        free(facts.text[i]);
    return support_close(state);
}

/* ---- judging ---- */

static void __attribute__((format(printf, 2, 3))) differ(const char *where, const char *format, ...)
{
    char what[400], text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(text, sizeof text, "%s: %s: %s", run.s->name, where, what);
    for (unsigned i = 0; i < EXPLAINED_N; i++) {
        if (strcmp(explained[i].difference, text) != 0)
            continue;
        explained[i].is_met = true;
        return;
    }
    print_message("%s\n", text);
    run.bad++;
}

static void expect_text(const char *where, const char *what, const char *expected,
                        const char *found)
{
    run.compared++;
    if (found == NULL || strcmp(expected, found) != 0)
        differ(where, "%s: expected %s, found %s", what, expected, found == NULL ? "none" : found);
}

static void expect_number(const char *where, const char *what, int64_t expected, int64_t found)
{
    run.compared++;
    if (expected != found)
        differ(where, "%s: expected %lld, found %lld", what, (long long)expected, (long long)found);
}

/* ---- rows ---- */

static bool is_kind(const struct row *r, const char *kind)
{
    return strcmp(r->at[KIND], kind) == 0;
}

static bool has_flag(const struct row *r, const char *flag)
{
    const char *at = strstr(r->at[FLAGS], flag);
    size_t n = strlen(flag);
    return at != NULL && (at == r->at[FLAGS] || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' ');
}

static bool find_number(const struct row *r, const char *facet, int64_t *out)
{
    const char *at = strstr(r->at[FLAGS], facet);
    if (at == NULL || at[strlen(facet)] != '=')
        return false;
    *out = strtoll(at + strlen(facet) + 1, NULL, 10);
    return true;
}

static uint32_t occurs(const char *text)
{
    return strcmp(text, "unbounded") == 0 ? SCHEMA_UNBOUNDED : (uint32_t)strtoul(text, NULL, 10);
}

/* A name with a prefix, in full: the prefix says which of the namespaces of that protocol. */
struct full_name {
    char uri[96];
    const char *name;
};

static struct full_name resolve(const struct row *r, const char *text)
{
    static const struct {
        const char *prefix, *last;
    } PREFIXES[] = {
        {"v2gci_b:", "MsgBody"},
        {"v2gci_t:", "MsgDataTypes"},
        {"v2gci_h:", "MsgHeader"},
        {"v2gci_d:", "MsgDef"},
        {"v2gci_ct:", "CommonTypes"},
        {"v2gci_ac:", "AC"},
        {"xs:", ""},
    };
    struct full_name out = {.name = text};
    snprintf(out.uri, sizeof out.uri, "%s", r->at[NAMESPACE]);
    if (strncmp(text, "ds:", 3) == 0 || strncmp(text, "xmlsig:", 7) == 0) {
        snprintf(out.uri, sizeof out.uri, "http://www.w3.org/2000/09/xmldsig#");
        out.name = strchr(text, ':') + 1;
    }
    for (unsigned i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        size_t n = strlen(PREFIXES[i].prefix);
        if (strncmp(text, PREFIXES[i].prefix, n) != 0)
            continue;
        out.name = text + n;
        if (PREFIXES[i].last[0] != '\0')
            snprintf(strrchr(out.uri, ':') + 1, 32, "%s", PREFIXES[i].last);
    }
    return out;
}

/* The row of that kind about the thing of that name; NULL: there is none. */
static const struct row *find_row(const char *uri, const char *kind, const char *owner)
{
    for (unsigned i = 0; i < facts.n; i++) {
        const struct row *r = &facts.row[i];
        if (strcmp(r->at[OWNER], owner) == 0 && is_kind(r, kind) &&
            strcmp(r->at[NAMESPACE], uri) == 0)
            return r;
    }
    return NULL;
}

static bool is_in_set(const struct row *r)
{
    for (unsigned i = 0; i < run.s->namespaces; i++)
        if (strcmp(run.s->ns[i].uri, r->at[NAMESPACE]) == 0)
            return true;
    return false;
}

/* ---- built-in and simple types ---- */

static const struct {
    const char *name;
    bool is_number;
    int64_t lo, hi;
} BUILT_IN[] = {
    {"boolean", false, 0, 1},
    {"byte", true, -128, 127},
    {"short", true, -32768, 32767},
    {"int", true, -2147483648LL, 2147483647LL},
    {"long", true, INT64_MIN, INT64_MAX},
    {"unsignedByte", true, 0, 255},
    {"unsignedShort", true, 0, 65535},
    {"unsignedInt", true, 0, 4294967295LL},
    {"unsignedLong", false, 0, 0}, /* its limit is above those of int64_t */
    {"integer", false, 0, 0},
    {"string", false, 0, INT64_MAX},
    {"anyURI", false, 0, INT64_MAX},
    {"ID", false, 0, INT64_MAX},
    {"IDREF", false, 0, INT64_MAX},
    {"hexBinary", false, 0, INT64_MAX},
    {"base64Binary", false, 0, INT64_MAX},
};

static int find_built_in(const char *name)
{
    for (unsigned i = 0; i < sizeof BUILT_IN / sizeof BUILT_IN[0]; i++)
        if (strcmp(BUILT_IN[i].name, name) == 0)
            return (int)i;
    return -1;
}

static enum kind expected_kind(int built_in, int64_t lo, int64_t hi)
{
    const char *name = BUILT_IN[built_in].name;
    if (BUILT_IN[built_in].is_number) {
        bool is_small = lo > INT64_MIN / 2 && hi < INT64_MAX / 2 && hi - lo + 1 <= 4096;
        return is_small ? KIND_NBIT : lo >= 0 ? KIND_UNSIGNED : KIND_SIGNED;
    }
    return strcmp(name, "boolean") == 0        ? KIND_BOOLEAN
           : strcmp(name, "unsignedLong") == 0 ? KIND_UNSIGNED
           : strcmp(name, "integer") == 0      ? KIND_BIG
           : strcmp(name, "hexBinary") == 0    ? KIND_HEX
           : strcmp(name, "base64Binary") == 0 ? KIND_BASE64
                                               : KIND_STRING;
}

/* Bits that tell `values` things apart. */
static unsigned bits_for(uint64_t values)
{
    unsigned n = 0;
    while (n < 63 && UINT64_C(1) << n < values)
        n++;
    return n;
}

static void compare_limits(const char *where, const struct simple *s, const struct row *facets,
                           const char *base)
{
    int b = find_built_in(base);
    if (b < 0) {
        differ(where, "base %s is no built-in type", base);
        return;
    }
    int64_t lo = BUILT_IN[b].lo, hi = BUILT_IN[b].hi, n;
    bool limited = false;
    if (facets != NULL) {
        bool is_exact = find_number(facets, "length", &n);
        if (is_exact)
            lo = hi = n;
        bool has_lo =
            find_number(facets, "minInclusive", &lo) || find_number(facets, "minLength", &lo);
        bool has_hi =
            find_number(facets, "maxInclusive", &hi) || find_number(facets, "maxLength", &hi);
        limited = is_exact || has_lo || has_hi;
    }
    expect_text(where, "built-in type", base, s->base);
    enum kind kind = expected_kind(b, lo, hi);
    expect_number(where, "kind", kind, s->kind);
    expect_number(where, "a range is stated", limited, s->limited);
    if (kind == KIND_NBIT)
        expect_number(where, "width", bits_for((uint64_t)(hi - lo) + 1), s->width);
    if (kind != KIND_BIG && strcmp(base, "unsignedLong") != 0) {
        expect_number(where, "least", lo, s->lo);
        expect_number(where, "most", hi, s->hi);
        expect_number(where, "64 unsigned bits", false, s->is_unsigned);
    } else if (kind == KIND_UNSIGNED) {
        expect_number(where, "64 unsigned bits", true, s->is_unsigned);
    }
}

static void compare_members(const char *where, const struct row *r, const struct simple *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < facts.n; i++) {
        const struct row *m = &facts.row[i];
        if (!is_kind(m, "enum") || strcmp(m->at[OWNER], r->at[OWNER]) != 0 ||
            strcmp(m->at[NAMESPACE], r->at[NAMESPACE]) != 0)
            continue;
        unsigned order = (unsigned)strtoul(m->at[ORDER], NULL, 10);
        expect_text(where, "member", m->at[NAME], order < s->members ? s->member[order] : NULL);
        n++;
    }
    expect_number(where, "members", n, s->members);
    expect_number(where, "is an enumeration", n > 0, s->kind == KIND_ENUM);
    if (n > 0)
        expect_number(where, "width", bits_for(n), s->width);
}

static const struct simple *find_simple(const char *uri, const char *name)
{
    for (unsigned i = 0; i < run.s->simples; i++)
        if (strcmp(run.s->simple[i]->name, name) == 0 &&
            strcmp(schema_uri(run.s, run.s->simple[i]->ns), uri) == 0)
            return run.s->simple[i];
    return NULL;
}

static void compare_simple(const struct row *r)
{
    if (strchr(r->at[OWNER], '/') != NULL)
        return; /* has no name: compared where it stands */
    const struct simple *s = find_simple(r->at[NAMESPACE], r->at[OWNER]);
    if (s == NULL) {
        differ(r->at[OWNER], "expected a simple type, found none");
        return;
    }
    compare_members(r->at[OWNER], r, s);
    if (s->kind != KIND_ENUM)
        compare_limits(r->at[OWNER], s, r, resolve(r, r->at[TYPE]).name);
}

/* ---- the type of a field ---- */

static const struct type *find_type(const char *uri, const char *name)
{
    for (unsigned i = 0; i < run.s->types; i++)
        if (strcmp(run.s->type[i]->name, name) == 0 && !run.s->type[i]->is_anonymous &&
            strcmp(schema_uri(run.s, run.s->type[i]->ns), uri) == 0)
            return run.s->type[i];
    return NULL;
}

static void compare_simple_use(const char *where, const struct field *f, struct full_name n)
{
    bool is_built_in = find_row(n.uri, "simple", n.name) == NULL;
    if (f->simple == NULL) {
        differ(where, "expected simple type %s, found an element with children", n.name);
        return;
    }
    expect_text(where, "simple type", is_built_in ? "" : n.name, f->simple->name);
    if (is_built_in)
        compare_limits(where, f->simple, NULL, n.name);
    else
        expect_text(where, "namespace of the type", n.uri, schema_uri(run.s, f->simple->ns));
    expect_number(where, "kind", f->simple->kind, f->kind);
    expect_number(where, "width", f->simple->width, f->width);
    expect_number(where, "least", f->simple->lo, f->lo);
    expect_number(where, "most", f->simple->hi, f->hi);
}

/* text: the type as the row names it, "anonymous" for one that stands within `owner`. */
static void compare_type(const char *where, const struct row *r, const char *text,
                         const struct field *f)
{
    struct full_name n = resolve(r, text);
    if (strcmp(text, "anonymous") == 0) {
        char owner[160];
        snprintf(owner, sizeof owner, "%s/%s", r->at[OWNER], r->at[NAME]);
        const struct row *facets = find_row(n.uri, "simple", owner);
        if (facets != NULL && f->simple != NULL)
            compare_limits(where, f->simple, facets, resolve(facets, facets->at[TYPE]).name);
        else
            differ(where, "expected a type of its own with limits, found none");
        return;
    }
    if (find_row(n.uri, "complex", n.name) == NULL) {
        compare_simple_use(where, f, n);
        return;
    }
    expect_text(where, "type", n.name, f->type == NULL ? NULL : f->type->name);
    if (f->type != NULL)
        expect_text(where, "namespace of the type", n.uri, schema_uri(run.s, f->type->ns));
}

/* ---- global elements ---- */

static const struct element *find_element(const char *uri, const char *name)
{
    for (unsigned i = 0; i < run.s->elements; i++)
        if (strcmp(run.s->element[i]->as.name, name) == 0 &&
            strcmp(schema_uri(run.s, run.s->element[i]->as.ns), uri) == 0)
            return run.s->element[i];
    return NULL;
}

/* Whether the facts say that the element is in the group of that head, however far. */
static bool is_under(const struct row *r, const char *uri, const char *head)
{
    while (r != NULL) {
        if (strcmp(r->at[OWNER], head) == 0 && strcmp(r->at[NAMESPACE], uri) == 0)
            return true;
        const char *at = strstr(r->at[FLAGS], "substitutes=");
        if (at == NULL)
            return false;
        struct full_name n = resolve(r, at + strlen("substitutes="));
        r = find_row(n.uri, "element", n.name);
    }
    return false;
}

/* Whether the facts say that a type extends another, however far. */
static bool extends(const struct row *r, const char *base)
{
    while (r != NULL) {
        if (strcmp(r->at[OWNER], base) == 0)
            return true;
        struct full_name n = resolve(r, r->at[TYPE]);
        r = r->at[TYPE][0] == '\0' ? NULL : find_row(n.uri, "complex", n.name);
    }
    return false;
}

/* Requests come from the EV, responses from the station; all else is no message of its own. */
static enum direction expected_direction(const struct row *r)
{
    struct full_name n = resolve(r, r->at[TYPE]);
    const struct row *type = find_row(n.uri, "complex", n.name);
    size_t length = strlen(r->at[OWNER]);
    const char *last = length < 3 ? "" : r->at[OWNER] + length - 3;
    bool is_message = strstr(r->at[FLAGS], "BodyElement") != NULL ||
                      strstr(r->at[NAMESPACE], "AppProtocol") != NULL ||
                      extends(type, "V2GRequestType") || extends(type, "V2GResponseType");
    if (!is_message)
        return FROM_NONE;
    return strcmp(last, "Req") == 0 ? FROM_EVCC : strcmp(last, "Res") == 0 ? FROM_SECC : FROM_NONE;
}

static void compare_element(const struct row *r)
{
    const char *name = r->at[OWNER];
    const struct element *el = find_element(r->at[NAMESPACE], name);
    if (el == NULL) {
        differ(name, "expected a global element, found none");
        return;
    }
    const char *at = strstr(r->at[FLAGS], "substitutes=");
    struct full_name head = resolve(r, at == NULL ? "" : at + strlen("substitutes="));
    expect_text(name, "head", head.name, el->head == NULL ? "" : el->head->as.name);
    if (el->head != NULL)
        expect_text(name, "namespace of the head", head.uri, schema_uri(run.s, el->head->as.ns));
    expect_number(name, "is abstract", has_flag(r, "abstract"), el->is_abstract);
    expect_number(name, "direction", expected_direction(r), el->from);
    expect_text(name, "event code", name, run.s->element[el->code]->as.name);
    if (el->is_abstract)
        expect_number(name, "kind", KIND_ABSTRACT, el->as.kind); /* has no type of its own */
    else if (strcmp(r->at[TYPE], "anonymous") == 0)
        expect_number(name, "has a type of its own", true,
                      el->as.type != NULL && el->as.type->is_anonymous);
    else
        compare_type(name, r, r->at[TYPE], &el->as);
}

/* ---- the content of a type, as a tree ---- */

struct particle {
    enum { LEAF, SEQUENCE, CHOICE } what;
    uint32_t min, max;
    struct particle *parent, *child, *last, *next;
    unsigned slot;  /* LEAF */
    char token[40]; /* a group as the rows name it */
};

struct tree {
    struct particle part[PARTICLES_MAX];
    unsigned parts;
    struct {
        const struct row *row, *element; /* element: the member of a substitution group */
        struct particle *leaf;
        bool is_attribute, is_content, is_any;
    } slot[SLOTS_MAX];
    unsigned slots, attributes;
};

static struct particle *add_part(struct tree *t, struct particle *parent, int what, uint32_t min,
                                 uint32_t max)
{
    assert_true(t->parts < PARTICLES_MAX);
    struct particle *p = &t->part[t->parts++];
    *p = (struct particle){.what = (unsigned)what, .min = min, .max = max, .parent = parent};
    if (parent == NULL)
        return p;
    if (parent->last == NULL)
        parent->child = p;
    else
        parent->last->next = p;
    parent->last = p;
    return p;
}

static void add_leaf(struct tree *t, struct particle *parent, const struct row *r, uint32_t min,
                     uint32_t max, const struct row *element)
{
    assert_true(t->slots < SLOTS_MAX);
    struct particle *p = add_part(t, parent, LEAF, min, max);
    p->slot = t->slots;
    t->slot[t->slots].row = r;
    t->slot[t->slots].leaf = p;
    t->slot[t->slots].element = element;
    t->slot[t->slots].is_attribute = is_kind(r, "attribute");
    t->slot[t->slots].is_any = is_kind(r, "any");
    t->slots++;
}

static int by_owner(const void *a, const void *b)
{
    const struct row *const *x = a, *const *y = b;
    return strcmp((*x)->at[OWNER], (*y)->at[OWNER]);
}

/* A reference stands for the element or, where others may stand for that, a choice of all. */
static void add_reference(struct tree *t, struct particle *parent, const struct row *r)
{
    struct full_name n = resolve(r, r->at[NAME]);
    uint32_t min = occurs(r->at[MIN]), max = occurs(r->at[MAX]);
    const struct row *member[SLOTS_MAX];
    unsigned members = 0;
    for (unsigned i = 0; i < facts.n; i++)
        if (is_kind(&facts.row[i], "element") && is_in_set(&facts.row[i]) &&
            is_under(&facts.row[i], n.uri, n.name))
            member[members++] = &facts.row[i];
    qsort(member, members, sizeof member[0], by_owner);
    if (members == 1) {
        add_leaf(t, parent, r, min, max, member[0]);
        return;
    }
    struct particle *choice = add_part(t, parent, CHOICE, min, max);
    for (unsigned i = 0; i < members; i++)
        add_leaf(t, choice, r, 1, 1, member[i]);
}

/* The group that a row's particle is in, from "choice6(1..1) sequence7(0..unbounded)". */
static struct particle *find_group(struct tree *t, struct particle *in, const char *flags)
{
    while (strncmp(flags, "choice", 6) == 0 || strncmp(flags, "sequence", 8) == 0) {
        char token[40];
        size_t n = strcspn(flags, " ");
        snprintf(token, sizeof token, "%.*s", (int)n, flags);
        if (in->last == NULL || strcmp(in->last->token, token) != 0) {
            const char *open = strchr(token, '(');
            in = add_part(t, in, token[0] == 'c' ? CHOICE : SEQUENCE, occurs(open + 1),
                          strstr(open, "unbounded") != NULL ? SCHEMA_UNBOUNDED
                                                            : occurs(strstr(open, "..") + 2));
            snprintf(in->token, sizeof in->token, "%s", token);
        } else {
            in = in->last;
        }
        flags += n;
        flags += strspn(flags, " ");
    }
    return in;
}

static bool is_of(const struct row *r, const struct row *type)
{
    return strcmp(r->at[OWNER], type->at[OWNER]) == 0 &&
           strcmp(r->at[NAMESPACE], type->at[NAMESPACE]) == 0;
}

static const struct row *base_of(const struct row *type)
{
    struct full_name n = resolve(type, type->at[TYPE]);
    return type->at[TYPE][0] == '\0' ? NULL : find_row(n.uri, "complex", n.name);
}

static int by_row_name(const void *a, const void *b)
{
    const struct row *const *x = a, *const *y = b;
    return strcmp((*x)->at[NAME], (*y)->at[NAME]);
}

static void add_attributes(struct tree *t, struct particle *root, const struct row *type)
{
    const struct row *all[SLOTS_MAX];
    unsigned n = 0;
    for (; type != NULL; type = base_of(type))
        for (unsigned i = 0; i < facts.n; i++)
            if (is_kind(&facts.row[i], "attribute") && is_of(&facts.row[i], type))
                all[n++] = &facts.row[i];
    qsort(all, n, sizeof all[0], by_row_name);
    for (unsigned i = 0; i < n; i++)
        add_leaf(t, root, all[i], occurs(all[i]->at[MIN]), 1, NULL);
    t->attributes = n;
}

static void add_content(struct tree *t, struct particle *root, const struct row *type)
{
    const struct row *base = base_of(type);
    if (base != NULL)
        add_content(t, root, base);
    if (has_flag(type, "extension-simpleContent")) {
        add_leaf(t, root, type, 1, 1, NULL);
        t->slot[t->slots - 1].is_content = true;
    }
    struct particle *own = add_part(t, root, SEQUENCE, 1, 1);
    for (unsigned i = 0; i < facts.n; i++) {
        const struct row *r = &facts.row[i];
        if (!is_of(r, type) || (!is_kind(r, "field") && !is_kind(r, "any")))
            continue;
        struct particle *group = find_group(t, own, r->at[FLAGS]);
        if (strcmp(r->at[TYPE], "ref") == 0)
            add_reference(t, group, r);
        else
            add_leaf(t, group, r, occurs(r->at[MIN]), occurs(r->at[MAX]), NULL);
    }
}

/* ---- the grammar, from the tree ---- */

static bool can_be_empty(const struct particle *p)
{
    if (p->min == 0)
        return true;
    if (p->what == LEAF)
        return false;
    bool all = true, any = p->child == NULL;
    for (const struct particle *c = p->child; c != NULL; c = c->next) {
        all = all && can_be_empty(c);
        any = any || can_be_empty(c);
    }
    return p->what == SEQUENCE ? all : any;
}

static uint64_t first_of(const struct particle *p)
{
    if (p->what == LEAF)
        return UINT64_C(1) << p->slot;
    uint64_t out = 0;
    for (const struct particle *c = p->child; c != NULL; c = c->next) {
        out |= first_of(c);
        if (p->what == SEQUENCE && !can_be_empty(c))
            break;
    }
    return out;
}

/* What may stand behind p, found by climbing from it to the root. */
static uint64_t behind(const struct particle *p, bool *end)
{
    uint64_t out = p->max > 1 ? first_of(p) : 0;
    if (p->parent == NULL) {
        *end = true;
        return out;
    }
    if (p->parent->what == SEQUENCE) {
        for (const struct particle *c = p->next; c != NULL; c = c->next) {
            out |= first_of(c);
            if (!can_be_empty(c))
                return out;
        }
    }
    return out | behind(p->parent, end);
}

static void compare_state(const char *where, const struct type *t, unsigned at, uint64_t set,
                          bool end, bool text)
{
    const struct state *s = &t->state[at];
    uint64_t found = 0;
    int before = -1;
    for (unsigned i = 0; i < s->count; i++) {
        unsigned slot = t->slots[s->first + i];
        int rank = (int)slot + (t->field[slot].kind == KIND_ANY ? SLOTS_MAX : 0);
        found |= UINT64_C(1) << slot;
        expect_number(where, "codes in the order of the schema, wildcards last", true,
                      rank > before);
        expect_number(where, "code", i, t->stage[at]->code[slot]);
        before = rank;
    }
    unsigned productions = s->count;
    expect_number(where, "slots that may come", (int64_t)set, (int64_t)found);
    expect_number(where, "code of the end", end ? productions : SCHEMA_NO_CODE, s->end);
    productions += end;
    expect_number(where, "code of characters", text ? productions : SCHEMA_NO_CODE, s->text);
    productions += text;
    expect_number(where, "escape", productions, s->escape);
    expect_number(where, "width of a code", bits_for(productions + 1), s->bits);
    expect_number(where, "width of a code of the fast pass", s->bits, t->stage[at]->bits);
    for (unsigned i = 0; i < t->fields; i++)
        if (!(set >> i & 1))
            expect_number(where, t->field[i].name, SCHEMA_NO_CODE, t->stage[at]->code[i]);
}

/* The states of a list that is full, or shorter than it must be. */
static void compare_list_states(const char *where, const struct type *t, unsigned slot,
                                uint64_t set, bool end)
{
    const struct field *f = &t->field[slot];
    uint64_t self = UINT64_C(1) << slot;
    if (f->max != SCHEMA_UNBOUNDED)
        compare_state(where, t, f->full, set & ~self, end, false);
    else
        expect_number(where, "state when full", f->after, f->full);
    if (f->min > 1)
        compare_state(where, t, f->below, self, false, false);
    else
        expect_number(where, "state when too short", f->after, f->below);
}

/* Characters may come in mixed content as soon as no attribute is due any more. */
static bool takes_text(const struct tree *x, const struct type *t, uint64_t set)
{
    for (unsigned i = 0; i < x->attributes; i++)
        if ((set >> i & 1) && x->slot[i].leaf->min > 0)
            return false;
    return t->is_mixed;
}

static void compare_grammar(const char *where, const struct tree *x, const struct type *t)
{
    const struct particle *root = &x->part[0];
    compare_state(where, t, 0, first_of(root), can_be_empty(root),
                  takes_text(x, t, first_of(root)));
    for (unsigned i = 0; i < x->slots; i++) {
        char place[240];
        bool end = false;
        uint64_t set = behind(x->slot[i].leaf, &end);
        snprintf(place, sizeof place, "%s behind %s", where, t->field[i].name);
        expect_number(place, "state", i + 1, t->field[i].after);
        compare_state(place, t, i + 1, set, end, takes_text(x, t, set));
        if (x->slot[i].leaf->max > 1 && !t->is_open)
            compare_list_states(place, t, i, set, end);
    }
}

/* ---- slots ---- */

/* A wildcard, or a group that repeats: then the order of the children is part of the message. */
static bool is_free(const struct tree *x)
{
    for (unsigned i = 0; i < x->parts; i++)
        if (x->part[i].what != LEAF && x->part[i].max > 1)
            return true;
    for (unsigned i = 0; i < x->slots; i++)
        if (x->slot[i].is_any)
            return true;
    return false;
}

/* Within a choice that occurs at most once, or directly in what must be there. */
static bool is_due(const struct particle *p)
{
    if (p->what == LEAF && p->parent->what == CHOICE && p->parent->max == 1)
        p = p->parent; /* one of them is */
    for (; p != NULL; p = p->parent)
        if (p->min == 0 || p->what == CHOICE || (p->what == SEQUENCE && p->max > 1))
            return p->what == CHOICE && p->min > 0 && p->max == 1 && p->parent != NULL &&
                   is_due(p->parent);
    return true;
}

static void compare_element_slot(const char *where, const struct row *el, const struct field *f)
{
    expect_text(where, "name", el->at[OWNER], f->name);
    expect_text(where, "namespace", el->at[NAMESPACE], schema_uri(run.s, f->ns));
    if (has_flag(el, "abstract"))
        expect_number(where, "kind", KIND_ABSTRACT, f->kind);
    else
        compare_type(where, el, el->at[TYPE], f);
}

/*
 * The facts do not tell which local names are qualified (the vectors do): elements are, but in
 * supportedAppProtocol; attributes only in ISO 15118.
 */
static bool is_qualified(const struct row *r, bool is_attribute)
{
    bool is_handshake = strstr(r->at[NAMESPACE], "AppProtocol") != NULL;
    return !is_handshake && (!is_attribute || strncmp(r->at[NAMESPACE], "urn:iso:", 8) == 0);
}

static void compare_slot(const char *of, const struct tree *x, unsigned i, const struct field *f)
{
    const struct row *r = x->slot[i].row;
    const struct particle *leaf = x->slot[i].leaf;
    char where[240];
    snprintf(where, sizeof where, "%s.%s", of, r->at[NAME]);
    expect_number(where, "least entries", leaf->min, f->min);
    expect_number(where, "most entries", leaf->max, f->max);
    expect_number(where, "is a list", leaf->max > 1, f->is_list);
    expect_number(where, "is an attribute", x->slot[i].is_attribute, f->is_attribute);
    expect_number(where, "is text content", x->slot[i].is_content, f->is_content);
    expect_number(where, "bits around the value",
                  !x->slot[i].is_attribute && !x->slot[i].is_content, f->frame);
    if (x->slot[i].is_any) {
        expect_number(where, "kind", KIND_ANY, f->kind);
    } else if (x->slot[i].element != NULL) {
        compare_element_slot(where, x->slot[i].element, f);
    } else if (x->slot[i].is_content) {
        compare_type(where, r, r->at[TYPE], f);
    } else {
        bool qualified = is_qualified(r, x->slot[i].is_attribute);
        expect_text(where, "name", r->at[NAME], f->name);
        expect_text(where, "namespace", qualified ? r->at[NAMESPACE] : "",
                    schema_uri(run.s, f->ns));
        compare_type(where, r, r->at[TYPE], f);
    }
}

/* Alternatives of one choice share a number, and one of them is the default. */
static void compare_choices(const char *where, const struct tree *x, const struct type *t)
{
    if (t->is_open)
        return; /* content in document order; nothing excludes anything by slot */
    for (unsigned i = 0; i < x->slots; i++) {
        const struct particle *leaf = x->slot[i].leaf, *group = leaf->parent;
        bool is_choice = group->what == CHOICE;
        expect_number(where, "is in a choice", is_choice, t->field[i].choice != 0);
        expect_number(where, t->field[i].name, !x->slot[i].is_any && is_due(leaf),
                      t->field[i].is_mandatory);
        if (!is_choice || group->child != leaf)
            continue;
        unsigned defaults = 0;
        for (const struct particle *c = group->child; c != NULL; c = c->next) {
            expect_number(where, "number of the choice", t->field[i].choice,
                          t->field[c->slot].choice);
            defaults += t->field[c->slot].is_default;
        }
        expect_number(where, "alternatives that are the default", 1, defaults);
    }
}

/* The type of a row "complex"; one without a name is "Element/". */
static const struct type *type_of_row(const struct row *r)
{
    size_t n = strlen(r->at[OWNER]);
    if (r->at[OWNER][n - 1] != '/')
        return find_type(r->at[NAMESPACE], r->at[OWNER]);
    char name[160];
    snprintf(name, sizeof name, "%.*s", (int)n - 1, r->at[OWNER]);
    const struct element *el = find_element(r->at[NAMESPACE], name);
    return el == NULL ? NULL : el->as.type;
}

static void compare_complex(const struct row *r)
{
    const char *name = r->at[OWNER];
    const struct type *t = type_of_row(r);
    if (t == NULL) {
        differ(name, "expected a complex type, found none");
        return;
    }
    static struct tree x;
    memset(&x, 0, sizeof x);
    struct particle *root = add_part(&x, NULL, SEQUENCE, 1, 1);
    add_attributes(&x, root, r);
    add_content(&x, root, r);
    const struct row *base = base_of(r);
    expect_text(name, "base", base == NULL ? "" : base->at[OWNER],
                t->base == NULL ? "" : t->base->name);
    expect_number(name, "is abstract", has_flag(r, "abstract"), t->is_abstract);
    expect_number(name, "is mixed", has_flag(r, "mixed"), t->is_mixed);
    expect_number(name, "is open", t->is_mixed || is_free(&x), t->is_open);
    expect_number(name, "attributes", x.attributes, t->attributes);
    expect_number(name, "fields", x.slots, t->fields);
    if (x.slots != t->fields)
        return;
    for (unsigned i = 0; i < x.slots; i++)
        compare_slot(name, &x, i, &t->field[i]);
    compare_grammar(name, &x, t);
    compare_choices(name, &x, t);
}

/* ---- the other way: nothing that the facts do not have ---- */

static void expect_row(const char *uri, const char *kind, const char *name)
{
    run.compared++;
    if (find_row(uri, kind, name) == NULL)
        differ(name, "%s %s is in none of the facts", kind, uri);
}

static void compare_back(const struct schema *s)
{
    for (unsigned i = 0; i < s->namespaces; i++) {
        bool is_known = false;
        for (unsigned k = 0; k < facts.n && !is_known; k++)
            is_known = strcmp(facts.row[k].at[NAMESPACE], s->ns[i].uri) == 0;
        expect_number(s->ns[i].uri, "is in the facts", true, is_known);
    }
    for (unsigned i = 0; i < s->elements; i++)
        expect_row(schema_uri(s, s->element[i]->as.ns), "element", s->element[i]->as.name);
    for (unsigned i = 0; i < s->simples; i++)
        expect_row(schema_uri(s, s->simple[i]->ns), "simple", s->simple[i]->name);
    for (unsigned i = 0; i < s->types; i++) {
        const struct type *t = s->type[i];
        char name[160];
        snprintf(name, sizeof name, "%s%s", t->name, t->is_anonymous ? "/" : "");
        expect_row(schema_uri(s, t->ns), "complex", name);
    }
}

static void test_facts(void **state)
{
    run.s = support_schema(*state);
    run.compared = run.bad = 0;
    for (unsigned i = 0; i < facts.n; i++) {
        const struct row *r = &facts.row[i];
        if (!is_in_set(r))
            continue;
        if (is_kind(r, "complex"))
            compare_complex(r);
        else if (is_kind(r, "element"))
            compare_element(r);
        else if (is_kind(r, "simple"))
            compare_simple(r);
    }
    compare_back(run.s);
    print_message("%s: %u facts compared, %u differ\n", run.s->name, run.compared, run.bad);
    assert_true(run.compared > 20);
    assert_int_equal(run.bad, 0);
}

/* Every row of every file is about some set, and every explained difference still exists. */
static void test_all_facts_used(void **state)
{
    (void)state;
    for (unsigned i = 0; i < facts.n; i++) {
        bool is_used = false;
        for (unsigned k = 0; k < SUPPORT_SETS_N && !is_used; k++) {
            run.s = support_schema(SUPPORT_SETS[k].name);
            is_used = is_in_set(&facts.row[i]);
        }
        if (!is_used)
            fail_msg("no message set has the namespace %s", facts.row[i].at[NAMESPACE]);
    }
    for (unsigned i = 0; i < EXPLAINED_N; i++)
        if (!explained[i].is_met)
            fail_msg("'%s' is no difference any more: take it out of the table",
                     explained[i].difference);
}

/* ---- what the facts do not tell: doc lines and defaults ---- */

static bool is_leaf(const struct field *f)
{
    return f->simple != NULL;
}

static void check_words(const char *where, const char *doc)
{
    run.compared++;
    if (doc == NULL || strlen(doc) < 3)
        differ(where, "has no doc line");
}

static void test_doc_lines_and_presets(void **state)
{
    const struct schema *s = run.s = support_schema(*state);
    run.compared = run.bad = 0;
    check_words(s->name, s->doc);
    for (unsigned i = 0; i < s->simples; i++)
        check_words(s->simple[i]->name, s->simple[i]->doc);
    for (unsigned i = 0; i < s->elements; i++)
        check_words(s->element[i]->as.name, s->element[i]->doc);
    for (unsigned i = 0; i < s->types; i++) {
        const struct type *t = s->type[i];
        check_words(t->name, t->doc);
        for (unsigned k = 0; k < t->fields; k++) {
            const struct field *f = &t->field[k];
            char where[240];
            snprintf(where, sizeof where, "%s.%s", t->name, f->name);
            if (f->kind != KIND_ANY)
                check_words(where, f->doc);
            bool must_have = is_leaf(f) && f->is_mandatory && (f->choice == 0 || f->is_default);
            if (must_have && f->preset == NULL)
                differ(where, "is mandatory and has no default");
        }
    }
    assert_int_equal(run.bad, 0);
}

/* ---- the Korean doc lines ---- */

static bool has_key(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line != NULL && *line != '\0';
         line = strchr(line, '\n') == NULL ? NULL : strchr(line, '\n') + 1)
        if (strncmp(line, key, n) == 0 && line[n] == '\t' && line[n + 1] != '\n')
            return true;
    return false;
}

/* The row's key in the file, where a field stands under the name of its reference. */
static bool has_field_key(const char *text, const struct row *r)
{
    const char *name =
        strchr(r->at[NAME], ':') == NULL ? r->at[NAME] : strchr(r->at[NAME], ':') + 1;
    char key[240];
    size_t n = strcspn(r->at[OWNER], "/");
    snprintf(key, sizeof key, "%.*s.%s%s", (int)n, r->at[OWNER], is_kind(r, "attribute") ? "@" : "",
             name);
    return has_key(text, key);
}

/* A type may be documented with the element, or the message, that it is the type of. */
static bool has_type_key(const char *text, const struct row *type, const char *name)
{
    if (has_key(text, name))
        return true;
    for (unsigned i = 0; i < facts.n; i++) {
        const struct row *r = &facts.row[i];
        if (is_kind(r, "element") && strcmp(r->at[NAMESPACE], type->at[NAMESPACE]) == 0 &&
            strcmp(resolve(r, r->at[TYPE]).name, name) == 0 && has_key(text, r->at[OWNER]))
            return true;
    }
    return false;
}

static void test_korean(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *file;
    } FILES[] = {
        {"urn:iso:15118:2:2010:AppProtocol", "appprotocol"},
        {"http://www.w3.org/2000/09/xmldsig#", "xmldsig"},
        {"urn:din:70121:2012", "din70121"},
        {"urn:iso:15118:2:2013", "iso15118-2"},
        {"urn:iso:std:iso:15118:-20:CommonMessages", "iso15118-20-common"},
        {"urn:iso:std:iso:15118:-20:CommonTypes", "iso15118-20-types"},
        {"urn:iso:std:iso:15118:-20:ACDP", "iso15118-20-acdp"},
        {"urn:iso:std:iso:15118:-20:AC", "iso15118-20-ac"},
        {"urn:iso:std:iso:15118:-20:AC-DER-IEC", "iso15118-20-ac-der-iec"},
        {"urn:iso:std:iso:15118:-20:AC-DER-SAE", "iso15118-20-ac-der-sae"},
        {"urn:iso:std:iso:15118:-20:DC", "iso15118-20-dc"},
        {"urn:iso:std:iso:15118:-20:WPT", "iso15118-20-wpt"},
    };
    unsigned used = 0, bad = 0;
    for (unsigned f = 0; f < sizeof FILES / sizeof FILES[0]; f++) {
        char path[80];
        size_t n, length = strlen(FILES[f].uri);
        snprintf(path, sizeof path, "schema/ko/%s.txt", FILES[f].file);
        char *text = support_read_file(path, &n);
        assert_non_null(text);
        for (unsigned i = 0; i < facts.n; i++) {
            const struct row *r = &facts.row[i];
            const char *uri = r->at[NAMESPACE];
            if (strncmp(uri, FILES[f].uri, length) != 0 ||
                (uri[length] != '\0' && uri[length] != ':') || is_kind(r, "any") ||
                is_kind(r, "enum") || (is_kind(r, "simple") && strchr(r->at[OWNER], '/') != NULL))
                continue;
            bool is_field = is_kind(r, "field") || is_kind(r, "attribute");
            char owner[160];
            snprintf(owner, sizeof owner, "%.*s", (int)strcspn(r->at[OWNER], "/"), r->at[OWNER]);
            used++;
            if (is_field ? has_field_key(text, r) : has_type_key(text, r, owner))
                continue;
            print_message("%s: no line for %s%s%s\n", path, owner, is_field ? "." : "",
                          is_field ? r->at[NAME] : "");
            bad++;
        }
        free(text);
    }
    assert_true(used > 1500);
    assert_int_equal(bad, 0);
}

/* ---- every message, with its defaults ---- */

static void check_round_trip(const char *where, const struct message *m, struct arena *a,
                             bool may_violate)
{
    struct err e = ERR_INIT;
    struct buf first = {0}, second = {0}, xml = {0}, again = {0};
    struct message back = {0}, read = {0};
    char text[700];
    run.compared++;
    if (exi_encode_buf(m, &first, &e) != 0 ||
        support_decode(m->schema, (struct slice){first.p, first.n}, m->is_fragment, a, &back, &e) !=
            0 ||
        exi_encode_buf(&back, &second, &e) != 0) {
        differ(where, "%s", err_text(&e, text, sizeof text));
    } else if (first.n != second.n || memcmp(first.p, second.p, first.n) != 0) {
        differ(where, "decoded and encoded again it is another message");
    } else if (back.violations != NULL && !may_violate) {
        differ(where, "%s: %s", back.violations->path, back.violations->what);
    } else {
        support_xml(m, &xml);
        expect_text(where, "XML", buf_string(&xml), support_xml(&back, &again));
        buf_clear(&second);
        if (xml_read(m->schema, (const char *)xml.p, xml.n, m->is_fragment, a, &read, &e) != 0 ||
            exi_encode_buf(&read, &second, &e) != 0)
            differ(where, "%s", err_text(&e, text, sizeof text));
        else if (first.n != second.n || memcmp(first.p, second.p, first.n) != 0)
            differ(where, "through XML and back it is another message");
    }
    buf_close(&first);
    buf_close(&second);
    buf_close(&xml);
    buf_close(&again);
}

static void test_defaults(void **state)
{
    const struct schema *s = run.s = support_schema(*state);
    run.compared = run.bad = 0;
    for (unsigned i = 0; i < s->messages; i++) {
        const char *name = s->message[i]->as.name;
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        arena_open(&a, NULL, 0, MEMORY);
        if (message_new(s, name, &a, &m, &e) != 0)
            differ(name, "%s", e.what);
        else
            check_round_trip(name, &m, &a, false);
        expect_text(name, "name of a new message", name, message_named(&m).name);
        arena_close(&a);
    }
    assert_int_equal(run.bad, 0);
}

/* Gives every slot that can have one its default, one at a time, and each time sends the
 * message. */
static void try_slots(const struct message *m, struct arena *a, struct node *n, const char *path,
                      unsigned depth)
{
    for (unsigned i = 0; i < n->type->fields; i++) {
        const struct field *f = &n->type->field[i];
        char where[300];
        struct err e = ERR_INIT;
        snprintf(where, sizeof where, "%s/%s", path, f->name);
        if (f->kind == KIND_ANY || f->kind == KIND_ABSTRACT ||
            (f->kind == KIND_NODE && f->type->is_abstract))
            continue; /* others stand in its place */
        bool is_new = !node_has(n, i) || f->is_list || (n->type->is_open && !f->is_attribute);
        if (is_new && node_set_default(a, n, i, &e) != 0) {
            differ(where, "%s", e.what);
            continue;
        }
        if (is_new)
            check_round_trip(where, m, a, n->type->is_open);
        if (f->kind != KIND_NODE || n->type->is_open || !node_has(n, i) || depth == 0)
            continue;
        struct node *child = f->is_list ? n->v[i].l->v[0].n : n->v[i].n;
        try_slots(m, a, child, where, depth - 1);
    }
}

/* Every optional element and every alternative of every message, with its defaults. */
static void test_optional(void **state)
{
    const struct schema *s = run.s = support_schema(*state);
    run.compared = run.bad = 0;
    for (unsigned i = 0; i < s->messages; i++) {
        const char *name = s->message[i]->as.name;
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        arena_open(&a, NULL, 0, 64 * MEMORY);
        if (message_new(s, name, &a, &m, &e) == 0)
            try_slots(&m, &a, message_named(&m).node, name, 6);
        arena_close(&a);
    }
    print_message("%s: %u messages tried\n", s->name, run.compared);
    assert_int_equal(run.bad, 0);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*test)(void **state);
    } EACH[] = {
        {"facts", test_facts},
        {"doc lines and presets", test_doc_lines_and_presets},
        {"defaults", test_defaults},
        {"optional", test_optional},
    };
    enum { TESTS = sizeof EACH / sizeof EACH[0] };
    static struct CMUnitTest tests[TESTS * SUPPORT_SETS_N + 2];
    static char name[TESTS * SUPPORT_SETS_N][64];
    size_t n = 0;
    for (unsigned i = 0; i < TESTS; i++) {
        for (unsigned k = 0; k < SUPPORT_SETS_N; k++, n++) {
            snprintf(name[n], sizeof name[n], "%s: %s", EACH[i].name, SUPPORT_SETS[k].name);
            tests[n] =
                (struct CMUnitTest){.name = name[n],
                                    .test_func = EACH[i].test,
                                    .initial_state = (void *)(uintptr_t)SUPPORT_SETS[k].name};
        }
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_all_facts_used);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_korean);
    return cmocka_run_group_tests(tests, read_facts, close_facts);
}
