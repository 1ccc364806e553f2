/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab test`: suites of cases that judge a station or a vehicle. */

#include "app/commands.h"
#include "app/device_file.h"
#include "app/input.h"
#include "app/options.h"
#include "app/outputs.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/session_options.h"
#include "base/file.h"
#include "base/said.h"
#include "page/follow.h"
#include "record/record_folder.h"
#include "reference/docs.h"
#include "suite/campaign.h"
#include "suite/listing.h"
#include "suite/results_file.h"
#include "wire/lab.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SUITE_MAX (16u << 20)
#define FILES_MAX 64
#define TIMEOUT_S 600 /* of a case */

struct testing {
    struct options options;
    struct library library;
    struct session_options session;
    struct outputs outputs;
    const char *sut, *mode, *tag, *requirement, *suite, *shard, *resume;
    const char *pics, *init, *file[FILES_MAX];
    const char *bench; /* that the user has named */
    unsigned files, jobs, timeout, repeats, by, form, keep;
    bool list, mutate, asks, probe, fail_fast;
    bool plays_device;
    char folder[RECORD_PATH_MAX];
    json_t *arguments;    /* what the command was given */
    json_t *plan, *cases; /* all, and those to be played now */
    struct results_file file_of_results;
    struct follow page;
    struct err lost; /* a result could not be written */
    struct progress progress;
    struct {
        _Atomic bool shows_ladder, asks;
    } * shared; /* by all processes */
};

/* ---- options ---- */

static const char *const SUTS[] = {"SECC", "EVCC", NULL};
static const char *const MODES[] = {"ac", "dc", NULL};
/* ORDER PAGE_FORM */
static const char *const FORMATS[] = {"text", "md", "html", NULL};

static int take_count(void *to, const char *text, struct err *e)
{
    return options_number(to, text, 100000, e);
}

static int take_file(void *to, const char *text, struct err *e)
{
    struct testing *t = to;
    if (t->files == FILES_MAX)
        return err_set(e, "expected %d of them at most", FILES_MAX);
    t->file[t->files++] = text;
    return 0;
}

/* ORDER RECORDS */
static const char *const KEPT[] = {"all", "failed", "none", NULL};

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
    {"pics", 0, "FILE", "what the device claims, and who drives it: see --init", AT(pics)},
    {"init", 0, "FILE", "write such a file, with comments, to be completed", AT(init)},
    {"probe", 0, NULL, "see what the device offers; with --init the file has it", AT(probe)},
    {"ask", 0, NULL, "the operator is asked to do what no driver does", AT(asks)},
    {"fail-fast", 0, NULL, "no other case begins once one has failed, or is an error",
     AT(fail_fast)},
    {"list", 'l', NULL, "list the cases instead of playing them; with -q their names alone",
     AT(list)},
    {"by", 0, "WHAT", "the list's tables: by suite (default), tag, requirement or pics",
     OPTION_CHOICE, AT(by), .names = LISTING_BY},
    {"format", 'f', "FORMAT", "of the list: text (default), md or html", OPTION_CHOICE, AT(form),
     .names = FORMATS},
    {"jobs", 'j', "N", "so many cases side by side, in the lab", OPTION_CALL, AT(jobs),
     .take = take_count},
    {"shard", 0, "I/N", "only the I-th of N parts of the cases", AT(shard)},
    {"repeat", 0, "N", "each case so often", OPTION_CALL, AT(repeats), .take = take_count},
    {"timeout", 0, "SECONDS", "of a case (600)", OPTION_CALL, AT(timeout), .take = take_count},
    {"mutate", 0, NULL,
     "play each case once more for each of its expectations, negated:\nwhat still passes tests "
     "nothing",
     AT(mutate)},
    {"resume", 0, "RUN", "go on with a run that was ended, with the options it had", AT(resume)},
    {"record-keep", 0, "WHICH",
     "records of all cases (default; of those that pass packed: NAME.gz), of\nthose that have "
     "failed or are unclear (failed), or none, as --no-record",
     OPTION_CHOICE, AT(keep), .names = KEPT},
    OUTPUT_OPTIONS(offsetof(struct testing, outputs)),
    SESSION_OPTIONS(offsetof(struct testing, session)),
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "test",
    .synopsis = "[OPTION]... [CASE]...",
    .about =
        "Tests a station or a vehicle by cases, and judges each: over --interface or --peer\n"
        "the device there; without them our own, in a network in memory. CASE is the name of\n"
        "a case, with * for any characters; without one all that the options leave. The folder\n"
        "of the record has the results (docs/results.md), and a record for each case. With -v\n"
        "cases show their ladder, and on a terminal Enter shows and hides it.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab test --list --sut secc --by requirement\n"
            "  v2glab test --sut secc 'TC_SECC_*_Authorization_*'\n"
            "  v2glab test --sut secc --interface eth1 --protocol ISO15118-2\n"
            "  v2glab test --mutate --jobs 4\n"
            "  v2glab test -o run --junit results.xml --db history.db\n"
            "  v2glab test --resume run\n\n"
            "exit codes: 0 all passed, 1 one failed, 2 one is inconclusive (with --strict 1), "
            "3 error;\nby conformance, with --profile field by what charges in the field",
};

/* ---- the plan ---- */

/* All files of cases, by their names. */
static int read_files(const struct testing *t, json_t *texts, struct err *e)
{
    listing_texts(texts);
    for (unsigned i = 0; i < t->files; i++) {
        struct buf text = {0};
        int bad = file_read_text(t->file[i], SUITE_MAX, &text, e);
        if (bad == 0)
            json_object_set_new(texts, t->file[i], json_stringn((const char *)text.p, text.n));
        buf_close(&text);
        if (bad != 0)
            return -1;
    }
    return 0;
}

/* The file of the device as what parts of Lua are given, with what else is to be known of it. */
static int set_device(const struct testing *t, json_t *given, struct err *e)
{
    results_set_text(given, "tls", t->session.script.peer.choice.said[TLS_KEY_VERSION]);
    json_object_set_new(given, "is_real", json_boolean(!t->plays_device));
    json_object_set_new(given, "asks", json_boolean(t->asks));
    json_object_set_new(given, "has_modem", json_boolean(t->session.script.peer.slac != NULL));
    return part_give_file(given, "device", t->pics, SUITE_MAX, e);
}

static bool is_users(const struct testing *t, const char *file)
{
    for (unsigned i = 0; i < t->files; i++)
        if (strcmp(t->file[i], file) == 0)
            return true;
    return false;
}

/* The rules that cases of the user's own files cite. */
static int check_cites(const struct testing *t, const json_t *cases, struct err *e)
{
    const json_t *one;
    size_t i;
    json_array_foreach(cases, i, one)
    {
        struct err why = ERR_INIT;
        const char *file = results_text(one, "file");
        if (!is_users(t, file) || docs_check_requirements(results_text(one, "cites"), &why) == 0)
            continue;
        return err_set(e, "%s:%d: %s: cites: %s", file,
                       (int)json_integer_value(json_object_get(one, "line")),
                       results_text(one, "id"), why.what);
    }
    return 0;
}

static json_t *make_plan(const struct testing *t, const json_t *texts, struct err *e)
{
    json_t *chosen = json_object(), *ids = json_array(), *given = json_object();
    results_set_text(chosen, "sut", t->sut);
    results_set_text(chosen, "mode", t->mode);
    results_set_text(chosen, "tag", t->tag);
    results_set_text(chosen, "requirement", t->requirement);
    results_set_text(chosen, "suite", t->suite);
    results_set_text(chosen, "protocol", t->session.script.protocol);
    for (int i = 0; i < t->options.arguments; i++)
        json_array_append_new(ids, json_string(t->options.argument[i]));
    json_object_set_new(chosen, "ids", ids);
    json_object_set_new(given, "chosen", chosen);
    json_object_set(given, "texts", (json_t *)(uintptr_t)texts);
    json_object_set_new(given, "repeats", json_integer(t->repeats > 0 ? t->repeats : 1));
    results_set_text(given, "shard", t->shard);
    json_t *plan = NULL;
    if (set_device(t, given, e) == 0)
        plan = part_play("require('test.plan').make(...)", given, &t->session.script, e);
    json_decref(given);
    const char *problem = results_text(plan, "problem");
    if (*problem != '\0')
        err_set(e, "%s", problem);
    else if (check_cites(t, json_object_get(plan, "cases"), e) == 0 &&
             check_cites(t, json_object_get(plan, "skipped"), e) == 0)
        return plan;
    json_decref(plan);
    return NULL;
}

static int show_list(const struct testing *t, struct err *e)
{
    struct buf out = {0};
    struct prose words;
    int bad = prose_open(&words, prose_language(), e);
    if (bad == 0 && t->session.quiet)
        listing_names(t->plan, &out);
    else if (bad == 0)
        listing_print(t->plan, (enum listing_by)t->by, (enum page_form)t->form, &words, &out);
    fwrite(out.p, 1, out.n, stdout);
    prose_close(&words);
    buf_close(&out);
    return bad == 0 ? EXIT_PASS : -1;
}

/* ---- playing ---- */

/* A case that names a bench has it for itself, or that which the user has named; one that names
 * none has none. A device that is there has its own cable. */
static struct world *enter(void *context, const json_t *which, struct err *e)
{
    struct testing *t = context;
    const char *own = json_string_value(json_object_get(which, "bench"));
    bool is_users = t->bench != NULL || !t->plays_device;
    t->session.bench = t->plays_device && own == NULL ? NULL : is_users ? t->bench : own;
    return session_enter(&t->session, false, e);
}

static void leave(void *context, struct world *world)
{
    struct testing *t = context;
    session_leave(&t->session, world);
}

/* Mutants that nothing noticed. */
static void show_survivors(struct testing *t, const json_t *result)
{
    FILE *out = t->progress.out;
    const json_t *mutant;
    struct buf text = {0};
    size_t i;
    json_array_foreach(json_object_get(result, "mutants"), i, mutant)
    {
        const char *name = results_text(json_object_get(mutant, "mutation"), "text");
        const char *reason = results_text(mutant, "reason");
        if (mutant_is_killed(mutant))
            continue;
        progress_hide(&t->progress);
        said_print(out, "survives     %s\n", results_text(result, "id"));
        fprintf(out, "             %s: ", said_text(&text, name));
        fputs(said(results_text(mutant, "verdict")), out);
        fprintf(out, "%s%s\n", *reason != '\0' ? ": " : "", said_text(&text, reason));
    }
    buf_close(&text);
}

static bool is_field(const struct testing *t)
{
    const char *profile = t->session.script.profile;
    return profile != NULL && strcmp(profile, "field") == 0;
}

static bool told(void *context, size_t index, const json_t *said)
{
    struct testing *t = context;
    const json_t *planned = json_array_get(t->cases, index);
    struct result result;
    if (said == NULL) {
        progress_begin(&t->progress, results_text(planned, "id"));
        return true;
    }
    int64_t number = json_integer_value(json_object_get(planned, "number"));
    int bad = results_file_add(&t->file_of_results, (size_t)number, said, &t->lost);
    result_read(&result, planned, said);
    follow_wake(&t->page);
    progress_end(&t->progress, &result);
    show_survivors(t, said);
    return bad == 0;
}

static bool ends(void *context, const json_t *which, const json_t *said)
{
    const struct testing *t = context;
    struct result result;
    if (!t->fail_fast)
        return false;
    result_read(&result, which, said);
    enum outcome decides = is_field(t) ? result.field : result.verdict;
    return decides == OUTCOME_FAIL || decides == OUTCOME_ERROR;
}

/* Enter shows and hides the ladder of what is played, which has the terminal for itself. */
static void tick(void *context, bool has_key)
{
    struct testing *t = context;
    char line[256];
    bool is_ours = has_key && tcgetpgrp(STDIN_FILENO) == getpgrp();
    if (is_ours && read(STDIN_FILENO, line, sizeof line) > 0) {
        progress_hide(&t->progress);
        t->progress.pauses = !t->progress.pauses;
        atomic_store(&t->shared->shows_ladder, t->progress.pauses);
    } else if (has_key) {
        usleep(100000); /* it will be there for long: this is in the background */
    }
    progress_show(&t->progress);
}

/* ---- the results ---- */

/* What is to be known of the campaign as a whole. */
static json_t *run_facts(const struct testing *t)
{
    char started[40], directory[RECORD_PATH_MAX];
    json_t *run = json_object();
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t n = strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    snprintf(started + n, sizeof started - n, ".%03ldZ", now.tv_nsec / 1000000);
    results_set_text(run, "version", V2G_VERSION);
    results_set_text(run, "started", started);
    results_set_text(run, "directory", getcwd(directory, sizeof directory));
    results_set_text(run, "shard", t->shard);
    results_set_text(run, "profile", t->session.script.profile);
    json_object_set_new(run, "own_device", json_boolean(t->plays_device));
    json_object_set(run, "arguments", t->arguments);
    return run;
}

/* Cases of the plan that have no result yet. */
static int choose_rest(struct testing *t, struct err *e)
{
    struct results r;
    int bad = results_open(&r, t->resume, e);
    t->cases = json_array();
    for (size_t i = 0; i < r.n && bad == 0; i++)
        if (r.at[i].verdict == OUTCOME_NOT_REACHED)
            json_array_append(t->cases, (json_t *)(uintptr_t)r.at[i].planned);
    results_close(&r);
    return bad == 0 ? results_file_resume(&t->file_of_results, t->folder, e) : -1;
}

static int open_results(struct testing *t, struct err *e)
{
    const char *folder = t->resume != NULL ? t->resume : t->session.record;
    if (outputs_check(&t->outputs, e) != 0 || record_folder(folder, t->folder, e) != 0)
        return -1;
    if (t->resume != NULL)
        return choose_rest(t, e);
    if (record_is_free(t->folder, NULL, e) != 0)
        return -1;
    if (!json_is_array(json_object_get(t->plan, "skipped"))) /* Lua's empty list */
        json_object_set_new(t->plan, "skipped", json_array());
    if (!json_is_array(json_object_get(t->plan, "cases")))
        json_object_set_new(t->plan, "cases", json_array());
    json_object_set_new(t->plan, "run", run_facts(t));
    t->cases = json_incref(json_object_get(t->plan, "cases"));
    return results_file_create(&t->file_of_results, t->folder, t->plan, e);
}

static enum records records_kept(const struct testing *t)
{
    return t->session.no_record ? RECORDS_NONE : (enum records)t->keep;
}

static int play_cases(struct testing *t, const json_t *texts, struct err *e)
{
    json_t *given = json_object();
    enum records keeps = records_kept(t);
    struct campaign c = {
        .script = &t->session.script,
        .cases = t->cases,
        .texts = texts,
        .given = given,
        .plays_device = t->plays_device,
        .mutates = t->mutate,
        .jobs = t->plays_device ? t->jobs : 1,
        .timeout_s = t->timeout > 0 ? t->timeout : TIMEOUT_S,
        .records = keeps == RECORDS_NONE && t->outputs.html == NULL ? NULL : t->folder,
        .keeps = keeps,
        .leaves_records = t->outputs.html != NULL, /* its process reads them, and removes them */
        .enter = enter,
        .leave = leave,
        .told = told,
        .ends = ends,
        .tick = t->progress.draws ? tick : NULL,
        .keys = t->progress.draws && isatty(STDIN_FILENO) == 1 ? STDIN_FILENO : -1,
        .asks = &t->shared->asks,
        .ladder = &t->shared->shows_ladder,
        .ladder_to = fileno(t->progress.out),
        .detail = t->session.verbose > 1 ? t->session.verbose - 1 : 0,
        .context = t};
    int bad = set_device(t, given, e);
    if (bad == 0 && campaign_play(&c, e) < 0)
        bad = -1;
    progress_hide(&t->progress);
    json_decref(given);
    return bad;
}

/* None was left out, by Ctrl-C or --fail-fast. */
static bool has_all_results(const struct testing *t)
{
    return t->progress.ended == t->progress.all;
}

static int follow_run(struct testing *t, struct err *e)
{
    json_t *plan = outputs_plan(&t->outputs, t->plan, e);
    int bad = plan == NULL ? -1
                           : follow_open(&t->page, t->outputs.html, t->folder, plan,
                                         records_kept(t), &t->library, e);
    json_decref(plan); /* who follows has a copy */
    return bad;
}

static int play(struct testing *t, const json_t *texts, struct err *e)
{
    t->shared =
        mmap(NULL, sizeof *t->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t->shared == MAP_FAILED)
        return err_set(e, "out of memory");
    t->shared->shows_ladder = t->session.verbose > 0;
    int bad = open_results(t, e);
    if (bad == 0 && t->outputs.html != NULL)
        bad = follow_run(t, e);
    if (bad == 0) {
        FILE *out = outputs_terminal(&t->outputs);
        progress_open(&t->progress, out, t->cases, !t->plays_device, t->session.quiet);
        t->progress.pauses = t->session.verbose > 0;
        if (t->progress.draws)
            said_print(stderr,
                       "results: %s; if this is ended, v2glab test --resume goes on with them\n",
                       t->folder);
        bad = play_cases(t, texts, e);
    }
    results_file_close(&t->file_of_results);
    if (follow_close(&t->page, bad == 0 && has_all_results(t), e) != 0)
        bad = -1;
    json_decref(t->cases);
    munmap(t->shared, sizeof *t->shared);
    int status = bad != 0 ? -1 : outputs_write(&t->outputs, t->folder, e);
    if (status >= 0 && t->lost.set)
        status = err_set(e, "%s", t->lost.what);
    return status;
}

/* --init and --probe, instead of a campaign. */
static int make_device_file(struct testing *t, struct err *e)
{
    struct device_file f = {t->init, t->sut, t->mode, t->probe};
    struct campaign c = {.script = &t->session.script,
                         .plays_device = t->plays_device,
                         .timeout_s = t->timeout > 0 ? t->timeout : TIMEOUT_S,
                         .enter = enter,
                         .leave = leave,
                         .context = t};
    return device_file_make(&f, &c, e);
}

/* The tester's side. What cannot be there is said once, and not by each case. */
static int check_session(const struct testing *t, struct err *e)
{
    bool is_station = t->sut != NULL && strcmp(t->sut, "EVCC") == 0;
    return t->list ? 0 : session_check(&t->session, is_station, e);
}

static int test_all(struct testing *t)
{
    const struct peer_options *peer = &t->session.script.peer;
    struct err e = ERR_INIT;
    json_t *texts = json_object();
    bool has_device_file = t->init != NULL || t->probe;
    int status = check_session(t, &e);
    t->plays_device = peer->interface == NULL && peer->address == NULL;
    t->bench = t->session.bench;
    t->session.virtual_time = t->plays_device;
    t->session.faults.is_alone = !t->plays_device;
    if (status == 0)
        status = has_device_file ? make_device_file(t, &e) : read_files(t, texts, &e);
    if (status == 0 && !has_device_file) {
        if (t->plan == NULL)
            t->plan = make_plan(t, texts, &e);
        t->session.script.protocol = NULL; /* it has chosen the cases: each speaks its own */
        status = t->plan == NULL ? -1 : t->list ? show_list(t, &e) : play(t, texts, &e);
    }
    json_decref(texts);
    if (status >= 0)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}

/* ---- the command ---- */

static int read_options(struct testing *t, int argc, char **argv)
{
    json_t *plan = t->plan, *arguments = t->arguments;
    *t = (struct testing){.jobs = 1, .library = t->library, .plan = plan, .arguments = arguments};
    session_options_open(&t->session, &t->library, PEER_TLS_OFF);
    options_open(&t->options, &USAGE, &t->library, argc, argv);
    return options_read(&t->options, t) != 0 ? -1 : 0;
}

/* Reads the options again, before those that are given now those of the run that is to go on. */
static int read_all_options(struct testing *t, int argc, char **argv)
{
    struct results r;
    struct err e = ERR_INIT;
    if (t->session.record != NULL || t->options.arguments > 0) {
        options_wrong(&t->options,
                      "--resume plays what is left of a run, into its folder; expected it "
                      "without -o and CASE");
        return -1;
    }
    int bad = results_open(&r, t->resume, &e);
    if (bad != 0) {
        results_close(&r);
        return options_failed(&t->options, &e);
    }
    t->plan = json_incref(r.plan);
    json_decref(t->arguments);
    t->arguments = json_incref(json_object_get(r.run, "arguments"));
    results_close(&r);
    size_t n = json_array_size(t->arguments);
    char **all = calloc(n + (size_t)argc + 1, sizeof *all);
    if (all == NULL)
        return options_wrong(&t->options, "out of memory"), -1;
    all[0] = argv[0];
    for (size_t i = 0; i < n; i++)
        all[1 + i] = (char *)(uintptr_t)json_string_value(json_array_get(t->arguments, i));
    memcpy(all + 1 + n, argv + 1, (size_t)(argc - 1) * sizeof *all);
    bad = read_options(t, (int)n + argc, all);
    free(all);
    return bad;
}

int command_test(int argc, char **argv)
{
    struct testing t = {.arguments = json_array()};
    char **given = calloc((size_t)argc + 1, sizeof *given); /* reading moves them */
    library_open(&t.library);
    for (int i = 0; i < argc && given != NULL; i++)
        given[i] = argv[i];
    for (int i = 1; i < argc; i++)
        json_array_append_new(t.arguments, json_string(argv[i]));
    int bad = read_options(&t, argc, argv);
    if (bad == 0 && t.resume != NULL && given != NULL)
        bad = read_all_options(&t, argc, given);
    int status = bad != 0 ? t.options.status : test_all(&t);
    json_decref(t.plan);
    json_decref(t.arguments);
    free(given);
    library_close(&t.library);
    return status;
}
