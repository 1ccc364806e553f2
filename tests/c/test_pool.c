/* SPDX-License-Identifier: Apache-2.0 */
/* Memory in blocks whose sizes the owner knows. */
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCKS 20000
#define CHANGES 400000

static struct pool pool;
static struct {
    uint8_t *p;
    size_t size;
} block[BLOCKS];

/* Each octet of a block says whose it is. */
static void fill(unsigned i)
{
    if (block[i].size > 0)
        memset(block[i].p, (int)(i % 251), block[i].size);
}

static void look(unsigned i, size_t size)
{
    for (size_t k = 0; k < size; k++)
        if (block[i].p[k] != i % 251)
            fail_msg("octet %zu of block %u, of %zu, is another one's", k, i, block[i].size);
}

/* A size of 0 is none, as Lua has it. */
static void change(unsigned i, size_t size)
{
    uint8_t *p = NULL;
    if (block[i].size == 0 && size > 0)
        p = pool_take(&pool, size);
    else if (size > 0)
        p = pool_change(&pool, block[i].p, block[i].size, size);
    else if (block[i].size > 0)
        pool_give(&pool, block[i].p, block[i].size);
    size_t less = size < block[i].size ? size : block[i].size;
    assert_true((p == NULL) == (size == 0));
    assert_int_equal((uintptr_t)p % 16, 0);
    block[i].p = p;
    look(i, less);
    block[i].size = size;
    fill(i);
}

static void test_blocks_keep_what_is_in_them(void **state)
{
    uint32_t chance = 1;
    (void)state;
    pool_open(&pool);
    for (unsigned n = 0; n < CHANGES; n++) {
        chance = chance * 1664525 + 1013904223;
        unsigned i = (chance >> 8) % BLOCKS;
        chance = chance * 1664525 + 1013904223;
        change(i, (chance >> 8) % ((chance >> 30) == 0 ? 3000 : 200));
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        look(i, block[i].size);
    for (unsigned i = 0; i < BLOCKS; i++)
        change(i, 0);
    pool_close(&pool);
}

/* Pages of the process in memory. */
static long resident(void)
{
    long all = 0, here = 0;
    char text[100] = "";
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    all = strtol(text, NULL, 10);
    here = strtol(strchr(text, ' '), NULL, 10);
    assert_true(all > 0);
    return here;
}

/* What is full is given back in any order: most of the memory goes back to the system, also where
 * a block here and there stays. */
static void test_memory_goes_back(void **state)
{
    (void)state;
    pool_open(&pool);
    long before = resident();
    for (unsigned i = 0; i < BLOCKS; i++)
        change(i, 500);
    size_t most = pool_taken(&pool);
    if (most == 0)
        skip(); /* built with AddressSanitizer */
    long full = resident();
    assert_true(most >= (size_t)BLOCKS * 500);
    assert_true((full - before) * sysconf(_SC_PAGESIZE) >= (long)BLOCKS * 450);
    for (unsigned i = 0; i < BLOCKS; i++)
        if (i % 1000 != 0)
            change(i, 0);
    assert_true(pool_taken(&pool) < most / 8);
    assert_true(resident() - before < (full - before) / 4);
    for (unsigned i = 0; i < BLOCKS; i += 1000)
        change(i, 0);
    assert_true(pool_taken(&pool) < most / 20);
    pool_close(&pool);
}

/* What one block in each slab holds is used again before more is taken. */
static void test_room_is_used_again(void **state)
{
    (void)state;
    pool_open(&pool);
    for (unsigned i = 0; i < BLOCKS; i++)
        change(i, 64);
    size_t most = pool_taken(&pool);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = round % 2; i < BLOCKS; i += 2)
            change(i, 0);
        for (unsigned i = round % 2; i < BLOCKS; i += 2)
            change(i, 64);
    }
    assert_true(pool_taken(&pool) <= most);
    for (unsigned i = 0; i < BLOCKS; i++)
        change(i, 0);
    pool_close(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_keep_what_is_in_them),
        cmocka_unit_test(test_memory_goes_back),
        cmocka_unit_test(test_room_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
