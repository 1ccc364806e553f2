/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab history`: verdicts and times of cases over all runs that were added to a file. */

#include "suite/history.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"
#include "base/said.h"
#include "record/terminal.h"

#include <ctype.h>
#include <string.h>

struct looking {
    struct options options;
    struct history_query query;
    const char *db;
    unsigned width, times_shown;
    char id[256]; /* of the case shown last */
};

static int take_date(void *to, const char *text, struct err *e)
{
    for (size_t i = 0; text[i] != '\0'; i++)
        if (i >= 19 || (isdigit((unsigned char)"0000-00-00T00:00:00"[i]) != 0) !=
                           (isdigit((unsigned char)text[i]) != 0))
            return err_set(e, "expected a date as 2026-11-28, or its begin");
    if (strlen(text) < 4)
        return err_set(e, "expected a date as 2026-11-28, or its begin");
    *(const char **)to = text;
    return 0;
}

#define AT(member) .at = offsetof(struct looking, member)

static const struct option OPTIONS[] = {
    {"db", 0, "FILE", "the history, as `v2glab test --db FILE` makes it", AT(db)},
    {"since", 0, "DATE", "only runs from then on, UTC, as 2026-11", OPTION_CALL, AT(query.since),
     .take = take_date},
    {"flaky", 0, NULL, "only cases whose verdict comes and goes", AT(query.only_flaky)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "history",
    .synopsis = "--db FILE [OPTION]... [CASE]",
    .about =
        "Shows what cases have done over time: without CASE a line for each, with its last\n"
        "verdicts, the newest at the right (P pass, F fail, I inconclusive, E error, B beyond one\n"
        "device); with CASE, a name with * for any characters, a line for each of its runs. A\n"
        "case is flaky whose verdict has changed and changed again, or differs within one run\n"
        "(--repeat).",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab test --db history.db\n"
            "  v2glab history --db history.db --since 2026-11\n"
            "  v2glab history --db history.db 'TC_SECC_*_Authorization_*'\n\n"
            "exit codes: 0 it was shown, 3 wrong use or a file that cannot be read",
};

static void show_head(void)
{
    static const struct {
        const char *title;
        int columns; /* below 0: it begins on the left */
    } HEAD[] = {{"runs", 5},     {"passed", 8},     {"median", 11},
                {"slowest", 11}, {"  newest", -21}, {"  verdicts", -2 - HISTORY_LAST},
                {"  case", 0}};
    struct buf line = {0};
    for (size_t i = 0; i < sizeof HEAD / sizeof *HEAD; i++) {
        const char *title = said(HEAD[i].title);
        int more = HEAD[i].columns - terminal_width(title);
        buf_printf(&line, "%*s", more > 0 ? more : 0, "");
        terminal_column(&line, title, -HEAD[i].columns);
    }
    puts(buf_string(&line));
    buf_close(&line);
}

static void show_case(void *context, const struct history_case *c)
{
    struct looking *l = context;
    if (l->times_shown++ == 0)
        show_head();
    printf("%5u %5.0f %% %8.3f s %8.3f s  %.19s  %*s  %s%s\n", c->runs,
           100.0 * c->passed / (c->runs > 0 ? c->runs : 1), (double)c->median_us / 1e6,
           (double)c->slowest_us / 1e6, c->when, HISTORY_LAST, c->last, c->id,
           c->is_flaky ? said("  flaky") : "");
}

static void show_run(void *context, const struct history_run *r)
{
    struct looking *l = context;
    if (strcmp(l->id, r->id) != 0) {
        printf("%s%s\n", l->id[0] != '\0' ? "\n" : "", r->id);
        snprintf(l->id, sizeof l->id, "%s", r->id);
    }
    printf("  %.19s %8.3f s  %s", r->when, (double)r->taken_us / 1e6, said(r->verdict));
    if (strcmp(r->field, r->verdict) != 0)
        said_print(stdout, " (in the field: %s)", r->field);
    if (*r->cause != '\0') {
        fputs("  ", stdout);
        said_print(stdout, "%s", r->cause);
    }
    printf("  %s\n", r->folder);
}

static int look(struct looking *l)
{
    struct err e = ERR_INIT;
    struct history *h = history_open(l->db, false, &e);
    int n = -1;
    if (h != NULL)
        n = l->query.glob == NULL ? history_cases(h, &l->query, show_case, l, &e)
                                  : history_runs(h, &l->query, show_run, l, &e);
    history_close(h);
    if (n > 0)
        return EXIT_PASS;
    if (n == 0)
        report(REPORT_NOTE, "no such result in %s", l->db);
    else
        report_err("", &e);
    return n == 0 ? EXIT_PASS : EXIT_SETUP;
}

int command_history(int argc, char **argv)
{
    struct looking l = {.db = NULL};
    options_open(&l.options, &USAGE, NULL, argc, argv);
    if (options_read(&l.options, &l) != 0)
        return l.options.status;
    if (l.db == NULL)
        return options_wrong(&l.options, "expected --db FILE");
    if (l.options.arguments > 1)
        return options_wrong(&l.options, "expected one CASE; * stands for any characters");
    l.query.glob = l.options.arguments > 0 ? l.options.argument[0] : NULL;
    return look(&l);
}
