/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual bench, as a Lua file describes it (docs/bench.md): the power line of a run, with its
 * nodes, modems, paths and cables. Some are built in (lua/benches).
 */
#ifndef V2G_SCRIPT_BENCH_H
#define V2G_SCRIPT_BENCH_H

#include "powerline/line.h"

#define BENCH_DEFAULT "pair"

/* Makes the bench of that name, or of that file (with '/' or ".lua" in it), the world's. has_hosts:
 * all nodes' hosts are of this world, and the ends of its cables have IP there; else, in a lab
 * (lab_enter_line), they are programs on its interfaces. It is closed by line_close, before the
 * world is. NULL: e has the file, the place in the table, expected and found. */
struct line *bench_open(struct world *world, struct library *library, const char *name,
                        bool has_hosts, struct err *e);

#endif
