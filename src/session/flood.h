/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others may send as often as they like, and this side answers or records only so often: the
 * first of each second pass, the rest is counted and told as one.
 */
#ifndef V2G_SESSION_FLOOD_H
#define V2G_SESSION_FLOOD_H

#include "wire/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

#define FLOOD_SOURCES 256

/* Zero but for the first three. */
struct flood {
    unsigned most;           /* a second, in all */
    unsigned most_of_source; /* a second, of one address and port; 0: no limit of its own */
    /* So many did not pass in a second; the last came from there. */
    void (*told)(void *context, unsigned n, const struct endpoint *last);

    int64_t from_us; /* when the second began */
    unsigned passed, folded;
    struct endpoint last; /* that did not pass */
    struct {
        uint8_t ip[16];
        uint16_t port;
        unsigned n;
    } source[FLOOD_SOURCES];
};

/* Whether this one still passes. What did not, of a second that is over, is told before. */
bool flood_passes(struct flood *f, const struct endpoint *from, int64_t now_us, void *context);

/* Tells what has not been told yet. */
void flood_end(struct flood *f, void *context);

#endif
