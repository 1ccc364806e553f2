/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/reference.h"

#include "codec/copy.h"
#include "codec/value.h"
#include "names/place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MEMORY (256u << 20) /* bytes that the texts of all functions of a message may take */
#define TYPE_TEXT 96
#define WORD_TEXT 160 /* room for a variable's name */

/* What the header of a fresh message holds, so that examples look like a session. */
#define EXAMPLE_SESSION "3A1F8C0257E94BD6"
#define EXAMPLE_TIME "1700000000"

static const char EMPTY[] = "";
static const uint32_t FIRST[NAME_STEPS]; /* indices: of every list the first entry */

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
    int slot = header == NULL ? -1 : type_slot(header->type, name, strlen(name));
    union value v;
    if (slot < 0)
        return 0;
    if (value_read(&header->type->field[slot], text, strlen(text), &r->arena, &v, e) != 0)
        return -1;
    node_set(header, (unsigned)slot, v);
    return 0;
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

static bool same_place(const struct name *a, const struct name *b, unsigned steps)
{
    if (a->in_header != b->in_header || a->steps < steps || b->steps < steps)
        return false;
    for (unsigned i = 0; i < steps; i++)
        if (a->step[i].slot != b->step[i].slot)
            return false;
    return true;
}

const struct reference_entry *reference_find(const struct reference *r, const struct name *n)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct name *other = &r->entry[i].name;
        if (other->verb == n->verb && other->target == n->target && other->steps == n->steps &&
            same_place(other, n, n->steps))
            return &r->entry[i];
    }
    return NULL;
}

/* The node type that the steps of n begin at; NULL where the message has no header. */
static const struct type *base_type(const struct reference *r, const struct name *n)
{
    const struct node *base = place_base(n, &r->fresh);
    return base != NULL ? base->type : NULL;
}

/* The type that the last step of n is a slot of; NULL for the message itself. */
static const struct type *owner_of(const struct reference *r, const struct name *n)
{
    const struct type *t = n->steps > 0 ? base_type(r, n) : NULL;
    for (unsigned i = 0; t != NULL && i + 1 < n->steps; i++)
        t = t->field[n->step[i].slot].type;
    return t;
}

bool reference_is_header(const struct reference_entry *entry)
{
    const struct name *n = &entry->name;
    const struct type *t = n->message->as.type;
    return n->in_header || (n->steps > 0 && n->step[0].slot < t->fields &&
                            strcmp(t->field[n->step[0].slot].name, "Header") == 0);
}

/* ---- values ---- */

/* What a fresh message holds there; NULL where it is absent. */
static const union value *fresh_value(const struct reference *r, const struct name *n)
{
    struct node *base = place_base(n, &r->fresh);
    struct place p;
    if (base == NULL || n->steps == 0 || !place_find(n, n->steps, base, FIRST, &p))
        return NULL;
    return place_value(&p);
}

/* What stands there once it has been made present. */
static const union value *made_value(struct reference *r, const struct name *n)
{
    struct err ignored = ERR_INIT;
    struct message copy;
    struct place p;
    if (message_copy(&r->fresh, &r->arena, &copy, &ignored) != 0)
        return NULL;
    struct node *base = place_base(n, &copy);
    if (base == NULL || n->steps == 0 ||
        place_make(n, n->steps, base, FIRST, &r->arena, &p, &ignored) != 0)
        return NULL;
    return place_value(&p);
}

static bool is_simple(const struct name *n)
{
    return n->target == NAME_LEAF || n->target == NAME_QUANTITY;
}

static uint32_t fresh_count(const struct reference *r, const struct name *n)
{
    struct node *base = place_base(n, &r->fresh);
    struct place p;
    if (base == NULL || !place_find(n, n->steps, base, FIRST, &p))
        return 0;
    return place_count(&p);
}

/* A value for n as Lua writes it, for examples. */
static void add_value(struct reference *r, const struct name *n, const union value *v,
                      struct buf *out)
{
    uint32_t count = n->target == NAME_COUNT ? fresh_count(r, n) : 0;
    if (n->target == NAME_COUNT && count == 0)
        count = n->field->min > 1 ? n->field->min : 1;
    switch (n->target) {
    case NAME_COUNT:
        buf_printf(out, "%u", count);
        break;
    case NAME_SPECIFIED:
        buf_text(out, "true");
        break;
    case NAME_LEAF:
    case NAME_QUANTITY:
        if (v != NULL)
            wording_value(n->field, *v, out);
        else
            buf_text(out, "nil");
        break;
    case NAME_NODE:
        buf_text(out, "{}");
        break;
    case NAME_MESSAGE:
        break;
    }
}

static void add_preset(struct reference *r, const struct name *n, struct buf *out)
{
    if (n->target == NAME_COUNT)
        buf_printf(out, "%u", fresh_count(r, n));
    if (n->target == NAME_SPECIFIED)
        buf_text(out, fresh_count(r, n) > 0 ? "true" : "false");
    if (!is_simple(n))
        return;
    const union value *v = fresh_value(r, n), *made = v == NULL ? made_value(r, n) : NULL;
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

/* ---- names of parameters and variables ---- */

/* The name that the value of n has as a parameter, wherever a function takes it. */
static const char *parameter_of(const struct reference *r, const struct name *n)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct reference_entry *other = &r->entry[i];
        if (other->parameter[0] != '\0' && other->name.target == n->target &&
            other->name.steps == n->steps && same_place(&other->name, n, n->steps))
            return other->parameter;
    }
    return n->target == NAME_COUNT ? "count" : n->target == NAME_SPECIFIED ? "isSpecified" : "";
}

/* Whether another value of the message has the same parameter name. */
static bool is_ambiguous(const struct reference *r, const struct name *n, const char *parameter)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct name *other = &r->entry[i].name;
        if (other->target == n->target && other->in_header == n->in_header &&
            strcmp(r->entry[i].parameter, parameter) == 0 &&
            !(other->steps == n->steps && same_place(other, n, n->steps)))
            return true;
    }
    return false;
}

/* The name of a variable for the value of n: that of the parameter, behind the element's around it
 * where the parameter alone does not tell which it is. */
static void variable_of(const struct reference *r, const struct name *n, char out[WORD_TEXT])
{
    const struct type *owner = owner_of(r, n);
    const char *parameter = parameter_of(r, n), *around = NULL;
    char start[WORD_TEXT];
    if (n->steps >= 2 && (owner->is_quantity || is_ambiguous(r, n, parameter))) {
        const struct type *t = base_type(r, n);
        for (unsigned i = 0; i + 1 < n->steps; i++) {
            around = t->field[n->step[i].slot].name;
            t = t->field[n->step[i].slot].type;
        }
    }
    const char *own = parameter;
    if (n->target == NAME_COUNT || n->target == NAME_SPECIFIED || own[0] == '\0') {
        around = n->field != NULL ? n->field->name : "value";
        own = n->target == NAME_COUNT ? "Count" : n->target == NAME_SPECIFIED ? "Specified" : "";
    }
    if (around == NULL) {
        snprintf(out, WORD_TEXT, "%s", own);
        return;
    }
    name_parameter(around, start, sizeof start);
    snprintf(out, WORD_TEXT, "%.90s%.60s", start, own);
    out[strnlen(start, 90)] = (char)toupper((unsigned char)out[strnlen(start, 90)]);
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

/* The child at `slot` of an entry of the list n, as a name of its own. */
static struct name child_of(const struct name *n, unsigned slot)
{
    struct name child = *n;
    const struct field *field = &n->field->type->field[slot];
    child.field = field;
    child.target = field->kind != KIND_NODE   ? NAME_LEAF
                   : field->type->is_quantity ? NAME_QUANTITY
                                              : NAME_NODE;
    if (child.steps < NAME_STEPS)
        child.step[child.steps++] = (struct name_step){(uint16_t)slot, false};
    return child;
}

static bool has_value(const struct field *f)
{
    return f->kind != KIND_ABSTRACT && f->kind != KIND_ANY;
}

/* Exist_ takes the values of an entry's children, in the order of the schema. */
static void add_children(struct reference *r, struct reference_function *f, const struct name *n)
{
    const struct type *t = n->field->type;
    char small[WORD_TEXT];
    if (n->target == NAME_LEAF) {
        add_value_parameter(r, f, parameter_of(r, n), n);
        return;
    }
    for (unsigned i = 0; i < t->fields; i++) {
        if (!has_value(&t->field[i]))
            continue;
        struct name child = child_of(n, i);
        const char *parameter = parameter_of(r, &child);
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
    NULL,         NULL,       "rule.send", "rule.receive", "rule.check", "rule.check_received",
    "rule.exist", "rule.add",
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
    const struct type *owner = owner_of(r, n);
    if (owner == NULL)
        return wording_element(r->prose, r->set, r->message, &r->arena);
    unsigned slot = n->step[n->steps - 1].slot;
    return wording_field(r->prose, r->set, owner, slot, &r->arena);
}

/* Of the parts of a physical value, the unit is that of the element around them. */
static void add_unit(const struct reference *r, const struct name *n, struct buf *out)
{
    const struct type *owner = owner_of(r, n);
    if (owner == NULL || !is_simple(n))
        return;
    if (!owner->is_quantity || n->steps < 2) {
        buf_text(out, n->field->unit != NULL ? n->field->unit : "");
        return;
    }
    const struct type *t = base_type(r, n);
    for (unsigned i = 0; i + 2 < n->steps; i++)
        t = t->field[n->step[i].slot].type;
    const char *unit = t->field[n->step[n->steps - 2].slot].unit;
    if (owner->value == (int)n->step[n->steps - 1].slot && unit != NULL && unit[0] != '\0')
        buf_printf(out, "10^%s %s", owner->field[owner->multiplier].name, unit);
}

/* ---- examples ---- */

static void add_first_indices(const struct name *n, struct buf *out)
{
    for (unsigned i = 0; i < n->lists; i++)
        buf_text(out, i + 1 < n->lists ? "0, " : "0");
}

static void add_observed(const struct reference *r, const struct name *n, struct buf *out)
{
    char variable[WORD_TEXT];
    variable_of(r, n, variable);
    variable[0] = (char)toupper((unsigned char)variable[0]);
    buf_printf(out, "local %s%s = ", r->sends ? "observed" : "received", variable);
}

/* The values of an entry's children, as Exist_ takes them; nil stands for any. */
static void add_child_values(struct reference *r, const struct name *n, struct buf *out)
{
    const struct type *t = n->field->type;
    const char *glue = "";
    if (n->target == NAME_LEAF) {
        add_value(r, n, made_value(r, n), out);
        return;
    }
    for (unsigned i = 0; i < t->fields; i++) {
        if (!has_value(&t->field[i]))
            continue;
        struct name child = child_of(n, i);
        buf_text(out, glue);
        if (child.target == NAME_NODE)
            buf_text(out, "nil");
        else
            add_value(r, &child, made_value(r, &child), out);
        glue = ", ";
    }
}

/* The value in a variable of its own, and the call with it. */
static void add_set(struct reference *r, const struct reference_entry *entry, const union value *v,
                    const char *before, struct buf *out)
{
    const struct name *n = &entry->name;
    char variable[WORD_TEXT];
    variable_of(r, n, variable);
    buf_printf(out, "local %s = ", variable);
    add_value(r, n, v, out);
    buf_printf(out, "\n%s%s(", before, entry->text);
    if (n->verb != VERB_ADD)
        add_first_indices(n, out);
    buf_printf(out, "%s%s)\n", n->lists > 0 && n->verb != VERB_ADD ? ", " : "", variable);
}

static const union value *example_value(struct reference *r, const struct name *n)
{
    const union value *v = is_simple(n) ? fresh_value(r, n) : NULL;
    return v == NULL && is_simple(n) ? made_value(r, n) : v;
}

static void add_example(struct reference *r, const struct reference_entry *entry, struct buf *out)
{
    const struct name *n = &entry->name;
    switch (n->verb) {
    case VERB_SET:
    case VERB_ADD:
        add_set(r, entry, example_value(r, n), "", out);
        break;
    case VERB_CHECK:
        add_set(r, entry, example_value(r, n), "local matches = ", out);
        break;
    case VERB_GET:
        add_observed(r, n, out);
        buf_printf(out, "%s(", entry->text);
        add_first_indices(n, out);
        buf_text(out, ")\n");
        break;
    case VERB_SEND:
    case VERB_RECEIVE:
        buf_printf(out, "%s()\n", entry->text);
        break;
    case VERB_CHECK_RECEIVED:
        buf_printf(out, "local received%s = %s()\n", r->message->as.name, entry->text);
        break;
    case VERB_EXIST:
        buf_printf(out, "local exists = %s(", entry->text);
        add_child_values(r, n, out);
        buf_text(out, ")\n");
        break;
    }
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
    add_example(r, entry, &text);
    f->example = kept(r, &text);
    buf_close(&text);
}

/* ---- the script of a message ---- */

/* Sets the leaf of every entry of its (innermost) lists. */
static void add_list_leaf(struct reference *r, const struct reference_entry *entry,
                          const uint32_t *outer, unsigned depth, struct buf *out)
{
    const struct name *n = &entry->name;
    uint32_t index[NAME_STEPS] = {0};
    memcpy(index, outer, depth * sizeof *index);
    struct place p;
    for (index[depth] = 0;; index[depth]++) {
        if (!place_find(n, n->steps, place_base(n, &r->fresh), index, &p) ||
            place_value(&p) == NULL)
            return;
        if (depth + 1 < n->lists) {
            add_list_leaf(r, entry, index, depth + 1, out);
            continue;
        }
        buf_printf(out, "%s(", entry->text);
        for (unsigned i = 0; i <= depth; i++)
            buf_printf(out, "%u, ", index[i]);
        add_value(r, n, place_value(&p), out);
        buf_text(out, ")\n");
    }
}

static void add_to_script(struct reference *r, const struct reference_entry *entry, struct buf *out)
{
    const struct name *n = &entry->name;
    if (n->verb != VERB_SET || reference_is_header(entry))
        return;
    if (n->target == NAME_COUNT && n->lists == 0 && fresh_count(r, n) > 0)
        buf_printf(out, "%s(%u)\n\n", entry->text, fresh_count(r, n));
    const union value *v = n->target == NAME_LEAF ? fresh_value(r, n) : NULL;
    if (v == NULL)
        return;
    if (n->lists > 0)
        add_list_leaf(r, entry, FIRST, 0, out);
    else
        add_set(r, entry, v, "", out);
    buf_char(out, '\n');
}

void reference_script(struct reference *r, struct buf *out)
{
    for (unsigned i = 0; i < r->n; i++)
        add_to_script(r, &r->entry[i], out);
    for (unsigned i = 0; i < r->n; i++)
        if (r->entry[i].name.verb == VERB_SEND)
            buf_printf(out, "%s()\n", r->entry[i].text);
}
