/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/world.h"
#include "wire/arrival.h"
#include "wire/clock.h"
#include "wire/ether_port.h"
#include "wire/lab.h"
#include "wire/link_watch.h"
#include "wire/network.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <uv.h>

struct world {
    uv_loop_t own, *loop;
    uv_timer_t alarm; /* for the first timer */
    uv_idle_t turner; /* in a virtual world, in place of the alarm */
    bool is_virtual, shares_ports;
    int64_t now_us;  /* in a virtual world */
    uint64_t chance; /* in a virtual world: where its row of random numbers is */
    struct network network;
    struct link_watches links;
    struct ether ether;
    int64_t alarm_us;     /* when it rings, or earlier; INT64_MAX: not set */
    int64_t since_us;     /* 1970 on the monotonic clock */
    struct timer *timers; /* a pairing heap: the first one to come is its root */
    uint64_t order;       /* of the timer that is set next */
    uv_check_t ringing;   /* between the alarm and its timers */
    struct arrival arrival;
    unsigned handles; /* that are still being closed */
    uint8_t room[WORLD_ROOM];
};

/* ---- time ---- */

static int64_t system_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t world_now(const struct world *w)
{
    if (w == NULL)
        return system_us();
    return w->is_virtual ? w->now_us : clock_us() + w->since_us;
}

int64_t world_came(const struct world *w, enum came *how)
{
    bool is_known = w != NULL && w->arrival.is_here;
    if (how != NULL)
        *how = is_known ? w->arrival.how : CAME_NONE;
    return is_known ? w->arrival.us : world_now(w);
}

struct arrival *world_arrival(struct world *w)
{
    return &w->arrival;
}

/* ---- chance ---- */

/* SplitMix64 (Steele, Lea, Flood 2014): any seed is good. */
static uint64_t world_draw(struct world *w)
{
    uint64_t x = w == NULL ? (uint64_t)system_us() : (w->chance += UINT64_C(0x9E3779B97F4A7C15));
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

void world_random(struct world *w, void *out, size_t n)
{
    uint8_t *p = out;
    if ((w == NULL || !w->is_virtual) && getrandom(out, n, GRND_NONBLOCK) == (ssize_t)n)
        return;
    for (size_t some; n > 0; p += some, n -= some) {
        uint64_t x = world_draw(w);
        some = n < sizeof x ? n : sizeof x;
        memcpy(p, &x, some);
    }
}

/* ---- the heap of timers: nothing is allocated, so that setting one cannot fail ---- */

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static struct timer *heap_meld(struct timer *a, struct timer *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (is_before(b, a)) {
        struct timer *first = b;
        b = a;
        a = first;
    }
    b->before = a;
    b->next = a->child;
    if (b->next != NULL)
        b->next->before = b;
    a->child = b;
    a->next = a->before = NULL;
    return a;
}

/* Children without their parent become one heap: in pairs first, which keeps it flat. */
static struct timer *heap_gather(struct timer *child)
{
    struct timer *pairs = NULL, *all = NULL;
    while (child != NULL) {
        struct timer *a = child, *b = a->next;
        child = b == NULL ? NULL : b->next;
        a->next = a->before = NULL;
        if (b != NULL)
            b->next = b->before = NULL;
        a = heap_meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        struct timer *a = pairs;
        pairs = a->next;
        a->next = NULL;
        all = heap_meld(all, a);
    }
    return all;
}

static void heap_remove(struct world *w, struct timer *t)
{
    struct timer *rest = heap_gather(t->child);
    if (t == w->timers) {
        w->timers = rest;
    } else {
        *(t->before->child == t ? &t->before->child : &t->before->next) = t->next;
        if (t->next != NULL)
            t->next->before = t->before;
        w->timers = heap_meld(w->timers, rest);
    }
    t->child = t->next = t->before = NULL;
    t->world = NULL;
}

/* ---- timers ---- */

static void world_rings(uv_timer_t *alarm);
static void world_turns(uv_idle_t *turner);

/* Sets the alarm for the first timer. One that was set for an earlier time is left: it is cheaper
 * to find nothing to do then. */
static void world_wind(struct world *w)
{
    if (w->is_virtual) {
        if (w->timers != NULL)
            uv_idle_start(&w->turner, world_turns);
        else
            uv_idle_stop(&w->turner);
        return;
    }
    if (w->timers == NULL) {
        uv_timer_stop(&w->alarm); /* else it keeps the loop alive */
        w->alarm_us = INT64_MAX;
        return;
    }
    if (w->alarm_us <= w->timers->due_us)
        return;
    int64_t us = w->timers->due_us - world_now(w);
    w->alarm_us = w->timers->due_us;
    uv_update_time(w->loop);
    uv_timer_start(&w->alarm, world_rings, us <= 0 ? 0 : ((uint64_t)us + 999) / 1000, 0);
}

static void world_call(struct world *w)
{
    int64_t now = world_now(w);
    uint64_t end = w->order; /* what is set meanwhile has its turn later */
    while (w->timers != NULL && w->timers->due_us <= now && w->timers->order < end) {
        struct timer *t = w->timers;
        heap_remove(w, t);
        t->call(t->data);
    }
    world_wind(w);
}

/* The alarm rings before the loop looks at its sockets: what had come by then, while the loop was
 * busy, must not be taken for missing. So it looks first. */
static void world_rang(uv_check_t *ringing)
{
    struct world *w = ringing->data;
    uv_check_stop(&w->ringing);
    uv_idle_stop(&w->turner);
    w->alarm_us = INT64_MAX;
    world_call(w);
}

static void world_looks(uv_idle_t *turner)
{
    (void)turner; /* that it is there lets the loop look without waiting */
}

static void world_rings(uv_timer_t *alarm)
{
    struct world *w = alarm->data;
    uv_idle_start(&w->turner, world_looks);
    uv_check_start(&w->ringing, world_rang);
}

static void world_turns(uv_idle_t *turner)
{
    struct world *w = turner->data;
    if (w->timers != NULL && w->timers->due_us > w->now_us)
        w->now_us = w->timers->due_us;
    world_call(w);
}

void timer_at(struct world *w, struct timer *t, int64_t us, void (*call)(void *data), void *data)
{
    if (t->world != NULL)
        heap_remove(t->world, t);
    *t = (struct timer){w, call, data, us, w->order++, NULL, NULL, NULL};
    w->timers = heap_meld(w->timers, t);
    world_wind(w);
}

void timer_start(struct world *w, struct timer *t, uint64_t ms, void (*call)(void *data),
                 void *data)
{
    timer_at(w, t, world_now(w) + (int64_t)ms * 1000, call, data);
}

void timer_stop(struct timer *t)
{
    struct world *w = t->world;
    if (w == NULL)
        return;
    heap_remove(w, t);
    if (w->timers == NULL)
        world_wind(w);
}

/* ---- the world ---- */

static void ignore_sigpipe(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct world *world_open(struct uv_loop_s *loop, struct err *e)
{
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL || (loop == NULL && uv_loop_init(&w->own) != 0)) {
        free(w);
        err_set(e, "the event loop cannot be made: out of memory or descriptors");
        return NULL;
    }
    ignore_sigpipe();
    w->loop = loop != NULL ? loop : &w->own;
    w->since_us = system_us() - clock_us();
    w->alarm_us = INT64_MAX;
    w->chance = (uint64_t)system_us(); /* where the system has none to give */
    uv_timer_init(w->loop, &w->alarm);
    uv_idle_init(w->loop, &w->turner);
    uv_check_init(w->loop, &w->ringing);
    w->alarm.data = w->turner.data = w->ringing.data = w;
    arrival_open(&w->arrival, w->loop, w->since_us);
    return w;
}

struct world *world_open_virtual(struct uv_loop_s *loop, uint64_t seed, struct err *e)
{
    struct world *w = world_open(loop, e);
    if (w == NULL)
        return NULL;
    w->is_virtual = w->links.is_ours = true;
    w->now_us = WORLD_BEGIN;
    w->chance = seed;
    return w;
}

void world_share_ports(struct world *w)
{
    w->shares_ports = true;
}

bool world_shares_ports(const struct world *w)
{
    return w->shares_ports;
}

bool world_is_virtual(const struct world *w)
{
    return w->is_virtual;
}

const char *world_interface(const struct world *w, bool is_vehicle)
{
    if ((w == NULL || !w->is_virtual) && lab_current() == LAB_NONE)
        return NULL;
    return is_vehicle ? LAB_EV_INTERFACE : LAB_EVSE_INTERFACE;
}

struct ether *world_ether(struct world *w)
{
    return &w->ether;
}

struct link_watches *world_links(struct world *w)
{
    return &w->links;
}

struct network *world_network(struct world *w)
{
    return w->is_virtual ? &w->network : NULL;
}

void world_run(struct world *w)
{
    if (!w->is_virtual)
        uv_run(w->loop, UV_RUN_DEFAULT);
    while (w->is_virtual && w->timers != NULL)
        uv_run(w->loop, UV_RUN_NOWAIT);
}

bool world_turn(struct world *w, bool waits)
{
    return uv_run(w->loop, waits ? UV_RUN_ONCE : UV_RUN_NOWAIT) != 0;
}

static void world_gone(uv_handle_t *h)
{
    struct world *w = h->data;
    if (--w->handles == 0 && w->loop != &w->own)
        free(w);
}

int world_close(struct world *w)
{
    if (w == NULL)
        return 0;
    bool is_own = w->loop == &w->own;
    if (is_own)
        world_run(w);
    w->arrival.turn.data = w;
    uv_handle_t *const all[] = {(uv_handle_t *)&w->alarm, (uv_handle_t *)&w->turner,
                                (uv_handle_t *)&w->ringing, (uv_handle_t *)&w->arrival.turn};
    w->handles = sizeof all / sizeof all[0];
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        uv_close(all[i], world_gone);
    if (!is_own)
        return 0;
    uv_run(w->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(w->loop) != 0)
        return -1;
    free(w);
    return 0;
}

struct uv_loop_s *world_loop(struct world *w)
{
    return w->loop;
}

uint8_t *world_room(struct world *w)
{
    return w->room;
}
