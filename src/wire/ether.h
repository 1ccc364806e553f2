/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet frames as they are: what HomePlug's management messages (ISO 15118-3) go in. The header
 * of a frame; and a port, from which frames are sent, and which gets those that come: on an
 * interface of the system (AF_PACKET, which needs CAP_NET_RAW), or of the world's medium, where it
 * has one of that name.
 */
#ifndef V2G_WIRE_ETHER_H
#define V2G_WIRE_ETHER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETHER_HEADER 14
#define ETHER_LEAST 60 /* octets of the shortest frame, without its check sum */
#define ETHER_MOST 1514
#define ETHER_HOMEPLUG 0x88E1

#define ETHER_ALL 3   /* in place of an EtherType: frames of any */
#define ETHER_TEXT 18 /* room for a MAC address as text */

/* "02:00:00:00:00:01"; returns text. */
const char *ether_text(const uint8_t mac[6], char text[ETHER_TEXT]);

/* Reads that (':', '-' or nothing between the octets). False: it is none, and mac stays. */
bool ether_parse(const char *text, uint8_t mac[6]);

/* Appends a header. */
void ether_header(struct buf *out, const uint8_t to[6], const uint8_t from[6], uint16_t type);

/* EtherType of a frame; 0: it is no whole header. */
uint16_t ether_type(struct slice frame);

/* Whether that is a frame of HomePlug, whose message (behind the header) has a type. */
bool ether_is_homeplug(struct slice frame);

/* The MMTYPE of a management message, with MMV before it; 0: it is too short. */
uint16_t ether_mmtype(struct slice message);

/* ---- ports ---- */

struct ether_port;
struct world;

/* A frame came, with its header; valid during the call. The port may be closed within it. */
typedef void (*ether_came)(void *context, struct slice frame);

/* Of the frames that go past the interface, those of that EtherType that others send: to its MAC
 * address or to many. NULL: e says what is missing, and how to grant it. */
struct ether_port *ether_open(struct world *world, const char *interface, uint16_t type,
                              ether_came came, void *context, struct err *e);

/* frame: with its header; what is shorter than ETHER_LEAST is filled up with zeros. */
int ether_send(struct ether_port *p, struct slice frame, struct err *e);

/* The interface's MAC address. */
const uint8_t *ether_mac(const struct ether_port *p);

/* Its name. */
const char *ether_interface(const struct ether_port *p);

/* NULL is allowed. */
void ether_close(struct ether_port *p);

/* ---- a medium of a world's own ---- */

/* What hands frames over between ports without the system. */
struct ether_medium {
    void *context;
    /* The MAC address of an interface that it has; NULL: it has none of that name. */
    const uint8_t *(*mac)(void *context, const char *interface);
    /* The interface at the other end of the charging cable it is at; NULL: of none. May be NULL. */
    const char *(*other_end)(void *context, const char *interface);
    /* A port of that interface sends a frame. -1: e. */
    int (*send)(void *context, const char *interface, struct slice frame, struct err *e);
};

/* From here on ether_open looks there first; NULL: no more. The medium outlives its ports. */
void ether_set_medium(struct world *world, const struct ether_medium *medium);

bool ether_has_medium(struct world *world);

/* Whether it has an interface of that name. */
bool ether_medium_has(struct world *world, const char *interface);

/* What it says of the other end; NULL, too, without a medium. */
const char *ether_other_end(struct world *world, const char *interface);

/* Whether a port of it is open. */
bool ether_medium_is_used(struct world *world);

/* The medium hands a frame to all ports of that interface. */
void ether_deliver(struct world *world, const char *interface, struct slice frame);

/* Whether that is the MAC address of an open port of the medium. */
bool ether_is_here(struct world *world, const uint8_t mac[6]);

#endif
