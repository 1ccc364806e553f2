/* SPDX-License-Identifier: Apache-2.0 */
#include "app/view.h"

#include "codec/quantity.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define LINES 6
#define BAR 30 /* characters */
#define DEPTH 4

void view_open(struct view *v, FILE *out)
{
    memset(v, 0, sizeof *v);
    v->out = out;
}

/* ---- values of messages ---- */

static const union value *find(const struct node *n, const char *name, const struct field **f,
                               unsigned depth)
{
    int slot = type_slot_of(n->type, name);
    if (n->type->is_open)
        return NULL;
    if (slot >= 0 && node_has(n, (unsigned)slot)) {
        *f = &n->type->field[slot];
        return &n->v[slot];
    }
    for (unsigned i = 0; depth > 0 && i < n->type->fields; i++) {
        const struct field *child = &n->type->field[i];
        if (child->kind != KIND_NODE || child->is_list || !node_has(n, i))
            continue;
        const union value *v = find(n->v[i].n, name, f, depth - 1);
        if (v != NULL)
            return v;
    }
    return NULL;
}

/* The number called name anywhere in the message. */
static bool number(const struct node *n, const char *name, double *out)
{
    const struct field *f;
    const union value *v = find(n, name, &f, DEPTH);
    if (v == NULL || f->is_list)
        return false;
    if (f->kind == KIND_NODE) {
        if (!f->type->is_quantity)
            return false;
        *out = quantity_get(v->n);
        return true;
    }
    *out = (double)v->i;
    return true;
}

static bool first_of(const struct node *n, const char *const names[], double *out)
{
    for (; *names != NULL; names++)
        if (number(n, *names, out))
            return true;
    return false;
}

static void take_values(struct view *v, const struct node *n)
{
    static const char *const SOC[] = {"EVRESSSOC", "PresentSOC", NULL};
    static const char *const VOLTAGE[] = {"EVSEPresentVoltage", "EVSENominalVoltage", NULL};
    static const char *const CURRENT[] = {"EVSEPresentCurrent", NULL};
    static const char *const LIMIT[] = {"EVSEMaxCurrent", NULL};
    static const char *const POWER[] = {"EVPresentActivePower", NULL};
    static const char *const LEFT[] = {"RemainingTimeToFullSoC", "RemainingTimeToTargetSOC", NULL};
    v->has_soc |= first_of(n, SOC, &v->soc);
    v->has_voltage |= first_of(n, VOLTAGE, &v->voltage);
    v->has_current |= first_of(n, CURRENT, &v->current);
    v->has_left |= first_of(n, LEFT, &v->left_s);
    first_of(n, LIMIT, &v->limit);
    if (first_of(n, CURRENT, &v->current))
        v->power = v->voltage * v->current;
    else
        first_of(n, POWER, &v->power);
}

static void count_energy(struct view *v, int64_t us)
{
    if (v->energy_us != 0)
        v->energy_wh += v->power * (double)(us - v->energy_us) / 3.6e9;
    v->energy_us = us;
}

static void take_frame(struct view *v, const struct event *e)
{
    if (strncmp(e->name, "SECCDiscovery", 13) == 0)
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
}

void view_event(void *context, const struct event *e)
{
    struct view *v = context;
    v->us = e->us;
    if (v->start_us == 0)
        v->start_us = e->us;
    if (e->kind == EVENT_FRAME)
        take_frame(v, e);
    if (e->kind == EVENT_CONNECT)
        v->vehicles = e->connection;
    if (e->kind == EVENT_CONNECT || e->kind == EVENT_CLOSE)
        v->power = 0;
    bool speaks = e->kind == EVENT_LOG || e->kind == EVENT_VERDICT || e->kind == EVENT_VIOLATION ||
                  e->kind == EVENT_CLOSE || e->kind == EVENT_FAULT;
    if (speaks && e->text != NULL)
        snprintf(v->notes, sizeof v->notes, "%s%s%.120s", e->by, e->by[0] != '\0' ? " " : "",
                 e->text);
}

/* ---- drawing ---- */

static void line(const struct view *v, const char *text)
{
    fprintf(v->out, "\033[K%s\n", text);
}

static void draw_charge(const struct view *v)
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

static void draw_power(const struct view *v)
{
    char text[256];
    snprintf(text, sizeof text, "  output   %6.1f V  %6.1f A  %8.0f W  %8.2f kWh", v->voltage,
             v->has_current ? v->current : v->limit, v->power, v->energy_wh / 1000);
    line(v, text);
}

static void draw_time(const struct view *v)
{
    char text[256];
    int64_t seconds = (v->us - v->start_us) / 1000000;
    int n = snprintf(text, sizeof text, "  time     %02" PRId64 ":%02" PRId64 ":%02" PRId64,
                     seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (v->has_left && n > 0 && v->left_s < 1e7)
        snprintf(text + n, sizeof text - (size_t)n, "   left %.0f min", v->left_s / 60);
    line(v, text);
}

void view_show(struct view *v)
{
    char text[300];
    if (v->drawn)
        fprintf(v->out, "\033[%dA", LINES);
    v->drawn = true;
    snprintf(text, sizeof text, "  step     %s",
             v->step[0] != '\0' ? v->step : "looking for a peer");
    if (v->count > 1)
        snprintf(text, sizeof text, "  step     %s  x%u, %.1f s", v->step, v->count,
                 (double)(v->us - v->step_us) / 1e6);
    line(v, text);
    draw_charge(v);
    draw_power(v);
    draw_time(v);
    snprintf(text, sizeof text, "  messages %u, connection %u", v->frames, v->vehicles);
    line(v, text);
    snprintf(text, sizeof text, "  %.75s", v->notes);
    line(v, text);
    fflush(v->out);
}

void view_close(struct view *v)
{
    if (!v->drawn)
        return;
    view_show(v);
    v->drawn = false;
}
