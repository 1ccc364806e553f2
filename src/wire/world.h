/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world that a run lives in: a loop, a clock, timers, chance and a network. Whatever waits, or
 * asks what time it is, is handed a world; nothing of a run lies outside it, so that one process
 * can have several (one loop a thread).
 *
 * In a virtual world time stands still while anything is to do, and jumps to the next timer when
 * nothing is. Its network is in memory, over a cable that takes 1 ms (network.h), and its chance
 * comes from a seed. So a run between own peers takes only the time that it computes, and is the
 * same each time, but for what OpenSSL draws: keys and signatures.
 */
#ifndef V2G_WIRE_WORLD_H
#define V2G_WIRE_WORLD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_watches;
struct network;
struct uv_loop_s; /* uv_loop_t */
struct world;

/*
 * Opens a world on the caller's loop (which must live until world_close and one turn more), or on
 * one of its own where loop is NULL. SIGPIPE is switched off in the process, if nobody handles it.
 * NULL: e.
 */
struct world *world_open(struct uv_loop_s *loop, struct err *e);

/* A virtual one, which begins at WORLD_BEGIN. */
struct world *world_open_virtual(struct uv_loop_s *loop, uint64_t seed, struct err *e);

#define WORLD_BEGIN INT64_C(1767225600000000) /* 2026-01-01 00:00 UTC */

bool world_is_virtual(const struct world *w);

/* Listeners of this world share their ports with those of other worlds that do: the system spreads
 * connections over them. So a station has several loops, a thread each. */
void world_share_ports(struct world *w);
bool world_shares_ports(const struct world *w);

/* Runs until nothing is left to do: no timer, no socket, no other handle of the loop. In a virtual
 * world only timers count: when none is set, nothing will ever happen again. */
void world_run(struct world *w);

/* One turn; waits first where nothing is to do yet. False: nothing is left to do. */
bool world_turn(struct world *w, bool waits);

/* With a loop of its own: runs on until nothing is left to do; -1: a handle was left open, and its
 * memory with it. NULL is allowed. */
int world_close(struct world *w);

/* For libuv's other handles: signals, idle work. */
struct uv_loop_s *world_loop(struct world *w);

/*
 * Microseconds since 1970-01-01 UTC. The system's clock is read once and goes on with the monotonic
 * one, so that a record never jumps when somebody sets the clock. Where there is no world (NULL;
 * nothing waits then) it is the system's.
 */
int64_t world_now(const struct world *w);

/* Octets by chance: the system's, also where there is no world. */
void world_random(struct world *w, void *out, size_t n);

/* Of a virtual world; NULL in any other. */
struct network *world_network(struct world *w);

/* What watches links there that are no matter of the system (link_watch.h). */
struct link_watches *world_links(struct world *w);

/* The interface of that side where none is named: the lab's (lab.h), or a virtual world's, which
 * has the same. NULL: there is no lab. */
const char *world_interface(const struct world *w, bool is_vehicle);

/* Room into which one thing is read and used up before anything else is. */
#define WORLD_ROOM 65536
uint8_t *world_room(struct world *w);

/* How well it is known when something came. ORDER CAME */
enum came {
    CAME_NONE,   /* exactly, as in virtual time; or nothing came */
    CAME_KERNEL, /* the kernel has noted when the last octet of it came */
    CAME_READ,   /* when it was read, which was soon after */
    CAME_LATE,   /* when it was read: it may have lain there for more than 1 ms */
};

/* When that came which is being handed over, never later than now; now, where nothing is. *how may
 * be NULL. */
int64_t world_came(const struct world *w, enum came *how);

/* ---- timers ---- */

/*
 * A timer lies within what it belongs to; all zero it is not set. It is called once, from the loop,
 * never early; those of the same time in the order in which they were set. Stopped, it is not
 * called any more, and its memory may go.
 */
struct timer {
    struct world *world; /* NULL: it is not set */
    void (*call)(void *data);
    void *data;
    int64_t due_us;
    uint64_t order;
    struct timer *child, *next, *before; /* in the world's heap */
};

/* Sets it, also where it was set already. 0 ms: as soon as the loop turns. */
void timer_start(struct world *w, struct timer *t, uint64_t ms, void (*call)(void *data),
                 void *data);

/* The same to the microsecond, at that time of world_now. */
void timer_at(struct world *w, struct timer *t, int64_t us, void (*call)(void *data), void *data);

void timer_stop(struct timer *t);

static inline bool timer_is_set(const struct timer *t)
{
    return t->world != NULL;
}

#endif
