/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab report`: what `v2glab test` has found, read from the folder of its run. */

#include "app/commands.h"
#include "app/outputs.h"
#include "app/report.h"
#include "record/record.h"
#include "suite/merge.h"

#include <string.h>

struct reporting {
    struct options options;
    struct outputs outputs;
    const char *folder;
};

static const struct option OPTIONS[] = {
    {"output", 'o', "RUN", "of merge: the folder that gets the results of all",
     .at = offsetof(struct reporting, folder)},
    OUTPUT_OPTIONS(offsetof(struct reporting, outputs)),
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "report",
    .synopsis = "[OPTION]... RUN\nmerge [OPTION]... RUN... -o RUN",
    .about =
        "Shows and writes the results of a run of `v2glab test`, also of one that still goes on\n"
        "or was killed. RUN is the folder of its results.\n"
        "merge joins the results of several runs, as of all shards; of a case that several\n"
        "have played the last one's result counts.",
    .option = OPTIONS,
    .more =
        "examples:\n"
        "  v2glab report runs/20261128-120000 --junit results.xml --metrics v2glab.prom\n"
        "  v2glab report merge shard-1 shard-2 shard-3 -o all --junit results.xml\n\n"
        "exit codes: as of `v2glab test`: 0 all passed, 1 one failed, 2 one is inconclusive or\n"
        "was not reached (with --strict 1), 3 error; of a run with --profile field by the verdict\n"
        "of the field",
};

static int merge(struct reporting *r, struct err *e)
{
    char made[RECORD_PATH_MAX];
    const char *const *runs = (const char *const *)r->options.argument + 1;
    if (record_folder(r->folder, made, e) != 0 ||
        results_merge(runs, (unsigned)r->options.arguments - 1, made, e) != 0)
        return -1;
    return outputs_write(&r->outputs, made, e);
}

static int report_run(struct reporting *r)
{
    const struct options *o = &r->options;
    struct err e = ERR_INIT;
    bool merges = o->arguments > 0 && strcmp(o->argument[0], "merge") == 0;
    if (merges && o->arguments < 2)
        return options_wrong(&r->options, "merge: expected the folders of runs");
    if (merges && r->folder == NULL)
        return options_wrong(&r->options,
                             "merge: expected -o RUN, the folder for the results of all");
    if (!merges && o->arguments != 1)
        return options_wrong(&r->options, "expected the folder of one run");
    int status = outputs_check(&r->outputs, &e);
    if (status == 0)
        status = merges ? merge(r, &e) : outputs_write(&r->outputs, o->argument[0], &e);
    if (status >= 0)
        return status;
    report_err("", &e);
    return EXIT_SETUP;
}

int command_report(int argc, char **argv)
{
    struct reporting r = {.folder = NULL};
    options_open(&r.options, &USAGE, NULL, argc, argv);
    return options_read(&r.options, &r) != 0 ? r.options.status : report_run(&r);
}
