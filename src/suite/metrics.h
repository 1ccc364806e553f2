/* SPDX-License-Identifier: Apache-2.0 */
/* Results as OpenMetrics text, for what scrapes a file: how many, which, and how long they took. */
#ifndef V2G_SUITE_METRICS_H
#define V2G_SUITE_METRICS_H

#include "suite/results.h"

/* A results_write. */
void metrics_write(const struct results *r, FILE *out);

#endif
