/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/listing.h"

#include "base/asset.h"
#include "suite/part.h"
#include "suite/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TEXT 256

/* ORDER LISTING_BY */
const char *const LISTING_BY[] = {"suite", "tag", "requirement", "pics", NULL};
static const char *const FIELDS[] = {NULL, "tags", "cites", "if_"};
static const char *const NONE[] = {"", "list.untagged", "list.unruled", "list.unclaimed"};

/* ---- groups ---- */

static void add_to(json_t *groups, const char *key, const json_t *c)
{
    json_t *group = json_object_get(groups, key);
    if (group == NULL) {
        group = json_array();
        json_object_set_new(groups, key, group);
    }
    size_t n = json_array_size(group);
    if (n == 0 || json_array_get(group, n - 1) != c)
        json_array_append(group, (json_t *)(uintptr_t)c);
}

/* Each word of the text; of claims only names. */
static void add_words(json_t *groups, enum listing_by by, const json_t *c)
{
    const char *at = results_text(c, FIELDS[by]);
    bool any = false;
    for (at += strspn(at, " ()"); *at != '\0'; at += strspn(at, " ()")) {
        char key[KEY_TEXT];
        size_t n = strcspn(at, " ()");
        snprintf(key, sizeof key, "%.*s", (int)n, at);
        at += n;
        if (by == BY_PICS && strncmp(key, "PIC", 3) != 0 && strncmp(key, "PIX", 3) != 0)
            continue;
        add_to(groups, key, c);
        any = true;
    }
    if (!any)
        add_to(groups, "", c);
}

static void add_case(json_t *groups, enum listing_by by, const json_t *c)
{
    char key[KEY_TEXT];
    if (by != BY_SUITE) {
        add_words(groups, by, c);
        return;
    }
    snprintf(key, sizeof key, "%s: %s, %s", results_text(c, "suite"), results_text(c, "protocol"),
             results_text(c, "sut"));
    add_to(groups, key, c);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* ---- tables ---- */

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

/* A text of it, as `about`, in the language if it is told there, as `about_ko`. */
static const char *told_of(const json_t *c, const char *key, const char *korean,
                           const struct prose *words)
{
    const char *own = words->language == LANGUAGE_KO ? results_text(c, korean) : "";
    return or_dash(own[0] != '\0' ? own : results_text(c, key));
}

static const char *about_of(const json_t *c, const struct prose *words)
{
    return told_of(c, "about", "about_ko", words);
}

#define COLUMNS_MAX 6

/* A table whose columns have these words for headings. */
static void begin_table(struct page *p, const struct prose *words, unsigned n,
                        const char *const *key)
{
    const char *heading[COLUMNS_MAX];
    for (unsigned i = 0; i < n; i++)
        heading[i] = prose_word(words, key[i]);
    page_table(p, n, heading);
}

/* On a terminal what is short, and the rules last; elsewhere all. */
static void print_cases(struct page *p, const json_t *list, const struct prose *words)
{
    static const char *const SHORT[] = {"list.case", "list.mode", "list.about", "list.rules"};
    static const char *const WHOLE[] = {"list.case",  "list.mode",  "list.about",
                                        "list.given", "list.rules", "list.needs"};
    bool is_short = p->form == PAGE_TEXT;
    const json_t *c;
    size_t i;
    begin_table(p, words, is_short ? 4 : 6, is_short ? SHORT : WHOLE);
    json_array_foreach(list, i, c)
    {
        page_cell(p, PAGE_PLAIN, results_text(c, "id"), NULL);
        page_cell(p, PAGE_PLAIN, or_dash(results_text(c, "mode")), NULL);
        page_cell(p, PAGE_PLAIN, about_of(c, words), NULL);
        if (!is_short)
            page_cell(p, PAGE_PLAIN, or_dash(results_text(c, "given")), NULL);
        page_cell(p, PAGE_PLAIN, or_dash(results_text(c, "cites")), NULL);
        if (!is_short)
            page_cell(p, PAGE_PLAIN, or_dash(results_text(c, "if_")), NULL);
    }
    page_table_end(p);
}

static void print_skipped(struct page *p, const json_t *list, const struct prose *words)
{
    static const char *const HEADINGS[] = {"list.case", "list.about", "list.why"};
    const json_t *c;
    size_t i;
    char title[KEY_TEXT];
    if (json_array_size(list) == 0)
        return;
    snprintf(title, sizeof title, "%s (%zu)", prose_word(words, "list.skipped"),
             json_array_size(list));
    page_heading(p, 2, PAGE_PLAIN, title, NULL);
    begin_table(p, words, 3, HEADINGS);
    json_array_foreach(list, i, c)
    {
        page_cell(p, PAGE_PLAIN, results_text(c, "id"), NULL);
        page_cell(p, PAGE_PLAIN, about_of(c, words), NULL);
        page_cell(p, PAGE_PLAIN, told_of(c, "reason", "reason_ko", words), NULL);
    }
    page_table_end(p);
}

void listing_print(const json_t *plan, enum listing_by by, enum page_form form,
                   const struct prose *words, struct buf *out)
{
    const json_t *cases = json_object_get(plan, "cases"), *c;
    json_t *groups = json_object(), *group;
    struct page p;
    size_t i, n = 0;
    const char *key;
    char title[2 * KEY_TEXT];
    json_array_foreach(cases, i, c) add_case(groups, by, c);
    const char **keys = calloc(json_object_size(groups) + 1, sizeof *keys);
    json_object_foreach(groups, key, group) if (keys != NULL) keys[n++] = key;
    if (keys != NULL)
        qsort(keys, n, sizeof *keys, by_name);
    snprintf(title, sizeof title, "%s (%zu)", prose_word(words, "cases"), json_array_size(cases));
    page_open(&p, form, LANGUAGES[words->language], title, out);
    page_heading(&p, 1, PAGE_PLAIN, title, NULL);
    for (i = 0; i < n; i++) {
        group = json_object_get(groups, keys[i]);
        const char *name = keys[i][0] != '\0' ? keys[i] : prose_word(words, NONE[by]);
        snprintf(title, sizeof title, "%s (%zu)", name, json_array_size(group));
        page_heading(&p, 2, PAGE_PLAIN, title, NULL);
        print_cases(&p, group, words);
    }
    print_skipped(&p, json_object_get(plan, "skipped"), words);
    page_close(&p);
    free(keys);
    json_decref(groups);
}

void listing_names(const json_t *plan, struct buf *out)
{
    const json_t *c;
    size_t i;
    json_array_foreach(json_object_get(plan, "cases"), i, c)
        buf_printf(out, "%s\n", results_text(c, "id"));
}

/* ---- what is built in ---- */

void listing_texts(json_t *texts)
{
    size_t at = 0;
    const char *path;
    struct slice bytes;
    while (asset_each("suites/", &at, &path, &bytes))
        json_object_set_new(texts, path, json_stringn((const char *)bytes.p, bytes.n));
}

int listing_cited(struct library *library, struct buf *out, struct err *e)
{
    struct script_options options = {.library = library};
    json_t *texts = json_object();
    listing_texts(texts);
    json_t *given = json_pack("{s:o, s:{}, s:i}", "texts", texts, "chosen", "repeats", 1);
    json_t *plan = part_play("require('test.plan').make(...)", given, &options, e);
    const json_t *c;
    size_t i;
    json_array_foreach(json_object_get(plan, "cases"), i,
                       c) if (json_object_get(c, "beyond") ==
                              NULL) /* what does not come to a verdict proves nothing */
        buf_printf(out, "%s %s %s %s\n", results_text(c, "id"), results_text(c, "protocol"),
                   results_text(c, "sut"), results_text(c, "cites"));
    json_decref(given);
    json_decref(plan);
    return plan != NULL ? 0 : -1;
}
