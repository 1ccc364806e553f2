/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a connection or datagram: IPv6 address, port, interface and MAC address; how it is
 * printed and read ("[fe80::1%eth1]:15118"), and what the system knows about it.
 */
#ifndef V2G_WIRE_ENDPOINT_H
#define V2G_WIRE_ENDPOINT_H

#include "base/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDPOINT_TEXT 80 /* room for any endpoint as text, with its 0 */

struct endpoint {
    uint8_t mac[6];     /* zero where unknown */
    uint16_t port;      /* host order */
    uint8_t ip[16];     /* IPv6, network order; IPv4 as ::ffff:a.b.c.d */
    char interface[16]; /* on which a link-local address lies; "" where unknown or none */
};

/* "[fe80::1%eth1]:15118", "[::1]:15118", "192.0.2.1:15118"; the port only where it is not 0. */
const char *endpoint_text(const struct endpoint *a, char *text, size_t size);

/*
 * Reads what endpoint_text writes; brackets may be left out where there is no port; "localhost" is
 * ::1. The interface is not looked up. Port 0 where none is given.
 */
int endpoint_parse(const char *text, struct endpoint *out, struct err *e);

/* Address and port are equal; interface and MAC address do not count. */
bool endpoint_same(const struct endpoint *a, const struct endpoint *b);

/* A number that is the same where endpoint_same says so, to find them again by. */
uint64_t endpoint_hash(const struct endpoint *a);

bool endpoint_is_link_local(const struct endpoint *a);
bool endpoint_is_multicast(const struct endpoint *a);
bool endpoint_is_unset(const struct endpoint *a); /* the address is :: */

/* ---- the functions below ask the system, on the side of the lab (lab.h) that is on ---- */

/* As a socket address; looks the interface up (name or number). */
int endpoint_to_address(const struct endpoint *a, struct sockaddr_in6 *out, struct err *e);

/* From a socket address; the interface is kept where the address is link-local or multicast. */
void endpoint_from_address(const struct sockaddr_in6 *in, const char *interface,
                           struct endpoint *out);

/*
 * The interface's own endpoint: name (also where `interface` is its number), link-local address
 * (of the loopback interface: ::1) and MAC address; port 0. Fails where there is no such interface,
 * it is down, or it has no link-local address.
 */
int endpoint_of_interface(const char *interface, struct endpoint *out, struct err *e);

/*
 * Fills in the MAC address: of a multicast address 33:33:…; of a neighbour from the system's
 * table, else from an address that was made from a MAC address (EUI-64). Else it stays zero.
 */
void endpoint_learn_mac(struct endpoint *a);

/* A port for dynamic use, 49152 to 65535, by chance (ISO 15118-2, 7.7.1). */
uint16_t endpoint_random_port(void);

#endif
