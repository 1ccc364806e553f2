/* SPDX-License-Identifier: Apache-2.0 */
#include "script/transfer.h"

#include "codec/defaults.h"
#include "codec/marks.h"

#include <stdio.h>
#include <string.h>

#define MODES 4  /* of an aspect, with "not known" */
#define DEPTH 3  /* of elements that are looked into */
#define REST 80  /* letters of a name */
#define PATH 320 /* letters of a path */

/* What of a name says the mode. The first word of an aspect may be none: it is meant where others
 * of the choice have one. ORDER TRANSFER */
static const char *const WORDS[TRANSFER_ASPECTS][MODES] = {
    {NULL, "AC", "DC"},
    {NULL, "Scheduled", "Dynamic"},
    {NULL, "", "BPT", "DER"},
};
static const char *const IN_WORDS[TRANSFER_ASPECTS][MODES] = {
    {"", "AC", "DC"},
    {"", "Scheduled", "Dynamic"},
    {"", "charging alone", "BPT", "DER"},
};

/* Services of energy transfer of ISO 15118-20, by number: in which directions. */
static const uint8_t DIRECTIONS[] = {0, 1, 1, 0, 0, 2, 2, 2, 1, 2, 3, 3};

/* A name taken apart: BPT_Dynamic_DC_CLReqControlMode is {DC, Dynamic, BPT}, CLReqControlMode. */
struct shape {
    struct transfer t;
    char rest[REST];
};

static bool is_word(const char *known, const char *word, size_t n)
{
    return known[0] == word[0] && strncmp(known, word, n) == 0 && known[n] == '\0';
}

static bool take_word(struct transfer *t, const char *word, size_t n)
{
    for (unsigned a = 0; a < TRANSFER_ASPECTS; a++)
        for (uint8_t mode = 1; mode < MODES && WORDS[a][mode] != NULL; mode++)
            if (n > 0 && is_word(WORDS[a][mode], word, n)) {
                t->mode[a] = mode;
                return true;
            }
    return false;
}

static struct shape shape_of(const char *name)
{
    struct shape s = {{{0, 0, 1}}, ""};
    size_t used = 0;
    for (size_t n; *name != '\0'; name += n + (name[n] == '_')) {
        n = strcspn(name, "_");
        if (!take_word(&s.t, name, n) && used + n < sizeof s.rest) {
            memcpy(s.rest + used, name, n);
            used += n;
        }
    }
    s.rest[used] = '\0';
    return s;
}

/* The slot of the same choice that is called as `wanted`; -1: there is none. */
static int slot_of(const struct type *type, uint8_t choice, const struct shape *wanted)
{
    for (unsigned i = 0; i < type->fields; i++) {
        if (type->field[i].choice != choice)
            continue;
        struct shape s = shape_of(type->field[i].name);
        if (memcmp(&s.t, &wanted->t, sizeof s.t) == 0 && strcmp(s.rest, wanted->rest) == 0)
            return (int)i;
    }
    return -1;
}

/* Whether the element is one of a choice, and of another mode than t; instead: the slot that goes
 * with t in its place, or -1: none, which is wrong of AC and DC only. aspect: in which one. */
static bool is_other(const struct type *type, unsigned slot, const struct transfer *t, int *instead,
                     unsigned *aspect)
{
    const struct field *f = &type->field[slot];
    bool is_wrong = false;
    *instead = -1;
    if (f->choice == 0)
        return false;
    struct shape s = shape_of(f->name);
    for (unsigned a = 0; a < TRANSFER_ASPECTS; a++) {
        uint8_t own = s.t.mode[a];
        if (own == 0 || t->mode[a] == 0 || t->mode[a] == own)
            continue;
        s.t.mode[a] = t->mode[a];
        int found = slot_of(type, f->choice, &s);
        if (found < 0 && a != 0)
            s.t.mode[a] = own;
        if (found >= 0 || a == 0) {
            *instead = found;
            *aspect = a;
            is_wrong = true;
        }
    }
    return is_wrong;
}

/* What an element of a choice says of the aspects that its choice is about. */
static void take_element(const struct type *type, const struct field *f, struct transfer *t)
{
    const struct shape own = shape_of(f->name);
    for (unsigned a = 0; a < TRANSFER_ASPECTS; a++)
        for (uint8_t mode = 1; mode < MODES && WORDS[a][mode] != NULL; mode++) {
            struct shape other = own;
            other.t.mode[a] = mode;
            if (own.t.mode[a] != 0 && mode != own.t.mode[a] &&
                slot_of(type, f->choice, &other) >= 0)
                t->mode[a] = own.t.mode[a];
        }
}

static bool is_child(const struct node *n, unsigned slot)
{
    return node_has(n, slot) && n->type->field[slot].kind == KIND_NODE &&
           !n->type->field[slot].is_list;
}

/* What the field marked in n asks for, or in an element of it, goes into t. The name of what it
 * holds; NULL: there is none. */
static const char *take_asked(const struct node *n, unsigned depth, struct transfer *t)
{
    const struct field *f;
    const union value *v = marked_own(n, MARK_TRANSFER, &f);
    if (v != NULL && f->kind == KIND_ENUM) {
        const char *member = v->u < f->simple->members ? f->simple->member[v->u] : "";
        t->mode[0] = shape_of(member).t.mode[0];
        return t->mode[0] == 0 ? NULL : member;
    }
    if (v != NULL && f->kind == KIND_NODE) {
        take_element(n->type, f, t);
        return f->name;
    }
    if (v != NULL) {
        t->mode[2] = v->u < sizeof DIRECTIONS ? DIRECTIONS[v->u] : 0;
        return t->mode[2] == 0 ? NULL : f->name;
    }
    const char *name = NULL;
    bool has_children = n != NULL && depth > 0 && !n->type->is_open;
    for (unsigned i = 0; has_children && i < n->type->fields && name == NULL; i++)
        if (is_child(n, i))
            name = take_asked(n->v[i].n, depth - 1, t);
    return name;
}

static int follow(struct node *n, const struct transfer *t, unsigned depth, struct arena *a,
                  struct err *e)
{
    int other;
    unsigned ignored;
    if (n == NULL || n->type->is_open)
        return 0;
    for (unsigned i = 0; i < n->type->fields; i++) {
        if (!is_child(n, i))
            continue;
        bool is_to_go = is_other(n->type, i, t, &other, &ignored) && other >= 0;
        if (is_to_go && node_is_default(n, i) && node_set_default(a, n, (unsigned)other, e) != 0)
            return -1;
        if (depth > 0 && is_child(n, i) && follow(n->v[i].n, t, depth - 1, a, e) != 0)
            return -1;
    }
    return 0;
}

int transfer_follow_in(const struct role *r, struct node *n, struct arena *a, struct err *e)
{
    return follow(n, &r->transfer, DEPTH, a, e);
}

int transfer_follow(const struct role *r, struct message *m, struct arena *a, struct err *e)
{
    return transfer_follow_in(r, message_named(m).node, a, e);
}

int transfer_asked(struct role *r, struct message *m, struct arena *a, struct err *e)
{
    if (take_asked(message_named(m).node, 1, &r->transfer) == NULL)
        return 0;
    for (struct outgoing *o = r->outgoing; o != NULL; o = o->next)
        if (transfer_follow(r, &o->message, &o->arena, e) != 0)
            return -1;
    return a == NULL ? 0 : transfer_follow(r, m, a, e);
}

/* What the reports of a message have in common. */
struct checking {
    const struct message *message;
    struct transfer t;
    const char *mode; /* as the message itself says it; NULL: an earlier one did */
    check_report report;
    void *context;
};

/* A name on the way to an element: a path is written only where there is something to report. */
struct trail {
    const struct trail *up;
    const char *name;
};

static size_t write_trail(const struct trail *w, char out[PATH])
{
    size_t n = w->up == NULL ? 0 : write_trail(w->up, out);
    int more = snprintf(out + n, PATH - n, "%s%s", n > 0 ? "/" : "", w->name);
    n += more > 0 ? (size_t)more : 0;
    return n < PATH ? n : PATH - 1;
}

/* A refusal tells what there is instead. other: the slot that goes with the transfer, or -1. */
static void report_other(const struct checking *c, const struct trail *at, const struct type *type,
                         int other, unsigned aspect)
{
    char path[PATH], what[200];
    if (message_is_refusal(c->message))
        return;
    write_trail(at, path);
    snprintf(what, sizeof what, "does not go with %s; expected %s",
             c->mode != NULL ? c->mode : IN_WORDS[aspect][c->t.mode[aspect]],
             other < 0 ? "none" : type->field[other].name);
    c->report(c->context, path, what);
}

static void check_in(const struct checking *c, const struct node *n, const struct trail *up,
                     unsigned depth)
{
    if (n == NULL || n->type->is_open)
        return;
    for (unsigned i = 0; i < n->type->fields; i++) {
        unsigned aspect;
        int other;
        if (!is_child(n, i))
            continue;
        const struct trail own = {up, n->type->field[i].name};
        if (is_other(n->type, i, &c->t, &other, &aspect))
            report_other(c, &own, n->type, other, aspect);
        if (depth > 0)
            check_in(c, n->v[i].n, &own, depth - 1);
    }
}

void transfer_check(const struct role *r, const struct message *m, check_report report,
                    void *context)
{
    const struct named named = message_named(m);
    const struct trail start = {NULL, named.name};
    struct checking c = {m, r->transfer, NULL, report, context};
    if (named.node == NULL)
        return;
    c.mode = take_asked(named.node, 1, &c.t);
    check_in(&c, named.node, &start, DEPTH);
}
