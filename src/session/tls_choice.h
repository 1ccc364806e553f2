/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user or a script chooses of TLS beyond its version, by name (`--tls-set KEY=VALUE`, the
 * table `tls` of Connect and Listen; security.h lists the keys). What is not chosen stays as the
 * standards want it.
 */
#ifndef V2G_SESSION_TLS_CHOICE_H
#define V2G_SESSION_TLS_CHOICE_H

#include "session/peer.h"
#include "tls/tls_context.h"

#define TLS_CHOICE_TEXTS 12

struct tls_choice {
    enum peer_tls mode; /* with `version` */
    bool has_mode, has_plain, is_plain;
    bool has_staple;            /* a file, or: */
    bool staples_tree;          /* OCSP responses are made by the tree */
    uint32_t given;             /* bits of what was chosen */
    struct tls_options options; /* of that */
    char *text[TLS_CHOICE_TEXTS];
    unsigned texts;
};

/* Takes one. A flag is "true" or "false"; entries of a list stand between colons. -1: e says what
 * is expected, and of an unknown key the nearest. */
int tls_choice_take(struct tls_choice *c, const char *key, const char *value, struct err *e);

/* Lays what was chosen over o, which needs c's texts then. */
void tls_choice_apply(const struct tls_choice *c, struct tls_options *o);

/* The versions that c allows, if it says so, go to *tls; is_only: not without TLS. */
void tls_choice_mode(const struct tls_choice *c, enum peer_tls *tls, bool *is_only);

void tls_choice_close(struct tls_choice *c);

#endif
