/* SPDX-License-Identifier: Apache-2.0 */
#include "script/station.h"

#include "script/behaviour.h"
#include "script/role.h"
#include "script/run.h"
#include "session/discovery.h"
#include "wire/lab.h"
#include "wire/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACTORS_MOST 500 /* scripts, and so sessions at once */
#define SWEEP_MS 2

/* ORDER LIFE */
enum life { PLAYING, RETIRED, CLOSED };

struct player {
    struct player *next;
    struct actor actor;
    struct play *play;
    enum life life;
    unsigned closed_turn; /* of the loop */
    bool is_vehicle;
};

struct play {
    const struct station_options *options;
    struct script_options common, vehicle_common;
    uv_loop_t loop;
    uv_timer_t sweeper, ticker;
    uv_prepare_t turner;
    uv_signal_t interrupt, terminate;
    struct player *players;
    unsigned playing, vehicles; /* not closed yet; vehicles that have not ended */
    unsigned sessions, signals, turn;
    struct listener *listener, *tls_listener;
    struct sdp_socket *sdp;
    struct memory memory;
    bool stop;      /* the user wants to end; scripts look at it */
    bool closing;   /* no further connections */
    bool is_closed; /* the handles are closing */
    int result;
};

static void worsen(struct play *play, enum verdict verdict)
{
    /* ORDER VERDICT */
    static const int EXITS[] = {RUN_ERROR, RUN_PASS, RUN_FAIL, RUN_INCONCLUSIVE, RUN_ERROR};
    static const int RANKS[] = {0, 2, 1, 3}; /* ORDER RUN_EXIT */
    int next = EXITS[verdict];
    if (RANKS[next] > RANKS[play->result])
        play->result = next;
}

/* ---- the life of a script ---- */

static void sweep(uv_timer_t *timer);

static void retire(struct player *p)
{
    if (p->life != PLAYING)
        return;
    p->life = RETIRED;
    if (!p->play->is_closed)
        uv_timer_start(&p->play->sweeper, sweep, 0, 0);
}

static void retire_idle(struct play *play)
{
    for (struct player *p = play->players; p != NULL; p = p->next)
        if (p->actor.is_idle)
            retire(p);
}

/* The station takes no further vehicles, and ends with its last session. */
static void close_station(struct play *play)
{
    play->closing = true;
    sdp_close(play->sdp);
    listener_close(play->listener);
    listener_close(play->tls_listener);
    play->sdp = NULL;
    play->listener = play->tls_listener = NULL;
    retire_idle(play);
}

static void close_handles(struct play *play)
{
    if (play->is_closed)
        return;
    play->is_closed = true;
    close_station(play);
    uv_close((uv_handle_t *)&play->sweeper, NULL);
    uv_close((uv_handle_t *)&play->ticker, NULL);
    uv_close((uv_handle_t *)&play->turner, NULL);
    uv_close((uv_handle_t *)&play->interrupt, NULL);
    uv_close((uv_handle_t *)&play->terminate, NULL);
}

static void close_player(struct player *p)
{
    stream_close(p->actor.handed, STREAM_RST);
    p->actor.handed = NULL;
    script_close(&p->actor.script);
    p->life = CLOSED;
    p->closed_turn = p->play->turn;
    p->play->playing--;
}

/* Scripts that are over: closed first, freed once the loop has let go of them. */
static void sweep(uv_timer_t *timer)
{
    struct play *play = timer->data;
    bool again = false;
    for (struct player **at = &play->players; *at != NULL;) {
        struct player *p = *at;
        if (p->life == CLOSED && play->turn - p->closed_turn >= 2) {
            *at = p->next;
            free(p);
            continue;
        }
        if (p->life == RETIRED)
            close_player(p);
        again |= p->life == CLOSED;
        at = &p->next;
    }
    bool listens = play->listener != NULL || play->tls_listener != NULL;
    if (play->playing == 0 && (play->closing || !listens))
        close_handles(play);
    else if (again)
        uv_timer_start(&play->sweeper, sweep, SWEEP_MS, 0);
}

static void script_ended(struct script *s, void *context)
{
    struct player *p = context;
    struct play *play = p->play;
    const struct station_options *o = play->options;
    worsen(play, s->verdict);
    if (o->over != NULL)
        o->over(o->context, p->is_vehicle ? "EVCC" : "SECC", s->verdict,
                s->verdict == VERDICT_ERROR && s->traceback != NULL ? s->traceback : s->reason);
    if (p->is_vehicle && --play->vehicles == 0)
        close_station(play);
    retire(p);
}

static void session_over(struct actor *a, bool ok, const char *text)
{
    struct player *p = a->context;
    struct play *play = p->play;
    const struct station_options *o = play->options;
    enum verdict verdict = ok ? VERDICT_PASS : VERDICT_FAIL;
    worsen(play, verdict);
    if (o->over != NULL)
        o->over(o->context, "SECC", verdict, text);
    if (++play->sessions == o->sessions)
        close_station(play);
}

static void became_idle(struct actor *a)
{
    struct player *p = a->context;
    if (p->play->closing)
        retire(p);
}

static struct player *new_player(struct play *play, bool is_vehicle, struct err *e)
{
    const struct station_options *o = play->options;
    struct player *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    p->play = play;
    p->is_vehicle = is_vehicle;
    p->next = play->players;
    play->players = p;
    play->playing++;
    struct actor *a = &p->actor;
    int bad = script_open(&a->script, is_vehicle ? &play->vehicle_common : &play->common,
                          is_vehicle ? "ev" : "evse", is_vehicle ? o->vehicle : o->station, e);
    a->memory = &play->memory;
    a->stop = &play->stop;
    a->idle = became_idle;
    a->over = session_over;
    a->context = p;
    a->script.ended = script_ended;
    a->script.ended_context = p;
    if (bad == 0 && behaviour_open(a, e) == 0)
        return p;
    retire(p);
    return NULL;
}

/* ---- connections ---- */

static struct player *idle_player(struct play *play)
{
    struct err e = ERR_INIT;
    for (struct player *p = play->players; p != NULL; p = p->next)
        if (p->life == PLAYING && p->actor.is_idle && p->actor.handed == NULL)
            return p;
    if (play->playing >= ACTORS_MOST)
        return NULL;
    struct player *p = new_player(play, false, &e);
    if (p != NULL)
        script_step(&p->actor.script);
    return p != NULL && p->life == PLAYING && p->actor.is_idle ? p : NULL;
}

static void hand_over(struct play *play, struct stream *s, bool with_tls)
{
    struct player *p = play->closing ? NULL : idle_player(play);
    if (p == NULL) {
        stream_close(s, STREAM_RST);
        return;
    }
    p->actor.handed = s;
    p->actor.handed_tls = with_tls;
    script_step(&p->actor.script);
}

static void accepted(void *context, struct stream *s)
{
    hand_over(context, s, false);
}

static void accepted_tls(void *context, struct stream *s)
{
    hand_over(context, s, true);
}

static void asked(void *context, struct sdp_socket *s, const struct endpoint *from,
                  const struct endpoint *to, struct slice bytes)
{
    const struct play *play = context;
    discovery_answer(play->common.recorder, s, from, to, bytes, listener_endpoint(play->listener),
                     listener_endpoint(play->tls_listener));
}

/* Where a connection may be either, it is one of TLS until its first byte tells (peer.h). */
static int listen_at(struct play *play, const struct endpoint *at, bool with_tls, bool either,
                     struct err *e)
{
    static const struct listener_events PLAIN = {.accepted = accepted};
    static const struct listener_events TLS = {.accepted = accepted_tls};
    struct listener *l = stream_listen(&play->loop, at, 0, with_tls ? &TLS : &PLAIN, play, e);
    *(with_tls ? &play->tls_listener : &play->listener) = l;
    if (l == NULL)
        return -1;
    struct event listens = {.us = peer_now(),
                            .kind = EVENT_LISTEN,
                            .ok = true,
                            .from_role = FROM_SECC,
                            .by = "SECC",
                            .where = "",
                            .name = "",
                            .text = either     ? "TLS or none"
                                    : with_tls ? "TLS"
                                               : "",
                            .from = *listener_endpoint(l)};
    recorder_put(play->common.recorder, &listens);
    return 0;
}

static int listen_by_sdp(struct play *play, const struct peer_options *o, struct err *e)
{
    const char *interface = play->common.peer.interface;
    struct endpoint at = {0};
    if (interface == NULL && lab_current() != LAB_NONE)
        interface = LAB_EVSE_INTERFACE;
    if (interface == NULL)
        return err_set(e, "no network to use; give an interface (--interface eth1) or an address "
                          "(--peer [::1]:PORT)");
    snprintf(at.interface, sizeof at.interface, "%s", interface);
    bool may_be_plain = o->tls == PEER_TLS_OFF || (o->tls == PEER_TLS_AUTO && !o->tls_only);
    if (may_be_plain && listen_at(play, &at, false, false, e) != 0)
        return -1;
    if (o->tls != PEER_TLS_OFF && listen_at(play, &at, true, false, e) != 0)
        return -1;
    play->sdp = sdp_server_open(&play->loop, interface, 0, asked, play, e);
    return play->sdp == NULL ? -1 : 0;
}

static int open_listeners(struct play *play, const struct peer_options *o, struct err *e)
{
    const char *address = play->common.peer.address;
    struct endpoint at = {0};
    if (address == NULL)
        return listen_by_sdp(play, o, e);
    if (endpoint_parse(address, &at, e) != 0)
        return -1;
    bool either = o->tls == PEER_TLS_AUTO && !o->tls_only;
    return listen_at(play, &at, o->tls != PEER_TLS_OFF, either, e);
}

/* ---- Ctrl-C ---- */

static void on_signal(uv_signal_t *handle, int number)
{
    struct play *play = handle->data;
    const struct station_options *o = play->options;
    (void)number;
    if (++play->signals > 2)
        _exit(RUN_INCONCLUSIVE);
    play->stop = true;
    worsen(play, VERDICT_INCONCLUSIVE);
    if (play->signals == 1) {
        if (o->stopping != NULL)
            o->stopping(o->context);
        close_station(play);
        return;
    }
    play->closing = true;
    for (struct player *p = play->players; p != NULL; p = p->next)
        if (p->life == PLAYING)
            script_abort(&p->actor.script, VERDICT_INCONCLUSIVE, "interrupted");
}

static void on_turn(uv_prepare_t *handle)
{
    struct play *play = handle->data;
    play->turn++;
}

static void on_tick(uv_timer_t *timer)
{
    const struct play *play = timer->data;
    play->options->tick(play->options->context);
}

/* ---- the whole ---- */

static void open_loop(struct play *play)
{
    const struct station_options *o = play->options;
    uv_loop_init(&play->loop);
    uv_timer_init(&play->loop, &play->sweeper);
    uv_timer_init(&play->loop, &play->ticker);
    uv_prepare_init(&play->loop, &play->turner);
    uv_prepare_start(&play->turner, on_turn);
    uv_unref((uv_handle_t *)&play->turner);
    play->turner.data = play;
    uv_signal_init(&play->loop, &play->interrupt);
    uv_signal_init(&play->loop, &play->terminate);
    play->sweeper.data = play->ticker.data = play->interrupt.data = play->terminate.data = play;
    uv_signal_start(&play->interrupt, on_signal, SIGINT);
    uv_signal_start(&play->terminate, on_signal, SIGTERM);
    if (o->tick_ms > 0)
        uv_timer_start(&play->ticker, on_tick, o->tick_ms, o->tick_ms);
    play->common.loop = play->vehicle_common.loop = &play->loop;
}

/* The station first, so that it listens when the vehicles begin to look for it. */
static int start(struct play *play, struct err *e)
{
    const struct station_options *o = play->options;
    if (o->station != NULL) {
        struct player *p = new_player(play, false, e);
        if (p == NULL)
            return -1;
        script_step(&p->actor.script); /* until it says what to listen for */
        struct peer_options listening = play->common.peer;
        behaviour_tls(&p->actor, &listening);
        if (p->life != PLAYING || open_listeners(play, &listening, e) != 0)
            return -1;
    }
    play->vehicles = o->vehicle != NULL ? o->vehicles : 0;
    for (unsigned i = 0; o->vehicle != NULL && i < o->vehicles; i++) {
        struct player *p = new_player(play, true, e);
        if (p == NULL)
            return -1;
        script_step(&p->actor.script);
    }
    return 0;
}

static void free_players(struct play *play)
{
    while (play->players != NULL) {
        struct player *p = play->players;
        play->players = p->next;
        free(p);
    }
}

int station_run(const struct station_options *o, struct err *e)
{
    struct play play = {.options = o, .common = o->common, .vehicle_common = o->common};
    play.vehicle_common.files = o->vehicle_files;
    play.vehicle_common.beside = o->vehicle_beside;
    play.vehicle_common.settings = o->vehicle_settings;
    open_loop(&play);
    int bad = start(&play, e);
    if (bad == 0)
        uv_run(&play.loop, UV_RUN_DEFAULT);
    for (struct player *p = play.players; p != NULL; p = p->next)
        if (p->life != CLOSED)
            close_player(p);
    close_handles(&play);
    uv_run(&play.loop, UV_RUN_DEFAULT);
    uv_loop_close(&play.loop);
    free_players(&play);
    memory_close(&play.memory);
    return bad != 0 ? RUN_ERROR : play.result;
}
