/* SPDX-License-Identifier: Apache-2.0 */
#include "script/tidy.h"

#include "script/roles.h"

#include <malloc.h>

#define MANY 256      /* tasks of which half have to be over */
#define LATER_MS 2000 /* until those that end together have done so, their connections, too */
#define PART_KIB 512  /* of garbage at a time */
#define PART_MS 1
#define CYCLES 2 /* of the collector: one that has begun knows as used what is not any more */

static void go_on(void *context)
{
    struct script *s = context;
    s->tidy_cycles -= lua_gc(s->L, LUA_GCSTEP, PART_KIB) != 0;
    if (s->tidy_cycles > 0) {
        timer_start(s->options->world, &s->tidy, PART_MS, go_on, s);
        return;
    }
    malloc_trim(0);
    tidy_look(s); /* others may be over by now */
}

static void begin(void *context)
{
    struct script *s = context;
    s->most_tasks = s->running_tasks;
    s->tidy_cycles = CYCLES;
    roles_tidy(s);
    go_on(s);
}

void tidy_look(struct script *s)
{
    struct world *world = s->options->world;
    bool are_over = s->most_tasks >= MANY && s->running_tasks <= s->most_tasks / 2;
    if (!are_over || world == NULL || world_is_virtual(world))
        return;
    if (!timer_is_set(&s->tidy))
        timer_start(world, &s->tidy, LATER_MS, begin, s);
}

void tidy_close(struct script *s)
{
    timer_stop(&s->tidy);
}
