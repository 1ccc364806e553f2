/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When that came which is read from a socket: as the kernel notes it for each packet, else when it
 * is read, with how much the loop was behind. Private to src/wire.
 */
#ifndef V2G_WIRE_ARRIVAL_H
#define V2G_WIRE_ARRIVAL_H

#include "wire/world.h"

#include <sys/socket.h>
#include <uv.h>

/* Room for what the kernel notes beside a packet, in msg_control. */
#define ARRIVAL_ROOM CMSG_SPACE(3 * sizeof(struct timespec))

/* Of a world: what is being handed over now. */
struct arrival {
    bool is_here;
    enum came how;
    int64_t us;
    int64_t since_us;  /* 1970 on the monotonic clock, as the world has it */
    int64_t offset_us; /* the same as the system's clock has it, when it was read last */
    /* Where the kernel notes nothing: when the loop went to its sockets last, how long it has
     * waited for them in all, and how long it was busy in the turn before. */
    uv_prepare_t turn;
    bool is_watched;
    int64_t turned_us, waited_us, busy_us;
};

struct arrival *world_arrival(struct world *w);

void arrival_open(struct arrival *a, uv_loop_t *loop, int64_t since_us);

/* The kernel is to note it for that socket; who is accepted from it inherits that. */
void arrival_want(int fd);

/* What recvmsg has brought is handed over, until arrival_over. */
void arrival_note(struct arrival *a, struct msghdr *m);
void arrival_over(struct arrival *a);

#endif
