/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: players in one world (world.h), until each has its verdict. A player is a script, its own
 * or one that is built in (that of a ready-made vehicle or station, ready.h; a case, suite/part.h);
 * any number can be added at any time. Those that are added in the same turn of the loop begin
 * together: a vehicle does nothing until the others have got so far that they wait, so that
 * stations listen before they are looked for.
 *
 * Without a world (print mode): each message that a script sends is printed as the reference pages
 * show it, and whatever it waits for has come, with defaults.
 */
#ifndef V2G_SCRIPT_RUN_H
#define V2G_SCRIPT_RUN_H

#include "script/script.h"

/* ORDER RUN_EXIT: the worst of all verdicts. */
enum run_exit { RUN_PASS, RUN_FAIL, RUN_INCONCLUSIVE, RUN_ERROR };

/* Why a run in virtual time ends where its scripts do not. */
#define RUN_NOTHING_COMES "it waits for what cannot come: nobody else plays, and no time is set"

struct player;
struct script_run;

/* A script that is no file. Whoever plays it has more behind these. */
struct built_in {
    const char *text;
    /* Gives the script its arguments before it begins. -1: e. */
    int (*give)(const struct built_in *own, struct script *s, struct err *e);
};

/* For give: calls push(own), which gives the script its arguments, where Lua's errors are caught.
 * -1: e. */
int built_in_push(struct script *s, lua_CFunction push, const void *own, struct err *e);

/* How a session ended. */
struct session_end {
    const struct player *player;
    const char *by; /* "SECC" */
    enum verdict verdict;
    const char *text;
    uint32_t session; /* as its events are numbered; 0: there is no record, or it never began */
    uint32_t number;  /* of a fleet's vehicle (fleet.h) */
};

/* What the caller is told; each may be NULL. */
struct run_events {
    /* A player has its verdict: s->verdict, reason, traceback, path. s lives until this returns. */
    void (*ended)(void *context, const struct player *p, const struct script *s);

    /* A session of a player that holds several has its verdict. */
    void (*session_over)(void *context, const struct session_end *end);

    /* The last player has gone: nothing of the run is in the loop any more. */
    void (*over)(void *context);
};

/* NULL: out of memory. */
struct script_run *run_open(struct world *world, const struct run_events *events, void *context);

/*
 * Adds a player: the script at path ("-": stdin), or one built in (path is then its name). o is
 * copied, and what it and `own` point to must outlive the player; the run sets world and store.
 * NULL: e.
 */
struct player *run_add(struct script_run *run, const struct script_options *o, const char *path,
                       const struct built_in *own, struct err *e);

/* Begins, and runs the world until nothing is left to do in it. Who has a loop of its own calls
 * world_run, or whatever runs it, instead. */
void run_play(struct script_run *run);

/* Asks a player, or all of them, to end as the protocol wants: Stop_Requested(). */
void run_stop_player(struct player *p);
void run_stop(struct script_run *run);

/* Something that scripts look at has changed: those that wait for it go on. */
void run_wake(struct script_run *run);

/* So many of a player's sessions that have not been asked yet. True: all have been, and so has the
 * player. */
bool run_stop_some(struct player *p, unsigned n);

/* Ends all at once: inconclusive, "interrupted". */
void run_abort(struct script_run *run);

/* Octets that Lua has taken for all its players. */
size_t run_memory(const struct script_run *run);

enum run_exit run_result(const struct script_run *run);

/* Not within one of its callbacks. */
void run_close(struct script_run *run);

#endif
