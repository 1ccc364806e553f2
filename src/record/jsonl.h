/* SPDX-License-Identifier: Apache-2.0 */
/* Events as JSON, one object a line: what events.jsonl holds and `decode --json` prints. */
#ifndef V2G_RECORD_JSONL_H
#define V2G_RECORD_JSONL_H

#include "record/event.h"

#include <stdio.h>

struct jsonl {
    FILE *out;
    struct buf line;
};

/* An event_sink; context is the struct jsonl. Each line is written and flushed at once. */
void jsonl_event(void *context, const struct event *e);
void jsonl_close(struct jsonl *j); /* frees memory; the file stays the caller's */

#endif
