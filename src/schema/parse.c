/* SPDX-License-Identifier: Apache-2.0 */
/* Text to declarations: one line, one statement or field; indentation gives the nesting. */
#include "schema/decl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 256
#define DEPTH_MAX 16

struct parser {
    struct decls *d;
    struct place place;
    uint8_t ns;
    bool has_ns, is_main, is_named;
    const char *word[WORDS_MAX]; /* of the present line */
    bool quoted[WORDS_MAX];
    int words, at;
    int indent;
    const char *doc;             /* doc line, "" where none */
    struct decl_type *type;      /* whose fields follow; NULL: none */
    struct decl_simple *members; /* enumeration whose members may go on */
    struct particle *group[DEPTH_MAX];
    int group_indent[DEPTH_MAX];
    int groups;
    bool is_out;  /* memory has run out */
    bool in_bars; /* the innermost group is a choice written with | */
    struct err *e;
};

#define FAIL(p, ...) err_set_line((p)->e, (p)->place.file, (p)->place.line, __VA_ARGS__)

static void *parser_new(struct parser *p, size_t size)
{
    void *made = arena_alloc(p->d->arena, size);
    if (made == NULL) {
        FAIL(p, "out of memory");
        return NULL;
    }
    memset(made, 0, size);
    return made;
}

/* A copy of the text; '' where memory has run out, which read_line tells. */
static const char *parser_text(struct parser *p, const char *text, size_t n)
{
    const char *made = arena_text(p->d->arena, text, n);
    p->is_out = p->is_out || made == NULL;
    return made != NULL ? made : "";
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Length of the line without its remark; sets the doc line. */
static size_t cut_line(struct parser *p, const char *line, size_t n)
{
    p->doc = "";
    bool in_quotes = false;
    for (size_t i = 0; i < n; i++) {
        if (line[i] == '\'')
            in_quotes = !in_quotes;
        bool is_mark = line[i] == '#' || line[i] == '-';
        if (!is_mark || in_quotes || (i > 0 && !is_blank(line[i - 1])))
            continue;
        if (line[i] == '#')
            return i;
        if (i + 1 >= n || line[i + 1] != '-' || (i + 2 < n && !is_blank(line[i + 2])))
            continue;
        size_t from = i + 2;
        while (from < n && is_blank(line[from]))
            from++;
        while (n > from && is_blank(line[n - 1]))
            n--;
        p->doc = parser_text(p, line + from, n - from);
        return i;
    }
    return n;
}

static int split_line(struct parser *p, const char *line, size_t n)
{
    n = cut_line(p, line, n);
    p->words = p->at = p->indent = 0;
    while ((size_t)p->indent < n && line[p->indent] == ' ')
        p->indent++;
    for (size_t i = (size_t)p->indent; i < n;) {
        if (line[i] == '\t')
            return FAIL(p, "a tab stands here; expected blanks (two a level)");
        if (is_blank(line[i])) {
            i++;
            continue;
        }
        if (p->words == WORDS_MAX)
            return FAIL(p, "more than %d words on one line", WORDS_MAX);
        bool quoted = line[i] == '\'';
        size_t from = i + quoted;
        for (i = from; i < n && (quoted ? line[i] != '\'' : !is_blank(line[i])); i++)
            ;
        if (quoted && i == n)
            return FAIL(p, "a quoted text is not closed; expected '");
        p->quoted[p->words] = quoted;
        p->word[p->words++] = parser_text(p, line + from, i - from);
        i += quoted;
    }
    return 0;
}

static const char *next_word(struct parser *p)
{
    return p->at < p->words ? p->word[p->at++] : NULL;
}

static bool take_word(struct parser *p, const char *text)
{
    if (p->at == p->words || p->quoted[p->at] || strcmp(p->word[p->at], text) != 0)
        return false;
    p->at++;
    return true;
}

static int need_word(struct parser *p, const char *what, const char **out)
{
    *out = next_word(p);
    return *out == NULL ? FAIL(p, "%s is missing at the end of the line", what) : 0;
}

/* "1..20", "0..", "8"; false where the word is no range. */
static bool read_range(const char *word, int64_t *lo, int64_t *hi)
{
    char *end;
    *lo = strtoll(word, &end, 10);
    if (end == word)
        return false;
    *hi = *lo;
    if (*end == '\0')
        return true;
    if (strncmp(end, "..", 2) != 0)
        return false;
    const char *high = end + 2;
    *hi = (int64_t)strtoull(high, &end, 10); /* up to the largest unsignedLong */
    return end != high && *end == '\0';
}

/* "0,16": single values, of which there may be up to 64. */
static bool read_values(struct parser *p, const char *word, const int64_t **one_of, uint16_t *ones)
{
    int64_t value[64];
    uint16_t n = 0;
    for (const char *at = word;; at++) {
        char *end;
        if (n == sizeof value / sizeof *value)
            return false;
        value[n++] = strtoll(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0') || (*end == '\0' && n == 1))
            return false;
        at = end;
        if (*end == '\0')
            break;
    }
    int64_t *kept = parser_new(p, n * sizeof *kept);
    if (kept == NULL)
        return false;
    memcpy(kept, value, n * sizeof *kept);
    *one_of = kept;
    *ones = n;
    return true;
}

/* A range of either form; lo and hi are the lowest and the highest value. */
static bool read_limits(struct parser *p, const char *word, int64_t *lo, int64_t *hi,
                        const int64_t **one_of, uint16_t *ones)
{
    if (p->d->schema->encoding == ENCODING_EXI || !read_values(p, word, one_of, ones))
        return read_range(word, lo, hi);
    *lo = *hi = (*one_of)[0];
    for (unsigned i = 1; i < *ones; i++) {
        *lo = (*one_of)[i] < *lo ? (*one_of)[i] : *lo;
        *hi = (*one_of)[i] > *hi ? (*one_of)[i] : *hi;
    }
    return true;
}

/* "?", "{1,8}", "{0,}"; nothing of the kind: exactly one. */
static int take_occurrence(struct parser *p, uint32_t *min, uint32_t *max)
{
    *min = *max = 1;
    if (take_word(p, "?")) {
        *min = 0;
        return 0;
    }
    if (p->at == p->words || p->word[p->at][0] != '{')
        return 0;
    const char *word = p->word[p->at++];
    char *end;
    unsigned long low = strtoul(word + 1, &end, 10);
    if (end == word + 1 || *end != ',')
        return FAIL(p, "occurrence %s; expected ?, {MIN,MAX} or {MIN,}", word);
    const char *high = end + 1;
    unsigned long top = strtoul(high, &end, 10);
    if (strcmp(end, "}") != 0 || (end != high && (top < low || top == 0)) || top > UINT16_MAX)
        return FAIL(p, "occurrence %s; expected {MIN,MAX} or {MIN,} with MIN <= MAX", word);
    *min = (uint32_t)low;
    *max = end == high ? SCHEMA_UNBOUNDED : (uint32_t)top;
    return 0;
}

static int end_of_line(struct parser *p)
{
    if (p->at < p->words)
        return FAIL(p, "'%s' was not expected here", p->word[p->at]);
    return 0;
}

/* ---- layouts of octets ---- */

static int need_number(struct parser *p, const char *what, unsigned most, unsigned *n)
{
    const char *word;
    char *end;
    if (need_word(p, what, &word) != 0)
        return -1;
    unsigned long v = strtoul(word, &end, 10);
    if (end == word || *end != '\0' || v == 0 || v > most)
        return FAIL(p, "%s is %s; expected 1 to %u", what, word, most);
    *n = (unsigned)v;
    return 0;
}

/* NAME, NAME+N or NAME-N. */
static int read_count(struct parser *p, struct decl_octets *o)
{
    const char *word;
    char *end;
    if (!take_word(p, "by"))
        return FAIL(p, "'counted' without 'by'; expected counted by FIELD");
    if (need_word(p, "the field that counts", &word) != 0)
        return -1;
    size_t n = strcspn(word, "+-");
    o->count = parser_text(p, word, n);
    if (word[n] == '\0')
        return 0;
    long plus = strtol(word + n, &end, 10);
    if (*end != '\0' || end == word + n || plus > 1000 || plus < -1000)
        return FAIL(p, "counted by %s; expected FIELD, FIELD+N or FIELD-N", word);
    o->plus = (int16_t)plus;
    return 0;
}

/* NAME or NAME=N. */
static int read_condition(struct parser *p, struct decl_octets *o)
{
    const char *word;
    char *end;
    if (need_word(p, "the field after 'if'", &word) != 0)
        return -1;
    size_t n = strcspn(word, "=");
    o->when = parser_text(p, word, n);
    o->is_any = word[n] == '\0';
    if (o->is_any)
        return 0;
    o->equals = strtoll(word + n + 1, &end, 10);
    return *end != '\0' || end == word + n + 1
               ? FAIL(p, "if %s; expected FIELD, or FIELD=NUMBER", word)
               : 0;
}

static struct decl_octets *need_octets(struct parser *p, struct decl_field *f)
{
    if (f->octets == NULL)
        f->octets = parser_new(p, sizeof *f->octets);
    return f->octets;
}

/* A word that only layouts of octets have: 1, or 0 where the next word is none of them. */
static int read_octets_word(struct parser *p, struct decl_field *f)
{
    unsigned bits = 0;
    if (p->d->schema->encoding == ENCODING_EXI)
        return 0;
    struct decl_octets *o = need_octets(p, f);
    if (o == NULL)
        return -1;
    if (take_word(p, "selects"))
        o->selects = true;
    else if (take_word(p, "spans"))
        o->spans = true;
    else if (take_word(p, "bits")) {
        if (need_number(p, "the number of bits", 56, &bits) != 0)
            return -1;
        o->bits = (uint8_t)bits;
    } else if (take_word(p, "counted")) {
        return read_count(p, o) != 0 ? -1 : 1;
    } else if (take_word(p, "if")) {
        return read_condition(p, o) != 0 ? -1 : 1;
    } else {
        return 0;
    }
    return 1;
}

/* NAME padding N, NAME padding bits N, NAME padding octet: a field that is there only where its
 * bits are not 0. */
static int read_padding(struct parser *p, struct decl_field *f)
{
    struct decl_octets *o = need_octets(p, f);
    unsigned n = 7;
    if (o == NULL)
        return -1;
    o->is_padding = true;
    o->to_octet = take_word(p, "octet");
    bool is_bits = o->to_octet || take_word(p, "bits");
    if (!o->to_octet &&
        need_number(p, "the size of the padding", is_bits ? 56 : UINT16_MAX, &n) != 0)
        return -1;
    o->bits = is_bits ? (uint8_t)n : 0;
    f->type = is_bits ? "unsignedLong" : "hexBinary";
    f->limited = !is_bits;
    f->lo = f->hi = (int64_t)n;
    f->min = 0;
    return end_of_line(p);
}

/* !key: what the field is to a reader. */
static int read_mark(struct parser *p, struct decl_field *f, const char *name)
{
    for (unsigned i = 0; i < MARK_NUMBER; i++)
        if (strcmp(SCHEMA_MARKS[i], name) == 0) {
            f->marks |= (uint16_t)(1u << i);
            return 0;
        }
    return FAIL(p,
                "there is no mark !%s; expected !key, !code, !soc, !voltage, !current, !limit, "
                "!power, !left, !transfer, !bound or !own",
                name);
}

/* RANGE, UNIT, = DEFAULT and marks, in any order, up to the end of the line. */
static int read_tail(struct parser *p, struct decl_field *f)
{
    while (p->at < p->words) {
        int is_taken = read_octets_word(p, f);
        if (is_taken < 0)
            return -1;
        if (is_taken > 0)
            continue;
        if (take_word(p, "=")) {
            if (p->at == p->words)
                return FAIL(p, "the default after '=' is missing");
            f->preset = p->word[p->at++];
            continue;
        }
        const char *word = p->word[p->at++];
        int64_t lo, hi;
        if (word[0] == '!') {
            if (read_mark(p, f, word + 1) != 0)
                return -1;
            continue;
        }
        if (read_limits(p, word, &lo, &hi, &f->one_of, &f->ones)) {
            if (f->limited)
                return FAIL(p, "a second range %s", word);
            f->limited = true;
            f->lo = lo;
            f->hi = hi;
        } else if (f->unit[0] == '\0' && word[0] != '{' && word[0] != '?') {
            f->unit = word;
        } else {
            return FAIL(p,
                        "'%s' was not expected here; a field is NAME [OCCURRENCE] TYPE [RANGE] "
                        "[UNIT] [= DEFAULT] [!MARK]",
                        word);
        }
    }
    return 0;
}

/* A word about the unqualified or qualified form of what a namespace declares. */
static uint8_t local_ns(const struct parser *p, bool is_attribute)
{
    const struct ns *ns = &p->d->schema->ns[p->ns];
    if (is_attribute)
        return ns->attributes_qualified ? p->ns : SCHEMA_NO_NS;
    return ns->unqualified ? SCHEMA_NO_NS : p->ns;
}

static struct decl_field *read_field(struct parser *p)
{
    struct decl_field *f = parser_new(p, sizeof *f);
    const char *name, *type;
    if (f == NULL || need_word(p, "the name of the field", &name) != 0)
        return NULL;
    f->place = p->place;
    f->unit = "";
    f->doc = p->doc;
    f->is_attribute = name[0] == '@';
    f->is_content = strcmp(name, "content") == 0;
    f->name = f->is_content ? "" : name + f->is_attribute;
    f->ns = local_ns(p, f->is_attribute);
    if (take_occurrence(p, &f->min, &f->max) != 0 ||
        need_word(p, "the type of the field", &type) != 0)
        return NULL;
    if (p->d->schema->encoding != ENCODING_EXI && strcmp(type, "padding") == 0)
        return read_padding(p, f) != 0 ? NULL : f;
    f->is_ref = strcmp(type, "element") == 0;
    f->type = f->is_ref ? f->name : type;
    if (f->is_ref && p->at < p->words && strchr(p->word[p->at], ':') != NULL)
        f->type = p->word[p->at++]; /* element ALIAS:NAME */
    if (read_tail(p, f) != 0)
        return NULL;
    if ((f->is_attribute || f->is_content) && f->max > 1) {
        FAIL(p, "%s cannot occur more than once", name);
        return NULL;
    }
    return f;
}

static void append_particle(struct particle *group, struct particle *child)
{
    struct particle **end = &group->child;
    while (*end != NULL)
        end = &(*end)->next;
    *end = child;
}

static struct particle *new_particle(struct parser *p, unsigned what, uint32_t min, uint32_t max)
{
    struct particle *made = parser_new(p, sizeof *made);
    if (made == NULL)
        return NULL;
    made->what = what;
    made->min = min;
    made->max = max;
    made->slot = -1;
    return made;
}

static int open_group(struct parser *p, unsigned what, int indent)
{
    uint32_t min, max;
    if (take_occurrence(p, &min, &max) != 0)
        return -1;
    if (p->groups == DEPTH_MAX)
        return FAIL(p, "groups are nested deeper than %d", DEPTH_MAX);
    struct particle *group = new_particle(p, what, min, max);
    if (group == NULL)
        return -1;
    append_particle(p->group[p->groups - 1], group);
    p->group[p->groups] = group;
    p->group_indent[p->groups++] = indent;
    return 0;
}

/* Leaves the groups that the present line's indentation has ended. */
static void close_groups(struct parser *p, bool is_bar)
{
    if (p->in_bars && (!is_bar || p->indent + 1 < p->group_indent[p->groups - 1])) {
        p->groups--;
        p->in_bars = false;
    }
    while (p->groups > 1 && !p->in_bars && p->indent <= p->group_indent[p->groups - 1])
        p->groups--;
}

static int read_wildcard(struct parser *p)
{
    take_word(p, "other");
    uint32_t min, max;
    if (take_occurrence(p, &min, &max) != 0)
        return -1;
    struct particle *any = new_particle(p, PARTICLE_ANY, min, max);
    if (any == NULL)
        return -1;
    append_particle(p->group[p->groups - 1], any);
    return end_of_line(p);
}

static int read_content(struct parser *p)
{
    bool is_bar = take_word(p, "|");
    close_groups(p, is_bar);
    if (is_bar && !p->in_bars) {
        if (open_group(p, PARTICLE_CHOICE, p->indent + 1) != 0)
            return -1;
        p->in_bars = true;
    }
    if (take_word(p, "choice"))
        return open_group(p, PARTICLE_CHOICE, p->indent) != 0 ? -1 : end_of_line(p);
    if (take_word(p, "sequence"))
        return open_group(p, PARTICLE_SEQUENCE, p->indent) != 0 ? -1 : end_of_line(p);
    if (take_word(p, "any"))
        return read_wildcard(p);
    struct decl_field *f = read_field(p);
    if (f == NULL)
        return -1;
    if (f->is_attribute) {
        f->next = p->type->attributes;
        p->type->attributes = f;
        return 0;
    }
    struct particle *field = new_particle(p, PARTICLE_FIELD, f->min, f->max);
    if (field == NULL)
        return -1;
    field->field = f;
    append_particle(p->group[p->groups - 1], field);
    return 0;
}

static int add_members(struct parser *p, struct decl_simple *s)
{
    struct simple *out = s->out;
    int more = p->words - p->at;
    const char **member = parser_new(p, (size_t)(out->members + more + 1) * sizeof *member);
    if (member == NULL)
        return -1;
    if (out->members > 0)
        memcpy(member, out->member, out->members * sizeof *member);
    while (p->at < p->words) {
        if (take_word(p, "prefix")) {
            if (need_word(p, "the prefix", &out->prefix) != 0)
                return -1;
            continue;
        }
        member[out->members++] = p->word[p->at++];
    }
    out->member = member;
    return 0;
}

static struct decl_simple *new_simple(struct parser *p)
{
    struct decl_simple *s = parser_new(p, sizeof *s);
    if (s == NULL || (s->out = parser_new(p, sizeof *s->out)) == NULL)
        return NULL;
    s->place = p->place;
    s->out->doc = p->doc;
    s->out->ns = p->ns;
    s->out->prefix = "";
    *p->d->simples_end = s;
    p->d->simples_end = &s->next;
    return s;
}

static int read_simple(struct parser *p)
{
    struct decl_simple *s = new_simple(p);
    if (s == NULL || need_word(p, "the name of the simple type", &s->out->name) != 0 ||
        need_word(p, "the base of the simple type", &s->base) != 0)
        return -1;
    if (p->at < p->words) {
        const char *word = p->word[p->at++];
        if (!read_limits(p, word, &s->out->lo, &s->out->hi, &s->out->one_of, &s->out->ones))
            return FAIL(p, "range %s; expected MIN..MAX or one number", word);
        s->out->limited = true;
    }
    return end_of_line(p);
}

static int read_enum(struct parser *p)
{
    struct decl_simple *s = new_simple(p);
    if (s == NULL || need_word(p, "the name of the enumeration", &s->out->name) != 0)
        return -1;
    s->base = "string";
    s->out->base = "string";
    s->out->kind = KIND_ENUM;
    p->members = s;
    return add_members(p, s);
}

static struct decl_type *new_type(struct parser *p, const char *name)
{
    struct decl_type *t = parser_new(p, sizeof *t);
    if (t == NULL || (t->content = new_particle(p, PARTICLE_SEQUENCE, 1, 1)) == NULL)
        return NULL;
    t->place = p->place;
    t->name = name;
    t->doc = p->doc;
    t->ns = p->ns;
    *p->d->types_end = t;
    p->d->types_end = &t->next;
    p->type = t;
    p->groups = 1;
    p->group[0] = t->content;
    p->group_indent[0] = 0;
    p->in_bars = false;
    return t;
}

static int read_type(struct parser *p)
{
    const char *name;
    if (need_word(p, "the name of the type", &name) != 0)
        return -1;
    struct decl_type *t = new_type(p, name);
    if (t == NULL || (take_word(p, ":") && need_word(p, "the base type", &t->base) != 0))
        return -1;
    while (p->at < p->words) {
        if (take_word(p, "abstract"))
            t->is_abstract = true;
        else if (take_word(p, "mixed"))
            t->is_mixed = true;
        else if (take_word(p, "quantity"))
            t->is_quantity = true;
        else
            return end_of_line(p);
    }
    return 0;
}

static struct decl_element *new_element(struct parser *p)
{
    struct decl_element *el = parser_new(p, sizeof *el);
    if (el == NULL || need_word(p, "the name of the element", &el->name) != 0)
        return NULL;
    el->place = p->place;
    el->doc = p->doc;
    el->ns = p->ns;
    *p->d->elements_end = el;
    p->d->elements_end = &el->next;
    return el;
}

static int read_element(struct parser *p)
{
    struct decl_element *el = new_element(p);
    if (el == NULL || need_word(p, "the type of the element", &el->type) != 0)
        return -1;
    if (strcmp(el->type, "anonymous") == 0) {
        if ((el->own = new_type(p, el->name)) == NULL)
            return -1;
        el->own->is_anonymous = true;
    }
    while (p->at < p->words) {
        if (take_word(p, "abstract"))
            el->is_abstract = true;
        else if (!take_word(p, "in"))
            return end_of_line(p);
        else if (need_word(p, "the head of the substitution group", &el->head) != 0)
            return -1;
    }
    return 0;
}

static int read_direction(struct parser *p, struct decl_element *el)
{
    static const char *const NAMES[] = {"", "evcc", "secc", "both"}; /* ORDER direction */
    const char *word;
    if (need_word(p, "the sender: evcc, secc or both", &word) != 0)
        return -1;
    for (uint8_t i = FROM_EVCC; i <= FROM_BOTH; i++)
        if (strcmp(word, NAMES[i]) == 0)
            el->from = i;
    return el->from == FROM_NONE ? FAIL(p, "'from %s'; expected evcc, secc or both", word) : 0;
}

static int read_payload(struct parser *p, uint16_t *payload)
{
    const char *word;
    if (need_word(p, "the payload type", &word) != 0)
        return -1;
    char *end;
    unsigned long v = strtoul(word, &end, 16);
    if (*end != '\0' || v > UINT16_MAX)
        return FAIL(p, "payload type %s; expected 0x8001 to 0xFFFF", word);
    *payload = (uint16_t)v;
    return 0;
}

static int read_padded(struct parser *p, struct decl_element *el)
{
    unsigned n;
    if (p->d->schema->encoding == ENCODING_EXI)
        return FAIL(p, "'padded' in a set of EXI; expected it below a line 'layout octets'");
    if (need_number(p, "the least number of octets", UINT16_MAX, &n) != 0)
        return -1;
    el->padded = (uint16_t)n;
    return 0;
}

static int read_message(struct parser *p)
{
    struct decl_element *el = new_element(p);
    if (el == NULL)
        return -1;
    size_t n = strlen(el->name);
    char *type = arena_alloc(p->d->arena, n + sizeof "Type");
    if (type == NULL)
        return FAIL(p, "out of memory");
    memcpy(type, el->name, n);
    memcpy(type + n, "Type", sizeof "Type");
    if ((el->own = new_type(p, type)) == NULL)
        return -1;
    el->payload = p->d->schema->payload;
    int bad = 0;
    while (p->at < p->words && bad == 0) {
        if (take_word(p, ":"))
            bad = need_word(p, "the base type", &el->own->base);
        else if (take_word(p, "type"))
            bad = need_word(p, "the name of the type", &el->own->name);
        else if (take_word(p, "in"))
            bad = need_word(p, "the head of the substitution group", &el->head);
        else if (take_word(p, "from"))
            bad = read_direction(p, el);
        else if (take_word(p, "payload"))
            bad = read_payload(p, &el->payload);
        else if (take_word(p, "padded"))
            bad = read_padded(p, el);
        else if (take_word(p, "anonymous"))
            el->own->is_anonymous = true;
        else
            bad = end_of_line(p);
    }
    if (bad == 0 && el->from == FROM_NONE)
        return FAIL(p,
                    "message %s does not say who sends it; expected 'from evcc', 'from secc' or "
                    "'from both'",
                    el->name);
    if (el->own->is_anonymous)
        el->own->name = el->name;
    el->type = el->own->name;
    return bad;
}

static int read_namespace(struct parser *p)
{
    struct schema *s = p->d->schema;
    const char *alias, *uri;
    if (need_word(p, "the alias of the namespace", &alias) != 0 ||
        need_word(p, "the URI of the namespace", &uri) != 0)
        return -1;
    if (s->namespaces == DECL_NAMESPACES_MAX)
        return FAIL(p, "too many namespaces");
    p->has_ns = true;
    p->ns = (uint8_t)s->namespaces;
    for (uint8_t i = 0; i < s->namespaces; i++)
        if (strcmp(s->ns[i].uri, uri) == 0)
            p->ns = i; /* a namespace may be taken up again */
    struct ns *ns = &s->ns[p->ns];
    if (p->ns == s->namespaces) {
        s->namespaces++;
        ns->alias = alias;
        ns->uri = uri;
    }
    ns->is_own = ns->is_own || p->is_main;
    while (p->at < p->words) {
        if (take_word(p, "unqualified"))
            ns->unqualified = true;
        else if (take_word(p, "attributes-qualified"))
            ns->attributes_qualified = true;
        else
            return end_of_line(p);
    }
    return 0;
}

static int read_header(struct parser *p)
{
    struct schema *s = p->d->schema;
    const char *name, *protocol = "";
    uint16_t payload = 0, ethertype = 0;
    if (need_word(p, "the name of the schema", &name) != 0)
        return -1;
    p->is_named = true;
    if (p->at < p->words && strcmp(p->word[p->at], "payload") != 0 &&
        strcmp(p->word[p->at], "ethertype") != 0)
        protocol = p->word[p->at++];
    if (take_word(p, "payload") && read_payload(p, &payload) != 0)
        return -1;
    if (take_word(p, "ethertype") && read_payload(p, &ethertype) != 0)
        return -1;
    if (p->is_main) {
        s->name = name;
        s->protocol = protocol[0] != '\0' ? protocol : name;
        s->payload = payload;
        s->ethertype = ethertype;
        s->doc = p->doc;
    }
    return end_of_line(p);
}

static int read_layout(struct parser *p)
{
    struct schema *s = p->d->schema;
    if (!take_word(p, "octets"))
        return FAIL(p, "a layout of unknown kind; expected 'layout octets big' or 'layout octets "
                       "little'");
    bool is_big = take_word(p, "big");
    if (!is_big && !take_word(p, "little"))
        return FAIL(p, "'layout octets' without an order; expected big or little");
    if (p->d->types != NULL || p->d->simples != NULL || s->encoding != ENCODING_EXI)
        return FAIL(p, "'layout' comes too late, or twice; expected it once, before all types");
    s->encoding = is_big ? ENCODING_BIG : ENCODING_LITTLE;
    return end_of_line(p);
}

static int read_use(struct parser *p)
{
    const char *name;
    if (need_word(p, "the name of the schema to use", &name) != 0 || end_of_line(p) != 0)
        return -1;
    if (decl_read(p->d, name, false, p->e) == 0)
        return 0;
    if (p->e->line == ERR_NO_PLACE) { /* no such schema: what used it is the place */
        snprintf(p->e->path, sizeof p->e->path, "%s", p->place.file);
        p->e->line = p->place.line;
    }
    return -1;
}

/* What may stand at the left margin. */
static const struct {
    const char *word;
    int (*read)(struct parser *p);
    bool needs_ns;
} STATEMENTS[] = {
    {"schema", read_header, false},  {"layout", read_layout, false},
    {"use", read_use, false},        {"namespace", read_namespace, false},
    {"simple", read_simple, true},   {"enum", read_enum, true},
    {"type", read_type, true},       {"element", read_element, true},
    {"message", read_message, true},
};

static int read_statement(struct parser *p)
{
    p->type = NULL;
    p->members = NULL;
    const char *word = next_word(p);
    for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
        if (strcmp(word, STATEMENTS[i].word) != 0)
            continue;
        if (!p->is_named && i > 0)
            return FAIL(p, "the first statement is '%s'; expected 'schema NAME'", word);
        if (STATEMENTS[i].needs_ns && !p->has_ns)
            return FAIL(p, "'%s' before any 'namespace'", word);
        return STATEMENTS[i].read(p);
    }
    return FAIL(p,
                "unknown statement '%s'; expected schema, layout, use, namespace, simple, enum, "
                "type, element or message",
                word);
}

static int read_words(struct parser *p)
{
    if (p->words == 0)
        return 0;
    if (p->indent == 0)
        return read_statement(p);
    if (p->members != NULL)
        return add_members(p, p->members);
    if (p->type == NULL)
        return FAIL(p, "an indented line that belongs to no type, element, message or enum");
    return read_content(p);
}

static int read_line(struct parser *p, const char *line, size_t n)
{
    int bad = split_line(p, line, n) != 0 || p->is_out || read_words(p) != 0;
    return p->is_out ? FAIL(p, "out of memory") : bad ? -1 : 0;
}

int decl_read(struct decls *d, const char *name, bool is_main, struct err *e)
{
    for (unsigned i = 0; i < d->uses; i++)
        if (strcmp(d->used[i], name) == 0)
            return 0;
    if (d->uses == sizeof d->used / sizeof *d->used)
        return err_set(e, "schema %s uses too many others", name);
    d->used[d->uses++] = name;
    struct slice text;
    const char *file;
    if (d->source(d->context, name, &text, &file) != 0)
        return err_set(e, "there is no schema '%s'", name);
    struct parser p = {.d = d, .place = {file, 0}, .is_main = is_main, .e = e};
    const char *at = (const char *)text.p, *end = at + text.n;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        p.place.line++;
        if (read_line(&p, at, (size_t)(line_end - at)) != 0)
            return -1;
        at = line_end + 1;
    }
    return p.is_named ? 0 : FAIL(&p, "the description is empty; expected 'schema NAME'");
}
