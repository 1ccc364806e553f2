/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The global Pki: certificates and keys for scripts, out of the tree in force (the option --pki,
 * else the demo tree, which is made on first use) and of files beside the script. Certificates and
 * keys are values (certificate.h).
 *
 *   Pki.Identity(role [, edition])   { chain = leaf first, without the root; key, role, edition }
 *                                    of a role of `v2glab pki list --roles`: 'contract-leaf',
 *                                    'oem-leaf', 'cps-leaf', …; of a tree with several
 *                                    contracts also 'contract-leaf-2', …
 *   Pki.Roots([edition])             all roots of the tree
 *   Pki.Certificate(bytes)           reads DER or PEM; nil, why and 'unparseable' where it is none
 *   Pki.Read(path), Pki.Key(path)    the certificates, the private key of a file (security.h)
 *   Pki.Check(chain [, options])     holds a chain, as received (values or DER), against the
 *                                    profiles: true; or nil, what is wrong, and the kind of fault
 *                                    ('expired', 'revoked', 'no issuer', …: pki_profile.h).
 *                                    Options: role, edition (else what the leaf seems to be); roots
 *                                    = {…} (else those of the tree, of that edition); at = seconds
 *                                    since 1970; revocation = false leaves the tree's
 *                                    revocation lists out; tolerate = {'name', …}: kinds of fault
 *                                    that are put up with
 *   Pki.Wrap(…), Pki.Unwrap(…)       private keys of contracts, encrypted (wrapping.h)
 *   Pki.Random(n)                    n random octets
 *   Pki.Emaid(text)                  an eMAID without separators, in capitals; nil and why
 *
 * edition is 'ISO15118-2' (also 'DIN70121') or 'ISO15118-20'; for Identity that of the role that
 * the script plays where it is not given.
 */
#ifndef V2G_SCRIPT_TRUST_H
#define V2G_SCRIPT_TRUST_H

#include "trust/pki_tree.h"

#include <lua.h>

/* Makes Pki, and the types of its values. */
void trust_open(lua_State *L);

/* Pushes the path of a file of the tree in force, and returns it; raises where it is not there. */
const char *trust_path(lua_State *L, enum pki_edition edition, enum pki_role role,
                       const char *suffix);

/* Pushes the private key of a file; raises where it cannot be read. */
void trust_push_key(lua_State *L, const char *path);

/* Pushes a list of the certificates of a file; raises where there is none. */
void trust_push_chain(lua_State *L, const char *path);

/* Pushes the one certificate that the bytes are, DER or PEM; where they are none, one that has a
 * problem. */
void trust_push_certificate(lua_State *L, struct slice bytes);

#endif
