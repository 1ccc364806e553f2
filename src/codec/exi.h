/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXI 1.0 (W3C, second edition), schema-informed, bit-packed, default options: the encoding of all
 * V2G messages. One table interpreter for every schema; documents and fragments.
 *
 * The encoder writes string-table misses only, and empty content as characters of length 0. The
 * decoder also reads hits, and the end of an element in place of empty content.
 */
#ifndef V2G_CODEC_EXI_H
#define V2G_CODEC_EXI_H

#include "codec/message.h"

/* What a decoder may spend on an input. */
struct exi_limits {
    size_t size;   /* bytes of input */
    size_t memory; /* bytes of memory for the message; 0: 4 KiB and 60 times the input, in a layout
                      of octets 512 times */
    unsigned depth;
    uint32_t list; /* entries of one list */
};
#define EXI_LIMITS ((struct exi_limits){1024 * 1024, 0, 48, 65536})

/* What a bit field holds. */
enum exi_part {
    EXI_EVENT,  /* an event code, or what else gives a document its form */
    EXI_STRING, /* the length of a string: 2 more than its characters; 0 and 1: one seen before */
    EXI_OCTETS, /* the number of octets that follow */
    EXI_NUMBER,
    EXI_SIGNED,  /* a number with a sign: value is its two's complement */
    EXI_HIT,     /* the number of a string that was seen before; text: that string */
    EXI_CONTENT, /* characters or octets: text only, no number */
};

/* One bit field of a stream, as `explain` shows it. */
struct exi_field {
    enum exi_part part;
    uint64_t bit;      /* offset */
    unsigned bits;     /* width (of long content: all of it) */
    const char *event; /* "SE", "CH", "EE", "AT", "length", "value", "header", … */
    const char *path;  /* element path */
    uint64_t value;    /* as read; 0 of content; of an event code its first part */
    int second;        /* of an event code of two parts (EXI 1.0, 6.2): the other; else -1 */
    uint64_t seen;     /* of EXI_HIT: the bit where the characters of that string begin */
    const char *text;  /* meaning: element name, value as text, … */
};
typedef void (*exi_trace)(void *context, const struct exi_field *f);

struct exi_options {
    struct exi_limits limits;
    bool fragment;
    exi_trace trace; /* NULL: none */
    void *context;
};
#define EXI_OPTIONS ((struct exi_options){.limits = EXI_LIMITS})

/* Decodes n bytes at p into m, which refers to p only for m->trailing. -1: e has bit offset and
 * element path. Values out of limits are kept and listed in m->violations. */
int exi_decode(const struct schema *s, const void *p, size_t n, const struct exi_options *o,
               struct arena *a, struct message *m, struct err *e);

#define EXI_NO_ROOM (-2)

/* Encodes m (a document, or a fragment as m->is_fragment says) into at most cap bytes at p and
 * returns their number; -1 where a value cannot be written (e has the path), EXI_NO_ROOM where cap
 * is too small. 8 bytes behind the result may be overwritten within cap. */
int64_t exi_encode(const struct message *m, void *p, size_t cap, struct err *e);

/* The same, appended to a buffer that grows. */
int exi_encode_buf(const struct message *m, struct buf *out, struct err *e);

#endif
