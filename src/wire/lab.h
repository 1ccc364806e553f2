/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab: a network of its own, in which nothing can reach or disturb another network. Two network
 * namespaces, joined by a cable (a veth pair): `ev0` with fe80::ff:fe00:e1 on the vehicle's side,
 * `evse0` with fe80::ff:fe00:e2 on the station's. Each side has its own loopback interface.
 *
 * Two namespaces, because within one the kernel would hand packets between its own addresses over
 * without any interface: no multicast, nothing to capture. One process holds sockets of both: a
 * socket stays on the side that was on when it was made. sdp_open, stream_listen and stream_connect
 * put the side on that has their interface, so that a caller names "ev0" or "evse0" and need not
 * know more. The station's ::1 is therefore not the vehicle's; addresses without an interface lie
 * on the vehicle's side (or on that of lab_exec), for both.
 *
 * Root takes the network namespaces alone; anybody else gets a user namespace around them, in which
 * they keep their user id. No file is made; the lab is gone when its last process ends.
 *
 * Who stands between a vehicle and a station needs two cables: lab_second_cable lays `ev1` to
 * `evse1` (…:e3, …:e4) between the same two sides.
 *
 * Instead of the cable each side may have one of its own to a power line (lab_enter_line): its
 * other end is `line-ev0`, `line-evse0` in a third network, where whoever made the lab carries
 * frames.
 *
 *     v2glab lab                     a shell on the vehicle's side (ev0)
 *     v2glab lab COMMAND…            one command there, as `v2glab lab tcpdump -i ev0`
 *     v2glab lab --side evse …       the same on the station's side (evse0); within a lab's shell
 *                                    it is the same lab, so that two shells see each other
 */
#ifndef V2G_WIRE_LAB_H
#define V2G_WIRE_LAB_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define LAB_EV_INTERFACE "ev0"
#define LAB_EVSE_INTERFACE "evse0"
#define LAB_EV_ADDRESS "fe80::ff:fe00:e1"
#define LAB_EVSE_ADDRESS "fe80::ff:fe00:e2"
#define LAB_EV_INTERFACE_2 "ev1"
#define LAB_EVSE_INTERFACE_2 "evse1"
#define LAB_EV_ADDRESS_2 "fe80::ff:fe00:e3"
#define LAB_EVSE_ADDRESS_2 "fe80::ff:fe00:e4"

/* ORDER LAB_SIDE */
enum lab_side {
    LAB_NONE, /* no lab was entered, or the interface is none of the lab's */
    LAB_EV,
    LAB_EVSE,
    LAB_LINE, /* where the ends are that a power line has */
};

#define LAB_LINE_PREFIX "line-" /* of their interfaces */

/*
 * Makes a lab and takes the process into it, on the vehicle's side; or joins the lab of the
 * lab_exec that this process descends from, on the side it is on. The process must have one thread
 * (libuv's loop is none; its work queue is). Doing it twice does nothing. Where the system forbids
 * it the error says what to allow; the process may then have no network left, and should end.
 */
int lab_enter(struct err *e);

#define LAB_CABLES 15 /* of a virtual world, or behind a power line: ev0 to ev14, evse0 to evse14 */

/* Of its interfaces, and those of a virtual world: the cable that it is an end of, 1 (ev0, evse0)
 * to LAB_CABLES; 0: of none. */
unsigned lab_cable_of(const char *interface);

/* Whether its name is that of a station: "evse…". */
bool lab_is_station(const char *interface);

/* Which vehicle and station reach each other: those at the ends of a cable, and behind modems
 * whoever has a gate between them that is open. A bit for each station at the vehicle's place, by
 * their numbers (lab_cable_of): those behind modems, and of these those whose gate is open. All
 * zero: none is. */
struct lab_gates {
    uint16_t is_gated[LAB_CABLES + 1], is_open[LAB_CABLES + 1];
};

/* From here on there is a gate between them. */
void lab_gates_set(struct lab_gates *g, unsigned vehicle, unsigned station, bool is_open);

/* Whether the interface reaches anybody. */
bool lab_gates_has_link(const struct lab_gates *g, unsigned number, bool is_station);

/* Whether these two do. */
bool lab_gates_join(const struct lab_gates *g, unsigned vehicle, unsigned station);

/* In a lab that was entered: a second cable, unless there is one already. -1: e. */
int lab_second_cable(struct err *e);

/* The same without the cable between the sides; not where this process descends from a lab_exec. */
int lab_enter_line(struct err *e);

/* In such a lab: an interface on the side that its name says (its address is made from the MAC
 * address), whose other end is line-NAME. -1: e. */
int lab_wire(const char *name, const uint8_t mac[6], struct err *e);

/* Whether lab_wire may be called. */
bool lab_has_line(void);

/* The side that is on, in this thread: LAB_NONE outside a lab. */
enum lab_side lab_current(void);

/* Whether this process descends from a lab_exec, so that lab_enter would join that lab. */
bool lab_is_near(void);

/* Of "ev…", "evse…" and "line-…", when a lab was entered; else LAB_NONE. NULL and "" are
 * LAB_NONE. */
enum lab_side lab_side_of(const char *interface);

/*
 * Switches to a side, for what this thread makes from here on; LAB_NONE changes nothing. Returns
 * the side that was on, to be given to lab_on again afterwards.
 */
enum lab_side lab_on(enum lab_side side);

/*
 * Runs a command on a side of the lab (entering it if need be) and waits for its end: its exit
 * code, 128 and the signal's number, 127 where it was not found, or -1 where there is no lab. The
 * argument list ends with NULL; NULL instead of it is the user's shell.
 */
int lab_exec(enum lab_side side, char *const argv[], struct err *e);

/* The same without waiting: the process, whose end the caller waits for; -1: e. */
long lab_spawn(enum lab_side side, char *const argv[], struct err *e);

/* Its exit code, by what waitpid said. */
int lab_exit_code(int status);

/* Every descriptor of the lab is given back, and the process stays where it is; for tests. */
void lab_leave(void);

#endif
