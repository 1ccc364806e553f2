/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts what a test program holds of the heap, and has one allocation fail, of whatever library.
 * Where COUNTS_MEMORY is 0 (under a sanitizer, which has an allocator of its own) it does neither.
 */
#ifndef V2G_TESTS_MEMORY_H
#define V2G_TESTS_MEMORY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if !SANITIZED && defined(__GLIBC__)
#define COUNTS_MEMORY 1
#else
#define COUNTS_MEMORY 0
#endif

/* Octets that are held now, and the most since the last memory_begin. */
size_t memory_held(void);
size_t memory_most(void);
void memory_begin(void);

/* In how many pieces it is. */
long memory_pieces(void);

/* Does something, and gives back all that it took: 0, and its result is looked at; or -1 and *e. */
typedef int memory_run(void *context, struct err *e);

/*
 * Has allocations of a run fail, one in each run of it: of each chain of our own calls that leads
 * to allocations, of a library's too, the first, the second and the last one; in all about so many
 * (0: each), spread evenly. Without a fault it does its work; with one it does, or says why not;
 * and nothing is left over. Returns how many have failed.
 */
unsigned memory_fail_each(const char *name, unsigned most, memory_run *run, void *context);

/* From now on the n-th allocation fails, until memory_calm. */
void memory_fail_at(long n);

/* Of a run: no more of its allocations fails, as it is done, and looks at its result. Whether one
 * has failed. */
bool memory_calm(void);

#endif
