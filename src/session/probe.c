/* SPDX-License-Identifier: Apache-2.0 */
#include "session/probe.h"

#include "wire/stream.h"
#include "wire/world.h"

#include <stdlib.h>

struct probe {
    struct timer timer;
    struct world *world;
    unsigned every_ms;
    struct endpoint to;
    const struct session *session;
    struct stream *stream; /* of the attempt that is under way */
};

static void tell(const struct probe *p, const char *what)
{
    char at[ENDPOINT_TEXT];
    struct buf line = {0};
    buf_printf(&line, "probe of %s: %s", endpoint_text(&p->to, at, sizeof at), what);
    struct event e = session_new_event(p->session, EVENT_LOG, true, world_now(p->world));
    e.connection = 0;
    e.from = (struct endpoint){0};
    e.to = p->to;
    e.text = buf_string(&line);
    recorder_put(p->session->recorder, &e);
    buf_close(&line);
}

/* By RST, so that no end of ours waits in TIME_WAIT for the next attempt. */
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

static void attempt(void *data)
{
    static const struct stream_events EVENTS = {
        .opened = opened, .data = got_data, .closed = closed};
    struct probe *p = data;
    struct err e = ERR_INIT;
    if (p->stream != NULL) {
        tell(p, "no answer");
        end_attempt(p);
    }
    if (p->every_ms > 0)
        timer_start(p->world, &p->timer, p->every_ms, attempt, p);
    p->stream = stream_connect(p->world, &p->to, 0, &EVENTS, p, &e);
    if (p->stream == NULL)
        tell(p, e.what);
}

struct probe *probe_start(struct world *world, const struct endpoint *to, unsigned first_ms,
                          unsigned every_ms, const struct session *session)
{
    struct probe *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->to = *to;
    p->session = session;
    p->world = world;
    p->every_ms = every_ms;
    timer_start(world, &p->timer, first_ms, attempt, p);
    return p;
}

void probe_stop(struct probe *p)
{
    if (p == NULL)
        return;
    end_attempt(p);
    timer_stop(&p->timer);
    free(p);
}
