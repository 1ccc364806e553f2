/* SPDX-License-Identifier: Apache-2.0 */
#include "script/station.h"

#include "script/behaviour.h"
#include "script/role.h"
#include "script/run.h"
#include "session/discovery.h"
#include "wire/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define ACTORS_MOST 500 /* scripts, and so sessions at once */

struct player {
    struct player *next;
    struct actor actor;
    struct play *play;
    bool is_vehicle, is_retired;
};

struct play {
    const struct station_options *options;
    struct script_options common, vehicle_common;
    struct timer sweeper, ticker;
    uv_signal_t interrupt, terminate;
    struct player *players;
    unsigned playing, vehicles; /* not closed yet; vehicles that have not ended */
    unsigned sessions, signals;
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

static void sweep(void *data);

static void retire(struct player *p)
{
    struct play *play = p->play;
    p->is_retired = true;
    if (!play->is_closed)
        timer_start(play->common.world, &play->sweeper, 0, sweep, play);
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
    timer_stop(&play->sweeper);
    timer_stop(&play->ticker);
    uv_close((uv_handle_t *)&play->interrupt, NULL);
    uv_close((uv_handle_t *)&play->terminate, NULL);
}

static void close_player(struct player *p)
{
    stream_close(p->actor.handed, STREAM_RST);
    script_close(&p->actor.script);
    p->play->playing--;
    free(p);
}

/* Scripts that are over. They end while they, or a callback of theirs, are still on the stack. */
static void sweep(void *data)
{
    struct play *play = data;
    for (struct player **at = &play->players; *at != NULL;) {
        struct player *p = *at;
        if (p->is_retired) {
            *at = p->next;
            close_player(p);
        } else {
            at = &p->next;
        }
    }
    bool listens = play->listener != NULL || play->tls_listener != NULL;
    if (play->playing == 0 && (play->closing || !listens))
        close_handles(play);
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
        if (!p->is_retired && p->actor.is_idle && p->actor.handed == NULL)
            return p;
    if (play->playing >= ACTORS_MOST)
        return NULL;
    struct player *p = new_player(play, false, &e);
    if (p != NULL)
        script_step(&p->actor.script);
    return p != NULL && !p->is_retired && p->actor.is_idle ? p : NULL;
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
    discovery_answer(play->common.recorder, world_now(play->common.world), s, from, to, bytes,
                     listener_endpoint(play->listener), listener_endpoint(play->tls_listener));
}

/* Where a connection may be either, it is one of TLS until its first byte tells (peer.h). */
static int listen_at(struct play *play, const struct endpoint *at, bool with_tls, bool either,
                     struct err *e)
{
    static const struct listener_events PLAIN = {.accepted = accepted};
    static const struct listener_events TLS = {.accepted = accepted_tls};
    struct listener *l =
        stream_listen(play->common.world, at, 0, with_tls ? &TLS : &PLAIN, play, e);
    *(with_tls ? &play->tls_listener : &play->listener) = l;
    if (l == NULL)
        return -1;
    discovery_record_listener(play->common.recorder, world_now(play->common.world), "SECC",
                              listener_endpoint(l),
                              either     ? "TLS or none"
                              : with_tls ? "TLS"
                                         : "");
    return 0;
}

static int listen_by_sdp(struct play *play, const struct peer_options *o, struct err *e)
{
    const char *interface = play->common.peer.interface;
    struct endpoint at = {0};
    if (interface == NULL)
        interface = world_interface(play->common.world, false);
    if (interface == NULL)
        return err_set(e, "no network to use; give an interface (--interface eth1) or an address "
                          "(--peer [::1]:PORT)");
    snprintf(at.interface, sizeof at.interface, "%s", interface);
    bool may_be_plain = o->tls == PEER_TLS_OFF || o->tls == PEER_TLS_AUTO;
    if (may_be_plain && listen_at(play, &at, false, false, e) != 0)
        return -1;
    if (o->tls != PEER_TLS_OFF && listen_at(play, &at, true, false, e) != 0)
        return -1;
    play->sdp = sdp_server_open(play->common.world, interface, 0, asked, play, e);
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
    bool either = o->tls == PEER_TLS_AUTO;
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
        if (!p->is_retired)
            script_abort(&p->actor.script, VERDICT_INCONCLUSIVE, "interrupted");
}

static void on_tick(void *data)
{
    struct play *play = data;
    const struct station_options *o = play->options;
    timer_start(play->common.world, &play->ticker, o->tick_ms, on_tick, play);
    o->tick(o->context);
}

/* ---- the whole ---- */

static int open_world(struct play *play, struct err *e)
{
    struct world *world = play->common.world != NULL ? play->common.world : world_open(NULL, e);
    if (world == NULL)
        return -1;
    play->common.world = play->vehicle_common.world = world;
    recorder_attach(play->common.recorder, world);
    uv_signal_init(world_loop(world), &play->interrupt);
    uv_signal_init(world_loop(world), &play->terminate);
    play->interrupt.data = play->terminate.data = play;
    uv_signal_start(&play->interrupt, on_signal, SIGINT);
    uv_signal_start(&play->terminate, on_signal, SIGTERM);
    if (play->options->tick_ms > 0)
        timer_start(world, &play->ticker, play->options->tick_ms, on_tick, play);
    return 0;
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
        if (p->is_retired || open_listeners(play, &listening, e) != 0)
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

int station_run(const struct station_options *o, struct err *e)
{
    struct play play = {.options = o, .common = o->common, .vehicle_common = o->common};
    play.vehicle_common.peer.choice = o->vehicle_choice;
    play.vehicle_common.beside = o->vehicle_beside;
    if (open_world(&play, e) != 0)
        return RUN_ERROR;
    int bad = start(&play, e);
    if (bad == 0)
        world_run(play.common.world);
    for (struct player *p = play.players; bad == 0 && p != NULL; p = p->next)
        if (!p->is_retired)
            script_abort(&p->actor.script, VERDICT_INCONCLUSIVE, RUN_NOTHING_COMES);
    for (struct player *p = play.players, *next; p != NULL; p = next) {
        next = p->next;
        close_player(p);
    }
    play.players = NULL;
    close_handles(&play);
    recorder_detach(play.common.recorder);
    world_close(play.common.world);
    memory_close(&play.memory);
    return bad != 0 ? RUN_ERROR : play.result;
}
