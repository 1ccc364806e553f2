/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files. */
#include "fuzz.h"

#include "record/capture.h"
#include "record/pcapng.h"

#include <string.h>
#include <unistd.h>

static uint64_t seen; /* of the bytes that were handed out, so that each of them is read */

static void look(struct slice bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        seen = seen * 31 + bytes.p[i];
}

static void on_udp(void *context, int64_t us, const struct endpoint *from,
                   const struct endpoint *to, struct slice bytes, uint64_t frame)
{
    (void)frame;
    (void)context;
    (void)us;
    seen += from->port + to->port;
    look(bytes);
}

static void on_packet(void *context, const struct packet *p, enum event_network what,
                      const char *text)
{
    (void)context;
    seen += what + p->frame + (text != NULL ? strlen(text) : 0);
}

static void on_secrets(void *context, const struct packet *p, struct slice text)
{
    (void)context;
    seen += p != NULL ? p->from.port : 1;
    look(text);
}

static void on_open(void *context, int64_t us, uint32_t connection, const struct endpoint *client,
                    const struct endpoint *server, bool from_start)
{
    (void)context;
    (void)us;
    seen += connection + client->port + server->port + from_start;
}

static void on_failed(void *context, int64_t us, const struct endpoint *client,
                      const struct endpoint *server, enum event_how how, uint32_t tries,
                      int64_t waited_us)
{
    (void)context;
    (void)us;
    seen += client->port + server->port + how + tries + (uint64_t)waited_us;
}

static void on_network(void *context, const struct capture_network *n)
{
    (void)context;
    seen += n->what + n->octets + (uint64_t)n->taken_us;
}

static void on_data(void *context, int64_t us, uint32_t connection, bool from_client,
                    struct slice bytes, uint64_t frame)
{
    (void)context;
    (void)us;
    seen += connection + from_client + frame;
    look(bytes);
}

static void on_loss(void *context, int64_t us, uint32_t connection, bool from_client,
                    uint64_t missing)
{
    (void)context;
    (void)us;
    seen += connection + from_client + missing;
}

static void on_close(void *context, int64_t us, uint32_t connection, bool from_client,
                     enum event_how how)
{
    (void)context;
    (void)us;
    seen += connection + from_client + how;
}

/* A capture of a connection, with data both ways, and of datagrams; n makes it another one. */
static void write_capture(const char *path, unsigned n)
{
    struct endpoint car = {.ip = {0xFE, 0x80, [15] = 1}, .port = (uint16_t)(49152 + n)};
    struct endpoint station = {.ip = {0xFE, 0x80, [15] = 2}, .port = 61341};
    struct endpoint group = {.ip = {0xFF, 2, [15] = 1}, .port = 15118};
    static const uint8_t BYTES[] = {0x01, 0xFE, 0x80, 0x01, 0, 0, 0, 4, 0x80, 0x40, 0, 0x40};
    struct slice bytes = {BYTES, sizeof BYTES};
    struct err e = ERR_INIT;
    struct pcapng *p = pcapng_open(path, &e);
    if (p == NULL)
        return;
    pcapng_udp(p, 1000, &car, &group, bytes);
    pcapng_tcp_open(p, 2000, n, &car, &station);
    for (unsigned i = 0; i < n; i++)
        pcapng_tcp_data(p, 3000 + i, n, i % 2 == 0, bytes);
    pcapng_tcp_close(p, 4000, n, true, n % 2 == 1);
    pcapng_close(p, &e);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *folder = *argc > 1 ? (*argv)[*argc - 1] : "";
    char path[4096];
    if (folder[0] == '-' || !fuzz_is_empty(folder))
        return 0;
    for (unsigned n = 1; n < 6; n++) {
        snprintf(path, sizeof path, "%s/seed-%u", folder, n);
        write_capture(path, n);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct capture_events EVENTS = {
        .packet = on_packet,
        .secrets = on_secrets,
        .udp = on_udp,
        .tcp_open = on_open,
        .tcp_failed = on_failed,
        .tcp_network = on_network,
        .tcp_data = on_data,
        .tcp_loss = on_loss,
        .tcp_close = on_close,
    };
    struct capture_totals totals;
    struct err e = ERR_INIT;
    struct capture_source from = {.name = "capture", .head = {data, size}, .fd = -1};
    if (capture_read(&from, &EVENTS, NULL, &totals, &e) != 0)
        fuzz_check_error(&e);
    return 0;
}
