/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab lab`: a shell or command in the isolated network. */
#include "wire/lab.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"

#include <stdlib.h>

static const char *const SIDES[] = {"ev", "evse", NULL};

static const struct option OPTIONS[] = {
    {"side", 's', "SIDE",
     "ev (default): the vehicle's side, interface ev0;\nor evse: the station's, evse0",
     OPTION_CHOICE, .names = SIDES},
    OPTIONS_END,
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
    unsigned side = 0;
    options_open(&o, &USAGE, NULL, argc, argv);
    o.argument_ends = true;
    if (options_read(&o, &side) != 0)
        return o.status;
    struct err e = ERR_INIT;
    char **command = calloc((size_t)o.arguments + 1, sizeof *command); /* ends with NULL */
    if (command == NULL)
        return EXIT_SETUP;
    for (int i = 0; i < o.arguments; i++)
        command[i] = o.argument[i];
    int status = lab_exec(side == 0 ? LAB_EV : LAB_EVSE, o.arguments > 0 ? command : NULL, &e);
    free(command);
    if (!e.set)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}
