/* SPDX-License-Identifier: Apache-2.0 */
/* The standards' times of lua/timers.lua for who measures without a script. */
#ifndef V2G_SCRIPT_LIMITS_H
#define V2G_SCRIPT_LIMITS_H

#include "record/times.h"

/* Those of the profile `strict`, the standards' own; l->at is the caller's to free. -1: e. */
int limits_read(struct times_limits *l, struct err *e);

#endif
