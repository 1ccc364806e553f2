/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tasks of a script: coroutines that wait side by side, each with a condition and a deadline of
 * its own. The main chunk is the first, and the script ends with it. What goes wrong in a task goes
 * wrong in the script.
 *
 *   Start(function, …)   starts a task with these arguments, goes on once it waits or has ended
 *   Wait_For(task, …)    waits until all of them have ended: what the first one has returned
 *   Guard(function, …)   calls it: true and its results; where it would end the script, false,
 *                        the verdict ("fail", "error", …), and why
 *   Traceback([text[, level]])  where it is, as debug.traceback tells
 *   Stop_Requested()     true once the user wants to end (Ctrl-C)
 */
#ifndef V2G_SCRIPT_TASK_H
#define V2G_SCRIPT_TASK_H

#include "script/call.h"

struct wait {
    bool (*ready)(void *context); /* NULL: only the time counts */
    void *context;
    int64_t deadline_us; /* as script_now; 0: none */
    struct role *role;   /* nothing else changes what `ready` says, and task_wake tells when; NULL:
                            it is asked at every step of the script, */
    bool is_told;        /* unless whoever changes it gives the task a turn */
    bool is_for_more;    /* sessions of the role: the task is about none that it holds */
};

/* The value that a wait yields, told from a script's own yields by its address, so that
 * threads may share it. */
extern char TASK_WAIT;

/* Makes the functions above in L. */
void tasks_open(lua_State *L);

/* A task that runs the function on top of L, popped; it starts with the next step. */
struct task *task_new(lua_State *L);

/* The value on top of L, popped, is one more argument of a task that has not begun. */
void task_give(struct task *t, lua_State *L);

/* The task that the value at that index is; NULL: none. */
struct task *task_at(lua_State *L, int index);

bool task_is_over(const struct task *t);

/* The role that it has waited for last; NULL: none yet. */
struct role *task_role(const struct task *t);

/* Something has changed that tasks which wait for the role may wait for: they have their turns with
 * the next step. */
void task_wake(const struct role *r);

/* Before the state is closed: nothing in the loop leads to its tasks any more. */
void tasks_close(struct script *s);

/* Whether it is asked to end: Stop_Requested(). */
bool task_is_stopped(const struct task *t);

/* Waits, then calls `then`; script_of(L)->timed_out says whether the deadline ended the wait. */
int script_wait(lua_State *L, const struct wait *w, lua_KContext context, lua_KFunction then);

struct script_about {
    const struct role *role; /* whose session it is about */
    const char *where;       /* "file.lua:12", of an error that has no text of its own */
};

/* Calls function(argument, light) from outside the tasks' turns, or within one; it cannot wait.
 * What goes wrong in it goes wrong in the task that holds the session in a Guard, where it waits
 * next; without such a task, in the script. False: something did, or the script has ended
 * otherwise. The next script_step has it told. */
bool script_call(lua_State *L, const struct script_about *about, lua_CFunction function,
                 void *argument);

#endif
