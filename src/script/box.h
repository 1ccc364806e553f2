/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A box that measures and sets the control pilot of a real cable: lines of text to it and from it,
 * over what --pilot names:
 *
 *   run:COMMAND            a process; its standard input and output
 *   shell:COMMAND          that command once for each line, with its words as arguments
 *   tcp:HOST:PORT          TCP
 *   serial:DEVICE[:BAUD]   a serial line, 8N1 (9600)
 *   FILE.lua               a table with one of these as `box`, and what it wants said else
 *
 * What the lines say is Lua's business (lua/v2g/pilot_box.lua), which reaches it as
 *
 *   Evcc.Box()              'json' or 'words', and the text of the file; nil: there is no box
 *   Evcc.Box_Send(line)     one line
 *   Evcc.Box_Receive(ms)    the next line; nil: none came in time, and why there will be none
 *
 * A line is one task's: of those that wait, of whatever script, that which has waited longest.
 * A script cannot choose where the box is.
 */
#ifndef V2G_SCRIPT_BOX_H
#define V2G_SCRIPT_BOX_H

#include "base/err.h"
#include "wire/world.h"

#include <lua.h>

struct box;
struct script;

/* Opens it. The world is a real one, and outlives it. NULL: e. */
struct box *box_open(struct world *world, const char *where, struct err *e);

/* Says nothing more to the process, and waits until it has done what was said last, and has ended;
 * after 2 s it is asked to (SIGTERM), after 2 more it is killed. NULL is allowed. */
void box_close(struct box *b);

/* The script is closed, while others may go on: it waits for no line any more. NULL is allowed. */
void box_forget(struct box *b, const struct script *s);

/* The functions, into the table on top of the stack. */
void box_methods(lua_State *L);

#endif
