/* SPDX-License-Identifier: Apache-2.0 */
/* Which elements of a message are signed, by the standard and in a message at hand. */
#ifndef V2G_TRUST_SIGNATURE_PARTS_H
#define V2G_TRUST_SIGNATURE_PARTS_H

#include "codec/message.h"

#define SIGNATURE_PARTS_MAX 4
#define SIGNATURE_REFERENCES_MAX 16

/* Which elements of a message the standard wants signed. */
struct signature_parts {
    const char *protocol, *message;
    bool is_optional; /* the sender decides whether to sign */
    /* element names, NULL behind the last; each wherever it stands */
    const char *part[SIGNATURE_PARTS_MAX];
};

/* NULL: the message is never signed. */
const struct signature_parts *signature_parts(const struct message *m);

/* Whether m has what the standard wants signed in its case: every part is there, with an Id where
 * that is only there for the signature, and the message is no refusal (ResponseCode FAILED…). */
bool signature_is_due(const struct message *m);

/* An element of a message, and how its parent describes it. */
struct signature_part {
    const struct field *field;
    struct node *node;
};

/* Elements outside the header that are looked for, and those that were found. */
struct signature_search {
    const char *name; /* NULL: any */
    const char *id;   /* NULL: any */
    size_t id_size;
    bool needs_id; /* only those with an Id that is not empty */
    unsigned n;    /* all of them; the first ones are kept */
    struct signature_part at[SIGNATURE_REFERENCES_MAX];
};
void signature_search(const struct message *m, struct signature_search *s);

/* How many references a signature of such a message has at most. */
unsigned signature_references_most(const struct message *m);

#endif
