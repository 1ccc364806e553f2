/* SPDX-License-Identifier: Apache-2.0 */
#include "app/root.h"

#include <string.h>

struct scan {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && is_blank(*s->at))
        s->at++;
}

static bool skip_text(struct scan *s, const char *text)
{
    size_t n = strlen(text);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* What stands before one of the characters of `stop`; the scan then stands at it. */
static struct slice take_until(struct scan *s, const char *stop)
{
    const char *from = s->at;
    while (s->at < s->end && (*s->at == '\0' || strchr(stop, *s->at) == NULL))
        s->at++;
    return (struct slice){(const uint8_t *)from, (size_t)(s->at - from)};
}

static bool is_same(struct slice a, const char *text, size_t n)
{
    return a.n == n && memcmp(a.p, text, n) == 0;
}

/* The XML declaration and comments before the root. */
static void skip_prolog(struct scan *s)
{
    for (;;) {
        skip_blanks(s);
        const char *end = NULL;
        if (skip_text(s, "<?"))
            end = "?>";
        else if (skip_text(s, "<!--"))
            end = "-->";
        if (end == NULL)
            return;
        const char *found = memmem(s->at, (size_t)(s->end - s->at), end, strlen(end));
        s->at = found == NULL ? s->end : found + strlen(end);
    }
}

/* The value of the next attribute, if it is xmlns or xmlns:PREFIX; false at the tag's end. */
static bool next_attribute(struct scan *s, struct slice prefix, struct slice *uri)
{
    skip_blanks(s);
    struct slice name = take_until(s, "= \t\r\n/>");
    skip_blanks(s);
    if (name.n == 0 || !skip_text(s, "="))
        return false;
    skip_blanks(s);
    const char *quote = s->at < s->end && *s->at == '\'' ? "'" : "\"";
    if (!skip_text(s, quote))
        return false;
    struct slice value = take_until(s, quote);
    skip_text(s, quote);
    bool is_default = prefix.n == 0 && is_same(name, "xmlns", 5);
    bool is_named = prefix.n > 0 && name.n > 6 && memcmp(name.p, "xmlns:", 6) == 0 &&
                    is_same(prefix, (const char *)name.p + 6, name.n - 6);
    if (is_default || is_named)
        *uri = value;
    return true;
}

static void find_in_xml(struct root *r, struct scan *s)
{
    skip_prolog(s);
    if (!skip_text(s, "<"))
        return;
    struct slice name = take_until(s, " \t\r\n/>"), prefix = {name.p, 0};
    const uint8_t *colon = name.n > 0 ? memchr(name.p, ':', name.n) : NULL;
    if (colon != NULL)
        prefix.n = (size_t)(colon - name.p);
    r->uri = (struct slice){name.p, 0};
    while (next_attribute(s, prefix, &r->uri))
        ;
    /* references in it would have to be resolved first */
    r->is_known = r->uri.n > 0 && memchr(r->uri.p, '&', r->uri.n) == NULL;
}

static void find_in_json(struct root *r, struct scan *s)
{
    skip_text(s, "{");
    skip_blanks(s);
    if (!skip_text(s, "\""))
        return;
    r->name = take_until(s, "\"\\{"); /* {uri}name and escapes are left to the reader */
    r->is_known = s->at < s->end && *s->at == '"';
}

void root_find(struct root *r, struct slice text)
{
    struct scan s = {(const char *)text.p, (const char *)text.p + text.n};
    *r = (struct root){.is_json = false};
    if (text.n == 0)
        return;
    skip_text(&s, "\xEF\xBB\xBF");
    skip_blanks(&s);
    r->is_json = s.at < s.end && *s.at == '{';
    if (r->is_json)
        find_in_json(r, &s);
    else
        find_in_xml(r, &s);
}

bool root_may_be_of(const struct root *r, const struct schema *s)
{
    if (!r->is_known)
        return true;
    for (unsigned i = 0; r->is_json && i < s->names; i++)
        if (is_same(r->name, s->fragment[i].name, strlen(s->fragment[i].name)))
            return true;
    for (unsigned i = 0; !r->is_json && i < s->namespaces; i++)
        if (is_same(r->uri, s->ns[i].uri, strlen(s->ns[i].uri)))
            return true;
    return false;
}
