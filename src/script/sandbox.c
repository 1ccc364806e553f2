/* SPDX-License-Identifier: Apache-2.0 */
#include "script/sandbox.h"

#include "base/asset.h"
#include "script/bounded.h"
#include "script/compiled.h"
#include "script/judgement.h"
#include "script/role.h"
#include "script/task.h"
#include "script/watch.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MODULE_NAME_MAX 100
#define PATH_MAX_TEXT 1024
#define KEPT_BACK                                                                                  \
    "%s is kept from scripts, which touch no files and start no programs; --unsafe allows it"

/* ---- time and words ---- */

static int sleep_over(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

static bool is_stopped(void *context)
{
    return task_is_stopped(context);
}

/* What the task is about is over: nobody is there any more for whom it might wait. */
static bool is_left(void *context)
{
    return task_role(context)->peer->state != PEER_READY;
}

static bool is_stopped_or_left(void *context)
{
    return is_stopped(context) || is_left(context);
}

/* The session that the task holds, one of many of its script; NULL: none. */
static struct role *held(const struct task *t)
{
    struct role *r = t != NULL ? task_role(t) : NULL;
    bool is_there = r != NULL && r->peer != NULL && r->peer->state == PEER_READY;
    return is_there && r->script->has_sessions ? r : NULL;
}

/* A sleep that ends with script_stop, which gives all tasks a turn, is not asked in between. */
static int sandbox_sleep(lua_State *L)
{
    lua_Number ms = luaL_checknumber(L, 1);
    luaL_argcheck(L, ms >= 0 && ms < 1e12, 1, "expected milliseconds, 0 or more");
    struct script *s = script_of(L);
    struct wait w = {.context = s->current,
                     .deadline_us = script_now(s) + (int64_t)(ms * 1000),
                     .role = held(s->current)};
    bool ends_with_stop = lua_toboolean(L, 2) && s->current != NULL;
    if (w.role != NULL)
        w.ready = ends_with_stop ? is_stopped_or_left : is_left;
    else if (ends_with_stop)
        w.ready = is_stopped;
    w.is_told = w.role == NULL;
    return script_wait(L, &w, 0, sleep_over);
}

static int sandbox_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)script_now(script_of(L)) / 1000);
    return 1;
}

/* The arguments as one line, in the log. */
static int log_line(lua_State *L, char separator)
{
    luaL_Buffer text;
    int n = lua_gettop(L);
    luaL_buffinit(L, &text);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addchar(&text, separator);
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&text);
    }
    luaL_pushresult(&text);
    size_t size;
    const char *line = lua_tolstring(L, -1, &size);
    script_log(L, line, size);
    return 0;
}

static int sandbox_log(lua_State *L)
{
    return log_line(L, ' ');
}

/* With tabs, as Lua's own has it. */
static int sandbox_print(lua_State *L)
{
    return log_line(L, '\t');
}

/* Like Lua's own, but the message has the line, and the script's verdict is fail, not error. */
static int sandbox_assert(lua_State *L)
{
    struct script *s = script_of(L);
    luaL_checkany(L, 1);
    s->has_tested = true;
    if (lua_toboolean(L, 1))
        return lua_gettop(L);
    if (lua_gettop(L) > 1 && lua_type(L, 2) != LUA_TSTRING) {
        lua_settop(L, 2);
        return lua_error(L);
    }
    const char *what = luaL_optstring(L, 2, "assertion failed");
    luaL_where(L, 1);
    lua_pushstring(L, what);
    lua_concat(L, 2);
    snprintf(s->asserted, sizeof s->asserted, "%s", lua_tostring(L, -1));
    return lua_error(L);
}

static int end_with(lua_State *L, enum verdict verdict)
{
    const char *why = luaL_optstring(L, 1, "");
    return script_verdict(L, verdict, "%s", why);
}

static int sandbox_pass(lua_State *L)
{
    script_of(L)->has_tested = true;
    return end_with(L, VERDICT_PASS);
}

static int sandbox_fail(lua_State *L)
{
    return end_with(L, VERDICT_FAIL);
}

static int sandbox_inconclusive(lua_State *L)
{
    return end_with(L, VERDICT_INCONCLUSIVE);
}

/* ---- modules ---- */

static bool is_module_name(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > MODULE_NAME_MAX || name[0] == '.' || name[0] == '/' ||
        strstr(name, "..") != NULL)
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == n;
}

/* Module a.b is a/b.lua. */
static void module_path(const char *folder, size_t folder_size, const char *name,
                        char out[PATH_MAX_TEXT])
{
    snprintf(out, PATH_MAX_TEXT, "%.*s%s.lua", (int)folder_size, folder, name);
    size_t n = strlen(out);
    for (size_t i = folder_size; n > 4 && i < n - 4; i++)
        if (out[i] == '.')
            out[i] = '/';
}

/* Whether there is such a file. Raises where it is none that can be read to its end, or a link that
 * leads out of the folder: errors of Lua would show what stands there. */
static bool is_beside(lua_State *L, const char *path, struct slice folder, bool is_unsafe)
{
    char base[PATH_MAX_TEXT], *real = realpath(path, NULL), *real_base;
    struct stat about;
    if (real == NULL)
        return false;
    snprintf(base, sizeof base, "%.*s.", (int)folder.n, (const char *)folder.p);
    real_base = realpath(base, NULL);
    size_t n = real_base != NULL ? strlen(real_base) : 0;
    bool is_inside = n > 0 && strncmp(real, real_base, n) == 0 && (n == 1 || real[n] == '/');
    bool is_file = stat(real, &about) == 0 && S_ISREG(about.st_mode);
    free(real);
    free(real_base);
    if (!is_file)
        luaL_error(L, "%s is no file", path);
    if (!is_inside && !is_unsafe)
        luaL_error(L, "%s is a link that leads out of the script's folder; --unsafe allows it",
                   path);
    return true;
}

/* Pushes the chunk of a module; false where there is none. Raises where it does not compile. */
static bool load_module(lua_State *L, const char *name, bool *is_built_in)
{
    const struct script *s = script_of(L);
    char path[PATH_MAX_TEXT];
    struct slice text;
    module_path("lua/", 4, name, path);
    int status = -1;
    *is_built_in = asset_find(path, &text);
    if (*is_built_in) {
        status = compiled_load(L, path, text);
    } else {
        struct slice folder = script_folder(s);
        module_path((const char *)folder.p, folder.n, name, path);
        if (!is_beside(L, path, folder, s->options->is_unsafe))
            return false;
        status = luaL_loadfilex(L, path, "t");
    }
    if (status != LUA_OK)
        lua_error(L);
    return true;
}

/* Modules that are loaded: those that are built in, or all, are in the registry; an own require
 * (upvalue 1) keeps the others in a table of its own. */
static void push_loaded(lua_State *L, bool is_own)
{
    if (is_own)
        lua_pushvalue(L, lua_upvalueindex(1));
    else
        lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

/* The module has run; its value is on top of the stack, its name at 1. */
static int module_loaded(lua_State *L, int status, lua_KContext is_own)
{
    (void)status;
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    push_loaded(L, is_own != 0);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -3);
    lua_settable(L, -3);
    lua_pop(L, 1);
    return 1;
}

static int sandbox_require_call(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    bool is_own = lua_istable(L, lua_upvalueindex(1)), is_built_in;
    lua_settop(L, 1);
    for (int own = 0; own <= is_own; own++) {
        push_loaded(L, own);
        if (lua_getfield(L, -1, name) != LUA_TNIL)
            return 1;
        lua_settop(L, 1);
    }
    if (!is_module_name(name))
        return luaL_error(L, "'%s' is no name of a module; expected letters, digits, '_', '-', '.'",
                          name);
    if (!load_module(L, name, &is_built_in))
        return luaL_error(L,
                          "there is no module '%s', neither built in nor as a file beside the "
                          "script",
                          name);
    is_own = is_own && !is_built_in;
    lua_pushvalue(L, 1);
    lua_callk(L, 1, 1, is_own, module_loaded);
    return module_loaded(L, LUA_OK, is_own);
}

/* require('v2g.requires')(): a require that shares with others only what is built in. */
static int push_require(lua_State *L)
{
    lua_newtable(L);
    lua_pushcclosure(L, sandbox_require_call, 1);
    return 1;
}

void sandbox_require(lua_State *L, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    if (lua_getfield(L, -1, name) != LUA_TNIL) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 2);
    lua_pushcfunction(L, sandbox_require_call);
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
}

/* A searcher for Lua's own require, which unsafe scripts have. */
static int sandbox_search(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    bool is_built_in;
    if (!is_module_name(name) || !load_module(L, name, &is_built_in))
        lua_pushfstring(L, "no built-in file lua/%s.lua, and no file beside the script", name);
    return 1;
}

static void add_searcher(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    lua_pushcfunction(L, sandbox_search);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 2);
}

/* load of a file that is built in, as the suites are: it need not be read again. Arguments as of
 * load, in the stack from 1 to 4. False: it is none. */
static bool load_own(lua_State *L, bool has_environment)
{
    size_t n;
    struct slice own;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &n) : NULL;
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
    if (text == NULL || !compiled_is_own(name, (struct slice){(const uint8_t *)text, n}, &own) ||
        compiled_load(L, name + 1, own) != LUA_OK)
        return false;
    if (has_environment) {
        lua_pushvalue(L, 4);
        lua_setupvalue(L, -2, 1);
    }
    return true;
}

static int load_text(lua_State *L, bool has_environment)
{
    if (bounded_load(L, 1, luaL_optstring(L, 2, lua_tostring(L, 1))) != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    if (has_environment) {
        lua_pushvalue(L, 4);
        if (lua_setupvalue(L, -2, 1) == NULL)
            lua_pop(L, 1);
    }
    return 1;
}

/* load for text only: compiled code could do anything. Upvalue 1 is Lua's own. */
static int sandbox_load(lua_State *L)
{
    luaL_checkany(L, 1);
    bool has_environment = lua_gettop(L) >= 4;
    lua_settop(L, 4);
    if (load_own(L, has_environment))
        return 1;
    lua_settop(L, 4);
    if (lua_type(L, 1) == LUA_TSTRING)
        return load_text(L, has_environment);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_pushliteral(L, "t");
    if (has_environment)
        lua_pushvalue(L, 4);
    lua_call(L, has_environment ? 4 : 3, LUA_MULTRET);
    return lua_gettop(L) - 4;
}

/* ---- what Lua's own library takes from the system: time and chance, here the world's ---- */

/* os.time() and os.date(FORMAT) without a time. Upvalues: Lua's own, and which argument that is. */
static int sandbox_time(lua_State *L)
{
    int at = (int)lua_tointeger(L, lua_upvalueindex(2));
    if (lua_isnoneornil(L, at)) {
        lua_settop(L, at - 1);
        lua_pushinteger(L, script_now(script_of(L)) / 1000000);
        if (at == 1)
            return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* math.randomseed() without a seed. Upvalue: Lua's own. */
static int sandbox_seed(lua_State *L)
{
    lua_Integer seed[2];
    if (lua_isnone(L, 1)) {
        world_random(script_of(L)->options->world, seed, sizeof seed);
        lua_pushinteger(L, seed[0]);
        lua_pushinteger(L, seed[1]);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static void open_world(lua_State *L)
{
    lua_getglobal(L, "os");
    lua_getfield(L, -1, "time");
    lua_pushinteger(L, 1);
    lua_pushcclosure(L, sandbox_time, 2);
    lua_setfield(L, -2, "time");
    lua_getfield(L, -1, "date");
    lua_pushinteger(L, 2);
    lua_pushcclosure(L, sandbox_time, 2);
    lua_setfield(L, -2, "date");
    lua_getglobal(L, "math");
    lua_getfield(L, -1, "randomseed");
    lua_pushcclosure(L, sandbox_seed, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "randomseed");
    lua_call(L, 0, 0);
    lua_pop(L, 2);
}

/* ---- the whole ---- */

/* In place of what a script is kept from. Upvalue: its name. */
static int kept_back(lua_State *L)
{
    return luaL_error(L, KEPT_BACK, lua_tostring(L, lua_upvalueindex(1)));
}

/* __index of io, of which nothing is there */
static int no_io(lua_State *L)
{
    return luaL_error(L, KEPT_BACK, lua_pushfstring(L, "io.%s", luaL_tolstring(L, 2, NULL)));
}

/* library NULL: of the globals */
static void keep_back(lua_State *L, const char *library, const char *const *names)
{
    if (library == NULL)
        lua_pushglobaltable(L);
    else
        lua_getglobal(L, library);
    for (; *names != NULL; names++) {
        lua_pushfstring(L, "%s%s%s", library == NULL ? "" : library, library == NULL ? "" : ".",
                        *names);
        lua_pushcclosure(L, kept_back, 1);
        lua_setfield(L, -2, *names);
    }
    lua_pop(L, 1);
}

static void keep_back_io(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_pushcfunction(L, no_io);
    lua_setfield(L, -2, "__index");
    script_set_metatable(L);
    lua_setglobal(L, "io");
}

static void open_safe(lua_State *L)
{
    static const luaL_Reg LIBRARIES[] = {
        {"_G", luaopen_base},   {"string", luaopen_string}, {"table", luaopen_table},
        {"math", luaopen_math}, {"utf8", luaopen_utf8},     {"coroutine", luaopen_coroutine},
        {"os", luaopen_os},
    };
    static const char *const NO_BASE[] = {"dofile", "loadfile", NULL};
    static const char *const NO_STRING[] = {"dump", NULL};
    static const char *const NO_OS[] = {"execute", "exit",      "getenv",  "remove",
                                        "rename",  "setlocale", "tmpname", NULL};
    for (size_t i = 0; i < sizeof LIBRARIES / sizeof LIBRARIES[0]; i++) {
        luaL_requiref(L, LIBRARIES[i].name, LIBRARIES[i].func, 1);
        lua_pop(L, 1);
    }
    keep_back(L, NULL, NO_BASE);
    keep_back(L, "string", NO_STRING);
    keep_back(L, "os", NO_OS);
    keep_back_io(L);
    lua_getglobal(L, "load");
    lua_pushcclosure(L, sandbox_load, 1);
    lua_setglobal(L, "load");
    bounded_open(L);
}

static void watch_field(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    watch_function(L, &TASK_WAIT);
    lua_setfield(L, -2, name);
}

/* coroutine.resume and wrap hand on what waits, and close leaves it. */
static void open_coroutine(lua_State *L)
{
    struct slice text;
    if (!asset_find("lua/coroutine.lua", &text))
        luaL_error(L, "lua/coroutine.lua is not built in");
    if (compiled_load(L, "lua/coroutine.lua", text) != LUA_OK)
        lua_error(L);
    lua_getglobal(L, "coroutine");
    watch_field(L, "resume");
    watch_field(L, "close");
    lua_insert(L, -2);
    lua_pushlightuserdata(L, &TASK_WAIT);
    lua_call(L, 1, 1);
    lua_insert(L, -2);
    for (lua_pushnil(L); lua_next(L, -3) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_settable(L, -4);
    }
    lua_pop(L, 2);
}

void sandbox_open(lua_State *L, bool is_unsafe)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Sleep", sandbox_sleep},
        {"Now", sandbox_now},
        {"Log", sandbox_log},
        {"print", sandbox_print},
        {"Pass", sandbox_pass},
        {"assert", sandbox_assert},
        {"Fail", sandbox_fail},
        {"Inconclusive", sandbox_inconclusive},
        {NULL, NULL},
    };
    if (is_unsafe) {
        luaL_openlibs(L);
        add_searcher(L);
    } else {
        open_safe(L);
        lua_pushcfunction(L, sandbox_require_call);
        lua_setglobal(L, "require");
    }
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_pushcfunction(L, push_require);
    lua_setfield(L, -2, "v2g.requires");
    lua_pop(L, 1);
    open_coroutine(L);
    open_world(L);
    lua_pushglobaltable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    lua_pop(L, 1);
}
