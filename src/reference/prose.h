/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reference says besides the message descriptions, in one language: its words, and the
 * functions, fields and classes that belong to no message. reference/en.txt and reference/ko.txt
 * hold it; the first of them explains the notation.
 */
#ifndef V2G_REFERENCE_PROSE_H
#define V2G_REFERENCE_PROSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* ORDER LANGUAGE */
enum language { LANGUAGE_EN, LANGUAGE_KO };

/* That of what the program says (base/said.h). */
enum language prose_language(void);

extern const char *const LANGUAGES[]; /* "en", "ko", NULL at the end */

/* ORDER PROSE_KIND */
enum prose_kind {
    PROSE_WORD,
    PROSE_CLASS,    /* what values or roles are: Message, Certificate, Role */
    PROSE_GLOBAL,   /* a class that there is one of, under its name: Evcc, Pki */
    PROSE_FIELD,    /* Role.Signing */
    PROSE_FUNCTION, /* Role.Connect */
};

struct prose_entry {
    enum prose_kind kind;
    const char *key;        /* "Role.Connect", as it stands in both files; of a word its name */
    const char *owner;      /* "Role" (both of them), "Evcc", "Pki", "Message"; "" of globals */
    const char *name;       /* "Connect" */
    const char *parameters; /* "bytes string, ms? integer": names and types, ? where left out */
    const char *returns; /* of a function, or a field's type; of a class the one it is based on */
    const char *text;    /* in the language */
    const char *example; /* lines of Lua */
    bool is_method;      /* called as m:xml() */
    bool is_of_value;    /* the owner is the type of a value, not what it is called */
};

struct prose {
    enum language language;
    struct arena arena;
    unsigned entries, cap;
    unsigned words;            /* which come first, sorted; */
    struct prose_entry *entry; /* the others in the order of the file */
};

/* What is not in the file of the language stays English. -1: a file has a mistake. The caller
 * closes p in any case. */
int prose_open(struct prose *p, enum language language, struct err *e);
void prose_close(struct prose *p);

/* The text of a word; its key where there is none. */
const char *prose_word(const struct prose *p, const char *key);

/* The same with a and b in the places of {1} and {2}, appended. */
void prose_say(const struct prose *p, const char *key, const char *a, const char *b,
               struct buf *out);

/* The names that the entry stands for: those of signatures are there for every message that is
 * signed. NULL behind the last; text has PROSE_NAME bytes. */
#define PROSE_NAME 96
const char *prose_each(const struct prose_entry *entry, unsigned i, char *text);

/* "Evcc.Send_Raw(bytes)"; side: the role to name; FROM_NONE: EVCC. name: as prose_each has it. */
void prose_full_name(const struct prose_entry *entry, const char *name, uint8_t side,
                     struct buf *out);

/* "bytes, ms" */
void prose_parameters(const struct prose_entry *entry, struct buf *out);

#endif
