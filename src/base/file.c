/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (256u << 10)

static int read_all(int fd, const char *name, size_t most, struct buf *out, struct err *e)
{
    for (size_t left = most + 1;;) {
        size_t size = left < BLOCK ? left : BLOCK;
        uint8_t *room = buf_reserve(out, size);
        if (room == NULL)
            return err_set(e, "out of memory for %s", name);
        ssize_t n = read(fd, room, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, "%s cannot be read: %s", name, strerror(errno));
        if (n == 0)
            return 0;
        out->n += (size_t)n;
        left -= (size_t)n;
        if (left == 0)
            return err_set(e, "%s is too large; expected at most %zu bytes", name, most);
    }
}

int file_read(const char *path, size_t most, struct buf *out, struct err *e)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", most, out, e);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, "%s cannot be opened: %s", path, strerror(errno));
    int bad = read_all(fd, path, most, out, e);
    close(fd);
    return bad;
}

int file_read_text(const char *path, size_t most, struct buf *out, struct err *e)
{
    static const char MARK[] = "\xEF\xBB\xBF";
    const size_t from = out->n, n = sizeof MARK - 1;
    if (file_read(path, most, out, e) != 0)
        return -1;
    if (out->n - from >= n && memcmp(out->p + from, MARK, n) == 0) {
        out->n -= n;
        memmove(out->p + from, out->p + from + n, out->n - from);
    }
    return 0;
}
