/* SPDX-License-Identifier: Apache-2.0 */
#include "script/roles.h"

#include "script/faults.h"
#include "script/flow.h"
#include "script/judgement.h"
#include "script/link.h"
#include "script/methods.h"
#include "script/nearest.h"
#include "script/sandbox.h"
#include "script/security.h"
#include "script/serving.h"
#include "script/signing.h"
#include "script/slac.h"
#include "script/verbs.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MOST 32
#define ROLES_MOST 1000
#define FUNCTIONS_USUAL 64 /* that a session needs */
#define TABLES_MOST 64     /* of places that nobody has, which keep their functions */

/* ---- functions by name ---- */

/* No function of a message; e says why. Upvalues: those of role_index. */
static int unknown_name(lua_State *L, const char *text, const struct err *e)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    const char *role = name_role(r->side), *nearest;
    nearest = nearest_key(L, lua_upvalueindex(2), text);
    if (nearest == NULL)
        return script_raise(L, e);
    return luaL_error(L, "%s has no function '%s'; the nearest name is %s.%s", role, text, role,
                      nearest);
}

/* The function on top of the stack is found in the table at 1 from now on. */
static void keep_function(lua_State *L)
{
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
}

/* One of the fixed functions, made for the role when it is first used. False: it is none. */
static bool push_method(lua_State *L, struct role *r)
{
    lua_pushlightuserdata(L, r);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TFUNCTION) {
        lua_pop(L, 3);
        return false;
    }
    lua_CFunction f = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    lua_pushcclosure(L, f, 2);
    keep_function(L);
    return true;
}

/* The function that the name means whose meaning is on top. */
static void push_meant(lua_State *L, struct role *r, const struct name *name)
{
    lua_pushlightuserdata(L, r);
    lua_insert(L, -2);
    lua_pushcclosure(L, VERB_FUNCTIONS[name->verb], 2);
    keep_function(L);
}

/* What a name means in the protocol that another role has asked for before. False: nobody has. */
static bool push_known(lua_State *L, struct role *r)
{
    const struct name *name = role_push_known(L, r, 2);
    if (name != NULL)
        push_meant(L, r, name);
    return name != NULL;
}

/* Evcc.Charge and Secc.Serve, ready-made (lua/v2g/main.lua): pushes the function that the module
 * makes for the role at 1, and keeps it. False: it is none of these. */
static bool push_ready_made(lua_State *L, const struct role *r, const char *text)
{
    if (strcmp(text, r->side == FROM_EVCC ? "Charge" : "Serve") != 0)
        return false;
    sandbox_require(L, "v2g.main");
    lua_getfield(L, -1, text);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    keep_function(L);
    return true;
}

/* What the script says and is judged by is nobody's of its roles where it plays several. */
static void note_play(struct script *s, const struct role *r)
{
    if (s->plays == NULL) {
        s->plays = r;
        s->by = r->by;
    } else if (s->by == s->plays->by && strcmp(s->by, r->by) != 0) {
        const char *slash = strrchr(s->path, '/');
        s->by = slash == NULL ? s->path : slash + 1;
    }
}

static bool all_have_begun(void *context)
{
    const struct script *s = context;
    return *s->options->beginning == 0;
}

static int role_index(lua_State *L);

static int index_again(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return role_index(L);
}

/* __index: a function of the role, found by its name and kept in the table. Upvalues: the role, its
 * fixed functions. Whoever touches a vehicle waits here until stations have begun to listen. */
static int role_index(lua_State *L)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    const char *text = luaL_checkstring(L, 2);
    struct wait begun = {.ready = all_have_begun, .context = r->script};
    const unsigned *beginning = r->script->options->beginning;
    if (r->side == FROM_EVCC && r->peer != NULL && beginning != NULL && *beginning > 0 &&
        lua_isyieldable(L))
        return script_wait(L, &begun, 0, index_again);
    struct err e = ERR_INIT;
    note_play(r->script, r);
    if (push_method(L, r) || push_known(L, r))
        return 1;
    if (strcmp(text, "Protocol") == 0) {
        lua_pushstring(L, r->protocol->family);
        return 1;
    }
    if (strcmp(text, "Address") == 0) {
        lua_pushstring(L, r->chosen.is_by_sdp ? NULL : link_options(r, false).address);
        return 1;
    }
    if (strcmp(text, "FixedProtocol") == 0) {
        lua_pushstring(L, r->fixed != NULL ? r->fixed->name : NULL);
        return 1;
    }
    if (strcmp(text, "Namespace") == 0) {
        lua_pushstring(L, r->session->agreed ? r->session->agreed_uri : NULL);
        return 1;
    }
    if (strcmp(text, "Signing") == 0) {
        lua_pushboolean(L, !r->is_unsigned);
        return 1;
    }
    if (strcmp(text, "SlacFirst") == 0) {
        lua_pushboolean(L, slac_goes_first(r));
        return 1;
    }
    if (strcmp(text, "Pilot") == 0) {
        slac_push_pilot(L, r);
        return 1;
    }
    if (signing_push(L, r, text) || push_ready_made(L, r, text))
        return 1;
    const struct name *name = role_push_name(L, r, text, &e);
    if (name == NULL)
        return unknown_name(L, text, &e);
    push_meant(L, r, name);
    return 1;
}

/* __newindex: Protocol, Signing, and functions of the script's own. */
static int role_newindex(lua_State *L)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "Protocol") == 0) {
        if (lua_isnil(L, 3))
            role_free_protocol(L, r);
        else
            role_fix_protocol(L, r, luaL_checkstring(L, 3));
        return 0;
    }
    if (strcmp(key, "Signing") == 0) {
        luaL_argexpected(L, lua_isboolean(L, 3), 3, "boolean");
        r->is_unsigned = !lua_toboolean(L, 3);
        return 0;
    }
    if (lua_type(L, 3) != LUA_TFUNCTION && !lua_isnil(L, 3))
        return luaL_error(L, "%s.%s cannot be set; expected Protocol, Signing, or a function",
                          r->name, key);
    lua_rawset(L, 1);
    return 0;
}

/* ---- a role ---- */

static void wake(void *context)
{
    const struct role *r = context;
    struct script *s = r->script;
    task_wake(r);
    script_step(s);
    if (script_has_ended(s) && s->woken != NULL)
        s->woken(s);
}

static void open_session(struct role *r)
{
    struct script *s = r->script;
    const struct script_options *o = s->options;
    if (r->peer != NULL) {
        peer_open(r->peer, r->side, o->world, o->library, o->recorder, wake, r);
        r->session = &r->peer->session;
    } else {
        session_open(r->session, r->side, o->library, o->recorder);
    }
    if (o->id != NULL && o->id_size <= sizeof r->session->id) {
        memcpy(r->session->id, o->id, o->id_size);
        r->session->id_size = o->id_size;
    }
    r->session->by = r->by;
    r->session->id_fixed = o->id != NULL || r->peer == NULL;
}

/* As the run's options have it. */
static void choose_protocol(struct role *r)
{
    const char *name = r->script->options->protocol;
    const struct protocol *p = name == NULL ? NULL : protocol_find(name);
    r->protocol = p != NULL ? p : protocol_find(ROLE_PROTOCOL);
    r->fixed = p;
}

static struct role *new_role(lua_State *L, uint8_t side)
{
    struct script *s = script_of(L);
    const struct script_options *o = s->options;
    struct role *r = calloc(1, sizeof *r);
    if (r == NULL)
        luaL_error(L, "out of memory");
    r->next = s->roles;
    s->roles = r;
    r->script = s;
    r->side = side;
    r->replay = LUA_NOREF;
    r->name = name_role(side);
    r->sent_name = "";
    snprintf(r->by, sizeof r->by, "%s", side == FROM_EVCC ? "EVCC" : "SECC");
    choose_protocol(r);
    if (o->world != NULL)
        r->peer = calloc(1, sizeof *r->peer);
    else
        r->session = calloc(1, sizeof *r->session);
    if (r->peer == NULL && r->session == NULL)
        luaL_error(L, "out of memory");
    open_session(r);
    return r;
}

static int place(lua_State *L);
static int session_over(lua_State *L);

/* The fixed functions of a side, made once for all its roles. */
static void push_methods(lua_State *L, uint8_t side)
{
    static char METHODS[2]; /* their addresses are the keys */
    const void *key = &METHODS[side == FROM_SECC];
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    methods_push(L, side);
    if (side == FROM_SECC) {
        lua_pushcfunction(L, place);
        lua_setfield(L, -2, "Place");
        lua_pushcfunction(L, session_over);
        lua_setfield(L, -2, "Session_Over");
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* Pushes the role's table, a new one. */
static void push_table(lua_State *L, struct role *r)
{
    lua_createtable(L, 0, FUNCTIONS_USUAL);
    lua_createtable(L, 0, 4);
    lua_pushlightuserdata(L, r);
    push_methods(L, r->side);
    lua_pushcclosure(L, role_index, 2);
    lua_setfield(L, -2, "__index");
    lua_pushlightuserdata(L, r);
    lua_pushcclosure(L, role_newindex, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushlightuserdata(L, r);
    lua_setfield(L, -2, ROLE_FIELD);
    script_set_metatable(L);
    lua_pushvalue(L, -1);
    r->table = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Nothing in its table is a script's: all are functions of its own. */
static bool is_as_made(lua_State *L, const struct role *r)
{
    bool is_own = true;
    int top = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->table);
    lua_pushnil(L);
    while (is_own && lua_next(L, top + 1) != 0) {
        is_own = lua_iscfunction(L, -1) && lua_getupvalue(L, -1, 1) != NULL &&
                 lua_touserdata(L, -1) == r;
        lua_settop(L, top + 2);
    }
    lua_settop(L, top);
    return is_own;
}

static struct role *push_role(lua_State *L, uint8_t side)
{
    struct role *r = new_role(L, side);
    push_table(L, r);
    faults_set(L, r);
    return r;
}

/* ---- further ones ---- */

/* "EVCC NAME", by the option; else the number among those of its side. */
static void take_name(lua_State *L, struct role *r)
{
    unsigned n = 0;
    size_t size = 0;
    for (const struct role *other = r->script->roles; other != NULL; other = other->next)
        n += other->side == r->side && !other->is_place;
    if (lua_istable(L, 1) && lua_getfield(L, 1, "name") != LUA_TNIL) {
        const char *name = luaL_checklstring(L, -1, &size);
        if (size == 0 || size > NAME_MOST || strlen(name) != size)
            luaL_error(L, "name: expected a text of 1 to %d octets", NAME_MOST);
        snprintf(r->by + 4, sizeof r->by - 4, " %s", name);
        return;
    }
    snprintf(r->by + 4, sizeof r->by - 4, " %u", n);
}

static int another_role(lua_State *L, uint8_t side)
{
    if (!lua_isnoneornil(L, 1))
        luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct role *r = push_role(L, side);
    take_name(L, r);
    if (lua_istable(L, 1))
        methods_choose(L, r, " name interface address tls cert key roots protocol ");
    lua_settop(L, 2);
    return 1;
}

static int vehicle(lua_State *L)
{
    return another_role(L, FROM_EVCC);
}

static int station(lua_State *L)
{
    return another_role(L, FROM_SECC);
}

/* Place(), of a station */
static int place(lua_State *L)
{
    roles_push_place(L, lua_touserdata(L, lua_upvalueindex(1)));
    return 1;
}

struct role *roles_push_place(lua_State *L, const struct role *of)
{
    struct script *s = of->script;
    struct role **at = &s->parked, *r;
    /* the other side of one that has just left may still have something to say */
    while (*at != NULL && ((*at)->side != of->side || (*at)->peer->after != NULL))
        at = &(*at)->next_parked;
    r = *at;
    if (r == NULL) {
        r = push_role(L, of->side);
    } else {
        *at = r->next_parked;
        peer_close(r->peer);
        open_session(r);
        if (r->table == LUA_NOREF) {
            push_table(L, r);
        } else {
            lua_rawgeti(L, LUA_REGISTRYINDEX, r->table);
            s->tables--;
        }
        faults_set(L, r);
    }
    r->is_place = true;
    r->is_parked = false;
    snprintf(r->by, sizeof r->by, "%s", of->by);
    snprintf(r->chosen.interface, sizeof r->chosen.interface, "%s", of->chosen.interface);
    return r;
}

static void free_messages(struct role *r);

void roles_park(lua_State *L, struct role *r)
{
    peer_disconnect(r->peer, false);
    free_messages(r);
    security_close(r);
    memset(&r->chosen, 0, sizeof r->chosen);
    memset(&r->timer, 0, sizeof r->timer);
    choose_protocol(r);
    r->sdp_open = r->on_link = r->is_unsigned = false;
    r->sent_us = r->received_us = r->came_us = 0;
    r->sent_name = "";
    luaL_unref(L, LUA_REGISTRYINDEX, r->replay);
    r->replay = LUA_NOREF;
    if (r->script->tables < TABLES_MOST && is_as_made(L, r)) {
        r->script->tables++;
    } else {
        luaL_unref(L, LUA_REGISTRYINDEX, r->table);
        r->table = LUA_NOREF;
    }
    r->next_parked = r->script->parked;
    r->script->parked = r;
    r->is_parked = true;
}

void roles_tidy(struct script *s)
{
    for (struct role *r = s->parked; r != NULL; r = r->next_parked)
        if (r->peer->after == NULL) {
            peer_close(r->peer);
            open_session(r);
        }
}

/* Session_Over(verdict, text, leaves), of a station */
static int session_over(lua_State *L)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    bool leaves = lua_toboolean(L, 3);
    bool may_leave = r->is_place && !r->is_parked && r->serving == NULL && r->peer != NULL;
    luaL_argcheck(L, !leaves || may_leave, 3, "expected it of a Place(), once");
    session_verdict(L, r, 1);
    if (leaves)
        roles_park(L, r);
    return 0;
}

/* ---- Wait_Any ---- */

/* The list at 1, as its entries are; the stack keeps them. */
struct several {
    lua_Integer n;
    struct {
        const struct task *task;
        struct role *role;
    } at[];
};

static bool is_ready(const struct several *s, lua_Integer i)
{
    struct role *r = s->at[i].role;
    if (r == NULL)
        return task_is_over(s->at[i].task);
    /* in print mode all has come */
    return r->peer == NULL || r->session->first != NULL || r->peer->state >= PEER_CLOSED;
}

static bool any_is_ready(void *context)
{
    const struct several *s = context;
    for (lua_Integer i = 0; i < s->n; i++)
        if (is_ready(s, i))
            return true;
    return false;
}

static int any_done(lua_State *L, int status, lua_KContext context)
{
    const struct several *s = (const struct several *)context;
    (void)status;
    for (lua_Integer i = 0; i < s->n; i++)
        if (is_ready(s, i)) {
            lua_geti(L, 1, i + 1);
            return 1;
        }
    lua_pushnil(L);
    return 1;
}

/* Reads entry i of the list; a role that has not connected does so. */
static void take_entry(lua_State *L, struct several *s, lua_Integer i)
{
    lua_geti(L, 1, i + 1);
    struct role *r = s->at[i].role = role_at(L, -1);
    s->at[i].task = r == NULL ? task_at(L, -1) : NULL;
    if (r == NULL && s->at[i].task == NULL)
        luaL_error(L, "Wait_Any: entry %I is no role and no task", i + 1);
    lua_pop(L, 1);
    if (r == NULL || r->peer == NULL || r->peer->state != PEER_IDLE)
        return;
    struct peer_options o = link_options(r, false);
    link_start(L, r, &o);
}

static int wait_any(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 1);
    luaL_argcheck(L, n >= 1 && n <= ROLES_MOST, 1, "expected a list of roles and tasks");
    double ms = luaL_optnumber(L, 2, -1);
    lua_settop(L, 1);
    struct several *s = lua_newuserdatauv(L, sizeof *s + (size_t)n * sizeof s->at[0], 0);
    s->n = n;
    for (lua_Integer i = 0; i < n; i++)
        take_entry(L, s, i);
    struct wait w = {.ready = any_is_ready, .context = s};
    if (ms >= 0 && ms < 1e12)
        w.deadline_us = script_now(script_of(L)) + (int64_t)(ms * 1000) + 1;
    return script_wait(L, &w, (lua_KContext)s, any_done);
}

/* ---- the whole ---- */

void roles_open(lua_State *L)
{
    static const struct {
        uint8_t side;
        const char *name, *other;
    } ROLES[] = {{FROM_EVCC, "Evcc", "EVCC"}, {FROM_SECC, "Secc", "SECC"}};
    static const luaL_Reg FUNCTIONS[] = {
        {"Vehicle", vehicle}, {"Station", station}, {"Wait_Any", wait_any}, {NULL, NULL}};
    for (unsigned i = 0; i < 2; i++) {
        push_role(L, ROLES[i].side);
        lua_pushvalue(L, -1);
        lua_setglobal(L, ROLES[i].name);
        lua_setglobal(L, ROLES[i].other);
    }
    lua_pushglobaltable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    lua_pop(L, 1);
}

void roles_disconnect(struct script *s)
{
    for (struct role *r = s->roles; r != NULL; r = r->next) {
        serving_stop(r->serving);
        if (r->peer != NULL)
            peer_disconnect(r->peer, false);
    }
}

static void free_messages(struct role *r)
{
    for (struct outgoing *o = r->outgoing, *next; o != NULL; o = next) {
        next = o->next;
        r->script->memory -= o->counted;
        arena_close(&o->arena);
        free(o->mark);
        free(o);
    }
    for (struct incoming *i = r->incoming, *next; i != NULL; i = next) {
        next = i->next;
        session_done(r->session, i->received);
        free(i);
    }
    if (r->last_is_loose)
        session_done(r->session, r->last);
    r->outgoing = NULL;
    r->incoming = NULL;
    r->last = NULL;
    r->last_is_loose = false;
}

void roles_close(struct script *s)
{
    for (struct role *r = s->roles, *next; r != NULL; r = next) {
        next = r->next;
        free_messages(r);
        security_close(r);
        serving_close(r->serving);
        if (r->peer != NULL) {
            peer_close(r->peer);
            free(r->peer);
        } else if (r->session != NULL) {
            session_close(r->session);
            free(r->session);
        }
        free(r);
    }
    s->roles = NULL;
}
