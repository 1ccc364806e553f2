/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as octets: what a record's events.bin is made of, since that costs far less than JSON.
 * COMPACT_HEAD, then units: the length of what follows (4 octets, little-endian), and the members
 * of one event (compact.c). A unit needs no other, so that a file is good up to its last whole one.
 * Left out are MAC addresses, messages (their bytes are there), and what comes of texts and
 * captures only (line, stamp, packet).
 */
#ifndef V2G_RECORD_COMPACT_H
#define V2G_RECORD_COMPACT_H

#include "record/event.h"
#include "schema/library.h"

#define COMPACT_HEAD "\x89V2GEV\n\x01" /* the last octet: the version */
#define COMPACT_HEAD_SIZE 8
#define COMPACT_LENGTH 4u         /* octets of a unit's length */
#define COMPACT_MOST (128u << 20) /* octets of a unit */

/* Appends a unit. */
void compact_event(const struct event *e, struct buf *out);

/* Octets that follow the length of a unit. */
static inline size_t compact_length(const uint8_t unit[COMPACT_LENGTH])
{
    return (size_t)unit[0] | (size_t)unit[1] << 8 | (size_t)unit[2] << 16 | (size_t)unit[3] << 24;
}

/* What an event that is read refers to. Zero at first. */
struct compact_room {
    struct buf texts;
    struct err problem;
    bool has_message; /* the event had one: it can be decoded from its bytes */
};

/* Reads what follows the length of a unit; bytes of the event lie in it, all else in room, until
 * the next call. -1: it is no event. */
int compact_read(struct slice unit, struct library *l, struct compact_room *room, struct event *e);

void compact_room_close(struct compact_room *room);

#endif
