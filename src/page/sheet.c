/* SPDX-License-Identifier: Apache-2.0 */
#include "page/sheet.h"

#include "base/asset.h"
#include "base/gzip.h"
#include "page/korean.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- text within HTML ---- */

/* JSON in a script element or an attribute: what could end either is written as JSON's own escapes,
 * so that it stays JSON. */
static void add_safe(struct buf *out, const char *json, bool in_attribute)
{
    for (; *json != '\0'; json++) {
        if (*json == '<' || *json == '>' || *json == '&')
            buf_printf(out, "\\u%04x", (unsigned)*json);
        else if (in_attribute && *json == '"')
            buf_text(out, "&quot;");
        else
            buf_char(out, *json);
    }
}

static void add_json(struct buf *out, const json_t *json, bool in_attribute)
{
    char *text = json_dumps(json, JSON_COMPACT);
    add_safe(out, text != NULL ? text : "null", in_attribute);
    free(text);
}

/* ---- head ---- */

static void add_assets(struct buf *out, const char *ending)
{
    size_t at = 0, n = strlen(ending);
    const char *path;
    struct slice bytes;
    while (asset_each("page/", &at, &path, &bytes))
        if (strlen(path) > n && strcmp(path + strlen(path) - n, ending) == 0)
            buf_add(out, bytes.p, bytes.n);
}

static void add_meta(struct buf *out, const json_t *meta)
{
    buf_text(out, "<script type=\"application/json\" id=\"meta\">");
    add_json(out, meta, false);
    buf_text(out, "</script>\n");
}

/* The line of the template; or what stands for it. */
static void add_line(struct buf *out, const char *line, size_t n, const json_t *meta)
{
    static const char *const MARKS[][4] = {{"<!--STYLE-->", "<style>\n", ".css", "</style>\n"},
                                           {"<!--SCRIPT-->", "<script>\n", ".js", "</script>\n"}};
    static const char META[] = "<!--META-->";
    for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++)
        if (n == strlen(MARKS[i][0]) && memcmp(line, MARKS[i][0], n) == 0) {
            buf_text(out, MARKS[i][1]);
            add_assets(out, MARKS[i][2]);
            buf_text(out, MARKS[i][3]);
            return;
        }
    if (n == sizeof META - 1 && memcmp(line, META, n) == 0) {
        add_meta(out, meta);
        return;
    }
    buf_add(out, line, n);
    buf_char(out, '\n');
}

static int add_head(struct buf *out, const json_t *meta, struct err *e)
{
    struct slice template;
    if (!asset_find("page/page.html", &template))
        return err_set(e, "page/page.html is not built in");
    const char *at = (const char *)template.p, *end = at + template.n;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline != NULL ? newline : end) - at);
        add_line(out, at, n, meta);
        at += n + 1;
    }
    return 0;
}

/* ---- blocks ---- */

/* The octets, packed, as text. The '.' behind them says that they are all there. */
static int add_packed(struct sheet *p, const void *bytes, size_t n, struct err *e)
{
    buf_clear(&p->packed);
    if (gzip_pack((struct slice){bytes, n}, &p->packed, e) != 0)
        return -1;
    buf_base64(&p->outlet.out, p->packed.p, p->packed.n);
    buf_text(&p->outlet.out, ".</script>\n");
    return 0;
}

static int write_block(struct sheet *p, struct err *e)
{
    struct err why = ERR_INIT;
    bool failed = p->outlet.out.failed || p->json.failed || dictionary_failed(&p->dictionary);
    if (failed)
        return err_set(e, "%s: out of memory", p->path);
    outlet_unit(&p->outlet);
    return outlet_write(&p->outlet, &why) == 0 ? 0 : err_set(e, "%s: %s", p->path, why.what);
}

static int add_plan(struct sheet *p, const json_t *plan, struct err *e)
{
    char *text = json_dumps(plan, JSON_COMPACT);
    int bad = text == NULL ? err_set(e, "out of memory") : 0;
    buf_text(&p->outlet.out, "<script type=\"text/plain\" id=\"plan\">");
    if (bad == 0)
        bad = add_packed(p, text, strlen(text), e);
    free(text);
    return bad;
}

int sheet_create(struct sheet *p, const char *path, const json_t *meta, const json_t *plan,
                 struct err *e)
{
    snprintf(p->path, sizeof p->path, "%s", path);
    if (outlet_create(&p->outlet, path, e) != 0 || add_head(&p->outlet.out, meta, e) != 0 ||
        add_plan(p, plan, e) != 0)
        return -1;
    return write_block(p, e);
}

static int add_dictionary(struct sheet *p, struct err *e)
{
    buf_clear(&p->json);
    if (!dictionary_take(&p->dictionary, &p->json))
        return 0;
    buf_text(&p->outlet.out, "<script type=\"text/plain\" class=\"d\" data-d=\"0\">");
    return add_packed(p, p->json.p, p->json.n, e);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

/* Behind the four that are always there what was expected and found in Korean. */
static json_t *cause_of(const struct sheet_cause *c)
{
    if (c == NULL)
        return json_null();
    struct buf room = {0};
    json_t *cause = json_pack("[s, s, s, s]", c->message, c->what, c->expected, c->found);
    json_array_append_new(cause, text_or_null(korean_of(&room, c->expected)));
    json_array_append_new(cause, text_or_null(korean_of(&room, c->found)));
    buf_close(&room);
    return cause;
}

/* [number, verdict, field, µs, frames, cause, worst, dictionary] */
static void add_index(struct buf *out, const struct sheet_case *c)
{
    json_t *index = json_array();
    const struct entries *s = c->entries;
    json_array_append_new(index, json_integer((json_int_t)c->number));
    json_array_append_new(index, text_or_null(c->verdict));
    json_array_append_new(index, text_or_null(c->field));
    json_array_append_new(index, json_integer(c->taken_us));
    json_array_append_new(index, json_integer(s->frames_shown));
    json_array_append_new(index, cause_of(c->cause));
    json_array_append_new(index, s->worst < 0 ? json_null() : json_integer((json_int_t)s->worst));
    json_array_append_new(index, json_integer(0));
    add_json(out, index, true);
    json_decref(index);
}

int sheet_add(struct sheet *p, const struct sheet_case *c, struct err *e)
{
    if (add_dictionary(p, e) != 0)
        return -1;
    char *more = json_dumps(c->more, JSON_COMPACT);
    buf_clear(&p->json);
    buf_text(&p->json, "{\"entries\":");
    entries_print(c->entries, &p->json);
    if (c->entries->handshakes.list != NULL) {
        char *tls = json_dumps(c->entries->handshakes.list, JSON_COMPACT);
        buf_text(&p->json, ",\"tls\":");
        buf_text(&p->json, tls != NULL ? tls : "[]");
        free(tls);
    }
    if (more != NULL && strlen(more) > 2) {
        buf_char(&p->json, ',');
        buf_text(&p->json, more + 1);
    } else {
        buf_char(&p->json, '}');
    }
    free(more);
    buf_text(&p->outlet.out, "<script type=\"text/plain\" class=\"c\" data-i=\"");
    add_index(&p->outlet.out, c);
    buf_text(&p->outlet.out, "\">");
    if (c->entries->failed)
        return err_set(e, "%s: out of memory", p->path);
    return add_packed(p, p->json.p, p->json.n, e) == 0 ? write_block(p, e) : -1;
}

int sheet_end(struct sheet *p, const json_t *end, struct err *e)
{
    buf_text(&p->outlet.out, "<script type=\"application/json\" id=\"end\">");
    add_json(&p->outlet.out, end, false);
    buf_text(&p->outlet.out, "</script>\n");
    return write_block(p, e);
}

void sheet_close(struct sheet *p)
{
    if (p->outlet.fd >= 0)
        close(p->outlet.fd);
    outlet_close(&p->outlet);
    dictionary_close(&p->dictionary);
    buf_close(&p->json);
    buf_close(&p->packed);
}
