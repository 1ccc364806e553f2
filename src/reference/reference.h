/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to say about each function of the Lua API: what it does, its parameters and result,
 * type, limits, unit and default of the element behind it, and an example. All of it is found in
 * the message descriptions; reference pages, answers on the terminal and editor files print it.
 */
#ifndef V2G_REFERENCE_REFERENCE_H
#define V2G_REFERENCE_REFERENCE_H

#include "names/name.h"
#include "reference/wording.h"

struct reference_entry {
    const char *text;      /* "Evcc.Set_SessionStopReq_ChargingSession" */
    const char *path;      /* "SessionStopReq.ChargingSession" */
    const char *parameter; /* "chargingSession"; "" where it takes no value */
    struct name name;
};

/* All functions that a role has for one message, in the standard's order. */
struct reference {
    struct name_scope scope;
    const struct prose *prose;
    const struct schema *set;
    const struct element *message;
    bool sends, receives; /* what the role does with the message */
    struct message fresh; /* with all defaults, and a header as in a session */
    struct arena arena;   /* of all texts */
    unsigned n, cap;
    struct reference_entry *entry;
};

/* The caller closes r after success and failure alike. -1: no such message, or a description that
 * cannot be read. */
int reference_open(struct reference *r, const struct name_scope *scope, const struct prose *prose,
                   const char *message, struct err *e);
void reference_close(struct reference *r);

#define REFERENCE_PARAMETERS 24

struct reference_parameter {
    const char *name;
    const char *type;        /* in Lua */
    const char *enumeration; /* name of its type, or NULL */
    bool is_optional;
};

/* What is known of one function. Texts are "" where there is nothing to say; they live as long as
 * the reference. */
struct reference_function {
    const char *text;
    const char *call;    /* with its parameters */
    const char *does;    /* "Sets SessionStopReq.ChargingSession" */
    const char *rule;    /* how functions of this form work */
    const char *meaning; /* doc line of the element, or of the message */
    const char *returns; /* type in Lua */
    bool returns_enumeration;
    const char *kind;     /* type of the element: "evseIDType (string)" */
    const char *presence; /* "mandatory", "list of 1..16 entries" */
    const char *limits, *unit;
    const char *preset;           /* what a fresh message holds */
    const char *wire;             /* how EXI writes it */
    const char *example;          /* lines of Lua */
    const struct simple *members; /* the enumeration of its value, or NULL */
    unsigned parameters;
    struct reference_parameter parameter[REFERENCE_PARAMETERS];
};

void reference_describe(struct reference *r, const struct reference_entry *entry,
                        struct reference_function *f);

/* The entry that means the same as n; NULL: there is none. */
const struct reference_entry *reference_find(const struct reference *r, const struct name *n);

#endif
