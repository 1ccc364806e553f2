/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of scripts against each other over TCP on the loopback interface: sessions, verdicts and
 * what they say, times, what is recorded.
 */
#include "script/run.h"

#include "one_library.h"
#include "wire/endpoint.h"
#include "wire/world.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SCRIPTS_MAX 3

/* What was recorded, a line an event, and how each script ended. */
static struct buf record;
static char reasons[SCRIPTS_MAX][1024];
static enum verdict verdicts[SCRIPTS_MAX];
static unsigned ended;

static void keep_event(void *context, const struct event *e)
{
    static const char *const KINDS[] = {"FRAME", "BYTES", "LISTEN",    "CONNECT", "CLOSE",  "LOSS",
                                        "LOG",   "CHECK", "VIOLATION", "TIMER",   "VERDICT"};
    (void)context;
    const char *kind = (size_t)e->kind < sizeof KINDS / sizeof KINDS[0] ? KINDS[e->kind] : "OTHER";
    buf_printf(&record, "%s %s %s %s%s %lld\n", e->by, kind, e->ok ? "ok" : "bad", e->name, e->text,
               (long long)e->limit_us);
}

static void keep_end(void *context, const struct player *p, const struct script *s)
{
    (void)context;
    (void)p;
    snprintf(reasons[ended], sizeof reasons[ended], "%s", s->reason);
    verdicts[ended++] = s->verdict;
}

static void write_script(const char *text, char path[64])
{
    snprintf(path, 64, "/tmp/v2glab-test-XXXXXX.lua");
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static struct script_options options;
static struct script_run *run;
static struct timer alarm_timer;

static void abort_run(void *data)
{
    (void)data;
    run_abort(run);
}

static enum run_exit run_scripts(const char *const *path, unsigned n,
                                 const struct script_options *o)
{
    static const struct run_events EVENTS = {.ended = keep_end};
    struct err e = ERR_INIT;
    struct world *world = world_open(NULL, &e);
    run = run_open(world, &EVENTS, NULL);
    for (unsigned i = 0; i < n; i++)
        if (run_add(run, o, path[i], NULL, &e) == NULL) {
            snprintf(reasons[ended], sizeof reasons[ended], "%s", e.what);
            verdicts[ended++] = VERDICT_ERROR;
        }
    if (o->interrupt != NULL)
        timer_start(world, &alarm_timer, 150, abort_run, NULL);
    run_play(run);
    timer_stop(&alarm_timer);
    enum run_exit result = run_result(run);
    run_close(run);
    assert_int_equal(world_close(world), 0);
    run = NULL;
    return result;
}

/* Runs up to two scripts against each other; returns the exit code. */
static enum run_exit run_two(const char *first, const char *second)
{
    static struct recorder recorder;
    const char *text[SCRIPTS_MAX] = {first, second, NULL}, *path[SCRIPTS_MAX];
    char name[SCRIPTS_MAX][64], address[32];
    struct script_options o = options;
    unsigned n = 0;
    recorder.n = 0;
    recorder_add(&recorder, keep_event, NULL);
    /* below the ports that the system gives to other connections */
    snprintf(address, sizeof address, "[::1]:%u", 16384u + endpoint_random_port() % 16384u);
    for (; text[n] != NULL; n++) {
        write_script(text[n], name[n]);
        path[n] = name[n];
    }
    o.library = &library;
    o.recorder = &recorder;
    o.peer.address = address;
    ended = 0;
    buf_clear(&record);
    enum run_exit result = run_scripts(path, n, &o);
    for (unsigned i = 0; i < n; i++)
        unlink(name[i]);
    buf_string(&record);
    return result;
}

static void must_end(enum run_exit result, enum run_exit wanted)
{
    if (result != wanted)
        fail_msg("expected %u, found %u\n%s\n%s\n%s", wanted, result, reasons[0], reasons[1],
                 (char *)record.p);
}

static void must_record(const char *text)
{
    if (strstr((char *)record.p, text) == NULL)
        fail_msg("expected '%s' in\n%s", text, (char *)record.p);
}

/* One of the scripts ended so. */
static void must_say(enum verdict verdict, const char *says)
{
    for (unsigned i = 0; i < ended; i++)
        if (verdicts[i] == verdict && strstr(reasons[i], says) != NULL)
            return;
    fail_msg("expected %s: %s, found\n%s: %s\n%s: %s", verdict_name(verdict), says,
             verdict_name(verdicts[0]), reasons[0], verdict_name(verdicts[1]), reasons[1]);
}

/* ---- sessions ---- */

static const char EVCC[] =
    "Evcc.Set_SessionSetupReq_EVCCID('020000000001')\n"
    "Evcc.Send_SessionSetupReq_001()\n"
    "Evcc.Receive_SessionSetupRes_001()\n"
    "assert(Evcc.Get_SessionSetupRes_ResponseCode() == ResponseCodeType.OK_NewSessionEstablished)\n"
    "assert(Evcc.SessionID() ~= '0000000000000000')\n"
    "assert(Evcc.Get_SessionSetupRes_Header_SessionID() == Evcc.SessionID())\n"
    "Log('setup', Evcc.Protocol)\n"
    "Evcc.Send_SessionStopReq_001()\n"
    "Evcc.Receive_SessionStopRes_001()\n";

static const char SECC[] =
    "Secc.Receive_SessionSetupReq_001()\n"
    "assert(Secc.Check_Received_SessionSetupReq())\n"
    "assert(Secc.Check_SessionSetupReq_EVCCID('020000000001'))\n"
    "Secc.Send_SessionSetupRes_001()\n"
    "Secc.Receive_SessionStopReq_001()\n"
    "assert(Secc.Get_SessionStopReq_Header_SessionID() == Secc.SessionID())\n"
    "Secc.Send_SessionStopRes_001()\n";

static void test_session(void **state)
{
    (void)state;
    must_end(run_two(EVCC, SECC), RUN_PASS);
    must_record("EVCC LOG ok setup ISO15118-2");
    must_record("EVCC TIMER ok V2G_EVCC_Msg_Timeout 2000000");
    must_record("SECC TIMER ok V2G_SECC_Sequence_Timeout 60000000");
    must_record("SECC TIMER ok V2G_SECC_Msg_Performance_Time 1500000");
    must_record("SECC CHECK ok SessionSetupReq_EVCCID: expected '020000000001', found "
                "'020000000001'");
    must_record("EVCC VERDICT ok pass");
    must_record("SECC VERDICT ok pass");
    must_end(run_two(SECC, EVCC), RUN_PASS);
}

/* What the vehicle offers decides what the station speaks, also for what was set before. */
static void test_protocols(void **state)
{
    (void)state;
    static const char DIN_EVCC[] = "Evcc.Protocol = 'DIN70121'\n"
                                   "Evcc.Send_SessionSetupReq_001()\n"
                                   "Evcc.Receive_SessionSetupRes_001()\n"
                                   "assert(Evcc.Get_SessionSetupRes_EVSEID() == '4B522A')\n"
                                   "Evcc.Send_ContractAuthenticationReq_001()\n"
                                   "Evcc.Receive_ContractAuthenticationRes_001()\n";
    static const char ANY_SECC[] =
        "assert(Secc.Protocol == 'ISO15118-2')\n"
        "local set = Secc.Set_SessionSetupRes_EVSEID\n"
        "set('KR*') -- too short for ISO 15118-2, but it is DIN that is spoken\n"
        "Secc.Receive_SessionSetupReq_001()\n"
        "assert(Secc.Protocol == 'DIN70121')\n"
        "Secc.Send_SessionSetupRes_001()\n"
        "Secc.Receive_ContractAuthenticationReq_001()\n"
        "set('00')\n"
        "Secc.Send_ContractAuthenticationRes_001()\n";
    must_end(run_two(DIN_EVCC, ANY_SECC), RUN_PASS);
}

static void test_protocol_by_option(void **state)
{
    (void)state;
    options.protocol = "ISO15118-20";
    enum run_exit result =
        run_two("Evcc.Send_SessionSetupReq_001() Evcc.Receive_SessionSetupRes_001()\n"
                "assert(Evcc.Get_SessionSetupRes_Header_TimeStamp() > 1600000000)",
                "Secc.Receive_SessionSetupReq_001() Secc.Send_SessionSetupRes_001()\n"
                "Sleep(100)");
    options.protocol = NULL;
    must_end(result, RUN_PASS);
}

/* supportedAppProtocol message by message. */
static void test_manual_handshake(void **state)
{
    (void)state;
    must_end(
        run_two("Evcc.Add_supportedAppProtocolReq_ProtocolNamespace('urn:din:70121:2012:MsgDef')\n"
                "Evcc.Set_supportedAppProtocolReq_SchemaID(0, 42)\n"
                "Evcc.Send_supportedAppProtocolReq_001()\n"
                "Evcc.Receive_supportedAppProtocolRes_001()\n"
                "assert(Evcc.Get_supportedAppProtocolRes_SchemaID() == 42)\n"
                "assert(Evcc.Protocol == 'DIN70121')\n"
                "Evcc.Send_SessionSetupReq_001()\n"
                "Evcc.Receive_SessionSetupRes_001()\n",
                "Secc.Receive_supportedAppProtocolReq_001()\n"
                "Secc.Set_supportedAppProtocolRes_SchemaID(\n"
                "  Secc.Get_supportedAppProtocolReq_SchemaID(0))\n"
                "Secc.Send_supportedAppProtocolRes_001()\n"
                "Secc.Receive_SessionSetupReq_001()\n"
                "Secc.Send_SessionSetupRes_001()\n"
                "Sleep(100)\n"),
        RUN_PASS);
    must_record("supportedAppProtocolReq");
}

/* ---- verdicts ---- */

static void test_other_message(void **state)
{
    (void)state;
    must_end(run_two("Evcc.Send_SessionSetupReq_001()\nEvcc.Receive_ServiceDiscoveryRes_001()\n"
                     "error('not reached')",
                     "Secc.Receive_SessionSetupReq_001()\n"
                     "Secc.Set_SessionSetupRes_ResponseCode('FAILED')\n"
                     "Secc.Send_SessionSetupRes_001() Sleep(50)"),
             RUN_FAIL);
    must_say(VERDICT_FAIL, ".lua:2: expected ServiceDiscoveryRes, found SessionSetupRes "
                           "(ResponseCode FAILED)");
    must_record("EVCC VERDICT bad fail: ");
}

static void test_time_out(void **state)
{
    (void)state;
    must_end(run_two("Evcc.Send_SessionSetupReq_001()\nEvcc.Receive_SessionSetupRes_001(100)\n"
                     "error('not reached')",
                     "Secc.Receive_SessionSetupReq_001()\nSleep(300)"),
             RUN_FAIL);
    must_say(VERDICT_FAIL, ".lua:2: expected SessionSetupRes within 100 ms (given by the script), "
                           "found nothing");
    must_record("EVCC TIMER bad given by the script 100000");
    static const struct script_timer TIMERS[] = {{"V2G_EVCC_Msg_Timeout_SessionSetupReq", 50}};
    options.timer = TIMERS;
    options.timers = 1;
    must_end(run_two("Evcc.Send_SessionSetupReq_001()\nEvcc.Receive_SessionSetupRes_001()",
                     "Secc.Receive_SessionSetupReq_001()\nSleep(300)"),
             RUN_FAIL);
    options.timers = 0;
    must_say(VERDICT_FAIL, "within 50 ms (V2G_EVCC_Msg_Timeout_SessionSetupReq), found nothing");
}

static void test_closed(void **state)
{
    (void)state;
    must_end(run_two("Evcc.Send_SessionSetupReq_001()\nEvcc.Receive_SessionSetupRes_001()",
                     "Secc.Receive_SessionSetupReq_001()\nSecc.Disconnect()"),
             RUN_FAIL);
    must_say(VERDICT_FAIL, "expected SessionSetupRes, found the connection closed");
    must_end(run_two("Evcc.Connect() Evcc.Disconnect() Evcc.Send_SessionSetupReq_001()",
                     "Secc.Receive_SessionSetupReq_001()"),
             RUN_FAIL);
}

static void test_nobody(void **state)
{
    (void)state;
    must_end(run_two("Evcc.Connect{timeout = 150}\nerror('not reached')", NULL), RUN_ERROR);
    must_say(VERDICT_ERROR, "Connect: expected a connection");
}

/* A script's error is its own, and the record has it; the other script sees the connection end. */
static void test_script_error(void **state)
{
    (void)state;
    must_end(run_two("Evcc.Send_SessionSetupReq_001()\nEvcc.Receive_SessionSetupRes_001()",
                     "Secc.Receive_SessionSetupReq_001()\nlocal x = nil + 1"),
             RUN_ERROR);
    must_say(VERDICT_ERROR, ".lua:2: attempt to perform arithmetic");
    must_say(VERDICT_FAIL, "found the connection closed");
    must_record("SECC VERDICT bad error: ");
    must_record("stack traceback");
    must_end(run_two("x = = 1", NULL), RUN_ERROR);
    must_end(run_two("assert(1 > 2)", NULL), RUN_FAIL);
    must_end(run_two("Inconclusive('x')", NULL), RUN_INCONCLUSIVE);
}

/* ---- other ways to receive and send ---- */

static void test_any(void **state)
{
    (void)state;
    must_end(run_two("Evcc.Send_SessionSetupReq_001()\n"
                     "assert(Evcc.Receive_Any_001() == 'SessionSetupRes')\n"
                     "assert(Evcc.Check_Received_SessionSetupRes())\n"
                     "local name, why = Evcc.Receive_Any_001(30)\n"
                     "assert(name == nil and why == 'timeout')\n"
                     "Evcc.Send_Raw('\\1\\254\\128\\1\\0\\0\\0\\2ab')\n"
                     "name, why = Evcc.Receive_Any_001()\n"
                     "assert(name == nil and why == 'closed', why)\n"
                     "assert(Evcc.State() == 'closed')\n",
                     "local name = Secc.Receive_Any_001()\n"
                     "assert(name == 'SessionSetupReq')\n"
                     "local m = Secc.Received()\n"
                     "assert(m:name() == name and m.EVCCID == '000000000000')\n"
                     "local answer = Secc.Message('SessionSetupRes')\n"
                     "answer.EVSEID = 'KR*TC1*ISO1*001'\n"
                     "answer:send()\n"
                     "local bad, why = Secc.Receive_Any_001(1000)\n"
                     "assert(bad == '' and #why > 0)\n"),
             RUN_PASS);
}

static void test_again(void **state)
{
    (void)state;
    must_end(run_two("for i = 1, 3 do\n"
                     "  Evcc.Connect{protocol = 'DIN70121'}\n"
                     "  Evcc.Send_SessionSetupReq_001()\n"
                     "  Evcc.Receive_SessionSetupRes_001()\n"
                     "  Evcc.Disconnect() Sleep(50) -- the station listens again\n"
                     "end",
                     "for i = 1, 3 do\n"
                     "  Secc.Listen{}\n"
                     "  Secc.Receive_SessionSetupReq_001()\n"
                     "  Secc.Send_SessionSetupRes_001()\n"
                     "  local _, why = Secc.Receive_Any_001()\n"
                     "  assert(why == 'closed', why)\n"
                     "end"),
             RUN_PASS);
}

/* Both roles in one script. */
static void test_both_roles(void **state)
{
    (void)state;
    must_end(run_two("Secc.Listen()\n"
                     "Evcc.Send_SessionSetupReq_001()\n"
                     "Secc.Receive_SessionSetupReq_001()\n"
                     "Secc.Send_SessionSetupRes_001()\n"
                     "Evcc.Receive_SessionSetupRes_001()\n",
                     NULL),
             RUN_PASS);
}

static void test_waiting_in_coroutine(void **state)
{
    (void)state;
    must_end(
        run_two("local go = coroutine.wrap(function()\n"
                "  Evcc.Send_SessionSetupReq_001()\n"
                "  Evcc.Receive_SessionSetupRes_001()\n"
                "  coroutine.yield('half')\n"
                "  Sleep(20)\n"
                "  return 'whole'\n"
                "end)\n"
                "assert(go() == 'half') assert(go() == 'whole')\n"
                "assert(pcall(Sleep, 1))\n"
                "local t = {3, 2, 1}\n"
                "table.sort(t, function(a, b) Sleep(1) return a < b end)\n"
                "local s = ('abc'):gsub('.', function(c) Sleep(1) return c .. c end)\n"
                "assert(t[1] == 1 and t[3] == 3 and s == 'aabbcc')\n"
                "local mt = { __tostring = function() Sleep(1) end }\n"
                "local ok, why = pcall(tostring, setmetatable({}, mt))\n"
                "assert(not ok and why:find('waiting is not possible here'), why)\n",
                "Secc.Receive_SessionSetupReq_001()\nSecc.Send_SessionSetupRes_001()\nSleep(50)"),
        RUN_PASS);
}

static volatile sig_atomic_t interrupts;

static void interrupt(int number)
{
    (void)number;
    interrupts = 1;
}

static void interrupted_run(const char *text)
{
    interrupts = 0;
    signal(SIGALRM, interrupt);
    ualarm(100000, 0);
    options.interrupt = &interrupts;
    enum run_exit result = run_two(text, NULL);
    options.interrupt = NULL;
    must_end(result, RUN_INCONCLUSIVE);
    must_say(VERDICT_INCONCLUSIVE, "interrupted");
}

static void test_interrupt(void **state)
{
    (void)state;
    interrupted_run("Sleep(60000)");
    interrupted_run("while true do end");
}

/* ---- several loops in one process ---- */

#define LOOPS 2

/* A world of its own: a thread, a library, a record. */
struct apart {
    char path[64];
    struct library library;
    struct recorder recorder;
    struct buf events;
    enum run_exit result;
    int closed;
};

static void keep_apart(void *context, const struct event *e)
{
    struct apart *a = context;
    buf_printf(&a->events, "%llu %lld %u %s %s%s\n", (unsigned long long)e->number,
               (long long)e->us, e->session, e->by, e->name, e->kind == EVENT_LOG ? "" : e->text);
}

static void *play_apart(void *context)
{
    struct apart *a = context;
    struct err e = ERR_INIT;
    struct script_options o = {.library = &a->library, .recorder = &a->recorder};
    library_open(&a->library);
    recorder_add(&a->recorder, keep_apart, a);
    struct world *world = world_open_virtual(NULL, 0, &e);
    static const struct run_events NONE;
    struct script_run *own = run_open(world, &NONE, NULL);
    recorder_attach(&a->recorder, world);
    if (run_add(own, &o, a->path, NULL, &e) != NULL)
        run_play(own);
    a->result = run_result(own);
    run_close(own);
    recorder_detach(&a->recorder);
    a->closed = world_close(world);
    library_close(&a->library);
    return NULL;
}

/* Vehicle, station, network and record of each are its own: both see the same, event by event. */
static void test_loops_in_threads(void **state)
{
    static struct apart apart[LOOPS];
    pthread_t thread[LOOPS];
    char path[64];
    (void)state;
    write_script("local served = Start(Secc.Serve, { sessions = 3, tls = 'off' })\n"
                 "for _ = 1, 3 do\n"
                 "  local outcome = Evcc.Charge { mode = 'dc', protocol = 'ISO15118-2',\n"
                 "    tls = 'off', battery = { soc = 79 } }\n"
                 "  assert(outcome.ok, outcome.why)\n"
                 "end\n"
                 "Wait_For(served)\n",
                 path);
    for (unsigned i = 0; i < LOOPS; i++) {
        memcpy(apart[i].path, path, sizeof path);
        assert_int_equal(pthread_create(&thread[i], NULL, play_apart, &apart[i]), 0);
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(apart[i].result, RUN_PASS);
        assert_int_equal(apart[i].closed, 0);
        assert_non_null(strstr(buf_string(&apart[i].events), "SessionStopRes"));
        assert_string_equal(buf_string(&apart[i].events), buf_string(&apart[0].events));
    }
    for (unsigned i = 0; i < LOOPS; i++)
        buf_close(&apart[i].events);
    unlink(path);
}

static int close_all(void **state)
{
    buf_close(&record);
    return close_library(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_protocols),
        cmocka_unit_test(test_protocol_by_option),
        cmocka_unit_test(test_manual_handshake),
        cmocka_unit_test(test_other_message),
        cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_script_error),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_both_roles),
        cmocka_unit_test(test_waiting_in_coroutine),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_loops_in_threads),
    };
    return cmocka_run_group_tests(tests, open_library, close_all);
}
