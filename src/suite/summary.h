/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results for the person who reads them on a terminal: what did not pass, by cause; what was
 * not played, by reason; the counts, those of the field apart where they differ; what to do next.
 */
#ifndef V2G_SUITE_SUMMARY_H
#define V2G_SUITE_SUMMARY_H

#include "suite/results.h"

/* A results_write. */
void summary_write(const struct results *r, FILE *out);

#endif
