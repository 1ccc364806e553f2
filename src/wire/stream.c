/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/stream.h"
#include "wire/lab.h"
#include "wire/world.h"

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

#define CONNECT_MS 10000
#define LINGER_MS 10000
#define PORT_TRIES 64 /* of dynamic ports, until a free one is found */
#define AT_ONCE 16    /* connections accepted before the loop may do something else */

struct stream {
    uv_tcp_t tcp;
    struct world *world;
    const struct stream_events *events;
    void *context;
    const struct stream_filter *filter;
    void *filter_state;
    struct listener *listener; /* that accepted it; NULL where it was connected */
    size_t waiting;
    struct timer limit; /* of closing with bytes still to be written */
    bool is_open;       /* bytes can be written */
    bool is_ready;      /* the owner may write: the filter has nothing against it */
    bool is_paused, is_told, is_closing, is_connecting, has_ended_writing;
    struct endpoint local, remote;
};

static const struct stream_events NO_EVENTS;

/* ORDER STREAM_END */
static const char *const END_TEXTS[] = {
    "closed by peer",    "reset by peer", "connection refused",
    "no answer in time", "unreachable",   "failed",
};

const char *stream_end_text(enum stream_end end)
{
    return END_TEXTS[end];
}

static enum stream_end end_of_error(int number)
{
    switch (number) {
    case UV_EOF:
        return STREAM_CLOSED;
    case UV_ECONNRESET:
    case UV_ECONNABORTED:
    case UV_EPIPE:
        return STREAM_RESET;
    case UV_ECONNREFUSED:
        return STREAM_REFUSED;
    case UV_ETIMEDOUT:
        return STREAM_TIMEOUT;
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
    case UV_ENETDOWN:
        return STREAM_UNREACHABLE;
    default: /* numbers, not an enumeration */
        return STREAM_FAILED;
    }
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

/* ---- state ---- */

bool stream_is_open(const struct stream *s)
{
    return s->is_open && s->is_ready && !s->is_closing;
}

const struct endpoint *stream_local(const struct stream *s)
{
    return &s->local;
}

const struct endpoint *stream_remote(const struct stream *s)
{
    return &s->remote;
}

void *stream_context(const struct stream *s)
{
    return s->context;
}

struct world *stream_world(const struct stream *s)
{
    return s->world;
}

size_t stream_waiting(const struct stream *s)
{
    return s->waiting;
}

/* The last word to the owner. */
static void stream_tell_closed(struct stream *s, enum stream_end end, const char *why)
{
    if (s->is_told || s->is_closing)
        return;
    s->is_told = true;
    uv_read_stop((uv_stream_t *)&s->tcp);
    if (s->events->closed != NULL)
        s->events->closed(s->context, s, end, why);
}

static void stream_lost(struct stream *s, const char *what, int number)
{
    char why[512], local[ENDPOINT_TEXT], remote[ENDPOINT_TEXT];
    enum stream_end end = end_of_error(number);
    const char *text = end == STREAM_FAILED ? uv_strerror(number) : END_TEXTS[end];
    endpoint_text(&s->remote, remote, sizeof remote);
    endpoint_text(&s->local, local, sizeof local);
    if (s->is_connecting)
        snprintf(why, sizeof why, "%s to %s: %s%s", what, remote, text,
                 end == STREAM_REFUSED ? ", nobody listens there" : "");
    else
        snprintf(why, sizeof why, "%s of %s with %s: %s", what, local, remote, text);
    if (s->is_open && s->filter != NULL && s->filter->ended != NULL)
        s->filter->ended(s->filter_state, why, sizeof why);
    if (end != STREAM_CLOSED)
        s->is_open = false;
    stream_tell_closed(s, end, why);
}

void stream_fail(struct stream *s, enum stream_end end, const char *why)
{
    stream_tell_closed(s, end, why);
}

/* ---- reading ---- */

static void stream_buffer(uv_handle_t *h, size_t size, uv_buf_t *out)
{
    const struct stream *s = h->data;
    (void)size;
    *out = uv_buf_init((char *)world_room(s->world), WORLD_ROOM);
}

void stream_deliver(struct stream *s, struct slice bytes)
{
    if (!s->is_closing && !s->is_told && s->events->data != NULL)
        s->events->data(s->context, s, bytes);
}

/* libuv takes an RST behind data for a FIN; the socket knows better. */
static int stream_error(struct stream *s)
{
    int fd = -1, number = 0;
    socklen_t size = sizeof number;
    uv_fileno((uv_handle_t *)&s->tcp, &fd);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size);
    return number == 0 ? UV_EOF : -number;
}

static void stream_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *in)
{
    struct stream *s = tcp->data;
    if (n == 0 || s->is_closing)
        return; /* 0: nothing there after all */
    if (n < 0) {
        stream_lost(s, "connection", n == UV_EOF ? stream_error(s) : (int)n);
        return;
    }
    struct slice bytes = {(const uint8_t *)in->base, (size_t)n};
    if (s->events->wire != NULL)
        s->events->wire(s->context, s, false, bytes);
    if (s->filter != NULL && !s->is_closing)
        s->filter->from_wire(s->filter_state, s, bytes);
    else
        stream_deliver(s, bytes);
}

static void stream_start_reading(struct stream *s)
{
    if (!s->is_paused && s->is_open && !s->is_told && !s->is_closing)
        uv_read_start((uv_stream_t *)&s->tcp, stream_buffer, stream_read);
}

void stream_pause(struct stream *s, bool is_paused)
{
    s->is_paused = is_paused;
    if (is_paused && !s->is_closing)
        uv_read_stop((uv_stream_t *)&s->tcp);
    else
        stream_start_reading(s);
}

/* ---- writing ---- */

struct rest {
    uv_write_t request;
    size_t n;
    char bytes[];
};

static void stream_gone(uv_handle_t *h);

static void stream_finish(struct stream *s)
{
    if (!uv_is_closing((uv_handle_t *)&s->tcp))
        uv_close((uv_handle_t *)&s->tcp, stream_gone);
}

static void stream_rest_written(uv_write_t *request, int status)
{
    struct rest *rest = request->data;
    struct stream *s = request->handle->data;
    s->waiting -= rest->n;
    free(rest);
    if (s->is_closing && (status < 0 || s->waiting == 0))
        stream_finish(s);
    else if (status < 0)
        stream_lost(s, "connection", status);
}

static int stream_not_open(const struct stream *s, const char *why, struct err *e)
{
    char remote[ENDPOINT_TEXT];
    return err_set(e, "nothing can be sent to %s: %s",
                   endpoint_text(&s->remote, remote, sizeof remote), why);
}

static int stream_keep_rest(struct stream *s, struct slice bytes, struct err *e)
{
    struct rest *rest = malloc(sizeof *rest + bytes.n);
    if (rest == NULL)
        return stream_not_open(s, "out of memory", e);
    rest->n = bytes.n;
    rest->request.data = rest;
    memcpy(rest->bytes, bytes.p, bytes.n);
    uv_buf_t out = uv_buf_init(rest->bytes, (unsigned)bytes.n);
    int number = uv_write(&rest->request, (uv_stream_t *)&s->tcp, &out, 1, stream_rest_written);
    if (number < 0) {
        free(rest);
        return stream_not_open(s, uv_strerror(number), e);
    }
    s->waiting += bytes.n;
    return 0;
}

int stream_write_wire(struct stream *s, struct slice bytes, struct err *e)
{
    int sent = 0;
    if (!s->is_open || s->is_closing || s->has_ended_writing)
        return stream_not_open(s, "the connection is not open for it", e);
    if (bytes.n > STREAM_WAITING_MOST || s->waiting > STREAM_WAITING_MOST - bytes.n)
        return stream_not_open(s, "the peer does not read, and too much waits", e);
    if (bytes.n == 0)
        return 0;
    if (s->waiting == 0) {
        uv_buf_t out = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
        sent = uv_try_write((uv_stream_t *)&s->tcp, &out, 1);
        if (sent < 0 && sent != UV_EAGAIN)
            return stream_not_open(s, END_TEXTS[end_of_error(sent)], e);
        sent = sent < 0 ? 0 : sent;
    }
    struct slice rest = {bytes.p + sent, bytes.n - (size_t)sent};
    if (rest.n > 0 && stream_keep_rest(s, rest, e) != 0)
        return -1;
    if (s->events->wire != NULL)
        s->events->wire(s->context, s, true, bytes);
    return 0;
}

int stream_write(struct stream *s, struct slice bytes, struct err *e)
{
    if (!s->is_ready)
        return stream_not_open(s, "the connection is not open yet", e);
    if (s->filter != NULL)
        return s->filter->to_wire(s->filter_state, s, bytes, e);
    return stream_write_wire(s, bytes, e);
}

/* ---- opening ---- */

void stream_set_filter(struct stream *s, const struct stream_filter *filter, void *state)
{
    s->filter = filter;
    s->filter_state = state;
}

void stream_ready(struct stream *s)
{
    if (s->is_ready || s->is_closing)
        return;
    s->is_ready = true;
    if (s->events->opened != NULL && (s->listener == NULL || s->filter != NULL))
        s->events->opened(s->context, s);
}

static void stream_begin(struct stream *s)
{
    stream_start_reading(s);
    if (s->filter != NULL)
        s->filter->start(s->filter_state, s);
    else
        stream_ready(s);
}

void stream_use(struct stream *s, const struct stream_events *events, void *context)
{
    s->events = events;
    s->context = context;
    stream_begin(s);
}

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

/* Learns both ends of an open connection. */
static void stream_learn_ends(struct stream *s, int fd, const struct sockaddr_in6 *peer)
{
    struct sockaddr_in6 in = {0};
    socklen_t size = sizeof in;
    char interface[16] = "";
    interface_of_scope(fd, peer, interface);
    endpoint_from_address(peer, interface, &s->remote);
    if (getsockname(fd, (struct sockaddr *)&in, &size) == 0)
        endpoint_from_address(&in, interface, &s->local);
    own_mac(fd, &s->local);
    enum lab_side before = lab_on(lab_side_of(interface));
    endpoint_learn_mac(&s->remote);
    lab_on(before);
}

static struct stream *stream_new(struct world *world)
{
    struct stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->world = world;
    s->events = &NO_EVENTS;
    uv_tcp_init(world_loop(world), &s->tcp); /* cannot fail without a socket */
    s->tcp.data = s;
    return s;
}

/* The stream takes the descriptor over. */
static int stream_take(struct stream *s, int fd)
{
    int number = uv_tcp_open(&s->tcp, fd);
    if (number != 0)
        close(fd);
    else
        uv_tcp_nodelay(&s->tcp, 1);
    return number;
}

/* ---- connecting ---- */

struct connecting {
    uv_connect_t request;
    struct timer timer;
    struct stream *stream;
    unsigned timeout_ms;
    uint16_t port; /* of the own end; 0: any */
};

static void stream_connected(uv_connect_t *request, int status)
{
    struct connecting *c = request->data;
    struct stream *s = c->stream;
    timer_stop(&c->timer);
    free(c);
    if (s->is_closing || s->is_told)
        return;
    if (status < 0) {
        stream_lost(s, "connecting", status);
        return;
    }
    struct sockaddr_in6 peer = {0};
    int size = sizeof peer, fd = -1;
    uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&peer, &size); /* fails if reset meanwhile */
    uv_fileno((uv_handle_t *)&s->tcp, &fd);
    if (peer.sin6_family == AF_INET6)
        stream_learn_ends(s, fd, &peer);
    s->is_connecting = false;
    s->is_open = true;
    stream_begin(s);
}

static void stream_not_connected(void *data)
{
    const struct connecting *c = data;
    char why[192], remote[ENDPOINT_TEXT];
    snprintf(why, sizeof why, "connecting to %s: no answer within %u ms",
             endpoint_text(&c->stream->remote, remote, sizeof remote), c->timeout_ms);
    stream_tell_closed(c->stream, STREAM_TIMEOUT, why);
}

/* A socket bound to the own end's address, and its port or (0) some dynamic one; -1 and errno. */
static int bound_socket(struct sockaddr_in6 *own, uint16_t port)
{
    static const int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
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
static int stream_resolve(const struct endpoint *to, struct sockaddr_in6 *own,
                          struct sockaddr_in6 *peer, struct err *e)
{
    struct endpoint a;
    *own = (struct sockaddr_in6){.sin6_family = AF_INET6};
    if (to->port == 0)
        return err_set(e, "connecting: expected an address with a port, found none");
    if (endpoint_to_address(to, peer, e) != 0)
        return -1;
    if (!endpoint_is_link_local(to))
        return 0;
    return endpoint_of_interface(to->interface, &a, e) != 0 ? -1 : endpoint_to_address(&a, own, e);
}

/* One attempt: 0, or an errno; then the stream is gone. */
static int stream_try(struct stream *s, struct connecting *c, struct sockaddr_in6 *own,
                      const struct sockaddr_in6 *peer)
{
    int fd = bound_socket(own, c->port);
    int number = fd < 0 ? -errno : stream_take(s, fd);
    if (number == 0) {
        s->is_connecting = true;
        c->stream = s;
        c->request.data = c;
        number =
            uv_tcp_connect(&c->request, &s->tcp, (const struct sockaddr *)peer, stream_connected);
    }
    if (number != 0)
        stream_close(s, STREAM_FIN);
    return -number;
}

static struct stream *stream_start(struct world *world, const struct endpoint *to,
                                   struct connecting *c, struct err *e)
{
    struct sockaddr_in6 own, peer;
    char text[ENDPOINT_TEXT], what[ENDPOINT_TEXT + 32];
    int number = EADDRNOTAVAIL;
    if (stream_resolve(to, &own, &peer, e) != 0)
        return NULL;
    /* A port whose last connection to the same place has just ended is found out only here. */
    int tries = c->port != 0 ? 1 : PORT_TRIES;
    for (int i = 0; i < tries && number == EADDRNOTAVAIL; i++) {
        struct stream *s = stream_new(world);
        number = s == NULL ? ENOMEM : stream_try(s, c, &own, &peer);
        if (number != 0)
            continue;
        s->remote = *to;
        return s;
    }
    snprintf(what, sizeof what, "connecting to %s", endpoint_text(to, text, sizeof text));
    no_descriptor(what, number, e);
    return NULL;
}

struct stream *stream_connect(struct world *world, const struct endpoint *to, unsigned timeout_ms,
                              const struct stream_events *events, void *context, struct err *e)
{
    return stream_connect_from(world, to, 0, timeout_ms, events, context, e);
}

struct stream *stream_connect_from(struct world *world, const struct endpoint *to, uint16_t port,
                                   unsigned timeout_ms, const struct stream_events *events,
                                   void *context, struct err *e)
{
    struct connecting *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, "connecting: out of memory");
        return NULL;
    }
    c->port = port;
    enum lab_side before = lab_on(lab_side_of(to->interface));
    struct stream *s = stream_start(world, to, c, e);
    lab_on(before);
    if (s == NULL) {
        free(c);
        return NULL;
    }
    s->events = events;
    s->context = context;
    c->timeout_ms = timeout_ms == 0 ? CONNECT_MS : timeout_ms;
    timer_start(world, &c->timer, c->timeout_ms, stream_not_connected, c);
    return s;
}

/* ---- closing ---- */

static void listener_lost_stream(struct listener *l);

static void stream_gone(uv_handle_t *h)
{
    struct stream *s = h->data;
    timer_stop(&s->limit);
    if (s->filter != NULL && s->filter->free != NULL)
        s->filter->free(s->filter_state);
    if (s->listener != NULL)
        listener_lost_stream(s->listener);
    free(s);
}

static void stream_not_written(void *data)
{
    stream_finish(data);
}

/* Bytes that nobody has read make the system send RST instead of FIN. */
static void stream_drain(int fd)
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

void stream_close(struct stream *s, enum stream_how how)
{
    int fd = -1;
    if (s == NULL || s->is_closing)
        return;
    if (how == STREAM_FIN && s->is_open && s->filter != NULL && s->filter->finish != NULL)
        s->filter->finish(s->filter_state, s);
    s->is_closing = true;
    uv_read_stop((uv_stream_t *)&s->tcp);
    uv_fileno((uv_handle_t *)&s->tcp, &fd);
    if (how == STREAM_FIN && s->is_open) {
        stream_drain(fd);
        if (s->waiting > 0) { /* stream_rest_written ends it */
            timer_start(s->world, &s->limit, LINGER_MS, stream_not_written, s);
            return;
        }
    }
    if (how == STREAM_RST && fd >= 0)
        reset_on_close(fd);
    stream_finish(s);
}

static void stream_writing_ended(uv_shutdown_t *request, int status)
{
    (void)status;
    free(request);
}

int stream_end_writing(struct stream *s, struct err *e)
{
    if (!stream_is_open(s) || s->has_ended_writing)
        return stream_not_open(s, "the connection is not open for it", e);
    if (s->filter != NULL && s->filter->finish != NULL)
        s->filter->finish(s->filter_state, s);
    uv_shutdown_t *request = malloc(sizeof *request);
    int number = request == NULL
                     ? UV_ENOMEM
                     : uv_shutdown(request, (uv_stream_t *)&s->tcp, stream_writing_ended);
    if (number == 0) {
        s->has_ended_writing = true;
        return 0;
    }
    free(request);
    return stream_not_open(s, uv_strerror(number), e);
}

/* ---- listening ---- */

struct listener {
    uv_poll_t poll;
    struct world *world;
    int fd;
    int spare; /* given up for a moment to refuse a connection when no descriptor is left */
    unsigned most, open;
    bool is_gone; /* its handle; the memory stays until the last stream is */
    struct endpoint local;
    const struct listener_events *events;
    void *context;
};

const struct endpoint *listener_endpoint(const struct listener *l)
{
    return l == NULL ? NULL : &l->local;
}

static void listener_free(struct listener *l)
{
    if (l->is_gone && l->open == 0)
        free(l);
}

static void listener_lost_stream(struct listener *l)
{
    l->open--;
    listener_free(l);
}

static void listener_gone(uv_handle_t *h)
{
    struct listener *l = h->data;
    l->is_gone = true;
    listener_free(l);
}

/* Resets the connection and says so. */
static void listener_refuse(struct listener *l, int fd, const struct sockaddr_in6 *in,
                            const char *why)
{
    struct endpoint from;
    reset_on_close(fd);
    close(fd);
    endpoint_from_address(in, l->local.interface, &from);
    if (l->events->refused != NULL)
        l->events->refused(l->context, &from, why);
}

/* Without this the connection would wait in the queue and wake the loop for ever. */
static void listener_refuse_with_spare(struct listener *l, int number)
{
    struct sockaddr_in6 in = {0};
    socklen_t size = sizeof in;
    struct err e = ERR_INIT;
    no_descriptor("accepting a connection", number, &e);
    if (l->spare >= 0)
        close(l->spare);
    l->spare = -1;
    int fd = accept4(l->fd, (struct sockaddr *)&in, &size, SOCK_CLOEXEC);
    if (fd >= 0)
        listener_refuse(l, fd, &in, e.what);
    if (l->fd >= 0) /* else the listener was closed by the callback */
        l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void listener_take(struct listener *l, int fd, const struct sockaddr_in6 *in)
{
    char why[96];
    if (l->open >= l->most) {
        snprintf(why, sizeof why, "%u connections are open, the most that are allowed", l->open);
        listener_refuse(l, fd, in, why);
        return;
    }
    struct stream *s = stream_new(l->world);
    if (s == NULL) {
        listener_refuse(l, fd, in, "out of memory");
        return;
    }
    s->listener = l;
    l->open++;
    stream_learn_ends(s, fd, in);
    if (stream_take(s, fd) != 0) {
        stream_close(s, STREAM_FIN);
        return;
    }
    s->is_open = true;
    l->events->accepted(l->context, s);
}

static void listener_readable(uv_poll_t *poll, int status, int events)
{
    struct listener *l = poll->data;
    (void)events;
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, listener_readable);
    for (int i = 0; i < AT_ONCE && l->fd >= 0; i++) {
        struct sockaddr_in6 in = {0};
        socklen_t size = sizeof in;
        int fd = accept4(l->fd, (struct sockaddr *)&in, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            listener_take(l, fd, &in);
        else if (errno == EMFILE || errno == ENFILE)
            listener_refuse_with_spare(l, errno);
        else if (errno == EAGAIN)
            return; /* any other error is that of one connection that has ended already */
    }
}

/* Address to listen at, with its port or 0; fills the listener's own end. */
static int listener_resolve(struct listener *l, const struct endpoint *at, struct sockaddr_in6 *in,
                            struct err *e)
{
    l->local = *at;
    if (endpoint_is_unset(at) && at->interface[0] != '\0' &&
        endpoint_of_interface(at->interface, &l->local, e) != 0)
        return -1;
    if (!endpoint_is_link_local(&l->local))
        memset(l->local.interface, 0, sizeof l->local.interface); /* ::1 needs none */
    l->local.port = at->port;
    return endpoint_to_address(&l->local, in, e);
}

/* 0 or an errno. */
static int listener_bind(struct listener *l, const struct sockaddr_in6 *in)
{
    static const int on = 1, off = 0;
    l->fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return errno;
    setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(l->fd, (const struct sockaddr *)in, sizeof *in) == 0 && listen(l->fd, SOMAXCONN) == 0)
        return 0;
    int number = errno;
    close(l->fd);
    l->fd = -1;
    return number;
}

static int listener_start(struct listener *l, const struct endpoint *at, struct err *e)
{
    struct sockaddr_in6 in;
    char text[ENDPOINT_TEXT], what[ENDPOINT_TEXT + 32];
    if (listener_resolve(l, at, &in, e) != 0)
        return -1;
    int number = EADDRINUSE;
    for (int i = 0; i < (at->port == 0 ? PORT_TRIES : 1) && number == EADDRINUSE; i++) {
        l->local.port = at->port == 0 ? endpoint_random_port() : at->port;
        in.sin6_port = htons(l->local.port);
        number = listener_bind(l, &in);
    }
    if (number != 0) {
        snprintf(what, sizeof what, "listening at %s", endpoint_text(&l->local, text, sizeof text));
        return no_descriptor(what, number, e);
    }
    own_mac(l->fd, &l->local);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    number = uv_poll_init(world_loop(l->world), &l->poll, l->fd);
    if (number != 0)
        return err_set(e, "listening: %s", uv_strerror(number));
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, listener_readable);
    return 0;
}

struct listener *stream_listen(struct world *world, const struct endpoint *at, unsigned most,
                               const struct listener_events *events, void *context, struct err *e)
{
    struct listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        err_set(e, "listening: out of memory");
        return NULL;
    }
    l->world = world;
    l->fd = l->spare = -1;
    l->most = most == 0 ? LISTENER_MOST : most;
    l->events = events;
    l->context = context;
    enum lab_side before = lab_on(lab_side_of(at->interface));
    int result = listener_start(l, at, e);
    lab_on(before);
    if (result == 0)
        return l;
    if (l->fd >= 0)
        close(l->fd);
    if (l->spare >= 0)
        close(l->spare);
    free(l);
    return NULL;
}

void listener_close(struct listener *l)
{
    if (l == NULL || l->fd < 0)
        return;
    uv_close((uv_handle_t *)&l->poll, listener_gone);
    close(l->fd);
    if (l->spare >= 0)
        close(l->spare);
    l->fd = l->spare = -1;
}
