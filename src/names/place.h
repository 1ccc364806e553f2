/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place in a message's tree: a slot of a node, or an entry of the list there. Found by the steps
 * of a name and the indices of its lists; made, with defaults, where it is not there yet. Open
 * nodes (repeated groups, mixed content) are read and written by the same functions: their items of
 * one slot are that slot's entries.
 */
#ifndef V2G_NAMES_PLACE_H
#define V2G_NAMES_PLACE_H

#include "codec/message.h"
#include "names/name.h"

#define PLACE_INDEX_MAX 65535 /* highest index of an entry */

struct place {
    struct node *node;
    unsigned slot;
    uint32_t index; /* of the entry; 0 where there is no list */
};

/* The node that a name's steps begin at; NULL where the message has no header. */
struct node *place_base(const struct name *n, const struct message *m);

/* Where the first `steps` steps of n lead. index: one for each indexed step. False: an element on
 * the way is absent (then p is its place). Whether the last step's value is there, place_value
 * tells. */
bool place_find(const struct name *n, unsigned steps, struct node *base, const uint32_t *index,
                struct place *p);

/* The same, making what is absent on the way, the last step included. -1: e has the limit. */
int place_make(const struct name *n, unsigned steps, struct node *base, const uint32_t *index,
               struct arena *a, struct place *p, struct err *e);

/* NULL where absent. */
union value *place_value(const struct place *p);

/* Makes the place present, with default (and the entries before it). */
int place_add(const struct place *p, struct arena *a, struct err *e);

/* Number of entries at the place, its index not counted; of what is no list: 0 or 1. */
uint32_t place_count(const struct place *p);

/* Whether scripts see a list there: where the schema has one, or a repeated group several
 * entries. */
bool place_is_list(const struct place *p);

/* Makes the list that long: cuts it, or appends defaults. -1: the wire cannot carry that many. */
int place_resize(const struct place *p, uint32_t count, struct arena *a, struct err *e);

/* Makes the element absent, also a mandatory one: a violation of whoever sends it so. EXI can then
 * carry nothing of what follows in the element around it. */
void place_remove(const struct place *p);

/* Where step i of the name leads from its node; lists: how many indices those before it have taken,
 * 0 at the first one. */
static inline struct place place_of_step(const struct name *n, unsigned i, struct node *node,
                                         const uint32_t *index, unsigned *lists)
{
    return (struct place){node, n->step[i].slot, n->step[i].indexed ? index[(*lists)++] : 0};
}

static inline const struct field *place_field(const struct place *p)
{
    return &p->node->type->field[p->slot];
}

#endif
