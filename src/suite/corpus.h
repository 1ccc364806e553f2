/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `v2glab fuzz` has tried and seen, in a file of SQLite: a row for each trial, one for each
 * state that there is, and one for each fault that was found. Who opens it again goes on behind the
 * last trial.
 */
#ifndef V2G_SUITE_CORPUS_H
#define V2G_SUITE_CORPUS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct corpus;

/* identity: seed and options, as text of less than 512 octets; a file that was made with others is
 * refused. NULL: e. */
struct corpus *corpus_open(const char *path, const char *identity, struct err *e);
void corpus_close(struct corpus *c);

/* The number of the next trial, from 1; -1: e. */
int64_t corpus_next(struct corpus *c, struct err *e);

/* What came of a trial. Texts are the caller's. */
struct corpus_trial {
    int64_t number, taken_us;
    const char *protocol, *mode, *given; /* the state */
    const char *kind, *message, *about;
    const char *reaction; /* what the device did, in a word or two */
    const char *defect;   /* what is wrong with that; NULL: nothing */
    bool is_reached;      /* it came as far as the state */
    bool is_sent;         /* what is wrong was proven to have gone out */
};

/* A state that trials may be made in; known ones stay as they are. -1: e. */
int corpus_add_state(struct corpus *c, const char *protocol, const char *mode, const char *given,
                     struct err *e);

/* Adds a trial, as one transaction. 1: its fault is the first of its like (defect, protocol, kind,
 * message); 0: it is not; -1: e. */
int corpus_add(struct corpus *c, const struct corpus_trial *t, struct err *e);

/* The case that shows the fault of that trial, shrunk: its file and its text. -1: e. */
int corpus_add_case(struct corpus *c, int64_t number, const char *file, const char *text,
                    struct err *e);

struct corpus_counts {
    int64_t trials, reached, sent, faulty, reactions, states, states_reached;
};

/* Of all trials so far. -1: e. */
int corpus_count(struct corpus *c, struct corpus_counts *counts, struct err *e);

/* Calls for each fault, in the order in which they were found: the first of its trials, how often
 * it was seen, and the file of its case (may be ""). -1: e. */
int corpus_faults(struct corpus *c,
                  void (*call)(void *context, const struct corpus_trial *t, int64_t times,
                               const char *file),
                  void *context, struct err *e);

/* Calls for each protocol and mode: states, those that were reached, and the names of the others.
 * -1: e. */
int corpus_coverage(struct corpus *c,
                    void (*call)(void *context, const char *protocol, const char *mode,
                                 int64_t states, int64_t reached, const char *others),
                    void *context, struct err *e);

#endif
