/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PLACES 2048 /* a power of two */

/* Where our own code calls. */
struct place {
    const void *at;
    const char *name;
    long first, second, last; /* numbers of its calls */
};

static struct place place[PLACES];
static unsigned places;
static bool is_noting;
static long calls, refused; /* since the run began; the one that is refused, 0: none */
static bool was_refused;
static const char *refused_name;   /* the one that was */
static const char *awaited = NULL; /* the function whose next call is refused */
int calls_error;

/* Where this program lies (the linker's). */
extern char __executable_start[], etext[];

static void note(const char *name, const void *caller, long n)
{
    unsigned i = (unsigned)((uintptr_t)caller * 2654435761u >> 8) % PLACES;
    while (place[i].at != NULL && place[i].at != caller)
        i = (i + 1) % PLACES;
    struct place *p = &place[i];
    if (p->at == NULL && places == PLACES / 2)
        fail_msg("more than %d places call", PLACES / 2);
    places += p->at == NULL;
    p->at = caller;
    p->name = name;
    p->first = p->first == 0 ? n : p->first;
    p->second = p->second == 0 && p->first != n ? n : p->second;
    p->last = n;
}

bool calls_refuse(const char *name, const void *caller)
{
    bool is_ours = (const char *)caller >= __executable_start && (const char *)caller < etext;
    if (!is_ours || (refused == 0 && !is_noting && awaited == NULL))
        return false;
    long n = ++calls;
    if (is_noting)
        note(name, caller, n);
    if (awaited != NULL ? strcmp(name, awaited) != 0 : is_noting || n != refused)
        return false;
    awaited = NULL;
    was_refused = true;
    refused_name = name;
    errno = calls_error;
    return true;
}

void calls_refuse_next(const char *function, int error)
{
    awaited = function;
    calls_error = error;
    was_refused = false;
}

bool calls_calm(void)
{
    is_noting = false;
    awaited = NULL;
    refused = 0;
    return was_refused;
}

static int descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL)
        closedir(d);
    return n;
}

/* What a run has left behind. */
struct left {
    long pieces;
    int descriptors;
};

static struct left without(const char *name, long n, memory_run *run, void *context)
{
    struct err e = ERR_INIT;
    int before = descriptors();
    long held = memory_pieces();
    calls = 0;
    was_refused = false;
    refused = n;
    int status = run(context, &e);
    calls_calm();
    struct left left = {memory_pieces() - held, descriptors() - before};
    if (status != 0 && n == 0)
        fail_msg("%s: without a refusal: %s", name, e.what);
    if (status != 0 && (!e.set || e.what[0] == '\0'))
        fail_msg("%s: %s is refused (call %ld), and nothing is said", name, refused_name, n);
    return left;
}

static bool try_one(const char *name, long n, memory_run *run, void *context)
{
    struct left left = without(name, n, run, context);
    for (int again = 0; left.pieces != 0 && again < 3; again++) /* libraries keep things */
        left = without(name, n, run, context);
    if (was_refused && left.pieces != 0)
        fail_msg("%s: %s is refused (call %ld), and %ld pieces of memory are left", name,
                 refused_name, n, left.pieces);
    if (was_refused && left.descriptors != 0)
        fail_msg("%s: %s is refused (call %ld), and %d descriptors are left", name, refused_name, n,
                 left.descriptors);
    return was_refused;
}

unsigned calls_refuse_each(const char *name, int error, memory_run *run, void *context)
{
    unsigned n = 0;
    without(name, 0, run, context); /* libraries keep things from the first time */
    memset(place, 0, sizeof place);
    places = 0;
    is_noting = true;
    without(name, 0, run, context);
    calls_error = error;
    for (unsigned i = 0; i < PLACES; i++) {
        const struct place *p = &place[i];
        n += p->first != 0 && try_one(name, p->first, run, context);
        n += p->second != 0 && try_one(name, p->second, run, context);
        n += p->last > p->second && p->second != 0 && try_one(name, p->last, run, context);
    }
    return n;
}
