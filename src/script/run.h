/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: one or several scripts in one world (world.h), until each has its verdict. The scripts of
 * stations start first, so that they listen when the vehicles begin to look for them.
 *
 * Print mode (`print`): no loop, no network; each message that a script sends is printed as the
 * reference pages show it, and whatever it waits for has come, with defaults.
 */
#ifndef V2G_SCRIPT_RUN_H
#define V2G_SCRIPT_RUN_H

#include "script/script.h"

/* ORDER RUN_EXIT: what run_scripts returns, the worst of all scripts. */
enum run_exit { RUN_PASS = 0, RUN_FAIL = 1, RUN_INCONCLUSIVE = 2, RUN_ERROR = 3 };

/* Why a run in virtual time ends where its scripts do not. */
#define RUN_NOTHING_COMES "it waits for what cannot come: nobody else plays, and no time is set"

struct run_options {
    const char *const *script; /* paths */
    unsigned scripts;
    bool print;
    bool interruptible; /* Ctrl-C ends the run as inconclusive; a second one at once */
    /* Everything else; `interrupt` is set by the run; `world` NULL: the real one. Print mode prints
     * through common.print. */
    struct script_options common;
    /* Called with each script that has ended (verdict, reason, traceback). May be NULL. */
    void (*ended)(void *context, const struct script *s);
    void *context;
};

/* Returns enum run_exit. e: what stopped the run from starting, or the first script's failure. */
int run_scripts(const struct run_options *o, struct err *e);

#endif
