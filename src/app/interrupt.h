/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C, SIGTERM and SIGHUP as calls from the loop of a world: what is recorded is written all the
 * same. One at a time in a process.
 */
#ifndef V2G_APP_INTERRUPT_H
#define V2G_APP_INTERRUPT_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>

struct world;

/* call(context, n) comes with the n-th, from the loop; after `most` the process ends at once, with
 * the exit code of what is inconclusive. -1: e. */
int interrupt_open(struct world *world, unsigned most, void (*call)(void *context, unsigned n),
                   void *context, struct err *e);

/* Signals do again what they did. Nothing happens where it is not open. */
void interrupt_close(void);

/* Whether the last one was that of a user at the keyboard (SIGINT), who can ask for more. */
bool interrupt_is_by_hand(void);

/* How many there were, also while the loop does not turn. */
extern volatile sig_atomic_t interrupt_count;

#endif
