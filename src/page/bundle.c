/* SPDX-License-Identifier: Apache-2.0 */
#include "page/bundle.h"

#include "base/file.h"
#include "base/gzip.h"
#include "base/tar.h"
#include "page/run_page.h"
#include "page/source.h"
#include "record/pcapng.h"
#include "record/record_folder.h"
#include "suite/again.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (256u << 20) /* of what goes into it */
#define PAGE "report.html"

/* All that goes into it, in order. */
static const char *const FILES[] = {"README.md", "result.json",  "case.lua",
                                    PAGE,        RECORD_PACKETS, RECORD_EVENTS};

struct bundle {
    const struct results *all;
    const struct result *r;
    const char *record; /* its folder; "" where the case has none */
    char folder[40];    /* in which the files are made; then they are packed */
    bool with_secrets;
    struct err *e; /* the first thing that went wrong */
};

static const char *path_of(const struct bundle *b, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", b->folder, name);
    return path;
}

static int write_file(const char *path, struct slice content, struct err *e)
{
    FILE *out = fopen(path, "wb");
    bool bad = out == NULL || fwrite(content.p, 1, content.n, out) != content.n;
    if (out != NULL && fclose(out) != 0)
        bad = true;
    return bad ? err_set(e, "%s cannot be written: %s", path, strerror(errno)) : 0;
}

static void add_file(struct bundle *b, const char *name, struct slice content)
{
    char path[80];
    if (!b->e->set)
        write_file(path_of(b, name, path, sizeof path), content, b->e);
}

static void add_text(struct bundle *b, const char *name, const char *text)
{
    add_file(b, name, (struct slice){(const uint8_t *)text, strlen(text)});
}

/* ---- the record ---- */

static void add_recorded(struct bundle *b, const char *name)
{
    char path[1200];
    struct buf content = {0};
    if (b->record[0] == '\0' || b->e->set)
        return;
    snprintf(path, sizeof path, "%s/%s", b->record, name);
    gzip_read(path, FILE_MAX, &content, b->e);
    if (strcmp(name, RECORD_PACKETS) == 0 && !b->with_secrets)
        content.n = pcapng_without_secrets(content.p, content.n);
    add_file(b, name, (struct slice){content.p, content.n});
    buf_close(&content);
}

/* Not packed: what was killed, or could not become lines. */
static bool has_file(const struct bundle *b, const char *name)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", b->record, name);
    return access(path, F_OK) == 0;
}

/* The page of this case alone, beside its record. */
static void add_page(struct bundle *b, struct library *l)
{
    char path[80];
    struct run_page page;
    if (b->e->set)
        return;
    json_t *plan = json_pack("{s:O, s:[O], s:[]}", "run", json_object_get(b->all->plan, "run"),
                             "cases", (json_t *)(uintptr_t)b->r->planned, "skipped");
    int bad = run_page_open(&page, path_of(b, PAGE, path, sizeof path), b->folder, plan, l, b->e);
    if (bad == 0)
        run_page_add(&page, b->r, b->record[0] != '\0' ? b->folder : NULL, b->e);
    run_page_close(&page, true, b->e);
    json_decref(plan);
}

/* ---- what there is to say ---- */

static void add_readme(struct bundle *b)
{
    struct buf text = {0}, part = {0};
    const json_t *run = b->all->run;
    buf_printf(&text, "# %s\n\n%s\n\n", b->r->id, b->r->about);
    buf_printf(&text, "Verdict: %s; in the field: %s\n", outcome_name(b->r->verdict),
               outcome_name(b->r->field));
    const char *cause = result_cause(b->r, &part);
    if (cause[0] != '\0')
        buf_printf(&text, "Cause: %s\n", cause);
    if (b->r->cites[0] != '\0')
        buf_printf(&text, "Rules: %s\n", b->r->cites);
    buf_printf(&text, "Run: %s, by v2glab %s\n", results_text(run, "started"),
               results_text(run, "version"));
    buf_clear(&part);
    buf_text(&part, "v2glab test");
    again_arguments(run, b->r->id, &part);
    buf_printf(&text, "\nTo play it again:\n\n    %s\n\n", buf_string(&part));
    buf_printf(&text,
               "| file | what |\n|---|---|\n"
               "| " PAGE " | all of it, for a browser |\n"
               "| result.json | what the plan said of the case, and what it was judged |\n"
               "| session.pcapng | what went over the wire, for Wireshark%s |\n"
               "| events.jsonl | every event, a line each |\n"
               "| case.lua | the case as it is written |\n",
               b->with_secrets ? ", with the keys of TLS" : "; the keys of TLS are left out");
    add_text(b, "README.md", buf_string(&text));
    buf_close(&text);
    buf_close(&part);
}

static void add_result(struct bundle *b)
{
    json_t *result =
        json_pack("{s:O, s:O, s:O}", "run", (json_t *)(uintptr_t)b->all->run, "plan",
                  (json_t *)(uintptr_t)b->r->planned, "result", (json_t *)(uintptr_t)b->r->said);
    char *text = json_dumps(result, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (text != NULL)
        add_text(b, "result.json", text);
    free(text);
    json_decref(result);
}

static void add_source(struct bundle *b)
{
    json_t *source = source_of(b->all->run, b->r->planned);
    const char *text = json_string_value(json_array_get(source, 2));
    if (text != NULL)
        add_text(b, "case.lua", text);
    json_decref(source);
}

/* ---- the archive ---- */

static void pack(struct bundle *b, const char *to)
{
    struct buf tar = {0}, packed = {0}, content = {0};
    char path[80], name[100];
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0] && !b->e->set; i++) {
        buf_clear(&content);
        if (access(path_of(b, FILES[i], path, sizeof path), F_OK) != 0 ||
            file_read(path, FILE_MAX, &content, b->e) != 0)
            continue;
        snprintf(name, sizeof name, "%.60s/%s", b->r->id, FILES[i]);
        tar_add(&tar, name, (struct slice){content.p, content.n});
    }
    tar_end(&tar);
    if (tar.failed)
        err_set(b->e, "out of memory");
    if (!b->e->set && gzip_pack((struct slice){tar.p, tar.n}, &packed, b->e) == 0)
        write_file(to, (struct slice){packed.p, packed.n}, b->e);
    buf_close(&tar);
    buf_close(&packed);
    buf_close(&content);
}

static void clear(const struct bundle *b)
{
    char path[80];
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++)
        unlink(path_of(b, FILES[i], path, sizeof path));
    rmdir(b->folder);
}

int bundle_write(const struct results *all, const struct result *r, bool with_secrets,
                 struct library *l, const char *path, struct err *e)
{
    char record[1100];
    const char *said = results_text(r->said, "record");
    struct bundle b = {.all = all,
                       .r = r,
                       .record = record,
                       .folder = "/tmp/v2glab-bundle-XXXXXX",
                       .with_secrets = with_secrets,
                       .e = e};
    snprintf(record, sizeof record, "%s%s%s", said[0] == '/' || said[0] == '\0' ? "" : all->folder,
             said[0] == '/' || said[0] == '\0' ? "" : "/", said);
    if (mkdtemp(b.folder) == NULL)
        return err_set(e, "%s cannot be made: %s", b.folder, strerror(errno));
    add_readme(&b);
    add_result(&b);
    add_source(&b);
    add_recorded(&b, RECORD_PACKETS);
    add_recorded(&b, has_file(&b, RECORD_COMPACT) ? RECORD_COMPACT : RECORD_EVENTS);
    add_page(&b, l);
    pack(&b, path);
    clear(&b);
    return e->set ? -1 : 0;
}
