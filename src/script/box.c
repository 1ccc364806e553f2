/* SPDX-License-Identifier: Apache-2.0 */
#include "script/box.h"

#include "base/file.h"
#include "script/judgement.h"
#include "script/role.h"
#include "script/task.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#define FILE_MOST (1u << 20)
#define LINE_MOST 4096
#define WAITING_MOST 256       /* lines; more of a box are dropped */
#define QUEUE_MOST (64u << 10) /* octets that it has not read; more are an error */
#define BAUD 9600
#define ENDING_MS 2000 /* that a process has once nothing is said, and once it is asked to end */

struct box_line {
    struct box_line *next;
    char text[];
};

/* Who waits for a line. */
struct box_waiter {
    struct box_waiter *next;
    struct box *box;
    struct script *script;
};

struct box {
    struct world *world;
    struct box_waiter *waiter, **last_waiter; /* the longest first, who has the next line */
    unsigned waiters;
    struct timer telling;
    char *file; /* of the dialect; NULL: none */
    bool is_json;
    uv_process_t process;
    uv_pipe_t to, from;
    uv_tcp_t tcp;
    uv_tty_t tty;
    uv_connect_t connecting;
    uv_stream_t *in, *out;
    unsigned open; /* handles of the loop */
    bool has_process;
    struct timer ending;
    char room[LINE_MOST], line[LINE_MOST];
    size_t n; /* of the line that is not whole yet */
    struct box_line *first, **last;
    unsigned waiting;
    char problem[160]; /* why nothing comes any more; "": it may */
};

/* ---- what comes ---- */

static bool has_any(const struct box *b)
{
    return b->first != NULL || b->problem[0] != '\0';
}

static void add_waiter(struct box *b, struct box_waiter *w)
{
    w->next = NULL;
    *b->last_waiter = w;
    b->last_waiter = &w->next;
    b->waiters++;
}

static void remove_waiter(struct box *b, const struct box_waiter *w)
{
    struct box_waiter **at = &b->waiter;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    if (*at == NULL)
        b->last_waiter = at;
    b->waiters--;
}

/* Each has the turn of its script; who does not take what is there lets the next one have it. */
static void tell(void *data)
{
    struct box *b = data;
    for (unsigned n = b->waiters; n > 0 && b->waiter != NULL && has_any(b); n--) {
        struct box_waiter *w = b->waiter;
        script_step(w->script);
        if (b->waiter == w) {
            remove_waiter(b, w);
            add_waiter(b, w);
        }
    }
}

/* Soon: a script may be on the stack. */
static void wake(struct box *b)
{
    if (b->waiter != NULL && has_any(b) && !timer_is_set(&b->telling))
        timer_start(b->world, &b->telling, 0, tell, b);
}

static void lost(struct box *b, const char *what, int number)
{
    if (b->problem[0] == '\0')
        snprintf(b->problem, sizeof b->problem, "%s: %s", what, uv_strerror(number));
    wake(b);
}

static void take_line(struct box *b)
{
    struct box_line *l = b->waiting < WAITING_MOST ? malloc(sizeof *l + b->n + 1) : NULL;
    if (b->n > 0 && b->line[b->n - 1] == '\r')
        b->n--;
    if (l != NULL) {
        l->next = NULL;
        memcpy(l->text, b->line, b->n);
        l->text[b->n] = '\0';
        *b->last = l;
        b->last = &l->next;
        b->waiting++;
    }
    b->n = 0;
}

static void give_room(uv_handle_t *h, size_t wanted, uv_buf_t *to)
{
    struct box *b = h->data;
    (void)wanted;
    *to = uv_buf_init(b->room, sizeof b->room);
}

/* A line that is too long is cut. */
static void came(uv_stream_t *from, ssize_t n, const uv_buf_t *bytes)
{
    struct box *b = from->data;
    if (n < 0) {
        uv_read_stop(from);
        lost(b, "reading", (int)n);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (bytes->base[i] == '\n')
            take_line(b);
        else if (b->n < sizeof b->line)
            b->line[b->n++] = bytes->base[i];
    }
    wake(b);
}

/* ---- opening ---- */

static void add_handle(struct box *b, void *handle)
{
    ((uv_handle_t *)handle)->data = b;
    uv_unref(handle); /* a run does not go on for its sake */
    b->open++;
}

static void closed(uv_handle_t *h)
{
    struct box *b = h->data;
    b->open--;
}

static void end_handle(struct box *b, void *handle)
{
    uv_handle_t *h = handle;
    if (h->data == b && !uv_is_closing(h))
        uv_close(h, closed);
}

static void has_exited(uv_process_t *process, int64_t code, int number)
{
    struct box *b = process->data;
    (void)code;
    (void)number;
    b->has_process = false;
    uv_close((uv_handle_t *)process, closed);
}

/* script: of sh, in which $0 is the command. */
static int open_process(struct box *b, const char *script, const char *command)
{
    uv_loop_t *loop = world_loop(b->world);
    char *words[] = {"sh", "-c", (char *)(uintptr_t)script, (char *)(uintptr_t)command, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&b->to},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&b->from},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO}};
    uv_process_options_t o = {.exit_cb = has_exited,
                              .file = words[0],
                              .args = words,
                              .flags = UV_PROCESS_DETACHED, /* a group of its own */
                              .stdio_count = 3,
                              .stdio = stdio};
    uv_pipe_init(loop, &b->to, 0);
    uv_pipe_init(loop, &b->from, 0);
    add_handle(b, &b->to);
    add_handle(b, &b->from);
    int number = uv_spawn(loop, &b->process, &o);
    add_handle(b, &b->process);
    b->has_process = number == 0;
    if (number != 0)
        uv_close((uv_handle_t *)&b->process, closed);
    b->in = (uv_stream_t *)&b->from;
    b->out = (uv_stream_t *)&b->to;
    return number;
}

static void connected(uv_connect_t *c, int status)
{
    struct box *b = c->data;
    if (status != 0)
        lost(b, "connecting", status);
    else
        uv_read_start(b->in, give_room, came);
}

static int open_tcp(struct box *b, const char *where)
{
    char host[128];
    const char *port = strrchr(where, ':');
    uv_getaddrinfo_t found;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    if (port == NULL || (size_t)(port - where) >= sizeof host)
        return UV_EINVAL;
    snprintf(host, sizeof host, "%.*s", (int)(port - where), where);
    int number = uv_getaddrinfo(world_loop(b->world), &found, NULL, host, port + 1, &hints);
    if (number != 0)
        return number;
    uv_tcp_init(world_loop(b->world), &b->tcp);
    add_handle(b, &b->tcp);
    b->connecting.data = b;
    b->in = b->out = (uv_stream_t *)&b->tcp;
    number = uv_tcp_connect(&b->connecting, &b->tcp, found.addrinfo->ai_addr, connected);
    uv_freeaddrinfo(found.addrinfo);
    return number;
}

/* The speed as termios has it; B0: it has none such. */
static speed_t speed_of(long baud)
{
    static const struct {
        long baud;
        speed_t speed;
    } SPEEDS[] = {{1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
                  {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};
    for (size_t i = 0; i < sizeof SPEEDS / sizeof *SPEEDS; i++)
        if (SPEEDS[i].baud == baud)
            return SPEEDS[i].speed;
    return B0;
}

/* The colon before the speed; NULL: none is told. Names of devices have colons, too
 * (/dev/serial/by-path). */
static const char *baud_in(const char *where)
{
    const char *colon = strrchr(where, ':');
    bool is_number =
        colon != NULL && colon[1] != '\0' && strspn(colon + 1, "0123456789") == strlen(colon + 1);
    return is_number ? colon : NULL;
}

static int open_serial(struct box *b, const char *where)
{
    char device[128];
    const char *baud = baud_in(where);
    size_t n = baud != NULL ? (size_t)(baud - where) : strlen(where);
    speed_t speed = speed_of(baud != NULL ? strtol(baud + 1, NULL, 10) : BAUD);
    struct termios t;
    if (n >= sizeof device || speed == B0)
        return UV_EINVAL;
    snprintf(device, sizeof device, "%.*s", (int)n, where);
    int fd = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return uv_translate_sys_error(errno);
    if (tcgetattr(fd, &t) != 0) {
        close(fd);
        return UV_EINVAL;
    }
    cfmakeraw(&t);
    cfsetspeed(&t, speed);
    tcsetattr(fd, TCSANOW, &t);
    int number = uv_tty_init(world_loop(b->world), &b->tty, fd, 0);
    if (number != 0) {
        close(fd);
        return number;
    }
    add_handle(b, &b->tty);
    b->in = b->out = (uv_stream_t *)&b->tty;
    return 0;
}

static int open_run(struct box *b, const char *command)
{
    b->is_json = true;
    return open_process(b, "exec sh -c \"$0\"", command);
}

static int open_shell(struct box *b, const char *command)
{
    return open_process(b, "while read -r line; do eval \"$0 $line\" </dev/null; done", command);
}

static const struct {
    const char *form; /* up to its colon the name */
    int (*open)(struct box *b, const char *where);
} KINDS[] = {{"run:COMMAND", open_run},
             {"shell:COMMAND", open_shell},
             {"tcp:HOST:PORT", open_tcp},
             {"serial:DEVICE[:BAUD], 1200 to 115200", open_serial}};

static int open_kind(struct box *b, const char *where, struct err *e)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        size_t n = strcspn(KINDS[i].form, ":") + 1;
        if (strncmp(where, KINDS[i].form, n) != 0)
            continue;
        int number = KINDS[i].open(b, where + n);
        if (number == 0 && b->in != (uv_stream_t *)&b->tcp) /* that once it is connected */
            number = uv_read_start(b->in, give_room, came);
        return number == 0 ? 0
                           : err_set(e, "the box %.80s: %s; expected %s", where,
                                     uv_strerror(number), KINDS[i].form);
    }
    return err_set(e,
                   "expected run:COMMAND, shell:COMMAND, tcp:HOST:PORT, serial:DEVICE[:BAUD] or "
                   "FILE.lua (docs/bench.md), found '%.60s'",
                   where);
}

/* Where the text of a file says that the box is. */
static int open_told(struct box *b, const char *path, const struct buf *text, struct err *e)
{
    int bad;
    lua_State *L = luaL_newstate();
    if (L == NULL)
        return err_set(e, "out of memory");
    const char *chunk = lua_pushfstring(L, "@%s", path);
    if (luaL_loadbufferx(L, (const char *)text->p, text->n, chunk, "t") != LUA_OK ||
        lua_pcall(L, 0, 1, 0) != LUA_OK)
        bad = err_set(e, "%s", lua_tostring(L, -1));
    else if (!lua_istable(L, -1) || lua_getfield(L, -1, "box") != LUA_TSTRING)
        bad =
            err_set(e, "%s: expected a table with the box, as box = 'tcp:192.168.1.9:5025'", path);
    else
        bad = open_kind(b, lua_tostring(L, -1), e);
    lua_close(L);
    return bad;
}

/* The text of the file is kept for the script. */
static int open_file(struct box *b, const char *path, struct err *e)
{
    struct buf text = {0};
    int bad = file_read_text(path, FILE_MOST, &text, e);
    b->file = bad == 0 ? strdup(buf_string(&text)) : NULL;
    if (bad == 0 && (b->file == NULL || text.failed))
        bad = err_set(e, "out of memory");
    if (bad == 0)
        bad = open_told(b, path, &text, e);
    buf_close(&text);
    return bad;
}

struct box *box_open(struct world *world, const char *where, struct err *e)
{
    struct box *b = calloc(1, sizeof *b);
    size_t n = strlen(where);
    if (b == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    b->world = world;
    b->last = &b->first;
    b->last_waiter = &b->waiter;
    bool is_file = n > 4 && strcmp(where + n - 4, ".lua") == 0;
    if ((is_file ? open_file(b, where, e) : open_kind(b, where, e)) == 0)
        return b;
    box_close(b);
    return NULL;
}

void box_forget(struct box *b, const struct script *s)
{
    for (struct box_waiter *w = b != NULL ? b->waiter : NULL, *next; w != NULL; w = next) {
        next = w->next;
        if (w->script != s)
            continue;
        remove_waiter(b, w);
        free(w);
    }
    if (b != NULL)
        wake(b);
}

static void end_by_force(void *data)
{
    const struct box *b = data;
    if (b->has_process)
        kill(-b->process.pid, SIGKILL);
}

static void ask_to_end(void *data)
{
    struct box *b = data;
    if (!b->has_process)
        return;
    kill(-b->process.pid, SIGTERM);
    timer_start(b->world, &b->ending, ENDING_MS, end_by_force, b);
}

void box_close(struct box *b)
{
    if (b == NULL)
        return;
    if (b->has_process) { /* it may not have done yet what was said last */
        timer_start(b->world, &b->ending, ENDING_MS, ask_to_end, b);
        uv_ref((uv_handle_t *)&b->process);
    }
    end_handle(b, &b->to);
    while (b->has_process && world_turn(b->world, true))
        continue;
    end_handle(b, &b->from);
    end_handle(b, &b->tcp);
    end_handle(b, &b->tty);
    while (b->open > 0 && world_turn(b->world, true))
        continue;
    timer_stop(&b->ending);
    timer_stop(&b->telling);
    for (struct box_line *l = b->first, *next; l != NULL; l = next) {
        next = l->next;
        free(l);
    }
    free(b->file);
    free(b);
}

/* ---- scripts ---- */

static struct box *box_of(lua_State *L)
{
    const struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    return script_of(L)->options->box[r->side == FROM_EVCC];
}

static int box(lua_State *L)
{
    const struct box *b = box_of(L);
    if (b == NULL)
        return 0;
    lua_pushstring(L, b->is_json ? "json" : "words");
    lua_pushstring(L, b->file);
    return 2;
}

struct sending {
    uv_write_t write;
    struct box *box;
    char line[];
};

static void sent(uv_write_t *w, int status)
{
    struct sending *s = w->data;
    if (status != 0 && status != UV_ECANCELED)
        lost(s->box, "writing", status);
    free(s);
}

static int box_send(lua_State *L)
{
    struct box *b = box_of(L);
    size_t n;
    const char *line = luaL_checklstring(L, 1, &n);
    luaL_argcheck(L, n < LINE_MOST && memchr(line, '\n', n) == NULL, 1, "expected one line");
    if (b != NULL && b->problem[0] == '\0' && uv_stream_get_write_queue_size(b->out) > QUEUE_MOST) {
        end_handle(b, b->out); /* what is queued would keep the run going */
        lost(b, "writing", UV_ENOBUFS);
    }
    struct sending *s = b == NULL || b->problem[0] != '\0' ? NULL : malloc(sizeof *s + n + 1);
    if (s == NULL)
        return 0;
    s->write.data = s;
    s->box = b;
    memcpy(s->line, line, n);
    s->line[n] = '\n';
    uv_buf_t bytes = uv_buf_init(s->line, (unsigned)n + 1);
    int number = uv_write(&s->write, b->out, &bytes, 1, sent);
    if (number != 0) {
        lost(b, "writing", number);
        free(s);
    }
    return 0;
}

static bool may_take(void *context)
{
    const struct box_waiter *w = context;
    return w->box->problem[0] != '\0' || (w->box->first != NULL && w->box->waiter == w);
}

static int received(lua_State *L, int status, lua_KContext context)
{
    struct box_waiter *w = (struct box_waiter *)context;
    struct box *b = w->box;
    struct box_line *l = may_take(w) ? b->first : NULL;
    (void)status;
    remove_waiter(b, w);
    free(w);
    if (l == NULL) {
        lua_pushnil(L);
        lua_pushstring(L, b->problem[0] != '\0' ? b->problem : NULL);
        return 2;
    }
    lua_pushstring(L, l->text);
    b->first = l->next;
    if (b->first == NULL)
        b->last = &b->first;
    b->waiting--;
    free(l);
    wake(b);
    return 1;
}

static int box_receive(lua_State *L)
{
    struct box *b = box_of(L);
    lua_Number ms = luaL_optnumber(L, 1, -1);
    if (b == NULL)
        return luaL_error(L, "there is no box; --pilot names one");
    struct box_waiter *own = malloc(sizeof *own);
    if (own == NULL)
        return luaL_error(L, "out of memory");
    *own = (struct box_waiter){.box = b, .script = script_of(L)};
    add_waiter(b, own);
    struct wait w = {.ready = may_take, .context = own};
    if (ms >= 0 && ms < 1e12)
        w.deadline_us = script_now(script_of(L)) + (int64_t)(ms * 1000) + 1;
    return script_wait(L, &w, (lua_KContext)own, received);
}

void box_methods(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Box", box}, {"Box_Send", box_send}, {"Box_Receive", box_receive}, {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
}
