/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the wire send, and hear. */
#ifndef V2G_TESTS_HEARD_H
#define V2G_TESTS_HEARD_H

#include "wire/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static inline struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

/* Of a socket whose context is a bool: "me" came. */
static inline void answered(void *is_done, struct sdp_socket *socket, const struct endpoint *from,
                            const struct endpoint *to, struct slice bytes)
{
    (void)socket, (void)from, (void)to;
    assert_memory_equal(bytes.p, "me", bytes.n);
    *(bool *)is_done = true;
}

#endif
