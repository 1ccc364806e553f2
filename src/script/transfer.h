/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How energy is transferred: AC or DC (AC_EVSEStatus, DC_EVSEStatus); by a schedule or as the
 * station says (Scheduled_…, Dynamic_…); in one direction, in both or as the grid wants (BPT_…,
 * DER_…). Where the schema has a choice of such names, what nobody has set follows what was asked
 * for last, in a field marked !transfer. What a script has set stays, and is told as a violation.
 */
#ifndef V2G_SCRIPT_TRANSFER_H
#define V2G_SCRIPT_TRANSFER_H

#include "codec/check.h"
#include "script/role.h"

/* A message that was made, or an element of one: it follows what the role has asked for, or was
 * asked for. -1: e. */
int transfer_follow(const struct role *r, struct message *m, struct arena *a, struct err *e);
int transfer_follow_in(const struct role *r, struct node *n, struct arena *a, struct err *e);

/* The message asks for a transfer, if it has such a field: what the role sends from now on follows,
 * this one, too (a: its arena; NULL: it came, and stays). -1: e. */
int transfer_asked(struct role *r, struct message *m, struct arena *a, struct err *e);

/* Reports what in a message that goes out does not go with the transfer. */
void transfer_check(const struct role *r, const struct message *m, check_report report,
                    void *context);

#endif
