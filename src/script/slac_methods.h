/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link below IP, as scripts see it: management messages of HomePlug (ISO 15118-3) in Ethernet
 * frames. Their names are as those of other messages (Send_CM_SLAC_PARM_REQ_001, …); besides:
 *
 *   Evcc.Slac{interface, modem}      opens the link; the own MAC address
 *   Evcc.Slac_Send(message, to, from)  sends a message value to that address
 *   Evcc.Slac_Send_Raw(bytes)        sends a frame as it is, with its Ethernet header
 *   Evcc.Slac_Receive(ms)            the next message as a value, who sent it, and what is wrong;
 *                                    nil: none has come in time
 *
 *   Evcc.Slac_Nmk(password), Evcc.Slac_Nid(nmk)    keys of a network
 *   Evcc.Slac_Has(interface)         whether the bench has such a node
 *   Evcc.Pilot                       that of the cable at the role's interface (lua/v2g/pilot.lua)
 *   Evcc.Slac_Other_End(interface)   the interface at the other end of its charging cable, or nil
 *   Evcc.Pilot_Told(text)            the control pilot has changed: recorded (lua/v2g/pilot.lua)
 *   Evcc.SlacFirst                   true where SLAC goes before SDP: there is a modem, or a bench
 *
 * MAC addresses are texts of 12 hex digits, as fields of messages have them.
 */
#ifndef V2G_SCRIPT_SLAC_METHODS_H
#define V2G_SCRIPT_SLAC_METHODS_H

#include "script/role.h"

/* Adds these functions to the table on top of the stack. */
void slac_methods(lua_State *L);

#endif
