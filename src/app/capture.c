/* SPDX-License-Identifier: Apache-2.0 */
#include "app/capture.h"

#include "app/capture_links.h"
#include "app/commands.h"
#include "app/input.h"
#include "app/report.h"
#include "app/shown.h"
#include "base/file.h"
#include "base/said.h"
#include "record/comments.h"
#include "record/session_summary.h"
#include "record/times.h"
#include "script/limits.h"
#include "tls/tls_rsa.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEYLOG_MOST (64u << 20) /* bytes */
#define PAUSE 100               /* ms, until is looked again whether there is more */

struct reading {
    struct links links;
    struct times_limits limits;
    struct times times;
    struct session_summary sessions; /* behind the times */
    struct comments *comments;       /* behind them, too; NULL: none are wanted */
};

/* ---- how it ends ---- */

static void print_totals(const struct links *r, const struct capture_totals *t)
{
    unsigned foreign = links_foreign(r);
    said_print(stderr,
               "%llu packets, %u connections, %u V2GTP frames: %u not decoded, %u violations, "
               "%u losses",
               (unsigned long long)t->packets, t->connections, r->frames, r->undecoded,
               r->violations, r->losses);
    if (r->link_frames > 0)
        said_print(stderr, ", %u HomePlug frames", r->link_frames);
    if (r->failed > 0)
        said_print(stderr, ", %u connections refused or not answered", r->failed);
    if (foreign > 0)
        said_print(stderr, ", %u connections not V2GTP in the clear", foreign);
    if (t->encrypted > 0)
        said_print(stderr, ", %llu packets encrypted by IEEE 802.11",
                   (unsigned long long)t->encrypted);
    if (t->unknown > 0)
        said_print(stderr, ", %llu packets of a link layer that is not read",
                   (unsigned long long)t->unknown);
    if (r->verify)
        said_print(stderr, "; encoded again: %u differ", r->differing);
    fputc('\n', stderr);
}

static void print_sessions(const struct reading *r)
{
    struct buf text = {0};
    session_summary_print(&r->sessions, &text);
    said_print(stderr, "%s", buf_string(&text));
    buf_close(&text);
}

static void add_count(struct buf *out, const char *name, uint64_t n)
{
    if (n > 0)
        buf_printf(out, ",\"%s\":%llu", name, (unsigned long long)n);
}

/* The same as the last lines of JSON: behind those of the events, which are out. */
static void print_json(const struct reading *r, const struct capture_totals *t)
{
    const struct links *l = &r->links;
    struct buf text = {0};
    uint64_t next = recorder_last(&l->out) + 1;
    next += session_summary_json(&r->sessions, next, &text);
    buf_printf(&text,
               "{\"number\":%llu,\"us\":%lld,\"kind\":\"capture\",\"packets\":%llu,"
               "\"connections\":%u,\"frames\":%u,\"undecoded\":%u,\"violations\":%u,"
               "\"losses\":%u",
               (unsigned long long)next, (long long)t->last_us, (unsigned long long)t->packets,
               t->connections, l->frames, l->undecoded, l->violations, l->losses);
    add_count(&text, "failed_connections", l->failed);
    add_count(&text, "encrypted", t->encrypted);
    add_count(&text, "unread", t->unknown);
    buf_printf(&text, ",\"ok\":%s}\n",
               l->undecoded + l->violations + l->losses > 0 ? "false" : "true");
    fwrite(text.p, 1, text.n, stdout);
    buf_close(&text);
}

static void measured_event(void *context, const struct event *e)
{
    struct reading *r = context;
    session_summary_event(&r->sessions, e);
    if (r->comments != NULL)
        comments_event(r->comments, e);
}

/* Times are told at the end; those who get the events measure for themselves. */
static int open_sessions(struct reading *r, struct err *e)
{
    if (limits_read(&r->limits, e) != 0)
        return -1;
    r->times = (struct times){.limits = &r->limits, .next = measured_event, .context = r};
    recorder_add(&r->links.out, times_event, &r->times);
    return 0;
}

static void close_sessions(struct reading *r)
{
    times_close(&r->times);
    session_summary_close(&r->sessions);
    free(r->limits.at);
}

/* ---- where it comes from ---- */

/* Ctrl-C ends a file that grows. Who feeds a pipe may get it, too, and still has something to say:
 * there only the second one ends. */
static volatile sig_atomic_t interrupts;

static void on_interrupt(int number)
{
    (void)number;
    interrupts++;
}

static void catch_interrupts(struct sigaction before[2])
{
    struct sigaction action = {.sa_handler = on_interrupt};
    interrupts = 0;
    sigaction(SIGINT, &action, &before[0]);
    sigaction(SIGTERM, &action, &before[1]);
}

static void leave_interrupts(const struct sigaction before[2])
{
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
}

static bool on_rest(void *context, bool grows)
{
    struct reading *r = context;
    recorder_flush(&r->links.out);
    if (interrupts >= (grows ? 1 : 2))
        return false;
    poll(NULL, 0, PAUSE);
    return true;
}

static bool rest_of_file(void *context)
{
    return on_rest(context, true);
}

static bool rest_of_pipe(void *context)
{
    return on_rest(context, false);
}

/* Those of datagrams are told when their time comes. */
static void add_secrets(void *context, const struct packet *p, struct slice text)
{
    struct links *l = context;
    (void)p;
    tls_secrets_add(&l->secrets, text);
}

/* Secrets may stand anywhere in it: where it can be read twice they are looked for first. */
static void read_secrets_first(struct links *l, const struct capture_source *from)
{
    struct capture_events secrets = {.secrets = add_secrets};
    struct capture_source all = {.name = from->name, .head = from->head, .fd = from->fd};
    struct err e = ERR_INIT; /* the second time it is told */
    off_t at = from->fd >= 0 ? lseek(from->fd, 0, SEEK_CUR) : 0;
    if (at < 0)
        return;
    capture_read(&all, &secrets, l, NULL, &e);
    if (from->fd >= 0)
        lseek(from->fd, at, SEEK_SET);
}

static int read_keys(struct links *l, const struct capture_view *view)
{
    struct err e = ERR_INIT;
    if ((view->keylog == NULL || tls_secrets_read(&l->secrets, view->keylog, &e) == 0) &&
        (view->key == NULL || tls_rsa_read(&l->secrets, view->key, &e) == 0))
        return 0;
    report_err("", &e);
    return -1;
}

/* ---- the command ---- */

static int read_capture(struct reading *r, const struct capture_source *from, bool as_json,
                        bool is_quiet)
{
    struct capture_totals totals = {0};
    struct err e = ERR_INIT;
    struct sigaction before[2];
    struct capture_source source = *from;
    bool is_live = from->fd >= 0 && (from->grows || lseek(from->fd, 0, SEEK_CUR) < 0);
    source.rest = from->grows ? rest_of_file : is_live ? rest_of_pipe : NULL;
    source.context = r;
    read_secrets_first(&r->links, from);
    if (is_live)
        catch_interrupts(before);
    int bad = capture_read(&source, &LINKS_EVENTS, &r->links, &totals, &e);
    links_finish(&r->links);
    recorder_flush(&r->links.out);
    if (is_live)
        leave_interrupts(before);
    if (!is_quiet && (totals.packets > 0 || bad == 0)) {
        print_totals(&r->links, &totals);
        print_sessions(r);
        if (as_json)
            print_json(r, &totals);
    }
    if (bad != 0)
        report_err("", &e);
    if (bad != 0 && totals.packets == totals.unknown)
        return EXIT_SETUP;
    const struct links *l = &r->links;
    return bad != 0 || l->undecoded + l->differing + l->losses > 0 ? EXIT_FAIL : EXIT_PASS;
}

/* The copy with what was found as comments; the capture has been read by now. */
static int write_copy(struct reading *r, const char *path, const struct capture_view *view)
{
    struct comments_totals totals;
    struct buf keylog = {0};
    struct err e = ERR_INIT;
    int bad = 0;
    if (view->keeps_secrets && view->keylog != NULL)
        bad = file_read(view->keylog, KEYLOG_MOST, &keylog, &e);
    struct slice lines = {keylog.p, keylog.n};
    if (bad == 0)
        bad = comments_write(r->comments, path, view->copy, view->keeps_secrets ? &lines : NULL,
                             &totals, &e);
    if (bad != 0)
        report_err("", &e);
    else
        fprintf(stderr, "%s: %llu packets, %llu of them with comments\n", view->copy,
                (unsigned long long)totals.packets, (unsigned long long)totals.commented);
    if (bad == 0 && totals.homeless > 0)
        report(REPORT_WARNING,
               "%llu packets are in simple packet blocks, which can have no comments",
               (unsigned long long)totals.homeless);
    buf_close(&keylog);
    return bad;
}

/* To the terminal, or to who asked for them. */
static int open_sinks(struct reading *r, const struct capture_view *view, struct shown *shown,
                      struct err *e)
{
    if (view->copy != NULL && (r->comments = comments_open(e)) == NULL)
        return -1;
    if (view->sink != NULL)
        recorder_add(&r->links.out, view->sink, view->context);
    else if (view->copy == NULL)
        shown_open(shown, &r->links.out, view->json, view->verbose);
    return open_sessions(r, e);
}

int command_decode_capture(const struct capture_source *from, const struct capture_view *view)
{
    struct reading r = {.links = {.library = &view->grammars->library,
                                  .guess = {.grammars = view->grammars},
                                  .verify = view->verify}};
    struct shown shown = {.ladder = {.detail = 0}};
    struct err e = ERR_INIT;
    int status = EXIT_SETUP;
    links_open(&r.links);
    if ((view->grammars->names > 0 &&
         grammars_also(view->grammars, PROTOCOLS[0].set[0], &e) != 0) ||
        open_sinks(&r, view, &shown, &e) != 0)
        report_err("", &e);
    else if (read_keys(&r.links, view) == 0)
        status = read_capture(&r, from, view->json && view->sink == NULL && view->copy == NULL,
                              view->is_quiet);
    if (status != EXIT_SETUP && r.comments != NULL && write_copy(&r, from->name, view) != 0)
        status = EXIT_SETUP;
    links_close(&r.links);
    close_sessions(&r);
    comments_close(r.comments);
    shown_close(&shown);
    return status;
}

int command_decode_capture_file(const char *path, const struct capture_view *view)
{
    struct input in;
    struct err e = ERR_INIT;
    int status = EXIT_SETUP;
    if (input_read_file(&in, path, &e) != 0 ||
        (!in.is_capture && in.bytes.n > 0 && err_set(&e, "no pcap or pcapng file")))
        report_err(in.name, &e);
    else
        status = command_decode_capture(&(struct capture_source){.name = in.name,
                                                                 .head = {in.bytes.p, in.bytes.n},
                                                                 .fd = in.fd},
                                        view);
    input_close(&in);
    return status;
}

int command_follow_capture(const char *path, const struct capture_view *view)
{
    struct err e = ERR_INIT;
    struct capture_source from = {.name = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (from.fd < 0 || lseek(from.fd, 0, SEEK_CUR) < 0) {
        err_set(&e, "%s cannot be followed: %s", path,
                from.fd < 0 ? strerror(errno) : "it is no file; decode it without --follow");
        report_err("", &e);
        if (from.fd >= 0)
            close(from.fd);
        return EXIT_SETUP;
    }
    from.grows = true;
    int status = command_decode_capture(&from, view);
    close(from.fd);
    return status;
}
