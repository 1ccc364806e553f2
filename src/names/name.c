/* SPDX-License-Identifier: Apache-2.0 */
#include "names/name.h"

#include "base/nearest.h"
#include "codec/message.h"

#include <stdio.h>
#include <string.h>

#define EXIST_DEPTH 6   /* levels below the message in which Exist_ looks for a list */
#define MESSAGE_TEXT 64 /* room for the longest message name */

/* ORDER VERB */
static const char *const VERBS[] = {"Set",   "Get", "Send", "Receive", "Check", "Check_Received",
                                    "Exist", "Add"};
#define VERBS_N (sizeof VERBS / sizeof VERBS[0])

/* Why a name was not found. */
struct failure {
    /* ORDER FAILURE */
    enum { FAILURE_VERB, FAILURE_MESSAGE, FAILURE_PATH, FAILURE_DIRECTION } what;
    enum verb verb;
    const struct element *message; /* of PATH and DIRECTION */
    const struct type *type;       /* PATH: where `at` should have been an element */
    const char *at;                /* in the text: from here on nothing fits */
};

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
static const char *const COMMON_SETS[] = {"appprotocol", "sdp"};

const struct element *name_message(const struct name_scope *s, const char *name,
                                   const struct schema **set, struct err *e)
{
    const struct element *found = protocol_message(s->library, s->protocol, name, set, e);
    for (unsigned i = 0; found == NULL && !e->set && i < 2; i++) {
        const struct schema *common = library_get(s->library, COMMON_SETS[i], e);
        found = common == NULL ? NULL : schema_message(common, name);
        if (found != NULL && set != NULL)
            *set = common;
    }
    return found != NULL && found->as.kind == KIND_NODE ? found : NULL;
}

/* The message named by the first n bytes of text; for Exist_ also without Req or Res. */
static const struct element *message_at(const struct name_scope *s, enum verb verb,
                                        const char *text, size_t n, const struct schema **set,
                                        struct err *e)
{
    char name[MESSAGE_TEXT + 4];
    if (n == 0 || n >= MESSAGE_TEXT)
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
static int only_list(const struct type *t)
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

/* The slot that an element without a further name stands for: its text, or an algorithm's URI. */
static int content_slot(const struct type *t)
{
    for (unsigned i = 0; i < t->fields; i++)
        if (t->field[i].is_content)
            return (int)i;
    int slot = type_slot(t, "Algorithm", 9);
    return slot >= 0 && t->field[slot].is_attribute ? slot : -1;
}

static bool ends_at_node(struct finder *f, const struct type *t)
{
    int content = content_slot(t), list = only_list(t);
    if (content >= 0)
        return push(f, t, (unsigned)content) && ends_as(f, NAME_LEAF);
    if (t->is_quantity)
        return ends_as(f, NAME_QUANTITY);
    if (list >= 0 && t->fields == 1 && t->field[list].kind != KIND_NODE)
        return push(f, t, (unsigned)list) && ends_as(f, NAME_LEAF);
    return ends_as(f, NAME_NODE);
}

/* Exist_ asks for a list: the element itself, or the only list in it. */
static bool ends_at_list(struct finder *f, const struct field *field)
{
    int list = field->is_list || field->kind != KIND_NODE ? -1 : only_list(field->type);
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
    bool has_count = field->kind == KIND_NODE && type_slot(field->type, "Count", 5) >= 0;
    bool is_repeated = field->is_list || (t->is_open && !field->is_attribute);
    if (strcmp(rest, "_Count") == 0 && is_repeated && !has_count && is_plain(f->out->verb))
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
            f->kind == KIND_ANY || strncmp(f->name, rest, n) != 0)
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
    int list = only_list(t);
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

/* The header's type where it stands beside the message, as in a V2G_Message; else NULL. */
static const struct type *outer_header(const struct schema *set, const struct element *message)
{
    if (set->root == NULL || set->body_head == NULL || message->head != set->body_head)
        return NULL;
    int slot = type_slot(set->root->as.type, "Header", 6);
    return slot < 0 ? NULL : set->root->as.type->field[slot].type;
}

static bool find_path(struct finder *f, const char *rest)
{
    struct name *out = f->out;
    const struct type *t = out->message->as.type;
    if (find(f, t, rest))
        return true;
    const struct type *header = outer_header(out->set, out->message);
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
    return verb != VERB_SEND && verb != VERB_RECEIVE && verb != VERB_CHECK_RECEIVED;
}

static bool suits(const struct name_scope *s, enum verb verb, uint8_t from)
{
    switch (verb) {
    case VERB_SET:
    case VERB_SEND:
    case VERB_ADD:
        return name_sends(s->side, from);
    case VERB_RECEIVE:
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

/* rest: behind the message's name. */
static bool find_rest(struct finder *f, const char *rest)
{
    f->out->steps = f->out->lists = 0;
    f->out->field = NULL;
    f->out->in_header = false;
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
static bool resolve(const struct name_scope *s, const char *text, struct name *out,
                    struct failure *why, struct err *e)
{
    *why = (struct failure){.what = FAILURE_VERB, .at = text};
    *out = (struct name){.target = NAME_MESSAGE};
    const char *rest = read_verb(text, &out->verb);
    if (rest == NULL)
        return false;
    *why = (struct failure){.what = FAILURE_MESSAGE, .verb = out->verb, .at = rest};
    for (size_t n = strlen(rest); n > 0 && !e->set; n--) {
        if (rest[n] != '\0' && rest[n] != '_')
            continue;
        struct finder f = {.out = out, .at = rest + n};
        out->message = message_at(s, out->verb, rest, n, &out->set, e);
        if (out->message == NULL)
            continue;
        bool found = find_rest(&f, rest + n);
        if (found && suits(s, out->verb, out->message->from))
            return true;
        if (why->message == NULL || found)
            *why = (struct failure){found ? FAILURE_DIRECTION : FAILURE_PATH, out->verb,
                                    out->message, f.type, f.at};
    }
    return false;
}

/* ---- the nearest right name ---- */

struct near {
    unsigned distance;
    char name[MESSAGE_TEXT + 16];
    size_t used; /* bytes of the text that it stands for */
};

/* Compares name with every part of text that ends before a '_'. */
static void near_try(struct near *best, const char *text, const char *name, const char *ending)
{
    char whole[sizeof best->name];
    snprintf(whole, sizeof whole, "%s%s", name, ending);
    for (size_t n = 1; n <= strlen(text); n++) {
        if (text[n] != '\0' && text[n] != '_')
            continue;
        unsigned distance = nearest_distance(text, n, whole);
        if (distance >= best->distance)
            continue;
        best->distance = distance;
        best->used = n;
        memcpy(best->name, whole, sizeof whole);
    }
}

static void near_elements(struct near *best, const struct type *t, const char *text, bool entries)
{
    for (unsigned i = 0; i < t->fields; i++) {
        const struct field *f = &t->field[i];
        if (f->name[0] == '\0' || f->kind == KIND_ABSTRACT || f->kind == KIND_ANY)
            continue;
        near_try(best, text, f->name, "");
        if (!f->is_mandatory)
            near_try(best, text, f->name, "Specified");
    }
    int list = only_list(t);
    if (list < 0 || !entries)
        return;
    near_try(best, text, "Count", "");
    if (t->field[list].kind == KIND_NODE)
        near_elements(best, t->field[list].type, text, false);
}

static void near_messages(struct near *best, const struct name_scope *s, enum verb verb,
                          const char *text)
{
    struct err ignored = ERR_INIT;
    for (unsigned i = 0; i < PROTOCOL_SETS + 2; i++) {
        const char *name = i < 2 ? COMMON_SETS[i] : s->protocol->set[i - 2];
        const struct schema *set = name == NULL ? NULL : library_get(s->library, name, &ignored);
        if (set == NULL)
            break;
        for (unsigned k = 0; k < set->messages; k++)
            if (suits(s, verb, set->message[k]->from))
                near_try(best, text, set->message[k]->as.name, "");
    }
}

/* Writes the name that text was meant to be: as it is before `at`, then the nearest, then what
 * stands behind, if that makes a name. */
static void near_write(const struct name_scope *s, const struct near *best, const char *text,
                       const char *at, char out[NAME_TEXT])
{
    struct name ignored;
    struct failure why;
    struct err e = ERR_INIT;
    char whole[NAME_TEXT];
    int before = (int)(at - text);
    snprintf(whole, sizeof whole, "%.*s%s%s", before, text, best->name, at + best->used);
    if (!resolve(s, whole, &ignored, &why, &e))
        snprintf(whole, sizeof whole, "%.*s%s", before, text, best->name);
    snprintf(out, NAME_TEXT, "%s.%.380s", name_role(s->side), whole);
}

/* The protocol that does have the name, where the present one has not. */
static const struct protocol *elsewhere(const struct name_scope *s, const char *text)
{
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        struct name_scope other = {s->library, p, s->side};
        struct name ignored;
        struct failure why;
        struct err e = ERR_INIT;
        if (p != s->protocol && resolve(&other, text, &ignored, &why, &e))
            return p;
    }
    return NULL;
}

static int wrong_direction(const struct name_scope *s, const char *text, const struct failure *why,
                           struct err *e)
{
    const char *role = name_role(s->side), *message = why->message->as.name;
    const char *other = name_role(s->side == FROM_EVCC ? FROM_SECC : FROM_EVCC);
    if (suits(s, VERB_SEND, why->message->from))
        return err_set(e, "%s.%s: %s sends %s and never receives it; expected Set_, Get_ or Send_",
                       role, text, role, message);
    return err_set(e,
                   "%s.%s: %s is sent by %s, not by %s; expected Receive_, Get_ or Check_ "
                   "(%s.Message('%s'):send() sends it nevertheless)",
                   role, text, message, other, role, role, message);
}

static int not_found(const struct name_scope *s, const char *text, const struct failure *why,
                     struct err *e)
{
    struct near best = {.distance = UINT32_MAX};
    char right[NAME_TEXT];
    const char *role = name_role(s->side), *protocol = s->protocol->name;
    const struct protocol *other = elsewhere(s, text);
    if (other != NULL)
        return err_set(e, "%s.%s belongs to %s; this session speaks %s", role, text, other->name,
                       protocol);
    if (why->type == NULL && why->what == FAILURE_PATH)
        return err_set(e, "%s.%s: the nearest name is %s.%s_%s%s", role, text, role,
                       VERBS[why->verb], why->message->as.name,
                       why->verb == VERB_CHECK_RECEIVED ? "" : "_001");
    if (why->what == FAILURE_MESSAGE)
        near_messages(&best, s, why->verb, why->at);
    else
        near_elements(&best, why->type, why->at, true);
    if (best.distance == UINT32_MAX)
        return err_set(e, "%s.%s is not complete; expected an element of %s behind it", role, text,
                       why->message != NULL ? why->message->as.name : protocol);
    near_write(s, &best, text, why->at, right);
    if (why->what == FAILURE_MESSAGE)
        return err_set(e, "%s.%s: %s has no message '%.60s'; the nearest name is %s", role, text,
                       protocol, why->at, right);
    return err_set(e, "%s.%s: %s has no element '%.60s'; the nearest name is %s", role, text,
                   why->message->as.name, why->at, right);
}

int name_no_message(const struct name_scope *s, const char *name, struct err *e)
{
    struct near best = {.distance = UINT32_MAX};
    near_messages(&best, s, VERB_GET, name);
    return err_set(e, "%s has no message '%.60s'; the nearest is %s", s->protocol->name, name,
                   best.name);
}

static int unknown_verb(const struct name_scope *s, const char *text, struct err *e)
{
    struct near best = {.distance = UINT32_MAX};
    char right[NAME_TEXT];
    for (unsigned i = 0; i < VERBS_N; i++)
        near_try(&best, text, VERBS[i], "");
    near_write(s, &best, text, text, right);
    return err_set(e,
                   "%s has no function '%.80s'; the nearest name is %s (names begin with Set_, "
                   "Get_, Send_, Receive_, Check_, Exist_, Add_, Sign_ or Verify_)",
                   name_role(s->side), text, right);
}

int name_resolve(const struct name_scope *s, const char *text, struct name *out, struct err *e)
{
    struct failure why;
    if (strlen(text) > NAME_TEXT / 2)
        return err_set(e, "%s.%.40s…: the name is too long", name_role(s->side), text);
    if (resolve(s, text, out, &why, e))
        return 0;
    if (e->set)
        return -1;
    if (why.what == FAILURE_VERB)
        return unknown_verb(s, text, e);
    if (why.what == FAILURE_DIRECTION)
        return wrong_direction(s, text, &why, e);
    return not_found(s, text, &why, e);
}
