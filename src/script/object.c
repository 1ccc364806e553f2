/* SPDX-License-Identifier: Apache-2.0 */
#include "script/object.h"

#include "codec/codec.h"
#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/json.h"
#include "codec/marks.h"
#include "codec/quantity.h"
#include "codec/xml.h"
#include "names/place.h"
#include "script/convert.h"
#include "script/flow.h"
#include "script/signing.h"
#include "script/transfer.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_TYPE "v2g.Message"
#define ELEMENT_TYPE "v2g.Element"
#define LIST_TYPE "v2g.List"
#define OBJECT_MEMORY (64u << 20)

/* A message value. Elements and lists of it refer to it and keep it alive (user value 1); what Lua
 * has collected can still be found by a __gc of an unsafe script's. */
struct object {
    struct role *role;     /* NULL: it is over */
    struct frame_at frame; /* that it came as, or went as last */
    struct arena arena;
    size_t counted; /* of the arena, in what the script has taken */
    struct message message;
    unsigned given; /* SESSION_GIVEN_… */
};

struct element_object {
    struct object *object;
    struct node *node;
};

struct list_object {
    struct object *object;
    struct place place;
};

/* ---- how long it lives ---- */

static struct object *alive(lua_State *L, struct object *o)
{
    if (o->role == NULL)
        luaL_error(L, "this message is over: Lua has collected it");
    return o;
}

/* Its arena has grown: that counts to what the script may take. */
static void count_arena(lua_State *L, struct object *o)
{
    script_count(L, &o->counted, o->arena.taken);
}

/* ---- making ---- */

static struct object *new_object(lua_State *L, struct role *r)
{
    struct object *o = lua_newuserdatauv(L, sizeof *o, 0);
    memset(o, 0, sizeof *o);
    o->role = r;
    arena_open(&o->arena, NULL, 0, OBJECT_MEMORY);
    luaL_setmetatable(L, MESSAGE_TYPE);
    return o;
}

void object_push_given(lua_State *L, struct role *r, const struct message *m, unsigned given)
{
    struct err e = ERR_INIT;
    struct object *o = new_object(L, r);
    o->given = given;
    if (message_copy(m, &o->arena, &o->message, &e) != 0)
        script_raise(L, &e);
    count_arena(L, o);
}

void object_push(lua_State *L, struct role *r, const struct received *received)
{
    object_push_given(L, r, &received->message, SESSION_GIVEN_SIGNATURE);
    struct object *o = lua_touserdata(L, -1);
    o->frame = (struct frame_at){received->number, received->us};
}

struct message *object_test(lua_State *L, int at, unsigned *given)
{
    struct object *o = luaL_testudata(L, at, MESSAGE_TYPE);
    if (o != NULL)
        alive(L, o);
    if (o != NULL && given != NULL)
        *given = o->given;
    return o == NULL ? NULL : &o->message;
}

/* Tries the sets of the role's protocol, then supportedAppProtocol; the error is that of the
 * first. */
static int read_xml(struct object *o, const char *text, size_t n, struct err *e)
{
    const struct protocol *p = o->role->protocol;
    struct err first = ERR_INIT;
    bool is_last = false;
    for (unsigned i = 0; !is_last; i++) {
        is_last = p->set[i] == NULL;
        const char *name = is_last ? "appprotocol" : p->set[i];
        const struct schema *set = library_get(o->role->script->options->library, name, e);
        struct err why = ERR_INIT;
        if (set == NULL)
            return -1;
        if (xml_read(set, text, n, false, &o->arena, &o->message, &why) == 0 &&
            message_named(&o->message).node != NULL)
            return node_complete(&o->arena, o->message.v.n, e);
        arena_reset(&o->arena);
        if (i == 0)
            first = why;
    }
    if (!first.set)
        err_set(&first, "the XML is no message");
    *e = first;
    return -1;
}

void object_push_named(lua_State *L, struct role *r, const char *text, size_t n)
{
    struct err e = ERR_INIT;
    struct name_scope scope = role_scope(r);
    const struct schema *set;
    struct object *o = new_object(L, r);
    if (n > 0 && text[0] == '<') {
        o->given = SESSION_GIVEN_ID | SESSION_GIVEN_TIME | SESSION_GIVEN_SIGNATURE;
        if (read_xml(o, text, n, &e) != 0)
            script_raise(L, &e);
        count_arena(L, o);
        return;
    }
    const struct element *element = name_message(&scope, text, &set, &e);
    if (element == NULL)
        name_no_message(&scope, text, &e);
    if (element == NULL || message_new(set, text, &o->arena, &o->message, &e) != 0 ||
        transfer_follow(r, &o->message, &o->arena, &e) != 0)
        script_raise(L, &e);
    count_arena(L, o);
}

/* ---- reading ---- */

/* Pushes an element of the object at index `root` of the stack (or of its user value). */
static void push_element(lua_State *L, int root, struct object *o, struct node *n)
{
    root = lua_absindex(L, root);
    struct element_object *made = lua_newuserdatauv(L, sizeof *made, 1);
    *made = (struct element_object){o, n};
    lua_pushvalue(L, root);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, ELEMENT_TYPE);
}

static void push_list(lua_State *L, int root, struct object *o, const struct place *p)
{
    root = lua_absindex(L, root);
    struct list_object *made = lua_newuserdatauv(L, sizeof *made, 1);
    *made = (struct list_object){o, *p};
    lua_pushvalue(L, root);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, LIST_TYPE);
}

/* Pushes child `slot` of n. */
static void push_child(lua_State *L, int root, struct object *o, struct node *n, unsigned slot)
{
    struct place p = {n, slot, 0};
    union value *v = place_value(&p);
    const struct field *f = place_field(&p);
    if (v == NULL)
        lua_pushnil(L);
    else if (place_is_list(&p))
        push_list(L, root, o, &p);
    else if (f->kind == KIND_NODE)
        push_element(L, root, o, v->n);
    else
        convert_push(L, f, *v);
}

void object_push_element(lua_State *L, int root, struct node *n)
{
    push_element(L, root, lua_touserdata(L, root), n);
}

void object_push_place(lua_State *L, int root, const struct place *p, bool is_entry)
{
    const union value *v = is_entry ? place_value(p) : NULL;
    if (!is_entry)
        push_child(L, root, lua_touserdata(L, root), p->node, p->slot);
    else if (v == NULL)
        lua_pushnil(L);
    else if (place_field(p)->kind == KIND_NODE)
        push_element(L, root, lua_touserdata(L, root), v->n);
    else
        convert_push(L, place_field(p), *v);
}

struct arena *object_arena(lua_State *L, int root)
{
    struct object *o = lua_touserdata(L, root);
    return &o->arena;
}

void object_count(lua_State *L, int root)
{
    count_arena(L, lua_touserdata(L, root));
}

/* The method or child called by the string at 2 of an object whose node is n. Upvalue 1:
 * methods. */
static int index_node(lua_State *L, int root, struct object *o, struct node *n)
{
    const char *key = luaL_checkstring(L, 2);
    struct err e = ERR_INIT;
    int slot = convert_slot(n->type, key, &e);
    if (slot >= 0) {
        push_child(L, root, o, n, (unsigned)slot);
        return 1;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    return script_raise(L, &e);
}

/* An object given as a value stands for its plain table. */
static void flatten(lua_State *L, int at)
{
    const struct element_object *element = luaL_testudata(L, at, ELEMENT_TYPE);
    const struct list_object *list = luaL_testudata(L, at, LIST_TYPE);
    if (element == NULL && list == NULL)
        return;
    alive(L, element != NULL ? element->object : list->object);
    if (element != NULL) {
        const struct field f = {
            .kind = KIND_NODE, .type = element->node->type, .name = element->node->type->name};
        bool is_quantity = f.type->is_quantity;
        convert_push(L, &f, (union value){.n = element->node});
        if (is_quantity) { /* as a table, so that its unit goes along */
            lua_pop(L, 1);
            lua_newtable(L);
            for (unsigned i = 0; i < f.type->fields; i++) {
                convert_push_child(L, element->node, i);
                lua_setfield(L, -2, f.type->field[i].name);
            }
        }
    } else {
        convert_push_child(L, list->place.node, list->place.slot);
    }
    lua_replace(L, at);
}

/* Identifiers of certificates have a type of XML signatures, too, but stand elsewhere. */
static bool is_in_signature(const struct object *o, const struct type *t)
{
    return strcmp(schema_uri(o->message.schema, t->ns), "http://www.w3.org/2000/09/xmldsig#") ==
               0 &&
           strcmp(t->name, "X509IssuerSerialType") != 0;
}

/* The element called key of n was written: what of the header stays as it is from now on. */
static void note_given(struct object *o, const struct node *n, const char *key)
{
    bool is_header = n == message_header(&o->message);
    if (is_header && strcmp(key, "SessionID") == 0)
        o->given |= SESSION_GIVEN_ID;
    else if (is_header && strcmp(key, "TimeStamp") == 0)
        o->given |= SESSION_GIVEN_TIME;
    else if ((is_header && strcmp(key, "Signature") == 0) || is_in_signature(o, n->type))
        o->given = signing_given(o->given);
}

static int newindex_node(lua_State *L, struct object *o, struct node *n)
{
    const char *key = luaL_checkstring(L, 2);
    struct err e = ERR_INIT;
    flatten(L, 3);
    int slot = convert_slot(n->type, key, &e);
    if (slot < 0)
        return script_raise(L, &e);
    struct place p = {n, (unsigned)slot, 0};
    union value *v = place_value(&p);
    bool merge = v != NULL && n->type->field[slot].kind == KIND_NODE &&
                 n->type->field[slot].type->is_quantity && !n->type->field[slot].is_list &&
                 lua_type(L, 3) == LUA_TTABLE;
    bool is_emptied = n->type->field[slot].is_list && lua_istable(L, 3) && luaL_len(L, 3) == 0;
    if (is_emptied) /* as nil, also where there has to be an entry: a lie that the wire can carry */
        lua_settop(L, 2);
    lua_settop(L, 3);
    int bad = merge ? convert_take_table(L, 3, v->n, &o->arena, &e)
                    : convert_take_child(L, 3, n, (unsigned)slot, &o->arena, &e);
    count_arena(L, o);
    if (bad != 0)
        return script_raise(L, &e);
    note_given(o, n, key);
    const struct field *f = &n->type->field[slot];
    bool is_element = f->kind == KIND_NODE && !f->is_list && node_has(n, (unsigned)slot);
    if (is_element)
        bad = transfer_follow_in(o->role, n->v[slot].n, &o->arena, &e);
    if (bad == 0 && (is_element || field_is(f, MARK_TRANSFER)))
        bad = transfer_asked(o->role, &o->message, &o->arena, &e);
    return bad != 0 ? script_raise(L, &e) : 0;
}

/* ---- messages ---- */

static struct object *check_object(lua_State *L)
{
    return alive(L, luaL_checkudata(L, 1, MESSAGE_TYPE));
}

static struct node *own_node(lua_State *L, const struct object *o)
{
    struct node *n = message_named(&o->message).node;
    if (n == NULL)
        luaL_error(L, "the message has no elements");
    return n;
}

static bool is_outer_header(const struct object *o, const struct node *n, const char *key)
{
    return strcmp(key, "Header") == 0 && type_slot_of(n->type, key) < 0 &&
           message_header(&o->message) != NULL;
}

static int message_index(lua_State *L)
{
    struct object *o = check_object(L);
    struct node *n = own_node(L, o);
    if (!is_outer_header(o, n, luaL_checkstring(L, 2)))
        return index_node(L, 1, o, n);
    push_element(L, 1, o, message_header(&o->message));
    return 1;
}

static int message_newindex(lua_State *L)
{
    struct object *o = check_object(L);
    struct node *n = own_node(L, o);
    struct err e = ERR_INIT;
    if (!is_outer_header(o, n, luaL_checkstring(L, 2)))
        return newindex_node(L, o, n);
    flatten(L, 3);
    luaL_checktype(L, 3, LUA_TTABLE);
    if (convert_take_table(L, 3, message_header(&o->message), &o->arena, &e) != 0)
        return script_raise(L, &e);
    count_arena(L, o);
    o->given |= SESSION_GIVEN_ID;
    return 0;
}

static int push_buffer(lua_State *L, struct buf *b)
{
    lua_pushlstring(L, b->n > 0 ? (const char *)b->p : "", b->n);
    buf_close(b);
    return 1;
}

static int message_xml(lua_State *L)
{
    struct buf text = {0};
    xml_print(&check_object(L)->message, XML_PAGES, &text);
    return push_buffer(L, &text);
}

static int message_json(lua_State *L)
{
    struct buf text = {0};
    json_print(&check_object(L)->message, JSON_LINE, &text);
    return push_buffer(L, &text);
}

static int message_exi(lua_State *L)
{
    struct buf bytes = {0};
    struct err e = ERR_INIT;
    if (codec_encode(&check_object(L)->message, &bytes, &e) == 0)
        return push_buffer(L, &bytes);
    buf_close(&bytes);
    return script_raise(L, &e);
}

static int message_name(lua_State *L)
{
    lua_pushstring(L, message_named(&check_object(L)->message).name);
    return 1;
}

static int message_table(lua_State *L)
{
    const struct object *o = check_object(L);
    const struct named named = message_named(&o->message);
    if (named.field == NULL)
        return 0;
    convert_push(L, named.field, (union value){.n = own_node(L, o)});
    return 1;
}

static int message_frame(lua_State *L)
{
    const struct object *o = check_object(L);
    lua_pushinteger(L, (lua_Integer)o->frame.number);
    return o->frame.number != 0;
}

static int message_time(lua_State *L)
{
    const struct object *o = check_object(L);
    lua_pushnumber(L, (lua_Number)o->frame.us / 1000);
    return o->frame.us != 0;
}

static int message_violations(lua_State *L)
{
    lua_Integer n = 0;
    lua_newtable(L);
    for (const struct violation *v = check_object(L)->message.violations; v != NULL; v = v->next) {
        lua_pushfstring(L, "%s: %s", v->path, v->what);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

static int message_send(lua_State *L)
{
    struct object *o = check_object(L);
    return flow_send_message(L, o->role, &o->message, &o->arena, &o->given, &o->frame);
}

static int message_sign(lua_State *L)
{
    struct object *o = check_object(L);
    signing_sign(L, o->role, &o->message, &o->arena, 2);
    o->given = signing_given(o->given);
    return 0;
}

static int message_verify(lua_State *L)
{
    const struct object *o = check_object(L);
    return signing_verify(L, o->role, &o->message, 2);
}

static int message_copy_method(lua_State *L)
{
    const struct object *o = check_object(L);
    object_push_given(L, o->role, &o->message, o->given & (SESSION_GIVEN_SIGNATURE | SIGNING_DONE));
    return 1;
}

static int message_gc(lua_State *L)
{
    struct object *o = luaL_checkudata(L, 1, MESSAGE_TYPE);
    arena_close(&o->arena);
    count_arena(L, o);
    o->role = NULL;
    return 0;
}

/* pairs: over a plain table of the same content. */
static int plain_pairs(lua_State *L, int (*table)(lua_State *L))
{
    lua_getglobal(L, "next");
    table(L);
    lua_pushnil(L);
    return 3;
}

static int message_pairs(lua_State *L)
{
    return plain_pairs(L, message_table);
}

/* ---- elements ---- */

static struct element_object *check_element(lua_State *L)
{
    struct element_object *x = luaL_checkudata(L, 1, ELEMENT_TYPE);
    alive(L, x->object);
    return x;
}

static int element_index(lua_State *L)
{
    struct element_object *x = check_element(L);
    lua_getiuservalue(L, 1, 1);
    return index_node(L, lua_gettop(L), x->object, x->node);
}

static int element_newindex(lua_State *L)
{
    struct element_object *x = check_element(L);
    return newindex_node(L, x->object, x->node);
}

static int element_table(lua_State *L)
{
    check_element(L);
    lua_pushvalue(L, 1);
    flatten(L, lua_gettop(L));
    return 1;
}

static int element_si(lua_State *L)
{
    const struct element_object *x = check_element(L);
    if (!x->node->type->is_quantity)
        return luaL_error(L, "%s is no physical value", x->node->type->name);
    lua_pushnumber(L, quantity_get(x->node));
    return 1;
}

static int element_pairs(lua_State *L)
{
    return plain_pairs(L, element_table);
}

static int element_tostring(lua_State *L)
{
    const struct element_object *x = check_element(L);
    if (x->node->type->is_quantity)
        lua_pushfstring(L, "%f", quantity_get(x->node));
    else
        lua_pushfstring(L, "%s: %p", x->node->type->name, (void *)x->node);
    return 1;
}

/* ---- lists ---- */

static struct list_object *check_list(lua_State *L)
{
    struct list_object *x = luaL_checkudata(L, 1, LIST_TYPE);
    alive(L, x->object);
    return x;
}

/* The place of the entry that the integer at 2 says, counted from 1. */
static struct place entry_place(lua_State *L, const struct list_object *x)
{
    lua_Integer i = luaL_checkinteger(L, 2);
    luaL_argcheck(L, i >= 1 && i <= PLACE_INDEX_MAX + 1, 2, "entries count from 1");
    return (struct place){x->place.node, x->place.slot, (uint32_t)(i - 1)};
}

static int list_index(lua_State *L)
{
    const struct list_object *x = check_list(L);
    struct place p = entry_place(L, x);
    const union value *v = place_value(&p);
    lua_getiuservalue(L, 1, 1);
    if (v == NULL)
        lua_pushnil(L);
    else if (place_field(&p)->kind == KIND_NODE)
        push_element(L, -1, x->object, v->n);
    else
        convert_push(L, place_field(&p), *v);
    return 1;
}

/* The entry gets the value at 3. */
static int set_entry(lua_State *L, struct object *o, struct place p)
{
    struct arena *a = &o->arena;
    struct err e = ERR_INIT;
    union value v;
    uint32_t count = place_count(&p);
    flatten(L, 3);
    if (p.index > count)
        return luaL_error(L, "%s has %d entries; expected an index in 1..%d", place_field(&p)->name,
                          (int)count, (int)count + 1);
    int bad = 0;
    if (lua_isnil(L, 3)) {
        if (p.index + 1 != count)
            return luaL_error(L, "only the last entry of %s can be removed", place_field(&p)->name);
        bad = place_resize(&p, p.index, a, &e);
    } else {
        bad = convert_take(L, 3, place_field(&p), a, &v, &e);
        if (bad == 0 && place_value(&p) == NULL) /* new, or gone by a metamethod of the table */
            bad = place_add(&p, a, &e);
        if (bad == 0)
            *place_value(&p) = v;
    }
    note_given(o, p.node, "");
    count_arena(L, o);
    return bad != 0 ? script_raise(L, &e) : 0;
}

static int list_newindex(lua_State *L)
{
    const struct list_object *x = check_list(L);
    return set_entry(L, x->object, entry_place(L, x));
}

void object_set_place(lua_State *L, const struct place *p, bool is_entry)
{
    struct object *o = check_object(L);
    const struct field *f = place_field(p);
    if (is_entry && place_is_list(p)) {
        set_entry(L, o, *p);
        return;
    }
    lua_pushstring(L, f->is_content ? "content" : f->name);
    lua_replace(L, 2);
    newindex_node(L, o, p->node);
}

static int list_len(lua_State *L)
{
    lua_pushinteger(L, place_count(&check_list(L)->place));
    return 1;
}

static int list_table(lua_State *L)
{
    const struct list_object *x = check_list(L);
    convert_push_child(L, x->place.node, x->place.slot);
    return 1;
}

static int list_pairs(lua_State *L)
{
    return plain_pairs(L, list_table);
}

/* ---- opening ---- */

static void make_type(lua_State *L, const char *name, const luaL_Reg *functions,
                      lua_CFunction index, const luaL_Reg *methods)
{
    script_new_type(L, name, functions);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void objects_add(lua_State *L, const luaL_Reg *methods)
{
    luaL_getmetatable(L, MESSAGE_TYPE);
    lua_getfield(L, -1, "__index");
    lua_getupvalue(L, -1, 1);
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 3);
}

void objects_open(lua_State *L)
{
    static const luaL_Reg MESSAGE[] = {{"__newindex", message_newindex},
                                       {"__tostring", message_xml},
                                       {"__pairs", message_pairs},
                                       {"__gc", message_gc},
                                       {NULL, NULL}};
    static const luaL_Reg MESSAGE_METHODS[] = {{"xml", message_xml},
                                               {"json", message_json},
                                               {"exi", message_exi},
                                               {"name", message_name},
                                               {"table", message_table},
                                               {"copy", message_copy_method},
                                               {"frame", message_frame},
                                               {"violations", message_violations},
                                               {"time", message_time},
                                               {"send", message_send},
                                               {"sign", message_sign},
                                               {"verify", message_verify},
                                               {NULL, NULL}};
    static const luaL_Reg ELEMENT[] = {{"__newindex", element_newindex},
                                       {"__tostring", element_tostring},
                                       {"__pairs", element_pairs},
                                       {NULL, NULL}};
    static const luaL_Reg ELEMENT_METHODS[] = {
        {"si", element_si}, {"table", element_table}, {NULL, NULL}};
    static const luaL_Reg LIST[] = {
        {"__newindex", list_newindex}, {"__len", list_len}, {"__pairs", list_pairs}, {NULL, NULL}};
    static const luaL_Reg NONE[] = {{NULL, NULL}};
    make_type(L, MESSAGE_TYPE, MESSAGE, message_index, MESSAGE_METHODS);
    make_type(L, ELEMENT_TYPE, ELEMENT, element_index, ELEMENT_METHODS);
    make_type(L, LIST_TYPE, LIST, list_index, NONE);
}
