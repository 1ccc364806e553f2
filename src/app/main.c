/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command and hands over. --version and --help load nothing. */
#include "app/commands.h"
#include "app/help.h"
#include "app/report.h"
#include "base/json_text.h"
#include "base/said.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs the command at argv[at]; what stood before it (--schema FILE, --lang LANGUAGE) goes behind
 * it. */
static int run_command(int argc, char **argv, int at)
{
    const struct command *command = command_find(argv[at]);
    if (command == NULL)
        return command_unknown("command", argv[at]);
    char *name = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
    argv[1] = name;
    return command->run(argc - 1, argv + 1);
}

/* How many words of argv the option called name, which takes a value, is there: 0: it is another;
 * value: that. */
static int option_at(int argc, char **argv, int at, const char *name, const char **value)
{
    size_t n = strlen(name);
    if (strncmp(argv[at], name, n) != 0 || (argv[at][n] != '\0' && argv[at][n] != '='))
        return 0;
    bool is_next = argv[at][n] == '\0';
    *value = !is_next ? argv[at] + n + 1 : at + 1 < argc ? argv[at + 1] : "";
    return is_next ? 2 : 1;
}

/* Index of the command's name behind the global options, or argc. */
static int skip_globals(int argc, char **argv)
{
    const char *ignored;
    int at = 1, n = 1;
    while (at < argc && n > 0) {
        n = option_at(argc, argv, at, "--schema", &ignored);
        n = n > 0 ? n : option_at(argc, argv, at, "--lang", &ignored);
        at += n;
    }
    return at < argc ? at : argc;
}

/* The language is known before anything is said, wherever --lang stands. */
static void choose_language(int argc, char **argv)
{
    const char *language = NULL;
    for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++)
        option_at(argc, argv, at, "--lang", &language);
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
        help_of_all();
        return finish(EXIT_PASS);
    }
    if (strcmp(word, "help") == 0)
        return finish(command_help(argc - at, argv + at));
    return finish(word[0] == '-' ? command_unknown("option", word) : run_command(argc, argv, at));
}
