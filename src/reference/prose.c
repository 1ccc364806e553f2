/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/prose.h"

#include "base/asset.h"
#include "base/said.h"
#include "names/name.h"
#include "trust/signer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY (4u << 20)
#define INDENT 4 /* of lines of text */

const char *const LANGUAGES[] = {"en", "ko", NULL};

enum language prose_language(void)
{
    return said_in_korean() ? LANGUAGE_KO : LANGUAGE_EN;
}

/* ---- reading ---- */

/* A file, line after line. */
struct reading {
    struct prose *prose;
    const char *path, *at;
    unsigned line;
    struct prose_entry entry; /* whose lines are being read; key NULL: none */
    struct buf text, example;
};

static int wrong(const struct reading *r, const char *what, struct err *e)
{
    return err_set(e, "%s:%u: %s", r->path, r->line, what);
}

static const char *kept(struct reading *r, const char *text, size_t n)
{
    const char *copy = arena_text(&r->prose->arena, text, n);
    return copy != NULL ? copy : "";
}

static int add_entry(struct prose *p, const struct prose_entry *entry, struct err *e)
{
    if (p->entries == p->cap) {
        unsigned cap = p->cap > 0 ? p->cap * 2 : 128;
        struct prose_entry *more = realloc(p->entry, cap * sizeof *more);
        if (more == NULL)
            return err_set(e, "out of memory");
        p->entry = more;
        p->cap = cap;
    }
    p->entry[p->entries++] = *entry;
    return 0;
}

static struct prose_entry *find(const struct prose *p, const char *key)
{
    for (unsigned i = 0; i < p->entries; i++)
        if (strcmp(p->entry[i].key, key) == 0)
            return &p->entry[i];
    return NULL;
}

/* An entry of the English file is new; one of another file puts its text in the place of that. */
static int take(struct reading *r, const struct prose_entry *new, struct err *e)
{
    struct prose_entry *old = find(r->prose, new->key);
    if (strcmp(r->path, "reference/en.txt") == 0)
        return old != NULL ? wrong(r, "this has been described before", e)
                           : add_entry(r->prose, new, e);
    if (old == NULL)
        return wrong(r, "reference/en.txt has no such entry", e);
    old->text = new->text;
    return 0;
}

static int end_entry(struct reading *r, struct err *e)
{
    struct prose_entry new = r->entry;
    if (new.key == NULL)
        return 0;
    if (r->text.n == 0)
        return wrong(r, "the entry before this line says nothing", e);
    new.text = kept(r, buf_string(&r->text), r->text.n);
    new.example = kept(r, r->example.n > 0 ? buf_string(&r->example) : "", r->example.n);
    buf_clear(&r->text);
    buf_clear(&r->example);
    r->entry.key = NULL;
    return take(r, &new, e);
}

/* "Role.Send_Raw(bytes string): boolean", "Role.Signing: boolean", "class Key", "global Pki".
 * The English file alone has what stands behind the name. */
static void read_head(struct reading *r, const char *line, size_t n)
{
    struct prose_entry *x = &r->entry;
    char class[PROSE_NAME];
    const char *end = line + n, *name = line;
    *x = (struct prose_entry){.kind = PROSE_FIELD, .owner = "", .parameters = "", .returns = ""};
    if (strncmp(line, "class ", 6) == 0 || strncmp(line, "global ", 7) == 0) {
        x->kind = line[0] == 'c' ? PROSE_CLASS : PROSE_GLOBAL;
        name += strcspn(line, " ") + 1;
    }
    const char *at = name + strcspn(name, "(.:\n");
    if (at < end && (*at == '.' || (*at == ':' && at[1] != ' '))) {
        x->is_method = *at == ':';
        x->owner = kept(r, name, (size_t)(at - name));
        name = at + 1;
        at = name + strcspn(name, "(:\n");
    }
    snprintf(class, sizeof class, "class %s", x->owner);
    x->is_of_value = strcmp(x->owner, "Role") != 0 && find(r->prose, class) != NULL;
    x->name = kept(r, name, (size_t)(at - name));
    x->key = kept(r, line, (size_t)(at - line));
    if (at < end && *at == '(') {
        const char *close = memchr(at, ')', (size_t)(end - at));
        while (close != NULL && close + 1 < end && close[1] != ':')
            close = memchr(close + 1, ')', (size_t)(end - close - 1));
        close = close != NULL ? close : end;
        x->kind = PROSE_FUNCTION;
        x->parameters = kept(r, at + 1, (size_t)(close - at - 1));
        at = close + 1;
    }
    if (at + 2 < end)
        x->returns = kept(r, at + 2, (size_t)(end - at - 2));
}

static int read_line(struct reading *r, const char *line, size_t n, struct err *e)
{
    const char *tab = memchr(line, '\t', n);
    if (n == 0 || line[0] == '#')
        return end_entry(r, e);
    if (line[0] == ' ' || line[0] == '>') {
        bool is_text = line[0] == ' ';
        size_t skip = is_text ? INDENT : 2;
        struct buf *out = is_text ? &r->text : &r->example;
        if (r->entry.key == NULL || n <= skip)
            return wrong(r, "a line of text without an entry before it", e);
        buf_text(out, out->n == 0 ? "" : is_text ? " " : "\n");
        buf_add(out, line + skip, n - skip);
        return 0;
    }
    if (end_entry(r, e) != 0)
        return -1;
    if (tab == NULL) {
        read_head(r, line, n);
        return 0;
    }
    const struct prose_entry word = {
        .kind = PROSE_WORD,
        .key = kept(r, line, (size_t)(tab - line)),
        .text = kept(r, tab + 1, n - (size_t)(tab - line) - 1),
    };
    return take(r, &word, e);
}

static int read_file(struct prose *p, enum language language, struct err *e)
{
    char path[64];
    struct slice file;
    snprintf(path, sizeof path, "reference/%s.txt", LANGUAGES[language]);
    struct reading r = {.prose = p, .path = path};
    if (!asset_find(path, &file))
        return err_set(e, "%s is not built in", path);
    int result = 0;
    for (r.at = (const char *)file.p; *r.at != '\0' && result == 0;) { /* a 0 follows the bytes */
        size_t n = strcspn(r.at, "\n");
        r.line++;
        result = read_line(&r, r.at, n, e);
        r.at += n + (r.at[n] != '\0');
    }
    if (result == 0)
        result = end_entry(&r, e);
    buf_close(&r.text);
    buf_close(&r.example);
    return result;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct prose_entry *)a)->key, ((const struct prose_entry *)b)->key);
}

int prose_open(struct prose *p, enum language language, struct err *e)
{
    *p = (struct prose){.language = language};
    arena_open(&p->arena, NULL, 0, MEMORY);
    if (read_file(p, LANGUAGE_EN, e) != 0)
        return -1;
    while (p->words < p->entries && p->entry[p->words].kind == PROSE_WORD)
        p->words++;
    qsort(p->entry, p->words, sizeof *p->entry, compare);
    return language == LANGUAGE_EN ? 0 : read_file(p, language, e);
}

void prose_close(struct prose *p)
{
    free(p->entry);
    arena_close(&p->arena);
    *p = (struct prose){.language = p->language};
}

/* ---- words ---- */

const char *prose_word(const struct prose *p, const char *key)
{
    const struct prose_entry wanted = {.key = key},
                             *found = bsearch(&wanted, p->entry, p->words, sizeof wanted, compare);
    return found != NULL ? found->text : key;
}

void prose_say(const struct prose *p, const char *key, const char *a, const char *b,
               struct buf *out)
{
    const char *at = prose_word(p, key), *hole;
    while ((hole = strchr(at, '{')) != NULL && (hole[1] == '1' || hole[1] == '2')) {
        buf_add(out, at, (size_t)(hole - at));
        buf_text(out, hole[1] == '1' ? a : b);
        at = hole + strlen("{1}");
    }
    buf_text(out, at);
}

/* ---- entries ---- */

const char *prose_each(const struct prose_entry *entry, unsigned i, char *text)
{
    bool is_sign = strncmp(entry->name, "Sign_", 5) == 0;
    if (!is_sign && strncmp(entry->name, "Verify_", 7) != 0)
        return i == 0 ? entry->name : NULL;
    if (SIGNERS[i].message == NULL)
        return NULL;
    snprintf(text, PROSE_NAME, "%s%s", is_sign ? "Sign_" : "Verify_", SIGNERS[i].message);
    return text;
}

void prose_parameters(const struct prose_entry *entry, struct buf *out)
{
    const char *at = entry->parameters;
    while (*at != '\0') {
        buf_add(out, at, strcspn(at, " ?"));
        at += strcspn(at, ",");
        at += strspn(at, ", ");
        buf_text(out, *at != '\0' ? ", " : "");
    }
}

void prose_full_name(const struct prose_entry *entry, const char *name, uint8_t side,
                     struct buf *out)
{
    const char *owner = entry->owner;
    if (strcmp(owner, "Role") == 0)
        owner = name_role(side == FROM_SECC ? FROM_SECC : FROM_EVCC);
    else if (strcmp(owner, "Message") == 0)
        owner = "m";
    if (owner[0] != '\0') {
        buf_char(out, entry->is_of_value ? (char)tolower((unsigned char)owner[0]) : owner[0]);
        buf_printf(out, "%s%c", owner + 1, entry->is_method ? ':' : '.');
    }
    buf_text(out, name);
    if (entry->kind != PROSE_FUNCTION)
        return;
    buf_char(out, '(');
    prose_parameters(entry, out);
    buf_char(out, ')');
}
