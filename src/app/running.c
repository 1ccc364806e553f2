/* SPDX-License-Identifier: Apache-2.0 */
#include "app/running.h"

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/report.h"
#include "base/said.h"
#include "wire/lab.h"

#include <stdio.h>
#include <string.h>

#define BY_SCRIPT                                                                                  \
    "a script says itself what its side does; --with, --with-persona and --with-script are for "   \
    "the ready-made side of --against"

const struct instead RUNNING_INSTEAD[] = {
    {"mode", BY_SCRIPT}, {"persona", BY_SCRIPT}, {"script", BY_SCRIPT},
    {"set", BY_SCRIPT},  {NULL, NULL},
};

const char *const RUNNING_SIDES[] = {"ev", "evse", NULL};

static void print_text(void *context, const char *text, size_t n)
{
    (void)context;
    fwrite(text, 1, n, stdout);
}

/* The ready-made side ends with the last script; without it the scripts have nobody to meet. */
static void other_goes(struct running *r, const struct player *p, const struct script *s)
{
    bool is_other = p == r->other;
    if (is_other)
        r->other = NULL;
    else
        r->left--;
    if (is_other && s->verdict == VERDICT_ERROR && r->left > 0)
        run_abort(r->run);
    if (!is_other && r->left == 0 && r->other != NULL)
        run_stop_player(r->other);
}

/* What the verdict's line in the ladder has no room for. */
static void script_ended(void *context, const struct player *p, const struct script *s)
{
    struct running *r = context;
    screen_settle(&r->screen); /* what is shown of it comes first */
    bool is_of_sessions = s->has_sessions && s->verdict == VERDICT_PASS; /* they have theirs */
    if (!is_of_sessions)
        screen_take(&r->screen, s->path, s->verdict, s->reason, 0);
    other_goes(r, p, s);
    if (is_of_sessions || (r->screen.has_ladder && s->traceback == NULL))
        return;
    if (s->verdict == VERDICT_PASS) {
        if (!r->print)
            fprintf(stderr, "%s: %s\n", s->path, said("pass"));
        return;
    }
    said_print(stderr, "%s: %s: %s\n", s->path, verdict_name(s->verdict),
               s->traceback != NULL ? s->traceback : s->reason);
}

/* Without a ladder nothing else says how one session of a station that goes on has ended. */
static void session_over(void *context, const struct session_end *end)
{
    struct running *r = context;
    screen_take(&r->screen, end->by, end->verdict, end->text, end->session);
    if (!r->screen.has_ladder)
        screen_verdict(&r->screen, end->by, end->verdict, end->text);
}

static int open_screen(struct running *r, struct err *e)
{
    if (screen_open(&r->screen, &r->session, false, e) != 0)
        return -1;
    if (r->sink != NULL)
        recorder_add(&r->screen.recorder, r->sink, r->context);
    r->session.script.recorder = &r->screen.recorder;
    return 0;
}

static void interrupted(void *context, unsigned n)
{
    const struct running *r = context;
    (void)n;
    run_abort(r->run);
}

static void all_over(void *context)
{
    (void)context;
    interrupt_close();
}

/* The ready-made side, if it is wanted. */
static int add_other(struct running *r, struct err *e)
{
    if (r->against == NULL)
        return 0;
    if (ready_side_prepare(&r->side, &r->session.script, true, &r->its, e) != 0)
        return -1;
    unsigned vehicles = strcmp(r->against, "ev") == 0 ? 1 : 0;
    r->other = ready_side_add(&r->side, r->run, &r->its, vehicles, &r->fleet, e);
    return r->other == NULL ? -1 : 0;
}

/* Until all scripts have ended, in a world (NULL: print mode). */
static int play(struct running *r, struct world *world, struct err *e)
{
    static const struct run_events EVENTS = {
        .ended = script_ended, .session_over = session_over, .over = all_over};
    int bad = 0;
    r->run = run_open(world, &EVENTS, r);
    if (r->run == NULL)
        return err_set(e, "out of memory");
    r->session.script.interrupt = &interrupt_count;
    if (world != NULL)
        bad = interrupt_open(world, 1, interrupted, r, e);
    r->left = r->scripts;
    if (bad == 0)
        bad = add_other(r, e);
    for (unsigned i = 0; i < r->scripts && bad == 0; i++)
        bad = run_add(r->run, &r->session.script, r->script[i], r->own, e) == NULL ? -1 : 0;
    if (bad == 0)
        run_play(r->run);
    enum run_exit result = run_result(r->run);
    run_close(r->run);
    fleet_close(&r->fleet);
    interrupt_close();
    return bad != 0 ? -1 : (int)result;
}

/* In the world that the options tell, with what shows and records it. */
static int play_shown(struct running *r, struct err *e)
{
    struct world *world = session_enter(&r->session, r->lab, e);
    if (world == NULL || open_screen(r, e) != 0) {
        session_leave(&r->session, world);
        return -1;
    }
    screen_enter(&r->screen, world);
    int status = play(r, world, e);
    screen_leave(&r->screen);
    session_leave(&r->session, world);
    return session_exit(&r->session, status);
}

int running_play(struct running *r)
{
    struct err e = ERR_INIT;
    const struct peer_options *peer = &r->session.script.peer;
    bool is_out = peer->interface != NULL || peer->address != NULL || lab_is_near();
    r->session.faults.is_alone = is_out && r->scripts == 1;
    r->session.script.print = r->print ? print_text : NULL;
    int status = r->print ? play(r, NULL, &e) : play_shown(r, &e);
    if (status < 0) {
        report_err("", &e);
        status = EXIT_SETUP;
    }
    return screen_close(&r->screen, &r->session, status);
}

/* The other side is played in the isolated network, and what is said of it is for it. */
int running_check(const struct running *r, struct options *o)
{
    const struct peer_options *peer = &r->session.script.peer;
    const struct ready *with = &r->side.ready;
    bool has_with = with->settings > 0 || with->persona != NULL || with->script_file != NULL;
    if (r->against == NULL)
        return !has_with ? 0
                         : options_wrong(o, "--with, --with-persona and --with-script are "
                                            "for the side of --against ev or evse");
    if (peer->interface != NULL || peer->address != NULL || r->print)
        return options_wrong(o,
                             "--against %s plays that side in the isolated network; "
                             "expected no --interface, --peer or --print",
                             r->against);
    return 0;
}
