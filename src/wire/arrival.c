/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/arrival.h"
#include "wire/clock.h"

#include <linux/net_tstamp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SET_US 100000 /* by which the system's clock moves when somebody sets it */
#define LATE_US 1000  /* from which on what was read counts as late */
#define SLEPT_US 50   /* a loop that waited for so long was not busy before */
#define AT_ONCE_US 20 /* within which two clocks are read, unless others have the processor */

static int64_t us_of(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000 + t->tv_nsec / 1000;
}

/* The system's clock less the monotonic one, read as one moment. */
static int64_t offset_now(void)
{
    struct timespec t;
    int64_t before, after;
    for (int i = 0; i < 4; i++) {
        before = clock_us();
        clock_gettime(CLOCK_REALTIME, &t);
        after = clock_us();
        if (after - before <= AT_ONCE_US)
            break;
    }
    return us_of(&t) - before;
}

void arrival_want(int fd)
{
    static const int how = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &how, sizeof how); /* else arrival_note sees none */
}

/* ---- how late the loop is ---- */

/* Before the loop looks at its sockets. */
static void turns(uv_prepare_t *turn)
{
    struct arrival *a = turn->data;
    int64_t now = clock_us(), waited = (int64_t)(uv_metrics_idle_time(turn->loop) / 1000);
    a->busy_us = now - a->turned_us - (waited - a->waited_us);
    a->turned_us = now;
    a->waited_us = waited;
}

static void watch(struct arrival *a)
{
    a->is_watched = true;
    uv_loop_configure(a->turn.loop, UV_METRICS_IDLE_TIME);
    a->waited_us = (int64_t)(uv_metrics_idle_time(a->turn.loop) / 1000);
    a->turned_us = clock_us();
    uv_prepare_start(&a->turn, turns);
}

/* How long what is read now may have lain there. */
static int64_t lag(const struct arrival *a)
{
    int64_t waited = (int64_t)(uv_metrics_idle_time(a->turn.loop) / 1000) - a->waited_us;
    int64_t since = clock_us() - a->turned_us - waited;
    return waited > SLEPT_US ? since : since + a->busy_us;
}

/* ---- what is handed over ---- */

static bool stamp_of(struct msghdr *m, struct timespec *stamp)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) {
            memcpy(stamp, CMSG_DATA(c), sizeof *stamp);
            return stamp->tv_sec != 0;
        }
    return false;
}

/* By the kernel's word, which is of the system's clock: somebody may set that. */
static void note_stamp(struct arrival *a, const struct timespec *stamp)
{
    int64_t offset = offset_now();
    bool is_set = llabs(offset - a->offset_us) > SET_US;
    int64_t us = us_of(stamp) - offset + a->since_us;
    a->offset_us = offset;
    a->how = is_set ? CAME_LATE : CAME_KERNEL;
    a->us = is_set || us > a->us ? a->us : us;
}

void arrival_note(struct arrival *a, struct msghdr *m)
{
    struct timespec stamp;
    a->is_here = true;
    a->us = clock_us() + a->since_us;
    if (stamp_of(m, &stamp)) {
        note_stamp(a, &stamp);
        return;
    }
    a->how = !a->is_watched || lag(a) > LATE_US ? CAME_LATE : CAME_READ;
    if (!a->is_watched)
        watch(a);
}

void arrival_over(struct arrival *a)
{
    a->is_here = false;
}

void arrival_open(struct arrival *a, uv_loop_t *loop, int64_t since_us)
{
    a->since_us = a->offset_us = since_us;
    uv_prepare_init(loop, &a->turn);
    uv_unref((uv_handle_t *)&a->turn); /* a run is over though it is watched */
    a->turn.data = a;
}
