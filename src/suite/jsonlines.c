/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/jsonlines.h"

static void put_result(const struct result *r, FILE *out)
{
    struct buf cause = {0};
    json_t *all = json_object();
    json_object_update(all, (json_t *)(uintptr_t)r->planned);
    if (r->said != NULL)
        json_object_update(all, (json_t *)(uintptr_t)r->said);
    json_object_set_new(all, "verdict", json_string(outcome_name(r->verdict)));
    json_object_set_new(all, "field", json_string(outcome_name(r->field)));
    if (r->verdict != OUTCOME_PASS)
        json_object_set_new(all, "cause", json_string(result_cause(r, &cause)));
    json_dumpf(all, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(all);
    buf_close(&cause);
}

void jsonlines_write(const struct results *r, FILE *out)
{
    for (size_t i = 0; i < r->n; i++)
        put_result(&r->at[i], out);
}
