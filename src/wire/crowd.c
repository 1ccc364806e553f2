/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/crowd.h"

#include "wire/stream_transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct crowd_address {
    struct crowd_address *next;
    uint8_t ip[16];
    unsigned n; /* connections; with none it is gone */
};

static struct crowd_address **address_at(struct crowd *c, const struct endpoint *a)
{
    unsigned hash = 0;
    for (size_t i = 0; i < sizeof a->ip; i++)
        hash = hash * 31 + a->ip[i];
    struct crowd_address **at = &c->bucket[hash % CROWD_BUCKETS];
    while (*at != NULL && memcmp((*at)->ip, a->ip, sizeof a->ip) != 0)
        at = &(*at)->next;
    return at;
}

/* ---- those that have not settled ---- */

static void line_up(struct crowd *c, struct stream *s)
{
    struct crowd_place *p = &s->place;
    p->older = c->newest;
    p->newer = NULL;
    *(p->older != NULL ? &p->older->place.newer : &c->oldest) = s;
    c->newest = s;
}

static void leave_line(struct stream *s)
{
    struct crowd_place *p = &s->place;
    *(p->older != NULL ? &p->older->place.newer : &p->crowd->oldest) = p->newer;
    *(p->newer != NULL ? &p->newer->place.older : &p->crowd->newest) = p->older;
    p->is_settled = true;
}

/* The one that has to go, of that address where it is not NULL; NULL: there is none that has had
 * the time that everybody gets. Whoever has not been taken over yet (stream_use) stays. */
static struct stream *find_idle(const struct crowd *c, const struct endpoint *of, int64_t now_us)
{
    for (struct stream *s = c->oldest; s != NULL; s = s->place.newer) {
        if (now_us - s->place.since_us < CROWD_PATIENCE_MS * INT64_C(1000))
            return NULL;
        bool is_of = of == NULL || memcmp(s->remote.ip, of->ip, sizeof of->ip) == 0;
        if (is_of && s->events->closed != NULL && !s->is_told)
            return s;
    }
    return NULL;
}

/* ---- all ---- */

bool crowd_has_room(struct crowd *c, const struct endpoint *from, int64_t now_us,
                    struct stream **idle, char *why, size_t size)
{
    const struct crowd_address *a = *address_at(c, from);
    bool is_full = c->n >= c->most;
    bool is_of_address = !is_full && a != NULL && a->n >= c->most_of_address;
    *idle = NULL;
    if (!is_full && !is_of_address)
        return true;
    snprintf(why, size, "%u connections%s are open, the most that are allowed",
             is_of_address ? a->n : c->n, is_of_address ? " of that address" : "");
    *idle = find_idle(c, is_of_address ? from : NULL, now_us);
    if (*idle != NULL)
        crowd_leave(*idle);
    return false;
}

void crowd_enter(struct crowd *c, struct stream *s, int64_t now_us)
{
    struct crowd_address **at = address_at(c, &s->remote);
    if (*at == NULL && (*at = calloc(1, sizeof **at)) == NULL)
        return;
    memcpy((*at)->ip, s->remote.ip, sizeof(*at)->ip);
    (*at)->n++;
    c->n++;
    s->place = (struct crowd_place){.crowd = c, .since_us = now_us};
    line_up(c, s);
}

void crowd_settle(struct stream *s)
{
    if (s->place.crowd != NULL && !s->place.is_settled)
        leave_line(s);
}

void crowd_leave(struct stream *s)
{
    struct crowd *c = s->place.crowd;
    if (c == NULL)
        return;
    crowd_settle(s);
    s->place.crowd = NULL;
    c->n--;
    struct crowd_address **at = address_at(c, &s->remote), *a = *at;
    if (--a->n > 0)
        return;
    *at = a->next;
    free(a);
}
