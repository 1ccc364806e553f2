/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roles of a script as values of Lua: Evcc and Secc (EVCC and SECC are the same), which every
 * script has, and further ones, each with a connection of its own:
 *
 *   Vehicle([options]), Station([options])   another one with all that Evcc and Secc have. options:
 *                       name (events say "EVCC NAME"; else "EVCC 2", …), and what Connect takes
 *                       of interface, address, protocol and TLS
 *   Wait_Any({role or task, …} [, ms])   waits until one of them has a message, or no connection
 *                       any more, or has ended: which; nil: none in time. Roles that have not
 *                       connected yet do
 *
 *   Secc.Place()        another station that bears the name of this one: Secc.Accept{as = …}
 *
 * They live as long as the script.
 */
#ifndef V2G_SCRIPT_ROLES_H
#define V2G_SCRIPT_ROLES_H

#include "script/role.h"

/* Pushes a role that bears the name of `of`, for one session after another of its kind (Place). */
struct role *roles_push_place(lua_State *L, const struct role *of);

/* A place's session is over, and nobody has the role any more: it becomes as new, gives back what
 * memory it can, and is the next one that roles_push_place takes. What a script still has of its
 * functions is not to be called. */
void roles_park(lua_State *L, struct role *r);

/* Gives back what the connections of places that nobody has have left; from the loop. */
void roles_tidy(struct script *s);

/* Makes all this in L. */
void roles_open(lua_State *L);
void roles_close(struct script *s);
void roles_disconnect(struct script *s);

#endif
