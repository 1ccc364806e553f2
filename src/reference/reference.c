/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/reference.h"

#include "codec/copy.h"
#include "codec/value.h"
#include "reference/element.h"
#include "reference/example.h"

#include <stdio.h>
#include <string.h>

#define MEMORY (256u << 20) /* bytes that the texts of all functions of a message may take */
#define TYPE_TEXT 96

/* What the header of a fresh message holds, so that examples look like a session. */
#define EXAMPLE_SESSION "3A1F8C0257E94BD6"
#define EXAMPLE_TIME "1700000000"

static const char EMPTY[] = "";

/* ---- texts ---- */

/* The buffer's text for as long as the reference lives; the buffer is empty afterwards. */
static const char *kept(struct reference *r, struct buf *text)
{
    const char *copy = EMPTY;
    if (text->n > 0)
        copy = arena_text(&r->arena, buf_string(text), text->n);
    buf_clear(text);
    return copy != NULL ? copy : EMPTY;
}

static const char *kept_text(struct reference *r, const char *text)
{
    const char *copy = arena_text(&r->arena, text, strlen(text));
    return copy != NULL ? copy : EMPTY;
}

/* ---- collecting ---- */

static void collect(void *context, const struct name_entry *entry)
{
    struct reference *r = context;
    if (r->n == r->cap) {
        unsigned cap = r->cap > 0 ? r->cap * 2 : 64;
        struct reference_entry *more = arena_alloc(&r->arena, cap * sizeof *more);
        if (more == NULL)
            return;
        if (r->n > 0)
            memcpy(more, r->entry, r->n * sizeof *more);
        r->entry = more;
        r->cap = cap;
    }
    r->entry[r->n++] =
        (struct reference_entry){kept_text(r, entry->text), kept_text(r, entry->path),
                                 kept_text(r, entry->parameter), *entry->name};
}

/* Writes text into a child of the header, where it has one of that name. */
static int set_header(struct reference *r, const char *name, const char *text, struct err *e)
{
    struct node *header = message_header(&r->fresh);
    return header == NULL ? 0 : node_set_text(&r->arena, header, name, text, e);
}

static int make_fresh(struct reference *r, struct err *e)
{
    if (message_new(r->set, r->message->as.name, &r->arena, &r->fresh, e) != 0 ||
        set_header(r, "TimeStamp", EXAMPLE_TIME, e) != 0)
        return -1;
    if (strcmp(r->message->as.name, "SessionSetupReq") == 0) /* asks for a session: has none yet */
        return 0;
    return set_header(r, "SessionID", EXAMPLE_SESSION, e);
}

int reference_open(struct reference *r, const struct name_scope *scope, const struct prose *prose,
                   const char *message, struct err *e)
{
    *r = (struct reference){.scope = *scope, .prose = prose};
    arena_open(&r->arena, NULL, 0, MEMORY);
    r->message = name_message(scope, message, &r->set, e);
    if (r->message == NULL)
        return err_set(e, "%s has no message '%.60s'", scope->protocol->name, message);
    r->sends = name_sends(scope->side, r->message->from);
    r->receives = name_receives(scope->side, r->message->from);
    if (make_fresh(r, e) != 0)
        return -1;
    return name_each(scope, message, true, collect, r, e);
}

void reference_close(struct reference *r)
{
    arena_close(&r->arena);
}

/* ---- finding ---- */

const struct reference_entry *reference_find(const struct reference *r, const struct name *n)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct name *other = &r->entry[i].name;
        if (other->verb == n->verb && other->target == n->target && other->steps == n->steps &&
            element_same(other, n, n->steps))
            return &r->entry[i];
    }
    return NULL;
}

/* ---- presets ---- */

static void add_preset(struct reference *r, const struct name *n, struct buf *out)
{
    if (n->target == NAME_COUNT)
        buf_printf(out, "%u", element_count(r, n));
    if (n->target == NAME_SPECIFIED)
        buf_text(out, element_count(r, n) > 0 ? "true" : "false");
    if (!element_is_simple(n))
        return;
    const union value *v = element_fresh(r, n), *made = v == NULL ? element_made(r, n) : NULL;
    struct buf once = {0};
    if (v != NULL)
        wording_value(n->field, *v, out);
    else if (made == NULL)
        buf_text(out, prose_word(r->prose, "absent"));
    else {
        wording_value(n->field, *made, &once);
        prose_say(r->prose, "absent.once", buf_string(&once), "", out);
    }
    buf_close(&once);
}

/* ---- parameters ---- */

static void add_parameter(struct reference *r, struct reference_function *f, const char *name,
                          const char *type, bool is_enumeration)
{
    if (f->parameters == REFERENCE_PARAMETERS)
        return;
    const char *kept_type = kept_text(r, type);
    f->parameter[f->parameters++] = (struct reference_parameter){
        .name = name, .type = kept_type, .enumeration = is_enumeration ? kept_type : NULL};
}

static void add_value_parameter(struct reference *r, struct reference_function *f, const char *name,
                                const struct name *n)
{
    char type[TYPE_TEXT];
    if (n->target == NAME_COUNT)
        add_parameter(r, f, name, "number", false);
    else if (n->target == NAME_SPECIFIED)
        add_parameter(r, f, name, "boolean", false);
    else if (n->field != NULL)
        add_parameter(r, f, name, wording_lua_type(n->field, type, sizeof type),
                      n->field->kind == KIND_ENUM);
}

static void add_indices(struct reference *r, struct reference_function *f, const struct name *n)
{
    static const char *const NAMES[] = {"index", "index2", "index3", "index4", "index5"};
    for (unsigned i = 0; i < n->lists && i < sizeof NAMES / sizeof NAMES[0]; i++)
        add_parameter(r, f, NAMES[i], "number", false);
}

/* Exist_ takes the values of an entry's children, in the order of the schema. */
static void add_children(struct reference *r, struct reference_function *f, const struct name *n)
{
    const struct type *t = n->field->type;
    char small[ELEMENT_WORD];
    if (n->target == NAME_LEAF) {
        add_value_parameter(r, f, element_parameter(r, n), n);
        return;
    }
    for (unsigned i = 0; i < t->fields; i++) {
        if (!element_has_value(&t->field[i]))
            continue;
        struct name child = element_child(n, i);
        const char *parameter = element_parameter(r, &child);
        name_parameter(t->field[i].name, small, sizeof small);
        add_value_parameter(r, f, parameter[0] != '\0' ? parameter : kept_text(r, small), &child);
    }
}

static void add_parameters(struct reference *r, struct reference_function *f,
                           const struct reference_entry *entry)
{
    const struct name *n = &entry->name;
    switch (n->verb) {
    case VERB_RECEIVE:
        add_parameter(r, f, "milliseconds", "number", false);
        f->parameter[0].is_optional = true;
        break;
    case VERB_EXPECT:
        add_parameter(r, f, "fields", "table", false);
        f->parameter[0].is_optional = true;
        add_parameter(r, f, "milliseconds", "number", false);
        f->parameter[1].is_optional = true;
        break;
    case VERB_EXIST:
        add_children(r, f, n);
        break;
    case VERB_ADD:
        add_value_parameter(r, f, entry->parameter, n);
        break;
    case VERB_SET:
    case VERB_CHECK:
        add_indices(r, f, n);
        add_value_parameter(r, f, entry->parameter, n);
        break;
    case VERB_GET:
        add_indices(r, f, n);
        break;
    case VERB_SEND:
    case VERB_CHECK_RECEIVED:
        break;
    }
}

static const char *result_of(struct reference *r, const struct name *n)
{
    char type[TYPE_TEXT];
    switch (n->verb) {
    case VERB_CHECK:
    case VERB_CHECK_RECEIVED:
    case VERB_EXIST:
        return "boolean";
    case VERB_GET:
        if (n->target == NAME_COUNT)
            return "number";
        if (n->target == NAME_SPECIFIED)
            return "boolean";
        return kept_text(r, wording_lua_type(n->field, type, sizeof type));
    case VERB_EXPECT:
        return "Message";
    case VERB_SET:
    case VERB_SEND:
    case VERB_RECEIVE:
    case VERB_ADD:
        break;
    }
    return EMPTY;
}

static const char *call_of(struct reference *r, const struct reference_function *f,
                           struct buf *text)
{
    buf_printf(text, "%s(", f->text);
    const char *glue = "";
    for (unsigned i = 0; i < f->parameters; i++) {
        if (f->parameter[i]
                .is_optional) /* as the pages show it: what is rarely given is left out */
            continue;
        buf_printf(text, "%s%s", glue, f->parameter[i].name);
        glue = ", ";
    }
    buf_char(text, ')');
    return kept(r, text);
}

/* ---- sentences ---- */

static const char *does_of(struct reference *r, const struct reference_entry *entry,
                           struct buf *text)
{
    const struct name *n = &entry->name;
    char key[32], object[NAME_TEXT + 16];
    snprintf(key, sizeof key, "does.%s", name_verb(n->verb));
    snprintf(object, sizeof object, "%s%s", entry->path,
             n->verb == VERB_CHECK_RECEIVED ? ".Received"
             : n->target == NAME_COUNT      ? ".Count"
             : n->target == NAME_SPECIFIED  ? "Specified"
                                            : "");
    prose_say(r->prose, key, object, "", text);
    return kept(r, text);
}

/* ORDER VERB: how functions of a verb work; NULL where it goes without saying. */
static const char *const VERB_RULES[] = {
    NULL,          NULL,         "rule.send",           "rule.receive",
    "rule.expect", "rule.check", "rule.check_received", "rule.exist",
    "rule.add",
};

/* ORDER NAME_TARGET */
static const char *const TARGET_RULES[] = {
    NULL, NULL, "rule.quantity", "rule.node", "rule.count", "rule.specified",
};

static void add_rule(const struct reference *r, const struct name *n, struct buf *text)
{
    const char *const rules[] = {
        VERB_RULES[n->verb],
        n->verb != VERB_EXIST ? TARGET_RULES[n->target] : NULL,
        n->lists > 0 && n->verb != VERB_ADD ? "rule.index" : NULL,
    };
    for (unsigned i = 0; i < 3; i++)
        if (rules[i] != NULL)
            buf_printf(text, "%s%s", text->n > 0 ? " " : "", prose_word(r->prose, rules[i]));
}

static const char *meaning_of(struct reference *r, const struct name *n)
{
    const struct type *owner = element_owner(r, n);
    if (owner == NULL)
        return wording_element(r->prose, r->set, r->message, &r->arena);
    unsigned slot = n->step[n->steps - 1].slot;
    return wording_field(r->prose, r->set, owner, slot, &r->arena);
}

/* Of the parts of a physical value, the unit is that of the element around them. */
static void add_unit(const struct reference *r, const struct name *n, struct buf *out)
{
    const struct type *owner = element_owner(r, n);
    if (owner == NULL || !element_is_simple(n))
        return;
    if (!owner->is_quantity || n->steps < 2) {
        buf_text(out, n->field->unit != NULL ? n->field->unit : "");
        return;
    }
    const struct type *t = element_base(r, n);
    for (unsigned i = 0; i + 2 < n->steps; i++)
        t = t->field[n->step[i].slot].type;
    const char *unit = t->field[n->step[n->steps - 2].slot].unit;
    if (owner->value == (int)n->step[n->steps - 1].slot && unit != NULL && unit[0] != '\0')
        buf_printf(out, "10^%s %s", owner->field[owner->multiplier].name, unit);
}

/* ---- all of it ---- */

static void describe_field(struct reference *r, const struct name *n, struct reference_function *f,
                           struct buf *text)
{
    const struct field *field = n->field;
    wording_kind(field, text);
    f->kind = kept(r, text);
    wording_presence(r->prose, field, text);
    f->presence = kept(r, text);
    add_preset(r, n, text);
    f->preset = kept(r, text);
    add_unit(r, n, text);
    f->unit = kept(r, text);
    if (n->target != NAME_LEAF)
        return;
    wording_limits(r->prose, field, text);
    f->limits = kept(r, text);
    wording_wire(r->prose, field, text);
    f->wire = kept(r, text);
    if (field->kind == KIND_ENUM)
        f->members = field->simple;
}

void reference_describe(struct reference *r, const struct reference_entry *entry,
                        struct reference_function *f)
{
    const struct name *n = &entry->name;
    struct buf text = {0};
    *f = (struct reference_function){.text = entry->text,
                                     .kind = EMPTY,
                                     .presence = EMPTY,
                                     .limits = EMPTY,
                                     .unit = EMPTY,
                                     .preset = EMPTY,
                                     .wire = EMPTY};
    add_parameters(r, f, entry);
    f->returns = result_of(r, n);
    f->returns_enumeration =
        n->verb == VERB_GET && n->target == NAME_LEAF && n->field->kind == KIND_ENUM;
    f->call = call_of(r, f, &text);
    f->does = does_of(r, entry, &text);
    f->meaning = meaning_of(r, n);
    add_rule(r, n, &text);
    f->rule = kept(r, &text);
    if (n->field != NULL && n->steps > 0)
        describe_field(r, n, f, &text);
    example_add(r, entry, &text);
    f->example = kept(r, &text);
    buf_close(&text);
}
