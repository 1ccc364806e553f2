/* SPDX-License-Identifier: Apache-2.0 */
#include "script/run.h"

#include "base/file.h"
#include "script/roles.h"
#include "script/store.h"
#include "script/tidy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINGER_MS 5000 /* that an SECC waits for the vehicle to close TCP after SessionStopRes */
#define SOURCE_MAX (16u << 20)

struct player {
    struct player *next;
    struct script_run *run;
    struct script script;
    struct script_options options;
    char *text;
    struct timer leave;
    bool has_begun, has_left;
};

struct script_run {
    struct world *world;
    const struct run_events *events;
    void *context;
    struct player *players;
    struct timer begin, tell;
    unsigned beginning; /* players that have not got so far that they wait */
    struct store store;
    enum run_exit result;
    bool is_closing;
};

/* ---- the end of a player ---- */

static void worsen(struct script_run *run, enum verdict verdict)
{
    /* ORDER VERDICT */
    static const enum run_exit EXITS[] = {RUN_ERROR, RUN_PASS, RUN_FAIL, RUN_INCONCLUSIVE,
                                          RUN_ERROR};
    static const int RANKS[] = {0, 2, 1, 3}; /* ORDER RUN_EXIT */
    enum run_exit next = EXITS[verdict];
    if (RANKS[next] > RANKS[run->result])
        run->result = next;
}

/* Ends its connections, the first time. False: what comes after that is being waited for, and
 * leave_soon tells when it is over. */
static bool has_left(struct player *p)
{
    bool waits = false;
    for (struct role *r = p->script.roles; r != NULL; r = r->next)
        waits = (r->peer != NULL && (p->has_left ? r->peer->after != NULL : peer_leave(r->peer))) ||
                waits;
    p->has_left = true;
    return !waits;
}

static void leave(void *data)
{
    struct player *p = data, **at = &p->run->players;
    struct script_run *run = p->run;
    if (!run->is_closing && !has_left(p))
        return;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    timer_stop(&p->leave);
    script_close(&p->script);
    free(p->text);
    free(p);
    if (run->players != NULL || run->is_closing)
        return;
    timer_stop(&run->begin);
    timer_stop(&run->tell);
    if (run->events->over != NULL)
        run->events->over(run->context);
}

/* A station that has said SessionStopRes lets the vehicle close first [V2G2-025] [V2G20-1633]. */
static bool has_to_linger(const struct script *s)
{
    for (const struct role *r = s->roles; r != NULL; r = r->next)
        if (r->peer != NULL && r->side == FROM_SECC && r->peer->state == PEER_READY &&
            strcmp(r->sent_name, "SessionStopRes") == 0)
            return s->verdict == VERDICT_PASS;
    return false;
}

/* Called while the script, or a callback of its connection, is still on the stack: so what belongs
 * to it is closed from the loop. While a station lingers, the vehicle's close ends it. */
static void leave_soon(struct script *s)
{
    struct player *p = s->context;
    bool lingers = has_to_linger(s);
    if (p->run->world != NULL && !(lingers && timer_is_set(&p->leave)))
        timer_start(p->run->world, &p->leave, lingers ? LINGER_MS : 0, leave, p);
}

static void ended(struct script *s)
{
    struct player *p = s->context;
    struct script_run *run = p->run;
    worsen(run, s->verdict);
    if (run->events->ended != NULL)
        run->events->ended(run->context, p, s);
    leave_soon(s);
}

static void session_over(struct script *s, const struct role *r, enum verdict verdict,
                         const char *text)
{
    struct player *p = s->context;
    struct script_run *run = p->run;
    worsen(run, verdict);
    tidy_look(s);
    if (run->events->session_over != NULL)
        run->events->session_over(
            run->context,
            &(struct session_end){p, r->by, verdict, text, r->session->caller.session, r->number});
}

/* ---- the beginning ---- */

/* First all that are new, as far as they come; vehicles wait for that (roles.c). */
static void begin(void *data)
{
    struct script_run *run = data;
    for (struct player *p = run->players; p != NULL; p = p->next)
        if (!p->has_begun)
            script_step(&p->script);
    run->beginning = 0;
    for (struct player *p = run->players; p != NULL; p = p->next)
        if (!p->has_begun) {
            p->has_begun = true;
            script_step(&p->script);
        }
}

static char *read_source(const char *path, struct err *e)
{
    struct buf text = {0};
    bool bad = file_read_text(path, SOURCE_MAX, &text, e) != 0 ||
               (text.n > 0 && memchr(text.p, 0, text.n) != NULL);
    if (!bad && buf_string(&text) != NULL)
        return (char *)text.p;
    buf_close(&text);
    err_set(e, "%s cannot be read as a Lua script", path);
    return NULL;
}

int built_in_push(struct script *s, lua_CFunction push, const void *own, struct err *e)
{
    lua_pushcfunction(s->L, push);
    lua_pushlightuserdata(s->L, (void *)(uintptr_t)own);
    if (lua_pcall(s->L, 1, 0, 0) == LUA_OK)
        return 0;
    const char *why = lua_tostring(s->L, -1);
    err_set(e, "%s", why != NULL ? why : "out of memory");
    lua_pop(s->L, 1);
    return -1;
}

static int open_player(struct player *p, const char *path, const struct built_in *own,
                       struct err *e)
{
    if (own == NULL && (p->text = read_source(path, e)) == NULL)
        return -1;
    const char *text = own != NULL ? own->text : p->text;
    int bad = script_open(&p->script, &p->options, path, text, e);
    p->script.ended = ended;
    p->script.woken = leave_soon;
    p->script.session_over = session_over;
    p->script.context = p;
    if (bad == 0 && own != NULL)
        bad = own->give(own, &p->script, e);
    if (bad != 0)
        script_close(&p->script);
    return bad;
}

struct player *run_add(struct script_run *run, const struct script_options *o, const char *path,
                       const struct built_in *own, struct err *e)
{
    struct player *p = calloc(1, sizeof *p), **at = &run->players;
    if (p == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    p->run = run;
    p->options = *o;
    p->options.world = run->world;
    p->options.store = &run->store;
    p->options.beginning = &run->beginning;
    if (open_player(p, path, own, e) != 0) {
        free(p->text);
        free(p);
        worsen(run, VERDICT_ERROR);
        return NULL;
    }
    while (*at != NULL)
        at = &(*at)->next;
    *at = p;
    run->beginning++;
    if (run->world != NULL)
        timer_start(run->world, &run->begin, 0, begin, run);
    return p;
}

/* ---- what they share ---- */

/* A step may be the end of the player, but not at once (leave_soon). Who has not begun looks by
 * itself then. */
void run_wake(struct script_run *run)
{
    for (struct player *p = run->players; p != NULL; p = p->next)
        if (p->has_begun)
            script_step(&p->script);
}

static void tell(void *data)
{
    run_wake(data);
}

static void remembered(void *context)
{
    struct script_run *run = context;
    if (run->world != NULL && !timer_is_set(&run->tell))
        timer_start(run->world, &run->tell, 0, tell, run);
}

/* ---- the whole ---- */

struct script_run *run_open(struct world *world, const struct run_events *events, void *context)
{
    struct script_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return NULL;
    run->world = world;
    run->events = events;
    run->context = context;
    run->store.changed = remembered;
    run->store.context = run;
    return run;
}

void run_play(struct script_run *run)
{
    if (run->world != NULL)
        world_run(run->world);
    else
        begin(run);
    /* in virtual time the end may come before theirs */
    for (struct player *p = run->players; p != NULL; p = p->next)
        script_abort(&p->script, VERDICT_INCONCLUSIVE, RUN_NOTHING_COMES);
}

void run_stop_player(struct player *p)
{
    script_stop(&p->script);
}

bool run_stop_some(struct player *p, unsigned n)
{
    return script_stop_some(&p->script, n);
}

void run_stop(struct script_run *run)
{
    for (struct player *p = run->players; p != NULL; p = p->next)
        script_stop(&p->script);
}

void run_abort(struct script_run *run)
{
    for (struct player *p = run->players; p != NULL; p = p->next)
        script_abort(&p->script, VERDICT_INCONCLUSIVE, "interrupted");
}

size_t run_memory(const struct script_run *run)
{
    size_t n = 0;
    for (const struct player *p = run->players; p != NULL; p = p->next)
        n += p->script.memory;
    return n;
}

enum run_exit run_result(const struct script_run *run)
{
    return run->result;
}

void run_close(struct script_run *run)
{
    run->is_closing = true;
    while (run->players != NULL)
        leave(run->players);
    timer_stop(&run->begin);
    timer_stop(&run->tell);
    store_close(&run->store);
    free(run);
}
