/* SPDX-License-Identifier: Apache-2.0 */
#include "script/verbs.h"

#include "names/place.h"
#include "script/convert.h"
#include "script/expect.h"
#include "script/flow.h"
#include "script/judgement.h"
#include "script/role.h"
#include "script/signing.h"
#include "script/transfer.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* The running function as scripts call it. */
static const char *own_name(lua_State *L, const struct bound *b)
{
    return lua_pushfstring(L, "%s.%s", b->role->name, b->text);
}

/* Raises e under the function's name. */
static int raise_in(lua_State *L, const struct bound *b, const struct err *e)
{
    return luaL_error(L, "%s: %s", own_name(L, b), e->what);
}

static int wrong_arguments(lua_State *L, const struct bound *b, int found, const char *last)
{
    luaL_Buffer expected;
    luaL_buffinit(L, &expected);
    for (unsigned i = 0; i < b->name->lists; i++)
        luaL_addstring(&expected, b->name->lists > 1 ? "index of each list, " : "index, ");
    luaL_addstring(&expected, last);
    luaL_pushresult(&expected);
    const char *arguments = lua_tostring(L, -1);
    return luaL_error(L, "%s: expected %d argument%s (%s), found %d", own_name(L, b),
                      b->name->lists + 1, b->name->lists == 0 ? "" : "s", arguments, found);
}

/* Reads n indices from the stack on; those that are not there are 0. */
static void read_indices(lua_State *L, const struct bound *b, unsigned n,
                         uint32_t index[NAME_STEPS])
{
    int given = lua_gettop(L);
    memset(index, 0, NAME_STEPS * sizeof *index);
    for (unsigned i = 0; i < n && (int)i < given; i++) {
        int is_integer;
        lua_Integer value = lua_tointegerx(L, (int)i + 1, &is_integer);
        if (!is_integer || value < 0 || value > PLACE_INDEX_MAX)
            luaL_error(L,
                       "%s: argument %d is the index of an entry; expected an integer, 0 or "
                       "more, found %s",
                       own_name(L, b), (int)i + 1, luaL_tolstring(L, (int)i + 1, NULL));
        index[i] = (uint32_t)value;
    }
}

static struct outgoing *outgoing_of(lua_State *L, const struct bound *b)
{
    struct err e = ERR_INIT;
    struct outgoing *o = role_outgoing(b->role, b->name->set, b->name->message, &e);
    if (o == NULL)
        raise_in(L, b, &e);
    return o;
}

/* ---- marks ---- */

static void make_mark(const struct name *n, const uint32_t *index, struct mark *m)
{
    unsigned lists = 0;
    memset(m, 0, sizeof *m);
    m->steps = n->steps;
    for (unsigned i = 0; i < n->steps; i++) {
        m->at[i].slot = n->step[i].slot;
        m->at[i].index = n->step[i].indexed ? index[lists++] : 0;
    }
}

static void add_mark(struct outgoing *o, const struct name *n, const uint32_t *index)
{
    struct mark m;
    make_mark(n, index, &m);
    for (unsigned i = o->marks; i-- > 0;)
        if (memcmp(&o->mark[i], &m, sizeof m) == 0)
            return;
    if (o->marks == o->mark_cap) {
        unsigned cap = o->mark_cap == 0 ? 1 : o->mark_cap * 2;
        struct mark *larger = realloc(o->mark, cap * sizeof *larger);
        if (larger == NULL)
            return; /* Add_ may then fill an entry twice; nothing worse */
        o->mark = larger;
        o->mark_cap = cap;
    }
    o->mark[o->marks++] = m;
}

/* Whether m lies in the list that the first `steps` steps of like lead to, whatever the entry. */
static bool is_in_list(const struct mark *m, const struct mark *like, unsigned steps)
{
    return m->steps >= steps && memcmp(m->at, like->at, (steps - 1) * sizeof m->at[0]) == 0 &&
           m->at[steps - 1].slot == like->at[steps - 1].slot;
}

/* Entries from `count` on are gone. */
static void drop_marks(struct outgoing *o, const struct name *n, const uint32_t *index,
                       uint32_t count)
{
    struct mark like;
    unsigned kept = 0;
    make_mark(n, index, &like);
    for (unsigned i = 0; i < o->marks; i++)
        if (!is_in_list(&o->mark[i], &like, n->steps) || o->mark[i].at[n->steps - 1].index < count)
            o->mark[kept++] = o->mark[i];
    o->marks = kept;
}

/* Number of the step that is the innermost list. */
static unsigned last_list(const struct name *n)
{
    unsigned step = n->steps;
    while (step > 0 && !n->step[step - 1].indexed)
        step--;
    return step;
}

/* The first entry whose leaf has not been set; `count` where all have. */
static uint32_t first_unmarked(const struct outgoing *o, const struct name *n,
                               const uint32_t *index, uint32_t count)
{
    struct mark like;
    unsigned list = last_list(n);
    uint8_t *taken = calloc((size_t)count + 1, 1);
    uint32_t first = 0;
    make_mark(n, index, &like);
    for (unsigned i = 0; taken != NULL && i < o->marks; i++) {
        struct mark m = o->mark[i];
        uint32_t entry = m.steps >= list ? m.at[list - 1].index : UINT32_MAX;
        if (entry >= count)
            continue;
        m.at[list - 1].index = like.at[list - 1].index;
        if (memcmp(&m, &like, sizeof m) == 0)
            taken[entry] = 1;
    }
    while (taken != NULL && first < count && taken[first])
        first++;
    free(taken);
    return first;
}

/* ---- Set, Add ---- */

/* What of the header the session leaves alone from now on. */
static void note_given(struct outgoing *o, const struct place *p)
{
    if (p->node != message_header(&o->message))
        return;
    const char *name = place_field(p)->name;
    if (strcmp(name, "SessionID") == 0)
        o->given |= SESSION_GIVEN_ID;
    else if (strcmp(name, "TimeStamp") == 0)
        o->given |= SESSION_GIVEN_TIME;
}

/* As place_make; elements that are made on the way follow the transfer, unless the name says
 * otherwise. */
static int make_place(const struct bound *b, unsigned steps, struct outgoing *o, struct node *base,
                      const uint32_t *index, struct place *p, struct err *e)
{
    unsigned lists = 0;
    for (unsigned i = 0; i < steps; i++) {
        *p = place_of_step(b->name, i, base, index, &lists);
        bool is_there = place_value(p) != NULL;
        if (!is_there && place_add(p, &o->arena, e) != 0)
            return -1;
        if (place_field(p)->kind != KIND_NODE)
            continue; /* the last one */
        base = place_value(p)->n;
        if (!is_there && transfer_follow_in(b->role, base, &o->arena, e) != 0)
            return -1;
    }
    return 0;
}

static int set_leaf(lua_State *L, const struct bound *b, struct outgoing *o, struct node *base,
                    const uint32_t *index, struct err *e)
{
    const struct name *n = b->name;
    union value v;
    struct place p;
    int at = lua_gettop(L);
    if (convert_take(L, at, n->field, &o->arena, &v, e) != 0 ||
        make_place(b, n->steps, o, base, index, &p, e) != 0)
        return -1;
    *place_value(&p) = v;
    note_given(o, &p);
    return 0;
}

/* A physical value keeps what a table does not name; so does any other element. */
static int set_node(lua_State *L, const struct bound *b, struct outgoing *o, struct node *base,
                    const uint32_t *index, struct err *e)
{
    struct place p;
    int at = lua_gettop(L);
    bool is_table = lua_type(L, at) == LUA_TTABLE;
    if (!is_table)
        return set_leaf(L, b, o, base, index, e);
    if (make_place(b, b->name->steps, o, base, index, &p, e) != 0)
        return -1;
    return convert_take_table(L, at, place_value(&p)->n, &o->arena, e);
}

static int set_count(lua_State *L, const struct bound *b, struct outgoing *o, struct node *base,
                     const uint32_t *index, struct err *e)
{
    const struct name *n = b->name;
    int is_integer;
    lua_Integer count = lua_tointegerx(L, -1, &is_integer);
    struct place outer, p = {base, n->step[n->steps - 1].slot, 0};
    if (!is_integer || count < 0)
        return err_set(e, "expected a number of entries, 0 or more, found %s",
                       luaL_tolstring(L, -1, NULL));
    if (n->steps > 1) {
        if (make_place(b, n->steps - 1, o, base, index, &outer, e) != 0)
            return -1;
        p.node = place_value(&outer)->n;
    }
    uint32_t wanted = count > PLACE_INDEX_MAX + 2 ? PLACE_INDEX_MAX + 2 : (uint32_t)count;
    if (place_resize(&p, wanted, &o->arena, e) != 0)
        return -1;
    drop_marks(o, n, index, wanted);
    return 0;
}

static int set_specified(lua_State *L, const struct bound *b, struct outgoing *o, struct node *base,
                         const uint32_t *index, struct err *e)
{
    const struct name *n = b->name;
    struct place p;
    if (lua_type(L, -1) != LUA_TBOOLEAN)
        return err_set(e, "expected a boolean (true or false), found %s", luaL_typename(L, -1));
    if (lua_toboolean(L, -1))
        return make_place(b, n->steps, o, base, index, &p, e);
    if (!place_find(n, n->steps, base, index, &p))
        return 0;
    drop_marks(o, n, index, 0);
    place_remove(&p);
    return 0;
}

/* Sets what n leads to from the value on top of the stack. */
static int set_target(lua_State *L, const struct bound *b, struct outgoing *o,
                      const uint32_t *index, struct err *e)
{
    const struct name *n = b->name;
    struct node *base = place_base(n, &o->message);
    if (base == NULL)
        return err_set(e, "the message has no header");
    switch (n->target) {
    case NAME_LEAF:
        return set_leaf(L, b, o, base, index, e);
    case NAME_QUANTITY:
    case NAME_NODE:
        return set_node(L, b, o, base, index, e);
    case NAME_COUNT:
        return set_count(L, b, o, base, index, e);
    case NAME_SPECIFIED:
        return set_specified(L, b, o, base, index, e);
    case NAME_MESSAGE:
        break;
    }
    return err_set(e, "it is no value");
}

static int finish_set(lua_State *L, const struct bound *b, struct outgoing *o,
                      const uint32_t *index)
{
    struct err e = ERR_INIT;
    int bad = set_target(L, b, o, index, &e);
    script_count(L, &o->counted, o->arena.taken);
    if (bad != 0)
        return raise_in(L, b, &e);
    if (b->name->in_transfer && transfer_asked(b->role, &o->message, &o->arena, &e) != 0)
        return raise_in(L, b, &e);
    o->touched = true;
    if (b->name->in_signature)
        o->given = signing_given(o->given);
    if (b->name->lists > 0 && b->name->target != NAME_COUNT && b->name->target != NAME_SPECIFIED)
        add_mark(o, b->name, index);
    return 0;
}

static int verb_set(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    uint32_t index[NAME_STEPS];
    int given = lua_gettop(L);
    if (given != b->name->lists + 1)
        return wrong_arguments(L, b, given, "value");
    read_indices(L, b, b->name->lists, index);
    role_note_setting(L, b->role, b->text);
    return finish_set(L, b, outgoing_of(L, b), index);
}

/* Outer lists that no index was given for: their last entry. */
static void choose_outer(const struct name *n, struct node *base, unsigned given, uint32_t *index)
{
    unsigned lists = 0;
    for (unsigned i = 0; i < n->steps && lists + 1 < n->lists; i++) {
        struct place p;
        if (!n->step[i].indexed || lists++ < given)
            continue;
        index[lists - 1] = 0;
        bool found = place_find(n, i + 1, base, index, &p);
        uint32_t count = found ? place_count(&p) : 0;
        index[lists - 1] = count > 0 ? count - 1 : 0;
    }
}

static int verb_add(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    const struct name *n = b->name;
    uint32_t index[NAME_STEPS];
    struct place p;
    int given = lua_gettop(L);
    if (given != 1 && given != n->lists)
        return luaL_error(L,
                          "%s: expected the value (or before it the index of each outer list), "
                          "found %d arguments",
                          own_name(L, b), given);
    read_indices(L, b, (unsigned)given - 1, index);
    struct outgoing *o = outgoing_of(L, b);
    struct node *base = place_base(n, &o->message);
    role_note_setting(L, b->role, b->text);
    choose_outer(n, base, (unsigned)given - 1, index);
    index[n->lists - 1] = 0;
    bool found = place_find(n, last_list(n), base, index, &p);
    index[n->lists - 1] = first_unmarked(o, n, index, found ? place_count(&p) : 0);
    return finish_set(L, b, o, index);
}

/* ---- Get, Check, Exist ---- */

static const struct message *message_to_read(lua_State *L, const struct bound *b)
{
    const struct name *n = b->name;
    struct role *r = b->role;
    struct err e = ERR_INIT;
    bool is_ours = n->verb == VERB_GET && name_sends(r->side, n->message->from);
    if (is_ours)
        return &outgoing_of(L, b)->message;
    const struct received *received = role_incoming(r, n->set, n->message, &e);
    if (received == NULL && !e.set)
        luaL_error(L, "%s: no %s has been received yet; expected %s.Receive_%s_001() before",
                   own_name(L, b), n->message->as.name, r->name, n->message->as.name);
    if (received == NULL)
        raise_in(L, b, &e);
    return &received->message;
}

/* Pushes what n leads to; nil where it is absent. */
static void push_target(lua_State *L, const struct name *n, const struct message *m,
                        const uint32_t *index)
{
    struct node *base = place_base(n, m);
    struct place p;
    bool found = base != NULL && place_find(n, n->steps, base, index, &p);
    union value *v = found ? place_value(&p) : NULL;
    if (n->target == NAME_COUNT)
        lua_pushinteger(L, found ? place_count(&p) : 0);
    else if (n->target == NAME_SPECIFIED)
        lua_pushboolean(L, found && place_count(&p) > 0);
    else if (v == NULL)
        lua_pushnil(L);
    else
        convert_push(L, n->field, *v);
}

static int verb_get(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    uint32_t index[NAME_STEPS];
    int given = lua_gettop(L);
    if (given > b->name->lists)
        return luaL_error(L, "%s: expected %d arguments at most, found %d", own_name(L, b),
                          b->name->lists, given);
    read_indices(L, b, b->name->lists, index);
    push_target(L, b->name, message_to_read(L, b), index);
    return 1;
}

/* The value of n as convert_equal wants it: found or not. */
static bool target_equals(lua_State *L, const struct name *n, const struct message *m,
                          const uint32_t *index, int at)
{
    struct node *base = place_base(n, m);
    struct place p;
    if (n->target == NAME_COUNT || n->target == NAME_SPECIFIED) {
        push_target(L, n, m, index);
        bool equal = lua_compare(L, at, -1, LUA_OPEQ) != 0;
        lua_pop(L, 1);
        return equal;
    }
    bool found = base != NULL && place_find(n, n->steps, base, index, &p);
    union value *v = found ? place_value(&p) : NULL;
    if (v == NULL)
        return lua_isnil(L, at);
    return convert_equal(L, at, n->field, *v);
}

static int verb_check(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    uint32_t index[NAME_STEPS];
    struct buf text = {0};
    int given = lua_gettop(L);
    if (given != b->name->lists + 1)
        return wrong_arguments(L, b, given, "expected value");
    read_indices(L, b, b->name->lists, index);
    const struct message *m = message_to_read(L, b);
    bool equal = target_equals(L, b->name, m, index, given);
    buf_printf(&text, "%s: expected ", b->text + strlen("Check_"));
    convert_text(L, given, &text);
    push_target(L, b->name, m, index);
    buf_text(&text, ", found ");
    convert_text(L, -1, &text);
    script_check(L, equal, buf_string(&text));
    buf_close(&text);
    lua_pushboolean(L, equal);
    return 1;
}

static int verb_check_received(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    const struct received *last = b->role->last;
    const char *wanted = b->name->message->as.name;
    const char *found = last == NULL ? "nothing" : last->name;
    bool is_it = last != NULL && last->is_decoded && strcmp(last->name, wanted) == 0;
    const char *text = lua_pushfstring(L, "last received: expected %s, found %s", wanted,
                                       found[0] != '\0' ? found : "a frame that is no message");
    script_check(L, is_it, text);
    lua_pushboolean(L, is_it);
    return 1;
}

/* Whether the entry is as the arguments say, in the order of its children. */
static bool entry_equals(lua_State *L, const struct field *f, union value entry, int given)
{
    if (f->kind != KIND_NODE || (given == 1 && lua_type(L, 1) == LUA_TTABLE))
        return given == 0 || lua_isnil(L, 1) || convert_equal(L, 1, f, entry);
    int at = 0;
    for (unsigned i = 0; i < entry.n->type->fields && at < given; i++) {
        struct place p = {entry.n, i, 0};
        const struct field *child = place_field(&p);
        union value *v = place_value(&p);
        if (child->kind == KIND_ABSTRACT || child->kind == KIND_ANY)
            continue;
        at++;
        if (!lua_isnil(L, at) && (v == NULL || !convert_equal(L, at, child, *v)))
            return false;
    }
    return true;
}

/* Looks through all entries of all lists on the way. */
static bool exists_below(lua_State *L, const struct name *n, unsigned step, struct node *node,
                         int given)
{
    struct place p = {node, n->step[step].slot, 0};
    bool is_last = step + 1 == n->steps;
    uint32_t count = place_count(&p);
    for (; p.index < count; p.index++) {
        union value *v = place_value(&p);
        if (is_last ? entry_equals(L, n->field, *v, given)
                    : exists_below(L, n, step + 1, v->n, given))
            return true;
    }
    return false;
}

static int values_of(const struct field *f)
{
    int n = 0;
    for (unsigned i = 0; f->kind == KIND_NODE && i < f->type->fields; i++)
        n += f->type->field[i].kind != KIND_ABSTRACT && f->type->field[i].kind != KIND_ANY;
    return f->kind == KIND_NODE ? n : 1;
}

/* It asks, and judges nothing: scripts branch by it. */
static int verb_exist(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    const struct name *n = b->name;
    int given = lua_gettop(L), most = values_of(n->field);
    struct buf text = {0};
    if (given > most)
        return luaL_error(L,
                          "%s: expected %d values at most, those of the entry's elements in "
                          "their order; found %d",
                          own_name(L, b), most, given);
    const struct message *m = message_to_read(L, b);
    struct node *base = place_base(n, m);
    bool found = base != NULL && exists_below(L, n, 0, base, given);
    buf_printf(&text, "%s(", b->text);
    for (int i = 1; i <= given; i++) {
        buf_text(&text, i > 1 ? ", " : "");
        convert_text(L, i, &text);
    }
    buf_printf(&text, "): found %s", found ? "such an entry" : "none");
    script_note(L, EVENT_LOG, true, buf_string(&text));
    buf_close(&text);
    lua_pushboolean(L, found);
    return 1;
}

const lua_CFunction VERB_FUNCTIONS[] = {
    verb_set,   verb_get, flow_send, flow_receive, expect_message, verb_check, verb_check_received,
    verb_exist, verb_add,
};
