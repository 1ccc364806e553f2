/* SPDX-License-Identifier: Apache-2.0 */
/* Microseconds that only go forward, of the machine and not of a world (world.h): how long
 * something keeps the processor. */
#ifndef V2G_WIRE_CLOCK_H
#define V2G_WIRE_CLOCK_H

#include <stdint.h>

/* Since some moment in the past. */
int64_t clock_us(void);

#endif
