/* SPDX-License-Identifier: Apache-2.0 */
/* XML in. */
#include "fuzz.h"

static void make_text(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    (void)set;
    (void)is_fragment;
    buf_text(out, fuzz_member(vector, "xml"));
}

#define FUZZ_READ xml_read
#include "text.h"
