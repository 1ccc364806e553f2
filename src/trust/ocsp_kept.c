/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/ocsp_kept.h"

#include "trust/ocsp.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGE_MOST 86400 /* seconds */

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* The file came after the last change of the other one, a copy of older times among such. */
static bool is_after(const struct stat *file, const char *other)
{
    struct stat s;
    return stat(other, &s) != 0 || is_before(s.st_ctim, file->st_mtim);
}

/* It is of today, and came after the leaf and what is known of revocations. */
static bool is_new(const char *path, const char *leaf, int64_t now)
{
    char revoked[PKI_PATH_MAX];
    struct stat file;
    snprintf(revoked, sizeof revoked, "%.*srevoked", (int)(strrchr(path, '/') + 1 - path), path);
    return stat(path, &file) == 0 && now - file.st_mtime <= AGE_MOST && file.st_mtime <= now &&
           is_after(&file, leaf) && is_after(&file, revoked);
}

/* Another program may read or write it at the same time, so it comes there as a whole. */
static void keep(const char *path, struct slice response)
{
    char name[PKI_PATH_MAX + 8];
    snprintf(name, sizeof name, "%s.XXXXXX", path);
    int fd = mkstemp(name);
    if (fd < 0)
        return;
    bool good = fchmod(fd, 0644) == 0 && write(fd, response.p, response.n) == (ssize_t)response.n;
    good = close(fd) == 0 && good;
    if (!good || rename(name, path) != 0)
        unlink(name);
}

static int make(const char *folder, const char *leaf, bool is_revoked, int64_t now, struct buf *out,
                struct err *e)
{
    struct pki_chain chain = {.n = 0};
    int bad = pki_chain_read(&chain, leaf, e);
    if (bad == 0 && (chain.n == 0 || chain.at[0].x == NULL))
        bad = err_set(e, "no OCSP response can be made about the first certificate in %s", leaf);
    struct ocsp *o = bad == 0 ? ocsp_open(folder, e) : NULL;
    bad = o == NULL ? -1 : ocsp_staple(o, chain.at[0].x, is_revoked, now, out, e);
    ocsp_close(o);
    pki_chain_close(&chain);
    return bad;
}

int ocsp_kept(const char *folder, const char *leaf, const char *kept, bool is_revoked, int64_t now,
              struct buf *out, struct err *e)
{
    size_t before = out->n;
    struct err ignored = ERR_INIT;
    if (kept != NULL && is_new(kept, leaf, now) && pki_file_read(kept, out, &ignored) == 0)
        return 0;
    out->n = before;
    int bad = make(folder, leaf, is_revoked, now, out, e);
    if (bad == 0 && out->failed)
        bad = err_set(e, "out of memory");
    if (bad == 0 && kept != NULL)
        keep(kept, (struct slice){out->p + before, out->n - before});
    return bad;
}
