/* SPDX-License-Identifier: Apache-2.0 */
#include "script/script.h"

#include "script/box.h"
#include "script/deadline.h"
#include "script/enums.h"
#include "script/expect.h"
#include "script/filters.h"
#include "script/link.h"
#include "script/object.h"
#include "script/paths.h"
#include "script/relaying.h"
#include "script/roles.h"
#include "script/sandbox.h"
#include "script/store.h"
#include "script/task.h"
#include "script/tidy.h"
#include "script/trust.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a script may spend ---- */

static void *allocate(void *context, void *p, size_t old, size_t size)
{
    struct script *s = context;
    size_t had = p == NULL ? 0 : old;
    if (size == 0) {
        s->memory -= had;
        if (p != NULL)
            pool_give(&s->pool, p, had);
        return NULL;
    }
    if (size > had && s->memory + (size - had) > script_memory_most(s))
        return NULL;
    void *made = p == NULL ? pool_take(&s->pool, size) : pool_change(&s->pool, p, had, size);
    if (made != NULL)
        s->memory = s->memory - had + size;
    return made;
}

/* ---- opening and closing ---- */

/* Arguments: path, text or nil. Leaves the chunk on the stack of the main coroutine. */
static int open_protected(lua_State *L)
{
    struct script *s = script_of(L);
    const char *path = lua_tostring(L, 1), *text = lua_tostring(L, 2);
    sandbox_open(L, s->options->is_unsafe);
    tasks_open(L);
    enums_open(L, s->options->library);
    objects_open(L);
    paths_open(L);
    filters_open(L);
    relaying_open(L);
    roles_open(L);
    expect_open(L);
    trust_open(L);
    store_open(L);
    deadline_open(L);
    deadline_check(L);
    const char *chunk = lua_pushfstring(L, "@%s", path);
    int status = text != NULL ? luaL_loadbufferx(L, text, lua_rawlen(L, 2), chunk, "t")
                              : luaL_loadfilex(L, path, "t");
    if (status != LUA_OK)
        return lua_error(L);
    s->main = task_new(L);
    for (unsigned i = 0; i < s->options->arguments; i++) {
        lua_pushstring(L, s->options->argument[i]);
        task_give(s->main, L);
    }
    return 0;
}

static int take_error(struct script *s, struct err *e)
{
    const char *text = lua_tostring(s->L, -1);
    err_set(e, "%s", text != NULL ? text : "the script could not be read");
    s->verdict = VERDICT_ERROR;
    snprintf(s->reason, sizeof s->reason, "%s", e->what);
    return -1;
}

int script_open(struct script *s, const struct script_options *o, const char *path,
                const char *text, struct err *e)
{
    memset(s, 0, sizeof *s);
    s->options = o;
    s->path = path;
    s->by = "";
    pool_open(&s->pool);
    s->L = lua_newstate(allocate, s);
    if (s->L == NULL)
        return err_set(e, "out of memory");
    *(struct script **)lua_getextraspace(s->L) = s;
    lua_pushcfunction(s->L, open_protected);
    lua_pushstring(s->L, path);
    lua_pushstring(s->L, text);
    return lua_pcall(s->L, 2, 0, 0) == LUA_OK ? 0 : take_error(s, e);
}

void script_close(struct script *s)
{
    roles_disconnect(s);
    tasks_close(s);
    tidy_close(s);
    box_forget(s->options->box[0], s);
    box_forget(s->options->box[1], s);
    s->busy_since = 0;
    if (s->L != NULL)
        lua_close(s->L);
    s->L = NULL;
    pool_close(&s->pool);
    s->tasks = s->due = s->asked = s->main = NULL;
    roles_close(s);
    link_close(s);
    free(s->traceback);
    s->traceback = NULL;
}
