/* SPDX-License-Identifier: Apache-2.0 */
/* Captures in which something is odd: copies, one direction alone, ends that belong to nothing, and
 * what begins in the middle; and readers that ask for little. */
#include "made_capture.h"
#include "memory.h"

#include <sys/socket.h>
#include <sys/un.h>

/* The same packet again, 0.1 ms later; all that may differ makes it another one. */
static void test_copies(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    station(ACK, 0, 0, "");
    car(ACK, 0, 0, "a");
    now -= 900;
    car(ACK, 0, 0, "a"); /* a copy */
    now -= 900;
    car(ACK, 0, 0, "ab"); /* longer */
    now -= 900;
    car(ACK | 8, 0, 0, "ab"); /* with PSH */
    now -= 900;
    car(ACK, 0, 1, "ab"); /* acknowledges more */
    now -= 900;
    window = 0;
    car(ACK, 0, 1, "ab");
    now -= 9000;
    car(ACK, 0, 1, "ab"); /* far before it */
    expect(OPEN "1 car a #5\n1 car b #7\n1 car retransmission 2 bytes, 0 ms, 0 SYN\n"
                "1 car retransmission 2 bytes, 0 ms, 0 SYN\n"
                "1 car zero window 0 bytes, 0 ms, 0 SYN\n"
                "1 car retransmission 2 bytes, 0 ms, 0 SYN\n"
                "1 car retransmission 2 bytes, 0 ms, 0 SYN\n");
}

/* One byte that is sent again is a question only where what is before it was acknowledged. */
static void test_one_byte_again(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 0, 0, "a");
    now += 10000;
    car(ACK, 0, 0, "a");
    station(ACK, 0, 1, "");
    car(ACK, 0, 0, "a");
    expect(OPEN "1 car a #4\n1 car retransmission 1 bytes, 11 ms, 0 SYN\n");
}

/* Nobody has acknowledged anything: then it is no question. */
static void test_one_byte_of_one_direction(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    car(0, 0, 0, "a");
    car(0, 0, 0, "a");
    expect("1 open 50000>61341 in the middle\n1 car a #1\n"
           "1 car retransmission 1 bytes, 1 ms, 0 SYN\n");
}

/* A SYN says nothing of the window, as what it has is not scaled. */
static void test_window_of_a_syn(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    window = 0;
    car(SYN, (uint32_t)-1, 0, "");
    station(SYN | ACK, (uint32_t)-1, 0, "");
    window = 10;
    car(ACK, 0, 0, "a");
    expect(OPEN "1 car a #3\n");
}

/* Packets of a connection that was refused; a SYN behind one of which the capture has the end. */
static void test_behind_the_end(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    car(SYN, (uint32_t)-1, 0, "");
    station(RST | ACK, (uint32_t)-1, 0, "");
    car(ACK, 0, 0, "");
    expect("refused 50000>61341, 1 SYN in 1 ms\n");
    begin(LINK_ETHERNET);
    car(ACK, 0, 0, "abc");
    car(RST, 3, 0, "");
    car(ACK, 3, 0, "");
    tcp_ports(true, SYN, CAR_ISN, 0, "", CAR_PORT);
    tcp_ports(false, SYN | ACK, 7, CAR_ISN + 1, "", CAR_PORT);
    expect("1 open 50000>61341 in the middle\n1 car abc #1\n1 car RST\n2 open 50000>61341\n");
}

/* The same datagram is a copy where it comes from the same sender, at once. */
static void test_copies_of_datagrams(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    udp(true, SDP_REQUEST);
    now -= 900;
    udp(true, SDP_REQUEST);
    now -= 900;
    udp(false, SDP_REQUEST);
    now += 5000;
    udp(true, SDP_REQUEST);
    now -= 9000;
    udp(true, SDP_REQUEST);
    expect("udp 40000>15118 " SDP_REQUEST "\nudp 15118>40000 " SDP_REQUEST
           "\nudp 40000>15118 " SDP_REQUEST "\nudp 40000>15118 " SDP_REQUEST "\n");
}

/* Segments that wait behind a hole until the capture ends; a longer one at the same place. */
static void test_hole_at_the_end(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 3, 0, "de");
    car(ACK, 3, 0, "defg");
    car(ACK, 3, 0, "d");
    car(ACK, 10, 0, "k");
    expect(OPEN "1 car retransmission 1 bytes, 2 ms, 0 SYN\n1 car lost 3\n1 car de #4\n"
                "1 car fg #5\n1 car lost 3\n1 car k #7\n");
}

/* Nothing of the data is in the capture, and they are behind a hole. */
static void test_cut_to_nothing(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    snap = 14 + 40 + 24;
    handshake();
    car(ACK, 3, 0, "def");
    car(ACK, 0, 0, "abc");
    expect(OPEN "1 car cut 3 bytes, 0 ms, 0 SYN\n1 car cut 3 bytes, 0 ms, 0 SYN\n1 car lost 6\n");
}

/* Megabytes wait behind a hole: it is given up. */
static void test_too_much_waits(void **state)
{
    static char text[60001];
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    memset(text, 'x', sizeof text - 1);
    for (uint32_t i = 0; i < 80; i++)
        car(ACK, 10 + 60000 * i, 0, text);
    assert_int_equal(read_made(), 0);
    const char *lost = strstr(buf_string(&events), "1 car lost 10\n");
    assert_non_null(lost);
    assert_non_null(strstr(lost, " #83\n"));
    assert_null(strstr(lost + 10, "lost"));
}

/* Only one direction is in the capture, from the middle on. */
static void test_one_direction(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    car(0, 0, 0, "abc");
    car(0, 3, 0, "def");
    expect("1 open 50000>61341 in the middle\n1 car abc #1\n1 car def #2\n");
    car(FIN, 6, 0, "");
    station(FIN, 0, 0, "");
    station(RST, 1, 0, "");
    expect("1 open 50000>61341 in the middle\n1 car abc #1\n1 car def #2\n1 car FIN\n"
           "1 station FIN\n");
}

/* FIN and RST whose numbers are far from the connection's belong to none; nor do they begin one. */
static void test_far_ends(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    car(RST, 0, 0, "abc");
    car(FIN, 0, 0, "");
    handshake();
    car(ACK, 0, 0, "abc");
    car(FIN | ACK, 1000000000, 0, "");
    car(RST, 1000000000, 0, "");
    station(ACK, 0, 3, "xyz");
    car(ACK | FIN, 3, 3, "");
    car(ACK | FIN, 3, 3, "");
    station(RST, 3, 4, "");
    station(RST, 3, 4, "");
    expect(OPEN "1 car abc #6\n1 station xyz #9\n1 car FIN\n1 station RST\n");
}

/* A RST behind holes: what is before both FIN is lost, and then it is over without the RST. */
static void test_reset_behind_both_ends(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK | FIN, 3, 0, "");
    station(ACK | FIN, 3, 0, "");
    car(RST, 4, 0, "");
    expect(OPEN "1 car lost 3\n1 car FIN\n1 car unacknowledged 3 bytes, 4 ms, 0 SYN\n"
                "1 station lost 3\n1 station FIN\n");
}

/* Who is the client, where the capture has no SYN: by a hello of TLS, by a low port. */
static void test_who_is_the_client(void **state)
{
    static const struct {
        bool from_car;
        const char *text;
        int car_port;
        const char *opened;
    } CASES[] = {
        {true, "\x16\x03\x01\x01\x01\x02", CAR_PORT, "1 open 61341>50000 in the middle\n"},
        {true, "\x16\x03\x01\x01\x01\x01", CAR_PORT, "1 open 50000>61341 in the middle\n"},
        {false, "\x16\x03\x01\x01\x01\x01", CAR_PORT, "1 open 61341>50000 in the middle\n"},
        {false, "\x16\x03\x01\x01\x01\x02", CAR_PORT, "1 open 50000>61341 in the middle\n"},
        {true, "\x16\x03\x01\x01\x01\x0B", CAR_PORT, "1 open 50000>61341 in the middle\n"},
        {true, "\x16\x02\x01\x01\x01\x02", CAR_PORT, "1 open 50000>61341 in the middle\n"},
        {true, "\x16\x03\x01\x01\x01", CAR_PORT, "1 open 50000>61341 in the middle\n"},
        {true, "abcdef", 443, "1 open 61341>443 in the middle\n"},
        {false, "abcdef", 443, "1 open 61341>443 in the middle\n"},
        {true, "abcdef", 15118, "1 open 61341>15118 in the middle\n"},
        {false, "abcdef", 15118, "1 open 61341>15118 in the middle\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        begin(LINK_ETHERNET);
        tcp_ports(CASES[i].from_car, 0, 1000, 0, CASES[i].text, CASES[i].car_port);
        assert_int_equal(read_made(), 0);
        if (strncmp(buf_string(&events), CASES[i].opened, strlen(CASES[i].opened)) != 0)
            fail_msg("%zu: %s", i, buf_string(&events));
    }
}

/* What is no answer of SDP tells nothing of the station. */
static void test_sdp_that_is_none(void **state)
{
    static const char *const TEXTS[] = {"01FE9001",
                                        "01FF900100000014FE800000000000000000000000000002EF9D1000",
                                        "02FE900100000014FE800000000000000000000000000002EF9D1000",
                                        "01FE900100000014FE800000000000000000000000000002EF",
                                        "01FE900200000014FE800000000000000000000000000002EF9D1000"};
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        char text[200];
        begin(LINK_ETHERNET);
        udp(false, TEXTS[i]);
        station(ACK, 100, 7, "answer");
        snprintf(text, sizeof text,
                 "udp 15118>40000 %s\n1 open 61341>50000 in the middle\n1 car answer #2\n",
                 TEXTS[i]);
        expect(text);
    }
}

/* Of more stations than are kept the newest are known. */
static void test_many_stations(void **state)
{
    char text[80];
    (void)state;
    begin(LINK_ETHERNET);
    for (unsigned port = 0; port < 100; port++) {
        snprintf(text, sizeof text, "01FE900100000014FE800000000000000000000000000002%04X1000",
                 port < 99 ? 20000 + port : STATION_PORT);
        now += 1000;
        udp(false, text);
    }
    station(ACK, 100, 7, "answer");
    assert_int_equal(read_made(), 0);
    assert_non_null(
        strstr(buf_string(&events), "1 open 50000>61341 in the middle\n1 station answer"));
}

/* A SYN where the connection was there before the capture: its own that is late, or another's. */
static void test_syn_in_the_middle(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    car(ACK, 0, 0, "abc");
    tcp_ports(true, SYN, CAR_ISN, 0, "", CAR_PORT);
    car(ACK, 3, 0, "def");
    tcp_ports(true, SYN, CAR_ISN + 50000000, 0, "", CAR_PORT);
    expect("1 open 50000>61341 in the middle\n1 car abc #1\n1 car def #3\n1 car port used again\n"
           "timeout 50000>61341, 1 SYN in 0 ms\n");
}

/* A vehicle that begins another connection has given up the one that nobody has answered. */
static void test_another_port(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    tcp_ports(true, SYN, 0, 0, "", 1);
    tcp_ports(false, SYN, 0, 0, "", 2); /* the station's own */
    now += 600000;
    tcp_ports(true, SYN, 0, 0, "", 3);
    now += 100000; /* too soon */
    tcp_ports(true, SYN, 0, 0, "", 4);
    for (int port = 100; port < 150; port++)
        tcp_ports(true, SYN, 0, 0, "", port);
    assert_int_equal(read_made(), 0);
    static const char FIRST[] = "timeout 1>61341, 1 SYN in 0 ms\ntimeout 61341>2, 1 SYN in 0 ms\n"
                                "timeout 3>61341, 1 SYN in 0 ms\ntimeout 4>61341, 1 SYN in 0 ms\n";
    assert_memory_equal(buf_string(&events), FIRST, sizeof FIRST - 1);
    assert_int_equal(totals.connections, 0);
}

static void only_data(void *context, int64_t us, uint32_t connection, bool from_client,
                      struct slice bytes, uint64_t frame)
{
    on_data(context, us, connection, from_client, bytes, frame);
}

/* Packets of every kind: who asks for data gets these, who asks for nothing is told the totals. */
static void test_who_asks_for_little(void **state)
{
    static const struct capture_events DATA = {.tcp_data = only_data}, NOTHING = {.packet = NULL};
    (void)state;
    begin(LINK_ETHERNET);
    udp(true, SDP_REQUEST);
    make_session();
    tcp_ports(true, SYN, 5, 0, "", 50001);
    tcp_ports(true, SYN, 5, 0, "", 50001);
    tcp_ports(false, RST | ACK, 0, 6, "", 50001);
    tcp_ports(true, SYN, 0, 0, "", 4);
    tcp_ports(true, SYN, 0, 0, "", 4);
    tcp_ports(false, SYN | ACK, 0, 1, "", 4);
    tcp_ports(true, ACK, 4, 1, "d", 4);
    tcp_ports(true, ACK, 4, 1, "d", 4);
    now -= 60000000;
    tcp_ports(true, ACK | FIN, 9, 1, "", 4);
    for (unsigned i = 0; i < 2; i++) {
        struct capture_source from = {.name = file_name, .head = {file.p, file.n}, .fd = -1};
        buf_clear(&events);
        problem = ERR_INIT;
        assert_int_equal(capture_read(&from, i == 0 ? &DATA : &NOTHING, NULL, &totals, &problem),
                         0);
        assert_string_equal(buf_string(&events), i == 0 ? "1 car request #5\n1 station answer #6\n"
                                                          "2 car d #16\n"
                                                        : "");
        assert_int_equal(totals.packets, 18);
        assert_int_equal(totals.connections, i == 0 ? 2 : 0);
    }
}

/* ---- a file that grows ---- */

static void on_anew(void *context, int64_t us, const char *text)
{
    (void)context, (void)us;
    buf_printf(&events, "anew: %s\n", text);
}

static void put(const char *name, const char *how, const void *p, size_t n)
{
    FILE *f = fopen(name, how);
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

/* What lies there cannot be opened. */
static void bind_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", file_name);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static unsigned grown;

/* A capture_source's: at each end of the file something else has happened to it. */
static bool happens(void *context)
{
    char other[80];
    snprintf(other, sizeof other, "%s.other", file_name);
    (void)context;
    switch (grown++) {
    case 0: /* the rest of a packet that was not whole */
        put(file_name, "ab", file.p + 200, file.n - 200);
        return true;
    case 1: /* another file, which ends within a packet */
        put(other, "wb", file.p, file.n - 7);
        assert_int_equal(rename(other, file_name), 0);
        return true;
    case 2: /* nothing lies there for a while, nor what can be opened */
        unlink(file_name);
        return true;
    case 3:
        bind_socket();
        return true;
    case 4:
        unlink(file_name);
        put(file_name, "wb", file.p, 30); /* another one again */
        return true;
    case 5: /* it is cut, and begun anew */
        put(file_name, "wb", file.p, 24);
        return true;
    case 6:
        put(file_name, "ab", file.p + 24, file.n - 24);
        return true;
    }
    return false;
}

static void test_file_that_grows(void **state)
{
    static struct capture_events on;
    (void)state;
    for (int tells = 0; tells < 2; tells++) {
        begin(LINK_ETHERNET);
        handshake();
        car(ACK, 0, 0, "abc");
        put(file_name, "wb", file.p, 200);
        on = EVENTS;
        on.anew = tells ? on_anew : NULL;
        grown = 0;
        buf_clear(&events);
        problem = ERR_INIT;
        struct capture_source from = {
            .name = file_name, .fd = open(file_name, O_RDONLY), .grows = true, .rest = happens};
        int bad = capture_read(&from, &on, NULL, &totals, &problem);
        close(from.fd);
        unlink(file_name);
        assert_int_equal(bad, 0);
        assert_string_equal(
            buf_string(&events),
            tells ? OPEN "1 car abc #4\n"
                         "anew: another file is in its place: that is read now\n"
                         "2 open 50000>61341\n"
                         "anew: another file is in its place: that is read now; 90 bytes of a "
                         "packet that was not whole are lost\n"
                         "anew: the file has become shorter, from 30 bytes to 24: it is read anew; "
                         "6 bytes of a packet that was not whole are lost\n"
                         "3 open 50000>61341\n3 car abc #11\n"
                  : OPEN "1 car abc #4\n2 open 50000>61341\n3 open 50000>61341\n3 car abc #11\n");
    }
}

/* A memory_run: what waits, and connections. */
static int read_made_again(void *context, struct err *e)
{
    struct capture_source from = {.name = "made", .head = {file.p, file.n}, .fd = -1};
    (void)context;
    buf_clear(&events);
    int bad = capture_read(&from, &EVENTS, NULL, &totals, e);
    memory_calm();
    assert_true(bad != 0 || strstr(buf_string(&events), "1 car abc #7\n") != NULL);
    return bad;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    begin(LINK_ETHERNET);
    handshake();
    car(ACK, 6, 0, "ghi");
    car(ACK, 3, 0, "def");
    car(ACK | FIN, 9, 0, "");
    car(ACK, 0, 0, "abc");
    assert_true(memory_fail_each("capture", 0, read_made_again, NULL) > 3 || !COUNTS_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_one_byte_again),
        cmocka_unit_test(test_one_byte_of_one_direction),
        cmocka_unit_test(test_window_of_a_syn),
        cmocka_unit_test(test_behind_the_end),
        cmocka_unit_test(test_copies_of_datagrams),
        cmocka_unit_test(test_hole_at_the_end),
        cmocka_unit_test(test_cut_to_nothing),
        cmocka_unit_test(test_too_much_waits),
        cmocka_unit_test(test_one_direction),
        cmocka_unit_test(test_far_ends),
        cmocka_unit_test(test_reset_behind_both_ends),
        cmocka_unit_test(test_who_is_the_client),
        cmocka_unit_test(test_sdp_that_is_none),
        cmocka_unit_test(test_many_stations),
        cmocka_unit_test(test_syn_in_the_middle),
        cmocka_unit_test(test_another_port),
        cmocka_unit_test(test_who_asks_for_little),
        cmocka_unit_test(test_file_that_grows),
        cmocka_unit_test(test_out_of_memory),
    };
    return made_run(tests, sizeof tests / sizeof *tests);
}
