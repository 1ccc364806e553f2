/* SPDX-License-Identifier: Apache-2.0 */
#include "script/tls_expect.h"

#include "base/nearest.h"
#include "codec/message.h"
#include "script/judgement.h"
#include "script/link.h"
#include "tls/tls.h"
#include "tls/tls_names.h"

#include <lauxlib.h>
#include <string.h>

#define CLOSE_NOTIFY 0
#define USUAL_MS 20000
#define SETTLED_MS 1000 /* after a handshake that went well */

static const char *const NAMES[] = {"Expect_Tls_Alert_001", "Expect_Tls_Refusal_001"};

static struct role *role_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* Whether it is the own side's alert that is expected. */
static bool wants_own(lua_State *L)
{
    return strcmp(lua_tostring(L, lua_upvalueindex(2)), NAMES[1]) == 0;
}

static const struct tls_facts *facts_of(const struct role *r)
{
    return r->peer == NULL || r->peer->tls == NULL ? NULL : tls_info(r->peer->tls);
}

/* ---- what is expected ---- */

static int no_alert(lua_State *L, const char *name)
{
    struct nearest best = nearest_of_all(name, strlen(name));
    const char *known;
    for (unsigned i = 0; (known = tls_nth_name(TLS_ALERTS, i)) != NULL; i++)
        nearest_try(&best, known);
    return luaL_error(L, "TLS has no alert '%s'; the nearest is '%s'", name, best.name);
}

/* Adds the name on top of the stack to the list at `list`. */
static void take_name(lua_State *L, int list)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "the name of an alert is a %s; expected as 'certificate_expired'",
                   luaL_typename(L, -1));
    if (tls_number(TLS_ALERTS, lua_tostring(L, -1)) < 0)
        no_alert(L, lua_tostring(L, -1));
    lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
}

/* The names at 1 are alerts: none, one, or a list of them. A list of our own takes their place,
 * since theirs may change while the script waits. */
static void take_names(lua_State *L)
{
    if (lua_isnoneornil(L, 1))
        return;
    lua_newtable(L);
    int list = lua_gettop(L);
    lua_Integer n = lua_istable(L, 1) ? luaL_len(L, 1) : 0;
    luaL_argcheck(L, n > 0 || !lua_istable(L, 1), 1, "expected names of alerts");
    if (!lua_istable(L, 1)) {
        lua_pushvalue(L, 1);
        take_name(L, list);
    }
    for (lua_Integer i = 1; i <= n; i++) {
        lua_geti(L, 1, i);
        take_name(L, list);
    }
    lua_replace(L, 1);
}

/* Entry i of the list that take_names made; NULL behind its end. */
static const char *nth_name(lua_State *L, lua_Integer i)
{
    const char *name = NULL;
    if (lua_istable(L, 1)) {
        lua_rawgeti(L, 1, i);
        name = lua_tostring(L, -1); /* which the list keeps */
        lua_pop(L, 1);
    }
    return name;
}

static bool is_expected(lua_State *L, unsigned code)
{
    const char *name;
    bool found = lua_isnoneornil(L, 1);
    for (lua_Integer i = 1; !found && (name = nth_name(L, i)) != NULL; i++)
        found = tls_number(TLS_ALERTS, name) == (int)code;
    return found;
}

static void add_expected(lua_State *L, struct buf *out)
{
    const char *name;
    if (lua_isnoneornil(L, 1))
        buf_text(out, "any alert");
    for (lua_Integer i = 1; (name = nth_name(L, i)) != NULL; i++)
        buf_printf(out, "%s%s", i == 1 ? "alert " : " or ", name);
}

/* ---- what is found ---- */

/* The first alert of that side but close_notify. */
static const struct tls_alert *alert_of(const struct role *r, bool is_own)
{
    const struct tls_facts *f = facts_of(r);
    bool from_client = (r->side == FROM_EVCC) == is_own;
    for (unsigned i = 0; f != NULL && i < f->alerts; i++)
        if (f->alert[i].from_client == from_client && f->alert[i].code != CLOSE_NOTIFY)
            return &f->alert[i];
    return NULL;
}

static bool is_dead(const struct role *r)
{
    return r->peer->state == PEER_CLOSED || r->peer->state == PEER_FAILED;
}

/* Nothing more is to come: an alert, or the end. */
static bool is_decided(void *context)
{
    const struct role *r = context;
    return alert_of(r, false) != NULL || alert_of(r, true) != NULL || is_dead(r);
}

/* The same, or a connection on which this side has done its part. */
static bool is_over(void *context)
{
    const struct role *r = context;
    bool is_open = r->peer->state == PEER_AGREEING || r->peer->state == PEER_READY;
    return is_decided(context) || is_open;
}

static const char *other_side(const struct role *r)
{
    return r->side == FROM_EVCC ? "SECC" : "EVCC";
}

/* The same, or a connection on which the other side has taken the handshake: it has gone on. */
static bool is_settled(void *context)
{
    const struct role *r = context;
    return is_decided(context) || (r->peer->state == PEER_READY && !r->peer->options.manual);
}

static void add_alert(const struct role *r, const struct tls_alert *a, bool is_own, struct buf *out)
{
    buf_text(out, "alert ");
    tls_add_name(out, TLS_ALERTS, a->code);
    buf_printf(out, " from %s%s", is_own ? "this side" : "the ", is_own ? "" : other_side(r));
    if (is_own && tls_problem(r->peer->tls)[0] != '\0')
        buf_printf(out, ": %s", tls_problem(r->peer->tls));
}

static void add_found(const struct role *r, bool wants_own, struct buf *out)
{
    const struct tls_alert *own = alert_of(r, true), *other = alert_of(r, false);
    const char *why = r->peer->problem.set ? r->peer->problem.what : "nothing happened in time";
    bool is_open = r->peer->state == PEER_AGREEING || r->peer->state == PEER_READY;
    if (wants_own ? own != NULL : other == NULL && own != NULL) {
        add_alert(r, own, true, out);
    } else if (other != NULL) {
        add_alert(r, other, false, out);
    } else if (is_open && facts_of(r) == NULL) {
        buf_text(out, "a connection without TLS");
    } else if (is_open) {
        buf_text(out, "a completed handshake: ");
        tls_facts_summary(facts_of(r), out);
    } else {
        buf_printf(out, "no alert: %s", why);
    }
}

/* The check goes into the record; where it failed the script ends. */
static int judge(lua_State *L)
{
    struct role *r = role_upvalue(L);
    bool is_own = wants_own(L);
    const struct tls_alert *a = alert_of(r, is_own);
    bool good = a != NULL && is_expected(L, a->code);
    struct buf text = {0};
    buf_printf(&text, "%s.%s: expected %s", r->name, NAMES[is_own],
               is_own ? "this side to refuse with " : "");
    add_expected(L, &text);
    buf_printf(&text, "%s%s, found ", is_own ? "" : " from the ", is_own ? "" : other_side(r));
    add_found(r, is_own, &text);
    lua_pushstring(L, buf_string(&text));
    buf_close(&text);
    script_note(L, EVENT_CHECK, good, lua_tostring(L, -1));
    if (!good)
        return script_verdict(L, VERDICT_FAIL, "%s", lua_tostring(L, -1));
    lua_pushstring(L, is_own ? tls_problem(r->peer->tls) : tls_name(TLS_ALERTS, a->code));
    return 1;
}

static int decided(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return judge(L);
}

static int waited(lua_State *L, int status, lua_KContext deadline)
{
    struct role *r = role_upvalue(L);
    int64_t now = script_now(r->script), end = now + SETTLED_MS * 1000;
    (void)status;
    if (is_settled(r) || r->script->timed_out)
        return judge(L);
    struct wait w = {
        .ready = is_settled, .context = r, .deadline_us = end < deadline ? end : deadline};
    return script_wait(L, &w, 0, decided);
}

static int expect(lua_State *L)
{
    struct role *r = role_upvalue(L);
    lua_settop(L, 2);
    take_names(L);
    lua_Number ms = luaL_optnumber(L, 2, USUAL_MS);
    luaL_argcheck(L, ms >= 0 && ms < 1e12, 2, "expected milliseconds, 0 or more");
    if (r->peer == NULL)
        return 0; /* print mode: whatever is waited for has come */
    if (r->peer->state == PEER_IDLE) {
        struct peer_options o = link_options(r, false);
        link_start(L, r, &o);
    }
    int64_t deadline = script_now(r->script) + (int64_t)(ms * 1000) + 1;
    struct wait w = {.ready = is_over, .context = r, .deadline_us = deadline};
    return script_wait(L, &w, (lua_KContext)deadline, waited);
}

void tls_expect_methods(lua_State *L)
{
    for (int own = 0; own < 2; own++) {
        lua_pushcfunction(L, expect);
        lua_setfield(L, -2, NAMES[own]);
    }
}
