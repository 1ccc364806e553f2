/* SPDX-License-Identifier: Apache-2.0 */
#include "page/dictionary.h"

#include "codec/json.h"
#include "page/doc_line.h"
#include "trust/describe.h"

#include <inttypes.h>
#include <string.h>

#define KEY_TEXT 2048

void dictionary_close(struct dictionary *d)
{
    struct buf *const BUFS[] = {&d->new_paths, &d->new_shapes, &d->new_names, &d->new_certificates,
                                &d->shape};
    index_close(&d->paths);
    index_close(&d->shapes);
    index_close(&d->names);
    index_close(&d->certificates);
    for (size_t i = 0; i < sizeof BUFS / sizeof BUFS[0]; i++)
        buf_close(BUFS[i]);
    *d = (struct dictionary){.last_path = NULL};
}

static void comma(struct buf *out)
{
    if (out->n > 0)
        buf_char(out, ',');
}

static void quote(struct buf *out, const char *text)
{
    json_quote(text, strlen(text), out);
}

size_t dictionary_name(struct dictionary *d, const char *name)
{
    bool is_new;
    size_t number = index_number(&d->names, name, strlen(name), &is_new);
    if (is_new) {
        comma(&d->new_names);
        quote(&d->new_names, name);
    }
    return number;
}

size_t dictionary_certificate(struct dictionary *d, struct slice der)
{
    bool is_new;
    size_t number = index_number(&d->certificates, der.p, der.n, &is_new);
    if (is_new) {
        comma(&d->new_certificates);
        describe_certificate(der, &d->new_certificates);
    }
    return number;
}

struct slice dictionary_der(const struct dictionary *d, size_t number)
{
    if (number >= d->certificates.n)
        return (struct slice){NULL, 0};
    const struct index_key *key = &d->certificates.key[number];
    return (struct slice){d->certificates.keys.p + key->at, key->n};
}

static void add_path(struct dictionary *d, const struct schema *s, const char *path)
{
    struct arena a;
    arena_open(&a, NULL, 0, DOC_LINE_MEMORY);
    struct doc_line doc = doc_line_find(s, path, &a);
    comma(&d->new_paths);
    buf_char(&d->new_paths, '[');
    quote(&d->new_paths, path);
    buf_char(&d->new_paths, ',');
    quote(&d->new_paths, doc.en);
    buf_char(&d->new_paths, ',');
    quote(&d->new_paths, doc.ko);
    buf_char(&d->new_paths, ']');
    arena_close(&a);
}

/* A path of several message sets has several doc lines. */
static int32_t number_path(struct dictionary *d, const struct schema *s, const char *path)
{
    char key[KEY_TEXT];
    bool is_new;
    if (path[0] == '\0')
        return -1;
    if (path == d->last_path)
        return d->last_number;
    size_t n = strnlen(path, sizeof key - sizeof s);
    memcpy(key, &s, sizeof s);
    memcpy(key + sizeof s, path, n);
    d->last_number = (int32_t)index_number(&d->paths, key, sizeof s + n, &is_new);
    d->last_path = path;
    if (is_new)
        add_path(d, s, path);
    return d->last_number;
}

enum row_event dictionary_event(const struct exi_field *f)
{
    /* ORDER ROW_EVENT */
    static const char *const EVENTS[] = {"header", "SE", "EE", "AT", "CH", "length", "value"};
    for (unsigned i = 0; i <= ROW_VALUE; i++)
        if (strcmp(f->event, EVENTS[i]) == 0)
            return (enum row_event)i;
    if (f->part == EXI_HIT)
        return ROW_VALUE;
    return strcmp(f->event, "field") == 0 || strcmp(f->event, "octets") == 0 ? ROW_FIELD
                                                                             : ROW_OTHER;
}

int64_t dictionary_shape(struct dictionary *d, const struct rows *r)
{
    bool is_new;
    if (r->first == NULL)
        return -1;
    buf_clear(&d->shape);
    d->last_path = NULL;
    for (const struct row *row = r->first; row != NULL; row = row->next) {
        const struct exi_field *f = &row->field;
        buf_char(&d->shape, row == r->first ? '[' : ',');
        buf_char(&d->shape, '[');
        buf_number(&d->shape, dictionary_event(f));
        buf_char(&d->shape, ',');
        buf_signed(&d->shape, number_path(d, r->schema, f->path));
        buf_char(&d->shape, ',');
        buf_number(&d->shape, f->bits);
        buf_char(&d->shape, ']');
    }
    buf_char(&d->shape, ']');
    size_t number = index_number(&d->shapes, d->shape.p, d->shape.n, &is_new);
    if (is_new) {
        comma(&d->new_shapes);
        buf_add(&d->new_shapes, d->shape.p, d->shape.n);
    }
    return (int64_t)number;
}

bool dictionary_take(struct dictionary *d, struct buf *out)
{
    struct buf *const NEW[] = {&d->new_paths, &d->new_shapes, &d->new_names, &d->new_certificates};
    size_t n = 0;
    for (size_t i = 0; i < sizeof NEW / sizeof NEW[0]; i++)
        n += NEW[i]->n;
    if (n == 0)
        return false;
    for (size_t i = 0; i < sizeof NEW / sizeof NEW[0]; i++) {
        buf_text(out, i == 0 ? "[[" : ",[");
        buf_add(out, NEW[i]->p, NEW[i]->n);
        buf_char(out, ']');
        buf_clear(NEW[i]);
    }
    buf_char(out, ']');
    return true;
}

bool dictionary_failed(const struct dictionary *d)
{
    return d->paths.failed || d->shapes.failed || d->names.failed || d->shape.failed ||
           d->certificates.failed || d->new_certificates.failed || d->new_paths.failed ||
           d->new_shapes.failed || d->new_names.failed;
}
