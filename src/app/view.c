/* SPDX-License-Identifier: Apache-2.0 */
#include "app/view.h"

#include "base/said.h"

#include "codec/marks.h"
#include "record/terminal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define BAR_MOST 30    /* characters */
#define NOTES_MOST 200 /* columns */
#define INDENT 11      /* of what stands behind a label */

void view_open(struct view *v, FILE *out)
{
    memset(v, 0, sizeof *v);
    v->out = out;
    for (enum event_leg leg = LEG_NONE; leg <= LEG_STATION; leg++)
        view_link_open(&v->link[leg]);
}

/* What belongs to charging: all else is without power. */
static bool is_loop(const char *request)
{
    return strcmp(request, "CurrentDemandReq") == 0 || strcmp(request, "ChargingStatusReq") == 0 ||
           strstr(request, "ChargeLoopReq") != NULL || strncmp(request, "Metering", 8) == 0;
}

/* The phases of an AC mode, "AC_single_phase_core"; 0: it is DC. */
static unsigned phases(const char *mode)
{
    return strncmp(mode, "AC_", 3) != 0 ? 0 : strncmp(mode + 3, "single", 6) == 0 ? 1 : 3;
}

static void take_values(struct view *v, const struct node *n)
{
    const struct field *f;
    const union value *mode = marked_own(n, MARK_TRANSFER, &f);
    if (mode != NULL && f->kind == KIND_ENUM && mode->u < f->simple->members)
        v->phases = phases(f->simple->member[mode->u]);
    v->has_soc |= marked_number(n, MARK_SOC, &v->soc);
    v->has_voltage |= marked_number(n, MARK_VOLTAGE, &v->voltage);
    v->has_left |= marked_number(n, MARK_LEFT, &v->left_s);
    marked_number(n, MARK_LIMIT, &v->limit);
    bool is_measured = marked_number(n, MARK_CURRENT, &v->current);
    v->has_current |= is_measured;
    if (!is_loop(v->step))
        v->power = v->current = 0;
    else if (is_measured)
        v->power = v->voltage * v->current;
    else if (!marked_number(n, MARK_POWER, &v->power) && v->phases > 0)
        v->power = v->voltage * v->limit * v->phases;
}

static void count_energy(struct view *v, int64_t us)
{
    if (v->energy_us != 0)
        v->energy_wh += v->power * (double)(us - v->energy_us) / 3.6e9;
    v->energy_us = us;
}

/* Whether the frame is of a relay's other leg, where the same is seen once more. */
static bool take_leg(struct view *v, const struct event *e)
{
    struct view_leg *l = &v->leg[e->leg];
    const struct node *n = e->message == NULL ? NULL : message_named(e->message).node;
    l->frames++;
    if (e->taken_us > 0)
        l->taken_us = e->taken_us;
    if (e->taken_us > l->most_us)
        l->most_us = e->taken_us;
    if (n != NULL && e->from_role == FROM_SECC) {
        l->has_voltage |= marked_number(n, MARK_VOLTAGE, &l->voltage);
        l->has_current |= marked_number(n, MARK_CURRENT, &l->current);
    }
    return e->leg == LEG_STATION;
}

static void take_frame(struct view *v, const struct event *e)
{
    if (event_is_datagram(e) || e->is_echo) /* SDP, SLAC: no step; echoes were seen as they went */
        return;
    if (take_leg(v, e))
        return;
    v->frames++;
    if (e->from_role == FROM_EVCC) {
        if (strcmp(v->step, e->name) != 0) {
            snprintf(v->step, sizeof v->step, "%s", e->name);
            v->step_us = e->us;
            v->count = 0;
        }
        v->count++;
    }
    if (e->message == NULL)
        return;
    const struct node *n = message_named(e->message).node;
    if (n == NULL)
        return;
    count_energy(v, e->us);
    take_values(v, n);
    view_grid_take(&v->grid, n);
}

void view_event(void *context, const struct event *e)
{
    struct view *v = context;
    v->us = e->us;
    if (v->start_us == 0)
        v->start_us = e->us;
    if (e->kind == EVENT_FRAME)
        take_frame(v, e);
    view_link_take(&v->link[e->leg], e);
    if (e->kind == EVENT_CONNECT)
        v->leg[e->leg] = (struct view_leg){.frames = 0};
    if (e->kind == EVENT_CONNECT && e->leg != LEG_STATION) {
        v->vehicles = e->connection;
        v->phases = 0;
        memset(&v->grid, 0, sizeof v->grid);
    }
    if (e->kind == EVENT_CONNECT || e->kind == EVENT_CLOSE)
        v->power = 0;
    bool speaks = e->kind == EVENT_LOG || e->kind == EVENT_TLS || e->kind == EVENT_VERDICT ||
                  e->kind == EVENT_VIOLATION || e->kind == EVENT_CLOSE || e->kind == EVENT_FAULT;
    if (!speaks || e->text == NULL || e->text[0] == '\0')
        return;
    struct buf own = {0};
    const char *text = event_is_of_script(e) ? e->text : said_text(&own, e->text);
    snprintf(v->notes, sizeof v->notes, "%s%s%.*s", e->by, e->by[0] != '\0' ? " " : "",
             (int)terminal_fit(text, NOTES_MOST), text);
    buf_close(&own);
}

/* ---- drawing ---- */

/* As much of it as a line has room for; returns how many bytes. */
static size_t line(struct view *v, const char *text)
{
    size_t n = terminal_fit(text, v->columns - 1);
    fprintf(v->out, "\033[K%.*s\n", (int)n, text);
    v->drawn++;
    return n;
}

/* Parts with ", " between them behind a label, on as many lines as they need. */
static void draw_parts(struct view *v, const char *label, const char *text)
{
    label = said(label);
    while (text[0] != '\0') {
        struct buf shown = {0};
        size_t n = terminal_fit(text, v->columns - 1 - INDENT);
        size_t comma = n;
        while (comma > 0 && text[n] != '\0' && text[comma - 1] != ',')
            comma--;
        n = comma > 0 ? comma : n;
        buf_text(&shown, "  ");
        terminal_column(&shown, label, INDENT - 2);
        buf_add(&shown, text, n);
        line(v, buf_string(&shown));
        buf_close(&shown);
        if (n == 0) /* no room at all */
            return;
        text += n;
        text += strspn(text, " ");
        label = "";
    }
}

static void draw_step(struct view *v)
{
    char text[120];
    if (v->step[0] == '\0')
        snprintf(text, sizeof text, "%s", said("looking for a peer"));
    else if (v->count > 1)
        snprintf(text, sizeof text, "%s, x%u, %.1f s", v->step, v->count,
                 (double)(v->us - v->step_us) / 1e6);
    else
        snprintf(text, sizeof text, "%s", v->step);
    draw_parts(v, "step", text);
}

static void draw_charge(struct view *v)
{
    char text[80], bar[BAR_MOST + 1];
    int most = v->columns - 1 - INDENT - (int)sizeof "[] 100 %" + 1;
    int size = most < 1 ? 1 : most < BAR_MOST ? most : BAR_MOST;
    int filled = v->has_soc ? (int)lround(v->soc * size / 100) : 0;
    filled = filled < 0 ? 0 : filled > size ? size : filled;
    memset(bar, '-', (size_t)size);
    memset(bar, '#', (size_t)filled);
    bar[size] = '\0';
    if (v->has_soc)
        snprintf(text, sizeof text, "[%s] %3.0f %%", bar, v->soc);
    else
        snprintf(text, sizeof text, "%s", said("(not said)"));
    draw_parts(v, "charge", text);
}

static void draw_power(struct view *v)
{
    struct buf text = {0};
    double current = v->has_current ? v->current : is_loop(v->step) ? v->limit : 0;
    if (v->has_voltage)
        buf_printf(&text, "%.1f V, ", v->voltage);
    if (v->has_current || current > 0)
        buf_printf(&text, "%.1f A%s, ", current, v->phases == 3 ? " x 3" : "");
    buf_printf(&text, "%.0f W, %.2f kWh", v->power, v->energy_wh / 1000);
    draw_parts(v, "output", buf_string(&text));
    buf_close(&text);
}

static void draw_time(struct view *v)
{
    struct buf text = {0};
    char left[40];
    int64_t seconds = (v->us - v->start_us) / 1000000;
    buf_printf(&text, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
               seconds % 60);
    if (v->has_left && v->left_s < 1e7) {
        snprintf(left, sizeof left, ", left %.0f min", v->left_s / 60);
        said_add(&text, left);
    }
    draw_parts(v, "time", buf_string(&text));
    buf_close(&text);
}

static void draw_grid(struct view *v)
{
    static const char *const LABELS[] = {"grid", "asked", "vehicle"}; /* ORDER VIEW_GRID */
    for (int i = VIEW_GRID_GRID; i <= VIEW_GRID_VEHICLE; i++) {
        struct buf text = {0};
        view_grid_text(&v->grid, (enum view_grid_line)i, &text);
        draw_parts(v, LABELS[i], buf_string(&text));
        buf_close(&text);
    }
}

static void draw_legs(struct view *v)
{
    for (enum event_leg leg = LEG_VEHICLE; leg <= LEG_STATION; leg++) {
        const struct view_leg *l = &v->leg[leg];
        const struct view_link *link = &v->link[leg];
        struct buf text = {0};
        char part[80];
        buf_printf(&text, "%s%s", link->pilot, link->pilot[0] != '\0' ? ", " : "");
        view_link_text(link, &text);
        buf_text(&text, link->stage != NULL ? ", " : "");
        snprintf(part, sizeof part, "%u messages", l->frames);
        said_add(&text, part);
        if (l->has_voltage)
            buf_printf(&text, ", %.1f V", l->voltage);
        if (l->has_current)
            buf_printf(&text, ", %.1f A", l->current);
        snprintf(part, sizeof part, ", sent after %.3f ms, %.3f ms at most",
                 (double)l->taken_us / 1e3, (double)l->most_us / 1e3);
        if (l->most_us > 0)
            said_add(&text, part);
        draw_parts(v, EVENT_LEGS[leg], buf_string(&text));
        buf_close(&text);
    }
}

static void draw_link(struct view *v)
{
    struct buf text = {0};
    const struct view_link *l = &v->link[LEG_NONE];
    draw_parts(v, "pilot", l->pilot);
    view_link_text(l, &text);
    draw_parts(v, "SLAC", buf_string(&text));
    buf_close(&text);
}

static void draw_notes(struct view *v)
{
    const char *rest = v->notes;
    do {
        char text[sizeof v->notes + 2];
        size_t n = terminal_fit(rest, v->columns - 3), blank = n;
        while (blank > 0 && rest[n] != '\0' && rest[blank] != ' ')
            blank--;
        n = blank > 0 ? blank : n;
        snprintf(text, sizeof text, "  %.*s", (int)n, rest);
        line(v, text);
        rest += n + (rest[n] == ' ');
    } while (rest[0] != '\0');
}

static bool has_legs(const struct view *v)
{
    bool has_any = false;
    for (enum event_leg leg = LEG_VEHICLE; leg <= LEG_STATION; leg++)
        has_any |=
            v->leg[leg].frames > 0 || v->link[leg].pilot[0] != '\0' || v->link[leg].stage != NULL;
    return has_any;
}

void view_show(struct view *v)
{
    char text[80];
    struct buf own = {0};
    int columns = terminal_columns(fileno(v->out));
    if (v->drawn > 0 && columns < v->columns) /* where its lines are now nobody knows */
        fputs("\033[H\033[2J", v->out);
    else if (v->drawn > 0)
        fprintf(v->out, "\033[%uA\033[J", v->drawn);
    v->columns = columns;
    v->drawn = 0;
    draw_link(v);
    draw_step(v);
    draw_charge(v);
    draw_power(v);
    draw_time(v);
    if (v->grid.is_there)
        draw_grid(v);
    if (has_legs(v))
        draw_legs(v);
    snprintf(text, sizeof text, "%u, connection %u", v->frames, v->vehicles);
    draw_parts(v, "messages", said_text(&own, text));
    buf_close(&own);
    draw_notes(v);
    fflush(v->out);
}

void view_close(struct view *v)
{
    if (v->drawn == 0)
        return;
    view_show(v);
    v->drawn = 0;
}
