/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints as text, and what the system knows of the loopback interface. */
#include "wire/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void texts_are_read_and_printed(void **state)
{
    static const char *const texts[][2] = {
        {"[fe80::1%eth1]:15118", "[fe80::1%eth1]:15118"},
        {"[::1]:65535", "[::1]:65535"},
        {"[::1]", "[::1]"},
        {"::1", "[::1]"},
        {"fe80::1%eth1", "[fe80::1%eth1]"},
        {"[ff02::1%a23456789012345]:1", "[ff02::1%a23456789012345]:1"},
        {"192.0.2.1:80", "192.0.2.1:80"},
        {"192.0.2.1", "192.0.2.1"},
        {"[::ffff:192.0.2.1]:80", "192.0.2.1:80"},
        {"localhost:1", "[::1]:1"},
        {"2001:db8::1:2", "[2001:db8::1:2]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct endpoint a;
        struct err e = ERR_INIT;
        char text[ENDPOINT_TEXT];
        assert_int_equal(endpoint_parse(texts[i][0], &a, &e), 0);
        assert_string_equal(endpoint_text(&a, text, sizeof text), texts[i][1]);
    }
}

static void wrong_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ":",
        ":1",
        "[",
        "[]",
        "[]:1",
        "[::1",
        "[::1]1",
        "[::1]:",
        "[::1]:0",
        "[::1]:65536",
        "[::1]:1x",
        "[::1]:-1",
        "[::1%]:1",
        "fe80::1%a234567890123456",
        "192.0.2.1:",
        "192.0.2:1",
        "192.0.2.1%eth0:1",
        "example",
        "::1:x",
        "[:::1]",
        "[00000000000000000000000000000000000000000000000000000000000000000000000000001]:1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct endpoint a;
        struct err e = ERR_INIT;
        assert_int_equal(endpoint_parse(texts[i], &a, &e), -1);
        assert_non_null(strstr(e.what, "[fe80::1%eth1]:15118"));
    }
}

static void kinds_are_told_apart(void **state)
{
    struct endpoint a, b;
    struct err e = ERR_INIT;
    (void)state;
    endpoint_parse("[fe80::1%eth1]:1", &a, &e);
    assert_true(endpoint_is_link_local(&a) && !endpoint_is_multicast(&a));
    endpoint_parse("[fec0::1]:1", &b, &e);
    assert_false(endpoint_is_link_local(&b));
    endpoint_parse("[ff02::1]:1", &b, &e);
    assert_true(endpoint_is_multicast(&b) && !endpoint_is_unset(&b));
    endpoint_learn_mac(&b);
    assert_memory_equal(b.mac, "\x33\x33\0\0\0\1", 6);
    endpoint_parse("[fe80::1]:1", &b, &e);
    assert_true(endpoint_same(&a, &b));
    endpoint_parse("[fe80::1]:2", &b, &e);
    assert_false(endpoint_same(&a, &b));
    endpoint_parse("[fe80::fc:12ff:fe34:5678]", &b, &e);
    endpoint_learn_mac(&b);
    assert_memory_equal(b.mac, "\x02\xFC\x12\x34\x56\x78", 6);
}

static void the_loopback_interface_is_known(void **state)
{
    struct endpoint a;
    struct sockaddr_in6 in;
    struct err e = ERR_INIT;
    char text[ENDPOINT_TEXT];
    (void)state;
    assert_int_equal(endpoint_of_interface("lo", &a, &e), 0);
    assert_string_equal(endpoint_text(&a, text, sizeof text), "[::1%lo]");
    assert_int_equal(endpoint_of_interface("1", &a, &e), 0);
    assert_string_equal(a.interface, "lo");
    assert_int_equal(endpoint_to_address(&a, &in, &e), 0);
    assert_int_equal(in.sin6_scope_id, 1);
}

static void missing_interfaces_are_named(void **state)
{
    struct endpoint a;
    struct sockaddr_in6 in;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(endpoint_of_interface("nosuch0", &a, &e), -1);
    assert_non_null(strstr(e.what, "found \"nosuch0\""));
    assert_non_null(strstr(e.what, "lo"));
    e = ERR_INIT;
    endpoint_parse("[fe80::1]:15118", &a, &e);
    assert_int_equal(endpoint_to_address(&a, &in, &e), -1);
    assert_string_equal(e.what, "a link-local address needs its interface, as in "
                                "[fe80::1%eth1]:15118; found [fe80::1]:15118");
    e = ERR_INIT;
    endpoint_parse("[fe80::1%nosuch0]:15118", &a, &e);
    assert_int_equal(endpoint_to_address(&a, &in, &e), -1);
    assert_non_null(strstr(e.what, "found \"nosuch0\""));
}

static void dynamic_ports_are_in_their_range(void **state)
{
    bool differs = false;
    uint16_t first = endpoint_random_port();
    (void)state;
    for (int i = 0; i < 100; i++) {
        uint16_t port = endpoint_random_port();
        assert_in_range(port, 49152, 65535);
        differs |= port != first;
    }
    assert_true(differs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_and_printed),
        cmocka_unit_test(wrong_texts_are_refused),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(the_loopback_interface_is_known),
        cmocka_unit_test(missing_interfaces_are_named),
        cmocka_unit_test(dynamic_ports_are_in_their_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
