/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the live view shows of a vehicle that serves the grid (AC-DER of
 * ISO 15118-20): what the grid is like, what the station asks for, and what the vehicle makes of
 * it. Read from the messages themselves.
 */
#ifndef V2G_APP_VIEW_GRID_H
#define V2G_APP_VIEW_GRID_H

#include "base/buf.h"
#include "codec/node.h"

#include <stdbool.h>

#define VIEW_GRID_VALUES 17
#define VIEW_GRID_FUNCTIONS 32

/* ORDER VIEW_GRID */
enum view_grid_line { VIEW_GRID_GRID, VIEW_GRID_ASKED, VIEW_GRID_VEHICLE };

struct view_grid {
    bool is_there;                    /* a message was about it */
    char value[VIEW_GRID_VALUES][32]; /* as text; "": not said */
    struct {
        const char *name; /* of the schema */
        bool is_on;
    } function[VIEW_GRID_FUNCTIONS];
    unsigned functions;
};

/* Takes what a message says; n: its first element, or that of another message, which is passed
 * over. */
void view_grid_take(struct view_grid *g, const struct node *n);

/* Appends the text of one of its lines: parts with ", " between them. */
void view_grid_text(const struct view_grid *g, enum view_grid_line line, struct buf *out);

#endif
