/* SPDX-License-Identifier: Apache-2.0 */
/* The options that `run`, `ev` and `evse` have in common: network, protocol, times, TLS, record. */
#ifndef V2G_APP_SESSION_OPTIONS_H
#define V2G_APP_SESSION_OPTIONS_H

#include "app/options.h"
#include "script/faults.h"

#define SESSION_TIMERS 32

struct record;
struct recorder;

/* ORDER RECORD_KEEP */
enum record_keep { KEEP_ALL, KEEP_FAILED };

struct session_options {
    struct script_options script; /* its `timer` points into this structure */
    struct script_timer timer[SESSION_TIMERS];
    struct faults faults;
    const char *record;    /* NULL: runs/DATE */
    unsigned record_lines; /* enum record_lines */
    uint64_t record_limit; /* octets; 0: none */
    unsigned record_keep;  /* enum record_keep */
    bool no_record, quiet, virtual_time;
    unsigned seed;     /* of virtual time */
    const char *bench; /* of script/bench.h; NULL: none */
    const char *pilot; /* of script/box.h; NULL: it is virtual */
    bool has_relay;    /* between two cables, the second one to the station: */
    const char *station_pilot;
    struct line *line; /* it, once entered */
    unsigned verbose;
};

/* Its rows in a table of options; at: where the command has its struct session_options. */
#define SESSION_OPTIONS(at_)                                                                       \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = SESSION_OPTION                                   \
    }
extern const struct option SESSION_OPTION[];

/* Of these the ones that say how connections are made, whoever is at their other end. */
#define CONNECTION_OPTIONS(at_)                                                                    \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = CONNECTION_OPTION                                \
    }
extern const struct option CONNECTION_OPTION[];

/* Likewise: in which time it is played, what is shown, and where the record is. */
#define RUN_OPTIONS(at_)                                                                           \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = RUN_OPTION                                       \
    }
extern const struct option RUN_OPTION[];

/* Likewise: how the record is written, of those commands that have one. */
#define RECORD_OPTIONS(at_)                                                                        \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = RECORD_OPTION                                    \
    }
extern const struct option RECORD_OPTION[];

/* tls: where --tls says nothing. */
void session_options_open(struct session_options *s, struct library *library, enum peer_tls tls);

/* Before anything is played: whether what was said of network and certificates is there at all. A
 * station (is_station) shows other certificates than a vehicle. -1: e. */
int session_check(const struct session_options *s, bool is_station, struct err *e);

/* Only that there is such an interface: what is down, or has no address yet, may come. -1: e. */
int session_check_network(const struct peer_options *peer, struct err *e);

/*
 * Goes where the session takes place: into the lab, where neither --interface nor --peer is given,
 * or into virtual time. The world, for the caller to close; NULL: e.
 */
struct world *session_enter(struct session_options *s, bool wants_lab, struct err *e);

/* Closes the bench, and the world (NULL: there is none). */
void session_leave(struct session_options *s, struct world *world);

/* The record that is wanted, NULL where none is. -1: it cannot be made; e. */
int session_record_open(const struct session_options *s, struct recorder *r, struct record **made,
                        struct err *e);

/* Closes it, and says where it is, and what is missing; one of a run that came to nothing (its
 * options or its script were wrong) goes, unless its place was given. The exit code, by that of the
 * session. */
int session_record_close(const struct session_options *s, struct record *r, int status);

/* The exit code, also by the faults that the user wants: one that never happened is an error. */
int session_exit(const struct session_options *s, int status);

#endif
