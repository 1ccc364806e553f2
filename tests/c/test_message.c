/* SPDX-License-Identifier: Apache-2.0 */
/* The message tree, its XML and its JSON: defaults, quantities, choices, values, errors. */
#include "base/nearest.h"
#include "codec/check.h"
#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/quantity.h"
#include "codec/value.h"
#include "support.h"

#include "codec/json.h"

/* A message being built, with all that belongs to it. */
struct bench {
    struct arena arena;
    struct message m;
    struct err e;
    struct buf out;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    arena_open(&b->arena, NULL, 0, 16 * 1024 * 1024);
    b->e = ERR_INIT;
}

static void bench_close(struct bench *b)
{
    arena_close(&b->arena);
    buf_close(&b->out);
}

static void bench_new(struct bench *b, const char *schema, const char *message)
{
    bench_open(b);
    if (message_new(support_schema(schema), message, &b->arena, &b->m, &b->e) != 0)
        fail_msg("%s: %s: %s", message, b->e.path, b->e.what);
}

static unsigned slot_of(const struct node *n, const char *name)
{
    int slot = type_slot_of(n->type, name);
    if (slot < 0)
        fail_msg("%s has no %s", n->type->name, name);
    return (unsigned)slot;
}

/* The child element of that name, made with its defaults where it is absent. */
static struct node *child(struct bench *b, struct node *n, const char *name)
{
    unsigned slot = slot_of(n, name);
    if (!node_has(n, slot))
        assert_int_equal(node_set_default(&b->arena, n, slot, &b->e), 0);
    return n->v[slot].n;
}

static void put(struct bench *b, struct node *n, const char *name, const char *text)
{
    union value v;
    unsigned slot = slot_of(n, name);
    if (value_read(&n->type->field[slot], text, strlen(text), &b->arena, &v, &b->e) != 0)
        fail_msg("%s: %s", name, b->e.what);
    node_set(n, slot, v);
}

static const char *pages(struct bench *b)
{
    buf_clear(&b->out);
    xml_print(&b->m, XML_PAGES, &b->out);
    return buf_string(&b->out);
}

static const char *json(struct bench *b)
{
    buf_clear(&b->out);
    json_print(&b->m, JSON_LINE, &b->out);
    return buf_string(&b->out);
}

/* ---- defaults ---- */

static void check_default(const struct schema *s, const struct element *el)
{
    struct bench b;
    bench_new(&b, s->name, el->as.name);
    struct named named = message_named(&b.m);
    assert_string_equal(named.name, el->as.name);
    assert_non_null(named.node);
    assert_ptr_equal(named.node->type, el->as.type);
    if (strcmp(s->name, "appprotocol") != 0)
        assert_non_null(message_header(&b.m));
    struct buf exi = {0}, xml = {0};
    if (exi_encode_buf(&b.m, &exi, &b.e) != 0)
        fail_msg("%s: %s: %s", el->as.name, b.e.path, b.e.what);
    struct message back;
    struct slice bytes = {exi.p, exi.n};
    if (support_decode(s, bytes, false, &b.arena, &back, &b.e) != 0)
        fail_msg("%s: %s: %s", el->as.name, b.e.path, b.e.what);
    if (back.violations != NULL)
        fail_msg("%s: %s: %s", el->as.name, back.violations->path, back.violations->what);
    assert_string_equal(support_xml(&back, &xml), support_xml(&b.m, &b.out));
    buf_close(&exi);
    buf_close(&xml);
    bench_close(&b);
}

static void test_defaults_are_complete(void **state)
{
    (void)state;
    unsigned n = 0;
    for (unsigned i = 0; i < SUPPORT_SETS_N; i++) {
        const struct schema *s = support_schema(SUPPORT_SETS[i].name);
        for (unsigned k = 0; k < s->messages; k++, n++)
            check_default(s, s->message[k]);
    }
    assert_true(n > 100);
}

static void test_defaults_are_those_stated(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "CurrentDemandReq");
    const char *xml = support_xml(&b.m, &b.out);
    assert_non_null(strstr(xml, "<EVTargetVoltage><Multiplier xmlns=\"urn:iso:15118:2:2013:"
                                "MsgDataTypes\">0</Multiplier><Unit xmlns=\"urn:iso:15118:2:2013:"
                                "MsgDataTypes\">V</Unit><Value xmlns=\"urn:iso:15118:2:2013:"
                                "MsgDataTypes\">400</Value></EVTargetVoltage>"));
    assert_null(strstr(xml, "BulkChargingComplete")); /* optional */
    bench_close(&b);
    bench_new(&b, "iso15118-2", "ChargeParameterDiscoveryReq");
    struct node *n = message_named(&b.m).node;
    assert_true(node_has(n, slot_of(n, "DC_EVChargeParameter"))); /* the stated alternative */
    assert_false(node_has(n, slot_of(n, "AC_EVChargeParameter")));
    bench_close(&b);
}

static void test_open_content_gets_what_it_must_have(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "SessionStopReq");
    struct node *signature = child(&b, message_header(&b.m), "Signature");
    struct node *info = child(&b, signature, "KeyInfo");
    struct items *items = node_items(info);
    assert_non_null(items);
    assert_int_equal(items->n, 1);
    assert_string_equal(info->type->field[items->at[0].slot].name, "KeyName");
    assert_int_equal(exi_encode_buf(&b.m, &b.out, &b.e), 0);
    node_remove(info, items->at[0].slot);
    assert_int_equal(items->n, 0);
    bench_close(&b);
}

static void test_unknown_message_names_the_nearest(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    const struct schema *s = support_schema("iso15118-2");
    assert_int_equal(message_new(s, "SesionSetupReq", &b.arena, &b.m, &b.e), -1);
    assert_string_equal(b.e.what, "iso15118-2 has no message 'SesionSetupReq'; the nearest name is "
                                  "SessionSetupReq");
    bench_close(&b);
}

/* ---- XML of the reference pages ---- */

#define PAGE_NAMESPACES                                                                            \
    "xmlns:xml=\"http://www.w3.org/XML/1998/namespace\" "                                          \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "                                     \
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "                                              \
    "xmlns:s0=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:s1=\"urn:iso:15118:2:2013:MsgBody\" "   \
    "xmlns:s2=\"urn:iso:15118:2:2013:MsgDataTypes\" xmlns:s3=\"urn:iso:15118:2:2013:MsgDef\" "     \
    "xmlns:s4=\"urn:iso:15118:2:2013:MsgHeader\""

static const char PAGE_SESSION_STOP[] = "<?xml version=\"1.0\" ?>\n"
                                        "<s3:V2G_Message " PAGE_NAMESPACES ">\n"
                                        "  <s3:Header>\n"
                                        "    <s4:SessionID>B9D3FD12ABB3E0F8</s4:SessionID>\n"
                                        "  </s3:Header>\n"
                                        "  <s3:Body>\n"
                                        "    <s1:SessionStopReq>\n"
                                        "      <s1:ChargingSession>Terminate</s1:ChargingSession>\n"
                                        "    </s1:SessionStopReq>\n"
                                        "  </s3:Body>\n"
                                        "</s3:V2G_Message>";

static const char PAGE_CHARGING_STATUS[] =
    "<?xml version=\"1.0\" ?>\n"
    "<s3:V2G_Message " PAGE_NAMESPACES ">\n"
    "  <s3:Header>\n"
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
    "</s3:V2G_Message>";

static void test_page_of_session_stop(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "SessionStopReq");
    put(&b, message_header(&b.m), "SessionID", "b9d3fd12abb3e0f8");
    put(&b, message_named(&b.m).node, "ChargingSession", "Terminate");
    assert_string_equal(pages(&b), PAGE_SESSION_STOP);
    bench_close(&b);
}

static void test_page_of_charging_status(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "ChargingStatusRes");
    struct node *n = message_named(&b.m).node;
    put(&b, message_header(&b.m), "SessionID", "634BBE48F628FEE4");
    put(&b, n, "ReceiptRequired", "false"); /* not in the order of the standard */
    put(&b, n, "EVSEID", "KR*TC1*ISO1*CHG");
    struct node *current = child(&b, n, "EVSEMaxCurrent");
    put(&b, current, "Value", "32");
    put(&b, current, "Multiplier", "-1");
    put(&b, current, "Unit", "A");
    put(&b, child(&b, n, "AC_EVSEStatus"), "RCD", "0");
    assert_string_equal(pages(&b), PAGE_CHARGING_STATUS);
    bench_close(&b);
}

/* What was read from a page prints as that page; so does a copy without the original. */
static void test_pages_read_back(void **state)
{
    (void)state;
    static const char *const page[] = {PAGE_SESSION_STOP, PAGE_CHARGING_STATUS};
    for (size_t i = 0; i < 2; i++) {
        struct bench b, copy;
        bench_open(&b);
        bench_open(&copy);
        const struct schema *s = support_schema("iso15118-2");
        assert_int_equal(xml_read(s, page[i], strlen(page[i]), false, &b.arena, &b.m, &b.e), 0);
        assert_string_equal(pages(&b), page[i]);
        assert_int_equal(message_copy(&b.m, &copy.arena, &copy.m, &b.e), 0);
        bench_close(&b);
        assert_string_equal(pages(&copy), page[i]);
        bench_close(&copy);
    }
}

/* ---- finding ---- */

static void test_children_by_path(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "CurrentDemandReq");
    struct node *root = b.m.v.n;
    struct node_at at = node_find(root, "Body/CurrentDemandReq/EVTargetVoltage/Value");
    assert_non_null(at.field);
    assert_string_equal(at.field->name, "Value");
    assert_ptr_equal(node_child(root, "Body/CurrentDemandReq"), message_named(&b.m).node);
    assert_non_null(node_bytes(root, "Header/SessionID"));
    assert_null(node_find(root, "Body/CurrentDemandReq/EVMaximumVoltageLimit/Value").field);
    assert_null(node_find(root, "Body/NoSuchReq").field);
    assert_null(node_find(root, "Bod").field);
    assert_null(node_find(root, "Header/SessionID/Value").field);
    assert_null(node_child(root, "Header/SessionID"));
    assert_null(node_bytes(root, "Header"));
    assert_null(node_child(NULL, "Header"));
    struct buf text = {0};
    node_text(root, "Body/CurrentDemandReq/EVTargetVoltage/Unit", &text);
    assert_string_equal(buf_string(&text), "V");
    node_text(root, "Header", &text);
    assert_string_equal(buf_string(&text), "V");
    buf_close(&text);
    bench_close(&b);
}

static void test_child_set_from_text(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "CurrentDemandReq");
    struct node *n = node_child(message_named(&b.m).node, "EVTargetVoltage");
    assert_int_equal(node_set_text(&b.arena, n, "Value", "77", &b.e), 0);
    assert_int_equal(node_find(n, "Value").v.i, 77);
    assert_int_equal(node_set_text(&b.arena, n, "NoSuch", "77", &b.e), 0);
    assert_false(b.e.set);
    assert_int_equal(node_set_text(&b.arena, n, "Value", "much", &b.e), -1);
    assert_int_equal(node_find(n, "Value").v.i, 77);
    bench_close(&b);
}

/* ---- quantities ---- */

static void test_quantity_chooses_multiplier(void **state)
{
    (void)state;
    static const struct {
        double si;
        int multiplier, value;
    } cases[] = {
        {0, 0, 0},          {400, 0, 400},         {390.5, -1, 3905},    {-0.25, -2, -25},
        {50000, 1, 5000},   {32767, 0, 32767},     {-32768, 0, -32768},  {32767000, 3, 32767},
        {0.1 + 0.2, -1, 3}, {1234.567, -1, 12346}, {0.0004, 0, 0},       {40001, 1, 4000},
        {1e-9, 0, 0},       {22000, 0, 22000},     {-123456, 1, -12346}, {0.001, -3, 1},
    };
    struct bench b;
    bench_new(&b, "iso15118-2", "CurrentDemandReq");
    struct node *n = child(&b, message_named(&b.m).node, "EVTargetVoltage");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (quantity_set(&b.arena, n, cases[i].si, "V", &b.e) != 0)
            fail_msg("%g: %s", cases[i].si, b.e.what);
        if (n->v[n->type->multiplier].i != cases[i].multiplier ||
            n->v[n->type->value].i != cases[i].value)
            fail_msg("%.17g: %d * 10^%d; expected %d * 10^%d", cases[i].si,
                     (int)n->v[n->type->value].i, (int)n->v[n->type->multiplier].i, cases[i].value,
                     cases[i].multiplier);
    }
    bench_close(&b);
}

static void test_quantity_limits_and_units(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "din70121", "CurrentDemandReq");
    struct node *n = child(&b, message_named(&b.m).node, "EVTargetVoltage");
    double bad[] = {32768000, -32769000, 1e300};
    for (size_t i = 0; i < 3; i++) {
        b.e = ERR_INIT;
        assert_int_equal(quantity_set(&b.arena, n, bad[i], NULL, &b.e), -1);
        assert_non_null(strstr(b.e.what, "expected -32768..32767 times 10 to the power of -3..3"));
    }
    b.e = ERR_INIT;
    assert_int_equal(quantity_set(&b.arena, n, 1, "furlong", &b.e), -1);
    assert_non_null(strstr(b.e.what, "'furlong' is no member of unitSymbolType"));
    b.e = ERR_INIT;
    assert_int_equal(quantity_set(&b.arena, n, 0.0 / 1.0, "W/s", &b.e), 0);
    assert_int_equal(quantity_set(&b.arena, n, 390.5, "V", &b.e), 0);
    assert_true(quantity_get(n) == 390.5);
    node_remove(n, (unsigned)n->type->multiplier);
    assert_true(quantity_get(n) == 3905);
    bench_close(&b);
}

static void test_quantity_is_printed(void **state)
{
    (void)state;
    static const int64_t values[] = {
        0,           1,         -1,        5,         -25,        100,         -3905,
        32767,       -32768,    123456789, 999999999, 9999999999, 10000000000, -10000000001,
        12345678901, INT64_MAX, INT64_MIN};
    struct bench b;
    char expected[64];
    bench_new(&b, "iso15118-20-dc", "DC_PreChargeReq");
    struct node *n = child(&b, message_named(&b.m).node, "EVTargetVoltage");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (int m = -12; m <= 12; m++) {
            n->v[n->type->value].i = values[i];
            n->v[n->type->multiplier].i = m;
            snprintf(expected, sizeof expected, "%.10g", quantity_get(n));
            buf_clear(&b.out);
            quantity_print(n, &b.out);
            assert_string_equal(buf_string(&b.out), expected);
        }
    bench_close(&b);
}

static void test_quantity_of_rational_number(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-20-dc", "DC_PreChargeReq");
    struct node *n = child(&b, message_named(&b.m).node, "EVTargetVoltage");
    static const double si[] = {1e-20, 3.2e30, 1e100, -7.5, 0.123456789};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(quantity_set(&b.arena, n, si[i], "V", &b.e), 0);
        double got = quantity_get(n);
        assert_true(got >= si[i] - si[i] * 1e-15 || got == si[i]);
    }
    assert_int_equal(quantity_set(&b.arena, n, si[4], NULL, &b.e), 0);
    assert_int_equal(n->v[n->type->value].i, 12346);
    assert_int_equal(n->v[n->type->multiplier].i, -5);
    bench_close(&b);
}

/* ---- nodes ---- */

static void test_alternatives_exclude_each_other(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "ChargeParameterDiscoveryReq");
    struct node *n = message_named(&b.m).node;
    unsigned ac = slot_of(n, "AC_EVChargeParameter"), dc = slot_of(n, "DC_EVChargeParameter");
    assert_int_equal(node_set_default(&b.arena, n, ac, &b.e), 0);
    assert_true(node_has(n, ac));
    assert_false(node_has(n, dc));
    assert_true(node_has(n, slot_of(n, "RequestedEnergyTransferMode")));
    assert_int_equal(node_complete(&b.arena, n, &b.e), 0);
    assert_false(node_has(n, dc)); /* one alternative is enough */
    node_remove(n, ac);
    assert_int_equal(node_complete(&b.arena, n, &b.e), 0);
    assert_true(node_has(n, dc));
    bench_close(&b);
}

static void test_lists_grow(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "appprotocol", "supportedAppProtocolReq");
    struct node *n = b.m.v.n;
    unsigned slot = slot_of(n, "AppProtocol");
    assert_int_equal(n->v[slot].l->n, 1);
    for (int i = 1; i < 20; i++)
        assert_int_equal(node_set_default(&b.arena, n, slot, &b.e), 0);
    assert_int_equal(n->v[slot].l->n, 20);
    for (unsigned i = 0; i < 20; i++)
        put(&b, n->v[slot].l->v[i].n, "Priority", "20");
    assert_int_equal(exi_encode_buf(&b.m, &b.out, &b.e), 0);
    bench_close(&b);
}

/* Whatever the moment at which memory runs out: an error, no crash. */
static void test_memory_may_run_out(void **state)
{
    (void)state;
    const struct schema *s = support_schema("iso15118-2");
    static uint8_t block[16384];
    bool done = false;
    for (size_t size = 0; size < sizeof block; size += 8) {
        struct arena a;
        struct message m, copy;
        struct err e = ERR_INIT;
        arena_open(&a, block, size, 0);
        bool made = message_new(s, "ChargeParameterDiscoveryRes", &a, &m, &e) == 0;
        bool copied = made && message_copy(&m, &a, &copy, &e) == 0;
        assert_int_equal(e.set, !copied);
        done = copied;
        e = ERR_INIT;
        arena_open(&a, block, size, 0);
        bool read =
            xml_read(s, PAGE_CHARGING_STATUS, strlen(PAGE_CHARGING_STATUS), false, &a, &m, &e) == 0;
        assert_int_equal(e.set, !read);
    }
    assert_true(done);
}

/* ---- values ---- */

static const struct field *field_at(const char *schema, const char *type, const char *name)
{
    const struct type *t = schema_type(support_schema(schema), type);
    assert_non_null(t);
    int slot = type_slot_of(t, name);
    if (slot < 0)
        fail_msg("%s has no %s", type, name);
    return &t->field[slot];
}

static const struct {
    const char *type, *field, *text;
    const char *shown; /* as value_text shows it; NULL: refused */
    const char *error; /* part of it */
} VALUES[] = {
    {"PhysicalValueType", "Multiplier", "-3", "-3", NULL},
    {"PhysicalValueType", "Multiplier", " 4 ", "4", NULL}, /* outside, but 3 bits carry it */
    {"PhysicalValueType", "Multiplier", "5", NULL, "expected a number in -3..4"},
    {"PhysicalValueType", "Multiplier", "-4", NULL, "expected a number in -3..4"},
    {"PhysicalValueType", "Multiplier", "", NULL, "'' is no integer"},
    {"PhysicalValueType", "Value", "+70000", "70000", NULL},
    {"PhysicalValueType", "Value", "-9223372036854775808", "-9223372036854775808", NULL},
    {"PhysicalValueType", "Value", "9223372036854775808", NULL,
     "'9223372036854775808' cannot be carried; expected a number in "
     "-9223372036854775808..9223372036854775807"},
    {"PhysicalValueType", "Value", "1.5", NULL, "'1.5' is no integer"},
    {"PhysicalValueType", "Unit", "Wh", "Wh", NULL},
    {"PhysicalValueType", "Unit", "7", "7", NULL},
    {"PhysicalValueType", "Unit", "8", NULL, "or a number in 0..7"},
    {"PhysicalValueType", "Unit", "w", NULL,
     "'w' is no member of unitSymbolType; expected h, m, s, A, V, W, Wh"},
    {"MeterInfoType", "MeterReading", "18446744073709551615", "18446744073709551615", NULL},
    {"MeterInfoType", "MeterReading", "18446744073709551616", NULL, "0..18446744073709551615"},
    {"MeterInfoType", "MeterReading", "-1", NULL, "cannot be carried"},
    {"MeterInfoType", "MeterReading", "-0", "0", NULL},
    {"MeterInfoType", "MeterID", " a b ", " a b ", NULL},
    {"MeterInfoType", "MeterID", "", "", NULL},
    {"MeterInfoType", "SigMeterReading", " AA E= ", "AAE=", NULL},
    {"MeterInfoType", "SigMeterReading", "A", NULL, "expected base64"},
    {"MessageHeaderType", "SessionID", " 0aFF:10\n", "0AFF10", NULL},
    {"MessageHeaderType", "SessionID", "0a1", NULL, "expected pairs of hex digits"},
    {"DC_EVStatusType", "EVReady", "1", "true", NULL},
    {"DC_EVStatusType", "EVReady", "yes", NULL, "'yes' is no boolean; expected true or false"},
    {"DC_EVStatusType", "EVErrorCode", "FAILED_RESSTemperatureInhibt", NULL,
     "members is FAILED_RESSTemperatureInhibit"},
    {"X509IssuerSerialType", "X509SerialNumber", " -00123456789012345678901234567890 ",
     "-123456789012345678901234567890", NULL},
    {"X509IssuerSerialType", "X509SerialNumber", "-0", "0", NULL},
    {"X509IssuerSerialType", "X509SerialNumber", "12a", NULL, "'12a' is no integer"},
    {"V2G_Message", "Header", "x", NULL, "Header has child elements"},
};

static void test_values(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        const struct field *f = field_at("iso15118-2", VALUES[i].type, VALUES[i].field);
        const char *text = VALUES[i].text;
        union value v;
        b.e = ERR_INIT;
        int bad = value_read(f, text, strlen(text), &b.arena, &v, &b.e);
        if (VALUES[i].shown == NULL) {
            if (bad == 0 || strstr(b.e.what, VALUES[i].error) == NULL)
                fail_msg("%s '%s': '%s'; expected '%s'", f->name, text, b.e.what, VALUES[i].error);
            continue;
        }
        if (bad != 0)
            fail_msg("%s '%s': %s", f->name, text, b.e.what);
        buf_clear(&b.out);
        value_text(f, v, &b.out);
        assert_string_equal(buf_string(&b.out), VALUES[i].shown);
    }
    bench_close(&b);
}

static void test_nearest_distance(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("EVSEID", 6, "EVSEID"), 0);
    assert_int_equal(nearest_distance("evseid", 6, "EVSEID"), 6);
    assert_int_equal(nearest_distance("EVSID", 5, "EVSEID"), 2);
    assert_int_equal(nearest_distance("", 0, "AB"), 4);
    assert_int_equal(nearest_distance("kitten", 6, "sitting"), 6);
    char lengthy[300];
    memset(lengthy, 'x', sizeof lengthy);
    assert_true(nearest_distance(lengthy, sizeof lengthy, "EVSEID") > 100);
}

/* ---- XML in ---- */

#define BODY                                                                                       \
    "<V2G_Message xmlns=\"urn:iso:15118:2:2013:MsgDef\" xmlns:b=\"urn:iso:15118:2:2013:MsgBody\" " \
    "xmlns:t=\"urn:iso:15118:2:2013:MsgDataTypes\">\n<Body>\n"
#define END "</Body></V2G_Message>"

static const struct {
    const char *text;
    int line;
    const char *path, *what; /* parts */
} BAD_XML[] = {
    {"", ERR_NO_PLACE, "", "no text; expected XML"},
    {"hello", 1, "", "no well-formed XML"},
    {"<a><b></a>", 1, "", "Opening and ending tag mismatch: b line 1 and a"},
    {BODY, 3, "", "Premature end of data in tag Body line 2"},
    {BODY END "<x/>", 3, "", "goes on behind its end"},
    {"<x/>", 1, "", "no global element x in namespace ''"},
    {"<V2G_Message/>", 1, "", "nearest is V2G_Message in 'urn:iso:15118:2:2013:MsgDef'"},
    {BODY "<b:SesionStopReq/>" END, 3, "V2G_Message/Body",
     "unknown element SesionStopReq; the nearest name is SessionStopReq"},
    {BODY "<b:SessionStopReq>\n<b:X/></b:SessionStopReq>" END, 4, "Body/SessionStopReq",
     "unknown element X; expected ChargingSession"},
    {BODY "<SessionStopReq/>" END, 3, "V2G_Message/Body",
     "element SessionStopReq is in namespace 'urn:iso:15118:2:2013:MsgDef'; expected "
     "'urn:iso:15118:2:2013:MsgBody'"},
    {BODY "<b:SessionStopReq/><b:SessionStopRes/>" END, 3, "V2G_Message/Body",
     "elements SessionStopReq and SessionStopRes in Body; expected one of them"},
    {BODY "<b:SessionStopReq/><b:SessionStopReq/>" END, 3, "V2G_Message/Body",
     "a second element SessionStopReq in Body; expected one"},
    {BODY
     "<b:SessionStopReq>\n\n<b:ChargingSession>Stop</b:ChargingSession></b:SessionStopReq>" END,
     5, "V2G_Message/Body/SessionStopReq/ChargingSession",
     "'Stop' is no member of chargingSessionType; expected Terminate, Pause"},
    {BODY "<b:SessionStopReq><b:ChargingSession><b:X/></b:ChargingSession></b:SessionStopReq>" END,
     3, "SessionStopReq/ChargingSession", "element X within ChargingSession; expected text only"},
    {BODY "<b:SessionStopReq>now</b:SessionStopReq>" END, 3, "Body/SessionStopReq",
     "text 'now' within SessionStopReq; expected child elements only"},
    {BODY "<b:SessionStopReq when=\"now\"/>" END, 3, "Body/SessionStopReq",
     "unknown attribute when; expected none"},
    {BODY "<b:AuthorizationReq Id=\"a\"/>" END, 3, "Body/AuthorizationReq",
     "attribute Id is in namespace ''; expected 'urn:iso:15118:2:2013:MsgBody'"},
    {BODY "<b:BodyElement/>" END, 3, "V2G_Message/Body", "BodyElement is abstract"},
    {BODY
     "<b:SessionStopReq xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"1\"/>" END,
     3, "Body/SessionStopReq", "attribute xsi:nil; expected none"},
    {"<!DOCTYPE x [<!ENTITY e 'e'>]>\n" BODY END, 1, "", "document type declaration"},
    {BODY "&e;" END, 3, "", "Entity 'e' not defined"},
};

static void test_bad_xml(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BAD_XML / sizeof *BAD_XML; i++) {
        struct bench b;
        bench_open(&b);
        const char *text = BAD_XML[i].text;
        int bad =
            xml_read(support_schema("iso15118-2"), text, strlen(text), false, &b.arena, &b.m, &b.e);
        if (bad == 0 || strstr(b.e.what, BAD_XML[i].what) == NULL ||
            strstr(b.e.path, BAD_XML[i].path) == NULL || b.e.line != BAD_XML[i].line)
            fail_msg("%s\nline %d, %s: %s\nexpected line %d, %s: %s", text, (int)b.e.line, b.e.path,
                     b.e.what, BAD_XML[i].line, BAD_XML[i].path, BAD_XML[i].what);
        bench_close(&b);
    }
}

/* Children in any order, absent ones, prefixes, comments and schemaLocation: all of it is fine. */
static void test_partial_xml_is_completed(void **state)
{
    (void)state;
    static const char text[] =
        "<?xml version='1.0' encoding='ISO-8859-1'?><!-- a --><?b c?>\n"
        "<x:V2G_Message xmlns:x='urn:iso:15118:2:2013:MsgDef' "
        "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:schemaLocation='u v'>"
        "<x:Body><ChargingStatusRes xmlns='urn:iso:15118:2:2013:MsgBody'>"
        "<SAScheduleTupleID> 7 </SAScheduleTupleID><!-- d -->"
        "<EVSEID><![CDATA[<\xE9>]]> &#x20AC;</EVSEID></ChargingStatusRes></x:Body>"
        "</x:V2G_Message>\n";
    struct bench b;
    bench_open(&b);
    const struct schema *s = support_schema("iso15118-2");
    if (xml_read(s, text, strlen(text), false, &b.arena, &b.m, &b.e) != 0)
        fail_msg("%s: %s", b.e.path, b.e.what);
    assert_string_equal(json(&b), "{\"V2G_Message\":{\"Body\":{\"ChargingStatusRes\":{\"EVSEID\":"
                                  "\"<\xC3\xA9> \xE2\x82\xAC\",\"SAScheduleTupleID\":7}}}}");
    assert_int_equal(node_complete(&b.arena, b.m.v.n, &b.e), 0);
    buf_clear(&b.out);
    assert_int_equal(exi_encode_buf(&b.m, &b.out, &b.e), 0);
    bench_close(&b);
}

/* levels of elements that only a wildcard lets in */
static void nest(struct buf *out, unsigned levels)
{
    buf_text(out, "<Object xmlns=\"http://www.w3.org/2000/09/xmldsig#\">");
    for (unsigned i = 0; i < levels; i++)
        buf_text(out, "<x>");
    for (unsigned i = 0; i < levels; i++)
        buf_text(out, "</x>");
    buf_text(out, "</Object>");
}

static void test_depth_is_limited(void **state)
{
    (void)state;
    const struct schema *s = support_schema("xmldsig");
    for (unsigned levels = 60; levels < 70; levels++) {
        struct bench b;
        bench_open(&b);
        nest(&b.out, levels);
        int bad = xml_read(s, (const char *)b.out.p, b.out.n, true, &b.arena, &b.m, &b.e);
        assert_int_equal(bad, levels < MESSAGE_DEPTH_MAX ? 0 : -1);
        if (bad != 0)
            assert_non_null(strstr(b.e.what, "nested too deeply; expected at most 64 levels"));
        bench_close(&b);
    }
}

/* ---- mixed content and wildcards ---- */

/* Compact forms that must come back as they are, also by way of the pages' form and of JSON. */
static const char *const OPEN[] = {
    "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"a\">text <KeyName>b</KeyName> &lt;"
    "&amp;&gt; <KeyName/>tail</KeyInfo>",
    "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><![CDATA[ ]]><KeyName>b</KeyName>"
    "&#xD;<KeyName>c</KeyName></KeyInfo>",
    "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509CRL>AA==</X509CRL>"
    "<X509SubjectName> x </X509SubjectName><X509CRL/></X509Data></KeyInfo>",
    "<Object xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><a xmlns=\"urn:x\" b=\"&lt;&quot;&#xA;\">"
    "<c><d xmlns=\"\"/></c></a><Manifest><Reference><DigestMethod Algorithm=\"e\"/><DigestValue/>"
    "</Reference></Manifest></Object>",
    "<Object xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><a xmlns=\"urn:x\" xmlns:a0=\"urn:y\" "
    "a0:b=\"\" xml:lang=\"de\"> <![CDATA[]]></a></Object>",
    "<PGPData xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><PGPKeyPacket>AA==</PGPKeyPacket>"
    "<a xmlns=\"urn:x\">\xF0\x9D\x84\x9E</a></PGPData>",
};

/* Reads what out holds, as JSON or XML, and prints it compactly. */
static void read_again(struct bench *b, const struct schema *s, bool is_json)
{
    char *text = malloc(b->out.n + 1);
    assert_non_null(text);
    memcpy(text, buf_string(&b->out), b->out.n + 1);
    int bad = is_json ? json_read(s, text, b->out.n, true, &b->arena, &b->m, &b->e)
                      : xml_read(s, text, b->out.n, true, &b->arena, &b->m, &b->e);
    if (bad != 0)
        fail_msg("%s\nline %d: %s: %s", text, (int)b->e.line, b->e.path, b->e.what);
    free(text);
}

static void test_open_content_comes_back(void **state)
{
    (void)state;
    const struct schema *s = support_schema("xmldsig");
    for (size_t i = 0; i < sizeof OPEN / sizeof *OPEN; i++) {
        struct bench b;
        bench_open(&b);
        buf_text(&b.out, OPEN[i]);
        read_again(&b, s, false);
        struct buf first = {0};
        support_xml(&b.m, &first);
        if (strstr(OPEN[i], "<![CDATA[]]>") == NULL)
            assert_string_equal(buf_string(&first), OPEN[i]);
        pages(&b);
        read_again(&b, s, false);
        assert_string_equal(support_xml(&b.m, &b.out), buf_string(&first));
        json(&b);
        read_again(&b, s, true);
        assert_string_equal(support_xml(&b.m, &b.out), buf_string(&first));
        buf_close(&first);
        bench_close(&b);
    }
}

/* An element name that two types share: kept as it came. */
static void test_relaxed_fragment(void **state)
{
    (void)state;
    static const char text[] = "<eMAID xmlns=\"urn:iso:15118:2:2013:MsgBody\" "
                               "xmlns:a0=\"urn:iso:15118:2:2013:MsgDataTypes\" a0:Id=\"id4\">"
                               "DE1</eMAID>";
    struct bench b, copy;
    bench_open(&b);
    bench_open(&copy);
    buf_text(&b.out, text);
    read_again(&b, support_schema("iso15118-2"), false);
    assert_non_null(b.m.relaxed);
    assert_true(b.m.is_fragment);
    assert_string_equal(message_named(&b.m).name, "eMAID");
    assert_int_equal(message_copy(&b.m, &copy.arena, &copy.m, &b.e), 0);
    json(&b);
    read_again(&b, support_schema("iso15118-2"), true);
    assert_string_equal(support_xml(&b.m, &b.out), text);
    bench_close(&b);
    assert_string_equal(support_xml(&copy.m, &copy.out), text);
    bench_close(&copy);
}

/* Reads the XML that out holds. */
static void read_document(struct bench *b)
{
    int bad = xml_read(support_schema("iso15118-2"), (const char *)b->out.p, b->out.n, false,
                       &b->arena, &b->m, &b->e);
    if (bad != 0)
        fail_msg("line %d: %s: %s", (int)b->e.line, b->e.path, b->e.what);
}

static void count_violation(void *context, const char *path, const char *what)
{
    (void)path, (void)what;
    ++*(unsigned *)context;
}

/* What no XML can hold goes out as octets, and comes back as it was, in both forms; where nothing
 * has to, the characters that stand for octets stand for themselves. */
static void test_octets_come_back(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        const char *xml;
    } CASES[] = {
        {{(const uint8_t *)"a\0\x01\x7F\xC3\xFF\xED\xA0\x80\xEF\xBF\xBF]]>", 15},
         "a\xEE\xBC\x80\xEE\xBC\x81\x7F\xEE\xBF\x83\xEE\xBF\xBF\xEE\xBF\xAD\xEE\xBE\xA0\xEE\xBE\x80"
         "\xEE\xBF\xAF\xEE\xBE\xBF\xEE\xBE\xBF]]&gt;"},
        {{(const uint8_t *)"\xEE\xBC\x81\0", 4},
         "\xEE\xBF\xAE\xEE\xBE\xBC\xEE\xBE\x81\xEE\xBC\x80"},
        {{(const uint8_t *)"\xEE\xBC\x81 \r\n\t", 7}, "\xEE\xBC\x81 &#xD;"},
    };
    for (size_t i = 0; i < 2 * sizeof CASES / sizeof *CASES; i++) {
        const struct slice *text = &CASES[i / 2].text;
        struct bench b;
        bench_new(&b, "iso15118-2", "PaymentDetailsReq");
        struct node *n = message_named(&b.m).node;
        union value v = {.b = bytes_new(&b.arena, text->p, text->n)};
        node_set(n, slot_of(n, "eMAID"), v);
        const char *xml = i % 2 == 0 ? pages(&b) : support_xml(&b.m, &b.out);
        assert_non_null(strstr(xml, CASES[i / 2].xml));
        assert_int_equal(strstr(xml, "<?v2glab octets=\"U+EF00\"?>") != NULL, i / 2 < 2);
        read_document(&b);
        n = message_named(&b.m).node;
        v = n->v[slot_of(n, "eMAID")];
        assert_int_equal(v.b->n, text->n);
        assert_memory_equal(v.b->p, text->p, text->n);
        bench_close(&b);
    }
}

/* An attribute, too; and it is marked: as an ID it is a violation, on the way in and before it goes
 * out. */
static void test_an_id_is_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        size_t n;
        bool is_name;
    } CASES[] = {{"id1", 3, true},
                 {"_.-\xC3\xA9", 5, true},
                 {"1", 1, false},
                 {"a b", 3, false},
                 {"a:b", 3, false},
                 {"", 0, false},
                 {"a\0", 2, false},
                 {"\xC3\x97", 2, false},
                 {"averylongnamethatisone", 22, true},
                 {"averylongnamethatis none", 24, false}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        struct buf exi = {0};
        struct message back;
        bench_new(&b, "iso15118-2", "AuthorizationReq");
        struct node *n = message_named(&b.m).node;
        union value v = {.b = bytes_new(&b.arena, CASES[i].id, CASES[i].n)};
        node_set(n, slot_of(n, "Id"), v);
        uint8_t *out = buf_reserve(&exi, 1024);
        assert_non_null(out);
        int64_t size = exi_encode(&b.m, out, 1024, &b.e);
        assert_true(size > 0);
        unsigned found = 0;
        message_check(&b.m, count_violation, &found);
        assert_int_equal(found, !CASES[i].is_name);
        struct exi_options options = EXI_OPTIONS;
        assert_int_equal(exi_decode(support_schema("iso15118-2"), out, (size_t)size, &options,
                                    &b.arena, &back, &b.e),
                         0);
        assert_int_equal(back.violations == NULL, CASES[i].is_name);
        if (!CASES[i].is_name)
            assert_non_null(strstr(back.violations->what, "is no ID; expected a name of XML"));
        buf_close(&exi);
        pages(&b);
        read_document(&b);
        n = message_named(&b.m).node;
        assert_int_equal(n->v[slot_of(n, "Id")].b->n, CASES[i].n);
        bench_close(&b);
    }
}

/* Names from the wire cannot break out of their place. */
static void test_hostile_text_is_shown(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "PaymentDetailsReq");
    struct node *n = message_named(&b.m).node;
    static const char text[] = "a\0\x01\x7F\xC3\xFF\xED\xA0\x80\xEF\xBF\xBF]]>";
    union value v = {.b = bytes_new(&b.arena, text, sizeof text - 1)};
    node_set(n, slot_of(n, "eMAID"), v);
    assert_non_null(strstr(json(&b), "\"eMAID\":\"a\\u0000\\u0001\x7F\xEF\xBF\xBD\xEF\xBF\xBD\xEF"
                                     "\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBF]]>\""));
    bench_close(&b);
    bench_open(&b);
    buf_text(&b.out, "{\"Object\":{\"content\":[{\"{u\\\"r>}1<a x\":{\"@o='\":\"<\"}}]}}");
    read_again(&b, support_schema("xmldsig"), true);
    assert_string_equal(support_xml(&b.m, &b.out),
                        "<Object xmlns=\"http://www.w3.org/2000/09/xmldsig#\">"
                        "<_1_a_x xmlns=\"u&quot;r&gt;\" o__=\"&lt;\"/></Object>");
    bench_close(&b);
}

/* ---- JSON ---- */

static void test_json_forms(void **state)
{
    (void)state;
    struct bench b;
    bench_new(&b, "iso15118-2", "MeteringReceiptReq");
    struct node *n = message_named(&b.m).node;
    put(&b, n, "Id", "id\"1\"\n");
    put(&b, n, "SessionID", "0a0b");
    put(&b, child(&b, n, "MeterInfo"), "MeterReading", "18446744073709551615");
    put(&b, child(&b, n, "MeterInfo"), "TMeter", "-9007199254740993");
    put(&b, child(&b, n, "MeterInfo"), "SigMeterReading", "AAE=");
    static const char line[] =
        "{\"V2G_Message\":{\"Header\":{\"SessionID\":\"0000000000000000\"},\"Body\":{"
        "\"MeteringReceiptReq\":{\"@Id\":\"id\\\"1\\\"\\n\",\"SessionID\":\"0A0B\",\"MeterInfo\":{"
        "\"MeterID\":\"METER1\",\"MeterReading\":\"18446744073709551615\",\"SigMeterReading\":"
        "\"AAE=\",\"TMeter\":-9007199254740993}}}}}";
    assert_string_equal(json(&b), line);
    read_again(&b, support_schema("iso15118-2"), true);
    assert_string_equal(json(&b), line);
    buf_clear(&b.out);
    json_print(&b.m, JSON_PRETTY, &b.out);
    static const char start[] = "{\n  \"V2G_Message\": {\n    \"Header\": {\n      \"";
    assert_memory_equal(b.out.p, start, sizeof start - 1);
    read_again(&b, support_schema("iso15118-2"), true);
    assert_string_equal(json(&b), line);
    bench_close(&b);
}

#define IN_BODY(x) "{\"V2G_Message\":{\"Body\":{" x "}}}"

static const struct {
    const char *text, *path, *what;
} BAD_JSON[] = {
    {"", "", "this is no JSON"},
    {"{\"V2G_Message\":{}} x", "", "this is no JSON"},
    {"[]", "", "an array; expected an object with one member: the message"},
    {"{}", "", "expected an object with one member"},
    {"{\"V2G_Mesage\":{}}", "", "no global element 'V2G_Mesage'; the nearest name is V2G_Message"},
    {"{\"V2G_Message\":{},\"V2G_Message\":{}}", "", "duplicate"},
    {"{\"V2G_Message\":1}", "V2G_Message", "an integer; expected an object"},
    {IN_BODY("\"SessionStopReq\":{\"ChargingSesion\":1}"), "Body/SessionStopReq",
     "unknown member 'ChargingSesion'; expected ChargingSession"},
    {IN_BODY("\"SessionStopReq\":{\"ChargingSession\":2}"), "SessionStopReq/ChargingSession",
     "or a number in 0..1"},
    {IN_BODY("\"SessionStopReq\":{\"ChargingSession\":true}"), "SessionStopReq/ChargingSession",
     "true; expected the name of a member"},
    {IN_BODY("\"SessionStopReq\":{},\"SessionStopRes\":{}"), "V2G_Message/Body",
     "SessionStopReq and SessionStopRes; expected one of them"},
    {IN_BODY("\"SessionSetupRes\":{\"EVSEID\":7}"), "SessionSetupRes/EVSEID",
     "an integer; expected a string"},
    {IN_BODY("\"SessionSetupRes\":{\"EVSETimeStamp\":1.5}"), "SessionSetupRes/EVSETimeStamp",
     "a number with a fraction; expected an integer"},
    {IN_BODY("\"SessionSetupRes\":{\"EVSETimeStamp\":1e300}"), "SessionSetupRes/EVSETimeStamp",
     "expected an integer"},
    {IN_BODY("\"SessionSetupRes\":{\"EVSETimeStamp\":18446744073709551615}"), "",
     "may be written as strings"},
    {IN_BODY("\"SessionSetupRes\":{\"EVSETimeStamp\":null}"), "SessionSetupRes/EVSETimeStamp",
     "null; expected an integer"},
    {IN_BODY("\"PaymentServiceSelectionReq\":{\"SelectedServiceList\":{\"SelectedService\":"
             "[{},{\"ServiceID\":-1}]}}"),
     "SelectedServiceList/SelectedService[1]/ServiceID", "expected a number in 0.."},
    {IN_BODY("\"PaymentServiceSelectionReq\":{\"SelectedServiceList\":{\"SelectedService\":{}}}"),
     "SelectedServiceList/SelectedService", "an object; expected an array"},
    {IN_BODY("\"BodyElement\":{}"), "Body/BodyElement", "abstract"},
    {"{\"V2G_Message\":{\"Header\":{\"Signature\":{\"KeyInfo\":{\"content\":[\"a\",{\"KeyNam\":"
     "\"b\"}]}}}}}",
     "Signature/KeyInfo/content[1]", "unknown element 'KeyNam'; expected KeyName, KeyValue"},
    {"{\"V2G_Message\":{\"Header\":{\"Signature\":{\"KeyInfo\":{\"KeyName\":\"b\"}}}}}",
     "Header/Signature/KeyInfo", "member 'KeyName'; expected \"content\""},
};

static void test_bad_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BAD_JSON / sizeof *BAD_JSON; i++) {
        struct bench b;
        bench_open(&b);
        const char *text = BAD_JSON[i].text;
        int bad = json_read(support_schema("iso15118-2"), text, strlen(text), false, &b.arena, &b.m,
                            &b.e);
        if (bad == 0 || strstr(b.e.what, BAD_JSON[i].what) == NULL ||
            strstr(b.e.path, BAD_JSON[i].path) == NULL)
            fail_msg("%s\n%s: %s\nexpected %s: %s", text, b.e.path, b.e.what, BAD_JSON[i].path,
                     BAD_JSON[i].what);
        bench_close(&b);
    }
}

/* ---- broken input ---- */

/* Cuts and changes of a good text: an error or a message, never a crash or an over-read. */
static void break_text(const char *text, bool is_json)
{
    const struct schema *s = support_schema("iso15118-2");
    static const char with[] = "<>&\"{}[]:, 0";
    size_t n = strlen(text);
    for (size_t i = 0; i < 2 * n; i++) {
        struct bench b;
        bench_open(&b);
        size_t size = i < n ? i : n;
        char *broken = malloc(size > 0 ? size : 1); /* its end is the end of the memory */
        assert_non_null(broken);
        memcpy(broken, text, size);
        if (i >= n)
            broken[i - n] = with[i % (sizeof with - 1)];
        int bad = is_json ? json_read(s, broken, size, false, &b.arena, &b.m, &b.e)
                          : xml_read(s, broken, size, false, &b.arena, &b.m, &b.e);
        assert_int_equal(bad != 0, b.e.set);
        free(broken);
        bench_close(&b);
    }
}

static void test_broken_text_is_refused(void **state)
{
    (void)state;
    break_text(PAGE_CHARGING_STATUS, false);
    struct bench b;
    bench_new(&b, "iso15118-2", "ChargingStatusRes");
    char *text = strdup(json(&b));
    break_text(text, true);
    free(text);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_complete),
        cmocka_unit_test(test_defaults_are_those_stated),
        cmocka_unit_test(test_open_content_gets_what_it_must_have),
        cmocka_unit_test(test_unknown_message_names_the_nearest),
        cmocka_unit_test(test_page_of_session_stop),
        cmocka_unit_test(test_page_of_charging_status),
        cmocka_unit_test(test_pages_read_back),
        cmocka_unit_test(test_children_by_path),
        cmocka_unit_test(test_child_set_from_text),
        cmocka_unit_test(test_quantity_chooses_multiplier),
        cmocka_unit_test(test_quantity_limits_and_units),
        cmocka_unit_test(test_quantity_is_printed),
        cmocka_unit_test(test_quantity_of_rational_number),
        cmocka_unit_test(test_alternatives_exclude_each_other),
        cmocka_unit_test(test_lists_grow),
        cmocka_unit_test(test_memory_may_run_out),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_nearest_distance),
        cmocka_unit_test(test_bad_xml),
        cmocka_unit_test(test_partial_xml_is_completed),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_open_content_comes_back),
        cmocka_unit_test(test_relaxed_fragment),
        cmocka_unit_test(test_octets_come_back),
        cmocka_unit_test(test_an_id_is_a_name),
        cmocka_unit_test(test_hostile_text_is_shown),
        cmocka_unit_test(test_json_forms),
        cmocka_unit_test(test_bad_json),
        cmocka_unit_test(test_broken_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, support_close);
}
