/* SPDX-License-Identifier: Apache-2.0 */
/* What all metrics in OpenMetrics text have: the head of a family, and labels. Private to src/. */
#ifndef V2G_BASE_OPENMETRICS_H
#define V2G_BASE_OPENMETRICS_H

#include <stdio.h>

/* The head of a family: "counter", "gauge" …; unit, with which its name ends; NULL: it has none. */
void openmetrics_family(FILE *out, const char *name, const char *type, const char *unit,
                        const char *help);

/* NAME="TEXT", whatever the text is; octets that are no UTF-8 become '?'. */
void openmetrics_label(FILE *out, const char *name, const char *text);

#endif
