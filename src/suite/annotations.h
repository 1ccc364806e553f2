/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as remarks on lines of the cases' files, where services that run tests show them: GitHub
 * reads commands from a job's output, GitLab a report of code quality.
 */
#ifndef V2G_SUITE_ANNOTATIONS_H
#define V2G_SUITE_ANNOTATIONS_H

#include "suite/results.h"

/* Each a results_write; what passed or does not apply is no remark. */
void annotations_github(const struct results *r, FILE *out);
void annotations_gitlab(const struct results *r, FILE *out);

#endif
