/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab ev` and `v2glab evse`: a vehicle and a station that charge, with no script at all. */

#include "app/commands.h"
#include "app/options.h"
#include "app/persona.h"
#include "app/report.h"
#include "app/secure.h"
#include "app/view.h"
#include "record/ladder.h"
#include "record/record.h"
#include "script/run.h"
#include "script/station.h"
#include "wire/lab.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMERS_MAX 32
#define SOURCE_MAX (4u << 20)
#define TICK_MS 200

/* ORDER OPTION */
enum {
    MODE,
    PROTOCOL,
    PAYMENT,
    PERSONA,
    SCRIPT,
    SET,
    COUNT,
    TIME_SCALE,
    WITH,
    WITH_PERSONA,
    WITH_SCRIPT,
    ALONE,
    INTERFACE,
    PEER,
    PROFILE,
    TIMER,
    RECORD,
    NO_RECORD,
    LADDER,
    VERBOSE,
    QUIET,
    TLS,
    CERT,
    KEY,
    ROOTS,
    TLS_SET,
    PKI,
};

#define OPTIONS_OF(other, count_name, count_help)                                                  \
    {                                                                                              \
        {"mode", 'm', "MODE", "ac or dc: the energy transfer"},                                    \
            {"protocol", 'P', "NAME", "DIN70121, ISO15118-2 or ISO15118-20, as the only one"},     \
            {"payment", 0, "NAME", "ExternalPayment, or Contract: Plug & Charge, over TLS only"},  \
            {"persona", 0, "NAME|FILE",                                                            \
             "behaves like that one: a set of parameters\n(see docs/behaviour.md)"},               \
            {"script", 0, "FILE",                                                                  \
             "hooks in Lua: before.MESSAGE(m), before.send(m), on.receive(m),\non.timeout, "       \
             "on.state"},                                                                          \
            {"set", 's', "KEY=VALUE",                                                              \
             "a parameter of lua/v2g/parameters.lua, as battery.soc=55;\nmay be given several "    \
             "times"},                                                                             \
            {count_name, 'n', "N", count_help},                                                    \
            {"time-scale", 0, "N", "electrical time and pauses run N times as fast"},              \
            {"with", 0, "KEY=VALUE",                                                               \
             "a parameter of the " other " that it plays with in the lab"},                        \
            {"with-persona", 0, "NAME|FILE", "the persona of that " other},                        \
            {"with-script", 0, "FILE", "hooks of that " other},                                    \
            {"alone", 0, NULL, "in the lab, too, do not play the " other},                         \
            {"interface", 'i', "NAME", "the network interface that the peer is reached over"},     \
            {"peer", 'p', "ADDRESS", "as [::1]:15118: connect (or listen) there, without SDP"},    \
            {"profile", 0, "NAME",                                                                 \
             "timing parameters: strict (default), field or test; see\nlua/timers.lua"},           \
            {"timer", 0, "NAME=TIME",                                                              \
             "a timing parameter, as V2G_SECC_Sequence_Timeout=10s or =500ms;\n"                   \
             "may be given several times"},                                                        \
            {"record", 'o', "DIR", "folder of the record; else runs/DATE"},                        \
            {"no-record", 0, NULL, "leave no record"},                                             \
            {"ladder", 0, NULL, "show every message instead of the live view"},                    \
            {"verbose", 'v', NULL,                                                                 \
             "the ladder with the XML of each message; -vv: also its bytes"},                      \
            {"quiet", 'q', NULL, "show only how sessions end"},                                    \
            {"tls", 0, "WHEN",                                                                     \
             "off: no TLS, also where the standard wants it; auto: 1.2, 1.3 or none\n"             \
             "as the other side wants; 1.2 or 1.3: that only. Else a station does\n"               \
             "auto, and a vehicle what its protocol and payment need"},                            \
            SECURE_OPTIONS, {.name = NULL},                                                        \
    }

static const struct option EV_OPTIONS[] =
    OPTIONS_OF("station", "count", "so many vehicles at once (1)");
static const struct option EVSE_OPTIONS[] =
    OPTIONS_OF("vehicle", "sessions", "ends after so many sessions; else it goes on");

static const struct usage EV_USAGE = {
    .command = "ev",
    .synopsis = "[OPTION]...",
    .about = "Plays a vehicle that charges, with no script: over --interface or --peer at a real\n"
             "station; without them in the isolated network, at a station that it plays as well.\n"
             "Ctrl-C ends the session as the protocol wants, a second one at once.",
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
    .synopsis = "[OPTION]...",
    .about =
        "Plays a station, with no script: over --interface or --peer for real vehicles, any\n"
        "number at once; without them in the isolated network, for a vehicle that it plays as\n"
        "well. Ctrl-C asks the vehicles to stop, a second one ends at once.",
    .option = EVSE_OPTIONS,
    .more = "examples:\n"
            "  v2glab evse --interface eth1\n"
            "  v2glab evse --peer [::1]:15118 --set ac.max_current=16\n"
            "  echo \"function before.PowerDeliveryRes(m) m.ResponseCode='FAILED_ContactorError' "
            "end\" >x.lua\n"
            "  v2glab evse --script x.lua\n\n"
            "exit codes: 0 pass, 1 fail, 2 inconclusive, 3 error in script or set-up",
};

/* One role: what its Lua text says. */
struct part {
    struct buf set; /* entries of a Lua table */
    const char *persona, *script;
    struct buf text;
};

struct behaving {
    struct options options;
    struct library library;
    struct station_options station;
    struct tls_choice settings;
    struct part own, other;
    struct script_timer timer[TIMERS_MAX];
    const char *record_path, *mode, *time_scale, *tls;
    unsigned count;
    bool is_ev, alone, no_record, quiet, ladder_wanted;
    int verbose;
    struct recorder recorder;
    struct ladder ladder;
    struct view view;
    bool has_view;
    struct record *record;
};

/* ---- Lua text ---- */

/* A string of Lua, whatever it holds. */
static void add_quoted(struct buf *out, const char *text, size_t n)
{
    buf_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c < 0x7f && c != '"' && c != '\\')
            buf_char(out, (char)c);
        else
            buf_printf(out, "\\%03d", c);
    }
    buf_char(out, '"');
}

static void add_text(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "%s=", key);
    add_quoted(out, value, strlen(value));
    buf_text(out, ", ");
}

/* The file's name and content, as KEY={path, text}. */
static int add_file(struct buf *out, const char *key, const char *path, struct err *e)
{
    FILE *f = fopen(path, "rb");
    struct buf text = {0};
    uint8_t part[4096];
    size_t n;
    if (f == NULL)
        return err_set(e, "%s cannot be opened", path);
    while (text.n < SOURCE_MAX && (n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(&text, part, n);
    bool bad = ferror(f) || !feof(f);
    fclose(f);
    buf_printf(out, "%s={", key);
    add_quoted(out, path, strlen(path));
    buf_text(out, ", ");
    add_quoted(out, (const char *)text.p, text.n);
    buf_text(out, "}, ");
    buf_close(&text);
    return bad ? err_set(e, "%s cannot be read as a Lua script", path) : 0;
}

/* A persona is a file where it looks like one, else a name. */
static int add_persona(struct buf *out, const char *persona, struct err *e)
{
    size_t n = strlen(persona);
    bool is_file = strchr(persona, '/') != NULL || (n > 4 && strcmp(persona + n - 4, ".lua") == 0);
    if (is_file)
        return add_file(out, "persona", persona, e);
    struct slice built_in;
    if (!persona_find(persona, &built_in))
        return persona_unknown(persona, e);
    add_text(out, "persona", persona);
    return 0;
}

static int make_text(struct behaving *b, struct part *part, bool is_ev, struct err *e)
{
    struct buf *out = &part->text;
    buf_printf(out, "require('v2g.main').%s{", is_ev ? "vehicle" : "station");
    if (b->mode != NULL)
        add_text(out, "mode", b->mode);
    if (b->station.common.protocol != NULL)
        add_text(out, "protocol", b->station.common.protocol);
    if (b->time_scale != NULL)
        add_text(out, "time_scale", b->time_scale);
    if (b->tls != NULL)
        add_text(out, "tls", b->tls);
    if (b->station.common.peer.address != NULL)
        buf_text(out, "direct=true, ");
    if (part->persona != NULL && add_persona(out, part->persona, e) != 0)
        return -1;
    if (part->script != NULL && add_file(out, "script", part->script, e) != 0)
        return -1;
    buf_printf(out, "set={%s}}", part->set.n > 0 ? buf_string(&part->set) : "");
    return buf_string(out) == NULL ? err_set(e, "out of memory") : 0;
}

/* ---- options ---- */

static int add_setting(struct behaving *b, struct part *part, const char *text)
{
    const char *value = strchr(text, '=');
    /* "gaps.A>B=5" has no '=' but the last in a key */
    if (value == NULL || value == text) {
        options_wrong(&b->options, "--set %s; expected KEY=VALUE", text);
        return -1;
    }
    buf_char(&part->set, '{');
    add_quoted(&part->set, text, (size_t)(value - text));
    buf_text(&part->set, ", ");
    add_quoted(&part->set, value + 1, strlen(value + 1));
    buf_text(&part->set, "}, ");
    return 0;
}

/* "NAME=10s", "NAME=500ms", "NAME=500" (ms). */
static int read_timer(struct behaving *b, char *text)
{
    char *value = strchr(text, '='), *end;
    struct script_options *common = &b->station.common;
    long long n = value == NULL ? -1 : strtoll(value + 1, &end, 10);
    bool seconds = n >= 0 && strcmp(end, "s") == 0;
    if (n < 0 || (!seconds && strcmp(end, "ms") != 0 && *end != '\0') ||
        common->timers == TIMERS_MAX) {
        options_wrong(&b->options, "--timer %s; expected NAME=TIME with TIME as 10s or 500ms",
                      text);
        return -1;
    }
    *value = '\0';
    b->timer[common->timers++] = (struct script_timer){text, seconds ? n * 1000 : n};
    common->timer = b->timer;
    return 0;
}

static int read_count(struct behaving *b, const char *name, const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*end != '\0' || end == text || n < 1 || n > 500) {
        options_wrong(&b->options, "--%s %s; expected a number in 1..500", name, text);
        return -1;
    }
    b->count = (unsigned)n;
    return 0;
}

static int read_time_scale(struct behaving *b, const char *text)
{
    char *end;
    double scale = strtod(text, &end);
    b->time_scale = text;
    if (*end == '\0' && end != text && scale >= 0.01 && scale <= 1e6)
        return 0;
    options_wrong(&b->options, "--time-scale %s; expected a number in 0.01..1000000", text);
    return -1;
}

static int read_protocol(struct behaving *b, const char *name)
{
    const struct protocol *p = protocol_find(name);
    if (p == NULL || p->uri[0] == NULL) {
        options_wrong(&b->options, "--protocol %s; expected DIN70121, ISO15118-2 or ISO15118-20",
                      name);
        return -1;
    }
    b->station.common.protocol = p->name;
    return 0;
}

/* A vehicle wants that payment option; a station offers no other. */
static int read_payment(struct behaving *b, const char *name)
{
    static const char *const NAMES[] = {"ExternalPayment", "Contract", NULL};
    static const char *const OFFERS[] = {"payment={'ExternalPayment'}", "payment={'Contract'}"};
    static const char *const WISHES[] = {"payment=ExternalPayment", "payment=Contract"};
    int choice = options_choice(&b->options, "payment", name, NAMES);
    return choice < 0 ? -1 : add_setting(b, &b->own, b->is_ev ? WISHES[choice] : OFFERS[choice]);
}

static int read_choice(struct behaving *b, int option)
{
    static const char *const MODES[] = {"ac", "dc", NULL};
    static const char *const PROFILES[] = {"strict", "field", "test", NULL};
    struct options *o = &b->options;
    int choice = option == MODE ? options_choice(o, "mode", o->value, MODES)
                                : options_choice(o, "profile", o->value, PROFILES);
    if (choice < 0)
        return -1;
    if (option == MODE)
        b->mode = MODES[choice];
    if (option == PROFILE)
        b->station.common.profile = PROFILES[choice];
    return 0;
}

/* Where the text of an option is kept; NULL: it is no such option. */
static const char **text_of(struct behaving *b, int option)
{
    switch (option) {
    case PERSONA:
        return &b->own.persona;
    case SCRIPT:
        return &b->own.script;
    case WITH_PERSONA:
        return &b->other.persona;
    case WITH_SCRIPT:
        return &b->other.script;
    case INTERFACE:
        return &b->station.common.peer.interface;
    case PEER:
        return &b->station.common.peer.address;
    case RECORD:
        return &b->record_path;
    default:
        return NULL;
    }
}

static bool *flag_of(struct behaving *b, int option)
{
    switch (option) {
    case ALONE:
        return &b->alone;
    case NO_RECORD:
        return &b->no_record;
    case LADDER:
        return &b->ladder_wanted;
    case QUIET:
        return &b->quiet;
    default:
        return NULL;
    }
}

static int read_value(struct behaving *b, int option)
{
    struct options *o = &b->options;
    switch (option) {
    case MODE:
    case PROFILE:
        return read_choice(b, option);
    case PAYMENT:
        return read_payment(b, o->value);
    case TLS:
        b->tls = o->value;
        return secure_take(o, SECURE_TLS, &b->station.common, &b->settings);
    case CERT:
    case KEY:
    case ROOTS:
    case TLS_SET:
    case PKI:
        return secure_take(o, (enum secure_option)(option - TLS), &b->station.common, &b->settings);
    case PROTOCOL:
        return read_protocol(b, o->value);
    case SET:
        return add_setting(b, &b->own, o->value);
    case WITH:
        return add_setting(b, &b->other, o->value);
    case COUNT:
        return read_count(b, b->is_ev ? "count" : "sessions", o->value);
    case TIME_SCALE:
        return read_time_scale(b, o->value);
    case TIMER:
        return read_timer(b, (char *)(uintptr_t)o->value);
    case VERBOSE:
        b->ladder_wanted = true;
        b->verbose++;
        return 0;
    default:
        return -1;
    }
}

static int read_option(struct behaving *b, int option)
{
    const char **text = text_of(b, option);
    bool *flag = flag_of(b, option);
    if (text != NULL)
        *text = b->options.value;
    if (flag != NULL)
        *flag = true;
    return text != NULL || flag != NULL ? 0 : read_value(b, option);
}

/* ---- running ---- */

static void session_over(void *context, const char *by, enum verdict verdict, const char *text)
{
    struct behaving *b = context;
    if (b->has_view)
        view_close(&b->view);
    if (b->quiet || b->has_view)
        fprintf(verdict == VERDICT_PASS ? stdout : stderr, "%s: %s%s%s\n", by,
                verdict_name(verdict), text[0] != '\0' ? ": " : "", text);
    else if (verdict == VERDICT_ERROR)
        fprintf(stderr, "%s\n", text);
}

static void stopping(void *context)
{
    const struct behaving *b = context;
    if (!b->has_view && !b->quiet)
        fputs("ending as the protocol wants; Ctrl-C again ends at once\n", stderr);
}

static void tick(void *context)
{
    struct behaving *b = context;
    view_show(&b->view);
}

static int open_sinks(struct behaving *b, struct err *e)
{
    uint8_t view = b->station.station == NULL ? FROM_BOTH : FROM_EVCC;
    if (b->station.station != NULL && b->station.vehicle == NULL)
        view = FROM_BOTH;
    b->has_view = !b->quiet && !b->ladder_wanted && isatty(STDOUT_FILENO);
    if (b->has_view) {
        view_open(&b->view, stdout);
        recorder_add(&b->recorder, view_event, &b->view);
        b->station.tick = tick;
        b->station.tick_ms = TICK_MS;
    } else if (!b->quiet) {
        ladder_open(&b->ladder, stdout, b->verbose, view);
        recorder_add(&b->recorder, ladder_event, &b->ladder);
    }
    if (!b->no_record) {
        b->record = record_open(b->record_path, view, e);
        if (b->record == NULL)
            return -1;
        recorder_add(&b->recorder, record_event, b->record);
    }
    if (b->recorder.n > 0)
        b->station.common.recorder = &b->recorder;
    return 0;
}

/* The files and settings that were given are the own side's; the other one has the tree's. */
static void divide_security(struct behaving *b)
{
    struct credential_files *station = &b->station.common.files;
    struct credential_files *vehicle = &b->station.vehicle_files;
    struct credential_files tree = {.tree = station->tree};
    *vehicle = b->is_ev ? *station : tree;
    if (!b->is_ev)
        return;
    *station = tree;
    b->station.vehicle_settings = b->station.common.settings;
    b->station.common.settings = NULL;
}

/* Which sides are played, and in which network. */
static int prepare(struct behaving *b, struct err *e)
{
    const struct peer_options *peer = &b->station.common.peer;
    bool lab = peer->interface == NULL && peer->address == NULL;
    bool both = lab && !b->alone && !lab_is_near();
    if (lab && lab_enter(e) != 0)
        return -1;
    struct part *ev = b->is_ev ? &b->own : &b->other, *evse = b->is_ev ? &b->other : &b->own;
    if ((b->is_ev || both) && make_text(b, ev, true, e) != 0)
        return -1;
    if ((!b->is_ev || both) && make_text(b, evse, false, e) != 0)
        return -1;
    divide_security(b);
    b->station.vehicle_beside = ev->script != NULL ? ev->script : ev->persona;
    b->station.common.beside = evse->script != NULL ? evse->script : evse->persona;
    b->station.vehicle = b->is_ev || both ? buf_string(&ev->text) : NULL;
    b->station.station = !b->is_ev || both ? buf_string(&evse->text) : NULL;
    b->station.vehicles = b->is_ev ? (b->count > 0 ? b->count : 1) : 1;
    b->station.sessions = b->is_ev ? 0 : b->count;
    return open_sinks(b, e);
}

static int run_all(struct behaving *b)
{
    struct err e = ERR_INIT, late = ERR_INIT;
    if (prepare(b, &e) != 0) {
        report_err("", &e);
        return EXIT_SETUP;
    }
    int status = station_run(&b->station, &e);
    if (b->has_view)
        view_close(&b->view);
    if (e.set)
        report_err("", &e);
    if (b->record == NULL)
        return status;
    printf("record: %s\n", record_path(b->record));
    if (record_close(b->record, &late) == 0)
        return status;
    report_err("", &late);
    return status == RUN_PASS ? EXIT_SETUP : status;
}

static int command_behave(int argc, char **argv, bool is_ev)
{
    struct behaving b = {.is_ev = is_ev};
    library_open(&b.library);
    b.station.common.library = &b.library;
    b.station.common.peer.security = 0x10;
    b.station.common.peer.tls = PEER_TLS_AUTO;
    b.station.over = session_over;
    b.station.stopping = stopping;
    b.station.context = &b;
    options_open(&b.options, is_ev ? &EV_USAGE : &EVSE_USAGE, &b.library, argc, argv);
    int option, status = -1;
    while (status < 0 && (option = options_next(&b.options)) != OPTION_END)
        if (read_option(&b, option) != 0)
            status = b.options.status;
    if (status < 0 && b.options.arguments > 0)
        status = options_wrong(&b.options, "'%s' is no option; this command takes no arguments",
                               b.options.argument[0]);
    if (status < 0)
        status = run_all(&b);
    struct part *parts[] = {&b.own, &b.other};
    for (size_t i = 0; i < 2; i++) {
        buf_close(&parts[i]->set);
        buf_close(&parts[i]->text);
    }
    tls_choice_close(&b.settings);
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
