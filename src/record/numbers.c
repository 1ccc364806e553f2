/* SPDX-License-Identifier: Apache-2.0 */
#include "record/numbers.h"

#include <string.h>

void numbers_begin(struct numbers *n, struct caller *c)
{
    numbers_end(n, c);
    if (n != NULL && n->left != NULL && c->session != 0)
        n->left(n->context, c->session);
    c->session = n == NULL ? 0 : ++n->sessions;
    c->connection = 0;
}

static struct caller **bucket_of(struct numbers *n, const struct endpoint *from)
{
    return &n->bucket[endpoint_hash(from) % NUMBERS_BUCKETS];
}

void numbers_call(struct numbers *n, struct caller *c, const struct endpoint *from)
{
    if (n == NULL || (c->is_listed && endpoint_same(&c->from, from)))
        return;
    numbers_end(n, c);
    struct caller **at = bucket_of(n, from);
    c->from = *from;
    c->next = *at;
    c->is_listed = true;
    *at = c;
}

void numbers_connect(struct numbers *n, struct caller *c)
{
    if (n != NULL && c->connection == 0)
        c->connection = ++n->connections;
}

void numbers_end(struct numbers *n, struct caller *c)
{
    if (n == NULL || !c->is_listed)
        return;
    struct caller **at = bucket_of(n, &c->from);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->is_listed = false;
}

static struct caller *find_caller(struct numbers *n, const struct endpoint *from)
{
    struct caller *c = *bucket_of(n, from);
    while (c != NULL && !endpoint_same(&c->from, from))
        c = c->next;
    return c;
}

struct numbered numbers_asked(struct numbers *n, const struct endpoint *from)
{
    if (n == NULL)
        return (struct numbered){0};
    const struct caller *c = find_caller(n, from);
    if (c != NULL)
        return (struct numbered){.session = c->session, .is_echo = true};
    for (unsigned i = 0; i < NUMBERS_STRANGERS; i++)
        if (n->stranger[i].session != 0 && endpoint_same(&n->stranger[i].from, from))
            return (struct numbered){.session = n->stranger[i].session};
    unsigned at = n->strangers++ % NUMBERS_STRANGERS;
    n->stranger[at].from = *from;
    n->stranger[at].session = ++n->sessions;
    return (struct numbered){.session = n->stranger[at].session};
}

/* Who asked first from that address, of those that have not connected; NULL: nobody. */
static uint32_t *find_stranger(struct numbers *n, const struct endpoint *from)
{
    for (unsigned i = 0; i < NUMBERS_STRANGERS; i++) {
        unsigned at = (n->strangers + i) % NUMBERS_STRANGERS;
        if (n->stranger[at].session != 0 &&
            memcmp(n->stranger[at].from.ip, from->ip, sizeof from->ip) == 0)
            return &n->stranger[at].session;
    }
    return NULL;
}

static uint32_t strangers_session(struct numbers *n, const struct endpoint *from)
{
    uint32_t *asked = find_stranger(n, from);
    if (asked == NULL)
        return ++n->sessions;
    uint32_t session = *asked;
    *asked = 0;
    return session;
}

struct numbered numbers_failed(struct numbers *n, const struct endpoint *from)
{
    const uint32_t *asked = n == NULL ? NULL : find_stranger(n, from);
    return asked != NULL ? (struct numbered){.session = *asked} : numbers_asked(n, from);
}

struct numbered numbers_accepted(struct numbers *n, const struct endpoint *from)
{
    if (n == NULL)
        return (struct numbered){0};
    struct caller *c = find_caller(n, from);
    if (c == NULL)
        return (struct numbered){strangers_session(n, from), ++n->connections, false};
    numbers_connect(n, c);
    return (struct numbered){c->session, c->connection, true};
}
