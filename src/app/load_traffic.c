/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_traffic.h"

#include <math.h>
#include <stdlib.h>

int traffic_open(struct traffic *t, struct world *world, const struct traffic_plan *plan,
                 bool (*come)(void *context, unsigned place), void (*over)(void *context),
                 void *context)
{
    *t = (struct traffic){
        .world = world, .plan = *plan, .come = come, .over = over, .context = context};
    t->due = plan->first;
    t->place = calloc(plan->places, sizeof *t->place);
    if (t->place == NULL)
        return -1;
    for (unsigned i = plan->places; i-- > 0;) {
        t->place[i] = (struct traffic_place){.traffic = t, .next = t->free};
        t->free = &t->place[i];
    }
    return 0;
}

static void tell_end(struct traffic *t)
{
    if (!t->is_over || t->here > 0 || t->is_told)
        return;
    t->is_told = true;
    t->over(t->context);
}

/* In 0..1, without 0. */
static double chance(struct traffic *t)
{
    uint32_t n;
    world_random(t->world, &n, sizeof n);
    return ((double)n + 1) / ((double)UINT32_MAX + 1);
}

static void take(struct traffic *t, struct traffic_place *p)
{
    if (t->is_over)
        return;
    p->came_us = world_now(t->world);
    t->here++;
    if (t->come(t->context, (unsigned)(p - t->place)))
        return;
    t->here--;
    traffic_end(t);
}

static void take_free(struct traffic *t)
{
    struct traffic_place *p = t->free;
    if (p == NULL) {
        t->held_back++;
        return;
    }
    t->free = p->next;
    take(t, p);
}

/* ---- open ---- */

/* Microseconds from the beginning until so many have come. */
static int64_t time_of(const struct traffic *t, double arrivals)
{
    double ramp = (double)t->plan.ramp_us / 1e6, rate = t->plan.rate;
    double within = rate * ramp / 2; /* come while it rises */
    double s =
        arrivals < within ? sqrt(2 * ramp * arrivals / rate) : ramp + (arrivals - within) / rate;
    return (int64_t)(s * 1e6);
}

static void arrivals(void *data)
{
    struct traffic *t = data;
    int64_t now = world_now(t->world);
    while (!t->is_over) {
        int64_t at = t->began_us + time_of(t, t->due);
        if (at > now) {
            timer_at(t->world, &t->next, at, arrivals, t);
            return;
        }
        t->due += t->plan.is_random ? -log(chance(t)) : 1;
        take_free(t);
    }
}

/* ---- closed ---- */

static void comes_again(void *data)
{
    struct traffic_place *p = data;
    take(p->traffic, p);
}

static void first_arrivals(struct traffic *t)
{
    for (unsigned i = 0; i < t->plan.places && !t->is_over; i++) {
        int64_t after = t->plan.ramp_us / t->plan.places * i;
        timer_at(t->world, &t->place[i].rest, t->began_us + after, comes_again, &t->place[i]);
    }
}

void traffic_gone(struct traffic *t, unsigned place)
{
    struct traffic_place *p = &t->place[place];
    const int64_t *rest = t->plan.rest_us;
    t->here--;
    if (t->plan.rate > 0) {
        p->next = t->free;
        t->free = p;
    } else if (!t->is_over) {
        int64_t us = rest[0] + (int64_t)(chance(t) * (double)(rest[1] - rest[0]));
        timer_at(t->world, &p->rest, world_now(t->world) + us, comes_again, p);
    }
    tell_end(t);
}

/* ---- all of it ---- */

void traffic_begin(struct traffic *t)
{
    t->began_us = world_now(t->world);
    if (t->plan.rate > 0)
        arrivals(t);
    else
        first_arrivals(t);
}

void traffic_end(struct traffic *t)
{
    t->is_over = true;
    timer_stop(&t->next);
    for (unsigned i = 0; i < t->plan.places; i++)
        timer_stop(&t->place[i].rest);
    tell_end(t);
}

void traffic_close(struct traffic *t)
{
    free(t->place);
    t->place = NULL;
}
