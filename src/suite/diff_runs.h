/* SPDX-License-Identifier: Apache-2.0 */
/* Two runs of `v2glab test`, compared case by case. */
#ifndef V2G_SUITE_DIFF_RUNS_H
#define V2G_SUITE_DIFF_RUNS_H

#include "suite/results.h"

/*
 * The caller's object; NULL: no memory.
 *   same       how many cases have the same verdicts, for the same cause, in about the same times
 *   changed    [{id, verdict: [a, b], field: [a, b], cause: [a, b]}]: the verdicts differ, or their
 *              cause; those that became worse first
 *   times      [{id, step, expected, timer, taken_ms: [a, b]}]: more than twice as long, and 20 ms
 *              more, on one side
 *   only       {a: [id], b: [id]}: cases that the other run does not have
 */
json_t *diff_runs(const struct results *a, const struct results *b);

/* Whether they differ in anything. */
bool diff_runs_differ(const json_t *diff);

/* The plan of b, the caller's, where each case that a has played too has `before`: its `verdict`
 * and `field` there. */
json_t *diff_plan(const struct results *a, const struct results *b);

#endif
