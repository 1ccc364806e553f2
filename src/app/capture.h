/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab decode FILE.pcap`: a capture as the same stream of events that a run makes. */
#ifndef V2G_APP_CAPTURE_H
#define V2G_APP_CAPTURE_H

#include "schema/library.h"

#include <stdbool.h>

/* Prints the sessions of a pcap or pcapng file: as ladder, or as JSON lines. `verify`: encodes every
 * message again and reports each that does not give the same bytes. Exit code: 0, or 1 where
 * something could not be decoded (or verified), 3 where the file cannot be read. */
int capture_decode(struct library *l, const char *path, bool json, int detail, bool verify);

#endif
