/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/annotations.h"

#include <stdlib.h>
#include <string.h>

/* File and line of the step that decided, or of the case. */
static int place_of(const struct result *r, struct buf *file)
{
    const char *colon = strrchr(r->where, ':');
    int line = colon != NULL ? atoi(colon + 1) : 0;
    buf_clear(file);
    if (line > 0)
        buf_add(file, r->where, (size_t)(colon - r->where));
    else
        buf_text(file, r->file);
    if (line <= 0)
        line = (int)json_integer_value(json_object_get(r->planned, "line"));
    return line > 0 ? line : 1;
}

static bool is_remark(const struct result *r)
{
    return r->verdict != OUTCOME_PASS && r->verdict != OUTCOME_BEYOND &&
           r->verdict != OUTCOME_NOT_APPLICABLE;
}

/* ---- GitHub ---- */

/* Octets of `also` cannot stand in a property as they are. */
static void put_escaped(FILE *out, const char *text, const char *also)
{
    for (; *text != '\0'; text++) {
        if (strchr("%\r\n", *text) != NULL || strchr(also, *text) != NULL)
            fprintf(out, "%%%02X", (unsigned char)*text);
        else
            fputc(*text, out);
    }
}

void annotations_github(const struct results *r, FILE *out)
{
    struct buf text = {0};
    for (size_t i = 0; i < r->n; i++) {
        const struct result *one = &r->at[i];
        if (!is_remark(one))
            continue;
        bool warns = one->verdict == OUTCOME_INCONCLUSIVE || one->verdict == OUTCOME_NOT_REACHED;
        int line = place_of(one, &text);
        fprintf(out, "::%s file=", warns ? "warning" : "error");
        put_escaped(out, buf_string(&text), ":,");
        fprintf(out, ",line=%d,title=", line);
        put_escaped(out, result_name(one, &text), ":,");
        fprintf(out, " (%s)::", outcome_name(one->verdict));
        put_escaped(out, result_cause(one, &text), "");
        if (*one->cites != '\0')
            fprintf(out, " [%s]", one->cites);
        fputc('\n', out);
    }
    buf_close(&text);
}

/* ---- GitLab ---- */

/* ORDER OUTCOME */
static const char *const SEVERITY[OUTCOMES] = {"info", "major", "minor", "critical",
                                               "info", "info",  "minor"};

/* FNV-1a of 64 bits: the same remark has the same number in each run. */
static uint64_t number_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static json_t *remark_of(const struct result *r)
{
    struct buf text = {0}, cause = {0};
    char number[20];
    int line = place_of(r, &text);
    json_t *remark = json_object(), *location = json_object(), *lines = json_object();
    json_object_set_new(lines, "begin", json_integer(line));
    json_object_set_new(location, "path", json_string(buf_string(&text)));
    json_object_set_new(location, "lines", lines);
    snprintf(number, sizeof number, "%016llx",
             (unsigned long long)number_of(result_name(r, &text)));
    buf_printf(&text, " (%s): %s", outcome_name(r->verdict), result_cause(r, &cause));
    json_object_set_new(remark, "description", json_string(buf_string(&text)));
    json_object_set_new(remark, "check_name", json_string(r->id));
    json_object_set_new(remark, "fingerprint", json_string(number));
    json_object_set_new(remark, "severity", json_string(SEVERITY[r->verdict]));
    json_object_set_new(remark, "location", location);
    buf_close(&text);
    buf_close(&cause);
    return remark;
}

void annotations_gitlab(const struct results *r, FILE *out)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n; i++)
        if (is_remark(&r->at[i]))
            json_array_append_new(list, remark_of(&r->at[i]));
    json_dumpf(list, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(list);
}
