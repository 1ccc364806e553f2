/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two connections that are one: whatever comes from the vehicle (of a station's peer) goes to the
 * station (by a vehicle's peer), and the other way round, each frame byte for byte as it came,
 * unless a filter of either way (filter.h) makes something else of it. Neither side says anything
 * of its own, so that both peers are `manual`. What comes while there is no connection to hand it
 * to, or while it is held, waits.
 *
 * Measured, of each frame: how long it took here, and by the standard's times who was late: a side
 * in what it sent, or the relay in handing it on. Checked: what is signed, by the
 * certificates that the same leg has shown.
 */
#ifndef V2G_SESSION_RELAY_H
#define V2G_SESSION_RELAY_H

#include "base/histogram.h"
#include "record/times.h"
#include "session/peer.h"

#define RELAY_HELD_MOST (1u << 20) /* octets that wait; more end the connection */

struct relay;

/* What is found of a signature. ORDER RELAY_SIGNATURE */
enum relay_signature { RELAY_VALID, RELAY_BROKEN, RELAY_UNTOLD, RELAY_SIGNATURES };

/* What became of what a side has sent, on its last connection. */
struct relay_figures {
    struct histogram taken_us; /* from when it came until it was handed on, of what did not wait */
    unsigned waited;           /* frames that did */
    unsigned late, made_late;  /* frames that came too late; that only the relay made late */
    unsigned signatures[RELAY_SIGNATURES]; /* of what it sent: untold are those of a signer whose
                                              certificate was not shown, the digests right */
};

/* Joins them, whose ways it is the first filter of; it goes with them. limits are its own from then
 * on. NULL: out of memory. */
struct relay *relay_open(struct peer *vehicle, struct peer *station,
                         const struct times_limits *limits);

/* What comes from that side (LEG_VEHICLE, LEG_STATION) waits until it is released. */
void relay_hold(struct relay *r, enum event_leg from);

void relay_release(struct relay *r, enum event_leg from);

/* There may be a connection now to hand on to: what has waited for that does so no more. */
void relay_go_on(struct relay *r);

const struct relay_figures *relay_figures(struct relay *r, enum event_leg from);

#endif
