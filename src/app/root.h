/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root element of a message in XML or JSON, found by a glance at the beginning of the text. It
 * tells which grammars are not worth a try.
 */
#ifndef V2G_APP_ROOT_H
#define V2G_APP_ROOT_H

#include "base/buf.h"
#include "schema/schema.h"

#include <stdbool.h>

struct root {
    bool is_json, is_known; /* not known: nothing can be said, every grammar has to try */
    struct slice name;      /* JSON: the element's name */
    struct slice uri;       /* XML: its namespace */
};

void root_find(struct root *r, struct slice text);

/* False where no element of s can be that root. */
bool root_may_be_of(const struct root *r, const struct schema *s);

#endif
