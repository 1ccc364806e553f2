/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks of sessions that share a state, in real time: one that runs for ever gives way to the
 * others, has no more time than it had before, and does what it did.
 */
#include "schema/library.h"
#include "script/script.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define BUSY_MS 300

static struct library library;
static char printed[4096];

static void keep(void *context, const char *text, size_t n)
{
    size_t had = strlen(printed);
    (void)context;
    snprintf(printed + had, sizeof printed - had, "%.*s", (int)n, text);
}

/* Runs it as the only player of its world; what went wrong in it, "" if nothing. */
static void run_script(const char *text, bool is_virtual, bool has_sessions, unsigned busy_ms,
                       char *why, size_t size)
{
    struct err e = ERR_INIT;
    struct world *world = is_virtual ? world_open_virtual(NULL, 1, &e) : world_open(NULL, &e);
    struct script_options o = {
        .library = &library, .world = world, .busy_ms = busy_ms, .print = keep};
    struct script s;
    printed[0] = '\0';
    assert_non_null(world);
    if (script_open(&s, &o, "turns.lua", text, &e) != 0)
        fail_msg("%s", e.what);
    s.has_sessions = has_sessions;
    script_step(&s);
    world_run(world);
    snprintf(why, size, "%s", s.reason);
    assert_int_equal(s.verdict == VERDICT_NONE, 0);
    script_close(&s);
    assert_int_equal(s.memory, 0);
    assert_int_equal(world_close(world), 0);
}

/* All that a loop can be in, but for functions of C that have called it. While it runs another task
 * wakes every millisecond; the CPU time that passes meanwhile is what the loop costs it, whatever
 * else the machine does. */
static const char LOOPS[] =
    "local loops = {\n"
    "    plain = function() while true do end end,\n"
    "    pcall = function() while true do pcall(function() while true do end end) end end,\n"
    "    xpcall = function() while true do xpcall(function() while true do end end, print) end "
    "end,\n"
    "    coroutines = function()\n"
    "        local function deep(n)\n"
    "            if n == 0 then while true do end end\n"
    "            return coroutine.wrap(deep)(n - 1)\n"
    "        end\n"
    "        deep(20)\n"
    "    end,\n"
    "    yields = function()\n"
    "        local co = coroutine.wrap(function() while true do coroutine.yield() end end)\n"
    "        while true do co() end\n"
    "    end,\n"
    "    close = function()\n"
    "        local x <close> = setmetatable({}, { __close = function() while true do end end })\n"
    "    end,\n"
    "    close_of_error = function()\n"
    "        local x <close> = setmetatable({}, { __close = function() while true do end end })\n"
    "        error 'x'\n"
    "    end,\n"
    "    metamethod = function()\n"
    "        local t = setmetatable({}, { __index = function() while true do end end })\n"
    "        return t.x\n"
    "    end,\n"
    "    iterator = function() for _ in function() return 1 end do end end,\n"
    "}\n"
    "local function loop_beside(f)\n"
    "    local ended, waits = nil, {}\n"
    "    local began = os.clock()\n"
    "    local task = Start(function() ended = table.pack(Guard(f)) end)\n"
    "    while not ended do\n"
    "        local from = os.clock()\n"
    "        Sleep(1)\n"
    "        waits[#waits + 1] = (os.clock() - from) * 1000\n"
    "    end\n"
    "    Wait_For(task)\n"
    "    table.sort(waits)\n"
    "    return ended, os.clock() - began, waits\n"
    "end\n"
    "for name, f in pairs(loops) do\n"
    "    local ended, cpu, waits = loop_beside(f)\n"
    "    assert(ended[1] == false and ended[3]:find 'has run for 300 ms', name .. ': ' .. "
    "tostring(ended[3]))\n"
    "    assert(cpu > 0.29 and cpu < 1, name .. ': seconds of CPU: ' .. cpu)\n"
    "    assert(#waits > 20, name .. ': turns of the other: ' .. #waits)\n"
    "    local p99 = waits[math.ceil(#waits * 0.99)]\n"
    "    assert(p99 < 50, name .. ': p99 of the other: ' .. p99 .. ' ms')\n"
    "end\n";

static void test_who_loops_gives_way(void **state)
{
    char why[1024];
    (void)state;
    run_script(LOOPS, false, true, BUSY_MS, why, sizeof why);
    assert_string_equal(why, "");
}

/* What has called it cannot wait, so it keeps its turn; but it is ended all the same. */
static void test_in_functions_of_c(void **state)
{
    static const char HELD[] =
        "local function loop() while true do end end\n"
        "for _, f in ipairs {\n"
        "    function() table.sort({ 1, 2, 3 }, loop) end,\n"
        "    function() ('x'):gsub('.', loop) end,\n"
        "    function() coroutine.wrap(function() table.sort({ 1, 2, 3 }, loop) end)() end,\n"
        "    function() table.sort({ 1, 2, 3 }, function() coroutine.wrap(loop)() end) end,\n"
        "} do\n"
        "    local ended, turns = nil, 0\n"
        "    local task = Start(function() ended = table.pack(Guard(f)) end)\n"
        "    while not ended do Sleep(1) turns = turns + 1 end\n"
        "    Wait_For(task)\n"
        "    assert(ended[1] == false and ended[3]:find 'has run for 100 ms', ended[3])\n"
        "    assert(turns <= 1, turns)\n"
        "end\n";
    char why[1024];
    (void)state;
    run_script(HELD, false, true, 100, why, sizeof why);
    assert_string_equal(why, "");
}

/* Two tasks compute the same by all that Lua has, each in a great many turns. */
static const char COMPUTES[] =
    "local function sum(...)\n"
    "    local n = select('#', ...)\n"
    "    local all = 0\n"
    "    for i = 1, n do all = all + (select(i, ...)) end\n"
    "    return all, n\n"
    "end\n"
    "local mt = { __index = function(t, k) return k * 2 end,\n"
    "             __lt = function(a, b) return a[1] < b[1] end,\n"
    "             __concat = function(a, b) return 'c' end,\n"
    "             __call = function(self, ...) return ... end }\n"
    "local function numbers(n)\n"
    "    return coroutine.wrap(function() for i = 1, n do coroutine.yield(i, i * i) end end)\n"
    "end\n"
    "local function compute()\n"
    "    local hash = 0\n"
    "    local function mix(x) hash = (hash * 31 + x) & 0xffffffff end\n"
    "    local t = setmetatable({}, mt)\n"
    "    for round = 1, ROUNDS do\n"
    "        for i, square in numbers(20) do mix(i + square) end\n"
    "        local list = {}\n"
    "        for i = 1, 50 do list[#list + 1] = tostring(i) .. ',' .. round end\n"
    "        table.sort(list)\n"
    "        mix(#table.concat(list))\n"
    "        mix((sum(table.unpack(list))))\n"
    "        mix(t[round] + #(t .. 'x') + select('#', t(1, 2, 3)))\n"
    "        local ok, why = pcall(function()\n"
    "            local x <close> = setmetatable({}, { __close = function() mix(7) end })\n"
    "            if round % 2 == 0 then error({ round }) end\n"
    "            return round\n"
    "        end)\n"
    "        mix(ok and why or why[1])\n"
    "        goto done\n"
    "        ::done::\n"
    "    end\n"
    "    return hash\n"
    "end\n"
    "function sum_of(list) local all = 0 for _, v in ipairs(list) do all = all + v end return all "
    "end\n"
    "do\n"
    "    local old = sum\n"
    "    sum = function(...) local t = table.pack(...) for i = 1, t.n do t[i] = #t[i] end\n"
    "        return old(table.unpack(t, 1, t.n)) end\n"
    "end\n"
    "local found = {}\n"
    "local tasks = {}\n"
    "for i = 1, 2 do tasks[i] = Start(function() found[i] = compute() end) end\n"
    "for _, task in ipairs(tasks) do Wait_For(task) end\n"
    "print(found[1] .. ' ' .. found[2])\n";

static void test_same_results(void **state)
{
    char text[8192], why[1024], alone[sizeof printed];
    (void)state;
    snprintf(text, sizeof text, "local ROUNDS = 1500 %s", COMPUTES);
    run_script(text, true, true, 10000, why, sizeof why);
    assert_string_equal(why, "");
    memcpy(alone, printed, sizeof alone);
    assert_true(strlen(alone) > 4);
    run_script(text, false, true, 10000, why, sizeof why);
    assert_string_equal(why, "");
    assert_string_equal(printed, alone);
}

/* Of a script alone, and in virtual time, nothing gives way: one thing after another. */
static void test_keeps_its_turn(void **state)
{
    static const char ORDER[] =
        "local other = 0\n"
        "local task = Start(function() other = Now() Sleep(1) other = Now() end)\n"
        "local from, before = os.clock(), other\n"
        "while os.clock() - from < 0.1 do end\n"
        "assert(other == before)\n"
        "Wait_For(task)\n"
        "assert(other > before)\n";
    char why[1024];
    (void)state;
    run_script(ORDER, false, false, 1000, why, sizeof why);
    assert_string_equal(why, "");
    run_script(ORDER, true, true, 1000, why, sizeof why);
    assert_string_equal(why, "");
}

static int open_library(void **state)
{
    (void)state;
    library_open(&library);
    return 0;
}

static int close_library(void **state)
{
    (void)state;
    library_close(&library);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_loops_gives_way),
        cmocka_unit_test(test_in_functions_of_c),
        cmocka_unit_test(test_same_results),
        cmocka_unit_test(test_keeps_its_turn),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
