/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live view: what charges now, on a few lines of the terminal that are drawn again and again:
 * step, state of charge, voltage, current, power, energy, time left, and how long the step has been
 * going on; of a vehicle that serves the grid also that, and before it all the plug and SLAC. Of a
 * relay it is what the vehicle says and is told, and each leg has a line. Read from the messages
 * themselves, so it shows what was really said.
 */
#ifndef V2G_APP_VIEW_H
#define V2G_APP_VIEW_H

#include "app/view_grid.h"
#include "app/view_link.h"
#include "record/event.h"

#include <stdio.h>

/* One leg of a relay: what goes over it, and what is said there of the output. */
struct view_leg {
    unsigned frames;
    bool has_voltage, has_current;
    double voltage, current;
    int64_t taken_us,
        most_us; /* that the relay had the last frame that it sent here; the longest */
};

struct view {
    FILE *out;
    unsigned drawn;  /* lines that stand on the screen */
    int columns;     /* of the terminal */
    char step[48];   /* of the last request */
    char notes[480]; /* last log line, verdict or notification */
    int64_t step_us, start_us, us;
    unsigned count; /* of that request in a row */
    unsigned frames, vehicles;
    unsigned phases; /* of AC; 0: it is DC, or nobody has said */
    bool has_soc, has_voltage, has_current, has_left;
    double soc, voltage, current, limit, left_s, energy_wh, power;
    int64_t energy_us; /* when energy was counted up to; 0: not yet */
    struct view_grid grid;
    struct view_link link[LEG_STATION + 1]; /* ORDER EVENT_LEG */
    struct view_leg leg[LEG_STATION + 1];   /* ORDER EVENT_LEG */
};

void view_open(struct view *v, FILE *out);

/* An event_sink; context is the struct view. */
void view_event(void *context, const struct event *e);

/* Draws it again. */
void view_show(struct view *v);

/* Leaves the last picture above whatever is printed next. */
void view_close(struct view *v);

#endif
