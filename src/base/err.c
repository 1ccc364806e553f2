/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int err_vset(struct err *e, const char *format, va_list args)
{
    if (!e->set) {
        e->set = true;
        e->path[0] = '\0';
        e->bit = ERR_NO_PLACE;
        e->line = ERR_NO_PLACE;
        vsnprintf(e->what, sizeof e->what, format, args);
    }
    return -1;
}

int err_set(struct err *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err_vset(e, format, args);
    va_end(args);
    return -1;
}

int err_set_bit(struct err *e, uint64_t bit, const char *format, ...)
{
    if (e->set)
        return -1;
    va_list args;
    va_start(args, format);
    err_vset(e, format, args);
    va_end(args);
    e->bit = (int64_t)bit;
    return -1;
}

int err_set_line(struct err *e, const char *file, int line, const char *format, ...)
{
    if (e->set)
        return -1;
    va_list args;
    va_start(args, format);
    err_vset(e, format, args);
    va_end(args);
    snprintf(e->path, sizeof e->path, "%s", file);
    e->line = line;
    return -1;
}

void err_under(struct err *e, const char *name)
{
    size_t have = strlen(e->path), more = strlen(name) + (have > 0 ? 1 : 0);
    if (have + more >= sizeof e->path)
        return; /* the innermost part of a very deep path is the one worth keeping */
    memmove(e->path + more, e->path, have + 1);
    memcpy(e->path, name, strlen(name));
    if (have > 0)
        e->path[more - 1] = '/';
}

const char *err_text(const struct err *e, char *text, int size)
{
    size_t room = (size_t)size;
    if (e->line >= 0)
        snprintf(text, room, "%s:%d: %s", e->path, (int)e->line, e->what);
    else if (e->bit >= 0 && e->path[0] != '\0')
        snprintf(text, room, "%s, bit %lld: %s", e->path, (long long)e->bit, e->what);
    else if (e->bit >= 0)
        snprintf(text, room, "bit %lld: %s", (long long)e->bit, e->what);
    else if (e->path[0] != '\0')
        snprintf(text, room, "%s: %s", e->path, e->what);
    else
        snprintf(text, room, "%s", e->what);
    return text;
}
