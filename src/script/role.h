/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A role of a script: the vehicle's or the station's side of a connection, as the tables Evcc and
 * Secc are and what Vehicle{} and Station{} give (roles.h). Its functions are found by name when
 * first used and kept; api names and forms stand in name.h. Behind a role are its connection, the
 * messages it sends (what a script sets stays set for the next send) and those it has received (the
 * last one of each name).
 *
 * Besides the names of the messages:
 *
 *   Evcc.Protocol = 'DIN70121'      speaks that from here on; reading it gives the present one;
 *                                   nil: what is agreed, again
 *   Evcc.FixedProtocol              that which an option or the script has set; nil: what is agreed
 *   Evcc.Namespace                  what supportedAppProtocol agreed; nil: nothing yet
 *   Evcc.Address                    where it connects to or listens without SDP; nil: by SDP
 *   Evcc.Signing = false            messages are not signed as they are sent (signing.h)
 *   Evcc.Connect{…}, Secc.Listen{…} connects now: interface, address, tls, cert, key, roots,
 *                                   protocol, manual, timeout, may_fail
 *   Evcc.Get_Tls_Version(), …       what TLS has agreed, certificates, alerts (tls_view.h)
 *   Evcc.Expect_Tls_Alert_001(name) waits until the other side refuses (tls_expect.h)
 *   Evcc.Sign_AuthorizationReq(), … signatures, made and checked (signing.h)
 *   Evcc.Disconnect([reset])        closes the connection
 *   Evcc.Send_Raw(bytes)            sends any bytes
 *   Evcc.Receive_Any_001([ms])      waits for any message: its name; or nil and 'timeout' or
 *                                   'closed'
 *   Evcc.Message(name)              a message as a value (object.h); also from XML text
 *   Evcc.Received([name])           the message received last (of that name) as a value, or nil
 *   Evcc.State()                    'idle', 'discovering', 'connecting', 'agreeing', 'ready',
 *                                   'closed', 'failed', and why
 *   Evcc.SessionID()                the SessionID in force, hex digits
 *   Evcc.Has_SessionID(id)          whether the message received last has that one
 *   Evcc.Measured(…)                records how long something took (deadline.h)
 *   Evcc.Charge{…}, Secc.Serve{…}   ready-made (lua/v2g)
 *   Secc.Accept{…}, …               several vehicles at one station (serving.h)
 */
#ifndef V2G_SCRIPT_ROLE_H
#define V2G_SCRIPT_ROLE_H

#include "names/name.h"
#include "script/task.h"

/* A leaf in a list that a script has set: where Add_ looks for the first one it has not. */
struct mark {
    uint8_t steps;
    struct {
        uint16_t slot;
        uint32_t index;
    } at[NAME_STEPS];
};

/* A message that a role sends, with what was set so far. */
struct outgoing {
    struct outgoing *next;
    const struct element *element;
    const struct schema *set;
    struct message message;
    struct arena arena;
    size_t settled; /* arena bytes after it was last copied together */
    size_t counted; /* of them, to the script's memory */
    unsigned given; /* SESSION_GIVEN_…, SIGNING_DONE */
    bool touched;   /* something was set */
    bool sent;
    struct mark *mark;
    unsigned marks, mark_cap;
};

/* The last message received of a name. */
struct incoming {
    struct incoming *next;
    const struct element *element;
    struct received *received;
};

#define ROLE_FIELD "v2g.role"      /* of the metatable: the struct role */
#define ROLE_PROTOCOL "ISO15118-2" /* until another one is agreed */

struct serving;

/* How energy is transferred, in each aspect (transfer.h); 0: nobody has asked. ORDER TRANSFER */
#define TRANSFER_ASPECTS 3
struct transfer {
    uint8_t mode[TRANSFER_ASPECTS]; /* current, control, directions */
};

struct role {
    struct role *next;
    struct script *script;
    struct task *waiting;            /* tasks that wait for what task_wake tells of it */
    uint8_t side;                    /* FROM_EVCC, FROM_SECC */
    const char *name;                /* "Evcc" */
    char by[48];                     /* as events name it: "EVCC", "EVCC 2", "EVCC NAME" */
    const struct protocol *protocol; /* that names belong to */
    const struct protocol *fixed; /* by option or script, NULL: none. What is agreed does not change
                                        it, but that of a standard may become one of its family */
    struct outgoing *outgoing;
    struct incoming *incoming;
    struct received *last;    /* received last; one of incoming's, or undecoded */
    bool last_is_loose;       /* not one of incoming's: it was no message */
    struct peer *peer;        /* NULL in print mode */
    struct session *session;  /* the peer's; in print mode one of its own */
    struct serving *serving;  /* a station that Accept() is called of (serving.h); or NULL */
    bool is_place;            /* it holds sessions of another role: Secc.Place(), a fleet's */
    bool is_parked;           /* it is one that nobody has */
    struct role *next_parked; /* of these */
    uint32_t number;          /* of a fleet's vehicle */
    struct transfer transfer; /* asked for last, by either side (transfer.h) */
    bool sdp_open;            /* SDP is scripted */
    bool on_link;             /* what is waited for is a frame of the link (slac.h) */
    bool is_unsigned;         /* the script does not want messages signed as they are sent */
    struct {
        char interface[32], address[96]; /* given to Connect or Listen, or found by scripted SDP */
        const struct endpoint *source;   /* of a fleet's vehicle: its own address */
        bool is_by_sdp;                  /* the address; SDP has also said: */
        bool is_plain;                   /* that there is no TLS */
        bool asks_tls;                   /* where nothing is said: SDP is to ask, and to decide */
        bool is_reading;                 /* settings of tls are being taken from a table */
        char namespaces[192];            /* of Accept, as peer_options have them */
        struct tls_choice tls;           /* what else is said goes before the run's options */
        char *text[TLS_KEYS];            /* of tls */
    } chosen;
    struct {
        int64_t from_us, limit_us;
        char name[96];
    } timer;                      /* of the wait that is going on */
    int64_t sent_us, received_us; /* of the last message; 0: none */
    int64_t came_us;       /* when the message received last came, also after an answer to it */
    const char *sent_name; /* likewise, as the schema has it; "" */
    int table;             /* reference of the Lua table */
    int replay; /* reference of the settings made before a protocol was agreed; or LUA_NOREF */
};

/* The role that the value at that index is; NULL: none. */
struct role *role_at(lua_State *L, int index);

struct name_scope role_scope(const struct role *r);

/* The same by name, whatever is agreed later: Evcc.Protocol = name. Raises where there is none. */
void role_fix_protocol(lua_State *L, struct role *r, const char *name);

/* What is agreed tells the protocol, or the default, until then: Evcc.Protocol = nil. */
void role_free_protocol(lua_State *L, struct role *r);

/* What the connection has agreed becomes the role's protocol. */
void role_follow(lua_State *L, struct role *r);

/* ---- messages ---- */

/* The message that goes out, made with its defaults if need be. NULL: e. */
struct outgoing *role_outgoing(struct role *r, const struct schema *set,
                               const struct element *element, struct err *e);

/* The message received last of that name; in print mode one with defaults (or what the other role
 * of the script has sent). NULL: none, or e is set. */
const struct received *role_incoming(struct role *r, const struct schema *set,
                                     const struct element *element, struct err *e);

/* Takes over a received frame; it becomes the last one. */
void role_keep(struct role *r, struct received *received);

/* Print mode: the message that is waited for has come. */
int role_invent(struct role *r, const struct name *n, struct err *e);

/* Remembers the call name(arguments on the stack) until a protocol is agreed, which may be
 * another. */
void role_note_setting(lua_State *L, struct role *r, const char *name);

/* ---- functions of Lua: upvalue 1 is the role, upvalue 2 what the name means ---- */

/* A function of a message as it is called. */
struct bound {
    struct role *role;
    const struct name *name;
    const char *text; /* the name, without the role */
};

/* The running function's; its name is another one where the protocol has changed meanwhile.
 * Raises. */
struct bound role_bound(lua_State *L);

/* Pushes what the name at index `key` of the stack means there, if that was found before. NULL: it
 * was not, and nothing is pushed. */
const struct name *role_push_known(lua_State *L, const struct role *r, int key);

/* Pushes what `text` means in the protocol that the role speaks, upvalue 2 of these functions. It
 * is found once for all roles of a state. NULL: e, and nothing is pushed. */
const struct name *role_push_name(lua_State *L, const struct role *r, const char *text,
                                  struct err *e);

#endif
