/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a stream: a filter between the wire and the owner, for which nothing changes: `opened`
 * comes when the handshake is over, data and writes are plaintext, `closed` says why a handshake
 * failed: which certificate, which alert.
 *
 * A vehicle with TLS 1.3 is open before the station has looked at its certificate: a refusal then
 * comes as `closed` later. close_notify from the peer is its end, as FIN is.
 */
#ifndef V2G_TLS_TLS_H
#define V2G_TLS_TLS_H

#include "base/buf.h"
#include "base/err.h"
#include "tls/tls_context.h"
#include "tls/tls_facts.h"
#include "wire/stream.h"

struct tls;

/* Each may be NULL. Called from within the loop, or from stream_write and stream_close; none of
 * them may close the stream. */
struct tls_events {
    /* What a handshake message or an alert told, one line: "ServerHello: TLS 1.3, …". */
    void (*note)(void *context, bool from_client, const char *text);

    /* A line of the key log, without its end; SSLKEYLOGFILE gets it as well. */
    void (*secret)(void *context, const char *line);

    /* The bytes as they go over TCP, each time after the secrets that they need, so that both can
     * be recorded in this order. (stream_events.wire has those received before.) */
    void (*wire)(void *context, bool is_sent, struct slice bytes);

    /* A handshake message came, or is to go out: the alert (level << 8 | code) that is sent in its
     * place, of which the handshake dies; -1: none. Asked only of a stream that may_alert. */
    int (*alert)(void *context, bool is_sent, const char *message);
};

/*
 * Right after stream_connect (context of a vehicle) or before stream_use (of a station). events
 * must stay as long as the stream. The stream owns what is returned: it may be asked until
 * stream_close. NULL: out of memory.
 */
struct tls *tls_attach(struct stream *s, struct tls_context *c, const struct tls_events *events,
                       void *context, struct err *e);

/* Right after tls_attach: alerts are to be sent on purpose. -1: out of memory. */
int tls_may_alert(struct tls *t, struct err *e);

/* Sends this alert, encrypted where the connection is. Nothing more can be sent, and the owner
 * closes the stream: not within this call's callbacks. -1: nothing is sent (e). */
int tls_alert(struct tls *t, uint8_t level, uint8_t code, struct err *e);

/* Tells somebody else from here on. */
void tls_hand_over(struct tls *t, const struct tls_events *events, void *context);

/* It may be asked after stream_close as well, until it is dropped. NULL is allowed. */
void tls_keep(struct tls *t);
void tls_drop(struct tls *t);

/* What was said so far by both sides, alerts among it. */
const struct tls_facts *tls_info(const struct tls *t);

/* Microseconds from the first octets of the handshake to its end, as this side saw them; -1: it is
 * not over. */
int64_t tls_handshake_us(const struct tls *t);

/* The vehicle speaks without TLS, and that is allowed (may_be_plain): bytes pass as they are. */
bool tls_is_plain(const struct tls *t);

/* All of it, and how this side has judged, as one JSON object (docs/events.md, `handshake`);
 * is_dated: and by which time. */
void tls_tell(const struct tls *t, bool is_dated, struct buf *out);

/* What is wrong with the peer's chain or its stapled response; "" where nothing is, or nothing was
 * looked at. Set, too, where it was taken nevertheless (TLS_CHECK_NONE, TLS_CHECK_ANY). */
const char *tls_problem(const struct tls *t);

/* Of the stapled OCSP response, as checked: "good", "revoked", …; "" where none came. */
const char *tls_staple_status(const struct tls *t);

#endif
