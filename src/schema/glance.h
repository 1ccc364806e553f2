/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of a type or a set for each message, found once as it is linked: slots of certain
 * children, and sets of slots. Private to src/schema.
 */
#ifndef V2G_SCHEMA_GLANCE_H
#define V2G_SCHEMA_GLANCE_H

#include "schema/schema.h"

/* Its fields are there: fills in marks, watched, distant, header, and the parts of a quantity. */
void glance_type(struct type *t);

/* Its elements are there: fills in body_slot and body. -1: the arena has no room. */
int glance_set(struct schema *s);

#endif
