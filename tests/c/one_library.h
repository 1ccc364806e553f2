/* SPDX-License-Identifier: Apache-2.0 */
/* One library for all tests of a program: its group opens it, and closes it. */
#ifndef V2G_TESTS_ONE_LIBRARY_H
#define V2G_TESTS_ONE_LIBRARY_H

#include "schema/library.h"

static struct library library;

static inline int open_library(void **state)
{
    (void)state;
    library_open(&library);
    return 0;
}

static inline int close_library(void **state)
{
    (void)state;
    library_close(&library);
    return 0;
}

#endif
