/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCSP responder of `v2glab pki ocsp`: HTTP (RFC 6960, appendix A) around what trust/ocsp.h
 * answers. POST, and GET /BASE64, are OCSP; GET /crl/FOLDER/ROLE.crl is a revocation list.
 */
#ifndef V2G_APP_OCSP_SERVER_H
#define V2G_APP_OCSP_SERVER_H

#include "trust/ocsp.h"
#include "wire/endpoint.h"

struct ocsp_server;
struct world;

/* After each answer: who asked, and what ocsp_answer says of it. */
typedef void (*ocsp_log)(void *context, const struct endpoint *from, const char *what);

/* o and log must stay until the server is closed. NULL: e. */
struct ocsp_server *ocsp_server_open(struct world *world, const struct endpoint *at,
                                     const struct ocsp *o, ocsp_log log, void *context,
                                     struct err *e);
const struct endpoint *ocsp_server_endpoint(const struct ocsp_server *s);
void ocsp_server_close(struct ocsp_server *s);

#endif
