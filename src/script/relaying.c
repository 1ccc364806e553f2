/* SPDX-License-Identifier: Apache-2.0 */
#include "script/relaying.h"

#include "script/call.h"
#include "script/limits.h"
#include "script/task.h"
#include "session/relay.h"

#include <lauxlib.h>
#include <stdlib.h>

#define RELAY_TYPE "v2g.Relay"

/* What a script holds; the ways of the roles have the relay, and live as long as the script. */
struct relaying {
    struct script *script;
    struct relay *relay;
    struct role *role[2]; /* ORDER EVENT_LEG, from LEG_VEHICLE */
    unsigned keys;        /* that were pressed, as far as is known */
};

/* ORDER EVENT_LEG, from LEG_VEHICLE */
static const char *const SIDES[] = {"vehicle", "station", NULL};

static struct relaying *check_relay(lua_State *L)
{
    return luaL_checkudata(L, 1, RELAY_TYPE);
}

static enum event_leg check_side(lua_State *L)
{
    return LEG_VEHICLE + (enum event_leg)luaL_checkoption(L, 2, NULL, SIDES);
}

static const struct peer *peer_of(const struct relaying *g, int i)
{
    return g->role[i]->peer;
}

/* ---- waiting ---- */

static bool has_reached(const struct peer *p)
{
    return p->state == PEER_IDLE || p->state >= PEER_READY;
}

static bool has_reached_vehicle(void *context)
{
    const struct relaying *g = context;
    return g->script->stop || has_reached(peer_of(g, 0));
}

/* The vehicle may leave meanwhile. */
static bool has_reached_station(void *context)
{
    const struct relaying *g = context;
    return g->script->stop || has_reached(peer_of(g, 1)) || peer_of(g, 0)->state != PEER_READY;
}

static int reach_done(lua_State *L, int status, lua_KContext context)
{
    const struct relaying *g = check_relay(L);
    const struct peer *p = peer_of(g, (int)context);
    (void)status;
    if (p->state == PEER_READY) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, p->problem.set ? p->problem.what : NULL);
    return 2;
}

static int relay_reach(lua_State *L)
{
    struct relaying *g = check_relay(L);
    enum event_leg side = check_side(L);
    struct wait w = {.ready = side == LEG_VEHICLE ? has_reached_vehicle : has_reached_station,
                     .context = g};
    return script_wait(L, &w, side - LEG_VEHICLE, reach_done);
}

static bool has_ended(void *context)
{
    const struct relaying *g = context;
    return g->script->stop || peer_of(g, 0)->state != PEER_READY ||
           peer_of(g, 1)->state != PEER_READY;
}

static int wait_done(lua_State *L, int status, lua_KContext context)
{
    const struct relaying *g = check_relay(L);
    (void)status;
    (void)context;
    for (int i = 0; i < 2; i++) {
        const struct peer *p = peer_of(g, i);
        if (p->state == PEER_READY)
            continue;
        lua_pushstring(L, SIDES[i]);
        lua_pushstring(L, EVENT_HOWS[p->session.ended]);
        lua_pushstring(L, p->problem.set ? p->problem.what : "");
        return 3;
    }
    lua_pushnil(L);
    return 1;
}

static int relay_wait(lua_State *L)
{
    struct relaying *g = check_relay(L);
    struct wait w = {.ready = has_ended, .context = g};
    relay_go_on(g->relay);
    return script_wait(L, &w, 0, wait_done);
}

/* ---- what it does, and tells ---- */

static bool has_key(void *context)
{
    const struct relaying *g = context;
    const unsigned *keys = g->script->options->keys;
    return keys == NULL || *keys != g->keys || g->script->stop;
}

static int key_done(lua_State *L, int status, lua_KContext context)
{
    struct relaying *g = check_relay(L);
    (void)status;
    (void)context;
    if (g->script->options->keys != NULL)
        g->keys = *g->script->options->keys;
    return 0;
}

/* One that was pressed before counts for nothing. */
static int relay_method_key(lua_State *L)
{
    struct relaying *g = check_relay(L);
    struct wait w = {.ready = has_key, .context = g};
    key_done(L, LUA_OK, 0);
    return script_wait(L, &w, 0, key_done);
}

/* The roles speak what their connections have agreed: for messages that are made by name. */
static int relay_method_follow(lua_State *L)
{
    const struct relaying *g = check_relay(L);
    role_follow(L, g->role[0]);
    role_follow(L, g->role[1]);
    return 0;
}

static int relay_method_give_up(lua_State *L)
{
    peer_end_wait(check_relay(L)->role[0]->peer);
    return 0;
}

static int relay_method_hold(lua_State *L)
{
    relay_hold(check_relay(L)->relay, check_side(L));
    return 0;
}

static int relay_method_release(lua_State *L)
{
    relay_release(check_relay(L)->relay, check_side(L));
    return 0;
}

static void set_number(lua_State *L, const char *key, uint64_t n)
{
    lua_pushinteger(L, (lua_Integer)n);
    lua_setfield(L, -2, key);
}

/* ORDER RELAY_SIGNATURE */
static const char *const SIGNATURES[] = {"valid", "broken", "untold"};

static int relay_method_figures(lua_State *L)
{
    const struct relay_figures *f = relay_figures(check_relay(L)->relay, check_side(L));
    lua_newtable(L);
    set_number(L, "frames", f->taken_us.n + f->waited);
    set_number(L, "waited", f->waited);
    set_number(L, "median_us", histogram_quantile(&f->taken_us, 0.5));
    set_number(L, "p99_us", histogram_quantile(&f->taken_us, 0.99));
    set_number(L, "most_us", f->taken_us.most);
    set_number(L, "late", f->late);
    set_number(L, "made_late", f->made_late);
    for (int i = 0; i < RELAY_SIGNATURES; i++)
        set_number(L, SIGNATURES[i], f->signatures[i]);
    return 1;
}

/* ---- making ---- */

static int station_relay(lua_State *L)
{
    struct role *station = lua_touserdata(L, lua_upvalueindex(1)), *vehicle = role_at(L, 1);
    struct times_limits limits;
    struct err e = ERR_INIT;
    luaL_argcheck(L, vehicle != NULL && vehicle->side == FROM_EVCC, 1,
                  "expected a vehicle: Evcc, or one that Vehicle{} gives");
    if (station->peer == NULL)
        return luaL_error(L, "a relay needs a network; there is none in print mode");
    if (station->session->leg != LEG_NONE || vehicle->session->leg != LEG_NONE)
        return luaL_error(L, "%s or %s is part of a relay already", station->name, vehicle->name);
    struct relaying *g = lua_newuserdatauv(L, sizeof *g, 0);
    *g = (struct relaying){.script = station->script, .role = {station, vehicle}};
    luaL_setmetatable(L, RELAY_TYPE);
    if (limits_read(&limits, &e) != 0)
        return script_raise(L, &e);
    g->relay = relay_open(station->peer, vehicle->peer, &limits);
    if (g->relay != NULL)
        return 1;
    free(limits.at);
    return luaL_error(L, "out of memory");
}

/* ---- its type ---- */

void relaying_open(lua_State *L)
{
    static const luaL_Reg NONE[] = {{NULL, NULL}};
    static const luaL_Reg METHODS[] = {{"reach", relay_reach},
                                       {"wait", relay_wait},
                                       {"give_up", relay_method_give_up},
                                       {"hold", relay_method_hold},
                                       {"release", relay_method_release},
                                       {"key", relay_method_key},
                                       {"follow", relay_method_follow},
                                       {"figures", relay_method_figures},
                                       {NULL, NULL}};
    script_new_type(L, RELAY_TYPE, NONE);
    luaL_newlib(L, METHODS);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void relaying_methods(lua_State *L)
{
    lua_pushcfunction(L, station_relay);
    lua_setfield(L, -2, "Relay");
}
