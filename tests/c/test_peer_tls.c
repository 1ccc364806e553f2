/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vehicle and station with TLS, from SDP to supportedAppProtocol: who gets which port, what is
 * refused, and that the record of the run can be read without anything else.
 */
#include "app/capture.h"
#include "certs.h"
#include "record/record.h"
#include "session/peer.h"
#include "support.h"
#include "tls/tls.h"
#include "trust/pki_tree.h"
#include "wire/world.h"

#include <ftw.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 10000

static struct library library;
static char folder[64];
static char tree[96];

static int set_up(void **state)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    (void)state;
    library_open(&library);
    certs_folder(folder);
    snprintf(tree, sizeof tree, "%s/pki", folder);
    pki_tree_open(&t, tree);
    return pki_tree_make(&t, &e);
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *where)
{
    (void)s, (void)type, (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    library_close(&library);
    return 0;
}

/* A side that speaks TLS so: "auto", "1.2". */
static struct peer_options side(const char *version)
{
    struct peer_options o = {.security = 0x10};
    o.choice.said[TLS_KEY_VERSION] = version;
    o.choice.said[TLS_KEY_PKI] = tree;
    o.tls = tls_choice_mode(&o.choice, PEER_TLS_OFF);
    return o;
}

/* ---- the two of them ---- */

struct pair {
    struct world *world;
    struct timer limit;
    struct recorder recorder;
    struct peer evcc, secc;
    struct endpoint at[2]; /* where the station listens: plain, TLS */
    struct buf logs;
    unsigned wires, secrets, inside, outside;
};

static void look(void *context, const struct event *e)
{
    struct pair *p = context;
    if (e->kind == EVENT_LISTEN)
        p->at[strcmp(e->text, "TLS") == 0] = e->from;
    if (e->kind == EVENT_LOG || e->kind == EVENT_TLS || e->kind == EVENT_CLOSE)
        buf_printf(&p->logs, "%s %s\n", e->by, e->text);
    p->wires += e->kind == EVENT_WIRE;
    p->secrets += e->kind == EVENT_SECRET;
    p->inside += e->kind == EVENT_FRAME && e->is_inside;
    p->outside += e->kind == EVENT_FRAME && !e->is_inside && !e->is_udp;
}

static bool is_settled(const struct peer *p)
{
    return p->state == PEER_READY || p->state >= PEER_CLOSED;
}

static void too_long(void *data)
{
    const struct pair *p = data;
    fail_msg("nothing happens any more: %d (%s), %d (%s)", (int)p->evcc.state, p->evcc.problem.what,
             (int)p->secc.state, p->secc.problem.what);
}

static void pair_open(struct pair *p)
{
    struct err e = ERR_INIT;
    memset(p, 0, sizeof *p);
    p->world = world_open(NULL, &e);
    timer_start(p->world, &p->limit, LIMIT_MS, too_long, p);
    recorder_add(&p->recorder, look, p);
    peer_open(&p->evcc, FROM_EVCC, p->world, &library, &p->recorder, NULL, NULL);
    peer_open(&p->secc, FROM_SECC, p->world, &library, &p->recorder, NULL, NULL);
}

static void pair_run(struct pair *p, bool waits_for_secc)
{
    while (!is_settled(&p->evcc) || (waits_for_secc && !is_settled(&p->secc)))
        world_turn(p->world, true);
}

static void pair_close(struct pair *p)
{
    peer_disconnect(&p->evcc, false);
    for (int i = 0; i < 20; i++) /* the station takes the end in */
        world_turn(p->world, false);
    peer_close(&p->evcc);
    peer_close(&p->secc);
    timer_stop(&p->limit);
    assert_int_equal(world_close(p->world), 0);
    buf_close(&p->logs);
}

/* By address; the station's port is a free one. */
static void by_address(struct pair *p, const char *evcc, const char *secc, const char *protocol)
{
    struct err e = ERR_INIT;
    char address[ENDPOINT_TEXT];
    struct peer_options s = side(secc), v = side(evcc);
    s.address = "[::1]";
    s.protocol = v.protocol = protocol;
    if (peer_start(&p->secc, &s, &e) != 0)
        fail_msg("%s", e.what);
    endpoint_text(&p->at[s.tls != PEER_TLS_OFF], address, sizeof address);
    v.address = address;
    if (peer_start(&p->evcc, &v, &e) != 0)
        fail_msg("%s", e.what);
    pair_run(p, true);
}

static void assert_ready(const struct pair *p)
{
    if (p->evcc.state != PEER_READY || p->secc.state != PEER_READY)
        fail_msg("EVCC %d: %s; SECC %d: %s", (int)p->evcc.state, p->evcc.problem.what,
                 (int)p->secc.state, p->secc.problem.what);
}

/* ---- tests ---- */

static void both_versions_to_supported_app_protocol(void **state)
{
    (void)state;
    for (int is_20 = 0; is_20 < 2; is_20++) {
        struct pair p;
        pair_open(&p);
        by_address(&p, is_20 ? "1.3" : "1.2", "auto", is_20 ? "ISO15118-20" : "ISO15118-2");
        assert_ready(&p);
        assert_int_equal(tls_info(p.evcc.tls)->version, is_20 ? 0x0304 : 0x0303);
        assert_int_equal(p.inside, 4); /* two messages, each sent and received */
        assert_int_equal(p.outside, 0);
        assert_true(p.wires > 6 && p.secrets > 0);
        const char *logs = buf_string(&p.logs);
        assert_has(logs, "SECC TLS: ClientHello: TLS 1.");
        assert_has(logs, "EVCC TLS is established: TLS 1.");
        assert_has(logs, "SECC TLS is established: TLS 1.");
        assert_has(logs,
                   is_20 ? "EVCC TLS: ServerHello: TLS 1.3" : "EVCC TLS: ServerHello: TLS 1.2");
        assert_has(logs, "EVCC TLS: certificates of the SECC: CN=DE*ABC*E00001, ");
        pair_close(&p);
    }
}

/* A station on an address of its own tells a vehicle without TLS by its first byte. */
static void one_port_takes_both(void **state)
{
    static const char *const TLS[] = {"off", "1.2", "1.3"};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct pair p;
        pair_open(&p);
        by_address(&p, TLS[i], "auto", "ISO15118-2");
        assert_ready(&p);
        assert_int_equal(p.inside, i == 0 ? 0 : 4);
        assert_int_equal(p.outside, i == 0 ? 4 : 0);
        assert_int_equal(p.secc.tls == NULL, i == 0);
        pair_close(&p);
    }
}

static void refusals_say_why(void **state)
{
    struct pair p;
    (void)state;
    pair_open(&p);
    by_address(&p, "1.2", "1.3", "ISO15118-2");
    assert_int_equal(p.evcc.state, PEER_FAILED);
    assert_int_equal(p.secc.state, PEER_FAILED);
    assert_has(p.evcc.problem.what, "the SECC sent alert protocol_version");
    assert_has(p.secc.problem.what, "the EVCC offers TLS 1.2, this side speaks TLS 1.3; sent alert "
                                    "protocol_version");
    assert_int_equal(tls_info(p.evcc.tls)->alert[0].code, 70);         /* still there to be asked */
    assert_has(buf_string(&p.logs), "EVCC TLS handshake with [::1]:"); /* the close event */
    pair_close(&p);
}

static void a_station_without_certificates(void **state)
{
    struct pair p;
    struct err e = ERR_INIT;
    struct peer_options s = side("1.2");
    (void)state;
    s.address = "[::1]";
    s.choice.said[TLS_KEY_PKI] = folder;
    pair_open(&p);
    assert_int_equal(peer_start(&p.secc, &s, &e), -1);
    assert_has(e.what, "no certificates in ");
    assert_int_equal(p.secc.state, PEER_FAILED);
    pair_close(&p);
}

static void sdp_tells_the_port(void **state)
{
    static const struct {
        const char *evcc, *secc;
        bool is_tls;
        const char *problem; /* of the vehicle */
    } CASES[] = {
        {"auto", "auto", true, NULL},
        {"off", "auto", false, NULL},
        {"auto", "off", false, NULL},
        {"1.2", "off", false, "answered SDP with no TLS (Security 0x10)"},
        {"off", "1.2", false, "expected an answer to 3 requests"},
        {"1.3", "auto", true, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct pair p;
        struct err e = ERR_INIT;
        struct peer_options v = side(CASES[i].evcc), s = side(CASES[i].secc);
        v.interface = s.interface = "lo";
        v.sdp_interval_ms = 50;
        v.sdp_tries = 3;
        pair_open(&p);
        if (peer_start(&p.secc, &s, &e) != 0 || peer_start(&p.evcc, &v, &e) != 0)
            fail_msg("%s", e.what);
        pair_run(&p, CASES[i].problem == NULL);
        if (CASES[i].problem == NULL) {
            assert_ready(&p);
            assert_int_equal(p.inside > 0, CASES[i].is_tls);
            assert_int_equal(p.outside > 0, !CASES[i].is_tls);
        } else {
            assert_int_equal(p.evcc.state, PEER_FAILED);
            assert_has(p.evcc.problem.what, CASES[i].problem);
        }
        pair_close(&p);
    }
}

/* What `v2glab decode` prints, into text. */
static int decode(const char *path, char *text, size_t size)
{
    char printed[128];
    snprintf(printed, sizeof printed, "%s/printed", folder);
    fflush(stdout);
    int was = dup(1);
    assert_non_null(freopen(printed, "w", stdout));
    struct err e = ERR_INIT;
    struct grammars grammars;
    grammars_open(&grammars);
    assert_int_equal(grammars_load(&grammars, &e), 0);
    struct capture_view view = {.grammars = &grammars, .verify = true};
    int status = command_decode_capture_file(path, &view);
    grammars_close(&grammars);
    fflush(stdout);
    dup2(was, 1);
    close(was);
    FILE *file = fopen(printed, "r");
    size_t n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    fclose(file);
    return status;
}

static void the_record_needs_nothing_else(void **state)
{
    (void)state;
    for (int is_20 = 0; is_20 < 2; is_20++) {
        static char text[1 << 17];
        char path[100], name[128];
        struct err e = ERR_INIT;
        struct pair p;
        snprintf(path, sizeof path, "%s/record%d", folder, is_20);
        pair_open(&p);
        struct record_options o = {.path = path, .library = &library};
        struct record *r = record_open(&o, &p.recorder, &e);
        assert_non_null(r);
        by_address(&p, is_20 ? "1.3" : "1.2", "auto", is_20 ? "ISO15118-20" : "ISO15118-2");
        assert_ready(&p);
        pair_close(&p);
        assert_int_equal(record_close(r, UINT64_MAX, &e), 0);
        snprintf(name, sizeof name, "%s/session.pcapng", path);
        assert_int_equal(decode(name, text, sizeof text), 0);
        assert_has(text, "SECC  supportedAppProtocolReq ");
        assert_has(text, "SECC  supportedAppProtocolRes ");
        assert_has(text, is_20 ? "TLS: established: TLS 1.3" : "TLS: established: TLS 1.2");
        assert_has(text, "alert from the EVCC: close_notify");
        unlink(name);
        snprintf(name, sizeof name, "%s/events.jsonl", path);
        FILE *events = fopen(name, "r");
        size_t n = fread(text, 1, sizeof text - 1, events);
        text[n] = '\0';
        fclose(events);
        assert_has(text, "\"tls\":true");
        assert_null(strstr(text, "CLIENT_RANDOM"));
        assert_null(strstr(text, "TRAFFIC_SECRET"));
        unlink(name);
        rmdir(path);
    }
}

/* A network of this process alone where the system allows it, since port 15118 is for one only. */
static void own_network(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
        perror("own network");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_to_supported_app_protocol),
        cmocka_unit_test(one_port_takes_both),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(a_station_without_certificates),
        cmocka_unit_test(sdp_tells_the_port),
        cmocka_unit_test(the_record_needs_nothing_else),
    };
    own_network();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
