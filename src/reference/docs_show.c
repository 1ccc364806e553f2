/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/docs_show.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define TYPE_TEXT 96
#define USES_SHOWN 12 /* elements that have a type */

void show_open(struct answer *a)
{
    page_open(&a->page, a->docs->form, LANGUAGES[a->docs->prose.language], a->wanted,
              &a->docs->out);
}

/* ---- functions ---- */

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

int show_function(struct answer *a, const struct found *found, unsigned n, struct err *e)
{
    struct docs *d = a->docs;
    struct reference r;
    struct reference_function f;
    int result = reference_open(&r, &found->scope, &d->prose, found->name.message->as.name, e);
    if (result == 0) {
        struct reference_entry entry = entry_of(a, found, &r);
        reference_describe(&r, &entry, &f);
        show_open(a);
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

/* The fields of the table that it takes: types of such end with Options. */
static void print_options(struct answer *a, const char *types)
{
    const struct prose *prose = &a->docs->prose;
    const char *end = strstr(types, "Options"), *from = end;
    for (unsigned i = prose->words; end != NULL && i < prose->entries; i++) {
        while (from > types && isalpha((unsigned char)from[-1]))
            from--;
        size_t n = (size_t)(end - from) + strlen("Options");
        const struct prose_entry *class = &prose->entry[i];
        if (class->kind == PROSE_CLASS && strlen(class->name) == n &&
            strncmp(class->name, from, n) == 0)
            print_members(a, class);
    }
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
    print_options(a, is_function ? entry->parameters : entry->returns);
    page_heading(&a->page, 2, PAGE_PLAIN, docs_word(d, "example"), NULL);
    page_code(&a->page, "lua", entry->example);
}

void show_prose(struct answer *a, const struct prose_entry *entry, const char *name)
{
    show_open(a);
    buf_clear(&a->text);
    prose_full_name(entry, name, a->side, &a->text);
    page_heading(&a->page, 1, PAGE_CODE, buf_string(&a->text), NULL);
    page_text(&a->page, entry->text);
    if (entry->kind >= PROSE_FIELD)
        print_facts(a, entry);
    else
        print_members(a, entry);
    page_close(&a->page);
}

/* ---- messages ---- */

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
            element_is_header(&r->entry[i]))
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
        if (element_is_header(&r->entry[i]))
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
    page_cell(&a->page, PAGE_PLAIN, r->set->ethertype != 0 ? "MMTYPE" : "V2GTP", NULL);
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
    docs_requirements_of(a->docs, &a->page, topic->protocol, message->as.name);
    return 0;
}

/* The topic in the first protocol that has it; others are named. */
int show_topic(struct answer *a, const struct docs_topic *topic, unsigned n, struct err *e)
{
    bool is_first = true;
    int result = 0;
    show_open(a);
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

void show_simple(struct answer *a, const struct protocol *p, const struct schema *set,
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

void show_complex(struct answer *a, const struct protocol *p, const struct schema *set,
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
