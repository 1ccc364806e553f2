/* SPDX-License-Identifier: Apache-2.0 */
#include "names/name_find.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define EACH_DEPTH NAME_STEPS

/* The list of a message's names, and where it stands. */
struct lister {
    const struct name_scope *scope;
    name_visit visit;
    void *context;
    bool sends, receives;
    struct name name;                        /* of the place: set, message, steps */
    char text[NAME_TEXT];                    /* "ChargingStatusRes_EVSEMaxCurrent" */
    char path[NAME_TEXT];                    /* "ChargingStatusRes.EVSEMaxCurrent" */
    const char *last;                        /* name of the element that the place is */
    const struct type *type[EACH_DEPTH + 1]; /* that the place lies in */
    unsigned depth;
};

void name_parameter(const char *name, char *out, size_t size)
{
    size_t n = strlen(name), capitals = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    bool is_all = capitals == n;
    if (capitals > 1 && islower((unsigned char)name[capitals]))
        capitals--;
    snprintf(out, size, "%s", name);
    for (size_t i = 0; i < capitals && i + 1 < size; i++)
        out[i] = (char)tolower((unsigned char)out[i]);
    if (is_all && n > 2 && n < size && strcmp(name + n - 2, "ID") == 0)
        out[n - 2] = 'I';
}

static bool takes_value(enum verb verb)
{
    return verb == VERB_SET || verb == VERB_CHECK || verb == VERB_ADD;
}

static void emit(struct lister *l, enum verb verb, enum name_target target, const char *ending)
{
    char text[NAME_TEXT + 32], parameter[80] = "";
    struct name name = l->name;
    name.verb = verb;
    name.target = target;
    if (takes_value(verb))
        name_parameter(target == NAME_COUNT       ? "Count"
                       : target == NAME_SPECIFIED ? "IsSpecified"
                                                  : l->last,
                       parameter, sizeof parameter);
    if (verb == VERB_EXIST || target == NAME_COUNT || target == NAME_SPECIFIED) {
        struct name_step *last = &name.step[name.steps - 1];
        name.lists = (uint8_t)(name.lists - last->indexed);
        last->indexed = false;
    }
    snprintf(text, sizeof text, "%s.%s_%s%s", name_role(l->scope->side), name_verb(verb), l->text,
             ending);
    struct name_entry entry = {text, l->path, &name, parameter};
    l->visit(l->context, &entry);
}

/* The names of a value: a leaf or a physical value. */
static void emit_value(struct lister *l, enum name_target target)
{
    if (l->sends)
        emit(l, VERB_SET, target, "");
    if (l->sends && l->name.lists > 0)
        emit(l, VERB_ADD, target, "");
    emit(l, VERB_GET, target, "");
    if (l->receives)
        emit(l, VERB_CHECK, target, "");
}

/* The names of what is true of the element itself. */
static void emit_whole(struct lister *l, const struct field *f)
{
    bool is_counted = f->is_list && !name_has_count(f);
    if (is_counted && l->sends)
        emit(l, VERB_SET, NAME_COUNT, "_Count");
    if (is_counted)
        emit(l, VERB_GET, NAME_COUNT, "_Count");
    if (f->is_list && l->receives)
        emit(l, VERB_EXIST, f->kind == KIND_NODE ? NAME_NODE : NAME_LEAF, "");
    if (!f->is_mandatory || f->choice != 0) {
        if (l->sends)
            emit(l, VERB_SET, NAME_SPECIFIED, "Specified");
        emit(l, VERB_GET, NAME_SPECIFIED, "Specified");
    }
}

static void list_type(struct lister *l, const struct type *t);

static void push(struct lister *l, const struct type *t, unsigned slot)
{
    bool indexed = t->field[slot].is_list;
    l->name.step[l->name.steps++] = (struct name_step){(uint16_t)slot, indexed};
    l->name.lists = (uint8_t)(l->name.lists + indexed);
    l->name.field = &t->field[slot];
}

static void list_node(struct lister *l, const struct type *t)
{
    int content = name_content(t);
    struct name outer = l->name;
    if (t->is_quantity)
        emit_value(l, NAME_QUANTITY);
    if (content >= 0 && l->name.steps < NAME_STEPS) {
        push(l, t, (unsigned)content);
        emit_value(l, NAME_LEAF);
        l->name = outer;
    }
    list_type(l, t);
}

/* A list alone in its wrapper goes by the wrapper's name, unless an entry is itself a value. */
static bool is_unnamed(const struct lister *l, const struct type *t, const struct field *f)
{
    return f->is_list && f->is_mandatory && f->kind == KIND_NODE && t->fields == 1 &&
           l->name.steps > 1 && !f->type->is_quantity && name_content(f->type) < 0;
}

static void list_field(struct lister *l, const struct type *t, unsigned slot)
{
    const struct field *f = &t->field[slot];
    const struct name name = l->name;
    const char *last = l->last;
    size_t text = strlen(l->text), path = strlen(l->path);
    push(l, t, slot);
    bool unnamed = is_unnamed(l, t, f);
    if (!unnamed) {
        snprintf(l->text + text, sizeof l->text - text, "_%s", f->name);
        snprintf(l->path + path, sizeof l->path - path, ".%s", f->name);
        l->last = f->name;
    }
    emit_whole(l, f);
    if (f->kind == KIND_NODE)
        list_node(l, f->type);
    else
        emit_value(l, NAME_LEAF);
    l->name = name;
    l->last = last;
    l->text[text] = '\0';
    l->path[path] = '\0';
}

static bool is_within(const struct lister *l, const struct type *t)
{
    for (unsigned i = 0; i < l->depth; i++)
        if (l->type[i] == t)
            return true;
    return l->depth > EACH_DEPTH;
}

static void list_type(struct lister *l, const struct type *t)
{
    unsigned slots = t->is_open ? t->attributes : t->fields;
    if (is_within(l, t) || l->name.steps >= NAME_STEPS - 1)
        return;
    l->type[l->depth++] = t;
    for (unsigned i = 0; i < slots; i++) {
        const struct field *f = &t->field[i];
        bool is_header = l->depth == 1 && !l->name.in_header && strcmp(f->name, "Header") == 0;
        if (f->name[0] != '\0' && f->kind != KIND_ABSTRACT && !is_header)
            list_field(l, t, i);
    }
    l->depth--;
}

/* The header: of its own where it stands beside the message, else the message's field. */
static void list_header(struct lister *l, const struct type *message)
{
    int own = type_slot_of(message, "Header");
    if (own >= 0) {
        list_field(l, message, (unsigned)own);
        return;
    }
    const struct type *outer = name_outer_header(l->name.set, l->name.message);
    if (outer == NULL)
        return;
    size_t text = strlen(l->text), path = strlen(l->path);
    snprintf(l->text + text, sizeof l->text - text, "_Header");
    snprintf(l->path + path, sizeof l->path - path, ".Header");
    l->name.in_header = true;
    list_type(l, outer);
    l->name.in_header = false;
    l->text[text] = '\0';
    l->path[path] = '\0';
}

int name_each(const struct name_scope *s, const char *message, bool header, name_visit visit,
              void *context, struct err *e)
{
    struct lister l = {.scope = s, .visit = visit, .context = context};
    l.name.message = name_message(s, message, &l.name.set, e);
    if (l.name.message == NULL)
        return err_set(e, "%s has no message '%.60s'", s->protocol->name, message);
    l.sends = name_sends(s->side, l.name.message->from);
    l.receives = name_receives(s->side, l.name.message->from);
    snprintf(l.text, sizeof l.text, "%s", message);
    snprintf(l.path, sizeof l.path, "%s", message);
    if (l.receives) {
        emit(&l, VERB_RECEIVE, NAME_MESSAGE, "_001");
        emit(&l, VERB_EXPECT, NAME_MESSAGE, "_001");
        emit(&l, VERB_CHECK_RECEIVED, NAME_MESSAGE, "");
    }
    if (header)
        list_header(&l, l.name.message->as.type);
    list_type(&l, l.name.message->as.type);
    if (l.sends)
        emit(&l, VERB_SEND, NAME_MESSAGE, "_001");
    return 0;
}
