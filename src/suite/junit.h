/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as JUnit XML, as Jenkins and GitLab read it: a testsuite a suite and protocol. What
 * is inconclusive counts as skipped, and says so; what a killed campaign did not reach is an error.
 */
#ifndef V2G_SUITE_JUNIT_H
#define V2G_SUITE_JUNIT_H

#include "suite/results.h"

/* A results_write. */
void junit_write(const struct results *r, FILE *out);

#endif
