/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: what there is, what is not there, and what is too large. */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE (600u << 10) /* more than is read at once */

struct fixture {
    char path[64];
    struct buf bytes;
    struct err e;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    uint8_t *content = malloc(SIZE);
    strcpy(f->path, "/tmp/test_file.XXXXXX");
    int fd = mkstemp(f->path);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 7 >> 3);
    assert_int_equal(write(fd, content, SIZE), SIZE);
    close(fd);
    free(content);
    f->e = ERR_INIT;
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    buf_close(&f->bytes);
    free(f);
    return 0;
}

static void test_all_of_it_is_appended(void **state)
{
    struct fixture *f = *state;
    buf_text(&f->bytes, "before");
    assert_int_equal(file_read(f->path, SIZE, &f->bytes, &f->e), 0);
    assert_int_equal(f->bytes.n, 6 + SIZE);
    assert_memory_equal(f->bytes.p, "before", 6);
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(f->bytes.p[6 + i], (uint8_t)(i * 7 >> 3));
}

static void test_one_byte_too_many(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(file_read(f->path, SIZE - 1, &f->bytes, &f->e), -1);
    assert_non_null(strstr(f->e.what, "is too large; expected at most 614399 bytes"));
    assert_non_null(strstr(f->e.what, f->path));
}

/* Keys are read into room that is there: a buffer that moved would leave a copy behind. */
static void test_room_that_is_there_does_not_move(void **state)
{
    struct fixture *f = *state;
    uint8_t *room = buf_reserve(&f->bytes, SIZE + 1);
    assert_int_equal(file_read(f->path, SIZE, &f->bytes, &f->e), 0);
    assert_ptr_equal(f->bytes.p, room);
}

static void test_what_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(file_read("/nowhere/file", SIZE, &f->bytes, &f->e), -1);
    assert_string_equal(f->e.what, "/nowhere/file cannot be opened: No such file or directory");
    f->e = ERR_INIT;
    assert_int_equal(file_read("/", SIZE, &f->bytes, &f->e), -1);
    assert_string_equal(f->e.what, "/ cannot be read: Is a directory");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_all_of_it_is_appended),
        CASE(test_one_byte_too_many),
        CASE(test_room_that_is_there_does_not_move),
        CASE(test_what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
