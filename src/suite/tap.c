/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/tap.h"

#include <inttypes.h>
#include <string.h>

/* Of a description or a directive: one line, its '#' and '\' escaped. */
static void put_line(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '#' || *text == '\\')
            fputc('\\', out);
        fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
}

/* A key of the diagnosis, its value as YAML takes JSON's text. */
static void put_key(FILE *out, const char *key, const char *text)
{
    if (*text == '\0')
        return;
    json_t *value = json_string(text);
    char *said = json_dumps(value, JSON_ENCODE_ANY);
    fprintf(out, "  %s: %s\n", key, said != NULL ? said : "null");
    free(said);
    json_decref(value);
}

static void put_diagnosis(FILE *out, const struct result *r)
{
    struct buf cause = {0};
    fputs("  ---\n", out);
    put_key(out, "message", result_cause(r, &cause));
    put_key(out, "severity", outcome_name(r->verdict));
    put_key(out, "field", outcome_name(r->field));
    put_key(out, "expected", r->expected);
    put_key(out, "found", r->found);
    put_key(out, "requirements", r->cites);
    put_key(out, "at", r->where);
    if (r->frame > 0)
        fprintf(out, "  frame: %" PRId64 "\n", r->frame);
    fprintf(out, "  duration_ms: %" PRId64 ".%03" PRId64 "\n", r->taken_us / 1000,
            r->taken_us % 1000);
    put_key(out, "record", results_text(r->said, "record"));
    fputs("  ...\n", out);
    buf_close(&cause);
}

static const char *const DIRECTIVE[OUTCOMES] = {
    [OUTCOME_INCONCLUSIVE] = " # TODO inconclusive: ",
    [OUTCOME_BEYOND] = " # SKIP beyond one device: ",
    [OUTCOME_NOT_APPLICABLE] = " # SKIP ",
};

static void put_point(const struct result *r, size_t number, FILE *out)
{
    struct buf text = {0};
    const char *directive = DIRECTIVE[r->verdict];
    bool is_good = r->verdict == OUTCOME_PASS || r->verdict == OUTCOME_BEYOND ||
                   r->verdict == OUTCOME_NOT_APPLICABLE;
    fprintf(out, "%s %zu - ", is_good ? "ok" : "not ok", number);
    put_line(out, result_name(r, &text));
    if (*r->about != '\0') {
        fputs(": ", out);
        put_line(out, r->about);
    }
    if (directive != NULL) {
        fputs(directive, out);
        put_line(out, result_cause(r, &text));
    }
    fputc('\n', out);
    if (!is_good)
        put_diagnosis(out, r);
    buf_close(&text);
}

void tap_write(const struct results *r, FILE *out)
{
    fprintf(out, "TAP version 14\n1..%zu", r->n);
    fputs(r->n == 0 ? " # SKIP no case was chosen\n" : "\n", out);
    for (size_t i = 0; i < r->n; i++)
        put_point(&r->at[i], i + 1, out);
}
