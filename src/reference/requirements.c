/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/requirements.h"

#include "base/asset.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TABLE "build/requirements.tsv"

/* As tools/requirements prints them. */
enum column {
    PROTOCOL,
    IDS,
    SIDE,
    MESSAGES,
    RULE, /* each in English, then in Korean */
    DISAGREE = RULE + 2,
    REASON = DISAGREE + 2,
    PROOF = REASON + 2,
    COLUMNS
};

/* The next field of the line, which ends with a 0 from now on; "" where there is none. */
static const char *next_field(char **at)
{
    char *field = *at, *end = field + strcspn(field, "\t");
    *at = *end == '\t' ? end + 1 : end;
    *end = '\0';
    return field;
}

bool requirement_each(size_t *at, enum language language, struct requirement *q)
{
    struct slice table;
    const char *field[COLUMNS];
    if (!asset_find(TABLE, &table) || *at >= table.n)
        return false;
    const char *line = (const char *)table.p + *at;
    size_t n = strcspn(line, "\n"); /* a 0 follows the bytes */
    *at += n + 1;
    snprintf(q->text, sizeof q->text, "%.*s", (int)n, line);
    char *rest = q->text;
    for (unsigned i = 0; i < COLUMNS; i++)
        field[i] = next_field(&rest);
    q->standard = field[PROTOCOL];
    q->protocol = protocol_find(q->standard);
    if (q->protocol == NULL)
        q->protocol = PROTOCOLS;
    q->ids = field[IDS];
    q->side = field[SIDE];
    q->messages = field[MESSAGES];
    q->rule = field[RULE + language];
    q->disagree = field[DISAGREE + language];
    q->reason = field[REASON + language];
    q->proof = field[PROOF];
    return true;
}

const char *requirement_find(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (; *words != '\0'; words += strspn(words, " ")) {
        size_t length = strcspn(words, " ");
        if (length == n && strncasecmp(words, word, n) == 0)
            return words;
        words += length;
    }
    return NULL;
}

bool requirement_is_about(const struct requirement *q, const struct protocol *protocol,
                          const char *message)
{
    bool is_before = protocol == PROTOCOLS;
    return (is_before || protocol == q->protocol) && requirement_find(q->messages, message) != NULL;
}

const char *requirement_first(const char *words, char first[REQUIREMENT_ID])
{
    snprintf(first, REQUIREMENT_ID, "%.*s", (int)strcspn(words, " "), words);
    return first;
}

void requirement_proof(const struct requirement *q, struct buf *out)
{
    size_t start = out->n;
    for (const char *at = q->proof; *at != '\0'; at += strspn(at, " ")) {
        at += strcspn(at, "=") + 1;
        size_t n = strcspn(at, " ");
        char file[REQUIREMENT_TEXT];
        snprintf(file, sizeof file, "%.*s", (int)n, at);
        at += n;
        if (out->n > start && strstr(buf_string(out) + start, file) != NULL)
            continue;
        buf_printf(out, "%s%s", out->n > start ? ", " : "", file);
    }
}
