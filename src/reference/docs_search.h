/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full text: whatever has the words in its name or in what is said of it, the most likely first.
 * Parameters, hooks, timing parameters and options have no page of their own: this is where they
 * are found. Private to src/reference.
 */
#ifndef V2G_REFERENCE_DOCS_SEARCH_H
#define V2G_REFERENCE_DOCS_SEARCH_H

#include "reference/docs.h"

/* Prints what has the words (parted by blanks, in any case). 1: something has, 0: nothing, -1: it
 * cannot be looked through, and e says why. */
int docs_search(struct docs *d, const char *words, struct err *e);

/* Goes over parameters of the ready-made sides, hooks and timing parameters, by the language. */
void docs_settings_each(const struct docs *d, docs_item item, void *context);

#endif
