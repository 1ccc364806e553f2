/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is typed (standard input), for who waits for a key. */
#ifndef V2G_APP_KEYS_H
#define V2G_APP_KEYS_H

#include "base/err.h"

struct uv_poll_s; /* uv_poll_t */
struct world;

struct keys {
    unsigned count; /* octets so far; on a terminal a line at a time */
    void (*call)(void *context);
    void *context;
    struct uv_poll_s *input; /* NULL: nothing can be typed */
};

/* Begins to look, and calls each time that there is something. It does not keep the world's loop
 * going. -1: standard input is a file, or closed (e). */
int keys_open(struct keys *k, struct world *world, void (*call)(void *context), void *context,
              struct err *e);

/* Before world_close. Zero is allowed. */
void keys_close(struct keys *k);

#endif
