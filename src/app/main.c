/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command and hands over. --version and --help load nothing. */
#include "app/commands.h"
#include "app/help.h"
#include "app/options.h"
#include "app/report.h"
#include "base/json_text.h"
#include "base/said.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int run_command(int argc, char **argv, int at)
{
    const struct command *command = command_find(argv[at]);
    if (command == NULL)
        return command_unknown("command", argv[at]);
    globals_move_behind(argv, at);
    return command->run(argc - 1, argv + 1);
}

/* The language is known before anything is said, wherever --lang stands. */
static void choose_language(int argc, char **argv)
{
    const char *language = NULL;
    for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++)
        globals_option(argc, argv, at, "--lang", &language);
    said_choose(language);
}

/* Memory that has run out leaves gaps in what was made, where nobody stopped for it. */
static int check_memory(int status)
{
    if (status != EXIT_PASS || !buf_has_run_out())
        return status;
    report(REPORT_ERROR, "out of memory: what was printed or written is not whole");
    return EXIT_SETUP;
}

/* What was printed must have arrived, and what is recorded, too. Who reads from a pipe may have
 * enough of it: then there is nothing to tell. */
static int finish(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status == EXIT_PASS && report_has_lost() ? EXIT_SETUP : check_memory(status);
    int why = errno; /* 0: it failed before */
    struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
    if (poll(&out, 1, 0) != 1 || !(out.revents & POLLERR))
        report(REPORT_ERROR, "standard output cannot be written (%s)",
               why != 0 ? strerror(why) : "some of it is lost");
    return EXIT_SETUP;
}

int main(int argc, char **argv)
{
    json_text_guard();
    choose_language(argc, argv);
    int at = globals_skip(argc, argv);
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
        help_of_all();
        return finish(EXIT_PASS);
    }
    if (strcmp(word, "help") == 0)
        return finish(command_help(argc - at, argv + at));
    return finish(word[0] == '-' ? command_unknown("option", word) : run_command(argc, argv, at));
}
