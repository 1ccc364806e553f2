/* SPDX-License-Identifier: Apache-2.0 */
#include "script/serving.h"

#include "script/judgement.h"
#include "script/link.h"
#include "script/security.h"
#include "session/discovery.h"
#include "session/peer_sdp.h"
#include "tls/tls_context.h"
#include "wire/link_watch.h"
#include "wire/stream.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 250
#define WAITING_MOST 64 /* connections that nobody has taken yet; more are reset */

struct serving {
    struct role *role;
    struct listener *listener, *tls_listener;
    struct peer_responder responder;
    struct link_watch *link;   /* NULL: nothing is to be watched, or can be */
    struct timer setup, again; /* until the listeners close; until they are tried once more */
    unsigned setup_ms;         /* from the link on, until a vehicle has to be there; 0: for ever */
    int64_t link_us;           /* when it came up, until a vehicle has connected; 0: it has */
    struct tls_context *tls;   /* of all connections over TLS, made for the first one */
    struct {
        struct stream *stream;
        bool is_tls; /* it came where TLS is spoken */
    } waiting[WAITING_MOST];
    unsigned n;
    bool is_over, is_told; /* it has stopped; a script has been told so */
};

/* ---- listening ---- */

static void keep(struct serving *v, struct stream *s, bool is_tls)
{
    if (v->n == WAITING_MOST) {
        peer_refused(v->role->peer, stream_remote(s), "too many connections wait to be taken");
        stream_close(s, STREAM_RST);
        return;
    }
    v->waiting[v->n].stream = s;
    v->waiting[v->n++].is_tls = is_tls;
    task_wake(v->role);
    script_step(v->role->script);
}

static void accepted(void *context, struct stream *s)
{
    keep(context, s, false);
}

static void accepted_tls(void *context, struct stream *s)
{
    keep(context, s, true);
}

static void refused(void *context, const struct endpoint *from, const char *why)
{
    const struct serving *v = context;
    peer_refused(v->role->peer, from, why);
}

/* Where a connection may be either, it is one of TLS until its first byte tells (peer.h). */
static int listen_at(struct serving *v, const struct endpoint *at, bool with_tls, bool either,
                     struct err *e)
{
    static const struct listener_events PLAIN = {.accepted = accepted, .refused = refused};
    static const struct listener_events TLS = {.accepted = accepted_tls, .refused = refused};
    const struct script *s = v->role->script;
    struct listener *l = stream_listen(s->options->world, at, 0, with_tls ? &TLS : &PLAIN, v, e);
    *(with_tls ? &v->tls_listener : &v->listener) = l;
    if (l == NULL)
        return -1;
    listener_limit(l, s->options->peer.connections, s->options->peer.connections_of_address);
    discovery_record_listener(s->options->recorder, script_now(s), v->role->by,
                              listener_endpoint(l),
                              either     ? "TLS or none"
                              : with_tls ? "TLS"
                                         : "");
    return 0;
}

static void link_changed(void *context, bool is_up);

static int listen_by_sdp(struct serving *v, const struct peer_options *o, struct err *e)
{
    struct world *world = v->role->script->options->world;
    const char *interface = o->interface;
    struct endpoint at = {0};
    if (interface == NULL)
        interface = world_interface(world, false);
    if (interface == NULL)
        return err_set(e, "no network to use; give an interface (--interface eth1) or an address "
                          "(--peer [::1]:PORT)");
    snprintf(at.interface, sizeof at.interface, "%s", interface);
    bool may_be_plain = o->tls == PEER_TLS_OFF || o->tls == PEER_TLS_AUTO;
    if (may_be_plain && listen_at(v, &at, false, false, e) != 0)
        return -1;
    if (o->tls != PEER_TLS_OFF && listen_at(v, &at, true, false, e) != 0)
        return -1;
    v->responder = (struct peer_responder){.peer = v->role->peer,
                                           .plain = listener_endpoint(v->listener),
                                           .tls = listener_endpoint(v->tls_listener)};
    int bad = peer_respond(&v->responder, interface, e);
    if (bad == 0 && v->setup_ms != 0 && v->link == NULL)
        v->link = link_watch_open(world, interface, link_changed, v);
    return bad;
}

/* ---- the link ---- */

static void close_listeners(struct serving *v)
{
    peer_respond_no_more(&v->responder);
    listener_close(v->listener);
    listener_close(v->tls_listener);
    v->listener = v->tls_listener = NULL;
}

static void say(const struct serving *v, const char *format, ...)
{
    char text[240];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct event e =
        session_new_event(v->role->session, EVENT_LOG, true, script_now(v->role->script));
    e.text = text;
    recorder_put(v->role->script->options->recorder, &e);
}

/* Nobody has connected: SDP and the listeners close [V2G2-723]. Who has connected is kept to the
 * same time by its session. */
static void setup_over(void *context)
{
    struct serving *v = context;
    if (v->link_us == 0)
        return;
    timer_stop(&v->again);
    close_listeners(v);
    say(v,
        "no vehicle within %u ms of the link (V2G_SECC_CommunicationSetup_Performance_Time): SDP "
        "and listeners are closed until the link comes up again [V2G2-723]",
        v->setup_ms);
}

/* The interface may have no address yet that could be used. */
static void listen_again(void *context)
{
    struct serving *v = context;
    struct err e = ERR_INIT;
    struct peer_options o = link_options(v->role, false);
    if (v->responder.sdp != NULL || listen_by_sdp(v, &o, &e) == 0)
        return;
    close_listeners(v);
    timer_start(v->role->script->options->world, &v->again, AGAIN_MS, listen_again, v);
}

static void link_changed(void *context, bool is_up)
{
    struct serving *v = context;
    say(v, "the link is %s", is_up ? "up" : "down");
    timer_stop(&v->setup);
    timer_stop(&v->again);
    v->link_us = 0;
    if (!is_up)
        return;
    v->link_us = script_now(v->role->script);
    timer_start(v->role->script->options->world, &v->setup, v->setup_ms, setup_over, v);
    listen_again(v);
}

static int open_listeners(struct serving *v, const struct peer_options *o, struct err *e)
{
    struct endpoint at = {0};
    if (o->address == NULL)
        return listen_by_sdp(v, o, e);
    if (endpoint_parse(o->address, &at, e) != 0)
        return -1;
    bool either = o->tls == PEER_TLS_AUTO;
    return listen_at(v, &at, o->tls != PEER_TLS_OFF, either, e);
}

void serving_stop(struct serving *v)
{
    if (v == NULL)
        return;
    timer_stop(&v->setup);
    timer_stop(&v->again);
    link_watch_close(v->link);
    v->link = NULL;
    close_listeners(v);
    while (v->n > 0)
        stream_close(v->waiting[--v->n].stream, STREAM_RST);
    v->is_over = true;
    task_wake(v->role);
}

void serving_close(struct serving *v)
{
    if (v == NULL)
        return;
    serving_stop(v);
    tls_context_close(v->tls);
    free(v);
}

/* ---- Accept ---- */

static bool is_to_open(const struct role *r)
{
    const struct serving *v = r->serving;
    return v == NULL || (v->is_over && v->is_told && !r->script->stop);
}

/* Begins to listen, by what was chosen; also anew, as in a second Serve: who waits has the same. */
static void open_serving(lua_State *L, struct role *r, unsigned setup_ms)
{
    struct err e = ERR_INIT;
    struct peer_options o = link_options(r, false);
    if (r->serving == NULL)
        r->serving = calloc(1, sizeof *r->serving);
    if (r->serving == NULL)
        luaL_error(L, "out of memory");
    tls_context_close(r->serving->tls);
    *r->serving = (struct serving){.role = r, .setup_ms = setup_ms};
    if (open_listeners(r->serving, &o, &e) != 0)
        script_verdict(L, VERDICT_ERROR, "%s", e.what);
}

static bool has_come(void *context)
{
    const struct serving *v = context;
    return v->n > 0 || v->is_over || v->role->script->stop;
}

/* Forgets what belonged to the last vehicle. */
static void forget(struct role *r)
{
    struct session *s = r->session;
    if (!s->id_fixed)
        memset(s->id, 0, sizeof s->id);
    r->sdp_open = false;
    r->transfer = (struct transfer){{0}};
    r->sent_us = r->received_us = 0;
    r->sent_name = "";
}

/* The role at 2 takes the oldest connection over. */
static void take_over(lua_State *L, struct serving *v, unsigned answer_ms)
{
    struct role *r = role_at(L, 2);
    struct peer_options o = link_options(r, false);
    bool is_tls = v->waiting[0].is_tls;
    forget(r);
    o.tls = v->role->script->options->peer.tls;
    o.choice = v->role->script->options->peer.choice;
    security_tls(v->role, &o);
    o.is_strict = o.tls != PEER_TLS_OFF;
    memcpy(o.namespaces, v->role->chosen.namespaces, sizeof o.namespaces);
    if (!is_tls)
        o.tls = PEER_TLS_OFF;
    else if (v->tls == NULL)
        v->tls = link_tls_context(L, v->role, &o);
    o.tls_context = is_tls ? v->tls : NULL;
    o.stream = v->waiting[0].stream;
    o.answer_ms = answer_ms;
    if (v->link_us != 0) {
        int64_t ms = (script_now(r->script) - v->link_us) / 1000;
        o.setup_ms = ms < v->setup_ms ? v->setup_ms - (unsigned)ms : 1;
    }
    memmove(&v->waiting[0], &v->waiting[1], --v->n * sizeof v->waiting[0]);
    link_start(L, r, &o);
}

static int accept_done(lua_State *L, int status, lua_KContext context)
{
    const struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    (void)status;
    if (r->serving == NULL) { /* print mode */
        lua_settop(L, 2);
        return 1;
    }
    if (r->script->stop)
        serving_stop(r->serving);
    r->serving->is_told |= r->serving->is_over;
    if (r->serving->is_over) {
        lua_pushnil(L);
        return 1;
    }
    int64_t link_us = r->serving->link_us;
    take_over(L, r->serving, (unsigned)context);
    r->serving->link_us = 0;
    lua_settop(L, 2);
    if (link_us == 0)
        return 1;
    lua_pushnumber(L, (lua_Number)(script_now(r->script) - link_us) / 1000);
    return 2;
}

/* As a random number has it: what is none is 0, and nothing is for ever. */
static lua_Integer read_delay(lua_State *L)
{
    lua_Number ms = lua_tonumber(L, -1);
    return ms > 0 ? (lua_Integer)(ms < INT32_MAX ? ms : INT32_MAX) : 0;
}

/* The list on top of the stack, as peer_options have it. */
static void read_namespaces(lua_State *L, struct role *r)
{
    char *text = r->chosen.namespaces;
    size_t n = 0, all = sizeof r->chosen.namespaces;
    text[0] = '\0';
    if (lua_isnil(L, -1))
        return;
    script_check_table(L, "namespaces");
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        n += (size_t)snprintf(text + n, all - n, "%s ", script_check_text(L, "namespaces"));
        if (n >= all)
            luaL_error(L, "namespaces: expected at most %d octets", (int)all - 1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static int serving_accept(lua_State *L)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1)), *as;
    lua_Integer answer_ms = 0, setup_ms = 0;
    lua_settop(L, 1);
    lua_pushnil(L);
    if (!lua_isnil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        script_check_keys(L, 1, " tls cert key roots as answer_ms setup_ms namespaces ");
        lua_getfield(L, 1, "answer_ms");
        answer_ms = read_delay(L);
        lua_getfield(L, 1, "setup_ms");
        setup_ms = read_delay(L);
        lua_getfield(L, 1, "namespaces");
        read_namespaces(L, r);
        lua_getfield(L, 1, "as");
        lua_replace(L, 2);
        if (is_to_open(r))
            security_choose(L, r);
        lua_settop(L, 2);
    }
    if (lua_isnil(L, 2)) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, r->table);
        lua_getfield(L, -1, "Place");
        lua_call(L, 0, 1);
        lua_replace(L, 2);
        lua_settop(L, 2);
    }
    as = role_at(L, 2);
    if (as == NULL || as->side != FROM_SECC)
        return luaL_error(L, "as: expected a Station{}, found %s", luaL_tolstring(L, 2, NULL));
    if (as->peer == NULL)
        return accept_done(L, LUA_OK, 0);
    if (is_to_open(r))
        open_serving(L, r, (unsigned)setup_ms);
    struct wait w = {.ready = has_come, .context = r->serving, .role = r, .is_for_more = true};
    return script_wait(L, &w, (lua_KContext)answer_ms, accept_done);
}

static int serving_stop_accepting(lua_State *L)
{
    const struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    serving_stop(r->serving);
    return 0;
}

void serving_methods(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Accept", serving_accept},
        {"Stop_Accepting", serving_stop_accepting},
        {NULL, NULL},
    };
    luaL_setfuncs(L, FUNCTIONS, 0);
}
