/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys of contracts on their way to the vehicle (trust/keywrap.h), in scripts:
 *
 *   Pki.Wrap(receiver, key [, options])      encrypts a Key for the holder of the Certificate
 *                                            `receiver`: the octets of DHpublickey, and of
 *                                            …EncryptedPrivateKey
 *   Pki.Unwrap(receiver, public, wrapped [, options])   the Key within, with the receiver's Key
 *
 * Either gives nil and why where what came from the other side does not allow it. options:
 * certificate is that of the contract, which the key within must belong to; pcid that of the
 * vehicle. ISO 15118-20 cannot do without the two: they are bound to the encrypted key.
 */
#ifndef V2G_SCRIPT_WRAPPING_H
#define V2G_SCRIPT_WRAPPING_H

#include <lua.h>

/* Adds the functions to the table on top; the stack stays as it is. */
void wrapping_functions(lua_State *L);

#endif
