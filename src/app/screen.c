/* SPDX-License-Identifier: Apache-2.0 */
#include "app/screen.h"

#include "app/report.h"
#include "base/said.h"

#include <stdio.h>
#include <unistd.h>

#define TICK_MS 200

int screen_open(struct screen *s, const struct session_options *options, bool may_view,
                struct err *e)
{
    s->has_view = !options->quiet && may_view && isatty(STDOUT_FILENO);
    s->has_ladder = !options->quiet && !s->has_view;
    if (s->has_view) {
        view_open(&s->view, stdout);
        recorder_add(&s->recorder, view_event, &s->view);
    } else if (s->has_ladder) {
        ladder_open(&s->ladder, STDOUT_FILENO, (int)options->verbose);
        recorder_add_writer(&s->recorder, "the ladder", ladder_event, ladder_write, &s->ladder);
    }
    s->recorder.lost = report_lost;
    return session_record_open(options, &s->recorder, &s->record, e);
}

static void tick(void *context)
{
    struct screen *s = context;
    timer_start(s->world, &s->ticker, TICK_MS, tick, s);
    view_show(&s->view);
}

void screen_enter(struct screen *s, struct world *world)
{
    s->world = world;
    s->since_us = world_now(world);
    recorder_attach(&s->recorder, world);
    if (s->has_view)
        tick(s);
}

void screen_rest(struct screen *s)
{
    timer_stop(&s->ticker);
}

void screen_leave(struct screen *s)
{
    screen_rest(s);
    screen_settle(s);
    recorder_detach(&s->recorder);
}

void screen_settle(struct screen *s)
{
    recorder_flush(&s->recorder);
    if (s->has_view)
        view_close(&s->view);
}

void screen_verdict(struct screen *s, const char *by, enum verdict verdict, const char *text)
{
    screen_settle(s);
    const char *lost = record_problem(s->record);
    said_print(verdict == VERDICT_PASS ? stdout : stderr, "%s: %s%s%s%s%s\n", by,
               verdict_name(verdict), text[0] != '\0' ? ": " : "", text, lost != NULL ? "; " : "",
               lost != NULL ? lost : "");
    fflush(stdout);
}

/* Times are those of the ladder, which begin with the first event. */
void screen_take(struct screen *s, const char *by, enum verdict verdict, const char *text,
                 uint32_t session)
{
    int64_t since_us = s->recorder.events > 0 ? s->recorder.first_us : s->since_us;
    int64_t us = s->world != NULL ? world_now(s->world) - since_us : 0;
    outcome_take(&s->outcome, by, verdict, text, session, us);
}

int screen_close(struct screen *s, const struct session_options *options, int status)
{
    outcome_tell(&s->outcome, status);
    ladder_close(&s->ladder);
    return session_record_close(options, s->record, status);
}
