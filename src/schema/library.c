/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/library.h"

#include "base/asset.h"
#include "base/file.h"
#include "schema/load.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct protocol PROTOCOLS[] = {
    {.name = "AppProtocol",
     .family = "AppProtocol",
     .title = "supportedAppProtocol",
     .set = {"appprotocol"}},
    {.name = "DIN70121",
     .family = "DIN70121",
     .title = "DIN SPEC 70121:2014",
     .set = {"din70121"},
     .uri = {"urn:din:70121:2012:MsgDef"},
     .major = 2},
    {.name = "ISO15118-2",
     .family = "ISO15118-2",
     .title = "ISO 15118-2:2013",
     .set = {"iso15118-2"},
     .uri = {"urn:iso:15118:2:2013:MsgDef"},
     .major = 2},
    {.name = "ISO15118-20",
     .family = "ISO15118-20",
     .title = "ISO 15118-20:2022",
     .set = {"iso15118-20-common", "iso15118-20-dc", "iso15118-20-ac", "iso15118-20-wpt",
             "iso15118-20-acdp"},
     .uri = {"urn:iso:std:iso:15118:-20:DC", "urn:iso:std:iso:15118:-20:AC",
             "urn:iso:std:iso:15118:-20:WPT", "urn:iso:std:iso:15118:-20:ACDP"},
     .major = 1},
    {.name = "ISO15118-20-AC-DER-IEC",
     .family = "ISO15118-20",
     .title = "ISO 15118-20:2022/Amd 1, AC-DER-IEC",
     .set = {"iso15118-20-common", "iso15118-20-ac-der-iec", "iso15118-20-dc", "iso15118-20-wpt",
             "iso15118-20-acdp"},
     .uri = {"urn:iso:std:iso:15118:-20:AC-DER-IEC"},
     .major = 1},
    {.name = "ISO15118-20-AC-DER-SAE",
     .family = "ISO15118-20",
     .title = "ISO 15118-20:2022/Amd 1, AC-DER-SAE",
     .set = {"iso15118-20-common", "iso15118-20-ac-der-sae", "iso15118-20-dc", "iso15118-20-wpt",
             "iso15118-20-acdp"},
     .uri = {"urn:iso:std:iso:15118:-20:AC-DER-SAE"},
     .major = 1},
    {.name = NULL},
};

#define FILE_MAX (64u << 20)
#define ASSET_PREFIX "schema/"
#define ASSET_SUFFIX ".schema"

void library_open(struct library *l)
{
    size_t at = 0;
    const char *path;
    struct slice bytes;
    memset(l, 0, sizeof *l);
    while (l->built_in < LIBRARY_MAX && asset_each(ASSET_PREFIX, &at, &path, &bytes)) {
        const char *base = path + sizeof ASSET_PREFIX - 1;
        size_t size = strlen(base), tail = sizeof ASSET_SUFFIX - 1;
        if (strchr(base, '/') != NULL || size <= tail ||
            strcmp(base + size - tail, ASSET_SUFFIX) != 0 || strstr(base, "-types.") != NULL)
            continue;
        snprintf(l->name[l->built_in++], sizeof l->name[0], "%.*s", (int)(size - tail), base);
    }
}

void library_close(struct library *l)
{
    for (unsigned i = 0; i < l->n; i++)
        schema_close(l->loaded[i]);
    for (unsigned i = 0; i < l->files; i++) {
        buf_close(&l->file[i].text);
        free((char *)(uintptr_t)l->file[i].name);
        free((char *)(uintptr_t)l->file[i].path);
    }
    memset(l, 0, sizeof *l);
}

/* The source of all loads: files that were added, then what is built in. */
static int library_source(void *context, const char *name, struct slice *text, const char **file)
{
    const struct library *l = context;
    for (unsigned i = 0; i < l->files; i++) {
        if (strcmp(l->file[i].name, name) != 0)
            continue;
        *text = (struct slice){l->file[i].text.p, l->file[i].text.n};
        *file = l->file[i].path;
        return 0;
    }
    size_t at = 0;
    const char *path;
    struct slice bytes;
    size_t n = strlen(name);
    while (asset_each(ASSET_PREFIX, &at, &path, &bytes)) {
        const char *base = path + sizeof ASSET_PREFIX - 1;
        if (strncmp(base, name, n) != 0 || strcmp(base + n, ASSET_SUFFIX) != 0)
            continue;
        *text = bytes;
        *file = path;
        return 0;
    }
    return -1;
}

/* The word behind `schema` at the start of a line. */
static char *name_in(const char *text, size_t size)
{
    const char *at = text, *end = text + size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        if (line_end - at > 7 && strncmp(at, "schema ", 7) == 0) {
            for (at += 7; at < line_end && *at == ' '; at++)
                ;
            const char *from = at;
            while (at < line_end && !isspace((unsigned char)*at))
                at++;
            return strndup(from, (size_t)(at - from));
        }
        at = line_end + 1;
    }
    return NULL;
}

int library_add_file(struct library *l, const char *path, struct err *e)
{
    if (l->files == LIBRARY_MAX)
        return err_set(e, "more than %d description files", LIBRARY_MAX);
    struct buf text = {0};
    if (file_read(path, FILE_MAX, &text, e) != 0) {
        buf_close(&text);
        return -1;
    }
    char *name = name_in((const char *)text.p, text.n);
    if (name == NULL) {
        buf_close(&text);
        return err_set_line(e, path, 1, "no 'schema NAME' line; expected one as first statement");
    }
    unsigned i = l->files++;
    l->file[i].name = name;
    l->file[i].path = strdup(path);
    l->file[i].text = text;
    return library_get(l, name, e) == NULL ? -1 : 0;
}

const struct schema *library_get(struct library *l, const char *name, struct err *e)
{
    for (unsigned i = 0; i < l->n; i++)
        if (strcmp(l->loaded[i]->name, name) == 0)
            return l->loaded[i];
    if (l->n == LIBRARY_MAX) {
        err_set(e, "more than %d message sets", LIBRARY_MAX);
        return NULL;
    }
    struct schema *s = schema_load(name, library_source, l, e);
    if (s != NULL)
        l->loaded[l->n++] = s;
    return s;
}

const char *library_name(const struct library *l, unsigned i)
{
    if (i < l->built_in)
        return l->name[i];
    return i - l->built_in < l->files ? l->file[i - l->built_in].name : NULL;
}

/* Letters and digits only, in lower case: "ISO 15118-2" and "iso15118-2" are the same. */
static bool same_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a != '\0' && !isalnum((unsigned char)*a))
            a++;
        while (*b != '\0' && !isalnum((unsigned char)*b))
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (*a == '\0')
            return true;
    }
}

const struct protocol *protocol_find(const char *name)
{
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++)
        if (same_name(p->name, name) || same_name(p->set[0], name) || same_name(p->title, name))
            return p;
    return NULL;
}

bool protocol_is_akin(const struct protocol *a, const struct protocol *b)
{
    return strcmp(a->family, b->family) == 0;
}

bool protocol_covers(const struct protocol *wanted, const struct protocol *p)
{
    bool is_whole = strcmp(wanted->name, wanted->family) == 0;
    return wanted == p || (is_whole && protocol_is_akin(wanted, p));
}

const struct protocol *protocol_by_uri(const char *uri, unsigned *set)
{
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        for (unsigned i = 0; p->uri[i] != NULL; i++) {
            if (strcmp(p->uri[i], uri) != 0)
                continue;
            if (set != NULL)
                *set = i;
            return p;
        }
    }
    return NULL;
}

const struct element *protocol_message(struct library *l, const struct protocol *p,
                                       const char *name, const struct schema **set, struct err *e)
{
    for (unsigned i = 0; p->set[i] != NULL; i++) {
        const struct schema *s = library_get(l, p->set[i], e);
        const struct element *found = s == NULL ? NULL : schema_message(s, name);
        if (s == NULL)
            return NULL;
        if (found == NULL)
            continue;
        if (set != NULL)
            *set = s;
        return found;
    }
    return NULL;
}

static bool has_payload(const struct schema *s, uint16_t payload)
{
    for (unsigned i = 0; i < s->messages; i++)
        if (s->message[i]->payload == payload)
            return true;
    return s->payload == payload;
}

static const struct schema *own_set(struct library *l, const struct protocol *p, uint16_t payload,
                                    struct err *e)
{
    for (unsigned i = 0; p->set[i] != NULL; i++) {
        const struct schema *s = library_get(l, p->set[i], e);
        if (s == NULL)
            return NULL;
        if (has_payload(s, payload))
            return s;
    }
    return NULL;
}

const struct schema *protocol_set(struct library *l, const struct protocol *p, uint16_t payload,
                                  struct err *e)
{
    if (l->set != NULL && l->protocol == p && l->payload == payload)
        return l->set;
    const struct schema *found = own_set(l, p, payload, e);
    for (const struct protocol *o = PROTOCOLS; found == NULL && !e->set && o->name != NULL; o++)
        if (o != p && protocol_is_akin(o, p))
            found = own_set(l, o, payload, e);
    l->protocol = p;
    l->payload = payload;
    l->set = found;
    return found;
}
