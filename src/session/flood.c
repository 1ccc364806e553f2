/* SPDX-License-Identifier: Apache-2.0 */
#include "session/flood.h"

#include <string.h>

#define SECOND_US 1000000

void flood_end(struct flood *f, void *context)
{
    unsigned n = f->folded;
    f->folded = 0; /* telling it may bring more */
    if (n > 0)
        f->told(context, n, &f->last);
}

/* Of sources that share a place the last one has it: then both pass more often. */
static unsigned count_source(struct flood *f, const struct endpoint *from)
{
    unsigned hash = from->port;
    for (size_t i = 0; i < sizeof from->ip; i++)
        hash = hash * 31 + from->ip[i];
    unsigned i = hash % FLOOD_SOURCES;
    if (f->source[i].port != from->port ||
        memcmp(f->source[i].ip, from->ip, sizeof from->ip) != 0) {
        memcpy(f->source[i].ip, from->ip, sizeof from->ip);
        f->source[i].port = from->port;
        f->source[i].n = 0;
    }
    return ++f->source[i].n;
}

bool flood_passes(struct flood *f, const struct endpoint *from, int64_t now_us, void *context)
{
    if (now_us - f->from_us >= SECOND_US || now_us < f->from_us) {
        flood_end(f, context);
        f->from_us = now_us;
        f->passed = 0;
        memset(f->source, 0, sizeof f->source);
    }
    bool passes = f->passed < f->most &&
                  (f->most_of_source == 0 || count_source(f, from) <= f->most_of_source);
    if (passes) {
        f->passed++;
        return true;
    }
    f->folded++;
    f->last = *from;
    return false;
}
