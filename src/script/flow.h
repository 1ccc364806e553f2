/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending and receiving as scripts see it: the first message connects, whatever has to be waited
 * for is waited for within the standard's time, every such time is recorded, and what comes instead
 * of the message that was expected ends the script with the verdict fail.
 */
#ifndef V2G_SCRIPT_FLOW_H
#define V2G_SCRIPT_FLOW_H

#include "script/role.h"

/* Lua functions of the verbs Send_ and Receive_ (role_bound). */
int flow_send(lua_State *L);
int flow_receive(lua_State *L);

/* The frame that a message has come or gone as: its event's number (0: none), and when. */
struct frame_at {
    uint64_t number;
    int64_t us;
};

/* For message values: connects if need be, and sends m, which the stack keeps alive at index 1. */
int flow_send_message(lua_State *L, struct role *r, struct message *m, struct arena *a,
                      unsigned *given, struct frame_at *frame);

/* Sends the bytes as a datagram of SDP, which is opened if need be. */
void flow_datagram(lua_State *L, struct role *r, struct slice bytes);

/* The message called `name`, the schema's text, has gone out ("": bytes that are none): the time
 * that answering took is recorded, and what is waited for next counts from here. */
void flow_sent(lua_State *L, struct role *r, const char *name);

/* Waits for a frame as long as argument 1 says (milliseconds; none or nil: as the standard says of
 * the message; NULL: of any), then calls `then`, which finds it in the session, if any came. */
int flow_wait(lua_State *L, struct role *r, const char *message, const char *protocol,
              lua_KContext context, lua_KFunction then);

/* Whether a wait for a frame is over: one is there, or none can come. context: struct role. */
bool flow_has_frame(void *context);

/* The same of a wait by the role's timer: what came after its end is not taken for in time, however
 * busy the loop was. */
bool flow_is_in_time(void *context);

/* Takes the next frame over as the one received last, and records the time it took; NULL: none. */
struct received *flow_take(lua_State *L, struct role *r);

#endif
