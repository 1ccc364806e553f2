/* SPDX-License-Identifier: Apache-2.0 */
#include "session/probe.h"

#include "session/peer.h"
#include "wire/stream.h"

#include <stdlib.h>
#include <uv.h>

struct probe {
    uv_timer_t timer;
    struct endpoint to;
    const struct recorder *recorder;
    struct stream *stream; /* of the attempt that is under way */
};

static void tell(const struct probe *p, const char *what)
{
    char at[ENDPOINT_TEXT];
    struct buf line = {0};
    buf_printf(&line, "probe of %s: %s", endpoint_text(&p->to, at, sizeof at), what);
    struct event e = {
        .us = peer_now(),
        .kind = EVENT_LOG,
        .ok = true,
        .from_role = FROM_EVCC,
        .by = "EVCC",
        .where = "",
        .to = p->to,
        .name = "",
        .text = buf_string(&line),
    };
    recorder_put(p->recorder, &e);
    buf_close(&line);
}

static void end_attempt(struct probe *p)
{
    stream_close(p->stream, STREAM_RST);
    p->stream = NULL;
}

static void opened(void *context, struct stream *s)
{
    struct probe *p = context;
    (void)s;
    tell(p, "somebody listens there; closed");
    end_attempt(p);
}

static void closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    struct probe *p = context;
    (void)s;
    tell(p, end == STREAM_REFUSED ? "refused" : why);
    end_attempt(p);
}

static void got_data(void *context, struct stream *s, struct slice bytes)
{
    (void)context;
    (void)s;
    (void)bytes;
}

static void attempt(uv_timer_t *timer)
{
    static const struct stream_events EVENTS = {
        .opened = opened, .data = got_data, .closed = closed};
    struct probe *p = timer->data;
    struct err e = ERR_INIT;
    if (p->stream != NULL) {
        tell(p, "no answer");
        end_attempt(p);
    }
    p->stream = stream_connect(p->timer.loop, &p->to, 0, &EVENTS, p, &e);
    if (p->stream == NULL)
        tell(p, e.what);
}

struct probe *probe_start(uv_loop_t *loop, const struct endpoint *to, unsigned first_ms,
                          unsigned every_ms, const struct recorder *recorder)
{
    struct probe *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->to = *to;
    p->recorder = recorder;
    uv_timer_init(loop, &p->timer);
    p->timer.data = p;
    uv_timer_start(&p->timer, attempt, first_ms, every_ms);
    return p;
}

static void free_probe(uv_handle_t *h)
{
    free(h->data);
}

void probe_stop(struct probe *p)
{
    if (p == NULL)
        return;
    end_attempt(p);
    uv_close((uv_handle_t *)&p->timer, free_probe);
}
