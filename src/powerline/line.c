/* SPDX-License-Identifier: Apache-2.0 */
#include "powerline/line.h"

#include "wire/lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROMILLE 1000u
#define LOOK_US 200000 /* a run whose hosts have gone is kept no longer by what is still to come */

struct line_frame {
    struct line_frame *next, **at;
    struct timer timer;
    struct line *line;
    struct line_node *to;
    struct line_node *from; /* NULL: it is the modem's own word */
    size_t n;
    uint8_t bytes[];
};

/* ---- the line ---- */

static const uint8_t *mac_of(void *context, const char *interface)
{
    const struct line_node *n = line_find(context, interface);
    return n == NULL ? NULL : n->mac;
}

static const char *other_end_of(void *context, const char *interface)
{
    const struct line_node *n = line_find(context, interface);
    return n == NULL || n->other_end == NULL ? NULL : n->other_end->name;
}

static int host_sends(void *context, const char *interface, struct slice frame, struct err *e)
{
    struct line *l = context;
    struct line_node *n = line_find(l, interface);
    if (n == NULL)
        return err_set(e, "the power line has no node %s", interface);
    l->modems->from_host(l, n, frame);
    return 0;
}

struct line *line_open(struct world *world, struct library *library,
                       const struct line_options *options, const struct line_modems *modems,
                       struct err *e)
{
    struct line *l = calloc(1, sizeof *l);
    if (l == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    l->world = world;
    l->library = library;
    l->modems = modems;
    l->options = *options;
    l->medium = (struct ether_medium){
        .context = l, .mac = mac_of, .other_end = other_end_of, .send = host_sends};
    ether_set_medium(world, &l->medium);
    return l;
}

static void drop(struct line_frame *f)
{
    *f->at = f->next;
    if (f->next != NULL)
        f->next->at = f->at;
    free(f);
}

void line_close(struct line *l)
{
    if (l == NULL)
        return;
    while (l->first != NULL) {
        timer_stop(&l->first->timer);
        drop(l->first);
    }
    timer_stop(&l->look);
    for (unsigned i = 0; i < l->nodes; i++)
        ether_close(l->node[i].port);
    ether_set_medium(l->world, NULL);
    free(l->path);
    free(l->watch);
    free(l);
}

/* ---- nodes ---- */

struct line_node *line_find(struct line *l, const char *name)
{
    for (unsigned i = 0; i < l->nodes; i++)
        if (strcmp(l->node[i].name, name) == 0)
            return &l->node[i];
    return NULL;
}

struct line_node *line_add(struct line *l, const char *name, struct err *e)
{
    if (l->nodes == LINE_NODES || line_find(l, name) != NULL) {
        err_set(e, l->nodes == LINE_NODES ? "more than %d nodes" : "two nodes %.*s",
                l->nodes == LINE_NODES ? LINE_NODES : LINE_NAME, name);
        return NULL;
    }
    struct line_node *n = &l->node[l->nodes++];
    *n = (struct line_node){.line = l};
    snprintf(n->name, sizeof n->name, "%s", name);
    uint8_t last = strcmp(name, LAB_EV_INTERFACE) == 0     ? 0xE1
                   : strcmp(name, LAB_EVSE_INTERFACE) == 0 ? 0xE2
                                                           : (uint8_t)l->nodes;
    memcpy(n->mac, (uint8_t[]){0x02, 0, 0, 0, last >= 0xE1 ? 0 : 1, last}, sizeof n->mac);
    memcpy(n->modem, (uint8_t[]){0x00, 0xB0, 0x52, n->mac[4], 1, last}, sizeof n->modem);
    return n;
}

/* Who is there tells its MAC address by what it sends. */
static void wire_sends(void *context, struct slice frame)
{
    struct line_node *n = context;
    bool is_homeplug = ether_type(frame) == ETHER_HOMEPLUG;
    if (frame.n < ETHER_HEADER || (n->has_host && is_homeplug))
        return;
    memcpy(n->mac, frame.p + sizeof n->mac, sizeof n->mac);
    n->line->modems->from_host(n->line, n, frame);
}

int line_attach(struct line *l, struct line_node *n, const char *interface, bool has_host,
                struct err *e)
{
    n->has_host = has_host;
    n->port = ether_open(l->world, interface, ETHER_ALL, wire_sends, n, e);
    return n->port == NULL ? -1 : 0;
}

/* ---- between them ---- */

static size_t place(const struct line *l, const struct line_node *from, const struct line_node *to)
{
    return (size_t)(from - l->node) * LINE_NODES + (size_t)(to - l->node);
}

struct line_path *line_path(struct line *l, const struct line_node *from,
                            const struct line_node *to)
{
    if (l->path == NULL) {
        l->path = malloc((size_t)LINE_NODES * LINE_NODES * sizeof *l->path);
        for (size_t i = 0; l->path != NULL && i < (size_t)LINE_NODES * LINE_NODES; i++)
            l->path[i] = l->options.all;
    }
    return l->path == NULL ? NULL : &l->path[place(l, from, to)];
}

static const struct line_path *path_of(const struct line *l, const struct line_node *from,
                                       const struct line_node *to)
{
    return l->path == NULL ? &l->options.all : &l->path[place(l, from, to)];
}

/* Off the line now. */
static bool is_off(const struct line_node *n, int64_t now)
{
    bool off = n->is_unplugged;
    for (unsigned i = 0; i < n->aways; i++)
        off = off || (now >= n->away[i].from_us && now < n->away[i].to_us);
    return off;
}

/* Since when it has had its key, and been on the line. */
static int64_t there_since(const struct line_node *n, int64_t now)
{
    int64_t since = n->key_us;
    for (unsigned i = 0; i < n->aways; i++)
        if (n->away[i].to_us <= now && n->away[i].to_us > since)
            since = n->away[i].to_us;
    return since;
}

/* When their link is up, as things are now; INT64_MAX: never. */
static int64_t link_us(const struct line *l, const struct line_node *a, const struct line_node *b)
{
    int64_t now = world_now(l->world);
    if (a == b || a->key_us == 0 || b->key_us == 0 || is_off(a, now) || is_off(b, now) ||
        !path_of(l, a, b)->is_there || memcmp(a->nmk, b->nmk, sizeof a->nmk) != 0 ||
        (l->options.by_nid && memcmp(a->nid, b->nid, sizeof a->nid) != 0))
        return INT64_MAX;
    int64_t of_a = there_since(a, now), of_b = there_since(b, now);
    return (of_a > of_b ? of_a : of_b) + (int64_t)l->options.join_ms * 1000;
}

bool line_is_linked(const struct line *l, const struct line_node *a, const struct line_node *b)
{
    return link_us(l, a, b) <= world_now(l->world);
}

/* ---- links that come and go ---- */

/* When it goes off the line or on it next, if that is before `otherwise`. */
static int64_t next_edge(const struct line_node *n, int64_t now, int64_t otherwise)
{
    for (unsigned i = 0; i < n->aways; i++) {
        int64_t edge = n->away[i].from_us > now ? n->away[i].from_us : n->away[i].to_us;
        otherwise = edge > now && edge < otherwise ? edge : otherwise;
    }
    return otherwise;
}

static void look_again(void *data)
{
    line_changed(data);
}

/* When the link may change next by itself; INT64_MAX: never. */
static int64_t next_change(const struct line *l, const struct line_watch *w, int64_t now)
{
    int64_t up = link_us(l, w->a, w->b);
    return next_edge(w->a, now, next_edge(w->b, now, up <= now ? INT64_MAX : up));
}

static void tell_change(const struct line *l, struct line_watch *w)
{
    bool is_up = line_is_linked(l, w->a, w->b);
    if (is_up == w->is_up)
        return;
    w->is_up = is_up;
    w->changed(w->context, w);
}

void line_changed(struct line *l)
{
    if (l->watches == 0)
        return;
    int64_t now = world_now(l->world), next = INT64_MAX, soon = now + LOOK_US;
    for (unsigned i = 0; i < l->watches; i++) {
        int64_t of_this = next_change(l, &l->watch[i], now);
        next = of_this < next ? of_this : next;
    }
    timer_stop(&l->look);
    if (next < INT64_MAX && ether_medium_is_used(l->world))
        timer_at(l->world, &l->look, next < soon ? next : soon, look_again, l);
    for (unsigned i = 0; i < l->watches; i++)
        tell_change(l, &l->watch[i]);
}

int line_watch(struct line *l, const struct line_watch *watch)
{
    struct line_watch *grown = realloc(l->watch, (l->watches + 1) * sizeof *grown);
    if (grown == NULL)
        return -1;
    l->watch = grown;
    l->watch[l->watches++] = *watch;
    line_changed(l);
    return 0;
}

/* ---- frames ---- */

static void hand_over(struct line *l, const struct line_node *n, struct slice frame)
{
    struct err ignored = ERR_INIT; /* the host's interface is gone */
    if (n->port != NULL && !(n->has_host && ether_type(frame) == ETHER_HOMEPLUG))
        ether_send(n->port, frame, &ignored);
    else
        ether_deliver(l->world, n->name, frame);
}

static void arrive(void *data)
{
    struct line_frame *f = data;
    struct line *l = f->line;
    struct slice frame = {f->bytes, f->n};
    bool is_there = !is_off(f->to, world_now(l->world));
    if (is_there || f->from == NULL)
        hand_over(l, f->to, frame);
    if (f->from != NULL && is_there)
        l->modems->heard(l, f->to, frame, path_of(l, f->from, f->to));
    drop(f);
}

static void send_later(struct line *l, struct line_node *from, struct line_node *to,
                       struct slice frame, unsigned after_us)
{
    struct line_frame *f = malloc(sizeof *f + frame.n);
    if (f == NULL)
        return; /* a frame that is lost, as on any line */
    *f = (struct line_frame){.line = l, .from = from, .to = to, .n = frame.n, .next = l->first};
    memcpy(f->bytes, frame.p, frame.n);
    f->at = &l->first;
    if (f->next != NULL)
        f->next->at = &f->next;
    l->first = f;
    timer_at(l->world, &f->timer, world_now(l->world) + after_us, arrive, f);
}

void line_to_host(struct line *l, struct line_node *n, struct slice frame, unsigned after_us)
{
    send_later(l, NULL, n, frame, after_us);
}

static bool happens(struct line *l, unsigned of_1000)
{
    uint32_t chance = 0;
    if (of_1000 == 0)
        return false;
    world_random(l->world, &chance, sizeof chance);
    return chance % PROMILLE < of_1000;
}

void line_carry(struct line *l, struct line_node *from, struct slice frame)
{
    bool is_for_all = frame.p[0] & 1, is_homeplug = ether_is_homeplug(frame);
    if (is_off(from, world_now(l->world)))
        return;
    for (unsigned i = 0; i < l->nodes; i++) {
        struct line_node *to = &l->node[i];
        const struct line_path *p = path_of(l, from, to);
        bool is_meant = is_for_all || memcmp(frame.p, to->mac, sizeof to->mac) == 0;
        if (to == from || !p->is_there || !is_meant ||
            (!is_homeplug && !line_is_linked(l, from, to)) || happens(l, p->loss))
            continue;
        send_later(l, from, to, frame, p->delay_us);
        if (happens(l, p->duplicates))
            send_later(l, from, to, frame, 2 * p->delay_us);
    }
}
