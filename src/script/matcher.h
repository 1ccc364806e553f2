/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One text and one pattern of Lua (manual of Lua 5.4, 6.4.1). Trying one way after the other may
 * take long: so the ways that are left are kept beside the matcher, not on the stack of C, and it
 * can be left in between (watch.h), and goes on where it was. Private to src/script.
 */
#ifndef V2G_SCRIPT_MATCHER_H
#define V2G_SCRIPT_MATCHER_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#define MATCHER_CAPTURES 32
#define MATCHER_WAYS 199 /* items that wait for what comes behind them */

struct capture {
    const char *at;
    ptrdiff_t n; /* or MATCHER_OPEN, or MATCHER_POSITION */
};

enum {
    MATCHER_OPEN = -1, /* it has not ended yet */
    MATCHER_POSITION = -2
};

/* What else is tried, or taken back, where what is behind it does not match. */
struct way {
    enum { WAY_LONGEST, WAY_SHORTEST, WAY_WITHOUT, WAY_OPENED, WAY_CLOSED } kind;
    const char *s;         /* where its item began in the text, or begins now */
    const char *item, *to; /* the item, and what is behind it */
    size_t n;              /* how often it is taken now; of WAY_CLOSED: its capture */
    size_t least;
};

struct matcher {
    lua_State *L;
    const char *text, *end;     /* of the text */
    const char *pattern, *last; /* last: behind the pattern */
    const char *s, *p;          /* as far as it is now; once it has matched, s is behind that */
    enum { MATCHER_TAKES, MATCHER_COUNTS, MATCHER_BALANCES, MATCHER_FALLS_BACK } does;
    unsigned steps, captures, ways;
    size_t brackets; /* that are open */
    bool is_anchored;
    struct capture capture[MATCHER_CAPTURES];
    struct way way[MATCHER_WAYS];
};

enum matcher_found { MATCHER_NO, MATCHER_YES, MATCHER_LEAVES };

/* Text and pattern are at these indices, and stay there while it matches. has_anchor: a '^' is one.
 * Raises where they are none. */
void matcher_open(struct matcher *m, lua_State *L, int text, int pattern, bool has_anchor);

/* The pattern is tried at s, as far as matcher_go_on comes: MATCHER_LEAVES says that the turn has
 * to give way, and that it is called once more then. Raises where the pattern is wrong. */
void matcher_begin(struct matcher *m, const char *s);
enum matcher_found matcher_go_on(struct matcher *m);

/* Pushes the capture, counted from 0; where there are none the first is all from s on. */
void matcher_push(const struct matcher *m, unsigned i, const char *s);

/* Pushes all captures, and tells how many; s: as above, NULL: where there are none, none. */
int matcher_push_all(const struct matcher *m, const char *s);

#endif
