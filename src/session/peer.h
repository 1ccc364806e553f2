/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection of one role of a script: finds the other side (SDP), connects or listens (TCP),
 * agrees the protocol (supportedAppProtocol), and moves frames between socket and session. Driven
 * by the event loop; whoever waits for it is woken through `wake` and looks at `state` and at the
 * session's frames.
 */
#ifndef V2G_SESSION_PEER_H
#define V2G_SESSION_PEER_H

#include "session/session.h"
#include "session/tls_choice.h"
#include "wire/endpoint.h"

struct after;
struct flood;
struct peer_responder;
struct probe;
struct stream;
struct tls;
struct tls_context;
struct world;

/* ORDER PEER */
enum peer_state {
    PEER_IDLE,        /* nothing tried yet */
    PEER_DISCOVERING, /* EVCC: SECCDiscoveryReq go out; SECC: waits for one, or for a connection */
    PEER_CONNECTING,  /* TCP is being opened */
    PEER_AGREEING,    /* TCP is open, supportedAppProtocol is going on */
    PEER_READY,       /* messages of session.protocol can be exchanged */
    PEER_CLOSED,      /* was open, is closed: `problem` says by whom */
    PEER_FAILED,      /* could not be reached: `problem` says why */
};

/*
 * TLS: the vehicle asks for it by SDP (Security 0x00) unless OFF, and with AUTO goes on without it
 * where the answer is 0x10; the station answers 0x00 with the port of TLS to who asked for it; who
 * asked for none gets the other port (AUTO), or no answer (ONLY).
 * Where an address is given, there is no SDP: a vehicle speaks TLS unless OFF, a station with AUTO
 * takes either, by the first byte.
 */
struct peer_options {
    const char *interface; /* "eth1"; NULL: the lab's (ev0 or evse0), or the only one there is */
    const char *address;   /* "[::1]:15118": EVCC connects there, SECC listens there, no SDP */
    struct stream *stream; /* SECC: a connection that was accepted already, taken over instead of
                                listening, one of TLS unless tls is OFF; closed where
                                peer_start fails; NULL: none */
    const char *slac;      /* interface for SLAC, where it is another one; NULL: as above */
    enum peer_tls tls;
    struct tls_choice choice;        /* its texts are needed until the other side is found */
    struct tls_context *tls_context; /* made already (peer_tls_context), in its place; or NULL */
    /* SECC: ISO 15118-20 is agreed over TLS 1.3 only, DIN 70121 without TLS only */
    bool is_strict;
    char namespaces[192];  /* SECC: those agreed to, a blank behind each; "": all */
    uint8_t security;      /* of SDP: 0x10 no TLS (default), 0x00 TLS */
    bool refuses_trailing; /* octets behind a message make it one that cannot be decoded */
    bool manual;           /* stops before supportedAppProtocol: the script does it */
    const char *protocol;  /* "ISO15118-2", "DIN70121": the only one offered / accepted; NULL: all
                                known, ISO 15118-2 first */
    const struct message *offer; /* supportedAppProtocolReq; NULL: by `protocol` */
    /* SECC: connections open at once, in all and of one address (stream.h); 0: its defaults */
    unsigned connections, connections_of_address;
    const struct endpoint *source; /* EVCC: its own address; NULL: as the interface has it */
    uint16_t source_port;          /* EVCC: of its end, if it can be had; 0: any */
    unsigned answer_ms;            /* SECC: until supportedAppProtocolReq is answered */
    unsigned setup_ms; /* V2G_EVCC_CommunicationSetup_Timeout 20 s, SECC 18 s; 0: that */
    unsigned sdp_interval_ms, sdp_tries; /* 0: 250, 50 */
};

/* When things happened before a script had a say; 0: they did not. Whoever has recorded them clears
 * them. */
struct peer_times {
    int64_t discovery_us, found_us; /* EVCC: the last SECCDiscoveryReq, and its answer */
    int64_t open_us;                /* TCP (and TLS) is open */
    int64_t offered_us, agreed_us;  /* supportedAppProtocolReq, and Res */
};

struct peer {
    struct session session;
    enum peer_state state;
    bool is_met; /* the other side has been seen: else it is missing, and has done nothing wrong */
    struct err problem;
    struct peer_options options;
    struct peer_times times;
    struct world *world;
    void (*wake)(void *context); /* something changed; called from the event loop only */
    void *context;
    struct peer_wire *wire;           /* sockets; NULL before the first start */
    struct tls_context *tls_context;  /* kept where sessions may be resumed */
    struct after *after;              /* the connection before, as long as it lives; or NULL */
    struct probe *probe;              /* EVCC: connections beside the session; NULL: none */
    struct peer_responder *responder; /* SECC: answers SDP for others (peer_sdp.h); or NULL */
    struct peer_link *link;           /* below IP (peer_link.h); NULL: it is not open */
    struct flood *asks, *refusals;    /* SECC: of SDP, and of connections; NULL: none yet */
    struct tls *tls; /* of the newest connection, also after its end: for tls_info; NULL: none */
};

void peer_open(struct peer *p, uint8_t role, struct world *world, struct library *library,
               struct recorder *recorder, void (*wake)(void *context), void *context);
void peer_close(struct peer *p); /* at once; not within its `wake` */

/* Closes all it has open. True: the other side of its connection has not closed yet; what comes
 * until then is recorded (AFTER_MS at most), and `wake` tells the end. */
bool peer_leave(struct peer *p);

/* What peer_start makes of the choice, for use by several peers. NULL: e. */
struct tls_context *peer_tls_context(uint8_t role, const struct peer_options *o, struct err *e);

/* EVCC: discovers, connects, agrees. SECC: answers SDP, accepts one vehicle, agrees. Returns at
 * once; state tells. -1: cannot even start (e, and state PEER_FAILED). */
int peer_start(struct peer *p, const struct peer_options *o, struct err *e);

/* EVCC: tries, besides, another port of the other side, until the connection ends: probe.h. -1:
 * there is no connection. */
int peer_probe(struct peer *p, uint16_t port, unsigned first_ms, unsigned every_ms, struct err *e);

/* SECC: a connection that its listener has not taken is recorded; many within a second as one. */
void peer_refused(struct peer *p, const struct endpoint *from, const char *why);

/* Closes the TCP connection: FIN, or RST. */
void peer_disconnect(struct peer *p, bool reset);

/* A vehicle that still looks for a station by SDP does so no longer: PEER_FAILED. */
void peer_end_search(struct peer *p);

/* A station that waits for a vehicle does so no longer: PEER_FAILED; it listens on. */
void peer_end_wait(struct peer *p);

/* FIN, and what comes is still read: it is closed once the other side has done so, too. Again:
 * nothing. -1: e. */
int peer_half_close(struct peer *p, struct err *e);

/* It has, and the connection is still there: nothing more can be sent. */
bool peer_is_half_closed(const struct peer *p);

#endif
