/* SPDX-License-Identifier: Apache-2.0 */
#include "script/link.h"

#include "script/deadline.h"
#include "script/judgement.h"
#include "script/security.h"

#include <stdlib.h>
#include <string.h>

const char *link_state(const struct role *r)
{
    /* ORDER PEER */
    static const char *const STATES[] = {"idle",  "discovering", "connecting", "agreeing",
                                         "ready", "closed",      "failed"};
    return r->peer == NULL ? "ready" : STATES[r->peer->state];
}

static bool is_settled(void *context)
{
    const struct peer *p = context;
    return p->state == PEER_IDLE || p->state >= PEER_READY;
}

/* What the script offers, where it set up a supportedAppProtocolReq. */
static const struct message *offer_of(const struct role *r)
{
    const struct outgoing *out = r->outgoing;
    while (out != NULL && strcmp(out->element->as.name, "supportedAppProtocolReq") != 0)
        out = out->next;
    return out != NULL && out->touched && node_has(message_named(&out->message).node, 0)
               ? &out->message
               : NULL;
}

struct peer_options link_options(const struct role *r, bool manual)
{
    struct peer_options o = r->script->options->peer;
    if (r->chosen.interface[0] != '\0')
        o.interface = r->chosen.interface;
    if (r->chosen.address[0] != '\0')
        o.address = r->chosen.address;
    o.source = r->chosen.source;
    security_tls(r, &o);
    const char *profile = r->script->options->profile;
    o.refuses_trailing = profile != NULL && strcmp(profile, "test") == 0;
    o.manual = manual;
    const struct protocol *only = r->fixed != NULL       ? r->fixed
                                  : r->side == FROM_EVCC ? r->protocol
                                                         : NULL;
    o.protocol = only != NULL ? only->name : NULL;
    o.offer = offer_of(r);
    return o;
}

struct tls_context *link_tls_context(lua_State *L, struct role *r, const struct peer_options *o)
{
    struct err e = ERR_INIT;
    struct tls_context *made = peer_tls_context(r->side, o, &e);
    if (made == NULL)
        script_verdict(L, VERDICT_ERROR, "%s cannot speak TLS: %s", r->name, e.what);
    return made;
}

/* ---- contexts of TLS that vehicles share ---- */

#define SHARED_MOST 16 /* choices that are told apart; the oldest go */

struct shared_tls {
    struct shared_tls *next; /* made before */
    enum peer_tls tls;
    struct tls_context *context;
    char *said[TLS_KEYS];
};

static bool is_choice(const struct shared_tls *t, const struct peer_options *o)
{
    bool is = t->tls == o->tls;
    for (unsigned i = 0; i < TLS_KEYS && is; i++)
        is = t->said[i] == NULL || o->choice.said[i] == NULL
                 ? t->said[i] == o->choice.said[i]
                 : strcmp(t->said[i], o->choice.said[i]) == 0;
    return is;
}

static void drop_shared(struct shared_tls *t)
{
    for (struct shared_tls *next; t != NULL; t = next) {
        next = t->next;
        tls_context_close(t->context);
        for (unsigned i = 0; i < TLS_KEYS; i++)
            free(t->said[i]);
        free(t);
    }
}

/* NULL: it cannot be made, and why is told to who makes it for itself. */
static struct shared_tls *new_shared(const struct role *r, const struct peer_options *o)
{
    struct err ignored = ERR_INIT;
    struct shared_tls *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->tls = o->tls;
    for (unsigned i = 0; i < TLS_KEYS; i++)
        t->said[i] = o->choice.said[i] == NULL ? NULL : strdup(o->choice.said[i]);
    t->context = is_choice(t, o) ? peer_tls_context(r->side, o, &ignored) : NULL;
    if (t->context != NULL)
        return t;
    drop_shared(t);
    return NULL;
}

/* Vehicles of a fleet that choose alike need the keys and certificates only once. Sessions of TLS
 * that are resumed belong to a vehicle alone. */
static void share_tls(const struct role *r, struct peer_options *o)
{
    const char *resumption = o->choice.said[TLS_KEY_RESUMPTION];
    bool resumes = resumption != NULL && strcmp(resumption, "false") != 0;
    if (!r->is_place || r->side != FROM_EVCC || o->tls == PEER_TLS_OFF || resumes)
        return;
    struct shared_tls **first = &r->script->shared_tls, **at = first, *t;
    unsigned n = 0;
    for (; (t = *at) != NULL && !is_choice(t, o) && n < SHARED_MOST; n++)
        at = &t->next;
    if (n == SHARED_MOST) {
        *at = NULL;
        drop_shared(t);
        t = NULL;
    }
    if (t == NULL && (t = new_shared(r, o)) != NULL) {
        t->next = *first;
        *first = t;
    }
    o->tls_context = t == NULL ? NULL : t->context;
}

void link_close(struct script *s)
{
    drop_shared(s->shared_tls);
    s->shared_tls = NULL;
}

/* ---- connecting ---- */

/* The times of setting up that nobody has chosen, from lua/timers.lua and --timer. */
static void take_times(lua_State *L, const struct role *r, struct peer_options *o)
{
    char name[96];
    const char *parameter = r->side == FROM_EVCC ? "V2G_EVCC_CommunicationSetup_Timeout"
                                                 : "V2G_SECC_CommunicationSetup_Performance_Time";
    int64_t setup = deadline_find(L, r->protocol->family, parameter, NULL, name, sizeof name);
    int64_t wait =
        deadline_find(L, "SDP", "V2G_EVCC_Msg_Timeout", "SECCDiscoveryReq", name, sizeof name);
    if (o->setup_ms == 0 && setup > 0 && setup <= INT32_MAX)
        o->setup_ms = (unsigned)setup;
    if (o->sdp_interval_ms == 0 && wait > 0 && wait <= INT32_MAX)
        o->sdp_interval_ms = (unsigned)wait;
}

void link_start(lua_State *L, struct role *r, const struct peer_options *o)
{
    struct err e = ERR_INIT;
    struct peer_options with = *o;
    take_times(L, r, &with);
    share_tls(r, &with);
    task_wake(r);
    if (peer_start(r->peer, &with, &e) != 0)
        script_verdict(L, VERDICT_ERROR, "%s cannot connect: %s", r->name, e.what);
}

int link_connect(lua_State *L, struct role *r, bool manual, lua_KContext context,
                 lua_KFunction then)
{
    if (r->peer == NULL)
        return then(L, LUA_OK, context);
    if (r->peer->state == PEER_IDLE) {
        struct peer_options o = link_options(r, manual);
        link_start(L, r, &o);
    }
    struct wait w = {.ready = is_settled, .context = r->peer, .role = r};
    return script_wait(L, &w, context, then);
}

bool link_is_missing(const struct role *r)
{
    return r->peer != NULL && r->peer->state == PEER_FAILED && !r->peer->is_met;
}

void link_check(lua_State *L, struct role *r, const char *doing)
{
    if (r->peer == NULL)
        return;
    if (r->peer->state == PEER_READY) {
        r->script->has_tested = true;
        return;
    }
    const char *why = r->peer->problem.set ? r->peer->problem.what : "it was closed";
    script_verdict(L, link_is_missing(r) ? VERDICT_ERROR : VERDICT_FAIL,
                   "%s: expected a connection, %s: %s", doing,
                   r->peer->state == PEER_CLOSED ? "found it closed" : "there is none", why);
}

void link_check_sending(lua_State *L, struct role *r, const char *doing)
{
    link_check(L, r, doing);
    if (r->peer != NULL && peer_is_half_closed(r->peer))
        script_verdict(L, VERDICT_FAIL,
                       "%s: nothing can be sent, this side has closed its half of the connection",
                       doing);
}
