/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/search_word.h"

#include "base/asset.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SYLLABLE 3 /* octets of one in UTF-8 */
#define STEM_LEAST (2 * SYLLABLE)

/* What may stand behind a noun; the longer ones first, a blank behind each. */
static const char PARTICLES[] = "에서는 으로는 에게서 이라는 까지는 "
                                "에서 에게 으로 까지 부터 마다 처럼 보다 이나 "
                                "이란 라는 에는 에도 와의 과의 로는 "
                                "은 는 이 가 을 를 의 에 로 와 과 도 만 나 ";

/* The one at *at, n octets of it; *at is behind it then. NULL: there is none. */
static const char *next_particle(const char **at, size_t *n)
{
    const char *particle = *at;
    *n = strcspn(particle, " ");
    *at += *n + (*n > 0);
    return *n > 0 ? particle : NULL;
}

/* ---- tables ---- */

/* A row: a column each. */
enum column { COLUMN_FIRST, COLUMN_SECOND, COLUMN_THIRD, COLUMNS };

struct row {
    char column[COLUMNS][160];
};

/* Reads the row at *at of the file. False: there is none. */
static bool next_row(struct slice file, size_t *at, struct row *r)
{
    while (*at < file.n) {
        const char *line = (const char *)file.p + *at;
        size_t left = file.n - *at;
        const char *end = memchr(line, '\n', left);
        size_t n = end != NULL ? (size_t)(end - line) : left;
        *at += n + (end != NULL);
        *r = (struct row){.column = {""}};
        for (unsigned i = 0; i < COLUMNS && line[0] != '#'; i++) {
            const char *tab = memchr(line, '\t', n);
            size_t part = tab != NULL ? (size_t)(tab - line) : n;
            snprintf(r->column[i], sizeof r->column[i], "%.*s", (int)part, line);
            line += part + (tab != NULL);
            n -= part + (tab != NULL);
        }
        if (r->column[COLUMN_SECOND][0] != '\0')
            return true;
    }
    return false;
}

/* The next of the words of a column, between commas and brackets. False: there is none. */
static bool next_word(const char **at, char word[SEARCH_TEXT])
{
    *at += strspn(*at, ", ()");
    size_t n = strcspn(*at, ",()");
    snprintf(word, SEARCH_TEXT, "%.*s", (int)(n < SEARCH_TEXT ? n : SEARCH_TEXT - 1), *at);
    *at += n;
    return n > 0;
}

static bool has_word(const char *column, const char *wanted)
{
    char word[SEARCH_TEXT];
    while (next_word(&column, word))
        if (strcasecmp(word, wanted) == 0)
            return true;
    return false;
}

static struct slice table(const char *name)
{
    struct slice file = {0};
    asset_find(name, &file);
    return file;
}

/* ---- forms ---- */

static void add_form(struct search_word *w, const char *text)
{
    for (unsigned i = 0; i < w->forms; i++)
        if (strcasecmp(w->form[i], text) == 0)
            return;
    if (w->forms < SEARCH_FORMS && text[0] != '\0')
        snprintf(w->form[w->forms++], SEARCH_TEXT, "%s", text);
}

static void add_column(struct search_word *w, const char *column)
{
    char word[SEARCH_TEXT];
    while (next_word(&column, word))
        add_form(w, word);
}

/* What means the same as the text. */
static void add_alike(struct search_word *w, const char *text)
{
    struct slice glossary = table("reference/glossary-ko.tsv");
    struct slice asked = table("reference/search-ko.tsv");
    struct row r;
    for (size_t at = 0; next_row(glossary, &at, &r);) {
        if (has_word(r.column[COLUMN_SECOND], text))
            add_column(w, r.column[COLUMN_FIRST]);
        else if (has_word(r.column[COLUMN_FIRST], text))
            add_column(w, r.column[COLUMN_SECOND]);
    }
    for (size_t at = 0; next_row(asked, &at, &r);)
        if (has_word(r.column[COLUMN_FIRST], text))
            add_column(w, r.column[COLUMN_SECOND]);
}

/* Octets of the particle that the text ends with; 0: there is none, or too little before it. */
static size_t particle_at_end(const char *text)
{
    size_t n = strlen(text);
    const char *at = PARTICLES, *particle;
    for (size_t m; (particle = next_particle(&at, &m)) != NULL;)
        if (n >= m + STEM_LEAST && memcmp(text + n - m, particle, m) == 0)
            return m;
    return 0;
}

void search_word_read(struct search_word *w, const char *text, size_t n)
{
    char stem[SEARCH_TEXT];
    w->forms = 0;
    snprintf(stem, sizeof stem, "%.*s", (int)(n < SEARCH_TEXT ? n : SEARCH_TEXT - 1), text);
    add_form(w, stem);
    stem[strlen(stem) - particle_at_end(stem)] = '\0';
    add_form(w, stem);
    w->own = w->forms;
    for (unsigned i = w->own; i-- > 0;)
        add_alike(w, w->form[i]);
}

/* What of the words the row turns down; n: how long it is there. NULL: nothing. */
static const char *turned_down(const char *words, const struct row *r, size_t *n)
{
    const char *column = r->column[COLUMN_THIRD], *found = NULL;
    char word[SEARCH_TEXT];
    while (found == NULL && next_word(&column, word)) {
        found = strcasestr(words, word);
        *n = strlen(word);
    }
    return found;
}

void search_words_mend(const char *words, struct buf *out)
{
    struct slice glossary = table("reference/glossary-ko.tsv");
    struct row r;
    for (size_t at = 0, n; next_row(glossary, &at, &r);) {
        const char *found = turned_down(words, &r, &n);
        const char *right = r.column[COLUMN_SECOND];
        char first[SEARCH_TEXT];
        if (found == NULL || !next_word(&right, first))
            continue;
        buf_add(out, words, (size_t)(found - words));
        buf_text(out, first);
        buf_text(out, found + n);
        return;
    }
    buf_text(out, words);
}

/* ---- where they stand ---- */

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) != 0;
}

/* Whether a word is over here: at what is no letter, or at a particle. */
static bool is_over(const char *rest)
{
    if (!is_letter(*rest))
        return true;
    const char *at = PARTICLES, *particle;
    for (size_t n; (particle = next_particle(&at, &n)) != NULL;)
        if (strncmp(rest, particle, n) == 0 && !is_letter(rest[n]))
            return true;
    return false;
}

static int form_in(const char *form, const char *text, const struct search_weights *weights)
{
    int best = 0;
    for (const char *at = text; (at = strcasestr(at, form)) != NULL; at++) {
        bool is_begin = at == text || !is_letter(at[-1]) ||
                        (isupper((unsigned char)*at) && islower((unsigned char)at[-1]));
        bool is_whole = is_begin && is_over(at + strlen(form));
        int rank = is_whole ? weights->whole : is_begin ? weights->begins : weights->within;
        best = rank > best ? rank : best;
    }
    return best;
}

int search_word_in(const struct search_word *w, const char *text,
                   const struct search_weights *weights)
{
    int best = 0;
    for (unsigned i = 0; i < w->forms; i++) {
        int rank = form_in(w->form[i], text, weights);
        rank = i < w->own ? rank : rank * 3 / 4;
        best = rank > best ? rank : best;
    }
    return best;
}

bool search_word_is(const struct search_word *w, const char *name)
{
    for (unsigned i = 0; i < w->forms; i++)
        if (strcasecmp(w->form[i], name) == 0)
            return true;
    return false;
}
