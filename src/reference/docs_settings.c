/* SPDX-License-Identifier: Apache-2.0 */
/* What lua/v2g/parameters.lua, lua/timers.lua and reference/hooks.txt say, line by line. */
#include "base/asset.h"
#include "reference/docs_search.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define KEYS_MOST 8 /* that one line sets */
#define KEY_TEXT 64
#define VALUE_TEXT 160
#define LINE_MOST 400
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* Keys that were set on a line, whose comment may go on. */
struct settings {
    const struct docs *d;
    docs_item item;
    void *context;
    const char *kind;     /* word of the language */
    char of[KEY_TEXT];    /* what they are of: "ev", "ISO15118-2" */
    char table[KEY_TEXT]; /* that is open; "" where none is */
    int depth;            /* of braces, within the outermost table */
    char key[KEYS_MOST][2 * KEY_TEXT];
    char value[KEYS_MOST][VALUE_TEXT];
    unsigned n;
    struct buf before, text; /* the comment before the line, and theirs */
};

static void flush(struct settings *s)
{
    struct buf kind = {0}, all = {0};
    prose_say(&s->d->prose, s->kind, s->of, "", &kind);
    for (unsigned i = 0; i < s->n; i++) {
        buf_clear(&all);
        bool has_both = s->value[i][0] != '\0' && s->text.n > 0;
        buf_printf(&all, "%s%s%s", s->value[i], has_both ? "; " : "", buf_string(&s->text));
        s->item(s->context, s->key[i], buf_string(&kind), buf_string(&all));
    }
    s->n = 0;
    buf_clear(&s->text);
    buf_close(&kind);
    buf_close(&all);
}

static void add_comment(struct buf *out, const char *text)
{
    text += strspn(text, "- ");
    if (out->n > 0)
        buf_char(out, ' ');
    buf_text(out, text);
}

static int brace(char c)
{
    return c == '{' ? 1 : c == '}' ? -1 : 0;
}

/* The value that begins at p: up to what is outside of its braces, or the end. */
static size_t value_size(const char *p)
{
    int depth = 0;
    size_t n = 0;
    for (; p[n] != '\0' && !(depth == 0 && (p[n] == ',' || p[n] == '}')); n++)
        depth += brace(p[n]);
    while (n > 0 && p[n - 1] == ' ')
        n--;
    return n;
}

/* The keys of a line: "soc = 20, bulk = 80," in the table that is open. */
static void take_keys(struct settings *s, const char *line)
{
    while (s->n < KEYS_MOST) {
        line += strspn(line, " ,");
        size_t n = strspn(line, NAME_CHARACTERS);
        if (n == 0 || n >= KEY_TEXT || strncmp(line + n, " = ", 3) != 0)
            return;
        const char *value = line + n + 3;
        size_t size = value_size(value);
        snprintf(s->key[s->n], sizeof s->key[0], "%s%s%.*s", s->table,
                 s->table[0] != '\0' ? "." : "", (int)n, line);
        snprintf(s->value[s->n++], VALUE_TEXT, "%.*s", (int)size, value);
        line = value + size;
        if (value[0] == '{' && value[size] == '\0' && value[size - 1] != '}' &&
            s->table[0] == '\0') {
            snprintf(s->table, sizeof s->table, "%.*s", (int)n, s->key[s->n - 1]);
            s->value[s->n - 1][0] = '\0';
            take_keys(s, value + 1);
            return;
        }
    }
}

static void take_line(struct settings *s, char *line)
{
    size_t indent = strspn(line, " ");
    char *comment = strstr(line, "-- "), *code = line + indent;
    if (strncmp(code, "--", 2) == 0) {
        bool goes_on = s->n > 0 && indent >= 20;
        if (strncmp(code, "-- ----", 7) == 0)
            buf_clear(&s->before);
        else
            add_comment(goes_on ? &s->text : &s->before, code);
        return;
    }
    flush(s);
    if (comment != NULL)
        *comment = '\0';
    take_keys(s, code);
    if (s->n > 0) {
        buf_text(&s->text, buf_string(&s->before));
        if (comment != NULL)
            add_comment(&s->text, comment + 3);
    }
    buf_clear(&s->before);
    for (const char *c = code; *c != '\0'; c++)
        s->depth += brace(*c);
    if (s->depth <= 0)
        s->table[0] = '\0';
}

/* "parameters.ev = {", "timers['DIN70121'] = {": what the next keys are of. False: it is not so. */
static bool begins_table(struct settings *s, const char *line, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(line, name, n) != 0 || (line[n] != '.' && line[n] != '['))
        return false;
    line += n + strspn(line + n, ".['");
    flush(s);
    size_t size = strcspn(line, " ']");
    snprintf(s->of, sizeof s->of, "%.*s", (int)size, line);
    if (strcmp(s->of, "station") == 0) /* as its command is called */
        snprintf(s->of, sizeof s->of, "evse");
    s->table[0] = '\0';
    s->depth = 0;
    return true;
}

static void each_line(struct settings *s, const char *path, const char *name)
{
    struct slice text;
    char line[LINE_MOST];
    if (!asset_find(path, &text))
        return;
    for (const char *p = (const char *)text.p; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(n < LINE_MOST ? n : LINE_MOST - 1), p);
        p += n + (p[n] == '\n');
        if (!begins_table(s, line, name) && s->of[0] != '\0' && line[0] == ' ')
            take_line(s, line);
    }
    flush(s);
    s->of[0] = '\0';
}

/* NAME, English, Korean, with tabs between. */
static void each_hook(const struct docs *d, docs_item item, void *context)
{
    struct slice text;
    char line[2 * LINE_MOST];
    if (!asset_find("reference/hooks.txt", &text))
        return;
    for (const char *p = (const char *)text.p; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), p);
        p += n + (p[n] == '\n');
        char *english = strchr(line, '\t'), *korean = NULL;
        if (line[0] == '#' || english == NULL || (korean = strchr(english + 1, '\t')) == NULL)
            continue;
        *english = *korean = '\0';
        item(context, line, docs_word(d, "search.hook"),
             d->prose.language == LANGUAGE_KO ? korean + 1 : english + 1);
    }
}

void docs_settings_each(const struct docs *d, docs_item item, void *context)
{
    struct settings s = {.d = d, .item = item, .context = context, .kind = "search.parameter"};
    each_line(&s, "lua/v2g/parameters.lua", "parameters");
    s.kind = "search.timer";
    each_line(&s, "lua/timers.lua", "timers");
    each_hook(d, item, context);
    buf_close(&s.before);
    buf_close(&s.text);
}
