/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as scripts choose it (tls_view.h tells what they see of it).
 *
 * Connect and Listen take
 *   tls                 'off', 'auto', '1.2', '1.3'; true: asked for by SDP, and done without where
 *                       the answer is no TLS, or there is no SDP; false as nil: as --tls says; or
 *                       settings, { version = '1.3', suites = 'TLS_AES_256_GCM_SHA384' }, below
 *   cert, key, roots    PEM files beside the script: relative paths without '..'; others only of
 *                       scripts that are run with --unsafe; cert is also an identity, as
 *                       Pki.Identity gives it, or false: none
 *
 * Settings are those of session/tls_choice.h. Lists are tables, or text with ':' between the names.
 */
#ifndef V2G_SCRIPT_SECURITY_H
#define V2G_SCRIPT_SECURITY_H

#include "script/role.h"

/* Pushes the path at index as it is to be opened; raises where the script may not read there. what:
 * the name of the argument. */
const char *security_path(lua_State *L, const struct script *s, const char *what, int index);

/* Reads the keys above from the table at 1. */
void security_choose(lua_State *L, struct role *r);

/* Sets the TLS of a connection that starts now, o having the run's: o->tls and o->choice. */
void security_tls(const struct role *r, struct peer_options *o);

void security_close(struct role *r);

#endif
