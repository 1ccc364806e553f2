/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities: a number in SI units as a value, a multiplier (a power of ten) and maybe a unit. */
#ifndef V2G_CODEC_QUANTITY_H
#define V2G_CODEC_QUANTITY_H

#include "codec/node.h"

/* Writes si, a number in SI units, into a quantity: the multiplier nearest 0 that shows it exactly
 * within the limits of both fields; else the nearest number they can show. The Unit slot, where the
 * type has one, gets the member `unit` (NULL or "": stays as it is). -1: si is outside what the
 * two fields can show, or there is no such unit. */
int quantity_set(struct arena *a, struct node *n, double si, const char *unit, struct err *e);

/* The Unit slot's part of it. */
int quantity_set_unit(struct arena *a, struct node *n, const char *unit, struct err *e);

/* The number in SI units; absent parts count as 0. */
double quantity_get(const struct node *n);

/* The same, printed with up to 10 digits, as "%.10g" has them. */
void quantity_print(const struct node *n, struct buf *out);

#endif
