/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/merge.h"

#include "suite/results.h"
#include "suite/results_file.h"

#include <stdlib.h>
#include <string.h>

/* A case of the plan that is being made. */
struct joined {
    json_t *planned;
    const json_t *said; /* NULL: nobody has played it */
    const char *folder; /* where its record is */
    json_int_t order;
    size_t came;
};

struct merging {
    struct results *of; /* one for each folder */
    unsigned n;
    struct joined *at;
    size_t cases;
    json_t *index; /* name: place in `at` */
    json_t *skipped, *runs;
};

static void join_case(struct merging *m, const struct results *r, const struct result *one)
{
    struct buf name = {0};
    const json_t *known = json_object_get(m->index, result_name(one, &name));
    size_t i = known != NULL ? (size_t)json_integer_value(known) : m->cases;
    struct joined *j = &m->at[i];
    if (known == NULL) {
        json_object_set_new(m->index, buf_string(&name), json_integer((json_int_t)i));
        *j = (struct joined){.planned = json_incref((json_t *)(uintptr_t)one->planned),
                             .order = json_integer_value(json_object_get(one->planned, "order")),
                             .came = i};
        m->cases++;
    }
    if (one->said != NULL) {
        j->said = one->said;
        j->folder = r->folder;
    }
    buf_close(&name);
}

static void join_run(struct merging *m, const struct results *r)
{
    struct buf name = {0};
    json_t *run = json_object();
    json_object_update(run, (json_t *)(uintptr_t)r->run);
    json_object_set_new(run, "folder", json_string(r->folder));
    json_array_append_new(m->runs, run);
    for (size_t i = 0; i < r->n; i++) {
        const struct result *one = &r->at[i];
        if (one->verdict != OUTCOME_NOT_APPLICABLE)
            join_case(m, r, one);
        else if (json_object_get(m->skipped, result_name(one, &name)) == NULL)
            json_object_set(m->skipped, buf_string(&name), (json_t *)(uintptr_t)one->planned);
    }
    buf_close(&name);
}

static int in_order(const void *a, const void *b)
{
    const struct joined *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->came < y->came ? -1 : x->came > y->came;
}

/* The facts of the whole: those of the first, from the begin of the earliest; the profile, if it is
 * that of all. */
static json_t *run_of_all(const struct merging *m)
{
    json_t *all = json_object();
    const json_t *run;
    size_t i;
    json_object_update(all, json_array_get(m->runs, 0));
    json_object_del(all, "folder");
    json_object_del(all, "shard");
    json_array_foreach(m->runs, i, run)
    {
        if (strcmp(results_text(run, "started"), results_text(all, "started")) < 0)
            json_object_set(all, "started", json_object_get(run, "started"));
        if (strcmp(results_text(run, "profile"), results_text(all, "profile")) != 0)
            json_object_del(all, "profile");
    }
    json_object_set(all, "merged", m->runs);
    return all;
}

static json_t *plan_of_all(struct merging *m)
{
    json_t *plan = json_object(), *cases = json_array(), *skipped = json_array();
    const char *key;
    json_t *planned;
    qsort(m->at, m->cases, sizeof *m->at, in_order);
    for (size_t i = 0; i < m->cases; i++) {
        json_t *one = json_copy(m->at[i].planned);
        json_object_set_new(one, "number", json_integer((json_int_t)i + 1));
        json_array_append_new(cases, one);
    }
    json_object_foreach(m->skipped, key, planned) json_array_append(skipped, planned);
    json_object_set_new(plan, "run", run_of_all(m));
    json_object_set_new(plan, "cases", cases);
    json_object_set_new(plan, "skipped", skipped);
    return plan;
}

/* Where the record is, seen from anywhere. */
static void set_record(json_t *line, const char *folder)
{
    struct buf path = {0};
    const char *record = results_text(line, "record");
    if (*record == '\0')
        return;
    if (*record != '/')
        buf_printf(&path, "%s/", folder);
    buf_text(&path, record);
    char *real = realpath(buf_string(&path), NULL);
    json_object_set_new(line, "record", json_string(real != NULL ? real : buf_string(&path)));
    free(real);
    buf_close(&path);
}

static int write_all(struct merging *m, const char *to, struct err *e)
{
    struct results_file file;
    json_t *plan = plan_of_all(m);
    int bad = results_file_create(&file, to, plan, e);
    for (size_t i = 0; i < m->cases && bad == 0; i++) {
        if (m->at[i].said == NULL)
            continue;
        json_t *line = json_copy((json_t *)(uintptr_t)m->at[i].said);
        json_object_del(line, "number");
        set_record(line, m->at[i].folder);
        bad = results_file_add(&file, i + 1, line, e);
        json_decref(line);
    }
    results_file_close(&file);
    json_decref(plan);
    return bad;
}

int results_merge(const char *const *folder, unsigned n, const char *to, struct err *e)
{
    struct merging m = {.index = json_object(), .skipped = json_object(), .runs = json_array()};
    size_t all = 0;
    int bad = 0;
    m.of = calloc(n + 1, sizeof *m.of);
    while (m.of != NULL && m.n < n && bad == 0) {
        bad = results_open(&m.of[m.n], folder[m.n], e);
        all += m.of[m.n++].n;
    }
    m.at = calloc(all + 1, sizeof *m.at);
    if (bad == 0 && (m.of == NULL || m.at == NULL))
        bad = err_set(e, "out of memory");
    for (unsigned i = 0; i < n && bad == 0; i++)
        join_run(&m, &m.of[i]);
    if (bad == 0)
        bad = write_all(&m, to, e);
    for (size_t i = 0; i < m.cases; i++)
        json_decref(m.at[i].planned);
    for (unsigned i = 0; i < m.n; i++)
        results_close(&m.of[i]);
    json_decref(m.index);
    json_decref(m.skipped);
    json_decref(m.runs);
    free(m.of);
    free(m.at);
    return bad;
}
