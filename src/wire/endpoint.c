/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/endpoint.h"
#include "base/nearest.h"
#include "wire/netlink.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DYNAMIC_FIRST 49152u /* to 65535 */

static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool endpoint_is_link_local(const struct endpoint *a)
{
    return a->ip[0] == 0xFE && (a->ip[1] & 0xC0) == 0x80;
}

bool endpoint_is_multicast(const struct endpoint *a)
{
    return a->ip[0] == 0xFF;
}

bool endpoint_is_unset(const struct endpoint *a)
{
    return memcmp(a->ip, &in6addr_any, sizeof a->ip) == 0;
}

static bool endpoint_is_loopback(const struct endpoint *a)
{
    return memcmp(a->ip, &in6addr_loopback, sizeof a->ip) == 0 ||
           (memcmp(a->ip, MAPPED, sizeof MAPPED) == 0 && a->ip[12] == 127);
}

bool endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

uint64_t endpoint_hash(const struct endpoint *a)
{
    uint64_t half[2];
    memcpy(half, a->ip, sizeof half);
    uint64_t h = (half[0] ^ a->port) * 0x9E3779B97F4A7C15u;
    h = (h ^ h >> 32 ^ half[1]) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

const char *endpoint_text(const struct endpoint *a, char *text, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "", port[8] = "";
    if (a->port != 0)
        snprintf(port, sizeof port, ":%u", a->port);
    if (memcmp(a->ip, MAPPED, sizeof MAPPED) == 0) {
        inet_ntop(AF_INET, a->ip + 12, ip, sizeof ip);
        snprintf(text, size, "%s%s", ip, port);
        return text;
    }
    inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
    snprintf(text, size, "[%s%s%.*s]%s", ip, a->interface[0] == '\0' ? "" : "%",
             (int)sizeof a->interface - 1, a->interface, port);
    return text;
}

static int endpoint_parse_port(const char *text, struct endpoint *out)
{
    if (*text == '\0')
        return 0;
    char *end;
    if (*text != ':' || !isdigit((unsigned char)text[1]))
        return -1;
    unsigned long port = strtoul(text + 1, &end, 10);
    if (*end != '\0' || port == 0 || port > 65535)
        return -1;
    out->port = (uint16_t)port;
    return 0;
}

/* The address is the first n characters, without brackets. */
static int endpoint_parse_ip(const char *text, size_t n, struct endpoint *out)
{
    char ip[INET6_ADDRSTRLEN];
    const char *percent = memchr(text, '%', n);
    size_t length = percent == NULL ? n : (size_t)(percent - text);
    if (length >= sizeof ip)
        return -1;
    memcpy(ip, text, length);
    ip[length] = '\0';
    if (percent != NULL) {
        size_t name = n - length - 1;
        if (name == 0 || name >= sizeof out->interface)
            return -1;
        memcpy(out->interface, percent + 1, name);
    }
    if (strcmp(ip, "localhost") == 0) {
        out->ip[15] = 1;
        return 0;
    }
    if (inet_pton(AF_INET6, ip, out->ip) == 1)
        return 0;
    memcpy(out->ip, MAPPED, sizeof MAPPED);
    return percent == NULL && inet_pton(AF_INET, ip, out->ip + 12) == 1 ? 0 : -1;
}

int endpoint_parse(const char *text, struct endpoint *out, struct err *e)
{
    const char *from = text, *end = text + strlen(text), *rest = end;
    *out = (struct endpoint){0};
    if (*text == '[') {
        from = text + 1;
        end = strchr(text, ']');
        rest = end == NULL ? NULL : end + 1;
    } else if (strchr(text, ':') != NULL && strchr(text, ':') == strrchr(text, ':')) {
        end = rest = strchr(text, ':'); /* one colon only: not IPv6, so a port follows */
    }
    if (rest != NULL && endpoint_parse_ip(from, (size_t)(end - from), out) == 0 &&
        endpoint_parse_port(rest, out) == 0)
        return 0;
    return err_set(e,
                   "address: expected a form like [fe80::1%%eth1]:15118, [::1]:15118 or "
                   "192.0.2.1:15118, found \"%.80s\"",
                   text);
}

static unsigned interface_index(const char *interface, char name[IF_NAMESIZE])
{
    unsigned index = if_nametoindex(interface);
    if (index != 0) {
        snprintf(name, IF_NAMESIZE, "%s", interface);
        return index;
    }
    char *end;
    unsigned long number = strtoul(interface, &end, 10);
    if (!isdigit((unsigned char)*interface) || *end != '\0' || number > INT32_MAX ||
        if_indextoname((unsigned)number, name) == NULL)
        return 0;
    return (unsigned)number;
}

static int no_such_interface(const char *interface, struct err *e)
{
    char have[160] = "";
    size_t n = 0;
    struct nearest x = nearest_open(interface, strlen(interface));
    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *i = list; i != NULL && i->if_index != 0; i++) {
        nearest_try(&x, i->if_name);
        if (n < sizeof have)
            n +=
                (size_t)snprintf(have + n, sizeof have - n, "%s%s", n == 0 ? "" : ", ", i->if_name);
    }
    err_set(e, "interface: expected one of %s, found \"%.40s\"%s%s", n == 0 ? "(none)" : have,
            interface, x.name != NULL ? "; the nearest is " : "", x.name != NULL ? x.name : "");
    if (list != NULL) /* no descriptor was left to ask with */
        if_freenameindex(list);
    return -1;
}

int endpoint_to_address(const struct endpoint *a, struct sockaddr_in6 *out, struct err *e)
{
    char name[IF_NAMESIZE];
    *out = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
    memcpy(&out->sin6_addr, a->ip, sizeof a->ip);
    if (a->interface[0] != '\0') {
        out->sin6_scope_id = interface_index(a->interface, name);
        if (out->sin6_scope_id == 0)
            return no_such_interface(a->interface, e);
    } else if (endpoint_is_link_local(a)) {
        char text[ENDPOINT_TEXT];
        return err_set(e,
                       "a link-local address needs its interface, as in [fe80::1%%eth1]:15118; "
                       "found %s",
                       endpoint_text(a, text, sizeof text));
    }
    return 0;
}

void endpoint_from_address(const struct sockaddr_in6 *in, const char *interface,
                           struct endpoint *out)
{
    *out = (struct endpoint){.port = ntohs(in->sin6_port)};
    memcpy(out->ip, &in->sin6_addr, sizeof out->ip);
    if (endpoint_is_link_local(out) || endpoint_is_multicast(out))
        snprintf(out->interface, sizeof out->interface, "%s", interface);
}

/* Looks for the interface's address and MAC; true where the address was found. */
static bool interface_address(const struct ifaddrs *list, const char *name, struct endpoint *out)
{
    bool found = false;
    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr == NULL || strcmp(i->ifa_name, name) != 0)
            continue;
        if (i->ifa_addr->sa_family == AF_PACKET) {
            struct sockaddr_ll ll;
            memcpy(&ll, i->ifa_addr, sizeof ll);
            if (ll.sll_halen == sizeof out->mac)
                memcpy(out->mac, ll.sll_addr, sizeof out->mac);
        }
        if (i->ifa_addr->sa_family != AF_INET6 || found)
            continue;
        struct sockaddr_in6 in;
        struct endpoint a;
        memcpy(&in, i->ifa_addr, sizeof in);
        endpoint_from_address(&in, name, &a);
        found = endpoint_is_link_local(&a) || endpoint_is_loopback(&a);
        if (found)
            memcpy(out->ip, a.ip, sizeof out->ip);
    }
    return found;
}

static bool interface_is_up(const struct ifaddrs *list, const char *name)
{
    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
        if (strcmp(i->ifa_name, name) == 0 && (i->ifa_flags & IFF_UP) != 0)
            return true;
    return false;
}

int endpoint_of_interface(const char *interface, struct endpoint *out, struct err *e)
{
    struct ifaddrs *list;
    *out = (struct endpoint){0};
    if (interface_index(interface, out->interface) == 0)
        return no_such_interface(interface, e);
    if (getifaddrs(&list) != 0)
        return err_set(e, "interface %s: its addresses cannot be read: %s", interface,
                       strerror(errno));
    int result = 0;
    if (!interface_is_up(list, out->interface))
        result =
            err_set(e, "interface %s is down: `ip link set %s up`", out->interface, out->interface);
    else if (!interface_address(list, out->interface, out))
        result = err_set(e,
                         "interface %s: expected an IPv6 link-local address (fe80::…), found "
                         "none; is IPv6 switched off (net.ipv6.conf.%s.disable_ipv6)?",
                         out->interface, out->interface);
    freeifaddrs(list);
    return result;
}

static bool neighbour_mac(const struct endpoint *a, uint8_t mac[6])
{
    char name[IF_NAMESIZE];
    struct ndmsg body = {.ndm_family = AF_INET6};
    struct netlink m;
    size_t size;
    body.ndm_ifindex = a->interface[0] == '\0' ? 0 : (int)interface_index(a->interface, name);
    if (body.ndm_ifindex == 0)
        return false;
    netlink_begin(&m, RTM_GETNEIGH, 0, &body, sizeof body);
    netlink_put(&m, NDA_DST, a->ip, sizeof a->ip);
    if (netlink_ask(&m) != 0)
        return false;
    const void *found = netlink_get(&m, sizeof body, NDA_LLADDR, &size);
    if (found == NULL || size != 6)
        return false;
    memcpy(mac, found, 6);
    return true;
}

void endpoint_learn_mac(struct endpoint *a)
{
    static const uint8_t none[6];
    if (memcmp(a->mac, none, sizeof none) != 0 || endpoint_is_loopback(a))
        return;
    if (endpoint_is_multicast(a)) {
        memcpy(a->mac, "\x33\x33", 2);
        memcpy(a->mac + 2, a->ip + 12, 4);
        return;
    }
    if (neighbour_mac(a, a->mac))
        return;
    if (endpoint_is_link_local(a) && a->ip[11] == 0xFF && a->ip[12] == 0xFE) {
        const uint8_t mac[6] = {a->ip[8] ^ 0x02, a->ip[9],  a->ip[10],
                                a->ip[13],       a->ip[14], a->ip[15]};
        memcpy(a->mac, mac, sizeof mac);
    }
}

uint16_t endpoint_random_port(void)
{
    uint16_t bits = 0;
    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
        bits = (uint16_t)rand();
    return (uint16_t)(DYNAMIC_FIRST + bits % (65536 - DYNAMIC_FIRST));
}
