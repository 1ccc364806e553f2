/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts of octets: what the notation says, both ways, and what the octets say that is wrong. */
#include "memory.h"
#include "support.h"

#include "codec/check.h"
#include "codec/codec.h"
#include "codec/defaults.h"
#include "codec/json.h"
#include "schema/library.h"

#define MEMORY (1u << 20)

/* A set of tests/octets; of "features" also one in the other order. */
static const struct schema *set_of(const char *name)
{
    static struct library library;
    static bool is_open;
    struct err e = ERR_INIT;
    if (!is_open) {
        library_open(&library);
        is_open = true;
        assert_int_equal(library_add_file(&library, "tests/octets/features.schema", &e), 0);
    }
    if (name == NULL) {
        library_close(&library);
        is_open = false;
        return NULL;
    }
    const struct schema *s = library_get(&library, name, &e);
    if (s == NULL)
        fail_msg("%s:%d: %s", e.path, (int)e.line, e.what);
    return s;
}

static int close_sets(void **state)
{
    (void)state;
    set_of(NULL);
    return 0;
}

struct bench {
    struct arena arena;
    struct message m;
    struct buf out, text;
    struct err e;
};

static void bench_open(struct bench *b)
{
    *b = (struct bench){.e = ERR_INIT};
    arena_open(&b->arena, NULL, 0, MEMORY);
}

static void bench_close(struct bench *b)
{
    arena_close(&b->arena);
    buf_close(&b->out);
    buf_close(&b->text);
}

static int decode(struct bench *b, const struct schema *s, uint16_t payload, struct slice octets)
{
    struct exi_options o = EXI_OPTIONS;
    b->e = ERR_INIT;
    return codec_decode(s, payload, octets, &o, &b->arena, &b->m, &b->e);
}

static int decode_hex(struct bench *b, const char *set, uint16_t payload, const char *hex)
{
    static uint8_t octets[4096];
    int64_t n = hex_read(hex, strlen(hex), octets, sizeof octets);
    assert_true(n >= 0);
    return decode(b, set_of(set), payload, (struct slice){octets, (size_t)n});
}

static const char *encoded(struct bench *b)
{
    buf_clear(&b->out);
    buf_clear(&b->text);
    if (codec_encode(&b->m, &b->out, &b->e) != 0)
        return b->e.what;
    buf_hex(&b->text, b->out.p, b->out.n, true);
    return buf_string(&b->text);
}

static void read_json(struct bench *b, const char *set, const char *json)
{
    if (json_read(set_of(set), json, strlen(json), false, &b->arena, &b->m, &b->e) != 0)
        fail_msg("%s: %s", b->e.path, b->e.what);
}

static const char *as_json(struct bench *b)
{
    buf_clear(&b->text);
    json_print(&b->m, JSON_LINE, &b->text);
    return buf_string(&b->text);
}

/* ---- vectors, made by hand from the order of the fields ---- */

#define Z8 "0000000000000000"
#define ID "0000000000000000000000000000000000"
#define MAC1 "02AABBCCDDEE"
#define MAC2 "020102030405"
#define RUN "0102030405060708"
#define TEN "1B1B1B1B1B1B1B1B1B1B"

static const struct {
    const char *set, *json, *hex;
    uint16_t payload;
} VECTORS[] = {
    {"sdp", "{\"SECCDiscoveryReq\":{\"Security\":0,\"TransportProtocol\":0}}", "0000", 0x9000},
    {"sdp", "{\"SECCDiscoveryReq\":{\"Security\":16,\"TransportProtocol\":0}}", "1000", 0x9000},
    {"sdp",
     "{\"SECCDiscoveryRes\":{\"SECCIPAddress\":\"FE8000000000000000000000000000FF\","
     "\"SECCPort\":54087,\"Security\":16,\"TransportProtocol\":0}}",
     "FE8000000000000000000000000000FFD3471000", 0x9001},
    {"slac",
     "{\"CM_SLAC_PARM_REQ\":{\"MMV\":1,\"MMTYPE\":24676,\"FMI\":0,\"FMSN\":0,"
     "\"ApplicationType\":0,\"SecurityType\":0,\"RunID\":\"" RUN "\"}}",
     "0164600000"
     "0000" RUN Z8 Z8 Z8 "00000000000000",
     0x6064},
    {"slac",
     "{\"CM_SLAC_PARM_REQ\":{\"MMV\":0,\"MMTYPE\":24676,"
     "\"ApplicationType\":0,\"SecurityType\":1,\"RunID\":\"" RUN "\","
     "\"CipherSuiteSetSize\":2,\"CipherSuite\":[1,258]}}",
     "006460"
     "0001" RUN "0201000201" Z8 Z8 Z8 "00000000",
     0x6064},
    {"slac",
     "{\"CM_SLAC_PARM_CNF\":{\"MMV\":1,\"MMTYPE\":24677,\"FMI\":0,\"FMSN\":0,"
     "\"M_SOUND_TARGET\":\"FFFFFFFFFFFF\",\"NUM_SOUNDS\":10,\"Time_Out\":6,\"RESP_TYPE\":1,"
     "\"FORWARDING_STA\":\"" MAC1 "\",\"ApplicationType\":0,\"SecurityType\":0,"
     "\"RunID\":\"" RUN "\"}}",
     "0165600000"
     "FFFFFFFFFFFF"
     "0A0601" MAC1 "0000" RUN Z8 Z8,
     0x6065},
    {"slac",
     "{\"CM_MNBC_SOUND_IND\":{\"MMV\":1,\"MMTYPE\":24694,\"FMI\":0,\"FMSN\":0,"
     "\"ApplicationType\":0,\"SecurityType\":0,\"SenderID\":\"" ID "\",\"Cnt\":9,"
     "\"RunID\":\"" RUN "\",\"Rnd\":\"" RUN RUN "\"}}",
     "0176600000"
     "0000" ID "09" RUN Z8 RUN RUN,
     0x6076},
    {"slac",
     "{\"CM_SLAC_MATCH_CNF\":{\"MMV\":1,\"MMTYPE\":24701,\"FMI\":0,\"FMSN\":0,"
     "\"ApplicationType\":0,\"SecurityType\":0,\"MVFLength\":86,\"PEVID\":\"" ID "\","
     "\"PEVMAC\":\"" MAC1 "\",\"EVSEID\":\"" ID "\",\"EVSEMAC\":\"" MAC2 "\","
     "\"RunID\":\"" RUN "\",\"NID\":\"B0F2E695666B03\","
     "\"NMK\":\"50D3E4933F855B7040784DF815AA8DB7\"}}",
     "017D600000"
     "00005600" ID MAC1 ID MAC2 RUN Z8 "B0F2E695666B03"
     "00"
     "50D3E4933F855B7040784DF815AA8DB7",
     0x607D},
    {"slac",
     "{\"CM_SET_KEY_REQ\":{\"MMV\":1,\"MMTYPE\":24584,\"FMI\":0,\"FMSN\":0,\"KeyType\":1,"
     "\"MyNonce\":2864434397,\"YourNonce\":0,\"PID\":4,\"PRN\":0,\"PMN\":0,\"CCoCapability\":0,"
     "\"NID\":\"B0F2E695666B03\",\"NewEKS\":1,\"NewKey\":\"50D3E4933F855B7040784DF815AA8DB7\"}}",
     "0108600000"
     "01"
     "DDCCBBAA"
     "00000000"
     "04"
     "0000"
     "00"
     "00"
     "B0F2E695666B03"
     "01"
     "50D3E4933F855B7040784DF815AA8DB7"
     "000000",
     0x6008},
    {"features",
     "{\"Elements\":{\"Version\":1,\"Magic\":4098,\"Fragment\":0,\"Element\":["
     "{\"Type\":3,\"Length\":5,\"OUI\":\"A1B2C3\",\"Data\":\"0102\"},"
     "{\"Type\":127,\"Length\":0},{\"Type\":1,\"Length\":3,\"OUI\":\"A1B2C3\",\"Data\":\"\"}]}}",
     "01100200"
     "0605A1B2C30102"
     "FE00"
     "0203A1B2C3",
     0x1002},
};

static void vectors_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++)
        for (int known = 0; known < 2; known++) {
            struct bench b;
            bench_open(&b);
            read_json(&b, VECTORS[i].set, VECTORS[i].json);
            assert_string_equal(encoded(&b), VECTORS[i].hex);
            uint16_t payload = known ? VECTORS[i].payload : 0;
            assert_int_equal(decode_hex(&b, VECTORS[i].set, payload, VECTORS[i].hex), 0);
            assert_null(b.m.violations);
            assert_string_equal(as_json(&b), VECTORS[i].json);
            assert_string_equal(encoded(&b), VECTORS[i].hex);
            bench_close(&b);
        }
}

/* TLVs of HomePlug: 7 bits of type and 9 of length, in two octets with the lowest first. */
static const char LITTLE[] = "schema little\nlayout octets little\nnamespace n u\n"
                             "type T\n  Type unsignedByte bits 7\n  Length unsignedShort bits 9\n"
                             "message M from both\n  T {2,2} T\n  N unsignedByte\n"
                             "  A {0,9} unsignedByte bits 4 counted by N\n  F padding octet\n"
                             "  V unsignedInt bits 24\n";

static int text_source(void *context, const char *name, struct slice *text, const char **file)
{
    (void)name;
    *text = (struct slice){context, strlen(context)};
    *file = "x.schema";
    return 0;
}

static void little_begins_with_the_lowest_bit(void **state)
{
    static const uint8_t octets[] = {0x83, 0x02, 0xFF, 0x01, 3, 0x21, 0x03, 0x03, 0x02, 0x01};
    struct bench b;
    (void)state;
    bench_open(&b);
    struct schema *s = schema_load("little", text_source, (void *)(uintptr_t)LITTLE, &b.e);
    assert_non_null(s);
    assert_int_equal(decode(&b, s, 0, (struct slice){octets, sizeof octets}), 0);
    assert_string_equal(as_json(&b),
                        "{\"M\":{\"T\":[{\"Type\":3,\"Length\":5},{\"Type\":127,\"Length\":3}],"
                        "\"N\":3,\"A\":[1,2,3],\"V\":66051}}");
    assert_string_equal(encoded(&b), "8302FF01032103030201");
    bench_close(&b);
    schema_close(s);
}

/* ---- what a fresh message holds ---- */

static void fresh_messages_have_constants_counts_and_padding(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b);
    assert_int_equal(message_new(set_of("slac"), "CM_ATTEN_CHAR_IND", &b.arena, &b.m, &b.e), 0);
    encoded(&b);
    assert_int_equal(b.out.n, 129 - 14);
    assert_memory_equal(b.out.p, "\x01\x6E\x60\x00\x00", 5);
    assert_int_equal(b.out.p[56], 58); /* NumGroups counts by itself */
    assert_int_equal(message_new(set_of("slac"), "CM_SLAC_MATCH_CNF", &b.arena, &b.m, &b.e), 0);
    encoded(&b);
    assert_int_equal(b.out.n, 109 - 14);
    assert_int_equal(b.out.p[7], 86);
    assert_int_equal(message_new(set_of("features"), "All", &b.arena, &b.m, &b.e), 0);
    assert_string_equal(encoded(&b), "01100100"
                                     "10"
                                     "01"
                                     "76"
                                     "010203"
                                     "0102030405060708"
                                     "FFFFFFFFFFFFFFFE"
                                     "FFFE"
                                     "0000"
                                     "61626364"
                                     "00"
                                     "00"
                                     "00000000"
                                     "01"
                                     "0000" Z8 Z8 Z8 "000000");
    bench_close(&b);
}

static void collect(void *context, const char *path, const char *what)
{
    buf_printf(context, "%s: %s\n", path, what);
}

/* ---- what is wrong and is kept ---- */

static void violations_are_kept(void **state)
{
    static const struct {
        const char *set, *hex, *path, *what;
        uint64_t bit;
        uint16_t payload;
    } CASES[] = {
        {"sdp", "0100", "SECCDiscoveryReq/Security", "1; expected one of 0, 16", 0, 0x9000},
        {"sdp", "100010", "SECCDiscoveryReq", "1 octets behind the last field", 16, 0x9000},
        {"features", "011003005A", "Rest/Bits", "is reserved and not 0", 32, 0},
        {"features", "021003000A", "Rest/Version", "2; expected 1", 0, 0},
        {"slac", "01646000000000" RUN, "CM_SLAC_PARM_REQ", "15 octets; expected 46 at least", 120,
         0},
        {"slac",
         "0176600000"
         "0000" ID "09" RUN "0000000000000001" RUN RUN,
         "CM_MNBC_SOUND_IND/Reserved", "is reserved and not 0", 264, 0},
        {"slac",
         "016E600000"
         "0000" MAC1 RUN ID ID "0A01"
         "1B",
         "CM_ATTEN_CHAR_IND/AAG", "1 entries; expected 58..58", 456, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        bench_open(&b);
        assert_int_equal(decode_hex(&b, CASES[i].set, CASES[i].payload, CASES[i].hex), 0);
        assert_non_null(b.m.violations);
        assert_string_equal(b.m.violations->what, CASES[i].what);
        assert_string_equal(b.m.violations->path, CASES[i].path);
        assert_int_equal(b.m.violations->bit, CASES[i].bit);
        assert_string_equal(encoded(&b), CASES[i].hex);
        bench_close(&b);
    }
}

/* Some modems fill frames up by more than they must. */
static void zeros_behind_a_padded_message_are_no_violation(void **state)
{
    static const char HEX[] = "0165600000"
                              "FFFFFFFFFFFF"
                              "0A0601" MAC1 "0000" RUN Z8 Z8 Z8 Z8;
    struct bench b;
    (void)state;
    bench_open(&b);
    assert_int_equal(decode_hex(&b, "slac", 0, HEX), 0);
    assert_null(b.m.violations);
    assert_string_equal(encoded(&b), HEX);
    bench_close(&b);
}

static void what_is_sent_wrong_is_told(void **state)
{
    struct bench b;
    struct buf found = {0};
    (void)state;
    bench_open(&b);
    read_json(
        &b, "features",
        "{\"All\":{\"Version\":1,\"Magic\":1,\"Kind\":3,\"Wide\":70001,\"StationCount\":2,"
        "\"Station\":[{\"MAC\":\"AABB\",\"RateCount\":1}],\"Mode\":2,\"Reserved\":\"0001\"}}");
    message_check(&b.m, collect, &found);
    const char *text = buf_string(&found);
    static const char *const WANTED[] = {
        "All/Magic: 1; expected 4097\n",
        "All/Kind: 3; expected one of 0, 16\n",
        "All/Wide: 70001 is outside 0..70000\n",
        "All/Station/MAC: 2 octets; expected 6\n",
        "All/Station: 1 entries; StationCount says 2\n",
        "All/Reserved: is reserved and not 0\n",
        "All/Station/Rate: 0 entries; RateCount says 1\n",
        "All/Cipher: is absent, against what Mode says\n",
        "All/Fragment: is absent, against what Version says\n",
        "All/Name: is absent; it is ",
    };
    for (size_t i = 0; i < sizeof WANTED / sizeof *WANTED; i++)
        if (strstr(text, WANTED[i]) == NULL)
            fail_msg("expected %s in %s", WANTED[i], text);
    read_json(&b, "features",
              "{\"Elements\":{\"Version\":1,\"Element\":[{\"Type\":1,\"Length\":5}]}}");
    assert_string_equal(encoded(&b), "010205"); /* what is absent is left out */
    buf_close(&found);
    bench_close(&b);
}

/* ---- errors ---- */

static void what_lies_beyond_the_end_is_an_error(void **state)
{
    static const struct {
        const char *set, *hex, *path, *what;
        int64_t bit;
        uint16_t payload;
    } CASES[] = {
        {"sdp", "10", "SECCDiscoveryReq/TransportProtocol",
         "the input ends here (1 octets): expected 1 octets more, found 0", 8, 0x9000},
        {"sdp", "FE80", "SECCDiscoveryRes/SECCIPAddress",
         "the input ends here (2 octets): expected 16 octets more, found 2", 0, 0x9001},
        {"sdp", "1000", "", "sdp has no message of the payload type 0x9002", 0, 0x9002},
        {"features",
         "01100200"
         "0605A1B2C301",
         "Elements/Element/Data",
         "the input ends here (10 octets): expected 2 octets more, found 1", 72, 0},
        {"features",
         "01100200"
         "0601A1B2C301",
         "Elements/Element/Data", "a size of -2 octets; expected one that the input can hold", 72,
         0},
        {"slac",
         "016E600000"
         "0000" MAC1 RUN ID ID "0AFF" TEN,
         "CM_ATTEN_CHAR_IND/AAG",
         "the input ends here (67 octets): expected 1 octets more, found 0", 536, 0},
        {"slac", "0101020000", "CM_SLAC_PARM_REQ/MMTYPE",
         "513; expected 24676, as CM_SLAC_PARM_REQ "
         "has",
         8, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        bench_open(&b);
        assert_int_equal(decode_hex(&b, CASES[i].set, CASES[i].payload, CASES[i].hex), -1);
        assert_string_equal(b.e.what, CASES[i].what);
        assert_string_equal(b.e.path, CASES[i].path);
        assert_int_equal(b.e.bit, CASES[i].bit);
        bench_close(&b);
    }
}

static void values_that_bits_cannot_hold_are_refused(void **state)
{
    static const char TOO_MANY[] = "{\"CM_ATTEN_CHAR_IND\":{\"AAG\":[256]}}";
    struct bench b;
    (void)state;
    bench_open(&b);
    assert_int_equal(
        json_read(set_of("slac"), TOO_MANY, sizeof TOO_MANY - 1, false, &b.arena, &b.m, &b.e), -1);
    assert_non_null(strstr(b.e.what, "'256' cannot be carried; expected a number in 0..255"));
    b.e = ERR_INIT;
    struct buf json = {0};
    buf_text(&json, "{\"CM_ATTEN_CHAR_IND\":{\"AAG\":[0");
    for (int i = 0; i < 300; i++)
        buf_text(&json, ",0");
    buf_text(&json, "]}}");
    read_json(&b, "slac", buf_string(&json));
    assert_string_equal(encoded(&b), "301 cannot be written in 8 bits");
    assert_string_equal(b.e.path, "CM_ATTEN_CHAR_IND/NumGroups");
    buf_close(&json);
    bench_close(&b);
}

/* ---- all truncations, all bits ---- */

/* An error with a place, or the same octets again. */
static void error_or_again(const struct schema *s, uint16_t payload, struct slice octets)
{
    struct bench b;
    bench_open(&b);
    if (decode(&b, s, payload, octets) != 0) {
        assert_true(b.e.set && b.e.bit >= 0);
        assert_in_range(b.e.bit, 0, octets.n * 8);
    } else {
        assert_string_not_equal(encoded(&b), b.e.what);
        assert_int_equal(b.out.n, octets.n);
        assert_memory_equal(b.out.p, octets.p, octets.n);
        as_json(&b);
    }
    bench_close(&b);
}

static void damage(const struct schema *s, uint16_t payload, const uint8_t *octets, size_t n)
{
    uint8_t *bad = malloc(n + 1);
    assert_non_null(bad);
    for (size_t size = 0; size < n; size++) {
        uint8_t *exact = malloc(size + !size); /* so that a sanitizer sees what is read behind */
        assert_non_null(exact);
        memcpy(exact, octets, size);
        error_or_again(s, payload, (struct slice){exact, size});
        error_or_again(s, 0, (struct slice){exact, size});
        free(exact);
    }
    for (size_t bit = 0; bit < n * 8; bit++) {
        memcpy(bad, octets, n);
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        error_or_again(s, payload, (struct slice){bad, n});
        error_or_again(s, 0, (struct slice){bad, n});
    }
    free(bad);
}

static void damaged_octets_give_an_error_or_the_same_again(void **state)
{
    static const char ALL[] =
        "{\"All\":{\"Version\":1,\"Magic\":4097,\"Fragment\":7,\"Kind\":0,\"Color\":\"blue\","
        "\"Flag\":true,\"Signed\":-16,\"Small\":3,\"Wide\":70000,\"Long\":9223372036854775807,"
        "\"Minus\":-9223372036854775808,\"Short\":-32768,\"Name\":\"abcd\",\"TextLength\":3,"
        "\"Text\":\"xyz\",\"StationCount\":2,\"Station\":[{\"MAC\":\"" MAC1 "\",\"RateCount\":0},"
        "{\"MAC\":\"" MAC2 "\",\"RateCount\":2,\"Rate\":[1,65535]}],\"Pair\":[1,2],\"Mode\":2,"
        "\"Cipher\":258,\"AmplitudeCount\":3,\"Amplitude\":[1,2,15],\"Extra\":5,\"More\":6}}";
    struct bench b;
    uint8_t octets[256];
    (void)state;
    bench_open(&b);
    read_json(&b, "features", ALL);
    assert_string_equal(encoded(&b), "01100107"
                                     "00"
                                     "02"
                                     "C3"
                                     "011170"
                                     "7FFFFFFFFFFFFFFF"
                                     "8000000000000000"
                                     "8000"
                                     "0000"
                                     "61626364"
                                     "0378797A"
                                     "02" MAC1 "00" MAC2 "020001FFFF"
                                     "00010002"
                                     "020102"
                                     "000312F0"
                                     "0005"
                                     "06");
    size_t n = b.out.n;
    memcpy(octets, b.out.p, n);
    assert_int_equal(decode(&b, set_of("features"), 0, (struct slice){octets, n}), 0);
    assert_null(b.m.violations);
    assert_string_equal(as_json(&b), ALL);
    bench_close(&b);
    damage(set_of("features"), 0x1001, octets, n);
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
        n = (size_t)hex_read(VECTORS[i].hex, strlen(VECTORS[i].hex), octets, sizeof octets);
        damage(set_of(VECTORS[i].set), VECTORS[i].payload, octets, n);
    }
}

/* ---- limits ---- */

static void limits_hold(void **state)
{
    static uint8_t octets[4 + 4000] = {0x01, 0x10, 0x02, 0x00};
    struct exi_options o = EXI_OPTIONS;
    struct bench b;
    (void)state;
    bench_open(&b);
    struct slice all = {octets, sizeof octets};
    o.limits.list = 1999;
    assert_int_equal(codec_decode(set_of("features"), 0x1002, all, &o, &b.arena, &b.m, &b.e), -1);
    assert_string_equal(b.e.what, "a list of more than 1999 entries");
    o = EXI_OPTIONS;
    o.limits.memory = 10000;
    b.e = ERR_INIT;
    assert_int_equal(codec_decode(set_of("features"), 0x1002, all, &o, &b.arena, &b.m, &b.e), -1);
    assert_string_equal(b.e.what, "the message needs more memory than its limit allows");
    o = EXI_OPTIONS;
    o.limits.size = 10;
    b.e = ERR_INIT;
    assert_int_equal(codec_decode(set_of("features"), 0x1002, all, &o, &b.arena, &b.m, &b.e), -1);
    assert_string_equal(b.e.what, "4004 octets; expected at most 10");
    bench_close(&b);
}

/* ---- the notation ---- */

static void wrong_layouts_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text, *what;
        int line;
    } CASES[] = {
        {"schema x\nlayout octet big\n", "a layout of unknown kind; expected", 2},
        {"schema x\nlayout octets\n", "'layout octets' without an order", 2},
        {"schema x\nnamespace n u\nsimple A byte\nlayout octets big\n", "'layout' comes too late",
         4},
        {"schema x\nnamespace n u\nmessage M from evcc padded 4\n", "'padded' in a set of EXI", 3},
        {"M\n  A integer\n", "A has no width in octets", 5},
        {"M\n  A unsignedByte bits 9\n", "A has 9 bits; expected at most the 8 of unsignedByte", 5},
        {"M\n  A unsignedByte bits 0\n", "the number of bits is 0; expected 1 to 56", 5},
        {"M\n  A unsignedByte bits 4 0..16\n", "A has 4 bits; expected a range within 0..15", 5},
        {"M\n  A hexBinary bits 4\n", "A is no number", 5},
        {"M\n  A unsignedByte bits 4\n", "M may end within an octet", 4},
        {"M\n  A ? unsignedByte bits 4\n  B padding bits 4\n", "A of MType goes on to the end", 4},
        {"M\n  A hexBinary\n  B byte\n", "A of MType goes on to the end of the message, and B", 4},
        {"M\n  A {0,3} byte\n  B byte\n", "A of MType goes on to the end of the message, and B", 4},
        {"M\n  A hexBinary 0..3 counted by N\n", "A refers to 'N'; expected a number that", 5},
        {"M\n  A byte counted N\n", "'counted' without 'by'", 5},
        {"M\n  N byte\n  A byte counted by N\n", "A is counted; expected a list, text", 6},
        {"M\n  N byte\n  A hexBinary 0..9 counted by N*2\n", "A refers to 'N*2'", 6},
        {"M\n  N byte\n  A hexBinary 0..9 counted by N-x\n", "counted by N-x; expected", 6},
        {"M\n  A byte if B\n  B byte\n", "A refers to 'B'", 5},
        {"M\n  B byte\n  A byte if B=x\n", "if B=x; expected FIELD, or FIELD=NUMBER", 6},
        {"M\n  A padding\n", "the size of the padding is missing", 5},
        {"M\n  @A byte\n", "an attribute or content cannot lie in octets", 5},
        {"M\n  choice\n    A byte\n    B byte\n", "type MType has a choice", 4},
        {"M\n  A byte selects\n", "A selects the message; expected a number of 16 bits", 4},
        {"M\nelement E byte\n", "E; expected messages with fields", 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[300];
        bool is_whole = strncmp(CASES[i].text, "schema", 6) == 0;
        snprintf(text, sizeof text, "%s%s%s",
                 is_whole ? "" : "schema x\nlayout octets big\nnamespace n u\nmessage ",
                 is_whole ? "" : "M from evcc", CASES[i].text + (is_whole ? 0 : 1));
        struct err e = ERR_INIT;
        struct schema *s = schema_load("x", text_source, text, &e);
        if (s != NULL)
            fail_msg("taken: %s", text);
        if (strstr(e.what, CASES[i].what) == NULL || e.line != CASES[i].line)
            fail_msg("line %d, expected %d: %s; expected %s", e.line, CASES[i].line, e.what,
                     CASES[i].what);
    }
}

/* ---- what is rare ---- */

/* A set of one message, as a text describes it; both orders of octets. */
static struct schema *set_from(const char *order, const char *types, struct err *e)
{
    static char text[800];
    snprintf(text, sizeof text, "schema x\nlayout octets %s\nnamespace n u\n%s", order, types);
    return schema_load("x", text_source, text, e);
}

/* Octets that begin within one; an entry that takes no bits would come for ever. */
static void fields_within_an_octet(void **state)
{
    static const struct {
        const char *order, *types, *hex, *json; /* json: or why not */
    } CASES[] = {
        {"big",
         "message M from both\n  A unsignedByte bits 4\n  T hexBinary 2\n  B unsignedByte bits 4\n",
         "1ABCD2", "{\"M\":{\"A\":1,\"T\":\"ABCD\",\"B\":2}}"},
        {"little",
         "message M from both\n  A unsignedByte bits 4\n  T hexBinary 2\n  B unsignedByte bits 4\n",
         "B1DA2C", "{\"M\":{\"A\":1,\"T\":\"ABCD\",\"B\":2}}"},
        {"big",
         "message M from both\n  A unsignedByte bits 4\n  B unsignedInt bits 24\n  C byte bits 4\n",
         "1ABC", "the input ends here (2 octets): expected 24 bits more, found 12"},
        {"big",
         "type T\n  P padding octet\nmessage M from both\n  N unsignedByte\n  L {0,9} T counted by "
         "N\n",
         "03", "an entry of a list without a bit"},
        {"big",
         "message M from both\n  N unsignedByte\n  T hexBinary 0..9 counted by N\n  S ? string "
         "0..3\n",
         "00", "{\"M\":{\"N\":0,\"T\":\"\"}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        uint8_t octets[32];
        bench_open(&b);
        struct schema *s = set_from(CASES[i].order, CASES[i].types, &b.e);
        if (s == NULL)
            fail_msg("%s: %s", CASES[i].types, b.e.what);
        int64_t n = hex_read(CASES[i].hex, strlen(CASES[i].hex), octets, sizeof octets);
        int bad = decode(&b, s, 0, (struct slice){octets, (size_t)n});
        assert_string_equal(bad != 0 ? b.e.what : as_json(&b), CASES[i].json);
        if (bad == 0)
            assert_string_equal(encoded(&b), CASES[i].hex);
        bench_close(&b);
        schema_close(s);
    }
}

/* What a message says of its own fields; and what may be absent nevertheless. */
static void fields_say_of_each_other(void **state)
{
    static const char *const CASES[][2] = {
        {"\"Mode\":1,\"Cipher\":258", "All/Cipher: is there, against what Mode says\n"},
        {"\"Mode\":2", "All/Cipher: is absent, against what Mode says\n"},
        {"\"Mode\":2,\"Cipher\":258", NULL},
        {"\"TextLength\":3,\"Text\":\"xy\"", "All/Text: 2 octets; TextLength says 3\n"},
        {"\"TextLength\":2,\"Text\":\"xy\"", NULL},
        {"\"StationCount\":0,\"Station\":[{\"MAC\":\"020102030405\",\"RateCount\":0}]",
         "All/Station: 1 entries; StationCount says 0\n"},
        {"\"Fragment\":1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        struct buf found = {0};
        char json[300];
        bench_open(&b);
        snprintf(json, sizeof json, "{\"All\":{\"Version\":1,%s}}", CASES[i][0]);
        read_json(&b, "features", json);
        assert_int_equal(node_complete(&b.arena, b.m.v.n, &b.e), 0);
        message_check(&b.m, collect, &found);
        if (CASES[i][1] != NULL ? strcmp(buf_string(&found), CASES[i][1]) != 0 : found.n > 0)
            fail_msg("%s\n%s", json, buf_string(&found));
        buf_close(&found);
        bench_close(&b);
    }
}

/* The same of lists, which may have no entry; and numbers that do not fit, of a program. */
static void lists_that_a_field_speaks_of(void **state)
{
    static const struct {
        const char *types, *json, *found, *hex;
    } CASES[] = {
        {"  F unsignedByte\n  L {0,3} unsignedByte if F\n", "{\"F\":1}", "", "01"},
        {"  F unsignedByte\n  L {0,3} unsignedByte if F\n", "{\"F\":0,\"L\":[1]}",
         "M/L: is there, against what F says\n", "0001"},
        {"  F unsignedByte\n  L {0,3} unsignedByte if F\n", "{\"F\":1,\"L\":[1,2]}", "", "010102"},
        {"  F unsignedByte\n  L {1,3} unsignedByte if F\n", "{\"F\":1}",
         "M/L: is absent, against what F says\n", "01"},
        {"  F unsignedByte\n  L {1,3} unsignedByte if F\n", "{\"F\":0}", "", "00"},
        {"  N ? unsignedByte\n  L {0,3} unsignedByte counted by N\n", "{\"L\":[1,2]}", "", "0102"},
        {"  N unsignedByte\n  L {0,3} unsignedByte counted by N\n", "{\"L\":[1,2]}", "", "020102"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct bench b;
        struct buf found = {0};
        char text[200], json[200];
        bench_open(&b);
        snprintf(text, sizeof text, "message M from both\n%s", CASES[i].types);
        snprintf(json, sizeof json, "{\"M\":%s}", CASES[i].json);
        struct schema *s = set_from("big", text, &b.e);
        if (s == NULL || json_read(s, json, strlen(json), false, &b.arena, &b.m, &b.e) != 0)
            fail_msg("%s\n%s: %s", text, b.e.path, b.e.what);
        message_check(&b.m, collect, &found);
        if (strcmp(buf_string(&found), CASES[i].found) != 0 ||
            strcmp(encoded(&b), CASES[i].hex) != 0)
            fail_msg("%s\n%s\n%s%s", text, json, buf_string(&found), encoded(&b));
        buf_close(&found);
        bench_close(&b);
        schema_close(s);
    }
}

static void no_fragments(void **state)
{
    struct exi_options o = EXI_OPTIONS;
    struct bench b;
    (void)state;
    bench_open(&b);
    o.fragment = true;
    assert_int_equal(codec_decode(set_of("sdp"), 0x9000, (struct slice){(const uint8_t *)"\0\0", 2},
                                  &o, &b.arena, &b.m, &b.e),
                     -1);
    assert_string_equal(b.e.what, "sdp is a layout of octets, which has no fragments");
    read_json(&b, "sdp", VECTORS[0].json);
    b.m.root = NULL;
    b.e = ERR_INIT;
    assert_string_equal(encoded(&b), "sdp is a layout of octets, which has no fragments");
    o = EXI_OPTIONS;
    o.limits.depth = 0;
    b.e = ERR_INIT;
    assert_int_equal(codec_decode(set_of("sdp"), 0x9000, (struct slice){(const uint8_t *)"\0\0", 2},
                                  &o, &b.arena, &b.m, &b.e),
                     -1);
    assert_string_equal(b.e.what, "elements are nested too deeply; expected at most 0 levels");
    bench_close(&b);
}

/* ---- memory ---- */

/* Octets of a message with everything, and with two violations. */
#define ALL_OCTETS                                                                                 \
    "01100107" /* Kind */ "01"                                                                     \
    "02C30111707FFFFFFFFFFFFFFF80000000000000008000" /* Reserved */ "0001"                         \
    "616263640378797A02" MAC1 "00" MAC2 "020001FFFF00010002020102000312F0000506"

/* A memory_run: the message encoded again. */
static int encode_again(void *context, struct err *e)
{
    struct buf out = {0};
    int bad = codec_encode(context, &out, e);
    memory_calm();
    assert_true(bad != 0 || out.n > 60);
    buf_close(&out);
    return bad;
}

static void small_rooms_are_refused(void **state)
{
    static uint8_t octets[200];
    struct bench b;
    (void)state;
    size_t n = (size_t)hex_read(ALL_OCTETS, strlen(ALL_OCTETS), octets, sizeof octets);
    bench_open(&b);
    if (decode(&b, set_of("features"), 0x1001, (struct slice){octets, n}) != 0)
        fail_msg("%s: %s", b.e.path, b.e.what);
    assert_non_null(b.m.violations);
    assert_non_null(b.m.violations->next);
    memory_fail_each("octets", 0, encode_again, &b.m);
    bench_close(&b);
    for (unsigned by_limit = 0; by_limit < 2; by_limit++) {
        size_t refused = 0;
        for (size_t room = 1, bad = 1; bad != 0; room += 8, refused += bad) {
            struct exi_options o = EXI_OPTIONS;
            struct arena a;
            struct message m;
            struct err e = ERR_INIT;
            arena_open(&a, NULL, 0, by_limit ? MEMORY : room);
            o.limits.memory = by_limit ? room : 0;
            bad = codec_decode(set_of("features"), 0x1001, (struct slice){octets, n}, &o, &a, &m,
                               &e) != 0;
            if (bad)
                assert_string_equal(e.what, "the message needs more memory than its limit allows");
            arena_close(&a);
        }
        assert_true(refused > 20);
    }
    struct exi_options o = EXI_OPTIONS;
    bench_open(&b);
    o.limits.list = 2;
    assert_int_equal(codec_decode(set_of("features"), 0x1001, (struct slice){octets, n}, &o,
                                  &b.arena, &b.m, &b.e),
                     -1);
    assert_string_equal(b.e.what, "a list of 3 entries; expected at most 2");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_go_both_ways),
        cmocka_unit_test(little_begins_with_the_lowest_bit),
        cmocka_unit_test(fresh_messages_have_constants_counts_and_padding),
        cmocka_unit_test(violations_are_kept),
        cmocka_unit_test(zeros_behind_a_padded_message_are_no_violation),
        cmocka_unit_test(what_is_sent_wrong_is_told),
        cmocka_unit_test(what_lies_beyond_the_end_is_an_error),
        cmocka_unit_test(values_that_bits_cannot_hold_are_refused),
        cmocka_unit_test(damaged_octets_give_an_error_or_the_same_again),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(wrong_layouts_are_refused_with_their_line),
        cmocka_unit_test(fields_within_an_octet),
        cmocka_unit_test(fields_say_of_each_other),
        cmocka_unit_test(lists_that_a_field_speaks_of),
        cmocka_unit_test(no_fragments),
        cmocka_unit_test(small_rooms_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, close_sets);
}
