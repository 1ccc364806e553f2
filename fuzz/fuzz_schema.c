/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message descriptions: one that is refused says where; one that is taken makes messages that can
 * be sent.
 */
#include "fuzz.h"

#include "base/asset.h"
#include "schema/load.h"

static struct slice input;

static int find_text(void *context, const char *name, struct slice *text, const char **file)
{
    char path[200];
    (void)context;
    *file = "input";
    if (strcmp(name, "input") == 0) {
        *text = input;
        return 0;
    }
    snprintf(path, sizeof path, "schema/%s.schema", name);
    return asset_find(path, text) ? 0 : -1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *folder = fuzz_corpus(*argc, *argv), *path;
    size_t at = 0;
    unsigned n = 0;
    struct slice bytes;
    while (folder != NULL && asset_each("schema/", &at, &path, &bytes)) {
        struct buf seed = {0};
        buf_add(&seed, bytes.p, bytes.n);
        if (strstr(path, ".schema") != NULL)
            fuzz_write_seed(folder, n++, &seed);
        buf_close(&seed);
    }
    return 0;
}

static void try_message(const struct schema *s, const struct element *el)
{
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    arena_open(&a, NULL, 0, 4u * 1024 * 1024);
    if (message_new(s, el->as.name, &a, &m, &e) == 0)
        fuzz_check_message(&m);
    else
        fuzz_check_error(&e);
    arena_close(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;
    input = (struct slice){data, size};
    struct schema *s = schema_load("input", find_text, NULL, &e);
    if (s == NULL)
        fuzz_check_error(&e);
    for (unsigned i = 0; s != NULL && i < s->messages && i < 4; i++)
        try_message(s, s->message[i]);
    schema_close(s);
    return 0;
}
