/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

#include <math.h>

#define FINE_BITS 7u

_Static_assert(1u << FINE_BITS == HISTOGRAM_FINE, "a bucket is found by shifting");

/* Below HISTOGRAM_FINE each number has a bucket, then each octave as many. */
static unsigned bucket_of(uint64_t number)
{
    if (number < HISTOGRAM_FINE)
        return (unsigned)number;
    unsigned octave = 63u - (unsigned)__builtin_clzll(number) - FINE_BITS;
    if (octave >= HISTOGRAM_OCTAVES)
        return HISTOGRAM_BUCKETS - 1;
    return HISTOGRAM_FINE * octave + (unsigned)(number >> octave);
}

/* The largest number that falls into it. */
static uint64_t end_of(unsigned bucket)
{
    if (bucket < HISTOGRAM_FINE)
        return bucket;
    unsigned octave = bucket / HISTOGRAM_FINE - 1;
    uint64_t part = bucket - HISTOGRAM_FINE * octave;
    return ((part + 1) << octave) - 1;
}

void histogram_add(struct histogram *h, int64_t number)
{
    uint64_t n = number < 0 ? 0 : (uint64_t)number;
    h->n++;
    h->sum += n;
    h->most = n > h->most ? n : h->most;
    h->bucket[bucket_of(n)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    into->n += from->n;
    into->sum += from->sum;
    into->most = from->most > into->most ? from->most : into->most;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
}

uint64_t histogram_quantile(const struct histogram *h, double part)
{
    uint64_t wanted = (uint64_t)ceil(part * (double)h->n), seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen > 0 && seen >= wanted && i < HISTOGRAM_BUCKETS - 1)
            return end_of(i) < h->most ? end_of(i) : h->most;
    }
    return h->most;
}

double histogram_mean(const struct histogram *h)
{
    return h->n == 0 ? 0 : (double)h->sum / (double)h->n;
}
