/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What those who play show and keep of it: the live view or the ladder on standard output, and the
 * record. All of it gets its events from one recorder.
 */
#ifndef V2G_APP_SCREEN_H
#define V2G_APP_SCREEN_H

#include "app/outcome.h"
#include "app/session_options.h"
#include "app/view.h"
#include "record/ladder.h"
#include "record/record.h"
#include "record/recorder.h"
#include "wire/world.h"

/* Zero before its first use. */
struct screen {
    struct recorder recorder; /* others may add themselves between open and enter */
    struct ladder ladder;
    struct view view;
    struct record *record;
    struct world *world;
    struct timer ticker; /* draws the view again */
    struct outcome outcome;
    int64_t since_us; /* when it was entered */
    bool has_view, has_ladder;
};

/*
 * Opens what the options want: nothing to look at with --quiet; else the live view where standard
 * output is a terminal and may_view; else the ladder. 0; or -1 and e: there can be no record.
 */
int screen_open(struct screen *s, const struct session_options *options, bool may_view,
                struct err *e);

/* From here on the events of the world come, and the view is drawn. */
void screen_enter(struct screen *s, struct world *world);

/* The view is not drawn by itself any more: all has been played. */
void screen_rest(struct screen *s);

/* The last of it is shown, and no event comes any more. */
void screen_leave(struct screen *s);

/* All that came so far is shown, and the view stands as it is: lines may follow it. */
void screen_settle(struct screen *s);

/* The line of a verdict, where the ladder does not have it: `by: verdict: text; what the record
 * lacks`. */
void screen_verdict(struct screen *s, const char *by, enum verdict verdict, const char *text);

/* A side, or a session of it, has its verdict, shown or not: screen_close says whose the exit code
 * is where not all agree (outcome.h). */
void screen_take(struct screen *s, const char *by, enum verdict verdict, const char *text,
                 uint32_t session);

/* Ends ladder and record. The exit code: status, or that of an incomplete
 * record. */
int screen_close(struct screen *s, const struct session_options *options, int status);

#endif
