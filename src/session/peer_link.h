/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link below IP, of a peer: Ethernet frames of HomePlug (ISO 15118-3), which go the way of the
 * session as its other frames do, through its filters and into the record. What comes waits in a
 * line of its own, so that SLAC can go on beside a session.
 */
#ifndef V2G_SESSION_PEER_LINK_H
#define V2G_SESSION_PEER_LINK_H

#include "session/peer.h"

#define PEER_LINK_WAITING 512 /* most frames that wait; then the oldest are dropped */

struct ether_port;

struct peer_link {
    struct peer *peer;
    struct ether_port *port; /* NULL: it is not open */
    struct received *first, *last;
    unsigned waiting;
    uint8_t other[6]; /* who the frame taken last came from that was for this side alone, or asked
                         all stations, modems apart; 0: nobody */
    uint8_t modem[6]; /* the own modem; by default 00:B0:52:00:00:01, as Qualcomm has it */
};

/* Opens the port on the interface (NULL: as peer_options say). Twice does nothing. -1: e. */
int peer_link_open(struct peer *p, const char *interface, struct err *e);

/* Closes it; frames that wait are gone. */
void peer_link_close(struct peer *p);

/* The own MAC address, and the interface; NULL: it is not open. */
const uint8_t *peer_link_mac(const struct peer *p);
const char *peer_link_interface(const struct peer *p);

/* Where a message goes if nobody says it: requests of the matching to all, those to a modem to the
 * own one, the rest to who was heard last. */
void peer_link_destination(const struct peer *p, const struct message *m, uint8_t to[6]);

/* Sends m in a frame from `from` (NULL: the own MAC address) to `to`. where: as in struct event.
 * -1: e. */
int peer_link_send(struct peer *p, const struct message *m, const uint8_t to[6],
                   const uint8_t *from, const char *where, struct err *e);

/* Sends a whole frame as it is. */
int peer_link_send_raw(struct peer *p, struct slice frame, const char *where, struct err *e);

/* The frame that has waited longest, taken out; NULL where none does. Free it with session_done. */
struct received *peer_link_take(struct peer *p);

/* The ends of the way: the port, and the line. The line takes parcel->read. */
int peer_link_write(struct peer *p, const struct event *e, struct err *problem);
void peer_link_hear(struct peer *p, struct parcel *parcel);

#endif
