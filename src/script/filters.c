/* SPDX-License-Identifier: Apache-2.0 */
#include "script/filters.h"

#include "codec/codec.h"
#include "script/call.h"
#include "script/object.h"
#include "session/fault_filter.h"
#include "wire/ether.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER_TYPE "v2g.Filter"

/* The stack while a function runs: the message, its header (nil: none), what it returned. */
#define MESSAGE_AT 1
#define HEADER_AT 2
#define ANSWER_AT 3

/* What a script holds. The registry keeps it for as long as there is the filter. */
struct handle {
    struct script *script;
    struct role *role;           /* lives while there is the filter */
    struct fault_filter *filter; /* NULL: it is gone, and these were its figures: */
    unsigned seen, happened;
    lua_State *L;      /* thread in which the function (user value 1) is called */
    char where[80];    /* that is: "file.lua:12" */
    int reference;     /* to this */
    struct timer ends; /* has an error in the function told */
};

/* ---- the function ---- */

static void tell(void *data)
{
    const struct handle *h = data;
    script_step(h->script);
}

/* The script, or the session, ends from the loop, not under the feet of what called the chain. */
static void end_soon(struct handle *h)
{
    struct world *w = h->script->options->world;
    if (w != NULL)
        timer_start(w, &h->ends, 0, tell, h);
}

/* The fields of a V2GTP header: where they are, and how many octets. */
static const struct {
    const char *name;
    unsigned at, n;
} HEADER[] = {{"version", 0, 1}, {"inverse", 1, 1}, {"type", 2, 2}, {"length", 4, 4}};

#define HEADER_FIELDS (sizeof HEADER / sizeof HEADER[0])

static uint32_t field_get(const uint8_t *header, unsigned i)
{
    uint32_t value = 0;
    for (unsigned k = 0; k < HEADER[i].n; k++)
        value = value << 8 | header[HEADER[i].at + k];
    return value;
}

/* ---- the header of an Ethernet frame: `to` and `from` ---- */

/* ORDER of the octets in the frame */
static const char *const ADDRESS[] = {"to", "from"};

static void push_addresses(lua_State *L, const uint8_t *frame)
{
    lua_createtable(L, 0, 2);
    for (unsigned i = 0; i < 2; i++) {
        char text[13];
        for (unsigned k = 0; k < 6; k++)
            snprintf(text + 2 * k, 3, "%02X", frame[6 * i + k]);
        lua_pushstring(L, text);
        lua_setfield(L, -2, ADDRESS[i]);
    }
}

/* Writes what the table at `at` says of them. */
static void put_addresses(lua_State *L, int at, uint8_t *frame)
{
    for (unsigned i = 0; lua_istable(L, at) && i < 2; i++) {
        const char *text =
            lua_getfield(L, at, ADDRESS[i]) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        bool is_good = lua_isnil(L, -1) || (text != NULL && ether_parse(text, frame + 6 * i));
        lua_pop(L, 1);
        if (!is_good)
            luaL_error(L, "%s: expected a MAC address, 12 hex digits", ADDRESS[i]);
    }
}

/* ---- that of V2GTP ---- */

/* The header as a table, which a function of a filter may change. */
static void push_header(lua_State *L, const uint8_t *header)
{
    lua_createtable(L, 0, HEADER_FIELDS);
    for (unsigned i = 0; i < HEADER_FIELDS; i++) {
        lua_pushinteger(L, field_get(header, i));
        lua_setfield(L, -2, HEADER[i].name);
    }
}

/* Writes into the header at `out` (NULL: nowhere) what the table has otherwise than `was`. Whether
 * there is anything. */
static bool put_header(lua_State *L, const uint8_t *was, uint8_t *out)
{
    bool is_changed = false;
    if (!lua_istable(L, HEADER_AT))
        return false;
    script_check_keys(L, HEADER_AT, " version inverse type length ");
    for (unsigned i = 0; i < HEADER_FIELDS; i++) {
        lua_getfield(L, HEADER_AT, HEADER[i].name);
        uint32_t most = UINT32_MAX >> (32 - 8 * HEADER[i].n);
        uint32_t value = (uint32_t)script_check_number(L, HEADER[i].name, 0, most);
        lua_pop(L, 1);
        if (value == field_get(was, i))
            continue;
        is_changed = true;
        for (unsigned k = HEADER[i].n; out != NULL && k-- > 0; value >>= 8)
            out[HEADER[i].at + k] = (uint8_t)value;
    }
    return is_changed;
}

/* m in a frame of Ethernet with the addresses of that of p, and what the function says of them. */
static bool make_link_frame(lua_State *L, int at, const struct message *m, const struct parcel *p,
                            struct buf *out, struct err *e)
{
    uint8_t header[ETHER_HEADER];
    memcpy(header, p->event.bytes.p, sizeof header);
    put_addresses(L, HEADER_AT, header); /* these may raise: nothing is held yet */
    put_addresses(L, at, header);
    buf_clear(out);
    buf_add(out, header, sizeof header);
    return codec_encode(m, out, e) == 0 && !out->failed;
}

/* The bytes that the value at `at` stands for. False: it is no frame. */
static bool take_frame(lua_State *L, int at, const struct parcel *p, struct buf *out, struct err *e)
{
    unsigned given;
    struct message *m = object_test(L, at, &given);
    if (p->event.is_link && lua_istable(L, at)) {
        lua_rawgeti(L, at, 1);
        m = object_test(L, -1, &given);
        lua_pop(L, 1);
    }
    if (m != NULL && p->event.is_link)
        return make_link_frame(L, at, m, p, out, e);
    if (m != NULL)
        return session_encode(p->session, m, given, p->event.us, out, e) == 0;
    size_t n = 0;
    const char *bytes = lua_type(L, at) == LUA_TSTRING ? lua_tolstring(L, at, &n) : NULL;
    buf_clear(out);
    if (lua_isnil(L, at)) { /* but for its header it goes on as it was */
        buf_add(out, p->event.bytes.p, p->event.bytes.n);
        if (p->event.is_link && !out->failed)
            put_addresses(L, HEADER_AT, out->p); /* has_other_header found no fault with them */
        return true;
    }
    if (bytes == NULL)
        err_set(e,
                "a function of a filter returned a %s; expected nothing, false, a message, bytes, "
                "or a list of these",
                luaL_typename(L, at));
    else
        buf_add(out, bytes, n);
    return bytes != NULL;
}

/* What may go wrong with an answer. */
struct trouble {
    struct err wrong; /* it is none */
    struct err lost;  /* it was not taken any more: the connection is gone, say */
};

/* Hands on what the function made of it. */
static int pass_made(lua_State *L, int at, struct fault_filter *f, const struct parcel *p,
                     struct trouble *t)
{
    struct buf frame = {0};
    struct parcel made = *p;
    made.read = NULL;
    int bad = take_frame(L, at, p, &frame, &t->wrong) ? 0 : -1;
    if (bad == 0 && frame.n >= V2GTP_HEADER && !p->event.is_link)
        put_header(L, p->event.bytes.p, frame.p);
    if (bad == 0) {
        parcel_set_bytes(&made, (struct slice){frame.p, frame.n});
        bad = filter_pass(&f->filter, &made, &t->lost);
        parcel_close(&made);
    }
    buf_close(&frame);
    return bad;
}

static int pass_list(lua_State *L, struct fault_filter *f, const struct parcel *p,
                     struct trouble *t)
{
    int bad = 0;
    lua_Integer n = (lua_Integer)lua_rawlen(L, ANSWER_AT);
    for (lua_Integer i = 1; i <= n && bad == 0; i++) {
        lua_rawgeti(L, ANSWER_AT, i);
        bad = pass_made(L, lua_gettop(L), f, p, t);
        lua_pop(L, 1);
    }
    return bad;
}

static bool encode(const struct parcel *p, struct message *m, struct buf *out)
{
    struct err ignored = ERR_INIT;
    const unsigned all = SESSION_GIVEN_ID | SESSION_GIVEN_TIME;
    return (p->event.is_link ? codec_encode(m, out, &ignored)
                             : session_encode(p->session, m, all, 0, out, &ignored)) == 0;
}

/* Whether the message (at `at`) encodes as the one that it was copied from. */
static bool is_as_before(lua_State *L, int at, const struct parcel *p)
{
    struct buf before = {0}, now = {0};
    struct message was = *p->event.message, *m = object_test(L, at, NULL);
    bool same = encode(p, &was, &before) && encode(p, m, &now) && before.n == now.n &&
                memcmp(before.p, now.p, now.n) == 0;
    buf_close(&before);
    buf_close(&now);
    return same;
}

/* Whether the function has changed the header. */
static bool has_other_header(lua_State *L, const struct parcel *p)
{
    uint8_t header[ETHER_HEADER];
    if (!p->event.is_link)
        return put_header(L, p->event.bytes.p, NULL);
    memcpy(header, p->event.bytes.p, sizeof header);
    put_addresses(L, HEADER_AT, header);
    return memcmp(header, p->event.bytes.p, sizeof header) != 0;
}

static int take_answer(lua_State *L, struct fault_filter *f, struct parcel *p, struct trouble *t)
{
    bool is_nil = lua_isnil(L, ANSWER_AT), is_same = is_nil && is_as_before(L, MESSAGE_AT, p);
    bool has_header = has_other_header(L, p);
    if (is_same && !has_header) {
        fault_count(f);
        return filter_pass(&f->filter, p, &t->lost);
    }
    bool is_dropped = lua_isboolean(L, ANSWER_AT) && !lua_toboolean(L, ANSWER_AT);
    fault_happened(f, p, is_dropped ? "dropped" : is_nil ? "changed" : "replaced");
    if (is_dropped)
        return 0;
    if (lua_type(L, ANSWER_AT) == LUA_TTABLE)
        return pass_list(L, f, p, t);
    return pass_made(L, is_nil && !is_same ? MESSAGE_AT : ANSWER_AT, f, p, t);
}

struct call {
    struct handle *handle;
    struct fault_filter *filter;
    struct parcel *parcel;
    struct trouble trouble;
};

/* Argument: the struct call. */
static int call_function(lua_State *L)
{
    struct call *c = lua_touserdata(L, 1);
    lua_settop(L, 0);
    object_push_given(L, c->handle->role, c->parcel->event.message,
                      SESSION_GIVEN_ID | SESSION_GIVEN_TIME | SESSION_GIVEN_SIGNATURE);
    if (c->parcel->event.is_link)
        push_addresses(L, c->parcel->event.bytes.p);
    else
        push_header(L, c->parcel->event.bytes.p);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->handle->reference);
    lua_getiuservalue(L, -1, 1);
    lua_pushvalue(L, MESSAGE_AT);
    lua_pushvalue(L, ANSWER_AT);
    lua_pushvalue(L, HEADER_AT);
    lua_call(L, 3, 1);
    lua_replace(L, ANSWER_AT);
    take_answer(L, c->filter, c->parcel, &c->trouble);
    if (!c->trouble.wrong.set)
        return 0;
    return luaL_error(L, "%s: %s", c->handle->where, c->trouble.wrong.what);
}

static int call(void *context, struct fault_filter *f, struct parcel *p, struct err *e)
{
    struct handle *h = context;
    struct call c = {h, f, p, {ERR_INIT, ERR_INIT}};
    if (p->event.message == NULL)
        return filter_pass(&f->filter, p, e);
    if (!script_call(h->L, &(struct script_about){h->role, h->where}, call_function, &c))
        end_soon(h);
    if (!c.trouble.lost.set)
        return 0;
    *e = c.trouble.lost;
    return -1;
}

static void released(void *context)
{
    struct handle *h = context;
    h->seen = h->filter->seen;
    h->happened = h->filter->happened;
    h->filter = NULL;
    luaL_unref(h->L, LUA_REGISTRYINDEX, h->reference);
}

/* ---- making ---- */

static void take_occurrence(lua_State *L, struct fault_frames *f, struct err *e)
{
    int kind = lua_getfield(L, 1, "occurrence");
    if (kind != LUA_TNIL && kind != LUA_TNUMBER && kind != LUA_TSTRING)
        err_set(e, "occurrence: expected a number, or '3+', '3-5'");
    else if (kind != LUA_TNIL)
        fault_occurrence(luaL_tolstring(L, -1, NULL), f, e);
}

static void take_direction(lua_State *L, struct fault_frames *f)
{
    if (lua_getfield(L, 1, "direction") == LUA_TNIL)
        return;
    const char *said = script_check_text(L, "direction");
    f->in = strcmp(said, "in") == 0;
    f->out = strcmp(said, "out") == 0;
    if (f->in == f->out)
        luaL_error(L, "direction: expected 'out' or 'in', found '%s'", said);
}

/* The fault that the table at 1 tells. What was read of it stays on the stack. */
static struct fault *take_table(lua_State *L, struct err *e)
{
    struct fault_frames f = {.first = 1, .last = UINT32_MAX, .out = true, .in = true};
    script_check_keys(L, 1, " on occurrence direction fault ");
    lua_getfield(L, 1, "on");
    f.name = lua_tostring(L, -1);
    luaL_argcheck(L, f.name != NULL, 1, "expected the name of a message in `on`");
    luaL_argcheck(L, strpbrk(f.name, ":# \t") == NULL, 1, "`on` is a name alone");
    take_occurrence(L, &f, e);
    take_direction(L, &f);
    int kind = lua_getfield(L, 1, "fault");
    luaL_argcheck(L, kind == LUA_TSTRING || kind == LUA_TFUNCTION, 1,
                  "expected a text or a function in `fault`");
    if (e->set)
        return NULL;
    return fault_new(&f, kind == LUA_TSTRING ? lua_tostring(L, -1) : "function", e);
}

/* The function on top gets a thread of its own, which the handle below it keeps. */
static void take_function(lua_State *L, struct handle *h)
{
    lua_Debug ar;
    if (lua_isfunction(L, -1)) {
        lua_pushvalue(L, -1);
        lua_getinfo(L, ">S", &ar);
        snprintf(h->where, sizeof h->where, "%s:%d", ar.short_src, ar.linedefined);
    }
    h->L = lua_newthread(L);
    lua_setiuservalue(L, -3, 2);
    lua_setiuservalue(L, -2, 1);
}

static int method_filter(lua_State *L)
{
    struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    struct err e = ERR_INIT;
    lua_settop(L, 1);
    if (lua_type(L, 1) != LUA_TSTRING)
        luaL_checktype(L, 1, LUA_TTABLE);
    struct fault *f = lua_istable(L, 1) ? take_table(L, &e) : fault_parse(lua_tostring(L, 1), &e);
    if (f != NULL && fault_check(f, r->script->options->library, &e) != 0) {
        free(f);
        f = NULL;
    }
    if (f == NULL)
        return script_raise(L, &e);
    struct handle *h = lua_newuserdatauv(L, sizeof *h, 2);
    *h = (struct handle){.script = r->script, .role = r, .L = L, .reference = LUA_NOREF};
    luaL_setmetatable(L, FILTER_TYPE);
    lua_getfield(L, 1, "fault");
    take_function(L, h);
    struct fault_function function = {f->what == FAULT_FUNCTION ? call : NULL, released, h};
    h->filter = fault_add(&r->session->way, f, &function, &e);
    if (h->filter == NULL)
        return script_raise(L, &e);
    lua_pushvalue(L, -1);
    h->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    return 1;
}

/* ---- methods ---- */

static struct handle *check_handle(lua_State *L)
{
    return luaL_checkudata(L, 1, FILTER_TYPE);
}

static int handle_happened(lua_State *L)
{
    const struct handle *h = check_handle(L);
    lua_pushinteger(L, h->filter != NULL ? h->filter->happened : h->happened);
    return 1;
}

static int handle_seen(lua_State *L)
{
    const struct handle *h = check_handle(L);
    lua_pushinteger(L, h->filter != NULL ? h->filter->seen : h->seen);
    return 1;
}

static int handle_remove(lua_State *L)
{
    const struct handle *h = check_handle(L);
    if (h->filter != NULL)
        fault_remove(h->filter);
    return 0;
}

static int handle_tostring(lua_State *L)
{
    const struct handle *h = check_handle(L);
    lua_pushfstring(L, "filter '%s'", h->filter != NULL ? h->filter->fault->text : "removed");
    return 1;
}

/* The Lua state ends before the connection does. */
static int handle_gc(lua_State *L)
{
    struct handle *h = check_handle(L);
    timer_stop(&h->ends);
    if (h->filter != NULL)
        way_remove(&h->filter->filter);
    return 0;
}

void filters_count(lua_State *L, int at, unsigned *total, bool only_out)
{
    const struct handle *h = lua_touserdata(L, at);
    struct fault_frames *frames = &h->filter->fault->frames;
    h->filter->total = total;
    if (only_out && frames->out)
        frames->in = false;
}

void filters_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"__tostring", handle_tostring}, {"__gc", handle_gc}, {NULL, NULL}};
    static const luaL_Reg METHODS[] = {{"happened", handle_happened},
                                       {"seen", handle_seen},
                                       {"remove", handle_remove},
                                       {NULL, NULL}};
    script_new_type(L, FILTER_TYPE, FUNCTIONS);
    luaL_newlib(L, METHODS);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void filters_methods(lua_State *L)
{
    lua_pushcfunction(L, method_filter);
    lua_setfield(L, -2, "Filter");
}
