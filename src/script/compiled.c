/* SPDX-License-Identifier: Apache-2.0 */
#include "script/compiled.h"

#include "base/asset.h"

#include <lauxlib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_NAME 320

/* A file that is built in, compiled; kept for as long as the program runs. */
struct kept {
    const uint8_t *text; /* by which it is known */
    struct buf code;
    struct kept *next;
};

#define SLOTS 256 /* more than there are files */

static struct kept *slots[SLOTS];
static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER; /* runs may be side by side in threads */

static struct kept **slot_of(const uint8_t *text)
{
    return &slots[((uintptr_t)text * 0x9E3779B97F4A7C15u) >> 56];
}

static const struct kept *find(const uint8_t *text)
{
    pthread_mutex_lock(&once);
    const struct kept *k = *slot_of(text);
    while (k != NULL && k->text != text)
        k = k->next;
    pthread_mutex_unlock(&once);
    return k;
}

static int add_code(lua_State *L, const void *p, size_t n, void *to)
{
    (void)L;
    buf_add(to, p, n);
    return 0;
}

/* Of the function on top of the stack. Where memory is short it is read again next time. */
static void keep(lua_State *L, const uint8_t *text)
{
    struct kept *k = calloc(1, sizeof *k);
    if (k == NULL)
        return;
    k->text = text;
    if (lua_dump(L, add_code, &k->code, 0) != 0 || k->code.failed) {
        buf_close(&k->code);
        free(k);
        return;
    }
    pthread_mutex_lock(&once);
    struct kept **slot = slot_of(text);
    k->next = *slot;
    *slot = k;
    pthread_mutex_unlock(&once);
}

int compiled_load(lua_State *L, const char *path, struct slice text)
{
    char chunk[CHUNK_NAME];
    snprintf(chunk, sizeof chunk, "@%s", path);
    const struct kept *k = find(text.p);
    if (k != NULL)
        return luaL_loadbufferx(L, (const char *)k->code.p, k->code.n, chunk, "b");
    int status = luaL_loadbufferx(L, (const char *)text.p, text.n, chunk, "t");
    if (status == LUA_OK)
        keep(L, text.p);
    return status;
}

bool compiled_is_own(const char *name, struct slice text, struct slice *own)
{
    return name != NULL && name[0] == '@' && asset_find(name + 1, own) && own->n == text.n &&
           memcmp(own->p, text.p, text.n) == 0;
}
