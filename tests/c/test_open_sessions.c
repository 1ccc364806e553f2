/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that are going on: which event begins one, how long answers take, and what is kept. */
#include "certs.h"
#include "memory.h"
#include "record/open_sessions.h"
#include "record/record_read.h"
#include "support.h"

#include <unistd.h>

static struct event event_of(enum event_kind kind, uint32_t session, uint8_t from, int64_t us,
                             const char *name)
{
    return (struct event){.kind = kind,
                          .session = session,
                          .connection = 1,
                          .from_role = from,
                          .us = us,
                          .by = "EVCC",
                          .where = "",
                          .name = name,
                          .code = "",
                          .text = ""};
}

static void put(struct open_sessions *s, enum event_kind kind, uint32_t session, uint8_t from,
                int64_t us, const char *name)
{
    struct event e = event_of(kind, session, from, us, name);
    open_sessions_event(s, &e);
}

static void test_which_begins(void **state)
{
    static struct open_sessions s;
    (void)state;
    open_sessions_open(&s, FROM_EVCC, false);
    assert_null(open_sessions_find(&s, 1));
    open_sessions_end(&s, 7); /* nothing */
    put(&s, EVENT_CONNECT, 0, FROM_EVCC, 1, "");
    assert_int_equal(s.n, 0);
    struct event e = event_of(EVENT_FRAME, 1, FROM_SECC, 1, "");
    e.by = "SECC"; /* the other side's */
    open_sessions_event(&s, &e);
    e.by = "EVCC";
    e.is_echo = true;
    open_sessions_event(&s, &e);
    e.is_echo = false;
    e.is_after = true;
    open_sessions_event(&s, &e);
    put(&s, EVENT_AFTER, 1, FROM_SECC, 1, "");
    put(&s, EVENT_CONNECT, 7, FROM_EVCC, 1, ""); /* has ended */
    assert_int_equal(s.n, 0);
    put(&s, EVENT_LOG, 1, FROM_NONE, 5, "");
    put(&s, EVENT_CONNECT, 1, FROM_EVCC, 10, "");
    put(&s, EVENT_CONNECT, 1, FROM_EVCC, 20, "");
    assert_int_equal(open_sessions_find(&s, 1)->connected_us, 10);
    for (uint32_t i = 2; i < 3000; i++)
        if (i != 7)
            put(&s, EVENT_CONNECT, i, FROM_EVCC, i, "");
    assert_int_equal(s.n, 2998);
    for (uint32_t i = 1; i < 3000; i += 2)
        open_sessions_end(&s, i);
    assert_null(open_sessions_find(&s, 1));
    assert_int_equal(open_sessions_find(&s, 2998)->connected_us, 2998);
    put(&s, EVENT_CONNECT, 1, FROM_EVCC, 1, "");
    assert_null(open_sessions_find(&s, 1));
    put(&s, EVENT_CONNECT, 5000, FROM_EVCC, 1, ""); /* in the place of one that is over */
    assert_int_equal(open_sessions_find(&s, 5000)->sent_us, 0);
    assert_false(s.failed);
    open_sessions_close(&s);
}

/* From the first of two messages that have no answer; as many names as are told apart. */
static void test_turnarounds(void **state)
{
    static struct open_sessions s;
    char names[TURNAROUNDS_MOST + 4][16];
    (void)state;
    open_sessions_open(&s, FROM_EVCC, false);
    s.measures = true;
    put(&s, EVENT_FRAME, 1, FROM_EVCC, 1000, "Req");
    put(&s, EVENT_FRAME, 1, FROM_EVCC, 2000, "Req");
    put(&s, EVENT_FRAME, 1, FROM_SECC, 5000, "Res");
    put(&s, EVENT_FRAME, 1, FROM_SECC, 6000, "Res"); /* to nothing */
    put(&s, EVENT_FRAME, 1, FROM_EVCC, 7000, "Req");
    put(&s, EVENT_FRAME, 1, FROM_SECC, 8000, ""); /* not read */
    struct event late = event_of(EVENT_FRAME, 1, FROM_SECC, 9000, "Late");
    put(&s, EVENT_FRAME, 1, FROM_EVCC, 8500, "Req");
    late.is_after = true;
    open_sessions_event(&s, &late);
    late.is_after = false;
    late.connection = 0;
    open_sessions_event(&s, &late);
    assert_int_equal(s.turnarounds, 1);
    assert_string_equal(s.turnaround[0]->name, "Res");
    assert_int_equal(s.turnaround[0]->us.n, 1);
    assert_in_range(histogram_quantile(&s.turnaround[0]->us, 1), 3900, 4100);
    for (unsigned i = 0; i < TURNAROUNDS_MOST + 4; i++) {
        snprintf(names[i], sizeof names[i], "Res%u", i);
        put(&s, EVENT_FRAME, 1, FROM_EVCC, 10000, "Req");
        put(&s, EVENT_FRAME, 1, FROM_SECC, 11000, names[i]);
    }
    assert_int_equal(s.turnarounds, TURNAROUNDS_MOST);
    s.measures = false;
    put(&s, EVENT_FRAME, 1, FROM_EVCC, 10000, "Req");
    put(&s, EVENT_FRAME, 1, FROM_SECC, 11000, "Res");
    assert_int_equal(s.turnaround[0]->us.n, 1);
    open_sessions_close(&s);
}

static void keep_text(void *context, const struct event *e)
{
    buf_printf(context, "%s;", e->text);
}

/* Of a long session the first and the latest events are kept, and between them it is told how many
 * are not. */
static void test_what_is_kept(void **state)
{
    static struct open_sessions s;
    char folder[64], path[80], text[1001];
    struct library library;
    struct buf told = {0};
    struct err e = ERR_INIT;
    unsigned left = 0;
    (void)state;
    library_open(&library);
    certs_folder(folder);
    snprintf(path, sizeof path, "%s/record", folder);
    open_sessions_open(&s, FROM_EVCC, true);
    for (unsigned i = 1; left == 0 || i % 100 != 0; i++) {
        struct event log = event_of(EVENT_LOG, 1, FROM_NONE, i, "");
        snprintf(text, sizeof text, "<%u>%0*d", i, 900, 0);
        log.text = text;
        open_sessions_event(&s, &log);
        left = open_sessions_find(&s, 1)->left_out;
        assert_true(i < 100000);
    }
    struct record_options o = {path, LINES_NEVER, 0, &library};
    if (open_session_record(open_sessions_find(&s, 1), &o, &e) != 0 ||
        record_read(path, false, &library, keep_text, &told, &e) != 0)
        fail_msg("%s", e.what);
    snprintf(text, sizeof text, ";%u events before this one were not kept;<", left);
    const char *note = strstr(buf_string(&told), text);
    assert_non_null(note);
    assert_memory_equal(told.p, "<1>", 3);
    unsigned before = 0, behind = 0;
    assert_int_equal(sscanf(note + strlen(text), "%u", &behind), 1);
    for (const char *at = buf_string(&told); (at = strchr(at, '<')) != NULL && at < note; at++)
        sscanf(at, "<%u", &before);
    assert_int_equal(behind, before + left + 1);
    open_sessions_close(&s);
    buf_close(&told);
    certs_remove(folder);
    library_close(&library);
}

/* A memory_run: without memory for a session that is told. */
static int begin(void *context, struct err *e)
{
    static struct open_sessions s;
    (void)context;
    open_sessions_open(&s, FROM_EVCC, true);
    put(&s, EVENT_CONNECT, 1, FROM_EVCC, 1, "");
    memory_calm();
    bool failed = s.failed || s.n == 0 || open_sessions_find(&s, 1)->events.failed;
    if (s.n > 0 && failed) {
        struct record_options o = {"/nowhere/record", LINES_NEVER, 0, NULL};
        assert_int_equal(open_session_record(open_sessions_find(&s, 1), &o, e), -1);
        assert_string_equal(e->what, "out of memory");
    }
    open_sessions_close(&s);
    return failed ? err_set(e, "out of memory") : 0;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(memory_fail_each("sessions", 0, begin, NULL) > 2 || !COUNTS_MEMORY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_begins),
        cmocka_unit_test(test_turnarounds),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
