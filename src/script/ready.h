/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ready-made vehicle or station (lua/v2g) as a player of a run: what a command line says of it,
 * handed to its Lua as a table.
 */
#ifndef V2G_SCRIPT_READY_H
#define V2G_SCRIPT_READY_H

#include "script/run.h"

/* A parameter of lua/v2g/parameters.lua, as "battery.soc" and "55". */
struct ready_setting {
    struct slice key;
    const char *value;
};

/* What is NULL or 0 is not said. */
struct ready {
    struct built_in built_in; /* of a station */
    const char *mode, *time_scale, *tls;
    const char *protocol;     /* by its name, instead of that of the run's options */
    const char *persona;      /* the name of a built-in one */
    const char *persona_file; /* or a file with one */
    const char *script_file;  /* with hooks */
    const struct ready_setting *setting;
    unsigned settings;
    unsigned sessions; /* a station ends after so many */
    bool hints;        /* says how long it is going to be: somebody watches */
};

/* The table on top gets KEY = { path, text } of that file; NULL: nothing. Raises. */
void ready_set_file(lua_State *L, const char *key, const char *path);

/* Pushes the options as a table; raises. */
void ready_push(lua_State *L, const struct ready *r);

/* What plays a station; r must live as long as the run. Vehicles are played by fleet.h. */
const struct built_in *ready_station(struct ready *r);

#endif
