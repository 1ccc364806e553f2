/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vehicles of a fleet, which share one Lua state: what one of them knows, sets or makes of a
 * library, no other notices, each has a verdict of its own, and they begin one by one.
 */
#include "codec/value.h"
#include "one_library.h"
#include "script/fleet.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define VEHICLES 12
#define SESSIONS 64

/* What was seen of a session, by its number in the record. */
struct seen {
    char id[40]; /* EVCCID */
    unsigned loops;
    int64_t begun_us; /* supportedAppProtocolReq */
};

static struct seen seen[SESSIONS];
static struct {
    uint32_t session;
    enum verdict verdict;
    char text[1100];
} over[VEHICLES + 1];
static unsigned stations;

static void keep_event(void *context, const struct event *e)
{
    (void)context;
    if (e->kind != EVENT_FRAME || e->is_echo || e->session >= SESSIONS || e->message == NULL)
        return;
    struct seen *s = &seen[e->session];
    struct buf id = {0};
    if (strcmp(e->name, "SessionSetupReq") == 0) {
        node_text(message_named(e->message).node, "EVCCID", &id);
        snprintf(s->id, sizeof s->id, "%s", buf_string(&id));
        buf_close(&id);
    }
    if (strcmp(e->name, "supportedAppProtocolReq") == 0)
        s->begun_us = e->us;
    s->loops += strcmp(e->name, "ChargingStatusReq") == 0;
}

static void keep_end(void *context, const struct session_end *end)
{
    (void)context;
    if (strcmp(end->by, "SECC") == 0) {
        stations += end->verdict == VERDICT_PASS;
        return;
    }
    assert_in_range(end->number, 1, VEHICLES);
    over[end->number].session = end->session;
    over[end->number].verdict = end->verdict;
    snprintf(over[end->number].text, sizeof over[0].text, "%s", end->text);
}

static struct script_run *run;
static struct player *station;

static void keep_player(void *context, const struct player *p, const struct script *s)
{
    (void)context;
    if (s->verdict != VERDICT_PASS)
        fail_msg("a player ended with %s: %s", verdict_name(s->verdict), s->reason);
    if (p != station)
        run_stop_player(station);
}

static char folder[64];
static struct script_options limits; /* memory, busy_ms */

static const char *write_file(const char *name, const char *text, char path[128])
{
    snprintf(path, 128, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

/* Vehicles of all kinds by turns, at a station of our own in virtual time. */
static void play(struct ready *kind, unsigned kinds, struct ready *at_station, const char *beside)
{
    static const struct run_events EVENTS = {.ended = keep_player, .session_over = keep_end};
    struct script_options o = {.library = &library, .beside = beside, .profile = "field"};
    struct recorder recorder = {.n = 0};
    struct err e = ERR_INIT;
    struct fleet fleet;
    memset(seen, 0, sizeof seen);
    memset(over, 0, sizeof over);
    stations = 0;
    struct world *world = world_open_virtual(NULL, 1, &e);
    recorder_add(&recorder, keep_event, NULL);
    o.memory = limits.memory;
    o.busy_ms = limits.busy_ms;
    o.recorder = &recorder;
    o.peer.security = 0x10;
    run = run_open(world, &EVENTS, NULL);
    station = run_add(run, &o, "evse", ready_station(at_station), &e);
    assert_non_null(station);
    fleet_open(&fleet, kind, kinds);
    if (run_add(run, &o, "ev", fleet_built_in(&fleet), &e) == NULL)
        fail_msg("%s", e.what);
    for (unsigned i = 0; i < VEHICLES; i++)
        assert_int_equal(fleet_send(&fleet, i % kinds, i + 1), 0);
    fleet_end(&fleet);
    run_play(run);
    run_close(run);
    fleet_close(&fleet);
    assert_int_equal(world_close(world), 0);
}

#define SET(key, value)                                                                            \
    {                                                                                              \
        {(const uint8_t *)(key), sizeof(key) - 1}, value                                           \
    }

static const char MODULE[] = "local m = { n = 0 }\n"
                             "function m.next() m.n = m.n + 1 return m.n end\n"
                             "return m\n";

/* Leaves traces wherever it can, and finds none of others. */
static const char HOOKS[] =
    "local mine = require 'counted'\n"
    "local seen = 0\n"
    "assert(global == nil and string.trace == nil and table.trace == nil and _G.trace == nil)\n"
    "assert(parameters.trace == nil and rawget(Evcc, 'Trace') == nil and mine.n == 0)\n"
    "function before.SessionSetupReq(m, session)\n"
    "    global, string.trace, table.trace, _G.trace = (global or 0) + 1, 1, 1, 1\n"
    "    parameters.trace, session.trace, seen = 1, (session.trace or 0) + 1, seen + 1\n"
    "    function Evcc.Trace() end\n"
    "    assert(global == 1 and seen == 1 and session.trace == 1 and mine.next() == 1)\n"
    "    m.EVCCID = 'A00000000001'\n"
    "    Sleep(150)\n"
    "    assert(global == 1 and seen == 1 and mine.n == 1)\n"
    "end\n"
    "function before.ChargingStatusReq() parameters.loops = 3 end\n";

static void test_apart(void **state)
{
    (void)state;
    char hooks[128], module[128];
    write_file("counted.lua", MODULE, module);
    const struct ready_setting plain[] = {SET("loops", "1")};
    const struct ready_setting other[] = {SET("loops", "2"),
                                          SET("values.SessionSetupReq.EVCCID", "B00000000001"),
                                          SET("gaps.ServiceDiscovery", "70")};
    struct ready kind[] = {
        {.mode = "ac", .tls = "off", .setting = plain, .settings = 1},
        {.mode = "ac", .tls = "off", .script_file = write_file("hooks.lua", HOOKS, hooks)},
        {.mode = "ac", .tls = "off", .setting = other, .settings = 3},
    };
    struct ready at_station = {.tls = "off"};
    play(kind, 3, &at_station, hooks);
    static const char *const IDS[] = {"02AA00000001", "A00000000001", "B00000000001"};
    static const unsigned LOOPS[] = {1, 3, 2};
    for (unsigned i = 0; i < VEHICLES; i++) {
        const struct seen *s = &seen[over[i + 1].session];
        if (over[i + 1].verdict != VERDICT_PASS)
            fail_msg("vehicle %u: %s", i + 1, over[i + 1].text);
        assert_string_equal(s->id, IDS[i % 3]);
        assert_int_equal(s->loops, LOOPS[i % 3]);
    }
    assert_int_equal(stations, VEHICLES);
    unlink(hooks);
    unlink(module);
}

/* One that fails, and one whose hook has an error: that is theirs alone. */
static void test_verdicts(void **state)
{
    (void)state;
    char hooks[128];
    const struct ready_setting plain[] = {SET("loops", "1")};
    const struct ready_setting fails[] = {SET("values.SessionSetupReq.EVCCID", "C00000000001"),
                                          SET("patience.SessionSetup", "1")};
    struct ready kind[] = {
        {.mode = "ac", .tls = "off", .setting = plain, .settings = 1},
        {.mode = "ac", .tls = "off", .setting = fails, .settings = 2},
        {.mode = "ac",
         .tls = "off",
         .script_file =
             write_file("bad.lua", "function before.SessionSetupReq(m) m = nil + 1 end\n", hooks)},
    };
    struct ready at_station = {.tls = "off"};
    play(kind, 3, &at_station, hooks);
    static const enum verdict VERDICTS[] = {VERDICT_PASS, VERDICT_FAIL, VERDICT_ERROR};
    static const char *const TEXTS[] = {"", "no response to SessionSetupReq in time",
                                        "bad.lua:1: attempt to perform arithmetic"};
    for (unsigned i = 0; i < VEHICLES; i++) {
        assert_int_equal(over[i + 1].verdict, VERDICTS[i % 3]);
        if (strstr(over[i + 1].text, TEXTS[i % 3]) == NULL)
            fail_msg("vehicle %u: expected '%s', found '%s'", i + 1, TEXTS[i % 3],
                     over[i + 1].text);
    }
    unlink(hooks);
}

/* Told to come together, each begins once the loop has had a turn. */
static void test_one_by_one(void **state)
{
    (void)state;
    const struct ready_setting plain[] = {SET("loops", "1")};
    struct ready kind = {.mode = "ac", .tls = "off", .setting = plain, .settings = 1};
    struct ready at_station = {.tls = "off"};
    play(&kind, 1, &at_station, NULL);
    for (unsigned i = 1; i <= VEHICLES; i++) {
        const struct seen *s = &seen[over[i].session];
        assert_int_equal(over[i].verdict, VERDICT_PASS);
        assert_true(s->begun_us > 0);
        for (unsigned k = 1; k < i; k++)
            if (seen[over[k].session].begun_us == s->begun_us)
                fail_msg("vehicles %u and %u began at once", k, i);
    }
}

/* Every other vehicle has the hooks, and is ended with that text; the others pass. */
static void must_end(const char *hooks, const char *text)
{
    char path[128];
    const struct ready_setting plain[] = {SET("loops", "1")};
    struct ready kind[] = {
        {.mode = "ac", .tls = "off", .setting = plain, .settings = 1},
        {.mode = "ac", .tls = "off", .script_file = write_file("hooks.lua", hooks, path)},
    };
    struct ready at_station = {.tls = "off"};
    play(kind, 2, &at_station, path);
    for (unsigned i = 1; i <= VEHICLES; i++) {
        enum verdict wanted = i % 2 == 1 ? VERDICT_PASS : VERDICT_ERROR;
        if (over[i].verdict != wanted || (i % 2 == 0 && strstr(over[i].text, text) == NULL))
            fail_msg("vehicle %u: expected %s '%s', found %s '%s'", i, verdict_name(wanted), text,
                     verdict_name(over[i].verdict), over[i].text);
    }
    unlink(path);
}

/* One that takes memory or time without end is ended, and the others go on. */
static void test_limits(void **state)
{
    (void)state;
    limits = (struct script_options){.memory = 16u << 20};
    must_end("function before.SessionSetupReq()\n"
             "    local t = {}\n"
             "    for i = 1, 1e4 do t[i] = ('x'):rep(1000000) .. i end\n"
             "end\n",
             "not enough memory");
    limits = (struct script_options){.busy_ms = 50};
    must_end("function before.SessionSetupReq()\n"
             "    while true do pcall(function() while true do end end) end\n"
             "end\n",
             "has run for 50 ms");
    limits = (struct script_options){.busy_ms = 0};
}

static int open_all(void **state)
{
    open_library(state);
    snprintf(folder, sizeof folder, "/tmp/v2glab-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int close_all(void **state)
{
    close_library(state);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
