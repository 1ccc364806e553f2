/* SPDX-License-Identifier: Apache-2.0 */
#include "base/openmetrics.h"

#include "base/utf8.h"

#include <string.h>

void openmetrics_family(FILE *out, const char *name, const char *type, const char *unit,
                        const char *help)
{
    fprintf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
    if (unit != NULL)
        fprintf(out, "# UNIT %s %s\n", name, unit);
}

void openmetrics_label(FILE *out, const char *name, const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t n = strlen(text);
    fprintf(out, "%s=\"", name);
    while (n > 0) {
        uint32_t c;
        unsigned size = utf8_length(p, n, &c);
        if (size == 0)
            fputc('?', out);
        else if (*p == '\n')
            fputs("\\n", out);
        else if (*p == '"' || *p == '\\')
            fprintf(out, "\\%c", *p);
        else
            fwrite(p, 1, size, out);
        size = size == 0 ? 1 : size;
        p += size;
        n -= size;
    }
    fputc('"', out);
}
