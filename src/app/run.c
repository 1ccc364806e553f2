/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab run`: scripts against a peer, against each other, or printed without a network. */
#include "script/run.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"
#include "app/secure.h"
#include "record/ladder.h"
#include "record/record.h"
#include "wire/lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIMERS_MAX 32

/* ORDER OPTION */
enum {
    INTERFACE,
    PEER,
    LAB,
    PROTOCOL,
    PRINT,
    SESSION_ID,
    RECORD,
    NO_RECORD,
    VERBOSE,
    QUIET,
    PROFILE,
    TIMER,
    TLS,
    CERT,
    KEY,
    ROOTS,
    TLS_SET,
    PKI,
    UNSAFE
};

static const struct option OPTIONS[] = {
    {"interface", 'i', "NAME", "the network interface that the peer is reached over (SDP, IPv6)"},
    {"peer", 'p', "ADDRESS",
     "as [::1]:15118: EVCC scripts connect there and SECC scripts listen\n"
     "there, without SDP"},
    {"lab", 0, NULL,
     "an isolated network of its own (`v2glab lab --help`); this is what\n"
     "is used without --interface and --peer"},
    {"protocol", 'P', "NAME",
     "DIN70121, ISO15118-2 or ISO15118-20: offered, or accepted, as the\n"
     "only one; else what the scripts say, ISO15118-2 first"},
    {"print", 0, NULL,
     "no network, no peer: print header, EXI and XML of each message that\n"
     "a script sends; what it receives are messages with defaults"},
    {"session-id", 0, "HEX", "SessionID of all headers, up to 8 octets"},
    {"record", 'o', "DIR", "folder of the record (events.jsonl, session.pcapng); else runs/DATE"},
    {"no-record", 0, NULL, "leave no record"},
    {"verbose", 'v', NULL, "also the XML of each message; -vv: also its bytes"},
    {"quiet", 'q', NULL, "no ladder; only how the scripts end"},
    {"profile", 0, "NAME",
     "timing parameters: strict (default), field or test; see\nlua/timers.lua"},
    {"timer", 0, "NAME=TIME",
     "a timing parameter, as V2G_SECC_Sequence_Timeout=10s or =500ms;\n"
     "may be given several times"},
    {"tls", 0, "WHEN",
     "off (default, for all protocols, also where ISO 15118-20 wants TLS),\n"
     "auto: 1.2, 1.3 or none as the other side wants, 1.2 or 1.3: that only"},
    SECURE_OPTIONS,
    {"unsafe", 0, NULL, "scripts may use all of Lua: files, programs, C modules"},
    {.name = NULL},
};

static const struct usage USAGE = {
    .command = "run",
    .synopsis = "[OPTION]... SCRIPT...",
    .about =
        "Runs Lua scripts that play a vehicle (Evcc) or a station (Secc): one against a real "
        "peer,\n"
        "or several against each other in one process. Shows a ladder of all messages, leaves a\n"
        "record, and gives each script a verdict.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab run examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua\n"
            "  v2glab run evcc.lua --interface eth1\n"
            "  v2glab run secc.lua --peer [::1]:15118\n"
            "  v2glab run --print evcc.lua --session-id B9D3FD12ABB3E0F8\n"
            "  v2glab run --tls 1.3 evcc.lua secc.lua\n\n"
            "With TLS, SSLKEYLOGFILE in the environment names a file that gets the secrets; the\n"
            "record's session.pcapng has its own.\n\n"
            "exit codes: 0 pass, 1 fail, 2 inconclusive, 3 error in script or set-up",
};

struct running {
    struct options options;
    struct library library;
    struct run_options run;
    struct tls_choice settings;
    struct script_timer timer[TIMERS_MAX];
    uint8_t id[8];
    const char *record_path;
    bool lab, no_record, quiet, unopened;
    int verbose;
    struct recorder recorder;
    struct ladder ladder;
    struct record *record;
};

/* ---- options ---- */

static int read_id(struct running *r, const char *text)
{
    int64_t n = hex_read(text, strlen(text), r->id, sizeof r->id);
    if (n < 0) {
        options_wrong(&r->options, "--session-id %s; expected up to 16 hex digits", text);
        return -1;
    }
    r->run.common.id = r->id;
    r->run.common.id_size = (uint8_t)n;
    return 0;
}

/* "NAME=10s", "NAME=500ms", "NAME=500" (ms). */
static int read_timer(struct running *r, char *text)
{
    char *value = strchr(text, '='), *end;
    long long n = value == NULL ? -1 : strtoll(value + 1, &end, 10);
    bool seconds = n >= 0 && strcmp(end, "s") == 0;
    if (n < 0 || (!seconds && strcmp(end, "ms") != 0 && *end != '\0') ||
        r->run.common.timers == TIMERS_MAX) {
        options_wrong(&r->options, "--timer %s; expected NAME=TIME with TIME as 10s or 500ms",
                      text);
        return -1;
    }
    *value = '\0';
    r->timer[r->run.common.timers++] = (struct script_timer){text, seconds ? n * 1000 : n};
    r->run.common.timer = r->timer;
    return 0;
}

static int read_option(struct running *r, int option)
{
    struct options *o = &r->options;
    struct script_options *common = &r->run.common;
    static const char *const PROFILES[] = {"strict", "field", "test", NULL};
    int choice;
    switch (option) {
    case INTERFACE:
        common->peer.interface = o->value;
        return 0;
    case PEER:
        common->peer.address = o->value;
        return 0;
    case LAB:
        r->lab = true;
        return 0;
    case PROTOCOL:
        if (protocol_find(o->value) == NULL) {
            options_wrong(o, "--protocol %s; expected DIN70121, ISO15118-2 or ISO15118-20",
                          o->value);
            return -1;
        }
        common->protocol = protocol_find(o->value)->name;
        return 0;
    case PRINT:
        r->run.print = true;
        return 0;
    case SESSION_ID:
        return read_id(r, o->value);
    case RECORD:
        r->record_path = o->value;
        return 0;
    case NO_RECORD:
        r->no_record = true;
        return 0;
    case VERBOSE:
        r->verbose++;
        return 0;
    case QUIET:
        r->quiet = true;
        return 0;
    case PROFILE:
        choice = options_choice(o, "profile", o->value, PROFILES);
        common->profile = choice < 0 ? NULL : PROFILES[choice];
        return choice < 0 ? -1 : 0;
    case TIMER:
        return read_timer(r, (char *)(uintptr_t)o->value);
    case TLS:
    case CERT:
    case KEY:
    case ROOTS:
    case TLS_SET:
    case PKI:
        return secure_take(o, (enum secure_option)(option - TLS), common, &r->settings);
    case UNSAFE:
        common->is_unsafe = true;
        return 0;
    default:
        return -1;
    }
}

/* ---- running ---- */

static void print_text(void *context, const char *text, size_t n)
{
    (void)context;
    fwrite(text, 1, n, stdout);
}

/* What the verdict's line in the ladder has no room for. */
static void script_ended(void *context, const struct script *s)
{
    struct running *r = context;
    bool ladder = !r->quiet && !r->run.print;
    if (!s->started) {
        r->unopened = true; /* the run's own error says why */
        return;
    }
    if (ladder && s->traceback == NULL)
        return;
    if (s->verdict == VERDICT_PASS) {
        if (!r->run.print)
            fprintf(stderr, "%s: pass\n", s->path);
        return;
    }
    fprintf(stderr, "%s: %s: %s\n", s->path, verdict_name(s->verdict),
            s->traceback != NULL ? s->traceback : s->reason);
}

static int open_sinks(struct running *r, struct err *e)
{
    /* two sides in one process: each frame is recorded by both, one of them is shown */
    uint8_t view = r->run.scripts > 1 ? FROM_EVCC : FROM_BOTH;
    if (!r->quiet) {
        ladder_open(&r->ladder, stdout, r->verbose, view);
        recorder_add(&r->recorder, ladder_event, &r->ladder);
    }
    if (!r->no_record) {
        r->record = record_open(r->record_path, view, e);
        if (r->record == NULL)
            return -1;
        recorder_add(&r->recorder, record_event, r->record);
    }
    r->run.common.recorder = &r->recorder;
    return 0;
}

static int run_all(struct running *r)
{
    struct err e = ERR_INIT;
    const struct peer_options *peer = &r->run.common.peer;
    if (r->run.print) {
        r->run.common.print = print_text;
    } else {
        bool lab = r->lab || (peer->interface == NULL && peer->address == NULL);
        if ((lab && lab_enter(&e) != 0) || open_sinks(r, &e) != 0) {
            report_err("", &e);
            return EXIT_SETUP;
        }
    }
    int status = run_scripts(&r->run, &e);
    if (e.set && r->unopened)
        report_err("", &e);
    if (r->record == NULL)
        return status;
    printf("record: %s\n", record_path(r->record));
    struct err late = ERR_INIT;
    if (record_close(r->record, &late) == 0)
        return status;
    report_err("", &late);
    return status == RUN_PASS ? EXIT_SETUP : status;
}

int command_run(int argc, char **argv)
{
    struct running r = {.run = {.interruptible = true}};
    library_open(&r.library);
    r.run.common.library = &r.library;
    r.run.common.peer.security = 0x10;
    r.run.ended = script_ended;
    r.run.context = &r;
    options_open(&r.options, &USAGE, &r.library, argc, argv);
    int option, status = -1;
    while (status < 0 && (option = options_next(&r.options)) != OPTION_END)
        if (read_option(&r, option) != 0)
            status = r.options.status;
    if (status < 0 && r.options.arguments == 0)
        status = options_wrong(&r.options, "no script; expected the path of a Lua file");
    if (status < 0) {
        r.run.script = (const char *const *)r.options.argument;
        r.run.scripts = (unsigned)r.options.arguments;
        status = run_all(&r);
    }
    tls_choice_close(&r.settings);
    library_close(&r.library);
    return status;
}
