/* SPDX-License-Identifier: Apache-2.0 */
/*
 * V2GTP: the 8 bytes before every message (version, inverse version, payload type, payload length),
 * and the reader that cuts a stream of bytes into frames. Pure functions on bytes.
 *
 * ISO 15118-2 [V2G2-800] wants a message with a wrong header ignored. On a datagram that is all. In
 * a stream the next header lies behind the payload, and only the length tells where:
 *   - a payload type that is not for this use, or a length of 0: the frame is passed over;
 *   - a wrong version or a wrong inverse version (or both, when one is the other's inverse, as of a
 *     later version): the same, by the length in the header;
 *   - behind a length of 0, bytes that are no header: they are its payload, and passed over up to
 *     the next header;
 *   - a version and an inverse that have nothing to do with each other: this is no V2GTP (but TLS,
 *     HTTP, a lost position), and the connection has to be ended;
 *   - a length above the limit: the connection has to be ended, whatever the rest says.
 */
#ifndef V2G_WIRE_V2GTP_H
#define V2G_WIRE_V2GTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define V2GTP_VERSION 0x01
#define V2GTP_INVERSE 0xFE
#define V2GTP_HEADER 8              /* bytes */
#define V2GTP_LIMIT (1u << 20)      /* default limit of the payload's length, bytes */
#define V2GTP_LIMIT_MOST (1u << 30) /* a higher limit than this is cut to it */

/* Payload types. */
#define V2GTP_EXI 0x8001    /* supportedAppProtocol; DIN 70121, ISO 15118-2 */
#define V2GTP_COMMON 0x8002 /* ISO 15118-20 from here on */
#define V2GTP_AC 0x8003
#define V2GTP_DC 0x8004
#define V2GTP_ACDP 0x8005
#define V2GTP_WPT 0x8006
#define V2GTP_AC_DER_IEC 0x8010 /* Amendment 1 */
#define V2GTP_AC_DER_SAE 0x8011
#define V2GTP_SCHEDULE_RENEGOTIATION 0x8101
#define V2GTP_METERING_CONFIRMATION 0x8102
#define V2GTP_ACDP_SYSTEM_STATUS 0x8103
#define V2GTP_PARKING_STATUS 0x8104
#define V2GTP_SDP_REQ 0x9000 /* over UDP */
#define V2GTP_SDP_RES 0x9001
#define V2GTP_SDP_REQ_WIRELESS 0x9002
#define V2GTP_SDP_RES_WIRELESS 0x9003
#define V2GTP_MANUFACTURER 0xA000 /* first of those that manufacturers may use */

struct v2gtp_header {
    uint8_t version, inverse;
    uint16_t type;
    uint32_t length; /* of the payload, bytes */
};

/* What a frame goes over; it decides which payload types are right. */
enum v2gtp_carrier { V2GTP_TCP, V2GTP_UDP };

/* What the type is for, in words; NULL where it is reserved. Manufacturers' types have a name. */
const char *v2gtp_type_name(uint16_t type);

/* Whether a frame may begin there: a version, its inverse and a type that has a name. */
bool v2gtp_begins(struct slice bytes);

void v2gtp_write(uint8_t out[V2GTP_HEADER], uint16_t type, uint32_t length);

/* Reads 8 bytes as they are; nothing is checked. */
struct v2gtp_header v2gtp_read(const uint8_t p[V2GTP_HEADER]);

/* ORDER V2GTP_RESULT */
enum v2gtp_result {
    V2GTP_MORE,   /* no complete frame; nothing to do until more bytes come */
    V2GTP_FRAME,  /* a right frame */
    V2GTP_IGNORE, /* a frame that has to be ignored; the error says why */
    V2GTP_BROKEN, /* the stream cannot be followed any more; the error says why */
};

/*
 * Judges a header: FRAME, IGNORE or BROKEN, and the error for the last two (what, expected, found).
 * limit is the most bytes of payload.
 */
enum v2gtp_result v2gtp_check(const struct v2gtp_header *h, enum v2gtp_carrier carrier,
                              uint32_t limit, struct err *e);

/* A datagram, which must be one whole frame: FRAME or IGNORE. h is filled if there are 8 bytes. */
enum v2gtp_result v2gtp_datagram(struct slice bytes, struct v2gtp_header *h, struct err *e);

struct v2gtp_frame {
    struct slice bytes;   /* the whole frame with its header, as on the wire */
    struct slice payload; /* the part of it behind the header */
    struct v2gtp_header header;
};

struct v2gtp_reader {
    struct buf held;    /* bytes of earlier calls that are not used up */
    size_t at;          /* first of them that is not used up */
    struct slice input; /* the caller's bytes, used where nothing is held */
    uint32_t limit;     /* most bytes of payload */
    bool lost;          /* since a length of 0: what comes may be its payload */
    bool broken;
    struct v2gtp_header bad; /* that broke it */
};

/* limit 0: V2GTP_LIMIT. The reader takes memory only for bytes that came, never for a length. */
void v2gtp_open(struct v2gtp_reader *r, uint32_t limit);
void v2gtp_close(struct v2gtp_reader *r);

/*
 * Gives bytes to the reader. They must stay until v2gtp_next says MORE or BROKEN, or until
 * v2gtp_keep; a frame that came in one piece is then never copied.
 */
void v2gtp_feed(struct v2gtp_reader *r, struct slice bytes);

/*
 * The next frame. Of FRAME and IGNORE f is the whole frame, valid until the next call (of bytes
 * that are no frame, without a payload); of BROKEN, the bytes from the bad header on, as far as
 * they have come. After BROKEN it stays BROKEN, with the same error and no bytes.
 */
enum v2gtp_result v2gtp_next(struct v2gtp_reader *r, struct v2gtp_frame *f, struct err *e);

/* Copies what was fed and is not used up, for a caller that stops before MORE. */
void v2gtp_keep(struct v2gtp_reader *r);

/* The bytes not used up: of an incomplete frame, when the connection has ended. */
struct slice v2gtp_rest(const struct v2gtp_reader *r);

#endif
