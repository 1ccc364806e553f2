/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab test`: suites of cases that judge a station or a vehicle. */

#include "app/commands.h"
#include "app/input.h"
#include "app/options.h"
#include "app/report.h"
#include "app/session_options.h"
#include "base/asset.h"
#include "base/file.h"
#include "record/record.h"
#include "suite/campaign.h"
#include "wire/lab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUITE_MAX (16u << 20)
#define FILES_MAX 64

struct testing {
    struct options options;
    struct library library;
    struct session_options session;
    const char *sut, *mode, *tag, *requirement, *suite, *shard, *file[FILES_MAX];
    unsigned files, jobs, timeout, repeats;
    bool list, mutate, strict, records;
    bool plays_device;
    char folder[RECORD_PATH_MAX];
    FILE *results;
    json_t *plan;
    size_t ended;
    unsigned count[5]; /* by VERDICTS */
    unsigned mutants, killed;
};

/* ---- verdicts ---- */

static const char *const VERDICTS[] = {"pass", "fail", "inconclusive", "error", "none"};

static unsigned verdict_index(const json_t *result)
{
    const char *name = json_string_value(json_object_get(result, "verdict"));
    for (unsigned i = 0; i < 4; i++)
        if (name != NULL && strcmp(VERDICTS[i], name) == 0)
            return i;
    return 4;
}

/* ---- options ---- */

static const char *const SUTS[] = {"SECC", "EVCC", NULL};
static const char *const MODES[] = {"ac", "dc", NULL};

static int take_count(void *to, const char *text, struct err *e)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*end != '\0' || end == text || n < 1 || n > 100000)
        return err_set(e, "expected a number in 1..100000");
    *(unsigned *)to = (unsigned)n;
    return 0;
}

static int take_file(void *to, const char *text, struct err *e)
{
    struct testing *t = to;
    if (t->files == FILES_MAX)
        return err_set(e, "expected %d of them at most", FILES_MAX);
    t->file[t->files++] = text;
    return 0;
}

#define AT(member) .at = offsetof(struct testing, member)

static const struct option OPTIONS[] = {
    {"sut", 0, "SIDE", "what is tested: secc (a station) or evcc (a vehicle)", OPTION_NAME, AT(sut),
     .names = SUTS},
    {"mode", 'm', "MODE", "only cases of that energy transfer: ac or dc", OPTION_NAME, AT(mode),
     .names = MODES},
    {"suite", 0, "NAME", "only cases of suites with that in their name", AT(suite)},
    {"tag", 0, "TAG", "only cases with that tag", AT(tag)},
    {"requirement", 0, "ID", "only cases that cite it, as V2G2-459", AT(requirement)},
    {"file", 0, "FILE", "cases of that file besides those built in", OPTION_CALL,
     .take = take_file},
    {"list", 'l', NULL, "list the cases instead of playing them", AT(list)},
    {"jobs", 'j', "N", "so many cases side by side, in the lab", OPTION_CALL, AT(jobs),
     .take = take_count},
    {"shard", 0, "I/N", "only the I-th of N parts of the cases", AT(shard)},
    {"repeat", 0, "N", "each case so often", OPTION_CALL, AT(repeats), .take = take_count},
    {"timeout", 0, "SECONDS", "of a case (600)", OPTION_CALL, AT(timeout), .take = take_count},
    {"strict", 0, NULL, "inconclusive counts as fail", AT(strict)},
    {"mutate", 0, NULL,
     "play each case once more for each of its expectations, negated:\nwhat still passes tests "
     "nothing",
     AT(mutate)},
    {"records", 0, NULL, "a record for each case", AT(records)},
    SESSION_OPTIONS(offsetof(struct testing, session)),
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "test",
    .synopsis = "[OPTION]... [CASE]...",
    .about = "Tests a station or a vehicle by cases, and judges each: over --interface or --peer\n"
             "the device there; without them our own, in a network in memory. CASE is the name of\n"
             "a case, with * for any characters; without one all that the options leave.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab test --list\n"
            "  v2glab test --sut secc 'TC_SECC_*_Authorization_*'\n"
            "  v2glab test --sut secc --interface eth1 --protocol ISO15118-2\n"
            "  v2glab test --mutate --jobs 4\n\n"
            "exit codes: 0 all passed, 1 one failed, 2 one is inconclusive (with --strict 1), "
            "3 error",
};

/* ---- the plan ---- */

/* All files of cases, by their names. */
static int read_files(const struct testing *t, json_t *texts, struct err *e)
{
    size_t at = 0;
    const char *path;
    struct slice bytes;
    while (asset_each("suites/", &at, &path, &bytes))
        json_object_set_new(texts, path, json_stringn((const char *)bytes.p, bytes.n));
    for (unsigned i = 0; i < t->files; i++) {
        struct buf text = {0};
        int bad = file_read(t->file[i], SUITE_MAX, &text, e);
        if (bad == 0)
            json_object_set_new(texts, t->file[i], json_stringn((const char *)text.p, text.n));
        buf_close(&text);
        if (bad != 0)
            return -1;
    }
    return 0;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

static json_t *make_plan(const struct testing *t, const json_t *texts, struct err *e)
{
    json_t *chosen = json_object(), *ids = json_array(), *given = json_object();
    set_text(chosen, "sut", t->sut);
    set_text(chosen, "mode", t->mode);
    set_text(chosen, "tag", t->tag);
    set_text(chosen, "requirement", t->requirement);
    set_text(chosen, "suite", t->suite);
    set_text(chosen, "protocol", t->session.script.protocol);
    for (int i = 0; i < t->options.arguments; i++)
        json_array_append_new(ids, json_string(t->options.argument[i]));
    json_object_set_new(chosen, "ids", ids);
    json_object_set_new(given, "chosen", chosen);
    json_object_set(given, "texts", (json_t *)(uintptr_t)texts);
    json_object_set_new(given, "repeats", json_integer(t->repeats > 0 ? t->repeats : 1));
    set_text(given, "shard", t->shard);
    json_t *plan = part_play("require('test.plan').make(...)", given, &t->session.script, e);
    json_decref(given);
    return plan;
}

static int show_list(const struct testing *t)
{
    const json_t *c;
    size_t i;
    json_array_foreach(json_object_get(t->plan, "cases"), i, c)
        printf("%s\t%s\t%s\n", json_string_value(json_object_get(c, "id")),
               json_string_value(json_object_get(c, "protocol")),
               json_string_value(json_object_get(c, "about")));
    return EXIT_PASS;
}

/* ---- playing ---- */

static struct world *enter(void *context, struct err *e)
{
    struct testing *t = context;
    return session_enter(&t->session, false, e);
}

static const json_t *last_step(const json_t *result)
{
    const json_t *steps = json_object_get(result, "steps");
    return json_array_get(steps, json_array_size(steps) - 1);
}

static void show_result(const struct testing *t, const json_t *result)
{
    const char *reason = json_string_value(json_object_get(result, "reason"));
    const json_t *step = last_step(result);
    unsigned verdict = verdict_index(result);
    if (t->session.quiet && verdict == 0)
        return;
    printf("%-12s %s\n", VERDICTS[verdict], json_string_value(json_object_get(result, "id")));
    if (verdict == 0)
        return;
    if (reason != NULL)
        printf("             %s\n", reason);
    else if (step != NULL)
        printf("             expected %s, found %s\n",
               json_string_value(json_object_get(step, "expected")),
               json_string_value(json_object_get(step, "found")));
}

static void take_mutants(struct testing *t, const json_t *result)
{
    const json_t *mutant;
    size_t i;
    json_array_foreach(json_object_get(result, "mutants"), i, mutant)
    {
        bool lives = verdict_index(mutant) != 1 && verdict_index(mutant) != 2;
        t->mutants++;
        t->killed += !lives;
        if (!lives)
            continue;
        char *text = json_dumps(json_object_get(mutant, "mutation"), JSON_COMPACT);
        printf("survives     %s: %s: %s\n", json_string_value(json_object_get(result, "id")), text,
               VERDICTS[verdict_index(mutant)]);
        free(text);
    }
}

static void told(void *context, size_t index, const json_t *result)
{
    struct testing *t = context;
    (void)index;
    if (result == NULL)
        return;
    t->count[verdict_index(result)]++;
    t->ended++;
    show_result(t, result);
    take_mutants(t, result);
    char *text = json_dumps(result, JSON_COMPACT);
    fprintf(t->results, "%s\n", text);
    fflush(t->results);
    free(text);
}

static int show_summary(const struct testing *t)
{
    printf("%u passed, %u failed, %u inconclusive, %u errors, %zu not applicable\n", t->count[0],
           t->count[1], t->count[2], t->count[3] + t->count[4],
           json_array_size(json_object_get(t->plan, "skipped")));
    if (t->mutate)
        printf("%u of %u negations killed\n", t->killed, t->mutants);
    printf("results: %s\n", t->folder);
    if (t->count[3] + t->count[4] > 0)
        return EXIT_SETUP;
    if (t->count[1] > 0 || t->killed < t->mutants || (t->strict && t->count[2] > 0))
        return EXIT_FAIL;
    return t->count[2] > 0 ? EXIT_UNCLEAR : EXIT_PASS;
}

static int open_results(struct testing *t, struct err *e)
{
    char name[sizeof t->folder + 32];
    if (record_folder(t->session.record, t->folder, e) != 0)
        return -1;
    snprintf(name, sizeof name, "%s/plan.json", t->folder);
    if (json_dump_file(t->plan, name, JSON_COMPACT) != 0)
        return err_set(e, "%s cannot be written", name);
    snprintf(name, sizeof name, "%s/results.jsonl", t->folder);
    t->results = fopen(name, "w");
    return t->results == NULL ? err_set(e, "%s cannot be written", name) : 0;
}

static int play(struct testing *t, const json_t *texts, struct err *e)
{
    json_t *given = json_object();
    struct campaign c = {.script = &t->session.script,
                         .cases = json_object_get(t->plan, "cases"),
                         .texts = texts,
                         .given = given,
                         .plays_device = t->plays_device,
                         .mutates = t->mutate,
                         .jobs = t->jobs,
                         .timeout_s = t->timeout > 0 ? t->timeout : 600,
                         .records = t->records ? t->folder : NULL,
                         .enter = enter,
                         .told = told,
                         .context = t};
    if (open_results(t, e) != 0)
        return -1;
    int played = campaign_play(&c, e);
    fclose(t->results);
    json_decref(given);
    return played < 0 ? -1 : show_summary(t);
}

static int test_all(struct testing *t)
{
    const struct peer_options *peer = &t->session.script.peer;
    struct err e = ERR_INIT;
    json_t *texts = json_object();
    t->plays_device = peer->interface == NULL && peer->address == NULL;
    t->session.virtual_time = t->plays_device;
    int status = read_files(t, texts, &e);
    if (status == 0) {
        t->plan = make_plan(t, texts, &e);
        status = t->plan == NULL ? -1 : t->list ? show_list(t) : play(t, texts, &e);
    }
    json_decref(texts);
    json_decref(t->plan);
    if (status >= 0)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}

int command_test(int argc, char **argv)
{
    struct testing t = {.jobs = 1};
    library_open(&t.library);
    session_options_open(&t.session, &t.library, PEER_TLS_OFF);
    options_open(&t.options, &USAGE, &t.library, argc, argv);
    int status = options_read(&t.options, &t) != 0 ? t.options.status : test_all(&t);
    library_close(&t.library);
    return status;
}
