/* SPDX-License-Identifier: Apache-2.0 */
#include "app/recorded.h"

#include "app/capture.h"
#include "app/commands.h"
#include "app/input.h"
#include "app/report.h"
#include "app/text.h"
#include "codec/copy.h"
#include "record/record_folder.h"
#include "record/record_read.h"
#include "script/call.h"
#include "script/object.h"
#include "script/roles.h"
#include "script/task.h"

#include <string.h>

#define BUSY_MS 120000 /* long captures take their time */
#define LUA_MOST ((size_t)1 << 30)

const struct option RECORDED_OPTION[] = {
    {"keylog", 0, "FILE", "TLS secrets of a capture (as by SSLKEYLOGFILE)",
     .at = offsetof(struct recorded, keylog)},
    {"key", 0, "FILE",
     "private key of the station (PEM): opens TLS where the suite is\n"
     "TLS_RSA_...",
     .at = offsetof(struct recorded, key)},
    OPTIONS_END,
};

void recorded_open(struct recorded *r)
{
    *r = (struct recorded){.path = ""};
    grammars_open(&r->grammars);
    arena_open(&r->arena, NULL, 0, RECORDED_MOST);
}

void recorded_close(struct recorded *r)
{
    arena_close(&r->arena);
    grammars_close(&r->grammars);
}

/* ---- what is kept ---- */

static void *copied(struct recorded *r, const void *from, size_t n)
{
    void *to = arena_alloc(&r->arena, n + 1);
    if (to == NULL)
        return NULL;
    memcpy(to, from, n);
    ((char *)to)[n] = '\0';
    return to;
}

static const char *copied_text(struct recorded *r, const char *text)
{
    return text == NULL || text[0] == '\0' ? "" : copied(r, text, strlen(text));
}

static const struct message *copied_message(struct recorded *r, const struct message *m)
{
    struct err e = ERR_INIT;
    struct message *to = arena_alloc(&r->arena, sizeof *to);
    return to != NULL && message_copy(m, &r->arena, to, &e) == 0 ? to : NULL;
}

static bool has_room(struct recorded *r)
{
    if (r->n < r->room)
        return true;
    size_t room = r->room == 0 ? 256 : 2 * r->room;
    struct event *at = arena_alloc(&r->arena, room * sizeof *at);
    if (at == NULL)
        return false;
    if (r->n > 0)
        memcpy(at, r->at, r->n * sizeof *at);
    r->at = at;
    r->room = room;
    return true;
}

static bool is_kept(const struct event *e)
{
    bool is_of_tcp = e->kind == EVENT_CONNECT || e->kind == EVENT_CLOSE || e->kind == EVENT_TLS ||
                     e->kind == EVENT_LOSS;
    bool is_said = e->kind == EVENT_FRAME && (!e->is_link || e->message != NULL);
    return !e->is_echo && (is_of_tcp || is_said);
}

static void take_event(void *context, const struct event *e)
{
    struct recorded *r = context;
    if (!is_kept(e) || r->failed)
        return;
    if (!has_room(r)) {
        r->failed = true;
        return;
    }
    struct event *to = &r->at[r->n];
    *to = *e;
    to->name = copied_text(r, e->name);
    to->code = copied_text(r, e->code);
    to->by = to->where = to->text = to->handshake = to->stamp = "";
    to->problem = NULL;
    to->bytes.p = copied(r, e->bytes.p != NULL ? e->bytes.p : (const uint8_t *)"", e->bytes.n);
    to->message = e->message == NULL ? NULL : copied_message(r, e->message);
    r->failed = to->name == NULL || to->code == NULL || to->bytes.p == NULL ||
                (e->message != NULL && to->message == NULL);
    r->n += !r->failed;
}

/* ---- where it comes from ---- */

static int read_text(struct recorded *r, const struct input *in)
{
    struct exi_options exi = EXI_OPTIONS;
    struct text_found found = {0};
    struct text_view view = {
        .grammars = &r->grammars, .exi = &exi, .name = in->name, .sink = take_event, .context = r};
    command_decode_text(&view, (struct slice){in->bytes.p, in->bytes.n}, input_is_raw(in), &found);
    if (found.messages > 0)
        return EXIT_PASS;
    report(REPORT_ERROR,
           "%s: there is no message in it; expected a capture (pcap, pcapng), the record of a run, "
           "or a text with messages as hex",
           in->name);
    return EXIT_FAIL;
}

static int read_file(struct recorded *r, const char *path, struct err *e)
{
    struct input in;
    struct capture_view view = {.grammars = &r->grammars,
                                .keylog = r->keylog,
                                .key = r->key,
                                .sink = take_event,
                                .context = r,
                                .is_quiet = true};
    if (input_read_file(&in, path, e) != 0 && !in.is_cut) {
        input_close(&in);
        return EXIT_SETUP;
    }
    int status = in.is_capture
                     ? command_decode_capture(
                           &(struct capture_source){
                               .name = in.name, .head = {in.bytes.p, in.bytes.n}, .fd = in.fd},
                           &view)
                     : read_text(r, &in);
    if (in.is_capture && status == EXIT_FAIL)
        status = EXIT_PASS; /* what is missing was told, the rest is there */
    input_close(&in);
    return status;
}

static int read_record(struct recorded *r, const char *path, struct err *e)
{
    return record_read(path, true, &r->grammars.library, take_event, r, e) == 0 ? EXIT_PASS
                                                                                : EXIT_SETUP;
}

int recorded_read(struct recorded *r, const char *path, int *status)
{
    struct err e = ERR_INIT;
    r->path = path;
    bool is_record = record_is(path) || record_is_compact(path);
    *status = is_record ? read_record(r, path, &e) : read_file(r, path, &e);
    r->is_chosen = arena_alloc(&r->arena, r->n + 1);
    r->failed = r->failed || r->is_chosen == NULL;
    if (r->is_chosen != NULL)
        memset(r->is_chosen, 0, r->n + 1);
    if (r->failed && !e.set)
        err_set(&e, "there is no memory for all of it; expected %zu MB at most",
                RECORDED_MOST >> 20);
    if (e.set)
        report_err(is_record ? "" : path, &e);
    if (e.set && *status == EXIT_PASS)
        *status = EXIT_SETUP;
    return *status == EXIT_PASS ? 0 : -1;
}

/* ---- for Lua ---- */

static void set_text(lua_State *L, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, int64_t n)
{
    lua_pushinteger(L, (lua_Integer)n);
    lua_setfield(L, -2, key);
}

static void set_flag(lua_State *L, const char *key, bool is)
{
    lua_pushboolean(L, is);
    lua_setfield(L, -2, key);
}

static void push_event(lua_State *L, struct role *role, const struct event *e)
{
    lua_createtable(L, 0, 13);
    set_number(L, "us", e->us);
    set_text(L, "kind", EVENT_KINDS[e->kind]);
    set_text(L, "from", event_has_sender(e->kind) ? EVENT_ROLES[e->from_role] : "");
    set_text(L, "how", EVENT_HOWS[e->how]);
    set_number(L, "session", e->session);
    set_number(L, "connection", e->connection);
    set_text(L, "name", e->name);
    set_number(L, "octets", (int64_t)e->bytes.n);
    set_flag(L, "tls", e->is_inside || e->kind == EVENT_TLS);
    set_flag(L, "udp", e->is_udp);
    set_flag(L, "link", e->is_link);
    if (e->schema != NULL)
        set_text(L, "set", e->schema->name);
    if (e->message == NULL)
        return;
    struct slice payload = event_payload(e);
    lua_pushlstring(L, (const char *)payload.p, payload.n);
    lua_setfield(L, -2, "exi");
    object_push_given(L, role, e->message, 0);
    lua_setfield(L, -2, "message");
}

static int choose(lua_State *L)
{
    struct recorded *r = lua_touserdata(L, lua_upvalueindex(1));
    const struct protocol *protocol =
        lua_isnoneornil(L, 2) ? NULL : protocol_find(luaL_checkstring(L, 2));
    luaL_checktype(L, 1, LUA_TTABLE);
    r->protocol = protocol == NULL ? NULL : protocol->name;
    for (lua_Unsigned i = 1; i <= lua_rawlen(L, 1); i++) {
        lua_rawgeti(L, 1, (lua_Integer)i);
        lua_Integer number = luaL_checkinteger(L, -1);
        luaL_argcheck(L, number >= 1 && (size_t)number <= r->n, 1, "expected numbers of events");
        r->is_chosen[number - 1] = true;
        lua_pop(L, 1);
    }
    return 0;
}

/* What a chunk of Lua is given. */
struct given {
    struct built_in built_in;
    struct recorded *const *r;
    unsigned n;
    const struct recorded_option *option;
};

static int tell(lua_State *L)
{
    report(REPORT_NOTE, "%s", luaL_checkstring(L, 1));
    return 0;
}

static int push_given(lua_State *L)
{
    const struct given *g = lua_touserdata(L, 1);
    struct script *s = script_of(L);
    struct role *role = s->roles;
    lua_settop(L, 0);
    lua_createtable(L, (int)g->n, 0);
    for (unsigned i = 0; i < g->n; i++) {
        lua_createtable(L, 0, 2);
        set_text(L, "path", g->r[i]->path);
        lua_createtable(L, (int)g->r[i]->n, 0);
        for (size_t k = 0; k < g->r[i]->n; k++) {
            push_event(L, role, &g->r[i]->at[k]);
            set_number(L, "number", (int64_t)k + 1);
            lua_rawseti(L, -2, (lua_Integer)k + 1);
        }
        lua_setfield(L, -2, "events");
        lua_rawseti(L, 1, (lua_Integer)i + 1);
    }
    task_give(s->main, L);
    lua_newtable(L);
    for (const struct recorded_option *o = g->option; o->key != NULL; o++)
        set_text(L, o->key, o->value);
    task_give(s->main, L);
    lua_pushcfunction(L, tell);
    task_give(s->main, L);
    lua_pushlightuserdata(L, g->r[0]);
    lua_pushcclosure(L, choose, 1);
    task_give(s->main, L);
    return 0;
}

static void print_text(void *context, const char *text, size_t n)
{
    buf_add(context, text, n);
}

int recorded_run(struct recorded *const *r, unsigned n, const char *chunk,
                 const struct recorded_option *option, struct buf *out)
{
    struct err e = ERR_INIT;
    struct given given = {.r = r, .n = n, .option = option};
    struct script_options o = {.library = &r[0]->grammars.library,
                               .print = print_text,
                               .context = out,
                               .memory = LUA_MOST,
                               .busy_ms = BUSY_MS};
    struct script s;
    int status = EXIT_PASS;
    if (script_open(&s, &o, r[0]->path, chunk, &e) == 0 &&
        built_in_push(&s, push_given, &given, &e) == 0)
        script_step(&s);
    if (e.set) {
        report_err(r[0]->path, &e);
        status = EXIT_SETUP;
    } else if (s.verdict != VERDICT_PASS) {
        report(REPORT_ERROR, "%s", s.traceback != NULL ? s.traceback : s.reason);
        status = EXIT_FAIL;
    }
    script_close(&s);
    buf_string(out); /* ends it, for who takes it as a string */
    if (status == EXIT_PASS && out->failed) {
        report(REPORT_ERROR, "out of memory");
        status = EXIT_SETUP;
    }
    return status;
}
