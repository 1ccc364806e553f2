/* SPDX-License-Identifier: Apache-2.0 */
/* Times of a stream and the summary of its sessions, also where there are very many of these. */
#include "memory.h"
#include "record/session_summary.h"
#include "record/times.h"
#include "support.h"

#include <sys/wait.h>
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

/* Parses the lines that session_summary_json has made; the first one. */
static json_t *first_line(struct buf *text, unsigned expected)
{
    json_t *first = NULL;
    unsigned n = 0;
    for (char *at = (char *)text->p, *end; n < expected; at = end + 1, n++) {
        end = memchr(at, '\n', text->n - (size_t)(at - (char *)text->p));
        assert_non_null(end);
        json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);
        assert_non_null(line);
        if (n == 0)
            first = json_incref(line);
        json_decref(line);
    }
    return first;
}

/* What one session's times come to where the n-th allocation fails: 0 none has failed, 1 it is
 * known that memory has run out, 2 it is not. In a process of its own, as that stays known. */
static int lose(long n)
{
    static struct session_summary sessions;
    static struct times times;
    static const struct schema schema = {.name = "iso15118-2", .protocol = "ISO15118-2"};
    static struct times_limit limit[] = {{"ISO15118-2", "V2G_EVCC_Msg_Timeout", 2000000}};
    static const struct times_limits limits = {limit, 1};
    struct event e[] = {frame_of(&schema, 1, FROM_EVCC, "SessionSetupReq"),
                        frame_of(&schema, 1, FROM_SECC, "SessionSetupRes")};
    times = (struct times){.limits = &limits, .next = session_summary_event, .context = &sessions};
    memory_fail_at(n);
    for (unsigned i = 0; i < sizeof e / sizeof *e; i++)
        times_event(&times, &e[i]);
    return !memory_calm() ? 0 : buf_has_run_out() ? 1 : 2;
}

static void test_lost_without_memory_is_known(void **state)
{
    int status = 1;
    long n = 0;
    (void)state;
    while (status == 1) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(lose(n + 1));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        status = WEXITSTATUS(status);
        n += status == 1;
    }
    if (status != 0)
        fail_msg("allocation %ld fails, and what is lost is not known", n + 1);
    assert_true(n >= 3 || !COUNTS_MEMORY); /* a state, a session, a time */
}

/* One that is late, one that is not, and what else there is to say. */
static void test_sessions_as_json(void **state)
{
    (void)state;
    static struct session_summary sessions;
    static struct times times;
    static const struct schema schema = {.name = "iso15118-2", .protocol = "ISO15118-2"};
    struct times_limit limit[] = {{"ISO15118-2", "V2G_EVCC_Msg_Timeout", 2000000},
                                  {"ISO15118-2", "V2G_SECC_Sequence_Timeout", 60000000}};
    const struct times_limits limits = {limit, 2};
    struct buf text = {0};
    struct event e;
    times = (struct times){.limits = &limits, .next = session_summary_event, .context = &sessions};
    for (uint32_t n = 1; n <= 2; n++) {
        e = frame_of(&schema, n, FROM_EVCC, "SessionSetupReq");
        times_event(&times, &e);
        e = frame_of(&schema, n, FROM_SECC, "SessionSetupRes");
        e.us = n == 1 ? 2500001 : 100;
        e.code = "FAILED_\"\n";
        e.is_failed = n == 1;
        times_event(&times, &e);
        e = frame_of(&schema, n, FROM_EVCC, "ServiceDiscoveryReq");
        e.us = 3000000;
        times_event(&times, &e);
        e.kind = EVENT_CLOSE;
        e.text = "closed: FIN by the EVCC";
        times_event(&times, &e);
    }
    assert_int_equal(session_summary_json(&sessions, 7, &text), 2);
    json_t *line = first_line(&text, 2);
    json_int_t number, session, messages, limit_us, worst_us, count, late;
    const char *kind, *end, *refused, *name, *from, *parameter;
    json_t *kept;
    int ok;
    assert_int_equal(json_unpack(line, "{s:I s:s s:I s:I s:s s:s s:o s:b}", "number", &number,
                                 "kind", &kind, "session", &session, "messages", &messages, "end",
                                 &end, "refused", &refused, "times", &kept, "ok", &ok),
                     0);
    assert_int_equal(number, 7);
    assert_int_equal(session, 1);
    assert_int_equal(messages, 3);
    assert_false(ok);
    assert_string_equal(kind, "session");
    assert_string_equal(end, "closed: FIN by the EVCC");
    assert_string_equal(refused, "SessionSetupRes FAILED_\"\n");
    assert_int_equal(json_array_size(kept), 2);
    assert_int_equal(json_unpack(json_array_get(kept, 0), "{s:s s:s s:s s:I s:I s:I s:I}", "name",
                                 &name, "from", &from, "limit", &parameter, "limit_us", &limit_us,
                                 "worst_us", &worst_us, "count", &count, "late", &late),
                     0);
    assert_string_equal(name, "SessionSetupRes");
    assert_string_equal(from, "SECC");
    assert_string_equal(parameter, "V2G_EVCC_Msg_Timeout");
    assert_int_equal(limit_us, 2000000);
    assert_int_equal(worst_us, 2500000);
    assert_int_equal(count, 1);
    assert_int_equal(late, 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(kept, 1), "late")), 0);
    json_decref(line);
    const char *second = strstr(buf_string(&text), "\"number\":8,");
    assert_non_null(second);
    assert_non_null(strstr(second, "\"late\":0}],\"ok\":true}\n"));
    buf_close(&text);
    times_close(&times);
    session_summary_close(&sessions);
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
    /* line by line: under AddressSanitizer each strstr() measures all that is left */
    const char *line = buf_string(&text), *end = line + text.n;
    for (; line != NULL && end - line > 8; line = memchr(line, '\n', (size_t)(end - line))) {
        line += *line == '\n';
        late += memcmp(line, "  late: ", 8) == 0;
    }
    assert_int_equal(late, SESSIONS);
    buf_close(&text);
    times_close(&times);
    session_summary_close(&sessions);
}

static void count_timer(void *context, const struct event *e)
{
    *(unsigned *)context += e->kind == EVENT_TIMER;
}

/* Of a connection that is forgotten nothing is measured, nor kept; others in its bucket stay. */
static void test_forgotten(void **state)
{
    (void)state;
    static struct times times;
    static const struct schema schema = {.name = "iso15118-2", .protocol = "ISO15118-2"};
    struct times_limit limit[] = {{"ISO15118-2", "V2G_EVCC_Msg_Timeout", 2000000}};
    const struct times_limits limits = {limit, 1};
    const uint32_t number[] = {7, 7 + TIMES_BUCKETS};
    unsigned timers = 0;
    times = (struct times){.limits = &limits, .next = count_timer, .context = &timers};
    for (unsigned i = 0; i < 2; i++) {
        struct event e = frame_of(&schema, number[i], FROM_EVCC, "SessionSetupReq");
        times_event(&times, &e);
    }
    times_forget(&times, number[0]);
    for (unsigned i = 0; i < 2; i++) {
        struct event e = frame_of(&schema, number[i], FROM_SECC, "SessionSetupRes");
        times_event(&times, &e);
        assert_int_equal(timers, i);
    }
    times_forget(&times, number[0]);
    times_forget(&times, number[1]);
    assert_null(times.bucket[7]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lost_without_memory_is_known),
                                       cmocka_unit_test(test_sessions_as_json),
                                       cmocka_unit_test(test_many_sessions),
                                       cmocka_unit_test(test_forgotten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
