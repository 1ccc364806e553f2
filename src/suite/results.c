/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/results.h"

#include "base/file.h"
#include "base/json_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4 << 30)

/* ORDER OUTCOME */
static const char *const NAME[OUTCOMES] = {"pass",   "fail",           "inconclusive", "error",
                                           "beyond", "not applicable", "not reached"};

const char *outcome_name(enum outcome o)
{
    return NAME[o];
}

static enum outcome outcome_of(const json_t *said, const char *key)
{
    const char *name = results_text(said, key);
    for (enum outcome o = 0; o <= OUTCOME_ERROR; o++)
        if (strcmp(NAME[o], name) == 0)
            return o;
    return OUTCOME_ERROR;
}

const char *results_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

void results_set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

static int64_t number_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- one result ---- */

/* The step that decided: the worst, which is the last. NULL: none. */
static const json_t *deciding_step(const json_t *said)
{
    const json_t *steps = json_object_get(said, "steps"), *step = NULL;
    for (size_t i = json_array_size(steps); i > 0 && step == NULL; i--)
        if (!json_is_true(json_object_get(json_array_get(steps, i - 1), "ok")))
            step = json_array_get(steps, i - 1);
    return step;
}

static void take_planned(struct result *r, const json_t *planned)
{
    r->planned = planned;
    r->id = results_text(planned, "id");
    r->suite = results_text(planned, "suite");
    r->protocol = results_text(planned, "protocol");
    r->sut = results_text(planned, "sut");
    r->about = results_text(planned, "about");
    r->file = results_text(planned, "file");
    r->cites = results_text(planned, "cites");
    r->reason = results_text(planned, "reason");
    r->round = (unsigned)number_at(planned, "round");
    r->expected = r->found = r->where = "";
}

static bool is_step(const struct result *r, const char *kind)
{
    return r->step != NULL && strcmp(results_text(r->step, "kind"), kind) == 0;
}

static void take_said(struct result *r, const json_t *said)
{
    r->said = said;
    r->verdict = outcome_of(said, "verdict");
    r->field = json_object_get(said, "field") != NULL && r->verdict != OUTCOME_ERROR
                   ? outcome_of(said, "field")
                   : r->verdict;
    r->us = number_at(said, "us");
    r->taken_us = number_at(said, "taken_us");
    if (r->taken_us < 0) /* the clock was set meanwhile */
        r->taken_us = 0;
    r->reason = results_text(said, "reason");
    r->step = r->verdict == OUTCOME_PASS ? NULL : deciding_step(said);
    if (r->step == NULL)
        return;
    if (r->verdict == OUTCOME_INCONCLUSIVE && is_step(r, "beyond"))
        r->verdict = r->field = OUTCOME_BEYOND;
    r->expected = results_text(r->step, "expected");
    r->found = results_text(r->step, "found");
    r->where = results_text(r->step, "where");
    r->frame = number_at(r->step, "frame");
    if (*results_text(r->step, "cites") != '\0')
        r->cites = results_text(r->step, "cites");
}

void result_read(struct result *r, const json_t *planned, const json_t *said)
{
    *r = (struct result){.verdict = OUTCOME_NOT_REACHED, .field = OUTCOME_NOT_REACHED};
    take_planned(r, planned);
    if (json_is_object(said))
        take_said(r, said);
}

const char *result_name(const struct result *r, struct buf *out)
{
    buf_clear(out);
    buf_text(out, r->id);
    if (r->round > 0)
        buf_printf(out, " (%u)", r->round);
    return buf_string(out);
}

void results_record(const char *all, const json_t *planned, char *path, size_t size)
{
    int64_t round = number_at(planned, "round");
    int n = snprintf(path, size, "%s/%s", all, results_text(planned, "id"));
    if (round > 0 && n > 0 && (size_t)n < size)
        snprintf(path + n, size - (size_t)n, "-%lld", (long long)round);
}

/* On one line, and nothing that a terminal obeys: some of it is what a device has sent. */
static void add_visible(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            buf_text(out, "\\n");
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            buf_printf(out, "\\x%02x", (unsigned char)*text);
        else
            buf_char(out, *text);
    }
}

const char *result_cause(const struct result *r, struct buf *out)
{
    buf_clear(out);
    if (r->verdict == OUTCOME_NOT_REACHED)
        buf_text(out, "not reached: the run was ended before");
    else if (*r->reason != '\0')
        add_visible(out, r->reason);
    else if (is_step(r, "error") || is_step(r, "beyond"))
        add_visible(out, r->found);
    else if (r->step != NULL) {
        buf_text(out, is_step(r, "given") ? "on the way to " : "expected ");
        add_visible(out, r->expected);
        buf_text(out, is_step(r, "given") ? ": " : ", found ");
        add_visible(out, r->found);
    } else if (r->verdict == OUTCOME_INCONCLUSIVE)
        buf_text(out, "it has tested nothing");
    else if (r->verdict != OUTCOME_PASS)
        buf_text(out, "no reason is told");
    return buf_string(out);
}

/* ---- all ---- */

static json_t *read_plan(const char *folder, struct err *e)
{
    char path[640];
    struct buf text = {0};
    struct err unread = ERR_INIT;
    json_error_t why = {.line = -1};
    json_t *plan = NULL;
    snprintf(path, sizeof path, "%s/" RESULTS_PLAN, folder);
    if (file_read(path, FILE_MAX, &text, &unread) == 0)
        plan = json_text_read((const char *)text.p, text.n, JSON_ALLOW_NUL, &why);
    buf_close(&text);
    if (unread.set)
        err_set(e, "%s; expected the folder of a run of `v2glab test`", unread.what);
    else if (plan == NULL)
        err_set(e, "%s: %s; expected the folder of a run of `v2glab test`", path, why.text);
    else if (!json_is_array(json_object_get(plan, "cases"))) {
        err_set(e, "%s: no list of cases; expected the plan of `v2glab test`", path);
        json_decref(plan);
        plan = NULL;
    }
    return plan;
}

/* The lines that are whole; of several of one case the last. lines[NUMBER - 1] */
static int read_lines(struct results *r, struct err *e)
{
    char path[640];
    struct buf text = {0};
    size_t planned = json_array_size(json_object_get(r->plan, "cases")), line = 0;
    snprintf(path, sizeof path, "%s/" RESULTS_FILE, r->folder);
    for (size_t i = 0; i < planned; i++)
        json_array_append_new(r->lines, json_null());
    int bad = file_read(path, FILE_MAX, &text, e);
    const char *at = (const char *)text.p, *end = at + text.n, *newline;
    while (bad == 0 && at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        json_error_t why;
        json_t *said = json_text_read(at, (size_t)(newline - at), JSON_ALLOW_NUL, &why);
        int64_t number = number_at(said, "number");
        line++;
        at = newline + 1;
        if (number < 1 || (size_t)number > planned)
            bad = err_set_line(e, path, (int)line, "%s",
                               said == NULL ? why.text : "no such number in the plan");
        else
            json_array_set(r->lines, (size_t)number - 1, said);
        json_decref(said);
    }
    buf_close(&text);
    return bad;
}

bool mutant_is_killed(const json_t *mutant)
{
    return strcmp(results_text(mutant, "verdict"), "fail") == 0;
}

unsigned results_survivors(const struct results *r)
{
    return r->negations.played - r->negations.killed + r->rules.played - r->rules.killed;
}

static void count_mutants(struct results *r, const json_t *said)
{
    const json_t *mutant;
    size_t i;
    json_array_foreach(json_object_get(said, "mutants"), i, mutant)
    {
        const json_t *mutation = json_object_get(mutant, "mutation");
        struct mutants *m = json_object_get(mutation, "rule") != NULL ? &r->rules : &r->negations;
        m->played++;
        m->killed += mutant_is_killed(mutant);
    }
}

static void add_result(struct results *r, const json_t *planned, const json_t *said,
                       enum outcome without)
{
    struct result *one = &r->at[r->n++];
    result_read(one, planned, said);
    if (one->said == NULL)
        one->verdict = one->field = without;
    else
        count_mutants(r, said);
    r->verdicts[one->verdict]++;
    r->fields[one->field]++;
}

bool results_are(const char *folder)
{
    char plan[1100];
    snprintf(plan, sizeof plan, "%s/" RESULTS_PLAN, folder);
    return access(plan, F_OK) == 0;
}

int results_open(struct results *r, const char *folder, struct err *e)
{
    *r = (struct results){.lines = json_array()};
    snprintf(r->folder, sizeof r->folder, "%s", folder);
    r->plan = read_plan(folder, e);
    if (r->plan == NULL || read_lines(r, e) != 0)
        return -1;
    const json_t *cases = json_object_get(r->plan, "cases"), *planned;
    const json_t *skipped = json_object_get(r->plan, "skipped");
    size_t i, n = json_array_size(cases) + json_array_size(skipped);
    r->run = json_object_get(r->plan, "run");
    r->by_field = strcmp(results_text(r->run, "profile"), "field") == 0;
    r->at = calloc(n + 1, sizeof *r->at);
    if (r->at == NULL)
        return err_set(e, "out of memory");
    json_array_foreach(cases, i, planned)
    {
        add_result(r, planned, json_array_get(r->lines, i), OUTCOME_NOT_REACHED);
        r->at[i].number = i + 1;
    }
    json_array_foreach(skipped, i, planned) add_result(r, planned, NULL, OUTCOME_NOT_APPLICABLE);
    return 0;
}

const unsigned *results_counts(const struct results *r)
{
    return r->by_field ? r->fields : r->verdicts;
}

void results_close(struct results *r)
{
    json_decref(r->plan);
    json_decref(r->lines);
    free(r->at);
    *r = (struct results){.n = 0};
}

/* ---- causes ---- */

bool cause_is_same(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            while (isdigit((unsigned char)a[1]))
                a++;
            while (isdigit((unsigned char)b[1]))
                b++;
        } else if (*a != *b) {
            return false;
        }
    }
    return *a == *b;
}

static int by_count(const void *a, const void *b)
{
    const struct cause *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

struct cause *results_causes(const struct results *r, enum outcome of, bool of_field, size_t *n)
{
    struct cause *list = calloc(r->n + 1, sizeof *list);
    struct buf text = {0};
    *n = 0;
    for (size_t i = 0; list != NULL && i < r->n; i++) {
        if ((of_field ? r->at[i].field : r->at[i].verdict) != of)
            continue;
        const char *cause = result_cause(&r->at[i], &text);
        size_t k = 0;
        while (k < *n && !cause_is_same(list[k].text, cause))
            k++;
        if (k == *n)
            list[(*n)++] = (struct cause){.text = strdup(cause), .first = i};
        list[k].count++;
        list[k].tolerated += r->at[i].field == OUTCOME_PASS;
    }
    buf_close(&text);
    if (list != NULL)
        qsort(list, *n, sizeof *list, by_count);
    return list;
}

void causes_free(struct cause *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i].text);
    free(list);
}
