/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The revocation state of certificates by OCSP (RFC 6960): a responder for the certificates of a
 * tree (pki_tree.h), bytes in and bytes out; and checking responses.
 */
#ifndef V2G_TRUST_OCSP_H
#define V2G_TRUST_OCSP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct evp_pkey_st;
struct x509_st;

/* How long an answer is good for, at most a week [V2G20-1021]; one that a station staples stays as
 * long as it runs. */
#define OCSP_HOURS 24
#define OCSP_STAPLE_HOURS (6 * 24)
#define OCSP_REQUEST_MOST 16384 /* bytes of a request */

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

/* The answer about one certificate that a CA of the tree has issued, also where it is in no file
 * there, for stapling. is_revoked: it says so, whatever is known. -1: its issuer is not in the
 * tree. */
int ocsp_staple(const struct ocsp *o, const struct x509_st *certificate, bool is_revoked,
                int64_t now, struct buf *out, struct err *e);

/* Adds a revocation list of the tree in DER: "iso15118-2/v2g-root.crl". -1: there is none. */
int ocsp_list(const struct ocsp *o, const char *name, struct buf *out);

/* Checks a response in DER about `certificate`: form, that the issuer (or one it delegated to)
 * signed it, and its time (now 0: any). -1: it must not be relied upon; e says why, of "it". 0:
 * *state is what it says. */
int ocsp_check(struct slice response, struct x509_st *certificate, struct x509_st *issuer,
               int64_t now, enum ocsp_state *state, struct err *e);

#endif
