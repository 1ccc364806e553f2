/* SPDX-License-Identifier: Apache-2.0 */
#include "script/faults.h"

#include "script/filters.h"
#include "session/fault.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static bool is_file(const char *text)
{
    size_t n = strlen(text);
    return n > 4 && strcmp(text + n - 4, ".lua") == 0;
}

int faults_add(struct faults *f, const char *text, struct library *l, struct err *e)
{
    if (f->n == FAULTS_MOST)
        return err_set(e, "expected %d of them at most", FAULTS_MOST);
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
    if (luaL_loadfilex(L, f->at[i].text, "t") != LUA_OK)
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
        if (is_file(f->at[i].text)) {
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
