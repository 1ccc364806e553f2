/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of all pages: DIR/en and DIR/ko, each with index, types, rules, and a page for each
 * topic and role, in HTML (DIR/index.html leads to both) or Markdown. Or the definition files, an
 * addon for each protocol and role, so that editors load only what is used, with a file for each
 * topic, since they read no large ones.
 */
#include "base/asset.h"
#include "reference/docs.h"
#include "reference/docs_pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_TEXT 4096
#define EDITOR_MOST (450u << 10) /* bytes of a definition file; editors read none above 500 KB */

struct tree {
    struct docs *docs;
    const char *dir;
    struct buf names; /* of functions, with their pages */
};

static int make_folder(const char *path, struct err *e)
{
    char part[PATH_TEXT];
    for (const char *at = path;; at++) {
        if ((*at != '/' && *at != '\0') || at == path)
            continue;
        snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return err_set(e, "the folder %s cannot be made (%m)", part);
        if (*at == '\0')
            return 0;
    }
}

/* Writes what was printed to dir/folder/name, and empties the buffer. */
static int write_file(const struct tree *t, const char *folder, const char *name, struct err *e)
{
    struct buf *out = &t->docs->out;
    char path[PATH_TEXT];
    int n = snprintf(path, sizeof path, "%s/%s%s%s", t->dir, folder, folder[0] != '\0' ? "/" : "",
                     name);
    if (t->docs->in_tree && t->docs->form == PAGE_HTML && folder[0] != '\0')
        docs_pack_style(out);
    if (n >= (int)sizeof path)
        return err_set(e, "the path %.100s… is too long", path);
    if (out->failed)
        return err_set(e, "no memory for %s", path);
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return err_set(e, "%s cannot be written (%m)", path);
    size_t written = fwrite(out->p, 1, out->n, f);
    bool bad = written != out->n;
    bad = fclose(f) != 0 || bad;
    buf_clear(out);
    return bad ? err_set(e, "%s cannot be written (%m)", path) : 0;
}

/* ---- pages ---- */

static int write_page(struct tree *t, const struct docs_topic *topic, uint8_t side, struct err *e)
{
    struct docs *d = t->docs;
    struct page page;
    char name[DOCS_FILE];
    docs_page_title(topic, side, name, sizeof name);
    page_open(&page, d->form, LANGUAGES[d->prose.language], name, &d->out);
    int result = docs_page(d, topic, side, NULL, &page, e);
    page_close(&page);
    docs_file(d, topic, side, name, sizeof name);
    if (result == 0 && d->form == PAGE_HTML) {
        if (d->prose.language == LANGUAGE_EN)
            docs_pack_names(&d->out, name, &t->names);
        result = docs_pack_page(&d->out, e);
    }
    return result == 0 ? write_file(t, LANGUAGES[d->prose.language], name, e) : -1;
}

/* All pages of one language and form. */
static int write_pages(struct tree *t, struct err *e)
{
    struct docs *d = t->docs;
    const char *folder = LANGUAGES[d->prose.language];
    const struct protocol *last = NULL;
    char name[DOCS_FILE];
    if (docs_index(d, e) != 0 ||
        write_file(t, folder, d->form == PAGE_HTML ? "index.html" : "index.md", e) != 0)
        return -1;
    docs_requirements(d);
    docs_requirements_file(d, name, sizeof name);
    if (write_file(t, folder, name, e) != 0)
        return -1;
    for (unsigned i = 0; i < t->docs->topics; i++) {
        const struct docs_topic *topic = &t->docs->topic[i];
        if (write_page(t, topic, FROM_EVCC, e) != 0 || write_page(t, topic, FROM_SECC, e) != 0)
            return -1;
        if (topic->protocol == last)
            continue;
        last = topic->protocol;
        docs_types_file(d, last, name, sizeof name);
        if (docs_types(d, last, e) != 0 || write_file(t, folder, name, e) != 0)
            return -1;
    }
    return 0;
}

static int write_start(const struct tree *t, struct err *e)
{
    struct docs *d = t->docs;
    struct page page;
    page_open(&page, PAGE_HTML, "en", "v2glab", &d->out);
    page_heading(&page, 1, PAGE_PLAIN, "v2glab", NULL);
    page_steps(&page);
    page_step(&page, "", "English", "en/index.html");
    page_step(&page, " · ", "한국어", "ko/index.html");
    page_steps_end(&page);
    page_close(&page);
    return write_file(t, "", "index.html", e);
}

/* What all pages in HTML have in common. */
static int write_shared(const struct tree *t, struct err *e)
{
    static const char *const FILES[] = {"reference.css", "reference.js"};
    for (unsigned i = 0; i < 2; i++) {
        char path[64];
        struct slice text;
        snprintf(path, sizeof path, "reference/%s", FILES[i]);
        if (!asset_find(path, &text))
            return err_set(e, "%s is not built in", path);
        buf_add(&t->docs->out, text.p, text.n);
        if (write_file(t, "", FILES[i], e) != 0)
            return -1;
    }
    if (docs_pack_index(&t->names, &t->docs->out, e) != 0 || write_file(t, "", "names.js", e) != 0)
        return -1;
    return write_start(t, e);
}

static int write_all(struct tree *t, struct err *e)
{
    struct docs *d = t->docs;
    char folder[PATH_TEXT];
    d->in_tree = true;
    for (unsigned language = 0; LANGUAGES[language] != NULL; language++) {
        snprintf(folder, sizeof folder, "%s/%s", t->dir, LANGUAGES[language]);
        if (make_folder(folder, e) != 0)
            return -1;
        prose_close(&d->prose);
        if (prose_open(&d->prose, (enum language)language, e) != 0)
            return -1;
        if (write_pages(t, e) != 0)
            return -1;
    }
    return d->form == PAGE_HTML ? write_shared(t, e) : 0;
}

/* ---- definition files ---- */

/* Where the last function ends that fits into a file which begins at `at`. */
static size_t end_of_part(const struct buf *all, size_t at)
{
    static const char END[] = ") end\n";
    size_t n = sizeof END - 1, end = at + EDITOR_MOST;
    if (all->n - at <= EDITOR_MOST)
        return all->n;
    while (end > at + n && memcmp(all->p + end - n, END, n) != 0)
        end--;
    return end;
}

/* Writes the definitions that were printed; those of large messages in several files. */
static int write_definitions(const struct tree *t, const char *folder, const char *name,
                             struct err *e)
{
    struct buf all = t->docs->out;
    int bad = all.failed ? err_set(e, "no memory for %s", name) : 0;
    size_t end = 0;
    t->docs->out = (struct buf){0};
    for (unsigned part = 1; end < all.n && bad == 0; part++) {
        char file[DOCS_FILE + 16];
        size_t at = end;
        end = end_of_part(&all, at);
        snprintf(file, sizeof file, part == 1 ? "%s.lua" : "%s-%u.lua", name, part);
        buf_text(&t->docs->out, part == 1 ? "" : "---@meta\n");
        buf_add(&t->docs->out, all.p + at, end - at);
        bad = write_file(t, folder, file, e);
    }
    buf_close(&all);
    return bad;
}

/* An addon of the language server: NAME/config.json, and NAME/library for the definitions. */
static int begin_addon(const struct tree *t, const char *name, struct err *e)
{
    char folder[PATH_TEXT];
    snprintf(folder, sizeof folder, "%s/%s/library", t->dir, name);
    if (make_folder(folder, e) != 0)
        return -1;
    buf_printf(&t->docs->out,
               "{\n  \"name\": \"v2glab: %s\",\n  \"words\": [\"Evcc%%.\", \"Secc%%.\"]\n}\n",
               name);
    return write_file(t, name, "config.json", e);
}

/* Those of a role and a protocol, which editors load where they are wanted. */
static int write_addon(const struct tree *t, const struct protocol *p, uint8_t side, struct err *e)
{
    const struct docs *d = t->docs;
    char name[DOCS_FILE], folder[DOCS_FILE + 16], file[DOCS_FILE];
    bool has_begun = false;
    for (unsigned i = 0; i < d->topics; i++) {
        if (d->topic[i].protocol != p)
            continue;
        docs_file(d, &d->topic[i], side, file, sizeof file);
        *strrchr(file, '.') = '\0';
        if (!has_begun) { /* "evcc-iso15118-2" of "evcc-iso15118-2-SessionStop" */
            snprintf(name, sizeof name, "%s", file);
            *strrchr(name, '-') = '\0';
            snprintf(folder, sizeof folder, "%s/library", name);
            if (begin_addon(t, name, e) != 0)
                return -1;
        }
        has_begun = true;
        if (docs_meta_topic(t->docs, &d->topic[i], side, e) != 0 ||
            write_definitions(t, folder, file, e) != 0)
            return -1;
    }
    return 0;
}

static int write_meta(const struct tree *t, struct err *e)
{
    if (begin_addon(t, "common", e) != 0 || docs_meta_common(t->docs, e) != 0 ||
        write_file(t, "common/library", "v2glab.lua", e) != 0)
        return -1;
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++)
        for (uint8_t side = FROM_EVCC; side <= FROM_SECC; side++)
            if (write_addon(t, p, side, e) != 0)
                return -1;
    return 0;
}

int docs_tree(struct docs *d, const char *dir, bool meta, struct err *e)
{
    if (docs_topics(d, e) != 0 || make_folder(dir, e) != 0)
        return -1;
    struct tree t = {.docs = d, .dir = dir};
    d->side = FROM_NONE;
    if (!meta && d->form == PAGE_TEXT)
        d->form = PAGE_HTML;
    int result = meta ? write_meta(&t, e) : write_all(&t, e);
    buf_close(&t.names);
    return result;
}
