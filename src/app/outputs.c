/* SPDX-License-Identifier: Apache-2.0 */
#include "app/outputs.h"

#include "app/commands.h"
#include "suite/annotations.h"
#include "suite/history.h"
#include "suite/jsonlines.h"
#include "suite/junit.h"
#include "suite/metrics.h"
#include "suite/summary.h"
#include "suite/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) .at = offsetof(struct outputs, member)

/* ORDER OUTPUT */
static const results_write WRITE[OUTPUTS_FILES] = {junit_write, tap_write, jsonlines_write,
                                                   metrics_write};

const struct option OUTPUT_OPTION[] = {
    {"junit", 0, "FILE", "results as JUnit XML; - is standard output, here and below", AT(file[0])},
    {"tap", 0, "FILE", "as TAP 14", AT(file[1])},
    {"json", 0, "FILE", "as JSON, a case a line (docs/results.md)", AT(file[2])},
    {"metrics", 0, "FILE", "as OpenMetrics text", AT(file[3])},
    {"html", 0, "FILE", "as one page to look at: cases, messages, bits, times", AT(html)},
    {"ci", 0, NULL,
     "remarks on the cases' lines: GitHub's commands, or, where GITLAB_CI is\n"
     "set, gl-code-quality-report.json in the folder of the results",
     AT(ci)},
    {"db", 0, "FILE", "add the results to that history (`v2glab history`)", AT(db)},
    {"strict", 0, NULL, "inconclusive counts as fail", AT(strict)},
    OPTIONS_END,
};

static bool is_standard(const char *file)
{
    return file != NULL && strcmp(file, "-") == 0;
}

static FILE *open_output(const char *path, const char *mode, struct err *e)
{
    FILE *out = is_standard(path) ? stdout : fopen(path, mode);
    if (out == NULL)
        err_set(e, "%s cannot be written: %s", path, strerror(errno));
    return out;
}

/* -1: not all has arrived; e. */
static int close_output(FILE *out, const char *path, struct err *e)
{
    bool bad = fflush(out) != 0 || ferror(out);
    if (out != stdout)
        bad |= fclose(out) != 0;
    return bad ? err_set(e, "%s cannot be written: %s", path, strerror(errno)) : 0;
}

static int check_output(const char *path, struct err *e)
{
    FILE *out = open_output(path, "a", e);
    return out == NULL ? -1 : close_output(out, path, e);
}

int outputs_check(const struct outputs *o, struct err *e)
{
    unsigned standard = 0;
    for (unsigned i = 0; i < OUTPUTS_FILES; i++) {
        standard += is_standard(o->file[i]);
        if (o->file[i] == NULL || is_standard(o->file[i]))
            continue;
        if (check_output(o->file[i], e) != 0)
            return -1;
    }
    if (o->html != NULL && check_output(o->html, e) != 0)
        return -1;
    if (standard > 1)
        return err_set(e, "several results for standard output; expected - only once");
    if (o->db == NULL)
        return 0;
    struct history *h = history_open(o->db, true, e);
    history_close(h);
    return h == NULL ? -1 : 0;
}

FILE *outputs_terminal(const struct outputs *o)
{
    for (unsigned i = 0; i < OUTPUTS_FILES; i++)
        if (is_standard(o->file[i]))
            return stderr;
    return stdout;
}

static int write_file(const struct results *r, results_write write, const char *path, struct err *e)
{
    FILE *out = open_output(path, "w", e);
    if (out == NULL)
        return -1;
    write(r, out);
    return close_output(out, path, e);
}

static int write_remarks(const struct outputs *o, const struct results *r, struct err *e)
{
    char path[600];
    if (getenv("GITLAB_CI") == NULL) {
        annotations_github(r, outputs_terminal(o));
        return 0;
    }
    snprintf(path, sizeof path, "%s/gl-code-quality-report.json", r->folder);
    return write_file(r, annotations_gitlab, path, e);
}

static int add_to_history(const struct outputs *o, const struct results *r, struct err *e)
{
    struct history *h = history_open(o->db, true, e);
    if (h == NULL)
        return -1;
    int bad = history_add(h, r, e);
    history_close(h);
    return bad;
}

json_t *outputs_plan(const struct outputs *o, const json_t *plan, struct err *e)
{
    json_t *shown = json_deep_copy(plan);
    if (shown == NULL)
        err_set(e, "out of memory");
    if (shown == NULL || o->db == NULL)
        return shown;
    struct history *h = history_open(o->db, true, e);
    int bad = h == NULL ? -1 : history_mark(h, shown, e);
    history_close(h);
    if (bad == 0)
        return shown;
    json_decref(shown);
    return NULL;
}

static int exit_code(const struct outputs *o, const struct results *r)
{
    const unsigned *count = results_counts(r);
    unsigned unclear = count[OUTCOME_INCONCLUSIVE] + count[OUTCOME_NOT_REACHED];
    if (count[OUTCOME_ERROR] > 0)
        return EXIT_SETUP;
    if (count[OUTCOME_FAIL] > 0 || results_survivors(r) > 0 || (o->strict && unclear > 0))
        return EXIT_FAIL;
    return unclear > 0 ? EXIT_UNCLEAR : EXIT_PASS;
}

int outputs_write(const struct outputs *o, const char *folder, struct err *e)
{
    struct results r;
    int bad = results_open(&r, folder, e);
    for (unsigned i = 0; i < OUTPUTS_FILES && bad == 0; i++)
        if (o->file[i] != NULL)
            bad = write_file(&r, WRITE[i], o->file[i], e);
    if (bad == 0 && o->ci)
        bad = write_remarks(o, &r, e);
    if (bad == 0 && o->db != NULL)
        bad = add_to_history(o, &r, e);
    if (bad == 0)
        summary_write(&r, outputs_terminal(o));
    int code = exit_code(o, &r);
    results_close(&r);
    return bad != 0 ? -1 : code;
}
