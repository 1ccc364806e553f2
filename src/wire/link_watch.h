/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the link of an interface: whether its carrier is there, as the system tells by rtnetlink.
 * That is the D-LINK of a cable between two devices; what SLAC finds out lies behind a modem.
 */
#ifndef V2G_WIRE_LINK_WATCH_H
#define V2G_WIRE_LINK_WATCH_H

#include "wire/lab.h"
#include "wire/world.h"

struct link_watch;

/* The links of a world that nobody but this program plugs: who watches them. */
struct link_watches {
    struct link_watch *first;
    bool is_ours;
    struct lab_gates gates;
};

/*
 * Calls `changed` from the loop each time that the link of the interface comes up or goes down;
 * what it is when this begins is no change. NULL: there is nothing to watch. In a virtual world
 * that is the cable, as link_plug has it; behind a gate (link_gate) in any.
 */
struct link_watch *link_watch_open(struct world *world, const char *interface,
                                   void (*changed)(void *context, bool is_up), void *context);

/* Says at both ends of a virtual world's cable that its link is up, or down; what is sent arrives
 * all the same. False: the world is real, and nobody here can plug. */
bool link_plug(struct world *world, bool is_up);

/* From here on a vehicle's interface and a station's (lab_cable_of) of this world's network are
 * behind modems: IP goes from one to the other only while the gate between them is open, and
 * watches are told. In a real world whoever has the gate keeps the frames. */
void link_gate(struct world *world, const char *vehicle, const char *station, bool is_open);

/* NULL is allowed. */
void link_watch_close(struct link_watch *w);

#endif
