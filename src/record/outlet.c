/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "record/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void outlet_open(struct outlet *o, int fd)
{
    *o = (struct outlet){.fd = fd, .over = ERR_INIT};
}

/* Else a file that may not grow any more ends the process. */
static void ignore_sigxfsz(void)
{
    struct sigaction now;
    if (sigaction(SIGXFSZ, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGXFSZ, SIG_IGN);
}

static int open_file(struct outlet *o, const char *path, int flags, struct err *e)
{
    ignore_sigxfsz();
    outlet_open(o, open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644));
    if (o->fd >= 0)
        return 0;
    err_set(e, "cannot be written: %s", strerror(errno));
    err_under(e, path);
    return -1;
}

int outlet_create(struct outlet *o, const char *path, struct err *e)
{
    return open_file(o, path, O_TRUNC, e);
}

int outlet_create_new(struct outlet *o, const char *path, struct err *e)
{
    return open_file(o, path, O_EXCL, e);
}

int outlet_append(struct outlet *o, const char *path, struct err *e)
{
    return open_file(o, path, O_APPEND, e);
}

void outlet_unit(struct outlet *o)
{
    buf_add(&o->ends, &o->out.n, sizeof o->out.n);
}

/* The end of the last unit within n bytes; all: of all that there are. */
static size_t whole_until(const struct outlet *o, size_t n)
{
    size_t end = 0, next;
    for (size_t at = 0; at < o->ends.n; at += sizeof next) {
        memcpy(&next, o->ends.p + at, sizeof next);
        if (next > n)
            break;
        end = next;
    }
    return end;
}

/* A file that was deleted, or its folder with it, takes bytes that nobody will ever see. */
static const char *why_useless(const struct outlet *o)
{
    struct stat now;
    if (o->out.failed || o->ends.failed)
        return "out of memory";
    if (fstat(o->fd, &now) == 0 && S_ISREG(now.st_mode) && now.st_nlink == 0)
        return "the file was removed";
    return NULL;
}

/* Returns how much of n went out; *why is NULL where all did. */
static size_t write_all(const struct outlet *o, size_t n, const char **why)
{
    size_t done = 0;
    *why = why_useless(o);
    while (*why == NULL && done < n) {
        ssize_t some = write(o->fd, o->out.p + done, n - done);
        struct pollfd room = {o->fd, POLLOUT, 0};
        if (some >= 0)
            done += (size_t)some;
        else if (errno == EAGAIN)
            poll(&room, 1, -1);
        else if (errno != EINTR)
            *why = strerror(errno);
    }
    return done;
}

int outlet_write(struct outlet *o, struct err *e)
{
    const char *why = NULL;
    if (!o->over.set) {
        size_t n = whole_until(o, o->out.n), done = write_all(o, n, &why);
        size_t cut = why == NULL ? 0 : done - whole_until(o, done);
        off_t at = cut == 0 ? 0 : lseek(o->fd, 0, SEEK_CUR);
        if (cut > 0 && (at < (off_t)cut || ftruncate(o->fd, at - (off_t)cut) != 0))
            err_set(&o->over, "%s; the last piece is cut", why);
        else if (why != NULL)
            err_set(&o->over, "%s", why);
        if (n < o->out.n)
            memmove(o->out.p, o->out.p + n, o->out.n - n);
        o->out.n -= n;
        buf_clear(&o->ends);
    }
    if (!o->over.set)
        return 0;
    buf_clear(&o->out);
    buf_clear(&o->ends);
    return err_set(e, "%s", o->over.what);
}

void outlet_close(struct outlet *o)
{
    buf_close(&o->out);
    buf_close(&o->ends);
}

void outlet_hide(const struct outlet *o)
{
    if (fchmod(o->fd, S_IRUSR | S_IWUSR) != 0)
        return; /* of a file system that has no such thing */
}
