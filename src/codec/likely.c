/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/likely.h"

#include "codec/codec.h"

#include <stdio.h>

#define PART_MAX 128
#define BEGINNING 24 /* bits that have to be right, or nothing speaks for a message */

/* The n-th name of a path ("V2G_Message/Body/SessionStopReq"), in name; false: it has no more. */
static bool path_part(const char *path, unsigned n, char name[PART_MAX])
{
    while (n-- > 0) {
        path = strchr(path, '/');
        if (path == NULL)
            return false;
        path++;
    }
    snprintf(name, PART_MAX, "%.*s", (int)strcspn(path, "/["), path);
    return name[0] != '\0';
}

/* supportedAppProtocol has none; all other messages do. */
static bool is_without_header(const struct element *el)
{
    return el != NULL && type_slot_of(el->as.type, "Header") < 0;
}

/* Whether a path lies where the headers of all sets are alike: at their SessionID and TimeStamp.
 * What may follow (a signature) is long, and says little of the set where it is wrong. */
static bool is_in_header(const char *path)
{
    char part[PART_MAX];
    if (!path_part(path, 1, part) || strcmp(part, "Header") != 0)
        return false;
    return !path_part(path, 2, part) || strcmp(part, "SessionID") == 0 ||
           strcmp(part, "TimeStamp") == 0;
}

/* Which message a reading was in that went wrong at this path. */
static void take_path(struct likely *l, const struct schema *s, const char *path)
{
    char root[PART_MAX], child[PART_MAX], name[PART_MAX];
    if (!path_part(path, 0, root))
        return;
    const struct element *el = NULL;
    if (s->root == NULL) {
        el = schema_message(s, root);
        l->is_message = el != NULL;
    } else {
        l->is_message = strcmp(root, s->root->as.name) == 0;
        if (l->is_message && path_part(path, 2, name) && path_part(path, 1, child) &&
            strcmp(child, "Body") == 0)
            el = schema_message(s, name);
    }
    if (el != NULL)
        l->name = el->as.name;
    bool is_behind = path_part(path, 1, child) && !is_in_header(path);
    l->has_header = l->is_message && (is_behind || is_without_header(el));
}

/* Where messages stand in a V2G_Message, they are none by themselves. */
static bool is_message(const struct schema *s, const struct message *m)
{
    return m->root != NULL && (s->root != NULL ? m->root == s->root : m->root->from != FROM_NONE);
}

static bool has_header(const struct message *m)
{
    const struct node *header = message_header(m);
    return header != NULL ? node_bytes(header, "SessionID") != NULL : is_without_header(m->root);
}

static bool is_own(const struct schema *s, const struct node *n);

static bool value_is_own(const struct schema *s, const struct field *f, union value v)
{
    return f->kind == KIND_NODE && is_own(s, v.n);
}

/* Whether the element, or one in it, is of a type that the set itself declares. Content without an
 * order (of signatures) is never. */
static bool is_own(const struct schema *s, const struct node *n)
{
    const struct type *t = n->type;
    bool found = t->ns < s->namespaces && s->ns[t->ns].is_own;
    for (unsigned i = 0; i < t->fields && !found && !t->is_open; i++) {
        if (!node_has(n, i))
            continue;
        const struct list *l = t->field[i].is_list ? n->v[i].l : NULL;
        for (uint32_t k = 0; l != NULL && k < l->n && !found; k++)
            found = value_is_own(s, &t->field[i], l->v[k]);
        found = found || (l == NULL && value_is_own(s, &t->field[i], n->v[i]));
    }
    return found;
}

/* The violations, of which the first is the one that lies furthest in front. */
static void take_violations(struct likely *l, const struct message *m)
{
    for (const struct violation *v = m->violations; v != NULL; v = v->next) {
        l->wrong++;
        l->right = v->bit < l->right ? v->bit : l->right;
        if (is_in_header(v->path))
            l->has_header = false;
    }
}

struct likely likely_of(const struct schema *s, bool is_read, const struct message *m,
                        const struct err *e, size_t size)
{
    struct likely l = {.name = "", .right = (uint64_t)size * 8};
    uint64_t at = is_read || e->bit < 0 ? 0 : (uint64_t)e->bit;
    bool is_cut = !is_read && at >= l.right;
    if (is_read) {
        struct named named = message_named(m);
        l.is_message = is_message(s, m);
        if (l.is_message && named.name != NULL)
            l.name = named.name;
        l.has_header = l.is_message && has_header(m);
        l.is_plain = l.is_message && named.node != NULL && !is_own(s, named.node);
        l.left = m->trailing.n;
    } else {
        take_path(&l, s, e->path);
        l.has_header |= is_cut && l.is_message;
        l.left = is_cut ? 0 : size - at / 8;
        l.right = is_cut ? l.right : at;
        l.wrong += !is_cut;
    }
    take_violations(&l, m);
    if (l.right < BEGINNING)
        l.has_header = false;
    l.state = l.wrong > 0 || l.left > 0 ? LIKELY_WRONG : is_cut ? LIKELY_CUT : LIKELY_RIGHT;
    return l;
}

bool likely_is_certain(const struct likely *l)
{
    return l->is_message && l->has_header && l->state == LIKELY_RIGHT;
}

static const char *certain_name(const struct schema *set, uint16_t type, struct slice payload,
                                const struct exi_limits *limits, struct arena *a)
{
    struct err e = ERR_INIT;
    struct message m = {0};
    struct exi_options o = EXI_OPTIONS;
    o.limits = *limits;
    struct arena_mark mark = arena_mark(a);
    bool is_read = codec_decode(set, type, payload, &o, a, &m, &e) == 0;
    struct likely found = likely_of(set, is_read, &m, &e, payload.n);
    arena_rewind(a, mark);
    return is_read && likely_is_certain(&found) ? found.name : NULL;
}

const char *likely_elsewhere(struct library *l, const struct protocol *spoken, uint16_t type,
                             struct slice payload, const struct exi_limits *limits, struct arena *a,
                             const struct protocol **other)
{
    /* supportedAppProtocol, the first, goes with all */
    for (const struct protocol *p = PROTOCOLS + 1; p->name != NULL; p++) {
        struct err ignored = ERR_INIT;
        bool is_other = !protocol_is_akin(p, spoken);
        const struct schema *set = is_other ? protocol_set(l, p, type, &ignored) : NULL;
        const char *name = set == NULL ? NULL : certain_name(set, type, payload, limits, a);
        *other = p;
        if (name != NULL)
            return name;
    }
    return NULL;
}

/* An element that is no message comes behind all that are; but it comes before what is a message by
 * its first octets only, if it is right to its end. */
int likely_compare(const struct likely *a, const struct likely *b)
{
    const int64_t DIFFERENCES[] = {
        (b->is_message && b->has_header) - (a->is_message && a->has_header),
        (b->state == LIKELY_RIGHT) - (a->state == LIKELY_RIGHT),
        b->is_message - a->is_message,
        (int64_t)a->state - (int64_t)b->state,
        (int64_t)b->right - (int64_t)a->right,
        (int64_t)a->wrong - (int64_t)b->wrong,
        (int64_t)a->left - (int64_t)b->left,
        a->is_plain - b->is_plain,
    };
    size_t i = 0;
    while (i + 1 < sizeof DIFFERENCES / sizeof *DIFFERENCES && DIFFERENCES[i] == 0)
        i++;
    return (DIFFERENCES[i] > 0) - (DIFFERENCES[i] < 0);
}
