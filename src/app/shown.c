/* SPDX-License-Identifier: Apache-2.0 */
#include "app/shown.h"

#include "app/report.h"

#include <unistd.h>

#define GATHERED 256 /* events */

int shown_open(struct shown *s, struct recorder *r, bool json, unsigned verbose, struct err *e)
{
    *s = (struct shown){.ladder = {.out = NULL}};
    r->lost = report_lost;
    r->gathered = GATHERED;
    outlet_open(&s->lines.outlet, STDOUT_FILENO);
    if (ladder_open(&s->ladder, STDOUT_FILENO, (int)verbose, e) != 0)
        return -1;
    if (json)
        recorder_add_writer(r, "the output", jsonl_event, jsonl_write, &s->lines);
    else
        recorder_add_writer(r, "the output", ladder_event, ladder_write, &s->ladder);
    return 0;
}

void shown_close(struct shown *s)
{
    outlet_close(&s->lines.outlet);
    ladder_close(&s->ladder);
}
