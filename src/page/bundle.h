/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case of a run as one archive, for who has to look into it elsewhere: its page, its record,
 * its source, what it was judged, and how to play it again.
 */
#ifndef V2G_PAGE_BUNDLE_H
#define V2G_PAGE_BUNDLE_H

#include "schema/library.h"
#include "suite/results.h"

/* Writes path (.tar.gz). with_secrets: the keys of TLS stay in the capture. -1: e. */
int bundle_write(const struct results *all, const struct result *r, bool with_secrets,
                 struct library *l, const char *path, struct err *e);

#endif
