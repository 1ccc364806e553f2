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
    bool is_capture; /* a pcap or pcapng file: bytes holds its beginning only, */
    int fd;      /* and the rest comes from here; -1: bytes holds all of it. 0: standard input */
    bool is_cut; /* it was packed, and is cut or damaged: what could be read of it */
};

void input_close(struct input *in);

/* Bytes: the arguments are hex digits (one argument or several), or one is a file or "-", holding
 * the bytes themselves or hex digits. -1: e says what is wrong; *status is the exit code then. */
int input_read_bytes(struct input *in, int n, char *const *argument, int *status, struct err *e);

/* The same without looking at what it holds: digits stay text. */
int input_read_any(struct input *in, int n, char *const *argument, int *status, struct err *e);

/* The file at path, or "-". -1: e. */
int input_read_file(struct input *in, const char *path, struct err *e);

/* Whether it is the bytes of a message or of frames, and no text. */
bool input_is_raw(const struct input *in);

/* The bytes that such an input is, or that it has as hex digits, which are then appended to hex. */
int input_bytes(const struct input *in, struct buf *hex, struct slice *bytes, struct err *e);

/* Text: an argument that begins with < or { is it, else it is a file or "-". Likewise. */
int input_read_text(struct input *in, const char *argument, int *status, struct err *e);

/* Hex digits (blanks, colons and one 0x in front are skipped), appended to out. -1: e says where
 * there are none. */
int input_hex(const char *text, size_t n, struct buf *out, struct err *e);

/* ---- lines ---- */

/* Appends what a line becomes to the output. 0, or -1: it failed, and what was appended says so. */
typedef int (*line_work)(void *context, struct slice line, uint64_t number);

/* Does the work for each line of the file (or "-"), counted from 1, and writes to stdout what it
 * appended to out, and a newline. Whoever feeds us may wait for the answers: before a line has to
 * be waited for, all of them are out. Returns the exit code. */
int lines_convert(const char *path, line_work work, void *context, struct buf *out);

/* ---- what stands before a message ---- */

struct payload {
    struct slice bytes; /* of the message */
    bool is_framed;     /* there was a V2GTP header */
    uint16_t ethertype; /* of the Ethernet header that there was; 0: none */
    uint16_t type;      /* payload type in the V2GTP header, or MMTYPE behind that of Ethernet */
    size_t behind;      /* bytes behind the frame */
};

/* Takes a V2GTP header away where there is one (01 FE, which no EXI begins with; octets may begin
 * with 01), or the Ethernet header of a HomePlug frame. */
int payload_find(struct slice bytes, bool may_be_octets, struct payload *p, struct err *e);

#endif
