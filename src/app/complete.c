/* SPDX-License-Identifier: Apache-2.0 */
/* What the shells complete, from the tables of the commands' options. */
#include "app/commands.h"
#include "app/help.h"
#include "app/options.h"
#include "app/persona.h"
#include "session/tls_choice.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* The command line, while its command's table is asked for. */
static struct {
    int n;
    char **word;
} line;

static void put_word(const char *word, const char *about)
{
    printf("%s", word);
    if (about != NULL)
        printf("\t%.*s", (int)strcspn(about, "\n"), about);
    putchar('\n');
}

/* ---- values of options ---- */

static void put_interfaces(struct library *library)
{
    (void)library;
    struct if_nameindex *all = if_nameindex();
    for (const struct if_nameindex *i = all; i != NULL && i->if_index != 0; i++)
        put_word(i->if_name, NULL);
    if (all != NULL)
        if_freenameindex(all);
}

static void put_protocols(struct library *library)
{
    (void)library;
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++)
        put_word(p->name, NULL);
}

static void put_personas(struct library *library)
{
    (void)library;
    struct persona_names names;
    persona_names(&names);
    for (unsigned i = 0; i < names.n; i++)
        put_word(names.name[i], NULL);
}

static void put_of_role(struct library *library, bool is_vehicle)
{
    persona_run(library, "parameters",
                is_vehicle ? "require('v2g.persona').parameters('ev')"
                           : "require('v2g.persona').parameters('station')");
}

static void put_parameters(struct library *library)
{
    put_of_role(library, strcmp(line.word[0], "evse") != 0);
}

static void put_other_parameters(struct library *library)
{
    put_of_role(library, strcmp(line.word[0], "evse") == 0);
}

static void put_timers(struct library *library)
{
    persona_run(library, "timers",
                "local seen = {}\n"
                "for _, names in pairs(require 'timers') do\n"
                "    for name in pairs(type(names) == 'table' and names or {}) do\n"
                "        if type(name) == 'string' and not seen[name] then\n"
                "            seen[name] = true\n"
                "            print(name .. '=')\n"
                "        end\n"
                "    end\n"
                "end\n");
}

static void put_tls_settings(struct library *library)
{
    (void)library;
    for (int i = 0; i < TLS_KEYS; i++)
        printf("%s=\n", tls_choice_name((enum tls_key)i));
}

/* Options whose values are names that the program knows, besides those with a list of their own. */
static const struct {
    const char *option;
    void (*put)(struct library *library);
    bool or_file;
} NAMED[] = {
    {"interface", put_interfaces, false}, {"protocol", put_protocols, false},
    {"persona", put_personas, true},      {"with-persona", put_personas, true},
    {"set", put_parameters, false},       {"with", put_other_parameters, false},
    {"timer", put_timers, false},         {"tls-set", put_tls_settings, false},
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static void put_values(const struct option *option)
{
    size_t named = 0;
    while (named < sizeof NAMED / sizeof *NAMED && strcmp(NAMED[named].option, option->name) != 0)
        named++;
    bool is_named = named < sizeof NAMED / sizeof *NAMED;
    puts(is_named                           ? NAMED[named].or_file ? "files" : "words"
         : ends_with(option->value, "FILE") ? "files"
         : ends_with(option->value, "DIR")  ? "folders"
                                            : "words");
    for (int i = 0; option->names != NULL && option->names[i] != NULL; i++)
        put_word(option->names[i], NULL);
    if (is_named) {
        struct library library;
        library_open(&library);
        NAMED[named].put(&library);
        library_close(&library);
    }
}

/* ---- the place on the line ---- */

/* The option of which `word` is the name, and whose value comes next; NULL: none. */
static const struct option *awaiting(const struct options *o, const char *word)
{
    for (unsigned i = 0; i < o->rows; i++) {
        const struct option *option = o->row[i].option;
        bool is_letter =
            word[0] == '-' && word[1] == option->letter && word[1] != '\0' && word[2] == '\0';
        bool is_name = strncmp(word, "--", 2) == 0 && strcmp(word + 2, option->name) == 0;
        if (option->value != NULL && (is_letter || is_name))
            return option;
    }
    return NULL;
}

static void put_options(const struct options *o)
{
    char name[64];
    puts("words");
    for (unsigned i = 0; i < o->rows; i++) {
        snprintf(name, sizeof name, "--%s", o->row[i].option->name);
        put_word(name, o->row[i].option->help);
    }
}

static void put_arguments(const struct options *o)
{
    const struct subcommand *s = o->usage->subcommand;
    if (s != NULL && line.n == 2) {
        puts("words");
        for (; s->name != NULL; s++)
            put_word(s->name, NULL);
    } else if (strcmp(o->usage->command, "persona") == 0) {
        puts("files");
        put_personas(NULL);
    } else if (strcmp(o->usage->command, "test") == 0) {
        char name[] = "test", list[] = "--list", quiet[] = "--quiet";
        char *argv[] = {name, list, quiet, NULL};
        puts("words");
        command_test(3, argv);
    } else {
        puts("files");
    }
}

/* The one that the line names, where that has options of its own; NULL: none. */
static const struct subcommand *named_subcommand(const struct options *o)
{
    const struct subcommand *s = o->usage->subcommand;
    if (s == NULL || line.n < 3)
        return NULL;
    while (s->name != NULL && (s->run == NULL || strcmp(s->name, line.word[1]) != 0))
        s++;
    return s->name != NULL ? s : NULL;
}

/* Called by the command in place of its help. */
static void complete_of(const struct options *o)
{
    char help[] = "--help";
    const struct subcommand *subcommand = named_subcommand(o);
    if (subcommand != NULL) {
        char *argv[] = {line.word[1], help, NULL};
        subcommand->run(2, argv);
        return;
    }
    const char *last = line.word[line.n - 1];
    const struct option *option = awaiting(o, line.word[line.n - 2]);
    if (option != NULL)
        put_values(option);
    else if (last[0] == '-')
        put_options(o);
    else
        put_arguments(o);
}

void complete(int n, char **word)
{
    if (n < 2 || (n == 2 && strcmp(word[0], "help") == 0)) {
        puts("words");
        for (const struct command *c = COMMANDS; c->name != NULL; c++)
            put_word(c->name, c->summary);
        put_word("help", "show the help of a command");
        put_word("--help", "show the help");
        put_word("--version", "show the version");
        return;
    }
    char help[] = "--help";
    char *argv[] = {word[0], help, NULL};
    const struct command *c = command_find(word[0]);
    if (c == NULL)
        return;
    line.n = n;
    line.word = word;
    options_help_by(complete_of);
    c->run(2, argv);
}
