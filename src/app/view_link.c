/* SPDX-License-Identifier: Apache-2.0 */
#include "app/view_link.h"

#include "base/said.h"
#include "codec/node.h"

#include <stdio.h>
#include <string.h>

#define SOUND "CM_MNBC_SOUND_IND"

static const struct {
    const char *name, *stage;
} STAGES[] = {
    {"CM_SLAC_PARM_REQ", "looks for stations"},
    {"CM_SLAC_PARM_CNF", "a station answers"},
    {"CM_START_ATTEN_CHAR_IND", "begins to sound"},
    {SOUND, "sounding"},
    {"CM_ATTEN_CHAR_IND", "is heard"},
    {"CM_VALIDATE_REQ", "validates by the pilot"},
    {"CM_SLAC_MATCH_REQ", "asks for the key"},
    {"CM_SLAC_MATCH_CNF", "joins the network"},
};

void view_link_open(struct view_link *v)
{
    *v = (struct view_link){.attenuation = -1};
}

/* The mean of a list of numbers; negative: there is none. */
static double mean_of(const struct node *n, const char *field)
{
    struct node_at at = node_find(n, field);
    double sum = 0;
    if (at.field == NULL || !at.field->is_list || at.v.l == NULL || at.v.l->n == 0)
        return -1;
    for (uint32_t i = 0; i < at.v.l->n; i++)
        sum += (double)at.v.l->v[i].u;
    return sum / at.v.l->n;
}

static void take_frame(struct view_link *v, const struct event *e, const struct node *n)
{
    for (size_t i = 0; i < sizeof STAGES / sizeof *STAGES; i++)
        if (strcmp(e->name, STAGES[i].name) == 0)
            v->stage = STAGES[i].stage;
    if (strcmp(e->name, "CM_SLAC_PARM_REQ") == 0) {
        v->sounds = 0;
        v->attenuation = -1;
        v->is_up = false;
    }
    v->sounds += strcmp(e->name, SOUND) == 0;
    double mean = strcmp(e->name, "CM_ATTEN_CHAR_IND") == 0 ? mean_of(n, "AAG") : -1;
    if (mean >= 0 && (v->attenuation < 0 || mean < v->attenuation))
        v->attenuation = mean;
    if (strcmp(e->name, "CM_SET_KEY_REQ") == 0 && v->is_up) {
        v->is_up = false;
        v->stage = "has left the network";
    }
    struct node_at link = node_find(n, "LinkStatus");
    if (link.field != NULL)
        v->is_up = link.v.u == 1;
}

/* ---- the control pilots ---- */

/* Before the state is the name of the cable, where it has one. */
static size_t name_of(const char *text)
{
    size_t n = strcspn(text, ",");
    while (n > 0 && text[n - 1] != ' ')
        n--;
    return n;
}

static void keep_pilot(struct view_link *v, const char *text)
{
    unsigned i = 0;
    size_t n = name_of(text);
    while (i < v->cables && (v->cable[i].name != n || strncmp(v->cable[i].text, text, n) != 0))
        i++;
    if (i == VIEW_CABLES)
        return;
    v->cables += i == v->cables;
    v->cable[i].name = n;
    snprintf(v->cable[i].text, sizeof v->cable[i].text, "%s", text);
}

static void take_pilot(struct view_link *v, const char *text)
{
    unsigned plugged = 0;
    size_t at = 0;
    keep_pilot(v, text);
    for (unsigned i = 0; i < v->cables; i++)
        plugged += v->cable[i].text[v->cable[i].name] != 'A';
    if (plugged == 0)
        snprintf(v->pilot, sizeof v->pilot, "%s", text);
    for (unsigned i = 0; i < v->cables; i++) {
        const char *own = v->cable[i].text;
        int n = (int)(plugged == 1 ? strlen(own) : strcspn(own, ","));
        if (own[v->cable[i].name] == 'A' || at >= sizeof v->pilot)
            continue;
        at += (size_t)snprintf(v->pilot + at, sizeof v->pilot - at, "%s%.*s", at > 0 ? ", " : "", n,
                               own);
    }
}

void view_link_take(struct view_link *v, const struct event *e)
{
    if (e->kind == EVENT_PILOT)
        take_pilot(v, e->text);
    const struct node *n =
        e->is_link && !e->is_echo && e->message != NULL ? message_named(e->message).node : NULL;
    if (n != NULL)
        take_frame(v, e, n);
}

void view_link_text(const struct view_link *v, struct buf *out)
{
    if (v->stage == NULL)
        return;
    char sounds[40];
    buf_text(out, said(v->is_up ? "link is up" : v->stage));
    snprintf(sounds, sizeof sounds, ", %u sounds", v->sounds);
    if (v->sounds > 0)
        said_add(out, sounds);
    if (v->attenuation >= 0)
        buf_printf(out, ", %.1f dB", v->attenuation);
}
