/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the page says in Korean besides: of texts that are recorded in English the Korean stands
 * beside them, as KEY_ko, where the program has it. Private to src/page.
 */
#ifndef V2G_PAGE_KOREAN_H
#define V2G_PAGE_KOREAN_H

#include "base/buf.h"

#include <jansson.h>

/* The Korean of the text, in room; NULL: there is none. */
const char *korean_of(struct buf *room, const char *english);

/* Adds that of the texts of these keys to the object; NULL ends the keys. */
void korean_beside(json_t *object, const char *const *keys);

#endif
