/* SPDX-License-Identifier: Apache-2.0 */
#include "script/transfer.h"

#include "codec/defaults.h"
#include "codec/marks.h"

#include <stdio.h>
#include <string.h>

#define PREFIX 3 /* letters of "AC_" */

/* ORDER TRANSFER */
static const char *const PREFIXES[] = {"", "AC_", "DC_"};
static const char *const TRANSFERS[] = {"", "AC", "DC"};

static enum transfer transfer_of(const char *name)
{
    for (enum transfer t = TRANSFER_AC; t <= TRANSFER_DC; t++)
        if (strncmp(name, PREFIXES[t], PREFIX) == 0)
            return t;
    return TRANSFER_NONE;
}

/* What the message asks for; mode: its name. */
static enum transfer asked_for(const struct message *m, const char **mode)
{
    const struct field *f;
    const union value *v = marked_own(message_named(m).node, MARK_TRANSFER, &f);
    if (v == NULL || f->kind != KIND_ENUM || v->u >= f->simple->members)
        return TRANSFER_NONE;
    *mode = f->simple->member[v->u];
    return transfer_of(*mode);
}

/* Whether the element is one of a choice, and of the other transfer. */
static bool is_other(const struct field *f, enum transfer t)
{
    enum transfer own = transfer_of(f->name);
    return f->choice != 0 && own != TRANSFER_NONE && own != t;
}

/* The slot that goes with t in place of that one; -1: there is none. */
static int alternative(const struct type *type, unsigned slot, enum transfer t)
{
    const struct field *f = &type->field[slot];
    for (unsigned i = 0; i < type->fields; i++)
        if (type->field[i].choice == f->choice && transfer_of(type->field[i].name) == t &&
            strcmp(type->field[i].name + PREFIX, f->name + PREFIX) == 0)
            return (int)i;
    return -1;
}

static int follow(struct message *m, enum transfer t, struct arena *a, struct err *e)
{
    struct node *n = message_named(m).node;
    if (t == TRANSFER_NONE || n == NULL || n->type->is_open)
        return 0;
    for (unsigned i = 0; i < n->type->fields; i++) {
        bool is_to_go = node_has(n, i) && is_other(&n->type->field[i], t);
        int other = is_to_go ? alternative(n->type, i, t) : -1;
        if (other >= 0 && node_is_default(n, i) && node_set_default(a, n, (unsigned)other, e) != 0)
            return -1;
    }
    return 0;
}

int transfer_follow(const struct role *r, struct message *m, struct arena *a, struct err *e)
{
    return follow(m, r->transfer, a, e);
}

int transfer_asked(struct role *r, struct message *m, struct arena *a, struct err *e)
{
    const char *mode;
    enum transfer t = asked_for(m, &mode);
    if (t == TRANSFER_NONE)
        return 0;
    r->transfer = t;
    for (struct outgoing *o = r->outgoing; o != NULL; o = o->next)
        if (follow(&o->message, t, &o->arena, e) != 0)
            return -1;
    return a == NULL ? 0 : follow(m, t, a, e);
}

void transfer_check(const struct role *r, const struct message *m, check_report report,
                    void *context)
{
    const struct named named = message_named(m);
    const char *mode = NULL;
    enum transfer t = asked_for(m, &mode);
    t = t == TRANSFER_NONE ? r->transfer : t;
    if (t == TRANSFER_NONE || named.node == NULL || named.node->type->is_open)
        return;
    if (message_is_refusal(m)) /* of the transfer, say: it tells what there is instead */
        return;
    const struct type *type = named.node->type;
    for (unsigned i = 0; i < type->fields; i++) {
        char path[200], what[200];
        if (!node_has(named.node, i) || !is_other(&type->field[i], t))
            continue;
        int other = alternative(type, i, t);
        snprintf(path, sizeof path, "%s/%s", named.name, type->field[i].name);
        snprintf(what, sizeof what, "does not go with %s; expected %s",
                 mode != NULL ? mode : TRANSFERS[t], other < 0 ? "none" : type->field[other].name);
        report(context, path, what);
    }
}
