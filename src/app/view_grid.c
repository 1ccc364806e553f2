/* SPDX-License-Identifier: Apache-2.0 */
#include "app/view_grid.h"

#include "codec/quantity.h"
#include "codec/value.h"

#include <stdio.h>
#include <string.h>

/* What is shown, in its order: where it stands in a DER_ element, and what is said before it. What
 * is asked for in a charge loop's response is over with the first one that has it no more. */
static const struct {
    enum view_grid_line line;
    const char *path, *label;
} VALUES[VIEW_GRID_VALUES] = {
    {VIEW_GRID_GRID, "EVPresentVoltage", ""},
    {VIEW_GRID_GRID, "EVPresentFrequency", ""},
    {VIEW_GRID_GRID, "EVSENominalFrequency", "nominal "},
    {VIEW_GRID_GRID, "GridConnectionMode", ""},
    {VIEW_GRID_GRID, "GridEventCondition", "event "},
    {VIEW_GRID_ASKED, "RequiredDEROperatingMode", ""},
    {VIEW_GRID_ASKED, "EVOperatingMode", ""},
    {VIEW_GRID_ASKED, "EVSETargetActivePower", "target "},
    {VIEW_GRID_ASKED, "EVSETargetReactivePower", "target "},
    {VIEW_GRID_ASKED, "DSOMaximumDischargePower", "DSO at most "},
    {VIEW_GRID_ASKED, "DSOQSetpoint/DSOQSetpointValue", "DSO "},
    {VIEW_GRID_ASKED, "DSOCosPhiSetpoint/DSOCosPhiSetpointValue", "DSO cos phi "},
    {VIEW_GRID_VEHICLE, "EVPresentActivePower", ""},
    {VIEW_GRID_VEHICLE, "EVPresentReactivePower", ""},
    {VIEW_GRID_VEHICLE, "DEROperationalState", ""},
    {VIEW_GRID_VEHICLE, "DERConnectionStatus", ""},
    {VIEW_GRID_VEHICLE, "DERAlarmStatus", "alarms "},
};

static bool is_order(const char *path)
{
    return strncmp(path, "EVSETarget", 10) == 0 || strncmp(path, "DSO", 3) == 0;
}

static void take_values(struct view_grid *g, const struct node *n, bool is_loop_response)
{
    for (unsigned i = 0; i < VIEW_GRID_VALUES; i++) {
        struct buf text = {0};
        struct node_at at = node_find(n, VALUES[i].path);
        if (at.field != NULL && at.field->kind == KIND_NODE) {
            quantity_print(at.v.n, &text);
            buf_printf(&text, " %s", at.field->unit);
        } else if (at.field != NULL) {
            value_text(at.field, at.v, &text);
        }
        if (at.field != NULL || (is_loop_response && is_order(VALUES[i].path)))
            snprintf(g->value[i], sizeof g->value[i], "%.*s", (int)text.n, buf_string(&text));
        buf_close(&text);
    }
}

static void set_function(struct view_grid *g, const char *name, bool is_on)
{
    unsigned i = 0;
    while (i < g->functions && strcmp(g->function[i].name, name) != 0)
        i++;
    if (i == VIEW_GRID_FUNCTIONS)
        return;
    g->functions += i == g->functions;
    g->function[i].name = name;
    g->function[i].is_on = is_on;
}

/* By SAE rules a function says whether it is on; by IEC rules it is there. */
static void take_functions(struct view_grid *g, const struct node *control)
{
    for (uint64_t left = control->has; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        const struct field *f = &control->type->field[i];
        const struct node *n = f->kind == KIND_NODE && !f->is_list ? control->v[i].n : NULL;
        struct node_at enable = node_find(n, "Enable"), permit = node_find(n, "PermitService");
        if (n == NULL)
            continue;
        if (permit.field != NULL)
            set_function(g, "PermitService", permit.v.i != 0);
        else if (enable.field != NULL)
            set_function(g, f->name, enable.v.i != 0);
        else if (strstr(f->name, "PowerSupport") != NULL || strstr(f->name, "Trip") != NULL)
            take_functions(g, n);
        else
            set_function(g, f->name, true);
    }
}

void view_grid_take(struct view_grid *g, const struct node *n)
{
    for (uint64_t left = n->has; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        const struct field *f = &n->type->field[i];
        if (f->kind != KIND_NODE || f->is_list || strncmp(f->name, "DER_", 4) != 0)
            continue;
        static const char *const CONTROLS[] = {"DERControl", "DERControlCPDRes", "DERControlCLRes"};
        if (strstr(f->name, "CPDRes") != NULL)
            g->functions = 0;
        for (unsigned k = 0; k < sizeof CONTROLS / sizeof CONTROLS[0]; k++) {
            const struct node *control = node_child(n->v[i].n, CONTROLS[k]);
            if (control != NULL)
                take_functions(g, control);
        }
        take_values(g, n->v[i].n, strstr(f->name, "CLRes") != NULL);
        g->is_there = true;
    }
}

static void add_part(struct buf *out, size_t begin, const char *label, const char *text)
{
    buf_printf(out, "%s%s%s", out->n > begin ? ", " : "", label, text);
}

/* What may trip the vehicle comes behind what it does all the time. */
static void add_functions(const struct view_grid *g, bool trips, size_t begin, struct buf *out)
{
    for (unsigned i = 0; i < g->functions; i++)
        if (g->function[i].is_on && (strstr(g->function[i].name, "Trip") != NULL) == trips)
            add_part(out, begin, "", g->function[i].name);
}

void view_grid_text(const struct view_grid *g, enum view_grid_line line, struct buf *out)
{
    size_t begin = out->n;
    for (unsigned i = 0; i < VIEW_GRID_VALUES; i++)
        if (VALUES[i].line == line && g->value[i][0] != '\0')
            add_part(out, begin, VALUES[i].label, g->value[i]);
    if (line != VIEW_GRID_ASKED)
        return;
    add_functions(g, false, begin, out);
    add_functions(g, true, begin, out);
}
