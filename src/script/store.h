/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scripts of a run share: texts under keys.
 *
 *   Remember(key, text), Recall(key)    nil forgets, and is what is recalled where there is none
 *   Recall_Change(key, text, ms)        waits until another text is there, and gives it
 */
#ifndef V2G_SCRIPT_STORE_H
#define V2G_SCRIPT_STORE_H

#include <lua.h>

/* All zero it is empty, and nobody is told of changes. */
struct store {
    struct store_entry **slot; /* by hash of the key */
    unsigned slots, n;
    struct store_entry *oldest, *youngest;
    unsigned waiting;               /* tasks that wait for a change */
    void (*changed)(void *context); /* has the scripts look, in a later turn; while some wait */
    void *context;
};

void store_close(struct store *v);

/* Makes the functions in L. */
void store_open(lua_State *L);

#endif
