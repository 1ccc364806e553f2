/* SPDX-License-Identifier: Apache-2.0 */
/* What an SDP socket (sdp.h) is made of, of the system or of a virtual world (network.h). Private
 * to src/wire. */
#ifndef V2G_WIRE_SDP_SOCKET_H
#define V2G_WIRE_SDP_SOCKET_H

#include "wire/sdp.h"
#include "wire/world.h"

/* The first member of what either has of its own. */
struct sdp_socket {
    struct world *world;
    int (*send)(struct sdp_socket *s, const struct endpoint *to, struct slice bytes, struct err *e);
    void (*close)(struct sdp_socket *s); /* frees it, in a later turn of the loop */
    struct endpoint local;
    char interface[16];
    sdp_datagram received;
    void *context;
    bool is_closed;
};

#endif
