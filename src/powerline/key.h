/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a logical network of HomePlug: the NMK of a password, and the NID of an NMK. */
#ifndef V2G_POWERLINE_KEY_H
#define V2G_POWERLINE_KEY_H

#include "base/err.h"

#include <stdint.h>

#define KEY_NMK 16 /* octets */
#define KEY_NID 7

/* SHA-256 over the password and a salt, a thousand times in all. -1: e. */
int key_nmk(const char *password, uint8_t nmk[KEY_NMK], struct err *e);

/* SHA-256 five times: 52 bits of it, behind the security level 0 (simple connect). -1: e. */
int key_nid(const uint8_t nmk[KEY_NMK], uint8_t nid[KEY_NID], struct err *e);

#endif
