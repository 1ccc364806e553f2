/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab script`: a recorded session as a Lua script that plays one of its sides again; `replay`
 * plays it at once, and tells what differs from the capture. */
#include "app/commands.h"
#include "app/diff.h"
#include "app/options.h"
#include "app/recorded.h"
#include "app/report.h"
#include "app/retelling.h"
#include "app/running.h"
#include "base/said.h"
#include "record/diff_sessions.h"

#include <stdio.h>
#include <string.h>

#define SCRIPT "require('replay.write').main(...)"

struct scripting {
    struct options options;
    struct recorded recorded;
    struct retelling as;
    const char *output;
};

static const struct option OPTIONS[] = {
    RETELLING_OPTIONS(offsetof(struct scripting, as)),
    {"output", 'o', "FILE", "write it to FILE, not to standard output",
     .at = offsetof(struct scripting, output)},
    RECORDED_OPTIONS(offsetof(struct scripting, recorded)),
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "script",
    .synopsis = "[OPTION]... CAPTURE",
    .about =
        "Makes a Lua script of a recorded session, which plays its vehicle or its station again: "
        "a\n"
        "block for each message, in the order of the capture, with what becomes of each element "
        "(fixed,\n"
        "bound to what the other side says now, or made anew) and what is expected of what comes\n"
        "(docs/replay.md). CAPTURE is a pcap or pcapng file, the record of a run (its folder or\n"
        "events.bin), or a text with messages in it.",
    .option = OPTIONS,
    .more =
        "examples:\n"
        "  v2glab script charger.pcap -o vehicle.lua\n"
        "  v2glab run vehicle.lua --interface eth1\n"
        "  v2glab run vehicle.lua --against evse --virtual-time\n"
        "  v2glab script charger.pcap --role secc --session 2 -o station.lua\n"
        "  v2glab script runs/2026-11-20-231500 --time none\n\n"
        "exit codes: 0 it is made, 1 there is no such session in it, 3 wrong use, or a file that\n"
        "cannot be read or written",
};

int command_script(int argc, char **argv)
{
    struct scripting s = {.output = NULL};
    int status;
    recorded_open(&s.recorded);
    options_open(&s.options, &USAGE, &s.recorded.grammars.library, argc, argv);
    if (grammars_begin(&s.recorded.grammars, &s.options, &s) != 0)
        status = s.options.status;
    else if (s.options.arguments != 1)
        status = options_wrong(&s.options, "expected one capture, found %d", s.options.arguments);
    else if (recorded_read(&s.recorded, s.options.argument[0], &status) == 0)
        status = retold(&(struct recorded *){&s.recorded}, 1, SCRIPT, &s.as, s.output);
    recorded_close(&s.recorded);
    return status;
}

/* ---- replay ---- */

struct replaying {
    struct options options;
    struct recorded recorded;
    struct retelling as;
    struct running running;
    bool json;
    struct dialogue before, after;
    const char *name;
};

static const struct option REPLAY_OPTIONS[] = {
    RETELLING_OPTIONS(offsetof(struct replaying, as)),
    RUNNING_AGAINST(offsetof(struct replaying, running.against)),
    WITH_OPTIONS(offsetof(struct replaying, running.side)),
    {"json", 0, NULL, "what differs as one JSON object (docs/results.md), not as text",
     .at = offsetof(struct replaying, json)},
    RECORDED_OPTIONS(offsetof(struct replaying, recorded)),
    SESSION_OPTIONS(offsetof(struct replaying, running.session)),
    RECORD_OPTIONS(offsetof(struct replaying, running.session)),
    RUNNING_LAB(offsetof(struct replaying, running.lab)),
    OPTIONS_END,
};

static const struct usage REPLAY_USAGE = {
    .command = "replay",
    .instead = RUNNING_INSTEAD,
    .synopsis = "[OPTION]... CAPTURE",
    .about =
        "Plays the vehicle or the station of a recorded session again, as the script that `v2glab\n"
        "script` makes of it, and tells what differs from the capture: order, fields, times. The\n"
        "verdict is pass where the session ends as the capture does, also where the other side "
        "has\n"
        "other identifiers and limits, or takes another number of rounds (docs/replay.md). CAPTURE "
        "is\n"
        "what `v2glab script` takes.",
    .option = REPLAY_OPTIONS,
    .more =
        "examples:\n"
        "  v2glab replay charger.pcap --interface eth1\n"
        "  v2glab replay charger.pcap --role secc --interface eth1 --time none\n"
        "  v2glab replay charger.pcap --against evse --virtual-time --quiet\n"
        "  v2glab replay runs/2026-11-20-231500 --session 2 --peer [fe80::1%eth1]:15118\n\n"
        "exit codes: 0 pass, 1 fail, or no such session in it, 2 inconclusive, 3 error, wrong use,"
        "\nor a file that cannot be read",
};

static int give_nothing(const struct built_in *own, struct script *s, struct err *e)
{
    (void)own;
    (void)s;
    (void)e;
    return 0;
}

/* Of all that is played: what goes over TCP. */
static void take_replayed(void *context, const struct event *e)
{
    if (!event_is_datagram(e))
        dialogue_event(context, e);
}

static int tell_differences(struct replaying *p, int status)
{
    for (size_t i = 0; i < p->recorded.n; i++)
        if (p->recorded.is_chosen[i])
            dialogue_event(&p->before, &p->recorded.at[i]);
    json_t *diff = diff_sessions(&p->before, &p->after);
    if (diff == NULL) {
        report(REPORT_ERROR, "out of memory");
        return EXIT_SETUP;
    }
    if (p->json) {
        json_dumpf(diff, stdout, JSON_COMPACT | JSON_SORT_KEYS);
        putchar('\n');
    } else {
        said_print(stdout, "against the capture %s:\n", p->recorded.path);
        diff_print_sessions(diff);
    }
    json_decref(diff);
    return status;
}

static int replay_script(struct replaying *p, const char *text)
{
    struct built_in own = {text, give_nothing};
    struct running *r = &p->running;
    const char *slash = strrchr(p->recorded.path, '/');
    p->name = slash != NULL && slash[1] != '\0' ? slash + 1 : p->recorded.path;
    r->own = &own;
    r->script = &p->name;
    r->scripts = 1;
    r->sink = take_replayed;
    r->context = &p->after;
    /* A station that plays here speaks what the capture's did: else it would see a vehicle leave
     * it, to ask for that alone. */
    if (r->against != NULL && strcmp(r->against, "evse") == 0 && r->session.script.protocol == NULL)
        r->session.script.protocol = p->recorded.protocol;
    int status = running_play(r);
    return p->after.n > 0 ? tell_differences(p, status) : status;
}

static int replay_all(struct replaying *p)
{
    struct buf text = {0};
    int status = running_check(&p->running, &p->options);
    if (status == 0 && p->running.session.virtual_time && p->running.against == NULL)
        status = options_wrong(&p->options, "--virtual-time has a network within this program, "
                                            "where nobody else is; expected --against ev or evse "
                                            "with it, for the side that is not replayed");
    if (status == 0 && recorded_read(&p->recorded, p->options.argument[0], &status) == 0)
        status = retold_text(&(struct recorded *){&p->recorded}, 1, SCRIPT, &p->as, &text);
    if (status == EXIT_PASS)
        status = replay_script(p, buf_string(&text));
    buf_close(&text);
    return status;
}

int command_replay(int argc, char **argv)
{
    struct replaying p = {.json = false};
    int status;
    recorded_open(&p.recorded);
    session_options_open(&p.running.session, &p.recorded.grammars.library, PEER_TLS_OFF);
    options_open(&p.options, &REPLAY_USAGE, &p.recorded.grammars.library, argc, argv);
    if (grammars_begin(&p.recorded.grammars, &p.options, &p) != 0)
        status = p.options.status;
    else if (p.options.arguments != 1)
        status = options_wrong(&p.options, "expected one capture, found %d", p.options.arguments);
    else
        status = replay_all(&p);
    dialogue_close(&p.before);
    dialogue_close(&p.after);
    recorded_close(&p.recorded);
    return status;
}
