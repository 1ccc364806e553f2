/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `v2glab load` that would do nothing, beside others or without them: who says one means
 * something by it. */
#ifndef V2G_APP_LOAD_USELESS_H
#define V2G_APP_LOAD_USELESS_H

#include "app/options.h"

/* What a load is, as far as that leaves options without effect. */
enum load_is {
    LOAD_IS_STATIONS = 1,  /* it plays stations for the vehicles of others */
    LOAD_IS_ELSEWHERE = 2, /* vehicles, and their stations are others' */
    LOAD_IS_CLOSED = 4,    /* vehicles come again once they have gone */
    LOAD_IS_OPEN = 8,      /* or at a rate */
    LOAD_IS_UNRECORDED = 16,
    LOAD_IS_WITHOUT_TLS = 32,
};

/* is: values of enum load_is. -1: e, since an option that was said would do nothing. */
int useless_check(const struct options *o, unsigned is, struct err *e);

#endif
