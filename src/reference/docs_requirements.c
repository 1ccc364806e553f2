/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the standards in the reference: those of a message, one by its id, and a page of all. */
#include "base/nearest.h"
#include "reference/docs.h"
#include "reference/requirements.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *side_word(const struct docs *d, const struct requirement *q)
{
    return strcmp(q->side, "both") == 0 ? docs_word(d, "both") : q->side;
}

void docs_requirements_file(const struct docs *d, char *out, size_t size)
{
    snprintf(out, size, "requirements.%s", d->form == PAGE_HTML ? "html" : "md");
}

/* ---- of a message ---- */

static void rule_row(struct docs *d, struct page *p, const struct requirement *q, struct buf *text)
{
    char id[REQUIREMENT_ID], file[DOCS_FILE], link[DOCS_FILE + REQUIREMENT_ID];
    docs_requirements_file(d, file, sizeof file);
    snprintf(link, sizeof link, "%s#%s", file, requirement_first(q->ids, id));
    page_cell(p, PAGE_PLAIN, q->ids, d->in_tree ? link : NULL);
    page_cell(p, PAGE_PLAIN, side_word(d, q), NULL);
    buf_clear(text);
    docs_sentence(q->rule, text);
    page_cell(p, PAGE_PLAIN, buf_string(text), NULL);
    buf_clear(text);
    requirement_proof(q, text);
    page_cell(p, PAGE_PLAIN, text->n > 0 ? buf_string(text) : "-", NULL);
}

void docs_requirements_of(struct docs *d, struct page *p, const struct protocol *protocol,
                          const char *message)
{
    const char *const headings[] = {"ID", docs_word(d, "side"), docs_word(d, "rules.rule"),
                                    docs_word(d, "proof")};
    struct requirement q;
    struct buf text = {0};
    bool any = false;
    for (size_t at = 0; requirement_each(&at, d->prose.language, &q);) {
        if (!requirement_is_about(&q, protocol, message))
            continue;
        if (!any) {
            prose_say(&d->prose, "rules", message, "", &text);
            page_heading(p, 2, PAGE_PLAIN, buf_string(&text), NULL);
            page_table(p, 4, headings);
        }
        any = true;
        rule_row(d, p, &q, &text);
    }
    if (any)
        page_table_end(p);
    buf_close(&text);
}

/* ---- one ---- */

/* The page of a message: of the rule's protocol, or of what goes before the choice of one. */
static const struct docs_topic *topic_of(const struct docs *d, const struct requirement *q,
                                         const char *message)
{
    for (unsigned i = 0; i < d->topics; i++)
        for (unsigned k = 0; k < 2; k++) {
            const struct docs_topic *topic = &d->topic[i];
            if (topic->message[k] != NULL && strcmp(topic->message[k]->as.name, message) == 0 &&
                (topic->protocol == q->protocol || topic->protocol == PROTOCOLS))
                return topic;
        }
    return NULL;
}

/* The messages, each with a link to its page. */
static void message_steps(struct docs *d, struct page *p, const struct requirement *q)
{
    uint8_t side = strcmp(q->side, "SECC") == 0 ? FROM_SECC : FROM_EVCC;
    page_steps(p);
    for (const char *at = q->messages; *at != '\0'; at += strspn(at, " ")) {
        char name[REQUIREMENT_ID], file[DOCS_FILE], link[DOCS_FILE + REQUIREMENT_ID];
        const struct docs_topic *topic = topic_of(d, q, requirement_first(at, name));
        if (topic != NULL) {
            docs_file(d, topic, side, file, sizeof file);
            snprintf(link, sizeof link, "%s#%s", file, name);
        }
        page_step(p, at == q->messages ? "" : " · ", name, topic != NULL ? link : NULL);
        at += strcspn(at, " ");
    }
    page_steps_end(p);
}

/* Names of the cases of `v2glab test` that cite an id of the rule: of each side its own. */
static void cases_of(const struct docs *d, const struct requirement *q, struct buf *out)
{
    const char *end;
    for (const char *at = d->cited; at != NULL && *at != '\0'; at = end + (*end == '\n')) {
        char name[REQUIREMENT_TEXT], protocol[REQUIREMENT_ID], side[REQUIREMENT_ID],
            id[REQUIREMENT_ID];
        int n = 0;
        end = at + strcspn(at, "\n");
        if (sscanf(at, "%255s %63s %63s%n", name, protocol, side, &n) != 3 ||
            strcmp(protocol, q->standard) != 0 ||
            (strcmp(q->side, "both") != 0 && strcmp(q->side, side) != 0))
            continue;
        bool is_cited = false;
        for (at += n; at < end && !is_cited; at += strcspn(at, " \n")) {
            at += strspn(at, " ");
            snprintf(id, sizeof id, "%.*s", (int)strcspn(at, " \n"), at);
            is_cited = id[0] != '\0' && requirement_find(q->ids, id) != NULL;
        }
        if (is_cited)
            buf_printf(out, "%s%s", out->n > 0 ? ", " : "", name);
    }
}

static void print_rule(struct docs *d, struct page *p, const struct requirement *q)
{
    struct buf text = {0};
    docs_sentence(q->rule, &text);
    page_text(p, buf_string(&text));
    if (d->in_tree)
        message_steps(d, p, q);
    page_table(p, 2, NULL);
    docs_row(d, p, "protocol", PAGE_PLAIN, q->standard);
    docs_row(d, p, "side", PAGE_PLAIN, side_word(d, q));
    if (strchr(q->ids, ' ') != NULL)
        docs_row(d, p, "ids", PAGE_PLAIN, q->ids);
    if (!d->in_tree)
        docs_row(d, p, "about", PAGE_PLAIN, q->messages);
    buf_clear(&text);
    requirement_proof(q, &text);
    docs_row(d, p, "proof", PAGE_PLAIN,
             text.n > 0 || q->reason[0] != '\0' ? buf_string(&text) : docs_word(d, "proof.none"));
    buf_clear(&text);
    cases_of(d, q, &text);
    docs_row(d, p, "cases", PAGE_PLAIN, buf_string(&text));
    docs_row(d, p, "untested", PAGE_PLAIN, q->reason);
    docs_row(d, p, "disagree", PAGE_PLAIN, q->disagree);
    page_table_end(p);
    buf_close(&text);
}

bool docs_is_requirement(const char *name)
{
    return strncasecmp(name, "V2G20-", 6) == 0 || strncasecmp(name, "V2G2-", 5) == 0 ||
           strncasecmp(name, "V2G3-", 5) == 0 || strncasecmp(name, "V2G-DC-", 7) == 0 ||
           strncasecmp(name, "DRV-", 4) == 0;
}

static int no_requirement(const char *name, struct err *e)
{
    struct requirement q;
    struct nearest nearest = nearest_open(name, strlen(name));
    char best[REQUIREMENT_ID] = "", id[REQUIREMENT_ID];
    for (size_t at = 0; requirement_each(&at, LANGUAGE_EN, &q);)
        for (const char *from = q.ids; *from != '\0'; from += strspn(from, " ")) {
            if (nearest_try(&nearest, requirement_first(from, id)))
                memcpy(best, id, sizeof best);
            from += strcspn(from, " ");
        }
    if (best[0] == '\0')
        return err_set(e, "there is no rule '%.60s'", name);
    return err_set(e, "there is no rule '%.60s'; the nearest id is %s", name, best);
}

static bool is_known(const char *id)
{
    struct requirement q;
    for (size_t at = 0; requirement_each(&at, LANGUAGE_EN, &q);)
        if (requirement_find(q.ids, id) != NULL)
            return true;
    return false;
}

int docs_check_requirements(const char *words, struct err *e)
{
    char id[REQUIREMENT_ID];
    for (words += strspn(words, " "); *words != '\0'; words += strspn(words, " ")) {
        bool is_ours = strncasecmp(words, "V2G", 3) == 0 || strncasecmp(words, "DRV", 3) == 0;
        if (is_ours && !is_known(requirement_first(words, id)))
            return no_requirement(id, e);
        words += strcspn(words, " ");
    }
    return 0;
}

int docs_requirement(struct docs *d, const char *name, struct err *e)
{
    struct page page;
    struct requirement q;
    bool any = false;
    for (size_t at = 0; requirement_each(&at, d->prose.language, &q);) {
        char id[REQUIREMENT_ID];
        const char *found = requirement_find(q.ids, name);
        if (found == NULL || (d->protocol != NULL && d->protocol != q.protocol))
            continue;
        if (!any) {
            page_open(&page, d->form, LANGUAGES[d->prose.language], name, &d->out);
            page_heading(&page, 1, PAGE_PLAIN, requirement_first(found, id), NULL);
        }
        any = true;
        print_rule(d, &page, &q);
    }
    if (!any)
        return no_requirement(name, e);
    page_close(&page);
    return 0;
}

/* ---- all ---- */

static void print_start(struct docs *d, struct page *p)
{
    const char *title = docs_word(d, "rules.all");
    page_open(p, d->form, LANGUAGES[d->prose.language], title, &d->out);
    page_steps(p);
    page_step(p, "", docs_word(d, "index"), d->form == PAGE_HTML ? "index.html" : "index.md");
    page_steps_end(p);
    page_heading(p, 1, PAGE_PLAIN, title, NULL);
    page_text(p, docs_word(d, "rules.about"));
}

void docs_requirements(struct docs *d)
{
    struct page page;
    struct requirement q;
    struct buf anchors = {0};
    char last[REQUIREMENT_ID] = "";
    print_start(d, &page);
    for (size_t at = 0; requirement_each(&at, d->prose.language, &q);) {
        char id[REQUIREMENT_ID], word[REQUIREMENT_ID + 2];
        bool is_protocol = q.protocol != PROTOCOLS;
        if (strcmp(q.standard, last) != 0)
            page_heading(&page, 2, PAGE_PLAIN, is_protocol ? q.protocol->title : q.standard,
                         q.standard);
        snprintf(last, sizeof last, "%s", q.standard);
        /* a page has an anchor once: rows that share their first id are found by its first one */
        snprintf(word, sizeof word, " %s ", requirement_first(q.ids, id));
        bool is_known = strstr(buf_string(&anchors), word) != NULL;
        if (!is_known)
            buf_text(&anchors, word);
        page_heading(&page, 3, PAGE_PLAIN, q.ids, is_known ? NULL : id);
        print_rule(d, &page, &q);
    }
    page_close(&page);
    buf_close(&anchors);
}
