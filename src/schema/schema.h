/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message set, read from the text files of schema/ (docs/schema-notation.md) and linked into
 * tables. Everything else is a loop over these tables: codec, XML, JSON, Lua names, defaults,
 * reference pages. All of it lives in one arena and never changes after loading (but for what the
 * codec adds for itself, once), so that threads and sessions may share it.
 */
#ifndef V2G_SCHEMA_SCHEMA_H
#define V2G_SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SCHEMA_UNBOUNDED UINT32_MAX /* max of a list without end */
#define SCHEMA_NO_CODE 0xFF         /* "this production does not exist here" */
#define SCHEMA_NO_NS 0xFF           /* of a name that is in no namespace */

/* What a value is, and how EXI writes it. ORDER KIND */
enum kind {
    KIND_BOOLEAN,  /* value.i 0 or 1; 1 bit */
    KIND_ENUM,     /* value.i index of the member; `width` bits */
    KIND_NBIT,     /* value.i; `width` bits holding value - lo */
    KIND_UNSIGNED, /* value.u; groups of 7 bits */
    KIND_SIGNED,   /* value.i; sign bit and groups of 7 bits */
    KIND_BIG,      /* value.b decimal text of an integer of any size; sign bit and groups */
    KIND_STRING,   /* value.b UTF-8 */
    KIND_HEX,      /* value.b octets */
    KIND_BASE64,   /* value.b octets */
    KIND_NODE,     /* value.n */
    KIND_ABSTRACT, /* head of a substitution group: has a code, never a value */
    KIND_ANY,      /* value.any: an element that a wildcard let in */
    KIND_TEXT,     /* value.b UTF-8: characters of mixed content */
};

/* How the messages of a set are written. */
enum encoding {
    ENCODING_EXI,
    ENCODING_BIG,    /* octets: the highest octet, and bit, first */
    ENCODING_LITTLE, /* octets: the lowest octet, and bit, first */
};

struct simple {
    const char *name, *doc; /* name "" where it has none */
    const char *base;       /* built-in type: "unsignedByte", "string", … */
    uint8_t kind, width, ns;
    bool is_unsigned;      /* lo and hi are of an unsigned 64-bit range (unsignedLong) */
    bool limited;          /* a range was stated (of the number, or of the length) */
    bool is_name;          /* an ID or IDREF: a name of XML without a colon */
    int64_t lo, hi;        /* of the number, or of the length in characters or octets; of the
                               built-in type where none was stated (strings: 0 and INT64_MAX) */
    uint16_t members;      /* of an enumeration */
    const char **member;   /* XML text of each */
    const char *prefix;    /* before a member's name in Lua; "" */
    const int64_t *one_of; /* the only values that are right, or NULL: all of lo..hi */
    uint16_t ones;
};

/* How a field lies in a layout of octets (codec/octets.h). Slots are of the same type; -1: none. */
struct octets {
    int64_t least; /* lowest value that its bits can hold */
    int8_t count; /* slot that says how many entries, or octets, there are: `plus` more than that */
    int8_t counts; /* slot that it counts: where it is absent, it is written as there are */
    int16_t plus;
    int8_t when; /* slot that says whether it is there: by not being 0, or by being `equals` */
    bool is_any; /* not 0 is enough */
    int64_t equals;
    bool is_padding; /* absent as long as its bits are 0 */
    bool to_octet;   /* padding up to the next octet; width is the most that this can take */
    bool selects;    /* holds the payload type of the message, by which messages are told apart */
    bool spans;      /* says how many octets of the message lie behind it */
};

/* What a field is to who looks at a message, as its description says: `!key`. ORDER MARK */
enum field_mark {
    MARK_KEY,     /* shown where a message has one line */
    MARK_CODE,    /* the response code */
    MARK_SOC,     /* state of charge, in percent */
    MARK_VOLTAGE, /* at the output */
    MARK_CURRENT,
    MARK_LIMIT, /* of the current, where it is not measured */
    MARK_POWER,
    MARK_LEFT,     /* seconds until the battery is full */
    MARK_TRANSFER, /* says how energy is to be transferred: AC_…, Dynamic_…, BPT_… */
    MARK_BOUND,    /* one side takes it from what the other one said in this session */
    MARK_OWN,      /* who sends it makes it anew in each session */
};

#define MARK_NUMBER (MARK_OWN + 1)

extern const char *const SCHEMA_MARKS[MARK_NUMBER]; /* "key", … */

/* One element, attribute, wildcard or text of a type. Its index in the type is its slot. */
struct field {
    const char *name;            /* "Algorithm" for @Algorithm; "" for text content and wildcards */
    const struct type *type;     /* of KIND_NODE */
    const struct simple *simple; /* of all simple kinds */
    int64_t lo, hi;              /* as in simple */
    uint32_t min, max;           /* occurrences */
    uint16_t qname;          /* number of (ns, name) in this set; attributes and elements alike */
    uint8_t kind, width, ns; /* ns: index, or SCHEMA_NO_NS */
    uint8_t after, below, full; /* state once taken: usual, fewer than min, max of a list */
    uint8_t frame;              /* bits for its characters' event and its end: 1 each; attributes
                                  and text content have none */
    uint8_t choice;             /* alternatives of one choice share a number; 0: none */
    bool is_attribute, is_list, is_content;
    bool is_default;                 /* of a choice: the alternative that a fresh message holds */
    bool is_mandatory;               /* the element cannot be complete without it (or its choice) */
    uint16_t marks;                  /* bit 1 << enum field_mark */
    const char *doc, *unit, *preset; /* doc line; unit or ""; text of the default or NULL */
    const struct octets *octets;     /* in a layout of octets; NULL in EXI */
};

/* The lowest value that a KIND_NBIT can be written with, and the highest. */
static inline int64_t field_least(const struct field *f)
{
    return f->octets != NULL ? f->octets->least : f->lo;
}

static inline int64_t field_most(const struct field *f)
{
    return field_least(f) + (int64_t)((UINT64_C(1) << f->width) - 1);
}

/* Where the content of an element stands: which productions may come, and their codes. */
struct state {
    uint8_t bits;       /* width of a code of the first level */
    uint8_t count;      /* slots that may come; code i is that of slot type->slots[first + i] */
    uint8_t end;        /* code of the end of the element, or SCHEMA_NO_CODE: not yet */
    uint8_t text;       /* code of untyped characters (mixed content), or SCHEMA_NO_CODE */
    uint8_t escape;     /* first-level code of everything the schema does not foresee */
    uint8_t bits2;      /* width of the second-level code behind `escape` */
    bool starts;        /* before the first element: other attributes may still come */
    uint8_t after_text; /* state after characters of mixed content */
    uint16_t first;
};

/* The codec's own: codec/exi_stage.h, codec/message.h */
struct stage;
struct message;

struct type {
    const char *name; /* "PhysicalValueType"; that of the element where anonymous */
    const char *doc;
    const struct type *base; /* NULL, or the type that this one extends */
    uint16_t fields;         /* number of slots */
    uint16_t attributes;     /* the first ones are attributes, in the order of the wire */
    uint16_t own;            /* first slot that is not the base's (elements) */
    uint16_t states;
    uint16_t marks; /* of all its fields */
    uint8_t ns;
    bool is_abstract, is_mixed, is_quantity, is_anonymous;
    bool is_open;     /* children in any order or repeated: see struct node */
    uint64_t watched; /* slots about which there may be something to say where they are absent */
    uint64_t distant; /* slots whose values lie outside the node: lists, elements, texts, octets */
    struct field *field;
    struct state *state;            /* 0: at the start; 1 + i: after slot i; then those of lists */
    const uint8_t *slots;           /* slots of all states, one after another */
    const struct stage **stage;     /* one for each state, once the codec has needed them */
    uint16_t node_size;             /* bytes of a node of this type */
    int8_t multiplier, unit, value; /* slots of a quantity's parts; -1: has none */
    int8_t header;                  /* slot of the child of that name; -1: has none */
};

enum direction { FROM_NONE, FROM_EVCC, FROM_SECC, FROM_BOTH };

/* A global element. Its value is described by `as` (occurrences there mean nothing). */
struct element {
    struct field as;
    const char *doc;
    const struct element *head; /* of its substitution group, or NULL */
    uint16_t code;              /* event code in a document of this set */
    uint16_t payload;           /* V2GTP payload type of a message */
    uint16_t padded;            /* octets that it is filled up to with zeros; 0: it is not */
    uint8_t from;               /* enum direction; FROM_NONE: no message */
    bool is_abstract;
};

struct ns {
    const char *alias, *uri;
    bool unqualified, attributes_qualified;
    const char **local; /* local names known to the string table, sorted */
    uint16_t locals;
    uint16_t uri_id; /* number in the EXI string table of URIs */
    bool is_own;     /* declared in the set's own file, not in one that it uses */
};

/* An element name as EXI fragments know it. */
struct fragment_name {
    const char *name;
    uint16_t qname;
    uint8_t ns;
    const struct field *field; /* NULL where two types share the name: relaxed grammar */
};

struct schema {
    const char *name;     /* "iso15118-2" */
    const char *protocol; /* "ISO15118-2" */
    const char *doc;
    uint16_t payload;
    uint16_t
        ethertype;    /* of the Ethernet frames that its messages are sent in, one in each; 0: none,
                           they are sent behind headers of V2GTP */
    uint8_t encoding; /* enum encoding */
    struct arena arena;

    uint16_t namespaces, types, simples, elements, messages, names, attributes, qnames;
    struct ns *ns;            /* in the order of the files */
    struct ns no_ns;          /* names that are in no namespace */
    uint8_t *ns_sorted;       /* indices of ns, by URI: s0, s1, … of the XML view */
    const struct type **type; /* in the order of the files */
    const struct simple **simple;
    const struct element **element;  /* by local name, then URI: index is the event code */
    const struct element **message;  /* those with a direction, in the order of the files */
    struct fragment_name *fragment;  /* unique element names by local name, then URI */
    struct fragment_name *attribute; /* unique attribute names, likewise */
    uint8_t document_bits, fragment_bits;
    pthread_mutex_t adding;          /* held while the codec adds what follows, in the arena */
    bool is_staged;                  /* types have their stages */
    const struct message **fresh;    /* by event code, with defaults; NULL: none is made yet */
    const struct element *root;      /* "V2G_Message", or NULL: messages are roots themselves */
    int body_slot;                   /* of the child of the root that holds them; -1: none */
    const struct element **body;     /* by slot of that child; NULL: it is no message */
    const struct element *body_head; /* head of the messages' substitution group, or NULL */
};

/* By local name; NULL where there is none. Of messages or of any global element. */
const struct element *schema_element(const struct schema *s, const char *name);
const struct element *schema_message(const struct schema *s, const char *name);
const struct type *schema_type(const struct schema *s, const char *name);
const struct simple *schema_simple(const struct schema *s, const char *name);

/* Slot of the child or attribute of that name (n bytes), or -1. */
int type_slot(const struct type *t, const char *name, size_t n);

/* The same by a name that ends in 0. */
static inline int type_slot_of(const struct type *t, const char *name)
{
    return type_slot(t, name, strlen(name));
}

/* Whether an element stands in the body of the set's V2G_Message. */
static inline bool schema_in_body(const struct schema *s, const struct element *el)
{
    return s->root != NULL && s->body_head != NULL && el->head == s->body_head;
}

/* Index of a member by its XML text (n bytes), or -1. */
int simple_member(const struct simple *s, const char *text, size_t n);

/* By URI (n bytes; NULL: any) and local name; NULL where there is none. Global elements, and the
 * names of elements and attributes as fragments know them. */
const struct element *schema_global(const struct schema *s, const char *uri, size_t n,
                                    const char *name);
const struct fragment_name *schema_fragment(const struct schema *s, const char *uri, size_t n,
                                            const char *name);
const struct fragment_name *schema_attribute(const struct schema *s, const char *uri, size_t n,
                                             const char *name);

/* URI of a namespace number; "" for SCHEMA_NO_NS. */
const char *schema_uri(const struct schema *s, uint8_t ns);

#endif
