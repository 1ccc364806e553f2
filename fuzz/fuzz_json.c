/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in. */
#include "mutate.h"

static void make_text(const json_t *vector, unsigned set, bool is_fragment, struct buf *out)
{
    const char *xml = fuzz_member(vector, "xml");
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    if (xml_read(fuzz_schema(FUZZ_SETS[set].name), xml, strlen(xml), is_fragment, &a, &m, &e) == 0)
        json_print(&m, JSON_LINE, out);
    arena_close(&a);
}

#define FUZZ_READ json_read
#include "text.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    size_t made = size > 1 && seed % 4 != 0
                      ? fuzz_mutate_json((char *)data + 1, size - 1, most - 1, seed)
                      : 0;
    return made > 0 ? made + 1 : LLVMFuzzerMutate(data, size, most);
}
