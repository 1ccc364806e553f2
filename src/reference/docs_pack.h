/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes the tree of HTML small, and lets it be searched: one style and one script for all
 * pages (reference/reference.css, reference.js), long pages packed, and the names of all functions
 * with their pages. Private to src/reference.
 */
#ifndef V2G_REFERENCE_DOCS_PACK_H
#define V2G_REFERENCE_DOCS_PACK_H

#include "base/buf.h"
#include "base/err.h"

/* The page's own style gives way to the tree's. */
void docs_pack_style(struct buf *page);

/* What stands below the title is packed, where that is much. -1: e. */
int docs_pack_page(struct buf *page, struct err *e);

/* Appends the names that the page has places for: ">FILE" and a line each. */
void docs_pack_names(const struct buf *page, const char *file, struct buf *names);

/* The script that hands these names to reference.js. -1: e. */
int docs_pack_index(const struct buf *names, struct buf *out, struct err *e);

#endif
