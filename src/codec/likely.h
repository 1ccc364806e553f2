/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How likely it is that bytes are a message of a set, from what came of reading them with it. Bytes
 * do not say which set they are in, and nearly any bytes are something in most of them: so the
 * readings are put in an order. A message comes before other elements; one whose header can be read
 * before one whose header cannot; then what is right to its end and uses the whole input, what is
 * right as far as the input goes, and all others, by how far they are right. Only where that is the
 * same, few things that are wrong come before many, and few bytes left over before many; and a set
 * that extends another one comes behind it where nothing of its own is in the message.
 */
#ifndef V2G_CODEC_LIKELY_H
#define V2G_CODEC_LIKELY_H

#include "codec/exi.h"
#include "codec/message.h"
#include "schema/library.h"

/* How much of the input was right. ORDER LIKELY */
enum likely_state {
    LIKELY_RIGHT, /* all of it */
    LIKELY_CUT,   /* all of it, but more is expected */
    LIKELY_WRONG, /* something is wrong, or left over */
};

/* Of one reading. */
struct likely {
    const char *name; /* of the message; "" where the reading did not get there, or it is none */
    bool is_message;  /* the root is that of a message */
    bool has_header;  /* and nothing is wrong with its header, as far as the input goes; of
                         supportedAppProtocol none is wanted */
    enum likely_state state;
    uint64_t right; /* bits before the first thing that is wrong */
    unsigned wrong; /* how many things are */
    size_t left;    /* bytes of the input that were not used */
    bool is_plain;  /* it is a message of a set that this one extends, with nothing of its own */
};

/* What came of decoding `size` bytes with s (codec_decode): m, or e where is_read is false; then
 * only m->violations is looked at. */
struct likely likely_of(const struct schema *s, bool is_read, const struct message *m,
                        const struct err *e, size_t size);

/* Whether it can be taken for the message that it says it is, whatever else was expected. */
bool likely_is_certain(const struct likely *l);

/* The message that a payload certainly is of another protocol than the one that is spoken: its
 * name, and which protocol; NULL: it is none. The arena is left as it was. */
const char *likely_elsewhere(struct library *l, const struct protocol *spoken, uint16_t type,
                             struct slice payload, const struct exi_limits *limits, struct arena *a,
                             const struct protocol **other);

/* Below 0: a is likelier than b; 0: they are as likely as each other. */
int likely_compare(const struct likely *a, const struct likely *b);

#endif
