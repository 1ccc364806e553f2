/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of `v2glab decode` with a capture: user CPU of the whole program, from its start to its
 * end, its ladder thrown away. The capture is made here: sessions that the ready-made vehicle and
 * station hold in virtual time, one of each protocol, written again and again under other
 * addresses. Run from the repository's root. The least of some rounds.
 */
#include "record/pcapng.h"
#include "record/recorder.h"
#include "script/fleet.h"
#include "script/ready.h"
#include "script/run.h"
#include "wire/world.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "build/v2glab"
#define SIZE 50e6 /* bytes of the capture */
#define AIM 80.0  /* MB/s */
#define ROUNDS 5
#define GAP_US 10000000 /* between sessions */

/* Most of what captures hold is the loop of charging. */
static const struct course {
    const char *mode, *protocol;
} COURSES[] = {
    {"dc", "DIN70121"}, {"ac", "ISO15118-2"}, {"dc", "ISO15118-2"}, {"dc", "ISO15118-20"}};
#define N_COURSES (sizeof COURSES / sizeof *COURSES)
#define LOOPS "60"

struct frame {
    int64_t us;
    bool from_client, is_udp;
    size_t at, n; /* in the bytes */
};

struct held {
    struct buf frames, bytes; /* frames: struct frame */
};

static void give_up(const char *what)
{
    fprintf(stderr, "bench/capture: %s\n", what);
    exit(1);
}

/* What the vehicle sends and receives. */
static void keep(void *context, const struct event *e)
{
    struct held *h = context;
    if (e->kind != EVENT_FRAME || strcmp(e->by, "EVCC") != 0)
        return;
    struct frame f = {e->us, e->from_role == FROM_EVCC, event_is_datagram(e), h->bytes.n,
                      e->bytes.n};
    buf_add(&h->bytes, e->bytes.p, e->bytes.n);
    buf_add(&h->frames, &f, sizeof f);
}

static void hold_session(const struct course *c, struct library *library, struct held *h)
{
    static const struct run_events EVENTS = {.ended = NULL};
    const struct ready_setting loops = {{(const uint8_t *)"loops", 5}, LOOPS};
    struct ready station = {.sessions = 1};
    struct ready vehicle = {.mode = c->mode, .tls = "off", .setting = &loops, .settings = 1};
    struct fleet fleet;
    struct recorder recorder = {.n = 0};
    struct err e = ERR_INIT;
    struct world *world = world_open_virtual(NULL, 1, &e);
    if (world == NULL)
        give_up(e.what);
    recorder_add(&recorder, keep, h);
    recorder_attach(&recorder, world);
    struct script_options o = {
        .library = library, .recorder = &recorder, .protocol = c->protocol, .profile = "field"};
    o.peer.security = 0x10;
    struct script_run *run = run_open(world, &EVENTS, NULL);
    fleet_open(&fleet, &vehicle, 1);
    if (run_add(run, &o, "evse", ready_station(&station), &e) == NULL ||
        run_add(run, &o, "ev", fleet_built_in(&fleet), &e) == NULL || fleet_send(&fleet, 0, 1) != 0)
        give_up(e.what);
    fleet_end(&fleet);
    run_play(run);
    if (run_result(run) != RUN_PASS || h->frames.n == 0)
        give_up("the session to be repeated did not pass");
    run_close(run);
    fleet_close(&fleet);
    recorder_detach(&recorder);
    world_close(world);
}

/* The number-th time, from that time on; returns when it ends. */
static int64_t write_session(struct pcapng *p, const struct held *h, uint32_t number, int64_t us)
{
    const struct frame *f = (const struct frame *)h->frames.p;
    size_t n = h->frames.n / sizeof *f;
    struct endpoint car = {.ip = {0xFE, 0x80, [15] = 1}, .port = 50000};
    struct endpoint station = {.ip = {0xFE, 0x80, [15] = 2}, .port = 61341};
    struct endpoint group = {.ip = {0xFF, 2, [15] = 1}, .port = 15118};
    struct endpoint asked = station;
    bool is_open = false;
    memcpy(car.ip + 8, &number, sizeof number);
    asked.port = group.port;
    int64_t shift = us - f->us;
    for (size_t i = 0; i < n; i++, f++) {
        struct slice bytes = {h->bytes.p + f->at, f->n};
        us = f->us + shift;
        if (f->is_udp) {
            pcapng_udp(p, us, f->from_client ? &car : &asked, f->from_client ? &group : &car,
                       bytes);
            continue;
        }
        if (!is_open)
            pcapng_tcp_open(p, us, number, &car, &station);
        is_open = true;
        pcapng_tcp_data(p, us, number, f->from_client, bytes);
    }
    pcapng_tcp_close(p, us, number, false, false);
    pcapng_tcp_close(p, us, number, true, false);
    return us + GAP_US;
}

static double size_of(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? (double)s.st_size : 0;
}

/* How many messages are in it. */
static unsigned make_capture(const char *path, const struct held held[N_COURSES])
{
    struct err e = ERR_INIT;
    struct pcapng *p = pcapng_open(path, &e);
    int64_t us = 1700000000000000;
    size_t frames = 0;
    for (uint32_t i = 0; p != NULL && size_of(path) < SIZE; i++) {
        const struct held *h = &held[i % N_COURSES];
        us = write_session(p, h, i + 1, us);
        frames += h->frames.n / sizeof(struct frame);
        if (pcapng_write(p, &e) != 0)
            break;
    }
    if (p == NULL || pcapng_close(p, &e) != 0)
        give_up(e.what);
    return (unsigned)frames;
}

/* Seconds of user CPU. */
static double decode(const char *path)
{
    extern char **environ;
    char *argv[] = {PROGRAM, "decode", (char *)path, NULL};
    posix_spawn_file_actions_t to;
    struct rusage usage;
    pid_t child;
    int status;
    posix_spawn_file_actions_init(&to);
    posix_spawn_file_actions_addopen(&to, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&to, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, PROGRAM, &to, NULL, argv, environ) != 0 ||
        wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        give_up(PROGRAM " decode has failed");
    posix_spawn_file_actions_destroy(&to);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

int main(void)
{
    static struct held held[N_COURSES];
    struct library library;
    char path[64];
    library_open(&library);
    for (size_t i = 0; i < N_COURSES; i++)
        hold_session(&COURSES[i], &library, &held[i]);
    snprintf(path, sizeof path, "/tmp/v2glab-bench-%d.pcapng", (int)getpid());
    unsigned frames = make_capture(path, held);
    double size = size_of(path), least = decode(path);
    for (unsigned i = 1; i < ROUNDS; i++) {
        double seconds = decode(path);
        least = seconds < least ? seconds : least;
    }
    printf("%-30s %.1f MB, %u messages: %.2f s of user CPU, %.0f MB/s (aim %.0f), %.1f us a "
           "message\n",
           "v2glab decode, a capture", size / 1e6, frames, least, size / least / 1e6, AIM,
           least / frames * 1e6);
    remove(path);
    for (size_t i = 0; i < N_COURSES; i++) {
        buf_close(&held[i].frames);
        buf_close(&held[i].bytes);
    }
    library_close(&library);
    return 0;
}
