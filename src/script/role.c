/* SPDX-License-Identifier: Apache-2.0 */
#include "script/role.h"

#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/value.h"
#include "script/transfer.h"
#include "session/agreement.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTGOING_MEMORY (64u << 20)
#define SETTLE_BYTES 4096u /* garbage in an arena that is put up with */

struct role *role_at(lua_State *L, int index)
{
    if (luaL_getmetafield(L, index, ROLE_FIELD) == LUA_TNIL)
        return NULL;
    struct role *r = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return r;
}

struct name_scope role_scope(const struct role *r)
{
    return (struct name_scope){r->script->options->library, r->protocol, r->side};
}

/* ---- messages that go out ---- */

static struct outgoing *new_outgoing(struct role *r, const struct schema *set,
                                     const struct element *element, struct err *e)
{
    struct outgoing *o = malloc(sizeof *o);
    if (o == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    *o = (struct outgoing){.next = r->outgoing, .element = element, .set = set};
    arena_open(&o->arena, NULL, 0, OUTGOING_MEMORY);
    int bad = message_new(set, element->as.name, &o->arena, &o->message, e) != 0 ||
              transfer_follow(r, &o->message, &o->arena, e) != 0;
    if (bad == 0 && strcmp(element->as.name, "supportedAppProtocolReq") == 0)
        bad = agreement_fill(r->protocol, &o->arena, &o->message, e);
    if (bad != 0) {
        arena_close(&o->arena);
        free(o);
        return NULL;
    }
    o->settled = o->arena.taken;
    r->outgoing = o;
    return o;
}

/* Values that were replaced stay in the arena; when they are many the rest moves to a new one. */
static int settle(struct outgoing *o, struct err *e)
{
    struct arena fresh;
    struct message copy;
    if (o->arena.taken < o->settled * 2 + SETTLE_BYTES)
        return 0;
    arena_open(&fresh, NULL, 0, OUTGOING_MEMORY);
    if (message_copy(&o->message, &fresh, &copy, e) != 0) {
        arena_close(&fresh);
        return -1;
    }
    arena_close(&o->arena);
    o->arena = fresh;
    o->message = copy;
    o->settled = fresh.taken;
    return 0;
}

struct outgoing *role_outgoing(struct role *r, const struct schema *set,
                               const struct element *element, struct err *e)
{
    struct outgoing *o = r->outgoing;
    while (o != NULL && o->element != element)
        o = o->next;
    if (o == NULL)
        return new_outgoing(r, set, element, e);
    return settle(o, e) == 0 ? o : NULL;
}

/* ---- messages that came in ---- */

static struct incoming *incoming_of(struct role *r, const struct element *element)
{
    struct incoming *i = r->incoming;
    while (i != NULL && i->element != element)
        i = i->next;
    return i;
}

static struct incoming *new_incoming(struct role *r, const struct element *element)
{
    struct incoming *i = malloc(sizeof *i);
    if (i == NULL)
        return NULL;
    *i = (struct incoming){.next = r->incoming, .element = element};
    r->incoming = i;
    return i;
}

/* Where a message of that name is kept; NULL where it is none. */
static struct incoming *place_for(struct role *r, const struct received *received)
{
    const struct element *element =
        received->is_decoded ? message_named(&received->message).message : NULL;
    if (element == NULL)
        return NULL;
    struct incoming *i = incoming_of(r, element);
    return i != NULL ? i : new_incoming(r, element);
}

void role_keep(struct role *r, struct received *received)
{
    struct incoming *i = place_for(r, received);
    if (r->last != NULL && r->last_is_loose)
        session_done(r->session, r->last);
    if (i != NULL) {
        struct err ignored = ERR_INIT; /* a default that did not fit: it is as it was */
        session_done(r->session, i->received);
        i->received = received;
        transfer_asked(r, &received->message, NULL, &ignored);
    }
    r->last = received;
    r->last_is_loose = i == NULL;
    r->received_us = r->came_us = received->us;
}

/* What the other role of this script has sent under that name. */
static const struct message *sent_by_other(const struct role *r, const struct element *element)
{
    for (const struct role *other = r->script->roles; other != NULL; other = other->next)
        for (const struct outgoing *o = other->outgoing; other != r && o != NULL; o = o->next)
            if (o->element == element && o->sent)
                return &o->message;
    return NULL;
}

/* Print mode: a message comes because it is waited for. */
static struct received *invent(struct role *r, const struct schema *set,
                               const struct element *element, struct err *e)
{
    struct received *received = session_new_received(r->session);
    if (received == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    const struct message *sent = sent_by_other(r, element);
    int bad = sent != NULL
                  ? message_copy(sent, &received->arena, &received->message, e)
                  : message_new(set, element->as.name, &received->arena, &received->message, e);
    received->us = script_now(r->script);
    received->name = element->as.name;
    received->is_decoded = bad == 0;
    if (bad == 0)
        return received;
    session_done(r->session, received);
    return NULL;
}

int role_invent(struct role *r, const struct name *n, struct err *e)
{
    struct received *received = invent(r, n->set, n->message, e);
    if (received != NULL)
        role_keep(r, received);
    return received == NULL ? -1 : 0;
}

const struct received *role_incoming(struct role *r, const struct schema *set,
                                     const struct element *element, struct err *e)
{
    struct incoming *i = incoming_of(r, element);
    if (i != NULL && i->received != NULL)
        return i->received;
    if (r->peer != NULL)
        return NULL;
    if (i == NULL && (i = new_incoming(r, element)) == NULL)
        return NULL;
    i->received = invent(r, set, element, e); /* asked for before it was received */
    return i->received;
}

/* ---- the protocol ---- */

/* Functions found under the old protocol go; a script's own stay. */
static void forget_names(lua_State *L, struct role *r)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->table);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        bool is_ours = lua_iscfunction(L, -1);
        lua_pop(L, 1);
        if (!is_ours)
            continue;
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, -4);
    }
    lua_pop(L, 1);
}

/* Speaks protocol p from here on. */
static void set_protocol(lua_State *L, struct role *r, const struct protocol *p)
{
    if (r->protocol == p)
        return;
    r->protocol = p;
    forget_names(L, r);
}

/* Does again, under the new protocol, what was set before one was agreed. */
static void replay(lua_State *L, struct role *r)
{
    if (r->replay == LUA_NOREF)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->replay);
    luaL_unref(L, LUA_REGISTRYINDEX, r->replay);
    r->replay = LUA_NOREF;
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->table);
    lua_Unsigned n = lua_rawlen(L, -2);
    for (lua_Unsigned i = 1; i <= n; i++) {
        lua_rawgeti(L, -2, (lua_Integer)i);
        int call = lua_gettop(L);
        int arguments = (int)lua_rawlen(L, call) - 1;
        luaL_checkstack(L, arguments + 2, "too many arguments");
        lua_rawgeti(L, call, 1);
        lua_gettable(L, call - 1);
        for (int k = 0; k < arguments; k++)
            lua_rawgeti(L, call, k + 2);
        lua_call(L, arguments, 0);
        lua_settop(L, call - 1);
    }
    lua_pop(L, 2);
}

void role_note_setting(lua_State *L, struct role *r, const char *name)
{
    int n = lua_gettop(L);
    if (r->fixed != NULL || r->session->agreed || r->peer == NULL)
        return;
    if (r->replay == LUA_NOREF) {
        lua_newtable(L);
        r->replay = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->replay);
    lua_createtable(L, n + 1, 0);
    lua_pushstring(L, name);
    lua_rawseti(L, -2, 1);
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(L, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

void role_follow(lua_State *L, struct role *r)
{
    struct session *s = r->session;
    if (!s->agreed || s->protocol == r->protocol)
        return;
    if (r->fixed != NULL && !protocol_covers(r->fixed, s->protocol)) {
        s->protocol = r->fixed;
        return;
    }
    set_protocol(L, r, s->protocol);
    replay(L, r);
}

void role_fix_protocol(lua_State *L, struct role *r, const char *name)
{
    const struct protocol *p = protocol_find(name);
    if (p == NULL || p->uri[0] == NULL)
        luaL_error(L, "there is no protocol '%s'; expected DIN70121, ISO15118-2 or ISO15118-20",
                   name);
    set_protocol(L, r, p);
    r->fixed = p;
    r->session->protocol = p;
}

void role_free_protocol(lua_State *L, struct role *r)
{
    struct session *s = r->session;
    if (!s->agreed)
        s->protocol = NULL;
    r->fixed = NULL;
    set_protocol(L, r, s->agreed ? s->protocol : protocol_find(ROLE_PROTOCOL));
    replay(L, r);
}

/* ---- names ---- */

/* What a name means in a protocol. */
struct meaning {
    const struct protocol *protocol;
    struct name name;
    char text[];
};

/* Their addresses are the keys of the meanings that were found, by side: a table of tables by
 * protocol. ORDER SIDE */
static char KNOWN[2];

static void push_known(lua_State *L, const struct role *r)
{
    const void *of = &KNOWN[r->side == FROM_SECC], *protocol = r->protocol;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, of) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, of);
    }
    if (lua_rawgetp(L, -1, protocol) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, protocol);
    }
    lua_remove(L, -2);
}

const struct name *role_push_known(lua_State *L, const struct role *r, int key)
{
    push_known(L, r);
    lua_pushvalue(L, key);
    lua_rawget(L, -2);
    const struct meaning *known = lua_touserdata(L, -1);
    lua_remove(L, -2);
    if (known == NULL)
        lua_pop(L, 1);
    return known == NULL ? NULL : &known->name;
}

const struct name *role_push_name(lua_State *L, const struct role *r, const char *text,
                                  struct err *e)
{
    struct name_scope scope = role_scope(r);
    struct meaning found = {.protocol = r->protocol};
    luaL_checkstack(L, 4, NULL);
    push_known(L, r);
    if (lua_getfield(L, -1, text) == LUA_TNIL) {
        lua_pop(L, 1);
        if (name_resolve(&scope, text, &found.name, e) != 0) {
            lua_pop(L, 1);
            return NULL;
        }
        size_t size = strlen(text) + 1;
        struct meaning *kept = lua_newuserdatauv(L, sizeof found + size, 0);
        *kept = found;
        memcpy(kept->text, text, size);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, text);
    }
    lua_remove(L, -2);
    return &((const struct meaning *)lua_touserdata(L, -1))->name;
}

struct bound role_bound(lua_State *L)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    const struct meaning *known = lua_touserdata(L, lua_upvalueindex(2));
    if (known->protocol != r->protocol) {
        struct err e = ERR_INIT;
        if (role_push_name(L, r, known->text, &e) == NULL)
            script_raise(L, &e);
        known = lua_touserdata(L, -1);
        lua_replace(L, lua_upvalueindex(2));
    }
    return (struct bound){r, &known->name, known->text};
}
