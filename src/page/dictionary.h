/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cases of a report have in common: paths of elements with their doc lines, shapes of
 * messages, names, certificates. Each gets a number when it first comes, and is written once,
 * before the block that needs it (docs/report-format.md).
 */
#ifndef V2G_PAGE_DICTIONARY_H
#define V2G_PAGE_DICTIONARY_H

#include "page/index.h"
#include "page/rows.h"

/* What a row of a shape is. ORDER ROW_EVENT */
enum row_event {
    ROW_HEADER,
    ROW_START,
    ROW_END,
    ROW_ATTRIBUTE,
    ROW_CHARACTERS,
    ROW_LENGTH,
    ROW_VALUE,
    ROW_OTHER, /* URI and name of an unknown element, ED, padding */
    ROW_FIELD, /* of a layout of octets: an element and its value in one */
};

/* Zero before its first use. */
struct dictionary {
    struct index paths, shapes, names, certificates; /* certificates: by their DER */
    struct buf new_paths, new_shapes, new_names,
        new_certificates;  /* not written yet: JSON, with commas between */
    struct buf shape;      /* the one that is being made */
    const char *last_path; /* a row's, and its number */
    int32_t last_number;
};

void dictionary_close(struct dictionary *d);

size_t dictionary_name(struct dictionary *d, const char *name);

/* Of a certificate; and the octets of one that has a number. */
size_t dictionary_certificate(struct dictionary *d, struct slice der);
struct slice dictionary_der(const struct dictionary *d, size_t number);

enum row_event dictionary_event(const struct exi_field *f);

/* The number of the shape that the rows have. -1: they are none. */
int64_t dictionary_shape(struct dictionary *d, const struct rows *r);

/* Appends [paths, shapes, names, certificates], those that came since the last time. False: there
 * are none. */
bool dictionary_take(struct dictionary *d, struct buf *out);

bool dictionary_failed(const struct dictionary *d);

#endif
