/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/summary.h"

#include "base/said.h"
#include "base/visible.h"
#include "suite/again.h"

#include <string.h>

#define NAMES_MAX 3
#define CAUSES_MAX 20

/* ---- by cause ---- */

/* The first cases of a cause, and how many more. */
static void put_names(const struct results *r, const struct cause *c, enum outcome of, FILE *out)
{
    struct buf text = {0};
    size_t named = 0;
    fputs("          ", out);
    for (size_t i = c->first; i < r->n && named < NAMES_MAX; i++) {
        if (r->at[i].verdict != of || !cause_is_same(result_cause(&r->at[i], &text), c->text))
            continue;
        visible_print(out, "%s%s", named++ > 0 ? ", " : "", result_name(&r->at[i], &text));
    }
    if (c->count > named)
        said_print(out, " and %zu more", c->count - named);
    if (c->tolerated > 0)
        said_print(out, " (%zu of them would charge in the field)", c->tolerated);
    fputc('\n', out);
    buf_close(&text);
}

static void put_causes(const struct results *r, enum outcome of, const char *title, FILE *out)
{
    size_t n;
    struct buf own = {0};
    struct cause *list = results_causes(r, of, false, &n);
    if (n > 0)
        fprintf(out, "\n%s:\n", said(title));
    for (size_t i = 0; i < n && i < CAUSES_MAX; i++) {
        visible_print(out, "%7zu x %s", list[i].count, said_text(&own, list[i].text));
        fputc('\n', out);
        if (of != OUTCOME_NOT_APPLICABLE && of != OUTCOME_NOT_REACHED)
            put_names(r, &list[i], of, out);
    }
    if (n > CAUSES_MAX)
        said_print(out, "          and %zu more causes\n", n - CAUSES_MAX);
    causes_free(list, n);
    buf_close(&own);
}

/* ---- what next ---- */

/* The command on a line of its own; it is gone. */
static void put_command(struct buf *command, FILE *out)
{
    fprintf(out, "%s\n", buf_string(command));
    buf_close(command);
}

static void put_again(const struct results *r, const char *id, FILE *out)
{
    struct buf command = {0};
    buf_text(&command, "  v2glab test -v");
    again_arguments(r->run, id, &command);
    put_command(&command, out);
}

static void put_record(const struct results *r, const struct result *one, FILE *out)
{
    const char *record = results_text(one->said, "record");
    struct buf path = {0}, command = {0};
    if (*record == '\0')
        return;
    if (*record != '/')
        buf_printf(&path, "%s/", r->folder);
    buf_printf(&path, "%s/session.pcapng", record);
    buf_text(&command, "  v2glab decode");
    again_word(&command, buf_string(&path));
    put_command(&command, out);
    buf_close(&path);
}

/* The first that is worth a look: an error, a fail, what is inconclusive. */
static void put_next(const struct results *r, FILE *out)
{
    static const enum outcome WORTH[] = {OUTCOME_FAIL, OUTCOME_ERROR, OUTCOME_INCONCLUSIVE};
    if (r->verdicts[OUTCOME_NOT_REACHED] > 0) {
        struct buf command = {0};
        buf_printf(&command, "\n%s\n  v2glab test --resume", said("to go on where it was ended:"));
        again_word(&command, r->folder);
        put_command(&command, out);
    }
    for (size_t k = 0; k < sizeof WORTH / sizeof *WORTH; k++)
        for (size_t i = 0; i < r->n; i++)
            if (r->at[i].verdict == WORTH[k]) {
                fprintf(out, "\n%s\n", said("to see the first of them:"));
                put_again(r, r->at[i].id, out);
                put_record(r, &r->at[i], out);
                return;
            }
}

/* ---- counts ---- */

static void put_counts(const unsigned count[OUTCOMES], FILE *out)
{
    said_print(out, "%u passed, %u failed, %u inconclusive, %u errors", count[OUTCOME_PASS],
               count[OUTCOME_FAIL], count[OUTCOME_INCONCLUSIVE], count[OUTCOME_ERROR]);
}

void summary_write(const struct results *r, FILE *out)
{
    put_causes(r, OUTCOME_ERROR, "errors, by cause", out);
    put_causes(r, OUTCOME_FAIL, "failed, by cause", out);
    put_causes(r, OUTCOME_INCONCLUSIVE, "inconclusive, by reason", out);
    put_causes(r, OUTCOME_BEYOND, "beyond one device, by what cannot be seen there", out);
    put_causes(r, OUTCOME_NOT_APPLICABLE, "not applicable, by reason", out);
    put_next(r, out);
    if (r->n > r->verdicts[OUTCOME_PASS])
        fputc('\n', out);
    put_counts(r->verdicts, out);
    said_print(out, ", %u not applicable", r->verdicts[OUTCOME_NOT_APPLICABLE]);
    if (r->verdicts[OUTCOME_BEYOND] > 0)
        said_print(out, ", %u beyond one device", r->verdicts[OUTCOME_BEYOND]);
    if (r->verdicts[OUTCOME_NOT_REACHED] > 0)
        said_print(out, ", %u not reached", r->verdicts[OUTCOME_NOT_REACHED]);
    fputc('\n', out);
    if (r->by_field || memcmp(r->verdicts, r->fields, sizeof r->fields) != 0) {
        fputs(said("in the field: "), out);
        put_counts(r->fields, out);
        fputs(r->by_field ? said("; the exit code is by these (--profile field)") : "", out);
        fputc('\n', out);
    }
    if (r->negations.played + r->rules.played > 0)
        said_print(out, "%u of %u negations killed, %u of %u rule mutants killed\n",
                   r->negations.killed, r->negations.played, r->rules.killed, r->rules.played);
    said_print(out, "results: %s\n", r->folder);
}
