/* SPDX-License-Identifier: Apache-2.0 */
#include "names/name.h"

#include "codec/marks.h"
#include "codec/message.h"
#include "names/name_find.h"

#include <stdio.h>
#include <string.h>

#define SIGNATURE "_Header_Signature" /* behind the name of a message */
#define EXIST_DEPTH 6 /* levels below the message in which Exist_ looks for a list */

/* ORDER VERB */
static const char *const VERBS[] = {
    "Set", "Get", "Send", "Receive", "Expect", "Check", "Check_Received", "Exist", "Add"};
#define VERBS_N (sizeof VERBS / sizeof VERBS[0])

struct finder {
    struct name *out;
    const struct type *type; /* of the farthest place that was reached */
    const char *at;
};

const char *name_role(uint8_t side)
{
    return side == FROM_EVCC ? "Evcc" : "Secc";
}

const char *name_verb(enum verb verb)
{
    return VERBS[verb];
}

bool name_sends(uint8_t side, uint8_t from)
{
    return from == side || from == FROM_BOTH;
}

bool name_receives(uint8_t side, uint8_t from)
{
    return from != side && from != FROM_NONE;
}

/* ---- messages ---- */

/* ORDER NAME_SET: the sets beside the protocol's own. */
const char *const NAME_COMMON_SETS[NAME_COMMON] = {"appprotocol", "sdp", "slac"};

const struct element *name_message(const struct name_scope *s, const char *name,
                                   const struct schema **set, struct err *e)
{
    const struct element *found = protocol_message(s->library, s->protocol, name, set, e);
    for (unsigned i = 0; found == NULL && !e->set && i < NAME_COMMON; i++) {
        const struct schema *common = library_get(s->library, NAME_COMMON_SETS[i], e);
        found = common == NULL ? NULL : schema_message(common, name);
        if (found != NULL && set != NULL)
            *set = common;
    }
    return found;
}

/* The message named by the first n bytes of text; for Exist_ also without Req or Res. */
static const struct element *message_at(const struct name_scope *s, enum verb verb,
                                        const char *text, size_t n, const struct schema **set,
                                        struct err *e)
{
    char name[NAME_LONGEST + 4];
    if (n >= NAME_LONGEST)
        return NULL;
    memcpy(name, text, n);
    name[n] = '\0';
    const struct element *found = name_message(s, name, set, e);
    if (found != NULL || verb != VERB_EXIST || e->set)
        return found;
    memcpy(name + n, s->side == FROM_EVCC ? "Res" : "Req", 4);
    return name_message(s, name, set, e);
}

/* ---- paths ---- */

static bool push(struct finder *f, const struct type *t, unsigned slot)
{
    struct name *out = f->out;
    if (out->steps == NAME_STEPS)
        return false;
    bool indexed = t->field[slot].is_list;
    out->step[out->steps++] = (struct name_step){(uint16_t)slot, indexed};
    out->lists = (uint8_t)(out->lists + indexed);
    out->field = &t->field[slot];
    return true;
}

/* Back to so many steps. */
static bool pop(struct finder *f, unsigned steps)
{
    struct name *out = f->out;
    while (out->steps > steps)
        out->lists = (uint8_t)(out->lists - out->step[--out->steps].indexed);
    return false;
}

/* The last step means the whole element, not one of its entries. */
static bool ends_as(struct finder *f, enum name_target target)
{
    struct name_step *last = &f->out->step[f->out->steps - 1];
    if (target != NAME_LEAF && target != NAME_NODE && target != NAME_QUANTITY) {
        f->out->lists = (uint8_t)(f->out->lists - last->indexed);
        last->indexed = false;
    }
    f->out->target = target;
    return true;
}

/* The slot of the only list among the children, or -1. */
int name_only_list(const struct type *t)
{
    int found = -1;
    for (unsigned i = 0; i < t->fields; i++) {
        if (!t->field[i].is_list || t->field[i].kind == KIND_ANY)
            continue;
        if (found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}

int name_content(const struct type *t)
{
    for (unsigned i = 0; i < t->fields; i++)
        if (t->field[i].is_content)
            return (int)i;
    int slot = type_slot_of(t, "Algorithm");
    return slot >= 0 && t->field[slot].is_attribute ? slot : -1;
}

static bool ends_at_node(struct finder *f, const struct type *t)
{
    int own = name_content(t), list = name_only_list(t);
    if (own < 0 && list >= 0 && t->fields == 1 && t->field[list].kind != KIND_NODE)
        own = list;
    if (own >= 0 && !push(f, t, (unsigned)own))
        return false;
    return ends_as(f, own >= 0 ? NAME_LEAF : t->is_quantity ? NAME_QUANTITY : NAME_NODE);
}

bool name_has_count(const struct field *f)
{
    return f->kind == KIND_NODE && type_slot_of(f->type, "Count") >= 0;
}

/* Exist_ asks for a list: the element itself, or the only list in it. */
static bool ends_at_list(struct finder *f, const struct field *field)
{
    int list = field->is_list || field->kind != KIND_NODE ? -1 : name_only_list(field->type);
    if (list >= 0 && push(f, field->type, (unsigned)list))
        field = f->out->field;
    if (!field->is_list)
        return false;
    ends_as(f, NAME_COUNT); /* all entries */
    f->out->target = field->kind == KIND_NODE ? NAME_NODE : NAME_LEAF;
    return true;
}

static bool ends_here(struct finder *f, const struct field *field)
{
    if (f->out->verb == VERB_EXIST)
        return ends_at_list(f, field);
    bool ended = field->kind == KIND_NODE ? ends_at_node(f, field->type) : ends_as(f, NAME_LEAF);
    return ended && (f->out->verb != VERB_ADD || f->out->lists > 0);
}

static bool is_plain(enum verb verb)
{
    return verb == VERB_SET || verb == VERB_GET || verb == VERB_CHECK;
}

static bool find(struct finder *f, const struct type *t, const char *rest);

/* rest: what stands behind the name of the field. */
static bool find_behind(struct finder *f, const struct type *t, unsigned slot, const char *rest)
{
    const struct field *field = &t->field[slot];
    unsigned steps = f->out->steps;
    if (!push(f, t, slot))
        return false;
    if (rest[0] == '\0' && ends_here(f, field))
        return true;
    if (strcmp(rest, "Specified") == 0 && is_plain(f->out->verb))
        return ends_as(f, NAME_SPECIFIED);
    bool is_repeated = field->is_list || (t->is_open && !field->is_attribute);
    if (strcmp(rest, "_Count") == 0 && is_repeated && !name_has_count(field) &&
        is_plain(f->out->verb))
        return ends_as(f, NAME_COUNT);
    if (rest[0] == '_' && field->kind == KIND_NODE && find(f, field->type, rest + 1))
        return true;
    return pop(f, steps);
}

/* The longest element name shorter than `below` that rest begins with: its slot, or -1. */
static int candidate(const struct type *t, const char *rest, size_t below, size_t *length)
{
    int best = -1;
    *length = 0;
    for (unsigned i = 0; i < t->fields; i++) {
        const struct field *f = &t->field[i];
        size_t n = strlen(f->name);
        if (n == 0 || n >= below || n <= *length || f->kind == KIND_ABSTRACT ||
            strncmp(f->name, rest, n) != 0)
            continue;
        if (rest[n] != '\0' && rest[n] != '_' && strcmp(rest + n, "Specified") != 0)
            continue;
        best = (int)i;
        *length = n;
    }
    return best;
}

/* rest as what may be said without the entry's own name: List_Count, List_Leaf. */
static bool find_in_list(struct finder *f, const struct type *t, const char *rest)
{
    int list = name_only_list(t);
    unsigned steps = f->out->steps;
    if (list < 0 || !push(f, t, (unsigned)list))
        return false;
    if (strcmp(rest, "Count") == 0 && is_plain(f->out->verb))
        return ends_as(f, NAME_COUNT);
    if (t->field[list].kind == KIND_NODE && find(f, t->field[list].type, rest))
        return true;
    return pop(f, steps);
}

static bool find(struct finder *f, const struct type *t, const char *rest)
{
    if (f->type == NULL || rest > f->at) {
        f->type = t;
        f->at = rest;
    }
    size_t length = SIZE_MAX;
    int slot;
    while ((slot = candidate(t, rest, length, &length)) >= 0)
        if (find_behind(f, t, (unsigned)slot, rest + length))
            return true;
    return find_in_list(f, t, rest);
}

/* A list of that name at any depth, for Exist_. */
static bool find_deep(struct finder *f, const struct type *t, const char *name, unsigned depth)
{
    unsigned steps = f->out->steps;
    for (unsigned i = 0; i < t->fields && depth > 0; i++) {
        const struct field *field = &t->field[i];
        if (field->kind == KIND_ABSTRACT || !push(f, t, i))
            continue;
        if (field->is_list && strcmp(field->name, name) == 0)
            return ends_at_list(f, field);
        if (field->kind == KIND_NODE && find_deep(f, field->type, name, depth - 1))
            return true;
        pop(f, steps);
    }
    return false;
}

const struct type *name_outer_header(const struct schema *set, const struct element *message)
{
    if (!schema_in_body(set, message))
        return NULL;
    int slot = type_slot_of(set->root->as.type, "Header");
    return slot < 0 ? NULL : set->root->as.type->field[slot].type;
}

static bool find_path(struct finder *f, const char *rest)
{
    struct name *out = f->out;
    const struct type *t = out->message->as.type;
    if (find(f, t, rest))
        return true;
    const struct type *header = name_outer_header(out->set, out->message);
    if (header != NULL && strncmp(rest, "Header_", 7) == 0) {
        out->in_header = true;
        if (find(f, header, rest + 7))
            return true;
        out->in_header = false;
    }
    return out->verb == VERB_EXIST && find_deep(f, t, rest, EXIST_DEPTH);
}

/* ---- whole names ---- */

static bool has_path(enum verb verb)
{
    return is_plain(verb) || verb == VERB_EXIST || verb == VERB_ADD;
}

bool name_suits(const struct name_scope *s, enum verb verb, uint8_t from)
{
    switch (verb) {
    case VERB_SET:
    case VERB_SEND:
    case VERB_ADD:
        return name_sends(s->side, from);
    case VERB_RECEIVE:
    case VERB_EXPECT:
    case VERB_CHECK:
    case VERB_CHECK_RECEIVED:
    case VERB_EXIST:
        return name_receives(s->side, from);
    case VERB_GET:
        return true;
    }
    return false;
}

/* The longest verb that text begins with; returns the text behind it, or NULL. */
static const char *read_verb(const char *text, enum verb *verb)
{
    size_t best = 0;
    for (unsigned i = 0; i < VERBS_N; i++) {
        size_t n = strlen(VERBS[i]);
        if (n <= best || strncmp(text, VERBS[i], n) != 0 || text[n] != '_')
            continue;
        best = n;
        *verb = (enum verb)i;
    }
    return best == 0 ? NULL : text + best + 1;
}

static bool is_in_transfer(const struct name *n)
{
    const struct type *t =
        n->in_header ? name_outer_header(n->set, n->message) : n->message->as.type;
    bool is = false;
    for (unsigned i = 0; i < n->steps && t != NULL && !is; i++) {
        is = field_is(&t->field[n->step[i].slot], MARK_TRANSFER);
        t = t->field[n->step[i].slot].type;
    }
    return is;
}

/* rest: behind the message's name. */
static bool find_rest(struct finder *f, const char *rest)
{
    f->out->steps = f->out->lists = 0;
    f->out->field = NULL;
    f->out->in_header = false;
    f->out->in_signature = strncmp(rest, SIGNATURE, strlen(SIGNATURE)) == 0;
    f->out->target = NAME_MESSAGE;
    if (!has_path(f->out->verb))
        return rest[0] == '\0' || strcmp(rest, "_001") == 0;
    if (rest[0] == '_')
        return find_path(f, rest + 1);
    f->type = f->out->message->as.type;
    f->at = rest;
    return false;
}

/* Tries every way to read text. False: why says how far it went; or e is set. */
bool name_find(const struct name_scope *s, const char *text, struct name *out,
               struct name_failure *why, struct err *e)
{
    *why = (struct name_failure){.what = FAILURE_VERB, .at = text};
    *out = (struct name){.target = NAME_MESSAGE};
    const char *rest = read_verb(text, &out->verb);
    if (rest == NULL)
        return false;
    *why = (struct name_failure){.what = FAILURE_MESSAGE, .verb = out->verb, .at = rest};
    for (size_t n = strlen(rest); n > 0 && !e->set; n--) {
        if (rest[n] != '\0' && rest[n] != '_')
            continue;
        struct finder f = {.out = out, .at = rest + n};
        out->message = message_at(s, out->verb, rest, n, &out->set, e);
        if (out->message == NULL)
            continue;
        bool found = find_rest(&f, rest + n);
        out->in_transfer = found && is_in_transfer(out);
        if (found && name_suits(s, out->verb, out->message->from))
            return true;
        if (why->message == NULL || found)
            *why = (struct name_failure){found ? FAILURE_DIRECTION : FAILURE_PATH, out->verb,
                                         out->message, f.type, f.at};
    }
    return false;
}
