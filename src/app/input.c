/* SPDX-License-Identifier: Apache-2.0 */
#include "app/input.h"

#include "app/commands.h"
#include "app/report.h"
#include "base/gzip.h"
#include "base/pcap.h"
#include "base/utf8.h"
#include "wire/ether.h"
#include "wire/v2gtp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (256u << 10)
#define SHOWN_MAX 120 /* bytes of bad input that an error repeats */

static const char STDIN_NAME[] = "standard input";

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* ---- files ---- */

static int open_path(const char *path, struct err *e)
{
    if (is_stdin(path))
        return STDIN_FILENO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : err_set(e, "cannot be opened: %s", strerror(errno));
}

static void close_path(int fd)
{
    if (fd > STDIN_FILENO)
        close(fd);
}

/* Appends what one read gives; 0 at the end. */
static ssize_t read_block(int fd, struct buf *out, struct err *e)
{
    uint8_t *room = buf_reserve(out, BLOCK);
    if (room == NULL)
        return err_set(e, "out of memory");
    ssize_t n;
    do
        n = read(fd, room, BLOCK);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_set(e, "cannot be read: %s", strerror(errno));
    out->n += (size_t)n;
    return n;
}

static bool is_capture(const struct buf *b)
{
    return pcap_is((struct slice){b->p, b->n});
}

/* How a text is encoded: by the mark that it begins with, or, of UTF-16 without one, by the zeros
 * between its first characters. */
struct text_encoding {
    size_t mark; /* bytes */
    bool is_utf16;
    unsigned low; /* UTF-16: which byte of a pair is the lower one */
};

static bool is_ascii_text(uint8_t c)
{
    return (c >= ' ' && c < 0x7F) || c == '\t' || c == '\n' || c == '\r';
}

static struct text_encoding find_encoding(const struct buf *b)
{
    const uint8_t *p = b->p;
    if (b->n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        return (struct text_encoding){.mark = 3};
    for (unsigned low = 0; low < 2 && b->n >= 4; low++) {
        if (p[low] == 0xFF && p[!low] == 0xFE)
            return (struct text_encoding){.mark = 2, .is_utf16 = true, .low = low};
        if (is_ascii_text(p[low]) && is_ascii_text(p[2 + low]) && p[!low] == 0 && p[2 + !low] == 0)
            return (struct text_encoding){.is_utf16 = true, .low = low};
    }
    return (struct text_encoding){.mark = 0};
}

/* What XML says of its encoding is not so any more. */
static void blank_declaration(struct buf *b)
{
    static const char KEY[] = "encoding";
    const uint8_t *end = b->n > 5 && memcmp(b->p, "<?xml", 5) == 0 ? memchr(b->p, '>', b->n) : NULL;
    uint8_t *at = end == NULL ? NULL : memmem(b->p, (size_t)(end - b->p), KEY, sizeof KEY - 1);
    for (unsigned quotes = 0; at != NULL && at < end && quotes < 2; at++) {
        quotes += *at == '"' || *at == '\'';
        *at = ' ';
    }
}

/* The 16 bits at that byte; 0 behind the end. */
static uint32_t utf16_at(const struct buf *b, size_t at, unsigned low)
{
    return at + 1 < b->n ? (uint32_t)b->p[at + !low] << 8 | b->p[at + low] : 0;
}

/* Text becomes UTF-8, without a mark. */
static int make_utf8(struct buf *b)
{
    struct text_encoding from = find_encoding(b);
    if (!from.is_utf16) {
        if (from.mark > 0)
            memmove(b->p, b->p + from.mark, b->n -= from.mark);
        return 0;
    }
    struct buf out = {0};
    for (size_t i = from.mark; i + 1 < b->n; i += 2) {
        uint32_t c = utf16_at(b, i, from.low), next = utf16_at(b, i + 2, from.low);
        bool is_half = c >= 0xD800 && c < 0xE000;
        uint8_t *to = buf_reserve(&out, 4);
        if (to == NULL)
            break;
        if (is_half && c < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
            c = 0x10000 + ((c & 0x3FF) << 10 | (next & 0x3FF));
            is_half = false;
            i += 2;
        }
        out.n += utf8_put(to, is_half ? 0xFFFD : c);
    }
    bool failed = out.failed;
    buf_close(b);
    *b = out;
    if (!failed)
        blank_declaration(b);
    return failed ? -1 : 0;
}

#define UNPACKED_LIMIT (1u << 30) /* bytes of a file that came packed */

/* What is packed in it takes its place, also where that is but the beginning. */
static int unpack(struct input *in, struct err *e)
{
    struct buf unpacked = {0};
    int bad = gzip_unpack((struct slice){in->bytes.p, in->bytes.n}, UNPACKED_LIMIT, &unpacked, e);
    buf_close(&in->bytes);
    in->bytes = unpacked;
    in->is_capture = is_capture(&in->bytes);
    in->is_cut = bad != 0 && in->bytes.n > 0 && !in->bytes.failed;
    if (bad != 0)
        return -1;
    if (in->bytes.n > INPUT_LIMIT && !in->is_capture)
        return err_set(e, "larger than %u MiB, the most that is read", INPUT_LIMIT >> 20);
    return 0;
}

/* Reads all of it, or the beginning of a capture. */
static int read_all(struct input *in, const char *path, struct err *e)
{
    in->name = is_stdin(path) ? STDIN_NAME : path;
    int fd = open_path(path, e);
    if (fd < 0)
        return -1;
    ssize_t n;
    size_t most = INPUT_LIMIT;
    do {
        n = read_block(fd, &in->bytes, e);
        in->is_capture = is_capture(&in->bytes);
        if (gzip_is((struct slice){in->bytes.p, in->bytes.n}))
            most = UNPACKED_LIMIT;
    } while (n > 0 && !in->is_capture && in->bytes.n <= most);
    if (n > 0 && in->is_capture)
        in->fd = fd;
    else
        close_path(fd);
    if (n > 0 && !in->is_capture)
        return err_set(e, "larger than %zu MiB, the most that is read", most >> 20);
    if (n >= 0 && gzip_is((struct slice){in->bytes.p, in->bytes.n}) && unpack(in, e) != 0)
        n = -1;
    if ((n >= 0 || in->is_cut) && !in->is_capture && in->bytes.n > 0 && make_utf8(&in->bytes) != 0)
        return err_set(e, "out of memory");
    return n < 0 ? -1 : 0;
}

void input_close(struct input *in)
{
    buf_close(&in->bytes);
    close_path(in->fd);
}

/* ---- hex ---- */

static size_t skip_blanks(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n'))
        i++;
    return i;
}

/* Value of a hex digit; 16: none. */
static uint8_t digit_value(char c)
{
    static const uint8_t VALUE[256] = {
        ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21,
        ['6'] = 22, ['7'] = 23, ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27,
        ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['A'] = 26, ['B'] = 27,
        ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31}; /* 16 more, so that absent is 0 */
    return VALUE[(uint8_t)c] ^ 16;
}

static int no_hex(const char *text, size_t n, struct err *e)
{
    int line = 1;
    for (size_t i = 0; i < n; i++) {
        line += text[i] == '\n';
        bool is_fine = digit_value(text[i]) < 16 || text[i] == ':' || skip_blanks(text + i, 1) > 0;
        if (is_fine)
            continue;
        if (text[i] < ' ' || text[i] > '~')
            err_set(e,
                    "byte 0x%02X among hex digits; expected EXI (begins with 80), V2GTP (begins "
                    "with 01 FE), or hex digits",
                    (unsigned)(uint8_t)text[i]);
        else
            err_set(e, "'%c' among hex digits; expected 0-9 and a-f only", text[i]);
        e->line = line > 1 ? line : ERR_NO_PLACE;
        return -1;
    }
    return err_set(e, "an odd number of hex digits; expected two for each byte");
}

int input_hex(const char *text, size_t n, struct buf *out, struct err *e)
{
    size_t blanks = skip_blanks(text, n);
    text += blanks;
    n -= blanks;
    if (n >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
        n -= 2;
    }
    uint8_t *to = buf_reserve(out, n / 2 + 1);
    if (to == NULL)
        return err_set(e, "out of memory");
    size_t i = 0, used = 0;
    for (; i + 1 < n; i += 2) { /* digits without anything between, as they mostly come */
        unsigned high = digit_value(text[i]), low = digit_value(text[i + 1]);
        if ((high | low) >= 16)
            break;
        to[used++] = (uint8_t)(high << 4 | low);
    }
    int64_t rest = hex_read(text + i, n - i, to + used, n / 2 + 1 - used);
    if (rest < 0)
        return no_hex(text, n, e);
    out->n += used + (size_t)rest;
    return out->n > 0 ? 0 : err_set(e, "no bytes at all; expected hex digits");
}

/* ---- whole inputs ---- */

static bool looks_like_hex(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (digit_value(*c) >= 16 && strchr(" :\t\r\nxX", *c) == NULL)
            return false;
    return text[0] != '\0';
}

bool input_is_raw(const struct input *in)
{
    static const uint8_t EXI_COOKIE[] = {'$', 'E', 'X', 'I'};
    const struct buf *b = &in->bytes;
    bool is_raw = b->n > 0 && (b->p[0] >= 0x80 || b->p[0] == V2GTP_VERSION);
    return is_raw || (b->n >= 4 && memcmp(b->p, EXI_COOKIE, 4) == 0);
}

int input_bytes(const struct input *in, struct buf *hex, struct slice *bytes, struct err *e)
{
    const struct buf *b = &in->bytes;
    *bytes = (struct slice){b->p, b->n};
    if (input_is_raw(in))
        return 0;
    const char *text = (const char *)b->p;
    size_t blanks = skip_blanks(text, b->n);
    if (blanks == b->n)
        return err_set(e, "it is empty; expected a message");
    if (text[blanks] == '<' || text[blanks] == '{')
        return err_set(e, "this is %s; expected EXI, V2GTP or hex digits; v2glab encode reads it",
                       text[blanks] == '<' ? "XML" : "JSON");
    if (input_hex(text, b->n, hex, e) != 0)
        return -1;
    *bytes = (struct slice){hex->p, hex->n};
    return 0;
}

/* The file, or what it became when it was packed. */
static bool is_there(const char *path)
{
    char packed[PATH_MAX];
    return access(gzip_place(path, packed, sizeof packed), F_OK) == 0;
}

int input_read_file(struct input *in, const char *path, struct err *e)
{
    char packed[PATH_MAX]; /* a record of `test`, whose case has passed */
    *in = (struct input){.name = path, .fd = -1};
    if (is_stdin(path))
        return read_all(in, path, e);
    int bad = read_all(in, gzip_place(path, packed, sizeof packed), e);
    if (bad == 0)
        in->name = path;
    return bad;
}

int input_read_any(struct input *in, int n, char *const *argument, int *status, struct err *e)
{
    *in = (struct input){.name = "", .fd = -1};
    *status = EXIT_FAIL;
    bool is_hex = n > 0;
    for (int i = 0; i < n; i++)
        is_hex = is_hex && looks_like_hex(argument[i]);
    for (int i = 0; i < n && is_hex; i++)
        buf_text(&in->bytes, argument[i]);
    if (is_hex)
        return in->bytes.failed ? err_set(e, "out of memory") : 0;
    *status = EXIT_SETUP;
    if (n != 1)
        return err_set(e,
                       "%d arguments that are not all hex digits; expected hex digits, or one "
                       "file",
                       n);
    if (!is_stdin(argument[0]) && !is_there(argument[0]))
        return err_set(e, "'%.*s' is neither hex digits nor a file: %s", SHOWN_MAX, argument[0],
                       strerror(errno));
    if (input_read_file(in, argument[0], e) != 0)
        return -1;
    *status = EXIT_FAIL;
    return 0;
}

int input_read_bytes(struct input *in, int n, char *const *argument, int *status, struct err *e)
{
    struct buf hex = {0};
    struct slice bytes;
    if (input_read_any(in, n, argument, status, e) != 0)
        return -1;
    if (in->is_capture)
        return 0;
    int bad = input_bytes(in, &hex, &bytes, e);
    if (bad != 0 || !input_is_raw(in)) {
        buf_close(&in->bytes);
        in->bytes = hex;
    }
    return bad;
}

int input_read_text(struct input *in, const char *argument, int *status, struct err *e)
{
    *in = (struct input){.name = "", .fd = -1};
    size_t blanks = skip_blanks(argument, strlen(argument));
    if (argument[blanks] == '<' || argument[blanks] == '{') {
        buf_text(&in->bytes, argument);
        return 0;
    }
    *status = EXIT_SETUP;
    if (!is_stdin(argument) && access(argument, F_OK) != 0)
        return err_set(e,
                       "'%.*s' is neither XML (begins with <), JSON (begins with {), nor a "
                       "file: %s",
                       SHOWN_MAX, argument, strerror(errno));
    return read_all(in, argument, e);
}

/* ---- lines ---- */

struct lines {
    const char *name;
    int fd;
    struct buf buf;
    size_t at;       /* what is not used up begins here */
    uint64_t number; /* of the line just read, from 1 */
    bool ended;
    struct buf *out;
};

static void write_out(struct buf *out)
{
    if (out->n > 0)
        fwrite(out->p, 1, out->n, stdout);
    buf_clear(out);
}

/* Moves what is left to the front and reads more behind it. */
static int read_more(struct lines *l, struct err *e)
{
    size_t left = l->buf.n - l->at;
    if (left > INPUT_LIMIT)
        return err_set(e, "line %llu is longer than %u MiB, the most that is read",
                       (unsigned long long)l->number + 1, INPUT_LIMIT >> 20);
    if (left > 0)
        memmove(l->buf.p, l->buf.p + l->at, left);
    l->at = 0;
    l->buf.n = left;
    write_out(l->out);
    fflush(stdout);
    ssize_t n = read_block(l->fd, &l->buf, e);
    l->ended = n == 0;
    return n < 0 ? -1 : 0;
}

/* The next line without its end, valid until the next call. 1, 0 at the end, -1: e. */
static int next_line(struct lines *l, struct slice *line, struct err *e)
{
    const uint8_t *end = NULL;
    size_t searched = 0;
    for (;;) {
        size_t left = l->buf.n - l->at;
        if (left > searched)
            end = memchr(l->buf.p + l->at + searched, '\n', left - searched);
        searched = left;
        if (end != NULL || l->ended)
            break;
        if (read_more(l, e) != 0)
            return -1;
    }
    if (end == NULL && l->at == l->buf.n)
        return 0;
    const uint8_t *start = l->buf.p + l->at;
    size_t n = end != NULL ? (size_t)(end - start) : l->buf.n - l->at;
    l->at += n + (end != NULL);
    l->number++;
    if (l->number == 1 && n >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) {
        start += 3; /* the mark of UTF-8 */
        n -= 3;
    }
    if (n > 0 && start[n - 1] == '\r')
        n--;
    *line = (struct slice){start, n};
    return 1;
}

static int convert(struct lines *l, line_work work, void *context, struct err *e)
{
    struct slice line;
    int more, status = EXIT_PASS;
    while ((more = next_line(l, &line, e)) > 0) {
        if (work(context, line, l->number) != 0)
            status = EXIT_FAIL;
        buf_char(l->out, '\n');
        if (l->out->failed) {
            err_set(e, "line %llu: out of memory", (unsigned long long)l->number);
            return EXIT_SETUP;
        }
        if (l->out->n >= BLOCK)
            write_out(l->out);
    }
    write_out(l->out);
    return more < 0 ? EXIT_SETUP : status;
}

int lines_convert(const char *path, line_work work, void *context, struct buf *out)
{
    struct lines l = {.name = is_stdin(path) ? STDIN_NAME : path, .out = out};
    struct err e = ERR_INIT;
    l.fd = open_path(path, &e);
    int status = l.fd < 0 ? EXIT_SETUP : convert(&l, work, context, &e);
    if (e.set)
        report_err(l.name, &e);
    close_path(l.fd);
    buf_close(&l.buf);
    return status;
}

/* ---- V2GTP ---- */

int payload_find(struct slice bytes, bool may_be_octets, struct payload *p, struct err *e)
{
    *p = (struct payload){.bytes = bytes};
    if (ether_is_homeplug(bytes)) {
        p->bytes = (struct slice){bytes.p + ETHER_HEADER, bytes.n - ETHER_HEADER};
        p->ethertype = ETHER_HOMEPLUG;
        p->type = ether_mmtype(p->bytes);
        return 0;
    }
    if (bytes.n == 0 || bytes.p[0] != V2GTP_VERSION)
        return 0;
    if (may_be_octets && (bytes.n < V2GTP_HEADER || bytes.p[1] != V2GTP_INVERSE))
        return 0;
    if (bytes.n < V2GTP_HEADER)
        return err_set(e, "%zu bytes that begin like a V2GTP frame; expected a header of %d bytes",
                       bytes.n, V2GTP_HEADER);
    struct v2gtp_header h = v2gtp_read(bytes.p);
    if (h.inverse != V2GTP_INVERSE)
        return err_set(e,
                       "V2GTP header with version 0x%02X and inverse 0x%02X; expected 0x%02X "
                       "and 0x%02X",
                       h.version, h.inverse, V2GTP_VERSION, V2GTP_INVERSE);
    size_t there = bytes.n - V2GTP_HEADER;
    if (h.length > there)
        return err_set(e, "the V2GTP header says %lu bytes of payload; %zu are here",
                       (unsigned long)h.length, there);
    p->is_framed = true;
    p->type = h.type;
    p->bytes = (struct slice){bytes.p + V2GTP_HEADER, h.length};
    p->behind = there - h.length;
    return 0;
}
