/* SPDX-License-Identifier: Apache-2.0 */
#include "script/bench.h"

#include "base/asset.h"
#include "base/file.h"
#include "powerline/modem.h"
#include "wire/lab.h"
#include "wire/link_watch.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#define BENCHES "lua/benches/"
#define FILE_MOST (1u << 20)
#define DELAY_US 500 /* of a path that says nothing */
#define JOIN_MS 1500 /* until modems with the same key have their link */
#define CROSSTALK 60 /* dB between nodes without a path */

struct reading {
    lua_State *L;
    const char *name;
    struct line *line;
    struct err *e;
    char place[64]; /* in the table: "paths[2]" */
};

static int wrong(struct reading *r, const char *key, const char *expected)
{
    const char *found = luaL_tolstring(r->L, -1, NULL);
    return err_set(r->e, "bench %s: %s%s%s: expected %s, found %.60s", r->name, r->place,
                   r->place[0] != '\0' && key[0] != '\0' ? "." : "", key, expected, found);
}

/* The number at `key` of the table on top of the stack; as it was where there is none. */
static int take_number(struct reading *r, const char *key, double most, double *out)
{
    char expected[60];
    int bad = 0, is_number = 0;
    if (lua_getfield(r->L, -1, key) != LUA_TNIL) {
        double v = lua_tonumberx(r->L, -1, &is_number);
        snprintf(expected, sizeof expected, "a number, 0 to %g", most);
        if (!is_number || !(v >= 0 && v <= most))
            bad = wrong(r, key, expected);
        else
            *out = v;
    }
    lua_pop(r->L, 1);
    return bad;
}

/* ---- paths ---- */

static int take_groups(struct reading *r, uint8_t groups[LINE_GROUPS])
{
    for (unsigned i = 0; i < LINE_GROUPS; i++) {
        int is_number;
        lua_geti(r->L, -1, (lua_Integer)i + 1);
        double v = lua_tonumberx(r->L, -1, &is_number);
        if (!is_number || !(v >= 0 && v <= 255))
            return wrong(r, "attenuation", "58 numbers, 0 to 255 dB");
        groups[i] = (uint8_t)v;
        lua_pop(r->L, 1);
    }
    return 0;
}

/* One number for all groups, or one for each. */
static int take_attenuation(struct reading *r, const char *key, struct line_path *p)
{
    int bad = 0;
    double all = 0;
    int type = lua_getfield(r->L, -1, key);
    if (type == LUA_TTABLE)
        bad = take_groups(r, p->attenuation);
    lua_pop(r->L, 1);
    if (type == LUA_TTABLE || type == LUA_TNIL)
        return bad;
    if (take_number(r, key, 255, &all) != 0)
        return -1;
    memset(p->attenuation, (uint8_t)all, sizeof p->attenuation);
    return 0;
}

static int take_path(struct reading *r, struct line_path *p)
{
    double noise = p->noise, delay = p->delay_us / 1000.0;
    double loss = p->loss / 1000.0, duplicates = p->duplicates / 1000.0;
    if (take_number(r, "noise", 100, &noise) != 0 || take_number(r, "delay", 1000, &delay) != 0 ||
        take_number(r, "loss", 1, &loss) != 0 || take_number(r, "duplicates", 1, &duplicates) != 0)
        return -1;
    p->noise = (unsigned)noise;
    p->delay_us = (unsigned)(delay * 1000);
    p->loss = (unsigned)(loss * 1000 + 0.5);
    p->duplicates = (unsigned)(duplicates * 1000 + 0.5);
    return 0;
}

static struct line_node *take_end(struct reading *r, lua_Integer i)
{
    struct line_node *n = NULL;
    lua_geti(r->L, -1, i);
    if (lua_type(r->L, -1) == LUA_TSTRING)
        n = line_find(r->line, lua_tostring(r->L, -1));
    if (n == NULL)
        wrong(r, i == 1 ? "1" : "2", "the name of a node");
    lua_pop(r->L, 1);
    return n;
}

/* The same in both directions. */
static int add_path(struct reading *r)
{
    struct line_node *a = take_end(r, 1), *b = a == NULL ? NULL : take_end(r, 2);
    struct line_path *there = b == NULL ? NULL : line_path(r->line, a, b);
    struct line_path *back = there == NULL ? NULL : line_path(r->line, b, a);
    if (b == NULL)
        return -1;
    if (back == NULL)
        return err_set(r->e, "out of memory");
    there->is_there = true;
    if (take_attenuation(r, "attenuation", there) != 0 || take_path(r, there) != 0)
        return -1;
    *back = *there;
    return 0;
}

/* ---- nodes ---- */

static int add_node(struct reading *r)
{
    lua_State *L = r->L;
    struct err why = ERR_INIT;
    bool is_table = lua_istable(L, -1);
    if (is_table)
        lua_geti(L, -1, 1);
    else
        lua_pushvalue(L, -1);
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    if (name == NULL || name[0] == '\0' || strlen(name) >= LINE_NAME)
        return wrong(r, "1", "the name of an interface, 15 characters at most");
    struct line_node *n = line_add(r->line, name, &why);
    lua_pop(L, 1);
    if (n == NULL)
        return err_set(r->e, "bench %s: %s: %s", r->name, r->place, why.what);
    if (!is_table)
        return 0;
    lua_getfield(L, -1, "modem");
    const char *maker = luaL_tolstring(L, -1, NULL);
    n->is_lumissil = strcmp(maker, "lumissil") == 0;
    if (!lua_isnil(L, -2) && !n->is_lumissil && strcmp(maker, "qualcomm") != 0)
        return wrong(r, "modem", "'qualcomm' or 'lumissil'");
    lua_pop(L, 2);
    lua_getfield(L, -1, "interface");
    if (!lua_isnil(L, -1) && line_attach(r->line, n, luaL_tolstring(L, -1, NULL), false, &why) != 0)
        return err_set(r->e, "bench %s: %s: %s", r->name, r->place, why.what);
    return 0; /* what is left on the stack, the caller drops */
}

/* ---- cables ---- */

/* A vehicle of this program's or a station, whose IP the bench can carry. */
static bool is_end(const struct line_node *n, bool is_station)
{
    return lab_cable_of(n->name) != 0 && lab_is_station(n->name) == is_station;
}

/* The vehicle's plug is in the station's socket. */
static void plug(struct line_node *vehicle, struct line_node *station)
{
    vehicle->other_end = station;
    station->other_end = vehicle;
}

/* Of a bench that says nothing: vehicles are at the stations of their numbers. */
static void plug_by_number(struct line *l)
{
    for (unsigned i = 0; i < l->nodes * l->nodes; i++) {
        struct line_node *a = &l->node[i / l->nodes], *b = &l->node[i % l->nodes];
        if (is_end(a, false) && is_end(b, true) && lab_cable_of(a->name) == lab_cable_of(b->name))
            plug(a, b);
    }
}

/* { 'ev1', 'evse1' } */
static int add_cable(struct reading *r)
{
    struct line_node *end[2];
    for (unsigned i = 0; i < 2; i++) {
        end[i] = take_end(r, (lua_Integer)i + 1);
        if (end[i] == NULL)
            return -1;
        if (!is_end(end[i], i == 1))
            return err_set(r->e,
                           "bench %s: %s: expected a vehicle and a station, as ev1 and evse1 "
                           "(0 to %d), found %s",
                           r->name, r->place, LAB_CABLES - 1, end[i]->name);
        if (end[i]->other_end != NULL)
            return err_set(r->e, "bench %s: %s: %s has a cable already, with %s", r->name, r->place,
                           end[i]->name, end[i]->other_end->name);
    }
    plug(end[0], end[1]);
    return 0;
}

/* A node is off the line for a while: { 'ev0', from = 5000, to = 8000 }. */
static int add_break(struct reading *r)
{
    double from = 0, to = 0;
    struct line_node *n = take_end(r, 1);
    if (n == NULL || take_number(r, "from", 1e9, &from) != 0 || take_number(r, "to", 1e9, &to) != 0)
        return -1;
    if (n->aways == LINE_AWAY)
        return err_set(r->e, "bench %s: %s: more than %d of %s", r->name, r->place, LINE_AWAY,
                       n->name);
    int64_t now = world_now(r->line->world);
    n->away[n->aways].from_us = now + (int64_t)(from * 1000);
    n->away[n->aways++].to_us = to > from ? now + (int64_t)(to * 1000) : INT64_MAX;
    return 0;
}

/* ---- the whole ---- */

static int each(struct reading *r, const char *key, int (*add)(struct reading *r))
{
    int bad = 0;
    r->place[0] = '\0';
    if (lua_getfield(r->L, -1, key) != LUA_TTABLE)
        return wrong(r, key, "a list");
    for (lua_Integer i = 1; bad == 0; i++) {
        int top = lua_gettop(r->L);
        snprintf(r->place, sizeof r->place, "%s[%d]", key, (int)i);
        if (lua_geti(r->L, -1, i) == LUA_TNIL) {
            lua_settop(r->L, top - 1);
            break;
        }
        bad = add != add_node && !lua_istable(r->L, -1) ? wrong(r, "", "a table") : add(r);
        lua_settop(r->L, top);
    }
    r->place[0] = '\0';
    return bad;
}

static int take_options(struct reading *r, struct line_options *o)
{
    double join = JOIN_MS, set_key = 0, result = 1;
    lua_getfield(r->L, -1, "crosstalk");
    o->all.is_there = !(lua_isboolean(r->L, -1) && !lua_toboolean(r->L, -1));
    lua_pop(r->L, 1);
    memset(o->all.attenuation, CROSSTALK, sizeof o->all.attenuation);
    o->all.delay_us = DELAY_US;
    if ((o->all.is_there && take_attenuation(r, "crosstalk", &o->all) != 0) ||
        take_path(r, &o->all) != 0 || take_number(r, "join", 60000, &join) != 0 ||
        take_number(r, "set_key", 60000, &set_key) != 0 ||
        take_number(r, "result", 1, &result) != 0)
        return -1;
    o->join_ms = (unsigned)join;
    o->set_key_ms = (unsigned)set_key;
    o->key_result = (uint8_t)result;
    lua_getfield(r->L, -1, "link");
    const char *link = luaL_tolstring(r->L, -1, NULL);
    o->by_nid = strcmp(link, "nmk+nid") == 0;
    if (!lua_isnil(r->L, -2) && !o->by_nid && strcmp(link, "nmk") != 0)
        return wrong(r, "link", "'nmk' or 'nmk+nid'");
    lua_pop(r->L, 2);
    return 0;
}

static int no_bench(const struct reading *r)
{
    const char *path;
    struct slice text;
    struct buf names = {0};
    for (size_t at = 0; asset_each(BENCHES, &at, &path, &text);)
        buf_printf(&names, "%.*s, ", (int)strcspn(path + strlen(BENCHES), "."),
                   path + strlen(BENCHES));
    err_set(r->e, "there is no bench %s; expected %sor a Lua file", r->name, buf_string(&names));
    buf_close(&names);
    return -1;
}

static int load(struct reading *r)
{
    char path[64];
    struct slice text;
    struct buf file = {0};
    bool is_file = strchr(r->name, '/') != NULL || strstr(r->name, ".lua") != NULL;
    snprintf(path, sizeof path, BENCHES "%.40s.lua", r->name);
    if (is_file && file_read(r->name, FILE_MOST, &file, r->e) != 0)
        return -1;
    text = (struct slice){file.p, file.n};
    if (!is_file && !asset_find(path, &text))
        return no_bench(r);
    const char *chunk = lua_pushfstring(r->L, "@%s", is_file ? r->name : path);
    int status = luaL_loadbufferx(r->L, (const char *)text.p, text.n, chunk, "t");
    buf_close(&file);
    if (status != LUA_OK || lua_pcall(r->L, 0, 1, 0) != LUA_OK)
        return err_set(r->e, "bench %s", lua_tostring(r->L, -1));
    return lua_istable(r->L, -1) ? 0
                                 : err_set(r->e, "bench %s: expected a table, found %.60s", r->name,
                                           luaL_tolstring(r->L, -1, NULL));
}

static int read_all(struct reading *r, struct world *world, struct library *library)
{
    struct line_options o = {.key_result = 1};
    if (load(r) != 0 || take_options(r, &o) != 0)
        return -1;
    r->line = line_open(world, library, &o, &MODEMS, r->e);
    if (r->line == NULL || each(r, "nodes", add_node) != 0)
        return -1;
    lua_getfield(r->L, -1, "paths");
    lua_getfield(r->L, -2, "breaks");
    lua_getfield(r->L, -3, "cables");
    bool has_paths = !lua_isnil(r->L, -3), has_breaks = !lua_isnil(r->L, -2);
    bool has_cables = !lua_isnil(r->L, -1);
    lua_pop(r->L, 3);
    if (!has_cables)
        plug_by_number(r->line);
    if ((has_cables && each(r, "cables", add_cable) != 0) ||
        (has_paths && each(r, "paths", add_path) != 0))
        return -1;
    return has_breaks ? each(r, "breaks", add_break) : 0;
}

static void link_changed(void *world, const struct line_watch *w)
{
    link_gate(world, w->a->name, w->b->name, w->is_up);
}

/* IP of the run's own goes no way past the line, from a vehicle to whichever station. */
static int keep_gates(struct line *l, struct err *e)
{
    for (unsigned i = 0; i < l->nodes * l->nodes; i++) {
        const struct line_node *a = &l->node[i / l->nodes], *b = &l->node[i % l->nodes];
        struct line_watch w = {.a = a, .b = b, .changed = link_changed, .context = l->world};
        if (!is_end(a, false) || !is_end(b, true))
            continue;
        link_gate(l->world, a->name, b->name, false);
        if (line_watch(l, &w) != 0)
            return err_set(e, "out of memory");
    }
    return 0;
}

/* The nodes get interfaces of the lab: those of the run for its IP, all of them for hosts that are
 * programs of their own. */
static int wire_up(struct line *l, bool has_hosts, struct err *e)
{
    for (unsigned i = 0; i < l->nodes; i++) {
        struct line_node *n = &l->node[i];
        char far_end[sizeof LAB_LINE_PREFIX + LINE_NAME];
        enum lab_side side = lab_side_of(n->name);
        if (n->port != NULL || (has_hosts && n->other_end == NULL))
            continue;
        if (side != LAB_EV && side != LAB_EVSE)
            return err_set(e, "bench: a node %s; expected names in the lab as ev1 and evse1",
                           n->name);
        snprintf(far_end, sizeof far_end, LAB_LINE_PREFIX "%s", n->name);
        if (lab_wire(n->name, n->mac, e) != 0 || line_attach(l, n, far_end, has_hosts, e) != 0)
            return -1;
    }
    return 0;
}

struct line *bench_open(struct world *world, struct library *library, const char *name,
                        bool has_hosts, struct err *e)
{
    struct reading r = {.L = luaL_newstate(), .name = name, .e = e};
    if (r.L == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    int bad = read_all(&r, world, library);
    lua_close(r.L);
    if (bad == 0 && lab_has_line())
        bad = wire_up(r.line, has_hosts, e);
    if (bad == 0 && has_hosts)
        bad = keep_gates(r.line, e);
    if (bad == 0)
        return r.line;
    line_close(r.line);
    return NULL;
}
