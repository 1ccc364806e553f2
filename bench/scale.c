/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many sessions at once: ready-made vehicles and stations of one process and loop, over plain TCP
 * on loopback. How many pairs of 20-message ISO 15118-2 AC sessions a core holds in a second, where
 * all of them begin at once and where a few are there at any time, with and without their record;
 * how soon 250 vehicles have begun; and, of sessions that stay open, the memory of a side and the
 * CPU time of a message. Run from the repository's root.
 *
 * The pairs aimed at are those of one machine, whose codec takes CODEC_NS for a message. Beside
 * what a core here holds stands what one would where the codec takes that time: right before and
 * behind each rate the codec is measured, too.
 *
 *   bench-scale [OPEN]   with so many open pairs at most (10000, as far as descriptors reach)
 */
#include "codec/exi.h"
#include "record/record.h"
#include "script/fleet.h"
#include "wire/descriptors.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM 300 /* sessions before measuring */
#define PAIRS 1500
#define STARTED 250
#define FEW 16 /* vehicles at once that keep a core busy */
#define MEASURED_S 5.0
#define CODEC_MESSAGE "CurrentDemandRes" /* of bench/messages.txt */
#define CODEC_NS 165.0                   /* README.md: to encode it and to decode it */
#define SET(key, value)                                                                            \
    {                                                                                              \
        {(const uint8_t *)(key), sizeof(key) - 1}, value                                           \
    }

static const struct ready_setting ONCE[] = {SET("loops", "1")};
/* gaps: between two messages of an open session, ms */
static struct ready_setting stays[] = {SET("gaps.ChargingStatus", NULL), SET("loops", "1000000000"),
                                       SET("battery.capacity", "3e7"),
                                       SET("gaps.Authorization", "0"), SET("tries", "20")};

struct bench {
    struct library library;
    struct recorder recorder;
    struct script_options options;
    char address[32];
    struct world *world;
    struct script_run *run;
    struct player *station;
    struct fleet fleet;
    struct timer looks;
    unsigned long frames, setups; /* recorded, each by both sides; SessionSetupReq of vehicles */
    unsigned ended, failed, pairs, sent;
    int told; /* where the CPU time of a message goes to */
    double from, cpu_from, first_rss;
    unsigned long frames_from;
    double begun_s; /* until all have begun */
};

static double clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void give_up(const char *what)
{
    fprintf(stderr, "bench/scale: %s\n", what);
    exit(1);
}

/* KiB that the process has in memory. */
static double rss(void)
{
    char line[200];
    double kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmRSS: %lf", &kb) == 1)
            break;
    if (f != NULL)
        fclose(f);
    return kb;
}

static void count(void *context, const struct event *e)
{
    struct bench *b = context;
    b->frames += e->kind == EVENT_FRAME;
    if (e->kind != EVENT_FRAME || e->is_echo || strcmp(e->name, "SessionSetupReq") != 0)
        return;
    if (++b->setups == b->pairs)
        b->begun_s = clock_of(CLOCK_MONOTONIC) - b->from;
}

static void send_vehicle(struct bench *b)
{
    if (fleet_send(&b->fleet, 0, ++b->sent) != 0)
        give_up("out of memory");
    if (b->sent == b->pairs)
        fleet_end(&b->fleet);
}

static void session_over(void *context, const struct session_end *end)
{
    struct bench *b = context;
    b->ended++;
    if (strcmp(end->by, "EVCC") == 0 && b->sent < b->pairs)
        send_vehicle(b);
    if (end->verdict != VERDICT_PASS && b->failed++ == 0)
        fprintf(stderr, "bench/scale: %s: %s\n", end->by, end->text);
}

static void player_ended(void *context, const struct player *p, const struct script *s)
{
    struct bench *b = context;
    if (s->verdict != VERDICT_PASS)
        give_up(s->reason);
    if (p != b->station)
        run_stop_player(b->station);
}

/* One process, so that each begins cold. */
static void open_bench(struct bench *b, unsigned pairs)
{
    memset(b, 0, sizeof *b);
    library_open(&b->library);
    snprintf(b->address, sizeof b->address, "[::1]:%d", 12000 + (int)getpid() % 20000);
    b->options = (struct script_options){.library = &b->library, .profile = "field"};
    b->options.protocol = "ISO15118-2";
    b->options.peer.security = 0x10;
    b->options.peer.address = b->address;
    b->options.peer.tls = PEER_TLS_OFF;
    b->pairs = pairs;
}

/* at_once: so many vehicles come at first, and another one as each of them has gone. */
static void play(struct bench *b, struct ready *vehicle, unsigned at_once)
{
    static const struct run_events EVENTS = {.ended = player_ended, .session_over = session_over};
    struct err e = ERR_INIT;
    struct ready station = {.tls = "off"};
    b->world = b->world != NULL ? b->world : world_open(NULL, &e);
    recorder_attach(b->options.recorder, b->world);
    b->run = run_open(b->world, &EVENTS, b);
    b->station = run_add(b->run, &b->options, "evse", ready_station(&station), &e);
    fleet_open(&b->fleet, vehicle, 1);
    if (b->station == NULL ||
        run_add(b->run, &b->options, "ev", fleet_built_in(&b->fleet), &e) == NULL)
        give_up(e.what);
    while (b->sent < b->pairs && b->sent < at_once)
        send_vehicle(b);
    b->from = clock_of(CLOCK_MONOTONIC);
    run_play(b->run);
    run_close(b->run);
    fleet_close(&b->fleet);
    recorder_detach(b->options.recorder);
    if (b->failed > 0 || b->ended != 2 * b->pairs)
        give_up("not all sessions passed");
}

/* ---- the machine ---- */

/* The octets of CODEC_MESSAGE, and how many they are. */
static size_t read_message(uint8_t *bytes, size_t cap)
{
    char line[1000], hex[1000];
    int64_t n = -1;
    FILE *f = fopen("bench/messages.txt", "r");
    if (f == NULL)
        give_up("bench/messages.txt cannot be read; expected to run in the repository's root");
    while (n < 0 && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, CODEC_MESSAGE " iso15118-2 %*s %*s %999s", hex) == 1)
            n = hex_read(hex, strlen(hex), bytes, cap);
    fclose(f);
    if (n < 0)
        give_up("bench/messages.txt has no " CODEC_MESSAGE);
    return (size_t)n;
}

/* How many times CODEC_NS the codec takes now. */
static double slowness(void)
{
    static struct library library;
    static const struct schema *schema;
    static uint8_t bytes[500], out[500];
    static uint64_t block[1024];
    static size_t n;
    struct exi_options options = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct arena arena;
    struct message m;
    double least = 1e9;
    if (schema == NULL) {
        library_open(&library);
        schema = library_get(&library, "iso15118-2", &e);
        n = read_message(bytes, sizeof bytes);
    }
    if (schema == NULL)
        give_up(e.what);
    arena_open(&arena, block, sizeof block, 0);
    for (unsigned round = 0; round < 40; round++) {
        double from = clock_of(CLOCK_MONOTONIC);
        for (unsigned i = 0; i < 2000; i++) {
            arena_reset(&arena);
            if (exi_decode(schema, bytes, n, &options, &arena, &m, &e) != 0 ||
                exi_encode(&m, out, sizeof out, &e) != (int64_t)n)
                give_up(CODEC_MESSAGE " is not encoded as it came");
        }
        double ns = (clock_of(CLOCK_MONOTONIC) - from) * 1e9 / 2000;
        least = round > 0 && ns < least ? ns : least;
    }
    arena_close(&arena);
    return least / CODEC_NS;
}

/* ---- pairs ---- */

struct measured {
    double cpu_s, begun_s;
};

/* CPU seconds of so many pairs in a process of their own, with its start. */
static struct measured hold_pairs(unsigned pairs, unsigned at_once, bool is_recorded)
{
    struct measured m = {0};
    int ends[2];
    if (pipe(ends) != 0)
        give_up("no pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        static struct bench b;
        struct err e = ERR_INIT;
        char folder[64];
        struct ready vehicle = {
            .mode = "ac", .tls = "off", .time_scale = "1e6", .setting = ONCE, .settings = 1};
        open_bench(&b, pairs);
        recorder_add(&b.recorder, count, &b);
        snprintf(folder, sizeof folder, "/tmp/v2glab-scale-%d", (int)getpid());
        struct record_options how = {.path = folder, .lines = LINES_NEVER, .library = &b.library};
        struct record *record = is_recorded ? record_open(&how, &b.recorder, &e) : NULL;
        if (is_recorded || pairs == STARTED)
            b.options.recorder = &b.recorder;
        play(&b, &vehicle, at_once);
        if (record != NULL)
            record_close(record, 0, &e);
        m = (struct measured){clock_of(CLOCK_PROCESS_CPUTIME_ID), b.begun_s};
        _exit(write(ends[1], &m, sizeof m) == (ssize_t)sizeof m ? 0 : 1);
    }
    int status = 0;
    close(ends[1]);
    if (read(ends[0], &m, sizeof m) != (ssize_t)sizeof m || waitpid(child, &status, 0) != child ||
        status != 0)
        give_up("a process ended early");
    close(ends[0]);
    if (is_recorded) {
        char folder[200];
        snprintf(folder, sizeof folder, "rm -rf /tmp/v2glab-scale-%d", (int)child);
        if (system(folder) != 0)
            give_up("the record cannot be removed");
    }
    return m;
}

/* A second of CPU. are_warm: PAIRS that come after the first WARM; else those, with their start. */
static double pair_rate(bool are_warm, unsigned at_once, bool is_recorded)
{
    double first = hold_pairs(WARM, at_once, is_recorded).cpu_s;
    if (!are_warm)
        return WARM / first;
    return PAIRS / (hold_pairs(WARM + PAIRS, at_once, is_recorded).cpu_s - first);
}

static void bench_pairs(void)
{
    static const struct {
        const char *name;
        unsigned at_once, aim;
        bool are_warm, is_recorded;
    } RATES[] = {
        {"the first 300, with their start", WARM, 1800, false, false},
        {"those after them, 16 at a time", FEW, 2500, true, false},
        {"those after them, all at once", WARM + PAIRS, 2500, true, false},
        {"with their record, all at once", WARM + PAIRS, 1200, true, true},
    };
    double before = slowness();
    printf(
        "pairs of vehicle and station, 20 messages each, a second of CPU; and by the time of the "
        "codec,\nwhere " CODEC_MESSAGE " takes %.0f ns:\n",
        CODEC_NS);
    for (unsigned i = 0; i < sizeof RATES / sizeof *RATES; i++) {
        double rate = pair_rate(RATES[i].are_warm, RATES[i].at_once, RATES[i].is_recorded);
        double after = slowness(), factor = (before + after) / 2;
        printf("  %-32s %6.0f   codec %.2f times as slow: %6.0f   (aim %u)\n", RATES[i].name, rate,
               factor, rate * factor, RATES[i].aim);
        before = after;
    }
    struct measured start = hold_pairs(STARTED, STARTED, false);
    printf("%u vehicles have begun after     %6.2f s (aim 0.50)\n", STARTED, start.begun_s);
}

/* ---- sessions that stay open ---- */

/* Once all have sent some messages: for MEASURED_S. */
static void look(void *context)
{
    struct bench *b = context;
    double now = clock_of(CLOCK_MONOTONIC);
    timer_start(b->world, &b->looks, 100, look, b);
    if (b->cpu_from <= 0) {
        if (b->setups < b->pairs || b->frames < 44ul * b->pairs)
            return;
        b->from = now;
        b->cpu_from = clock_of(CLOCK_PROCESS_CPUTIME_ID);
        b->frames_from = b->frames;
    } else if (now - b->from >= MEASURED_S) {
        double cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - b->cpu_from;
        double messages = (double)(b->frames - b->frames_from) / 2;
        printf(
            "%6u open pairs: %6.1f KiB a side, %5.1f us CPU a message of both sides, %u failed\n",
            b->pairs, (rss() - b->first_rss) / b->pairs / 2, cpu * 1e6 / messages, b->failed);
        fflush(stdout);
        double us = cpu * 1e6 / messages;
        bool is_told = write(b->told, &us, sizeof us) == (ssize_t)sizeof us;
        _exit(b->failed > 0 || !is_told);
    }
}

/* Microseconds of CPU of a message. */
static double bench_open(unsigned pairs)
{
    int status = 0, ends[2];
    double us = 0;
    if (pipe(ends) != 0)
        give_up("no pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        static struct bench b;
        struct err e = ERR_INIT;
        struct ready vehicle = {.mode = "ac",
                                .tls = "off",
                                .setting = stays,
                                .settings = sizeof stays / sizeof stays[0]};
        char gap[16]; /* more where there are many: what a core can bear is not the question here */
        snprintf(gap, sizeof gap, "%u", pairs < 100 ? 20 : pairs < 2000 ? 2000 : pairs);
        stays[0].value = gap;
        open_bench(&b, pairs);
        b.told = ends[1];
        recorder_add(&b.recorder, count, &b);
        b.options.recorder = &b.recorder;
        b.world = world_open(NULL, &e);
        b.first_rss = rss();
        timer_start(b.world, &b.looks, 100, look, &b);
        play(&b, &vehicle, pairs);
        _exit(1);
    }
    close(ends[1]);
    bool is_told = read(ends[0], &us, sizeof us) == (ssize_t)sizeof us;
    close(ends[0]);
    if (waitpid(child, &status, 0) != child || status != 0 || !is_told)
        give_up("open sessions failed");
    return us;
}

int main(int argc, char **argv)
{
    unsigned most = descriptors_for_connections() / 2 - 100;
    unsigned open = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10000;
    bench_pairs();
    open = open < most ? open : most;
    double one = bench_open(1), thousand = bench_open(1000), all = bench_open(open);
    printf(
        "CPU of a message beside 1,000 sessions %.1f times that of one alone (aim 1.8), beside %u "
        "%.1f times (aim 3)\n(aim: 10,000 sides in 400 MB, 40 KiB each)\n",
        thousand / one, open, all / one);
    return 0;
}
