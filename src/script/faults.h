/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that the user wants in a run, whatever it plays (--fault): each role of each script gets
 * them as filters (session/fault.h). A file FILE.lua returns what Filter takes, a text or a table
 * with a function, or a list of these.
 */
#ifndef V2G_SCRIPT_FAULTS_H
#define V2G_SCRIPT_FAULTS_H

#include "script/role.h"

#define FAULTS_MOST 16

/* Of a run; it lives longer than its scripts. */
struct faults {
    unsigned n;
    struct {
        const char *text; /* "CurrentDemandRes#3: drop", "faults.lua" */
        unsigned happened;
    } at[FAULTS_MOST];
    /* Only one side is played here: a message is meant when it comes, too. Where both are, it is
     * the sender's that is meant, unless the fault says `in`: else it would be done twice. */
    bool is_alone;
};

/* -1: there is something wrong with it (e). */
int faults_add(struct faults *f, const char *text, struct library *l, struct err *e);

/* Sets them for the role whose table is on top of the stack. */
void faults_set(lua_State *L, const struct role *r);

/* Counts begin anew, for another run. */
void faults_begin(struct faults *f);

/* The first that has never happened; NULL: none. */
const char *faults_missing(const struct faults *f);

#endif
