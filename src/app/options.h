/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of one command, described as a table: reading it, and the help text that is made
 * from the same table. Options and arguments may come in any order; `--` ends the options. --help
 * and (where the command takes descriptions) --schema FILE are the same everywhere and need no line
 * in the table.
 */
#ifndef V2G_APP_OPTIONS_H
#define V2G_APP_OPTIONS_H

#include "schema/library.h"

#include <stdbool.h>

struct option {
    const char *name;  /* "format" of --format; NULL ends the table */
    char letter;       /* 'f' of -f, or 0 */
    const char *value; /* "NAME": takes a value, `--format X` or `--format=X`; NULL: takes none */
    const char *help;  /* one or more lines */
};

struct usage {
    const char *command;         /* "decode" */
    const char *synopsis;        /* what follows "v2glab decode"; further lines: further forms */
    const char *about;           /* lines, without a newline at the end */
    const struct option *option; /* the index in it is what options_next returns */
    const char *more;            /* examples and exit codes, likewise */
};

/* What options_next returns besides indices. */
enum {
    OPTION_END = -1,  /* there are no more; all arguments have been collected */
    OPTION_STOP = -2, /* help was shown, or the use was wrong and has been reported: the command
                         returns o->status */
};

struct options {
    const struct usage *usage;
    struct library *library; /* takes --schema FILE; NULL: the command has no use for it */
    int argc, at;
    char **argv;
    const char *letters; /* rest of a group like -vv */
    bool only_arguments;
    bool argument_ends; /* set by the command, after options_open, where the first argument is a
                                command itself: what follows belongs to that */
    const char *value;  /* of the option just returned */
    int arguments;      /* what is no option, so far; */
    char **argument;    /* moved to the front of argv */
    int status;
};

void options_open(struct options *o, const struct usage *usage, struct library *library, int argc,
                  char **argv);
int options_next(struct options *o);

/* Where an option puts what it says, for commands whose options only set something. */
struct setting {
    enum {
        SETTING_FLAG,   /* a bool, which becomes true */
        SETTING_COUNT,  /* an unsigned, which becomes 1 more, */
        SETTING_NUMBER, /* which becomes `number`, */
        SETTING_CHOICE, /* or the value's index in `names` (which ends with NULL) */
        SETTING_TEXT,   /* a const char *, which becomes the value */
        SETTING_CALL,   /* whatever `take` does with it; -1: e tells what is wrong with the value */
    } kind;
    void *to;
    unsigned number;
    const char *const *names;
    int (*take)(void *to, const char *value, struct err *e);
};

/* Reads all options; setting[i] goes with row i of the table of options. 0, or -1: the command ends
 * with o->status. */
int options_read(struct options *o, const struct setting setting[]);

/* Reports a wrong use and where to find the right one; sets o->status, and returns it. */
int options_wrong(struct options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reports what kept the command from starting; sets o->status, returns -1. */
int options_failed(struct options *o, const struct err *e);

/* Index of value, in small letters or capitals, in names (which ends with NULL), or -1: it has been
 * reported, o->status is set. */
int options_choice(struct options *o, const char *option, const char *value,
                   const char *const names[]);

#endif
