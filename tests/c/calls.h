/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refuses calls that a program's own code makes into libraries and the system, one in each run. The
 * program lists the functions that can be refused, with CALL: those stand in front of the library's
 * own, and do what these do.
 */
#ifndef V2G_TESTS_CALLS_H
#define V2G_TESTS_CALLS_H

/* Headers would put functions of their own before those that are written here; so this header comes
 * first. */
#undef _FORTIFY_SOURCE

#include "memory.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Whether this call is the one that is refused; then errno is set. */
bool calls_refuse(const char *name, const void *caller);

/* What errno is then. */
extern int calls_error;

/* Functions that calls_refuse_each leaves alone, up to the first NULL. */
extern const char *calls_spared[4];

/*
 * Has calls of a run be refused, one in each run of it, with this errno: of each place in our own
 * code the first, the second and the last one. Without a refusal it does its work; with one it
 * does, or says why not; no memory is left over, and no descriptor. Returns how many have been
 * refused.
 */
unsigned calls_refuse_each(const char *name, int error, memory_run *run, void *context);

/* From now on the next call of that function is refused, until calls_calm; said of several, each of
 * them in this order. */
void calls_refuse_next(const char *function, int error);

/* Of a run: none of its calls is refused any more, as it is done, and looks at its result. Whether
 * one has been. */
bool calls_calm(void);

#define CALL(type_, refused_, name_, parameters_, arguments_)                                      \
    type_ name_ parameters_;                                                                       \
    type_ name_ parameters_                                                                        \
    {                                                                                              \
        static type_(*own) parameters_;                                                            \
        if (own == NULL && (*(void **)&own = dlsym(RTLD_NEXT, #name_)) == NULL)                    \
            abort();                                                                               \
        if (calls_refuse(#name_, __builtin_return_address(0)))                                     \
            return refused_;                                                                       \
        return own arguments_;                                                                     \
    }

#endif
