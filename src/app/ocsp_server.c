/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ocsp_server.h"

#include "wire/stream.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define REQUEST_MS 5000 /* that a client may take for its request */
#define CLIENTS_MOST 32

struct client {
    struct client *next;
    struct ocsp_server *server;
    struct stream *stream;
    struct timer limit;
    struct buf in;
};

struct ocsp_server {
    const struct ocsp *o;
    ocsp_log log;
    void *context;
    struct listener *listener;
    struct client *clients;
    struct world *world;
};

static void client_close(struct client *c, enum stream_how how)
{
    struct client **at = &c->server->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    stream_close(c->stream, how);
    timer_stop(&c->limit);
    buf_close(&c->in);
    free(c);
}

static void reply(struct client *c, const char *status, const char *type, const struct buf *body,
                  const char *what)
{
    struct buf out = {0};
    struct err e = ERR_INIT;
    buf_printf(&out,
               "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
               "Cache-Control: no-store\r\n\r\n",
               status, type, body->n);
    if (body->n > 0)
        buf_add(&out, body->p, body->n);
    if (!out.failed)
        stream_write(c->stream, (struct slice){out.p, out.n}, &e);
    buf_close(&out);
    if (c->server->log != NULL)
        c->server->log(c->server->context, stream_remote(c->stream), what);
    client_close(c, STREAM_FIN);
}

static void refuse(struct client *c, const char *status)
{
    static const struct buf NOTHING = {0};
    reply(c, status, "text/plain", &NOTHING, status);
}

static void reply_ocsp(struct client *c, struct slice request)
{
    char what[160];
    struct buf body = {0};
    ocsp_answer(c->server->o, request, (int64_t)time(NULL), &body, what, sizeof what);
    reply(c, "200 OK", "application/ocsp-response", &body, what);
    buf_close(&body);
}

/* "iso15118-2/v2g-root.crl", of the tree only. */
static void reply_list(struct client *c, const char *name)
{
    char what[128];
    struct buf body = {0};
    snprintf(what, sizeof what, "revocation list %s", name);
    if (ocsp_list(c->server->o, name, &body) == 0)
        reply(c, "200 OK", "application/pkix-crl", &body, what);
    else
        refuse(c, "404 Not Found");
    buf_close(&body);
}

/* The base64 text of a path, where %XX stands for what a path cannot have. */
static int64_t read_path(const char *path, uint8_t *out, size_t cap)
{
    char text[OCSP_REQUEST_MOST + 1];
    size_t n = 0;
    while (*path != '\0' && n < OCSP_REQUEST_MOST) {
        uint8_t c;
        if (*path != '%')
            text[n++] = *path++;
        else if (path[1] == '\0' || hex_read(path + 1, 2, &c, 1) != 1)
            return -1;
        else
            text[n++] = (char)c, path += 3;
    }
    return base64_read(text, n, out, cap);
}

static void answer_get(struct client *c, const char *path)
{
    uint8_t request[OCSP_REQUEST_MOST];
    while (*path == '/')
        path++;
    if (strncmp(path, "crl/", 4) == 0) {
        reply_list(c, path + 4);
        return;
    }
    int64_t n = read_path(path, request, sizeof request);
    if (n <= 0)
        refuse(c, "404 Not Found");
    else
        reply_ocsp(c, (struct slice){request, (size_t)n});
}

/* Of a header in text, which ends with an empty line; -1: none. */
static long content_length(const char *text)
{
    for (const char *line = strstr(text, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "Content-Length:", 15) != 0)
            continue;
        char *end;
        long n = strtol(line + 17, &end, 10);
        return *end == '\r' && n >= 0 && n <= OCSP_REQUEST_MOST ? n : -1;
    }
    return -1;
}

/* Answers when all of the request is there. */
static void look_at_request(struct client *c)
{
    const char *head = buf_string(&c->in);
    char *end = head == NULL ? NULL : strstr(head, "\r\n\r\n");
    if (end == NULL) {
        if (c->in.failed || c->in.n >= OCSP_REQUEST_MOST)
            refuse(c, "431 Request Header Fields Too Large");
        return;
    }
    size_t body = (size_t)(end - head) + 4;
    char *path = strchr(head, ' '), *after = path == NULL ? NULL : strpbrk(path + 1, " \r");
    if (after == NULL || after > end) {
        refuse(c, "400 Bad Request");
    } else if (strncmp(head, "GET ", 4) == 0) {
        *after = '\0';
        answer_get(c, path + 1);
    } else if (strncmp(head, "POST ", 5) == 0) {
        long n = content_length(head);
        if (n < 0)
            refuse(c, "411 Length Required");
        else if (c->in.n >= body + (size_t)n)
            reply_ocsp(c, (struct slice){c->in.p + body, (size_t)n});
    } else {
        refuse(c, "405 Method Not Allowed");
    }
}

static void on_data(void *context, struct stream *s, struct slice bytes)
{
    struct client *c = context;
    (void)s;
    if (c->in.n + bytes.n > 2 * OCSP_REQUEST_MOST) {
        refuse(c, "413 Content Too Large");
        return;
    }
    buf_add(&c->in, bytes.p, bytes.n);
    look_at_request(c);
}

static void on_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    (void)s, (void)end, (void)why;
    client_close(context, STREAM_RST);
}

static const struct stream_events CLIENT_EVENTS = {.data = on_data, .closed = on_closed};

static void client_late(void *data)
{
    client_close(data, STREAM_RST);
}

static void on_accepted(void *context, struct stream *s)
{
    struct ocsp_server *server = context;
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        stream_close(s, STREAM_RST);
        return;
    }
    *c = (struct client){.next = server->clients, .server = server, .stream = s};
    timer_start(server->world, &c->limit, REQUEST_MS, client_late, c);
    server->clients = c;
    stream_use(s, &CLIENT_EVENTS, c);
}

static const struct listener_events LISTENER_EVENTS = {.accepted = on_accepted};

struct ocsp_server *ocsp_server_open(struct world *world, const struct endpoint *at,
                                     const struct ocsp *o, ocsp_log log, void *context,
                                     struct err *e)
{
    struct ocsp_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    s->world = world;
    s->o = o;
    s->log = log;
    s->context = context;
    s->listener = stream_listen(world, at, CLIENTS_MOST, &LISTENER_EVENTS, s, e);
    if (s->listener == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

const struct endpoint *ocsp_server_endpoint(const struct ocsp_server *s)
{
    return listener_endpoint(s->listener);
}

void ocsp_server_close(struct ocsp_server *s)
{
    if (s == NULL)
        return;
    while (s->clients != NULL)
        client_close(s->clients, STREAM_RST);
    listener_close(s->listener);
    free(s);
}
