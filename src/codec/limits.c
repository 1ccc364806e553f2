/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/limits.h"

#include "base/ncname.h"
#include "base/utf8.h"

#include <stdio.h>

/* Each says what is wrong with a value in `what`; false: nothing. */
static bool number_is_wrong(const struct field *f, union value v, char *what, size_t size)
{
    const struct simple *s = f->simple;
    bool is_unsigned = f->kind == KIND_UNSIGNED || s->is_unsigned;
    bool low = is_unsigned ? v.u < (uint64_t)f->lo : v.i < f->lo;
    bool high = is_unsigned ? v.u > (uint64_t)f->hi : v.i > f->hi;
    bool is_one = s->ones == 0;
    for (unsigned i = 0; i < s->ones; i++)
        is_one = is_one || v.i == s->one_of[i];
    if (is_one && (low || high) && f->lo == f->hi) {
        snprintf(what, size, "%lld; expected %lld", (long long)v.i, (long long)f->lo);
    } else if (!is_one) {
        size_t used = (size_t)snprintf(what, size, "%lld; expected one of", (long long)v.i);
        for (unsigned i = 0; i < s->ones && used < size; i++)
            used += (size_t)snprintf(what + used, size - used, "%s %lld", i > 0 ? "," : "",
                                     (long long)s->one_of[i]);
    } else if ((low || high) && is_unsigned) {
        snprintf(what, size, "%llu is outside %llu..%llu", (unsigned long long)v.u,
                 (unsigned long long)f->lo, (unsigned long long)f->hi);
    } else if (low || high) {
        snprintf(what, size, "%lld is outside %lld..%lld", (long long)v.i, (long long)f->lo,
                 (long long)f->hi);
    }
    return low || high || !is_one;
}

static size_t characters(const struct bytes *b)
{
    size_t n = 0;
    uint32_t character;
    for (size_t i = 0; i < b->n; n++) {
        unsigned size = utf8_length(b->p + i, b->n - i, &character);
        i += size == 0 ? 1 : size;
    }
    return n;
}

static bool length_is_wrong(const struct field *f, size_t n, const char *unit, char *what,
                            size_t size)
{
    if (f->simple == NULL || ((uint64_t)f->lo <= n && n <= (uint64_t)f->hi))
        return false;
    if (f->lo == f->hi)
        snprintf(what, size, "%zu %s; expected %lld", n, unit, (long long)f->lo);
    else if (f->hi == INT64_MAX)
        snprintf(what, size, "%zu %s; expected %lld at least", n, unit, (long long)f->lo);
    else
        snprintf(what, size, "%zu %s; expected %lld..%lld", n, unit, (long long)f->lo,
                 (long long)f->hi);
    return true;
}

static bool member_is_wrong(const struct field *f, union value v, char *what, size_t size)
{
    if (v.u < f->simple->members)
        return false;
    snprintf(what, size, "code %llu has no member in %s; expected 0..%d", (unsigned long long)v.u,
             f->simple->name, (int)f->simple->members - 1);
    return true;
}

bool limits_broken(const struct field *f, union value v, char *what, size_t size)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
        if (v.u > 1)
            snprintf(what, size, "%llu is no boolean; expected 0 or 1", (unsigned long long)v.u);
        return v.u > 1;
    case KIND_ENUM:
        return member_is_wrong(f, v, what, size);
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
        return number_is_wrong(f, v, what, size);
    case KIND_STRING:
        if (f->simple != NULL && f->simple->is_name && !is_ncname(v.b->p, v.b->n)) {
            snprintf(what, size, "is no ID; " EXPECTED_NAME);
            return true;
        }
        return length_is_wrong(f, characters(v.b), "characters", what, size);
    case KIND_HEX:
    case KIND_BASE64:
        return length_is_wrong(f, v.b->n, "octets", what, size);
    case KIND_NODE:
    case KIND_ANY:
    case KIND_BIG:
    case KIND_ABSTRACT:
    case KIND_TEXT:
        break;
    }
    return false;
}
