/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/lab.h"
#include "wire/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 3000
#define OWN_NETWORK "/proc/thread-self/ns/net"
#define VARIABLE "V2GLAB_LAB" /* of lab_exec's children: "PID:FD:FD", the namespaces of the sides */

/* ORDER LAB_SIDE, from LAB_EV; two of each cable */
static const struct end {
    const char *interface;
    uint8_t mac[6]; /* the address is made from it, as the standard way (EUI-64) has it */
} ENDS[] = {
    {LAB_EV_INTERFACE, {2, 0, 0, 0, 0, 0xE1}},
    {LAB_EVSE_INTERFACE, {2, 0, 0, 0, 0, 0xE2}},
    {LAB_EV_INTERFACE_2, {2, 0, 0, 0, 0, 0xE3}},
    {LAB_EVSE_INTERFACE_2, {2, 0, 0, 0, 0, 0xE4}},
};

bool lab_is_station(const char *interface)
{
    return strncmp(interface, "evse", 4) == 0;
}

unsigned lab_cable_of(const char *interface)
{
    if (strncmp(interface, "ev", 2) != 0)
        return 0;
    const char *number = interface + (lab_is_station(interface) ? 4 : 2);
    size_t digits = strspn(number, "0123456789");
    bool is_number = digits > 0 && number[digits] == '\0' && (number[0] != '0' || digits == 1);
    unsigned long n = is_number ? strtoul(number, NULL, 10) : LAB_CABLES;
    return n < LAB_CABLES ? (unsigned)n + 1 : 0;
}

void lab_gates_set(struct lab_gates *g, unsigned vehicle, unsigned station, bool is_open)
{
    uint16_t bit = (uint16_t)(1u << station);
    g->is_gated[vehicle] |= bit;
    g->is_open[vehicle] =
        (uint16_t)(is_open ? g->is_open[vehicle] | bit : g->is_open[vehicle] & ~bit);
}

bool lab_gates_join(const struct lab_gates *g, unsigned vehicle, unsigned station)
{
    bool is_gated = g->is_gated[vehicle] >> station & 1;
    return is_gated ? g->is_open[vehicle] >> station & 1 : vehicle == station;
}

bool lab_gates_has_link(const struct lab_gates *g, unsigned number, bool is_station)
{
    for (unsigned i = 1; i <= LAB_CABLES; i++)
        if (lab_gates_join(g, is_station ? i : number, is_station ? number : i))
            return true;
    return false;
}

/* A process is in one lab at most, as it has one network. */
static struct {
    enum lab_side home; /* on which it came in */
    bool has_user;      /* a user namespace was made for it */
    int networks[3];    /* ORDER LAB_SIDE, from LAB_EV; the last one where there is a line */
} lab = {.networks = {-1, -1, -1}};

/* The system switches networks for a thread, which begins where its maker is: at home. */
static _Thread_local enum lab_side away;

enum lab_side lab_current(void)
{
    return away != LAB_NONE ? away : lab.home;
}

bool lab_is_near(void)
{
    return getenv(VARIABLE) != NULL;
}

enum lab_side lab_side_of(const char *interface)
{
    /* the longest first */
    static const struct {
        const char *prefix;
        enum lab_side side;
    } NAMES[] = {{LAB_LINE_PREFIX, LAB_LINE}, {"evse", LAB_EVSE}, {"ev", LAB_EV}};
    if (lab.home == LAB_NONE || interface == NULL)
        return LAB_NONE;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strncmp(interface, NAMES[i].prefix, strlen(NAMES[i].prefix)) == 0)
            return NAMES[i].side;
    return LAB_NONE;
}

bool lab_has_line(void)
{
    return lab.networks[2] >= 0;
}

enum lab_side lab_on(enum lab_side side)
{
    enum lab_side before = lab_current();
    if (side == before || side == LAB_NONE || before == LAB_NONE)
        return before;
    if (setns(lab.networks[side - LAB_EV], CLONE_NEWNET) == 0)
        away = side; /* else the interface will not be found, and that is said */
    return before;
}

void lab_leave(void)
{
    for (int i = 0; i < 3; i++) {
        if (lab.networks[i] >= 0)
            close(lab.networks[i]);
        lab.networks[i] = -1;
    }
    lab.home = away = LAB_NONE;
}

/* ---- making one ---- */

/* The switches that are known to forbid it, with how to set them; the first that does is told. */
static const struct {
    const char *file, *forbids, *advice;
} SWITCHES[] = {
    {"/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
     "kernel.apparmor_restrict_unprivileged_userns=0"},
    {"/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000"},
    {"/proc/sys/user/max_net_namespaces", "0", "user.max_net_namespaces=10000"},
};

static bool switch_is(const char *file, const char *value)
{
    char text[32] = "";
    FILE *f = fopen(file, "re");
    if (f == NULL)
        return false;
    bool is = fgets(text, sizeof text, f) != NULL && atoi(text) == atoi(value);
    fclose(f);
    return is;
}

static int lab_forbidden(const char *what, int number, struct err *e)
{
    for (size_t i = 0; i < sizeof SWITCHES / sizeof *SWITCHES; i++)
        if (switch_is(SWITCHES[i].file, SWITCHES[i].forbids))
            return err_set(e,
                           "lab: the system forbids %s: `sudo sysctl -w %s` allows it, or run "
                           "as root; --peer [::1]:PORT works without a lab",
                           what, SWITCHES[i].advice);
    return err_set(e,
                   "lab: the system forbids %s: %s. Run as root, or in a container that may "
                   "(docker run --privileged, or --cap-add SYS_ADMIN with seccomp=unconfined); "
                   "--peer [::1]:PORT works without a lab",
                   what, strerror(number));
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, text, strlen(text));
    int number = errno;
    close(fd);
    errno = number;
    return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* A user namespace in which the user has the same ids as outside. */
static int lab_new_user(struct err *e)
{
    char uid[32], gid[32];
    snprintf(uid, sizeof uid, "%u %u 1", geteuid(), geteuid());
    snprintf(gid, sizeof gid, "%u %u 1", getegid(), getegid());
    if (unshare(CLONE_NEWUSER) != 0) {
        if (errno == EINVAL)
            return err_set(e, "lab: a process with one thread is needed to make one");
        return lab_forbidden("user namespaces", errno, e);
    }
    write_file("/proc/self/setgroups", "deny"); /* needed for gid_map; old kernels have no such */
    if (write_file("/proc/self/uid_map", uid) != 0 || write_file("/proc/self/gid_map", gid) != 0)
        return lab_forbidden("the user id in a user namespace", errno, e);
    lab.has_user = true;
    return 0;
}

static bool may_make_network(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    const uint32_t needed = 1u << CAP_SYS_ADMIN | 1u << CAP_NET_ADMIN;
    return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & needed) == needed;
}

/* A new network for this thread; the descriptor that names it, or -1. */
static int lab_new_network(struct err *e)
{
    if (unshare(CLONE_NEWNET) != 0)
        return lab_forbidden("network namespaces", errno, e);
    int fd = open(OWN_NETWORK, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, "lab: %s: %s; is /proc mounted?", OWN_NETWORK, strerror(errno));
    return fd;
}

static int lab_ask(struct netlink *m, const char *what, const char *interface, struct err *e)
{
    int number = netlink_ask(m);
    if (number == 0)
        return 0;
    const char *advice = "";
    if (number == EOPNOTSUPP)
        advice = "; the kernel needs the module veth (`sudo modprobe veth`)";
    else if (number == EACCES || number == EAFNOSUPPORT)
        advice = "; is IPv6 switched off in this system?";
    return err_set(e, "lab: %s %s: %s%s", what, interface, strerror(number), advice);
}

static int lab_up(const char *interface, struct err *e)
{
    struct netlink m;
    struct ifinfomsg body = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    netlink_begin(&m, RTM_NEWLINK, 0, &body, sizeof body);
    netlink_put(&m, IFLA_IFNAME, interface, strlen(interface) + 1);
    return lab_ask(&m, "starting the interface", interface, e);
}

static void put_end(struct netlink *m, const struct end *end)
{
    netlink_put(m, IFLA_IFNAME, end->interface, strlen(end->interface) + 1);
    netlink_put(m, IFLA_ADDRESS, end->mac, sizeof end->mac);
}

/* A cable: its first end here, the second one in the other network. */
static int lab_cable(const struct end *ends, int other, struct err *e)
{
    struct netlink m;
    struct ifinfomsg body = {0};
    netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    put_end(&m, &ends[0]);
    size_t info = netlink_nest(&m, IFLA_LINKINFO);
    netlink_put(&m, IFLA_INFO_KIND, "veth", 4);
    size_t data = netlink_nest(&m, IFLA_INFO_DATA), peer = netlink_nest(&m, VETH_INFO_PEER);
    netlink_raw(&m, &body, sizeof body);
    put_end(&m, &ends[1]);
    netlink_put(&m, IFLA_NET_NS_FD, &other, sizeof other);
    netlink_end(&m, peer);
    netlink_end(&m, data);
    netlink_end(&m, info);
    return lab_ask(&m, "making the cable with", ends[0].interface, e);
}

static void address_of(const struct end *end, uint8_t ip[16])
{
    const uint8_t *mac = end->mac;
    const uint8_t made[16] = {0xFE,       0x80,   0,      0,    0,    0,      0,      0,
                              mac[0] ^ 2, mac[1], mac[2], 0xFF, 0xFE, mac[3], mac[4], mac[5]};
    memcpy(ip, made, sizeof made);
}

/*
 * The address is put by hand and without the search for duplicates, which would keep it from being
 * used for the first second or two. Where the kernel then adds its own, that is the same one.
 */
static int lab_address(const struct end *end, struct err *e)
{
    struct netlink m;
    uint8_t ip[16];
    uint32_t flags = IFA_F_NODAD | IFA_F_PERMANENT;
    struct ifaddrmsg body = {.ifa_family = AF_INET6,
                             .ifa_prefixlen = 64,
                             .ifa_scope = RT_SCOPE_LINK,
                             .ifa_flags = IFA_F_NODAD,
                             .ifa_index = if_nametoindex(end->interface)};
    address_of(end, ip);
    netlink_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    netlink_put(&m, IFA_LOCAL, ip, sizeof ip);
    netlink_put(&m, IFA_ADDRESS, ip, sizeof ip);
    netlink_put(&m, IFA_FLAGS, &flags, sizeof flags);
    return lab_ask(&m, "giving its address to", end->interface, e);
}

/* The kernel is asked to make no address of its own; where it cannot, nothing is lost. */
static void lab_no_own_address(const struct end *end)
{
    struct netlink m;
    struct ifinfomsg body = {0};
    uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
    netlink_begin(&m, RTM_NEWLINK, 0, &body, sizeof body);
    netlink_put(&m, IFLA_IFNAME, end->interface, strlen(end->interface) + 1);
    size_t families = netlink_nest(&m, IFLA_AF_SPEC), inet6 = netlink_nest(&m, AF_INET6);
    netlink_put(&m, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
    netlink_end(&m, inet6);
    netlink_end(&m, families);
    netlink_ask(&m);
}

static int lab_start(const struct end *end, struct err *e)
{
    lab_on(lab_side_of(end->interface));
    lab_no_own_address(end);
    return lab_up("lo", e) != 0 ? -1 : lab_up(end->interface, e);
}

/* The kernel notices a little later that both ends are up, and drops packets until then. */
static bool lab_is_running(const struct end *end)
{
    struct netlink m;
    struct ifinfomsg body = {.ifi_index = (int)if_nametoindex(end->interface)};
    netlink_begin(&m, RTM_GETLINK, 0, &body, sizeof body);
    if (netlink_ask(&m) != 0 || m.n < NLMSG_HDRLEN + sizeof body)
        return false;
    memcpy(&body, m.p + NLMSG_HDRLEN, sizeof body);
    return (body.ifi_flags & IFF_RUNNING) != 0;
}

/*
 * It also joins a little later the group in which others ask for the address; who asks before that
 * asks again after a second only.
 */
static bool lab_is_in_group(const struct end *end)
{
    char line[160], interface[24], group[40], expected[40];
    bool is_in = false;
    FILE *f = fopen("/proc/thread-self/net/igmp6", "re");
    if (f == NULL)
        return true; /* not worth an error */
    snprintf(expected, sizeof expected, "ff0200000000000000000001ff%02x%02x%02x", end->mac[3],
             end->mac[4], end->mac[5]);
    while (!is_in && fgets(line, sizeof line, f) != NULL)
        is_in = sscanf(line, "%*d %23s %39s", interface, group) == 2 &&
                strcmp(interface, end->interface) == 0 && strcmp(group, expected) == 0;
    fclose(f);
    return is_in;
}

static int lab_wait(const struct end *end, bool (*is_ready)(const struct end *), struct err *e)
{
    const struct timespec pause = {.tv_nsec = 500000};
    for (int i = 0; i < WAIT_MS * 2; i++) {
        if (is_ready(end))
            return 0;
        nanosleep(&pause, NULL);
    }
    return err_set(e, "lab: %s is not ready after %d ms", end->interface, WAIT_MS);
}

static int lab_finish(const struct end *end, struct err *e)
{
    lab_on(lab_side_of(end->interface));
    if (lab_wait(end, lab_is_running, e) != 0 || lab_address(end, e) != 0)
        return -1;
    return lab_wait(end, lab_is_in_group, e);
}

/* A cable from the side of its first end, which is on afterwards, to that of the second one. What a
 * line has needs no address. */
static int lab_lay(const struct end *ends, struct err *e)
{
    enum lab_side near = lab_side_of(ends[0].interface), far = lab_side_of(ends[1].interface);
    lab_on(near);
    if (lab_cable(ends, lab.networks[far - LAB_EV], e) != 0 || lab_start(&ends[1], e) != 0 ||
        lab_start(&ends[0], e) != 0 || (far != LAB_LINE && lab_finish(&ends[1], e) != 0))
        return -1;
    return lab_finish(&ends[0], e);
}

int lab_second_cable(struct err *e)
{
    enum lab_side before = lab_on(LAB_EV);
    bool is_there = if_nametoindex(ENDS[2].interface) != 0;
    int bad = is_there ? 0 : lab_lay(&ENDS[2], e);
    lab_on(before);
    return bad;
}

/* The networks, the last one of them the vehicle's, which the process is in then. */
static int lab_make_networks(bool has_line, struct err *e)
{
    if (!may_make_network() && lab_new_user(e) != 0)
        return -1;
    for (int i = has_line ? 2 : 1; i >= 0; i--) {
        lab.networks[i] = lab_new_network(e);
        if (lab.networks[i] < 0)
            return -1;
    }
    lab.home = LAB_EV;
    return 0;
}

static int lab_make(struct err *e)
{
    return lab_make_networks(false, e) != 0 ? -1 : lab_lay(&ENDS[0], e);
}

/* ---- with a power line ---- */

/*
 * What a line carries are whole frames: the kernel is to cut and sum up by itself what it would
 * leave to the hardware of the other end. Where it cannot, TCP over the line fails, which shows.
 */
static void lab_no_offload(const char *interface)
{
    static const uint32_t SWITCHES_OFF[] = {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (size_t i = 0; fd >= 0 && i < sizeof SWITCHES_OFF / sizeof *SWITCHES_OFF; i++) {
        struct ethtool_value off = {.cmd = SWITCHES_OFF[i]};
        struct ifreq request = {.ifr_data = (char *)&off};
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
        ioctl(fd, SIOCETHTOOL, &request);
    }
    if (fd >= 0)
        close(fd);
}

int lab_wire(const char *name, const uint8_t mac[6], struct err *e)
{
    char far_name[IF_NAMESIZE + sizeof LAB_LINE_PREFIX];
    struct end ends[2] = {{.interface = name}, {.interface = far_name}};
    enum lab_side before = lab_current();
    memcpy(ends[0].mac, mac, sizeof ends[0].mac);
    memcpy(ends[1].mac, mac, sizeof ends[1].mac);
    ends[1].mac[1] = 0xFF; /* another one; nobody sends from it */
    if (snprintf(far_name, sizeof far_name, LAB_LINE_PREFIX "%s", name) >= IF_NAMESIZE)
        return err_set(e, "lab: %s: expected a name of %d characters at most", name,
                       IF_NAMESIZE - (int)sizeof LAB_LINE_PREFIX);
    int bad = lab_lay(ends, e);
    if (bad == 0)
        lab_no_offload(name);
    lab_on(before);
    return bad;
}

int lab_enter_line(struct err *e)
{
    if (lab.home != LAB_NONE && lab_has_line())
        return 0;
    if (lab.home != LAB_NONE || lab_is_near())
        return err_set(e,
                       "lab: there is a lab here already, whose cable is no power line; expected "
                       "a bench outside of it (in a lab with one: --slac ev0, --slac evse0)");
    if (lab_make_networks(true, e) == 0)
        return 0;
    lab_leave();
    return -1;
}

/* ---- joining one ---- */

static int lab_open_near(long pid, int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", pid, fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int lab_join(const char *where, struct err *e)
{
    long pid;
    int fds[2];
    struct stat own, side;
    if (sscanf(where, "%ld:%d:%d", &pid, &fds[0], &fds[1]) != 3 || stat(OWN_NETWORK, &own) != 0)
        return err_set(e, "lab: %s=%.40s: expected PID:FD:FD as `v2glab lab` sets it", VARIABLE,
                       where);
    for (int i = 0; i < 2; i++) {
        lab.networks[i] = lab_open_near(pid, fds[i]);
        if (lab.networks[i] < 0 || fstat(lab.networks[i], &side) != 0)
            return err_set(e,
                           "lab: the lab of process %ld cannot be joined: %s; has its "
                           "`v2glab lab` ended? (unset %s to make a new one)",
                           pid, strerror(errno), VARIABLE);
        if (side.st_ino == own.st_ino && side.st_dev == own.st_dev)
            lab.home = LAB_EV + (enum lab_side)i;
    }
    if (lab.home == LAB_NONE)
        return err_set(e, "lab: %s names a lab that this process is not in; unset it", VARIABLE);
    return 0;
}

int lab_enter(struct err *e)
{
    if (lab.home != LAB_NONE)
        return 0;
    const char *near = getenv(VARIABLE);
    int result = near != NULL ? lab_join(near, e) : lab_make(e);
    if (result != 0)
        lab_leave();
    return result;
}

/* ---- running a command in it ---- */

/*
 * Lets the command keep the rights over the lab, which exec would take from anybody but root
 * (ambient capabilities). Only those of our own user namespace: they are worth nothing outside.
 */
static void lab_keep_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    if (!lab.has_user || syscall(SYS_capget, &header, data) != 0)
        return;
    for (int i = 0; i < 2; i++)
        data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &header, data) != 0)
        return;
    for (unsigned long c = 0; c <= 63; c++)
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
}

static void lab_child(enum lab_side side, char *const argv[], const char *where)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* without this process there is no lab */
    char *shell = getenv("SHELL");
    char *const fallback[] = {shell != NULL && *shell != '\0' ? shell : "/bin/sh", NULL};
    if (argv == NULL || argv[0] == NULL)
        argv = fallback;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* who ends `v2glab lab` means its command */
    lab_on(side);
    lab_keep_rights();
    setenv(VARIABLE, where, 1);
    execvp(argv[0], argv);
    fprintf(stderr, "v2glab: lab: %s: %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

long lab_spawn(enum lab_side side, char *const argv[], struct err *e)
{
    char where[64];
    if (lab_enter(e) != 0)
        return -1;
    snprintf(where, sizeof where, "%ld:%d:%d", (long)getpid(), lab.networks[0], lab.networks[1]);
    pid_t child = fork();
    if (child < 0)
        return err_set(e, "lab: no new process: %s", strerror(errno));
    if (child == 0)
        lab_child(side, argv, where);
    return child;
}

int lab_exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int lab_exec(enum lab_side side, char *const argv[], struct err *e)
{
    pid_t child = (pid_t)lab_spawn(side, argv, e);
    if (child < 0)
        return -1;
    /* Ctrl-C is for the command; this process must stay to hold the lab. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    return lab_exit_code(status);
}
