/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions that talk through buffers, and a session that is fed what it should not be. */
#include "session/session.h"
#include "support.h"

static struct library library;

struct seen {
    unsigned frames, bytes, violations, undecoded;
    char last[64];
};

static void count_event(void *context, const struct event *e)
{
    struct seen *s = context;
    s->frames += e->kind == EVENT_FRAME;
    s->bytes += e->kind == EVENT_BYTES;
    s->violations += e->kind == EVENT_VIOLATION;
    s->undecoded += e->kind == EVENT_FRAME && !e->ok;
    if (e->kind == EVENT_FRAME)
        snprintf(s->last, sizeof s->last, "%s", e->name);
}

struct pair {
    struct session evcc, secc;
    struct recorder recorder;
    struct seen seen;
    struct arena arena;
};

static int set_up(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    static const struct endpoint EV = {.port = 50000}, EVSE = {.port = 60000};
    recorder_add(&p->recorder, count_event, &p->seen);
    session_open(&p->evcc, FROM_EVCC, &library, &p->recorder);
    session_open(&p->secc, FROM_SECC, &library, &p->recorder);
    session_connected(&p->evcc, &EV, &EVSE, 0, true);
    session_connected(&p->secc, &EVSE, &EV, 0, true);
    arena_open(&p->arena, NULL, 0, 1 << 20);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *p = *state;
    session_close(&p->evcc);
    session_close(&p->secc);
    arena_close(&p->arena);
    free(p);
    return 0;
}

/* Sends a default message of that name from one side to the other, and returns what arrives. */
static struct received *pass(struct pair *p, struct session *from, const char *set,
                             const char *name)
{
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    struct session *to = from == &p->evcc ? &p->secc : &p->evcc;
    const struct schema *s = library_get(&library, set, &e);
    assert_non_null(s);
    assert_int_equal(message_new(s, name, &p->arena, &m, &e), 0);
    assert_int_equal(session_send(from, &m, 0, "", 1, &frame, &e), 0);
    /* in two parts, so that the frame has to be put together */
    assert_int_equal(session_feed(to, frame.p, 5, 2), 0);
    assert_null(to->first);
    assert_int_equal(session_feed(to, frame.p + 5, frame.n - 5, 2), 0);
    struct received *r = session_take(to);
    assert_non_null(r);
    assert_string_equal(r->name, name);
    return r;
}

/* A message that waits keeps what lies behind it, whatever the stream brings next. */
static void trailing_bytes_outlive_the_stream(void **state)
{
    struct pair *p = *state;
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    const struct schema *s = library_get(&library, "appprotocol", &e);
    assert_int_equal(message_new(s, "supportedAppProtocolReq", &p->arena, &m, &e), 0);
    assert_int_equal(session_send(&p->evcc, &m, 0, "", 1, &frame, &e), 0);
    uint8_t *sent = malloc(frame.n + 1);
    memcpy(sent, frame.p, frame.n);
    sent[frame.n] = 0xAB;
    sent[7]++; /* the length */
    assert_int_equal(session_feed(&p->secc, sent, frame.n + 1, 2), 0);
    memset(sent, 0xEE, frame.n + 1);
    free(sent);
    assert_int_equal(session_feed(&p->secc, frame.p, frame.n, 3), 0);
    struct received *r = session_take(&p->secc);
    assert_int_equal(r->message.trailing.n, 1);
    assert_int_equal(r->message.trailing.p[0], 0xAB);
    session_done(&p->secc, r);
}

/* One segment has supportedAppProtocolReq and the first request of the protocol that its answer
 * agrees on: each is read by its own set. */
static void two_frames_around_the_agreement(void **state)
{
    struct pair *p = *state;
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    struct buf segment = {0};
    const struct schema *s = library_get(&library, "appprotocol", &e);
    assert_int_equal(message_new(s, "supportedAppProtocolReq", &p->arena, &m, &e), 0);
    assert_int_equal(session_send(&p->evcc, &m, 0, "", 1, &frame, &e), 0);
    buf_add(&segment, frame.p, frame.n);
    const struct schema *next = library_get(&library, "iso15118-2", &e);
    assert_int_equal(message_new(next, "SessionSetupReq", &p->arena, &m, &e), 0);
    assert_int_equal(session_send(&p->evcc, &m, 0, "", 1, &frame, &e), 0);
    buf_add(&segment, frame.p, frame.n);
    p->seen = (struct seen){0};
    assert_int_equal(session_feed(&p->secc, segment.p, segment.n, 2), 0);
    assert_int_equal(p->seen.frames, 1); /* the other one waits */
    struct received *r = session_take(&p->secc);
    assert_string_equal(r->name, "supportedAppProtocolReq");
    session_done(&p->secc, r);
    assert_null(session_take(&p->secc));
    assert_int_equal(message_new(s, "supportedAppProtocolRes", &p->arena, &m, &e), 0);
    assert_int_equal(session_send(&p->secc, &m, 0, "", 3, &frame, &e), 0);
    r = session_take(&p->secc);
    assert_non_null(r);
    assert_string_equal(r->name, "SessionSetupReq");
    assert_true(r->is_decoded && r->message.schema == next);
    assert_int_equal(p->seen.undecoded, 0);
    assert_int_equal(p->seen.frames, 3);
    session_done(&p->secc, r);
    buf_close(&segment);
}

/* Where nobody answers, it is told as what it is: nothing is lost. */
static void frames_behind_no_agreement_are_recorded(void **state)
{
    struct pair *p = *state;
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    session_done(&p->secc, pass(p, &p->evcc, "appprotocol", "supportedAppProtocolReq"));
    const struct schema *s = library_get(&library, "iso15118-2", &e);
    assert_int_equal(message_new(s, "SessionSetupReq", &p->arena, &m, &e), 0);
    assert_int_equal(session_send(&p->evcc, &m, 0, "", 1, &frame, &e), 0);
    p->seen = (struct seen){0};
    assert_int_equal(session_feed(&p->secc, frame.p, frame.n, 2), 0);
    assert_int_equal(p->seen.frames, 0);
    session_disconnected(&p->secc, 3, HOW_FIN, FROM_EVCC, "");
    assert_int_equal(p->seen.undecoded, 1);
}

/* The name of what was sent. */
static const char *sent_raw(struct session *s, struct slice bytes)
{
    struct err e = ERR_INIT;
    const char *name;
    assert_int_equal(session_send_raw(s, bytes, "", 1, &name, &e), 0);
    return name;
}

static void agree(struct pair *p)
{
    session_done(&p->secc, pass(p, &p->evcc, "appprotocol", "supportedAppProtocolReq"));
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    const struct schema *s = library_get(&library, "appprotocol", &e);
    assert_int_equal(message_new(s, "supportedAppProtocolRes", &p->arena, &m, &e), 0);
    struct node *res = message_named(&m).node;
    union value id = {.i = 1};
    node_set(res, 1, id);
    assert_int_equal(session_send(&p->secc, &m, 0, "", 1, &frame, &e), 0);
    assert_int_equal(session_feed(&p->evcc, frame.p, frame.n, 2), 0);
    session_done(&p->evcc, session_take(&p->evcc));
}

static void agreement_picks_the_protocol(void **state)
{
    struct pair *p = *state;
    assert_null(p->evcc.protocol);
    agree(p);
    assert_true(p->evcc.agreed && p->secc.agreed);
    assert_string_equal(p->evcc.protocol->name, "ISO15118-2");
    assert_ptr_equal(p->evcc.protocol, p->secc.protocol);
}

static void secc_gives_a_session_id_and_both_keep_it(void **state)
{
    struct pair *p = *state;
    static const uint8_t NONE[8];
    agree(p);
    struct received *req = pass(p, &p->evcc, "iso15118-2", "SessionSetupReq");
    struct node *header = message_header(&req->message);
    assert_memory_equal(header->v[0].b->p, NONE, 8);
    session_done(&p->secc, req);
    struct received *res = pass(p, &p->secc, "iso15118-2", "SessionSetupRes");
    assert_memory_not_equal(message_header(&res->message)->v[0].b->p, NONE, 8);
    session_done(&p->evcc, res);
    assert_memory_equal(p->evcc.id, p->secc.id, 8);
    struct received *next = pass(p, &p->evcc, "iso15118-2", "ServiceDiscoveryReq");
    assert_memory_equal(message_header(&next->message)->v[0].b->p, p->secc.id, 8);
    session_done(&p->secc, next);
}

static void given_session_id_stays(void **state)
{
    struct pair *p = *state;
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    agree(p);
    const struct schema *s = library_get(&library, "iso15118-2", &e);
    assert_int_equal(message_new(s, "SessionStopReq", &p->arena, &m, &e), 0);
    struct node *header = message_header(&m);
    header->v[0].b = bytes_new(&p->arena, "\x11\x22", 2);
    assert_int_equal(session_send(&p->evcc, &m, SESSION_GIVEN_ID, "", 1, &frame, &e), 0);
    assert_int_equal(session_feed(&p->secc, frame.p, frame.n, 2), 0);
    struct received *r = session_take(&p->secc);
    assert_int_equal(message_header(&r->message)->v[0].b->n, 2);
    session_done(&p->secc, r);
}

static void iso15118_20_is_told_by_its_payload_type(void **state)
{
    struct pair *p = *state;
    p->evcc.protocol = p->secc.protocol = protocol_find("ISO15118-20");
    p->evcc.agreed = p->secc.agreed = true;
    struct received *r = pass(p, &p->evcc, "iso15118-20-dc", "DC_CableCheckReq");
    assert_int_equal(r->payload_type, 0x8004);
    session_done(&p->secc, r);
    r = pass(p, &p->evcc, "iso15118-20-common", "SessionSetupReq");
    assert_int_equal(r->payload_type, 0x8002);
    session_done(&p->secc, r);
}

/* Amendment 1 has messages called like those of AC charging: whichever of its namespaces was
 * agreed, the payload type tells which they are. */
static void amendment_1_is_told_by_its_payload_type(void **state)
{
    static const struct {
        const char *set;
        uint16_t type;
    } SETS[] = {{"iso15118-20-ac-der-iec", 0x8010},
                {"iso15118-20-ac-der-sae", 0x8011},
                {"iso15118-20-ac", 0x8003}};
    static const char *const AGREED[] = {"ISO15118-20", "ISO15118-20-AC-DER-IEC",
                                         "ISO15118-20-AC-DER-SAE"};
    struct pair *p = *state;
    for (unsigned i = 0; i < sizeof AGREED / sizeof *AGREED; i++) {
        p->evcc.protocol = p->secc.protocol = protocol_find(AGREED[i]);
        p->evcc.agreed = p->secc.agreed = true;
        for (unsigned k = 0; k < sizeof SETS / sizeof *SETS; k++) {
            struct received *r = pass(p, &p->evcc, SETS[k].set, "AC_ChargeLoopReq");
            assert_int_equal(r->payload_type, SETS[k].type);
            assert_true(r->is_decoded);
            assert_string_equal(r->message.schema->name, SETS[k].set);
            session_done(&p->secc, r);
        }
    }
}

static void undecodable_frame_is_kept_with_its_problem(void **state)
{
    struct pair *p = *state;
    static const uint8_t FRAME[] = {1, 0xFE, 0x80, 1, 0, 0, 0, 2, 0x80, 0xFF};
    agree(p);
    assert_int_equal(session_feed(&p->secc, FRAME, sizeof FRAME, 3), 0);
    struct received *r = session_take(&p->secc);
    assert_non_null(r);
    assert_false(r->is_decoded);
    assert_true(r->problem->set);
    assert_int_equal(p->seen.undecoded, 1);
    session_done(&p->secc, r);
}

static void wrong_headers_are_recorded_and_passed_over(void **state)
{
    struct pair *p = *state;
    static const uint8_t RESERVED[] = {1, 0xFE, 0x80, 0x99, 0, 0, 0, 1, 0};
    agree(p);
    unsigned before = p->seen.undecoded;
    assert_int_equal(session_feed(&p->secc, RESERVED, sizeof RESERVED, 3), 0);
    assert_null(session_take(&p->secc));
    assert_int_equal(p->seen.undecoded, before + 1);
    session_done(&p->secc, pass(p, &p->evcc, "iso15118-2", "SessionSetupReq"));
}

static void a_length_that_would_wrap_ends_the_connection(void **state)
{
    struct pair *p = *state;
    static const uint8_t HUGE_LENGTH[] = {1, 0xFE, 0x80, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x80};
    assert_int_equal(session_feed(&p->secc, HUGE_LENGTH, sizeof HUGE_LENGTH, 3), -1);
    assert_true(p->secc.broken);
    assert_int_equal(p->seen.bytes, 1);
    assert_true(p->secc.reader.held.cap < 4096);
}

static void violations_are_recorded(void **state)
{
    struct pair *p = *state;
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    agree(p);
    const struct schema *s = library_get(&library, "iso15118-2", &e);
    assert_int_equal(message_new(s, "SessionSetupReq", &p->arena, &m, &e), 0);
    message_named(&m).node->v[0].b = bytes_new(&p->arena, "1234567", 7); /* 6 at most */
    assert_int_equal(session_send(&p->evcc, &m, 0, "", 1, &frame, &e), 0);
    assert_int_equal(session_feed(&p->secc, frame.p, frame.n, 2), 0);
    assert_int_equal(p->seen.violations, 1);
    session_done(&p->secc, session_take(&p->secc));
}

/* Bytes as they are, one whole frame: the record has the message, whatever stands behind it. */
static void a_frame_sent_as_bytes_is_recorded_as_its_message(void **state)
{
    struct pair *p = *state;
    static const uint8_t STOP[] = {0x01, 0xFE, 0x80, 0x01, 0x00, 0x00, 0x00, 0x0F,
                                   0x80, 0x98, 0x02, 0x2E, 0x74, 0xFF, 0x44, 0xAA,
                                   0xEC, 0xF8, 0x3E, 0x11, 0xF0, 0x00, 0x00};
    static const uint8_t BAD[] = {0x01, 0xFE, 0x80, 0x01, 0, 0, 0, 1, 0x80};
    agree(p);
    p->seen = (struct seen){0};
    const struct slice frame = {STOP, sizeof STOP};
    assert_string_equal(sent_raw(&p->evcc, frame), "SessionStopReq");
    assert_int_equal(p->seen.frames, 1);
    assert_int_equal(p->seen.violations, 1); /* one byte after the end of the document */
    assert_int_equal(p->seen.undecoded, 0);
    assert_string_equal(sent_raw(&p->evcc, (struct slice){BAD, sizeof BAD}), "");
    assert_int_equal(p->seen.undecoded, 1);
    for (size_t n = 0; n < sizeof STOP; n++)
        assert_string_equal(sent_raw(&p->evcc, (struct slice){STOP, n}), "");
    assert_int_equal(p->seen.bytes, sizeof STOP);
    assert_int_equal(p->seen.frames, 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(agreement_picks_the_protocol),
        CASE(secc_gives_a_session_id_and_both_keep_it),
        CASE(given_session_id_stays),
        CASE(iso15118_20_is_told_by_its_payload_type),
        CASE(amendment_1_is_told_by_its_payload_type),
        CASE(undecodable_frame_is_kept_with_its_problem),
        CASE(wrong_headers_are_recorded_and_passed_over),
        CASE(a_length_that_would_wrap_ends_the_connection),
        CASE(violations_are_recorded),
        CASE(a_frame_sent_as_bytes_is_recorded_as_its_message),
        CASE(trailing_bytes_outlive_the_stream),
        CASE(frames_behind_no_agreement_are_recorded),
        CASE(two_frames_around_the_agreement),
    };
    library_open(&library);
    int failed = cmocka_run_group_tests_name("session", tests, NULL, NULL);
    library_close(&library);
    return failed;
}
