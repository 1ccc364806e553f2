/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text that a function of Lua's library makes bit by bit. Unlike luaL_Buffer it outlives that the
 * function waits: it lies in a userdata on the stack, and grows in another one behind it. A
 * function has one in its upvalue 1 which it takes and gives back, so that a short text allocates
 * nothing; upvalue 1 is nil at first. Private to src/script.
 */
#ifndef V2G_SCRIPT_PILE_H
#define V2G_SCRIPT_PILE_H

#include <lua.h>
#include <stddef.h>

#define PILE_FIRST 512

struct pile {
    char *p;
    size_t n, size;
    int at; /* in the stack: of its userdata; the next one is what it has grown to */
    char first[PILE_FIRST];
};

/* Pushes two values. What it returns has `size` bytes, of which the first are the pile; the others
 * are not set. */
struct pile *pile_take(lua_State *L, size_t size);

/* Raises where there is no memory. */
void pile_add(lua_State *L, struct pile *b, const char *text, size_t n);

/* Room for so much in all. */
void pile_reserve(lua_State *L, struct pile *b, size_t size);

/* Pushes the text. The pile is used no more: whoever takes one next gets its memory. */
void pile_give(lua_State *L, struct pile *b);

#endif
