/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab persona`: lists, shows and checks personas. */
#include "app/persona.h"
#include "base/file.h"
#include "base/nearest.h"

#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"
#include "app/retelling.h"
#include "base/asset.h"
#include "base/said.h"
#include "script/script.h"

#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "lua/personas/"
#define ENDING ".lua"
#define FILE_MAX ((size_t)1 << 20)

struct personas {
    struct options options;
    struct retelling from;
    const char *output;
};

static const struct option OPTIONS[] = {
    MEASURING_OPTIONS(offsetof(struct personas, from)),
    {"output", 'o', "FILE", "of from: write it to FILE, not to standard output",
     .at = offsetof(struct personas, output)},
    OPTIONS_END,
};

/* ORDER VERB */
enum { LIST, SHOW, CHECK, JUDGEMENTS, FROM };
static const struct subcommand VERBS[] = {{"list", NULL},       {"show", NULL}, {"check", NULL},
                                          {"judgements", NULL}, {"from", NULL}, {NULL, NULL}};

static const struct usage USAGE = {
    .command = "persona",
    .synopsis = "list\nshow NAME\njudgements\ncheck FILE...\n[OPTION]... from CAPTURE...",
    .about =
        "Personas are what `v2glab ev --persona` and `v2glab evse --persona` can be: real cars "
        "and\n"
        "stations, and some that misbehave on purpose. Each is a short Lua file that returns a "
        "table\n"
        "of parameters (docs/behaviour.md, docs/personas.md).\n\n"
        "list: their names and what they stand for. show: the file of one, with its comment on "
        "what\n"
        "is known of it. judgements: what the standards want of the other side of those that "
        "deviate\n"
        "on purpose, by rule and time, and who does so. check: whether FILE is a persona: its "
        "keys,\n"
        "steps, messages and elements. from: measures a vehicle (or with --role secc a station) "
        "out of\n"
        "one capture or several of it, and writes it as a persona, with how sure each figure is\n"
        "(docs/replay.md).",
    .option = OPTIONS,
    .more =
        "examples:\n"
        "  v2glab persona list\n"
        "  v2glab persona show mg4 >mine.lua\n"
        "  v2glab persona check mine.lua\n"
        "  v2glab ev --persona mine.lua --mode dc\n"
        "  v2glab persona from monday.pcap tuesday.pcap -o mine.lua\n\n"
        "exit codes: 0 all is well, 1 there is no such persona, or it is wrong, 3 wrong use, or a\n"
        "file that cannot be read",
    .subcommand = VERBS,
};

/* ---- what is built in ---- */

void persona_names(struct persona_names *names)
{
    size_t at = 0, front = strlen(FOLDER), back = strlen(ENDING);
    const char *path;
    struct slice text;
    names->n = 0;
    while (names->n < PERSONA_MAX && asset_each(FOLDER, &at, &path, &text)) {
        size_t n = strlen(path) - front - back;
        if (n >= PERSONA_NAME_MAX)
            continue;
        memcpy(names->name[names->n], path + front, n);
        names->name[names->n++][n] = '\0';
    }
}

bool persona_find(const char *name, struct slice *text)
{
    char path[sizeof FOLDER + PERSONA_NAME_MAX + sizeof ENDING];
    int n = snprintf(path, sizeof path, FOLDER "%s" ENDING, name);
    return n > 0 && (size_t)n < sizeof path && asset_find(path, text);
}

int persona_unknown(const char *name, struct err *e)
{
    struct persona_names names;
    const char *known[PERSONA_MAX + 1];
    persona_names(&names);
    for (unsigned i = 0; i < names.n; i++)
        known[i] = names.name[i];
    known[names.n] = NULL;
    const char *nearest = nearest_name(name, known);
    return err_set(e, "there is no persona '%.60s'%s%s; see v2glab persona list", name,
                   nearest != NULL ? "; the nearest is " : "", nearest != NULL ? nearest : "");
}

static int unknown_persona(const char *name)
{
    struct err e = ERR_INIT;
    persona_unknown(name, &e);
    report(REPORT_ERROR, "%s", e.what);
    return EXIT_FAIL;
}

/* ---- Lua ---- */

static void print_text(void *context, const char *text, size_t n)
{
    (void)context;
    said_print(stdout, "%.*s", (int)n, text);
}

static void set_text(lua_State *L, const char *name, struct slice text)
{
    lua_pushlstring(L, (const char *)text.p, text.n);
    lua_setglobal(L, name);
}

/* Runs a chunk of Lua called path, which finds `text` and `path` as globals. Returns the exit code;
 * what went wrong has been reported. */
static int run_lua(struct library *library, const char *path, const char *chunk, struct slice text)
{
    struct err e = ERR_INIT;
    struct script_options o = {.library = library, .print = print_text};
    struct script s;
    int status = EXIT_PASS;
    if (script_open(&s, &o, path, chunk, &e) == 0) {
        set_text(s.L, "text", text);
        set_text(s.L, "path", (struct slice){(const uint8_t *)path, strlen(path)});
        script_step(&s);
    }
    if (e.set) {
        report_err(path, &e);
        status = EXIT_SETUP;
    } else if (s.verdict != VERDICT_PASS) {
        report(REPORT_ERROR, "%s", s.reason);
        status = EXIT_FAIL;
    }
    script_close(&s);
    return status;
}

int persona_run(struct library *library, const char *name, const char *chunk)
{
    return run_lua(library, name, chunk, (struct slice){NULL, 0});
}

/* ---- list, show, check ---- */

/* Calls that function of v2g.persona with the names of all. */
static int with_names(struct library *library, const char *function)
{
    struct persona_names names;
    struct buf chunk = {0};
    persona_names(&names);
    buf_printf(&chunk, "require('v2g.persona').%s{", function);
    for (unsigned i = 0; i < names.n; i++)
        buf_printf(&chunk, "'%s',", names.name[i]);
    buf_text(&chunk, "}");
    const char *text = buf_string(&chunk);
    int status = text == NULL ? EXIT_SETUP : persona_run(library, "personas", text);
    buf_close(&chunk);
    return status;
}

static int show(const char *name)
{
    struct slice text;
    if (!persona_find(name, &text))
        return unknown_persona(name);
    fwrite(text.p, 1, text.n, stdout);
    return EXIT_PASS;
}

static bool looks_like_file(const char *text)
{
    size_t n = strlen(text), ending = strlen(ENDING);
    return strchr(text, '/') != NULL || (n > ending && strcmp(text + n - ending, ENDING) == 0);
}

static int check(struct library *library, const char *what)
{
    static const char CHUNK[] = "require('v2g.persona').check(path, text)";
    struct slice built_in;
    if (!looks_like_file(what)) {
        if (!persona_find(what, &built_in))
            return unknown_persona(what);
        return run_lua(library, what, CHUNK, built_in);
    }
    struct err e = ERR_INIT;
    struct buf text = {0};
    int status = EXIT_SETUP;
    if (file_read_text(what, FILE_MAX, &text, &e) != 0)
        report_err("", &e);
    else
        status = run_lua(library, what, CHUNK, (struct slice){text.p, text.n});
    buf_close(&text);
    return status;
}

/* ---- the command ---- */

static int check_all(struct options *o)
{
    int worst = EXIT_PASS;
    for (int i = 1; i < o->arguments; i++) {
        int status = check(o->library, o->argument[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}

static int no_memory(void)
{
    report(REPORT_ERROR, "out of memory");
    return EXIT_SETUP;
}

/* One capture, read by the descriptions that the user has given (--schema), too. */
static int measured_capture(const struct personas *p, const char *path, struct recorded **out)
{
    const struct library *given = p->options.library;
    struct err e = ERR_INIT;
    int status = EXIT_PASS;
    struct recorded *r = *out = malloc(sizeof *r);
    if (r == NULL)
        return no_memory();
    recorded_open(r);
    r->keylog = p->from.keylog;
    for (unsigned i = 0; i < given->files; i++)
        if (library_add_file(&r->grammars.library, given->file[i].path, &e) != 0) {
            report_err("", &e);
            return EXIT_SETUP;
        }
    recorded_read(r, path, &status);
    return status;
}

/* Of several captures each is read by itself. */
static int measured(struct personas *p)
{
    unsigned n = (unsigned)p->options.arguments - 1;
    struct recorded **r = calloc(n, sizeof *r);
    int status = r == NULL ? no_memory() : EXIT_PASS;
    for (unsigned i = 0; i < n && status == EXIT_PASS; i++)
        status = measured_capture(p, p->options.argument[i + 1], &r[i]);
    if (status == EXIT_PASS)
        status = retold(r, n, "require('replay.measure').main(...)", &p->from, p->output);
    for (unsigned i = 0; i < n && r != NULL && r[i] != NULL; i++) {
        recorded_close(r[i]);
        free(r[i]);
    }
    free(r);
    return status;
}

static int run_verb(struct personas *p)
{
    struct options *o = &p->options;
    int verb = -1, n = o->arguments - 1;
    for (int i = 0; n >= 0 && VERBS[i].name != NULL; i++)
        if (strcmp(o->argument[0], VERBS[i].name) == 0)
            verb = i;
    if (verb < 0)
        return options_wrong(o, "expected list, show, check, judgements or from%s%s%s",
                             n < 0 ? "" : ", found '", n < 0 ? "" : o->argument[0],
                             n < 0 ? "" : "'");
    if ((verb == LIST || verb == JUDGEMENTS) && n > 0)
        return options_wrong(o, "%s takes no arguments, found '%s'", VERBS[verb].name,
                             o->argument[1]);
    if (verb == SHOW && n != 1)
        return options_wrong(o, "show takes one name, found %d", n);
    if ((verb == CHECK || verb == FROM) && n == 0)
        return options_wrong(o, "%s needs a file", VERBS[verb].name);
    if (verb == FROM)
        return measured(p);
    if (verb == LIST || verb == JUDGEMENTS)
        return with_names(o->library, VERBS[verb].name);
    return verb == SHOW ? show(o->argument[1]) : check_all(o);
}

int command_persona(int argc, char **argv)
{
    struct personas p = {.output = NULL};
    struct library library;
    library_open(&library);
    options_open(&p.options, &USAGE, &library, argc, argv);
    int status = options_read(&p.options, &p) == 0 ? run_verb(&p) : p.options.status;
    library_close(&library);
    return status;
}
