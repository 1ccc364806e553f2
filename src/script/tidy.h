/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of many sessions goes back to the system once they are over: connections of places that
 * nobody has (roles.h), garbage of Lua, bit by bit, so that those that go on hardly wait, and what
 * malloc keeps. It begins where half of the tasks that there were are over.
 */
#ifndef V2G_SCRIPT_TIDY_H
#define V2G_SCRIPT_TIDY_H

#include "script/script.h"

/* A session is over. */
void tidy_look(struct script *s);

void tidy_close(struct script *s);

#endif
