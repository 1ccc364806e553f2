/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread of `v2glab load`: a loop of its own, in which vehicles come, or stations wait for
 * them; and what it has found. Nothing but the plan is shared by several.
 */
#ifndef V2G_APP_LOAD_WORKER_H
#define V2G_APP_LOAD_WORKER_H

#include "app/load_figures.h"
#include "app/load_traffic.h"
#include "script/faults.h"
#include "script/fleet.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#define LOAD_KINDS_MOST 64
#define LOAD_STATIONS_MOST 64
#define LOAD_THREADS_MOST 64

/* What all threads play; they only read it, but for what is marked. */
struct load_plan {
    uint8_t side;                 /* that is measured: FROM_EVCC, FROM_SECC */
    struct script_options script; /* of both sides; without a library, a recorder and faults */
    struct script_options other;  /* of stations that are played for the vehicles */
    const struct library *library;
    const struct faults *faults;
    struct ready kind[LOAD_KINDS_MOST]; /* of vehicles; of stations in turn */
    double share[LOAD_KINDS_MOST];
    unsigned kinds;
    struct ready station; /* played for the vehicles, where no address is given */
    const char *address[LOAD_STATIONS_MOST];
    unsigned addresses, stations; /* stations: that each thread plays itself */
    const struct endpoint *source;
    unsigned sources;            /* own addresses of vehicles, in turn; 0: they have none */
    struct traffic_plan traffic; /* of all threads */
    uint64_t total;              /* sessions; 0: no end */
    int64_t duration_us;         /* 0: no end */
    unsigned threads;
    bool keeps_failures;
    struct record_options record; /* path: that of the folder, once there is one */
    unsigned failures_most;
    /* shared: */
    atomic_uint_least64_t came, ended;
    atomic_uint failures;
    atomic_uint open, most;         /* sessions of all threads: now, and at most */
    pthread_mutex_t lock;           /* of what follows */
    double credit[LOAD_KINDS_MOST]; /* what of its share each kind has not had */
    bool has_folder;
    char folder[RECORD_PATH_MAX];
};

/* What others may ask a worker for. */
enum load_wish { LOAD_GO_ON, LOAD_STOP, LOAD_ABORT };

struct load_worker {
    struct load_plan *plan;
    unsigned index;
    struct library library;
    struct faults faults;
    struct ready station[LOAD_STATIONS_MOST];
    struct recorder recorder;
    struct world *world;
    struct script_run *run;
    struct fleet fleet;
    struct player *vehicles;
    unsigned stations, listening;
    char address[LOAD_STATIONS_MOST][ENDPOINT_TEXT];
    const char *addresses[LOAD_STATIONS_MOST];
    struct traffic traffic;
    struct timer end, asks, cut, counts;
    unsigned asked_at_once; /* to end, of those that are going on */
    int64_t stopped_us;     /* nothing is measured from then on; 0: it is */
    uv_async_t asked;
    atomic_int wish;
    pthread_t thread;
    void (*over)(void *context); /* from its thread, as the last thing that it does */
    void *context;
    struct err problem;   /* set: it could not begin, or its script went wrong */
    pthread_mutex_t lock; /* of what follows, and whether `asked` is open */
    bool is_open;
    struct open_sessions sessions;
    struct load_figures figures; /* without the turnarounds of messages */
    struct turnaround connect, session;
};

/* Zero but for plan, index, over and context. Begins in a thread. -1: e. */
int load_worker_start(struct load_worker *w, struct err *e);

/* Asks it; it comes to its end by itself. Also once it has ended. */
void load_worker_ask(struct load_worker *w, enum load_wish wish);

/* Adds what it has found so far. -1: out of memory. */
int load_worker_add(struct load_worker *w, struct load_figures *to);

/* Waits for its thread, and frees what it has. */
void load_worker_close(struct load_worker *w);

#endif
