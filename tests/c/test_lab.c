/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab: SDP over ff02::1 and TCP over link-local addresses between its two sides, in one
 * process, as root and as anybody else; and commands in it. Each test runs in a child, since a
 * process cannot leave a lab. Where the system forbids labs the tests are skipped, saying why.
 */
#include "wire/lab.h"
#include "wire/sdp.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <errno.h>
#include <grp.h>
#include <net/if.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SKIPPED 77
#define NOBODY 65534

/* Ends the child with a line that says where; cmocka's own way is the parent's. */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, strerror(errno));  \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void must_succeed(int result, const struct err *e)
{
    if (result != 0)
        fprintf(stderr, "%s\n", e->what);
    must(result == 0);
}

static void enter_or_skip(void)
{
    struct err e = ERR_INIT;
    if (lab_enter(&e) == 0)
        return;
    fprintf(stderr, "%s\n", e.what);
    must(strstr(e.what, "--peer [::1]:PORT works without a lab") != NULL);
    _exit(SKIPPED);
}

/* As if logged in as nobody: who changes the user id by hand has no right to /proc/self, too. */
static void become_nobody(void)
{
    must(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    must(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

/* Runs it in a child, as the user that the test has or as nobody. */
static void in_child(void (*body)(void), bool as_nobody)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        if (as_nobody && geteuid() == 0)
            become_nobody();
        body();
        exit(0);
    }
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- a session's start, between the two sides ---- */

struct meeting {
    struct world *world;
    struct sdp_socket *server;
    struct sdp_client *client;
    struct listener *listener;
    struct stream *ev, *evse;
    struct endpoint asker, group, secc;
    unsigned requests;
    bool was_answered, is_closed;
    char heard[2][16];
};

static void evse_asked(void *context, struct sdp_socket *s, const struct endpoint *from,
                       const struct endpoint *to, struct slice bytes)
{
    struct meeting *m = context;
    struct err e = ERR_INIT;
    uint8_t answer[16 + 2];
    must(bytes.n == 3 && memcmp(bytes.p, "who", 3) == 0);
    m->asker = *from;
    m->group = *to;
    memcpy(answer, listener_endpoint(m->listener)->ip, 16);
    memcpy(answer + 16, &listener_endpoint(m->listener)->port, 2);
    must_succeed(sdp_send(s, from, (struct slice){answer, sizeof answer}, &e), &e);
}

static void ev_asks(void *context, unsigned number, const struct endpoint *from,
                    const struct endpoint *to, struct slice bytes)
{
    struct meeting *m = context;
    (void)from;
    (void)to;
    must(bytes.n == 3);
    m->requests = number;
}

static void ev_opened(void *context, struct stream *s)
{
    struct err e = ERR_INIT;
    (void)context;
    must_succeed(stream_write(s, (struct slice){(const uint8_t *)"hello", 5}, &e), &e);
}

static void ev_data(void *context, struct stream *s, struct slice bytes)
{
    struct meeting *m = context;
    must(bytes.n < 16);
    memcpy(m->heard[0], bytes.p, bytes.n);
    stream_close(s, STREAM_FIN);
}

static const struct stream_events EV = {.opened = ev_opened, .data = ev_data};

static void evse_data(void *context, struct stream *s, struct slice bytes)
{
    struct meeting *m = context;
    struct err e = ERR_INIT;
    must(bytes.n < 16);
    memcpy(m->heard[1], bytes.p, bytes.n);
    must_succeed(stream_write(s, (struct slice){(const uint8_t *)"welcome", 7}, &e), &e);
}

static void evse_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    struct meeting *m = context;
    (void)why;
    must(end == STREAM_CLOSED);
    m->is_closed = true;
    stream_close(s, STREAM_FIN);
    listener_close(m->listener);
    sdp_close(m->server);
    sdp_client_close(m->client);
}

static const struct stream_events EVSE = {.data = evse_data, .closed = evse_closed};

static void evse_accepted(void *context, struct stream *s)
{
    struct meeting *m = context;
    m->evse = s;
    stream_use(s, &EVSE, m);
}

static const struct listener_events LISTENER = {.accepted = evse_accepted};

static bool ev_answered(void *context, const struct endpoint *from, const struct endpoint *to,
                        struct slice bytes, struct err *e)
{
    struct meeting *m = context;
    (void)from;
    (void)to;
    must(bytes.n == 18);
    m->was_answered = true;
    m->secc = (struct endpoint){.interface = LAB_EV_INTERFACE};
    memcpy(m->secc.ip, bytes.p, 16);
    memcpy(&m->secc.port, bytes.p + 16, 2);
    enum lab_side before = lab_on(lab_side_of(LAB_EV_INTERFACE));
    endpoint_learn_mac(&m->secc);
    lab_on(before);
    m->ev = stream_connect(m->world, &m->secc, 0, &EV, m, e);
    must_succeed(m->ev == NULL ? -1 : 0, e);
    return true;
}

static void ev_alone(void *context, const struct err *problem)
{
    (void)context;
    must_succeed(-1, problem);
}

/* Packets that an interface of the vehicle's side has received. */
static unsigned long packets_received(const char *interface)
{
    char line[256], name[32];
    unsigned long bytes, packets, found = 0;
    FILE *f = fopen("/proc/thread-self/net/dev", "r");
    must(f != NULL);
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, " %31[^:]: %lu %lu", name, &bytes, &packets) == 3 &&
            strcmp(name, interface) == 0)
            found = packets;
    fclose(f);
    return found;
}

static void expect_text(const struct endpoint *a, bool with_port, const char *expected)
{
    char text[ENDPOINT_TEXT];
    struct endpoint b = *a;
    if (!with_port)
        b.port = 0;
    endpoint_text(&b, text, sizeof text);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "expected %s, found %s\n", expected, text);
    must(strcmp(text, expected) == 0);
}

static void expect_mac(const struct endpoint *a, const char *mac)
{
    must(memcmp(a->mac, mac, 6) == 0);
}

static void meet(void)
{
    struct meeting m = {.requests = 0};
    struct err e = ERR_INIT;
    const struct sdp_client_options options = {.request = {(const uint8_t *)"who", 3}};
    const struct sdp_client_events asking = {ev_asks, ev_answered, ev_alone, NULL};
    const struct endpoint at = {.interface = LAB_EVSE_INTERFACE};
    m.world = world_open(NULL, &e);
    m.listener = stream_listen(m.world, &at, 0, &LISTENER, &m, &e);
    must_succeed(m.listener == NULL ? -1 : 0, &e);
    m.server = sdp_server_open(m.world, LAB_EVSE_INTERFACE, 0, evse_asked, &m, &e);
    must_succeed(m.server == NULL ? -1 : 0, &e);
    m.client = sdp_client_open(m.world, LAB_EV_INTERFACE, &options, &asking, &m, &e);
    must_succeed(m.client == NULL ? -1 : 0, &e);
    must(world_close(m.world) == 0);

    must(m.was_answered && m.is_closed);
    must(m.requests <= 2); /* one, but on a busy machine */
    must(strcmp(m.heard[0], "welcome") == 0 && strcmp(m.heard[1], "hello") == 0);
    expect_text(&m.asker, false, "[" LAB_EV_ADDRESS "%evse0]");
    must(m.asker.port >= 49152);
    expect_mac(&m.asker, "\2\0\0\0\0\xE1");
    expect_text(&m.group, true, "[ff02::1%evse0]:15118");
    expect_mac(&m.group, "\x33\x33\0\0\0\1");
    expect_text(&m.secc, false, "[" LAB_EVSE_ADDRESS "%ev0]");
    must(m.secc.port >= 49152);
    expect_mac(&m.secc, "\2\0\0\0\0\xE2");
}

static void meet_in_a_lab(void)
{
    enter_or_skip();
    unsigned long before = packets_received(LAB_EV_INTERFACE);
    meet();
    /* It went through the cable: SDP's answer, SYN ACK, one segment, FIN at least. */
    must(packets_received(LAB_EV_INTERFACE) >= before + 4);
    must(packets_received("lo") == 0);
    meet(); /* and again: nothing is left that is in the way */
}

static void the_sides_meet(void **state)
{
    (void)state;
    in_child(meet_in_a_lab, false);
}

static void the_sides_meet_without_root(void **state)
{
    (void)state;
    in_child(meet_in_a_lab, true);
}

/* ---- sides ---- */

static void look_at_the_sides(void)
{
    struct endpoint a;
    struct err e = ERR_INIT;
    must(lab_current() == LAB_NONE);
    must(lab_side_of("evse0") == LAB_NONE);
    must(lab_on(LAB_EVSE) == LAB_NONE && lab_current() == LAB_NONE);
    enter_or_skip();
    must(lab_enter(&e) == 0);
    must(lab_current() == LAB_EV);
    must(lab_side_of("evse0") == LAB_EVSE && lab_side_of("ev0") == LAB_EV);
    must(lab_side_of("eth0") == LAB_NONE && lab_side_of(NULL) == LAB_NONE);

    must_succeed(endpoint_of_interface("ev0", &a, &e), &e);
    expect_text(&a, false, "[" LAB_EV_ADDRESS "%ev0]");
    expect_mac(&a, "\2\0\0\0\0\xE1");
    must(endpoint_of_interface("evse0", &a, &e) == -1);
    must(strcmp(e.what,
                "interface: expected one of lo, ev0, found \"evse0\"; the nearest is ev0") == 0);

    e = ERR_INIT;
    enum lab_side before = lab_on(LAB_EVSE);
    must(before == LAB_EV && lab_current() == LAB_EVSE);
    must_succeed(endpoint_of_interface("evse0", &a, &e), &e);
    expect_text(&a, false, "[" LAB_EVSE_ADDRESS "%evse0]");
    must_succeed(endpoint_of_interface("lo", &a, &e), &e);
    must(lab_on(before) == LAB_EVSE && lab_current() == LAB_EV);
}

static void *look_from_a_thread(void *unused)
{
    (void)unused;
    must(lab_current() == LAB_EV);
    must(lab_on(LAB_EVSE) == LAB_EV && lab_current() == LAB_EVSE);
    must(if_nametoindex(LAB_EVSE_INTERFACE) != 0 && if_nametoindex(LAB_EV_INTERFACE) == 0);
    return NULL; /* without going home */
}

static void switch_in_a_thread(void)
{
    pthread_t thread;
    enter_or_skip();
    must(pthread_create(&thread, NULL, look_from_a_thread, NULL) == 0);
    must(pthread_join(thread, NULL) == 0);
    must(lab_current() == LAB_EV);
    must(if_nametoindex(LAB_EV_INTERFACE) != 0 && if_nametoindex(LAB_EVSE_INTERFACE) == 0);
}

static void each_thread_has_its_side(void **state)
{
    (void)state;
    in_child(switch_in_a_thread, false);
}

static void sides_are_switched(void **state)
{
    (void)state;
    in_child(look_at_the_sides, true);
}

/* ---- commands ---- */

static int run(enum lab_side side, const char *command)
{
    char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                          (char *)(uintptr_t)command, NULL};
    struct err e = ERR_INIT;
    int code = lab_exec(side, argv, &e);
    if (e.set)
        fprintf(stderr, "%s\n", e.what);
    return code;
}

static void run_commands(void)
{
    char *const missing[] = {(char *)(uintptr_t) "/no/such/command", NULL};
    char command[64];
    struct err e = ERR_INIT;
    enter_or_skip();
    must(run(LAB_EV, "grep -q ev0: /proc/$$/net/dev && ! grep -q evse0: /proc/$$/net/dev") == 0);
    must(run(LAB_EVSE, "grep -q evse0: /proc/$$/net/dev && ! grep -q ' ev0:' /proc/$$/net/dev") ==
         0);
    snprintf(command, sizeof command, "test $(id -u) = %u", getuid());
    must(run(LAB_EV, command) == 0);
    must(run(LAB_EV, "exit 5") == 5);
    must(run(LAB_EV, "kill -TERM $$") == 128 + 15);
    must(lab_current() == LAB_EV);
    must(freopen("/dev/null", "w", stderr) != NULL);
    must(lab_exec(LAB_EV, missing, &e) == 127);
}

static void commands_run_in_the_lab(void **state)
{
    (void)state;
    in_child(run_commands, false);
    in_child(run_commands, true);
}

static char own_path[4096];

/* This program again, within a command: it must join the lab, not make another. */
static void join_from_a_command(void)
{
    char command[4200];
    if (access(own_path, X_OK) != 0)
        _exit(SKIPPED); /* the repository lies where nobody may not look */
    enter_or_skip();
    must(!lab_is_near());
    snprintf(command, sizeof command, "'%s' join", own_path);
    must(run(LAB_EV, command) == 0);
    must(run(LAB_EVSE, command) == 0);
    snprintf(command, sizeof command, "V2GLAB_LAB=1:2 '%s' join 2>/dev/null; test $? != 0",
             own_path);
    must(run(LAB_EV, command) == 0);
}

static int join(void)
{
    struct err e = ERR_INIT;
    must(lab_is_near());
    must_succeed(lab_enter(&e), &e);
    unsigned long before = packets_received("ev0") + packets_received("evse0");
    must(before > 0 || lab_current() != LAB_NONE);
    meet();
    return 0;
}

static void a_command_joins_its_lab(void **state)
{
    (void)state;
    in_child(join_from_a_command, false);
    in_child(join_from_a_command, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sides_meet),           cmocka_unit_test(the_sides_meet_without_root),
        cmocka_unit_test(each_thread_has_its_side), cmocka_unit_test(sides_are_switched),
        cmocka_unit_test(commands_run_in_the_lab),  cmocka_unit_test(a_command_joins_its_lab),
    };
    if (argc == 2 && strcmp(argv[1], "join") == 0)
        return join();
    if (realpath(argv[0], own_path) == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
