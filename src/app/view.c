/* SPDX-License-Identifier: Apache-2.0 */
#include "app/view.h"

#include "app/terminal.h"
#include "codec/marks.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define BAR 30 /* characters */

void view_open(struct view *v, FILE *out)
{
    memset(v, 0, sizeof *v);
    v->out = out;
}

static void take_values(struct view *v, const struct node *n)
{
    v->has_soc |= marked_number(n, MARK_SOC, &v->soc);
    v->has_voltage |= marked_number(n, MARK_VOLTAGE, &v->voltage);
    v->has_left |= marked_number(n, MARK_LEFT, &v->left_s);
    marked_number(n, MARK_LIMIT, &v->limit);
    if (!marked_number(n, MARK_CURRENT, &v->current)) {
        marked_number(n, MARK_POWER, &v->power);
        return;
    }
    v->has_current = true;
    v->power = v->voltage * v->current;
}

static void count_energy(struct view *v, int64_t us)
{
    if (v->energy_us != 0)
        v->energy_wh += v->power * (double)(us - v->energy_us) / 3.6e9;
    v->energy_us = us;
}

static void take_frame(struct view *v, const struct event *e)
{
    if (event_is_datagram(e)) /* SDP, SLAC: no step of the session */
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
    if (e->kind == EVENT_CONNECT) {
        v->vehicles = e->connection;
        memset(&v->grid, 0, sizeof v->grid);
    }
    if (e->kind == EVENT_CONNECT || e->kind == EVENT_CLOSE)
        v->power = 0;
    bool speaks = e->kind == EVENT_LOG || e->kind == EVENT_TLS || e->kind == EVENT_VERDICT ||
                  e->kind == EVENT_VIOLATION || e->kind == EVENT_CLOSE || e->kind == EVENT_FAULT;
    if (speaks && e->text != NULL && e->text[0] != '\0')
        snprintf(v->notes, sizeof v->notes, "%s%s%.120s", e->by, e->by[0] != '\0' ? " " : "",
                 e->text);
}

/* ---- drawing ---- */

/* As much of it as a line has room for; returns how many bytes. */
static size_t line(struct view *v, const char *text)
{
    size_t n = strlen(text), room = (size_t)v->columns - 1;
    for (n = n < room ? n : room; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
        ;
    fprintf(v->out, "\033[K%.*s\n", (int)n, text);
    v->drawn++;
    return n;
}

static void draw_charge(struct view *v)
{
    char text[256], bar[BAR + 1];
    int filled = v->has_soc ? (int)lround(v->soc * BAR / 100) : 0;
    filled = filled < 0 ? 0 : filled > BAR ? BAR : filled;
    memset(bar, '-', BAR);
    memset(bar, '#', (size_t)filled);
    bar[BAR] = '\0';
    if (v->has_soc)
        snprintf(text, sizeof text, "  charge   [%s] %3.0f %%", bar, v->soc);
    else
        snprintf(text, sizeof text, "  charge   (not said)");
    line(v, text);
}

static void draw_power(struct view *v)
{
    char text[256];
    double current = v->has_current ? v->current : v->limit;
    int n = snprintf(text, sizeof text, "  output   ");
    if (v->has_voltage)
        n += snprintf(text + n, sizeof text - (size_t)n, "%6.1f V  ", v->voltage);
    if (v->has_current || current > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, "%6.1f A  ", current);
    snprintf(text + n, sizeof text - (size_t)n, "%8.0f W  %8.2f kWh", v->power,
             v->energy_wh / 1000);
    line(v, text);
}

static void draw_time(struct view *v)
{
    char text[256];
    int64_t seconds = (v->us - v->start_us) / 1000000;
    int n = snprintf(text, sizeof text, "  time     %02" PRId64 ":%02" PRId64 ":%02" PRId64,
                     seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (v->has_left && n > 0 && v->left_s < 1e7)
        snprintf(text + n, sizeof text - (size_t)n, "   left %.0f min", v->left_s / 60);
    line(v, text);
}

#define INDENT 11 /* of what stands behind a label */

/* Parts with ", " between them behind a label, on as many lines as they need. */
static void draw_parts(struct view *v, const char *label, const char *text)
{
    char shown[256];
    size_t room = (size_t)v->columns - 1;
    while (text[0] != '\0') {
        snprintf(shown, sizeof shown, "  %-8s %s", label, text);
        size_t n = strlen(shown);
        if (n > room) {
            shown[room] = '\0';
            const char *comma = strrchr(shown, ',');
            n = comma != NULL ? (size_t)(comma - shown) + 1 : room;
            shown[n] = '\0';
        }
        line(v, shown);
        text += n - INDENT;
        text += strspn(text, " ");
        label = "";
    }
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

static void draw_notes(struct view *v)
{
    const char *rest = v->notes;
    do {
        char text[sizeof v->notes + 2];
        snprintf(text, sizeof text, "  %s", rest);
        rest += line(v, text) - 2;
    } while (rest[0] != '\0');
}

void view_show(struct view *v)
{
    char text[300];
    v->columns = terminal_columns(fileno(v->out));
    if (v->drawn > 0)
        fprintf(v->out, "\033[%uA\033[J", v->drawn);
    v->drawn = 0;
    snprintf(text, sizeof text, "  step     %s",
             v->step[0] != '\0' ? v->step : "looking for a peer");
    if (v->count > 1)
        snprintf(text, sizeof text, "  step     %s  x%u, %.1f s", v->step, v->count,
                 (double)(v->us - v->step_us) / 1e6);
    line(v, text);
    draw_charge(v);
    draw_power(v);
    draw_time(v);
    if (v->grid.is_there)
        draw_grid(v);
    snprintf(text, sizeof text, "  messages %u, connection %u", v->frames, v->vehicles);
    line(v, text);
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
