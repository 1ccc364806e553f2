/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab fuzz`: good sessions with one message that is not as it should be. */

#include "app/commands.h"
#include "app/duration.h"
#include "app/options.h"
#include "app/report.h"
#include "app/session_options.h"
#include "base/said.h"
#include "record/record_folder.h"
#include "suite/campaign.h"
#include "suite/corpus.h"
#include "suite/results.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT 1000    /* trials, where neither --count nor --time says how many */
#define BATCH 32      /* trials that are planned at once, of each process */
#define TIMEOUT_S 600 /* of a trial, in the world's time */
#define SHRINKS 12    /* rounds, each of which makes a fault smaller */
#define DEVICE_MAX (1u << 20)

/* ORDER FUZZ_KIND, with inputs.kinds of lua/test/fuzz_inputs.lua */
static const char *const KINDS[] = {"field", "fields",    "grammar", "bits", "bytes",
                                    "v2gtp", "transport", "order",   "tls",  NULL};

struct fuzzing {
    struct options options;
    struct library library;
    struct session_options session;
    const char *sut, *mode, *kind, *pics, *breaks;
    unsigned count, jobs;
    int64_t time_us;
    bool plays_device, fail_fast;
    char folder[RECORD_PATH_MAX];
    struct corpus *corpus;
    json_t *given;    /* what parts of Lua get besides the trial */
    json_t *trials;   /* those of the batch */
    json_t *found;    /* those of it that show a new fault */
    json_t *smaller;  /* the first of a round of shrinking that still shows it */
    const char *like; /* the defect that is looked for in that round; NULL: no such round */
    int64_t from, done, faults, errors;
    struct timespec began;
    bool draws, is_interrupted;
    struct err lost, trouble; /* the corpus cannot be written; the first error of ours */
};

/* ---- options ---- */

static const char *const SUTS[] = {"SECC", "EVCC", NULL};
static const char *const MODES[] = {"ac", "dc", NULL};

static int take_count(void *to, const char *text, struct err *e)
{
    return options_number(to, text, 1000000000, e);
}

#define AT(member) .at = offsetof(struct fuzzing, member)

static const struct option OPTIONS[] = {
    {"sut", 0, "SIDE", "what is tried: secc (a station) or evcc (a vehicle)", OPTION_NAME, AT(sut),
     .names = SUTS},
    {"mode", 'm', "MODE", "only states of that energy transfer: ac or dc", OPTION_NAME, AT(mode),
     .names = MODES},
    {"kind", 0, "KIND",
     "only messages that are wrong in that way: field, fields, grammar, bits,\nbytes, v2gtp, "
     "transport, order or tls",
     OPTION_NAME, AT(kind), .names = KINDS},
    {"count", 'n', "N", "so many trials (1000)", OPTION_CALL, AT(count), .take = take_count},
    {"time", 't', "TIME", "as many as begin within that time, as 90s, 10min or 8h", OPTION_CALL,
     AT(time_us), .take = duration_take},
    {"fail-fast", 0, NULL, "no other trial once one has shown a fault", AT(fail_fast)},
    {"jobs", 'j', "N", "so many trials side by side, of our own device", OPTION_CALL, AT(jobs),
     .take = take_count},
    {"pics", 0, "FILE", "who drives the device, as of `v2glab test`", AT(pics)},
    {"broken", 0, "FILE", "our own device, with faults that this Lua file puts into it",
     AT(breaks)},
    SESSION_OPTIONS(offsetof(struct fuzzing, session)),
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "fuzz",
    .synopsis = "--sut SIDE [OPTION]...",
    .about =
        "Looks for what breaks a station or a vehicle, over --interface or --peer the device "
        "there;\n"
        "without them our own, in a network in memory. Each trial goes a good way to a state, "
        "sends\n"
        "one message that is not as it should be, judges what the device makes of it, and holds a\n"
        "good session. What follows from --seed is the same each time. The folder of -o has the\n"
        "corpus (corpus.db) and a case for each fault that was found, as small as it could be "
        "made\n"
        "(found/NAME.lua), which `v2glab test --file` plays. The same command goes on where it "
        "was\n"
        "ended.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab fuzz --sut secc --interface eth1 --time 8h -o night\n"
            "  v2glab fuzz --sut evcc --protocol ISO15118-2 --seed 7 --count 500\n"
            "  v2glab test --file night/found/FUZZ_SECC_0_17.lua FUZZ_SECC_0_17\n\n"
            "exit codes: 0 nothing was found, 1 something was, 2 no state was reached, 3 error",
};

/* ---- what came of a trial ---- */

static const json_t *last_step(const json_t *result)
{
    const json_t *steps = json_object_get(result, "steps");
    return json_array_get(steps, json_array_size(steps) - 1);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What is wrong with the device, by the verdict; NULL: nothing. */
static const char *defect_of(const json_t *result)
{
    const char *verdict = results_text(result, "verdict"), *reason = results_text(result, "reason");
    const json_t *step = last_step(result);
    const char *kind = results_text(step, "kind"), *defect = results_text(step, "defect");
    if (strcmp(verdict, "error") == 0) {
        if (begins(reason, "device: ") || begins(reason, "the process that played it ended"))
            return "crash";
        return begins(reason, "it was not over when") ? "hang" : NULL;
    }
    if (strcmp(verdict, "fail") != 0)
        return NULL;
    if (*defect != '\0')
        return defect;
    return strcmp(kind, "end") == 0        ? "goes on after a refusal"
           : strcmp(kind, "liveness") == 0 ? "no session any more"
                                           : "fail";
}

/* What it did, for people. */
static const char *reaction_of(const json_t *result)
{
    const char *reason = results_text(result, "reason");
    const json_t *step, *last = last_step(result);
    size_t i;
    if (strcmp(results_text(result, "verdict"), "pass") == 0)
        json_array_foreach(json_object_get(result, "steps"), i,
                           step) if (strcmp(results_text(step, "kind"), "any") ==
                                     0) return results_text(step, "found");
    return *reason != '\0' ? reason : results_text(last, "found");
}

/* Whether what was wrong has gone out: else nothing of it is the device's fault. */
static bool was_sent(const json_t *result)
{
    const char *verdict = results_text(result, "verdict");
    bool is_ours = strcmp(verdict, "error") == 0 && defect_of(result) == NULL;
    return !is_ours && strcmp(verdict, "inconclusive") != 0;
}

static bool is_error_of_ours(const json_t *result)
{
    const json_t *step = last_step(result);
    const char *reason = results_text(result, "reason"), *found = results_text(step, "found");
    return strcmp(results_text(result, "verdict"), "error") == 0 && defect_of(result) == NULL &&
           strstr(found, " never happened") == NULL && strcmp(reason, "interrupted") != 0;
}

static const char *message_of(const json_t *trial)
{
    const json_t *row = json_object_get(trial, "row");
    const char *sends = results_text(row, "sends"), *answers = results_text(row, "answers");
    return *sends != '\0' ? sends : *answers != '\0' ? answers : "octets";
}

/* ---- on the terminal ---- */

static double seconds_since(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

/* Seconds that are left, by --time, or by how long the others took. */
static int64_t left_of(const struct fuzzing *f)
{
    double gone = seconds_since(&f->began);
    double time = (double)f->time_us / 1e6;
    double all = time > 0 ? time : f->done > 0 ? gone * f->count / (double)f->done : 0;
    return all > gone ? (int64_t)(all - gone) : 0;
}

static void show_progress(const struct fuzzing *f, const char *about)
{
    int64_t left = left_of(f);
    if (!f->draws)
        return;
    fprintf(stderr, "\r\033[K%" PRId64, f->done);
    if (f->count > 0)
        said_print(stderr, " of %u", f->count);
    said_print(stderr, ", %" PRId64 " found  %" PRId64 ":%02" PRId64 ":%02" PRId64 " left  %.40s",
               f->faults, left / 3600, left / 60 % 60, left % 60, about);
    fflush(stderr);
}

static void hide_progress(const struct fuzzing *f)
{
    if (f->draws)
        fputs("\r\033[K", stderr);
}

/* ---- playing ---- */

static struct world *enter(void *context, const json_t *which, struct err *e)
{
    struct fuzzing *f = context;
    (void)which;
    return session_enter(&f->session, false, e);
}

static void leave(void *context, struct world *world)
{
    struct fuzzing *f = context;
    session_leave(&f->session, world);
}

static void add_trial(struct fuzzing *f, const json_t *trial, const json_t *result)
{
    const char *verdict = results_text(result, "verdict");
    struct corpus_trial t = {
        .number = json_integer_value(json_object_get(trial, "number")),
        .taken_us = json_integer_value(json_object_get(result, "taken_us")),
        .protocol = results_text(trial, "protocol"),
        .mode = results_text(trial, "mode"),
        .given = results_text(trial, "given"),
        .kind = results_text(trial, "kind"),
        .message = message_of(trial),
        .about = results_text(trial, "about"),
        .reaction = reaction_of(result),
        .defect = defect_of(result),
        .is_sent = was_sent(result),
        .is_reached = strcmp(verdict, "inconclusive") != 0,
    };
    int is_new = corpus_add(f->corpus, &t, &f->lost);
    if (is_new == 1) {
        json_t *kept = json_deep_copy(trial);
        json_object_set_new(kept, "defect", json_string(t.defect));
        json_array_append_new(f->found, kept);
        f->faults++;
        hide_progress(f);
        said_print(stdout, "found        %s\n", t.defect);
        const char *const more[] = {t.about, t.reaction};
        for (size_t i = 0; i < 2; i++) {
            fputs("             ", stdout);
            said_print(stdout, "%s\n", more[i]);
        }
        fflush(stdout);
    }
    if (is_error_of_ours(result)) {
        f->errors++;
        err_set(&f->trouble, "trial %" PRId64 ", %s: %s", t.number, t.about, t.reaction);
    }
    f->done++;
}

static bool told(void *context, size_t index, const json_t *result)
{
    struct fuzzing *f = context;
    const json_t *trial = json_array_get(f->trials, index);
    if (result == NULL) {
        show_progress(f, results_text(trial, "about"));
        return true;
    }
    if (strcmp(results_text(result, "reason"), "interrupted") == 0)
        return false;
    add_trial(f, trial, result);
    return !f->lost.set && !(f->fail_fast && f->faults > 0);
}

/* Of a round of shrinking: the first that still shows the fault is enough. */
static bool told_smaller(void *context, size_t index, const json_t *result)
{
    struct fuzzing *f = context;
    const char *defect = result != NULL ? defect_of(result) : NULL;
    if (defect == NULL || strcmp(defect, f->like) != 0)
        return true;
    if (f->smaller == NULL)
        f->smaller = json_incref(json_array_get(f->trials, index));
    return false;
}

/* Plays f->trials. The number of those that were played; -1: e. */
static int play(struct fuzzing *f, bool (*tell)(void *, size_t, const json_t *), unsigned jobs,
                struct err *e)
{
    json_t *none = json_object();
    struct campaign c = {.script = &f->session.script,
                         .cases = f->trials,
                         .texts = none,
                         .given = f->given,
                         .plays_device = f->plays_device,
                         .jobs = jobs,
                         .timeout_s = TIMEOUT_S,
                         .enter = enter,
                         .leave = leave,
                         .told = tell,
                         .device = "require('test.fuzz').device(...)",
                         .keys = -1,
                         .context = f};
    int played = campaign_play(&c, e);
    json_decref(none);
    return played;
}

/* Trials that Lua makes: the member `cases` of its answer becomes f->trials. The answer; NULL: e */
static json_t *plan(struct fuzzing *f, const char *text, const json_t *given, struct err *e)
{
    json_t *answer = part_play(text, given, &f->session.script, e);
    json_decref(f->trials);
    f->trials = json_incref(json_object_get(answer, "cases"));
    return answer;
}

/* ---- what was found ---- */

/* A round: the trial becomes a smaller one that still shows it. False: there is none. */
static bool shrink(struct fuzzing *f, json_t **trial, struct err *e)
{
    bool is_smaller = false;
    json_t *answer = plan(f, "require('test.fuzz').smaller(...)", *trial, e);
    if (answer != NULL && json_array_size(f->trials) > 0 && play(f, told_smaller, 1, e) >= 0 &&
        f->smaller != NULL) {
        json_decref(*trial);
        *trial = f->smaller;
        f->smaller = NULL;
        is_smaller = true;
    }
    json_decref(answer);
    return is_smaller;
}

static int write_case(struct fuzzing *f, const json_t *trial, struct err *e)
{
    char path[RECORD_PATH_MAX + 64];
    const char *text = results_text(trial, "text");
    int n = snprintf(path, sizeof path, "%s/found", f->folder);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_set(e, "%s: %s", path, strerror(errno));
    snprintf(path + n, sizeof path - (size_t)n, "/%s.lua", results_text(trial, "id"));
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return err_set(e, "%s: %s", path, strerror(errno));
    bool is_whole = fputs(text, out) >= 0;
    if (fclose(out) != 0 || !is_whole)
        return err_set(e, "%s: %s", path, strerror(errno));
    said_print(stdout, "case         %s\n", path);
    return corpus_add_case(f->corpus, json_integer_value(json_object_get(trial, "number")), path,
                           text, e);
}

static const char *defect_in(const json_t *found, size_t i)
{
    return results_text(json_array_get(found, i), "defect");
}

static int keep_found(struct fuzzing *f, struct err *e)
{
    int bad = 0;
    for (size_t i = 0; i < json_array_size(f->found) && bad == 0; i++) {
        json_t *trial = json_incref(json_array_get(f->found, i));
        f->like = defect_in(f->found, i);
        for (int n = 0; n < SHRINKS && !f->is_interrupted && shrink(f, &trial, e); n++)
            ;
        f->like = NULL;
        bad = e->set ? -1 : write_case(f, trial, e);
        json_decref(trial);
    }
    json_array_clear(f->found);
    return bad;
}

/* ---- the run ---- */

static bool is_over(const struct fuzzing *f)
{
    return f->is_interrupted || f->lost.set || (f->fail_fast && f->faults > 0) ||
           (f->count > 0 && f->done >= f->count) ||
           (f->time_us > 0 && seconds_since(&f->began) * 1e6 >= (double)f->time_us);
}

static int add_states(struct fuzzing *f, const json_t *answer, struct err *e)
{
    const json_t *state;
    size_t i;
    json_array_foreach(json_object_get(answer, "states"), i, state)
    {
        if (corpus_add_state(f->corpus, results_text(state, "protocol"),
                             results_text(state, "mode"), results_text(state, "given"), e) != 0)
            return -1;
    }
    return 0;
}

static int play_batch(struct fuzzing *f, json_t *wanted, struct err *e)
{
    unsigned jobs = f->plays_device && f->jobs > 0 ? f->jobs : 1;
    int64_t batch = (int64_t)BATCH * jobs;
    if (f->count > 0 && f->count - f->done < batch)
        batch = f->count - f->done;
    json_object_set_new(wanted, "from", json_integer(f->from + f->done));
    json_object_set_new(wanted, "count", json_integer(batch));
    json_t *answer = plan(f, "require('test.fuzz').plan(...)", wanted, e);
    int bad = answer == NULL || (f->done == 0 && add_states(f, answer, e) != 0) ? -1 : 0;
    if (bad == 0) {
        int played = play(f, told, jobs, e);
        bool is_whole = played >= 0 && (size_t)played == json_array_size(f->trials);
        f->is_interrupted = !is_whole && !(f->fail_fast && f->faults > 0);
        bad = played < 0 ? -1 : 0;
    }
    json_decref(answer);
    return bad == 0 ? keep_found(f, e) : -1;
}

static int open_corpus(struct fuzzing *f, struct err *e)
{
    char identity[400], path[RECORD_FILE_MAX];
    const struct script_options *script = &f->session.script;
    snprintf(identity, sizeof identity, "--sut %s --seed %u%s%s%s%s%s%s%s%.200s", f->sut,
             f->session.seed, f->mode != NULL ? " --mode " : "", f->mode != NULL ? f->mode : "",
             f->kind != NULL ? " --kind " : "", f->kind != NULL ? f->kind : "",
             script->protocol != NULL ? " --protocol " : "",
             script->protocol != NULL ? script->protocol : "",
             f->breaks != NULL ? " --broken " : "", f->breaks != NULL ? f->breaks : "");
    if (record_folder(f->session.record, f->folder, e) != 0 ||
        record_is_free(f->folder, RECORD_CORPUS, e) != 0)
        return -1;
    f->corpus = corpus_open(record_file(path, f->folder, RECORD_CORPUS), identity, e);
    f->from = f->corpus != NULL ? corpus_next(f->corpus, e) : -1;
    return f->from > 0 ? 0 : -1;
}

/* ---- its end ---- */

static void show_fault(void *context, const struct corpus_trial *t, int64_t times, const char *file)
{
    (void)context;
    printf("%-24s %s %s: %s", t->defect, t->protocol, t->kind, t->message);
    said_print(stdout, ", %" PRId64 "%s", times, times == 1 ? " time" : " times");
    printf("%s%s\n", *file != '\0' ? ": " : "", file);
}

static void show_coverage(void *context, const char *protocol, const char *mode, int64_t states,
                          int64_t reached, const char *others)
{
    (void)context;
    said_print(stdout, "states of %s, %s: %" PRId64 " of %" PRId64 " reached", protocol, mode,
               reached, states);
    said_print(stdout, "%s%s\n", *others != '\0' ? "; not: " : "", others);
}

static int show_all(struct fuzzing *f, struct err *e)
{
    struct corpus_counts n;
    if (corpus_count(f->corpus, &n, e) != 0 || corpus_faults(f->corpus, show_fault, NULL, e) != 0 ||
        corpus_coverage(f->corpus, show_coverage, NULL, e) != 0)
        return -1;
    said_print(stdout,
               "%" PRId64 " trials, %" PRId64 " sent, %" PRId64
               " with a fault of the device, %" PRId64 " reactions\ncorpus: %s/" RECORD_CORPUS "\n",
               n.trials, n.sent, n.faulty, n.reactions, f->folder);
    if (f->errors > 0)
        report(REPORT_WARNING, "%" PRId64 " trials could not be made; the first: %s", f->errors,
               f->trouble.what);
    return n.faulty > 0 ? EXIT_FAIL : n.sent > 0 ? EXIT_PASS : EXIT_UNCLEAR;
}

static int run_all(struct fuzzing *f, struct err *e)
{
    json_t *wanted = json_object();
    f->given = json_object();
    f->found = json_array();
    results_set_text(wanted, "sut", f->sut);
    results_set_text(wanted, "mode", f->mode);
    results_set_text(wanted, "kinds", f->kind);
    results_set_text(wanted, "protocol", f->session.script.protocol);
    json_object_set_new(wanted, "seed", json_integer(f->session.seed));
    json_object_set_new(wanted, "is_real", json_boolean(!f->plays_device));
    json_object_set_new(wanted, "has_sdp", json_boolean(f->session.script.peer.address == NULL));
    results_set_text(wanted, "tls", f->session.script.peer.choice.said[TLS_KEY_VERSION]);
    json_object_set_new(f->given, "is_real", json_boolean(!f->plays_device));
    results_set_text(f->given, "tls", f->session.script.peer.choice.said[TLS_KEY_VERSION]);
    f->session.script.protocol = NULL; /* it has chosen the states: each trial speaks its own */
    int bad = part_give_file(f->given, "device", f->pics, DEVICE_MAX, e) != 0 ||
                      part_give_file(f->given, "breaks", f->breaks, DEVICE_MAX, e) != 0
                  ? -1
                  : 0;
    while (bad == 0 && !is_over(f))
        bad = play_batch(f, wanted, e);
    hide_progress(f);
    if (bad == 0 && f->lost.set)
        bad = err_set(e, "%s", f->lost.what);
    json_decref(wanted);
    json_decref(f->given);
    json_decref(f->found);
    json_decref(f->trials);
    return bad == 0 ? show_all(f, e) : -1;
}

static int fuzz(struct fuzzing *f)
{
    const struct peer_options *peer = &f->session.script.peer;
    struct err e = ERR_INIT;
    f->plays_device = peer->interface == NULL && peer->address == NULL;
    f->session.virtual_time = f->plays_device;
    f->draws = isatty(STDERR_FILENO) == 1 && !f->session.quiet;
    if (f->count == 0 && f->time_us == 0)
        f->count = COUNT;
    clock_gettime(CLOCK_MONOTONIC, &f->began);
    int status = session_check(&f->session, strcmp(f->sut, "EVCC") == 0, &e);
    if (status == 0)
        status = open_corpus(f, &e);
    if (status == 0)
        status = run_all(f, &e);
    corpus_close(f->corpus);
    if (status >= 0)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}

int command_fuzz(int argc, char **argv)
{
    struct fuzzing f = {.lost = ERR_INIT, .trouble = ERR_INIT};
    library_open(&f.library);
    session_options_open(&f.session, &f.library, PEER_TLS_OFF);
    options_open(&f.options, &USAGE, &f.library, argc, argv);
    int status;
    if (options_read(&f.options, &f) != 0)
        status = f.options.status;
    else if (f.options.arguments > 0)
        status = options_wrong(&f.options, "expected options only");
    else if (f.sut == NULL)
        status = options_wrong(&f.options, "expected --sut secc or --sut evcc");
    else if (f.breaks != NULL &&
             (f.session.script.peer.interface != NULL || f.session.script.peer.address != NULL))
        status = options_wrong(&f.options, "--broken is of our own device: expected no --interface "
                                           "and no --peer");
    else
        status = fuzz(&f);
    library_close(&f.library);
    return status;
}
