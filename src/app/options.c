/* SPDX-License-Identifier: Apache-2.0 */
#include "app/options.h"

#include "app/commands.h"
#include "app/report.h"
#include "base/nearest.h"
#include "codec/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HELP_COLUMN 24
#define OPTIONS_MAX 32

static const struct option SCHEMA = {
    "schema", 0, "FILE", "also read the message description FILE; may be given several times"};
static const struct option HELP = {"help", 'h', NULL, "show this"};

/* ---- help ---- */

/* Lines under each other, the first where the cursor is, the others at the given column. */
static void print_lines(const char *text, int column)
{
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
        printf("%s v2glab %s %.*s\n", line == u->synopsis ? "usage:" : "      ", u->command, (int)n,
               line);
        line += n + (line[n] != '\0');
    }
    printf("\n%s\n\noptions:\n", u->about);
    for (const struct option *option = u->option; option->name != NULL; option++)
        print_option(option);
    if (o->library != NULL)
        print_option(&SCHEMA);
    print_option(&HELP);
    if (u->more != NULL)
        printf("\n%s\n", u->more);
}

/* ---- wrong use ---- */

int options_wrong(struct options *o, const char *format, ...)
{
    char text[700];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    report(REPORT_ERROR, "%s; see v2glab %s --help", text, o->usage->command);
    return o->status = EXIT_SETUP;
}

int options_failed(struct options *o, const struct err *e)
{
    char text[700];
    report(REPORT_ERROR, "%s", err_text(e, text, sizeof text));
    o->status = EXIT_SETUP;
    return -1;
}

int options_choice(struct options *o, const char *option, const char *value,
                   const char *const names[])
{
    char list[200] = "";
    size_t n = 0;
    for (int i = 0; names[i] != NULL; i++) {
        if (strcasecmp(names[i], value) == 0)
            return i;
        const char *glue = i == 0 ? "" : names[i + 1] == NULL ? " or " : ", ";
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", glue, names[i]);
        n = n < sizeof list ? n : sizeof list - 1;
    }
    options_wrong(o, "--%s %s: expected %s", option, value, list);
    return -1;
}

static int stop(struct options *o, int status)
{
    o->status = status;
    return OPTION_STOP;
}

static int unknown(struct options *o, const char *name)
{
    const char *names[OPTIONS_MAX + 3];
    unsigned n = 0;
    for (const struct option *option = o->usage->option; option->name != NULL; option++)
        if (n < OPTIONS_MAX)
            names[n++] = option->name;
    if (o->library != NULL)
        names[n++] = SCHEMA.name;
    names[n++] = HELP.name;
    names[n] = NULL;
    const char *nearest = nearest_name(name, names);
    if (nearest == NULL)
        return stop(o, options_wrong(o, "unknown option --%s", name));
    return stop(o, options_wrong(o, "unknown option --%s; the nearest is --%s", name, nearest));
}

/* ---- reading ---- */

void options_open(struct options *o, const struct usage *usage, struct library *library, int argc,
                  char **argv)
{
    *o = (struct options){.usage = usage,
                          .library = library,
                          .argc = argc,
                          .at = 1,
                          .argv = argv,
                          .argument = argv + 1};
}

/* What an option that was found does: its index, or, of those that all commands have, its work. */
static int found(struct options *o, const struct option *option)
{
    if (option == &HELP) {
        print_help(o);
        return stop(o, EXIT_PASS);
    }
    if (option != &SCHEMA)
        return (int)(option - o->usage->option);
    struct err e = ERR_INIT;
    if (library_add_file(o->library, o->value, &e) == 0)
        return options_next(o);
    options_failed(o, &e);
    return OPTION_STOP;
}

static const struct option *find(const struct options *o, const char *name, size_t n, char letter)
{
    const struct option *option = o->usage->option;
    for (; option->name != NULL; option++)
        if (name != NULL ? strncmp(option->name, name, n) == 0 && option->name[n] == '\0'
                         : option->letter == letter)
            return option;
    if (name == NULL)
        return letter == HELP.letter ? &HELP : NULL;
    if (strlen(HELP.name) == n && strncmp(HELP.name, name, n) == 0)
        return &HELP;
    bool is_schema = strlen(SCHEMA.name) == n && strncmp(SCHEMA.name, name, n) == 0;
    return is_schema && o->library != NULL ? &SCHEMA : NULL;
}

static int next_letter(struct options *o)
{
    char letter = *o->letters++;
    const struct option *option = find(o, NULL, 0, letter);
    if (option == NULL)
        return stop(o, options_wrong(o, "unknown option -%c", letter));
    o->value = NULL;
    if (option->value == NULL)
        return found(o, option);
    o->value = *o->letters != '\0' ? o->letters : o->at < o->argc ? o->argv[o->at++] : NULL;
    o->letters = "";
    if (o->value == NULL)
        return stop(o, options_wrong(o, "-%c needs a value, %s", letter, option->value));
    return found(o, option);
}

static int next_long(struct options *o, const char *name)
{
    size_t n = strcspn(name, "=");
    bool has_value = name[n] == '=';
    const struct option *option = find(o, name, n, 0);
    if (option == NULL)
        return unknown(o, name);
    o->value = NULL;
    if (option->value == NULL)
        return has_value ? stop(o, options_wrong(o, "--%s takes no value", option->name))
                         : found(o, option);
    o->value = has_value ? name + n + 1 : o->at < o->argc ? o->argv[o->at++] : NULL;
    if (o->value == NULL)
        return stop(o, options_wrong(o, "--%s needs a value, %s", option->name, option->value));
    return found(o, option);
}

int options_next(struct options *o)
{
    if (o->letters != NULL && *o->letters != '\0')
        return next_letter(o);
    while (o->at < o->argc) {
        char *word = o->argv[o->at++];
        if (o->only_arguments || word[0] != '-' || word[1] == '\0') {
            o->argument[o->arguments++] = word;
            o->only_arguments = o->only_arguments || o->argument_ends;
        } else if (word[1] != '-') {
            o->letters = word + 1;
            return next_letter(o);
        } else if (word[2] != '\0') {
            return next_long(o, word + 2);
        } else {
            o->only_arguments = true;
        }
    }
    return OPTION_END;
}

static int settle(struct options *o, const struct setting *s, const char *name)
{
    struct err e = ERR_INIT;
    unsigned *number = s->to;
    int chosen;
    switch (s->kind) {
    case SETTING_FLAG:
        *(bool *)s->to = true;
        return 0;
    case SETTING_COUNT:
        ++*number;
        return 0;
    case SETTING_NUMBER:
        *number = s->number;
        return 0;
    case SETTING_CHOICE:
        chosen = options_choice(o, name, o->value, s->names);
        *number = chosen < 0 ? *number : (unsigned)chosen;
        return chosen < 0 ? -1 : 0;
    case SETTING_TEXT:
        *(const char **)s->to = o->value;
        return 0;
    case SETTING_CALL:
        break;
    }
    return s->take(s->to, o->value, &e) != 0 ? options_failed(o, &e) : 0;
}

int options_read(struct options *o, const struct setting setting[])
{
    int option;
    while ((option = options_next(o)) >= 0)
        if (settle(o, &setting[option], o->usage->option[option].name) != 0)
            return -1;
    return option == OPTION_STOP ? -1 : 0;
}
