/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out in the codec: in an arena of any size, and at every allocation. What is asked for
 * is done, or refused with an error; and nothing is left over.
 */
#include "memory.h"
#include "support.h"

#include "base/json_text.h"
#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/json.h"

#include <libxml/xmlerror.h>

#define MEMORY (64u * 1024 * 1024)
#define ROOM_STEP 8
#define ROOMS 128 /* that are tried of each way */

/* One way from a vector's message to its octets again. */
struct way {
    const char *name;
    int (*go)(const struct vector *v, const struct message *from, struct arena *a,
              struct message *m, struct buf *text, struct err *e);
};

static int by_decoding(const struct vector *v, const struct message *from, struct arena *a,
                       struct message *m, struct buf *text, struct err *e)
{
    (void)from;
    (void)text;
    return support_decode(v->schema, v->exi, v->is_fragment, a, m, e);
}

static void see(void *context, const struct exi_field *f)
{
    (void)f;
    ++*(unsigned *)context;
}

static int by_looking(const struct vector *v, const struct message *from, struct arena *a,
                      struct message *m, struct buf *text, struct err *e)
{
    struct exi_options o = EXI_OPTIONS;
    unsigned fields = 0;
    (void)from;
    (void)text;
    o.fragment = v->is_fragment;
    o.trace = see;
    o.context = &fields;
    return exi_decode(v->schema, v->exi.p, v->exi.n, &o, a, m, e);
}

static int by_copying(const struct vector *v, const struct message *from, struct arena *a,
                      struct message *m, struct buf *text, struct err *e)
{
    (void)v;
    (void)text;
    return message_copy(from, a, m, e);
}

static int by_xml(const struct vector *v, const struct message *from, struct arena *a,
                  struct message *m, struct buf *text, struct err *e)
{
    xml_print(from, XML_PAGES, text);
    if (text->failed)
        return err_set(e, "no memory for XML");
    return xml_read(v->schema, (char *)text->p, text->n, v->is_fragment, a, m, e);
}

static int by_json(const struct vector *v, const struct message *from, struct arena *a,
                   struct message *m, struct buf *text, struct err *e)
{
    json_print(from, JSON_PRETTY, text);
    if (text->failed)
        return err_set(e, "no memory for JSON");
    return json_read(v->schema, (char *)text->p, text->n, v->is_fragment, a, m, e);
}

static const struct way WAYS[] = {
    {"decode", by_decoding}, {"explain", by_looking}, {"copy", by_copying},
    {"XML", by_xml},         {"JSON", by_json},
};
#define WAYS_N (sizeof WAYS / sizeof *WAYS)

struct trial {
    const struct vector *v;
    const struct message *from;
    const struct way *way;
    size_t limit; /* of the arena */
};

/* A memory_run: goes that way, and encodes what it finds, to what the vector has. */
static int go(void *context, struct err *e)
{
    const struct trial *t = context;
    struct arena a;
    struct message m;
    struct buf text = {0}, out = {0};
    arena_open(&a, NULL, 0, t->limit);
    int bad = t->way->go(t->v, t->from, &a, &m, &text, e);
    if (bad == 0)
        bad = exi_encode_buf(&m, &out, e);
    if (bad == 0 && (out.n != t->v->exi.n || memcmp(out.p, t->v->exi.p, out.n) != 0))
        fail_msg("%s, %s: other octets", t->v->id, t->way->name);
    buf_close(&out);
    buf_close(&text);
    arena_close(&a);
    return bad;
}

/* In arenas of many sizes up to what is needed: refused, and what is refused says why. */
static unsigned in_small_rooms(struct trial *t)
{
    unsigned refused = 0;
    size_t enough = ROOM_STEP;
    for (;; enough *= 2) {
        struct err e = ERR_INIT;
        t->limit = enough;
        if (go(t, &e) == 0)
            break;
        if (enough >= MEMORY)
            fail_msg("%s, %s: no arena is large enough: %s", t->v->id, t->way->name, e.what);
    }
    size_t step =
        enough / ROOMS > ROOM_STEP ? enough / ROOMS & ~(size_t)(ROOM_STEP - 1) : ROOM_STEP;
    for (t->limit = 0; t->limit < enough; t->limit += step) {
        struct err e = ERR_INIT;
        if (go(t, &e) == 0)
            continue;
        if (strstr(e.what, "memory") == NULL)
            fail_msg("%s, %s in %zu octets: '%s'", t->v->id, t->way->name, t->limit, e.what);
        refused++;
    }
    return refused;
}

struct count {
    unsigned vectors, rooms, failed;
};

/* The largest of each message, and those that have what is rare. */
static bool is_wanted(const struct vector *v)
{
    static const char *const WANTED[] = {"max", "any", "mixed", "emptystr", "strtab", "unicode"};
    for (unsigned i = 0; i < sizeof WANTED / sizeof *WANTED && v->exi.n <= 500; i++)
        if (strcmp(v->category, WANTED[i]) == 0)
            return true;
    return false;
}

static const char *way_name(const struct vector *v, const struct way *way)
{
    static char name[200];
    snprintf(name, sizeof name, "%s, %s", v->id, way->name);
    return name;
}

static void try_vector(void *context, const struct vector *v)
{
    struct count *c = context;
    struct arena a;
    struct message m;
    struct err e = ERR_INIT;
    struct buf out = {0};
    arena_open(&a, NULL, 0, MEMORY);
    bool wanted = is_wanted(v) &&
                  support_decode(v->schema, v->exi, v->is_fragment, &a, &m, &e) == 0 &&
                  exi_encode_buf(&m, &out, &e) == 0 && out.n == v->exi.n &&
                  memcmp(out.p, v->exi.p, out.n) == 0;
    buf_close(&out);
    for (unsigned i = 0; wanted && i < WAYS_N; i++) {
        struct trial t = {.v = v, .from = &m, .way = &WAYS[i], .limit = MEMORY};
        c->failed += memory_fail_each(way_name(v, &WAYS[i]), 0, go, &t);
        c->rooms += in_small_rooms(&t);
        c->vectors++;
    }
    arena_close(&a);
}

static void test_codec(void **state)
{
    struct count c = {0};
    (void)state;
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        if (strstr(SUPPORT_VECTORS[i], "large") == NULL)
            support_each_vector(SUPPORT_VECTORS[i], try_vector, &c);
    print_message("%u ways, %u arenas too small, %u allocations have failed\n", c.vectors, c.rooms,
                  c.failed);
    assert_true(c.vectors > 100 && c.rooms > 20 * c.vectors);
    assert_true(c.failed > c.vectors || !COUNTS_MEMORY);
}

/* ---- defaults ---- */

struct order {
    const struct schema *schema;
    const char *name;
    size_t limit;
};

/* A memory_run: makes a message with its defaults. */
static int make(void *context, struct err *e)
{
    const struct order *o = context;
    struct arena a;
    struct message m;
    struct buf out = {0};
    arena_open(&a, NULL, 0, o->limit);
    int bad = message_new(o->schema, o->name, &a, &m, e);
    if (bad == 0)
        bad = node_complete(&a, m.v.n, e);
    if (bad == 0)
        bad = exi_encode_buf(&m, &out, e);
    assert_true(bad != 0 || out.n > 0);
    buf_close(&out);
    arena_close(&a);
    return bad;
}

static void test_defaults(void **state)
{
    static const char *const MESSAGES[][2] = {
        {"iso15118-2", "ServiceDiscoveryRes"},
        {"iso15118-2", "SessionSetupReq"},
        {"iso15118-2", "CertificateInstallationReq"},
        {"din70121", "ChargeParameterDiscoveryRes"},
        {"iso15118-20-dc", "DC_ChargeParameterDiscoveryRes"},
        {"iso15118-20-common", "ScheduleExchangeRes"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof MESSAGES / sizeof *MESSAGES; i++) {
        struct order o = {support_schema(MESSAGES[i][0]), MESSAGES[i][1], MEMORY};
        unsigned refused = 0;
        struct err last = ERR_INIT;
        memory_fail_each(o.name, 0, make, &o);
        for (o.limit = 0; o.limit < MEMORY; o.limit += ROOM_STEP, refused++) {
            struct err e = ERR_INIT;
            if (make(&o, &e) == 0)
                break;
            if (strstr(e.what, "memory") == NULL)
                fail_msg("%s in %zu octets: '%s'", o.name, o.limit, e.what);
            last = e;
        }
        assert_true(refused > 4 && last.set);
    }
}

/* ---- JSON text ---- */

/* Where the scanner's room grows at a number's last digits, and within it. */
static const char NUMBERS[] = "{\"n\": [100000000000015, 1000000000000016, 123456789012345678]}";

/* A memory_run. */
static int read_numbers(void *context, struct err *e)
{
    json_error_t why;
    (void)context;
    json_t *json = json_text_read(NUMBERS, sizeof NUMBERS - 1, 0, &why);
    memory_calm();
    if (json == NULL)
        return err_set(e, "%s", why.text);
    const json_t *n = json_object_get(json, "n");
    assert_true(json_integer_value(json_array_get(n, 0)) == 100000000000015);
    assert_true(json_integer_value(json_array_get(n, 1)) == 1000000000000016);
    assert_true(json_integer_value(json_array_get(n, 2)) == 123456789012345678);
    json_decref(json);
    return 0;
}

static void test_json_text(void **state)
{
    (void)state;
    unsigned failed = memory_fail_each("JSON text", 0, read_numbers, NULL);
    assert_true(failed > 2 || !COUNTS_MEMORY);
}

/* libxml2 has its own errors of memory, besides those that are handed to us. */
static void be_silent(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codec),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_json_text),
    };
    json_text_guard();
    xmlSetGenericErrorFunc(NULL, be_silent);
    return cmocka_run_group_tests(tests, NULL, support_close);
}
