/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/docs_search.h"

#include "reference/requirements.h"
#include "reference/search_word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MEMORY (32u << 20)
#define HITS_MOST 4000
#define SHOWN 25
#define WORDS_MOST 8
#define WORD_TEXT 64

struct hit {
    int rank;
    const char *name, *kind, *text;
};

struct search {
    struct docs *d;
    struct search_word word[WORDS_MOST];
    unsigned words;
    struct arena arena;
    struct hit *hit;
    unsigned n;
};

/* ---- ranks ---- */

static const struct search_weights IN_NAME = {300, 200, 120}, IN_TEXT = {60, 45, 20};
static const struct search_weights LETTER_IN_TEXT = {60, 45, 0}; /* of one that is one letter */

/* 0: it is not what was looked for. */
static int rank_of(const struct search *s, const char *name, const char *text)
{
    int rank = 0;
    for (unsigned i = 0; i < s->words; i++) {
        const struct search_word *word = &s->word[i];
        bool is_letter = word->form[0][1] == '\0';
        int in_name = search_word_is(word, name + strspn(name, "-"))
                          ? 1000
                          : search_word_in(word, name, &IN_NAME);
        int in_text = search_word_in(word, text, is_letter ? &LETTER_IN_TEXT : &IN_TEXT);
        if (in_name == 0 && in_text == 0)
            return 0;
        rank += in_name + in_text;
    }
    return rank;
}

static bool is_known(const struct search *s, const struct hit *hit)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->hit[i].name, hit->name) == 0 && strcmp(s->hit[i].kind, hit->kind) == 0 &&
            strcmp(s->hit[i].text, hit->text) == 0)
            return true;
    return false;
}

/* A docs_item. */
static void consider(void *context, const char *name, const char *kind, const char *text)
{
    struct search *s = context;
    int rank = rank_of(s, name, text);
    if (rank == 0 || s->n == HITS_MOST || is_known(s, &(struct hit){rank, name, kind, text}))
        return;
    struct hit hit = {rank, arena_text(&s->arena, name, strlen(name)),
                      arena_text(&s->arena, kind, strlen(kind)),
                      arena_text(&s->arena, text, strlen(text))};
    if (hit.name != NULL && hit.kind != NULL && hit.text != NULL)
        s->hit[s->n++] = hit;
}

/* ---- what there is ---- */

static void consider_fields(struct search *s, const struct schema *set, const struct type *t,
                            const char *of)
{
    char name[2 * WORD_TEXT + 8];
    for (unsigned i = 0; i < t->fields; i++) {
        const char *text = wording_field(&s->d->prose, set, t, i, &s->arena);
        snprintf(name, sizeof name, "%.60s.%.60s", of, t->field[i].name);
        if (t->field[i].name[0] != '\0' && text != NULL)
            consider(s, name, docs_word(s->d, "element"), text);
    }
}

static void consider_members(struct search *s, const struct schema *set, const struct simple *e)
{
    char kind[2 * WORD_TEXT];
    snprintf(kind, sizeof kind, "%.60s, %.40s", e->name, set->protocol);
    for (unsigned i = 0; i < e->members; i++)
        consider(s, e->member[i], kind, "");
}

/* "SessionStopReqType": its elements are found under the message. */
static bool is_of_message(const struct schema *set, const char *type)
{
    char name[WORD_TEXT];
    size_t n = strlen(type);
    if (n <= 4 || n - 4 >= sizeof name)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(n - 4), type);
    return schema_message(set, name) != NULL;
}

static void consider_set(struct search *s, const struct schema *set)
{
    for (unsigned i = 0; i < set->types; i++)
        if (set->type[i]->name[0] != '\0' && !is_of_message(set, set->type[i]->name))
            consider_fields(s, set, set->type[i], set->type[i]->name);
    for (unsigned i = 0; i < set->simples; i++)
        consider_members(s, set, set->simple[i]);
}

static void consider_messages(struct search *s)
{
    const struct docs *d = s->d;
    for (unsigned i = 0; i < 2 * d->topics; i++) {
        const struct docs_topic *topic = &d->topic[i / 2];
        const struct element *m = topic->message[i % 2];
        char kind[2 * WORD_TEXT];
        if (m == NULL)
            continue;
        snprintf(kind, sizeof kind, "%.60s, %.40s", docs_word(d, "message"), topic->protocol->name);
        consider(s, m->as.name, kind, wording_element(&d->prose, topic->set, m, &s->arena));
        if (m->as.type != NULL)
            consider_fields(s, topic->set, m->as.type, m->as.name);
    }
}

static void consider_prose(struct search *s)
{
    const struct prose *prose = &s->d->prose;
    for (unsigned i = prose->words; i < prose->entries; i++)
        consider(s, prose->entry[i].key, docs_word(s->d, "search.api"), prose->entry[i].text);
}

static void consider_rules(struct search *s)
{
    struct requirement q;
    for (size_t at = 0; requirement_each(&at, s->d->prose.language, &q);) {
        char id[REQUIREMENT_ID];
        consider(s, requirement_first(q.ids, id), docs_word(s->d, "rules.rule"), q.rule);
    }
}

/* ---- what was found ---- */

static int by_rank(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->rank != y->rank)
        return y->rank - x->rank;
    size_t n = strlen(x->name), m = strlen(y->name);
    return n != m ? (n < m ? -1 : 1) : strcmp(x->name, y->name);
}

static void print_hits(struct search *s, const char *wanted)
{
    struct page page;
    struct buf text = {0};
    page_open(&page, s->d->form, LANGUAGES[s->d->prose.language], wanted, &s->d->out);
    qsort(s->hit, s->n, sizeof *s->hit, by_rank);
    for (unsigned i = 0; i < s->n && i < SHOWN; i++) {
        const struct hit *hit = &s->hit[i];
        buf_clear(&text);
        buf_printf(&text, "%s%s%s", hit->kind, hit->text[0] != '\0' ? ": " : "", hit->text);
        page_heading(&page, 3, PAGE_CODE, hit->name, NULL);
        page_text(&page, buf_string(&text));
    }
    if (s->n > SHOWN) {
        char rest[16];
        snprintf(rest, sizeof rest, "%u", s->n - SHOWN);
        buf_clear(&text);
        prose_say(&s->d->prose, "search.rest", rest, "", &text);
        page_text(&page, buf_string(&text));
    }
    page_close(&page);
    buf_close(&text);
}

static void split_words(struct search *s, const char *words)
{
    for (; s->words < WORDS_MOST && *(words += strspn(words, " -")) != '\0'; s->words++) {
        size_t n = strcspn(words, " ");
        search_word_read(&s->word[s->words], words, n);
        words += n;
    }
}

int docs_search(struct docs *d, const char *words, struct err *e)
{
    struct search s = {.d = d, .hit = calloc(HITS_MOST, sizeof *s.hit)};
    struct buf mended = {0};
    if (s.hit == NULL)
        return err_set(e, "out of memory");
    arena_open(&s.arena, NULL, 0, MEMORY);
    search_words_mend(words, &mended);
    split_words(&s, buf_string(&mended));
    buf_close(&mended);
    if (s.words > 0) {
        docs_settings_each(d, consider, &s);
        if (d->others != NULL)
            d->others(consider, &s);
        consider_prose(&s);
        consider_messages(&s);
        for (unsigned i = 0; i < d->library.n; i++)
            if (d->protocol == NULL ||
                strcmp(d->library.loaded[i]->protocol, d->protocol->name) == 0)
                consider_set(&s, d->library.loaded[i]);
        consider_rules(&s);
    }
    bool any = s.n > 0;
    if (any)
        print_hits(&s, words);
    arena_close(&s.arena);
    free(s.hit);
    return any;
}
