/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How numbers are distributed, of which there are too many to keep: buckets that grow with what
 * falls into them, so that a quantile is known to a hundredth of itself, over the whole range.
 */
#ifndef V2G_BASE_HISTOGRAM_H
#define V2G_BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_FINE 128u   /* numbers below are told apart, and so many parts of each octave */
#define HISTOGRAM_OCTAVES 32u /* above that; numbers beyond are as the largest */
#define HISTOGRAM_BUCKETS (HISTOGRAM_FINE * (1 + HISTOGRAM_OCTAVES))

/* All zero it is empty. */
struct histogram {
    uint64_t n, sum;
    uint64_t most; /* exactly */
    uint32_t bucket[HISTOGRAM_BUCKETS];
};

/* Of less than 0: 0. */
void histogram_add(struct histogram *h, int64_t number);

void histogram_merge(struct histogram *into, const struct histogram *from);

/* That which so many of 1 are not above; never more than the largest. 0 where there is none. */
uint64_t histogram_quantile(const struct histogram *h, double part);

double histogram_mean(const struct histogram *h);

#endif
