/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends what a script runs for longer than it may (script_options.busy_ms), and lets Ctrl-C and the
 * record have their say meanwhile. Nothing is counted while it runs: a timer of the thread looks
 * every WATCH_MS of its CPU time whether the same turn is still going on, and only then are
 * instructions counted, until its time is looked at. The time is CPU time as well, so that nobody
 * is ended because the machine is busy. What has run for too long gets an error wherever it is,
 * also in a coroutine of its own; where it catches that, it gets the next one soon, and at last one
 * at each instruction, so that no pcall holds it. Private to src/script.
 */
#ifndef V2G_SCRIPT_WATCH_H
#define V2G_SCRIPT_WATCH_H

#include <lua.h>
#include <stdbool.h>

#define WATCH_MS 10 /* of CPU time */

/* What runs on L from here on is watched. Turns lie within each other, and what was entered last is
 * left first. */
void watch_enter(lua_State *L);
void watch_leave(void);

/* For loops in C that what a script hands over makes long: raises where its time is over. */
void watch_look(lua_State *L);

/* For handlers of messages: the error is that of a turn whose time is over. They are called where
 * it was raised, and there nothing counts; so no handler of a script's may run. */
bool watch_has_raised(void);

/* A Guard has caught an error: what it belongs to goes on, and gets the time that it needs for its
 * end; but once only where it does the same again. */
void watch_caught(lua_State *L);

/* The function of Lua on top of L, which runs the coroutine that is its first argument, gives way
 * to one that does the same, watched. */
void watch_function(lua_State *L);

#endif
