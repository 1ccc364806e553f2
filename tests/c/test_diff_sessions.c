/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions compared: order, fields of every form, what is expected to differ, and times. */
#include "memory.h"
#include "record/diff_sessions.h"
#include "support.h"

#include "codec/json.h"

#define MOST 7

struct line {
    const char *json; /* from the vehicle, where the message is a request; NULL: the end */
    int ms;
};

#define IN_BODY(x) "{\"V2G_Message\":{\"Header\":{\"SessionID\":\"01\"},\"Body\":{" x "}}}"
#define SETUP IN_BODY("\"SessionSetupReq\":{\"EVCCID\":\"0102\"}")
#define STOP IN_BODY("\"SessionStopReq\":{\"ChargingSession\":\"Terminate\"}")
#define STOPPED IN_BODY("\"SessionStopRes\":{\"ResponseCode\":\"OK\"}")
#define DEMAND(x) IN_BODY("\"CurrentDemandReq\":{" x "}")
#define VOLTS(m, v, u) "\"EVTargetVoltage\":{\"Multiplier\":" m "," u "\"Value\":" v "}"
#define V "\"Unit\":\"V\","

static const struct {
    struct line a[MOST], b[MOST];
    const char *diff;
} CASES[] = {
    {{{SETUP, 0}, {STOP, 1}}, {{SETUP, 0}, {STOP, 1}}, "{}"},
    {{{SETUP, 0}, {STOP, 1}},
     {{STOP, 0}, {SETUP, 1}},
     "{\"order\":[{\"in\":\"a\",\"message\":\"SessionSetupReq\",\"number\":1},{\"in\":\"b\","
     "\"message\":\"SessionSetupReq\",\"number\":2}]}"},
    {{{SETUP, 0}},
     {{SETUP, 0}, {STOP, 1}, {STOPPED, 2}},
     "{\"order\":[{\"in\":\"b\",\"message\":\"SessionStopReq\",\"number\":2},{\"in\":\"b\","
     "\"message\":\"SessionStopRes\",\"number\":3}]}"},
    {{{DEMAND(VOLTS("0", "400", V)), 0}}, {{DEMAND(VOLTS("-1", "4000", V)), 0}}, "{}"},
    {{{DEMAND(VOLTS("0", "400", V)), 0}},
     {{DEMAND(VOLTS("0", "401", V)), 0}},
     "{\"fields\":[{\"path\":\"EVTargetVoltage\",\"count\":1,\"message\":\"CurrentDemandReq\","
     "\"of\":1,\"number\":1,\"a\":\"400 V\",\"b\":\"401 V\"}]}"},
    {{{DEMAND(VOLTS("0", "400", V)), 0}},
     {{DEMAND(VOLTS("0", "400", "")), 0}},
     "{\"fields\":[{\"path\":\"EVTargetVoltage\",\"count\":1,\"message\":\"CurrentDemandReq\","
     "\"of\":1,\"number\":1,\"a\":\"400 V\",\"b\":\"400\"}]}"},
    {{{DEMAND(VOLTS("0", "400", V)), 0}},
     {{DEMAND(""), 0}},
     "{\"fields\":[{\"path\":\"EVTargetVoltage\",\"count\":1,\"message\":\"CurrentDemandReq\","
     "\"of\":1,\"number\":1,\"a\":\"400 V\",\"b\":null}]}"},
    {{{DEMAND(""), 0}},
     {{DEMAND(VOLTS("0", "400", V)), 0}},
     "{\"fields\":[{\"path\":\"EVTargetVoltage\",\"count\":1,\"message\":\"CurrentDemandReq\","
     "\"of\":1,\"number\":1,\"a\":null,\"b\":\"400 V\"}]}"},
    {{{DEMAND("\"EVTargetVoltage\":{\"Value\":1}"), 0}},
     {{DEMAND("\"EVTargetVoltage\":{\"Value\":2}"), 0}},
     "{\"fields\":[{\"path\":\"EVTargetVoltage/"
     "Value\",\"count\":1,\"message\":\"CurrentDemandReq\",\"of\":1,\"number\":1,\"a\":1,\"b\":2}]"
     "}"},
    {{{DEMAND("\"EVTargetVoltage\":{\"Multiplier\":1}"), 0}},
     {{DEMAND(VOLTS("0", "2", V)), 0}},
     "{\"fields\":[{\"path\":\"EVTargetVoltage/"
     "Multiplier\",\"count\":1,\"message\":\"CurrentDemandReq\",\"of\":1,\"number\":1,\"a\":1,"
     "\"b\":0},{\"path\":\"EVTargetVoltage/"
     "Unit\",\"count\":1,\"message\":\"CurrentDemandReq\",\"of\":1,\"number\":1,\"a\":null,\"b\":"
     "\"V\"},{\"path\":\"EVTargetVoltage/"
     "Value\",\"count\":1,\"message\":\"CurrentDemandReq\",\"of\":1,\"number\":1,\"a\":null,\"b\":"
     "2}]}"},
    {{{DEMAND("\"ChargingComplete\":true"), 0}, {DEMAND("\"ChargingComplete\":true"), 1}},
     {{DEMAND("\"ChargingComplete\":false"), 0}, {DEMAND("\"ChargingComplete\":true"), 1}},
     "{\"fields\":[{\"path\":\"ChargingComplete\",\"count\":1,\"message\":\"CurrentDemandReq\","
     "\"of\":2,\"number\":1,\"a\":true,\"b\":false}]}"},
    {{{DEMAND("\"ChargingComplete\":true"), 0}},
     {{DEMAND("\"BulkChargingComplete\":false"), 0}},
     "{\"fields\":[{\"path\":\"ChargingComplete\",\"count\":1,\"message\":\"CurrentDemandReq\","
     "\"of\":1,\"number\":1,\"a\":true,\"b\":null},{\"path\":\"BulkChargingComplete\",\"count\":1,"
     "\"message\":\"CurrentDemandReq\",\"of\":1,\"number\":1,\"a\":null,\"b\":false}]}"},
    {{{IN_BODY("\"PaymentServiceSelectionReq\":{\"SelectedServiceList\":{\"SelectedService\":[{"
               "\"ServiceID\":1},{\"ServiceID\":2}]}}"),
       0}},
     {{IN_BODY("\"PaymentServiceSelectionReq\":{\"SelectedServiceList\":{\"SelectedService\":[{"
               "\"ServiceID\":3}]}}"),
       0}},
     "{\"fields\":[{\"path\":\"SelectedServiceList/SelectedService/1/"
     "ServiceID\",\"count\":1,\"message\":\"PaymentServiceSelectionReq\",\"of\":1,\"number\":1,"
     "\"a\":1,\"b\":3},{\"path\":\"SelectedServiceList/SelectedService/"
     "2\",\"count\":1,\"message\":\"PaymentServiceSelectionReq\",\"of\":1,\"number\":1,\"a\":{"
     "\"ServiceID\":2},\"b\":null}]}"},
    {{{IN_BODY("\"PaymentServiceSelectionReq\":{\"SelectedServiceList\":{\"SelectedService\":[]}}"),
       0}},
     {{IN_BODY("\"PaymentServiceSelectionReq\":{}"), 0}},
     "{\"fields\":[{\"path\":\"SelectedServiceList\",\"count\":1,\"message\":"
     "\"PaymentServiceSelectionReq\",\"of\":1,\"number\":1,\"a\":{},\"b\":null}]}"},
    {{{"{\"V2G_Message\":{\"Header\":{\"SessionID\":\"01\"},\"Body\":{\"SessionStopReq\":{}}}}",
       0}},
     {{"{\"V2G_Message\":{\"Header\":{\"SessionID\":\"02\"},\"Body\":{\"SessionStopReq\":{}}}}",
       0}},
     "{\"expected\":[{\"path\":\"Header/SessionID\",\"count\":1}]}"},
    {{{STOP, 0}, {STOPPED, 30}},
     {{STOP, 0}, {STOPPED, 90}},
     "{\"times\":[{\"message\":\"SessionStopRes\",\"answers\":[1,1],\"median_us\":[30000,90000],"
     "\"worst_us\":[30000,90000]}]}"},
    {{{STOP, 0}, {STOPPED, 90}},
     {{STOP, 0}, {STOPPED, 30}},
     "{\"times\":[{\"message\":\"SessionStopRes\",\"answers\":[1,1],\"median_us\":[90000,30000],"
     "\"worst_us\":[90000,30000]}]}"},
    {{{STOP, 0}, {STOPPED, 1}}, {{STOP, 0}, {STOPPED, 20}}, "{}"},
};

static void fill(struct dialogue *d, const struct line *lines)
{
    const struct schema *s = support_schema("iso15118-2");
    *d = (struct dialogue){0};
    for (unsigned i = 0; i < MOST && lines[i].json != NULL; i++) {
        struct arena a;
        struct message m;
        struct err e = ERR_INIT;
        struct event event = {.kind = EVENT_FRAME, .us = lines[i].ms * 1000, .schema = s};
        arena_open(&a, NULL, 0, 1u << 20);
        if (json_read(s, lines[i].json, strlen(lines[i].json), false, &a, &m, &e) != 0)
            fail_msg("%s\n%s: %s", lines[i].json, e.path, e.what);
        event_take_message(&event, &m);
        event.from_role = strstr(event.name, "Req") != NULL ? FROM_EVCC : FROM_SECC;
        dialogue_event(d, &event);
        arena_close(&a);
    }
}

static void test_diffs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct dialogue a, b;
        fill(&a, CASES[i].a);
        fill(&b, CASES[i].b);
        json_t *diff = diff_sessions(&a, &b);
        assert_non_null(diff);
        assert_int_equal(json_object_del(diff, "messages"), 0);
        const char *key;
        json_t *value;
        void *next;
        json_object_foreach_safe(diff, next, key, value) if (json_array_size(value) == 0)
            json_object_del(diff, key);
        char *text = json_dumps(diff, JSON_COMPACT);
        assert_int_equal(diff_sessions_differ(diff), strstr(text, "message") != NULL);
        if (strcmp(text, CASES[i].diff) != 0)
            fail_msg("%zu\n%s\nexpected %s", i, text, CASES[i].diff);
        free(text);
        json_decref(diff);
        dialogue_close(&a);
        dialogue_close(&b);
    }
}

static bool has_json_failed; /* which the program notes itself: base/json_text.h */

static void *json_memory(size_t n)
{
    void *p = malloc(n);
    has_json_failed = has_json_failed || p == NULL;
    return p;
}

/* A memory_run: two sessions, which differ in their order; that is told, or there is no result. */
static int compare(void *context, struct err *e)
{
    struct dialogue *both = context;
    has_json_failed = false;
    json_t *diff = diff_sessions(&both[0], &both[1]);
    memory_calm();
    bool differs = json_array_size(json_object_get(diff, "order")) == 2;
    assert_true(diff == NULL || differs || has_json_failed);
    json_decref(diff);
    return differs ? 0 : err_set(e, "no memory");
}

static void test_out_of_memory(void **state)
{
    struct dialogue both[2];
    (void)state;
    fill(&both[0], CASES[1].a);
    fill(&both[1], CASES[1].b);
    json_set_alloc_funcs(json_memory, free);
    memory_fail_each("diff", 0, compare, both);
    json_set_alloc_funcs(malloc, free);
    both[1].failed = true;
    assert_null(diff_sessions(&both[0], &both[1]));
    dialogue_close(&both[0]);
    dialogue_close(&both[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diffs),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, support_close);
}
