/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in Lua that is kept compiled: it is the same as when it was read, and nobody else's. */
#include "script/compiled.h"

#include "base/asset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lualib.h>

#define NAME "lua/timers.lua"

/* Loads it in a state of its own, and calls it. */
static lua_State *load(const char *path, struct slice text)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    assert_int_equal(compiled_load(L, path, text), LUA_OK);
    return L;
}

static void test_each_state_gets_the_same(void **state)
{
    (void)state;
    struct slice text;
    assert_true(asset_find(NAME, &text));
    for (int i = 0; i < 3; i++) {
        lua_Debug at;
        lua_State *L = load(NAME, text);
        lua_pushvalue(L, -1);
        lua_getinfo(L, ">SL", &at);
        assert_string_equal(at.source, "@" NAME);
        lua_pop(L, 1); /* the lines that have code */
        assert_int_equal(lua_pcall(L, 0, 1, 0), LUA_OK);
        assert_int_equal(lua_getfield(L, -1, "ISO15118-2"), LUA_TTABLE);
        lua_close(L);
    }
}

/* The second time it is not read: what changed meanwhile is not seen. */
static void test_it_is_read_once(void **state)
{
    (void)state;
    char text[] = "return debug.getinfo(1, 'l').currentline, 1";
    const struct slice all = {(const uint8_t *)text, sizeof text - 1};
    for (int i = 0; i < 2; i++) {
        lua_State *L = load("lua/some.lua", all);
        assert_int_equal(lua_pcall(L, 0, 2, 0), LUA_OK);
        assert_int_equal(lua_tointeger(L, -2), 1);
        assert_int_equal(lua_tointeger(L, -1), 1);
        lua_close(L);
        text[sizeof text - 2] = '2';
    }
}

static void test_an_error_names_the_line_each_time(void **state)
{
    (void)state;
    static const char TEXT[] = "local x = 1\nlocal = 2";
    for (int i = 0; i < 2; i++) {
        lua_State *L = luaL_newstate();
        struct slice all = {(const uint8_t *)TEXT, sizeof TEXT - 1};
        assert_int_equal(compiled_load(L, "lua/bad.lua", all), LUA_ERRSYNTAX);
        assert_non_null(strstr(lua_tostring(L, -1), "lua/bad.lua:2:"));
        lua_close(L);
    }
}

static void test_only_the_built_in_text_is_taken_for_it(void **state)
{
    (void)state;
    struct slice text, own = {NULL, 0};
    assert_true(asset_find(NAME, &text));
    uint8_t *copy = malloc(text.n);
    memcpy(copy, text.p, text.n);
    assert_true(compiled_is_own("@" NAME, (struct slice){copy, text.n}, &own));
    assert_ptr_equal(own.p, text.p);
    assert_false(compiled_is_own("@" NAME, (struct slice){copy, text.n - 1}, &own));
    assert_false(compiled_is_own(NAME, (struct slice){copy, text.n}, &own));
    assert_false(compiled_is_own("@lua/mine.lua", (struct slice){copy, text.n}, &own));
    assert_false(compiled_is_own(NULL, (struct slice){copy, text.n}, &own));
    copy[text.n / 2] ^= 1;
    assert_false(compiled_is_own("@" NAME, (struct slice){copy, text.n}, &own));
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_state_gets_the_same),
        cmocka_unit_test(test_it_is_read_once),
        cmocka_unit_test(test_an_error_names_the_line_each_time),
        cmocka_unit_test(test_only_the_built_in_text_is_taken_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
