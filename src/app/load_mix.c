/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_mix.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Behind the name: "30%", "3"; all have one, or none has. */
static int take_share(struct load_mix *m, char *text, struct err *e)
{
    char *end = text;
    double share = text == NULL ? 0 : strtod(text, &end);
    if (text != NULL && (!(share > 0 && share <= 1e6) || (*end != '\0' && strcmp(end, "%") != 0)))
        return err_set(e, "expected NAME:SHARE, with a share as 30%%, found '%s'", text);
    if (m->n > 0 && (m->share[0] > 0) != (text != NULL))
        return err_set(e, "expected a share of each, or of none");
    m->share[m->n] = share;
    return 0;
}

int load_mix_take(void *to, const char *text, struct err *e)
{
    struct load_mix *m = to;
    char *at = (char *)(uintptr_t)text, *next;
    m->n = 0;
    for (; at != NULL; at = next) {
        next = strchr(at, ',');
        if (next != NULL)
            *next++ = '\0';
        char *share = strrchr(at, ':');
        if (share != NULL)
            *share++ = '\0';
        if (*at == '\0' || m->n == LOAD_MIX_MOST)
            return err_set(e, "expected 1 to %d names, as mg4:30%%,vw-group:70%%", LOAD_MIX_MOST);
        if (take_share(m, share, e) != 0)
            return -1;
        m->name[m->n++] = at;
    }
    return 0;
}

double load_mix_share(const struct load_mix *m, unsigned i)
{
    double all = 0;
    if (m->n == 0)
        return 1;
    for (unsigned k = 0; k < m->n; k++)
        all += m->share[k] > 0 ? m->share[k] : 1;
    return (m->share[i] > 0 ? m->share[i] : 1) / all;
}
