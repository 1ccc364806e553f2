/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates and OCSP responses say, as JSON: for reports, which show all of it
 * (docs/report-format.md, "Certificates").
 */
#ifndef V2G_TRUST_DESCRIBE_H
#define V2G_TRUST_DESCRIBE_H

#include "base/buf.h"

/* Each appends one object; of what cannot be read it has `problem`. */
void describe_certificate(struct slice der, struct buf *out);
void describe_ocsp(struct slice response, struct buf *out);

#endif
