/* SPDX-License-Identifier: Apache-2.0 */
#include "script/convert.h"

#include "base/nearest.h"
#include "base/utf8.h"
#include "codec/defaults.h"
#include "codec/quantity.h"
#include "codec/value.h"
#include "names/place.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CODE_OCTETS_MAX 8 /* longer hexBinary may be given as text */
#define STACK_NEEDED 8    /* slots of the Lua stack that one level of a table takes */

/* ---- to Lua ---- */

static void push_node(lua_State *L, const struct node *n)
{
    luaL_checkstack(L, STACK_NEEDED, "the message is nested too deeply");
    lua_createtable(L, 0, n->type->fields);
    for (unsigned i = 0; i < n->type->fields; i++) {
        const struct field *f = &n->type->field[i];
        if (f->kind == KIND_ABSTRACT || f->kind == KIND_ANY)
            continue;
        convert_push_child(L, n, i);
        lua_setfield(L, -2, f->is_content ? "content" : f->name);
    }
}

static void push_text(lua_State *L, const struct field *f, union value v)
{
    struct buf text = {0};
    value_text(f, v, &text);
    lua_pushlstring(L, text.n > 0 ? (const char *)text.p : "", text.n);
    buf_close(&text);
}

static void push_big(lua_State *L, const struct bytes *b)
{
    char text[24];
    if (b->n < 19) {
        snprintf(text, sizeof text, "%.*s", (int)b->n, (const char *)b->p);
        lua_stringtonumber(L, text);
        return;
    }
    lua_pushlstring(L, (const char *)b->p, b->n);
}

void convert_push(lua_State *L, const struct field *f, union value v)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
        lua_pushboolean(L, v.i != 0);
        break;
    case KIND_ENUM:
        if (v.u < f->simple->members)
            lua_pushstring(L, f->simple->member[v.u]);
        else
            lua_pushinteger(L, v.i);
        break;
    case KIND_NBIT:
    case KIND_SIGNED:
        lua_pushinteger(L, v.i);
        break;
    case KIND_UNSIGNED:
        if (v.u <= INT64_MAX)
            lua_pushinteger(L, v.i);
        else
            push_text(L, f, v);
        break;
    case KIND_BIG:
        push_big(L, v.b);
        break;
    case KIND_STRING:
    case KIND_TEXT:
    case KIND_BASE64:
        lua_pushlstring(L, (const char *)v.b->p, v.b->n);
        break;
    case KIND_HEX:
        push_text(L, f, v);
        break;
    case KIND_NODE:
        if (f->type->is_quantity)
            lua_pushnumber(L, quantity_get(v.n));
        else
            push_node(L, v.n);
        break;
    case KIND_ABSTRACT:
    case KIND_ANY:
        lua_pushnil(L);
        break;
    }
}

void convert_push_child(lua_State *L, const struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    /* what is pushed is not written through */
    struct place p = {(struct node *)(uintptr_t)n, slot, 0};
    union value *v = place_value(&p);
    if (v == NULL || !place_is_list(&p)) {
        if (v == NULL)
            lua_pushnil(L);
        else
            convert_push(L, f, *v);
        return;
    }
    uint32_t count = place_count(&p);
    lua_createtable(L, count < PLACE_INDEX_MAX ? (int)count : PLACE_INDEX_MAX, 0);
    for (; p.index < count; p.index++) {
        convert_push(L, f, *place_value(&p));
        lua_rawseti(L, -2, (lua_Integer)p.index + 1);
    }
}

/* ---- from Lua ---- */

void convert_text(lua_State *L, int at, struct buf *out)
{
    size_t n;
    bool quoted = lua_type(L, at) == LUA_TSTRING;
    const char *text = luaL_tolstring(L, at, &n);
    if (quoted)
        buf_char(out, '\'');
    for (size_t i = 0; i < n && i < 100; i++)
        buf_char(out, (text[i] >= 0 && text[i] < ' ') || text[i] == 127 ? '.' : text[i]);
    if (n > 100)
        buf_text(out, "…");
    if (quoted)
        buf_char(out, '\'');
    lua_pop(L, 1);
}

static int wrong_type(lua_State *L, int at, const struct field *f, const char *expected,
                      struct err *e)
{
    struct buf found = {0};
    if (lua_type(L, at) == LUA_TTABLE || lua_type(L, at) == LUA_TFUNCTION)
        return err_set(e, "%s: expected %s, found a %s", f->name, expected, luaL_typename(L, at));
    convert_text(L, at, &found);
    err_set(e, "%s: expected %s, found %s %s", f->name, expected, luaL_typename(L, at),
            lua_isnil(L, at) ? "(to leave an element out use …Specified(false))"
                             : buf_string(&found));
    buf_close(&found);
    return -1;
}

/* Through the text of the value, so that errors and limits are those of XML and JSON. */
static int take_text(const char *text, size_t n, const struct field *f, struct arena *a,
                     union value *v, struct err *e)
{
    struct err why = ERR_INIT;
    if (value_read(f, text, n, a, v, &why) == 0)
        return 0;
    return err_set(e, "%s: %s", f->name, why.what);
}

static int take_number(lua_State *L, int at, const struct field *f, struct arena *a, union value *v,
                       struct err *e)
{
    char text[32];
    int is_integer = 0;
    if (lua_type(L, at) == LUA_TSTRING) {
        size_t n;
        const char *digits = lua_tolstring(L, at, &n);
        return take_text(digits, n, f, a, v, e);
    }
    lua_Integer i = lua_type(L, at) == LUA_TNUMBER ? lua_tointegerx(L, at, &is_integer) : 0;
    if (!is_integer)
        return wrong_type(L, at, f, "an integer", e);
    bool plain = f->kind == KIND_SIGNED || (f->kind == KIND_UNSIGNED && i >= 0) ||
                 (f->kind == KIND_NBIT && i >= field_least(f) && i <= field_most(f));
    v->i = i;
    if (plain)
        return 0;
    int n = snprintf(text, sizeof text, "%lld", (long long)i);
    return take_text(text, (size_t)n, f, a, v, e);
}

static int take_boolean(lua_State *L, int at, const struct field *f, union value *v, struct err *e)
{
    if (lua_type(L, at) != LUA_TBOOLEAN)
        return wrong_type(L, at, f, "a boolean (true or false)", e);
    v->i = lua_toboolean(L, at);
    return 0;
}

static int take_member(lua_State *L, int at, const struct field *f, struct arena *a, union value *v,
                       struct err *e)
{
    if (lua_type(L, at) == LUA_TNUMBER)
        return take_number(L, at, f, a, v, e);
    if (lua_type(L, at) != LUA_TSTRING)
        return wrong_type(L, at, f, "a member of the enumeration, or its code", e);
    size_t n;
    const char *text = lua_tolstring(L, at, &n);
    v->i = simple_member(f->simple, text, n);
    return v->i >= 0 ? 0 : take_text(text, n, f, a, v, e);
}

static int take_octets(const char *p, size_t n, struct arena *a, union value *v, struct err *e)
{
    v->b = bytes_new(a, p, n);
    return v->b != NULL ? 0 : err_set(e, "the message is too large: its memory is used up");
}

static int take_hex(const char *text, size_t n, const struct field *f, struct arena *a,
                    union value *v, struct err *e)
{
    struct err why = ERR_INIT;
    if (take_text(text, n, f, a, v, &why) == 0)
        return 0;
    if (f->hi > CODE_OCTETS_MAX && f->lo != f->hi)
        return take_octets(text, n, a, v, e);
    *e = why;
    return -1;
}

static int take_characters(const char *text, size_t n, const struct field *f, struct arena *a,
                           union value *v, struct err *e)
{
    uint32_t ignored;
    for (size_t i = 0; i < n;) {
        unsigned size = utf8_length((const uint8_t *)text + i, n - i, &ignored);
        if (size == 0)
            return err_set(e,
                           "%s: octet %zu (0x%02X) is no UTF-8; a string can only carry "
                           "characters",
                           f->name, i, (unsigned char)text[i]);
        i += size;
    }
    return take_octets(text, n, a, v, e);
}

static int take_string(lua_State *L, int at, const struct field *f, struct arena *a, union value *v,
                       struct err *e)
{
    if (lua_type(L, at) != LUA_TSTRING)
        return wrong_type(L, at, f, f->kind == KIND_HEX ? "a string of hex digits" : "a string", e);
    size_t n;
    const char *text = lua_tolstring(L, at, &n);
    if (f->kind == KIND_HEX)
        return take_hex(text, n, f, a, v, e);
    if (f->kind == KIND_BASE64)
        return take_octets(text, n, a, v, e);
    return take_characters(text, n, f, a, v, e);
}

static int take_quantity(lua_State *L, int at, const struct field *f, struct arena *a,
                         struct node *n, struct err *e)
{
    struct err why = ERR_INIT;
    if (quantity_set(a, n, lua_tonumber(L, at), f->unit, &why) == 0)
        return node_complete(a, n, e);
    return err_set(e, "%s: %s", f->name, why.what);
}

static int take_node(lua_State *L, int at, const struct field *f, struct arena *a, union value *v,
                     struct err *e)
{
    bool is_number = f->type->is_quantity && lua_type(L, at) == LUA_TNUMBER;
    if (!is_number && lua_type(L, at) != LUA_TTABLE)
        return wrong_type(L, at, f,
                          f->type->is_quantity ? "a number in SI units, or a table"
                                               : "a table of its elements",
                          e);
    v->n = node_new(a, f->type);
    if (v->n == NULL)
        return err_set(e, "the message is too large: its memory is used up");
    if (is_number)
        return take_quantity(L, at, f, a, v->n, e);
    if (convert_take_table(L, at, v->n, a, e) == 0 && node_complete(a, v->n, e) == 0)
        return 0;
    err_under(e, f->name);
    return -1;
}

int convert_take(lua_State *L, int at, const struct field *f, struct arena *a, union value *v,
                 struct err *e)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
        return take_boolean(L, at, f, v, e);
    case KIND_ENUM:
        return take_member(L, at, f, a, v, e);
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_BIG:
        return take_number(L, at, f, a, v, e);
    case KIND_STRING:
    case KIND_TEXT:
    case KIND_HEX:
    case KIND_BASE64:
        return take_string(L, at, f, a, v, e);
    case KIND_NODE:
        return take_node(L, at, f, a, v, e);
    case KIND_ABSTRACT:
    case KIND_ANY:
        break;
    }
    return err_set(e, "%s is not set by scripts", f->name);
}

static int take_list(lua_State *L, int at, const struct place *list, struct arena *a, struct err *e)
{
    const struct field *f = place_field(list);
    lua_Integer n = luaL_len(L, at);
    if (n > PLACE_INDEX_MAX || place_resize(list, (uint32_t)n, a, e) != 0)
        return err_set(e, "%s: %lld entries are too many", f->name, (long long)n);
    for (lua_Integer i = 0; i < n; i++) {
        struct place entry = {list->node, list->slot, (uint32_t)i};
        union value v;
        lua_geti(L, at, i + 1);
        int bad = convert_take(L, lua_gettop(L), f, a, &v, e);
        lua_pop(L, 1);
        /* a metamethod of the table may have set the list meanwhile */
        if (bad != 0 || (place_value(&entry) == NULL && place_add(&entry, a, e) != 0))
            return -1;
        *place_value(&entry) = v;
    }
    return 0;
}

/* Whether the table at `at` has entries for an element that an open node may have repeatedly. */
static bool is_list_of_items(lua_State *L, int at, const struct place *p)
{
    return p->node->type->is_open && !place_field(p)->is_attribute && lua_rawlen(L, at) > 0;
}

int convert_take_child(lua_State *L, int at, struct node *n, unsigned slot, struct arena *a,
                       struct err *e)
{
    struct place p = {n, slot, 0};
    const struct field *f = place_field(&p);
    union value v;
    if (lua_isnil(L, at)) {
        place_remove(&p);
        return 0;
    }
    luaL_checkstack(L, STACK_NEEDED, "the table is nested too deeply");
    if (lua_type(L, at) == LUA_TTABLE && (f->is_list || is_list_of_items(L, at, &p)))
        return take_list(L, at, &p, a, e);
    if (convert_take(L, at, f, a, &v, e) != 0)
        return -1;
    if (!f->is_list && (!n->type->is_open || f->is_attribute)) {
        node_set(n, slot, v);
        return 0;
    }
    if (place_value(&p) == NULL && place_add(&p, a, e) != 0)
        return -1;
    *place_value(&p) = v;
    return 0;
}

static int no_child(const struct type *t, const char *name, struct err *e)
{
    struct nearest best = nearest_of_all(name, strlen(name));
    for (unsigned i = 0; i < t->fields; i++)
        if (t->field[i].name[0] != '\0')
            nearest_try(&best, t->field[i].name);
    if (best.name[0] == '\0')
        return err_set(e, "%s has no elements; found '%.60s'", t->name, name);
    return err_set(e, "%s has no element '%.60s'; the nearest name is %s", t->name, name,
                   best.name);
}

int convert_slot(const struct type *t, const char *name, struct err *e)
{
    for (unsigned i = 0; i < t->fields; i++) {
        const struct field *f = &t->field[i];
        if (f->is_content ? strcmp(name, "content") == 0 : strcmp(name, f->name) == 0)
            return (int)i;
    }
    return no_child(t, name, e);
}

int convert_take_table(lua_State *L, int at, struct node *n, struct arena *a, struct err *e)
{
    at = lua_absindex(L, at);
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        int slot = -1;
        if (lua_type(L, -2) == LUA_TSTRING)
            slot = convert_slot(n->type, lua_tostring(L, -2), e);
        else
            err_set(e, "%s: expected names of elements as keys of the table, found a %s",
                    n->type->name, luaL_typename(L, -2));
        if (slot < 0 || convert_take_child(L, lua_gettop(L), n, (unsigned)slot, a, e) != 0) {
            lua_pop(L, 2);
            return -1;
        }
        lua_pop(L, 1);
    }
    return 0;
}

/* ---- comparing ---- */

static bool equal_table(lua_State *L, int at, const struct node *n)
{
    struct err ignored = ERR_INIT;
    bool equal = true;
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        int slot = lua_type(L, -2) == LUA_TSTRING
                       ? convert_slot(n->type, lua_tostring(L, -2), &ignored)
                       : -1;
        struct place p = {(struct node *)(uintptr_t)n, slot < 0 ? 0 : (unsigned)slot, 0};
        union value *v = slot < 0 ? NULL : place_value(&p);
        equal = equal && v != NULL && convert_equal(L, lua_gettop(L), place_field(&p), *v);
        lua_pop(L, 1);
    }
    return equal;
}

bool convert_equal(lua_State *L, int at, const struct field *f, union value v)
{
    at = lua_absindex(L, at);
    luaL_checkstack(L, STACK_NEEDED, "the table is nested too deeply");
    if (f->kind == KIND_NODE && lua_type(L, at) == LUA_TTABLE)
        return equal_table(L, at, v.n);
    if (f->kind == KIND_ENUM && lua_type(L, at) == LUA_TNUMBER)
        return lua_tonumber(L, at) == (lua_Number)v.i;
    convert_push(L, f, v);
    bool equal = lua_compare(L, at, -1, LUA_OPEQ) != 0;
    if (!equal && f->kind == KIND_HEX && lua_type(L, at) == LUA_TSTRING) {
        uint8_t block[512];
        struct arena a;
        struct err ignored = ERR_INIT;
        union value taken;
        size_t n;
        const char *text = lua_tolstring(L, at, &n);
        arena_open(&a, block, sizeof block, 1 << 20);
        equal = take_hex(text, n, f, &a, &taken, &ignored) == 0 && taken.b->n == v.b->n &&
                memcmp(taken.b->p, v.b->p, v.b->n) == 0;
        arena_close(&a);
    } else if (!equal && f->kind == KIND_NODE && f->type->is_quantity &&
               lua_type(L, at) == LUA_TNUMBER) {
        double wanted = lua_tonumber(L, at), found = lua_tonumber(L, -1);
        equal = fabs(wanted - found) <= 1e-9 * (fabs(wanted) + fabs(found));
    }
    lua_pop(L, 1);
    return equal;
}
