/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes every event of a run and hands it to all sinks, in order. Attached to a world it costs who
 * has the event no more than a copy of it: quick sinks, which make no more than that, get it at
 * once, all others a copy when the loop has nothing else to do; what they write is written soon
 * after, but never more than RECORDER_LATE_MS after it happened. In a virtual world nobody waits,
 * and all sinks get it at once.
 */
#ifndef V2G_RECORD_RECORDER_H
#define V2G_RECORD_RECORDER_H

#include "record/event.h"
#include "record/numbers.h"

struct queue;
struct world;

/* Nothing of the event outlives the call. */
typedef void (*event_sink)(void *context, const struct event *e);

/* Writes what the sink has made. -1: it cannot, and gets no more events. */
typedef int (*sink_write)(void *context, struct err *e);

#define RECORDER_SINKS 8
#define RECORDER_LATE_MS 100

struct recorder {
    struct numbers numbers;
    uint64_t events;      /* so far */
    int64_t first_us, us; /* of the first and of the last one */
    unsigned n;
    struct {
        event_sink sink;
        sink_write write; /* NULL: it writes nothing */
        void *context;
        const char *name;
        bool is_quick;
    } at[RECORDER_SINKS];
    struct queue *queue; /* NULL: not attached */
    unsigned gathered;   /* then so many events are written at once; 0: each */
    /* A sink has ended: what there is to tell on the terminal. May be NULL. */
    void (*lost)(const char *text);
};

void recorder_add(struct recorder *r, event_sink sink, void *context);

/* The same of one that writes, called name ("the ladder"). */
void recorder_add_writer(struct recorder *r, const char *name, event_sink sink, sink_write write,
                         void *context);

/* The same of one that is quick: it takes what it needs of the event, and does nothing else. */
void recorder_add_quick(struct recorder *r, const char *name, event_sink sink, sink_write write,
                        void *context);

/* Of NULL: nothing. */
void recorder_put(struct recorder *r, const struct event *e);

/* From now on until recorder_detach, which comes before world_close, events wait for the loop.
 * Without memory for that nothing changes. Of NULL: nothing. */
void recorder_attach(struct recorder *r, struct world *world);
void recorder_detach(struct recorder *r);

/* All that waits goes to the sinks and is written. Of NULL: nothing. */
void recorder_flush(struct recorder *r);

/* The same, if something has waited for long: for who keeps the loop busy. */
void recorder_flush_late(struct recorder *r);

/* The number of the event that was put last; 0: none, or r is NULL. */
static inline uint64_t recorder_last(const struct recorder *r)
{
    return r == NULL ? 0 : r->events;
}

static inline struct numbers *recorder_numbers(struct recorder *r)
{
    return r == NULL ? NULL : &r->numbers;
}

#endif
