/* SPDX-License-Identifier: Apache-2.0 */
/* Several of a kind with their shares: mg4:30%,vw-group:70%, or ac,dc, which are alike. */
#ifndef V2G_APP_LOAD_MIX_H
#define V2G_APP_LOAD_MIX_H

#include "base/err.h"

#define LOAD_MIX_MOST 32

/* All zero but for `find` it is one that is not named. */
struct load_mix {
    /* What a name stands for, as it is kept; NULL: there is none of that name; e. */
    const char *(*find)(const char *name, struct err *e);
    unsigned n;
    char *name[LOAD_MIX_MOST];
    double share[LOAD_MIX_MOST]; /* 0: that of all who say nothing */
};

void load_mix_close(struct load_mix *m);

/* An option. */
int load_mix_take(void *to, const char *text, struct err *e);

static inline unsigned load_mix_size(const struct load_mix *m)
{
    return m->n == 0 ? 1 : m->n;
}

/* Of all of them, 1 together. */
double load_mix_share(const struct load_mix *m, unsigned i);

#endif
