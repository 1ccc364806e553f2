/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the results of several campaigns, as of the shards of one. */
#ifndef V2G_SUITE_MERGE_H
#define V2G_SUITE_MERGE_H

#include "base/err.h"

/*
 * The folder `to`, which is there, gets plan and results of all. Of a case that several of them
 * have the last result counts. Records stay where they are. -1: e.
 */
int results_merge(const char *const *folder, unsigned n, const char *to, struct err *e);

#endif
