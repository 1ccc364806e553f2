/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a frame of a capture is where the session that it belongs to does not tell: because the
 * capture began after supportedAppProtocol or has one direction only, because what was agreed is a
 * namespace that nobody here knows, or because the message is one of another protocol.
 */
#ifndef V2G_APP_GUESS_H
#define V2G_APP_GUESS_H

#include "app/grammars.h"
#include "session/session.h"

struct guess {
    const struct grammars *grammars; /* those of --grammar and supportedAppProtocol; or all */
    struct fits fits;
};

/* Another look at a frame that the session has read (session_second). Where grammars were named
 * they are what reads it. Else it is left as it is where nothing is wrong with it, and a session
 * that has no protocol takes the likeliest, and goes on with it; in one that has, only what is
 * certainly a message of another protocol, or under a wrong payload type, is taken for that, and
 * what is wrong with it is a violation. True: this frame told the protocol of the session. */
bool guess_look(struct guess *g, struct session *s, struct slice payload, struct received *r);

/* Who sends the message in the first of these frames, by its name: FROM_EVCC or FROM_SECC;
 * FROM_NONE: it cannot be told. The arena is left as it was. */
uint8_t guess_sender(struct guess *g, struct slice frames, struct arena *a);

#endif
