/* SPDX-License-Identifier: Apache-2.0 */
#include "script/paths.h"

#include "codec/marks.h"
#include "names/place.h"
#include "script/convert.h"
#include "script/object.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NAME_MAX 100
#define PATH_TEXT_MAX 1024
#define STACK_NEEDED 8

/* Where a path leads. */
struct spot {
    const struct field *field; /* NULL: the header as a whole */
    bool is_entry;             /* an entry of the list was named, or means the first one */
    bool is_list;              /* the list as a whole */
    struct place place;        /* node NULL: an element on the way is absent */
};

/* A step on the way: the type that it begins at, and the node, if there is one. */
struct walk {
    const char *path, *rest;
    const struct type *type;
    struct node *node;
};

static int bad_path(const struct walk *w, struct err *e)
{
    return err_set(e, "'%.200s' is no path; expected names with dots between, and entries as [1]",
                   w->path);
}

/* Reads "[2]" behind the name, if it is there. */
static int read_entry(struct walk *w, const struct field *f, bool is_open, struct spot *at,
                      struct err *e)
{
    char *end;
    at->is_entry = *w->rest == '[';
    if (!at->is_entry)
        return 0;
    unsigned long index = strtoul(w->rest + 1, &end, 10);
    if (*end != ']' || (end[1] != '\0' && end[1] != '.'))
        return bad_path(w, e);
    w->rest = end + 1;
    if (!f->is_list && !is_open)
        return err_set(e, "%s is no list", f->name);
    if (index < 1 || index > PLACE_INDEX_MAX + 1)
        return err_set(e, "%s: entries count from 1", f->name);
    at->place.index = (uint32_t)(index - 1);
    return 0;
}

static int step(struct walk *w, struct spot *at, struct err *e)
{
    char name[STEP_NAME_MAX];
    size_t size = strcspn(w->rest, ".[");
    if (size == 0 || size >= sizeof name)
        return bad_path(w, e);
    memcpy(name, w->rest, size);
    name[size] = '\0';
    w->rest += size;
    int slot = convert_slot(w->type, name, e);
    if (slot < 0)
        return -1;
    at->field = &w->type->field[slot];
    at->place = (struct place){w->node, (unsigned)slot, 0};
    return read_entry(w, at->field, w->type->is_open, at, e);
}

/* One level down, for the next step. */
static int descend(struct walk *w, struct spot *at, struct arena *makes, struct err *e)
{
    const struct field *f = at->field;
    if (*w->rest++ != '.')
        return bad_path(w, e);
    if (f->kind != KIND_NODE)
        return err_set(e, "%s has no elements", f->name);
    w->type = f->type;
    if (makes != NULL && place_value(&at->place) == NULL && place_add(&at->place, makes, e) != 0)
        return -1;
    const union value *v = w->node == NULL ? NULL : place_value(&at->place);
    w->node = v == NULL ? NULL : v->n;
    return 0;
}

/* Begins at the header where that stands beside the message. */
static int begin(const struct message *m, const char *path, struct walk *w, struct err *e)
{
    struct node *header = message_header(m);
    *w = (struct walk){.path = path, .rest = path, .node = message_named(m).node};
    if (w->node == NULL)
        return err_set(e, "the message has no elements");
    w->type = w->node->type;
    if (strncmp(path, "Header", 6) != 0 || (path[6] != '.' && path[6] != '\0') || header == NULL ||
        type_slot_of(w->type, "Header") >= 0)
        return 0;
    w->node = header;
    w->type = header->type;
    w->rest += path[6] == '.' ? 7 : 6;
    return 0;
}

/* makes: where what is absent on the way is made; NULL: it is not. */
static int find(const struct message *m, const char *path, struct arena *makes, struct spot *at,
                struct err *e)
{
    struct walk w;
    memset(at, 0, sizeof *at);
    if (begin(m, path, &w, e) != 0)
        return -1;
    if (*w.rest == '\0' && w.rest != path) {
        at->place.node = w.node;
        return 0;
    }
    while (step(&w, at, e) == 0) {
        if (*w.rest == '\0') {
            at->is_list = at->field->is_list && !at->is_entry;
            return 0;
        }
        if (descend(&w, at, makes, e) != 0)
            break;
    }
    return -1;
}

/* ---- one element ---- */

static struct message *message_at(lua_State *L)
{
    struct message *m = object_test(L, 1, NULL);
    luaL_argexpected(L, m != NULL, 1, "a message");
    return m;
}

static struct spot spot_at(lua_State *L, const struct message *m)
{
    struct spot at;
    struct err e = ERR_INIT;
    if (find(m, luaL_checkstring(L, 2), NULL, &at, &e) != 0)
        script_raise(L, &e);
    return at;
}

static int path_get(lua_State *L)
{
    struct spot at = spot_at(L, message_at(L));
    if (at.place.node == NULL)
        lua_pushnil(L);
    else if (at.field == NULL)
        object_push_element(L, 1, at.place.node);
    else
        object_push_place(L, 1, &at.place, at.is_entry);
    return 1;
}

static int path_set(lua_State *L)
{
    struct message *m = message_at(L);
    const char *path = luaL_checkstring(L, 2);
    struct spot at;
    struct err e = ERR_INIT;
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (find(m, path, object_arena(L, 1), &at, &e) != 0)
        return script_raise(L, &e);
    if (at.field == NULL)
        return luaL_error(L, "expected an element of the header behind '%s'", path);
    if (at.is_entry && place_value(&at.place) == NULL &&
        place_add(&at.place, object_arena(L, 1), &e))
        return script_raise(L, &e);
    object_count(L, 1);
    object_set_place(L, &at.place, at.is_entry);
    return 0;
}

static const char *kind_of(const struct field *f)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
        return "boolean";
    case KIND_ENUM:
        return "enumeration";
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_BIG:
        return "number";
    case KIND_STRING:
    case KIND_TEXT:
        return "string";
    case KIND_HEX:
    case KIND_BASE64:
        return "octets";
    case KIND_NODE:
        return f->type->is_quantity ? "quantity" : "element";
    case KIND_ABSTRACT:
    case KIND_ANY:
        break;
    }
    return "any";
}

static int path_kind(lua_State *L)
{
    struct spot at = spot_at(L, message_at(L));
    lua_pushstring(L, at.is_list ? "list" : at.field == NULL ? "element" : kind_of(at.field));
    return 1;
}

/* A table of the marks of all elements on the way there: { key = true }. */
static int path_marks(lua_State *L)
{
    char path[PATH_TEXT_MAX];
    const struct message *m = message_at(L);
    struct spot at = spot_at(L, m);
    struct err e = ERR_INIT;
    snprintf(path, sizeof path, "%s", lua_tostring(L, 2));
    lua_newtable(L);
    for (char *end = path; end != NULL && at.field != NULL; end = strrchr(path, '.')) {
        *(end == path ? path + strlen(path) : end) = '\0';
        if (find(m, path, NULL, &at, &e) != 0)
            return script_raise(L, &e);
        for (unsigned i = 0; at.field != NULL && i < MARK_NUMBER; i++)
            if (field_is(at.field, i)) {
                lua_pushboolean(L, true);
                lua_setfield(L, -2, SCHEMA_MARKS[i]);
            }
    }
    return 1;
}

static int path_is(lua_State *L)
{
    struct spot at = spot_at(L, message_at(L));
    luaL_checkany(L, 3);
    const union value *v =
        at.place.node == NULL || at.field == NULL ? NULL : place_value(&at.place);
    lua_pushboolean(L, v == NULL ? lua_isnil(L, 3) : convert_equal(L, 3, at.field, *v));
    return 1;
}

/* ---- all values ---- */

/* The table at the top of the stack when it begins gets path and value in turn. */
struct lister {
    lua_State *L;
    int table;
    lua_Integer n;
    char path[PATH_TEXT_MAX];
};

static void list_node(struct lister *l, const struct node *n, size_t used);

static void list_value(struct lister *l, const struct field *f, union value v, size_t used)
{
    if (f->kind == KIND_NODE && !f->type->is_quantity) {
        list_node(l, v.n, used);
        return;
    }
    lua_pushstring(l->L, l->path);
    lua_rawseti(l->L, l->table, ++l->n);
    convert_push(l->L, f, v);
    lua_rawseti(l->L, l->table, ++l->n);
}

static void list_node(struct lister *l, const struct node *n, size_t used)
{
    luaL_checkstack(l->L, STACK_NEEDED, "the message is nested too deeply");
    for (unsigned i = 0; i < n->type->fields; i++) {
        struct place p = {(struct node *)(uintptr_t)n, i, 0};
        const struct field *f = place_field(&p);
        const char *name = f->is_content ? "content" : f->name, *dot = used > 0 ? "." : "";
        if (f->kind == KIND_ABSTRACT || f->kind == KIND_ANY)
            continue;
        bool is_list = place_is_list(&p);
        for (uint32_t count = place_count(&p); p.index < count; p.index++) {
            int more = is_list ? snprintf(l->path + used, sizeof l->path - used, "%s%s[%u]", dot,
                                          name, (unsigned)p.index + 1)
                               : snprintf(l->path + used, sizeof l->path - used, "%s%s", dot, name);
            if (used + (size_t)more < sizeof l->path)
                list_value(l, f, *place_value(&p), used + (size_t)more);
        }
    }
}

/* Upvalues: the table, and how much of it was given. */
static int next_value(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
    lua_pushinteger(L, i + 2);
    lua_replace(L, lua_upvalueindex(2));
    lua_rawgeti(L, lua_upvalueindex(1), i + 1);
    lua_rawgeti(L, lua_upvalueindex(1), i + 2);
    return 2;
}

static int path_values(lua_State *L)
{
    const struct message *m = message_at(L);
    const struct node *n = message_named(m).node, *header = message_header(m);
    lua_newtable(L);
    struct lister l = {.L = L, .table = lua_gettop(L)};
    if (header != NULL && n != NULL && type_slot_of(n->type, "Header") < 0) {
        memcpy(l.path, "Header", sizeof "Header");
        list_node(&l, header, strlen("Header"));
    }
    if (n != NULL)
        list_node(&l, n, 0);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_value, 2);
    return 1;
}

void paths_open(lua_State *L)
{
    static const luaL_Reg METHODS[] = {
        {"get", path_get},     {"set", path_set},       {"kind", path_kind}, {"is", path_is},
        {"marks", path_marks}, {"values", path_values}, {NULL, NULL}};
    objects_add(L, METHODS);
}
