/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_figures.h"

#include "base/openmetrics.h"
#include "base/said.h"
#include "base/utf8.h"
#include "record/terminal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name; /* in JSON */
    double part;
} QUANTILES[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
#define QUANTILES_N (sizeof QUANTILES / sizeof *QUANTILES)

/* ---- adding ---- */

void figures_clear(struct load_figures *f)
{
    for (unsigned i = 0; i < f->rows; i++)
        memset(&f->row[i]->us, 0, sizeof f->row[i]->us);
    struct load_figures empty = {.rows = f->rows};
    memcpy(empty.row, f->row, sizeof empty.row);
    *f = empty;
}

void figures_close(struct load_figures *f)
{
    for (unsigned i = 0; i < f->rows; i++)
        free(f->row[i]);
    f->rows = 0;
}

const struct turnaround *figures_row(const struct load_figures *f, const char *name)
{
    for (unsigned i = 0; i < f->rows; i++)
        if (strcmp(f->row[i]->name, name) == 0)
            return f->row[i];
    return NULL;
}

int figures_merge_row(struct load_figures *into, const struct turnaround *from)
{
    struct turnaround *to = (struct turnaround *)(uintptr_t)figures_row(into, from->name);
    if (to == NULL && into->rows < TURNAROUNDS_MOST && (to = calloc(1, sizeof *to)) != NULL) {
        memcpy(to->name, from->name, sizeof to->name);
        into->row[into->rows++] = to;
    }
    if (to == NULL)
        return -1;
    histogram_merge(&to->us, &from->us);
    return 0;
}

#define UTF8_MOST 4 /* octets of a character */

/* The reason without what differs from one session to the next: which connection, how long. In
 * whole characters, since JSON and OpenMetrics have no others. */
static void generalize(char out[REASON_SIZE], const char *text)
{
    const char *connection = strstr(text, ": connection of "), *tls = strstr(text, ": TLS with ");
    size_t n = 0;
    connection = connection != NULL ? connection : tls;
    const char *behind = connection != NULL ? strstr(connection + 2, ": ") : NULL;
    for (; *text != '\0' && *text != '\n' && n < REASON_SIZE - UTF8_MOST; text++) {
        size_t digits = strspn(text, "0123456789");
        if (text == connection && behind != NULL)
            text = behind;
        if (digits > 0 && strncmp(text + digits, " ms", 3) == 0) {
            text += digits - 1;
            out[n++] = 'N';
            continue;
        }
        uint32_t c;
        unsigned size = utf8_length((const uint8_t *)text, strlen(text), &c);
        memcpy(out + n, size > 0 ? text : "?", size > 0 ? size : 1);
        n += size > 0 ? size : 1;
        text += size > 0 ? size - 1 : 0;
    }
    out[n] = '\0';
}

void figures_add_reason(struct load_figures *f, const char *why, uint64_t n)
{
    unsigned i = 0;
    char text[REASON_SIZE];
    generalize(text, why);
    while (i < f->reasons && strcmp(f->reason[i].text, text) != 0)
        i++;
    if (i == REASONS_MOST) {
        f->other_reasons += n;
        return;
    }
    if (i == f->reasons)
        snprintf(f->reason[f->reasons++].text, sizeof f->reason[i].text, "%s", text);
    f->reason[i].n += n;
}

int figures_merge(struct load_figures *into, const struct load_figures *from)
{
    int bad = 0;
    into->came += from->came;
    into->held_back += from->held_back;
    into->passed += from->passed;
    into->failed += from->failed;
    into->unclear += from->unclear;
    into->cut += from->cut;
    into->open += from->open;
    into->recorded += from->recorded;
    into->unrecorded += from->unrecorded;
    if (into->lost[0] == '\0')
        memcpy(into->lost, from->lost, sizeof into->lost);
    into->lua += from->lua;
    into->other_reasons += from->other_reasons;
    for (unsigned i = 0; i < from->reasons; i++)
        figures_add_reason(into, from->reason[i].text, from->reason[i].n);
    for (unsigned i = 0; i < from->rows; i++)
        bad |= figures_merge_row(into, from->row[i]);
    return bad;
}

/* ---- for people ---- */

static double ms(uint64_t us)
{
    return (double)us / 1000;
}

static uint64_t at(const struct turnaround *t, double part)
{
    return histogram_quantile(&t->us, part);
}

/* The message that comes most often. */
static const struct turnaround *busiest(const struct load_figures *f)
{
    const struct turnaround *found = NULL;
    for (unsigned i = 0; i < f->rows; i++) {
        const struct turnaround *t = f->row[i];
        bool is_message =
            strcmp(t->name, FIGURES_CONNECT) != 0 && strcmp(t->name, FIGURES_SESSION) != 0;
        if (is_message && t->us.n > 0 && (found == NULL || t->us.n > found->us.n))
            found = t;
    }
    return found;
}

void figures_line(const struct load_figures *f, FILE *out)
{
    const struct turnaround *t = busiest(f);
    struct buf line = {0};
    char text[200];
    snprintf(text, sizeof text,
             "%.0f s  %u open  %" PRIu64 " passed  %" PRIu64 " failed  %" PRIu64
             " held back  %.1f/s",
             f->seconds, f->open, f->passed, f->failed + f->unclear, f->held_back, figures_rate(f));
    said_add(&line, text);
    if (t != NULL)
        buf_printf(&line, "  %s p50 %.1f p99 %.1f max %.1f ms", t->name, ms(at(t, 0.5)),
                   ms(at(t, 0.99)), ms(t->us.most));
    const char *all = buf_string(&line);
    fprintf(out, "\r\033[K%.*s", (int)terminal_fit(all, terminal_columns(fileno(out)) - 1), all);
    fflush(out);
    buf_close(&line);
}

#define COLUMNS (1 + QUANTILES_N + 1) /* count, quantiles, max */
#define TABLE_WIDTH 80

static void table_row(char cell[COLUMNS][24], const struct turnaround *t)
{
    snprintf(cell[0], sizeof cell[0], "%" PRIu64, t->us.n);
    for (size_t i = 0; i < QUANTILES_N; i++)
        snprintf(cell[1 + i], sizeof cell[0], "%.2f", ms(at(t, QUANTILES[i].part)));
    snprintf(cell[COLUMNS - 1], sizeof cell[0], "%.2f", ms(t->us.most));
}

static void table_head(char cell[COLUMNS][24])
{
    snprintf(cell[0], sizeof cell[0], "count");
    for (size_t i = 0; i < QUANTILES_N; i++)
        snprintf(cell[1 + i], sizeof cell[0], "%s", QUANTILES[i].name);
    snprintf(cell[COLUMNS - 1], sizeof cell[0], "max");
}

/* A name that leaves no room for its figures has a line of its own. */
static void write_row(const char *name, char cell[COLUMNS][24], const int width[COLUMNS], FILE *out)
{
    int left = TABLE_WIDTH;
    for (size_t i = 0; i < COLUMNS; i++)
        left -= width[i] + 1;
    left = left < 0 ? 0 : left;
    if ((int)strlen(name) > left)
        fprintf(out, "%s\n%*s", name, left, "");
    else
        fprintf(out, "%-*s", left, name);
    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(out, " %*s", width[i], cell[i]);
    fputc('\n', out);
}

/* Each column is as wide as what is in it. */
static void write_table(const struct load_figures *f, FILE *out)
{
    char cell[COLUMNS][24];
    int width[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        width[i] = 7;
    for (unsigned i = 0; i < f->rows; i++) {
        table_row(cell, f->row[i]);
        for (size_t k = 0; k < COLUMNS; k++)
            width[k] = width[k] < (int)strlen(cell[k]) ? (int)strlen(cell[k]) : width[k];
    }
    table_head(cell);
    write_row("ms", cell, width, out);
    for (unsigned i = 0; i < f->rows; i++) {
        table_row(cell, f->row[i]);
        if (f->row[i]->us.n > 0)
            write_row(f->row[i]->name, cell, width, out);
    }
}

static void write_expectation(const struct load_expectation *x, FILE *out)
{
    said_print(out, "expected %s: ", x->text);
    if (!x->has_sample)
        fputs(said("nothing was measured"), out);
    else if (x->is_time)
        fprintf(out, "%.2f ms", x->found / 1000);
    else
        fprintf(out, "%.6g%s", x->found, x->is_part ? "%" : "");
    fprintf(out, "; %s\n", said(x->is_met ? "as expected" : "not as expected"));
}

void figures_text(const struct load_figures *f, const struct load_expectations *expect, FILE *out)
{
    said_print(out,
               "%.1f s: %" PRIu64 " sessions, %.1f/s, %u at once at most\n"
               "%" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " inconclusive, %" PRIu64
               " cut short, %" PRIu64 " held back\n",
               f->seconds, figures_ended(f), figures_rate(f), f->most, f->passed, f->failed,
               f->unclear, f->cut, f->held_back);
    fputc('\n', out);
    write_table(f, out);
    if (f->reasons > 0)
        fputc('\n', out);
    for (unsigned i = 0; i < f->reasons; i++) {
        said_print(out, "%" PRIu64 " x ", f->reason[i].n);
        said_print(out, "%s", f->reason[i].text); /* a sentence of its own */
        fputc('\n', out);
    }
    if (f->other_reasons > 0)
        said_print(out, "%" PRIu64 " for other reasons\n", f->other_reasons);
    if (f->unrecorded > 0)
        said_print(out, "\n%u records could not be written: %s\n", f->unrecorded, f->lost);
    fputc('\n', out);
    for (unsigned i = 0; i < expect->n; i++)
        write_expectation(&expect->at[i], out);
}

/* ---- JSON ---- */

static json_t *row_of(const struct turnaround *t)
{
    json_t *row =
        json_pack("{sI sf}", "count", (json_int_t)t->us.n, "mean_us", histogram_mean(&t->us));
    for (size_t i = 0; i < QUANTILES_N; i++) {
        char key[24];
        snprintf(key, sizeof key, "%s_us", QUANTILES[i].name);
        json_object_set_new(row, key, json_integer((json_int_t)at(t, QUANTILES[i].part)));
    }
    json_object_set_new(row, "max_us", json_integer((json_int_t)t->us.most));
    return row;
}

static json_t *expectation_of(const struct load_expectation *x)
{
    json_t *made = json_pack("{ss sb}", "expected", x->text, "met", x->is_met);
    json_object_set_new(made,
                        x->is_time   ? "found_us"
                        : x->is_part ? "found_percent"
                                     : "found",
                        x->has_sample ? json_real(x->found) : json_null());
    return made;
}

void figures_json(const struct load_figures *f, const struct load_expectations *expect, FILE *out)
{
    json_t *all = json_pack(
        "{sf sf sI sI sI sI sI sI si si sI si si sI}", "seconds", f->seconds, "sessions_per_second",
        figures_rate(f), "came", (json_int_t)f->came, "held_back", (json_int_t)f->held_back,
        "passed", (json_int_t)f->passed, "failed", (json_int_t)f->failed, "inconclusive",
        (json_int_t)f->unclear, "cut_short", (json_int_t)f->cut, "open", (int)f->open, "at_once",
        (int)f->most, "lua_bytes", (json_int_t)f->lua, "recorded_failures", (int)f->recorded,
        "unrecorded_failures", (int)f->unrecorded, "other_reasons", (json_int_t)f->other_reasons);
    json_t *rows = json_object(), *reasons = json_array(), *judged = json_array();
    for (unsigned i = 0; i < f->rows; i++)
        if (f->row[i]->us.n > 0)
            json_object_set_new(rows, f->row[i]->name, row_of(f->row[i]));
    for (unsigned i = 0; i < f->reasons; i++)
        json_array_append_new(reasons, json_pack("{ss sI}", "text", f->reason[i].text, "count",
                                                 (json_int_t)f->reason[i].n));
    for (unsigned i = 0; i < expect->n; i++)
        json_array_append_new(judged, expectation_of(&expect->at[i]));
    json_object_set_new(all, "turnarounds", rows);
    json_object_set_new(all, "reasons", reasons);
    json_object_set_new(all, "expectations", judged);
    json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    fputc('\n', out);
    json_decref(all);
}

/* ---- OpenMetrics ---- */

static void put_number(FILE *out, const char *name, const char *type, const char *help, uint64_t n)
{
    char whole[64];
    snprintf(whole, sizeof whole, "v2glab_load_%s", name);
    openmetrics_family(out, whole, type, NULL, help);
    fprintf(out, "%s%s %" PRIu64 "\n", whole, strcmp(type, "counter") == 0 ? "_total" : "", n);
}

static void put_outcomes(const struct load_figures *f, FILE *out)
{
    const struct {
        const char *name;
        uint64_t n;
    } outcomes[] = {{"pass", f->passed},
                    {"fail", f->failed},
                    {"inconclusive", f->unclear},
                    {"cut short", f->cut}};
    openmetrics_family(out, "v2glab_load_sessions", "counter", NULL, "Sessions that have ended.");
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        fprintf(out, "v2glab_load_sessions_total{outcome=\"%s\"} %" PRIu64 "\n", outcomes[i].name,
                outcomes[i].n);
}

static void put_reasons(const struct load_figures *f, FILE *out)
{
    openmetrics_family(out, "v2glab_load_failures", "counter", NULL,
                       "Sessions that failed or are inconclusive, by their reason.");
    for (unsigned i = 0; i < f->reasons; i++) {
        fputs("v2glab_load_failures_total{", out);
        openmetrics_label(out, "reason", f->reason[i].text);
        fprintf(out, "} %" PRIu64 "\n", f->reason[i].n);
    }
    put_number(out, "other_failures", "counter", "Those of reasons that are not told apart.",
               f->other_reasons);
    put_number(out, "recorded_failures", "counter", "Those that have a record.", f->recorded);
    put_number(out, "unrecorded_failures", "counter", "Those whose record could not be written.",
               f->unrecorded);
}

static void put_sample(FILE *out, const struct turnaround *t, const char *suffix)
{
    fprintf(out, "v2glab_load_turnaround_seconds%s{", suffix);
    openmetrics_label(out, "message", t->name);
}

static void put_row(const struct turnaround *t, FILE *out)
{
    for (size_t i = 0; i < QUANTILES_N; i++) {
        put_sample(out, t, "");
        fprintf(out, ",quantile=\"%g\"} %.6f\n", QUANTILES[i].part,
                (double)at(t, QUANTILES[i].part) / 1e6);
    }
    put_sample(out, t, "");
    fprintf(out, ",quantile=\"1\"} %.6f\n", (double)t->us.most / 1e6);
    put_sample(out, t, "_count");
    fprintf(out, "} %" PRIu64 "\n", t->us.n);
    put_sample(out, t, "_sum");
    fprintf(out, "} %.6f\n", (double)t->us.sum / 1e6);
}

static void put_expectations(const struct load_expectations *expect, FILE *out)
{
    if (expect->n > 0)
        openmetrics_family(out, "v2glab_load_as_expected", "gauge", NULL,
                           "1: an expectation is met, so far.");
    for (unsigned i = 0; i < expect->n; i++) {
        fputs("v2glab_load_as_expected{", out);
        openmetrics_label(out, "expected", expect->at[i].text);
        fprintf(out, "} %d\n", expect->at[i].is_met);
    }
}

void figures_metrics(const struct load_figures *f, const struct load_expectations *expect,
                     FILE *out)
{
    openmetrics_family(out, "v2glab_load_elapsed_seconds", "gauge", "seconds",
                       "Since it began, without what comes behind the duration.");
    fprintf(out, "v2glab_load_elapsed_seconds %.6f\n", f->seconds);
    openmetrics_family(out, "v2glab_load_sessions_per_second", "gauge", NULL,
                       "Sessions that have ended, a second.");
    fprintf(out, "v2glab_load_sessions_per_second %.6f\n", figures_rate(f));
    put_number(out, "arrivals", "counter", "Vehicles that have come.", f->came);
    put_number(out, "held_back", "counter", "Vehicles that found no place free.", f->held_back);
    put_outcomes(f, out);
    put_reasons(f, out);
    put_number(out, "open_sessions", "gauge", "Sessions that are going on.", f->open);
    put_number(out, "open_sessions_most", "gauge", "Most of them at any one time.", f->most);
    openmetrics_family(out, "v2glab_load_lua_bytes", "gauge", "bytes",
                       "Memory that Lua has taken.");
    fprintf(out, "v2glab_load_lua_bytes %" PRIu64 "\n", f->lua);
    openmetrics_family(out, "v2glab_load_turnaround_seconds", "summary", "seconds",
                       "From what was sent until the other side's message of that name came.");
    for (unsigned i = 0; i < f->rows; i++)
        if (f->row[i]->us.n > 0)
            put_row(f->row[i], out);
    put_expectations(expect, out);
    fputs("# EOF\n", out);
}
