/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link below IP of a role: what sends and waits for messages (flow.h) asks here whether they
 * are of HomePlug (ISO 15118-3), and has them sent in Ethernet frames.
 */
#ifndef V2G_SCRIPT_SLAC_H
#define V2G_SCRIPT_SLAC_H

#include "script/role.h"

/* Whether messages of that set go in Ethernet frames of their own. */
bool slac_is_set(const struct schema *s);

/* Whether SLAC goes before SDP: a modem was named, or there is a bench. */
bool slac_goes_first(const struct role *r);

/* Pushes the control pilot (lua/v2g/pilot.lua) of the cable that the role's interface is at; NULL:
 * that of ev0 and evse0, or what the run's options say. */
void slac_push_pilot(lua_State *L, const struct role *r);

/* Opens the link, if that is not done. -1: e. In print mode there is nothing to open. */
int slac_open(struct role *r, struct err *e);

/* Sends m where it goes by itself; in print mode it is printed. */
int slac_send(struct role *r, const struct message *m, const char *where, const char *violations,
              struct err *e);

/* Print mode: the frame of m, and what in it is outside the standard. */
int slac_print(struct role *r, const struct message *m, const char *violations, struct err *e);

#endif
