/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of a campaign, read from its folder (plan.json and results.jsonl, docs/results.md):
 * one for each case of the plan, also where the campaign was killed. All reports are a loop over
 * them. A last line that was cut off is as if it were not there.
 */
#ifndef V2G_SUITE_RESULTS_H
#define V2G_SUITE_RESULTS_H

#include "base/buf.h"
#include "base/err.h"
#include "record/record_folder.h"

#include <jansson.h>
#include <stdio.h>

#define RESULTS_PLAN "plan.json"
#define RESULTS_FILE RECORD_RESULTS

/* ORDER OUTCOME */
enum outcome {
    OUTCOME_PASS,
    OUTCOME_FAIL,
    OUTCOME_INCONCLUSIVE,
    OUTCOME_ERROR,
    OUTCOME_BEYOND, /* played as far as one device can show; the line says inconclusive */
    OUTCOME_NOT_APPLICABLE,
    OUTCOME_NOT_REACHED, /* planned, and without a result: the campaign was ended before */
    OUTCOMES,
};

/* "pass", "beyond", "not applicable". */
const char *outcome_name(enum outcome o);

/* All texts are those of the JSON; "" where it has none. */
struct result {
    const json_t *planned; /* what the plan says of the case */
    const json_t *said;    /* its line; NULL: it has none */
    size_t number;         /* in the plan, from 1; 0: of what does not apply */
    unsigned round;        /* with --repeat, from 1; else 0 */
    const char *id, *suite, *protocol, *sut, *about, *file;
    enum outcome verdict, field; /* conformance; whether the device would charge all the same */
    int64_t us, taken_us;        /* its begin and its duration, by the time of its world */
    const json_t *step;          /* the one that decided; NULL: none did */
    const char *expected, *found, *cites, *where, *reason;
    int64_t frame; /* of that step; 0: unknown */
};

struct results {
    char folder[512];
    json_t *plan, *lines;
    const json_t *run; /* the plan's words on the campaign as a whole */
    struct result *at;
    size_t n;
    unsigned verdicts[OUTCOMES], fields[OUTCOMES];
    bool by_field; /* played with --profile field: that verdict decides */
    struct mutants {
        unsigned played, killed;
    } negations, rules;
};

/* Whether the folder is that of a campaign: it has a plan. */
bool results_are(const char *folder);

/* -1: e. What was read must be closed in either case. */
int results_open(struct results *r, const char *folder, struct err *e);
void results_close(struct results *r);

/* The text at a key; "" where there is none. */
const char *results_text(const json_t *object, const char *key);

/* Sets it; NULL: nothing. */
void results_set_text(json_t *object, const char *key, const char *text);

/* How many results of each outcome there are, by the verdict that decides. */
const unsigned *results_counts(const struct results *r);

/* What there is to know of one: its part of the plan, and its line. */
void result_read(struct result *r, const json_t *planned, const json_t *said);

/* "TC_…_006", or "TC_…_006 (2)": what tells it from all others. */
const char *result_name(const struct result *r, struct buf *out);

/* In the folder of all records: that of the planned case, and of its round. */
void results_record(const char *all, const json_t *planned, char *path, size_t size);

/* Why it is not pass: what was expected and found, or the reason. */
const char *result_cause(const struct result *r, struct buf *out);

/* Whether the case noticed it, by failing; and how many were not noticed. */
bool mutant_is_killed(const json_t *mutant);
unsigned results_survivors(const struct results *r);

/* Results of one outcome that have the same cause but for the figures in it. */
struct cause {
    char *text; /* of the first */
    size_t first, count;
    size_t tolerated; /* of them charge in the field all the same */
};

/* The causes of an outcome (of the verdict, or of the field), the most frequent first; the caller's
 * to free with causes_free. */
struct cause *results_causes(const struct results *r, enum outcome of, bool of_field, size_t *n);
void causes_free(struct cause *list, size_t n);

/* Whether a and b have that cause in common. */
bool cause_is_same(const char *a, const char *b);

/* A report: all results, written. */
typedef void (*results_write)(const struct results *r, FILE *out);

#endif
