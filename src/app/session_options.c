/* SPDX-License-Identifier: Apache-2.0 */
#include "app/session_options.h"
#include "app/commands.h"
#include "app/interrupt.h"
#include "app/report.h"
#include "base/said.h"
#include "record/record.h"
#include "script/bench.h"
#include "script/box.h"
#include "session/credentials.h"
#include "trust/pki_tree.h"
#include "wire/endpoint.h"
#include "wire/lab.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Octets of events.bin that are made lines of: some six seconds' work; of who wants to end, one. */
#define LINES_MOST (256u << 20)
#define LINES_MOST_INTERRUPTED (32u << 20)

static const char *const PROFILES[] = {"strict", "field", "test", NULL};

static int take_protocol(void *to, const char *name, struct err *e)
{
    const struct protocol *p = protocol_find(name);
    if (p == NULL)
        return err_set(e, "expected DIN70121, ISO15118-2 or ISO15118-20");
    *(const char **)to = p->name;
    return 0;
}

/* "NAME=10s", "NAME=500ms", "NAME=500" (ms). */
static int take_timer(void *to, const char *text, struct err *e)
{
    struct session_options *s = to;
    struct script_options *script = &s->script;
    char *value = strchr((char *)(uintptr_t)text, '='), *end;
    long long n = value == NULL ? -1 : strtoll(value + 1, &end, 10);
    bool seconds = n >= 0 && strcmp(end, "s") == 0;
    if (n < 0 || (!seconds && strcmp(end, "ms") != 0 && *end != '\0'))
        return err_set(e, "expected NAME=TIME with TIME as 10s or 500ms");
    if (script->timers == SESSION_TIMERS)
        return err_set(e, "more than %d timers", SESSION_TIMERS);
    *value = '\0';
    s->timer[script->timers++] = (struct script_timer){text, seconds ? n * 1000 : n};
    script->timer = s->timer;
    return 0;
}

static int take_tls(void *to, const char *value, struct err *e)
{
    struct err why = ERR_INIT;
    return tls_choice_say(to, TLS_KEY_VERSION, value, &why) == 0
               ? 0
               : err_set(e, "expected off, auto, 1.2 or 1.3");
}

static int take_tls_setting(void *to, const char *text, struct err *e)
{
    char name[40];
    const char *value = strchr(text, '=');
    if (value == NULL || value == text)
        return err_set(e, "expected KEY=VALUE");
    snprintf(name, sizeof name, "%.*s", (int)(value - text), text);
    int key = tls_choice_find(name, e);
    return key < 0 ? -1 : tls_choice_say(to, (enum tls_key)key, value + 1, e);
}

/* "500", "500,100". */
static int take_connections(void *to, const char *text, struct err *e)
{
    struct peer_options *peer = to;
    char *end;
    unsigned long most = strtoul(text, &end, 10), of_address = 0;
    bool is_right = *text >= '0' && *text <= '9';
    if (is_right && *end == ',') {
        is_right = end[1] >= '0' && end[1] <= '9';
        of_address = strtoul(end + 1, &end, 10);
    }
    if (!is_right || *end != '\0' || most < 1 || most > 1000000 || of_address > most)
        return err_set(e, "expected a number, or two as 500,100: in all, of one address");
    peer->connections = (unsigned)most;
    peer->connections_of_address = (unsigned)of_address;
    return 0;
}

static int take_seed(void *to, const char *text, struct err *e)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n > UINT32_MAX)
        return err_set(e, "expected a number, 0 to 4294967295");
    *(unsigned *)to = (unsigned)n;
    return 0;
}

static int take_fault(void *to, const char *text, struct err *e)
{
    struct session_options *s = to;
    return faults_add(&s->faults, text, s->script.library, e);
}

/* ORDER RECORD_KEEP */
static const char *const KEPT[] = {"all", "failed", NULL};

/* "500M", "1G", "2000000". */
static int take_size(void *to, const char *text, struct err *e)
{
    static const char UNITS[] = "KMGT";
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    const char *unit = *end == '\0' ? NULL : strchr(UNITS, toupper((unsigned char)*end));
    unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - UNITS + 1);
    bool is_one =
        *text >= '0' && *text <= '9' && (*end == '\0' || (unit != NULL && end[1] == '\0'));
    if (!is_one || errno != 0 || n > UINT64_MAX >> shift || n << shift < RECORD_LIMIT_LEAST)
        return err_set(e, "expected a size of 1M or more, as 500M or 1G");
    *(uint64_t *)to = n << shift;
    return 0;
}

#define AT(member) .at = offsetof(struct session_options, member)

const struct option CONNECTION_OPTION[] = {
    {"connections", 0, "N[,N]",
     "of a station: open at once, in all (as many as the system allows), and of\none address (all "
     "but "
     "an eighth)",
     OPTION_CALL, AT(script.peer), .take = take_connections},
    {"profile", 0, "NAME",
     "timing parameters: strict (default), field or test; see\nlua/timers.lua", OPTION_NAME,
     AT(script.profile), .names = PROFILES},
    {"timer", 0, "NAME=TIME",
     "a timing parameter, as V2G_SECC_Sequence_Timeout=10s or =500ms;\nmay be given several times",
     OPTION_CALL, .take = take_timer},
    {"tls", 0, "WHEN",
     "off: no TLS, also where the standard wants it; auto: 1.2, 1.3 or none\n"
     "as the other side wants; 1.2 or 1.3: that only",
     OPTION_CALL, AT(script.peer.choice), .take = take_tls},
    {"cert", 0, "FILE",
     "certificate chain of each role that speaks TLS, PEM, leaf first;\nelse that of the tree",
     AT(script.peer.choice.said[TLS_KEY_CERT])},
    {"key", 0, "FILE", "its private key, PEM; else in the file of the chain",
     AT(script.peer.choice.said[TLS_KEY_KEY])},
    {"roots", 0, "FILE", "roots to trust, PEM; else those of the tree",
     AT(script.peer.choice.said[TLS_KEY_ROOTS])},
    {"tls-set", 0, "KEY=VALUE",
     "a setting of TLS, as suites=TLS_AES_256_GCM_SHA384, ocsp=required,\n"
     "check=any: the keys of Connect{tls={…}}; may be given several times",
     OPTION_CALL, AT(script.peer.choice), .take = take_tls_setting},
    {"pki", 0, "DIR",
     "a tree of certificates (`v2glab pki make DIR`); else the demo\n"
     "tree (`v2glab pki list`), made on first use",
     AT(script.peer.choice.said[TLS_KEY_PKI])},
    {"fault", 0, "FAULT|FILE",
     "on purpose, as 'CurrentDemandRes#3: drop', 'SECCDiscoveryRes: truncate' or\n"
     "'ServerHello: alert handshake_failure', an attack on SLAC by its name, as\n"
     "second-station (docs/faults.md), or a Lua file that returns such; may be\n"
     "given several times",
     OPTION_CALL, .take = take_fault},
    OPTIONS_END,
};

const struct option SESSION_OPTION[] = {
    {"interface", 'i', "NAME", "the network interface that the peer is reached over (SDP, IPv6)",
     AT(script.peer.interface)},
    {"peer", 'p', "ADDRESS",
     "as [::1]:15118: a vehicle connects there, a station listens there,\nwithout SDP",
     AT(script.peer.address)},
    {"protocol", 'P', "NAME",
     "DIN70121, ISO15118-2 or ISO15118-20: offered, or accepted, as the\nonly one", OPTION_CALL,
     AT(script.protocol), .take = take_protocol},
    {.kind = OPTION_GROUP, .group = CONNECTION_OPTION},
    {"slac", 0, "NAME", "the interface behind which the modem is: SLAC goes before SDP there",
     AT(script.peer.slac)},
    {"bench", 0, "NAME|FILE",
     "a virtual power line with modems and a control pilot: pair,\n"
     "three-stations, three-pairs, weak-cable, crosstalk, or a Lua file\n"
     "(docs/bench.md); a session begins with the plug and SLAC then",
     AT(bench)},
    {.kind = OPTION_GROUP, .group = RUN_OPTION},
    OPTIONS_END,
};

const struct option RUN_OPTION[] = {
    {"pilot", 0, "BOX",
     "what the control pilot of a real cable is measured and set by:\n"
     "run:COMMAND, shell:COMMAND, tcp:HOST:PORT, serial:DEVICE[:BAUD] or a\n"
     "Lua file (docs/bench.md)",
     AT(pilot)},
    {"virtual-time", 0, NULL,
     "time runs only while all wait, and the network is in memory: a run\n"
     "between own scripts takes no time, and is the same each time",
     AT(virtual_time)},
    {"seed", 0, "N", "of virtual time: what is left to chance; 0 (default) or another one",
     OPTION_CALL, AT(seed), .take = take_seed},
    {"record", 'o', "DIR", "folder of the record (events.jsonl, session.pcapng); else runs/DATE",
     AT(record)},
    {"no-record", 0, NULL, "leave no record", AT(no_record)},
    {"verbose", 'v', NULL, "the ladder with the XML of each message; -vv: also its bytes",
     OPTION_COUNT, AT(verbose)},
    {"quiet", 'q', NULL, "no ladder, no live view; only how it ends", AT(quiet)},
    OPTIONS_END,
};

const struct option RECORD_OPTION[] = {
    {"record-keep", 0, "WHICH", "all (default), or failed: that of a run that passes goes",
     OPTION_CHOICE, AT(record_keep), .names = KEPT},
    {"record-limit", 0, "SIZE",
     "as 500M or 1G: the record gets parts, 0001, 0002 ..., the oldest of which\ngo; its events "
     "stay "
     "events.bin, which decode shows",
     OPTION_CALL, AT(record_limit), .take = take_size},
    {"record-json", 0, "WHEN",
     "events.jsonl is made at the end (default), live (for tail -f), or never:\nthen events.bin "
     "stays, which decode shows",
     OPTION_CHOICE, AT(record_lines), .names = RECORD_LINES},
    OPTIONS_END,
};

void session_options_open(struct session_options *s, struct library *library, enum peer_tls tls)
{
    *s = (struct session_options){.script = {.library = library}};
    s->script.peer.security = 0x10;
    s->script.faults = &s->faults;
    s->script.peer.tls = tls;
}

int session_record_open(const struct session_options *s, struct recorder *r, struct record **made,
                        struct err *e)
{
    struct record_options o = {.path = s->record,
                               .lines = (enum record_lines)s->record_lines,
                               .limit = s->record_limit,
                               .library = s->script.library};
    *made = NULL;
    if (s->no_record)
        return 0;
    if (o.limit != 0 && o.lines == LINES_LIVE)
        return err_set(e, "--record-limit and --record-json live: expected one of them");
    *made = record_open(&o, r, e);
    return *made == NULL ? -1 : 0;
}

int session_record_close(const struct session_options *s, struct record *r, int status)
{
    struct err e = ERR_INIT;
    char path[RECORD_PATH_MAX];
    if (r == NULL)
        return status;
    snprintf(path, sizeof path, "%s", record_path(r));
    bool is_empty = s->record == NULL && status == EXIT_SETUP && !record_has_traffic(r);
    bool goes = is_empty || (s->record_keep == KEEP_FAILED && status == EXIT_PASS);
    uint64_t most = goes ? 0 : interrupt_count > 0 ? LINES_MOST_INTERRUPTED : LINES_MOST;
    bool is_whole = record_close(r, most, &e) == 0;
    if (goes)
        record_remove(path);
    else
        said_print(stdout, "record: %s\n", path);
    if (!is_whole)
        report_err("", &e);
    return !is_whole && status == EXIT_PASS ? EXIT_SETUP : status;
}

int session_exit(const struct session_options *s, int status)
{
    const char *missing = faults_missing(&s->faults);
    if (status < 0 || missing == NULL)
        return status;
    report(REPORT_ERROR, "the fault '%s' never happened", missing);
    return EXIT_SETUP;
}

static int check_place(const struct session_options *s, bool wants_lab, struct err *e)
{
    const struct peer_options *peer = &s->script.peer;
    bool has_network = peer->interface != NULL || peer->address != NULL;
    if (s->virtual_time && (s->pilot != NULL || s->station_pilot != NULL))
        return err_set(
            e, "--virtual-time and --pilot: a box takes its own time; expected one of them");
    if (!s->virtual_time || !(has_network || wants_lab))
        return 0;
    return err_set(e, "--virtual-time is for runs within this program, in a network of its own; "
                      "expected it without --interface, --peer and --lab");
}

int session_check_network(const struct peer_options *peer, struct err *e)
{
    struct endpoint at = {.port = 0};
    struct sockaddr_in6 address;
    if (peer->interface != NULL) {
        snprintf(at.interface, sizeof at.interface, "%s", peer->interface);
        if (endpoint_to_address(&at, &address, e) != 0)
            return -1;
    }
    if (peer->address == NULL)
        return 0;
    return endpoint_parse(peer->address, &at, e) != 0 || endpoint_to_address(&at, &address, e) != 0
               ? -1
               : 0;
}

/* A tree that was named stays as it is; what fails for its age is to be known. */
static void warn_of_old(const struct tls_choice *c)
{
    const char *tree = c->said[TLS_KEY_PKI] != NULL ? c->said[TLS_KEY_PKI] : getenv("V2GLAB_PKI");
    for (unsigned i = 0; tree != NULL && i < 2; i++)
        if (pki_tree_is_old(tree, (enum pki_edition)i))
            report(REPORT_WARNING,
                   "the certificates in %s/%s are of an older version; cases about what they have "
                   "to be may fail for that: `v2glab pki make --replace %s` makes them anew",
                   tree, PKI_TREE_FOLDERS[i], tree);
}

/* Files of certificates that were named. */
static int check_certificates(const struct tls_choice *c, bool is_station, struct err *e)
{
    bool has_any = false;
    for (enum tls_key key = TLS_KEY_CERT; key < TLS_KEYS; key++)
        has_any |= c->said[key] != NULL;
    if (!has_any)
        return 0;
    struct tls_context *made = credentials_context(c, is_station, true, e);
    tls_context_close(made);
    return made == NULL ? -1 : 0;
}

int session_check(const struct session_options *s, bool is_station, struct err *e)
{
    if (check_place(s, false, e) != 0 || session_check_network(&s->script.peer, e) != 0)
        return -1;
    warn_of_old(&s->script.peer.choice);
    return check_certificates(&s->script.peer.choice, is_station, e);
}

static struct world *enter(const struct session_options *s, bool wants_lab, struct err *e)
{
    const struct peer_options *peer = &s->script.peer;
    bool has_network = peer->interface != NULL || peer->address != NULL;
    if (check_place(s, wants_lab, e) != 0)
        return NULL;
    if (s->virtual_time)
        return world_open_virtual(NULL, s->seed, e);
    bool is_lab = wants_lab || !has_network;
    bool has_line = is_lab && s->bench != NULL;
    if (is_lab && (has_line ? lab_enter_line(e) : lab_enter(e)) != 0)
        return NULL;
    return world_open(NULL, e);
}

static int open_boxes(struct session_options *s, struct world *world, struct err *e)
{
    const char *places[2] = {s->pilot, s->station_pilot};
    struct box **box = s->script.box;
    for (unsigned i = 0; i < 2; i++)
        if (places[i] != NULL && (box[i] = box_open(world, places[i], e)) == NULL)
            return -1;
    if (!s->has_relay)
        box[1] = box[0];
    return 0;
}

struct world *session_enter(struct session_options *s, bool wants_lab, struct err *e)
{
    struct world *world = enter(s, wants_lab, e);
    bool is_good = world != NULL;
    if (is_good && s->bench != NULL) {
        s->line = bench_open(world, s->script.library, s->bench, true, e);
        is_good = s->line != NULL;
    }
    if (is_good && open_boxes(s, world, e) == 0)
        return world;
    session_leave(s, world);
    return NULL;
}

void session_leave(struct session_options *s, struct world *world)
{
    struct box **box = s->script.box;
    if (box[1] != box[0])
        box_close(box[1]);
    box_close(box[0]);
    box[0] = box[1] = NULL;
    line_close(s->line);
    s->line = NULL;
    world_close(world);
}
