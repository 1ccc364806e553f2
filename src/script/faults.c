/* SPDX-License-Identifier: Apache-2.0 */
#include "script/faults.h"

#include "base/asset.h"
#include "base/nearest.h"
#include "script/filters.h"
#include "session/fault.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTACKS "lua/attacks/"

static bool is_file(const char *text)
{
    size_t n = strlen(text);
    return n > 4 && strcmp(text + n - 4, ".lua") == 0;
}

/* An attack that is built in (lua/attacks/): its text; false: there is none of that name. */
static bool is_attack(const char *text, struct slice *file)
{
    char path[64];
    snprintf(path, sizeof path, ATTACKS "%.40s.lua", text);
    return strpbrk(text, " :/.") == NULL && asset_find(path, file);
}

/* What has no colon is meant as the name of one. */
static int no_attack(const char *text, struct err *e)
{
    struct nearest x = nearest_open(text, strlen(text));
    const char *path;
    struct slice file;
    for (size_t at = 0; asset_each(ATTACKS, &at, &path, &file);)
        nearest_try(&x, path + strlen(ATTACKS));
    const char *near = x.name == NULL ? "" : x.name;
    return err_set(e,
                   "expected MESSAGE#OCCURRENCE: FAULT, as 'CurrentDemandRes#3: drop', a Lua file, "
                   "or an attack by its name (docs/faults.md), found '%.80s'%s%.*s",
                   text, near[0] != '\0' ? "; the nearest is " : "", (int)strcspn(near, "."), near);
}

int faults_add(struct faults *f, const char *text, struct library *l, struct err *e)
{
    if (f->n == FAULTS_MOST)
        return err_set(e, "expected %d of them at most", FAULTS_MOST);
    struct slice attack;
    if (is_attack(text, &attack)) {
        f->at[f->n++].text = text;
        return 0;
    }
    if (strchr(text, ':') == NULL && !is_file(text))
        return no_attack(text, e);
    if (!is_file(text)) {
        struct fault *fault = fault_parse(text, e);
        int bad = fault == NULL ? -1 : fault_check(fault, l, e);
        free(fault);
        if (bad != 0)
            return -1;
    }
    f->at[f->n++].text = text;
    return 0;
}

/* The filter that the value on top says, popped, for the role whose table is at `role`. */
static void set_one(lua_State *L, int role, struct faults *f, unsigned i)
{
    lua_getfield(L, role, "Filter");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    filters_count(L, -1, &f->at[i].happened, !f->is_alone);
    lua_pop(L, 1);
}

/* What the file returns: a fault, or a list of them. */
static void set_file(lua_State *L, int role, struct faults *f, unsigned i)
{
    struct slice attack;
    bool is_built_in = is_attack(f->at[i].text, &attack);
    if ((is_built_in ? luaL_loadbufferx(L, (const char *)attack.p, attack.n, f->at[i].text, "t")
                     : luaL_loadfilex(L, f->at[i].text, "t")) != LUA_OK)
        lua_error(L);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1) || lua_getfield(L, -1, "fault") != LUA_TNIL) {
        lua_settop(L, role + 1);
        set_one(L, role, f, i);
        return;
    }
    lua_pop(L, 1);
    for (lua_Integer k = 1; lua_rawgeti(L, role + 1, k) != LUA_TNIL; k++)
        set_one(L, role, f, i);
    lua_settop(L, role);
}

void faults_set(lua_State *L, const struct role *r)
{
    struct faults *f = r->script->options->faults;
    int role = lua_gettop(L);
    if (f == NULL || r->peer == NULL) /* print mode shows what is sent before any filter */
        return;
    for (unsigned i = 0; i < f->n; i++) {
        if (is_file(f->at[i].text) || strchr(f->at[i].text, ':') == NULL) {
            set_file(L, role, f, i);
        } else {
            lua_pushstring(L, f->at[i].text);
            set_one(L, role, f, i);
        }
    }
}

void faults_begin(struct faults *f)
{
    for (unsigned i = 0; i < f->n; i++)
        f->at[i].happened = 0;
}

const char *faults_missing(const struct faults *f)
{
    for (unsigned i = 0; i < f->n; i++)
        if (f->at[i].happened == 0)
            return f->at[i].text;
    return NULL;
}
