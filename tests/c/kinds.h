/* SPDX-License-Identifier: Apache-2.0 */
/* The set of tests/data/kinds.schema, which has every kind of value at every place. */
#ifndef V2G_TESTS_KINDS_H
#define V2G_TESTS_KINDS_H

#include "support.h"

#include "schema/load.h"

#include <libxml/xmlerror.h>

#define MEMORY (8u * 1024 * 1024)

#define SET "tests/data/kinds.schema"

static const struct schema *set;

static char *set_text;

static inline int set_source(void *context, const char *name, struct slice *text, const char **file)
{
    (void)context, (void)name;
    *text = (struct slice){(const uint8_t *)set_text, strlen(set_text)};
    *file = SET;
    return 0;
}

static inline int open_set(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    size_t n;
    set_text = support_read_file(SET, &n);
    assert_non_null(set_text);
    set = schema_load("kinds", set_source, NULL, &e);
    if (set == NULL)
        fail_msg("line %d: %s", (int)e.line, e.what);
    return exi_stage_need(set, &e);
}

static inline int close_set(void **state)
{
    (void)state;
    schema_close((struct schema *)(uintptr_t)set);
    free(set_text);
    return 0;
}

#define ONE(name) "<" name " xmlns=\"urn:one\">"

/* libxml2 has its own errors of memory, besides those that are handed to us. */
static inline void be_silent(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

#endif
