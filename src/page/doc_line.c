/* SPDX-License-Identifier: Apache-2.0 */
#include "page/doc_line.h"

#include "reference/wording.h"

#include <stdio.h>
#include <string.h>

#define NAME_TEXT 128

/* The next name of a path, without the number of its entry and the mark of an attribute. NULL: it
 * has no other. */
static const char *next_name(const char *at, char name[NAME_TEXT])
{
    size_t n = strcspn(at, "/");
    const char *rest = at[n] == '/' ? at + n + 1 : at + n;
    if (at[0] == '@')
        at++, n--;
    snprintf(name, NAME_TEXT, "%.*s", (int)(n < NAME_TEXT ? n : NAME_TEXT - 1), at);
    name[strcspn(name, "[")] = '\0';
    return name[0] == '\0' ? NULL : rest;
}

static const char *translation(const char *ko, const char *en)
{
    return strcmp(ko, en) != 0 ? ko : "";
}

struct doc_line doc_line_find(const struct schema *s, const char *path, struct arena *a)
{
    static const struct prose ENGLISH = {.language = LANGUAGE_EN},
                              KOREAN = {.language = LANGUAGE_KO};
    struct doc_line none = {"", ""};
    char name[NAME_TEXT];
    const char *at = next_name(path, name);
    const struct element *root = at == NULL ? NULL : schema_element(s, name);
    if (root == NULL)
        return none;
    const struct type *owner = NULL, *t = root->as.kind == KIND_NODE ? root->as.type : NULL;
    int slot = -1;
    const struct element *message = root;
    while ((at = next_name(at, name)) != NULL) {
        owner = t;
        slot = owner == NULL ? -1 : type_slot_of(owner, name);
        if (slot < 0)
            return none;
        const struct field *f = &owner->field[slot];
        t = f->kind == KIND_NODE ? f->type : NULL;
        message = schema_message(s, name);
        if (message != NULL && message->as.type != t)
            message = NULL;
    }
    const char *en = message != NULL ? wording_element(&ENGLISH, s, message, a)
                                     : wording_field(&ENGLISH, s, owner, (unsigned)slot, a);
    const char *ko = message != NULL ? wording_element(&KOREAN, s, message, a)
                                     : wording_field(&KOREAN, s, owner, (unsigned)slot, a);
    return (struct doc_line){en, translation(ko, en)};
}
