/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/page.h"

#include "base/asset.h"
#include "base/utf8.h"

#include <string.h>

#define GAP 2 /* blanks between columns in plain text */

/* ---- escaping ---- */

static void add_html(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        case '&':
            buf_text(out, "&amp;");
            break;
        case '"':
            buf_text(out, "&quot;");
            break;
        default:
            buf_char(out, *text);
        }
    }
}

/* Markdown takes a backslash before any sign of its own. */
static void add_markdown(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\`*_[]<>|#", *text) != NULL)
            buf_char(out, '\\');
        buf_char(out, *text);
    }
}

/* In a code span a backslash is one, but a table still ends its cell at |. */
static void add_markdown_code(struct buf *out, const char *text)
{
    buf_char(out, '`');
    for (; *text != '\0'; text++)
        buf_text(out, *text == '|' ? "\\|" : (char[]){*text, '\0'});
    buf_char(out, '`');
}

static void add_styled(struct page *p, enum page_style style, const char *text)
{
    bool is_code = style == PAGE_CODE && text[0] != '\0';
    switch (p->form) {
    case PAGE_TEXT:
        buf_text(p->out, text);
        return;
    case PAGE_MARKDOWN:
        if (is_code)
            add_markdown_code(p->out, text);
        else
            add_markdown(p->out, text);
        return;
    case PAGE_HTML:
        buf_text(p->out, is_code ? "<code>" : "");
        add_html(p->out, text);
        buf_text(p->out, is_code ? "</code>" : "");
        return;
    }
}

static void add_linked(struct page *p, enum page_style style, const char *text, const char *link)
{
    bool is_linked = link != NULL && p->form != PAGE_TEXT;
    if (is_linked && p->form == PAGE_HTML) {
        buf_text(p->out, "<a href=\"");
        add_html(p->out, link);
        buf_text(p->out, "\">");
    } else if (is_linked) {
        buf_char(p->out, '[');
    }
    add_styled(p, style, text);
    if (is_linked && p->form == PAGE_HTML)
        buf_text(p->out, "</a>");
    else if (is_linked)
        buf_printf(p->out, "](%s)", link);
}

/* ---- the page ---- */

void page_open(struct page *p, enum page_form form, const char *language, const char *title,
               struct buf *out)
{
    struct slice style;
    *p = (struct page){.form = form, .out = out};
    if (form != PAGE_HTML)
        return;
    buf_printf(out,
               "<!DOCTYPE html>\n"
               "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"%s\">\n<head>\n"
               "<meta charset=\"utf-8\" />\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
               "<title>",
               language);
    add_html(out, title);
    buf_text(out, "</title>\n" PAGE_STYLE_BEGIN);
    if (asset_find("reference/reference.css", &style))
        buf_add(out, style.p, style.n);
    buf_text(out, PAGE_STYLE_END "</head>\n<body>\n");
}

void page_close(struct page *p)
{
    if (p->form == PAGE_HTML)
        buf_text(p->out, "</body>\n</html>\n");
    buf_close(&p->text);
}

static void begin_block(struct page *p)
{
    if (p->form != PAGE_HTML && p->out->n > 0)
        buf_char(p->out, '\n');
}

/* ---- blocks ---- */

static void underline(struct page *p, const char *text, char sign)
{
    for (unsigned i = page_width(text); i > 0; i--)
        buf_char(p->out, sign);
    buf_char(p->out, '\n');
}

void page_heading(struct page *p, unsigned level, enum page_style style, const char *text,
                  const char *anchor)
{
    begin_block(p);
    switch (p->form) {
    case PAGE_TEXT:
        buf_printf(p->out, "%s\n", text);
        if (level <= 2)
            underline(p, text, level == 1 ? '=' : '-');
        return;
    case PAGE_MARKDOWN:
        if (anchor != NULL)
            buf_printf(p->out, "<a id=\"%s\"></a>\n\n", anchor);
        buf_printf(p->out, "%.*s ", (int)level, "####");
        add_styled(p, style, text);
        buf_char(p->out, '\n');
        return;
    case PAGE_HTML:
        buf_printf(p->out, "<h%u", level);
        if (anchor != NULL)
            buf_printf(p->out, " id=\"%s\"", anchor);
        buf_char(p->out, '>');
        add_styled(p, style, text);
        buf_printf(p->out, "</h%u>\n", level);
        return;
    }
}

void page_text(struct page *p, const char *text)
{
    begin_block(p);
    buf_text(p->out, p->form == PAGE_HTML ? "<p>" : "");
    add_styled(p, PAGE_PLAIN, text);
    buf_text(p->out, p->form == PAGE_HTML ? "</p>\n" : "\n");
}

static void code_as_text(struct page *p, const char *lines)
{
    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n");
        buf_text(p->out, n > 0 ? "    " : "");
        buf_add(p->out, lines, n);
        buf_char(p->out, '\n');
        lines += n + (lines[n] != '\0');
    }
}

void page_code(struct page *p, const char *language, const char *lines)
{
    size_t n = strlen(lines);
    const char *end = n > 0 && lines[n - 1] == '\n' ? "" : "\n";
    begin_block(p);
    switch (p->form) {
    case PAGE_TEXT:
        code_as_text(p, lines);
        return;
    case PAGE_MARKDOWN:
        buf_printf(p->out, "```%s\n%s%s```\n", language, lines, end);
        return;
    case PAGE_HTML:
        buf_text(p->out, "<pre><code>");
        add_html(p->out, lines);
        buf_text(p->out, "</code></pre>\n");
        return;
    }
}

void page_steps(struct page *p)
{
    begin_block(p);
    buf_text(p->out, p->form == PAGE_HTML ? "<nav>" : "");
}

void page_step(struct page *p, const char *glue, const char *text, const char *link)
{
    add_styled(p, PAGE_PLAIN, glue);
    add_linked(p, PAGE_PLAIN, text, link);
}

void page_steps_end(struct page *p)
{
    buf_text(p->out, p->form == PAGE_HTML ? "</nav>\n" : "\n");
}

void page_fold(struct page *p, const char *summary)
{
    begin_block(p);
    if (p->form == PAGE_TEXT)
        return;
    buf_text(p->out, "<details><summary>");
    add_html(p->out, summary);
    buf_text(p->out, "</summary>\n");
}

void page_fold_end(struct page *p)
{
    begin_block(p);
    if (p->form != PAGE_TEXT)
        buf_text(p->out, "</details>\n");
}

/* ---- tables ---- */

static void open_row(struct page *p)
{
    if (p->form == PAGE_MARKDOWN)
        buf_text(p->out, "|");
    if (p->form == PAGE_HTML)
        buf_text(p->out, "<tr>");
}

static void close_row(struct page *p)
{
    if (p->form == PAGE_MARKDOWN)
        buf_text(p->out, "\n");
    if (p->form == PAGE_HTML)
        buf_text(p->out, "</tr>\n");
}

static void add_headings(struct page *p, const char *const headings[])
{
    if (p->form == PAGE_HTML && headings == NULL)
        return;
    if (p->form == PAGE_HTML)
        buf_text(p->out, "<thead>");
    open_row(p);
    for (unsigned i = 0; i < p->columns; i++) {
        buf_text(p->out, p->form == PAGE_HTML ? "<th>" : " ");
        add_styled(p, PAGE_PLAIN, headings != NULL ? headings[i] : "");
        buf_text(p->out, p->form == PAGE_HTML ? "</th>" : " |");
    }
    close_row(p);
    if (p->form == PAGE_HTML)
        buf_text(p->out, "</thead>\n");
    for (unsigned i = 0; p->form == PAGE_MARKDOWN && i < p->columns; i++)
        buf_printf(p->out, "%s---%s", i == 0 ? "|" : "", i + 1 == p->columns ? "|\n" : "|");
}

void page_table(struct page *p, unsigned columns, const char *const headings[])
{
    begin_block(p);
    p->columns = columns;
    p->cells = 0;
    p->is_keyed = headings == NULL;
    buf_clear(&p->text);
    if (p->form == PAGE_TEXT) {
        for (unsigned i = 0; headings != NULL && i < columns; i++)
            page_cell(p, PAGE_PLAIN, headings[i], NULL);
        return;
    }
    buf_text(p->out, p->form == PAGE_HTML ? "<div class=\"wide\"><table>" : "");
    add_headings(p, headings);
    buf_text(p->out, p->form == PAGE_HTML ? "<tbody>\n" : "");
}

void page_cell(struct page *p, enum page_style style, const char *text, const char *link)
{
    unsigned column = p->cells++ % p->columns;
    if (p->form == PAGE_TEXT) {
        buf_add(&p->text, text, strlen(text) + 1);
        return;
    }
    const char *tag = p->is_keyed && column == 0 ? "th" : "td";
    if (column == 0)
        open_row(p);
    if (p->form == PAGE_HTML) /* narrow windows leave out the cell of what there is not */
        buf_printf(p->out, "<%s%s>", tag, strcmp(text, "-") == 0 ? " class=\"none\"" : "");
    else
        buf_char(p->out, ' ');
    add_linked(p, style, text, link);
    if (p->form == PAGE_HTML)
        buf_printf(p->out, "</%s>", tag);
    else
        buf_text(p->out, " |");
    if (column + 1 == p->columns)
        close_row(p);
}

/* Cells of plain text under each other; the last column is as wide as it is. */
static void lay_out(struct page *p)
{
    unsigned width[PAGE_COLUMNS] = {0};
    const char *all = buf_string(&p->text), *at = all;
    for (unsigned i = 0; i < p->cells; i++, at += strlen(at) + 1) {
        unsigned *most = &width[i % p->columns], own = page_width(at);
        *most = own > *most ? own : *most;
    }
    at = all;
    for (unsigned i = 0; i < p->cells; i++, at += strlen(at) + 1) {
        bool is_last = (i + 1) % p->columns == 0;
        buf_text(p->out, p->is_keyed && i % p->columns == 0 ? "  " : "");
        buf_text(p->out, at);
        for (unsigned n = page_width(at); !is_last && n < width[i % p->columns] + GAP; n++)
            buf_char(p->out, ' ');
        if (is_last)
            buf_char(p->out, '\n');
    }
}

void page_table_end(struct page *p)
{
    if (p->form == PAGE_TEXT)
        lay_out(p);
    if (p->form == PAGE_HTML)
        buf_text(p->out, "</tbody></table></div>\n");
}

/* ---- width ---- */

static bool is_wide(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
           (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
           (c >= 0xFFE0 && c <= 0xFFE6);
}

unsigned page_width(const char *text)
{
    unsigned width = 0;
    const uint8_t *at = (const uint8_t *)text;
    size_t n = strlen(text);
    while (n > 0) {
        uint32_t c = 0;
        unsigned size = utf8_length(at, n, &c);
        if (size == 0)
            size = 1;
        width += is_wide(c) ? 2 : 1;
        at += size;
        n -= size;
    }
    return width;
}
