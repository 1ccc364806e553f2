/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/message.h"

#include "base/nearest.h"
#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/value.h"

#include <string.h>

#define SHOWN_MAX 40 /* characters of a bad name that an error repeats */

static int unknown_message(const struct schema *s, const char *name, struct err *e)
{
    struct nearest best = nearest_of_all(name, strlen(name));
    for (unsigned i = 0; i < s->messages; i++)
        nearest_try(&best, s->message[i]->as.name);
    return err_set(e, "%s has no message '%.*s'; the nearest name is %s", s->name, SHOWN_MAX, name,
                   best.name);
}

/* A V2G_Message with defaults, whose body holds the element el. */
static int new_in_body(struct arena *a, const struct element *el, struct message *m, struct err *e)
{
    if (node_complete(a, m->v.n, e) != 0)
        return -1;
    struct node *body = node_child(m->v.n, "Body");
    int at = body == NULL ? -1 : type_slot_of(body->type, el->as.name);
    if (at < 0)
        return err_set(e, "%s has no place for %s", m->as->type->name, el->as.name);
    return node_set_default(a, body, (unsigned)at, e);
}

static int make_fresh(const struct schema *s, const struct element *el, struct arena *a,
                      struct message *m, struct err *e)
{
    bool in_body = schema_in_body(s, el);
    *m = (struct message){.schema = s, .root = in_body ? s->root : el};
    m->as = &m->root->as;
    m->v.n = node_new(a, m->as->type);
    if (m->v.n == NULL)
        return node_no_memory(e);
    int bad = in_body ? new_in_body(a, el, m, e) : node_complete(a, m->v.n, e);
    if (bad != 0)
        err_under(e, m->as->name);
    return bad;
}

/* The set keeps it. NULL: e. */
static const struct message *keep_fresh(const struct schema *s, const struct element *el,
                                        struct err *e)
{
    struct schema *set = (struct schema *)(uintptr_t)s;
    pthread_mutex_lock(&set->adding);
    struct arena_mark mark = arena_mark(&set->arena);
    struct message *m = s->fresh[el->code] == NULL ? arena_alloc(&set->arena, sizeof *m) : NULL;
    if (m != NULL && make_fresh(s, el, &set->arena, m, e) == 0)
        __atomic_store_n(&set->fresh[el->code], m, __ATOMIC_RELEASE);
    const struct message *kept = s->fresh[el->code];
    if (kept == NULL) {
        node_no_memory(e);
        arena_rewind(&set->arena, mark);
    }
    pthread_mutex_unlock(&set->adding);
    return kept;
}

int message_new(const struct schema *s, const char *name, struct arena *a, struct message *m,
                struct err *e)
{
    const struct element *el = schema_message(s, name);
    if (el == NULL)
        return unknown_message(s, name, e);
    const struct message *fresh = __atomic_load_n(&s->fresh[el->code], __ATOMIC_ACQUIRE);
    if (fresh == NULL)
        fresh = keep_fresh(s, el, e);
    return fresh == NULL ? -1 : message_copy(fresh, a, m, e);
}

struct named message_named(const struct message *m)
{
    if (m->as == NULL)
        return (struct named){.name = m->relaxed == NULL ? NULL : m->relaxed->name};
    struct node *root = m->as->kind == KIND_NODE ? m->v.n : NULL;
    bool is_message = m->root != NULL && m->root->from != FROM_NONE;
    if (m->root == NULL || m->root != m->schema->root)
        return (struct named){m->as->name, m->as, root, is_message ? m->root : NULL};
    int at = m->schema->body_slot;
    const struct node *body =
        root != NULL && at >= 0 && node_has(root, (unsigned)at) ? root->v[at].n : NULL;
    if (body == NULL || body->has == 0)
        return (struct named){.name = NULL};
    unsigned slot = (unsigned)__builtin_ctzll(body->has);
    const struct field *f = &body->type->field[slot];
    struct node *node = f->kind == KIND_NODE ? body->v[slot].n : NULL;
    return (struct named){f->name, f, node, m->schema->body[slot]};
}

bool message_is_refusal(const struct message *m)
{
    struct buf code = {0};
    node_text(message_named(m).node, "ResponseCode", &code);
    bool is = strncmp(buf_string(&code), "FAILED", 6) == 0;
    buf_close(&code);
    return is;
}

void message_add_violation(struct message *m, struct arena *a, const char *name, const char *what)
{
    struct violation *v = arena_alloc(a, sizeof *v);
    const char *kept = arena_text(a, what, strlen(what));
    if (v == NULL || kept == NULL)
        return;
    *v = (struct violation){m->violations, MESSAGE_NO_BIT, name, kept};
    m->violations = v;
}

uint16_t message_payload(const struct message *m)
{
    const struct element *el = m->root == NULL ? NULL : message_named(m).message;
    return el != NULL && el->payload != 0 ? el->payload : m->schema->payload;
}

struct node *message_header(const struct message *m)
{
    struct node *root = m->as == NULL || m->as->kind != KIND_NODE ? NULL : m->v.n;
    int at = root == NULL ? -1 : root->type->header;
    return at < 0 || !node_has(root, (unsigned)at) ? NULL : root->v[at].n;
}
