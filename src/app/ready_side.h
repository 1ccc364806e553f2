/* SPDX-License-Identifier: Apache-2.0 */
/* What a command line says of a ready-made vehicle or station. */
#ifndef V2G_APP_READY_SIDE_H
#define V2G_APP_READY_SIDE_H

#include "script/ready.h"

#define READY_SETTINGS_MAX 256

struct ready_side {
    struct ready ready;
    struct ready_setting setting[READY_SETTINGS_MAX];
};

/* --set KEY=VALUE, of one side. */
int ready_side_set(void *to, const char *text, struct err *e);

/* --time-scale N, kept as it is written. */
int ready_take_time_scale(void *to, const char *text, struct err *e);

/* The names of --mode. */
extern const char *const READY_MODES[];

/* A persona is a file where it looks like one, else a name. -1: there is none of that name; e. */
int ready_find_persona(struct ready *r, struct err *e);

#endif
