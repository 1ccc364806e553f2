/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are none: why, and what the nearest right one is. */
#include "base/nearest.h"
#include "names/name_find.h"

#include <stdio.h>
#include <string.h>

struct near {
    unsigned distance;
    char name[NAME_LONGEST + 16];
    size_t used; /* bytes of the text that it stands for */
};

/* Compares name with every part of text that ends before a '_'. */
static void near_try(struct near *best, const char *text, const char *name, const char *ending)
{
    char whole[sizeof best->name];
    snprintf(whole, sizeof whole, "%s%s", name, ending);
    for (size_t n = 1, most = strnlen(text, NAME_TEXT); n <= most; n++) {
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
        if (f->name[0] == '\0' || f->kind == KIND_ABSTRACT)
            continue;
        near_try(best, text, f->name, "");
        if (!f->is_mandatory)
            near_try(best, text, f->name, "Specified");
    }
    int list = name_only_list(t);
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
    for (unsigned i = 0; i < PROTOCOL_SETS + NAME_COMMON; i++) {
        const char *name =
            i < NAME_COMMON ? NAME_COMMON_SETS[i] : s->protocol->set[i - NAME_COMMON];
        const struct schema *set = name == NULL ? NULL : library_get(s->library, name, &ignored);
        if (set == NULL)
            break;
        for (unsigned k = 0; k < set->messages; k++)
            if (name_suits(s, verb, set->message[k]->from))
                near_try(best, text, set->message[k]->as.name, "");
    }
}

/* Writes the name that text was meant to be: as it is before `at`, then the nearest, then what
 * stands behind, if that makes a name. */
static void near_write(const struct name_scope *s, const struct near *best, const char *text,
                       const char *at, char out[NAME_TEXT])
{
    struct name ignored;
    struct name_failure why;
    struct err e = ERR_INIT;
    char whole[NAME_TEXT];
    int before = (int)(at - text);
    snprintf(whole, sizeof whole, "%.*s%s%s", before, text, best->name, at + best->used);
    if (!name_find(s, whole, &ignored, &why, &e))
        snprintf(whole, sizeof whole, "%.*s%s", before, text, best->name);
    snprintf(out, NAME_TEXT, "%s.%.380s", name_role(s->side), whole);
}

/* The protocol that does have the name, where the present one has not. */
static const struct protocol *elsewhere(const struct name_scope *s, const char *text)
{
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++) {
        struct name_scope other = {s->library, p, s->side};
        struct name ignored;
        struct name_failure why;
        struct err e = ERR_INIT;
        if (p != s->protocol && name_find(&other, text, &ignored, &why, &e))
            return p;
    }
    return NULL;
}

static int wrong_direction(const struct name_scope *s, const char *text,
                           const struct name_failure *why, struct err *e)
{
    const char *role = name_role(s->side), *message = why->message->as.name;
    const char *other = name_role(s->side == FROM_EVCC ? FROM_SECC : FROM_EVCC);
    if (name_suits(s, VERB_SEND, why->message->from))
        return err_set(e, "%s.%s: %s sends %s and never receives it; expected Set_, Get_ or Send_",
                       role, text, role, message);
    return err_set(e,
                   "%s.%s: %s is sent by %s, not by %s; expected Receive_, Get_ or Check_ "
                   "(%s.Message('%s'):send() sends it nevertheless)",
                   role, text, message, other, role, role, message);
}

static int not_found(const struct name_scope *s, const char *text, const struct name_failure *why,
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
                       name_verb(why->verb), why->message->as.name,
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
    struct err ignored = ERR_INIT;
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++)
        if (protocol_message(s->library, p, name, NULL, &ignored) != NULL)
            return err_set(e, "%.60s belongs to %s; this session speaks %s", name, p->name,
                           s->protocol->name);
    near_messages(&best, s, VERB_GET, name);
    return err_set(e, "%s has no message '%.60s'; the nearest is %s", s->protocol->name, name,
                   best.name);
}

static int unknown_verb(const struct name_scope *s, const char *text, struct err *e)
{
    struct near best = {.distance = UINT32_MAX};
    char right[NAME_TEXT];
    for (unsigned i = 0; i <= VERB_ADD; i++)
        near_try(&best, text, name_verb((enum verb)i), "");
    near_write(s, &best, text, text, right);
    return err_set(e,
                   "%s has no function '%.80s'; the nearest name is %s (names begin with Set_, "
                   "Get_, Send_, Receive_, Expect_, Check_, Exist_, Add_, Sign_ or Verify_)",
                   name_role(s->side), text, right);
}

int name_resolve(const struct name_scope *s, const char *text, struct name *out, struct err *e)
{
    struct name_failure why;
    if (strlen(text) > NAME_TEXT / 2)
        return err_set(e, "%s.%.40s…: the name is too long", name_role(s->side), text);
    if (name_find(s, text, out, &why, e))
        return 0;
    if (e->set)
        return -1;
    if (why.what == FAILURE_VERB)
        return unknown_verb(s, text, e);
    if (why.what == FAILURE_DIRECTION)
        return wrong_direction(s, text, &why, e);
    return not_found(s, text, &why, e);
}
