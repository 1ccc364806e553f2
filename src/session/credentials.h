/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a role shows and trusts when it speaks TLS: files that were named (tls_choice.h), and of
 * what was not those of a tree of certificates (trust/pki_tree.h), the user's or the demo tree,
 * which is made on first use.
 *
 * Of the tree, a station shows the leaf of ISO 15118-20 with TLS 1.3 and that of ISO 15118-2
 * with TLS 1.2, and trusts vehicles of the V2G and the OEM root; a vehicle shows its vehicle
 * certificate (ISO 15118-20) where it is asked for one, and trusts the V2G roots of both.
 * Revocation lists are the tree's, too.
 */
#ifndef V2G_SESSION_CREDENTIALS_H
#define V2G_SESSION_CREDENTIALS_H

#include "session/tls_choice.h"

/* The folder of the tree that is in force, PKI_PATH_MAX bytes at most. -1: there is none in the
 * folder that was named, or the demo tree cannot be made. */
int credentials_tree(const struct tls_choice *c, char *folder, int size, struct err *e);

/* TLS of a station (or a vehicle) as it was chosen, with its files read and, where a station is to
 * staple by the tree, OCSP responses made. may_be_plain: it also takes who speaks without. NULL: e.
 */
struct tls_context *credentials_context(const struct tls_choice *c, bool is_station,
                                        bool may_be_plain, struct err *e);

#endif
