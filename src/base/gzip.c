/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gzip.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK (64u << 10)
#define AS_GZIP (15 + 16) /* the largest window, with gzip's header and sum */
#define MEMORY 9          /* the most zlib takes: 256 KiB */

bool gzip_is(struct slice bytes)
{
    return bytes.n >= 2 && bytes.p[0] == 0x1f && bytes.p[1] == 0x8b;
}

/* zlib counts what it is given in an unsigned int: hands out the next part of it. */
static void give(z_stream *z, struct slice *rest)
{
    if (z->avail_in > 0)
        return;
    size_t n = rest->n < UINT_MAX ? rest->n : UINT_MAX;
    z->next_in = (Bytef *)(uintptr_t)rest->p;
    z->avail_in = (unsigned)n;
    rest->p += n;
    rest->n -= n;
}

static bool make_room(z_stream *z, struct buf *out, size_t n)
{
    z->next_out = buf_reserve(out, n);
    z->avail_out = (unsigned)n;
    return z->next_out != NULL;
}

int gzip_pack(struct slice bytes, struct buf *out, struct err *e)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, AS_GZIP, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return err_set(e, "out of memory for gzip");
    int said = Z_OK;
    while (said == Z_OK && make_room(&z, out, BLOCK)) {
        give(&z, &bytes);
        said = deflate(&z, bytes.n == 0 ? Z_FINISH : Z_NO_FLUSH);
        out->n += BLOCK - z.avail_out;
    }
    deflateEnd(&z);
    return said == Z_STREAM_END ? 0 : err_set(e, "out of memory for gzip");
}

static int wrong(const z_stream *z, int said, struct err *e)
{
    if (said == Z_MEM_ERROR)
        return err_set(e, "out of memory for gzip");
    if (said == Z_BUF_ERROR)
        return err_set(e, "gzip data ends in the middle; expected all of it");
    if (said == Z_NEED_DICT)
        return err_set(e, "gzip data needs a dictionary; expected data as gzip writes it");
    return err_set(e, "not sound gzip data: %s", z->msg != NULL ? z->msg : "unknown content");
}

/* Unpacks one member, or until there is no space: `most` octets and one, which is too many. */
static int unpack_member(z_stream *z, struct slice *rest, size_t *space, struct buf *out)
{
    int said = Z_OK;
    while (said == Z_OK && *space > 0) {
        size_t room = *space < BLOCK ? *space : BLOCK;
        if (!make_room(z, out, room))
            return Z_MEM_ERROR;
        give(z, rest);
        said = inflate(z, Z_NO_FLUSH);
        size_t n = room - z->avail_out;
        out->n += n;
        *space -= n;
    }
    return said;
}

int gzip_unpack(struct slice packed, size_t most, struct buf *out, struct err *e)
{
    z_stream z = {0};
    size_t space = most < SIZE_MAX ? most + 1 : most;
    if (inflateInit2(&z, AS_GZIP) != Z_OK)
        return err_set(e, "out of memory for gzip");
    int said = unpack_member(&z, &packed, &space, out);
    while (said == Z_STREAM_END && space > 0 && z.avail_in + packed.n > 0) {
        inflateReset(&z);
        said = unpack_member(&z, &packed, &space, out);
    }
    int bad = 0;
    if (space == 0)
        bad = err_set(e, "gzip data is too large once unpacked; expected at most %zu bytes", most);
    else if (said != Z_STREAM_END)
        bad = wrong(&z, said, e);
    inflateEnd(&z);
    return bad;
}

/* ---- files ---- */

/* The system's word, or zlib's own. */
static const char *why_not(gzFile to)
{
    int said = Z_OK;
    const char *text = gzerror(to, &said);
    return said == Z_ERRNO ? strerror(errno) : text;
}

static int copy(int from, gzFile to, const char *path, struct err *e)
{
    uint8_t block[BLOCK];
    for (;;) {
        ssize_t n = read(from, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, "%s cannot be read: %s", path, strerror(errno));
        if (n == 0)
            return 0;
        if (gzwrite(to, block, (unsigned)n) != n)
            return err_set(e, "%s.gz cannot be written: %s", path, why_not(to));
    }
}

/* Made, or emptied, with the rights of the other file: what nobody else may read stays so. */
static gzFile open_like(const char *path, int other)
{
    struct stat of;
    int fd = fstat(other, &of) != 0
                 ? -1
                 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, of.st_mode & 0777);
    gzFile made = fd < 0 || fchmod(fd, of.st_mode & 0777) != 0 ? NULL : gzdopen(fd, "wb");
    if (made == NULL && fd >= 0)
        close(fd);
    return made;
}

int gzip_file(const char *path, struct err *e)
{
    char packed[PATH_MAX];
    if (snprintf(packed, sizeof packed, "%s.gz", path) >= (int)sizeof packed)
        return err_set(e, "the name is too long: %s", path);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return err_set(e, "%s cannot be opened: %s", path, strerror(errno));
    gzFile to = open_like(packed, from);
    int bad = to == NULL ? err_set(e, "%s cannot be written: %s", packed, strerror(errno))
                         : copy(from, to, path, e);
    close(from);
    if (to != NULL && gzclose(to) != Z_OK)
        bad = err_set(e, "%s cannot be written: %s", packed, strerror(errno));
    unlink(bad == 0 ? path : packed);
    return bad;
}

const char *gzip_place(const char *path, char *packed, size_t size)
{
    int n = snprintf(packed, size, "%s.gz", path);
    bool is_there = n > 0 && (size_t)n < size && access(packed, F_OK) == 0;
    return is_there && access(path, F_OK) != 0 ? packed : path;
}

int gzip_read(const char *path, size_t most, struct buf *out, struct err *e)
{
    char packed[PATH_MAX];
    struct buf read = {0};
    const char *from = gzip_place(path, packed, sizeof packed);
    int bad = file_read(from, most, &read, e);
    struct slice bytes = {read.p, read.n};
    if (bad == 0 && !gzip_is(bytes))
        buf_add(out, bytes.p, bytes.n);
    else if (bad == 0 && (bad = gzip_unpack(bytes, most, out, e)) != 0)
        err_under(e, from);
    buf_close(&read);
    return bad;
}
