/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD ((size_t)NLMSG_HDRLEN)

static size_t padded(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

static void *netlink_room(struct netlink *m, size_t size)
{
    if (m->n == 0 || sizeof m->p - m->n < padded(size)) {
        m->n = 0;
        return NULL;
    }
    uint8_t *p = m->p + m->n;
    memset(p, 0, padded(size));
    m->n += padded(size);
    return p;
}

void netlink_begin(struct netlink *m, uint16_t type, uint16_t flags, const void *body, size_t size)
{
    struct nlmsghdr h = {.nlmsg_type = type,
                         .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST | NLM_F_ACK),
                         .nlmsg_seq = 1};
    memcpy(m->p, &h, sizeof h);
    m->n = HEAD;
    netlink_raw(m, body, size);
}

void netlink_raw(struct netlink *m, const void *data, size_t size)
{
    void *p = netlink_room(m, size);
    if (p != NULL)
        memcpy(p, data, size);
}

void netlink_put(struct netlink *m, uint16_t attribute, const void *data, size_t size)
{
    struct rtattr a = {.rta_len = (uint16_t)(sizeof a + size), .rta_type = attribute};
    uint8_t *p = netlink_room(m, sizeof a + size);
    if (p == NULL)
        return;
    memcpy(p, &a, sizeof a);
    if (size > 0)
        memcpy(p + sizeof a, data, size);
}

size_t netlink_nest(struct netlink *m, uint16_t attribute)
{
    size_t start = m->n;
    netlink_put(m, attribute, NULL, 0);
    return start;
}

void netlink_end(struct netlink *m, size_t nest)
{
    if (m->n == 0)
        return;
    uint16_t length = (uint16_t)(m->n - nest);
    memcpy(m->p + nest, &length, sizeof length); /* rta_len comes first */
}

/* One datagram from the kernel: an errno (0: confirmed), or -1 where it was data, kept in m. */
static int netlink_answer(int fd, struct netlink *m)
{
    union {
        uint8_t p[8192];
        struct nlmsghdr h;
    } in;
    ssize_t n = recv(fd, &in, sizeof in, MSG_DONTWAIT); /* it answers within sendto */
    if (n < 0)
        return errno == EINTR ? -1 : errno;
    if ((size_t)n < HEAD || in.h.nlmsg_len < HEAD || in.h.nlmsg_len > (size_t)n)
        return EPROTO;
    if (in.h.nlmsg_type != NLMSG_ERROR) {
        m->n = in.h.nlmsg_len < sizeof m->p ? in.h.nlmsg_len : sizeof m->p;
        memcpy(m->p, &in, m->n);
        return -1;
    }
    int number;
    if ((size_t)n < HEAD + sizeof number)
        return EPROTO;
    memcpy(&number, in.p + HEAD, sizeof number);
    return -number;
}

int netlink_ask(struct netlink *m)
{
    if (m->n == 0)
        return EMSGSIZE;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return errno;
    uint32_t length = (uint32_t)m->n;
    memcpy(m->p, &length, sizeof length); /* nlmsg_len comes first */
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int result;
    if (sendto(fd, m->p, m->n, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
        result = errno;
    else
        while ((result = netlink_answer(fd, m)) < 0)
            continue;
    close(fd);
    return result;
}

const void *netlink_get(const struct netlink *m, size_t size, uint16_t attribute, size_t *length)
{
    size_t at = HEAD + padded(size);
    struct rtattr a;
    while (at + sizeof a <= m->n) {
        memcpy(&a, m->p + at, sizeof a);
        if (a.rta_len < sizeof a || a.rta_len > m->n - at)
            return NULL;
        if (a.rta_type == attribute) {
            *length = a.rta_len - sizeof a;
            return m->p + at + sizeof a;
        }
        at += padded(a.rta_len);
    }
    return NULL;
}
