/* SPDX-License-Identifier: Apache-2.0 */
#include "page/follow.h"

#include "base/json_text.h"
#include "record/record_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MORE 'm'
#define END 'e'
#define KINDNESS 10 /* cases come first */

/* ---- the process that follows ---- */

struct following {
    struct run_page page;
    int results; /* results.jsonl */
    enum records keeps;
    struct buf text;
};

/* A record that does not stay has been left for the page, and goes with it. */
static int add_case(struct following *f, const struct result *r, struct err *e)
{
    char path[1024];
    results_record(f->page.folder, r->planned, path, sizeof path);
    bool is_there = access(path, F_OK) == 0;
    int bad = run_page_add(&f->page, r, is_there ? path : NULL, e);
    if (is_there && !records_keep(f->keeps, r->planned, r->said))
        record_remove(path);
    return bad;
}

static int add_line(struct following *f, const char *line, size_t n, struct err *e)
{
    json_t *said = json_text_read(line, n, JSON_ALLOW_NUL, NULL);
    json_int_t number = json_integer_value(json_object_get(said, "number"));
    const json_t *cases = json_object_get(f->page.plan, "cases");
    const json_t *planned = number < 1 ? NULL : json_array_get(cases, (size_t)number - 1);
    struct result result;
    int bad = 0;
    if (planned != NULL) {
        result_read(&result, planned, said);
        result.number = (size_t)number;
        bad = add_case(f, &result, e);
    }
    json_decref(said);
    return bad;
}

/* All lines that are whole by now. */
static int read_results(struct following *f, struct err *e)
{
    char room[65536];
    ssize_t n;
    int bad = 0;
    while ((n = read(f->results, room, sizeof room)) > 0)
        buf_add(&f->text, room, (size_t)n);
    const char *at = (const char *)f->text.p, *end = at + f->text.n, *newline;
    while (bad == 0 && at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        bad = add_line(f, at, (size_t)(newline - at), e);
        at = newline + 1;
    }
    size_t rest = (size_t)(end - at);
    if (rest > 0)
        memmove(f->text.p, at, rest);
    f->text.n = rest;
    return bad;
}

/* Until the other end of the pipe is closed. */
static int follow_results(struct following *f, int from, bool *is_whole, struct err *e)
{
    char room[256];
    ssize_t n;
    int bad = 0;
    while ((n = read(from, room, sizeof room)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0 && memchr(room, END, (size_t)n) != NULL)
            *is_whole = true;
        if (bad == 0)
            bad = read_results(f, e);
    }
    return bad == 0 ? read_results(f, e) : bad;
}

/* What went wrong goes to standard error: whoever waits gets no more than that it did. */
static int follow(struct following *f, int from)
{
    struct err e = ERR_INIT;
    bool is_whole = false;
    signal(SIGINT, SIG_IGN); /* the run ends by it, and what it has found is to be seen */
    if (nice(KINDNESS) == -1 && errno != 0)
        errno = 0; /* then it is not */
    int bad = follow_results(f, from, &is_whole, &e);
    if (run_page_close(&f->page, is_whole && bad == 0, &e) != 0)
        bad = -1;
    buf_close(&f->text);
    if (bad != 0)
        fprintf(stderr, "error: %s\n", e.what);
    return bad != 0;
}

/* ---- who is followed ---- */

static int fork_follower(struct follow *f, struct following *it, struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, "pipe: %s", strerror(errno));
    fflush(NULL);
    f->pid = fork();
    if (f->pid < 0) {
        close(ends[0]);
        close(ends[1]);
        f->pid = 0;
        return err_set(e, "fork: %s", strerror(errno));
    }
    if (f->pid == 0) {
        close(ends[1]);
        _exit(follow(it, ends[0]));
    }
    close(ends[0]);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    f->to = ends[1];
    return 0;
}

int follow_open(struct follow *f, const char *path, const char *folder, const json_t *plan,
                enum records keeps, struct library *l, struct err *e)
{
    struct following it = {.results = -1, .keeps = keeps};
    char results[600];
    *f = (struct follow){.to = -1};
    snprintf(results, sizeof results, "%s/" RESULTS_FILE, folder);
    int bad = run_page_open(&it.page, path, folder, plan, l, e);
    if (bad == 0 && (it.results = open(results, O_RDONLY | O_CLOEXEC)) < 0)
        bad = err_set(e, "%s: %s", results, strerror(errno));
    if (bad == 0)
        bad = fork_follower(f, &it, e);
    if (bad == 0)
        follow_wake(f); /* of a run that is gone on with, there are results */
    if (it.results >= 0)
        close(it.results);
    sheet_close(&it.page.sheet);
    return bad;
}

void follow_wake(const struct follow *f)
{
    if (f->pid != 0 && write(f->to, (char[]){MORE}, 1) < 0)
        return; /* it has enough to do, and sees this result, too */
}

int follow_close(struct follow *f, bool is_whole, struct err *e)
{
    int status = 0;
    if (f->pid == 0)
        return 0;
    fcntl(f->to, F_SETFL, 0);
    if (is_whole && write(f->to, (char[]){END}, 1) < 0)
        err_set(e, "the report's process has ended");
    close(f->to);
    while (waitpid(f->pid, &status, 0) < 0 && errno == EINTR)
        ;
    f->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return err_set(e, "the report is not whole");
}
