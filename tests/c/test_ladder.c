/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder of events that no run makes, but a record may hold. */
#include "record/ladder.h"
#include "support.h"

#include <fcntl.h>
#include <unistd.h>

/* Looks at a link are told apart by their addresses, which these have not. */
static void test_cut_link_frames(void **state)
{
    (void)state;
    struct ladder ladder;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct event e = {.kind = EVENT_FRAME,
                      .ok = true,
                      .is_link = true,
                      .from_role = FROM_EVCC,
                      .by = "",
                      .where = "",
                      .name = "LINK_STATUS_REQ",
                      .code = "",
                      .text = "cut"};
    assert_true(fd >= 0);
    ladder_open(&ladder, fd, 0);
    for (unsigned i = 0; i < 3; i++)
        ladder_event(&ladder, &e);
    assert_non_null(strstr(buf_string(&ladder.outlet.out), "LINK_STATUS_REQ"));
    ladder_close(&ladder);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut_link_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
