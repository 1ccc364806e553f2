/* SPDX-License-Identifier: Apache-2.0 */
/* Definition files for the Lua language server: what editors complete and explain. */
#include "names/enums.h"
#include "reference/docs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TYPE_TEXT 96
#define TEXT_MEMORY (16u << 20)

/* ---- comments ---- */

/* Lines of a comment, each behind ---. */
static void add_comment(struct buf *out, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        buf_text(out, "---");
        buf_add(out, text, n);
        buf_char(out, '\n');
        text += n + (text[n] != '\0');
    }
}

static void add_fact(struct docs *d, const char *label, const char *text)
{
    if (text[0] != '\0')
        buf_printf(&d->out, "---%s: %s  \n", docs_word(d, label), text);
}

static bool is_keyword(const char *word)
{
    static const char *const KEYWORDS[] = {"and",   "break", "do",       "else", "elseif", "end",
                                           "false", "for",   "function", "goto", "if",     "in",
                                           "local", "nil",   "not",      "or",   "repeat", "return",
                                           "then",  "true",  "until",    "while"};
    for (size_t i = 0; i < sizeof KEYWORDS / sizeof KEYWORDS[0]; i++)
        if (strcmp(KEYWORDS[i], word) == 0)
            return true;
    return false;
}

/* ---- enumerations ---- */

/* All enumerations of a name, whatever the case of its letters: Lua has one table for them. */
struct enumeration {
    struct docs *docs;
    const char *name;
    const struct simple *first;
    struct buf seen; /* members, each ended by a 0 */
};

static bool is_seen(const struct enumeration *x, const char *member)
{
    const char *all = (const char *)x->seen.p;
    for (size_t at = 0; at < x->seen.n; at += strlen(all + at) + 1)
        if (strcmp(all + at, member) == 0)
            return true;
    return false;
}

static void add_members(struct enumeration *x, const struct simple *s)
{
    char member[TYPE_TEXT];
    for (unsigned i = 0; i < s->members; i++) {
        enums_member(s, i, member, sizeof member);
        if (is_seen(x, member))
            continue;
        buf_add(&x->seen, member, strlen(member) + 1);
        bool is_plain = !isdigit((unsigned char)member[0]) && !is_keyword(member);
        buf_printf(&x->docs->out, is_plain ? "    %s = '%s',\n" : "    ['%s'] = '%s',\n", member,
                   s->member[i]);
    }
}

typedef void (*simple_visit)(void *context, const struct schema *set, const struct simple *s);

static int each_enumeration(struct docs *d, simple_visit visit, void *context, struct err *e)
{
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        if (d->protocol != NULL && d->protocol != p)
            continue;
        for (unsigned i = 0; i < PROTOCOL_SETS && p->set[i] != NULL; i++) {
            const struct schema *set = library_get(&d->library, p->set[i], e);
            if (set == NULL)
                return -1;
            for (unsigned k = 0; k < set->simples; k++)
                if (set->simple[k]->members > 0 && set->simple[k]->name[0] != '\0')
                    visit(context, set, set->simple[k]);
        }
    }
    return 0;
}

static void find_first(void *context, const struct schema *set, const struct simple *s)
{
    struct enumeration *x = context;
    (void)set;
    if (x->first == NULL && strcasecmp(s->name, x->name) == 0)
        x->first = s;
}

static void add_same(void *context, const struct schema *set, const struct simple *s)
{
    struct enumeration *x = context;
    (void)set;
    if (strcasecmp(s->name, x->name) == 0)
        add_members(x, s);
}

/* Prints the enumeration when its first part comes by. */
static void add_enumeration(void *context, const struct schema *set, const struct simple *s)
{
    struct docs *d = context;
    struct enumeration x = {.docs = d, .name = s->name};
    struct err ignored = ERR_INIT;
    struct arena arena;
    char name[TYPE_TEXT];
    each_enumeration(d, find_first, &x, &ignored);
    if (x.first != s)
        return;
    arena_open(&arena, NULL, 0, TEXT_MEMORY);
    buf_char(&d->out, '\n');
    add_comment(&d->out, wording_simple(&d->prose, set, s, &arena));
    arena_close(&arena);
    wording_type_name(s, name, sizeof name);
    buf_printf(&d->out, "---@enum %s\n%s = {\n", name, name);
    each_enumeration(d, add_same, &x, &ignored);
    buf_text(&d->out, "}\n");
    buf_close(&x.seen);
}

/* ---- functions of no message ---- */

static void add_typed_parameters(const struct prose_entry *entry, struct buf *out)
{
    const char *at = entry->parameters;
    while (*at != '\0') {
        size_t n = strcspn(at, ",");
        buf_printf(out, "---@param %.*s\n", (int)n, at);
        at += n;
        at += strspn(at, ", ");
    }
}

static void add_prose_function(struct docs *d, const struct prose_entry *entry, const char *name)
{
    buf_char(&d->out, '\n');
    add_comment(&d->out, entry->text);
    add_typed_parameters(entry, &d->out);
    if (entry->returns[0] != '\0')
        buf_printf(&d->out, "---@return %s\n", entry->returns);
    buf_printf(&d->out, "function %s%s%s(", entry->owner,
               entry->owner[0] == '\0' ? ""
               : entry->is_method      ? ":"
                                       : ".",
               name);
    prose_parameters(entry, &d->out);
    buf_text(&d->out, ") end\n");
}

/* A class and its fields. */
static void add_class(struct docs *d, const struct prose_entry *class)
{
    buf_char(&d->out, '\n');
    add_comment(&d->out, class->text);
    buf_printf(&d->out, "---@class %s%s%s\n", class->name, class->returns[0] != '\0' ? ": " : "",
               class->returns);
    for (unsigned i = d->prose.words; i < d->prose.entries; i++) {
        const struct prose_entry *field = &d->prose.entry[i];
        if (field->kind == PROSE_FIELD && strcmp(field->owner, class->name) == 0)
            buf_printf(&d->out, "---@field %s %s %s\n", field->name, field->returns, field->text);
    }
    if (strcmp(class->name, "Message") == 0 || strcmp(class->name, "Element") == 0)
        buf_text(&d->out, "---@field [string] any\n");
    buf_printf(&d->out, "%s%s = {}\n", class->kind == PROSE_CLASS ? "local " : "", class->name);
}

int docs_meta_common(struct docs *d, struct err *e)
{
    const struct prose *prose = &d->prose;
    buf_text(&d->out, "---@meta\n-- v2glab " V2G_VERSION "\n");
    for (unsigned i = prose->words; i < prose->entries; i++)
        if (prose->entry[i].kind == PROSE_CLASS || prose->entry[i].kind == PROSE_GLOBAL)
            add_class(d, &prose->entry[i]);
    buf_text(&d->out, "\nEVCC, SECC = Evcc, Secc\n");
    for (unsigned i = prose->words; i < prose->entries; i++) {
        char text[PROSE_NAME];
        const char *name;
        for (unsigned k = 0; prose->entry[i].kind == PROSE_FUNCTION &&
                             (name = prose_each(&prose->entry[i], k, text)) != NULL;
             k++)
            add_prose_function(d, &prose->entry[i], name);
    }
    return each_enumeration(d, add_enumeration, d, e);
}

/* ---- functions of messages ---- */

/* A name that Lua takes as a parameter. */
static void add_name(struct buf *out, const char *name)
{
    buf_text(out, name[0] != '\0' ? name : "value");
    buf_text(out, is_keyword(name) ? "_" : "");
}

static void add_parameters(struct docs *d, const struct reference_function *f)
{
    for (unsigned i = 0; i < f->parameters; i++) {
        const struct reference_parameter *p = &f->parameter[i];
        buf_text(&d->out, "---@param ");
        add_name(&d->out, p->name);
        /* codes without a member may be given as numbers */
        buf_printf(&d->out, "%s %s%s\n", p->is_optional ? "?" : "", p->type,
                   p->enumeration != NULL ? "|integer" : "");
    }
}

/* What is absent is nil; so is a list's entry that is not there. */
static void add_return(struct docs *d, const struct reference_entry *entry,
                       const struct reference_function *f)
{
    const struct name *n = &entry->name;
    if (f->returns[0] == '\0')
        return;
    bool may_be_nil = n->verb == VERB_GET && n->target != NAME_COUNT &&
                      n->target != NAME_SPECIFIED && n->field != NULL &&
                      (!n->field->is_mandatory || n->field->choice != 0 || n->lists > 0);
    buf_printf(&d->out, "---@return %s%s\n", f->returns, may_be_nil ? "?" : "");
}

static void add_function(struct docs *d, const struct reference_entry *entry,
                         const struct reference_function *f)
{
    buf_printf(&d->out, "\n---%s  \n", f->does);
    if (f->meaning[0] != '\0') {
        buf_text(&d->out, "---");
        docs_sentence(f->meaning, &d->out);
        buf_text(&d->out, "  \n");
    }
    if (f->rule[0] != '\0')
        buf_printf(&d->out, "---%s  \n", f->rule);
    add_fact(d, "limits", f->limits);
    add_fact(d, "unit", f->unit);
    if (entry->name.verb == VERB_SET)
        add_fact(d, "preset", f->preset);
    add_parameters(d, f);
    add_return(d, entry, f);
    buf_printf(&d->out, "function %s(", f->text);
    for (unsigned i = 0; i < f->parameters; i++) {
        buf_text(&d->out, i > 0 ? ", " : "");
        add_name(&d->out, f->parameter[i].name);
    }
    buf_text(&d->out, ") end\n");
}

static int add_message(struct docs *d, const struct docs_topic *topic, uint8_t side,
                       const struct element *message, struct err *e)
{
    struct name_scope scope = {&d->library, topic->protocol, side};
    struct reference r;
    int result = reference_open(&r, &scope, &d->prose, message->as.name, e);
    for (unsigned i = 0; result == 0 && i < r.n; i++) {
        struct reference_function f;
        reference_describe(&r, &r.entry[i], &f);
        add_function(d, &r.entry[i], &f);
    }
    reference_close(&r);
    return result;
}

static int add_topic(struct docs *d, const struct docs_topic *topic, uint8_t side, struct err *e)
{
    for (unsigned i = 0; i < 2; i++)
        if (topic->message[i] != NULL && add_message(d, topic, side, topic->message[i], e) != 0)
            return -1;
    return 0;
}

int docs_meta_topic(struct docs *d, const struct docs_topic *topic, uint8_t side, struct err *e)
{
    buf_printf(&d->out, "---@meta\n-- %s %s\n", topic->protocol->name, topic->name);
    return add_topic(d, topic, side, e);
}

int docs_meta(struct docs *d, struct err *e)
{
    if (docs_topics(d, e) != 0 || docs_meta_common(d, e) != 0)
        return -1;
    for (unsigned i = 0; i < d->topics; i++)
        for (uint8_t side = FROM_EVCC; side <= FROM_SECC; side++)
            if ((d->side == FROM_NONE || d->side == side) &&
                add_topic(d, &d->topic[i], side, e) != 0)
                return -1;
    return 0;
}
