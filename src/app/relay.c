/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab relay`: stands between a vehicle and a station. */
#include "app/commands.h"
#include "app/interrupt.h"
#include "app/keys.h"
#include "app/options.h"
#include "app/ready_side.h"
#include "app/report.h"
#include "app/screen.h"
#include "app/session_options.h"
#include "powerline/line.h"
#include "script/relay_player.h"
#include "wire/lab.h"

#include <limits.h>
#include <sched.h>
#include <string.h>

#define ENDING_MS 500
#define STATION_CABLE "station" /* of the control pilot */

/* One of the sides that are played as well, in the isolated network. */
struct part {
    struct ready_side side;
    struct script_options options;
    struct player *player; /* while it plays */
};

struct relaying_all {
    struct options options;
    struct library library;
    struct session_options session;
    struct relay_choice choice;
    struct script_options relay;
    struct part vehicle, station;
    struct player *player; /* the relay's, while it plays */
    const char *mode, *attack;
    bool both; /* vehicle and station are played as well */
    struct keys keys;
    struct fleet fleet;
    struct script_run *run;
    struct world *world;
    struct timer ending; /* of the sides that are played here */
    bool ladder_wanted;
    struct screen screen;
};

/* ---- options ---- */

static int take_sessions(void *to, const char *text, struct err *e)
{
    return options_number(to, text, INT_MAX, e);
}

static int add_text(const char **list, unsigned *n, const char *text, struct err *e)
{
    if (*n == RELAY_SETS)
        return err_set(e, "expected %d of them at most", RELAY_SETS);
    list[(*n)++] = text;
    return 0;
}

static int take_set(void *to, const char *text, struct err *e)
{
    struct relay_choice *c = to;
    return add_text(c->set, &c->sets, text, e);
}

static int take_hold(void *to, const char *text, struct err *e)
{
    struct relay_choice *c = to;
    return add_text(c->hold, &c->holds, text, e);
}

static int add_matching(struct relay_choice *c, int side, const char *text, struct err *e)
{
    const char *value = strchr(text, '=');
    if (value == NULL || value == text)
        return err_set(e, "expected KEY=VALUE");
    return add_text(c->matching[side], &c->matchings[side], text, e);
}

static int take_slac(void *to, const char *text, struct err *e)
{
    return add_matching(to, 0, text, e);
}

static int take_station_slac(void *to, const char *text, struct err *e)
{
    return add_matching(to, 1, text, e);
}

static const char *const WHENS[] = {"off", "auto", "1.2", "1.3", NULL};
static const char *const ATTACKS[] = {"tls-downgrade", NULL};

#define AT(member) .at = offsetof(struct relaying_all, member)

static const struct option OPTIONS[] = {
    {"ev", 0, "NAME|ADDRESS",
     "towards the vehicle: an interface, where SDP is answered, or an\naddress to listen at, as "
     "[::1]:15118",
     AT(choice.place[0])},
    {"secc", 0, "NAME|ADDRESS",
     "towards the station: an interface, where SDP asks for it, or its\naddress",
     AT(choice.place[1])},
    {"set", 's', "CHANGE",
     "another value, as 'CurrentDemandRes.EVSEPresentVoltage=+5%' or\n"
     "'CurrentDemandRes#3.EVSEMaximumCurrentLimit=16'; may be given several times",
     OPTION_CALL, AT(choice), .take = take_set},
    {"hold", 0, "MESSAGE", "waits with that message until a key (Enter) is pressed; likewise",
     OPTION_CALL, AT(choice), .take = take_hold},
    {"script", 0, "FILE",
     "hooks in Lua: on.MESSAGE(m, relay), on.vehicle, on.station\n(docs/relay.md)",
     AT(choice.script_file)},
    {"bench", 0, "NAME|FILE",
     "two virtual power lines with modems and control pilots: relay, or a Lua\nfile "
     "(docs/bench.md); a session begins with the plug and SLAC then",
     AT(session.bench)},
    {"slac", 0, "NAME",
     "towards the vehicle, the interface behind which the modem is: SLAC goes\nbefore SDP there",
     AT(choice.slac[0])},
    {"station-slac", 0, "NAME", "the same towards the station", AT(choice.slac[1])},
    {"slac-set", 0, "KEY=VALUE",
     "a parameter of the matching with the vehicle, as adjustment=10: those of\n`v2glab evse` "
     "behind slac.; may be given several times",
     OPTION_CALL, AT(choice), .take = take_slac},
    {"station-slac-set", 0, "KEY=VALUE",
     "the same with the station, as interval=40: those of `v2glab ev`", OPTION_CALL, AT(choice),
     .take = take_station_slac},
    {"station-pilot", 0, "BOX",
     "what the control pilot of the station's cable is measured and set by;\n--pilot is that of "
     "the vehicle's",
     AT(session.station_pilot)},
    {"offer", 0, "NAMES",
     "of the vehicle's protocols only these are offered to the station, in\nthis order, as "
     "DIN70121,ISO15118-2",
     AT(choice.offer)},
    {"attack", 0, "NAME",
     "tls-downgrade: the vehicle that asks for TLS by SDP is answered that\nthere is none",
     OPTION_NAME, AT(attack), .names = ATTACKS},
    {"sessions", 'n', "N", "ends after so many sessions; else it goes on", OPTION_CALL,
     AT(choice.sessions), .take = take_sessions},
    {"ladder", 0, NULL, "show every message instead of the live view", AT(ladder_wanted)},
    {"mode", 'm', "MODE", "ac, dc, mcs or ac-der: what both sides do that are played as well",
     OPTION_NAME, AT(mode), .names = READY_MODES},
    {"ev-with", 0, "KEY=VALUE", "a parameter of the vehicle that is played as well", OPTION_CALL,
     AT(vehicle.side), .take = ready_side_set},
    {"secc-with", 0, "KEY=VALUE", "a parameter of the station that is played as well", OPTION_CALL,
     AT(station.side), .take = ready_side_set},
    {"station-tls", 0, "WHEN",
     "TLS to the station: off, auto, 1.2 or 1.3; else as the vehicle speaks it", OPTION_NAME,
     AT(choice.tls[1]), .names = WHENS},
    {"station-cert", 0, "FILE", "certificate chain that the station is shown, PEM, leaf first",
     AT(choice.files[1].said[TLS_KEY_CERT])},
    {"station-key", 0, "FILE", "its private key, PEM; else in the file of the chain",
     AT(choice.files[1].said[TLS_KEY_KEY])},
    {"station-roots", 0, "FILE", "roots that the station is trusted by, PEM",
     AT(choice.files[1].said[TLS_KEY_ROOTS])},
    CONNECTION_OPTIONS(offsetof(struct relaying_all, session)),
    RUN_OPTIONS(offsetof(struct relaying_all, session)),
    RECORD_OPTIONS(offsetof(struct relaying_all, session)),
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "relay",
    .synopsis = "[OPTION]...",
    .about =
        "Stands between a vehicle and a station: answers the one, finds the other, and hands "
        "every\n"
        "message on, byte for byte, but for what --set, --script and --fault make of it. Shows "
        "and\n"
        "records both legs, how long messages took here, and who was late. Without --ev and --secc "
        "it\n"
        "plays a vehicle and a station as well, in the isolated network. Ctrl-C ends it.",
    .option = OPTIONS,
    .more =
        "examples:\n"
        "  v2glab relay\n"
        "  v2glab relay --ev eth1 --secc eth2\n"
        "  v2glab relay --ev eth1 --secc eth2 --set 'CurrentDemandRes.EVSEPresentVoltage=+5%'\n"
        "  v2glab relay --ev [::1]:15118 --secc [::1]:15119 --fault 'PreChargeRes: delay 1500'\n"
        "  v2glab relay --tls 1.3 --virtual-time --mode dc\n\n"
        "TLS ends here on both sides. The vehicle has to trust the root of what it is shown: by\n"
        "default v2g-root of the demo tree (`v2glab pki list`), else of --pki DIR or --cert FILE.\n"
        "The station has to trust, with TLS 1.3, the root of the vehicle certificate "
        "(--station-cert),\n"
        "and its own root has to be known here (--station-roots).\n\n"
        "exit codes: 0 what came was handed on, 1 a vehicle or the station was not reached,\n"
        "2 no vehicle came, 3 error in script or set-up",
};

/* ---- running ---- */

/* Of the relay the ladder has it. */
static void tell(struct relaying_all *a, const struct player *p, enum verdict verdict,
                 const char *text, uint32_t session)
{
    const char *by = p == a->player ? "relay" : p == a->vehicle.player ? "vehicle" : "station";
    screen_take(&a->screen, by, verdict, text, session);
    if (p != a->player || !a->screen.has_ladder || verdict == VERDICT_ERROR)
        screen_verdict(&a->screen, by, verdict, text);
}

static void stop_all(void *context)
{
    const struct relaying_all *a = context;
    run_stop(a->run);
}

/* With the vehicle, or the relay, that is played here all is over; what is on its way comes. */
static void player_ended(void *context, const struct player *p, const struct script *s)
{
    struct relaying_all *a = context;
    bool is_vehicle = p == a->vehicle.player, is_relay = p == a->player;
    struct player **all[] = {&a->player, &a->vehicle.player, &a->station.player};
    if (s->verdict != VERDICT_PASS)
        tell(a, p, s->verdict,
             s->verdict == VERDICT_ERROR && s->traceback != NULL ? s->traceback : s->reason, 0);
    for (unsigned i = 0; i < 3; i++)
        if (*all[i] == p)
            *all[i] = NULL;
    if (is_vehicle || is_relay)
        timer_start(a->world, &a->ending, ENDING_MS, stop_all, a);
    if (is_relay && s->verdict == VERDICT_ERROR)
        run_abort(a->run);
}

static void session_over(void *context, const struct session_end *end)
{
    struct relaying_all *a = context;
    tell(a, end->player, end->verdict, end->text, end->session);
}

static void interrupted(void *context, unsigned n)
{
    struct relaying_all *a = context;
    if (n > 1)
        run_abort(a->run);
    else
        run_stop(a->run);
}

static void all_over(void *context)
{
    struct relaying_all *a = context;
    timer_stop(&a->ending);
    screen_rest(&a->screen);
    keys_close(&a->keys);
    interrupt_close();
}

static void key_pressed(void *context)
{
    const struct relaying_all *a = context;
    run_wake(a->run);
}

static int open_screen(struct relaying_all *a, struct err *e)
{
    bool may_view = !a->ladder_wanted && a->session.verbose == 0;
    if (screen_open(&a->screen, &a->session, may_view, e) != 0)
        return -1;
    a->screen.ladder.has_legs = true;
    a->session.script.recorder = &a->screen.recorder;
    return 0;
}

/* A side that is played as well is another's device: what it sees is not in the record, and faults
 * are the relay's. */
static int prepare_part(struct relaying_all *a, struct part *p, const char *interface,
                        struct err *e)
{
    struct ready *r = &p->side.ready;
    r->mode = a->mode;
    if (ready_side_prepare(&p->side, &a->session.script, true, &p->options, e) != 0)
        return -1;
    p->options.recorder = NULL;
    p->options.faults = NULL;
    p->options.cable = p == &a->vehicle ? NULL : a->relay.cable;
    p->options.peer.interface = interface;
    if (a->attack != NULL && p == &a->vehicle && r->tls == NULL)
        r->tls = "auto"; /* it asks, and takes what it is told */
    return 0;
}

static int choose_places(struct relaying_all *a, struct err *e)
{
    struct relay_choice *c = &a->choice;
    bool is_out = c->place[0] != NULL;
    a->both = !is_out && (a->session.virtual_time || !lab_is_near());
    if (!is_out) {
        c->place[0] = LAB_EVSE_INTERFACE;
        c->place[1] = LAB_EV_INTERFACE_2;
    }
    if (is_out) /* each role has its own place; this one says that there is a network */
        a->session.script.peer.interface = "lo";
    if (a->session.bench != NULL) /* as many as the vehicle has with one plug */
        return 0;
    if (a->both && c->sessions > 1)
        return err_set(e,
                       "--sessions %u: the vehicle and the station that are played here have "
                       "one; expected --ev and --secc with it",
                       c->sessions);
    if (a->both)
        c->sessions = 1;
    return 0;
}

/* Before anything is played: whether those that were named are there. */
static int check_places(const struct relaying_all *a, struct err *e)
{
    for (unsigned i = 0; i < 2; i++) {
        struct peer_options at = {.interface = NULL};
        const char *place = a->choice.place[i];
        *(relay_is_address(place) ? &at.address : &at.interface) = place;
        if (session_check_network(&at, e) != 0)
            return -1;
    }
    return 0;
}

/* --cert, --key and --roots are for the side that the vehicle sees. */
static void choose_tls(struct relaying_all *a)
{
    struct tls_choice *said = &a->session.script.peer.choice;
    for (enum tls_key key = TLS_KEY_CERT; key <= TLS_KEY_ROOTS; key++) {
        a->choice.files[0].said[key] = said->said[key];
        said->said[key] = NULL;
    }
    a->choice.tls[0] = said->said[TLS_KEY_VERSION];
    if (a->attack != NULL) {
        a->choice.tls[0] = "off";
        a->choice.tls[1] = a->choice.tls[1] != NULL ? a->choice.tls[1] : "auto";
    }
}

/* SLAC, where there is some: of a bench the relay's own nodes lie between the others. */
static int choose_plugs(struct relaying_all *a, struct err *e)
{
    struct relay_choice *c = &a->choice;
    struct line *l = a->session.line;
    a->relay.cable = STATION_CABLE;
    c->has_pilot = a->both || a->session.pilot != NULL;
    if (l == NULL)
        return 0;
    c->slac[0] = LAB_EVSE_INTERFACE;
    c->slac[1] = LAB_EV_INTERFACE_2;
    if (line_find(l, c->slac[0]) != NULL && line_find(l, c->slac[1]) != NULL)
        return 0;
    return err_set(e,
                   "bench %s: a relay plays the nodes evse0 and ev1, between ev0 and evse1; "
                   "expected them, as the bench 'relay' has them",
                   a->session.bench);
}

static int prepare(struct relaying_all *a, struct err *e)
{
    if (choose_places(a, e) != 0)
        return -1;
    choose_tls(a);
    if (a->session.script.peer.interface != NULL && check_places(a, e) != 0)
        return -1;
    a->world = session_enter(&a->session, false, e);
    if (a->world == NULL || open_screen(a, e) != 0)
        return -1;
    bool has_lab = a->session.script.peer.interface == NULL && !a->session.virtual_time;
    if (has_lab && lab_second_cable(e) != 0)
        return -1;
    a->relay = a->session.script;
    a->relay.beside = a->choice.script_file;
    if (choose_plugs(a, e) != 0)
        return -1;
    if (!a->session.virtual_time)
        a->relay.keys = &a->keys.count;
    if (!a->both)
        return 0;
    return prepare_part(a, &a->vehicle, NULL, e) != 0
               ? -1
               : prepare_part(a, &a->station, LAB_EVSE_INTERFACE_2, e);
}

static int add_players(struct relaying_all *a, struct err *e)
{
    a->player = run_add(a->run, &a->relay, "relay", relay_player(&a->choice), e);
    if (a->player == NULL || !a->both)
        return a->player == NULL ? -1 : 0;
    a->station.player =
        ready_side_add(&a->station.side, a->run, &a->station.options, 0, &a->fleet, e);
    if (a->station.player == NULL)
        return -1;
    a->vehicle.player =
        ready_side_add(&a->vehicle.side, a->run, &a->vehicle.options, 1, &a->fleet, e);
    return a->vehicle.player == NULL ? -1 : 0;
}

/* Messages wait here for as long as the relay waits for a processor, which on a busy machine is
 * some milliseconds: where the system lets it, it goes before all that is not in real time. It
 * needs no more of one than messages do, and what scripts take is limited. */
static void take_priority(void)
{
    struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_RR)};
    sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest);
}

static int play(struct relaying_all *a, struct err *e)
{
    static const struct run_events EVENTS = {player_ended, session_over, all_over};
    struct err none = ERR_INIT;
    a->run = run_open(a->world, &EVENTS, a);
    if (a->run == NULL)
        return err_set(e, "out of memory");
    int bad = interrupt_open(a->world, 2, interrupted, a, e);
    bool wants_keys = a->choice.holds > 0 || a->choice.script_file != NULL;
    if (bad == 0 && wants_keys && a->relay.keys != NULL &&
        keys_open(&a->keys, a->world, key_pressed, a, &none) != 0)
        report(REPORT_WARNING, "%s: what waits for a key waits for ever", none.what);
    if (bad == 0)
        bad = add_players(a, e);
    if (bad == 0 && !a->both)
        take_priority();
    if (bad == 0)
        run_play(a->run);
    enum run_exit result = run_result(a->run);
    run_close(a->run);
    fleet_close(&a->fleet);
    all_over(a);
    return bad != 0 ? -1 : (int)result;
}

static int run_all(struct relaying_all *a)
{
    struct err e = ERR_INIT;
    int status = prepare(a, &e);
    if (status == 0) {
        screen_enter(&a->screen, a->world);
        status = session_exit(&a->session, play(a, &e));
        screen_leave(&a->screen);
    }
    session_leave(&a->session, a->world);
    if (status < 0) {
        report_err("", &e);
        status = EXIT_SETUP;
    }
    return screen_close(&a->screen, &a->session, status);
}

/* What of SLAC goes with what. -1: it is all right. */
static int read_plugs(struct relaying_all *a)
{
    struct options *o = &a->options;
    const struct session_options *s = &a->session;
    const char *const *slac = a->choice.slac;
    bool has_box = s->pilot != NULL || s->station_pilot != NULL;
    if (slac[0] != NULL && s->bench != NULL)
        return options_wrong(o, "--slac and --bench: expected one of them");
    if ((slac[0] == NULL) != (slac[1] == NULL))
        return options_wrong(o,
                             "--%s is missing: a relay has two sides, and needs --slac and "
                             "--station-slac, or none of them",
                             slac[0] == NULL ? "slac" : "station-slac");
    if ((s->pilot == NULL) != (s->station_pilot == NULL))
        return options_wrong(o,
                             "--%s is missing: a relay has two sides, and needs --pilot and "
                             "--station-pilot, or none of them",
                             s->pilot == NULL ? "pilot" : "station-pilot");
    if (a->choice.matchings[0] + a->choice.matchings[1] > 0 && slac[0] == NULL && s->bench == NULL)
        return options_wrong(o, "--%sslac-set goes with --bench, or --slac and --station-slac",
                             a->choice.matchings[0] > 0 ? "" : "station-");
    if (has_box && slac[0] == NULL)
        return options_wrong(o, "--pilot goes with --slac and --station-slac");
    return -1;
}

static int read_options(struct relaying_all *a)
{
    struct options *o = &a->options;
    const char *const *place = a->choice.place;
    if (options_read(o, a) != 0)
        return o->status;
    if (o->arguments > 0)
        return options_wrong(o, "'%s' is no option; this command takes no arguments",
                             o->argument[0]);
    if ((place[0] == NULL) != (place[1] == NULL))
        return options_wrong(o,
                             "--%s is missing: a relay has two sides, and needs --ev and --secc, "
                             "or none of them",
                             place[0] == NULL ? "ev" : "secc");
    unsigned settings = a->vehicle.side.ready.settings + a->station.side.ready.settings;
    bool is_of_own = a->session.virtual_time || a->mode != NULL || settings > 0;
    if (place[0] != NULL && is_of_own)
        return options_wrong(o,
                             "%s is for sides that are played here; expected no --ev and --secc "
                             "with it",
                             a->session.virtual_time ? "--virtual-time"
                             : a->mode != NULL       ? "--mode"
                                                     : "--ev-with or --secc-with");
    return read_plugs(a);
}

int command_relay(int argc, char **argv)
{
    struct relaying_all a = {.mode = NULL};
    library_open(&a.library);
    session_options_open(&a.session, &a.library, PEER_TLS_AUTO);
    a.session.has_relay = true;
    options_open(&a.options, &USAGE, &a.library, argc, argv);
    int status = read_options(&a);
    if (status < 0)
        status = run_all(&a);
    library_close(&a.library);
    return status;
}
