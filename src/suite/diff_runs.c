/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/diff_runs.h"

#include "record/diff_sessions.h"

#include <stdlib.h>
#include <string.h>

static json_t *name_of(const struct result *r)
{
    struct buf text = {0};
    json_t *name = json_string(result_name(r, &text));
    buf_close(&text);
    return name;
}

/* The same case of `all` for each of r's, in order; NULL: it has none. The caller's to free. */
static const struct result **pair(const struct results *all, const struct results *r)
{
    json_t *places = json_object();
    const struct result **same = calloc(r->n + 1, sizeof *same);
    struct buf name = {0};
    for (size_t i = all->n; i-- > 0;)
        json_object_set_new(places, result_name(&all->at[i], &name), json_integer((json_int_t)i));
    for (size_t i = 0; same != NULL && i < r->n; i++) {
        const json_t *place = json_object_get(places, result_name(&r->at[i], &name));
        same[i] = place == NULL ? NULL : &all->at[json_integer_value(place)];
    }
    buf_close(&name);
    json_decref(places);
    return same;
}

static json_t *cause_of(const struct result *r)
{
    struct buf text = {0};
    json_t *cause = json_string(result_cause(r, &text));
    buf_close(&text);
    return cause;
}

/* How bad it is, from pass to error; what was not judged is between. */
static unsigned badness(enum outcome o)
{
    static const unsigned BAD[OUTCOMES] = {
        [OUTCOME_PASS] = 0, [OUTCOME_FAIL] = 3, [OUTCOME_INCONCLUSIVE] = 2, [OUTCOME_ERROR] = 4};
    return o < OUTCOMES ? BAD[o] : 0;
}

static bool has_changed(const struct result *a, const struct result *b)
{
    if (a->verdict != b->verdict || a->field != b->field)
        return true;
    if (a->verdict == OUTCOME_PASS)
        return false;
    struct buf x = {0}, y = {0};
    bool same = cause_is_same(result_cause(a, &x), result_cause(b, &y));
    buf_close(&x);
    buf_close(&y);
    return !same;
}

static void add_change(json_t *changed, const struct result *a, const struct result *b)
{
    json_t *entry = json_pack("{s:o, s:[s, s], s:[s, s], s:[o, o]}", "id", name_of(b), "verdict",
                              outcome_name(a->verdict), outcome_name(b->verdict), "field",
                              outcome_name(a->field), outcome_name(b->field), "cause", cause_of(a),
                              cause_of(b));
    if (badness(b->verdict) > badness(a->verdict))
        json_array_insert_new(changed, 0, entry);
    else
        json_array_append_new(changed, entry);
}

/* Times of steps that were measured in both; how many differ much. */
static unsigned compare_steps(const struct result *a, const struct result *b, json_t *times)
{
    const json_t *of_a = json_object_get(a->said, "steps"),
                 *of_b = json_object_get(b->said, "steps");
    unsigned found = 0;
    for (size_t i = 0; i < json_array_size(of_a) && i < json_array_size(of_b); i++) {
        const json_t *x = json_array_get(of_a, i), *y = json_array_get(of_b, i);
        double before = json_number_value(json_object_get(x, "taken"));
        double after = json_number_value(json_object_get(y, "taken"));
        int64_t before_us = (int64_t)(before * 1000), after_us = (int64_t)(after * 1000);
        if (strcmp(results_text(x, "kind"), results_text(y, "kind")) != 0 || before <= 0 ||
            after <= 0 ||
            (!diff_is_slower(before_us, after_us) && !diff_is_slower(after_us, before_us)))
            continue;
        found++;
        json_array_append_new(times,
                              json_pack("{s:o, s:I, s:s, s:s, s:[f, f]}", "id", name_of(b), "step",
                                        (json_int_t)json_integer_value(json_object_get(y, "n")),
                                        "expected", results_text(y, "expected"), "timer",
                                        results_text(y, "timer"), "taken_ms", before, after));
    }
    return found;
}

/* The cases of all that have no pair. */
static json_t *only_in(const struct results *all, const struct result *const *same)
{
    json_t *only = json_array();
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].number > 0 && same[i] == NULL)
            json_array_append_new(only, name_of(&all->at[i]));
    return only;
}

json_t *diff_runs(const struct results *a, const struct results *b)
{
    const struct result **of_a = pair(b, a), **of_b = pair(a, b);
    json_t *diff = NULL, *changed = json_array(), *times = json_array();
    int same = 0;
    for (size_t i = 0; of_a != NULL && of_b != NULL && i < b->n; i++) {
        if (of_b[i] == NULL)
            continue;
        unsigned slower = compare_steps(of_b[i], &b->at[i], times);
        if (has_changed(of_b[i], &b->at[i]))
            add_change(changed, of_b[i], &b->at[i]);
        else if (slower == 0)
            same++;
    }
    if (of_a != NULL && of_b != NULL)
        diff = json_pack("{s:i, s:O, s:O, s:{s:o, s:o}}", "same", same, "changed", changed, "times",
                         times, "only", "a", only_in(a, of_a), "b", only_in(b, of_b));
    json_decref(changed);
    json_decref(times);
    free(of_a);
    free(of_b);
    return diff;
}

bool diff_runs_differ(const json_t *diff)
{
    const json_t *only = json_object_get(diff, "only");
    return json_array_size(json_object_get(diff, "changed")) > 0 ||
           json_array_size(json_object_get(diff, "times")) > 0 ||
           json_array_size(json_object_get(only, "a")) > 0 ||
           json_array_size(json_object_get(only, "b")) > 0;
}

json_t *diff_plan(const struct results *a, const struct results *b)
{
    json_t *plan = json_deep_copy(b->plan), *cases = json_object_get(plan, "cases");
    const struct result **of_b = pair(a, b);
    for (size_t i = 0; of_b != NULL && i < b->n; i++) {
        const struct result *before = of_b[i];
        json_t *planned = b->at[i].number > 0 ? json_array_get(cases, b->at[i].number - 1) : NULL;
        if (planned != NULL && before != NULL)
            json_object_set_new(planned, "before",
                                json_pack("{s:s, s:s}", "verdict", outcome_name(before->verdict),
                                          "field", outcome_name(before->field)));
    }
    free(of_b);
    return plan;
}
