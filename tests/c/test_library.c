/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of Lua's library that have ours in their places, so that they can be left: they do the
 * same as Lua's own, also where they raise. tests/lua/library.lua is run with both.
 */
#include "base/file.h"
#include "schema/library.h"
#include "script/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#define PATH "tests/lua/library.lua"

static void keep(void *context, const char *text, size_t n)
{
    buf_add(context, text, n);
}

/* print, into the buffer that is upvalue 1 */
static int print_own(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    keep(lua_touserdata(L, lua_upvalueindex(1)), text, n);
    keep(lua_touserdata(L, lua_upvalueindex(1)), "\n", 1);
    return 0;
}

static void run_with_own(const char *text, struct buf *out)
{
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    luaL_openlibs(L);
    lua_pushlightuserdata(L, out);
    lua_pushcclosure(L, print_own, 1);
    lua_setglobal(L, "print");
    if (luaL_loadbuffer(L, text, strlen(text), "@" PATH) != LUA_OK ||
        lua_pcall(L, 0, 0, 0) != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
    lua_close(L);
}

static void run_with_ours(const char *text, struct buf *out)
{
    struct library library;
    struct err e = ERR_INIT;
    library_open(&library);
    struct script_options o = {.library = &library, .print = keep, .context = out};
    struct script s;
    if (script_open(&s, &o, PATH, text, &e) != 0)
        fail_msg("%s", e.what);
    script_step(&s);
    assert_string_equal(s.reason, "");
    script_close(&s);
    library_close(&library);
}

static void test_same_as_luas_own(void **state)
{
    struct buf text = {0}, own = {0}, ours = {0};
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(file_read_text(PATH, 1 << 20, &text, &e), 0);
    assert_non_null(buf_string(&text));
    run_with_own((const char *)text.p, &own);
    run_with_ours((const char *)text.p, &ours);
    assert_true(own.n > 1000000);
    size_t i = 0;
    while (i < own.n && i < ours.n && own.p[i] == ours.p[i])
        i++;
    if (i < own.n || i < ours.n)
        fail_msg("ours differs at byte %zu: own '%.80s', ours '%.80s'", i,
                 (const char *)own.p + (i < 40 ? 0 : i - 40),
                 (const char *)ours.p + (i < 40 ? 0 : i - 40));
    buf_close(&text);
    buf_close(&own);
    buf_close(&ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_as_luas_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
