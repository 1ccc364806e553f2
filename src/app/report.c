/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

#include "base/said.h"
#include "base/visible.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static void add_text(struct buf *out, const char *text)
{
    visible_add(out, text, strlen(text));
}

static void add_place(struct buf *out, const char *path, int64_t bit)
{
    add_text(out, path);
    if (bit >= 0)
        buf_printf(out, "%sbit %lld", path[0] != '\0' ? ", " : "", (long long)bit);
    if (path[0] != '\0' || bit >= 0)
        buf_text(out, ": ");
}

void text_add_err(struct buf *out, const struct err *e)
{
    if (e->line >= 0)
        buf_printf(out, "line %d: ", (int)e->line);
    add_place(out, e->path, e->bit);
    add_text(out, e->what);
}

void text_add_violation(struct buf *out, const struct violation *v)
{
    add_place(out, v->path, (int64_t)v->bit);
    add_text(out, v->what);
}

/* One write a line, so that lines of several programs do not mix. What was printed before comes
 * first. */
static void put(enum report kind, struct buf *text)
{
    static const char *const KIND[] = {"error", "warning", "note"}; /* ORDER REPORT */
    struct buf line = {0};
    struct buf own = {0};
    buf_printf(&line, "%s: ", said(KIND[kind]));
    add_text(&line, said_text(&own, buf_string(text)));
    buf_char(&line, '\n');
    buf_close(&own);
    fflush(stdout);
    fwrite(line.p, 1, line.n, stderr);
    buf_close(&line);
}

void report(enum report kind, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    put(kind, &text);
    buf_close(&text);
}

void report_err(const char *where, const struct err *e)
{
    struct buf text = {0};
    if (where[0] != '\0')
        buf_printf(&text, "%s: ", where);
    text_add_err(&text, e);
    put(REPORT_ERROR, &text);
    buf_close(&text);
}

static atomic_bool has_lost;

bool report_has_lost(void)
{
    return has_lost;
}

void report_lost(const char *text)
{
    has_lost = true;
    report(REPORT_WARNING, "%s", text);
}

void report_violations(const char *where, const char *label, const struct message *m)
{
    struct buf text = {0};
    for (const struct violation *v = m->violations; v != NULL; v = v->next) {
        buf_clear(&text);
        if (where[0] != '\0')
            buf_printf(&text, "%s: ", where);
        if (label[0] != '\0')
            buf_printf(&text, "%s: ", label);
        text_add_violation(&text, v);
        put(REPORT_WARNING, &text);
    }
    buf_close(&text);
}

void report_line_violations(uint64_t line, const struct message *m)
{
    char where[40];
    if (m->violations == NULL)
        return;
    snprintf(where, sizeof where, "line %llu", (unsigned long long)line);
    report_violations(where, "", m);
}
