/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab lab`: a shell or command in the isolated network, on a power line if one is wanted. */
#include "wire/lab.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"
#include "script/bench.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define LOOK_MS 20 /* between looks whether the command has ended */

static const char *const SIDES[] = {"ev", "evse", NULL};

struct choices {
    unsigned side;
    const char *bench;
};

#define AT(field) .at = offsetof(struct choices, field)

static const struct option OPTIONS[] = {
    {"side", 's', "SIDE",
     "ev (default): the vehicle's side, interface ev0;\nor evse: the station's, evse0",
     OPTION_CHOICE, AT(side), .names = SIDES},
    {"bench", 0, "NAME|FILE",
     "instead of the cable a virtual power line (docs/bench.md), whose\n"
     "nodes are interfaces: ev0, ev1 ... and evse0, evse1 ...; for programs\n"
     "that speak SLAC, as `v2glab ev --alone --slac ev0` does",
     AT(bench)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "lab",
    .synopsis = "[--side ev|evse] [--bench NAME|FILE] [--] [COMMAND [ARGUMENT]...]",
    .about =
        "Runs a command (or your shell) in an isolated network: two network namespaces joined by\n"
        "a cable, with IPv6 link-local addresses. Needs no root where the system lets users make\n"
        "namespaces. Within the shell further `v2glab lab` and `v2glab run` use the same network.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab lab                                 a shell on the vehicle's side\n"
            "  v2glab lab --side evse v2glab run secc.lua a station\n"
            "  v2glab lab tcpdump -i ev0\n"
            "  v2glab lab --bench pair                    a shell on a power line\n\n"
            "exit code: that of the command; 3 where the network cannot be made",
};

static void look_again(void *data)
{
    *(bool *)data = true;
}

/* Carries frames until the command has ended; its exit code. Ctrl-C is for the command. */
static int carry_until_end(struct world *world, long child)
{
    int status = 0;
    struct timer timer = {.world = NULL};
    bool looks = true;
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    while (!looks || waitpid((pid_t)child, &status, WNOHANG) == 0) {
        if (looks)
            timer_start(world, &timer, LOOK_MS, look_again, &looks);
        looks = false;
        world_turn(world, true);
    }
    timer_stop(&timer);
    return lab_exit_code(status);
}

static int play_on_line(enum lab_side side, char *const argv[], const char *bench, struct err *e)
{
    struct library library;
    library_open(&library);
    struct world *world = lab_enter_line(e) != 0 ? NULL : world_open(NULL, e);
    struct line *line = NULL;
    int status = -1;
    if (world != NULL)
        line = bench_open(world, &library, bench, false, e);
    long child = line == NULL ? -1 : lab_spawn(side, argv, e);
    if (child > 0)
        status = carry_until_end(world, child);
    line_close(line);
    world_close(world);
    library_close(&library);
    return status;
}

int command_lab(int argc, char **argv)
{
    struct options o;
    struct choices c = {.bench = NULL};
    options_open(&o, &USAGE, NULL, argc, argv);
    o.argument_ends = true;
    if (options_read(&o, &c) != 0)
        return o.status;
    struct err e = ERR_INIT;
    char **command = calloc((size_t)o.arguments + 1, sizeof *command); /* ends with NULL */
    if (command == NULL)
        return EXIT_SETUP;
    for (int i = 0; i < o.arguments; i++)
        command[i] = o.argument[i];
    enum lab_side side = c.side == 0 ? LAB_EV : LAB_EVSE;
    char *const *what = o.arguments > 0 ? command : NULL;
    int status = c.bench != NULL ? play_on_line(side, what, c.bench, &e) : lab_exec(side, what, &e);
    free(command);
    if (!e.set)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}
