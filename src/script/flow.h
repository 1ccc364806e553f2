/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending and receiving as scripts see it: the first message connects, whatever has to be waited for
 * is waited for within the standard's time, every such time is recorded, and what comes instead of
 * the message that was expected ends the script with the verdict fail.
 */
#ifndef V2G_SCRIPT_FLOW_H
#define V2G_SCRIPT_FLOW_H

#include "script/role.h"

/* Lua functions of the verbs Send_ and Receive_ (upvalue 1: struct bound). */
int flow_send(lua_State *L);
int flow_receive(lua_State *L);

/* For message values: connects if need be, and sends m, which the stack keeps alive at index 1. */
int flow_send_message(lua_State *L, struct role *r, struct message *m);

/* Pushes a table of the role's fixed functions: Connect, Listen, Disconnect, Send_Raw,
 * Receive_Any_001, Message, Received, State, SessionID. */
void flow_push(lua_State *L, struct role *r);

#endif
