/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a campaign that Lua plays (lua/test): its plan, a case, the device of a case, a report.
 * It is given one value and gives one back, as JSON; in Lua both are tables.
 *
 *   Answer(value)   what the part gives back; the last one counts
 */
#ifndef V2G_SUITE_PART_H
#define V2G_SUITE_PART_H

#include "script/run.h"
#include "suite/drive.h"

#include <jansson.h>

struct part {
    struct built_in built_in;
    const json_t *given; /* the caller's */
    json_t *answer;      /* NULL: none so far; the caller's to release */
    struct drive *drive; /* its second argument (drive.h); NULL: nothing outside the sandbox */
};

/* Sets a member of what a part is given to a file of at most so many octets, as
 * { name =, text = }. path: NULL: it stays without. -1: e. */
int part_give_file(json_t *given, const char *key, const char *path, size_t most, struct err *e);

/* text: Lua with the value as its `...`. */
void part_open(struct part *p, const char *text, const json_t *given);
void part_close(struct part *p);

/* Plays it alone, outside time. The answer, the caller's; NULL: e. */
json_t *part_play(const char *text, const json_t *given, const struct script_options *o,
                  struct err *e);

#endif
