/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One script: a Lua state of its own whose main chunk is a coroutine, and further ones that it has
 * started (task.h). Whatever waits (Receive_…, Sleep) yields with a condition and a deadline, and
 * the event loop resumes it. The script ends with its main chunk. It has no way
 * to the system: no files, no programs, no C modules, no debug library, unless it is `unsafe`;
 * `require` finds what is built in (lua/) and files beside the script.
 *
 * Without a world (print mode) nothing waits: whatever is waited for has come.
 */
#ifndef V2G_SCRIPT_SCRIPT_H
#define V2G_SCRIPT_SCRIPT_H

#include "base/pool.h"
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
    const unsigned *beginning; /* players of the run that have yet to get so far that they wait:
                                  vehicles wait for that; may be NULL */
    struct faults *faults;     /* of all roles (faults.h); NULL: none */
    struct box *box[2];        /* at the control pilot of a station, of a vehicle (box.h): the same
                                  but in a relay; NULL: none */
    const char *cable;         /* whose pilot is meant by Pilot (lua/v2g/pilot.lua); NULL: that of
                                  ev0 and evse0 */
    struct store *store;       /* what the scripts of a run share (store.h); may be NULL */
    const char *profile;       /* of the timing parameters; NULL: "strict" */
    const struct script_timer *timer;
    unsigned timers;
    const char *const *argument; /* of the main chunk, its `...` */
    unsigned arguments;
    bool is_unsafe;                         /* the whole of Lua's library */
    size_t memory;                          /* bytes a script may take; 0: 256 MiB. One that holds
                                                many sessions: 1 MiB more for each */
    unsigned busy_ms;                       /* longest time without waiting for anything; 0: 10 s */
    const volatile sig_atomic_t *interrupt; /* not 0: scripts stop; may be NULL */
    const unsigned *keys;                   /* how often a key was pressed; NULL: nobody looks */
    const bool *is_ended_by_user;           /* a session that passes then has shown nothing: it is
                                                inconclusive; may be NULL */
    /* Print mode: what is printed; without a recorder also print() and Log(). */
    void (*print)(void *context, const char *text, size_t n);
    void *context;
};

struct box;
struct faults;
struct role;
struct store;
struct task;

struct script {
    const struct script_options *options;
    const char *path;
    const char
        *by; /* whom its own events are by: the role it plays, once it does ("EVCC"), its file
                       where it plays several; else "" */
    const struct role *plays; /* the first of them */
    lua_State *L;
    struct role *roles;
    struct role *parked;           /* of these: places that nobody has (roles.h) */
    unsigned tables;               /* of those, that have kept their functions */
    struct shared_tls *shared_tls; /* link.h */
    const struct role *place;     /* (roles.h) whose session the task that runs holds; NULL: none */
    struct task *tasks, *current; /* task.h: all that are not over; the one that runs */
    const struct role *called;    /* about whose session a function is that script_call calls */
    struct task *due, *last_due;  /* in line for their turns */
    struct task *asked;           /* wait for what is to be asked at every step */
    struct task *main;            /* that of the main chunk */
    unsigned running_tasks;       /* how many there are */
    unsigned most_tasks;          /* and were, since memory was given back last: tidy.h */
    unsigned tidy_cycles;         /* that are left of that */
    struct timer tidy;
    enum verdict verdict;
    char reason[1024];               /* "secc.lua:12: expected …"; "" for a pass */
    char *traceback;                 /* of an error; NULL where none */
    bool running, started, finished; /* finished: its end has been told */
    bool timed_out;                  /* the current task: its deadline ended its wait */
    bool has_sessions;     /* they have the verdicts: its own is nothing to tell if it is pass */
    bool stop;             /* it is asked to end, as the protocol wants: Stop_Requested() */
    unsigned printed;      /* frames, in print mode */
    int64_t busy_since;    /* of the resume that is going on */
    int64_t step_since;    /* of the step that is going on */
    int times, time_names; /* references of deadline.c; 0: not made yet */
    size_t memory;         /* bytes taken by Lua, and by the arenas of its values */
    struct pool pool;      /* where Lua takes them from */
    size_t turn_memory;    /* that when the turn began: it may take as much as a script may, so that
                           who runs away gets the error, and nobody else */
    char asserted[512];    /* message of the assert that failed last */
    char failed_check[1024]; /* the first; "": none */
    unsigned failed_checks;
    bool has_tested;                 /* a message went or came, or something was checked */
    void (*ended)(struct script *s); /* once, when there is a verdict; may be NULL */
    void (*woken)(struct script *s); /* a connection has changed after that; may be NULL */
    /* A session of a station that goes on has its verdict; may be NULL. */
    void (*session_over)(struct script *s, const struct role *r, enum verdict verdict,
                         const char *text);
    void *context; /* of these */
};

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

/* Asks it to end as the protocol wants, where it looks at that: Stop_Requested(). */
void script_stop(struct script *s);

/* The same to so many of its tasks that have not been asked yet, so that not all end at once. True:
 * all have been, and so has the script. */
bool script_stop_some(struct script *s, unsigned n);

/* Ends the script from outside. */
void script_abort(struct script *s, enum verdict verdict, const char *why);

static inline bool script_has_ended(const struct script *s)
{
    return s->verdict != VERDICT_NONE;
}

/* ORDER VERDICT: "", "pass", "fail", "inconclusive", "error". */
const char *verdict_name(enum verdict v);

/* Microseconds since 1970 in the script's world. */
static inline int64_t script_now(const struct script *s)
{
    return world_now(s->options->world);
}

#endif
