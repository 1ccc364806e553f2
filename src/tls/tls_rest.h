/* SPDX-License-Identifier: Apache-2.0 */
/* Reading octets of TLS from the front. Private to src/tls. */
#ifndef V2G_TLS_TLS_REST_H
#define V2G_TLS_TLS_REST_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* What is left of a message. Sticky: behind its end everything is 0 and empty, and bad is set. */
struct tls_rest {
    const uint8_t *p;
    size_t n;
    bool bad;
};

static inline struct tls_rest tls_rest(struct slice s)
{
    return (struct tls_rest){s.p, s.n, false};
}

static inline struct slice tls_take(struct tls_rest *r, size_t n)
{
    struct slice s = {r->p, n};
    if (n > r->n || r->bad) {
        r->bad = true;
        return (struct slice){r->p, 0};
    }
    r->p += n;
    r->n -= n;
    return s;
}

static inline unsigned tls_take_number(struct tls_rest *r, unsigned octets)
{
    struct slice s = tls_take(r, octets);
    unsigned v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return v;
}

/* Its length in so many octets, then the content. */
static inline struct slice tls_take_vector(struct tls_rest *r, unsigned octets)
{
    return tls_take(r, tls_take_number(r, octets));
}

static inline uint16_t tls_first16(struct slice s)
{
    return s.n >= 2 ? (uint16_t)((unsigned)s.p[0] << 8 | s.p[1]) : 0;
}

#endif
