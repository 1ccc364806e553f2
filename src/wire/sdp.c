/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sdp.h"
#include "wire/lab.h"
#include "wire/sdp_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MS 250
#define TRIES 50

/* ---- messages ---- */

const struct sdp_field SDP_REQUEST_FIELDS[2] = {
    {"Security", 0, 1},
    {"TransportProtocol", 1, 1},
};

const struct sdp_field SDP_RESPONSE_FIELDS[4] = {
    {"SECCIPAddress", 0, 16},
    {"SECCPort", 16, 2},
    {"Security", 18, 1},
    {"TransportProtocol", 19, 1},
};

const char *sdp_security_name(uint8_t Security)
{
    return Security == SDP_TLS ? "TLS" : Security == SDP_NO_TLS ? "no TLS" : NULL;
}

const char *sdp_transport_name(uint8_t TransportProtocol)
{
    return TransportProtocol == SDP_TCP ? "TCP" : TransportProtocol == SDP_UDP ? "UDP" : NULL;
}

void sdp_write_request(uint8_t out[SDP_REQUEST_SIZE], const struct sdp_request *m)
{
    v2gtp_write(out, V2GTP_SDP_REQ, SDP_REQUEST_SIZE - V2GTP_HEADER);
    out[8] = m->Security;
    out[9] = m->TransportProtocol;
}

void sdp_write_response(uint8_t out[SDP_RESPONSE_SIZE], const struct sdp_response *m)
{
    v2gtp_write(out, V2GTP_SDP_RES, SDP_RESPONSE_SIZE - V2GTP_HEADER);
    memcpy(out + 8, m->SECCIPAddress, sizeof m->SECCIPAddress);
    out[24] = (uint8_t)(m->SECCPort >> 8);
    out[25] = (uint8_t)m->SECCPort;
    out[26] = m->Security;
    out[27] = m->TransportProtocol;
}

/* The payload of a datagram that must have this type and size, or NULL. */
static const uint8_t *sdp_payload(struct slice datagram, uint16_t type, size_t size, struct err *e)
{
    struct v2gtp_header h;
    if (v2gtp_datagram(datagram, &h, e) != V2GTP_FRAME)
        return NULL;
    if (h.type != type) {
        const char *name = v2gtp_type_name(h.type);
        err_set(e, "V2GTP payload type: expected 0x%04X (%s), found 0x%04X (%s)", type,
                v2gtp_type_name(type), h.type, name == NULL ? "reserved" : name);
        return NULL;
    }
    if (h.length != size) {
        err_set(e, "%s: expected %zu bytes of payload, found %u", v2gtp_type_name(type), size,
                h.length);
        return NULL;
    }
    return datagram.p + V2GTP_HEADER;
}

int sdp_read_request(struct slice datagram, struct sdp_request *m, struct err *e)
{
    const uint8_t *p = sdp_payload(datagram, V2GTP_SDP_REQ, SDP_REQUEST_SIZE - V2GTP_HEADER, e);
    if (p == NULL)
        return -1;
    *m = (struct sdp_request){.Security = p[0], .TransportProtocol = p[1]};
    return 0;
}

int sdp_read_response(struct slice datagram, struct sdp_response *m, struct err *e)
{
    const uint8_t *p = sdp_payload(datagram, V2GTP_SDP_RES, SDP_RESPONSE_SIZE - V2GTP_HEADER, e);
    if (p == NULL)
        return -1;
    memcpy(m->SECCIPAddress, p, sizeof m->SECCIPAddress);
    m->SECCPort = (uint16_t)(p[16] << 8 | p[17]);
    m->Security = p[18];
    m->TransportProtocol = p[19];
    return 0;
}

static int sdp_check(uint8_t Security, uint8_t TransportProtocol, struct err *e)
{
    if (sdp_security_name(Security) == NULL)
        return err_set(e, "SDP Security: expected 0x00 (TLS) or 0x10 (no TLS), found 0x%02X",
                       Security);
    if (TransportProtocol != SDP_TCP)
        return err_set(e, "SDP TransportProtocol: expected 0x00 (TCP), found 0x%02X%s",
                       TransportProtocol,
                       TransportProtocol == SDP_UDP ? " (UDP, which is reserved)" : "");
    return 0;
}

int sdp_check_request(const struct sdp_request *m, struct err *e)
{
    return sdp_check(m->Security, m->TransportProtocol, e);
}

int sdp_check_response(const struct sdp_response *m, struct err *e)
{
    struct endpoint a;
    char text[ENDPOINT_TEXT];
    sdp_response_endpoint(m, "", &a);
    if (endpoint_is_unset(&a) || endpoint_is_multicast(&a))
        return err_set(e, "SDP SECCIPAddress: expected the address of a station, found %s",
                       endpoint_text(&a, text, sizeof text));
    if (m->SECCPort == 0)
        return err_set(e, "SDP SECCPort: expected a port, found 0");
    return sdp_check(m->Security, m->TransportProtocol, e);
}

bool sdp_choose(const struct sdp_request *m, const struct endpoint *plain,
                const struct endpoint *tls, struct sdp_response *out)
{
    bool with_tls = m->Security == SDP_TLS && tls != NULL;
    const struct endpoint *at = with_tls ? tls : plain;
    if (at == NULL)
        return false;
    *out = (struct sdp_response){.SECCPort = at->port,
                                 .Security = with_tls ? SDP_TLS : SDP_NO_TLS,
                                 .TransportProtocol = SDP_TCP};
    memcpy(out->SECCIPAddress, at->ip, sizeof out->SECCIPAddress);
    return true;
}

void sdp_response_endpoint(const struct sdp_response *m, const char *interface,
                           struct endpoint *out)
{
    *out = (struct endpoint){.port = m->SECCPort};
    memcpy(out->ip, m->SECCIPAddress, sizeof out->ip);
    if (endpoint_is_link_local(out))
        snprintf(out->interface, sizeof out->interface, "%s", interface);
}

const char *sdp_describe(struct slice datagram, char *text, size_t size)
{
    struct sdp_request req;
    struct sdp_response res;
    struct err problem = ERR_INIT, second = ERR_INIT;
    if (sdp_read_request(datagram, &req, &problem) == 0) {
        const char *security = sdp_security_name(req.Security);
        snprintf(text, size, "%s", security != NULL ? security : "reserved Security");
    } else if (sdp_read_response(datagram, &res, &second) == 0) {
        struct endpoint secc;
        char where[ENDPOINT_TEXT];
        const char *security = sdp_security_name(res.Security);
        sdp_response_endpoint(&res, "", &secc);
        snprintf(text, size, "%s, %s", endpoint_text(&secc, where, sizeof where),
                 security != NULL ? security : "reserved Security");
    } else {
        snprintf(text, size, "%s", problem.what);
    }
    return text;
}

int sdp_server_answer(struct sdp_socket *s, const struct endpoint *to, const struct sdp_response *m,
                      struct err *e)
{
    uint8_t bytes[SDP_RESPONSE_SIZE];
    sdp_write_response(bytes, m);
    return sdp_send(s, to, (struct slice){bytes, sizeof bytes}, e);
}

/* ---- client ---- */

struct sdp_client {
    struct timer timer;
    struct sdp_socket *socket; /* NULL: closed */
    struct sdp_client_options options;
    struct sdp_client_events events;
    void *context;
    unsigned sent, tried, refused;
    bool done;
    struct err problem; /* of the last datagram that was no answer, or of sending */
};

static void sdp_client_done(struct sdp_client *c, const struct sdp_response *m,
                            const struct endpoint *secc, const struct err *problem)
{
    c->done = true;
    timer_stop(&c->timer);
    if (c->events.done != NULL)
        c->events.done(c->context, m, secc, problem);
}

static void sdp_client_received(void *context, struct sdp_socket *s, const struct endpoint *from,
                                const struct endpoint *to, struct slice bytes)
{
    struct sdp_client *c = context;
    struct sdp_response m = {0};
    struct err problem = ERR_INIT;
    if (sdp_read_response(bytes, &m, &problem) != 0 || sdp_check_response(&m, &problem) != 0) {
        c->problem = problem;
        c->refused++;
    }
    if (c->events.received != NULL)
        c->events.received(c->context, from, to, bytes, problem.set ? &problem : NULL);
    if (problem.set || c->done || c->socket == NULL)
        return;
    struct endpoint secc;
    sdp_response_endpoint(&m, s->interface, &secc);
    enum lab_side before = lab_on(lab_side_of(s->interface));
    endpoint_learn_mac(&secc);
    lab_on(before);
    sdp_client_done(c, &m, &secc, NULL);
}

static void sdp_client_give_up(struct sdp_client *c)
{
    struct err e = ERR_INIT;
    char to[ENDPOINT_TEXT];
    endpoint_text(&c->options.to, to, sizeof to);
    if (c->sent == 0)
        err_set(&e, "%.300s (%u times)", c->problem.what, c->tried);
    else if (c->refused > 0)
        err_set(&e,
                "SDP: expected an answer to %u requests to %s, found %u datagrams that are "
                "none; the last: %.200s",
                c->sent, to, c->refused, c->problem.what);
    else
        err_set(&e,
                "SDP: expected an answer to %u requests to %s within %u ms, found none; is a "
                "station at the other end of %s?",
                c->sent, to, c->options.interval_ms * c->options.tries, c->socket->interface);
    sdp_client_done(c, NULL, NULL, &e);
}

static void sdp_client_tick(void *data)
{
    struct sdp_client *c = data;
    uint8_t bytes[SDP_REQUEST_SIZE];
    struct err e = ERR_INIT;
    if (c->tried == c->options.tries) {
        sdp_client_give_up(c);
        return;
    }
    c->tried++;
    timer_start(c->socket->world, &c->timer, c->options.interval_ms, sdp_client_tick, c);
    sdp_write_request(bytes, &c->options.request);
    struct slice all = {bytes, sizeof bytes};
    if (sdp_send(c->socket, &c->options.to, all, &e) != 0) {
        c->problem = e; /* the network may come back before the last try */
        return;
    }
    c->sent++;
    if (c->events.sent != NULL)
        c->events.sent(c->context, c->sent, sdp_local(c->socket), &c->options.to, all);
}

struct sdp_client *sdp_client_open(struct world *world, const char *interface,
                                   const struct sdp_client_options *options,
                                   const struct sdp_client_events *events, void *context,
                                   struct err *e)
{
    struct sdp_client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, "SDP: out of memory");
        return NULL;
    }
    c->options = *options;
    c->events = *events;
    c->context = context;
    c->problem = ERR_INIT;
    c->socket = sdp_open(world, interface, sdp_client_received, c, e);
    if (c->socket == NULL) {
        free(c);
        return NULL;
    }
    if (endpoint_is_unset(&c->options.to)) {
        uint16_t port = c->options.to.port;
        sdp_group(c->socket, &c->options.to);
        c->options.to.port = port;
    }
    if (c->options.to.port == 0)
        c->options.to.port = SDP_PORT;
    if (c->options.interval_ms == 0)
        c->options.interval_ms = INTERVAL_MS;
    if (c->options.tries == 0)
        c->options.tries = TRIES;
    timer_start(world, &c->timer, 0, sdp_client_tick, c);
    return c;
}

const struct endpoint *sdp_client_local(const struct sdp_client *c)
{
    return sdp_local(c->socket);
}

void sdp_client_close(struct sdp_client *c)
{
    if (c == NULL || c->socket == NULL)
        return;
    /* It may be closed by one of its own callbacks. */
    timer_start(c->socket->world, &c->timer, 0, free, c);
    sdp_close(c->socket);
    c->socket = NULL;
}
