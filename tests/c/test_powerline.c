/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual power line: keys, what modems answer, who hears whom how well, who has a link. */
#include "support.h"

#include "powerline/key.h"
#include "powerline/modem.h"
#include "record/link_frame.h"

#define CARS 100
#define KEPT 64 /* frames that a host keeps */

struct host {
    struct ether_port *port;
    unsigned frames;
    struct {
        uint8_t bytes[ETHER_MOST];
        size_t n;
        int64_t us;
    } at[KEPT];
    struct world *world;
};

static void came(void *context, struct slice frame)
{
    struct host *h = context;
    if (h->frames < KEPT) {
        memcpy(h->at[h->frames].bytes, frame.p, frame.n);
        h->at[h->frames].n = frame.n;
        h->at[h->frames].us = world_now(h->world);
    }
    h->frames++;
}

struct bench {
    struct library library;
    struct world *world;
    struct line *line;
    struct line_node *ev, *evse, *other;
    struct host host[3]; /* of those */
    struct err e;
};

static const struct line_options USUAL = {
    .join_ms = 1500,
    .key_result = 1,
    .all = {.is_there = true, .attenuation = {60}, .delay_us = 500},
};

static void bench_open(struct bench *b, const struct line_options *o)
{
    static const char *const NAMES[] = {"ev0", "evse0", "evse1"};
    memset(b, 0, sizeof *b);
    b->e = ERR_INIT;
    library_open(&b->library);
    b->world = world_open_virtual(NULL, 0, &b->e);
    b->line = line_open(b->world, &b->library, o, &MODEMS, &b->e);
    assert_non_null(b->line);
    for (unsigned i = 0; i < 3; i++) {
        assert_non_null(line_add(b->line, NAMES[i], &b->e));
        b->host[i].world = b->world;
        b->host[i].port = ether_open(b->world, NAMES[i], ETHER_HOMEPLUG, came, &b->host[i], &b->e);
        assert_non_null(b->host[i].port);
    }
    b->ev = line_find(b->line, "ev0");
    b->evse = line_find(b->line, "evse0");
    b->other = line_find(b->line, "evse1");
}

static void bench_close(struct bench *b)
{
    for (unsigned i = 0; i < 3; i++)
        ether_close(b->host[i].port);
    world_run(b->world);
    line_close(b->line);
    assert_int_equal(world_close(b->world), 0);
    library_close(&b->library);
}

static const uint8_t ALL[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t MODEM[6] = {0x00, 0xB0, 0x52, 0x00, 0x00, 0x01};

/* What that host sends: a message of tests/octets, as hex behind the header. */
static void send_hex(struct bench *b, unsigned host, const uint8_t to[6], const char *hex)
{
    struct buf frame = {0};
    uint8_t octets[ETHER_MOST];
    int64_t n = hex_read(hex, strlen(hex), octets, sizeof octets);
    assert_true(n > 0);
    ether_header(&frame, to, ether_mac(b->host[host].port), ETHER_HOMEPLUG);
    buf_add(&frame, octets, (size_t)n);
    assert_int_equal(ether_send(b->host[host].port, (struct slice){frame.p, frame.n}, &b->e), 0);
    buf_close(&frame);
}

#define Z8 "0000000000000000"
#define Z17 "0000000000000000000000000000000000"
#define PARM                                                                                       \
    "01646000000000"                                                                               \
    "0102030405060708"
#define SOUND                                                                                      \
    "0176600000"                                                                                   \
    "0000" Z17 "09"                                                                                \
    "0102030405060708" Z8 Z8 Z8

static void set_key(struct bench *b, unsigned host, const char *nmk, const char *nid)
{
    char hex[200];
    snprintf(hex, sizeof hex,
             "010860000001AAAAAAAA0000000004000000"
             "00%s01%s",
             nid, nmk);
    send_hex(b, host, MODEM, hex);
}

static const char *name_of(struct bench *b, const struct host *h, unsigned i)
{
    static char name[80];
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    arena_open(&a, NULL, 0, 1u << 16);
    assert_true(i < h->frames);
    assert_int_equal(
        link_frame_decode(&b->library, (struct slice){h->at[i].bytes, h->at[i].n}, &a, &m, &e), 0);
    assert_null(m.violations);
    snprintf(name, sizeof name, "%s", m.root->as.name);
    arena_close(&a);
    return name;
}

#define NMK1 "50D3E4933F855B7040784DF815AA8DB7"
#define NMK2 "50D3E4933F855B7040784DF815AA8DB8"
#define NID1 "B0F2E695666B03"
#define NID2 "B0F2E695666B04"

static void keys_are_those_of_passwords(void **state)
{
    struct err e = ERR_INIT;
    uint8_t nmk[KEY_NMK], nid[KEY_NID], wanted[16];
    (void)state;
    assert_int_equal(key_nmk("HomePlugAV", nmk, &e), 0);
    hex_read(NMK1, 32, wanted, sizeof wanted);
    assert_memory_equal(nmk, wanted, sizeof nmk);
    assert_int_equal(key_nid(nmk, nid, &e), 0);
    hex_read(NID1, 14, wanted, sizeof wanted);
    assert_memory_equal(nid, wanted, sizeof nid);
}

static void requests_reach_all_and_answers_one(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b, &USUAL);
    int64_t from = world_now(b.world);
    send_hex(&b, 0, ALL, PARM);
    world_run(b.world);
    assert_int_equal(b.host[0].frames, 0);
    assert_int_equal(b.host[1].frames, 1);
    assert_int_equal(b.host[2].frames, 1);
    assert_int_equal(b.host[1].at[0].us - from, 500);
    assert_int_equal(b.host[1].at[0].n, ETHER_LEAST);
    send_hex(&b, 1, b.ev->mac, PARM);
    world_run(b.world);
    assert_int_equal(b.host[0].frames, 1);
    assert_int_equal(b.host[2].frames, 1);
    bench_close(&b);
}

static void a_sound_is_told_with_its_attenuation(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b, &USUAL);
    struct line_path *near = line_path(b.line, b.ev, b.evse);
    for (unsigned i = 0; i < LINE_GROUPS; i++)
        near->attenuation[i] = (uint8_t)(10 + i % 3);
    line_path(b.line, b.ev, b.other)->is_there = false;
    send_hex(&b, 0, ALL, SOUND);
    world_run(b.world);
    assert_int_equal(b.host[2].frames, 0);
    assert_int_equal(b.host[1].frames, 2);
    assert_string_equal(name_of(&b, &b.host[1], 1), "CM_ATTEN_PROFILE_IND");
    const uint8_t *p = b.host[1].at[1].bytes + ETHER_HEADER + 5;
    assert_memory_equal(p, b.ev->mac, 6);
    assert_int_equal(p[6], LINE_GROUPS);
    for (unsigned i = 0; i < LINE_GROUPS; i++)
        assert_int_equal(p[8 + i], 10 + i % 3);
    bench_close(&b);
}

static void noise_stays_within_what_was_said(void **state)
{
    struct bench b;
    bool is_other = false;
    (void)state;
    bench_open(&b, &USUAL);
    line_path(b.line, b.ev, b.evse)->noise = 5;
    send_hex(&b, 0, ALL, SOUND);
    world_run(b.world);
    const uint8_t *p = b.host[1].at[1].bytes + ETHER_HEADER + 5 + 8;
    for (unsigned i = 1; i < LINE_GROUPS; i++) {
        assert_true(p[i] <= 5);
        is_other = is_other || p[i] != p[1];
    }
    assert_true(is_other);
    bench_close(&b);
}

static void frames_are_lost_and_doubled(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b, &USUAL);
    line_path(b.line, b.ev, b.evse)->loss = 1000;
    line_path(b.line, b.ev, b.other)->duplicates = 1000;
    send_hex(&b, 0, ALL, PARM);
    world_run(b.world);
    assert_int_equal(b.host[1].frames, 0);
    assert_int_equal(b.host[2].frames, 2);
    line_path(b.line, b.ev, b.evse)->loss = 500;
    for (unsigned i = 0; i < 40; i++)
        send_hex(&b, 0, ALL, PARM);
    world_run(b.world);
    assert_in_range(b.host[1].frames, 5, 35);
    bench_close(&b);
}

static void nothing(void *data)
{
    (void)data;
}

static void a_link_needs_the_same_key_and_its_time(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b, &USUAL);
    set_key(&b, 0, NMK1, NID1);
    set_key(&b, 1, NMK1, NID2);
    set_key(&b, 2, NMK2, NID1);
    world_run(b.world);
    assert_string_equal(name_of(&b, &b.host[0], 0), "CM_SET_KEY_CNF");
    assert_int_equal(b.host[0].at[0].bytes[ETHER_HEADER + 5], 1);
    assert_false(line_is_linked(b.line, b.ev, b.evse));
    struct timer t = {.world = NULL};
    timer_start(b.world, &t, 1500, nothing, NULL);
    world_run(b.world);
    assert_true(line_is_linked(b.line, b.ev, b.evse));
    assert_false(line_is_linked(b.line, b.ev, b.other));
    b.line->options.by_nid = true;
    assert_false(line_is_linked(b.line, b.ev, b.evse));
    b.line->options.by_nid = false;
    b.ev->is_unplugged = true;
    assert_false(line_is_linked(b.line, b.ev, b.evse));
    b.ev->is_unplugged = false;
    set_key(&b, 0, NMK2, NID1); /* leaves by taking another key */
    world_run(b.world);
    assert_false(line_is_linked(b.line, b.ev, b.evse));
    bench_close(&b);
}

static void modems_answer_what_they_are_asked(void **state)
{
    static const struct {
        const char *hex, *answer;
        bool is_lumissil;
    } CASES[] = {
        {"0000A000B052", "VS_SW_VER_CNF", false},
        {"0068A000B0520102030400", "VS_OP_ATTRIBUTES_CNF", false},
        {"00B8A000B052", "VS_PL_LINK_STATUS_CNF", false},
        {"0138A0000000B052", "VS_NW_INFO_CNF", false},
        {"001CA000B052", "VS_RS_DEV_CNF", false},
        {"024860000000", "CM_NW_STATS_CNF", false},
        {"010C6000000001B0F2E695666B0300000000040000"
         "00",
         "CM_GET_KEY_CNF", false},
        {"016CAC00000016E8"
         "0000"
         "00000000"
         "07"
         "000000000000000000000000",
         "CG_GET_VERSION_CNF", true},
        {"019CAC00000016E8"
         "0000"
         "00000000"
         "07"
         "000000000000000000000000",
         "CG_GET_D_LINK_STATUS_CNF", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        for (int is_lumissil = 0; is_lumissil < 2; is_lumissil++) {
            struct bench b;
            bench_open(&b, &USUAL);
            b.ev->is_lumissil = is_lumissil != 0;
            send_hex(&b, 0, MODEM, CASES[i].hex);
            world_run(b.world);
            bool is_known = strncmp(CASES[i].answer, "CM_", 3) == 0 ||
                            CASES[i].is_lumissil == (is_lumissil != 0);
            assert_int_equal(b.host[0].frames, is_known);
            if (is_known)
                assert_string_equal(name_of(&b, &b.host[0], 0), CASES[i].answer);
            assert_int_equal(b.host[1].frames, 0);
            bench_close(&b);
        }
}

/* What goes to all is answered by the modems of the network, each of its own maker's messages; and
 * no host is asked. */
static void linked_modems_answer_what_is_for_all(void **state)
{
    static const struct {
        const char *hex;
        bool is_linked, is_lumissil; /* the other modem */
        unsigned answers;
    } CASES[] = {
        {"0000A000B052", true, false, 2},
        {"0000A000B052", true, true, 1},
        {"0000A000B052", false, false, 1},
        {"010C6000000001B0F2E695666B030000000004000000", true, true, 2},
        {"010C6000000001B0F2E695666B030000000004000000", false, false, 1},
        {"0068A000B0520102030400", true, false, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        struct timer t = {.world = NULL};
        bench_open(&b, &USUAL);
        b.evse->is_lumissil = CASES[i].is_lumissil;
        set_key(&b, 0, NMK1, NID1);
        set_key(&b, 1, CASES[i].is_linked ? NMK1 : NMK2, NID1);
        timer_start(b.world, &t, 2000, nothing, NULL);
        world_run(b.world);
        unsigned before = b.host[0].frames, others = b.host[1].frames;
        send_hex(&b, 0, ALL, CASES[i].hex);
        world_run(b.world);
        assert_int_equal(b.host[0].frames - before, CASES[i].answers);
        assert_int_equal(b.host[1].frames, others);
        assert_memory_equal(b.host[0].at[before].bytes + 6, b.ev->modem, 6);
        if (CASES[i].answers == 2)
            assert_memory_equal(b.host[0].at[before + 1].bytes + 6, b.evse->modem, 6);
        bench_close(&b);
    }
}

static void what_no_modem_can_read_is_left(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b, &USUAL);
    send_hex(&b, 0, MODEM, "0110600000");
    send_hex(&b, 0, MODEM, "FFFFFFFFFF");
    send_hex(&b, 0, ALL, "0176600000");
    world_run(b.world);
    assert_int_equal(b.host[0].frames, 0);
    assert_true(b.host[1].frames >= 1);
    bench_close(&b);
}

/* A hundred cars sound the line at once, and one station hears them all. */
static void a_hundred_cars_are_heard(void **state)
{
    static struct host car[CARS];
    struct bench b;
    char name[16];
    (void)state;
    bench_open(&b, &USUAL);
    for (unsigned i = 0; i < CARS; i++) {
        snprintf(name, sizeof name, "car%u", i);
        assert_non_null(line_add(b.line, name, &b.e));
        car[i] = (struct host){.world = b.world};
        car[i].port = ether_open(b.world, name, ETHER_HOMEPLUG, came, &car[i], &b.e);
        assert_non_null(car[i].port);
    }
    for (unsigned i = 0; i < CARS; i++) {
        struct buf frame = {0};
        uint8_t octets[100];
        int64_t n = hex_read(SOUND, strlen(SOUND), octets, sizeof octets);
        ether_header(&frame, ALL, ether_mac(car[i].port), ETHER_HOMEPLUG);
        buf_add(&frame, octets, (size_t)n);
        assert_int_equal(ether_send(car[i].port, (struct slice){frame.p, frame.n}, &b.e), 0);
        buf_close(&frame);
    }
    world_run(b.world);
    assert_int_equal(b.host[1].frames, 2 * CARS); /* the sound, and how it came */
    for (unsigned i = 0; i < CARS; i++)
        ether_close(car[i].port);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_passwords),
        cmocka_unit_test(requests_reach_all_and_answers_one),
        cmocka_unit_test(a_sound_is_told_with_its_attenuation),
        cmocka_unit_test(noise_stays_within_what_was_said),
        cmocka_unit_test(frames_are_lost_and_doubled),
        cmocka_unit_test(a_link_needs_the_same_key_and_its_time),
        cmocka_unit_test(modems_answer_what_they_are_asked),
        cmocka_unit_test(linked_modems_answer_what_is_for_all),
        cmocka_unit_test(what_no_modem_can_read_is_left),
        cmocka_unit_test(a_hundred_cars_are_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
