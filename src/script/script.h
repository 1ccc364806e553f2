/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One script: a Lua state of its own whose main chunk is a coroutine. Whatever waits (Receive_…,
 * Sleep) yields with a condition and a deadline, and the event loop resumes it. A script has no way
 * to the system: no files, no programs, no C modules, no debug library, unless it is `unsafe`;
 * `require` finds what is built in (lua/) and files beside the script.
 *
 * Without a world (print mode) nothing waits: whatever is waited for has come.
 */
#ifndef V2G_SCRIPT_SCRIPT_H
#define V2G_SCRIPT_SCRIPT_H

#include "session/peer.h"
#include "wire/world.h"

#include <lua.h>
#include <signal.h>

/* ORDER VERDICT */
enum verdict {
    VERDICT_NONE, /* it still runs */
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_INCONCLUSIVE,
    VERDICT_ERROR, /* an error in the script, not of what it tested */
};

/* A timing parameter that the user sets: --timer V2G_SECC_Sequence_Timeout=10s */
struct script_timer {
    const char *name;
    int64_t ms;
};

/* What scripts of a run have in common. All pointers must outlive the scripts. */
struct script_options {
    struct library *library;
    struct recorder *recorder; /* may be NULL */
    struct world *world;       /* NULL: print mode */
    const char *beside;        /* the file beside which scripts find others; NULL: the script */
    const char *protocol;      /* NULL: what is agreed, ISO15118-2 first */
    struct peer_options peer;  /* interface, address, …; the protocol above comes first; what
                                      a role chooses of TLS goes over its choice */
    const uint8_t *id;         /* SessionID, instead of what the messages say; NULL: none */
    uint8_t id_size;           /* at most 8 */
    const char *profile;       /* of the timing parameters; NULL: "strict" */
    const struct script_timer *timer;
    unsigned timers;
    bool is_unsafe;                         /* the whole of Lua's library */
    size_t memory;                          /* bytes a script may take; 0: 256 MiB */
    unsigned busy_ms;                       /* longest time without waiting for anything; 0: 10 s */
    const volatile sig_atomic_t *interrupt; /* not 0: scripts stop; may be NULL */
    /* Print mode: what is printed; without a recorder also print() and Log(). */
    void (*print)(void *context, const char *text, size_t n);
    void *context;
};

struct wait {
    bool (*ready)(void *context); /* NULL: only the time counts */
    void *context;
    int64_t deadline_us; /* as script_now; 0: none */
};

struct role;

struct script {
    const struct script_options *options;
    const char *path;
    const char *by;      /* "EVCC", "SECC": the role it plays, once it does; else "" */
    lua_State *L, *main; /* main: the coroutine of the main chunk */
    struct role *roles;
    enum verdict verdict;
    char reason[1024]; /* "secc.lua:12: expected …"; "" for a pass */
    char *traceback;   /* of an error; NULL where none */
    bool running, started, timed_out;
    struct wait wait;
    unsigned printed;                               /* frames, in print mode */
    int64_t busy_since;                             /* of the resume that is going on */
    size_t memory;                                  /* bytes taken by Lua */
    char asserted[512];                             /* message of the assert that failed last */
    struct timer timer;                             /* for the deadline */
    void (*ended)(struct script *s, void *context); /* once, when there is a verdict; may be NULL */
    void *ended_context;
};

/* The folder in which a script finds files, with its '/'; empty: the current one. */
struct slice script_folder(const struct script *s);

/* Reads the script at path (its text, if not NULL; then path is only its name). -1: e says
 * file:line. What was opened has to be closed, also then. */
int script_open(struct script *s, const struct script_options *o, const char *path,
                const char *text, struct err *e);

/* Closes connections and frees everything but s itself; not while it runs, nor within a callback of
 * its connections. */
void script_close(struct script *s);

/* Runs the script until it waits or ends; also to be called when something changed that it may wait
 * for. */
void script_step(struct script *s);

/* Ends the script from outside. */
void script_abort(struct script *s, enum verdict verdict, const char *why);

static inline bool script_has_ended(const struct script *s)
{
    return s->verdict != VERDICT_NONE;
}

/* Microseconds since 1970 in the script's world. */
static inline int64_t script_now(const struct script *s)
{
    return world_now(s->options->world);
}

/* ---- for functions that scripts call ---- */

struct script *script_of(lua_State *L);

/* Waits, then calls `then`; script_of(L)->timed_out says whether the deadline ended the wait. */
int script_wait(lua_State *L, const struct wait *w, lua_KContext context, lua_KFunction then);

/* Ends the script with a verdict; reason gets the line. Does not return to the script. */
int script_verdict(lua_State *L, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where the script is, as "secc.lua:12"; returns out. */
const char *script_where(lua_State *L, char *out, size_t size);

/* Raises e with the line of the script. */
int script_raise(lua_State *L, const struct err *e);

/* Raises where the table at `at` has any key but those of known: " role at ", a blank around
 * each. */
void script_check_keys(lua_State *L, int at, const char *known);

/* The integer on top of the stack; raises where it is none from least to most. what: its name. */
lua_Integer script_check_number(lua_State *L, const char *what, lua_Integer least,
                                lua_Integer most);

/* Records an event of the script, of the session that it began last. where may be "". */
void script_record(const struct script *s, enum event_kind kind, bool ok, const char *where,
                   const char *text);

/* Prints a line of text: print mode without a recorder; else it is a log event. */
void script_log(lua_State *L, const char *text, size_t n);

/* ORDER VERDICT: "", "pass", "fail", "inconclusive", "error". */
const char *verdict_name(enum verdict v);

#endif
