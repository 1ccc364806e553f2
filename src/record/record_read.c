/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record_read.h"

#include "base/gzip.h"
#include "base/json_text.h"
#include "codec/codec.h"
#include "record/compact.h"
#include "record/link_frame.h"
#include "record/record_folder.h"
#include "wire/ether.h"
#include "wire/v2gtp.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define LINES_MOST ((size_t)1 << 30) /* octets of an events.jsonl */
#define MESSAGE_MEMORY (64u << 20)

/* ---- events.jsonl ---- */

static const char *text_at(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text != NULL ? text : "";
}

static int64_t number_at(const json_t *line, const char *key)
{
    return json_integer_value(json_object_get(line, key));
}

/* Of two of these the difference is a number, too. */
static int64_t time_at(const json_t *line, const char *key)
{
    int64_t us = number_at(line, key);
    return us < 0 ? 0 : us > INT64_MAX / 2 ? INT64_MAX / 2 : us;
}

static bool is_at(const json_t *line, const char *key)
{
    return json_is_true(json_object_get(line, key));
}

/* Its place among the names, which end with NULL; -1: it is none of them. */
static int place_of(const char *name, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* What an event that is read refers to, whatever file it is read from. */
struct reading {
    struct library *library;
    event_sink sink;
    void *context;
    bool with_messages;
    struct buf bytes; /* of the event of a line */
    char *handshake;  /* likewise */
    struct err problem;
    struct buf unit; /* of an events.bin */
    struct compact_room room;
    struct arena arena;
    struct message message;
};

/* Reads the message that the event had, from its bytes, as the session did. */
static int decode_again(struct reading *r, const struct event *e)
{
    struct exi_options o = EXI_OPTIONS;
    struct err problem = ERR_INIT;
    arena_reset(&r->arena);
    if (e->is_link)
        return link_frame_decode(r->library, e->bytes, &r->arena, &r->message, &problem);
    return codec_decode(e->schema, e->payload_type, event_payload(e), &o, &r->arena, &r->message,
                        &problem);
}

/* Hands it on, with the message that it had. One that cannot be read again is left out. */
static void hand_on(struct reading *r, struct event *e, bool has_message)
{
    bool decodes = r->with_messages && has_message && e->schema != NULL;
    if (decodes && decode_again(r, e) == 0)
        e->message = &r->message;
    r->sink(r->context, e);
}

static void read_endpoint(const json_t *line, const char *key, struct endpoint *to)
{
    struct err ignored = ERR_INIT;
    const char *text = text_at(line, key);
    *to = (struct endpoint){.port = 0};
    if (is_at(line, "link"))
        ether_parse(text, to->mac);
    else if (*text != '\0' && endpoint_parse(text, to, &ignored) != 0)
        *to = (struct endpoint){.port = 0};
}

static void read_bytes(struct reading *r, const json_t *line, struct event *event)
{
    const char *hex = text_at(line, "bytes");
    size_t n = strlen(hex);
    buf_clear(&r->bytes);
    uint8_t *room = buf_reserve(&r->bytes, n / 2 + 1);
    int64_t got = room == NULL ? -1 : hex_read(hex, n, room, n / 2 + 1);
    event->bytes = (struct slice){room, got > 0 ? (size_t)got : 0};
    event->payload_type = (uint16_t)strtoul(text_at(line, "payload_type"), NULL, 16);
    event->name = text_at(line, "name");
    event->code = text_at(line, "code");
    event->is_failed = is_at(line, "failed");
    const char *grammar = text_at(line, "grammar");
    struct err unknown = ERR_INIT; /* a set of its own that is not given now */
    if (*grammar != '\0')
        event->schema = library_get(r->library, grammar, &unknown);
}

static void read_problem(struct reading *r, const json_t *line, struct event *event)
{
    const char *problem = text_at(line, "problem");
    r->problem = ERR_INIT;
    if (*problem == '\0')
        return;
    err_set(&r->problem, "%s", problem);
    event->problem = &r->problem;
}

static void read_handshake(struct reading *r, const json_t *line, struct event *event)
{
    const json_t *handshake = json_object_get(line, "handshake");
    free(r->handshake);
    r->handshake = handshake == NULL ? NULL : json_dumps(handshake, JSON_COMPACT);
    event->handshake = r->handshake;
}

/* -1: no event of any kind that is known; those are left out. */
static int read_event(struct reading *r, const json_t *line, struct event *event)
{
    int kind = place_of(text_at(line, "kind"), EVENT_KINDS);
    int how = place_of(text_at(line, "how"), EVENT_HOWS);
    int came = place_of(text_at(line, "came"), EVENT_CAMES);
    int role = place_of(text_at(line, "from"), EVENT_ROLES);
    int leg = place_of(text_at(line, "leg"), EVENT_LEGS);
    if (kind < 0)
        return -1;
    *event = (struct event){
        .number = (uint64_t)number_at(line, "number"),
        .session = (uint32_t)number_at(line, "session"),
        .us = time_at(line, "us"),
        .kind = (enum event_kind)kind,
        .how = how < 0 ? HOW_ERROR : (enum event_how)how,
        .came = came < 0 ? CAME_NONE : (enum came)came,
        .ok = is_at(line, "ok"),
        .is_udp = is_at(line, "udp"),
        .is_link = is_at(line, "link"),
        .is_inside = is_at(line, "tls"),
        .is_after = is_at(line, "after"),
        .is_echo = is_at(line, "echo"),
        .from_role = role < 0 ? FROM_NONE : (uint8_t)role,
        .leg = leg < 0 ? LEG_NONE : (uint8_t)leg,
        .by = text_at(line, "by"),
        .where = text_at(line, "where"),
        .connection = (uint32_t)number_at(line, "connection"),
        .text = text_at(line, "text"),
        .limit_us = time_at(line, "limit_us"),
        .taken_us = time_at(line, "taken_us"),
        .times = (uint32_t)number_at(line, "times"),
    };
    read_endpoint(line, "source", &event->from);
    read_endpoint(line, "destination", &event->to);
    read_bytes(r, line, event);
    read_problem(r, line, event);
    read_handshake(r, line, event);
    return 0;
}

/* Behind the JSON value at `at`; strings may hold anything. */
static char *skip_value(char *at, const char *end)
{
    unsigned depth = 0;
    bool is_text = false;
    for (; at < end; at++) {
        if (is_text && *at == '\\')
            at++;
        else if (*at == '"')
            is_text = !is_text;
        else if (!is_text && (*at == '{' || *at == '['))
            depth++;
        else if (!is_text && depth > 0 && (*at == '}' || *at == ']'))
            depth--;
        else if (!is_text && depth == 0 && (*at == ',' || *at == '}'))
            return at;
    }
    return at;
}

/* The bulk of a line is its message as JSON, and nobody asks for that here: takes it out before
 * it is read. The length of what is left. */
static size_t take_message_out(char *line, size_t n)
{
    static const char KEY[] = "\"message\":";
    char *end = line + n, *at = line + 1;
    while (at < end) {
        char *next = skip_value(at, end);
        if ((size_t)(end - at) > sizeof KEY && memcmp(at, KEY, sizeof KEY - 1) == 0) {
            char *rest = next < end && *next == ',' ? next + 1 : next;
            if (rest == next && at[-1] == ',')
                at--;
            memmove(at, rest, (size_t)(end - rest));
            return n - (size_t)(rest - at);
        }
        at = next + 1;
    }
    return n;
}

static int read_lines(struct reading *r, const char *path, const struct buf *text, struct err *e)
{
    char *at = (char *)text->p, *end = at + text->n, *newline;
    for (int n = 1; at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; n++) {
        json_error_t why;
        struct event event;
        json_t *line =
            json_text_read(at, take_message_out(at, (size_t)(newline - at)), JSON_ALLOW_NUL, &why);
        at = newline + 1;
        if (line == NULL)
            return err_set_line(e, path, n, "%s; expected an event (docs/events.md)", why.text);
        if (read_event(r, line, &event) == 0)
            hand_on(r, &event, event.kind == EVENT_FRAME && event.problem == NULL);
        json_decref(line);
    }
    return 0;
}

static int read_jsonl(struct reading *r, const char *folder, struct err *e)
{
    char path[RECORD_FILE_MAX];
    struct buf text = {0};
    int bad = gzip_read(record_file(path, folder, RECORD_EVENTS), LINES_MOST, &text, e);
    if (bad == 0)
        bad = read_lines(r, path, &text, e);
    buf_close(&text);
    return bad;
}

/* ---- events.bin ---- */

/* Less came than was asked for: 1: no more is there, maybe as the end of what is packed is missing.
 * -1: it cannot be read; e. */
static int end_of(gzFile from, struct err *e)
{
    int code;
    const char *why = gzerror(from, &code);
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
        return 1;
    const char *behind = strrchr(why, ':'); /* the path, which is said elsewhere */
    if (code == Z_ERRNO)
        why = strerror(errno);
    else if (behind != NULL && behind[1] == ' ')
        why = behind + 2;
    return err_set(e, "cannot be read: %s", why);
}

/* 0: the next unit is read; 1: there is none that is whole. -1: e. */
static int next_unit(struct reading *r, gzFile from, struct err *e)
{
    uint8_t head[COMPACT_LENGTH];
    if (gzread(from, head, sizeof head) != (int)sizeof head)
        return end_of(from, e);
    size_t n = compact_length(head);
    buf_clear(&r->unit);
    if (n > COMPACT_MOST)
        return err_set(e, "a unit of %zu octets, expected at most %u", n, COMPACT_MOST);
    uint8_t *room = buf_reserve(&r->unit, n + 1);
    if (room == NULL)
        return err_set(e, "out of memory");
    return gzread(from, room, (unsigned)n) == (int)n ? (r->unit.n = n, 0) : end_of(from, e);
}

static int read_units(struct reading *r, gzFile from, struct err *e)
{
    char head[COMPACT_HEAD_SIZE];
    int status;
    int n = gzread(from, head, sizeof head);
    if (n == (int)sizeof head && memcmp(head, COMPACT_HEAD, sizeof head) != 0)
        return err_set(e, "this is no events.bin, or one of another version");
    if (n != (int)sizeof head)
        return end_of(from, e) < 0 ? -1 : 0;
    z_off_t at = gztell(from);
    for (; (status = next_unit(r, from, e)) == 0; at = gztell(from)) {
        struct event event;
        struct slice unit = {r->unit.p, r->unit.n};
        if (compact_read(unit, r->library, &r->room, &event) != 0)
            return err_set(e, "at octet %lld: this is no event", (long long)at);
        hand_on(r, &event, r->room.has_message);
    }
    return status < 0 ? -1 : 0;
}

static int read_file(struct reading *r, const char *path, struct err *e)
{
    char packed[PATH_MAX];
    const char *place = gzip_place(path, packed, sizeof packed);
    gzFile from = gzopen(place, "rbe");
    int bad =
        from == NULL ? err_set(e, "cannot be opened: %s", strerror(errno)) : read_units(r, from, e);
    if (bad != 0)
        err_under(e, place);
    if (from != NULL)
        gzclose(from);
    return bad;
}

bool record_is_compact(const char *path)
{
    char packed[PATH_MAX], head[COMPACT_HEAD_SIZE];
    struct stat at;
    path = gzip_place(path, packed, sizeof packed);
    if (stat(path, &at) != 0 || !S_ISREG(at.st_mode))
        return false; /* what comes through a pipe can be read only once */
    gzFile from = gzopen(path, "rbe");
    bool is = from != NULL && gzread(from, head, sizeof head) == (int)sizeof head &&
              memcmp(head, COMPACT_HEAD, sizeof head) == 0;
    if (from != NULL)
        gzclose(from);
    return is;
}

/* ---- a record ---- */

static int read_folder(struct reading *r, const char *folder, struct err *e)
{
    char path[RECORD_FILE_MAX], packed[PATH_MAX];
    record_file(path, folder, RECORD_COMPACT);
    if (access(gzip_place(path, packed, sizeof packed), F_OK) == 0)
        return read_file(r, path, e);
    return read_jsonl(r, folder, e);
}

static int read_path(struct reading *r, const char *path, struct err *e)
{
    unsigned first, last;
    char part[RECORD_FILE_MAX];
    struct stat at;
    if (stat(path, &at) == 0 && !S_ISDIR(at.st_mode))
        return read_file(r, path, e);
    if (!record_parts(path, &first, &last))
        return read_folder(r, path, e);
    for (unsigned i = first; i <= last; i++)
        if (read_folder(r, record_part(path, i, part), e) != 0)
            return -1;
    return 0;
}

int record_read(const char *path, bool with_messages, struct library *l, event_sink sink,
                void *context, struct err *e)
{
    struct reading r = {
        .library = l, .sink = sink, .context = context, .with_messages = with_messages};
    arena_open(&r.arena, NULL, 0, MESSAGE_MEMORY);
    int bad = read_path(&r, path, e);
    arena_close(&r.arena);
    compact_room_close(&r.room);
    buf_close(&r.unit);
    buf_close(&r.bytes);
    free(r.handshake);
    return bad;
}
