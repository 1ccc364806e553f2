/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record.h"

#include "base/gzip.h"
#include "record/jsonl.h"
#include "record/outlet.h"
#include "record/pcapng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RECORD_FOLDER "runs"

static const char *const FILES[] = {RECORD_EVENTS, RECORD_PACKETS};
#define FILES_N (sizeof FILES / sizeof *FILES)

#define FILE_PATH_MAX (RECORD_PATH_MAX + 32)

struct record {
    char path[RECORD_PATH_MAX];
    struct jsonl events;
    struct pcapng *packets;
    bool is_incomplete; /* which has been told */
};

/* runs/2026-11-20-231500, with -2, -3 … where that is taken. */
static int make_folder(char *path, struct err *e)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(stamp, sizeof stamp, "%Y-%m-%d-%H%M%S", localtime_r(&now, &tm));
    if (mkdir(RECORD_FOLDER, 0777) != 0 && errno != EEXIST)
        return err_set(e, "folder %s: %s", RECORD_FOLDER, strerror(errno));
    for (int i = 1; i < 1000; i++) {
        snprintf(path, RECORD_PATH_MAX, i == 1 ? "%s/%s" : "%s/%s-%d", RECORD_FOLDER, stamp, i);
        if (mkdir(path, 0777) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    return err_set(e, "folder %s: %s", path, strerror(errno));
}

int record_folder(const char *given, char path[RECORD_PATH_MAX], struct err *e)
{
    if (given == NULL)
        return make_folder(path, e);
    if (strlen(given) >= RECORD_PATH_MAX)
        return err_set(e, "the folder's name is too long");
    strcpy(path, given);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_set(e, "folder %s: %s", path, strerror(errno));
    return 0;
}

static const char *name_file(char name[FILE_PATH_MAX], const char *folder, const char *file,
                             const char *ending)
{
    snprintf(name, FILE_PATH_MAX, "%s/%s%s", folder, file, ending);
    return name;
}

bool record_is(const char *path)
{
    char name[FILE_PATH_MAX];
    return access(name_file(name, path, RECORD_EVENTS, ""), F_OK) == 0 ||
           access(name_file(name, path, RECORD_EVENTS, ".gz"), F_OK) == 0;
}

/* Those of a run that was here before. */
static void remove_packed(const char *folder)
{
    char name[FILE_PATH_MAX];
    for (size_t i = 0; i < FILES_N; i++)
        unlink(name_file(name, folder, FILES[i], ".gz"));
}

static int open_files(struct record *r, struct err *e)
{
    char name[FILE_PATH_MAX];
    remove_packed(r->path);
    if (outlet_create(&r->events.outlet, name_file(name, r->path, RECORD_EVENTS, ""), e) != 0)
        return -1;
    r->packets = pcapng_open(name_file(name, r->path, RECORD_PACKETS, ""), e);
    if (r->packets != NULL)
        return 0;
    close(r->events.outlet.fd);
    return -1;
}

const char *record_path(const struct record *r)
{
    return r->path;
}

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

static void put_line(void *context, const struct event *e)
{
    struct record *r = context;
    jsonl_event(&r->events, e);
}

static int write_lines(void *context, struct err *e)
{
    struct record *r = context;
    if (outlet_write(&r->events.outlet, e) == 0)
        return 0;
    r->is_incomplete = true;
    return -1;
}

static void put_packets(void *context, const struct event *e)
{
    if (event_is_of_wire(e->kind) && !e->is_echo && !e->is_inside)
        put_packet(context, e);
}

static int write_packets(void *context, struct err *e)
{
    struct record *r = context;
    if (pcapng_write(r->packets, e) == 0)
        return 0;
    r->is_incomplete = true;
    return -1;
}

struct record *record_open(const char *path, struct recorder *recorder, struct err *e)
{
    struct record *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    int bad = record_folder(path, r->path, e);
    if (bad != 0 || open_files(r, e) != 0) {
        free(r);
        return NULL;
    }
    recorder_add_writer(recorder, RECORD_EVENTS, put_line, write_lines, r);
    recorder_add_writer(recorder, RECORD_PACKETS, put_packets, write_packets, r);
    return r;
}

int record_close(struct record *r, struct err *e)
{
    struct err late = ERR_INIT;
    pcapng_close(r->packets, &late);
    outlet_write(&r->events.outlet, &late);
    if (close(r->events.outlet.fd) != 0)
        err_set(&late, "%s", strerror(errno));
    if (late.set && !r->is_incomplete) {
        err_set(e, "%s", late.what);
        err_under(e, r->path);
    }
    int status = late.set || r->is_incomplete ? -1 : 0;
    outlet_close(&r->events.outlet);
    free(r);
    return status;
}

void record_pack(const char *path)
{
    char name[FILE_PATH_MAX];
    struct err useless = ERR_INIT;
    for (size_t i = 0; i < FILES_N; i++)
        gzip_file(name_file(name, path, FILES[i], ""), &useless);
}

void record_remove(const char *path)
{
    char name[FILE_PATH_MAX];
    remove_packed(path);
    for (size_t i = 0; i < FILES_N; i++)
        unlink(name_file(name, path, FILES[i], ""));
    rmdir(path);
}
