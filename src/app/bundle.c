/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab bundle`: one case of a run as an archive. */
#include "page/bundle.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

struct bundling {
    struct options options;
    struct library library;
    const char *output;
    bool with_secrets;
};

static const struct option OPTIONS[] = {
    {"output", 'o', "FILE", "the archive; CASE.tar.gz unless given",
     .at = offsetof(struct bundling, output)},
    {"with-secrets", 0, NULL, "the capture keeps the keys of TLS",
     .at = offsetof(struct bundling, with_secrets)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    .command = "bundle",
    .synopsis = "[OPTION]... RUN CASE",
    .about =
        "Packs one case of a run of `v2glab test` into an archive, as for an issue tracker: the "
        "page\n"
        "of this case, its capture and events, the case as it is written, what it was judged, and\n"
        "the command that plays it again. Of several rounds (--repeat) the first that did not "
        "pass\n"
        "is taken.",
    .option = OPTIONS,
    .more = "examples:\n"
            "  v2glab bundle runs/20261128-120000 TC_SECC_CMN_VTB_SessionSetup_001\n\n"
            "exit codes: 0 written, 3 wrong use, or something cannot be read or written",
};

/* The case of that name that has a result; one that did not pass before one that did. */
static const struct result *find(const struct results *all, const char *id)
{
    const struct result *found = NULL;
    for (size_t i = 0; i < all->n; i++) {
        const struct result *r = &all->at[i];
        if (strcmp(r->id, id) == 0 && r->said != NULL &&
            (found == NULL || (found->verdict == OUTCOME_PASS && r->verdict != OUTCOME_PASS)))
            found = r;
    }
    return found;
}

static const char *nearest_case(const struct results *all, const char *id)
{
    struct nearest best = nearest_of_all(id, strlen(id));
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].said != NULL)
            nearest_try(&best, all->at[i].id);
    return best.name;
}

static int write_bundle(struct bundling *b, struct err *e)
{
    struct results all;
    char path[300];
    const char *folder = b->options.argument[0], *id = b->options.argument[1];
    if (results_open(&all, folder, e) != 0) {
        results_close(&all);
        return -1;
    }
    const struct result *r = find(&all, id);
    snprintf(path, sizeof path, "%.250s.tar.gz", id);
    int bad = r == NULL ? err_set(e, "%s has no result of a case %s; the nearest is %s", folder, id,
                                  nearest_case(&all, id))
                        : bundle_write(&all, r, b->with_secrets, &b->library,
                                       b->output != NULL ? b->output : path, e);
    if (bad == 0)
        printf("%s\n", b->output != NULL ? b->output : path);
    results_close(&all);
    return bad;
}

int command_bundle(int argc, char **argv)
{
    struct bundling b = {.output = NULL};
    struct err e = ERR_INIT;
    library_open(&b.library);
    options_open(&b.options, &USAGE, &b.library, argc, argv);
    int status = EXIT_PASS;
    if (options_read(&b.options, &b) != 0)
        status = b.options.status;
    else if (b.options.arguments != 2)
        status = options_wrong(&b.options, "expected RUN and CASE");
    else if (write_bundle(&b, &e) != 0) {
        report_err("", &e);
        status = EXIT_SETUP;
    }
    library_close(&b.library);
    return status;
}
