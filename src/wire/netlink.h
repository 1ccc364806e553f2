/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the kernel about interfaces, addresses and neighbours (rtnetlink): a message is built
 * in place, sent, and answered with data, a confirmation or an error number.
 */
#ifndef V2G_WIRE_NETLINK_H
#define V2G_WIRE_NETLINK_H

#include <stddef.h>
#include <stdint.h>

struct netlink {
    union {
        uint8_t p[1024];
        uint64_t align;
    };
    size_t n; /* bytes used; 0 where something did not fit */
};

/* type: RTM_…; flags: NLM_F_… beside REQUEST and ACK; body: the struct that the type wants. */
void netlink_begin(struct netlink *m, uint16_t type, uint16_t flags, const void *body, size_t size);

void netlink_put(struct netlink *m, uint16_t attribute, const void *data, size_t size);

/* Bytes that are no attribute: the struct that some attributes begin with. */
void netlink_raw(struct netlink *m, const void *data, size_t size);

/* Attributes put until netlink_end(m, what netlink_nest returned) lie inside this one. */
size_t netlink_nest(struct netlink *m, uint16_t attribute);
void netlink_end(struct netlink *m, size_t nest);

/*
 * Sends the message in the network namespace of the calling thread and waits for the kernel's
 * answer. 0, or an errno. An answer with data replaces the message (its first part, where it is
 * longer).
 */
int netlink_ask(struct netlink *m);

/* Data of an attribute of the answer, behind a body of `size` bytes; NULL where it has none. */
const void *netlink_get(const struct netlink *m, size_t size, uint16_t attribute, size_t *length);

#endif
