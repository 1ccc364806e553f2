/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is put together in a fixed place where it is done for each message. */
#ifndef V2G_BASE_TEXT_H
#define V2G_BASE_TEXT_H

#include <stddef.h>
#include <string.h>

/* Puts text behind what ends at `at`, with its 0, as far as there is room before `end`, where there
 * is for the 0 at least. Where it ends now. */
static inline char *text_put(char *at, const char *end, const char *text)
{
    size_t room = (size_t)(end - at) - 1; /* without strnlen, which is no C11 */
    const char *stop = (const char *)memchr(text, '\0', room);
    size_t n = stop != NULL ? (size_t)(stop - text) : room;
    memcpy(at, text, n);
    at[n] = '\0';
    return at + n;
}

#endif
