/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of a virtual world: streams, listeners and SDP sockets that find each other by
 * address, without the system. It has what the lab has (lab.h), LAB_CABLES cables with their ends'
 * addresses, and the loopback interface. What is sent arrives 1 ms later, each write by itself, in
 * the order in which it was sent: without that a side that asks until a time is over would ask for
 * ever, since nothing else takes time. Ends are those of TCP: FIN behind the bytes, RST,
 * "connection refused" where nobody listens, "unreachable" (after the 3 s that a system looks for
 * a neighbour) for any other address. Private to src/wire.
 */
#ifndef V2G_WIRE_NETWORK_H
#define V2G_WIRE_NETWORK_H

#include "wire/sdp_socket.h"
#include "wire/stream_transport.h"

/* What exists; it belongs to the world. */
struct network {
    struct network_stream *streams;
    struct network_listener *listeners;
    struct network_socket *sockets;
};

/* Who reaches whom (lab.h) has changed. Where nobody does datagrams are lost, what TCP has
 * written arrives once it can, and nobody can connect. */
void network_changed(struct world *world);

/* From that port, or any free one (0). NULL: e. */
struct stream *network_connect(struct world *world, const struct endpoint *to, uint16_t port,
                               struct err *e);
struct listener *network_listen(struct world *world, const struct endpoint *at, struct err *e);

/* port 0: the vehicle's, at a free one. NULL: e. */
struct sdp_socket *network_socket(struct world *world, const char *interface, uint16_t port,
                                  struct err *e);

#endif
