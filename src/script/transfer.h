/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AC or DC: where the schema has a choice of both (AC_EVChargeParameter, DC_EVChargeParameter;
 * AC_EVSEStatus, DC_EVSEStatus), what nobody has set follows the energy transfer that was asked
 * for, in the field marked !transfer. What a script has set stays, and is told as a violation.
 */
#ifndef V2G_SCRIPT_TRANSFER_H
#define V2G_SCRIPT_TRANSFER_H

#include "codec/check.h"
#include "script/role.h"

/* A message that was made: it follows what the role has asked for, or was asked for. -1: e. */
int transfer_follow(const struct role *r, struct message *m, struct arena *a, struct err *e);

/* The message asks for a transfer, if it has that field: what the role sends from now on follows,
 * this one, too (a: its arena; NULL: it came, and stays). -1: e. */
int transfer_asked(struct role *r, struct message *m, struct arena *a, struct err *e);

/* Reports what in a message that goes out does not go with the transfer. */
void transfer_check(const struct role *r, const struct message *m, check_report report,
                    void *context);

#endif
