/* SPDX-License-Identifier: Apache-2.0 */
#include "script/flow.h"

#include "base/text.h"
#include "codec/check.h"
#include "codec/value.h"
#include "record/datagram.h"
#include "script/deadline.h"
#include "script/judgement.h"
#include "script/link.h"
#include "script/printing.h"
#include "script/signing.h"
#include "script/slac.h"
#include "script/transfer.h"
#include "session/peer_link.h"
#include "session/peer_sdp.h"
#include "wire/world.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static bool is_set(const struct schema *s, const char *name)
{
    return strcmp(s->name, name) == 0;
}

/* SDP and SLAC go by themselves. */
static bool needs_connection(const struct schema *s)
{
    return !is_set(s, "sdp") && !slac_is_set(s);
}

/* ---- sending ---- */

struct violations {
    const struct role *role;
    const char *where;
    struct buf text;
};

static void violation(void *context, const char *path, const char *what)
{
    struct violations *v = context;
    const struct script *s = v->role->script;
    size_t line = v->text.n;
    buf_printf(&v->text, "%s: %s", path, what);
    if (s->options->recorder == NULL) {
        buf_char(&v->text, '\n');
        return;
    }
    struct event e = session_new_event(v->role->session, EVENT_VIOLATION, true, script_now(s));
    e.ok = false;
    e.where = v->where;
    e.text = buf_string(&v->text) + line;
    recorder_put(s->options->recorder, &e);
}

static int open_sdp(struct role *r, struct err *e)
{
    struct peer_options o = link_options(r, true);
    r->sdp_open = true;
    return r->peer == NULL ? 0 : peer_sdp_open(r->peer, &o, e);
}

static int send_sdp(struct role *r, struct message *m, const char *violations, struct err *e)
{
    struct buf frame = {0};
    int bad = open_sdp(r, e) != 0 || session_encode(r->session, m, 0, 0, &frame, e) != 0 ? -1 : 0;
    struct slice bytes = {frame.p, frame.n};
    if (bad == 0 && r->peer != NULL)
        bad = peer_sdp_send(r->peer, bytes, e);
    else if (bad == 0)
        printing_frame(r->script, bytes, m, violations);
    buf_close(&frame);
    return bad;
}

void flow_datagram(lua_State *L, struct role *r, struct slice bytes)
{
    struct err e = ERR_INIT;
    if (open_sdp(r, &e) != 0 || (r->peer != NULL && peer_sdp_send(r->peer, bytes, &e) != 0))
        script_raise(L, &e);
    if (r->peer == NULL)
        printing_frame(r->script, bytes, NULL, "");
    flow_sent(L, r, "");
}

/* is_lost: it was made, but nobody takes it any more. */
static int send_exi(struct role *r, struct message *m, unsigned given, const struct violations *v,
                    bool *is_lost, struct err *e)
{
    struct slice frame;
    int bad = session_send(r->session, m, given, v->where, script_now(r->script), &frame, e);
    *is_lost = bad != 0 && frame.n > 0;
    if (bad == 0 && r->peer == NULL)
        printing_frame(r->script, frame, m, v->text.n > 0 ? (const char *)v->text.p : "");
    return bad;
}

/* m goes out, whoever should send it. */
static void send_out(lua_State *L, struct role *r, struct message *m, unsigned given)
{
    char where[128] = "";
    bool is_recorded = r->script->options->recorder != NULL;
    struct violations v = {.role = r,
                           .where = is_recorded ? script_where(L, where, sizeof where) : where};
    struct err e = ERR_INIT;
    const char *name = message_named(m).name;
    if (is_recorded || r->peer == NULL) { /* else nobody is told */
        message_check(m, violation, &v);
        transfer_check(r, m, violation, &v);
    }
    buf_string(&v.text);
    bool is_lost = false;
    int bad;
    if (slac_is_set(m->schema))
        bad = slac_send(r, m, v.where, (const char *)v.text.p, &e);
    else if (is_set(m->schema, "sdp"))
        bad = send_sdp(r, m, (const char *)v.text.p, &e);
    else
        bad = send_exi(r, m, given, &v, &is_lost, &e);
    buf_close(&v.text);
    if (is_lost)
        script_verdict(L, VERDICT_FAIL, "%s could not be sent: %s", name, e.what);
    if (bad != 0)
        luaL_error(L, "%s cannot be sent: %s%s%s", name, e.path, e.path[0] ? ": " : "", e.what);
    flow_sent(L, r, name);
}

void flow_sent(lua_State *L, struct role *r, const char *name)
{
    if (r->side == FROM_SECC && r->received_us != 0 && r->last != NULL && name[0] != '\0')
        deadline_answered(L, r, r->last->name);
    r->sent_us = script_now(r->script);
    r->script->has_tested = true;
    if (name[0] == '\0')
        return;
    r->received_us = 0;
    r->sent_name = name;
}

static int send_connected(lua_State *L, int status, lua_KContext context)
{
    struct bound own = role_bound(L), *b = &own;
    struct role *r = b->role;
    struct err e = ERR_INIT;
    (void)status;
    (void)context;
    if (needs_connection(b->name->set))
        link_check_sending(L, r, b->text);
    role_follow(L, r);
    own = role_bound(L);
    struct outgoing *o = role_outgoing(r, b->name->set, b->name->message, &e);
    if (o == NULL)
        return script_raise(L, &e);
    signing_send(L, r, &o->message, &o->arena, &o->given);
    send_out(L, r, &o->message, o->given);
    o->sent = true;
    return 0;
}

int flow_send(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    if (lua_gettop(L) > 0)
        return luaL_error(L, "%s.%s takes no arguments; Set_ gives values", b->role->name, b->text);
    if (!needs_connection(b->name->set))
        return send_connected(L, LUA_OK, 0);
    return link_connect(L, b->role, is_set(b->name->set, "appprotocol"), 0, send_connected);
}

/* The message lies behind the context; the stack keeps it. */
struct pending {
    struct role *role;
    struct message *message;
    struct arena *arena;
    unsigned *given;
    struct frame_at *frame;
};

static int message_connected(lua_State *L, int status, lua_KContext context)
{
    struct pending *p = (struct pending *)context;
    (void)status;
    if (needs_connection(p->message->schema))
        link_check_sending(L, p->role, message_named(p->message).name);
    role_follow(L, p->role);
    signing_send(L, p->role, p->message, p->arena, p->given);
    send_out(L, p->role, p->message, *p->given);
    *p->frame = (struct frame_at){p->role->session->sent_number, p->role->sent_us};
    return 0;
}

int flow_send_message(lua_State *L, struct role *r, struct message *m, struct arena *a,
                      unsigned *given, struct frame_at *frame)
{
    struct pending *p = lua_newuserdatauv(L, sizeof *p, 0);
    *p = (struct pending){r, m, a, given, frame};
    if (!needs_connection(m->schema))
        return message_connected(L, LUA_OK, (lua_KContext)p);
    return link_connect(L, r, is_set(m->schema, "appprotocol"), (lua_KContext)p, message_connected);
}

/* ---- receiving ---- */

/* The frame that has waited longest, of those that are waited for. */
static const struct received *first_of(const struct role *r)
{
    if (!r->on_link)
        return r->session->first;
    return r->peer == NULL || r->peer->link == NULL ? NULL : r->peer->link->first;
}

bool flow_has_frame(void *context)
{
    const struct role *r = context;
    if (r->on_link)
        return first_of(r) != NULL;
    return r->session->first != NULL ||
           (!r->sdp_open && r->peer != NULL && r->peer->state != PEER_READY);
}

bool flow_is_in_time(void *context)
{
    const struct role *r = context;
    const struct received *first = first_of(r);
    if (first == NULL || r->timer.limit_us == 0)
        return flow_has_frame(context);
    return first->us <= r->timer.from_us + r->timer.limit_us;
}

/* A scripted SDP tells where to connect to. */
static void note_address(struct role *r, const struct received *received)
{
    struct endpoint to;
    uint8_t security;
    const struct peer_options *o = &r->script->options->peer;
    const char *interface = r->chosen.interface[0] != '\0' ? r->chosen.interface : o->interface;
    if (received->payload_type != V2GTP_SDP_RES || !received->is_decoded ||
        !datagram_station(&received->message, &to, &security))
        return;
    if (interface == NULL)
        interface = world_interface(r->script->options->world, true);
    if (interface != NULL && endpoint_is_link_local(&to))
        snprintf(to.interface, sizeof to.interface, "%s", interface);
    endpoint_text(&to, r->chosen.address, sizeof r->chosen.address);
    r->chosen.is_by_sdp = true;
    r->chosen.is_plain = security != DATAGRAM_TLS;
}

struct received *flow_take(lua_State *L, struct role *r)
{
    struct received *received = r->on_link ? peer_link_take(r->peer) : session_take(r->session);
    if (received == NULL)
        return NULL;
    r->script->has_tested = true;
    deadline_met(L, r, received->us, true);
    role_keep(r, received);
    note_address(r, received);
    role_follow(L, r);
    return received;
}

static int nothing_came(lua_State *L, struct role *r, const char *expected)
{
    if (!r->script->timed_out) {
        const char *why = r->peer->problem.set ? r->peer->problem.what : "by the other side";
        return script_unexpected(L, expected, lua_pushfstring(L, "the connection closed: %s", why));
    }
    deadline_met(L, r, script_now(r->script), false);
    expected = lua_pushfstring(L, "%s within %I ms (%s)", expected,
                               (LUAI_UACINT)(r->timer.limit_us / 1000), r->timer.name);
    return script_unexpected(L, expected, "nothing");
}

/* "SessionStopRes (ResponseCode FAILED)" */
static void describe(const struct received *received, char *out, size_t size)
{
    struct node *n = received->is_decoded ? message_named(&received->message).node : NULL;
    struct buf code = {0};
    node_text(n, "ResponseCode", &code);
    if (!received->is_decoded)
        snprintf(out, size, "a frame that cannot be decoded: %s", received->problem->what);
    else
        snprintf(out, size, "%s%s%s%s", received->name, code.n > 0 ? " (ResponseCode " : "",
                 buf_string(&code), code.n > 0 ? ")" : "");
    buf_close(&code);
}

static int receive_done(lua_State *L, int status, lua_KContext context)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    char found[600];
    const char *expected = lua_tostring(L, (int)context);
    (void)status;
    struct received *received = r->script->timed_out ? NULL : flow_take(L, r);
    if (received == NULL)
        return nothing_came(L, r, expected);
    if (received->is_decoded && strcmp(received->name, expected) == 0)
        return 0;
    describe(received, found, sizeof found);
    return script_unexpected_frame(L, received, expected, found, NULL, NULL);
}

int flow_wait(lua_State *L, struct role *r, const char *message, const char *protocol,
              lua_KContext context, lua_KFunction then)
{
    if (!lua_isnoneornil(L, 1))
        deadline_given(r, luaL_checknumber(L, 1));
    else if (r->on_link)
        deadline_link(L, r, message);
    else
        deadline_standard(L, r, message, protocol);
    struct wait w = {.ready = flow_is_in_time, .context = r, .role = r};
    r->script->timed_out = false;
    if (flow_has_frame(r)) /* it was there before anybody waited */
        return then(L, LUA_OK, context);
    if (r->timer.limit_us > 0)
        w.deadline_us = r->timer.from_us + r->timer.limit_us;
    return script_wait(L, &w, context, then);
}

static int receive_connected(lua_State *L, int status, lua_KContext context)
{
    const struct bound own = role_bound(L), *b = &own;
    struct role *r = b->role;
    const struct element *message = b->name->message;
    (void)status;
    (void)context;
    if (r->session->first == NULL && needs_connection(b->name->set))
        link_check(L, r, b->text);
    lua_pushstring(L, message->as.name);
    return flow_wait(L, r, message->as.name, b->name->set->protocol, lua_gettop(L), receive_done);
}

int flow_receive(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    struct role *r = b->role;
    struct err e = ERR_INIT;
    if (!lua_isnoneornil(L, 1))
        luaL_argcheck(L, luaL_checknumber(L, 1) >= 0, 1, "expected milliseconds, 0 or more");
    lua_settop(L, 1); /* for flow_wait */
    if (r->peer == NULL) {
        if (role_invent(r, b->name, &e) != 0)
            return script_raise(L, &e);
        return 0;
    }
    r->on_link = slac_is_set(b->name->set);
    if (r->on_link && slac_open(r, &e) != 0)
        return script_verdict(L, VERDICT_ERROR, "the link cannot be opened: %s", e.what);
    if (r->on_link)
        return receive_connected(L, LUA_OK, 0);
    bool is_sdp = is_set(b->name->set, "sdp");
    if (is_sdp && open_sdp(r, &e) != 0)
        return script_verdict(L, VERDICT_ERROR, "SDP cannot be opened: %s", e.what);
    if (!is_sdp)
        r->sdp_open = false;
    if (r->session->first != NULL || is_sdp)
        return receive_connected(L, LUA_OK, 0);
    return link_connect(L, r, is_set(b->name->set, "appprotocol"), 0, receive_connected);
}
