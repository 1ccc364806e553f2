/* SPDX-License-Identifier: Apache-2.0 */
/* Time in microseconds: one that only goes forward, and the same one counted from 1970. */
#ifndef V2G_WIRE_CLOCK_H
#define V2G_WIRE_CLOCK_H

#include <stdint.h>

/* Since some moment in the past; for deadlines and durations. */
int64_t clock_us(void);

/*
 * Since 1970-01-01 UTC; for the record. The system's clock is read once and goes on with clock_us,
 * so that a record never jumps when somebody sets the clock.
 */
int64_t clock_utc_us(void);

#endif
