/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of a capture: each of its sessions is a case without verdict, but with its times against
 * the standards' (record/times.h).
 */
#ifndef V2G_PAGE_CAPTURE_PAGE_H
#define V2G_PAGE_CAPTURE_PAGE_H

#include "page/sheet.h"
#include "record/times.h"

struct capture_session; /* a case of it */

struct capture_page {
    struct sheet sheet;
    struct times times;
    struct capture_session *first, *last;
    bool failed;
};

void capture_page_open(struct capture_page *p, const struct times_limits *limits);

/* An event_sink: takes what the capture has; context is the struct capture_page. */
void capture_page_event(void *context, const struct event *e);

/* Makes the page at path, of the capture's file `from`. -1: e. */
int capture_page_write(struct capture_page *p, const char *path, const char *from, struct err *e);

void capture_page_close(struct capture_page *p);

#endif
