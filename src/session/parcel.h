/* SPDX-License-Identifier: Apache-2.0 */
/* A frame on its way (filter.h) that a filter changes, or keeps for later. */
#ifndef V2G_SESSION_PARCEL_H
#define V2G_SESSION_PARCEL_H

#include "session/filter.h"

/* Other bytes in place of those that it has, read as the peer will read them. The bytes stay the
 * caller's, and must stay while the parcel is passed on. */
void parcel_set_bytes(struct parcel *p, struct slice bytes);

/* Frees what was read. */
void parcel_close(struct parcel *p);

/* A copy for passing on later, of its bytes; NULL: out of memory. parcel_renew reads them again,
 * and gives the time of now. */
struct parcel *parcel_keep(const struct parcel *p);
void parcel_renew(struct parcel *p);
void parcel_free(struct parcel *p);

#endif
