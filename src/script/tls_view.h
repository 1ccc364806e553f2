/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What scripts see of TLS.
 *
 * Of the newest connection, also after its end; nil where it has no TLS, or nothing came:
 *   Get_Tls_Version()             '1.2', '1.3'
 *   Get_Tls_Suite()               'TLS_AES_256_GCM_SHA384'
 *   Get_Tls_Group()               'secp521r1'
 *   Get_Tls_Schemes()             what the station has signed with, and the vehicle:
 *                                 'ecdsa_secp521r1_sha512'
 *   Get_Tls_Resumed()             whether a former session was resumed
 *   Get_Tls_Handshake_Time()      milliseconds from the first octets to the end of the handshake
 *   Get_Tls_Offer()               ClientHello, as a table: versions, suites, groups, schemes,
 *                                 extensions (lists of names), certificate_authorities (names),
 *                                 trusted_ca_keys ({ kind = 'key', sha1 = octets } or
 *                                 { kind = 'name', name = … }), protocols (ALPN), server_name;
 *                                 ocsp, ocsp_v2, resumes (booleans)
 *   Get_Tls_Answer()              ServerHello: version, suite, group, resumed; extensions, with
 *                                 those of EncryptedExtensions
 *   Get_Tls_Request()             CertificateRequest: certificate_authorities, schemes
 *   Get_Tls_PeerChain(), Get_Tls_OwnChain()   lists of Certificates (certificate.h) as they were
 *                                             sent
 *   Get_Tls_Ocsp()                state that the stapled OCSP response tells ('good', 'revoked',
 *                                 what is wrong with it; 'not checked'), and its octets
 *   Get_Tls_PeerCertificate([i])  subject and PEM of the peer's certificate i; 0, the default: leaf
 *   Get_Tls_Problem()             what is wrong with the peer's chain
 *   Get_Tls_Alert()               name ('unknown_ca'), who sent it ('EVCC', 'SECC'), and 'fatal' or
 *                                 'warning', of the last alert that is no close_notify
 */
#ifndef V2G_SCRIPT_TLS_VIEW_H
#define V2G_SCRIPT_TLS_VIEW_H

#include "script/role.h"

/* Adds the functions to the table on top; the stack stays as it is. */
void tls_view_methods(lua_State *L);

#endif
