/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/campaign.h"

#include "base/json_text.h"
#include "record/ladder.h"
#include "record/record.h"
#include "script/faults.h"
#include "suite/results.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 256

/* ---- one case ---- */

/* One case on its way. */
struct playing {
    const struct campaign *campaign;
    struct script_run *run;
    const struct player *tester;
    struct timer limit;
    bool is_late;
    struct err trouble; /* of ours: the device's script, or the tester's own */
};

static void tester_or_device_ended(void *context, const struct player *p, const struct script *s)
{
    struct playing *now = context;
    bool is_ours = s->verdict == VERDICT_ERROR || s->verdict == VERDICT_FAIL; /* error, assert */
    if (is_ours)
        err_set(&now->trouble, "%s: %s", p == now->tester ? "tester" : "device",
                s->traceback != NULL ? s->traceback : s->reason);
    if (p != now->tester && !is_ours)
        return; /* a device may leave; the case says what that means */
    timer_stop(&now->limit);
    run_abort(now->run);
}

static void is_late(void *context)
{
    struct playing *now = context;
    now->is_late = true;
    run_abort(now->run);
}

static int play_parts(struct playing *now, struct part *tester, struct part *device,
                      struct world *world, const struct script_options *o, struct err *e)
{
    static const struct run_events EVENTS = {.ended = tester_or_device_ended};
    const struct campaign *c = now->campaign;
    now->run = run_open(world, &EVENTS, now);
    if (now->run == NULL)
        return err_set(e, "out of memory");
    int bad = 0;
    if (c->plays_device && run_add(now->run, o, "device", &device->built_in, e) == NULL)
        bad = -1;
    if (bad == 0) {
        now->tester = run_add(now->run, o, "case", &tester->built_in, e);
        bad = now->tester == NULL ? -1 : 0;
    }
    if (c->timeout_s > 0)
        timer_start(world, &now->limit, c->timeout_s * 1000ull, is_late, now);
    if (bad == 0)
        run_play(now->run);
    timer_stop(&now->limit);
    if (tester->drive != NULL)
        drive_close(tester->drive);
    run_close(now->run);
    return bad;
}

/* What gets the events of a case. */
struct sinks {
    struct recorder recorder;
    struct record *record;
    struct ladder ladder;
    const _Atomic bool *shows;
};

static void show_event(void *context, const struct event *e)
{
    struct sinks *s = context;
    if (atomic_load(s->shows))
        ladder_event(&s->ladder, e);
}

static int show_lines(void *context, struct err *e)
{
    struct sinks *s = context;
    return ladder_write(&s->ladder, e);
}

/* folder: NULL: no record, and no ladder, either. */
static int open_sinks(struct sinks *s, const struct campaign *c, const char *folder, bool shows,
                      struct err *e)
{
    *s = (struct sinks){.shows = shows ? c->ladder : NULL};
    struct record_options o = {.path = folder, .lines = LINES_NEVER, .library = c->script->library};
    if (folder != NULL)
        record_remove(folder); /* that of a run which was killed meanwhile */
    if (folder != NULL && (s->record = record_open(&o, &s->recorder, e)) == NULL)
        return -1;
    if (s->shows == NULL)
        return 0;
    ladder_open(&s->ladder, c->ladder_to, (int)c->detail);
    recorder_add_writer(&s->recorder, "the ladder", show_event, show_lines, s);
    return 0;
}

static int close_sinks(struct sinks *s, struct err *e)
{
    int bad = s->record != NULL ? record_close(s->record, 0, e) : 0;
    if (s->shows != NULL)
        ladder_close(&s->ladder);
    return bad;
}

/* In a world and with a record of its own. */
static int play_recorded(struct playing *now, const json_t *which, struct part *tester,
                         struct part *device, const char *folder, bool shows, json_t *times,
                         struct err *e)
{
    const struct campaign *c = now->campaign;
    struct script_options o = *c->script;
    struct sinks sinks = {.record = NULL};
    struct world *world = c->enter(c->context, which, e);
    if (world == NULL)
        return -1;
    int bad = open_sinks(&sinks, c, folder, shows, e);
    bool records = sinks.record != NULL || sinks.shows != NULL;
    if (bad == 0) {
        o.recorder = records ? &sinks.recorder : NULL;
        recorder_attach(o.recorder, world);
        int64_t from = world_now(world);
        bad = play_parts(now, tester, device, world, &o, e);
        json_object_set_new(times, "us", json_integer(from));
        json_object_set_new(times, "taken_us", json_integer(world_now(world) - from));
        recorder_detach(o.recorder);
    }
    struct err lost = ERR_INIT;
    if (close_sinks(&sinks, &lost) != 0)
        json_object_set_new(times, "record_problem", json_string(lost.what));
    c->leave(c->context, world);
    return bad;
}

static void set_error(json_t *result, const char *text)
{
    json_object_set_new(result, "verdict", json_string("error"));
    json_object_set_new(result, "reason", json_string(text));
}

static json_t *given_to(const struct campaign *c, const json_t *which, const json_t *mutation)
{
    json_t *given = json_object();
    const char *file = json_string_value(json_object_get(which, "file"));
    json_object_update(given, (json_t *)(uintptr_t)c->given);
    json_object_update(given, (json_t *)(uintptr_t)which);
    json_object_set(given, "text", json_object_get(c->texts, file));
    if (mutation != NULL)
        json_object_set(given, "mutation", (json_t *)(uintptr_t)mutation);
    return given;
}

/* What was to go wrong has to have gone wrong. */
static void prove_faults(const struct campaign *c, json_t *result)
{
    const char *missing = c->script->faults == NULL ? NULL : faults_missing(c->script->faults);
    char text[400];
    if (missing == NULL)
        return;
    snprintf(text, sizeof text, "the fault '%s' never happened", missing);
    set_error(result, text);
}

/* Of what is not recorded to its end, nobody can see that it was well. */
static void prove_record(json_t *result)
{
    const char *problem = json_string_value(json_object_get(result, "record_problem"));
    const char *verdict = json_string_value(json_object_get(result, "verdict"));
    if (problem != NULL && verdict != NULL && strcmp(verdict, "pass") == 0)
        set_error(result, problem);
}

/* A rule of the device that was edited, and by nothing used. */
static bool is_idle(const json_t *mutation, const struct part *device)
{
    return json_object_get(mutation, "rule") != NULL &&
           !json_is_true(json_object_get(device->answer, "happened"));
}

/* Does nobody have to look for what went wrong? */
static bool is_as_it_should(const json_t *which, const json_t *result)
{
    struct result r;
    result_read(&r, which, result);
    return r.verdict == OUTCOME_BEYOND || (r.verdict == OUTCOME_PASS && r.field == OUTCOME_PASS);
}

bool records_keep(enum records keeps, const json_t *which, const json_t *result)
{
    return keeps == RECORDS_ALL || (keeps == RECORDS_FAILED && !is_as_it_should(which, result));
}

/* What becomes of the record, now that there is a verdict. */
static void keep_record(const struct campaign *c, const json_t *which, const char *folder,
                        json_t *result)
{
    bool is_kept = records_keep(c->keeps, which, result);
    struct err stays = ERR_INIT; /* then events.bin does */
    if (is_kept)
        record_make_lines(folder, UINT64_MAX, c->script->library, &stays);
    if (!is_kept && !c->leaves_records)
        record_remove(folder);
    if (!is_kept)
        return;
    if (is_as_it_should(which, result))
        record_pack(folder);
    json_object_set_new(result, "record", json_string(folder + strlen(c->records) + 1));
}

json_t *campaign_case(const struct campaign *c, const json_t *which, const json_t *mutation)
{
    struct playing now = {.campaign = c, .trouble = ERR_INIT};
    struct err e = ERR_INIT;
    struct part tester, device;
    struct drive drive = {.asks = c->asks};
    char folder[1024];
    json_t *given = given_to(c, which, mutation), *result = json_object();
    const char *id = json_string_value(json_object_get(which, "id"));
    bool records = c->records != NULL && mutation == NULL;
    if (records)
        results_record(c->records, which, folder, sizeof folder);
    if (c->script->faults != NULL)
        faults_begin(c->script->faults);
    part_open(&tester, c->tester != NULL ? c->tester : "require('test.play').tester(...)", given);
    tester.drive = c->plays_device ? NULL : &drive;
    part_open(&device, c->device != NULL ? c->device : "require('test.play').device(...)", given);
    json_object_set_new(result, "id", json_string(id));
    int bad = play_recorded(&now, which, &tester, &device, records ? folder : NULL,
                            mutation == NULL, result, &e);
    if (tester.answer != NULL)
        json_object_update(result, tester.answer);
    if (bad != 0)
        set_error(result, e.what);
    else if (now.trouble.set)
        set_error(result, now.trouble.what);
    else if (now.is_late)
        set_error(result, "it was not over when its time was: see --timeout");
    else if (tester.answer == NULL)
        set_error(result, "interrupted");
    else if (is_idle(mutation, &device))
        set_error(result, "the device has not used the rule that was edited");
    else
        prove_faults(c, result);
    prove_record(result);
    if (records)
        keep_record(c, which, folder, result);
    part_close(&tester);
    part_close(&device);
    json_decref(given);
    return result;
}

/* ---- mutants ---- */

/* Once for each negation that the case has named. What passes all the same tests nothing. */
static void mutate(const struct campaign *c, const json_t *which, json_t *result)
{
    const json_t *mutation;
    size_t i;
    json_t *list = json_array();
    json_array_foreach(json_object_get(result, "negations"), i, mutation)
    {
        if (json_object_get(mutation, "rule") != NULL && !c->plays_device)
            continue; /* of our own device only */
        json_t *mutant = json_object(), *played = campaign_case(c, which, mutation);
        json_object_set(mutant, "mutation", (json_t *)(uintptr_t)mutation);
        json_object_set(mutant, "verdict", json_object_get(played, "verdict"));
        json_object_set(mutant, "reason", json_object_get(played, "reason"));
        json_array_append_new(list, mutant);
        json_decref(played);
    }
    json_object_set_new(result, "mutants", list);
}

/* ---- processes ---- */

struct worker {
    pid_t pid;
    int from; /* its results, a line each: INDEX, or INDEX and the JSON */
    struct buf line;
    size_t index; /* of the case that it plays, */
    bool is_busy; /* if it does */
};

struct crew {
    const struct campaign *campaign;
    _Atomic size_t *next; /* shared by all processes */
    struct worker worker[JOBS_MAX];
    unsigned workers;
    int played;
};

static volatile sig_atomic_t stops;

static void on_signal(int number)
{
    (void)number;
    if (++stops > 1)
        _exit(2);
}

static void write_line(int to, size_t index, const json_t *result)
{
    char *text = result == NULL ? NULL : json_dumps(result, JSON_COMPACT);
    dprintf(to, "%zu %s\n", index, text == NULL ? "" : text);
    free(text);
}

/* The process of a worker: takes cases until none is left. */
static void work(const struct crew *crew, int to)
{
    const struct campaign *c = crew->campaign;
    size_t n = json_array_size(c->cases), i;
    while (stops == 0 && (i = atomic_fetch_add(crew->next, 1)) < n) {
        const json_t *which = json_array_get(c->cases, i);
        write_line(to, i, NULL);
        json_t *result = campaign_case(c, which, NULL);
        const char *verdict = json_string_value(json_object_get(result, "verdict"));
        if (c->mutates && verdict != NULL && strcmp(verdict, "pass") == 0)
            mutate(c, which, result);
        /* before the next one is taken: a device has nothing more done to it */
        if (c->ends != NULL && c->ends(c->context, which, result))
            atomic_store(crew->next, n);
        write_line(to, i, result);
        json_decref(result);
    }
}

static int start_worker(struct crew *crew, struct worker *w, struct err *e)
{
    int ends[2];
    if (pipe(ends) != 0)
        return err_set(e, "pipe: %s", strerror(errno));
    fflush(NULL);
    w->pid = fork();
    if (w->pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return err_set(e, "fork: %s", strerror(errno));
    }
    if (w->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would take its results */
        close(ends[0]);
        work(crew, ends[1]);
        fflush(NULL);
        _exit(0);
    }
    close(ends[1]);
    w->from = ends[0];
    w->line.n = 0;
    w->is_busy = false;
    return 0;
}

static void tell(const struct crew *crew, size_t index, const json_t *result)
{
    const struct campaign *c = crew->campaign;
    if (!c->told(c->context, index, result))
        atomic_store(crew->next, json_array_size(c->cases));
}

static void take_line(struct crew *crew, struct worker *w, char *line)
{
    char *rest;
    w->index = strtoull(line, &rest, 10);
    w->is_busy = rest[0] == ' ' && rest[1] == '\0';
    if (w->is_busy) {
        tell(crew, w->index, NULL);
        return;
    }
    json_error_t why;
    json_t *result = json_text_read(rest, strlen(rest), JSON_ALLOW_NUL, &why);
    tell(crew, w->index, result);
    json_decref(result);
    crew->played++;
}

/* It has ended while it played a case. */
static void take_crash(struct crew *crew, struct worker *w, int status)
{
    const struct campaign *c = crew->campaign;
    char text[120];
    json_t *result = json_object();
    if (c->asks != NULL)
        atomic_store(c->asks, false); /* it asks no more */
    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "the process that played it ended by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, sizeof text, "the process that played it ended with exit code %d",
                 WEXITSTATUS(status));
    json_object_set(result, "id", json_object_get(json_array_get(c->cases, w->index), "id"));
    set_error(result, text);
    tell(crew, w->index, result);
    json_decref(result);
    crew->played++;
}

/* Its end; where that cost a case, another one takes its place. */
static int end_worker(struct crew *crew, struct worker *w, struct err *e)
{
    int status = 0;
    close(w->from);
    w->from = -1;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!w->is_busy)
        return 0;
    take_crash(crew, w, status);
    return stops == 0 ? start_worker(crew, w, e) : 0;
}

static int read_worker(struct crew *crew, struct worker *w, struct err *e)
{
    char room[65536];
    ssize_t n = read(w->from, room, sizeof room);
    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0)
        return end_worker(crew, w, e);
    buf_add(&w->line, room, (size_t)n);
    char *at = (char *)w->line.p, *end = at + w->line.n, *newline;
    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        *newline = '\0';
        take_line(crew, w, at);
        at = newline + 1;
    }
    memmove(w->line.p, at, (size_t)(end - at));
    w->line.n = (size_t)(end - at);
    return 0;
}

static bool is_asked(const struct campaign *c)
{
    return c->asks != NULL && atomic_load(c->asks);
}

static int watch_workers(struct crew *crew, struct err *e)
{
    const struct campaign *c = crew->campaign;
    for (;;) {
        struct pollfd at[JOBS_MAX + 1];
        struct worker *of[JOBS_MAX];
        nfds_t n = 0;
        for (unsigned i = 0; i < crew->workers; i++)
            if (crew->worker[i].from >= 0) {
                of[n] = &crew->worker[i];
                at[n++] = (struct pollfd){.fd = crew->worker[i].from, .events = POLLIN};
            }
        if (n == 0)
            return 0;
        at[n] = (struct pollfd){.fd = is_asked(c) ? -1 : c->keys, .events = POLLIN};
        if (poll(at, n + 1, c->tick != NULL ? 1000 : -1) < 0 && errno != EINTR)
            return err_set(e, "poll: %s", strerror(errno));
        if (stops > 0) /* a signal may be this process's alone */
            atomic_store(crew->next, json_array_size(c->cases));
        if (c->tick != NULL)
            c->tick(c->context, at[n].revents != 0 && !is_asked(c));
        for (nfds_t i = 0; i < n; i++)
            if (at[i].revents != 0 && read_worker(crew, of[i], e) != 0)
                return -1;
    }
}

int campaign_play(const struct campaign *c, struct err *e)
{
    struct crew crew = {.campaign = c};
    struct sigaction action = {.sa_handler = on_signal}, before[2];
    size_t n = json_array_size(c->cases);
    crew.next =
        mmap(NULL, sizeof *crew.next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crew.next == MAP_FAILED)
        return err_set(e, "out of memory");
    unsigned jobs = c->jobs < 1 ? 1 : c->jobs > JOBS_MAX ? JOBS_MAX : c->jobs;
    stops = 0;
    sigaction(SIGINT, &action, &before[0]);
    sigaction(SIGTERM, &action, &before[1]);
    int bad = 0;
    for (unsigned i = 0; i < jobs && i < n && bad == 0; i++) {
        bad = start_worker(&crew, &crew.worker[i], e);
        crew.workers += bad == 0;
    }
    if (watch_workers(&crew, e) != 0)
        bad = -1;
    for (unsigned i = 0; i < crew.workers; i++)
        buf_close(&crew.worker[i].line);
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    munmap(crew.next, sizeof *crew.next);
    return bad != 0 ? -1 : crew.played;
}
