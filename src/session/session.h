/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One side of a V2G connection, without sockets: bytes in, frames out. It cuts the byte stream into
 * V2GTP frames, decodes them with the grammar that is in force (supportedAppProtocol first, then
 * what it agreed), keeps the SessionID, and records every frame once. Whoever owns it moves the
 * bytes and the time.
 */
#ifndef V2G_SESSION_SESSION_H
#define V2G_SESSION_SESSION_H

#include "codec/codec.h"
#include "record/recorder.h"
#include "schema/library.h"
#include "session/filter.h"
#include "wire/v2gtp.h"

/* A received frame, decoded; it lives until session_done. */
struct received {
    struct received *next;
    int64_t us;
    uint64_t number; /* of its event; 0: it has none */
    uint16_t payload_type;
    const char *name; /* "SessionSetupReq"; "" where the payload could not be decoded */
    struct message message;
    bool is_decoded;
    const struct err *problem; /* where it could not be decoded; else NULL */
    uint8_t mac[6]; /* of an Ethernet frame: who sent it, and whether to this side alone */
    bool is_for_us;
    struct arena arena; /* of message and problem */
};

struct session;

/* Another look at a frame that was received and read with what is in force: it may change what r
 * says of its payload. */
typedef void (*session_second)(void *context, struct session *s, struct slice payload,
                               struct received *r);

struct session {
    uint8_t role;   /* FROM_EVCC or FROM_SECC: which side this is */
    const char *by; /* "EVCC", "SECC" */
    struct library *library;
    const struct protocol *protocol; /* in force after supportedAppProtocol; may be set directly */
    bool agreed;                     /* supportedAppProtocol is over: protocol decodes what comes */
    const char *agreed_uri;          /* the namespace that it chose; NULL: none known */
    struct recorder *recorder;       /* may be NULL */
    struct exi_limits limits;
    struct caller caller;  /* the numbers of the events, and what a station knows them by */
    session_second second; /* NULL: none */
    void *second_context;
    bool is_echo;          /* of the events */
    bool is_inside;        /* the connection is one of TLS; whoever owns the session sets it */
    bool refuses_trailing; /* what it gets with octets behind the message is none */
    bool keeps_none;       /* what comes is recorded, and does not wait for session_take */
    uint8_t leg;           /* enum event_leg: what it sends and gets, a relay hands on */
    int64_t relayed_us;    /* when the frame came that is being sent; 0: it is this side's own */
    event_sink watch;      /* gets each frame of TCP right behind the record; NULL: nobody */
    void *watch_context;
    /* Gets what came and is passed over, since it is no right frame [V2G2-800]; NULL: nobody. */
    void (*stray)(void *context, struct slice bytes, int64_t us);
    void *stray_context;
    bool is_after;  /* this side has closed the connection: what comes, comes too late */
    enum came came; /* how well the time of session_feed is known; set likewise */
    struct endpoint local, remote;

    uint8_t id[8]; /* SessionID in force; all 0 before the SECC gave one */
    uint8_t id_size;
    bool id_fixed;         /* set from outside: never changed by messages */
    uint64_t header_id[2]; /* the struct bytes that headers sent refer to; messages that
                                         session_send filled must not outlive the session */

    struct way way; /* of all that it sends and gets */
    struct filter record;
    struct v2gtp_reader reader;
    struct received *first, *last; /* decoded, not taken yet */
    struct received *spare;        /* of one that keeps none: its memory is for the next frame */
    struct buf out;                /* the frame that is being sent */
    uint64_t sent_number;          /* of the event of the one that was sent last */
    bool is_connected;
    enum event_how ended; /* how the last connection did; HOW_OPEN: none has */
    bool broken;          /* the stream cannot be cut into frames any more */
    /* SECC: supportedAppProtocolReq waits for its answer, which tells what the frames behind it are
     * read by; they wait here, as they came. When the last of them came. */
    bool is_asked;
    struct buf held;
    int64_t held_us;
    /* offers of the supportedAppProtocolReq seen last, for finding what a SchemaID means */
    struct {
        const struct protocol *protocol;
        const char *uri;
        uint8_t schema_id;
    } offer[20];
    unsigned offers;
};

void session_open(struct session *s, uint8_t role, struct library *library,
                  struct recorder *recorder);
void session_close(struct session *s);

/* A new connection: forgets the stream, keeps the SessionID (unless `fresh`). */
void session_connected(struct session *s, const struct endpoint *local,
                       const struct endpoint *remote, int64_t us, bool fresh);

/* closer: enum direction of who ended it. */
void session_disconnected(struct session *s, int64_t us, enum event_how how, uint8_t closer,
                          const char *text);

/* An event of this session as it is now; `sent` by this side, or by the other. */
struct event session_new_event(const struct session *s, enum event_kind kind, bool sent,
                               int64_t us);

/* Bytes that the peer sent. Decoded frames wait in first…last. -1: the stream is broken. */
int session_feed(struct session *s, const void *p, size_t n, int64_t us);

/* For messages that do not come over the stream (SDP): an empty one, what is wrong with it, and
 * putting it last in line. */
struct received *session_new_received(struct session *s);
void received_fails(struct received *r, const struct err *why);
void session_queue(struct session *s, struct received *r);

/* The oldest frame that waits, taken out; NULL where none does. Free it with session_done. */
struct received *session_take(struct session *s);
void session_done(struct session *s, struct received *r);

/* What of the header was set by the script and stays as it is. */
#define SESSION_GIVEN_ID 1u
#define SESSION_GIVEN_TIME 2u /* TimeStamp of ISO 15118-20 */
#define SESSION_GIVEN_SIGNATURE 4u

/*
 * Encodes m behind a V2GTP header, updates the SessionID and what was agreed, and sends it on its
 * way. The frame is *frame, until the next call. SessionID and TimeStamp are put into the header,
 * except what is given; a SECC that has no SessionID yet makes one for its SessionSetupRes. -1: it
 * cannot be encoded, and *frame is empty; or it cannot be sent.
 */
int session_send(struct session *s, struct message *m, unsigned given, const char *where,
                 int64_t us, struct slice *frame, struct err *e);

/* Sends bytes as they are (Send_Raw): one V2GTP frame as the message in it, with what is wrong with
 * it (so that bytes behind the document are no reason not to see it), and its effect as that of one
 * sent with session_send. name: the message's; "" where it is none. -1: it cannot be sent. */
int session_send_raw(struct session *s, struct slice bytes, const char *where, int64_t us,
                     const char **name, struct err *e);

/* The same of a frame, or of bytes that are none, of another connection, where they came at
 * came_us: whose relay this side is. -1: as above. */
int session_relay(struct session *s, struct slice bytes, int64_t came_us, int64_t us,
                  struct err *e);

/* ---- for filters ---- */

/* The frame of m, with the header that session_send would give it. */
int session_encode(struct session *s, struct message *m, unsigned given, int64_t us,
                   struct buf *out, struct err *e);

/* Reads the bytes of a parcel: its event says what they are, p->read has the message. */
void session_read(struct session *s, struct parcel *p);

#endif
