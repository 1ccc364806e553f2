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
    long calls;
};

static struct place place[PLACES];
static unsigned places;
static bool is_noting;
static struct place refused; /* the call of that number, from that place; 0: none */
static long calls;           /* from there, since the run began */
static bool was_refused;
static const char *refused_name; /* the one that was */

/* The functions whose next call is refused, in their order. */
static struct {
    const char *name;
    int error;
} awaited[8];
static unsigned awaits;
int calls_error;
const char *calls_spared[4];

/* Where this program lies (the linker's). */
extern char __executable_start[], etext[];

static void note(const void *caller)
{
    unsigned i = (unsigned)((uintptr_t)caller * 2654435761u >> 8) % PLACES;
    while (place[i].at != NULL && place[i].at != caller)
        i = (i + 1) % PLACES;
    if (place[i].at == NULL && ++places > PLACES / 2)
        fail_msg("more than %d places call", PLACES / 2);
    place[i].at = caller;
    place[i].calls++;
}

static bool is_awaited(const char *name)
{
    if (strcmp(name, awaited[0].name) != 0)
        return false;
    calls_error = awaited[0].error;
    memmove(awaited, awaited + 1, --awaits * sizeof *awaited);
    return true;
}

static bool is_spared(const char *name)
{
    unsigned i = 0;
    while (calls_spared[i] != NULL && strcmp(calls_spared[i], name) != 0)
        i++;
    return calls_spared[i] != NULL;
}

bool calls_refuse(const char *name, const void *caller)
{
    bool is_ours = (const char *)caller >= __executable_start && (const char *)caller < etext;
    if (!is_ours || (refused.at == NULL && !is_noting && awaits == 0))
        return false;
    if (awaits > 0) {
        if (!is_awaited(name))
            return false;
    } else if (is_spared(name)) {
        return false;
    } else if (is_noting) {
        note(caller);
        return false;
    } else if (caller != refused.at || ++calls != refused.calls) {
        return false;
    }
    was_refused = true;
    refused_name = name;
    errno = calls_error;
    return true;
}

void calls_refuse_next(const char *function, int error)
{
    assert_true(awaits < sizeof awaited / sizeof *awaited);
    awaited[awaits].name = function;
    awaited[awaits++].error = error;
    was_refused = false;
}

bool calls_calm(void)
{
    is_noting = false;
    awaits = 0;
    refused.at = NULL;
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

static struct left without(const char *name, struct place which, memory_run *run, void *context)
{
    struct err e = ERR_INIT;
    int before = descriptors();
    long held = memory_pieces();
    calls = 0;
    was_refused = false;
    refused = which;
    int status = run(context, &e);
    calls_calm();
    struct left left = {memory_pieces() - held, descriptors() - before};
    if (status != 0 && which.at == NULL)
        fail_msg("%s: without a refusal: %s", name, e.what);
    if (status != 0 && (!e.set || e.what[0] == '\0'))
        fail_msg("%s: %s is refused (call %ld), and nothing is said", name, refused_name,
                 which.calls);
    return left;
}

static bool try_one(const char *name, struct place which, memory_run *run, void *context)
{
    struct left left = without(name, which, run, context);
    for (int again = 0; left.pieces != 0 && again < 20; again++) /* OpenSSL keeps 16 errors */
        left = without(name, which, run, context);
    if (was_refused && left.pieces != 0)
        fail_msg("%s: %s is refused (call %ld), and %ld pieces of memory are left", name,
                 refused_name, which.calls, left.pieces);
    if (was_refused && left.descriptors != 0)
        fail_msg("%s: %s is refused (call %ld), and %d descriptors are left", name, refused_name,
                 which.calls, left.descriptors);
    return was_refused;
}

unsigned calls_refuse_each(const char *name, int error, memory_run *run, void *context)
{
    const struct place none = {NULL, 0};
    unsigned n = 0;
    without(name, none, run, context); /* libraries keep things from the first time */
    memset(place, 0, sizeof place);
    places = 0;
    is_noting = true;
    without(name, none, run, context);
    calls_error = error;
    for (unsigned i = 0; i < PLACES; i++) {
        struct place p = place[i];
        if (p.at == NULL)
            continue;
        n += try_one(name, (struct place){p.at, 1}, run, context);
        n += p.calls > 1 && try_one(name, (struct place){p.at, 2}, run, context);
        n += p.calls > 2 && try_one(name, p, run, context);
    }
    return n;
}
