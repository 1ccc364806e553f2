/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message: the tree of its values (codec/node.h), and what the wire had besides. Everything in it
 * lives in one arena, which must outlive it.
 */
#ifndef V2G_CODEC_MESSAGE_H
#define V2G_CODEC_MESSAGE_H

#include "base/buf.h"
#include "codec/node.h"

/* Something that the wire could carry but the schema does not allow; kept and reported. */
struct violation {
    struct violation *next;
    uint64_t bit;     /* offset in the document */
    const char *path; /* "V2G_Message/Body/…" */
    const char *what; /* "4 is outside 1..3" */
};

/* What is said of an element whose type is abstract, with the type's name. */
#define MESSAGE_ABSTRACT "is of the abstract type %s; expected an element of a type made from it"

struct message {
    const struct schema *schema;
    const struct element *root; /* NULL in a fragment whose element is not global */
    const struct field *as;     /* how v is to be read: &root->as, or the fragment's element */
    union value v;
    bool is_fragment;
    struct any *relaxed;   /* fragment of a name that two types share: as it came; else NULL */
    struct slice trailing; /* bytes after the end of the document, in the caller's input; p is NULL
                              in a message that was not decoded */
    struct violation *violations;
};

/* A message of that name with all defaults: for ISO 15118-2 and DIN SPEC 70121 a V2G_Message with
 * header and body. -1: no such message, or arena exhausted. */
int message_new(const struct schema *s, const char *name, struct arena *a, struct message *m,
                struct err *e);

/* The element that names the message: the body element of a V2G_Message, else the root itself.
 * NULL fields where a V2G_Message has an empty body. */
struct named {
    const char *name;
    const struct field *field;
    struct node *node;             /* the message's own fields */
    const struct element *message; /* what the set says of it; NULL: it is none of its messages */
};
struct named message_named(const struct message *m);

/* Whether its ResponseCode is one of FAILED…. */
bool message_is_refusal(const struct message *m);

/* Something that is wrong with the whole message, of that name, before all others. Its bit is
 * MESSAGE_NO_BIT. Nothing where the arena has no room. */
#define MESSAGE_NO_BIT UINT64_MAX
void message_add_violation(struct message *m, struct arena *a, const char *name, const char *what);

/* The V2GTP payload type that it goes under. */
uint16_t message_payload(const struct message *m);

/* The header's node (it is there in all messages but supportedAppProtocol); NULL where none. */
struct node *message_header(const struct message *m);

#endif
