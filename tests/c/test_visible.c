/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others on a terminal: what it would obey is shown, all else is as it is. */
#include "base/visible.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_what_is_shown(void **state)
{
    static const struct {
        const char *text, *shown;
    } ROWS[] = {
        {"", ""},
        {"a plain one", "a plain one"},
        {"two\nlines\tand \x1B[31mred\x7F", "two\\nlines\\tand \\x1B[31mred\\x7F"},
        {"\xC2\x9B\x33\x31m \xC2\xA0.", "\\u009B31m \xC2\xA0."},
        {"\xE2\x80\xAE turned \xE2\x81\xA9", "\\u202E turned \\u2069"},
        {"\xE2\x80\xA8\xE2\x80\x8F", "\\u2028\\u200F"},
        {"\xED\x95\x9C\xEA\xB5\xAD\xEC\x96\xB4 \xE2\x82\xAC \xE2\x80\xA6",
         "\xED\x95\x9C\xEA\xB5\xAD\xEC\x96\xB4 \xE2\x82\xAC \xE2\x80\xA6"},
        {"\xE2\x80", "\xE2\x80"}, /* cut */
        {"\xFF\x01", "\xFF\\x01"},
    };
    (void)state;
    struct buf shown = {0};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        buf_clear(&shown);
        visible_add(&shown, ROWS[i].text, strlen(ROWS[i].text));
        assert_string_equal(buf_string(&shown), ROWS[i].shown);
    }
    buf_clear(&shown);
    visible_add(&shown, "\0\1", 2);
    assert_string_equal(buf_string(&shown), "\\x00\\x01");
    buf_close(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
