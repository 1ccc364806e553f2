/* SPDX-License-Identifier: Apache-2.0 */
#include "app/load_mix.h"

#include "app/options.h"

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

static int take_item(void *to, char *item, struct err *e)
{
    struct load_mix *m = to;
    char *share = strrchr(item, ':');
    if (share != NULL)
        *share++ = '\0';
    if (*item == '\0' || m->n == LOAD_MIX_MOST)
        return err_set(e, "expected 1 to %d names, as mg4:30%%,vw-group:70%%", LOAD_MIX_MOST);
    if (take_share(m, share, e) != 0)
        return -1;
    const char *found = m->find(item, e);
    if (found == NULL)
        return -1;
    if ((m->name[m->n] = strdup(found)) == NULL)
        return err_set(e, "out of memory");
    m->n++;
    return 0;
}

void load_mix_close(struct load_mix *m)
{
    while (m->n > 0)
        free(m->name[--m->n]);
}

int load_mix_take(void *to, const char *text, struct err *e)
{
    load_mix_close(to);
    return options_list(to, text, take_item, e);
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
