/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An endpoint: where a datagram or a TCP connection starts or ends.
 */
#ifndef V2G_WIRE_ENDPOINT_H
#define V2G_WIRE_ENDPOINT_H

#include <stdint.h>

struct endpoint {
    uint8_t mac[6]; /* zero where unknown */
    uint8_t ip[16]; /* IPv6, network order; IPv4 is ::ffff:a.b.c.d */
    uint16_t port;  /* host order */
};

#endif
