/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The revocation state of certificates by OCSP (RFC 6960): a responder for the certificates of a
 * tree (pki_tree.h), as bytes for stapling and as an HTTP server; and checking responses.
 */
#ifndef V2G_TRUST_OCSP_H
#define V2G_TRUST_OCSP_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

struct evp_pkey_st;
struct x509_st;
struct X509_crl_st;
struct uv_loop_s; /* uv_loop_t */

#define OCSP_HOURS 24 /* how long an answer is good for */

/* ORDER OCSP_STATE */
enum ocsp_state { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

const char *ocsp_state_name(enum ocsp_state state);

/* What a responder knows. */
struct ocsp;

/* Reads the CAs, their keys and all certificates of a tree. NULL: e. */
struct ocsp *ocsp_open(const char *folder, struct err *e);
void ocsp_close(struct ocsp *o);

/* The answer to a request in DER, signed by the issuer of what is asked for. There is always one:
 * what cannot be read, or is of foreign CAs, is answered so. what: one line about it for people. */
void ocsp_answer(const struct ocsp *o, struct slice request, int64_t now, struct buf *out,
                 char *what, int size);

/* The answer about one certificate, for stapling. -1: its issuer is not in the tree. */
int ocsp_staple(const struct ocsp *o, const struct x509_st *certificate, int64_t now,
                struct buf *out, struct err *e);

/* Checks a response in DER about `certificate`: form, that the issuer (or one it delegated to)
 * signed it, and its time. -1: it must not be relied upon; e says why. 0: *state is what it says.
 */
int ocsp_check(struct slice response, struct x509_st *certificate, struct x509_st *issuer,
               int64_t now, enum ocsp_state *state, struct err *e);

/* ---- over HTTP ---- */

struct ocsp_server;

/* After each answer: who asked, and what ocsp_answer says of it. */
typedef void (*ocsp_log)(void *context, const struct endpoint *from, const char *what);

/*
 * Answers POST (and GET /BASE64) with OCSP, and GET /crl/FOLDER/ROLE.crl with the revocation list,
 * on the caller's loop. o and log must stay until the server is closed. NULL: e.
 */
struct ocsp_server *ocsp_server_open(struct uv_loop_s *loop, const struct endpoint *at,
                                     const struct ocsp *o, ocsp_log log, void *context,
                                     struct err *e);
const struct endpoint *ocsp_server_endpoint(const struct ocsp_server *s);
void ocsp_server_close(struct ocsp_server *s);

#endif
