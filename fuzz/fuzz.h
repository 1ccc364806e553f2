/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzzers share: the message sets, a check of what came out of a decoder or reader, and
 * seeds. A fuzzer whose corpus folder is empty fills it from tests/vectors before it starts, so run
 * it in the repository's root (make fuzz does).
 */
#ifndef V2G_FUZZ_FUZZ_H
#define V2G_FUZZ_FUZZ_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/exi.h"
#include "codec/json.h"
#include "codec/message.h"
#include "codec/octets.h"
#include "codec/xml.h"
#include "schema/library.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_MEMORY (64u * 1024 * 1024)
#define FUZZ_SEEDS_MAX 400 /* of one fuzzer */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ORDER FUZZ_SETS: name of the set, and what the vectors call it. */
static const struct {
    const char *name, *in_vectors;
} FUZZ_SETS[] = {
    {"appprotocol", "app"},
    {"xmldsig", "xmldsig"},
    {"din70121", "din"},
    {"iso15118-2", "iso2"},
    {"iso15118-20-common", "iso20-cm"},
    {"iso15118-20-ac", "iso20-ac"},
    {"iso15118-20-dc", "iso20-dc"},
    {"iso15118-20-wpt", "iso20-wpt"},
    {"iso15118-20-acdp", "iso20-acdp"},
    {"iso15118-20-ac-der-iec", "iso20-der-iec"},
    {"iso15118-20-ac-der-sae", "iso20-der-sae"},
};
#define FUZZ_SETS_N (sizeof FUZZ_SETS / sizeof FUZZ_SETS[0])

static inline void fuzz_stop(const char *what, const struct err *e)
{
    fprintf(stderr, "%s: %s: bit %lld: %s\n", what, e->path, (long long)e->bit, e->what);
    abort();
}

static inline const struct schema *fuzz_schema(const char *name)
{
    static struct library library;
    static bool is_open;
    struct err e = ERR_INIT;
    if (!is_open)
        library_open(&library);
    is_open = true;
    const struct schema *s = library_get(&library, name, &e);
    if (s == NULL)
        fuzz_stop(name, &e);
    return s;
}

/* An error that says where and what. */
static inline void fuzz_check_error(const struct err *e)
{
    if (!e->set || e->what[0] == '\0')
        fuzz_stop("refused without an error", e);
}

/* What is printed as JSON can be read as such. */
static inline void fuzz_check_json(const char *what, struct buf *text)
{
    const struct err none = ERR_INIT;
    json_t *said = json_loadb(buf_string(text), text->n, JSON_ALLOW_NUL, NULL);
    if (said == NULL)
        fuzz_stop(what, &none);
    json_decref(said);
}

/* Prints a message in every form; none may end the program. */
static inline void fuzz_print(const struct message *m)
{
    struct buf text = {0};
    xml_print(m, XML_PAGES, &text);
    xml_print(m, XML_COMPACT, &text);
    json_print(m, JSON_LINE, &text);
    json_print(m, JSON_PRETTY, &text);
    buf_close(&text);
}

/* Decodes what is in from and encodes that to out. */
static inline void fuzz_again(const struct schema *s, bool is_fragment, const struct buf *from,
                              struct buf *out)
{
    struct exi_options o = EXI_OPTIONS;
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    o.fragment = is_fragment;
    o.limits.size = SIZE_MAX;
    o.limits.memory = FUZZ_MEMORY;
    arena_open(&a, NULL, 0, 2 * FUZZ_MEMORY);
    if (exi_decode(s, from->p, from->n, &o, &a, &m, &e) != 0)
        fuzz_stop("what was encoded cannot be decoded", &e);
    if (exi_encode_buf(&m, out, &e) != 0)
        fuzz_stop("what was decoded cannot be encoded", &e);
    arena_close(&a);
}

/*
 * A message can be printed; where it can be encoded, that can be decoded, and encoded again. What
 * was decoded comes to rest: it is written in one way only. (What a text left out may first be
 * written as missing, then as empty.)
 */
static inline void fuzz_check_message(const struct message *m)
{
    struct err e = ERR_INIT;
    struct buf first = {0}, second = {0}, third = {0};
    fuzz_print(m);
    if (exi_encode_buf(m, &first, &e) != 0) {
        fuzz_check_error(&e);
    } else {
        fuzz_again(m->schema, m->is_fragment, &first, &second);
        fuzz_again(m->schema, m->is_fragment, &second, &third);
        if (second.n != third.n || memcmp(second.p, third.p, third.n) != 0)
            fuzz_stop("it is never written the same", &e);
    }
    buf_close(&first);
    buf_close(&second);
    buf_close(&third);
}

/* ---- seeds ---- */

/* Adds a seed for the vector to out, or leaves it empty. set: index in FUZZ_SETS. */
typedef void (*fuzz_seed)(const json_t *vector, unsigned set, bool is_fragment, struct buf *out);

static inline const char *fuzz_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static inline bool fuzz_is_empty(const char *folder)
{
    DIR *d = opendir(folder);
    if (d == NULL)
        return false;
    unsigned n = 0;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n <= 2;
}

/* Two octets, the higher one first. */
static inline void fuzz_add_16(struct buf *out, size_t n)
{
    buf_char(out, (char)(n >> 8));
    buf_char(out, (char)n);
}

/* A fresh message of a set of octets: the n-th, and again from the first one. */
static inline void fuzz_add_fresh(const struct schema *s, unsigned n, struct buf *out)
{
    struct err e = ERR_INIT;
    struct message m;
    struct arena a;
    arena_open(&a, NULL, 0, FUZZ_MEMORY);
    if (message_new(s, s->message[n % s->messages]->as.name, &a, &m, &e) != 0 ||
        octets_encode(&m, out, &e) != 0)
        fuzz_stop("seed", &e);
    arena_close(&a);
}

static inline void fuzz_write_seed(const char *folder, unsigned number, const struct buf *seed)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/seed-%u", folder, number);
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return;
    fwrite(seed->p, 1, seed->n, f);
    fclose(f);
}

/* One in `stride` of the vectors of up to 16 KB. */
static inline void fuzz_write_seeds(const char *folder, unsigned stride, fuzz_seed make)
{
    static char line[65536];
    unsigned lines = 0, written = 0;
    FILE *f = popen("gzip -dc tests/vectors/*.jsonl.gz 2>/dev/null", "r");
    while (f != NULL && written < FUZZ_SEEDS_MAX && fgets(line, sizeof line, f) != NULL) {
        json_t *vector = json_loads(line, 0, NULL);
        struct buf seed = {0};
        for (unsigned i = 0; vector != NULL && i < FUZZ_SETS_N; i++)
            if (strcmp(fuzz_member(vector, "schema-set"), FUZZ_SETS[i].in_vectors) == 0)
                make(vector, i, strcmp(fuzz_member(vector, "kind"), "fragment") == 0, &seed);
        if (seed.n > 0 && lines++ % stride == 0)
            fuzz_write_seed(folder, written++, &seed);
        buf_close(&seed);
        json_decref(vector);
    }
    if (f != NULL)
        pclose(f);
}

/* The corpus folder that wants seeds, which is the last argument; NULL: it has some, or there is
 * none. */
static inline const char *fuzz_corpus(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[argc - 1] : "-";
    return folder[0] != '-' && fuzz_is_empty(folder) ? folder : NULL;
}

/* For LLVMFuzzerInitialize. */
static inline void fuzz_start(int argc, char **argv, unsigned stride, fuzz_seed make)
{
    const char *folder = fuzz_corpus(argc, argv);
    if (folder != NULL)
        fuzz_write_seeds(folder, stride, make);
}

#endif
