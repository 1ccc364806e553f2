/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the system that say no while a lab is made, joined and used; commands in one of a user's
 * own, power lines, and a cable that is pulled.
 */
#include "calls_system.h"

#include "wire/ether.h"
#include "wire/lab.h"
#include "wire/link_watch.h"
#include "wire/sdp.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

/* ---- labs ---- */

/* Ends the child with a line that says where; cmocka's own way is the parent's. */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* A process has one lab in its life: each is made in a child. */
static int in_child(int (*body)(const void *context), const void *context)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        _exit(body(context));
    }
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int make_lab(const void *context)
{
    struct err e = ERR_INIT;
    (void)context;
    return lab_enter(&e) == 0 ? 0 : 1;
}

#define USER                                                                                       \
    {                                                                                              \
        "syscall", EPERM                                                                           \
    } /* it has no right to make a network, so it becomes a user of its own */

/* What is refused while a lab is made, and the beginning of what is said; NULL: it is made. */
static const struct refused_lab {
    struct {
        const char *call;
        int error;
    } call[3];
    const char *text;
} LABS[] = {
    {{USER}, NULL},
    {{USER, {"unshare", EPERM}}, "lab: the system forbids user namespaces: "},
    {{USER, {"unshare", EINVAL}}, "lab: a process with one thread is needed to make one"},
    {{USER, {"open", ENOENT}, {"open", EACCES}},
     "lab: the system forbids the user id in a user namespace: "},
    {{USER, {"write", EPERM}, {"write", EPERM}},
     "lab: the system forbids the user id in a user namespace: "},
    {{{"unshare", EPERM}}, "lab: the system forbids network namespaces: "},
    {{{"open", ENOENT}},
     "lab: /proc/thread-self/ns/net: No such file or directory; is /proc mounted?"},
    {{{"socket", EAFNOSUPPORT}},
     "lab: making the cable with ev0: Address family not supported by protocol; is IPv6 switched "
     "off in this system?"},
    {{{"sendto", EOPNOTSUPP}},
     "lab: making the cable with ev0: Operation not supported; the kernel needs the module veth"},
    {{{"sendto", EACCES}},
     "lab: making the cable with ev0: Permission denied; is IPv6 switched off in this system?"},
    {{{"recv", EBUSY}}, "lab: making the cable with ev0: Device or resource busy"},
    {{{"recv", EINTR}}, NULL}, /* it goes on */
    {{{"fopen", EMFILE}}, NULL},
};

static int make_refused_lab(const void *context)
{
    const struct refused_lab *c = context;
    struct err e = ERR_INIT;
    for (unsigned i = 0; i < COUNT(c->call) && c->call[i].call != NULL; i++)
        calls_refuse_next(c->call[i].call, c->call[i].error);
    int bad = lab_enter(&e);
    must(calls_calm());
    if (c->text == NULL) {
        must(bad == 0 && lab_current() == LAB_EV);
        return 0;
    }
    if (strncmp(e.what, c->text, strlen(c->text)) != 0)
        fprintf(stderr, "expected %s, found %s\n", c->text, e.what);
    must(bad == -1 && strncmp(e.what, c->text, strlen(c->text)) == 0);
    must(lab_current() == LAB_NONE);
    return 0;
}

static void each_step_of_a_lab_says_what_is_wrong(void **state)
{
    (void)state;
    if (geteuid() != 0 || in_child(make_lab, NULL) != 0)
        skip();
    for (size_t i = 0; i < COUNT(LABS); i++)
        if (in_child(make_refused_lab, &LABS[i]) != 0)
            fail_msg("case %zu", i);
}

/* ---- commands of a user who made a network of his own ---- */

static const struct command {
    const char *shell, *argv[4]; /* $SHELL; argv of none: it is the command */
    const char *refused;         /* a call, in the command's process or in ours */
    int error, code;
} COMMANDS[] = {
    {"/bin/false", {NULL}, NULL, 0, 1},
    {"", {"sh", "-c", "exit 7"}, NULL, 0, 7},
    {NULL, {"/no/such/command"}, NULL, 0, 127},
    {NULL, {"/dev/null"}, NULL, 0, 126},
    {NULL, {"sh", "-c", "grep -q '^CapAmb:.*[1-9a-f]' /proc/self/status"}, NULL, 0, 0},
    {NULL, {"sh", "-c", "grep -q '^CapAmb:.*[1-9a-f]' /proc/self/status"}, "syscall", EPERM, 1},
    {NULL, {"true"}, "waitpid", EINTR, 0},
    {NULL, {"true"}, "fork", EAGAIN, -1},
};

static int run_command(const void *context)
{
    const struct command *c = context;
    struct err e = ERR_INIT;
    calls_refuse_next("syscall", EPERM);
    must(lab_enter(&e) == 0);
    must(freopen("/dev/null", "w", stderr) != NULL);
    if (c->shell != NULL)
        setenv("SHELL", c->shell, 1);
    else
        unsetenv("SHELL");
    if (c->refused != NULL)
        calls_refuse_next(c->refused, c->error);
    char *argv[4];
    for (unsigned i = 0; i < 4; i++)
        argv[i] = (char *)(uintptr_t)c->argv[i];
    int code = lab_exec(LAB_EVSE, argv, &e);
    must(code == c->code);
    must(code != -1 ||
         strcmp(e.what, "lab: no new process: Resource temporarily unavailable") == 0);
    return 0;
}

/* The user's shell, or /bin/sh; nothing to read for it. */
static int run_shells(const void *context)
{
    struct err e = ERR_INIT;
    (void)context;
    must(freopen("/dev/null", "r", stdin) != NULL);
    must(lab_enter(&e) == 0);
    setenv("SHELL", "/bin/false", 1);
    must(lab_exec(LAB_EV, NULL, &e) == 1);
    setenv("SHELL", "", 1);
    must(lab_exec(LAB_EV, NULL, &e) == 0);
    unsetenv("SHELL");
    must(lab_exec(LAB_EV, NULL, &e) == 0);
    return 0;
}

static int run_without_lab(const void *context)
{
    char *const nothing[] = {(char *)(uintptr_t) "true", NULL};
    struct err e = ERR_INIT;
    (void)context;
    calls_refuse_next("unshare", EPERM);
    must(lab_exec(LAB_EV, nothing, &e) == -1);
    must(strstr(e.what, "the system forbids network namespaces") != NULL);
    return 0;
}

static void commands_in_a_lab(void **state)
{
    (void)state;
    if (geteuid() != 0 || in_child(make_lab, NULL) != 0)
        skip();
    for (size_t i = 0; i < COUNT(COMMANDS); i++)
        if (in_child(run_command, &COMMANDS[i]) != 0)
            fail_msg("case %zu", i);
    assert_int_equal(in_child(run_shells, NULL), 0);
    assert_int_equal(in_child(run_without_lab, NULL), 0);
}

/* ---- power lines ---- */

static int enter_lines(const void *context)
{
    static const uint8_t MAC[6] = {2, 0, 0, 0, 0, 0xE7};
    struct err e = ERR_INIT;
    (void)context;
    must(lab_enter_line(&e) == 0);
    must(lab_enter_line(&e) == 0 && lab_has_line()); /* once more is the same one */
    must(lab_wire("evse4567890", MAC, &e) == -1);
    must(strcmp(e.what, "lab: evse4567890: expected a name of 10 characters at most") == 0);
    lab_leave();
    e = ERR_INIT;
    must(lab_enter(&e) == 0);
    must(lab_enter_line(&e) == -1);
    must(strstr(e.what, "there is a lab here already, whose cable is no power line") != NULL);
    return 0;
}

static void power_lines(void **state)
{
    (void)state;
    if (geteuid() != 0 || in_child(make_lab, NULL) != 0)
        skip();
    assert_int_equal(in_child(enter_lines, NULL), 0);
}

/* ---- a cable that is pulled ---- */

struct pulled {
    struct world *world;
    unsigned changes;
    bool is_up;
};

static void link_changed(void *context, bool is_up)
{
    struct pulled *p = context;
    p->changes++;
    p->is_up = is_up;
}

static void no_frame(void *context, struct slice frame)
{
    (void)context;
    (void)frame;
}

static void no_datagram(void *context, struct sdp_socket *socket, const struct endpoint *from,
                        const struct endpoint *to, struct slice bytes)
{
    (void)context;
    (void)socket;
    (void)from;
    (void)to;
    (void)bytes;
}

/* `ip link set` of ev0, and turns of the loop until the watch has told it. */
static void pull(struct pulled *p, bool is_up)
{
    unsigned before = p->changes;
    struct ifreq ask = {.ifr_name = LAB_EV_INTERFACE};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    must(fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &ask) == 0);
    ask.ifr_flags = (short)(is_up ? ask.ifr_flags | IFF_UP : ask.ifr_flags & ~IFF_UP);
    must(ioctl(fd, SIOCSIFFLAGS, &ask) == 0);
    close(fd);
    while (p->changes == before)
        must(world_turn(p->world, true));
    must(p->is_up == is_up);
}

/* What is open on the interface goes on when it is up again. */
static int pull_cable(const void *context)
{
    struct pulled p = {.changes = 0};
    struct err e = ERR_INIT;
    struct endpoint own;
    (void)context;
    must(lab_enter(&e) == 0);
    p.world = world_open(NULL, &e);
    struct link_watch *link = link_watch_open(p.world, LAB_EV_INTERFACE, link_changed, &p);
    struct ether_port *port =
        ether_open(p.world, LAB_EV_INTERFACE, ETHER_HOMEPLUG, no_frame, NULL, &e);
    struct sdp_socket *asker = sdp_open(p.world, LAB_EV_INTERFACE, NULL, no_datagram, NULL, &e);
    must(link != NULL && port != NULL && asker != NULL);
    pull(&p, false);
    must(endpoint_of_interface(LAB_EV_INTERFACE, &own, &e) == -1);
    must(strcmp(e.what, "interface ev0 is down: `ip link set ev0 up`") == 0);
    calls_refuse_next("recv", EINTR);
    pull(&p, true);
    calls_refuse_next("recv", ENOBUFS); /* notices were lost: what it is now is asked for */
    pull(&p, false);
    must(p.changes == 3);
    must(!link_plug(p.world, true)); /* a real cable */
    must(link_watch_open(p.world, "nowhere0", link_changed, &p) == NULL);
    link_watch_close(link);
    ether_close(port);
    sdp_close(asker);
    return world_close(p.world);
}

static void a_cable_is_pulled(void **state)
{
    (void)state;
    if (geteuid() != 0 || in_child(make_lab, NULL) != 0)
        skip();
    assert_int_equal(in_child(pull_cable, NULL), 0);
}

/* ---- all of a lab ---- */

static int own_network;

/* A memory_run: a lab with all that it can have, and the way home. */
static int make_everything(void *context, struct err *e)
{
    static const uint8_t MAC[6] = {2, 0, 0, 0, 0, 0xE7};
    char *const nothing[] = {(char *)(uintptr_t) "true", NULL};
    struct endpoint own;
    bool has_line = *(const bool *)context;
    int bad = has_line ? lab_enter_line(e) : lab_enter(e);
    if (bad == 0)
        bad = has_line ? lab_wire("ev0", MAC, e) : lab_second_cable(e);
    if (bad == 0)
        bad = endpoint_of_interface("ev0", &own, e);
    if (bad == 0) {
        int code = has_line ? 0 : lab_exec(LAB_EVSE, nothing, e);
        must(code == 0 || code == -1);
        bad = code;
    }
    calls_calm();
    lab_leave();
    must(lab_current() == LAB_NONE && !lab_has_line());
    must(setns(own_network, CLONE_NEWNET) == 0);
    return bad;
}

static int refuse_everything(const void *context)
{
    own_network = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    must(own_network >= 0);
    calls_spared[0] = "syscall"; /* as a user of its own it would not come home */
    calls_spared[1] = "setns";   /* it would wait for three seconds each time */
    must(calls_refuse_each("lab", EPERM, make_everything, (void *)(uintptr_t)context) > 15);
    close(own_network);
    return 0;
}

static void labs_of_both_kinds(void **state)
{
    static const bool HAS_LINE[] = {false, true};
    (void)state;
    if (geteuid() != 0 || in_child(make_lab, NULL) != 0)
        skip();
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(in_child(refuse_everything, &HAS_LINE[i]), 0);
}

/* ---- what a command in a lab hands on, and lies about it ---- */

static const struct joined_lab {
    const char *where, *text;
} JOINS[] = {
    {"", "lab: V2GLAB_LAB=: expected PID:FD:FD as `v2glab lab` sets it"},
    {"1:2", "lab: V2GLAB_LAB=1:2: expected PID:FD:FD"},
    {"x:1:2", "lab: V2GLAB_LAB=x:1:2: expected PID:FD:FD"},
    {"999999999:3:4",
     "lab: the lab of process 999999999 cannot be joined: No such file or directory; has its "
     "`v2glab lab` ended? (unset V2GLAB_LAB to make a new one)"},
    {NULL, "lab: V2GLAB_LAB names a lab that this process is not in; unset it"},
};

static int join_lab(const void *context)
{
    const struct joined_lab *c = context;
    struct err e = ERR_INIT;
    char where[64];
    int null = open("/dev/null", O_RDONLY);
    snprintf(where, sizeof where, "%d:%d:%d", getpid(), null, null);
    setenv("V2GLAB_LAB", c->where == NULL ? where : c->where, 1);
    must(lab_is_near());
    must(lab_enter(&e) == -1);
    must(strncmp(e.what, c->text, strlen(c->text)) == 0);
    must(lab_current() == LAB_NONE);
    e = ERR_INIT;
    must(lab_enter_line(&e) == -1);
    must(strstr(e.what, "there is a lab here already, whose cable is no power line") != NULL);
    return 0;
}

static void a_lab_that_is_not_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(JOINS); i++)
        if (in_child(join_lab, &JOINS[i]) != 0)
            fail_msg("case %zu", i);
}

/* ---- names of interfaces ---- */

static void names_of_interfaces(void **state)
{
    static const struct {
        const char *name;
        unsigned cable;
    } NAMES[] = {{"ev0", 1},   {"evse0", 1},
                 {"ev14", 15}, {"evse14", 15},
                 {"ev15", 0},  {"ev", 0},
                 {"evse", 0},  {"ev00", 0},
                 {"ev01", 0},  {"ev1x", 0},
                 {"eth0", 0},  {"", 0},
                 {"ev-1", 0},  {"ev99999999999999999999", 0}};
    struct lab_gates g = {{0}, {0}};
    (void)state;
    for (size_t i = 0; i < COUNT(NAMES); i++)
        assert_int_equal(lab_cable_of(NAMES[i].name), NAMES[i].cable);
    /* without gates each vehicle reaches its own station; behind one those whose gate is open */
    assert_true(lab_gates_has_link(&g, 2, false) && lab_gates_has_link(&g, 2, true));
    lab_gates_set(&g, 2, 2, false);
    assert_false(lab_gates_has_link(&g, 2, false) || lab_gates_has_link(&g, 2, true));
    lab_gates_set(&g, 2, 5, true);
    assert_true(lab_gates_has_link(&g, 2, false) && lab_gates_join(&g, 2, 5));
    assert_false(lab_gates_has_link(&g, 2, true) || lab_gates_join(&g, 2, 2));
    lab_gates_set(&g, 2, 5, false);
    assert_false(lab_gates_has_link(&g, 2, false));
    assert_int_equal(lab_side_of("ev0"), LAB_NONE); /* no lab */
    assert_int_equal(lab_side_of(NULL), LAB_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_of_a_lab_says_what_is_wrong),
        cmocka_unit_test(labs_of_both_kinds),
        cmocka_unit_test(commands_in_a_lab),
        cmocka_unit_test(power_lines),
        cmocka_unit_test(a_cable_is_pulled),
        cmocka_unit_test(a_lab_that_is_not_there),
        cmocka_unit_test(names_of_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
