/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record.h"

#include "record/jsonl.h"
#include "record/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define RECORD_FOLDER "runs"

struct record {
    char path[512];
    struct jsonl events;
    struct pcapng *packets;
};

/* runs/2026-11-20-231500, with -2, -3 … where that is taken. */
static int make_folder(struct record *r, struct err *e)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(stamp, sizeof stamp, "%Y-%m-%d-%H%M%S", localtime_r(&now, &tm));
    if (mkdir(RECORD_FOLDER, 0777) != 0 && errno != EEXIST)
        return err_set(e, "folder %s: %s", RECORD_FOLDER, strerror(errno));
    for (int i = 1; i < 1000; i++) {
        snprintf(r->path, sizeof r->path, i == 1 ? "%s/%s" : "%s/%s-%d", RECORD_FOLDER, stamp, i);
        if (mkdir(r->path, 0777) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    return err_set(e, "folder %s: %s", r->path, strerror(errno));
}

static int use_folder(struct record *r, const char *path, struct err *e)
{
    if (strlen(path) >= sizeof r->path)
        return err_set(e, "the folder's name is too long");
    strcpy(r->path, path);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_set(e, "folder %s: %s", path, strerror(errno));
    return 0;
}

static int open_files(struct record *r, struct err *e)
{
    char name[sizeof r->path + 32];
    snprintf(name, sizeof name, "%s/events.jsonl", r->path);
    r->events.out = fopen(name, "w");
    if (r->events.out == NULL)
        return err_set(e, "%s: %s", name, strerror(errno));
    snprintf(name, sizeof name, "%s/session.pcapng", r->path);
    r->packets = pcapng_open(name, e);
    return r->packets == NULL ? -1 : 0;
}

struct record *record_open(const char *path, struct err *e)
{
    struct record *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    int bad = path == NULL ? make_folder(r, e) : use_folder(r, path, e);
    if (bad == 0 && open_files(r, e) == 0)
        return r;
    if (r->events.out != NULL)
        fclose(r->events.out);
    free(r);
    return NULL;
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

static void write_packets(struct record *r, const struct event *e)
{
    bool from_client = e->from_role == FROM_EVCC;
    if (e->kind == EVENT_CONNECT)
        pcapng_tcp_open(r->packets, e->us, e->connection, from_client ? &e->from : &e->to,
                        from_client ? &e->to : &e->from);
    else if (e->kind == EVENT_CLOSE)
        write_close(r, e);
    else if (e->kind == EVENT_SECRET)
        write_secret(r, e->text);
    else if (e->is_udp)
        pcapng_udp(r->packets, e->us, &e->from, &e->to, e->bytes);
    else if (e->connection != 0 && e->bytes.n > 0)
        pcapng_tcp_data(r->packets, e->us, e->connection, from_client, e->bytes);
}

void record_event(void *context, const struct event *e)
{
    struct record *r = context;
    jsonl_event(&r->events, e);
    if (event_is_of_wire(e->kind) && !e->is_echo && !e->is_inside)
        write_packets(r, e);
}

int record_close(struct record *r, struct err *e)
{
    int bad = pcapng_close(r->packets, e);
    if (fclose(r->events.out) != 0)
        bad = err_set(e, "%s/events.jsonl: %s", r->path, strerror(errno));
    jsonl_close(&r->events);
    free(r);
    return bad;
}
