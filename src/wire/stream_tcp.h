/* SPDX-License-Identifier: Apache-2.0 */
/* Streams and listeners over TCP of the system, on libuv's loop. Private to src/wire. */
#ifndef V2G_WIRE_STREAM_TCP_H
#define V2G_WIRE_STREAM_TCP_H

#include "wire/stream_transport.h"

/* own: address and port, or (::, 0) such as fit. NULL: e. */
struct stream *tcp_connect(struct world *world, const struct endpoint *to,
                           const struct endpoint *own, struct err *e);

struct listener *tcp_listen(struct world *world, const struct endpoint *at, struct err *e);

#endif
