/* SPDX-License-Identifier: Apache-2.0 */
#include "script/relay_player.h"

#include "script/call.h"
#include "script/ready.h"
#include "script/role.h"
#include "script/task.h"

#include <stdio.h>
#include <string.h>

bool relay_is_address(const char *place)
{
    return strpbrk(place, ":[.") != NULL;
}

static void set_list(lua_State *L, const char *key, const char *const *list, unsigned n)
{
    lua_createtable(L, (int)n, 0);
    for (unsigned i = 0; i < n; i++) {
        lua_pushstring(L, list[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, key);
}

static void push_choice(lua_State *L, const struct relay_choice *c)
{
    lua_newtable(L);
    for (int i = 0; i < 2; i++) {
        lua_newtable(L);
        script_set_text(L, relay_is_address(c->place[i]) ? "address" : "interface", c->place[i]);
        script_set_text(L, "tls", c->tls[i]);
        script_set_text(L, "slac", c->slac[i]);
        set_list(L, "matching", c->matching[i], c->matchings[i]);
        lua_setfield(L, -2, i == 0 ? "vehicle" : "station");
    }
    script_set_text(L, "offer", c->offer);
    ready_set_file(L, "script", c->script_file);
    set_list(L, "set", c->set, c->sets);
    set_list(L, "hold", c->hold, c->holds);
    lua_pushboolean(L, c->has_pilot);
    lua_setfield(L, -2, "has_pilot");
    lua_pushinteger(L, c->sessions);
    lua_setfield(L, -2, "sessions");
}

/* Argument: the struct relay_choice. */
static int give_choice(lua_State *L)
{
    const struct relay_choice *c = lua_touserdata(L, 1);
    struct script *s = script_of(L);
    for (struct role *r = s->roles; r != NULL; r = r->next) {
        int leg = r->side == FROM_SECC ? 0 : 1;
        r->chosen.tls = c->files[leg];
        if (!relay_is_address(c->place[leg])) /* for SDP before there is a connection */
            snprintf(r->chosen.interface, sizeof r->chosen.interface, "%s", c->place[leg]);
        snprintf(r->by, sizeof r->by, "relay");
    }
    push_choice(L, c);
    task_give(s->main, L);
    return 0;
}

static int give(const struct built_in *own, struct script *s, struct err *e)
{
    s->has_sessions = true;
    return built_in_push(s, give_choice, own, e);
}

const struct built_in *relay_player(struct relay_choice *c)
{
    c->built_in = (struct built_in){"require('v2g.relay').run(...)", give};
    return &c->built_in;
}
