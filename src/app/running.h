/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts that are played as a command line says (`run`, `replay`): in which network and time, with
 * or without the ready-made side, with a ladder and a record.
 */
#ifndef V2G_APP_RUNNING_H
#define V2G_APP_RUNNING_H

#include "app/ready_side.h"
#include "app/screen.h"
#include "app/session_options.h"
#include "script/run.h"

/* Zero before its first use, but for session (session_options_open) and what is given. */
struct running {
    struct session_options session;
    const char *const *script; /* their paths; */
    unsigned scripts;
    const struct built_in *own; /* they are this, and the paths names only; NULL: they are files */
    bool print;                 /* print mode (script/run.h) */
    const char *against;        /* the ready-made side that is played, "ev" or "evse"; NULL: none */
    struct ready_side side;     /* what is said of it, */
    bool lab;
    event_sink sink; /* gets all events, too; NULL: nobody does */
    void *context;   /* of the sink */

    struct script_run *run;
    unsigned left;             /* scripts that have not ended */
    struct script_options its; /* what the other side's player has, */
    struct fleet fleet;        /* of a vehicle, */
    struct player *other;      /* and the player, while it plays */
    struct screen screen;
};

extern const char *const RUNNING_SIDES[]; /* of --against */

#define RUNNING_AGAINST(at_)                                                                       \
    {                                                                                              \
        "against", 0, "SIDE",                                                                      \
            "ev or evse: plays the ready-made vehicle or station as well, for the\nscript to "     \
            "meet",                                                                                \
            OPTION_NAME, .at = at_, .names = RUNNING_SIDES                                         \
    }

extern const struct instead RUNNING_INSTEAD[]; /* what ready-made sides alone have */

#define RUNNING_LAB(at_)                                                                           \
    {                                                                                              \
        "lab", 0, NULL,                                                                            \
            "an isolated network of its own (`v2glab lab --help`); this is what\n"                 \
            "is used without --interface and --peer",                                              \
            .at = at_                                                                              \
    }

/* Whether what is said of the other side fits. 0, or the exit code; it has been reported. */
int running_check(const struct running *r, struct options *o);

/* Plays them to their end. The exit code; what went wrong has been reported. */
int running_play(struct running *r);

#endif
