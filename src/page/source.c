/* SPDX-License-Identifier: Apache-2.0 */
#include "page/source.h"

#include "base/asset.h"
#include "base/file.h"
#include "suite/results.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MOST (16u << 20)
#define SOURCE_LINES 120

/* ---- the block ---- */

static int read_file(const json_t *run, const char *file, struct buf *text)
{
    struct err ignored = ERR_INIT;
    struct slice bytes;
    char path[PATH_MAX];
    if (asset_find(file, &bytes)) {
        buf_add(text, bytes.p, bytes.n);
        return 0;
    }
    snprintf(path, sizeof path, "%s/%s", results_text(run, "directory"), file);
    return file_read(file[0] == '/' ? file : path, FILE_MOST, text, &ignored);
}

static const char *line_at(const char *text, int64_t number)
{
    for (int64_t n = 1; n < number && text != NULL; n++) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return text;
}

/* Up to the first line below that is not indented and is no more than a closing bracket. */
static size_t block_size(const char *at)
{
    const char *line = at;
    for (unsigned n = 0; n < SOURCE_LINES; n++) {
        const char *newline = strchr(line, '\n');
        if (newline == NULL)
            return strlen(at);
        bool is_last = *line == '}' || *line == ')' || strncmp(line, "end", 3) == 0;
        if (is_last || (n == 0 && newline > line && newline[-1] == '}'))
            return (size_t)(newline - at);
        line = newline + 1;
    }
    return (size_t)(line - 1 - at);
}

json_t *source_of(const json_t *run, const json_t *planned)
{
    struct buf text = {0};
    const char *file = results_text(planned, "file");
    json_int_t number = json_integer_value(json_object_get(planned, "line"));
    const char *at = NULL;
    if (number > 0 && read_file(run, file, &text) == 0)
        at = line_at(buf_string(&text), number);
    json_t *source = at == NULL || *at == '\0'
                         ? NULL
                         : json_pack("[s, I, s%]", file, number, at, block_size(at));
    buf_close(&text);
    return source;
}

/* ---- paths ---- */

/* With a '/' at the end. False: it is not there. */
static bool look_up(const char *path, char full[PATH_MAX + 2])
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        return false;
    snprintf(full, PATH_MAX + 2, "%s/", real);
    free(real);
    return true;
}

void source_relative(const char *from, const char *to, struct buf *out)
{
    char copy[PATH_MAX], start[PATH_MAX + 2], end[PATH_MAX + 2];
    size_t shared = 0; /* behind the last '/' that both have */
    snprintf(copy, sizeof copy, "%s", from);
    if (!look_up(dirname(copy), start) || !look_up(to, end)) {
        buf_text(out, to);
        return;
    }
    for (size_t i = 0; start[i] != '\0' && start[i] == end[i]; i++)
        if (start[i] == '/')
            shared = i + 1;
    for (const char *up = start + shared; (up = strchr(up, '/')) != NULL; up++)
        buf_text(out, "../");
    buf_text(out, end + shared);
}
