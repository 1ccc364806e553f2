/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fault made on purpose, as text says it: "CurrentDemandRes#3: drop".
 *
 *   [evcc|secc] [out|in] MESSAGE[#OCCURRENCE]: FAULT [VALUE] [KEY=VALUE …]
 *
 * evcc, secc: at the way of that role only; out, in: of what goes out of it or comes in only. A
 * message's name may have `*` for any characters. OCCURRENCE: 3, 3+ (from the third on), 3-5; all
 * without it. Messages are counted from when the fault was set. Values with blanks are "quoted".
 *
 *   drop                       it does not go on
 *   delay MS | FROM-TO         later; what comes after it waits, unless `overtake`
 *   duplicate [N]              N more of it (1)
 *   reorder [N]                after the next N of its direction (1)
 *   truncate [N]               its payload has N bytes; negative: so many less (-1)
 *   append HEX                 bytes behind the document, within the payload
 *   flip [BIT,…]               bits of the payload, from 0; none named: one by chance
 *   set FIELD=VALUE …          other values: EVSEPresentVoltage=400, Header.SessionID=00,
 *                              SAScheduleList.SAScheduleTuple[1].SAScheduleTupleID=7; numbers also
 *                              as +5% or -5%
 *   without FIELD              the element is absent
 *   code CODE                  another ResponseCode
 *   session [HEX]              another SessionID (every bit of it inverted)
 *   message NAME               another message, with its defaults
 *   raw HEX                    those bytes in its place
 *   header [version=] [inverse=] [type=] [length=]   of V2GTP; length also as +1 or -1
 *   split [N] [pause=MS]       in pieces of N bytes (1)
 *   glue [MS]                  in one piece with what comes next, within MS (1000)
 *   half-close, close, reset   FIN (and goes on reading), FIN, RST in its place; `after`: behind it
 *   silence                    it, and all that comes after it in its direction, does not go on
 *                              until there is another connection
 *   alert NAME|NUMBER [level=] a TLS alert in its place, and the end of the connection; `after`:
 *                              behind it. MESSAGE may be one of the handshake, too: "ClientHello"
 */
#ifndef V2G_SESSION_FAULT_H
#define V2G_SESSION_FAULT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct library;

/* ORDER FAULT */
enum fault_what {
    FAULT_DROP,
    FAULT_DELAY,
    FAULT_DUPLICATE,
    FAULT_REORDER,
    FAULT_TRUNCATE,
    FAULT_APPEND,
    FAULT_FLIP,
    FAULT_SET,
    FAULT_WITHOUT,
    FAULT_CODE,
    FAULT_SESSION,
    FAULT_MESSAGE,
    FAULT_RAW,
    FAULT_HEADER,
    FAULT_SPLIT,
    FAULT_GLUE,
    FAULT_HALF_CLOSE,
    FAULT_CLOSE,
    FAULT_RESET,
    FAULT_SILENCE,
    FAULT_ALERT,
    FAULT_FUNCTION, /* of whoever sets it */
};

#define FAULT_ARGUMENTS 16

/* Which frames are meant. */
struct fault_frames {
    const char *name;     /* of the message; may have '*' */
    uint32_t first, last; /* occurrences, from 1; last UINT32_MAX: all from there on */
    uint8_t role;         /* FROM_EVCC, FROM_SECC; FROM_NONE: of either's way */
    bool out, in;         /* direction; both or one */
};

/* Everything lies in one piece of memory: free() ends it. */
struct fault {
    struct fault_frames frames;
    enum fault_what what;
    const char *text;     /* all of it, as it was said */
    const char *value;    /* NULL: none */
    int64_t number, most; /* of value, where it is a number, a range or an alert */
    bool has_flag;        /* `overtake`, `after` */
    unsigned arguments;   /* KEY=VALUE */
    struct {
        const char *key, *value;
    } argument[FAULT_ARGUMENTS];
};

/* NULL: e says what is wrong with the text. */
struct fault *fault_parse(const char *text, struct err *e);

/* The same of frames that are known; what: the text behind the colon. */
struct fault *fault_new(const struct fault_frames *frames, const char *what, struct err *e);

/* "3", "3+", "3-5" into f. */
int fault_occurrence(const char *text, struct fault_frames *f, struct err *e);

/* -1: no protocol has such a message, or none has those elements in it; e has the nearest. */
int fault_check(const struct fault *f, struct library *l, struct err *e);

/* Whether the name is meant. */
bool fault_matches(const char *pattern, const char *name);

/* The number at KEY=; `otherwise` where there is none. */
int64_t fault_number(const struct fault *f, const char *key, int64_t otherwise);

#endif
