/* SPDX-License-Identifier: Apache-2.0 */
/* The options about TLS and certificates that `run`, `ev` and `evse` have in common. */
#ifndef V2G_APP_SECURE_H
#define V2G_APP_SECURE_H

#include "app/options.h"
#include "script/script.h"
#include "session/tls_choice.h"

/* Rows of a table of options, in this order, behind one about --tls. ORDER SECURE */
#define SECURE_OPTIONS                                                                             \
    {"cert", 0, "FILE",                                                                            \
     "certificate chain of each role that speaks TLS, PEM, leaf first;\n"                          \
     "else that of the tree"},                                                                     \
        {"key", 0, "FILE", "its private key, PEM; else in the file of the chain"},                 \
        {"roots", 0, "FILE", "roots to trust, PEM; else those of the tree"},                       \
        {"tls-set", 0, "KEY=VALUE",                                                                \
         "a setting of TLS, as suites=TLS_AES_256_GCM_SHA384, ocsp=required,\n"                    \
         "check=any: the keys of Connect{tls={…}}; may be given several times"},                   \
    {                                                                                              \
        "pki", 0, "DIR",                                                                           \
            "a tree of certificates (`v2glab pki make DIR`); else the demo\n"                      \
            "tree (`v2glab pki list`), made on first use"                                          \
    }

/* ORDER SECURE */
enum secure_option { SECURE_TLS, SECURE_CERT, SECURE_KEY, SECURE_ROOTS, SECURE_SET, SECURE_PKI };

/* Takes the value of an option; settings are what common->settings points to from then on. -1: it
 * has been reported. */
int secure_take(struct options *o, enum secure_option option, struct script_options *common,
                struct tls_choice *settings);

#endif
