/* SPDX-License-Identifier: Apache-2.0 */
/* Reading captures: the files are made here, packet by packet; events are compared as text. */
#include "made_capture.h"

static void test_session(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    make_session();
    expect(SESSION);
    assert_int_equal(totals.packets, 8);
    assert_int_equal(totals.connections, 1);
    assert_int_equal(totals.cut, 0);
    assert_int_equal(totals.first_us, 1700000000001000);
    assert_int_equal(totals.last_us, 1700000000008000);
    begin(LINK_ETHERNET);
    vlan = extensions = true;
    make_session();
    expect(SESSION);
    begin(LINK_ETHERNET);
    four = true;
    make_session();
    expect(SESSION);
}

static void test_links(void **state)
{
    (void)state;
    static const int links[] = {LINK_RAW, LINK_SLL, LINK_SLL2};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        begin(links[i]);
        make_session();
        expect(SESSION);
    }
    begin(LINK_ETHERNET);
    nano = true;
    memcpy(file.p, "\x4D\x3C\xB2\xA1", 4);
    make_session();
    expect(SESSION);
    assert_int_equal(totals.last_us, 1700000000008000);
    begin(LINK_ETHERNET);
    file.p[20] = 189;
    make_session();
    expect_error("link layer is USB (189)");
}

static void test_reordering(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 6, 0, "ghi");
    car(ACK, 3, 0, "def");
    car(ACK | FIN, 9, 0, "");
    car(ACK, 0, 0, "abc");
    expect(OPEN "1 car abc #7\n1 car def #5\n1 car ghi #4\n1 car FIN\n");
}

static void test_retransmission_and_overlap(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(SYN, (uint32_t)-1, 0, "");
    car(ACK, 0, 0, "abc");
    car(ACK, 0, 0, "abc");
    car(ACK, 1, 0, "bcdef");
    car(ACK, 5, 0, "f"); /* keep-alive */
    car(ACK, 12, 0, "mn");
    car(ACK, 12, 0, "mn");
    car(ACK, 8, 0, "ijklmnop");
    car(ACK, 6, 0, "gh");
    station(SYN | ACK, (uint32_t)-1, 0, "");
    car(ACK, 3, 0, "defghijklmnopq");
    expect(OPEN "1 car abc #5\n1 car retransmission 3 bytes, 1 ms, 0 SYN\n1 car def #7\n"
                "1 car retransmission 1 bytes, 1 ms, 0 SYN\n"
                "1 car retransmission 2 bytes, 1 ms, 0 SYN\n"
                "1 car gh #12\n1 car ijklmnop #11\n1 car q #14\n");
}

static void test_loss(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 0, 0, "abc");
    car(ACK, 13, 0, "def");
    station(ACK, 0, 3, ""); /* nothing decided */
    station(ACK, 0, 16, "xyz");
    car(ACK, 20, 0, "ghi");
    station(ACK | FIN, 8, 16, "");
    expect(OPEN "1 car abc #4\n1 car lost 10\n1 car def #5\n1 station xyz #7\n"
                "1 car lost 4\n1 car ghi #8\n1 station lost 5\n1 station FIN\n");
}

/* The last data are not in the capture, but acknowledged. */
static void test_loss_at_the_end(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 0, 0, "abc");
    station(ACK, 0, 50, "");
    car(ACK, 50, 1, ""); /* 1 may be a FIN */
    expect(OPEN "1 car abc #4\n1 car lost 47\n");
    car(ACK | FIN, 60, 0, "");
    car(ACK | RST, 61, 0, "");
    expect(OPEN "1 car abc #4\n1 car lost 57\n1 car FIN\n"
                "1 car unacknowledged 10 bytes, 3 ms, 0 SYN\n1 car RST\n");
}

static void test_loss_limit(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    for (uint32_t i = 0; i < 1100; i++)
        car(ACK, 10 + 2 * i, 0, "x");
    assert_int_equal(read_made(), 0);
    const char *text = buf_string(&events);
    static const char start[] = OPEN "1 car lost 10\n1 car x #4\n1 car lost 1\n1 car x #5\n";
    assert_memory_equal(text, start, strlen(start));
    assert_non_null(strstr(text, "1 car x #1103\n"));
}

/* Packets recorded in part: what is there is reported, the rest is lost. */
static void test_cut_packets(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    snap = 14 + 40 + 24 + 4;
    handshake();
    car(ACK, 0, 0, "request1");
    station(ACK, 0, 8, "no");
    car(ACK, 8, 2, "request2");
    station(ACK, 2, 16, "");
    expect(OPEN "1 car cut 4 bytes, 0 ms, 0 SYN\n1 car requ #4\n1 station no #5\n"
                "1 car cut 4 bytes, 0 ms, 0 SYN\n1 car lost 4\n1 car requ #6\n1 car lost 4\n");
    assert_int_equal(totals.cut, 2);
}

static void test_wrap(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    uint32_t isn = UINT32_MAX - 4;
    tcp_ports(true, SYN, isn, 0, "", CAR_PORT);
    tcp_ports(false, SYN | ACK, UINT32_MAX, isn + 1, "", CAR_PORT);
    tcp_ports(true, ACK, isn + 4, 0, "defgh", CAR_PORT);
    tcp_ports(true, ACK, isn + 1, 0, "abc", CAR_PORT);
    tcp_ports(true, ACK, isn + 15, 0, "xyz", CAR_PORT);
    tcp_ports(false, ACK, 0, isn + 18, "answer", CAR_PORT);
    expect(OPEN "1 car abc #4\n1 car defgh #3\n1 car lost 6\n1 car xyz #5\n"
                "1 station answer #6\n");
}

static void test_port_used_again(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    make_session();
    tcp_ports(true, SYN, 77, 0, "", CAR_PORT);
    tcp_ports(false, SYN | ACK, 88, 78, "", CAR_PORT);
    tcp_ports(true, ACK, 78, 89, "again", CAR_PORT);
    tcp_ports(true, SYN, 5000077, 0, "", CAR_PORT);
    tcp_ports(false, SYN | ACK, 88, 5000078, "", CAR_PORT);
    tcp_ports(true, ACK | RST, 5000078, 89, "", CAR_PORT);
    tcp_ports(true, ACK, 78 + 500000000, 89, "third", CAR_PORT);
    expect(SESSION "2 open 50000>61341\n2 car again #11\n2 car port used again\n"
                   "3 open 50000>61341\n3 car RST\n"
                   "4 open 50000>61341 in the middle\n4 car third #15\n");
}

/* One odd segment is dropped, a second shows that the capture misses a handshake. */
static void test_far_sequence_numbers(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 0, 0, "abc");
    car(ACK, 1000000000, 0, "damaged");
    car(ACK, 3, 1000000000, "def");
    car(ACK, 2000000000, 0, "new");
    car(ACK, 2000000003, 0, "er");
    expect(OPEN "1 car abc #4\n1 car def #6\n1 car port used again\n"
                "2 open 50000>61341 in the middle\n2 car er #8\n");
}

/* As a car does that reuses its port too early: the answer acknowledges an old connection. */
static void test_refused_and_tried_again(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    car(SYN, (uint32_t)-1, 0, "");
    station(ACK, 555555555, 875425134, "");
    car(RST, 875425134, 0, "");
    car(SYN, (uint32_t)-1, 0, "");
    station(SYN | ACK, (uint32_t)-1, 0, "");
    car(ACK, 0, 0, "abc");
    tcp_ports(true, SYN, 5, 0, "", 50001);
    tcp_ports(false, RST | ACK, 0, 6, "", 50001);
    expect(OPEN "1 car abc #6\nrefused 50001>61341, 1 SYN in 1 ms\n");
}

/* What was sent again, and when first; a byte that asks whether somebody is there is no data; nor
 * is what two interfaces have captured. */
static void test_sent_again(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 0, 0, "abc");
    now -= 900;
    car(ACK, 0, 0, "abc");
    now += 199900;
    car(ACK, 0, 0, "abc");
    station(ACK, 0, 3, "");
    car(ACK, 2, 0, "c");
    station(ACK, 0, 3, "x");
    now += 400000;
    station(ACK, 0, 3, "x");
    expect(OPEN "1 car abc #4\n1 car retransmission 3 bytes, 201 ms, 0 SYN\n1 station x #9\n"
                "1 station retransmission 1 bytes, 401 ms, 0 SYN\n");
}

/* A segment that was only late fills the hole, and was not sent twice. */
static void test_late_segment(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 3, 0, "def");
    car(ACK, 0, 0, "abc");
    expect(OPEN "1 car abc #5\n1 car def #4\n");
}

static void test_window(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    window = 0;
    station(ACK, 0, 0, "");
    now += 99000;
    station(ACK, 0, 0, "");
    window = 10;
    station(ACK, 0, 0, "");
    expect(OPEN "1 station zero window 0 bytes, 0 ms, 0 SYN\n"
                "1 station window open 0 bytes, 101 ms, 0 SYN\n");
}

/* Data that nobody acknowledges: where the capture went on for so long that it had to come, and
 * before a RST; not where the other direction is not in the capture. */
static void test_unacknowledged(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    station(ACK, 0, 0, "");
    car(ACK, 0, 0, "abc");
    car(ACK, 3, 0, "de");
    expect(OPEN "1 car abc #5\n1 car de #6\n");
    now += 600000;
    station(ACK, 0, 3, "");
    now += 600000;
    car(ACK, 5, 0, "");
    expect(OPEN "1 car abc #5\n1 car de #6\n1 car unacknowledged 2 bytes, 601 ms, 0 SYN\n");
    station(RST, 0, 0, "");
    expect(OPEN "1 car abc #5\n1 car de #6\n1 car unacknowledged 2 bytes, 602 ms, 0 SYN\n"
                "1 station RST\n");
    begin(LINK_ETHERNET);
    car(SYN, (uint32_t)-1, 0, "");
    car(ACK, 0, 0, "abc");
    now += 900000;
    car(ACK, 3, 0, "");
    expect("1 open 50000>61341\n1 car abc #2\n");
}

static void test_not_answered(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    for (int i = 0; i < 3; i++) {
        car(SYN, (uint32_t)-1, 0, "");
        now += 999000;
    }
    expect("timeout 50000>61341, 3 SYN in 2000 ms\n");
    station(SYN | ACK, (uint32_t)-1, 0, "");
    expect("1 open 50000>61341\n1 car SYN again 0 bytes, 3000 ms, 3 SYN\n");
    begin(LINK_ETHERNET);
    for (int i = 0; i < 2; i++) {
        car(SYN, (uint32_t)-1, 0, "");
        station(RST | ACK, (uint32_t)-1, 0, "");
    }
    expect("refused 50000>61341, 1 SYN in 1 ms\nrefused 50000>61341, 1 SYN in 1 ms\n");
}

static void test_in_the_middle(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    car(ACK, 0, 0, "");
    station(ACK, 100, 7, "answer");
    car(ACK, 7, 106, "more");
    station(ACK, 0, 7, "old");
    station(ACK, 126, 11, "end");
    car(ACK | RST, 11, 129, "");
    expect("1 open 61341>50000 in the middle\n1 car answer #2\n1 station more #3\n"
           "1 car retransmission 3 bytes, 0 ms, 0 SYN\n"
           "1 car lost 20\n1 car end #5\n1 station RST\n");
}

/* A step of the clock is told, and times behind it are as they are; a packet that is a little out
 * of order is none. */
static void test_clock_back(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 0, 0, "one");
    now -= 60000000;
    station(ACK, 0, 3, "two");
    now -= 3000;
    car(ACK, 3, 3, "three");
    expect("1 open 50000>61341\n"
           "1 car one #4\n"
           "clock back 59999000 to -59995000\n"
           "1 station two #5\n"
           "1 car three #6\n");
}

static void test_sdp(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    udp(true, SDP_REQUEST);
    udp(false, SDP_RESPONSE);
    station(ACK, 100, 7, "answer");
    expect("udp 40000>15118 " SDP_REQUEST "\nudp 15118>40000 " SDP_RESPONSE "\n"
           "1 open 50000>61341 in the middle\n1 station answer #3\n");
    begin(LINK_ETHERNET);
    udp(true, SDP_REQUEST);
    station(ACK, 100, 7, "answer");
    expect("udp 40000>15118 " SDP_REQUEST "\n"
           "1 open 50000>61341 in the middle\n1 station answer #2\n");
}

static void test_several_at_once(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    for (int port = 1; port <= 3; port++) {
        tcp_ports(true, SYN, 0, 0, "", port);
        tcp_ports(false, SYN | ACK, 0, 1, "", port);
    }
    for (int port = 3; port >= 1; port--)
        tcp_ports(true, ACK, 1, 1, port == 2 ? "two" : "other", port);
    expect("1 open 1>61341\n2 open 2>61341\n3 open 3>61341\n"
           "3 car other #7\n2 car two #8\n1 car other #9\n");
}

static void test_cut_file(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    make_session();
    size_t whole = file.n;
    for (size_t n = 1; n < whole; n++) {
        file.n = n;
        read_made();
    }
    file.n = whole - 30; /* within the last packet */
    expect_error("behind packet 7: truncated");
    assert_string_equal(buf_string(&events), SESSION);
    assert_int_equal(totals.packets, 7);
}

static void test_garbage(void **state)
{
    (void)state;
    buf_clear(&file);
    expect_error("found only 0 bytes");
    buf_text(&file, "PK\3\4 what an archive begins with, for example");
    expect_error("found 504B0304");
    problem = ERR_INIT;
    struct capture_source from = {.name = "/tmp", .fd = open("/tmp", O_RDONLY)};
    assert_int_equal(capture_read(&from, &EVENTS, NULL, NULL, &problem), -1);
    close(from.fd);
}

/* Every single-bit change behind the file's header is survived. */
static void test_bit_flips(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    extensions = vlan = true;
    make_session();
    for (size_t bit = 24 * 8; bit < file.n * 8; bit += 3) {
        file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        read_made();
        file.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_reordering),
        cmocka_unit_test(test_retransmission_and_overlap),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_loss_at_the_end),
        cmocka_unit_test(test_loss_limit),
        cmocka_unit_test(test_cut_packets),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_port_used_again),
        cmocka_unit_test(test_far_sequence_numbers),
        cmocka_unit_test(test_refused_and_tried_again),
        cmocka_unit_test(test_sent_again),
        cmocka_unit_test(test_late_segment),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_unacknowledged),
        cmocka_unit_test(test_not_answered),
        cmocka_unit_test(test_in_the_middle),
        cmocka_unit_test(test_clock_back),
        cmocka_unit_test(test_sdp),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_cut_file),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_bit_flips),
    };
    return made_run(tests, sizeof tests / sizeof *tests);
}
