/* SPDX-License-Identifier: Apache-2.0 */
#include "app/duration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_US (INT64_C(366) * 24 * 3600 * 1000000)

static const struct {
    const char *name;
    double us;
} UNITS[] = {{"us", 1}, {"ms", 1e3}, {"min", 60e6}, {"m", 60e6}, {"s", 1e6}, {"h", 3600e6}};

int64_t duration_read(const char *text, const char **end)
{
    char *unit;
    double n = strtod(text, &unit);
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        size_t size = strlen(UNITS[i].name);
        if (strncmp(unit, UNITS[i].name, size) != 0)
            continue;
        double us = n * UNITS[i].us;
        *end = unit + size;
        return *text >= '0' && *text <= '9' && us <= (double)MOST_US ? llround(us) : -1;
    }
    return -1;
}

int duration_take(void *to, const char *text, struct err *e)
{
    const char *end;
    int64_t us = duration_read(text, &end);
    if (us < 0 || *end != '\0')
        return err_set(e, "expected a time, as 500ms, 10s, 5min or 1h");
    *(int64_t *)to = us;
    return 0;
}

int duration_take_range(void *to, const char *text, struct err *e)
{
    int64_t *range = to;
    const char *end = "";
    int64_t from = duration_read(text, &end);
    int64_t until = from >= 0 && strncmp(end, "..", 2) == 0 ? duration_read(end + 2, &end) : from;
    if (from < 0 || until < from || *end != '\0')
        return err_set(e,
                       "expected a time, or two of which the second is no shorter, as 100ms..2s");
    range[0] = from;
    range[1] = until;
    return 0;
}
