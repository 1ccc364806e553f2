/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one stream of events of a run (or of a capture): every frame, connection, log line, check and
 * verdict, once, in order. Ladder, JSON lines, pcapng and reports are sinks that read it. What each
 * kind and field means is told in docs/events.md.
 */
#ifndef V2G_RECORD_EVENT_H
#define V2G_RECORD_EVENT_H

#include "base/buf.h"
#include "base/err.h"
#include "codec/message.h"
#include "wire/endpoint.h"
#include "wire/world.h"

#include <stdbool.h>
#include <stdint.h>

/* ORDER EVENT */
enum event_kind {
    EVENT_FRAME,     /* one V2GTP frame over TCP or UDP (SDP), or one Ethernet frame of HomePlug
                        (SLAC), sent or received */
    EVENT_BYTES,     /* bytes over TCP or UDP that are no V2GTP frame; `problem` says why */
    EVENT_LISTEN,    /* a station listens; `from` is the address */
    EVENT_CONNECT,   /* a TCP connection is open: from (vehicle) -> to (station) */
    EVENT_CLOSE,     /* it is closed, or could not be opened: from_role and `how` say by whom */
    EVENT_LOSS,      /* capture only: bytes are missing; `text` says how many */
    EVENT_LOG,       /* Log(…) of a script */
    EVENT_CHECK,     /* Check_…: `text` what, expected, found; `ok` */
    EVENT_VIOLATION, /* something sent or received is outside the standard; `text` */
    EVENT_TIMER,     /* a deadline was measured: `text` its name; limit_us, taken_us; `ok` */
    EVENT_VERDICT,   /* `text` "pass", "fail: …"; `ok` */
    EVENT_WIRE,      /* bytes of TLS as they go over TCP; what is inside comes as frames, too */
    EVENT_SECRET,    /* `text`: a line of the TLS key log, before the EVENT_WIRE that need it */
    EVENT_FAULT,     /* a filter did something to the frame called name: `text` its fault, `times`
                        how often so far; not ok: it could not, and `text` says why */
    EVENT_AFTER,     /* what became of a connection that this side has closed: from_role and `how`
                        say what the other side did then, or this side about what came */
    EVENT_NETWORK,   /* capture only: what became of packets on their way; `network` says what */
    EVENT_PILOT,     /* the control pilot has changed: `text` its state, voltage and duty cycle */
    EVENT_RECORD,    /* a sink can write no more, and has ended: `text` says which, and why */
    EVENT_TLS, /* what a handshake of TLS has told: `handshake`; again, where a fatal alert came
                        later. `text`: one line of it, or "" */
};

/* How a connection ended, or why there is none. ORDER EVENT_HOW */
enum event_how {
    HOW_OPEN, /* it has not ended: every event but EVENT_CLOSE and EVENT_AFTER */
    HOW_FIN,
    HOW_RESET,   /* RST */
    HOW_ALERT,   /* a fatal alert of TLS, or a handshake that failed */
    HOW_REFUSED, /* nobody listens there */
    HOW_TIMEOUT,
    HOW_UNREACHABLE,
    HOW_ERROR, /* of the system: `text` says which */
};

/* What a capture shows of the network below the messages. ORDER EVENT_NETWORK */
enum event_network {
    NETWORK_NONE,           /* every event but EVENT_NETWORK */
    NETWORK_RETRANSMISSION, /* data that were sent before, taken_us ago */
    NETWORK_SYN_AGAIN,      /* the connection was open only after so many SYN (`times`) */
    NETWORK_UNACKNOWLEDGED, /* data that the other side has not acknowledged to the end */
    NETWORK_ZERO_WINDOW,    /* the sender of this takes no more data */
    NETWORK_WINDOW_OPEN,    /* and takes some again, taken_us later */
    NETWORK_CUT,            /* a packet was captured only in part */
    NETWORK_FRAGMENTS,      /* that cannot be put together; `text` says why */
    NETWORK_ENCRYPTED,      /* packets of IEEE 802.11 */
    NETWORK_UNKNOWN,        /* packets of a link layer that is not read: `text` */
};

/* Of a connection that is one half of a relay: whom it leads to. ORDER EVENT_LEG */
enum event_leg { LEG_NONE, LEG_VEHICLE, LEG_STATION };

struct event {
    uint64_t number;  /* in the recorder's order, from 1; given by the recorder */
    uint32_t session; /* that it belongs to, from 1; 0: none */
    int64_t us;       /* since 1970-01-01 UTC */
    enum event_kind kind;
    enum event_how how;
    enum came came; /* of what was received: how well `us` is known */
    bool ok;
    bool is_udp;
    bool is_link;        /* an Ethernet frame: from and to have MAC addresses, and nothing else */
    bool is_inside;      /* it went within TLS: these bytes were not on the wire */
    bool is_after;       /* it came after the side that records it had closed the connection */
    bool is_echo;        /* both ends are played in this run, and the vehicle records this, too */
    bool is_failed;      /* the response code says that the request failed */
    uint8_t from_role;   /* enum direction (schema.h) of who sent, or closed: FROM_EVCC, FROM_SECC;
                            FROM_NONE: nobody, as at a time-out */
    uint8_t network;     /* enum event_network */
    uint8_t leg;         /* enum event_leg */
    const char *by;      /* who recorded it: "EVCC", "SECC", "" (capture) */
    const char *where;   /* "file.lua:12", or "" */
    uint32_t connection; /* number of the TCP connection in this run, from 1; 0: none */
    struct endpoint from, to;
    struct slice bytes;            /* as on the wire (frame: with its V2GTP, or Ethernet header) */
    uint16_t payload_type;         /* of a frame; of an Ethernet frame its MMTYPE */
    const struct schema *schema;   /* that the frame is read by; NULL: none, or unknown */
    const char *name;              /* of the frame's message: "SessionSetupReq"; "" unknown; in a
                                      capture of EVENT_CLOSE the message before it, taken_us ago */
    const char *code;              /* its response code: "FAILED_SequenceError"; "" none */
    const struct message *message; /* decoded; NULL where not (problem says why) */
    const struct err *problem;     /* NULL where none */
    const char *text;
    const char *handshake;      /* of EVENT_TLS: a JSON object (tls/tls_told.h); else NULL or "" */
    int64_t limit_us, taken_us; /* of a frame that a relay hands on: since it came */
    uint32_t times;             /* of a fault; SYN that were sent: of a connection that never was */
    uint64_t octets;            /* of EVENT_NETWORK: that it is about */
    uint64_t line;     /* text only: the line of the input that it stands in, from 1; 0: none */
    uint64_t packet;   /* capture only: the packet that ended it, from 1; 0: not known, none */
    const char *stamp; /* text only: the time as it stands there; NULL or "": none */
};

/* How records call them; NULL at the end. */
extern const char *const EVENT_KINDS[EVENT_TLS + 2];
extern const char *const EVENT_NETWORKS[NETWORK_UNKNOWN + 2]; /* "" of NETWORK_NONE */
extern const char *const EVENT_HOWS[HOW_ERROR + 2];           /* "" of HOW_OPEN */
extern const char *const EVENT_ROLES[FROM_BOTH + 2];          /* "EVCC", "SECC"; "" of the others */
extern const char *const EVENT_LEGS[LEG_STATION + 2];         /* "" of LEG_NONE */
extern const char *const EVENT_CAMES[CAME_LATE + 2];          /* "" of CAME_NONE */

/* Whether from_role of such an event says who sent, or closed. */
bool event_has_sender(enum event_kind kind);

#define EVENT_TEXT 200

/* EVENT_NETWORK of a connection in words, from its other fields; returns text. */
const char *event_network_text(const struct event *e, char text[EVENT_TEXT]);

/* Fills in the message, and what it says: name, code, is_failed. */
void event_take_message(struct event *e, const struct message *m);

/* The message of a frame, behind the header; of no octets where the frame is shorter than that. */
struct slice event_payload(const struct event *e);

/* Whether it goes by itself: over UDP, or in an Ethernet frame, and so belongs to no connection. */
bool event_is_datagram(const struct event *e);

/* What both ends of a connection record; of all else each has its own. */
bool event_is_of_wire(enum event_kind kind);

/* Whether it is a script's own words: a log line that is not the program's, nor of built-in Lua. */
bool event_is_of_script(const struct event *e);

#endif
