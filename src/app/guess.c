/* SPDX-License-Identifier: Apache-2.0 */
#include "app/guess.h"

#include <stdio.h>

static const struct protocol *protocol_of(const struct schema *s)
{
    return s->protocol == NULL ? NULL : protocol_find(s->protocol);
}

static bool is_handshake(const struct schema *s)
{
    return protocol_of(s) == &PROTOCOLS[0];
}

/* Nothing is wrong with it, and it is no element that stands in a message only. */
static bool is_right(const struct received *r)
{
    const struct message *m = &r->message;
    return r->is_decoded && m->violations == NULL && m->root != NULL &&
           (m->schema->root == NULL ? m->root->from != FROM_NONE : m->root == m->schema->root);
}

/* It is a message, but not one of what the session speaks. */
static void add_foreign(const struct session *s, const struct fit *fit, struct received *r)
{
    const struct protocol *own = protocol_of(fit->schema);
    if (!s->agreed || s->protocol == NULL || own == &PROTOCOLS[0] ||
        (own != NULL && protocol_is_akin(own, s->protocol)))
        return;
    char what[200];
    snprintf(what, sizeof what, "a message of %s; it does not belong into a session of %s",
             own != NULL ? own->name : fit->schema->name, s->protocol->name);
    message_add_violation(&r->message, &r->arena, fit->likely.name, what);
}

static void take(struct received *r, const struct fit *fit)
{
    r->is_decoded = fit->fits;
    r->problem = NULL;
    r->message = fit->message;
    r->message.schema = fit->schema;
    if (fit->fits)
        return;
    r->message.violations = NULL; /* they went with the rest of what was read */
    received_fails(r, &fit->problem);
}

/* Reads it with all grammars. Whether what was found is certain. */
static bool look_again(struct guess *g, const struct session *s, struct slice payload,
                       struct received *r)
{
    struct err e = ERR_INIT;
    struct payload p = {.bytes = payload, .is_framed = true, .type = r->payload_type};
    struct exi_options o = EXI_OPTIONS;
    o.limits = s->limits;
    if (fits_decode(&g->fits, g->grammars, &p, &o, &r->arena, &e) != 0)
        return false;
    const struct fit *first = fits_first(&g->fits);
    bool is_certain = likely_is_certain(&first->likely), is_named = g->grammars->names > 0;
    if (!is_named && s->agreed && !is_certain)
        return false;
    take(r, first);
    if (!is_named && is_certain)
        add_foreign(s, first, r);
    return is_certain;
}

bool guess_look(struct guess *g, struct session *s, struct slice payload, struct received *r)
{
    bool is_known = g->grammars->names == 0 && is_right(r);
    if (!is_known && !look_again(g, s, payload, r))
        return false;
    const struct protocol *found = s->agreed ? NULL : protocol_of(r->message.schema);
    if (found == NULL || is_handshake(r->message.schema))
        return false;
    s->protocol = found;
    s->agreed = true;
    return true;
}

uint8_t guess_sender(struct guess *g, struct slice frames, struct arena *a)
{
    struct err e = ERR_INIT;
    struct exi_options o = EXI_OPTIONS;
    if (frames.n < V2GTP_HEADER)
        return FROM_NONE;
    struct v2gtp_header h = v2gtp_read(frames.p);
    if (h.length > frames.n - V2GTP_HEADER)
        return FROM_NONE;
    struct payload p = {
        .bytes = {frames.p + V2GTP_HEADER, h.length}, .is_framed = true, .type = h.type};
    struct arena_mark mark = arena_mark(a);
    uint8_t from = FROM_NONE;
    if (fits_decode(&g->fits, g->grammars, &p, &o, a, &e) == 0) {
        const struct fit *first = fits_first(&g->fits);
        const struct element *el = schema_message(first->schema, first->likely.name);
        if (el != NULL && first->likely.has_header)
            from = el->from;
    }
    arena_rewind(a, mark);
    return from == FROM_EVCC || from == FROM_SECC ? from : FROM_NONE;
}
