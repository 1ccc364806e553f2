/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message sets that are at hand: those built into the program and those of --schema files, read
 * when first asked for and kept. Also which protocols there are, and which sets each consists of.
 */
#ifndef V2G_SCHEMA_LIBRARY_H
#define V2G_SCHEMA_LIBRARY_H

#include "schema/schema.h"

#define LIBRARY_MAX 32
#define PROTOCOL_SETS 8

struct library {
    unsigned n, files, built_in;
    struct schema *loaded[LIBRARY_MAX];
    char name[LIBRARY_MAX][64]; /* of those that are built in, types apart */
    struct {
        const char *name; /* of the schema in the file */
        const char *path;
        struct buf text;
    } file[LIBRARY_MAX];
    /* What protocol_set found last. */
    const struct protocol *protocol;
    const struct schema *set;
    uint16_t payload;
};

/*
 * A protocol as the Lua API names it, and its message sets; the first holds the common messages.
 * Amendment 1 of ISO 15118-20 has messages called like those of AC charging, with other content:
 * what was agreed by one of its namespaces is a protocol of its own here, of the family of ISO
 * 15118-20.
 */
struct protocol {
    const char *name;               /* "ISO15118-2", "ISO15118-20-AC-DER-IEC" */
    const char *family;             /* the standard, by which times and rules go: "ISO15118-20" */
    const char *title;              /* "ISO 15118-2:2013" */
    const char *set[PROTOCOL_SETS]; /* schema names, NULL at the end */
    const char
        *uri[PROTOCOL_SETS]; /* namespaces offered in supportedAppProtocol, NULL at the end */
    uint32_t major, minor;   /* version that goes with them */
};

/* ORDER protocol: AppProtocol, DIN70121, ISO15118-2, ISO15118-20, and what else is of its family;
 * name NULL at the end. */
extern const struct protocol PROTOCOLS[];

void library_open(struct library *l);
void library_close(struct library *l);

/* Takes a further description file (--schema); its `schema NAME` line names it, and replaces a
 * built-in one of that name. */
int library_add_file(struct library *l, const char *path, struct err *e);

/* The set called name ("iso15118-2"), read if need be. NULL: e has file, line, expected, found. */
const struct schema *library_get(struct library *l, const char *name, struct err *e);

/* Names of all sets at hand: i-th, or NULL. Parts that only others use (types) are left out. */
const char *library_name(const struct library *l, unsigned i);

/* By the API's name ("ISO15118-2", any case, with or without '-' and blanks); NULL: unknown. */
const struct protocol *protocol_find(const char *name);

/* Whether both are of one standard. */
bool protocol_is_akin(const struct protocol *a, const struct protocol *b);

/* Whether p is what is meant by `wanted`: that itself, or, where that is a standard, one of it. */
bool protocol_covers(const struct protocol *wanted, const struct protocol *p);

/* Protocol whose namespace URI was agreed; NULL: unknown. set: index of the agreed set, or NULL. */
const struct protocol *protocol_by_uri(const char *uri, unsigned *set);

/* Message of a protocol by name, in whichever of its sets; NULL: none (e untouched) or a set could
 * not be read (e set). */
const struct element *protocol_message(struct library *l, const struct protocol *p,
                                       const char *name, const struct schema **set, struct err *e);

/* The set of protocol p, else of one that is akin to it, whose messages have that V2GTP payload
 * type; NULL: none. */
const struct schema *protocol_set(struct library *l, const struct protocol *p, uint16_t payload,
                                  struct err *e);

#endif
