/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lua API in print mode: the reference pages, byte for byte; the lengths of
 * tests/api/examples.tsv; every function of tests/api/functions.tsv; the scripts of tests/lua; what
 * is refused, and how.
 */
#include "codec/message.h"
#include "names/name.h"
#include "one_library.h"
#include "script/run.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static struct buf printed;
static enum verdict verdict;
static char reason[1024];

static void keep_print(void *context, const char *text, size_t n)
{
    (void)context;
    buf_add(&printed, text, n);
}

/* Runs a script in print mode; what it printed is in `printed`. */
static enum verdict run_text(const char *name, const char *text, const char *protocol,
                             const char *id)
{
    uint8_t octets[8];
    struct script_options o = {.library = &library, .protocol = protocol, .print = keep_print};
    struct script s;
    struct err e = ERR_INIT;
    if (id != NULL) {
        o.id_size = (uint8_t)hex_read(id, strlen(id), octets, sizeof octets);
        o.id = octets;
    }
    buf_clear(&printed);
    if (script_open(&s, &o, name, text, &e) == 0)
        script_step(&s);
    verdict = s.verdict;
    snprintf(reason, sizeof reason, "%s", s.reason);
    script_close(&s);
    buf_string(&printed);
    return verdict;
}

static void must_pass(const char *text, const char *protocol)
{
    if (run_text("test.lua", text, protocol, NULL) != VERDICT_PASS)
        fail_msg("%s: %s\nin %s", verdict_name(verdict), reason, text);
}

/* The script ends with that verdict, and says so. */
static void must_say(const char *text, enum verdict wanted, const char *says)
{
    run_text("test.lua", text, NULL, NULL);
    if (verdict != wanted || strstr(reason, says) == NULL)
        fail_msg("%s\nexpected %s: %s\nfound %s: %s", text, verdict_name(wanted), says,
                 verdict_name(verdict), reason);
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf text = {0};
    char part[4096];
    size_t n;
    if (f == NULL)
        fail_msg("%s cannot be read; tests run from the repository's root", path);
    while (f != NULL && (n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(&text, part, n);
    if (f != NULL)
        fclose(f);
    buf_string(&text);
    return (char *)text.p;
}

/* ---- the reference pages ---- */

#define PAGE_XML                                                                                   \
    "<?xml version=\"1.0\" ?>\n"                                                                   \
    "<s3:V2G_Message xmlns:xml=\"http://www.w3.org/XML/1998/namespace\" "                          \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "                                     \
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "                                              \
    "xmlns:s0=\"http://www.w3.org/2000/09/xmldsig#\" "                                             \
    "xmlns:s1=\"urn:iso:15118:2:2013:MsgBody\" xmlns:s2=\"urn:iso:15118:2:2013:MsgDataTypes\" "    \
    "xmlns:s3=\"urn:iso:15118:2:2013:MsgDef\" xmlns:s4=\"urn:iso:15118:2:2013:MsgHeader\">\n"

static const char SESSION_STOP[] = "Protocol Version  0x01\n"
                                   "Inverse Version  0xFE\n"
                                   "Payload Type  0x8001\n"
                                   "Payload Length  0x0000000E\n"
                                   "Payload  EXIEncodedV2GMessage\n"
                                   "EXI  8098022E74FF44AAECF83E11F000\n" PAGE_XML "  <s3:Header>\n"
                                   "    <s4:SessionID>B9D3FD12ABB3E0F8</s4:SessionID>\n"
                                   "  </s3:Header>\n"
                                   "  <s3:Body>\n"
                                   "    <s1:SessionStopReq>\n"
                                   "      <s1:ChargingSession>Terminate</s1:ChargingSession>\n"
                                   "    </s1:SessionStopReq>\n"
                                   "  </s3:Body>\n"
                                   "</s3:V2G_Message>\n";

static const char CHARGING_STATUS[] =
    PAGE_XML "  <s3:Header>\n"
             "    <s4:SessionID>634BBE48F628FEE4</s4:SessionID>\n"
             "  </s3:Header>\n"
             "  <s3:Body>\n"
             "    <s1:ChargingStatusRes>\n"
             "      <s1:ResponseCode>OK</s1:ResponseCode>\n"
             "      <s1:EVSEID>KR*TC1*ISO1*CHG</s1:EVSEID>\n"
             "      <s1:SAScheduleTupleID>1</s1:SAScheduleTupleID>\n"
             "      <s1:EVSEMaxCurrent>\n"
             "        <s2:Multiplier>-1</s2:Multiplier>\n"
             "        <s2:Unit>A</s2:Unit>\n"
             "        <s2:Value>32</s2:Value>\n"
             "      </s1:EVSEMaxCurrent>\n"
             "      <s1:ReceiptRequired>false</s1:ReceiptRequired>\n"
             "      <s1:AC_EVSEStatus>\n"
             "        <s2:NotificationMaxDelay>0</s2:NotificationMaxDelay>\n"
             "        <s2:EVSENotification>None</s2:EVSENotification>\n"
             "        <s2:RCD>false</s2:RCD>\n"
             "      </s1:AC_EVSEStatus>\n"
             "    </s1:ChargingStatusRes>\n"
             "  </s3:Body>\n"
             "</s3:V2G_Message>\n";

static void test_pages(void **state)
{
    (void)state;
    char *text = read_text("examples/reference/evcc-iso15118-2-SessionStop.lua");
    assert_int_equal(run_text("page.lua", text, NULL, "B9D3FD12ABB3E0F8"), VERDICT_PASS);
    assert_string_equal((char *)printed.p, SESSION_STOP);
    free(text);
    text = read_text("examples/reference/secc-iso15118-2-ChargingStatus.lua");
    assert_int_equal(run_text("page.lua", text, NULL, "634BBE48F628FEE4"), VERDICT_PASS);
    const char *xml = strstr((char *)printed.p, "<?xml");
    assert_non_null(xml);
    assert_string_equal(xml, CHARGING_STATUS);
    assert_non_null(
        strstr((char *)printed.p, "Payload Type  0x8001\nPayload Length  0x00000027\n"));
    free(text);
}

/* ---- tests/api ---- */

/* Cuts a line at its tabs; returns the number of parts. */
static int cut(char *line, char *part[], int most)
{
    int n = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; at != NULL && n < most; n++) {
        part[n] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    return n;
}

/* "Set_A(x) Set_B(y)" as lines of Lua. */
static void add_calls(const char *calls, const char *role, struct buf *script)
{
    for (const char *at = calls; (at = strstr(at, "Set_")) != NULL; at++) {
        const char *next = strstr(at + 1, " Set_");
        int n = next == NULL ? (int)strlen(at) : (int)(next - at);
        buf_printf(script, "%s.%.*s\n", role, n, at);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    FILE *f = fopen("tests/api/examples.tsv", "r");
    char line[1024], *part[7];
    unsigned tried = 0;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL && cut(line, part, 7) == 7) {
        struct buf script = {0};
        char length[64];
        add_calls(part[6], part[1], &script);
        buf_printf(&script, "%s.Send_%s_001()\n", part[1], part[2]);
        if (strncmp(part[6], "see ", 4) == 0) {
            buf_close(&script);
            char *page = read_text("examples/reference/secc-iso15118-2-ChargingStatus.lua");
            buf_text(&script, page);
            free(page);
        }
        const char *id = part[3][0] == '(' ? "0123456789ABCDEF" : part[3];
        if (run_text(part[2], buf_string(&script), part[0], id) != VERDICT_PASS)
            fail_msg("%s %s: %s", part[0], part[2], reason);
        snprintf(length, sizeof length, "Payload Type  %s\nPayload Length  %s\n", part[4], part[5]);
        if (strstr((char *)printed.p, length) == NULL)
            fail_msg("%s %s: expected %s in\n%s", part[0], part[2], length, (char *)printed.p);
        tried++;
        buf_close(&script);
    }
    fclose(f);
    assert_int_equal(tried, 7);
}

/* A value that fits the field, as Lua. */
static const char *literal(const struct name *n, char *out, size_t size)
{
    const struct field *f = n->field;
    if (n->target == NAME_COUNT)
        return f->min > 1 ? "2" : "1";
    if (n->target == NAME_SPECIFIED || f->kind == KIND_BOOLEAN)
        return "true";
    if (f->kind == KIND_ENUM)
        snprintf(out, size, "'%s'", f->simple->member[0]);
    else if (f->kind == KIND_HEX)
        snprintf(out, size, "'%.*s'", f->hi < 16 ? (int)f->hi * 2 : 16, "0123456789ABCDEF");
    else if (f->kind == KIND_STRING || f->kind == KIND_BASE64)
        snprintf(out, size, "'text'");
    else
        snprintf(out, size, "%lld", n->target == NAME_LEAF && f->lo > 1 ? (long long)f->lo : 1LL);
    return out;
}

/* What type() says of a result that functions.tsv calls so. */
static const char *lua_type_of(const char *result)
{
    if (strcasecmp(result, "boolean") == 0)
        return "boolean";
    if (strcmp(result, "number") == 0 || strncmp(result, "UInt", 4) == 0)
        return "number";
    return "string"; /* string, Byte[] and the members of enumerations */
}

struct row {
    char *protocol, *role, *function, *result;
};

/* Lets the other role send what this function will read, so that no optional element is absent. */
static void provide(const struct row *r, const struct name *n, struct buf *script)
{
    bool is_evcc = strcmp(r->role, "EVCC") == 0;
    char value[80];
    const char *path = strchr(strchr(r->function, '.'), '_') + 1;
    uint8_t side = is_evcc ? FROM_EVCC : FROM_SECC;
    const char *sender = name_sends(side, n->message->from) == is_evcc ? "Evcc" : "Secc";
    if (n->target == NAME_LEAF)
        buf_printf(script, "%s.Set_%s(%s)\n", sender, path, literal(n, value, sizeof value));
    if (strcmp(sender, is_evcc ? "Evcc" : "Secc") == 0)
        return;
    buf_printf(script, "%s.Send_%s_001()\n", sender, n->message->as.name);
    buf_printf(script, "%s.Receive_%s_001()\n", is_evcc ? "Evcc" : "Secc", n->message->as.name);
}

static void add_call(const struct row *r, const struct name *n, struct buf *script)
{
    char value[80] = "";
    const char *arguments = value;
    if (n->verb == VERB_GET)
        provide(r, n, script);
    if (n->verb == VERB_SET || n->verb == VERB_CHECK || n->verb == VERB_ADD)
        arguments = literal(n, value, sizeof value);
    if (n->verb == VERB_EXIST)
        arguments = "1, 1";
    buf_printf(script, "check('%s', '%s', %s(%s%s))\n", r->function,
               strcmp(r->result, "-") == 0 ? "" : lua_type_of(r->result), r->function,
               n->lists > 0 && n->verb == VERB_SET ? "0, " : "", arguments);
}

static const char CHECK[] = "local function check(name, expected, ...)\n"
                            "  local found = select('#', ...) == 0 and '' or type((...))\n"
                            "  if name:find('_001') then found, expected = '', '' end\n"
                            "  if found ~= expected then error(name .. ': expected ' .. expected "
                            ".. ', found ' .. found) end\n"
                            "end\n";

static void try_function(const struct row *r)
{
    struct name_scope scope = {&library, protocol_find(r->protocol),
                               strcmp(r->role, "EVCC") == 0 ? FROM_EVCC : FROM_SECC};
    struct name n;
    struct err e = ERR_INIT;
    struct buf script = {0};
    if (name_resolve(&scope, strchr(r->function, '.') + 1, &n, &e) != 0)
        fail_msg("%s", e.what);
    buf_text(&script, CHECK);
    add_call(r, &n, &script);
    must_pass(buf_string(&script), r->protocol);
    buf_close(&script);
}

/* Every function resolves, runs, and gives the type that is stated. */
static void test_functions(void **state)
{
    (void)state;
    FILE *f = fopen("tests/api/functions.tsv", "r");
    char line[1024], *part[7];
    unsigned tried = 0;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL && cut(line, part, 7) == 7) {
        try_function(&(struct row){part[0], part[1], part[3], part[5]});
        tried++;
    }
    fclose(f);
    assert_int_equal(tried, 247);
}

/* ---- every listed name runs ---- */

struct calls {
    struct buf script;
    unsigned n;
};

/* A call of the name with fitting arguments, in a script of its own kind. */
static void call_name(void *context, const struct name_entry *entry)
{
    struct calls *c = context;
    const struct name *n = entry->name;
    char value[80];
    if (n->verb == VERB_SEND || n->verb == VERB_RECEIVE || n->verb == VERB_EXIST)
        return;
    buf_printf(&c->script, "%s(", entry->text);
    for (unsigned i = 0; i < n->lists && n->verb != VERB_ADD; i++)
        buf_text(&c->script, i + 1 < n->lists || n->verb != VERB_GET ? "0, " : "0");
    if (n->verb != VERB_GET && n->target != NAME_MESSAGE)
        buf_text(&c->script,
                 n->target == NAME_SPECIFIED ? "true" : literal(n, value, sizeof value));
    buf_text(&c->script, ")\n");
    c->n++;
}

/* All functions of all messages, called one after another; then the message goes out. */
static void test_all_names(void **state)
{
    (void)state;
    static const char *const PROTOCOL[] = {"DIN70121", "ISO15118-2", "ISO15118-20"};
    for (unsigned p = 0; p < 6; p++) {
        uint8_t side = p % 2 == 0 ? FROM_EVCC : FROM_SECC;
        struct name_scope scope = {&library, protocol_find(PROTOCOL[p / 2]), side};
        for (unsigned i = 0; scope.protocol->set[i] != NULL; i++) {
            struct err e = ERR_INIT;
            const struct schema *set = library_get(&library, scope.protocol->set[i], &e);
            for (unsigned m = 0; m < set->messages; m++) {
                struct calls c = {{0}, 0};
                const char *name = set->message[m]->as.name;
                assert_int_equal(name_each(&scope, name, false, call_name, &c, &e), 0);
                if (name_sends(side, set->message[m]->from))
                    buf_printf(&c.script, "%s.Send_%s_001()\n", name_role(side), name);
                must_pass(buf_string(&c.script), PROTOCOL[p / 2]);
                buf_close(&c.script);
            }
        }
    }
}

/* ---- tests/lua ---- */

static void test_lua_files(void **state)
{
    (void)state;
    DIR *folder = opendir("tests/lua");
    struct dirent *entry;
    unsigned tried = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char path[300];
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".lua") != 0 || strncmp(entry->d_name, "test", 4) != 0)
            continue;
        snprintf(path, sizeof path, "tests/lua/%s", entry->d_name);
        char *text = read_text(path);
        if (run_text(path, text, NULL, NULL) != VERDICT_PASS)
            fail_msg("%s: %s", verdict_name(verdict), reason);
        free(text);
        tried++;
    }
    closedir(folder);
    assert_true(tried > 0);
}

/* ---- what is refused ---- */

static void test_errors(void **state)
{
    (void)state;
    must_say("\n\nEvcc.Set_SessionStopReq_ChargingSesion('Terminate')", VERDICT_ERROR,
             "test.lua:3: Evcc.Set_SessionStopReq_ChargingSesion: SessionStopReq has no element "
             "'ChargingSesion'; the nearest name is Evcc.Set_SessionStopReq_ChargingSession");
    must_say("local x = ResponseCodeType.FAILED_Sequence", VERDICT_ERROR,
             "test.lua:1: ResponseCodeType has no member 'FAILED_Sequence'; the nearest is "
             "ResponseCodeType.FAILED_SequenceError");
    must_say("local x = ResponseCodType.OK", VERDICT_ERROR, "nearest name is ResponseCodeType");
    must_say("Evcc.Conect{}", VERDICT_ERROR,
             "test.lua:1: Evcc has no function 'Conect'; the nearest name is Evcc.Connect");
    must_say("Evcc.Get_Tls_Versoin()", VERDICT_ERROR, "nearest name is Evcc.Get_Tls_Version");
    must_say("Pki.Chek()", VERDICT_ERROR,
             "test.lua:1: Pki has no function 'Chek'; the nearest name is Pki.Check");
    must_say("Evc.Disconnect()", VERDICT_ERROR, "(global 'Evc'); the nearest name is Evcc");
    must_say("Slep(1)", VERDICT_ERROR, "(global 'Slep'); the nearest name is Sleep");
    must_say("assert(Unknown == nil)", VERDICT_PASS, "");
    for (const char *const *f = (const char *const[]){"Message", "Outgoing", "Received", NULL};
         *f != NULL; f++) {
        char text[64];
        snprintf(text, sizeof text, "Evcc.%s('SessionStopRq')", *f);
        must_say(text, VERDICT_ERROR,
                 "test.lua:1: ISO15118-2 has no message 'SessionStopRq'; the nearest is "
                 "SessionStopReq");
    }
    must_say("Evcc.Set_SessionStopReq_ChargingSession('Stop')", VERDICT_ERROR,
             "'Stop' is no member of chargingSessionType");
    must_say("Evcc.Set_SessionStopReq_ChargingSession(nil)", VERDICT_ERROR, "found nil");
    must_say("Evcc.Set_SessionStopReq_ChargingSession()", VERDICT_ERROR, "expected 1 argument");
    must_say("Evcc.Set_PreChargeReq_EVTargetVoltage_Value(3.5)", VERDICT_ERROR,
             "expected an integer, found number 3.5");
    must_say("Evcc.Set_PreChargeReq_EVTargetVoltage_Multiplier(99)", VERDICT_ERROR, "-3..4");
    must_say("Evcc.Set_SessionSetupReq_EVCCID('xyz')", VERDICT_ERROR, "hex");
    must_say("Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID(16, 1)",
             VERDICT_ERROR, "1..16");
    must_say("Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_ServiceID(-1, 1)",
             VERDICT_ERROR, "index");
    must_say("Evcc.Set_PaymentServiceSelectionReq_SelectedServiceList_Count(0)", VERDICT_ERROR,
             "1..16");
    must_say("Secc.Set_SessionSetupRes_EVSEID('\\xFF')", VERDICT_ERROR, "UTF-8");
    must_say("Evcc.Speed = 3", VERDICT_ERROR, "cannot be set");
    must_say("Evcc.Protocol = 'CHAdeMO'", VERDICT_ERROR, "there is no protocol");
    must_say("assert(1 == 2, 'numbers')", VERDICT_FAIL, "test.lua:1: numbers");
    must_say("assert(false)", VERDICT_FAIL, "test.lua:1: assertion failed");
    must_say("error('a')", VERDICT_ERROR, "test.lua:1: a");
    must_say("error({})", VERDICT_ERROR, "table");
    must_say("error(setmetatable({}, {__tostring = function() error('x') end}))", VERDICT_ERROR,
             "no text");
    must_say("coroutine.yield()", VERDICT_ERROR, "coroutine.yield");
    must_say("x = = 1", VERDICT_ERROR, "test.lua:1:");
    must_say("Fail('because')", VERDICT_FAIL, "test.lua:1: because");
    must_say("local _, v = pcall(Fail, 'because')\n"
             "assert(v.verdict == 'fail' and v.expected == nil and v.message == 'because')\n"
             "assert(v.where == 'test.lua:1' and not pcall(function() return v.why end))\n"
             "error(v)",
             VERDICT_FAIL, "test.lua:1: because");
    must_say("Inconclusive('no idea')", VERDICT_INCONCLUSIVE, "no idea");
    must_say("Pass() error('not reached')", VERDICT_PASS, "");
}

static void test_sandbox(void **state)
{
    (void)state;
    static const char *const NOTHING[] = {"os.execute", "io.open",  "os.remove",  "os.getenv",
                                          "dofile",     "loadfile", "os.exit",    "string.dump",
                                          "os.rename",  "io.popen", "os.tmpname", "os.setlocale"};
    for (unsigned i = 0; i < sizeof NOTHING / sizeof NOTHING[0]; i++) {
        char text[80], why[80];
        snprintf(text, sizeof text, "%s('true')", NOTHING[i]);
        snprintf(why, sizeof why, "%s is kept from scripts", NOTHING[i]);
        must_say(text, VERDICT_ERROR, why);
    }
    must_pass("assert(debug == nil and package == nil)", NULL);
    must_pass("assert(not load('\\27Lua'))", NULL);
    must_pass("assert(load('return 1 + 1')() == 2)", NULL);
    must_pass("assert(not pcall(require, '../secret'))", NULL);
    must_pass("assert(not pcall(require, '/etc/passwd'))", NULL);
    must_pass("assert(require('timers')['ISO15118-2'].V2G_EVCC_Msg_Timeout == 2000)", NULL);
    must_say("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end", VERDICT_ERROR,
             "memory");
}

/* What runs for ever is ended wherever it is, and whatever it does with the error. */
static void test_runaway(void **state)
{
    (void)state;
    static const char *const LOOPS[] = {
        "while true do pcall(error) end",
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(function() while true do end end, tostring) end",
        "coroutine.wrap(function() while true do end end)()",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "local co = coroutine.create(function() while true do coroutine.yield() end end)\n"
        "while true do pcall(coroutine.resume, co) end",
        "local co = coroutine.create(function()\n"
        "  local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
        "  coroutine.yield() end)\n"
        "coroutine.resume(co) coroutine.close(co) while true do end",
        "while true do Guard(function() while true do end end) end",
    };
    for (unsigned i = 0; i < sizeof LOOPS / sizeof LOOPS[0]; i++) {
        struct script_options o = {.library = &library, .busy_ms = 100};
        struct script s;
        struct err e = ERR_INIT;
        assert_int_equal(script_open(&s, &o, "loop.lua", LOOPS[i], &e), 0);
        script_step(&s);
        if (s.verdict != VERDICT_ERROR)
            fail_msg("%s\nended with %s: %s", LOOPS[i], verdict_name(s.verdict), s.reason);
        if (strstr(s.reason, "without waiting") == NULL)
            fail_msg("%s\nended because of %s", LOOPS[i], s.reason);
        script_close(&s);
    }
}

/* What the hook leaves behind does not end what comes later. */
static void test_runaway_is_over(void **state)
{
    (void)state;
    struct script_options o = {.library = &library, .busy_ms = 100};
    struct script s;
    struct err e = ERR_INIT;
    static const char TEXT[] =
        "local good, verdict, why = Guard(function() while true do end end)\n"
        "assert(not good and verdict == 'error' and why:find('without waiting'), why)\n"
        "local t = Start(function() for i = 1, 1e5 do local x = i * 2 end return 'done' end)\n"
        "assert(Wait_For(t) == 'done')\n";
    assert_int_equal(script_open(&s, &o, "after.lua", TEXT, &e), 0);
    script_step(&s);
    if (s.verdict != VERDICT_PASS)
        fail_msg("%s: %s", verdict_name(s.verdict), s.reason);
    script_close(&s);
}

/* What is outside the standard goes out, and is named. */
static void test_violations(void **state)
{
    (void)state;
    must_pass("Secc.Set_SessionSetupRes_EVSEID(('x'):rep(40)) Secc.Send_SessionSetupRes_001()",
              NULL);
    assert_non_null(
        strstr((char *)printed.p, "SessionSetupRes/EVSEID: 40 characters; expected 7..37"));
    must_pass("Secc.Set_SessionSetupRes_ResponseCode(30) Secc.Send_SessionSetupRes_001()", NULL);
    assert_non_null(strstr((char *)printed.p, "code 30 has no member"));
    must_pass("Evcc.Set_PreChargeReq_EVTargetVoltage_Multiplier(4) Evcc.Send_PreChargeReq_001()",
              NULL);
    assert_non_null(strstr((char *)printed.p, "4 is outside -3..3"));
    must_pass("Evcc.Send_PreChargeReq_001()", NULL);
    assert_null(strstr((char *)printed.p, "expected"));
    must_pass("Evcc.Set_SessionStopReq_ChargingSessionSpecified(false) "
              "Evcc.Send_SessionStopReq_001()",
              NULL);
    assert_non_null(strstr((char *)printed.p, "ChargingSession: is absent; it is mandatory"));
}

static int close_all(void **state)
{
    buf_close(&printed);
    return close_library(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),      cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_functions),  cmocka_unit_test(test_all_names),
        cmocka_unit_test(test_lua_files),  cmocka_unit_test(test_errors),
        cmocka_unit_test(test_sandbox),    cmocka_unit_test(test_runaway),
        cmocka_unit_test(test_violations), cmocka_unit_test(test_runaway_is_over),
    };
    return cmocka_run_group_tests(tests, open_library, close_all);
}
