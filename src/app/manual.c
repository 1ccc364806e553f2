/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages: the tables that --help is made from, in the language of man(7). */
#include "app/commands.h"
#include "app/help.h"
#include "app/options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* n characters of a line; what groff would take for its own is masked. */
static void put_text(const char *text, size_t n)
{
    if (n > 0 && (text[0] == '.' || text[0] == '\''))
        fputs("\\&", stdout);
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\\')
            fputs("\\e", stdout);
        else if (text[i] == '-')
            fputs("\\-", stdout);
        else
            putchar(text[i]);
}

static void put_capitals(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        putchar(toupper((unsigned char)text[i]));
}

/* Lines of text: what is indented stands as it is, the rest is filled. */
static void put_lines(const char *text)
{
    bool as_it_is = false;
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        bool indented = text[0] == ' ';
        if (indented != as_it_is)
            puts(indented ? ".nf" : ".fi");
        as_it_is = indented;
        if (n == 0)
            puts(".PP");
        else {
            put_text(text, n);
            putchar('\n');
        }
        text += n + (text[n] != '\0');
    }
    if (as_it_is)
        puts(".fi");
}

/* Characters in front of the ':' of a line such as "examples:" or "exit codes: 0 …"; 0: none. */
static size_t heading(const char *line)
{
    size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyz ");
    return line[0] != ' ' && line[n] == ':' ? n : 0;
}

/* Paragraphs; one that begins with a heading becomes a section. */
static void put_sections(const char *text)
{
    while (text != NULL && *text != '\0') {
        char part[2000];
        const char *end = strstr(text, "\n\n");
        size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        snprintf(part, sizeof part, "%.*s", (int)length, text);
        size_t n = heading(part);
        if (n > 0) {
            fputs(".SH \"", stdout);
            put_capitals(part, n);
            puts("\"");
            n += 1 + strspn(part + n + 1, "\n");
            n += part[n - 1] == ':' && part[n] == ' ';
        } else {
            puts(".PP");
        }
        put_lines(part + n);
        text = end != NULL ? end + 2 : NULL;
    }
}

static void put_title(const char *name, const char *summary)
{
    fputs(".TH ", stdout);
    put_capitals(name, strlen(name));
    printf(" 1 \"\" \"v2glab %s\" \"v2glab\"\n.SH NAME\n", V2G_VERSION);
    put_text(name, strlen(name));
    printf(" \\- ");
    put_text(summary, strlen(summary));
    putchar('\n');
}

/* "decode" or "pki make" as the name of a page: "v2glab-pki-make". */
static const char *page_name(const char *command, char text[64])
{
    snprintf(text, 64, "v2glab-%s", command);
    for (char *c = text; *c != '\0'; c++)
        if (*c == ' ')
            *c = '-';
    return text;
}

static const char *summary_of(const char *command)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(command, " "), command);
    const struct command *c = command_find(name);
    return c != NULL ? c->summary : command;
}

static void put_option(const struct option *option)
{
    puts(".TP");
    if (option->letter != 0)
        printf("\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", stdout);
    put_text(option->name, strlen(option->name));
    fputs("\\fR", stdout);
    if (option->value != NULL) {
        fputs(" \\fI", stdout);
        put_text(option->value, strlen(option->value));
        fputs("\\fR", stdout);
    }
    putchar('\n');
    put_lines(option->help);
}

static void put_references(const struct usage *u)
{
    puts(".SH \"SEE ALSO\"\n.BR v2glab (1)");
    for (const struct subcommand *v = u->subcommand; v != NULL && v->name != NULL; v++)
        if (v->run != NULL)
            printf(".BR v2glab\\-%s\\-%s (1)\n", u->command, v->name);
}

void manual_of_command(const struct options *o)
{
    const struct usage *u = o->usage;
    char name[64];
    put_title(page_name(u->command, name), summary_of(u->command));
    puts(".SH SYNOPSIS\n.nf");
    for (const char *line = u->synopsis; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        printf("\\fBv2glab %s\\fR ", u->command);
        put_text(line, n);
        putchar('\n');
        line += n + (line[n] != '\0');
    }
    puts(".fi\n.SH DESCRIPTION");
    put_lines(u->about);
    puts(".SH OPTIONS");
    for (unsigned i = 0; i < o->rows; i++)
        put_option(o->row[i].option);
    put_sections(u->more);
    put_references(u);
}

void manual_of_all(void)
{
    put_title("v2glab", "test system for the communication of electric vehicles and stations");
    puts(".SH SYNOPSIS\n.B v2glab\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n"
         ".SH DESCRIPTION\n"
         "Plays an electric vehicle (EVCC) or a charging station (SECC) over ISO 15118 and\n"
         "DIN SPEC 70121, driven by Lua scripts, and shows, records and judges what the peer\n"
         "does.\n.SH COMMANDS");
    for (const struct command *c = COMMANDS; c->name != NULL; c++) {
        printf(".TP\n.BR v2glab\\-%s (1)\n", c->name);
        put_text(c->summary, strlen(c->summary));
        putchar('\n');
    }
    puts(".SH OPTIONS\n"
         ".TP\n\\fB\\-\\-schema\\fR \\fIFILE\\fR\n"
         "also read the message description FILE (before or after the command)\n"
         ".TP\n\\fB\\-\\-version\\fR\nshow the version\n"
         ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nshow the help of the program, or of a command\n"
         ".SH \"EXIT STATUS\"\n"
         "0 all is well, 1 failed or bad input, 2 inconclusive, 3 wrong use or set\\-up");
}
