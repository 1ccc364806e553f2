/* SPDX-License-Identifier: Apache-2.0 */
#include "script/reference.h"

#include "base/asset.h"
#include "script/enums.h"
#include "script/place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MEMORY (64u << 20)  /* bytes that all texts of a message's functions may take */
#define MEMBER_TEXT 96
#define EXAMPLE_TIME 1700000000
#define EXAMPLE_SESSION "3A1F8C0257E94BD6"
#define REPEATED_OCTETS 4   /* so many equal ones are written as string.rep */
#define USES_DEPTH 4        /* descriptions that take in others that take in others */

const char *const LANGUAGES[] = {"en", "ko", NULL};

/* ---- doc lines ---- */

/* The sentence behind "KEY<TAB>" at the start of a line, copied nowhere: up to the line's end. */
static struct slice sentence_in(struct slice file, const char *key)
{
    size_t n = strlen(key);
    const char *at = (const char *)file.p, *end = at + file.n;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        if ((size_t)(line_end - at) > n && at[n] == '\t' && memcmp(at, key, n) == 0)
            return (struct slice){(const uint8_t *)at + n + 1, (size_t)(line_end - at) - n - 1};
        at = line_end + 1;
    }
    return (struct slice){NULL, 0};
}

static struct slice sentence_of(const char *schema, const char *key, unsigned depth);

/* In the files of the descriptions that `schema` takes in with `use`. */
static struct slice sentence_used(const char *schema, const char *key, unsigned depth)
{
    char path[128], used[64];
    struct slice file, found = {NULL, 0};
    snprintf(path, sizeof path, "schema/%s.schema", schema);
    if (depth == 0 || !asset_find(path, &file))
        return found;
    const char *at = (const char *)file.p; /* a 0 follows the bytes */
    while (found.p == NULL && (at = strstr(at, "\nuse ")) != NULL) {
        at += 5;
        snprintf(used, sizeof used, "%.*s", (int)strcspn(at, " \n"), at);
        found = sentence_of(used, key, depth - 1);
    }
    return found;
}

static struct slice sentence_of(const char *schema, const char *key, unsigned depth)
{
    char path[128];
    struct slice file, found = {NULL, 0};
    snprintf(path, sizeof path, "schema/ko/%s.txt", schema);
    if (asset_find(path, &file))
        found = sentence_in(file, key);
    return found.p != NULL ? found : sentence_used(schema, key, depth);
}

/* Korean sentences end at their line's end, so they are copied: a few, each once. */
static const char *kept(struct slice text)
{
    static struct arena arena;
    if (arena.limit == 0)
        arena_open(&arena, NULL, 0, MEMORY);
    const char *copy = arena_text(&arena, (const char *)text.p, text.n);
    return copy != NULL ? copy : "";
}

static const char *translated(enum language language, const struct schema *set, const char *key,
                              const char *english)
{
    struct slice found = {NULL, 0};
    if (language == LANGUAGE_KO)
        found = sentence_of(set->name, key, USES_DEPTH);
    return found.p != NULL ? kept(found) : english != NULL ? english : "";
}
