/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/clock.h"

#include <stdatomic.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_us(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_utc_us(void)
{
    static _Atomic int64_t offset; /* 0: not read yet */
    int64_t now = clock_us(), add = atomic_load_explicit(&offset, memory_order_relaxed);
    if (add == 0) {
        int64_t none = 0;
        add = clock_read(CLOCK_REALTIME) - now;
        if (!atomic_compare_exchange_strong(&offset, &none, add))
            add = none; /* another thread was first: one offset for all */
    }
    return now + add;
}
