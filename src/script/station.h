/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ready-made vehicles and a station in one world (world.h). The station has one SDP server and one
 * TCP listener; every connection goes to a script instance of its own (its text calls Accept() in a
 * loop, see behaviour.h), so that vehicles are served at once and one after another, and one that
 * misbehaves disturbs no other. A script that has finished a session waits for the next vehicle.
 */
#ifndef V2G_SCRIPT_STATION_H
#define V2G_SCRIPT_STATION_H

#include "script/script.h"

struct station_options {
    struct script_options common;     /* `world` NULL: the real one; tls: where the station's
                                              scripts do not say */
    struct tls_choice vehicle_choice; /* of the vehicles' TLS; that of `common` is the station's */
    const char *vehicle_beside; /* beside which the vehicles find files; of `common`: the station */
    const char *station;        /* Lua text of the station's scripts; NULL: there is no station */
    const char *vehicle;        /* Lua text of a vehicle; NULL: there is none */
    unsigned vehicles;          /* that many at once */
    unsigned sessions;          /* the station ends after so many; 0: it goes on */
    unsigned tick_ms;           /* how often `tick` is called; 0: never */
    void (*tick)(void *context);
    /* A session or a vehicle has its verdict. by: "EVCC" or "SECC". May be NULL. */
    void (*over)(void *context, const char *by, enum verdict verdict, const char *text);
    /* Ctrl-C, for the first time: sessions end as the protocol wants. May be NULL. */
    void (*stopping)(void *context);
    void *context;
};

/* Runs until all vehicles have ended, or the user ends it. Returns enum run_exit (run.h), the worst
 * of all sessions. e: what kept it from starting. */
int station_run(const struct station_options *o, struct err *e);

#endif
