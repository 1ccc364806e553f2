/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/descriptors.h"

#include <limits.h>
#include <sys/resource.h>

unsigned descriptors_for_connections(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return 1;
    rlim_t before = r.rlim_cur;
    r.rlim_cur = r.rlim_max;
    if (before != r.rlim_max && setrlimit(RLIMIT_NOFILE, &r) != 0)
        r.rlim_cur = before;
    if (r.rlim_cur > INT_MAX) /* there is no limit */
        return INT_MAX;
    return r.rlim_cur > DESCRIPTORS_OTHERS ? (unsigned)r.rlim_cur - DESCRIPTORS_OTHERS : 1;
}
