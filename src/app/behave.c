/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab ev` and `v2glab evse`: a vehicle and a station that charge, with no script at all. */

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/options.h"
#include "app/ready_side.h"
#include "app/report.h"
#include "app/screen.h"
#include "app/session_options.h"
#include "base/said.h"
#include "powerline/line.h"
#include "wire/descriptors.h"
#include "wire/lab.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ENDING_MS 4000 /* of the 5 s that SIGTERM leaves; the rest is for the record */

/* One side: what is said of it, and what its player has of its own. */
struct part {
    struct ready_side side;
    struct script_options options;
};

struct behaving {
    struct options options;
    struct library library;
    struct session_options session;
    struct part own, other;
    const char *mode;
    unsigned count;                    /* as given */
    const char *interface[LAB_CABLES]; /* of a bench: where its vehicles are plugged in */
    unsigned interfaces;
    struct script_run *run;
    struct fleet fleet;
    struct player *station, *vehicles; /* while they play */
    struct world *world;
    struct timer deadline; /* after SIGTERM */
    bool is_interrupted, both;
    bool is_ev, alone, ladder_wanted;
    struct screen screen;
};

/* ---- options ---- */

/* Vehicles at once: where both sides are played, each connection has two ends. */
static int take_count(void *to, const char *text, struct err *e)
{
    return options_number(to, text, descriptors_for_connections() / 2, e);
}

static int take_sessions(void *to, const char *text, struct err *e)
{
    return options_number(to, text, INT_MAX, e);
}

/* A vehicle wants that payment option; a station offers no other. */
static int take_payment(void *to, const char *name, struct err *e)
{
    struct behaving *b = to;
    if (strcasecmp(name, "ExternalPayment") != 0 && strcasecmp(name, "Contract") != 0)
        return err_set(e, "expected ExternalPayment or Contract");
    bool contract = tolower((unsigned char)name[0]) == 'c';
    return ready_side_set(&b->own.side,
                          b->is_ev   ? contract ? "payment=Contract" : "payment=ExternalPayment"
                          : contract ? "payment={'Contract'}"
                                     : "payment={'ExternalPayment'}",
                          e);
}

#define AT(member) .at = offsetof(struct behaving, member)

/* What vehicle and station have in common, but for what they call each other. */
static const struct option BEHAVIOUR[] = {
    {"mode", 'm', "MODE", "ac, dc, mcs or ac-der: the energy transfer", OPTION_NAME, AT(mode),
     .names = READY_MODES},
    {"payment", 0, "NAME", "ExternalPayment, or Contract: Plug & Charge, over TLS only",
     OPTION_CALL, .take = take_payment},
    {"persona", 0, "NAME|FILE",
     "behaves like that one: a set of parameters\n(see docs/behaviour.md)",
     AT(own.side.ready.persona)},
    READY_OPTIONS(offsetof(struct behaving, own.side)),
    WITH_OPTIONS(offsetof(struct behaving, other.side)),
    {"alone", 0, NULL, "in the lab, too, do not play the other side", AT(alone)},
    {"ladder", 0, NULL, "show every message instead of the live view", AT(ladder_wanted)},
    SESSION_OPTIONS(offsetof(struct behaving, session)),
    RECORD_OPTIONS(offsetof(struct behaving, session)),
    OPTIONS_END,
};

static const struct option EV_OPTIONS[] = {
    {"count", 'n', "N", "so many vehicles at once (1)", OPTION_CALL, AT(count), .take = take_count},
    {.kind = OPTION_GROUP, .group = BEHAVIOUR},
    OPTIONS_END,
};

static const struct option EVSE_OPTIONS[] = {
    {"sessions", 'n', "N", "ends after so many sessions; else it goes on", OPTION_CALL, AT(count),
     .take = take_sessions},
    {.kind = OPTION_GROUP, .group = BEHAVIOUR},
    OPTIONS_END,
};

#define PLAYED_AS_WELL                                                                             \
    "the other side is played as well, but with --interface, --peer or --alone; --with, "          \
    "--with-persona and --with-script say what it does"

static const struct usage EV_USAGE = {
    .command = "ev",
    .instead =
        (const struct instead[]){
            {"against", PLAYED_AS_WELL},
            {"sessions", "so many vehicles at once are --count N"},
            {NULL, NULL},
        },
    .synopsis = "[OPTION]...",
    .about = "Plays a vehicle that charges, with no script: over --interface or --peer at a real\n"
             "station; without them in the isolated network, at a station that it plays as well.\n"
             "Ctrl-C ends the session as the protocol wants, a second one at once. Without --tls "
             "it speaks\n"
             "what its protocol and payment need.",
    .option = EV_OPTIONS,
    .more = "examples:\n"
            "  v2glab ev --protocol ISO15118-2 --mode dc\n"
            "  v2glab ev --interface eth1 --mode ac --set ac.max_current=16\n"
            "  v2glab ev --mode dc --time-scale 100 --with stop_after=20\n"
            "  v2glab ev --mode ac --payment Contract --set contract=install\n\n"
            "exit codes: 0 pass, 1 fail, 2 inconclusive, 3 error in script or set-up",
};

static const struct usage EVSE_USAGE = {
    .command = "evse",
    .instead =
        (const struct instead[]){
            {"against", PLAYED_AS_WELL},
            {"count", "it ends after so many sessions with --sessions N; many vehicles for it "
                      "are `v2glab ev --count N`"},
            {NULL, NULL},
        },
    .synopsis = "[OPTION]...",
    .about =
        "Plays a station, with no script: over --interface or --peer for real vehicles, any\n"
        "number at once; without them in the isolated network, for a vehicle that it plays as\n"
        "well. Ctrl-C asks the vehicles to stop, a second one ends at once. Without --tls it does "
        "auto.",
    .option = EVSE_OPTIONS,
    .more = "examples:\n"
            "  v2glab evse --interface eth1\n"
            "  v2glab evse --peer [::1]:15118 --set ac.max_current=16\n"
            "  echo \"function before.PowerDeliveryRes(m) m.ResponseCode='FAILED_ContactorError' "
            "end\" >x.lua\n"
            "  v2glab evse --script x.lua\n\n"
            "exit codes: 0 pass, 1 fail, 2 inconclusive, 3 error in script or set-up",
};

/* ---- running ---- */

/* Where there is a ladder it has the verdict, but for an error's text. */
static void tell(struct behaving *b, const char *by, enum verdict verdict, const char *text)
{
    if (!b->screen.has_ladder)
        screen_verdict(&b->screen, by, verdict, text);
    else if (verdict == VERDICT_ERROR) {
        screen_settle(&b->screen);
        said_print(stderr, "%s\n", text);
    }
}

static void session_over(void *context, const struct session_end *end)
{
    struct behaving *b = context;
    screen_take(&b->screen, end->by, end->verdict, end->text, end->session);
    tell(b, end->by, end->verdict, end->text);
}

/* The station ends with the last vehicle. */
static void player_ended(void *context, const struct player *p, const struct script *s)
{
    struct behaving *b = context;
    bool is_vehicle = p == b->vehicles;
    const char *by = is_vehicle ? "EVCC" : "SECC";
    if (s->verdict != VERDICT_PASS) {
        screen_take(&b->screen, by, s->verdict, s->reason, 0);
        tell(b, by, s->verdict,
             s->verdict == VERDICT_ERROR && s->traceback != NULL ? s->traceback : s->reason);
    }
    if (!is_vehicle && s->verdict == VERDICT_ERROR && b->vehicles != NULL)
        run_abort(b->run); /* nobody is there to charge at */
    if (is_vehicle)
        b->vehicles = NULL;
    else
        b->station = NULL;
    if (is_vehicle && b->station != NULL)
        run_stop_player(b->station);
}

static void too_late(void *context)
{
    const struct behaving *b = context;
    run_abort(b->run);
}

/* The first time sessions end as the protocol wants, then at once; who ends it by SIGTERM
 * or SIGHUP, as a system that shuts down, waits no longer than ENDING_MS for that. */
static void interrupted(void *context, unsigned n)
{
    struct behaving *b = context;
    b->is_interrupted = true;
    if (n > 1) {
        run_abort(b->run);
        return;
    }
    if (b->screen.has_ladder)
        said_print(stderr, "%s\n", "ending as the protocol wants; Ctrl-C again ends at once");
    if (!interrupt_is_by_hand())
        timer_start(b->world, &b->deadline, ENDING_MS, too_late, b);
    run_stop(b->run);
}

static void all_over(void *context)
{
    struct behaving *b = context;
    screen_rest(&b->screen);
    timer_stop(&b->deadline);
    interrupt_close();
}

static int open_screen(struct behaving *b, struct err *e)
{
    if (screen_open(&b->screen, &b->session, !b->ladder_wanted, e) != 0)
        return -1;
    if (b->screen.recorder.n > 0)
        b->session.script.recorder = &b->screen.recorder;
    return 0;
}

/* By somebody who waits: virtual time takes none. */
static bool is_watched(const struct behaving *b)
{
    return isatty(STDOUT_FILENO) && !b->session.quiet && !b->session.virtual_time;
}

/* The files and settings that were given are the own side's; the other one has the tree's. */
static int prepare_part(struct behaving *b, struct part *part, bool is_vehicle, struct err *e)
{
    struct ready *r = &part->side.ready;
    r->mode = b->mode;
    r->time_scale = b->own.side.ready.time_scale;
    r->sessions = is_vehicle || b->is_ev ? 0 : b->count;
    r->hints = is_watched(b) && (is_vehicle ? !b->is_ev || b->count < 2 : !b->both);
    return ready_side_prepare(&part->side, &b->session.script, part == &b->other, &part->options,
                              e);
}

/* On a bench each vehicle has a cable of its own. */
static int find_cables(struct behaving *b, struct err *e)
{
    struct line *l = b->session.line;
    char name[LINE_NAME];
    for (unsigned i = 0; l != NULL && i < LAB_CABLES; i++) {
        snprintf(name, sizeof name, "ev%u", i);
        const struct line_node *n = line_find(l, name);
        if (n != NULL && n->other_end != NULL)
            b->interface[b->interfaces++] = n->name;
    }
    if (l == NULL || !b->is_ev || b->count <= 1 || b->count <= b->interfaces)
        return 0;
    return err_set(e, "bench %s: --count %u: expected %u at most, as many as it has cables",
                   b->session.bench, b->count, b->interfaces);
}

/* Which sides are played, and in which network. */
static int prepare(struct behaving *b, struct err *e)
{
    b->session.script.is_ended_by_user = &b->is_interrupted;
    const struct peer_options *peer = &b->session.script.peer;
    bool lab = peer->interface == NULL && peer->address == NULL;
    b->both = lab && !b->alone && (b->session.virtual_time || !lab_is_near());
    b->session.faults.is_alone = !b->both;
    b->world = session_enter(&b->session, false, e);
    if (b->world == NULL || find_cables(b, e) != 0)
        return -1;
    if (open_screen(b, e) != 0 || prepare_part(b, &b->own, b->is_ev, e) != 0)
        return -1;
    return b->both ? prepare_part(b, &b->other, !b->is_ev, e) : 0;
}

/* -1: e. */
static int add_player(struct behaving *b, struct part *part, unsigned vehicles, struct player **to,
                      struct err *e)
{
    *to = ready_side_add(&part->side, b->run, &part->options, vehicles, &b->fleet, e);
    return *to == NULL ? -1 : 0;
}

static int add_players(struct behaving *b, struct err *e)
{
    struct part *vehicle = b->is_ev ? &b->own : &b->other;
    struct part *station = b->is_ev ? &b->other : &b->own;
    unsigned wanted = b->is_ev ? 1 : b->interfaces; /* whoever plays stations has all plugged in */
    unsigned vehicles = b->count > 0 && (b->is_ev || b->count < wanted) ? b->count : wanted;
    vehicles = vehicles > 0 ? vehicles : 1;
    if ((!b->is_ev || b->both) && add_player(b, station, 0, &b->station, e) != 0)
        return -1;
    if (!b->is_ev && !b->both)
        return 0;
    int bad = add_player(b, vehicle, vehicles, &b->vehicles, e);
    b->fleet.interface = b->interface;
    b->fleet.interfaces = b->interfaces;
    return bad;
}

static int play(struct behaving *b, struct err *e)
{
    static const struct run_events EVENTS = {player_ended, session_over, all_over};
    b->run = run_open(b->world, &EVENTS, b);
    if (b->run == NULL)
        return err_set(e, "out of memory");
    int bad = interrupt_open(b->world, 2, interrupted, b, e);
    if (bad == 0)
        bad = add_players(b, e);
    if (bad == 0)
        run_play(b->run);
    enum run_exit result = run_result(b->run);
    run_close(b->run);
    fleet_close(&b->fleet);
    all_over(b);
    if (b->is_interrupted && result == RUN_PASS)
        result = RUN_INCONCLUSIVE;
    return bad != 0 ? -1 : (int)result;
}

static int run_all(struct behaving *b)
{
    struct err e = ERR_INIT;
    int status = prepare(b, &e);
    if (status == 0) {
        screen_enter(&b->screen, b->world);
        status = session_exit(&b->session, play(b, &e));
        screen_leave(&b->screen);
    }
    session_leave(&b->session, b->world);
    if (status < 0) {
        report_err("", &e);
        status = EXIT_SETUP;
    }
    return screen_close(&b->screen, &b->session, status);
}

static int read_options(struct behaving *b)
{
    struct options *o = &b->options;
    struct session_options *s = &b->session;
    if (options_read(o, b) != 0)
        return o->status;
    if (o->arguments > 0)
        return options_wrong(o, "'%s' is no option; this command takes no arguments",
                             o->argument[0]);
    const struct protocol *p =
        s->script.protocol == NULL ? NULL : protocol_find(s->script.protocol);
    if (p != NULL && p->uri[0] == NULL)
        return options_wrong(o, "--protocol %s: expected DIN70121, ISO15118-2 or ISO15118-20",
                             p->name);
    b->ladder_wanted = b->ladder_wanted || s->verbose > 0;
    return -1;
}

static int command_behave(int argc, char **argv, bool is_ev)
{
    struct behaving b = {.is_ev = is_ev};
    library_open(&b.library);
    session_options_open(&b.session, &b.library, PEER_TLS_AUTO);
    options_open(&b.options, is_ev ? &EV_USAGE : &EVSE_USAGE, &b.library, argc, argv);
    int status = read_options(&b);
    if (status < 0)
        status = run_all(&b);
    library_close(&b.library);
    return status;
}

int command_ev(int argc, char **argv)
{
    return command_behave(argc, argv, true);
}

int command_evse(int argc, char **argv)
{
    return command_behave(argc, argv, false);
}
