/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is hashed and signed: EXI fragments of elements and of SignedInfo, by the rules of canonical
 * EXI (ISO 15118-2, 7.9.2.4).
 */
#ifndef V2G_TRUST_SIGNATURE_FRAGMENT_H
#define V2G_TRUST_SIGNATURE_FRAGMENT_H

#include "base/buf.h"
#include "trust/signature_parts.h"

#define SIGNATURE_EXI "http://www.w3.org/TR/canonical-exi/" /* transform and canonicalization */

/* Appends the EXI fragment of an element of m. */
int signature_part_fragment(const struct message *m, const struct signature_part *part,
                            struct buf *out, struct err *e);

/* How one deployed codec encodes eMAID: the map of its parts, printed as text. -1: it is none. */
int signature_map_fragment(const struct message *m, const struct signature_part *part,
                           struct buf *out);

/* Appends that of SignedInfo, in the types of the message set xmldsig. */
int signature_info_fragment(const struct node *signed_info, const struct schema *xmldsig,
                            struct arena *a, struct buf *out, struct err *e);

/* Appends the EXI fragment that is hashed for the element called name whose Id is id (NULL: the
 * first of that name). */
int signature_fragment(const struct message *m, const char *name, const char *id, struct buf *out,
                       struct err *e);

/* Appends the EXI fragment of SignedInfo that is signed. */
int signature_signed_info(const struct message *m, const struct schema *xmldsig, struct arena *a,
                          struct buf *out, struct err *e);

#endif
