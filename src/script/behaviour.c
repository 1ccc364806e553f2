/* SPDX-License-Identifier: Apache-2.0 */
#include "script/behaviour.h"

#include "script/link.h"
#include "script/security.h"
#include "tls/tls_context.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MOST 10000 /* entries that are kept; the oldest go */

static char ACTOR; /* its address is the key of the actor in the registry */

static struct actor *actor_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &ACTOR);
    struct actor *a = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return a;
}

/* ---- connections ---- */

static struct role *station_role(const struct actor *a)
{
    struct role *r = a->script.roles;
    while (r != NULL && r->side != FROM_SECC)
        r = r->next;
    return r;
}

static bool was_handed(void *context)
{
    const struct actor *a = context;
    return a->handed != NULL;
}

/* Forgets what belonged to the last vehicle. */
static void forget(struct role *r)
{
    struct session *s = r->session;
    if (!s->id_fixed)
        memset(s->id, 0, sizeof s->id);
    r->sdp_open = false;
    r->sent_us = r->received_us = 0;
    r->sent_name[0] = '\0';
}

void behaviour_tls(const struct actor *a, struct peer_options *o)
{
    const struct role *r = station_role(a);
    if (r != NULL)
        security_tls(r, o);
}

/* As a peer or a random number has it: what is none is 0, and nothing is for ever. */
static int64_t delay(lua_Number ms)
{
    return ms > 0 ? (int64_t)(ms < INT32_MAX ? ms : INT32_MAX) : 0;
}

static int accept_done(lua_State *L, int status, lua_KContext context)
{
    struct actor *a = actor_of(L);
    struct role *r = station_role(a);
    struct peer_options o = link_options(r, false);
    (void)status;
    (void)context;
    a->is_idle = false;
    forget(r);
    o.needs_13 = o.tls != PEER_TLS_OFF;
    if (!a->handed_tls)
        o.tls = PEER_TLS_OFF;
    else if (a->memory->tls == NULL)
        a->memory->tls = link_tls_context(L, r, &o);
    o.tls_context = a->handed_tls ? a->memory->tls : NULL;
    o.stream = a->handed;
    o.answer_ms = a->answer_ms;
    a->handed = NULL;
    link_start(L, r, &o);
    return 0;
}

static int behaviour_accept(lua_State *L)
{
    struct actor *a = actor_of(L);
    if (station_role(a) == NULL || a->script.options->world == NULL)
        return luaL_error(L, "Accept() is for the scripts of `v2glab evse`");
    struct wait w = {.ready = was_handed, .context = a};
    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        security_choose(L, station_role(a));
        if (lua_getfield(L, 1, "answer_ms") != LUA_TNIL)
            a->answer_ms = (unsigned)delay(luaL_checknumber(L, -1));
        lua_pop(L, 1);
    }
    if (a->handed == NULL) {
        a->is_idle = true;
        if (a->idle != NULL)
            a->idle(a);
    }
    return script_wait(L, &w, 0, accept_done);
}

static int behaviour_session_over(lua_State *L)
{
    struct actor *a = actor_of(L);
    bool ok = lua_toboolean(L, 1);
    const char *text = luaL_optstring(L, 2, "");
    lua_pushfstring(L, "%s%s%s", ok ? "pass" : "fail", text[0] != '\0' ? ": " : "", text);
    script_record(&a->script, EVENT_VERDICT, ok, "", lua_tostring(L, -1));
    if (a->over != NULL)
        a->over(a, ok, text);
    return 0;
}

static int behaviour_stop_requested(lua_State *L)
{
    const struct actor *a = actor_of(L);
    lua_pushboolean(L, a->stop != NULL && *a->stop);
    return 1;
}

/* ---- the store ---- */

struct memory_entry {
    struct memory_entry *next;
    char *key, *text;
};

static void free_entry(struct memory_entry *m)
{
    free(m->key);
    free(m->text);
    free(m);
}

static struct memory_entry **find_entry(struct memory *m, const char *key)
{
    struct memory_entry **at = &m->first;
    while (*at != NULL && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

static void forget_entry(struct memory *m, struct memory_entry **at)
{
    struct memory_entry *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    free_entry(gone);
    m->n--;
}

static int behaviour_remember(lua_State *L)
{
    struct memory *m = actor_of(L)->memory;
    const char *key = luaL_checkstring(L, 1), *text = luaL_optstring(L, 2, NULL);
    forget_entry(m, find_entry(m, key));
    if (text == NULL)
        return 0;
    if (m->n >= MEMORY_MOST) {
        struct memory_entry **last = &m->first;
        while ((*last)->next != NULL)
            last = &(*last)->next;
        forget_entry(m, last);
    }
    struct memory_entry *made = calloc(1, sizeof *made);
    if (made != NULL && (made->key = strdup(key)) != NULL && (made->text = strdup(text)) != NULL) {
        made->next = m->first;
        m->first = made;
        m->n++;
        return 0;
    }
    if (made != NULL)
        free_entry(made);
    return luaL_error(L, "out of memory");
}

static int behaviour_recall(lua_State *L)
{
    struct memory_entry **at = find_entry(actor_of(L)->memory, luaL_checkstring(L, 1));
    lua_pushstring(L, *at != NULL ? (*at)->text : NULL);
    return 1;
}

void memory_close(struct memory *m)
{
    while (m->first != NULL)
        forget_entry(m, &m->first);
    tls_context_close(m->tls);
    m->tls = NULL;
}

/* ---- opening ---- */

static int open_protected(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Accept", behaviour_accept},
        {"Session_Over", behaviour_session_over},
        {"Stop_Requested", behaviour_stop_requested},
        {"Remember", behaviour_remember},
        {"Recall", behaviour_recall},
        {NULL, NULL},
    };
    lua_rawsetp(L, LUA_REGISTRYINDEX, &ACTOR);
    lua_pushglobaltable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    return 0;
}

int behaviour_open(struct actor *a, struct err *e)
{
    lua_State *L = a->script.L;
    lua_pushcfunction(L, open_protected);
    lua_pushlightuserdata(L, a);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return 0;
    lua_pop(L, 1);
    return err_set(e, "out of memory");
}
