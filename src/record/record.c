/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record.h"

#include "record/compact.h"
#include "record/jsonl.h"
#include "record/outlet.h"
#include "record/pcapng.h"
#include "record/record_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAITING_MOST 262144u /* octets, until they are written */

/* ORDER RECORD_LINES */
const char *const RECORD_LINES[LINES_NEVER + 2] = {"end", "live", "never", NULL};

struct record {
    struct record_options options;
    char path[RECORD_PATH_MAX];
    char place[RECORD_FILE_MAX]; /* of its files: path, or the newest part */
    struct outlet compact;
    struct pcapng *packets;
    struct jsonl lines;
    unsigned part, oldest; /* 0: it has none */
    uint64_t written;      /* octets in this part */
    int64_t whole_us;      /* the events before then are written; 0: nothing waits */
    struct err unturned;   /* set: the next part cannot be begun */
    char problem[640];     /* "": none */
    bool has_traffic;      /* a connection, or something on the wire */
};

/* ---- files ---- */

/* Locked as long as it is written. */
static int open_compact(struct record *r, struct err *e)
{
    char name[RECORD_FILE_MAX];
    record_file(name, r->place, RECORD_COMPACT);
    if (outlet_create_new(&r->compact, name, e) != 0)
        return -1;
    flock(r->compact.fd, LOCK_EX | LOCK_NB);
    buf_add(&r->compact.out, COMPACT_HEAD, COMPACT_HEAD_SIZE);
    outlet_unit(&r->compact);
    if (outlet_write(&r->compact, e) == 0)
        return 0;
    err_under(e, name);
    close(r->compact.fd);
    outlet_close(&r->compact);
    return -1;
}

static void close_compact(struct record *r, struct err *e)
{
    if (r->compact.fd < 0)
        return;
    outlet_write(&r->compact, e);
    if (close(r->compact.fd) != 0)
        err_set(e, "%s", strerror(errno));
    outlet_close(&r->compact);
    r->compact.fd = -1;
}

static int open_lines(struct record *r, struct err *e)
{
    char name[RECORD_FILE_MAX];
    if (r->options.lines != LINES_LIVE)
        return 0;
    return outlet_create(&r->lines.outlet, record_file(name, r->place, RECORD_EVENTS), e);
}

static int make_part(struct record *r, struct err *e)
{
    record_part(r->path, ++r->part, r->place);
    if (mkdir(r->place, 0777) == 0)
        return 0;
    return err_set(e, "folder %s: %s", r->place, strerror(errno));
}

static int open_files(struct record *r, struct err *e)
{
    char name[RECORD_FILE_MAX];
    if (record_is_free(r->path, NULL, e) != 0)
        return -1;
    snprintf(r->place, sizeof r->place, "%s", r->path);
    if (r->options.limit != 0 && make_part(r, e) != 0)
        return -1;
    r->oldest = r->part;
    if (open_compact(r, e) != 0)
        return -1;
    if (open_lines(r, e) == 0 &&
        (r->packets = pcapng_open(record_file(name, r->place, RECORD_PACKETS), e)) != NULL)
        return 0;
    close(r->compact.fd);
    outlet_close(&r->compact);
    record_remove(r->path);
    return -1;
}

/* ---- what is missing ---- */

/* The first that cannot be written is told, and since when. */
static int fails(struct record *r, const char *file, const struct err *e)
{
    char clock[32];
    time_t second = (time_t)(r->whole_us / 1000000);
    struct tm tm;
    if (r->problem[0] != '\0')
        return -1;
    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&second, &tm));
    snprintf(r->problem, sizeof r->problem, "record: incomplete since %s.%03d (%s: %s)", clock,
             (int)(r->whole_us / 1000 % 1000), file, e->what);
    return -1;
}

const char *record_problem(const struct record *r)
{
    return r == NULL || r->problem[0] == '\0' ? NULL : r->problem;
}

const char *record_path(const struct record *r)
{
    return r->path;
}

/* ---- parts ---- */

/* The next part begins, and the oldest goes, if there are enough. */
static int turn_page(struct record *r, struct err *e)
{
    char name[RECORD_FILE_MAX];
    close_compact(r, e);
    if (e->set || make_part(r, e) != 0 || open_compact(r, e) != 0 ||
        pcapng_turn(r->packets, record_file(name, r->place, RECORD_PACKETS), e) != 0)
        return -1;
    r->written = 0;
    if (r->part - r->oldest >= RECORD_PARTS)
        record_remove(record_part(r->path, r->oldest++, name));
    return 0;
}

/* Before an event is put: a part has whole events. What goes wrong is told when it is written. */
static void turn_where_full(struct record *r)
{
    uint64_t n = r->written + pcapng_size(r->packets);
    if (r->options.limit != 0 && !r->unturned.set && n >= r->options.limit / RECORD_PARTS)
        turn_page(r, &r->unturned);
}

/* ---- packets ---- */

static void write_secret(struct record *r, const char *line)
{
    struct buf text = {0};
    buf_printf(&text, "%s\n", line);
    pcapng_secrets(r->packets, buf_string(&text));
    buf_close(&text);
}

/* A time-out, or an error of the system, sends nothing; the connection is gone nevertheless. */
static void write_close(struct record *r, const struct event *e)
{
    bool from_client = e->from_role == FROM_NONE ? e->by[0] == 'E' : e->from_role == FROM_EVCC;
    bool is_reset = e->how == HOW_RESET || e->from_role == FROM_NONE;
    pcapng_tcp_close(r->packets, e->us, e->connection, from_client, is_reset);
}

static void put_packet(struct record *r, const struct event *e)
{
    bool from_client = e->from_role == FROM_EVCC;
    if (e->kind == EVENT_CONNECT)
        pcapng_tcp_open(r->packets, e->us, e->connection, from_client ? &e->from : &e->to,
                        from_client ? &e->to : &e->from);
    else if (e->kind == EVENT_CLOSE || (e->kind == EVENT_AFTER && e->from_role != FROM_NONE))
        write_close(r, e);
    else if (e->kind == EVENT_SECRET)
        write_secret(r, e->text);
    else if (e->is_link)
        pcapng_frame(r->packets, e->us, e->bytes);
    else if (e->is_udp)
        pcapng_udp(r->packets, e->us, &e->from, &e->to, e->bytes);
    else if (e->connection != 0 && e->bytes.n > 0)
        pcapng_tcp_data(r->packets, e->us, e->connection, from_client, e->bytes);
}

static void put_packets(void *context, const struct event *e)
{
    struct record *r = context;
    turn_where_full(r);
    r->has_traffic |= e->kind == EVENT_CONNECT || e->bytes.n > 0;
    if (event_is_of_wire(e->kind) && !e->is_echo && !e->is_inside)
        put_packet(r, e);
}

static int write_packets(void *context, struct err *e)
{
    struct record *r = context;
    return pcapng_write(r->packets, e) == 0 ? 0 : fails(r, RECORD_PACKETS, e);
}

/* ---- events ---- */

static void put_compact(void *context, const struct event *e)
{
    struct record *r = context;
    struct err told_later = ERR_INIT;
    if (r->whole_us == 0)
        r->whole_us = e->us;
    if (e->kind == EVENT_WIRE || e->kind == EVENT_SECRET)
        return; /* of use in a capture only */
    size_t before = r->compact.out.n;
    compact_event(e, &r->compact.out);
    outlet_unit(&r->compact);
    r->written += r->compact.out.n - before;
    if (r->compact.out.n > WAITING_MOST)
        outlet_write(&r->compact, &told_later);
}

static void put_line(void *context, const struct event *e)
{
    struct record *r = context;
    jsonl_event(&r->lines, e);
}

static int write_lines(void *context, struct err *e)
{
    struct record *r = context;
    return outlet_write(&r->lines.outlet, e) == 0 ? 0 : fails(r, RECORD_EVENTS, e);
}

static int write_compact(void *context, struct err *e)
{
    struct record *r = context;
    if (r->unturned.set)
        *e = r->unturned;
    if (e->set || outlet_write(&r->compact, e) != 0)
        return fails(r, RECORD_COMPACT, e);
    r->whole_us = 0;
    return 0;
}

/* ---- all of it ---- */

struct record *record_open(const struct record_options *o, struct recorder *recorder, struct err *e)
{
    struct record *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    r->options = *o;
    if (o->limit != 0)
        r->options.lines = LINES_NEVER;
    if (record_folder(o->path, r->path, e) != 0 || open_files(r, e) != 0) {
        free(r);
        return NULL;
    }
    recorder_add_quick(recorder, RECORD_PACKETS, put_packets, write_packets, r);
    recorder_add_quick(recorder, RECORD_COMPACT, put_compact, write_compact, r);
    if (r->options.lines == LINES_LIVE)
        recorder_add_writer(recorder, RECORD_EVENTS, put_line, write_lines, r);
    return r;
}

bool record_has_traffic(const struct record *r)
{
    return r->has_traffic;
}

/* What becomes of events.bin, now that it is whole. */
static void finish_lines(const struct record *r, uint64_t most, struct err *e)
{
    char name[RECORD_FILE_MAX];
    if (r->options.lines == LINES_LIVE)
        unlink(record_file(name, r->path, RECORD_COMPACT));
    else if (r->options.lines == LINES_END)
        record_make_lines(r->path, most, r->options.library, e);
}

int record_close(struct record *r, uint64_t lines_most, struct err *e)
{
    struct err late = ERR_INIT, lines = ERR_INIT;
    pcapng_close(r->packets, &late);
    close_compact(r, &late);
    if (r->options.lines == LINES_LIVE) {
        outlet_write(&r->lines.outlet, &late);
        if (close(r->lines.outlet.fd) != 0)
            err_set(&late, "%s", strerror(errno));
    }
    if (r->problem[0] == '\0' && !late.set)
        finish_lines(r, lines_most, &lines);
    if (r->problem[0] != '\0')
        err_set(e, "%s", r->problem);
    else if (late.set)
        err_set(e, "record: incomplete: %s", late.what);
    else if (lines.set)
        err_set(e, "record: %s; all of it is in " RECORD_COMPACT, lines.what);
    outlet_close(&r->lines.outlet);
    outlet_close(&r->compact);
    free(r);
    return e->set ? -1 : 0;
}

/* ---- of events that were kept ---- */

/* One unit, which is n octets, and the event that it is. */
static void put_unit(struct record *r, const uint8_t *unit, size_t n, const struct event *e)
{
    put_packets(r, e);
    if (e->kind == EVENT_WIRE || e->kind == EVENT_SECRET)
        return;
    buf_add(&r->compact.out, unit, n);
    outlet_unit(&r->compact);
}

int record_of(struct slice units, const struct record_options *o, struct err *e)
{
    struct recorder alone = {.n = 0};
    struct compact_room room = {.has_message = false};
    struct record *r = record_open(o, &alone, e);
    if (r == NULL)
        return -1;
    for (size_t at = 0; at + COMPACT_LENGTH <= units.n;) {
        const uint8_t *p = units.p + at;
        size_t n = compact_length(p);
        struct event event;
        if (n > units.n - at - COMPACT_LENGTH ||
            compact_read((struct slice){p + COMPACT_LENGTH, n}, o->library, &room, &event) != 0)
            break;
        put_unit(r, p, COMPACT_LENGTH + n, &event);
        at += COMPACT_LENGTH + n;
    }
    compact_room_close(&room);
    write_packets(r, e);
    write_compact(r, e);
    return record_close(r, UINT64_MAX, e);
}

/* ---- lines at the end ---- */

struct lines_of {
    struct jsonl lines;
    struct err e;
};

static void add_line(void *context, const struct event *event)
{
    struct lines_of *l = context;
    jsonl_event(&l->lines, event);
    if (l->lines.outlet.out.n > WAITING_MOST)
        outlet_write(&l->lines.outlet, &l->e);
}

static int write_all_lines(const char *from, const char *to, struct library *library, struct err *e)
{
    struct lines_of l = {.e = ERR_INIT};
    if (outlet_create(&l.lines.outlet, to, e) != 0)
        return -1;
    record_read(from, true, library, add_line, &l, e);
    outlet_write(&l.lines.outlet, &l.e);
    if (close(l.lines.outlet.fd) != 0)
        err_set(&l.e, "%s", strerror(errno));
    outlet_close(&l.lines.outlet);
    if (l.e.set)
        err_set(e, "%s cannot be written: %s", to, l.e.what);
    return e->set ? -1 : 0;
}

int record_make_lines(const char *folder, uint64_t most, struct library *l, struct err *e)
{
    char from[RECORD_FILE_MAX], part[RECORD_FILE_MAX], to[RECORD_FILE_MAX];
    struct stat now;
    record_file(from, folder, RECORD_COMPACT);
    record_file(to, folder, RECORD_EVENTS);
    record_file(part, folder, RECORD_EVENTS ".new");
    if (stat(from, &now) != 0)
        return err_set(e, "%s: %s", from, strerror(errno));
    if ((uint64_t)now.st_size > most)
        return 1;
    int bad = write_all_lines(from, part, l, e);
    if (bad == 0 && rename(part, to) != 0)
        bad = err_set(e, "%s cannot be written: %s", to, strerror(errno));
    unlink(bad != 0 ? part : from);
    return bad;
}
