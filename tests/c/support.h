/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several tests share: the message sets as they stand in schema/, the vectors of
 * tests/vectors, and short ways from hex to message and back. Tests run from the repository's root.
 */
#ifndef V2G_TESTS_SUPPORT_H
#define V2G_TESTS_SUPPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/exi.h"
#include "codec/exi_stage.h"
#include "codec/message.h"
#include "codec/xml.h"
#include "schema/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <zlib.h>

/* ---- message sets ---- */

/* ORDER SUPPORT_SETS: name of the set, and what the vectors call it. */
static const struct {
    const char *name, *in_vectors;
} SUPPORT_SETS[] = {
    {"appprotocol", "app"},
    {"xmldsig", "xmldsig"},
    {"din70121", "din"},
    {"iso15118-2", "iso2"},
    {"iso15118-20-common", "iso20-cm"},
    {"iso15118-20-ac", "iso20-ac"},
    {"iso15118-20-dc", "iso20-dc"},
    {"iso15118-20-wpt", "iso20-wpt"},
    {"iso15118-20-acdp", "iso20-acdp"},
    {"iso15118-20-ac-der-iec", "iso20-der-iec"},
    {"iso15118-20-ac-der-sae", "iso20-der-sae"},
};

#define SUPPORT_SETS_N (sizeof SUPPORT_SETS / sizeof SUPPORT_SETS[0])
#define SUPPORT_FILES_MAX 64

struct support {
    struct schema *set[SUPPORT_SETS_N];
    char *text[SUPPORT_FILES_MAX]; /* of the files read: the sets point into them */
    char name[SUPPORT_FILES_MAX][64];
    unsigned texts;
};

static struct support support;

static inline char *support_read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    struct buf all = {0};
    uint8_t part[4096];
    size_t got;
    while ((got = fread(part, 1, sizeof part, f)) > 0)
        buf_add(&all, part, got);
    fclose(f);
    *n = all.n;
    buf_string(&all);
    return (char *)all.p;
}

/* A schema_source: the files of schema/. */
static inline int support_source(void *context, const char *name, struct slice *text,
                                 const char **file)
{
    (void)context;
    unsigned i = support.texts;
    assert_true(i < SUPPORT_FILES_MAX);
    snprintf(support.name[i], sizeof support.name[i], "schema/%s.schema", name);
    support.text[i] = support_read_file(support.name[i], &text->n);
    if (support.text[i] == NULL)
        return -1;
    text->p = (const uint8_t *)support.text[i];
    *file = support.name[i];
    support.texts++;
    return 0;
}

/* The set of that name, or as the vectors call it. */
static inline const struct schema *support_schema(const char *name)
{
    for (unsigned i = 0; i < SUPPORT_SETS_N; i++) {
        if (strcmp(SUPPORT_SETS[i].name, name) != 0 &&
            strcmp(SUPPORT_SETS[i].in_vectors, name) != 0)
            continue;
        if (support.set[i] != NULL)
            return support.set[i];
        struct err e = ERR_INIT;
        support.set[i] = schema_load(SUPPORT_SETS[i].name, support_source, NULL, &e);
        if (support.set[i] == NULL)
            fail_msg("%s:%d: %s", e.path, (int)e.line, e.what);
        /* the codec's tables now, so that no test counts them as memory of its first message */
        if (exi_stage_need(support.set[i], &e) != 0)
            fail_msg("%s", e.what);
        return support.set[i];
    }
    fail_msg("there is no message set called %s", name);
    return NULL;
}

/* Gives all sets back, so that a leak checker has nothing to say. A group's tear-down. */
static inline int support_close(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SUPPORT_SETS_N; i++) {
        schema_close(support.set[i]);
        support.set[i] = NULL;
    }
    while (support.texts > 0)
        free(support.text[--support.texts]);
    return 0;
}

/* ---- vectors ---- */

struct vector {
    json_t *json;
    const char *id, *message, *category, *xml;
    const struct schema *schema;
    bool is_fragment;
    struct slice exi; /* as the vector has it */
};

/* The files of tests/vectors, without ".jsonl.gz". */
static const char *const SUPPORT_VECTORS[] = {
    "appprotocol",      "xmldsig",     "din70121",          "din70121.large",   "iso15118-2",
    "iso15118-2.large", "iso15118-20", "iso15118-20.large", "iso15118-20-amd1",
};

#define SUPPORT_VECTORS_N (sizeof SUPPORT_VECTORS / sizeof SUPPORT_VECTORS[0])

static inline const char *support_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static inline bool support_has_tag(const struct vector *v, const char *tag)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(v->json, "tags"), i,
                       one) if (strcmp(json_string_value(one), tag) == 0) return true;
    return false;
}

/* The octets that hex digits stand for; the caller frees p. */
static inline struct slice support_octets(const char *hex)
{
    size_t n = strlen(hex);
    uint8_t *p = malloc(n / 2 + 1);
    assert_non_null(p);
    int64_t got = hex_read(hex, n, p, n / 2 + 1);
    if (got < 0)
        fail_msg("'%.40s' is not hex", hex);
    return (struct slice){p, (size_t)got};
}

/* One line of a gzip file, of any length; NULL at its end. Lives until the next call. */
static inline const char *support_line(gzFile f, struct buf *line)
{
    char part[16384];
    buf_clear(line);
    while (gzgets(f, part, sizeof part) != NULL) {
        size_t n = strlen(part);
        bool whole = n > 0 && part[n - 1] == '\n';
        buf_add(line, part, whole ? n - 1 : n);
        if (whole)
            break;
    }
    return line->n == 0 ? NULL : buf_string(line);
}

/* Calls visit for each vector of a file; returns their number. */
static inline unsigned support_each_vector(const char *file,
                                           void (*visit)(void *context, const struct vector *v),
                                           void *context)
{
    char path[128];
    snprintf(path, sizeof path, "tests/vectors/%s.jsonl.gz", file);
    gzFile f = gzopen(path, "rb");
    if (f == NULL)
        fail_msg("%s cannot be read; tests run from the repository's root", path);
    struct buf line = {0};
    const char *text;
    unsigned n = 0;
    for (; (text = support_line(f, &line)) != NULL; n++) {
        json_error_t e;
        json_t *json = json_loads(text, 0, &e);
        if (json == NULL)
            fail_msg("%s:%u: %s", path, n + 1, e.text);
        struct vector v = {
            .json = json,
            .id = support_member(json, "id"),
            .message = support_member(json, "message"),
            .category = support_member(json, "category"),
            .xml = support_member(json, "xml"),
            .schema = support_schema(support_member(json, "schema-set")),
            .is_fragment = strcmp(support_member(json, "kind"), "fragment") == 0,
            .exi = support_octets(support_member(json, "exi")),
        };
        visit(context, &v);
        free((void *)(uintptr_t)v.exi.p);
        json_decref(json);
    }
    buf_close(&line);
    gzclose(f);
    return n;
}

/* ---- messages ---- */

static inline int support_decode(const struct schema *s, struct slice exi, bool is_fragment,
                                 struct arena *a, struct message *m, struct err *e)
{
    struct exi_options o = EXI_OPTIONS;
    o.fragment = is_fragment;
    return exi_decode(s, exi.p, exi.n, &o, a, m, e);
}

/* Compact XML of m, in out (which is cleared before). */
static inline const char *support_xml(const struct message *m, struct buf *out)
{
    buf_clear(out);
    xml_print(m, XML_COMPACT, out);
    return buf_string(out);
}

/* The first place where two texts part, for messages: some characters before it. */
static inline size_t support_difference(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && a[i] == b[i])
        i++;
    return i < 40 ? 0 : i - 40;
}

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        const char *assert_text = (text);                                                          \
        if (strstr(assert_text, part) == NULL)                                                     \
            fail_msg("expected \"%s\" in \"%s\"", part, assert_text);                              \
    } while (0)

#endif
