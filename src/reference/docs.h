/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of `v2glab docs`: pages, answers on the terminal, the tree of all pages, and files for
 * the Lua language server. All of it is printed from the message descriptions. Private to
 * src/reference.
 */
#ifndef V2G_REFERENCE_DOCS_H
#define V2G_REFERENCE_DOCS_H

#include "reference/element.h"
#include "reference/example.h"
#include "reference/page.h"
#include "reference/prose.h"
#include "reference/reference.h"

/* ---- what there is ---- */

/* A page: the messages that go together, SessionStopReq and SessionStopRes. */
struct docs_topic {
    const struct protocol *protocol;
    const struct schema *set;
    char name[64];                    /* "SessionStop" */
    const struct element *message[2]; /* request and response; one of them may be NULL */
};

#define DOCS_TOPICS 256

/* One thing that may be found. name, kind ("option of v2glab run") and text stay the caller's. */
typedef void (*docs_item)(void *context, const char *name, const char *kind, const char *text);

/* What is to be printed, and where to. */
struct docs {
    struct library library;
    struct prose prose; /* of the language to print in */
    enum page_form form;
    const struct protocol *protocol; /* NULL: all */
    uint8_t side;                    /* FROM_EVCC, FROM_SECC; FROM_NONE: both */
    bool in_tree;                    /* pages link to each other */
    const char *cited; /* cases that test rules, as suite/listing.h has them; or NULL */
    void (*others)(docs_item item, void *context); /* goes over what else may be found; or NULL */
    struct buf out;
    unsigned topics; /* as docs_topics has found them */
    struct docs_topic topic[DOCS_TOPICS];
};

/* Whether the i-th set of a protocol has its pages there, not with another one of its family. */
bool docs_has_set(const struct protocol *p, unsigned i);

/* Finds all topics of d->protocol (of all protocols), in the order of the descriptions. */
int docs_topics(struct docs *d, struct err *e);

/* ---- texts ---- */

/* A word of the language. */
const char *docs_word(const struct docs *d, const char *key);

/* A doc line as a sentence: with a capital and a full stop; appended. */
void docs_sentence(const char *text, struct buf *out);

/* "EVCC" */
const char *docs_role(uint8_t side);

/* "EVCC → SECC", of a message's direction. */
const char *docs_direction(uint8_t from);

/* ---- printing; each appends to d->out ---- */

/* The page of a topic for one role. only: this message of it; NULL: all. -1: e. */
int docs_page(struct docs *d, const struct docs_topic *topic, uint8_t side,
              const struct element *only, struct page *p, struct err *e);
void docs_page_title(const struct docs_topic *topic, uint8_t side, char *out, size_t size);

/* What there is: protocols, roles, messages. */
int docs_index(struct docs *d, struct err *e);

/* The enumerations of a protocol (in the tree only). */
int docs_types(struct docs *d, const struct protocol *protocol, struct err *e);

/* What a function, message or type is. -1: there is none of that name, and e names the nearest. */
int docs_answer(struct docs *d, const char *name, struct err *e);

/* Whether the name is the id of a rule (V2G20-2005), and what that is. -1: there is none of it. */
bool docs_is_requirement(const char *name);

/* The ids of rules among words: whether there are such rules. Others may be anybody's own. -1: e
 * names one that there is not, and the nearest. */
int docs_check_requirements(const char *words, struct err *e);
int docs_requirement(struct docs *d, const char *name, struct err *e);

/* The rules of a message, on its page; nothing where there is none. */
void docs_requirements_of(struct docs *d, struct page *p, const struct protocol *protocol,
                          const char *message);

/* All rules (in the tree only). */
void docs_requirements(struct docs *d);

/* Definition files for the Lua language server: the roles, the enumerations and what belongs to no
 * message; the functions that a role has for a topic; all of both. */
int docs_meta_common(struct docs *d, struct err *e);
int docs_meta_topic(struct docs *d, const struct docs_topic *topic, uint8_t side, struct err *e);
int docs_meta(struct docs *d, struct err *e);

/* ---- shared by the parts ---- */

/* Names of files in the tree: "evcc-iso15118-2-SessionStop.html". */
void docs_file(const struct docs *d, const struct docs_topic *topic, uint8_t side, char *out,
               size_t size);
void docs_types_file(const struct docs *d, const struct protocol *protocol, char *out, size_t size);
void docs_requirements_file(const struct docs *d, char *out, size_t size);
#define DOCS_FILE 192

/* Rows of a table: a label and what it says; nothing where it says nothing. */
void docs_row(struct docs *d, struct page *p, const char *label, enum page_style style,
              const char *text);

/* Table of an enumeration's members: name in Lua, in XML, code. */
void docs_member_table(struct docs *d, struct page *p, const struct simple *s);

/* "OK (0), OK_NewSessionEstablished (1)": names in Lua, with codes. */
void docs_members(const struct simple *s, struct buf *out);

/* "chargingSession (ChargingSessionType)", "-" where it takes none. */
void docs_parameters(const struct reference_function *f, struct buf *out);

/* ---- the tree ---- */

/* Writes all pages (or, `meta`, all definition files) into folder dir, made if need be. */
int docs_tree(struct docs *d, const char *dir, bool meta, struct err *e);

#endif
