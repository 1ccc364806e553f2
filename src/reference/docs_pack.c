/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/docs_pack.h"

#include "base/gzip.h"
#include "reference/page.h"

#include <string.h>

#define PACKED_FROM (24u << 10) /* octets that are much */
#define PLACE "<h3 id=\""

/* Puts text[0..n) in the place of the octets from `from` to `to`. */
static void replace(struct buf *page, size_t from, size_t to, const char *text, size_t n)
{
    struct buf made = {0};
    buf_add(&made, page->p, from);
    buf_add(&made, text, n);
    buf_add(&made, page->p + to, page->n - to);
    buf_close(page);
    *page = made;
}

/* Where the text is, from `at` on; page->n where it is not. */
static size_t find(const struct buf *page, size_t at, const char *text)
{
    size_t n = strlen(text);
    const uint8_t *found = page->n > at ? memmem(page->p + at, page->n - at, text, n) : NULL;
    return found == NULL ? page->n : (size_t)(found - page->p);
}

void docs_pack_style(struct buf *page)
{
    static const char LINKS[] = "<link rel=\"stylesheet\" href=\"../reference.css\" />\n"
                                "<script src=\"../reference.js\" defer=\"defer\"></script>\n";
    size_t from = find(page, 0, PAGE_STYLE_BEGIN), to = find(page, from, PAGE_STYLE_END);
    if (to < page->n)
        replace(page, from, to + strlen(PAGE_STYLE_END), LINKS, sizeof LINKS - 1);
}

int docs_pack_page(struct buf *page, struct err *e)
{
    struct buf packed = {0}, text = {0};
    size_t from = find(page, 0, "</h1>\n"), to = find(page, from, "</body>");
    from += strlen("</h1>\n");
    if (to == page->n || to - from < PACKED_FROM)
        return 0;
    int bad = gzip_pack((struct slice){page->p + from, to - from}, &packed, e);
    if (bad == 0) {
        buf_text(&text,
                 "<main id=\"content\"><noscript><p>This page is packed, and needs JavaScript; "
                 "v2glab docs prints it, too.</p></noscript></main>\n"
                 "<script id=\"packed\" type=\"application/gzip\">");
        buf_base64(&text, packed.p, packed.n);
        buf_text(&text, "</script>\n");
        replace(page, from, to, (const char *)text.p, text.n);
    }
    buf_close(&packed);
    buf_close(&text);
    return bad;
}

void docs_pack_names(const struct buf *page, const char *file, struct buf *names)
{
    bool has_any = false;
    for (size_t at = 0; (at = find(page, at, PLACE)) < page->n;) {
        at += strlen(PLACE);
        size_t end = find(page, at, "\"");
        if (!has_any)
            buf_printf(names, ">%s\n", file);
        has_any = true;
        buf_add(names, page->p + at, end - at);
        buf_char(names, '\n');
        at = end;
    }
}

int docs_pack_index(const struct buf *names, struct buf *out, struct err *e)
{
    struct buf packed = {0};
    int bad = gzip_pack((struct slice){names->p, names->n}, &packed, e);
    buf_text(out, "referenceNames('");
    buf_base64(out, packed.p, packed.n);
    buf_text(out, "');\n");
    buf_close(&packed);
    return bad;
}
