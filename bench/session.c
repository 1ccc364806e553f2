/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of the ready-made station (`v2glab evse`), Lua behaviour included, over plain TCP on
 * loopback: turnaround as a client without think time sees it, from request sent to response
 * received, and CPU time of a complete session on the station's side.
 *
 * Besides, how long it takes where it has slept until then, beside a plain C program that does no
 * more than read the message and write the response, with the same codec.
 *
 * The requests are those of a session that the ready-made vehicle holds first; then a client in C
 * repeats them against a station in a process of its own.
 */
#include "codec/copy.h"
#include "record/record.h"
#include "record/record_folder.h"
#include "script/fleet.h"
#include "script/run.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAX 64
#define FRAME_MAX 65536
#define WARM 300 /* sessions before measuring */
#define SESSIONS 3000
#define WOKEN "ChargingStatus" /* its request, so many times, so far apart */
#define WOKEN_TIMES 100
#define WOKEN_MS 100

struct course {
    const char *name, *mode, *protocol, *loops;
    double aim_ms; /* CPU of a session */
    bool is_recorded;
};

static const struct course COURSES[] = {
    {"ISO 15118-2 AC, 20 messages", "ac", "ISO15118-2", "1", 0.5, false},
    {"the same with its record", "ac", "ISO15118-2", "1", 0, true},
    {"ISO 15118-2 DC", "dc", "ISO15118-2", "4", 0, false},
    {"ISO 15118-20 DC", "dc", "ISO15118-20", "4", 1.0, false},
};

struct request {
    struct message message;
    struct arena arena;
};

struct bench {
    struct library library;
    struct recorder recorder;
    struct request request[REQUESTS_MAX];
    unsigned requests;
    struct request response; /* of WOKEN */
    char address[32];
    uint16_t port;
    bool is_recorded;
    char folder[64];
    double *us;
    unsigned samples, capacity;
};

static void give_up(const char *what)
{
    fprintf(stderr, "bench/session: %s\n", what);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void keep(void *context, const struct event *e);

static void open_bench(struct bench *b, unsigned number)
{
    memset(b, 0, sizeof *b);
    snprintf(b->folder, sizeof b->folder, "/tmp/v2glab-bench-%d", (int)getpid());
    b->capacity = SESSIONS * REQUESTS_MAX;
    b->us = calloc(b->capacity, sizeof *b->us);
    /* below the ports that the system gives to the connections of the sessions before */
    b->port = (uint16_t)(12000 + getpid() % 20000 + (int)number);
    snprintf(b->address, sizeof b->address, "[::1]:%u", (unsigned)b->port);
    library_open(&b->library);
    recorder_add(&b->recorder, keep, b);
}

static void close_bench(struct bench *b)
{
    for (unsigned i = 0; i < REQUESTS_MAX && b->request[i].message.schema != NULL; i++)
        arena_close(&b->request[i].arena);
    if (b->response.message.schema != NULL)
        arena_close(&b->response.arena);
    library_close(&b->library);
    free(b->us);
}

/* Keeps what the vehicle sends, and one response. */
static void keep(void *context, const struct event *e)
{
    struct bench *b = context;
    struct err bad = ERR_INIT;
    if (e->kind != EVENT_FRAME || strcmp(e->by, "EVCC") != 0 || e->message == NULL ||
        b->requests == REQUESTS_MAX)
        return;
    bool is_response = strcmp(e->name, WOKEN "Res") == 0 && b->response.message.schema == NULL;
    if (e->from_role != FROM_EVCC && !is_response)
        return;
    struct request *r = is_response ? &b->response : &b->request[b->requests++];
    arena_open(&r->arena, NULL, 0, 1 << 20);
    if (message_copy(e->message, &r->arena, &r->message, &bad) != 0)
        give_up(bad.what);
}

static struct script_options options(struct bench *b)
{
    struct script_options o = {.library = &b->library};
    o.peer.security = 0x10;
    o.peer.address = b->address;
    o.profile = "field";
    return o;
}

/* The station, and a vehicle if there is one. */
static enum run_exit run_station(const struct script_options *o, struct ready *station,
                                 struct ready *vehicle)
{
    static const struct run_events EVENTS = {.ended = NULL};
    struct err e = ERR_INIT;
    struct world *world = world_open(NULL, &e);
    recorder_attach(o->recorder, world);
    struct script_run *run = run_open(world, &EVENTS, NULL);
    struct fleet fleet;
    fleet_open(&fleet, vehicle, 1);
    if (run_add(run, o, "evse", ready_station(station), &e) == NULL ||
        (vehicle != NULL && (run_add(run, o, "ev", fleet_built_in(&fleet), &e) == NULL ||
                             fleet_send(&fleet, 0, 1) != 0)))
        give_up(e.what);
    fleet_end(&fleet);
    run_play(run);
    enum run_exit result = run_result(run);
    run_close(run);
    fleet_close(&fleet);
    recorder_detach(o->recorder);
    world_close(world);
    return result;
}

static void record_requests(struct bench *b, const struct course *k)
{
    struct script_options o = options(b);
    const struct ready_setting loops = {{(const uint8_t *)"loops", 5}, k->loops};
    struct ready station = {.sessions = 1};
    struct ready vehicle = {
        .mode = k->mode, .tls = "off", .time_scale = "1e6", .setting = &loops, .settings = 1};
    o.recorder = &b->recorder;
    o.protocol = k->protocol;
    if (run_station(&o, &station, &vehicle) != RUN_PASS || b->requests == 0)
        give_up("the session to be repeated did not pass");
}

/* ---- the client ---- */

static int connect_client(const struct bench *b)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(b->port)};
    int on = 1;
    to.sin6_addr = in6addr_loopback;
    for (int tries = 0; tries < 200; tries++) {
        int s = socket(AF_INET6, SOCK_STREAM, 0);
        if (connect(s, (struct sockaddr *)&to, sizeof to) == 0) {
            setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return s;
        }
        close(s);
        usleep(10000);
    }
    give_up("the station cannot be reached");
    return -1;
}

static size_t read_frame(int s, uint8_t *frame)
{
    size_t n = 0, wanted = V2GTP_HEADER;
    while (n < wanted) {
        ssize_t got = read(s, frame + n, wanted - n);
        if (got <= 0)
            give_up("the station closed the connection");
        n += (size_t)got;
        if (n == V2GTP_HEADER)
            wanted = V2GTP_HEADER + ((size_t)frame[6] << 8 | frame[7]);
        if (wanted > FRAME_MAX)
            give_up("a response is too long");
    }
    return n;
}

static void note(struct bench *b, double us)
{
    if (b->samples < b->capacity)
        b->us[b->samples++] = us;
}

/* until: the request before which it stops, and returns the connection, b->requests being its
 * number; NULL: there is none. */
static int hold_session(struct bench *b, struct session *session, bool measures, const char *until)
{
    static uint8_t frame[FRAME_MAX];
    struct endpoint nowhere = {0};
    struct err e = ERR_INIT;
    int s = connect_client(b);
    session_connected(session, &nowhere, &nowhere, 0, true);
    for (unsigned i = 0; i < b->requests; i++) {
        struct slice out;
        const char *name = message_named(&b->request[i].message).name;
        if (until != NULL && strcmp(name, until) == 0) {
            b->requests = i;
            return s;
        }
        if (session_send(session, &b->request[i].message, 0, "", 0, &out, &e) != 0)
            give_up(e.what);
        double from = now_us();
        if (write(s, out.p, out.n) != (ssize_t)out.n)
            give_up("a request could not be sent");
        size_t n = read_frame(s, frame);
        if (measures)
            note(b, now_us() - from);
        if (session_feed(session, frame, n, 0) != 0)
            give_up("a response is no frame");
        session_done(session, session_take(session));
    }
    close(s);
    return -1;
}

/* ---- the station's process ---- */

static pid_t start_station(struct bench *b, unsigned sessions)
{
    fflush(stdout);
    pid_t child = fork();
    if (child != 0)
        return child;
    struct script_options o = options(b);
    struct err e = ERR_INIT;
    struct recorder recorder = {.n = 0};
    struct record_options ro = {.path = b->folder, .lines = LINES_NEVER, .library = &b->library};
    struct record *record = b->is_recorded ? record_open(&ro, &recorder, &e) : NULL;
    struct ready station = {.sessions = sessions};
    o.recorder = record != NULL ? &recorder : NULL;
    int status = (int)run_station(&o, &station, NULL);
    if (record != NULL)
        record_close(record, 0, &e);
    if (e.set)
        fprintf(stderr, "%s\n", e.what);
    _exit(status);
}

/* CPU milliseconds of a station for so many sessions, with its start. */
static double run_sessions(struct bench *b, unsigned sessions, bool measures)
{
    struct session session;
    struct rusage usage;
    int status;
    pid_t child = start_station(b, sessions);
    session_open(&session, FROM_EVCC, &b->library, NULL);
    for (unsigned i = 0; i < sessions; i++)
        hold_session(b, &session, measures, NULL);
    session_close(&session);
    if (wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        give_up("the station's verdict is no pass");
    if (b->is_recorded)
        record_remove(b->folder);
    return (double)usage.ru_utime.tv_sec * 1e3 + (double)usage.ru_utime.tv_usec / 1e3 +
           (double)usage.ru_stime.tv_sec * 1e3 + (double)usage.ru_stime.tv_usec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- woken now and then ---- */

/* Answers every frame, until the connection ends. */
static void echo(struct bench *b, int s)
{
    static uint8_t frame[FRAME_MAX];
    struct endpoint nowhere = {0};
    struct session session;
    struct err e = ERR_INIT;
    session_open(&session, FROM_SECC, &b->library, NULL);
    session_connected(&session, &nowhere, &nowhere, 0, true);
    session.protocol = protocol_find("ISO15118-2");
    session.agreed = true;
    for (;;) {
        struct slice out;
        ssize_t n = read(s, frame, sizeof frame);
        if (n <= 0)
            _exit(0);
        if (session_feed(&session, frame, (size_t)n, 0) != 0)
            _exit(1);
        session_done(&session, session_take(&session));
        if (session_send(&session, &b->response.message, 0, "", 0, &out, &e) != 0 ||
            write(s, out.p, out.n) != (ssize_t)out.n)
            _exit(1);
    }
}

/* A process that does so; its end of a connection over loopback. */
static int start_echo(struct bench *b)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET6, SOCK_STREAM, 0), on = 1;
    int own = socket(AF_INET6, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) != 0 ||
        connect(own, (struct sockaddr *)&at, size) != 0)
        give_up("no connection for the plain program");
    setsockopt(own, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fflush(stdout);
    if (fork() == 0) {
        int s = accept(listener, NULL, NULL);
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        close(own);
        echo(b, s);
    }
    close(listener);
    return own;
}

static double ask(int s, struct slice out)
{
    static uint8_t frame[FRAME_MAX];
    usleep(WOKEN_MS * 1000 / 2);
    double from = now_us();
    if (write(s, out.p, out.n) != (ssize_t)out.n)
        give_up("a request could not be sent");
    read_frame(s, frame);
    return now_us() - from;
}

/* Station and program in turn, so that what else the machine does is the same for both. */
static void ask_both(struct session *session, int s, int plain, struct message *m)
{
    static double us[2][WOKEN_TIMES];
    struct err e = ERR_INIT;
    struct slice out;
    if (session_send(session, m, 0, "", 0, &out, &e) != 0)
        give_up(e.what);
    for (unsigned i = 0; i < WOKEN_TIMES; i++) {
        us[0][i] = ask(s, out);
        us[1][i] = ask(plain, out);
    }
    for (unsigned i = 0; i < 2; i++)
        qsort(us[i], WOKEN_TIMES, sizeof us[i][0], by_value);
    double station = us[0][WOKEN_TIMES / 2], program = us[1][WOKEN_TIMES / 2];
    printf(
        "woken each %d ms                turnaround %5.1f us median, of a plain program with the "
        "same codec %.1f us: %.1f us more (aim 60)\n",
        WOKEN_MS, station, program, station - program);
}

static void bench_woken(void)
{
    static struct bench b;
    struct session session;
    open_bench(&b, sizeof COURSES / sizeof *COURSES);
    record_requests(&b, &COURSES[0]);
    int plain = start_echo(&b), status;
    pid_t station = start_station(&b, 1);
    session_open(&session, FROM_EVCC, &b.library, NULL);
    int s = hold_session(&b, &session, false, WOKEN "Req");
    ask_both(&session, s, plain, &b.request[b.requests].message);
    close(s);
    close(plain);
    waitpid(station, &status, 0); /* its verdict is no pass: the vehicle just leaves */
    wait(&status);
    session_close(&session);
    close_bench(&b);
}

static void bench_course(const struct course *k, unsigned number)
{
    static struct bench b;
    open_bench(&b, number);
    b.is_recorded = k->is_recorded;
    record_requests(&b, k);
    double few = run_sessions(&b, WARM, false);
    double many = run_sessions(&b, WARM + SESSIONS, true);
    qsort(b.us, b.samples, sizeof *b.us, by_value);
    printf("%-30s %3u messages  turnaround %5.1f us median, %6.1f us p99   CPU %.3f ms a session",
           k->name, 2 * b.requests, b.us[b.samples / 2], b.us[b.samples / 100 * 99],
           (many - few) / SESSIONS);
    if (k->aim_ms > 0)
        printf(" (aim %.1f)", k->aim_ms);
    printf("\n");
    close_bench(&b);
}

int main(void)
{
    printf("the ready-made station over TCP on loopback (aim: 40 us median, 150 us p99)\n");
    for (unsigned i = 0; i < sizeof COURSES / sizeof *COURSES; i++)
        bench_course(&COURSES[i], i);
    bench_woken();
    return 0;
}
