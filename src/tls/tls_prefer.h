/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a station prefers of a vehicle's offer, once the ClientHello tells which version it will be:
 * ISO 15118-2's algorithms with TLS 1.2 and ISO 15118-20's with TLS 1.3, where options have left
 * both open; and its own order of groups. Private to src/tls.
 */
#ifndef V2G_TLS_TLS_PREFER_H
#define V2G_TLS_TLS_PREFER_H

#include "tls/tls_session.h"

struct identity;

/* The usual groups, schemes and their order, of sides that speak 1.2, 1.3 or both. */
const char *tls_usual_groups(bool has_12, bool has_13);
const char *tls_usual_schemes(bool has_12, bool has_13);

/* Whether the ClientHello will lead to TLS 1.3. */
bool tls_prefers_13(const struct tls_options *o, const struct tls_hello *h);

/* Lays the preference on the connection, which would show d. */
void tls_prefer(SSL *ssl, const struct tls_options *o, const struct tls_hello *h,
                const struct identity *d);

#endif
