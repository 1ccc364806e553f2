/* SPDX-License-Identifier: Apache-2.0 */
/* What a port (ether.h) is made of. Private to src/wire. */
#ifndef V2G_WIRE_ETHER_PORT_H
#define V2G_WIRE_ETHER_PORT_H

#include "wire/ether.h"
#include "wire/world.h"

/* The ports of a world's medium; it belongs to the world. */
struct ether {
    const struct ether_medium *medium;
    struct ether_port *ports;
};

struct ether *world_ether(struct world *w);

#endif
