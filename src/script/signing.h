/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of messages (trust/signature.h), as scripts make and check them:
 *
 *   Evcc.Sign_AuthorizationReq([who])     signs the message as it would be sent now; what is
 *                                         changed afterwards is not covered. who: a Key, an
 *                                         identity (of Pki.Identity), or a PEM file with a key
 *   Secc.Verify_AuthorizationReq([who])   whether the signature of the one received last is valid:
 *                                         true; or nil, why, and the kind of fault ('wrong
 *                                         digest'). who: a Certificate, its octets, an identity, a
 *                                         Key, or a PEM file with the signer's certificate
 *   m:sign([who]), m:verify([who])        the same of a message as a value
 *
 * What the standard wants signed is signed as it is sent, where the script has neither signed it
 * nor set or left out its Signature: AuthorizationReq and MeteringReceiptReq of ISO 15118-2 with an
 * Id, AuthorizationReq of ISO 15118-20 with PnC_AReqAuthorizationMode, MeteringConfirmationReq, and
 * (unless their ResponseCode is FAILED…) the messages of CertificateInstallation and
 * CertificateUpdate. Evcc.Signing = false leaves all as they are; so does print mode.
 *
 * The same for every message that the standards have signed. Without `who` the tree in force has
 * the key: the contract's for AuthorizationReq, MeteringReceiptReq, MeteringConfirmationReq and
 * CertificateUpdateReq; the provisioning certificate's for CertificateInstallationReq; that of the
 * provisioning service for both …Res; that of the mobility operator's sub-CA 2 for tariffs. Files
 * stand where security.h says. Verify takes what Pki.Certificate gives, also nil with its reasons,
 * which it then gives back.
 */
#ifndef V2G_SCRIPT_SIGNING_H
#define V2G_SCRIPT_SIGNING_H

#include "script/role.h"

/* Pushes the function of that name; false where it does not begin with Sign_ or Verify_. Raises
 * where there is no such message, or it is never signed. */
bool signing_push(lua_State *L, struct role *r, const char *name);

/* Signs m, whose content lives in a, with the key at `who` of the stack; raises where that cannot
 * be. */
void signing_sign(lua_State *L, const struct role *r, struct message *m, struct arena *a, int who);

/* In `given`, beside SESSION_GIVEN_…: the Signature was made as the message was sent, and is made
 * anew when it is sent again. */
#define SIGNING_DONE 0x100u

/* The script has written or left out the Signature, or something in it: it stays so. */
static inline unsigned signing_given(unsigned given)
{
    return (given | SESSION_GIVEN_SIGNATURE) & ~SIGNING_DONE;
}

/* Signs m, which is to be sent now, where the standard wants it; raises where that cannot be. */
void signing_send(lua_State *L, const struct role *r, struct message *m, struct arena *a,
                  unsigned *given);

/* Checks the signature of m; pushes what Verify_ gives, and returns how many values that are. */
int signing_verify(lua_State *L, const struct role *r, const struct message *m, int who);

#endif
