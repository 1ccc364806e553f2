/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab diff`: two runs of `v2glab test`, or two sessions, side by side. */
#include "app/diff.h"

#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"
#include "base/said.h"
#include "base/visible.h"
#include "page/run_page.h"
#include "record/diff_sessions.h"
#include "record/record_folder.h"
#include "record/record_read.h"
#include "suite/diff_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct diffing {
    struct options options;
    struct library library;
    bool json;
    const char *html;
};

static const struct option OPTIONS[] = {
    {"json", 0, NULL, "one JSON object instead of text (docs/results.md)",
     .at = offsetof(struct diffing, json)},
    {"html", 0, "FILE", "also the report of B as one page that tells what A had otherwise",
     .at = offsetof(struct diffing, html)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "diff",
    .synopsis = "[OPTION]... A B",
    .about =
        "Compares two runs of `v2glab test` (their folders): verdicts that changed, causes, times\n"
        "of answers, cases that only one has. Or two sessions (folders of records, as\n"
        "`v2glab run`, `ev`, `evse` and each case leave them): order of messages, fields, times.\n"
        "What differs in all sessions (SessionID, times, signatures) is counted, not listed. A "
        "time\n"
        "counts as changed where it is more than twice as long, and 20 ms longer, than the other.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab diff runs/20261128-120000 runs/20261129-120000\n"
            "  v2glab diff old new --html changes.html\n"
            "  v2glab diff runs/a/TC_SECC_CMN_VTB_SessionSetup_001 "
            "runs/b/TC_SECC_CMN_VTB_SessionSetup_001\n\n"
            "exit codes: 0 they are the same, 1 they differ, 3 wrong use, or one cannot be read",
};

/* ---- text ---- */

static const char *text_at(const json_t *object, const char *key)
{
    return results_text(object, key);
}

static const char *text_of(const json_t *object, const char *key, size_t i)
{
    const char *text = json_string_value(json_array_get(json_object_get(object, key), i));
    return text == NULL ? "" : text;
}

static double number_of(const json_t *object, const char *key, size_t i)
{
    return json_number_value(json_array_get(json_object_get(object, key), i));
}

static void print_change(const json_t *change)
{
    const char *a = text_of(change, "verdict", 0), *b = text_of(change, "verdict", 1);
    said_print(stdout, "%s: %s, was %s", text_at(change, "id"), b, a);
    if (strcmp(text_of(change, "field", 0), text_of(change, "field", 1)) != 0)
        said_print(stdout, "; in the field %s, was %s", text_of(change, "field", 1),
                   text_of(change, "field", 0));
    putchar('\n');
    for (size_t i = 2; i-- > 0;)
        if (text_of(change, "cause", i)[0] != '\0') {
            printf("    %s: ", said(i == 1 ? "now" : "was"));
            said_print(stdout, "%s\n", text_of(change, "cause", i));
        }
}

static void print_list(const json_t *list, void (*print)(const json_t *entry))
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry) print(entry);
}

static void print_step_time(const json_t *time)
{
    said_print(stdout, "%s: step %" JSON_INTEGER_FORMAT " (%s) took %.1f ms, was %.1f ms%s%s\n",
               text_at(time, "id"), json_integer_value(json_object_get(time, "step")),
               text_at(time, "expected"), number_of(time, "taken_ms", 1),
               number_of(time, "taken_ms", 0), text_at(time, "timer")[0] != '\0' ? "; " : "",
               text_at(time, "timer"));
}

static void print_only(const json_t *only, const char *which)
{
    const json_t *list = json_object_get(only, which);
    size_t i;
    json_t *id;
    json_array_foreach(list, i, id)
        said_print(stdout, "%s: only in %s\n", json_string_value(id), which[0] == 'a' ? "A" : "B");
}

static void print_runs(const json_t *diff)
{
    const json_t *only = json_object_get(diff, "only");
    print_list(json_object_get(diff, "changed"), print_change);
    print_list(json_object_get(diff, "times"), print_step_time);
    print_only(only, "a");
    print_only(only, "b");
    said_print(stdout,
               "%zu cases changed, %zu times, %zu only in A, %zu only in B; %" JSON_INTEGER_FORMAT
               " the same\n",
               json_array_size(json_object_get(diff, "changed")),
               json_array_size(json_object_get(diff, "times")),
               json_array_size(json_object_get(only, "a")),
               json_array_size(json_object_get(only, "b")),
               json_integer_value(json_object_get(diff, "same")));
}

static void print_order(const json_t *place)
{
    said_print(stdout, "%c %s (message %" JSON_INTEGER_FORMAT ")\n",
               text_at(place, "in")[0] == 'a' ? '-' : '+', text_at(place, "message"),
               json_integer_value(json_object_get(place, "number")));
}

/* A value of a field, on one line. */
static void add_value(struct buf *out, const json_t *value)
{
    char *text = json_is_null(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (json_is_string(value))
        visible_add(out, json_string_value(value), json_string_length(value));
    else if (text == NULL)
        buf_text(out, said("not there"));
    else
        visible_add(out, text, strlen(text));
    free(text);
}

static void print_field(const json_t *field)
{
    struct buf a = {0}, b = {0};
    int64_t count = json_integer_value(json_object_get(field, "count"));
    int64_t of = json_integer_value(json_object_get(field, "of"));
    add_value(&a, json_object_get(field, "a"));
    add_value(&b, json_object_get(field, "b"));
    said_print(stdout, "%s %s: %s, was %s", text_at(field, "message"), text_at(field, "path"),
               buf_string(&b), buf_string(&a));
    if (of > 1)
        said_print(stdout, " (differs in %lld of %lld; this is message %lld of A)",
                   (long long)count, (long long)of,
                   (long long)json_integer_value(json_object_get(field, "number")));
    putchar('\n');
    buf_close(&a);
    buf_close(&b);
}

static void print_answer(const json_t *time)
{
    said_print(stdout, "%s: slowest answer %.1f ms, was %.1f ms (median %.1f ms, was %.1f ms)\n",
               text_at(time, "message"), number_of(time, "worst_us", 1) / 1e3,
               number_of(time, "worst_us", 0) / 1e3, number_of(time, "median_us", 1) / 1e3,
               number_of(time, "median_us", 0) / 1e3);
}

void diff_print_sessions(const json_t *diff)
{
    int64_t expected = 0;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(diff, "expected"), i, entry) expected +=
        json_integer_value(json_object_get(entry, "count"));
    print_list(json_object_get(diff, "order"), print_order);
    print_list(json_object_get(diff, "fields"), print_field);
    print_list(json_object_get(diff, "times"), print_answer);
    said_print(stdout,
               "%.0f messages, were %.0f; %zu places in their order, %zu fields, %zu times differ "
               "(besides %lld values that differ in any two sessions)\n",
               number_of(diff, "messages", 1), number_of(diff, "messages", 0),
               json_array_size(json_object_get(diff, "order")),
               json_array_size(json_object_get(diff, "fields")),
               json_array_size(json_object_get(diff, "times")), (long long)expected);
}

/* Says of what it is. */
static void set_kind(const char *kind, const struct diffing *d, json_t *diff)
{
    json_object_set_new(diff, "kind", json_string(kind));
    json_object_set_new(diff, "a", json_string(d->options.argument[0]));
    json_object_set_new(diff, "b", json_string(d->options.argument[1]));
}

static void print_json(const char *kind, const struct diffing *d, json_t *diff)
{
    set_kind(kind, d, diff);
    json_dumpf(diff, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    putchar('\n');
}

/* ---- what is compared ---- */

/* The exit code; -1: e. */
static int diff_two_runs(struct diffing *d, const char *a, const char *b, struct err *e)
{
    struct results before, after;
    int status = results_open(&before, a, e);
    if (results_open(&after, b, e) != 0 || status != 0) {
        results_close(&before);
        results_close(&after);
        return -1;
    }
    json_t *diff = diff_runs(&before, &after), *plan = diff_plan(&before, &after);
    if (diff == NULL)
        status = err_set(e, "out of memory");
    else if (d->html != NULL)
        status = run_page_write(&after, plan, d->html, &d->library, e);
    if (status == 0) {
        status = diff_runs_differ(diff) ? EXIT_FAIL : EXIT_PASS;
        if (d->json)
            print_json("runs", d, diff);
        else
            print_runs(diff);
    }
    json_decref(diff);
    json_decref(plan);
    results_close(&before);
    results_close(&after);
    return status;
}

static int diff_two_sessions(struct diffing *d, const char *a, const char *b, struct err *e)
{
    struct dialogue before = {0}, after = {0};
    json_t *diff = NULL;
    if (record_read(a, false, &d->library, dialogue_event, &before, e) == 0 &&
        record_read(b, false, &d->library, dialogue_event, &after, e) == 0 &&
        (diff = diff_sessions(&before, &after)) == NULL)
        err_set(e, "out of memory");
    int status = diff == NULL ? -1 : diff_sessions_differ(diff) ? EXIT_FAIL : EXIT_PASS;
    if (diff != NULL && d->html != NULL) {
        set_kind("sessions", d, diff);
        if (session_page_write(b, d->html, diff, &d->library, e) != 0)
            status = -1;
    }
    if (status >= 0 && d->json)
        print_json("sessions", d, diff);
    else if (status >= 0)
        diff_print_sessions(diff);
    json_decref(diff);
    dialogue_close(&before);
    dialogue_close(&after);
    return status;
}

static int diff_all(struct diffing *d)
{
    struct err e = ERR_INIT;
    const char *a = d->options.argument[0], *b = d->options.argument[1];
    bool runs = results_are(a) && results_are(b);
    bool sessions = !runs && record_is(a) && record_is(b);
    for (unsigned i = 0; i < 2 && !runs && !sessions; i++) {
        const char *folder = d->options.argument[i];
        if (!results_are(folder) && !record_is(folder))
            return options_wrong(&d->options,
                                 "%s is neither the folder of a run (it would have " RESULTS_PLAN
                                 ") nor of a session's record (" RECORD_EVENTS ")",
                                 folder);
    }
    if (!runs && !sessions)
        return options_wrong(
            &d->options,
            "one is a run and the other a session; expected two runs, or two sessions");
    int status = runs ? diff_two_runs(d, a, b, &e) : diff_two_sessions(d, a, b, &e);
    if (status < 0)
        report_err("", &e);
    return status < 0 ? EXIT_SETUP : status;
}

int command_diff(int argc, char **argv)
{
    struct diffing d = {.html = NULL};
    library_open(&d.library);
    options_open(&d.options, &USAGE, &d.library, argc, argv);
    int status = d.options.status;
    if (options_read(&d.options, &d) != 0)
        status = d.options.status;
    else if (d.options.arguments != 2)
        status = options_wrong(&d.options, "expected two folders, A and B");
    else
        status = diff_all(&d);
    library_close(&d.library);
    return status;
}
