/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab report`: what `v2glab test` has found, read from the folder of its run. */

#include "app/capture.h"
#include "app/commands.h"
#include "app/outputs.h"
#include "app/report.h"
#include "page/capture_page.h"
#include "page/run_page.h"
#include "record/record_folder.h"
#include "record/record_read.h"
#include "script/limits.h"
#include "suite/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reporting {
    struct options options;
    struct grammars grammars;
    struct outputs outputs;
    const char *output; /* -o: a folder, or a page */
    const char *keylog;
};

static const struct option OPTIONS[] = {
    {"output", 'o', "WHAT", "FILE.html: as --html; of merge: the folder for the results of all",
     .at = offsetof(struct reporting, output)},
    {"keylog", 0, "FILE", "of a capture: TLS secrets, as SSLKEYLOGFILE has them",
     .at = offsetof(struct reporting, keylog)},
    OUTPUT_OPTIONS(offsetof(struct reporting, outputs)),
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "report",
    .synopsis =
        "[OPTION]... RUN\n[OPTION]... RECORD|CAPTURE -o FILE.html\nmerge [OPTION]... RUN... -o RUN",
    .about =
        "Shows and writes the results of a run of `v2glab test`, also of one that still goes on\n"
        "or was killed. RUN is the folder of its results. With --html they are one page that a\n"
        "browser shows, with every message and bit; that can be had of the record of a single\n"
        "session (`v2glab run`, `ev`, `evse`), too, and of a capture (pcap, pcapng), whose\n"
        "times are held against the standards'.\n"
        "merge joins the results of several runs, as of all shards; of a case that several\n"
        "have played the last one's result counts.",
    .option = OPTIONS,
    .more =
        "examples:\n"
        "  v2glab report runs/20261128-120000 -o report.html\n"
        "  v2glab report runs/20261128-120000 --junit results.xml --metrics v2glab.prom\n"
        "  v2glab report merge shard-1 shard-2 shard-3 -o all --junit results.xml\n\n"
        "exit codes: as of `v2glab test`: 0 all passed, 1 one failed, 2 one is inconclusive or\n"
        "was not reached (with --strict 1), 3 error; of a run with --profile field by the verdict\n"
        "of the field",
};

static bool is_page(const char *path)
{
    size_t n = path == NULL ? 0 : strlen(path);
    return n > 5 && strcmp(path + n - 5, ".html") == 0;
}

static int write_page(struct reporting *r, const char *folder, struct err *e)
{
    struct results results;
    int bad = results_open(&results, folder, e);
    json_t *plan = bad != 0 ? NULL : outputs_plan(&r->outputs, results.plan, e);
    bad = plan == NULL ? -1
                       : run_page_write(&results, plan, r->outputs.html, &r->grammars.library, e);
    json_decref(plan);
    results_close(&results);
    return bad;
}

/* All that is made of the results in the folder. The exit code; -1: e. */
static int write_all(struct reporting *r, const char *folder, struct err *e)
{
    if (r->outputs.html != NULL && write_page(r, folder, e) != 0)
        return -1;
    return outputs_write(&r->outputs, folder, e);
}

/* A session's record has events, and no plan. */
static bool is_session(const char *folder)
{
    return record_is(folder) && !results_are(folder);
}

static bool is_file(const char *path)
{
    struct stat is;
    return stat(path, &is) == 0 && !S_ISDIR(is.st_mode);
}

/* The exit code of the capture, as of `v2glab decode`; -1: e. */
static int report_capture(struct reporting *r, const char *path, struct err *e)
{
    struct times_limits limits;
    struct capture_page page;
    if (r->outputs.html == NULL)
        return err_set(e, "%s is a file; expected -o FILE.html for a capture", path);
    if (grammars_load(&r->grammars, e) != 0 || limits_read(&limits, e) != 0)
        return -1;
    capture_page_open(&page, &limits);
    struct capture_view view = {.grammars = &r->grammars,
                                .keylog = r->keylog,
                                .sink = capture_page_event,
                                .context = &page};
    int status = command_decode_capture_file(path, &view);
    if (status != EXIT_SETUP && capture_page_write(&page, r->outputs.html, path, e) != 0)
        status = -1;
    capture_page_close(&page);
    free(limits.at);
    return status;
}

static int report_one(struct reporting *r, const char *folder, struct err *e)
{
    if (is_file(folder))
        return report_capture(r, folder, e);
    if (!is_session(folder))
        return write_all(r, folder, e);
    if (r->outputs.html == NULL)
        return err_set(e, "%s is the record of a session; expected -o FILE.html for it", folder);
    return session_page_write(folder, r->outputs.html, NULL, &r->grammars.library, e) == 0
               ? EXIT_PASS
               : -1;
}

static int merge(struct reporting *r, struct err *e)
{
    char made[RECORD_PATH_MAX];
    const char *const *runs = (const char *const *)r->options.argument + 1;
    if (record_folder(r->output, made, e) != 0 || record_is_free(made, NULL, e) != 0 ||
        results_merge(runs, (unsigned)r->options.arguments - 1, made, e) != 0)
        return -1;
    return write_all(r, made, e);
}

static int report_run(struct reporting *r)
{
    const struct options *o = &r->options;
    struct err e = ERR_INIT;
    bool merges = o->arguments > 0 && strcmp(o->argument[0], "merge") == 0;
    if (merges && o->arguments < 2)
        return options_wrong(&r->options, "merge: expected the folders of runs");
    if (merges && (r->output == NULL || is_page(r->output)))
        return options_wrong(&r->options,
                             "merge: expected -o RUN, the folder for the results of all");
    if (!merges && is_page(r->output))
        r->outputs.html = r->output;
    else if (!merges && r->output != NULL)
        return options_wrong(&r->options, "-o %s: expected FILE.html; a folder is for merge",
                             r->output);
    if (!merges && o->arguments != 1)
        return options_wrong(&r->options, "expected the folder of one run");
    int status = outputs_check(&r->outputs, &e);
    if (status == 0)
        status = merges ? merge(r, &e) : report_one(r, o->argument[0], &e);
    if (status >= 0)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}

int command_report(int argc, char **argv)
{
    struct reporting r = {.output = NULL};
    grammars_open(&r.grammars);
    options_open(&r.options, &USAGE, &r.grammars.library, argc, argv);
    int status = options_read(&r.options, &r) != 0 ? r.options.status : report_run(&r);
    grammars_close(&r.grammars);
    return status;
}
