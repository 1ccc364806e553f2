/* SPDX-License-Identifier: Apache-2.0 */
/* Included before all else where branches are counted: a process that ends by _exit, or becomes
 * another program, has counted, too. */
#define COVERAGE 1

#include <stddef.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);

/* Of tests/faults/fail.c, where that has calls of the program fail: gcov's own have to work. */
void fail_no_more(void) __attribute__((weak));

/* Before gcov's destructor writes the counts, whose priority is 100. */
__attribute__((destructor, unused)) static void coverage_end(void)
{
    if (fail_no_more != NULL)
        fail_no_more();
}

static inline __attribute__((noreturn, unused)) void coverage_exit(int code)
{
    coverage_end();
    __gcov_dump();
    _exit(code);
}
#define _exit(code) coverage_exit(code)

static inline __attribute__((unused)) int coverage_execvp(const char *file, char *const argv[])
{
    __gcov_dump();
    __gcov_reset(); /* it may fail, and go on counting */
    return execvp(file, argv);
}
#define execvp(file, argv) coverage_execvp(file, argv)
