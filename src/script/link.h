/* SPDX-License-Identifier: Apache-2.0 */
/* The connection behind a role, as its functions use it: started when first needed, waited for. */
#ifndef V2G_SCRIPT_LINK_H
#define V2G_SCRIPT_LINK_H

#include "script/role.h"

/* "idle", "discovering", … ; in print mode "ready". */
const char *link_state(const struct role *r);

/* How the role connects, by the run's options and what the script chose. manual: the script does
 * supportedAppProtocol itself. */
struct peer_options link_options(const struct role *r, bool manual);

/* The context of a connection over TLS, made of what was chosen, for several connections.
 * Raises. */
struct tls_context *link_tls_context(lua_State *L, struct role *r, const struct peer_options *o);

/* Gives back what connections of the script have shared. */
void link_close(struct script *s);

/* Starts; where that is not possible the script ends. */
void link_start(lua_State *L, struct role *r, const struct peer_options *o);

/* Starts if nothing was started yet, and goes on with `then` once there is a connection, or once it
 * is clear that there is none. */
int link_connect(lua_State *L, struct role *r, bool manual, lua_KContext context,
                 lua_KFunction then);

/* There is nobody to connect to, or nobody came: that is no fault of the other side's. */
bool link_is_missing(const struct role *r);

/* Ends the script where there is no connection: error where the other side is missing, else fail.
 * doing: the function that needs it. */
void link_check(lua_State *L, struct role *r, const char *doing);

/* Likewise, and fail where this side has closed its half: nothing of it may be recorded as sent. */
void link_check_sending(lua_State *L, struct role *r, const char *doing);

#endif
