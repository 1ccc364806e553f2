/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile input to the decoder: every truncation and every changed bit of the vectors, too little
 * memory, and streams that are made to cost much. It has to give a message or an error with its
 * place, in little memory and linear time; and what it gives can be encoded and printed.
 *
 * Under a sanitizer, and where branches are counted, only a sample is tried, as it is of the large
 * vectors always. V2G_TEST_FULL=1 tries everything, V2G_TEST_SEED=N another sample.
 */
#include "support.h"

#include "memory.h"

#include "base/bits.h"
#include "codec/json.h"

#include <unistd.h>

/* Where it takes long: under a sanitizer, and where branches are counted. */
#if defined(COVERAGE)
#define SAMPLED 1
#define SAMPLED_STRIDE 40 /* one in so many is tried */
#else
#define SAMPLED SANITIZED
#define SAMPLED_STRIDE 3
#endif

#define WHOLE_MAX 4096     /* bytes of a vector of which everything is tried */
#define SMALL_INPUT 1024   /* bytes of input that may cost at most … */
#define SMALL_MEMORY 65536 /* … this memory */
#define MEMORY (256u * 1024 * 1024)
#define LARGE_TRIES 1500 /* of each larger vector */
#define PRINT_STRIDE 61  /* one in so many is printed as XML and JSON */
#define CAREFUL_STRIDE 3 /* of one in so many the decoder's two passes are compared */
#define SECONDS_MAX 600  /* of one test; more is a hang */
#define SHOWN_MAX 10

/* ---- one input ---- */

static struct {
    uint64_t seed, random;
    bool is_full;
    uint64_t tried, decoded, violated, bad;
    struct buf first, second, text;
    const char *id; /* of the vector, or the name of what is tried */
} run;

static uint64_t random_number(void)
{
    run.random ^= run.random << 13;
    run.random ^= run.random >> 7;
    run.random ^= run.random << 17;
    return run.random;
}

static void __attribute__((format(printf, 2, 3)))
complain(struct slice input, const char *format, ...)
{
    if (run.bad++ >= SHOWN_MAX)
        return;
    char what[900];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    struct buf hex = {0};
    buf_hex(&hex, input.p, input.n < 400 ? input.n : 400, false);
    print_message("%s: %s\n  input %s%s\n", run.id, what, buf_string(&hex),
                  input.n < 400 ? "" : "…");
    buf_close(&hex);
}

/*
 * An error names a bit of the input (or its end) and the element. Outside the root element there is
 * none: in the header, the document's event code and what follows the end.
 */
static void check_error(struct slice input, const struct err *e, const struct schema *s,
                        bool is_fragment)
{
    unsigned code_bits = is_fragment ? s->fragment_bits : s->document_bits;
    bool has_cookie = input.n >= 4 && memcmp(input.p, "$EXI", 4) == 0;
    int64_t root = 8 + code_bits + (has_cookie ? 32 : 0);
    if (!e->set || e->what[0] == '\0')
        complain(input, "refused without an error");
    else if (e->bit < 0 || (uint64_t)e->bit > 8 * (uint64_t)input.n)
        complain(input, "bit offset %lld is not in the input: %s", (long long)e->bit, e->what);
    else if (e->path[0] == '\0' && e->bit > root && (uint64_t)e->bit < 8 * (uint64_t)input.n &&
             strstr(e->what, "the end of the fragment") == NULL)
        complain(input, "no element path at bit %lld: %s", (long long)e->bit, e->what);
}

/* What was decoded can be printed whatever is in it; XML and JSON stay text. */
static void print_all(const struct message *m)
{
    buf_clear(&run.text);
    xml_print(m, XML_PAGES, &run.text);
    xml_print(m, XML_COMPACT, &run.text);
    json_print(m, JSON_LINE, &run.text);
    json_print(m, JSON_PRETTY, &run.text);
}

/*
 * Encoding what was decoded, and decoding that, comes to rest: the second encoding is the first.
 * (The first need not be the input, which may hold string-table hits or untyped characters.) What
 * the encoder will not write it refuses with a reason.
 */
static void check_encoding(struct slice input, const struct message *m, bool is_fragment)
{
    struct err e = ERR_INIT;
    struct arena a;
    struct message again;
    buf_clear(&run.first);
    if (exi_encode_buf(m, &run.first, &e) != 0) {
        if (!e.set || e.what[0] == '\0')
            complain(input, "cannot be encoded, without an error");
        return;
    }
    struct slice first = {run.first.p, run.first.n};
    arena_open(&a, NULL, 0, MEMORY);
    buf_clear(&run.second);
    if (support_decode(m->schema, first, is_fragment, &a, &again, &e) != 0)
        complain(input, "encoded it cannot be decoded: %s: bit %lld: %s", e.path, (long long)e.bit,
                 e.what);
    else if (exi_encode_buf(&again, &run.second, &e) != 0)
        complain(input, "encoded and decoded it cannot be encoded again: %s: %s", e.path, e.what);
    else if (run.second.n != first.n || memcmp(run.second.p, first.p, first.n) != 0)
        complain(input, "encoded and decoded it is another message");
    arena_close(&a);
}

static void watch(void *context, const struct exi_field *f)
{
    (void)context;
    (void)f;
}

/*
 * A usual stream is decoded fast, an unusual one carefully; one that somebody watches always
 * carefully. Both ways have to give the same.
 */
static void check_careful(struct slice input, const struct message *m, bool is_fragment)
{
    struct exi_options o = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct message careful;
    struct arena a;
    o.fragment = is_fragment;
    o.trace = watch;
    arena_open(&a, NULL, 0, MEMORY);
    buf_clear(&run.first);
    buf_clear(&run.second);
    if (exi_decode(m->schema, input.p, input.n, &o, &a, &careful, &e) != 0)
        complain(input, "carefully it cannot be decoded: bit %lld: %s", (long long)e.bit, e.what);
    else if ((careful.violations == NULL) != (m->violations == NULL))
        complain(input, "only one of the passes found violations");
    else if (exi_encode_buf(m, &run.first, &e) == 0 &&
             (exi_encode_buf(&careful, &run.second, &e) != 0 || run.first.n != run.second.n ||
              memcmp(run.first.p, run.second.p, run.first.n) != 0))
        complain(input, "carefully it is decoded as another message");
    arena_close(&a);
}

/* What decoding has cost: before is what was held then, held_most has counted since. */
static void check_cost(struct slice input, const struct arena *a, size_t before)
{
    size_t cost = COUNTS_MEMORY ? memory_most() - before : a->taken;
    size_t most = input.n <= SMALL_INPUT ? SMALL_MEMORY : SMALL_INPUT + 80 * input.n;
    if (cost > most)
        complain(input, "%zu bytes of memory for %zu of input; expected at most %zu", cost, input.n,
                 most);
}

/* Everything about one input. Its bytes must end where its memory ends. */
static void try_input(const struct schema *s, struct slice input, bool is_fragment)
{
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    arena_open(&a, NULL, 0, MEMORY);
    memory_begin();
    size_t before = memory_held();
    int bad = support_decode(s, input, is_fragment, &a, &m, &e);
    check_cost(input, &a, before);
    run.tried++;
    if (bad != 0) {
        check_error(input, &e, s, is_fragment);
    } else {
        run.decoded++;
        run.violated += m.violations != NULL;
        check_encoding(input, &m, is_fragment);
        if (run.tried % CAREFUL_STRIDE == 0)
            check_careful(input, &m, is_fragment);
        if (run.tried % PRINT_STRIDE == 0)
            print_all(&m);
    }
    arena_close(&a);
}

/* ---- vectors, cut and changed ---- */

static bool is_chosen(void)
{
    return run.is_full || !SAMPLED || random_number() % SAMPLED_STRIDE == 0;
}

/* The first n bytes, in memory of their own, so that a read behind them is found. */
static void try_cut(const struct vector *v, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, v->exi.p, n);
    try_input(v->schema, (struct slice){copy, n}, v->is_fragment);
    free(copy);
}

static void try_flip(const struct vector *v, uint8_t *copy, uint64_t bit)
{
    uint8_t mask = (uint8_t)(0x80 >> (bit & 7));
    copy[bit >> 3] ^= mask;
    try_input(v->schema, (struct slice){copy, v->exi.n}, v->is_fragment);
    copy[bit >> 3] ^= mask;
}

static void try_vector(void *context, const struct vector *v)
{
    (void)context;
    size_t n = v->exi.n;
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, v->exi.p, n);
    run.id = v->id;
    bool is_whole = n <= WHOLE_MAX || run.is_full;
    for (size_t i = 0; is_whole && i < n; i++)
        if (is_chosen())
            try_cut(v, i);
    for (uint64_t i = 0; is_whole && i < 8 * (uint64_t)n; i++)
        if (is_chosen())
            try_flip(v, copy, i);
    for (unsigned i = 0; !is_whole && i < LARGE_TRIES; i++) {
        if (!is_chosen())
            continue;
        if (random_number() % 8 == 0)
            try_cut(v, random_number() % n);
        else
            try_flip(v, copy, random_number() % (8 * n));
    }
    free(copy);
}

static int start(void **state)
{
    (void)state;
    alarm(run.is_full ? 0 : SECONDS_MAX);
    run.tried = run.decoded = run.violated = run.bad = 0;
    run.random = run.seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    return 0;
}

static void finish(void)
{
    alarm(0);
    print_message("seed %llu: %llu inputs, %llu decoded, %llu of them with violations\n",
                  (unsigned long long)run.seed, (unsigned long long)run.tried,
                  (unsigned long long)run.decoded, (unsigned long long)run.violated);
    assert_int_equal(run.bad, 0);
}

static void test_changed_vectors(void **state)
{
    start(state);
    assert_true(support_each_vector(*state, try_vector, NULL) > 0);
    finish();
}

/* ---- too little memory ---- */

/* With every budget, so that each allocation fails once. */
static void try_budgets(void *context, const struct vector *v)
{
    unsigned stride = *(const unsigned *)context;
    bool is_unusual = strcmp(v->category, "any") == 0 || strcmp(v->category, "strtab") == 0 ||
                      strcmp(v->category, "mixed") == 0;
    if (v->exi.n > 600 || (!is_unusual && random_number() % stride != 0))
        return;
    run.id = v->id;
    size_t step = SAMPLED && !run.is_full ? 40 : 8;
    bool is_read = false;
    for (size_t budget = 8; !is_read && budget < SMALL_MEMORY; budget += step) {
        struct exi_options o = EXI_OPTIONS;
        struct err e = ERR_INIT;
        struct message m;
        struct arena a;
        o.fragment = v->is_fragment;
        o.limits.memory = budget;
        arena_open(&a, NULL, 0, MEMORY);
        is_read = exi_decode(v->schema, v->exi.p, v->exi.n, &o, &a, &m, &e) == 0;
        run.tried++;
        if (!is_read)
            check_error(v->exi, &e, v->schema, v->is_fragment);
        if (a.taken > budget)
            complain(v->exi, "%zu bytes of memory; allowed were %zu", a.taken, budget);
        arena_close(&a);
    }
    run.decoded += is_read;
    if (!is_read)
        complain(v->exi, "cannot be decoded in %d bytes", SMALL_MEMORY);
}

static void test_too_little_memory(void **state)
{
    unsigned stride = 40;
    start(state);
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        support_each_vector(SUPPORT_VECTORS[i], try_budgets, &stride);
    finish();
}

/* ---- memory that is not in one piece ---- */

/* Decodes into an arena whose first piece has every size, so that it ends at each place. */
static void try_pieces(void *context, const struct vector *v)
{
    unsigned stride = *(const unsigned *)context;
    if (v->exi.n > 400 || random_number() % stride != 0)
        return;
    run.id = v->id;
    uint8_t first[4096], again[4096];
    int64_t n = 0;
    for (size_t size = 0; size < sizeof first; size += SAMPLED ? 56 : 8) {
        struct err e = ERR_INIT;
        struct message m;
        struct arena a;
        uint8_t *piece = malloc(size > 0 ? size : 1);
        assert_non_null(piece);
        arena_open(&a, piece, size, MEMORY);
        run.tried++;
        if (support_decode(v->schema, v->exi, v->is_fragment, &a, &m, &e) != 0)
            complain(v->exi, "with %zu bytes in the first piece: %s", size, e.what);
        else if (size == 0)
            n = exi_encode(&m, first, sizeof first, &e);
        else if (exi_encode(&m, again, sizeof again, &e) != n ||
                 (n > 0 && memcmp(first, again, (size_t)n) != 0))
            complain(v->exi, "another message with %zu bytes in the first piece", size);
        arena_close(&a);
        free(piece);
    }
    run.decoded += n > 0;
}

static void test_memory_in_pieces(void **state)
{
    unsigned stride = SAMPLED ? 40 : 20;
    start(state);
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        support_each_vector(SUPPORT_VECTORS[i], try_pieces, &stride);
    finish();
}

/* ---- too little room ---- */

/* Encodes into every size of memory up to what is needed, and some more: how soon the encoder
 * begins to look where the room ends depends on it, but not what it writes. */
static void try_rooms(void *context, const struct vector *v)
{
    unsigned stride = *(const unsigned *)context;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    if (v->exi.n > 400 || random_number() % stride != 0)
        return;
    run.id = v->id;
    arena_open(&a, NULL, 0, MEMORY);
    assert_int_equal(support_decode(v->schema, v->exi, v->is_fragment, &a, &m, &e), 0);
    uint8_t whole[4096];
    int64_t size = exi_encode(&m, whole, sizeof whole, &e);
    bool has_fit = false;
    for (size_t room = 0; room <= v->exi.n + 100; room++) {
        uint8_t *p = malloc(room > 0 ? room : 1);
        struct err why = ERR_INIT;
        assert_non_null(p);
        int64_t n = exi_encode(&m, p, room, &why);
        run.tried++;
        if (n < 0 && (has_fit || n != EXI_NO_ROOM))
            complain(v->exi, "in %zu bytes: %s", room, why.what);
        if (n > (int64_t)room)
            complain(v->exi, "%lld bytes written into %zu", (long long)n, room);
        else if (n >= 0 && (n != size || memcmp(p, whole, (size_t)n) != 0))
            complain(v->exi, "other bytes written into %zu than into %zu", room, sizeof whole);
        has_fit = has_fit || n >= 0;
        free(p);
    }
    if (!has_fit)
        complain(v->exi, "does not fit into 100 bytes more than it has");
    arena_close(&a);
}

static void test_too_little_room(void **state)
{
    unsigned stride = SAMPLED ? 40 : 4;
    start(state);
    for (unsigned i = 0; i < SUPPORT_VECTORS_N; i++)
        support_each_vector(SUPPORT_VECTORS[i], try_rooms, &stride);
    finish();
}

/* ---- streams that are made to cost much ---- */

#define BOMB_SMALL (64u * 1024)
#define BOMB_LARGE (1024u * 1024)
#define BOMB_GROWTH 64 /* what is encoded may be so many times as long as what was decoded */

struct stream {
    struct bit_writer w;
    uint8_t *p;
    size_t size;
    const struct schema *s;
    const struct type *type; /* of the element that is being written, and its state */
    unsigned at;
};

static unsigned bit_length(uint64_t v)
{
    return v == 0 ? 0 : 64 - (unsigned)__builtin_clzll(v);
}

static void put_number(struct stream *x, uint64_t v)
{
    for (; v > 127; v >>= 7)
        bits_write(&x->w, (v & 127) | 128, 8);
    bits_write(&x->w, v, 8);
}

/* n times the same letter, as a string that was not there before. */
static void put_string(struct stream *x, size_t n, unsigned add)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz";
    uint8_t part[64];
    put_number(x, n + add);
    memset(part, LETTERS[random_number() % 26], sizeof part);
    for (; n > 0; n -= n < sizeof part ? n : sizeof part)
        bits_write_octets(&x->w, part, n < sizeof part ? n : sizeof part);
}

/* The event of the child or attribute of that name ("": any element). */
static const struct field *put_child(struct stream *x, const char *name)
{
    const struct state *s = &x->type->state[x->at];
    for (unsigned i = 0; i < s->count; i++) {
        const struct field *f = &x->type->field[x->type->slots[s->first + i]];
        if (name[0] == '\0' ? f->kind != KIND_ANY : strcmp(f->name, name) != 0)
            continue;
        bits_write(&x->w, i, s->bits);
        x->at = f->after;
        return f;
    }
    fail_msg("%s cannot stand in %s now", name, x->type->name);
    return NULL;
}

/* A fragment that begins with an element of that name. */
static void put_fragment(struct stream *x, const char *name)
{
    bits_write(&x->w, 0x80, 8);
    for (unsigned i = 0; i < x->s->names; i++) {
        if (strcmp(x->s->fragment[i].name, name) != 0)
            continue;
        bits_write(&x->w, i, x->s->fragment_bits);
        x->type = x->s->fragment[i].field->type;
        x->at = 0;
        return;
    }
    fail_msg("there is no element %s", name);
}

static void put_end(struct stream *x)
{
    bits_write(&x->w, x->type->state[x->at].end, x->type->state[x->at].bits);
    bits_write(&x->w, x->s->names + 1u, x->s->fragment_bits);
}

static bool has_room(const struct stream *x, size_t n)
{
    return (size_t)(x->w.at - x->w.start) + n + 64 < x->size;
}

/* One long string, then nothing but references to it. */
static void put_hits_of_one(struct stream *x)
{
    put_fragment(x, "KeyInfo");
    put_child(x, "KeyName");
    bits_write(&x->w, 0, 1);
    put_string(x, x->size / 2, 2);
    bits_write(&x->w, 0, 1);
    while (has_room(x, 4)) {
        put_child(x, "KeyName");
        bits_write(&x->w, 0, 1); /* characters */
        put_number(x, 0);        /* a hit among the strings of this name: the only one */
        bits_write(&x->w, 0, 1);
    }
    put_end(x);
}

/* Many strings, then references to the last of them. */
static void put_hits_of_many(struct stream *x, bool global)
{
    uint32_t n = 0;
    put_fragment(x, "KeyInfo");
    for (; has_room(x, x->size / 2); n++) {
        put_child(x, n % 2 == 0 && global ? "MgmtData" : "KeyName");
        bits_write(&x->w, 0, 1);
        put_string(x, 1, 2);
        bits_write(&x->w, 0, 1);
    }
    while (has_room(x, 8)) {
        put_child(x, "KeyName");
        bits_write(&x->w, 0, 1);
        put_number(x, global);
        bits_write(&x->w, n - 1, bit_length(n - 1));
        bits_write(&x->w, 0, 1);
    }
    put_end(x);
}

static void put_local_hits(struct stream *x)
{
    put_hits_of_many(x, false);
}

static void put_global_hits(struct stream *x)
{
    put_hits_of_many(x, true);
}

/* Elements of any name, each in a namespace of its own. */
static void put_new_names(struct stream *x)
{
    unsigned uris = 4u + x->s->namespaces;
    put_fragment(x, "KeyInfo");
    while (has_room(x, 16)) {
        put_child(x, "");
        bits_write(&x->w, 0, bit_length(uris)); /* a new URI */
        put_string(x, 3, 0);
        put_string(x, 2, 1); /* a new name */
        uris++;
        bits_write(&x->w, 0, 2); /* the end of the element */
    }
    put_end(x);
}

/* One element of any name with children that all have new names. */
static void put_new_children(struct stream *x)
{
    unsigned learned = 0, uris = 4u + x->s->namespaces;
    put_fragment(x, "KeyInfo");
    put_child(x, "");
    bits_write(&x->w, 1, bit_length(uris)); /* no namespace */
    put_string(x, 3, 1);
    bits_write(&x->w, 2, 2); /* a child, as the first content */
    for (; has_room(x, 16); learned++) {
        bits_write(&x->w, 1, bit_length(uris));
        put_string(x, 2, 1);
        bits_write(&x->w, 0, 2);                                 /* it is empty */
        bits_write(&x->w, 1 + learned, bit_length(1 + learned)); /* something new … */
        bits_write(&x->w, 0, 1);                                 /* … a child */
    }
}

/* Elements within elements, of a name that is known after the first. */
static void put_deep(struct stream *x)
{
    unsigned uris = 4u + x->s->namespaces;
    put_fragment(x, "KeyInfo");
    put_child(x, "");
    bits_write(&x->w, 1, bit_length(uris));
    put_string(x, 3, 1);
    bits_write(&x->w, 2, 2);
    while (has_room(x, 16)) {
        bits_write(&x->w, 1, bit_length(uris));
        put_string(x, 2, 1);
        bits_write(&x->w, 2, 2);
    }
}

/* Signatures within objects of signatures. */
static void put_deep_known(struct stream *x)
{
    put_fragment(x, "Object");
    while (has_room(x, 64))
        bits_write(&x->w, random_number() & 0x00FF00FF, 32);
}

/* The shortest elements there are. */
static void put_many(struct stream *x)
{
    put_fragment(x, "KeyInfo");
    while (has_room(x, 8)) {
        put_child(x, "KeyName");
        bits_write(&x->w, 0, 1);
        put_number(x, 2); /* empty */
        bits_write(&x->w, 0, 1);
    }
    put_end(x);
}

/* Integers as long as the stream. */
static void put_long_integers(struct stream *x)
{
    put_fragment(x, "X509Data");
    while (has_room(x, 600)) {
        const struct field *f = put_child(x, "X509IssuerSerial");
        const struct type *outer = x->type;
        unsigned at = x->at;
        x->type = f->type;
        x->at = 0;
        put_child(x, "X509IssuerName");
        bits_write(&x->w, 0, 1);
        put_number(x, 2);
        bits_write(&x->w, 0, 1);
        put_child(x, "X509SerialNumber");
        bits_write(&x->w, 0, 2); /* characters; not negative */
        for (unsigned i = 0; i < 511; i++)
            bits_write(&x->w, 0xFF, 8);
        bits_write(&x->w, 0x7F, 8);
        bits_write(&x->w, 0, 1);
        bits_write(&x->w, x->type->state[x->at].end, x->type->state[x->at].bits);
        x->type = outer;
        x->at = at;
    }
    put_end(x);
}

static void put_zeros(struct stream *x)
{
    put_fragment(x, "KeyInfo");
    while (has_room(x, 8))
        bits_write(&x->w, 0, 8);
}

static void put_ones(struct stream *x)
{
    put_fragment(x, "KeyInfo");
    while (has_room(x, 8))
        bits_write(&x->w, 0xFF, 8);
}

static void put_noise(struct stream *x)
{
    put_fragment(x, "KeyInfo");
    while (has_room(x, 8))
        bits_write(&x->w, random_number() & 0xFF, 8);
}

/* A number without an end, where a length should be. */
static void put_endless_number(struct stream *x)
{
    put_fragment(x, "KeyInfo");
    put_child(x, "KeyName");
    bits_write(&x->w, 0, 1);
    while (has_room(x, 8))
        bits_write(&x->w, 0x80, 8);
}

static const struct {
    const char *name;
    void (*put)(struct stream *x);
} BOMBS[] = {
    {"references to one long string", put_hits_of_one},
    {"references among many strings of one name", put_local_hits},
    {"references among many strings", put_global_hits},
    {"new namespaces", put_new_names},
    {"new names in one element", put_new_children},
    {"elements in elements", put_deep},
    {"signatures in objects", put_deep_known},
    {"many empty elements", put_many},
    {"long integers", put_long_integers},
    {"zeros", put_zeros},
    {"ones", put_ones},
    {"noise", put_noise},
    {"a number without end", put_endless_number},
};
#define BOMBS_N (sizeof BOMBS / sizeof BOMBS[0])

/* What is encoded must not be much longer than what was decoded: a short stream that stands for a
 * very long message would fill memory as soon as anybody prints it. */
static void check_growth(struct slice input, const struct message *m)
{
    size_t room = input.n * BOMB_GROWTH + 4096;
    uint8_t *p = malloc(room);
    struct err e = ERR_INIT;
    assert_non_null(p);
    if (exi_encode(m, p, room, &e) == EXI_NO_ROOM)
        complain(input, "%zu bytes of input make more than %zu of output", input.n, room);
    else
        print_all(m);
    free(p);
}

static void try_bomb(const struct schema *s, unsigned i, size_t size)
{
    struct stream x = {.p = malloc(size + 64), .size = size, .s = s};
    struct exi_options o = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    assert_non_null(x.p);
    bits_begin(&x.w, x.p, size + 64);
    BOMBS[i].put(&x);
    struct slice input = {x.p, bits_finish(&x.w)};
    assert_true(input.n > size / 2 && input.n <= size);
    run.id = BOMBS[i].name;
    run.tried++;
    o.fragment = true;
    arena_open(&a, NULL, 0, MEMORY);
    size_t before = memory_held();
    memory_begin();
    int bad = exi_decode(s, input.p, input.n, &o, &a, &m, &e);
    check_cost(input, &a, before);
    if (bad != 0) {
        check_error(input, &e, s, true);
    } else {
        run.decoded++;
        check_growth(input, &m);
    }
    arena_close(&a);
    free(x.p);
}

static void test_costly_streams(void **state)
{
    start(state);
    const struct schema *s = support_schema("xmldsig");
    for (unsigned i = 0; i < BOMBS_N; i++) {
        try_bomb(s, i, BOMB_SMALL);
        try_bomb(s, i, BOMB_LARGE);
    }
    finish();
}

/* Of every size up to some KiB: that is where a budget runs out at every possible place. */
static void test_costly_streams_of_every_size(void **state)
{
    start(state);
    const struct schema *s = support_schema("xmldsig");
    size_t step = SAMPLED && !run.is_full ? 37 : 3;
    for (unsigned i = 0; i < BOMBS_N; i++) {
        if (BOMBS[i].put == put_long_integers)
            continue;
        for (size_t size = 300; size < 4096; size += step)
            try_bomb(s, i, size);
    }
    finish();
}

/* Bytes that have nothing to do with the set, as documents and as fragments. */
static void test_noise(void **state)
{
    start(state);
    for (unsigned k = 0; k < SUPPORT_SETS_N; k++) {
        const struct schema *s = support_schema(SUPPORT_SETS[k].name);
        run.id = s->name;
        for (unsigned i = 0; i < (SAMPLED ? 2000u : 20000u); i++) {
            size_t n = random_number() % 200 + 1;
            uint8_t *p = malloc(n);
            assert_non_null(p);
            for (size_t b = 0; b < n; b++)
                p[b] = (uint8_t)random_number();
            p[0] = 0x80;
            try_input(s, (struct slice){p, n}, i % 2 == 1);
            free(p);
        }
    }
    finish();
}

/* ---- message descriptions, cut and changed ---- */

static struct slice description;

static int find_description(void *context, const char *name, struct slice *text, const char **file)
{
    if (strcmp(name, "changed") != 0)
        return support_source(context, name, text, file);
    *text = description;
    *file = "changed.schema";
    return 0;
}

/* A description is taken, or refused with its line. */
static void try_description(struct slice text)
{
    struct err e = ERR_INIT;
    unsigned texts = support.texts;
    description = text;
    struct schema *s = schema_load("changed", find_description, NULL, &e);
    run.tried++;
    run.decoded += s != NULL;
    if (s == NULL && (!e.set || e.what[0] == '\0' || e.path[0] == '\0'))
        complain(text, "refused without an error or a file: %s: %s", e.path, e.what);
    schema_close(s);
    while (support.texts > texts)
        free(support.text[--support.texts]);
}

static void change_description(uint8_t *p, size_t *n)
{
    static const char LETTERS[] = " \n\t:|@?={}',.-#0aZ\x80";
    size_t at = random_number() % *n, size = random_number() % 12 + 1;
    size = size < *n - at ? size : *n - at;
    if (random_number() % 4 == 0) {
        *n = at; /* cut */
    } else if (random_number() % 2 == 0) {
        memmove(p + at, p + at + size, *n - at - size); /* something left out */
        *n -= size;
    } else {
        p[at] = (uint8_t)LETTERS[random_number() % (sizeof LETTERS - 1)];
    }
}

static void test_changed_descriptions(void **state)
{
    start(state);
    for (unsigned k = 0; k < SUPPORT_SETS_N; k++) {
        char path[80];
        size_t size;
        snprintf(path, sizeof path, "schema/%s.schema", SUPPORT_SETS[k].name);
        char *text = support_read_file(path, &size);
        assert_non_null(text);
        run.id = path;
        for (unsigned i = 0; i < (SAMPLED ? 60u : 300u); i++) {
            size_t n = size;
            uint8_t *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, text, size);
            for (uint64_t changes = random_number() % 3 + 1; changes > 0 && n > 0; changes--)
                change_description(copy, &n);
            uint8_t *fitting = realloc(copy, n > 0 ? n : 1);
            assert_non_null(fitting);
            try_description((struct slice){fitting, n});
            free(fitting);
        }
        free(text);
    }
    finish();
}

/* The name of a message's type was made by reading behind the message's own name. */
static void test_message_name_at_the_end_of_memory(void **state)
{
    start(state);
    run.id = "message name";
    for (unsigned i = 0; i < 700; i++) {
        struct buf text = {0};
        buf_text(&text, "schema changed\nnamespace a urn:a\nelement ");
        for (unsigned k = 0; k <= i * 6; k++)
            buf_char(&text, 'e');
        buf_text(&text, " string -- text\nmessage Request from evcc -- text\n");
        try_description((struct slice){text.p, text.n});
        buf_close(&text);
    }
    assert_int_equal(run.decoded, run.tried);
    finish();
}

static int open_all(void **state)
{
    (void)state;
    const char *seed = getenv("V2G_TEST_SEED"), *full = getenv("V2G_TEST_FULL");
    run.seed = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    run.is_full = full != NULL && strcmp(full, "1") == 0;
    return 0;
}

static int close_all(void **state)
{
    buf_close(&run.first);
    buf_close(&run.second);
    buf_close(&run.text);
    return support_close(state);
}

int main(void)
{
    struct CMUnitTest tests[SUPPORT_VECTORS_N + 8];
    size_t n = 0;
    for (; n < SUPPORT_VECTORS_N; n++)
        tests[n] = (struct CMUnitTest){.name = SUPPORT_VECTORS[n],
                                       .test_func = test_changed_vectors,
                                       .initial_state = (void *)(uintptr_t)SUPPORT_VECTORS[n]};
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_too_little_memory);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_memory_in_pieces);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_too_little_room);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_costly_streams);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_costly_streams_of_every_size);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_noise);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_changed_descriptions);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_message_name_at_the_end_of_memory);
    return _cmocka_run_group_tests("hostile", tests, n, open_all, close_all);
}
