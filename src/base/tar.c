/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tar.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 512

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100],
        magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

static void add_zeros(struct buf *out, size_t n)
{
    uint8_t *at = buf_reserve(out, n);
    if (at == NULL)
        return;
    memset(at, 0, n);
    out->n += n;
}

void tar_add(struct buf *out, const char *name, struct slice content)
{
    struct header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    unsigned sum = 0;
    snprintf(h.name, sizeof h.name, "%s", name);
    snprintf(h.mode, sizeof h.mode, "0000644");
    snprintf(h.uid, sizeof h.uid, "0000000");
    snprintf(h.gid, sizeof h.gid, "0000000");
    snprintf(h.size, sizeof h.size, "%011zo", content.n & 077777777777);
    snprintf(h.mtime, sizeof h.mtime, "00000000000");
    memset(h.checksum, ' ', sizeof h.checksum); /* as it counts for its own sum */
    for (size_t i = 0; i < sizeof h; i++)
        sum += ((const uint8_t *)&h)[i];
    snprintf(h.checksum, sizeof h.checksum, "%06o", sum & 0777777);
    buf_add(out, &h, sizeof h);
    buf_add(out, content.p, content.n);
    add_zeros(out, (BLOCK - content.n % BLOCK) % BLOCK);
}

void tar_end(struct buf *out)
{
    add_zeros(out, 2 * BLOCK);
}
