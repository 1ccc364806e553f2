/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgements: verdicts as error values that end a script unless it catches them (pcall, Guard),
 * with the fields verdict, expected, found, where, message, path, frame and time; checks, which
 * judge at the end; and what any other error of a script means.
 */
#ifndef V2G_SCRIPT_JUDGEMENT_H
#define V2G_SCRIPT_JUDGEMENT_H

#include "script/call.h"

struct judgement {
    enum verdict verdict;
    char where[128];                /* "file.lua:12"; of an error it is in the message */
    char expected[300], found[600]; /* "": that is not what it is about */
    char path[200];                 /* of the element that differs; "": it is about no element */
    uint64_t frame;                 /* the number of the frame that was found; 0: none */
    int64_t us;                     /* when it came */
    char message[1024];
};

/* Makes the type of these values in L. */
void judgements_open(lua_State *L);

/* Raises a verdict. Does not return. */
int script_verdict(lua_State *L, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Raises fail: "expected …, found …". The texts may lie on L's stack. Does not return. */
int script_unexpected(lua_State *L, const char *expected, const char *found);

/* The same of the frame that was received last: its number and time are told, too. path: of the
 * element that differs, and differences: all of them in words; both NULL: it is another message. */
int script_unexpected_frame(lua_State *L, const struct received *frame, const char *expected,
                            const char *found, const char *path, const char *differences);

/* Records what the script has looked at, with its line. */
void script_note(lua_State *L, enum event_kind kind, bool ok, const char *text);

/* A check of the script: noted, and where it failed the script cannot pass any more. */
void script_check(lua_State *L, bool ok, const char *text);

/* The verdict at the end of the main chunk, or when something else has ended it: failed checks and
 * a script that has tested nothing do not pass. */
void script_settle(struct script *s);

/* Records the verdict of one session of a script that holds several, and tells it: the value at
 * that index (true, false, or its name), and why, the text behind it. */
void session_verdict(lua_State *L, const struct role *r, int at);

/* What the error value at 1 means: pushes its text, and with a traceback of `from` where that says
 * something (else nil). One that is an object with a text is for the user of the script: where in
 * it that was raised tells nothing, unless it has a traceback of its own (common.own). */
enum verdict judgement_read(lua_State *L, lua_State *from);

/* The message handler of Guard: a judgement takes the place of what was raised. */
int judgement_catch(lua_State *L);

/* Pushes verdict and text of the judgement on top of L; false: it is none. */
bool judgement_push(lua_State *L);

#endif
