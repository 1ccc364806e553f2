/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command is given to work on: an argument, a file, or standard input, as a whole or line by
 * line; and the V2GTP header that may stand before a message.
 */
#ifndef V2G_APP_INPUT_H
#define V2G_APP_INPUT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define INPUT_LIMIT (64u << 20) /* most bytes of a file or of a line */

struct input {
    const char *name; /* for messages: the file's, "standard input"; "" of an argument */
    struct buf bytes;
    bool is_capture;  /* a pcap or pcapng file: bytes holds its beginning only */
};

void input_close(struct input *in);

/* Bytes: the arguments are hex digits (one argument or several), or one is a file or "-", holding
 * the bytes themselves or hex digits. -1: e says what is wrong; *status is the exit code then. */
int input_read_bytes(struct input *in, int n, char *const *argument, int *status, struct err *e);

/* Text: an argument that begins with < or { is it, else it is a file or "-". Likewise. */
int input_read_text(struct input *in, const char *argument, int *status, struct err *e);

/* Hex digits (blanks, colons and one 0x in front are skipped), appended to out. -1: e says where
 * there are none. */
int input_hex(const char *text, size_t n, struct buf *out, struct err *e);

/* ---- lines ---- */

struct lines {
    const char *name;
    int fd;
    struct buf buf;
    size_t at;       /* what is not used up begins here */
    uint64_t number; /* of the line just read, from 1 */
    bool ended;
};

int lines_open(struct lines *l, const char *path, struct err *e);
void lines_close(struct lines *l);

/* Whether the next line has to be waited for. */
bool lines_must_wait(const struct lines *l);

/* The next line without its end, valid until the next call. 1, 0 at the end, -1: e. */
int lines_next(struct lines *l, struct slice *line, struct err *e);

/* ---- V2GTP ---- */

struct payload {
    struct slice exi;
    bool is_framed;     /* there was a header */
    uint16_t type;      /* in it */
    size_t behind;      /* bytes behind the frame */
};

/* Takes a V2GTP header away where there is one (01 FE, which no EXI begins with). */
int payload_find(struct slice bytes, struct payload *p, struct err *e);

#endif
