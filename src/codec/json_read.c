/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in: jansson's tree into slots. */
#include "base/json_text.h"
#include "base/nearest.h"
#include "codec/json.h"
#include "codec/value.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define JSON_SIZE_MAX (64u * 1024 * 1024)
#define SHOWN_MAX 40 /* bytes of bad input that an error repeats */

struct reader {
    const struct schema *s;
    struct arena *a;
    struct err *e;
};

/* A member's name, taken apart: "@{uri}local". */
struct name {
    bool is_attribute;
    const char *uri; /* NULL: none was written */
    size_t uri_size;
    const char *local;
};

static struct name name_of(const char *key)
{
    struct name name = {.is_attribute = key[0] == '@'};
    name.local = key + name.is_attribute;
    const char *close = name.local[0] == '{' ? strrchr(name.local, '}') : NULL;
    if (close == NULL)
        return name;
    name.uri = name.local + 1;
    name.uri_size = (size_t)(close - name.uri);
    name.local = close + 1;
    return name;
}

static bool is_uri(const struct name *name, const char *uri)
{
    return strlen(uri) == name->uri_size && memcmp(uri, name->uri, name->uri_size) == 0;
}

/* -1: any namespace may be meant; beyond UINT8_MAX: one that the schema does not have. */
static int namespace_index(const struct schema *s, const struct name *name)
{
    if (name->uri == NULL)
        return -1;
    if (name->uri_size == 0)
        return SCHEMA_NO_NS;
    for (int i = 0; i < s->namespaces; i++)
        if (is_uri(name, s->ns[i].uri))
            return i;
    return UINT8_MAX + 1;
}

static int no_memory(struct reader *r)
{
    return err_set(r->e, "the message is too large: its memory is used up");
}

static bool is_a(const json_t *json, json_type type)
{
    return json_typeof(json) == type;
}

static const char *kind_of(const json_t *json)
{
    static const char *const NAMES[] = {
        "an object", "an array", "a string", "an integer", "a number with a fraction",
        "true",      "false",    "null"};
    return NAMES[json_typeof(json)];
}

/* ---- simple values ---- */

static bool is_number(uint8_t kind)
{
    return kind == KIND_NBIT || kind == KIND_UNSIGNED || kind == KIND_SIGNED || kind == KIND_BIG ||
           kind == KIND_ENUM;
}

/* A number without a fraction (3.0 too) as digits; n is 0 where it is none. */
static int number_text(const json_t *json, char *text, size_t size)
{
    if (is_a(json, JSON_INTEGER))
        return snprintf(text, size, "%lld", (long long)json_integer_value(json));
    double x = json_real_value(json);
    bool whole = x > -9.0e15 && x < 9.0e15 && (double)(int64_t)x == x;
    return whole ? snprintf(text, size, "%lld", (long long)x) : 0;
}

static int read_simple(struct reader *r, const struct field *f, const json_t *json, union value *v)
{
    char text[32];
    if (is_a(json, JSON_STRING))
        return value_read(f, json_string_value(json), json_string_length(json), r->a, v, r->e);
    if ((is_a(json, JSON_INTEGER) || is_a(json, JSON_REAL)) && is_number(f->kind)) {
        int n = number_text(json, text, sizeof text);
        if (n > 0)
            return value_read(f, text, (size_t)n, r->a, v, r->e);
    }
    if (f->kind == KIND_BOOLEAN && (is_a(json, JSON_TRUE) || is_a(json, JSON_FALSE))) {
        v->i = is_a(json, JSON_TRUE);
        return 0;
    }
    return err_set(r->e, "%s; expected %s", kind_of(json),
                   f->kind == KIND_BOOLEAN ? "true or false"
                   : f->kind == KIND_ENUM  ? "the name of a member"
                   : is_number(f->kind)    ? "an integer"
                                           : "a string");
}

/* ---- elements ---- */

static int read_node(struct reader *r, const struct type *t, const json_t *json, struct node **out,
                     unsigned depth);
static int read_any(struct reader *r, const struct name *name, const json_t *json, struct any **out,
                    unsigned depth);

static int read_value(struct reader *r, const struct field *f, const json_t *json, union value *v,
                      unsigned depth)
{
    if (f->kind == KIND_ABSTRACT)
        return err_set(r->e, "it is abstract; expected an element that may stand for it");
    if (f->kind != KIND_NODE)
        return read_simple(r, f, json, v);
    if (depth >= MESSAGE_DEPTH_MAX)
        return err_set(r->e, "elements are nested too deeply; expected at most %d levels",
                       MESSAGE_DEPTH_MAX);
    return read_node(r, f->type, json, &v->n, depth);
}

/* Puts "name[index]" before the error's path. */
static int under_entry(struct reader *r, const char *name, size_t index)
{
    char text[112];
    snprintf(text, sizeof text, "%.80s[%zu]", name, index);
    err_under(r->e, text);
    return -1;
}

static int read_list(struct reader *r, struct node *n, unsigned slot, const json_t *json,
                     unsigned depth)
{
    const struct field *f = &n->type->field[slot];
    if (!is_a(json, JSON_ARRAY)) {
        err_set(r->e, "%s; expected an array, since %s is a list", kind_of(json), f->name);
        err_under(r->e, f->name);
        return -1;
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        union value v;
        if (read_value(r, f, json_array_get(json, i), &v, depth + 1) != 0)
            return under_entry(r, f->name, i);
        if (node_add(r->a, n, slot, v) != 0)
            return no_memory(r);
    }
    return 0;
}

/* An alternative to slot that is present, or -1. */
static int present_alternative(const struct node *n, unsigned slot)
{
    const struct field *f = n->type->field;
    for (unsigned i = 0; f[slot].choice != 0 && i < n->type->fields; i++)
        if (i != slot && node_has(n, i) && f[i].choice == f[slot].choice)
            return (int)i;
    return -1;
}

static int member_slot(const struct reader *r, const struct type *t, const struct name *name)
{
    int ns = namespace_index(r->s, name);
    unsigned slots = t->is_open ? t->attributes : t->fields;
    for (unsigned i = 0; i < slots; i++) {
        const struct field *f = &t->field[i];
        const char *called = f->is_content ? "content" : f->name;
        if (f->is_attribute == name->is_attribute && (ns < 0 || f->ns == ns) &&
            strcmp(called, name->local) == 0)
            return (int)i;
    }
    return -1;
}

static int unknown_member(struct reader *r, const struct type *t, const char *key)
{
    char expected[TYPE_NAMES_MAX];
    struct name name = name_of(key);
    if (t->is_open && !name.is_attribute)
        return err_set(r->e,
                       "member '%.*s'; expected \"content\", an array of elements and "
                       "characters",
                       SHOWN_MAX, key);
    return err_set(r->e, "unknown member '%.*s'; %s", SHOWN_MAX, key,
                   type_names(t, name.is_attribute, name.local, expected));
}

static int read_member(struct reader *r, struct node *n, const char *key, const json_t *json,
                       unsigned depth)
{
    struct name name = name_of(key);
    union value v;
    int slot = member_slot(r, n->type, &name);
    if (slot < 0)
        return unknown_member(r, n->type, key);
    const struct field *f = &n->type->field[slot];
    int other = present_alternative(n, (unsigned)slot);
    if (other >= 0)
        return err_set(r->e, "%s and %s; expected one of them", n->type->field[other].name,
                       f->name);
    if (f->is_list)
        return read_list(r, n, (unsigned)slot, json, depth);
    if (read_value(r, f, json, &v, depth + 1) != 0) {
        err_under(r->e, key);
        return -1;
    }
    node_set(n, (unsigned)slot, v);
    return 0;
}

/* ---- open content ---- */

/* The only member of an entry: the element. */
static const char *only_member(struct reader *r, json_t *entry, json_t **value)
{
    void *at = is_a(entry, JSON_OBJECT) ? json_object_iter(entry) : NULL;
    if (at == NULL || json_object_size(entry) != 1) {
        err_set(r->e, "%s; expected a string, or an object with one member: an element",
                at == NULL ? kind_of(entry) : "an object with more members");
        return NULL;
    }
    *value = json_object_iter_value(at);
    return json_object_iter_key(at);
}

static int read_text_item(struct reader *r, struct node *n, const json_t *entry)
{
    if (!n->type->is_mixed)
        return err_set(r->e, "a string; expected elements only");
    union value v = {.b = bytes_new(r->a, json_string_value(entry), json_string_length(entry))};
    return v.b == NULL || node_add_item(r->a, n, n->type->fields, v) != 0 ? no_memory(r) : 0;
}

static int read_item(struct reader *r, struct node *n, unsigned *state, json_t *entry,
                     unsigned depth)
{
    const struct type *t = n->type;
    char expected[TYPE_NAMES_MAX];
    json_t *json = NULL;
    union value v;
    if (is_a(entry, JSON_STRING)) {
        *state = type_state_after(t, *state, t->fields);
        return read_text_item(r, n, entry);
    }
    const char *key = only_member(r, entry, &json);
    if (key == NULL)
        return -1;
    struct name name = name_of(key);
    int slot =
        type_open_slot(t, *state, name.local, strlen(name.local), namespace_index(r->s, &name));
    bool is_any = slot >= 0 && t->field[slot].kind == KIND_ANY;
    if (slot < 0 || name.is_attribute || (is_any && name.uri == NULL))
        return err_set(r->e, "unknown element '%.*s'; %s", SHOWN_MAX, key,
                       type_names(t, false, name.local, expected));
    int bad = is_any ? read_any(r, &name, json, &v.any, depth + 1)
                     : read_value(r, &t->field[slot], json, &v, depth + 1);
    if (bad != 0) {
        err_under(r->e, name.local);
        return -1;
    }
    *state = type_state_after(t, *state, (unsigned)slot);
    return node_add_item(r->a, n, (unsigned)slot, v) != 0 ? no_memory(r) : 0;
}

static int read_content(struct reader *r, struct node *n, const json_t *json, unsigned depth)
{
    unsigned state = node_state(n);
    if (!is_a(json, JSON_ARRAY)) {
        err_set(r->e, "%s; expected an array of elements and characters", kind_of(json));
        err_under(r->e, "content");
        return -1;
    }
    for (size_t i = 0; i < json_array_size(json); i++)
        if (read_item(r, n, &state, json_array_get(json, i), depth) != 0)
            return under_entry(r, "content", i);
    return 0;
}

static int read_node(struct reader *r, const struct type *t, const json_t *json, struct node **out,
                     unsigned depth)
{
    const char *key;
    json_t *value, *content = NULL;
    if (!is_a(json, JSON_OBJECT))
        return err_set(r->e, "%s; expected an object", kind_of(json));
    struct node *n = *out = node_new(r->a, t);
    if (n == NULL)
        return no_memory(r);
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (t->is_open && strcmp(key, "content") == 0)
            content = value;
        else if (read_member(r, n, key, value, depth) != 0)
            return -1;
    }
    return content == NULL ? 0 : read_content(r, n, content, depth);
}

/* ---- elements that wildcards let in ---- */

static struct any *new_any(struct reader *r, const struct name *name)
{
    struct any *any = arena_alloc(r->a, sizeof *any);
    if (any == NULL) {
        no_memory(r);
        return NULL;
    }
    memset(any, 0, sizeof *any);
    any->uri = arena_text(r->a, name->uri == NULL ? "" : name->uri, name->uri_size);
    any->name = arena_text(r->a, name->local, strlen(name->local));
    if (any->uri != NULL && any->name != NULL)
        return any;
    no_memory(r);
    return NULL;
}

static struct any_part *new_part(struct reader *r, struct any *any, int what)
{
    struct any_part *part = arena_alloc(r->a, sizeof *part);
    if (part == NULL) {
        no_memory(r);
        return NULL;
    }
    *part = (struct any_part){.what = (unsigned)what};
    any_add(any, part);
    return part;
}

static int read_any_attribute(struct reader *r, struct any *any, const char *key,
                              const json_t *json)
{
    struct name name = name_of(key);
    if (!name.is_attribute || !is_a(json, JSON_STRING))
        return err_set(r->e,
                       "member '%.*s': %s; expected attributes (\"@name\": \"text\") and "
                       "\"content\"",
                       SHOWN_MAX, key, kind_of(json));
    struct any_part *part = new_part(r, any, ANY_ATTRIBUTE);
    if (part == NULL)
        return -1;
    part->uri = arena_text(r->a, name.uri == NULL ? "" : name.uri, name.uri_size);
    part->name = arena_text(r->a, name.local, strlen(name.local));
    part->text = bytes_new(r->a, json_string_value(json), json_string_length(json));
    return part->uri == NULL || part->name == NULL || part->text == NULL ? no_memory(r) : 0;
}

typedef int child_reader(struct reader *r, const struct name *name, const json_t *json,
                         struct any **out, unsigned depth);

static int read_any_part(struct reader *r, struct any *any, json_t *entry, child_reader *child,
                         unsigned depth)
{
    json_t *json = NULL;
    if (is_a(entry, JSON_STRING)) {
        struct any_part *text = new_part(r, any, ANY_TEXT);
        if (text == NULL)
            return -1;
        text->text = bytes_new(r->a, json_string_value(entry), json_string_length(entry));
        return text->text == NULL ? no_memory(r) : 0;
    }
    const char *key = only_member(r, entry, &json);
    if (key == NULL)
        return -1;
    struct name name = name_of(key);
    if (name.uri == NULL || name.is_attribute)
        return err_set(r->e, "element '%.*s'; expected \"{namespace}name\"", SHOWN_MAX, key);
    struct any_part *part = new_part(r, any, ANY_ELEMENT);
    if (part == NULL)
        return -1;
    if (child(r, &name, json, &part->element, depth + 1) == 0)
        return 0;
    err_under(r->e, name.local);
    return -1;
}

/* Attributes and content of an element that is kept as it comes. */
static int read_raw(struct reader *r, struct any *any, const json_t *json, child_reader *child,
                    unsigned depth)
{
    const char *key;
    json_t *value, *content = NULL;
    if (!is_a(json, JSON_OBJECT))
        return err_set(r->e, "%s; expected an object of attributes and \"content\"", kind_of(json));
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (strcmp(key, "content") == 0)
            content = value;
        else if (read_any_attribute(r, any, key, value) != 0)
            return -1;
    }
    if (content != NULL && !is_a(content, JSON_ARRAY))
        return err_set(r->e, "content is %s; expected an array of elements and characters",
                       kind_of(content));
    for (size_t i = 0; content != NULL && i < json_array_size(content); i++)
        if (read_any_part(r, any, json_array_get(content, i), child, depth) != 0)
            return under_entry(r, "content", i);
    return 0;
}

static int read_any(struct reader *r, const struct name *name, const json_t *json, struct any **out,
                    unsigned depth)
{
    struct any *any = *out = new_any(r, name);
    if (any == NULL)
        return -1;
    if (depth >= MESSAGE_DEPTH_MAX)
        return err_set(r->e, "elements are nested too deeply; expected at most %d levels",
                       MESSAGE_DEPTH_MAX);
    any->known = schema_global(r->s, name->uri, name->uri_size, name->local);
    if (any->known != NULL)
        return read_value(r, &any->known->as, json, &any->v, depth);
    return read_raw(r, any, json, read_any, depth);
}

/* ---- documents and fragments ---- */

/* A child in a relaxed fragment: described by the schema's only element of that name. */
static int read_relaxed_child(struct reader *r, const struct name *name, const json_t *json,
                              struct any **out, unsigned depth)
{
    struct any *any = *out = new_any(r, name);
    if (any == NULL)
        return -1;
    const struct fragment_name *found =
        schema_fragment(r->s, name->uri, name->uri_size, name->local);
    if (found == NULL || found->field == NULL)
        return err_set(r->e, "expected an element of the schema whose type is known by its name");
    struct element *known = arena_alloc(r->a, sizeof *known);
    if (known == NULL)
        return no_memory(r);
    *known = (struct element){.as = *found->field, .code = UINT16_MAX};
    any->known = known;
    return read_value(r, &known->as, json, &any->v, depth);
}

static const char *root_name(const struct schema *s, bool fragment, unsigned i)
{
    return fragment ? s->fragment[i].name : s->element[i]->as.name;
}

/* Whether name is the only root it can mean; -1 says why not. */
static int check_root(struct reader *r, const struct name *name, bool fragment)
{
    struct nearest best = nearest_of_all(name->local, strlen(name->local));
    unsigned found = 0;
    for (unsigned i = 0; i < (fragment ? r->s->names : r->s->elements); i++) {
        const char *other = root_name(r->s, fragment, i);
        found += strcmp(name->local, other) == 0;
        nearest_try(&best, other);
    }
    if (found > 1 && name->uri == NULL)
        return err_set(r->e, "%s is in several namespaces; expected \"{namespace}%s\"", name->local,
                       name->local);
    return found > 0 ? 0
                     : err_set(r->e, "%s has no %s '%.*s'; the nearest name is %s", r->s->name,
                               fragment ? "element" : "global element", SHOWN_MAX, name->local,
                               best.name);
}

static int read_fragment(struct reader *r, const struct name *name, const json_t *json,
                         struct message *m)
{
    const struct fragment_name *found =
        schema_fragment(r->s, name->uri, name->uri_size, name->local);
    if (found == NULL)
        return err_set(r->e, "expected an element of %s", r->s->name);
    m->is_fragment = true;
    if (found->field != NULL) {
        const struct element *el = schema_element(r->s, found->name);
        m->root = el != NULL && el->as.ns == found->ns ? el : NULL;
        m->as = m->root != NULL ? &m->root->as : found->field;
        return read_value(r, m->as, json, &m->v, 0);
    }
    const char *uri = schema_uri(r->s, found->ns);
    struct name full = {.uri = uri, .uri_size = strlen(uri), .local = found->name};
    m->relaxed = new_any(r, &full);
    return m->relaxed == NULL ? -1 : read_raw(r, m->relaxed, json, read_relaxed_child, 0);
}

static int read_root(struct reader *r, json_t *root, bool fragment, struct message *m)
{
    json_t *json = NULL;
    if (!is_a(root, JSON_OBJECT) || json_object_size(root) != 1)
        return err_set(r->e, "%s; expected an object with one member: the message",
                       is_a(root, JSON_OBJECT) ? "not one member" : kind_of(root));
    const char *key = only_member(r, root, &json);
    struct name name = name_of(key);
    if (check_root(r, &name, fragment) != 0)
        return -1;
    int bad = 0;
    if (fragment) {
        bad = read_fragment(r, &name, json, m);
    } else {
        m->root = schema_global(r->s, name.uri, name.uri_size, name.local);
        if (m->root == NULL)
            return err_set(r->e, "%s is not in that namespace", name.local);
        m->as = &m->root->as;
        bad = read_value(r, m->as, json, &m->v, 0);
    }
    if (bad != 0)
        err_under(r->e, name.local);
    return bad;
}

int json_read(const struct schema *s, const char *text, size_t n, bool fragment, struct arena *a,
              struct message *m, struct err *e)
{
    struct reader r = {s, a, e};
    json_error_t problem;
    *m = (struct message){.schema = s};
    if (n > JSON_SIZE_MAX)
        return err_set(e, "%zu bytes of JSON; expected at most %u", n, JSON_SIZE_MAX);
    json_t *root = json_text_read(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
    if (root == NULL) {
        bool big = json_error_code(&problem) == json_error_numeric_overflow;
        err_set(e, "this is no JSON: %s (column %d)%s", problem.text, problem.column,
                big ? "; numbers beyond 64 bits with sign may be written as strings" : "");
        e->line = e->line == ERR_NO_PLACE ? problem.line : e->line;
        return -1;
    }
    int bad = read_root(&r, root, fragment, m);
    json_decref(root);
    return bad;
}
