/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SDP, the discovery of the station's address over UDP (ISO 15118-2, 7.10.1): the two messages as
 * bytes, a socket that sends and receives single datagrams, and the client that repeats its request
 * until a station answers. Everything runs in the caller's world (world.h).
 */
#ifndef V2G_WIRE_SDP_H
#define V2G_WIRE_SDP_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/endpoint.h"
#include "wire/v2gtp.h"

#include <stdbool.h>
#include <stdint.h>

struct world;

/* ---- the messages: no sockets ---- */

#define SDP_PORT 15118
#define SDP_REQUEST_SIZE (V2GTP_HEADER + 2)
#define SDP_RESPONSE_SIZE (V2GTP_HEADER + 20)

#define SDP_TLS 0x00 /* Security */
#define SDP_NO_TLS 0x10
#define SDP_TCP 0x00 /* TransportProtocol */
#define SDP_UDP 0x10 /* reserved by the standard */

/* SECCDiscoveryReq */
struct sdp_request {
    uint8_t Security, TransportProtocol;
};

/* SECCDiscoveryRes */
struct sdp_response {
    uint8_t SECCIPAddress[16];
    uint16_t SECCPort;
    uint8_t Security, TransportProtocol;
};

/* The fields in the order of the bytes, for whoever reaches them by name. */
struct sdp_field {
    const char *name;
    uint8_t at, size; /* in the payload, bytes; numbers are big-endian */
};

extern const struct sdp_field SDP_REQUEST_FIELDS[2];
extern const struct sdp_field SDP_RESPONSE_FIELDS[4];

/* "TLS", "no TLS" and "TCP", "UDP"; NULL for a reserved value. */
const char *sdp_security_name(uint8_t Security);
const char *sdp_transport_name(uint8_t TransportProtocol);

/* Whole datagrams, with the V2GTP header. */
void sdp_write_request(uint8_t out[SDP_REQUEST_SIZE], const struct sdp_request *m);
void sdp_write_response(uint8_t out[SDP_RESPONSE_SIZE], const struct sdp_response *m);

/*
 * Reads a datagram; -1 where its header, type or length is wrong, and then it has to be ignored.
 * Any value is taken; sdp_check_… says what is wrong with them.
 */
int sdp_read_request(struct slice datagram, struct sdp_request *m, struct err *e);
int sdp_read_response(struct slice datagram, struct sdp_response *m, struct err *e);

/*
 * -1 with the first value that the standard does not have: a reserved Security or
 * TransportProtocol, in a response also port 0 or an address that no station can have.
 */
int sdp_check_request(const struct sdp_request *m, struct err *e);
int sdp_check_response(const struct sdp_response *m, struct err *e);

/*
 * What a station answers that listens at plain, at tls, or at both (NULL: it does not): who asks
 * for TLS gets it where there is any, who asks for none never gets it [V2G2-625] to [V2G2-628].
 * False: there is no answer to that.
 */
bool sdp_choose(const struct sdp_request *m, const struct endpoint *plain,
                const struct endpoint *tls, struct sdp_response *out);

/* The values of a datagram in words, for the record: "no TLS", "[fe80::1]:50000, no TLS"; what is
 * wrong with it where it is no SDP message. Returns text. */
const char *sdp_describe(struct slice datagram, char *text, size_t size);

/* Where the response says to connect to, on the interface that it came over. */
void sdp_response_endpoint(const struct sdp_response *m, const char *interface,
                           struct endpoint *out);

/* ---- a socket for single datagrams ---- */

struct sdp_socket;

/* bytes is valid during the call. Endpoints know interface and, where known, MAC address. */
typedef void (*sdp_datagram)(void *context, struct sdp_socket *s, const struct endpoint *from,
                             const struct endpoint *to, struct slice bytes);

/*
 * The vehicle's socket: bound to the link-local address of the interface (name or number; ::1 on
 * the loopback interface) and a dynamic port.
 */
struct sdp_socket *sdp_open(struct world *world, const char *interface, sdp_datagram received,
                            void *context, struct err *e);

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

/* The station's answer, to the sender of a request. */
int sdp_server_answer(struct sdp_socket *s, const struct endpoint *to, const struct sdp_response *m,
                      struct err *e);

/* No callback comes afterwards. NULL is allowed. */
void sdp_close(struct sdp_socket *s);

/* ---- the client ---- */

struct sdp_client;

struct sdp_client_options {
    struct sdp_request request; /* sent as it is, right or wrong */
    unsigned interval_ms;       /* between two requests; 0: 250 [V2G2-159] */
    unsigned tries;             /* requests at most; 0: 50 [V2G2-161] */
    struct endpoint to;         /* unset: the group; port 0: 15118 */
};

/* Each may be NULL. */
struct sdp_client_events {
    /* The number-th request went out, from 1. */
    void (*sent)(void *context, unsigned number, const struct endpoint *from,
                 const struct endpoint *to, struct slice bytes);

    /*
     * Any datagram came; problem is NULL, or why it is not taken for an answer (sdp_read_response,
     * sdp_check_response). Late and further answers come here, too, after `done`.
     */
    void (*received)(void *context, const struct endpoint *from, const struct endpoint *to,
                     struct slice bytes, const struct err *problem);

    /*
     * Once: the first answer, with where to connect to, or NULL twice and the problem: nobody
     * answered in time. Whether the answered Security is good enough is the caller's to judge.
     */
    void (*done)(void *context, const struct sdp_response *m, const struct endpoint *secc,
                 const struct err *problem);
};

/* The first request goes out as soon as the loop runs. */
struct sdp_client *sdp_client_open(struct world *world, const char *interface,
                                   const struct sdp_client_options *options,
                                   const struct sdp_client_events *events, void *context,
                                   struct err *e);

const struct endpoint *sdp_client_local(const struct sdp_client *c);

/* No callback comes afterwards; allowed within one. NULL is allowed. */
void sdp_client_close(struct sdp_client *c);

#endif
