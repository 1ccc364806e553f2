/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that the vehicles of `v2glab load` come from: link-local ones of an interface, which
 * has them as long as they are open. No other program chooses them for what it sends.
 */
#ifndef V2G_APP_LOAD_ADDRESSES_H
#define V2G_APP_LOAD_ADDRESSES_H

#include "wire/endpoint.h"

/* The neighbours that the kernel of a station knows are not more. */
#define LOAD_ADDRESSES_MOST 1000

struct load_addresses {
    struct endpoint at[LOAD_ADDRESSES_MOST];
    unsigned n, interface; /* interface: its number */
};

/* Gives so many to the interface, which takes the right to change it. -1: e, and it has none. */
int addresses_open(struct load_addresses *a, const char *interface, unsigned n, struct err *e);

/* Takes them away again. */
void addresses_close(struct load_addresses *a);

#endif
