/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The personas that are built in (lua/personas/NAME.lua): sets of parameters with which `v2glab ev`
 * and `v2glab evse` behave like a certain car or station, or misbehave in a certain way.
 */
#ifndef V2G_APP_PERSONA_H
#define V2G_APP_PERSONA_H

#include "base/buf.h"
#include "base/err.h"
#include "schema/library.h"

#include <stdbool.h>

#define PERSONA_MAX 128     /* most that are built in */
#define PERSONA_NAME_MAX 64 /* with the 0 */

struct persona_names {
    unsigned n;
    char name[PERSONA_MAX][PERSONA_NAME_MAX]; /* "mg4", sorted */
};

void persona_names(struct persona_names *names);

/* The text of the built-in persona; false where there is none of that name. */
bool persona_find(const char *name, struct slice *text);

/* -1: e says that there is none of that name, and which is most like it. */
int persona_unknown(const char *name, struct err *e);

/* Runs a chunk of Lua, which sees the modules of lua/ and whose print goes to standard output.
 * Returns the exit code; what went wrong has been reported. */
int persona_run(struct library *library, const char *name, const char *chunk);

#endif
