/* SPDX-License-Identifier: Apache-2.0 */
/* Events as octets: what is written is read again, and nothing else is an event. */
#include "record/compact.h"
#include "schema/library.h"
#include "support.h"

static struct library library;

/* Each member has a value of its own. */
static struct event full_event(struct err *problem)
{
    struct err e = ERR_INIT;
    struct event event = {
        .number = UINT64_MAX,
        .session = 300,
        .us = -5,
        .kind = EVENT_TLS,
        .how = HOW_ERROR,
        .came = CAME_LATE,
        .ok = true,
        .is_inside = true,
        .is_failed = true,
        .from_role = FROM_SECC,
        .by = "EVCC rear",
        .where = "file.lua:12",
        .connection = UINT32_MAX,
        .from = {.port = 0, .ip = {0xFE, 0x80, [15] = 1}, .interface = "a_long_name_15c"},
        .to = {.port = 65535, .ip = {[10] = 0xFF, 0xFF, 192, 0, 2, 1}},
        .bytes = {(const uint8_t *)"\x01\xFE\x80\x01", 4},
        .payload_type = 0x8001,
        .schema = library_get(&library, "iso15118-2", &e),
        .name = "SessionSetupReq",
        .code = "OK",
        .problem = problem,
        .text = "한국어, and \x01",
        .handshake = "{\"version\":\"1.3\"}",
        .limit_us = INT64_MAX,
        .taken_us = 127,
        .times = 128,
        .leg = LEG_STATION,
    };
    err_set_bit(problem, 77, "expected 1, found 2");
    err_under(problem, "Body");
    return event;
}

static void test_all_members(void **state)
{
    struct err problem = ERR_INIT;
    struct event e = full_event(&problem), got;
    struct compact_room room = {.has_message = true};
    struct buf out = {0};
    char text[900], other[900];
    (void)state;
    buf_text(&out, "before");
    compact_event(&e, &out);
    struct slice unit = {out.p + 6 + COMPACT_LENGTH, out.n - 6 - COMPACT_LENGTH};
    assert_int_equal(out.p[6] | out.p[7] << 8, unit.n);
    assert_int_equal(compact_read(unit, &library, &room, &got), 0);
    assert_true(got.number == e.number && got.us == e.us && got.session == e.session);
    assert_true(got.kind == e.kind && got.how == e.how && got.came == e.came && got.ok);
    assert_true(!got.is_udp && got.is_inside && !got.is_after && !got.is_echo && got.is_failed);
    assert_true(got.from_role == e.from_role && got.connection == e.connection);
    assert_true(endpoint_same(&got.from, &e.from) && endpoint_same(&got.to, &e.to));
    assert_string_equal(got.from.interface, e.from.interface);
    assert_string_equal(got.by, e.by);
    assert_string_equal(got.where, e.where);
    assert_string_equal(got.name, e.name);
    assert_string_equal(got.code, e.code);
    assert_string_equal(got.text, e.text);
    assert_string_equal(got.handshake, e.handshake);
    assert_true(got.bytes.n == 4 && memcmp(got.bytes.p, e.bytes.p, 4) == 0);
    assert_true(got.payload_type == e.payload_type && got.schema == e.schema);
    assert_true(got.limit_us == e.limit_us && got.taken_us == 127 && got.times == 128);
    assert_int_equal(got.leg, LEG_STATION);
    assert_string_equal(err_text(got.problem, text, sizeof text),
                        err_text(&problem, other, sizeof other));
    assert_false(room.has_message);
    compact_room_close(&room);
    buf_close(&out);
}

/* Cut anywhere, it is none; with any octet changed it is read or refused. */
static void test_hostile(void **state)
{
    struct err problem = ERR_INIT;
    struct event e = full_event(&problem), got;
    struct compact_room room = {.has_message = false};
    struct buf out = {0};
    unsigned refused = 0;
    (void)state;
    compact_event(&e, &out);
    size_t n = out.n - COMPACT_LENGTH;
    for (size_t cut = 0; cut < n; cut++) { /* as long as it is, so that reading too far is seen */
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, out.p + COMPACT_LENGTH, cut);
        assert_int_equal(compact_read((struct slice){copy, cut}, &library, &room, &got), -1);
        free(copy);
    }
    for (size_t i = 0; i < n; i++)
        for (unsigned flip = 1; flip < 256; flip++) {
            out.p[COMPACT_LENGTH + i] ^= (uint8_t)flip;
            struct slice unit = {out.p + COMPACT_LENGTH, n};
            refused += compact_read(unit, &library, &room, &got) != 0;
            out.p[COMPACT_LENGTH + i] ^= (uint8_t)flip;
        }
    assert_true(refused > n);
    compact_room_close(&room);
    buf_close(&out);
}

/* What has no leg is as it was before there were legs: records of then are read. */
static void test_without_leg(void **state)
{
    static const uint8_t NOTHING[23] = {0}; /* flags, 20 members, a set, bytes */
    struct event e = {.number = 0}, got;
    struct compact_room room = {.has_message = false};
    struct buf out = {0};
    (void)state;
    compact_event(&e, &out);
    assert_int_equal(out.n, COMPACT_LENGTH + sizeof NOTHING);
    assert_memory_equal(out.p + COMPACT_LENGTH, NOTHING, sizeof NOTHING);
    assert_int_equal(compact_read((struct slice){NOTHING, sizeof NOTHING}, &library, &room, &got),
                     0);
    assert_int_equal(got.leg, LEG_NONE);
    compact_room_close(&room);
    buf_close(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_without_leg),
    };
    library_open(&library);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    library_close(&library);
    return failed;
}
