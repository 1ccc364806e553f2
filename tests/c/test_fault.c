/* SPDX-License-Identifier: Apache-2.0 */
/* Faults as text, and what they do to two sessions that talk through the ends of their ways. */
#include "memory.h"
#include "support.h"

#include "codec/quantity.h"
#include "codec/value.h"
#include "session/fault_filter.h"
#include "session/session.h"
#include "wire/world.h"

static struct library library;

static const char *problem_of(const char *text)
{
    static struct err e;
    e = ERR_INIT;
    struct fault *f = fault_parse(text, &e);
    free(f);
    return f == NULL ? e.what : "";
}

static void text_says_which_frames_and_what(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    struct fault *f = fault_parse("secc in CurrentDemand*#3-5: delay 10-20 overtake", &e);
    assert_non_null(f);
    assert_string_equal(f->frames.name, "CurrentDemand*");
    assert_int_equal(f->frames.first, 3);
    assert_int_equal(f->frames.last, 5);
    assert_int_equal(f->frames.role, FROM_SECC);
    assert_true(f->frames.in && !f->frames.out);
    assert_int_equal(f->what, FAULT_DELAY);
    assert_int_equal(f->number, 10);
    assert_int_equal(f->most, 20);
    assert_true(f->has_flag);
    assert_string_equal(f->text, "secc in CurrentDemand*#3-5: delay 10-20 overtake");
    free(f);
    f = fault_parse("SessionSetupRes#2+: set EVSEID=\"DE A B\" Header.SessionID=00", &e);
    assert_non_null(f);
    assert_int_equal(f->frames.last, UINT32_MAX);
    assert_int_equal(f->arguments, 2);
    assert_string_equal(f->argument[0].value, "DE A B");
    free(f);
}

static void wrong_text_is_refused_with_what_was_meant(void **state)
{
    (void)state;
    static const char *const RIGHT[] = {
        "*: drop",
        "A: delay 0",
        "A: duplicate",
        "A: reorder 2",
        "A: truncate",
        "A: truncate -3",
        "A: append 00ff",
        "A: flip 1,2",
        "A: flip",
        "A: set B=1 C.D[2]=+5%",
        "A: without B",
        "A: alert handshake_failure",
        "A: alert 0x50 level=1 after",
        "A: code FAILED",
        "A: session",
        "A: session 00",
        "A: message B",
        "A: raw 01FE",
        "A: header version=2 type=0x8001 length=-1",
        "A: split 3 pause=5",
        "A: glue",
        "A: half-close",
        "A: close after",
        "A: reset",
        "A: silence",
        "evcc out A#1: drop",
        "A: delay +5",
        "A: delay 0X10",
        "A: header length=+2 inverse=0xFE",
        "A: close after after",
        "A#3-3: drop",
    };
    static const char *const WRONG[] = {
        "",
        "A",
        "A:",
        ": drop",
        "A B: drop",
        "A#0: drop",
        "A#: drop",
        "A#x: drop",
        "A#5-3: drop",
        "A: drip",
        "A: drop 3",
        "A: delay",
        "A: delay x",
        "A: delay 5-",
        "A: delay 9-3",
        "A: duplicate 0",
        "A: reorder -1",
        "A: append 0",
        "A: append xx",
        "A: flip x",
        "A: set B",
        "A: set",
        "A: without",
        "A: code",
        "A: message",
        "A: raw",
        "A: header",
        "A: header colour=1",
        "A: header type=x",
        "A: split 0",
        "A: split 1 pauses=2",
        "A: reset before",
        "A: drop drop",
        "A: delay 1 2",
        "A: alert",
        "A: alert handshake_failur",
        "A: alert 256",
        "A: alert level=2",
        "A: alert 40 level=-1",
        "A: alert 40 level=256",
        "A: alert -1",
        "A#3+5: drop",
        "A#3-5+: drop",
        "A#-3: drop",
        "A#99999999999: drop",
        "in out: drop",
        "A: delay -1",
        "A: delay 5x-9",
        "A: delay 5-x",
        "A: duplicate 99999999999",
        "A: truncate -99999999999",
        "A: duplicate +",
        "A: flip ,",
        "A: flip 1,",
        "A: flip 1,,2",
        "A: flip \"\"",
        "A: drop \"\"",
        "A: header ersion=1",
        "A: header versio=1",
        "A: header =1",
    };
    static const struct {
        const char *text, *told;
    } TOLD[] = {
        {"A: drop x=1", "drop: it has no 'x'; expected one of: none"},
        {"A: header colour=1", "header: it has no 'colour'; expected one of: version inverse"},
        {"A: header type=x", "header: type: expected a number, found 'x'"},
        {"A: header", "header: it needs a value, of: version inverse type length"},
        {"A: alert 40 level=256", "alert: level: expected 0..255, found '256'"},
        {"A: split 0", "split: expected a number, found '0'"},
        {"A: flip 1,,2", "flip: expected numbers of bits, found '1,,2'"},
        {"A: drop 3", "drop: expected nothing behind it, found '3'"},
        {"A#3+5: drop", "expected an occurrence as 3, 3+ or 3-5, found '3+5'"},
        {"A: set a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1",
         "more than 16 values"},
        {"A: zzzzzzzzzzzzzz", "there is no fault 'zzzzzzzzzzzzzz'; there are drop, delay"},
    };
    for (size_t i = 0; i < sizeof RIGHT / sizeof RIGHT[0]; i++)
        assert_string_equal(problem_of(RIGHT[i]), "");
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        if (problem_of(WRONG[i])[0] == '\0')
            fail_msg("taken: '%s'", WRONG[i]);
    for (size_t i = 0; i < sizeof TOLD / sizeof TOLD[0]; i++)
        if (strstr(problem_of(TOLD[i].text), TOLD[i].told) == NULL)
            fail_msg("%s: %s", TOLD[i].text, problem_of(TOLD[i].text));
    assert_non_null(strstr(problem_of("A: dorp"), "drop"));
    assert_non_null(strstr(problem_of("A: alert handshake_failur"), "is handshake_failure"));
}

static void a_message_that_there_is_not_has_a_nearest(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    struct fault *f = fault_parse("CurentDemandRes: drop", &e);
    assert_int_equal(fault_check(f, &library, &e), -1);
    assert_non_null(strstr(e.what, "CurrentDemandRes"));
    free(f);
    static const struct {
        const char *text, *told; /* "": it can be */
    } ROWS[] = {
        {"*DiscoveryRes: drop", ""},
        {"CurrentDemandReq: set DC_EVStatus.EVRESSSOC=5 Header.SessionID=00", ""},
        {"CurrentDemandReq: without EVTargetVoltage", ""},
        {"PaymentServiceSelectionReq: set SelectedServiceList.SelectedService[2].ServiceID=1", ""},
        {"Zzzzzzzzzzzzzzzzzzzzzzz: drop", "there is no message 'Zzzzzzzzzzzzzzzzzzzzzzz'"},
        {"CurrentDemandReq: set EVTargetVolt=1", "nearest name is EVTargetVoltage"},
        {"CurrentDemandReq: without DC_EVStatus.Ready", "DC_EVStatus has no element 'Ready'; "},
        {"PaymentServiceSelectionReq: without SelectedPaymentOption.x",
         "SelectedPaymentOption has no element 'x'; it has none"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        e = ERR_INIT;
        f = fault_parse(ROWS[i].text, &e);
        assert_non_null(f);
        int bad = fault_check(f, &library, &e);
        if (bad != 0 ? ROWS[i].told[0] == '\0' || strstr(e.what, ROWS[i].told) == NULL
                     : ROWS[i].told[0] != '\0')
            fail_msg("%s: %s", ROWS[i].text, e.what);
        free(f);
    }
}

/* As scripts make them, of frames and what is done to them: its text, which parses to the same. */
static void frames_and_what_is_done_make_a_text(void **state)
{
    static const struct {
        struct fault_frames frames;
        const char *text;
    } ROWS[] = {
        {{"A", 1, UINT32_MAX, FROM_NONE, true, true}, "A: drop"},
        {{"A", 3, UINT32_MAX, FROM_EVCC, true, true}, "evcc A#3+: drop"},
        {{"A", 3, 3, FROM_SECC, true, false}, "secc out A#3: drop"},
        {{"A", 1, 4, FROM_NONE, false, true}, "in A#1-4: drop"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct err e = ERR_INIT;
        struct fault *f = fault_new(&ROWS[i].frames, "drop", &e);
        assert_non_null(f);
        assert_string_equal(f->text, ROWS[i].text);
        assert_true(f->frames.first == ROWS[i].frames.first);
        assert_true(f->frames.last == ROWS[i].frames.last);
        assert_true(f->frames.role == ROWS[i].frames.role);
        assert_true(f->frames.out == ROWS[i].frames.out && f->frames.in == ROWS[i].frames.in);
        free(f);
    }
}

/* ---- two sessions, joined ---- */

struct joined {
    struct session evcc, secc;
    struct recorder recorder;
    struct world *world;
    struct arena arena;
    unsigned faults, undone, writes; /* events, and pieces that went out of the vehicle */
    size_t written[64];
    uint8_t header[V2GTP_HEADER]; /* of the last piece */
    bool is_deaf;                 /* nothing comes to the station */
    char why[200];                /* the last fault could not be done */
    enum way_end ended[4];
    unsigned ends;
    char log[512]; /* what the vehicle sent and the station got, by the record */
};

static void note(void *context, const struct event *e)
{
    struct joined *j = context;
    j->faults += e->kind == EVENT_FAULT && e->ok;
    j->undone += e->kind == EVENT_FAULT && !e->ok;
    if (e->kind == EVENT_FAULT && !e->ok)
        snprintf(j->why, sizeof j->why, "%s", e->text);
    size_t n = strlen(j->log);
    if (e->kind == EVENT_FRAME || e->kind == EVENT_BYTES)
        snprintf(j->log + n, sizeof j->log - n, "%s%s ", e->kind == EVENT_BYTES ? "bytes" : "",
                 e->name);
}

static int write_evcc(void *context, const struct parcel *p, struct err *e)
{
    struct joined *j = context;
    (void)e;
    if (j->writes < 64)
        j->written[j->writes] = p->event.bytes.n;
    j->writes++;
    if (p->event.bytes.n >= V2GTP_HEADER)
        memcpy(j->header, p->event.bytes.p, V2GTP_HEADER);
    if (j->is_deaf)
        return 0;
    return session_feed(&j->secc, p->event.bytes.p, p->event.bytes.n, 0) == 0 ? 0 : 0;
}

static void end_evcc(void *context, enum way_end how)
{
    struct joined *j = context;
    if (j->ends < 4)
        j->ended[j->ends] = how;
    j->ends++;
}

static void came(void *context)
{
    (void)context;
}

static int set_up(void **state)
{
    static const struct endpoint EV = {.port = 50000}, EVSE = {.port = 60000};
    static const struct way_ends ENDS = {write_evcc, NULL, end_evcc, NULL, came};
    struct joined *j = calloc(1, sizeof *j);
    struct err e = ERR_INIT;
    recorder_add(&j->recorder, note, j);
    session_open(&j->evcc, FROM_EVCC, &library, &j->recorder);
    session_open(&j->secc, FROM_SECC, &library, NULL);
    j->world = world_open(NULL, &e);
    assert_non_null(j->world);
    j->evcc.way.world = j->secc.way.world = j->world;
    j->evcc.way.ends = &ENDS;
    j->evcc.way.context = j;
    session_connected(&j->evcc, &EV, &EVSE, 0, true);
    session_connected(&j->secc, &EVSE, &EV, 0, true);
    j->evcc.protocol = j->secc.protocol = protocol_find("ISO15118-2");
    j->evcc.agreed = j->secc.agreed = true;
    arena_open(&j->arena, NULL, 0, 1 << 20);
    *state = j;
    return 0;
}

static int tear_down(void **state)
{
    struct joined *j = *state;
    session_close(&j->evcc);
    session_close(&j->secc);
    world_close(j->world);
    arena_close(&j->arena);
    free(j);
    return 0;
}

static struct fault_filter *add(struct session *s, const char *text)
{
    struct err e = ERR_INIT;
    struct fault *f = fault_parse(text, &e);
    if (f == NULL)
        fail_msg("%s: %s", text, e.what);
    struct fault_filter *made = fault_add(&s->way, f, NULL, &e);
    assert_non_null(made);
    return made;
}

static void send_out(struct joined *j, const char *name)
{
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    const struct schema *s = library_get(&library, "iso15118-2", &e);
    assert_int_equal(message_new(s, name, &j->arena, &m, &e), 0);
    if (session_send(&j->evcc, &m, 0, "", 1, &frame, &e) != 0)
        fail_msg("%s: %s", name, e.what);
}

/* What the station has got since, in order; taken. */
static const char *got(struct joined *j)
{
    static char text[512];
    struct received *r;
    text[0] = '\0';
    while ((r = session_take(&j->secc)) != NULL) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%s", n > 0 ? " " : "",
                 r->is_decoded ? r->name : "?");
        session_done(&j->secc, r);
    }
    return text;
}

static void wait_for(struct joined *j)
{
    while (world_turn(j->world, true))
        ;
}

static void only_the_occurrences_that_are_meant_are_dropped(void **state)
{
    struct joined *j = *state;
    struct fault_filter *f = add(&j->evcc, "CurrentDemandReq#2-3: drop");
    for (unsigned i = 0; i < 4; i++)
        send_out(j, "CurrentDemandReq");
    send_out(j, "SessionStopReq");
    assert_string_equal(got(j), "CurrentDemandReq CurrentDemandReq SessionStopReq");
    assert_int_equal(f->seen, 4);
    assert_int_equal(f->happened, 2);
    assert_int_equal(j->faults, 2);
    /* the record has what went out */
    assert_string_equal(j->log, "CurrentDemandReq CurrentDemandReq SessionStopReq ");
    fault_remove(f);
    send_out(j, "CurrentDemandReq");
    assert_string_equal(got(j), "CurrentDemandReq");
}

static void what_comes_in_passes_too_and_roles_and_directions_choose(void **state)
{
    struct joined *j = *state;
    add(&j->secc, "in CurrentDemandReq#1: drop");
    add(&j->secc, "evcc CurrentDemandReq: drop");
    add(&j->secc, "out CurrentDemandReq: drop");
    add(&j->evcc, "in CurrentDemandReq: drop");
    send_out(j, "CurrentDemandReq");
    send_out(j, "CurrentDemandReq");
    assert_string_equal(got(j), "CurrentDemandReq");
}

static void delays_keep_the_order_unless_told_otherwise(void **state)
{
    struct joined *j = *state;
    struct fault_filter *f = add(&j->evcc, "CurrentDemandReq#1: delay 20");
    send_out(j, "CurrentDemandReq");
    send_out(j, "PowerDeliveryReq");
    assert_string_equal(got(j), "");
    wait_for(j);
    assert_string_equal(got(j), "CurrentDemandReq PowerDeliveryReq");
    fault_remove(f);
    add(&j->evcc, "CurrentDemandReq: delay 20 overtake");
    send_out(j, "CurrentDemandReq");
    send_out(j, "PowerDeliveryReq");
    wait_for(j);
    assert_string_equal(got(j), "PowerDeliveryReq CurrentDemandReq");
}

/* With that number in it, by which it is known again. */
static void send_numbered(struct joined *j, int64_t number)
{
    struct err e = ERR_INIT;
    struct message m;
    struct slice frame;
    const struct schema *s = library_get(&library, "iso15118-2", &e);
    assert_int_equal(message_new(s, "CurrentDemandReq", &j->arena, &m, &e), 0);
    struct node *n = message_named(&m).node;
    struct node *status = n->v[type_slot_of(n->type, "DC_EVStatus")].n;
    status->v[type_slot_of(status->type, "EVRESSSOC")].i = number;
    assert_int_equal(session_send(&j->evcc, &m, 0, "", 1, &frame, &e), 0);
}

/* The number of the next one that the station has got; -1: there is none. */
static int64_t next_number(struct joined *j)
{
    struct received *r = session_take(&j->secc);
    if (r == NULL)
        return -1;
    struct node *n = message_named(&r->message).node;
    struct node *status = n->v[type_slot_of(n->type, "DC_EVStatus")].n;
    int64_t number = status->v[type_slot_of(status->type, "EVRESSSOC")].i;
    session_done(&j->secc, r);
    return number;
}

static void delays_by_chance_keep_the_order_unless_told_otherwise(void **state)
{
    struct joined *j = *state;
    enum { FRAMES = 12 };
    struct fault_filter *f = add(&j->evcc, "CurrentDemandReq: delay 0-8");
    for (int64_t i = 0; i < FRAMES; i++)
        send_numbered(j, i);
    wait_for(j);
    for (int64_t i = 0; i < FRAMES; i++)
        assert_int_equal(next_number(j), i);
    assert_int_equal(f->happened, FRAMES);
    fault_remove(f);
    add(&j->evcc, "CurrentDemandReq: delay 0-8 overtake");
    bool has_come[FRAMES] = {false};
    for (int64_t i = 0; i < FRAMES; i++)
        send_numbered(j, i);
    wait_for(j);
    for (int64_t i = 0, number; i < FRAMES; i++) {
        number = next_number(j);
        assert_true(number >= 0 && number < FRAMES && !has_come[number]);
        has_come[number] = true;
    }
}

static void one_that_overtakes_is_not_held_itself(void **state)
{
    struct joined *j = *state;
    struct fault_filter *f = add(&j->evcc, "CurrentDemandReq#1-2: reorder 1");
    for (int64_t i = 1; i <= 3; i++)
        send_numbered(j, i);
    assert_int_equal(next_number(j), 2);
    assert_int_equal(next_number(j), 1);
    assert_int_equal(next_number(j), 3);
    assert_int_equal(next_number(j), -1);
    assert_int_equal(f->happened, 1);
}

static void what_a_removed_delay_holds_goes_on_and_a_new_connection_voids_it(void **state)
{
    struct joined *j = *state;
    struct fault_filter *f = add(&j->evcc, "CurrentDemandReq: delay 60000");
    send_out(j, "CurrentDemandReq");
    fault_remove(f);
    assert_string_equal(got(j), "CurrentDemandReq");
    add(&j->evcc, "CurrentDemandReq: delay 60000");
    send_out(j, "CurrentDemandReq");
    way_forget(&j->evcc.way);
    wait_for(j);
    assert_string_equal(got(j), "");
}

static void frames_are_doubled_and_reordered(void **state)
{
    struct joined *j = *state;
    struct fault_filter *f = add(&j->evcc, "CurrentDemandReq#1: duplicate 2");
    send_out(j, "CurrentDemandReq");
    assert_string_equal(got(j), "CurrentDemandReq CurrentDemandReq CurrentDemandReq");
    fault_remove(f);
    add(&j->evcc, "CurrentDemandReq#1: reorder 2");
    send_out(j, "CurrentDemandReq");
    send_out(j, "PowerDeliveryReq");
    send_out(j, "WeldingDetectionReq");
    send_out(j, "SessionStopReq");
    assert_string_equal(got(j),
                        "PowerDeliveryReq WeldingDetectionReq CurrentDemandReq SessionStopReq");
}

/* Each allocation of a send fails once: what the record says has happened, has. */
static void what_is_not_doubled_for_want_of_memory_is_not_told(void **state)
{
    struct joined *j = *state;
    unsigned undone = 0;
    j->is_deaf = true;
    bool has_failed = COUNTS_MEMORY;
    for (long n = 1; has_failed && n < 100; n++) {
        struct fault_filter *f = add(&j->evcc, "SessionStopReq: duplicate");
        struct err e = ERR_INIT;
        struct message m;
        struct slice frame;
        const struct schema *s = library_get(&library, "iso15118-2", &e);
        assert_int_equal(message_new(s, "SessionStopReq", &j->arena, &m, &e), 0);
        j->writes = 0;
        memory_fail_at(n);
        int bad = session_send(&j->evcc, &m, 0, "", 1, &frame, &e);
        has_failed = memory_calm();
        if (f->happened > 0 ? j->writes != 2 : j->writes > 1)
            fail_msg("allocation %ld: it happened %u times, and %u frames went out", n, f->happened,
                     j->writes);
        undone += bad == 0 && f->happened == 0;
        fault_remove(f);
    }
    assert_true(undone > 0 || !COUNTS_MEMORY);
}

/* What the fault makes of a message; the one that the station got, or NULL. */
static struct received *through(struct joined *j, const char *fault, const char *name)
{
    struct fault_filter *f = add(&j->evcc, fault);
    unsigned undone = j->undone;
    send_out(j, name);
    assert_int_equal(f->happened, 1);
    assert_int_equal(j->undone, undone);
    fault_remove(f);
    return session_take(&j->secc);
}

static void frames_are_changed_in_their_bits(void **state)
{
    struct joined *j = *state;
    struct received *r = through(j, "CurrentDemandReq: truncate 4", "CurrentDemandReq");
    assert_false(r->is_decoded);
    session_done(&j->secc, r);
    r = through(j, "SessionStopReq: append 0102", "SessionStopReq");
    assert_true(r->is_decoded);
    assert_int_equal(r->message.trailing.n, 2);
    session_done(&j->secc, r);
    r = through(j, "SessionStopReq: flip 0", "SessionStopReq");
    assert_false(r->is_decoded);
    session_done(&j->secc, r);
    r = through(j, "SessionStopReq: header type=0x8002", "SessionStopReq");
    assert_int_equal(r->payload_type, 0x8002);
    session_done(&j->secc, r);
    assert_null(through(j, "SessionStopReq: header length=0", "SessionStopReq"));
    assert_null(through(j, "SessionStopReq: header version=5", "SessionStopReq"));
}

static const char *text_of(const struct received *r, const char *name)
{
    static struct buf text;
    const struct node *n = message_named(&r->message).node;
    int slot = type_slot_of(n->type, name);
    buf_clear(&text);
    if (slot < 0 || !node_has(n, (unsigned)slot))
        return "absent";
    value_text(&n->type->field[slot], n->v[slot], &text);
    return buf_string(&text);
}

static void messages_are_changed_in_their_values(void **state)
{
    struct joined *j = *state;
    struct received *r =
        through(j, "CurrentDemandReq: set ChargingComplete=true DC_EVStatus.EVRESSSOC=77",
                "CurrentDemandReq");
    assert_string_equal(text_of(r, "ChargingComplete"), "true");
    const struct node *n = message_named(&r->message).node;
    assert_int_equal(n->v[0].n->v[type_slot_of(n->v[0].n->type, "EVRESSSOC")].i, 77);
    session_done(&j->secc, r);
    r = through(j, "CurrentDemandReq: set EVTargetVoltage=400", "CurrentDemandReq");
    n = message_named(&r->message).node;
    assert_float_equal(quantity_get(n->v[type_slot_of(n->type, "EVTargetVoltage")].n), 400, 0.01);
    session_done(&j->secc, r);
    r = through(j, "CurrentDemandReq: without EVTargetVoltage", "CurrentDemandReq");
    session_done(&j->secc, r);
    r = through(j, "SessionStopReq: session", "SessionStopReq");
    const struct node *header = message_header(&r->message);
    assert_int_equal(header->v[0].b->p[0], 0xFF);
    session_done(&j->secc, r);
    r = through(j, "SessionStopReq: message WeldingDetectionReq", "SessionStopReq");
    assert_string_equal(r->name, "WeldingDetectionReq");
    session_done(&j->secc, r);
}

static void what_cannot_be_done_passes_and_is_not_counted(void **state)
{
    struct joined *j = *state;
    static const struct {
        const char *name, *what, *why;
    } ROWS[] = {
        {"SessionStopReq", "set Nothing=1", "has no element 'Nothing'; "},
        {"SessionStopReq", "set ChargingSession=Maybe", "'Maybe'"},
        {"SessionStopReq", "code OK", "has no element 'ResponseCode'"},
        {"SessionStopReq", "flip 100000", "there is no bit 100000 in "},
        {"SessionStopReq", "truncate 9999", "its payload has "},
        {"SessionStopReq", "truncate -9999", "its payload has "},
        {"SessionStopReq", "without Nothing", "has no element 'Nothing'; "},
        {"SessionStopReq", "message Nothing", "Nothing"},
        {"SessionStopReq", "set ChargingSession[2]=Pause", "ChargingSession is no list"},
        {"CurrentDemandReq", "without DC_EVStatus.EVReady.x", "EVReady has no elements in it"},
        {"CurrentDemandReq", "without EVMaximumPowerLimit.Value", "EVMaximumPowerLimit is absent)"},
        {"CurrentDemandReq", "without EVMaximumPowerLimit",
         "EVMaximumPowerLimit is absent already"},
        {"CurrentDemandReq", "set EVTargetVoltage=many",
         "EVTargetVoltage: expected a number, found 'many'"},
        {"CurrentDemandReq", "set EVTargetVoltage=5x", "expected a number, found '5x'"},
        {"CurrentDemandReq", "set DC_EVStatus=5",
         "DC_EVStatus: expected one of its elements, found '5'"},
        {"CurrentDemandReq", "set DC_EVStatus.EVRESSSOC=5%%", "'5%%'"},
        {"PaymentServiceSelectionReq", "set SelectedServiceList.SelectedService[0].ServiceID=1",
         "SelectedService has no entry 0"},
        {"PaymentServiceSelectionReq", "set SelectedServiceList.SelectedService[2].ServiceID=1",
         "SelectedService has no entry 2"},
        {"PaymentServiceSelectionReq", "set SelectedServiceList.SelectedService[1x].ServiceID=1",
         "SelectedService: expected an index as [2], found '[1x].ServiceID'"},
        {"PaymentServiceSelectionReq", "set SelectedServiceList.SelectedService[1]ServiceID=1",
         "SelectedService: expected an index as [2], found '[1]ServiceID'"},
        {"ChargeParameterDiscoveryRes",
         "set SAScheduleList.SAScheduleTuple[1].SalesTariff.SalesTariffEntry[1].ConsumptionCost[2]"
         ".startValue=1",
         "ConsumptionCost has no entry 2"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "%s: %s", ROWS[i].name, ROWS[i].what);
        struct fault_filter *f = add(&j->evcc, text);
        send_out(j, ROWS[i].name);
        assert_int_equal(f->happened, 0);
        if (j->undone != i + 1 || strstr(j->why, ROWS[i].why) == NULL)
            fail_msg("%s: expected %s, found %s", text, ROWS[i].why, j->why);
        assert_string_equal(got(j), ROWS[i].name);
        fault_remove(f);
    }
}

/* An element of a message by its path, entries of lists the first ones, as text. */
static const char *text_at(const struct received *r, const char *path)
{
    static struct buf text;
    const struct node *n = message_named(&r->message).node;
    buf_clear(&text);
    for (;;) {
        size_t size = strcspn(path, ".");
        int slot = type_slot(n->type, path, size);
        if (slot < 0 || !node_has(n, (unsigned)slot))
            return "absent";
        const struct field *f = &n->type->field[slot];
        union value v = f->is_list ? n->v[slot].l->v[0] : n->v[slot];
        if (path[size] == '\0') {
            value_text(f, v, &text);
            return buf_string(&text);
        }
        n = v.n;
        path += size + 1;
    }
}

static void each_kind_of_value_is_set(void **state)
{
    struct joined *j = *state;
    static const struct {
        const char *name, *what, *path, *value;
    } ROWS[] = {
        {"CurrentDemandReq", "set DC_EVStatus.EVRESSSOC=40", "DC_EVStatus.EVRESSSOC", "40"},
        {"CurrentDemandReq", "set EVTargetCurrent=100 EVTargetCurrent=+10%",
         "EVTargetCurrent.Value", "110"},
        {"CurrentDemandReq", "set DC_EVStatus.EVRESSSOC=40 DC_EVStatus.EVRESSSOC=-50%",
         "DC_EVStatus.EVRESSSOC", "20"},
        {"CurrentDemandReq", "set RemainingTimeToFullSoC.Value=9", "RemainingTimeToFullSoC.Value",
         "9"},
        {"SessionSetupReq", "set EVCCID=0A0B0C0D0E0F", "EVCCID", "0A0B0C0D0E0F"},
        {"PaymentServiceSelectionReq", "set SelectedServiceList.SelectedService[1].ServiceID=7",
         "SelectedServiceList.SelectedService.ServiceID", "7"},
        {"PaymentServiceSelectionReq", "set SelectedServiceList.SelectedService.ServiceID=8",
         "SelectedServiceList.SelectedService.ServiceID", "8"},
        {"ChargeParameterDiscoveryRes",
         "set SAScheduleList.SAScheduleTuple[1].SalesTariff.SalesTariffEntry[1].ConsumptionCost[1]"
         ".startValue.Value=5",
         "SAScheduleList.SAScheduleTuple.SalesTariff.SalesTariffEntry.ConsumptionCost.startValue"
         ".Value",
         "5"},
        {"SessionStopRes", "code FAILED", "ResponseCode", "FAILED"},
        {"SessionStopReq", "message supportedAppProtocolRes", "ResponseCode",
         "OK_SuccessfulNegotiation"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char text[300];
        snprintf(text, sizeof text, "%s: %s", ROWS[i].name, ROWS[i].what);
        struct received *r = through(j, text, ROWS[i].name);
        assert_non_null(r);
        if (strcmp(text_at(r, ROWS[i].path), ROWS[i].value) != 0)
            fail_msg("%s: %s", text, text_at(r, ROWS[i].path));
        session_done(&j->secc, r);
    }
}

static void headers_are_written_as_they_are_said(void **state)
{
    struct joined *j = *state;
    static const struct {
        const char *what;
        uint8_t version, inverse;
        uint16_t type;
        int change; /* of the length */
    } ROWS[] = {
        {"length=+2", 0x01, 0xFE, 0x8001, 2},
        {"length=-1", 0x01, 0xFE, 0x8001, -1},
        {"type=0x9000 version=2", 0x02, 0xFE, 0x9000, 0},
        {"inverse=3", 0x01, 0x03, 0x8001, 0},
    };
    j->is_deaf = true;
    send_out(j, "SessionStopReq");
    struct v2gtp_header was = v2gtp_read(j->header);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "SessionStopReq: header %s", ROWS[i].what);
        through(j, text, "SessionStopReq");
        struct v2gtp_header h = v2gtp_read(j->header);
        assert_int_equal(h.version, ROWS[i].version);
        assert_int_equal(h.inverse, ROWS[i].inverse);
        assert_int_equal(h.type, ROWS[i].type);
        assert_int_equal(h.length, (int)was.length + ROWS[i].change);
    }
    through(j, "SessionStopReq: header length=5", "SessionStopReq");
    assert_int_equal(v2gtp_read(j->header).length, 5);
}

static void bytes_are_split_and_glued(void **state)
{
    struct joined *j = *state;
    struct fault_filter *f = add(&j->evcc, "SessionStopReq: split 8");
    send_out(j, "SessionStopReq");
    assert_int_equal(j->writes, 3);
    assert_int_equal(j->written[0], 8);
    assert_int_equal(f->seen, 1);
    assert_string_equal(got(j), "SessionStopReq");
    fault_remove(f);
    f = add(&j->evcc, "SessionStopReq#1: split 1 pause=1");
    j->writes = 0;
    send_out(j, "SessionStopReq");
    send_out(j, "PowerDeliveryReq");
    assert_int_equal(j->writes, 1);
    wait_for(j);
    assert_string_equal(got(j), "SessionStopReq PowerDeliveryReq");
    fault_remove(f);
    add(&j->evcc, "SessionStopReq#1: glue");
    j->writes = 0;
    send_out(j, "SessionStopReq");
    send_out(j, "PowerDeliveryReq");
    assert_int_equal(j->writes, 1);
    assert_string_equal(got(j), "SessionStopReq PowerDeliveryReq");
}

static void connections_end_from_the_loop_and_silence_lasts(void **state)
{
    struct joined *j = *state;
    add(&j->evcc, "SessionStopReq: reset");
    send_out(j, "SessionStopReq");
    send_out(j, "PowerDeliveryReq");
    assert_int_equal(j->ends, 0);
    wait_for(j);
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->ended[0], WAY_RESET);
    assert_string_equal(got(j), "");
    way_forget(&j->evcc.way);
    add(&j->evcc, "PowerDeliveryReq: silence");
    send_out(j, "CurrentDemandReq");
    send_out(j, "PowerDeliveryReq");
    send_out(j, "CurrentDemandReq");
    assert_string_equal(got(j), "CurrentDemandReq");
    way_forget(&j->evcc.way);
    send_out(j, "CurrentDemandReq");
    assert_string_equal(got(j), "CurrentDemandReq");
}

static int remove_itself(void *context, struct fault_filter *f, struct parcel *p, struct err *e)
{
    unsigned *called = context;
    ++*called;
    fault_happened(f, p, NULL);
    fault_remove(f);
    return filter_pass(&f->filter, p, e);
}

static void note_release(void *context)
{
    *(unsigned *)context += 100;
}

static void a_function_may_remove_its_filter(void **state)
{
    struct joined *j = *state;
    unsigned called = 0;
    struct fault_function function = {remove_itself, note_release, &called};
    struct err e = ERR_INIT;
    struct fault *f = fault_parse("SessionStopReq: function", &e);
    assert_non_null(fault_add(&j->evcc.way, f, &function, &e));
    send_out(j, "SessionStopReq");
    send_out(j, "SessionStopReq");
    assert_int_equal(called, 101);
    assert_int_equal(j->faults, 1);
    assert_string_equal(got(j), "SessionStopReq SessionStopReq");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_says_which_frames_and_what),
        cmocka_unit_test(wrong_text_is_refused_with_what_was_meant),
        cmocka_unit_test(a_message_that_there_is_not_has_a_nearest),
        cmocka_unit_test(frames_and_what_is_done_make_a_text),
#define JOINED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        JOINED(only_the_occurrences_that_are_meant_are_dropped),
        JOINED(what_comes_in_passes_too_and_roles_and_directions_choose),
        JOINED(delays_keep_the_order_unless_told_otherwise),
        JOINED(delays_by_chance_keep_the_order_unless_told_otherwise),
        JOINED(one_that_overtakes_is_not_held_itself),
        JOINED(what_a_removed_delay_holds_goes_on_and_a_new_connection_voids_it),
        JOINED(frames_are_doubled_and_reordered),
        JOINED(what_is_not_doubled_for_want_of_memory_is_not_told),
        JOINED(frames_are_changed_in_their_bits),
        JOINED(messages_are_changed_in_their_values),
        JOINED(what_cannot_be_done_passes_and_is_not_counted),
        JOINED(each_kind_of_value_is_set),
        JOINED(headers_are_written_as_they_are_said),
        JOINED(bytes_are_split_and_glued),
        JOINED(connections_end_from_the_loop_and_silence_lasts),
        JOINED(a_function_may_remove_its_filter),
    };
    library_open(&library);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    library_close(&library);
    return failed;
}
