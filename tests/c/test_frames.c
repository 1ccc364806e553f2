/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams and Ethernet frames as events: of every kind, cut, or no message; and what a capture
 * says of the network, in words. */
#include "one_library.h"
#include "record/datagram.h"
#include "record/link_frame.h"
#include "support.h"

#define ADDRESS "FE800000000000000000000000000002"

static void test_datagrams(void **state)
{
    static const struct {
        const char *hex;
        bool to_station;
        enum event_kind kind;
        uint8_t from;
        const char *name, *text, *problem; /* problem: NULL: none */
    } CASES[] = {
        {"01FE9000000000021000", true, EVENT_FRAME, FROM_EVCC, "SECCDiscoveryReq", "no TLS", NULL},
        {"01FE9000000000020000", true, EVENT_FRAME, FROM_EVCC, "SECCDiscoveryReq", "TLS", NULL},
        {"01FE9000000000020100", true, EVENT_FRAME, FROM_EVCC, "SECCDiscoveryReq",
         "reserved Security", "SECCDiscoveryReq/Security: 1; expected one of 0, 16"},
        {"01FE90000000000110", true, EVENT_FRAME, FROM_EVCC, "SECCDiscoveryReq",
         "the input ends here", "the input ends here"},
        {"01FE900100000014" ADDRESS "EF9D1000", false, EVENT_FRAME, FROM_SECC, "SECCDiscoveryRes",
         "[fe80::2]:61341, no TLS", NULL},
        {"01FE900100000014" ADDRESS "00001000", false, EVENT_FRAME, FROM_SECC, "SECCDiscoveryRes",
         "[fe80::2], no TLS", "SDP SECCPort: expected a port, found 0"},
        {"01FE90010000001400000000000000000000000000000000EF9D1000", false, EVENT_FRAME, FROM_SECC,
         "SECCDiscoveryRes", "[::]:61341, no TLS", "expected the address of a station, found [::]"},
        {"01FE900100000014FF020000000000000000000000000001EF9D1000", false, EVENT_FRAME, FROM_SECC,
         "SECCDiscoveryRes", "[ff02::1]:61341, no TLS",
         "expected the address of a station, found [ff02::1]"},
        {"01FE900100000010" ADDRESS, false, EVENT_FRAME, FROM_SECC, "SECCDiscoveryRes",
         "the input ends here", "the input ends here"},
        {"01FE9002000000021000", true, EVENT_BYTES, FROM_EVCC, "",
         "sdp has no message of the payload type 0x9002",
         "sdp has no message of the payload type 0x9002"},
        {"01FE9002000000021000", false, EVENT_BYTES, FROM_SECC, "", "sdp has no message",
         "sdp has no message"},
        {"01FE90", true, EVENT_BYTES, FROM_EVCC, "", "", ""},
        {"02FE9000000000021000", false, EVENT_BYTES, FROM_SECC, "", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        static struct datagram d;
        struct endpoint from = {.port = 15118}, to = {.port = CASES[i].to_station ? 15118 : 40000};
        uint8_t bytes[64];
        int64_t n = hex_read(CASES[i].hex, strlen(CASES[i].hex), bytes, sizeof bytes);
        datagram_read(&d, &library, 0, "", &from, &to, (struct slice){bytes, (size_t)n});
        const struct event *e = &d.event;
        const char *problem = e->problem == NULL ? NULL : e->problem->what;
        if (e->kind != CASES[i].kind || e->from_role != CASES[i].from ||
            strcmp(e->name, CASES[i].name) != 0 || strstr(e->text, CASES[i].text) == NULL ||
            (problem == NULL) != (CASES[i].problem == NULL) || e->ok != (problem == NULL) ||
            (problem != NULL && strstr(problem, CASES[i].problem) == NULL &&
             CASES[i].problem[0] != '\0'))
            fail_msg("%s\n%d from %d: %s, %s (%s)", CASES[i].hex, e->kind, e->from_role, e->name,
                     e->text, problem != NULL ? problem : "");
        arena_close(&d.arena);
    }
}

#define MACS "020000000002020000000001"

static void test_link_frames(void **state)
{
    static const struct {
        const char *hex;
        enum event_kind kind;
        uint8_t from;
        const char *name, *text, *problem;
    } CASES[] = {
        {MACS "88E1016460000000000102030405060708", EVENT_FRAME, FROM_EVCC, "CM_SLAC_PARM_REQ",
         "02:00:00:00:00:01 to 02:00:00:00:00:02", "15 octets; expected 46 at least"},
        {MACS "88E101646000000000010203040506070800000000000000000000000000000000000000000000000000"
              "000000000000",
         EVENT_FRAME, FROM_EVCC, "CM_SLAC_PARM_REQ", "02:00:00:00:00:01 to 02:00:00:00:00:02",
         NULL},
        {MACS "88E101646000", EVENT_FRAME, FROM_NONE, "", "02:00:00:00:00:01 to",
         "the input ends here"},
        {MACS "88E1010100", EVENT_FRAME, FROM_NONE, "", "02:00:00:00:00:01 to",
         "MMTYPE 0x0001 is of no message"},
        {MACS "0800450000", EVENT_BYTES, FROM_NONE, "", "02:00:00:00:00:01 to",
         "17 octets, EtherType 0x0800; expected a frame of HomePlug, 0x88E1"},
        {"0200", EVENT_BYTES, FROM_NONE, "", "",
         "2 octets, EtherType 0x0000; expected a frame of HomePlug"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        static struct link_frame f;
        uint8_t bytes[80];
        int64_t n = hex_read(CASES[i].hex, strlen(CASES[i].hex), bytes, sizeof bytes);
        link_frame_read(&f, &library, 0, "", (struct slice){bytes, (size_t)n});
        const struct event *e = &f.event;
        const char *problem = e->problem == NULL ? NULL : e->problem->what;
        if (e->kind != CASES[i].kind || e->from_role != CASES[i].from ||
            strcmp(e->name, CASES[i].name) != 0 ||
            strncmp(e->text, CASES[i].text, strlen(CASES[i].text)) != 0 ||
            (problem == NULL) != (CASES[i].problem == NULL) ||
            (problem != NULL && strstr(problem, CASES[i].problem) == NULL))
            fail_msg("%s\n%d from %d: %s, %s (%s)", CASES[i].hex, e->kind, e->from_role, e->name,
                     e->text, problem != NULL ? problem : "");
        arena_close(&f.arena);
    }
}

static void test_network_in_words(void **state)
{
    static const struct {
        enum event_network network;
        int64_t taken_us;
        const char *text;
    } CASES[] = {
        {NETWORK_NONE, 0, ""},
        {NETWORK_FRAGMENTS, 0, ""},
        {NETWORK_RETRANSMISSION, 0, "the EVCC sent 7 bytes again"},
        {NETWORK_RETRANSMISSION, 205000,
         "the EVCC sent 7 bytes again, 205.0 ms after it had sent them first"},
        {NETWORK_SYN_AGAIN, 3000000,
         "the connection is open after 3 SYN of the EVCC, 3000.0 ms after the first"},
        {NETWORK_UNACKNOWLEDGED, 1500,
         "the SECC has not acknowledged 7 bytes of the EVCC, sent 1.5 ms before"},
        {NETWORK_CUT, 0,
         "a packet of the EVCC was captured only in part: 7 bytes of it are missing (the snapshot "
         "length was too short)"},
        {NETWORK_ZERO_WINDOW, 0, "the EVCC takes no more data: its window is 0"},
        {NETWORK_WINDOW_OPEN, 2000, "the EVCC takes data again, 2.0 ms after its window was 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[EVENT_TEXT];
        struct event e = {.kind = EVENT_NETWORK,
                          .network = (uint8_t)CASES[i].network,
                          .from_role = FROM_EVCC,
                          .octets = 7,
                          .times = 3,
                          .taken_us = CASES[i].taken_us};
        assert_string_equal(event_network_text(&e, text), CASES[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_link_frames),
        cmocka_unit_test(test_network_in_words),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
