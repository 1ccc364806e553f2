/* SPDX-License-Identifier: Apache-2.0 */
/* The command `v2glab pki`: makes, shows, checks and serves certificates. */
#ifndef V2G_APP_PKI_H
#define V2G_APP_PKI_H

int command_pki(int argc, char **argv);

#endif
