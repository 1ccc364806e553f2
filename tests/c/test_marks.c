/* SPDX-License-Identifier: Apache-2.0 */
/* What messages say by the marks of their descriptions, and marks that there are not. */
#include "codec/defaults.h"
#include "codec/marks.h"
#include "record/event.h"
#include "schema/library.h"
#include "support.h"

static struct library library;
static struct arena arena;
static struct message message;

static const struct node *fresh(const char *set, const char *name)
{
    struct err e = ERR_INIT;
    arena_reset(&arena);
    const struct schema *s = library_get(&library, set, &e);
    assert_non_null(s);
    assert_int_equal(message_new(s, name, &arena, &message, &e), 0);
    return message_named(&message).node;
}

static void test_numbers(void **state)
{
    double x = 0;
    (void)state;
    const struct node *n = fresh("iso15118-2", "CurrentDemandRes");
    assert_true(marked_number(n, MARK_VOLTAGE, &x));
    assert_true(x > 100 && x < 1000);
    assert_true(marked_number(n, MARK_CURRENT, &x));
    assert_false(marked_number(n, MARK_SOC, &x));
    n = fresh("iso15118-2", "CurrentDemandReq"); /* within DC_EVStatus */
    assert_true(marked_number(n, MARK_SOC, &x));
    assert_true(x >= 0 && x <= 100);
    assert_false(marked_number(n, MARK_VOLTAGE, &x)); /* what it wants is none */
}

/* Every response of every protocol has its code. */
static void test_codes(void **state)
{
    static const char *const SETS[] = {
        "appprotocol",           "din70121",         "iso15118-2",
        "iso15118-20-common",    "iso15118-20-ac",   "iso15118-20-dc",
        "iso15118-20-wpt",       "iso15118-20-acdp", "iso15118-20-ac-der-iec",
        "iso15118-20-ac-der-sae"};
    unsigned seen = 0;
    (void)state;
    for (size_t i = 0; i < sizeof SETS / sizeof *SETS; i++) {
        struct err e = ERR_INIT;
        const struct schema *s = library_get(&library, SETS[i], &e);
        assert_non_null(s);
        for (unsigned k = 0; k < s->messages; k++) {
            const char *name = s->message[k]->as.name;
            struct event event = {.code = ""};
            fresh(SETS[i], name);
            event_take_message(&event, &message);
            bool is_response = strcmp(name + strlen(name) - 3, "Res") == 0;
            if (is_response != (event.code[0] != '\0'))
                fail_msg("%s: code '%s'", name, event.code);
            assert_false(event.is_failed);
            seen += is_response;
        }
    }
    assert_true(seen > 40);
}

static int one_text(void *context, const char *name, struct slice *text, const char **file)
{
    (void)name;
    *text = (struct slice){context, strlen(context)};
    *file = "x.schema";
    return 0;
}

static void test_wrong_mark(void **state)
{
    static char text[] = "schema x X payload 0x8001\nnamespace m urn:x\n"
                         "message AReq anonymous from evcc\n  Way int = 1 !keys -- doc\n";
    struct err e = ERR_INIT;
    (void)state;
    assert_null(schema_load("x", one_text, text, &e));
    assert_non_null(strstr(e.what, "there is no mark !keys; expected !key, "));
    assert_int_equal(e.line, 4);
}

static int open_all(void **state)
{
    (void)state;
    library_open(&library);
    arena_open(&arena, NULL, 0, 1 << 20);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    arena_close(&arena);
    library_close(&library);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_wrong_mark),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
