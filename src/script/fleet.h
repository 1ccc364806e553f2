/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ready-made vehicles as one player of a run: one script and one Lua state, a task for each of
 * them, which come when they are told to. What a vehicle knows ends with it: the verdict of each is
 * told by run_events.session_over, and the player ends when no more are to come and the last one
 * has ended.
 */
#ifndef V2G_SCRIPT_FLEET_H
#define V2G_SCRIPT_FLEET_H

#include "script/ready.h"

struct coming;

struct fleet {
    struct built_in built_in;
    struct ready *kind; /* what is said of vehicles of each kind */
    unsigned kinds;
    struct role *role; /* in whose name they play; NULL: the script is not there (any more) */
    struct coming *first, *last; /* that are to come */
    bool one_came;               /* since the loop had a turn */
    bool is_over;                /* no more are to come */
    /* Where they connect to, in turn, instead of what the run's options say; none: by those. They
     * are looked at when a vehicle comes. */
    const char *const *address;
    unsigned addresses;
    const struct endpoint *source; /* likewise: where they come from */
    unsigned sources;
    /* The interfaces that they are at, in turn; none: ev0. */
    const char *const *interface;
    unsigned interfaces;
    unsigned sent; /* vehicles so far; whose turn the next one's is, also where others send some */
};

/* kind must live as long as the run. */
void fleet_open(struct fleet *f, struct ready *kind, unsigned kinds);

/* Before it is added: where the options of a kind are wrong the player ends with an error, before
 * one comes, instead of each vehicle. */
void fleet_check(struct fleet *f);

/* What plays it, for run_add. */
const struct built_in *fleet_built_in(struct fleet *f);

/* One more is to come, of that kind, also before the run begins. number: of your own, told with its
 * end. -1: out of memory. */
int fleet_send(struct fleet *f, unsigned kind, uint32_t number);

/* No more are to come. */
void fleet_end(struct fleet *f);

/* After the run. */
void fleet_close(struct fleet *f);

#endif
