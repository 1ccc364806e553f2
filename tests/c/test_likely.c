/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which message is this: of documents that are whole, cut or damaged, the set that they are in is
 * the likeliest of all sets, and nothing that is cut is read as if nothing were wrong.
 */
#include "support.h"

#include "codec/likely.h"

#define MEMORY (64u * 1024 * 1024)
#define EVERY 8 /* of the vectors one is a document of the trial: some 300 */
#define SHOWN_MAX 10

/* ORDER DAMAGE */
enum damage { DAMAGE_NONE, DAMAGE_THIRD, DAMAGE_QUARTER, DAMAGE_BIT, DAMAGES };
static const char *const DAMAGE_NAME[] = {"whole", "cut to 2/3", "cut to 3/4", "a bit flipped"};
static const double WANTED[] = {100, 95, 95, 95}; /* % whose protocol is the likeliest */

struct score {
    unsigned done;
    unsigned protocol, set; /* are the likeliest */
    unsigned silent;        /* taken for a message of another protocol, with nothing wrong in it */
    unsigned read;          /* to the end of a message */
};

struct trial {
    struct arena arena;
    unsigned vectors, shown;
    uint32_t chance; /* always the same */
    struct score score[DAMAGES];
};

static uint32_t next_chance(struct trial *t)
{
    t->chance = t->chance * 1664525u + 1013904223u;
    return t->chance >> 8;
}

/* What one set makes of the bytes. */
static struct likely read_with(struct trial *t, const struct schema *s, struct slice bytes,
                               bool *is_read)
{
    struct message m = {0};
    struct err e = ERR_INIT;
    arena_reset(&t->arena);
    *is_read = support_decode(s, bytes, false, &t->arena, &m, &e) == 0;
    return likely_of(s, *is_read, &m, &e, bytes.n);
}

/* Tries all sets; where others are as likely as its own, one of them is the first. */
static void try_all(struct trial *t, const struct vector *v, struct slice bytes, enum damage d)
{
    const struct schema *first = NULL;
    struct likely best = {.name = ""};
    bool is_read = false;
    for (unsigned i = 0; i < SUPPORT_SETS_N; i++) {
        const struct schema *s = support_schema(SUPPORT_SETS[i].name);
        bool was_read;
        struct likely l = read_with(t, s, bytes, &was_read);
        int order = first == NULL ? -1 : likely_compare(&l, &best);
        if (order > 0 || (order == 0 && s == v->schema))
            continue;
        first = s;
        best = l;
        is_read = was_read;
    }
    struct score *score = &t->score[d];
    assert_non_null(first);
    bool is_same = strcmp(first->protocol, v->schema->protocol) == 0;
    score->done++;
    score->set += first == v->schema;
    score->protocol += is_same;
    score->silent += !is_same && likely_is_certain(&best);
    score->read += is_read;
    if (!is_same && t->shown++ < SHOWN_MAX)
        print_message("%s, %s: %s of %s is likelier\n", v->id, DAMAGE_NAME[d],
                      best.name[0] != '\0' ? best.name : "an element", first->name);
}

static void try_document(void *context, const struct vector *v)
{
    struct trial *t = context;
    if (v->is_fragment || v->schema == support_schema("xmldsig") || t->vectors++ % EVERY != 0)
        return;
    try_all(t, v, v->exi, DAMAGE_NONE);
    try_all(t, v, (struct slice){v->exi.p, v->exi.n * 2 / 3}, DAMAGE_THIRD);
    try_all(t, v, (struct slice){v->exi.p, v->exi.n * 3 / 4}, DAMAGE_QUARTER);
    uint8_t *copy = malloc(v->exi.n);
    assert_non_null(copy);
    memcpy(copy, v->exi.p, v->exi.n);
    uint32_t bit = next_chance(t) % (uint32_t)(v->exi.n * 8);
    copy[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    try_all(t, v, (struct slice){copy, v->exi.n}, DAMAGE_BIT);
    free(copy);
}

static void test_documents(void **state)
{
    (void)state;
    struct trial t = {.chance = 1};
    arena_open(&t.arena, NULL, 0, MEMORY);
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        support_each_vector(SUPPORT_VECTORS[i], try_document, &t);
    arena_close(&t.arena);
    bool is_good = true;
    for (unsigned d = 0; d < DAMAGES; d++) {
        const struct score *s = &t.score[d];
        double protocol = 100.0 * s->protocol / s->done;
        print_message("%u documents, %s: the protocol is the likeliest of %.1f %%, the set of "
                      "%.1f %%; silently wrong %u, read to an end %u\n",
                      s->done, DAMAGE_NAME[d], protocol, 100.0 * s->set / s->done, s->silent,
                      s->read);
        is_good = is_good && s->done >= 300 && protocol >= WANTED[d] && s->silent == 0;
        is_good = is_good && (d == DAMAGE_NONE || d == DAMAGE_BIT || s->read == 0);
    }
    assert_true(is_good);
}

/* ---- single readings ---- */

struct row {
    const char *what, *set, *hex;
    struct likely likely;
};

/* One of each state, and what it is told by. */
static void test_readings(void **state)
{
    static const struct row ROWS[] = {
        {"a message",
         "iso15118-2",
         "8098022E74FF44AAECF83E11F000",
         {"SessionStopReq", true, true, LIKELY_RIGHT, 112, 0, 0, false}},
        {"a byte behind it",
         "iso15118-2",
         "8098022E74FF44AAECF83E11F00000",
         {"SessionStopReq", true, true, LIKELY_WRONG, 112, 1, 1, false}},
        {"cut in its header",
         "iso15118-2",
         "8098022E74FF44AA",
         {"", true, true, LIKELY_CUT, 64, 0, 0, false}},
        {"of another set",
         "din70121",
         "8098022E74FF44AAECF83E11F000",
         {"", false, false, LIKELY_WRONG, 33, 1, 10, false}},
        {"an element that is no message",
         "iso15118-20-wpt",
         "80400040",
         {"", false, false, LIKELY_RIGHT, 32, 0, 0, false}},
        {"a message that has no header",
         "appprotocol",
         "80400040",
         {"supportedAppProtocolRes", true, true, LIKELY_RIGHT, 32, 0, 0, false}},
        {"a message of the set that it extends",
         "iso15118-20-ac-der-iec",
         "801004000000000000000000020800F85522003E0288",
         {"AC_ChargeParameterDiscoveryReq", true, true, LIKELY_RIGHT, 176, 0, 0, true}},
        {"with something of its own",
         "iso15118-20-ac-der-iec",
         "801004000000000000000000030800F85522003E028804007C2A91001F014400",
         {"AC_ChargeParameterDiscoveryReq", true, true, LIKELY_RIGHT, 256, 0, 0, false}},
        {"no EXI", "iso15118-2", "9A", {"", false, false, LIKELY_WRONG, 0, 1, 1, false}},
    };
    struct trial t = {.chance = 1};
    (void)state;
    arena_open(&t.arena, NULL, 0, MEMORY);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct row *r = &ROWS[i];
        struct slice bytes = support_octets(r->hex);
        bool is_read;
        struct likely l = read_with(&t, support_schema(r->set), bytes, &is_read);
        free((void *)(uintptr_t)bytes.p);
        const struct likely *w = &r->likely;
        if (strcmp(l.name, w->name) != 0 || l.is_message != w->is_message ||
            l.has_header != w->has_header || l.state != w->state || l.right != w->right ||
            l.wrong != w->wrong || l.left != w->left || l.is_plain != w->is_plain)
            fail_msg("%s: '%s', message %d, header %d, state %d, right %u, wrong %u, left %zu, "
                     "plain %d",
                     r->what, l.name, l.is_message, l.has_header, l.state, (unsigned)l.right,
                     l.wrong, l.left, l.is_plain);
    }
    arena_close(&t.arena);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_documents),
    };
    return cmocka_run_group_tests(TESTS, NULL, support_close);
}
