/* SPDX-License-Identifier: Apache-2.0 */
#include "app/device_file.h"

#include "app/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a user has written is never written over. */
static int write_new(const char *path, const json_t *text, struct err *e)
{
    FILE *out = fopen(path, "wx");
    if (out == NULL)
        return err_set(e, "%s: %s", path, strerror(errno));
    size_t n = json_string_length(text);
    bool is_whole = fwrite(json_string_value(text), 1, n, out) == n;
    if (fclose(out) != 0 || !is_whole)
        return err_set(e, "%s cannot be written", path);
    printf("written: %s\n", path);
    return 0;
}

static json_t *play(const struct device_file *f, const struct campaign *c, struct err *e)
{
    struct campaign probe = *c;
    json_t *given =
        json_pack("{s:s, s:s, s:s}", "id", "probe", "sut", f->sut != NULL ? f->sut : "SECC", "mode",
                  f->mode != NULL ? f->mode : "dc");
    json_t *result = NULL;
    probe.records = NULL;
    probe.tester = "require('test.probe').play(...)";
    probe.device = "require('test.probe').device(...)";
    if (f->probes)
        result = campaign_case(&probe, given, NULL);
    else
        result = part_play("require('test.probe').template(...)", given, c->script, e);
    const char *reason = json_string_value(json_object_get(result, "reason"));
    if (reason != NULL)
        err_set(e, "%s", reason);
    json_decref(given);
    return result;
}

int device_file_make(const struct device_file *f, const struct campaign *c, struct err *e)
{
    const json_t *line;
    size_t i;
    json_t *result = play(f, c, e);
    int status = result == NULL || e->set ? -1 : EXIT_PASS;
    if (status == EXIT_PASS)
        json_array_foreach(json_object_get(result, "lines"), i, line)
            printf("%s\n", json_string_value(line));
    if (status == EXIT_PASS && json_is_true(json_object_get(result, "nothing")))
        status = err_set(e, "no device was found");
    if (status == EXIT_PASS && f->path != NULL)
        status = write_new(f->path, json_object_get(result, "text"), e);
    json_decref(result);
    return status;
}
