/* SPDX-License-Identifier: Apache-2.0 */
/* Messages held against the limits of their schema. */
#include "codec/value.h"
#include "support.h"

#include "codec/check.h"

static struct buf found;

static void keep(void *context, const char *path, const char *what)
{
    (void)context;
    buf_printf(&found, "%s: %s\n", path, what);
}

static const char *check(const struct message *m)
{
    buf_clear(&found);
    message_check(m, keep, NULL);
    return buf_string(&found);
}

static void set_text(struct arena *a, struct node *n, const char *name, const char *text)
{
    union value v;
    struct err e = ERR_INIT;
    int slot = type_slot_of(n->type, name);
    assert_true(slot >= 0);
    assert_int_equal(value_read(&n->type->field[slot], text, strlen(text), a, &v, &e), 0);
    node_set(n, (unsigned)slot, v);
}

/* Every fresh message is within the limits. */
static void test_defaults(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SUPPORT_SETS_N; i++) {
        const struct schema *s = support_schema(SUPPORT_SETS[i].name);
        for (unsigned k = 0; k < s->messages; k++) {
            struct arena a;
            struct message m;
            struct err e = ERR_INIT;
            arena_open(&a, NULL, 0, 1 << 20);
            assert_int_equal(message_new(s, s->message[k]->as.name, &a, &m, &e), 0);
            assert_string_equal(check(&m), "");
            arena_close(&a);
        }
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    arena_open(&a, NULL, 0, 1 << 20);
    assert_int_equal(message_new(support_schema("iso15118-2"), "SessionSetupRes", &a, &m, &e), 0);
    struct node *n = message_named(&m).node;
    set_text(&a, n, "EVSEID", "\xC3\xA9\xC3\xA9\xC3\xA9");
    set_text(&a, n, "ResponseCode", "30");
    set_text(&a, message_header(&m), "SessionID", "000102030405060708");
    assert_string_equal(check(&m),
                        "V2G_Message/Header/SessionID: 9 octets; expected 0..8\n"
                        "V2G_Message/Body/SessionSetupRes/ResponseCode: code 30 has no member in "
                        "responseCodeType; expected 0..25\n"
                        "V2G_Message/Body/SessionSetupRes/EVSEID: 3 characters; expected 7..37\n");
    node_remove(n, 0);
    node_remove(n, 1);
    assert_string_equal(
        strstr(check(&m), "V2G_Message/Body"),
        "V2G_Message/Body/SessionSetupRes/ResponseCode: is absent; it is mandatory\n"
        "V2G_Message/Body/SessionSetupRes/EVSEID: is absent; it is mandatory\n");
    arena_close(&a);
}

static void test_structure(void **state)
{
    (void)state;
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    arena_open(&a, NULL, 0, 1 << 20);
    assert_int_equal(message_new(support_schema("iso15118-2"), "PowerDeliveryRes", &a, &m, &e), 0);
    struct node *n = message_named(&m).node;
    for (unsigned i = 1; i < n->type->fields; i++)
        node_remove(n, i);
    assert_non_null(strstr(check(&m), "is absent, and so are its alternatives"));
    assert_int_equal(
        message_new(support_schema("appprotocol"), "supportedAppProtocolReq", &a, &m, &e), 0);
    n = message_named(&m).node;
    n->v[0].l->n = 0;
    assert_string_equal(check(&m),
                        "supportedAppProtocolReq/AppProtocol: 0 entries; expected 1..20\n");
    n->v[0].l->n = 1;
    set_text(&a, n->v[0].l->v[0].n, "Priority", "25");
    assert_string_equal(check(&m), "supportedAppProtocolReq/AppProtocol/Priority: 25 is outside "
                                   "1..20\n");
    arena_close(&a);
}

static int close_all(void **state)
{
    buf_close(&found);
    return support_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_structure),
    };
    return cmocka_run_group_tests(tests, NULL, close_all);
}
