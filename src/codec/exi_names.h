/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an EXI stream learns on its way (EXI 1.0, 7.3 and 8.4): URIs and local names beyond those of
 * the schema, and the built-in grammars of elements that no schema knows. Only wildcards need it;
 * encoder and decoder walk through it alike. Private to src/codec.
 */
#ifndef V2G_CODEC_EXI_NAMES_H
#define V2G_CODEC_EXI_NAMES_H

#include "base/arena.h"
#include "schema/schema.h"

/* What a built-in grammar has learned, newest last: its code is count - 1 - index. */
struct learned {
    enum { LEARNED_ATTRIBUTE, LEARNED_ELEMENT, LEARNED_TEXT, LEARNED_END } what;
    uint32_t qname;
};

struct built_in {
    uint32_t qname;
    struct learned *start, *content;
    uint32_t starts, contents, start_cap, content_cap;
};

struct exi_uri {
    const char *text;
    const char *const *known; /* local names of the schema (or of XML itself) */
    uint32_t knowns;
    const char **local; /* those that came later */
    uint32_t locals, cap;
};

struct exi_qname {
    uint32_t uri, local;
    uint32_t part;               /* of the string table: shared with the schema's qname numbers */
    struct built_in *grammar;    /* NULL until needed */
    const struct element *known; /* global element of that name, or NULL */
};

struct exi_names {
    const struct schema *schema;
    struct arena *arena;
    struct exi_uri *uri;
    uint32_t uris, uri_cap;
    struct exi_qname *qname;
    uint32_t qnames, qname_cap;
    uint32_t parts; /* string-table partitions given away beyond the schema's */
    bool failed;    /* out of memory */
};

void exi_names_open(struct exi_names *t, const struct schema *s, struct arena *a);

/* Index of a URI, or -1; and a new one (text must live as long as the arena). */
int64_t exi_uri_find(const struct exi_names *t, const char *text);
uint32_t exi_uri_add(struct exi_names *t, const char *text);
unsigned exi_uri_bits(const struct exi_names *t);

int64_t exi_local_find(const struct exi_names *t, uint32_t uri, const char *text);
uint32_t exi_local_add(struct exi_names *t, uint32_t uri, const char *text);
unsigned exi_local_bits(const struct exi_names *t, uint32_t uri);
uint32_t exi_local_count(const struct exi_names *t, uint32_t uri);
const char *exi_local_text(const struct exi_names *t, uint32_t uri, uint32_t local);

/* Number of the qname. */
uint32_t exi_qname_number(struct exi_names *t, uint32_t uri, uint32_t local);

struct built_in *exi_built_in(struct exi_names *t, uint32_t qname);

/* Code of a learned production, or -1; and learning one (before what is there). */
int64_t exi_learned(const struct built_in *g, bool at_start, int what, uint32_t qname);
void exi_learn(struct exi_names *t, struct built_in *g, bool at_start, int what, uint32_t qname);

#endif
