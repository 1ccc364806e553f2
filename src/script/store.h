/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scripts of a run share: texts under keys.
 *
 *   Remember(key, text), Recall(key)    nil forgets, and is what is recalled where there is none
 */
#ifndef V2G_SCRIPT_STORE_H
#define V2G_SCRIPT_STORE_H

#include <lua.h>

/* All zero it is empty. */
struct store {
    struct store_entry **slot; /* by hash of the key */
    unsigned slots, n;
    struct store_entry *oldest, *youngest;
};

void store_close(struct store *v);

/* Makes the functions in L. */
void store_open(lua_State *L);

#endif
