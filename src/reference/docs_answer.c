/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on the terminal: what a function, a message, an element or a type is. */
#include "base/nearest.h"
#include "reference/docs_search.h"
#include "reference/docs_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MEMORY (16u << 20)
#define TYPE_TEXT 96

/* The protocols in the order in which they answer: the most used one first. */
static const char *const ORDER[] = {
    "ISO15118-2", "DIN70121", "ISO15118-20", "ISO15118-20-AC-DER-IEC", "ISO15118-20-AC-DER-SAE",
    "AppProtocol"};
#define PROTOCOLS_N (sizeof ORDER / sizeof ORDER[0])

static const struct protocol *protocol_at(const struct docs *d, unsigned i)
{
    const struct protocol *p = protocol_find(ORDER[i]);
    return d->protocol == NULL || d->protocol == p ? p : NULL;
}

/* ---- functions ---- */

/* All protocols (and roles) that have the function; those of the same messages count once. */
static unsigned find_functions(struct answer *a, const char *text, struct found found[8])
{
    unsigned n = 0;
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        const struct protocol *p = protocol_at(a->docs, i);
        for (uint8_t side = FROM_EVCC; p != NULL && side <= FROM_SECC && n < 8; side++) {
            struct found new = {.scope = {&a->docs->library, p, side}};
            struct err ignored = ERR_INIT;
            if ((a->side != FROM_NONE && a->side != side) ||
                name_resolve(&new.scope, text, &new.name, &ignored) != 0)
                continue;
            bool known = false;
            for (unsigned k = 0; k < n; k++)
                known = known || (found[k].name.set == new.name.set &&found[k].scope.side == side);
            if (!known)
                found[n++] = new;
        }
    }
    return n;
}

/* ---- what belongs to no message ---- */

/* Names of Pki and of values are common words: they are asked for with their owner. */
static bool needs_owner(const struct prose_entry *entry)
{
    static const char *const KNOWN[] = {"", "Role", "Evcc", "Secc", "Message"};
    for (unsigned i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        if (strcmp(entry->owner, KNOWN[i]) == 0)
            return false;
    return true;
}

/* Whether the entry is what was asked for; name: what it is called then. */
static bool is_wanted(const struct answer *a, const struct prose_entry *entry, const char **name)
{
    char text[PROSE_NAME];
    const char *each;
    size_t n = strlen(entry->owner);
    if (entry->kind < PROSE_FIELD || needs_owner(entry)) {
        bool is_own = strncasecmp(a->wanted, entry->owner, n) == 0 &&
                      (a->wanted[n] == '.' || a->wanted[n] == ':');
        *name = entry->name;
        return entry->kind < PROSE_FIELD ? strcmp(entry->name, a->wanted) == 0
                                         : is_own && strcmp(a->wanted + n + 1, entry->name) == 0;
    }
    *name = a->name;
    for (unsigned i = 0; (each = prose_each(entry, i, text)) != NULL; i++)
        if (strcmp(each, a->name) == 0)
            return true;
    return false;
}

static bool answer_prose(struct answer *a)
{
    const struct prose *prose = &a->docs->prose;
    const struct prose_entry *entry = NULL;
    const char *name;
    for (unsigned i = prose->words; i < prose->entries && entry == NULL; i++)
        if (is_wanted(a, &prose->entry[i], &name))
            entry = &prose->entry[i];
    if (entry == NULL)
        return false;
    show_prose(a, entry, name);
    return true;
}

/* ---- messages ---- */

static bool is_topic(const struct docs_topic *topic, const char *name)
{
    if (strcasecmp(topic->name, name) == 0)
        return true;
    for (unsigned i = 0; i < 2; i++)
        if (topic->message[i] != NULL && strcasecmp(topic->message[i]->as.name, name) == 0)
            return true;
    return false;
}

/* Topics called name, in the order of the protocols above, each protocol once. */
static unsigned find_topics(struct answer *a, struct docs_topic found[PROTOCOLS_N])
{
    const struct docs_topic *topic = a->docs->topic;
    unsigned count = 0;
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        const struct protocol *p = protocol_at(a->docs, i);
        for (unsigned k = 0; p != NULL && k < a->docs->topics; k++) {
            if (topic[k].protocol != p || !is_topic(&topic[k], a->name))
                continue;
            found[count++] = topic[k];
            break;
        }
    }
    return count;
}

/* ---- types ---- */

/* The first simple or complex type called name in the protocol, in any case of its letters. */
static bool answer_type_in(struct answer *a, const struct protocol *p, bool is_first)
{
    struct err ignored = ERR_INIT;
    for (unsigned i = 0; i < PROTOCOL_SETS && p->set[i] != NULL; i++) {
        const struct schema *set = library_get(&a->docs->library, p->set[i], &ignored);
        for (unsigned k = 0; set != NULL && k < set->simples; k++) {
            if (strcasecmp(set->simple[k]->name, a->name) != 0)
                continue;
            if (is_first)
                show_open(a);
            show_simple(a, p, set, set->simple[k]);
            return true;
        }
        for (unsigned k = 0; set != NULL && k < set->types; k++) {
            if (strcasecmp(set->type[k]->name, a->name) != 0)
                continue;
            if (is_first)
                show_open(a);
            show_complex(a, p, set, set->type[k]);
            return true;
        }
    }
    return false;
}

/* Types differ from protocol to protocol, so all are shown. */
static bool answer_type(struct answer *a)
{
    bool any = false;
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        const struct protocol *p = protocol_at(a->docs, i);
        if (p != NULL)
            any = answer_type_in(a, p, !any) || any;
    }
    if (any)
        page_close(&a->page);
    return any;
}

/* ---- no such name ---- */

struct names {
    const char **at;
    size_t n, cap;
};

static void add_name(struct names *names, const char *name)
{
    if (names->n + 2 > names->cap) {
        size_t cap = names->cap > 0 ? names->cap * 2 : 512;
        const char **more = realloc(names->at, cap * sizeof *more);
        if (more == NULL)
            return;
        names->at = more;
        names->cap = cap;
    }
    names->at[names->n++] = name;
    names->at[names->n] = NULL;
}

static void add_prose_names(struct answer *a, struct names *names)
{
    const struct prose *prose = &a->docs->prose;
    for (unsigned i = prose->words; i < prose->entries; i++) {
        const struct prose_entry *entry = &prose->entry[i];
        char text[PROSE_NAME];
        const char *each;
        if (entry->kind < PROSE_FIELD || needs_owner(entry)) {
            add_name(names, entry->kind < PROSE_FIELD ? entry->name : entry->key);
            continue;
        }
        for (unsigned k = 0; (each = prose_each(entry, k, text)) != NULL; k++) {
            const char *copy = arena_text(&a->arena, each, strlen(each));
            if (copy != NULL)
                add_name(names, copy);
        }
    }
}

static void add_all_names(struct answer *a, struct names *names)
{
    const struct docs_topic *topic = a->docs->topic;
    for (unsigned i = 0; i < a->docs->topics; i++) {
        add_name(names, topic[i].name);
        for (unsigned k = 0; k < 2; k++)
            if (topic[i].message[k] != NULL)
                add_name(names, topic[i].message[k]->as.name);
    }
    add_prose_names(a, names);
    for (unsigned i = 0; i < a->docs->library.n; i++) {
        const struct schema *set = a->docs->library.loaded[i];
        for (unsigned k = 0; k < set->types; k++)
            add_name(names, set->type[k]->name);
        for (unsigned k = 0; k < set->simples; k++) {
            char name[TYPE_TEXT];
            bool is_table = set->simple[k]->members > 0; /* of Lua */
            wording_type_name(set->simple[k], name, sizeof name);
            const char *copy =
                is_table ? arena_text(&a->arena, name, strlen(name)) : set->simple[k]->name;
            if (copy != NULL && copy[0] != '\0')
                add_name(names, copy);
        }
    }
}

/* Where it looks like a function, the reason that scripts would get. */
static int no_function(struct answer *a, struct err *e)
{
    for (unsigned i = 0; i < PROTOCOLS_N; i++) {
        struct name_scope scope = {&a->docs->library, protocol_at(a->docs, i),
                                   a->side != FROM_NONE ? a->side : FROM_EVCC};
        struct name ignored;
        if (scope.protocol != NULL)
            return name_resolve(&scope, a->name, &ignored, e) == 0 ? 0 : -1;
    }
    return err_set(e, "there is no function '%.80s'", a->wanted);
}

static bool looks_like_function(const struct answer *a)
{
    for (int verb = VERB_SET; verb <= VERB_ADD; verb++) {
        const char *name = name_verb((enum verb)verb);
        size_t n = strlen(name);
        if (strncmp(a->name, name, n) == 0 && a->name[n] == '_')
            return true;
    }
    bool is_of_signatures =
        strncmp(a->name, "Sign_", 5) == 0 || strncmp(a->name, "Verify_", 7) == 0;
    return a->side != FROM_NONE && !is_of_signatures;
}

/* "Pki.Chek" is looked for as it is; of "ResponseCodeTyp.OK" the type. */
static bool names_owner(const struct answer *a)
{
    const struct prose *prose = &a->docs->prose;
    size_t n = strcspn(a->wanted, ".:");
    for (unsigned i = prose->words; i < prose->entries && a->side == FROM_NONE; i++)
        if (prose->entry[i].kind < PROSE_FIELD && strlen(prose->entry[i].name) == n &&
            strncasecmp(a->wanted, prose->entry[i].name, n) == 0)
            return true;
    return false;
}

static int not_found(struct answer *a, struct err *e)
{
    struct names names = {NULL, 0, 0};
    if (looks_like_function(a))
        return no_function(a, e);
    add_all_names(a, &names);
    const char *name = names_owner(a) ? a->wanted : a->name;
    const char *nearest = names.n > 0 ? nearest_name(name, names.at) : NULL;
    if (nearest != NULL)
        err_set(e, "there is no function, message or type '%.80s'; the nearest name is %s",
                a->wanted, nearest);
    else
        err_set(e,
                "there is no function, message or type '%.80s'; `v2glab docs` lists what there "
                "is",
                a->wanted);
    free(names.at);
    return -1;
}

/* ---- all of it ---- */

/* Takes the role off the name. */
static void split_role(struct answer *a)
{
    static const char *const ROLES[] = {"Evcc.", "Secc."};
    a->name = a->wanted;
    for (unsigned i = 0; i < 2; i++) {
        if (strncasecmp(a->wanted, ROLES[i], 5) != 0)
            continue;
        a->side = i == 0 ? FROM_EVCC : FROM_SECC;
        a->name = a->wanted + 5;
    }
}

/* "SessionStopReq.ChargingSession": what its getter gets; "ResponseCodeType.OK": its type. */
static unsigned find_element(struct answer *a, struct found found[8])
{
    if (strchr(a->name, '.') == NULL)
        return 0;
    buf_clear(&a->text);
    buf_printf(&a->text, "Get_%s", a->name);
    char *getter = arena_text(&a->arena, buf_string(&a->text), a->text.n);
    for (char *c = getter; c != NULL && *c != '\0'; c++)
        *c = *c == '.' ? '_' : *c;
    unsigned n = getter == NULL ? 0 : find_functions(a, getter, found);
    if (n > 0) {
        a->name = getter;
        return n;
    }
    size_t stem = strcspn(a->name, ".");
    const char *type = arena_text(&a->arena, a->name, stem);
    a->name = type != NULL ? type : a->name;
    return 0;
}

static int answer(struct answer *a, struct err *e)
{
    struct docs_topic same[PROTOCOLS_N];
    struct found found[8];
    unsigned n = find_functions(a, a->name, found);
    if (n == 0)
        n = find_element(a, found);
    if (n > 0)
        return show_function(a, found, n, e);
    if (answer_prose(a))
        return 0;
    n = find_topics(a, same);
    if (n > 0)
        return show_topic(a, same, n, e);
    if (answer_type(a))
        return 0;
    int found_any = looks_like_function(a) ? 0 : docs_search(a->docs, a->wanted, e);
    return found_any > 0 ? 0 : found_any < 0 ? -1 : not_found(a, e);
}

int docs_answer(struct docs *d, const char *name, struct err *e)
{
    struct answer a = {.docs = d, .wanted = name, .side = d->side};
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        if (strcasecmp(p->name, name) != 0)
            continue;
        d->protocol = p;
        return docs_index(d, e);
    }
    if (docs_is_requirement(name))
        return docs_requirement(d, name, e);
    if (docs_topics(d, e) != 0)
        return -1;
    arena_open(&a.arena, NULL, 0, TEXT_MEMORY);
    split_role(&a);
    int result = answer(&a, e);
    arena_close(&a.arena);
    buf_close(&a.text);
    return result;
}
