/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the system, and of libuv, that may fail. Included by one file of a program; see calls.h.
 */
#ifndef V2G_TESTS_CALLS_SYSTEM_H
#define V2G_TESTS_CALLS_SYSTEM_H

#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

/* ---- files ---- */

#ifndef __clang__ /* gcc takes it for another function than the one that fclose goes with */
__attribute__((noipa)) FILE *fopen(const char *a, const char *b);
#endif
CALL(FILE *, NULL, fopen, (const char *a, const char *b), (a, b))
CALL(int, -1, mkdir, (const char *a, mode_t b), (a, b))
CALL(ssize_t, -1, write, (int a, const void *b, size_t c), (a, b, c))
CALL(int, -1, rename, (const char *a, const char *b), (a, b))
CALL(int, -1, flock, (int a, int b), (a, b))
CALL(int, -1, mkstemp, (char *a), (a))
CALL(int, -1, fchmod, (int a, mode_t b), (a, b))

int open(const char *path, int flags, ...)
{
    static int (*own)(const char *, int, ...);
    va_list rest;
    if (own == NULL && (*(void **)&own = dlsym(RTLD_NEXT, "open")) == NULL)
        abort();
    if (calls_refuse("open", __builtin_return_address(0)))
        return -1;
    va_start(rest, flags);
    unsigned mode = (flags & O_CREAT) != 0 ? va_arg(rest, unsigned) : 0;
    va_end(rest);
    return own(path, flags, mode);
}

/* What it says no to is closed all the same, as Linux does. */
int close(int file)
{
    static int (*own)(int);
    if (own == NULL && (*(void **)&own = dlsym(RTLD_NEXT, "close")) == NULL)
        abort();
    bool is_refused = calls_refuse("close", __builtin_return_address(0));
    int number = errno, status = own(file);
    if (is_refused)
        errno = number;
    return is_refused ? -1 : status;
}

/* ---- sockets and networks ---- */

CALL(int, -1, socket, (int a, int b, int c), (a, b, c))
CALL(int, -1, bind, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
CALL(int, -1, listen, (int a, int b), (a, b))
CALL(int, -1, setsockopt, (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
CALL(int, -1, getsockopt, (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))
CALL(int, -1, getsockname, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
CALL(int, -1, accept4, (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))
CALL(ssize_t, -1, send, (int a, const void *b, size_t c, int d), (a, b, c, d))
CALL(ssize_t, -1, sendto,
     (int a, const void *b, size_t c, int d, const struct sockaddr *e, socklen_t f),
     (a, b, c, d, e, f))
CALL(ssize_t, -1, recv, (int a, void *b, size_t c, int d), (a, b, c, d))
CALL(ssize_t, -1, recvmsg, (int a, struct msghdr *b, int c), (a, b, c))
CALL(int, -1, shutdown, (int a, int b), (a, b))
CALL(int, -1, unshare, (int a), (a))
CALL(int, -1, setns, (int a, int b), (a, b))
CALL(pid_t, -1, fork, (void), ())
CALL(pid_t, -1, waitpid, (pid_t a, int *b, int c), (a, b, c))
CALL(int, -1, getifaddrs, (struct ifaddrs * *a), (a))
CALL(struct if_nameindex *, NULL, if_nameindex, (void), ())
CALL(ssize_t, -1, getrandom, (void *a, size_t b, unsigned c), (a, b, c))
CALL(int, -1, getrlimit, (__rlimit_resource_t a, struct rlimit *b), (a, b))
CALL(int, -1, setrlimit, (__rlimit_resource_t a, const struct rlimit *b), (a, b))

int ioctl(int file, unsigned long request, ...)
{
    static int (*own)(int, unsigned long, ...);
    va_list rest;
    if (own == NULL && (*(void **)&own = dlsym(RTLD_NEXT, "ioctl")) == NULL)
        abort();
    if (calls_refuse("ioctl", __builtin_return_address(0)))
        return -1;
    va_start(rest, request);
    void *p = va_arg(rest, void *);
    va_end(rest);
    return own(file, request, p);
}

long syscall(long number, ...)
{
    static long (*own)(long, ...);
    va_list rest;
    long a[6];
    if (own == NULL && (*(void **)&own = dlsym(RTLD_NEXT, "syscall")) == NULL)
        abort();
    if (calls_refuse("syscall", __builtin_return_address(0)))
        return -1;
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    return own(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- libuv: what it says no with is the number itself ---- */

CALL(int, -calls_error, uv_loop_init, (uv_loop_t * a), (a))
CALL(int, -calls_error, uv_poll_init, (uv_loop_t * a, uv_poll_t *b, int c), (a, b, c))
CALL(int, -calls_error, uv_tcp_open, (uv_tcp_t * a, uv_os_sock_t b), (a, b))
CALL(int, -calls_error, uv_tcp_connect,
     (uv_connect_t * a, uv_tcp_t *b, const struct sockaddr *c, uv_connect_cb d), (a, b, c, d))
CALL(int, -calls_error, uv_tcp_nodelay, (uv_tcp_t * a, int b), (a, b))
CALL(int, -calls_error, uv_tcp_getpeername, (const uv_tcp_t *a, struct sockaddr *b, int *c),
     (a, b, c))
CALL(int, -calls_error, uv_write,
     (uv_write_t * a, uv_stream_t *b, const uv_buf_t c[], unsigned d, uv_write_cb e),
     (a, b, c, d, e))
CALL(int, -calls_error, uv_try_write, (uv_stream_t * a, const uv_buf_t b[], unsigned c), (a, b, c))
CALL(int, -calls_error, uv_shutdown, (uv_shutdown_t * a, uv_stream_t *b, uv_shutdown_cb c),
     (a, b, c))

#endif
