/* SPDX-License-Identifier: Apache-2.0 */
#include "base/asset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_find(void **state)
{
    (void)state;
    struct slice bytes = {NULL, 7};
    assert_true(asset_find("schema/iso15118-2.schema", &bytes));
    assert_true(bytes.n > 1000);
    assert_int_equal(bytes.p[bytes.n], 0);
    assert_int_equal(bytes.p[bytes.n - 1], '\n');
    assert_false(asset_find("schema/iso15118-2.schem", &bytes));
    assert_false(asset_find("", &bytes));
    assert_false(asset_find("zzz", &bytes));
}

static void test_each(void **state)
{
    (void)state;
    size_t at = 0, n = 0;
    const char *path, *before = "";
    struct slice bytes, found;
    while (asset_each("schema/ko/", &at, &path, &bytes)) {
        assert_memory_equal(path, "schema/ko/", 10);
        assert_true(strcmp(before, path) < 0);
        assert_true(asset_find(path, &found));
        assert_ptr_equal(found.p, bytes.p);
        before = path;
        n++;
    }
    assert_true(n >= 9);
    at = 0;
    assert_false(asset_each("zzz", &at, &path, &bytes));
    at = 0;
    size_t all = 0;
    while (asset_each("", &at, &path, &bytes))
        all++;
    assert_true(all > n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
