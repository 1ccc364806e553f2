/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options.h"

#include "app/commands.h"
#include "app/report.h"
#include "base/nearest.h"
#include "base/said.h"
#include "codec/message.h"
#include "reference/prose.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HELP_COLUMN 24

/* What all commands have. ORDER COMMON */
enum { SCHEMA, LANGUAGE, HELP };
static const struct option COMMON[] = {
    {"schema", 0, "FILE", "also read the message description FILE; may be given several times",
     .at = 0},
    {"lang", 0, "LANGUAGE",
     "of what is said: en, or ko; default: as LC_ALL, LC_MESSAGES or LANG say", OPTION_CHOICE,
     .names = LANGUAGES},
    {"help", 'h', NULL, "show this", .at = 0},
};

/* ---- help ---- */

/* Lines under each other, the first where the cursor is, the others at the given column. */
static void print_lines(const char *english, int column)
{
    const char *text = said(english);
    for (const char *line = text; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        printf("%*s%.*s\n", line == text ? 0 : column, "", (int)n, line);
        line += n + (line[n] != '\0');
    }
}

static void print_option(const struct option *option)
{
    char left[80];
    snprintf(left, sizeof left, "  %c%c%s--%s%s%s", option->letter != 0 ? '-' : ' ',
             option->letter != 0 ? option->letter : ' ', option->letter != 0 ? ", " : "  ",
             option->name, option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "");
    printf("%-*s", HELP_COLUMN - 1, left);
    if (strlen(left) >= HELP_COLUMN - 1)
        printf("\n%*s", HELP_COLUMN - 1, "");
    putchar(' ');
    print_lines(option->help, HELP_COLUMN);
}

static void print_help(const struct options *o)
{
    const struct usage *u = o->usage;
    for (const char *line = u->synopsis; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        printf("%s v2glab %s %.*s\n", line == u->synopsis ? said("usage:") : "      ", u->command,
               (int)n, line);
        line += n + (line[n] != '\0');
    }
    putchar('\n');
    said_print(stdout, "%s", u->about);
    printf("\n\n%s\n", said("options:"));
    for (unsigned i = 0; i < o->rows; i++)
        print_option(o->row[i].option);
    if (u->more == NULL)
        return;
    putchar('\n');
    said_print(stdout, "%s", u->more);
    putchar('\n');
}

static void (*show_help)(const struct options *o) = print_help;

void options_help_by(void (*show)(const struct options *o))
{
    show_help = show;
}

/* ---- wrong use ---- */

int options_wrong(struct options *o, const char *format, ...)
{
    struct buf text = {0}; /* however long the value is, what is wrong with it comes behind */
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    if (strstr(buf_string(&text), "; see v2glab ") != NULL) /* it says where to look */
        report(REPORT_ERROR, "%s", buf_string(&text));
    else
        report(REPORT_ERROR, "%s; see v2glab %s --help", buf_string(&text), o->usage->command);
    buf_close(&text);
    return o->status = EXIT_SETUP;
}

int options_failed(struct options *o, const struct err *e)
{
    char text[700];
    report(REPORT_ERROR, "%s", err_text(e, text, sizeof text));
    o->status = EXIT_SETUP;
    return -1;
}

static int unknown(struct options *o, const char *name)
{
    for (const struct instead *i = o->usage->instead; i != NULL && i->option != NULL; i++)
        if (strcmp(i->option, name) == 0)
            return options_wrong(o, "unknown option --%s: %s", name, i->text), -1;
    const char *names[OPTIONS_MAX + 1] = {NULL};
    for (unsigned i = 0; i < o->rows; i++)
        names[i] = o->row[i].option->name;
    const char *nearest = nearest_name(name, names);
    options_wrong(
        o, nearest == NULL ? "unknown option --%s" : "unknown option --%s; the nearest is --%s",
        name, nearest);
    return -1;
}

/* ---- reading ---- */

static void add_row(struct options *o, const struct option *option, size_t at)
{
    if (o->rows == OPTIONS_MAX)
        return;
    o->row[o->rows].option = option;
    o->row[o->rows++].at = at;
}

static void add_rows(struct options *o, const struct option *option, size_t at)
{
    for (; option->name != NULL || option->kind == OPTION_GROUP; option++)
        if (option->kind == OPTION_GROUP)
            add_rows(o, option->group, at + option->at);
        else
            add_row(o, option, at + option->at);
}

void options_open(struct options *o, const struct usage *usage, struct library *library, int argc,
                  char **argv)
{
    *o = (struct options){.usage = usage,
                          .library = library,
                          .argc = argc,
                          .at = 1,
                          .argv = argv,
                          .argument = argv + 1};
    add_rows(o, usage->option, 0);
    if (library != NULL)
        add_row(o, &COMMON[SCHEMA], 0);
    add_row(o, &COMMON[LANGUAGE], 0);
    add_row(o, &COMMON[HELP], 0);
}

static int choose(const struct option *option, const char *value, struct err *e)
{
    char list[200] = "";
    size_t n = 0;
    for (int i = 0; option->names[i] != NULL; i++) {
        if (strcasecmp(option->names[i], value) == 0)
            return i;
        const char *glue = i == 0 ? "" : option->names[i + 1] == NULL ? " or " : ", ";
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", glue, option->names[i]);
        n = n < sizeof list ? n : sizeof list - 1;
    }
    return err_set(e, "expected %s", list);
}

/* Puts the value to where the option says. -1: e. */
static int settle(const struct option *option, void *to, const char *value, struct err *e)
{
    int chosen;
    switch (option->kind) {
    case OPTION_SET:
        if (value == NULL)
            *(bool *)to = true;
        else
            *(const char **)to = value;
        return 0;
    case OPTION_NAME:
    case OPTION_CHOICE:
        chosen = choose(option, value, e);
        if (chosen < 0)
            return -1;
        if (option->kind == OPTION_CHOICE)
            *(unsigned *)to = (unsigned)chosen;
        else
            *(const char **)to = option->names[chosen];
        return 0;
    case OPTION_NUMBER:
        *(unsigned *)to = option->number;
        return 0;
    case OPTION_COUNT:
        ++*(unsigned *)to;
        return 0;
    case OPTION_CALL:
        return option->take(to, value, e);
    case OPTION_GROUP:
        break;
    }
    return 0;
}

static int take_row(struct options *o, unsigned row, void *into, const char *value)
{
    const struct option *option = o->row[row].option;
    struct err e = ERR_INIT;
    char text[sizeof e.what + sizeof e.path + 40];
    o->row[row].is_said = true;
    if (option == &COMMON[HELP]) {
        show_help(o);
        return -1;
    }
    if (option == &COMMON[LANGUAGE]) /* main has looked for it before all others */
        into = &o->language;
    if (option == &COMMON[SCHEMA])
        return library_add_file(o->library, value, &e) != 0 ? options_failed(o, &e) : 0;
    if (settle(option, (char *)into + o->row[row].at, value, &e) == 0)
        return 0;
    options_wrong(o, "--%s %s: %s", option->name, value, err_text(&e, text, sizeof text));
    return -1;
}

/* Its row; o->rows: there is none. name has n characters; NULL: by its letter. */
static unsigned find(const struct options *o, const char *name, size_t n, char letter)
{
    unsigned i = 0;
    for (; i < o->rows; i++) {
        const struct option *option = o->row[i].option;
        if (name != NULL ? strncmp(option->name, name, n) == 0 && option->name[n] == '\0'
                         : option->letter == letter)
            break;
    }
    return i;
}

static int read_letters(struct options *o, void *into)
{
    char letter = *o->letters++;
    unsigned row = find(o, NULL, 0, letter);
    if (row == o->rows)
        return options_wrong(o, "unknown option -%c", letter), -1;
    const struct option *option = o->row[row].option;
    const char *value = NULL;
    if (option->value != NULL) {
        value = *o->letters != '\0' ? o->letters : o->at < o->argc ? o->argv[o->at++] : NULL;
        o->letters = "";
        if (value == NULL)
            return options_wrong(o, "-%c needs a value, %s", letter, option->value), -1;
    }
    return take_row(o, row, into, value);
}

static int read_long(struct options *o, void *into, const char *name)
{
    size_t n = strcspn(name, "=");
    bool has_value = name[n] == '=';
    unsigned row = find(o, name, n, 0);
    if (row == o->rows)
        return unknown(o, name);
    const struct option *option = o->row[row].option;
    const char *value = has_value ? name + n + 1 : NULL;
    if (option->value == NULL && has_value)
        return options_wrong(o, "--%s takes no value", option->name), -1;
    if (option->value != NULL && !has_value)
        value = o->at < o->argc ? o->argv[o->at++] : NULL;
    if (option->value != NULL && value == NULL)
        return options_wrong(o, "--%s needs a value, %s", option->name, option->value), -1;
    return take_row(o, row, into, value);
}

bool options_said(const struct options *o, const char *name)
{
    unsigned row = find(o, name, strlen(name), 0);
    return row < o->rows && o->row[row].is_said;
}

int options_number(unsigned *to, const char *value, unsigned most, struct err *e)
{
    char *end;
    long n = strtol(value, &end, 10);
    if (*end != '\0' || end == value || n < 1 || n > (long)most)
        return err_set(e, "expected a number in 1..%u", most);
    *to = (unsigned)n;
    return 0;
}

static int item_wrong(const char *item, unsigned i, unsigned n, const struct err *why,
                      struct err *e)
{
    char text[sizeof e->what];
    err_text(why, text, sizeof text);
    int most = (int)(sizeof e->what - 1 - strlen(text)) - 40; /* the list is told as well */
    most = most < 0 ? 0 : most;
    return err_set(e, "the wrong one is item %u of %u, '%.*s': %s", i, n, most, item, text);
}

int options_list(void *to, const char *list, int (*take_item)(void *to, char *item, struct err *e),
                 struct err *e)
{
    unsigned i = 0, n = 1;
    int bad = 0;
    for (const char *comma = list; (comma = strchr(comma, ',')) != NULL; comma++)
        n++;
    while (bad == 0 && i++ < n) {
        struct err why = ERR_INIT;
        size_t size = strcspn(list, ",");
        char *whole = strndup(list, size), *item = strndup(list, size);
        if (whole == NULL || item == NULL)
            bad = err_set(e, "out of memory");
        else if (take_item(to, item, &why) != 0)
            bad = n > 1 ? item_wrong(whole, i, n, &why, e) : (*e = why, -1);
        free(whole);
        free(item);
        list += size + 1;
    }
    return bad;
}

int options_read(struct options *o, void *into)
{
    int result = 0;
    while (result == 0) {
        if (o->letters != NULL && *o->letters != '\0') {
            result = read_letters(o, into);
            continue;
        }
        if (o->at == o->argc)
            return 0;
        char *word = o->argv[o->at++];
        if (o->only_arguments || word[0] != '-' || word[1] == '\0') {
            o->argument[o->arguments++] = word;
            o->only_arguments = o->only_arguments || o->argument_ends;
        } else if (word[1] != '-')
            o->letters = word + 1;
        else if (word[2] != '\0')
            result = read_long(o, into, word + 2);
        else {
            o->only_arguments = true;
            o->before = o->arguments;
        }
    }
    return -1;
}

/* ---- what stands before a command ---- */

int globals_option(int argc, char **argv, int at, const char *name, const char **value)
{
    size_t n = strlen(name);
    if (strncmp(argv[at], name, n) != 0 || (argv[at][n] != '\0' && argv[at][n] != '='))
        return 0;
    bool is_next = argv[at][n] == '\0';
    *value = !is_next ? argv[at] + n + 1 : at + 1 < argc ? argv[at + 1] : "";
    return is_next ? 2 : 1;
}

int globals_skip(int argc, char **argv)
{
    const char *ignored;
    int at = 1, n = 1;
    while (at < argc && n > 0) {
        n = globals_option(argc, argv, at, "--schema", &ignored);
        n = n > 0 ? n : globals_option(argc, argv, at, "--lang", &ignored);
        at += n;
    }
    return at < argc ? at : argc;
}

void globals_move_behind(char **argv, int at)
{
    char *name = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
    argv[1] = name;
}
