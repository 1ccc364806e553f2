/* SPDX-License-Identifier: Apache-2.0 */
#include "base/visible.h"

#include "base/utf8.h"

#include <stdarg.h>

/* C1 controls; marks of direction and its embeddings; separators of lines and paragraphs. */
static bool is_obeyed(uint32_t c)
{
    return (c >= 0x80 && c < 0xA0) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

void visible_add(struct buf *out, const char *text, size_t n)
{
    size_t from = 0, length = 1;
    for (size_t i = 0; i < n; i += length) {
        const uint8_t *p = (const uint8_t *)text + i;
        uint32_t c = 0;
        length = utf8_length(p, n - i, &c);
        bool is_control = length == 1 && (*p < 0x20 || *p == 0x7F);
        if (length == 0) /* no UTF-8: as it is */
            length = 1;
        else if (is_control || is_obeyed(c)) {
            buf_add(out, text + from, i - from);
            if (*p == '\n' || *p == '\t')
                buf_text(out, *p == '\n' ? "\\n" : "\\t");
            else
                buf_printf(out, is_control ? "\\x%02X" : "\\u%04X", (unsigned)c);
            from = i + length;
        }
    }
    buf_add(out, text + from, n - from);
}

void visible_print(FILE *out, const char *format, ...)
{
    struct buf text = {0}, visible = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    visible_add(&visible, (const char *)text.p, text.n);
    fputs(buf_string(&visible), out);
    buf_close(&visible);
    buf_close(&text);
}
