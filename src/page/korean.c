/* SPDX-License-Identifier: Apache-2.0 */
#include "page/korean.h"

#include "base/said.h"

#include <stdio.h>

const char *korean_of(struct buf *room, const char *english)
{
    buf_clear(room);
    return said_add_korean(room, english) ? buf_string(room) : NULL;
}

void korean_beside(json_t *object, const char *const *keys)
{
    struct buf room = {0};
    for (; *keys != NULL; keys++) {
        char key[32];
        const char *english = json_string_value(json_object_get(object, *keys));
        const char *korean = english != NULL ? korean_of(&room, english) : NULL;
        snprintf(key, sizeof key, "%s_ko", *keys);
        if (korean != NULL)
            json_object_set_new(object, key, json_string(korean));
    }
    buf_close(&room);
}
