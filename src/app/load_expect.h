/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is expected of a load: 'p99(CurrentDemandRes)<250ms', 'failed<0.1%', 'rate>=400'. What was
 * never measured is not as expected.
 */
#ifndef V2G_APP_LOAD_EXPECT_H
#define V2G_APP_LOAD_EXPECT_H

#include "base/err.h"
#include "schema/library.h"

#include <stdbool.h>

#define EXPECTATIONS_MOST 32

struct load_figures;

struct load_expectation {
    const char *text; /* as it was said */
    unsigned what;    /* a row of load_expect.c */
    double quantile;  /* of pN(…) */
    char name[64];    /* of what is measured; "": nothing */
    char compare[3];
    bool is_part; /* percent of the sessions that have ended */
    bool is_time; /* in microseconds */
    double limit;
    /* judged: */
    bool has_sample, is_met;
    double found;
};

struct load_expectations {
    unsigned n;
    struct load_expectation at[EXPECTATIONS_MOST + 1]; /* with that on failures */
};

/* An option: --expect. */
int expect_take(void *to, const char *text, struct err *e);

/* -1: e, since one is about a message that the other side of `side` does not have. */
int expect_check(const struct load_expectations *x, struct library *l, uint8_t side, struct err *e);

/* Without a word on sessions that fail, none may. */
void expect_no_failure(struct load_expectations *x);

/* Whether all is as expected. */
bool expect_judge(struct load_expectations *x, const struct load_figures *f);

#endif
