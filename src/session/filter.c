/* SPDX-License-Identifier: Apache-2.0 */
#include "session/filter.h"

#include <stddef.h>

/* ---- the chain ---- */

void way_add(struct way *w, struct filter *f)
{
    f->way = w;
    f->next = w->last; /* the record, which stays the last */
    f->before = w->last == NULL ? NULL : w->last->before;
    *(f->next == NULL ? &w->last : &f->next->before) = f;
    *(f->before == NULL ? &w->first : &f->before->next) = f;
}

void way_add_first(struct way *w, struct filter *f)
{
    f->way = w;
    f->before = NULL;
    f->next = w->first;
    *(f->next == NULL ? &w->last : &f->next->before) = f;
    w->first = f;
}

static void close_filter(struct filter *f)
{
    if (f->kind->close != NULL)
        f->kind->close(f);
}

/* It still knows its neighbours: it may be within a call, and hand on. */
void way_remove(struct filter *f)
{
    struct way *w = f->way;
    *(f->next == NULL ? &w->last : &f->next->before) = f->before;
    *(f->before == NULL ? &w->first : &f->before->next) = f->next;
    f->gone = w->gone;
    w->gone = f;
    way_enter(w);
    way_leave(w);
}

void way_enter(struct way *w)
{
    w->busy++;
}

void way_leave(struct way *w)
{
    if (--w->busy > 0)
        return;
    for (struct filter *f = w->gone, *next; f != NULL; f = next) {
        next = f->gone;
        close_filter(f);
    }
    w->gone = NULL;
}

void way_forget(struct way *w)
{
    for (struct filter *f = w->first; f != NULL; f = f->next)
        if (f->kind->forget != NULL)
            f->kind->forget(f);
}

void way_close(struct way *w)
{
    while (w->first != NULL)
        way_remove(w->first);
}

/* ---- handing on ---- */

/* To the first filter from f on that works on bytes; behind the last one lie wire and session. */
static int hand_bytes(struct way *w, struct filter *f, struct parcel *p, struct err *e)
{
    while (f != NULL && f->kind->bytes == NULL)
        f = p->is_sent ? f->next : f->before;
    if (f != NULL)
        return f->kind->bytes(f, p, e);
    if (!p->is_sent)
        return w->inner->bytes(p);
    return w->ends == NULL ? 0 : w->ends->write(w->context, p, e);
}

static int hand_frame(struct way *w, struct filter *f, struct parcel *p, struct err *e)
{
    while (f != NULL && f->kind->frame == NULL)
        f = p->is_sent ? f->next : f->before;
    if (f != NULL)
        return f->kind->frame(f, p, e);
    if (p->is_sent && !event_is_datagram(&p->event))
        return hand_bytes(w, w->first, p, e);
    if (p->is_sent)
        return w->ends == NULL ? 0 : w->ends->write(w->context, p, e);
    if (event_is_datagram(&p->event))
        return w->ends == NULL ? 0 : w->ends->datagram(w->context, p);
    return w->inner->frame(p);
}

int way_frame(struct way *w, struct parcel *p, struct err *e)
{
    way_enter(w);
    int bad = hand_frame(w, p->is_sent ? w->first : w->last, p, e);
    way_leave(w);
    return bad;
}

int way_bytes(struct way *w, struct parcel *p, struct err *e)
{
    way_enter(w);
    int bad = hand_bytes(w, p->is_sent ? w->first : w->last, p, e);
    way_leave(w);
    return bad;
}

bool way_may_alert(const struct way *w)
{
    const struct filter *f = w->first;
    while (f != NULL && f->kind->handshake == NULL)
        f = f->next;
    return f != NULL;
}

int way_handshake(struct way *w, struct parcel *p)
{
    int alert = -1;
    way_enter(w);
    for (struct filter *f = p->is_sent ? w->first : w->last; f != NULL && alert < 0;
         f = p->is_sent ? f->next : f->before)
        if (f->kind->handshake != NULL)
            alert = f->kind->handshake(f, p);
    way_leave(w);
    return alert;
}

int filter_pass(struct filter *f, struct parcel *p, struct err *e)
{
    return hand_frame(f->way, p->is_sent ? f->next : f->before, p, e);
}

int filter_pass_bytes(struct filter *f, struct parcel *p, struct err *e)
{
    return hand_bytes(f->way, p->is_sent ? f->next : f->before, p, e);
}
