/* SPDX-License-Identifier: Apache-2.0 */
#include "record/times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct times_state {
    struct times_state *next;
    uint32_t session, connection;
    int64_t us;        /* of the frame before; */
    uint8_t from_role; /* who has sent it; FROM_NONE: there is none */
    const struct schema *schema;
    const char *name; /* of its message, the schema's */
};

static const struct times_limit *find_one(const struct times_limits *l, const char *protocol,
                                          const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->at[i].name, name) == 0 && strcmp(l->at[i].protocol, protocol) == 0)
            return &l->at[i];
    return NULL;
}

const struct times_limit *times_find(const struct times_limits *l, const char *protocol,
                                     const char *parameter, const char *message)
{
    char name[TIMES_NAME];
    snprintf(name, sizeof name, "%s_%s", parameter, message);
    const struct times_limit *own = find_one(l, protocol, name);
    return own != NULL ? own : find_one(l, protocol, parameter);
}

/* The same as times_find, for each message anew; parameter and message are texts that stay. */
static const struct times_limit *find_again(struct times *t, const struct schema *schema,
                                            const char *parameter, const char *message)
{
    uint64_t sum = (uintptr_t)schema + (uintptr_t)parameter * 3 + (uintptr_t)message * 5;
    size_t first = sum * 0x9E3779B97F4A7C15u >> 32;
    struct times_known *known = NULL;
    for (size_t i = 0; i < 4; i++) {
        known = &t->known[(first + i) % TIMES_KNOWN];
        if (known->schema == schema && known->parameter == parameter && known->message == message)
            return known->limit;
        if (known->schema == NULL)
            break;
    }
    *known = (struct times_known){schema, parameter, message,
                                  times_find(t->limits, schema->protocol, parameter, message)};
    return known->limit;
}

/* The one of that session and connection; made where there is none, NULL without memory. */
static struct times_state *state_of(struct times *t, const struct event *e)
{
    uint32_t number = e->connection != 0 ? e->connection : e->session;
    struct times_state **bucket = &t->bucket[number % TIMES_BUCKETS];
    struct times_state *s = *bucket;
    while (s != NULL && (s->session != e->session || s->connection != e->connection))
        s = s->next;
    if (s != NULL)
        return s;
    if ((s = calloc(1, sizeof *s)) == NULL) {
        buf_note_run_out();
        return NULL;
    }
    s->session = e->session;
    s->connection = e->connection;
    s->next = *bucket;
    *bucket = s;
    return s;
}

/* Which times a frame ends. of_this: its message names the parameter, not the one before it. */
static const struct ended {
    uint8_t from_role; /* of the frame that ends it */
    const char *by, *parameter;
    bool of_this;
} ENDED[] = {
    {FROM_SECC, "EVCC", "V2G_EVCC_Msg_Timeout", false},
    {FROM_SECC, "SECC", "V2G_SECC_Msg_Performance_Time", false},
    {FROM_EVCC, "SECC", "V2G_SECC_Sequence_Timeout", false},
    {FROM_EVCC, "EVCC", "V2G_EVCC_Sequence_Performance_Time", true},
};

static void measure(struct times *t, const struct times_state *before, struct event *timer,
                    const struct ended *ended)
{
    const struct schema *schema = ended->of_this ? timer->schema : before->schema;
    const char *message = ended->of_this ? timer->name : before->name;
    const struct times_limit *limit = find_again(t, schema, ended->parameter, message);
    if (limit == NULL)
        return;
    timer->by = ended->by;
    timer->text = limit->name;
    timer->limit_us = limit->us;
    timer->ok = timer->taken_us <= timer->limit_us;
    t->next(t->context, timer);
}

/* All times that e ends. A datagram that is repeated, and what is asked after one, has none to
 * keep. */
static void measure_all(struct times *t, const struct times_state *before, const struct event *e)
{
    struct event timer = *e;
    if (event_is_datagram(e) && e->from_role == FROM_EVCC)
        return;
    timer.kind = EVENT_TIMER;
    timer.taken_us = e->us > before->us ? e->us - before->us : 0;
    timer.bytes = (struct slice){NULL, 0};
    timer.message = NULL;
    timer.problem = NULL;
    for (size_t i = 0; i < sizeof ENDED / sizeof ENDED[0]; i++)
        if (ENDED[i].from_role == e->from_role)
            measure(t, before, &timer, &ENDED[i]);
}

void times_event(void *context, const struct event *e)
{
    struct times *t = context;
    t->next(t->context, e);
    bool is_message = e->kind == EVENT_FRAME && e->name[0] != '\0' && e->schema != NULL &&
                      e->schema->protocol != NULL;
    struct times_state *s = is_message ? state_of(t, e) : NULL;
    if (s == NULL)
        return;
    if (s->from_role != FROM_NONE && s->from_role != e->from_role)
        measure_all(t, s, e);
    s->us = e->us;
    s->from_role = e->from_role;
    s->schema = e->schema;
    s->name = e->name;
}

void times_forget(struct times *t, uint32_t connection)
{
    struct times_state **at = &t->bucket[connection % TIMES_BUCKETS], *s;
    while ((s = *at) != NULL) {
        if (s->connection != connection) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        free(s);
    }
}

void times_close(struct times *t)
{
    for (unsigned i = 0; i < TIMES_BUCKETS; i++)
        for (struct times_state *s = t->bucket[i], *next; s != NULL; s = next) {
            next = s->next;
            free(s);
        }
    memset(t->bucket, 0, sizeof t->bucket);
}
