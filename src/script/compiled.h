/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lua that is built in, compiled once in a process: each Lua state gets it from then on without it
 * being read again. Compiled code could do anything, so it is never anybody else's: what is kept
 * was made here, of a file that is built in. Private to src/script.
 */
#ifndef V2G_SCRIPT_COMPILED_H
#define V2G_SCRIPT_COMPILED_H

#include "base/buf.h"

#include <lua.h>
#include <stdbool.h>

/* Pushes the chunk of the built-in file, or an error; a status of Lua. path: its name, as
 * asset_find knows it; text: what that has given. */
int compiled_load(lua_State *L, const char *path, struct slice text);

/* Whether a text is that of the built-in file which the chunk's name ("@suites/…") tells; own: that
 * file. */
bool compiled_is_own(const char *name, struct slice text, struct slice *own);

#endif
