/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab help`: the help text of a command, its manual page, and what the shells complete. */
#include "app/help.h"

#include "app/commands.h"
#include "app/options.h"
#include "base/said.h"

#include <stdio.h>

struct helping {
    struct options options;
    bool manual, completion;
};

static const struct option OPTIONS[] = {
    {"man", 0, NULL, "as a manual page, for man(1)", .at = offsetof(struct helping, manual)},
    {"complete", 0, NULL,
     "for the shells: what may stand in place of the last WORD of a\n"
     "command line whose words behind v2glab these are",
     .at = offsetof(struct helping, completion)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "help",
    .synopsis = "[--man] [COMMAND]\n--complete -- [WORD]...",
    .about = "Shows what v2glab COMMAND --help shows; without COMMAND the help of the program.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab help decode\n"
            "  v2glab help --man test >v2glab-test.1\n"
            "  v2glab help --complete -- test --su\n\n"
            "exit codes: 0 shown, 3 wrong use",
};

void help_of_all(void)
{
    said_print(stdout, "%s",
               "usage: v2glab COMMAND [OPTION]... [ARGUMENT]...\n"
               "       v2glab COMMAND --help\n"
               "       v2glab --version\n\n"
               "Plays an electric vehicle (EVCC) or a charging station (SECC) over ISO 15118 and\n"
               "DIN SPEC 70121, driven by Lua scripts, and shows, records and judges what the peer "
               "does.\n\n"
               "commands:\n");
    for (const struct command *c = COMMANDS; c->name != NULL; c++)
        printf("  %-10s %s\n", c->name, said(c->summary));
    said_print(
        stdout, "%s",
        "  help       show the help of a command, also as a manual page\n\n"
        "options:\n"
        "  --schema FILE  also read the message description FILE (before or after the command)\n"
        "  --lang LANGUAGE  of what is said: en or ko; default: as LC_ALL, LC_MESSAGES or LANG "
        "say\n"
        "  --version      show the version\n"
        "  -h, --help     show this, or the help of a command\n\n"
        "examples:\n"
        "  v2glab decode 8098022E74FF44AAECF83E11F000\n"
        "  v2glab decode session.pcap\n"
        "  v2glab encode message.xml\n"
        "  v2glab schema show ISO15118-2 ChargingStatusRes\n\n"
        "first steps: docs/getting-started.md (installed: share/doc/v2glab/docs); try\n"
        "`v2glab ev --set loops=20`, a session between both sides, and `v2glab docs WORD`\n\n"
        "exit codes: 0 all is well, 1 failed or bad input, 2 inconclusive, 3 wrong use or "
        "set-up\n");
}

/* The help of the command that the n words name, by its own table. */
static int help_of_command(int n, char **word)
{
    char help[] = "--help";
    char *argv[] = {word[0], n > 1 ? word[1] : help, n > 1 ? help : NULL, NULL};
    const struct command *c = command_find(word[0]);
    return c != NULL ? c->run(n > 1 ? 3 : 2, argv) : command_unknown("command", word[0]);
}

int command_help(int argc, char **argv)
{
    struct helping h = {0};
    struct options *o = &h.options;
    options_open(o, &USAGE, NULL, argc, argv);
    if (options_read(o, &h) != 0)
        return o->status;
    if (h.completion) {
        complete(o->arguments, o->argument);
        return EXIT_PASS;
    }
    if (o->arguments > 2)
        return options_wrong(o, "expected one COMMAND, found %d", o->arguments);
    if (h.manual)
        options_help_by(manual_of_command);
    if (o->arguments > 0)
        return help_of_command(o->arguments, o->argument);
    if (h.manual)
        manual_of_all();
    else
        help_of_all();
    return EXIT_PASS;
}
