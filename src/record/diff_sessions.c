/* SPDX-License-Identifier: Apache-2.0 */
#include "record/diff_sessions.h"

#include "base/json_text.h"
#include "codec/codec.h"
#include "codec/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLOWER_US 20000
#define FOLDED_MAX 2000 /* messages of a session whose order is compared, loops folded */
#define PATH_SIZE 512
#define DECODED_MAX (16u << 20) /* bytes of a message in memory */

/* Each differs between any two sessions. */
static const char *const EXPECTED[] = {"SessionID",    "TimeStamp",   "EVSETimeStamp", "TMeter",
                                       "GenChallenge", "DigestValue", "SignatureValue"};

struct said {
    int64_t us;
    uint8_t from;
    char name[64];
    json_t *message; /* NULL: it could not be decoded */
};

static json_t *json_of(const struct message *m)
{
    struct buf text = {0};
    json_print(m, JSON_LINE, &text);
    json_t *all = json_text_read((const char *)text.p, text.n, JSON_ALLOW_NUL, NULL);
    buf_close(&text);
    return all;
}

/* Of a record that is read again, whose messages are bytes. NULL: they are none. */
static json_t *decoded(const struct event *e)
{
    struct arena arena;
    struct message m;
    struct err problem = ERR_INIT;
    struct exi_options options = EXI_OPTIONS;
    struct slice inside = event_payload(e);
    if (e->schema == NULL || inside.p == NULL)
        return NULL;
    arena_open(&arena, NULL, 0, DECODED_MAX);
    json_t *all =
        codec_decode(e->schema, e->payload_type, inside, &options, &arena, &m, &problem) == 0
            ? json_of(&m)
            : NULL;
    arena_close(&arena);
    return all;
}

/* The own modem is asked for the link, or answers: so often as the session is long, and between any
 * two messages. */
static bool is_watching(const struct event *e)
{
    return e->is_link && strstr(e->name, "_LINK_STATUS_") != NULL;
}

void dialogue_event(void *context, const struct event *e)
{
    struct dialogue *d = context;
    if (e->kind != EVENT_FRAME || e->is_echo || is_watching(e) || d->failed)
        return;
    if (d->n == d->room) {
        size_t room = d->room == 0 ? 256 : 2 * d->room;
        struct said *bigger = realloc(d->at, room * sizeof *bigger);
        d->failed = bigger == NULL;
        if (d->failed)
            return;
        d->at = bigger;
        d->room = room;
    }
    struct said *said = &d->at[d->n++];
    *said = (struct said){.us = e->us, .from = e->from_role};
    snprintf(said->name, sizeof said->name, "%s", e->name[0] != '\0' ? e->name : "(undecoded)");
    said->message = e->message != NULL ? json_of(e->message) : decoded(e);
}

void dialogue_close(struct dialogue *d)
{
    for (size_t i = 0; i < d->n; i++)
        json_decref(d->at[i].message);
    free(d->at);
    *d = (struct dialogue){0};
}

/* ---- order ---- */

/* Whether message i repeats an exchange of two that was just there. */
static bool is_repeated(const struct dialogue *d, size_t i)
{
    if (i < 2 || strcmp(d->at[i].name, d->at[i - 2].name) != 0)
        return false;
    bool as_before = i >= 3 && strcmp(d->at[i - 1].name, d->at[i - 3].name) == 0;
    bool goes_on = i + 1 < d->n && strcmp(d->at[i + 1].name, d->at[i - 1].name) == 0;
    return as_before || goes_on;
}

/* Numbers of the messages, loops folded to their first round; how many. */
static size_t fold(const struct dialogue *d, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n && n < FOLDED_MAX; i++)
        if (!is_repeated(d, i))
            out[n++] = i;
    return n;
}

static void add_order(json_t *order, const struct dialogue *d, const char *in, size_t number)
{
    json_array_append_new(order, json_pack("{s:s, s:s, s:i}", "in", in, "message",
                                           d->at[number].name, "number", (int)number + 1));
}

/* The longest order of messages that both have; what is not in it is told. -1: no memory. */
static int compare_order(const struct dialogue *a, const struct dialogue *b, json_t *order)
{
    size_t of_a[FOLDED_MAX], of_b[FOLDED_MAX];
    size_t n = fold(a, of_a), m = fold(b, of_b);
    uint16_t *length = calloc((n + 1) * (m + 1), sizeof *length);
    if (length == NULL)
        return -1;
#define LENGTH(i, k) length[(i) * (m + 1) + (k)]
    for (size_t i = n; i-- > 0;)
        for (size_t k = m; k-- > 0;)
            LENGTH(i, k) = strcmp(a->at[of_a[i]].name, b->at[of_b[k]].name) == 0
                               ? LENGTH(i + 1, k + 1) + 1
                           : LENGTH(i + 1, k) > LENGTH(i, k + 1) ? LENGTH(i + 1, k)
                                                                 : LENGTH(i, k + 1);
    size_t i = 0, k = 0;
    while (i < n || k < m) {
        if (i < n && k < m && strcmp(a->at[of_a[i]].name, b->at[of_b[k]].name) == 0) {
            i++, k++;
        } else if (k == m || (i < n && LENGTH(i + 1, k) >= LENGTH(i, k + 1))) {
            add_order(order, a, "a", of_a[i++]);
        } else {
            add_order(order, b, "b", of_b[k++]);
        }
    }
#undef LENGTH
    free(length);
    return 0;
}

/* ---- fields ---- */

struct comparing {
    json_t *fields, *expected;
    json_t *found; /* the same objects by message and path */
    const char *message;
    unsigned pairs;
    size_t number; /* of the pair's message in a */
};

static bool is_expected(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof EXPECTED[0]; i++)
        if (strcmp(name, EXPECTED[i]) == 0)
            return true;
    return false;
}

static void count_one(json_t *entry)
{
    json_object_set_new(entry, "count",
                        json_integer(json_integer_value(json_object_get(entry, "count")) + 1));
}

static void add_field(struct comparing *c, const char *path, const json_t *a, const json_t *b)
{
    char key[PATH_SIZE + 80];
    bool expected = is_expected(path);
    snprintf(key, sizeof key, "%s %s", expected ? "" : c->message, path);
    json_t *entry = json_object_get(c->found, key);
    if (entry == NULL) {
        entry = json_pack("{s:s, s:i}", "path", path, "count", 0);
        if (!expected) {
            json_object_set_new(entry, "message", json_string(c->message));
            json_object_set_new(entry, "of", json_integer(c->pairs));
            json_object_set_new(entry, "number", json_integer((json_int_t)c->number));
            json_object_set_new(entry, "a", a == NULL ? json_null() : json_deep_copy(a));
            json_object_set_new(entry, "b", b == NULL ? json_null() : json_deep_copy(b));
        }
        json_object_set_new(c->found, key, entry);
        json_array_append(expected ? c->expected : c->fields, entry);
    }
    count_one(entry);
}

static void compare_values(struct comparing *c, const json_t *a, const json_t *b, const char *path);

/* Below: path/key, but the frame of all messages of DIN 70121 and ISO 15118-2 is not told. */
static void compare_below(struct comparing *c, const json_t *a, const json_t *b, const char *path,
                          const char *key)
{
    char below[PATH_SIZE];
    bool is_frame =
        strcmp(key, "V2G_Message") == 0 || strcmp(key, "Body") == 0 || strcmp(key, c->message) == 0;
    snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' && !is_frame ? "/" : "",
             is_frame ? "" : key);
    compare_values(c, a, b, below);
}

static void compare_lists(struct comparing *c, const json_t *a, const json_t *b, const char *path)
{
    size_t n = json_array_size(a), m = json_array_size(b);
    for (size_t i = 0; i < n || i < m; i++) {
        char key[24];
        snprintf(key, sizeof key, "%zu", i + 1);
        compare_below(c, json_array_get(a, i), json_array_get(b, i), path, key);
    }
}

/* A physical value as one number with its unit, since 652 and 6520 times 10^-1 are the same. NULL:
 * it is none. */
static json_t *quantity_of(const json_t *value)
{
    const char *unit = json_string_value(json_object_get(value, "Unit"));
    const json_t *number = json_object_get(value, "Value"),
                 *multiplier = json_object_get(value, "Multiplier"),
                 *power = multiplier != NULL ? multiplier : json_object_get(value, "Exponent");
    if (!json_is_integer(number) || !json_is_integer(power))
        return NULL;
    return json_sprintf("%.10g%s%s",
                        (double)json_integer_value(number) *
                            pow(10, (double)json_integer_value(power)),
                        unit != NULL ? " " : "", unit != NULL ? unit : "");
}

/* Whether they are physical values, both, or the one where the other is not there. */
static bool compare_quantities(struct comparing *c, const json_t *a, const json_t *b,
                               const char *path)
{
    json_t *x = quantity_of(a), *y = quantity_of(b);
    bool are_they = (x != NULL || a == NULL) && (y != NULL || b == NULL);
    if (are_they && (x == NULL || y == NULL || !json_equal(x, y)))
        add_field(c, path, x, y);
    json_decref(x);
    json_decref(y);
    return are_they;
}

static void compare_values(struct comparing *c, const json_t *a, const json_t *b, const char *path)
{
    const char *key;
    json_t *value;
    if (compare_quantities(c, a, b, path))
        return;
    if (json_is_array(a) && json_is_array(b)) {
        compare_lists(c, a, b, path);
        return;
    }
    if (!json_is_object(a) || !json_is_object(b)) {
        if (a == NULL || b == NULL || !json_equal(a, b))
            add_field(c, path, a, b);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)a, key, value)
        compare_below(c, value, json_object_get(b, key), path, key);
    json_object_foreach((json_t *)(uintptr_t)b, key, value) if (json_object_get(a, key) == NULL)
        compare_below(c, NULL, value, path, key);
}

/* The next message of that name from *at on; NULL: there is none. */
static const struct said *next_named(const struct dialogue *d, const char *name, size_t *at)
{
    while (*at < d->n)
        if (strcmp(d->at[(*at)++].name, name) == 0)
            return &d->at[*at - 1];
    return NULL;
}

/* Whether the message is the first of its name. */
static bool is_first(const struct dialogue *d, size_t i)
{
    size_t from = 0;
    return next_named(d, d->at[i].name, &from) == &d->at[i];
}

static unsigned count_pairs(const struct dialogue *a, const struct dialogue *b, const char *name)
{
    unsigned n = 0;
    for (size_t i = 0, k = 0; next_named(a, name, &i) != NULL && next_named(b, name, &k) != NULL;)
        n++;
    return n;
}

static void compare_fields(const struct dialogue *a, const struct dialogue *b, struct comparing *c)
{
    for (size_t first = 0; first < a->n; first++) {
        if (!is_first(a, first))
            continue;
        const struct said *x, *y;
        c->message = a->at[first].name;
        c->pairs = count_pairs(a, b, c->message);
        for (size_t i = first, k = 0; (x = next_named(a, c->message, &i)) != NULL &&
                                      (y = next_named(b, c->message, &k)) != NULL;) {
            c->number = i;
            if (x->message != NULL && y->message != NULL)
                compare_values(c, x->message, y->message, "");
        }
    }
}

/* ---- times ---- */

struct answers {
    int64_t *us;
    size_t n;
};

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* How long the station took for each answer of that name, in order of length. */
static struct answers answers_named(const struct dialogue *d, const char *name)
{
    struct answers all = {calloc(d->n + 1, sizeof *all.us), 0};
    for (size_t i = 1; all.us != NULL && i < d->n; i++)
        if (d->at[i].from == FROM_SECC && d->at[i - 1].from == FROM_EVCC &&
            strcmp(d->at[i].name, name) == 0)
            all.us[all.n++] = d->at[i].us - d->at[i - 1].us;
    if (all.n > 0)
        qsort(all.us, all.n, sizeof *all.us, by_size);
    return all;
}

bool diff_is_slower(int64_t before_us, int64_t after_us)
{
    return after_us > 2 * before_us && after_us > before_us + SLOWER_US;
}

static void compare_times(const struct dialogue *a, const struct dialogue *b, json_t *times)
{
    for (size_t i = 0; i < a->n; i++) {
        if (a->at[i].from != FROM_SECC || !is_first(a, i))
            continue;
        struct answers x = answers_named(a, a->at[i].name), y = answers_named(b, a->at[i].name);
        if (x.n > 0 && y.n > 0 &&
            (diff_is_slower(x.us[x.n - 1], y.us[y.n - 1]) ||
             diff_is_slower(y.us[y.n - 1], x.us[x.n - 1])))
            json_array_append_new(
                times, json_pack("{s:s, s:[i, i], s:[I, I], s:[I, I]}", "message", a->at[i].name,
                                 "answers", (int)x.n, (int)y.n, "median_us",
                                 (json_int_t)x.us[x.n / 2], (json_int_t)y.us[y.n / 2], "worst_us",
                                 (json_int_t)x.us[x.n - 1], (json_int_t)y.us[y.n - 1]));
        free(x.us);
        free(y.us);
    }
}

/* ---- all of it ---- */

json_t *diff_sessions(const struct dialogue *a, const struct dialogue *b)
{
    struct comparing c = {json_array(), json_array(), json_object(), "", 0, 0};
    json_t *order = json_array(), *times = json_array();
    bool failed = a->failed || b->failed || compare_order(a, b, order) != 0;
    if (!failed) {
        compare_fields(a, b, &c);
        compare_times(a, b, times);
    }
    json_decref(c.found);
    json_t *diff =
        json_pack("{s:[i, i], s:o, s:o, s:o, s:o}", "messages", (int)a->n, (int)b->n, "order",
                  order, "fields", c.fields, "expected", c.expected, "times", times);
    if (failed) {
        json_decref(diff);
        return NULL;
    }
    return diff;
}

bool diff_sessions_differ(const json_t *diff)
{
    return json_array_size(json_object_get(diff, "order")) > 0 ||
           json_array_size(json_object_get(diff, "fields")) > 0 ||
           json_array_size(json_object_get(diff, "times")) > 0;
}
