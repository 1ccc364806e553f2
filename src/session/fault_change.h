/* SPDX-License-Identifier: Apache-2.0 */
/* What a fault makes of a frame: other bytes, by the message in it or by its bits. No state.
 * Private to src/session. */
#ifndef V2G_SESSION_FAULT_CHANGE_H
#define V2G_SESSION_FAULT_CHANGE_H

#include "session/fault.h"
#include "session/parcel.h"

#define FAULT_DETAIL 80

/* The frame in place of that of p, for faults from FAULT_TRUNCATE to FAULT_HEADER. detail: what was
 * done, where the fault does not say it. -1: it cannot be done to this frame; e says why. */
int fault_change(const struct fault *f, const struct parcel *p, struct buf *out,
                 char detail[FAULT_DETAIL], struct err *e);

#endif
