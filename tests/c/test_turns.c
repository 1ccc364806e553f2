/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks of sessions that share a state, in real time: one that runs for ever gives way to the
 * others, has no more time than it had before, and does what it did.
 */
#include "one_library.h"
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

/* A loop runs in a task; beside it another one wakes every millisecond: the CPU time that passes
 * meanwhile is what the loop costs it, whatever else the machine does. */
static const char BESIDE[] =
    "local loops = { LOOPS }\n"
    "local function loop_beside(f)\n"
    "    local ended, waits = nil, {}\n"
    "    local began = os.clock()\n"
    "    local task = Start(function() ended = table.pack(Guard(f)) end)\n"
    "    waits[1] = (os.clock() - began) * 1000\n"
    "    while not ended do\n"
    "        local from = os.clock()\n"
    "        Sleep(1)\n"
    "        waits[#waits + 1] = (os.clock() - from) * 1000\n"
    "    end\n"
    "    Wait_For(task)\n"
    "    Sleep(1)\n"
    "    table.sort(waits)\n"
    "    return ended, os.clock() - began, waits\n"
    "end\n"
    "for name, f in pairs(loops) do\n"
    "    local ended, cpu, waits = loop_beside(f)\n"
    "    assert(ended[1] == false and ended[3]:find 'WHY', name .. ': ' .. tostring(ended[3]))\n"
    "    assert(cpu > LEAST and cpu < 1, name .. ': seconds of CPU: ' .. cpu)\n"
    "    assert(#waits > TURNS, name .. ': turns of the other: ' .. #waits)\n"
    "    local p99 = waits[math.ceil(#waits * 0.99)]\n"
    "    assert(p99 < 50, name .. ': p99 of the other: ' .. p99 .. ' ms')\n"
    "end\n";

/* What Lua itself runs. */
static const char LOOPS[] =
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
    "    iterator = function() for _ in function() return 1 end do end end,\n";

/* What C has called, and loops in C: each works for far longer than the turn has. */
static const char LOOPS_IN_C[] =
    "    sort = function() table.sort({ 3, 2, 1 }, function() while true do end end) end,\n"
    "    sort_pcall = function()\n"
    "        local function loop() while true do pcall(function() while true do end end) end end\n"
    "        table.sort({ 3, 2, 1 }, loop)\n"
    "    end,\n"
    "    sort_metamethod = function()\n"
    "        local mt = { __lt = function() while true do end end }\n"
    "        table.sort { setmetatable({}, mt), setmetatable({}, mt) }\n"
    "    end,\n"
    "    sort_of_numbers = function()\n"
    "        local t = {}\n"
    "        while true do\n"
    "            for i = 1, 300000 do t[i] = i * 7919 % 300007 end\n"
    "            table.sort(t)\n"
    "        end\n"
    "    end,\n"
    "    sort_by_c = function()\n"
    "        table.sort(setmetatable({}, { __len = function() return 1 << 30 end }), rawequal)\n"
    "    end,\n"
    "    sort_of_what_acts_so = function()\n"
    "        table.sort(setmetatable({}, { __len = function() return 1 << 30 end, __index = {} "
    "}))\n"
    "    end,\n"
    "    sort_in_coroutine = function()\n"
    "        coroutine.wrap(function()\n"
    "            table.sort({ 1, 2, 3 }, function() coroutine.wrap(function() while true do end "
    "end)() end)\n"
    "        end)()\n"
    "    end,\n"
    "    gsub = function() ('x'):gsub('.', function() while true do end end) end,\n"
    "    gsub_in_gsub = function()\n"
    "        ('x'):gsub('.', function() ('y'):gsub('.', function() while true do end end) end)\n"
    "    end,\n"
    "    gsub_table = function()\n"
    "        ('x'):gsub('.', setmetatable({}, { __index = function() while true do end end }))\n"
    "    end,\n"
    "    gsub_of_long = function()\n"
    "        local s = ('ab'):rep(500000)\n"
    "        while true do s:gsub('a', 'xy') end\n"
    "    end,\n"
    "    find = function() (('a'):rep(3000)):find(('.-'):rep(20) .. 'b') end,\n"
    "    match = function() (('a'):rep(3000)):match(('a*'):rep(30) .. 'b') end,\n"
    "    gmatch = function() for _ in (('a'):rep(3000)):gmatch(('a-'):rep(30) .. 'b') do end end,\n"
    "    gsub_pattern = function() (('a'):rep(3000)):gsub(('[ab]*'):rep(30) .. 'c', '') end,\n"
    "    balanced = function() (('('):rep(2000000)):find('%b()') end,\n"
    "    one_item = function() local s = ('a'):rep(2000000) while true do s:find('.*b') end end,\n"
    "    plain = function()\n"
    "        local s = ('a'):rep(3000000)\n"
    "        while true do s:find(('a'):rep(100) .. 'b', 1, true) end\n"
    "    end,\n"
    "    concat = function()\n"
    "        local t = {}\n"
    "        for i = 1, 300000 do t[i] = 'abcdefg' end\n"
    "        while true do table.concat(t, ', ') end\n"
    "    end,\n"
    "    rep = function() while true do ('abc'):rep(500000, 'd') end end,\n"
    "    insert = function()\n"
    "        table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 'x')\n"
    "    end,\n"
    "    remove = function()\n"
    "        table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)\n"
    "    end,\n"
    "    move = function() table.move({}, 1, 1 << 60, 1, {}) end,\n";

/* Where nothing can wait: it gets an error soon, and another one where it catches that. */
static const char HELD[] =
    "    tostring = function() tostring(setmetatable({}, { __tostring = loop })) end,\n"
    "    format = function() ('%s'):format(setmetatable({}, { __tostring = loop })) end,\n"
    "    pcall = function()\n"
    "        tostring(setmetatable({}, { __tostring = function() while true do pcall(loop) end "
    "end }))\n"
    "    end,\n"
    "    coroutine = function()\n"
    "        tostring(setmetatable({}, { __tostring = function() while true do "
    "coroutine.resume(coroutine.create(loop)) end end }))\n"
    "    end,\n"
    "    ipairs = function() for _ in ipairs(setmetatable({}, { __index = loop })) do end end,\n"
    "    insert = function() table.insert(setmetatable({}, { __newindex = loop }), 1) end,\n"
    "    unpack = function() table.unpack(setmetatable({}, { __index = loop }), 1, 2) end,\n"
    "    concat = function()\n"
    "        table.concat(setmetatable({}, { __index = loop, __len = function() return 2 end }))\n"
    "    end,\n"
    "    load = function() assert(load(loop)) end,\n"
    "    pattern = function()\n"
    "        local mt = { __tostring = function() (('a'):rep(3000)):find(('.-'):rep(20) .. 'b') "
    "end "
    "}\n"
    "        tostring(setmetatable({}, mt))\n"
    "    end,\n";

/* These have it in a loop, which runs until its time is over. */
static const char HELD_AGAIN[] =
    "    caught = function()\n"
    "        local x = setmetatable({}, { __tostring = loop })\n"
    "        while true do pcall(tostring, x) end\n"
    "    end,\n"
    "    guarded = function()\n"
    "        local x = setmetatable({}, { __tostring = loop })\n"
    "        while true do Guard(tostring, x) end\n"
    "    end,\n"
    "    handler = function() while true do xpcall(error, loop) end end,\n";

/* All of `loops`, each of which ends with an error that has `why`. */
static void must_give_way(const char *loops, const char *why, const char *least, const char *turns)
{
    const struct {
        const char *name, *value;
    } WORDS[] = {{"LOOPS", loops}, {"WHY", why}, {"LEAST", least}, {"TURNS", turns}};
    static char text[16384];
    char reason[1024];
    size_t n = 0;
    n += (size_t)snprintf(text, sizeof text, "local function loop() while true do end end\n");
    for (const char *at = BESIDE; *at != '\0';) {
        const char *value = NULL;
        for (unsigned i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
            if (strncmp(at, WORDS[i].name, strlen(WORDS[i].name)) == 0) {
                value = WORDS[i].value;
                at += strlen(WORDS[i].name);
                break;
            }
        n += (size_t)(value != NULL ? snprintf(text + n, sizeof text - n, "%s", value)
                                    : snprintf(text + n, sizeof text - n, "%c", *at++));
        assert_true(n < sizeof text);
    }
    run_script(text, false, true, BUSY_MS, reason, sizeof reason);
    assert_string_equal(reason, "");
}

static void test_who_loops_gives_way(void **state)
{
    (void)state;
    must_give_way(LOOPS, "has run for 300 ms", "0.29", "20");
}

static void test_in_functions_of_c(void **state)
{
    (void)state;
    must_give_way(LOOPS_IN_C, "has run for 300 ms", "0.29", "20");
}

static void test_where_nothing_can_wait(void **state)
{
    (void)state;
    must_give_way(HELD, "turns%.lua:%d+: the other sessions have waited for 20 ms", "0.02", "0");
    must_give_way(HELD_AGAIN, "has run for 300 ms", "0.29", "3");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_loops_gives_way),    cmocka_unit_test(test_in_functions_of_c),
        cmocka_unit_test(test_where_nothing_can_wait), cmocka_unit_test(test_same_results),
        cmocka_unit_test(test_keeps_its_turn),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
