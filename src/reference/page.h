/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of headings, paragraphs, tables and code, written once and printed as plain text for the
 * terminal, as Markdown, or as HTML that needs nothing else (well-formed as XML, too).
 */
#ifndef V2G_REFERENCE_PAGE_H
#define V2G_REFERENCE_PAGE_H

#include "base/buf.h"

/* ORDER PAGE_FORM */
enum page_form { PAGE_TEXT, PAGE_MARKDOWN, PAGE_HTML };

/* ORDER PAGE_STYLE */
enum page_style { PAGE_PLAIN, PAGE_CODE };

#define PAGE_COLUMNS 8

/* Around the style of a page in HTML. */
#define PAGE_STYLE_BEGIN "<style>\n"
#define PAGE_STYLE_END "</style>\n"

struct page {
    enum page_form form;
    struct buf *out;
    unsigned columns, cells; /* of the table that is open */
    bool is_keyed;           /* the first column names what stands in the others */
    struct buf text;         /* cells of a table in plain text, each ended by a 0 */
};

/* title: of the window; language: "en" or "ko". */
void page_open(struct page *p, enum page_form form, const char *language, const char *title,
               struct buf *out);
void page_close(struct page *p);

/* level 1 to 4; anchor: what links name (NULL: none). */
void page_heading(struct page *p, unsigned level, enum page_style style, const char *text,
                  const char *anchor);

void page_text(struct page *p, const char *text);

/* One or more lines, with or without a newline at the end; language "lua", "xml" or "". */
void page_code(struct page *p, const char *language, const char *lines);

/* A line of places, each with a link (NULL: none): EVCC > ISO15118-2 · …. glue stands before it. */
void page_steps(struct page *p);
void page_step(struct page *p, const char *glue, const char *text, const char *link);
void page_steps_end(struct page *p);

/* What follows up to page_fold_end is shown when asked for (where the form can do that). */
void page_fold(struct page *p, const char *summary);
void page_fold_end(struct page *p);

/* headings: one for each column; all NULL: a table whose first column are keys. The cells follow
 * row by row; then page_table_end. */
void page_table(struct page *p, unsigned columns, const char *const headings[]);
void page_cell(struct page *p, enum page_style style, const char *text, const char *link);
void page_table_end(struct page *p);

/* Columns that a text takes on a terminal (Hangul takes two a character). */
unsigned page_width(const char *text);

#endif
