/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TLS has told of each connection of a case (docs/report-format.md, "Handshakes"): both sides'
 * events of a connection are one, and its certificates are those of the dictionary.
 */
#ifndef V2G_PAGE_HANDSHAKES_H
#define V2G_PAGE_HANDSHAKES_H

#include "page/dictionary.h"
#include "record/event.h"

#include <jansson.h>

/* Zero before its first use. */
struct handshakes {
    json_t *list; /* NULL: there was none */
};

/* Takes an EVENT_TLS. */
void handshakes_add(struct handshakes *h, struct dictionary *d, const struct event *e);

/* All are there: chains that nobody has judged are held against the profiles. */
void handshakes_end(struct handshakes *h, const struct dictionary *d);

void handshakes_close(struct handshakes *h);

#endif
