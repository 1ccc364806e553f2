/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab docs`: the reference of the Lua API, printed from the message descriptions. */
#include "reference/docs.h"
#include "base/nearest.h"
#include "base/said.h"

#include "app/commands.h"
#include "app/options.h"
#include "app/report.h"
#include "suite/listing.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ORDER PAGE_FORM */
static const char *const FORMATS[] = {"text", "md", "html", NULL};
static const char *const ROLES[] = {"evcc", "secc", NULL};

struct docs_command {
    struct docs docs;
    struct options options;
    const char *message, *dir;
    bool meta;
    struct buf cited;
    const char *role;
    unsigned form;
};

/* ---- options ---- */

static int take_protocol(void *to, const char *name, struct err *e)
{
    const struct protocol *p = protocol_find(name);
    *(const struct protocol **)to = p;
    return p != NULL ? 0 : err_set(e, "expected DIN70121, ISO15118-2, ISO15118-20 or AppProtocol");
}

#define AT(member) .at = offsetof(struct docs_command, member)

static const struct option OPTION[] = {
    {"protocol", 'p', "NAME",
     "DIN70121, ISO15118-2, ISO15118-20 or AppProtocol; default: all\n"
     "(of a page: the first that has the message, ISO15118-2 first)",
     OPTION_CALL, AT(docs.protocol), .take = take_protocol},
    {"role", 'r', "ROLE", "evcc or secc; default: both", OPTION_NAME, AT(role), .names = ROLES},
    {"message", 'm', "NAME", "print the page of a message: SessionStop, or SessionStopReq alone",
     AT(message)},
    {"format", 'f', "FORMAT", "text (default), md or html", OPTION_CHOICE, AT(form),
     .names = FORMATS},
    {"meta", 0, NULL, "print a definition file for the Lua language server (LuaLS)", AT(meta)},
    {"all", 0, "DIR",
     "write all pages into folder DIR, in both languages, in HTML (with\n"
     "--format md in Markdown); with --meta all definition files instead",
     AT(dir)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    "docs",
    "[OPTION]... [NAME]\n"
    "[OPTION]... --message NAME\n"
    "[OPTION]... --all DIR\n"
    "[OPTION]... --meta [--all DIR]",
    "Prints the reference of the Lua API, from the message descriptions. NAME is a function\n"
    "(Evcc.Set_SessionStopReq_ChargingSession), an element (SessionStopReq.ChargingSession), a\n"
    "message, a type, a protocol, or a rule of the standards by its id; a parameter "
    "(battery.soc),\n"
    "a hook (before.send), a timing parameter, an option; or words, which are looked for in all\n"
    "names and texts. Without any of these: what there is.\n\n"
    "Editors with the Lua language server complete and explain all functions when its setting\n"
    "workspace.library names folders that --meta --all has written: DIR/common, and of each\n"
    "protocol and role that you use that one, as DIR/evcc-iso15118-2.",
    OPTION,
    "examples:\n"
    "  v2glab docs Evcc.Set_SessionStopReq_ChargingSession\n"
    "  v2glab docs ResponseCodeType --protocol DIN70121\n"
    "  v2glab docs V2G20-2005\n"
    "  v2glab docs battery.soc\n"
    "  v2glab docs 'stop timeout'\n"
    "  v2glab docs --message ChargingStatus --role secc --lang ko --format html\n"
    "  v2glab docs --meta --all ~/.local/share/v2glab/meta\n\n"
    "exit codes: 0 printed, 1 there is no such name, 3 wrong use, or a file that cannot be\n"
    "written",
    NULL,
    NULL,
};

/* -1: the command is over, with options.status. */
static int read_options(struct docs_command *c)
{
    struct options *o = &c->options;
    if (options_read(o, c) != 0)
        return -1;
    c->docs.form = (enum page_form)c->form;
    c->docs.side = c->role == NULL ? FROM_NONE : c->role == ROLES[0] ? FROM_EVCC : FROM_SECC;
    bool other = c->message != NULL || c->dir != NULL || c->meta;
    if (o->arguments > 1)
        return options_wrong(o, "expected one NAME, found %d", o->arguments), -1;
    if (o->arguments == 1 && other)
        return options_wrong(o, "NAME goes with none of --message, --all and --meta"), -1;
    if (c->message != NULL && (c->dir != NULL || c->meta))
        return options_wrong(o, "--message goes with neither --all nor --meta"), -1;
    return 0;
}

/* ---- pages ---- */

/* The message of the topic that was asked for alone; NULL: the whole topic. */
static bool is_asked(const struct docs_topic *topic, const char *name, const struct element **only)
{
    *only = NULL;
    if (strcasecmp(topic->name, name) == 0)
        return true;
    for (unsigned i = 0; i < 2; i++) {
        const struct element *message = topic->message[i];
        if (message == NULL || strcasecmp(message->as.name, name) != 0)
            continue;
        *only = message;
        return true;
    }
    return false;
}

/* The topic called name: in ISO15118-2 if it is there, else in the first protocol that has it. */
static const struct docs_topic *find_topic(const struct docs *d, const char *name,
                                           const struct element **only)
{
    const struct protocol *first = protocol_find("ISO15118-2");
    const struct docs_topic *found = NULL;
    const struct element *alone;
    for (unsigned i = 0; i < d->topics; i++) {
        if ((found != NULL && d->topic[i].protocol != first) ||
            !is_asked(&d->topic[i], name, &alone))
            continue;
        found = &d->topic[i];
        *only = alone;
        if (found->protocol == first)
            break;
    }
    return found;
}

static int no_message(const struct docs_command *c, struct err *e)
{
    const char *names[3 * DOCS_TOPICS + 1];
    unsigned count = 0;
    const struct docs_topic *topic = c->docs.topic;
    for (unsigned i = 0; i < c->docs.topics; i++) {
        names[count++] = topic[i].name;
        for (unsigned k = 0; k < 2; k++)
            if (topic[i].message[k] != NULL)
                names[count++] = topic[i].message[k]->as.name;
    }
    names[count] = NULL;
    const char *nearest = nearest_name(c->message, names);
    const char *where = c->docs.protocol != NULL ? c->docs.protocol->name : "no protocol";
    if (nearest != NULL)
        return err_set(e, "%s has %smessage '%.60s'; the nearest name is %s", where,
                       c->docs.protocol != NULL ? "no " : "a ", c->message, nearest);
    return err_set(e, "%s has %smessage '%.60s'; `v2glab docs` lists what there is", where,
                   c->docs.protocol != NULL ? "no " : "a ", c->message);
}

static int print_page(struct docs_command *c, struct err *e)
{
    struct docs *d = &c->docs;
    const struct element *only = NULL;
    if (docs_topics(d, e) != 0)
        return -1;
    const struct docs_topic *topic = find_topic(d, c->message, &only);
    if (topic == NULL)
        return no_message(c, e);
    struct page page;
    char title[DOCS_FILE];
    docs_page_title(topic, d->side == FROM_SECC ? FROM_SECC : FROM_EVCC, title, sizeof title);
    page_open(&page, d->form, LANGUAGES[d->prose.language], title, &d->out);
    int result = 0;
    for (uint8_t side = FROM_EVCC; side <= FROM_SECC && result == 0; side++)
        if (d->side == FROM_NONE || d->side == side)
            result = docs_page(d, topic, side, only, &page, e);
    page_close(&page);
    return result;
}

/* ---- options of all commands, which can be searched, too ---- */

static struct {
    docs_item item;
    void *context;
    const struct prose *prose;
} seeker;

/* Called by each command in place of its help. */
static void give_options(const struct options *o)
{
    struct buf kind = {0}, text = {0};
    prose_say(seeker.prose, "search.option", o->usage->command, "", &kind);
    for (unsigned i = 0; i < o->rows; i++) {
        const struct option *option = o->row[i].option;
        char name[64];
        snprintf(name, sizeof name, "--%s", option->name);
        buf_clear(&text);
        for (const char *c = said(option->help); *c != '\0'; c++)
            buf_char(&text, *c == '\n' ? ' ' : *c);
        seeker.item(seeker.context, name, buf_string(&kind), buf_string(&text));
    }
    buf_close(&kind);
    buf_close(&text);
}

static void each_option(docs_item item, void *context)
{
    char help[] = "--help";
    seeker.item = item;
    seeker.context = context;
    options_help_by(give_options);
    for (const struct command *c = COMMANDS; c->name != NULL; c++) {
        char name[32];
        snprintf(name, sizeof name, "%s", c->name);
        char *argv[] = {name, help, NULL};
        c->run(2, argv);
    }
}

/* ---- the command ---- */

/* What the options ask for, into c->docs.out or files. */
static int print(struct docs_command *c, struct err *e)
{
    struct docs *d = &c->docs;
    if (prose_open(&d->prose, prose_language(), e) != 0)
        return -1;
    bool has_rules = c->dir != NULL ||
                     (c->options.arguments == 1 && docs_is_requirement(c->options.argument[0]));
    if (has_rules && !c->meta && listing_cited(&d->library, &c->cited, e) != 0)
        return -1;
    seeker.prose = &d->prose;
    d->others = each_option;
    d->cited = has_rules ? buf_string(&c->cited) : NULL;
    if (c->dir != NULL)
        return docs_tree(d, c->dir, c->meta, e);
    if (c->meta)
        return docs_meta(d, e);
    if (c->message != NULL)
        return print_page(c, e);
    if (c->options.arguments == 1)
        return docs_answer(d, c->options.argument[0], e);
    return docs_index(d, e);
}

static int finish(struct docs_command *c, struct err *e)
{
    struct buf *out = &c->docs.out;
    if (out->failed)
        err_set(e, "there is not enough memory for what was asked for");
    if (!e->set) {
        fwrite(out->p, 1, out->n, stdout);
        return EXIT_PASS;
    }
    report_err("", e);
    return c->dir != NULL || out->failed ? EXIT_SETUP : EXIT_FAIL;
}

int command_docs(int argc, char **argv)
{
    struct docs_command c = {.message = NULL};
    struct err e = ERR_INIT;
    library_open(&c.docs.library);
    options_open(&c.options, &USAGE, &c.docs.library, argc, argv);
    int status;
    if (read_options(&c) != 0) {
        status = c.options.status;
    } else {
        if (print(&c, &e) != 0)
            err_set(&e, "the reference cannot be printed");
        status = finish(&c, &e);
    }
    prose_close(&c.docs.prose);
    buf_close(&c.docs.out);
    buf_close(&c.cited);
    library_close(&c.docs.library);
    return status;
}
