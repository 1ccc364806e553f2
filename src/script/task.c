/* SPDX-License-Identifier: Apache-2.0 */
#include "script/task.h"

#include "script/judgement.h"
#include "script/role.h"
#include "script/watch.h"
#include "wire/clock.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASK "v2g.Task"
#define TRACEBACK_MAX 65536
#define LITTLE 65536 /* bytes with which an error gets its text */

/* user values of a task */
#define COROUTINE 1
#define LEFT 2 /* an error value that script_call has left for it */

char TASK_WAIT;

/* A userdata of Lua; its value 1 is the coroutine. The registry keeps it until it is over. A task
 * that waits is found by what ends that: its timer, its role, or, where that can be anything, the
 * list of those that are asked at every step. It then stands in line for its turn. */
struct task {
    struct script *script;
    struct task *next, **at;              /* in the list of the script, while it is not over */
    struct task *next_waiting, **waiting; /* in a list of those that wait alike; NULL: in none */
    struct task *next_due;
    struct timer timer;
    lua_State *L; /* the coroutine */
    struct wait wait;
    struct role *role;        /* that it has waited for last; NULL: none yet */
    const struct role *place; /* likewise, of those that hold one of many sessions */
    int arguments;            /* on its stack, for the first turn */
    struct watch_used used;   /* before it gave way */
    int64_t busy_since;       /* of the script, when its turn began, or that gave way then */
    size_t turn_memory;       /* likewise */
    bool started, is_over, is_due;
    bool is_stopped;    /* script_stop_some has asked it to end */
    unsigned guards;    /* that it is in */
    bool is_raised;     /* its user value 2 is raised in it, where it waits or leaves a Guard */
    lua_KFunction then; /* what goes on after its wait, with: */
    lua_KContext context;
};

/* ---- lists ---- */

/* It has its turn after those that stand in line already. */
static void line_up(struct task *t)
{
    struct script *s = t->script;
    if (t->is_due)
        return;
    t->is_due = true;
    t->next_due = NULL;
    *(s->due == NULL ? &s->due : &s->last_due->next_due) = t;
    s->last_due = t;
}

static void leave_list(struct task *t)
{
    if (t->waiting == NULL)
        return;
    *t->waiting = t->next_waiting;
    if (t->next_waiting != NULL)
        t->next_waiting->waiting = t->waiting;
    t->waiting = NULL;
}

static void enter_list(struct task *t, struct task **list)
{
    leave_list(t);
    t->next_waiting = *list;
    if (*list != NULL)
        (*list)->waiting = &t->next_waiting;
    t->waiting = list;
    *list = t;
}

void task_wake(const struct role *r)
{
    for (struct task *t = r->waiting; t != NULL; t = t->next_waiting)
        line_up(t);
}

static void time_is_over(void *data)
{
    struct task *t = data;
    line_up(t);
    script_step(t->script);
}

/* The task does nothing until its wait is over. In real time a timer that is set for earlier is
 * left: most waits are over before it rings, and to find nothing to do then is cheaper. */
static void wait_here(struct task *t)
{
    struct script *s = t->script;
    const struct wait *w = &t->wait;
    if (w->role != NULL)
        enter_list(t, &w->role->waiting);
    else if (w->ready != NULL && !w->is_told)
        enter_list(t, &s->asked);
    bool rings = timer_is_set(&t->timer);
    bool is_lazy = rings && !world_is_virtual(s->options->world);
    if (w->deadline_us == 0 && rings && !is_lazy)
        timer_stop(&t->timer);
    else if (w->deadline_us != 0 && !(is_lazy && t->timer.due_us <= w->deadline_us))
        timer_at(s->options->world, &t->timer, w->deadline_us, time_is_over, t);
}

/* ---- waiting ---- */

static bool wait_is_over(struct script *s, const struct wait *w)
{
    bool ready = w->ready != NULL && w->ready(w->context);
    s->timed_out = !ready && w->deadline_us != 0 && script_now(s) >= w->deadline_us;
    return ready || s->timed_out;
}

/* All of the tasks on the stack of that coroutine are over. */
static bool are_over(void *context)
{
    lua_State *L = context;
    for (int i = lua_gettop(L); i > 0; i--) {
        const struct task *t = lua_touserdata(L, i);
        if (t != NULL && !t->is_over)
            return false;
    }
    return true;
}

/* Of a task that has started another one. */
static bool at_once(void *context)
{
    (void)context;
    return true;
}

/* Of one whose turn gives way to the others': it goes on once the loop has been round. */
static bool others_had_theirs(void *context)
{
    (void)context;
    return true;
}

static const struct wait GIVES_WAY = {.ready = others_had_theirs, .is_told = true};

/* Pushes what script_call has left for the task, if there is anything. */
static bool take_left(lua_State *L, struct task *t)
{
    if (t == NULL || !t->is_raised)
        return false;
    t->is_raised = false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, t);
    lua_getiuservalue(L, -1, LEFT);
    return true;
}

/* That of the task that runs is raised. */
static void raise_left(lua_State *L)
{
    if (take_left(L, script_of(L)->current))
        lua_error(L);
}

static int go_on(lua_State *L, int status, lua_KContext context)
{
    const struct task *t = (const struct task *)context;
    raise_left(L);
    return t->then(L, status, t->context);
}

static int yield(lua_State *L, const struct wait *w, lua_KContext context, lua_KFunction then)
{
    struct task *t = script_of(L)->current;
    if (!lua_isyieldable(L) || t == NULL)
        return luaL_error(L, "waiting is not possible here (inside a function of a filter, "
                             "__tostring, or what else C calls)");
    t->wait = *w;
    t->then = then;
    t->context = context;
    lua_pushlightuserdata(L, &TASK_WAIT);
    return lua_yieldk(L, 1, (lua_KContext)t, go_on);
}

/* Whether who waits so is about the session that the role holds: one of many. The role that a
 * station accepts by is the place of its first vehicle. */
static bool is_about(const struct wait *w)
{
    return w->role->is_place || (w->role->serving != NULL && !w->is_for_more);
}

int script_wait(lua_State *L, const struct wait *w, lua_KContext context, lua_KFunction then)
{
    struct script *s = script_of(L);
    raise_left(L);
    s->timed_out = false;
    if (s->current != NULL && w->role != NULL) {
        s->current->role = w->role;
        if (is_about(w))
            s->place = s->current->place = w->role;
    }
    if (s->options->world == NULL || wait_is_over(s, w))
        return then(L, LUA_OK, context);
    return yield(L, w, context, then);
}

/* ---- Guard ---- */

static int guard_done(lua_State *L, int status, lua_KContext context)
{
    struct task *t = (struct task *)context;
    bool is_good = status == LUA_OK || status == LUA_YIELD;
    t->guards--;
    if (is_good && !take_left(L, t)) {
        lua_pushboolean(L, true);
        lua_replace(L, 1);
        return lua_gettop(L);
    }
    watch_caught(L);
    lua_pushboolean(L, false);
    lua_insert(L, -2);
    if (!judgement_push(L)) /* the script has ended, or memory has */
        return lua_error(L);
    lua_remove(L, -3);
    return 3;
}

static int guard(lua_State *L)
{
    struct task *t = script_of(L)->current;
    lua_KContext context = (lua_KContext)t;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (t == NULL)
        return luaL_error(L, "Guard is not possible here");
    lua_pushcfunction(L, judgement_catch);
    lua_insert(L, 1);
    t->guards++;
    return guard_done(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, context, guard_done),
                      context);
}

/* ---- turns ---- */

/* The error value at 1, which `from` has raised, ends the script. */
static void take_error(lua_State *L, lua_State *from)
{
    struct script *s = script_of(L);
    enum verdict verdict = judgement_read(L, from);
    if (s->verdict != VERDICT_NONE)
        return; /* an error raised in order to end the script */
    s->verdict = verdict;
    snprintf(s->reason, sizeof s->reason, "%s", lua_tostring(L, -2));
    free(s->traceback);
    s->traceback = lua_isnil(L, -1) ? NULL : strndup(lua_tostring(L, -1), TRACEBACK_MAX);
}

/* Arguments: a light pointer to the coroutine, the error value. */
static int judge_error(lua_State *L)
{
    lua_State *from = lua_touserdata(L, 1);
    lua_remove(L, 1);
    take_error(L, from);
    return 0;
}

/* The task that holds the session of the role, and catches what goes wrong in it. */
static struct task *holder(const struct script *s, const struct role *r)
{
    struct task *t = s->tasks;
    while (t != NULL && (t->guards == 0 || t->place != r))
        t = t->next;
    return t;
}

/* The error value at 1 goes to the task, as a judgement; of several the first one. */
static void leave_for(lua_State *L, struct task *t)
{
    lua_settop(L, 1);
    judgement_catch(L);
    if (!t->is_raised) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, t);
        lua_insert(L, -2);
        lua_setiuservalue(L, -2, LEFT);
    }
    t->is_raised = true;
    if (t != t->script->current)
        line_up(t);
}

static int judge_here(lua_State *L)
{
    struct script *s = script_of(L);
    struct task *t = script_has_ended(s) ? NULL : holder(s, s->called);
    if (t == NULL)
        take_error(L, L);
    else
        leave_for(L, t);
    return 0;
}

/* What there is to say where __tostring has raised, or there is no memory. */
static const char *text_for(const struct script *s, int status)
{
    bool is_full = status == LUA_ERRMEM || s->memory + LITTLE > script_memory_most(s);
    return is_full ? "not enough memory" : "an error that has no text";
}

static void judge_nothing(struct script *s, int status)
{
    if (s->verdict != VERDICT_NONE)
        return;
    s->verdict = VERDICT_ERROR;
    snprintf(s->reason, sizeof s->reason, "%s: %s", s->path, text_for(s, status));
}

static bool is_judged(const struct script *s)
{
    const struct task *t = holder(s, s->called);
    return script_has_ended(s) || (t != NULL && t->is_raised);
}

struct place {
    const char *where, *text;
};

/* Argument: the struct place of an error that has no text of its own. */
static int judge_place(lua_State *L)
{
    const struct place *p = lua_touserdata(L, 1);
    lua_pushfstring(L, "%s: %s", p->where, p->text);
    lua_replace(L, 1);
    return judge_here(L);
}

bool script_call(lua_State *L, const struct script_about *about, lua_CFunction function,
                 void *argument)
{
    struct script *s = script_of(L);
    const struct role *called = s->called;
    int64_t busy = s->busy_since;
    int top = lua_gettop(L);
    s->called = about->role;
    s->busy_since = busy != 0 ? busy : clock_us();
    lua_pushcfunction(L, judge_here);
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    watch_enter(L);
    int status = lua_pcall(L, 1, 0, top + 1);
    if (status != LUA_OK && !is_judged(s)) {
        struct place place = {about->where, text_for(s, status)};
        lua_settop(L, top);
        lua_pushcfunction(L, judge_place);
        lua_pushlightuserdata(L, &place);
        if (lua_pcall(L, 1, 0, 0) != LUA_OK)
            judge_nothing(s, status);
    }
    watch_leave();
    lua_settop(L, top);
    s->busy_since = busy;
    s->called = called;
    return status == LUA_OK && s->verdict == VERDICT_NONE;
}

static void judge(struct script *s, struct task *t, int status, int results)
{
    bool is_wait = results > 0 && lua_touserdata(t->L, -results) == &TASK_WAIT;
    is_wait |= watch_gave_way();
    if (status == LUA_YIELD && (is_wait || s->verdict != VERDICT_NONE))
        return;
    if (status == LUA_OK) {
        if (t == s->main && s->verdict == VERDICT_NONE)
            s->verdict = VERDICT_PASS;
        return;
    }
    if (status == LUA_YIELD) {
        s->verdict = VERDICT_ERROR;
        snprintf(s->reason, sizeof s->reason, "%s: coroutine.yield outside a coroutine", s->path);
        return;
    }
    lua_pushcfunction(s->L, judge_error);
    lua_pushlightuserdata(s->L, t->L);
    lua_pushvalue(t->L, -1);
    lua_xmove(t->L, s->L, 1);
    s->busy_since = clock_us(); /* a __tostring may run for ever */
    watch_enter(s->L);
    status = lua_pcall(s->L, 2, 0, 0);
    if (status != LUA_OK)
        judge_nothing(s, status);
    watch_leave();
    s->busy_since = 0;
    lua_settop(s->L, 0);
}

static void forget(struct script *s, struct task *t)
{
    *t->at = t->next;
    if (t->next != NULL)
        t->next->at = t->at;
    leave_list(t);
    timer_stop(&t->timer);
    t->is_over = true;
    s->running_tasks--;
    lua_pushnil(s->L);
    lua_rawsetp(s->L, LUA_REGISTRYINDEX, t);
}

/* What gave way has what was left to it then. Returns when it began, or goes on. */
static int64_t enter_turn(struct script *s, struct task *t)
{
    bool goes_on = t->wait.ready == others_had_theirs;
    if (!goes_on) {
        t->busy_since = clock_us();
        t->turn_memory = s->memory;
    }
    s->busy_since = t->busy_since;
    s->turn_memory = t->turn_memory;
    t->wait = GIVES_WAY; /* unless it waits for something */
    watch_enter(t->L);
    if (!goes_on)
        return t->busy_since;
    watch_go_on(t->used);
    return clock_us();
}

/* One turn; then it waits, or is over. */
static void take_turn(struct script *s, struct task *t)
{
    int results = 0, arguments = t->arguments;
    leave_list(t);
    t->started = true;
    t->arguments = 0;
    s->current = t;
    s->place = t->place;
    int64_t began = enter_turn(s, t);
    int status = lua_resume(t->L, s->L, arguments, &results);
    watch_leave();
    int64_t took = clock_us() - began;
    if (took > (int64_t)script_busy_most(s) * 1000)
        s->step_since += took; /* that turn's own error has been raised */
    s->busy_since = 0;
    s->current = NULL;
    s->place = NULL;
    judge(s, t, status, results);
    if (status != LUA_YIELD) {
        forget(s, t);
        return;
    }
    lua_pop(t->L, results);
    if (s->options->world != NULL && t->wait.ready == others_had_theirs) {
        t->used = watch_used();
        t->wait.deadline_us = script_now(s);
    }
    if (s->options->world != NULL)
        wait_here(t);
    if (t->wait.ready == at_once)
        line_up(t);
}

static void finish(struct script *s)
{
    char text[sizeof s->reason + 16];
    s->finished = true;
    tasks_close(s);
    script_settle(s);
    if (s->traceback != NULL && s->verdict == VERDICT_ERROR)
        script_record(s, EVENT_LOG, false, "", s->traceback);
    snprintf(text, sizeof text, "%s%s%s", verdict_name(s->verdict),
             s->reason[0] != '\0' ? ": " : "", s->reason);
    if (!s->has_sessions || s->verdict != VERDICT_PASS)
        script_record(s, EVENT_VERDICT, s->verdict == VERDICT_PASS, "", text);
    if (s->ended != NULL)
        s->ended(s);
}

/* Nobody is left who could go on: each waits for tasks that wait for each other. */
static bool is_stuck(const struct script *s)
{
    unsigned n = 0;
    for (const struct task *t = s->asked; t != NULL; t = t->next_waiting, n++)
        if (t->wait.ready != are_over)
            return false;
    return n > 0 && n == s->running_tasks;
}

static void end_tasks(struct script *s, const char *why)
{
    if (script_has_ended(s))
        return;
    s->verdict = VERDICT_ERROR;
    snprintf(s->reason, sizeof s->reason, "%s: %s", s->path, why);
}

/* Those that are in line now have their turns. False: nobody had one. */
static bool take_turns(struct script *s)
{
    bool had = false;
    for (struct task *t = s->asked; t != NULL; t = t->next_waiting)
        if (wait_is_over(s, &t->wait))
            line_up(t);
    struct task *t = s->due, *last = s->last_due;
    for (bool more = t != NULL; more && !script_has_ended(s); t = s->due) {
        more = t != last;
        s->due = t->next_due;
        t->is_due = false;
        if (t->started && !t->is_raised && !wait_is_over(s, &t->wait)) {
            wait_here(t);
            continue;
        }
        take_turn(s, t);
        had = true;
    }
    return had;
}

void script_step(struct script *s)
{
    if (s->running || s->finished)
        return;
    s->step_since = clock_us();
    s->running = s->started = true;
    for (bool again = true; again && !script_has_ended(s);) {
        again = take_turns(s);
        if (again && script_is_spent(s, s->step_since))
            end_tasks(s, "its tasks go on and on, and start tasks, without waiting for anything");
    }
    if (s->options->world != NULL && is_stuck(s))
        end_tasks(s, "all its tasks wait for each other to end");
    s->running = false;
    if (script_has_ended(s))
        finish(s);
}

void script_stop(struct script *s)
{
    s->stop = true;
    for (struct task *t = s->tasks; t != NULL; t = t->next)
        line_up(t);
    script_step(s);
}

bool script_stop_some(struct script *s, unsigned n)
{
    for (struct task *t = s->tasks; t != NULL && n > 0; t = t->next) {
        if (t->is_stopped || t == s->main)
            continue;
        t->is_stopped = true;
        line_up(t);
        n--;
    }
    if (n > 0)
        script_stop(s);
    else
        script_step(s);
    return n > 0;
}

bool task_is_stopped(const struct task *t)
{
    return t->script->stop || t->is_stopped;
}

void script_abort(struct script *s, enum verdict verdict, const char *why)
{
    if (!script_has_ended(s)) {
        s->verdict = verdict;
        snprintf(s->reason, sizeof s->reason, "%s", why);
    }
    if (!s->running && !s->finished)
        finish(s);
}

/* ---- tasks ---- */

struct task *task_new(lua_State *L)
{
    struct script *s = script_of(L);
    struct task *t = lua_newuserdatauv(L, sizeof *t, LEFT);
    memset(t, 0, sizeof *t);
    luaL_setmetatable(L, TASK);
    t->script = s;
    t->L = lua_newthread(L);
    lua_setiuservalue(L, -2, COROUTINE);
    lua_rawsetp(L, LUA_REGISTRYINDEX, t);
    lua_xmove(L, t->L, 1);
    t->next = s->tasks;
    t->at = &s->tasks;
    if (s->tasks != NULL)
        s->tasks->at = &t->next;
    s->tasks = t;
    if (++s->running_tasks > s->most_tasks)
        s->most_tasks = s->running_tasks;
    line_up(t);
    return t;
}

void tasks_close(struct script *s)
{
    for (struct task *t = s->tasks; t != NULL; t = t->next) {
        timer_stop(&t->timer);
        leave_list(t);
    }
}

struct task *task_at(lua_State *L, int index)
{
    return luaL_testudata(L, index, TASK);
}

bool task_is_over(const struct task *t)
{
    return t->is_over;
}

struct role *task_role(const struct task *t)
{
    return t->role;
}

void task_give(struct task *t, lua_State *L)
{
    luaL_checkstack(t->L, 1, "too many arguments");
    lua_xmove(L, t->L, 1);
    t->arguments++;
}

static int started(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 1;
}

static int start(lua_State *L)
{
    struct wait w = {.ready = at_once};
    int arguments = lua_gettop(L) - 1;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, 1);
    struct task *t = task_new(L);
    if (!lua_checkstack(t->L, arguments))
        return luaL_error(L, "too many arguments");
    t->arguments = arguments;
    t->place = t->script->place; /* whoever it is about that starts it */
    lua_xmove(L, t->L, arguments);
    lua_rawgetp(L, LUA_REGISTRYINDEX, t);
    return lua_isyieldable(L) ? yield(L, &w, 0, started) : 1;
}

static int return_results(lua_State *L, int status, lua_KContext context)
{
    struct task *t = task_at(L, 1);
    int n = t->is_over ? lua_gettop(t->L) : 0; /* print mode does not wait */
    (void)status;
    (void)context;
    luaL_checkstack(L, n, "too many results");
    luaL_checkstack(t->L, n, "too many results");
    for (int i = 1; i <= n; i++)
        lua_pushvalue(t->L, i);
    lua_xmove(t->L, L, n);
    return n;
}

static int wait_for(lua_State *L)
{
    struct wait w = {.ready = are_over, .context = L};
    const struct task *t = luaL_checkudata(L, 1, TASK);
    for (int i = lua_gettop(L); i > 0; i--) {
        t = luaL_checkudata(L, i, TASK);
        luaL_argcheck(L, t != script_of(L)->current, i, "a task cannot wait for itself");
    }
    return script_wait(L, &w, 0, return_results);
}

static int stop_requested(lua_State *L)
{
    const struct script *s = script_of(L);
    lua_pushboolean(L, s->current != NULL ? task_is_stopped(s->current) : s->stop);
    return 1;
}

static int traceback(lua_State *L)
{
    lua_Integer level = luaL_optinteger(L, 2, 1);
    luaL_argcheck(L, level >= 0 && level < 1000, 2, "expected 0 to 999");
    luaL_traceback(L, L, luaL_optstring(L, 1, NULL), (int)level);
    return 1;
}

void tasks_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Start", start},         {"Wait_For", wait_for},
        {"Guard", guard},         {"Stop_Requested", stop_requested},
        {"Traceback", traceback}, {NULL, NULL},
    };
    static const luaL_Reg NONE[] = {{NULL, NULL}};
    script_new_type(L, TASK, NONE);
    lua_pop(L, 1);
    judgements_open(L);
    lua_pushglobaltable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    lua_pop(L, 1);
}
