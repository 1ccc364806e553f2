/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab lab`: a shell or command in the isolated network. */
#include "wire/lab.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"

#include <stdlib.h>

enum { SIDE };

static const struct option OPTIONS[] = {
    {"side", 's', "SIDE",
     "ev (default): the vehicle's side, interface ev0;\nor evse: the station's, evse0"},
    {.name = NULL},
};

static const struct usage USAGE = {
    .command = "lab",
    .synopsis = "[--side ev|evse] [--] [COMMAND [ARGUMENT]...]",
    .about =
        "Runs a command (or your shell) in an isolated network: two network namespaces joined by\n"
        "a cable, with IPv6 link-local addresses. Needs no root where the system lets users make\n"
        "namespaces. Within the shell further `v2glab lab` and `v2glab run` use the same network.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab lab                                 a shell on the vehicle's side\n"
            "  v2glab lab --side evse v2glab run secc.lua a station\n"
            "  v2glab lab tcpdump -i ev0\n\n"
            "exit code: that of the command; 3 where the network cannot be made",
};

int command_lab(int argc, char **argv)
{
    struct options o;
    enum lab_side side = LAB_EV;
    int option;
    options_open(&o, &USAGE, NULL, argc, argv);
    o.argument_ends = true;
    while ((option = options_next(&o)) != OPTION_END) {
        static const char *const SIDES[] = {"ev", "evse", NULL};
        int choice = option == SIDE ? options_choice(&o, "side", o.value, SIDES) : -1;
        if (choice < 0)
            return o.status;
        side = choice == 0 ? LAB_EV : LAB_EVSE;
    }
    struct err e = ERR_INIT;
    char **command = calloc((size_t)o.arguments + 1, sizeof *command); /* ends with NULL */
    if (command == NULL)
        return EXIT_SETUP;
    for (int i = 0; i < o.arguments; i++)
        command[i] = o.argument[i];
    int status = lab_exec(side, o.arguments > 0 ? command : NULL, &e);
    free(command);
    if (!e.set)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}
