/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on the terminal: what a function, a message, an element or a type is. */
#include "base/nearest.h"
#include "reference/docs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MEMORY (16u << 20)
#define TYPE_TEXT 96
#define USES_SHOWN 12 /* elements that have a type */

struct answer {
    struct docs *docs;
    struct page page;
    const char *wanted; /* as it was asked for */
    const char *name;   /* without its role */
    uint8_t side;       /* that it was asked for with; FROM_NONE: none */
    struct arena arena;
    struct buf text; /* scratch */
};

/* The protocols in the order in which they answer: the most used one first. */
static const char *const ORDER[] = {"ISO15118-2", "DIN70121", "ISO15118-20", "AppProtocol"};
#define PROTOCOLS_N (sizeof ORDER / sizeof ORDER[0])

static const struct protocol *protocol_at(const struct docs *d, unsigned i)
{
    const struct protocol *p = protocol_find(ORDER[i]);
    return d->protocol == NULL || d->protocol == p ? p : NULL;
}

static void open_answer(struct answer *a)
{
    page_open(&a->page, a->docs->form, LANGUAGES[a->docs->prose.language], a->wanted,
              &a->docs->out);
}

/* ---- functions ---- */

/* A function as one protocol and role has it. */
struct found {
    struct name_scope scope;
    struct name name;
};

/* All protocols (and roles) that have the function; those of the same messages count once. */
static unsigned find_functions(struct answer *a, const char *text, struct found found[8])
{
    unsigned n = 0;
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        const struct protocol *p = protocol_at(a->docs, i);
        for (uint8_t side = FROM_EVCC; p != NULL && side <= FROM_SECC && n < 8; side++) {
            struct found new = {.scope = {&a->docs->library, p, side}};
            struct err ignored = ERR_INIT;
            if ((a->side != FROM_NONE && a->side != side) ||
                name_resolve(&new.scope, text, &new.name, &ignored) != 0)
                continue;
            bool known = false;
            for (unsigned k = 0; k < n; k++)
                known = known || (found[k].name.set == new.name.set &&found[k].scope.side == side);
            if (!known)
                found[n++] = new;
        }
    }
    return n;
}

static const char *path_of(struct answer *a, const struct name *n, const struct message *fresh);

/* The entry that describes it: one that the pages list, or (for other spellings) one made here. */
static struct reference_entry entry_of(struct answer *a, const struct found *f,
                                       const struct reference *r)
{
    const struct reference_entry *listed = reference_find(r, &f->name);
    struct reference_entry entry = {.parameter = "", .name = f->name};
    if (listed != NULL)
        entry = *listed;
    else
        entry.path = path_of(a, &f->name, &r->fresh);
    buf_clear(&a->text);
    buf_printf(&a->text, "%s.%s", name_role(f->scope.side), a->name);
    entry.text = arena_text(&a->arena, buf_string(&a->text), a->text.n);
    if (listed == NULL && (f->name.verb == VERB_SET || f->name.verb == VERB_CHECK))
        entry.parameter = "value";
    return entry;
}

static const char *path_of(struct answer *a, const struct name *n, const struct message *fresh)
{
    const struct node *header = n->in_header ? message_header(fresh) : NULL;
    const struct type *t = header != NULL ? header->type : n->message->as.type;
    buf_clear(&a->text);
    buf_printf(&a->text, "%s%s", n->message->as.name, n->in_header ? ".Header" : "");
    for (unsigned i = 0; i < n->steps; i++) {
        const struct field *f = &t->field[n->step[i].slot];
        if (f->name[0] != '\0')
            buf_printf(&a->text, ".%s", f->name);
        t = f->type;
    }
    return arena_text(&a->arena, buf_string(&a->text), a->text.n);
}

static void function_table(struct answer *a, const struct reference *r,
                           const struct reference_function *f)
{
    struct docs *d = a->docs;
    struct page *p = &a->page;
    page_table(p, 2, NULL);
    buf_clear(&a->text);
    docs_parameters(f, &a->text);
    docs_row(d, p, "parameter", PAGE_PLAIN, buf_string(&a->text));
    docs_row(d, p, "return", PAGE_PLAIN, f->returns[0] != '\0' ? f->returns : "-");
    buf_clear(&a->text);
    buf_printf(&a->text, "%s (%s)", r->message->as.name, docs_direction(r->message->from));
    docs_row(d, p, "message", PAGE_PLAIN, buf_string(&a->text));
    docs_row(d, p, "protocol", PAGE_PLAIN, r->scope.protocol->name);
    docs_row(d, p, "type", PAGE_PLAIN, f->kind);
    docs_row(d, p, "presence", PAGE_PLAIN, f->presence);
    docs_row(d, p, "limits", PAGE_PLAIN, f->limits);
    docs_row(d, p, "unit", PAGE_PLAIN, f->unit);
    docs_row(d, p, "preset", PAGE_PLAIN, f->preset);
    docs_row(d, p, "wire", PAGE_PLAIN, f->wire);
    page_table_end(p);
}

/* Other protocols and roles that have the same function. */
static void also_in(struct answer *a, const struct found *found, unsigned n)
{
    buf_clear(&a->text);
    for (unsigned i = 1; i < n; i++)
        buf_printf(&a->text, "%s%s %s", i > 1 ? ", " : "", docs_role(found[i].scope.side),
                   found[i].scope.protocol->name);
    if (n < 2)
        return;
    page_table(&a->page, 2, NULL);
    docs_row(a->docs, &a->page, "also", PAGE_PLAIN, buf_string(&a->text));
    page_table_end(&a->page);
}

static int print_function(struct answer *a, const struct found *found, unsigned n, struct err *e)
{
    struct docs *d = a->docs;
    struct reference r;
    struct reference_function f;
    int result = reference_open(&r, &found->scope, &d->prose, found->name.message->as.name, e);
    if (result == 0) {
        struct reference_entry entry = entry_of(a, found, &r);
        reference_describe(&r, &entry, &f);
        open_answer(a);
        page_heading(&a->page, 1, PAGE_CODE, f.call, NULL);
        page_text(&a->page, f.does);
        buf_clear(&a->text);
        docs_sentence(f.meaning, &a->text);
        if (f.meaning[0] != '\0')
            page_text(&a->page, buf_string(&a->text));
        if (f.rule[0] != '\0')
            page_text(&a->page, f.rule);
        function_table(a, &r, &f);
        if (f.members != NULL)
            docs_member_table(d, &a->page, f.members);
        page_heading(&a->page, 2, PAGE_PLAIN, docs_word(d, "example"), NULL);
        page_code(&a->page, "lua", f.example);
        also_in(a, found, n);
        page_close(&a->page);
    }
    reference_close(&r);
    return result;
}

/* ---- what belongs to no message ---- */

/* Names of Pki and of values are common words: they are asked for with their owner. */
static bool needs_owner(const struct prose_entry *entry)
{
    static const char *const KNOWN[] = {"", "Role", "Evcc", "Secc", "Message"};
    for (unsigned i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        if (strcmp(entry->owner, KNOWN[i]) == 0)
            return false;
    return true;
}

/* Whether the entry is what was asked for; name: what it is called then. */
static bool is_wanted(const struct answer *a, const struct prose_entry *entry, const char **name)
{
    char text[PROSE_NAME];
    const char *each;
    size_t n = strlen(entry->owner);
    if (entry->kind < PROSE_FIELD || needs_owner(entry)) {
        bool is_own = strncasecmp(a->wanted, entry->owner, n) == 0 && a->wanted[n] != '\0';
        *name = entry->name;
        return entry->kind < PROSE_FIELD ? strcmp(entry->name, a->wanted) == 0
                                         : is_own && strcmp(a->wanted + n + 1, entry->name) == 0;
    }
    *name = a->name;
    for (unsigned i = 0; (each = prose_each(entry, i, text)) != NULL; i++)
        if (strcmp(each, a->name) == 0)
            return true;
    return false;
}

static void print_members(struct answer *a, const struct prose_entry *class)
{
    const struct prose *prose = &a->docs->prose;
    const char *const headings[] = {"API", docs_word(a->docs, "meaning")};
    page_table(&a->page, 2, headings);
    for (unsigned i = prose->words; i < prose->entries; i++) {
        const struct prose_entry *entry = &prose->entry[i];
        bool is_own = strcmp(entry->owner, class->name) == 0;
        bool is_base = class->returns[0] != '\0' && strcmp(entry->owner, class->returns) == 0;
        if (entry->kind < PROSE_FIELD || (!is_own && !is_base))
            continue;
        buf_clear(&a->text);
        prose_full_name(entry, entry->name, class->name[0] == 'S' ? FROM_SECC : FROM_EVCC,
                        &a->text);
        page_cell(&a->page, PAGE_CODE, buf_string(&a->text), NULL);
        page_cell(&a->page, PAGE_PLAIN, entry->text, NULL);
    }
    page_table_end(&a->page);
}

static void print_facts(struct answer *a, const struct prose_entry *entry)
{
    struct docs *d = a->docs;
    bool is_function = entry->kind == PROSE_FUNCTION;
    page_table(&a->page, 2, NULL);
    if (is_function)
        docs_row(d, &a->page, "parameter", PAGE_PLAIN,
                 entry->parameters[0] != '\0' ? entry->parameters : "-");
    docs_row(d, &a->page, is_function ? "return" : "type", PAGE_PLAIN,
             entry->returns[0] != '\0' ? entry->returns : "-");
    page_table_end(&a->page);
    page_heading(&a->page, 2, PAGE_PLAIN, docs_word(d, "example"), NULL);
    page_code(&a->page, "lua", entry->example);
}

static bool answer_prose(struct answer *a)
{
    const struct prose *prose = &a->docs->prose;
    const struct prose_entry *entry = NULL;
    const char *name;
    for (unsigned i = prose->words; i < prose->entries && entry == NULL; i++)
        if (is_wanted(a, &prose->entry[i], &name))
            entry = &prose->entry[i];
    if (entry == NULL)
        return false;
    open_answer(a);
    buf_clear(&a->text);
    prose_full_name(entry, name, a->side, &a->text);
    page_heading(&a->page, 1, PAGE_CODE, buf_string(&a->text), NULL);
    page_text(&a->page, entry->text);
    if (entry->kind >= PROSE_FIELD)
        print_facts(a, entry);
    else
        print_members(a, entry);
    page_close(&a->page);
    return true;
}

/* ---- messages ---- */

static bool is_topic(const struct docs_topic *topic, const char *name)
{
    if (strcasecmp(topic->name, name) == 0)
        return true;
    for (unsigned i = 0; i < 2; i++)
        if (topic->message[i] != NULL && strcasecmp(topic->message[i]->as.name, name) == 0)
            return true;
    return false;
}

/* Elements with their types, limits, units, defaults and doc lines; each once. */
static void element_table(struct answer *a, struct reference *r)
{
    struct docs *d = a->docs;
    const char *const headings[] = {docs_word(d, "element"),  docs_word(d, "type"),
                                    docs_word(d, "presence"), docs_word(d, "limits"),
                                    docs_word(d, "unit"),     docs_word(d, "preset"),
                                    docs_word(d, "meaning")};
    struct reference_function f;
    page_table(&a->page, 7, headings);
    for (unsigned i = 0; i < r->n; i++) {
        const struct name *n = &r->entry[i].name;
        if (n->verb != VERB_GET || (n->target != NAME_LEAF && n->target != NAME_QUANTITY) ||
            reference_is_header(&r->entry[i]))
            continue;
        reference_describe(r, &r->entry[i], &f);
        page_cell(&a->page, PAGE_CODE, strchr(r->entry[i].path, '.') + 1, NULL);
        page_cell(&a->page, PAGE_PLAIN, f.kind, NULL);
        page_cell(&a->page, PAGE_PLAIN, f.presence, NULL);
        page_cell(&a->page, PAGE_PLAIN, f.limits, NULL);
        page_cell(&a->page, PAGE_PLAIN, f.unit, NULL);
        page_cell(&a->page, PAGE_PLAIN, f.preset, NULL);
        page_cell(&a->page, PAGE_PLAIN, f.meaning, NULL);
    }
    page_table_end(&a->page);
}

static void function_list(struct answer *a, struct reference *r)
{
    struct docs *d = a->docs;
    const char *const headings[] = {"API", docs_word(d, "parameter"), docs_word(d, "return")};
    struct reference_function f;
    page_heading(&a->page, 2, PAGE_PLAIN, docs_role(r->scope.side), NULL);
    page_table(&a->page, 3, headings);
    for (unsigned i = 0; i < r->n; i++) {
        if (reference_is_header(&r->entry[i]))
            continue;
        reference_describe(r, &r->entry[i], &f);
        buf_clear(&a->text);
        docs_parameters(&f, &a->text);
        page_cell(&a->page, PAGE_CODE, f.call, NULL);
        page_cell(&a->page, PAGE_PLAIN, buf_string(&a->text), NULL);
        page_cell(&a->page, PAGE_PLAIN, f.returns[0] != '\0' ? f.returns : "-", NULL);
    }
    page_table_end(&a->page);
}

static void message_start(struct answer *a, const struct reference *r)
{
    struct docs *d = a->docs;
    page_heading(&a->page, 1, PAGE_PLAIN, r->message->as.name, NULL);
    buf_clear(&a->text);
    docs_sentence(wording_element(&d->prose, r->set, r->message, &a->arena), &a->text);
    page_text(&a->page, buf_string(&a->text));
    page_table(&a->page, 2, NULL);
    docs_row(d, &a->page, "protocol", PAGE_PLAIN, r->scope.protocol->name);
    docs_row(d, &a->page, "direction", PAGE_PLAIN, docs_direction(r->message->from));
    buf_clear(&a->text);
    buf_printf(&a->text, "0x%04X",
               r->message->payload != 0 ? r->message->payload : r->set->payload);
    page_cell(&a->page, PAGE_PLAIN, "V2GTP", NULL);
    page_cell(&a->page, PAGE_PLAIN, buf_string(&a->text), NULL);
    page_table_end(&a->page);
}

static int print_message(struct answer *a, const struct docs_topic *topic,
                         const struct element *message, struct err *e)
{
    for (uint8_t side = FROM_EVCC; side <= FROM_SECC; side++) {
        struct name_scope scope = {&a->docs->library, topic->protocol, side};
        struct reference r;
        int result = reference_open(&r, &scope, &a->docs->prose, message->as.name, e);
        if (result == 0 && side == FROM_EVCC) {
            message_start(a, &r);
            element_table(a, &r);
        }
        if (result == 0 && (a->docs->side == FROM_NONE || a->docs->side == side))
            function_list(a, &r);
        reference_close(&r);
        if (result != 0)
            return -1;
    }
    return 0;
}

/* The topic in the first protocol that has it; others are named. */
static int print_topic(struct answer *a, const struct docs_topic *topic, unsigned n, struct err *e)
{
    bool is_first = true;
    int result = 0;
    open_answer(a);
    for (unsigned i = 0; i < 2 && result == 0; i++) {
        const struct element *message = topic[0].message[i];
        if (message == NULL ||
            (strcasecmp(topic[0].name, a->name) != 0 && strcasecmp(message->as.name, a->name) != 0))
            continue;
        result = print_message(a, &topic[0], message, e);
    }
    buf_clear(&a->text);
    for (unsigned i = 1; i < n; i++, is_first = false)
        buf_printf(&a->text, "%s%s", is_first ? "" : ", ", topic[i].protocol->name);
    if (n > 1) {
        page_table(&a->page, 2, NULL);
        docs_row(a->docs, &a->page, "also", PAGE_PLAIN, buf_string(&a->text));
        page_table_end(&a->page);
    }
    page_close(&a->page);
    return result;
}

/* Topics called name, in the order of the protocols above, each protocol once. */
static unsigned find_topics(struct answer *a, const struct docs_topic *topic, unsigned n,
                            struct docs_topic found[PROTOCOLS_N])
{
    unsigned count = 0;
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        const struct protocol *p = protocol_at(a->docs, i);
        for (unsigned k = 0; p != NULL && k < n; k++) {
            if (topic[k].protocol != p || !is_topic(&topic[k], a->name))
                continue;
            found[count++] = topic[k];
            break;
        }
    }
    return count;
}

/* ---- types ---- */

/* Names of the elements of a set that have the type. */
static void add_uses(struct answer *a, const struct schema *set, const void *type)
{
    unsigned n = 0;
    buf_clear(&a->text);
    for (unsigned i = 0; i < set->types && n <= USES_SHOWN; i++) {
        const struct type *t = set->type[i];
        for (unsigned k = t->own; k < t->fields; k++) {
            const struct field *f = &t->field[k];
            if (f->type != type && f->simple != type)
                continue;
            if (n++ < USES_SHOWN)
                buf_printf(&a->text, "%s%s.%s", n > 1 ? ", " : "", t->name, f->name);
        }
    }
    if (n > USES_SHOWN)
        buf_text(&a->text, ", …");
}

static void type_start(struct answer *a, const struct protocol *p, const struct schema *set,
                       const char *name, const char *doc, const void *type)
{
    struct docs *d = a->docs;
    page_heading(&a->page, 1, PAGE_PLAIN, name, NULL);
    buf_clear(&a->text);
    docs_sentence(doc, &a->text);
    if (doc[0] != '\0')
        page_text(&a->page, buf_string(&a->text));
    page_table(&a->page, 2, NULL);
    docs_row(d, &a->page, "protocol", PAGE_PLAIN, p->name);
    add_uses(a, set, type);
    docs_row(d, &a->page, "used", PAGE_PLAIN, buf_string(&a->text));
    page_table_end(&a->page);
}

static void print_simple(struct answer *a, const struct protocol *p, const struct schema *set,
                         const struct simple *s)
{
    struct docs *d = a->docs;
    char name[TYPE_TEXT];
    const struct field as = {
        .name = s->name, .simple = s, .kind = s->kind, .width = s->width, .lo = s->lo, .hi = s->hi};
    wording_type_name(s, name, sizeof name);
    type_start(a, p, set, s->members > 0 ? name : s->name,
               wording_simple(&d->prose, set, s, &a->arena), s);
    page_table(&a->page, 2, NULL);
    docs_row(d, &a->page, "type", PAGE_PLAIN, s->base);
    buf_clear(&a->text);
    wording_limits(&d->prose, &as, &a->text);
    docs_row(d, &a->page, "limits", PAGE_PLAIN, buf_string(&a->text));
    buf_clear(&a->text);
    wording_wire(&d->prose, &as, &a->text);
    docs_row(d, &a->page, "wire", PAGE_PLAIN, buf_string(&a->text));
    page_table_end(&a->page);
    if (s->members > 0)
        docs_member_table(d, &a->page, s);
}

static void field_cell(struct answer *a, const struct field *f,
                       void (*add)(const struct prose *, const struct field *, struct buf *))
{
    buf_clear(&a->text);
    add(&a->docs->prose, f, &a->text);
    page_cell(&a->page, PAGE_PLAIN, buf_string(&a->text), NULL);
}

static void print_complex(struct answer *a, const struct protocol *p, const struct schema *set,
                          const struct type *t)
{
    struct docs *d = a->docs;
    const char *const headings[] = {docs_word(d, "element"),  docs_word(d, "type"),
                                    docs_word(d, "presence"), docs_word(d, "limits"),
                                    docs_word(d, "unit"),     docs_word(d, "meaning")};
    type_start(a, p, set, t->name, wording_type(&d->prose, set, t, &a->arena), t);
    page_table(&a->page, 6, headings);
    for (unsigned i = 0; i < t->fields; i++) {
        const struct field *f = &t->field[i];
        if (f->kind == KIND_ANY || f->kind == KIND_ABSTRACT)
            continue;
        page_cell(&a->page, PAGE_CODE, f->is_content ? "content" : f->name, NULL);
        buf_clear(&a->text);
        wording_kind(f, &a->text);
        page_cell(&a->page, PAGE_PLAIN, buf_string(&a->text), NULL);
        field_cell(a, f, wording_presence);
        field_cell(a, f, wording_limits);
        page_cell(&a->page, PAGE_PLAIN, f->unit != NULL ? f->unit : "", NULL);
        page_cell(&a->page, PAGE_PLAIN, wording_field(&d->prose, set, t, i, &a->arena), NULL);
    }
    page_table_end(&a->page);
}

/* The first simple or complex type called name in the protocol, in any case of its letters. */
static bool answer_type_in(struct answer *a, const struct protocol *p, bool is_first)
{
    struct err ignored = ERR_INIT;
    for (unsigned i = 0; i < PROTOCOL_SETS && p->set[i] != NULL; i++) {
        const struct schema *set = library_get(&a->docs->library, p->set[i], &ignored);
        for (unsigned k = 0; set != NULL && k < set->simples; k++) {
            if (strcasecmp(set->simple[k]->name, a->name) != 0)
                continue;
            if (is_first)
                open_answer(a);
            print_simple(a, p, set, set->simple[k]);
            return true;
        }
        for (unsigned k = 0; set != NULL && k < set->types; k++) {
            if (strcasecmp(set->type[k]->name, a->name) != 0)
                continue;
            if (is_first)
                open_answer(a);
            print_complex(a, p, set, set->type[k]);
            return true;
        }
    }
    return false;
}

/* Types differ from protocol to protocol, so all are shown. */
static bool answer_type(struct answer *a)
{
    bool any = false;
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        const struct protocol *p = protocol_at(a->docs, i);
        if (p != NULL)
            any = answer_type_in(a, p, !any) || any;
    }
    if (any)
        page_close(&a->page);
    return any;
}

/* ---- no such name ---- */

struct names {
    const char **at;
    size_t n, cap;
};

static void add_name(struct names *names, const char *name)
{
    if (names->n + 2 > names->cap) {
        size_t cap = names->cap > 0 ? names->cap * 2 : 512;
        const char **more = realloc(names->at, cap * sizeof *more);
        if (more == NULL)
            return;
        names->at = more;
        names->cap = cap;
    }
    names->at[names->n++] = name;
    names->at[names->n] = NULL;
}

static void add_prose_names(struct answer *a, struct names *names)
{
    const struct prose *prose = &a->docs->prose;
    for (unsigned i = prose->words; i < prose->entries; i++) {
        const struct prose_entry *entry = &prose->entry[i];
        char text[PROSE_NAME];
        const char *each;
        if (entry->kind < PROSE_FIELD || needs_owner(entry)) {
            add_name(names, entry->kind < PROSE_FIELD ? entry->name : entry->key);
            continue;
        }
        for (unsigned k = 0; (each = prose_each(entry, k, text)) != NULL; k++) {
            const char *copy = arena_text(&a->arena, each, strlen(each));
            if (copy != NULL)
                add_name(names, copy);
        }
    }
}

static void add_all_names(struct answer *a, const struct docs_topic *topic, unsigned topics,
                          struct names *names)
{
    for (unsigned i = 0; i < topics; i++) {
        add_name(names, topic[i].name);
        for (unsigned k = 0; k < 2; k++)
            if (topic[i].message[k] != NULL)
                add_name(names, topic[i].message[k]->as.name);
    }
    add_prose_names(a, names);
    for (unsigned i = 0; i < a->docs->library.n; i++) {
        const struct schema *set = a->docs->library.loaded[i];
        for (unsigned k = 0; k < set->types; k++)
            add_name(names, set->type[k]->name);
        for (unsigned k = 0; k < set->simples; k++) {
            char name[TYPE_TEXT];
            bool is_table = set->simple[k]->members > 0; /* of Lua */
            wording_type_name(set->simple[k], name, sizeof name);
            const char *copy =
                is_table ? arena_text(&a->arena, name, strlen(name)) : set->simple[k]->name;
            if (copy != NULL && copy[0] != '\0')
                add_name(names, copy);
        }
    }
}

/* Where it looks like a function, the reason that scripts would get. */
static int no_function(struct answer *a, struct err *e)
{
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        struct name_scope scope = {&a->docs->library, protocol_at(a->docs, i),
                                   a->side != FROM_NONE ? a->side : FROM_EVCC};
        struct name ignored;
        if (scope.protocol != NULL)
            return name_resolve(&scope, a->name, &ignored, e) == 0 ? 0 : -1;
    }
    return err_set(e, "there is no function '%.80s'", a->wanted);
}

static bool looks_like_function(const struct answer *a)
{
    for (int verb = VERB_SET; verb <= VERB_ADD; verb++) {
        const char *name = name_verb((enum verb)verb);
        size_t n = strlen(name);
        if (strncmp(a->name, name, n) == 0 && a->name[n] == '_')
            return true;
    }
    bool is_of_signatures =
        strncmp(a->name, "Sign_", 5) == 0 || strncmp(a->name, "Verify_", 7) == 0;
    return a->side != FROM_NONE && !is_of_signatures;
}

/* "Pki.Chek" is looked for as it is; of "ResponseCodeTyp.OK" the type. */
static bool names_owner(const struct answer *a)
{
    const struct prose *prose = &a->docs->prose;
    size_t n = strcspn(a->wanted, ".:");
    for (unsigned i = prose->words; i < prose->entries && a->side == FROM_NONE; i++)
        if (prose->entry[i].kind < PROSE_FIELD && strlen(prose->entry[i].name) == n &&
            strncasecmp(a->wanted, prose->entry[i].name, n) == 0)
            return true;
    return false;
}

static int not_found(struct answer *a, const struct docs_topic *topic, unsigned n, struct err *e)
{
    struct names names = {NULL, 0, 0};
    if (looks_like_function(a))
        return no_function(a, e);
    add_all_names(a, topic, n, &names);
    const char *name = names_owner(a) ? a->wanted : a->name;
    const char *nearest = names.n > 0 ? nearest_name(name, names.at) : NULL;
    if (nearest != NULL)
        err_set(e, "there is no function, message or type '%.80s'; the nearest name is %s",
                a->wanted, nearest);
    else
        err_set(e,
                "there is no function, message or type '%.80s'; `v2glab docs` lists what there "
                "is",
                a->wanted);
    free(names.at);
    return -1;
}

/* ---- all of it ---- */

/* Takes the role off the name. */
static void split_role(struct answer *a)
{
    static const char *const ROLES[] = {"Evcc.", "Secc."};
    a->name = a->wanted;
    for (unsigned i = 0; i < 2; i++) {
        if (strncasecmp(a->wanted, ROLES[i], 5) != 0)
            continue;
        a->side = i == 0 ? FROM_EVCC : FROM_SECC;
        a->name = a->wanted + 5;
    }
}

/* "SessionStopReq.ChargingSession": what its getter gets; "ResponseCodeType.OK": its type. */
static unsigned find_element(struct answer *a, struct found found[8])
{
    if (strchr(a->name, '.') == NULL)
        return 0;
    buf_clear(&a->text);
    buf_printf(&a->text, "Get_%s", a->name);
    char *getter = arena_text(&a->arena, buf_string(&a->text), a->text.n);
    for (char *c = getter; c != NULL && *c != '\0'; c++)
        *c = *c == '.' ? '_' : *c;
    unsigned n = getter == NULL ? 0 : find_functions(a, getter, found);
    if (n > 0) {
        a->name = getter;
        return n;
    }
    size_t stem = strcspn(a->name, ".");
    const char *type = arena_text(&a->arena, a->name, stem);
    a->name = type != NULL ? type : a->name;
    return 0;
}

static int answer(struct answer *a, const struct docs_topic *topic, unsigned topics, struct err *e)
{
    struct docs_topic same[PROTOCOLS_N];
    struct found found[8];
    unsigned n = find_functions(a, a->name, found);
    if (n == 0)
        n = find_element(a, found);
    if (n > 0)
        return print_function(a, found, n, e);
    if (answer_prose(a))
        return 0;
    n = find_topics(a, topic, topics, same);
    if (n > 0)
        return print_topic(a, same, n, e);
    return answer_type(a) ? 0 : not_found(a, topic, topics, e);
}

int docs_answer(struct docs *d, const char *name, struct err *e)
{
    static struct docs_topic topic[DOCS_TOPICS];
    struct answer a = {.docs = d, .wanted = name, .side = d->side};
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        if (strcasecmp(p->name, name) != 0)
            continue;
        d->protocol = p;
        return docs_index(d, e);
    }
    int topics = docs_topics(d, topic, e);
    if (topics < 0)
        return -1;
    arena_open(&a.arena, NULL, 0, TEXT_MEMORY);
    split_role(&a);
    int result = answer(&a, topic, (unsigned)topics, e);
    arena_close(&a.arena);
    buf_close(&a.text);
    return result;
}
