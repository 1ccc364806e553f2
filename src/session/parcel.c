/* SPDX-License-Identifier: Apache-2.0 */
#include "session/parcel.h"

#include "session/session.h"
#include "wire/world.h"

#include <stdlib.h>
#include <string.h>

void parcel_close(struct parcel *p)
{
    session_done(p->session, p->read);
    p->read = NULL;
}

void parcel_set_bytes(struct parcel *p, struct slice bytes)
{
    parcel_close(p);
    p->event.bytes = bytes;
    session_read(p->session, p);
}

/* The bytes lie behind it. */
struct parcel *parcel_keep(const struct parcel *p)
{
    size_t n = p->event.bytes.n;
    struct parcel *kept = malloc(sizeof *kept + n);
    if (kept == NULL)
        return NULL;
    *kept = *p;
    if (n > 0)
        memcpy(kept + 1, p->event.bytes.p, n);
    kept->event.bytes = (struct slice){(const uint8_t *)(kept + 1), n};
    kept->event.where = ""; /* a line of a script, which may be gone */
    kept->event.message = NULL;
    kept->event.problem = NULL;
    kept->read = NULL;
    return kept;
}

void parcel_renew(struct parcel *p)
{
    p->event.us = world_now(p->session->way.world);
    session_read(p->session, p);
}

void parcel_free(struct parcel *p)
{
    if (p == NULL)
        return;
    parcel_close(p);
    free(p);
}
