/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCSP response that a station staples, kept in its tree (pki_tree.h) as ROLE.ocsp: made once,
 * and anew when it is a day old, which is more often than the week of [V2G2-649].
 */
#ifndef V2G_TRUST_OCSP_KEPT_H
#define V2G_TRUST_OCSP_KEPT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends the response about the first certificate of the file `leaf`, as the responder of the tree
 * in `folder` has it, or one that says that it is revoked. kept: the file in the tree where it is
 * kept; NULL: nowhere. A tree that cannot be written to gets a new one each time. -1: the key of
 * its CA is not in the tree. */
int ocsp_kept(const char *folder, const char *leaf, const char *kept, bool is_revoked, int64_t now,
              struct buf *out, struct err *e);

#endif
