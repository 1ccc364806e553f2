/* SPDX-License-Identifier: Apache-2.0 */
/* Several of a kind with their shares: mg4:30%,vw-group:70%, or ac,dc, which are alike. */
#ifndef V2G_APP_LOAD_MIX_H
#define V2G_APP_LOAD_MIX_H

#include "base/err.h"

#define LOAD_MIX_MOST 32

/* All zero it is one that is not named. */
struct load_mix {
    unsigned n;
    const char *name[LOAD_MIX_MOST];
    double share[LOAD_MIX_MOST]; /* 0: that of all who say nothing */
};

/* An option; the text is changed, and stays. */
int load_mix_take(void *to, const char *text, struct err *e);

static inline unsigned load_mix_size(const struct load_mix *m)
{
    return m->n == 0 ? 1 : m->n;
}

/* Of all of them, 1 together. */
double load_mix_share(const struct load_mix *m, unsigned i);

#endif
