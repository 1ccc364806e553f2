/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a set's types once more, as the fast passes of encoder and decoder walk them: a
 * stage for each state, and in it a step for each event code, with all that follows from the schema
 * alone worked out beforehand. Made when a set is first encoded or decoded. Private to src/codec.
 */
#ifndef V2G_CODEC_EXI_STAGE_H
#define V2G_CODEC_EXI_STAGE_H

#include "schema/schema.h"

enum step_op {
    STEP_RARE, /* a deviation, a wildcard, what is abstract; also the end of the element */
    STEP_NODE,
    STEP_FLAT,  /* an element whose type is one run, which fits the window behind the code */
    STEP_RUN,   /* values of fixed width in a row, each of which must come */
    STEP_FIXED, /* one of them, in a list or in open content */
    STEP_UNSIGNED,
    STEP_SIGNED,
    STEP_BIG,
    STEP_STRING,
    STEP_NAME, /* a string that is an ID */
    STEP_OCTETS,
};

/* Where the value belongs: entries of a list are the first or not. */
enum step_into { INTO_SLOT, INTO_NEW_LIST, INTO_LIST, INTO_ITEMS };

struct step {
    const struct stage *next; /* of a list: below its maximum and not below its minimum */
    union {
        const struct type *type; /* STEP_NODE, STEP_FLAT */
        const struct run *run;   /* STEP_RUN, STEP_FIXED */
    } of;
    uint64_t lead;   /* the code and what follows it in the head (STEP_FLAT: in the run, too), to
                        be written */
    uint64_t has;    /* what becomes present; nothing in open content */
    uint64_t before; /* which bits of the head must be 0, from the top of a word */
    uint64_t after;  /* the same of the tail: all of them */
    union {
        int64_t lo;                /* of the number, or of the length in characters or octets */
        const struct stage *start; /* STEP_NODE: of the type */
        const struct run *flat;    /* STEP_FLAT: of the type */
    };
    uint64_t most; /* minus lo */
    uint32_t min;  /* of a list: so many entries at least before what comes next is usual, */
    uint32_t room; /* and fewer than this more */
    uint8_t op, into, slot;
    uint8_t head; /* bits before the value (and its sign): event codes. STEP_RUN: all bits */
    uint8_t tail; /* bits behind it: its end, and that of the element where `ends`. STEP_RUN,
                     STEP_FLAT: all bits before the number that may follow */
    uint8_t wide; /* most bits of groups of a number that a window is sure to hold */
    uint8_t plus; /* of a string: 2, as its length is written that much greater. STEP_FLAT: the
                     end of the element where `ends` */
    bool ends;    /* nothing can follow but the end of the element */
};

struct stage {
    const uint8_t *code; /* of each slot, and of characters behind them; or SCHEMA_NO_CODE */
    uint8_t bits, end;   /* as in the state */
    uint8_t shift;       /* 64 - bits */
    bool is_end;         /* nothing but the end can come; its code is one 0 bit */
    bool is_open;        /* as the type */
    struct step step[];  /* for every code of that width */
};

/* Two numbers side by side, which the compiler keeps in one register where the machine has any. */
typedef uint64_t stage_pair __attribute__((vector_size(16), aligned(8)));

/* Values of fixed width in consecutive slots. All of it fits one window of the bit reader, from the
 * code of the first value on. Values are taken by twos: an odd last one has a shadow of no bits,
 * for which each node has room. */
struct run {
    uint64_t zeros;          /* bits of the window that must be 0: events that leave no choice */
    uint64_t checked;        /* the same, and the bits of the values */
    uint64_t slack;          /* added to these, carries into a bit of zeros if beyond the limits */
    uint64_t has;            /* slots of these values and of that number */
    const struct step *then; /* a number that must follow and fits the same window, or NULL */
    uint8_t n, pairs, bits;  /* bits: without the number */
    struct leaves {
        stage_pair shift; /* from the end of the window */
        stage_pair mask;  /* what the bits can hold */
        stage_pair lo;
        stage_pair beyond; /* of value - lo: what they cannot */
    } leaves[];
};

/* Makes the stages of s; see exi_stage_need. */
int __attribute__((cold)) exi_stage_make(const struct schema *s, struct err *e);

/* Sees to it that s has its stages; threads may do so at once. -1: out of memory. */
static inline int exi_stage_need(const struct schema *s, struct err *e)
{
    bool has = __atomic_load_n(&s->is_staged, __ATOMIC_ACQUIRE);
    return __builtin_expect(has, true) ? 0 : exi_stage_make(s, e);
}

#endif
