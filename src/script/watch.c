/* SPDX-License-Identifier: Apache-2.0 */
#include "script/watch.h"

#include "base/asset.h"
#include "script/call.h"

#include <lauxlib.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define SIGNAL SIGRTMIN
#define DEPTH_MOST 220 /* more than calls of C can lie within each other in Lua */
#define LOOKED_AT (LUA_MASKCOUNT | LUA_MASKCALL)
#define ENDING 10       /* ticks of the signal */
#define SHORTLY 997     /* instructions; a prime, so that it meets all those of a loop */
#define UNWINDING 20000 /* instructions from the first error until the next one */

/* Of a thread. What the signal reads is written by the same thread, so that order is all that
 * counts. */
static _Thread_local struct watch {
    lua_State *volatile at[DEPTH_MOST];
    volatile unsigned depth, turns; /* turns: the outermost ones */
    volatile unsigned seen;         /* of them, when the signal came last */
    volatile unsigned ticks;        /* signals that came in the turn that is going on */
    volatile int64_t used_us;       /* CPU time of that turn until the last of these, */
    volatile int64_t tick_us;       /* and the thread's then */
    unsigned had;                   /* ticks, when it began, or went on */
    unsigned looked;                /* likewise, when a loop in C has looked last */
    int64_t held_us;                /* CPU time when it was first seen to hold up others; 0: not */
    bool gave_way;                  /* and nobody has heard of it yet */
    volatile bool is_armed;         /* the signal will come */
    bool is_made, is_raising;
    int raised;           /* errors in the turn that is going on */
    unsigned raised_at;   /* the tick of the last one; 0: there was none */
    unsigned long caught; /* the outermost Guard that has caught one: how deep it lies */
    timer_t timer;
} watch;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* its destructor gives the timer back with the thread */

/* ---- what has run for too long ---- */

/* CPU time of this thread: ticks come late where the machine is busy. */
static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + 1;
}

static void look(lua_State *L, lua_Debug *ar);

/* All that lies within each other is looked at again after so many instructions, one at least. */
static void count_down(int instructions)
{
    for (unsigned i = 0; i < watch.depth && i < DEPTH_MOST; i++)
        lua_sethook(watch.at[i], look, LOOKED_AT, instructions > 0 ? instructions : 1);
}

static bool is_over(struct script *s)
{
    bool is_spent = s->busy_since != 0 && script_is_spent(s, s->busy_since);
    bool has_used = !watch.is_made || watch.used_us >= (int64_t)script_busy_most(s) * 1000;
    return is_spent && (has_used || script_has_ended(s));
}

/* The line that runs, or that called the function of C that does: no handler is there for it. */
static void push_where(lua_State *L)
{
    luaL_where(L, 0);
    if (*lua_tostring(L, -1) != '\0')
        return;
    lua_pop(L, 1);
    luaL_where(L, 1);
}

/* Raises, with the line before what is on top of the stack, and once more soon. */
static void raise_here(lua_State *L)
{
    count_down(watch.raised < 30 ? UNWINDING >> watch.raised : 1);
    watch.raised++;
    watch.raised_at = watch.ticks;
    watch.is_raising = true;
    push_where(L);
    lua_insert(L, -2);
    lua_concat(L, 2);
    lua_error(L);
}

static void end_turn(lua_State *L, const struct script *s)
{
    if (script_has_ended(s))
        lua_pushliteral(L, "interrupted");
    else
        lua_pushfstring(L,
                        "the script has run for %d ms without waiting for anything; expected a "
                        "Receive_ or Sleep in every loop",
                        (int)script_busy_most(s));
    raise_here(L);
}

/* What has got its error has some time to end before calls, and loops in C, bring the next one. */
static bool is_due(void)
{
    return !watch.is_made || watch.ticks - watch.raised_at >= ENDING;
}

/* Others wait for the turn, and have done so for a tick. What has got its error ends soon. */
static bool holds_others(const struct script *s)
{
    const struct world *world = s->options->world;
    return s->has_sessions && world != NULL && !world_is_virtual(world) &&
           (watch.raised == 0 || watch.held_us != 0) && watch.ticks != watch.had;
}

/* All that lies within each other has to wait for it. */
static bool can_wait(void)
{
    for (unsigned i = 0; i < watch.depth; i++)
        if (i >= DEPTH_MOST || !lua_isyieldable(watch.at[i]))
            return false;
    return true;
}

/* Nothing is held up any more: an error that it has got for this was not the end of its turn. */
static void let_go(void)
{
    if (watch.held_us != 0)
        watch.raised = 0;
    watch.held_us = 0;
}

/* Where nothing can wait. Raises once that has lasted. */
static void hold(lua_State *L)
{
    int64_t now = cpu_us();
    if (watch.held_us == 0)
        watch.held_us = now;
    if (now - watch.held_us < WATCH_HELD_MS * 1000)
        return;
    lua_pushfstring(L,
                    "the other sessions have waited for %d ms for what runs here and cannot be "
                    "left; expected a function that C calls (a filter, __tostring, a handler of "
                    "errors) to be short",
                    WATCH_HELD_MS);
    raise_here(L);
}

/* What is built in is left only where it calls what is not, soon: that may wait anyway. */
static bool is_built_in(lua_State *L, lua_Debug *ar)
{
    struct slice text;
    return lua_getinfo(L, "S", ar) != 0 && ar->source[0] == '@' &&
           asset_find(ar->source + 1, &text);
}

static void give_way(lua_State *L, lua_Debug *ar)
{
    if (ar->event != LUA_HOOKCOUNT)
        return; /* but at the next instruction */
    bool is_left = !is_built_in(L, ar), is_there = can_wait();
    if (is_left && !is_there)
        hold(L);
    if (!is_left || !is_there) {
        lua_sethook(L, look, LUA_MASKCOUNT, SHORTLY);
        return;
    }
    let_go();
    lua_sethook(L, NULL, 0, 0);
    watch.gave_way = true;
    lua_yield(L, 0);
}

/* The call of a function is looked at, too: C calls others of C, as table.sort does, with no
 * instruction between them. */
static void look(lua_State *L, lua_Debug *ar)
{
    struct script *s = script_of(L);
    if (ar->event != LUA_HOOKCOUNT && !is_due())
        return;
    if (is_over(s))
        end_turn(L, s);
    else if (holds_others(s))
        give_way(L, ar);
    else
        lua_sethook(L, NULL, 0, 0);
}

/* The script's function that has called what is C and runs; what is built in is not left in it. */
static bool is_called_by_script(lua_State *L)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++)
        if (lua_getinfo(L, "S", &ar) != 0 && *ar.what != 'C')
            return !is_built_in(L, &ar);
    return true;
}

bool watch_look(lua_State *L)
{
    if (watch.is_made && watch.ticks == watch.looked)
        return false;
    struct script *s = script_of(L);
    watch.looked = watch.ticks;
    if (is_due() && is_over(s))
        end_turn(L, s);
    if (!holds_others(s) || !is_called_by_script(L))
        return false;
    if (can_wait())
        return true;
    hold(L);
    return false;
}

int watch_give_way(lua_State *L, lua_KContext context, lua_KFunction then)
{
    let_go();
    lua_sethook(L, NULL, 0, 0);
    watch.gave_way = true;
    return lua_yieldk(L, 0, context, then);
}

bool watch_has_raised(void)
{
    bool has_raised = watch.is_raising;
    watch.is_raising = false;
    return has_raised;
}

/* ---- the signal ---- */

static void arm(void)
{
    static const struct itimerspec SOON = {.it_value = {.tv_nsec = WATCH_MS * 1000000L}};
    watch.is_armed = timer_settime(watch.timer, 0, &SOON, NULL) == 0;
}

/* Lua allows this in a signal's handler. */
static void signal_came(int number)
{
    unsigned depth = watch.depth;
    (void)number;
    bool goes_on = depth > 0 && watch.turns == watch.seen;
    int64_t now = cpu_us();
    watch.used_us += goes_on ? now - watch.tick_us : 0;
    watch.tick_us = now;
    watch.ticks += goes_on;
    if (goes_on && depth <= DEPTH_MOST)
        lua_sethook(watch.at[depth - 1], look, LOOKED_AT, 1);
    bool is_needed = depth > 0 || watch.turns != watch.seen;
    watch.seen = watch.turns;
    watch.is_armed = false;
    if (is_needed)
        arm();
}

/* A child has no timers of its parent's. */
static void forget_timer(void)
{
    watch.is_made = watch.is_armed = false;
}

static void drop_timer(void *unused)
{
    (void)unused;
    if (watch.is_made)
        timer_delete(watch.timer);
    forget_timer();
}

static void prepare(void)
{
    struct sigaction action = {.sa_handler = signal_came, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGNAL, &action, NULL);
    pthread_key_create(&key, drop_timer);
    pthread_atfork(NULL, NULL, forget_timer);
}

static bool make_timer(void)
{
    struct sigevent how = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL};
    how.sigev_notify_thread_id = gettid();
    pthread_once(&once, prepare);
    watch.is_made = timer_create(CLOCK_THREAD_CPUTIME_ID, &how, &watch.timer) == 0;
    pthread_setspecific(key, watch.is_made ? &watch : NULL);
    return watch.is_made;
}

/* ---- turns ---- */

void watch_enter(lua_State *L)
{
    unsigned depth = watch.depth;
    if (depth == 0) {
        watch.raised = 0;
        watch.is_raising = false;
        watch.raised_at = watch.ticks = watch.had = watch.looked = 0;
        watch.used_us = 0;
        watch.held_us = 0;
        watch.gave_way = false;
        watch.caught = ULONG_MAX;
        watch.turns++;
    }
    if (depth < DEPTH_MOST)
        watch.at[depth] = L;
    watch.depth = depth + 1;
    if (!watch.is_armed && (watch.is_made || make_timer()))
        arm();
    else if (!watch.is_armed) /* the system has no timer left: count, then, all the time */
        lua_sethook(L, look, LUA_MASKCOUNT, UNWINDING);
    if (watch.raised > 0)
        count_down(UNWINDING >> (watch.raised < 30 ? watch.raised : 30));
}

void watch_leave(void)
{
    watch.depth--;
    if (watch.held_us != 0 && can_wait())
        let_go();
}

/* The timer begins anew, so that each tick of it is the turn's own. */
void watch_go_on(struct watch_used used)
{
    watch.ticks = watch.had = watch.looked = used.ticks;
    watch.used_us = used.us;
    watch.tick_us = cpu_us();
    watch.seen = watch.turns;
    arm();
}

bool watch_gave_way(void)
{
    bool gave_way = watch.gave_way;
    watch.gave_way = false;
    return gave_way;
}

struct watch_used watch_used(void)
{
    return (struct watch_used){watch.ticks, watch.used_us};
}

void watch_caught(lua_State *L)
{
    lua_Debug ar;
    unsigned long deep = (unsigned long)watch.depth << 24;
    for (int level = 0; lua_getstack(L, level, &ar); level++)
        deep++;
    if (watch.raised == 0 || deep >= watch.caught)
        return;
    watch.caught = deep;
    watch.is_raising = false;
    watch.raised = 0;
    watch.raised_at = watch.ticks;
    count_down(UNWINDING);
}

/* Called also where an error has unwound the call: L can wait, so Lua goes on here. */
static int watched_done(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    watch_leave();
    if (status != LUA_OK)
        return lua_error(L);
    if (watch_gave_way()) {
        lua_settop(L, 0);
        lua_pushboolean(L, true);
        lua_pushvalue(L, lua_upvalueindex(2));
    }
    return lua_gettop(L);
}

static int watched(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (co == NULL) {
        lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
        return lua_gettop(L);
    }
    watch_enter(co);
    int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, watched_done);
    return watched_done(L, status, 0);
}

void watch_function(lua_State *L, void *wait)
{
    lua_pushlightuserdata(L, wait);
    lua_pushcclosure(L, watched, 2);
}
