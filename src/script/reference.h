/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to say about each function of the Lua API, in English or Korean: what it does, its
 * parameters and result, type, limits, unit and default of the element behind it, and an example.
 * All of it is found in the message descriptions (Korean sentences: schema/ko/NAME.txt). Reference
 * pages, answers on the terminal and editor files print it.
 */
#ifndef V2G_SCRIPT_REFERENCE_H
#define V2G_SCRIPT_REFERENCE_H

#include "codec/message.h"
#include "script/name.h"

/* ORDER LANGUAGE */
enum language { LANGUAGE_EN, LANGUAGE_KO };
extern const char *const LANGUAGES[]; /* "en", "ko", NULL */

/* All functions that a role has for one message, in the standard's order. */
struct reference_entry {
    const char *text;      /* "Evcc.Set_SessionStopReq_ChargingSession" */
    const char *path;      /* "SessionStopReq.ChargingSession" */
    const char *parameter; /* "chargingSession"; "" where it takes none */
    struct name name;
};

struct reference {
    struct name_scope scope;
    enum language language;
    const struct schema *set;
    const struct element *message;
    struct message fresh; /* with all defaults, the header filled in as in a session */
    struct arena arena;   /* of all texts */
    unsigned n, cap;
    struct reference_entry *entry;
};

/* -1: no such message, or a description that cannot be read. */
int reference_open(struct reference *r, const struct name_scope *scope, enum language language,
                   const char *message, struct err *e);
void reference_close(struct reference *r);

#define REFERENCE_PARAMETERS 24

struct reference_parameter {
    const char *name;
    const char *type; /* of Lua: "boolean", "number", "string", "table", or an enumeration's name */
    bool is_enumeration, is_optional;
};

/* What is known of one function. Texts are "" where there is nothing to say; all live as long as
 * the reference. */
struct reference_function {
    const char *text, *call;      /* call: with its parameters */
    const char *does;             /* "Sets SessionStopReq.ChargingSession" */
    const char *meaning;          /* of the element (of the message): its doc line */
    const char *rule;             /* how functions of this form work */
    const char *returns;          /* type of Lua */
    const char *kind;             /* "evseIDType (string)" */
    const char *presence;         /* "mandatory", "optional", "list of 1..16" */
    const char *limits, *unit, *preset;
    const char *wire;             /* how EXI writes it */
    const char *example;          /* lines of Lua */
    const struct simple *members; /* of an enumeration, or NULL */
    bool returns_enumeration;
    unsigned parameters;
    struct reference_parameter parameter[REFERENCE_PARAMETERS];
};

void reference_describe(struct reference *r, const struct reference_entry *entry,
                        struct reference_function *f);

/* The entry that means the same as n; NULL: none has that form. */
const struct reference_entry *reference_find(const struct reference *r, const struct name *n);

/* Whether the entry is about the message's header. */
bool reference_is_header(const struct reference_entry *entry);

/* A script that sets all that a fresh message holds, and sends it; for messages the role sends. */
void reference_script(struct reference *r, struct buf *out);

/* Doc lines of a message, a type (complex or simple) and a field of type t, in that language;
 * English where there is no other, "" where there is none at all. They live as long as the set. */
const char *reference_message_doc(enum language language, const struct schema *set,
                                  const struct element *message);
const char *reference_type_doc(enum language language, const struct schema *set, const char *name,
                               const char *english);
const char *reference_field_doc(enum language language, const struct schema *set,
                                const struct type *t, unsigned slot);

/* "ChargingSessionType": a simple type's name as Lua has it. */
const char *reference_type_name(const struct simple *s, char *out, size_t size);

/* "1..255", "7..37 characters"; appended; nothing where there are no limits. */
void reference_limits(enum language language, const struct field *f, struct buf *out);

#endif
