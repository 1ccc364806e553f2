/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab ev` and `v2glab evse`: a vehicle and a station that charge, with no script at all. */

#include "app/commands.h"
#include "app/options.h"
#include "app/persona.h"
#include "app/report.h"
#include "app/session_options.h"
#include "app/view.h"
#include "base/file.h"
#include "record/ladder.h"
#include "record/record.h"
#include "script/run.h"
#include "script/station.h"
#include "wire/lab.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SOURCE_MAX (4u << 20)
#define TICK_MS 200

/* One role: what its Lua text says. */
struct part {
    struct buf set; /* entries of a Lua table */
    const char *persona, *script;
    struct buf text;
};

struct behaving {
    struct options options;
    struct library library;
    struct session_options session;
    struct station_options station;
    struct part own, other;
    const char *mode, *time_scale;
    unsigned count;
    bool is_ev, alone, ladder_wanted;
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
    struct buf text = {0};
    int bad = file_read(path, SOURCE_MAX, &text, e);
    buf_printf(out, "%s={", key);
    add_quoted(out, path, strlen(path));
    buf_text(out, ", ");
    add_quoted(out, (const char *)text.p, text.n);
    buf_text(out, "}, ");
    buf_close(&text);
    return bad;
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
    const char *tls = b->session.script.peer.choice.said[TLS_KEY_VERSION];
    if (tls != NULL)
        add_text(out, "tls", tls);
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

static int take_set(void *to, const char *text, struct err *e)
{
    struct buf *set = to;
    const char *value = strchr(text, '=');
    /* "gaps.A>B=5" has no '=' but the last in a key */
    if (value == NULL || value == text)
        return err_set(e, "expected KEY=VALUE");
    buf_char(set, '{');
    add_quoted(set, text, (size_t)(value - text));
    buf_text(set, ", ");
    add_quoted(set, value + 1, strlen(value + 1));
    buf_text(set, "}, ");
    return 0;
}

static int take_count(void *to, const char *text, struct err *e)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (*end != '\0' || end == text || n < 1 || n > 500)
        return err_set(e, "expected a number in 1..500");
    *(unsigned *)to = (unsigned)n;
    return 0;
}

static int take_time_scale(void *to, const char *text, struct err *e)
{
    char *end;
    double scale = strtod(text, &end);
    if (*end != '\0' || end == text || !(scale >= 0.01 && scale <= 1e6))
        return err_set(e, "expected a number in 0.01..1000000");
    *(const char **)to = text;
    return 0;
}

/* A vehicle wants that payment option; a station offers no other. */
static int take_payment(void *to, const char *name, struct err *e)
{
    struct behaving *b = to;
    if (strcasecmp(name, "ExternalPayment") != 0 && strcasecmp(name, "Contract") != 0)
        return err_set(e, "expected ExternalPayment or Contract");
    char text[64];
    const char *known = tolower((unsigned char)name[0]) == 'c' ? "Contract" : "ExternalPayment";
    snprintf(text, sizeof text, b->is_ev ? "payment=%s" : "payment={'%s'}", known);
    return take_set(&b->own.set, text, e);
}

static const char *const MODES[] = {"ac", "dc", NULL};

#define AT(member) .at = offsetof(struct behaving, member)

/* What vehicle and station have in common, but for what they call each other. */
static const struct option BEHAVIOUR[] = {
    {"mode", 'm', "MODE", "ac or dc: the energy transfer", OPTION_NAME, AT(mode), .names = MODES},
    {"payment", 0, "NAME", "ExternalPayment, or Contract: Plug & Charge, over TLS only",
     OPTION_CALL, .take = take_payment},
    {"persona", 0, "NAME|FILE",
     "behaves like that one: a set of parameters\n(see docs/behaviour.md)", AT(own.persona)},
    {"script", 0, "FILE",
     "hooks in Lua: before.MESSAGE(m), before.send(m), on.receive(m),\non.timeout, on.state",
     AT(own.script)},
    {"set", 's', "KEY=VALUE",
     "a parameter of lua/v2g/parameters.lua, as battery.soc=55;\nmay be given several times",
     OPTION_CALL, AT(own.set), .take = take_set},
    {"time-scale", 0, "N", "electrical time and pauses run N times as fast", OPTION_CALL,
     AT(time_scale), .take = take_time_scale},
    {"with", 0, "KEY=VALUE", "a parameter of the other side, which it plays as well in the lab",
     OPTION_CALL, AT(other.set), .take = take_set},
    {"with-persona", 0, "NAME|FILE", "the persona of that side", AT(other.persona)},
    {"with-script", 0, "FILE", "hooks of that side", AT(other.script)},
    {"alone", 0, NULL, "in the lab, too, do not play the other side", AT(alone)},
    {"ladder", 0, NULL, "show every message instead of the live view", AT(ladder_wanted)},
    SESSION_OPTIONS(offsetof(struct behaving, session)),
    OPTIONS_END,
};

static const struct option EV_OPTIONS[] = {
    {"count", 'n', "N", "so many vehicles at once (1)", OPTION_CALL, AT(count), .take = take_count},
    {.kind = OPTION_GROUP, .group = BEHAVIOUR},
    OPTIONS_END,
};

static const struct option EVSE_OPTIONS[] = {
    {"sessions", 'n', "N", "ends after so many sessions; else it goes on", OPTION_CALL, AT(count),
     .take = take_count},
    {.kind = OPTION_GROUP, .group = BEHAVIOUR},
    OPTIONS_END,
};

static const struct usage EV_USAGE = {
    .command = "ev",
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

static void session_over(void *context, const char *by, enum verdict verdict, const char *text)
{
    struct behaving *b = context;
    recorder_flush(&b->recorder); /* what is shown of it comes first */
    if (b->has_view)
        view_close(&b->view);
    if (b->session.quiet || b->has_view)
        fprintf(verdict == VERDICT_PASS ? stdout : stderr, "%s: %s%s%s\n", by,
                verdict_name(verdict), text[0] != '\0' ? ": " : "", text);
    else if (verdict == VERDICT_ERROR)
        fprintf(stderr, "%s\n", text);
}

static void stopping(void *context)
{
    const struct behaving *b = context;
    if (!b->has_view && !b->session.quiet)
        fputs("ending as the protocol wants; Ctrl-C again ends at once\n", stderr);
}

static void tick(void *context)
{
    struct behaving *b = context;
    view_show(&b->view);
}

static int open_sinks(struct behaving *b, struct err *e)
{
    b->has_view = !b->session.quiet && !b->ladder_wanted && isatty(STDOUT_FILENO);
    if (b->has_view) {
        view_open(&b->view, stdout);
        recorder_add(&b->recorder, view_event, &b->view);
        b->station.tick = tick;
        b->station.tick_ms = TICK_MS;
    } else if (!b->session.quiet) {
        if (ladder_open(&b->ladder, STDOUT_FILENO, (int)b->session.verbose, e) != 0)
            return -1;
        recorder_add_writer(&b->recorder, "the ladder", ladder_event, ladder_write, &b->ladder);
    }
    if (!b->session.no_record) {
        b->record = record_open(b->session.record, &b->recorder, e);
        if (b->record == NULL)
            return -1;
    }
    b->recorder.lost = report_lost;
    if (b->recorder.n > 0)
        b->station.common.recorder = &b->recorder;
    return 0;
}

/* The files and settings that were given are the own side's; the other one has the tree's. */
static void divide_security(struct behaving *b)
{
    const struct tls_choice *own = &b->session.script.peer.choice;
    struct tls_choice other = {.said = {[TLS_KEY_PKI] = own->said[TLS_KEY_PKI]}};
    b->station.vehicle_choice = b->is_ev ? *own : other;
    b->station.common.peer.choice = b->is_ev ? other : *own;
}

/* Which sides are played, and in which network. */
static int prepare(struct behaving *b, struct err *e)
{
    const struct peer_options *peer = &b->station.common.peer;
    bool lab = peer->interface == NULL && peer->address == NULL;
    bool is_virtual = b->session.virtual_time;
    bool both = lab && !b->alone && (is_virtual || !lab_is_near());
    b->station.common.world = session_enter(&b->session, false, e);
    if (b->station.common.world == NULL)
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
    ladder_close(&b->ladder);
    if (b->record == NULL)
        return status;
    printf("record: %s\n", record_path(b->record));
    if (record_close(b->record, &late) == 0)
        return status;
    if (late.set)
        report_err("", &late);
    return status == RUN_PASS ? EXIT_SETUP : status;
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
    b->station.common = s->script;
    return -1;
}

static int command_behave(int argc, char **argv, bool is_ev)
{
    struct behaving b = {.is_ev = is_ev};
    library_open(&b.library);
    session_options_open(&b.session, &b.library, PEER_TLS_AUTO);
    b.station.over = session_over;
    b.station.stopping = stopping;
    b.station.context = &b;
    options_open(&b.options, is_ev ? &EV_USAGE : &EVSE_USAGE, &b.library, argc, argv);
    int status = read_options(&b);
    if (status < 0)
        status = run_all(&b);
    struct part *parts[] = {&b.own, &b.other};
    for (size_t i = 0; i < 2; i++) {
        buf_close(&parts[i]->set);
        buf_close(&parts[i]->text);
    }
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
