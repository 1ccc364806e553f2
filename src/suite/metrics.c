/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/metrics.h"

#include "base/openmetrics.h"

#include <inttypes.h>
#include <time.h>

static void put_mutants(const char *of, const struct mutants *m, FILE *out)
{
    fprintf(out, "v2glab_mutants{of=\"%s\",outcome=\"killed\"} %u\n", of, m->killed);
    fprintf(out, "v2glab_mutants{of=\"%s\",outcome=\"survived\"} %u\n", of, m->played - m->killed);
}

static void put_counts(const struct results *r, FILE *out)
{
    openmetrics_family(out, "v2glab_cases", "gauge", NULL,
                       "Cases by outcome, of conformance and in the field.");
    for (enum outcome o = 0; o < OUTCOMES; o++) {
        const char *name = outcome_name(o);
        fprintf(out, "v2glab_cases{judged=\"conformance\",outcome=\"%s\"} %u\n", name,
                r->verdicts[o]);
        fprintf(out, "v2glab_cases{judged=\"field\",outcome=\"%s\"} %u\n", name, r->fields[o]);
    }
    if (r->negations.played + r->rules.played == 0)
        return;
    openmetrics_family(
        out, "v2glab_mutants", "gauge", NULL,
        "Negations and edited rules of the device, and which of them a case noticed.");
    put_mutants("negation", &r->negations, out);
    put_mutants("rule", &r->rules, out);
}

static void put_case(const struct result *r, const char *metric, FILE *out)
{
    struct buf name = {0};
    fprintf(out, "%s{", metric);
    openmetrics_label(out, "case", result_name(r, &name));
    fputc(',', out);
    openmetrics_label(out, "suite", r->suite);
    fputc(',', out);
    openmetrics_label(out, "protocol", r->protocol);
    buf_close(&name);
}

static void put_start(const struct results *r, FILE *out)
{
    struct tm at = {0};
    if (strptime(results_text(r->run, "started"), "%Y-%m-%dT%H:%M:%S", &at) == NULL)
        return;
    openmetrics_family(out, "v2glab_run_started_timestamp_seconds", "gauge", "seconds",
                       "When the run was started.");
    fprintf(out, "v2glab_run_started_timestamp_seconds %lld\n", (long long)timegm(&at));
}

void metrics_write(const struct results *r, FILE *out)
{
    openmetrics_family(out, "v2glab", "info", NULL, "The program.");
    fputs("v2glab_info{", out);
    openmetrics_label(out, "version", results_text(r->run, "version"));
    fputs("} 1\n", out);
    put_start(r, out);
    put_counts(r, out);
    openmetrics_family(out, "v2glab_case_passed", "gauge", NULL,
                       "1: the case passed; of each that was played.");
    for (size_t i = 0; i < r->n; i++) {
        if (r->at[i].said == NULL)
            continue;
        put_case(&r->at[i], "v2glab_case_passed", out);
        fprintf(out, "} %d\n", r->at[i].verdict == OUTCOME_PASS);
    }
    openmetrics_family(out, "v2glab_case_duration_seconds", "gauge", "seconds",
                       "How long the case took.");
    for (size_t i = 0; i < r->n; i++) {
        if (r->at[i].said == NULL)
            continue;
        put_case(&r->at[i], "v2glab_case_duration_seconds", out);
        fprintf(out, "} %" PRId64 ".%06" PRId64 "\n", r->at[i].taken_us / 1000000,
                r->at[i].taken_us % 1000000);
    }
    fputs("# EOF\n", out);
}
