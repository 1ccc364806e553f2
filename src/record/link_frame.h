/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Ethernet frame of HomePlug (ISO 15118-3), whoever saw it (a vehicle, a station, or a
 * capture): what it says, what is wrong with it, and how it is recorded. The messages are those of
 * schema/slac.schema.
 */
#ifndef V2G_RECORD_LINK_FRAME_H
#define V2G_RECORD_LINK_FRAME_H

#include "record/event.h"
#include "schema/library.h"

/* Reads the message in a frame; -1: e has bit offset and path, both behind the Ethernet header. m
 * lives in a, but for m->trailing. */
int link_frame_decode(struct library *l, struct slice frame, struct arena *a, struct message *m,
                      struct err *e);

#define LINK_FRAME_ROOM 4096 /* of its message, bytes */
#define LINK_FRAME_TEXT 48

/* "02:00:00:00:00:01 to FF:FF:FF:FF:FF:FF"; returns text. */
const char *link_frame_text(const struct event *e, char text[LINK_FRAME_TEXT]);

/* The event refers to the rest, and to the frame that it was read from. */
struct link_frame {
    struct event event;     /* ok, and problem, say whether it is as the standard wants it;
                               from_role: by the message, FROM_NONE where a modem may send it */
    struct message message; /* where event.message is not NULL */
    struct err problem;
    char text[LINK_FRAME_TEXT]; /* who to whom */
    struct arena arena;
    uint64_t room[LINK_FRAME_ROOM / 8];
};

/* by: who records it, as in struct event. arena_close(&f->arena) ends it. */
void link_frame_read(struct link_frame *f, struct library *l, int64_t us, const char *by,
                     struct slice frame);

#endif
