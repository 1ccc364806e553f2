/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How SDP travels, the discovery of the station's address over UDP (ISO 15118-2, 7.10.1): a socket
 * that sends and receives single datagrams, and the client that repeats its request until there is
 * an answer. What they say is the caller's to know. Everything runs in his world (world.h).
 */
#ifndef V2G_WIRE_SDP_H
#define V2G_WIRE_SDP_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

struct world;

#define SDP_PORT 15118

/* ---- a socket for single datagrams ---- */

struct sdp_socket;

/* bytes is valid during the call. Endpoints know interface and, where known, MAC address. */
typedef void (*sdp_datagram)(void *context, struct sdp_socket *s, const struct endpoint *from,
                             const struct endpoint *to, struct slice bytes);

/*
 * The vehicle's socket: bound to the link-local address of the interface (name or number; ::1 on
 * the loopback interface), or to another one of it (own, not in virtual time; NULL: none), and a
 * dynamic port.
 */
struct sdp_socket *sdp_open(struct world *world, const char *interface, const struct endpoint *own,
                            sdp_datagram received, void *context, struct err *e);

/*
 * The station's socket: port 15118 (0) or another one, of the interface only, member of ff02::1.
 * Several in one process, or several processes, may have the same port: each gets what is sent to
 * the group.
 */
struct sdp_socket *sdp_server_open(struct world *world, const char *interface, uint16_t port,
                                   sdp_datagram received, void *context, struct err *e);

/* The socket's own end; the station's has the link-local address of the interface. */
const struct endpoint *sdp_local(const struct sdp_socket *s);

/* Where requests go by default: ff02::1 and port 15118; on loopback, which has no groups, ::1. */
void sdp_group(const struct sdp_socket *s, struct endpoint *to);

/* Sends any bytes. A link-local address without an interface is taken on the socket's. */
int sdp_send(struct sdp_socket *s, const struct endpoint *to, struct slice bytes, struct err *e);

/* No callback comes afterwards. NULL is allowed. */
void sdp_close(struct sdp_socket *s);

/* ---- the client ---- */

struct sdp_client;

#define SDP_INTERVAL_MS 250
#define SDP_TRIES 50

struct sdp_client_options {
    struct slice request;       /* the datagram, right or wrong; kept as a copy */
    unsigned interval_ms;       /* between two requests; 0: SDP_INTERVAL_MS [V2G2-159] */
    unsigned tries;             /* requests at most; 0: SDP_TRIES [V2G2-161] */
    struct endpoint to;         /* unset: the group; port 0: 15118 */
    const struct endpoint *own; /* its address (sdp_open); needed while it is opened */
};

struct sdp_client_events {
    /* The number-th request went out, from 1. */
    void (*sent)(void *context, unsigned number, const struct endpoint *from,
                 const struct endpoint *to, struct slice bytes);

    /* Any datagram came. True: it is the answer, and asking ends; else e says why it is none, or
     * sdp_client_judge will. Late and further ones come here, too. */
    bool (*received)(void *context, const struct endpoint *from, const struct endpoint *to,
                     struct slice bytes, struct err *e);

    /* Nobody answered in time. */
    void (*gave_up)(void *context, const struct err *problem);

    /* Sends the request, with sdp_client_send or otherwise, in place of the client; may be NULL. */
    int (*send)(void *context, const struct endpoint *from, const struct endpoint *to,
                struct slice bytes, struct err *e);
};

/* The first request goes out as soon as the loop runs. */
struct sdp_client *sdp_client_open(struct world *world, const char *interface,
                                   const struct sdp_client_options *options,
                                   const struct sdp_client_events *events, void *context,
                                   struct err *e);

int sdp_client_send(struct sdp_client *c, const struct endpoint *to, struct slice bytes,
                    struct err *e);

/* What a datagram that came earlier was: the answer (NULL), or why it is none. */
void sdp_client_judge(struct sdp_client *c, const struct err *problem);

/* No callback comes afterwards; allowed within one. NULL is allowed. */
void sdp_client_close(struct sdp_client *c);

#endif
