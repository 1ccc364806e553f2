/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ready-made behaviour (lua/v2g) needs beyond the functions of every script:
 *
 *   Accept([options])        waits until the station hands a vehicle's connection to this script;
 *                            options: what Secc.Listen takes about TLS (security.h). The station
 *                            listens as the first Accept of its first script says
 *   Session_Over(ok, text)   records the verdict of one session of a station
 *   Stop_Requested()         true once the user wants to end (Ctrl-C)
 *   Remember(key, text), Recall(key)    a store that all scripts of a station share; nil forgets
 */
#ifndef V2G_SCRIPT_BEHAVIOUR_H
#define V2G_SCRIPT_BEHAVIOUR_H

#include "script/script.h"

struct stream;
struct tls_context;

/* What the scripts of one station share. */
struct memory {
    struct memory_entry *first;
    unsigned n;
    struct tls_context *tls; /* of all connections over TLS, made for the first one */
};

/* A script that plays a vehicle, or one of those of a station. */
struct actor {
    struct script script;
    struct memory *memory;
    const volatile bool *stop;     /* the user wants to end */
    unsigned answer_ms;            /* until supportedAppProtocolReq is answered */
    struct stream *handed;         /* a connection that waits for Accept() */
    bool handed_tls;               /* it came where TLS is spoken */
    bool is_idle;                  /* waits in Accept() */
    void (*idle)(struct actor *a); /* it begins to wait; may be NULL */
    void (*over)(struct actor *a, bool ok, const char *text); /* a session has ended; may be NULL */
    void *context;
};

/* Adds the functions to a script that was opened as a->script, before it runs. -1: out of
 * memory. */
int behaviour_open(struct actor *a, struct err *e);

/* What the station is to listen for, by the options and the script's Accept: o->tls and
 * o->tls_only. */
void behaviour_tls(const struct actor *a, struct peer_options *o);

void memory_close(struct memory *m);

#endif
