/* SPDX-License-Identifier: Apache-2.0 */
#include "script/store.h"

#include "script/call.h"
#include "script/task.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define STORE_MOST 100000 /* entries that are kept; the oldest go */
#define SLOTS_FIRST 64    /* a power of 2 */

/* Found by its key, in the order of their age. The text lies behind the key. */
struct store_entry {
    struct store_entry *next; /* in its slot */
    struct store_entry *older, *younger;
    uint32_t hash;
    const char *text;
    char key[];
};

/* FNV-1a */
static uint32_t hash_of(const char *key)
{
    uint32_t h = 2166136261u;
    for (; *key != '\0'; key++)
        h = (h ^ (uint8_t)*key) * 16777619u;
    return h;
}

static struct store_entry **find_entry(const struct store *v, const char *key, uint32_t hash)
{
    struct store_entry **at = &v->slot[hash & (v->slots - 1)];
    while (*at != NULL && ((*at)->hash != hash || strcmp((*at)->key, key) != 0))
        at = &(*at)->next;
    return at;
}

static void forget_entry(struct store *v, struct store_entry **at)
{
    struct store_entry *gone = *at;
    *at = gone->next;
    *(gone->older != NULL ? &gone->older->younger : &v->oldest) = gone->younger;
    *(gone->younger != NULL ? &gone->younger->older : &v->youngest) = gone->older;
    free(gone);
    v->n--;
}

static void forget_key(struct store *v, const char *key)
{
    struct store_entry **at = v->slots > 0 ? find_entry(v, key, hash_of(key)) : NULL;
    if (at != NULL && *at != NULL)
        forget_entry(v, at);
}

/* There are as many slots as entries at least. -1: out of memory. */
static int make_room(struct store *v)
{
    unsigned slots = v->slots > 0 ? v->slots * 2 : SLOTS_FIRST;
    if (v->n < v->slots)
        return 0;
    struct store_entry **slot = calloc(slots, sizeof *slot);
    if (slot == NULL)
        return -1;
    for (struct store_entry *e = v->oldest; e != NULL; e = e->younger) {
        struct store_entry **at = &slot[e->hash & (slots - 1)];
        e->next = *at;
        *at = e;
    }
    free(v->slot);
    v->slot = slot;
    v->slots = slots;
    return 0;
}

static int add_entry(struct store *v, const char *key, const char *text)
{
    size_t k = strlen(key) + 1, n = strlen(text) + 1;
    struct store_entry *e = make_room(v) == 0 ? malloc(sizeof *e + k + n) : NULL;
    if (e == NULL)
        return -1;
    memcpy(e->key, key, k);
    e->text = memcpy(e->key + k, text, n);
    e->hash = hash_of(key);
    struct store_entry **at = &v->slot[e->hash & (v->slots - 1)];
    e->next = *at;
    *at = e;
    e->older = v->youngest;
    e->younger = NULL;
    *(v->youngest != NULL ? &v->youngest->younger : &v->oldest) = e;
    v->youngest = e;
    v->n++;
    return 0;
}

static int store_remember(lua_State *L)
{
    struct store *v = script_of(L)->options->store;
    const char *key = luaL_checkstring(L, 1), *text = luaL_optstring(L, 2, NULL);
    if (v == NULL)
        return luaL_error(L, "there is no store here");
    forget_key(v, key);
    if (v->waiting > 0)
        v->changed(v->context);
    if (text == NULL)
        return 0;
    if (v->n >= STORE_MOST)
        forget_key(v, v->oldest->key);
    return add_entry(v, key, text) == 0 ? 0 : luaL_error(L, "out of memory");
}

static const char *text_of(const struct store *v, const char *key)
{
    bool has_any = v != NULL && v->slots > 0;
    const struct store_entry *e = has_any ? *find_entry(v, key, hash_of(key)) : NULL;
    return e != NULL ? e->text : NULL;
}

static int store_recall(lua_State *L)
{
    lua_pushstring(L, text_of(script_of(L)->options->store, luaL_checkstring(L, 1)));
    return 1;
}

/* The stack of the coroutine has key and text. */
static bool is_other(void *context)
{
    lua_State *L = context;
    const char *now = text_of(script_of(L)->options->store, lua_tostring(L, 1));
    const char *text = lua_tostring(L, 2);
    return now == NULL || text == NULL ? now != text : strcmp(now, text) != 0;
}

static int change_came(lua_State *L, int status, lua_KContext is_counted)
{
    struct store *v = script_of(L)->options->store;
    (void)status;
    v->waiting -= is_counted != 0;
    return store_recall(L);
}

static int store_recall_change(lua_State *L)
{
    struct script *s = script_of(L);
    struct store *v = s->options->store;
    struct wait w = {.ready = is_other, .context = L};
    lua_Number ms = luaL_optnumber(L, 3, -1);
    luaL_checkstring(L, 1);
    luaL_optstring(L, 2, NULL);
    lua_settop(L, 2);
    if (v == NULL || v->changed == NULL)
        return luaL_error(L, "there is no store here");
    if (is_other(L) || ms == 0)
        return change_came(L, LUA_OK, 0);
    if (ms > 0 && ms < 1e12)
        w.deadline_us = script_now(s) + (int64_t)(ms * 1000) + 1;
    v->waiting++;
    return script_wait(L, &w, 1, change_came);
}

void store_close(struct store *v)
{
    for (struct store_entry *e = v->oldest, *younger; e != NULL; e = younger) {
        younger = e->younger;
        free(e);
    }
    free(v->slot);
    *v = (struct store){.n = 0};
}

void store_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {{"Remember", store_remember},
                                         {"Recall", store_recall},
                                         {"Recall_Change", store_recall_change},
                                         {NULL, NULL}};
    lua_pushglobaltable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    lua_pop(L, 1);
}
