/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends what a script runs for longer than it may (script_options.busy_ms), and lets Ctrl-C and the
 * record have their say meanwhile. Nothing is counted while it runs: a timer of the thread looks
 * every WATCH_MS of its CPU time whether the same turn is still going on, and only then are
 * instructions counted, until its time is looked at. The time is CPU time as well, so that nobody
 * is ended because the machine is busy. What has run for too long gets an error wherever it is,
 * also in a coroutine of its own; where it catches that, it gets the next one soon, and at last one
 * at each instruction, so that no pcall holds it.
 *
 * Where sessions share a state in real time, a turn that lasts gives way to the others' each time
 * the timer finds it, and goes on behind them: it waits at an instruction of its script, in
 * whatever coroutine, or in a function of C that looks for that. It cannot where C has called Lua
 * in a way that nothing can wait in (a filter of frames, __tostring, a handler of errors): there it
 * has WATCH_HELD_MS, and then gets an error, too. Private to src/script.
 */
#ifndef V2G_SCRIPT_WATCH_H
#define V2G_SCRIPT_WATCH_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#define WATCH_MS 5       /* of CPU time */
#define WATCH_HELD_MS 20 /* likewise, from the first tick on */

/* What runs on L from here on is watched. Turns lie within each other, and what was entered last is
 * left first. */
void watch_enter(lua_State *L);
void watch_leave(void);

/* What a turn has had that gives way. */
struct watch_used {
    unsigned ticks; /* of the timer */
    int64_t us;     /* of CPU time; what comes before the first tick is not counted */
};

/* The turn that was entered is one that has given way before, after that. */
void watch_go_on(struct watch_used used);

/* Whether what was left last has given way, told once. It has yielded nothing, and is resumed with
 * nothing. */
bool watch_gave_way(void);

/* Of the turn that was left last. */
struct watch_used watch_used(void);

/* For loops in C that what a script hands over makes long: raises where its time is over. Whether
 * the turn has to give way here; who cannot leaves it at that. Costs little where nothing is to be
 * done. */
bool watch_look(lua_State *L);

/* To be returned by a function of C that watch_look has said this to; it goes on in `then`, with
 * the stack as it is. */
int watch_give_way(lua_State *L, lua_KContext context, lua_KFunction then);

/* For handlers of messages: the error is that of a turn whose time is over. They are called where
 * it was raised, and there nothing counts; so no handler of a script's may run. */
bool watch_has_raised(void);

/* A Guard has caught an error: what it belongs to goes on, and gets the time that it needs for its
 * end; but once only where it does the same again. */
void watch_caught(lua_State *L);

/* The function of Lua on top of L, which runs the coroutine that is its first argument, is replaced
 * by one that does the same, watched; where that gives way, it returns true and `wait`. */
void watch_function(lua_State *L, void *wait);

#endif
