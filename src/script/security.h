/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as scripts choose it (tls_view.h tells what they see of it).
 *
 * Connect and Listen take
 *   tls                 'off', 'auto', '1.2', '1.3'; true: asked for by SDP, and done without where
 *                       the answer is no TLS, or there is no SDP; false as nil: as --tls says; or
 *                       settings, { version = '1.3', suites = 'TLS_AES_256_GCM_SHA384' }, below
 *   cert, key, roots    PEM files beside the script: relative paths without '..'; others only of
 *                       scripts that are run with --unsafe
 *
 * Settings of TLS; what is not set is as the standards want it (tls/tls_context.h). Lists are
 * tables, or text with ':' between the names.
 *   version             as tls above; none: 1.2 or 1.3
 *   plain               true: goes on without TLS where there is none; as 'auto'
 *   suites, groups, schemes   what is offered, or taken, best first, by IANA's names. OpenSSL 3 has
 *                             no
 *                       TLS_ECDH_ECDSA suites
 *   check               of the peer's chain: 'standard'; 'none' (a station does not ask for one),
 *                       'any' (taken whatever it is; Get_Tls_Problem tells), 'offered' (none is
 *                       fine, too), 'required'
 *   profile             how closely: 'usual', 'none' (as OpenSSL does), 'all' (every rule of the
 *                       standards' profiles)
 *   domain              domain component of the peer's leaf: 'CPO' of a station's; false: any
 *   at                  time of the check, seconds since 1970
 *   trusted_ca_keys     vehicle, TLS 1.2: names its roots, by the SHA-1 of the key (true, 'key') or
 *                       of the 'certificate', or by 'name'. Station: false: does not answer them
 *   certificate_authorities   true: names its roots in ClientHello (1.3), or CertificateRequest
 *   ocsp                vehicle: true: asks for a stapled OCSP response and checks it; 'required':
 *                       goes on with one only; 'v2': asks by status_request_v2 as well, whose
 *                       answers OpenSSL 3 cannot read
 *   staple              station: true: a response made by the tree; else a file with one (DER)
 *   resumption          true: sessions can be resumed by further connections
 *   server_name         vehicle: SNI
 *   encrypt_then_mac, extended_master_secret   false: without, in TLS 1.2
 *   weak                true: all that OpenSSL has, at security level 0
 */
#ifndef V2G_SCRIPT_SECURITY_H
#define V2G_SCRIPT_SECURITY_H

#include "script/role.h"

/* Pushes the path at index as it is to be opened; raises where the script may not read there. what:
 * the name of the argument. */
const char *security_path(lua_State *L, const struct script *s, const char *what, int index);

/* Reads the keys above from the table at 1. */
void security_choose(lua_State *L, struct role *r);

/* Sets the TLS of a connection that starts now: o->tls and o->tls_only. */
void security_tls(const struct role *r, struct peer_options *o);

/* What a connection that starts now shows, trusts and chooses, for o->tls. -1: e; c has to be
 * closed in any case. */
int security_find(const struct role *r, const struct peer_options *o, struct credentials *c,
                  struct err *e);

void security_close(struct role *r);

#endif
