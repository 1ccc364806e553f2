/* SPDX-License-Identifier: Apache-2.0 */
/* What a command line says of a ready-made vehicle or station. */
#ifndef V2G_APP_READY_SIDE_H
#define V2G_APP_READY_SIDE_H

#include "app/options.h"
#include "script/fleet.h"
#include "script/run.h"

#define READY_SETTINGS_MAX 256

struct ready_side {
    struct ready ready;
    struct ready_setting setting[READY_SETTINGS_MAX];
};

/* Its hooks, parameters and pace: rows of a table of options; at: where the command has its struct
 * ready_side. */
#define READY_OPTIONS(at_)                                                                         \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = READY_OPTION                                     \
    }
extern const struct option READY_OPTION[];

/* What is said of the other side, which is played as well in the lab: likewise. */
#define WITH_OPTIONS(at_)                                                                          \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = WITH_OPTION                                      \
    }
extern const struct option WITH_OPTION[];

/* A persona is a file where it looks like one, else a name. -1: there is none of that name; e. */
int ready_find_persona(struct ready *r, struct err *e);

/* The options of that side's player, by those of the run. Of another one's certificates
 * (is_other) it has the tree alone. -1: there is no such persona; e. */
int ready_side_prepare(struct ready_side *side, const struct script_options *run, bool is_other,
                       struct script_options *options, struct err *e);

/* Adds that side's player to the run: so many vehicles, which the fleet brings, or, where they are
 * none, a station. After the run the fleet is to be closed. NULL: e. */
struct player *ready_side_add(struct ready_side *side, struct script_run *run,
                              const struct script_options *options, unsigned vehicles,
                              struct fleet *fleet, struct err *e);

/* --set KEY=VALUE, of one side. */
int ready_side_set(void *to, const char *text, struct err *e);

/* The names of --mode. */
extern const char *const READY_MODES[];

#endif
