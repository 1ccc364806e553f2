/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A campaign: cases, played one after the other or in several processes side by side, each in a
 * world of its own. A case that crashes or hangs costs itself and no other. Every case has its
 * result, as docs/results.md tells.
 */
#ifndef V2G_SUITE_CAMPAIGN_H
#define V2G_SUITE_CAMPAIGN_H

#include "suite/part.h"

#include <signal.h>

/* Which records stay. ORDER RECORDS */
enum records { RECORDS_ALL, RECORDS_FAILED, RECORDS_NONE };

struct campaign {
    const struct script_options *script;
    const json_t *cases; /* list of objects: at least file and id */
    const json_t *texts; /* what the files say, by their names */
    const json_t *given; /* for every case: options of the campaign */
    bool plays_device;   /* the own one, brought to what each case needs; else drivers may act */
    bool mutates;        /* plays a case that passes once more for each of its negations */
    unsigned jobs;       /* processes */
    unsigned timeout_s;  /* of a case, in the world's time; 0: none */
    const char *records; /* a folder for each case in that one; NULL: none */
    enum records keeps;  /* which records stay; those of cases that pass are packed */
    bool leaves_records; /* those that do not stay are removed by who is told of the result */

    /* The world of a case, and what closes it. NULL: e. */
    struct world *(*enter)(void *context, const json_t *which, struct err *e);
    void (*leave)(void *context, struct world *world);

    /* In the campaign's process: a case begins (result NULL), or has its result. False: no other
     * case begins any more. */
    bool (*told)(void *context, size_t index, const json_t *result);

    /* Whether this result is the last that is wanted; asked in the process that played the case.
     * NULL: all are. */
    bool (*ends)(void *context, const json_t *which, const json_t *result);

    /* In the process of the caller: once a second, and when `keys`, a descriptor, can be read (-1:
     * none). May be NULL. */
    void (*tick)(void *context, bool has_key);
    int keys;
    _Atomic bool *asks; /* true while a case asks the operator, whose line is no key; shared by all
                           processes; NULL: `keys` is none */

    /* While it is true, cases that are played show their ladder; NULL: never. */
    const _Atomic bool *ladder;
    unsigned detail; /* of the ladder (ladder.h) */
    int ladder_to;   /* a descriptor */

    /* Lua of tester and device (part.h); NULL: those of cases. */
    const char *tester, *device;
    void *context;
};

/* Whether that of a planned case stays, by its result. */
bool records_keep(enum records keeps, const json_t *which, const json_t *result);

/* Plays all; after the first SIGINT or SIGTERM only those that have begun. The number of cases that
 * were played, or -1: e. */
int campaign_play(const struct campaign *c, struct err *e);

/* Plays one case, here and now; its result, the caller's. mutation: NULL, or one of those that the
 * result of the case has named. */
json_t *campaign_case(const struct campaign *c, const json_t *which, const json_t *mutation);

#endif
