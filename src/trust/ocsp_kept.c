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

/* The file is younger than what is known of revocations, and not of yesterday. */
static bool is_new(const char *path, int64_t now)
{
    char revoked[PKI_PATH_MAX];
    struct stat file, known;
    snprintf(revoked, sizeof revoked, "%.*srevoked", (int)(strrchr(path, '/') + 1 - path), path);
    if (stat(path, &file) != 0 || now - file.st_mtime > AGE_MOST || file.st_mtime > now)
        return false;
    return stat(revoked, &known) != 0 || known.st_mtime <= file.st_mtime;
}

static bool read_kept(const char *path, const struct pki_chain *chain, int64_t now, struct buf *out)
{
    struct err ignored = ERR_INIT;
    struct buf found = {0};
    enum ocsp_state state;
    bool good = pki_file_read(path, &found, &ignored) == 0 &&
                ocsp_check((struct slice){found.p, found.n}, chain->at[0].x, chain->at[1].x, now,
                           &state, &ignored) == 0;
    if (good)
        buf_add(out, found.p, found.n);
    buf_close(&found);
    return good;
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

static int make(const char *folder, const char *path, const struct pki_chain *chain, int64_t now,
                struct buf *out, struct err *e)
{
    size_t before = out->n;
    struct ocsp *o = ocsp_open(folder, e);
    int bad = o == NULL ? -1 : ocsp_staple(o, chain->at[0].x, now, out, e);
    ocsp_close(o);
    if (bad == 0 && path != NULL)
        keep(path, (struct slice){out->p + before, out->n - before});
    return bad;
}

int ocsp_kept(const char *folder, const char *leaf, const char *kept, int64_t now, struct buf *out,
              struct err *e)
{
    struct pki_chain chain = {.n = 0};
    int bad = pki_chain_read(&chain, leaf, e);
    if (bad == 0 && (chain.n == 0 || chain.at[0].x == NULL))
        bad = err_set(e, "no OCSP response can be made about the first certificate in %s", leaf);
    bool may_keep = kept != NULL && chain.n > 1 && chain.at[1].x != NULL;
    if (bad == 0 && !(may_keep && is_new(kept, now) && read_kept(kept, &chain, now, out)))
        bad = make(folder, kept, &chain, now, out, e);
    pki_chain_close(&chain);
    return bad;
}
