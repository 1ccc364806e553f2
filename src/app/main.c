/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command and hands over. --version and --help load nothing. */
#include "app/commands.h"
#include "app/options.h"
#include "app/pki.h"
#include "app/report.h"
#include "base/nearest.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

#define COMMANDS (sizeof COMMAND / sizeof *COMMAND)

static const struct command COMMAND[] = {
    {"ev", "play a vehicle that charges, with no script", command_ev},
    {"evse", "play a station for any number of vehicles, with no script", command_evse},
    {"persona", "list, show and check what vehicles and stations it can play", command_persona},
    {"test", "test a station or a vehicle by the cases of suites", command_test},
    {"report", "show, join and write the results of `test`, as JUnit XML, TAP, …", command_report},
    {"diff", "compare two runs of `test`, or two sessions", command_diff},
    {"bundle", "pack a case with all that belongs to it into one archive", command_bundle},
    {"history", "show verdicts and times of cases over time", command_history},
    {"run", "run scripts against a peer, or against each other", command_run},
    {"lab", "a shell or command in an isolated network of its own", command_lab},
    {"decode", "show messages (EXI, V2GTP) as XML or JSON, and captures as a ladder",
     command_decode},
    {"encode", "turn messages in XML or JSON into EXI", command_encode},
    {"explain", "show a message bit by bit", command_explain},
    {"schema", "show and check message descriptions", command_schema},
    {"pki", "make, check and serve certificates for tests", command_pki},
    {"docs", "print the reference of the Lua functions", command_docs},
};

static void print_help(void)
{
    puts("usage: v2glab COMMAND [OPTION]... [ARGUMENT]...\n"
         "       v2glab COMMAND --help\n"
         "       v2glab --version\n\n"
         "Plays an electric vehicle (EVCC) or a charging station (SECC) over ISO 15118 and\n"
         "DIN SPEC 70121, driven by Lua scripts, and shows, records and judges what the peer "
         "does.\n\n"
         "commands:");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", COMMAND[i].name, COMMAND[i].summary);
    puts("\noptions:\n"
         "  --schema FILE  also read the message description FILE (before or after the command)\n"
         "  --version      show the version\n"
         "  -h, --help     show this, or the help of a command\n\n"
         "examples:\n"
         "  v2glab decode 8098022E74FF44AAECF83E11F000\n"
         "  v2glab decode session.pcap\n"
         "  v2glab encode message.xml\n"
         "  v2glab schema show ISO15118-2 ChargingStatusRes\n\n"
         "exit codes: 0 all is well, 1 failed or bad input, 2 inconclusive, 3 wrong use or set-up");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(COMMAND[i].name, name) == 0)
            return &COMMAND[i];
    return NULL;
}

static int unknown(const char *what, const char *name)
{
    const char *names[COMMANDS + 1];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = COMMAND[i].name;
    names[COMMANDS] = NULL;
    const char *nearest = nearest_name(name, names);
    if (nearest != NULL)
        report(REPORT_ERROR, "unknown %s '%s'; the nearest command is %s; see v2glab --help", what,
               name, nearest);
    else
        report(REPORT_ERROR, "unknown %s '%s'; see v2glab --help", what, name);
    return EXIT_SETUP;
}

/* Runs the command at argv[at]; what stood before it (pairs of --schema and FILE) goes behind
 * it. */
static int run_command(int argc, char **argv, int at)
{
    const struct command *command = find_command(argv[at]);
    if (command == NULL)
        return unknown("command", argv[at]);
    char *name = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
    argv[1] = name;
    return command->run(argc - 1, argv + 1);
}

static int run_help(int argc, char **argv)
{
    char help[] = "--help";
    if (argc < 3) {
        print_help();
        return EXIT_PASS;
    }
    char *words[] = {argv[0], argv[2], help, NULL};
    return run_command(3, words, 1);
}

/* Index of the command's name behind the global options, or argc. */
static int skip_globals(int argc, char **argv)
{
    int at = 1;
    while (at < argc && strncmp(argv[at], "--schema", 8) == 0) {
        if (argv[at][8] == '\0')
            at++;
        else if (argv[at][8] != '=')
            break;
        at++;
    }
    return at < argc ? at : argc;
}

/* What was printed must have arrived, and what is recorded, too. Who reads from a pipe may have
 * enough of it: then there is nothing to tell. */
static int finish(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status == EXIT_PASS && report_has_lost() ? EXIT_SETUP : status;
    int why = errno; /* 0: it failed before */
    struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
    if (poll(&out, 1, 0) != 1 || !(out.revents & POLLERR))
        report(REPORT_ERROR, "standard output cannot be written (%s)",
               why != 0 ? strerror(why) : "some of it is lost");
    return EXIT_SETUP;
}

int main(int argc, char **argv)
{
    int at = skip_globals(argc, argv);
    if (at == argc) {
        report(REPORT_ERROR, "no command; see v2glab --help");
        return EXIT_SETUP;
    }
    const char *word = argv[at];
    if (strcmp(word, "--version") == 0) {
        puts("v2glab " V2G_VERSION);
        return finish(EXIT_PASS);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help();
        return finish(EXIT_PASS);
    }
    if (strcmp(word, "help") == 0)
        return finish(run_help(argc - at + 1, argv + at - 1));
    return finish(word[0] == '-' ? unknown("option", word) : run_command(argc, argv, at));
}
