/* SPDX-License-Identifier: Apache-2.0 */
/* What a report is made of: rows with doc lines, numbers, entries of a case, blocks of the file. */
#include "page/doc_line.h"
#include "page/sheet.h"
#include "schema/library.h"
#include "support.h"

#include <unistd.h>

#define REQ "01fe9000000000021000"

static struct library library;

static const struct schema *set(const char *name)
{
    struct err e = ERR_INIT;
    const struct schema *s = library_get(&library, name, &e);
    if (s == NULL)
        fail_msg("%s", e.what);
    return s;
}

/* ---- numbers ---- */

static void numbers_stay_in_order(void **state)
{
    (void)state;
    struct index x = {.n = 0};
    bool is_new;
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(index_number(&x, &i, sizeof i, &is_new), i);
        assert_true(is_new);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(index_number(&x, &i, sizeof i, &is_new), i);
        assert_false(is_new);
    }
    index_close(&x);
}

static void a_dictionary_is_written_once(void **state)
{
    (void)state;
    struct dictionary d = {.last_path = NULL};
    struct buf out = {0};
    assert_int_equal(dictionary_name(&d, "a\"b"), 0);
    assert_int_equal(dictionary_name(&d, "c"), 1);
    assert_int_equal(dictionary_name(&d, "a\"b"), 0);
    assert_true(dictionary_take(&d, &out));
    assert_string_equal(buf_string(&out), "[[],[],[\"a\\\"b\",\"c\"],[]]");
    assert_false(dictionary_take(&d, &out));
    buf_clear(&out);
    assert_int_equal(dictionary_name(&d, "d"), 2);
    assert_true(dictionary_take(&d, &out));
    assert_string_equal(buf_string(&out), "[[],[],[\"d\"],[]]");
    dictionary_close(&d);
    buf_close(&out);
}

/* ---- handshakes ---- */

/* Names from a peer may hold any octet, certificates may be none, and a record anything. */
static void handshakes_are_taken_as_they_come(void **state)
{
    static const char *const TOLD[] = {
        ("{\"offer\":{\"server_name\":\"a\\u0000b\"},\"chains\":{\"SECC\":[\"AAEC\",\"\"]},"
         "\"ocsp\":{\"response\":\"AAEC\"},\"at\":1}"),
        "{\"chains\":[1],\"ocsp\":2,\"judged\":3,\"alerts\":{}}",
        "{\"chains\":{\"SECC\":[1,null]},\"judged\":{\"of\":4}}",
        "[1]",
        "{",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof TOLD / sizeof TOLD[0]; i++) {
        struct dictionary d = {.last_path = NULL};
        struct handshakes h = {.list = NULL};
        struct event e = {.by = "EVCC", .connection = 1, .handshake = TOLD[i]};
        handshakes_add(&h, &d, &e);
        handshakes_add(&h, &d, &e);
        handshakes_end(&h, &d);
        assert_int_equal(json_array_size(h.list), i < 3 ? 1 : 0);
        if (i == 0) {
            assert_int_equal(d.certificates.n, 2);
            assert_int_equal(dictionary_der(&d, 0).n, 3);
        }
        handshakes_close(&h);
        dictionary_close(&d);
    }
}

/* ---- doc lines ---- */

static void paths_have_doc_lines(void **state)
{
    (void)state;
    static const struct {
        const char *set, *path;
        bool has;
    } PATHS[] = {
        {"iso15118-2", "V2G_Message/Header/SessionID", true},
        {"iso15118-2", "V2G_Message/Body/CurrentDemandReq", true},
        {"iso15118-2",
         "V2G_Message/Body/ChargeParameterDiscoveryRes/SAScheduleList/SAScheduleTuple[2]/"
         "PMaxSchedule/PMaxScheduleEntry[3]/PMax/Value",
         true},
        {"iso15118-20-dc", "DC_ChargeLoopRes/EVSEPresentVoltage/Exponent", true},
        {"sdp", "SECCDiscoveryRes/SECCPort", true},
        {"iso15118-2", "V2G_Message/Body/None/SessionID", false},
        {"iso15118-2", "V2G_Message/Header/SessionID/below", false},
        {"iso15118-2", "", false},
        {"iso15118-2", "/", false},
        {"iso15118-2", "@", false},
    };
    struct arena a;
    arena_open(&a, NULL, 0, DOC_LINE_MEMORY);
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        struct doc_line doc = doc_line_find(set(PATHS[i].set), PATHS[i].path, &a);
        if ((doc.en[0] != '\0') != PATHS[i].has || (doc.ko[0] != '\0') != PATHS[i].has)
            fail_msg("%s %s: '%s' '%s'", PATHS[i].set, PATHS[i].path, doc.en, doc.ko);
    }
    arena_close(&a);
}

static void a_message_has_its_own_doc_line(void **state)
{
    (void)state;
    struct arena a;
    arena_open(&a, NULL, 0, DOC_LINE_MEMORY);
    const char *path = "V2G_Message/Body/SessionStopRes";
    struct doc_line doc = doc_line_find(set("iso15118-2"), path, &a);
    assert_string_equal(doc.en, schema_message(set("iso15118-2"), "SessionStopRes")->doc);
    arena_close(&a);
}

/* ---- entries ---- */

static uint8_t request[16];

static struct event an_event(uint64_t number, int64_t us, enum event_kind kind, const char *by)
{
    return (struct event){.number = number,
                          .us = us,
                          .kind = kind,
                          .by = by,
                          .ok = true,
                          .where = "",
                          .name = "",
                          .code = "",
                          .text = ""};
}

static void put_frame(struct entries *s, uint64_t number, int64_t us, const char *by, uint8_t from)
{
    struct event e = an_event(number, us, EVENT_FRAME, by);
    e.name = from == FROM_EVCC ? "SECCDiscoveryReq" : "SECCDiscoveryRes";
    e.from_role = from;
    e.is_echo = strcmp(by, "SECC") == 0;
    e.schema = from == FROM_EVCC ? set("sdp") : NULL;
    e.payload_type = 0x9000;
    int64_t n = hex_read(REQ, strlen(REQ), request, sizeof request);
    e.bytes = (struct slice){request, (size_t)n};
    entries_event(s, &e);
}

static void put_timer(struct entries *s, uint64_t number, const char *by, const char *name, bool ok)
{
    struct event e = an_event(number, 50, EVENT_TIMER, by);
    e.text = name;
    e.limit_us = 200;
    e.taken_us = ok ? 20 : 250;
    e.ok = ok;
    entries_event(s, &e);
}

/* A station's answer is in its own record before it is in the vehicle's; the tester is the station:
 * what it says of a frame leads to the vehicle's line of it. */
static void each_frame_is_there_once(void **state)
{
    (void)state;
    struct dictionary d = {.last_path = NULL};
    struct entries s;
    struct buf out = {0};
    struct event secret = an_event(9, 40, EVENT_SECRET, "SECC");
    secret.text = "CLIENT_RANDOM 00";
    entries_open(&s, &d, FROM_EVCC);
    put_frame(&s, 1, 10, "EVCC", FROM_EVCC);
    put_frame(&s, 2, 11, "SECC", FROM_EVCC);
    put_timer(&s, 3, "SECC", "V2G_SECC_Sequence_Timeout", true);
    put_timer(&s, 4, "SECC", "V2G_SECC_Msg_Performance_Time", true);
    put_timer(&s, 5, "EVCC", "V2G_EVCC_Msg_Timeout", true);
    put_timer(&s, 6, "SECC", "given by the script", true);
    put_frame(&s, 7, 20, "SECC", FROM_SECC);
    put_timer(&s, 8, "SECC", "V2G_SECC_Sequence_Timeout", false);
    entries_event(&s, &secret);
    put_frame(&s, 10, 21, "EVCC", FROM_SECC);
    entries_end(&s);
    assert_int_equal(entries_find(&s, 2), 0);
    assert_int_equal(entries_find(&s, 7), 1);
    assert_int_equal(entries_find(&s, 10), 1);
    assert_int_equal(entries_find(&s, 3), -1);
    assert_int_equal(entries_find(&s, 99), -1);
    assert_int_equal(s.frames_shown, 2);
    entries_print(&s, &out);
    assert_string_equal(
        buf_string(&out),
        "[[0,0,0,\"" REQ "\",0,[\"16\",\"0\"],[[2,20,200]],null,{\"grammar\":1}],"
        "[11,1,3,\"" REQ "\",-1,[],null,null,{}],"
        "[40,\"timer\",1,0,\"V2G_SECC_Sequence_Timeout\",{\"by\":\"SECC\",\"limit_us\":200,"
        "\"taken_us\":250}]]");
    entries_close(&s);
    dictionary_close(&d);
    buf_close(&out);
}

/* ---- the file ---- */

static char *read_text(const char *path)
{
    size_t n;
    char *text = support_read_file(path, &n);
    unlink(path);
    return text;
}

static void nothing_ends_an_element(void **state)
{
    (void)state;
    static const char BAD[] = "</script><!--\"&quot;'";
    struct sheet sheet = SHEET_INIT;
    struct entries s;
    struct err e = ERR_INIT;
    char path[] = "/tmp/test_page.XXXXXX";
    close(mkstemp(path));
    json_t *meta = json_pack("{s:s}", "directory", BAD), *plan = json_object(),
           *more = json_object();
    entries_open(&s, &sheet.dictionary, FROM_SECC);
    put_frame(&s, 1, 10, "EVCC", FROM_EVCC);
    entries_end(&s);
    struct sheet_cause cause = {BAD, "message", BAD, BAD};
    struct sheet_case one = {1, "fail", "pass", 7, &cause, &s, more};
    assert_int_equal(sheet_create(&sheet, path, meta, plan, &e), 0);
    assert_int_equal(sheet_add(&sheet, &one, &e), 0);
    assert_int_equal(sheet_end(&sheet, meta, &e), 0);
    char *text = read_text(path);
    assert_null(strstr(text, BAD));
    assert_non_null(strstr(
        text, "id=\"meta\">{\"directory\":\"\\u003c/script\\u003e\\u003c!--\\\"\\u0026quot;'\"}"
              "</script>\n"));
    assert_non_null(strstr(text,
                           "data-i=\"[1,&quot;fail&quot;,&quot;pass&quot;,7,1,"
                           "[&quot;\\u003c/script\\u003e\\u003c!--\\&quot;\\u0026quot;'&quot;,"));
    assert_non_null(strstr(text, "class=\"d\" data-d=\"0\">"));
    free(text);
    json_decref(meta);
    json_decref(plan);
    json_decref(more);
    entries_close(&s);
    sheet_close(&sheet);
}

static void a_page_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    struct sheet sheet = SHEET_INIT;
    struct err e = ERR_INIT;
    json_t *none = json_object();
    assert_int_equal(sheet_create(&sheet, "/none/x.html", none, none, &e), -1);
    char text[900];
    assert_non_null(strstr(err_text(&e, text, sizeof text), "/none/x.html"));
    sheet_close(&sheet);
    json_decref(none);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(numbers_stay_in_order),
        cmocka_unit_test(a_dictionary_is_written_once),
        cmocka_unit_test(handshakes_are_taken_as_they_come),
        cmocka_unit_test(paths_have_doc_lines),
        cmocka_unit_test(a_message_has_its_own_doc_line),
        cmocka_unit_test(each_frame_is_there_once),
        cmocka_unit_test(nothing_ends_an_element),
        cmocka_unit_test(a_page_that_cannot_be_made_is_an_error),
    };
    library_open(&library);
    int failed = cmocka_run_group_tests(TESTS, NULL, NULL);
    library_close(&library);
    return failed;
}
