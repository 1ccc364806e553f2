/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as scripts choose and see it.
 *
 * Connect and Listen take
 *   tls                 'off', 'auto', '1.2', '1.3'; true: asked for by SDP, and done without where
 *                       the answer is no TLS, or there is no SDP; false as nil: as --tls says
 *   cert, key, roots    PEM files beside the script: relative paths without '..'; others only of
 *                       scripts that are run with --unsafe
 *
 * Of the newest connection, also after its end; nil where it has no TLS, or nothing came:
 *   Get_Tls_Version()             '1.2', '1.3'
 *   Get_Tls_Suite()               'TLS_AES_256_GCM_SHA384'
 *   Get_Tls_Group()               'secp521r1'
 *   Get_Tls_PeerCertificate([i])  subject and PEM of the peer's certificate i; 0, the default: leaf
 *   Get_Tls_Problem()             what is wrong with the peer's chain
 *   Get_Tls_Alert()               name ('unknown_ca'), who sent it ('EVCC', 'SECC'), and 'fatal' or
 *                                 'warning', of the last alert that is no close_notify
 */
#ifndef V2G_SCRIPT_SECURITY_H
#define V2G_SCRIPT_SECURITY_H

#include "script/role.h"

/* Adds the functions to the table on top; the stack stays as it is. */
void security_methods(lua_State *L, struct role *r);

/* Pushes the path at index as it is to be opened; raises where the script may not read there. what:
 * the name of the argument. */
const char *security_path(lua_State *L, const struct script *s, const char *what, int index);

/* Reads the keys above from the table at 1. */
void security_choose(lua_State *L, struct role *r);

/* The TLS of a connection that starts now. */
enum peer_tls security_tls(const struct role *r, const struct peer_options *o);

/* Certificates and roots of a connection that starts now. */
struct credential_files security_files(const struct role *r);

#endif
