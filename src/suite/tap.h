/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as TAP 14. What does not apply is SKIP, what is inconclusive TODO: not ok, no failure.
 */
#ifndef V2G_SUITE_TAP_H
#define V2G_SUITE_TAP_H

#include "suite/results.h"

/* A results_write. */
void tap_write(const struct results *r, FILE *out);

#endif
