/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammars (message sets) that an input may be in: those chosen with --grammar, or all. Each is
 * tried, and which of them fit is kept, so that no command ever guesses in silence.
 */
#ifndef V2G_APP_GRAMMARS_H
#define V2G_APP_GRAMMARS_H

#include "app/input.h"
#include "app/options.h"
#include "codec/codec.h"
#include "codec/likely.h"
#include "schema/library.h"

#define GRAMMARS_MAX LIBRARY_MAX

struct grammars {
    struct library library;
    unsigned n, names;
    const struct schema *schema[GRAMMARS_MAX];
    const char *name[GRAMMARS_MAX]; /* as asked for with --grammar */
};

void grammars_open(struct grammars *g);
void grammars_close(struct grammars *g);

/* The row of --grammar in a command's table of options; at: where its struct grammars is. */
#define GRAMMARS_OPTION(at_)                                                                       \
    {                                                                                              \
        "grammar", 'g', "NAME",                                                                    \
            "the grammar of the message: appprotocol, din70121, iso15118-2,\n"                     \
            "iso15118-20-common, -ac, -dc, -wpt, -acdp, -ac-der-iec, -ac-der-sae,\n"               \
            "xmldsig or sdp; or a protocol, as ISO15118-20. May be given several\ntimes, or "      \
            "with commas.\n"                                                                       \
            "Without it every grammar is tried",                                                   \
            OPTION_CALL, .at = at_, .take = grammars_take                                          \
    }
int grammars_take(void *grammars, const char *names, struct err *e); /* see grammars_ask */

/* The same of --limit, which sets one of struct exi_limits. */
#define LIMIT_OPTION(at_)                                                                          \
    {                                                                                              \
        "limit", 0, "NAME=N",                                                                      \
            "what decoding a message may take at most: size=BYTES of input (1048576),\n"           \
            "memory=BYTES (0: 4096 and 60 times the input), depth=ELEMENTS within each\n"          \
            "other (48), list=ENTRIES of one list (65536). May be given several times",            \
            OPTION_CALL, .at = at_, .take = limit_take                                             \
    }
int limit_take(void *limits, const char *text, struct err *e);

/* Reads the options into the command's structure, and loads the grammars. 0, or -1: the command
 * ends with o->status. */
int grammars_begin(struct grammars *g, struct options *o, void *into);

/* Asks for those of a message set ("iso15118-2") or of a protocol ("ISO15118-20"); several names
 * may stand with commas between them. Nothing is loaded yet: a --schema may still follow. */
int grammars_ask(struct grammars *g, const char *names, struct err *e);

/* Loads what was asked for; all there are, where nothing was. */
int grammars_load(struct grammars *g, struct err *e);

/* One more set beside those that were asked for. */
int grammars_also(struct grammars *g, const char *set, struct err *e);

/* Whether a layout of octets was asked for. */
bool grammars_have_octets(const struct grammars *g);

/* One grammar's reading of an input. */
struct fit {
    const struct schema *schema;
    bool fits;
    struct likely likely;
    struct message message; /* where it fits */
    struct slice bytes;     /* of fits_read: the message, encoded */
    struct err problem;     /* where it does not fit */
};

struct fits {
    unsigned n, fitting;
    unsigned first, counted; /* the likeliest, and how many are as likely: see fits_counts */
    struct fit at[GRAMMARS_MAX];
};

/* A limit for the arena that fits live in; what one input may take is in exi_limits. */
#define FITS_MEMORY (512u << 20)

/* Decodes a message with every grammar that the payload type (if there was a header) leaves;
 * layouts of octets, which take nearly anything, only where they were asked for or the payload type
 * is theirs. Where none of those is right, one whose payload type is another is taken if it is, and
 * that the payload type is wrong is a violation. -1: none is left; e. */
int fits_decode(struct fits *f, const struct grammars *g, const struct payload *p,
                const struct exi_options *o, struct arena *a, struct err *e);

struct fits_reading {
    bool fragment, complete; /* complete: defaults where mandatory elements are missing */
};

/* Reads XML (begins with <) or JSON with every grammar, and encodes it. Its violations are those
 * that the schema's limits tell. */
void fits_read(struct fits *f, const struct grammars *g, struct slice text,
               const struct fits_reading *r, struct arena *a);

/* The likeliest (codec/likely.h), which need not be one that fits: input may be cut or damaged; of
 * text, one that fits, without violations if there is such, else that which got furthest. */
const struct fit *fits_first(const struct fits *f);

/* Whether it fits. */
bool fits_any(const struct fits *f);

/* Whether a fit is as likely as the first. */
bool fits_counts(const struct fits *f, const struct fit *fit);

/* Where the likeliest do not fit: tells on stderr why. */
void fits_report_none(const struct fits *f, const char *where);

/* Violations of those that count as warnings; and the others. */
void fits_report_some(const struct fits *f, const char *where);

/* The names of those that fit less well, as a note, where they are worth a thought. */
void fits_report_others(const struct fits *f, const char *where);

/* A warning where the first, which was found among several grammars, is no message but an element:
 * this is seldom what was meant. Nothing is said of a fragment. */
void fits_report_element(const struct fits *f, bool is_fragment, const char *where);

/* "iso15118-20-ac, iso15118-20-dc": those that count. */
void fits_names(const struct fits *f, struct buf *out);

#endif
