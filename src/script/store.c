/* SPDX-License-Identifier: Apache-2.0 */
#include "script/store.h"

#include "script/call.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define STORE_MOST 10000 /* entries that are kept; the oldest go */

struct store_entry {
    struct store_entry *next;
    char *key, *text;
};

static void free_entry(struct store_entry *v)
{
    free(v->key);
    free(v->text);
    free(v);
}

static struct store_entry **find_entry(struct store *v, const char *key)
{
    struct store_entry **at = &v->first;
    while (*at != NULL && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

static void forget_entry(struct store *v, struct store_entry **at)
{
    struct store_entry *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    free_entry(gone);
    v->n--;
}

static int store_remember(lua_State *L)
{
    struct store *v = script_of(L)->options->store;
    const char *key = luaL_checkstring(L, 1), *text = luaL_optstring(L, 2, NULL);
    if (v == NULL)
        return luaL_error(L, "there is no store here");
    forget_entry(v, find_entry(v, key));
    if (text == NULL)
        return 0;
    if (v->n >= STORE_MOST) {
        struct store_entry **last = &v->first;
        while ((*last)->next != NULL)
            last = &(*last)->next;
        forget_entry(v, last);
    }
    struct store_entry *made = calloc(1, sizeof *made);
    if (made != NULL && (made->key = strdup(key)) != NULL && (made->text = strdup(text)) != NULL) {
        made->next = v->first;
        v->first = made;
        v->n++;
        return 0;
    }
    if (made != NULL)
        free_entry(made);
    return luaL_error(L, "out of memory");
}

static int store_recall(lua_State *L)
{
    struct store *v = script_of(L)->options->store;
    const char *key = luaL_checkstring(L, 1);
    struct store_entry **at = v != NULL ? find_entry(v, key) : NULL;
    lua_pushstring(L, at != NULL && *at != NULL ? (*at)->text : NULL);
    return 1;
}

void store_close(struct store *v)
{
    while (v->first != NULL)
        forget_entry(v, &v->first);
}

void store_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Remember", store_remember}, {"Recall", store_recall}, {NULL, NULL}};
    lua_pushglobaltable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    lua_pop(L, 1);
}
