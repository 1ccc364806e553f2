/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a capture's connections and datagrams say, as events: a session for each direction of a
 * connection, that decodes what the other side sent; TLS where there are secrets; and what happened
 * on the network.
 */
#ifndef V2G_APP_CAPTURE_LINKS_H
#define V2G_APP_CAPTURE_LINKS_H

#include "app/guess.h"
#include "record/capture.h"
#include "record/recorder.h"
#include "tls/tls_secrets.h"

struct link;

#define LINKS_BUCKETS 1024

/* Zero before links_open, but for what is given. */
struct links {
    struct library *library; /* given, as are guess.grammars and verify */
    struct guess guess;
    bool verify;           /* every message is encoded again */
    struct recorder out;   /* gets the events */
    struct recorder inner; /* what sessions record, on its way to out */
    struct link *first;
    struct link *bucket[LINKS_BUCKETS]; /* by number */
    struct tls_secrets secrets;
    struct arena scratch;
    uint64_t packet; /* that is being read; 0: between packets */
    bool is_inside;  /* what is being read was within TLS */
    unsigned frames, link_frames, undecoded, violations, differing, losses, foreign, failed;
};

/* For capture_read; its context is a struct links. */
extern const struct capture_events LINKS_EVENTS;

void links_open(struct links *l);
/* No more comes. */
void links_finish(struct links *l);

void links_close(struct links *l);

/* Connections that have no V2GTP in the clear. */
unsigned links_foreign(const struct links *l);

#endif
