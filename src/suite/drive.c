/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/drive.h"

#include "base/buf.h"
#include "script/task.h"

#include <lauxlib.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define WORDS_MAX 64
#define PRINTED_MAX 4000
#define LOOK_MS 50 /* how often it is looked whether the operator has entered a line */

extern char **environ;

struct running {
    struct running *next;
    uv_process_t process;
    uv_pipe_t pipe;
    struct script *script; /* NULL: nobody waits any more */
    unsigned open;         /* handles of the loop */
    bool has_ended;
    int64_t code;
    int signal;
    char room[PRINTED_MAX], printed[PRINTED_MAX + 1];
    size_t n;
};

/* ---- the program ---- */

static void closed(uv_handle_t *h)
{
    struct running *r = h->data;
    r->open--;
}

static void wake(struct running *r)
{
    if (r->script != NULL)
        script_step(r->script);
}

static void has_exited(uv_process_t *process, int64_t code, int number)
{
    struct running *r = process->data;
    r->has_ended = true;
    r->code = code;
    r->signal = number;
    uv_close((uv_handle_t *)process, closed);
    wake(r);
}

static void give_room(uv_handle_t *h, size_t wanted, uv_buf_t *to)
{
    struct running *r = h->data;
    (void)wanted;
    *to = uv_buf_init(r->room, sizeof r->room);
}

/* The end of what it has printed is kept. */
static void has_printed(uv_stream_t *from, ssize_t n, const uv_buf_t *bytes)
{
    struct running *r = from->data;
    if (n < 0) {
        uv_close((uv_handle_t *)from, closed);
        return;
    }
    size_t more = (size_t)n, kept = r->n + more > PRINTED_MAX ? PRINTED_MAX - more : r->n;
    memmove(r->printed, r->printed + r->n - kept, kept);
    memcpy(r->printed + kept, bytes->base, more);
    r->n = kept + more;
}

static int start(struct drive *d, struct running *r, char **words, char **environment)
{
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
                                     {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE},
                                     {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO}};
    uv_loop_t *loop = world_loop(d->world);
    uv_pipe_init(loop, &r->pipe, 0);
    r->pipe.data = r->process.data = r;
    r->open = 2;
    stdio[1].data.stream = (uv_stream_t *)&r->pipe;
    uv_process_options_t o = {.exit_cb = has_exited,
                              .file = words[0],
                              .args = words,
                              .env = environment,
                              .flags = UV_PROCESS_DETACHED, /* a group of its own */
                              .stdio_count = 3,
                              .stdio = stdio};
    int number = uv_spawn(loop, &r->process, &o);
    uv_unref((uv_handle_t *)&r->process); /* a case does not go on for its sake */
    uv_unref((uv_handle_t *)&r->pipe);
    if (number == 0)
        return uv_read_start((uv_stream_t *)&r->pipe, give_room, has_printed);
    r->has_ended = true;
    uv_close((uv_handle_t *)&r->process, closed);
    uv_close((uv_handle_t *)&r->pipe, closed);
    return number;
}

static void end(struct running *r)
{
    if (!r->has_ended)
        kill(-r->process.pid, SIGKILL);
}

/* What a child of its own that has left the group may still hold is not waited for. */
static void clean_up(struct drive *d, struct running *r)
{
    r->script = NULL;
    end(r);
    if (!r->has_ended)
        uv_ref((uv_handle_t *)&r->process);
    if (!uv_is_closing((uv_handle_t *)&r->pipe))
        uv_close((uv_handle_t *)&r->pipe, closed);
    while (r->open > 0 && world_turn(d->world, true))
        continue;
    free(r);
}

static void set_asks(struct drive *d, bool asks)
{
    if (d->asks != NULL)
        atomic_store(d->asks, asks);
}

void drive_close(struct drive *d)
{
    set_asks(d, false);
    for (struct running *r = d->first, *next; r != NULL; r = next) {
        next = r->next;
        clean_up(d, r);
    }
    d->first = NULL;
}

/* ---- what scripts call ---- */

static int push_end(lua_State *L, const struct running *r)
{
    if (r->signal != 0) {
        lua_pushinteger(L, -1);
        lua_pushfstring(L, "it was ended by signal %d (%s)", r->signal, strsignal(r->signal));
        return 2;
    }
    lua_pushinteger(L, (lua_Integer)r->code);
    lua_pushlstring(L, r->printed, r->n);
    return 2;
}

static bool is_over(void *context)
{
    const struct running *r = context;
    return r->has_ended;
}

static int run_done(lua_State *L, int status, lua_KContext context)
{
    struct running *r = (struct running *)context;
    (void)status;
    r->script = NULL;
    if (r->has_ended)
        return push_end(L, r);
    end(r);
    lua_pushinteger(L, -1);
    lua_pushliteral(L, "it was not over when its time was");
    return 2;
}

/* The words of the list at 1. */
static void read_words(lua_State *L, char *words[WORDS_MAX])
{
    lua_Unsigned n = lua_rawlen(L, 1);
    luaL_argcheck(L, n > 0 && n < WORDS_MAX, 1, "expected a program and its arguments");
    for (lua_Unsigned i = 1; i <= n; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i);
        words[i - 1] = (char *)(uintptr_t)luaL_checkstring(L, -1);
    }
    words[n] = NULL; /* the texts stay in the list */
}

/* The environment with the table's at 2 over it; a block of Lua's, on top of the stack. */
static char **push_environment(lua_State *L)
{
    size_t n = 0, own = 0;
    while (environ[own] != NULL)
        own++;
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1))
        n++;
    lua_newtable(L); /* keeps the texts */
    char **all = lua_newuserdatauv(L, (own + n + 1) * sizeof *all, 1);
    memcpy(all, environ, own * sizeof *all);
    for (lua_pushnil(L); lua_next(L, 2) != 0; lua_pop(L, 1)) {
        const char *text =
            lua_pushfstring(L, "%s=%s", luaL_checkstring(L, -2), luaL_checkstring(L, -1));
        all[own++] = (char *)(uintptr_t)text;
        lua_rawseti(L, -5, (lua_Integer)own);
    }
    all[own] = NULL;
    return all;
}

static int drive_run(lua_State *L)
{
    struct drive *d = lua_touserdata(L, lua_upvalueindex(1));
    char *words[WORDS_MAX];
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    int64_t ms = (int64_t)luaL_checknumber(L, 3);
    read_words(L, words);
    char **environment = push_environment(L);
    struct running *r = calloc(1, sizeof *r);
    if (r == NULL)
        return luaL_error(L, "out of memory");
    r->next = d->first;
    d->first = r;
    int number = start(d, r, words, environment);
    if (number != 0) {
        lua_pushinteger(L, -1);
        lua_pushfstring(L, "%s: %s", words[0], uv_strerror(number));
        return 2;
    }
    r->script = script_of(L);
    struct wait w = {.ready = is_over, .context = r};
    w.deadline_us = script_now(r->script) + ms * 1000;
    return script_wait(L, &w, (lua_KContext)r, run_done);
}

static int drive_tell(lua_State *L)
{
    fputs(luaL_checkstring(L, 1), stderr);
    fflush(stderr);
    return 0;
}

static int line_done(lua_State *L, int status, lua_KContext context);

/* The terminal is looked at again and again: it is one of all processes, and no handle of a loop
 * that forks. */
static int line_wait(lua_State *L, int64_t until)
{
    const struct script *s = script_of(L);
    int64_t next = script_now(s) + LOOK_MS * 1000;
    struct wait w = {.deadline_us = next < until ? next : until};
    return script_wait(L, &w, (lua_KContext)until, line_done);
}

/* One line, and nothing of what comes behind it. */
static size_t read_line(char *line, size_t most)
{
    size_t n = 0;
    while (n < most && read(STDIN_FILENO, line + n, 1) == 1)
        if (line[n++] == '\n')
            break;
    return n;
}

static int line_done(lua_State *L, int status, lua_KContext until)
{
    struct pollfd at = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[400];
    (void)status;
    bool is_there = poll(&at, 1, 0) > 0;
    if (!is_there && script_now(script_of(L)) < until)
        return line_wait(L, until);
    size_t n = is_there ? read_line(line, sizeof line) : 0;
    set_asks(lua_touserdata(L, lua_upvalueindex(1)), false);
    if (!is_there)
        return 0;
    if (n == 0) /* nobody is there, nor will be */
        lua_pushboolean(L, false);
    else
        lua_pushlstring(L, line, n - (line[n - 1] == '\n'));
    return 1;
}

static int drive_line(lua_State *L)
{
    struct drive *d = lua_touserdata(L, lua_upvalueindex(1));
    int64_t us = (int64_t)(luaL_checknumber(L, 1) * 1000);
    set_asks(d, true);
    return line_wait(L, script_now(script_of(L)) + us);
}

void drive_push(lua_State *L, struct drive *d)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"run", drive_run}, {"tell", drive_tell}, {"line", drive_line}, {NULL, NULL}};
    d->world = script_of(L)->options->world;
    lua_newtable(L);
    lua_pushlightuserdata(L, d);
    luaL_setfuncs(L, FUNCTIONS, 1);
}
