/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of a listener: how many there are, in all and of each address, and which of them
 * gives way where there are as many as may be. That is the one that has been there longest without
 * having said anything of use (stream_settle), once it had CROWD_PATIENCE_MS for it: a silent
 * crowd locks nobody out. Private to src/wire.
 */
#ifndef V2G_WIRE_CROWD_H
#define V2G_WIRE_CROWD_H

#include "wire/endpoint.h"

#define CROWD_PATIENCE_MS 1000
#define CROWD_BUCKETS 256

struct crowd_address;
struct stream;

/* Zero but for its limits, which are 1 or more. */
struct crowd {
    unsigned most, most_of_address;
    unsigned n; /* connections */
    struct crowd_address *bucket[CROWD_BUCKETS];
    struct stream *oldest, *newest; /* of those that have not settled */
};

/* What a stream has of it. */
struct crowd_place {
    struct crowd *crowd; /* NULL: it is in none */
    struct stream *older, *newer;
    bool is_settled;
    int64_t since_us;
};

/* Whether there is room for one more of that address. Else why has the reason, and the one that has
 * to go for it, which is in the crowd no more, is *idle; NULL: there is none. */
bool crowd_has_room(struct crowd *c, const struct endpoint *from, int64_t now_us,
                    struct stream **idle, char *why, size_t size);

/* Without memory for it, it is not counted. */
void crowd_enter(struct crowd *c, struct stream *s, int64_t now_us);
void crowd_settle(struct stream *s);
void crowd_leave(struct stream *s);

#endif
