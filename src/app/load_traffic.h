/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When vehicles come. Open: at a rate, whatever becomes of those before; who finds no place free is
 * held back, and counted. Closed: as many vehicles as there are places, each of which comes again
 * once it has gone and rested. At first fewer come, up to all of them at the end of the ramp.
 */
#ifndef V2G_APP_LOAD_TRAFFIC_H
#define V2G_APP_LOAD_TRAFFIC_H

#include "wire/world.h"

struct traffic_plan {
    double rate;     /* a second; 0: closed */
    unsigned places; /* for vehicles at once */
    int64_t ramp_us;
    int64_t rest_us[2]; /* from, to */
    bool is_random;     /* open: at random times (Poisson), instead of evenly */
    double first;       /* open: arrivals that others of the same kind have had before */
};

/* Where a vehicle is. */
struct traffic_place {
    struct traffic *traffic;
    struct traffic_place *next; /* of those that are free */
    struct timer rest;
    int64_t came_us;
};

struct traffic {
    struct world *world;
    struct traffic_plan plan;
    /* One comes, to that place; false: no more are to come. */
    bool (*come)(void *context, unsigned place);
    void (*over)(void *context); /* once: no more come, and all have gone */
    void *context;
    struct traffic_place *place, *free;
    struct timer next;
    int64_t began_us;
    double due; /* arrivals until the next one */
    unsigned here;
    uint64_t held_back;
    bool is_over, is_told; /* no more come; so `over` has been told */
};

/* -1: out of memory. */
int traffic_open(struct traffic *t, struct world *world, const struct traffic_plan *plan,
                 bool (*come)(void *context, unsigned place), void (*over)(void *context),
                 void *context);
void traffic_close(struct traffic *t);

void traffic_begin(struct traffic *t);

/* No more come. */
void traffic_end(struct traffic *t);

/* The vehicle at that place has gone. */
void traffic_gone(struct traffic *t, unsigned place);

#endif
