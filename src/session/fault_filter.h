/* SPDX-License-Identifier: Apache-2.0 */
/* The filter that does what a fault says, counts how often, and records each time. */
#ifndef V2G_SESSION_FAULT_FILTER_H
#define V2G_SESSION_FAULT_FILTER_H

#include "session/fault.h"
#include "session/parcel.h"

struct fault_filter {
    struct filter filter;
    struct fault *fault;
    unsigned seen, happened; /* frames of its name; those that something was done to */
    unsigned *total;         /* where the latter are counted, too; NULL: nowhere */
};

/* Of FAULT_FUNCTION: does something to a frame that is meant, says so with fault_happened, and
 * hands on from f->filter. */
struct fault_function {
    int (*call)(void *context, struct fault_filter *f, struct parcel *p, struct err *e);
    void (*released)(void *context); /* once: the filter is gone */
    void *context;
};

/* Adds it to the way, which frees it. The fault is freed with it, and when this fails. function: as
 * above; NULL: none. NULL: e. */
struct fault_filter *fault_add(struct way *w, struct fault *f,
                               const struct fault_function *function, struct err *e);

/* Counts alone. */
void fault_count(struct fault_filter *f);

/* Counts, and records; detail: what was done; NULL: the fault says all. */
void fault_happened(struct fault_filter *f, const struct parcel *p, const char *detail);

/* Takes it out; what it holds back goes on. */
void fault_remove(struct fault_filter *f);

#endif
