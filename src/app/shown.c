/* SPDX-License-Identifier: Apache-2.0 */
#include "app/shown.h"

#include "app/report.h"

#include <unistd.h>

#define GATHERED 256 /* events */

void shown_open(struct shown *s, struct recorder *r, bool json, unsigned verbose)
{
    *s = (struct shown){.ladder = {.detail = (int)verbose}};
    r->lost = report_lost;
    r->gathered = GATHERED;
    outlet_open(&s->lines.outlet, STDOUT_FILENO);
    ladder_open(&s->ladder, STDOUT_FILENO, (int)verbose);
    if (json)
        recorder_add_writer(r, "the output", jsonl_event, jsonl_write, &s->lines);
    else
        recorder_add_writer(r, "the output", ladder_event, ladder_write, &s->ladder);
}

void shown_close(struct shown *s)
{
    outlet_close(&s->lines.outlet);
    ladder_close(&s->ladder);
}
