/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates and OCSP responses say, as JSON: for reports, which show all of it
 * (docs/report-format.md, "Certificates").
 */
#ifndef V2G_TRUST_DESCRIBE_H
#define V2G_TRUST_DESCRIBE_H

#include "base/buf.h"

struct x509_st;

/* Each appends one object; of what cannot be read it has `problem`. */
void describe_certificate(struct slice der, struct buf *out);
void describe_ocsp(struct slice response, struct buf *out);

/* The same of a certificate that has been read from there. x: NULL: `problem` says why not. */
void describe_read(struct x509_st *x, const char *problem, struct slice der, struct buf *out);

#endif
