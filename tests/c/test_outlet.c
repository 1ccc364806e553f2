/* SPDX-License-Identifier: Apache-2.0 */
/* What sinks write goes out in whole units: to files, to pipes that are full or nobody reads, and
 * where the system refuses it. */
#include "record/outlet.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG 300000u /* more than a pipe takes at once */

static char path[64];

static void add_long(struct outlet *o)
{
    for (unsigned i = 0; i < LONG; i++)
        buf_char(&o->out, (char)('a' + i % 26));
    outlet_unit(o);
}

/* What is no whole unit yet waits for its end. */
static void test_units(void **state)
{
    struct outlet o;
    struct err e = ERR_INIT;
    size_t n;
    (void)state;
    assert_int_equal(outlet_create(&o, path, &e), 0);
    buf_text(&o.out, "one ");
    outlet_unit(&o);
    buf_text(&o.out, "tw");
    assert_int_equal(outlet_write(&o, &e), 0);
    char *text = support_read_file(path, &n);
    assert_string_equal(text, "one ");
    free(text);
    assert_int_equal(o.out.n, 2);
    buf_text(&o.out, "o");
    outlet_unit(&o);
    assert_int_equal(outlet_write(&o, &e), 0);
    text = support_read_file(path, &n);
    assert_string_equal(text, "one two");
    free(text);
    outlet_hide(&o);
    struct stat now;
    assert_int_equal(fstat(o.fd, &now), 0);
    assert_int_equal(now.st_mode & 0777, 0600);
    close(o.fd);
    outlet_hide(&o); /* of what is closed: nothing */
    outlet_close(&o);
    assert_int_equal(outlet_create_new(&o, path, &e), -1);
    assert_string_equal(e.what, "cannot be written: File exists");
    assert_string_equal(e.path, path);
    e = ERR_INIT;
    assert_int_equal(outlet_append(&o, path, &e), 0);
    buf_text(&o.out, ", three");
    outlet_unit(&o);
    unlink(path);
    assert_int_equal(outlet_write(&o, &e), -1);
    assert_string_equal(e.what, "the file was removed");
    close(o.fd);
    outlet_close(&o);
}

/* A child that reads so many bytes of a pipe, and goes. */
static pid_t reader_of(const int pipes[2], size_t most)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        close(pipes[0]);
        return child;
    }
    char part[4096];
    size_t got = 0;
    ssize_t n;
    close(pipes[1]);
    while (got < most && (n = read(pipes[0], part, sizeof part)) > 0)
        got += (size_t)n;
    _exit(got >= most ? 0 : 1);
}

/* One that takes nothing for now is waited for. */
static void test_full_pipe(void **state)
{
    struct outlet o;
    struct err e = ERR_INIT;
    int pipes[2], status;
    (void)state;
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    fcntl(pipes[0], F_SETFL, 0);
    outlet_open(&o, pipes[1]);
    add_long(&o);
    pid_t child = reader_of(pipes, LONG);
    assert_int_equal(outlet_write(&o, &e), 0);
    close(pipes[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    outlet_close(&o);
}

/* Whoever reads goes away within a unit: nothing can be taken back, and nothing more is written. */
static void test_reader_goes(void **state)
{
    struct outlet o;
    struct err e = ERR_INIT;
    int pipes[2], status;
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    outlet_open(&o, pipes[1]);
    add_long(&o);
    pid_t child = reader_of(pipes, 1000);
    assert_int_equal(outlet_write(&o, &e), -1);
    assert_string_equal(e.what, "Broken pipe; the last piece is cut");
    assert_int_equal(o.out.n, 0);
    add_long(&o);
    e = ERR_INIT;
    assert_int_equal(outlet_write(&o, &e), -1);
    assert_string_equal(e.what, "Broken pipe; the last piece is cut");
    close(pipes[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    outlet_close(&o);
    /* between units nothing is cut */
    assert_int_equal(pipe(pipes), 0);
    close(pipes[0]);
    outlet_open(&o, pipes[1]);
    add_long(&o);
    e = ERR_INIT;
    assert_int_equal(outlet_write(&o, &e), -1);
    assert_string_equal(e.what, "Broken pipe");
    close(pipes[1]);
    outlet_close(&o);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_full_pipe),
        cmocka_unit_test(test_reader_goes),
    };
    signal(SIGPIPE, SIG_IGN);
    snprintf(path, sizeof path, "/tmp/v2glab-test-outlet-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
