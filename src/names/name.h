/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the Lua API, found against the message descriptions and never listed anywhere:
 * `Set_ChargingStatusRes_EVSEMaxCurrent_Value` becomes a verb, a message and the slots that lead to
 * the value. Also the other way round: all names of a message, from which reference pages, editor
 * files and tests are made.
 *
 *     <Verb>_<Message>[_<Path>][Specified|_Count|_001]
 *
 * A path is made of element names joined by '_'; as these contain '_' themselves, the longest name
 * that fits is tried first, then shorter ones. The element of a list's entries may be left out. A
 * path that ends at an element with text content means that text; one that ends at an algorithm of
 * a signature means its Algorithm attribute. `Header_…` leads into the header of every protocol.
 */
#ifndef V2G_NAMES_NAME_H
#define V2G_NAMES_NAME_H

#include "base/err.h"
#include "schema/library.h"

#include <stdbool.h>
#include <stdint.h>

#define NAME_STEPS 16
#define NAME_TEXT 400 /* room for any name with its role */

/* ORDER VERB */
enum verb {
    VERB_SET,
    VERB_GET,
    VERB_SEND,
    VERB_RECEIVE,
    VERB_EXPECT,
    VERB_CHECK,
    VERB_CHECK_RECEIVED,
    VERB_EXIST,
    VERB_ADD,
};

/* What the path leads to. ORDER NAME_TARGET */
enum name_target {
    NAME_MESSAGE,   /* the message itself */
    NAME_LEAF,      /* a simple value */
    NAME_QUANTITY,  /* a physical value, as a number in SI units */
    NAME_NODE,      /* any other element with children, as a table */
    NAME_COUNT,     /* the number of entries of a list */
    NAME_SPECIFIED, /* whether the element is present */
};

/* Role and protocol that names belong to. */
struct name_scope {
    struct library *library;
    const struct protocol
        *protocol; /* besides, supportedAppProtocol, SDP and SLAC are always there */
    uint8_t side;  /* FROM_EVCC or FROM_SECC */
};

struct name_step {
    uint16_t slot;
    bool indexed; /* an entry of a list: takes an index */
};

struct name {
    enum verb verb;
    enum name_target target;
    bool in_header;       /* the steps begin at the header, not at the message's own node */
    bool in_signature;    /* the header's Signature, or an element of it */
    bool in_transfer;     /* what says how energy is transferred (MARK_TRANSFER), or lies in it */
    uint8_t steps, lists; /* lists: how many of the steps are indexed */
    const struct schema *set;
    const struct element *message;
    const struct field *field; /* of the last step; NULL for NAME_MESSAGE */
    struct name_step step[NAME_STEPS];
};

/* "Evcc" or "Secc". */
const char *name_role(uint8_t side);

/* "Set", "Check_Received", … */
const char *name_verb(enum verb verb);

/* Whether a role sends messages of that direction (enum direction), or receives them. */
bool name_sends(uint8_t side, uint8_t from);
bool name_receives(uint8_t side, uint8_t from);

/* The message called name in the scope, with its set; NULL: none (e untouched), or e is set. */
const struct element *name_message(const struct name_scope *s, const char *name,
                                   const struct schema **set, struct err *e);

/* -1: e says that there is no such message, and which one is the nearest. */
int name_no_message(const struct name_scope *s, const char *name, struct err *e);

/* Resolves text (without the role). -1: e says what is wrong with it, and the nearest right
 * name. */
int name_resolve(const struct name_scope *s, const char *text, struct name *out, struct err *e);

/* The name of a parameter that takes an element's value: the capitals at the start become small,
 * but the last of them where a small letter follows. EVSENotification -> evseNotification,
 * AC_EVSEStatus -> ac_EVSEStatus, EVSEID -> evseId, RCD -> rcd. */
void name_parameter(const char *name, char *out, size_t size);

/* One name, as name_each calls it. */
struct name_entry {
    const char *text;        /* "Evcc.Set_SessionStopReq_ChargingSession" */
    const char *path;        /* "SessionStopReq.ChargingSession" */
    const struct name *name; /* verb, target, field */
    const char *parameter;   /* last element name in camelCase; "" where the verb takes no value */
};
typedef void (*name_visit)(void *context, const struct name_entry *entry);

/*
 * Calls visit for all names that the role has for a message, in the order of the standard: for each
 * element first Set_, then Get_, and so on; last Send_ or first Receive_. `header`: also those of
 * the header. Physical values are named by their parts and as a whole. The contents of wildcards
 * and of repeated groups have no names. -1: no such message.
 */
int name_each(const struct name_scope *s, const char *message, bool header, name_visit visit,
              void *context, struct err *e);

#endif
