/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder of events that no run makes, but a record may hold. */
#include "record/ladder.h"
#include "record/terminal.h"
#include "support.h"

#include <fcntl.h>
#include <sys/ioctl.h>
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

/* ---- terminals ---- */

/* One end of a terminal of 60 columns. */
static int open_terminal(int *other)
{
    struct winsize size = {.ws_row = 20, .ws_col = 60};
    *other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*other >= 0 && grantpt(*other) == 0 && unlockpt(*other) == 0);
    int fd = open(ptsname(*other), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
    return fd;
}

static void set(const char *name, const char *value)
{
    if (value == NULL)
        unsetenv(name);
    else
        setenv(name, value, 1);
}

/* Colours and cut lines where it is a terminal that has colours, and nobody said otherwise. */
static void test_terminals(void **state)
{
    static const struct {
        const char *term, *no_color, *forced;
        int detail;
        bool is_terminal, is_pretty;
        int columns;
    } CASES[] = {
        {"xterm", NULL, NULL, 0, true, true, 60}, {NULL, NULL, NULL, 0, true, true, 60},
        {"dumb", NULL, NULL, 0, true, false, 0},  {"xterm", "1", NULL, 0, true, false, 0},
        {"xterm", NULL, NULL, 1, true, true, 0},  {"xterm", NULL, NULL, 0, false, false, 0},
        {"xterm", NULL, "1", 0, false, true, 0},  {"dumb", "1", "1", 0, true, true, 60},
    };
    int other, terminal = open_terminal(&other), file = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct ladder l;
        set("TERM", CASES[i].term);
        set("NO_COLOR", CASES[i].no_color);
        set("V2GLAB_PRETTY", CASES[i].forced);
        ladder_open(&l, CASES[i].is_terminal ? terminal : file, CASES[i].detail);
        if (l.pretty != CASES[i].is_pretty || l.columns != CASES[i].columns)
            fail_msg("%zu: pretty %d, %d columns", i, l.pretty, l.columns);
        ladder_close(&l);
    }
    set("NO_COLOR", NULL);
    set("V2GLAB_PRETTY", NULL);
    close(terminal);
    close(other);
    close(file);
}

static void test_locales(void **state)
{
    static const struct {
        const char *all, *ctype, *lang;
        bool has_utf8;
    } CASES[] = {
        {NULL, NULL, NULL, false},         {"ko_KR.UTF-8", NULL, NULL, true},
        {"C.utf8", NULL, NULL, true},      {"", "C.UTF-8", NULL, true},
        {NULL, "", "de_DE.UTF-8", true},   {"ko_KR.EUC-KR", "C.UTF-8", NULL, false},
        {"ko_KR", NULL, "C.UTF-8", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        set("LC_ALL", CASES[i].all);
        set("LC_CTYPE", CASES[i].ctype);
        set("LANG", CASES[i].lang);
        assert_int_equal(terminal_has_utf8(), CASES[i].has_utf8);
    }
}

/* What does not fit is left out; escape sequences take no room and stay, also one that is cut. */
static void test_cut_lines(void **state)
{
    static const struct {
        const char *text, *cut;
        int columns;
    } CASES[] = {
        {"abcdef", "abc", 3},
        {"abc\ndef\n", "ab\nde\n", 2},
        {"\033[1mabc\033[0m", "\033[1mab\033[0m", 2},
        {"ab\033[1;3", "ab\033[1;3", 2},
        {"ab\033", "ab", 2},
        {"\033x", "\033", 1},
        {"\033[\x7Fm", "\033[\x7Fm", 0},
        {"\xED\x95\x9C\xEA\xB8\x80", "\xED\x95\x9C", 3},
        {"\xE2\x94\x82\xE2\x96\xB6x", "\xE2\x94\x82\xE2\x96\xB6", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buf text = {0};
        buf_text(&text, CASES[i].text);
        terminal_cut(&text, 0, CASES[i].columns);
        assert_string_equal(buf_string(&text), CASES[i].cut);
        buf_close(&text);
    }
}

/* ---- lines ---- */

static struct event frame_of(const char *name)
{
    return (struct event){.kind = EVENT_FRAME,
                          .ok = true,
                          .from_role = FROM_EVCC,
                          .by = "",
                          .where = "",
                          .name = name,
                          .code = "",
                          .bytes = {(const uint8_t *)"\x01\xFE", 2}};
}

/* What stands in a frame's place where it has no name. */
static void test_frames_without_a_name(void **state)
{
    struct err problem = ERR_INIT;
    err_set(&problem, "why");
    struct event cases[8];
    static const char *const WANTED[] = {
        "supportedAppProtocol", "not decoded", "raw bytes", "not decoded",
        "HomePlug frame",       "not decoded", "line 7 ",   "SessionStopReq"};
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        cases[i] = frame_of("");
    cases[0].payload_type = 0x8001;
    cases[1].payload_type = 0x0001;
    cases[2].kind = cases[3].kind = EVENT_BYTES;
    cases[3].problem = cases[5].problem = &problem;
    cases[4].is_link = true;
    cases[5].payload_type = 0x8001;
    cases[6].line = 7;
    cases[7].name = "SessionStopReq";
    for (unsigned i = 0; i < 8; i++) {
        struct ladder l;
        int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
        ladder_open(&l, file, 2);
        ladder_event(&l, &cases[i]);
        if (strstr(buf_string(&l.outlet.out), WANTED[i]) == NULL ||
            strstr(buf_string(&l.outlet.out), "01fe") == NULL)
            fail_msg("expected %s in %s", WANTED[i], buf_string(&l.outlet.out));
        ladder_close(&l);
        close(file);
    }
}

/* A datagram that comes again is counted: on a terminal at once, else when something else comes. */
static void test_repeats(void **state)
{
    (void)state;
    for (int is_terminal = 0; is_terminal < 2; is_terminal++) {
        struct ladder l;
        struct err e = ERR_INIT;
        struct buf seen = {0};
        char part[4096];
        int other, terminal = open_terminal(&other), pipes[2];
        set("TERM", "xterm");
        assert_int_equal(pipe(pipes), 0);
        ladder_open(&l, is_terminal ? terminal : pipes[1], 0);
        struct event again = frame_of("SECCDiscoveryReq"), next = frame_of("SECCDiscoveryRes");
        again.is_udp = next.is_udp = true;
        for (int i = 0; i < 3; i++) {
            ladder_event(&l, &again);
            assert_int_equal(ladder_write(&l, &e), 0);
        }
        ladder_event(&l, &next);
        ladder_event(&l, &next);
        assert_int_equal(ladder_write(&l, &e), 0);
        ladder_close(&l);
        close(pipes[1]);
        close(terminal); /* so that what was written ends; it may come in pieces */
        ssize_t n;
        while ((n = read(is_terminal ? other : pipes[0], part, sizeof part)) > 0)
            buf_add(&seen, part, (size_t)n);
        const char *text = buf_string(&seen);
        assert_non_null(strstr(text, "the same 2 times more"));
        assert_non_null(strstr(text, "the same 1 time more"));
        assert_int_equal(strstr(text, "\r\033[K") != NULL, is_terminal);
        buf_close(&seen);
        close(pipes[0]);
        close(other);
    }
}

/* On a terminal lines are cut, but not what was found, and what a script says. */
static void test_what_is_cut(void **state)
{
    static const struct {
        enum event_kind kind;
        bool is_cut;
    } CASES[] = {{EVENT_TIMER, true},      {EVENT_LOG, false}, {EVENT_CHECK, false},
                 {EVENT_VIOLATION, false}, {EVENT_TLS, true},  {EVENT_FRAME, true}};
    char words[200];
    int other, terminal = open_terminal(&other);
    (void)state;
    set("TERM", "xterm");
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct ladder l;
        struct event e = frame_of("SessionStopReq");
        e.kind = CASES[i].kind;
        e.text = words;
        e.ok = false;
        ladder_open(&l, terminal, 0);
        ladder_event(&l, &e);
        const char *x = strstr(buf_string(&l.outlet.out), "xxx");
        if ((x == NULL || strspn(x, "x") < sizeof words - 1) != CASES[i].is_cut)
            fail_msg("%zu: %s", i, buf_string(&l.outlet.out));
        ladder_close(&l);
    }
    close(terminal);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_link_frames),
        cmocka_unit_test(test_terminals),
        cmocka_unit_test(test_locales),
        cmocka_unit_test(test_cut_lines),
        cmocka_unit_test(test_frames_without_a_name),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_what_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
