/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked for of TLS, key by key, as text: by the command line (`--tls`, `--cert`, `--tls-set
 * KEY=VALUE`) and by scripts (Connect, Listen, and their table `tls`). What is not said is as the
 * standards want it (tls/tls_context.h). docs/tls.md tells the keys and their values.
 */
#ifndef V2G_SESSION_TLS_CHOICE_H
#define V2G_SESSION_TLS_CHOICE_H

#include "tls/tls_context.h"

/* ORDER TLS_KEY */
enum tls_key {
    TLS_KEY_VERSION,
    TLS_KEY_PLAIN,
    TLS_KEY_SUITES,
    TLS_KEY_GROUPS,
    TLS_KEY_SCHEMES,
    TLS_KEY_CHECK,
    TLS_KEY_PROFILE,
    TLS_KEY_DOMAIN,
    TLS_KEY_AT,
    TLS_KEY_TRUSTED_CA_KEYS,
    TLS_KEY_CERTIFICATE_AUTHORITIES,
    TLS_KEY_OCSP,
    TLS_KEY_STAPLE,
    TLS_KEY_RESUMPTION,
    TLS_KEY_SERVER_NAME,
    TLS_KEY_ENCRYPT_THEN_MAC,
    TLS_KEY_EXTENDED_MASTER_SECRET,
    TLS_KEY_MAX_FRAGMENT_LENGTH,
    TLS_KEY_WEAK,
    TLS_SETTINGS,
    TLS_KEY_CERT = TLS_SETTINGS, /* from here on: files, which are no settings of TLS itself; cert
                                    and key may be PEM, "" is none (of a vehicle) */
    TLS_KEY_KEY,                 /* NULL where there is a cert: in its file */
    TLS_KEY_ROOTS,
    TLS_KEY_PKI, /* folder of the tree that has the rest; NULL: the demo tree */
    TLS_KEYS,
};

/* The texts are the caller's. NULL: nothing is said of it. */
struct tls_choice {
    const char *said[TLS_KEYS];
};

/* Whether a connection has TLS. ORDER PEER_TLS */
enum peer_tls {
    PEER_TLS_OFF,
    PEER_TLS_AUTO, /* as the other side wants, or none */
    PEER_TLS_ONLY,
};

/* The setting of that name. -1: e has the nearest. */
int tls_choice_find(const char *name, struct err *e);

const char *tls_choice_name(enum tls_key key);

/* Says `value` of a key. Entries of a list stand between colons, a flag is "true" or "false". -1: e
 * says what is expected, and what was said before stays. */
int tls_choice_say(struct tls_choice *c, enum tls_key key, const char *value, struct err *e);

/* What `upper` says, and of what it does not say `lower`. */
struct tls_choice tls_choice_over(const struct tls_choice *upper, const struct tls_choice *lower);

/* otherwise: where c says neither a version nor any other setting. */
enum peer_tls tls_choice_mode(const struct tls_choice *c, enum peer_tls otherwise);

/* Says what is usual in a profile of the timing parameters ("strict", "field", "test"; NULL: the
 * first), where it differs from the standard and nothing is said. */
void tls_choice_profile(struct tls_choice *c, const char *profile);

/* Lays the settings over o, which needs c's texts from then on. */
void tls_choice_apply(const struct tls_choice *c, struct tls_options *o);

#endif
