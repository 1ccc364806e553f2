/* SPDX-License-Identifier: Apache-2.0 */
/* What there is: the index of protocols, roles and messages, and the page of types. */
#include "names/enums.h"
#include "reference/docs.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MEMORY (16u << 20)
#define TYPE_TEXT 96

struct indexing {
    struct docs *docs;
    struct page page;
    struct arena arena; /* of doc lines */
};

/* ---- index ---- */

static void topic_cell(struct indexing *x, const struct docs_topic *topic, uint8_t side)
{
    char file[DOCS_FILE];
    docs_file(x->docs, topic, side, file, sizeof file);
    page_cell(&x->page, PAGE_PLAIN, docs_role(side), x->docs->in_tree ? file : NULL);
}

/* Each topic with links to the pages of both roles. */
static void topic_row(struct indexing *x, const struct docs_topic *topic)
{
    struct docs *d = x->docs;
    const struct element *message =
        topic->message[0] != NULL ? topic->message[0] : topic->message[1];
    page_cell(&x->page, PAGE_PLAIN, topic->name, NULL);
    if (d->side != FROM_SECC)
        topic_cell(x, topic, FROM_EVCC);
    if (d->side != FROM_EVCC)
        topic_cell(x, topic, FROM_SECC);
    page_cell(&x->page, PAGE_PLAIN, wording_element(&d->prose, topic->set, message, &x->arena),
              NULL);
}

static void protocol_index(struct indexing *x, const struct docs_topic *topic, unsigned n)
{
    struct docs *d = x->docs;
    unsigned roles = d->side == FROM_NONE ? 2 : 1;
    const char *headings[] = {docs_word(d, "message"), "", "", docs_word(d, "meaning")};
    char file[DOCS_FILE];
    page_heading(&x->page, 2, PAGE_PLAIN, topic->protocol->name, topic->protocol->name);
    if (strcmp(topic->protocol->title, topic->protocol->name) != 0)
        page_text(&x->page, topic->protocol->title);
    headings[1 + roles] = headings[3];
    page_table(&x->page, 2 + roles, headings);
    for (unsigned i = 0; i < n; i++)
        topic_row(x, &topic[i]);
    page_table_end(&x->page);
    if (!d->in_tree)
        return;
    docs_types_file(d, topic->protocol, file, sizeof file);
    page_steps(&x->page);
    page_step(&x->page, "", docs_word(d, "types"), file);
    page_steps_end(&x->page);
}

static void general_index(struct indexing *x)
{
    struct docs *d = x->docs;
    const char *const headings[] = {"API", docs_word(d, "meaning")};
    struct buf call = {0};
    page_heading(&x->page, 2, PAGE_PLAIN, docs_word(d, "others"), NULL);
    page_table(&x->page, 2, headings);
    for (unsigned i = d->prose.words; i < d->prose.entries; i++) {
        const struct prose_entry *entry = &d->prose.entry[i];
        if (entry->kind < PROSE_FIELD)
            continue;
        buf_clear(&call);
        prose_full_name(entry, entry->name, d->side, &call);
        page_cell(&x->page, PAGE_CODE, buf_string(&call), NULL);
        page_cell(&x->page, PAGE_PLAIN, entry->text, NULL);
    }
    page_table_end(&x->page);
    buf_close(&call);
}

static void print_start(struct indexing *x)
{
    struct docs *d = x->docs;
    const char *title = docs_word(d, "index");
    char link[64];
    page_open(&x->page, d->form, LANGUAGES[d->prose.language], title, &d->out);
    if (d->in_tree) {
        snprintf(link, sizeof link, "../%s/index.%s", LANGUAGES[1 - d->prose.language],
                 d->form == PAGE_HTML ? "html" : "md");
        page_steps(&x->page);
        page_step(&x->page, "", docs_word(d, "other.language"), link);
        docs_requirements_file(d, link, sizeof link);
        page_step(&x->page, " · ", docs_word(d, "rules.all"), link);
        page_steps_end(&x->page);
    }
    page_heading(&x->page, 1, PAGE_PLAIN, title, NULL);
    page_text(&x->page, docs_word(d, "index.about"));
}

int docs_index(struct docs *d, struct err *e)
{
    const struct docs_topic *topic = d->topic;
    if (docs_topics(d, e) != 0)
        return -1;
    struct indexing x = {.docs = d};
    arena_open(&x.arena, NULL, 0, TEXT_MEMORY);
    print_start(&x);
    for (unsigned first = 0, last; first < d->topics; first = last) {
        for (last = first; last < d->topics && topic[last].protocol == topic[first].protocol;
             last++)
            ;
        protocol_index(&x, &topic[first], last - first);
    }
    general_index(&x);
    if (!d->in_tree)
        page_text(&x.page, docs_word(d, "more"));
    page_close(&x.page);
    arena_close(&x.arena);
    return 0;
}

/* ---- types ---- */

/* The members of an enumeration: name in Lua, name in the standard, code. */
void docs_member_table(struct docs *d, struct page *p, const struct simple *s)
{
    const char *const headings[] = {docs_word(d, "name"), "XML", docs_word(d, "code")};
    char type[TYPE_TEXT], member[TYPE_TEXT], text[2 * TYPE_TEXT];
    wording_type_name(s, type, sizeof type);
    page_table(p, 3, headings);
    for (unsigned i = 0; i < s->members; i++) {
        snprintf(text, sizeof text, "%s.%s", type, enums_member(s, i, member, sizeof member));
        page_cell(p, PAGE_CODE, text, NULL);
        page_cell(p, PAGE_PLAIN, s->member[i], NULL);
        snprintf(text, sizeof text, "%u", i);
        page_cell(p, PAGE_PLAIN, text, NULL);
    }
    page_table_end(p);
}

static void print_type(struct indexing *x, const struct schema *set, const struct simple *s)
{
    char name[TYPE_TEXT];
    wording_type_name(s, name, sizeof name);
    page_heading(&x->page, 2, PAGE_CODE, name, name);
    const char *doc = wording_simple(&x->docs->prose, set, s, &x->arena);
    if (doc[0] != '\0')
        page_text(&x->page, doc);
    docs_member_table(x->docs, &x->page, s);
}

/* Whether an earlier set of the protocol has the same type (as those of ISO 15118-20 share
 * some). */
static bool is_repeated(struct docs *d, const struct protocol *protocol, unsigned sets,
                        const char *name)
{
    struct err ignored = ERR_INIT;
    for (unsigned i = 0; i < sets; i++) {
        const struct schema *set = library_get(&d->library, protocol->set[i], &ignored);
        const struct simple *s = set == NULL ? NULL : schema_simple(set, name);
        if (s != NULL && s->members > 0)
            return true;
    }
    return false;
}

int docs_types(struct docs *d, const struct protocol *protocol, struct err *e)
{
    struct indexing x = {.docs = d};
    char title[160];
    snprintf(title, sizeof title, "%s > %s", protocol->name, docs_word(d, "types"));
    arena_open(&x.arena, NULL, 0, TEXT_MEMORY);
    page_open(&x.page, d->form, LANGUAGES[d->prose.language], title, &d->out);
    page_steps(&x.page);
    page_step(&x.page, "", docs_word(d, "index"), d->form == PAGE_HTML ? "index.html" : "index.md");
    page_steps_end(&x.page);
    page_heading(&x.page, 1, PAGE_PLAIN, title, NULL);
    page_text(&x.page, docs_word(d, "types.about"));
    for (unsigned i = 0; i < PROTOCOL_SETS && protocol->set[i] != NULL && !e->set; i++) {
        const struct schema *set =
            docs_has_set(protocol, i) ? library_get(&d->library, protocol->set[i], e) : NULL;
        for (unsigned k = 0; set != NULL && k < set->simples; k++)
            if (set->simple[k]->members > 0 && set->simple[k]->name[0] != '\0' &&
                !is_repeated(d, protocol, i, set->simple[k]->name))
                print_type(&x, set, set->simple[k]);
    }
    page_close(&x.page);
    arena_close(&x.arena);
    return e->set ? -1 : 0;
}
