/* SPDX-License-Identifier: Apache-2.0 */
/* A bench as a Lua file describes it: what each key makes of the line, and what is told of a wrong
 * one. */
#include "support.h"

#include "certs.h"
#include "script/bench.h"

static struct library library;
static char folder[64];

struct opened {
    struct world *world;
    struct line *line;
    struct err e;
};

/* A bench of that text; its name in errors is PATH. */
static void open_text(struct opened *o, const char *text)
{
    char path[128];
    o->e = ERR_INIT;
    o->world = world_open_virtual(NULL, 0, &o->e);
    assert_non_null(o->world);
    snprintf(path, sizeof path, "%s/b.lua", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    o->line = bench_open(o->world, &library, path, true, &o->e);
}

static void close_all_of(struct opened *o)
{
    line_close(o->line);
    assert_int_equal(world_close(o->world), 0);
}

#define NODES "nodes = { 'ev0', 'evse0' }"
#define PAIR(more) "return { " NODES ", " more " }"
#define PATH(more) PAIR("paths = { { 'ev0', 'evse0', " more " } }")

/* What is wrong is told with its place, what was expected, and what was found. */
static void test_wrong(void **state)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"return {", "b.lua:1: "},
        {"return nothing.at_all", "b.lua:1: attempt to index a nil value"},
        {"return 5", "b.lua: expected a table, found 5"},
        {"return {}", "nodes: expected a list, found nil"},
        {PAIR("join = -1"), "b.lua: join: expected a number, 0 to 60000, found -1"},
        {PAIR("join = 60001"), "join: expected a number, 0 to 60000, found 60001"},
        {PAIR("join = 'soon'"), "join: expected a number, 0 to 60000, found soon"},
        {PAIR("join = 0/0"), "join: expected a number, 0 to 60000, found "},
        {PAIR("set_key = {}"), "set_key: expected a number, 0 to 60000, found table"},
        {PAIR("result = 2"), "result: expected a number, 0 to 1, found 2"},
        {PAIR("noise = 101"), "b.lua: noise: expected a number, 0 to 100, found 101"},
        {PAIR("crosstalk = 256"), "crosstalk: expected a number, 0 to 255, found 256"},
        {PAIR("crosstalk = true"), "crosstalk: expected a number, 0 to 255, found true"},
        {PAIR("link = 'nid'"), "link: expected 'nmk' or 'nmk+nid', found nid"},
        {PAIR("link = 5"), "link: expected 'nmk' or 'nmk+nid', found 5"},
        {"return { nodes = { {} } }",
         "nodes[1].1: expected the name of an interface, 15 characters at most, found nil"},
        {"return { nodes = { 'ev0', 7 } }",
         "nodes[2].1: expected the name of an interface, 15 characters at most, found 7"},
        {"return { nodes = { '' } }", "nodes[1].1: expected the name of an interface"},
        {"return { nodes = { 'a234567890123456' } }",
         "15 characters at most, found a234567890123456"},
        {"return { nodes = { 'ev0', 'ev0' } }", "b.lua: nodes[2]: two nodes ev0"},
        {"return { nodes = { { 'ev0', modem = 'devolo' } } }",
         "nodes[1].modem: expected 'qualcomm' or 'lumissil', found devolo"},
        {"return { nodes = { { 'ev0', interface = 'none-such' } } }", "b.lua: nodes[1]: "},
        {PATH("attenuation = 300"), "paths[1].attenuation: expected a number, 0 to 255, found 300"},
        {PATH("attenuation = { 1, 2 }"),
         "paths[1].attenuation: expected 58 numbers, 0 to 255 dB, found nil"},
        {PATH("attenuation = { 256 }"), "expected 58 numbers, 0 to 255 dB, found 256"},
        {PATH("attenuation = { -1 }"), "expected 58 numbers, 0 to 255 dB, found -1"},
        {PATH("noise = {}"), "paths[1].noise: expected a number, 0 to 100, found table"},
        {PATH("delay = 1001"), "paths[1].delay: expected a number, 0 to 1000, found 1001"},
        {PATH("loss = 1.5"), "paths[1].loss: expected a number, 0 to 1, found 1.5"},
        {PATH("duplicates = 'x'"), "paths[1].duplicates: expected a number, 0 to 1, found x"},
        {PAIR("paths = 5"), "b.lua: paths: expected a list, found 5"},
        {PAIR("paths = { 'ev0' }"), "paths[1]: expected a table, found ev0"},
        {PAIR("paths = { { 1, 'evse0' } }"), "paths[1].1: expected the name of a node, found 1"},
        {PAIR("paths = { { 'ev0', 'evse9' } }"),
         "paths[1].2: expected the name of a node, found evse9"},
        {PAIR("cables = 1"), "b.lua: cables: expected a list, found 1"},
        {PAIR("cables = { {} }"), "cables[1].1: expected the name of a node, found nil"},
        {PAIR("cables = { { 'evse0', 'ev0' } }"),
         "cables[1]: expected a vehicle and a station, as ev1 and evse1 (0 to 14), found evse0"},
        {PAIR("cables = { { 'ev0', 'evse0' }, { 'ev0', 'evse0' } }"),
         "cables[2]: ev0 has a cable already, with evse0"},
        {PAIR("breaks = { { 'tv' } }"), "breaks[1].1: expected the name of a node, found tv"},
        {PAIR("breaks = { { 'ev0', from = -1 } }"), "breaks[1].from: expected a number"},
        {PAIR("breaks = { { 'ev0', to = 'x' } }"), "breaks[1].to: expected a number"},
        {"local b = {} for i = 1, 9 do b[i] = { 'ev0', from = i } end " PAIR("breaks = b"),
         "breaks[9]: more than 8 of ev0"},
    };
    struct opened o;
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_text(&o, rows[i].text);
        if (o.line != NULL || strstr(o.e.what, rows[i].told) == NULL ||
            strncmp(o.e.what, "bench ", 6) != 0)
            fail_msg("%s: expected '%s', found: %s", rows[i].text, rows[i].told, o.e.what);
        close_all_of(&o);
    }
}

static void test_no_such_bench(void **state)
{
    static const struct {
        const char *name, *told;
    } rows[] = {
        {"pear", "there is no bench pear; expected crosstalk, pair, "},
        {"pear.lua", "pear.lua"},
        {"/no/such", "/no/such"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = ERR_INIT;
        struct world *w = world_open_virtual(NULL, 0, &e);
        assert_null(bench_open(w, &library, rows[i].name, true, &e));
        if (strstr(e.what, rows[i].told) == NULL)
            fail_msg("%s: %s", rows[i].name, e.what);
        assert_int_equal(world_close(w), 0);
    }
}

/* Each key is where the line looks for it, and what is not said has its default. */
static void test_right(void **state)
{
    struct opened o;
    (void)state;
    open_text(&o, "local all = {} for i = 1, 58 do all[i] = i end "
                  "return { nodes = { 'ev0', { 'evse0', modem = 'lumissil' }, "
                  "{ 'tv', modem = 'qualcomm' } }, join = 3000, set_key = 20, result = 0, "
                  "link = 'nmk+nid', crosstalk = 45, noise = 2, "
                  "paths = { { 'ev0', 'evse0', attenuation = all, loss = 0.25, delay = 2 } }, "
                  "breaks = { { 'ev0', from = 4000, to = 6000 }, { 'tv', from = 5 } } }");
    if (o.line == NULL)
        fail_msg("%s", o.e.what);
    struct line *l = o.line;
    struct line_node *ev = line_find(l, "ev0"), *evse = line_find(l, "evse0");
    struct line_node *tv = line_find(l, "tv");
    assert_true(evse->is_lumissil && !ev->is_lumissil && !tv->is_lumissil);
    assert_ptr_equal(ev->other_end, evse);
    assert_null(tv->other_end);
    assert_true(l->options.by_nid && l->options.join_ms == 3000 && l->options.set_key_ms == 20);
    assert_int_equal(l->options.key_result, 0);
    assert_true(l->options.all.is_there && l->options.all.noise == 2);
    assert_int_equal(l->options.all.attenuation[57], 45);
    for (unsigned back = 0; back < 2; back++) {
        const struct line_path *p = line_path(l, back ? evse : ev, back ? ev : evse);
        assert_true(p->attenuation[0] == 1 && p->attenuation[57] == 58);
        assert_true(p->loss == 250 && p->delay_us == 2000 && p->duplicates == 0);
    }
    assert_true(ev->aways == 1 && ev->away[0].to_us - ev->away[0].from_us == 2000000);
    assert_true(tv->away[0].to_us == INT64_MAX);
    close_all_of(&o);

    open_text(&o, PAIR("crosstalk = false, link = 'nmk', cables = {}"));
    assert_non_null(o.line);
    assert_false(o.line->options.all.is_there);
    assert_false(o.line->options.by_nid);
    assert_null(line_find(o.line, "ev0")->other_end);
    close_all_of(&o);
}

static int open_all(void **state)
{
    (void)state;
    certs_folder(folder);
    library_open(&library);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    library_close(&library);
    certs_remove(folder);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_no_such_bench),
        cmocka_unit_test(test_right),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
