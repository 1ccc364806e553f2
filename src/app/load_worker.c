/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_worker.h"

#include <stdio.h>
#include <string.h>

#define ASKS 200 /* so many parts of the vehicles are asked to end, one after another, */
#define ASK_US 50000
#define COUNT_MS 1000   /* what is seen as nothing happens: memory that goes back */
#define CUT_US 30000000 /* after which sessions are ended that do not end as asked */

/* ---- what is seen ---- */

/* So many go on in this thread; called with the lock. The sum of all threads is one number, so that
 * the most of it was there at one time. */
static void count_open(struct load_worker *w, unsigned open)
{
    struct load_plan *p = w->plan;
    unsigned more = open - w->figures.open; /* or fewer, which wraps around */
    unsigned all = more == 0 ? 0 : atomic_fetch_add(&p->open, more) + more;
    unsigned most = atomic_load(&p->most);
    w->figures.open = open;
    if (more >> 31 == 0)
        while (all > most && !atomic_compare_exchange_weak(&p->most, &most, all)) {
        }
}

/* Called with the lock. */
static void count_traffic(struct load_worker *w)
{
    w->figures.held_back = w->traffic.held_back;
    count_open(w, w->plan->side == FROM_EVCC ? w->traffic.here : w->sessions.n);
    if (w->plan->side == FROM_SECC)
        w->figures.came = figures_ended(&w->figures) + w->figures.open;
    w->figures.lua = w->run == NULL ? 0 : run_memory(w->run);
}

static void count_now(struct load_worker *w)
{
    pthread_mutex_lock(&w->lock);
    count_traffic(w);
    pthread_mutex_unlock(&w->lock);
}

static void count_again(void *context)
{
    struct load_worker *w = context;
    count_now(w);
    timer_start(w->world, &w->counts, COUNT_MS, count_again, w);
}

static void seen(void *context, const struct event *e)
{
    struct load_worker *w = context;
    if (e->kind == EVENT_LISTEN && w->listening < w->stations && w->plan->addresses == 0)
        endpoint_text(&e->from, w->address[w->listening++], ENDPOINT_TEXT);
    pthread_mutex_lock(&w->lock);
    open_sessions_event(&w->sessions, e);
    count_traffic(w);
    pthread_mutex_unlock(&w->lock);
}

/* The folder of all failures is made for the first one. -1: e. */
static int make_folder(struct load_plan *p, struct err *e)
{
    pthread_mutex_lock(&p->lock);
    if (!p->has_folder)
        p->has_folder = record_folder(p->record.path, p->folder, e) == 0;
    int bad = p->has_folder ? 0 : -1;
    pthread_mutex_unlock(&p->lock);
    return bad;
}

static void record_failure(struct load_worker *w, uint32_t session)
{
    struct load_plan *p = w->plan;
    struct err e = ERR_INIT;
    char path[RECORD_PATH_MAX + 32];
    const struct open_session *s = open_sessions_find(&w->sessions, session);
    unsigned number =
        s == NULL || !p->keeps_failures ? UINT32_MAX : atomic_fetch_add(&p->failures, 1);
    if (number >= p->failures_most)
        return;
    struct record_options o = p->record;
    o.path = path;
    o.library = &w->library;
    if (make_folder(p, &e) == 0) {
        snprintf(path, sizeof path, "%s/" RECORD_FAILURE, p->folder, number + 1);
        open_session_record(s, &o, &e);
    }
    pthread_mutex_lock(&w->lock);
    w->figures.recorded += !e.set;
    if (e.set && w->figures.unrecorded++ == 0)
        snprintf(w->figures.lost, sizeof w->figures.lost, "%s", e.what);
    pthread_mutex_unlock(&w->lock);
}

/* ---- sessions ---- */

static void count_end(struct load_worker *w, const struct session_end *end)
{
    int64_t now = world_now(w->world);
    const struct open_session *s = open_sessions_find(&w->sessions, end->session);
    int64_t connected = s == NULL ? 0 : s->connected_us;
    bool comes = w->plan->side == FROM_EVCC;
    int64_t since = comes ? w->traffic.place[end->number - 1].came_us : connected;
    pthread_mutex_lock(&w->lock);
    w->figures.passed += end->verdict == VERDICT_PASS;
    w->figures.unclear += end->verdict == VERDICT_INCONCLUSIVE;
    w->figures.failed += end->verdict == VERDICT_FAIL || end->verdict == VERDICT_ERROR;
    if (end->verdict != VERDICT_PASS)
        figures_add_reason(&w->figures, end->text, 1);
    if (comes && connected != 0 && (w->sessions.measures || connected < w->stopped_us))
        histogram_add(&w->connect.us, connected - since);
    if (since != 0 && w->sessions.measures)
        histogram_add(&w->session.us, now - since);
    open_sessions_end(&w->sessions, end->session);
    count_traffic(w);
    pthread_mutex_unlock(&w->lock);
}

static void session_over(void *context, const struct session_end *end)
{
    struct load_worker *w = context;
    struct load_plan *p = w->plan;
    if (p->side == FROM_EVCC && end->player != w->vehicles)
        return;
    if (end->verdict != VERDICT_PASS)
        record_failure(w, end->session);
    count_end(w, end);
    atomic_fetch_add(&p->ended, 1);
    if (p->side == FROM_EVCC) {
        traffic_gone(&w->traffic, end->number - 1);
        count_now(w);
    }
}

/* A vehicle that tries again, or comes back from a pause: its verdict is of its last session. */
static void session_left(void *context, uint32_t session)
{
    struct load_worker *w = context;
    pthread_mutex_lock(&w->lock);
    open_sessions_end(&w->sessions, session);
    pthread_mutex_unlock(&w->lock);
}

static unsigned choose_kind(struct load_plan *p)
{
    unsigned chosen = 0;
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < p->kinds; i++) {
        p->credit[i] += p->share[i];
        chosen = p->credit[i] > p->credit[chosen] ? i : chosen;
    }
    p->credit[chosen] -= 1;
    pthread_mutex_unlock(&p->lock);
    return chosen;
}

/* The place is its number. */
static bool come(void *context, unsigned place)
{
    struct load_worker *w = context;
    struct load_plan *p = w->plan;
    uint64_t before = atomic_fetch_add(&p->came, 1);
    if (p->total > 0 && before >= p->total)
        return false;
    w->fleet.sent = (unsigned)before;
    if (fleet_send(&w->fleet, choose_kind(p), place + 1) != 0)
        return false;
    pthread_mutex_lock(&w->lock);
    w->figures.came++;
    count_traffic(w);
    pthread_mutex_unlock(&w->lock);
    return true;
}

/* ---- the end ---- */

static void none_comes(void *context)
{
    struct load_worker *w = context;
    fleet_end(&w->fleet);
}

static void cut_short(void *context)
{
    struct load_worker *w = context;
    run_abort(w->run);
}

/* Not all at once: nobody could bear that, and so it is no fault of the other side's. */
static void ask_some(void *context)
{
    struct load_worker *w = context;
    if (w->vehicles != NULL && !run_stop_some(w->vehicles, w->asked_at_once))
        timer_at(w->world, &w->asks, world_now(w->world) + ASK_US, ask_some, w);
}

static void stop(struct load_worker *w)
{
    pthread_mutex_lock(&w->lock);
    if (w->sessions.measures)
        w->stopped_us = world_now(w->world);
    w->sessions.measures = false; /* that all end at once is not what was to be measured */
    pthread_mutex_unlock(&w->lock);
    timer_stop(&w->end);
    if (!timer_is_set(&w->cut))
        timer_at(w->world, &w->cut, world_now(w->world) + CUT_US, cut_short, w);
    if (w->plan->side == FROM_EVCC) {
        traffic_end(&w->traffic);
        w->asked_at_once = w->traffic.here / ASKS + 1;
        ask_some(w);
    } else {
        run_stop(w->run);
    }
}

static void time_is_over(void *context)
{
    stop(context);
}

static void was_asked(uv_async_t *handle)
{
    struct load_worker *w = handle->data;
    if (atomic_load(&w->wish) == LOAD_ABORT)
        run_abort(w->run);
    else if (atomic_load(&w->wish) == LOAD_STOP)
        stop(w);
}

void load_worker_ask(struct load_worker *w, enum load_wish wish)
{
    atomic_store(&w->wish, wish);
    pthread_mutex_lock(&w->lock);
    if (w->is_open)
        uv_async_send(&w->asked);
    pthread_mutex_unlock(&w->lock);
}

static void player_ended(void *context, const struct player *p, const struct script *s)
{
    struct load_worker *w = context;
    bool is_vehicle = p == w->vehicles;
    if (s->verdict == VERDICT_ERROR && !w->problem.set)
        err_set(&w->problem, "%s", s->traceback != NULL ? s->traceback : s->reason);
    if (!is_vehicle && s->verdict == VERDICT_ERROR)
        run_abort(w->run);
    if (!is_vehicle)
        return;
    traffic_end(&w->traffic);
    w->vehicles = NULL;
    run_stop(w->run); /* the stations are there for the vehicles alone */
}

static void all_over(void *context)
{
    struct load_worker *w = context;
    timer_stop(&w->end);
    timer_stop(&w->asks);
    timer_stop(&w->cut);
    timer_stop(&w->counts);
    pthread_mutex_lock(&w->lock);
    w->is_open = false;
    pthread_mutex_unlock(&w->lock);
    uv_close((uv_handle_t *)&w->asked, NULL);
}

/* ---- the beginning ---- */

static int open_library(struct load_worker *w, struct err *e)
{
    const struct library *from = w->plan->library;
    library_open(&w->library);
    for (unsigned i = 0; i < from->files; i++)
        if (library_add_file(&w->library, from->file[i].path, e) != 0)
            return -1;
    return 0;
}

static struct script_options own_options(struct load_worker *w, const struct script_options *from)
{
    struct script_options o = *from;
    o.library = &w->library;
    o.recorder = &w->recorder;
    o.faults = &w->faults;
    return o;
}

static int add_station(struct load_worker *w, const struct script_options *o, const char *address,
                       const struct ready *r, struct err *e)
{
    unsigned i = w->stations++;
    struct script_options own = own_options(w, o);
    own.peer.address = address;
    w->station[i] = *r;
    return run_add(w->run, &own, "evse", ready_station(&w->station[i]), e) == NULL ? -1 : 0;
}

static int add_stations(struct load_worker *w, struct err *e)
{
    const struct load_plan *p = w->plan;
    bool measured = p->side == FROM_SECC;
    for (unsigned i = 0; i < p->stations; i++) {
        const struct script_options *o = measured ? &p->script : &p->other;
        const char *address = !measured ? "::1" : p->addresses > 0 ? p->address[i] : NULL;
        if (add_station(w, o, address, measured ? &p->kind[i % p->kinds] : &p->station, e) != 0)
            return -1;
    }
    return 0;
}

/* This thread's part of all arrivals. */
static struct traffic_plan own_traffic(const struct load_worker *w)
{
    struct traffic_plan t = w->plan->traffic;
    unsigned n = w->plan->threads;
    t.first = (double)(w->index + 1) / n;
    t.rate /= n;
    t.places = t.places / n + (w->index < t.places % n ? 1 : 0);
    t.places = t.places == 0 ? 1 : t.places;
    return t;
}

static int add_vehicles(struct load_worker *w, struct err *e)
{
    struct load_plan *p = w->plan;
    struct traffic_plan traffic = own_traffic(w);
    struct script_options own = own_options(w, &p->script);
    own.peer.address = NULL;
    for (unsigned i = 0; i < LOAD_STATIONS_MOST; i++)
        w->addresses[i] = p->addresses > 0 ? p->address[i] : w->address[i];
    fleet_open(&w->fleet, p->kind, p->kinds);
    fleet_check(&w->fleet);
    w->fleet.address = w->addresses;
    w->fleet.addresses = p->addresses > 0 ? p->addresses : p->stations;
    w->fleet.source = p->source;
    w->fleet.sources = p->sources;
    w->vehicles = run_add(w->run, &own, "ev", fleet_built_in(&w->fleet), e);
    if (w->vehicles == NULL)
        return -1;
    if (traffic_open(&w->traffic, w->world, &traffic, come, none_comes, w) != 0)
        return err_set(e, "out of memory");
    return 0;
}

static int open_all(struct load_worker *w, struct err *e)
{
    static const struct run_events EVENTS = {player_ended, session_over, all_over};
    if (open_library(w, e) != 0 || (w->world = world_open(NULL, e)) == NULL)
        return -1;
    if (w->plan->side == FROM_SECC && w->plan->threads > 1)
        world_share_ports(w->world);
    recorder_add_quick(&w->recorder, "figures", seen, NULL, w);
    recorder_attach(&w->recorder, w->world);
    w->recorder.numbers.left = session_left;
    w->recorder.numbers.context = w;
    w->run = run_open(w->world, &EVENTS, w);
    if (w->run == NULL)
        return err_set(e, "out of memory");
    if (add_stations(w, e) != 0)
        return -1;
    return w->plan->side == FROM_EVCC ? add_vehicles(w, e) : 0;
}

static void play(struct load_worker *w)
{
    pthread_mutex_lock(&w->lock);
    uv_async_init(world_loop(w->world), &w->asked, was_asked);
    w->asked.data = w;
    w->is_open = true;
    pthread_mutex_unlock(&w->lock);
    count_again(w);
    if (w->plan->duration_us > 0)
        timer_at(w->world, &w->end, world_now(w->world) + w->plan->duration_us, time_is_over, w);
    if (w->plan->side == FROM_EVCC)
        traffic_begin(&w->traffic);
    if (atomic_load(&w->wish) != LOAD_GO_ON) /* it was asked before it could be */
        uv_async_send(&w->asked);
    run_play(w->run);
}

/* Those who are there still have not passed, either. */
static void record_cut(struct load_worker *w)
{
    for (unsigned i = 0; i < w->sessions.buckets; i++)
        for (const struct open_session *s = w->sessions.bucket[i]; s != NULL; s = s->next)
            record_failure(w, s->session);
}

static void *run_thread(void *context)
{
    struct load_worker *w = context;
    if (open_all(w, &w->problem) == 0)
        play(w);
    record_cut(w);
    pthread_mutex_lock(&w->lock);
    count_traffic(w);
    w->figures.cut = w->figures.open;
    count_open(w, 0);
    pthread_mutex_unlock(&w->lock);
    if (w->run != NULL)
        run_close(w->run);
    fleet_close(&w->fleet);
    recorder_detach(&w->recorder);
    world_close(w->world);
    w->over(w->context);
    return NULL;
}

int load_worker_start(struct load_worker *w, struct err *e)
{
    struct load_plan *p = w->plan;
    w->problem = ERR_INIT;
    w->faults = *p->faults;
    pthread_mutex_init(&w->lock, NULL);
    open_sessions_open(&w->sessions, p->side, p->keeps_failures);
    snprintf(w->connect.name, sizeof w->connect.name, FIGURES_CONNECT);
    snprintf(w->session.name, sizeof w->session.name, FIGURES_SESSION);
    if (pthread_create(&w->thread, NULL, run_thread, w) == 0)
        return 0;
    return err_set(e, "no thread can be started");
}

int load_worker_add(struct load_worker *w, struct load_figures *to)
{
    pthread_mutex_lock(&w->lock);
    int bad = figures_merge(to, &w->figures);
    bad |= figures_merge_row(to, &w->connect);
    bad |= figures_merge_row(to, &w->session);
    for (unsigned i = 0; i < w->sessions.turnarounds; i++)
        bad |= figures_merge_row(to, w->sessions.turnaround[i]);
    pthread_mutex_unlock(&w->lock);
    return bad;
}

void load_worker_close(struct load_worker *w)
{
    pthread_join(w->thread, NULL);
    traffic_close(&w->traffic);
    open_sessions_close(&w->sessions);
    library_close(&w->library);
    pthread_mutex_destroy(&w->lock);
}
