/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as JSON, a case a line: what the plan says of it, its outcome, its cause, and its line of
 * results.jsonl, in one object; in the order of the plan, also what was not played.
 */
#ifndef V2G_SUITE_JSONLINES_H
#define V2G_SUITE_JSONLINES_H

#include "suite/results.h"

/* A results_write. */
void jsonlines_write(const struct results *r, FILE *out);

#endif
