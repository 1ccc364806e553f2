/* SPDX-License-Identifier: Apache-2.0 */
/* Finding what a name means, and how far one that is none goes. Private to src/names. */
#ifndef V2G_NAMES_NAME_FIND_H
#define V2G_NAMES_NAME_FIND_H

#include "names/name.h"

#define NAME_LONGEST 64 /* room for the longest message name */
#define NAME_COMMON 3

/* The sets beside the protocol's own. */
extern const char *const NAME_COMMON_SETS[NAME_COMMON];

/* Why a name was not found. */
struct name_failure {
    /* ORDER FAILURE */
    enum { FAILURE_VERB, FAILURE_MESSAGE, FAILURE_PATH, FAILURE_DIRECTION } what;
    enum verb verb;
    const struct element *message; /* of PATH and DIRECTION */
    const struct type *type;       /* PATH: where `at` should have been an element */
    const char *at;                /* in the text: from here on nothing fits */
};

/* Tries every way to read text. False: why says how far it went; or e is set. */
bool name_find(const struct name_scope *s, const char *text, struct name *out,
               struct name_failure *why, struct err *e);

/* Whether functions of the verb go with messages of that direction. */
bool name_suits(const struct name_scope *s, enum verb verb, uint8_t from);

/* The slot that an element without a further name stands for (its text, or an algorithm's URI), or
 * -1. */
int name_content(const struct type *t);

/* The header's type where it stands beside the message, as in a V2G_Message; else NULL. */
const struct type *name_outer_header(const struct schema *set, const struct element *message);

/* Whether the element has a child Count, which is what …_Count means then, and no number of
 * entries. */
bool name_has_count(const struct field *f);

/* The slot of the only list among the fields, or -1. */
int name_only_list(const struct type *t);

#endif
