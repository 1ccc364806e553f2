/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab load`: many vehicles against stations, or stations for many vehicles, and how they bear
 * it. */
#include "app/commands.h"
#include "app/duration.h"
#include "app/interrupt.h"
#include "app/load_addresses.h"
#include "app/load_mix.h"
#include "app/load_useless.h"
#include "app/load_worker.h"
#include "app/options.h"
#include "app/ready_side.h"
#include "app/report.h"
#include "app/session_options.h"
#include "base/said.h"
#include "session/credentials.h"
#include "wire/descriptors.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS 200
#define WRITE_TICKS 5 /* of these until the files are written anew */
#define USUAL_S 10    /* that vehicles come at a rate, where nothing is said */

/* ORDER LOAD_FILE */
static void (*const WRITERS[])(const struct load_figures *f, const struct load_expectations *x,
                               FILE *out) = {figures_json, figures_metrics};
enum { FILE_JSON, FILE_METRICS, FILES };

struct loading {
    struct options options;
    struct library library;
    struct session_options session;
    struct ready_side own, other;
    struct load_mix mode, protocol, persona;
    unsigned role;           /* ORDER ROLE */
    const char *file[FILES]; /* ORDER LOAD_FILE; "-": standard output */
    unsigned sessions, total, threads, stations, failures, arrivals, sources;
    struct load_addresses own_addresses;
    int64_t think_us[2];
    char think[80]; /* as a parameter of vehicles */
    bool has_think;
    struct load_plan plan;
    char *peer[LOAD_STATIONS_MOST]; /* the addresses of the plan */
    struct load_expectations expect;
    struct load_worker *worker;
    struct world *world;
    struct timer ticker;
    uv_async_t ended;
    atomic_uint running;
    unsigned ticks;
    bool has_view, is_interrupted, as_expected;
    int64_t began_us;
    struct load_figures figures;
};

/* ---- options ---- */

static int take_number(void *to, const char *text, struct err *e)
{
    return options_number(to, text, INT_MAX, e);
}

static int take_few(void *to, const char *text, struct err *e)
{
    return options_number(to, text, LOAD_THREADS_MOST, e);
}

static int take_addresses(void *to, const char *text, struct err *e)
{
    return options_number(to, text, LOAD_ADDRESSES_MOST, e);
}

/* "500/s", "500", "30/min". */
static int take_rate(void *to, const char *text, struct err *e)
{
    char *unit;
    double n = strtod(text, &unit);
    double seconds = strcmp(unit, "/min") == 0 ? 60 : strcmp(unit, "/h") == 0 ? 3600 : 1;
    bool is_right = seconds > 1 || *unit == '\0' || strcmp(unit, "/s") == 0;
    if (!is_right || *text < '0' || *text > '9' || !(n / seconds > 1e-6 && n / seconds <= 1e6))
        return err_set(e, "expected a rate, as 500/s, 30/min or 10/h");
    *(double *)to = n / seconds;
    return 0;
}

static int take_peer(void *to, char *item, struct err *e)
{
    struct loading *l = to;
    struct load_plan *plan = &l->plan;
    struct endpoint ignored;
    if (plan->addresses == LOAD_STATIONS_MOST)
        return err_set(e, "expected %d addresses at most", LOAD_STATIONS_MOST);
    if (endpoint_parse(item, &ignored, e) != 0)
        return -1;
    if ((l->peer[plan->addresses] = strdup(item)) == NULL)
        return err_set(e, "out of memory");
    plan->address[plan->addresses] = l->peer[plan->addresses];
    plan->addresses++;
    return 0;
}

/* "[::1]:15118,[::1]:15119" */
static int take_peers(void *to, const char *text, struct err *e)
{
    return options_list(to, text, take_peer, e);
}

static const char *find_mode(const char *name, struct err *e)
{
    for (unsigned i = 0; READY_MODES[i] != NULL; i++)
        if (strcasecmp(READY_MODES[i], name) == 0)
            return READY_MODES[i];
    err_set(e, "expected ac, dc, mcs or ac-der");
    return NULL;
}

static const char *find_protocol(const char *name, struct err *e)
{
    const struct protocol *p = protocol_find(name);
    if (p != NULL && p->uri[0] != NULL)
        return p->name;
    err_set(e, "expected DIN70121, ISO15118-2 or ISO15118-20");
    return NULL;
}

static const char *find_persona(const char *name, struct err *e)
{
    struct ready r = {.persona = name};
    return strcmp(name, "default") == 0 || ready_find_persona(&r, e) == 0 ? name : NULL;
}

/* Where it is not said there is none. */
static int take_duration(void *to, const char *text, struct err *e)
{
    if (duration_take(to, text, e) != 0)
        return -1;
    return *(int64_t *)to > 0 ? 0 : err_set(e, "expected more than 0, or no --duration");
}

static int take_think(void *to, const char *text, struct err *e)
{
    struct loading *l = to;
    l->has_think = true;
    return duration_take_range(l->think_us, text, e);
}

static const char *const ROLES[] = {"evcc", "secc", NULL}; /* ORDER ROLE */
static const char *const ARRIVALS[] = {"even", "random", NULL};

#define AT(member) .at = offsetof(struct loading, member)

static const struct option OPTIONS[] = {
    {"role", 0, "ROLE",
     "evcc (default): plays the vehicles, and measures stations; secc: plays\nthe stations, and "
     "measures vehicles",
     OPTION_CHOICE, AT(role), .names = ROLES},
    {"sessions", 'n', "N",
     "vehicles at once; without --rate each comes again once it has gone, with\nit more are held "
     "back",
     OPTION_CALL, AT(sessions), .take = take_number},
    {"rate", 'r', "N/s", "vehicles come so often, as 500/s or 30/min, whoever is there still",
     OPTION_CALL, AT(plan.traffic.rate), .take = take_rate},
    {"arrivals", 0, "HOW", "with --rate: even (default), or random (a Poisson process)",
     OPTION_CHOICE, AT(arrivals), .names = ARRIVALS},
    {"ramp", 0, "TIME", "fewer at first: they, or the rate, rise to all within that time",
     OPTION_CALL, AT(plan.traffic.ramp_us), .take = duration_take},
    {"rest", 0, "TIME[..TIME]",
     "without --rate: from the end of a vehicle until it comes again, also\na random time, as "
     "1s..5s",
     OPTION_CALL, AT(plan.traffic.rest_us), .take = duration_take_range},
    {"think", 0, "TIME[..TIME]",
     "of vehicles: from each response to the next request, likewise; else as\ntheir persona has it",
     OPTION_CALL, .take = take_think},
    {"duration", 0, "TIME",
     "as 10s, 5min or 1h; then all end as the protocol wants, which is not\nmeasured", OPTION_CALL,
     AT(plan.duration_us), .take = take_duration},
    {"total", 0, "N",
     "ends after so many sessions; without it and --duration: each vehicle once,\nwith --rate ten "
     "seconds",
     OPTION_CALL, AT(total), .take = take_number},
    {"threads", 0, "N", "so many threads, each with a part of all of it (1)", OPTION_CALL,
     AT(threads), .take = take_few},
    {"stations", 0, "N", "stations that it plays itself, of each thread (1)", OPTION_CALL,
     AT(stations), .take = take_few},
    {"interface", 'i', "NAME", "the network interface that the peer is reached over (SDP, IPv6)",
     AT(session.script.peer.interface)},
    {"peer", 'p', "ADDRESS,...",
     "as [::1]:15118: vehicles connect there, in turn, or stations listen there;\nwithout it and "
     "--interface vehicles have stations in this program",
     OPTION_CALL, .take = take_peers},
    {"addresses", 0, "N",
     "vehicles come from so many addresses of their own, which the interface\n"
     "(that of --interface, or of --peer [fe80::1%eth1]:PORT) gets for that time",
     OPTION_CALL, AT(sources), .take = take_addresses},
    {"mode", 'm', "MIX", "ac, dc, mcs or ac-der; several as ac:70%,dc:30%", OPTION_CALL, AT(mode),
     .take = load_mix_take},
    {"protocol", 'P', "MIX", "DIN70121, ISO15118-2, ISO15118-20, likewise; of stations one",
     OPTION_CALL, AT(protocol), .take = load_mix_take},
    {"persona", 0, "MIX",
     "as mg4:30%,default:70%, which keeps to the standards; of stations each\nin turn", OPTION_CALL,
     AT(persona), .take = load_mix_take},
    READY_OPTIONS(offsetof(struct loading, own)),
    {"with", 0, "KEY=VALUE", "a parameter of the stations that it plays for its vehicles",
     OPTION_CALL, AT(other), .take = ready_side_set},
    {"expect", 0, "WHAT",
     "as 'p99(CurrentDemandRes)<250ms' or 'failed<0.1%' (docs/load.md); may be\ngiven several "
     "times; without a word on failed, none may",
     OPTION_CALL, AT(expect), .take = expect_take},
    {"json", 0, "FILE", "the figures as JSON, anew each second; -: at the end",
     AT(file[FILE_JSON])},
    {"openmetrics", 0, "FILE", "likewise as OpenMetrics", AT(file[FILE_METRICS])},
    {"failures", 0, "N", "of so many sessions that fail the record is kept (100)", OPTION_CALL,
     AT(failures), .take = take_number},
    {"record", 'o', "DIR", "folder of these records; else runs/DATE", AT(session.record)},
    {"no-record", 0, NULL, "keep none", AT(session.no_record)},
    CONNECTION_OPTIONS(offsetof(struct loading, session)),
    {"quiet", 'q', NULL, "no live line", AT(session.quiet)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "load",
    .instead =
        (const struct instead[]){
            {"virtual-time", "how long the other side takes is measured in real time; many "
                             "vehicles in virtual time are `v2glab ev --count N --virtual-time`"},
            {NULL, NULL},
        },
    .synopsis = "[OPTION]...",
    .about = "Plays many vehicles against one or several stations, or stations for many vehicles, "
             "and\n"
             "tells how many sessions went well, and how long the other side took for each "
             "message.\n"
             "Ctrl-C ends all sessions as their protocols want, a second one at once.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab load --sessions 500 --mode ac --set loops=20\n"
            "  v2glab load --peer [::1]:15118 --rate 50/s --sessions 1000 --duration 1min \\\n"
            "    --persona mg4:30%,vw-group:70% --mode dc --expect 'p99(CurrentDemandRes)<250ms'\n"
            "  v2glab load --role secc --peer [::1]:15118 --threads 2 --duration 1h\n\n"
            "exit codes: 0 all as expected, 1 not, 2 inconclusive (interrupted), 3 error in "
            "set-up",
};

/* ---- what is played ---- */

/* How many vehicles there may be by the descriptors that there are. */
static unsigned places_most(const struct load_plan *p)
{
    unsigned ends = p->side == FROM_EVCC && p->stations > 0 ? 2 : 1;
    return descriptors_for_connections() / ends;
}

static int plan_traffic(struct loading *l, struct err *e)
{
    struct load_plan *p = &l->plan;
    unsigned most = places_most(p);
    if (most == 0)
        return err_set(e, "there are no descriptors for a vehicle and its station (ulimit -Hn)");
    if (l->sessions > most)
        return err_set(e,
                       "--sessions %u: expected %u at most, as many as there are descriptors "
                       "for (ulimit -Hn)",
                       l->sessions, most);
    bool is_open = p->traffic.rate > 0;
    p->traffic.places = l->sessions > 0 ? l->sessions : is_open ? most : 1;
    p->traffic.is_random = l->arrivals == 1;
    p->total = l->total;
    if (p->total == 0 && p->duration_us == 0 && p->side == FROM_EVCC && !is_open)
        p->total = p->traffic.places;
    else if (p->total == 0 && p->duration_us == 0 && p->side == FROM_EVCC)
        p->duration_us = USUAL_S * INT64_C(1000000);
    if (p->side == FROM_EVCC && p->threads > p->traffic.places)
        return err_set(e,
                       "--threads %u: expected --sessions %u or more, since each thread has "
                       "vehicles of its own",
                       p->threads, p->threads);
    return 0;
}

/* Of DIN 70121 there is DC only, and of ISO 15118-20 alone what else there is besides AC. */
static bool is_spoken(const char *mode, const char *protocol)
{
    if (protocol == NULL || mode == NULL || strcmp(mode, "dc") == 0)
        return true;
    bool is_20 = strcmp(protocol, "ISO15118-20") == 0;
    return strcmp(mode, "ac") == 0 ? strcmp(protocol, "DIN70121") != 0 : is_20;
}

static int add_kind(struct loading *l, const struct ready *kind, double share, struct err *e)
{
    struct load_plan *p = &l->plan;
    if (p->kinds == LOAD_KINDS_MOST)
        return err_set(e, "modes, protocols and personas make more than %d kinds", LOAD_KINDS_MOST);
    p->kind[p->kinds] = *kind;
    if (kind->persona != NULL && strcmp(kind->persona, "default") == 0)
        p->kind[p->kinds].persona = NULL;
    if (ready_find_persona(&p->kind[p->kinds], e) != 0)
        return -1;
    p->share[p->kinds++] = share;
    return 0;
}

/* Each mode that was said has a protocol, and each protocol a mode. */
static int check_mixes(const struct loading *l, struct err *e)
{
    const struct load_mix *modes = &l->mode, *protocols = &l->protocol;
    unsigned with_mode[LOAD_MIX_MOST] = {0};
    for (unsigned m = 0; m < modes->n; m++) {
        unsigned n = 0;
        for (unsigned i = 0; i < load_mix_size(protocols); i++) {
            bool goes = is_spoken(modes->name[m], protocols->name[i]);
            with_mode[i] += goes;
            n += goes;
        }
        if (n == 0)
            return err_set(e, "--mode %s: none of the protocols has such a mode", modes->name[m]);
    }
    for (unsigned i = 0; i < protocols->n && modes->n > 0; i++)
        if (with_mode[i] == 0)
            return err_set(e, "--protocol %s: it has none of the modes", protocols->name[i]);
    return 0;
}

/* Stations have their kinds in turn, one each. */
static int check_kinds_of_stations(const struct loading *l, struct err *e)
{
    const struct load_plan *p = &l->plan;
    if (p->side == FROM_EVCC)
        return 0;
    if ((l->mode.n > 0 && l->mode.share[0] > 0) || (l->persona.n > 0 && l->persona.share[0] > 0))
        return err_set(e, "--role secc: expected no shares of --mode and --persona, which stations "
                          "have in turn");
    if (p->kinds <= p->stations)
        return 0;
    return err_set(e,
                   "--role secc: modes and personas make %u kinds of stations; expected so many "
                   "addresses of --peer at least, since each station is of one kind",
                   p->kinds);
}

/* Every mode with every protocol and every persona, as far as these go together. */
static int plan_kinds(struct loading *l, struct err *e)
{
    struct load_plan *p = &l->plan;
    double all = 0;
    struct ready kind = l->own.ready;
    if (check_mixes(l, e) != 0)
        return -1;
    for (unsigned m = 0; m < load_mix_size(&l->mode); m++)
        for (unsigned n = 0; n < load_mix_size(&l->protocol); n++)
            for (unsigned k = 0; k < load_mix_size(&l->persona); k++) {
                kind.mode = l->mode.name[m];
                kind.protocol = p->side == FROM_EVCC ? l->protocol.name[n] : NULL;
                kind.persona = l->persona.name[k];
                double share = load_mix_share(&l->mode, m) * load_mix_share(&l->protocol, n) *
                               load_mix_share(&l->persona, k);
                if (!is_spoken(kind.mode, l->protocol.name[n]))
                    continue;
                if (add_kind(l, &kind, share, e) != 0)
                    return -1;
                all += share;
            }
    for (unsigned i = 0; i < p->kinds; i++)
        p->share[i] /= all;
    return check_kinds_of_stations(l, e);
}

/* What would do nothing is refused, and so is what is said of stations as of vehicles. */
static int check_options(const struct loading *l, struct err *e)
{
    const struct load_plan *p = &l->plan;
    const char *tls = l->session.script.peer.choice.said[TLS_KEY_VERSION];
    bool is_station = p->side == FROM_SECC;
    bool has_others = l->session.script.peer.interface != NULL || p->addresses > 0;
    bool is_plain = options_said(&l->options, "tls") && tls != NULL && strcmp(tls, "off") == 0;
    unsigned is = (is_station   ? LOAD_IS_STATIONS
                   : has_others ? LOAD_IS_ELSEWHERE
                                : 0) |
                  (p->traffic.rate > 0 ? LOAD_IS_OPEN : LOAD_IS_CLOSED) |
                  (l->session.no_record ? LOAD_IS_UNRECORDED : 0) |
                  (is_plain ? LOAD_IS_WITHOUT_TLS : 0);
    return useless_check(&l->options, is, e);
}

/* Stations that it plays, and where. */
static int plan_stations(struct loading *l, struct err *e)
{
    struct load_plan *p = &l->plan;
    bool has_interface = l->session.script.peer.interface != NULL;
    bool is_station = p->side == FROM_SECC;
    if (has_interface && p->addresses > 0)
        return err_set(e, "--interface and --peer: expected one of them");
    if (is_station && !has_interface && p->addresses == 0)
        return err_set(e,
                       "--role secc: expected --peer ADDRESS or --interface NAME, where vehicles "
                       "are to find it");
    if (is_station && l->protocol.n > 1)
        return err_set(e, "--protocol: expected one, or none, of stations");
    if (is_station && has_interface && p->threads > 1)
        return err_set(e, "--role secc --interface: expected one thread, since SDP has one answer; "
                          "or --peer ADDRESS");
    if (is_station)
        p->stations = has_interface ? 1 : p->addresses;
    else
        p->stations = has_interface || p->addresses > 0 ? 0 : l->stations;
    return 0;
}

/* Vehicles get their addresses on the interface by which they find the station. -1: e. */
static int open_addresses(struct loading *l, struct err *e)
{
    struct load_plan *p = &l->plan;
    const char *interface = l->session.script.peer.interface;
    struct endpoint to = {0};
    if (l->sources == 0)
        return 0;
    if (interface == NULL && p->addresses > 0 && endpoint_parse(p->address[0], &to, e) == 0)
        interface = to.interface;
    if (p->side == FROM_SECC || interface == NULL || interface[0] == '\0')
        return err_set(e, "--addresses: expected vehicles with --interface NAME, or a --peer with "
                          "its interface, as [fe80::1%%eth1]:15118");
    if (addresses_open(&l->own_addresses, interface, l->sources, e) != 0)
        return -1;
    p->source = l->own_addresses.at;
    p->sources = l->own_addresses.n;
    return 0;
}

/* own: vehicles, or stations, of all kinds; other: the stations that it plays for its vehicles. */
static int plan_sides(struct loading *l, struct err *e)
{
    struct load_plan *p = &l->plan;
    const struct script_options *run = &l->session.script;
    snprintf(l->think, sizeof l->think, "gaps={default={%g,%g}}", (double)l->think_us[0] / 1e3,
             (double)l->think_us[1] / 1e3);
    if ((l->has_think && ready_side_set(&l->own, l->think, e) != 0) ||
        ready_side_prepare(&l->own, run, false, &p->script, e) != 0 ||
        ready_side_prepare(&l->other, run, true, &p->other, e) != 0)
        return -1;
    p->station = l->other.ready;
    p->station.time_scale = l->own.ready.time_scale;
    if (p->side == FROM_SECC && l->protocol.n == 1)
        p->script.protocol = l->protocol.name[0];
    return 0;
}

static int plan(struct loading *l, struct err *e)
{
    struct load_plan *p = &l->plan;
    char folder[RECORD_PATH_MAX];
    p->side = l->role == 1 ? FROM_SECC : FROM_EVCC;
    p->threads = l->threads;
    p->library = &l->library;
    p->faults = &l->session.faults;
    p->keeps_failures = !l->session.no_record;
    p->failures_most = l->failures;
    p->record.path = l->session.record;
    if (p->keeps_failures && p->record.path != NULL && record_is_free(p->record.path, NULL, e) != 0)
        return -1;
    l->session.faults.is_alone = l->session.script.peer.interface != NULL || p->addresses > 0;
    if (check_options(l, e) != 0 || expect_check(&l->expect, &l->library, p->side, e) != 0 ||
        plan_sides(l, e) != 0 || plan_stations(l, e) != 0 || plan_traffic(l, e) != 0 ||
        plan_kinds(l, e) != 0 || session_check(&l->session, p->side == FROM_SECC, e) != 0)
        return -1;
    /* a demo tree that is not there yet is made once, not by each thread */
    return credentials_tree(&l->session.script.peer.choice, folder, sizeof folder, e);
}

/* ---- figures ---- */

static void gather(struct loading *l)
{
    figures_clear(&l->figures);
    for (unsigned i = 0; i < l->plan.threads; i++)
        load_worker_add(&l->worker[i], &l->figures);
    l->figures.most = atomic_load(&l->plan.most);
    int64_t us = world_now(l->world) - l->began_us;
    bool is_late = l->plan.duration_us > 0 && us > l->plan.duration_us;
    l->figures.seconds = (double)(is_late ? l->plan.duration_us : us) / 1e6;
    l->as_expected = expect_judge(&l->expect, &l->figures);
}

/* -1: e, since not all has arrived. */
static int write_to(const struct loading *l, unsigned which, const char *path, struct err *e)
{
    FILE *out = fopen(path, "we");
    if (out != NULL)
        WRITERS[which](&l->figures, &l->expect, out);
    bool bad = out == NULL || fflush(out) != 0 || ferror(out) != 0;
    if (bad)
        err_set(e, "%s cannot be written: %s", path, strerror(errno));
    if (out != NULL)
        fclose(out);
    return bad ? -1 : 0;
}

/* A file is replaced as a whole, so that whoever reads it finds one that is; where a link leads to
 * it, there. -1: e. */
static int replace_file(const struct loading *l, unsigned which, struct err *e)
{
    char *there = realpath(l->file[which], NULL); /* NULL: there is none yet */
    const char *path = there != NULL ? there : l->file[which];
    char next[RECORD_FILE_MAX];
    int bad = 0;
    if (snprintf(next, sizeof next, "%s.new", path) >= (int)sizeof next)
        bad = err_set(e, "%s: the name is too long", path);
    else if (write_to(l, which, next, e) != 0 || rename(next, path) != 0) {
        bad = err_set(e, "%s cannot be written: %s", path, strerror(errno));
        unlink(next);
    }
    free(there);
    return bad;
}

/* Else it is a device or a pipe, which stays what it is, and gets the figures but once. */
static bool is_replaced(const char *path)
{
    struct stat s;
    return strcmp(path, "-") != 0 && (stat(path, &s) != 0 || S_ISREG(s.st_mode));
}

/* at_end: also what is not replaced. -1: e. */
static int write_files(const struct loading *l, bool at_end, struct err *e)
{
    int bad = 0;
    for (unsigned i = 0; i < FILES; i++) {
        if (l->file[i] == NULL)
            continue;
        if (is_replaced(l->file[i]))
            bad |= replace_file(l, i, e);
        else if (at_end && strcmp(l->file[i], "-") != 0)
            bad |= write_to(l, i, l->file[i], e);
        else if (at_end)
            WRITERS[i](&l->figures, &l->expect, stdout);
    }
    return bad;
}

static int check_files(const struct loading *l, struct err *e)
{
    const char *json = l->file[FILE_JSON], *metrics = l->file[FILE_METRICS];
    if (json != NULL && metrics != NULL && strcmp(json, metrics) == 0)
        return err_set(e, "--json and --openmetrics: expected two files, found %s for both", json);
    return write_files(l, false, e);
}

/* ---- running ---- */

static void ask_all(struct loading *l, enum load_wish wish)
{
    for (unsigned i = 0; i < l->plan.threads; i++)
        load_worker_ask(&l->worker[i], wish);
}

static void tick(void *context)
{
    struct loading *l = context;
    struct err e = ERR_INIT; /* told at the end, when they are written once more */
    timer_start(l->world, &l->ticker, TICK_MS, tick, l);
    if (l->plan.side == FROM_SECC && l->plan.total > 0 &&
        atomic_load(&l->plan.ended) >= l->plan.total)
        ask_all(l, LOAD_STOP);
    if (++l->ticks % WRITE_TICKS != 0)
        return;
    gather(l);
    write_files(l, false, &e);
    if (l->has_view)
        figures_line(&l->figures, stderr);
}

static void interrupted(void *context, unsigned n)
{
    struct loading *l = context;
    l->is_interrupted = true;
    ask_all(l, n > 1 ? LOAD_ABORT : LOAD_STOP);
}

/* From a worker's thread. */
static void worker_over(void *context)
{
    struct loading *l = context;
    atomic_fetch_sub(&l->running, 1);
    uv_async_send(&l->ended);
}

static void one_ended(uv_async_t *handle)
{
    struct loading *l = handle->data;
    if (atomic_load(&l->running) > 0 || uv_is_closing((uv_handle_t *)handle))
        return;
    timer_stop(&l->ticker);
    interrupt_close();
    uv_close((uv_handle_t *)handle, NULL);
}

static int start(struct loading *l, struct err *e)
{
    unsigned n = l->plan.threads;
    l->worker = calloc(n, sizeof *l->worker);
    if (l->worker == NULL)
        return err_set(e, "out of memory");
    atomic_store(&l->running, n);
    l->began_us = world_now(l->world);
    for (unsigned i = 0; i < n; i++) {
        l->worker[i] =
            (struct load_worker){.plan = &l->plan, .index = i, .over = worker_over, .context = l};
        if (load_worker_start(&l->worker[i], e) == 0)
            continue;
        l->plan.threads = i; /* those that have begun end */
        atomic_fetch_sub(&l->running, n - i);
        ask_all(l, LOAD_ABORT);
        return -1;
    }
    return 0;
}

static void play(struct loading *l, struct err *e)
{
    uv_async_init(world_loop(l->world), &l->ended, one_ended);
    l->ended.data = l;
    if (interrupt_open(l->world, 2, interrupted, l, e) == 0 && start(l, e) == 0)
        timer_start(l->world, &l->ticker, TICK_MS, tick, l);
    else
        uv_async_send(&l->ended);
    world_run(l->world);
    gather(l);
    for (unsigned i = 0; i < l->plan.threads && l->worker != NULL; i++) {
        if (l->worker[i].problem.set && !e->set)
            *e = l->worker[i].problem;
        load_worker_close(&l->worker[i]);
    }
}

/* What it comes to: what was expected is judged by gather. */
static int tell(struct loading *l, struct err *e)
{
    bool is_shown = true;
    for (unsigned i = 0; i < FILES; i++)
        is_shown = is_shown && (l->file[i] == NULL || strcmp(l->file[i], "-") != 0);
    if (l->has_view)
        fputs("\r\033[K", stderr);
    if (is_shown)
        figures_text(&l->figures, &l->expect, stdout);
    if (write_files(l, true, e) != 0)
        return -1;
    if (l->plan.has_folder && is_shown)
        said_print(stdout, "records of %u that failed: %s\n", l->figures.recorded, l->plan.folder);
    return !l->as_expected ? EXIT_FAIL : l->is_interrupted ? EXIT_UNCLEAR : EXIT_PASS;
}

static int run_all(struct loading *l)
{
    struct err e = ERR_INIT;
    int status = -1;
    if (plan(l, &e) == 0 && check_files(l, &e) == 0 && open_addresses(l, &e) == 0 &&
        (l->world = world_open(NULL, &e)) != NULL) {
        pthread_mutex_init(&l->plan.lock, NULL);
        play(l, &e);
        status = e.set ? -1 : tell(l, &e);
        pthread_mutex_destroy(&l->plan.lock);
    }
    world_close(l->world);
    addresses_close(&l->own_addresses);
    free(l->worker);
    figures_close(&l->figures);
    if (status >= 0)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}

int command_load(int argc, char **argv)
{
    static struct loading l;
    l = (struct loading){.threads = 1, .stations = 1, .failures = 100};
    l.mode.find = find_mode;
    l.protocol.find = find_protocol;
    l.persona.find = find_persona;
    library_open(&l.library);
    session_options_open(&l.session, &l.library, PEER_TLS_AUTO);
    options_open(&l.options, &USAGE, &l.library, argc, argv);
    int status = l.options.status;
    if (options_read(&l.options, &l) != 0)
        status = l.options.status;
    else if (l.options.arguments > 0)
        status = options_wrong(&l.options, "'%s' is no option; this command takes no arguments",
                               l.options.argument[0]);
    else {
        expect_no_failure(&l.expect);
        l.has_view = !l.session.quiet && isatty(STDERR_FILENO);
        status = run_all(&l);
    }
    while (l.plan.addresses > 0)
        free(l.peer[--l.plan.addresses]);
    load_mix_close(&l.mode);
    load_mix_close(&l.protocol);
    load_mix_close(&l.persona);
    library_close(&l.library);
    return status;
}
