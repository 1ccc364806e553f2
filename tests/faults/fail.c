/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into the program by tests/faults/run: of one kind of calls the n-th fails, once. In the
 * environment:
 *
 *   FAIL=KIND:N    KIND: memory, file or loop (libuv); N from 1; 0: none, they are only counted
 *   FAIL=quota:N   from the N-th write into a file on, each fails: the user has no room left
 *   FAIL_TOLD=FILE gets "N NAME" when it happens, or, where none was to, how many there were
 *
 * A program that counts its branches (tools/coverage.h) says when it is over.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { MEMORY, FILES, LOOP, QUOTA, KINDS };

static const char *const NAMES[KINDS] = {"memory", "file", "loop", "quota"};
static enum kind kind = KINDS; /* none */
static long at;
static atomic_long calls;
static pid_t owner; /* the processes that it forks are not meant */
static atomic_bool is_over;

/* Without any function that may be wrapped. */
static void tell(long n, const char *name)
{
    char text[128];
    const char *path = getenv("FAIL_TOLD");
    int size = snprintf(text, sizeof text, "%ld %s\n", n, name);
    long to =
        path == NULL ? -1 : syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (to < 0)
        return;
    syscall(SYS_write, to, text, (size_t)size);
    syscall(SYS_close, to);
}

__attribute__((constructor)) static void begin(void)
{
    const char *wanted = getenv("FAIL");
    for (unsigned i = 0; wanted != NULL && i < KINDS; i++) {
        size_t n = strlen(NAMES[i]);
        if (strncmp(wanted, NAMES[i], n) == 0 && wanted[n] == ':') {
            at = strtol(wanted + n + 1, NULL, 10);
            kind = (enum kind)i;
        }
    }
    owner = getpid();
}

__attribute__((destructor)) static void end(void)
{
    if (at == 0 && kind != KINDS && getpid() == owner)
        tell(calls, "calls");
}

/* libuv ends the program where its own pipe fails: no fault of ours. */
static int is_of_libuv(const void *caller)
{
    Dl_info i;
    return dladdr(caller, &i) != 0 && i.dli_fname != NULL && strstr(i.dli_fname, "libuv") != NULL;
}

/* What the program counts is written now, which is no part of it: nothing fails from here on. */
void fail_no_more(void);
void fail_no_more(void)
{
    is_over = 1;
}

/* Whether this call, of a function of that name, is to fail. */
static int fails(enum kind of, const char *name, const void *caller)
{
    if (of != kind || is_over || is_of_libuv(caller))
        return 0;
    long n = atomic_fetch_add(&calls, 1) + 1;
    if (n == at)
        tell(at, name);
    return n == at || (of == QUOTA && at > 0 && n > at);
}

static void *next(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (f == NULL)
        abort();
    return f;
}

/* ---- memory ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
    if (!fails(MEMORY, "malloc", __builtin_return_address(0)))
        return __libc_malloc(n);
    errno = ENOMEM;
    return NULL;
}

void *calloc(size_t n, size_t size)
{
    if (!fails(MEMORY, "calloc", __builtin_return_address(0)))
        return __libc_calloc(n, size);
    errno = ENOMEM;
    return NULL;
}

void *realloc(void *p, size_t n)
{
    if (n == 0 || !fails(MEMORY, "realloc", __builtin_return_address(0)))
        return __libc_realloc(p, n);
    errno = ENOMEM;
    return NULL;
}

/* ---- files and sockets ---- */

/* As a stream is behind a call that failed (ferror); NULL: of fflush, all. */
static void mark(FILE *f)
{
    enum { ERROR_SEEN = 0x20 }; /* in the C library of GNU */
    if (f != NULL)
        f->_flags |= ERROR_SEEN;
}

/* end_: what else is to be done where it fails */
#define WRAP_WITH(end_, kind_, error_, failed_, type_, name_, parameters_, arguments_)             \
    type_ name_ parameters_;                                                                       \
    type_ name_ parameters_                                                                        \
    {                                                                                              \
        static type_(*real) parameters_;                                                           \
        if (real == NULL)                                                                          \
            *(void **)&real = next(#name_);                                                        \
        if (!fails(kind_, #name_, __builtin_return_address(0)))                                    \
            return real arguments_;                                                                \
        end_;                                                                                      \
        errno = error_;                                                                            \
        return failed_;                                                                            \
    }

#define WRAP(kind_, error_, failed_, type_, name_, parameters_, arguments_)                        \
    WRAP_WITH((void)0, kind_, error_, failed_, type_, name_, parameters_, arguments_)

#define WRAP_STREAM(failed_, type_, name_, parameters_, arguments_)                                \
    WRAP_WITH(mark(f), FILES, ENOSPC, failed_, type_, name_, parameters_, arguments_)

WRAP(FILES, EIO, -1, ssize_t, read, (int f, void *p, size_t n), (f, p, n))
WRAP(FILES, EIO, -1, ssize_t, pread, (int f, void *p, size_t n, off_t o), (f, p, n, o))
WRAP(FILES, ENOSPC, -1, ssize_t, pwrite, (int f, const void *p, size_t n, off_t o), (f, p, n, o))
WRAP(FILES, ENOSPC, -1, ssize_t, writev, (int f, const struct iovec *v, int n), (f, v, n))
WRAP_STREAM(0, size_t, fwrite, (const void *p, size_t s, size_t n, FILE *f), (p, s, n, f))
WRAP_STREAM(0, size_t, fread, (void *p, size_t s, size_t n, FILE *f), (p, s, n, f))
WRAP_STREAM(EOF, int, fputs, (const char *s, FILE *f), (s, f))
WRAP_STREAM(EOF, int, fflush, (FILE * f), (f))
WRAP(FILES, ENOSPC, EOF, int, fclose, (FILE * f), (f))
WRAP(FILES, EMFILE, NULL, FILE *, fopen, (const char *p, const char *m), (p, m))
WRAP(FILES, EIO, -1, int, fsync, (int f), (f))
WRAP(FILES, EIO, -1, int, ftruncate, (int f, off_t n), (f, n))
WRAP(FILES, EACCES, -1, int, mkdir, (const char *p, mode_t m), (p, m))
WRAP(FILES, EACCES, -1, int, rename, (const char *a, const char *b), (a, b))

ssize_t write(int f, const void *p, size_t n);
ssize_t write(int f, const void *p, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL)
        *(void **)&real = next("write");
    if (f > STDERR_FILENO && fails(QUOTA, "write", __builtin_return_address(0)))
        errno = EDQUOT;
    else if (fails(FILES, "write", __builtin_return_address(0)))
        errno = ENOSPC;
    else
        return real(f, p, n);
    return -1;
}

WRAP(FILES, EMFILE, -1, int, socket, (int d, int t, int p), (d, t, p))
WRAP(FILES, EADDRINUSE, -1, int, bind, (int f, const struct sockaddr *a, socklen_t n), (f, a, n))
WRAP(FILES, EADDRINUSE, -1, int, listen, (int f, int n), (f, n))
WRAP(FILES, EMFILE, -1, int, accept4, (int f, struct sockaddr *a, socklen_t *n, int o),
     (f, a, n, o))
WRAP(FILES, ECONNRESET, -1, ssize_t, recvmsg, (int f, struct msghdr *m, int o), (f, m, o))
WRAP(FILES, ENOBUFS, -1, ssize_t, sendmsg, (int f, const struct msghdr *m, int o), (f, m, o))

/* ---- libuv: those that can fail ---- */

#define LOOP_CALL(name_, parameters_, arguments_)                                                  \
    WRAP(LOOP, ENOMEM, -ENOMEM, int, name_, parameters_, arguments_)

LOOP_CALL(uv_loop_init, (void *l), (l))
LOOP_CALL(uv_poll_init, (void *l, void *p, int f), (l, p, f))
LOOP_CALL(uv_poll_start, (void *p, int e, void *f), (p, e, f))
LOOP_CALL(uv_signal_init, (void *l, void *s), (l, s))
LOOP_CALL(uv_signal_start, (void *s, void *f, int n), (s, f, n))
LOOP_CALL(uv_tcp_open, (void *t, int f), (t, f))
LOOP_CALL(uv_tcp_connect, (void *r, void *t, const void *a, void *f), (r, t, a, f))
LOOP_CALL(uv_tcp_nodelay, (void *t, int on), (t, on))
LOOP_CALL(uv_read_start, (void *s, void *a, void *f), (s, a, f))
LOOP_CALL(uv_write, (void *r, void *s, const void *b, unsigned n, void *f), (r, s, b, n, f))
LOOP_CALL(uv_try_write, (void *s, const void *b, unsigned n), (s, b, n))
LOOP_CALL(uv_shutdown, (void *r, void *s, void *f), (r, s, f))
