/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/stream_tcp.h"
#include "wire/arrival.h"
#include "wire/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define LINGER_MS 10000
#define PORT_TRIES 64 /* of dynamic ports, until a free one is found */
#define AT_ONCE 16    /* connections accepted before the loop may do something else */

struct tcp {
    struct stream stream; /* first */
    uv_tcp_t handle;
    uv_connect_t request;
    ssize_t came; /* into the world's room, or less than 0: an error of libuv's */
};

static struct tcp *tcp_of(struct stream *s)
{
    return (struct tcp *)s;
}

static uv_stream_t *handle_of(struct stream *s)
{
    return (uv_stream_t *)&tcp_of(s)->handle;
}

static int fd_of(struct stream *s)
{
    int fd = -1;
    uv_fileno((uv_handle_t *)&tcp_of(s)->handle, &fd);
    return fd;
}

static int no_descriptor(const char *what, int number, struct err *e)
{
    struct rlimit limit = {0};
    if (number != EMFILE)
        return err_set(e, "%s: %s", what, strerror(number));
    getrlimit(RLIMIT_NOFILE, &limit);
    return err_set(e,
                   "%s: this process has all the %llu descriptors it may have open; "
                   "`ulimit -n` allows more",
                   what, (unsigned long long)limit.rlim_cur);
}

/* ---- reading ---- */

/* libuv would read without the kernel's notes of when it came. So it is read here, where libuv asks
 * for room, and gets none: then it calls tcp_came, and reads nothing itself. */
static void tcp_room(uv_handle_t *h, size_t size, uv_buf_t *out)
{
    struct stream *s = h->data;
    union {
        uint8_t p[ARRIVAL_ROOM];
        struct cmsghdr align;
    } control;
    struct iovec part = {world_room(s->world), WORLD_ROOM};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd_of(s), &m, MSG_DONTWAIT);
    (void)size;
    tcp_of(s)->came = n > 0 ? n : n == 0 ? UV_EOF : uv_translate_sys_error(errno);
    if (n > 0)
        arrival_note(world_arrival(s->world), &m);
    *out = uv_buf_init(NULL, 0);
}

static void tcp_came(uv_stream_t *handle, ssize_t n, const uv_buf_t *in)
{
    struct stream *s = handle->data;
    struct arrival *arrival = world_arrival(s->world);
    (void)in;
    n = n == UV_ENOBUFS ? tcp_of(s)->came : n;
    if (n > 0 && !s->is_closing)
        stream_received(s, (struct slice){world_room(s->world), (size_t)n});
    else if (n != UV_EAGAIN && n != UV_EINTR && !s->is_closing)
        stream_lost(s, "connection", (int)n);
    arrival_over(arrival);
}

static void tcp_read(struct stream *s, bool is_on)
{
    if (is_on)
        uv_read_start(handle_of(s), tcp_room, tcp_came);
    else
        uv_read_stop(handle_of(s));
}

/* ---- closing ---- */

static void tcp_gone(uv_handle_t *h)
{
    stream_gone(h->data);
}

static void tcp_finish(struct stream *s)
{
    uv_handle_t *h = (uv_handle_t *)handle_of(s);
    if (!uv_is_closing(h))
        uv_close(h, tcp_gone);
}

static void tcp_not_written(void *data)
{
    tcp_finish(data);
}

/* Bytes that nobody has read make the system send RST instead of FIN. */
static void tcp_drain(int fd)
{
    char bytes[4096];
    for (int i = 0; i < 64; i++)
        if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
            return;
}

static void reset_on_close(int fd)
{
    static const struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void tcp_close(struct stream *s, enum stream_how how)
{
    int fd = fd_of(s);
    if (how == STREAM_FIN && s->is_open) {
        tcp_drain(fd);
        if (s->waiting > 0) { /* tcp_rest_written ends it */
            timer_start(s->world, &s->limit, LINGER_MS, tcp_not_written, s);
            return;
        }
    }
    if (how == STREAM_RST && fd >= 0)
        reset_on_close(fd);
    tcp_finish(s);
}

/* ---- writing ---- */

struct rest {
    uv_write_t request;
    size_t n;
    char bytes[];
};

static void tcp_rest_written(uv_write_t *request, int status)
{
    struct rest *rest = request->data;
    struct stream *s = request->handle->data;
    s->waiting -= rest->n;
    free(rest);
    if (s->is_closing && (status < 0 || s->waiting == 0))
        tcp_finish(s);
    else if (status < 0)
        stream_lost(s, "connection", status);
}

static int tcp_keep_rest(struct stream *s, struct slice bytes, struct err *e)
{
    struct rest *rest = malloc(sizeof *rest + bytes.n);
    if (rest == NULL)
        return stream_cannot(s, "out of memory", e);
    rest->n = bytes.n;
    rest->request.data = rest;
    memcpy(rest->bytes, bytes.p, bytes.n);
    uv_buf_t out = uv_buf_init(rest->bytes, (unsigned)bytes.n);
    int number = uv_write(&rest->request, handle_of(s), &out, 1, tcp_rest_written);
    if (number < 0) {
        free(rest);
        return stream_cannot(s, uv_strerror(number), e);
    }
    s->waiting += bytes.n;
    return 0;
}

static int tcp_write(struct stream *s, struct slice bytes, struct err *e)
{
    int sent = 0;
    if (s->waiting == 0) {
        uv_buf_t out = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
        sent = uv_try_write(handle_of(s), &out, 1);
        if (sent < 0 && sent != UV_EAGAIN)
            return stream_cannot_number(s, sent, e);
        sent = sent < 0 ? 0 : sent;
    }
    struct slice rest = {bytes.p + sent, bytes.n - (size_t)sent};
    return rest.n > 0 ? tcp_keep_rest(s, rest, e) : 0;
}

static void tcp_ended(uv_shutdown_t *request, int status)
{
    (void)status;
    free(request);
}

static int tcp_end(struct stream *s, struct err *e)
{
    if (s->waiting == 0 && shutdown(fd_of(s), SHUT_WR) == 0) /* libuv would wait for its turn */
        return 0;
    uv_shutdown_t *request = malloc(sizeof *request);
    int number = request == NULL ? UV_ENOMEM : uv_shutdown(request, handle_of(s), tcp_ended);
    if (number == 0)
        return 0;
    free(request);
    return stream_cannot(s, uv_strerror(number), e);
}

/* ---- opening ---- */

/* The interface's MAC address; the socket's network is asked, whatever side of a lab is on. */
static void own_mac(int fd, struct endpoint *own)
{
    struct ifreq ask = {0};
    snprintf(ask.ifr_name, sizeof ask.ifr_name, "%s", own->interface);
    if (own->interface[0] != '\0' && ioctl(fd, SIOCGIFHWADDR, &ask) == 0)
        memcpy(own->mac, ask.ifr_hwaddr.sa_data, sizeof own->mac);
}

static void interface_of_scope(int fd, const struct sockaddr_in6 *in, char interface[16])
{
    struct ifreq ask = {.ifr_ifindex = (int)in->sin6_scope_id};
    if (in->sin6_scope_id != 0 && ioctl(fd, SIOCGIFNAME, &ask) == 0)
        memcpy(interface, ask.ifr_name, IFNAMSIZ);
}

static void tcp_learn_own(struct stream *s, int fd, const char *interface)
{
    struct sockaddr_in6 in = {0};
    socklen_t size = sizeof in;
    if (getsockname(fd, (struct sockaddr *)&in, &size) == 0)
        endpoint_from_address(&in, interface, &s->local);
}

/* Learns both ends of an open connection. */
static void tcp_learn_ends(struct stream *s, int fd, const struct sockaddr_in6 *peer)
{
    char interface[16] = "";
    interface_of_scope(fd, peer, interface);
    endpoint_from_address(peer, interface, &s->remote);
    tcp_learn_own(s, fd, interface);
    own_mac(fd, &s->local);
    enum lab_side before = lab_on(lab_side_of(interface));
    endpoint_learn_mac(&s->remote);
    lab_on(before);
}

static struct stream *tcp_new(struct world *world)
{
    static const struct stream_transport TCP = {tcp_read, tcp_write, tcp_end, tcp_close};
    struct tcp *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    stream_init(&t->stream, world, &TCP);
    uv_tcp_init(world_loop(world), &t->handle); /* cannot fail without a socket */
    t->handle.data = t;
    return &t->stream;
}

/* The stream takes the descriptor over. */
static int tcp_take(struct stream *s, int fd)
{
    struct tcp *t = tcp_of(s);
    int number = uv_tcp_open(&t->handle, fd);
    if (number != 0)
        close(fd);
    else
        uv_tcp_nodelay(&t->handle, 1);
    return number;
}

/* ---- connecting ---- */

static void tcp_connected(uv_connect_t *request, int status)
{
    struct stream *s = request->data;
    if (s->is_closing || s->is_told)
        return;
    if (status < 0) {
        stream_lost(s, "connecting", status);
        return;
    }
    struct sockaddr_in6 peer = {0};
    int size = sizeof peer;
    /* fails if reset meanwhile */
    uv_tcp_getpeername(&tcp_of(s)->handle, (struct sockaddr *)&peer, &size);
    if (peer.sin6_family == AF_INET6)
        tcp_learn_ends(s, fd_of(s), &peer);
    stream_connected(s);
}

/* A socket bound to the own end's address, and its port or (0) some dynamic one; -1 and errno. */
static int bound_socket(struct sockaddr_in6 *own, uint16_t port)
{
    static const int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    arrival_want(fd);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    /* Lets a port be taken that an old connection to elsewhere still has. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    for (int i = 0; i < PORT_TRIES; i++) {
        own->sin6_port = htons(port != 0 ? port : endpoint_random_port());
        if (bind(fd, (struct sockaddr *)own, sizeof *own) == 0)
            return fd;
        if (errno != EADDRINUSE || port != 0)
            break;
    }
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

/* The addresses of both ends; on the right side of the lab. */
static int tcp_resolve(const struct endpoint *to, const struct endpoint *from,
                       struct sockaddr_in6 *own, struct sockaddr_in6 *peer, struct err *e)
{
    struct endpoint a;
    *own = (struct sockaddr_in6){.sin6_family = AF_INET6};
    if (to->port == 0)
        return err_set(e, "connecting: expected an address with a port, found none");
    if (endpoint_to_address(to, peer, e) != 0)
        return -1;
    if (!endpoint_is_unset(from))
        return endpoint_to_address(from, own, e);
    if (!endpoint_is_link_local(to))
        return 0;
    return endpoint_of_interface(to->interface, &a, e) != 0 ? -1 : endpoint_to_address(&a, own, e);
}

/* One attempt: 0, or an errno; then the stream is gone. */
static int tcp_try(struct stream *s, uint16_t port, struct sockaddr_in6 *own,
                   const struct sockaddr_in6 *peer)
{
    struct tcp *t = tcp_of(s);
    int fd = bound_socket(own, port);
    int number = fd < 0 ? -errno : tcp_take(s, fd);
    if (number == 0) {
        t->request.data = s;
        number =
            uv_tcp_connect(&t->request, &t->handle, (const struct sockaddr *)peer, tcp_connected);
    }
    if (number != 0)
        stream_close(s, STREAM_FIN);
    return -number;
}

static struct stream *tcp_start(struct world *world, const struct endpoint *to,
                                const struct endpoint *from, struct err *e)
{
    uint16_t port = from->port;
    struct sockaddr_in6 own, peer;
    char text[ENDPOINT_TEXT], what[ENDPOINT_TEXT + 32];
    int number = EADDRNOTAVAIL;
    if (tcp_resolve(to, from, &own, &peer, e) != 0)
        return NULL;
    /* A port whose last connection to the same place has just ended is found out only here. */
    for (int i = 0; i < (port != 0 ? 1 : PORT_TRIES) && number == EADDRNOTAVAIL; i++) {
        struct stream *s = tcp_new(world);
        number = s == NULL ? ENOMEM : tcp_try(s, port, &own, &peer);
        if (number == 0)
            return s;
    }
    snprintf(what, sizeof what, "connecting to %s", endpoint_text(to, text, sizeof text));
    no_descriptor(what, number, e);
    return NULL;
}

struct stream *tcp_connect(struct world *world, const struct endpoint *to,
                           const struct endpoint *own, struct err *e)
{
    enum lab_side before = lab_on(lab_side_of(to->interface));
    struct stream *s = tcp_start(world, to, own, e);
    if (s != NULL) /* a station knows the vehicle by it, maybe before the connection is open */
        tcp_learn_own(s, fd_of(s), to->interface);
    lab_on(before);
    return s;
}

/* ---- listening ---- */

struct tcp_listener {
    struct listener listener; /* first */
    uv_poll_t poll;
    int fd;
    int spare; /* given up for a moment to refuse a connection when no descriptor is left */
};

static void tcp_listener_gone(uv_handle_t *h)
{
    listener_gone(h->data);
}

/* Resets the connection. */
static void tcp_refuse(int fd)
{
    reset_on_close(fd);
    close(fd);
}

/* Without this the connection would wait in the queue and wake the loop for ever. */
static void tcp_refuse_with_spare(struct tcp_listener *l, int number)
{
    struct sockaddr_in6 in = {0};
    socklen_t size = sizeof in;
    struct endpoint from;
    struct err e = ERR_INIT;
    no_descriptor("accepting a connection", number, &e);
    if (l->spare >= 0)
        close(l->spare);
    l->spare = -1;
    int fd = accept4(l->fd, (struct sockaddr *)&in, &size, SOCK_CLOEXEC);
    if (fd >= 0) {
        endpoint_from_address(&in, l->listener.local.interface, &from);
        tcp_refuse(fd);
        listener_refused(&l->listener, &from, e.what);
    }
    if (l->fd >= 0) /* else the listener was closed by the callback */
        l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void tcp_accept(struct tcp_listener *l, int fd, const struct sockaddr_in6 *in)
{
    struct endpoint from;
    endpoint_from_address(in, l->listener.local.interface, &from);
    if (!listener_has_room(&l->listener, &from)) {
        tcp_refuse(fd);
        return;
    }
    struct stream *s = tcp_new(l->listener.world);
    if (s == NULL) {
        tcp_refuse(fd);
        listener_refused(&l->listener, &from, "out of memory");
        return;
    }
    tcp_learn_ends(s, fd, in);
    listener_take(&l->listener, s);
    if (tcp_take(s, fd) != 0)
        stream_close(s, STREAM_FIN);
    else
        listener_accepted(&l->listener, s);
}

static void tcp_acceptable(uv_poll_t *poll, int status, int events)
{
    struct tcp_listener *l = poll->data;
    (void)events;
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, tcp_acceptable);
    for (int i = 0; i < AT_ONCE && l->fd >= 0; i++) {
        struct sockaddr_in6 in = {0};
        socklen_t size = sizeof in;
        int fd = accept4(l->fd, (struct sockaddr *)&in, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            tcp_accept(l, fd, &in);
        else if (errno == EMFILE || errno == ENFILE)
            tcp_refuse_with_spare(l, errno);
        else if (errno == EAGAIN)
            return; /* any other error is that of one connection that has ended already */
    }
}

/* Address to listen at, with its port or 0; fills the listener's own end. */
static int tcp_listener_resolve(struct endpoint *own, const struct endpoint *at,
                                struct sockaddr_in6 *in, struct err *e)
{
    *own = *at;
    if (endpoint_is_unset(at) && at->interface[0] != '\0' &&
        endpoint_of_interface(at->interface, own, e) != 0)
        return -1;
    if (!endpoint_is_link_local(own))
        memset(own->interface, 0, sizeof own->interface); /* ::1 needs none */
    own->port = at->port;
    return endpoint_to_address(own, in, e);
}

/* 0 or an errno. */
static int tcp_bind(struct tcp_listener *l, const struct sockaddr_in6 *in)
{
    static const int on = 1, off = 0;
    l->fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return errno;
    arrival_want(l->fd);
    setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (world_shares_ports(l->listener.world))
        setsockopt(l->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(l->fd, (const struct sockaddr *)in, sizeof *in) == 0 && listen(l->fd, SOMAXCONN) == 0)
        return 0;
    int number = errno;
    close(l->fd);
    l->fd = -1;
    return number;
}

static int tcp_listener_start(struct tcp_listener *l, const struct endpoint *at, struct err *e)
{
    struct sockaddr_in6 in;
    struct endpoint *own = &l->listener.local;
    char text[ENDPOINT_TEXT], what[ENDPOINT_TEXT + 32];
    if (tcp_listener_resolve(own, at, &in, e) != 0)
        return -1;
    int number = EADDRINUSE;
    for (int i = 0; i < (at->port == 0 ? PORT_TRIES : 1) && number == EADDRINUSE; i++) {
        own->port = at->port == 0 ? endpoint_random_port() : at->port;
        in.sin6_port = htons(own->port);
        number = tcp_bind(l, &in);
    }
    if (number != 0) {
        snprintf(what, sizeof what, "listening at %s", endpoint_text(own, text, sizeof text));
        return no_descriptor(what, number, e);
    }
    own_mac(l->fd, own);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    number = uv_poll_init(world_loop(l->listener.world), &l->poll, l->fd);
    if (number != 0)
        return err_set(e, "listening: %s", uv_strerror(number));
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, tcp_acceptable);
    return 0;
}

static void tcp_listener_close(struct listener *listener)
{
    struct tcp_listener *l = (struct tcp_listener *)listener;
    uv_close((uv_handle_t *)&l->poll, tcp_listener_gone);
    close(l->fd);
    if (l->spare >= 0)
        close(l->spare);
    l->fd = l->spare = -1;
}

struct listener *tcp_listen(struct world *world, const struct endpoint *at, struct err *e)
{
    struct tcp_listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        err_set(e, "listening: out of memory");
        return NULL;
    }
    l->listener.world = world;
    l->listener.close = tcp_listener_close;
    l->fd = l->spare = -1;
    enum lab_side before = lab_on(lab_side_of(at->interface));
    int result = tcp_listener_start(l, at, e);
    lab_on(before);
    if (result == 0)
        return &l->listener;
    if (l->fd >= 0)
        close(l->fd);
    if (l->spare >= 0)
        close(l->spare);
    free(l);
    return NULL;
}
