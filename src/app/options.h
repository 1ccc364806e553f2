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
#include <stddef.h>

/* What an option does. */
enum option_kind {
    OPTION_SET,    /* a const char * becomes the value; where it takes none, a bool becomes true */
    OPTION_NAME,   /* a const char * becomes the one of `names` that is the value; */
    OPTION_CHOICE, /* an unsigned, its index there */
    OPTION_NUMBER, /* an unsigned becomes `number` */
    OPTION_COUNT,  /* an unsigned becomes 1 more */
    OPTION_CALL,   /* whatever `take` does with the value; -1: e tells what is wrong with it */
    OPTION_GROUP,  /* it stands for the rows of `group` */
};

struct option {
    const char *name;  /* "format" of --format; NULL ends the table (of a group: says nothing) */
    char letter;       /* 'f' of -f, or 0 */
    const char *value; /* "NAME": takes a value, `--format X` or `--format=X`; NULL: takes none */
    const char *help;  /* one or more lines */
    enum option_kind kind;
    size_t at; /* offset of what it sets in the command's structure; of a group, of the structure
                  that its rows have their offsets in */
    unsigned number;
    const char *const *names; /* ends with NULL */
    int (*take)(void *to, const char *value, struct err *e);
    const struct option *group;
};

/* The end of a table. */
#define OPTIONS_END                                                                                \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* What the first argument of a command may be, where that is one of a few words. */
struct subcommand {
    const char *name;                  /* NULL ends the list */
    int (*run)(int argc, char **argv); /* has options of its own; NULL: those of the command */
};

/* What people look for in a command that does not have it, and what there is for them. */
struct instead {
    const char *option; /* NULL ends the list */
    const char *text;
};

struct usage {
    const char *command;         /* "decode" */
    const char *synopsis;        /* what follows "v2glab decode"; further lines: further forms */
    const char *about;           /* lines, without a newline at the end */
    const struct option *option; /* ends with OPTIONS_END */
    const char *more;            /* examples and exit codes, likewise */
    const struct subcommand *subcommand; /* NULL: none */
    const struct instead *instead;       /* likewise */
};

#define OPTIONS_MAX 64

struct options {
    const struct usage *usage;
    struct library *library; /* takes --schema FILE; NULL: the command has no use for it */
    int argc, at;
    char **argv;
    const char *letters; /* rest of a group like -vv */
    bool only_arguments;
    bool argument_ends; /* set by the command, after options_open, where the first argument is a
                                command itself: what follows belongs to that */
    int before;      /* arguments before a `--` that is not the first of them; 0: there is none */
    int arguments;   /* what is no option, so far; */
    char **argument; /* moved to the front of argv */
    int status;
    unsigned language;
    unsigned rows; /* all options: of the table, of its groups, and those that all have */
    struct {
        const struct option *option;
        size_t at;
        bool is_said; /* on the command line */
    } row[OPTIONS_MAX];
};

void options_open(struct options *o, const struct usage *usage, struct library *library, int argc,
                  char **argv);

/* For `take`: a number of 1 to most. -1: e. */
int options_number(unsigned *to, const char *value, unsigned most, struct err *e);

/* For `take`: hands over the items of a list, which commas separate, one after another; `take_item`
 * may change an item, which is gone afterwards. What is wrong with one of several is told with it
 * and its place. -1: e. */
int options_list(void *to, const char *list, int (*take_item)(void *to, char *item, struct err *e),
                 struct err *e);

/* Reads all options into the structure that the table has its offsets in (NULL: it has none), and
 * collects the arguments. 0, or -1: help was shown, or the use was wrong and has been reported; the
 * command returns o->status. */
int options_read(struct options *o, void *into);

/* Whether the option of that name was on the command line, with whatever value. */
bool options_said(const struct options *o, const char *name);

/* From now on --help calls that function instead of showing the help text: other forms of the help
 * come from the same tables. */
void options_help_by(void (*show)(const struct options *o));

/* Reports a wrong use and where to find the right one; sets o->status, and returns it. */
int options_wrong(struct options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reports what kept the command from starting; sets o->status, returns -1. */
int options_failed(struct options *o, const struct err *e);

/* How many words of argv the option called name, which takes a value, is there: 0: it is another;
 * value: that. */
int globals_option(int argc, char **argv, int at, const char *name, const char **value);

/* Index of the first word behind argv[0] and the options that may stand before a command (--schema
 * FILE, --lang LANGUAGE), or argc. */
int globals_skip(int argc, char **argv);

/* Brings the word at `at`, a command, to argv[1], and those options behind it. */
void globals_move_behind(char **argv, int at);

#endif
