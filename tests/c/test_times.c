/* SPDX-License-Identifier: Apache-2.0 */
/* Times of a stream and the summary of its sessions, also where there are very many of these. */
#include "record/session_summary.h"
#include "record/times.h"
#include "support.h"

#include <unistd.h>

#define SESSIONS 100000
#define SECONDS_MAX 20 /* a look through all sessions at each event takes minutes */

static struct event frame_of(const struct schema *s, uint32_t n, uint8_t from, const char *name)
{
    return (struct event){.kind = EVENT_FRAME,
                          .ok = true,
                          .session = n,
                          .connection = n,
                          .us = n + (from == FROM_SECC ? 3000000 : 0),
                          .from_role = from,
                          .by = "",
                          .where = "",
                          .name = name,
                          .code = "",
                          .text = "",
                          .schema = s};
}

/* All ask, then all answer, a second too late. */
static void test_many_sessions(void **state)
{
    (void)state;
    static struct session_summary sessions;
    static struct times times;
    static const struct schema schema = {.name = "iso15118-2", .protocol = "ISO15118-2"};
    struct times_limit limit = {"ISO15118-2", "V2G_EVCC_Msg_Timeout", 2000000};
    const struct times_limits limits = {&limit, 1};
    struct buf text = {0};
    unsigned late = 0;
    times = (struct times){.limits = &limits, .next = session_summary_event, .context = &sessions};
    alarm(SECONDS_MAX);
    for (uint32_t n = 1; n <= SESSIONS; n++) {
        struct event e = frame_of(&schema, n, FROM_EVCC, "SessionSetupReq");
        times_event(&times, &e);
    }
    for (uint32_t n = 1; n <= SESSIONS; n++) {
        struct event e = frame_of(&schema, n, FROM_SECC, "SessionSetupRes");
        times_event(&times, &e);
    }
    alarm(0);
    session_summary_print(&sessions, &text);
    assert_non_null(strstr(buf_string(&text), "session 1: 2 messages in 3.000 s, not closed\n"
                                              "  late: SessionSetupRes, 1 of 1, up to 3000 ms; "
                                              "V2G_EVCC_Msg_Timeout is 2000 ms\nsession 2:"));
    for (const char *p = buf_string(&text); (p = strstr(p, "  late: ")) != NULL; p++)
        late++;
    assert_int_equal(late, SESSIONS);
    buf_close(&text);
    times_close(&times);
    session_summary_close(&sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_sessions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
