/* SPDX-License-Identifier: Apache-2.0 */
#include "app/commands.h"

#include "app/report.h"
#include "base/nearest.h"

#include <string.h>

const struct command COMMANDS[] = {
    {"ev", "play a vehicle that charges, with no script", command_ev},
    {"evse", "play a station for any number of vehicles, with no script", command_evse},
    {"relay", "stand between a vehicle and a station: show, change, delay what they say",
     command_relay},
    {"load", "play many vehicles or stations, and measure the other side", command_load},
    {"persona", "list, show, check and measure what vehicles and stations it can play",
     command_persona},
    {"test", "test a station or a vehicle by the cases of suites", command_test},
    {"fuzz", "look for messages that break a station or a vehicle", command_fuzz},
    {"report", "show, join and write the results of `test`, as JUnit XML, TAP, …", command_report},
    {"diff", "compare two runs of `test`, or two sessions", command_diff},
    {"bundle", "pack a case with all that belongs to it into one archive", command_bundle},
    {"history", "show verdicts and times of cases over time", command_history},
    {"run", "run scripts against a peer, or against each other", command_run},
    {"script", "make a script of a recorded session", command_script},
    {"replay", "play a recorded session again, and tell what differs", command_replay},
    {"lab", "a shell or command in an isolated network of its own", command_lab},
    {"decode", "show messages (EXI, V2GTP) as XML or JSON, and captures as a ladder",
     command_decode},
    {"encode", "turn messages in XML or JSON into EXI", command_encode},
    {"explain", "show a message bit by bit", command_explain},
    {"schema", "show and check message descriptions", command_schema},
    {"pki", "make, check and serve certificates for tests", command_pki},
    {"docs", "print the reference of the Lua functions", command_docs},
    {NULL, NULL, NULL},
};

#define COMMANDS_MAX (sizeof COMMANDS / sizeof *COMMANDS)

const struct command *command_find(const char *name)
{
    for (const struct command *c = COMMANDS; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int command_unknown(const char *what, const char *name)
{
    const char *names[COMMANDS_MAX];
    for (size_t i = 0; i < COMMANDS_MAX; i++)
        names[i] = COMMANDS[i].name;
    const char *nearest = nearest_name(name, names);
    if (nearest != NULL)
        report(REPORT_ERROR, "unknown %s '%s'; the nearest command is %s; see v2glab --help", what,
               name, nearest);
    else
        report(REPORT_ERROR, "unknown %s '%s'; see v2glab --help", what, name);
    return EXIT_SETUP;
}
