/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of messages (codec/signature.h), as scripts make and check them:
 *
 *   Evcc.Sign_AuthorizationReq([key])     signs the message as it would be sent now; what is changed
 *                                         afterwards is not covered. key: a PEM file
 *   Secc.Verify_AuthorizationReq([cert])  whether the signature of the one received last is valid:
 *                                         true; or nil, why, and the kind of fault ('wrong digest').
 *                                         cert: a PEM file with the signer's certificate
 *
 * The same for every message that the standards have signed. Without a file the tree (--pki) has the
 * key: the contract's for AuthorizationReq, MeteringReceiptReq, MeteringConfirmationReq and
 * CertificateUpdateReq; the provisioning certificate's for CertificateInstallationReq; that of the
 * provisioning service for both …Res; that of the mobility operator's sub-CA 2 for tariffs. Files
 * stand where security.h says.
 */
#ifndef V2G_SCRIPT_SIGNING_H
#define V2G_SCRIPT_SIGNING_H

#include "script/role.h"

/* Pushes the function of that name; false where it is none of the above. */
bool signing_push(lua_State *L, struct role *r, const char *name);

#endif
