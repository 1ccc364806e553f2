/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both passes of the decoder share: the state of one decoding, how it fails, and numbers and
 * strings of any length. In the fast pass failing only means: look again, carefully.
 * Private to src/codec.
 */
#ifndef V2G_CODEC_EXI_DECODER_H
#define V2G_CODEC_EXI_DECODER_H

#include "base/bits.h"
#include "codec/exi.h"
#include "codec/exi_names.h"

#define EXI_LIST_MIN 4    /* entries that a list has room for at first */
#define EXI_ITEMS_MIN 2   /* the same of open content */
#define EXI_FAST_DEPTH 48 /* levels that the fast pass goes down: so many ends fit one window */
#define EXI_PATH_MAX 480

/* A string that was written in full; hits refer to it by number. */
struct seen {
    struct bytes *text;
    uint32_t part;
    uint64_t bit; /* where its characters begin */
};

/* An element that waits for the end of one of its children. */
struct frame {
    struct node *node;
    const struct stage *stage; /* behind the child */
    uint64_t ends;             /* elements around it that end with it */
};

struct decoder {
    const struct schema *s;
    const struct exi_options *o;
    struct arena *arena;
    struct message *m;
    struct err *e;
    size_t input; /* bytes */
    size_t limit; /* the arena's own, while it has that of the message */
    struct arena_mark mark;
    bool careful, is_limited;
    struct bit_reader r;
    /* fast pass only */
    uint64_t last; /* byte of the input where its last 8 begin */
    struct frame stack[EXI_FAST_DEPTH];
    /* careful pass only */
    char path[EXI_PATH_MAX];
    size_t path_n;
    unsigned depth;
    size_t budget; /* bytes that the message may take */
    struct violation **violations_end;
    struct seen *seen;
    uint32_t seen_n, seen_cap;
    uint64_t work;     /* steps of string-table searches, to keep time linear */
    uint64_t repeated; /* octets that hits stand for, to keep what is written again linear */
    struct exi_names names;
    bool has_names;
};

/* ---- failing, reporting ---- */

/* What is found in the zeros behind the end of the input says nothing: then the end is what is
 * wrong. All return -1. */
int __attribute__((cold, format(printf, 3, 4)))
decoder_fail(struct decoder *d, uint64_t bit, const char *format, ...);
int __attribute__((cold)) decoder_fail_end(struct decoder *d); /* no room for what comes next */
int __attribute__((cold)) decoder_fail_memory(struct decoder *d);

/* Notes something that the schema forbids but the stream can hold. -1: not now, look again. */
int __attribute__((cold, format(printf, 3, 4)))
decoder_violate(struct decoder *d, uint64_t bit, const char *format, ...);

/* From here on the arena has the message's limit. */
void decoder_limit(struct decoder *d);

/* Into an element, for paths, and back. */
size_t decoder_enter(struct decoder *d, const char *name);
void decoder_leave(struct decoder *d, size_t mark);

/* To who watches: the bits from `from` on, up to where d stands. */
void decoder_show(struct decoder *d, uint64_t from, const char *event, uint64_t value,
                  const char *text);
/* An event code of two parts. */
void decoder_show_deviation(struct decoder *d, uint64_t from, const char *event, unsigned first,
                            unsigned second, const char *text);
void decoder_show_value(struct decoder *d, uint64_t from, const struct field *f, uint64_t raw,
                        union value v);
void decoder_show_text(struct decoder *d, uint64_t from, struct bytes *text);

/* ---- numbers, strings, lists ---- */

/* Groups of 7 bits, least significant first (EXI 1.0, 7.1.6); the same shown as `what`. */
int decoder_unsigned(struct decoder *d, uint64_t *out);
int decoder_count(struct decoder *d, const char *what, enum exi_part part, uint64_t *out);

/* A sign and such groups (EXI 1.0, 7.1.5): of 64 bits, and of any size. */
int decoder_signed(struct decoder *d, union value *v);
int decoder_big(struct decoder *d, union value *v);

/* So many characters in full; of decoder_unicode some are beyond ASCII. */
struct bytes *decoder_characters(struct decoder *d, uint64_t n);
struct bytes *decoder_unicode(struct decoder *d, uint64_t count);

/* A string value: a hit in the string table (in the partition `part`, or in all), or its length
 * plus 2 and its characters (EXI 1.0, 7.3.3). */
int decoder_string(struct decoder *d, uint32_t part, struct bytes **out, uint64_t *characters);

/* Room for one more entry; *at is NULL for a new list. NULL: none within the limits. */
struct list *decoder_grow_list(const struct decoder *d, struct list **at);
struct items *decoder_grow_items(const struct decoder *d, struct items **at);
#endif
