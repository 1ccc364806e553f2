/* SPDX-License-Identifier: Apache-2.0 */
/* Writing captures: read back with the own reader and, where it is installed, with tshark. */
#include "memory.h"
#include "record/capture.h"
#include "record/pcapng.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define T0 1700000000123456
#define CONNECTIONS 4

static char path[64];
static struct err problem;

static const struct endpoint CAR = {
    .ip = {0xFE, 0x80, 0, 0, 0, 0, 0, 0, 2, 0x7D, 0xFA, 0xFF, 0xFE, 6, 0xAB, 0x91}, .port = 49200};
static const struct endpoint STATION = {
    .mac = {0x02, 1, 2, 3, 4, 5}, .ip = {0xFE, 0x80, [15] = 7}, .port = 61341};
static const struct endpoint GROUP = {.ip = {0xFF, 2, [15] = 1}, .port = 15118};
static const struct endpoint CAR4 = {.ip = {[10] = 0xFF, [11] = 0xFF, 192, 168, 0, 1},
                                     .port = 40000};
static const struct endpoint STATION4 = {.ip = {[10] = 0xFF, [11] = 0xFF, 192, 168, 0, 2},
                                         .port = 15119};

static struct slice text_slice(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

static void check_output(const char *command, struct buf *out)
{
    FILE *f = popen(command, "r");
    assert_non_null(f);
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(out, part, n);
    pclose(f);
}

/* The output of tshark with these options on the file; NULL where it is not installed. */
static const char *tshark(const char *options, struct buf *out)
{
    char command[1024];
    buf_clear(out);
    check_output("command -v tshark", out);
    if (out->n == 0) {
        print_message("tshark is not installed: its part of the test is left out\n");
        return NULL;
    }
    buf_clear(out);
    snprintf(command, sizeof command,
             "tshark -n -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "
             "-o ip.check_checksum:TRUE -r %s %s 2>/dev/null",
             path, options);
    check_output(command, out);
    return buf_string(out);
}

static void expect_absent(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    if (at != NULL)
        fail_msg("tshark says: %.400s", at > text + 80 ? at - 80 : text);
}

/* No error, no warning, no wrong checksum. */
static void expect_clean(void)
{
    struct buf out = {0};
    const char *text = tshark("-q -z expert", &out);
    if (text != NULL) {
        expect_absent(text, "Errors (");
        expect_absent(text, "Warns (");
        expect_absent(text, "Malformed");
        text = tshark("-V", &out);
        expect_absent(text, "incorrect");
        expect_absent(text, "unverified");
        expect_absent(text, "Malformed");
        expect_absent(text, "[Bad");
        assert_non_null(strstr(text, "Checksum Status: Good"));
    }
    buf_close(&out);
}

/* What the reader gives back. */
struct seen {
    struct buf data[CONNECTIONS + 1][2], log;
    struct endpoint from, to;
};

static void on_udp(void *context, int64_t us, const struct endpoint *from,
                   const struct endpoint *to, struct slice bytes, uint64_t frame)
{
    (void)frame;
    struct seen *s = context;
    s->from = *from;
    s->to = *to;
    buf_printf(&s->log, "udp %d %zu\n", (int)(us - T0), bytes.n);
}

static void on_open(void *context, int64_t us, uint32_t connection, const struct endpoint *client,
                    const struct endpoint *server, bool from_start)
{
    struct seen *s = context;
    assert_true(from_start && connection <= CONNECTIONS);
    buf_printf(&s->log, "%u open %d %u>%u\n", connection, (int)(us - T0), client->port,
               server->port);
}

static void on_data(void *context, int64_t us, uint32_t connection, bool from_client,
                    struct slice bytes, uint64_t frame)
{
    struct seen *s = context;
    (void)us;
    (void)frame;
    buf_add(&s->data[connection][!from_client], bytes.p, bytes.n);
}

static void on_loss(void *context, int64_t us, uint32_t connection, bool from_client,
                    uint64_t missing)
{
    (void)context;
    (void)us;
    (void)connection;
    (void)from_client;
    fail_msg("%u bytes lost", (unsigned)missing);
}

static void on_close(void *context, int64_t us, uint32_t connection, bool from_client,
                     enum event_how how)
{
    static const char *const HOWS[] = {"port used again", "FIN", "RST"}; /* ORDER EVENT_HOW */
    struct seen *s = context;
    buf_printf(&s->log, "%u %s %d %s\n", connection, from_client ? "client" : "server",
               (int)(us - T0), HOWS[how]);
}

static void read_back(struct seen *s)
{
    static const struct capture_events on = {.udp = on_udp,
                                             .tcp_open = on_open,
                                             .tcp_data = on_data,
                                             .tcp_loss = on_loss,
                                             .tcp_close = on_close};
    memset(s, 0, sizeof *s);
    struct capture_source from = {.name = path, .fd = open(path, O_RDONLY)};
    assert_int_equal(capture_read(&from, &on, s, NULL, &problem), 0);
    close(from.fd);
}

static void expect_log(struct seen *s, const char *text)
{
    assert_string_equal(buf_string(&s->log), text);
}

static void expect_data(struct seen *s, uint32_t connection, bool from_client, struct slice bytes)
{
    struct buf *b = &s->data[connection][!from_client];
    assert_int_equal(b->n, bytes.n);
    if (bytes.n > 0)
        assert_memory_equal(b->p, bytes.p, bytes.n);
}

static void forget(struct seen *s)
{
    for (unsigned i = 0; i <= CONNECTIONS; i++) {
        buf_close(&s->data[i][0]);
        buf_close(&s->data[i][1]);
    }
    buf_close(&s->log);
}

static struct pcapng *make(void)
{
    problem = ERR_INIT;
    struct pcapng *p = pcapng_open(path, &problem);
    assert_non_null(p);
    return p;
}

static void finish(struct pcapng *p)
{
    if (pcapng_close(p, &problem) != 0)
        fail_msg("%s", problem.what);
}

static void test_session(void **state)
{
    (void)state;
    struct pcapng *p = make();
    pcapng_udp(p, T0, &CAR, &GROUP, text_slice("\x01\xFE\x90"));
    struct endpoint sdp_server = STATION;
    sdp_server.port = 15118;
    pcapng_udp(p, T0 + 1, &sdp_server, &CAR, text_slice("\x01\xFE\x90\x01!"));
    pcapng_tcp_open(p, T0 + 2, 1, &CAR, &STATION);
    for (int i = 0; i < 50; i++) {
        pcapng_tcp_data(p, T0 + 10 * i, 1, true, text_slice("request"));
        pcapng_tcp_data(p, T0 + 10 * i + 5, 1, false, text_slice("answer!!"));
    }
    pcapng_tcp_close(p, T0 + 600, 1, true, false);
    pcapng_tcp_data(p, T0 + 601, 1, false, text_slice("late"));
    pcapng_tcp_close(p, T0 + 602, 1, false, false);
    pcapng_tcp_close(p, T0 + 603, 1, false, false);
    finish(p);

    struct seen s;
    read_back(&s);
    expect_log(&s, "udp 0 3\nudp 1 5\n1 open 2 49200>61341\n"
                   "1 client 600 FIN\n1 server 602 FIN\n");
    assert_int_equal(s.data[1][0].n, 350);
    assert_int_equal(s.data[1][1].n, 404);
    assert_memory_equal(s.from.mac, STATION.mac, 6);
    assert_memory_equal(s.to.mac, "\x00\x7D\xFA\x06\xAB\x91", 6);
    forget(&s);
    expect_clean();
}

static void test_long_data(void **state)
{
    (void)state;
    static uint8_t bytes[300001];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    struct pcapng *p = make();
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    pcapng_tcp_data(p, T0 + 1, 1, true, (struct slice){bytes, sizeof bytes});
    pcapng_tcp_data(p, T0 + 2, 1, true, (struct slice){bytes, 0});
    pcapng_tcp_data(p, T0 + 2, 1, false, (struct slice){bytes, 1440});
    pcapng_tcp_data(p, T0 + 3, 1, false, (struct slice){bytes, 1441});
    for (unsigned i = 0; i < 500; i++) /* a peer that never answers */
        pcapng_tcp_data(p, T0 + 4 + i, 1, false, (struct slice){bytes, 333});
    pcapng_udp(p, T0, &STATION, &CAR, (struct slice){bytes, 65507});
    finish(p);

    struct seen s;
    read_back(&s);
    expect_data(&s, 1, true, (struct slice){bytes, sizeof bytes});
    assert_int_equal(s.data[1][1].n, 1440 + 1441 + 500 * 333);
    assert_memory_equal(s.data[1][1].p, bytes, 1440);
    forget(&s);
    expect_clean();
}

static void test_checksums_for_any_length(void **state)
{
    (void)state;
    static uint8_t bytes[256];
    struct pcapng *p = make();
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    pcapng_tcp_open(p, T0, 2, &CAR4, &STATION4);
    for (size_t n = 0; n < 200; n++) {
        bytes[n] = (uint8_t)(n % 3 == 0 ? 0xFF : n * 37);
        struct slice part = {bytes, n};
        pcapng_udp(p, T0 + (int64_t)n, &CAR, &GROUP, part);
        pcapng_udp(p, T0 + (int64_t)n, &CAR4, &STATION4, part);
        pcapng_tcp_data(p, T0 + (int64_t)n, 1, n % 2 == 0, part);
        pcapng_tcp_data(p, T0 + (int64_t)n, 2, n % 2 == 0, part);
    }
    finish(p);
    expect_clean();
}

/* The same ports again, connections side by side, and one that its user closes on one side only. */
static void test_connections(void **state)
{
    (void)state;
    struct pcapng *p = make();
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    pcapng_tcp_open(p, T0 + 1, 1025, &CAR4, &STATION4);
    pcapng_tcp_data(p, T0 + 2, 1, true, text_slice("one"));
    pcapng_tcp_data(p, T0 + 3, 1025, false, text_slice("two"));
    pcapng_tcp_close(p, T0 + 4, 1, false, false);
    pcapng_tcp_open(p, T0 + 5, 3, &CAR, &STATION);
    pcapng_tcp_data(p, T0 + 6, 3, false, text_slice("three"));
    pcapng_tcp_close(p, T0 + 7, 1025, true, false);
    finish(p);

    struct seen s;
    read_back(&s);
    expect_log(&s, "1 open 0 49200>61341\n2 open 1 40000>15119\n1 server 4 FIN\n"
                   "1 client 4 FIN\n3 open 5 49200>61341\n2 client 7 FIN\n2 server 7 FIN\n");
    expect_data(&s, 1, true, text_slice("one"));
    expect_data(&s, 2, false, text_slice("two"));
    expect_data(&s, 3, false, text_slice("three"));
    forget(&s);
    expect_clean();
}

static void test_reset(void **state)
{
    (void)state;
    struct pcapng *p = make();
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    pcapng_tcp_data(p, T0 + 2, 1, true, text_slice("one"));
    pcapng_tcp_close(p, T0 + 4, 1, false, true);
    finish(p);

    struct seen s;
    read_back(&s);
    expect_log(&s, "1 open 0 49200>61341\n1 server 4 RST\n");
    forget(&s);
    struct buf out = {0};
    const char *text = tshark("-q -z expert", &out);
    if (text != NULL) { /* Wireshark warns of every RST, and of nothing else here */
        assert_non_null(strstr(text, "Warns (1)"));
        expect_absent(text, "Errors (");
    }
    buf_close(&out);
}

static void test_comments_and_secrets(void **state)
{
    (void)state;
    static char endless[70000];
    memset(endless, 'x', sizeof endless - 1);
    struct pcapng *p = make();
    pcapng_comment(p, "SECC Discovery, ±1 ms");
    pcapng_comment(p, "second");
    pcapng_udp(p, T0, &CAR, &GROUP, text_slice("sdp"));
    pcapng_secrets(p, "CLIENT_RANDOM 00 11\n");
    pcapng_comment(p, endless);
    pcapng_tcp_open(p, T0 + 1, 1, &CAR, &STATION);
    pcapng_comment(p, "the last word");
    finish(p);

    struct seen s;
    read_back(&s);
    expect_log(&s, "udp 0 3\n1 open 1 49200>61341\n");
    forget(&s);
    struct buf out = {0};
    const char *text = tshark("-V -Y udp", &out);
    if (text != NULL) {
        assert_non_null(strstr(text, "SECC Discovery, ±1 ms"));
        assert_non_null(strstr(text, "second"));
    }
    buf_close(&out);
    expect_clean();
}

static void expect_misuse(struct pcapng *p, const char *part)
{
    problem = ERR_INIT;
    assert_int_equal(pcapng_close(p, &problem), -1);
    if (strstr(problem.what, part) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", part, problem.what);
}

static void test_misuse(void **state)
{
    (void)state;
    static uint8_t bytes[70000];
    struct pcapng *p = make();
    pcapng_tcp_data(p, T0, 5, true, text_slice("x"));
    expect_misuse(p, "1 bytes from the client on connection 5");
    p = make();
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    pcapng_tcp_close(p, T0, 1, false, false);
    pcapng_tcp_data(p, T0, 1, false, text_slice("x"));
    expect_misuse(p, "from the server on connection 1");
    p = make();
    pcapng_udp(p, T0, &CAR, &GROUP, (struct slice){bytes, sizeof bytes});
    expect_misuse(p, "70000 bytes");
    problem = ERR_INIT;
    assert_null(pcapng_open("/nowhere/x.pcapng", &problem));
    assert_string_equal(problem.path, "/nowhere/x.pcapng");
}

/* At whatever size the disk is full: whole blocks only, and the error is told. */
static void test_disk_full(void **state)
{
    (void)state;
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t size = 100; size < 3000; size += 37) {
        small = (struct rlimit){size, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        problem = ERR_INIT;
        struct pcapng *p = pcapng_open(path, &problem);
        assert_non_null(p);
        pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
        for (int i = 0; i < 30; i++)
            pcapng_tcp_data(p, T0, 1, i % 2 == 0, text_slice("something"));
        assert_int_equal(pcapng_close(p, &problem), -1);
        setrlimit(RLIMIT_FSIZE, &before);
        struct seen s;
        struct err e = problem;
        problem = ERR_INIT;
        read_back(&s);
        assert_non_null(strstr(e.what, "File too large"));
        forget(&s);
    }
}

/* A process that dies leaves everything that it had written. */
static void test_killed(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct pcapng *p = make();
        pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
        pcapng_tcp_data(p, T0, 1, true, text_slice("last words"));
        pcapng_write(p, &problem);
        raise(SIGKILL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    struct seen s;
    problem = ERR_INIT;
    read_back(&s);
    expect_data(&s, 1, true, text_slice("last words"));
    forget(&s);
    expect_clean();
}

/* ---- what is rare ---- */

static uint8_t *read_file(size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*n);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n, f), *n);
    fclose(f);
    return bytes;
}

/* A checksum of UDP that comes to 0 is written as 0xFFFF, as 0 says that there is none. */
static void test_checksum_of_zero(void **state)
{
    enum { FRAME = 28 + 14 + 40 + 6 }; /* where the checksum stands in a block */
    unsigned ones = 0, packets = 0;
    size_t n;
    (void)state;
    struct pcapng *p = make();
    for (unsigned i = 0; i < 0x10000; i++)
        pcapng_udp(p, T0, &CAR, &GROUP,
                   (struct slice){(uint8_t[]){(uint8_t)(i >> 8), (uint8_t)i}, 2});
    finish(p);
    uint8_t *bytes = read_file(&n);
    for (size_t at = 0; at < n; at += (size_t)bytes[at + 4] | (size_t)bytes[at + 5] << 8) {
        if (bytes[at] != 6)
            continue;
        packets++;
        ones += bytes[at + FRAME] == 0xFF && bytes[at + FRAME + 1] == 0xFF;
        assert_false(bytes[at + FRAME] == 0 && bytes[at + FRAME + 1] == 0);
    }
    assert_int_equal(packets, 0x10000);
    assert_true(ones > 0);
    free(bytes);
}

/* Groups of IPv4 have MAC addresses of their own; so long a datagram may be divided. */
static void test_datagrams_of_ipv4(void **state)
{
    static const struct endpoint GROUP4 = {.ip = {[10] = 0xFF, [11] = 0xFF, 224, 129, 0, 7},
                                           .port = 15118};
    static uint8_t bytes[1600];
    struct seen s;
    (void)state;
    struct pcapng *p = make();
    pcapng_udp(p, T0, &CAR4, &GROUP4, text_slice("group"));
    pcapng_udp(p, T0 + 1, &CAR4, &GROUP4, (struct slice){bytes, sizeof bytes});
    pcapng_udp(p, T0 + 2, &CAR4, &GROUP, text_slice("both"));
    finish(p);
    read_back(&s);
    expect_log(&s, "udp 0 5\nudp 1 1600\nudp 2 4\n");
    forget(&s);
    size_t n;
    uint8_t *file = read_file(&n);
    const uint8_t *at = memmem(file, n, "\x01\x00\x5E\x01\x00\x07", 6);
    assert_non_null(at);
    assert_memory_equal(at + 12, "\x08\x00\x45", 3);
    assert_int_equal(at[14 + 6], 0x40); /* not to be divided */
    assert_int_equal(at[14 + 8], 1);    /* goes no further */
    at = memmem(at + 6, n - (size_t)(at + 6 - file), "\x01\x00\x5E\x01\x00\x07", 6);
    assert_non_null(at);
    assert_int_equal(at[14 + 6], 0);
    free(file);
}

/* Connections that share a bucket: by their number, by their ports; each is found again. */
static void test_crowded_buckets(void **state)
{
    struct endpoint car = CAR, station = STATION;
    struct seen s;
    (void)state;
    struct pcapng *p = make();
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    car.port = (uint16_t)(CAR.port - 1024);
    pcapng_tcp_open(p, T0 + 1, 1025, &car, &STATION);
    station.port = (uint16_t)(STATION.port - 1024);
    pcapng_tcp_open(p, T0 + 2, 2049, &CAR, &station);
    pcapng_tcp_close(p, T0 + 3, 1025, true, true);
    pcapng_tcp_data(p, T0 + 4, 1, true, text_slice("one"));
    pcapng_tcp_data(p, T0 + 5, 2049, false, text_slice("three"));
    pcapng_tcp_close(p, T0 + 6, 1, true, true);
    pcapng_tcp_open(p, T0 + 7, 2049, &car, &STATION); /* its number goes to another one */
    pcapng_tcp_close(p, T0 + 8, 2049, true, false);
    pcapng_tcp_close(p, T0 + 9, 2049, true, false); /* nothing */
    pcapng_tcp_close(p, T0 + 10, 2049, true, true);
    pcapng_tcp_close(p, T0 + 11, 2049, true, true); /* nothing */
    finish(p);
    read_back(&s);
    expect_log(&s, "1 open 0 49200>61341\n2 open 1 48176>61341\n3 open 2 49200>60317\n"
                   "2 client 3 RST\n1 client 6 RST\n4 open 7 48176>61341\n4 client 8 FIN\n"
                   "4 client 10 RST\n");
    expect_data(&s, 1, true, text_slice("one"));
    expect_data(&s, 3, false, text_slice("three"));
    forget(&s);
}

/* Remarks are kept up to a megabyte; a frame up to what Ethernet carries. */
static void test_limits(void **state)
{
    static char endless[60001];
    static uint8_t frame[1515];
    size_t n;
    (void)state;
    memset(endless, 'x', sizeof endless - 1);
    struct pcapng *p = make();
    for (unsigned i = 0; i < 30; i++)
        pcapng_comment(p, endless);
    pcapng_frame(p, T0, (struct slice){frame, 1514});
    finish(p);
    free(read_file(&n));
    assert_in_range(n, 16 * 60000, 17 * 60000);
    p = make();
    pcapng_frame(p, T0, (struct slice){frame, 1515});
    expect_misuse(p, "an Ethernet frame of 1515 bytes, expected at most 1514");
    p = make();
    pcapng_frame(p, T0, (struct slice){frame, 1515});
    struct err earlier = ERR_INIT;
    err_set(&earlier, "what was wrong before");
    assert_int_equal(pcapng_close(p, &earlier), -1);
    assert_string_equal(earlier.what, "what was wrong before");
}

/* Another file goes on with the connections as they are; one that there cannot be ends it. */
static void test_turn(void **state)
{
    char next[80];
    size_t n;
    (void)state;
    snprintf(next, sizeof next, "%s.next", path);
    struct pcapng *p = make();
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    assert_int_equal(pcapng_turn(p, next, &problem), 0);
    assert_int_equal(pcapng_turn(p, path, &problem), 0);
    uint64_t empty = pcapng_size(p);
    pcapng_tcp_data(p, T0, 1, true, text_slice("abc"));
    assert_true(pcapng_size(p) > empty);
    assert_int_equal(pcapng_write(p, &problem), 0);
    free(read_file(&n));
    assert_int_equal(n, pcapng_size(p));
    assert_int_equal(pcapng_turn(p, "/nowhere/x.pcapng", &problem), -1);
    assert_non_null(strstr(problem.what, "No such file"));
    problem = ERR_INIT;
    pcapng_tcp_data(p, T0, 1, true, text_slice("lost"));
    assert_int_equal(pcapng_write(p, &problem), -1);
    expect_misuse(p, "No such file");
    problem = ERR_INIT;
    assert_null(pcapng_open("/dev/full", &problem));
    assert_string_equal(problem.path, "/dev/full");
    assert_string_equal(problem.what, "No space left on device");
    remove(next);
}

/* Blocks of secrets go, and what is no whole block. */
static void test_without_secrets(void **state)
{
    static const struct {
        size_t at; /* of an octet that is another one; 0: none */
        uint8_t octet;
        size_t cut, left;
    } CASES[] = {
        {0, 0, 0, 28},   {4, 0, 0, 0},  {4, 11, 0, 0},  {4, 14, 0, 0},
        {20, 60, 0, 16}, {0, 0, 1, 16}, {0, 0, 12, 16},
    };
    static const uint8_t FILE_[] = {6,  0, 0, 0, 16, 0, 0, 0, 1, 2, 3, 4, 16, 0, 0, 0, 10, 0, 0, 0,
                                    12, 0, 0, 0, 12, 0, 0, 0, 5, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t bytes[sizeof FILE_];
        memcpy(bytes, FILE_, sizeof bytes);
        if (CASES[i].at > 0)
            bytes[CASES[i].at] = CASES[i].octet;
        assert_int_equal(pcapng_without_secrets(bytes, sizeof bytes - CASES[i].cut), CASES[i].left);
        if (CASES[i].left >= 16)
            assert_memory_equal(bytes, FILE_, 16);
    }
}

/* A memory_run: a file with something of all. */
static int write_all(void *context, struct err *e)
{
    static uint8_t bytes[5000];
    struct pcapng *p = pcapng_open(path, e);
    (void)context;
    if (p == NULL)
        return -1;
    pcapng_comment(p, "a remark");
    pcapng_udp(p, T0, &CAR, &GROUP, text_slice("one"));
    pcapng_udp(p, T0, &CAR4, &STATION4, text_slice("two"));
    pcapng_secrets(p, "CLIENT_RANDOM 00 11\n");
    pcapng_tcp_open(p, T0, 1, &CAR, &STATION);
    pcapng_tcp_open(p, T0, 2, &CAR4, &STATION4);
    pcapng_tcp_data(p, T0, 1, true, (struct slice){bytes, sizeof bytes});
    pcapng_tcp_data(p, T0, 2, true, (struct slice){bytes, sizeof bytes});
    pcapng_comment(p, "the last word");
    return pcapng_close(p, e);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(memory_fail_each("pcapng", 0, write_all, NULL) > 4 || !COUNTS_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_long_data),
        cmocka_unit_test(test_checksums_for_any_length),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_comments_and_secrets),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_checksum_of_zero),
        cmocka_unit_test(test_datagrams_of_ipv4),
        cmocka_unit_test(test_crowded_buckets),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_turn),
        cmocka_unit_test(test_without_secrets),
        cmocka_unit_test(test_out_of_memory),
    };
    snprintf(path, sizeof path, "/tmp/v2glab-test-pcapng-%d.pcapng", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (getenv("KEEP") == NULL)
        remove(path);
    return failed;
}
