/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ncname.h"

#include "base/utf8.h"

/* XML 1.0 (fifth edition), 2.3: NameStartChar, without ':'. */
static const struct range {
    uint32_t first, last;
} BEGIN[] = {{'A', 'Z'},       {'_', '_'},       {'a', 'z'},        {0xC0, 0xD6},
             {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},    {0x37F, 0x1FFF},
             {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},  {0x3001, 0xD7FF},
             {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};

/* What NameChar has besides. */
static const struct range INSIDE[] = {
    {'-', '.'}, {'0', '9'}, {0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}};

static bool is_in(const struct range *range, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= range[i].first && c <= range[i].last)
            return true;
    return false;
}

bool ncname_begins(uint32_t c)
{
    return is_in(BEGIN, sizeof BEGIN / sizeof *BEGIN, c);
}

bool ncname_holds(uint32_t c)
{
    return ncname_begins(c) || is_in(INSIDE, sizeof INSIDE / sizeof *INSIDE, c);
}

bool is_ncname(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        unsigned size = utf8_length(p + i, n - i, &c);
        if (size == 0 || !(i == 0 ? ncname_begins(c) : ncname_holds(c)))
            return false;
        i += size;
    }
    return n > 0;
}
