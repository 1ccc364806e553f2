/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_addresses.h"

#include "wire/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/random.h>

#define PREFIX 64 /* bits, of fe80::/64 */

/* type: RTM_NEWADDR, RTM_DELADDR. 0, or an errno. */
static int ask(const struct load_addresses *a, unsigned i, uint16_t type, uint16_t flags)
{
    struct ifaddrmsg body = {.ifa_family = AF_INET6,
                             .ifa_prefixlen = PREFIX,
                             .ifa_scope = RT_SCOPE_LINK,
                             .ifa_index = a->interface};
    /* at once, and not preferred: others choose the address that was there before */
    uint32_t how = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
    struct ifa_cacheinfo times = {.ifa_prefered = 0, .ifa_valid = UINT32_MAX};
    struct netlink m;
    netlink_begin(&m, type, flags, &body, sizeof body);
    netlink_put(&m, IFA_ADDRESS, a->at[i].ip, sizeof a->at[i].ip);
    netlink_put(&m, IFA_FLAGS, &how, sizeof how);
    netlink_put(&m, IFA_CACHEINFO, &times, sizeof times);
    return netlink_ask(&m);
}

int addresses_open(struct load_addresses *a, const char *interface, unsigned n, struct err *e)
{
    struct endpoint own;
    uint8_t run[4]; /* so that several commands do not get in each other's way */
    if (endpoint_of_interface(interface, &own, e) != 0)
        return -1;
    if (!endpoint_is_link_local(&own))
        return err_set(e,
                       "--addresses: %s has no link-local address; expected an interface that "
                       "vehicles reach a station over, as eth1",
                       interface);
    a->n = 0;
    a->interface = if_nametoindex(own.interface);
    if (getrandom(run, sizeof run, 0) != (ssize_t)sizeof run)
        return err_set(e, "--addresses: no random number: %s", strerror(errno));
    for (; a->n < n; a->n++) {
        struct endpoint *at = &a->at[a->n];
        *at = own;
        memset(at->ip + 8, 0, 2);
        memcpy(at->ip + 10, run, sizeof run);
        at->ip[14] = (uint8_t)((a->n + 1) >> 8);
        at->ip[15] = (uint8_t)(a->n + 1);
        int number = ask(a, a->n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
        if (number == 0)
            continue;
        addresses_close(a);
        return err_set(e, "--addresses %u: %s gets no further address: %s%s", n, own.interface,
                       strerror(number),
                       number == EPERM ? "; that takes root, or CAP_NET_ADMIN" : "");
    }
    return 0;
}

void addresses_close(struct load_addresses *a)
{
    while (a->n > 0)
        ask(a, --a->n, RTM_DELADDR, 0); /* what somebody has taken away before is as it should be */
}
