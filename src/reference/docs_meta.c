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

static void add_fact(struct docs *d, enum docs_word label, const char *text)
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
    add_comment(&d->out, wording_simple(d->language, set, s, &arena));
    arena_close(&arena);
    wording_type_name(s, name, sizeof name);
    buf_printf(&d->out, "---@enum %s\n%s = {\n", name, name);
    each_enumeration(d, add_same, &x, &ignored);
    buf_text(&d->out, "}\n");
    buf_close(&x.seen);
}

/* ---- functions of no message ---- */

static void add_general_parameters(const struct docs_general *g, struct buf *out)
{
    const char *at = g->parameters;
    while (*at != '\0') {
        size_t n = strcspn(at, ",");
        buf_printf(out, "---@param %.*s\n", (int)n, at);
        at += n;
        at += strspn(at, ", ");
    }
}

static void add_general(struct docs *d, const struct docs_general *g, const char *name)
{
    buf_char(&d->out, '\n');
    add_comment(&d->out, g->doc[d->language]);
    add_general_parameters(g, &d->out);
    if (g->returns[0] != '\0')
        buf_printf(&d->out, "---@return %s\n", g->returns);
    buf_printf(&d->out, "function %s%s%s(", g->owner,
               g->owner[0] == '\0'                ? ""
               : strcmp(g->owner, "Message") == 0 ? ":"
                                                  : ".",
               name);
    docs_general_call(g, &d->out);
    buf_text(&d->out, ") end\n");
}

static const char *const CLASSES[] = {"local Role = {}\n\n"
                                      "---@class Message\n"
                                      "---@field [string] any\n"
                                      "local Message = {}\n\n"
                                      "---@class Certificate\n"
                                      "---@field der string\n"
                                      "---@field pem string\n"
                                      "---@field subject string?\n"
                                      "---@field common_name string?\n"
                                      "---@field domain string?\n"
                                      "---@field issuer string?\n"
                                      "---@field issuer_name string?\n"
                                      "---@field serial integer|string?\n"
                                      "---@field not_before integer?\n"
                                      "---@field not_after integer?\n"
                                      "---@field curve string?\n"
                                      "---@field key_identifier string?\n"
                                      "---@field edition string?\n"
                                      "---@field problem string?\n"
                                      "local Certificate = {}\n\n"
                                      "---@class Key\n"
                                      "---@field curve string\n"
                                      "---@field matches fun(key: Key, certificate: Certificate): "
                                      "boolean\n"
                                      "local Key = {}\n\n"
                                      "---@class Identity\n"
                                      "---@field chain Certificate[]\n"
                                      "---@field key Key\n"
                                      "---@field role string\n"
                                      "---@field edition string\n"
                                      "local Identity = {}\n\n"
                                      "---@class Pki\n"
                                      "Pki = {}\n\n"
                                      "---EVCC\n"
                                      "---@class Evcc: Role\n"
                                      "Evcc = {}\n"
                                      "EVCC = Evcc\n\n"
                                      "---SECC\n"
                                      "---@class Secc: Role\n"
                                      "Secc = {}\n"
                                      "SECC = Secc\n"};

static void add_fields(struct docs *d)
{
    buf_text(&d->out, "---@class Role\n");
    for (const struct docs_general *g = DOCS_GENERAL; g->name != NULL; g++)
        if (g->parameters == NULL)
            buf_printf(&d->out, "---@field %s %s %s\n", g->name, g->returns, g->doc[d->language]);
}

int docs_meta_common(struct docs *d, struct err *e)
{
    buf_text(&d->out, "---@meta\n-- v2glab " V2G_VERSION "\n\n");
    add_fields(d);
    buf_text(&d->out, CLASSES[0]);
    for (const struct docs_general *g = DOCS_GENERAL; g->name != NULL; g++) {
        char text[TYPE_TEXT];
        const char *name;
        for (unsigned i = 0;
             g->parameters != NULL && (name = docs_general_each(g, i, text)) != NULL; i++)
            add_general(d, g, name);
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
    add_fact(d, DOCS_LIMITS, f->limits);
    add_fact(d, DOCS_UNIT, f->unit);
    if (entry->name.verb == VERB_SET)
        add_fact(d, DOCS_PRESET, f->preset);
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
    int result = reference_open(&r, &scope, d->language, message->as.name, e);
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
    static struct docs_topic topic[DOCS_TOPICS];
    int n = docs_topics(d, topic, e);
    if (n < 0 || docs_meta_common(d, e) != 0)
        return -1;
    for (int i = 0; i < n; i++)
        for (uint8_t side = FROM_EVCC; side <= FROM_SECC; side++)
            if ((d->side == FROM_NONE || d->side == side) && add_topic(d, &topic[i], side, e) != 0)
                return -1;
    return 0;
}
