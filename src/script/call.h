/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function that scripts call may use: the script that calls it and where it stands, errors
 * with its line, arguments, events and log lines. Waiting and verdicts are in task.h.
 */
#ifndef V2G_SCRIPT_CALL_H
#define V2G_SCRIPT_CALL_H

#include "script/script.h"

#include <lauxlib.h>

struct script *script_of(lua_State *L);

/* The folder in which a script finds files, with its '/'; empty: the current one. */
struct slice script_folder(const struct script *s);

/* Where the script is, as "secc.lua:12"; returns out. */
const char *script_where(lua_State *L, char *out, size_t size);

/* Milliseconds that a script may go on for without waiting for anything. */
unsigned script_busy_most(const struct script *s);

/* Whether it has gone on since then for longer than that, or the user ends it now. */
bool script_is_spent(struct script *s, int64_t since_us);

/* Bytes that Lua may take of it now, arenas of its values included. */
size_t script_memory_most(const struct script *s);

/* What a value has besides Lua's memory is `taken` bytes now; *counted of them were counted before.
 * Garbage is collected where it is much, and raises where it is too much all the same. */
void script_count(lua_State *L, size_t *counted, size_t taken);

/* Raises e with the line of the script. */
int script_raise(lua_State *L, const struct err *e);

/* Pushes a new metatable of that name with these functions. Scripts can neither see it nor put
 * another one in its place, so that none of its functions, of which __gc ends a value, is theirs to
 * call. */
void script_new_type(lua_State *L, const char *name, const luaL_Reg *functions);

/* The table on top gets key = value; NULL: nothing. */
void script_set_text(lua_State *L, const char *key, const char *value);

/* The table on top, popped, is the metatable of the value below it from now on, closed likewise. */
void script_set_metatable(lua_State *L);

/* Raises where the table at `at` has any key but those of known: " role at ", a blank around
 * each. */
void script_check_keys(lua_State *L, int at, const char *known);

/* The integer on top of the stack; raises where it is none from least to most. what: its name. */
lua_Integer script_check_number(lua_State *L, const char *what, lua_Integer least,
                                lua_Integer most);

/* The text of an option, or the table, on top of the stack; raises where it is none. */
const char *script_check_text(lua_State *L, const char *what);
void script_check_table(lua_State *L, const char *what);

/* Records an event of the script, of the session that it began last. where may be "". */
void script_record(const struct script *s, enum event_kind kind, bool ok, const char *where,
                   const char *text);

/* Prints a line of text: print mode without a recorder; else it is a log event. */
void script_log(lua_State *L, const char *text, size_t n);

#endif
