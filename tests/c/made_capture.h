/* SPDX-License-Identifier: Apache-2.0 */
/* Captures that are made packet by packet, and what a reader reports of them, as text. */
#ifndef V2G_TESTS_MADE_CAPTURE_H
#define V2G_TESTS_MADE_CAPTURE_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "record/capture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CAR_PORT 50000
#define STATION_PORT 61341
#define CAR_ISN 1000u
#define STATION_ISN 9000u

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { LINK_ETHERNET = 1, LINK_RAW = 101, LINK_SLL = 113, LINK_SLL2 = 276 };

/* The file that a test makes. */
static struct buf file;
static char file_name[64];
static int64_t now; /* microseconds; each packet comes 1 ms after the one before */
static int link_type;
static bool vlan, extensions, four, nano;
static unsigned window;
static size_t snap; /* captured length; 0: all */

static inline void le32(uint32_t v)
{
    for (int i = 0; i < 4; i++)
        buf_char(&file, (char)(v >> 8 * i));
}

static inline void be(struct buf *b, uint64_t v, int n)
{
    while (n-- > 0)
        buf_char(b, (char)(v >> 8 * n));
}

static inline void begin(int link)
{
    buf_clear(&file);
    vlan = extensions = four = nano = false;
    snap = 0;
    window = 0x1000;
    now = 1700000000000000;
    link_type = link;
    le32(0xA1B2C3D4);
    le32(4 << 16 | 2);
    le32(0);
    le32(0);
    le32(65535);
    le32((uint32_t)link);
}

static inline void add_link(struct buf *b)
{
    uint16_t type = four ? 0x0800 : 0x86DD;
    if (link_type == LINK_ETHERNET)
        buf_add(b, "\x02\x02\x02\x02\x02\x02\x04\x04\x04\x04\x04\x04", 12);
    if (link_type == LINK_SLL)
        buf_add(b, "\0\0\0\1\0\6\4\4\4\4\4\4\0\0", 14);
    if (vlan)
        be(b, 0x88A8000181000002, 8);
    if (link_type != LINK_RAW)
        be(b, type, 2);
    if (link_type == LINK_SLL2)
        buf_add(b, "\0\0\0\0\0\1\0\1\0\6\4\4\4\4\4\4\0\0", 18);
}

static inline void add_ip4(struct buf *b, bool car, int protocol, size_t n)
{
    be(b, 0x4500, 2);
    be(b, n + 20, 2);
    be(b, 0x0000400040, 5);
    be(b, (uint64_t)protocol, 1);
    be(b, 0, 2);
    be(b, car ? 0x0A000001 : 0x0A000002, 4);
    be(b, car ? 0x0A000002 : 0x0A000001, 4);
}

static inline void add_ip6(struct buf *b, bool car, int protocol, size_t n)
{
    be(b, 0x60000000, 4);
    be(b, n + (extensions ? 24 : 0), 2);
    be(b, extensions ? 0 : (uint64_t)protocol, 1);
    be(b, 64, 1);
    be(b, 0xFE80000000000000, 8);
    be(b, car ? 1 : 2, 8);
    be(b, 0xFE80000000000000, 8);
    be(b, car ? 2 : 1, 8);
    if (!extensions)
        return;
    be(b, 0x3C00000000000000, 8);                            /* hop-by-hop, then destination */
    be(b, 0x2C00000000000000, 8);                            /* then fragment */
    be(b, (uint64_t)protocol << 56 | 0x0000000012345678, 8); /* the only one */
}

static inline void add_record(struct buf *b)
{
    size_t n = snap != 0 && snap < b->n ? snap : b->n;
    now += 1000;
    le32((uint32_t)(now / 1000000));
    le32((uint32_t)(now % 1000000) * (nano ? 1000 : 1));
    le32((uint32_t)n);
    le32((uint32_t)b->n);
    buf_add(&file, b->p, n);
    buf_close(b);
}

static inline void add_frame(bool car, int protocol, const void *transport, size_t n)
{
    struct buf b = {0};
    add_link(&b);
    (four ? add_ip4 : add_ip6)(&b, car, protocol, n);
    buf_add(&b, transport, n);
    if (b.n < 60 && link_type == LINK_ETHERNET)
        buf_add(&b, (uint8_t[60]){0}, 60 - b.n); /* padding */
    add_record(&b);
}

static inline void tcp_ports(bool car, unsigned flags, uint32_t seq, uint32_t ack, const char *text,
                             int car_port)
{
    struct buf b = {0};
    be(&b, (uint64_t)(car ? car_port : STATION_PORT), 2);
    be(&b, (uint64_t)(car ? STATION_PORT : car_port), 2);
    be(&b, seq, 4);
    be(&b, ack, 4);
    be(&b, 0x6000 | flags, 2);
    be(&b, window, 2);
    be(&b, 0, 4);
    be(&b, 0x020405A0, 4);
    buf_text(&b, text);
    add_frame(car, 6, b.p, b.n);
    buf_close(&b);
}

/* seq and ack count from the byte behind the SYN. */
static inline void car(unsigned flags, uint32_t seq, uint32_t ack, const char *text)
{
    tcp_ports(true, flags, CAR_ISN + 1 + seq, STATION_ISN + 1 + ack, text, CAR_PORT);
}

static inline void station(unsigned flags, uint32_t seq, uint32_t ack, const char *text)
{
    tcp_ports(false, flags, STATION_ISN + 1 + seq, CAR_ISN + 1 + ack, text, CAR_PORT);
}

static inline void handshake(void)
{
    car(SYN, (uint32_t)-1, 0, "");
    station(SYN | ACK, (uint32_t)-1, 0, "");
    car(ACK, 0, 0, "");
}

static inline void udp(bool from_car, const char *hex)
{
    uint8_t bytes[64];
    int64_t n = hex_read(hex, strlen(hex), bytes, sizeof bytes);
    struct buf b = {0};
    be(&b, from_car ? 40000 : 15118, 2);
    be(&b, from_car ? 15118 : 40000, 2);
    be(&b, (uint64_t)n + 8, 2);
    be(&b, 0, 2);
    buf_add(&b, bytes, (size_t)n);
    add_frame(from_car, 17, b.p, b.n);
    buf_close(&b);
}

/* What the reader reported: one line an event. */
static struct buf events;

static inline void on_packet(void *context, const struct packet *p, enum event_network what,
                             const char *text)
{
    (void)context;
    (void)p;
    buf_printf(&events, "%s: %s\n", EVENT_NETWORKS[what], text != NULL ? text : "");
}

static inline void on_secrets(void *context, const struct packet *p, struct slice text)
{
    (void)context;
    buf_printf(&events, "secrets from %u: %.*s\n", p != NULL ? p->from.port : 0, (int)text.n,
               (const char *)text.p);
}

static inline void on_udp(void *context, int64_t us, const struct endpoint *from,
                          const struct endpoint *to, struct slice bytes, uint64_t frame)
{
    (void)frame;
    (void)context;
    (void)us;
    buf_printf(&events, "udp %u>%u ", from->port, to->port);
    buf_hex(&events, bytes.p, bytes.n, true);
    buf_char(&events, '\n');
}

static inline void on_open(void *context, int64_t us, uint32_t connection,
                           const struct endpoint *client, const struct endpoint *server,
                           bool from_start)
{
    (void)context;
    (void)us;
    buf_printf(&events, "%u open %u>%u%s\n", connection, client->port, server->port,
               from_start ? "" : " in the middle");
}

static inline void on_failed(void *context, int64_t us, const struct endpoint *client,
                             const struct endpoint *server, enum event_how how, uint32_t tries,
                             int64_t waited_us)
{
    (void)context;
    (void)us;
    buf_printf(&events, "%s %u>%u, %u SYN in %d ms\n", EVENT_HOWS[how], client->port, server->port,
               tries, (int)(waited_us / 1000));
}

static inline void on_network(void *context, const struct capture_network *n)
{
    (void)context;
    buf_printf(&events, "%u %s %s %d bytes, %d ms, %u SYN\n", n->connection,
               n->from_client ? "car" : "station", EVENT_NETWORKS[n->what], (int)n->octets,
               (int)(n->taken_us / 1000), n->times);
}

static inline void on_data(void *context, int64_t us, uint32_t connection, bool from_client,
                           struct slice bytes, uint64_t frame)
{
    (void)context;
    (void)us;
    buf_printf(&events, "%u %s %.*s #%u\n", connection, from_client ? "car" : "station",
               (int)bytes.n, (const char *)bytes.p, (unsigned)frame);
}

static inline void on_loss(void *context, int64_t us, uint32_t connection, bool from_client,
                           uint64_t missing)
{
    (void)context;
    (void)us;
    buf_printf(&events, "%u %s lost %u\n", connection, from_client ? "car" : "station",
               (unsigned)missing);
}

static inline void on_close(void *context, int64_t us, uint32_t connection, bool from_client,
                            enum event_how how)
{
    static const char *const HOWS[] = {"port used again", "FIN", "RST"}; /* ORDER EVENT_HOW */
    (void)context;
    (void)us;
    buf_printf(&events, "%u %s %s\n", connection, from_client ? "car" : "station", HOWS[how]);
}

static inline void on_clock(void *context, int64_t us, int64_t back)
{
    (void)context;
    buf_printf(&events, "clock back %lld to %lld\n", (long long)back,
               (long long)(us - 1700000000000000));
}

static const struct capture_events EVENTS = {on_packet, on_secrets, on_udp,  on_open,
                                             on_failed, on_network, on_data, on_loss,
                                             on_close,  on_clock,   NULL,    NULL};

static struct capture_totals totals;
static struct err problem;

static inline int read_made(void)
{
    FILE *f = fopen(file_name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(file.p, 1, file.n, f), file.n);
    fclose(f);
    buf_clear(&events);
    problem = ERR_INIT;
    struct capture_source from = {.name = file_name, .fd = open(file_name, O_RDONLY)};
    int status = capture_read(&from, &EVENTS, NULL, &totals, &problem);
    close(from.fd);
    remove(file_name);
    return status;
}

static inline void expect(const char *text)
{
    int status = read_made();
    assert_string_equal(buf_string(&events), text);
    assert_int_equal(status, 0);
}

static inline void expect_error(const char *part)
{
    char text[1024];
    assert_int_equal(read_made(), -1);
    err_text(&problem, text, sizeof text);
    if (strstr(text, part) == NULL || strstr(text, file_name) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", part, text);
}

#define OPEN "1 open 50000>61341\n"

/* A whole connection, which every way of recording it must give again. */
static inline void make_session(void)
{
    handshake();
    car(ACK, 0, 0, "request");
    station(ACK, 0, 7, "answer");
    car(ACK | FIN, 7, 6, "");
    station(ACK | FIN, 6, 8, "");
    car(ACK, 8, 7, "");
}

#define SESSION OPEN "1 car request #4\n1 station answer #5\n1 car FIN\n1 station FIN\n"

/* SDP told who listens where: fe80::2, port 61341, no TLS. */
#define SDP_REQUEST "01FE9000000000021000"
#define SDP_RESPONSE "01FE900100000014FE800000000000000000000000000002EF9D1000"

/* Runs tests that make captures. */
static inline int made_run(const struct CMUnitTest *tests, size_t n)
{
    snprintf(file_name, sizeof file_name, "/tmp/v2glab-test-capture-%d.pcap", (int)getpid());
    int failed = _cmocka_run_group_tests("captures", tests, n, NULL, NULL);
    buf_close(&file);
    buf_close(&events);
    return failed;
}

#endif
