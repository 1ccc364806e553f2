/* SPDX-License-Identifier: Apache-2.0 */
/* A world: its timers, its clock, and loops that a caller owns. */
#include "wire/clock.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#define MANY 500

static struct world *new_world(void)
{
    struct err e = ERR_INIT;
    struct world *w = world_open(NULL, &e);
    assert_non_null(w);
    return w;
}

/* ---- the order of timers ---- */

struct ring {
    struct timer timer;
    struct rings *all;
    int64_t due_us;
    unsigned set; /* as which one */
    bool has_rung, is_stopped;
};

struct rings {
    struct world *world;
    struct ring ring[MANY];
    unsigned n, set;
    const struct ring *last;
};

static void rings(void *data)
{
    struct ring *r = data;
    const struct ring *last = r->all->last;
    assert_false(r->has_rung || r->is_stopped);
    assert_false(timer_is_set(&r->timer));
    assert_true(world_now(r->all->world) >= r->due_us);
    if (last != NULL)
        assert_true(last->due_us < r->due_us || (last->due_us == r->due_us && last->set < r->set));
    r->has_rung = true;
    r->all->last = r;
    r->all->n++;
}

static void set(struct rings *all, struct ring *r, int64_t us)
{
    r->all = all;
    r->due_us = us;
    r->set = ++all->set;
    timer_at(all->world, &r->timer, us, rings, r);
}

/* Set, set again and stopped at random, they ring in the order of their times. */
static void timers_ring_in_order(void **state)
{
    struct rings *all = calloc(1, sizeof *all);
    uint32_t x = 4711;
    unsigned stopped = 0;
    (void)state;
    all->world = new_world();
    int64_t start = world_now(all->world);
    for (unsigned i = 0; i < 3 * MANY; i++) {
        x = x * 1664525u + 1013904223u;
        struct ring *r = &all->ring[(x >> 8) % MANY];
        r->is_stopped = (x >> 20) % 4 == 0;
        if (r->is_stopped)
            timer_stop(&r->timer);
        else
            set(all, r, start + (x >> 24) % 8 * 1000);
    }
    for (unsigned i = 0; i < MANY; i++)
        stopped += !timer_is_set(&all->ring[i].timer);
    world_run(all->world);
    assert_int_equal(all->n, MANY - stopped);
    assert_int_equal(world_close(all->world), 0);
    free(all);
}

static void frees(void *data)
{
    free(data);
}

struct chain {
    struct world *world;
    struct timer timer, other;
    unsigned n;
};

static void other_rings(void *data)
{
    (void)data;
    fail_msg("it was stopped");
}

static void rings_again(void *data)
{
    struct chain *c = data;
    timer_stop(&c->other);
    if (++c->n < 5)
        timer_start(c->world, &c->timer, 0, rings_again, c);
}

/* A timer may set itself, stop another that is due as well, and free what it lies in. */
static void a_timer_may_do_anything(void **state)
{
    struct chain c = {.world = new_world()};
    struct timer *own = calloc(1, sizeof *own);
    (void)state;
    timer_start(c.world, &c.timer, 0, rings_again, &c);
    timer_start(c.world, &c.other, 0, other_rings, &c);
    timer_start(c.world, own, 0, frees, own);
    timer_stop(&(struct timer){.world = NULL});
    assert_int_equal(world_close(c.world), 0);
    assert_int_equal(c.n, 5);
}

/* A later alarm takes the place of an earlier one that was stopped, and nobody waits for that. */
static void a_stopped_timer_is_not_waited_for(void **state)
{
    struct world *w = new_world();
    struct timer t = {.world = NULL};
    int64_t start = clock_us();
    (void)state;
    timer_start(w, &t, 60000, other_rings, NULL);
    timer_stop(&t);
    world_run(w);
    assert_in_range(clock_us() - start, 0, 5000000);
    assert_int_equal(world_close(w), 0);
}

/* ---- worlds ---- */

static void count(void *data)
{
    ++*(unsigned *)data;
}

static void a_world_may_have_the_callers_loop(void **state)
{
    uv_loop_t loop;
    struct err e = ERR_INIT;
    struct timer first = {.world = NULL}, second = {.world = NULL};
    unsigned n = 0;
    (void)state;
    uv_loop_init(&loop);
    struct world *a = world_open(&loop, &e), *b = world_open(&loop, &e);
    assert_ptr_equal(world_loop(a), &loop);
    timer_start(a, &first, 2, count, &n);
    timer_start(b, &second, 1, count, &n);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(n, 2);
    assert_int_equal(world_close(a) + world_close(b), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_thread(void *data)
{
    unsigned *n = data;
    struct world *w = new_world();
    struct timer t[50];
    memset(t, 0, sizeof t);
    for (unsigned i = 0; i < 50; i++)
        timer_start(w, &t[i], i % 7, count, n);
    assert_int_equal(world_close(w), 0);
}

static void threads_have_worlds_of_their_own(void **state)
{
    uv_thread_t thread[4];
    unsigned n[4] = {0};
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(uv_thread_create(&thread[i], a_thread, &n[i]), 0);
    for (int i = 0; i < 4; i++) {
        uv_thread_join(&thread[i]);
        assert_int_equal(n[i], 50);
    }
}

/* ---- virtual time ---- */

struct walk {
    struct world *world;
    struct timer timer;
    int64_t at[4];
    unsigned n;
};

static void walk_on(void *data)
{
    struct walk *k = data;
    k->at[k->n++] = world_now(k->world) - WORLD_BEGIN;
    if (k->n < 4)
        timer_start(k->world, &k->timer, 3600000, walk_on, k);
}

static void virtual_time_jumps(void **state)
{
    struct err e = ERR_INIT;
    struct walk k = {.world = world_open_virtual(NULL, 1, &e)};
    int64_t start = clock_us();
    (void)state;
    assert_true(world_is_virtual(k.world));
    timer_at(k.world, &k.timer, WORLD_BEGIN + 7, walk_on, &k);
    assert_int_equal(world_now(k.world), WORLD_BEGIN);
    world_run(k.world);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(k.at[i], 7 + i * INT64_C(3600000000));
    assert_in_range(clock_us() - start, 0, 5000000);
    assert_int_equal(world_close(k.world), 0);
}

/* The same seed gives the same row; another one, and the system, do not. */
static void chance_comes_from_the_seed(void **state)
{
    uint8_t row[4][13];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct err e = ERR_INIT;
        struct world *w =
            i < 3 ? world_open_virtual(NULL, i == 2 ? 2 : 1, &e) : world_open(NULL, &e);
        world_random(w, row[i], sizeof row[i]);
        assert_int_equal(world_close(w), 0);
    }
    assert_memory_equal(row[0], row[1], sizeof row[0]);
    assert_memory_not_equal(row[0], row[2], sizeof row[0]);
    assert_memory_not_equal(row[0], row[3], sizeof row[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_ring_in_order),
        cmocka_unit_test(a_timer_may_do_anything),
        cmocka_unit_test(a_stopped_timer_is_not_waited_for),
        cmocka_unit_test(a_world_may_have_the_callers_loop),
        cmocka_unit_test(threads_have_worlds_of_their_own),
        cmocka_unit_test(virtual_time_jumps),
        cmocka_unit_test(chance_comes_from_the_seed),
    };
    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
