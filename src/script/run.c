/* SPDX-License-Identifier: Apache-2.0 */
#include "script/run.h"

#include "base/file.h"
#include "script/role.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define LINGER_MS 5000 /* that an SECC waits for the vehicle to close TCP after SessionStopRes */
#define SOURCE_MAX (16u << 20)

/* A script and what a run knows about it. */
struct player {
    struct play *run;
    struct script script;
    char *text;
    bool is_station; /* by its text: starts first */
    bool is_open, is_over;
    struct timer linger;
};

struct play {
    const struct run_options *options;
    struct script_options common;
    uv_async_t interrupted;
    struct player *player;
    unsigned left; /* scripts that have not ended */
    struct err *e;
};

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t interrupts;
static uv_async_t *interrupt_handle;

static void on_signal(int number)
{
    (void)number;
    if (interrupts++ > 0)
        _exit(RUN_INCONCLUSIVE); /* a second one: at once */
    if (interrupt_handle != NULL)
        uv_async_send(interrupt_handle);
}

static void on_interrupt(uv_async_t *handle)
{
    struct play *run = handle->data;
    if (interrupts == 0)
        return;
    for (unsigned i = 0; i < run->options->scripts; i++)
        script_abort(&run->player[i].script, VERDICT_INCONCLUSIVE, "interrupted");
}

/* ---- the end of a script ---- */

static void note_failure(struct play *run, const struct script *s)
{
    if (s->verdict != VERDICT_PASS)
        err_set(run->e, "%s: %s", verdict_name(s->verdict), s->reason);
}

static void over(struct player *p)
{
    if (p->is_over)
        return;
    p->is_over = true;
    timer_stop(&p->linger);
    roles_disconnect(&p->script);
    if (--p->run->left == 0)
        uv_close((uv_handle_t *)&p->run->interrupted, NULL);
    script_close(&p->script);
    p->is_open = false;
}

static void linger_over(void *data)
{
    over(data);
}

/* A station that has said SessionStopRes lets the vehicle close first [V2G2-1633]. */
static bool has_to_linger(const struct script *s)
{
    for (const struct role *r = s->roles; r != NULL; r = r->next)
        if (r->peer != NULL && r->side == FROM_SECC && r->peer->state == PEER_READY &&
            strcmp(r->sent_name, "SessionStopRes") == 0)
            return s->verdict == VERDICT_PASS;
    return false;
}

/* Called while the script, or a callback of its connection, is still on the stack: so what belongs
 * to it is closed from the loop. */
static void script_ended(struct script *s, void *context)
{
    struct player *p = context;
    const struct run_options *o = p->run->options;
    note_failure(p->run, s);
    if (o->ended != NULL)
        o->ended(o->context, s);
    if (!o->print)
        timer_start(s->options->world, &p->linger, has_to_linger(s) ? LINGER_MS : 0, linger_over,
                    p);
}

/* While a station lingers, the vehicle's close ends it. */
static void look_at_lingering(uv_check_t *check)
{
    struct play *run = check->data;
    for (unsigned i = 0; i < run->options->scripts; i++) {
        struct player *p = &run->player[i];
        if (p->is_open && !p->is_over && script_has_ended(&p->script) && !has_to_linger(&p->script))
            over(p);
    }
}

/* ---- reading the scripts ---- */

static char *read_source(const char *path, struct err *e)
{
    struct buf text = {0};
    bool bad = file_read(path, SOURCE_MAX, &text, e) != 0 ||
               (text.n > 0 && memchr(text.p, 0, text.n) != NULL);
    if (!bad && buf_string(&text) != NULL)
        return (char *)text.p;
    buf_close(&text);
    err_set(e, "%s cannot be read as a Lua script", path);
    return NULL;
}

static bool mentions(const char *text, const char *role, const char *other)
{
    return strstr(text, role) != NULL || strstr(text, other) != NULL;
}

static int open_player(struct play *run, unsigned i)
{
    struct player *p = &run->player[i];
    const char *path = run->options->script[i];
    p->run = run;
    p->text = read_source(path, run->e);
    const char *text = p->text != NULL ? p->text : "";
    p->is_station = mentions(text, "Secc.", "SECC.") && !mentions(text, "Evcc.", "EVCC.");
    int bad = script_open(&p->script, &run->common, path, text, run->e);
    p->is_open = true;
    p->script.ended = script_ended;
    p->script.ended_context = p;
    return p->text == NULL || bad != 0 ? -1 : 0;
}

static void start_players(struct play *run)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < run->options->scripts; i++)
            if (run->player[i].is_station == (pass == 0))
                script_step(&run->player[i].script);
}

/* ---- the whole ---- */

static int worst(const struct play *run)
{
    /* ORDER VERDICT */
    static const int EXITS[] = {RUN_ERROR, RUN_PASS, RUN_FAIL, RUN_INCONCLUSIVE, RUN_ERROR};
    static const int RANKS[] = {0, 2, 1, 3}; /* ORDER RUN_EXIT */
    int result = RUN_PASS;
    for (unsigned i = 0; i < run->options->scripts; i++) {
        int next = EXITS[run->player[i].script.verdict];
        result = RANKS[next] > RANKS[result] ? next : result;
    }
    return result;
}

static void close_players(struct play *run)
{
    for (unsigned i = 0; i < run->options->scripts; i++) {
        struct player *p = &run->player[i];
        if (p->is_open && run->common.world != NULL)
            over(p);
        else if (p->is_open)
            script_close(&p->script);
        free(p->text);
    }
}

static int open_players(struct play *run)
{
    int bad = 0;
    for (unsigned i = 0; i < run->options->scripts; i++)
        if (open_player(run, i) != 0) {
            bad = -1;
            run->player[i].script.verdict = VERDICT_ERROR;
            if (run->options->ended != NULL)
                run->options->ended(run->options->context, &run->player[i].script);
        }
    return bad;
}

static int run_printing(struct play *run)
{
    int bad = open_players(run);
    if (bad == 0)
        start_players(run);
    int result = bad != 0 ? RUN_ERROR : worst(run);
    close_players(run);
    return result;
}

/* In virtual time the end may come before theirs. */
static void abort_waiting(struct play *run)
{
    for (unsigned i = 0; i < run->options->scripts; i++)
        script_abort(&run->player[i].script, VERDICT_INCONCLUSIVE, RUN_NOTHING_COMES);
}

static int run_loop(struct play *run)
{
    uv_check_t check;
    struct world *world = run->common.world;
    if (world == NULL)
        world = world_open(NULL, run->e);
    if (world == NULL)
        return RUN_ERROR;
    run->common.world = world;
    recorder_attach(run->common.recorder, world);
    uv_async_init(world_loop(world), &run->interrupted, on_interrupt);
    uv_check_init(world_loop(world), &check);
    uv_check_start(&check, look_at_lingering);
    uv_unref((uv_handle_t *)&check);
    check.data = run->interrupted.data = run;
    run->left = run->options->scripts;
    interrupt_handle = &run->interrupted;
    int bad = open_players(run);
    if (bad == 0) {
        start_players(run);
        world_run(world);
        abort_waiting(run);
    }
    int result = bad != 0 ? RUN_ERROR : worst(run);
    interrupt_handle = NULL;
    close_players(run);
    uv_close((uv_handle_t *)&check, NULL);
    recorder_detach(run->common.recorder);
    world_close(world);
    return result;
}

int run_scripts(const struct run_options *o, struct err *e)
{
    struct play run = {.options = o, .common = o->common, .e = e};
    struct sigaction action = {.sa_handler = on_signal}, before;
    run.player = calloc(o->scripts > 0 ? o->scripts : 1, sizeof *run.player);
    if (run.player == NULL) {
        err_set(e, "out of memory");
        return RUN_ERROR;
    }
    interrupts = 0;
    run.common.interrupt = &interrupts;
    if (o->print)
        run.common.world = NULL;
    if (o->interruptible)
        sigaction(SIGINT, &action, &before);
    int result = o->print ? run_printing(&run) : run_loop(&run);
    if (o->interruptible)
        sigaction(SIGINT, &before, NULL);
    free(run.player);
    return result;
}
