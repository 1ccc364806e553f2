/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/results_file.h"

#include "base/file.h"
#include "suite/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Whole or not at all. */
static int write_plan(const char *folder, const json_t *plan, struct err *e)
{
    char path[560], other[600];
    snprintf(path, sizeof path, "%s/" RESULTS_PLAN, folder);
    snprintf(other, sizeof other, "%s.new", path);
    if (json_dump_file(plan, other, JSON_COMPACT) != 0 || rename(other, path) != 0)
        return err_set(e, "%s cannot be written: %s", path, strerror(errno));
    return 0;
}

int results_file_create(struct results_file *f, const char *folder, const json_t *plan,
                        struct err *e)
{
    snprintf(f->path, sizeof f->path, "%s/" RESULTS_FILE, folder);
    if (outlet_create(&f->outlet, f->path, e) != 0)
        return -1;
    flock(f->outlet.fd, LOCK_EX | LOCK_NB); /* told by record_is_written */
    return write_plan(folder, plan, e);
}

int results_file_resume(struct results_file *f, const char *folder, struct err *e)
{
    struct buf text = {0};
    snprintf(f->path, sizeof f->path, "%s/" RESULTS_FILE, folder);
    if (outlet_append(&f->outlet, f->path, e) != 0)
        return -1;
    if (flock(f->outlet.fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(e, "%s: the run that writes it still goes on", f->path);
    int bad = file_read(f->path, SIZE_MAX - 1, &text, e);
    size_t whole = text.n;
    while (whole > 0 && text.p[whole - 1] != '\n')
        whole--;
    if (bad == 0 && ftruncate(f->outlet.fd, (off_t)whole) != 0)
        bad = err_set(e, "%s cannot be written: %s", f->path, strerror(errno));
    buf_close(&text);
    return bad;
}

int results_file_add(struct results_file *f, size_t number, const json_t *result, struct err *e)
{
    json_t *line = json_object();
    json_object_set_new(line, "number", json_integer((json_int_t)number));
    json_object_update(line, (json_t *)(uintptr_t)result);
    char *text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    buf_text(&f->outlet.out, text != NULL ? text : "");
    buf_char(&f->outlet.out, '\n');
    outlet_unit(&f->outlet);
    free(text);
    struct err why = ERR_INIT;
    if (outlet_write(&f->outlet, &why) == 0)
        return 0;
    return err_set(e, "%s: %s", f->path, why.what);
}

void results_file_close(struct results_file *f)
{
    if (f->outlet.fd >= 0)
        close(f->outlet.fd);
    outlet_close(&f->outlet);
}
