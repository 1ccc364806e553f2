/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the live view (view.h) shows below IP: the control pilot, how far the matching is (SLAC,
 * ISO 15118-3), how weak the vehicle is heard, and whether there is a link.
 */
#ifndef V2G_APP_VIEW_LINK_H
#define V2G_APP_VIEW_LINK_H

#include "record/event.h"

#define VIEW_CABLES 8 /* whose pilots are told */

struct view_link {
    char pilot[96]; /* as events tell it; where several vehicles are plugged in the states of their
                       cables: "C2, evse1 B2"; "": nobody has told */
    struct {
        char text[48]; /* as events tell it */
        size_t name;   /* octets of the cable's, with the blank behind it */
    } cable[VIEW_CABLES];
    unsigned cables;
    const char *stage;  /* NULL: there is no SLAC */
    unsigned sounds;    /* heard of this matching */
    double attenuation; /* dB, as the best station has told; negative: none has */
    bool is_up;
};

void view_link_open(struct view_link *v);

/* A frame of HomePlug, or a change of the pilot; others are none of its business. */
void view_link_take(struct view_link *v, const struct event *e);

/* How far it is, on one line; nothing without SLAC. */
void view_link_text(const struct view_link *v, struct buf *out);

#endif
