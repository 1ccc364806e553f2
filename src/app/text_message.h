/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which message some bytes of a text are, if any: what is read by the grammars (grammars.h) is held
 * against what is known of the text, so that nothing is taken for a message by chance.
 */
#ifndef V2G_APP_TEXT_MESSAGE_H
#define V2G_APP_TEXT_MESSAGE_H

#include "app/grammars.h"
#include "session/session.h"

#define EXI_LEAST 8       /* bytes of a message without a header, in a line that says nothing */
#define EXI_LEAST_NAMED 3 /* in a line that speaks of EXI or V2G */

struct text_messages {
    struct grammars *grammars;
    const struct exi_options *exi;
    struct session handshake;  /* takes supportedAppProtocol, and knows what it agreed */
    const struct schema *last; /* the set of the message before */
    struct arena arena;
    struct fits fits;
    size_t effort; /* bytes that were decoded; whoever limits it sets it to 0 */
    struct grammars narrow;
    bool begins[GRAMMARS_MAX][256];
};

void text_messages_open(struct text_messages *t, struct grammars *g, const struct exi_options *exi);
void text_messages_close(struct text_messages *t);

/* The payload of a frame; fits until the next call. NULL: e says why it is no message. */
struct fit *text_framed(struct text_messages *t, struct slice payload, uint16_t type,
                        struct err *e);

/* A message that begins with these bytes; what is behind it is its trailing. NULL: none. */
struct fit *text_bare(struct text_messages *t, struct slice bytes);

/* Whether a message of n bytes that stands there without a V2GTP header is believed. is_named: its
 * line speaks of V2G. */
bool text_is_believed(const struct text_messages *t, const struct fit *fit, size_t n,
                      bool is_named);

/* Whether the bytes that text_bare has read so far (fit is what it gave) are a message that is
 * damaged, not a chance; e says how. */
bool text_is_damaged(const struct text_messages *t, const struct fit *fit, size_t n, bool is_named,
                     struct err *e);

/* Keeps what a message says of those that follow: its protocol, or the one that is agreed on. */
void text_note(struct text_messages *t, const struct message *m, struct slice exi);

/* Its element among the messages; NULL: it is an element that is none by itself. */
const struct element *text_element(const struct message *m);

#endif
