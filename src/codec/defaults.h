/* SPDX-License-Identifier: Apache-2.0 */
/* What a message holds before anybody sets anything: the defaults of its description. */
#ifndef V2G_CODEC_DEFAULTS_H
#define V2G_CODEC_DEFAULTS_H

#include "codec/node.h"

/* Fills what is mandatory and absent with the stated defaults, downwards; also lists shorter than
 * their minimum, and open content that cannot end yet. -1: arena exhausted, or a default of the
 * schema that cannot be read. */
int node_complete(struct arena *a, struct node *n, struct err *e);

/* Gives slot its default (a list: one more entry; open content: one more item), complete downwards;
 * marks it present. Not for wildcards and abstract heads. */
int node_set_default(struct arena *a, struct node *n, unsigned slot, struct err *e);

/* Whether slot (no list, of a node that is not open) holds what node_set_default gives it. */
bool node_is_default(const struct node *n, unsigned slot);

#endif
