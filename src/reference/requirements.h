/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the standards, each with its ids, as requirements/ has them and as the tests prove
 * them: build/requirements.tsv, which tools/requirements makes of both, is built in. Private to
 * src/reference.
 */
#ifndef V2G_REFERENCE_REQUIREMENTS_H
#define V2G_REFERENCE_REQUIREMENTS_H

#include "base/buf.h"
#include "reference/prose.h"
#include "schema/library.h"

#include <stdbool.h>
#include <stddef.h>

#define REQUIREMENT_TEXT 4096
#define REQUIREMENT_ID 64

struct requirement {
    const struct protocol *protocol; /* that has its messages: of ISO 15118-3 what goes before the
                                        choice of one */
    const char *standard;            /* "ISO15118-2", "ISO15118-3" */
    const char *ids;                 /* "V2G20-2097 V2G20-2098" */
    const char *side;                /* "EVCC", "SECC", "both" */
    const char *messages; /* names of messages, and of subjects such as TLS: words, too */
    const char *rule;     /* this and the next two in the language */
    const char *disagree; /* what sources disagree on, or say besides; "" */
    const char *reason;   /* why there is no test; "" */
    const char *proof;    /* "V2G20-2097=tests/cli/behave-20.sh ..."; "" */
    char text[REQUIREMENT_TEXT];
};

/* Goes over all rules, table by table. *at is 0 before the first call; false behind the last. */
bool requirement_each(size_t *at, enum language language, struct requirement *q);

/* Where the word, in any case of its letters, is among words; NULL: it is not. */
const char *requirement_find(const char *words, const char *word);

/* Whether the rule is about a message of the protocol; what goes before the choice of a protocol
 * (supportedAppProtocol, SDP) has rules of all of them. */
bool requirement_is_about(const struct requirement *q, const struct protocol *protocol,
                          const char *message);

/* The first of words, as a text of its own: of ids the one that links name. */
const char *requirement_first(const char *words, char first[REQUIREMENT_ID]);

/* "tests/c/test_tls.c, tests/cli/tls.sh": the files that prove the rule, appended. */
void requirement_proof(const struct requirement *q, struct buf *out);

#endif
