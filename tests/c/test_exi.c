/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec, case by case: what real cars send that no schema allows, what the stream can hold
 * beside it, and what has to be refused, each with its error.
 */
#include "codec/defaults.h"
#include "codec/quantity.h"
#include "support.h"

#include "base/bits.h"
#include "codec/json.h"

#include <openssl/sha.h>
#include <pthread.h>

#define MEMORY (16u * 1024 * 1024)

/* A message that is being looked at. */
struct bench {
    struct arena arena;
    struct message m;
    struct err e;
    struct buf exi, text;
};

static int open_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    arena_open(&b->arena, NULL, 0, MEMORY);
    b->e = ERR_INIT;
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *b = *state;
    arena_close(&b->arena);
    buf_close(&b->exi);
    buf_close(&b->text);
    free(b);
    return 0;
}

static struct slice bytes_of(const struct buf *b)
{
    return (struct slice){b->p, b->n};
}

static int decode(struct bench *b, const char *schema, struct slice exi)
{
    b->e = ERR_INIT;
    return support_decode(support_schema(schema), exi, false, &b->arena, &b->m, &b->e);
}

static void must_decode(struct bench *b, const char *schema, struct slice exi)
{
    if (decode(b, schema, exi) != 0)
        fail_msg("bit %lld, %s: %s", (long long)b->e.bit, b->e.path, b->e.what);
}

static void must_encode(struct bench *b)
{
    buf_clear(&b->exi);
    b->e = ERR_INIT;
    if (exi_encode_buf(&b->m, &b->exi, &b->e) != 0)
        fail_msg("%s: %s", b->e.path, b->e.what);
}

static void start(struct bench *b, const char *schema, const char *message)
{
    b->e = ERR_INIT;
    if (message_new(support_schema(schema), message, &b->arena, &b->m, &b->e) != 0)
        fail_msg("%s", b->e.what);
}

/* The message's own element, or the one at that path under it ("ChargingProfile/ProfileEntry"). */
static struct node *child_of(struct bench *b, struct node *n, const char *path)
{
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        int slot = type_slot(n->type, path, size);
        if (slot < 0)
            fail_msg("%s has no %.*s", n->type->name, (int)size, path);
        if (!node_has(n, (unsigned)slot))
            assert_int_equal(node_set_default(&b->arena, n, (unsigned)slot, &b->e), 0);
        n = n->type->field[slot].is_list ? n->v[slot].l->v[0].n : n->v[slot].n;
        path += size + (path[size] == '/');
    }
    return n;
}

static struct node *at(struct bench *b, const char *path)
{
    return child_of(b, message_named(&b->m).node, path);
}

static union value *value_of(struct bench *b, struct node *n, const char *name)
{
    int slot = type_slot_of(n->type, name);
    if (slot < 0)
        fail_msg("%s has no %s", n->type->name, name);
    if (!node_has(n, (unsigned)slot))
        assert_int_equal(node_set_default(&b->arena, n, (unsigned)slot, &b->e), 0);
    return &n->v[slot];
}

static void set_bytes(struct bench *b, struct node *n, const char *name, const void *p, size_t size)
{
    value_of(b, n, name)->b = bytes_new(&b->arena, p, size);
}

static void expect_violation(const struct bench *b, const char *path, const char *what)
{
    const struct violation *v = b->m.violations;
    if (v == NULL)
        fail_msg("no violation; expected %s: %s", path, what);
    if (strstr(v->path, path) == NULL || strstr(v->what, what) == NULL)
        fail_msg("violation %s: %s; expected %s: %s", v->path, v->what, path, what);
    assert_null(v->next);
}

static void expect_error(const struct bench *b, int64_t bit, const char *path, const char *what)
{
    assert_true(b->e.set);
    if (strstr(b->e.what, what) == NULL || strstr(b->e.path, path) == NULL || b->e.bit != bit)
        fail_msg("bit %lld, %s: %s; expected bit %lld, %s: %s", (long long)b->e.bit, b->e.path,
                 b->e.what, (long long)bit, path, what);
}

/* Decodes the encoding of the message and encodes that: the same octets. */
static void must_come_back(struct bench *b, const char *schema)
{
    struct buf first = {0};
    must_encode(b);
    buf_add(&first, b->exi.p, b->exi.n);
    must_decode(b, schema, bytes_of(&first));
    must_encode(b);
    assert_int_equal(b->exi.n, first.n);
    assert_memory_equal(b->exi.p, first.p, first.n);
    buf_close(&first);
}

/* ---- what real cars send ---- */

/* ChargingProfileEntryMaxNumberOfPhasesInUse is 1 to 3; its two bits can hold 4. */
static void test_four_phases(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "PowerDeliveryReq");
    struct node *entry = at(b, "ChargingProfile/ProfileEntry");
    value_of(b, entry, "ChargingProfileEntryMaxNumberOfPhasesInUse")->i = 4;
    must_come_back(b, "iso15118-2");
    expect_violation(b, "ProfileEntry/ChargingProfileEntryMaxNumberOfPhasesInUse",
                     "4 is outside 1..3");
    entry = at(b, "ChargingProfile/ProfileEntry");
    assert_int_equal(value_of(b, entry, "ChargingProfileEntryMaxNumberOfPhasesInUse")->i, 4);
    assert_non_null(strstr(support_xml(&b->m, &b->text), "PhasesInUse>4</"));
}

/* Five do not fit into the two bits: that is an error, with the path, and not another number. */
static void test_five_phases(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "PowerDeliveryReq");
    struct node *entry = at(b, "ChargingProfile/ProfileEntry");
    value_of(b, entry, "ChargingProfileEntryMaxNumberOfPhasesInUse")->i = 5;
    assert_int_equal(exi_encode_buf(&b->m, &b->exi, &b->e), -1);
    expect_error(b, ERR_NO_PLACE,
                 "V2G_Message/Body/PowerDeliveryReq/ChargingProfile/ProfileEntry/"
                 "ChargingProfileEntryMaxNumberOfPhasesInUse",
                 "5");
}

/* A SessionID may be shorter than 8 octets, down to none. */
static void test_session_id_of_every_length(void **state)
{
    struct bench *b = *state;
    static const uint8_t ZEROS[16];
    for (size_t n = 0; n <= 9; n++) {
        start(b, "iso15118-2", "SessionSetupReq");
        set_bytes(b, message_header(&b->m), "SessionID", ZEROS, n);
        must_come_back(b, "iso15118-2");
        union value *id = value_of(b, message_header(&b->m), "SessionID");
        assert_int_equal(id->b->n, n);
        if (n <= 8)
            assert_null(b->m.violations);
        else
            expect_violation(b, "Header/SessionID", "length 9 is outside 0..8 octets");
    }
}

/* Header, event code of V2G_Message, Header and SessionID, and then the end of the element where
 * its characters should be: other encoders write an empty SessionID so. */
static void test_session_id_that_ends_at_once(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "SessionSetupReq");
    set_bytes(b, message_header(&b->m), "SessionID", "", 0);
    must_encode(b);
    /* 80 98 0 0 | 0 characters, 00000000 length, 0 end | …: becomes 1 deviation, 000 end | … */
    struct bit_reader r;
    struct bit_writer w;
    uint8_t other[64];
    bits_open(&r, b->exi.p, b->exi.n);
    bits_begin(&w, other, sizeof other);
    for (unsigned i = 0; i < 17; i++)
        bits_write(&w, bits_read(&r, 1), 1);
    assert_int_equal(bits_read(&r, 10), 0);
    bits_write(&w, 8, 4);
    while (bits_left(&r) > 0)
        bits_write(&w, bits_read(&r, 1), 1);
    struct slice exi = {other, bits_finish(&w)};
    struct buf before = {0};
    buf_add(&before, b->exi.p, b->exi.n);
    must_decode(b, "iso15118-2", exi);
    assert_int_equal(value_of(b, message_header(&b->m), "SessionID")->b->n, 0);
    must_encode(b);
    assert_int_equal(b->exi.n, before.n);
    assert_memory_equal(b->exi.p, before.p, before.n);
    buf_close(&before);
}

/* A ServiceScope of 64 NUL characters: longer is not allowed, NUL is. */
static void test_64_nul_characters(void **state)
{
    struct bench *b = *state;
    static const char NULS[64];
    start(b, "iso15118-2", "ServiceDiscoveryReq");
    set_bytes(b, at(b, ""), "ServiceScope", NULS, sizeof NULS);
    must_come_back(b, "iso15118-2");
    assert_null(b->m.violations);
    const struct bytes *scope = value_of(b, at(b, ""), "ServiceScope")->b;
    assert_int_equal(scope->n, 64);
    assert_memory_equal(scope->p, NULS, 64);
    support_xml(&b->m, &b->text); /* XML has no NUL: whatever stands there, it is text */
    assert_int_equal(strlen((const char *)b->text.p), b->text.n);
    /* JSON has */
    struct message again;
    struct buf exi = {0};
    buf_clear(&b->text);
    json_print(&b->m, JSON_LINE, &b->text);
    assert_int_equal(
        json_read(b->m.schema, (const char *)b->text.p, b->text.n, false, &b->arena, &again, &b->e),
        0);
    assert_int_equal(exi_encode_buf(&again, &exi, &b->e), 0);
    assert_int_equal(exi.n, b->exi.n);
    assert_memory_equal(exi.p, b->exi.p, exi.n);
    buf_close(&exi);
}

/* A ContractAuthenticationReq with one octet 0 behind its end. */
static void test_bytes_after_the_end(void **state)
{
    struct bench *b = *state;
    uint8_t longer[300] = {0};
    start(b, "din70121", "ContractAuthenticationReq");
    must_encode(b);
    size_t n = b->exi.n;
    memcpy(longer, b->exi.p, n);
    must_decode(b, "din70121", (struct slice){longer, n + 1});
    assert_int_equal(b->m.trailing.n, 1);
    assert_ptr_equal(b->m.trailing.p, longer + n);
    expect_violation(b, "", "1 bytes after the end");
    assert_int_equal(b->m.violations->bit, 8 * n);
    must_encode(b);
    assert_int_equal(b->exi.n, n);
    assert_memory_equal(b->exi.p, longer, n);
    must_decode(b, "din70121", (struct slice){longer, sizeof longer});
    assert_int_equal(b->m.trailing.n, sizeof longer - n);
}

/* An empty MeterID is written as characters of length 0, and its octets are those of other stacks:
 * 1 for "the element is there", 0 characters, 00000010 length 0 plus 2, 0 end. */
static void test_empty_meter_id(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "ChargingStatusRes");
    set_bytes(b, at(b, "MeterInfo"), "MeterID", "", 0);
    must_come_back(b, "iso15118-2");
    assert_null(b->m.violations);
    assert_int_equal(value_of(b, at(b, "MeterInfo"), "MeterID")->b->n, 0);
}

/* 4140 W as -24136 with multiplier -1: wrong, but both fields can hold it. */
static void test_power_that_overflowed(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "PowerDeliveryReq");
    struct node *power = at(b, "ChargingProfile/ProfileEntry/ChargingProfileEntryMaxPower");
    value_of(b, power, "Multiplier")->i = -1;
    value_of(b, power, "Value")->i = -24136;
    must_come_back(b, "iso15118-2");
    assert_null(b->m.violations);
    assert_true(quantity_get(at(b, "ChargingProfile/ProfileEntry/ChargingProfileEntryMaxPower")) <
                0);
}

/* A response code that is none of the list, in the bits that are left over. */
static void test_unknown_member_of_an_enumeration(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "SessionStopRes");
    value_of(b, at(b, ""), "ResponseCode")->i = 31;
    must_come_back(b, "iso15118-2");
    expect_violation(b, "SessionStopRes/ResponseCode", "31");
    assert_int_equal(value_of(b, at(b, ""), "ResponseCode")->i, 31);
    assert_non_null(strstr(support_xml(&b->m, &b->text), "<ResponseCode>31</ResponseCode>"));
}

/* The digest of this fragment stood in a station's signature: it is an outside proof that its
 * encoding is right. */
static void test_signed_sales_tariff(void **state)
{
    struct bench *b = *state;
    static const char XML[] =
        "<SalesTariff xmlns='urn:iso:15118:2:2013:MsgDataTypes' "
        "xmlns:a='urn:iso:15118:2:2013:MsgDataTypes' a:Id='id1'><SalesTariffID>10</SalesTariffID>"
        "<NumEPriceLevels>2</NumEPriceLevels><SalesTariffEntry><RelativeTimeInterval>"
        "<start>0</start></RelativeTimeInterval><EPriceLevel>1</EPriceLevel></SalesTariffEntry>"
        "<SalesTariffEntry><RelativeTimeInterval><start>43200</start><duration>43200</duration>"
        "</RelativeTimeInterval><EPriceLevel>2</EPriceLevel></SalesTariffEntry></SalesTariff>";
    assert_int_equal(
        xml_read(support_schema("iso15118-2"), XML, strlen(XML), true, &b->arena, &b->m, &b->e), 0);
    must_encode(b);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(b->exi.p, b->exi.n, digest);
    buf_clear(&b->text);
    buf_base64(&b->text, digest, sizeof digest);
    assert_memory_equal(buf_string(&b->text), "th2+taX+", 8);
}

/* ---- header, document, end ---- */

static void test_header(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *hex, *what;
        int64_t bit;
    } CASES[] = {
        {"", "the input ends here", 0},
        {"80", "the input ends here", 8},
        {"00", "no EXI header", 0},
        {"40", "no EXI header", 0},
        {"C0", "no EXI header", 0},
        {"A0", "EXI options", 0},
        {"81", "version", 0},
        {"9F", "version", 0},
        {"90", "version", 0},
        {"2445584900", "no EXI header", 32},
        {"24455849", "the input ends here", 32},
        {"80FE", "event code 127 of the document", 8},
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct slice exi = support_octets(CASES[i].hex);
        assert_int_equal(decode(b, "iso15118-2", exi), -1);
        expect_error(b, CASES[i].bit, "", CASES[i].what);
        free((void *)(uintptr_t)exi.p);
    }
}

static void test_cookie_is_skipped(void **state)
{
    struct bench *b = *state;
    uint8_t exi[300] = "$EXI";
    start(b, "iso15118-2", "SessionStopReq");
    must_encode(b);
    memcpy(exi + 4, b->exi.p, b->exi.n);
    must_decode(b, "iso15118-2", (struct slice){exi, b->exi.n + 4});
    assert_null(b->m.violations);
    assert_string_equal(message_named(&b->m).name, "SessionStopReq");
}

static void test_padding_that_is_not_zero(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "SessionStopReq");
    must_encode(b);
    b->exi.p[b->exi.n - 1] |= 1;
    struct buf exi = {0};
    buf_add(&exi, b->exi.p, b->exi.n);
    must_decode(b, "iso15118-2", bytes_of(&exi));
    expect_violation(b, "", "padding");
    buf_close(&exi);
}

/* A BodyElement without a message in it: an empty body is allowed, the head itself is not. */
static void test_body_without_message(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "SessionStopReq");
    struct node *body = b->m.v.n->v[1].n;
    body->has = 0;
    must_come_back(b, "iso15118-2");
    assert_null(b->m.violations);
    assert_null(message_named(&b->m).name);
    int head = type_slot_of(b->m.v.n->v[1].n->type, "BodyElement");
    assert_true(head >= 0);
    node_set(b->m.v.n->v[1].n, (unsigned)head, (union value){.n = NULL});
    assert_int_equal(exi_encode_buf(&b->m, &b->exi, &b->e), -1);
    expect_error(b, ERR_NO_PLACE, "V2G_Message/Body/BodyElement", "abstract");
}

/* ---- numbers ---- */

/* A document of supportedAppProtocolRes: ResponseCode 0, SchemaID as these octets. */
static int decode_schema_id(struct bench *b, const uint8_t *octets, size_t n)
{
    uint8_t exi[128];
    struct bit_writer w;
    bits_begin(&w, exi, sizeof exi);
    bits_write(&w, 0x80, 8);
    bits_write(&w, 0, 2); /* supportedAppProtocolReq, of two */
    bits_write(&w, 0, 1); /* AppProtocol */
    bits_write(&w, 0, 2); /* ProtocolNamespace, characters */
    bits_write(&w, 2, 8); /* empty */
    bits_write(&w, 0, 1);
    bits_write(&w, 0, 2); /* VersionNumberMajor, characters */
    bits_write_octets(&w, octets, n);
    bits_write(&w, 0, 1);
    bits_write(&w, 0, 2); /* VersionNumberMinor */
    bits_write(&w, 0, 8);
    bits_write(&w, 0, 1);
    bits_write(&w, 0, 2 + 8 + 1); /* SchemaID */
    bits_write(&w, 0, 2 + 5 + 1); /* Priority */
    bits_write(&w, 0, 1 + 2);     /* the end of AppProtocol; no more of them: */
    exi[0] = 0x80;
    return decode(b, "appprotocol", (struct slice){exi, bits_finish(&w)});
}

static void test_superfluous_octets_of_a_number(void **state)
{
    struct bench *b = *state;
    /* 1 as one octet, and as two and ten, the last ones 0 */
    static const uint8_t ONE[][10] = {
        {0x01}, {0x81, 0x00}, {0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}};
    static const size_t N[] = {1, 2, 10};
    for (unsigned i = 0; i < 3; i++) {
        (void)decode_schema_id(b, ONE[i], N[i]);
        if (b->e.set && b->e.bit < 50)
            fail_msg("bit %lld: %s", (long long)b->e.bit, b->e.what);
    }
}

static void test_number_of_more_than_64_bits(void **state)
{
    struct bench *b = *state;
    static const uint8_t LARGE[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02};
    assert_int_equal(decode_schema_id(b, LARGE, sizeof LARGE), -1);
    expect_error(b, 24, "AppProtocol/VersionNumberMajor", "64 bits");
    uint8_t endless[80];
    memset(endless, 0x80, sizeof endless);
    assert_int_equal(decode_schema_id(b, endless, sizeof endless), -1);
    expect_error(b, 24, "AppProtocol/VersionNumberMajor", "number of more than");
}

static void test_numbers_of_64_bits(void **state)
{
    struct bench *b = *state;
    static const int64_t STAMPS[] = {0,         -1,        1,         127,       128,
                                     -128,      -129,      INT32_MAX, INT32_MIN, INT64_MAX,
                                     INT64_MIN, 1LL << 48, 1LL << 49, 1LL << 56, -(1LL << 35)};
    for (unsigned i = 0; i < sizeof STAMPS / sizeof STAMPS[0]; i++) {
        start(b, "iso15118-2", "SessionSetupRes");
        value_of(b, at(b, ""), "EVSETimeStamp")->i = STAMPS[i];
        must_come_back(b, "iso15118-2");
        assert_null(b->m.violations);
        assert_true(value_of(b, at(b, ""), "EVSETimeStamp")->i == STAMPS[i]);
    }
}

static void test_unsigned_numbers_of_64_bits(void **state)
{
    struct bench *b = *state;
    static const uint64_t READINGS[] = {0, 127, 128, UINT32_MAX, INT64_MAX, UINT64_MAX};
    for (unsigned i = 0; i < sizeof READINGS / sizeof READINGS[0]; i++) {
        start(b, "iso15118-2", "ChargingStatusRes");
        value_of(b, at(b, "MeterInfo"), "MeterReading")->u = READINGS[i];
        must_come_back(b, "iso15118-2");
        assert_null(b->m.violations);
        assert_true(value_of(b, at(b, "MeterInfo"), "MeterReading")->u == READINGS[i]);
    }
}

/* What groups of 7 bits can carry is read and written also outside the type's limits. */
static void test_number_outside_its_limits(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "ServiceDetailReq");
    value_of(b, at(b, ""), "ServiceID")->u = 65536;
    must_come_back(b, "iso15118-2");
    expect_violation(b, "ServiceDetailReq/ServiceID", "65536 is outside 0..65535");
}

/* ---- strings ---- */

static void test_characters_of_every_size(void **state)
{
    struct bench *b = *state;
    static const char TEXT[] = "a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBD\xF0\x90\x80\x80"
                               "\xF4\x8F\xBF\xBF";
    start(b, "iso15118-2", "ServiceDiscoveryReq");
    set_bytes(b, at(b, ""), "ServiceScope", TEXT, sizeof TEXT - 1);
    must_come_back(b, "iso15118-2");
    const struct bytes *scope = value_of(b, at(b, ""), "ServiceScope")->b;
    assert_int_equal(scope->n, sizeof TEXT - 1);
    assert_memory_equal(scope->p, TEXT, sizeof TEXT - 1);
}

/* Lengths are of characters, not of octets. */
static void test_length_counts_characters(void **state)
{
    struct bench *b = *state;
    char text[2 * 65 + 1];
    for (unsigned i = 0; i < 65; i++)
        memcpy(text + 2 * i, "\xC3\xA4", 2);
    start(b, "iso15118-2", "ServiceDiscoveryReq");
    set_bytes(b, at(b, ""), "ServiceScope", text, 2 * 64);
    must_come_back(b, "iso15118-2");
    assert_null(b->m.violations);
    set_bytes(b, at(b, ""), "ServiceScope", text, 2 * 65);
    must_come_back(b, "iso15118-2");
    expect_violation(b, "ServiceScope", "length 65 is outside 0..64");
}

static void test_text_that_is_no_utf8(void **state)
{
    struct bench *b = *state;
    static const char *const BAD[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC3",
                                      "\xED\xA0\x80",
                                      "a\xFF",
                                      "\xE2\x82",
                                      "\xF8\x88\x80\x80\x80",
                                      "\xF4\x90\x80\x80",
                                      "\xE0\x80\x80"};
    for (unsigned i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        start(b, "iso15118-2", "ServiceDiscoveryReq");
        set_bytes(b, at(b, ""), "ServiceScope", BAD[i], strlen(BAD[i]));
        b->e = ERR_INIT;
        assert_int_equal(exi_encode_buf(&b->m, &b->exi, &b->e), -1);
        expect_error(b, ERR_NO_PLACE, "V2G_Message/Body/ServiceDiscoveryReq/ServiceScope", "UTF-8");
    }
}

/* Writes a ServiceDiscoveryReq up to the length of ServiceScope. */
static void put_scope(struct bench *b, struct bit_writer *w, uint8_t *exi, size_t cap)
{
    start(b, "iso15118-2", "ServiceDiscoveryReq");
    set_bytes(b, at(b, ""), "ServiceScope", "", 0);
    must_encode(b);
    struct bit_reader r;
    bits_open(&r, b->exi.p, b->exi.n);
    bits_begin(w, exi, cap);
    /* header 8, V2G_Message 7, Header and SessionID 3 and its value 8 + 64, 1 end, 2 end, Body 1,
     * ServiceDiscoveryReq 6, ServiceScope 2, characters 1 */
    for (unsigned i = 0; i < 8 + 7 + 3 + 72 + 1 + 2 + 1 + 6 + 2 + 1; i++)
        bits_write(w, bits_read(&r, 1), 1);
}

static void test_character_that_does_not_exist(void **state)
{
    struct bench *b = *state;
    static const uint32_t BAD[] = {0xD800, 0xDFFF, 0x110000};
    for (unsigned i = 0; i < 3; i++) {
        uint8_t exi[200];
        struct bit_writer w;
        put_scope(b, &w, exi, sizeof exi);
        uint64_t from = bits_written(&w) + 8;
        bits_write(&w, 3, 8); /* one character */
        bits_write(&w, (BAD[i] & 127) | 128, 8);
        bits_write(&w, (BAD[i] >> 7 & 127) | 128, 8);
        bits_write(&w, BAD[i] >> 14, 8);
        bits_write(&w, 0, 32);
        assert_int_equal(decode(b, "iso15118-2", (struct slice){exi, bits_finish(&w)}), -1);
        expect_error(b, (int64_t)from, "ServiceDiscoveryReq/ServiceScope", "Unicode");
    }
}

/* A length that the input does not have is refused before anything is allocated. */
static void test_length_beyond_the_input(void **state)
{
    struct bench *b = *state;
    uint8_t exi[200];
    struct bit_writer w;
    put_scope(b, &w, exi, sizeof exi);
    for (unsigned i = 0; i < 9; i++)
        bits_write(&w, 0xFF, 8);
    bits_write(&w, 1, 8);
    bits_write(&w, 0, 32);
    size_t n = bits_finish(&w);
    assert_int_equal(decode(b, "iso15118-2", (struct slice){exi, n}), -1);
    expect_error(b, 8 * (int64_t)n, "ServiceDiscoveryReq/ServiceScope", "the input ends here");
}

static void test_reference_to_a_string_that_was_not_there(void **state)
{
    struct bench *b = *state;
    uint8_t exi[200];
    struct bit_writer w;
    put_scope(b, &w, exi, sizeof exi);
    uint64_t from = bits_written(&w) + 8;
    bits_write(&w, 0, 8); /* a local hit */
    bits_write(&w, 0, 32);
    assert_int_equal(decode(b, "iso15118-2", (struct slice){exi, bits_finish(&w)}), -1);
    expect_error(b, (int64_t)from, "ServiceDiscoveryReq/ServiceScope", "string number 0 of 0");
}

/* ---- deviations from the schema ---- */

/* Writes a SessionStopReq up to its ChargingSession, which stands before its characters' event. */
static void put_stop(struct bench *b, struct bit_writer *w, uint8_t *exi, size_t cap)
{
    start(b, "iso15118-2", "SessionStopReq");
    must_encode(b);
    struct bit_reader r;
    bits_open(&r, b->exi.p, b->exi.n);
    bits_begin(w, exi, cap);
    for (unsigned i = 0; i < 8 + 7 + 3 + 72 + 1 + 2 + 1 + 6 + 1; i++)
        bits_write(w, bits_read(&r, 1), 1);
}

/* The number of the members as text, where the bits of the enumeration should be. */
static void test_untyped_characters(void **state)
{
    struct bench *b = *state;
    uint8_t exi[200];
    struct bit_writer w;
    put_stop(b, &w, exi, sizeof exi);
    bits_write(&w, 1, 1); /* not the characters of the schema … */
    bits_write(&w, 6, 3); /* … but characters */
    bits_write(&w, 5 + 2, 8);
    bits_write_octets(&w, (const uint8_t *)"Pause", 5);
    bits_write(&w, 1, 1); /* still in the content, where its end is a deviation */
    bits_write(&w, 0, 2);
    bits_write(&w, 0, 1 + 1 + 1); /* the ends of all else that is open */
    must_decode(b, "iso15118-2", (struct slice){exi, bits_finish(&w)});
    expect_violation(b, "SessionStopReq/ChargingSession", "untyped");
    assert_non_null(strstr(support_xml(&b->m, &b->text), "<ChargingSession>Pause</"));
    must_come_back(b, "iso15118-2"); /* and is written as the schema wants */
    assert_null(b->m.violations);
}

static void test_untyped_characters_that_are_no_value(void **state)
{
    struct bench *b = *state;
    uint8_t exi[200];
    struct bit_writer w;
    put_stop(b, &w, exi, sizeof exi);
    uint64_t from = bits_written(&w) + 4;
    bits_write(&w, 1, 1);
    bits_write(&w, 6, 3);
    bits_write(&w, 4 + 2, 8);
    bits_write_octets(&w, (const uint8_t *)"Paus", 4);
    bits_write(&w, 0, 32);
    assert_int_equal(decode(b, "iso15118-2", (struct slice){exi, bits_finish(&w)}), -1);
    expect_error(b, (int64_t)from, "SessionStopReq/ChargingSession", "Pause");
}

/* Behind untyped characters typed ones may come, or more of them; no message has either. */
static void test_untyped_characters_end_the_content(void **state)
{
    struct bench *b = *state;
    static const struct {
        unsigned escape, what;
        const char *error;
    } CASES[] = {
        {0, 0, "characters behind untyped characters in ChargingSession; expected its end"},
        {1, 1, "an element that the schema does not have here"},
        {1, 2, "characters where the schema has none"},
        {1, 3, "code 3 behind the escape; expected at most 2"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t exi[200];
        struct bit_writer w;
        put_stop(b, &w, exi, sizeof exi);
        bits_write(&w, 1, 1);
        bits_write(&w, 6, 3);
        bits_write(&w, 5 + 2, 8);
        bits_write_octets(&w, (const uint8_t *)"Pause", 5);
        uint64_t from = bits_written(&w);
        bits_write(&w, CASES[i].escape, 1);
        bits_write(&w, CASES[i].what, 2);
        bits_write(&w, 0, 32);
        assert_int_equal(decode(b, "iso15118-2", (struct slice){exi, bits_finish(&w)}), -1);
        expect_error(b, (int64_t)from, "SessionStopReq/ChargingSession", CASES[i].error);
    }
}

/* ORDER of the codes behind the escape of a simple element. */
static void test_deviations_are_refused_by_name(void **state)
{
    struct bench *b = *state;
    static const char *const WHAT[] = {"the end of the element",
                                       "xsi:type",
                                       "xsi:nil",
                                       "an attribute",
                                       "an attribute",
                                       "an element",
                                       NULL,
                                       "code 7 behind the escape; expected at most 6"};
    for (unsigned i = 0; i < 8; i++) {
        uint8_t exi[200];
        struct bit_writer w;
        if (WHAT[i] == NULL)
            continue; /* characters: read, above */
        put_stop(b, &w, exi, sizeof exi);
        uint64_t from = bits_written(&w);
        bits_write(&w, 1, 1);
        bits_write(&w, i, 3);
        bits_write(&w, 0, 32);
        assert_int_equal(decode(b, "iso15118-2", (struct slice){exi, bits_finish(&w)}), -1);
        expect_error(b, (int64_t)from, "V2G_Message/Body/SessionStopReq/ChargingSession", WHAT[i]);
    }
}

static uint64_t value_bit;

static void find_value(void *context, const struct exi_field *f)
{
    (void)context;
    if (value_bit == 0 && strcmp(f->event, "SE") == 0 && strcmp(f->text, "Value") == 0)
        value_bit = f->bit;
}

/* A number behind values of fixed width was read without a look at its event's code. */
static void test_code_before_a_number_is_looked_at(void **state)
{
    struct bench *b = *state;
    struct exi_options o = EXI_OPTIONS;
    struct buf exi = {0};
    start(b, "iso15118-2", "CurrentDemandReq");
    must_encode(b);
    buf_add(&exi, b->exi.p, b->exi.n);
    o.trace = find_value;
    value_bit = 0;
    assert_int_equal(exi_decode(b->m.schema, exi.p, exi.n, &o, &b->arena, &b->m, &b->e), 0);
    assert_true(value_bit > 0);
    exi.p[value_bit / 8] ^= (uint8_t)(0x80 >> value_bit % 8);
    assert_int_equal(decode(b, "iso15118-2", bytes_of(&exi)), -1);
    assert_non_null(strstr(b->e.what, "deviation"));
    buf_close(&exi);
}

/* A message may end too early only as a deviation, which is read, kept and written again. */
static void test_mandatory_element_is_missing(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "SessionStopReq");
    at(b, "")->has = 0;
    must_come_back(b, "iso15118-2");
    expect_violation(b, "V2G_Message/Body/SessionStopReq", "ends without ChargingSession");
    assert_int_equal(at(b, "")->has, 0);
}

/* ---- lists ---- */

static void add_profile_entries(struct bench *b, unsigned n)
{
    struct node *profile = at(b, "ChargingProfile");
    for (unsigned i = 1; i < n; i++)
        assert_int_equal(node_set_default(&b->arena, profile, 0, &b->e), 0);
    assert_int_equal(profile->v[0].l->n, n);
}

/* The code after the last entry that may come is narrower, for nothing else can follow. */
static void test_lists_up_to_their_maximum(void **state)
{
    struct bench *b = *state;
    for (unsigned n = 1; n <= 24; n++) {
        start(b, "iso15118-2", "PowerDeliveryReq");
        add_profile_entries(b, n);
        must_come_back(b, "iso15118-2");
        assert_null(b->m.violations);
        assert_int_equal(at(b, "ChargingProfile")->v[0].l->n, n);
    }
    start(b, "iso15118-2", "PowerDeliveryReq");
    add_profile_entries(b, 25);
    assert_int_equal(exi_encode_buf(&b->m, &b->exi, &b->e), -1);
    expect_error(b, ERR_NO_PLACE, "V2G_Message/Body/PowerDeliveryReq/ChargingProfile",
                 "25 entries");
}

/* Each entry may break the limits: all of that is kept, and there is memory for it. */
static void test_violations_in_all_entries(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "PowerDeliveryReq");
    add_profile_entries(b, 24);
    struct list *entries = at(b, "ChargingProfile")->v[0].l;
    for (unsigned i = 0; i < entries->n; i++)
        value_of(b, entries->v[i].n, "ChargingProfileEntryMaxNumberOfPhasesInUse")->i = 4;
    must_come_back(b, "iso15118-2");
    unsigned n = 0;
    for (const struct violation *v = b->m.violations; v != NULL; v = v->next)
        n++;
    assert_int_equal(n, 24);
}

/* ---- limits ---- */

static void test_limits(void **state)
{
    struct bench *b = *state;
    start(b, "iso15118-2", "PowerDeliveryReq");
    add_profile_entries(b, 20);
    must_encode(b);
    static const struct {
        struct exi_limits limits;
        const char *what;
    } CASES[] = {
        {{20, 0, 48, 65536}, "bytes of input; its limit is 20"},
        {{1024, 200, 48, 65536}, "more memory than its limit"},
        {{1024, 0, 3, 65536}, "nested deeper than 3"},
        {{1024, 0, 48, 10}, "more than 10 entries"},
    };
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct exi_options o = EXI_OPTIONS;
        struct message m;
        struct err e = ERR_INIT;
        struct arena a;
        arena_open(&a, NULL, 0, MEMORY);
        o.limits = CASES[i].limits;
        assert_int_equal(
            exi_decode(support_schema("iso15118-2"), b->exi.p, b->exi.n, &o, &a, &m, &e), -1);
        if (strstr(e.what, CASES[i].what) == NULL)
            fail_msg("%s; expected %s", e.what, CASES[i].what);
        arena_close(&a);
    }
}

/* Where memory ended with the first name of a new namespace, the name was looked for at number
 * -1. */
static void test_memory_ends_with_a_new_name(void **state)
{
    struct bench *b = *state;
    static const char XML[] = "<KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'>"
                              "<a xmlns='u'/><b xmlns='v' c='d'><e>f</e></b></KeyInfo>";
    const struct schema *s = support_schema("xmldsig");
    assert_int_equal(xml_read(s, XML, strlen(XML), true, &b->arena, &b->m, &b->e), 0);
    must_encode(b);
    struct exi_options o = EXI_OPTIONS;
    o.fragment = true;
    bool is_read = false;
    for (o.limits.memory = 8; !is_read; o.limits.memory += 8) {
        struct message m;
        struct err e = ERR_INIT;
        struct arena a;
        assert_true(o.limits.memory < 65536);
        arena_open(&a, NULL, 0, MEMORY);
        is_read = exi_decode(s, b->exi.p, b->exi.n, &o, &a, &m, &e) == 0;
        if (!is_read && strstr(e.what, "memory") == NULL)
            fail_msg("with %zu bytes of memory: %s", o.limits.memory, e.what);
        arena_close(&a);
    }
}

/* A reference costs two octets and stands for a string of any length, which is printed, recorded
 * and encoded as often as it is referred to. */
static void test_references_do_not_multiply(void **state)
{
    struct bench *b = *state;
    static uint8_t exi[8192];
    struct bit_writer w;
    const struct schema *s = support_schema("xmldsig");
    unsigned info = 0, name = 0;
    while (strcmp(s->fragment[info].name, "KeyInfo") != 0)
        info++;
    const struct type *t = s->fragment[info].field->type;
    const struct state *content = &t->state[1];
    while (strcmp(t->field[t->slots[t->state[0].first + name]].name, "KeyName") != 0)
        name++;
    bits_begin(&w, exi, sizeof exi);
    bits_write(&w, 0x80, 8);
    bits_write(&w, info, s->fragment_bits);
    bits_write(&w, name, t->state[0].bits);
    bits_write(&w, 0, 1);
    bits_write(&w, 0xA21F, 16); /* 4000 characters, plus 2 */
    for (unsigned i = 0; i < 4000; i++)
        bits_write(&w, 'a', 8);
    content = &t->state[t->field[t->slots[t->state[0].first + name]].after];
    for (name = 0; strcmp(t->field[t->slots[content->first + name]].name, "KeyName") != 0;)
        name++;
    for (unsigned i = 0; i < 2000; i++) {
        bits_write(&w, 0, 1);
        bits_write(&w, name, content->bits);
        bits_write(&w, 0, 1 + 8); /* characters, the only string of this name */
    }
    bits_write(&w, 0, 1);
    bits_write(&w, content->end, content->bits);
    bits_write(&w, s->names + 1u, s->fragment_bits);
    struct slice input = {exi, bits_finish(&w)};
    assert_int_equal(support_decode(s, input, true, &b->arena, &b->m, &b->e), -1);
    assert_non_null(strstr(b->e.path, "KeyInfo/KeyName"));
    assert_true(b->e.bit > 8 * 4000 && (uint64_t)b->e.bit < 8 * (uint64_t)input.n);
}

/* ---- the watched decoder ---- */

struct watched {
    uint64_t next, bits; /* bit: where the next field has to begin; where the input ends */
    unsigned fields, bad;
};

static void watch(void *context, const struct exi_field *f)
{
    struct watched *w = context;
    w->fields++;
    if (f->event == NULL || f->path == NULL || f->text == NULL || f->bit != w->next ||
        f->bit + f->bits > w->bits)
        w->bad++;
    w->next = f->bit + f->bits;
}

/* Decodes the first n bytes, watching; whether that failed. */
static int watch_bytes(const struct vector *v, size_t n, struct watched *w, struct err *e)
{
    struct exi_options o = EXI_OPTIONS;
    struct message m;
    struct arena a;
    *w = (struct watched){.bits = 8 * (uint64_t)n};
    o.fragment = v->is_fragment;
    o.trace = watch;
    o.context = w;
    arena_open(&a, NULL, 0, MEMORY);
    int failed = exi_decode(v->schema, v->exi.p, n, &o, &a, &m, e);
    arena_close(&a);
    return failed;
}

static void watch_vector(void *context, const struct vector *v)
{
    unsigned *bad = context;
    struct watched w;
    struct err e = ERR_INIT, cut = ERR_INIT;
    int failed = watch_bytes(v, v->exi.n, &w, &e);
    if ((failed != 0 || w.bad > 0 || w.next != w.bits) && (*bad)++ < 10)
        print_message("%s: %u of %u fields are wrong, they end at bit %llu of %llu %s\n", v->id,
                      w.bad, w.fields, (unsigned long long)w.next, (unsigned long long)w.bits,
                      failed != 0 ? e.what : "");
    failed = watch_bytes(v, v->exi.n * 2 / 3, &w, &cut);
    if ((failed == 0 || w.bad > 0) && (*bad)++ < 10)
        print_message("%s, cut: %u of %u fields are wrong or behind its end\n", v->id, w.bad,
                      w.fields);
}

/* Every bit of every vector is told to whoever watches, once and in order; of one that is cut
 * nothing that was not there. */
static void test_no_bit_is_left_out(void **state)
{
    (void)state;
    unsigned bad = 0;
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        support_each_vector(SUPPORT_VECTORS[i], watch_vector, &bad);
    assert_int_equal(bad, 0);
}

/* ---- tables of a set ---- */

struct first_use {
    const struct schema *s;
    uint8_t made[256];
    int64_t n;
};

static void *use_first(void *context)
{
    struct first_use *u = context;
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    arena_open(&a, NULL, 0, MEMORY);
    u->n = message_new(u->s, "CurrentDemandReq", &a, &m, &e) != 0
               ? -1
               : exi_encode(&m, u->made, sizeof u->made, &e);
    arena_close(&a);
    return NULL;
}

/* Threads that share a set may all be the first to encode with it. */
static void test_first_use_of_a_set(void **state)
{
    (void)state;
    pthread_t thread[4];
    struct first_use use[4] = {{.n = 0}}, known = {.s = support_schema("iso15118-2")};
    struct err e = ERR_INIT;
    use_first(&known);
    assert_true(known.n > 0);
    struct schema *fresh = schema_load("iso15118-2", support_source, NULL, &e);
    assert_non_null(fresh);
    assert_false(fresh->is_staged);
    for (unsigned i = 0; i < 4; i++) {
        use[i].s = fresh;
        assert_int_equal(pthread_create(&thread[i], NULL, use_first, &use[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(use[i].n, known.n);
        assert_memory_equal(use[i].made, known.made, (size_t)known.n);
    }
    assert_true(fresh->is_staged);
    schema_close(fresh);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_four_phases),
        CASE(test_five_phases),
        CASE(test_session_id_of_every_length),
        CASE(test_session_id_that_ends_at_once),
        CASE(test_64_nul_characters),
        CASE(test_bytes_after_the_end),
        CASE(test_empty_meter_id),
        CASE(test_power_that_overflowed),
        CASE(test_unknown_member_of_an_enumeration),
        CASE(test_signed_sales_tariff),
        CASE(test_header),
        CASE(test_cookie_is_skipped),
        CASE(test_padding_that_is_not_zero),
        CASE(test_body_without_message),
        CASE(test_superfluous_octets_of_a_number),
        CASE(test_number_of_more_than_64_bits),
        CASE(test_numbers_of_64_bits),
        CASE(test_unsigned_numbers_of_64_bits),
        CASE(test_number_outside_its_limits),
        CASE(test_characters_of_every_size),
        CASE(test_length_counts_characters),
        CASE(test_text_that_is_no_utf8),
        CASE(test_character_that_does_not_exist),
        CASE(test_length_beyond_the_input),
        CASE(test_reference_to_a_string_that_was_not_there),
        CASE(test_untyped_characters),
        CASE(test_untyped_characters_that_are_no_value),
        CASE(test_untyped_characters_end_the_content),
        CASE(test_deviations_are_refused_by_name),
        CASE(test_code_before_a_number_is_looked_at),
        CASE(test_mandatory_element_is_missing),
        CASE(test_lists_up_to_their_maximum),
        CASE(test_violations_in_all_entries),
        CASE(test_limits),
        CASE(test_memory_ends_with_a_new_name),
        CASE(test_references_do_not_multiply),
        CASE(test_no_bit_is_left_out),
        cmocka_unit_test(test_first_use_of_a_set),
    };
    return cmocka_run_group_tests(tests, NULL, support_close);
}
