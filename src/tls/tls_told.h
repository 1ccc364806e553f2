/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handshake has told as one JSON object, for the record: what was agreed, offered and
 * answered, the certificates that each side showed, the stapled OCSP response, alerts, and how the
 * side that records it has judged the other one's chain. docs/events.md, "Handshakes of TLS".
 */
#ifndef V2G_TLS_TLS_TOLD_H
#define V2G_TLS_TLS_TOLD_H

#include "schema/schema.h"
#include "tls/tls_facts.h"
#include "trust/pki_profile.h"

struct tls_told {
    const struct tls_facts *facts;
    int64_t at; /* the time by which certificates are looked at, seconds since 1970; -1: not told */
    int64_t handshake_us;  /* how long it took; -1: it is not over, or not known */
    uint8_t judge;         /* enum direction: the side that records it, and has judged the chain of
                              the other one; FROM_NONE: nobody has, as in a capture */
    struct slice findings; /* made by tls_told_finding */
    const char *problem;   /* why it was refused, or taken nevertheless; "": nothing is wrong */
    const char *status;    /* of the stapled response, as checked; "" where none was */
};

/* Appends the object. */
void tls_told_print(const struct tls_told *t, struct buf *out);

/* Appends a finding about a chain to a list of them, a comma between. */
void tls_told_finding(const struct pki_finding *f, struct buf *list);

#endif
