/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/example.h"

#include "names/place.h"
#include "reference/element.h"

#include <ctype.h>
#include <string.h>

/* ---- examples ---- */

static void add_first_indices(const struct name *n, struct buf *out)
{
    for (unsigned i = 0; i < n->lists; i++)
        buf_text(out, i + 1 < n->lists ? "0, " : "0");
}

static void add_observed(const struct reference *r, const struct name *n, struct buf *out)
{
    char variable[ELEMENT_WORD];
    element_variable(r, n, variable);
    variable[0] = (char)toupper((unsigned char)variable[0]);
    buf_printf(out, "local %s%s = ", r->sends ? "observed" : "received", variable);
}

/* The values of an entry's children, as Exist_ takes them; nil stands for any. */
static void add_child_values(struct reference *r, const struct name *n, struct buf *out)
{
    const struct type *t = n->field->type;
    const char *glue = "";
    if (n->target == NAME_LEAF) {
        element_add_value(r, n, element_made(r, n), out);
        return;
    }
    for (unsigned i = 0; i < t->fields; i++) {
        if (!element_has_value(&t->field[i]))
            continue;
        struct name child = element_child(n, i);
        buf_text(out, glue);
        if (child.target == NAME_NODE)
            buf_text(out, "nil");
        else
            element_add_value(r, &child, element_made(r, &child), out);
        glue = ", ";
    }
}

/* The value in a variable of its own, and the call with it. */
static void add_set(struct reference *r, const struct reference_entry *entry, const union value *v,
                    const char *before, struct buf *out)
{
    const struct name *n = &entry->name;
    char variable[ELEMENT_WORD];
    element_variable(r, n, variable);
    buf_printf(out, "local %s = ", variable);
    element_add_value(r, n, v, out);
    buf_printf(out, "\n%s%s(", before, entry->text);
    if (n->verb != VERB_ADD)
        add_first_indices(n, out);
    buf_printf(out, "%s%s)\n", n->lists > 0 && n->verb != VERB_ADD ? ", " : "", variable);
}

static const union value *example_value(struct reference *r, const struct name *n)
{
    const union value *v = element_is_simple(n) ? element_fresh(r, n) : NULL;
    return v == NULL && element_is_simple(n) ? element_made(r, n) : v;
}

void example_add(struct reference *r, const struct reference_entry *entry, struct buf *out)
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
    case VERB_EXPECT:
        buf_printf(out, "%s%s\n", entry->text,
                   type_slot_of(r->message->as.type, "ResponseCode") >= 0
                       ? "{ ResponseCode = 'OK' }"
                       : "()");
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
        element_add_value(r, n, place_value(&p), out);
        buf_text(out, ")\n");
    }
}

static void add_to_script(struct reference *r, const struct reference_entry *entry, struct buf *out)
{
    const struct name *n = &entry->name;
    if (n->verb != VERB_SET || element_is_header(entry))
        return;
    if (n->target == NAME_COUNT && n->lists == 0 && element_count(r, n) > 0)
        buf_printf(out, "%s(%u)\n\n", entry->text, element_count(r, n));
    const union value *v = n->target == NAME_LEAF ? element_fresh(r, n) : NULL;
    if (v == NULL)
        return;
    if (n->lists > 0)
        add_list_leaf(r, entry, ELEMENT_FIRST, 0, out);
    else
        add_set(r, entry, v, "", out);
    buf_char(out, '\n');
}

void example_script(struct reference *r, struct buf *out)
{
    for (unsigned i = 0; i < r->n; i++)
        add_to_script(r, &r->entry[i], out);
    for (unsigned i = 0; i < r->n; i++)
        if (r->entry[i].name.verb == VERB_SEND)
            buf_printf(out, "%s()\n", r->entry[i].text);
}
