/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static atomic_size_t held, held_most;
static atomic_long pieces;         /* that are held: their sizes differ by how the heap lies */
static atomic_long calls, failing; /* since the run began; the one that fails, 0: none */
static atomic_bool has_failed;     /* it was reached */

#if COUNTS_MEMORY
/* The C library's own functions: those below stand in front of them. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

/* ---- where allocations come from: by which of our own calls, the innermost ones ---- */

#define SITES 16384 /* a power of two */
/* where nothing is inlined, two or three of them only hand on a size */
#define OWN_FRAMES 5
#define FRAMES 64

struct site {
    uint64_t key;
    bool is_deadly;
    long first, second, last; /* numbers of allocations that come from there */
};

static struct site site[SITES];
static unsigned sites;
static bool is_noting; /* the run is looked at, and nothing fails */
static _Thread_local bool is_inside;

/* Where this program lies (the linker's). */
extern char __executable_start[], etext[];

/* libuv ends the program, and OpenSSL's KDFs crash: no fault of ours. */
static bool is_deadly(void *const *at, int depth)
{
    Dl_info i;
    for (int k = 0; k < depth; k++)
        if (dladdr(at[k], &i) != 0 && i.dli_fname != NULL &&
            (strstr(i.dli_fname, "libuv") != NULL ||
             (i.dli_sname != NULL && strcmp(i.dli_sname, "EVP_KDF_CTX_new") == 0)))
            return true;
    return false;
}

static void note(long n, const void *caller)
{
    void *at[FRAMES];
    uint64_t key = 1469598103934665603u;
    bool begun = false;
    int depth = backtrace(at, FRAMES), from = 0, i = 0;
    for (int own = 0; i < depth && own < OWN_FRAMES; i++) {
        begun = begun || at[i] == caller;
        from += !begun || own == 0; /* up to the innermost of ours */
        if (!begun || (char *)at[i] < __executable_start || (char *)at[i] >= etext)
            continue;
        key = (key ^ (uintptr_t)at[i]) * 1099511628211u;
        own++;
    }
    unsigned place = (unsigned)(key >> 20) % SITES;
    while (site[place].key != 0 && site[place].key != key)
        place = (place + 1) % SITES;
    struct site *s = &site[place];
    if (s->key == 0 && sites == SITES / 2)
        return;
    if (s->key == 0) {
        s->key = key;
        s->is_deadly = is_deadly(at, from);
        sites++;
    }
    s->first = s->first == 0 ? n : s->first;
    s->second = s->second == 0 && s->first != n ? n : s->second;
    s->last = n;
}

static bool fails(const void *caller)
{
    if ((failing == 0 && !is_noting) || is_inside)
        return false;
    long n = atomic_fetch_add(&calls, 1) + 1;
    if (is_noting) {
        is_inside = true; /* what this allocates itself */
        note(n, caller);
        is_inside = false;
    }
    if (n != failing)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

static void *took(void *p)
{
    size_t now = atomic_fetch_add(&held, malloc_usable_size(p)) + malloc_usable_size(p);
    if (now > held_most)
        held_most = now;
    pieces += p != NULL;
    return p;
}

static void gave(void *p)
{
    held -= malloc_usable_size(p);
    pieces -= p != NULL;
}

void *malloc(size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : took(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : took(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
    if (n > 0 && fails(__builtin_return_address(0)))
        return NULL;
    gave(p);
    return took(__libc_realloc(p, n));
}

void free(void *p)
{
    int saved = errno;
    gave(p);
    __libc_free(p);
    errno = saved;
}
#endif

size_t memory_held(void)
{
    return held;
}

size_t memory_most(void)
{
    return held_most;
}

long memory_pieces(void)
{
    return pieces;
}

void memory_begin(void)
{
    held_most = held;
}

void memory_fail_at(long n)
{
    calls = 0;
    has_failed = false;
    failing = n;
}

bool memory_calm(void)
{
    failing = 0;
    return has_failed;
}

/* A run of which the n-th allocation fails, 0: none; how many pieces of memory it leaves. */
static void with_fault(const char *name, long n, memory_run *run, void *context, long *left)
{
    struct err e = ERR_INIT;
    long before = pieces;
    memory_fail_at(n);
    int status = run(context, &e);
    memory_calm();
    *left = pieces - before;
    if (status != 0 && n == 0)
        fail_msg("%s: without a fault: %s", name, e.what);
    if (status != 0 && (!e.set || e.what[0] == '\0'))
        fail_msg("%s: allocation %ld fails, and nothing is said", name, n);
}

#if COUNTS_MEMORY
static int by_number(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* Of each place that allocations come from the first, the second and the last one; how many. */
static unsigned choose(long chosen[3 * SITES])
{
    unsigned n = 0;
    for (unsigned i = 0; i < SITES; i++) {
        const long of[] = {site[i].first, site[i].second, site[i].last};
        for (unsigned k = 0; k < 3 && !site[i].is_deadly; k++)
            if (of[k] != 0 && (k == 0 || of[k] != of[k - 1]))
                chosen[n++] = of[k];
    }
    qsort(chosen, n, sizeof *chosen, by_number);
    return n;
}

static bool try_one(const char *name, long n, memory_run *run, void *context)
{
    long left;
    with_fault(name, n, run, context, &left);
    for (int again = 0; left != 0 && again < 3; again++) /* libraries keep things */
        with_fault(name, n, run, context, &left);
    if (left != 0)
        fail_msg("%s: allocation %ld fails, and %ld pieces of memory are left", name, n, left);
    return has_failed;
}

unsigned memory_fail_each(const char *name, unsigned most, memory_run *run, void *context)
{
    static long chosen[3 * SITES];
    long left;
    with_fault(name, 0, run, context, &left); /* libraries keep things from the first time */
    memset(site, 0, sizeof site);
    sites = 0;
    is_noting = true;
    with_fault(name, 0, run, context, &left);
    is_noting = false;
    unsigned n = choose(chosen), failed = 0;
    unsigned step = most == 0 || n < most ? 1 : (n + most - 1) / most;
    for (unsigned i = 0; i < n; i += step)
        failed += try_one(name, chosen[i], run, context);
    return failed;
}
#else
unsigned memory_fail_each(const char *name, unsigned most, memory_run *run, void *context)
{
    long left;
    (void)most;
    with_fault(name, 0, run, context, &left);
    return 0;
}
#endif
