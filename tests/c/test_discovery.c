/* SPDX-License-Identifier: Apache-2.0 */
/* What SDP says: datagrams as they are read, judged and recorded, made, and chosen by a station. */
#include "session/discovery.h"

#include "codec/json.h"
#include "one_library.h"
#include "wire/v2gtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t REQUEST[] = {0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0x10, 0x00};
static const uint8_t RESPONSE[] = {0x01, 0xFE, 0x90, 0x01, 0,    0,    0,    20,  0xFE, 0x80,
                                   0,    0,    0,    0,    0,    0,    0,    0,   0,    0xFF,
                                   0xFE, 0,    0,    1,    0xD3, 0x47, 0x10, 0x00};

static void read_datagram(struct datagram *d, const uint8_t *p, size_t n)
{
    const struct endpoint car = {.port = 50001}, station = {.port = SDP_PORT};
    datagram_read(d, &library, 1, "", &car, &station, (struct slice){p, n});
}

static void datagrams_are_read_as_messages(void **state)
{
    struct datagram d;
    struct endpoint secc;
    struct err e = ERR_INIT;
    struct buf json = {0};
    char text[ENDPOINT_TEXT];
    (void)state;
    read_datagram(&d, REQUEST, sizeof REQUEST);
    assert_true(d.event.ok && d.event.problem == NULL && d.event.kind == EVENT_FRAME);
    assert_int_equal(d.security, DATAGRAM_NO_TLS);
    assert_string_equal(d.event.name, "SECCDiscoveryReq");
    assert_string_equal(d.event.text, "no TLS");
    json_print(d.event.message, JSON_LINE, &json);
    assert_string_equal(buf_string(&json),
                        "{\"SECCDiscoveryReq\":{\"Security\":16,\"TransportProtocol\":0}}");
    read_datagram(&d, RESPONSE, sizeof RESPONSE);
    assert_true(d.event.ok && d.event.from_role == FROM_SECC);
    assert_string_equal(d.event.text, "[fe80::ff:fe00:1]:54087, no TLS");
    assert_true(discovery_found(&d, "eth1", &secc, &e));
    assert_string_equal(endpoint_text(&secc, text, sizeof text), "[fe80::ff:fe00:1%eth1]:54087");
    buf_close(&json);
}

static void a_request_is_made(void **state)
{
    struct buf out = {0};
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(discovery_request(&library, DATAGRAM_NO_TLS, &out, &e), 0);
    assert_int_equal(out.n, sizeof REQUEST);
    assert_memory_equal(out.p, REQUEST, sizeof REQUEST);
    buf_close(&out);
}

static void wrong_datagrams_are_refused(void **state)
{
    static const struct {
        uint8_t bytes[12];
        size_t n;
        const char *what;
    } WRONG[] = {
        {{0}, 0, "V2GTP header: expected 8 bytes, found a datagram of 0"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 0},
         8,
         "V2GTP payload length: expected 1 byte or more, found 0"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 1, 0},
         9,
         "the input ends here (1 octets): expected 1 octets more, found 0"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 3, 0, 0, 0},
         11,
         "SECCDiscoveryReq: 1 octets behind the last field"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0, 0, 0},
         11,
         "V2GTP payload length: expected 3 as the datagram has, found 2 in the header"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0, 0},
         10,
         "V2GTP payload type: expected 0x9001 (SDP response), found 0x9000 (SDP request)"},
        {{0x02, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0, 0},
         10,
         "V2GTP version: expected 0x01, found 0x02"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct datagram d;
        struct endpoint secc;
        struct err e = ERR_INIT;
        read_datagram(&d, WRONG[i].bytes, WRONG[i].n);
        assert_false(discovery_found(&d, "lo", &secc, &e));
        assert_string_equal(e.what, WRONG[i].what);
    }
    for (size_t n = 0; n < sizeof RESPONSE; n++) {
        struct datagram d;
        read_datagram(&d, RESPONSE, n);
        assert_false(d.event.ok);
        assert_true(d.problem.set && d.event.text[0] != '\0');
    }
}

/* Reads the response with one octet changed. */
static void expect_wrong(size_t at, uint8_t octet, const char *what)
{
    uint8_t bytes[sizeof RESPONSE];
    struct datagram d;
    memcpy(bytes, RESPONSE, sizeof bytes);
    bytes[at] = octet;
    read_datagram(&d, bytes, sizeof bytes);
    assert_non_null(d.event.message);
    assert_string_equal(d.problem.what, what);
}

static void wrong_values_are_told(void **state)
{
    static const uint8_t no_port[] = {0x01, 0xFE, 0x90, 0x01, 0, 0, 0, 20, 0xFE, 0x80,
                                      0,    0,    0,    0,    0, 0, 0, 0,  0,    0xFF,
                                      0xFE, 0,    0,    1,    0, 0, 0, 0};
    struct datagram d;
    (void)state;
    expect_wrong(26, 1, "SECCDiscoveryRes/Security: 1; expected one of 0, 16");
    expect_wrong(27, 0x10, "SECCDiscoveryRes/TransportProtocol: 16; expected 0");
    expect_wrong(8, 0xFF,
                 "SDP SECCIPAddress: expected the address of a station, found "
                 "[ff80::ff:fe00:1]:54087");
    read_datagram(&d, no_port, sizeof no_port);
    assert_string_equal(d.problem.what, "SDP SECCPort: expected a port, found 0");
    assert_string_equal(d.text, "[fe80::ff:fe00:1], TLS");
}

static void the_answer_follows_the_table_of_security(void **state)
{
    const struct endpoint plain = {.port = 1}, tls = {.port = 2};
    (void)state;
    assert_ptr_equal(discovery_choose(DATAGRAM_TLS, &plain, NULL), &plain);
    assert_ptr_equal(discovery_choose(DATAGRAM_NO_TLS, &plain, NULL), &plain);
    assert_ptr_equal(discovery_choose(DATAGRAM_TLS, NULL, &tls), &tls);
    assert_null(discovery_choose(DATAGRAM_NO_TLS, NULL, &tls));
    assert_ptr_equal(discovery_choose(DATAGRAM_TLS, &plain, &tls), &tls);
    assert_ptr_equal(discovery_choose(DATAGRAM_NO_TLS, &plain, &tls), &plain);
    assert_null(discovery_choose(DATAGRAM_TLS, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_are_read_as_messages),
        cmocka_unit_test(a_request_is_made),
        cmocka_unit_test(wrong_datagrams_are_refused),
        cmocka_unit_test(wrong_values_are_told),
        cmocka_unit_test(the_answer_follows_the_table_of_security),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
