/* SPDX-License-Identifier: Apache-2.0 */
#include "app/progress.h"

#include "base/said.h"
#include "base/visible.h"
#include "record/terminal.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t waits_of(const json_t *planned)
{
    return (int64_t)json_number_value(json_object_get(planned, "waits_ms"));
}

void progress_open(struct progress *p, FILE *out, const json_t *cases, bool is_real, bool quiet)
{
    const json_t *planned;
    size_t i;
    *p = (struct progress){.out = out,
                           .all = json_array_size(cases),
                           .is_real = is_real,
                           .quiet = quiet,
                           .draws = isatty(STDERR_FILENO) == 1,
                           .began_ms = now_ms()};
    json_array_foreach(cases, i, planned) p->waits_ms += is_real ? waits_of(planned) : 0;
}

void progress_begin(struct progress *p, const char *id)
{
    snprintf(p->running, sizeof p->running, "%s", id);
    progress_show(p);
}

void progress_end(struct progress *p, const struct result *r)
{
    struct buf text = {0}, own = {0};
    p->ended++;
    p->ended_ms = now_ms();
    if (p->is_real) {
        p->waits_ms -= waits_of(r->planned);
        p->waited_ms += waits_of(r->planned);
    }
    bool is_good = r->verdict == OUTCOME_PASS || r->verdict == OUTCOME_BEYOND;
    p->failed += !is_good;
    if (!p->quiet || !is_good) {
        progress_hide(p);
        terminal_column(&own, said(outcome_name(r->verdict)), 12);
        visible_print(p->out, "%s %s", buf_string(&own), result_name(r, &text));
        fputc('\n', p->out);
        if (r->verdict != OUTCOME_PASS) {
            visible_print(p->out, "             %s", said_text(&own, result_cause(r, &text)));
            fputc('\n', p->out);
        }
        if (r->field != r->verdict)
            fprintf(p->out, "             %s%s\n", said("in the field: "),
                    said(outcome_name(r->field)));
        fflush(p->out);
    }
    progress_show(p);
    buf_close(&text);
    buf_close(&own);
}

void progress_hide(struct progress *p)
{
    if (p->is_drawn)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    p->is_drawn = false;
}

/* "1:02:03 left": what is waited for, and else the time that those took which have ended. */
static void add_left(const struct progress *p, struct buf *text)
{
    if (p->ended == 0 || p->ended >= p->all)
        return;
    int64_t busy = p->ended_ms - p->began_ms - p->waited_ms;
    int64_t s = busy > 0 ? busy * (int64_t)(p->all - p->ended) / (int64_t)p->ended : 0;
    s = (s + p->waits_ms - (now_ms() - p->ended_ms)) / 1000;
    s = s > 0 ? s : 0;
    if (s >= 3600)
        buf_printf(text, "  %" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60);
    else
        buf_printf(text, "  %" PRId64, s / 60);
    buf_printf(text, ":%02" PRId64 " %s", s % 60, said("left"));
}

void progress_show(struct progress *p)
{
    struct buf text = {0};
    char count[60];
    if (!p->draws || p->pauses)
        return;
    snprintf(count, sizeof count, "%zu of %zu", p->ended, p->all);
    said_add(&text, count);
    if (p->failed > 0) {
        snprintf(count, sizeof count, ", %zu not passed", p->failed);
        said_add(&text, count);
    }
    add_left(p, &text);
    buf_printf(&text, "  %s", p->running);
    const char *line = buf_string(&text);
    fprintf(stderr, "\r\033[K%.*s", (int)terminal_fit(line, terminal_columns(STDERR_FILENO) - 1),
            line);
    fflush(stderr);
    p->is_drawn = true;
    buf_close(&text);
}
